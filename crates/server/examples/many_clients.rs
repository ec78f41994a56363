//! Clients that send at the same time: each sends one event after the other, or reviews one after the other,
//! and waits for each answer. Prints how many were answered in a second, and how long an answer took.
//!
//! ```text
//! cargo run --release --example many_clients -- ADDRESS import|review FOLDER CLIENTS EACH
//! ```
//!
//! The files in the folders of `FOLDER` are sent, each once; reviews are of the events 1 to `CLIENTS * EACH`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A connection that is used for one request after the other.
struct Client(BufReader<TcpStream>);

impl Client {
    fn ask(&mut self, head: &str, body: &[u8]) -> Result<(), Failure> {
        let length = body.len();
        let head = format!("{head}\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n");
        self.0.get_mut().write_all(&[head.as_bytes(), body].concat())?;
        let (mut line, mut length) = (String::new(), 0);
        self.0.read_line(&mut line)?;
        let status = line.clone();
        while line != "\r\n" {
            line.clear();
            self.0.read_line(&mut line)?;
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        match status.contains(" 200 ") && !String::from_utf8_lossy(&body).contains("\"error\":{") {
            true => Ok(()),
            false => Err(format!("{status}{}", String::from_utf8_lossy(&body)).into()),
        }
    }
}

/// Files with their names.
type Events = Vec<(String, Vec<u8>)>;

/// The files in the folders of a folder.
fn events(folder: &str) -> Result<Events, Failure> {
    let mut events = Vec::new();
    for folder in std::fs::read_dir(folder)? {
        for file in std::fs::read_dir(folder?.path())? {
            let file = file?;
            let name = file.file_name().to_string_lossy().into_owned();
            events.push((name, std::fs::read(file.path())?));
        }
    }
    Ok(events)
}

fn one(client: &mut Client, what: &str, n: usize, events: &Events) -> Result<(), Failure> {
    if what == "review" {
        let head = format!(
            "PATCH /api/v1/events/{}/review HTTP/1.1\r\nContent-Type: application/json",
            n + 1
        );
        return client.ask(&head, br#"{"false_trigger": true, "notes": "a lorry"}"#);
    }
    let (name, event) = events.get(n).ok_or("the folder has fewer events")?;
    let part = format!(
        "--edge\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n"
    );
    let body = [part.as_bytes(), event, b"\r\n--edge--\r\n"].concat();
    let head = "POST /api/v1/import HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=edge";
    client.ask(head, &body)
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, what, folder, clients, each] = arguments.as_slice() else {
        return Err("ADDRESS import|review FOLDER CLIENTS EACH".into());
    };
    let (events, clients, each): (_, usize, usize) =
        (events(folder)?, clients.parse()?, each.parse()?);
    let begin = Barrier::new(clients + 1);
    let work = |number: usize| -> Result<Vec<Duration>, Failure> {
        let connected = TcpStream::connect(address.as_str());
        begin.wait();
        let mut client = Client(BufReader::new(connected?));
        client.0.get_mut().set_nodelay(true)?;
        let mut took = Vec::new();
        for n in 0..each {
            let started = Instant::now();
            one(&mut client, what, number * each + n, &events)?;
            took.push(started.elapsed());
        }
        Ok(took)
    };
    let (took, seconds) = thread::scope(|scope| {
        let work = &work;
        let all: Vec<_> = (0..clients).map(|number| scope.spawn(move || work(number))).collect();
        begin.wait();
        let started = Instant::now();
        let mut took = Vec::new();
        for one in all {
            took.extend(one.join().map_err(|_| "a client panicked")??);
        }
        Ok::<_, Failure>((took, started.elapsed().as_secs_f64()))
    })?;
    let mut millis: Vec<f64> = took.iter().map(|one| one.as_secs_f64() * 1e3).collect();
    millis.sort_by(f64::total_cmp);
    let at = |share: f64| millis[((millis.len() - 1) as f64 * share) as usize];
    println!(
        "{{\"per_s\": {:.1}, \"median_ms\": {:.1}, \"p99_ms\": {:.1}}}",
        millis.len() as f64 / seconds,
        at(0.5),
        at(0.99)
    );
    Ok(())
}
