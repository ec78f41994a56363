//! ZMTP 3.0 and 3.1 with the NULL mechanism (rfc.zeromq.org, 23 and 37): what two sockets say to
//! each other on a TCP connection.
//!
//! A connection begins with a greeting of 64 bytes each way, then a READY command each way. After
//! that come messages: parts, each with a flag that says whether another one follows. Nothing is
//! allocated by a length that the peer states: who takes a part says how much of it it wants.

mod handshake;
mod parts;

use std::io;

pub(crate) use parts::Wire;

/// The kind of a socket, which a handshake names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Pull,
    Rep,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Pull => "PULL",
            Self::Rep => "REP",
        }
    }

    /// The kinds that talk to it.
    fn peers(self) -> &'static [&'static str] {
        match self {
            Self::Pull => &["PUSH"],
            Self::Rep => &["REQ", "DEALER"],
        }
    }
}

/// Why a connection cannot be used any more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    /// The peer has closed it, or the system has.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Something else than ZeroMQ, or an old one.
    #[error("the peer does not speak ZMTP 3: {0}")]
    Foreign(&'static str),
    /// A socket that does not fit.
    #[error("the peer's socket is {found:?}, expected {}", .expected.join(" or "))]
    Kind { expected: &'static [&'static str], found: String },
    /// The peer refuses.
    #[error("the peer refuses the connection: {0:?}")]
    Refused(String),
    /// Bytes that break the protocol.
    #[error("the peer broke the protocol: {0}")]
    Broken(&'static str),
}

impl WireError {
    /// Whether the connection simply ended.
    pub(crate) fn is_end(&self) -> bool {
        matches!(self, Self::Io(_))
    }
}
