//! Why a path could not become a recording.

use std::io;
use std::path::PathBuf;

use wavekeep_core::Error;

/// Why a path could not become a recording. Every variant names the path.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The operating system refused.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// What was tried: `read the file`, …
        action: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// A folder, a pipe, a device, …
    #[error("{}: is {found}, not a file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it is.
        found: &'static str,
    },
    /// No format that is known begins like this.
    #[error("{}: not a recording of a known format (it begins with {found}); known are: {known}", path.display())]
    UnknownFormat {
        /// The path.
        path: PathBuf,
        /// The first bytes.
        found: String,
        /// Names of the formats.
        known: String,
    },
    /// The format is known, the content is not right.
    #[error("{}: {source}", path.display())]
    Decode {
        /// The path.
        path: PathBuf,
        /// What is wrong.
        source: Error,
    },
}

impl OpenError {
    /// A short stable word for programs: `io`, `not_a_file`, `unknown_format`, or the word of the
    /// decoder's error.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Io { .. } => "io",
            Self::NotAFile { .. } => "not_a_file",
            Self::UnknownFormat { .. } => "unknown_format",
            Self::Decode { source, .. } => source.kind(),
        }
    }

    /// Where in the file, when the error has a place.
    pub fn offset(&self) -> Option<u64> {
        match self {
            Self::Decode { source, .. } => source.offset(),
            _ => None,
        }
    }
}
