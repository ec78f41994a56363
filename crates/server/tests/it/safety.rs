//! Who may, and what nobody may.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::common::*;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use wavekeep_archive::{Archive, Role};
use wavekeep_server::{Limits, ServeError, ServeOptions, Server, TlsFiles};

#[test]
fn beyond_loopback_it_does_not_start_without_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let listen = SocketAddr::from(([0, 0, 0, 0], 0));
    let options = ServeOptions::default().with_listen(listen).with_create(true);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let refused = runtime.block_on(Server::bind(folder.path(), options)).unwrap_err();
    assert!(matches!(refused, ServeError::NoTokens { .. }));
    assert!(refused.to_string().contains("wavekeep token add"));
}

#[test]
fn who_listens_beyond_loopback_without_tls_is_warned() {
    let folder = tempfile::tempdir().unwrap();
    Archive::create(folder.path()).unwrap().add_token("kim", Role::Admin).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let warns = |ip: [u8; 4], tls: Option<TlsFiles>| {
        let listen = SocketAddr::from((ip, 0));
        let options = ServeOptions::default().with_listen(listen).with_tls(tls);
        let server = runtime.block_on(Server::bind(folder.path(), options)).unwrap();
        server.notes().iter().any(|note| note.starts_with("warning:") && note.contains("TLS"))
    };
    let tls =
        TlsFiles { certificate: certificate("localhost.crt"), key: certificate("localhost.key") };
    assert!(warns([0, 0, 0, 0], None));
    assert!(!warns([0, 0, 0, 0], Some(tls)));
    assert!(!warns([127, 0, 0, 1], None));
}

#[test]
fn each_role_may_what_its_name_says() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::create(folder.path()).unwrap();
    let bearers =
        Role::ALL.map(|role| format!("Bearer {}", archive.add_token(role.word(), role).unwrap()));
    let file = std::fs::read_to_string(folder.path().join(".wavekeep/tokens.json")).unwrap();
    assert!(!file.contains("wk_"), "only hashes are kept");
    let options = ServeOptions::default().with_require_tokens(true);
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
    archive.revoke_token("read").unwrap();
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
    let limits = Limits::default().with_file_bytes(4000);
    let options = ServeOptions::default().with_limits(limits);
    let server = Running::with(tempfile::tempdir().unwrap(), options);
    let answer = server.import("/api/v1/import", &[(QUIET, sample(QUIET)), ("big", vec![0; 9000])]);
    assert_eq!(answer.status, 413);
    assert_eq!(server.json("/db/events")["total"], 0);
}

#[test]
fn two_gigabytes_without_a_length_are_refused_long_before_their_end() {
    let limits = Limits::default().with_file_bytes(64 << 20);
    let options = ServeOptions::default().with_limits(limits);
    let server = Running::with(tempfile::tempdir().unwrap(), options);
    let mut stream = TcpStream::connect(server.address).unwrap();
    let head = "POST /api/v1/import HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
        Content-Type: multipart/form-data; boundary=edge\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let part = "--edge\r\nContent-Disposition: form-data; name=\"f\"; filename=\"big\"\r\n\r\n";
    let mut send = |bytes: &[u8]| {
        let length = format!("{:x}\r\n", bytes.len());
        [length.as_bytes(), bytes, b"\r\n"].into_iter().try_for_each(|part| stream.write_all(part))
    };
    send(part.as_bytes()).unwrap();
    let megabyte = vec![0; 1 << 20];
    let sent = (0..2048).take_while(|_| send(&megabyte).is_ok()).count();
    assert!((64..256).contains(&sent), "{sent} MB were taken");
    let mut text = String::new();
    // The answer may be lost with the connection that it closes.
    let _ = stream.read_to_string(&mut text);
    assert!(text.is_empty() || text.starts_with("HTTP/1.1 413"), "{text}");
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

fn limited(limits: Limits) -> Running {
    let options = ServeOptions::default().with_limits(limits);
    Running::with(tempfile::tempdir().unwrap(), options)
}

fn impatient() -> Running {
    limited(Limits::default().with_idle_timeout(Duration::from_millis(200)))
}

#[test]
fn a_client_that_is_slow_with_the_head_is_cut_off() {
    let server = impatient();
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(b"GET /db/events HTTP/1.1\r\nHost: loc").unwrap();
    // Without the bound this would wait for ever.
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    assert!(!rest.starts_with(b"HTTP/1.1 200"));
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn a_client_that_is_silent_within_a_body_is_told_so_and_nothing_is_saved() {
    let server = impatient();
    let body = form(&[(QUIET, sample(QUIET))]);
    let mut stream = TcpStream::connect(server.address).unwrap();
    let head = format!(
        "POST /api/v1/import HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=edge\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body[..body.len() / 2]).unwrap();
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text);
    assert!(text.starts_with("HTTP/1.1 408") && text.contains("urn:wavekeep:silence"), "{text}");
    assert_eq!(server.json("/db/events")["total"], 0);
}

#[test]
fn a_body_over_the_limit_is_refused() {
    let server = limited(Limits::default().with_request_bytes(1000));
    let answer = server.import("/api/v1/import", &[(QUIET, sample(QUIET))]);
    assert_eq!(answer.status, 413);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
}

#[test]
fn an_address_that_asks_too_often_is_told_when_to_come_again() {
    let server = limited(Limits::default().with_rate_per_s(Some(0.01)));
    assert_eq!(server.get("/health").status, 200);
    let refused = server.get("/health");
    assert_eq!(refused.status, 429);
    assert_eq!(refused.json()["type"], "urn:wavekeep:rate");
    let seconds: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((2..=100).contains(&seconds), "{seconds}");
}

#[test]
fn connections_beyond_the_bound_wait_for_their_turn() {
    let server = limited(Limits::default().with_connections(1));
    let first = TcpStream::connect(server.address).unwrap();
    let mut second = TcpStream::connect(server.address).unwrap();
    second
        .write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .unwrap();
    second.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(second.read(&mut [0; 16]).is_err(), "answered beside the first");
    drop(first);
    second.set_read_timeout(None).unwrap();
    let mut text = String::new();
    second.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
}

fn certificate(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

#[test]
fn with_a_certificate_it_speaks_tls_and_its_cookie_travels_over_tls_alone() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::create(folder.path()).unwrap();
    let token = archive.add_token("page", Role::Read).unwrap();
    let files =
        TlsFiles { certificate: certificate("localhost.crt"), key: certificate("localhost.key") };
    let options = ServeOptions::default().with_tls(Some(files)).with_require_tokens(true);
    let server = Running::with(folder, options);

    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate("localhost.crt")).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "localhost".try_into().unwrap();
    let session = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(session, TcpStream::connect(server.address).unwrap());
    let request = format!(
        "PUT /api/v1/session HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text);
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    assert!(text.contains("; HttpOnly; SameSite=Strict; Secure"), "{text}");
}

#[test]
fn a_file_that_is_no_certificate_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let files =
        TlsFiles { certificate: certificate("localhost.crt"), key: certificate("localhost.crt") };
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let options =
        ServeOptions::default().with_listen(listen).with_tls(Some(files)).with_create(true);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let refused = runtime.block_on(Server::bind(folder.path(), options)).unwrap_err();
    assert!(refused.to_string().contains("localhost.crt"), "{refused}");
}

#[test]
fn a_body_that_says_it_is_too_long_is_refused_before_it_is_read() {
    let server = Running::start();
    let mut stream = TcpStream::connect(server.address).unwrap();
    // Two gigabytes are promised, none is sent: without the look at the promise this would wait.
    stream
        .write_all(b"POST /api/v1/import HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=edge\r\nContent-Length: 2147483648\r\n\r\n")
        .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 413") && text.contains("2147483648 bytes"), "{text}");
    assert_eq!(server.json("/db/events")["total"], 0);
}

#[test]
fn a_body_without_a_length_is_cut_at_the_limit() {
    let server = limited(Limits::default().with_request_bytes(100_000));
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream
        .write_all(b"POST /api/v1/import HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=edge\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
        .unwrap();
    let head = b"--edge\r\nContent-Disposition: form-data; name=\"f\"; filename=\"big\"\r\n\r\n";
    let mut chunk = |bytes: &[u8]| {
        let sent = stream.write_all(format!("{:x}\r\n", bytes.len()).as_bytes());
        sent.and_then(|()| stream.write_all(bytes)).and_then(|()| stream.write_all(b"\r\n"))
    };
    chunk(head).unwrap();
    // The server stops taking them sooner or later.
    let refused = (0..2000).find(|_| chunk(&[0; 8192]).is_err());
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text);
    assert!(refused.is_some() || text.starts_with("HTTP/1.1 413"), "all of it was taken: {text}");
    assert_eq!(server.json("/db/events")["total"], 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_large_upload_goes_to_the_disk_and_not_into_memory() {
    if !crate::alone::is_alone("safety::a_large_upload_goes_to_the_disk_and_not_into_memory") {
        return;
    }
    let server = Running::start();
    let peak = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
    };
    let before = peak();
    // 600 MiB in files of 60 MiB, made while they are sent.
    let part = vec![0x55; 1 << 20];
    let head = |name: usize| {
        format!(
            "--edge\r\nContent-Disposition: form-data; name=\"f\"; filename=\"{name}.bin\"\r\n\r\n"
        )
    };
    let length: usize = (0..10).map(|name| head(name).len() + (60 << 20) + 2).sum::<usize>() + 10;
    let mut stream = TcpStream::connect(server.address).unwrap();
    let request = format!(
        "POST /api/v1/import HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=edge\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    for name in 0..10 {
        stream.write_all(head(name).as_bytes()).unwrap();
        for _ in 0..60 {
            stream.write_all(&part).unwrap();
        }
        stream.write_all(b"\r\n").unwrap();
    }
    stream.write_all(b"--edge--\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    assert!(text.contains("\"refused\":10"), "{text}");
    let grown = peak() - before;
    assert!(grown < 300 << 20, "{grown} bytes of memory for 600 MiB");
}

#[test]
fn a_client_that_is_slow_but_not_silent_is_served() {
    let server = limited(Limits::default().with_idle_timeout(Duration::from_secs(1)));
    let body = form(&[(QUIET, sample(QUIET))]);
    let mut stream = TcpStream::connect(server.address).unwrap();
    let head = format!(
        "POST /api/v1/import HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=edge\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // Together far longer than it may be silent.
    for part in body.chunks(body.len().div_ceil(10)) {
        stream.write_all(part).unwrap();
        std::thread::sleep(Duration::from_millis(150));
    }
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    assert_eq!(server.json("/db/events")["total"], 1);
}

#[test]
fn what_is_being_saved_when_the_server_stops_is_saved_and_answered() {
    let server = Running::start();
    let mut listening = server.listen();
    let files: Vec<(String, Vec<u8>)> =
        (0..200).map(|n| (format!("M529L{n:03}.7M0W"), sample(QUIET))).collect();
    let files: Vec<(&str, Vec<u8>)> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    let (address, body) = (server.address, form(&files));
    let client = std::thread::spawn(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        let head = format!(
            "POST /api/v1/import HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=edge\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&body).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    });
    listening.until("import", |told| told["done"] == 0);
    let folder = server.stop();
    let text = client.join().unwrap();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    let again = Running::with(folder, ServeOptions::default());
    let answered: serde_json::Value =
        serde_json::from_str(text.split_once("\r\n\r\n").unwrap().1).unwrap();
    let saved =
        answered["results"].as_array().unwrap().iter().filter(|result| result["id"].is_i64());
    let ids: std::collections::BTreeSet<i64> =
        saved.map(|result| result["id"].as_i64().unwrap()).collect();
    assert!(!ids.is_empty());
    assert_eq!(again.json("/db/events")["total"], ids.len());
}
