//! What the archive asks of a file system.
//!
//! Everything that the archive changes on disk goes through here, so that a test can stop it at
//! any step and lose what was not synced.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Component, Path, PathBuf};

use crate::owner::Owner;

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

    /// As [`write_new`](Self::write_new), for a file that only its owner may read, where the system
    /// knows such files.
    ///
    /// # Errors
    /// As [`write_new`](Self::write_new).
    fn write_private(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.write_new(path, bytes)
    }

    /// Lets a file have `bytes` from byte `at` on, and nothing behind them. It is made when it is not
    /// there. It is safe from a crash after [`sync`](Self::sync) only.
    ///
    /// # Errors
    /// What the system says.
    fn extend(&self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()>;

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

    /// At most `bytes` bytes of a file, from byte `at` on: fewer where it ends before that.
    ///
    /// # Errors
    /// What the system says.
    fn read_from(&self, path: &Path, at: u64, bytes: u64) -> io::Result<Vec<u8>>;

    /// The length of a file; `None` where there is none.
    ///
    /// # Errors
    /// What the system says.
    fn len(&self, path: &Path) -> io::Result<Option<u64>>;

    /// What is in a folder, by name. Links are left out.
    ///
    /// # Errors
    /// What the system says.
    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>>;

    /// The names of links in a folder.
    ///
    /// # Errors
    /// What the system says.
    fn links(&self, folder: &Path) -> io::Result<Vec<String>> {
        let _ = folder;
        Ok(Vec::new())
    }
}

/// What a folder lists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its name; names that are not Unicode are none of ours and not listed.
    pub name: String,
    /// Whether it is a folder.
    pub is_folder: bool,
}

/// The real file system, of an archive: a path outside of the root, or one that leads through a link
/// below it, is refused. A link could lead anywhere: to what a server must not show, or to what an
/// import must not replace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    root: PathBuf,
    owner: Owner,
}

impl Disk {
    /// The files below a root. The root itself may be given through links.
    pub fn below(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self { owner: Owner::of(&root), root }
    }

    fn check(&self, path: &Path) -> io::Result<()> {
        refuse_links(&self.root, path)
    }
}

/// A link where the archive keeps files and folders.
#[derive(Debug, thiserror::Error)]
#[error("{} is a link: links inside an archive are not followed, put the file or folder itself there", path.display())]
pub(crate) struct LinkInside {
    path: PathBuf,
}

/// Refuses a path that is not below `root`, or leads there through a link.
pub(crate) fn refuse_links(root: &Path, path: &Path) -> io::Result<()> {
    let outside = || io::Error::new(io::ErrorKind::InvalidInput, "it is outside of the archive");
    let below = path.strip_prefix(root).map_err(|_| outside())?;
    let mut at = root.to_owned();
    for component in below.components() {
        let Component::Normal(name) = component else { return Err(outside()) };
        at.push(name);
        match fs::symlink_metadata(&at) {
            Ok(found) if found.file_type().is_symlink() => {
                return Err(io::Error::other(LinkInside { path: at }));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether an operation was refused because of a link.
pub(crate) fn is_link(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<LinkInside>())
}

/// From so many files on, one sync of the whole file system is cheaper than one for each.
#[cfg(target_os = "linux")]
const MANY_FILES: usize = 16;

impl FileSystem for Disk {
    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        self.check(folder)?;
        self.owner.create_folder(folder)
    }

    fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.check(path)?;
        OpenOptions::new().write(true).create_new(true).open(path)?.write_all(bytes)?;
        self.owner.give(path)
    }

    fn write_private(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.check(path)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path)?.write_all(bytes)?;
        self.owner.give(path)
    }

    fn extend(&self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.check(path)?;
        let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        file.set_len(at)?;
        file.seek(SeekFrom::Start(at))?;
        file.write_all(bytes)?;
        self.owner.give(path)
    }

    fn sync(&self, files: &[PathBuf], folders: &[PathBuf]) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if files.len() + folders.len() >= MANY_FILES {
            let any = files.first().or(folders.first());
            return any.map_or(Ok(()), |path| Ok(rustix::fs::syncfs(File::open(path)?)?));
        }
        for file in files {
            self.check(file)?;
            // Windows syncs only what is open for writing.
            OpenOptions::new().append(true).open(file)?.sync_all()?;
        }
        for folder in folders {
            self.check(folder)?;
            sync_folder(folder)?;
        }
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.check(from)?;
        self.check(to)?;
        wavekeep_export::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.check(path)?;
        wavekeep_export::remove_file(path)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.check(path)?;
        fs::read(path)
    }

    fn read_tail(&self, path: &Path, bytes: u64) -> io::Result<Vec<u8>> {
        self.check(path)?;
        let mut file = File::open(path)?;
        let len = file.metadata()?.len();
        file.seek(SeekFrom::Start(len.saturating_sub(bytes)))?;
        let mut tail = Vec::new();
        file.read_to_end(&mut tail)?;
        Ok(tail)
    }

    fn read_from(&self, path: &Path, at: u64, bytes: u64) -> io::Result<Vec<u8>> {
        self.check(path)?;
        let mut file = File::open(path)?;
        // As much memory as there is to read, whatever was asked for.
        let there = file.metadata()?.len().saturating_sub(at).min(bytes);
        file.seek(SeekFrom::Start(at))?;
        let mut read = Vec::with_capacity(usize::try_from(there).unwrap_or(0));
        file.take(there).read_to_end(&mut read)?;
        Ok(read)
    }

    fn len(&self, path: &Path) -> io::Result<Option<u64>> {
        self.check(path)?;
        match fs::symlink_metadata(path) {
            Ok(found) => Ok(Some(found.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        self.check(folder)?;
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let found = entry.file_type()?;
            if found.is_symlink() {
                continue;
            }
            entries.push(Entry { name, is_folder: found.is_dir() });
        }
        entries.sort();
        Ok(entries)
    }

    fn links(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.check(folder)?;
        let mut names = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_symlink() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.sort();
        Ok(names)
    }
}

#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
pub(crate) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
