//! What the archive asks of a file system.
//!
//! Everything that the archive changes on disk goes through here, so that a test can stop it at
//! any step and lose what was not synced.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A file system, as far as the archive needs one.
pub trait FileSystem: Debug + Send + Sync {
    /// Makes a folder with all that lead to it. One that is there is no error.
    ///
    /// # Errors
    /// What the system says.
    fn create_folder(&self, folder: &Path) -> io::Result<()>;

    /// Writes a file that was not there. It is safe from a crash after [`sync`](Self::sync) only.
    ///
    /// # Errors
    /// What the system says; [`io::ErrorKind::AlreadyExists`] when there is one.
    fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Appends to a file, which is made when it is not there, and syncs it.
    ///
    /// # Errors
    /// What the system says.
    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// A barrier: what is in `files`, and what `folders` list, outlives a crash when this returns.
    ///
    /// # Errors
    /// What the system says.
    fn sync(&self, files: &[PathBuf], folders: &[PathBuf]) -> io::Result<()>;

    /// Renames a file over whatever stands there.
    ///
    /// # Errors
    /// What the system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// What the system says.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// The bytes of a file.
    ///
    /// # Errors
    /// What the system says.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// The last `bytes` of a file, or all of a shorter one.
    ///
    /// # Errors
    /// What the system says.
    fn read_tail(&self, path: &Path, bytes: u64) -> io::Result<Vec<u8>>;

    /// The length of a file; `None` where there is none.
    ///
    /// # Errors
    /// What the system says.
    fn len(&self, path: &Path) -> io::Result<Option<u64>>;

    /// What is in a folder, by name.
    ///
    /// # Errors
    /// What the system says.
    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>>;
}

/// What a folder lists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its name; names that are not Unicode are none of ours and not listed.
    pub name: String,
    /// Whether it is a folder.
    pub is_folder: bool,
}

/// The real file system.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Disk;

/// From so many files on, one sync of the whole file system is cheaper than one for each.
#[cfg(target_os = "linux")]
const MANY_FILES: usize = 16;

impl FileSystem for Disk {
    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)
    }

    fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        OpenOptions::new().write(true).create_new(true).open(path)?.write_all(bytes)
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().append(true).create(true).open(path)?;
        file.write_all(bytes)?;
        file.sync_data()
    }

    fn sync(&self, files: &[PathBuf], folders: &[PathBuf]) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if files.len() + folders.len() >= MANY_FILES {
            let any = files.first().or(folders.first());
            return any.map_or(Ok(()), |path| Ok(rustix::fs::syncfs(File::open(path)?)?));
        }
        for file in files {
            // Windows syncs only what is open for writing.
            OpenOptions::new().append(true).open(file)?.sync_all()?;
        }
        for folder in folders {
            sync_folder(folder)?;
        }
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn read_tail(&self, path: &Path, bytes: u64) -> io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let len = file.metadata()?.len();
        file.seek(SeekFrom::Start(len.saturating_sub(bytes)))?;
        let mut tail = Vec::new();
        file.read_to_end(&mut tail)?;
        Ok(tail)
    }

    fn len(&self, path: &Path) -> io::Result<Option<u64>> {
        match fs::symlink_metadata(path) {
            Ok(found) => Ok(Some(found.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            // A link is neither followed nor ours.
            let found = entry.file_type()?;
            if found.is_symlink() {
                continue;
            }
            entries.push(Entry { name, is_folder: found.is_dir() });
        }
        entries.sort();
        Ok(entries)
    }
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
