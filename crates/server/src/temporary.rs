//! Files of uploads and exports: without a name, so that they are gone when nobody has them open, and
//! bounded in number and bytes.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::StatusCode;
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
    /// When there are as many as the server allows; what the system says.
    pub fn export(&self, archive: &Archive) -> Result<Temporary, Problem> {
        let permit = Arc::clone(&self.exports).try_acquire_owned().map_err(|_| {
            let detail = "the server makes as many exports as it may; try again later";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "exports", detail)
        })?;
        self.make(archive, Some(permit))
    }

    /// A file for the files of a request.
    ///
    /// # Errors
    /// What the system says.
    pub fn upload(&self, archive: &Archive) -> Result<Temporary, Problem> {
        self.make(archive, None)
    }

    fn make(
        &self,
        archive: &Archive,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Result<Temporary, Problem> {
        // Beside the archive: where that has space, so has this. Nothing is written into one that is
        // only read.
        let made = match archive.is_read_only() {
            true => tempfile::tempfile(),
            false => tempfile::tempfile_in(archive.layout().own_folder()),
        };
        let file = made.map_err(|error| failed(&error))?;
        let bytes = Arc::clone(&self.bytes);
        Ok(Temporary { file, taken: 0, bytes, most: self.most, _permit: permit })
    }
}

/// A file without a name.
#[derive(Debug)]
pub struct Temporary {
    file: File,
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
    pub fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
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
