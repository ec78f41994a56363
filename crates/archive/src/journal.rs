//! Several files that change as one.
//!
//! New contents are written as temporaries beside their targets. When all of them are synced, a
//! journal that lists the renames takes its place, and from then on the change *will* happen: a
//! crash later is finished by whoever opens the archive next. A crash before leaves the old state
//! and temporaries, which begin with [`TEMPORARY_PREFIX`].
//!
//! Sidecars are renamed last, behind a barrier of their own, for programs that know nothing of the
//! journal: an event exists when its sidecar does. An event that moves is written at its new place
//! like a new one; the old place is cleared after that, its sidecar first.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use crate::ArchiveError;
use crate::files::FileSystem;
use crate::layout::{Layout, SIDECAR_SUFFIX, TEMPORARY_PREFIX};
use crate::review::last_number;

/// A change of files that happens as a whole or not at all.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    files: &'a dyn FileSystem,
    layout: &'a Layout,
    journal: Journal,
}

/// What is on disk while a change happens. Paths are relative to the root.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Journal {
    version: u32,
    renames: Vec<Rename>,
    /// Lines for the review log, each with its number.
    review: Vec<ReviewLine>,
    /// The events whose rows follow: serial and file name.
    pub(crate) events: Vec<(String, String)>,
    /// The events that leave one place for another. What lies at the old place goes when the new
    /// one is safe.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) moves: Vec<Move>,
}

/// An event that leaves a place for another one, which is among the journal's events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Move {
    /// Serial and file name of the place that it leaves.
    pub(crate) from: (String, String),
    /// Serial and file name of its new place.
    pub(crate) to: (String, String),
    /// The files at the old place, relative to the root, the sidecar first.
    pub(crate) removes: Vec<PathBuf>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Rename {
    from: PathBuf,
    to: PathBuf,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct ReviewLine {
    number: i64,
    line: String,
}

/// New contents of one file, written and not yet in its place.
#[derive(Debug)]
pub(crate) struct Staged(Rename);

const VERSION: u32 = 1;

/// Writes `bytes` beside `target`, to be put into its place by a [`Change`].
pub(crate) fn stage(
    files: &dyn FileSystem,
    layout: &Layout,
    target: &Path,
    bytes: &[u8],
) -> Result<Staged, ArchiveError> {
    static TURN: AtomicU64 = AtomicU64::new(0);
    let folder = target.parent().unwrap_or(layout.root());
    loop {
        let turn = TURN.fetch_add(1, Ordering::Relaxed);
        let temporary = folder.join(format!("{TEMPORARY_PREFIX}{}-{turn}", process::id()));
        match files.write_new(&temporary, bytes) {
            Ok(()) => {
                let relative =
                    |path: &Path| path.strip_prefix(layout.root()).unwrap_or(path).to_owned();
                return Ok(Staged(Rename { from: relative(&temporary), to: relative(target) }));
            }
            // Left by a process of the same number that crashed.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(source) => {
                // What could not be written whole is no use to anybody.
                let _ = files.remove(&temporary);
                return Err(ArchiveError::io(target, "write the file")(source));
            }
        }
    }
}

/// Takes back what was staged.
pub(crate) fn discard(files: &dyn FileSystem, layout: &Layout, staged: Vec<Staged>) {
    for Staged(rename) in staged {
        // What cannot be removed now is a leftover with a name that says so.
        let _ = files.remove(&layout.root().join(rename.from));
    }
}

impl<'a> Change<'a> {
    pub(crate) fn new(files: &'a dyn FileSystem, layout: &'a Layout) -> Self {
        let journal = Journal { version: VERSION, ..Journal::default() };
        Self { files, layout, journal }
    }

    /// Adds an event with its staged files.
    pub(crate) fn event(&mut self, serial: &str, filename: &str, staged: Vec<Staged>) {
        self.journal.events.push((serial.to_owned(), filename.to_owned()));
        self.journal.renames.extend(staged.into_iter().map(|Staged(rename)| rename));
    }

    /// Adds that an event leaves another place for one that was added.
    pub(crate) fn moves(&mut self, of: Move) {
        self.journal.moves.push(of);
    }

    /// Adds a line for the review log.
    pub(crate) fn review(&mut self, number: i64, line: String) {
        self.journal.review.push(ReviewLine { number, line });
    }

    /// Makes the change happen, then `follow` (the index), and forgets the journal.
    pub(crate) fn happen(
        self,
        follow: impl FnOnce() -> Result<(), ArchiveError>,
    ) -> Result<(), ArchiveError> {
        if let Err(error) = self.publish() {
            // A journal that stays will be followed: what it names must stay too.
            if forget(self.files, self.layout).is_ok() {
                let staged = self.journal.renames.into_iter().map(Staged).collect();
                discard(self.files, self.layout, staged);
            }
            return Err(error);
        }
        self.journal.finish(self.files, self.layout)?;
        follow()?;
        forget(self.files, self.layout)?;
        if self.journal.moves.is_empty() {
            return Ok(());
        }
        // A journal that came back after a power cut would remove what may be new by then.
        let own = self.layout.own_folder();
        let synced = self.files.sync(&[], std::slice::from_ref(&own));
        synced.map_err(ArchiveError::io(&own, "sync the folder"))
    }

    /// Everything that is staged is safe, then the journal is there.
    fn publish(&self) -> Result<(), ArchiveError> {
        let journal = self.layout.journal();
        let failed = |action| ArchiveError::io(&journal, action);
        let bytes = serde_json::to_vec(&self.journal)
            .map_err(|error| failed("write the journal")(error.into()))?;
        let staged = stage(self.files, self.layout, &journal, &bytes)?;
        let root = self.layout.root();
        let temporary = root.join(&staged.0.from);
        let mut files: Vec<PathBuf> =
            self.journal.renames.iter().map(|rename| root.join(&rename.from)).collect();
        files.push(temporary.clone());
        // The folders too: a new one must be listed by the root.
        let synced = self.files.sync(&files, &self.journal.folders(self.layout));
        let published = synced.and_then(|()| self.files.rename(&temporary, &journal));
        if published.is_err() {
            discard(self.files, self.layout, vec![staged]);
        }
        published.map_err(failed("publish the journal"))?;
        self.files.sync(&[], &[self.layout.own_folder()]).map_err(failed("sync the journal"))
    }
}

impl Journal {
    /// The journal of a change that was not finished, if there is one.
    pub(crate) fn read(
        files: &dyn FileSystem,
        layout: &Layout,
    ) -> Result<Option<Self>, ArchiveError> {
        let path = layout.journal();
        if files.len(&path).map_err(ArchiveError::io(&path, "look for the journal"))?.is_none() {
            return Ok(None);
        }
        let bytes = files.read(&path).map_err(ArchiveError::io(&path, "read the journal"))?;
        let damaged = |what: String| ArchiveError::Damaged { path: path.clone(), what };
        let journal: Self = serde_json::from_slice(&bytes)
            .map_err(|error| damaged(format!("the journal cannot be read ({error})")))?;
        if journal.version != VERSION {
            let what = format!("version {} of the journal: use a newer program", journal.version);
            return Err(damaged(what));
        }
        Ok(Some(journal))
    }

    /// Puts everything into its place. What is there already stays, so it can be done again.
    pub(crate) fn finish(
        &self,
        files: &dyn FileSystem,
        layout: &Layout,
    ) -> Result<(), ArchiveError> {
        self.append_review(files, layout)?;
        let is_sidecar = |rename: &&Rename| rename.to.to_string_lossy().ends_with(SIDECAR_SUFFIX);
        let (sidecars, others): (Vec<_>, Vec<_>) = self.renames.iter().partition(is_sidecar);
        let folders = self.folders(layout);
        for renames in [others, sidecars] {
            if renames.is_empty() {
                continue;
            }
            for Rename { from, to } in renames {
                let (from, to) = (layout.root().join(from), layout.root().join(to));
                match files.rename(&from, &to) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(ArchiveError::io(&to, "put the file into its place")(error));
                    }
                    _ => {}
                }
            }
            files
                .sync(&[], &folders)
                .map_err(ArchiveError::io(layout.root(), "sync the folders"))?;
        }
        self.leave_old_places(files, layout)
    }

    /// Removes what was moved from where it was: the same bytes are safe at the new place.
    fn leave_old_places(
        &self,
        files: &dyn FileSystem,
        layout: &Layout,
    ) -> Result<(), ArchiveError> {
        let root = layout.root();
        let mut folders = BTreeSet::new();
        for path in self.moves.iter().flat_map(|of| &of.removes) {
            let path = root.join(path);
            match files.remove(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(ArchiveError::io(&path, "remove the file that was moved")(error));
                }
                _ => {}
            }
            folders.extend(path.parent().map(Path::to_owned));
        }
        if folders.is_empty() {
            return Ok(());
        }
        let folders: Vec<PathBuf> = folders.into_iter().collect();
        files.sync(&[], &folders).map_err(ArchiveError::io(root, "sync the folders"))
    }

    /// Lines that are in the log already are not written again.
    fn append_review(&self, files: &dyn FileSystem, layout: &Layout) -> Result<(), ArchiveError> {
        if self.review.is_empty() {
            return Ok(());
        }
        let path = layout.review_log();
        let (last, is_whole) = log_end(files, &path)?;
        let mut text = String::new();
        for ReviewLine { line, .. } in self.review.iter().filter(|line| line.number > last) {
            text.push_str(line);
            text.push('\n');
        }
        if text.is_empty() {
            return Ok(());
        }
        if !is_whole {
            // A line that a crash cut: it ends here, and readers leave it out.
            text.insert(0, '\n');
        }
        files
            .append(&path, text.as_bytes())
            .map_err(ArchiveError::io(&path, "append to the log"))?;
        files
            .sync(&[], &[layout.own_folder()])
            .map_err(ArchiveError::io(&path, "sync the folder of the log"))
    }

    fn folders(&self, layout: &Layout) -> Vec<PathBuf> {
        let parents = self.renames.iter().filter_map(|rename| rename.to.parent());
        let mut folders: Vec<PathBuf> = parents.map(|folder| layout.root().join(folder)).collect();
        folders.push(layout.root().to_owned());
        folders.sort();
        folders.dedup();
        folders
    }
}

/// Number of the last whole line of the log, and whether the log ends with a whole line.
fn log_end(files: &dyn FileSystem, path: &Path) -> Result<(i64, bool), ArchiveError> {
    let failed = |action| ArchiveError::io(path, action);
    let Some(len) = files.len(path).map_err(failed("look at the log"))? else {
        return Ok((0, true));
    };
    let mut tail_len = 64 << 10;
    loop {
        let tail = files.read_tail(path, tail_len).map_err(failed("read the log"))?;
        let last = last_number(&tail);
        if last.is_some() || tail_len >= len {
            return Ok((last.unwrap_or(0), tail.is_empty() || tail.ends_with(b"\n")));
        }
        tail_len *= 16;
    }
}

/// The change is done: files and index agree.
pub(crate) fn forget(files: &dyn FileSystem, layout: &Layout) -> Result<(), ArchiveError> {
    let journal = layout.journal();
    match files.remove(&journal) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(ArchiveError::io(&journal, "remove the journal")(error))
        }
        _ => Ok(()),
    }
}
