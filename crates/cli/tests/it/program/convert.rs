//! `wavekeep convert`, of events.

use super::*;

/// The samples that an independent model says that the vectors hold.
fn expected(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../blastware/tests/data");
    let text = fs::read_to_string(folder.join(format!("{name}.expected.csv"))).unwrap();
    text.replace("\r\n", "\n")
}

/// A table without its first column.
fn without_first_column(csv: &str) -> String {
    csv.lines().map(|line| format!("{}\n", line.split_once(',').unwrap().1)).collect()
}

#[test]
fn raw_csv_has_the_expected_values_for_every_vector() {
    for name in WAVEFORMS.into_iter().chain(["N844L6Z8.ZR0H"]) {
        let output = run(&["convert", name, "--to", "csv", "--units", "raw"]);
        assert_eq!(code(&output), 0);
        assert_eq!(without_first_column(&stdout(&output)), expected(name), "{name}");
    }
}

#[test]
fn a_missing_sample_is_an_empty_field() {
    let output = run(&["convert", DAMAGED, "--to", "csv", "--units", "raw"]);
    let row = stdout(&output).lines().nth(1 + 3 * 512 + 2).unwrap().to_owned();
    let fields: Vec<&str> = row.split(',').collect();
    assert_eq!((fields.len(), fields[2]), (5, ""));
}

#[test]
fn a_part_of_a_recording_keeps_its_times() {
    let args =
        ["convert", QUIET, "--to", "csv", "--channels", "MicL,0", "--start", "0", "--end", "0.002"];
    let text = stdout(&run(&args));
    let times: Vec<&str> = text.lines().map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(text.lines().next(), Some("time_s,MicL (psi),Tran (in/s)"));
    assert_eq!(times[1..], ["0.0", "0.0009765625", "0.001953125"]);
    let by_index =
        ["convert", QUIET, "--to", "csv", "--channels", "MicL,0", "--frames", "256..259"];
    assert_eq!(stdout(&run(&by_index)), text);
}

#[test]
fn a_channel_that_is_not_there_fails_with_those_that_are() {
    let output = run(&["convert", QUIET, "--to", "csv", "--channels", "Nord"]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("the channels are Tran, Vert, Long, MicL"));
}

#[test]
fn miniseed2_is_another_word_for_miniseed() {
    let folder = TempDir::new().unwrap();
    for (word, name) in [("miniseed", "a.mseed"), ("miniseed2", "b.mseed")] {
        let args = ["convert", &sample(BLAST), "--to", word, "-o", name];
        assert_eq!(code(&run_in(folder.path(), &args)), 0, "{word}");
    }
    let read = |name| fs::read(folder.path().join(name)).unwrap();
    assert!(read("a.mseed") == read("b.mseed") && read("a.mseed").starts_with(b"000001D 1SJPL"));
}

#[test]
fn every_target_is_written_and_an_existing_file_is_kept() {
    let folder = TempDir::new().unwrap();
    for (target, extension) in [
        ("csv", "csv"),
        ("json", "json"),
        ("gnz", "gnz"),
        ("hdf5", "h5"),
        ("parquet", "parquet"),
        ("miniseed", "mseed"),
        ("miniseed3", "mseed3"),
        ("npy", "npy"),
        ("wav", "wav"),
    ] {
        let args = ["convert", &sample(BLAST), "--to", target, "-o", "./"];
        assert_eq!(code(&run_in(folder.path(), &args)), 0, "{target}");
        let path = folder.path().join(format!("{BLAST}.{extension}"));
        assert!(fs::metadata(&path).unwrap().len() > 1000, "{target}");
        fs::write(&path, b"mine").unwrap();
        let again = run_in(folder.path(), &args);
        assert_eq!((code(&again), fs::read(&path).unwrap()), (1, b"mine".to_vec()));
        assert!(stderr(&again).contains("--force"), "{}", stderr(&again));
        let forced = [&args[..], &["--force"]].concat();
        assert_eq!(code(&run_in(folder.path(), &forced)), 0);
        assert!(fs::metadata(&path).unwrap().len() > 1000);
    }
}

#[test]
fn a_folder_becomes_a_folder_and_says_what_went_where() {
    let folder = TempDir::new().unwrap();
    let input = samples().display().to_string();
    let output = run_in(folder.path(), &["convert", &input, "--to", "npy", "-o", "out", "--json"]);
    assert_eq!(code(&output), 3);
    let documents = documents(&output);
    assert_eq!(documents.len(), 13);
    for document in documents {
        assert!(folder.path().join(document["output"].as_str().unwrap()).is_file());
    }
}

#[test]
fn what_a_target_cannot_hold_is_said_with_what_to_do() {
    let folder = TempDir::new().unwrap();
    let args = ["convert", &sample(DAMAGED), "--to", "wav"];
    let output = run_in(folder.path(), &args);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("wav cannot hold"), "{}", stderr(&output));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
