//! The ledger: its lines, its tree, and what it says of events and reviews.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use wavekeep_custody::Head;

use super::{FindingKind, Verification};
use crate::journal::Journal;
use crate::ledger::{in_words, not_in_ledger, without_row};
use crate::review::ReviewEntry;
use crate::{Archive, ArchiveError};

/// Findings of one kind that are named.
const MOST: usize = 100;

impl Archive {
    /// The ledger against itself, against the index, and against a head that was held elsewhere.
    pub(super) fn verify_ledger(
        &self,
        since: Option<&Head>,
        unfinished: Option<&Journal>,
        found: &mut Verification,
    ) -> Result<(), ArchiveError> {
        // What was cut short has a part of its entries in it at most.
        let until = unfinished.and_then(Journal::ledger_offset);
        let path = self.layout().ledger();
        let shown = self.relative(&path);
        self.while_nobody_writes(|| {
            let check = match self.scan_ledger(since, until) {
                Ok(check) => check,
                Err(ArchiveError::Link { source, .. }) => {
                    found.finding(shown.clone(), FindingKind::Link, source.to_string());
                    return Ok(());
                }
                Err(error) => return Err(error),
            };
            found.ledger_entries = check.entries;
            // Where its lines are not what the index has, nothing is held against them.
            let is_as_known = check.problems.is_empty();
            for problem in check.problems {
                found.finding(shown.clone(), FindingKind::Ledger, problem);
            }
            for entry in check.lost.into_iter().take(MOST) {
                let message = format!("the text of entry {entry} is lost: its hash alone is there");
                found.finding(shown.clone(), FindingKind::LedgerLost, message);
            }
            if let Some(since) = check.since {
                if !since.is_grown() {
                    for sentence in since.sentences() {
                        found.finding(shown.clone(), FindingKind::NotGrown, sentence);
                    }
                }
                found.since = Some(since);
            }
            if check.unknown_to_index > 0 {
                let message = format!(
                    "it knows of {} entries of the ledger, which has {}: the next import, review or \
                     repair brings it up to date",
                    check.entries - check.unknown_to_index,
                    check.entries
                );
                let index = self.relative(&self.layout().index());
                found.finding(index, FindingKind::IndexDisagrees, message);
            } else if check.entries > 0 && is_as_known {
                self.verify_reviews(&shown, found)?;
                self.verify_events_of_ledger(unfinished, found)?;
            }
            Ok(())
        })
    }

    /// The reviews of the index against those of the ledger.
    fn verify_reviews(&self, shown: &Path, found: &mut Verification) -> Result<(), ArchiveError> {
        let table = self.review_log(None, usize::MAX)?;
        let places = self.ask(crate::ledger::reviews)?;
        let mut of_ledger: HashMap<i64, ReviewEntry> = HashMap::new();
        let mut twice = Vec::new();
        for review in self.reviews_at(&places)? {
            let number = review.number;
            if of_ledger.insert(number, review).is_some() {
                twice.push(number);
            }
        }
        let is_whole = self.ask(crate::ledger::lost)?.is_empty();
        let mut wrong: BTreeMap<i64, &str> = BTreeMap::new();
        for entry in &table {
            match of_ledger.get(&entry.number) {
                Some(same) if same == entry => {}
                Some(_) => drop(wrong.insert(entry.number, "is not as the index has it")),
                None if is_whole => drop(wrong.insert(entry.number, "is in the index alone")),
                None => {}
            }
        }
        let of_table: std::collections::HashSet<i64> =
            table.iter().map(|entry| entry.number).collect();
        for number in of_ledger.keys().filter(|number| !of_table.contains(number)) {
            wrong.insert(*number, "is not in the index");
        }
        for number in twice {
            wrong.insert(number, "stands there twice");
        }
        for (number, what) in wrong.into_iter().take(MOST) {
            found.finding(
                shown.to_owned(),
                FindingKind::ReviewLog,
                format!("review {number} {what}"),
            );
        }
        Ok(())
    }

    /// Events that the ledger has and the archive has not, and the other way round.
    fn verify_events_of_ledger(
        &self,
        unfinished: Option<&Journal>,
        found: &mut Verification,
    ) -> Result<(), ArchiveError> {
        let waits = |serial: &str, filename: &str| {
            let mut places = unfinished.into_iter().flat_map(Journal::places);
            places.any(|place| (place.0.as_str(), place.1.as_str()) == (serial, filename))
        };
        for id in self.ask(without_row)?.into_iter().take(MOST) {
            let Some(known) = self.known(id)? else { continue };
            if waits(&known.event.serial, &known.event.filename) {
                continue;
            }
            let event = self.layout().event(&known.event.serial, &known.event.filename);
            let path = self.relative(&event.source());
            let message = format!(
                "event {id} is gone from the index; the ledger has it: {}",
                in_words(&known.last)
            );
            found.finding(path, FindingKind::IndexDisagrees, message);
        }
        for id in self.ask(not_in_ledger)?.into_iter().take(MOST) {
            // A damaged index has numbers that lead nowhere: it is named by what else it says.
            let Ok(row) = self.event(id) else { continue };
            if waits(&row.serial, &row.filename) {
                continue;
            }
            let path = self.relative(&self.layout().event(&row.serial, &row.filename).source());
            let message = "the ledger does not have it: another program put it there, or somebody who \
                wanted no trace of it; `wavekeep rebuild --index` notes it as found";
            found.finding(path, FindingKind::NotInLedger, message);
        }
        Ok(())
    }
}
