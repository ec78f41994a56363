//! Whether a path still names what was opened.
//!
//! A lock on a file that somebody replaced locks nothing, and a server whose folder was exchanged
//! would answer from what is no more.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::Path;

/// What a file or folder is to the system, whatever it is called. Nothing where the system does not
/// say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity(Option<(u64, u64)>);

impl Identity {
    /// Of what a path names, links followed.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|found| Self::of(&found))
    }

    /// Of an open file.
    pub(crate) fn of_file(file: &File) -> io::Result<Self> {
        file.metadata().map(|found| Self::of(&found))
    }

    #[cfg(unix)]
    pub(crate) fn of(found: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self(Some((found.dev(), found.ino())))
    }

    #[cfg(not(unix))]
    pub(crate) fn of(_: &Metadata) -> Self {
        Self(None)
    }
}
