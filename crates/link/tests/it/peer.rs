//! A peer that speaks by libzmq, as Rogue does: `judges/rogue_peer.py`.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use wavekeep_recorder::writer::Frame;
use wavekeep_smurf::FrameHeader;

pub struct Peer {
    child: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    pub fn start() -> Self {
        let python = env::var_os("WAVEKEEP_PYTHON").unwrap_or_else(|| {
            panic!("WAVEKEEP_PYTHON names no Python with the judges' libraries: run `make test`")
        });
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../judges/rogue_peer.py");
        let mut command = Command::new(python);
        let command = command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let commands = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, commands, answers }
    }

    /// Has something done, and waits until it is.
    pub fn ask(&mut self, command: Value) -> Value {
        writeln!(self.commands, "{command}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{command}: the peer has ended"))
    }

    /// Opens a socket that is bound to a free port; gives its address.
    pub fn bind(&mut self, name: &str, kind: &str) -> String {
        let open = json!({ "do": "open", "name": name, "kind": kind, "bind": "tcp://127.0.0.1:*" });
        format!("tcp://127.0.0.1:{}", self.ask(open)["port"])
    }

    /// Opens a socket that is connected.
    #[allow(dead_code, reason = "not every user of this file connects")]
    pub fn connect(&mut self, name: &str, kind: &str, address: &str) {
        self.ask(json!({ "do": "open", "name": name, "kind": kind, "connect": address }));
    }

    /// Sends one message.
    pub fn send(&mut self, name: &str, parts: &[&[u8]]) {
        let hex = |part: &&[u8]| part.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let parts: Vec<_> = parts.iter().map(hex).collect();
        self.ask(json!({ "do": "send", "name": name, "parts": parts }));
    }

    /// Sends a frame as Rogue does.
    pub fn frame(&mut self, name: &str, frame: Frame<'_>) {
        let Frame { flags, error, channel, payload } = frame;
        self.send(name, &[&flags.to_le_bytes(), &[channel], &[error], payload]);
    }

    /// Sends `count` frames of data, the first of them with the counter `first`.
    pub fn frames(&mut self, name: &str, first: u32, count: u32, channels: u32) {
        self.ask(json!({
            "do": "frames", "name": name, "first": first, "count": count, "channels": channels,
        }));
    }

    /// Asks a DataWriter by its JSON port.
    #[allow(dead_code, reason = "not every user of this file controls")]
    pub fn control(&mut self, name: &str, variable: &str, attr: &str, args: Value) -> String {
        let path = format!("AMCc.SmurfProcessor.FileWriter.{variable}");
        let request = json!({ "path": path, "attr": attr, "args": args, "kwargs": {} });
        let ask = json!({ "do": "ask", "name": name, "text": request.to_string() });
        self.ask(ask)["answer"].as_str().unwrap().to_owned()
    }

    #[allow(dead_code, reason = "not every user of this file closes")]
    pub fn close(&mut self, name: &str) {
        self.ask(json!({ "do": "close", "name": name }));
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The payload of a frame that the peer sends.
pub fn data(counter: u32, channels: u32) -> Vec<u8> {
    let header = FrameHeader {
        protocol_version: 1,
        crate_id: 1,
        slot_number: 2,
        number_of_channels: channels,
        timestamp: 1_700_000_000_000_000_000 + u64::from(counter) * 250_000,
        frame_counter: counter,
        ..FrameHeader::default()
    };
    let mut payload = header.to_bytes().to_vec();
    payload.extend((0..channels).flat_map(|channel| (counter * 1000 + channel).to_le_bytes()));
    payload
}

/// The bytes of a file with this frame.
#[allow(dead_code, reason = "not every user of this file looks into files")]
pub fn record(frame: Frame<'_>) -> Vec<u8> {
    [&frame.header().unwrap().to_bytes()[..], frame.payload].concat()
}
