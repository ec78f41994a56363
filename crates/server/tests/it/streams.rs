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
        let messages = listening.until("overview", |message| message["complete"] == true);
        let last = messages.last().unwrap();
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
    listening.until("overview", |message| message["complete"] == true);
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
    listening.until("overview", |message| message["complete"] == true);
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
    listening.until("overview", |message| message["complete"] == true);
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

#[test]
fn a_picture_says_when_its_frames_were_taken() {
    let server = with_run();
    let run = Run::open(run_path()).unwrap();
    let part = server.json("/api/v1/streams/1/samples?channels=0&first=2&end=7")["time"].clone();
    let ns = |frame| run.time_ns(frame).unwrap().unwrap();
    let after = part["start_s"].as_f64().unwrap();
    assert!((after - (ns(2) - ns(0)) as f64 / 1e9).abs() < 1e-9, "{part}");
    let moment: jiff::Timestamp = part["start_utc"].as_str().unwrap().parse().unwrap();
    assert_eq!(moment.as_nanosecond(), i128::from(ns(2)));
    let rate = run.rate_hz().unwrap();
    assert!((part["seconds"].as_f64().unwrap() - 5.0 / rate).abs() < 1e-9, "{part}");
    let overview = server.json("/api/v1/streams/1/overview?first=2&end=7");
    assert_eq!(overview["time"], part);
    let nothing = server.json("/api/v1/streams/1/samples?channels=0&first=99999999");
    assert_eq!(nothing["time"]["start_utc"], serde_json::Value::Null);
}

/// A run of 4 channels and 12,000 frames of noise at 4 kHz, 1,000 of them missing after 5,000.
fn with_gap() -> (Running, tempfile::TempDir) {
    let (server, outside, _) = with_long_run();
    let folder = server.stop();
    let path = outside.path().join("long.dat");
    let bytes = std::fs::read(&path).unwrap();
    let record = bytes.len() / 40_000;
    let part = [&bytes[..5_000 * record], &bytes[6_000 * record..12_000 * record]].concat();
    std::fs::write(outside.path().join("gap.dat"), part).unwrap();
    let archive = wavekeep_archive::Archive::open(folder.path()).unwrap();
    archive.adopt("crate2", &outside.path().join("gap.dat")).unwrap();
    drop(archive);
    (Running::with(folder, ServeOptions::default()), outside)
}

#[test]
fn the_spectrum_is_that_of_the_longest_stretch_without_a_gap_and_says_so() {
    let (server, outside) = with_gap();
    let found = server.json("/api/v1/streams/2/spectrum?channels=1,2");
    assert_eq!(found["stretch"], json!([5_000, 11_000]));
    let words = found["restriction"].as_str().unwrap();
    assert!(words.contains("frames 5000 to 10999"), "{words}");
    assert_eq!((&found["unit"], &found["density_unit"]), (&json!("rad"), &json!("rad/√Hz")));
    let alone = server.json("/api/v1/streams/2/spectrum?channels=1,2&first=5000&end=11000");
    assert_eq!(alone["restriction"], serde_json::Value::Null);
    assert_eq!(found["channels"], alone["channels"]);
    // What is known of the samples: their RMS, and the power below the density.
    let run = Run::open(outside.path().join("gap.dat")).unwrap();
    let truth = run.read::<f64>(&Selection::channels([1]).frames(5_000..11_000)).unwrap();
    let truth = truth.channel(0);
    let mean = truth.iter().sum::<f64>() / truth.len() as f64;
    let square = truth.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / truth.len() as f64;
    let channel = &found["channels"][0];
    assert!((channel["rms"].as_f64().unwrap() / square.sqrt() - 1.0).abs() < 1e-9);
    assert!((channel["mean"].as_f64().unwrap() - mean).abs() < 1e-9);
    let resolution = found["resolution_hz"].as_f64().unwrap();
    let density = channel["density"].as_array().unwrap();
    let power: f64 = density.iter().map(|it| it.as_f64().unwrap().powi(2) * resolution).sum();
    assert!((power / square - 1.0).abs() < 0.1, "{power} and {square}");
}

#[test]
fn few_frames_have_an_rms_and_no_density() {
    let (server, _outside) = with_gap();
    let found = server.json("/api/v1/streams/2/spectrum?channels=1&first=10&end=18");
    assert!(found["channels"][0]["rms"].as_f64().unwrap() > 0.0);
    assert_eq!(found["channels"][0]["density"], serde_json::Value::Null);
    assert!(found["no_density"].as_str().unwrap().contains("16"), "{found}");
    let nothing = server.json("/api/v1/streams/2/spectrum?channels=1&first=99999");
    assert_eq!(nothing["channels"][0]["rms"], serde_json::Value::Null);
}

#[test]
fn a_spectrum_of_more_than_one_request_may_read_says_what_it_is_of() {
    let (server, _outside, _) = with_long_run();
    let found = server.json("/api/v1/streams/1/spectrum?channels=0-3");
    assert_eq!(found["stretch"], json!([0, 1_000]));
    let words = found["restriction"].as_str().unwrap();
    assert!(words.contains("first 1000 of 40000 frames"), "{words}");
}

#[test]
fn the_shown_part_is_a_file_of_every_kind() {
    let (server, outside) = with_gap();
    let run = Run::open(outside.path().join("gap.dat")).unwrap();
    let truth = run.read::<i32>(&Selection::channels([3, 1]).frames(4_990..5_010)).unwrap();
    let path = "/api/v1/streams/2/export?channels=3,1&first=4990&end=5010";
    let csv = server.get(path);
    let disposition = csv.header("content-disposition").unwrap().to_owned();
    assert!(disposition.contains("gap_4990-5009.csv"), "{disposition}");
    let text = String::from_utf8(csv.body).unwrap();
    assert_eq!(text.lines().count(), 21, "{text}");
    let heading = text.lines().next().unwrap();
    let column = heading.split(',').position(|name| name.starts_with("data_0")).unwrap();
    for (line, count) in text.lines().skip(1).zip(truth.channel(0)) {
        assert_eq!(line.split(',').nth(column), Some(count.to_string().as_str()));
    }
    let npy = server.get(&format!("{path}&to=npy")).body;
    assert!(npy.starts_with(b"\x93NUMPY"));
    let numbers = npy[npy.len() - 2 * 20 * 4..].as_chunks().0;
    let numbers: Vec<i32> = numbers.iter().map(|bytes| i32::from_le_bytes(*bytes)).collect();
    assert_eq!(numbers, [truth.channel(0), truth.channel(1)].concat());
    for (to, magic) in [("gnz", "GN".as_bytes()), ("hdf5", b"\x89HDF"), ("parquet", b"PAR1")] {
        let answer = server.get(&format!("{path}&to={to}&units=physical"));
        assert_eq!(answer.status, 200, "{to}");
        assert!(answer.body.starts_with(magic), "{to}: {:?}", &answer.body[..4]);
    }
    let left: Vec<_> = std::fs::read_dir(server.folder.path().join(".wavekeep")).unwrap().collect();
    let names = left.into_iter().map(|it| it.unwrap().file_name().into_string().unwrap());
    assert!(names.into_iter().all(|name| !name.starts_with(wavekeep_archive::TEMPORARY_PREFIX)));
}

#[cfg(unix)]
#[test]
fn what_a_killed_server_left_of_an_export_is_removed_by_the_next_one() {
    use std::time::{Duration, SystemTime};

    let (server, _outside) = with_gap();
    let own = server.folder.path().join(".wavekeep");
    let [old, young] = ["old", "young"].map(|name| own.join(format!(".wavekeep-export-{name}")));
    for folder in [&old, &young] {
        std::fs::create_dir(folder).unwrap();
        std::fs::write(folder.join("part.csv"), "half").unwrap();
    }
    let long_ago = SystemTime::now() - Duration::from_secs(7200);
    std::fs::File::open(&old).unwrap().set_modified(long_ago).unwrap();
    assert_eq!(server.get("/api/v1/streams/2/export?first=0&end=5").status, 200);
    assert_eq!((old.exists(), young.exists()), (false, true));
}

#[test]
fn two_exports_at_once_and_of_an_archive_that_is_only_read_are_whole() {
    let (server, _outside) = with_gap();
    let path = "/api/v1/streams/2/export?to=npy&channels=0-7";
    let truth = server.get(path).body;
    std::thread::scope(|scope| {
        let asked: Vec<_> = (0..4).map(|_| scope.spawn(|| server.get(path).body)).collect();
        assert!(asked.into_iter().all(|answer| answer.join().unwrap() == truth));
    });
    let folder = server.stop();
    let server = Running::with(folder, ServeOptions::default().with_read_only(true));
    assert_eq!(server.get(path).body, truth);
}

#[test]
fn the_shown_part_is_a_picture() {
    let (server, _outside) = with_gap();
    for (query, words) in
        [("", "channels over time"), ("kind=traces&channels=1,2&theme=dark", "traces")]
    {
        let svg = server.get(&format!("/api/v1/streams/2/picture?{query}"));
        assert_eq!(svg.header("content-type"), Some("image/svg+xml"));
        let text = String::from_utf8(svg.body).unwrap();
        assert!(text.contains(words) && text.contains("frames missing"), "{query}");
        assert!(text.contains("rad"), "values are in rad");
    }
    let png = server.get("/api/v1/streams/2/picture?to=png&first=5&end=4000");
    assert!(png.body.starts_with(b"\x89PNG"));
}

#[test]
fn a_picture_says_until_it_is_complete_that_peaks_may_be_missing() {
    let (server, _outside, _) = with_long_run();
    let mut listening = server.listen();
    let says = || {
        let picture = server.get("/api/v1/streams/1/picture").body;
        String::from_utf8(picture).unwrap().contains("peaks may be missing")
    };
    if !says() {
        assert_eq!(server.json(WHOLE)["standing"]["complete"], true, "it was read already");
    }
    if server.json(WHOLE)["standing"]["complete"] == false {
        listening.until("overview", |message| message["complete"] == true);
    }
    assert!(!says(), "every frame was read");
}

#[test]
fn what_is_no_part_spectrum_file_or_picture_is_refused() {
    let (server, _outside) = with_gap();
    for query in [
        "spectrum?channels=99999",
        "spectrum?segment=15",
        "spectrum?segment=131073",
        "spectrum?segment=x",
        "spectrum?section=7",
        "spectrum?points=7",
        "spectrum?channels=0-7,0-7,0-7&segment=131072",
        "export?to=wav",
        "export?to=../x",
        "export?units=in/s",
        "export?first=5&end=5",
        "export?first=18446744073709551615",
        "export?first=-1",
        "export?rows=3",
        "picture?kind=spectrum",
        "picture?to=pdf",
        "picture?theme=pink",
        "picture?first=9&end=3",
        "picture?kind=traces&channels=x",
    ] {
        assert_eq!(server.get(&format!("/api/v1/streams/2/{query}")).status, 422, "{query}");
    }
    for path in ["spectrum", "export", "picture"] {
        assert_eq!(server.get(&format!("/api/v1/streams/99/{path}")).status, 404, "{path}");
    }
}

#[test]
fn scipy_finds_the_same_densities_and_rms() {
    let (server, _outside) = with_gap();
    let folder = tempfile::tempdir().unwrap();
    let python = std::env::var_os("WAVEKEEP_PYTHON").unwrap_or_else(|| {
        panic!("WAVEKEEP_PYTHON names no Python with the judges' libraries: run `make test`")
    });
    let judge = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../judges/spectra/density.py");
    // The whole run with its gap, a part without one, a segment that is no power of two, and an odd one.
    for (part, frames) in [
        ("", 6_000),
        ("&first=100&end=4100", 4_000),
        ("&segment=1000", 6_000),
        ("&first=5500&segment=77", 5_500),
    ] {
        let of = |path: &str, part: &str| {
            let answer = server.get(&format!("/api/v1/streams/2/{path}channels=1,7,2{part}"));
            assert_eq!(answer.status, 200, "{path} {part}");
            answer.body
        };
        let (answer, samples) =
            (folder.path().join("answer.json"), folder.path().join("samples.npy"));
        std::fs::write(&answer, of("spectrum?", part)).unwrap();
        let range = part.split("&segment").next().unwrap();
        std::fs::write(&samples, of("export?to=npy&units=physical&", range)).unwrap();
        let said = std::process::Command::new(&python).args([&judge, &answer, &samples]).output();
        let said = said.unwrap();
        let words = String::from_utf8_lossy(&said.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&said.stderr).into_owned();
        assert_eq!(words.trim(), format!("compared 3 of {frames} frames"), "{part}: {complaint}");
    }
}
