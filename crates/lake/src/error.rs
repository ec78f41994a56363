//! Why a lake could not be updated, by what the caller can do about it.

use wavekeep_archive::{ArchiveError, ExportFailure};

/// Why a lake could not be updated. Files are named with the place of the lake in front.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LakeError {
    /// The archive failed.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The table could not be written.
    #[error(transparent)]
    Export(#[from] ExportFailure),
    /// The caller had it stopped. What was done is kept; the next update goes on.
    #[error("stopped before the end")]
    Stopped,
    /// The URL names nothing that a lake can be in.
    #[error("{url:?} is no place for a lake: {reason}; expected a folder or s3://bucket/prefix")]
    Place {
        /// The URL.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The folder is part of the archive.
    #[error("{place}: it is inside the archive: name a folder outside of it")]
    InsideArchive {
        /// The folder.
        place: String,
    },
    /// The system or the server refused.
    #[error("{file}: cannot {action}: {reason}")]
    Store {
        /// The file or object.
        file: String,
        /// What was tried: `write the file`, …
        action: &'static str,
        /// Why it failed.
        reason: String,
    },
    /// Another process updates the lake at the moment.
    #[error("{place}: another process is updating this lake: try again when it has ended")]
    Busy {
        /// The lake.
        place: String,
    },
    /// Another process updated the lake at the same time, and was first.
    #[error(
        "{place}: another process updated this lake at the same time: nothing is lost, the next update \
         writes what is missing; let one process at a time keep a lake"
    )]
    Overtaken {
        /// The lake.
        place: String,
    },
    /// The lake holds the events of another archive.
    #[error(
        "{place}: it is the lake of the archive {found}, this is {expected}: name another place, or empty \
         this one to have it written anew"
    )]
    OtherArchive {
        /// The lake.
        place: String,
        /// The archive that it belongs to.
        found: String,
        /// The archive that was to be exported.
        expected: String,
    },
    /// The lake has the other layout.
    #[error(
        "{place}: this lake is {found}: {}; for the other layout name another place",
        match *found { "delta" => "update it with --delta", _ => "update it without --delta" }
    )]
    OtherLayout {
        /// The lake.
        place: String,
        /// Its layout: `parquet` or `delta`.
        found: &'static str,
    },
    /// There is something that this program did not write.
    #[error(
        "{file}: this program did not write it, and readers would take it for a part of the table: move \
         it away, or name another place for the lake; nothing was changed"
    )]
    Foreign {
        /// The file, or the commit.
        file: String,
    },
    /// A file is not what was written.
    #[error(
        "{file}: {what}: another program changed it; the archive has every event: empty {place} to have \
         the lake written anew; nothing was changed"
    )]
    Altered {
        /// The lake.
        place: String,
        /// The file.
        file: String,
        /// How it differs.
        what: String,
    },
    /// A newer program wrote the lake.
    #[error(
        "{file}: the lake has version {found}, this program knows {known}: update it with a newer \
         program; nothing was changed"
    )]
    Newer {
        /// The file that says so.
        file: String,
        /// The version that stands there.
        found: u64,
        /// The newest version that this program knows.
        known: u64,
    },
    /// What the lake says of itself cannot be understood.
    #[error(
        "{file}: {what}; the archive has every event: empty the lake to have it written anew; nothing \
         was changed"
    )]
    Damaged {
        /// The file.
        file: String,
        /// What is wrong.
        what: String,
    },
    /// The library that reads and writes Parquet refused.
    #[error("{file}: the Parquet file of the table cannot be {action}: {message}")]
    Parquet {
        /// The file.
        file: String,
        /// `read` or `written`.
        action: &'static str,
        /// What it said.
        message: String,
    },
}
