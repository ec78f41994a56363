//! The folder of a result while it is unfinished: locked, gone on with, and put into its place whole.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::file::{folder_of, rename, sync_folder, temporary_prefix};
use crate::{ExportError, Target};

/// The record of what is done, and the lock of who works on it.
const RECORD: &str = "wavekeep-done.txt";
/// What a folder of the format has.
const ZARR_JSON: &str = "zarr.json";

/// An unfinished result beside its place: `.run.zarr.wavekeep-part`. A run that is interrupted leaves
/// it, and the same run goes on with it.
pub(super) struct Unfinished {
    place: PathBuf,
    /// Whether a result that stands at the place may be replaced.
    overwrite: bool,
    part: PathBuf,
    /// Locked while this lives.
    record: File,
    /// Checksums of what is done, by name.
    done: HashMap<String, u32>,
}

impl Unfinished {
    /// Begins `place`, or goes on with what an interrupted run left of it.
    ///
    /// # Errors
    /// When something stands there that may not be replaced, or another process works on it.
    pub(super) fn begin(place: &Path, overwrite: bool) -> Result<Self, ExportError> {
        let refused = |source| ExportError::File { path: place.to_owned(), source };
        replaced(place, overwrite)?;
        let part = part_of(place).map_err(refused)?;
        match fs::create_dir(&part) {
            Ok(()) => {}
            // A link would lead anywhere.
            Err(_) if fs::symlink_metadata(&part).is_ok_and(|found| found.is_dir()) => {}
            Err(source) => return Err(refused(source)),
        }
        let path = part.join(RECORD);
        let options = File::options().create(true).append(true).read(true).clone();
        let record = options.open(&path).map_err(refused)?;
        match record.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(ExportError::unrepresentable(
                    Target::Zarr,
                    format!("two results at once ({} is being written)", place.display()),
                    "wait until the other one is done",
                ));
            }
            Err(TryLockError::Error(source)) => return Err(refused(source)),
        }
        // A line that was cut is no line.
        let text = fs::read_to_string(&path).unwrap_or_default();
        let lines = text.split_inclusive('\n').filter_map(|line| {
            let (checksum, name) = line.strip_suffix('\n')?.split_once(' ')?;
            Some((name.to_owned(), u32::from_str_radix(checksum, 16).ok()?))
        });
        let mut unfinished =
            Self { place: place.to_owned(), overwrite, part, record, done: HashMap::new() };
        for (name, checksum) in lines {
            unfinished.remember(name, checksum);
        }
        Ok(unfinished)
    }

    /// Where the result is put together.
    pub(super) fn path(&self) -> &Path {
        &self.part
    }

    /// Begins the array `name`, or goes on with it: what an interrupted run left of an array with another
    /// document of this checksum is removed.
    pub(super) fn begin_array(&mut self, name: &str, checksum: u32) -> Result<(), ExportError> {
        let entry = entry_of(name);
        if self.done.get(&entry) == Some(&checksum) {
            return Ok(());
        }
        match fs::remove_dir_all(self.part.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(self.refused(error));
            }
            _ => {}
        }
        self.note_entry(entry, checksum)
    }

    /// Whether shard `number` of an array was done of the same bytes by an interrupted run.
    pub(super) fn is_done(&self, array: &str, number: usize, checksum: u32) -> bool {
        self.done.get(&format!("{}/{number}", entry_of(array))) == Some(&checksum)
    }

    /// Notes that shard `number` of an array is done, and synced.
    pub(super) fn note(
        &mut self,
        array: &str,
        number: usize,
        checksum: u32,
    ) -> Result<(), ExportError> {
        self.note_entry(format!("{}/{number}", entry_of(array)), checksum)
    }

    fn note_entry(&mut self, entry: String, checksum: u32) -> Result<(), ExportError> {
        let line = format!("{checksum:08x} {entry}\n");
        self.record.write_all(line.as_bytes()).map_err(|source| self.refused(source))?;
        self.remember(entry, checksum);
        Ok(())
    }

    /// The shards of another array of this name are none of this one.
    fn remember(&mut self, entry: String, checksum: u32) {
        let shards = entry.ends_with('"').then(|| format!("{entry}/"));
        let before = self.done.insert(entry, checksum);
        if let Some(shards) = shards.filter(|_| before.is_some_and(|before| before != checksum)) {
            self.done.retain(|other, _| !other.starts_with(&shards));
        }
    }

    fn refused(&self, source: io::Error) -> ExportError {
        ExportError::File { path: self.place.clone(), source }
    }

    /// Removes all in the folder that is none of `arrays` and does not lie in one of them: what an
    /// interrupted run of other arrays left.
    pub(super) fn keep_only(&self, arrays: &[String]) -> Result<(), ExportError> {
        let groups = arrays.iter().flat_map(|it| it.match_indices('/').map(|(end, _)| &it[..end]));
        let kept =
            Kept { arrays: arrays.iter().map(String::as_str).collect(), groups: groups.collect() };
        kept.prune(&self.part, "").map_err(|source| self.refused(source))
    }

    /// Syncs the folders, whose files are synced, and gives the result its name. A result that it
    /// replaces stands beside it until then.
    pub(super) fn finish(self) -> Result<(), ExportError> {
        let refused = |source| ExportError::File { path: self.place.clone(), source };
        // What appeared there meanwhile is not replaced unasked either.
        let is_there = replaced(&self.place, self.overwrite)?;
        fs::remove_file(self.part.join(RECORD)).map_err(refused)?;
        sync_all(&self.part).map_err(refused)?;
        let old = is_there.then(|| {
            let prefix = temporary_prefix();
            tempfile::Builder::new().prefix(&prefix).tempdir_in(folder_of(&self.place))
        });
        let old = old.transpose().map_err(refused)?;
        if let Some(old) = &old {
            rename(&self.place, &old.path().join("replaced")).map_err(refused)?;
        }
        if let Err(source) = rename(&self.part, &self.place) {
            if let Some(old) = &old {
                // The old result has its name again.
                let _ = fs::rename(old.path().join("replaced"), &self.place);
            }
            return Err(refused(source));
        }
        sync_folder(folder_of(&self.place)).map_err(refused)
    }
}

/// What of a folder is kept.
struct Kept<'a> {
    arrays: BTreeSet<&'a str>,
    groups: BTreeSet<&'a str>,
}

impl Kept<'_> {
    /// Removes all else of `folder`, which stands at `within` below the root.
    fn prune(&self, folder: &Path, within: &str) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if within.is_empty() { name.clone() } else { format!("{within}/{name}") };
            if self.arrays.contains(path.as_str()) || name == RECORD && within.is_empty() {
                continue;
            }
            match entry.file_type()?.is_dir() {
                true if self.groups.contains(path.as_str()) => self.prune(&entry.path(), &path)?,
                true => fs::remove_dir_all(entry.path())?,
                false => fs::remove_file(entry.path())?,
            }
        }
        Ok(())
    }
}

/// Whether a result stands at `place`; an error where one may not be replaced, and where something
/// else stands there.
fn replaced(place: &Path, overwrite: bool) -> Result<bool, ExportError> {
    match fs::symlink_metadata(place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(ExportError::File { path: place.to_owned(), source }),
        Ok(_) if !overwrite => Err(ExportError::Exists { path: place.to_owned() }),
        Ok(found) if found.is_dir() && place.join(ZARR_JSON).is_file() => Ok(true),
        Ok(_) => Err(ExportError::NotAFile { path: place.to_owned() }),
    }
}

/// An array in the record: in quotes, without line ends.
fn entry_of(array: &str) -> String {
    format!("{array:?}")
}

/// Where the result is put together.
fn part_of(place: &Path) -> io::Result<PathBuf> {
    let name = place.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    Ok(folder_of(place).join(format!(".{}.wavekeep-part", name.to_string_lossy())))
}

/// Removes what a run left.
pub(super) fn abandon(place: &Path) -> Result<(), ExportError> {
    let removed = part_of(place).and_then(fs::remove_dir_all);
    removed.map_err(|source| ExportError::File { path: place.to_owned(), source })
}

/// Syncs a folder and those in it.
fn sync_all(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_all(&entry.path())?;
        }
    }
    sync_folder(folder)
}
