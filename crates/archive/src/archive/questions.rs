//! What is asked of an open archive: events, their files, summaries.

use std::path::PathBuf;

use wavekeep_core::Recording;

use super::{Archive, TURNS};
use crate::error::ArchiveError;
use crate::index::{
    self, Change, EventRow, ImportSession, LocationSummary, MonitorLogQuery, MonitorLogRow,
    MonthSummary, Page, ProjectSummary, Query, UnitSummary, locations, summary,
};
use crate::layout::EventFiles;
use crate::ledger;
use crate::review::{self, ReviewEntry};
use crate::sidecar::Sidecar;

/// What the ledger says of events that are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Removals {
    /// The last entry that was looked at.
    pub last_entry: u64,
    /// Whether there are any.
    pub any: bool,
}

impl Archive {
    /// The events that answer a question.
    ///
    /// # Errors
    /// [`ArchiveError::NoEvent`] when there is none with the number `after_id`; otherwise what the index says.
    pub fn query(&self, query: &Query) -> Result<Page, ArchiveError> {
        let id = query.after_id.unwrap_or_default();
        self.ask(|connection| query.page(connection))?.ok_or(ArchiveError::NoEvent { id })
    }

    /// The numbers of the events that answer a question, in its order.
    ///
    /// # Errors
    /// As [`query`](Self::query).
    pub fn ids(&self, query: &Query) -> Result<Vec<i64>, ArchiveError> {
        let id = query.after_id.unwrap_or_default();
        let found = self.ask(|connection| {
            let mut ids = Vec::new();
            let is_there = query.rows(connection, &mut |_, row| {
                ids.extend(row.map(|row| row.get::<_, i64>(0)).transpose()?);
                Ok(())
            })?;
            Ok(is_there.then_some(ids))
        })?;
        found.ok_or(ArchiveError::NoEvent { id })
    }

    /// The event with this number.
    ///
    /// # Errors
    /// [`ArchiveError::NoEvent`] when there is none.
    pub fn event(&self, id: i64) -> Result<EventRow, ArchiveError> {
        self.ask(|connection| index::event(connection, id))?.ok_or(ArchiveError::NoEvent { id })
    }

    /// The event of this name, if there is one.
    ///
    /// # Errors
    /// What the index says.
    pub fn find(&self, serial: &str, filename: &str) -> Result<Option<EventRow>, ArchiveError> {
        self.ask(|connection| {
            let place = index::at_place(connection, serial, filename)?;
            place.map_or(Ok(None), |(id, _)| index::event(connection, id))
        })
    }

    /// The events whose file names begin with `stem`, without regard to case.
    pub(crate) fn with_names_from(&self, stem: &str) -> Result<Vec<EventRow>, ArchiveError> {
        self.ask(|connection| index::with_names_from(connection, stem))
    }

    pub(crate) fn find_place(
        &self,
        serial: &str,
        filename: &str,
    ) -> Result<Option<(i64, Option<String>)>, ArchiveError> {
        self.ask(|connection| index::at_place(connection, serial, filename))
    }

    /// Whether the index has the monitor log that the sidecar of an event gives.
    pub(crate) fn has_monitor_log(
        &self,
        row: &EventRow,
        sidecar: &Sidecar,
    ) -> Result<bool, ArchiveError> {
        self.ask(|connection| summary::has_monitor_log(connection, row.id, &row.serial, sidecar))
    }

    /// The `nth` newest event of a unit (0 is the newest) by the unit's own clock.
    ///
    /// # Errors
    /// What the index says.
    pub fn nth_newest(&self, serial: &str, nth: usize) -> Result<Option<EventRow>, ArchiveError> {
        let query = Query {
            serial: Some(serial.to_owned()),
            limit: Some(1),
            offset: nth,
            ..Query::default()
        };
        Ok(self.query(&query)?.events.pop())
    }

    /// What `read` finds at the place of an event, without the lock: where the event goes to another
    /// unit meanwhile, it is read once more, at its new place.
    ///
    /// # Errors
    /// [`ArchiveError::NoEvent`], also where it is taken out meanwhile; what `read` gives.
    pub fn read_at_place<T, E: From<ArchiveError>>(
        &self,
        id: i64,
        read: impl Fn(&EventRow, &EventFiles) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut row = self.event(id)?;
        let mut turn = 0;
        loop {
            turn += 1;
            let found = read(&row, &self.layout.event(&row.serial, &row.filename));
            // The index follows before an old place is left: what was read at one that it still names is
            // whole.
            let now = self.event(id)?;
            let is_there = (&now.serial, &now.filename) == (&row.serial, &row.filename);
            if is_there || turn == TURNS {
                return found;
            }
            row = now;
        }
    }

    /// The sidecar of an event.
    ///
    /// # Errors
    /// [`ArchiveError::NoEvent`], or what is wrong with the sidecar.
    pub fn sidecar(&self, id: i64) -> Result<Sidecar, ArchiveError> {
        self.read_at_place(id, |_, files| self.read_sidecar(&files.sidecar()))
    }

    /// The source file of an event.
    ///
    /// # Errors
    /// [`ArchiveError::NoEvent`].
    pub fn source_path(&self, id: i64) -> Result<PathBuf, ArchiveError> {
        let event = self.event(id)?;
        Ok(self.layout.event(&event.serial, &event.filename).source())
    }

    /// The recording of an event, with its report on top: what row, sidecar and arrays were made
    /// from.
    ///
    /// # Errors
    /// [`ArchiveError::NoEvent`], or why the source cannot be decoded.
    pub fn recording(&self, id: i64) -> Result<Recording, ArchiveError> {
        Ok(self.parts_of(id)?.merge()?.recording)
    }

    /// The log of reviews, of one event or of all, the latest first.
    ///
    /// # Errors
    /// What the index says.
    pub fn review_log(
        &self,
        id: Option<i64>,
        limit: usize,
    ) -> Result<Vec<ReviewEntry>, ArchiveError> {
        self.ask(|connection| review::log(connection, id, limit))
    }

    /// What there is of each unit.
    ///
    /// # Errors
    /// What the index says.
    pub fn units(&self) -> Result<Vec<UnitSummary>, ArchiveError> {
        self.units_matching(&Query::default())
    }

    /// As [`units`](Self::units), of the events that answer `query`, whose order and page do not matter.
    ///
    /// # Errors
    /// What the index says.
    pub fn units_matching(&self, query: &Query) -> Result<Vec<UnitSummary>, ArchiveError> {
        self.ask(|connection| summary::units(connection, query))
    }

    /// What there is of each project.
    ///
    /// # Errors
    /// What the index says.
    pub fn projects(&self) -> Result<Vec<ProjectSummary>, ArchiveError> {
        self.projects_matching(&Query::default())
    }

    /// As [`projects`](Self::projects), of the events that answer `query`, whose order and page do not matter.
    ///
    /// # Errors
    /// What the index says.
    pub fn projects_matching(&self, query: &Query) -> Result<Vec<ProjectSummary>, ArchiveError> {
        self.ask(|connection| summary::projects(connection, query))
    }

    /// What there is of each location, of the events that answer `query`, whose order and page do not matter.
    ///
    /// # Errors
    /// What the index says.
    pub fn locations_matching(&self, query: &Query) -> Result<Vec<LocationSummary>, ArchiveError> {
        self.ask(|connection| locations::locations(connection, query))
    }

    /// What there is of each month, the latest first.
    ///
    /// # Errors
    /// What the index says.
    pub fn months(&self) -> Result<Vec<MonthSummary>, ArchiveError> {
        self.months_matching(&Query::default())
    }

    /// As [`months`](Self::months), of the events that answer `query`, whose order and page do not matter.
    ///
    /// # Errors
    /// What the index says.
    pub fn months_matching(&self, query: &Query) -> Result<Vec<MonthSummary>, ArchiveError> {
        self.ask(|connection| summary::months(connection, query))
    }

    /// The monitor logs that reports print, of one unit or of all, the latest first.
    ///
    /// # Errors
    /// What the index says.
    pub fn monitor_log(&self, query: &MonitorLogQuery) -> Result<Vec<MonitorLogRow>, ArchiveError> {
        self.ask(|connection| summary::monitor_log(connection, query))
    }

    /// The events that changed after `cursor` (0 for all), in the order of their changes. An event
    /// that changed twice comes once, at its last change.
    ///
    /// # Errors
    /// What the index says.
    pub fn changes_since(&self, cursor: i64, limit: usize) -> Result<Vec<Change>, ArchiveError> {
        self.ask(|connection| summary::changes(connection, cursor, limit))
    }

    /// Whether events were removed or forgotten behind an entry of the ledger: changes name no event that is
    /// gone.
    ///
    /// # Errors
    /// What the index says.
    pub fn removals_since(&self, entry: u64) -> Result<Removals, ArchiveError> {
        let found = self.ask(|connection| ledger::removals(connection, entry))?;
        let (last_entry, any) = found.unwrap_or((entry, false));
        Ok(Removals { last_entry, any })
    }

    /// The imports, the latest first.
    ///
    /// # Errors
    /// What the index says.
    pub fn sessions(&self) -> Result<Vec<ImportSession>, ArchiveError> {
        self.ask(summary::sessions)
    }
}
