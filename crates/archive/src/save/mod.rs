//! Saving events.
//!
//! A batch is saved in rounds of a few hundred events. In each round everything is decoded and
//! derived on all cores without the lock; then, under the lock, each event is given its place and
//! its number, the files are staged, and one [`Change`] makes all of it happen. The answer comes
//! after that.

mod event;
mod plan;
mod submission;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rayon::prelude::*;
use wavekeep_blastware::frames;
use wavekeep_core::UnitLocal;
use wavekeep_custody::{Action, Hash};
use wavekeep_formats::EVENT_FORMATS;

use crate::archive::Writer;
use crate::error::SaveError;
use crate::facts::UNKNOWN_SERIAL;
use crate::index::{self, EventRow, sums};
use crate::journal::{Change, Move, Staged};
use crate::layout::FRAMES_SUFFIX;
use crate::ledger::{Draft, Standing, facts_of, files_of};
use crate::merge::{Ingredients, Merged, merge, moment_of_capture};
use crate::name::SafeName;
use crate::remake::{Arrays, sha256};
use crate::sidecar::{Sidecar, Stated};
use crate::{Actor, Archive, ArchiveError};

use plan::{Numbers, Plan, There};
pub use submission::{Outcome, Pairing, Placed, ReportFile, Saved, SourceKind, Submission};

/// Events of a round. More would hold more in memory, fewer would sync more often.
const ROUND: usize = 256;

/// A submission, decoded.
struct Prepared<'a> {
    submission: &'a Submission,
    /// What the caller states, with the serial number as the archive spells it.
    stated: Cow<'a, Stated>,
    name: SafeName,
    serial: SafeName,
    bytes: Cow<'a, [u8]>,
    frames: Option<&'a [u8]>,
    sha256: String,
    merged: Merged,
    /// Not made where the event seems to be there already.
    arrays: Option<Arrays>,
}

/// What a plan became: the answer, and what has to happen for it.
struct Done {
    saved: Saved,
    sidecar: Sidecar,
    staged: Vec<Staged>,
    moves: Option<Move>,
    /// What the ledger says of it; nothing where nothing changes.
    action: Option<Action>,
    /// SHA-256 of the sidecar as it is written.
    sidecar_sum: Hash,
}

impl Done {
    /// The answer alone.
    fn nothing(saved: Saved, sidecar: Sidecar) -> Self {
        let (staged, sidecar_sum) = (Vec::new(), Hash::ZERO);
        Self { saved, sidecar, staged, moves: None, action: None, sidecar_sum }
    }
}

/// The start that the name of a file states, by any format.
fn start_of_name(name: &SafeName) -> Option<UnitLocal> {
    EVENT_FORMATS.iter().find_map(|format| format.start_of_name(name.as_str()))
}

impl Archive {
    /// Saves one event.
    ///
    /// # Errors
    /// [`SaveError`]; nothing of it is in the archive then.
    pub fn save(&self, submission: &Submission) -> Result<Saved, SaveError> {
        let mut answers = self.save_batch(std::slice::from_ref(submission));
        answers.pop().unwrap_or_else(|| {
            let path = self.layout().root().to_owned();
            let what = "a batch of one gave no answer".to_owned();
            Err(ArchiveError::Damaged { path, what }.into())
        })
    }

    /// Saves events, each with its own answer, in their order. When this returns, what it says is
    /// saved outlives a crash.
    pub fn save_batch(&self, submissions: &[Submission]) -> Vec<Result<Saved, SaveError>> {
        submissions.chunks(ROUND).flat_map(|round| self.save_round(round)).collect()
    }

    /// Pairs a report that came later than its event: the event is found by the report's name;
    /// `sent_by` is who sent it, and from where.
    /// `None` when no event has such a report (yet), or when more than one could.
    ///
    /// # Errors
    /// As [`save`](Self::save).
    pub fn add_report(
        &self,
        serial: Option<&str>,
        report_name: &str,
        bytes: &[u8],
        sent_by: Option<Actor>,
    ) -> Result<Option<Saved>, SaveError> {
        let report = ReportFile { name: Some(report_name.to_owned()), bytes: bytes.to_vec() };
        match self.with_report(serial, report)? {
            Some(submission) => {
                let (sent_by, sent_from) = sent_by.map(|by| (by.name, by.from)).unzip();
                self.save(&Submission { sent_by, sent_from, ..submission }).map(Some)
            }
            None => Ok(None),
        }
    }

    /// The event to which a report belongs, to be handed in again with it; `None` as
    /// [`add_report`](Self::add_report).
    pub(crate) fn with_report(
        &self,
        serial: Option<&str>,
        report: ReportFile,
    ) -> Result<Option<Submission>, SaveError> {
        let name = report.name.as_deref().unwrap_or_default();
        let found = self.events_of_report(serial, name)?;
        let [event] = found.as_slice() else { return Ok(None) };
        let parts = self.parts(&event.serial, &event.filename)?;
        let mut stated = parts.sidecar.own().stated.unwrap_or_default();
        // The event stays where it is, unless it waits for somebody to say where it belongs.
        stated.serial = match event.is_serial_unknown() {
            false => Some(event.serial.clone()),
            true => serial.map(str::to_owned),
        };
        Ok(Some(Submission {
            name: parts.name,
            bytes: parts.bytes,
            report: Some(report),
            stated,
            ..Submission::default()
        }))
    }

    /// The events to which a report of this name belongs, by the one rule that formats have for it.
    /// Where `serial` has none, one of an unknown unit is meant.
    ///
    /// # Errors
    /// What the index says.
    pub fn events_of_report(
        &self,
        serial: Option<&str>,
        report_name: &str,
    ) -> Result<Vec<EventRow>, ArchiveError> {
        // Reports are called like their events, up to the first sign that formats add.
        let stem = report_name.split(['.', '_']).next().unwrap_or_default();
        let mut found = self.with_names_from(stem)?;
        found.retain(|event| {
            let formats = EVENT_FORMATS.iter();
            let mut names = formats.flat_map(|format| format.report_names(&event.filename));
            names.any(|name| name.eq_ignore_ascii_case(report_name))
        });
        if let Some(serial) = serial {
            let has_one = found.iter().any(|event| event.serial == serial);
            let serial = if has_one { serial } else { UNKNOWN_SERIAL };
            found.retain(|event| event.serial == serial);
        }
        Ok(found)
    }

    fn save_round(&self, round: &[Submission]) -> Vec<Result<Saved, SaveError>> {
        let prepared: Vec<_> =
            round.par_iter().map(|submission| self.prepare(submission)).collect();
        let mut answers: Vec<Option<Result<Saved, SaveError>>> = Vec::new();
        let mut waiting = Vec::new();
        for (turn, prepared) in prepared.into_iter().enumerate() {
            match prepared {
                Ok(prepared) => {
                    answers.push(None);
                    waiting.push((turn, prepared));
                }
                Err(error) => answers.push(Some(Err(error))),
            }
        }
        let mut respelled = HashSet::new();
        // Two of one name, whatever its case, or of the same bytes, are saved one after the other: the
        // second one meets the first.
        while !waiting.is_empty() {
            let (mut names, mut contents) = (HashSet::new(), HashSet::new());
            let (now, later): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(_, prepared)| {
                names.insert((prepared.serial.clone(), prepared.name.as_str().to_ascii_lowercase()))
                    & contents.insert((prepared.sha256.clone(), start_of_name(&prepared.name)))
            });
            let mut again = Vec::new();
            match self.with_lock(|writer| self.save_prepared(writer, &now)) {
                Ok(saved) => {
                    for ((turn, _), saved) in now.iter().zip(saved) {
                        // Its unit came in meanwhile, in other capitals.
                        let is_again = matches!(saved, Err(SaveError::OtherCapitals { .. }))
                            && respelled.insert(*turn);
                        match is_again.then(|| self.prepare(&round[*turn])) {
                            Some(Ok(prepared)) => again.push((*turn, prepared)),
                            Some(Err(error)) => answers[*turn] = Some(Err(error)),
                            None => answers[*turn] = Some(saved),
                        }
                    }
                }
                Err(error) => {
                    let error = Arc::new(error);
                    for (turn, _) in &now {
                        answers[*turn] = Some(Err(SaveError::Archive(Arc::clone(&error))));
                    }
                }
            }
            waiting = later;
            waiting.extend(again);
        }
        answers.into_iter().flatten().collect()
    }

    /// The serial number as the archive has it, where that differs in capitals alone: on Windows and
    /// macOS both would be one folder.
    fn unit_in_other_capitals(&self, serial: &str) -> Result<Option<String>, ArchiveError> {
        self.ask(|connection| index::unit_in_other_capitals(connection, serial))
    }

    /// Everything that needs no lock.
    fn prepare<'a>(&self, submission: &'a Submission) -> Result<Prepared<'a>, SaveError> {
        let given = submission.name.as_str();
        let decode_error = |source| SaveError::Decode { name: given.to_owned(), source };
        let split = given.len().saturating_sub(FRAMES_SUFFIX.len());
        let is_frames =
            given.get(split..).is_some_and(|suffix| suffix.eq_ignore_ascii_case(FRAMES_SUFFIX));
        let (name, bytes, frames) = if is_frames {
            let event = frames::read_pickle(&submission.bytes)
                .and_then(|frames| frames::rebuild(&frames))
                .map_err(|error| decode_error(error.into()))?;
            (&given[..split], Cow::Owned(event), Some(submission.bytes.as_slice()))
        } else {
            (given, Cow::Borrowed(submission.bytes.as_slice()), submission.frames.as_deref())
        };
        let name = SafeName::file(name)?;
        let mut stated = Cow::Borrowed(&submission.stated);
        if let Some(serial) = &submission.stated.serial {
            SafeName::folder(serial)?;
            if let Some(kept) = self.unit_in_other_capitals(serial)? {
                stated.to_mut().serial = Some(kept);
            }
        }
        let sha256 = sha256(&bytes);
        let captured_at = submission.captured_at.map_or_else(crate::now, |at| at.to_string());
        let merged = merge(Ingredients {
            bytes: &bytes,
            name: name.as_str(),
            sha256: &sha256,
            report: submission.report.as_ref().map(|report| report.bytes.as_slice()),
            stated: &stated,
            captured_at: moment_of_capture(Some(&captured_at)),
            limits: submission.limits,
            earlier: None,
        })
        .map_err(decode_error)?;
        // Given, then by the name, then by the content: the file's own word before the report's.
        let by_report = || merged.recording.serial.as_ref().map(|serial| serial.value.clone());
        let placed = submission.placed.as_ref().map(|placed| placed.serial.clone());
        let serial = placed.or_else(|| stated.serial.clone());
        let serial = serial.or_else(|| merged.serial_of_file.clone());
        let serial = serial.or_else(by_report).unwrap_or_else(|| UNKNOWN_SERIAL.to_owned());
        let serial = self.unit_in_other_capitals(&serial)?.unwrap_or(serial);
        let serial = SafeName::folder(&serial)?;
        let known = self.find_place(serial.as_str(), name.as_str())?;
        let seems_there = known.is_some_and(|(_, known)| known.as_deref() == Some(sha256.as_str()));
        let arrays = (!seems_there).then(|| Arrays::of(&merged.recording, submission.gnz));
        Ok(Prepared { submission, stated, name, serial, bytes, frames, sha256, merged, arrays })
    }

    fn save_prepared(
        &self,
        writer: &mut Writer,
        prepared: &[(usize, Prepared<'_>)],
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
        let done: Vec<Result<Done, SaveError>> = planned
            .into_par_iter()
            .zip(prepared)
            .map(|(plan, (_, prepared))| self.carry_out(plan?, prepared))
            .collect();

        let mut change = Change::new(self.files(), self.layout());
        let mut rows = Vec::new();
        let (mut seen, mut moves) = (Vec::new(), Vec::new());
        let mut drafts = Vec::new();
        let answers = done
            .into_iter()
            .zip(prepared)
            .map(|(done, (_, prepared))| {
                let Done { saved, sidecar, staged, moves: of, action, sidecar_sum } = done?;
                if let Some(action) = action {
                    change.event(&saved.serial, &saved.filename, staged);
                    let by = self.sender(prepared.submission);
                    let mut draft = Draft::of(action, by, saved.id, &saved.serial, &saved.filename);
                    draft.files = files_of(&saved.filename, &sidecar, sidecar_sum);
                    let draft = draft.with("facts", facts_of(&sidecar));
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
                Ok(())
            })
        };
        if rows.is_empty() {
            if !seen.is_empty() {
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

    fn carry_out(&self, plan: Plan, prepared: &Prepared<'_>) -> Result<Done, SaveError> {
        match plan {
            Plan::New { filename, id, is_conflict, source_is_there } => {
                Ok(self.save_new(prepared, filename, id, is_conflict, source_is_there)?)
            }
            Plan::Same(There { id, serial, filename, sidecar }) => {
                let given = prepared.submission.report.as_ref();
                let kept_as = given.and_then(|given| plan::kept_as(&sidecar, &given.bytes));
                let pairing = event::pairing(&sidecar).with_other(kept_as);
                let place = (serial.as_str(), filename.as_str());
                let saved = event::answer(id, prepared, place, &sidecar, Outcome::Same, pairing);
                Ok(Done::nothing(saved, sidecar))
            }
            Plan::Update(there) | Plan::Supersede(there) => {
                let to = (there.serial.clone(), there.filename.clone());
                self.update(prepared, there, to, None)
            }
            Plan::Shorter(There { id, serial, filename, sidecar }) => {
                let pairing = event::pairing(&sidecar);
                let place = (serial.as_str(), filename.as_str());
                let mut saved =
                    event::answer(id, prepared, place, &sidecar, Outcome::Shorter, pairing);
                let there = sidecar.source_file();
                saved.filesize = there.filesize.unwrap_or(saved.filesize);
                saved.sha256 = there.sha256.unwrap_or(saved.sha256);
                Ok(Done::nothing(saved, sidecar))
            }
            Plan::Move { there, filename, is_conflict } => {
                let to = (prepared.serial.as_str().to_owned(), filename.as_str().to_owned());
                self.update(prepared, there, to, Some(is_conflict))
            }
        }
    }
}
