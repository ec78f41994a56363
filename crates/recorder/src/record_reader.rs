//! Records from whatever can be read from beginning to end: a pipe, a socket, a file.

use std::io::{self, Read};

use crate::writer::Frame;
use wavekeep_smurf::record::{Fault, RECORD_HEADER_LEN, RecordHeader};

/// A record that is longer than this is taken for damage: a frame of 4096 channels has 16 KiB, a
/// dump of a whole configuration some MB.
const LONGEST_PAYLOAD: u32 = 1 << 28;

/// Why there is no next record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordReadError {
    /// The bytes are no record; what came before them was whole.
    #[error("at byte {offset}: {fault}")]
    Fault {
        /// Where the record begins.
        offset: u64,
        /// What is wrong with it.
        fault: Fault,
    },
    /// A record that no writer makes.
    #[error(
        "at byte {offset}: record size: expected at most {LONGEST_PAYLOAD}, found {found}; it is damage, or no record"
    )]
    TooLong {
        /// Where the record begins.
        offset: u64,
        /// Bytes of payload that its header says.
        found: u32,
    },
    /// The source could not be read.
    #[error("at byte {offset}: {source}")]
    Io {
        /// Where the record begins.
        offset: u64,
        /// What the system says.
        source: io::Error,
    },
}

/// Reads record after record; the payload is kept in a buffer that is used again.
///
/// ```
/// use wavekeep_recorder::RecordReader;
///
/// let bytes = [6, 0, 0, 0, 0, 0, 0, 1, b'o', b'k', 9, 9];
/// let mut records = RecordReader::new(&bytes[..]);
/// assert_eq!(records.next_frame()?.unwrap().payload, b"ok");
/// let error = records.next_frame().unwrap_err();
/// assert!(error.to_string().starts_with("at byte 10: expected the 8 bytes of a record header, found 2"));
/// # Ok::<(), wavekeep_recorder::RecordReadError>(())
/// ```
#[derive(Debug)]
pub struct RecordReader<R> {
    input: R,
    offset: u64,
    payload: Vec<u8>,
}

impl<R: Read> RecordReader<R> {
    /// Begins to read. Small reads are made: a file wants a `BufReader` around it.
    pub fn new(input: R) -> Self {
        Self { input, offset: 0, payload: Vec::new() }
    }

    /// Bytes of whole records that were read.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next record; `None` at an end that is a record's end.
    ///
    /// # Errors
    /// [`RecordReadError`]; nothing can be read behind it.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, RecordReadError> {
        let offset = self.offset;
        let fault = |fault| RecordReadError::Fault { offset, fault };
        let header = self.fill(RECORD_HEADER_LEN as u64)?;
        let Ok(bytes) = <[u8; RECORD_HEADER_LEN]>::try_from(&self.payload[..]) else {
            return if header == 0 {
                Ok(None)
            } else {
                Err(fault(Fault::StrayBytes { left: header }))
            };
        };
        let header = RecordHeader::parse(bytes);
        let length =
            header.payload_len().ok_or(fault(Fault::SizeTooSmall { size: header.size }))?;
        if length > LONGEST_PAYLOAD {
            return Err(RecordReadError::TooLong { offset, found: length });
        }
        let found = self.fill(length.into())?;
        if found < u64::from(length) {
            let whole = RECORD_HEADER_LEN as u64;
            return Err(fault(Fault::PastEnd {
                needs: whole + u64::from(length),
                left: whole + found,
            }));
        }
        self.offset += RECORD_HEADER_LEN as u64 + found;
        let RecordHeader { flags, error, channel, .. } = header;
        Ok(Some(Frame { flags, error, channel, payload: &self.payload }))
    }

    /// Reads up to `length` bytes into the buffer. It grows with what comes, not with what a
    /// header promises.
    fn fill(&mut self, length: u64) -> Result<u64, RecordReadError> {
        self.payload.clear();
        let read = self.input.by_ref().take(length).read_to_end(&mut self.payload);
        let io = |source| RecordReadError::Io { offset: self.offset, source };
        Ok(read.map_err(io)? as u64)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use wavekeep_smurf::record::Records;

    proptest! {
        #[test]
        fn a_pipe_gives_the_records_of_a_file(
            bytes in proptest::collection::vec(prop_oneof![5 => 0u8..12, 1 => any::<u8>()], 0..200)
        ) {
            let mut reader = RecordReader::new(&bytes[..]);
            for record in Records::new(&bytes, 0) {
                prop_assert_eq!(reader.offset(), record.map_or_else(|(at, _)| at, |record| record.offset));
                match (reader.next_frame(), record) {
                    (Ok(Some(frame)), Ok(record)) => {
                        prop_assert_eq!(frame.payload, record.payload);
                        prop_assert_eq!(frame.header(), Some(record.header));
                    }
                    (Err(RecordReadError::Fault { offset, fault }), Err(expected)) => {
                        prop_assert_eq!((offset, fault), expected);
                        return Ok(());
                    }
                    (Err(RecordReadError::TooLong { .. }), Err((_, Fault::PastEnd { .. }))) => return Ok(()),
                    (found, expected) => prop_assert!(false, "{found:?} is not {expected:?}"),
                }
            }
            prop_assert!(matches!(reader.next_frame(), Ok(None)));
        }
    }
}
