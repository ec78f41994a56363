//! Watching a folder: what is whole is imported.
//!
//! What the system tells of changes only wakes the watcher up; what is there is found by looking.
//! So nothing is lost when a file came while nobody watched, or when the system tells nothing, as
//! on network drives. A file counts as finished when it has not changed for a while. An event that
//! is not whole by its content then, since its upload pauses, is left for longer. The watcher
//! outlives a folder that is away, a disk that is full and files that cannot be read: it says so, and
//! tries again.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant, SystemTime};

use derive_setters::Setters;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use rayon::prelude::*;
use wavekeep_core::{DecodeOptions, Input};
use wavekeep_formats::{HEAD_LEN, detect};

use crate::import::{Account, Fate, ImportOptions, Imported, Listener};
use crate::layout::{OWN_FOLDER, TEMPORARY_PREFIX};
use crate::{Archive, ArchiveError};

/// How a folder is watched.
#[derive(Debug, Clone, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct WatchOptions {
    /// How files are imported.
    pub import: ImportOptions,
    /// A file is finished when it has not changed for so long.
    pub settle: Duration,
    /// An event that is not whole by its content is taken all the same, as damaged, when it has not
    /// changed for so long.
    pub incomplete: Duration,
    /// The folder is looked through at least so often.
    pub rescan: Duration,
    /// Ends when everything that is there is in and has settled.
    pub once: bool,
}

impl Default for WatchOptions {
    fn default() -> Self {
        Self {
            import: ImportOptions::default(),
            settle: Duration::from_secs(30),
            incomplete: Duration::from_secs(3600),
            rescan: Duration::from_secs(60),
            once: false,
        }
    }
}

/// What a watcher has to say.
#[derive(Debug)]
pub enum Watched<'a> {
    /// How an import went.
    Imported(&'a Account),
    /// An event is not whole by its content: it is left until it changes, or for as long as
    /// [`WatchOptions::incomplete`] says.
    Incomplete(&'a Path),
    /// Something failed that may pass: it is tried again. It is said once until it has passed.
    Trouble(&'a str),
    /// What failed has passed.
    Passed,
}

/// How long the watcher sleeps at most, so that it hears of a stop.
const NAP: Duration = Duration::from_millis(100);

/// What tells whether a file has changed.
type Stamp = (u64, Option<SystemTime>);

/// A file that was seen.
struct Seen {
    stamp: Stamp,
    since: Instant,
    is_done: bool,
    /// It was found not to be whole, as it stands.
    is_incomplete: bool,
    /// It could not be read.
    is_unreadable: bool,
}

impl Seen {
    fn new(stamp: Stamp, since: Instant) -> Self {
        Self { stamp, since, is_done: false, is_incomplete: false, is_unreadable: false }
    }
}

/// What was found in the folder.
#[derive(Default)]
struct Found {
    files: HashMap<PathBuf, Stamp>,
    /// Links, which are not followed.
    links: Vec<PathBuf>,
}

/// A watcher at work.
struct Work<'a, 'l> {
    archive: &'a Archive,
    folder: &'a Path,
    options: &'a WatchOptions,
    stop: &'a AtomicBool,
    seen: HashMap<PathBuf, Seen>,
    /// Links that were named.
    links: BTreeSet<PathBuf>,
    trouble: Option<String>,
    listener: Listener<'l>,
    watched: &'a mut dyn FnMut(Watched<'_>),
}

impl Archive {
    /// Watches `folder` and imports what settles in it, until `stop`. Files that are there already
    /// are imported first; those that are in the archive are recognised. `listener` hears of each
    /// file, `watched` of each import and of what keeps the watcher from its work.
    ///
    /// # Errors
    /// When the folder is not there at the beginning; with `once`, whatever fails. Otherwise it is
    /// said and tried again.
    pub fn watch(
        &self,
        folder: &Path,
        options: &WatchOptions,
        stop: &AtomicBool,
        listener: Listener<'_>,
        watched: &mut dyn FnMut(Watched<'_>),
    ) -> Result<(), ArchiveError> {
        // A slip of the pen is no folder that went away.
        fs::read_dir(folder).map_err(ArchiveError::io(folder, "list the folder"))?;
        let (wake, woken) = channel();
        let watcher = notify::recommended_watcher(move |_| {
            let _ = wake.send(());
        });
        // Without it, the folder is looked through all the same.
        let mut system = watcher.ok();
        listen(&mut system, folder);
        let mut work = Work {
            archive: self,
            folder,
            options,
            stop,
            seen: HashMap::new(),
            links: BTreeSet::new(),
            trouble: None,
            listener,
            watched,
        };
        while !stop.load(Ordering::Relaxed) {
            let looked = Instant::now();
            let is_settling = match work.look() {
                Ok(is_settling) => {
                    if work.trouble.take().is_some() {
                        (work.watched)(Watched::Passed);
                        // A folder that came back is another one to the system.
                        listen(&mut system, folder);
                    }
                    is_settling
                }
                Err(error) if options.once => return Err(error),
                Err(error) => {
                    work.say(error.to_string());
                    false
                }
            };
            if options.once && !is_settling {
                return Ok(());
            }
            let wait = if is_settling { options.settle } else { options.rescan };
            pause(&woken, looked, wait, is_settling, stop);
        }
        Ok(())
    }
}

/// Lets the system tell of changes below the folder.
fn listen(system: &mut Option<RecommendedWatcher>, folder: &Path) {
    if let Some(watcher) = system {
        let _ = watcher.unwatch(folder);
        let _ = watcher.watch(folder, RecursiveMode::Recursive);
    }
}

/// Waits until it is time to look again, or somebody says that there is something new.
fn pause(
    woken: &Receiver<()>,
    looked: Instant,
    wait: Duration,
    is_settling: bool,
    stop: &AtomicBool,
) {
    while looked.elapsed() < wait && !stop.load(Ordering::Relaxed) {
        let nap = NAP.min(wait);
        let is_woken = match woken.recv_timeout(nap) {
            Ok(()) => true,
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => false,
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => {
                std::thread::sleep(nap);
                false
            }
        };
        // Told at once of each of a hundred files: one look is enough.
        while woken.try_recv().is_ok() {}
        if is_woken && !is_settling {
            break;
        }
    }
}

impl Work<'_, '_> {
    /// Says what failed, once until it has passed.
    fn say(&mut self, trouble: String) {
        if self.trouble.as_ref() != Some(&trouble) {
            (self.watched)(Watched::Trouble(&trouble));
            self.trouble = Some(trouble);
        }
    }

    /// Imports what is whole. The answer says whether something may become so soon.
    fn look(&mut self) -> Result<bool, ArchiveError> {
        let now = Instant::now();
        let found = files(self.folder, self.archive.layout().root())?;
        self.name_links(&found.links);
        self.seen.retain(|path, _| found.files.contains_key(path));
        let mut is_settling = false;
        let mut settled = Vec::new();
        for (path, stamp) in found.files {
            let one = self.seen.entry(path.clone()).or_insert_with(|| Seen::new(stamp, now));
            if one.stamp != stamp {
                *one = Seen::new(stamp, now);
            }
            // It may have become readable without having changed.
            if one.is_unreadable && fs::File::open(&path).is_ok() {
                (one.is_unreadable, one.is_done) = (false, false);
            }
            let still = now.duration_since(one.since);
            if one.is_done || (one.is_incomplete && still < self.options.incomplete) {
                continue;
            }
            if still >= self.options.settle {
                settled.push(path);
            } else {
                is_settling = true;
            }
        }
        settled.sort();
        let ready = self.whole(settled, now);
        if ready.is_empty() {
            return Ok(is_settling);
        }
        let mut unreadable = BTreeSet::new();
        let listener = &mut *self.listener;
        let account =
            self.archive.import(&ready, &self.options.import, self.stop, &mut |imported| {
                if let Fate::Failed { kind: "io", .. } = imported.fate {
                    unreadable.insert(PathBuf::from(&imported.path));
                }
                listener(imported);
            })?;
        (self.watched)(Watched::Imported(&account));
        if let Some(what) = account.stopped_by {
            let path = self.archive.layout().root().to_owned();
            return Err(ArchiveError::Damaged { path, what });
        }
        if !account.stopped {
            for path in &ready {
                if let Some(one) = self.seen.get_mut(path) {
                    one.is_done = true;
                }
            }
        }
        for path in unreadable {
            let is_unreadable = fs::File::open(&path).is_err();
            if let Some(one) = self.seen.get_mut(&path) {
                one.is_unreadable = is_unreadable;
            }
        }
        Ok(is_settling)
    }

    /// Those of the files that are whole by their content, and those that were waited for long
    /// enough.
    fn whole(&mut self, settled: Vec<PathBuf>, now: Instant) -> Vec<PathBuf> {
        let states: Vec<bool> = settled.par_iter().map(|path| is_cut(path)).collect();
        let mut ready = Vec::new();
        for (path, is_cut) in settled.into_iter().zip(states) {
            let Some(one) = self.seen.get_mut(&path) else { continue };
            if !is_cut || now.duration_since(one.since) >= self.options.incomplete {
                ready.push(path);
                continue;
            }
            if !one.is_incomplete {
                one.is_incomplete = true;
                (self.watched)(Watched::Incomplete(&path));
            }
        }
        ready
    }

    fn name_links(&mut self, links: &[PathBuf]) {
        for link in links {
            if self.links.insert(link.clone()) {
                let why = "it is a link, and links in a folder are not followed";
                let (path, fate) = (link.display().to_string(), Fate::failed("link", why));
                (self.listener)(&Imported { path, fate });
            }
        }
    }
}

/// Whether a file is an event that is not whole: its upload may go on. What is no event, or cannot be
/// read, is for the import to tell.
fn is_cut(path: &Path) -> bool {
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

/// All files below a folder; hidden files and the archive itself are left out.
fn files(top: &Path, root: &Path) -> Result<Found, ArchiveError> {
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
            if metadata.is_dir() {
                let is_archive = path.canonicalize().is_ok_and(|path| path == *root);
                if name != OWN_FOLDER && !is_archive {
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
