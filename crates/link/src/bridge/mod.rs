//! The stream bridge: frames of Rogue's `TcpServer` over ZeroMQ.
//!
//! A `TcpServer` at port P sends its frames on port P + 1, where a [`Bridge`] connects a PULL
//! socket; or the bridge is bound, and a `TcpClient` connects to it. One frame is one message of
//! four parts: flags (u16, little-endian), channel, error, payload. Data and metadata come on
//! channel 0 both; they are distinguished by content, or come from two addresses.
//!
//! A PUSH socket shares its messages out among all that are connected: a recorder has to be the
//! only one. Nothing says that frames were dropped on the way; their counters do, and those are
//! watched here ([`BridgeCounts`]). When the recorder cannot keep up, the bridge stops reading, TCP
//! stops the sender, and nothing is lost by us.

mod counts;
mod message;
mod steps;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use derive_setters::Setters;
use wavekeep_recorder::{Frames, Next};

use crate::address::Address;
use crate::peers::{Peers, Serve, Watch};
use crate::queue::Queue;
use crate::zmtp::{Kind, WireError};

pub use counts::{BridgeCounts, MalformedCounts};
pub use message::Received;
use message::receive;
use steps::Steps;

/// Bytes that wait between the connection and the recorder: one second of 4096 channels at 4 kHz.
const WAITING_BYTES: usize = 64 << 20;
/// What a frame takes beside its payload.
const FRAME_BYTES: usize = 64;
/// Senders at a time where the bridge is bound.
const MOST_SENDERS: usize = 16;

/// Where frames come from.
#[derive(Debug, Clone, PartialEq, Eq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct BridgeOptions {
    /// The address of the data, and of metadata among it.
    pub data: Address,
    /// Another address, from which all is metadata.
    pub metadata: Option<Address>,
    /// Whether the sender connects to these addresses.
    pub bind: bool,
    /// Whether frames of data get the time of their arrival, for a chain to write into their
    /// headers: the server stamps a frame behind its own chain.
    pub stamp: bool,
}

impl BridgeOptions {
    /// Frames of one address, to be connected to.
    pub fn new(data: Address) -> Self {
        Self { data, metadata: None, bind: false, stamp: false }
    }
}

/// Why there is no bridge.
#[derive(Debug, thiserror::Error)]
#[error("{address}: {}: {source}", if *.bind { "cannot be bound; another program may listen there" } else { "cannot begin to connect" })]
pub struct BridgeError {
    address: Address,
    bind: bool,
    source: io::Error,
}

/// Receives frames. It connects again by itself; dropping it ends all connections.
pub struct Bridge {
    shared: Arc<Shared>,
    present: Received,
    stamp: bool,
    bound: Vec<Address>,
    /// Ends with the bridge.
    _peers: Peers,
}

struct Shared {
    queue: Queue<(Received, bool)>,
    tally: Mutex<Tally>,
    peers: Watch,
}

struct Tally {
    counts: BridgeCounts,
    steps: Steps,
    last_frame: Instant,
}

/// A look at a bridge, from elsewhere too.
#[derive(Clone)]
pub struct BridgeStatus(Arc<Shared>);

impl std::fmt::Debug for Bridge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bridge").field("counts", &self.shared.counts()).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for BridgeStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("BridgeStatus").field(&self.0.counts()).finish()
    }
}

impl Bridge {
    /// Connects or binds; that nobody is there yet is no error.
    ///
    /// # Errors
    /// When an address cannot be bound.
    pub fn open(options: &BridgeOptions) -> Result<Self, BridgeError> {
        let mut peers = Peers::new();
        let tally = Tally {
            counts: BridgeCounts::default(),
            steps: Steps::default(),
            last_frame: Instant::now(),
        };
        let shared = Arc::new(Shared {
            queue: Queue::new(WAITING_BYTES),
            tally: Mutex::new(tally),
            peers: peers.watch(),
        });
        let mut bound = Vec::new();
        // One address for both is one socket; any port that is free is another one each time.
        let is_another = |address: &&Address| **address != options.data || address.port() == 0;
        let metadata = options.metadata.iter().filter(is_another);
        let metadata = metadata.map(|address| (address, true));
        for (address, is_metadata) in [(&options.data, false)].into_iter().chain(metadata) {
            let filled = Arc::clone(&shared);
            let serve: Serve = Arc::new(move |wire| {
                loop {
                    match receive(wire) {
                        Err(error) => return error,
                        Ok(Err(malformed)) => filled.tally().counts.malformed.count(malformed),
                        Ok(Ok(frame)) => {
                            let bytes = frame.payload.len() + FRAME_BYTES;
                            if !filled.queue.push((frame, is_metadata), bytes) {
                                return WireError::Io(io::ErrorKind::ConnectionAborted.into());
                            }
                        }
                    }
                }
            });
            let begun = match options.bind {
                true => peers.bind(address, Kind::Pull, MOST_SENDERS, serve).map(Some),
                false => peers.connect(address.clone(), Kind::Pull, serve).map(|()| None),
            };
            let failed =
                |source| BridgeError { address: address.clone(), bind: options.bind, source };
            bound.extend(begun.map_err(failed)?);
        }
        Ok(Self {
            shared,
            present: Received::default(),
            stamp: options.stamp,
            bound,
            _peers: peers,
        })
    }

    /// The addresses that are bound, with their ports.
    pub fn bound(&self) -> &[Address] {
        &self.bound
    }

    /// How it stands.
    pub fn status(&self) -> BridgeStatus {
        BridgeStatus(Arc::clone(&self.shared))
    }

    /// The next frame with something in it, if one comes within `patience`.
    pub fn receive(&mut self, patience: Duration) -> Option<Received> {
        let until = Instant::now() + patience;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let (mut frame, is_metadata) = self.shared.queue.pop(left)?;
            frame.placed(is_metadata);
            let mut tally = self.shared.tally();
            let Tally { counts, steps, last_frame } = &mut *tally;
            counts.count(&frame, steps);
            *last_frame = Instant::now();
            drop(tally);
            if !frame.payload.is_empty() {
                return Some(frame);
            }
        }
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        // Connections wait for room in the queue.
        self.shared.queue.close();
    }
}

impl Frames for Bridge {
    fn next(&mut self, patience: Duration) -> Next<'_> {
        let Some(received) = self.receive(patience) else { return Next::Nothing };
        self.present = received;
        Next::Frame(self.present.frame(), self.stamp.then(now_ns).flatten())
    }
}

fn now_ns() -> Option<u64> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).ok()?;
    u64::try_from(since.as_nanos()).ok()
}

impl Shared {
    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn counts(&self) -> BridgeCounts {
        let (waiting_bytes, state) = (self.queue.bytes(), self.peers.state());
        let tally = self.tally();
        BridgeCounts {
            step: tally.steps.usual(),
            lost: tally.steps.lost(),
            out_of_order: tally.steps.out_of_order(),
            waiting_bytes,
            connected: state.connected,
            connections: state.connections,
            refused: state.refused,
            last_fault: state.last_fault,
            ..tally.counts.clone()
        }
    }
}

impl BridgeStatus {
    /// What came so far.
    pub fn counts(&self) -> BridgeCounts {
        self.0.counts()
    }

    /// How long no frame has come.
    pub fn silent_for(&self) -> Duration {
        self.0.tally().last_frame.elapsed()
    }
}
