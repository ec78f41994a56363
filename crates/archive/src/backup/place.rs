//! Where backups are: a folder with a folder for each, or one tree that is brought up to date.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::Manifest;
use super::copier::Before;
use crate::layout::{OWN_FOLDER, TEMPORARY_PREFIX};
use crate::{Archive, ArchiveError};

/// The name of the file in which a backup says what it is, in the archive's own folder.
pub(super) const MANIFEST: &str = "backup.json";
/// The backup that is being made, beside those that are complete.
const UNFINISHED: &str = ".wavekeep-unfinished";
/// What a backup is called while it is removed.
const REMOVING: &str = ".wavekeep-removing-";
/// Held while one is made.
const LOCK: &str = "backup.lock";
/// Names of backups: the moment of their beginning, in UTC.
const NAME: &str = "%Y-%m-%dT%H%M%SZ";

/// Where a backup is made, locked.
#[derive(Debug)]
pub(super) struct Place {
    folder: PathBuf,
    is_mirror: bool,
    before: Option<Before>,
    _lock: File,
}

impl Place {
    /// Makes the folder, and sees that nothing is in it that must not be touched.
    pub(super) fn prepare(root: &Path, to: &Path, is_mirror: bool) -> Result<Self, ArchiveError> {
        let resolved = resolved(to).map_err(ArchiveError::io(to, "look at the folder"))?;
        let refused = |what| Err(ArchiveError::Backup { path: resolved.clone(), what });
        if resolved.starts_with(root) {
            return refused("it is in the archive itself: give a folder on another disk");
        }
        if is_mirror && root.starts_with(&resolved) {
            return refused(
                "the archive is in it, and a mirror holds nothing else: give another folder",
            );
        }
        if !is_mirror && Archive::is_at(&resolved) {
            return refused(
                "it is an archive, or a mirror of one (--mirror): give another folder for the backups",
            );
        }
        let made = ArchiveError::io(&resolved, "make the folder");
        fs::create_dir_all(&resolved).map_err(made)?;
        let (folder, lock) = match is_mirror {
            false => (resolved.clone(), resolved.join(LOCK)),
            true => {
                let mut listed = fs::read_dir(&resolved)
                    .map_err(ArchiveError::io(&resolved, "list the folder"))?;
                if listed.next().is_some() && !manifest_path(&resolved).is_file() {
                    return refused(
                        "it holds something that is no mirror of an archive: give an empty folder",
                    );
                }
                let own = resolved.join(OWN_FOLDER);
                fs::create_dir_all(&own).map_err(ArchiveError::io(&own, "make the folder"))?;
                (resolved.clone(), own.join("lock"))
            }
        };
        let lock = hold(&lock, &folder)?;
        let latest = if is_mirror { Some(folder.clone()) } else { latest(&folder)? };
        let before = latest.and_then(|folder| {
            // What was being copied when the system went down may not be what it seems.
            let manifest = Manifest::of(&folder).ok().filter(|manifest| manifest.of.is_some())?;
            let begun = manifest.begun.parse::<jiff::Timestamp>().ok()?;
            Some(Before { folder, begun: SystemTime::from(begun) })
        });
        Ok(Self { folder, is_mirror, before, _lock: lock })
    }

    /// The backup before, if it was finished.
    pub(super) fn before(&self) -> Option<&Before> {
        self.before.as_ref()
    }

    /// The folder into which files are copied, which says that it is unfinished.
    pub(super) fn begin(&self, manifest: &Manifest) -> Result<PathBuf, ArchiveError> {
        let into = match self.is_mirror {
            true => self.folder.clone(),
            false => {
                for (name, path) in folders(&self.folder)? {
                    if name == UNFINISHED || name.starts_with(REMOVING) {
                        remove_tree(&path)?;
                    }
                }
                self.folder.join(UNFINISHED)
            }
        };
        let own = into.join(OWN_FOLDER);
        fs::create_dir_all(&own).map_err(ArchiveError::io(&own, "make the folder"))?;
        manifest.write(&into)?;
        Ok(into)
    }

    /// Gives the backup its name, once it is on the disk.
    pub(super) fn finish(&self, manifest: &Manifest) -> Result<PathBuf, ArchiveError> {
        if self.is_mirror {
            sync_all_below(&self.folder)?;
            manifest.write(&self.folder)?;
            return Ok(self.folder.clone());
        }
        let unfinished = self.folder.join(UNFINISHED);
        manifest.write(&unfinished)?;
        sync_all_below(&unfinished)?;
        let begun = manifest.begun.parse().unwrap_or_else(|_| jiff::Timestamp::now());
        let name = begun.strftime(NAME).to_string();
        let mut path = self.folder.join(&name);
        let mut turn = 1;
        while path.exists() {
            turn += 1;
            path = self.folder.join(format!("{name}-{turn}"));
        }
        fs::rename(&unfinished, &path).map_err(ArchiveError::io(&path, "name the backup"))?;
        sync_folder(&self.folder)?;
        Ok(path)
    }

    /// Removes all but the latest `keep` backups that are complete.
    pub(super) fn remove_all_but(&self, keep: usize) -> Result<Vec<PathBuf>, ArchiveError> {
        let mut all = complete(&self.folder)?;
        all.truncate(all.len().saturating_sub(keep));
        for path in &all {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let going = self.folder.join(format!("{REMOVING}{name}"));
            fs::rename(path, &going).map_err(ArchiveError::io(path, "remove the backup"))?;
            remove_tree(&going)?;
        }
        Ok(all)
    }
}

impl Manifest {
    /// The version of the file that this program writes.
    pub(super) const VERSION: u64 = 1;

    /// What the backup in a folder says of itself.
    pub(super) fn of(folder: &Path) -> Result<Self, ArchiveError> {
        let path = manifest_path(folder);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ArchiveError::Backup {
                    path: folder.to_owned(),
                    what: "it is no backup of an archive",
                });
            }
            read => read.map_err(ArchiveError::io(&path, "read the file"))?,
        };
        let version = serde_json::from_slice::<serde_json::Value>(&bytes)
            .ok()
            .and_then(|value| value["wavekeep_backup"].as_u64());
        if let Some(found) = version.filter(|&found| found > Self::VERSION) {
            let known = Self::VERSION;
            return Err(ArchiveError::Newer { path, what: "backup", found, known });
        }
        serde_json::from_slice(&bytes)
            .map_err(|error| ArchiveError::Damaged { path, what: error.to_string() })
    }

    fn write(&self, folder: &Path) -> Result<(), ArchiveError> {
        let path = manifest_path(folder);
        let mut text = serde_json::to_vec_pretty(self)
            .map_err(|error| ArchiveError::io(&path, "write the file")(error.into()))?;
        text.push(b'\n');
        let written = || {
            let mut file = tempfile::Builder::new()
                .prefix(TEMPORARY_PREFIX)
                .tempfile_in(path.parent().unwrap_or(folder))?;
            io::Write::write_all(&mut file, &text)?;
            file.as_file().sync_all()?;
            wavekeep_export::persist(file.into_temp_path(), &path, true)
        };
        written().map_err(ArchiveError::io(&path, "write the file"))
    }
}

fn manifest_path(folder: &Path) -> PathBuf {
    folder.join(OWN_FOLDER).join(MANIFEST)
}

/// The latest complete backup in a folder of backups.
pub(super) fn latest(folder: &Path) -> Result<Option<PathBuf>, ArchiveError> {
    Ok(complete(folder)?.pop())
}

/// The complete backups in a folder, the latest at the end.
fn complete(folder: &Path) -> Result<Vec<PathBuf>, ArchiveError> {
    let mut found: Vec<(String, PathBuf)> = folders(folder)?
        .into_iter()
        .filter(|(name, _)| !name.starts_with('.'))
        .filter_map(|(_, path)| {
            let manifest = Manifest::of(&path).ok()?;
            manifest.of.is_some().then_some((manifest.begun, path))
        })
        .collect();
    found.sort();
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

/// The folders in a folder, by their names.
fn folders(folder: &Path) -> Result<Vec<(String, PathBuf)>, ArchiveError> {
    let list = || {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                found.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
            }
        }
        Ok(found)
    };
    list().map_err(ArchiveError::io(folder, "list the folder"))
}

fn remove_tree(path: &Path) -> Result<(), ArchiveError> {
    fs::remove_dir_all(path).map_err(ArchiveError::io(path, "remove the folder"))
}

fn hold(path: &Path, folder: &Path) -> Result<File, ArchiveError> {
    let mut options = OpenOptions::new();
    let lock = options.read(true).write(true).create(true).truncate(false).open(path);
    let lock = lock.map_err(ArchiveError::io(path, "open the lock"))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(ArchiveError::Backup {
            path: folder.to_owned(),
            what: "another program has it: a backup is being made or restored there",
        }),
        Err(TryLockError::Error(error)) => Err(ArchiveError::io(path, "take the lock")(error)),
    }
}

/// A path whose beginning that is there has no links any more.
pub(super) fn resolved(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    for there in path.ancestors() {
        match fs::canonicalize(there) {
            Ok(found) => {
                let rest = path.strip_prefix(there).unwrap_or(Path::new(""));
                return Ok(if rest.as_os_str().is_empty() { found } else { found.join(rest) });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(path)
}

/// All that was written below a folder outlives a crash when this returns.
pub(super) fn sync_all_below(folder: &Path) -> Result<(), ArchiveError> {
    #[cfg(target_os = "linux")]
    {
        let synced = || Ok(rustix::fs::syncfs(File::open(folder)?)?);
        synced().map_err(ArchiveError::io(folder, "sync the file system"))
    }
    // The files were synced one by one.
    #[cfg(not(target_os = "linux"))]
    {
        sync_folder(folder)?;
        for (_, path) in folders(folder)? {
            sync_all_below(&path)?;
        }
        Ok(())
    }
}

pub(super) fn sync_folder(folder: &Path) -> Result<(), ArchiveError> {
    crate::files::sync_folder(folder).map_err(ArchiveError::io(folder, "sync the folder"))
}
