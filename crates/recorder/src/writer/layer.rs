//! The file system as the writer sees it: few calls, each of which can fail.

use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice, Write};
use std::path::{Path, PathBuf};

/// A file system. [`Disk`] is the real one; tests give one that fails at a chosen call.
pub trait FileLayer {
    /// An open file.
    type File: RecordFile;

    /// Creates a file for writing. With `overwrite` a file that exists is truncated.
    ///
    /// # Errors
    /// The system's. [`io::ErrorKind::AlreadyExists`] for a name that is taken, without
    /// `overwrite`.
    fn create(&mut self, path: &Path, overwrite: bool) -> io::Result<Self::File>;

    /// Pieces of a split run that are there: files named `path` with a dot and a number behind.
    ///
    /// # Errors
    /// The system's.
    fn pieces(&mut self, path: &Path) -> io::Result<Vec<PathBuf>>;

    /// Removes a file.
    ///
    /// # Errors
    /// The system's.
    fn remove(&mut self, path: &Path) -> io::Result<()>;

    /// Makes the name of a new file durable.
    ///
    /// # Errors
    /// The system's.
    fn sync_folder_of(&mut self, path: &Path) -> io::Result<()>;
}

/// A file that grows.
pub trait RecordFile {
    /// Writes some bytes at the end, from the first slice on, and says how many.
    ///
    /// # Errors
    /// The system's; any number of the bytes may be in the file then.
    fn write(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Cuts the file to `length` bytes.
    ///
    /// # Errors
    /// The system's.
    fn truncate(&mut self, length: u64) -> io::Result<()>;

    /// Returns when everything written is on the disk.
    ///
    /// # Errors
    /// The system's.
    fn sync(&mut self) -> io::Result<()>;
}

/// The file system of the machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Disk;

impl FileLayer for Disk {
    type File = File;

    fn create(&mut self, path: &Path, overwrite: bool) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.write(true);
        match overwrite {
            true => options.create(true).truncate(true),
            // Looks and creates in one step, so that no race overwrites anything.
            false => options.create_new(true),
        };
        options.open(path)
    }

    fn pieces(&mut self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let Some(name) = path.file_name() else { return Ok(Vec::new()) };
        let mut prefix = name.as_encoded_bytes().to_vec();
        prefix.push(b'.');
        let mut pieces = Vec::new();
        for entry in folder_of(path).read_dir()? {
            let entry = entry?;
            let name = entry.file_name();
            let number = name.as_encoded_bytes().strip_prefix(&prefix[..]);
            if number.is_some_and(|it| !it.is_empty() && it.iter().all(u8::is_ascii_digit)) {
                pieces.push(entry.path());
            }
        }
        pieces.sort();
        Ok(pieces)
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn sync_folder_of(&mut self, path: &Path) -> io::Result<()> {
        if cfg!(not(unix)) {
            return Ok(());
        }
        File::open(folder_of(path))?.sync_all()
    }
}

impl RecordFile for File {
    fn write(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        self.write_vectored(parts)
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}
