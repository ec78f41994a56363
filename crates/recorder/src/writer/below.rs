//! A file system that ends at a folder: what is named by others stays below it.

use std::fs::File;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::layer::{Disk, FileLayer};

/// The files below one folder. Paths are relative to it, or absolute and below it; folders on the
/// way are made.
///
/// `..` is refused, and so is a link that leads out. Somebody who may write into the folder itself
/// could exchange a folder for a link between the look and the opening: the folder belongs to whom
/// the recorder trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Below {
    root: PathBuf,
}

impl Below {
    /// The files below `root`, which is made by the first file when it is not there.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a file is.
    ///
    /// # Errors
    /// When it is not below the folder, by its name or by a link.
    ///
    /// ```
    /// use wavekeep_recorder::writer::Below;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let below = Below::new(folder.path());
    /// assert_eq!(below.path("night/x.dat")?, folder.path().join("night/x.dat"));
    /// assert!(below.path("../x.dat").is_err());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn path(&self, path: impl AsRef<Path>) -> io::Result<PathBuf> {
        let path = path.as_ref();
        let named = self.relative(path)?;
        let whole = self.root.join(&named);
        let (Some(folder), Some(_)) = (whole.parent(), named.file_name()) else {
            return Err(refused("it names no file"));
        };
        if !self.root.exists() {
            return Ok(whole);
        }
        // The deepest folder that is there decides: what is not there cannot be a link.
        let there = folder.ancestors().find(|folder| folder.symlink_metadata().is_ok());
        let there = there.unwrap_or(&self.root).canonicalize()?;
        let is_below = there.starts_with(self.root.canonicalize()?);
        let is_link = whole.symlink_metadata().is_ok_and(|found| found.is_symlink());
        match is_below && !is_link {
            true => Ok(whole),
            false => Err(refused("a link on the way leads elsewhere")),
        }
    }

    /// The path behind the root; plain names alone.
    fn relative(&self, path: &Path) -> io::Result<PathBuf> {
        let path = match path.is_absolute() {
            false => path,
            true => {
                let canonical = self.root.canonicalize().ok();
                let roots = [Some(&self.root), canonical.as_ref()];
                let below =
                    roots.into_iter().flatten().find_map(|root| path.strip_prefix(root).ok());
                below.ok_or_else(|| refused("it is not below the folder of the recordings"))?
            }
        };
        let plain = |part| matches!(part, Component::Normal(_) | Component::CurDir);
        match path.components().all(plain) && !path.as_os_str().is_empty() {
            true => Ok(path.components().filter(|part| *part != Component::CurDir).collect()),
            false => Err(refused("it is not below the folder of the recordings")),
        }
    }
}

fn refused(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

impl FileLayer for Below {
    type File = File;

    fn create(&mut self, path: &Path, overwrite: bool) -> io::Result<File> {
        let whole = self.path(path)?;
        if let Some(folder) = whole.parent() {
            std::fs::create_dir_all(folder)?;
        }
        // Once more, with all folders there.
        Disk.create(&self.path(path)?, overwrite)
    }

    fn pieces(&mut self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let whole = self.path(path)?;
        if !whole.parent().is_some_and(Path::exists) {
            return Ok(Vec::new());
        }
        let found = Disk.pieces(&whole)?;
        let named = |found: &PathBuf| found.file_name().map(|name| path.with_file_name(name));
        Ok(found.iter().filter_map(named).collect())
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        Disk.remove(&self.path(path)?)
    }

    fn sync_folder_of(&mut self, path: &Path) -> io::Result<()> {
        Disk.sync_folder_of(&self.path(path)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_below_the_folder_is_refused() {
        let outside = tempfile::tempdir().unwrap();
        let root = outside.path().join("root");
        std::fs::create_dir(&root).unwrap();
        let mut below = Below::new(&root);
        let beside = outside.path().join("beside.dat").display().to_string();
        let up_again = root.join("../beside.dat").display().to_string();
        let itself = root.display().to_string();
        for path in ["", ".", "..", "../x", "a/../../x", "a/..", "/x", &beside, &up_again, &itself]
        {
            let error = below.create(Path::new(path), true).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{path:?}");
        }
        assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 1);
        assert_eq!(std::fs::read_dir(&root).unwrap().count(), 0);
    }

    #[test]
    fn folders_below_are_made_for_relative_and_absolute_paths() {
        let outside = tempfile::tempdir().unwrap();
        let root = outside.path().join("not/yet");
        let mut below = Below::new(&root);
        assert!(below.pieces(Path::new("a/b/x.dat")).unwrap().is_empty());
        below.create(Path::new("a/b/x.dat"), false).unwrap();
        below.create(&root.join("a/b/x.dat.1"), false).unwrap();
        below.create(&root.canonicalize().unwrap().join("./y.dat"), false).unwrap();
        assert_eq!(below.pieces(Path::new("a/b/x.dat")).unwrap(), [Path::new("a/b/x.dat.1")]);
        assert!(root.join("a/b/x.dat").is_file() && root.join("y.dat").is_file());
        below.sync_folder_of(Path::new("a/b/x.dat")).unwrap();
        below.remove(Path::new("a/b/x.dat")).unwrap();
        assert!(!root.join("a/b/x.dat").exists());
    }

    #[test]
    #[cfg(unix)]
    fn links_that_lead_out_are_refused_and_those_within_are_not() {
        use std::os::unix::fs::symlink;
        let outside = tempfile::tempdir().unwrap();
        let (root, other) = (outside.path().join("root"), outside.path().join("other"));
        std::fs::create_dir_all(root.join("real")).unwrap();
        std::fs::create_dir(&other).unwrap();
        std::fs::write(other.join("precious"), b"kept").unwrap();
        symlink(&other, root.join("out")).unwrap();
        symlink(root.join("real"), root.join("within")).unwrap();
        symlink(other.join("precious"), root.join("file.dat")).unwrap();
        symlink(other.join("not_there"), root.join("dangling.dat")).unwrap();
        let mut below = Below::new(&root);
        for path in ["out/x.dat", "out/new/x.dat", "file.dat", "dangling.dat"] {
            let error = below.create(Path::new(path), true).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{path}");
        }
        below.create(Path::new("within/x.dat"), false).unwrap();
        assert!(root.join("real/x.dat").is_file());
        assert_eq!(std::fs::read_dir(&other).unwrap().count(), 1);
        assert_eq!(std::fs::read(other.join("precious")).unwrap(), b"kept");
    }
}
