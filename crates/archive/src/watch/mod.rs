//! Watching folders: what is whole is imported.
//!
//! What the system tells of changes only wakes the watcher up; what is there is found by looking.
//! So nothing is lost when a file came while nobody watched, or when the system tells nothing, as
//! on network drives. A file counts as finished when it has not changed for a while. An event that
//! is not whole by its content then, since its upload pauses, is left for longer. The watcher
//! outlives a folder that is away, a disk that is full and files that cannot be read: it says so, and
//! tries again.

mod folder;
mod known;

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use derive_setters::Setters;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use rayon::prelude::*;

use crate::import::{Account, Fate, ImportOptions, Imported, Listener};
use crate::{Archive, ArchiveError};

pub use folder::Ignore;
use folder::{Found, Seen, Stamp, files, is_cut, move_to_done};
use known::Known;

/// How folders are watched.
#[derive(Debug, Clone, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct WatchOptions {
    /// A file is finished when it has not changed for so long.
    pub settle: Duration,
    /// An event that is not whole by its content is taken all the same, as damaged, when it has not
    /// changed for so long.
    pub incomplete: Duration,
    /// The folders are looked through at least so often.
    pub rescan: Duration,
    /// Ends when everything that is there is in and has settled.
    pub once: bool,
    /// Files that are left alone.
    pub ignore: Ignore,
    /// Where files go that were imported; they stay where they are without.
    pub done: Option<PathBuf>,
}

impl Default for WatchOptions {
    fn default() -> Self {
        Self {
            settle: Duration::from_secs(30),
            incomplete: Duration::from_secs(3600),
            rescan: Duration::from_secs(60),
            once: false,
            ignore: Ignore::default(),
            done: None,
        }
    }
}

/// A folder that is watched.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WatchedFolder {
    /// Where it is.
    pub path: PathBuf,
    /// How its files are imported.
    pub import: ImportOptions,
}

impl WatchedFolder {
    /// A folder whose files are imported in this way.
    pub fn new(path: impl Into<PathBuf>, import: ImportOptions) -> Self {
        Self { path: path.into(), import }
    }
}

/// What a watcher has to say.
#[derive(Debug)]
#[non_exhaustive]
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
    /// The folders were looked through.
    Looked(Backlog),
}

/// Files that are not imported yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backlog {
    /// Files that were found.
    pub files: u64,
    /// Of these, files that changed a moment ago.
    pub settling: u64,
    /// Of these, events that are not whole by their content.
    pub incomplete: u64,
    /// Whether something fails that may pass.
    pub has_trouble: bool,
}

/// How long the watcher sleeps at most, so that it hears of a stop.
const NAP: Duration = Duration::from_millis(100);
/// How soon what failed is tried again; each time twice as late, up to the time between two looks.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// A folder at work.
struct Place<'a> {
    folder: &'a WatchedFolder,
    seen: HashMap<PathBuf, Seen>,
    known: Known,
    trouble: Option<String>,
}

/// A watcher at work.
struct Work<'a, 'l> {
    archive: &'a Archive,
    options: &'a WatchOptions,
    stop: &'a AtomicBool,
    /// Folders that are none of those that are watched: the archive, and where imported files go.
    without: BTreeSet<PathBuf>,
    /// Links that were named.
    links: BTreeSet<PathBuf>,
    listener: Listener<'l>,
    watched: &'a mut dyn FnMut(Watched<'_>),
}

impl Archive {
    /// Watches `folders` and imports what settles in them, until `stop`. Files that are there already
    /// are imported first; those that are in the archive are recognised, and those that an earlier watcher
    /// imported are not read again. `listener` hears of each file, `watched` of each import and of what
    /// keeps the watcher from its work.
    ///
    /// # Errors
    /// When a folder is not there at the beginning; with `once`, whatever fails. Otherwise it is
    /// said and tried again.
    pub fn watch(
        &self,
        folders: &[WatchedFolder],
        options: &WatchOptions,
        stop: &AtomicBool,
        listener: Listener<'_>,
        watched: &mut dyn FnMut(Watched<'_>),
    ) -> Result<(), ArchiveError> {
        // A slip of the pen is no folder that went away.
        for WatchedFolder { path, .. } in folders {
            fs::read_dir(path).map_err(ArchiveError::io(path, "list the folder"))?;
        }
        if let Some(done) = &options.done {
            fs::create_dir_all(done).map_err(ArchiveError::io(done, "make the folder"))?;
        }
        let (wake, woken) = channel();
        let watcher = notify::recommended_watcher(move |_| {
            let _ = wake.send(());
        });
        // Without it, the folders are looked through all the same.
        let mut system = watcher.ok();
        folders.iter().for_each(|folder| listen(&mut system, &folder.path));
        let mut places: Vec<Place<'_>> = folders
            .iter()
            .map(|folder| Place {
                folder,
                seen: HashMap::new(),
                known: Known::read(self.layout(), &folder.path),
                trouble: None,
            })
            .collect();
        let without = [Some(self.layout().root()), options.done.as_deref()];
        let without = without.into_iter().flatten();
        let mut work = Work {
            archive: self,
            options,
            stop,
            without: without.filter_map(|path| fs::canonicalize(path).ok()).collect(),
            links: BTreeSet::new(),
            listener,
            watched,
        };
        let mut failures = 0;
        while !stop.load(Ordering::Relaxed) {
            let looked = Instant::now();
            let mut backlog = Backlog::default();
            for place in &mut places {
                match work.look(place, &mut backlog) {
                    Ok(()) if place.trouble.take().is_some() => {
                        (work.watched)(Watched::Passed);
                        // A folder that came back is another one to the system.
                        listen(&mut system, &place.folder.path);
                    }
                    Ok(()) => {}
                    Err(error) if options.once => return Err(error),
                    Err(error) => {
                        backlog.has_trouble = true;
                        work.say(place, error.to_string());
                    }
                }
            }
            (work.watched)(Watched::Looked(backlog));
            let is_settling = backlog.settling > 0;
            if options.once && !is_settling {
                return Ok(());
            }
            failures = if backlog.has_trouble { failures + 1 } else { 0 };
            let wait = match failures {
                0 if is_settling => options.settle,
                0 => options.rescan,
                n => options.rescan.min(FIRST_RETRY * 2_u32.saturating_pow(n - 1)),
            };
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
    fn say(&mut self, place: &mut Place<'_>, trouble: String) {
        if place.trouble.as_ref() != Some(&trouble) {
            (self.watched)(Watched::Trouble(&trouble));
            place.trouble = Some(trouble);
        }
    }

    /// Imports what is whole, and adds what is not to the backlog.
    fn look(&mut self, place: &mut Place<'_>, backlog: &mut Backlog) -> Result<(), ArchiveError> {
        let now = Instant::now();
        let top = &place.folder.path;
        let Found { files: found, links } = files(top, &self.options.ignore, &self.without)?;
        self.name_links(&links);
        place.seen.retain(|path, _| found.contains_key(path));
        backlog.files += found.len() as u64;
        let mut settled = Vec::new();
        for (path, stamp) in found {
            let below = path.strip_prefix(top).unwrap_or(&path);
            let one = place.seen.entry(path.clone()).or_insert_with(|| Seen {
                is_done: place.known.has(below, stamp),
                ..Seen::new(stamp, now)
            });
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
                backlog.settling += 1;
            }
        }
        settled.sort();
        let ready = self.whole(place, settled, now);
        let imported = if ready.is_empty() { Ok(()) } else { self.import(place, &ready) };
        let waits = |one: &&Seen| one.is_incomplete && !one.is_done;
        backlog.incomplete += place.seen.values().filter(waits).count() as u64;
        imported
    }

    /// Imports files that are whole, keeps that they were, and moves them away where that is asked for.
    fn import(&mut self, place: &mut Place<'_>, ready: &[PathBuf]) -> Result<(), ArchiveError> {
        let [mut failed, mut unreadable, mut skipped] = [const { BTreeSet::<PathBuf>::new() }; 3];
        let listener = &mut *self.listener;
        let import = &place.folder.import;
        let account = self.archive.import(ready, import, self.stop, &mut |imported| {
            match imported.fate {
                Fate::Failed { kind, .. } => {
                    // One in a zip or tar archive stands behind the archive's path.
                    failed.insert(PathBuf::from(&imported.path));
                    if kind == "io" {
                        unreadable.insert(PathBuf::from(&imported.path));
                    }
                }
                Fate::Skipped { .. } => drop(skipped.insert(PathBuf::from(&imported.path))),
                _ => {}
            }
            listener(imported);
        })?;
        (self.watched)(Watched::Imported(&account));
        if let Some(what) = account.stopped_by {
            let path = self.archive.layout().root().to_owned();
            return Err(ArchiveError::Damaged { path, what });
        }
        for path in unreadable {
            let is_unreadable = fs::File::open(&path).is_err();
            if let Some(one) = place.seen.get_mut(&path) {
                one.is_unreadable = is_unreadable;
            }
        }
        if account.stopped {
            return Ok(());
        }
        let (mut known, mut moved) = (Vec::new(), Vec::new());
        for path in ready {
            let Some(one) = place.seen.get_mut(path) else { continue };
            one.is_done = true;
            // What failed is tried again by the next watcher: a newer one may understand it.
            if failed.range(path.clone()..).next().is_some_and(|next| next.starts_with(path)) {
                continue;
            }
            let below = path.strip_prefix(&place.folder.path).unwrap_or(path);
            known.push((below.to_owned(), one.stamp));
            if !skipped.contains(path) {
                moved.push(path);
            }
        }
        let own = self.archive.layout().own_folder();
        let kept = place
            .known
            .add(&known, |below| place.seen.contains_key(&place.folder.path.join(below)));
        kept.map_err(ArchiveError::io(&own, "keep which files were imported"))?;
        if let Some(done) = &self.options.done {
            for path in moved {
                move_to_done(path, &place.folder.path, done)
                    .map_err(ArchiveError::io(path, "move the imported file"))?;
            }
        }
        Ok(())
    }

    /// Those of the files that are whole by their content, and those that were waited for long
    /// enough.
    fn whole(
        &mut self,
        place: &mut Place<'_>,
        settled: Vec<PathBuf>,
        now: Instant,
    ) -> Vec<PathBuf> {
        let states: Vec<bool> = settled.par_iter().map(|path| is_cut(path)).collect();
        let mut ready = Vec::new();
        for (path, is_cut) in settled.into_iter().zip(states) {
            let Some(one) = place.seen.get_mut(&path) else { continue };
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
