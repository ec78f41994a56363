//! Reviews in rounds: those who review at the same time share one journal, one transaction and one sync.

use std::collections::HashSet;

use serde_json::{Map, Value};
use wavekeep_custody::{Action, Hash};

use super::checks::{PARTS, check_result, check_review};
use super::{PatchOptions, ReviewEntry, last_of, next_number, store};
use crate::archive::Writer;
use crate::index::EventRow;
use crate::journal::{Change, Staged, stage};
use crate::layout::SIDECAR_SUFFIX;
use crate::ledger::{Draft, Lines, facts_of, files_of, review_member};
use crate::rounds::Rounds;
use crate::sidecar::{Sidecar, merge_patch};
use crate::{Actor, Archive, ArchiveError, index};

/// Those who review.
pub(crate) type ReviewRounds = Rounds<Work, Result<Sidecar, ArchiveError>>;

/// A review that waits.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub(super) id: i64,
    pub(super) who: Actor,
    /// In UTC.
    pub(super) at: String,
    pub(super) ask: Ask,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub(super) enum Ask {
    /// Members of `review` and `extensions`.
    Patch { patch: Map<String, Value>, options: PatchOptions },
    /// The last change of the event is taken back.
    Undo,
}

/// A review of which all is known, and not yet in its place.
struct Planned {
    row: EventRow,
    sidecar: Sidecar,
    entry: ReviewEntry,
    staged: Staged,
}

impl Archive {
    /// Joins a round with a review; gives the sidecar as it is now.
    pub(super) fn review(&self, work: Work) -> Result<Sidecar, ArchiveError> {
        let done = self.reviews().join(vec![(work, 1)], |works| self.lead_reviews(works));
        let done = done.into_iter().flatten().next();
        done.unwrap_or_else(|| Err(self.no_answer()))
    }

    /// Carries out all that waits: of one event one review after the other, in the order in which they came.
    fn lead_reviews(&self, works: Vec<Work>) -> Vec<Result<Sidecar, ArchiveError>> {
        let mut answers: Vec<Option<Result<Sidecar, ArchiveError>>> =
            works.iter().map(|_| None).collect();
        let mut waiting: Vec<(usize, Work)> = works.into_iter().enumerate().collect();
        while !waiting.is_empty() {
            let mut events = HashSet::new();
            let (now, later): (Vec<_>, Vec<_>) =
                waiting.into_iter().partition(|(_, work)| events.insert(work.id));
            match self.with_lock(|writer| self.review_together(writer, &now)) {
                Ok(done) => {
                    for ((turn, _), done) in now.iter().zip(done) {
                        answers[*turn] = Some(done);
                    }
                }
                // It is everybody's.
                Err(error) => {
                    let mut error = ArchiveError::shared(error, now.len());
                    for (turn, _) in &now {
                        answers[*turn] = error.next().map(Err);
                    }
                }
            }
            waiting = later;
        }
        answers.into_iter().map(|answer| answer.unwrap_or_else(|| Err(self.no_answer()))).collect()
    }

    fn review_together(
        &self,
        writer: &mut Writer,
        works: &[(usize, Work)],
    ) -> Result<Vec<Result<Sidecar, ArchiveError>>, ArchiveError> {
        let mut lines = self.ledger_lines(writer)?;
        let mut number = next_number(&writer.connection).map_err(|e| self.index_failed(e))?;
        let mut planned = Vec::new();
        let mut answers = Vec::new();
        for (_, work) in works {
            answers.push(self.plan_review(writer, work, number, &mut lines).map(|plan| {
                number += 1;
                let sidecar = plan.sidecar.clone();
                planned.push(plan);
                sidecar
            }));
        }
        if planned.is_empty() {
            return Ok(answers);
        }
        let mut change = Change::new(self.files(), self.layout());
        let mut reviews = Vec::new();
        for Planned { row, sidecar, entry, staged } in planned {
            change.event(&row.serial, &row.filename, vec![staged]);
            reviews.push((row, sidecar, entry));
        }
        change.ledger(&lines);
        change.happen(|| {
            self.commit(writer, |transaction| {
                let changed = index::next_change(transaction)?;
                for (changed, (row, sidecar, entry)) in (changed..).zip(&reviews) {
                    index::store_review(transaction, &row.serial, &row.filename, sidecar, changed)?;
                    store(transaction, entry)?;
                }
                lines.store(transaction)
            })
        })?;
        Ok(answers)
    }

    /// What becomes of an event; its line is among `lines` then.
    fn plan_review(
        &self,
        writer: &Writer,
        work: &Work,
        number: i64,
        lines: &mut Lines,
    ) -> Result<Planned, ArchiveError> {
        let Work { id, who, at, ask } = work;
        let (id, failed) = (*id, |source| self.index_failed(source));
        let mut undoes = None;
        if let Ask::Undo = ask {
            let last = last_of(&writer.connection, id).map_err(failed)?;
            undoes = Some(last.ok_or(ArchiveError::NothingToUndo { id })?);
        }
        let row = index::event(&writer.connection, id).map_err(failed)?;
        let row = row.ok_or(ArchiveError::NoEvent { id })?;
        let event = self.layout().event(&row.serial, &row.filename);
        let standing = self.standing_sidecar(&writer.connection, id, &event)?;
        let earlier = self.read_sidecar(&event.sidecar())?;
        let mut sidecar = earlier.clone();
        let touched = match (&undoes, ask) {
            (Some(last), _) => take_back(&mut sidecar, last),
            (None, Ask::Patch { patch, options }) => apply(&mut sidecar, patch, *options)?,
            (None, Ask::Undo) => return Err(ArchiveError::NothingToUndo { id }),
        };
        let mut own = sidecar.own();
        if own.id.is_none() {
            own.id = Some(id);
            sidecar.set("wavekeep", &own);
        }
        let entry = ReviewEntry {
            number,
            event_id: id,
            serial: row.serial.clone(),
            filename: row.filename.clone(),
            at: at.clone(),
            who: who.name.clone(),
            undoes: undoes.map(|last| last.number),
            before: members(&earlier, &touched),
            after: members(&sidecar, &touched),
        };
        let bytes = sidecar.to_bytes();
        let mut draft = Draft::of(Action::Review, who.clone(), id, &row.serial, &row.filename);
        draft.at.clone_from(at);
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
        let mark = lines.mark();
        lines.add(&writer.connection, draft).map_err(failed)?;
        let staged = check_result(&earlier, &sidecar, &bytes, lines.last())
            .map_err(ArchiveError::from)
            .and_then(|()| stage(self.files(), self.layout(), &event.sidecar(), &bytes));
        match staged {
            Ok(staged) => Ok(Planned { row, sidecar, entry, staged }),
            Err(error) => {
                lines.back_to(mark, id);
                Err(error)
            }
        }
    }
}

/// Applies a patch; gives the members that it touches.
fn apply(
    sidecar: &mut Sidecar,
    patch: &Map<String, Value>,
    options: PatchOptions,
) -> Result<Map<String, Value>, ArchiveError> {
    let mut touched = Map::new();
    for (part, members) in patch {
        let names = touched.entry(part.as_str()).or_insert_with(|| Map::new().into());
        for (name, _) in members.as_object().into_iter().flatten() {
            names[name] = Value::Null;
        }
        let mut value = sidecar.part(part);
        merge_patch(&mut value, members);
        let says_when = names.get("reviewed_at").is_some();
        // Who corrects a note has not looked at the event.
        let corrects = names.as_object().is_some_and(|all| all.keys().eq(["corrections"]));
        if part == "review" && !says_when && !corrects && !options.keep_reviewed_at {
            names["reviewed_at"] = Value::Null;
            value["reviewed_at"] = crate::now().into();
        }
        sidecar.set_part(part, value);
    }
    check_review(&sidecar.part("review"))?;
    Ok(touched)
}

/// Puts back what a change replaced; gives the members that it touches.
fn take_back(sidecar: &mut Sidecar, last: &ReviewEntry) -> Map<String, Value> {
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
    touched
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
