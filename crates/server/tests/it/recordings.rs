//! Recordings that the server runs.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::*;
use serde_json::{Value, json};
use wavekeep_archive::{Archive, Role};
use wavekeep_server::{Limits, ServeOptions};
use wavekeep_smurf::Run;

/// A file that Rogue wrote.
fn vector(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../smurf/tests/data");
    folder.canonicalize().unwrap().join(name)
}

/// A server whose archive knows these runs; their numbers are 1, 2, … in this order.
fn with_runs(names: &[&str]) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::create(folder.path()).unwrap();
    for name in names {
        archive.adopt("crate1", &vector(name)).unwrap();
    }
    drop(archive);
    Running::with(folder, ServeOptions::default())
}

fn recorded(server: &Running, name: &str) -> PathBuf {
    server.folder.path().join("recordings").join(name)
}

fn begin(server: &Running, form: &Value) -> Value {
    let answer = server.post("/api/v1/recordings", &form.to_string());
    assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
    let id = answer.json()["id"].as_u64().unwrap();
    assert_eq!(answer.header("location"), Some(&*format!("/api/v1/recordings/{id}")));
    answer.json()
}

/// Begins a recording and waits until it has ended by itself.
fn to_its_end(server: &Running, form: &Value) -> Value {
    let mut listening = server.listen();
    let id = begin(server, form)["id"].clone();
    listening.until("recording", |told| told["id"] == id && told["ended"].is_string());
    server.json(&format!("/api/v1/recordings/{id}"))
}

fn slow(name: &str) -> Value {
    json!({
        "source": { "kind": "emulator", "channels": 8, "rate_hz": 500 },
        "variables": { "DataFile": name },
    })
}

#[test]
fn a_run_of_the_archive_is_recorded_byte_for_byte_as_rogue_wrote_it() {
    let names = ["basic.dat", "errors.dat", "padded.dat", "tree.dat"];
    let server = with_runs(&names);
    for (turn, name) in names.iter().enumerate() {
        let form = json!({
            "source": { "kind": "run", "id": turn + 1 }, "variables": { "DataFile": name },
        });
        let status = to_its_end(&server, &form);
        assert_eq!(status["ended"], "the source has ended", "{status}");
        assert_eq!(status["fault"], Value::Null);
        assert_eq!(status["variables"]["IsOpen"], false);
        let (found, truth) = (fs::read(recorded(&server, name)), fs::read(vector(name)));
        assert_eq!(found.unwrap(), truth.unwrap(), "{name}");
    }
    let form = json!({
        "source": { "kind": "run", "id": 2 },
        "variables": { "DataFile": "dropped.dat", "DropErrors": true, "BufferSize": 0 },
    });
    to_its_end(&server, &form);
    let dropped = fs::read(recorded(&server, "dropped.dat")).unwrap();
    assert_eq!(dropped, fs::read(vector("errors_dropped.dat")).unwrap());
}

#[test]
fn a_run_is_split_where_rogue_splits_it() {
    let server = with_runs(&["split.dat.1"]);
    let form = json!({
        "source": { "kind": "run", "id": 1 },
        "variables": { "DataFile": "s.dat", "MaxFileSize": 5000 },
    });
    let status = to_its_end(&server, &form);
    assert_eq!(status["variables"]["FrameCount"], 44);
    for number in 1..=4 {
        let piece = fs::read(recorded(&server, &format!("s.dat.{number}"))).unwrap();
        assert_eq!(piece, fs::read(vector(&format!("split.dat.{number}"))).unwrap());
    }
}

#[test]
fn the_emulator_records_what_it_is_asked_for() {
    let server = Running::start();
    let status = to_its_end(
        &server,
        &json!({
            "source": { "kind": "emulator", "channels": 3, "rate_hz": 0, "shape": "Square", "amplitude": 100, "offset": 7, "period": 4 },
            "frames": 50,
        }),
    );
    assert_eq!(status["source_frames"], 50);
    assert_eq!(status["statistics"]["frames"], 50);
    let name = status["variables"]["DataFile"].as_str().unwrap();
    assert!(name.starts_with("data_") && name.ends_with(".dat"), "{name}");
    let run = Run::open(recorded(&server, name)).unwrap();
    let read = run.read::<i32>(&wavekeep_smurf::Selection::channels([2]).frames(0..5)).unwrap();
    assert_eq!(read.channel(0), [-93, -93, 107, 107, -93]);
    assert_eq!(run.index().frames(), 50);
}

#[test]
fn variables_and_commands_have_the_names_of_the_data_writer() {
    let server = Running::start();
    let mut form = slow("a.dat");
    form["open"] = json!(false);
    let status = begin(&server, &form);
    let names: Vec<&String> = status["variables"].as_object().unwrap().keys().collect();
    let known = [
        "DataFile",
        "IsOpen",
        "BufferSize",
        "MaxFileSize",
        "CurrentSize",
        "TotalSize",
        "FrameCount",
        "Bandwidth",
        "DropErrors",
        "RawMode",
    ];
    assert_eq!(names, known);
    let at = |name: &str| format!("/api/v1/recordings/1/variables/{name}");
    let set =
        |name: &str, value: Value| server.put(&at(name), &json!({ "value": value }).to_string());
    assert_eq!(set("MaxFileSize", json!(100_000)).json()["value"], 100_000);
    assert_eq!(set("DropErrors", json!(true)).json()["value"], true);
    assert_eq!(server.json(&at("DataFile"))["access"], "rw");
    let refused = [
        ("IsOpen", json!(true), 422, "read_only"),
        ("Overwrite", json!(true), 404, "unknown_name"),
        ("BufferSize", json!(1u64 << 60), 422, "value"),
        ("BufferSize", json!("1152921504606846976"), 422, "value"),
        ("RawMode", json!("perhaps"), 422, "value"),
        ("MaxFileSize", json!([1]), 422, "value"),
    ];
    for (name, value, status, kind) in refused {
        let answer = set(name, value);
        assert_eq!(
            (answer.status, &answer.json()["type"]),
            (status, &json!(format!("urn:wavekeep:{kind}"))),
            "{name}"
        );
    }
    let command = |name: &str| server.post(&format!("/api/v1/recordings/1/commands/{name}"), "");
    assert_eq!(command("Open").json()["is_open"], true);
    assert_eq!(server.json(&at("IsOpen"))["value"], true);
    assert_eq!(set("RawMode", json!(true)).json()["type"], "urn:wavekeep:while_open");
    let closed = command("Close").json();
    assert_eq!((&closed["is_open"], &closed["ended"]), (&json!(false), &json!("it was closed")));
    assert_eq!(command("Jump").status, 404);
    assert_eq!(command("AutoName").status, 200);
    assert!(server.json(&at("DataFile"))["value"].as_str().unwrap().starts_with("data_"));
    assert_eq!(server.ask("DELETE", "/api/v1/recordings/1", &[], b"").status, 204);
    assert_eq!(server.json("/api/v1/recordings"), json!([]));
    assert!(recorded(&server, "a.dat.1").exists());
}

#[test]
fn a_file_that_exists_is_not_replaced() {
    let server = Running::start();
    begin(&server, &slow("a.dat"));
    let answer = server.post("/api/v1/recordings", &slow("a.dat").to_string());
    assert_eq!(answer.status, 409);
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with("a.dat exists: choose another DataFile"), "{detail}");
    assert!(!detail.contains(server.folder.path().to_str().unwrap()), "{detail}");
    assert_eq!(server.json("/api/v1/recordings").as_array().unwrap().len(), 1);
}

#[test]
fn a_second_open_of_the_same_name_does_not_end_what_is_being_recorded() {
    let server = Running::start();
    let id = begin(&server, &slow("night.dat"))["id"].clone();
    let of = |what: &str| format!("/api/v1/recordings/{id}{what}");
    let again = server.post(&of("/commands/Open"), "");
    assert_eq!((again.status, &again.json()["type"]), (409, &json!("urn:wavekeep:exists")));
    assert_eq!(server.json(&of(""))["variables"]["IsOpen"], true);
}

#[test]
fn another_data_file_while_one_is_open_leaves_no_note_of_that_one_behind() {
    let server = Running::start();
    let id = begin(&server, &slow("night.dat"))["id"].clone();
    let of = |what: &str| format!("/api/v1/recordings/{id}{what}");
    let named = server.put(&of("/variables/DataFile"), r#"{"value": "next.dat"}"#);
    assert!(named.status < 300, "{}", named.status);
    assert!(server.post(&of("/commands/Close"), "").status < 300);
    let again = Running::with(server.stop(), ServeOptions::default());
    assert_eq!(again.json("/api/v1/recordings"), json!([]));
}

#[test]
fn data_file_is_a_name_below_the_folder_and_nothing_else() {
    let server = Running::start();
    let outside = tempfile::tempdir().unwrap();
    let absolute = outside.path().join("x.dat").display().to_string();
    for name in [
        "../x.dat",
        "..",
        "",
        "a/../../x.dat",
        "a//x.dat",
        "./x.dat",
        "a\\x.dat",
        &absolute,
        "C:x.dat",
        "x\0.dat",
        ".x",
        "x.sfm.json",
    ] {
        let answer = server.post("/api/v1/recordings", &slow(name).to_string());
        assert_eq!(answer.status, 422, "{name:?}: {}", String::from_utf8_lossy(&answer.body));
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
    assert!(!recorded(&server, "").exists());
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn a_fault_ends_the_recording_and_reaches_who_asks() {
    let server = Running::start();
    let mut form = slow("a.dat");
    // No record fits into such a piece.
    form["variables"]["MaxFileSize"] = json!(100);
    let status = to_its_end(&server, &form);
    assert_eq!(status["variables"]["IsOpen"], false);
    assert_eq!(status["fault"]["type"], "urn:wavekeep:record_too_large");
    let answer = server.post("/api/v1/recordings/1/commands/Close", "");
    assert_eq!(answer.status, 422);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert!(answer.json()["detail"].as_str().unwrap().contains("larger than MaxFileSize (100)"));
    // Nothing is wrong any more when it is opened anew.
    server.put("/api/v1/recordings/1/variables/MaxFileSize", r#"{"value": 0}"#);
    assert_eq!(server.post("/api/v1/recordings/1/commands/Open", "").json()["fault"], Value::Null);
}

#[test]
fn a_piece_that_is_in_the_way_ends_the_recording_at_a_whole_record() {
    let server = Running::start();
    let mut form = slow("a.dat");
    form["source"]["rate_hz"] = json!(100);
    form["variables"]["MaxFileSize"] = json!(4000);
    let mut listening = server.listen();
    begin(&server, &form);
    fs::write(recorded(&server, "a.dat.2"), b"somebody's").unwrap();
    let told = listening.until("recording", |told| told["ended"].is_string());
    assert_eq!(told.last().unwrap()["fault"]["type"], "urn:wavekeep:exists");
    assert_eq!(fs::read(recorded(&server, "a.dat.2")).unwrap(), b"somebody's");
    let bytes = fs::read(recorded(&server, "a.dat.1")).unwrap();
    assert_eq!(bytes.len() % (8 + 128 + 8 * 4), 0);
    assert!(!bytes.is_empty());
}

#[test]
fn a_recording_has_at_most_so_many_bytes() {
    let limits = Limits::default().with_recording_bytes(10_000);
    let options = ServeOptions::default().with_limits(limits);
    let server = Running::with(tempfile::tempdir().unwrap(), options);
    let mut form = slow("a.dat");
    form["source"]["rate_hz"] = json!(0);
    form["frames"] = json!(1_000_000_000u64);
    let status = to_its_end(&server, &form);
    assert_eq!(status["fault"]["type"], "urn:wavekeep:too_large");
    assert!(fs::metadata(recorded(&server, "a.dat")).unwrap().len() < 11_000);
}

#[test]
fn what_would_fill_disk_or_memory_is_refused() {
    let server = Running::start();
    let with = |change: Value| {
        let mut form = slow("a.dat");
        for (name, value) in change.as_object().unwrap() {
            match value.as_object() {
                Some(fields) if name == "source" => {
                    fields.iter().for_each(|(field, value)| form["source"][field] = value.clone())
                }
                _ => form[name] = value.clone(),
            }
        }
        server.post("/api/v1/recordings", &form.to_string()).status
    };
    for change in [
        json!({ "source": { "rate_hz": 0 } }),
        json!({ "source": { "rate_hz": -1 } }),
        json!({ "source": { "channels": 1_000_000 } }),
        json!({ "source": { "channels": 0 } }),
        json!({ "source": { "period": 1 } }),
        json!({ "chain": { "mapper": { "payload_size": 4_000_000_000u64 } } }),
        json!({ "chain": { "filter": { "order": 1024 } }, "source": { "channels": 65_536 } }),
        json!({ "chain": { "unknown": 1 } }),
        json!({ "seconds": 0 }),
        json!({ "frames": 0 }),
    ] {
        assert_eq!(with(change.clone()), 422, "{change}");
    }
    assert_eq!(server.json("/api/v1/recordings"), json!([]));
}

#[test]
fn there_are_as_many_recordings_as_the_server_allows() {
    let limits = Limits::default().with_recordings(1);
    let options = ServeOptions::default().with_limits(limits);
    let server = Running::with(tempfile::tempdir().unwrap(), options);
    begin(&server, &slow("a.dat"));
    let refused = server.post("/api/v1/recordings", &slow("b.dat").to_string());
    assert_eq!((refused.status, &refused.json()["type"]), (409, &json!("urn:wavekeep:recordings")));
}

#[test]
fn a_clean_stop_closes_what_is_recorded_at_a_whole_record() {
    let server = Running::start();
    let mut listening = server.listen();
    begin(&server, &slow("a.dat"));
    listening.until("recording", |told| told["variables"]["FrameCount"].as_u64() > Some(20));
    // All of it is still in the buffer.
    assert_eq!(fs::metadata(recorded(&server, "a.dat")).unwrap().len(), 0);
    let folder = server.stop();
    let run = Run::open(folder.path().join("recordings/a.dat")).unwrap();
    assert!(run.index().frames() > 20);
    assert!(!run.report().is_damaged());
}

#[test]
fn a_closed_recording_becomes_a_stream_of_the_archive() {
    let server = Running::start();
    let mut form = slow("a.dat");
    begin(&server, &form);
    let adopt = || server.post("/api/v1/recordings/1/adopt", r#"{"stream_id": "crate1slot2"}"#);
    assert_eq!(adopt().json()["type"], "urn:wavekeep:open");
    server.post("/api/v1/recordings/1/commands/Close", "");
    form["source"]["rate_hz"] = json!(0);
    form["frames"] = json!(30);
    form["variables"]["DataFile"] = json!("b.dat");
    assert_eq!(to_its_end(&server, &form)["variables"]["FrameCount"], 30);
    let adopted = server.post("/api/v1/recordings/2/adopt", r#"{"stream_id": "crate1slot2"}"#);
    assert_eq!(adopted.status, 200, "{}", String::from_utf8_lossy(&adopted.body));
    let event = adopted.json()["id"].as_i64().unwrap();
    assert_eq!(server.json("/api/v1/recordings/2")["event"], event);
    assert_eq!(server.json(&format!("/api/v1/streams/{event}"))["frames"], 30);
    let listed = server.json("/api/v1/streams")["streams"][0].clone();
    assert_eq!(
        (&listed["serial"], &listed["stream"]["frames"]),
        (&json!("crate1slot2"), &json!(30))
    );
    assert_eq!(listed["stream"]["bytes"], fs::metadata(recorded(&server, "b.dat")).unwrap().len());
    // What was recorded is taken in, whatever DataFile names by now.
    server.put("/api/v1/recordings/2/variables/DataFile", r#"{"value": "a.dat"}"#);
    let again = server.post("/api/v1/recordings/2/adopt", r#"{"stream_id": "crate1slot2"}"#).json();
    assert_eq!((&again["id"], &again["same"]), (&json!(event), &json!(true)));
    // And is a source for the next one.
    let next =
        json!({ "source": { "kind": "run", "id": event }, "variables": { "DataFile": "c.dat" } });
    to_its_end(&server, &next);
    let (b, c) = (fs::read(recorded(&server, "b.dat")), fs::read(recorded(&server, "c.dat")));
    assert_eq!(b.unwrap(), c.unwrap());
}

#[test]
fn all_pieces_of_a_recording_become_one_stream_and_payloads_alone_become_none() {
    let server = with_runs(&["split.dat.1"]);
    let mut form = json!({
        "source": { "kind": "run", "id": 1 },
        "variables": { "DataFile": "s.dat", "MaxFileSize": 5000 },
    });
    to_its_end(&server, &form);
    let adopted = server.post("/api/v1/recordings/1/adopt", "{}").json();
    assert_eq!(adopted["stream"]["pieces"].as_array().unwrap().len(), 4);
    let (id, truth) = (&adopted["id"], Run::open(vector("split.dat")).unwrap());
    let found = server.json(&format!("/api/v1/streams/{id}"));
    assert_eq!(found["frames"], truth.index().frames());
    form["variables"] = json!({ "DataFile": "raw.dat", "RawMode": true });
    to_its_end(&server, &form);
    let refused = server.post("/api/v1/recordings/2/adopt", "{}");
    assert_eq!((refused.status, &refused.json()["type"]), (409, &json!("urn:wavekeep:raw")));
}

#[test]
fn recording_wants_the_role_import() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::create(folder.path()).unwrap();
    let bearers =
        Role::ALL.map(|role| format!("Bearer {}", archive.add_token(role.word(), role).unwrap()));
    let options = ServeOptions::default().with_require_tokens(true);
    let server = Running::with(folder, options);
    let statuses = [0, 1, 2, 3].map(|turn| {
        let headers = [("Authorization", &*bearers[turn]), ("Content-Type", "application/json")];
        let form = slow(&format!("{turn}.dat")).to_string();
        let made = server.ask("POST", "/api/v1/recordings", &headers, form.as_bytes()).status;
        let list = server.ask("GET", "/api/v1/recordings", &headers, b"").status;
        (made, list)
    });
    assert_eq!(statuses, [(403, 200), (403, 200), (201, 200), (201, 200)]);
}
