//! Events go to another unit, because somebody says that they are of it.

use super::plan::{Plan, There};
use super::round::PreparedRound;
use super::{Moving, Prepared, Saved, Submission};
use crate::archive::Writer;
use crate::error::SaveError;
use crate::facts::UNKNOWN_SERIAL;
use crate::index;
use crate::name::SafeName;
use crate::sidecar::Sidecar;
use crate::{Actor, Archive, ArchiveError};

impl Archive {
    /// Lets an event go to another unit, with all of its files. Its number, its reviews and its source
    /// bytes stay; the ledger notes where it was, why it went and who moved it. The same file does not
    /// come in again under the unit that it was in.
    ///
    /// # Errors
    /// [`SaveError::PlaceTaken`] when the unit has an event of its name; [`ArchiveError::NoReason`],
    /// [`ArchiveError::NoEvent`], [`ArchiveError::OfNoUnit`] for a run of a stream. The event stays
    /// where it is then.
    pub fn move_to_unit(
        &self,
        id: i64,
        serial: &str,
        reason: &str,
        who: impl Into<Actor>,
    ) -> Result<Saved, SaveError> {
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(ArchiveError::NoReason.into());
        }
        if serial == UNKNOWN_SERIAL {
            return Err(SafeName::refused_unit(serial).into());
        }
        let row = self.event(id)?;
        if row.kind == STREAM_WORD {
            return Err(ArchiveError::OfNoUnit { id }.into());
        }
        let parts = self.parts_of(id)?;
        let submission = Submission::new(parts.name, parts.bytes).serial(serial);
        let mut prepared = self.prepare(submission)?;
        let moving = Moving { id, reason: reason.to_owned(), by: who.into() };
        prepared.moving = Some(moving);
        let answers = self.save_round(PreparedRound::of(prepared));
        let saved = answers.into_iter().flat_map(|(saved, _)| saved).next();
        saved.unwrap_or_else(|| Err(self.no_answer().into()))
    }

    /// What is to be done with an event that is to go to another unit.
    pub(super) fn plan_reassigned(
        &self,
        writer: &Writer,
        prepared: &Prepared,
        id: i64,
    ) -> Result<Plan, SaveError> {
        let row =
            index::event(&writer.connection, id).map_err(|source| self.index_failed(source))?;
        let row = row.ok_or(ArchiveError::NoEvent { id })?;
        let sidecar =
            self.read_sidecar(&self.layout().event(&row.serial, &row.filename).sidecar())?;
        let name = prepared.name.as_str().to_owned();
        if sidecar.source_file().sha256.is_some_and(|sum| sum.to_lowercase() != prepared.sha256) {
            return Err(SaveError::ChangedMeanwhile { name });
        }
        let serial = prepared.serial.as_str();
        let is_there = row.serial == serial;
        let there = There { id, serial: row.serial, filename: row.filename, sidecar };
        if is_there {
            return Ok(Plan::Same(there));
        }
        let of_unit = index::at_place(&writer.connection, serial, &name);
        let of_unit = of_unit.map_err(|source| self.index_failed(source))?;
        let has_it = of_unit.is_some_and(|(_, sha256)| sha256.as_ref() == Some(&prepared.sha256));
        match self.free_place(writer, prepared)?.filter(|_| !has_it) {
            Some((filename, is_conflict)) => Ok(Plan::Move { there, filename, is_conflict }),
            None => Err(SaveError::PlaceTaken { name, serial: serial.to_owned() }),
        }
    }

    /// The event with these bytes and this name that was of this unit until somebody moved it to
    /// another one: serial number and file name of its place now.
    pub(super) fn reassigned_from(
        &self,
        writer: &Writer,
        prepared: &Prepared,
    ) -> Result<Option<(String, String, Sidecar)>, SaveError> {
        for name in [prepared.name.clone(), prepared.name.with_sha(&prepared.sha256)] {
            let found = index::same_bytes(&writer.connection, name.as_str(), &prepared.sha256);
            for (_, serial, filename) in found.map_err(|source| self.index_failed(source))? {
                let Some(sidecar) = self.sidecar_if_there(&serial, &filename)? else { continue };
                let earlier = sidecar.own().earlier_units.unwrap_or_default();
                if earlier.iter().any(|unit| unit == prepared.serial.as_str()) {
                    return Ok(Some((serial, filename, sidecar)));
                }
            }
        }
        Ok(None)
    }
}

/// The kind of a run in the index.
const STREAM_WORD: &str = "stream";
