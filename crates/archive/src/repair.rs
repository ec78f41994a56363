//! What can be done about what `verify` finds.
//!
//! Nothing is deleted: what is in the way is moved into a folder of the archive's own,
//! `.wavekeep/aside/<time>/`, under the path that it had.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Map, Value};
use wavekeep_blastware::frames;
use wavekeep_custody::{Action, Hash};

use crate::archive::{layout_of, locked};
use crate::facts::is_newer;
use crate::files::{Disk, FileSystem};
use crate::index::{self, EventRow, is_of_the_system};
use crate::journal::{Change, Journal, stage};
use crate::layout::{FRAMES_SUFFIX, GNZ_SUFFIX, HDF5_SUFFIX, Layout, OWN_FOLDER, SIDECAR_SUFFIX};
use crate::ledger::{Draft, Known, facts_of, files_of};
use crate::remake::{RemakeOptions, sha256};
use crate::sidecar::{EVENT_KIND, OwnBlock, Review, Sidecar, SourceBlock, SourceFile, merge_patch};
use crate::verify::{FindingKind, Place};
use crate::{Archive, ArchiveError, Finding, VerifyOptions};

/// What was done about one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Repair {
    /// The file, relative to the root.
    pub path: PathBuf,
    /// What was done.
    pub done: String,
}

/// What a repair did.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Repaired {
    /// What was done.
    pub repairs: Vec<Repair>,
    /// What could not be done.
    pub failed: Vec<Repair>,
    /// What is still wrong afterwards, by another verification of everything.
    pub left: Vec<Finding>,
    /// Where the files are that were moved out of the way.
    pub aside: Option<PathBuf>,
}

/// Times that findings are looked at and something is done about them.
const PASSES: usize = 4;

/// What had to be done before an archive could be opened for a repair.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OpenedForRepair {
    /// The index was moved aside and made again from the files.
    pub index_made_again: bool,
    /// Where the journal is that could not be followed, relative to the root.
    pub journal_aside: Option<PathBuf>,
}

/// A repair while it is done.
struct Work<'a> {
    archive: &'a Archive,
    /// Folder for what is in the way.
    aside: PathBuf,
    repaired: Repaired,
}

impl Archive {
    /// Opens an archive to repair it. A journal that cannot be followed is moved aside. So is an
    /// index that cannot be opened or is damaged, and it is made again from the files.
    ///
    /// # Errors
    /// As [`open`](Self::open); [`ArchiveError::Newer`] when a newer program wrote the journal.
    pub fn open_for_repair(
        root: impl AsRef<Path>,
    ) -> Result<(Self, OpenedForRepair), ArchiveError> {
        let layout = layout_of(root.as_ref())?;
        let journal_aside = set_journal_aside(&layout)?;
        let (archive, index_made_again) = Self::open_with_index(&layout)?;
        Ok((archive, OpenedForRepair { index_made_again, journal_aside }))
    }

    fn open_with_index(layout: &Layout) -> Result<(Self, bool), ArchiveError> {
        let root = layout.root();
        match Self::open(root) {
            Ok(archive) if archive.index_problems()?.is_empty() => return Ok((archive, false)),
            // That the system cannot read or write it now is no damage: what it alone knows is not
            // put aside for that.
            Err(ArchiveError::Index { source, .. }) if !is_of_the_system(&source) => {}
            Ok(_) => {}
            Err(error) => return Err(error),
        }
        let aside = made_aside_folder(layout)?;
        for suffix in ["", "-wal", "-shm"] {
            let mut from = layout.index().into_os_string();
            from.push(suffix);
            let from = PathBuf::from(from);
            if let Some(name) = from.file_name().filter(|_| from.exists()) {
                let moved = wavekeep_export::rename(&from, &aside.join(name));
                moved.map_err(ArchiveError::io(&from, "move the index aside"))?;
            }
        }
        Ok((Self::open(root)?, true))
    }

    /// Verifies everything, does what can be done about what is found, and verifies again. Source
    /// files are never deleted or changed; one that is damaged is replaced only by the same bytes,
    /// from raw frames.
    ///
    /// # Errors
    /// When the archive fails as a whole; what failed for one file is in the answer.
    pub fn repair(&self, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<Repaired, ArchiveError> {
        let mut repaired = Repaired::default();
        let mut left = self.verify(VerifyOptions::default(), progress)?.findings;
        // What is repaired lets the next look see further: an index that disagrees hides that a
        // repair before this one was cut short and left a sidecar that says too little.
        for _ in 0..PASSES {
            if left.is_empty() {
                break;
            }
            let before = std::mem::take(&mut left);
            repaired = self.repair_once(&before, repaired)?;
            left = self.verify(VerifyOptions::default(), progress)?.findings;
            if left == before {
                break;
            }
        }
        Ok(Repaired { left, ..repaired })
    }

    /// Does what can be done about findings; `repaired` is what was done before.
    fn repair_once(
        &self,
        findings: &[Finding],
        repaired: Repaired,
    ) -> Result<Repaired, ArchiveError> {
        let aside = aside_folder(&self.layout().own_folder());
        // What could not be done then is tried again.
        let repaired = Repaired { failed: Vec::new(), ..repaired };
        let mut work = Work { archive: self, aside, repaired };
        let mut events: BTreeMap<Place, BTreeSet<FindingKind>> = BTreeMap::new();
        for finding in findings {
            match (finding.kind, place_of(&finding.path)) {
                (FindingKind::Leftover, _) => work.leftover(&finding.path),
                (FindingKind::Ledger | FindingKind::ReviewLog | FindingKind::IndexDamaged, _) => {}
                (kind, Some(place)) => drop(events.entry(place).or_default().insert(kind)),
                (_, None) => {}
            }
        }
        let has = |kind: FindingKind| findings.iter().any(|finding| finding.kind == kind);
        // First: it has what events are repaired by.
        if has(FindingKind::Ledger) {
            work.ledger()?;
            // What it has was looked at while it was damaged.
            return Ok(work.repaired);
        }
        for (place, kinds) in &events {
            if let Err(error) = work.event(place, kinds) {
                let path = self.relative(&self.layout().event(&place.0, &place.1).source());
                work.repaired.failed.push(Repair { path, done: error.to_string() });
            }
        }
        if has(FindingKind::IndexDisagrees)
            || has(FindingKind::ReviewLog)
            || has(FindingKind::NotInLedger)
        {
            work.keep_index()?;
            self.rebuild_index()?;
            work.did(&self.layout().index(), "rebuilt from the files; the old one was moved aside");
        }
        Ok(work.repaired)
    }
}

/// A folder that is not there yet: what an earlier repair put aside stays.
fn aside_folder(own: &Path) -> PathBuf {
    let (aside, now) = (own.join("aside"), crate::now().replace(':', ""));
    let numbered = (2..).map(|turn| format!("{now}-{turn}"));
    let mut names = std::iter::once(now.clone()).chain(numbered);
    let free = names.find(|name| !aside.join(name).exists());
    aside.join(free.unwrap_or(now))
}

fn made_aside_folder(layout: &Layout) -> Result<PathBuf, ArchiveError> {
    let aside = aside_folder(&layout.own_folder());
    let disk = Disk::below(layout.root());
    disk.create_folder(&aside).map_err(ArchiveError::io(&aside, "make the folder"))?;
    Ok(aside)
}

/// Moves a journal aside that cannot be followed: what it names was not answered as saved.
fn set_journal_aside(layout: &Layout) -> Result<Option<PathBuf>, ArchiveError> {
    let disk = Disk::below(layout.root());
    let own = layout.own_folder();
    if !own.is_dir() {
        return Ok(None);
    }
    let path = layout.lock();
    let lock = locked(layout, &path)?;
    let moved = match Journal::read(&disk, layout) {
        Ok(_) => Ok(None),
        // A link is no journal of this program either; it is moved as it is.
        Err(ArchiveError::Damaged { .. } | ArchiveError::Link { .. }) => {
            moved_aside(layout).map(Some)
        }
        Err(error) => Err(error),
    };
    let _ = lock.unlock();
    moved
}

fn moved_aside(layout: &Layout) -> Result<PathBuf, ArchiveError> {
    let journal = layout.journal();
    let target = made_aside_folder(layout)?.join("journal.json");
    let moved = wavekeep_export::rename(&journal, &target);
    moved.map_err(ArchiveError::io(&journal, "move the journal aside"))?;
    let own = layout.own_folder();
    let synced = Disk::below(layout.root()).sync(&[], std::slice::from_ref(&own));
    synced.map_err(ArchiveError::io(&own, "sync the folder"))?;
    Ok(layout.relative(&target))
}

/// The event that a file belongs to, by its path.
fn place_of(path: &Path) -> Option<Place> {
    if path.starts_with(OWN_FOLDER) {
        return None;
    }
    let serial = path.parent()?.to_str()?;
    let name = path.file_name()?.to_str()?;
    let suffixes = [SIDECAR_SUFFIX, HDF5_SUFFIX, GNZ_SUFFIX, FRAMES_SUFFIX];
    let event = suffixes.iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name);
    (!serial.is_empty()).then(|| (serial.to_owned(), event.to_owned()))
}

impl Work<'_> {
    fn did(&mut self, path: &Path, done: impl Into<String>) {
        let path = self.archive.relative(path);
        self.repaired.repairs.push(Repair { path, done: done.into() });
    }

    /// Moves a file out of the way, or copies it when it has to stay.
    fn aside(&mut self, path: &Path, stays: bool) -> Result<(), ArchiveError> {
        let target = self.free(&self.archive.relative(path))?;
        let files = self.archive.files();
        let folder = target.parent().unwrap_or(&self.aside).to_owned();
        if stays {
            let bytes = files.read(path).map_err(ArchiveError::io(path, "read the file"))?;
            files
                .write_new(&target, &bytes)
                .map_err(ArchiveError::io(&target, "write the file"))?;
            files
                .sync(std::slice::from_ref(&target), &[folder])
                .map_err(ArchiveError::io(&target, "sync the file"))?;
        } else {
            files.rename(path, &target).map_err(ArchiveError::io(path, "move the file aside"))?;
        }
        let aside = self.archive.relative(&self.aside);
        self.repaired.aside.get_or_insert(aside);
        Ok(())
    }

    /// Keeps a copy of the index before it is made again.
    fn keep_index(&mut self) -> Result<(), ArchiveError> {
        let archive = self.archive;
        let index = archive.layout().index();
        let target = self.free(&archive.relative(&index))?;
        archive.with_lock_as_it_is(|writer| {
            let name = target.to_string_lossy();
            let copied = writer.connection.execute("VACUUM INTO ?1", [&*name]);
            copied.map(drop).map_err(|source| archive.index_failed(source))
        })?;
        let aside = archive.relative(&self.aside);
        self.repaired.aside.get_or_insert(aside);
        Ok(())
    }

    /// A path below the folder for what is in the way, which nothing has yet.
    fn free(&self, relative: &Path) -> Result<PathBuf, ArchiveError> {
        let files = self.archive.files();
        let target = self.aside.join(relative);
        let folder = target.parent().unwrap_or(&self.aside).to_owned();
        files.create_folder(&folder).map_err(ArchiveError::io(&folder, "make the folder"))?;
        let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let numbered = (2..).map(|turn| folder.join(format!("{name}-{turn}")));
        for path in std::iter::once(target.clone()).chain(numbered) {
            let there = files.len(&path);
            if there.map_err(ArchiveError::io(&path, "read the file"))?.is_none() {
                return Ok(path);
            }
        }
        Ok(target)
    }

    fn leftover(&mut self, path: &Path) {
        let path = self.archive.layout().root().join(path);
        match self.archive.with_lock(|_| self.aside(&path, false)) {
            Ok(()) => self.did(&path, "moved aside: left by an interrupted write"),
            Err(error) => {
                let path = self.archive.relative(&path);
                self.repaired.failed.push(Repair { path, done: error.to_string() });
            }
        }
    }

    fn event(&mut self, place: &Place, kinds: &BTreeSet<FindingKind>) -> Result<(), ArchiveError> {
        use FindingKind::*;
        let has = |wanted: &[FindingKind]| wanted.iter().any(|kind| kinds.contains(kind));
        let archive = self.archive;
        let event = archive.layout().event(&place.0, &place.1);
        let row = archive.find(&place.0, &place.1)?;
        let known = match &row {
            Some(row) => archive.known(row.id)?.filter(|known| {
                known.is_whole()
                    && !known.is_over()
                    && (&known.event.serial, &known.event.filename) == (&place.0, &place.1)
            }),
            None => None,
        };
        // Before anything is moved aside: what a newer program derived is left to it.
        let bytes = archive.read_if_there(&event.sidecar())?;
        let is_damage = known
            .as_ref()
            .zip(bytes.as_ref())
            .is_some_and(|(known, bytes)| known.is_newer_by_damage(bytes));
        let sidecar = bytes.map(|bytes| Sidecar::parse(&bytes)).filter(|_| !is_damage);
        if let Some(Ok(sidecar)) = &sidecar
            && let Some(found) = sidecar.source().tool_version.filter(|tool| is_newer(Some(tool)))
        {
            return Err(ArchiveError::NewerDecoder { path: event.sidecar(), found });
        }
        if has(&[Newer]) {
            return Ok(());
        }
        // Two of one number: a folder was copied. The row has the number that is this event's own.
        if let (Some(Ok(sidecar)), Some(row)) = (&sidecar, &row)
            && has(&[IndexDisagrees])
            && !has(&[SidecarDiffers])
            && sidecar.own().id.is_some_and(|id| id != row.id)
        {
            let mut own = sidecar.own();
            let was = own.id.replace(row.id).unwrap_or_default();
            let mut sidecar = sidecar.clone();
            sidecar.set("wavekeep", &own);
            archive.put_sidecar(row.id, place, &sidecar)?;
            let done =
                format!("event {} from now on: {was} is the number of another event", row.id);
            self.did(&event.sidecar(), done);
        }
        let mut source_is_good = !has(&[SourceMissing, SourceDiffers]);
        if !source_is_good {
            source_is_good = self.source_from_frames(place, row.as_ref())?;
        }
        if !source_is_good
            || !has(&[
                ArraysMissing,
                ArraysDiffer,
                SidecarUnreadable,
                SidecarDiffers,
                SidecarDisagrees,
                SidecarMissing,
            ])
        {
            return Ok(());
        }
        if row.as_ref().is_some_and(|row| row.kind == "stream")
            || known.as_ref().is_some_and(Known::is_stream)
        {
            return self.stream(
                place,
                known,
                has(&[SidecarUnreadable, SidecarMissing, SidecarDiffers]),
            );
        }
        if archive.read_if_there(&event.source())?.is_none() {
            return Ok(());
        }
        // What the ledger has is what was written; a copy of what stands there is kept.
        let is_known = known.is_some() && has(&[SidecarDiffers, SidecarDisagrees]);
        let lost_sidecar = has(&[SidecarUnreadable, SidecarMissing]) || is_known;
        if lost_sidecar {
            let sidecar = match (&known, &row) {
                (Some(known), _) => known.sidecar(),
                (None, Some(row)) => archive.sidecar_from_index(row)?,
                (None, None) => return Ok(()),
            };
            if archive.read_if_there(&event.sidecar())?.is_some() {
                archive.with_lock(|_| self.aside(&event.sidecar(), false))?;
            }
            archive.with_lock(|_| {
                let staged = stage(
                    archive.files(),
                    archive.layout(),
                    &event.sidecar(),
                    &sidecar.to_bytes(),
                )?;
                let mut change = Change::new(archive.files(), archive.layout());
                change.event(&place.0, &place.1, vec![staged]);
                change.happen(|| Ok(()))
            })?;
            let from = if known.is_some() { "the ledger" } else { "the index" };
            self.did(
                &event.sidecar(),
                format!("regenerated from the source, the report and {from}"),
            );
        } else if has(&[SidecarDiffers, SidecarDisagrees]) {
            archive.with_lock(|_| self.aside(&event.sidecar(), true))?;
            self.did(
                &event.sidecar(),
                "derived again; review and extensions stay as they stand there, a copy is aside",
            );
        }
        if has(&[ArraysMissing, ArraysDiffer]) {
            let own = archive.read_sidecar(&event.sidecar())?.own();
            for (path, sum) in [(event.hdf5(), own.hdf5_sha256), (event.gnz(), own.gnz_sha256)] {
                let there = archive.read_if_there(&path)?.map(|bytes| sha256(&bytes));
                if sum.is_none() || there == sum {
                    continue;
                }
                if there.is_some() {
                    archive.with_lock(|_| self.aside(&path, false))?;
                }
                self.did(&path, "made again from the source");
            }
        }
        let id = match archive.find(&place.0, &place.1)? {
            Some(row) => row.id,
            None => {
                archive.rebuild_index()?;
                let row = archive.find(&place.0, &place.1)?;
                row.map(|row| row.id).ok_or(ArchiveError::NoEvent { id: 0 })?
            }
        };
        // What a damaged sidecar says of the arrays is not believed; a copy was taken of it.
        let replace_unknown_hdf5 = lost_sidecar || has(&[SidecarDiffers]);
        // One of arrays for memory mapping was asked for once.
        let gnz = replace_unknown_hdf5 && archive.read_if_there(&event.gnz())?.is_some();
        for path in [event.hdf5(), event.gnz()] {
            if replace_unknown_hdf5 && archive.read_if_there(&path)?.is_some() {
                archive.with_lock(|_| self.aside(&path, false))?;
            }
        }
        let options = RemakeOptions { replace_unknown_hdf5, gnz, dry_run: false };
        archive.regenerate_as(Action::Repair, id, options).map(drop)
    }

    /// The sidecar of a run, which is all that the archive has of it.
    fn stream(
        &mut self,
        place: &Place,
        known: Option<Known>,
        is_wanted: bool,
    ) -> Result<(), ArchiveError> {
        let (Some(known), true) = (known, is_wanted) else { return Ok(()) };
        let archive = self.archive;
        let path = archive.layout().event(&place.0, &place.1).sidecar();
        if archive.read_if_there(&path)?.is_some() {
            archive.with_lock(|_| self.aside(&path, false))?;
        }
        archive.put_sidecar(known.event.id, place, &known.sidecar())?;
        self.did(&path, "made again from the ledger");
        Ok(())
    }

    /// The source file again, from raw frames: only when that gives the very bytes that came in.
    fn source_from_frames(
        &mut self,
        place: &Place,
        row: Option<&EventRow>,
    ) -> Result<bool, ArchiveError> {
        let archive = self.archive;
        let event = archive.layout().event(&place.0, &place.1);
        let Some(sum) = row.and_then(|row| row.sha256.clone()) else { return Ok(false) };
        let Some(pickle) = archive.read_if_there(&event.frames())? else { return Ok(false) };
        let rebuilt = frames::read_pickle(&pickle).and_then(|frames| frames::rebuild(&frames));
        let Some(bytes) = rebuilt.ok().filter(|bytes| sha256(bytes) == sum) else {
            return Ok(false);
        };
        let is_there = archive.read_if_there(&event.source())?.is_some();
        archive.with_lock(|_| {
            if is_there {
                self.aside(&event.source(), false)?;
            }
            let staged = stage(archive.files(), archive.layout(), &event.source(), &bytes)?;
            let mut change = Change::new(archive.files(), archive.layout());
            change.event(&place.0, &place.1, vec![staged]);
            change.happen(|| Ok(()))
        })?;
        self.did(&event.source(), "rebuilt from its raw frames: the same bytes");
        Ok(true)
    }

    /// The ledger again, from what is left of it and what the index knows of it.
    fn ledger(&mut self) -> Result<(), ArchiveError> {
        let archive = self.archive;
        let path = archive.layout().ledger();
        let restored = archive.with_lock_as_it_is(|writer| {
            if archive.read_if_there(&path)?.is_some() {
                self.aside(&path, true)?;
            }
            archive.restore_ledger(writer)
        })?;
        archive.rebuild_index()?;
        let entries = |all: &[u64]| {
            let all: Vec<String> = all.iter().map(u64::to_string).collect();
            all.join(", ")
        };
        let mut done = "written again; the old one was moved aside".to_owned();
        if !restored.corrected.is_empty() {
            done += &format!("; as they were again: entries {}", entries(&restored.corrected));
        }
        if !restored.lost.is_empty() {
            done += &format!(
                "; lost but for their hashes: entries {}: put the ledger of a backup in its place if \
                 there is one",
                entries(&restored.lost)
            );
        }
        self.did(&path, done);
        Ok(())
    }
}

impl Archive {
    /// Puts a sidecar into its place, with its row and its entry in the ledger.
    fn put_sidecar(&self, id: i64, place: &Place, sidecar: &Sidecar) -> Result<(), ArchiveError> {
        let event = self.layout().event(&place.0, &place.1);
        self.with_lock(|writer| {
            let bytes = sidecar.to_bytes();
            let mut draft = Draft::of(Action::Repair, self.actor().clone(), id, &place.0, &place.1);
            draft.files = files_of(&place.1, sidecar, Hash::of(&bytes));
            let lines = self.entry_of(writer, draft.with("facts", facts_of(sidecar)))?;
            let staged = stage(self.files(), self.layout(), &event.sidecar(), &bytes)?;
            let mut change = Change::new(self.files(), self.layout());
            change.event(&place.0, &place.1, vec![staged]);
            change.ledger(&lines);
            change.happen(|| {
                self.commit(writer, |transaction| {
                    let changed = index::next_change(transaction)?;
                    index::store(transaction, &place.0, &place.1, sidecar, changed)?;
                    lines.store(transaction)
                })
            })
        })
    }

    /// A sidecar with what is known of an event apart from its source: number, origin, and what
    /// people said.
    pub(crate) fn sidecar_from_index(&self, row: &EventRow) -> Result<Sidecar, ArchiveError> {
        let mut sidecar = Sidecar::new(EVENT_KIND);
        sidecar.set(
            "blastware",
            &SourceFile {
                filename: Some(row.filename.clone()),
                filesize: row.filesize.and_then(|bytes| bytes.try_into().ok()),
                sha256: row.sha256.clone(),
                available: Some(true),
            },
        );
        sidecar.set(
            "source",
            &SourceBlock {
                kind: row.source_kind.clone(),
                tool_version: row.tool_version.clone(),
                captured_at: row.captured_at.clone(),
                a5_pickle_filename: row.a5_pickle_filename.clone(),
                txt_filename: row.txt_filename.clone(),
            },
        );
        let mut log = self.review_log(Some(row.id), usize::MAX)?;
        log.reverse();
        let corrections = log.iter().rev().find_map(|entry| {
            let [before, after] =
                [&entry.before, &entry.after].map(|of| of.pointer("/review/corrections"));
            (before.is_some() || after.is_some()).then_some(after)?
        });
        sidecar.set(
            "review",
            &Review {
                false_trigger: Some(row.false_trigger),
                reviewer: row.reviewer.clone(),
                reviewed_at: row.reviewed_at.clone(),
                notes: row.review_notes.clone(),
                corrections: corrections.and_then(|of| serde_json::from_value(of.clone()).ok()),
            },
        );
        let mut extensions = Value::Object(Map::new());
        for entry in &log {
            if let Some(after) = entry.after.get("extensions") {
                merge_patch(&mut extensions, after);
            }
        }
        sidecar.set_part("extensions", extensions);
        sidecar.set("wavekeep", &OwnBlock { id: Some(row.id), ..OwnBlock::default() });
        Ok(sidecar)
    }
}
