//! The waveform body: four channels that take turns in segments of tagged blocks of deltas.
//!
//! ```text
//! 00 02 00  first two Tran samples  blocks …      segment 0: Tran
//! 40 02  two deltas  check  length  counter  02 00  two samples  blocks …   segment 1: Vert
//! 40 02  …                                        segment 2: Long, 3: MicL, 4: Tran again …
//! 40 02  two deltas                               closes the last segment
//! trailer
//! ```
//!
//! A full segment holds 512 samples of its channel. [`decode`] walks the segments; a segment that
//! cannot be read costs at most itself, because the length field of its record leads to the next
//! one. [`encode`] is the inverse, with the smallest blocks that the format has.

mod assemble;
mod blocks;
mod decode;
mod encode;
mod probe;

use wavekeep_core::{Gaps, Note};

pub use decode::decode;
pub use encode::{TooShort, encode};
pub use probe::{begins_body, boundaries, check_size};

/// Samples of one channel in a full segment.
pub const SEGMENT_SAMPLES: usize = 512;
/// What a waveform body begins with.
pub const BODY_MARKER: [u8; 3] = [0x00, 0x02, 0x00];
/// The channels, in the order in which they take turns.
pub const CHANNELS: [&str; 4] = ["Tran", "Vert", "Long", "MicL"];

/// The tag of a kind-4 block of two deltas, which also closes a segment.
const BOUNDARY_TAG: [u8; 2] = [0x40, 0x02];
/// From a boundary's tag to the end of the record behind it: tag, deltas, check value, length,
/// counter, `02 00`, two samples.
const BOUNDARY_LEN: usize = 20;

/// Value of the counter in the first boundary of the bodies that were seen; derived.
const FIRST_COUNTER: u32 = 0x47;

/// A decoded waveform body. All four channels have the same length.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Waveform {
    /// Tran, Vert and Long in units of 16 ADC counts, MicL in counts. Values inside of a gap are
    /// placeholders.
    pub channels: [Vec<i16>; 4],
    /// What is missing of each channel.
    pub gaps: [Gaps; 4],
    /// How many segments were met, those that were lost included.
    pub segments: usize,
    /// Where the trailer begins, from the beginning of the body. Its content is not known.
    pub trailer_offset: usize,
    /// Damage that was survived; offsets are from the beginning of the body.
    pub notes: Vec<Note>,
}
