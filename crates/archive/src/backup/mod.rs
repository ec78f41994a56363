//! Copies of the archive that are complete by themselves, made while it is in use.
//!
//! A plain copy takes a sidecar of now and a ledger of a minute later. Here most is copied while others write;
//! then, with the lock held, what has changed meanwhile: all files and the snapshot of the index are of
//! one moment.

mod copier;
mod place;
mod restore;

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::{Archive, ArchiveError};

use copier::Copier;
pub use copier::LeftOut;
use place::Place;
pub use restore::Restored;

/// Passes without the lock: the second copies what came during the first, so that the last is short.
const PASSES: usize = 2;

/// What a backup is to be.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct BackupOptions {
    mirror: bool,
    keep: Option<usize>,
}

impl BackupOptions {
    /// One tree that is brought up to date, instead of a folder for each backup. Paths are the same each
    /// time, and a file that has not changed stays the same file: for programs that keep versions
    /// themselves.
    #[must_use]
    pub fn with_mirror(mut self, mirror: bool) -> Self {
        self.mirror = mirror;
        self
    }

    /// Removes all but the latest so many backups, this one among them, when it is done. At least one is
    /// kept.
    #[must_use]
    pub fn with_keep(mut self, keep: Option<usize>) -> Self {
        self.keep = keep;
        self
    }
}

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Backup {
    /// Its folder: an archive.
    pub path: PathBuf,
    /// What it says of itself.
    #[serde(flatten)]
    pub manifest: Manifest,
    /// Files that were copied; the others are those of the backup before.
    pub copied_files: u64,
    /// Their bytes.
    pub copied_bytes: u64,
    /// What cannot be in a backup: links, pipes, files that may not be read.
    pub left_out: Vec<LeftOut>,
    /// Older backups that were removed.
    pub removed: Vec<PathBuf>,
}

/// What a backup says of itself: `.wavekeep/backup.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Manifest {
    /// The version of this file.
    pub wavekeep_backup: u64,
    /// When it was begun, in UTC.
    pub begun: String,
    /// The moment that it is of; nothing while it is being made.
    pub of: Option<String>,
    /// The folder of the archive.
    pub archive: PathBuf,
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The text of the ledger's head at that moment; nothing where the archive has no ledger.
    pub head: Option<String>,
}

impl Archive {
    /// Makes a backup below `to`, while others use the archive: they wait for the last changes to be copied.
    /// Files that are as they were in the backup before are hard links to it, where the system has them.
    /// `progress` hears how many files are done, of how many.
    ///
    /// # Errors
    /// [`ArchiveError::Backup`] when `to` is no place for a backup or another one is being made there;
    /// otherwise what the system says. A backup that was not finished has no name of one, and the next
    /// removes it; a mirror says of itself that it is unfinished.
    pub fn backup(
        &self,
        to: &Path,
        options: BackupOptions,
        progress: &dyn Fn(u64, u64),
    ) -> Result<Backup, ArchiveError> {
        let place = Place::prepare(self.layout().root(), to, options.mirror)?;
        let mut manifest = Manifest {
            wavekeep_backup: Manifest::VERSION,
            begun: jiff::Timestamp::now().to_string(),
            of: None,
            archive: self.layout().root().to_owned(),
            files: 0,
            bytes: 0,
            head: None,
        };
        let into = place.begin(&manifest)?;
        let mut copier = Copier::new(self.layout(), into, place.before().cloned(), progress);
        for _ in 0..PASSES {
            copier.pass()?;
        }
        let index = self.layout().index();
        let still = self.while_all_are_still(|| {
            copier.pass()?;
            manifest.of = Some(crate::now());
            manifest.head = self.head_if_any()?.map(|head| head.to_string());
            let Some(still) = self.index().still()? else { return Ok(None) };
            if self.is_read_only() {
                // Others may write over what is read without SQLite's own locks.
                copier.add(&index, |to| self.copy_index(&still, to))?;
                return Ok(None);
            }
            Ok(Some(still))
        })?;
        if let Some(still) = still {
            copier.add(&index, |to| self.copy_index(&still, to))?;
        }
        let copied = copier.finish()?;
        (manifest.files, manifest.bytes) = (copied.files, copied.bytes);
        let path = place.finish(&manifest)?;
        let removed = match options.keep.filter(|_| !options.mirror) {
            Some(keep) => place.remove_all_but(keep.max(1))?,
            None => Vec::new(),
        };
        Ok(Backup {
            path,
            manifest,
            copied_files: copied.copied_files,
            copied_bytes: copied.copied_bytes,
            left_out: copied.left_out,
            removed,
        })
    }

    fn head_if_any(&self) -> Result<Option<wavekeep_custody::Head>, ArchiveError> {
        match self.head() {
            Err(ArchiveError::NoLedger { .. }) => Ok(None),
            head => head.map(Some),
        }
    }

    /// Writes what a connection sees of the index to a new file.
    fn copy_index(&self, index: &Connection, to: &Path) -> Result<(), ArchiveError> {
        let copied = || {
            let mut copy = Connection::open(to)?;
            let backup = rusqlite::backup::Backup::new(index, &mut copy)?;
            backup.step(-1)?;
            drop(backup);
            copy.close().map_err(|(_, error)| error)
        };
        copied().map_err(|source| ArchiveError::Index { path: to.to_owned(), source })
    }
}
