//! The ledger: an append-only list of all that happened to the archive, `docs/ledger.md`.
//!
//! The file is the truth. The index knows where its lines stand and the hashes of its tree, so that an
//! entry, a proof or a head is a few reads. Lines are written with the change that they are of: they
//! stand in its journal, and reach the disk with the barrier that the change has anyway.

mod begin;
mod file;
mod head;
mod known;
mod prove;
mod restore;
mod tables;

use std::collections::BTreeMap;
use std::path::{Component, Path};

use rusqlite::{Connection, Transaction};
use serde_json::{Map, Value};
use wavekeep_custody::{Action, Entry, Hash, Subject, hash_of_line};

use crate::archive::Writer;
use crate::index;
use crate::journal::Change;
use crate::review::{self, ReviewEntry};
use crate::{Actor, Archive, ArchiveError};

pub(crate) use file::LINE_BYTES;
pub(crate) use head::in_words;
pub use head::{Grown, LedgerCheck, LedgerEntry, Since};
pub(crate) use known::{Known, Standing, facts_of, files_of};
pub(crate) use tables::{
    kept, levels, lost, moves, not_in_ledger, plans, removals, reviews, without_row,
};

/// Events whose rows follow at once.
const FOLLOWED: usize = 512;
/// Numbers above this are of no event: nobody counts so far, and the next ones have to fit behind them.
pub(crate) const MOST_EVENTS: i64 = 1 << 53;

/// Where a ledger ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    /// Number of entries.
    pub entries: u64,
    /// Length of the file in bytes.
    pub offset: u64,
    /// Leaf hash of the last entry.
    pub last: Hash,
}

impl End {
    const EMPTY: Self = Self { entries: 0, offset: 0, last: Hash::ZERO };

    /// The end behind a further line.
    fn behind(self, line: &[u8]) -> Self {
        Self {
            entries: self.entries + 1,
            offset: self.offset + line.len() as u64 + 1,
            last: hash_of_line(line),
        }
    }
}

/// What an entry says, apart from its place in the ledger.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub action: Action,
    pub by: Actor,
    pub at: String,
    pub event: Option<Subject>,
    pub files: BTreeMap<String, Hash>,
    pub more: Map<String, Value>,
}

impl Draft {
    /// An entry of no event, now.
    pub(crate) fn new(action: Action, by: Actor) -> Self {
        let (files, more) = (BTreeMap::new(), Map::new());
        Self { action, by, at: crate::now(), event: None, files, more }
    }

    /// An entry of an event.
    pub(crate) fn of(action: Action, by: Actor, id: i64, serial: &str, filename: &str) -> Self {
        let (serial, filename) = (serial.to_owned(), filename.to_owned());
        Self { event: Some(Subject { id, serial, filename }), ..Self::new(action, by) }
    }

    /// With a further member.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }
}

/// Entries that go with a change, behind those that are there.
#[derive(Debug)]
pub(crate) struct Lines {
    begin: End,
    end: End,
    lines: Vec<(Entry, String)>,
    /// The last entry of each event among them.
    of_events: BTreeMap<i64, u64>,
}

impl Lines {
    /// Behind the end that the index knows.
    pub(crate) fn behind(connection: &Connection) -> rusqlite::Result<Self> {
        Ok(Self::new(tables::end(connection)?))
    }

    fn new(begin: End) -> Self {
        Self { begin, end: begin, lines: Vec::new(), of_events: BTreeMap::new() }
    }

    /// Adds an entry.
    pub(crate) fn add(&mut self, connection: &Connection, draft: Draft) -> rusqlite::Result<()> {
        let earlier = match &draft.event {
            Some(event) if !self.of_events.contains_key(&event.id) => {
                tables::last_of_event(connection, event.id)?
            }
            _ => None,
        };
        self.push(draft, earlier);
        Ok(())
    }

    /// Adds an entry; `earlier` is the last one of its event that is not among these.
    fn push(&mut self, draft: Draft, earlier: Option<u64>) {
        let number = self.end.entries + 1;
        let of = draft.event.as_ref().map(|event| event.id);
        let earlier = of.and_then(|id| self.of_events.insert(id, number)).or(earlier);
        let entry = Entry {
            entry: number,
            previous: self.end.last,
            at: draft.at,
            who: draft.by.name,
            from: draft.by.from,
            action: draft.action,
            event: draft.event,
            earlier,
            files: draft.files,
            more: draft.more,
        };
        let line = entry.to_line();
        self.end = self.end.behind(line.as_bytes());
        self.lines.push((entry, line));
    }

    /// Where they end now.
    pub(crate) fn mark(&self) -> End {
        self.end
    }

    /// Takes the last entry away again, which is of the event `id` and the only one of it: they end at `mark`.
    pub(crate) fn back_to(&mut self, mark: End, id: i64) {
        self.end = mark;
        self.lines.pop();
        self.of_events.remove(&id);
    }

    /// The last line, without its end.
    pub(crate) fn last(&self) -> &str {
        self.lines.last().map_or("", |(_, line)| line)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Where the first of them begins in the file.
    pub(crate) fn offset(&self) -> u64 {
        self.begin.offset
    }

    /// The lines, without their ends.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(|(_, line)| line.as_str())
    }

    /// Puts them into the index.
    pub(crate) fn store(&self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let mut end = self.begin;
        for (entry, line) in &self.lines {
            tables::store(transaction, &end, line.as_bytes(), Some(entry))?;
            end = end.behind(line.as_bytes());
        }
        Ok(())
    }
}

/// How many entries the index knows of.
pub(crate) fn size(connection: &Connection) -> rusqlite::Result<u64> {
    tables::end(connection).map(|end| end.entries)
}

impl Archive {
    /// Entries behind those that are there, to go with a change.
    pub(crate) fn ledger_lines(&self, writer: &Writer) -> Result<Lines, ArchiveError> {
        Lines::behind(&writer.connection).map_err(|source| self.index_failed(source))
    }

    /// One entry, to go with a change.
    pub(crate) fn entry_of(&self, writer: &Writer, draft: Draft) -> Result<Lines, ArchiveError> {
        let mut lines = self.ledger_lines(writer)?;
        lines.add(&writer.connection, draft).map_err(|source| self.index_failed(source))?;
        Ok(lines)
    }

    /// Writes entries that go with no other change.
    pub(crate) fn note(&self, writer: &mut Writer, drafts: Vec<Draft>) -> Result<(), ArchiveError> {
        let mut lines = self.ledger_lines(writer)?;
        for draft in drafts {
            lines.add(&writer.connection, draft).map_err(|source| self.index_failed(source))?;
        }
        if lines.is_empty() {
            return Ok(());
        }
        let mut change = Change::new(self.files(), self.layout());
        change.ledger(&lines);
        change.happen(|| self.commit(writer, |transaction| lines.store(transaction)))
    }

    /// Lets the index follow the ledger: one that is older learns what it misses, one that knows none
    /// of it all. A ledger that is missing where the index knows of one, that is shorter, or whose lines
    /// do not go on from those that the index knows, is refused.
    pub(crate) fn follow_ledger(&self, writer: &mut Writer) -> Result<(), ArchiveError> {
        let known = self.ledger_end(&writer.connection)?;
        let there = self.ledger_len()?;
        match there {
            None if known.entries == 0 => return self.begin_ledger(writer),
            Some(len) if len == known.offset => return Ok(()),
            None => return Err(self.ledger_wrong("it is gone")),
            Some(len) if len < known.offset => {
                return Err(self.ledger_wrong(&format!(
                    "it has {len} bytes, the index knows of {}: entries were taken away",
                    known.offset
                )));
            }
            Some(_) => {}
        }
        let learnt = self.learn_ledger(writer)?;
        self.follow_events(writer, &learnt)
    }

    /// As [`follow_ledger`](Self::follow_ledger), for those who only look: a ledger that is damaged is
    /// left as it is, and the next change of the archive fails by it.
    pub(crate) fn follow_ledger_if_whole(&self, writer: &mut Writer) -> Result<(), ArchiveError> {
        match self.follow_ledger(writer) {
            Err(ArchiveError::Damaged { .. }) => Ok(()),
            followed => followed,
        }
    }

    /// Where the ledger ends as the index has it.
    pub(crate) fn ledger_end(&self, connection: &Connection) -> Result<End, ArchiveError> {
        tables::end(connection).map_err(|source| self.index_failed(source))
    }

    pub(crate) fn ledger_wrong(&self, what: &str) -> ArchiveError {
        let what = format!(
            "the ledger is not as it was written: {what}; nothing was changed: `wavekeep verify` says \
             more, `wavekeep repair` puts back what can be put back"
        );
        ArchiveError::Damaged { path: self.layout().ledger(), what }
    }

    /// Reads the lines behind those that the index knows into it. The events that they are of, where
    /// their last entries have them.
    pub(crate) fn learn_ledger(&self, writer: &mut Writer) -> Result<Vec<Subject>, ArchiveError> {
        let (mut learnt, mut wrong) = (Vec::new(), None);
        // A commit notes numbers as given: not where there is nothing to learn.
        if self.ledger_len()? == Some(self.ledger_end(&writer.connection)?.offset) {
            return Ok(learnt);
        }
        self.commit(writer, |transaction| {
            (learnt, wrong) = self.learn(transaction)?;
            Ok(())
        })?;
        match wrong {
            Some(what) => Err(self.ledger_wrong(&what)),
            None => Ok(learnt),
        }
    }

    /// Reads the lines behind those that an index knows into it, up to the first one that is wrong: the
    /// events that they are of, where their last entries have them, and what is wrong.
    pub(crate) fn learn(
        &self,
        connection: &Connection,
    ) -> rusqlite::Result<(Vec<Subject>, Option<String>)> {
        let mut learnt: BTreeMap<i64, Subject> = BTreeMap::new();
        let (mut wrong, mut most) = (None, 0);
        let begin = tables::end(connection)?;
        let mut end = begin;
        let read = self.each_line(begin.offset, None, &mut |line| {
            let entry = match check_line(&end, line) {
                Ok(entry) => entry,
                Err(what) => {
                    wrong = Some(what);
                    return Ok(false);
                }
            };
            tables::store(connection, &end, line, entry.as_ref())?;
            end = end.behind(line);
            if let Some(entry) = entry {
                if let Some(review) = review_of(&entry) {
                    review::store_all(connection, &[review])?;
                }
                if let Some(event) = entry.event {
                    if event.id < MOST_EVENTS {
                        most = most.max(event.id);
                    }
                    learnt.insert(event.id, event);
                }
            }
            Ok(true)
        });
        match read {
            Ok(false) => wrong = wrong.or(Some("its last line has no end".to_owned())),
            Ok(true) => {}
            Err(file::ReadError::Index(error)) => return Err(error),
            Err(file::ReadError::Archive(error)) => wrong = Some(error.to_string()),
        }
        if most > 0 {
            index::reserve(connection, most)?;
        }
        Ok((learnt.into_values().collect(), wrong))
    }

    /// The reviews that the ledger has and that can be read.
    pub(crate) fn ledger_reviews(
        &self,
        connection: &Connection,
    ) -> Result<Vec<ReviewEntry>, ArchiveError> {
        let places = tables::reviews(connection).map_err(|source| self.index_failed(source))?;
        self.reviews_at(&places)
    }

    /// The reviews of lines.
    pub(crate) fn reviews_at(
        &self,
        places: &[tables::Place],
    ) -> Result<Vec<ReviewEntry>, ArchiveError> {
        let mut reviews = Vec::new();
        for place in places {
            if let Ok(entry) = Entry::parse(&self.ledger_line(place)?) {
                reviews.extend(review_of(&entry));
            }
        }
        Ok(reviews)
    }

    /// Lets the rows of events follow entries that the index did not know.
    fn follow_events(&self, writer: &mut Writer, learnt: &[Subject]) -> Result<(), ArchiveError> {
        for some in learnt.chunks(FOLLOWED) {
            let mut rows = Vec::new();
            for event in some {
                let path = self.layout().event(&event.serial, &event.filename).sidecar();
                let sidecar = match self.read_if_there(&path)? {
                    // What cannot be read is left to `verify`.
                    Some(_) => self.read_sidecar(&path).ok(),
                    None => None,
                };
                let known = match sidecar {
                    Some(_) => None,
                    None => self.known_by(&writer.connection, event.id)?,
                };
                rows.push((event, sidecar.or(known.map(|known| known.sidecar()))));
            }
            self.commit(writer, |transaction| {
                rows.iter().try_for_each(|(event, sidecar)| {
                    let last = tables::last_action(transaction, event.id)?;
                    match sidecar {
                        _ if matches!(last.as_deref(), Some("forget" | "remove")) => {
                            index::remove(transaction, event.id)
                        }
                        Some(sidecar) => {
                            let (changed, at) = (index::next_change(transaction)?, &event.serial);
                            index::store(transaction, at, &event.filename, sidecar, changed)?;
                            Ok(())
                        }
                        None => Ok(()),
                    }
                })
            })?;
        }
        Ok(())
    }
}

/// A line that goes on from `end`, read; nothing for one that stands for a lost one.
fn check_line(end: &End, line: &[u8]) -> Result<Option<Entry>, String> {
    let number = end.entries + 1;
    if wavekeep_custody::lost_hash(line).is_some() {
        return Ok(None);
    }
    let at = end.offset;
    let entry = Entry::parse(line)
        .map_err(|error| format!("entry {number} at byte {at} cannot be read: {error}"))?;
    if entry.entry != number {
        return Err(format!("entry {number} at byte {at} says that it is entry {}", entry.entry));
    }
    if entry.previous != end.last {
        return Err(format!(
            "entry {number} at byte {at} goes on from {}, the entry before it is {}",
            entry.previous, end.last
        ));
    }
    if let Some(event) = &entry.event
        && !(is_a_name(&event.serial) && is_a_name(&event.filename))
    {
        let (serial, filename) = (&event.serial, &event.filename);
        return Err(format!(
            "entry {number} at byte {at} is of {serial:?}/{filename:?}, which is no place of an event"
        ));
    }
    Ok(Some(entry))
}

/// Whether a text names something in a folder, and leads nowhere else: a ledger comes with
/// its archive, and so from anybody.
fn is_a_name(text: &str) -> bool {
    let mut components = Path::new(text).components();
    matches!((components.next(), components.next()), (Some(Component::Normal(name)), None) if name == text)
}

/// The review that an entry is of.
pub(crate) fn review_of(entry: &Entry) -> Option<ReviewEntry> {
    let (review, event) = (entry.more.get("review")?, entry.event.as_ref()?);
    let text = |name: &str| review.get(name).and_then(Value::as_str).map(str::to_owned);
    Some(ReviewEntry {
        number: review.get("number")?.as_i64()?,
        event_id: event.id,
        serial: event.serial.clone(),
        filename: event.filename.clone(),
        at: text("at").unwrap_or_else(|| entry.at.clone()),
        who: text("who").unwrap_or_else(|| entry.who.clone()),
        undoes: review.get("undoes").and_then(Value::as_i64),
        before: review.get("before").cloned().unwrap_or_default(),
        after: review.get("after").cloned().unwrap_or_default(),
    })
}

/// What an entry says of a review.
pub(crate) fn review_member(review: &ReviewEntry, is_carried: bool) -> Value {
    let mut member = Map::new();
    member.insert("number".to_owned(), review.number.into());
    if is_carried {
        member.insert("at".to_owned(), review.at.clone().into());
        member.insert("who".to_owned(), review.who.clone().into());
    }
    if let Some(undoes) = review.undoes {
        member.insert("undoes".to_owned(), undoes.into());
    }
    member.insert("before".to_owned(), review.before.clone());
    member.insert("after".to_owned(), review.after.clone());
    Value::Object(member)
}
