//! A server on a port of its own, over an archive in a folder of its own, and a client of few words.
#![allow(dead_code, reason = "each test file uses a part")]

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::oneshot;
use wavekeep_server::{Place, Reload, ServeOptions, Server};

pub const BLAST: &str = "M529LMOK.DK0W";
pub const BLAST_REPORT: &str = "M529LMOK_DK0W_ASCII.TXT";
pub const OVER_RANGE: &str = "M529LN1C.QE0W";
pub const OVER_RANGE_REPORT: &str = "M529LN1C.QE0W.TXT";
pub const NIGHT: &str = "M529LMP3.O00H";
pub const QUIET: &str = "M529LKIQ.7M0W";
pub const DAMAGED: &str = "M529LNE5.390";

pub fn sample(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(name)).unwrap()
}

pub struct Running {
    pub folder: TempDir,
    pub address: SocketAddr,
    pub reload: Reload,
    runtime: Option<tokio::runtime::Runtime>,
    stop: Option<oneshot::Sender<()>>,
    running: Option<tokio::task::JoinHandle<()>>,
}

pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
    }
}

/// The bytes of a body that came in chunks; what is behind the last whole one is left out.
fn whole(mut chunked: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = chunked.windows(2).position(|window| window == b"\r\n") {
        let length = std::str::from_utf8(&chunked[..end]).unwrap();
        let length = usize::from_str_radix(length, 16).unwrap();
        let Some(chunk) = chunked.get(end + 2..end + 2 + length).filter(|chunk| !chunk.is_empty())
        else {
            break;
        };
        body.extend_from_slice(chunk);
        chunked = &chunked[end + 4 + length..];
    }
    body
}

impl Running {
    pub fn start() -> Self {
        Self::with(tempfile::tempdir().unwrap(), ServeOptions::default())
    }

    pub fn with(folder: TempDir, options: ServeOptions) -> Self {
        let archive = folder.path().to_owned();
        Self::on(folder, &archive, options)
    }

    /// A server of an archive that is somewhere else than in its folder.
    pub fn on(folder: TempDir, archive: &Path, mut options: ServeOptions) -> Self {
        options.listen = SocketAddr::from(([127, 0, 0, 1], 0)).into();
        options.create = !options.read_only;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let server = runtime.block_on(Server::bind(archive, options)).unwrap();
        let Place::Address(address) = *server.place() else { panic!("an address was asked for") };
        let reload = server.reload();
        let (stop, stopped) = oneshot::channel();
        let running = runtime.spawn(async move {
            server.run(async { drop(stopped.await) }).await;
        });
        let (runtime, stop, running) = (Some(runtime), Some(stop), Some(running));
        Self { folder, address, reload, runtime, stop, running }
    }

    /// One request on a connection of its own.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n",
            body.len()
        );
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        // A server that refuses early may close before it has read everything.
        let _ = stream.write_all(body);
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut answer = Answer { status, head, body: bytes[end + 4..].to_vec() };
        if answer.header("transfer-encoding") == Some("chunked") {
            answer.body = whole(&answer.body);
        }
        answer
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], b"")
    }

    pub fn json(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        answer.json()
    }

    /// What a path answers, whatever its status.
    pub fn json_of_any(&self, path: &str) -> Value {
        self.get(path).json()
    }

    pub fn patch(&self, path: &str, body: &str) -> Answer {
        self.ask("PATCH", path, &[("Content-Type", "application/json")], body.as_bytes())
    }

    pub fn post(&self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, &[("Content-Type", "application/json")], body.as_bytes())
    }

    pub fn put(&self, path: &str, body: &str) -> Answer {
        self.ask("PUT", path, &[("Content-Type", "application/json")], body.as_bytes())
    }

    /// Listens to what happens until a message fits.
    pub fn listen(&self) -> Listening {
        self.listen_with("")
    }

    /// As [`listen`](Self::listen), with an `Authorization`.
    pub fn listen_with(&self, authorization: &str) -> Listening {
        match authorization {
            "" => self.listen_as(""),
            of => self.listen_as(&format!("Authorization: {of}\r\n")),
        }
    }

    /// As [`listen`](Self::listen), with further lines of the head.
    pub fn listen_as(&self, lines: &str) -> Listening {
        self.listen_to("/api/v1/live", lines)
    }

    /// As [`listen`](Self::listen), first to what changed in the last milliseconds.
    pub fn listen_since(&self, last_ms: &str) -> Listening {
        self.listen_to(&format!("/api/v1/live?last_ms={last_ms}"), "")
    }

    fn listen_to(&self, path: &str, lines: &str) -> Listening {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut listening = Listening { stream, text: String::new() };
        // The head is the word that from now on nothing is missed.
        while !listening.text.contains("\r\n\r\n") {
            listening.more();
        }
        listening
    }

    pub fn import(&self, path: &str, files: &[(&str, Vec<u8>)]) -> Answer {
        self.import_with(path, files, &[])
    }

    pub fn import_with(
        &self,
        path: &str,
        files: &[(&str, Vec<u8>)],
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut headers = headers.to_vec();
        headers.push(("Content-Type", "multipart/form-data; boundary=edge"));
        self.ask("POST", path, &headers, &form(files))
    }

    /// A server with some samples; their numbers are 1, 2, … in this order.
    pub fn with_samples(names: &[&str]) -> Self {
        let server = Self::start();
        for name in names {
            let answer = server.import("/api/v1/import", &[(name, sample(name))]);
            assert_eq!(answer.status, 200);
        }
        server
    }

    /// Asks it to stop, as a signal does, and waits until it has.
    pub fn stop(mut self) -> TempDir {
        drop(self.stop.take());
        if let (Some(runtime), Some(running)) = (self.runtime.take(), self.running.take()) {
            runtime.block_on(running).unwrap();
            runtime.shutdown_timeout(std::time::Duration::from_secs(5));
        }
        std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(std::time::Duration::from_secs(5));
        }
    }
}

/// Messages as they come.
pub struct Listening {
    stream: TcpStream,
    text: String,
}

impl Listening {
    fn more(&mut self) {
        let mut bytes = [0; 4096];
        let read = self.stream.read(&mut bytes).unwrap();
        assert!(read > 0, "the server went away: {}", self.text);
        self.text.push_str(&String::from_utf8_lossy(&bytes[..read]));
    }

    /// Waits until the server sends no more.
    pub fn until_its_end(&mut self) {
        while !self.text.ends_with("0\r\n\r\n") {
            self.more();
        }
    }

    /// The name of the next message.
    pub fn next_name(&mut self) -> String {
        loop {
            if let Some(at) = self.text.find("\nevent: ")
                && let Some(end) = self.text[at + 8..].find('\n')
            {
                return self.text[at + 8..at + 8 + end].to_owned();
            }
            self.more();
        }
    }

    /// The messages of this name up to the first that fits, which is the last of them.
    pub fn until(&mut self, event: &str, fits: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            let Some(end) = self.text.find("\n\n") else {
                self.more();
                continue;
            };
            let message: String = self.text.drain(..end + 2).collect();
            let lines = || message.lines();
            if !lines().any(|line| line == format!("event: {event}")) {
                continue;
            }
            let data = lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
            let data: Value = serde_json::from_str(data).unwrap();
            let is_last = fits(&data);
            all.push(data);
            if is_last {
                return all;
            }
        }
    }
}

pub fn form(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, bytes) in files {
        let part = format!(
            "--edge\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n"
        );
        body.extend(part.as_bytes());
        body.extend(bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--edge--\r\n");
    body
}
