//! Why something could not be written, by what the caller can do about it.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

use crate::Target;

/// Why a recording or arrays could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The target has no way to say what is to be written.
    #[error("{target} cannot hold {what}: {advice}")]
    Unrepresentable {
        /// The word of the target.
        target: &'static str,
        /// What it cannot hold.
        what: Cow<'static, str>,
        /// What to do instead.
        advice: Cow<'static, str>,
    },
    /// The file is there already.
    #[error("{} exists already: overwriting it has to be asked for", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// What stands at the path is a folder, a device or a pipe.
    #[error("{} is not a regular file: write to a path of its own", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("cannot write {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The receiver of the bytes failed.
    #[error("cannot write: {0}")]
    Write(#[from] io::Error),
    /// The library that writes the target failed on something that it should be able to hold.
    #[error("writing {target} failed: {message}")]
    Library {
        /// The word of the target.
        target: &'static str,
        /// What the library said.
        message: String,
    },
}

impl ExportError {
    /// A short stable word for programs: `unrepresentable`, `exists`, `not_a_file`, `io`,
    /// `library`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unrepresentable { .. } => "unrepresentable",
            Self::Exists { .. } => "exists",
            Self::NotAFile { .. } => "not_a_file",
            Self::File { .. } | Self::Write(_) => "io",
            Self::Library { .. } => "library",
        }
    }

    pub(crate) fn unrepresentable(
        target: Target,
        what: impl Into<Cow<'static, str>>,
        advice: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::Unrepresentable { target: target.word(), what: what.into(), advice: advice.into() }
    }

    pub(crate) fn no_channels(target: Target) -> Self {
        Self::unrepresentable(
            target,
            "a recording without channels",
            "write json, which holds the facts alone",
        )
    }
}
