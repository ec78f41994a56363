//! A frame of Rogue as a message of ZeroMQ.

use std::io::{Read, Write};

use wavekeep_recorder::writer::Frame;
use wavekeep_smurf::header::HEADER_LEN;
use wavekeep_smurf::record::{DATA_CHANNEL, METADATA_CHANNEL, PROTOCOL_VERSION};

use crate::zmtp::{Wire, WireError};

/// Bytes of flags, channel and error, a part each.
const SIZES: [u64; 3] = [2, 1, 1];
/// Parts of a message.
const PARTS: u64 = 4;
/// A payload that is longer is no frame: one of 4096 channels has 16 KiB, a dump of a whole
/// configuration some MB.
pub(super) const LONGEST_PAYLOAD: u64 = 1 << 28;

/// A frame that was received.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Received {
    /// Flags of the frame.
    pub flags: u16,
    /// Its channel.
    pub channel: u8,
    /// Its error; 0 for none.
    pub error: u8,
    /// What it holds.
    pub payload: Vec<u8>,
}

/// What is wrong with a message that is no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Malformed {
    /// It has another number of parts.
    Parts,
    /// Flags, channel or error have other sizes.
    Sizes,
    /// Its payload is too long.
    TooLong,
}

impl Received {
    /// As the recorder takes it.
    pub fn frame(&self) -> Frame<'_> {
        let Self { flags, channel, error, payload } = self;
        Frame { flags: *flags, error: *error, channel: *channel, payload }
    }

    /// Whether it is a frame of data by its content: a header of version 1 and at least the samples
    /// that it announces, of 16 or 32 bits. Text never begins with a byte 1.
    pub fn is_data(&self) -> bool {
        self.has_samples_of(2)
    }

    /// Whether it is a frame of data with too few bytes for samples of 32 bits.
    pub(super) fn is_narrow(&self) -> bool {
        self.is_data() && !self.has_samples_of(4)
    }

    fn has_samples_of(&self, bytes: u64) -> bool {
        let Some(header) = self.payload.first_chunk::<HEADER_LEN>() else { return false };
        let channels = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
        let least = HEADER_LEN as u64 + bytes * u64::from(channels);
        header[0] == PROTOCOL_VERSION && least <= self.payload.len() as u64
    }

    /// Puts it on the channel where its content belongs. Metadata comes on channel 0 as data does:
    /// the channel in a file is the one on which the FileWriter took it.
    pub(super) fn placed(&mut self, is_metadata: bool) {
        let is_text = || self.channel == DATA_CHANNEL && !self.is_data() && is_text(&self.payload);
        if is_metadata || is_text() {
            self.channel = METADATA_CHANNEL;
        }
    }
}

fn is_text(payload: &[u8]) -> bool {
    !payload.is_empty() && std::str::from_utf8(payload).is_ok()
}

/// The next message. Of one that is no frame, nothing is kept.
pub(super) fn receive<R: Read, W: Write>(
    wire: &mut Wire<R, W>,
) -> Result<Result<Received, Malformed>, WireError> {
    let (mut head, mut payload) = (Vec::with_capacity(4), Vec::new());
    let (mut parts, mut fault) = (0u64, None);
    loop {
        let part = wire.next_part()?;
        let size = usize::try_from(parts).ok().and_then(|index| SIZES.get(index));
        parts = parts.saturating_add(1);
        // What is wrong by its number of parts is known only at the end; what is already known to be
        // wrong is not kept.
        let wrong = match size {
            Some(size) => (part.length != *size).then_some(Malformed::Sizes),
            None if parts > PARTS || part.has_more => Some(Malformed::Parts),
            None => (part.length > LONGEST_PAYLOAD).then_some(Malformed::TooLong),
        };
        fault = fault.or(wrong);
        match (fault, size) {
            (Some(_), _) => wire.skip(part.length)?,
            (None, Some(_)) => wire.take(part.length, &mut head)?,
            (None, None) => wire.take(part.length, &mut payload)?,
        }
        if !part.has_more {
            break;
        }
    }
    if parts != PARTS {
        return Ok(Err(Malformed::Parts));
    }
    Ok(match (fault, &head[..]) {
        (None, &[low, high, channel, error]) => {
            Ok(Received { flags: u16::from_le_bytes([low, high]), channel, error, payload })
        }
        (fault, _) => Err(fault.unwrap_or(Malformed::Sizes)),
    })
}

#[cfg(test)]
mod tests {
    use std::io;

    use proptest::prelude::*;

    use super::*;

    fn received(parts: &[&[u8]]) -> Result<Received, Malformed> {
        let mut bytes = Vec::new();
        Wire::new(io::empty(), &mut bytes).send(parts).unwrap();
        receive(&mut Wire::new(&bytes[..], io::sink())).unwrap()
    }

    #[test]
    fn a_message_of_four_parts_is_a_frame() {
        let found = received(&[&[0x34, 0x12], &[5], &[6], b"payload"]).unwrap();
        assert_eq!((found.flags, found.channel, found.error), (0x1234, 5, 6));
        assert_eq!(found.payload, b"payload");
        assert_eq!(received(&[&[0, 0], &[0], &[0], b""]).unwrap().payload, b"");
    }

    #[test]
    fn messages_of_other_shapes_are_told_apart() {
        let (flags, byte): (&[u8], &[u8]) = (&[0, 0], &[0]);
        let cases: [(&[&[u8]], Malformed); 8] = [
            (&[flags], Malformed::Parts),
            (&[flags, byte, byte], Malformed::Parts),
            (&[flags, byte, byte, b"text", b"more"], Malformed::Parts),
            (&[b"", b"", b"", b"", b"", b""], Malformed::Parts),
            (&[byte, byte, byte, b"text"], Malformed::Sizes),
            (&[flags, flags, byte, b"text"], Malformed::Sizes),
            (&[flags, byte, b"", b"text"], Malformed::Sizes),
            (&[&[0; 400], byte, byte, b"text"], Malformed::Sizes),
        ];
        for (parts, expected) in cases {
            assert_eq!(received(parts), Err(expected), "{parts:?}");
        }
    }

    #[test]
    fn a_payload_that_is_too_long_is_passed_over() {
        let mut head = Vec::new();
        Wire::new(io::empty(), &mut head).send(&[&[0, 0], &[0], &[0], b""]).unwrap();
        // The last part gets a length of eight bytes.
        head.truncate(head.len() - 2);
        head.push(2);
        head.extend((LONGEST_PAYLOAD + 1).to_be_bytes());
        let long = head.chain(io::repeat(b'x').take(LONGEST_PAYLOAD + 1));
        let found = receive(&mut Wire::new(long, io::sink())).unwrap();
        assert_eq!(found, Err(Malformed::TooLong));
    }

    proptest! {
        #[test]
        fn any_bytes_are_frames_or_not_and_end(
            bytes in proptest::collection::vec(prop_oneof![0u8..5, any::<u8>()], 0..400)
        ) {
            let mut wire = Wire::new(&bytes[..], io::sink());
            while let Ok(message) = receive(&mut wire) {
                if let Ok(mut frame) = message {
                    prop_assert!(frame.payload.len() < bytes.len());
                    frame.placed(false);
                }
            }
        }
    }

    #[test]
    fn data_and_metadata_are_told_by_their_content() {
        let placed = |payload: &[u8], is_metadata| {
            let mut frame = Received { payload: payload.to_vec(), ..Received::default() };
            frame.placed(is_metadata);
            frame.channel
        };
        let mut data = vec![0; 128 + 4 * 3];
        (data[0], data[4]) = (1, 3);
        assert_eq!(placed(&data, false), DATA_CHANNEL);
        assert_eq!(placed(&data, true), METADATA_CHANNEL);
        assert_eq!(placed(&data[..128 + 2 * 3], false), DATA_CHANNEL);
        assert_eq!(placed(b"AMCc.Dev.A: 1\n", false), METADATA_CHANNEL);
        assert_eq!(placed("a: \u{b5}\n".repeat(100).as_bytes(), false), METADATA_CHANNEL);
        // Neither: it stays where it came.
        assert_eq!(placed(&[0xff; 200], false), DATA_CHANNEL);
        assert_eq!(placed(b"", false), DATA_CHANNEL);
        let mut other = Received { channel: 7, payload: b"text".to_vec(), ..Received::default() };
        other.placed(false);
        assert_eq!(other.channel, 7);
    }
}
