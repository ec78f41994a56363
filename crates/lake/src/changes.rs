//! Which months differ from what a lake has.
//!
//! Whatever happens to a row gives it a number beyond all numbers that are there (`changed`). So
//! the months of the events that changed since are those with new rows; and a month that only lost
//! rows, since events were removed or went to another month, has fewer rows than the lake's file.
//! Together these are all months that differ.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use wavekeep_archive::{Archive, ArchiveError, Query};

use crate::LakeError;
use crate::month::Month;

/// Changes that are read at a time.
const AT_A_TIME: usize = 10_000;
/// Events whose months are asked for at a time.
const IDS_AT_A_TIME: usize = 1_000;
/// The latest changes that are remembered.
const LATEST: usize = 64;

/// Up to where changes of an archive are known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// The last entry of the ledger: number and hash.
    pub(crate) ledger: Option<(u64, String)>,
    /// The latest changes, the last one last: `changed` and the number of the event. Numbers of changes
    /// are moments, and a clock may go back when the event that had the last one is gone: what came
    /// after one of these that is still there is certain to have a larger number.
    latest: Vec<(i64, i64)>,
}

/// What is to be done to a lake.
#[derive(Debug)]
pub(crate) struct Changes {
    /// Up to where changes are known when it is done.
    pub(crate) seen: Seen,
    /// Events of each month.
    pub(crate) rows: BTreeMap<Month, u64>,
    /// Months with events that changed.
    pub(crate) changed: BTreeSet<Month>,
}

impl Changes {
    /// The changes since `before`; without it, all of the archive.
    ///
    /// What happens meanwhile may be among them or not, and comes again the next time.
    pub(crate) fn since(archive: &Archive, before: Option<&Seen>) -> Result<Self, LakeError> {
        // First of all: what comes in behind it is looked at the next time.
        let ledger = archive.ledger_entries(None, 1)?;
        let ledger = ledger.first().map(|last| (last.entry.entry, last.leaf.to_string()));
        let from = before.map(|before| before.certain(archive)).transpose()?.flatten();
        let mut latest = match (from, before) {
            (Some(_), Some(before)) => before.latest.clone(),
            _ => Vec::new(),
        };
        let mut ids = Vec::new();
        let mut cursor = from.unwrap_or(0);
        loop {
            let changes = archive.changes_since(cursor, AT_A_TIME)?;
            let is_last = changes.len() < AT_A_TIME;
            for change in changes {
                cursor = change.cursor;
                latest.push((change.cursor, change.id));
                if from.is_some() {
                    ids.push(change.id);
                }
            }
            // An event has one number: of those that changed again the later one counts.
            latest.drain(..latest.len().saturating_sub(LATEST));
            if is_last {
                break;
            }
        }
        latest.sort_unstable();
        latest.dedup();
        let rows = rows(archive)?;
        let changed = match from {
            Some(_) => months_of(archive, &ids)?,
            None => rows.keys().copied().collect(),
        };
        Ok(Self { seen: Seen { ledger, latest }, rows, changed })
    }
}

impl Seen {
    /// A number that all changes since then are beyond; `None` where that cannot be said, as when the
    /// archive was put back from a backup.
    fn certain(&self, archive: &Archive) -> Result<Option<i64>, LakeError> {
        if let Some((entry, leaf)) = &self.ledger {
            let found = archive.ledger_entry(*entry)?;
            if found.is_none_or(|found| found.leaf.to_string() != *leaf) {
                return Ok(None);
            }
        }
        for (changed, id) in self.latest.iter().rev() {
            match archive.event(*id) {
                Ok(event) if event.changed >= *changed => return Ok(Some(*changed)),
                // It cannot have become older.
                Ok(_) => return Ok(None),
                Err(ArchiveError::NoEvent { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        // A lake without events saw nothing that could be gone.
        Ok(self.latest.is_empty().then_some(0))
    }

    /// Whether the latest changes are the same ones.
    pub(crate) fn has_changes_of(&self, other: &Self) -> bool {
        self.latest == other.latest
    }

    /// Whether the archive is as it was, as far as that can be said without looking at all of it.
    pub(crate) fn is_current(&self, archive: &Archive) -> Result<bool, LakeError> {
        let last = archive.ledger_entries(None, 1)?;
        let last = last.first().map(|last| (last.entry.entry, last.leaf.to_string()));
        let cursor = self.latest.last().map_or(0, |(changed, _)| *changed);
        Ok(last == self.ledger && archive.changes_since(cursor, 1)?.is_empty())
    }
}

/// Events of each month.
fn rows(archive: &Archive) -> Result<BTreeMap<Month, u64>, LakeError> {
    let mut rows = BTreeMap::new();
    for summary in archive.months()? {
        *rows.entry(Month::of(summary.month.as_deref())).or_default() += summary.events;
    }
    Ok(rows)
}

/// The months that events are in now.
fn months_of(archive: &Archive, ids: &[i64]) -> Result<BTreeSet<Month>, LakeError> {
    let mut months = BTreeSet::new();
    for ids in ids.chunks(IDS_AT_A_TIME) {
        let query = Query::default().with_ids(Some(ids.to_vec())).with_limit(Some(IDS_AT_A_TIME));
        let events = archive.query(&query)?.events;
        months.extend(events.iter().map(|event| Month::of(event.timestamp.as_deref())));
    }
    Ok(months)
}
