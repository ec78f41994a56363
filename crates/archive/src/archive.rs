//! The door.

use std::fs::{File, OpenOptions as FileOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, Transaction};
use wavekeep_core::Recording;

use crate::error::ArchiveError;
use crate::files::{Disk, Entry, FileSystem};
use crate::index::{
    self, Change, EventRow, ImportSession, Index, MonitorLogQuery, MonitorLogRow, MonthSummary,
    Page, ProjectSummary, Query, Remembered, SessionCounts, UnitSummary, summary, sums,
};
use crate::journal::{self, Journal};
use crate::layout::Layout;
use crate::review::{self, ReviewEntry};
use crate::sidecar::Sidecar;

/// An archive. It can be shared between threads, and any number of processes may have the same one
/// open: they take turns in writing and never wait for each other in reading.
#[derive(Debug)]
pub struct Archive {
    layout: Layout,
    files: Arc<dyn FileSystem>,
    index: Index,
    writer: Mutex<Writer>,
    at_commit: Option<CommitHook>,
    units: Remembered<Vec<UnitSummary>>,
    projects: Remembered<Vec<ProjectSummary>>,
    months: Remembered<Vec<MonthSummary>>,
}

/// Called around each commit of the index; an error stops there.
type CommitHook = HookFn;

#[derive(Clone)]
struct HookFn(Arc<dyn Fn(CommitPoint) -> io::Result<()> + Send + Sync>);

impl std::fmt::Debug for HookFn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("hook")
    }
}

/// Where a commit of the index can be stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitPoint {
    /// Nothing of it has happened.
    Before,
    /// It has happened.
    After,
}

/// What an archive stands on. For tests: the defaults are the real ones.
#[derive(Debug, Clone, Default)]
pub struct OpenOptions {
    files: Option<Arc<dyn FileSystem>>,
    at_commit: Option<CommitHook>,
}

impl OpenOptions {
    /// Another file system than the disk. Index and lock stay on the disk.
    #[must_use]
    pub fn files(mut self, files: Arc<dyn FileSystem>) -> Self {
        self.files = Some(files);
        self
    }

    /// Calls `hook` around each commit of the index; an error stops the change there.
    #[must_use]
    pub fn at_commit(
        mut self,
        hook: impl Fn(CommitPoint) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        self.at_commit = Some(HookFn(Arc::new(hook)));
        self
    }

    /// Opens the archive at `root`, as [`Archive::open`].
    ///
    /// # Errors
    /// As [`Archive::open`].
    pub fn open(self, root: impl AsRef<Path>) -> Result<Archive, ArchiveError> {
        let root = root.as_ref();
        if !root.is_dir() {
            return Err(ArchiveError::NotAnArchive { path: root.to_owned() });
        }
        // Links in the path are followed once, here.
        let root =
            std::fs::canonicalize(root).map_err(ArchiveError::io(root, "look at the folder"))?;
        let layout = Layout::new(root);
        let own = layout.own_folder();
        let files = self.files.unwrap_or_else(|| Arc::new(Disk));
        std::fs::create_dir_all(&own).map_err(ArchiveError::io(&own, "make the folder"))?;
        files.create_folder(&own).map_err(ArchiveError::io(&own, "make the folder"))?;
        let path = layout.lock();
        let mut lock = FileOptions::new();
        let lock = lock.read(true).write(true).create(true).truncate(false).open(&path);
        let lock = lock.map_err(ArchiveError::io(&path, "open the lock"))?;
        lock.lock().map_err(ArchiveError::io(&path, "take the lock"))?;
        let index = Index::new(layout.index());
        let opened = index.writer();
        let _ = lock.unlock();
        let (connection, version) = opened?;
        let writer = Mutex::new(Writer { connection, lock });
        let archive = Archive {
            layout,
            files,
            index,
            writer,
            at_commit: self.at_commit,
            units: Remembered::default(),
            projects: Remembered::default(),
            months: Remembered::default(),
        };
        // An index that was made now knows nothing of the files that may be there.
        if version == 0 {
            archive.rebuild_index()?;
        } else {
            archive.with_lock(|_| Ok(()))?;
        }
        if (1..index::migrate::DERIVED_ROWS).contains(&version) {
            archive.complete_rows()?;
        }
        Ok(archive)
    }
}

impl Archive {
    /// Fills the columns that an earlier version of the index did not have, from the sidecars. What
    /// cannot be read is left to `verify`.
    fn complete_rows(&self) -> Result<(), ArchiveError> {
        self.with_lock(|writer| {
            self.commit(writer, |transaction| {
                for (serial, filename) in index::row::places(transaction)? {
                    let path = self.layout().event(&serial, &filename).sidecar();
                    if let Ok(sidecar) = self.read_sidecar(&path) {
                        index::row::complete(transaction, &serial, &filename, &sidecar)?;
                    }
                }
                Ok(())
            })
        })
    }
}

/// Who holds it may change the archive.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) connection: Connection,
    lock: File,
}

impl Archive {
    /// Opens the archive at `root`: any folder of the layout, be it ours or another program's. What
    /// a crash left half done is finished, and an index that is missing is made from the files.
    ///
    /// # Errors
    /// [`ArchiveError::NotAnArchive`] when there is no folder; otherwise what the system says.
    pub fn open(root: impl AsRef<Path>) -> Result<Self, ArchiveError> {
        OpenOptions::default().open(root)
    }

    /// As [`open`](Self::open), and makes the folder when there is none.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn create(root: impl AsRef<Path>) -> Result<Self, ArchiveError> {
        let root = root.as_ref();
        std::fs::create_dir_all(root).map_err(ArchiveError::io(root, "make the folder"))?;
        Self::open(root)
    }

    /// Where the files are.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(crate) fn files(&self) -> &dyn FileSystem {
        &*self.files
    }

    pub(crate) fn index_failed(&self, source: rusqlite::Error) -> ArchiveError {
        self.index.failed(source)
    }

    /// Runs `change` alone among all threads and processes, after what a crash left half done is
    /// finished.
    pub(crate) fn with_lock<T>(
        &self,
        change: impl FnOnce(&mut Writer) -> Result<T, ArchiveError>,
    ) -> Result<T, ArchiveError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.layout.lock();
        writer.lock.lock().map_err(ArchiveError::io(&path, "take the lock"))?;
        let done = self.recover(&mut writer).and_then(|()| change(&mut writer));
        // The system lets go of it with the process at the latest.
        let _ = writer.lock.unlock();
        done
    }

    /// Finishes a change that was cut short.
    fn recover(&self, writer: &mut Writer) -> Result<(), ArchiveError> {
        let Some(journal) = Journal::read(self.files(), &self.layout)? else { return Ok(()) };
        journal.finish(self.files(), &self.layout)?;
        let mut there = Vec::new();
        for (serial, filename) in &journal.events {
            let path = self.layout.event(serial, filename).sidecar();
            let len = self.files.len(&path);
            if len.map_err(ArchiveError::io(&path, "look at the sidecar"))?.is_some() {
                there.push((serial, filename, self.read_sidecar(&path)?));
            }
        }
        let reviews = review::read_log(self)?;
        self.commit(writer, |transaction| {
            for of in &journal.moves {
                index::move_row(transaction, &of.from, &of.to)?;
            }
            for (serial, filename, sidecar) in &there {
                let changed = index::next_change(transaction)?;
                index::store(transaction, serial, filename, sidecar, changed)?;
            }
            review::store_all(transaction, &reviews)
        })?;
        journal::forget(self.files(), &self.layout)
    }

    /// One transaction of the index.
    pub(crate) fn commit(
        &self,
        writer: &mut Writer,
        fill: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), ArchiveError> {
        let at = |point| match &self.at_commit {
            Some(HookFn(hook)) => {
                hook(point).map_err(ArchiveError::io(self.index.path(), "commit to the index"))
            }
            None => Ok(()),
        };
        let failed = |source| self.index_failed(source);
        let transaction = writer.connection.transaction().map_err(failed)?;
        fill(&transaction).map_err(failed)?;
        sums::note_numbers(&transaction).map_err(failed)?;
        at(CommitPoint::Before)?;
        transaction.commit().map_err(failed)?;
        at(CommitPoint::After)
    }

    fn ask<T>(
        &self,
        question: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, ArchiveError> {
        let reader = self.index.reader()?;
        question(&reader).map_err(|source| self.index_failed(source))
    }

    /// What is in a folder, by name.
    pub(crate) fn listed(&self, folder: &Path) -> Result<Vec<Entry>, ArchiveError> {
        self.files.list(folder).map_err(ArchiveError::io(folder, "list the folder"))
    }

    pub(crate) fn read_sidecar(&self, path: &Path) -> Result<Sidecar, ArchiveError> {
        let bytes = self.files.read(path).map_err(ArchiveError::io(path, "read the sidecar"))?;
        Sidecar::parse(&bytes)
            .map_err(|source| ArchiveError::Sidecar { path: path.to_owned(), source })
    }

    /// The events that answer a question.
    ///
    /// # Errors
    /// What the index says.
    pub fn query(&self, query: &Query) -> Result<Page, ArchiveError> {
        self.ask(|connection| query.page(connection))
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

    /// The sidecar of an event.
    ///
    /// # Errors
    /// [`ArchiveError::NoEvent`], or what is wrong with the sidecar.
    pub fn sidecar(&self, id: i64) -> Result<Sidecar, ArchiveError> {
        let event = self.event(id)?;
        self.read_sidecar(&self.layout.event(&event.serial, &event.filename).sidecar())
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
        let event = self.event(id)?;
        let parts = self.parts(&event.serial, &event.filename)?;
        Ok(parts.merge()?.recording)
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
        self.ask(|connection| self.units.get(connection, summary::units))
    }

    /// What there is of each project.
    ///
    /// # Errors
    /// What the index says.
    pub fn projects(&self) -> Result<Vec<ProjectSummary>, ArchiveError> {
        self.ask(|connection| self.projects.get(connection, summary::projects))
    }

    /// What there is of each month, the latest first.
    ///
    /// # Errors
    /// What the index says.
    pub fn months(&self) -> Result<Vec<MonthSummary>, ArchiveError> {
        self.ask(|connection| self.months.get(connection, summary::months))
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

    /// The imports, the latest first.
    ///
    /// # Errors
    /// What the index says.
    pub fn sessions(&self) -> Result<Vec<ImportSession>, ArchiveError> {
        self.ask(summary::sessions)
    }

    /// Notes that an import begins. `source` says what is imported.
    ///
    /// # Errors
    /// What the index says.
    pub fn begin_session(&self, source: &str) -> Result<i64, ArchiveError> {
        self.with_lock(|writer| {
            let mut id = 0;
            self.commit(writer, |transaction| {
                id = summary::begin_session(transaction, source)?;
                Ok(())
            })?;
            Ok(id)
        })
    }

    /// Notes how an import ended.
    ///
    /// # Errors
    /// What the index says.
    pub fn end_session(&self, id: i64, counts: SessionCounts) -> Result<(), ArchiveError> {
        self.with_lock(|writer| {
            self.commit(writer, |transaction| summary::end_session(transaction, id, counts))
        })
    }
}
