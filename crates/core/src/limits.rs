//! What a stranger's file may ask for.

/// Bounds on what a decoder does for a file that it knows nothing about.
///
/// No decoder allocates by a number that it found in a file; these bound what the *content* of a
/// file can grow into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest event file, in bytes. The units' ring memory is 64 KiB: 8 MiB is generous.
    pub event_bytes: u64,
    /// Largest report text, in bytes.
    pub report_text_bytes: u64,
    /// Most notes that are kept in a [`Report`](crate::Report); further ones are counted.
    pub notes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { event_bytes: 8 << 20, report_text_bytes: 32 << 20, notes: 1000 }
    }
}
