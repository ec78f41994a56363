//! Saving events.
//!
//! A batch is saved in rounds of a few hundred events. In each round everything is decoded and
//! derived on all cores without the lock; then, under the lock, each event is given its place and
//! its number, the files are staged, and one [`Change`] makes all of it happen. The answer comes
//! after that.

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;
use serde::Serialize;
use wavekeep_blastware::frames;
use wavekeep_core::{GeophoneRange, NoteKind};

use crate::archive::Writer;
use crate::error::SaveError;
use crate::facts::{self, Place, TOOL_VERSION, UNKNOWN_SERIAL};
use crate::index::{self, EventRow};
use crate::journal::{Change, Staged};
use crate::layout::{EventFiles, FRAMES_SUFFIX, HDF5_SUFFIX, SIDECAR_SUFFIX};
use crate::merge::{Ingredients, Merged, format_of, merge};
use crate::name::SafeName;
use crate::remake::{Parts, RemakeOptions, hdf5, sha256};
use crate::sidecar::{OwnBlock, Sidecar, SourceBlock, Stated};
use crate::{Archive, ArchiveError};

/// Events of a round. More would hold more in memory, fewer would sync more often.
const ROUND: usize = 256;

/// Where an event came from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
    /// Downloaded from a unit.
    SfmLive,
    /// Called home.
    SfmAch,
    /// A Blastware file that was imported.
    #[default]
    BwImport,
    /// A Thor file that was imported.
    IdfImport,
    /// A run of a stream.
    Stream,
}

impl SourceKind {
    /// The word in sidecar and index.
    pub const fn word(self) -> &'static str {
        match self {
            Self::SfmLive => "sfm-live",
            Self::SfmAch => "sfm-ach",
            Self::BwImport => "bw-import",
            Self::IdfImport => "idf-import",
            Self::Stream => "stream",
        }
    }
}

/// A vendor's report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFile {
    /// The name under which it came. It is kept when it is one of those that the vendor's software
    /// gives to the event's report.
    pub name: Option<String>,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// An event that is handed in.
#[derive(Debug, Clone, Default)]
pub struct Submission {
    /// Its file name, without a folder. A name that ends with `.a5.pkl` says that `bytes` are raw
    /// frames: the event file is rebuilt from them, and both are kept.
    pub name: String,
    /// The file.
    pub bytes: Vec<u8>,
    /// The vendor's report, when it came along.
    pub report: Option<ReportFile>,
    /// Raw frames, when they came along with the event file.
    pub frames: Option<Vec<u8>>,
    /// What the caller states.
    pub stated: Stated,
    /// Where it came from.
    pub source_kind: SourceKind,
    /// When it came in; now when nobody says.
    pub captured_at: Option<jiff::Timestamp>,
}

impl Submission {
    /// A file under its name.
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), bytes: bytes.into(), ..Self::default() }
    }

    /// With the vendor's report.
    #[must_use]
    pub fn report(mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        self.report = Some(ReportFile { name: Some(name.into()), bytes: bytes.into() });
        self
    }

    /// With a serial number that wins over name and content.
    #[must_use]
    pub fn serial(mut self, serial: impl Into<String>) -> Self {
        self.stated.serial = Some(serial.into());
        self
    }

    /// With a range of the geophones that wins over the report's.
    #[must_use]
    pub fn range(mut self, range: GeophoneRange) -> Self {
        self.stated.range = Some(range.to_string());
        self
    }

    /// With where it came from.
    #[must_use]
    pub fn source_kind(mut self, kind: SourceKind) -> Self {
        self.source_kind = kind;
        self
    }
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Saved for the first time.
    New,
    /// The same bytes were there: nothing changed but when they were last seen.
    Same,
    /// The same bytes were there; their report came now, and everything was derived again.
    PairedLate,
    /// The same bytes were there; their raw frames came now.
    FramesAdded,
    /// Other bytes of this name were there: saved under the name in the answer.
    Conflict,
}

/// What became of the vendor's report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Pairing {
    /// A report is paired with the event, this one or one that was there.
    Paired {
        /// Its file.
        txt_filename: String,
    },
    /// There is none.
    NotPaired,
    /// One was kept, but it cannot be read.
    NotUnderstood {
        /// Its file.
        txt_filename: String,
        /// Why not.
        reason: String,
    },
    /// Another report was paired before and stays; this one was kept beside it.
    Differs {
        /// The file of the one that is used.
        txt_filename: String,
        /// The file of this one.
        kept_as: String,
    },
}

/// The answer for an event that is in the archive.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Saved {
    /// Its number.
    pub id: i64,
    /// Serial number of the unit.
    pub serial: String,
    /// Whether neither caller nor name nor content says which unit it was: the event is in
    /// `UNKNOWN`, and somebody should say.
    pub serial_unknown: bool,
    /// The name under which it is kept.
    pub filename: String,
    /// Its length in bytes.
    pub filesize: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
    /// The file of raw frames.
    pub a5_pickle_filename: Option<String>,
    /// The file of arrays.
    pub hdf5_filename: Option<String>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hdf5_error: Option<String>,
    /// The sidecar.
    pub sidecar_filename: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// What became of its report.
    pub report: Pairing,
    /// Names of the fields that nothing stated.
    pub assumed: Vec<String>,
    /// What could not be decoded, in sentences.
    pub not_decoded: Vec<String>,
}

/// A submission, decoded.
struct Prepared<'a> {
    submission: &'a Submission,
    name: SafeName,
    serial: SafeName,
    bytes: Cow<'a, [u8]>,
    frames: Option<&'a [u8]>,
    sha256: String,
    merged: Merged,
    /// Not made where the event seems to be there already.
    arrays: Option<Result<Vec<u8>, String>>,
}

/// What is to be done with a prepared event.
enum Plan {
    New { filename: SafeName, id: i64, is_conflict: bool, source_is_there: bool },
    Same { id: i64, filename: String, sidecar: Sidecar },
    Update { id: i64, filename: String, sidecar: Sidecar },
}

/// What a plan became: the answer, and what has to happen for it.
struct Done {
    saved: Saved,
    sidecar: Sidecar,
    staged: Vec<Staged>,
    is_change: bool,
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

    /// Pairs a report that came later than its event: the event is found by the report's name.
    /// `None` when no event has such a report (yet), or when more than one could.
    ///
    /// # Errors
    /// As [`save`](Self::save).
    pub fn add_report(
        &self,
        serial: Option<&str>,
        report_name: &str,
        bytes: &[u8],
    ) -> Result<Option<Saved>, SaveError> {
        let report = ReportFile { name: Some(report_name.to_owned()), bytes: bytes.to_vec() };
        match self.with_report(serial, report)? {
            Some(submission) => self.save(&submission).map(Some),
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
        // The event stays where it is.
        stated.serial = Some(event.serial.clone());
        Ok(Some(Submission {
            name: parts.name,
            bytes: parts.bytes,
            report: Some(report),
            stated,
            ..Submission::default()
        }))
    }

    /// The events to which a report of this name belongs, by the one rule that formats have for it.
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
            let formats = wavekeep_formats::EVENT_FORMATS.iter();
            let mut names = formats.flat_map(|format| format.report_names(&event.filename));
            serial.is_none_or(|serial| serial == event.serial)
                && names.any(|name| name.eq_ignore_ascii_case(report_name))
        });
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
        // Two of one name are saved one after the other: the second one meets the first.
        while !waiting.is_empty() {
            let mut names = HashSet::new();
            let (now, later): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(_, prepared)| {
                names.insert((prepared.serial.clone(), prepared.name.clone()))
            });
            match self.with_lock(|writer| self.save_prepared(writer, &now)) {
                Ok(saved) => {
                    for ((turn, _), saved) in now.iter().zip(saved) {
                        answers[*turn] = Some(saved);
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
        }
        answers.into_iter().flatten().collect()
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
        if let Some(serial) = &submission.stated.serial {
            SafeName::folder(serial)?;
        }
        let sha256 = sha256(&bytes);
        let merged = merge(Ingredients {
            bytes: &bytes,
            name: name.as_str(),
            sha256: &sha256,
            report: submission.report.as_ref().map(|report| report.bytes.as_slice()),
            stated: &submission.stated,
            earlier: None,
        })
        .map_err(decode_error)?;
        // Given, then by the name, then by the content: the file's own word before the report's.
        let by_report = || merged.recording.serial.as_ref().map(|serial| serial.value.clone());
        let serial = submission.stated.serial.clone().or_else(|| merged.serial_of_file.clone());
        let serial = serial.or_else(by_report).unwrap_or_else(|| UNKNOWN_SERIAL.to_owned());
        let serial = SafeName::folder(&serial)?;
        let known = self.find_place(serial.as_str(), name.as_str())?;
        let seems_there = known.is_some_and(|(_, known)| known.as_deref() == Some(sha256.as_str()));
        let arrays = (!seems_there).then(|| hdf5(&merged.recording));
        Ok(Prepared { submission, name, serial, bytes, frames, sha256, merged, arrays })
    }

    fn save_prepared(
        &self,
        writer: &mut Writer,
        prepared: &[(usize, Prepared<'_>)],
    ) -> Result<Vec<Result<Saved, SaveError>>, ArchiveError> {
        let failed = |source| self.index_failed(source);
        let mut last_id = index::last_id(&writer.connection).map_err(failed)?;
        let mut planned = Vec::new();
        let mut folders = HashSet::new();
        for (_, prepared) in prepared {
            let plan = self.plan(writer, prepared, &mut last_id);
            if plan.is_ok() && folders.insert(prepared.serial.clone()) {
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
        let mut seen = Vec::new();
        let answers = done
            .into_iter()
            .map(|done| {
                let Done { saved, sidecar, staged, is_change } = done?;
                if is_change {
                    change.event(&saved.serial, &saved.filename, staged);
                    rows.push((saved.serial.clone(), saved.filename.clone(), sidecar));
                }
                seen.push(saved.id);
                Ok(saved)
            })
            .collect();
        let follow = |writer: &mut Writer| {
            self.commit(writer, |transaction| {
                index::reserve(transaction, last_id)?;
                let changed = index::next_change(transaction)?;
                for (changed, (serial, filename, sidecar)) in (changed..).zip(&rows) {
                    index::store(transaction, serial, filename, sidecar, changed)?;
                }
                let sql = "UPDATE events SET last_seen = ?1 WHERE id = ?2";
                let mut touch = transaction.prepare_cached(sql)?;
                let now = crate::now();
                for id in &seen {
                    touch.execute((&now, id))?;
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

    /// Gives an event its place and its number.
    fn plan(
        &self,
        writer: &Writer,
        prepared: &Prepared<'_>,
        last_id: &mut i64,
    ) -> Result<Plan, SaveError> {
        let serial = prepared.serial.as_str();
        let mut filename = prepared.name.clone();
        let mut is_conflict = false;
        loop {
            let event = self.layout().event(serial, filename.as_str());
            let sidecar = self.read_if_there(&event.sidecar())?;
            let Some(sidecar) = sidecar else {
                // A source without a sidecar is no event yet; its bytes are respected.
                let source = self.read_if_there(&event.source())?;
                let source_is_there = source.as_deref() == Some(&*prepared.bytes);
                if source.is_some() && !source_is_there && !is_conflict {
                    filename = prepared.name.with_sha(&prepared.sha256);
                    is_conflict = true;
                    continue;
                }
                *last_id += 1;
                return Ok(Plan::New { filename, id: *last_id, is_conflict, source_is_there });
            };
            let sidecar = Sidecar::parse(&sidecar)
                .map_err(|source| ArchiveError::Sidecar { path: event.sidecar(), source })?;
            let there = match sidecar.source_file().sha256 {
                Some(sha256) => Some(sha256.to_lowercase()),
                None => self.read_if_there(&event.source())?.map(|bytes| sha256(&bytes)),
            };
            if there.as_deref() != Some(prepared.sha256.as_str()) && !is_conflict {
                filename = prepared.name.with_sha(&prepared.sha256);
                is_conflict = true;
                continue;
            }
            let place = index::at_place(&writer.connection, serial, filename.as_str());
            let place = place.map_err(|source| self.index_failed(source))?;
            let is_indexed = place.is_some();
            let id = match place {
                Some((id, _)) => id,
                None => sidecar.own().id.unwrap_or_else(|| {
                    *last_id += 1;
                    *last_id
                }),
            };
            let source = sidecar.source();
            let new_report = prepared.submission.report.is_some() && {
                let name = source.txt_filename.as_deref();
                let name = name.and_then(|name| SafeName::file(name).ok());
                let kept = match name {
                    Some(name) => self.read_if_there(&event.named(name.as_str()))?,
                    None => None,
                };
                kept.as_deref() != prepared.submission.report.as_ref().map(|r| r.bytes.as_slice())
            };
            let new_frames = prepared.frames.is_some() && source.a5_pickle_filename.is_none();
            let filename = filename.as_str().to_owned();
            return Ok(match new_report || new_frames || !is_indexed {
                true => Plan::Update { id, filename, sidecar },
                false => Plan::Same { id, filename, sidecar },
            });
        }
    }

    fn carry_out(&self, plan: Plan, prepared: &Prepared<'_>) -> Result<Done, SaveError> {
        match plan {
            Plan::New { filename, id, is_conflict, source_is_there } => {
                Ok(self.save_new(prepared, filename, id, is_conflict, source_is_there)?)
            }
            Plan::Same { id, filename, sidecar } => {
                let pairing = pairing(&sidecar);
                let saved = answer(id, prepared, &filename, &sidecar, Outcome::Same, pairing);
                Ok(Done { saved, sidecar, staged: Vec::new(), is_change: false })
            }
            Plan::Update { id, filename, sidecar } => self.update(prepared, id, filename, sidecar),
        }
    }

    fn save_new(
        &self,
        prepared: &Prepared<'_>,
        filename: SafeName,
        id: i64,
        is_conflict: bool,
        source_is_there: bool,
    ) -> Result<Done, ArchiveError> {
        let submission = prepared.submission;
        let event = self.layout().event(prepared.serial.as_str(), filename.as_str());
        let mut files: Vec<(PathBuf, Cow<'_, [u8]>)> = Vec::new();
        if !source_is_there {
            files.push((event.source(), Cow::Borrowed(&prepared.bytes)));
        }
        if let Some(frames) = prepared.frames {
            files.push((event.frames(), Cow::Borrowed(frames)));
        }
        let txt_filename = match &submission.report {
            Some(report) => {
                let name = self.report_name(prepared, &filename, report)?;
                files.push((event.named(&name), Cow::Borrowed(&report.bytes)));
                Some(name)
            }
            None => None,
        };
        let mut own = OwnBlock { id: Some(id), ..OwnBlock::default() };
        own.original_name = is_conflict.then(|| prepared.name.as_str().to_owned());
        own.stated = (submission.stated != Stated::default()).then(|| submission.stated.clone());
        let made;
        let arrays = match &prepared.arrays {
            Some(arrays) => arrays,
            None => {
                made = hdf5(&prepared.merged.recording);
                &made
            }
        };
        let mut hdf5_error = None;
        match arrays {
            // An `.h5` that lies there without an event is another program's.
            _ if self.read_if_there(&event.hdf5())?.is_some() => {
                hdf5_error = Some("an .h5 of another program is there: left alone".to_owned());
            }
            Ok(bytes) => {
                own.hdf5_sha256 = Some(sha256(bytes));
                files.push((event.hdf5(), Cow::Borrowed(bytes)));
            }
            Err(why) => hdf5_error = Some(why.clone()),
        }
        note_sums(&mut own, &event, &files);
        let captured_at = submission.captured_at.map_or_else(crate::now, |at| at.to_string());
        let place = Place {
            serial: prepared.serial.as_str().to_owned(),
            filename: filename.as_str().to_owned(),
            filesize: prepared.bytes.len() as u64,
            sha256: prepared.sha256.clone(),
            source: SourceBlock {
                kind: Some(submission.source_kind.word().to_owned()),
                tool_version: Some(TOOL_VERSION.to_owned()),
                captured_at: Some(captured_at),
                a5_pickle_filename: prepared.frames.map(|_| format!("{filename}{FRAMES_SUFFIX}")),
                txt_filename: txt_filename.clone(),
            },
            own,
        };
        let sidecar = facts::sidecar(&prepared.merged, place, None);
        files.push((event.sidecar(), Cow::Owned(sidecar.to_bytes())));
        let staged = self.stage_all(files.iter().map(|(path, bytes)| (path.clone(), &**bytes)))?;
        let outcome = if is_conflict { Outcome::Conflict } else { Outcome::New };
        let pairing = match (&prepared.merged.report_refused, txt_filename) {
            (Some(reason), Some(txt_filename)) => {
                Pairing::NotUnderstood { txt_filename, reason: reason.clone() }
            }
            _ => pairing(&sidecar),
        };
        let mut saved = answer(id, prepared, filename.as_str(), &sidecar, outcome, pairing);
        saved.hdf5_error = hdf5_error;
        Ok(Done { saved, sidecar, staged, is_change: true })
    }

    /// Report or frames that came later than their event.
    fn update(
        &self,
        prepared: &Prepared<'_>,
        id: i64,
        filename: String,
        mut sidecar: Sidecar,
    ) -> Result<Done, SaveError> {
        let serial = prepared.serial.as_str();
        let event = self.layout().event(serial, &filename);
        let mut source = sidecar.source();
        let mut files: Vec<(PathBuf, Cow<'_, [u8]>)> = Vec::new();
        let mut outcome = Outcome::Same;
        if let Some(frames) = prepared.frames.filter(|_| source.a5_pickle_filename.is_none()) {
            files.push((event.frames(), Cow::Borrowed(frames)));
            source.a5_pickle_filename = Some(format!("{filename}{FRAMES_SUFFIX}"));
            outcome = Outcome::FramesAdded;
        }
        let kept_name = source.txt_filename.clone().and_then(|name| SafeName::file(&name).ok());
        let kept = match &kept_name {
            Some(name) => self.read_if_there(&event.named(name.as_str()))?,
            None => None,
        };
        let mut report = kept.clone();
        let mut differs = None;
        if let Some(given) = &prepared.submission.report {
            let stored = SafeName::file(&filename)?;
            match &kept {
                None => {
                    let name = self.report_name(prepared, &stored, given)?;
                    files.push((event.named(&name), Cow::Borrowed(&given.bytes)));
                    source.txt_filename = Some(name);
                    report = Some(given.bytes.clone());
                    outcome = Outcome::PairedLate;
                }
                Some(kept) if *kept != given.bytes => {
                    let name = kept_name.unwrap_or(stored).with_sha(&sha256(&given.bytes));
                    if self.read_if_there(&event.named(name.as_str()))?.is_none() {
                        files.push((event.named(name.as_str()), Cow::Borrowed(&given.bytes)));
                    }
                    differs = Some(name.as_str().to_owned());
                }
                Some(_) => {}
            }
        }
        sidecar.set("source", &source);
        let mut own = sidecar.own();
        note_sums(&mut own, &event, &files);
        sidecar.set("wavekeep", &own);
        let name = sidecar.own().original_name.unwrap_or_else(|| filename.clone());
        let parts = Parts {
            event,
            sidecar,
            name,
            bytes: prepared.bytes.to_vec(),
            sha256: prepared.sha256.clone(),
            report,
        };
        let merged = parts.merge()?;
        let options = RemakeOptions::default();
        let mut staged =
            self.stage_all(files.iter().map(|(path, bytes)| (path.clone(), &**bytes)))?;
        let remade = self.remake(serial, &filename, id, &parts, &merged, options);
        let (sidecar, more, without_hdf5) = match remade {
            Ok(remade) => remade,
            Err(error) => {
                crate::journal::discard(self.files(), self.layout(), staged);
                return Err(error.into());
            }
        };
        staged.extend(more);
        let pairing = match (pairing(&sidecar), differs, &merged.report_refused) {
            (Pairing::Paired { txt_filename }, Some(kept_as), _) => {
                Pairing::Differs { txt_filename, kept_as }
            }
            (Pairing::Paired { txt_filename }, None, Some(reason)) => {
                Pairing::NotUnderstood { txt_filename, reason: reason.clone() }
            }
            (pairing, _, _) => pairing,
        };
        let mut saved = answer(id, prepared, &filename, &sidecar, outcome, pairing);
        saved.hdf5_error = without_hdf5;
        Ok(Done { saved, sidecar, staged, is_change: true })
    }

    /// The name under which a report is kept: as it came, when it is one of those that belong to
    /// the event, and nothing else has it.
    fn report_name(
        &self,
        prepared: &Prepared<'_>,
        filename: &SafeName,
        report: &ReportFile,
    ) -> Result<String, ArchiveError> {
        let plain = format!("{filename}.TXT");
        let format = format_of(&prepared.bytes, prepared.name.as_str()).ok();
        let usual = format.map(|format| format.report_names(filename.as_str()));
        let came = report.name.as_deref().and_then(|name| SafeName::file(name).ok());
        let came = came.filter(|came| {
            let mut usual = usual.iter().flatten();
            usual.any(|name| name.eq_ignore_ascii_case(came.as_str()))
        });
        let name = came.map_or(plain, |came| came.as_str().to_owned());
        let event = self.layout().event(prepared.serial.as_str(), filename.as_str());
        match self.read_if_there(&event.named(&name))? {
            Some(there) if there != report.bytes => {
                let safe = SafeName::file(&name)?;
                Ok(safe.with_sha(&sha256(&report.bytes)).as_str().to_owned())
            }
            _ => Ok(name),
        }
    }
}

/// Notes the checksums of reports and raw frames that are written.
fn note_sums(own: &mut OwnBlock, event: &EventFiles, files: &[(PathBuf, Cow<'_, [u8]>)]) {
    for (path, bytes) in files {
        let name = path.file_name().and_then(|name| name.to_str());
        let has_own_sum = *path == event.source() || *path == event.hdf5();
        if let (Some(name), false) = (name, has_own_sum) {
            own.files.get_or_insert_default().insert(name.to_owned(), sha256(bytes));
        }
    }
}

fn pairing(sidecar: &Sidecar) -> Pairing {
    match (sidecar.source().txt_filename, sidecar.report().is_some()) {
        (Some(txt_filename), true) => Pairing::Paired { txt_filename },
        (Some(txt_filename), false) => Pairing::NotUnderstood {
            txt_filename,
            reason: "the report that is there was not understood".to_owned(),
        },
        (None, _) => Pairing::NotPaired,
    }
}

fn answer(
    id: i64,
    prepared: &Prepared<'_>,
    filename: &str,
    sidecar: &Sidecar,
    outcome: Outcome,
    report: Pairing,
) -> Saved {
    let row = EventRow::of(prepared.serial.as_str(), filename, sidecar);
    let warnings = sidecar.decode().warnings.unwrap_or_default();
    let damage = serde_json::to_value(NoteKind::Damage).unwrap_or_default();
    let not_decoded = warnings
        .iter()
        .filter(|note| note.get("kind") == Some(&damage))
        .filter_map(|note| Some(note.get("message")?.as_str()?.to_owned()))
        .collect();
    Saved {
        id,
        serial_unknown: row.is_serial_unknown(),
        serial: row.serial,
        filename: filename.to_owned(),
        filesize: prepared.bytes.len() as u64,
        sha256: prepared.sha256.clone(),
        a5_pickle_filename: row.a5_pickle_filename,
        hdf5_filename: sidecar.own().hdf5_sha256.map(|_| format!("{filename}{HDF5_SUFFIX}")),
        hdf5_error: None,
        sidecar_filename: Some(format!("{filename}{SIDECAR_SUFFIX}")),
        outcome,
        report,
        assumed: sidecar.event().assumed.unwrap_or_default(),
        not_decoded,
    }
}
