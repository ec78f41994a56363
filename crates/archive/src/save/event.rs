//! The files of one event: those of a new one, and those that come later.

use std::borrow::Cow;
use std::path::PathBuf;

use wavekeep_core::NoteKind;
use wavekeep_custody::{Action, Hash};

use super::plan::is_further_name;
use super::{Done, Outcome, Pairing, Prepared, ReportFile, Saved, There};
use crate::error::SaveError;
use crate::facts::{self, Place, TOOL_VERSION};
use crate::index::EventRow;
use crate::journal::Move;
use crate::layout::{EventFiles, FRAMES_SUFFIX, GNZ_SUFFIX, HDF5_SUFFIX, SIDECAR_SUFFIX};
use crate::merge::format_of;
use crate::name::{SafeName, is_beside};
use crate::remake::{Arrays, Parts, Remake, RemakeOptions, sha256};
use crate::sidecar::{OwnBlock, Sidecar, SourceBlock, Stated};
use crate::{Archive, ArchiveError};

/// Further names of an event that are noted.
const MOST_NAMES: usize = 100;

impl Archive {
    /// A new event.
    pub(super) fn save_new(
        &self,
        prepared: &Prepared,
        filename: SafeName,
        id: i64,
        is_conflict: bool,
        source_is_there: bool,
    ) -> Result<Done, ArchiveError> {
        let submission = &prepared.submission;
        let event = self.layout().event(prepared.serial.as_str(), filename.as_str());
        let mut files: Vec<(PathBuf, Cow<'_, [u8]>)> = Vec::new();
        if !source_is_there {
            files.push((event.source(), Cow::Borrowed(prepared.bytes())));
        }
        if let Some(frames) = prepared.frames() {
            files.push((event.frames(), Cow::Borrowed(frames)));
        }
        let txt_filename = match &submission.report {
            Some(report) => {
                let serial = prepared.serial.as_str();
                let name = self.report_name(prepared, serial, &filename, report)?;
                files.push((event.named(&name), Cow::Borrowed(&report.bytes)));
                Some(name)
            }
            None => None,
        };
        let mut own = OwnBlock { id: Some(id), ..OwnBlock::default() };
        own.original_name = is_conflict.then(|| prepared.name.as_str().to_owned());
        own.sent_by = submission.sent_by.clone();
        own.stated = (prepared.stated != Stated::default()).then(|| prepared.stated.clone());
        let made;
        let arrays = match &prepared.arrays {
            Some(arrays) => arrays,
            None => {
                made = Arrays::of(&prepared.merged.recording, submission.gnz);
                &made
            }
        };
        let written = self.written_arrays(arrays, &event, &mut own, false)?;
        note_sums(&mut own, &event, &files);
        let captured_at = submission.captured_at.map_or_else(crate::now, |at| at.to_string());
        let place = Place {
            serial: prepared.serial.as_str().to_owned(),
            filename: filename.as_str().to_owned(),
            filesize: prepared.bytes().len() as u64,
            sha256: prepared.sha256.clone(),
            source: SourceBlock {
                kind: Some(submission.source_kind.word().to_owned()),
                tool_version: Some(TOOL_VERSION.to_owned()),
                captured_at: Some(captured_at),
                a5_pickle_filename: prepared.frames().map(|_| format!("{filename}{FRAMES_SUFFIX}")),
                txt_filename: txt_filename.clone(),
            },
            own,
        };
        let sidecar = facts::sidecar(&prepared.merged, place, None);
        let bytes = sidecar.to_bytes();
        let sidecar_sum = Hash::of(&bytes);
        files.push((event.sidecar(), Cow::Owned(bytes)));
        let files = files.iter().map(|(path, bytes)| (path.clone(), &**bytes));
        let staged = self.stage_all(written.files(&event).into_iter().chain(files))?;
        let outcome = if is_conflict { Outcome::Conflict } else { Outcome::New };
        let pairing = match (&prepared.merged.report_refused, txt_filename) {
            (Some(reason), Some(txt_filename)) => {
                Pairing::NotUnderstood { txt_filename, reason: reason.clone() }
            }
            _ => pairing(&sidecar),
        };
        let place = (prepared.serial.as_str(), filename.as_str());
        let mut saved = answer(id, prepared, place, &sidecar, outcome, pairing);
        (saved.hdf5_error, saved.gnz_error) = (written.hdf5_error, written.gnz_error);
        let action = Some(Action::Import);
        Ok(Done { saved, sidecar, staged, moves: None, action, sidecar_sum })
    }

    /// Report or frames that came later than their event, or the unit to which it belongs: `to` is
    /// the serial number and file name of its place from now on. `moves_as` says that this is another
    /// one, and whether its own name was taken there.
    pub(super) fn update(
        &self,
        prepared: &Prepared,
        there: There,
        to: (String, String),
        moves_as: Option<bool>,
    ) -> Result<Done, SaveError> {
        let There { id, serial: from_serial, filename: from_filename, mut sidecar } = there;
        let (serial, filename) = (to.0.as_str(), to.1.as_str());
        let old = self.layout().event(&from_serial, &from_filename);
        let event = self.layout().event(serial, filename);
        let mut files: Vec<(PathBuf, Cow<'_, [u8]>)> = Vec::new();
        let mut removes = Vec::new();
        let mut outcome = Outcome::Same;
        if let Some(is_conflict) = moves_as {
            removes = self.bring_along(prepared, &old, &event, &mut sidecar, &mut files)?;
            let mut own = sidecar.own();
            own.original_name = is_conflict.then(|| prepared.name.as_str().to_owned());
            let mut stated = own.stated.take().unwrap_or_default();
            // What kept it where it was holds no longer; what the caller says now does.
            stated.serial = prepared.stated.serial.clone();
            if prepared.moving.is_some() {
                let earlier = own.earlier_units.get_or_insert_default();
                // Where it goes back to a unit, it is of that one alone.
                earlier.retain(|unit| unit != serial && *unit != from_serial);
                earlier.push(from_serial.clone());
            }
            own.stated = (stated != Stated::default()).then_some(stated);
            sidecar.set("wavekeep", &own);
            outcome = Outcome::Moved;
        }
        let supersedes = moves_as.is_none() && self.is_other_source(&sidecar, prepared, &old)?;
        if supersedes {
            self.keep_superseded(&old, &from_serial, &from_filename)?;
            files.push((event.source(), Cow::Borrowed(prepared.bytes())));
            let mut own = sidecar.own();
            own.sent_by.clone_from(&prepared.submission.sent_by);
            sidecar.set("wavekeep", &own);
            outcome = Outcome::Superseded;
        }
        let mut source = sidecar.source();
        if let Some(frames) = prepared.frames().filter(|_| source.a5_pickle_filename.is_none()) {
            files.push((event.frames(), Cow::Borrowed(frames)));
            source.a5_pickle_filename = Some(format!("{filename}{FRAMES_SUFFIX}"));
            outcome = Outcome::FramesAdded;
        }
        let kept_name = source.txt_filename.clone().and_then(|name| SafeName::file(&name).ok());
        // One that is brought along is not at its new place yet.
        let brought = kept_name.as_ref().map(|name| event.named(name.as_str()));
        let brought = files.iter().find(|(path, _)| Some(path) == brought.as_ref());
        let kept = match brought {
            Some((_, bytes)) => Some(bytes.to_vec()),
            None => self.kept_report(serial, filename, &sidecar)?,
        };
        // One that says nothing does not keep out one that does; it stays beside the event.
        let is_better = prepared.merged.report_refused.is_none() && sidecar.report().is_none();
        let mut report = kept.clone();
        let mut differs = None;
        let mut report_is_new = false;
        if let Some(given) = &prepared.submission.report {
            let stored = SafeName::file(filename)?;
            let is_other = kept.as_ref().is_some_and(|kept| *kept != given.bytes);
            // One that was taken before its end gives way to the whole of it.
            let is_whole = kept.as_ref().is_some_and(|kept| {
                given.bytes.len() > kept.len() && given.bytes.starts_with(kept)
            });
            if kept.is_none() || is_other && (is_better || is_whole) {
                let name = self.report_name(prepared, serial, &stored, given)?;
                let name = beside(&event, &files, name, &given.bytes)?;
                files.push((event.named(&name), Cow::Borrowed(&given.bytes)));
                source.txt_filename = Some(name);
                report = Some(given.bytes.clone());
                report_is_new = true;
                if !supersedes {
                    outcome = Outcome::PairedLate;
                }
            } else if is_other {
                let name = kept_name.unwrap_or(stored).with_sha(&sha256(&given.bytes));
                if self.read_if_there(&event.named(name.as_str()))?.is_none() {
                    files.push((event.named(name.as_str()), Cow::Borrowed(&given.bytes)));
                }
                differs = Some(name.as_str().to_owned());
            }
        }
        sidecar.set("source", &source);
        let mut own = sidecar.own();
        let is_moved = moves_as.is_some();
        if !is_moved && is_further_name(prepared.name.as_str(), filename, &sidecar) {
            let names = own.other_names.get_or_insert_default();
            // A name more or less says nothing when there are hundreds.
            if names.len() < MOST_NAMES {
                names.push(prepared.name.as_str().to_owned());
            }
        }
        note_sums(&mut own, &event, &files);
        if report_is_new {
            own.report_sent_by.clone_from(&prepared.submission.sent_by);
        }
        sidecar.set("wavekeep", &own);
        let name = sidecar.own().original_name.unwrap_or_else(|| filename.to_owned());
        let parts = Parts {
            event: old,
            sidecar,
            name,
            bytes: prepared.bytes().to_vec(),
            sha256: prepared.sha256.clone(),
            report,
        };
        let merged = parts.merge()?;
        let options = RemakeOptions { gnz: prepared.submission.gnz, ..RemakeOptions::default() };
        let mut staged =
            self.stage_all(files.iter().map(|(path, bytes)| (path.clone(), &**bytes)))?;
        let remade = self.remake(serial, filename, id, &parts, &merged, options);
        let Remake { sidecar, sidecar_sum, staged: more, without_hdf5 } = match remade {
            Ok(remade) => remade,
            Err(error) => {
                crate::journal::discard(self.files(), self.layout(), staged);
                return Err(error.into());
            }
        };
        staged.extend(more);
        let pairing = match (pairing(&sidecar), &differs, &merged.report_refused) {
            (Pairing::Paired { txt_filename }, None, Some(reason)) => {
                Pairing::NotUnderstood { txt_filename, reason: reason.clone() }
            }
            (pairing, _, _) => pairing.with_other(differs),
        };
        let mut saved = answer(id, prepared, (serial, filename), &sidecar, outcome, pairing);
        saved.hdf5_error = without_hdf5;
        let moves = moves_as.map(|_| Move { from: (from_serial, from_filename), to, removes });
        saved.moved_from = moves.as_ref().map(|of| format!("{}/{}", of.from.0, of.from.1));
        let action = Some(match outcome {
            Outcome::Moved => Action::Move,
            Outcome::Superseded => Action::Supersede,
            _ if moves.is_some() => Action::Move,
            _ => Action::Update,
        });
        Ok(Done { saved, sidecar, staged, moves, action, sidecar_sum })
    }

    /// Whether the source that is there has other bytes than those that came.
    fn is_other_source(
        &self,
        sidecar: &Sidecar,
        prepared: &Prepared,
        event: &EventFiles,
    ) -> Result<bool, ArchiveError> {
        let sum = match sidecar.source_file().sha256 {
            Some(sum) => Some(sum.to_lowercase()),
            None => self.read_if_there(&event.source())?.map(|bytes| sha256(&bytes)),
        };
        Ok(sum.is_some_and(|sum| sum != prepared.sha256))
    }

    /// Keeps a source that is about to be replaced, in the archive's own folder.
    fn keep_superseded(
        &self,
        event: &EventFiles,
        serial: &str,
        filename: &str,
    ) -> Result<(), SaveError> {
        let source = event.source();
        let Some(bytes) = self.read_if_there(&source)? else { return Ok(()) };
        let failed = |source| ArchiveError::io(&event.source(), "keep the shorter copy")(source);
        let folder = self.layout().own_folder().join("aside").join("superseded").join(serial);
        self.files().create_folder(&folder).map_err(failed)?;
        let name = SafeName::file(filename)?.with_sha(&sha256(&bytes));
        let target = folder.join(name.as_str());
        if self.read_if_there(&target)?.as_deref() == Some(&*bytes) {
            return Ok(());
        }
        let path = crate::journal::stage(self.files(), self.layout(), &target, &bytes)?;
        path.publish(self.files(), self.layout())?;
        Ok(())
    }

    /// Adds to `files` what goes with an event to another place as it is, and lets its sidecar name
    /// it as it is called there. The answer is what is to be removed at the old place, the sidecar
    /// first.
    fn bring_along<'a>(
        &self,
        prepared: &'a Prepared,
        old: &EventFiles,
        new: &EventFiles,
        sidecar: &mut Sidecar,
        files: &mut Vec<(PathBuf, Cow<'a, [u8]>)>,
    ) -> Result<Vec<PathBuf>, ArchiveError> {
        let mut removes = vec![old.sidecar()];
        let mut source = sidecar.source();
        let mut own = sidecar.own();
        for (was, is, sum) in
            [(old.hdf5(), new.hdf5(), &own.hdf5_sha256), (old.gnz(), new.gnz(), &own.gnz_sha256)]
        {
            let Some(bytes) = self.read_if_there(&was)? else { continue };
            removes.push(was);
            // Our own are made again, with the unit in them.
            if *sum != Some(sha256(&bytes)) {
                files.push((is, Cow::Owned(bytes)));
            }
        }
        let mut names: Vec<String> = own.files.take().unwrap_or_default().into_keys().collect();
        names.extend(source.txt_filename.clone());
        names.extend(source.a5_pickle_filename.clone());
        names.sort();
        names.dedup();
        for name in names.into_iter().filter(|name| is_beside(name)) {
            let Some(bytes) = self.read_if_there(&old.named(&name))? else { continue };
            removes.push(old.named(&name));
            let path = if old.named(&name) == old.frames() {
                new.frames()
            } else {
                match self.read_if_there(&new.named(&name))? {
                    Some(there) if there != bytes => {
                        let safe = SafeName::file(&name)?.with_sha(&sha256(&bytes));
                        new.named(safe.as_str())
                    }
                    _ => new.named(&name),
                }
            };
            let is_now = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            for of in [&mut source.txt_filename, &mut source.a5_pickle_filename] {
                if of.as_ref() == Some(&name) {
                    *of = Some(is_now.to_owned());
                }
            }
            files.push((path, Cow::Owned(bytes)));
        }
        removes.push(old.source());
        if self.read_if_there(&new.source())?.is_none() {
            files.push((new.source(), Cow::Borrowed(prepared.bytes())));
        }
        sidecar.set("source", &source);
        sidecar.set("wavekeep", &own);
        Ok(removes.iter().map(|path| self.relative(path)).collect())
    }

    /// The name under which a report is kept: as it came, when it is one of those that belong to
    /// the event, and nothing else has it.
    fn report_name(
        &self,
        prepared: &Prepared,
        serial: &str,
        filename: &SafeName,
        report: &ReportFile,
    ) -> Result<String, ArchiveError> {
        let plain = format!("{filename}.TXT");
        let format = format_of(prepared.bytes(), prepared.name.as_str()).ok();
        let usual = format.map(|format| format.report_names(filename.as_str()));
        let came = report.name.as_deref().and_then(|name| SafeName::file(name).ok());
        let came = came.filter(|came| {
            let mut usual = usual.iter().flatten();
            usual.any(|name| name.eq_ignore_ascii_case(came.as_str()))
        });
        let name = came.map_or(plain, |came| came.as_str().to_owned());
        let event = self.layout().event(serial, filename.as_str());
        match self.read_if_there(&event.named(&name))? {
            Some(there) if there != report.bytes => {
                let safe = SafeName::file(&name)?;
                Ok(safe.with_sha(&sha256(&report.bytes)).as_str().to_owned())
            }
            _ => Ok(name),
        }
    }
}

/// `name`, or one with a checksum when another file that is about to be written has it.
fn beside(
    event: &EventFiles,
    files: &[(PathBuf, Cow<'_, [u8]>)],
    name: String,
    bytes: &[u8],
) -> Result<String, SaveError> {
    let path = event.named(&name);
    match files.iter().any(|(taken, other)| *taken == path && **other != *bytes) {
        true => Ok(SafeName::file(&name)?.with_sha(&sha256(bytes)).as_str().to_owned()),
        false => Ok(name),
    }
}

/// Notes the checksums of reports and raw frames that are written.
fn note_sums(own: &mut OwnBlock, event: &EventFiles, files: &[(PathBuf, Cow<'_, [u8]>)]) {
    for (path, bytes) in files {
        let name = path.file_name().and_then(|name| name.to_str());
        let has_own_sum = [event.source(), event.hdf5(), event.gnz()].contains(path);
        if let (Some(name), false) = (name, has_own_sum) {
            own.files.get_or_insert_default().insert(name.to_owned(), sha256(bytes));
        }
    }
}

pub(super) fn pairing(sidecar: &Sidecar) -> Pairing {
    match (sidecar.source().txt_filename, sidecar.report().is_some()) {
        (Some(txt_filename), true) => Pairing::Paired { txt_filename },
        (Some(txt_filename), false) => Pairing::NotUnderstood {
            txt_filename,
            reason: "the report that is there was not understood".to_owned(),
        },
        (None, _) => Pairing::NotPaired,
    }
}

pub(super) fn answer(
    id: i64,
    prepared: &Prepared,
    (serial, filename): (&str, &str),
    sidecar: &Sidecar,
    outcome: Outcome,
    report: Pairing,
) -> Saved {
    let row = EventRow::of(serial, filename, sidecar);
    let warnings = sidecar.decode().warnings.unwrap_or_default();
    let kinds =
        [NoteKind::Damage, NoteKind::Contradiction].map(|kind| serde_json::to_value(kind).ok());
    let not_decoded = warnings
        .iter()
        .filter(|note| kinds.iter().flatten().any(|kind| note.get("kind") == Some(kind)))
        .filter_map(|note| Some(note.get("message")?.as_str()?.to_owned()))
        .collect();
    Saved {
        id,
        serial_unknown: row.is_serial_unknown(),
        serial: row.serial,
        filename: filename.to_owned(),
        filesize: prepared.bytes().len() as u64,
        sha256: prepared.sha256.clone(),
        a5_pickle_filename: row.a5_pickle_filename,
        hdf5_filename: sidecar.own().hdf5_sha256.map(|_| format!("{filename}{HDF5_SUFFIX}")),
        hdf5_error: None,
        gnz_filename: sidecar.own().gnz_sha256.map(|_| format!("{filename}{GNZ_SUFFIX}")),
        gnz_error: None,
        sidecar_filename: Some(format!("{filename}{SIDECAR_SUFFIX}")),
        outcome,
        moved_from: None,
        report,
        assumed: sidecar.event().assumed.unwrap_or_default(),
        not_decoded,
    }
}
