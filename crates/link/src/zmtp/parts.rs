//! Parts of messages, and the commands between them.

use std::io::{self, BufReader, Read, Write};
use std::net::TcpStream;

use super::WireError;

const MORE: u8 = 1;
const LONG: u8 = 2;
const COMMAND: u8 = 4;

/// A command that comes between messages, a heartbeat for one.
const LONGEST_COMMAND: u64 = 4096;
/// Bytes for which memory is made before they are there; more is made as they come.
const AT_ONCE: u64 = 1 << 20;
/// Bytes that are taken from the system at once.
const BUFFER: usize = 1 << 17;

/// One part of a message, or a command. Its bytes come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) length: u64,
    /// Whether another part of the same message follows.
    pub(crate) has_more: bool,
    pub(super) is_command: bool,
}

/// A connection.
pub(crate) struct Wire<R, W> {
    reader: R,
    writer: W,
}

impl Wire<BufReader<TcpStream>, TcpStream> {
    /// Over a connection of TCP.
    pub(crate) fn over(stream: &TcpStream) -> io::Result<Self> {
        let reader = BufReader::with_capacity(BUFFER, stream.try_clone()?);
        Ok(Self { reader, writer: stream.try_clone()? })
    }
}

impl<R: Read, W: Write> Wire<R, W> {
    /// Over anything that can be read and written.
    #[cfg(test)]
    pub(crate) fn new(reader: R, writer: W) -> Self {
        Self { reader, writer }
    }

    /// The next part of a message. Heartbeats are answered, other commands passed over.
    ///
    /// # Errors
    /// [`WireError`]: the connection is of no use then.
    pub(crate) fn next_part(&mut self) -> Result<Part, WireError> {
        loop {
            let part = self.next_raw()?;
            if !part.is_command {
                return Ok(part);
            }
            if part.length > LONGEST_COMMAND {
                return Err(WireError::Broken("a command longer than 4096 bytes"));
            }
            let mut body = Vec::new();
            self.take(part.length, &mut body)?;
            // PING, a time of two bytes, a context: the answer is PONG with the context.
            if let Some([_, _, context @ ..]) = body.strip_prefix(b"\x04PING") {
                let pong = [b"\x04PONG".as_slice(), context].concat();
                self.write_command(&pong)?;
            }
        }
    }

    pub(super) fn next_raw(&mut self) -> Result<Part, WireError> {
        let mut flags = [0];
        self.read_exact(&mut flags)?;
        let [flags] = flags;
        if flags & !(MORE | LONG | COMMAND) != 0 {
            return Err(WireError::Broken("unknown flags before a part"));
        }
        let length = if flags & LONG == 0 {
            let mut length = [0];
            self.read_exact(&mut length)?;
            length[0].into()
        } else {
            let mut length = [0; 8];
            self.read_exact(&mut length)?;
            u64::from_be_bytes(length)
        };
        let (has_more, is_command) = (flags & MORE != 0, flags & COMMAND != 0);
        if length > i64::MAX as u64 || has_more && is_command {
            return Err(WireError::Broken("a part that cannot be"));
        }
        Ok(Part { length, has_more, is_command })
    }

    /// Appends `length` bytes to `into`.
    ///
    /// # Errors
    /// As [`next_part`](Self::next_part).
    pub(crate) fn take(&mut self, length: u64, into: &mut Vec<u8>) -> Result<(), WireError> {
        into.reserve(length.min(AT_ONCE) as usize);
        let taken = self.reader.by_ref().take(length).read_to_end(into)?;
        self.whole(taken as u64, length)
    }

    /// Passes over `length` bytes.
    ///
    /// # Errors
    /// As [`next_part`](Self::next_part).
    pub(crate) fn skip(&mut self, length: u64) -> Result<(), WireError> {
        let skipped = io::copy(&mut self.reader.by_ref().take(length), &mut io::sink())?;
        self.whole(skipped, length)
    }

    fn whole(&self, found: u64, expected: u64) -> Result<(), WireError> {
        match found == expected {
            true => Ok(()),
            false => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
        }
    }

    pub(super) fn read_exact(&mut self, into: &mut [u8]) -> io::Result<()> {
        self.reader.read_exact(into)
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writer.write_all(bytes)?;
        self.writer.flush()
    }

    pub(super) fn write_command(&mut self, body: &[u8]) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(body.len() + 9);
        push_part(&mut bytes, COMMAND, body);
        self.write(&bytes)
    }

    /// Sends a message.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn send(&mut self, parts: &[&[u8]]) -> io::Result<()> {
        let mut bytes = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            push_part(&mut bytes, if index + 1 < parts.len() { MORE } else { 0 }, part);
        }
        self.write(&bytes)
    }
}

fn push_part(bytes: &mut Vec<u8>, flags: u8, body: &[u8]) {
    match u8::try_from(body.len()) {
        Ok(length) => bytes.extend([flags, length]),
        Err(_) => {
            bytes.push(flags | LONG);
            bytes.extend((body.len() as u64).to_be_bytes());
        }
    }
    bytes.extend(body);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Kind;
    use super::*;

    fn sent(parts: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        Wire::new(io::empty(), &mut bytes).send(parts).unwrap();
        bytes
    }

    /// What a PUSH of libzmq 4.3 says first.
    fn libzmq_push() -> Vec<u8> {
        let mut bytes = vec![0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1];
        bytes.extend(b"NULL");
        bytes.resize(64, 0);
        bytes.extend(b"\x04\x1a\x05READY\x0bSocket-Type\0\0\0\x04PUSH");
        bytes
    }

    #[test]
    fn the_bytes_of_libzmq_are_answered_by_those_that_it_expects() {
        let mut said = Vec::new();
        Wire::new(&libzmq_push()[..], &mut said).shake_hands(Kind::Pull).unwrap();
        assert_eq!((said.len(), &said[10..16]), (64 + 28, &b"\x03\x01NULL"[..]));
        assert_eq!(&said[64..], b"\x04\x1a\x05READY\x0bSocket-Type\0\0\0\x04PULL");
    }

    #[test]
    fn sockets_that_do_not_fit_are_told_apart() {
        let handshake_of = |bytes: &[u8]| {
            let error = Wire::new(bytes, io::sink()).shake_hands(Kind::Pull).unwrap_err();
            error.to_string()
        };
        let mut other = libzmq_push();
        other.splice(64 + 24.., *b"PUB!");
        assert!(
            handshake_of(&other).contains("socket is \"PUB!\", expected PUSH"),
            "{}",
            handshake_of(&other)
        );
        let mut old = libzmq_push();
        old[10] = 1;
        assert!(handshake_of(&old).contains("ZeroMQ 4 or later"));
        let mut curve = libzmq_push();
        curve[12..17].copy_from_slice(b"CURVE");
        assert!(handshake_of(&curve).contains("security mechanism"));
        assert!(handshake_of(&b"GET / HTTP/1.1\r\n".repeat(5)).contains("no greeting"));
        let mut refusing = libzmq_push()[..64].to_vec();
        refusing.extend(b"\x04\x0b\x05ERROR\x04busy");
        assert!(handshake_of(&refusing).contains("refuses the connection: \"busy\""));
    }

    #[test]
    fn a_length_from_outside_makes_no_memory() {
        let mut bytes = vec![LONG];
        bytes.extend((1u64 << 62).to_be_bytes());
        bytes.extend(b"few");
        let mut wire = Wire::new(&bytes[..], io::sink());
        let part = wire.next_part().unwrap();
        assert_eq!(part.length, 1 << 62);
        let mut taken = Vec::new();
        assert!(wire.take(part.length, &mut taken).unwrap_err().is_end());
        assert_eq!(taken, b"few");
        assert!(taken.capacity() <= 2 << 20);
    }

    #[test]
    fn a_heartbeat_between_parts_is_answered() {
        let mut bytes = b"\x04\x09\x04PING\0\x10hi".to_vec();
        bytes.extend(sent(&[b"part"]));
        let mut said = Vec::new();
        let mut wire = Wire::new(&bytes[..], &mut said);
        assert_eq!(wire.next_part().unwrap().length, 4);
        assert_eq!(said, b"\x04\x07\x04PONGhi");
    }

    #[test]
    fn flags_that_cannot_be_end_the_connection() {
        for flags in [8, 0x80, COMMAND | MORE] {
            let error = Wire::new(&[flags, 0][..], io::sink()).next_part().unwrap_err();
            assert!(matches!(error, WireError::Broken(_)), "{flags}");
        }
    }

    proptest! {
        #[test]
        fn a_message_comes_as_it_was_sent(
            parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..600), 1..6)
        ) {
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            let bytes = sent(&parts);
            let mut wire = Wire::new(&bytes[..], io::sink());
            for (index, expected) in parts.iter().enumerate() {
                let part = wire.next_part().unwrap();
                prop_assert_eq!(part.has_more, index + 1 < parts.len());
                let mut body = Vec::new();
                wire.take(part.length, &mut body).unwrap();
                prop_assert_eq!(&body, expected);
            }
            prop_assert!(wire.next_part().unwrap_err().is_end());
        }

        #[test]
        fn any_bytes_end_with_an_error_and_not_otherwise(
            bytes in proptest::collection::vec(prop_oneof![any::<u8>(), 0u8..8], 0..300),
            greeted in any::<bool>(),
        ) {
            let mut all = if greeted { libzmq_push()[..64].to_vec() } else { Vec::new() };
            all.extend(bytes);
            let mut wire = Wire::new(&all[..], io::sink());
            if wire.shake_hands(Kind::Rep).is_ok() {
                while let Ok(part) = wire.next_part() {
                    if wire.skip(part.length).is_err() {
                        break;
                    }
                }
            }
        }
    }
}
