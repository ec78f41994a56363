//! Rogue at run time: the stream bridge and control, both over ZeroMQ.
//!
//! | module | what it holds |
//! |---|---|
//! | [`bridge`] | a PULL socket that receives the frames of Rogue's `TcpServer`: a source of frames for the recorder |
//! | [`control`] | a REP socket that answers Rogue's JSON requests: the DataWriter by name, while it records |
//! | `address` | `tcp://host:port` |
//! | `peers` | connections: made again when they break, accepted up to a number, ended with their owner |
//! | `queue` | frames between the connections and the recorder, bounded in bytes |
//! | `zmtp` | ZMTP 3: greeting, handshake, parts of messages |
//!
//! `docs/instrument.md` is the page for users; what goes over the wire is described there too.
//!
//! # Why ZMTP is spoken here and not by a library
//!
//! The libraries in Rust (`zeromq` 0.7 was read) reserve memory for a part by the length that the
//! peer announces, without a limit that could be set, and collect the parts of a message without
//! end: 20 bytes from anybody who reaches the port end the process. libzmq by its C bindings has
//! the limit, but needs a C++ compiler on each machine that builds the program. PULL and REP over
//! TCP without security are few rules; here they hold no more than they are allowed to.

#![forbid(unsafe_code)]

mod address;
pub mod bridge;
pub mod control;
mod peers;
mod queue;
mod zmtp;

pub use address::{Address, AddressError};

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
