//! What can go wrong while recording, and what is in the file then.

use std::io;
use std::path::PathBuf;

/// Why a command, a setting or a frame was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriterError {
    /// `Open` without a name.
    #[error("DataFile is empty: set a path, or use AutoName")]
    NoDataFile,
    /// A frame came while no file is open. It was not written.
    #[error("no file is open: the frame was not written; open one first")]
    NotOpen,
    /// The file is there, and overwriting was not asked for.
    #[error("{} exists: choose another DataFile, or set Overwrite", .path.display())]
    Exists {
        /// The file in the way.
        path: PathBuf,
    },
    /// The file cannot be created.
    #[error("cannot {action} {}: {source}; nothing is recorded into it", .path.display())]
    Create {
        /// What was tried: `create`, `look for pieces of`, `remove the old piece`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The record can never fit into a piece. It was not written; the file stays open.
    #[error(
        "a record of {bytes} bytes is larger than MaxFileSize ({max}): it was not written; raise \
         MaxFileSize or set it to 0"
    )]
    LargerThanPiece {
        /// Bytes of the record, its header included.
        bytes: u64,
        /// `MaxFileSize`.
        max: u64,
    },
    /// A record's size has 32 bits. It was not written; the file stays open.
    #[error("a payload of {bytes} bytes is larger than a record can be (4294967291): send less")]
    PayloadTooLarge {
        /// Bytes of the payload.
        bytes: u64,
    },
    /// A write failed. The file was cut to the last whole record and closed.
    #[error(
        "writing to {} failed: {source}; the file is closed and ends with a whole record at byte \
         {kept_bytes}{}", .path.display(), lost_words(*.lost_frames)
    )]
    Write {
        /// The piece that was written to.
        path: PathBuf,
        /// Bytes of it that are in the file, a record boundary.
        kept_bytes: u64,
        /// Frames that had been accepted into the buffer and are not in the file. The frame that
        /// was being sent is not among them, and is not in the file either.
        lost_frames: u64,
        /// What the system says.
        source: io::Error,
    },
    /// A write failed, and so did cutting the file to the last whole record.
    #[error(
        "writing to {} failed: {source}; then it could not be cut to the last whole record at \
         byte {kept_bytes}: {cut}{}; recover it before use", .path.display(),
        lost_words(*.lost_frames)
    )]
    WriteAndCut {
        /// The piece that was written to.
        path: PathBuf,
        /// Where its last whole record ends.
        kept_bytes: u64,
        /// As in [`Write`](Self::Write).
        lost_frames: u64,
        /// What the system says of the write.
        source: io::Error,
        /// What the system says of the cut.
        cut: io::Error,
    },
    /// Everything was handed to the system, but it cannot say that it is on the disk. The file is
    /// closed.
    #[error(
        "{} was written but not made durable: {source}; check the disk and the file before the \
         machine is switched off", .path.display()
    )]
    Sync {
        /// The piece, or its folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The setting would make one file of two kinds.
    #[error("{name} cannot change while a file is open: close it first")]
    WhileOpen {
        /// The setting.
        name: &'static str,
    },
    /// There is no such variable or command.
    #[error("there is no {kind} {name:?}: there are {}", .known.join(", "))]
    UnknownName {
        /// `variable` or `command`.
        kind: &'static str,
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<&'static str>,
    },
    /// The variable can only be read.
    #[error("{name} can only be read")]
    ReadOnly {
        /// The variable.
        name: &'static str,
    },
    /// The value is of another type.
    #[error("{name} cannot be {found}: expected {expected}")]
    WrongValue {
        /// The variable.
        name: &'static str,
        /// What it takes.
        expected: &'static str,
        /// What was given.
        found: String,
    },
}

impl WriterError {
    /// Whether recording has ended by this error.
    pub fn ends_recording(&self) -> bool {
        matches!(
            self,
            Self::Exists { .. }
                | Self::Create { .. }
                | Self::Write { .. }
                | Self::WriteAndCut { .. }
                | Self::Sync { .. }
        )
    }
}

fn lost_words(frames: u64) -> String {
    match frames {
        0 => String::new(),
        1 => ", 1 frame from the buffer is lost".to_owned(),
        _ => format!(", {frames} frames from the buffer are lost"),
    }
}
