//! The archive on disk: source files untouched, what is derived from them, what people say of
//! them, and an index of it all.
//!
//! `docs/archive.md` is the page for those who run one. In short: a file of the unit is the truth,
//! sidecar and arrays are derived from it, the index is derived from the sidecars, and what people
//! wrote is never lost.
//!
//! | module | what it holds |
//! |---|---|
//! | `name` | names from outside that cannot leave the root |
//! | `layout` | where files are |
//! | `owner` | whose files are that the superuser makes |
//! | `files`, `journal` | the file system, and several files that change as one |
//! | `ledger` | all that happened, as an append-only list whose entries form a Merkle tree |
//! | `actor` | who does something, and from where |
//! | `merge`, `facts` | source file and report → recording → sidecar, the one way |
//! | `sidecar` | the sidecar: typed views on a document that keeps what it does not know |
//! | `save`, `review`, `remake`, `stream` | what changes the archive |
//! | `import` | files, folders, zip and tar archives: found, paired, handed in |
//! | `monitor_log_files` | monitor logs of units, kept as they came |
//! | `index` | SQLite: rows, questions, summaries |
//! | `removal` | letting go of events that are lost or not to be kept |
//! | `recordings` | what a server is recording, in case it ends while it records |
//! | `watch` | a folder whose files are imported when they have settled |
//! | `verify`, `repair` | every file, sidecar and row against each other; what can be done about it |
//! | `rebuild`, `rederive` | the index, and derived files, again |
//! | `export` | answers as CSV, Parquet, and originals with their checksums |
//! | `archive`, `place` | the open archive, and whether its path still names it |
//! | `stop` | work that is stopped before its end |
//! | `trend`, `monitored` | what was measured day by day, and when units are known to have monitored |
//! | `plans` | pictures of plans, and where locations are on them |
//! | `unit` | what is known of a unit, with its sources |
//! | `backup` | complete copies of an archive in use, and archives made of them |
//! | `counts` | how much there is, and how long writers wait |
//! | `tokens`, `token_use`, `signed_in`, `scope` | who may use a server of the archive |
#![forbid(unsafe_code)]

mod actor;
mod archive;
mod backup;
mod blast;
mod counts;
mod derived;
mod error;
mod export;
mod facts;
mod files;
mod import;
mod index;
mod journal;
mod layout;
mod ledger;
mod levels;
mod merge;
mod monitor_log_files;
mod monitored;
mod name;
mod owner;
mod place;
mod plans;
mod rebuild;
mod recordings;
mod rederive;
mod remake;
mod removal;
mod repair;
mod review;
mod rounds;
mod save;
mod scope;
mod sidecar;
mod signed_in;
mod stop;
mod stream;
mod token_use;
mod tokens;
mod trend;
mod unit;
mod verify;
mod watch;

pub use actor::{Actor, machine_user};
pub use archive::{Archive, CommitPoint, OpenOptions, Removals};
pub use backup::{Backup, BackupOptions, LeftOut, Manifest, Restored};
pub use blast::{
    BlastEvent, BlastFacts, BlastMedium, BlastSource, BlastValue, LeftOutOfLaw, ScaledDistances,
};
pub use counts::{Counts, LockWaits, UnitCounts};
pub use error::{ArchiveError, DecodeFailure, SaveError};
pub use export::{
    EXPORT_COLUMNS, ExportFailure, MANIFEST, Originals, TableUnits, travel_unit, travel_values,
};
pub use facts::UNKNOWN_SERIAL;
pub use files::{Disk, Entry, FileSystem};
pub use import::{
    Account, ContainerLimits, Failure, Fate, ImportOptions, Imported, Listener, TakenIn,
};
pub use index::{
    Change, EventRow, ImportSession, ImportedSince, LocationSummary, MonitorLogQuery,
    MonitorLogRow, MonthSummary, Outcomes, Page, Peak, ProjectSummary, Query, SessionCounts, Sort,
    SortKey, TextField, TextFields, UnitSummary, UnknownOrder, UnknownWord,
};
pub use layout::{
    EventFiles, FRAMES_SUFFIX, GNZ_SUFFIX, HDF5_SUFFIX, Layout, SIDECAR_SUFFIX, TEMPORARY_PREFIX,
};
pub use ledger::{Grown, LedgerCheck, LedgerEntry, Since};
pub use levels::{
    Hours, InForce, Judging, Level, LevelError, LevelOutcome, LevelPlace, LevelQuantity, LevelSpan,
    LevelVerdict, LevelVerdicts, Levels, Limit, SetLevel, USUAL_WARNING_PERCENT,
};
pub use monitor_log_files::{
    KeptMonitorLog, MonitorLogFile, UnitFrom, is_monitor_log, is_named_as_monitor_log,
};
pub use monitored::Monitored;
pub use name::{NAME_BYTES, NameError, SafeName, fault_on_windows};
pub use plans::{Placement, Plan, PlanChange, PlanDone, PlanError, PlanPicture, Plans};
pub use rebuild::Rebuilt;
pub use rederive::{Becomes, Difference, RederiveAccount, RederiveOptions, Rederived};
pub use remake::{Remade, RemakeOptions, recording_from};
pub use removal::{Aside, Purged};
pub use repair::{OpenedForRepair, Repair, Repaired};
pub use review::{PatchError, PatchOptions, ReviewEntry};
pub use save::{
    NewSession, Outcome, Pairing, Placed, PreparedSessions, ReportFile, Saved, SavedSession,
    Session, SourceKind, Submission,
};
pub use scope::Scope;
pub use sidecar::{
    Corrections, DecodeBlock, EVENT_KIND, EventBlock, FlagWord, OwnBlock, PeakValues, ProjectInfo,
    Review, SCHEMA_VERSION, STREAM_KIND, Sidecar, SidecarError, SourceBlock, SourceFile, Stated,
};
pub use signed_in::SignedIn;
pub use stream::{Adopted, AdoptedFile, StreamBlock};
pub use tokens::{NewToken, Role, TokenEntry, TokenError};
pub use trend::{DayOutcomes, DayPeak, Trend, TrendDay};
pub use unit::{
    Battery, Calibration, FirmwareSeen, Reported, UnitFacts, UnitFaults, UnitMove, UnitOptions,
    Uptime, battery_volts, calibration_due,
};
pub use verify::{Finding, FindingKind, Verification, VerifiedPart, VerifyOptions};
pub use watch::{Backlog, Ignore, WatchOptions, Watched, WatchedFolder};
pub use wavekeep_custody::Head;
#[doc(hidden)]
pub use wavekeep_export::{persist, remove_file};

/// The present moment in UTC, to the second.
pub(crate) fn now() -> String {
    let now = jiff::Timestamp::now();
    jiff::Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
}

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
