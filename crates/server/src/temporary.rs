//! Files of uploads and exports: without a name, so that they are gone when nobody has them open, and
//! bounded in number and bytes.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::StatusCode;
use tempfile::{SpooledTempFile, spooled_tempfile, spooled_tempfile_in};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wavekeep_archive::Archive;

use crate::problem::Problem;

/// What all temporary files take together.
#[derive(Debug)]
pub struct Temporaries {
    exports: Arc<Semaphore>,
    bytes: Arc<AtomicU64>,
    most: u64,
}

impl Temporaries {
    /// So many exports at a time, and so many bytes of exports and uploads together.
    pub fn new(exports: usize, most: u64) -> Self {
        Self { exports: Arc::new(Semaphore::new(exports)), bytes: Arc::default(), most }
    }

    /// A file for an export. It counts until its answer is sent or given up.
    ///
    /// # Errors
    /// When there are as many as the server allows.
    pub fn export(&self, archive: &Archive) -> Result<Temporary, Problem> {
        let permit = Arc::clone(&self.exports).try_acquire_owned().map_err(|_| {
            let detail = "the server makes as many exports as it may; try again later";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "exports", detail)
        })?;
        Ok(self.make(archive, Some(permit)))
    }

    /// A file for the files of a request.
    pub fn upload(&self, archive: &Archive) -> Temporary {
        self.make(archive, None)
    }

    fn make(&self, archive: &Archive, permit: Option<OwnedSemaphorePermit>) -> Temporary {
        // Beside the archive: where that has space, so has this. Nothing is written into one that is
        // only read.
        let file = match archive.is_read_only() {
            true => spooled_tempfile(IN_MEMORY),
            false => spooled_tempfile_in(IN_MEMORY, archive.layout().own_folder()),
        };
        let bytes = Arc::clone(&self.bytes);
        Temporary { file, taken: 0, bytes, most: self.most, _permit: permit }
    }
}

/// Bytes that are held in memory: most uploads are a single event, and a file costs as much as saving one.
const IN_MEMORY: usize = 256 << 10;

/// A file without a name; in memory while it is small.
#[derive(Debug)]
pub struct Temporary {
    file: SpooledTempFile,
    taken: u64,
    bytes: Arc<AtomicU64>,
    most: u64,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Temporary {
    /// Its length in bytes.
    ///
    /// # Errors
    /// What the system says.
    pub fn len(&mut self) -> io::Result<u64> {
        let place = self.file.stream_position()?;
        let len = self.file.seek(SeekFrom::End(0))?;
        self.file.seek(SeekFrom::Start(place))?;
        Ok(len)
    }
}

impl Write for Temporary {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = bytes.len() as u64;
        if self.bytes.fetch_add(len, Ordering::Relaxed) + len > self.most {
            self.bytes.fetch_sub(len, Ordering::Relaxed);
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        self.taken += len;
        self.file.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Read for Temporary {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Seek for Temporary {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        self.bytes.fetch_sub(self.taken, Ordering::Relaxed);
    }
}

/// What failed with a temporary file, as a problem.
pub fn failed(error: &io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::QuotaExceeded => {
            let detail = "exports and uploads take as many bytes on the server as they may: ask for \
                less, or try again later";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "temporary_bytes", detail)
        }
        io::ErrorKind::StorageFull => {
            tracing::error!("{error}");
            let detail = "the disk of the server is full";
            Problem::new(StatusCode::INSUFFICIENT_STORAGE, "disk_full", detail)
        }
        _ => Problem::internal(error),
    }
}
