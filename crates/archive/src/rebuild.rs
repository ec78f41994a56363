//! The index from the files.

use std::path::PathBuf;

use rayon::prelude::*;
use rusqlite::Transaction;

use crate::archive::Writer;
use crate::index::{self, EventRow, sums};
use crate::layout::{HDF5_SUFFIX, SIDECAR_SUFFIX};
use crate::sidecar::Sidecar;
use crate::{Archive, ArchiveError, ledger, review};

/// Sidecars that are read side by side.
const AT_ONCE: usize = 512;

/// What a rebuild of the index found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rebuilt {
    /// Events in the index now.
    pub events: u64,
    /// Sidecars that could not be understood, with the reason. They were left alone.
    pub not_read: Vec<(PathBuf, String)>,
    /// Events whose `.h5` another program wrote.
    pub unknown_hdf5: u64,
    /// Events that the ledger has and whose files are gone, relative to the root. Their rows stay as
    /// they were.
    pub lost: Vec<PathBuf>,
    /// Events that the ledger did not have: another program put them there.
    pub found: u64,
}

impl Archive {
    /// Makes all rows again from the sidecars and the review log, in one transaction: who reads
    /// meanwhile sees the old index. Numbers of events stay, and so does when they were last seen,
    /// the one thing that no file says.
    ///
    /// # Errors
    /// What the system or the index says; the old index stays then.
    pub fn rebuild_index(&self) -> Result<Rebuilt, ArchiveError> {
        self.with_lock(|writer| self.refill(writer))
    }

    /// Makes all rows again; the caller holds the lock.
    pub(crate) fn refill(&self, writer: &mut Writer) -> Result<Rebuilt, ArchiveError> {
        let places = self.places()?;
        let has_ledger = self.ledger_len()?.is_some();
        // What is wrong with it is left to `verify` and `repair`.
        let is_followed = has_ledger && self.learn_ledger(writer).is_ok();
        let changed = index::next_change(&writer.connection);
        let changed = changed.map_err(|source| self.index_failed(source))?;
        let mut rebuilt = Rebuilt::default();
        self.commit(writer, |transaction| {
            rebuilt = self.fill(transaction, &places, changed)?;
            Ok(())
        })?;
        if is_followed {
            rebuilt.found = self.note_found(writer)?;
        } else if !has_ledger {
            self.follow_ledger_if_whole(writer)?;
        }
        Ok(rebuilt)
    }

    /// Fills an index that was made in memory.
    pub(crate) fn fill_in_memory(&self) -> Result<Rebuilt, ArchiveError> {
        let places = self.places()?;
        self.index().fill(|transaction| {
            self.learn(transaction)?;
            self.fill(transaction, &places, 0)
        })
    }

    /// Puts the rows of all places into the tables, in the place of those that are there.
    fn fill(
        &self,
        transaction: &Transaction<'_>,
        places: &[(String, String, bool)],
        changed: i64,
    ) -> rusqlite::Result<Rebuilt> {
        index::grouped::while_filled(transaction, || self.fill_rows(transaction, places, changed))
    }

    fn fill_rows(
        &self,
        transaction: &Transaction<'_>,
        places: &[(String, String, bool)],
        mut changed: i64,
    ) -> rusqlite::Result<Rebuilt> {
        let mut rebuilt = Rebuilt::default();
        transaction.execute_batch(
            "DROP TABLE IF EXISTS temp.old; \
             CREATE TEMP TABLE old AS SELECT id, serial, filename, last_seen, \
             last_seen_sum FROM events; \
             CREATE INDEX temp.old_place ON old (serial, filename); \
             DELETE FROM monitor_log; DELETE FROM events; DELETE FROM texts;",
        )?;
        // Numbers that sidecars state come first, so that no other event takes one.
        let mut without_number = Vec::new();
        for some in places.chunks(AT_ONCE) {
            let read: Vec<_> = some.par_iter().map(|place| self.read_place(place)).collect();
            for (place, read) in some.iter().zip(read) {
                let sidecar = match read {
                    Ok(sidecar) => sidecar,
                    Err(error) => {
                        let path = self.layout().event(&place.0, &place.1).sidecar();
                        rebuilt.not_read.push((path, error.to_string()));
                        continue;
                    }
                };
                rebuilt.events += 1;
                let own = sidecar.own();
                rebuilt.unknown_hdf5 += u64::from(place.2 && own.hdf5_sha256.is_none());
                let Some(id) = own.id.filter(|id| *id > 0) else {
                    without_number.push(place.clone());
                    continue;
                };
                // A folder that was copied has numbers that are others' already.
                if let Some(other) = index::place_of(transaction, id)? {
                    if !self.is_at_by_ledger(transaction, id, place) {
                        without_number.push(place.clone());
                        continue;
                    }
                    index::remove(transaction, id)?;
                    without_number.push((other.0, other.1, false));
                }
                changed += 1;
                index::store(transaction, &place.0, &place.1, &sidecar, changed)?;
            }
        }
        for place in &without_number {
            let mut sidecar = match self.read_place(place) {
                Ok(sidecar) => sidecar,
                // It could be read a moment ago.
                Err(error) => {
                    let path = self.layout().event(&place.0, &place.1).sidecar();
                    rebuilt.not_read.push((path, error.to_string()));
                    rebuilt.events -= 1;
                    continue;
                }
            };
            give_old_number(transaction, &place.0, &place.1, &mut sidecar)?;
            changed += 1;
            index::store(transaction, &place.0, &place.1, &sidecar, changed)?;
        }
        self.keep_lost(transaction, &mut rebuilt, &mut changed)?;
        keep_last_seen(transaction)?;
        sums::restore_numbers(transaction)?;
        index::reserve_by_ledger(transaction)?;
        sums::seal_all(transaction)?;
        self.fill_reviews(transaction)?;
        Ok(rebuilt)
    }

    /// Whether the ledger has an event at this place.
    fn is_at_by_ledger(
        &self,
        transaction: &Transaction<'_>,
        id: i64,
        (serial, filename, _): &(String, String, bool),
    ) -> bool {
        let known = self.known_by(transaction, id).ok().flatten();
        known
            .is_some_and(|known| (&known.event.serial, &known.event.filename) == (serial, filename))
    }

    /// Events that the ledger has and that have no sidecar that can be read keep the rows that they
    /// had: nothing vanishes because a folder is not there at the moment.
    fn keep_lost(
        &self,
        transaction: &Transaction<'_>,
        rebuilt: &mut Rebuilt,
        changed: &mut i64,
    ) -> rusqlite::Result<()> {
        for id in ledger::without_row(transaction)? {
            // Another connection: it has the rows as they were before.
            let old = match self.has_index_in_memory() {
                true => None,
                false => self.event(id).ok(),
            };
            let known = match self.known_by(transaction, id) {
                Ok(Some(known)) => known,
                _ => continue,
            };
            let (serial, filename) = (&known.event.serial, &known.event.filename);
            let old = old.filter(|row| (&row.serial, &row.filename) == (serial, filename));
            let mut row = old.unwrap_or_else(|| EventRow::of(serial, filename, &known.sidecar()));
            row.id = id;
            if index::at_place(transaction, serial, filename)?.is_some() {
                continue;
            }
            *changed += 1;
            index::row::upsert(transaction, &row, *changed)?;
            let path = self.layout().event(serial, filename).sidecar();
            if !rebuilt.not_read.iter().any(|(not_read, _)| *not_read == path) {
                rebuilt.lost.push(PathBuf::from(serial).join(filename));
            }
        }
        Ok(())
    }

    /// The reviews, from the ledger; from the log of earlier versions where there is none yet.
    fn fill_reviews(&self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let none = |_| rusqlite::Error::InvalidQuery;
        let has_ledger = self.ledger_len().map_err(none)?.is_some();
        let reviews = match has_ledger {
            true => self.ledger_reviews(transaction).map_err(none)?,
            false => {
                let log = review::read_log(self).map_err(none)?;
                log.into_iter().map(|(review, _)| review).collect()
            }
        };
        // One that the ledger has lost is known to the index alone.
        if ledger::lost(transaction)?.is_empty() && (!has_ledger || !reviews.is_empty()) {
            transaction.execute("DELETE FROM review_log", [])?;
        }
        let mut forget = transaction.prepare("DELETE FROM review_log WHERE number = ?1")?;
        for review in &reviews {
            forget.execute([review.number])?;
        }
        review::store_all(transaction, &reviews)
    }

    /// Every place that has a sidecar: serial, file name, and whether there is an `.h5`.
    pub(crate) fn places(&self) -> Result<Vec<(String, String, bool)>, ArchiveError> {
        let root = self.layout().root();
        let mut places = Vec::new();
        for folder in self.listed(root)? {
            if !folder.is_folder || folder.name.starts_with('.') {
                continue;
            }
            let entries = self.listed(&root.join(&folder.name))?;
            let arrays: std::collections::HashSet<&str> =
                entries.iter().filter_map(|entry| entry.name.strip_suffix(HDF5_SUFFIX)).collect();
            for entry in entries.iter().filter(|entry| !entry.is_folder) {
                let Some(filename) = entry.name.strip_suffix(SIDECAR_SUFFIX) else { continue };
                if filename.is_empty() || filename.starts_with('.') {
                    continue;
                }
                let has_hdf5 = arrays.contains(filename);
                places.push((folder.name.clone(), filename.to_owned(), has_hdf5));
            }
        }
        Ok(places)
    }

    fn read_place(&self, place: &(String, String, bool)) -> Result<Sidecar, ArchiveError> {
        self.read_sidecar(&self.layout().event(&place.0, &place.1).sidecar())
    }
}

/// When events were last seen, from the old rows, where it is as it was written.
fn keep_last_seen(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    {
        let mut old = transaction
            .prepare("SELECT serial, filename, last_seen, last_seen_sum FROM temp.old")?;
        let mut keep = transaction.prepare(
            "UPDATE events SET last_seen = ?3, last_seen_sum = ?4 \
             WHERE serial = ?1 AND filename = ?2",
        )?;
        let mut rows = old.query([])?;
        while let Some(row) = rows.next()? {
            let last_seen: Option<String> = row.get(2)?;
            let sum: Option<i64> = row.get(3)?;
            if last_seen.is_some() && sums::is_intact(last_seen.as_deref(), sum) {
                let place: (String, String) = (row.get(0)?, row.get(1)?);
                keep.execute((place.0, place.1, last_seen, sum))?;
            }
        }
    }
    transaction.execute_batch("DROP TABLE temp.old")
}

/// An event whose sidecar states no number of its own keeps the one that the index gave it.
fn give_old_number(
    transaction: &Transaction<'_>,
    serial: &str,
    filename: &str,
    sidecar: &mut Sidecar,
) -> rusqlite::Result<()> {
    use rusqlite::OptionalExtension;
    let old = "SELECT id FROM temp.old WHERE serial = ?1 AND filename = ?2";
    let id = transaction.prepare_cached(old)?.query_row([serial, filename], |row| row.get(0));
    let id: Option<i64> = id.optional()?;
    let mut own = sidecar.own();
    if own.id != id {
        own.id = id;
        // In memory only: a sidecar of another program is not rewritten for a number.
        sidecar.set("wavekeep", &own);
    }
    Ok(())
}
