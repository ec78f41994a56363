//! Every way in which opening, reading or recovering can be refused.

use std::io;
use std::path::PathBuf;

use crate::read::select::MOST_THREADS;

/// The crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, where, and what can be done about it.
///
/// Damage in a file is not an error: it stands in the [`Index`](crate::Index) and in the report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was attempted, as a verb: "open", "map", "write".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Neither the name nor the name with a number behind it is a file.
    #[error("there is no {0}, and no {0}.1, {0}.2, …: check the name", path.display())]
    NoSuchRun {
        /// The name that was given.
        path: PathBuf,
    },
    /// The file became shorter than it was when it was opened.
    #[error(
        "{}: expected {expected} bytes, as when it was opened, found {found}: it was written anew; open it again",
        path.display()
    )]
    Shrunk {
        /// The file.
        path: PathBuf,
        /// Bytes that it had.
        expected: u64,
        /// Bytes that it has.
        found: u64,
    },
    /// The files are no longer those that were opened elsewhere.
    #[error("{} is not what was opened before: {what}; open the run again", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: String,
    },
    /// A file that is no stream, whatever its name says.
    #[error("{} is no SMuRF stream, though its name is that of one: {reason}; where it was one, `wavekeep recover` looks for whole records", path.display())]
    NotAStream {
        /// The file.
        path: PathBuf,
        /// What stands at its beginning.
        reason: String,
    },
    /// A stream from before Rogue 4.
    #[error("{} is a SMuRF stream from before Rogue 4 (\"GCP mode\": frames of 2240 bytes without records): wavekeep.smurf.read_stream_data(…, gcp_mode=True) reads it", path.display())]
    Legacy {
        /// The file.
        path: PathBuf,
    },
    /// The mask or frequency file beside the run holds something else than numbers.
    #[error("{} line {line}: expected {expected}, found {found:?}: correct the line, or move the file away", path.display())]
    BadLine {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What a line holds.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// Several sections are asked for at once.
    #[error(
        "the frames asked for lie in {} sections (the number of channels or the payload changes): choose one of {}",
        sections.len(), sections.join(", ")
    )]
    SeveralSections {
        /// The sections, in words.
        sections: Vec<String>,
    },
    /// A section that the run does not have.
    #[error("there is no section {asked}; the run has {count} (they count from 0)")]
    NoSuchSection {
        /// The section asked for.
        asked: usize,
        /// How many there are.
        count: usize,
    },
    /// A channel that the section does not have.
    #[error("there is no channel {asked} in this section: {present}")]
    NoSuchChannel {
        /// The channel asked for.
        asked: String,
        /// Which ones there are.
        present: String,
    },
    /// A channel was named by band, but nothing says which ones were recorded.
    #[error(
        "band {band} channel {channel} cannot be looked up: {reason}; name channels by sample index, or give a mask that fits"
    )]
    NoMask {
        /// Band asked for.
        band: u32,
        /// Channel in the band.
        channel: u32,
        /// Why not.
        reason: String,
    },
    /// The buffer of the caller is too small for a block.
    #[error(
        "the buffer holds {found} values, a block needs {needed} (channels × frames): give a larger one, or ask for fewer frames"
    )]
    BufferTooSmall {
        /// Values that a block needs.
        needed: usize,
        /// Values that the buffer holds.
        found: usize,
    },
    /// The result does not fit into memory.
    #[error(
        "the result needs {bytes} bytes, more than there is memory: select fewer channels or frames, or read block by block"
    )]
    OutOfMemory {
        /// Bytes needed.
        bytes: u128,
    },
    /// More threads than any read may have.
    #[error(
        "{asked} threads are asked for: at most {MOST_THREADS} are started for one read; leave the number out for one a core"
    )]
    TooManyThreads {
        /// How many were asked for.
        asked: usize,
    },
    /// No threads could be had.
    #[error("cannot start {threads} threads: {reason}")]
    NoThreads {
        /// How many were asked for.
        threads: usize,
        /// Why.
        reason: String,
    },
    /// The destination exists and overwriting was not asked for.
    #[error("{} exists: ask for overwriting, or choose another name", path.display())]
    Exists {
        /// The destination.
        path: PathBuf,
    },
    /// A file was written and reads back differently.
    #[error("{} does not read back as written: {what}: do not trust this disk, keep the source", path.display())]
    NotReadBack {
        /// The file that was written.
        path: PathBuf,
        /// What differs.
        what: String,
    },
}

impl Error {
    pub(crate) fn io(action: &'static str, path: &std::path::Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }
}
