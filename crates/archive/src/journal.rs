//! Several files that change as one.
//!
//! New contents are written as temporaries beside their targets. When all of them are synced, a
//! journal that lists the renames takes its place, and from then on the change *will* happen: a
//! crash later is finished by whoever opens the archive next. A crash before leaves the old state
//! and temporaries, which begin with [`TEMPORARY_PREFIX`].
//!
//! Sidecars are renamed last, behind a barrier of their own, for programs that know nothing of the
//! journal: an event exists when its sidecar does. An event that moves is written at its new place
//! like a new one, and its row follows; the old place is cleared after that, its sidecar first. At no
//! moment does the index name a place at which nothing is: those who read need no lock for it.
//!
//! The entries of the ledger that a change is of stand in its journal, with the place that they get in
//! the ledger's file: finishing twice writes them once.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use crate::ArchiveError;
use crate::files::FileSystem;
use crate::layout::{LEDGER, Layout, OWN_FOLDER, SIDECAR_SUFFIX, TEMPORARY_PREFIX, TOKENS};
use crate::ledger::Lines;
use crate::name::{SafeName, is_beside};
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
    /// Lines for the review log, each with its number: of the first version, which had no ledger.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    review: Vec<ReviewLine>,
    /// Where the lines of the ledger begin that the change is of, and those lines.
    #[serde(default)]
    ledger_offset: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ledger: Vec<String>,
    /// The events whose rows follow: serial and file name.
    pub(crate) events: Vec<(String, String)>,
    /// The events that leave one place for another. What lies at the old place goes when the new
    /// one is safe.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) moves: Vec<Move>,
    /// The events that are taken out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) removals: Vec<Removal>,
}

/// An event that is taken out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Removal {
    /// Serial and file name of its place.
    pub(crate) of: (String, String),
    /// Its files, relative to the root, the sidecar first.
    pub(crate) removes: Vec<PathBuf>,
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

impl Rename {
    /// Whether it puts a temporary of this program into a place beside it.
    fn is_ours(&self) -> bool {
        let (Some((folder, name)), Some((to_folder, to))) =
            (two_names(&self.from), two_names(&self.to))
        else {
            return false;
        };
        let is_target = match to_folder {
            OWN_FOLDER => to == LEDGER || to == TOKENS,
            serial => SafeName::folder(serial).is_ok() && is_beside(to),
        };
        folder == to_folder && is_temporary(name) && is_target
    }
}

/// Folder and name of a path that [`Layout::relative`] gave: one slash between them, on every system. Read
/// as a path, `BE11529\x` would have two names on Windows and one elsewhere.
fn two_names(path: &Path) -> Option<(&str, &str)> {
    path.to_str()?.split_once('/')
}

/// Whether a name is one that [`stage`] gives.
fn is_temporary(name: &str) -> bool {
    let numbers = name.strip_prefix(TEMPORARY_PREFIX).and_then(|rest| rest.split_once('-'));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    numbers.is_some_and(|(process, turn)| is_number(process) && is_number(turn))
}

/// What tells which program wrote a journal.
#[derive(Debug, Deserialize)]
struct Version {
    version: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct ReviewLine {
    number: i64,
    line: String,
}

/// New contents of one file, written and not yet in its place.
#[derive(Debug)]
pub(crate) struct Staged(Rename);

const VERSION: u32 = 2;

/// Writes `bytes` beside `target`, to be put into its place by a [`Change`].
pub(crate) fn stage(
    files: &dyn FileSystem,
    layout: &Layout,
    target: &Path,
    bytes: &[u8],
) -> Result<Staged, ArchiveError> {
    stage_by(files, layout, target, &|temporary| files.write_new(temporary, bytes))
}

/// As [`stage`], for a file that its owner alone may read.
pub(crate) fn stage_private(
    files: &dyn FileSystem,
    layout: &Layout,
    target: &Path,
    bytes: &[u8],
) -> Result<Staged, ArchiveError> {
    stage_by(files, layout, target, &|temporary| files.write_private(temporary, bytes))
}

fn stage_by(
    files: &dyn FileSystem,
    layout: &Layout,
    target: &Path,
    write: &dyn Fn(&Path) -> io::Result<()>,
) -> Result<Staged, ArchiveError> {
    static TURN: AtomicU64 = AtomicU64::new(0);
    let folder = target.parent().unwrap_or(layout.root());
    loop {
        let turn = TURN.fetch_add(1, Ordering::Relaxed);
        let temporary = folder.join(format!("{TEMPORARY_PREFIX}{}-{turn}", process::id()));
        match write(&temporary) {
            Ok(()) => {
                let (from, to) = (layout.relative(&temporary), layout.relative(target));
                return Ok(Staged(Rename { from, to }));
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

impl Staged {
    /// Where it is written, relative to the root.
    pub(crate) fn temporary(&self) -> &Path {
        &self.0.from
    }

    /// Puts one file into its place by itself: synced, renamed, its folder synced.
    pub(crate) fn publish(
        self,
        files: &dyn FileSystem,
        layout: &Layout,
    ) -> Result<(), ArchiveError> {
        let (from, to) = (layout.root().join(&self.0.from), layout.root().join(&self.0.to));
        let published =
            files.sync(std::slice::from_ref(&from), &[]).and_then(|()| files.rename(&from, &to));
        if published.is_err() {
            discard(files, layout, vec![self]);
        }
        published.map_err(ArchiveError::io(&to, "put the file into its place"))?;
        let folders: Vec<PathBuf> = to.parent().map(Path::to_owned).into_iter().collect();
        files.sync(&[], &folders).map_err(ArchiveError::io(&to, "sync the folder"))
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

    /// Adds that an event is taken out.
    pub(crate) fn removes(&mut self, of: Removal) {
        self.journal.removals.push(of);
    }

    /// Adds a file of the archive's own.
    pub(crate) fn own_file(&mut self, staged: Staged) {
        self.journal.renames.push(staged.0);
    }

    /// Adds the entries of the ledger.
    pub(crate) fn ledger(&mut self, lines: &Lines) {
        self.journal.ledger_offset = lines.offset();
        self.journal.ledger = lines.texts().map(str::to_owned).collect();
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
        self.journal.put_in_place(self.files, self.layout)?;
        follow()?;
        self.journal.leave_old_places(self.files, self.layout)?;
        forget(self.files, self.layout)?;
        if self.journal.moves.is_empty() && self.journal.removals.is_empty() {
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
        let damaged = |why: String| {
            let what =
                format!("the journal cannot be followed ({why}): `wavekeep repair` sets it aside");
            ArchiveError::Damaged { path: path.clone(), what }
        };
        let version: Version =
            serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        if version.version > VERSION {
            let (found, known) = (version.version.into(), VERSION.into());
            return Err(ArchiveError::Newer { path, what: "journal", found, known });
        }
        let journal: Self =
            serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        match journal.fault() {
            Some(why) => Err(damaged(why)),
            None => Ok(Some(journal)),
        }
    }

    /// What in the journal is not of the form that this program makes. Whoever hands over an archive
    /// hands over its journal: it must not name what is not the archive's.
    fn fault(&self) -> Option<String> {
        let is_place = |(serial, filename): &(String, String)| {
            // A change of the review log alone belonged to no event.
            (serial.is_empty() && filename.is_empty())
                || (SafeName::folder(serial).is_ok() && is_beside(filename))
        };
        if let Some((serial, filename)) = self.events.iter().find(|place| !is_place(place)) {
            return Some(format!("{serial:?}/{filename:?} is no place of an event"));
        }
        if let Some(rename) = self.renames.iter().find(|rename| !rename.is_ours()) {
            let (from, to) = (rename.from.display(), rename.to.display());
            return Some(format!(
                "it would rename {from} to {to}, which is no change of an archive"
            ));
        }
        if let Some(of) = self.moves.iter().find(|of| !is_place(&of.from) || !is_place(&of.to)) {
            return Some(format!("{:?} or {:?} is no place of an event", of.from, of.to));
        }
        if let Some(of) = self.removals.iter().find(|of| !is_place(&of.of)) {
            return Some(format!("{:?} is no place of an event", of.of));
        }
        for ((serial, _), path) in self.removed() {
            let is_of_it =
                two_names(path).is_some_and(|(folder, name)| folder == serial && is_beside(name));
            if !is_of_it {
                return Some(format!("it would remove {}", path.display()));
            }
        }
        if let Some(line) = self.ledger.iter().find(|line| line.contains('\n')) {
            return Some(format!("an entry of the ledger is no line: {line:?}"));
        }
        None
    }

    /// What is removed in the end, with the place of the event that it is of.
    fn removed(&self) -> impl Iterator<Item = (&(String, String), &PathBuf)> {
        let moved = self.moves.iter().map(|of| (&of.from, &of.removes));
        let removed = self.removals.iter().map(|of| (&of.of, &of.removes));
        moved.chain(removed).flat_map(|(of, paths)| paths.iter().map(move |path| (of, path)))
    }

    /// The events that the change is of.
    pub(crate) fn places(&self) -> impl Iterator<Item = &(String, String)> {
        let left = self.moves.iter().map(|of| &of.from);
        self.events.iter().chain(left).chain(self.removals.iter().map(|of| &of.of))
    }

    /// Where the entries of the ledger begin that the change is of; `None` where it has none.
    pub(crate) fn ledger_offset(&self) -> Option<u64> {
        (!self.ledger.is_empty()).then_some(self.ledger_offset)
    }

    /// The temporaries that the change needs, relative to the root.
    pub(crate) fn temporaries(&self) -> impl Iterator<Item = &Path> {
        self.renames.iter().map(|rename| rename.from.as_path())
    }

    /// Puts everything into its place. What is there already stays, so it can be done again. Old places are
    /// left after the index has followed, by [`leave_old_places`](Self::leave_old_places).
    pub(crate) fn put_in_place(
        &self,
        files: &dyn FileSystem,
        layout: &Layout,
    ) -> Result<(), ArchiveError> {
        self.append_review(files, layout)?;
        // It reaches the disk with the first barrier, which is there anyway.
        let mut ledger = self.write_ledger(files, layout)?;
        let is_sidecar = |rename: &&Rename| rename.to.to_string_lossy().ends_with(SIDECAR_SUFFIX);
        let (sidecars, others): (Vec<_>, Vec<_>) = self.renames.iter().partition(is_sidecar);
        // The root lists nothing new: a new folder was made and synced before.
        let mut folders = self.folders(layout);
        folders.retain(|folder| folder != layout.root());
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
                .sync(&std::mem::take(&mut ledger), &folders)
                .map_err(ArchiveError::io(layout.root(), "sync the folders"))?;
        }
        if !ledger.is_empty() {
            let synced = files.sync(&ledger, &[]);
            synced.map_err(ArchiveError::io(&layout.ledger(), "sync the ledger"))?;
        }
        Ok(())
    }

    /// Removes what was moved from where it was, as the same bytes are safe at the new place, and what
    /// is taken out. It can be done again.
    pub(crate) fn leave_old_places(
        &self,
        files: &dyn FileSystem,
        layout: &Layout,
    ) -> Result<(), ArchiveError> {
        let root = layout.root();
        let mut folders = BTreeSet::new();
        for (_, path) in self.removed() {
            let path = root.join(path);
            match files.remove(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(ArchiveError::io(&path, "remove the file")(error));
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

    /// Puts the entries into their place in the ledger, which nobody else writes while the journal is
    /// there: what stands behind that place is a part of the same entries. The answer is what is to be
    /// synced.
    fn write_ledger(
        &self,
        files: &dyn FileSystem,
        layout: &Layout,
    ) -> Result<Vec<PathBuf>, ArchiveError> {
        if self.ledger.is_empty() {
            return Ok(Vec::new());
        }
        let path = layout.ledger();
        let len = files.len(&path).map_err(ArchiveError::io(&path, "look at the ledger"))?;
        if len.unwrap_or(0) < self.ledger_offset {
            let what = format!(
                "the ledger has {} bytes where a change that was cut short goes on from byte {}: put \
                 the ledger back from a backup, or let `wavekeep repair` see to it",
                len.unwrap_or(0),
                self.ledger_offset
            );
            return Err(ArchiveError::Damaged { path, what });
        }
        let mut text = self.ledger.join("\n");
        text.push('\n');
        let written = files.extend(&path, self.ledger_offset, text.as_bytes());
        written.map_err(ArchiveError::io(&path, "write to the ledger"))?;
        Ok(vec![path])
    }

    /// Lines that are in the log already are not written again. Journals of the first version alone
    /// have any.
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
        let len = files.len(&path).map_err(ArchiveError::io(&path, "look at the log"))?;
        files
            .extend(&path, len.unwrap_or(0), text.as_bytes())
            .map_err(ArchiveError::io(&path, "append to the log"))?;
        files
            .sync(std::slice::from_ref(&path), &[layout.own_folder()])
            .map_err(ArchiveError::io(&path, "sync the log"))
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
