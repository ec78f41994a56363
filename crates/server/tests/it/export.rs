//! Everything that answers a question, as one file.

use crate::common::*;

#[test]
fn an_export_as_csv_holds_the_events_that_the_filters_let_through() {
    let server = Running::with_samples(&[BLAST, NIGHT, QUIET]);
    let answer = server.get("/api/v1/export?format=csv&kind=waveform");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(answer.header("x-wavekeep-events"), Some("2"));
    assert!(answer.header("content-disposition").unwrap().contains("events.csv"));
    let length: usize = answer.header("content-length").unwrap().parse().unwrap();
    assert_eq!(length, answer.body.len());
    let text = String::from_utf8(answer.body).unwrap();
    let names: Vec<&str> = text.lines().map(|line| line.split(',').nth(2).unwrap()).collect();
    assert_eq!(names, ["filename", BLAST, QUIET]);
}

#[test]
fn an_export_as_parquet_is_a_whole_parquet_file() {
    let answer = Running::with_samples(&[BLAST]).get("/api/v1/export?format=parquet");
    assert_eq!(answer.status, 200);
    assert!(answer.body.starts_with(b"PAR1") && answer.body.ends_with(b"PAR1"));
    assert_eq!(answer.header("x-wavekeep-events"), Some("1"));
}

#[test]
fn an_export_as_zip_holds_the_originals_and_says_which_are_damaged() {
    let server = Running::with_samples(&[BLAST, QUIET]);
    let whole = server.get("/api/v1/export?format=zip");
    assert_eq!(whole.header("x-wavekeep-damaged"), Some("0"));
    assert!(whole.body.starts_with(b"PK\x03\x04"));
    let holds = |name: &str| whole.body.windows(name.len()).any(|part| part == name.as_bytes());
    assert!(holds(&format!("BE11529/{BLAST}")) && holds("SHA256SUMS"));
    let event = server.json("/api/v1/events/1");
    let serial = event["event"]["serial"].as_str().unwrap();
    let source = walk(server.folder.path(), BLAST);
    assert!(source.to_string_lossy().contains(serial));
    std::fs::remove_file(source).unwrap();
    assert_eq!(server.get("/api/v1/export?format=zip").header("x-wavekeep-damaged"), Some("1"));
}

/// The file of this name, somewhere below the folder.
fn walk(folder: &std::path::Path, name: &str) -> std::path::PathBuf {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().unwrap() == name {
                return path;
            }
        }
    }
    panic!("no {name}")
}

#[test]
fn an_export_of_another_format_is_refused_and_leaves_no_file() {
    let server = Running::with_samples(&[QUIET]);
    let before = std::fs::read_dir(server.folder.path().join(".wavekeep")).unwrap().count();
    assert_eq!(server.get("/api/v1/export?format=xlsx").status, 422);
    assert_eq!(server.get("/api/v1/export?format=parquet").status, 200);
    let after = std::fs::read_dir(server.folder.path().join(".wavekeep")).unwrap().count();
    assert_eq!(before, after);
}
