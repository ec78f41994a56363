//! Verifying an archive: every file against its checksum, every event against its source, sidecar,
//! files and index against each other.

mod event;
mod ledger;
mod parts;
mod plans;
mod strays;

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use derive_setters::Setters;
use rayon::prelude::*;
use serde::Serialize;
use sha2::{Digest, Sha256};
use wavekeep_custody::Head;

use crate::index::{is_of_the_system, sums};
use crate::journal::Journal;
use crate::ledger::Since;
use crate::{Archive, ArchiveError, Query, stop};

pub(crate) use event::Place;
pub use parts::VerifiedPart;

/// What is verified.
#[derive(Debug, Clone, Copy, Default, PartialEq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct VerifyOptions {
    /// Only this share of the events, from 0 to 1; the same ones each time.
    pub share: Option<f64>,
    /// Another share with each number.
    pub seed: u64,
    /// Only this part of the events, from 0, of so many: together they are all.
    pub part: Option<(u32, u32)>,
    /// Decodes nothing: checksums, sidecars and index alone.
    pub without_decoding: bool,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FindingKind {
    /// The source file of an event is gone.
    SourceMissing,
    /// The source file of an event has other bytes than those that came in.
    SourceDiffers,
    /// A report or raw frames are gone.
    FileMissing,
    /// A report or raw frames have other bytes than those that came in.
    FileDiffers,
    /// The arrays are gone.
    ArraysMissing,
    /// The arrays have other bytes than those that were written.
    ArraysDiffer,
    /// A sidecar cannot be understood.
    SidecarUnreadable,
    /// A sidecar has other bytes than those that this program wrote.
    SidecarDiffers,
    /// A sidecar says something else than its source file gives.
    SidecarDisagrees,
    /// An event can no longer be decoded.
    NotDecoded,
    /// The index has no row of an event, or another one than its sidecar gives.
    IndexDisagrees,
    /// The index has an event that no sidecar tells of.
    SidecarMissing,
    /// The index itself is damaged.
    IndexDamaged,
    /// The index has another review than the ledger.
    ReviewLog,
    /// The ledger is not as it was written.
    Ledger,
    /// The text of an entry of the ledger is lost.
    LedgerLost,
    /// The ledger did not only grow since the head that was given.
    NotGrown,
    /// The ledger does not have an event.
    NotInLedger,
    /// An interrupted write left it.
    Leftover,
    /// A piece of a stream is gone or has other bytes.
    StreamDiffers,
    /// A change was cut short and waits: it is not finished by looking.
    Waiting,
    /// A link, which is not followed.
    Link,
    /// A newer program wrote it: it can be neither checked nor repaired by this one.
    Newer,
    /// The list of access tokens is not as it was written.
    Tokens,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The file, relative to the root; that of a stream that was adopted may be absolute.
    pub path: PathBuf,
    /// What is wrong.
    pub kind: FindingKind,
    /// The same in a sentence.
    pub message: String,
}

/// What was verified, and what was found.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Verification {
    /// Events that were looked at.
    pub events: u64,
    /// Events that there are.
    pub of: u64,
    /// Files whose bytes were hashed.
    pub files: u64,
    /// Bytes that were hashed.
    pub bytes: u64,
    /// What is wrong, by path.
    pub findings: Vec<Finding>,
    /// Files that carry no checksum yet, because another program wrote them: `rebuild` notes them.
    pub without_checksum: u64,
    /// Events whose files an older decoder derived: `rebuild` makes them again.
    pub older_decoder: u64,
    /// Events whose files a newer decoder derived: left alone.
    pub newer_decoder: u64,
    /// Entries of the ledger; without one nothing was held against it.
    pub ledger_entries: u64,
    /// The ledger against the head that was given.
    pub since: Option<Since>,
    /// Whether the index could not be used as it is and was made in memory: it was not checked.
    pub index_in_memory: bool,
    /// Files that are none of the archive's: left alone.
    pub others: Vec<PathBuf>,
}

impl Verification {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.findings.is_empty()
    }
}

impl Archive {
    /// Verifies the archive without changing it. `progress` hears how many events are done, of how
    /// many.
    ///
    /// # Errors
    /// When the archive cannot be read at all; what is wrong with a file is a finding.
    pub fn verify(
        &self,
        options: VerifyOptions,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Verification, ArchiveError> {
        self.verify_chosen(None, None, options, progress, &AtomicBool::new(false))
    }

    /// As [`verify`](Self::verify), and whether the ledger only grew since a head that was held
    /// elsewhere: otherwise that is a finding, which names what was taken away or rewritten.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn verify_since(
        &self,
        head: &Head,
        options: VerifyOptions,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Verification, ArchiveError> {
        self.verify_chosen(None, Some(head), options, progress, &AtomicBool::new(false))
    }

    /// As [`verify`](Self::verify), or with a head as [`verify_since`](Self::verify_since), until `stop`
    /// is set: then it ends between two events, or within a piece of a stream.
    ///
    /// # Errors
    /// As [`verify`](Self::verify); [`ArchiveError::Stopped`] when it was stopped.
    pub fn verify_until(
        &self,
        since: Option<&Head>,
        options: VerifyOptions,
        progress: &(dyn Fn(u64, u64) + Sync),
        stop: &AtomicBool,
    ) -> Result<Verification, ArchiveError> {
        self.verify_chosen(None, since, options, progress, stop)
    }

    /// As [`verify`](Self::verify), of the events that answer `query` alone, whose order and page do
    /// not matter; index and review log are verified whole.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn verify_matching(
        &self,
        query: &Query,
        options: VerifyOptions,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Verification, ArchiveError> {
        self.verify_chosen(Some(query), None, options, progress, &AtomicBool::new(false))
    }

    fn verify_chosen(
        &self,
        query: Option<&Query>,
        since: Option<&Head>,
        options: VerifyOptions,
        progress: &(dyn Fn(u64, u64) + Sync),
        stop: &AtomicBool,
    ) -> Result<Verification, ArchiveError> {
        let go_on = || stop::go_on(stop).map_err(|_| ArchiveError::Stopped);
        let mut found =
            Verification { index_in_memory: self.has_index_in_memory(), ..Verification::default() };
        // What was cut short is finished first: its files belong to their events then. Without
        // write access it is left alone, and so are its files.
        if !self.is_read_only() {
            self.with_lock_as_it_is(|writer| self.follow_ledger_if_whole(writer))?;
        }
        let unfinished = self.unfinished_change(&mut found);
        let mut places = self.event_places()?;
        let all = places.clone();
        if let Some(change) = &unfinished {
            let of: HashSet<&Place> = change.places().collect();
            places.retain(|place| !of.contains(place));
        }
        found.of = places.len() as u64;
        let matching = query.map(|query| self.matching_places(query)).transpose()?;
        let chosen: Vec<&Place> = places
            .iter()
            .filter(|place| matching.as_ref().is_none_or(|matching| matching.contains(place)))
            .filter(|place| options.chooses(place))
            .collect();
        let reviewed = self.reviewed_places()?;
        let total = chosen.len() as u64;
        let shared = Mutex::new((found, Vec::new(), HashSet::new()));
        let hold = || shared.lock().unwrap_or_else(PoisonError::into_inner);
        chosen.par_iter().try_for_each(|place| {
            let (one, beside) = self.verify_event(place, options, &reviewed, stop);
            // What was cut short shows nothing.
            go_on()?;
            let (found, again, named) = &mut *hold();
            if one.findings.is_empty() {
                found.add(one);
                named.extend(beside);
            } else {
                again.push((*place).clone());
            }
            progress(found.events + again.len() as u64, total);
            Ok::<(), ArchiveError>(())
        })?;
        let (mut found, again, mut named) =
            shared.into_inner().unwrap_or_else(PoisonError::into_inner);
        // Who shows something may have been changed meanwhile. Not above: whoever holds the
        // archive's lock may wait for the threads that would wait for the lock.
        for place in again {
            let looked = self
                .while_nobody_writes(|| Ok(self.verify_event(&place, options, &reviewed, stop)));
            let (one, beside) = looked?;
            go_on()?;
            found.add(one);
            named.extend(beside);
        }
        if options.share.is_none() && options.part.is_none() && query.is_none() {
            named.extend(self.verify_monitor_logs(&mut found)?);
            self.find_strays(&all, &named, unfinished.as_ref(), &mut found)?;
        }
        let is_first_part = options.part.is_none_or(|(part, _)| part == 0);
        if options.share.is_none() && is_first_part && query.is_none() {
            self.verify_plans(&mut found)?;
        }
        go_on()?;
        self.verify_index(&mut found)?;
        go_on()?;
        self.verify_ledger(since, unfinished.as_ref(), &mut found)?;
        let (problem, is_without_checksum) = self.tokens_problem()?;
        found.without_checksum += u64::from(is_without_checksum);
        if let Some(problem) = problem {
            let path = self.relative(&self.layout().tokens());
            found.finding(path, FindingKind::Tokens, problem);
        }
        found.findings.sort();
        found.findings.dedup();
        found.others.sort();
        Ok(found)
    }

    /// The change that was cut short, as a finding.
    fn unfinished_change(&self, found: &mut Verification) -> Option<Journal> {
        let path = self.relative(&self.layout().journal());
        match self.unfinished() {
            Ok(None) => None,
            Ok(Some(journal)) => {
                let message = "a change was cut short: the next import, review or repair finishes \
                    it; the events that it is of were not looked at";
                found.finding(path, FindingKind::Waiting, message);
                Some(journal)
            }
            Err(error) => {
                found.finding(path, FindingKind::Waiting, error.to_string());
                None
            }
        }
    }

    /// Every event that a sidecar or a row tells of.
    pub(crate) fn event_places(&self) -> Result<Vec<Place>, ArchiveError> {
        let mut places: BTreeSet<Place> =
            self.places()?.into_iter().map(|(serial, filename, _)| (serial, filename)).collect();
        places.extend(self.matching_places(&Query::default())?);
        Ok(places.into_iter().collect())
    }

    /// The events whose rows answer a question.
    fn matching_places(&self, query: &Query) -> Result<BTreeSet<Place>, ArchiveError> {
        let mut places = BTreeSet::new();
        self.each_event(query, &mut |row| {
            places.insert((row.serial, row.filename));
            Ok::<(), ArchiveError>(())
        })?;
        Ok(places)
    }

    /// The events that have reviews: this program wrote their sidecars.
    fn reviewed_places(&self) -> Result<BTreeSet<Place>, ArchiveError> {
        let log = self.review_log(None, usize::MAX)?;
        Ok(log.into_iter().map(|entry| (entry.serial, entry.filename)).collect())
    }

    fn verify_index(&self, found: &mut Verification) -> Result<(), ArchiveError> {
        let path = self.relative(&self.layout().index());
        let problems = self.index_problems()?;
        let is_readable = problems.is_empty();
        for problem in problems.into_iter().take(20) {
            found.finding(path.clone(), FindingKind::IndexDamaged, problem);
        }
        if is_readable {
            let problems = self.while_nobody_writes(|| self.ask(sums::problems))?;
            for problem in problems.into_iter().take(20) {
                found.finding(path.clone(), FindingKind::IndexDisagrees, problem);
            }
        }
        Ok(())
    }

    /// What SQLite finds wrong with the index.
    pub(crate) fn index_problems(&self) -> Result<Vec<String>, ArchiveError> {
        self.while_nobody_writes(|| {
            let asked = self.ask(|connection| {
                let check = connection.prepare("PRAGMA integrity_check");
                let lines =
                    check.and_then(|mut check| check.query_map([], |row| row.get(0))?.collect());
                let lines = match lines {
                    Err(error) if is_of_the_system(&error) => return Err(error),
                    lines => lines.unwrap_or_else(|error: rusqlite::Error| vec![error.to_string()]),
                };
                let mut problems: Vec<String> =
                    lines.into_iter().filter(|line: &String| line != "ok").collect();
                let schema = sums::wrong_schema(connection);
                problems.extend(schema.unwrap_or_else(|error| Some(error.to_string())));
                Ok(problems)
            });
            match asked {
                Err(ArchiveError::Index { source, .. }) if !is_of_the_system(&source) => {
                    Ok(vec![source.to_string()])
                }
                asked => asked,
            }
        })
    }

    pub(crate) fn relative(&self, path: &std::path::Path) -> PathBuf {
        self.layout().relative(path)
    }
}

impl Verification {
    pub(crate) fn finding(&mut self, path: PathBuf, kind: FindingKind, message: impl Into<String>) {
        self.findings.push(Finding { path, kind, message: message.into() });
    }

    fn add(&mut self, one: Self) {
        self.events += one.events;
        self.files += one.files;
        self.bytes += one.bytes;
        self.findings.extend(one.findings);
        self.without_checksum += one.without_checksum;
        self.older_decoder += one.older_decoder;
        self.newer_decoder += one.newer_decoder;
    }
}

impl VerifyOptions {
    /// Whether an event is among the share: decided by its name alone.
    fn chooses(&self, (serial, filename): &Place) -> bool {
        let drawn = |seed: u64| {
            let mut hash = Sha256::new();
            hash.update(seed.to_le_bytes());
            hash.update(serial);
            hash.update([0]);
            hash.update(filename);
            hash.finalize().iter().take(4).fold(0u32, |all, byte| all << 8 | u32::from(*byte))
        };
        let is_in_part = self.part.is_none_or(|(part, of)| drawn(0) % of.max(1) == part);
        let is_in_share = self
            .share
            .is_none_or(|share| f64::from(drawn(self.seed)) < share * (f64::from(u32::MAX) + 1.0));
        is_in_part && is_in_share
    }
}
