//! A server is killed while many send and review: what it answered is there, and the archive is whole.
//!
//! `WAVEKEEP_TORTURE_ROUNDS` says how often it is killed, in hundreds of rounds of the other kills.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use wavekeep_archive::{Archive, FindingKind, Query, VerifyOptions};

/// Clients that send at the same time.
const CLIENTS: usize = 12;

fn serve(root: &Path) -> (Child, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wavekeep"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--json", "--archive"]).arg(root);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let listening: Value = serde_json::from_str(&line).unwrap();
    (child, listening["listening"].as_str().unwrap().to_owned())
}

/// The document that is answered; nothing when the server is gone before all of it is there.
fn ask(address: &str, head: &str, body: &[u8]) -> Option<Value> {
    let length = body.len();
    let head = format!(
        "{head}\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    let mut client = TcpStream::connect(address).ok()?;
    client.write_all(&[head.as_bytes(), body].concat()).ok()?;
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).ok()?;
    let text = String::from_utf8(answer).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    if !head.starts_with("HTTP/1.1 200") {
        return None;
    }
    serde_json::from_str(body).ok()
}

/// A name of its own for each event, so that no two are one.
fn name(n: usize) -> String {
    let digits = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let digit = |place: u32| char::from(digits[n / 36_usize.pow(place) % 36]);
    format!("M529L{}{}{}.7M0W", digit(2), digit(1), digit(0))
}

fn import(address: &str, name: &str, event: &[u8]) -> Option<i64> {
    let begin = format!(
        "--edge\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n"
    );
    let body = [begin.as_bytes(), event, b"\r\n--edge--\r\n"].concat();
    let head = "POST /api/v1/import HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=edge";
    ask(address, head, &body)?["results"][0]["id"].as_i64()
}

fn review(address: &str, id: i64, notes: &str) -> Option<()> {
    let head =
        format!("PATCH /api/v1/events/{id}/review HTTP/1.1\r\nContent-Type: application/json");
    let body = format!("{{\"notes\": {notes:?}}}");
    ask(address, &head, body.as_bytes()).map(drop)
}

#[test]
fn a_server_that_is_killed_while_many_send_and_review_has_all_that_it_answered() {
    let rounds = std::env::var("WAVEKEEP_TORTURE_ROUNDS")
        .map_or(3, |rounds| rounds.parse::<usize>().unwrap().div_ceil(100));
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/M529LKIQ.7M0W");
    let event = fs::read(sample).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("archive");
    drop(Archive::create(&root).unwrap());
    let next = AtomicUsize::new(0);
    let (saved, said) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let mut head = None;
    for round in 0..rounds {
        let (mut child, address) = serve(&root);
        let before = saved.lock().unwrap().len();
        thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| {
                    loop {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        let name = name(n);
                        let Some(id) = import(&address, &name, &event) else { break };
                        saved.lock().unwrap().push((id, name));
                        let notes = format!("note {n}");
                        let Some(()) = review(&address, id, &notes) else { break };
                        said.lock().unwrap().push((id, notes));
                    }
                });
            }
            // Not before all work at once, and at another moment each time.
            while saved.lock().unwrap().len() < before + 3 * CLIENTS {
                thread::sleep(Duration::from_millis(2));
            }
            thread::sleep(Duration::from_millis(3 * (round as u64 % 11)));
            child.kill().unwrap();
            child.wait().unwrap();
        });
        let archive = Archive::open(&root).unwrap();
        let found = archive.verify(VerifyOptions::default(), &|_, _| {}).unwrap();
        for finding in &found.findings {
            assert_eq!(finding.kind, FindingKind::Leftover, "round {round}: {finding:?}");
        }
        if let Some(head) = &head {
            let since = archive.check_ledger(Some(head)).unwrap().since.unwrap();
            assert!(since.is_grown(), "round {round}: {since:?}");
        }
        head = Some(archive.head().unwrap());
        let all = archive.query(&Query::default().with_limit(Some(usize::MAX))).unwrap();
        for (id, name) in saved.lock().unwrap().iter() {
            let row = all.events.iter().find(|event| event.id == *id);
            assert_eq!(row.map(|row| &row.filename), Some(name), "round {round}");
        }
        for (id, notes) in said.lock().unwrap().iter() {
            let row = all.events.iter().find(|event| event.id == *id).unwrap();
            assert_eq!(row.review_notes.as_ref(), Some(notes), "round {round}: event {id}");
        }
    }
}
