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
    /// Of each change of a name and of each content, by chance, the old or the new state; of some
    /// contents a half. A rename is the one or the other, never neither.
    Mixed(u64),
}

/// How the disk fails from a step on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// This step alone.
    Once,
    /// This one and all that follow: the program was killed.
    Stop,
    /// This one, and all that follow and need room.
    Full,
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
    /// Files and folders that were synced, one after the other.
    synced: usize,
    /// The step that fails, and what becomes of those that follow.
    fault: Option<(usize, Fault)>,
}

/// The disk. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub struct SimulatedDisk(Arc<Mutex<State>>);

impl SimulatedDisk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Counts steps from here, and lets them fail from step `at` on.
    pub fn fault(&self, at: usize, fault: Fault) {
        let mut state = self.state();
        state.steps = 0;
        state.fault = Some((at, fault));
    }

    /// Counts steps from here; none of them fails.
    pub fn no_fault(&self) {
        self.fault(usize::MAX, Fault::Once);
    }

    /// Steps since the last [`fault`](Self::fault).
    pub fn steps(&self) -> usize {
        self.state().steps
    }

    /// Files and folders that were synced so far: each costs a wait for the disk.
    pub fn synced(&self) -> usize {
        self.state().synced
    }

    /// The disk after the crash.
    pub fn after(&self, crash: Crash) -> Self {
        let mut state = self.state().clone();
        state.fault = None;
        let mut coin = match crash {
            Crash::Mixed(seed) => Coin(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
            _ => Coin(1),
        };
        match crash {
            Crash::Kept => return Self(Arc::new(Mutex::new(state))),
            Crash::Dropped => state.names = state.synced_names.clone(),
            Crash::Torn => {}
            Crash::Mixed(_) => state.names = state.mixed_names(&mut coin),
        }
        for inode in &mut state.inodes {
            let synced = inode.synced.take();
            let half = inode.data.len() / 2;
            let torn = |synced: Option<Vec<u8>>| match synced {
                Some(synced) if synced.len() > half || synced == inode.data => synced,
                _ => inode.data[..half].to_vec(),
            };
            inode.data = match crash {
                Crash::Dropped => synced.unwrap_or_default(),
                Crash::Mixed(_) => match coin.next() % 3 {
                    0 => inode.data.clone(),
                    1 => torn(synced),
                    _ => synced.unwrap_or_default(),
                },
                _ => torn(synced),
            };
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

/// Chance that is the same each time.
struct Coin(u64);

impl Coin {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 33
    }
}

impl State {
    /// One step: fails when it is its turn, or when it needs room and there is none.
    fn step(&mut self, needs_room: bool) -> io::Result<()> {
        let turn = self.steps;
        self.steps += 1;
        let Some((at, fault)) = self.fault else { return Ok(()) };
        match fault {
            Fault::Full if turn == at || (needs_room && turn > at) => {
                Err(ErrorKind::StorageFull.into())
            }
            Fault::Stop if turn >= at => Err(Error::other("simulated stop")),
            Fault::Once if turn == at => Err(Error::other("simulated fault")),
            _ => Ok(()),
        }
    }

    /// The names after a power cut: of each change that was not synced, by chance, before or after.
    fn mixed_names(&self, coin: &mut Coin) -> BTreeMap<PathBuf, usize> {
        let mut names = BTreeMap::new();
        let mut is_after = BTreeMap::new();
        for (path, id) in &self.names {
            let after = self.synced_names.get(path) == Some(id)
                || *is_after.entry(*id).or_insert_with(|| coin.next().is_multiple_of(2));
            if after {
                names.insert(path.clone(), *id);
            }
        }
        for (path, id) in &self.synced_names {
            // A file that was renamed is where it was, unless it is where it went.
            let stays = match self.names.get(path) {
                Some(_) => true,
                None => match is_after.get(id) {
                    Some(after) => !after,
                    None => coin.next().is_multiple_of(2),
                },
            };
            if stays {
                names.entry(path.clone()).or_insert(*id);
            }
        }
        names
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
        state.step(true)?;
        state.folders.insert(folder.to_owned());
        Ok(())
    }

    fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        if state.names.contains_key(path) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        if let Err(error) = state.step(true) {
            // A full disk takes a part.
            state.add(path, &bytes[..bytes.len() / 2]);
            return Err(error);
        }
        state.add(path, bytes);
        Ok(())
    }

    fn extend(&self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let failed = state.step(true);
        let id = match state.id(path) {
            Ok(id) => id,
            Err(_) => state.add(path, b""),
        };
        let taken = if failed.is_err() { bytes.len() / 2 } else { bytes.len() };
        let data = &mut state.inodes[id].data;
        data.resize(usize::try_from(at).unwrap(), 0);
        data.extend_from_slice(&bytes[..taken]);
        failed
    }

    fn read_from(&self, path: &Path, at: u64, bytes: u64) -> io::Result<Vec<u8>> {
        let data = self.read(path)?;
        let from = usize::try_from(at).unwrap().min(data.len());
        let end = from.saturating_add(usize::try_from(bytes).unwrap()).min(data.len());
        Ok(data[from..end].to_vec())
    }

    fn sync(&self, files: &[PathBuf], folders: &[PathBuf]) -> io::Result<()> {
        let mut state = self.state();
        state.step(false)?;
        state.synced += files.len() + folders.len();
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
        state.step(false)?;
        state.names.remove(from);
        state.names.insert(to.to_owned(), id);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.id(path)?;
        state.step(false)?;
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
        for path in state.names.keys() {
            let Ok(below) = path.strip_prefix(folder) else { continue };
            let mut parts = below.components();
            let Some(first) = parts.next() else { continue };
            let name = first.as_os_str().to_string_lossy().into_owned();
            let is_folder = parts.next().is_some();
            entries.insert(Entry { name, is_folder });
        }
        Ok(entries.into_iter().collect())
    }
}
