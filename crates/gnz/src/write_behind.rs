//! Writing that keeps the disk busy from the first chunk on.
//!
//! A file that is synced at its end is otherwise first copied to the cache and
//! then written to the disk, one after the other. Here the disk begins with each
//! piece as soon as it is in the cache.

use std::fs::File;
use std::io::{self, Write};

/// Bytes that are handed to the system at a time. Of larger pieces, Linux looks for larger pages in
/// its cache: with 4 MiB, 1 GiB took up to three times as long where memory was in many small parts
/// (ext4, Linux 6.18); with much smaller ones, reading the file mapped is slower afterwards.
const CHUNK: usize = 512 << 10;
/// Bytes after which the disk is asked to begin.
const PIECE: u64 = 4 << 20;

/// A file that is written from its beginning and synced at its end.
pub(crate) struct WriteBehind<'a> {
    file: &'a File,
    /// Bytes in the cache so far.
    written: u64,
    /// Bytes that the disk was asked to begin with.
    begun: u64,
}

impl<'a> WriteBehind<'a> {
    /// `file` is empty but for reserved blocks.
    pub(crate) fn new(file: &'a File) -> WriteBehind<'a> {
        WriteBehind { file, written: 0, begun: 0 }
    }

    fn begin(&mut self) {
        let piece = self.begun..self.written;
        self.begun = self.written;
        start_writing(self.file, piece.start, piece.end - piece.start);
    }
}

impl Write for WriteBehind<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(&bytes[..bytes.len().min(CHUNK)])?;
        self.written += count as u64;
        if self.written - self.begun >= PIECE {
            self.begin();
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Linux answers this advice by starting to write the pages that are not on the disk yet and by
/// dropping those that are: of a piece that was written a moment ago, it drops none or few.
#[cfg(target_os = "linux")]
fn start_writing(file: &File, offset: u64, length: u64) {
    // It is advice: without it the file is the same.
    rustix::fs::fadvise(
        file,
        offset,
        std::num::NonZeroU64::new(length),
        rustix::fs::Advice::DontNeed,
    )
    .ok();
}

#[cfg(not(target_os = "linux"))]
fn start_writing(_: &File, _: u64, _: u64) {}
