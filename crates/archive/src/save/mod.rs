//! Saving events.
//!
//! A batch is saved in rounds of a few hundred events. For each round everything is decoded and
//! derived on all cores without the lock; then those who wait at the same time share it: under the lock,
//! each event is given its place and its number, the files are staged, and one change makes all of it
//! happen. The answers come after that.

mod event;
mod plan;
mod reassign;
mod round;
mod submission;

use std::sync::Arc;

use wavekeep_blastware::frames;
use wavekeep_core::UnitLocal;
use wavekeep_custody::{Action, Hash};
use wavekeep_formats::EVENT_FORMATS;

use crate::error::SaveError;
use crate::facts::UNKNOWN_SERIAL;
use crate::index::{self, EventRow, SessionCounts};
use crate::journal::{Move, Staged};
use crate::layout::FRAMES_SUFFIX;
use crate::merge::{Ingredients, Merged, merge, moment_of_capture};
use crate::name::SafeName;
use crate::remake::{Arrays, sha256};
use crate::rounds::ROUND;
use crate::sidecar::{Sidecar, Stated};
use crate::{Actor, Archive, ArchiveError};

use plan::{Plan, There};
pub(crate) use round::SaveRounds;
pub use round::Session;
use round::{NewImport, PreparedRound};
pub use submission::{Outcome, Pairing, Placed, ReportFile, Saved, SourceKind, Submission};

/// A submission, decoded.
#[derive(Debug)]
pub(crate) struct Prepared {
    submission: Submission,
    /// What the caller states, with the serial number as the archive spells it.
    stated: Stated,
    name: SafeName,
    serial: SafeName,
    /// The event of raw frames that came in its place.
    rebuilt: Option<Vec<u8>>,
    sha256: String,
    merged: Merged,
    /// It is in the archive, and is to go to another unit.
    moving: Option<Moving>,
    /// Not made where the event seems to be there already.
    arrays: Option<Arrays>,
}

impl Prepared {
    /// The event's file.
    fn bytes(&self) -> &[u8] {
        self.rebuilt.as_ref().unwrap_or(&self.submission.bytes)
    }

    /// Its raw frames, if they came.
    fn frames(&self) -> Option<&[u8]> {
        match self.rebuilt {
            Some(_) => Some(&self.submission.bytes),
            None => self.submission.frames.as_deref(),
        }
    }
}

/// Which event is to go to another unit, why, and who says so.
#[derive(Debug, Clone)]
pub(crate) struct Moving {
    id: i64,
    reason: String,
    by: Actor,
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

/// An import that is to be noted with its events.
#[derive(Debug, Clone, Default)]
pub struct NewSession {
    /// What is imported.
    pub source: String,
    /// Who sent it.
    pub sent_by: Option<String>,
    /// Its events.
    pub submissions: Vec<Submission>,
}

/// Imports whose events are decoded: see [`Archive::prepare_sessions`].
#[derive(Debug, Default)]
pub struct PreparedSessions {
    /// Those that are more than a round, and are decoded when they are saved: each in its place.
    large: Vec<Option<NewSession>>,
    small: PreparedRound,
}

impl PreparedSessions {
    /// Adds those of `later` behind these.
    pub fn append(&mut self, mut later: Self) {
        self.large.append(&mut later.large);
        self.small.append(later.small);
    }
}

/// An import that was noted, and what its events are answered.
pub type SavedSession = (Session, Vec<Result<Saved, SaveError>>);

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
        let mut answers = self.save_batch(vec![submission.clone()]);
        answers.pop().unwrap_or_else(|| Err(self.no_answer().into()))
    }

    /// Saves events, each with its own answer, in their order. When this returns, what it says is
    /// saved outlives a crash. Those who save at the same time share what is synced.
    pub fn save_batch(&self, mut submissions: Vec<Submission>) -> Vec<Result<Saved, SaveError>> {
        let mut answers = Vec::new();
        while !submissions.is_empty() {
            let later = submissions.split_off(submissions.len().min(ROUND));
            let saved = self.save_round(self.prepare_round(vec![(submissions, None)]));
            answers.extend(saved.into_iter().flat_map(|(answers, _)| answers));
            submissions = later;
        }
        answers
    }

    /// As [`save_batch`](Self::save_batch), for several imports, each of which is noted with its events. The
    /// answers are in their order.
    ///
    /// # Errors
    /// Each import fails for itself, by what the archive says: it is not noted then, and whether its events
    /// are there is not known.
    pub fn save_sessions(
        &self,
        sessions: Vec<NewSession>,
    ) -> Vec<Result<SavedSession, Arc<ArchiveError>>> {
        self.save_prepared_sessions(self.prepare_sessions(sessions))
    }

    /// The first half of [`save_sessions`](Self::save_sessions), on all cores and without the archive's lock:
    /// decodes the events and makes their arrays, which are in memory then.
    pub fn prepare_sessions(&self, sessions: Vec<NewSession>) -> PreparedSessions {
        let mut handed = Vec::new();
        let large = sessions
            .into_iter()
            .map(|session| {
                if session.submissions.len() > ROUND {
                    return Some(session);
                }
                let NewSession { source, sent_by, submissions } = session;
                let import = NewImport { source, sent_by, started_at: crate::now() };
                handed.push((submissions, Some(import)));
                None
            })
            .collect();
        PreparedSessions { large, small: self.prepare_round(handed) }
    }

    /// The second half of [`save_sessions`](Self::save_sessions).
    ///
    /// # Errors
    /// As `save_sessions`.
    pub fn save_prepared_sessions(
        &self,
        PreparedSessions { large, small }: PreparedSessions,
    ) -> Vec<Result<SavedSession, Arc<ArchiveError>>> {
        let mut small = self.save_round(small).into_iter();
        let all = large.into_iter().map(|large| match large {
            Some(session) => self.save_large(session),
            None => {
                let (answers, noted) = small.next().unwrap_or_default();
                let noted = noted.unwrap_or_else(|| Err(Arc::new(self.no_answer())))?;
                Ok((noted, answers))
            }
        });
        all.collect()
    }

    /// An import that is more than a round.
    fn save_large(&self, session: NewSession) -> Result<SavedSession, Arc<ArchiveError>> {
        let id = self.begin_session(&session.source, session.sent_by.as_deref())?;
        let answers = self.save_batch(session.submissions);
        let counts = SessionCounts::of(&answers);
        self.end_session(id, counts)?;
        Ok((Session { id, counts }, answers))
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
        let parts = self.parts_of(event.id)?;
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

    /// The serial number as the archive has it, where that differs in capitals alone: on Windows and
    /// macOS both would be one folder.
    pub(crate) fn unit_in_other_capitals(
        &self,
        serial: &str,
    ) -> Result<Option<String>, ArchiveError> {
        self.ask(|connection| index::unit_in_other_capitals(connection, serial))
    }

    /// Everything that needs no lock.
    fn prepare(&self, submission: Submission) -> Result<Prepared, SaveError> {
        let given = submission.name.as_str();
        let decode_error = |source| SaveError::Decode { name: given.to_owned(), source };
        let split = given.len().saturating_sub(FRAMES_SUFFIX.len());
        let is_frames =
            given.get(split..).is_some_and(|suffix| suffix.eq_ignore_ascii_case(FRAMES_SUFFIX));
        let (name, rebuilt) = if is_frames {
            let event = frames::read_pickle(&submission.bytes)
                .and_then(|frames| frames::rebuild(&frames))
                .map_err(|error| decode_error(error.into()))?;
            (&given[..split], Some(event))
        } else {
            (given, None)
        };
        let bytes = rebuilt.as_ref().unwrap_or(&submission.bytes);
        let name = SafeName::file(name)?;
        let mut stated = submission.stated.clone();
        if let Some(serial) = &submission.stated.serial {
            SafeName::folder(serial)?;
            if let Some(kept) = self.unit_in_other_capitals(serial)? {
                stated.serial = Some(kept);
            }
        }
        let sha256 = sha256(bytes);
        let captured_at = submission.captured_at.map_or_else(crate::now, |at| at.to_string());
        let merged = merge(Ingredients {
            bytes,
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
        let moving = None;
        Ok(Prepared { submission, stated, name, serial, rebuilt, sha256, merged, moving, arrays })
    }

    fn carry_out(&self, plan: Plan, prepared: &Prepared) -> Result<Done, SaveError> {
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
