//! Importing files, folders, zip and tar archives.
//!
//! One thread finds files and puts together what belongs together; workers read, decode and save
//! batches. An import can be stopped at any point and started again: what is in is met as the
//! same.

mod account;
mod adopt;
mod batch;
mod container;
mod folder;
mod pairing;
mod spool;
mod streams;
mod taken_in;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use derive_setters::Setters;
use wavekeep_core::Limits;

use crate::sidecar::Stated;
use crate::{Actor, Archive, ArchiveError};

pub use account::{Account, Failure, Fate, Imported};
use batch::Pending;
pub use container::ContainerLimits;
use spool::Spool;
pub use taken_in::TakenIn;

/// How an import is done.
#[derive(Debug, Clone, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct ImportOptions {
    /// What the caller states of each event.
    pub stated: Stated,
    /// Makes a `.gnz` of each event too.
    pub gnz: bool,
    /// Leaves reports alone.
    pub without_reports: bool,
    /// Leaves streams where they are, instead of copying them into the archive.
    pub adopt: bool,
    /// The name under which streams are kept; the name of their folder when nobody says.
    pub stream_id: Option<String>,
    /// Events that are saved with one sync.
    pub batch: usize,
    /// Who sends what is imported: the user of the machine, where a person imports.
    pub sent_by: Option<String>,
    /// From where: an address; this machine when nobody says.
    pub sent_from: Option<String>,
    /// How far zip and tar archives are followed.
    pub limits: ContainerLimits,
    /// How large an event and its report may be.
    pub decode_limits: Limits,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self {
            stated: Stated::default(),
            gnz: false,
            without_reports: false,
            adopt: false,
            stream_id: None,
            batch: 256,
            sent_by: None,
            sent_from: None,
            limits: ContainerLimits::default(),
            decode_limits: Limits::default(),
        }
    }
}

impl ImportOptions {
    /// Who sends what is imported; `user` where nobody says.
    fn sender(&self, user: &Actor) -> Actor {
        match (&self.sent_by, &self.sent_from) {
            (Some(name), Some(from)) => Actor::at(name, from),
            (Some(name), None) => Actor::from(name.as_str()),
            (None, _) => user.clone(),
        }
    }
}

/// Bytes of source files in one batch: a decoded event takes several times its file.
const BATCH_BYTES: u64 = 8 << 20;
/// While one batch is synced and another one waits for it, a third one is decoded.
const WORKERS: usize = 3;
/// Failures and unknown units that the account names; all of them are counted.
const NAMED: usize = 1000;

/// What hears of each file: called for one at a time, after what it says is saved is safe.
pub type Listener<'a> = &'a mut (dyn FnMut(&Imported) + Send);

impl Archive {
    /// Imports files, folders, zip and tar archives. Formats are told by content; reports are
    /// paired by name with events beside them, above their `TXT` or `CSV` folder, or in the archive
    /// already. `listener` hears of each file; `stop` ends the import between two batches.
    ///
    /// # Errors
    /// When the session cannot be noted. What is wrong with one file is in the account, and so is
    /// why an import ended early.
    pub fn import(
        &self,
        paths: &[PathBuf],
        options: &ImportOptions,
        stop: &AtomicBool,
        listener: Listener<'_>,
    ) -> Result<Account, ArchiveError> {
        let named: Vec<String> =
            paths.iter().take(20).map(|path| path.display().to_string()).collect();
        let session = self.begin_session(&named.join(", "), options.sent_by.as_deref())?;
        let shared = Shared {
            archive: self,
            options,
            stop,
            progress: Mutex::new(Progress { listener, account: Account::default() }),
            late: Mutex::new(Vec::new()),
            spool: Mutex::default(),
        };
        let (sender, receiver) = sync_channel::<Vec<Pending>>(1);
        let receiver = Mutex::new(receiver);
        thread::scope(|scope| {
            for _ in 0..WORKERS {
                scope.spawn(|| shared.work(&receiver));
            }
            let mut finder = Finder { shared: &shared, sender, batch: Vec::new(), bytes: 0 };
            finder.find(paths);
            finder.send();
        });
        shared.pair_late();
        let progress = shared.progress.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut account = progress.account;
        account.session = session;
        account.stopped |= stop.load(Ordering::Relaxed);
        if !account.stopped {
            self.end_session(session, account.counts())?;
        }
        Ok(account)
    }
}

/// What all threads of an import share.
struct Shared<'a> {
    archive: &'a Archive,
    options: &'a ImportOptions,
    stop: &'a AtomicBool,
    progress: Mutex<Progress<'a>>,
    /// Reports whose events were not there when they were met.
    late: Mutex<Vec<Pending>>,
    /// What of them came out of zip and tar archives.
    spool: Mutex<Spool>,
}

struct Progress<'a> {
    listener: Listener<'a>,
    account: Account,
}

impl Shared<'_> {
    fn notify(&self, path: String, fate: Fate) {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let imported = Imported { path, fate };
        progress.account.count(&imported, NAMED);
        (progress.listener)(&imported);
    }

    /// Nothing more is begun: the archive itself fails, or somebody asked.
    fn is_stopped(&self) -> bool {
        let progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.account.stopped || self.stop.load(Ordering::Relaxed)
    }

    fn fail(&self, error: &ArchiveError) {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.account.stopped = true;
        progress.account.stopped_by.get_or_insert_with(|| error.to_string());
    }

    fn work(&self, batches: &Mutex<Receiver<Vec<Pending>>>) {
        loop {
            let next = batches.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(batch) = next else { return };
            // The rest is taken and left, so that the finder does not wait.
            if !self.is_stopped() {
                self.save(batch);
            }
        }
    }
}

/// Finds files and fills batches.
struct Finder<'s, 'a> {
    shared: &'s Shared<'a>,
    sender: SyncSender<Vec<Pending>>,
    batch: Vec<Pending>,
    bytes: u64,
}

impl Finder<'_, '_> {
    fn find(&mut self, paths: &[PathBuf]) {
        // Files of one folder are looked at together: it is listed once.
        let mut files: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
        for path in paths {
            if self.shared.is_stopped() {
                return;
            }
            let name = path.file_name().and_then(|name| name.to_str());
            match (path.is_dir(), name) {
                (true, _) => self.folder(path),
                (false, Some(_)) if wavekeep_smurf::is_bare_name(path) => self.stream(path),
                (false, Some(name)) if path.is_file() => {
                    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
                    files.entry(folder).or_default().push(name.to_owned());
                }
                _ => {
                    let message = match path.symlink_metadata() {
                        Ok(_) => {
                            "it is neither a file nor a folder with a readable name".to_owned()
                        }
                        Err(error) => format!("cannot look at it: {error}"),
                    };
                    self.shared.notify(path.display().to_string(), Fate::failed("io", message));
                }
            }
        }
        for (folder, names) in files {
            self.files(&folder, names);
        }
    }

    fn push(&mut self, pending: Pending) {
        self.bytes += pending.bytes();
        self.batch.push(pending);
        if self.batch.len() >= self.shared.options.batch.max(1) || self.bytes >= BATCH_BYTES {
            self.send();
        }
    }

    fn send(&mut self) {
        self.bytes = 0;
        let batch = std::mem::take(&mut self.batch);
        if !batch.is_empty() {
            // The workers end after the finder: there is always one that takes it.
            let _ = self.sender.send(batch);
        }
    }

    fn notify(&self, path: &Path, fate: Fate) {
        self.shared.notify(path.display().to_string(), fate);
    }
}
