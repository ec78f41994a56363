//! Letting go of events: of one that is lost, and of one that is not to be kept any longer.
//!
//! Both leave their entries in the ledger: that an event was there, what its files were, who let go of
//! it, when and why.

mod aside;

use std::path::PathBuf;

use serde_json::Value;
use wavekeep_custody::Action;

use crate::archive::Writer;
use crate::index::{self, EventRow};
use crate::journal::{Change, Removal};
use crate::layout::EventFiles;
use crate::ledger::Draft;
use crate::name::is_beside;
use crate::sidecar::STREAM_KIND;
use crate::{Actor, Archive, ArchiveError};

pub use aside::{Aside, Purged};

impl Archive {
    /// Lets go of an event whose sidecar is gone: it is looked for no longer. Its number is never given
    /// to another one.
    ///
    /// # Errors
    /// [`ArchiveError::NotLost`] when its files are there, [`ArchiveError::NoReason`],
    /// [`ArchiveError::NoEvent`]; otherwise what the system says.
    pub fn forget(
        &self,
        id: i64,
        reason: &str,
        who: impl Into<Actor>,
    ) -> Result<EventRow, ArchiveError> {
        self.let_go(id, Action::Forget, reason, who.into(), |event| {
            match self.read_if_there(&event.sidecar())? {
                Some(_) => Err(ArchiveError::NotLost { id }),
                None => Ok(Vec::new()),
            }
        })
    }

    /// Takes an event out: its files are deleted, its entries in the ledger stay. The pieces of a run
    /// that was adopted stay where they are.
    ///
    /// # Errors
    /// [`ArchiveError::NoReason`], [`ArchiveError::NoEvent`]; otherwise what the system says.
    pub fn remove_event(
        &self,
        id: i64,
        reason: &str,
        who: impl Into<Actor>,
    ) -> Result<EventRow, ArchiveError> {
        self.remove(id, reason, who.into(), None)
    }

    /// As [`remove_event`](Self::remove_event), with its files kept in `aside` until they are
    /// [purged](Self::purge).
    ///
    /// # Errors
    /// As [`remove_event`](Self::remove_event): the event stays then.
    pub fn remove_event_to(
        &self,
        aside: &Aside,
        id: i64,
        reason: &str,
        who: impl Into<Actor>,
    ) -> Result<EventRow, ArchiveError> {
        self.remove(id, reason, who.into(), Some(aside))
    }

    fn remove(
        &self,
        id: i64,
        reason: &str,
        by: Actor,
        aside: Option<&Aside>,
    ) -> Result<EventRow, ArchiveError> {
        self.let_go(id, Action::Remove, reason, by, |event| {
            let removes = self.files_of(event)?;
            if let Some(aside) = aside {
                aside.keep(self, &removes)?;
            }
            Ok(removes.iter().map(|path| self.relative(path)).collect())
        })
    }

    /// The files of an event, the sidecar first; some may not be there.
    fn files_of(&self, event: &EventFiles) -> Result<Vec<PathBuf>, ArchiveError> {
        let mut files = vec![event.sidecar()];
        let Some(bytes) = self.read_if_there(&event.sidecar())? else { return Ok(files) };
        let sidecar = crate::Sidecar::parse(&bytes)
            .map_err(|source| ArchiveError::Sidecar { path: event.sidecar(), source })?;
        let source = sidecar.source();
        if sidecar.kind() != STREAM_KIND {
            let beside = sidecar.own().files.unwrap_or_default().into_keys();
            let beside = beside
                .chain([source.txt_filename, source.a5_pickle_filename].into_iter().flatten());
            files.extend(beside.filter(|name| is_beside(name)).map(|name| event.named(&name)));
            files.extend([event.hdf5(), event.gnz(), event.frames(), event.source()]);
        }
        files.sort();
        files.dedup();
        // A change removes the sidecar first: without it the event is not there.
        files.sort_by_key(|path| *path != event.sidecar());
        Ok(files)
    }

    /// Lets go of an event with the files that `removes` gives for it.
    fn let_go(
        &self,
        id: i64,
        action: Action,
        reason: &str,
        by: Actor,
        removes: impl FnOnce(&EventFiles) -> Result<Vec<PathBuf>, ArchiveError>,
    ) -> Result<EventRow, ArchiveError> {
        self.with_lock(|writer| {
            let row = index::event(&writer.connection, id);
            let row = row.map_err(|source| self.index_failed(source))?;
            let row = row.ok_or(ArchiveError::NoEvent { id })?;
            let removes = removes(&self.layout().event(&row.serial, &row.filename))?;
            self.leave(writer, &row, action, reason, by, removes)?;
            Ok(row)
        })
    }

    fn leave(
        &self,
        writer: &mut Writer,
        row: &EventRow,
        action: Action,
        reason: &str,
        by: Actor,
        removes: Vec<PathBuf>,
    ) -> Result<(), ArchiveError> {
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(ArchiveError::NoReason);
        }
        let mut draft = Draft::of(action, by, row.id, &row.serial, &row.filename);
        // What was let go of stays provable.
        if let Some(known) = self.known_by(&writer.connection, row.id)? {
            draft.files = known.files;
        }
        let lines = self.entry_of(writer, draft.with("reason", Value::from(reason)))?;
        let mut change = Change::new(self.files(), self.layout());
        change.removes(Removal { of: (row.serial.clone(), row.filename.clone()), removes });
        change.ledger(&lines);
        change.happen(|| {
            self.commit(writer, |transaction| {
                index::remove(transaction, row.id)?;
                lines.store(transaction)
            })
        })
    }
}
