//! Why the archive could not do what it was asked, by what the caller can do about it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::files::is_link;
use crate::levels::LevelError;
use crate::name::NameError;
use crate::plans::PlanError;
use crate::review::PatchError;
use crate::sidecar::SidecarError;

/// Why the archive could not do what it was asked. Paths are named.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
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
    /// There is no archive there, and none was to be made.
    #[error("{}: no such folder: give the folder of an archive, or create one with `wavekeep import`", path.display())]
    NotAnArchive {
        /// The path.
        path: PathBuf,
    },
    /// The caller had it stopped.
    #[error("stopped before the end")]
    Stopped,
    /// No event has this number.
    #[error("there is no event {id} in the archive")]
    NoEvent {
        /// The number.
        id: i64,
    },
    /// A sidecar cannot be understood; it was left alone.
    #[error("{}: {source}", path.display())]
    Sidecar {
        /// The sidecar.
        path: PathBuf,
        /// What is wrong with it.
        source: SidecarError,
    },
    /// Another program's archive, which was never opened to be changed.
    #[error("{}: there is no ledger yet: it begins when the archive is first opened to be changed, by an import or `wavekeep rebuild --index`", path.display())]
    NoLedger {
        /// The archive.
        path: PathBuf,
    },
    /// An event whose files are there was to be forgotten.
    #[error(
        "event {id}: its files are there: `forget` is for events that are lost, `remove` takes one out with its files"
    )]
    NotLost {
        /// The event.
        id: i64,
    },
    /// An archive was to be taken into itself.
    #[error("{}: this is the archive itself: give another one", path.display())]
    Itself {
        /// The archive.
        path: PathBuf,
    },
    /// A change was cut short, and nothing can be changed here to finish it.
    #[error("{}: a change was cut short, and the archive is open to be read alone: the next import, review or repair by someone who may write to it finishes it", path.display())]
    Unfinished {
        /// The archive.
        path: PathBuf,
    },
    /// A folder is no backup, or no place for one.
    #[error("{}: {what}", path.display())]
    Backup {
        /// The folder.
        path: PathBuf,
        /// Why not, and what to do.
        what: &'static str,
    },
    /// A file is not as the ledger has it: nothing is built on it.
    #[error("{}: it is not as the ledger has it since entry {entry}: `wavekeep verify` says what differs, `wavekeep repair` puts back what the ledger has; nothing was changed", path.display())]
    NotAsLedger {
        /// The file.
        path: PathBuf,
        /// The entry that has it.
        entry: u64,
    },
    /// A head of another ledger, or of a later state than this one.
    #[error(
        "the head of {size} entries does not belong to this ledger: `wavekeep verify --since` says more"
    )]
    NotOfThis {
        /// Entries of the head.
        size: u64,
    },
    /// A run of a stream belongs to no unit.
    #[error("event {id} is a run of a stream, which is of no unit")]
    OfNoUnit {
        /// Its number.
        id: i64,
    },
    /// Something is done for ever without a word why.
    #[error("a reason is needed: it stands in the ledger")]
    NoReason,
    /// A file that the archive keeps for itself cannot be understood.
    #[error("{}: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        what: String,
    },
    /// The index failed. It can be made again from the files.
    #[error("{}: the index failed: {source}{}", path.display(), advice(source))]
    Index {
        /// The index.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The index was made by a newer program.
    #[error("{}: the index has version {found}, this program knows {known}: use a newer program, or delete the index to have it made again", path.display())]
    NewerIndex {
        /// The index.
        path: PathBuf,
        /// Version of the index.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// A link where the archive keeps files and folders.
    #[error("{source}")]
    Link {
        /// The path that leads through it.
        path: PathBuf,
        /// Which link it is.
        source: io::Error,
    },
    /// It was opened to be read alone.
    #[error("{}: the archive is open to be read alone: nothing can be changed", path.display())]
    ReadOnly {
        /// The archive.
        path: PathBuf,
    },
    /// Another folder is where the archive was when it was opened, or none.
    #[error("{}: this is not the folder that was opened any more: it was replaced or moved away while the program had it open; start the program again", path.display())]
    Exchanged {
        /// The folder.
        path: PathBuf,
    },
    /// A newer program wrote a file; it was left alone.
    #[error("{}: the {what} has version {found}, this program knows {known}: use the program that wrote it, or a newer one; nothing was changed", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// What it is: `journal`, …
        what: &'static str,
        /// The version that stands there.
        found: u64,
        /// The newest version that this program knows.
        known: u64,
    },
    /// A newer program derived the files of an event; they were left alone.
    #[error("{}: this event was derived by {found}: {} is older and leaves it unchanged", path.display(), crate::facts::TOOL_VERSION)]
    NewerDecoder {
        /// The sidecar.
        path: PathBuf,
        /// The program.
        found: String,
    },
    /// The patch asks for something that it may not.
    #[error(transparent)]
    Patch(#[from] PatchError),
    /// An alarm level that cannot be.
    #[error(transparent)]
    Level(#[from] LevelError),
    /// A plan that cannot be.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A name that cannot be the name of a file here.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The source of an event can no longer be decoded.
    #[error("{}: {source}", path.display())]
    Decode {
        /// The source file.
        path: PathBuf,
        /// What is wrong with it.
        source: DecodeFailure,
    },
    /// Nothing in the review log can be undone.
    #[error("event {id} has no change that could be undone")]
    NothingToUndo {
        /// The event.
        id: i64,
    },
    /// An event of a review of several was changed again: taking that review back would lose it.
    #[error("event {id} was reviewed again since, in entry {number} of the log: it stays as it is")]
    ReviewedSince {
        /// The event.
        id: i64,
        /// The later entry of the log.
        number: i64,
    },
    /// A change that several shared failed for all of them.
    #[error(transparent)]
    Together(Arc<ArchiveError>),
    /// A stream cannot be adopted.
    #[error("{}: {source}", path.display())]
    Stream {
        /// Its first piece.
        path: PathBuf,
        /// Why not.
        source: Box<wavekeep_smurf::Error>,
    },
}

/// SQLITE_IOERR_SHMSIZE: there is no room for the memory that users of the index share.
const NO_ROOM_TO_SHARE: i32 = 4874;

/// What SQLite's words leave out.
fn advice(error: &rusqlite::Error) -> &'static str {
    let failure = error.sqlite_error();
    match failure {
        Some(failure) if failure.code == rusqlite::ErrorCode::DiskFull => "; make room on the disk",
        Some(failure) if failure.extended_code == NO_ROOM_TO_SHARE => {
            "; the disk is full: make room"
        }
        _ => "",
    }
}

impl ArchiveError {
    pub(crate) fn io(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| match is_link(&source) {
            true => Self::Link { path, source },
            false => Self::Io { path, action, source },
        }
    }

    /// A short stable word for programs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Io { .. } => "io",
            Self::NotAnArchive { .. } => "not_an_archive",
            Self::NoEvent { .. } => "no_event",
            Self::Sidecar { .. } => "sidecar",
            Self::Damaged { .. } => "damaged",
            Self::NoLedger { .. } => "no_ledger",
            Self::NotLost { .. } => "not_lost",
            Self::NotAsLedger { .. } => "not_as_ledger",
            Self::NotOfThis { .. } => "not_of_this",
            Self::OfNoUnit { .. } => "of_no_unit",
            Self::NoReason => "no_reason",
            Self::Itself { .. } => "itself",
            Self::Backup { .. } => "backup",
            Self::Unfinished { .. } => "unfinished",
            Self::Index { .. } => "index",
            Self::NewerIndex { .. } => "newer_index",
            Self::Link { .. } => "link",
            Self::ReadOnly { .. } => "read_only",
            Self::Exchanged { .. } => "exchanged",
            Self::Newer { .. } | Self::NewerDecoder { .. } => "newer",
            Self::Patch(_) => "patch",
            Self::Level(_) => "level",
            Self::Plan(_) => "plan",
            Self::Name(_) => "name",
            Self::Decode { .. } => "decode",
            Self::NothingToUndo { .. } => "nothing_to_undo",
            Self::ReviewedSince { .. } => "reviewed_since",
            Self::Stream { .. } => "stream",
            Self::Stopped => "stopped",
            Self::Together(error) => error.kind(),
        }
    }

    /// The error itself, where several share it.
    pub fn cause(&self) -> &Self {
        match self {
            Self::Together(error) => error.cause(),
            error => error,
        }
    }

    /// As many errors as share this one.
    pub(crate) fn shared(self, by: usize) -> impl Iterator<Item = Self> {
        let (alone, shared) = match by {
            1 => (Some(self), None),
            _ => (None, Some(Arc::new(self))),
        };
        let all = shared.into_iter().flat_map(move |error| std::iter::repeat_n(error, by));
        alone.into_iter().chain(all.map(Self::Together))
    }
}

/// Why bytes are no event.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeFailure {
    /// No known format begins like this.
    #[error("not an event of a known format (it begins with {found}); known formats: {known}")]
    UnknownFormat {
        /// The first bytes.
        found: String,
        /// Names of the formats.
        known: String,
    },
    /// The format is known, the content is not right.
    #[error(transparent)]
    Malformed(#[from] wavekeep_core::Error),
}

/// Why one event was not saved. Nothing of it is in the archive then.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SaveError {
    /// Its name or serial number cannot be the name of a file or folder.
    #[error(transparent)]
    Name(#[from] NameError),
    /// It cannot be decoded.
    #[error("{name}: {source}")]
    Decode {
        /// Its name.
        name: String,
        /// Why not.
        source: DecodeFailure,
    },
    /// The first event of the unit came in at the same moment, with a serial number that differs
    /// in capitals.
    #[error(
        "{name}: the unit has just come in as {kept}, which differs in capitals alone: send it again"
    )]
    OtherCapitals {
        /// Its name.
        name: String,
        /// The serial number as the archive has it.
        kept: String,
    },
    /// The unit to which it is to go has an event of its name already.
    #[error("{name}: unit {serial} has an event of this name: remove one of the two first")]
    PlaceTaken {
        /// Its name.
        name: String,
        /// The unit.
        serial: String,
    },
    /// It was replaced while it was about to go to another unit. Nothing was changed.
    #[error("{name}: the event was replaced at the same moment: try again")]
    ChangedMeanwhile {
        /// Its name.
        name: String,
    },
    /// The archive failed. Whether the event is there is not known: send it again.
    #[error(transparent)]
    Archive(Arc<ArchiveError>),
}

impl SaveError {
    /// A short stable word for programs: `name`, the word of the decoder's error, or that of the
    /// archive's.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Name(_) => "name",
            Self::OtherCapitals { .. } => "other_capitals",
            Self::PlaceTaken { .. } => "place_taken",
            Self::ChangedMeanwhile { .. } => "changed_meanwhile",
            Self::Decode { source: DecodeFailure::UnknownFormat { .. }, .. } => "unknown_format",
            Self::Decode { source: DecodeFailure::Malformed(error), .. } => error.kind(),
            Self::Archive(error) => error.kind(),
        }
    }
}

impl From<ArchiveError> for SaveError {
    fn from(error: ArchiveError) -> Self {
        Self::Archive(Arc::new(error))
    }
}
