//! Frames without an instrument, for the emulator to fill.

use crate::writer::Frame;
use wavekeep_smurf::header::{FrameHeader, HEADER_LEN};
use wavekeep_smurf::record::PROTOCOL_VERSION;

/// Frames as a quiet instrument sends them: 16-bit zeros, a frame counter that steps by one.
#[derive(Debug, Clone)]
pub struct FrameSource {
    header: FrameHeader,
    payload: Vec<u8>,
}

impl FrameSource {
    /// Frames of this many channels; the frame counter begins at 0. Crate and slot are 0, which
    /// marks a test.
    pub fn new(channels: u32) -> Self {
        let header = FrameHeader {
            protocol_version: PROTOCOL_VERSION,
            number_of_channels: channels,
            ..FrameHeader::default()
        };
        Self { header, payload: vec![0; HEADER_LEN + 2 * channels as usize] }
    }

    /// The next frame: 128 header bytes, then `channels` zeros of 16 bits.
    pub fn next_frame(&mut self) -> Frame<'_> {
        self.payload[..HEADER_LEN].copy_from_slice(&self.header.to_bytes());
        self.header.frame_counter = self.header.frame_counter.wrapping_add(1);
        Frame::data(&self.payload)
    }
}
