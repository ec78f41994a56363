//! Who may, and what nobody may.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

mod common;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use common::*;
use wavekeep_server::{Limits, Role, ServeError, ServeOptions, Server, Tokens};

#[test]
fn beyond_loopback_it_does_not_start_without_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let listen = SocketAddr::from(([0, 0, 0, 0], 0));
    let options = ServeOptions { listen, ..ServeOptions::default() };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let refused = runtime.block_on(Server::bind(folder.path(), options)).unwrap_err();
    assert!(matches!(refused, ServeError::NoTokens { .. }));
    assert!(refused.to_string().contains("wavekeep token add"));
}

#[test]
fn each_role_may_what_its_name_says() {
    let folder = tempfile::tempdir().unwrap();
    wavekeep_archive::Archive::create(folder.path()).unwrap();
    let tokens = Tokens::open(&folder.path().join(".wavekeep")).unwrap();
    let bearers =
        Role::ALL.map(|role| format!("Bearer {}", tokens.add(role.word(), role).unwrap()));
    let file = std::fs::read_to_string(folder.path().join(".wavekeep/tokens.json")).unwrap();
    assert!(!file.contains("wk_"), "only hashes are kept");
    let options = ServeOptions { require_tokens: true, ..ServeOptions::default() };
    let server = Running::with(folder, options);
    let event = [(BLAST, sample(BLAST))];
    let allowed = |bearer: &str| {
        let headers = [("Authorization", bearer)];
        let import = server.import_with("/db/import/blastware_file", &event, &headers).status;
        let read = server.ask("GET", "/db/events", &headers, b"").status;
        let typed = [headers[0], ("Content-Type", "application/json")];
        let body = br#"{"false_trigger": true}"#;
        let review = server.ask("PATCH", "/db/events/1/false_trigger", &typed, body).status;
        [read, review, import]
    };
    assert_eq!(allowed(&bearers[3]), [200, 200, 200]);
    assert_eq!(allowed(&bearers[0]), [200, 403, 403]);
    assert_eq!(allowed(&bearers[1]), [200, 200, 403]);
    assert_eq!(allowed(&bearers[2]), [200, 403, 200]);
    assert_eq!(allowed("Bearer wk_00"), [401, 401, 401]);
    assert_eq!((server.get("/metrics").status, server.get("/health").status), (401, 200));
    tokens.revoke("read").unwrap();
    assert_eq!(allowed(&bearers[0]), [401, 401, 401]);
}

#[test]
fn names_cannot_leave_the_archive() {
    let server = Running::start();
    for name in ["../../escaped", "a/b", "..", "C:evil", "NUL"] {
        let answer = server.import("/api/v1/import", &[(name, sample(QUIET))]).json();
        assert_eq!(answer["results"][0]["error"]["kind"], "name", "{name}");
    }
    let answer = server.import("/api/v1/import?serial=..%2F..", &[(QUIET, sample(QUIET))]);
    assert_eq!(answer.status, 422);
    for path in ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd"] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
}

#[test]
fn pages_of_other_sites_and_names_of_other_hosts_are_refused() {
    let server = Running::with_samples(&[QUIET]);
    let origin = [("Origin", "http://evil.example"), ("Content-Type", "application/json")];
    let answer = server.ask("PATCH", "/db/events/1/false_trigger", &origin, b"{\"value\": true}");
    assert_eq!(answer.status, 403);
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream
        .write_all(b"GET /db/events HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 403"), "{text}");
}

#[test]
fn a_file_over_the_limit_is_refused_and_nothing_is_saved() {
    let limits = Limits { file_bytes: 4000, ..Limits::default() };
    let options = ServeOptions { limits, ..ServeOptions::default() };
    let server = Running::with(tempfile::tempdir().unwrap(), options);
    let answer = server.import("/api/v1/import", &[(QUIET, sample(QUIET)), ("big", vec![0; 9000])]);
    assert_eq!(answer.status, 413);
    assert_eq!(server.json("/db/events")["total"], 0);
}

#[test]
fn a_client_that_goes_away_leaves_nothing() {
    let server = Running::start();
    let body = form(&[(QUIET, sample(QUIET))]);
    let mut stream = TcpStream::connect(server.address).unwrap();
    let head = format!(
        "POST /api/v1/import HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=edge\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body[..body.len() / 2]).unwrap();
    drop(stream);
    assert_eq!(server.json("/db/events")["total"], 0);
    let whole = server.import("/api/v1/import", &[(QUIET, sample(QUIET))]).json();
    assert_eq!(whole["results"][0]["outcome"], "new");
}

#[test]
fn a_change_is_told_and_listening_ends_with_the_server() {
    let server = Running::with_samples(&[QUIET]);
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream
        .write_all(b"GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 0\r\n\r\n")
        .unwrap();
    let mut text = String::new();
    let mut byte = [0; 512];
    while !text.contains("event: change") {
        let read = stream.read(&mut byte).unwrap();
        assert!(read > 0, "{text}");
        text.push_str(&String::from_utf8_lossy(&byte[..read]));
    }
    let folder = server.stop();
    // The stream ends; without that this would wait for ever.
    while stream.read(&mut byte).unwrap_or(0) > 0 {}
    let again = Running::with(folder, ServeOptions::default());
    assert_eq!(again.json("/db/events")["total"], 1);
}
