//! Runs of streams.

use std::path::Path;

use crate::common::*;
use serde_json::json;
use wavekeep_server::ServeOptions;
use wavekeep_smurf::{Run, Selection};

fn run_path() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../smurf/tests/data/basic.dat")
}

/// A server of an archive that knows one run, which lies elsewhere.
fn with_run() -> Running {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("crate-0")).unwrap();
    let sidecar = json!({
        "schema_version": 1, "kind": "sfm.stream",
        "event": { "serial": "crate-0", "filename": "basic.dat", "record_type": "stream" },
        "stream": { "pieces": [{ "path": run_path() }] },
    });
    let path = folder.path().join("crate-0/basic.dat.sfm.json");
    std::fs::write(path, sidecar.to_string()).unwrap();
    Running::with(folder, ServeOptions::default())
}

#[test]
fn a_run_is_listed_and_described() {
    let server = with_run();
    let list = server.json("/api/v1/streams");
    assert_eq!(list["total"], 1);
    let facts = server.json("/api/v1/streams/1");
    assert_eq!(facts["frames"], Run::open(run_path()).unwrap().index().frames());
    assert_eq!(server.get("/api/v1/events/1/plot").status, 409);
    assert_eq!(server.get("/api/v1/streams/1/metadata").status, 200);
}

#[test]
fn few_samples_come_as_they_are_and_many_with_their_extremes() {
    let server = with_run();
    let run = Run::open(run_path()).unwrap();
    let truth = run.read::<i32>(&Selection::channels([1])).unwrap();
    let truth = truth.channel(0);
    let all = server.json("/api/v1/streams/1/samples?channels=1&points=100000");
    assert_eq!(all["channels"][0]["samples"], json!(truth));
    let few = server.json("/api/v1/streams/1/samples?channels=1&points=2");
    let (low, high) = (truth.iter().min().unwrap(), truth.iter().max().unwrap());
    assert_eq!(few["channels"][0]["pairs"], json!([[low, high]]));
    let overview = server.json("/api/v1/streams/1/overview?columns=1&rows=4096");
    assert_eq!(overview["cells"][1], i64::from(*high) - i64::from(*low));
}

#[test]
fn a_channel_or_section_that_is_not_there_is_refused() {
    let server = with_run();
    for query in ["channels=99999", "channels=x", "section=7", "points=1"] {
        let answer = server.get(&format!("/api/v1/streams/1/samples?{query}"));
        assert_eq!(answer.status, 422, "{query}");
    }
}

/// A server that draws runs of more than 4000 samples from tiles, and a run of 8 channels and 40,000
/// frames of noise with one peak that no sample of a few frames finds.
fn with_long_run() -> (Running, tempfile::TempDir, i32) {
    use wavekeep_recorder::chain::{Chain, ChainConfig, EmulatorConfig, Shape};
    use wavekeep_recorder::writer::DataWriter;
    use wavekeep_recorder::{Next, Recorder, Source};

    let outside = tempfile::tempdir().unwrap();
    let path = outside.path().join("long.dat");
    let mut writer = DataWriter::new();
    writer.set_data_file(&path);
    writer.set_buffer_size(1 << 20).unwrap();
    writer.open().unwrap();
    let input_emulator = EmulatorConfig::for_input()
        .with_enabled(true)
        .with_shape(Shape::Random)
        .with_amplitude(1000);
    let config = ChainConfig::passing().with_input_emulator(input_emulator);
    let mut recorder = Recorder::new(writer, Some(Chain::new(config).unwrap()));
    let mut source = Source::emulator(8, 0.0);
    while recorder.taken() < 40_000 {
        let Next::Frame(frame, stamp) = source.next(std::time::Duration::ZERO) else { panic!() };
        recorder.take(frame, stamp).unwrap();
    }
    recorder.writer_mut().close().unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let record = bytes.len() / 40_000;
    let peak = 1_000_000;
    let at = 23_456 * record + 8 + 128 + 4 * 3;
    bytes[at..at + 4].copy_from_slice(&i32::to_le_bytes(peak));
    std::fs::write(&path, bytes).unwrap();

    let folder = tempfile::tempdir().unwrap();
    let archive = wavekeep_archive::Archive::create(folder.path()).unwrap();
    archive.adopt("crate1", &path).unwrap();
    drop(archive);
    (Running::with(folder, from_tiles()), outside, peak)
}

fn from_tiles() -> ServeOptions {
    let limits = wavekeep_server::Limits::default().with_samples_at_once(4000);
    ServeOptions::default().with_limits(limits)
}

const WHOLE: &str = "/api/v1/streams/1/overview?rows=8&columns=300";

fn largest(overview: &serde_json::Value, row: usize) -> i64 {
    let columns = overview["columns"].as_u64().unwrap() as usize;
    let cells = overview["cells"].as_array().unwrap();
    cells[row * columns..][..columns].iter().filter_map(|cell| cell.as_i64()).max().unwrap()
}

#[test]
fn a_picture_is_there_at_once_and_says_until_it_is_complete_that_it_is_not() {
    let (server, _outside, peak) = with_long_run();
    let mut listening = server.listen();
    let coarse = server.json(WHOLE);
    let standing = &coarse["standing"];
    let (read, all) = (standing["frames_read"].as_u64(), standing["frames"].as_u64());
    assert_eq!((read < all, all), (standing["complete"] == false, Some(40_000)), "{standing}");
    // Coarse tiles can be there before the fine ones are.
    if !standing["reading"].is_null() {
        assert_eq!(standing["reading"]["total"], 40_000);
        let told = listening.until("overview", |told| told["complete"] == true);
        let last = told.last().unwrap();
        assert_eq!(
            (&last["stream"], &last["done"], &last["total"]),
            (&json!(1), &json!(40_000), &json!(40_000))
        );
    }
    let complete = server.json(WHOLE);
    assert_eq!(complete["standing"]["complete"], true);
    assert_eq!(complete["standing"]["frames_read"], 40_000);
    assert_eq!(complete["standing"]["reading"], serde_json::Value::Null);
    assert!(largest(&complete, 3) > i64::from(peak));
    assert!(largest(&complete, 2) < 2100);
}

#[test]
fn tiles_give_the_extremes_of_every_column() {
    let (server, outside, _) = with_long_run();
    let mut listening = server.listen();
    server.get(WHOLE);
    listening.until("overview", |told| told["complete"] == true);
    let run = Run::open(outside.path().join("long.dat")).unwrap();
    let truth = run.read::<i32>(&Selection::channels([3])).unwrap();
    // From the whole to a part that is as short as is drawn from tiles; ends within tiles.
    for (first, end) in [(0, 40_000), (12_345, 39_001), (23_000, 24_100)] {
        let found = server.json(&format!(
            "/api/v1/streams/1/samples?channels=3&first={first}&end={end}&points=400"
        ));
        assert_eq!(found["standing"]["complete"], true);
        let columns = found["columns"].as_array().unwrap();
        let pairs = found["channels"][0]["pairs"].as_array().unwrap();
        assert_eq!(columns.len(), pairs.len());
        assert_eq!((&columns[0][0], &columns[columns.len() - 1][1]), (&json!(first), &json!(end)));
        for (column, pair) in columns.iter().zip(pairs) {
            // A tile belongs to one column: what is found stands at most a tile beside it.
            let near =
                |at: u64, by: i64| usize::try_from((at as i64 + by).clamp(0, 40_000)).unwrap();
            let part = &truth.channel(0)
                [near(column[0].as_u64().unwrap(), -2048)..near(column[1].as_u64().unwrap(), 2048)];
            assert!(pair[0].as_i64().unwrap() >= i64::from(*part.iter().min().unwrap()));
            assert!(pair[1].as_i64().unwrap() <= i64::from(*part.iter().max().unwrap()));
        }
        let all = &truth.channel(0)[first..end];
        let high = pairs.iter().filter_map(|pair| pair[1].as_i64()).max();
        assert!(high >= all.iter().max().map(|high| i64::from(*high)), "a peak is lost");
        let low = pairs.iter().filter_map(|pair| pair[0].as_i64()).min();
        assert!(low <= all.iter().min().map(|low| i64::from(*low)), "a peak is lost");
    }
}

#[test]
fn what_was_read_once_is_kept_for_the_next_server() {
    let (server, _outside, _) = with_long_run();
    let kept = |server: &Running| server.folder.path().join(".wavekeep/streams");
    assert!(kept(&server).join("1.index").exists(), "since it was adopted");
    let mut listening = server.listen();
    server.get(WHOLE);
    listening.until("overview", |told| told["complete"] == true);
    let first = server.json(WHOLE);
    drop(listening);
    assert!(kept(&server).join("1-0.tiles").exists());
    let folder = server.stop();
    let server = Running::with(folder, from_tiles());
    assert_eq!(server.json(WHOLE), first, "complete at once");
    // It is derived: without it the run is read again.
    let folder = server.stop();
    std::fs::remove_dir_all(folder.path().join(".wavekeep/streams")).unwrap();
    let server = Running::with(folder, from_tiles());
    let mut listening = server.listen();
    server.get(WHOLE);
    listening.until("overview", |told| told["complete"] == true);
    assert_eq!(server.json(WHOLE), first);
}

#[test]
fn samples_come_as_plain_numbers_too() {
    let server = with_run();
    let run = Run::open(run_path()).unwrap();
    let truth = run.read::<i32>(&Selection::channels([1, 0]).frames(2..9)).unwrap();
    let path = "/api/v1/streams/1/samples?channels=1,0&first=2&end=9";
    let answer = server.ask("GET", path, &[("Accept", "application/octet-stream")], b"");
    assert_eq!(answer.header("x-wavekeep-shape"), Some("2,7"));
    assert_eq!(answer.header("x-wavekeep-dtype"), Some("<i4"));
    let samples: Vec<i32> =
        answer.body.as_chunks().0.iter().map(|bytes| i32::from_le_bytes(*bytes)).collect();
    assert_eq!(samples, [truth.channel(0), truth.channel(1)].concat());
}
