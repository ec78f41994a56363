//! Runs of streams.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

mod common;

use std::path::Path;

use common::*;
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
