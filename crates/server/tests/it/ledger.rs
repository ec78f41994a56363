//! The ledger over HTTP: who did what from where, the head, and letting go of events.

use std::io::Cursor;

use crate::common::*;
use serde_json::{Value, json};
use wavekeep_archive::{Archive, Head, Role};
use wavekeep_custody::proof::{CheckOptions, check};
use wavekeep_server::ServeOptions;

/// The latest entry of the ledger.
fn last(server: &Running) -> Value {
    server.json("/api/v1/ledger?limit=1")[0].clone()
}

/// A server whose archive has a token of each of these roles, and their headers.
fn with_tokens<const N: usize>(roles: [Role; N]) -> (Running, [String; N]) {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::create(folder.path()).unwrap();
    let bearers =
        roles.map(|role| format!("Bearer {}", archive.add_token(role.word(), role).unwrap()));
    (Running::with(folder, ServeOptions::default()), bearers)
}

fn typed(bearer: &str) -> [(&str, &str); 2] {
    [("Authorization", bearer), ("Content-Type", "application/json")]
}

#[test]
fn a_review_is_noted_with_the_name_of_the_token_and_the_address() {
    let (server, [admin]) = with_tokens([Role::Admin]);
    server.import_with("/api/v1/import", &[(QUIET, sample(QUIET))], &[("Authorization", &admin)]);
    let review = |method: &str, path: &str, body: &str| {
        let answer = server.ask(method, path, &typed(&admin), body.as_bytes());
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        let entries = server.ask("GET", "/api/v1/ledger?limit=1", &typed(&admin), b"").json();
        let entry = &entries[0];
        [&entry["action"], &entry["who"], &entry["from"]]
            .map(|text| text.as_str().unwrap().to_owned())
    };
    let noted = ["review", "admin", "127.0.0.1"].map(str::to_owned);
    assert_eq!(review("PATCH", "/api/v1/events/1/review", r#"{"notes": "a"}"#), noted);
    assert_eq!(review("POST", "/api/v1/events/1/undo", ""), noted);
    let together = r#"{"where": {}, "patch": {"notes": "b"}}"#;
    assert_eq!(review("POST", "/api/v1/review", together), noted);
    let sidecar = r#"{"review": {"notes": "c"}}"#;
    assert_eq!(review("PATCH", "/db/events/1/sidecar", sidecar), noted);
    let value = r#"{"false_trigger": true}"#;
    assert_eq!(review("PATCH", "/db/events/1/false_trigger", value), noted);
}

#[test]
fn what_comes_in_is_noted_with_the_address() {
    let server = Running::with_samples(&[BLAST]);
    let entry = last(&server);
    assert_eq!((&entry["action"], &entry["from"]), (&json!("import"), &json!("127.0.0.1")));
}

#[test]
fn a_report_that_comes_later_is_noted_with_the_address() {
    let server = Running::with_samples(&[BLAST]);
    server.import("/db/import/blastware_file", &[(BLAST_REPORT, sample(BLAST_REPORT))]);
    let entry = last(&server);
    assert_eq!((&entry["action"], &entry["from"]), (&json!("update"), &json!("127.0.0.1")));
}

#[test]
fn an_address_that_a_header_states_is_not_used() {
    let (server, [admin]) = with_tokens([Role::Admin]);
    let headers = [("Authorization", admin.as_str()), ("X-Forwarded-For", "192.0.2.7")];
    server.import_with("/api/v1/import", &[(QUIET, sample(QUIET))], &headers);
    let entries = server.ask("GET", "/api/v1/ledger?limit=1", &headers, b"").json();
    assert_eq!(entries[0]["from"], "127.0.0.1");
}

#[test]
fn the_head_is_the_archives_as_text_and_as_json() {
    let server = Running::with_samples(&[QUIET]);
    let answer = server.get("/api/v1/ledger/head");
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    let text = String::from_utf8(answer.body).unwrap();
    let head: Head = text.parse().unwrap();
    assert_eq!(head.to_string(), text);
    let held = Archive::open(server.folder.path()).unwrap().head().unwrap();
    assert_eq!((&head.archive, head.size, head.root), (&held.archive, held.size, held.root));
    let headers = [("Accept", "application/json")];
    let json = server.ask("GET", "/api/v1/ledger/head", &headers, b"").json();
    assert_eq!(json["archive"], head.archive);
    assert_eq!(json["size"], head.size);
    assert_eq!(json["root"], head.root.to_string());
    assert!(json["time"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn a_head_that_the_client_has_is_not_sent_again_until_the_ledger_grows() {
    let server = Running::with_samples(&[QUIET]);
    let etag = server.get("/api/v1/ledger/head").header("etag").unwrap().to_owned();
    let again = |etag: &str| {
        server.ask("GET", "/api/v1/ledger/head", &[("If-None-Match", etag)], b"").status
    };
    assert_eq!(again(&etag), 304);
    let as_json = [("If-None-Match", etag.as_str()), ("Accept", "application/json")];
    assert_eq!(server.ask("GET", "/api/v1/ledger/head", &as_json, b"").status, 200);
    server.patch("/api/v1/events/1/review", r#"{"false_trigger": true}"#);
    assert_eq!(again(&etag), 200);
}

#[test]
fn a_head_in_a_form_that_there_is_none_of_is_refused() {
    let server = Running::with_samples(&[QUIET]);
    let answer = server.ask("GET", "/api/v1/ledger/head", &[("Accept", "image/png")], b"");
    assert_eq!(answer.status, 406);
}

#[test]
fn an_archive_without_a_ledger_has_no_head() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".wavekeep")).unwrap();
    let options = ServeOptions::default().with_read_only(true);
    let server = Running::with(folder, options);
    let answer = server.get("/api/v1/ledger/head");
    assert_eq!((answer.status, &answer.json()["type"]), (404, &json!("urn:wavekeep:no_ledger")));
    assert!(
        !answer.json()["detail"].as_str().unwrap().contains(server.folder.path().to_str().unwrap())
    );
}

#[test]
fn entries_are_listed_with_their_leaves_the_latest_first() {
    let server = Running::with_samples(&[QUIET, BLAST]);
    let entries = server.json("/api/v1/ledger");
    let held = Archive::open(server.folder.path()).unwrap().ledger_entries(None, 100).unwrap();
    assert_eq!(entries.as_array().unwrap().len(), held.len());
    for (entry, held) in entries.as_array().unwrap().iter().zip(&held) {
        assert_eq!(entry["entry"], held.entry.entry);
        assert_eq!(entry["leaf"], held.leaf.to_string());
    }
    let numbers: Vec<u64> =
        entries.as_array().unwrap().iter().map(|entry| entry["entry"].as_u64().unwrap()).collect();
    assert!(numbers.is_sorted_by(|one, next| one > next), "{numbers:?}");
}

#[test]
fn entries_of_one_event_are_those_of_it_alone() {
    let server = Running::with_samples(&[QUIET, BLAST]);
    server.patch("/api/v1/events/1/review", r#"{"false_trigger": true}"#);
    let of_event = server.json("/api/v1/events/1/ledger");
    let actions: Vec<&Value> =
        of_event.as_array().unwrap().iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, [&json!("review"), &json!("import")]);
    assert_eq!(of_event, server.json("/api/v1/ledger?event=1"));
    assert_eq!(server.json("/api/v1/events/1/ledger?limit=1").as_array().unwrap().len(), 1);
    assert_eq!(server.get("/api/v1/events/99/ledger").status, 404);
}

#[test]
fn an_event_whose_files_are_there_is_not_forgotten() {
    let server = Running::with_samples(&[QUIET]);
    let answer = server.post("/api/v1/events/1/forget", r#"{"reason": "a test"}"#);
    assert_eq!((answer.status, &answer.json()["type"]), (409, &json!("urn:wavekeep:not_lost")));
    assert_eq!(server.get("/api/v1/events/1").status, 200);
}

#[test]
fn an_event_that_is_lost_is_forgotten_with_a_reason() {
    let server = Running::with_samples(&[QUIET]);
    let layout = Archive::open(server.folder.path()).unwrap();
    let layout = layout.layout();
    let row = server.json("/api/v1/events")["events"][0].clone();
    let files = layout.event(row["serial"].as_str().unwrap(), row["filename"].as_str().unwrap());
    std::fs::remove_file(files.sidecar()).unwrap();
    let answer = server.post("/api/v1/events/1/forget", r#"{"reason": "the disk failed"}"#);
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    let entry = answer.json();
    assert_eq!((&entry["action"], &entry["reason"]), (&json!("forget"), &json!("the disk failed")));
    assert_eq!(entry["from"], "127.0.0.1");
    assert_eq!(server.get("/api/v1/events/1").status, 404);
    assert_eq!(server.json("/api/v1/events/1/ledger")[0], entry);
}

#[test]
fn an_event_that_is_removed_leaves_its_entries() {
    let server = Running::with_samples(&[QUIET]);
    let mut listening = server.listen();
    let answer = server.post("/api/v1/events/1/remove", r#"{"reason": "another site's"}"#);
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    assert_eq!(answer.json()["action"], "remove");
    assert_eq!(server.get("/api/v1/events/1/file").status, 404);
    assert_eq!(server.json("/api/v1/events")["total"], 0);
    assert_eq!(server.json("/api/v1/events/1/ledger").as_array().unwrap().len(), 2);
    listening.until("reset", |_| true);
}

#[test]
fn nothing_is_let_go_of_without_a_reason() {
    let server = Running::with_samples(&[QUIET]);
    for body in [r#"{"reason": " "}"#, "{}", r#"{"reason": "x", "force": true}"#] {
        let answer = server.post("/api/v1/events/1/remove", body);
        assert_eq!(answer.status, 422, "{body}");
    }
    assert_eq!(server.get("/api/v1/events/1").status, 200);
}

#[test]
fn only_an_admin_forgets_or_removes() {
    let (server, bearers) = with_tokens(Role::ALL);
    let event = [(QUIET, sample(QUIET))];
    server.import_with("/api/v1/import", &event, &[("Authorization", &bearers[3])]);
    let statuses = |what: &str| {
        let path = format!("/api/v1/events/1/{what}");
        bearers
            .each_ref()
            .map(|bearer| server.ask("POST", &path, &typed(bearer), br#"{"reason": "x"}"#).status)
    };
    assert_eq!(statuses("forget"), [403, 403, 403, 409]);
    assert_eq!(statuses("remove"), [403, 403, 403, 200]);
}

#[test]
fn a_reader_sees_the_ledger() {
    let (server, [reader]) = with_tokens([Role::Read]);
    for path in ["/api/v1/ledger/head", "/api/v1/ledger"] {
        assert_eq!(
            server.ask("GET", path, &[("Authorization", &reader)], b"").status,
            200,
            "{path}"
        );
        assert_eq!(server.get(path).status, 401, "{path}");
    }
}

#[test]
fn nothing_is_let_go_of_where_nothing_can_be_changed() {
    let folder = Running::with_samples(&[QUIET]).stop();
    let options = ServeOptions::default().with_read_only(true);
    let server = Running::with(folder, options);
    let answer = server.post("/api/v1/events/1/remove", r#"{"reason": "x"}"#);
    assert_eq!((answer.status, &answer.json()["type"]), (403, &json!("urn:wavekeep:read_only")));
    assert_eq!(server.get("/api/v1/ledger/head").status, 200);
}

#[test]
fn where_the_files_of_an_adopted_run_are_is_not_in_its_entries() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let vectors = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../smurf/tests/data");
    let run = elsewhere.path().join("run.dat");
    std::fs::copy(vectors.join("split.dat.1"), &run).unwrap();
    Archive::create(folder.path()).unwrap().adopt("crate1", &run).unwrap();
    let server = Running::with(folder, ServeOptions::default());
    let text = String::from_utf8(server.get("/api/v1/events/1/ledger").body).unwrap();
    assert!(text.contains("\"run.dat\":") && text.contains("\"adopt\""), "{text}");
    assert!(!text.contains(elsewhere.path().to_str().unwrap()), "{text}");
    assert_eq!(server.get("/api/v1/events/1/proof.zip").status, 409);
}

#[test]
fn a_proof_is_handed_out_and_fits() {
    let server = Running::with_samples(&[QUIET]);
    let answer = server.get("/api/v1/events/1/proof.zip");
    assert_eq!(answer.status, 200);
    let options = CheckOptions::default();
    let checked = check(Cursor::new(answer.body), &options).unwrap();
    assert!(checked.fits(), "{checked}");
    let head =
        server.ask("GET", "/api/v1/ledger/head", &[("Accept", "application/json")], b"").json();
    assert_eq!(head["root"], json!(checked.head.root));
    assert_eq!(server.get("/api/v1/events/9/proof.zip").status, 404);
}

/// The text of the page of event 1.
fn page(server: &Running, path: &str) -> String {
    let pdf = lopdf::Document::load_mem(&server.get(path).body).unwrap();
    // Every glyph is placed by itself, which reads as a line of its own.
    pdf.extract_text(&[1]).unwrap().replace('\n', "")
}

#[test]
fn a_page_carries_the_entry_of_its_event_and_the_head() {
    let server = Running::with_samples(&[QUIET]);
    server.patch("/api/v1/events/1/review", r#"{"false_trigger": true}"#);
    let leaf = server.json("/api/v1/events/1/ledger")[0]["leaf"].as_str().unwrap().to_owned();
    let headers = [("Accept", "application/json")];
    let head = server.ask("GET", "/api/v1/ledger/head", &headers, b"").json();
    for path in ["/api/v1/events/1/report.pdf", "/db/events/1/report.pdf?paper=letter"] {
        let text = page(&server, path);
        for wanted in [&leaf, head["root"].as_str().unwrap(), head["archive"].as_str().unwrap()] {
            assert!(text.contains(wanted), "{path}: {text}");
        }
    }
}

#[test]
fn a_page_follows_its_review_at_once_and_is_as_before_after_undo_but_for_the_ledger() {
    let server = Running::with_samples(&[QUIET]);
    let above_the_ledger = || {
        let text = page(&server, "/api/v1/events/1/report.pdf");
        text.split_once("Ledger of archive").unwrap().0.to_owned()
    };
    let before = above_the_ledger();
    server.patch("/api/v1/events/1/review", r#"{"false_trigger": true, "notes": "a lorry"}"#);
    assert!(above_the_ledger().contains("FALSE TRIGGER"));
    server.post("/api/v1/events/1/undo", "");
    assert_eq!(above_the_ledger(), before);
}
