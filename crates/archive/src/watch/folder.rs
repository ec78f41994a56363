//! A folder that is watched: what is in it, what has settled, and where imported files go.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use wavekeep_core::{DecodeOptions, Input};
use wavekeep_formats::{HEAD_LEN, detect};

use crate::ArchiveError;
use crate::layout::{OWN_FOLDER, TEMPORARY_PREFIX};

/// What tells whether a file has changed.
pub(super) type Stamp = (u64, Option<SystemTime>);

/// A file that was seen.
pub(super) struct Seen {
    pub(super) stamp: Stamp,
    pub(super) since: Instant,
    pub(super) is_done: bool,
    /// It was found not to be whole, as it stands.
    pub(super) is_incomplete: bool,
    /// It could not be read.
    pub(super) is_unreadable: bool,
}

impl Seen {
    pub(super) fn new(stamp: Stamp, since: Instant) -> Self {
        Self { stamp, since, is_done: false, is_incomplete: false, is_unreadable: false }
    }
}

/// What was found in a folder.
#[derive(Default)]
pub(super) struct Found {
    pub(super) files: HashMap<PathBuf, Stamp>,
    /// Links, which are not followed.
    pub(super) links: Vec<PathBuf>,
}

/// Patterns of files that are left alone: of names, or with a `/` of paths below the folder.
#[derive(Debug, Clone, Default)]
pub struct Ignore {
    names: GlobSet,
    paths: GlobSet,
}

impl Ignore {
    /// The patterns: `*.log`, `old/**`. Capitals make no difference, as on Windows.
    ///
    /// # Errors
    /// What is wrong with a pattern, in a sentence.
    pub fn new<S: AsRef<str>>(patterns: impl IntoIterator<Item = S>) -> Result<Self, String> {
        let (mut names, mut paths) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        for pattern in patterns {
            let pattern = pattern.as_ref();
            let mut glob = GlobBuilder::new(pattern);
            let glob = glob.case_insensitive(true).literal_separator(true).build();
            let glob = glob.map_err(|error| error.to_string())?;
            if pattern.contains('/') {
                paths.add(glob)
            } else {
                names.add(glob)
            };
        }
        let built = |set: GlobSetBuilder| set.build().map_err(|error| error.to_string());
        Ok(Self { names: built(names)?, paths: built(paths)? })
    }

    fn has(&self, below: &Path, name: &str) -> bool {
        self.names.is_match(name) || self.paths.is_match(below)
    }
}

/// Whether a file is an event that is not whole: its upload may go on. What is no event, or cannot be
/// read, is for the import to tell.
pub(super) fn is_cut(path: &Path) -> bool {
    let limits = DecodeOptions::default().limits;
    let name = path.file_name().and_then(|name| name.to_str());
    let read = || -> io::Result<Option<Vec<u8>>> {
        let mut file = fs::File::open(path)?;
        let mut bytes = Vec::new();
        file.by_ref().take(HEAD_LEN as u64).read_to_end(&mut bytes)?;
        if detect(&bytes, name).is_none() {
            return Ok(None);
        }
        file.take(limits.event_bytes).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    };
    let Ok(Some(bytes)) = read() else { return false };
    let Some(format) = detect(&bytes[..bytes.len().min(HEAD_LEN)], name) else { return false };
    match format.decode(Input { bytes: &bytes, name }, &DecodeOptions::default()) {
        Ok(recording) => recording.report.is_damaged(),
        Err(_) => true,
    }
}

/// All files below a folder; hidden files, what is ignored, and the folders in `without` are left out: the
/// archive itself, and where imported files go.
pub(super) fn files(
    top: &Path,
    ignore: &Ignore,
    without: &BTreeSet<PathBuf>,
) -> Result<Found, ArchiveError> {
    let mut found = Found::default();
    let mut folders = vec![top.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            // A folder that went meanwhile is none; that of the watcher has to be there.
            Err(_) if folder != top => continue,
            Err(error) => return Err(ArchiveError::io(&folder, "list the folder")(error)),
        };
        for entry in entries.flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            let is_hidden = name.starts_with('.') || name.starts_with(TEMPORARY_PREFIX);
            let Ok(metadata) = entry.metadata() else { continue };
            if ignore.has(path.strip_prefix(top).unwrap_or(&path), &name) {
                continue;
            }
            if metadata.is_dir() {
                let is_left_out = path.canonicalize().is_ok_and(|path| without.contains(&path));
                if name != OWN_FOLDER && !is_left_out {
                    folders.push(path);
                }
            } else if metadata.is_symlink() && !is_hidden {
                found.links.push(path);
            } else if metadata.is_file() && !is_hidden {
                found.files.insert(path, (metadata.len(), metadata.modified().ok()));
            }
        }
    }
    Ok(found)
}

/// Moves a file that was imported to the same place below `done`. One of that name that is there already
/// stays: this one gets a number.
pub(super) fn move_to_done(file: &Path, top: &Path, done: &Path) -> io::Result<PathBuf> {
    let below = file.strip_prefix(top).unwrap_or(file);
    let first = done.join(below);
    if let Some(folder) = first.parent() {
        fs::create_dir_all(folder)?;
    }
    let (mut target, mut turn) = (first.clone(), 1);
    while target.symlink_metadata().is_ok() {
        turn += 1;
        let mut name = first.file_stem().unwrap_or_default().to_owned();
        name.push(format!(" ({turn})"));
        if let Some(extension) = first.extension() {
            name.push(".");
            name.push(extension);
        }
        target = first.with_file_name(name);
    }
    match fs::rename(file, &target) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            fs::copy(file, &target)?;
            // Windows syncs only what is open for writing.
            fs::OpenOptions::new().append(true).open(&target)?.sync_all()?;
            fs::remove_file(file)?;
        }
        renamed => renamed?,
    }
    Ok(target)
}
