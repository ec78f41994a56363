//! The folder that recordings are written into, and nothing beside it.

use std::fs::File;
use std::io;
use std::path::{Component, Path, PathBuf};

use wavekeep_archive::SafeName;
use wavekeep_recorder::writer::{Disk, FileLayer};

/// A file system that has one folder. Its paths are names in it: what the writer says of its files
/// names no path of the server.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder at `path`; it is made by the first file.
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Where a file of this name is.
    pub fn path(&self, name: &Path) -> PathBuf {
        self.0.join(name)
    }

    /// A name that is one component of a path and nothing else. Names are looked at when they are
    /// set; this is the last door.
    fn below(&self, name: &Path) -> io::Result<PathBuf> {
        let mut components = name.components();
        match (components.next(), components.next(), name.to_str()) {
            (Some(Component::Normal(_)), None, Some(text)) if SafeName::file(text).is_ok() => {
                Ok(self.path(name))
            }
            _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no name of a file")),
        }
    }
}

impl FileLayer for Folder {
    type File = File;

    fn create(&mut self, path: &Path, overwrite: bool) -> io::Result<File> {
        let path = self.below(path)?;
        std::fs::create_dir_all(&self.0)?;
        Disk.create(&path, overwrite)
    }

    fn pieces(&mut self, path: &Path) -> io::Result<Vec<PathBuf>> {
        if !self.0.exists() {
            return Ok(Vec::new());
        }
        let found = Disk.pieces(&self.below(path)?)?;
        Ok(found.iter().filter_map(|path| path.file_name()).map(PathBuf::from).collect())
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        Disk.remove(&self.below(path)?)
    }

    fn sync_folder_of(&mut self, path: &Path) -> io::Result<()> {
        Disk.sync_folder_of(&self.below(path)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_the_folder_is_created() {
        let root = tempfile::tempdir().unwrap();
        let mut folder = Folder::new(root.path().join("recordings"));
        for name in ["../x.dat", "a/x.dat", "/tmp/x.dat", "..", "", ".hidden", "x.sfm.json"] {
            let refused = folder.create(Path::new(name), false).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::InvalidInput, "{name:?}");
        }
        folder.create(Path::new("x.dat"), false).unwrap();
        let files: Vec<_> = std::fs::read_dir(root.path()).unwrap().collect();
        assert_eq!(files.len(), 1);
    }
}
