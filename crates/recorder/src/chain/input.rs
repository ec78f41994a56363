//! What counts as a frame before the chain.

use serde::{Deserialize, Serialize};

use crate::writer::Frame;
use wavekeep_smurf::header::{FrameHeader, HEADER_LEN};

/// What one sample of an incoming frame is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SampleWidth {
    /// 16 bits, signed, little-endian: frames of the instrument.
    #[default]
    I16,
    /// 32 bits, signed, little-endian: frames of a file.
    I32,
}

impl SampleWidth {
    /// Bytes of a sample.
    pub const fn bytes(self) -> usize {
        match self {
            Self::I16 => 2,
            Self::I32 => 4,
        }
    }
}

/// Why a frame is dropped by every stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum BadFrame {
    /// The sender marked it bad: its error is not zero, or bit 8 of its flags is set.
    #[error("marked bad by the sender (error {error}, flags {flags:#06x})")]
    Marked {
        /// Frame error.
        error: u8,
        /// Frame flags.
        flags: u16,
    },
    /// There is no room for a header.
    #[error("payload of {0} bytes, a header has 128")]
    Short(usize),
    /// The header says more channels than samples follow.
    #[error("{channels} channels in the header, room for {room}")]
    Channels {
        /// `number_of_channels` of the header.
        channels: u32,
        /// Samples that the payload has room for.
        room: usize,
    },
}

/// A whole data frame: its header, and as many samples as its header says.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct InputFrame<'a> {
    /// The header, taken apart.
    pub header: FrameHeader,
    /// The header as it came, with the bytes that belong to no field.
    pub header_bytes: &'a [u8; HEADER_LEN],
    /// The samples' bytes, without padding.
    pub samples: &'a [u8],
}

impl<'a> InputFrame<'a> {
    /// Looks whether the frame is whole.
    ///
    /// # Errors
    /// The reason for which every stage drops it.
    pub fn parse(frame: Frame<'a>, width: SampleWidth) -> Result<Self, BadFrame> {
        if frame.is_errored() {
            return Err(BadFrame::Marked { error: frame.error, flags: frame.flags });
        }
        let short = BadFrame::Short(frame.payload.len());
        let (header_bytes, rest) = frame.payload.split_first_chunk().ok_or(short)?;
        let header = FrameHeader::parse(header_bytes).map_err(|_| short)?;
        let (channels, room) = (header.number_of_channels, rest.len() / width.bytes());
        if channels as usize > room {
            return Err(BadFrame::Channels { channels, room });
        }
        Ok(Self { header, header_bytes, samples: &rest[..channels as usize * width.bytes()] })
    }

    /// The samples as numbers, into a buffer that is used again.
    pub fn samples_into(&self, width: SampleWidth, output: &mut Vec<i32>) {
        output.clear();
        match width {
            SampleWidth::I16 => output.extend(
                self.samples
                    .as_chunks()
                    .0
                    .iter()
                    .map(|&sample| i32::from(i16::from_le_bytes(sample))),
            ),
            SampleWidth::I32 => {
                output.extend(
                    self.samples.as_chunks().0.iter().map(|&sample| i32::from_le_bytes(sample)),
                );
            }
        }
    }
}
