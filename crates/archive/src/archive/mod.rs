//! The open archive: for writing, or to be read alone.

mod lock;
mod questions;

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rusqlite::{Connection, Transaction};

use crate::actor::Actor;
use crate::counts::Waiting;
use crate::error::ArchiveError;
use crate::files::{Disk, Entry, FileSystem, refuse_links};
use crate::index::{self, Index, SessionCounts, summary, sums};
use crate::layout::{Layout, OWN_FOLDER};
use crate::owner::Owner;
use crate::place::Identity;
use crate::review::ReviewRounds;
use crate::rounds::ROUND;
use crate::save::SaveRounds;
use crate::sidecar::Sidecar;

use lock::{Queue, identity_of};
pub(crate) use lock::{Writer, layout_of, locked};
pub use questions::Removals;

/// An archive. It can be shared between threads, and any number of processes may have the same one
/// open: they take turns in writing and never wait for each other in reading.
#[derive(Debug)]
pub struct Archive {
    layout: Layout,
    files: Arc<dyn FileSystem>,
    index: Index,
    /// Nothing where the archive is open to be read alone.
    writer: Option<Mutex<Writer>>,
    /// Who changes it where nobody else is named.
    actor: Actor,
    /// What the root was to the system when it was opened.
    root: Identity,
    at_commit: Option<CommitHook>,
    saves: SaveRounds,
    reviews: ReviewRounds,
    pub(crate) waiting: Waiting,
}

/// Times that the index is asked while others change it.
const TURNS: usize = 8;

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
#[non_exhaustive]
pub struct OpenOptions {
    files: Option<Arc<dyn FileSystem>>,
    at_commit: Option<CommitHook>,
    actor: Option<Actor>,
}

impl OpenOptions {
    /// Who changes the archive where nobody else is named: the user of the machine by default.
    #[must_use]
    pub fn actor(mut self, actor: Actor) -> Self {
        self.actor = Some(actor);
        self
    }

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
        let layout = layout_of(root.as_ref())?;
        let files = self.files.unwrap_or_else(|| Arc::new(Disk::below(layout.root())));
        let owner = Owner::of(layout.root());
        let own = layout.own_folder();
        let made = |source| ArchiveError::io(&own, "make the folder")(source);
        refuse_links(layout.root(), &own).map_err(made)?;
        owner.create_folder(&own).map_err(made)?;
        files.create_folder(&own).map_err(made)?;
        let path = layout.lock();
        let lock = locked(&layout, &path)?;
        let queue = Queue::open(&layout)?;
        let index = Index::new(layout.index());
        let opened = refuse_links(layout.root(), index.path())
            .map_err(ArchiveError::io(index.path(), "open the index"))
            .and_then(|()| index.writer())
            .and_then(|opened| {
                // The files beside it become those of its owner too: SQLite sees to that.
                owner.give(index.path()).map_err(ArchiveError::io(index.path(), "give it away"))?;
                Ok(opened)
            })
            .and_then(|(connection, version)| Ok((connection, version, index.identity()?)));
        let _ = lock.unlock();
        let (connection, version, of) = opened?;
        let archive = Archive {
            root: identity_of(layout.root())?,
            layout,
            files,
            index,
            writer: Some(Mutex::new(Writer { connection, of, lock, queue })),
            actor: self.actor.unwrap_or_else(Actor::local),
            at_commit: self.at_commit,
            saves: SaveRounds::new(ROUND),
            reviews: ReviewRounds::new(ROUND),
            waiting: Waiting::default(),
        };
        // An index that was made now knows nothing of the files that may be there.
        archive.with_lock_as_it_is(|writer| {
            if version == 0 {
                return archive.refill(writer).map(drop);
            }
            archive.follow_ledger_if_whole(writer)
        })?;
        if (1..index::migrate::DERIVED_ROWS).contains(&version) {
            archive.complete_rows()?;
        }
        Ok(archive)
    }

    /// Opens the archive at `root` to be read alone, as [`Archive::open_to_read`].
    ///
    /// # Errors
    /// As [`Archive::open_to_read`].
    pub fn open_to_read(self, root: impl AsRef<Path>) -> Result<Archive, ArchiveError> {
        let layout = layout_of(root.as_ref())?;
        let files = self.files.unwrap_or_else(|| Arc::new(Disk::below(layout.root())));
        let path = layout.index();
        refuse_links(layout.root(), &path).map_err(ArchiveError::io(&path, "open the index"))?;
        let found = Index::to_look(path.clone())?;
        let is_missing = found.is_none();
        let archive = Archive {
            root: identity_of(layout.root())?,
            layout,
            files,
            index: found.map_or_else(|| Index::in_memory(path), Ok)?,
            writer: None,
            actor: self.actor.unwrap_or_else(Actor::local),
            at_commit: self.at_commit,
            saves: SaveRounds::new(ROUND),
            reviews: ReviewRounds::new(ROUND),
            waiting: Waiting::default(),
        };
        if is_missing {
            archive.fill_in_memory()?;
        }
        Ok(archive)
    }
}

impl Archive {
    /// Fills the columns that an earlier version of the index did not have, from the sidecars. What
    /// cannot be read is left to `verify`.
    fn complete_rows(&self) -> Result<(), ArchiveError> {
        self.with_lock_as_it_is(|writer| {
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

    /// Opens the archive at `root` to be read alone. No write access is needed, nobody is waited for
    /// and nothing is changed: read-only media, another user's archive, a full disk. Where the index
    /// cannot be used as it is, one is made in memory from the files, as it is then. What a crash
    /// left half done stays so, and [`waiting`](Self::waiting) says it.
    ///
    /// # Errors
    /// [`ArchiveError::NotAnArchive`] when there is no folder; [`ArchiveError::NewerIndex`];
    /// otherwise what the system says.
    pub fn open_to_read(root: impl AsRef<Path>) -> Result<Self, ArchiveError> {
        OpenOptions::default().open_to_read(root)
    }

    /// Whether there is an archive at `root`: a folder in which this program keeps its own.
    pub fn is_at(root: impl AsRef<Path>) -> bool {
        root.as_ref().join(OWN_FOLDER).is_dir()
    }

    /// Refuses a path that leads out of the archive, or through a link inside it.
    ///
    /// # Errors
    /// [`ArchiveError::Link`], or that the path is outside.
    pub fn refuse_links(&self, path: &Path) -> Result<(), ArchiveError> {
        refuse_links(self.layout.root(), path).map_err(ArchiveError::io(path, "use the file"))
    }

    /// Whether nothing can be changed.
    pub fn is_read_only(&self) -> bool {
        self.writer.is_none()
    }

    /// The user to whom new files are given, where the superuser works in another user's archive.
    pub fn gives_files_to(&self) -> Option<String> {
        self.writer.is_some().then(|| Owner::of(self.layout.root()).name()).flatten()
    }

    /// Who changes it where nobody else is named.
    pub(crate) fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Where the files are.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(crate) fn files(&self) -> &dyn FileSystem {
        &*self.files
    }

    /// Those who save.
    pub(crate) fn saves(&self) -> &SaveRounds {
        &self.saves
    }

    /// Those who review.
    pub(crate) fn reviews(&self) -> &ReviewRounds {
        &self.reviews
    }

    pub(crate) fn index_failed(&self, source: rusqlite::Error) -> ArchiveError {
        self.index.failed(source)
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

    /// Asks the index. Where others may write meanwhile it is asked again until nothing has changed
    /// under the answer.
    pub(crate) fn ask<T>(
        &self,
        question: impl Fn(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, ArchiveError> {
        self.check_place()?;
        let mut turn = 0;
        loop {
            turn += 1;
            let reader = self.index.reader()?;
            let answer = question(&reader);
            if reader.is_current() || turn == TURNS {
                return answer.map_err(|source| self.index_failed(source));
            }
        }
    }

    /// Whether the index cannot be used as it is and was made in memory.
    pub(crate) fn has_index_in_memory(&self) -> bool {
        self.index.is_in_memory()
    }

    pub(crate) fn index(&self) -> &Index {
        &self.index
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

    /// Notes that an import begins. `source` says what is imported, `sent_by` who sent it.
    ///
    /// # Errors
    /// What the index says.
    pub fn begin_session(&self, source: &str, sent_by: Option<&str>) -> Result<i64, ArchiveError> {
        self.with_lock(|writer| {
            let mut id = 0;
            self.commit(writer, |transaction| {
                id = summary::begin_session(transaction, source, sent_by, &crate::now())?;
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
