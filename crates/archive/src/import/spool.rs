//! Texts that wait for their events: on the disk, not in memory, when they came out of a zip or tar
//! archive. A small archive can hold gigabytes of them.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Most bytes of texts that wait.
const MOST_BYTES: u64 = 512 << 20;

/// A file without a name: it is gone when nobody has it open, whatever happens.
#[derive(Debug, Default)]
pub(super) struct Spool {
    file: Option<Arc<Mutex<File>>>,
    len: u64,
}

/// Bytes in the spool.
#[derive(Debug, Clone)]
pub(super) struct Spooled {
    file: Arc<Mutex<File>>,
    offset: u64,
    pub len: u64,
}

impl Spool {
    /// Puts bytes into the spool, which is made in `folder`.
    pub(super) fn put(&mut self, folder: &Path, bytes: &[u8]) -> io::Result<Spooled> {
        let len = bytes.len() as u64;
        if self.len + len > MOST_BYTES {
            return Err(io::Error::new(
                io::ErrorKind::QuotaExceeded,
                "too many texts wait for their events: import it again when these are in",
            ));
        }
        let file = match &self.file {
            Some(file) => Arc::clone(file),
            None => {
                let file = Arc::new(Mutex::new(tempfile::tempfile_in(folder)?));
                Arc::clone(self.file.insert(file))
            }
        };
        let offset = self.len;
        {
            let mut open = file.lock().unwrap_or_else(PoisonError::into_inner);
            open.seek(SeekFrom::Start(offset))?;
            open.write_all(bytes)?;
        }
        self.len += len;
        Ok(Spooled { file, offset, len })
    }
}

impl Spooled {
    /// The bytes.
    pub(super) fn read(&self) -> io::Result<Vec<u8>> {
        let mut open = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        open.seek(SeekFrom::Start(self.offset))?;
        let mut bytes = Vec::new();
        (&mut *open).take(self.len).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}
