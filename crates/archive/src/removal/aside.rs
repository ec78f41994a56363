//! Where the files of removed events are kept until they are purged: a folder for each time, laid out as an
//! archive, so that `import --from-archive` brings its events back.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use crate::layout::{Layout, OWN_FOLDER};
use crate::{Archive, ArchiveError};

/// Names of the folders: the moment of the removal, in UTC.
const NAME: &str = "%Y-%m-%dT%H%M%SZ";

/// A folder for the files of events that are removed together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    folder: PathBuf,
}

impl Aside {
    /// The folder, which is made with the first event.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Keeps copies of files, on the disk when this returns.
    pub(super) fn keep(&self, archive: &Archive, paths: &[PathBuf]) -> Result<(), ArchiveError> {
        let root = archive.layout().root();
        // It is an archive, whose index is made in memory when somebody looks.
        let own = self.folder.join(OWN_FOLDER);
        archive.files().create_folder(&own).map_err(ArchiveError::io(&own, "make the folder"))?;
        let (mut kept, mut folders) = (Vec::new(), vec![own]);
        for path in paths {
            let Some(bytes) = archive.read_if_there(path)? else { continue };
            let target = self.folder.join(path.strip_prefix(root).unwrap_or(path));
            let folder = target.parent().unwrap_or(&self.folder).to_owned();
            let made = archive.files().create_folder(&folder);
            made.map_err(ArchiveError::io(&folder, "make the folder"))?;
            // Left by a removal that was cut short.
            match archive.files().remove(&target) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(ArchiveError::io(&target, "remove the file")(error));
                }
                _ => {}
            }
            let written = archive.files().write_new(&target, &bytes);
            written.map_err(ArchiveError::io(&target, "keep the file"))?;
            kept.push(target);
            folders.push(folder);
        }
        let above = [Some(self.folder.as_path()), self.folder.parent()];
        folders.extend(above.into_iter().flatten().map(Path::to_owned));
        folders.push(archive.layout().own_folder());
        folders.dedup();
        let synced = archive.files().sync(&kept, &folders);
        synced.map_err(ArchiveError::io(&self.folder, "sync the files"))
    }
}

/// Files of removed events that were deleted, or would be.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Purged {
    /// The folder.
    pub path: PathBuf,
    /// When the events were removed, in UTC.
    pub removed_at: String,
    /// Files in it.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Archive {
    /// A folder for events that are removed now.
    pub fn aside_for_removal(&self) -> Aside {
        let name = Timestamp::now().strftime(NAME).to_string();
        let all = self.layout().removed();
        let numbered = (2..).map(|turn| format!("{name}-{turn}"));
        let mut names = std::iter::once(name.clone()).chain(numbered);
        let free = names.find(|name| !all.join(name).exists());
        Aside { folder: all.join(free.unwrap_or(name)) }
    }

    /// Deletes the files of events that were removed longer ago than `grace`; only says which, unless
    /// `is_meant`.
    ///
    /// # Errors
    /// [`ArchiveError::ReadOnly`], or what the system says.
    pub fn purge(&self, grace: Duration, is_meant: bool) -> Result<Vec<Purged>, ArchiveError> {
        if self.is_read_only() && is_meant {
            return Err(ArchiveError::ReadOnly { path: self.layout().root().to_owned() });
        }
        let mut all = removed(self.layout())?;
        let until = SystemTime::now().checked_sub(grace);
        all.retain(|(_, at)| until.is_some_and(|until| SystemTime::from(*at) <= until));
        let mut purged = Vec::new();
        for (path, at) in all {
            self.refuse_links(&path)?;
            let (files, bytes) =
                size(&path).map_err(ArchiveError::io(&path, "look at the files"))?;
            if is_meant {
                fs::remove_dir_all(&path).map_err(ArchiveError::io(&path, "delete the files"))?;
            }
            purged.push(Purged {
                path: self.relative(&path),
                removed_at: at.to_string(),
                files,
                bytes,
            });
        }
        Ok(purged)
    }
}

/// The folders of removed events, with the moments of their names, the earliest first.
fn removed(layout: &Layout) -> Result<Vec<(PathBuf, Timestamp)>, ArchiveError> {
    let all = layout.removed();
    let list = || -> std::io::Result<_> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&all)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let moment = name.get(..18).and_then(|name| {
                jiff::civil::DateTime::strptime(NAME, name)
                    .ok()?
                    .to_zoned(jiff::tz::TimeZone::UTC)
                    .ok()
            });
            if let (true, Some(moment)) = (entry.file_type()?.is_dir(), moment) {
                found.push((entry.path(), moment.timestamp()));
            }
        }
        found.sort();
        Ok(found)
    };
    match list() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        listed => listed.map_err(ArchiveError::io(&all, "list the folder")),
    }
}

fn size(folder: &Path) -> std::io::Result<(u64, u64)> {
    let (mut files, mut bytes) = (0, 0);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let found = entry.metadata()?;
        let (of_files, of_bytes) =
            if found.is_dir() { size(&entry.path())? } else { (1, found.len()) };
        (files, bytes) = (files + of_files, bytes + of_bytes);
    }
    Ok((files, bytes))
}
