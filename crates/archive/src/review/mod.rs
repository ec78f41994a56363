//! What people say of an event: patches, the log of them, undoing.
//!
//! The log is a part of the ledger; the table in the index is made from it. Archives of earlier versions
//! have a log of its own, which the ledger takes over when it begins.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension, named_params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use wavekeep_custody::{Action, Hash};

use crate::journal::{Change, stage};
use crate::layout::SIDECAR_SUFFIX;
use crate::ledger::{Draft, LINE_BYTES, facts_of, files_of, review_member};
use crate::remake::sha256;
use crate::sidecar::{Sidecar, merge_patch};
use crate::{Actor, Archive, ArchiveError, index};

/// The parts of a sidecar that a patch may change.
const PARTS: [&str; 2] = ["review", "extensions"];

/// Why a patch was refused. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatchError {
    /// It is no JSON object.
    #[error("the patch is {found}: expected an object with \"review\" or \"extensions\"")]
    NotAnObject {
        /// What it is.
        found: &'static str,
    },
    /// It names a block that is derived from the files.
    #[error(
        "{name:?} cannot be patched: only \"review\" and \"extensions\" belong to people, all else is derived from the files"
    )]
    NotPatchable {
        /// The block.
        name: String,
    },
    /// A field would get a value of a type that it cannot have.
    #[error("{field} would become {found}: expected {expected} or null")]
    WrongType {
        /// The field.
        field: &'static str,
        /// What it may be.
        expected: &'static str,
        /// What the patch makes of it.
        found: &'static str,
    },
    /// Objects and lists would stand in each other too deep.
    #[error(
        "review and extensions would have {found} levels of objects and lists: at most {most} are kept"
    )]
    TooDeep {
        /// Levels that there would be.
        found: usize,
        /// Levels that there may be.
        most: usize,
    },
    /// The sidecar would become too long.
    #[error(
        "the sidecar would have {found} bytes: at most {most} are kept, keep large data in a file of its own"
    )]
    TooLong {
        /// Bytes that it would have.
        found: usize,
        /// Bytes that it may have.
        most: usize,
    },
    /// What would be written could not be read again.
    #[error("what would be written could not be read again: {why}")]
    NotReadable {
        /// Why not.
        why: String,
    },
}

/// Most levels of objects and lists in a sidecar that a patch may lead to. Readers bound them: a
/// sidecar with more could not be read any more.
const MOST_LEVELS: usize = 64;
/// Most bytes of a sidecar that a patch may lead to.
const MOST_BYTES: usize = 16 << 20;

/// How a patch is applied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PatchOptions {
    /// Leaves `review.reviewed_at` as it is. Otherwise a patch of `review` that does not say it
    /// itself sets it to the present moment.
    pub keep_reviewed_at: bool,
}

/// One change of an event's review or extensions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
        let patch = checked(patch)?;
        self.change_review(id, who, at, None, |sidecar| {
            let mut touched = Map::new();
            for (part, members) in &patch {
                let names = touched.entry(part.as_str()).or_insert_with(|| Map::new().into());
                for (name, _) in members.as_object().into_iter().flatten() {
                    names[name] = Value::Null;
                }
                let mut value = sidecar.part(part);
                merge_patch(&mut value, members);
                let says_when = names.get("reviewed_at").is_some();
                if part == "review" && !says_when && !options.keep_reviewed_at {
                    names["reviewed_at"] = Value::Null;
                    value["reviewed_at"] = crate::now().into();
                }
                sidecar.set_part(part, value);
            }
            check_review(&sidecar.part("review"))?;
            Ok(touched)
        })
    }

    /// Puts back what the last change of an event's review or extensions replaced. It is a change
    /// itself: undoing it again is redoing.
    ///
    /// # Errors
    /// [`ArchiveError::NothingToUndo`] when the log has no change of this event; otherwise as
    /// [`patch_sidecar`](Self::patch_sidecar).
    pub fn undo(&self, id: i64, who: impl Into<Actor>) -> Result<Sidecar, ArchiveError> {
        let last = self.with_lock(|writer| {
            let sql = format!("{SELECT} WHERE event_id = ?1 ORDER BY number DESC LIMIT 1");
            let found = writer.connection.query_row(&sql, [id], read).optional();
            found.map_err(|source| self.index_failed(source))
        })?;
        let last = last.ok_or(ArchiveError::NothingToUndo { id })?;
        self.change_review(id, &who.into(), &crate::now(), Some(last.number), |sidecar| {
            let mut touched = Map::new();
            for part in PARTS {
                let (before, after) = (last.before.get(part), last.after.get(part));
                let names = [before, after].into_iter().flatten().filter_map(Value::as_object);
                let names: Vec<&String> = names.flat_map(Map::keys).collect();
                if names.is_empty() {
                    continue;
                }
                let mut value = sidecar.part(part);
                if !value.is_object() {
                    value = Map::new().into();
                }
                let marks = touched.entry(part).or_insert_with(|| Map::new().into());
                for name in names {
                    marks[name.as_str()] = Value::Null;
                    match before.and_then(|before| before.get(name)) {
                        Some(was) => value[name.as_str()] = was.clone(),
                        None => drop(value.as_object_mut().map(|all| all.shift_remove(name))),
                    }
                }
                sidecar.set_part(part, value);
            }
            Ok(touched)
        })
    }

    /// Changes review and extensions by `change`, which says what members it touched.
    fn change_review(
        &self,
        id: i64,
        who: &Actor,
        at: &str,
        undoes: Option<i64>,
        change: impl FnOnce(&mut Sidecar) -> Result<Map<String, Value>, ArchiveError>,
    ) -> Result<Sidecar, ArchiveError> {
        self.with_lock(|writer| {
            let failed = |source| self.index_failed(source);
            let row = index::event(&writer.connection, id).map_err(failed)?;
            let row = row.ok_or(ArchiveError::NoEvent { id })?;
            let event = self.layout().event(&row.serial, &row.filename);
            let standing = self.standing_sidecar(&writer.connection, id, &event)?;
            let earlier = self.read_sidecar(&event.sidecar())?;
            let mut sidecar = earlier.clone();
            let touched = change(&mut sidecar)?;
            let mut own = sidecar.own();
            if own.id.is_none() {
                own.id = Some(id);
                sidecar.set("wavekeep", &own);
            }
            let number = next_number(&writer.connection).map_err(failed)?;
            let entry = ReviewEntry {
                number,
                event_id: id,
                serial: row.serial.clone(),
                filename: row.filename.clone(),
                at: at.to_owned(),
                who: who.name.clone(),
                undoes,
                before: members(&earlier, &touched),
                after: members(&sidecar, &touched),
            };
            let bytes = sidecar.to_bytes();
            let mut draft = Draft::of(Action::Review, who.clone(), id, &row.serial, &row.filename);
            draft.at = at.to_owned();
            draft.files = files_of(&row.filename, &sidecar, Hash::of(&bytes));
            if let Some(known) = &standing.known {
                // A review changes no other file: what another program wrote of them is not believed.
                let others = known.files.iter().filter(|(name, _)| !name.ends_with(SIDECAR_SUFFIX));
                draft.files.extend(others.map(|(name, sum)| (name.clone(), *sum)));
            }
            if !standing.outside.is_empty() {
                draft = draft.with("facts", facts_of(&sidecar));
            }
            let draft = standing.noted(draft.with("review", review_member(&entry, false)));
            let mut lines = self.ledger_lines(writer)?;
            lines.add(&writer.connection, draft).map_err(failed)?;
            let line: String = lines.texts().collect();
            check_result(&earlier, &sidecar, &bytes, &line)?;
            let staged = stage(self.files(), self.layout(), &event.sidecar(), &bytes)?;
            let mut happening = Change::new(self.files(), self.layout());
            happening.event(&row.serial, &row.filename, vec![staged]);
            happening.ledger(&lines);
            happening.happen(|| {
                self.commit(writer, |transaction| {
                    let changed = index::next_change(transaction)?;
                    index::store(transaction, &row.serial, &row.filename, &sidecar, changed)?;
                    lines.store(transaction)?;
                    store(transaction, &entry)
                })
            })?;
            Ok(sidecar)
        })
    }
}

/// The touched members of `review` and `extensions`; absent ones are absent.
fn members(sidecar: &Sidecar, touched: &Map<String, Value>) -> Value {
    let mut out = Map::new();
    for (part, names) in touched {
        let value = sidecar.part(part);
        let names = names.as_object().into_iter().flat_map(Map::keys);
        let there = names.filter_map(|name| Some((name.clone(), value.get(name)?.clone())));
        out.insert(part.clone(), Value::Object(there.collect()));
    }
    Value::Object(out)
}

fn checked(patch: &Value) -> Result<Map<String, Value>, PatchError> {
    let Value::Object(patch) = patch else {
        return Err(PatchError::NotAnObject { found: kind_of(patch) });
    };
    if let Some(name) = patch.keys().find(|name| !PARTS.contains(&name.as_str())) {
        return Err(PatchError::NotPatchable { name: name.clone() });
    }
    for (part, value) in patch {
        if !value.is_object() {
            let field = if part == "review" { "review" } else { "extensions" };
            let (expected, found) = ("an object", kind_of(value));
            return Err(PatchError::WrongType { field, expected, found });
        }
    }
    Ok(patch.clone())
}

fn check_review(review: &Value) -> Result<(), PatchError> {
    let wrong = |field, expected, value: &Value| {
        Err(PatchError::WrongType { field, expected, found: kind_of(value) })
    };
    match review.get("false_trigger") {
        None | Some(Value::Null | Value::Bool(_)) => {}
        Some(other) => return wrong("review.false_trigger", "true or false", other),
    }
    for (name, field) in [
        ("reviewer", "review.reviewer"),
        ("reviewed_at", "review.reviewed_at"),
        ("notes", "review.notes"),
    ] {
        match review.get(name) {
            None | Some(Value::Null | Value::String(_)) => {}
            Some(other) => return wrong(field, "a text", other),
        }
    }
    Ok(())
}

/// Reads back what is about to be written: a sidecar or a line of the log that cannot be read would
/// take the event away for good. One that another program made too deep or too long may stay so.
fn check_result(
    earlier: &Sidecar,
    sidecar: &Sidecar,
    bytes: &[u8],
    line: &str,
) -> Result<(), PatchError> {
    let deepest = |sidecar: &Sidecar| {
        sidecar.document().values().map(levels).max().map_or(0, |levels| levels + 1)
    };
    let (was, found) = (deepest(earlier), deepest(sidecar));
    if found > MOST_LEVELS && found > was {
        return Err(PatchError::TooDeep { found, most: MOST_LEVELS });
    }
    if bytes.len() > MOST_BYTES && bytes.len() > earlier.to_bytes().len() {
        return Err(PatchError::TooLong { found: bytes.len(), most: MOST_BYTES });
    }
    let unreadable = |why: String| PatchError::NotReadable { why };
    let read = Sidecar::parse(bytes).map_err(|error| unreadable(error.to_string()))?;
    if read != *sidecar {
        return Err(unreadable("it would not be read as it is".to_owned()));
    }
    if line.len() > LINE_BYTES {
        return Err(PatchError::TooLong { found: line.len(), most: LINE_BYTES });
    }
    let entry = wavekeep_custody::Entry::parse(line.as_bytes());
    entry.map_err(|error| unreadable(error.to_string()))?;
    Ok(())
}

/// How deep objects and lists stand in each other.
fn levels(value: &Value) -> usize {
    // Not by recursion: what comes from outside does not decide how much of the stack is used.
    let (mut deepest, mut left) = (0, vec![(value, 1)]);
    while let Some((value, level)) = left.pop() {
        let below: Vec<&Value> = match value {
            Value::Array(all) => all.iter().collect(),
            Value::Object(all) => all.values().collect(),
            _ => continue,
        };
        deepest = deepest.max(level);
        left.extend(below.into_iter().map(|value| (value, level + 1)));
    }
    deepest
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
