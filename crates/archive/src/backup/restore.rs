//! A backup is looked at, or becomes an archive again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use wavekeep_custody::Head;

use super::Manifest;
use super::copier::{CopyError, copy, is_of_the_backup};
use super::place::{MANIFEST, latest, resolved, sync_all_below};
use crate::layout::{OWN_FOLDER, TEMPORARY_PREFIX};
use crate::{Archive, ArchiveError, Verification, VerifyOptions};

/// An archive that was restored.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Restored {
    /// The archive.
    pub path: PathBuf,
    /// The backup that it is from.
    pub backup: PathBuf,
    /// What the backup says of itself.
    pub manifest: Manifest,
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Manifest {
    /// The backup at a path, or the latest one of the backups in it, and what it says of itself.
    ///
    /// # Errors
    /// [`ArchiveError::Backup`] when there is none, or it was not finished.
    pub fn find(path: &Path) -> Result<(PathBuf, Self), ArchiveError> {
        let path = resolved(path).map_err(ArchiveError::io(path, "look at the folder"))?;
        let refused = |what| Err(ArchiveError::Backup { path: path.clone(), what });
        if !path.is_dir() {
            return refused("there is no such folder: give a backup, or the folder of the backups");
        }
        let of = match Archive::is_at(&path) {
            true => Some(path.clone()),
            false => latest(&path)?,
        };
        let Some(of) = of else {
            return refused("there is no finished backup in it");
        };
        let manifest = Self::of(&of)?;
        if manifest.of.is_none() {
            return refused("this backup was not finished: make it again, or take an earlier one");
        }
        Ok((of, manifest))
    }

    /// Verifies a backup, or what was restored from it, as an archive, and that its ledger goes as far as
    /// when the backup was made.
    ///
    /// # Errors
    /// As [`Archive::verify`]; [`ArchiveError::Damaged`] when the head is none.
    pub fn verify(
        &self,
        folder: &Path,
        options: VerifyOptions,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Verification, ArchiveError> {
        let head = self.head.as_deref().map(str::parse::<Head>).transpose();
        let head = head.map_err(|error| ArchiveError::Damaged {
            path: folder.join(OWN_FOLDER).join(MANIFEST),
            what: error.to_string(),
        })?;
        let archive = Archive::open_to_read(folder)?;
        match head {
            Some(head) => archive.verify_since(&head, options, progress),
            None => archive.verify(options, progress),
        }
    }
}

impl Archive {
    /// Makes an archive of a backup in the folder `to`, which is not there or is empty. The backup stays
    /// as it is. `progress` hears how many files are done, of how many.
    ///
    /// # Errors
    /// As [`Manifest::find`]; [`ArchiveError::Backup`] when there is something in the folder; otherwise what
    /// the system says. What was not finished has no `.wavekeep` and is in `.wavekeep-restoring`.
    pub fn restore(
        backup: &Path,
        to: &Path,
        progress: &dyn Fn(u64, u64),
    ) -> Result<Restored, ArchiveError> {
        let (from, manifest) = Manifest::find(backup)?;
        let path = resolved(to).map_err(ArchiveError::io(to, "look at the folder"))?;
        if path.starts_with(&from) {
            let what = "it is in the backup itself: give another folder";
            return Err(ArchiveError::Backup { path, what });
        }
        fs::create_dir_all(&path).map_err(ArchiveError::io(&path, "make the folder"))?;
        let staged = path.join(format!("{TEMPORARY_PREFIX}restoring"));
        if listed(&path)?.iter().any(|there| *there != staged) {
            let what = "it is not empty: give a new folder, so that nothing is replaced";
            return Err(ArchiveError::Backup { path, what });
        }
        if staged.exists() {
            fs::remove_dir_all(&staged).map_err(ArchiveError::io(&staged, "remove the folder"))?;
        }
        fs::create_dir(&staged).map_err(ArchiveError::io(&staged, "make the folder"))?;
        let mut copied = (0, 0);
        copy_below(&from, &staged, Path::new(""), &mut copied, &|done| {
            progress(done, manifest.files);
        })?;
        sync_all_below(&staged)?;
        // The archive is there when its own folder is.
        let mut all = listed(&staged)?;
        all.sort_by_key(|path| path.ends_with(OWN_FOLDER));
        for of in all {
            let target = path.join(of.file_name().unwrap_or_default());
            fs::rename(&of, &target).map_err(ArchiveError::io(&target, "put the files there"))?;
        }
        fs::remove_dir(&staged).map_err(ArchiveError::io(&staged, "remove the folder"))?;
        sync_all_below(&path)?;
        let (files, bytes) = copied;
        Ok(Restored { path, backup: from, manifest, files, bytes })
    }
}

fn listed(folder: &Path) -> Result<Vec<PathBuf>, ArchiveError> {
    let list =
        || -> io::Result<_> { fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect() };
    list().map_err(ArchiveError::io(folder, "list the folder"))
}

fn copy_below(
    from: &Path,
    to: &Path,
    below: &Path,
    copied: &mut (u64, u64),
    progress: &dyn Fn(u64),
) -> Result<(), ArchiveError> {
    for path in listed(&from.join(below))? {
        let name = below.join(path.file_name().unwrap_or_default());
        let target = to.join(&name);
        let found =
            fs::symlink_metadata(&path).map_err(ArchiveError::io(&path, "read the file"))?;
        if found.is_dir() {
            fs::create_dir(&target).map_err(ArchiveError::io(&target, "make the folder"))?;
            copy_below(from, to, &name, copied, progress)?;
        } else if found.is_file() && !is_of_the_backup(&name) {
            let bytes = copy(&path, &target).map_err(|error| match error {
                CopyError::Read(error) => ArchiveError::io(&path, "read the file")(error),
                CopyError::Write(error) => ArchiveError::io(&target, "write the file")(error),
            })?;
            copied.0 += 1;
            copied.1 += bytes;
            progress(copied.0);
        }
    }
    Ok(())
}
