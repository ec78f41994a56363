//! Watching a folder: what settles in it is imported.
//!
//! What the system tells of changes only wakes the watcher up; what is there is found by looking.
//! So nothing is lost when a file came while nobody watched, or when the system tells nothing, as
//! on network drives. A file counts as finished when it has not changed for a while.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant, SystemTime};

use notify::{RecursiveMode, Watcher};

use crate::import::{Account, ImportOptions, Listener};
use crate::layout::{OWN_FOLDER, TEMPORARY_PREFIX};
use crate::{Archive, ArchiveError};

/// How a folder is watched.
#[derive(Debug, Clone)]
pub struct WatchOptions {
    /// How files are imported.
    pub import: ImportOptions,
    /// A file is finished when it has not changed for so long.
    pub settle: Duration,
    /// The folder is looked through at least so often.
    pub rescan: Duration,
    /// Ends when everything that is there is in and has settled.
    pub once: bool,
}

impl Default for WatchOptions {
    fn default() -> Self {
        Self {
            import: ImportOptions::default(),
            settle: Duration::from_secs(2),
            rescan: Duration::from_secs(60),
            once: false,
        }
    }
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
}

impl Archive {
    /// Watches `folder` and imports what settles in it, until `stop`. Files that are there already
    /// are imported first; those that are in the archive are met as the same. `done` hears of the
    /// account of each import.
    ///
    /// # Errors
    /// When the folder cannot be listed or the archive fails; what is wrong with a file is told to
    /// `listener`, and the file is tried again when it changes.
    pub fn watch(
        &self,
        folder: &Path,
        options: &WatchOptions,
        stop: &AtomicBool,
        listener: Listener<'_>,
        done: &mut dyn FnMut(&Account),
    ) -> Result<(), ArchiveError> {
        let (wake, woken) = channel();
        let told = notify::recommended_watcher(move |_| {
            let _ = wake.send(());
        });
        // Without it, the folder is looked through all the same.
        let _watcher = told.and_then(|mut watcher| {
            watcher.watch(folder, RecursiveMode::Recursive)?;
            Ok(watcher)
        });
        let mut seen: HashMap<PathBuf, Seen> = HashMap::new();
        while !stop.load(Ordering::Relaxed) {
            let looked = Instant::now();
            let is_settling = self.look(folder, options, stop, &mut seen, listener, done)?;
            if options.once && !is_settling {
                return Ok(());
            }
            let wait = if is_settling { options.settle } else { options.rescan };
            while looked.elapsed() < wait && !stop.load(Ordering::Relaxed) {
                let is_woken = woken.recv_timeout(NAP.min(wait)).is_ok();
                // Told at once of each of a hundred files: one look is enough.
                while woken.try_recv().is_ok() {}
                if is_woken && !is_settling {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Imports what has settled. The answer says whether something has not.
    fn look(
        &self,
        folder: &Path,
        options: &WatchOptions,
        stop: &AtomicBool,
        seen: &mut HashMap<PathBuf, Seen>,
        listener: Listener<'_>,
        done: &mut dyn FnMut(&Account),
    ) -> Result<bool, ArchiveError> {
        let now = Instant::now();
        let there = files(folder, self.layout().root())?;
        seen.retain(|path, _| there.contains_key(path));
        let mut is_settling = false;
        let mut ready = Vec::new();
        for (path, stamp) in there {
            let one =
                seen.entry(path.clone()).or_insert(Seen { stamp, since: now, is_done: false });
            if one.stamp != stamp {
                *one = Seen { stamp, since: now, is_done: false };
            }
            if one.is_done {
                continue;
            }
            if now.duration_since(one.since) >= options.settle {
                ready.push(path);
            } else {
                is_settling = true;
            }
        }
        if ready.is_empty() {
            return Ok(is_settling);
        }
        ready.sort();
        let account = self.import(&ready, &options.import, stop, listener)?;
        done(&account);
        if let Some(why) = account.stopped_by {
            let path = self.layout().root().to_owned();
            return Err(ArchiveError::Damaged { path, what: why });
        }
        if !account.stopped {
            for path in &ready {
                if let Some(one) = seen.get_mut(path) {
                    one.is_done = true;
                }
            }
        }
        Ok(is_settling)
    }
}

/// All files below a folder; links, hidden files and the archive itself are left out.
fn files(top: &Path, root: &Path) -> Result<HashMap<PathBuf, Stamp>, ArchiveError> {
    let mut found = HashMap::new();
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
            } else if metadata.is_file() && !is_hidden {
                found.insert(path, (metadata.len(), metadata.modified().ok()));
            }
        }
    }
    Ok(found)
}
