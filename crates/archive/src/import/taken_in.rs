//! Another archive, taken in: its events with their numbers where they are free, what people said of
//! them, and the head of its ledger.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;
use serde_json::{Value, json};
use wavekeep_custody::{Action, Hash};

use super::{Account, Fate, Imported, Listener};
use crate::index::{self, EventRow};
use crate::journal::Change;
use crate::layout::EventFiles;
use crate::ledger::{Draft, facts_of, files_of, review_member};
use crate::merge::limits_of_archive;
use crate::monitor_log_files::MonitorLogFile;
use crate::name::is_beside;
use crate::remake::sha256;
use crate::save::{Placed, ReportFile, Saved, SourceKind, Submission};
use crate::sidecar::Sidecar;
use crate::{Archive, ArchiveError, ReviewEntry, review};

/// Events that are saved with one sync.
const AT_ONCE: usize = 128;
/// Failures that the account names.
const NAMED: usize = 1000;

/// What became of an archive that was taken in.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TakenIn {
    /// Its files.
    pub account: Account,
    /// Reviews that came along.
    pub reviews: u64,
    /// Events that kept the number that they had.
    pub same_number: u64,
    /// Events that people had said something else of here: that stays, and what they said there is in
    /// the other archive.
    pub reviewed_here: Vec<String>,
    /// Plans that came along.
    pub plans: u64,
}

impl Archive {
    /// Takes in the events of another archive: sources, reports, raw frames, what people said, and when
    /// they came in. Numbers stay where they are free. What is there already stays as it is. The ledger
    /// notes the head of the other one's ledger.
    ///
    /// # Errors
    /// [`ArchiveError::Itself`]; otherwise when an archive fails as a whole.
    pub fn take_in(
        &self,
        other: &Archive,
        stop: &AtomicBool,
        listener: Listener<'_>,
    ) -> Result<TakenIn, ArchiveError> {
        self.take_in_matching(other, &crate::Query::default(), stop, listener)
    }

    /// As [`take_in`](Self::take_in), of the events of the other archive that answer `query` alone, whose
    /// order and page do not matter: a part of an archive becomes one.
    ///
    /// # Errors
    /// As [`take_in`](Self::take_in).
    pub fn take_in_matching(
        &self,
        other: &Archive,
        query: &crate::Query,
        stop: &AtomicBool,
        listener: Listener<'_>,
    ) -> Result<TakenIn, ArchiveError> {
        let root = other.layout().root();
        if root == self.layout().root() {
            return Err(ArchiveError::Itself { path: root.to_owned() });
        }
        let by = self.actor().clone();
        let source = format!("archive {}", root.display());
        let session = self.begin_session(&source, Some(&by.name))?;
        let mut taken = TakenIn::default();
        let mut rows = Vec::new();
        other.each_event(query, &mut |row| {
            rows.push(row);
            Ok::<(), ArchiveError>(())
        })?;
        rows.sort_by_key(|row| row.id);
        let total = rows.len() as u64;
        let last_id = rows.last().map_or(0, |row| row.id);
        for some in rows.chunks(AT_ONCE) {
            if stop.load(Ordering::Relaxed) {
                taken.account.stopped = true;
                break;
            }
            self.take_in_some(other, (some, last_id), stop, &mut taken, listener)?;
        }
        // They are of no project and no time: a part of an archive is without them.
        if *query == crate::Query::default() && !taken.account.stopped {
            for file in other.monitor_log_files()? {
                self.take_in_monitor_log(other, &file, &mut taken, listener)?;
            }
        }
        taken.account.session = session;
        if !taken.account.stopped {
            let mut projects: BTreeSet<Option<String>> =
                rows.iter().map(|row| row.project.clone()).filter(Option::is_some).collect();
            if query.is_of_all() {
                projects.insert(None);
            }
            taken.plans = self.take_in_plans(other, &projects)?;
        }
        if let Ok(head) = other.head() {
            let mut draft = Draft::new(Action::Merge, by);
            for (name, value) in [
                ("archive", json!(head.archive)),
                ("size", json!(head.size)),
                ("root", json!(head.root)),
                ("events", json!(total)),
            ] {
                draft = draft.with(name, value);
            }
            self.with_lock(|writer| self.note(writer, vec![draft]))?;
        }
        if !taken.account.stopped {
            self.end_session(session, taken.account.counts())?;
        }
        Ok(taken)
    }

    fn take_in_monitor_log(
        &self,
        other: &Archive,
        file: &MonitorLogFile,
        taken: &mut TakenIn,
        listener: Listener<'_>,
    ) -> Result<(), ArchiveError> {
        let path = other.layout().folder(&file.serial).join(&file.filename);
        let fate = match other.read_if_there(&path)? {
            Some(bytes) if sha256(&bytes) == file.sha256 => {
                let by = self.actor().clone();
                let kept = self.keep_monitor_log(&file.filename, &bytes, Some(&file.serial), by);
                kept.map_or_else(|error| Fate::from(&error), Fate::MonitorLog)
            }
            _ => Fate::failed("damaged", "the monitor log is gone, or other bytes than came in"),
        };
        let imported = Imported { path: path.display().to_string(), fate };
        taken.account.count(&imported, NAMED);
        listener(&imported);
        Ok(())
    }

    fn take_in_some(
        &self,
        other: &Archive,
        (rows, last_id): (&[EventRow], i64),
        stop: &AtomicBool,
        taken: &mut TakenIn,
        listener: Listener<'_>,
    ) -> Result<(), ArchiveError> {
        let shown = |row: &EventRow| {
            let path = other.layout().root().join(&row.serial).join(&row.filename);
            path.display().to_string()
        };
        let mut notify = |taken: &mut TakenIn, path: String, fate: Fate| {
            let imported = Imported { path, fate };
            taken.account.count(&imported, NAMED);
            listener(&imported);
        };
        let mut events = Vec::new();
        for row in rows {
            let (fate, stream) = match other.whole_event(row.id, last_id) {
                Ok(Whole::Event(submission, sidecar)) => {
                    events.push((row, *submission, *sidecar));
                    continue;
                }
                Ok(Whole::Stream(path, sidecar)) => {
                    match self.adopt_until(&row.serial, &path, self.actor().clone(), stop) {
                        Ok(adopted) => (Fate::Stream(adopted.clone()), Some((adopted.id, sidecar))),
                        Err(error) => (Fate::failed(error.kind(), error), None),
                    }
                }
                Err(error) => (Fate::failed(error.kind(), error), None),
            };
            if let Some((id, sidecar)) = stream {
                self.bring_reviews(other, row, id, &sidecar, taken)?;
            }
            notify(taken, shown(row), fate);
        }
        let submissions: Vec<Submission> =
            events.iter().map(|(_, submission, _)| submission.clone()).collect();
        let answers = self.save_batch(submissions);
        for ((row, _, sidecar), answer) in events.into_iter().zip(answers) {
            let fate = match answer {
                Ok(saved) => {
                    taken.same_number += u64::from(saved.id == row.id);
                    self.bring_others(other, row, &saved, &sidecar)?;
                    self.bring_reviews(other, row, saved.id, &sidecar, taken)?;
                    Fate::Event(saved)
                }
                Err(error) => Fate::from(&error),
            };
            notify(taken, shown(row), fate);
        }
        Ok(())
    }

    /// An event as it is handed in again, or the path of a run.
    fn whole_event(&self, id: i64, last_id: i64) -> Result<Whole, ArchiveError> {
        self.read_at_place(id, |row, event| self.whole_at(row, event, last_id))
    }

    fn whole_at(
        &self,
        row: &EventRow,
        event: &EventFiles,
        last_id: i64,
    ) -> Result<Whole, ArchiveError> {
        if row.kind == "stream" {
            let sidecar = self.read_sidecar(&event.sidecar())?;
            let pieces = self.stream_pieces(row.id)?;
            let first = pieces.first().ok_or(ArchiveError::NoEvent { id: row.id })?;
            return Ok(Whole::Stream(first.clone(), Box::new(sidecar)));
        }
        let parts = self.parts(&row.serial, &row.filename)?;
        let (own, source) = (parts.sidecar.own(), parts.sidecar.source());
        let stated_sum = parts.sidecar.source_file().sha256.map(|sum| sum.to_lowercase());
        if stated_sum.is_some_and(|sum| sum != parts.sha256) {
            let what = "the source file is not the one that came in: verify and repair that archive \
                first";
            return Err(ArchiveError::Damaged { path: event.source(), what: what.to_owned() });
        }
        let frames = match source.a5_pickle_filename.filter(|name| is_beside(name)) {
            Some(name) => self.read_if_there(&event.named(&name))?,
            None => None,
        };
        let kind = source.kind.as_deref();
        let submission = Submission {
            report: parts.report.map(|bytes| ReportFile { name: source.txt_filename, bytes }),
            name: parts.name,
            bytes: parts.bytes,
            frames,
            gnz: own.gnz_sha256.is_some(),
            stated: own.stated.unwrap_or_default(),
            source_kind: SourceKind::of_word(kind.unwrap_or_default()).unwrap_or_default(),
            sent_by: own.sent_by,
            captured_at: source.captured_at.and_then(|at| at.parse().ok()),
            limits: limits_of_archive(),
            placed: Some(Placed { id: row.id, last_id, serial: row.serial.clone() }),
            ..Submission::default()
        };
        Ok(Whole::Event(Box::new(submission), Box::new(parts.sidecar)))
    }

    /// Further files that are kept beside an event, such as a second report that differs.
    fn bring_others(
        &self,
        other: &Archive,
        row: &EventRow,
        saved: &Saved,
        sidecar: &Sidecar,
    ) -> Result<(), ArchiveError> {
        let source = sidecar.source();
        let taken = [source.txt_filename, source.a5_pickle_filename];
        let others = sidecar.own().files.unwrap_or_default().into_keys();
        let others = others.filter(|name| is_beside(name) && !taken.contains(&Some(name.clone())));
        let others: Vec<String> = others.collect();
        if others.is_empty() {
            return Ok(());
        }
        let here = self.layout().event(&saved.serial, &saved.filename);
        let files = other.read_at_place(row.id, |_, there| {
            let mut files = Vec::new();
            for name in &others {
                let Some(bytes) = other.read_if_there(&there.named(name))? else { continue };
                if self.read_if_there(&here.named(name))?.is_none() {
                    files.push((name.clone(), bytes));
                }
            }
            Ok::<_, ArchiveError>(files)
        })?;
        if files.is_empty() {
            return Ok(());
        }
        self.change_sidecar(saved.id, Vec::new(), |sidecar| {
            let mut own = sidecar.own();
            for (name, bytes) in &files {
                own.files.get_or_insert_default().insert(name.clone(), Hash::of(bytes).to_string());
            }
            sidecar.set("wavekeep", &own);
            files.iter().map(|(name, bytes)| (here.named(name), bytes.clone())).collect()
        })
    }

    /// What people said of an event in another archive.
    fn bring_reviews(
        &self,
        other: &Archive,
        row: &EventRow,
        id: i64,
        theirs: &Sidecar,
        taken: &mut TakenIn,
    ) -> Result<(), ArchiveError> {
        let said = |sidecar: &Sidecar| {
            let facts = facts_of(sidecar);
            (facts.get("review").cloned(), facts.get("extensions").cloned())
        };
        let (of_other, of_this) = (said(theirs), said(&self.sidecar(id)?));
        let mut log = other.review_log(Some(row.id), usize::MAX)?;
        log.reverse();
        if of_other == of_this || (of_other == (None, None) && log.is_empty()) {
            return Ok(());
        }
        if of_this != (None, None) {
            taken.reviewed_here.push(format!("{}/{}", row.serial, row.filename));
            return Ok(());
        }
        taken.reviews += log.len() as u64;
        self.change_sidecar(id, log, |sidecar| {
            if let Some(review) = of_other.0 {
                sidecar.set_part("review", review);
            }
            if let Some(Value::Object(of_people)) = of_other.1 {
                let mut extensions = sidecar.part("extensions");
                if let Some(extensions) = extensions.as_object_mut() {
                    extensions.extend(of_people);
                }
                sidecar.set_part("extensions", extensions);
            }
            Vec::new()
        })
    }

    /// Changes the sidecar of an event that was taken in, with the reviews that lead to it, in their
    /// order, and further files.
    fn change_sidecar(
        &self,
        id: i64,
        reviews: Vec<ReviewEntry>,
        change: impl FnOnce(&mut Sidecar) -> Vec<(PathBuf, Vec<u8>)>,
    ) -> Result<(), ArchiveError> {
        self.with_lock(|writer| {
            let failed = |source| self.index_failed(source);
            let row = index::event(&writer.connection, id).map_err(failed)?;
            let row = row.ok_or(ArchiveError::NoEvent { id })?;
            let (serial, filename) = (row.serial.as_str(), row.filename.as_str());
            let event = self.layout().event(serial, filename);
            let standing = self.standing_sidecar(&writer.connection, id, &event)?;
            let path = event.sidecar();
            let mut sidecar = self.read_sidecar(&path)?;
            let files = change(&mut sidecar);
            let mut lines = self.ledger_lines(writer)?;
            let by = self.actor();
            let next = review::next_number(&writer.connection).map_err(failed)?;
            let mut numbers: HashMap<i64, i64> = HashMap::new();
            let mut stored = Vec::new();
            for (number, review) in (next..).zip(reviews) {
                numbers.insert(review.number, number);
                let undoes = review.undoes.and_then(|was| numbers.get(&was).copied());
                let (serial, filename) = (serial.to_owned(), filename.to_owned());
                let review =
                    ReviewEntry { number, event_id: id, serial, filename, undoes, ..review };
                let draft = Draft::of(Action::Review, by.clone(), id, &row.serial, &row.filename);
                let draft = draft.with("review", review_member(&review, true));
                lines.add(&writer.connection, draft).map_err(failed)?;
                stored.push(review);
            }
            let bytes = sidecar.to_bytes();
            let mut draft = Draft::of(Action::Update, by.clone(), id, serial, filename);
            draft.files = files_of(filename, &sidecar, Hash::of(&bytes));
            let draft = standing.noted(draft.with("facts", facts_of(&sidecar)));
            lines.add(&writer.connection, draft).map_err(failed)?;
            let files = files.iter().map(|(path, bytes)| (path.clone(), bytes.as_slice()));
            let staged = self.stage_all(files.chain([(path, bytes.as_slice())]))?;
            let mut happening = Change::new(self.files(), self.layout());
            happening.event(serial, filename, staged);
            happening.ledger(&lines);
            happening.happen(|| {
                self.commit(writer, |transaction| {
                    let changed = index::next_change(transaction)?;
                    index::store(transaction, serial, filename, &sidecar, changed)?;
                    review::store_all(transaction, &stored)?;
                    lines.store(transaction)
                })
            })
        })
    }
}

/// What an event is taken in as.
enum Whole {
    Event(Box<Submission>, Box<Sidecar>),
    Stream(PathBuf, Box<Sidecar>),
}
