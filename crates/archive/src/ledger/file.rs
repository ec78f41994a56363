//! The lines of the ledger's file.

use crate::{Archive, ArchiveError};

use super::tables::Place;

/// Bytes that are read at once.
const CHUNK: u64 = 8 << 20;
/// Longest line that is read. A review has a sidecar's parts twice.
pub(crate) const LINE_BYTES: usize = 64 << 20;

/// Why lines could not be gone through.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// The file.
    Archive(ArchiveError),
    /// What was done with a line.
    Index(rusqlite::Error),
}

impl From<rusqlite::Error> for ReadError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Index(error)
    }
}

impl Archive {
    /// The length of the ledger's file; `None` where there is none.
    pub(crate) fn ledger_len(&self) -> Result<Option<u64>, ArchiveError> {
        let path = self.layout().ledger();
        self.files().len(&path).map_err(ArchiveError::io(&path, "look at the ledger"))
    }

    /// Goes through the lines of the ledger from byte `offset` to `end`, or to its end, without their
    /// ends, until `visit` says that it has enough. Whether the last line that was read has an end; one
    /// that has none is not visited.
    pub(crate) fn each_line(
        &self,
        mut offset: u64,
        end: Option<u64>,
        visit: &mut dyn FnMut(&[u8]) -> rusqlite::Result<bool>,
    ) -> Result<bool, ReadError> {
        let mut held: Vec<u8> = Vec::new();
        loop {
            let want = end.map_or(CHUNK, |end| CHUNK.min(end.saturating_sub(offset)));
            let read = self.ledger_bytes(offset, want).map_err(ReadError::Archive)?;
            if read.is_empty() {
                return Ok(held.is_empty());
            }
            offset += read.len() as u64;
            held.extend_from_slice(&read);
            let mut begin = 0;
            while let Some(length) = memchr::memchr(b'\n', &held[begin..]) {
                if !visit(&held[begin..begin + length])? {
                    return Ok(true);
                }
                begin += length + 1;
            }
            held.drain(..begin);
            if held.len() > LINE_BYTES {
                return Err(ReadError::Archive(self.ledger_wrong(&format!(
                    "a line at byte {} has more than {LINE_BYTES} bytes",
                    offset - held.len() as u64
                ))));
            }
        }
    }

    /// At most `bytes` bytes of the ledger from `offset` on.
    pub(crate) fn ledger_bytes(&self, offset: u64, bytes: u64) -> Result<Vec<u8>, ArchiveError> {
        let path = self.layout().ledger();
        let read = self.files().read_from(&path, offset, bytes);
        read.map_err(ArchiveError::io(&path, "read the ledger"))
    }

    /// The line of an entry, as it stands there.
    pub(crate) fn ledger_line(&self, place: &Place) -> Result<Vec<u8>, ArchiveError> {
        self.ledger_bytes(place.offset, place.bytes.min(LINE_BYTES as u64))
    }
}
