//! The REP socket.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use super::Surface;
use super::request::Operation;
use crate::address::Address;
use crate::peers::{Peers, Serve};
use crate::zmtp::{Kind, Wire, WireError};

/// Clients at a time.
const MOST_CLIENTS: usize = 64;
/// Bytes of a request.
const LONGEST_REQUEST: u64 = 1 << 20;
/// Parts before a request that say where its answer goes: one for the client's own number, and one
/// for each proxy on the way.
const MOST_HOPS: usize = 8;
const LONGEST_HOP: u64 = 255;
/// Requests that wait for an answer; each client has one.
const WAITING: usize = MOST_CLIENTS;
/// What an answer that tells of an error begins with.
const EXCEPTION: &str = "EXCEPTION: ";

/// Why there is no control.
#[derive(Debug, thiserror::Error)]
#[error("{address}: control cannot listen: {source}; another program may listen there")]
pub struct ControlError {
    address: Address,
    source: io::Error,
}

/// Listens for requests. Dropping it ends all connections.
pub struct ControlServer {
    address: Address,
    requests: Receiver<Pending>,
    /// Ends with the server.
    _peers: Peers,
}

impl std::fmt::Debug for ControlServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ControlServer").field(&self.address).finish()
    }
}

/// A request that waits for its answer. One that is dropped is answered with an error.
#[derive(Debug)]
pub struct Pending {
    operation: Operation,
    answer: SyncSender<String>,
}

impl ControlServer {
    /// Listens at `address` for requests about paths below `prefix`.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub fn bind(address: &Address, prefix: &str) -> Result<Self, ControlError> {
        let (sender, requests) = sync_channel(WAITING);
        let prefix = prefix.to_owned();
        let serve: Serve = Arc::new(move |wire| {
            loop {
                if let Err(error) = serve_one(wire, &prefix, &sender) {
                    return error;
                }
            }
        });
        let mut peers = Peers::new();
        let bound = peers.bind(address, Kind::Rep, MOST_CLIENTS, serve);
        let failed = |source| ControlError { address: address.clone(), source };
        Ok(Self { address: bound.map_err(failed)?, requests, _peers: peers })
    }

    /// Where it listens.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The next request, if there is one within `patience`.
    pub fn next(&self, patience: Duration) -> Option<Pending> {
        self.requests.recv_timeout(patience).ok()
    }
}

impl Pending {
    /// What is asked for.
    pub fn operation(&self) -> &Operation {
        &self.operation
    }

    /// Does it, and answers.
    pub fn answer(self, surface: &mut dyn Surface) {
        let result = self.operation.run(surface);
        let answer = result.unwrap_or_else(|error| format!("{EXCEPTION}{error}"));
        // The client may have gone away; what it asked for is done all the same.
        let _ = self.answer.send(answer);
    }
}

/// What came where a request was expected.
enum Asked {
    /// Where the answer goes, and the request or what is wrong with it.
    Request(Vec<Vec<u8>>, Result<Vec<u8>, String>),
    /// Nothing that could be answered.
    Nothing,
}

fn serve_one<R: Read, W: Write>(
    wire: &mut Wire<R, W>,
    prefix: &str,
    sender: &SyncSender<Pending>,
) -> Result<(), WireError> {
    let Asked::Request(envelope, request) = next_request(wire)? else { return Ok(()) };
    let operation = request.and_then(|text| Operation::parse(&text, prefix));
    let answer = operation.and_then(|operation| {
        let (answer, answered) = sync_channel(1);
        // The recorder is ending where nobody takes the request, or nobody answers it.
        let is_taken = sender.send(Pending { operation, answer }).is_ok();
        let answer = is_taken.then(|| answered.recv().ok()).flatten();
        answer.ok_or_else(|| "the recorder is ending".to_owned())
    });
    let answer = answer.unwrap_or_else(|error| format!("{EXCEPTION}{error}"));
    let mut parts: Vec<&[u8]> = envelope.iter().map(Vec::as_slice).collect();
    parts.extend([&[], answer.as_bytes()]);
    Ok(wire.send(&parts)?)
}

/// Takes a message apart: the parts up to an empty one come back with the answer, as a REP of
/// libzmq does it; the part behind it is the request.
fn next_request<R: Read, W: Write>(wire: &mut Wire<R, W>) -> Result<Asked, WireError> {
    let mut envelope = Vec::new();
    loop {
        let part = wire.next_part()?;
        if part.length == 0 && part.has_more {
            break;
        }
        if !part.has_more || part.length > LONGEST_HOP || envelope.len() == MOST_HOPS {
            // Without an empty part there is nobody to answer.
            wire.skip(part.length)?;
            return skip_rest(wire, part.has_more).map(|_| Asked::Nothing);
        }
        let mut hop = Vec::new();
        wire.take(part.length, &mut hop)?;
        envelope.push(hop);
    }
    let part = wire.next_part()?;
    let mut text = Vec::new();
    let request = if part.length > LONGEST_REQUEST {
        wire.skip(part.length)?;
        let length = part.length;
        Err(format!("the request has {length} bytes, at most {LONGEST_REQUEST} are taken"))
    } else {
        wire.take(part.length, &mut text)?;
        Ok(text)
    };
    let request = match skip_rest(wire, part.has_more)? {
        0 => request,
        more => Err(format!("a request is one part, found {}", more.saturating_add(1))),
    };
    Ok(Asked::Request(envelope, request))
}

fn skip_rest<R: Read, W: Write>(
    wire: &mut Wire<R, W>,
    mut has_more: bool,
) -> Result<u64, WireError> {
    let mut skipped = 0u64;
    while has_more {
        let part = wire.next_part()?;
        wire.skip(part.length)?;
        skipped = skipped.saturating_add(1);
        has_more = part.has_more;
    }
    Ok(skipped)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked(parts: &[&[u8]]) -> Asked {
        let mut bytes = Vec::new();
        Wire::new(io::empty(), &mut bytes).send(parts).unwrap();
        next_request(&mut Wire::new(&bytes[..], io::sink())).unwrap()
    }

    #[test]
    fn what_stands_before_the_empty_part_comes_back() {
        let Asked::Request(envelope, request) = asked(&[b"\0\0\0\x01", b"", b"{}"]) else {
            panic!()
        };
        assert_eq!((envelope, request), (vec![b"\0\0\0\x01".to_vec()], Ok(b"{}".to_vec())));
        let Asked::Request(envelope, request) = asked(&[b"", b"{}"]) else { panic!() };
        assert_eq!((envelope.len(), request), (0, Ok(b"{}".to_vec())));
    }

    #[test]
    fn what_cannot_be_answered_is_passed_over() {
        for parts in
            [&[&b"{}"[..]][..], &[b""], &[b"a", b"b"], &[&b"a"[..]; 20], &[&[0; 300], b"", b"{}"]]
        {
            assert!(matches!(asked(parts), Asked::Nothing), "{parts:?}");
        }
    }

    #[test]
    fn a_request_that_is_too_long_or_of_many_parts_is_refused() {
        let refused = |parts: &[&[u8]]| match asked(parts) {
            Asked::Request(_, Err(error)) => error,
            _ => panic!("{parts:?}"),
        };
        assert!(refused(&[b"", &[b' '; (1 << 20) + 1]]).contains("at most 1048576"));
        assert_eq!(refused(&[b"", b"{}", b"{}"]), "a request is one part, found 2");
    }

    proptest! {
        #[test]
        fn any_bytes_are_requests_or_not_and_end(
            bytes in proptest::collection::vec(prop_oneof![0u8..5, any::<u8>()], 0..400)
        ) {
            let (sender, receiver) = sync_channel(1);
            drop(receiver);
            let mut wire = Wire::new(&bytes[..], io::sink());
            while serve_one(&mut wire, "w", &sender).is_ok() {}
        }
    }

    #[test]
    fn a_request_that_nobody_takes_is_answered_with_an_error() {
        let mut bytes = Vec::new();
        let request = br#"{"path": "w.IsOpen", "attr": "get"}"#;
        Wire::new(io::empty(), &mut bytes).send(&[b"", request]).unwrap();
        let (sender, receiver) = sync_channel(1);
        drop(receiver);
        let mut said = Vec::new();
        serve_one(&mut Wire::new(&bytes[..], &mut said), "w", &sender).unwrap();
        assert_eq!(&said[4..], b"EXCEPTION: the recorder is ending");
    }
}
