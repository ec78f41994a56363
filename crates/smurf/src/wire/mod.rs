//! The bytes of a stream: record headers, and the 128 bytes in front of the samples of a frame.

pub(crate) mod fields;
pub mod header;
pub mod record;
