//! How much of an unknown file is believed.

use derive_setters::Setters;

/// What a reader accepts before it gives up, and a writer before it refuses.
///
/// Both sides take the same limits, so that a file written under the defaults
/// can be opened under the defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct Limits {
    /// Longest header, in bytes of JSON text. The memory that a header takes
    /// is a small multiple (at most about 20) of its text.
    pub header_bytes: u32,
    /// Deepest nesting of lists and objects; the header's own object is level
    /// one, the metadata object level two.
    pub depth: usize,
}

impl Default for Limits {
    /// 16 MiB of header (about 200,000 arrays) and 128 levels.
    fn default() -> Limits {
        Limits { header_bytes: 16 << 20, depth: 128 }
    }
}
