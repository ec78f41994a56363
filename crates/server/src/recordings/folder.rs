//! The folder that recordings are written into, and nothing beside it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wavekeep_archive::{NameError, SafeName};
use wavekeep_recorder::writer::{Below, FileLayer};

/// Folders between the folder of the recordings and a file.
const MOST_FOLDERS: usize = 8;

/// The name of a recording: a file, with the folders that it is in, below the folder of the
/// recordings. `/` stands between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingName(String);

impl RecordingName {
    /// A name that is safe for every file system.
    ///
    /// # Errors
    /// When a part of it is not.
    pub fn new(text: &str) -> Result<Self, NameError> {
        let (folders, file) = match text.rsplit_once('/') {
            Some((folders, file)) => (folders.split('/').collect(), file),
            None => (Vec::new(), text),
        };
        // All of it is named: that a part cannot be stored says little.
        let of_all = |error| NameError { name: text.chars().take(100).collect(), ..error };
        for part in folders.iter().chain([&file]) {
            SafeName::file(part).map_err(of_all)?;
        }
        // A name of that many folders is refused as a file: none has a slash.
        if folders.len() > MOST_FOLDERS {
            SafeName::file(text)?;
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the archive's note while it is recorded: notes have no folders.
    pub fn of_note(&self) -> Result<SafeName, NameError> {
        let Some((_, file)) = self.0.rsplit_once('/') else { return SafeName::file(&self.0) };
        let digits: String =
            Sha256::digest(&self.0).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        SafeName::file(&format!("{digits}-{file}"))
    }
}

/// A file system that has one folder. Its paths are names in it: what the writer says of its files
/// names no path of the server.
#[derive(Debug, Clone)]
pub struct Folder(Below);

impl Folder {
    /// The folder at `path`; it is made by the first file.
    pub fn new(path: PathBuf) -> Self {
        Self(Below::new(path))
    }

    /// Where a file of this name is.
    pub fn path(&self, name: &Path) -> PathBuf {
        self.0.root().join(name)
    }

    /// Names are looked at when they are set; this is the last check.
    fn checked(name: &Path) -> io::Result<()> {
        match name.to_str().is_some_and(|text| RecordingName::new(text).is_ok()) {
            true => Ok(()),
            false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no name of a file")),
        }
    }
}

impl FileLayer for Folder {
    type File = File;

    fn create(&mut self, path: &Path, overwrite: bool) -> io::Result<File> {
        Self::checked(path)?;
        self.0.create(path, overwrite)
    }

    fn pieces(&mut self, path: &Path) -> io::Result<Vec<PathBuf>> {
        Self::checked(path)?;
        self.0.pieces(path)
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        Self::checked(path)?;
        self.0.remove(path)
    }

    fn sync_folder_of(&mut self, path: &Path) -> io::Result<()> {
        Self::checked(path)?;
        self.0.sync_folder_of(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_the_folder_is_created() {
        let root = tempfile::tempdir().unwrap();
        let mut folder = Folder::new(root.path().join("recordings"));
        for name in [
            "../x.dat",
            "a/../x.dat",
            "/tmp/x.dat",
            "a//x.dat",
            "./x.dat",
            "..",
            "",
            ".hidden",
            "x.sfm.json",
            "a/.b/x.dat",
            "a/x.dat/",
            "1/2/3/4/5/6/7/8/9/x.dat",
        ] {
            let refused = folder.create(Path::new(name), false).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::InvalidInput, "{name:?}");
        }
        folder.create(Path::new("x.dat"), false).unwrap();
        folder.create(Path::new("night/1/x.dat"), false).unwrap();
        let files: Vec<_> = std::fs::read_dir(root.path()).unwrap().collect();
        assert_eq!(files.len(), 1);
    }

    #[test]
    fn recordings_of_one_name_in_two_folders_have_two_notes() {
        let note = |name: &str| RecordingName::new(name).unwrap().of_note().unwrap();
        assert_eq!(note("x.dat").as_str(), "x.dat");
        assert!(note("a/x.dat").as_str().ends_with("-x.dat"));
        assert_ne!(note("a/x.dat"), note("b/x.dat"));
    }
}
