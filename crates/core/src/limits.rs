//! Limits for untrusted input.

use derive_setters::Setters;

/// Bounds on what a decoder does for a file that it knows nothing about.
///
/// No decoder allocates by a number that it found in a file; these bound what the *content* of a
/// file can grow into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct Limits {
    /// Largest event file, in bytes. Two hours at 4096 samples/s are some 240 MB.
    pub event_bytes: u64,
    /// Most samples of an event, all channels together: a quiet one takes few bytes.
    pub event_samples: u64,
    /// Largest report text, in bytes. It lists every sample: two hours at 4096 samples/s are some
    /// 900 MB.
    pub report_text_bytes: u64,
    /// Most notes that are kept in a [`Report`](crate::Report); further ones are counted.
    pub notes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            event_bytes: 512 << 20,
            event_samples: 1 << 28,
            report_text_bytes: 2 << 30,
            notes: 1000,
        }
    }
}
