//! Heads, and whether the ledger only grew since one.

use rayon::prelude::*;
use rusqlite::Connection;
use serde::Serialize;
use serde_json::Value;
use wavekeep_custody::merkle::{Frontier, Nodes};
use wavekeep_custody::{Entry, Hash, Head, hash_of_line, lost_hash};

use super::tables::{self, Place, Stored};
use super::{End, check_line, file};
use crate::{Archive, ArchiveError};

/// Bytes of lines that are hashed side by side.
const AT_ONCE: usize = 4 << 20;
/// Entries that are named one by one.
const NAMED: u64 = 20;

/// An entry of the ledger, with the hash of its leaf.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LedgerEntry {
    /// The entry.
    #[serde(flatten)]
    pub entry: Entry,
    /// The hash of its leaf.
    pub leaf: Hash,
}

/// How a ledger relates to a head of it that somebody held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grown {
    /// All entries of the head are there as they were.
    Yes {
        /// Entries that came since.
        added: u64,
    },
    /// It is the head of another archive's ledger, or this ledger was begun anew.
    OtherArchive {
        /// The archive of the head.
        held: String,
        /// This one.
        found: String,
    },
    /// Entries are gone or are not what they were.
    No {
        /// Entries that were taken away from the end: the first and the last of them.
        taken_away: Option<(u64, u64)>,
        /// Where entries are not what they were, as far as the head says it: the first and the last of
        /// each range.
        rewritten: Vec<(u64, u64)>,
        /// What stands in those places now, in words.
        now: Vec<String>,
    },
}

/// A ledger against a head that somebody held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Since {
    /// Entries of the head.
    pub size: u64,
    /// When it was taken, as it says.
    pub time: String,
    /// Entries now.
    pub entries: u64,
    /// What became of them.
    pub grown: Grown,
    /// Entries since then that came over changes of another program, or by hand: which, and of what.
    pub outside: Vec<String>,
}

impl Since {
    /// Whether the ledger only grew, and nothing came into it that was changed outside of this program.
    pub fn is_grown(&self) -> bool {
        matches!(self.grown, Grown::Yes { .. }) && self.outside.is_empty()
    }

    /// The same in sentences.
    pub fn sentences(&self) -> Vec<String> {
        let range = |(first, last): &(u64, u64)| match first == last {
            true => format!("entry {first}"),
            false => format!("entries {first} to {last}"),
        };
        let mut sentences = self.of_grown(range);
        sentences.extend(self.outside.iter().map(|what| {
            format!("changed by another program, or by hand, and carried on by {what}")
        }));
        sentences
    }

    fn of_grown(&self, range: impl Fn(&(u64, u64)) -> String) -> Vec<String> {
        match &self.grown {
            Grown::Yes { added } => vec![format!(
                "all {} entries of the head of {} are unchanged; {added} added since",
                self.size,
                if self.time.is_empty() { "then" } else { &self.time }
            )],
            Grown::OtherArchive { held, found } => vec![format!(
                "the head is of the archive {held}, this is {found}: another archive is in its place, or \
                 its ledger was begun anew"
            )],
            Grown::No { taken_away, rewritten, now } => {
                let taken = taken_away.iter().map(|gone| {
                    format!("{} of the head: taken away, the ledger ends before", range(gone))
                });
                let rewritten = rewritten.iter().map(|of| {
                    format!("{} of the head: not as it was, rewritten or exchanged", range(of))
                });
                let now = now.iter().map(|now| format!("there now: {now}"));
                taken.chain(rewritten).chain(now).collect()
            }
        }
    }
}

/// What was found of a ledger.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LedgerCheck {
    /// Entries up to the first that is wrong, or all.
    pub entries: u64,
    /// The root of their tree, as their lines give it.
    pub root: Option<Hash>,
    /// What is wrong with it.
    pub problems: Vec<String>,
    /// Entries whose text is lost.
    pub lost: Vec<u64>,
    /// Entries that the index does not know yet.
    pub unknown_to_index: u64,
    /// The ledger against a head.
    pub since: Option<Since>,
}

impl Archive {
    /// The head of the ledger as it is now.
    ///
    /// # Errors
    /// [`ArchiveError::NoLedger`] where an archive of another program was never opened for writing.
    pub fn head(&self) -> Result<Head, ArchiveError> {
        let archive = self.ledger_name()?;
        self.ask(|connection| {
            // Size and nodes are of one moment.
            let moment = connection.unchecked_transaction()?;
            let end = tables::end(connection)?;
            let head = Head::of(archive.clone(), &Stored(connection), end.entries, crate::now())?;
            moment.commit()?;
            Ok(head)
        })
    }

    /// The name that the ledger drew when it began.
    fn ledger_name(&self) -> Result<String, ArchiveError> {
        let first = self.ask(|connection| tables::between(connection, 1, 1))?;
        let none = || ArchiveError::NoLedger { path: self.layout().root().to_owned() };
        let first = first.first().ok_or_else(none)?;
        let entry = Entry::parse(&self.ledger_line(first)?);
        let entry = entry.map_err(|error| self.ledger_wrong(&format!("entry 1: {error}")))?;
        Ok(entry.text("archive").unwrap_or_default().to_owned())
    }

    /// Entries of the ledger, of one event or of all, the latest first. Those whose text is lost are left
    /// out.
    ///
    /// # Errors
    /// What the index or the system says.
    pub fn ledger_entries(
        &self,
        id: Option<i64>,
        limit: usize,
    ) -> Result<Vec<LedgerEntry>, ArchiveError> {
        let places = self.ask(|connection| match id {
            Some(id) => tables::of_event(connection, id),
            None => {
                let last = tables::end(connection)?.entries;
                let limit = u64::try_from(limit).unwrap_or(u64::MAX);
                tables::between(connection, last.saturating_sub(limit) + 1, last)
            }
        })?;
        let mut entries = Vec::new();
        for place in places.iter().rev().take(limit) {
            let line = self.ledger_line(place)?;
            if let Ok(entry) = Entry::parse(&line) {
                entries.push(LedgerEntry { entry, leaf: hash_of_line(&line) });
            }
        }
        Ok(entries)
    }

    /// The entry with this number; `None` where there is none, or its text is lost.
    ///
    /// # Errors
    /// What the index or the system says.
    pub fn ledger_entry(&self, number: u64) -> Result<Option<LedgerEntry>, ArchiveError> {
        let place = self.ask(|connection| tables::between(connection, number, number))?;
        let Some(place) = place.first() else { return Ok(None) };
        let line = self.ledger_line(place)?;
        let leaf = hash_of_line(&line);
        Ok(Entry::parse(&line).ok().map(|entry| LedgerEntry { entry, leaf }))
    }

    /// The latest entry of an event, and a head of the ledger that has it. `None` where there is no ledger
    /// yet, or nothing of this event in it.
    ///
    /// # Errors
    /// What the index or the system says.
    pub fn ledger_state(&self, id: i64) -> Result<Option<(LedgerEntry, Head)>, ArchiveError> {
        // The entry first: a head that is taken later has it.
        let Some(entry) = self.ledger_entries(Some(id), 1)?.into_iter().next() else {
            return Ok(None);
        };
        Ok(Some((entry, self.head()?)))
    }

    /// Reads the whole ledger and checks it: every line goes on from the one before it, and its tree is
    /// the one that the index has; with a head, whether it only grew since.
    ///
    /// # Errors
    /// What the system or the index says; what is wrong with the ledger is in the answer.
    pub fn check_ledger(&self, since: Option<&Head>) -> Result<LedgerCheck, ArchiveError> {
        self.while_nobody_writes(|| self.scan_ledger(since, None))
    }

    /// The same, up to byte `until` of the file, or to its end.
    pub(crate) fn scan_ledger(
        &self,
        since: Option<&Head>,
        until: Option<u64>,
    ) -> Result<LedgerCheck, ArchiveError> {
        let mut check = LedgerCheck::default();
        let known = self.ask(tables::end)?;
        let mut scan = Scan { since, known: known.entries, ..Scan::new() };
        let is_there = self.ledger_len()?.is_some();
        if is_there {
            let mut batch = Batch::default();
            let read = self.each_line(0, until, &mut |line| {
                batch.push(line);
                if batch.bytes.len() >= AT_ONCE {
                    return Ok(scan.take(&mut batch, &mut check));
                }
                Ok(true)
            });
            let is_whole = match read {
                Ok(is_whole) => is_whole,
                Err(file::ReadError::Archive(error)) => return Err(error),
                Err(file::ReadError::Index(source)) => return Err(self.index_failed(source)),
            };
            scan.take(&mut batch, &mut check);
            if !is_whole && check.problems.is_empty() {
                check.problems.push(format!("byte {}: the last line has no end", scan.end.offset));
            }
        } else if known.entries > 0 {
            check.problems.push("it is gone".to_owned());
        }
        check.entries = scan.end.entries;
        check.unknown_to_index = check.entries.saturating_sub(known.entries);
        check.root = (check.entries > 0).then(|| scan.tree.root());
        let is_whole = is_there && until.is_none();
        if known.entries > check.entries && is_whole && check.problems.is_empty() {
            check.problems.push(format!(
                "it ends with entry {}, the index knows of {}: entries {} to {} were taken away",
                check.entries,
                known.entries,
                check.entries + 1,
                known.entries
            ));
        }
        if check.problems.is_empty() && known.entries > 0 {
            let root = self.ask(|connection| {
                wavekeep_custody::merkle::root(
                    &Stored(connection),
                    known.entries.min(check.entries),
                )
            })?;
            let of_file = scan.root_at(known.entries).unwrap_or_else(|| scan.tree.root());
            if known.entries == check.entries && root != of_file {
                check.problems.push(format!(
                    "its {} entries have the root {of_file}, the index has {root}: entries were \
                     rewritten, or the index is another archive's",
                    check.entries
                ));
                check.problems.extend(self.differing_from_index()?);
            }
        }
        if let Some(head) = since {
            check.since = Some(self.compare(head, &scan, is_there)?);
        }
        Ok(check)
    }

    /// The first entries whose lines have other hashes than the index has.
    fn differing_from_index(&self) -> Result<Vec<String>, ArchiveError> {
        self.ask(|connection| {
            let (mut number, mut differing) = (0, Vec::new());
            let read = self.each_line(0, None, &mut |line| {
                if Stored(connection).node(0, number)? != hash_of_line(line) {
                    differing.push(match Entry::parse(line) {
                        Ok(entry) => format!("not as the index has it: {}", in_words(&entry)),
                        Err(_) => format!("not as the index has it: entry {}", number + 1),
                    });
                }
                number += 1;
                Ok((differing.len() as u64) < NAMED)
            });
            match read {
                Err(file::ReadError::Index(error)) => Err(error),
                Err(file::ReadError::Archive(error)) => Ok(Err(error)),
                Ok(_) => Ok(Ok(differing)),
            }
        })?
    }

    fn compare(&self, head: &Head, scan: &Scan<'_>, is_there: bool) -> Result<Since, ArchiveError> {
        let entries = scan.end.entries;
        let of = |grown| Since {
            size: head.size,
            time: head.time.clone(),
            entries,
            grown,
            outside: scan.outside.clone(),
        };
        let found = match is_there && entries > 0 {
            true => scan.name.clone(),
            false => String::new(),
        };
        if !head.archive.is_empty() && !found.is_empty() && found != head.archive {
            return Ok(of(Grown::OtherArchive { held: head.archive.clone(), found }));
        }
        if head.size <= entries && scan.root_at(head.size) == Some(head.root) {
            return Ok(of(Grown::Yes { added: entries - head.size }));
        }
        let taken_away = (entries < head.size).then_some((entries + 1, head.size));
        let mut rewritten = scan.differing.clone();
        // Entries behind the last whole block, or all where the head has no blocks.
        if rewritten.is_empty() && taken_away.is_none() {
            let level = head.blocks.as_ref().map(|blocks| blocks.level);
            let whole = level.map_or(0, |level| (head.size >> level) << level);
            rewritten.push(if whole < head.size { (whole + 1, head.size) } else { (1, head.size) });
        }
        let mut now = Vec::new();
        for (first, last) in &rewritten {
            let last = (*last).min(first + NAMED - 1);
            now.extend(
                scan.named
                    .iter()
                    .filter(|(n, _)| (*first..=last).contains(n))
                    .map(|(_, w)| w.clone()),
            );
        }
        now.truncate(usize::try_from(NAMED).unwrap_or(usize::MAX));
        if now.is_empty() {
            for (first, last) in &rewritten {
                now.extend(self.named_between(*first, (*last).min(first + NAMED - 1))?);
            }
        }
        Ok(of(Grown::No { taken_away, rewritten, now }))
    }

    /// Entries in words.
    fn named_between(&self, first: u64, last: u64) -> Result<Vec<String>, ArchiveError> {
        let places: Vec<Place> =
            self.ask(|connection: &Connection| tables::between(connection, first, last))?;
        let mut names = Vec::new();
        for place in places {
            if let Ok(entry) = Entry::parse(&self.ledger_line(&place)?) {
                names.push(in_words(&entry));
            }
        }
        Ok(names)
    }
}

/// An entry in words.
pub(crate) fn in_words(entry: &Entry) -> String {
    let of = entry
        .event
        .as_ref()
        .map(|event| format!(" of event {}, {}/{}", event.id, event.serial, event.filename));
    let (action, of) = (entry.action.word(), of.unwrap_or_default());
    format!("entry {}: {action}{of}, {} by {}", entry.entry, entry.at, entry.who)
}

/// Lines that wait to be hashed.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Batch {
    fn push(&mut self, line: &[u8]) {
        self.bytes.extend_from_slice(line);
        self.ends.push(self.bytes.len());
    }
}

/// A ledger while it is read.
struct Scan<'a> {
    end: End,
    /// Entries that the index has read: of those that it has not, each is read here.
    known: u64,
    tree: Frontier,
    since: Option<&'a Head>,
    /// The archive that the first entry names.
    name: String,
    /// The root at the size of the head.
    at_head: Option<Hash>,
    /// Where entries differ from the head's.
    differing: Vec<(u64, u64)>,
    /// Those entries in words.
    named: Vec<(u64, String)>,
    /// Entries behind the head that say what was changed outside.
    outside: Vec<String>,
}

impl Scan<'_> {
    fn new() -> Self {
        Self {
            end: End::EMPTY,
            known: 0,
            tree: Frontier::default(),
            since: None,
            name: String::new(),
            at_head: None,
            differing: Vec::new(),
            named: Vec::new(),
            outside: Vec::new(),
        }
    }

    /// The root at a size: of the head's, or of now.
    fn root_at(&self, size: u64) -> Option<Hash> {
        match self.since {
            _ if size == self.tree.size() => Some(self.tree.root()),
            Some(head) if head.size == size => self.at_head,
            _ => None,
        }
    }

    /// Takes lines in; whether all was right so far.
    fn take(&mut self, batch: &mut Batch, check: &mut LedgerCheck) -> bool {
        let Batch { bytes, ends } = std::mem::take(batch);
        let begins = std::iter::once(0).chain(ends.iter().copied());
        let lines: Vec<&[u8]> = begins.zip(&ends).map(|(begin, end)| &bytes[begin..*end]).collect();
        let hashes: Vec<Hash> = lines.par_iter().map(|line| hash_of_line(line)).collect();
        for (line, hash) in lines.into_iter().zip(hashes) {
            if self.end.entries == 0 {
                let first = Entry::parse(line).ok();
                self.name = first
                    .and_then(|entry| Some(entry.text("archive")?.to_owned()))
                    .unwrap_or_default();
            }
            if lost_hash(line).is_some() {
                check.lost.push(self.end.entries + 1);
            } else if (self.end.entries >= self.known || !begins_as_written(&self.end, line))
                && let Err(what) = check_line(&self.end, line)
            {
                check.problems.push(what);
                return false;
            }
            let is_behind = self.since.is_some_and(|head| self.end.entries >= head.size);
            if is_behind
                && memchr::memmem::find(line, b"\"outside\":").is_some()
                && let Ok(entry) = Entry::parse(line)
                && let Some(outside) = entry.more.get("outside").and_then(Value::as_array)
            {
                let what: Vec<&str> = outside.iter().filter_map(Value::as_str).collect();
                self.outside.push(format!("{}: {}", in_words(&entry), what.join("; ")));
            }
            self.end = End {
                entries: self.end.entries + 1,
                offset: self.end.offset + line.len() as u64 + 1,
                last: hash,
            };
            let (since, differing, named) = (self.since, &mut self.differing, &mut self.named);
            self.tree.push(hash, |level, place, hash| {
                let Some(blocks) = since.and_then(|head| head.blocks.as_ref()) else { return };
                let start = usize::try_from(place).ok().and_then(|place| blocks.starts.get(place));
                if level != blocks.level || start.is_none_or(|start| hash.0.starts_with(start)) {
                    return;
                }
                let (first, last) = ((place << level) + 1, (place + 1) << level);
                match differing.last_mut() {
                    Some((_, before)) if *before + 1 == first => *before = last,
                    _ => differing.push((first, last)),
                }
                if let (0, Ok(entry)) = (level, Entry::parse(line))
                    && (named.len() as u64) < NAMED
                {
                    named.push((entry.entry, in_words(&entry)));
                }
            });
            if self.since.is_some_and(|head| head.size == self.tree.size()) {
                self.at_head = Some(self.tree.root());
            }
        }
        true
    }
}

/// Whether a line begins as this program writes entries that go on from `end`: what is behind that is
/// read only where somebody asks for it.
fn begins_as_written(end: &End, line: &[u8]) -> bool {
    let begin = format!("{{\"entry\":{},\"previous\":\"{}\",", end.entries + 1, end.last);
    line.starts_with(begin.as_bytes())
}
