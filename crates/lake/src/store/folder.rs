//! A lake in a folder.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use tempfile::{NamedTempFile, TempPath};

use super::{Object, Stamp, Store, WHOLE_BYTES, When, read_pieces};
use crate::LakeError;
use crate::state::OWN_FOLDER;

/// How the names of files that are being written begin.
const PART: &str = ".part-";

/// A folder, locked for this process until it is dropped. What it holds outlives a power cut once it
/// has its name: files are synced before, folders after they are renamed.
#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder when there is none.
    pub(crate) fn open(root: &Path) -> Result<Self, LakeError> {
        let own = root.join(OWN_FOLDER);
        fs::create_dir_all(&own).map_err(failed(&own, "make the folder"))?;
        let path = own.join("lock");
        let mut options = OpenOptions::new();
        let lock = options.read(true).write(true).create(true).truncate(false).open(&path);
        let lock = lock.map_err(failed(&path, "open the lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LakeError::Busy { place: root.display().to_string() });
            }
            Err(TryLockError::Error(error)) => return Err(failed(&path, "take the lock")(error)),
        }
        let folder = Self { root: root.to_owned(), _lock: lock };
        folder.clear()?;
        Ok(folder)
    }

    /// Removes what an update that was cut short was writing.
    fn clear(&self) -> Result<(), LakeError> {
        let own = self.root.join(OWN_FOLDER);
        let listed = failed(&own, "list the folder");
        for entry in fs::read_dir(&own).map_err(&listed)? {
            let entry = entry.map_err(&listed)?;
            if entry.file_name().to_string_lossy().starts_with(PART) {
                let path = entry.path();
                fs::remove_file(&path).map_err(failed(&path, "remove the unfinished file"))?;
            }
        }
        Ok(())
    }

    fn path(&self, key: &str) -> PathBuf {
        key.split('/').fold(self.root.clone(), |path, part| path.join(part))
    }

    fn parent(&self, path: &Path) -> Result<PathBuf, LakeError> {
        let parent = path.parent().unwrap_or(&self.root).to_owned();
        if !parent.is_dir() {
            fs::create_dir_all(&parent).map_err(failed(&parent, "make the folder"))?;
            sync_folder(parent.parent().unwrap_or(&self.root))?;
        }
        Ok(parent)
    }

    /// Gives a file its name, when its content is on the disk. Whether none had it, where it must be new.
    fn name(&self, file: TempPath, path: &Path, is_new: bool) -> Result<bool, LakeError> {
        // Windows syncs only what is open for writing.
        let synced = OpenOptions::new().append(true).open(&file).and_then(|file| file.sync_all());
        synced.map_err(failed(path, "write the file"))?;
        let parent = self.parent(path)?;
        match wavekeep_archive::persist(file, path, !is_new) {
            Err(error) if is_new && error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(failed(path, "write the file")(error)),
            Ok(()) => sync_folder(&parent).map(|()| true),
        }
    }

    fn stamp(&self, path: &Path) -> Result<Stamp, LakeError> {
        let found = fs::metadata(path).map_err(failed(path, "read the file"))?;
        Ok(stamp_of(&found))
    }

    fn walk(&self, folder: &Path, key: &str, found: &mut Vec<Object>) -> Result<(), LakeError> {
        let listed = failed(folder, "list the folder");
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(&listed)?,
        };
        for entry in entries {
            let entry = entry.map_err(&listed)?;
            let key = format!("{key}/{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type().map_err(&listed)?;
            if kind.is_dir() {
                self.walk(&entry.path(), &key, found)?;
                continue;
            }
            // Of a link, the link itself: it is none of the lake's files.
            let of = entry.metadata().map_err(&listed)?;
            let (bytes, stamp, modified_ms) = (of.len(), stamp_of(&of), modified_ms(&of));
            found.push(Object { key, bytes, stamp, modified_ms });
        }
        Ok(())
    }
}

impl Store for Folder {
    fn shown(&self, key: &str) -> String {
        self.path(key).display().to_string()
    }

    fn is_locked(&self) -> bool {
        true
    }

    fn get(&self, key: &str) -> Result<Option<(Vec<u8>, Stamp)>, LakeError> {
        let path = self.path(key);
        let file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(failed(&path, "read the file"))?,
        };
        let mut content = Vec::new();
        let read = file.take(WHOLE_BYTES + 1).read_to_end(&mut content);
        read.map_err(failed(&path, "read the file"))?;
        if content.len() as u64 > WHOLE_BYTES {
            let what = format!("it has more than {WHOLE_BYTES} bytes");
            return Err(LakeError::Damaged { file: self.shown(key), what });
        }
        Ok(Some((content, self.stamp(&path)?)))
    }

    fn list(&self, folder: &str) -> Result<Vec<Object>, LakeError> {
        let mut found = Vec::new();
        self.walk(&self.path(folder), folder, &mut found)?;
        found.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(found)
    }

    fn put(&self, key: &str, bytes: Vec<u8>, when: When<'_>) -> Result<Option<Stamp>, LakeError> {
        let path = self.path(key);
        let mut file = self.temporary().map_err(failed(&path, "write the file"))?;
        file.write_all(&bytes).map_err(failed(&path, "write the file"))?;
        // The lock keeps all others away.
        let is_new = matches!(when, When::Absent);
        self.name(file.into_temp_path(), &path, is_new)?.then(|| self.stamp(&path)).transpose()
    }

    fn temporary(&self) -> io::Result<NamedTempFile> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(PART);
        // As other programs' files: who may read them is what the umask says.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        builder.tempfile_in(self.root.join(OWN_FOLDER))
    }

    fn publish(&self, file: TempPath, key: &str) -> Result<Stamp, LakeError> {
        let path = self.path(key);
        self.name(file, &path, false)?;
        self.stamp(&path)
    }

    fn read(&self, key: &str, take: &mut dyn FnMut(&[u8])) -> Result<(), LakeError> {
        let path = self.path(key);
        let read = File::open(&path).and_then(|file| read_pieces(&file, take));
        read.map_err(failed(&path, "read the file"))
    }

    fn delete(&self, key: &str) -> Result<(), LakeError> {
        let path = self.path(key);
        match wavekeep_archive::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            removed => removed.map_err(failed(&path, "delete the file"))?,
        }
        let Some(parent) = path.parent() else { return Ok(()) };
        sync_folder(parent)?;
        // The folder of a month without events goes too; one that still holds files stays.
        let _ = fs::remove_dir(parent);
        Ok(())
    }
}

fn failed(path: &Path, action: &'static str) -> impl Fn(io::Error) -> LakeError {
    let file = path.display().to_string();
    move |error| LakeError::Store { file: file.clone(), action, reason: error.to_string() }
}

fn stamp_of(found: &fs::Metadata) -> Stamp {
    let since = found.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Stamp(since.map_or(0, |since| since.as_nanos()).to_string())
}

fn modified_ms(found: &fs::Metadata) -> i64 {
    let since = found.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.and_then(|since| i64::try_from(since.as_millis()).ok()).unwrap_or(0)
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> Result<(), LakeError> {
    File::open(folder).and_then(|it| it.sync_all()).map_err(failed(folder, "sync the folder"))
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> Result<(), LakeError> {
    Ok(())
}
