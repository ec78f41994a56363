//! Why a path could not be opened.

use std::io;
use std::path::PathBuf;

use wavekeep_core::Error;

/// Why a path could not become a recording or a file of arrays. Every variant names the path.
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
    #[error("{}: not a recording of a known format (it begins with {found}); known formats: {known}", path.display())]
    UnknownFormat {
        /// The path.
        path: PathBuf,
        /// The first bytes.
        found: String,
        /// Names of the formats.
        known: String,
    },
    /// The file is known and may be right, but it has no time axis.
    #[error("{}: is a {format}: arrays without a time axis, not a recording", path.display())]
    NoRecording {
        /// The path.
        path: PathBuf,
        /// Name of the format.
        format: &'static str,
    },
    /// The file is a GNZ and cannot be opened as one.
    #[error("{}: {source}", path.display())]
    Gnz {
        /// The path.
        path: PathBuf,
        /// What is wrong.
        source: Box<gnz::Error>,
    },
    /// The file is a stream and cannot be read.
    #[error("{}: {source}", path.display())]
    Stream {
        /// The path.
        path: PathBuf,
        /// What is wrong.
        source: Box<wavekeep_smurf::Error>,
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
    /// A short stable word for programs: `io`, `not_a_file`, `unknown_format`, `no_recording`, or
    /// the word of the decoder's error.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Io { .. } => "io",
            Self::NotAFile { .. } => "not_a_file",
            Self::UnknownFormat { .. } => "unknown_format",
            Self::NoRecording { .. } => "no_recording",
            Self::Stream { .. } => "stream",
            Self::Gnz { source, .. } => match **source {
                gnz::Error::Io { .. } => "io",
                gnz::Error::HeaderTooLong { .. } | gnz::Error::TooDeep { .. } => "limit",
                gnz::Error::UnsupportedVersion { .. } | gnz::Error::SuccessorVersion { .. } => {
                    "unsupported"
                }
                _ => "malformed",
            },
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
