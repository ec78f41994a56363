//! Frames of a PUSH socket of libzmq.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use serde_json::json;
use wavekeep_link::bridge::{Bridge, BridgeOptions, BridgeStatus, Received};
use wavekeep_recorder::writer::Frame;

use crate::peer::{Peer, data};

/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

fn connected(address: &str) -> Bridge {
    Bridge::open(&BridgeOptions::new(address.parse().unwrap())).unwrap()
}

fn bound() -> (Bridge, String) {
    let options =
        BridgeOptions { bind: true, ..BridgeOptions::new("tcp://127.0.0.1:0".parse().unwrap()) };
    let bridge = Bridge::open(&options).unwrap();
    let address = bridge.bound()[0].to_string();
    (bridge, address)
}

fn next(bridge: &mut Bridge) -> Received {
    bridge.receive(PATIENCE).expect("a frame")
}

fn until(status: &BridgeStatus, what: impl Fn(&wavekeep_link::bridge::BridgeCounts) -> bool) {
    while !what(&status.counts()) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn frames_come_as_they_were_sent() {
    let mut peer = Peer::start();
    let mut bridge = connected(&peer.bind("data", "PUSH"));
    let payload = data(5, 3);
    let sent = [
        Frame { flags: 0x1234, error: 7, channel: 9, payload: b"other" },
        Frame::data(&payload),
        Frame { flags: 0x0100, ..Frame::data(&payload) },
    ];
    for frame in sent {
        peer.frame("data", frame);
        assert_eq!(next(&mut bridge).frame(), frame);
    }
    let counts = bridge.status().counts();
    assert_eq!((counts.frames, counts.data, counts.bad), (3, 2, 2));
    assert_eq!((counts.connected, counts.bytes), (1, 5 + 2 * payload.len() as u64));
}

#[test]
fn a_bridge_that_is_bound_is_connected_to() {
    let mut peer = Peer::start();
    let (mut bridge, address) = bound();
    for name in ["one", "two"] {
        peer.connect(name, "PUSH", &address);
        peer.frames(name, 0, 10, 4);
        for counter in 0..10 {
            assert_eq!(next(&mut bridge).payload, data(counter, 4));
        }
    }
    assert_eq!(bridge.status().counts().connected, 2);
}

#[test]
fn a_sender_that_begins_anew_is_connected_to_again() {
    let mut peer = Peer::start();
    let address = peer.bind("data", "PUSH");
    let mut bridge = connected(&address);
    for turn in 1..4 {
        peer.frames("data", 0, 5, 2);
        assert_eq!(
            (0..5).filter(|counter| next(&mut bridge).payload == data(*counter, 2)).count(),
            5
        );
        let counts = bridge.status().counts();
        assert_eq!((counts.connected, counts.connections), (1, turn));
        peer.close("data");
        until(&bridge.status(), |counts| counts.connected == 0);
        peer.ask(json!({ "do": "open", "name": "data", "kind": "PUSH", "bind": address }));
    }
}

#[test]
fn nobody_has_to_be_there_at_first() {
    // None of those that a system gives to who asks for any: nobody else gets it meanwhile.
    let free =
        (10_000..30_000).find(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok()).unwrap();
    let address = format!("tcp://127.0.0.1:{free}");
    let mut bridge = connected(&address);
    until(&bridge.status(), |counts| counts.last_fault.is_some());
    assert!(bridge.status().counts().last_fault.unwrap().contains("cannot connect"));
    let mut peer = Peer::start();
    peer.ask(json!({ "do": "open", "name": "data", "kind": "PUSH", "bind": address }));
    peer.frames("data", 3, 1, 1);
    assert_eq!(next(&mut bridge).payload, data(3, 1));
}

#[test]
fn metadata_is_told_from_data_by_content_or_by_its_address() {
    let mut peer = Peer::start();
    let (shared, own) = (peer.bind("shared", "PUSH"), peer.bind("own", "PUSH"));
    let mut options = BridgeOptions::new(shared.parse().unwrap());
    options.metadata = Some(own.parse().unwrap());
    let mut bridge = Bridge::open(&options).unwrap();
    let payload = data(0, 2);
    for (name, payload, channel) in [
        ("shared", &payload[..], 0),
        ("shared", b"AMCc.Dev.A: 1\n", 1),
        ("own", b"AMCc.Dev.A: 2\n", 1),
        ("own", &payload, 1),
        ("shared", &[0xff; 200], 0),
    ] {
        peer.frame(name, Frame::data(payload));
        let found = next(&mut bridge);
        assert_eq!((found.channel, &found.payload[..]), (channel, payload));
    }
    let counts = bridge.status().counts();
    assert_eq!((counts.data, counts.metadata, counts.unknown), (1, 3, 1));
}

#[test]
fn messages_that_are_no_frames_are_counted_and_cost_nothing_else() {
    let mut peer = Peer::start();
    let mut bridge = connected(&peer.bind("data", "PUSH"));
    let (flags, byte): (&[u8], &[u8]) = (&[0, 0], &[0]);
    peer.send("data", &[b"alone"]);
    peer.send("data", &[flags, byte, byte]);
    peer.send("data", &[flags, byte, byte, b"text", b""]);
    peer.send("data", &[flags, flags, byte, b"text"]);
    peer.send("data", &[b"", byte, byte, b"text"]);
    peer.send("data", &[flags, byte, byte, b""]);
    peer.frames("data", 1, 1, 1);
    assert_eq!(next(&mut bridge).payload, data(1, 1));
    // 300 MiB.
    let long = (300 << 20) / 1024;
    peer.ask(json!({ "do": "large", "name": "data", "count": 1, "size": long * 1024 }));
    peer.frames("data", 2, 1, 1);
    assert_eq!(next(&mut bridge).payload, data(2, 1));
    let counts = bridge.status().counts();
    let malformed = counts.malformed;
    assert_eq!((malformed.parts, malformed.sizes, malformed.too_long), (3, 2, 1));
    assert_eq!((counts.frames, counts.empty, counts.lost), (3, 1, 0));
    assert!(counts.is_incomplete());
}

#[test]
fn frames_that_are_missing_are_counted_by_their_counters() {
    let mut peer = Peer::start();
    let mut bridge = connected(&peer.bind("data", "PUSH"));
    peer.frames("data", 0, 10, 1);
    peer.frames("data", 13, 10, 1);
    peer.frames("data", 0, 10, 1);
    (0..30).for_each(|_| drop(next(&mut bridge)));
    let counts = bridge.status().counts();
    assert_eq!((counts.step, counts.lost, counts.out_of_order), (Some(1), 3, 1));
}

#[test]
fn a_sender_waits_for_a_recorder_that_is_busy_and_nothing_is_lost() {
    let mut peer = Peer::start();
    // The sender may hold two messages, so that it waits when we do.
    let open = json!({
        "do": "open", "name": "data", "kind": "PUSH", "bind": "tcp://127.0.0.1:*",
        "options": { "SNDHWM": 2 },
    });
    let mut bridge = connected(&format!("tcp://127.0.0.1:{}", peer.ask(open)["port"]));
    let status = bridge.status();
    let sender = std::thread::spawn(move || {
        peer.ask(json!({ "do": "large", "name": "data", "count": 200, "size": 1 << 20 }));
        peer
    });
    until(&status, |counts| counts.waiting_bytes >= 63 << 20);
    std::thread::sleep(Duration::from_millis(100));
    assert!(status.counts().waiting_bytes <= 64 << 20);
    for number in 0..200 {
        let found = next(&mut bridge);
        assert_eq!(
            (found.payload.len(), &found.payload[..8]),
            (1 << 20, format!("{number:08}").as_bytes())
        );
    }
    sender.join().unwrap();
}

#[test]
fn other_programs_and_other_sockets_are_refused_and_disturb_nobody() {
    let mut peer = Peer::start();
    let (mut bridge, address) = bound();
    let status = bridge.status();
    let at = address.strip_prefix("tcp://").unwrap();
    let mut browser = TcpStream::connect(at).unwrap();
    browser.write_all(&b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n".repeat(3)).unwrap();
    let mut said = Vec::new();
    // A greeting, then the end.
    let _ = browser.read_to_end(&mut said);
    assert!(said.is_empty() || said[0] == 0xff);
    peer.connect("pub", "PUB", &address);
    until(&status, |counts| counts.refused >= 2);
    peer.connect("data", "PUSH", &address);
    peer.frames("data", 0, 1, 1);
    assert_eq!(next(&mut bridge).payload, data(0, 1));
}

#[test]
fn heartbeats_are_answered() {
    let mut peer = Peer::start();
    let open = json!({
        "do": "open", "name": "data", "kind": "PUSH", "bind": "tcp://127.0.0.1:*",
        "options": { "HEARTBEAT_IVL": 20, "HEARTBEAT_TIMEOUT": 2000 },
    });
    let mut bridge = connected(&format!("tcp://127.0.0.1:{}", peer.ask(open)["port"]));
    peer.frames("data", 0, 1, 1);
    next(&mut bridge);
    std::thread::sleep(Duration::from_millis(2600));
    peer.frames("data", 1, 1, 1);
    next(&mut bridge);
    assert_eq!(bridge.status().counts().connections, 1);
}

#[test]
fn a_port_is_free_again_when_its_bridge_is_gone() {
    // Tests beside this one may be given the port in the moment in which it is free.
    let is_free_again = || {
        let (bridge, address) = bound();
        let options = BridgeOptions { bind: true, ..BridgeOptions::new(address.parse().unwrap()) };
        let refused = Bridge::open(&options).unwrap_err().to_string();
        assert!(refused.contains("cannot be bound; another program may listen there"), "{refused}");
        drop(bridge);
        Bridge::open(&options).is_ok()
    };
    assert!((0..10).any(|_| is_free_again()));
}
