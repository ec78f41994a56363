//! Schemathesis holds the answers of a server against its own description.

use std::env;
use std::path::Path;
use std::process::Command;

use crate::common::*;
use wavekeep_archive::Archive;
use wavekeep_server::{Limits, ServeOptions};

/// Judges the paths that `paths` chooses, but not that of live changes, which does not end.
fn judge(server: &Running, arguments: &[&str], paths: &[&str]) {
    let python = env::var_os("WAVEKEEP_PYTHON").unwrap_or_else(|| {
        panic!("WAVEKEEP_PYTHON names no Python with the judges' libraries: run `make test`")
    });
    let verdict = Command::new(python)
        .current_dir(tempfile::tempdir().unwrap().path())
        .args(["-m", "schemathesis.cli"])
        .args(arguments)
        .args(["run", &format!("http://{}/api/v1/openapi.json", server.address)])
        .args(["--seed", "1", "--max-examples", "5", "--no-shrink", "--phases", "coverage,fuzzing"])
        .args(["--checks", "not_a_server_error,status_code_conformance"])
        .args(["--checks", "content_type_conformance,response_schema_conformance"])
        .args(["--exclude-path", "/api/v1/live", "--generation-database", "none"])
        .args(paths)
        .args(["--no-color", "--warnings", "off", "--request-timeout", "30"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&verdict.stdout);
    let complained = String::from_utf8_lossy(&verdict.stderr);
    assert!(verdict.status.success() && said.contains("No issues found"), "{said}{complained}");
}

#[test]
fn schemathesis_finds_no_answer_that_the_description_does_not_know() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = tempfile::tempdir().unwrap();
    let run = repository.join("crates/smurf/tests/data/split.dat.1");
    Archive::create(folder.path()).unwrap().adopt("crate1slot2", &run).unwrap();
    // Whatever it thinks of recording, it fills no disk.
    let limits = Limits::default().with_recordings(4).with_recording_bytes(1 << 20);
    let server = Running::with(folder, ServeOptions::default().with_limits(limits));
    let recording = r#"{"source": {"kind": "run", "id": 1}, "open": false}"#;
    assert_eq!(server.post("/api/v1/recordings", recording).status, 201);
    let event = server.import("/api/v1/import", &[(BLAST, sample(BLAST))]).json();
    assert_eq!(event["results"][0]["id"], 2);

    // With what it removes it would find nothing any more.
    let all_but_removal = ["--exclude-path", "/api/v1/events/{id}/remove"];
    judge(&server, &[], &all_but_removal);
    let config = repository.join("judges/schemathesis.toml");
    judge(&server, &["--config-file", config.to_str().unwrap()], &all_but_removal);

    let counted = String::from_utf8(server.get("/metrics").body).unwrap();
    for route in ["events/{id}", "events/{id}/plot", "streams/{id}/overview", "export"] {
        let answered = format!("method=\"GET\",route=\"/api/v1/{route}\",status=\"200\"");
        assert!(counted.contains(&answered), "{route} was never answered\n{counted}");
    }
    judge(&server, &[], &["--include-path", "/api/v1/events/{id}/remove"]);
}
