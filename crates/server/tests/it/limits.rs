//! One request, token or address harms nobody else; what a server may not do it does not begin.

use crate::common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use common::*;
use serde_json::json;
use wavekeep_archive::{Archive, NewToken, Role};
use wavekeep_server::{Limits, ServeError, ServeOptions, Server};

fn limited(limits: Limits) -> Running {
    let options = ServeOptions::default().with_limits(limits);
    Running::with(tempfile::tempdir().unwrap(), options)
}

/// What a server answers to a request as it stands here.
fn raw(server: &Running, request: &str) -> String {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text);
    text
}

#[test]
fn whoever_comes_through_a_proxy_is_not_the_person_at_the_machine() {
    let server = Running::with_samples(&[QUIET]);
    let ask = |headers: &str| {
        raw(&server, &format!("GET /db/events HTTP/1.1\r\n{headers}Connection: close\r\n\r\n"))
    };
    let from_here = "Host: localhost\r\n";
    assert!(ask(from_here).starts_with("HTTP/1.1 200"));
    for headers in [
        "",
        "Host: \r\n",
        "Host: example.org\r\n",
        "Host: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n",
        "Host: 127.0.0.1\r\nForwarded: for=192.0.2.1\r\n",
        "Host: localhost\r\nVia: 1.1 proxy\r\n",
        "Host: localhost\r\nX-Real-IP: 192.0.2.1\r\n",
        "Host: localhost\r\nX-Forwarded-Proto: https\r\n",
        "Host: localhost\r\nX-Forwarded-Host: example.org\r\n",
    ] {
        let text = ask(headers);
        assert!(text.starts_with("HTTP/1.1 403"), "{headers:?}: {text}");
        assert!(text.contains("wavekeep token add"), "{text}");
    }
    let old = raw(&server, "GET /db/events HTTP/1.0\r\n\r\n");
    assert!(old.starts_with("HTTP/1.0 403"), "{old}");
}

#[test]
fn with_a_token_in_the_archive_every_request_needs_one_on_loopback_too() {
    let server = Running::with_samples(&[QUIET]);
    let archive = Archive::open(server.folder.path()).unwrap();
    assert_eq!(server.get("/db/events").status, 200);
    let token = archive.add_token("kim", Role::Read).unwrap();
    assert_eq!(server.get("/db/events").status, 401);
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), ("X-Forwarded-For", "192.0.2.1")];
    assert_eq!(server.ask("GET", "/db/events", &headers, b"").status, 200);
    // That the last one is taken away opens nothing.
    archive.revoke_token("kim").unwrap();
    assert_eq!(server.ask("GET", "/db/events", &headers, b"").status, 401);
    assert_eq!(server.get("/db/events").status, 401);
    assert_eq!(server.get("/").status, 200, "the page asks for a token");
}

#[test]
fn a_damaged_list_of_tokens_lets_nobody_in() {
    let server = Running::with_samples(&[QUIET]);
    let path = server.folder.path().join(".wavekeep/tokens.json");
    for text in ["", "{", "null", "{\"version\": 9}"] {
        std::fs::write(&path, text).unwrap();
        assert_eq!(server.get("/db/events").status, 500, "{text:?}");
        assert_eq!(server.get("/health/live").status, 200, "{text:?}");
    }
}

#[test]
fn revoking_a_token_ends_its_open_stream_of_changes_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::create(folder.path()).unwrap();
    let tokens = ["kim", "sam"].map(|name| archive.add_token(name, Role::Read).unwrap());
    let server = Running::with(folder, ServeOptions::default());
    let listen = |token: &str| {
        let mut stream = TcpStream::connect(server.address).unwrap();
        let head = format!(
            "GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut some = [0; 512];
        let read = stream.read(&mut some).unwrap();
        assert!(some[..read].starts_with(b"HTTP/1.1 200"));
        stream
    };
    let [mut first, second] = [&tokens[0], &tokens[1]].map(|token| listen(token));
    archive.revoke_token("kim").unwrap();
    // Without the end of the stream this would wait for ever.
    let mut rest = Vec::new();
    let _ = first.read_to_end(&mut rest);
    // The other one is open and silent, but for what keeps it alive.
    second.set_read_timeout(Some(Duration::from_millis(700))).unwrap();
    let ended = (0..10).any(|_| (&second).read(&mut [0; 512]).is_ok_and(|read| read == 0));
    assert!(!ended);
}

#[test]
fn one_token_cannot_take_all_places_of_live_changes() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::create(folder.path()).unwrap();
    let tokens = ["kim", "sam"].map(|name| archive.add_token(name, Role::Read).unwrap());
    let limits = Limits::default().with_listeners(6).with_listeners_of_caller(2);
    let server = Running::with(folder, ServeOptions::default().with_limits(limits));
    let mut open = Vec::new();
    let mut listen = |token: &str| {
        let mut stream = TcpStream::connect(server.address).unwrap();
        let head = format!(
            "GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut some = [0; 1024];
        let read = stream.read(&mut some).unwrap();
        open.push(stream);
        String::from_utf8_lossy(&some[9..read.min(12)]).into_owned()
    };
    assert_eq!([(); 4].map(|()| listen(&tokens[0])), ["200", "200", "503", "503"]);
    assert_eq!(listen(&tokens[1]), "200");
}

#[test]
fn connections_of_one_address_are_bounded_and_those_beyond_are_told_so() {
    let server = limited(Limits::default().with_connections_of_address(3));
    let held: Vec<TcpStream> = (0..3)
        .map(|_| {
            let mut stream = TcpStream::connect(server.address).unwrap();
            stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
            assert!(stream.read(&mut [0; 512]).unwrap() > 0);
            stream
        })
        .collect();
    let request = "GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut refused = TcpStream::connect(server.address).unwrap();
    let mut text = String::new();
    let _ = refused.read_to_string(&mut text);
    assert!(text.starts_with("HTTP/1.1 503"), "{text}");
    drop(held);
    // When they are gone new ones are accepted again.
    let answered = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        raw(&server, request).starts_with("HTTP/1.1 200")
    });
    assert!(answered);
}

#[test]
fn a_client_that_does_not_finish_what_it_begins_with_is_cut_off() {
    let limits = Limits::default().with_idle_timeout(Duration::from_millis(300));
    let server = limited(limits);
    // Nothing, parts of the first bytes of HTTP/2, all of them, a part of a head of HTTP/1.1.
    for begun in
        ["", "P", "PRI * HTTP/2.0\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET / HT", "PUT"]
    {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(begun.as_bytes()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let ended = stream.read_to_end(&mut Vec::new());
        let is_timeout = |error: &std::io::Error| {
            [std::io::ErrorKind::WouldBlock, std::io::ErrorKind::TimedOut].contains(&error.kind())
        };
        assert!(!ended.is_err_and(|error| is_timeout(&error)), "{begun:?}: it is still open");
    }
}

#[test]
fn a_client_that_takes_nothing_of_its_answer_is_cut_off_and_gives_its_place_back() {
    let limits = Limits::default().with_idle_timeout(Duration::from_millis(300)).with_exports(1);
    let server = limited(limits);
    // Together far longer than what the system holds for a client.
    server.import("/api/v1/import", &[(QUIET, sample(QUIET))]);
    let path = "/api/v1/events/1/samples?form=json";
    let mut stalled = TcpStream::connect(server.address).unwrap();
    for _ in 0..400 {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        if stalled.write_all(request.as_bytes()).is_err() {
            break;
        }
    }
    let gauge = || {
        let text = String::from_utf8(server.get("/metrics").body).unwrap();
        let line = text.lines().find(|line| line.starts_with("wavekeep_requests_in_flight"));
        line.unwrap().rsplit(' ').next().unwrap().to_owned()
    };
    let is_alone = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        gauge() == "1"
    });
    assert!(is_alone, "{}", gauge());
    assert_eq!(server.get("/api/v1/export").status, 200);
}

#[test]
fn exports_are_bounded_in_number_and_bytes() {
    let one = limited(Limits::default().with_exports(0));
    let refused = one.get("/api/v1/export");
    assert_eq!(
        (refused.status, refused.json()["type"].clone()),
        (503, json!("urn:wavekeep:exports"))
    );
    let small = limited(Limits::default().with_temporary_bytes(20_000));
    assert_eq!(small.import("/api/v1/import", &[(QUIET, sample(QUIET))]).status, 200);
    for _ in 0..3 {
        // What an answer took is given back with it.
        assert_eq!(small.get("/api/v1/export").status, 200);
    }
    let refused = small.import("/api/v1/import", &[("big", vec![1; 30_000])]);
    assert_eq!(refused.status, 503);
    assert_eq!(small.import("/api/v1/import", &[(QUIET, sample(QUIET))]).status, 200);
}

#[cfg(target_os = "linux")]
#[test]
fn a_request_of_many_small_files_takes_one_descriptor() {
    let server = Running::start();
    let files: Vec<(String, Vec<u8>)> =
        (0..1100).map(|n| (format!("note-{n}.bin"), vec![b'x'; 10])).collect();
    let files: Vec<(&str, Vec<u8>)> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    let (address, body) = (server.address, form(&files));
    let descriptors = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let before = descriptors();
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /api/v1/import HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=edge\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // All but its end: everything that is taken in is open now.
    stream.write_all(&body[..body.len() - 4]).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    let open = descriptors();
    // Other tests of this process open files as well, though not hundreds at a time.
    assert!(open < before + 400, "{before} before, {open} now");
    stream.write_all(&body[body.len() - 4..]).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let answered: serde_json::Value =
        serde_json::from_str(text.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(answered["results"].as_array().unwrap().len(), 1100);
}

#[test]
fn made_up_methods_make_one_metric_and_aborted_requests_leave_no_gauge_behind() {
    let server = Running::with_samples(&[QUIET]);
    for n in 0..50 {
        let request =
            format!("M{n} /db/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        raw(&server, &request);
    }
    for _ in 0..20 {
        let mut stream = TcpStream::connect(server.address).unwrap();
        let head = "POST /api/v1/import HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=edge\r\nContent-Length: 1000\r\n\r\n--edge";
        stream.write_all(head.as_bytes()).unwrap();
    }
    let metrics = || String::from_utf8(server.get("/metrics").body).unwrap();
    let is_alone = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        metrics().contains("wavekeep_requests_in_flight 1\n")
    });
    assert!(is_alone, "{}", metrics());
    let text = metrics();
    assert!(!text.contains("method=\"M"), "{text}");
    assert_eq!(text.matches("method=\"OTHER\"").count(), 1, "{text}");
}

#[test]
fn an_import_records_who_sent_it_and_no_answer_names_paths_of_the_machine() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::create(folder.path()).unwrap();
    let token = archive.add_token("gate 4", Role::Import).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let source = elsewhere.path().join("M529LKVQ.6S0W");
    std::fs::write(&source, sample("M529LKVQ.6S0W")).unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    archive.import(&[source], &Default::default(), &stop, &mut |_| {}).unwrap();
    let server = Running::with(folder, ServeOptions::default());
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str())];
    let answer =
        server.import_with("/db/import/blastware_file", &[(BLAST, sample(BLAST))], &headers);
    assert_eq!(answer.status, 200);
    let late =
        server.import_with("/api/v1/import", &[(BLAST_REPORT, sample(BLAST_REPORT))], &headers);
    assert_eq!(late.json()["results"][0]["outcome"], "paired_late");
    let sessions = server.ask("GET", "/api/v1/sessions", &headers, b"").json();
    assert_eq!(sessions[0]["sent_by"], "gate 4");
    assert_eq!(sessions[2]["source"], "M529LKVQ.6S0W");
    let sidecar = server.ask("GET", "/api/v1/events/2/sidecar", &headers, b"").json();
    assert_eq!(sidecar["wavekeep"]["sent_by"], "gate 4");
    assert_eq!(sidecar["wavekeep"]["report_sent_by"], "gate 4");
    let outside = elsewhere.path().to_str().unwrap();
    for path in ["/api/v1/sessions", "/api/v1/events", "/api/v1/events/1", "/api/v1/streams"] {
        let text = server.ask("GET", path, &headers, b"").body;
        assert!(!String::from_utf8(text).unwrap().contains(outside), "{path}");
    }
}

#[test]
fn a_server_makes_no_archive_by_a_slip_of_the_pen() {
    let place = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let options =
        ServeOptions::default().with_listen(std::net::SocketAddr::from(([127, 0, 0, 1], 0)));
    for folder in [place.path().join("nowhere"), place.path().to_owned()] {
        let refused = runtime.block_on(Server::bind(&folder, options.clone())).unwrap_err();
        assert!(matches!(refused, ServeError::NoArchive { .. }), "{refused}");
    }
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn a_server_that_only_reads_answers_and_changes_nothing() {
    let folder = Running::with_samples(&[QUIET, BLAST]).stop();
    let before = files_with_own(folder.path());
    let server = Running::with(folder, ServeOptions::default().with_read_only(true));
    for path in [
        "/db/events",
        "/api/v1/events/1",
        "/api/v1/events/2/plot",
        "/api/v1/export?format=zip",
        "/health",
    ] {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
    assert_eq!(server.json("/health")["checks"]["disk"], "not written to");
    assert_eq!(server.json("/api/v1/session")["read_only"], true);
    let import = server.import("/api/v1/import", &[(DAMAGED, sample(DAMAGED))]);
    assert_eq!(
        (import.status, import.json()["type"].clone()),
        (403, json!("urn:wavekeep:read_only"))
    );
    assert_eq!(server.patch("/api/v1/events/1/review", r#"{"notes": "x"}"#).status, 403);
    assert_eq!(server.post("/api/v1/recordings", "{}").status, 403);
    assert_eq!(files_with_own(server.folder.path()), before);
}

/// Every file of an archive with its bytes.
fn files_with_own(root: &std::path::Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let (mut out, mut folders) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => out.push((path.clone(), std::fs::read(&path).unwrap())),
            }
        }
    }
    out.sort();
    out
}

#[cfg(unix)]
#[test]
fn an_archive_that_is_exchanged_is_a_process_that_lives_and_is_not_ready() {
    let server = Running::with_samples(&[QUIET]);
    assert_eq!(server.json("/health")["status"], "ok");
    let root = server.folder.path().to_owned();
    let away = root.with_extension("away");
    std::fs::rename(&root, &away).unwrap();
    // A finding is good for a second.
    let is_noticed = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        server.get("/health").status == 503
    });
    assert!(is_noticed);
    let health = server.get("/health").json();
    assert_eq!(
        (&health["status"], &health["checks"]["certificate"]),
        (&json!("not_ready"), &json!("none"))
    );
    assert_ne!(health["checks"]["archive"], "ok");
    let text = health.to_string();
    assert!(!text.contains(root.to_str().unwrap()), "{text}");
    assert_eq!(server.get("/health/live").status, 200);
    assert_ne!(server.get("/db/events").status, 200);
    std::fs::rename(&away, &root).unwrap();
}

#[test]
fn an_index_that_cannot_be_read_is_not_ready() {
    let server = Running::with_samples(&[QUIET]);
    let index = server.folder.path().join(".wavekeep/index.sqlite");
    std::fs::rename(&index, index.with_extension("away")).unwrap();
    let is_noticed = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        server.get("/health").status == 503
    });
    assert!(is_noticed);
    assert_ne!(server.json_of_any("/health")["checks"]["index"], "ok");
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_an_events_file_is_not_served() {
    let server = Running::with_samples(&[QUIET]);
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "secret").unwrap();
    let source = server.folder.path().join("BE11529").join(QUIET);
    std::fs::remove_file(&source).unwrap();
    std::os::unix::fs::symlink(secret.path(), &source).unwrap();
    let answer = server.get("/api/v1/events/1/file");
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(answer.status == 409 && text.contains("is a link"), "{}: {text}", answer.status);
    assert!(
        !String::from_utf8_lossy(&server.get("/api/v1/export?format=zip").body).contains("secret")
    );
}

#[test]
fn what_was_being_recorded_when_a_server_ended_is_listed_by_the_next_one() {
    let server = Running::start();
    let form = json!({
        "source": { "kind": "emulator", "channels": 4, "rate_hz": 50 },
        "variables": { "DataFile": "slow.dat" },
    });
    assert_eq!(server.post("/api/v1/recordings", &form.to_string()).status, 201);
    let file = server.folder.path().join("recordings/slow.dat");
    // Long before its buffer of a mebibyte is full.
    let is_on_disk = (0..600).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        std::fs::metadata(&file).is_ok_and(|found| found.len() > 0)
    });
    assert!(is_on_disk);
    // What a killed server leaves: the notes of an archive that is copied while it records.
    let copy = tempfile::tempdir().unwrap();
    for entry in [".wavekeep", ".wavekeep/recording", "recordings"] {
        std::fs::create_dir_all(copy.path().join(entry)).unwrap();
        for file in std::fs::read_dir(server.folder.path().join(entry)).unwrap() {
            let path = file.unwrap().path();
            if path.is_file() && !path.to_string_lossy().contains("index.sqlite") {
                std::fs::copy(&path, copy.path().join(entry).join(path.file_name().unwrap()))
                    .unwrap();
            }
        }
    }
    let folder = server.stop();
    assert_eq!(std::fs::read_dir(folder.path().join(".wavekeep/recording")).unwrap().count(), 0);
    let next = Running::with(copy, ServeOptions::default());
    let listed = next.json("/api/v1/recordings");
    assert_eq!(listed[0]["variables"]["DataFile"], "slow.dat");
    assert_eq!(listed[0]["ended"], "the server ended while it was recording");
    let adopted = next.post("/api/v1/recordings/1/adopt", "{}");
    assert_eq!(adopted.status, 200, "{}", String::from_utf8_lossy(&adopted.body));
    let again = Running::with(next.stop(), ServeOptions::default());
    assert_eq!(again.json("/api/v1/recordings"), json!([]));
}

#[test]
fn a_token_that_has_expired_is_refused_and_ends_its_stream_of_changes() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::create(folder.path()).unwrap();
    let ends = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(6);
    let new = NewToken::new("kim", Role::Read).with_expires_at(Some(ends));
    let bearer = format!("Bearer {}", archive.make_token(&new).unwrap());
    let server = Running::with(folder, ServeOptions::default());
    let ask = || server.ask("GET", "/api/v1/events", &[("Authorization", &bearer)], b"");
    assert_eq!(ask().status, 200);
    while jiff::Timestamp::now() <= ends {
        std::thread::sleep(Duration::from_millis(100));
    }
    let refused = ask();
    assert_eq!(
        (refused.status, refused.json()["type"].as_str()),
        (401, Some("urn:wavekeep:token_expired"))
    );
    assert!(refused.json()["detail"].as_str().unwrap().contains("kim"));
    let page = server.ask("GET", "/", &[("Authorization", &bearer)], b"");
    assert_eq!(page.status, 200, "the page asks for another one");
}

#[test]
fn when_a_token_was_used_is_kept_when_the_server_ends() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::create(folder.path()).unwrap();
    let tokens = ["kim", "sam"].map(|name| archive.add_token(name, Role::Read).unwrap());
    let server = Running::with(folder, ServeOptions::default());
    let bearer = format!("Bearer {}", tokens[0]);
    assert_eq!(server.ask("GET", "/api/v1/events", &[("Authorization", &bearer)], b"").status, 200);
    let folder = server.stop();
    let archive = Archive::open(folder.path()).unwrap();
    let uses = archive.token_uses().unwrap();
    let entries = archive.tokens().unwrap();
    let used = |name: &str| {
        let entry = entries.iter().find(|entry| entry.name == name).unwrap();
        uses.contains_key(&entry.sha256)
    };
    assert!(used("kim") && !used("sam"));
    // What is gone is forgotten.
    archive.revoke_token("kim").unwrap();
    archive.note_token_uses(&Default::default()).unwrap();
    assert!(archive.token_uses().unwrap().is_empty());
}
