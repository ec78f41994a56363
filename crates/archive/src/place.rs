//! Whether a path still names what was opened.
//!
//! A lock on a file that somebody replaced locks nothing, and a server whose folder was exchanged
//! would answer from what is no more.

use std::fs::File;
use std::io;
use std::path::Path;

/// What a file or folder is to the system, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity((u64, u64));

impl Identity {
    /// Of what a path names, links followed.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        system::at(path).map(Self)
    }

    /// Of an open file.
    pub(crate) fn of_file(file: &File) -> io::Result<Self> {
        system::of_file(file).map(Self)
    }
}

/// The device and the file's number on it.
#[cfg(unix)]
mod system {
    use std::fs::{self, File, Metadata};
    use std::io;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    pub(super) fn at(path: &Path) -> io::Result<(u64, u64)> {
        fs::metadata(path).map(|found| of(&found))
    }

    pub(super) fn of_file(file: &File) -> io::Result<(u64, u64)> {
        file.metadata().map(|found| of(&found))
    }

    fn of(found: &Metadata) -> (u64, u64) {
        (found.dev(), found.ino())
    }
}

/// The volume and the file's number on it; a file system without such numbers gives 0 to all.
#[cfg(windows)]
mod system {
    use std::fs::File;
    use std::io;
    use std::path::Path;

    use winapi_util::Handle;
    use winapi_util::file::{Information, information};

    pub(super) fn at(path: &Path) -> io::Result<(u64, u64)> {
        information(Handle::from_path_any(path)?).map(|found| of(&found))
    }

    pub(super) fn of_file(file: &File) -> io::Result<(u64, u64)> {
        information(file).map(|found| of(&found))
    }

    fn of(found: &Information) -> (u64, u64) {
        (found.volume_serial_number(), found.file_index())
    }
}
