//! A disk in memory that can fail, stop, and lose what was not synced.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use wavekeep_archive::{Entry, FileSystem};

/// What is left of what was not synced when the power goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    /// All of it: only the program was killed.
    Kept,
    /// Nothing: neither contents nor names.
    Dropped,
    /// The names, but only the first half of the contents.
    Torn,
}

#[derive(Debug, Clone, Default)]
struct Inode {
    data: Vec<u8>,
    synced: Option<Vec<u8>>,
}

#[derive(Debug, Clone, Default)]
struct State {
    inodes: Vec<Inode>,
    names: BTreeMap<PathBuf, usize>,
    synced_names: BTreeMap<PathBuf, usize>,
    folders: BTreeSet<PathBuf>,
    steps: usize,
    /// The step that fails, and whether all that follow do too.
    fault: Option<(usize, bool)>,
}

/// The disk. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub struct SimulatedDisk(Arc<Mutex<State>>);

impl SimulatedDisk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Counts steps from here, and lets step `at` fail; with `for_good` all that follow too.
    pub fn fault(&self, at: usize, for_good: bool) {
        let mut state = self.state();
        state.steps = 0;
        state.fault = Some((at, for_good));
    }

    /// Steps since the last [`fault`](Self::fault).
    pub fn steps(&self) -> usize {
        self.state().steps
    }

    /// The disk after the crash.
    pub fn after(&self, crash: Crash) -> Self {
        let mut state = self.state().clone();
        state.fault = None;
        if crash == Crash::Dropped {
            state.names = state.synced_names.clone();
        }
        for inode in &mut state.inodes {
            let left = match (crash, inode.synced.take()) {
                (Crash::Kept, _) => continue,
                (Crash::Dropped, synced) => synced.unwrap_or_default(),
                (Crash::Torn, Some(synced)) if synced == inode.data => synced,
                (Crash::Torn, synced) => {
                    let half = inode.data.len() / 2;
                    let mut torn = inode.data[..half].to_vec();
                    if let Some(synced) = synced.filter(|synced| synced.len() > half) {
                        torn = synced;
                    }
                    torn
                }
            };
            inode.data = left;
            inode.synced = Some(inode.data.clone());
        }
        state.synced_names = state.names.clone();
        Self(Arc::new(Mutex::new(state)))
    }

    /// Every file with its bytes.
    pub fn all(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let state = self.state();
        state
            .names
            .iter()
            .map(|(path, id)| (path.clone(), state.inodes[*id].data.clone()))
            .collect()
    }
}

impl State {
    /// One step: fails when it is its turn.
    fn step(&mut self) -> io::Result<()> {
        let turn = self.steps;
        self.steps += 1;
        match self.fault {
            Some((at, for_good)) if turn == at || (for_good && turn > at) => {
                Err(Error::other("simulated fault"))
            }
            _ => Ok(()),
        }
    }

    fn id(&self, path: &Path) -> io::Result<usize> {
        self.names.get(path).copied().ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn add(&mut self, path: &Path, data: &[u8]) -> usize {
        self.inodes.push(Inode { data: data.to_vec(), synced: None });
        self.names.insert(path.to_owned(), self.inodes.len() - 1);
        self.inodes.len() - 1
    }
}

impl FileSystem for SimulatedDisk {
    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.step()?;
        state.folders.insert(folder.to_owned());
        Ok(())
    }

    fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        if state.names.contains_key(path) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        if let Err(error) = state.step() {
            // A full disk takes a part.
            state.add(path, &bytes[..bytes.len() / 2]);
            return Err(error);
        }
        state.add(path, bytes);
        Ok(())
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let failed = state.step();
        let id = match state.id(path) {
            Ok(id) => id,
            Err(_) => state.add(path, b""),
        };
        let taken = if failed.is_err() { bytes.len() / 2 } else { bytes.len() };
        state.inodes[id].data.extend_from_slice(&bytes[..taken]);
        failed?;
        let data = state.inodes[id].data.clone();
        state.inodes[id].synced = Some(data);
        Ok(())
    }

    fn sync(&self, files: &[PathBuf], folders: &[PathBuf]) -> io::Result<()> {
        let mut state = self.state();
        state.step()?;
        for file in files {
            let id = state.id(file)?;
            let data = state.inodes[id].data.clone();
            state.inodes[id].synced = Some(data);
        }
        let State { names, synced_names, .. } = &mut *state;
        for folder in folders {
            synced_names.retain(|path, _| path.parent() != Some(folder));
            let listed = names.iter().filter(|(path, _)| path.parent() == Some(folder));
            synced_names.extend(listed.map(|(path, id)| (path.clone(), *id)));
        }
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        let id = state.id(from)?;
        state.step()?;
        state.names.remove(from);
        state.names.insert(to.to_owned(), id);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.id(path)?;
        state.step()?;
        state.names.remove(path);
        Ok(())
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let state = self.state();
        Ok(state.inodes[state.id(path)?].data.clone())
    }

    fn read_tail(&self, path: &Path, bytes: u64) -> io::Result<Vec<u8>> {
        let data = self.read(path)?;
        let from = data.len().saturating_sub(usize::try_from(bytes).unwrap_or(usize::MAX));
        Ok(data[from..].to_vec())
    }

    fn len(&self, path: &Path) -> io::Result<Option<u64>> {
        let state = self.state();
        Ok(state.id(path).ok().map(|id| state.inodes[id].data.len() as u64))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        let state = self.state();
        let mut entries = BTreeSet::new();
        for (path, id) in &state.names {
            let Ok(below) = path.strip_prefix(folder) else { continue };
            let mut parts = below.components();
            let Some(first) = parts.next() else { continue };
            let name = first.as_os_str().to_string_lossy().into_owned();
            let is_folder = parts.next().is_some();
            let bytes = if is_folder { 0 } else { state.inodes[*id].data.len() as u64 };
            entries.insert(Entry { name, is_folder, bytes });
        }
        Ok(entries.into_iter().collect())
    }
}
