//! The files of an archive, copied into a backup in passes.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::place::MANIFEST;
use crate::ArchiveError;
use crate::layout::{Layout, OWN_FOLDER, SIGNED_IN, TEMPORARY_PREFIX};
use crate::place::Identity;

/// Bytes that are copied at once.
const AT_ONCE: usize = 1 << 20;
/// A file that was changed so shortly before it was copied may have changed again without a later time.
const COARSEST_CLOCK: Duration = Duration::from_secs(2);

/// What cannot be in a backup.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LeftOut {
    /// The file, below the archive.
    pub path: PathBuf,
    /// Why.
    pub why: String,
}

/// An earlier backup, whose files are taken where they have not changed.
#[derive(Debug, Clone)]
pub(super) struct Before {
    pub(super) folder: PathBuf,
    /// When it was begun.
    pub(super) begun: SystemTime,
}

/// What tells whether a file has changed since it was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    len: u64,
    modified: SystemTime,
    identity: Option<Identity>,
}

impl Stamp {
    fn of(path: &Path, found: &Metadata) -> io::Result<Self> {
        let identity = Identity::at(path).ok();
        Ok(Self { len: found.len(), modified: found.modified()?, identity })
    }
}

/// What was copied.
#[derive(Debug, Default)]
pub(super) struct Copied {
    pub(super) files: u64,
    pub(super) bytes: u64,
    pub(super) copied_files: u64,
    pub(super) copied_bytes: u64,
    pub(super) left_out: Vec<LeftOut>,
}

pub(super) struct Copier<'a> {
    from: PathBuf,
    into: PathBuf,
    before: Option<Before>,
    /// The files of the backup so far, by their paths below the root.
    have: HashMap<PathBuf, Stamp>,
    left_out: BTreeMap<PathBuf, String>,
    copied: Copied,
    progress: &'a dyn Fn(u64, u64),
}

/// What a folder of the archive lists: files with their stamps, or why one cannot be copied.
type Listed = Vec<(PathBuf, Result<Stamp, String>)>;

impl<'a> Copier<'a> {
    pub(super) fn new(
        layout: &Layout,
        into: PathBuf,
        before: Option<Before>,
        progress: &'a dyn Fn(u64, u64),
    ) -> Self {
        Self {
            from: layout.root().to_owned(),
            into,
            before,
            have: HashMap::new(),
            left_out: BTreeMap::new(),
            copied: Copied::default(),
            progress,
        }
    }

    /// Copies what is not in the backup yet, or has changed, and removes what is gone.
    pub(super) fn pass(&mut self) -> Result<(), ArchiveError> {
        let mut found = Vec::new();
        list(&self.from, Path::new(""), &mut found)?;
        let all = found.len() as u64;
        let mut gone = std::mem::take(&mut self.have);
        self.left_out.clear();
        for (done, (path, stamp)) in found.into_iter().enumerate() {
            (self.progress)(done as u64, all);
            let had = gone.remove(&path);
            match stamp {
                Err(why) => drop(self.left_out.insert(path, why)),
                Ok(stamp) if had == Some(stamp) => drop(self.have.insert(path, stamp)),
                Ok(stamp) => {
                    if self.bring(&path, stamp)? {
                        self.have.insert(path, stamp);
                    }
                }
            }
        }
        for path in gone.into_keys() {
            let path = self.into.join(path);
            remove(&path).map_err(ArchiveError::io(&path, "remove the file"))?;
        }
        Ok(())
    }

    /// Adds a file that `write` makes.
    pub(super) fn add(
        &mut self,
        path: &Path,
        write: impl FnOnce(&Path) -> Result<(), ArchiveError>,
    ) -> Result<(), ArchiveError> {
        let path = path.strip_prefix(&self.from).unwrap_or(path).to_owned();
        let (temporary, target) = self.places(&path)?;
        write(&temporary)?;
        let failed = ArchiveError::io(&temporary, "look at the file");
        let stamp = fs::symlink_metadata(&temporary)
            .and_then(|found| Stamp::of(&temporary, &found))
            .map_err(failed)?;
        put(&temporary, &target)?;
        self.copied.copied_files += 1;
        self.copied.copied_bytes += stamp.len;
        self.have.insert(path, stamp);
        Ok(())
    }

    /// Removes what the backup has from before and the archive has no more, and says what it has.
    pub(super) fn finish(mut self) -> Result<Copied, ArchiveError> {
        let mut folders = Vec::new();
        self.remove_others(Path::new(""), &mut folders)?;
        for folder in folders.iter().rev() {
            // One that is not empty stays.
            let _ = fs::remove_dir(self.into.join(folder));
        }
        self.copied.files = self.have.len() as u64;
        self.copied.bytes = self.have.values().map(|stamp| stamp.len).sum();
        self.copied.left_out =
            self.left_out.into_iter().map(|(path, why)| LeftOut { path, why }).collect();
        Ok(self.copied)
    }

    /// What cannot be read now stays as it was in a mirror: it may be all that is left.
    fn remove_others(&self, below: &Path, folders: &mut Vec<PathBuf>) -> Result<(), ArchiveError> {
        let folder = self.into.join(below);
        let listed = read_folder(&folder).map_err(ArchiveError::io(&folder, "list the folder"))?;
        for (name, is_folder) in listed {
            let path = below.join(name);
            if self.left_out.contains_key(&path) {
                continue;
            }
            if is_folder {
                folders.push(path.clone());
                self.remove_others(&path, folders)?;
            } else if !self.have.contains_key(&path) && !is_of_the_backup(&path) {
                let path = self.into.join(path);
                remove(&path).map_err(ArchiveError::io(&path, "remove the file"))?;
            }
        }
        Ok(())
    }

    /// Brings a file into the backup; false where it cannot be, or is gone.
    fn bring(&mut self, path: &Path, stamp: Stamp) -> Result<bool, ArchiveError> {
        if self.take_from_before(path, &stamp)? {
            return Ok(true);
        }
        let (temporary, target) = self.places(path)?;
        let from = self.from.join(path);
        match copy(&from, &temporary) {
            Ok(bytes) => {
                put(&temporary, &target)?;
                self.copied.copied_files += 1;
                self.copied.copied_bytes += bytes;
                Ok(true)
            }
            Err(CopyError::Write(error)) => {
                let _ = fs::remove_file(&temporary);
                Err(ArchiveError::io(&target, "write the file")(error))
            }
            Err(CopyError::Read(error)) => {
                let _ = fs::remove_file(&temporary);
                if error.kind() != io::ErrorKind::NotFound {
                    self.left_out.insert(path.to_owned(), format!("it cannot be read: {error}"));
                }
                Ok(false)
            }
        }
    }

    /// Takes a file of the backup before, where it is as the archive has it. What the archive writes in
    /// place is its own in each backup: somebody may open one as an archive.
    fn take_from_before(&mut self, path: &Path, stamp: &Stamp) -> Result<bool, ArchiveError> {
        let Some(before) = &self.before else { return Ok(false) };
        let is_settled =
            stamp.modified.checked_add(COARSEST_CLOCK).is_some_and(|then| then < before.begun);
        let is_written_in_place = path.parent() == Some(Path::new(OWN_FOLDER));
        let old = before.folder.join(path);
        let is_same = fs::symlink_metadata(&old).is_ok_and(|old| {
            old.is_file()
                && old.len() == stamp.len
                && old.modified().is_ok_and(|modified| modified == stamp.modified)
        });
        if !is_settled || !is_same || is_written_in_place {
            return Ok(false);
        }
        if before.folder == self.into {
            return Ok(true);
        }
        let (temporary, target) = self.places(path)?;
        // Where the system has no hard links, or has no more for this file, it is copied.
        if fs::hard_link(&old, &temporary).is_err() {
            return Ok(false);
        }
        put(&temporary, &target)?;
        Ok(true)
    }

    /// Where a file is written, and where it comes then, in a folder that is there.
    fn places(&self, path: &Path) -> Result<(PathBuf, PathBuf), ArchiveError> {
        let target = self.into.join(path);
        let folder = target.parent().unwrap_or(&self.into).to_owned();
        fs::create_dir_all(&folder).map_err(ArchiveError::io(&folder, "make the folder"))?;
        let temporary = folder.join(format!("{TEMPORARY_PREFIX}copy"));
        // Left by one that was killed; it may be a link to a file of another backup.
        remove(&temporary).map_err(ArchiveError::io(&temporary, "remove the file"))?;
        Ok((temporary, target))
    }
}

/// Renames over what stands there, which may be a link to a file of another backup.
fn put(temporary: &Path, target: &Path) -> Result<(), ArchiveError> {
    wavekeep_export::rename(temporary, target)
        .map_err(ArchiveError::io(target, "put the file there"))
}

fn remove(path: &Path) -> io::Result<()> {
    match wavekeep_export::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn read_folder(folder: &Path) -> io::Result<Vec<(std::ffi::OsString, bool)>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        entries.push((entry.file_name(), entry.file_type()?.is_dir()));
    }
    entries.sort();
    Ok(entries)
}

/// Files that belong to a backup itself, or to those who look at it.
pub(super) fn is_of_the_backup(path: &Path) -> bool {
    let own = path.strip_prefix(OWN_FOLDER).ok().and_then(Path::to_str);
    own.is_some_and(|name| [MANIFEST, "lock", "lock.next"].contains(&name))
}

/// Whether a file is of a moment: temporaries of changes, locks, who is signed in, and the index, which is
/// copied by SQLite.
fn is_passing(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let own = path.strip_prefix(OWN_FOLDER).ok().and_then(Path::to_str);
    name.starts_with(TEMPORARY_PREFIX)
        || is_of_the_backup(path)
        || own.is_some_and(|name| {
            name.starts_with("index.sqlite") || ["journal.json", SIGNED_IN].contains(&name)
        })
}

/// All files below a folder, each folder's in the order of their names. What goes away meanwhile is left
/// out.
fn list(root: &Path, below: &Path, found: &mut Listed) -> Result<(), ArchiveError> {
    let folder = root.join(below);
    let listed = match read_folder(&folder) {
        Err(error) if below != Path::new("") => {
            if error.kind() != io::ErrorKind::NotFound {
                found.push((below.to_owned(), Err(format!("it cannot be listed: {error}"))));
            }
            return Ok(());
        }
        listed => listed.map_err(ArchiveError::io(&folder, "list the folder"))?,
    };
    for (name, _) in listed {
        let path = below.join(name);
        if is_passing(&path) {
            continue;
        }
        let whole = root.join(&path);
        match fs::symlink_metadata(&whole) {
            Ok(of) if of.is_dir() => list(root, &path, found)?,
            Ok(of) if of.is_file() => {
                found.push((path, Stamp::of(&whole, &of).map_err(|error| error.to_string())));
            }
            Ok(of) if of.is_symlink() => {
                found
                    .push((path, Err("it is a link, which an archive does not follow".to_owned())));
            }
            Ok(_) => found.push((path, Err("it is no file".to_owned()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => found.push((path, Err(format!("it cannot be read: {error}")))),
        }
    }
    Ok(())
}

/// Which side of a copy failed.
#[derive(Debug)]
pub(super) enum CopyError {
    Read(io::Error),
    Write(io::Error),
}

/// Copies a file with the time of its last change, its permissions and, for the superuser, its owner.
/// Gives its length.
pub(super) fn copy(from: &Path, to: &Path) -> Result<u64, CopyError> {
    use CopyError::{Read as OfRead, Write as OfWrite};
    let mut source = File::open(from).map_err(OfRead)?;
    let found = source.metadata().map_err(OfRead)?;
    let modified = found.modified().map_err(OfRead)?;
    let mut target = OpenOptions::new().write(true).create_new(true).open(to).map_err(OfWrite)?;
    // A secret is nobody else's, not for a moment either.
    as_of(&target, &found).map_err(OfWrite)?;
    let mut buffer = vec![0; usize::try_from(found.len()).unwrap_or(AT_ONCE).clamp(1, AT_ONCE)];
    let mut bytes = 0;
    loop {
        match source.read(&mut buffer).map_err(OfRead)? {
            0 => break,
            n => {
                target.write_all(&buffer[..n]).map_err(OfWrite)?;
                bytes += n as u64;
            }
        }
    }
    target.set_modified(modified).map_err(OfWrite)?;
    // Linux syncs the whole file system at the end, at less cost.
    if !cfg!(target_os = "linux") {
        target.sync_all().map_err(OfWrite)?;
    }
    Ok(bytes)
}

#[cfg(unix)]
fn as_of(target: &File, found: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let made = target.metadata()?;
    if (made.uid(), made.gid()) != (found.uid(), found.gid()) {
        // Nobody but the superuser can give files away; then the copy is of who makes it.
        let _ = fchown(target, Some(found.uid()), Some(found.gid()));
    }
    target.set_permissions(found.permissions())
}

#[cfg(not(unix))]
fn as_of(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}
