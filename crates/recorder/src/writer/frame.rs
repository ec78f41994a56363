//! What a sender gives to the writer and to the chain.

use wavekeep_smurf::record::{DATA_CHANNEL, METADATA_CHANNEL, RecordHeader};

/// One frame, before it is a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Frame flags; bit 8 marks it bad.
    pub flags: u16,
    /// Frame error, 0 for none.
    pub error: u8,
    /// Where it belongs: 0 data, 1 metadata.
    pub channel: u8,
    /// A data frame's header and samples, or text.
    pub payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// A good data frame.
    pub const fn data(payload: &'a [u8]) -> Self {
        Self { flags: 0, error: 0, channel: DATA_CHANNEL, payload }
    }

    /// Metadata: YAML in UTF-8.
    pub const fn metadata(text: &'a [u8]) -> Self {
        Self { flags: 0, error: 0, channel: METADATA_CHANNEL, payload: text }
    }

    /// Whether the sender marked it bad: an error, or bit 8 of the flags.
    pub fn is_errored(&self) -> bool {
        RecordHeader { size: 0, flags: self.flags, error: self.error, channel: self.channel }
            .is_errored()
    }

    /// The header of its record; `None` when no record can hold the payload.
    pub fn header(&self) -> Option<RecordHeader> {
        RecordHeader::new(self.payload.len(), self.flags, self.error, self.channel)
    }
}
