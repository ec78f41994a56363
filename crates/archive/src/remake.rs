//! Derived files as one unit: sidecar, arrays and row are always made together.

use std::path::{Path, PathBuf};

use derive_setters::Setters;
use wavekeep_core::Recording;
use wavekeep_custody::{Action, Hash};
use wavekeep_export::{ExportOptions, Target, Units, write_event};

use crate::error::DecodeFailure;
use crate::facts::{self, Place, TOOL_VERSION, is_newer};
use crate::journal::{Change, Staged, discard, stage};
use crate::layout::EventFiles;
use crate::ledger::{Draft, Standing, facts_of, files_of};
use crate::merge::{Ingredients, Merged, limits_of_archive, merge, moment_of_capture};
use crate::name::{SafeName, is_beside};
use crate::sidecar::{OwnBlock, Sidecar, SourceBlock, Stated};
use crate::{Archive, ArchiveError, index};

/// How derived files are made again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct RemakeOptions {
    /// Replaces an `.h5` or `.gnz` that another program wrote too.
    pub replace_unknown_hdf5: bool,
    /// Makes a `.gnz` where there is none yet. One that is there is made again in any case.
    pub gnz: bool,
    /// Changes nothing, only says what would become.
    pub dry_run: bool,
}

/// What became of an event's derived files.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Remade {
    /// The sidecar as it was.
    pub before: Sidecar,
    /// The sidecar as it is (or would be) now.
    pub after: Sidecar,
    /// Why there is no new `.h5` or `.gnz`: it failed, or the one there is another program's and was
    /// left alone.
    pub without_hdf5: Option<String>,
}

/// An event's derived files, made again and not yet in their places.
#[derive(Debug)]
pub(crate) struct Remake {
    pub sidecar: Sidecar,
    /// SHA-256 of the sidecar as it is written.
    pub sidecar_sum: Hash,
    pub staged: Vec<Staged>,
    pub without_hdf5: Option<String>,
}

/// What an event of the archive is made from.
#[derive(Debug)]
pub(crate) struct Parts {
    pub event: EventFiles,
    pub sidecar: Sidecar,
    pub name: String,
    pub bytes: Vec<u8>,
    pub sha256: String,
    pub report: Option<Vec<u8>>,
}

impl Parts {
    pub(crate) fn merge(&self) -> Result<Merged, ArchiveError> {
        let stated = self.sidecar.own().stated.unwrap_or_default();
        self.merge_stated(&stated)
            .map_err(|source| ArchiveError::Decode { path: self.event.source(), source })
    }

    pub(crate) fn merge_stated(&self, stated: &Stated) -> Result<Merged, DecodeFailure> {
        merge(Ingredients {
            bytes: &self.bytes,
            name: &self.name,
            sha256: &self.sha256,
            report: self.report.as_deref(),
            stated,
            captured_at: moment_of_capture(self.sidecar.source().captured_at.as_deref()),
            limits: limits_of_archive(),
            earlier: Some(&self.sidecar),
        })
    }
}

/// The recording of an event whose files are not here but came from an archive elsewhere: the same
/// as [`Archive::recording`] gives there. `report` is the text of the paired report.
///
/// # Errors
/// Why the source cannot be decoded.
pub fn recording_from(
    filename: &str,
    bytes: &[u8],
    report: Option<&[u8]>,
    sidecar: &Sidecar,
) -> Result<Recording, DecodeFailure> {
    let own = sidecar.own();
    let ingredients = Ingredients {
        bytes,
        name: own.original_name.as_deref().unwrap_or(filename),
        sha256: &sha256(bytes),
        report,
        stated: &own.stated.unwrap_or_default(),
        captured_at: moment_of_capture(sidecar.source().captured_at.as_deref()),
        limits: limits_of_archive(),
        earlier: Some(sidecar),
    };
    Ok(merge(ingredients)?.recording)
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Hash::of(bytes).to_string()
}

/// The files of arrays of an event; in the place of one that cannot be made, why.
#[derive(Debug)]
pub(crate) struct Arrays {
    hdf5: Result<Vec<u8>, String>,
    /// Only where somebody asked for it.
    gnz: Option<Result<Vec<u8>, String>>,
}

impl Arrays {
    pub(crate) fn of(recording: &Recording, with_gnz: bool) -> Self {
        Self {
            hdf5: arrays(recording, Target::Hdf5),
            gnz: with_gnz.then(|| arrays(recording, Target::Gnz)),
        }
    }
}

fn arrays(recording: &Recording, target: Target) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let options = ExportOptions::of(Units::Physical);
    match write_event(recording, target, &options, &mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) => Err(error.to_string()),
    }
}

/// What is written of [`Arrays`].
#[derive(Debug, Default)]
pub(crate) struct WrittenArrays<'a> {
    hdf5: Option<&'a [u8]>,
    gnz: Option<&'a [u8]>,
    pub hdf5_error: Option<String>,
    pub gnz_error: Option<String>,
}

impl WrittenArrays<'_> {
    /// The files for a place.
    pub(crate) fn files(&self, event: &EventFiles) -> Vec<(PathBuf, &[u8])> {
        let both = [(&self.hdf5, event.hdf5()), (&self.gnz, event.gnz())];
        both.into_iter().filter_map(|(bytes, path)| Some((path, (*bytes)?))).collect()
    }

    fn why_without(&self) -> Option<String> {
        match (&self.hdf5_error, &self.gnz_error) {
            (Some(hdf5), Some(gnz)) => Some(format!("{hdf5}; {gnz}")),
            (one, other) => one.as_ref().or(other.as_ref()).cloned(),
        }
    }
}

impl Archive {
    /// What an event is made from, without the lock.
    pub(crate) fn parts_of(&self, id: i64) -> Result<Parts, ArchiveError> {
        self.read_at_place(id, |row, _| self.parts(&row.serial, &row.filename))
    }

    /// What the event at a place is made from.
    pub(crate) fn parts(&self, serial: &str, filename: &str) -> Result<Parts, ArchiveError> {
        let event = self.layout().event(serial, filename);
        let sidecar = self.read_sidecar(&event.sidecar())?;
        let source = event.source();
        let bytes =
            self.files().read(&source).map_err(ArchiveError::io(&source, "read the source"))?;
        let txt = sidecar.source().txt_filename;
        let report = match txt.and_then(|name| SafeName::file(&name).ok()) {
            Some(name) => self.read_if_there(&event.named(name.as_str()))?,
            None => None,
        };
        let name = sidecar.own().original_name.unwrap_or_else(|| filename.to_owned());
        let sha256 = sha256(&bytes);
        Ok(Parts { event, sidecar, name, bytes, sha256, report })
    }

    pub(crate) fn read_if_there(&self, path: &Path) -> Result<Option<Vec<u8>>, ArchiveError> {
        match self.files().len(path).map_err(ArchiveError::io(path, "read the file"))? {
            Some(_) => {
                let bytes = self.files().read(path);
                bytes.map(Some).map_err(ArchiveError::io(path, "read the file"))
            }
            None => Ok(None),
        }
    }

    /// Which of `arrays` are written over what lies at a place, and notes their checksums. What
    /// another program wrote there stays, unless `replaces_unknown`.
    pub(crate) fn written_arrays<'a>(
        &self,
        arrays: &'a Arrays,
        event: &EventFiles,
        own: &mut OwnBlock,
        replaces_unknown: bool,
    ) -> Result<WrittenArrays<'a>, ArchiveError> {
        let mut written = WrittenArrays::default();
        let hdf5 = (event.hdf5(), Some(&arrays.hdf5), &mut own.hdf5_sha256);
        let gnz = (event.gnz(), arrays.gnz.as_ref(), &mut own.gnz_sha256);
        let hdf5_out = (&mut written.hdf5, &mut written.hdf5_error);
        let gnz_out = (&mut written.gnz, &mut written.gnz_error);
        for ((path, made, sum), (out, error)) in [(hdf5, hdf5_out), (gnz, gnz_out)] {
            let Some(made) = made else { continue };
            let there = match replaces_unknown {
                true => None,
                false => self.read_if_there(&path)?,
            };
            if there.is_some_and(|there| *sum != Some(sha256(&there))) {
                let name = path.extension().unwrap_or_default().to_string_lossy();
                let why = "was written by another program and was not replaced";
                *error = Some(format!("the .{name} {why}"));
                continue;
            }
            match made {
                Ok(bytes) => {
                    *sum = Some(sha256(bytes));
                    *out = Some(bytes);
                }
                Err(why) => *error = Some(why.clone()),
            }
        }
        Ok(written)
    }

    /// Makes all derived files of an event again from its source and its report: arrays, the
    /// derived blocks of the sidecar, the row. What belongs to people stays, and what a report
    /// stated is never replaced by what was decoded.
    ///
    /// # Errors
    /// [`ArchiveError::NoEvent`], [`ArchiveError::Decode`], or what the system says; nothing was
    /// changed then.
    pub fn regenerate(&self, id: i64, options: RemakeOptions) -> Result<Remade, ArchiveError> {
        self.regenerate_as(Action::Derive, id, options)
    }

    /// The same, as the ledger is to call it.
    pub(crate) fn regenerate_as(
        &self,
        action: Action,
        id: i64,
        options: RemakeOptions,
    ) -> Result<Remade, ArchiveError> {
        self.with_lock(|writer| {
            let row = index::event(&writer.connection, id);
            let row = row.map_err(|source| self.index_failed(source))?;
            let row = row.ok_or(ArchiveError::NoEvent { id })?;
            let parts = self.parts(&row.serial, &row.filename)?;
            let mut standing = Standing::default();
            if action == Action::Derive {
                standing = self.standing_sidecar(&writer.connection, id, &parts.event)?;
                let came = standing.known.as_ref().and_then(|known| known.file(&row.filename));
                if let Some(known) = &standing.known
                    && came.is_some_and(|sum| sum.to_string() != parts.sha256)
                {
                    let path = parts.event.source();
                    return Err(ArchiveError::NotAsLedger { path, entry: known.last.entry });
                }
            }
            let merged = parts.merge()?;
            let Remake { sidecar: after, sidecar_sum, staged, without_hdf5 } =
                self.remake(&row.serial, &row.filename, id, &parts, &merged, options)?;
            let before = parts.sidecar;
            if options.dry_run {
                return Ok(Remade { before, after, without_hdf5 });
            }
            let mut change = Change::new(self.files(), self.layout());
            change.event(&row.serial, &row.filename, staged);
            let draft = Draft::of(action, self.actor().clone(), id, &row.serial, &row.filename);
            let draft = standing.noted(draft.with("facts", facts_of(&after)));
            let files = files_of(&row.filename, &after, sidecar_sum);
            let lines = self.entry_of(writer, Draft { files, ..draft })?;
            change.ledger(&lines);
            change.happen(|| {
                self.commit(writer, |transaction| {
                    let changed = index::next_change(transaction)?;
                    index::store(transaction, &row.serial, &row.filename, &after, changed)?;
                    lines.store(transaction)
                })
            })?;
            Ok(Remade { before, after, without_hdf5 })
        })
    }

    /// Sidecar and arrays of an event that is there, staged unless it is a dry run. They are for the
    /// place that is given, which may be another one than that of `parts`.
    pub(crate) fn remake(
        &self,
        serial: &str,
        filename: &str,
        id: i64,
        parts: &Parts,
        merged: &Merged,
        options: RemakeOptions,
    ) -> Result<Remake, ArchiveError> {
        if let Some(found) = parts.sidecar.source().tool_version.filter(|tool| is_newer(Some(tool)))
        {
            let path = parts.event.sidecar();
            return Err(ArchiveError::NewerDecoder { path, found });
        }
        let mut own = parts.sidecar.own();
        own.id = Some(own.id.unwrap_or(id));
        self.note_missing_sums(&mut own, parts)?;
        let with_gnz = options.gnz || own.gnz_sha256.is_some();
        let arrays = Arrays::of(&merged.recording, with_gnz);
        let written =
            self.written_arrays(&arrays, &parts.event, &mut own, options.replace_unknown_hdf5)?;
        let without_hdf5 = written.why_without();
        let place = Place {
            serial: serial.to_owned(),
            filename: filename.to_owned(),
            filesize: parts.bytes.len() as u64,
            sha256: parts.sha256.clone(),
            source: SourceBlock {
                tool_version: Some(TOOL_VERSION.to_owned()),
                ..parts.sidecar.source()
            },
            own,
        };
        let sidecar = facts::sidecar(merged, place, Some(&parts.sidecar));
        let bytes = sidecar.to_bytes();
        let sidecar_sum = Hash::of(&bytes);
        if options.dry_run {
            return Ok(Remake { sidecar, sidecar_sum, staged: Vec::new(), without_hdf5 });
        }
        let event = self.layout().event(serial, filename);
        let mut files = written.files(&event);
        files.push((event.sidecar(), bytes.as_slice()));
        let staged = self.stage_all(files)?;
        Ok(Remake { sidecar, sidecar_sum, staged, without_hdf5 })
    }

    /// Notes the checksums of report and frames that no sum was noted of: another program put them
    /// there.
    fn note_missing_sums(&self, own: &mut OwnBlock, parts: &Parts) -> Result<(), ArchiveError> {
        let source = parts.sidecar.source();
        for name in [source.txt_filename, source.a5_pickle_filename].into_iter().flatten() {
            let is_noted = own.files.as_ref().is_some_and(|files| files.contains_key(&name));
            if is_noted || !is_beside(&name) {
                continue;
            }
            if let Some(bytes) = self.read_if_there(&parts.event.named(&name))? {
                own.files.get_or_insert_default().insert(name, sha256(&bytes));
            }
        }
        Ok(())
    }

    /// Stages several files, or none.
    pub(crate) fn stage_all<'b>(
        &self,
        all: impl IntoIterator<Item = (PathBuf, &'b [u8])>,
    ) -> Result<Vec<Staged>, ArchiveError> {
        let mut staged = Vec::new();
        for (target, bytes) in all {
            match stage(self.files(), self.layout(), &target, bytes) {
                Ok(one) => staged.push(one),
                Err(error) => {
                    discard(self.files(), self.layout(), staged);
                    return Err(error);
                }
            }
        }
        Ok(staged)
    }
}
