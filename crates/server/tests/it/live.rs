//! What happens between the reading of the archive and the listening to its changes.

use crate::common::{BLAST, QUIET, Running};

#[test]
fn a_client_that_read_before_it_listens_gets_what_changed_in_between() {
    let server = Running::with_samples(&[QUIET, BLAST]);
    let answer = server.patch("/api/v1/events/2/review", r#"{"notes": "a lorry"}"#);
    assert_eq!(answer.status, 200);
    let mut listening = server.listen_since("60000");
    let changes = listening.until("change", |change| change["id"] == 2);
    assert!(changes.iter().all(|change| change["what"] == "changed"), "{changes:?}");
}

#[test]
fn one_that_does_not_say_since_when_gets_what_happens_from_now_on() {
    let server = Running::with_samples(&[QUIET, BLAST]);
    let mut listening = server.listen_since("");
    server.post("/api/v1/events/1/remove", r#"{"reason": "another site's"}"#);
    assert_eq!(listening.next_name(), "reset");
}

#[test]
fn one_that_read_before_an_event_was_removed_reloads() {
    let server = Running::with_samples(&[QUIET]);
    server.post("/api/v1/events/1/remove", r#"{"reason": "another site's"}"#);
    for last_ms in ["60000", "18446744073709551615"] {
        assert_eq!(server.listen_since(last_ms).next_name(), "reset", "{last_ms}");
    }
}

#[test]
fn what_another_program_removes_is_announced_too() {
    let server = Running::with_samples(&[QUIET, BLAST]);
    let mut listening = server.listen_since("");
    let other = wavekeep_archive::Archive::open(server.folder.path()).unwrap();
    for (id, take_out) in [(1, true), (2, false)] {
        if take_out {
            other.remove_event(id, "another site's", "kim").unwrap();
        } else {
            std::fs::remove_file(other.source_path(id).unwrap()).unwrap();
            let row = other.event(id).unwrap();
            let files = other.layout().event(&row.serial, &row.filename);
            std::fs::remove_file(files.sidecar()).unwrap();
            other.forget(id, "the disk failed", "kim").unwrap();
        }
        listening.until("reset", |_| true);
    }
}

#[test]
fn a_time_that_is_no_number_is_refused() {
    let server = Running::start();
    for last_ms in ["-1", "soon", "1e3"] {
        let answer = server.get(&format!("/api/v1/live?last_ms={last_ms}"));
        assert!((400..500).contains(&answer.status), "{last_ms}: {}", answer.status);
    }
}
