//! The place and the number of an event, and what is to be done for it.

use std::collections::HashSet;

use rusqlite::Connection;

use super::{Placed, Prepared, start_of_name};
use crate::archive::Writer;
use crate::error::SaveError;
use crate::facts::UNKNOWN_SERIAL;
use crate::index;
use crate::name::SafeName;
use crate::remake::sha256;
use crate::sidecar::Sidecar;
use crate::{Archive, ArchiveError};

/// What is to be done with a prepared event.
pub(super) enum Plan {
    New {
        filename: SafeName,
        id: i64,
        is_conflict: bool,
        source_is_there: bool,
    },
    Same(There),
    Update(There),
    /// What is there is the damaged beginning of it.
    Supersede(There),
    /// It is the damaged beginning of what is there.
    Shorter(There),
    /// It is in `UNKNOWN`, and its unit is known now.
    Move {
        there: There,
        filename: SafeName,
        is_conflict: bool,
    },
}

/// The numbers that events get.
pub(super) struct Numbers {
    /// The last one that was ever given.
    pub last: i64,
    /// Those of events that had them elsewhere, in this batch.
    kept: HashSet<i64>,
}

impl Numbers {
    pub(super) fn behind(last: i64) -> Self {
        Self { last, kept: HashSet::new() }
    }

    /// The next number; of an event that is taken in the one that it had, where nothing has it or had it
    /// here, otherwise one behind all of its archive.
    fn next(&mut self, connection: &Connection, placed: Option<&Placed>) -> rusqlite::Result<i64> {
        let Some(placed) = placed else { return Ok(self.behind_last()) };
        if placed.id > 0 && index::is_free(connection, placed.id)? && self.kept.insert(placed.id) {
            self.last = self.last.max(placed.id);
            return Ok(placed.id);
        }
        self.last = self.last.max(placed.last_id);
        Ok(self.behind_last())
    }

    fn behind_last(&mut self) -> i64 {
        // A number from a damaged file may be the largest that there is: the index refuses another one.
        self.last = self.last.saturating_add(1);
        self.last
    }
}

/// An event that is there already.
pub(super) struct There {
    pub id: i64,
    pub serial: String,
    pub filename: String,
    pub sidecar: Sidecar,
}

impl Archive {
    /// Gives an event its place and its number.
    pub(super) fn plan(
        &self,
        writer: &Writer,
        prepared: &Prepared,
        numbers: &mut Numbers,
    ) -> Result<Plan, SaveError> {
        if let Some(moving) = &prepared.moving {
            return self.plan_reassigned(writer, prepared, moving.id);
        }
        let elsewhere = self.same_bytes_elsewhere(writer, prepared)?;
        if let Some((serial, filename)) =
            elsewhere.as_ref().filter(|_| prepared.serial.as_str() == UNKNOWN_SERIAL)
        {
            // Who sent it knows less than the archive does.
            let sidecar = self.sidecar_if_there(serial, filename)?;
            if let Some(sidecar) = sidecar {
                return self.plan_there(writer, prepared, serial, filename, sidecar, numbers);
            }
        }
        let serial = prepared.serial.as_str();
        let mut filename = prepared.name.clone();
        let mut is_conflict = false;
        loop {
            let event = self.layout().event(serial, filename.as_str());
            let Some(sidecar) = self.sidecar_of_this_case(writer, serial, &filename)? else {
                let other_case = self.other_case(writer, serial, &filename)?;
                if let Some((name, Some(sha256))) = &other_case
                    && *sha256 == prepared.sha256
                    && let Some(sidecar) = self.sidecar_if_there(serial, name)?
                {
                    return self.plan_there(writer, prepared, serial, name, sidecar, numbers);
                }
                // A source without a sidecar is no event yet; its bytes are respected.
                let source = self.read_if_there(&event.source())?;
                let source_is_there = source.as_deref() == Some(prepared.bytes());
                let frames = match prepared.frames() {
                    Some(_) => self.read_if_there(&event.frames())?,
                    None => None,
                };
                let is_taken = (source.is_some() && !source_is_there)
                    || (frames.is_some() && frames.as_deref() != prepared.frames())
                    || other_case.is_some();
                if is_taken && !is_conflict {
                    filename = prepared.name.with_sha(&prepared.sha256);
                    is_conflict = true;
                    continue;
                }
                // It is here already, under the name that it got when its own was taken.
                let other = prepared.name.with_sha(&prepared.sha256);
                if !is_conflict
                    && let Some(sidecar) = self.sidecar_of_this_case(writer, serial, &other)?
                    && sidecar.source_file().sha256.as_ref() == Some(&prepared.sha256)
                {
                    let other = other.as_str();
                    return self.plan_there(writer, prepared, serial, other, sidecar, numbers);
                }
                if let Some((name, sidecar)) = self.under_another_name(writer, prepared)? {
                    return self.plan_there(writer, prepared, serial, &name, sidecar, numbers);
                }
                if let Some((serial, name, sidecar)) = self.reassigned_from(writer, prepared)? {
                    return self.plan_there(writer, prepared, &serial, &name, sidecar, numbers);
                }
                if let Some((unknown, was)) = elsewhere
                    && let Some(sidecar) = self.sidecar_if_there(&unknown, &was)?
                {
                    let plan =
                        self.plan_there(writer, prepared, &unknown, &was, sidecar, numbers)?;
                    return self.plan_move(writer, prepared, plan);
                }
                let placed = prepared.submission.placed.as_ref();
                let id = numbers.next(&writer.connection, placed);
                let id = id.map_err(|source| self.index_failed(source))?;
                return Ok(Plan::New { filename, id, is_conflict, source_is_there });
            };
            let there = match sidecar.source_file().sha256 {
                Some(sha256) => Some(sha256.to_lowercase()),
                None => self.read_if_there(&event.source())?.map(|bytes| sha256(&bytes)),
            };
            if there.as_deref() != Some(prepared.sha256.as_str()) && !is_conflict {
                if let Some(plan) =
                    self.plan_of_copies(writer, prepared, &filename, &sidecar, numbers)?
                {
                    return Ok(plan);
                }
                filename = prepared.name.with_sha(&prepared.sha256);
                is_conflict = true;
                continue;
            }
            return self.plan_there(writer, prepared, serial, filename.as_str(), sidecar, numbers);
        }
    }

    /// The event of the unit that has this name in capitals where this one has none, or the other
    /// way round: on Windows and macOS both would be one file.
    fn other_case(
        &self,
        writer: &Writer,
        serial: &str,
        filename: &SafeName,
    ) -> Result<Option<(String, Option<String>)>, ArchiveError> {
        let found = index::other_case(&writer.connection, serial, filename.as_str());
        found.map_err(|source| self.index_failed(source))
    }

    /// Where the same bytes are under the same name, though not in the unit where they are expected:
    /// in `UNKNOWN`, or in a unit when nothing says which one it is this time.
    fn same_bytes_elsewhere(
        &self,
        writer: &Writer,
        prepared: &Prepared,
    ) -> Result<Option<(String, String)>, ArchiveError> {
        let is_unknown = prepared.serial.as_str() == UNKNOWN_SERIAL;
        if is_unknown && prepared.stated.serial.is_some() {
            return Ok(None);
        }
        for name in [prepared.name.clone(), prepared.name.with_sha(&prepared.sha256)] {
            let found = index::same_bytes(&writer.connection, name.as_str(), &prepared.sha256);
            let found = found.map_err(|source| self.index_failed(source))?;
            let elsewhere = found
                .into_iter()
                .filter(|(_, serial, _)| (serial == UNKNOWN_SERIAL) != is_unknown)
                .min_by_key(|(id, ..)| *id);
            if let Some((_, serial, filename)) = elsewhere {
                return Ok(Some((serial, filename)));
            }
        }
        Ok(None)
    }

    /// The event of the same unit that is there under another name: the same bytes, and no name that
    /// states another time.
    fn under_another_name(
        &self,
        writer: &Writer,
        prepared: &Prepared,
    ) -> Result<Option<(String, Sidecar)>, SaveError> {
        let serial = prepared.serial.as_str();
        if serial == UNKNOWN_SERIAL {
            return Ok(None);
        }
        let by_report = prepared.merged.recording.start.map(|start| start.value);
        let starts = [by_report, prepared.merged.start_of_file];
        let starts = starts.map(|start| start.map(|start| start.0.to_string()));
        let different = if starts[0] == starts[1] { &starts[..1] } else { &starts[..] };
        let found = index::same_event(&writer.connection, serial, different, &prepared.sha256);
        let found = found.map_err(|source| self.index_failed(source))?;
        let stated = start_of_name(&prepared.name);
        for name in found {
            let Ok(other) = SafeName::file(&name) else { continue };
            let contradict = stated.zip(start_of_name(&other)).is_some_and(|(a, b)| a != b);
            if contradict || name == prepared.name.as_str() {
                continue;
            }
            if let Some(sidecar) = self.sidecar_if_there(serial, &name)? {
                return Ok(Some((name, sidecar)));
            }
        }
        Ok(None)
    }

    /// What is to be done where one of two copies is the damaged beginning of the other: an upload
    /// that was taken, or sent, before its end.
    fn plan_of_copies(
        &self,
        writer: &Writer,
        prepared: &Prepared,
        filename: &SafeName,
        sidecar: &Sidecar,
        numbers: &mut Numbers,
    ) -> Result<Option<Plan>, SaveError> {
        let serial = prepared.serial.as_str();
        let event = self.layout().event(serial, filename.as_str());
        let Some(there) = self.read_if_there(&event.source())? else { return Ok(None) };
        let is_longer = prepared.bytes().len() > there.len();
        let is_beginning = |short: &[u8], long: &[u8]| !short.is_empty() && long.starts_with(short);
        let wanted = match is_longer {
            true => {
                sidecar.decode().damaged == Some(true) && is_beginning(&there, prepared.bytes())
            }
            false => {
                let is_damaged = prepared.merged.recording.report.is_damaged();
                is_damaged
                    && there.len() > prepared.bytes().len()
                    && is_beginning(prepared.bytes(), &there)
            }
        };
        if !wanted {
            return Ok(None);
        }
        let plan =
            self.plan_there(writer, prepared, serial, filename.as_str(), sidecar.clone(), numbers)?;
        Ok(Some(match plan {
            Plan::Same(there) | Plan::Update(there) if is_longer => Plan::Supersede(there),
            // What would come with it belongs to the whole one: it is sent with that one.
            Plan::Same(there) | Plan::Update(there) => Plan::Shorter(there),
            other => other,
        }))
    }

    /// What is to be done with an event that is there: nothing, or something came with it.
    fn plan_there(
        &self,
        writer: &Writer,
        prepared: &Prepared,
        serial: &str,
        filename: &str,
        sidecar: Sidecar,
        numbers: &mut Numbers,
    ) -> Result<Plan, SaveError> {
        let place = index::at_place(&writer.connection, serial, filename);
        let place = place.map_err(|source| self.index_failed(source))?;
        let is_indexed = place.is_some();
        let id = match place {
            Some((id, _)) => id,
            None => sidecar.own().id.unwrap_or_else(|| numbers.behind_last()),
        };
        let new_report = match &prepared.submission.report {
            Some(given) => {
                self.kept_report(serial, filename, &sidecar)?.as_ref() != Some(&given.bytes)
                    && kept_as(&sidecar, &given.bytes).is_none()
            }
            None => false,
        };
        let new_frames =
            prepared.frames().is_some() && sidecar.source().a5_pickle_filename.is_none();
        let wants_gnz = prepared.submission.gnz && {
            let gnz = self.layout().event(serial, filename).gnz();
            sidecar.own().gnz_sha256.is_none() && self.read_if_there(&gnz)?.is_none()
        };
        let is_new_name = is_further_name(prepared.name.as_str(), filename, &sidecar);
        let there = There { id, serial: serial.to_owned(), filename: filename.to_owned(), sidecar };
        Ok(match new_report || new_frames || wants_gnz || is_new_name || !is_indexed {
            true => Plan::Update(there),
            false => Plan::Same(there),
        })
    }

    /// Lets an event of `UNKNOWN` go to its unit, when the place there is free.
    fn plan_move(
        &self,
        writer: &Writer,
        prepared: &Prepared,
        plan: Plan,
    ) -> Result<Plan, SaveError> {
        let (Plan::Same(there) | Plan::Update(there)) = &plan else { return Ok(plan) };
        // A second report that differs is kept and not used: not for the unit either.
        let is_by_report =
            prepared.stated.serial.is_none() && prepared.merged.serial_of_file.is_none();
        if is_by_report
            && there.sidecar.report().is_some()
            && let Some(kept) = self.kept_report(&there.serial, &there.filename, &there.sidecar)?
            && prepared.submission.report.as_ref().is_some_and(|report| report.bytes != kept)
        {
            return Ok(plan);
        }
        Ok(match (self.free_place(writer, prepared)?, plan) {
            (Some((filename, is_conflict)), Plan::Same(there) | Plan::Update(there)) => {
                Plan::Move { there, filename, is_conflict }
            }
            (_, plan) => plan,
        })
    }

    /// The name under which an event can go to a unit, and whether its own is taken there; `None` where
    /// the other is taken too.
    pub(super) fn free_place(
        &self,
        writer: &Writer,
        prepared: &Prepared,
    ) -> Result<Option<(SafeName, bool)>, SaveError> {
        for (filename, is_conflict) in
            [(prepared.name.clone(), false), (prepared.name.with_sha(&prepared.sha256), true)]
        {
            let event = self.layout().event(prepared.serial.as_str(), filename.as_str());
            let source = self.read_if_there(&event.source())?;
            let is_free = source.is_none_or(|source| source == prepared.bytes())
                && self.read_if_there(&event.sidecar())?.is_none()
                && self.read_if_there(&event.hdf5())?.is_none()
                && self.read_if_there(&event.gnz())?.is_none()
                && self.read_if_there(&event.frames())?.is_none()
                && self.other_case(writer, prepared.serial.as_str(), &filename)?.is_none();
            if is_free {
                return Ok(Some((filename, is_conflict)));
            }
        }
        Ok(None)
    }

    /// The sidecar of an event under this very name. Windows and macOS also find a file whose name differs
    /// in case; the index has the name that the event was given.
    fn sidecar_of_this_case(
        &self,
        writer: &Writer,
        serial: &str,
        filename: &SafeName,
    ) -> Result<Option<Sidecar>, ArchiveError> {
        let Some(sidecar) = self.sidecar_if_there(serial, filename.as_str())? else {
            return Ok(None);
        };
        let named = index::at_place(&writer.connection, serial, filename.as_str());
        let is_named_so = named.map_err(|source| self.index_failed(source))?.is_some();
        let is_other = !is_named_so && self.other_case(writer, serial, filename)?.is_some();
        Ok((!is_other).then_some(sidecar))
    }

    pub(super) fn sidecar_if_there(
        &self,
        serial: &str,
        filename: &str,
    ) -> Result<Option<Sidecar>, ArchiveError> {
        let path = self.layout().event(serial, filename).sidecar();
        let Some(bytes) = self.read_if_there(&path)? else { return Ok(None) };
        let sidecar = Sidecar::parse(&bytes);
        sidecar.map(Some).map_err(|source| ArchiveError::Sidecar { path, source })
    }

    /// The report that is paired with an event.
    pub(super) fn kept_report(
        &self,
        serial: &str,
        filename: &str,
        sidecar: &Sidecar,
    ) -> Result<Option<Vec<u8>>, ArchiveError> {
        let name = sidecar.source().txt_filename.and_then(|name| SafeName::file(&name).ok());
        match name {
            Some(name) => {
                let event = self.layout().event(serial, filename);
                self.read_if_there(&event.named(name.as_str()))
            }
            None => Ok(None),
        }
    }
}

/// Whether the same bytes come under a name that an event has not had yet.
pub(super) fn is_further_name(name: &str, filename: &str, sidecar: &Sidecar) -> bool {
    let own = sidecar.own();
    let is_known = own.other_names.iter().flatten().any(|other| other == name);
    name != filename && own.original_name.as_deref() != Some(name) && !is_known
}

/// The name under which a report is kept beside an event, paired with it or not.
pub(super) fn kept_as(sidecar: &Sidecar, report: &[u8]) -> Option<String> {
    let sum = sha256(report);
    let files = sidecar.own().files.unwrap_or_default();
    files.into_iter().find(|(_, kept)| *kept == sum).map(|(name, _)| name)
}
