//! The log of what people did: changes and refusals, and reads where they are asked for.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::common::*;
use serde_json::{Value, json};
use wavekeep_archive::{Archive, Role, Submission};
use wavekeep_server::{AuditOptions, ServeOptions};

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A server with one event, a token of kim, and an audit log beside its archive.
fn audited(
    change: impl FnOnce(AuditOptions) -> AuditOptions,
) -> (Running, String, tempfile::TempDir) {
    let (folder, beside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let archive = Archive::create(folder.path()).unwrap();
    archive.save(&Submission::new(QUIET, sample(QUIET))).unwrap();
    let token = archive.add_token("kim", Role::Review).unwrap();
    let audit = change(AuditOptions::new(beside.path().join("audit.jsonl")));
    let server = Running::with(folder, ServeOptions::default().with_audit(Some(audit)));
    (server, format!("Bearer {token}"), beside)
}

fn review(server: &Running, bearer: &str, notes: &str) -> u16 {
    let headers = [("Authorization", bearer), ("Content-Type", "application/json")];
    let body = json!({ "notes": notes }).to_string();
    server.ask("PATCH", "/api/v1/events/1/review", &headers, body.as_bytes()).status
}

#[test]
fn changes_and_refusals_are_noted_with_who_asked_and_reads_are_not() {
    let (server, bearer, beside) = audited(|options| options);
    assert_eq!(review(&server, &bearer, "x"), 200);
    let read = [("Authorization", bearer.as_str())];
    assert_eq!(server.ask("GET", "/api/v1/events", &read, b"").status, 200);
    assert_eq!(server.get("/api/v1/events?serial=BE1").status, 401);
    assert_eq!(server.get("/").status, 200);
    assert_eq!(server.ask("POST", "/api/v1/events/1/forget", &read, b"").status, 403);
    let noted = lines(&beside.path().join("audit.jsonl"));
    let of = |at: usize, names: [&str; 6]| names.map(|name| noted[at][name].clone());
    let names = ["who", "role", "by", "method", "path", "status"];
    let expected = [
        json!(["kim", "review", "token", "PATCH", "/api/v1/events/1/review", 200]),
        json!([null, null, null, "GET", "/api/v1/events", 401]),
        json!([null, null, null, "POST", "/api/v1/events/1/forget", 403]),
    ];
    assert_eq!(noted.len(), 3, "{noted:?}");
    for (at, expected) in expected.iter().enumerate() {
        assert_eq!(json!(of(at, names)), *expected);
    }
    assert_eq!(noted[0]["address"], "127.0.0.1");
    assert_eq!(noted[1]["query"], "serial=BE1");
    assert!(noted[0]["time"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn reads_are_noted_where_they_are_asked_for_and_a_token_in_an_address_is_not() {
    let (server, bearer, beside) = audited(|options| options.with_reads(true));
    let read = [("Authorization", bearer.as_str())];
    for path in ["/api/v1/events?serial=BE11529", "/api/v1/events?text=wk_0123", "/", "/health"] {
        assert_eq!(server.ask("GET", path, &read, b"").status, 200, "{path}");
    }
    let noted = lines(&beside.path().join("audit.jsonl"));
    assert_eq!(noted.len(), 2, "{noted:?}");
    assert_eq!((&noted[0]["query"], &noted[0]["who"]), (&json!("serial=BE11529"), &json!("kim")));
    assert_eq!(noted[1].get("query"), None);
}

#[test]
fn a_client_that_goes_away_before_its_answer_is_noted() {
    let (server, bearer, beside) = audited(|options| options);
    let mut stream = TcpStream::connect(server.address).unwrap();
    let head = format!(
        "PATCH /api/v1/events/1/review HTTP/1.1\r\nHost: localhost\r\nAuthorization: {bearer}\r\n\
         Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    drop(stream);
    let path = beside.path().join("audit.jsonl");
    let begun = Instant::now();
    while std::fs::read_to_string(&path).unwrap().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(20));
    }
    let noted = &lines(&path)[0];
    assert_eq!(noted["who"], "kim");
    // Whether the body ended before the connection did is the network's to say.
    assert!(noted["status"].as_u64().is_none_or(|status| status >= 400), "{noted}");
}

#[test]
fn who_guesses_tokens_does_not_fill_the_disk() {
    let (server, bearer, beside) = audited(|options| options);
    for _ in 0..650 {
        assert_eq!(server.get("/api/v1/events").status, 401);
    }
    assert_eq!(review(&server, &bearer, "x"), 200);
    let noted = lines(&beside.path().join("audit.jsonl"));
    assert_eq!(noted.len(), 602, "600 refusals, how many are left out, the review");
    assert_eq!(noted[600]["left_out_refusals"], 50);
    assert_eq!(noted[601]["who"], "kim");
}

#[cfg(target_os = "linux")]
#[test]
fn a_log_on_a_full_disk_refuses_nobody_and_is_counted() {
    let (server, bearer, _beside) = audited(|_| AuditOptions::new("/dev/full"));
    assert_eq!(review(&server, &bearer, "x"), 200);
    let metrics = server.ask("GET", "/metrics", &[("Authorization", &bearer)], b"");
    let text = String::from_utf8(metrics.body).unwrap();
    assert!(text.contains("wavekeep_audit_failures_total 1\n"), "{text}");
}

/// A receiver that is not well at first: it answers 503 so often, then takes what it is given.
struct Receiver {
    url: String,
    bodies: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    fn start(mut failures: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook?key=secret", listener.local_addr().unwrap());
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let taken = Arc::clone(&bodies);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut length = 0;
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                        break;
                    }
                    let lower = line.to_ascii_lowercase();
                    if let Some(of) = lower.strip_prefix("content-length:") {
                        length = of.trim().parse().unwrap();
                    }
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                let status = match failures {
                    0 => "204 No Content",
                    _ => "503 Service Unavailable",
                };
                if failures == 0 {
                    taken.lock().unwrap().push(String::from_utf8(body).unwrap());
                }
                failures = failures.saturating_sub(1);
                let answer =
                    format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { url, bodies }
    }

    /// The notes of the reviews that came, in order, once there are so many lines.
    fn lines(&self, count: usize) -> Vec<Value> {
        let begun = Instant::now();
        loop {
            let text: String = self.bodies.lock().unwrap().concat();
            if text.lines().count() >= count {
                return text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "{text}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

#[test]
fn a_webhook_is_given_every_line_once_over_faults_restarts_and_renamed_files() {
    let receiver = Receiver::start(2);
    let (server, bearer, beside) =
        audited(|options| options.with_webhook(Some(receiver.url.clone())));
    let path = beside.path().join("audit.jsonl");
    for n in 0..5 {
        assert_eq!(review(&server, &bearer, &n.to_string()), 200);
    }
    assert_eq!(receiver.lines(5).len(), 5);
    let folder = server.stop();
    let options = AuditOptions::new(&path).with_webhook(Some(receiver.url.clone()));
    let server = Running::with(folder, ServeOptions::default().with_audit(Some(options)));
    assert_eq!(review(&server, &bearer, "after"), 200);
    // Another file of the same name is sent from its beginning.
    let noted = receiver.lines(6);
    assert_eq!(noted, lines(&path), "each once, in the order of the file");
    let folder = server.stop();
    std::fs::rename(&path, beside.path().join("audit.jsonl.1")).unwrap();
    let options = AuditOptions::new(&path).with_webhook(Some(receiver.url.clone()));
    let server = Running::with(folder, ServeOptions::default().with_audit(Some(options)));
    assert_eq!(review(&server, &bearer, "anew"), 200);
    assert_eq!(receiver.lines(7)[6..], lines(&path));
}
