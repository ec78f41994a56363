//! One update of a lake.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;
use wavekeep_archive::Archive;

use crate::changes::{Changes, Seen};
use crate::delta::{self, Commit};
use crate::month::Month;
use crate::part::{Part, TABLE, Written, key_of, sha256_of};
use crate::state::State;
use crate::store::{Object, Stamp, Store};
use crate::{LakeError, Layout, Place, now_ms};

/// How often it is looked whether months that were just read have changed again. An event whose start is
/// corrected in between would otherwise be in two months, or in none, until the next update.
const ROUNDS: usize = 4;

/// How long another update may go on to replace files after it was overtaken.
const CONTESTED_MS: i64 = 60 * 60 * 1000;

/// A lake: where it is and how it is laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lake {
    /// Where it is.
    pub place: Place,
    /// How it is laid out.
    pub layout: Layout,
}

/// What an update did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Update {
    /// Events that the lake has.
    pub events: u64,
    /// Months that were written, `2026-05` or `unknown`.
    pub written: Vec<String>,
    /// Months that have no events any more.
    pub removed: Vec<String>,
    /// Bytes of the files that were written.
    pub bytes: u64,
    /// The version of the table, of a lake with the log of Delta Lake.
    pub version: Option<u64>,
    /// Up to where changes of the archive are in the lake.
    #[serde(skip)]
    pub(crate) seen: Option<Seen>,
}

impl Lake {
    /// Brings the lake up to date with the archive. A lake that is up to date is not written to.
    ///
    /// It can be ended at any moment: the next update goes on. `stop` is looked at between months.
    ///
    /// # Errors
    /// [`LakeError`]; what is in the lake already stays readable.
    pub fn update(&self, archive: &Archive, stop: &AtomicBool) -> Result<Update, LakeError> {
        let store = self.place.open(archive)?;
        self.update_in(&*store, archive, stop)
    }

    fn update_in(
        &self,
        store: &dyn Store,
        archive: &Archive,
        stop: &AtomicBool,
    ) -> Result<Update, LakeError> {
        let name = archive.head()?.archive;
        let mut session = Session::begin(self, store, name)?;
        let found = session.find(archive, stop)?;
        match self.layout {
            Layout::Parquet => session.replace(found),
            Layout::Delta => session.commit(archive, found),
        }
    }
}

/// What is to go into the lake.
struct Found {
    /// The events of each month that differs.
    written: BTreeMap<Month, Written>,
    seen: Seen,
}

/// A lake that is being updated.
struct Session<'a> {
    store: &'a dyn Store,
    place: String,
    state: State,
    /// Of the state as it stands in the lake.
    stamp: Stamp,
    /// Whether the state was put right, and is to be written in any case.
    is_changed: bool,
    listing: Vec<Object>,
}

impl<'a> Session<'a> {
    /// Reads what the lake has, and refuses one that is not as this program left it.
    fn begin(lake: &Lake, store: &'a dyn Store, archive: String) -> Result<Self, LakeError> {
        let place = lake.place.to_string();
        let found = State::read(store, &place, &archive, lake.layout)?;
        // Behind the state: commits that came meanwhile are taken up.
        let listing = store.list(TABLE)?;
        let (mut state, stamp) = match found {
            Some(found) => found,
            None => {
                if let Some(other) = listing.iter().find(|object| !is_hidden(&object.key)) {
                    return Err(LakeError::Foreign { file: store.shown(&other.key) });
                }
                let state = State::new(archive, lake.layout);
                let stamp = state.write(store, &place, None)?;
                (state, stamp)
            }
        };
        let mut is_changed = false;
        if let Some(log) = &mut state.delta {
            is_changed = log.follow(store, &state.archive, &listing, &mut state.parts)?;
        }
        // Another version of this program may write other columns.
        if state.program != env!("CARGO_PKG_VERSION") {
            state.program = env!("CARGO_PKG_VERSION").to_owned();
            (state.seen, is_changed) = (None, true);
        }
        let mut session = Self { store, place, state, stamp, is_changed, listing };
        session.note_contested();
        match session.check() {
            Err(error) if !store.is_locked() => {
                // It may be another update that is at work.
                let now = State::read(store, &session.place, &session.state.archive, lake.layout)?;
                match now.is_some_and(|(_, stamp)| stamp == session.stamp) {
                    true => Err(error),
                    false => Err(LakeError::Overtaken { place: session.place }),
                }
            }
            checked => checked.map(|()| session),
        }
    }

    /// The one that was replacing months may have been cut short, or may still be at it.
    fn note_contested(&mut self) {
        let now = now_ms();
        let State { writing, contested, .. } = &mut self.state;
        contested.retain(|_, until| *until > now);
        if !self.store.is_locked() {
            contested.extend(writing.iter().map(|month| (*month, now + CONTESTED_MS)));
        }
    }

    /// Holds the files against the state.
    fn check(&mut self) -> Result<(), LakeError> {
        let there: BTreeMap<&str, &Object> =
            self.listing.iter().map(|object| (&*object.key, object)).collect();
        let State { parts, writing, contested, delta, .. } = &mut self.state;
        for (month, part) in parts.iter_mut() {
            if writing.contains(month) {
                continue;
            }
            let object = there.get(&*part.file).copied();
            match difference(self.store, part, object)? {
                None => {
                    // A lake that was copied has other times.
                    if let Some(object) = object.filter(|object| object.stamp != part.stamp) {
                        part.stamp = object.stamp.clone();
                        self.is_changed = true;
                    }
                }
                Some(_) if contested.contains_key(month) => {
                    writing.insert(*month);
                }
                Some(what) => {
                    let (place, file) = (self.place.clone(), self.store.shown(&part.file));
                    return Err(LakeError::Altered { place, file, what });
                }
            }
        }
        let files: BTreeSet<&str> = parts.values().map(|part| &*part.file).collect();
        for object in &self.listing {
            let key = &*object.key;
            let is_of_delta = delta.is_some() && (delta::is_of_log(key) || delta::is_new_key(key));
            if files.contains(key) || is_of_delta || is_hidden(key) {
                continue;
            }
            // It came back after it was deleted.
            let returned = contested.keys().find(|month| key_of(**month) == key);
            writing.extend(returned);
            if !writing.iter().any(|month| key_of(*month) == key) {
                return Err(LakeError::Foreign { file: self.store.shown(key) });
            }
        }
        Ok(())
    }

    /// Writes the months that differ into local files.
    fn find(&self, archive: &Archive, stop: &AtomicBool) -> Result<Found, LakeError> {
        let parts = self.state.parts.iter();
        let mut rows: BTreeMap<Month, u64> =
            parts.map(|(month, part)| (*month, part.rows)).collect();
        let mut written = BTreeMap::new();
        let mut changes = Changes::since(archive, self.state.seen.as_ref())?;
        changes.changed.extend(&self.state.writing);
        for round in 1.. {
            let months = rows.keys().chain(changes.rows.keys());
            let differs = |month: &&Month| rows.get(*month) != changes.rows.get(*month);
            let mut months: BTreeSet<Month> = months.filter(differs).copied().collect();
            months.extend(&changes.changed);
            for month in &months {
                if stop.load(Ordering::Relaxed) {
                    return Err(LakeError::Stopped);
                }
                let file = Written::of_month(archive, self.store, *month)?;
                match file.rows {
                    0 => rows.remove(month),
                    some => rows.insert(*month, some),
                };
                written.insert(*month, file);
            }
            if months.is_empty() || round == ROUNDS {
                break;
            }
            changes = Changes::since(archive, Some(&changes.seen))?;
        }
        // What has changed may be none of the columns.
        let State { parts, writing, .. } = &self.state;
        written.retain(|month, file: &mut Written| {
            let is_same = match parts.get(month) {
                Some(part) => part.sha256 == file.sha256,
                None => file.rows == 0,
            };
            !is_same || writing.contains(month)
        });
        Ok(Found { written, seen: changes.seen })
    }

    /// Replaces the file of each month that differs.
    fn replace(&mut self, found: Found) -> Result<Update, LakeError> {
        let Found { written, seen } = found;
        let mut update = Update { seen: Some(seen), ..Update::default() };
        if !written.is_empty() {
            self.state.writing.extend(written.keys());
            self.write_state()?;
        }
        for (month, file) in written {
            let key = key_of(month);
            if file.rows == 0 {
                self.store.delete(&key)?;
                self.state.parts.remove(&month);
                update.removed.push(month.to_string());
                continue;
            }
            let part = self.publish(file, key, None)?;
            update.count(month, &part);
            self.state.parts.insert(month, part);
        }
        self.state.writing.clear();
        self.end(update)
    }

    /// Adds a file for each month that differs, and makes the commit that lets it count.
    fn commit(&mut self, archive: &Archive, found: Found) -> Result<Update, LakeError> {
        let Found { written, seen } = found;
        let mut update = Update { seen: Some(seen), ..Update::default() };
        if written.is_empty() && self.state.seen.is_some() {
            update.version = self.state.delta.as_ref().and_then(|log| log.version);
            return self.end(update);
        }
        let schema = delta::schema_of(&Written::empty(archive, self.store)?.path)?;
        let mut log = self.state.delta.clone().unwrap_or_default();
        let is_needed = !written.is_empty() || !log.is_of_schema(&schema);
        let mut commit = Commit::default();
        for (month, file) in written {
            let before = match file.rows {
                0 => {
                    update.removed.push(month.to_string());
                    self.state.parts.remove(&month)
                }
                _ => {
                    let stats = delta::stats_of(&file.path)?;
                    let part = self.publish(file, delta::new_key(month), Some(stats))?;
                    update.count(month, &part);
                    commit.adds.push((month, part.clone()));
                    self.state.parts.insert(month, part)
                }
            };
            commit.removes.extend(before.map(|part| (month, part)));
        }
        if is_needed {
            log.commit(self.store, &self.place, &self.state.archive, &schema, commit)?;
            log.check_point(self.store, &self.state.parts)?;
            log.clear(self.store, &self.listing, &self.state.parts)?;
        }
        update.version = log.version;
        self.state.delta = Some(log);
        self.end(update)
    }

    fn publish(
        &self,
        written: Written,
        key: String,
        stats: Option<String>,
    ) -> Result<Part, LakeError> {
        let Written { path, rows, bytes, sha256 } = written;
        let stamp = self.store.publish(path, &key)?;
        Ok(Part { file: key, rows, bytes, sha256, stamp, written_ms: now_ms(), stats })
    }

    /// Notes what the lake has now, where that is anything new.
    fn end(&mut self, mut update: Update) -> Result<Update, LakeError> {
        let rows = self.state.parts.values().map(|part| part.rows);
        update.events = rows.fold(0, u64::saturating_add);
        let is_seen = match (&self.state.seen, &update.seen) {
            (Some(before), Some(now)) => before.has_changes_of(now),
            _ => false,
        };
        let is_same = is_seen && update.written.is_empty() && update.removed.is_empty();
        if !is_same || self.is_changed {
            self.state.seen.clone_from(&update.seen);
            self.write_state()?;
        }
        Ok(update)
    }

    fn write_state(&mut self) -> Result<(), LakeError> {
        self.stamp = self.state.write(self.store, &self.place, Some(&self.stamp))?;
        Ok(())
    }
}

impl Update {
    fn count(&mut self, month: Month, part: &Part) {
        self.written.push(month.to_string());
        self.bytes += part.bytes;
    }

    /// Whether the lake was up to date already.
    pub fn is_nothing(&self) -> bool {
        self.written.is_empty() && self.removed.is_empty()
    }
}

/// How a file differs from what was written; `None` when it does not.
fn difference(
    store: &dyn Store,
    part: &Part,
    object: Option<&Object>,
) -> Result<Option<String>, LakeError> {
    let Some(object) = object else { return Ok(Some("it is not there any more".to_owned())) };
    if object.bytes != part.bytes {
        let what = format!("it has {} bytes, {} were written", object.bytes, part.bytes);
        return Ok(Some(what));
    }
    let is_same = object.stamp == part.stamp || sha256_of(store, &part.file)? == part.sha256;
    Ok((!is_same).then(|| "its content is another one".to_owned()))
}

/// Whether readers pass over a file: its name begins with a dot or an underscore.
fn is_hidden(key: &str) -> bool {
    key.rsplit('/').next().is_some_and(|name| name.starts_with(['.', '_']))
}

#[cfg(test)]
mod faults;
