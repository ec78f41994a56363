//! Streams: recordings as large as the disk, handed on block by block.

use std::ops::Range;

use crate::Scale;

/// What a stream has beside its samples: one value, or a fixed number of them, for each frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameField {
    /// Its name in the format (`timestamp`, `frame_counter`, …).
    pub name: &'static str,
    /// The type of its values: numpy's type string, little-endian.
    pub dtype: &'static str,
    /// Bytes of a value.
    pub item_size: usize,
    /// Values of a frame: an array of it has the shape `[frames]` for 1, else `[rows, frames]`.
    pub rows: usize,
}

/// Some frames of a stream, in buffers that are used again for the next ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FrameBlock {
    /// How many frames there are.
    pub frames: usize,
    /// Samples, `channels × frames`, all frames of the first channel first.
    pub samples: Vec<i32>,
    /// The fields in the order of [`FrameStream::fields`], each `rows × frames` values as
    /// little-endian bytes, all frames of the first row first.
    pub fields: Vec<Vec<u8>>,
}

/// Frames that are missing in front of frames of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameGap {
    /// The frames of the stream before each of which some are missing: more than one when it
    /// happens again and again, as with every second frame dropped.
    pub before: Range<u64>,
    /// Missing frames, all of [`before`](Self::before) together.
    pub missing: u64,
}

/// What a row of a stream is.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct StreamChannel {
    /// Its number in the frames of the stream.
    pub index: usize,
    /// Band and channel of the detector, when known.
    pub detector: Option<(u32, u32)>,
    /// Frequency of the resonator in MHz, when known.
    pub frequency_mhz: Option<f64>,
}

/// A selection of a stream, read from its beginning to its end.
///
/// The memory that it takes does not depend on the length of the stream.
pub trait FrameStream {
    /// Why a block cannot be read.
    type Error;

    /// Number of channels of each frame.
    fn channels(&self) -> usize;

    /// Number of frames in all blocks together.
    fn frames(&self) -> u64;

    /// What each frame has beside its samples.
    fn fields(&self) -> &[FrameField];

    /// What people call the channel of a row.
    fn channel_name(&self, row: usize) -> String {
        row.to_string()
    }

    /// What every row is.
    fn stream_channels(&self) -> Vec<StreamChannel> {
        (0..self.channels())
            .map(|index| StreamChannel { index, ..StreamChannel::default() })
            .collect()
    }

    /// What one count of a sample is worth.
    fn scale(&self) -> Scale;

    /// Frames a second, missing ones included, when known.
    fn rate_hz(&self) -> Option<f64>;

    /// Where frames are missing, in order.
    fn gaps(&self) -> Vec<FrameGap>;

    /// Fills `block` with the next frames, at most `frames` of them; `false` when there are none
    /// left.
    ///
    /// # Errors
    /// When the source cannot be read.
    fn next_block(&mut self, frames: usize, block: &mut FrameBlock) -> Result<bool, Self::Error>;

    /// As [`next_block`](Self::next_block) for whoever needs the samples alone:
    /// [`FrameBlock::fields`] says nothing.
    ///
    /// # Errors
    /// As `next_block`.
    fn next_samples(&mut self, frames: usize, block: &mut FrameBlock) -> Result<bool, Self::Error> {
        self.next_block(frames, block)
    }
}
