//! What came over a bridge, by number.

use serde::Serialize;

use super::message::{Malformed, Received};
use super::steps::Steps;
use wavekeep_smurf::FrameHeader;
use wavekeep_smurf::record::{DATA_CHANNEL, METADATA_CHANNEL};

/// What came over a bridge since it was opened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BridgeCounts {
    /// Frames that came, those with an empty payload included.
    pub frames: u64,
    /// Of these, frames of data.
    pub data: u64,
    /// Of these, frames whose samples have 16 bits, as in front of the server's chain. A file of
    /// them cannot be read: a chain has to make 32 bits of them.
    pub narrow: u64,
    /// Of these, metadata.
    pub metadata: u64,
    /// Frames on channel 0 that are neither data nor text. They are recorded as they came.
    pub unknown: u64,
    /// Frames without a payload. There is nothing in them to record.
    pub empty: u64,
    /// Frames that their sender marked bad, by an error or bit 8 of the flags.
    pub bad: u64,
    /// Bytes of all payloads.
    pub bytes: u64,
    /// Messages that are no frames. They are dropped, as by Rogue.
    pub malformed: MalformedCounts,
    /// The step of frame_counter: the number that most frames of data go on by.
    pub step: Option<u32>,
    /// Frames of data that are missing: the counter went on by more than one step.
    pub lost: u64,
    /// Frames of data whose counter did not go on.
    pub out_of_order: u64,
    /// Bytes that wait for the recorder.
    pub waiting_bytes: usize,
    /// Connections now.
    pub connected: usize,
    /// Connections since the beginning; each after the first may have cost frames.
    pub connections: u64,
    /// Connections that were of no use: other programs, other sockets, broken bytes.
    pub refused: u64,
    /// The last reason why a connection could not be made or ended.
    pub last_fault: Option<String>,
}

/// Messages that are no frames, by what is wrong with them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MalformedCounts {
    /// Messages of another number of parts than four.
    pub parts: u64,
    /// Messages whose flags, channel or error have other sizes than 2, 1 and 1 bytes.
    pub sizes: u64,
    /// Messages with a payload of more than 256 MiB.
    pub too_long: u64,
}

impl MalformedCounts {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.parts + self.sizes + self.too_long
    }

    pub(super) fn count(&mut self, malformed: Malformed) {
        match malformed {
            Malformed::Parts => self.parts += 1,
            Malformed::Sizes => self.sizes += 1,
            Malformed::TooLong => self.too_long += 1,
        }
    }
}

impl BridgeCounts {
    /// Whether something is missing from what the sender sent, as far as is known.
    pub fn is_incomplete(&self) -> bool {
        self.lost + self.out_of_order + self.malformed.total() > 0
    }

    pub(super) fn count(&mut self, frame: &Received, steps: &mut Steps) {
        self.frames += 1;
        self.bytes += frame.payload.len() as u64;
        self.bad += u64::from(frame.frame().is_errored());
        if frame.payload.is_empty() {
            self.empty += 1;
        } else if frame.channel == METADATA_CHANNEL {
            self.metadata += 1;
        } else if frame.channel == DATA_CHANNEL && frame.is_data() {
            self.data += 1;
            self.narrow += u64::from(frame.is_narrow());
            if let Ok(header) = FrameHeader::parse(&frame.payload) {
                steps.take(header.frame_counter);
            }
        } else if frame.channel == DATA_CHANNEL {
            self.unknown += 1;
        }
    }
}
