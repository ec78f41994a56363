//! The log of the server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use wavekeep_archive::{Archive, Submission};

fn sample(name: &str) -> Vec<u8> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    std::fs::read(samples.join(name)).unwrap()
}

/// A server over an archive of one event.
struct Server {
    _folder: tempfile::TempDir,
    child: Child,
    address: String,
}

impl Server {
    fn start(options: &[&str], levels: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::create(folder.path()).unwrap();
        archive.save(&Submission::new("M529LMOK.DK0W", sample("M529LMOK.DK0W"))).unwrap();
        drop(archive);
        let mut command = Command::new(env!("CARGO_BIN_EXE_wavekeep"));
        command.env_remove("RUST_LOG").args(["serve", "--listen", "127.0.0.1:0", "--json"]);
        if let Some(levels) = levels {
            command.env("RUST_LOG", levels);
        }
        command.args(options).arg("--archive").arg(folder.path());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let listening: Value = serde_json::from_str(&line).unwrap();
        let address = listening["listening"].as_str().unwrap().to_owned();
        Self { _folder: folder, child, address }
    }

    fn ask(&self, head: &str, body: &[u8]) -> String {
        let mut client = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let head = format!(
            "{head}\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
        );
        client.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Ends it; what it logged.
    fn log(mut self) -> String {
        self.child.kill().unwrap();
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        self.child.wait().unwrap();
        log
    }
}

#[test]
fn requests_are_logged_on_demand() {
    for (options, levels, expected) in [
        (&["--log-requests"][..], None, true),
        (&["--log-requests", "--log-json"], None, true),
        (&[], Some("wavekeep_server=debug"), true),
        (&[], None, false),
    ] {
        let server = Server::start(options, levels);
        server.ask("GET /api/v1/events?token=secret HTTP/1.1", b"");
        let log = server.log();
        assert_eq!(log.contains("/api/v1/events"), expected, "{options:?} {levels:?}: {log}");
        assert!(!log.contains("secret"), "the query is not logged: {log}");
        if options.contains(&"--log-json") {
            let lines = log.lines().map(serde_json::from_str::<Value>);
            assert!(lines.map(Result::unwrap).any(|line| line["status"] == 422), "{log}");
        }
    }
}

#[test]
fn a_report_that_comes_later_is_logged_with_who_sent_it() {
    let server = Server::start(&[], Some("info"));
    let name = "M529LMOK_DK0W_ASCII.TXT";
    let mut body = format!(
        "--edge\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n"
    )
    .into_bytes();
    body.extend(sample(name));
    body.extend(b"\r\n--edge--\r\n");
    let head = "POST /api/v1/import HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=edge";
    let answer = server.ask(head, &body);
    assert!(answer.contains("paired_late"), "{answer}");
    let log = server.log();
    let line = log.lines().find(|line| line.contains("BE11529/M529LMOK.DK0W")).expect(&log);
    assert!(line.contains(name) && line.contains("sent by"), "{line}");
}
