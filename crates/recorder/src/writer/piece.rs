//! One file of a run: whole records, of which the last ones may still be in the buffer.

use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};

use super::error::WriterError;
use super::layer::RecordFile;

/// An open file and what is held back before it.
#[derive(Debug)]
pub(super) struct Piece<F> {
    path: PathBuf,
    file: F,
    /// Bytes in the file: always a record boundary.
    stored: u64,
    held: Vec<u8>,
    /// Where in `held` each record ends.
    ends: Vec<usize>,
}

/// Where a record is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    File,
    Buffer,
}

/// A write that failed, after which the file was cut.
pub(super) struct Failure {
    pub(super) lost_frames: u64,
    pub(super) lost_bytes: u64,
    pub(super) error: WriterError,
}

impl<F: RecordFile> Piece<F> {
    pub(super) fn new(path: PathBuf, file: F) -> Self {
        Self { path, file, stored: 0, held: Vec::new(), ends: Vec::new() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes one record; at most `capacity` bytes are held back.
    pub(super) fn push(
        &mut self,
        header: &[u8],
        payload: &[u8],
        capacity: usize,
    ) -> Result<Place, Failure> {
        let length = header.len() + payload.len();
        if self.held.len() + length > capacity {
            self.flush()?;
        }
        if length <= capacity {
            self.held.extend_from_slice(header);
            self.held.extend_from_slice(payload);
            self.ends.push(self.held.len());
            return Ok(Place::Buffer);
        }
        match write_all(&mut self.file, header, payload) {
            Ok(()) => {
                self.stored += length as u64;
                Ok(Place::File)
            }
            Err((_, source)) => Err(self.cut(source)),
        }
    }

    /// Empties the buffer into the file.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        if self.held.is_empty() {
            return Ok(());
        }
        match write_all(&mut self.file, &self.held, &[]) {
            Ok(()) => {
                self.stored += self.held.len() as u64;
                self.held.clear();
                self.ends.clear();
                Ok(())
            }
            Err((written, source)) => {
                let whole = self.ends.partition_point(|&end| end <= written);
                let kept = whole.checked_sub(1).map_or(0, |last| self.ends[last]);
                self.stored += kept as u64;
                self.held.drain(..kept);
                self.ends.drain(..whole);
                Err(self.cut(source))
            }
        }
    }

    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }

    /// Brings the file back to its last record boundary. What is still held is lost.
    fn cut(&mut self, source: io::Error) -> Failure {
        let (path, kept_bytes) = (self.path.clone(), self.stored);
        let lost_bytes = self.held.len() as u64;
        let lost_frames = self.ends.len() as u64;
        self.held.clear();
        self.ends.clear();
        // Nobody will close this file in good order: what is whole is made durable now.
        let cut = self.file.truncate(kept_bytes).and_then(|()| self.file.sync());
        let error = match cut {
            Ok(()) => WriterError::Write { path, kept_bytes, lost_frames, source },
            Err(cut) => WriterError::WriteAndCut { path, kept_bytes, lost_frames, source, cut },
        };
        Failure { lost_frames, lost_bytes, error }
    }
}

/// Writes both parts; on failure also says how many bytes are known to have gone before.
fn write_all(
    file: &mut impl RecordFile,
    first: &[u8],
    second: &[u8],
) -> Result<(), (usize, io::Error)> {
    let total = first.len() + second.len();
    let mut written = 0;
    while written < total {
        let (first, second) = match written.checked_sub(first.len()) {
            None => (&first[written..], second),
            Some(written) => (&[][..], &second[written..]),
        };
        let step = match file.write(&[IoSlice::new(first), IoSlice::new(second)]) {
            Ok(0) => Err(io::ErrorKind::WriteZero.into()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(0),
            other => other,
        };
        written += step.map_err(|source| (written, source))?;
    }
    Ok(())
}
