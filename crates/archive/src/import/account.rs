//! What became of each file, and of all of them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::SaveError;
use crate::index::SessionCounts;
use crate::monitor_log_files::KeptMonitorLog;
use crate::save::{Outcome, Pairing, Saved};
use crate::stream::Adopted;

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Imported {
    /// The file; one in a zip or tar archive stands behind the archive's path.
    pub path: String,
    /// What became of it.
    #[serde(flatten)]
    pub fate: Fate,
}

/// What became of a file. A report that lies beside its event is part of the event's answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "fate", rename_all = "snake_case")]
pub enum Fate {
    /// It is an event, and in the archive.
    Event(Saved),
    /// It is the report of an event that was in the archive already.
    Report(Saved),
    /// It is a run of a stream, and in the archive.
    Stream(Adopted),
    /// It is a monitor log file, and in the archive as it came.
    MonitorLog(KeptMonitorLog),
    /// It is nothing for an archive.
    Skipped {
        /// What it is.
        reason: &'static str,
    },
    /// It should be in the archive and is not.
    Failed {
        /// A short stable word.
        kind: &'static str,
        /// Why.
        message: String,
    },
}

impl Fate {
    pub(crate) fn failed(kind: &'static str, message: impl std::fmt::Display) -> Self {
        Self::Failed { kind, message: message.to_string() }
    }
}

impl From<&SaveError> for Fate {
    fn from(error: &SaveError) -> Self {
        Self::failed(error.kind(), error)
    }
}

/// A file that is not in the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Failure {
    /// The file.
    pub path: String,
    /// A short stable word.
    pub kind: &'static str,
    /// Why.
    pub message: String,
}

/// How an import went.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Account {
    /// The number of the session in the index.
    pub session: i64,
    /// Events that were saved for the first time.
    pub new: u64,
    /// Events that were there already.
    pub same: u64,
    /// Events that were there and got their report now.
    pub paired_late: u64,
    /// Events that were there and got their raw frames now.
    pub frames_added: u64,
    /// Events that went from `UNKNOWN` to the unit that is known now. They are counted among those
    /// that were there, or as what came with them.
    pub moved: u64,
    /// Events whose name stood for other bytes: kept under the name in their answer.
    pub conflicts: u64,
    /// Events of which a shorter, damaged copy was there: it was replaced.
    pub superseded: u64,
    /// Runs of streams that were recorded.
    pub streams: u64,
    /// Monitor log files that were kept.
    pub monitor_logs: u64,
    /// Monitor log files that were there already.
    pub same_monitor_logs: u64,
    /// Events without a report.
    pub without_report: u64,
    /// Events whose report could not be read, or differs from the one that was there.
    pub report_refused: u64,
    /// Events whose unit nothing names: they are in `UNKNOWN`.
    pub unknown_serials: u64,
    /// The first ones of them.
    pub unknown: Vec<String>,
    /// Events and runs of streams with damage that was survived, and events whose report contradicts
    /// the samples.
    pub damaged: u64,
    /// Files that should be in the archive and are not.
    pub failed: u64,
    /// The first ones of them.
    pub failures: Vec<Failure>,
    /// Files that are nothing for an archive, by what they are.
    pub skipped: BTreeMap<&'static str, u64>,
    /// Whether the import ended early: what was not answered is not known to be saved.
    pub stopped: bool,
    /// Why it ended early, when the archive failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_by: Option<String>,
}

impl Account {
    /// Events that were answered.
    pub fn events(&self) -> u64 {
        self.new
            + self.same
            + self.paired_late
            + self.frames_added
            + self.superseded
            + self.conflicts
    }

    pub(super) fn counts(&self) -> SessionCounts {
        SessionCounts {
            received: self.events()
                + self.streams
                + self.monitor_logs
                + self.same_monitor_logs
                + self.failed,
            new: self.new + self.streams + self.monitor_logs,
            same: self.same + self.superseded + self.same_monitor_logs,
            paired_late: self.paired_late + self.frames_added,
            conflicts: self.conflicts,
            refused: self.failed,
        }
    }

    pub(super) fn count(&mut self, imported: &Imported, named: usize) {
        if let Fate::Event(saved) | Fate::Report(saved) = &imported.fate {
            self.moved += u64::from(saved.moved_from.is_some());
        }
        if let Fate::Stream(adopted) = &imported.fate {
            self.damaged += u64::from(adopted.stream.damaged);
        }
        match &imported.fate {
            Fate::Event(saved) => self.count_event(imported, saved, named),
            Fate::Report(saved) => match (&saved.report, saved.outcome) {
                (Pairing::Paired { .. }, Outcome::PairedLate) => self.paired_late += 1,
                (Pairing::Paired { .. }, _) => {
                    *self.skipped.entry("report already in the archive").or_default() += 1;
                }
                _ => self.report_refused += 1,
            },
            Fate::Stream(adopted) if adopted.same => self.same += 1,
            Fate::Stream(_) => self.streams += 1,
            Fate::MonitorLog(kept) if kept.same => self.same_monitor_logs += 1,
            Fate::MonitorLog(_) => self.monitor_logs += 1,
            Fate::Skipped { reason } => *self.skipped.entry(reason).or_default() += 1,
            Fate::Failed { kind, message } => {
                self.failed += 1;
                if self.failures.len() < named {
                    let (path, message) = (imported.path.clone(), message.clone());
                    self.failures.push(Failure { path, kind, message });
                }
            }
        }
    }

    fn count_event(&mut self, imported: &Imported, saved: &Saved, named: usize) {
        *match saved.outcome {
            Outcome::New => &mut self.new,
            Outcome::Same | Outcome::Moved | Outcome::Shorter => &mut self.same,
            Outcome::Superseded => &mut self.superseded,
            Outcome::PairedLate => &mut self.paired_late,
            Outcome::FramesAdded => &mut self.frames_added,
            Outcome::Conflict => &mut self.conflicts,
        } += 1;
        match saved.report {
            Pairing::Paired { .. } => {}
            Pairing::NotPaired => self.without_report += 1,
            Pairing::NotUnderstood { .. } | Pairing::Differs { .. } => self.report_refused += 1,
        }
        self.damaged += u64::from(!saved.not_decoded.is_empty());
        if saved.serial_unknown {
            self.unknown_serials += 1;
            if self.unknown.len() < named {
                self.unknown.push(imported.path.clone());
            }
        }
    }
}
