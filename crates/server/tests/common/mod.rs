//! A server on a port of its own, over an archive in a folder of its own, and a client of few words.
#![allow(dead_code, reason = "each test file uses a part")]

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::oneshot;
use wavekeep_server::{ServeOptions, Server};

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
    runtime: Option<tokio::runtime::Runtime>,
    stop: Option<oneshot::Sender<()>>,
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

impl Running {
    pub fn start() -> Self {
        Self::with(tempfile::tempdir().unwrap(), ServeOptions::default())
    }

    pub fn with(folder: TempDir, mut options: ServeOptions) -> Self {
        options.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let server = runtime.block_on(Server::bind(folder.path(), options)).unwrap();
        let address = server.address();
        let (stop, stopped) = oneshot::channel();
        runtime.spawn(async move {
            server.run(async { drop(stopped.await) }).await;
        });
        Self { folder, address, runtime: Some(runtime), stop: Some(stop) }
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
        Answer { status, head, body: bytes[end + 4..].to_vec() }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], b"")
    }

    pub fn json(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        answer.json()
    }

    pub fn patch(&self, path: &str, body: &str) -> Answer {
        self.ask("PATCH", path, &[("Content-Type", "application/json")], body.as_bytes())
    }

    pub fn post(&self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, &[("Content-Type", "application/json")], body.as_bytes())
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

    pub fn stop(mut self) -> TempDir {
        drop(self.stop.take());
        if let Some(runtime) = self.runtime.take() {
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
