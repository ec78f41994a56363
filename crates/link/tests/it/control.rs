//! Requests of REQ sockets of libzmq.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::json;
use wavekeep_link::control::{ControlServer, DEFAULT_PREFIX};
use wavekeep_recorder::writer::DataWriter;

use crate::peer::Peer;

/// A DataWriter under control, with nothing to record.
struct Controlled {
    address: String,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Controlled {
    fn start() -> Self {
        let server =
            ControlServer::bind(&"tcp://127.0.0.1:0".parse().unwrap(), DEFAULT_PREFIX).unwrap();
        let address = server.address().to_string();
        let is_over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&is_over);
        let thread = std::thread::spawn(move || {
            let mut writer = DataWriter::new();
            while !seen.load(Ordering::Relaxed) {
                if let Some(pending) = server.next(Duration::from_millis(10)) {
                    pending.answer(&mut writer);
                }
            }
        });
        Self { address, is_over, thread: Some(thread) }
    }
}

impl Drop for Controlled {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
    }
}

#[test]
fn requests_of_rogues_sockets_and_of_plain_ones_are_answered() {
    let (mut peer, controlled) = (Peer::start(), Controlled::start());
    peer.connect("rogue", "REQ", &controlled.address);
    peer.ask(json!({ "do": "open", "name": "plain", "kind": "REQ", "connect": controlled.address, "plain": true }));
    for name in ["rogue", "plain"] {
        assert_eq!(peer.control(name, "DataFile", "setDisp", json!([name])), "None");
        assert_eq!(peer.control(name, "DataFile", "getDisp", json!([])), name);
        assert_eq!(peer.control(name, "IsOpen", "valueDisp", json!([])), "False");
        assert_eq!(peer.control(name, "NoSuchName", "getDisp", json!([])), "None");
        let refused = peer.control(name, "IsOpen", "set", json!([true]));
        assert_eq!(refused, "EXCEPTION: IsOpen can only be read");
    }
}

#[test]
fn hostile_requests_are_answered_and_the_next_one_is_too() {
    let (mut peer, controlled) = (Peer::start(), Controlled::start());
    peer.connect("rogue", "REQ", &controlled.address);
    let deep = "[".repeat(500_000);
    for (request, expected) in [
        (json!({ "text": deep }), "the request is no JSON: recursion limit"),
        (json!({ "text": "{}", "blanks": 10_000_000 }), "at most 1048576 are taken"),
        (json!({ "hex": "fffe00" }), "the request is no JSON"),
        (json!({ "text": "" }), "the request is no JSON"),
        (json!({ "text": "{\"path\": [1]}" }), "\"path\" is no text"),
        (json!({ "text": "5" }), "the request is not a JSON object"),
    ] {
        let mut ask = json!({ "do": "ask", "name": "rogue" });
        for (key, value) in request.as_object().unwrap() {
            ask[key] = value.clone();
        }
        let answer = peer.ask(ask)["answer"].as_str().unwrap().to_owned();
        assert!(answer.starts_with("EXCEPTION: ") && answer.contains(expected), "{answer}");
        assert_eq!(peer.control("rogue", "IsOpen", "getDisp", json!([])), "False");
    }
}

#[test]
fn clients_do_not_wait_for_each_other() {
    let (mut peer, controlled) = (Peer::start(), Controlled::start());
    let names: Vec<String> = (0..20).map(|number| format!("client {number}")).collect();
    for name in &names {
        peer.connect(name, "REQ", &controlled.address);
    }
    for turn in 0..20 {
        for name in &names {
            let path = if turn % 2 == 0 { "AMCc.SmurfProcessor.FileWriter.IsOpen" } else { "no" };
            let text = json!({ "path": path, "attr": "getDisp" }).to_string();
            peer.ask(json!({ "do": "post", "name": name, "text": text }));
        }
        let expected = if turn % 2 == 0 { "False" } else { "None" };
        for name in names.iter().rev() {
            assert_eq!(peer.ask(json!({ "do": "answer", "name": name }))["answer"], expected);
        }
    }
}
