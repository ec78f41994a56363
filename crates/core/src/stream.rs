//! Streams: recordings as large as the disk, handed on block by block.

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
pub struct FrameBlock {
    /// How many frames there are.
    pub frames: usize,
    /// Samples, `channels × frames`, all frames of the first channel first.
    pub samples: Vec<i32>,
    /// The fields in the order of [`FrameStream::fields`], each `rows × frames` values as
    /// little-endian bytes, all frames of the first row first.
    pub fields: Vec<Vec<u8>>,
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

    /// Fills `block` with the next frames, at most `frames` of them; `false` when there are none
    /// left.
    ///
    /// # Errors
    /// When the source cannot be read.
    fn next_block(&mut self, frames: usize, block: &mut FrameBlock) -> Result<bool, Self::Error>;
}
