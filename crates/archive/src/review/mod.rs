//! What people say of an event: patches, the log of them, undoing.
//!
//! The log is a part of the ledger; the table in the index is made from it. Archives of earlier versions
//! have a log of its own, which the ledger takes over when it begins.

mod checks;
mod round;

use std::collections::{HashMap, HashSet};

use derive_setters::Setters;
use rusqlite::{Connection, OptionalExtension, named_params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::remake::sha256;
use crate::sidecar::Sidecar;
use crate::{Actor, Archive, ArchiveError};

pub use checks::PatchError;
use checks::checked;
pub(crate) use round::ReviewRounds;
use round::{Ask, Work};

/// How a patch is applied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct PatchOptions {
    /// Leaves `review.reviewed_at` as it is. Otherwise a patch of `review` that does not say it
    /// itself sets it to the present moment.
    pub keep_reviewed_at: bool,
}

/// One change of an event's review or extensions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReviewEntry {
    /// Its place in the log, from 1.
    pub number: i64,
    /// The event.
    pub event_id: i64,
    /// Its serial number.
    pub serial: String,
    /// Its file name.
    pub filename: String,
    /// When, in UTC.
    pub at: String,
    /// Who.
    pub who: String,
    /// The entry that this one undoes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<i64>,
    /// The members of `review` and `extensions` that were touched, as they were; one that was
    /// absent is absent.
    pub before: Value,
    /// The same members as they became.
    pub after: Value,
}

/// Number of the last whole line of (the end of) the log.
pub(crate) fn last_number(log: &[u8]) -> Option<i64> {
    #[derive(Deserialize)]
    struct Numbered {
        number: i64,
    }
    let lines = log.rsplit(|byte| *byte == b'\n');
    lines
        .filter_map(|line| serde_json::from_slice(line).ok())
        .map(|Numbered { number }| number)
        .next()
}

const SEAL: &str = "\"sha256\":\"";

/// Whether a line of the log of earlier versions is as it was written: the SHA-256 of what stands before
/// it is at its end.
fn is_intact(line: &str) -> bool {
    let Some((json, seal)) = line.rsplit_once(&format!(",{SEAL}")) else { return false };
    seal.strip_suffix("\"}") == Some(&sha256(format!("{json}}}").as_bytes()))
}

/// The entries of the log of earlier versions, and whether each is as it was written. Lines that a crash
/// cut are left out.
pub(crate) fn read_log(archive: &Archive) -> Result<Vec<(ReviewEntry, bool)>, ArchiveError> {
    let path = archive.layout().review_log();
    let log = archive.read_if_there(&path)?.unwrap_or_default();
    let lines = log.split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok());
    let entries =
        lines.filter_map(|line| Some((serde_json::from_str(line).ok()?, is_intact(line))));
    Ok(entries.collect())
}

/// The number of the next review.
pub(crate) fn next_number(connection: &Connection) -> rusqlite::Result<i64> {
    let sql = "SELECT coalesce(max(number), 0) + 1 FROM review_log";
    connection.query_row(sql, [], |row| row.get(0))
}

/// Puts entries into the table that are not in it.
pub(crate) fn store_all(connection: &Connection, entries: &[ReviewEntry]) -> rusqlite::Result<()> {
    entries.iter().try_for_each(|entry| store(connection, entry))
}

fn store(connection: &Connection, entry: &ReviewEntry) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO review_log (number, event_id, serial, filename, at, who, \
             undoes, before, after) VALUES (:number, :event_id, :serial, :filename, :at, :who, \
             :undoes, :before, :after)",
        )?
        .execute(named_params! {
            ":number": entry.number, ":event_id": entry.event_id, ":serial": entry.serial,
            ":filename": entry.filename, ":at": entry.at, ":who": entry.who,
            ":undoes": entry.undoes, ":before": entry.before.to_string(),
            ":after": entry.after.to_string(),
        })?;
    Ok(())
}

const SELECT: &str = "SELECT number, event_id, serial, filename, at, who, undoes, before, after \
    FROM review_log";

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<ReviewEntry> {
    let json = |text: String| serde_json::from_str(&text).unwrap_or_default();
    Ok(ReviewEntry {
        number: row.get(0)?,
        event_id: row.get(1)?,
        serial: row.get(2)?,
        filename: row.get(3)?,
        at: row.get(4)?,
        who: row.get(5)?,
        undoes: row.get(6)?,
        before: json(row.get(7)?),
        after: json(row.get(8)?),
    })
}

/// The last change of an event.
fn last_of(connection: &Connection, id: i64) -> rusqlite::Result<Option<ReviewEntry>> {
    let sql = format!("{SELECT} WHERE event_id = ?1 ORDER BY number DESC LIMIT 1");
    connection.prepare_cached(&sql)?.query_row([id], read).optional()
}

/// The log, of one event or of all, the latest first.
pub(crate) fn log(
    connection: &Connection,
    id: Option<i64>,
    limit: usize,
) -> rusqlite::Result<Vec<ReviewEntry>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let sql = match id {
        Some(_) => format!("{SELECT} WHERE event_id = ?1 ORDER BY number DESC LIMIT ?2"),
        None => format!("{SELECT} WHERE ?1 IS NULL ORDER BY number DESC LIMIT ?2"),
    };
    connection.prepare_cached(&sql)?.query_map((id, limit), read)?.collect()
}

impl Archive {
    /// Applies a JSON merge patch (RFC 7396) to `review` and `extensions` of an event, and logs it.
    /// The index follows in the same call. Patches of one archive happen one after the other, in
    /// whatever threads and processes they are asked for.
    ///
    /// # Errors
    /// [`ArchiveError::Patch`] when it may not; otherwise what the archive says. Nothing was
    /// changed then, unless a failing disk left a journal: the next one who opens finishes it.
    pub fn patch_sidecar(
        &self,
        id: i64,
        patch: &Value,
        who: impl Into<Actor>,
        options: PatchOptions,
    ) -> Result<Sidecar, ArchiveError> {
        self.patch_at(id, patch, &who.into(), options, &crate::now())
    }

    /// Applies one patch to several events: one review, which [`undo_together`](Self::undo_together)
    /// takes back as one. `each` hears of every event; one that fails does not stop the others.
    pub fn patch_together(
        &self,
        ids: &[i64],
        patch: &Value,
        who: impl Into<Actor>,
        options: PatchOptions,
        each: &mut dyn FnMut(i64, Result<Sidecar, ArchiveError>),
    ) {
        let who = who.into();
        // The moment that they share, to the nanosecond, is what makes the entries of the log one review.
        let at = jiff::Timestamp::now().to_string();
        for &id in ids {
            each(id, self.patch_at(id, patch, &who, options, &at));
        }
    }

    /// Takes back the latest review of several events together that is not taken back yet: of those
    /// among `ids` that were part of it, and of no others. `each` hears of every one of them.
    ///
    /// # Errors
    /// [`ArchiveError::NothingToUndo`] when the log has no change of these events. An event that was
    /// changed again since is [`ArchiveError::ReviewedSince`], and stays as it is.
    pub fn undo_together(
        &self,
        ids: &[i64],
        who: impl Into<Actor>,
        each: &mut dyn FnMut(i64, Result<Sidecar, ArchiveError>),
    ) -> Result<(), ArchiveError> {
        let who = who.into();
        let wanted: HashSet<i64> = ids.iter().copied().collect();
        // The latest first.
        let log = self.review_log(None, usize::MAX)?;
        let undone: HashSet<i64> = log.iter().filter_map(|entry| entry.undoes).collect();
        let is_open = |entry: &&ReviewEntry| {
            wanted.contains(&entry.event_id)
                && entry.undoes.is_none()
                && !undone.contains(&entry.number)
        };
        let nothing = || ArchiveError::NothingToUndo { id: ids.first().copied().unwrap_or(0) };
        let mut together: HashMap<(&str, &str), usize> = HashMap::new();
        for entry in log.iter().filter(is_open) {
            *together.entry((&entry.at, &entry.who)).or_default() += 1;
        }
        let is_of_several =
            |entry: &&ReviewEntry| together[&(entry.at.as_str(), entry.who.as_str())] > 1;
        let of_several = log.iter().filter(is_open).find(is_of_several);
        let last = of_several.or_else(|| log.iter().find(is_open)).ok_or_else(nothing)?;
        let mut latest: HashMap<i64, i64> = HashMap::new();
        for entry in &log {
            latest.entry(entry.event_id).or_insert(entry.number);
        }
        for entry in
            log.iter().filter(is_open).filter(|entry| entry.at == last.at && entry.who == last.who)
        {
            let id = entry.event_id;
            let undone = match latest.get(&id) {
                Some(&number) if number != entry.number => {
                    Err(ArchiveError::ReviewedSince { id, number })
                }
                _ => self.undo(id, who.clone()),
            };
            each(id, undone);
        }
        Ok(())
    }

    fn patch_at(
        &self,
        id: i64,
        patch: &Value,
        who: &Actor,
        options: PatchOptions,
        at: &str,
    ) -> Result<Sidecar, ArchiveError> {
        let ask = Ask::Patch { patch: checked(patch)?, options };
        self.review(Work { id, who: who.clone(), at: at.to_owned(), ask })
    }

    /// Puts back what the last change of an event's review or extensions replaced. It is a change
    /// itself: undoing it again is redoing.
    ///
    /// # Errors
    /// [`ArchiveError::NothingToUndo`] when the log has no change of this event; otherwise as
    /// [`patch_sidecar`](Self::patch_sidecar).
    pub fn undo(&self, id: i64, who: impl Into<Actor>) -> Result<Sidecar, ArchiveError> {
        self.review(Work { id, who: who.into(), at: crate::now(), ask: Ask::Undo })
    }
}
