//! The time that the server gives to a frame.

use wavekeep_smurf::header::HEADER_LEN;

const TIMESTAMP: std::ops::Range<usize> = 48..56;

/// Writes the UNIX time in nanoseconds into a data frame's header and touches nothing else.
pub fn stamp_header(header: &mut [u8; HEADER_LEN], unix_ns: u64) {
    header[TIMESTAMP].copy_from_slice(&unix_ns.to_le_bytes());
}
