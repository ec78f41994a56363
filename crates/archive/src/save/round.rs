//! Rounds: what several callers prepared at the same time becomes one change, with one journal, one
//! transaction and one sync for all.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use rusqlite::Transaction;

use super::plan::{Numbers, Plan};
use super::{Done, Outcome, Prepared, Saved, Submission, start_of_name};
use crate::archive::Writer;
use crate::error::SaveError;
use crate::index::{self, SessionCounts, summary, sums};
use crate::journal::Change;
use crate::ledger::{Draft, Standing, facts_of, files_of};
use crate::name::SafeName;
use crate::rounds::Rounds;
use crate::{Actor, Archive, ArchiveError};

/// The threads that write files under the archive's lock. On the threads that decode, they would wait until
/// those have decoded the next round, and everybody behind the lock with them.
fn leading() -> Option<&'static ThreadPool> {
    static THREADS: OnceLock<Option<ThreadPool>> = OnceLock::new();
    THREADS.get_or_init(|| ThreadPoolBuilder::new().build().ok()).as_ref()
}

/// Those who save.
pub(crate) type SaveRounds = Rounds<Work, Answers>;

/// What one caller has prepared.
#[derive(Debug)]
pub(crate) struct Work {
    prepared: Vec<Prepared>,
    import: Option<NewImport>,
    /// What could not be prepared.
    refused: SessionCounts,
}

/// An import that is noted with its events.
#[derive(Debug)]
pub(super) struct NewImport {
    pub source: String,
    pub sent_by: Option<String>,
    /// In UTC.
    pub started_at: String,
}

/// An import that was noted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// Its number.
    pub id: i64,
    /// How its events fared.
    pub counts: SessionCounts,
}

/// What one caller is answered.
#[derive(Debug)]
pub(crate) struct Answers {
    saved: Vec<Result<Saved, SaveError>>,
    import: Option<Result<Session, Arc<ArchiveError>>>,
}

/// The answers of one caller's round, and its import where it is one.
type Answered = (Vec<Result<Saved, SaveError>>, Option<Result<Session, Arc<ArchiveError>>>);

/// Whose event it is among the works of a round, and which of its events.
type Turn = (usize, usize);

/// The imports of a round, by the works that they are of.
struct Imports {
    new: Vec<Option<NewImport>>,
    /// How their events fared that are answered already.
    counts: Vec<SessionCounts>,
    noted: Vec<Option<Session>>,
}

impl Imports {
    /// Whether there is none that is to be noted.
    fn is_empty(&self) -> bool {
        self.new.iter().zip(&self.noted).all(|(new, noted)| new.is_none() || noted.is_some())
    }

    /// Notes all of them with the answers that come with this transaction.
    fn note<'a>(
        &mut self,
        transaction: &Transaction<'_>,
        answers: impl Iterator<Item = (usize, &'a Result<Saved, SaveError>)>,
    ) -> rusqlite::Result<()> {
        let mut counts = self.counts.clone();
        for (work, answer) in answers {
            counts[work].add(answer);
        }
        for ((new, noted), counts) in self.new.iter().zip(&mut self.noted).zip(counts) {
            if let (Some(new), None) = (new, &noted) {
                let sent_by = new.sent_by.as_deref();
                let id =
                    summary::begin_session(transaction, &new.source, sent_by, &new.started_at)?;
                summary::end_session(transaction, id, counts)?;
                *noted = Some(Session { id, counts });
            }
        }
        Ok(())
    }
}

/// What one caller hands in: events, and the import that they are of, where they are one.
pub(super) type Handed = (Vec<Submission>, Option<NewImport>);

/// What several callers hand in, prepared: all that can be done without the archive's lock.
#[derive(Debug, Default)]
pub(super) struct PreparedRound {
    works: Vec<(Work, usize)>,
    /// Of each caller what could not be prepared, and whether it is an import.
    refused: Vec<(Refused, bool)>,
}

/// Of each event of one caller why it could not be prepared, or nothing.
type Refused = Vec<Option<Result<Saved, SaveError>>>;

impl PreparedRound {
    /// One event of one caller.
    pub(super) fn of(prepared: Prepared) -> Self {
        let refused = SessionCounts::default();
        let work = Work { prepared: vec![prepared], import: None, refused };
        Self { works: vec![(work, 1)], refused: vec![(vec![None], false)] }
    }

    /// Adds what `later` holds behind this.
    pub(super) fn append(&mut self, mut later: Self) {
        self.works.append(&mut later.works);
        self.refused.append(&mut later.refused);
    }
}

impl Archive {
    /// Prepares what several callers hand in, on all cores.
    pub(super) fn prepare_round(&self, handed: Vec<Handed>) -> PreparedRound {
        let prepare = |(submissions, import): Handed| {
            let all = submissions.into_par_iter().map(|submission| self.prepare(submission));
            (all.collect::<Vec<_>>(), import)
        };
        let prepared: Vec<_> = handed.into_par_iter().map(prepare).collect();
        let mut round = PreparedRound::default();
        for (all, import) in prepared {
            let (mut answers, mut prepared) = (Vec::new(), Vec::new());
            for one in all {
                match one {
                    Ok(one) => {
                        answers.push(None);
                        prepared.push(one);
                    }
                    Err(error) => answers.push(Some(Err(error))),
                }
            }
            let mut counts = SessionCounts::default();
            answers.iter().flatten().for_each(|answer| counts.add(answer));
            round.refused.push((answers, import.is_some()));
            let weight = prepared.len().max(1);
            round.works.push((Work { prepared, import, refused: counts }, weight));
        }
        round
    }

    /// Joins a round with all of it. Imports are noted.
    pub(super) fn save_round(
        &self,
        PreparedRound { works, refused }: PreparedRound,
    ) -> Vec<Answered> {
        let done = self.saves().join(works, |works| self.lead(works));
        let all = refused.into_iter().zip(done);
        all.map(|((refused, is_import), done)| self.answered(refused, is_import, done)).collect()
    }

    /// The answers of one caller: what could not be prepared, and what the round gave for the rest.
    fn answered(&self, refused: Refused, is_import: bool, done: Option<Answers>) -> Answered {
        let done = done.unwrap_or_else(|| {
            let error = Arc::new(self.no_answer());
            let import = is_import.then(|| Err(Arc::clone(&error)));
            let failed = |_: &_| Err(SaveError::Archive(Arc::clone(&error)));
            let saved = refused.iter().filter(|one| one.is_none()).map(failed).collect();
            Answers { saved, import }
        });
        let mut saved = done.saved.into_iter();
        let answers: Vec<Result<Saved, SaveError>> =
            refused.into_iter().filter_map(|answer| answer.or_else(|| saved.next())).collect();
        (answers, done.import)
    }

    /// What is said where who led a round did not come to an end.
    pub(crate) fn no_answer(&self) -> ArchiveError {
        let path = self.layout().root().to_owned();
        let what = "a change that was shared with others did not come to an end".to_owned();
        ArchiveError::Damaged { path, what }
    }

    /// Saves all that waits.
    fn lead(&self, works: Vec<Work>) -> Vec<Answers> {
        let count = works.len();
        let mut imports = Imports { new: Vec::new(), counts: Vec::new(), noted: vec![None; count] };
        let mut answers: Vec<Vec<Option<Result<Saved, SaveError>>>> = Vec::new();
        let mut waiting: Vec<(Turn, Prepared)> = Vec::new();
        for (number, Work { prepared, import, refused }) in works.into_iter().enumerate() {
            imports.new.push(import);
            imports.counts.push(refused);
            answers.push(prepared.iter().map(|_| None).collect());
            let turns = (0..).map(|turn| (number, turn));
            waiting.extend(turns.zip(prepared));
        }
        let mut respelled = HashSet::new();
        let mut failed = None;
        let mut is_first = true;
        // Two of one name, whatever its case, or of the same bytes, are saved one after the other: the
        // second one meets the first.
        while !waiting.is_empty() || is_first && !imports.is_empty() {
            is_first = false;
            let (mut names, mut contents) = (HashSet::new(), HashSet::new());
            let (now, later): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(_, prepared)| {
                names.insert((prepared.serial.clone(), prepared.name.as_str().to_ascii_lowercase()))
                    & contents.insert((prepared.sha256.clone(), start_of_name(&prepared.name)))
            });
            let ending = later.is_empty().then_some(&mut imports);
            let saved = self.with_lock(|writer| self.save_prepared(writer, &now, ending));
            let mut again = Vec::new();
            match saved {
                Ok(saved) => {
                    for ((turn, prepared), saved) in now.into_iter().zip(saved) {
                        // Its unit came in meanwhile, in other capitals.
                        let is_again = matches!(saved, Err(SaveError::OtherCapitals { .. }))
                            && respelled.insert(turn);
                        let moving = prepared.moving;
                        let answer = match is_again.then(|| self.prepare(prepared.submission)) {
                            Some(Ok(prepared)) => {
                                again.push((turn, Prepared { moving, ..prepared }));
                                continue;
                            }
                            Some(Err(error)) => Err(error),
                            None => saved,
                        };
                        imports.counts[turn.0].add(&answer);
                        answers[turn.0][turn.1] = Some(answer);
                    }
                }
                Err(error) => {
                    let error = Arc::new(error);
                    for ((work, turn), _) in &now {
                        answers[*work][*turn] = Some(Err(SaveError::Archive(Arc::clone(&error))));
                    }
                    failed = Some(error);
                }
            }
            waiting = later;
            waiting.extend(again);
        }
        let notes = imports.new.iter().zip(imports.noted);
        let notes = notes.map(|(new, noted)| match (new, noted) {
            (None, _) => None,
            (Some(_), Some(session)) => Some(Ok(session)),
            (Some(_), None) => {
                Some(Err(failed.clone().unwrap_or_else(|| Arc::new(self.no_answer()))))
            }
        });
        let all = answers.into_iter().zip(notes);
        all.map(|(saved, import)| Answers { saved: saved.into_iter().flatten().collect(), import })
            .collect()
    }

    /// Saves what is prepared as one change. Imports that end with it are noted in the same transaction.
    fn save_prepared(
        &self,
        writer: &mut Writer,
        prepared: &[(Turn, Prepared)],
        imports: Option<&mut Imports>,
    ) -> Result<Vec<Result<Saved, SaveError>>, ArchiveError> {
        let failed = |source| self.index_failed(source);
        let mut numbers = Numbers::behind(index::last_id(&writer.connection).map_err(failed)?);
        let mut planned = Vec::new();
        let mut standing: HashMap<i64, Standing> = HashMap::new();
        let mut folders = HashSet::new();
        for (_, prepared) in prepared {
            let serial = prepared.serial.as_str();
            let other =
                index::unit_in_other_capitals(&writer.connection, serial).map_err(failed)?;
            let is_other = |folder: &&SafeName| {
                folder.as_str() != serial && folder.as_str().eq_ignore_ascii_case(serial)
            };
            let in_batch = || folders.iter().find(is_other).map(|name| name.as_str().to_owned());
            if let Some(kept) = other.or_else(in_batch) {
                let name = prepared.name.as_str().to_owned();
                planned.push(Err(SaveError::OtherCapitals { name, kept }));
                continue;
            }
            let plan = self.plan(writer, prepared, &mut numbers);
            let plan = plan.and_then(|plan| {
                if let Plan::Update(there) | Plan::Supersede(there) | Plan::Move { there, .. } =
                    &plan
                {
                    let event = self.layout().event(&there.serial, &there.filename);
                    let of = self.standing_sidecar(&writer.connection, there.id, &event)?;
                    standing.insert(there.id, of);
                }
                Ok(plan)
            });
            let is_new_there = matches!(plan, Ok(Plan::New { .. } | Plan::Move { .. }));
            if is_new_there && folders.insert(prepared.serial.clone()) {
                let folder = self.layout().folder(prepared.serial.as_str());
                let made = self.files().create_folder(&folder);
                made.map_err(ArchiveError::io(&folder, "make the folder"))?;
            }
            planned.push(plan);
        }
        let carry_out = || -> Vec<Result<Done, SaveError>> {
            let all = planned.into_par_iter().zip(prepared);
            all.map(|(plan, (_, prepared))| self.carry_out(plan?, prepared)).collect()
        };
        let done = match leading() {
            Some(threads) => threads.install(carry_out),
            None => carry_out(),
        };

        let mut change = Change::new(self.files(), self.layout());
        let mut rows = Vec::new();
        let (mut seen, mut moves) = (Vec::new(), Vec::new());
        let mut drafts = Vec::new();
        let answers: Vec<Result<Saved, SaveError>> = done
            .into_iter()
            .zip(prepared)
            .map(|(done, (_, prepared))| {
                let Done { saved, sidecar, staged, moves: of, action, sidecar_sum } = done?;
                if let Some(action) = action {
                    change.event(&saved.serial, &saved.filename, staged);
                    let moving = prepared.moving.as_ref();
                    let by = moving.map(|moving| moving.by.clone());
                    let by = by.unwrap_or_else(|| self.sender(&prepared.submission));
                    let mut draft = Draft::of(action, by, saved.id, &saved.serial, &saved.filename);
                    draft.files = files_of(&saved.filename, &sidecar, sidecar_sum);
                    let draft = draft.with("facts", facts_of(&sidecar));
                    let draft = match moving {
                        Some(moving) => draft.with("reason", moving.reason.as_str()),
                        None => draft,
                    };
                    let draft = match standing.get(&saved.id) {
                        Some(standing) => standing.noted(draft),
                        None => draft,
                    };
                    drafts.push(match &saved.moved_from {
                        Some(from) => draft.with("from_place", from.as_str()),
                        None => draft,
                    });
                    rows.push((saved.serial.clone(), saved.filename.clone(), sidecar));
                }
                if let Some(of) = of {
                    moves.push((of.from.clone(), of.to.clone()));
                    change.moves(of);
                }
                seen.push(saved.id);
                Ok(saved)
            })
            .collect();
        let mut lines = self.ledger_lines(writer)?;
        for draft in drafts {
            lines.add(&writer.connection, draft).map_err(failed)?;
        }
        change.ledger(&lines);
        let turns = prepared.iter().map(|((work, _), _)| *work).zip(&answers);
        let is_noted = imports.as_ref().is_some_and(|imports| !imports.is_empty());
        let follow = |writer: &mut Writer| {
            self.commit(writer, |transaction| {
                index::reserve(transaction, numbers.last)?;
                for (from, to) in &moves {
                    index::move_row(transaction, from, to)?;
                }
                let changed = index::next_change(transaction)?;
                for (changed, (serial, filename, sidecar)) in (changed..).zip(&rows) {
                    index::store(transaction, serial, filename, sidecar, changed)?;
                }
                lines.store(transaction)?;
                let sql = "UPDATE events SET last_seen = ?1, last_seen_sum = ?2 WHERE id = ?3";
                let mut touch = transaction.prepare_cached(sql)?;
                let now = crate::now();
                let sum = sums::of_last_seen(Some(&now));
                for id in &seen {
                    touch.execute((&now, sum, id))?;
                }
                match imports {
                    Some(imports) => imports.note(transaction, turns),
                    None => Ok(()),
                }
            })
        };
        if rows.is_empty() {
            if !seen.is_empty() || is_noted {
                follow(writer)?;
            }
        } else {
            change.happen(|| follow(writer))?;
        }
        Ok(answers)
    }

    /// Who sent a submission, and from where.
    fn sender(&self, submission: &Submission) -> Actor {
        if submission.placed.is_some() {
            // The sender to the other archive did not send it here.
            return self.actor().clone();
        }
        match (&submission.sent_by, &submission.sent_from) {
            (Some(name), Some(from)) => Actor::at(name, from),
            (Some(name), None) => Actor::from(name.as_str()),
            (None, _) => self.actor().clone(),
        }
    }
}

impl SessionCounts {
    /// How all of these fared.
    pub fn of(answers: &[Result<Saved, SaveError>]) -> Self {
        let mut counts = Self::default();
        answers.iter().for_each(|answer| counts.add(answer));
        counts
    }

    /// Counts one more.
    pub fn add(&mut self, answer: &Result<Saved, SaveError>) {
        self.received += 1;
        match answer.as_ref().map(|saved| saved.outcome) {
            Ok(Outcome::New) => self.new += 1,
            Ok(Outcome::PairedLate) => self.paired_late += 1,
            Ok(Outcome::Conflict) => self.conflicts += 1,
            Ok(
                Outcome::Same
                | Outcome::FramesAdded
                | Outcome::Moved
                | Outcome::Shorter
                | Outcome::Superseded,
            ) => self.same += 1,
            Err(_) => self.refused += 1,
        }
    }
}
