//! Recordings from stream bridges, and in folders below that of the recordings.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;

use serde_json::{Value, json};
use wavekeep_recorder::writer::Frame;
use wavekeep_server::ServeOptions;
use wavekeep_smurf::Run;

use crate::common::*;
use crate::peer::{Peer, data, record};

fn recorded(server: &Running, name: &str) -> PathBuf {
    server.folder.path().join("recordings").join(name)
}

/// A server that may record from these addresses.
fn serving(bridges: &[&str]) -> Running {
    let bridges = bridges.iter().map(|address| address.parse().unwrap()).collect();
    Running::with(tempfile::tempdir().unwrap(), ServeOptions::default().with_bridges(bridges))
}

fn form(address: &str, name: &str) -> Value {
    json!({ "source": { "kind": "bridge", "address": address }, "variables": { "DataFile": name } })
}

fn begun(server: &Running, form: &Value) -> Value {
    let answer = server.post("/api/v1/recordings", &form.to_string());
    assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
    answer.json()
}

#[test]
fn a_bridge_is_recorded_until_it_is_closed() {
    let mut peer = Peer::start();
    let (address, metadata) = (peer.bind("data", "PUSH"), peer.bind("metadata", "PUSH"));
    let server = serving(&[&address, &metadata]);
    let mut form = form(&address, "night/run.dat");
    form["source"]["metadata"] = json!(metadata);
    let mut listening = server.listen();
    let status = begun(&server, &form);
    assert_eq!((&status["seconds"], &status["bridge"]["frames"]), (&Value::Null, &json!(0)));
    peer.frame("metadata", Frame::data(b"a: 1\n"));
    listening.until("recording", |told| told["variables"]["FrameCount"] == 1);
    peer.frames("data", 7, 10, 3);
    peer.frames("data", 20, 1, 3);
    listening.until("recording", |told| told["variables"]["FrameCount"] == 12);
    let closed = server.post("/api/v1/recordings/1/commands/Close", "").json();
    assert_eq!((&closed["ended"], &closed["fault"]), (&json!("it was closed"), &Value::Null));
    let bridge = &closed["bridge"];
    assert_eq!(
        (&bridge["data"], &bridge["metadata"], &bridge["lost"]),
        (&json!(11), &json!(1), &json!(3))
    );
    let mut expected = record(Frame::metadata(b"a: 1\n"));
    for counter in (7..17).chain([20]) {
        expected.extend(record(Frame::data(&data(counter, 3))));
    }
    assert_eq!(fs::read(recorded(&server, "night/run.dat")).unwrap(), expected);
}

#[test]
fn only_the_bridges_that_the_server_was_started_with_are_recorded() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    other.set_nonblocking(true).unwrap();
    let address = format!("tcp://{}", other.local_addr().unwrap());
    let server = serving(&["tcp://127.0.0.1:1"]);
    let mut with_metadata = form("tcp://127.0.0.1:1", "a.dat");
    with_metadata["source"]["metadata"] = json!(address);
    let mut bound = form(&address, "a.dat");
    bound["source"]["bind"] = json!(true);
    for form in [form(&address, "a.dat"), form("tcp://localhost:1", "a.dat"), with_metadata, bound]
    {
        let answer = server.post("/api/v1/recordings", &form.to_string());
        assert_eq!(
            (answer.status, &answer.json()["type"]),
            (403, &json!("urn:wavekeep:bridge")),
            "{form}"
        );
    }
    for form in [form("http://127.0.0.1:1", "a.dat"), json!({ "source": { "kind": "bridge" } })] {
        assert_eq!(server.post("/api/v1/recordings", &form.to_string()).status, 422, "{form}");
    }
    assert!(other.accept().is_err(), "nobody was connected to");
    assert_eq!(server.json("/api/v1/recordings"), json!([]));
}

#[test]
fn one_recording_at_a_time_has_a_bridge() {
    let mut peer = Peer::start();
    let address = peer.bind("data", "PUSH");
    let server = serving(&[&address]);
    begun(&server, &form(&address, "a.dat"));
    let refused = server.post("/api/v1/recordings", &form(&address, "b.dat").to_string());
    assert_eq!((refused.status, &refused.json()["type"]), (409, &json!("urn:wavekeep:bridge")));
    server.post("/api/v1/recordings/1/commands/Close", "");
    begun(&server, &form(&address, "b.dat"));
    peer.frames("data", 0, 1, 1);
}

#[test]
fn a_file_that_is_open_is_split_from_the_next_record_on() {
    let mut peer = Peer::start();
    let address = peer.bind("data", "PUSH");
    let server = serving(&[&address]);
    let mut listening = server.listen();
    begun(&server, &form(&address, "run.dat"));
    peer.frames("data", 0, 5, 1);
    listening.until("recording", |told| told["variables"]["FrameCount"] == 5);
    let record = 8 + 128 + 4;
    let most = json!({ "value": record }).to_string();
    let set = server.put("/api/v1/recordings/1/variables/MaxFileSize", &most);
    assert_eq!((set.status, &set.json()["value"]), (200, &json!(record)));
    peer.frames("data", 5, 2, 1);
    listening.until("recording", |told| told["variables"]["FrameCount"] == 7);
    server.post("/api/v1/recordings/1/commands/Close", "");
    let size = |name: &str| fs::metadata(recorded(&server, name)).unwrap().len();
    assert_eq!(
        ["run.dat", "run.dat.2", "run.dat.3"].map(size),
        [5, 1, 1].map(|frames| frames * record)
    );
    let adopted = server.post("/api/v1/recordings/1/adopt", "{}").json();
    assert_eq!(adopted["stream"]["pieces"].as_array().unwrap().len(), 3);
}

#[test]
fn runs_of_one_name_in_two_folders_are_two_streams() {
    let server = Running::start();
    let emulated = |name: &str| {
        let form = json!({
            "source": { "kind": "emulator", "channels": 2, "rate_hz": 0 }, "frames": 10,
            "variables": { "DataFile": name },
        });
        let mut listening = server.listen();
        let id = begun(&server, &form)["id"].clone();
        listening.until("recording", |told| told["id"] == id && told["ended"].is_string());
    };
    emulated("one/x.dat");
    emulated("two/x.dat");
    let adopt = |id: u64, form: &str| server.post(&format!("/api/v1/recordings/{id}/adopt"), form);
    assert_eq!(adopt(1, "{}").status, 200);
    assert_eq!(adopt(1, "{}").status, 200);
    let refused = adopt(2, "{}");
    assert_eq!((refused.status, &refused.json()["type"]), (409, &json!("urn:wavekeep:exists")));
    assert_eq!(adopt(2, r#"{"stream_id": "two"}"#).status, 200);
    let streams = server.json("/api/v1/streams");
    assert_eq!(streams["streams"].as_array().unwrap().len(), 2);
}

#[test]
fn what_was_being_recorded_in_a_folder_is_listed_by_the_next_server() {
    let folder = tempfile::tempdir().unwrap();
    let archive = wavekeep_archive::Archive::create(folder.path()).unwrap();
    let run = folder.path().join("recordings/night/x.dat");
    fs::create_dir_all(run.parent().unwrap()).unwrap();
    fs::write(&run, record(Frame::data(&data(0, 1)))).unwrap();
    let note = json!({ "data_file": "night/x.dat", "source": { "kind": "bridge", "address": "tcp://127.0.0.1:1" } });
    let name = wavekeep_archive::SafeName::file("0123456789abcdef-x.dat").unwrap();
    archive.note_recording(&name, &note).unwrap();
    drop(archive);
    let server = Running::with(folder, ServeOptions::default());
    let status = server.json("/api/v1/recordings/1");
    assert_eq!(status["variables"]["DataFile"], "night/x.dat");
    // Its bridge is none of those of this server.
    assert_eq!(server.post("/api/v1/recordings/1/commands/Open", "").status, 403);
    assert_eq!(server.post("/api/v1/recordings/1/adopt", "{}").status, 200);
    assert_eq!(Run::open(&run).unwrap().index().frames(), 1);
}
