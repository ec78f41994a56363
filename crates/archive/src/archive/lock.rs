//! Who writes, and who only looks: the lock, what was cut short, and whether the paths still name what
//! was opened.

use std::fs::{File, OpenOptions as FileOptions, TryLockError};
use std::io;
use std::path::Path;
use std::sync::PoisonError;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::Archive;
use crate::error::ArchiveError;
use crate::files::refuse_links;
use crate::index;
use crate::journal::{self, Journal};
use crate::layout::Layout;
use crate::owner::Owner;
use crate::place::Identity;
use crate::review;

/// How long those who only look wait for others who write.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often they look meanwhile.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// The paths of the archive at `root`. Links in the path to it are followed once, here.
pub(crate) fn layout_of(root: &Path) -> Result<Layout, ArchiveError> {
    if !root.is_dir() {
        return Err(ArchiveError::NotAnArchive { path: root.to_owned() });
    }
    let root = std::fs::canonicalize(root).map_err(ArchiveError::io(root, "look at the folder"))?;
    Ok(Layout::new(root))
}

pub(super) fn identity_of(root: &Path) -> Result<Identity, ArchiveError> {
    Identity::at(root).map_err(ArchiveError::io(root, "look at the folder"))
}

/// The lock, held. Whoever replaces the file lets others lock another one: what is locked has to be
/// what the path names.
pub(crate) fn locked(layout: &Layout, path: &Path) -> Result<File, ArchiveError> {
    let queue = Queue::open(layout)?;
    loop {
        let lock = open_lock(layout, path)?;
        queue.lock_in_turn(&lock).map_err(ArchiveError::io(path, "take the lock"))?;
        if is_at(&lock, path) {
            return Ok(lock);
        }
    }
}

fn open_lock(layout: &Layout, path: &Path) -> Result<File, ArchiveError> {
    refuse_links(layout.root(), path).map_err(ArchiveError::io(path, "open the lock"))?;
    let mut lock = FileOptions::new();
    let is_new = !path.exists();
    let lock = lock.read(true).write(true).create(true).truncate(false).open(path);
    let lock = lock.map_err(ArchiveError::io(path, "open the lock"))?;
    if is_new {
        Owner::of(layout.root())
            .give(path)
            .map_err(ArchiveError::io(path, "give the lock away"))?;
    }
    Ok(lock)
}

/// Lets those who want the lock have it in turns.
///
/// A lock goes to the one who asks first when it is free, and one that has just let go of it asks before
/// those are awake who wait for it: by itself it would keep them out for as long as it writes. So there is
/// a second lock for the next one in turn, who holds it until it has the first. Where its file is exchanged
/// or another program does not know of it, turns are lost, but no lock.
#[derive(Debug)]
pub(super) struct Queue {
    next: File,
}

impl Queue {
    pub(super) fn open(layout: &Layout) -> Result<Self, ArchiveError> {
        Ok(Self { next: open_lock(layout, &layout.next_lock())? })
    }

    fn lock_in_turn(&self, lock: &File) -> io::Result<()> {
        waited_for(&self.next)?;
        let locked = waited_for(lock);
        let _ = self.next.unlock();
        locked
    }
}

/// Locks a file, however long that takes.
#[cfg(not(windows))]
fn waited_for(file: &File) -> io::Result<()> {
    file.lock()
}

/// Locks a file, however long that takes. It is asked for again and again: under wine, who waits for a lock
/// may be refused it, or never hear that it is free.
#[cfg(windows)]
fn waited_for(file: &File) -> io::Result<()> {
    loop {
        match file.try_lock() {
            Err(std::fs::TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(2)),
            Err(std::fs::TryLockError::Error(error)) => return Err(error),
            Ok(()) => return Ok(()),
        }
    }
}

/// Whether a path names this file.
fn is_at(file: &File, path: &Path) -> bool {
    matches!((Identity::of_file(file), Identity::at(path)), (Ok(file), Ok(named)) if file == named)
}

/// Who holds it may change the archive.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) connection: Connection,
    /// The file of the index that it writes.
    pub(super) of: Identity,
    pub(super) lock: File,
    pub(super) queue: Queue,
}

impl Archive {
    /// Runs `change` alone among all threads and processes, after what a crash left half done is
    /// finished.
    pub(crate) fn with_lock<T>(
        &self,
        change: impl FnOnce(&mut Writer) -> Result<T, ArchiveError>,
    ) -> Result<T, ArchiveError> {
        self.with_lock_as_it_is(|writer| {
            self.follow_ledger(writer)?;
            change(writer)
        })
    }

    /// As [`with_lock`](Self::with_lock), for those who add no entry to the ledger or repair it: it may
    /// be damaged.
    pub(crate) fn with_lock_as_it_is<T>(
        &self,
        change: impl FnOnce(&mut Writer) -> Result<T, ArchiveError>,
    ) -> Result<T, ArchiveError> {
        let Some(writer) = &self.writer else {
            return Err(ArchiveError::ReadOnly { path: self.layout.root().to_owned() });
        };
        let wait = self.waiting.begin();
        let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.layout.lock();
        self.check_place()?;
        let locked = writer.queue.lock_in_turn(&writer.lock);
        drop(wait);
        locked.map_err(ArchiveError::io(&path, "take the lock"))?;
        let done = self
            .still_ours(&mut writer, &path)
            .and_then(|()| self.recover(&mut writer))
            .and_then(|()| change(&mut writer));
        // The system lets go of it with the process at the latest.
        let _ = writer.lock.unlock();
        done
    }

    /// Makes sure that lock and index are those that their paths name.
    fn still_ours(&self, writer: &mut Writer, path: &Path) -> Result<(), ArchiveError> {
        self.check_place()?;
        if !is_at(&writer.lock, path) {
            // The next in turn may be waiting for the one that is held.
            let _ = writer.lock.unlock();
            writer.lock = locked(&self.layout, path)?;
        }
        if self.index.identity().ok() != Some(writer.of) {
            // Moved aside by a repair, or deleted.
            let (connection, version) = self.index.writer()?;
            let given = Owner::of(self.layout.root()).give(self.index.path());
            given.map_err(ArchiveError::io(self.index.path(), "give it away"))?;
            let of = self.index.identity()?;
            (writer.connection, writer.of) = (connection, of);
            if version == 0 {
                self.refill(writer)?;
            }
        }
        Ok(())
    }

    /// Notices that another folder is where the archive was, or none.
    ///
    /// # Errors
    /// [`ArchiveError::Exchanged`].
    pub fn check_place(&self) -> Result<(), ArchiveError> {
        let root = self.layout.root();
        match Identity::at(root) {
            Ok(found) if found == self.root => Ok(()),
            _ => Err(ArchiveError::Exchanged { path: root.to_owned() }),
        }
    }

    /// Runs `look` while nobody writes. One that is open to be read alone waits for others a moment
    /// at most, and then looks all the same.
    pub(crate) fn while_nobody_writes<T>(
        &self,
        look: impl FnOnce() -> Result<T, ArchiveError>,
    ) -> Result<T, ArchiveError> {
        if self.writer.is_some() {
            return self.with_lock_as_it_is(|_| look());
        }
        let _held = self.shared_lock(PATIENCE);
        look()
    }

    /// Runs `look` while nobody writes, however long that takes to come, also for one that only looks. What
    /// was cut short is finished, or an error where nothing can be changed.
    pub(crate) fn while_all_are_still<T>(
        &self,
        look: impl FnOnce() -> Result<T, ArchiveError>,
    ) -> Result<T, ArchiveError> {
        if self.writer.is_some() {
            return self.with_lock_as_it_is(|writer| {
                self.follow_ledger_if_whole(writer)?;
                look()
            });
        }
        let _held = self.shared_in_turn()?;
        if Journal::read(self.files(), &self.layout)?.is_some() {
            return Err(ArchiveError::Unfinished { path: self.layout.root().to_owned() });
        }
        look()
    }

    /// The lock as those share it who only look, waited for; `None` where there is none.
    fn shared_in_turn(&self) -> Result<Option<File>, ArchiveError> {
        let path = self.layout.lock();
        let failed = || ArchiveError::io(&path, "take the lock");
        loop {
            self.check_place()?;
            let lock = match File::open(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                lock => lock.map_err(failed())?,
            };
            // An older program's archive has no queue.
            let next = File::open(self.layout.next_lock()).ok();
            next.as_ref().map_or(Ok(()), waited_for).map_err(failed())?;
            lock.lock_shared().map_err(failed())?;
            if is_at(&lock, &path) {
                return Ok(Some(lock));
            }
        }
    }

    /// The lock as those share it who only look, for those who wait a moment at most; `None` when somebody
    /// writes all the while, or there is no lock that can be read.
    fn shared_lock(&self, patience: Duration) -> Option<File> {
        let path = self.layout.lock();
        let begun = Instant::now();
        loop {
            let lock = File::open(&path).ok()?;
            match lock.try_lock_shared() {
                Ok(()) if is_at(&lock, &path) => return Some(lock),
                Err(TryLockError::Error(_)) => return None,
                Ok(()) | Err(TryLockError::WouldBlock) => {}
            }
            if begun.elapsed() >= patience {
                return None;
            }
            thread::sleep(LOOK_AGAIN);
        }
    }

    /// The change that was cut short and that nobody is finishing, for those who only look.
    pub(crate) fn unfinished(&self) -> Result<Option<Journal>, ArchiveError> {
        if self.writer.is_some() || Journal::read(self.files(), &self.layout)?.is_none() {
            return Ok(None);
        }
        let _held = self.shared_lock(PATIENCE);
        Journal::read(self.files(), &self.layout)
    }

    /// A sentence on a change that was cut short, where the archive is open to be read alone: it is
    /// not finished by looking.
    pub fn waiting(&self) -> Option<String> {
        match self.unfinished() {
            Ok(None) => None,
            Ok(Some(journal)) => Some(format!(
                "{}: a change of {} was cut short: the next import, review or repair finishes it; until then it may show in part",
                self.layout.journal().display(),
                match journal.places().count() {
                    1 => "1 event".to_owned(),
                    n => format!("{n} events"),
                }
            )),
            Err(error) => Some(error.to_string()),
        }
    }

    /// Finishes a change that was cut short.
    fn recover(&self, writer: &mut Writer) -> Result<(), ArchiveError> {
        let Some(journal) = Journal::read(self.files(), &self.layout)? else { return Ok(()) };
        journal.put_in_place(self.files(), &self.layout)?;
        let mut there = Vec::new();
        for (serial, filename) in &journal.events {
            let path = self.layout.event(serial, filename).sidecar();
            let len = self.files.len(&path);
            if len.map_err(ArchiveError::io(&path, "look at the sidecar"))?.is_some() {
                there.push((serial, filename, self.read_sidecar(&path)?));
            }
        }
        // A journal of the first version may be of a review.
        let reviews = match self.ledger_len()? {
            Some(_) => Vec::new(),
            None => review::read_log(self)?.into_iter().map(|(review, _)| review).collect(),
        };
        self.commit(writer, |transaction| {
            for of in &journal.moves {
                index::move_row(transaction, &of.from, &of.to)?;
            }
            for (serial, filename, sidecar) in &there {
                let changed = index::next_change(transaction)?;
                index::store(transaction, serial, filename, sidecar, changed)?;
            }
            for of in &journal.removals {
                if let Some((id, _)) = index::at_place(transaction, &of.of.0, &of.of.1)? {
                    index::remove(transaction, id)?;
                }
            }
            review::store_all(transaction, &reviews)?;
            // In the same commit: no row is there without its entry. What is wrong with the ledger is left
            // to the next look at it.
            self.learn(transaction).map(drop)
        })?;
        journal.leave_old_places(self.files(), &self.layout)?;
        journal::forget(self.files(), &self.layout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// Wine unlocks a file and then says that it was locked, where Windows says that it was not.
    fn let_go(file: &File) {
        let unlocked = file.unlock();
        assert!(unlocked.is_ok() || cfg!(windows), "{unlocked:?}");
    }

    #[test]
    fn one_that_lets_go_of_the_lock_and_wants_it_again_comes_after_those_who_wait() {
        let folder = tempfile::tempdir().unwrap();
        let layout = layout_of(folder.path()).unwrap();
        std::fs::create_dir(layout.own_folder()).unwrap();
        let opened = || {
            let lock = open_lock(&layout, &layout.lock()).unwrap();
            (Queue::open(&layout).unwrap(), lock)
        };
        let (queue, lock) = opened();
        for _ in 0..30 {
            queue.lock_in_turn(&lock).unwrap();
            let order = Mutex::new(Vec::new());
            thread::scope(|scope| {
                scope.spawn(|| {
                    let (queue, lock) = opened();
                    queue.lock_in_turn(&lock).unwrap();
                    order.lock().unwrap().push("the one who waited");
                });
                // Until it is the next in turn.
                let probe = Queue::open(&layout).unwrap().next;
                while probe.try_lock().is_ok() {
                    let_go(&probe);
                    thread::sleep(Duration::from_millis(1));
                }
                let_go(&lock);
                queue.lock_in_turn(&lock).unwrap();
                order.lock().unwrap().push("the one who had it");
                let_go(&lock);
            });
            assert_eq!(*order.lock().unwrap(), ["the one who waited", "the one who had it"]);
        }
    }
}
