//! Updates that are cut short at each step: the next one makes the lake right, and what readers find
//! in between is what was there, or what is to be.

use std::cell::Cell;
use std::fs;
use std::io;
use std::path::Path;

use serde_json::json;
use tempfile::{NamedTempFile, TempDir, TempPath};
use wavekeep_archive::{PatchOptions, Submission};

use super::*;
use crate::store::{Folder, When};

/// A folder that fails from a step on, as when the process is killed there.
#[derive(Debug)]
struct Failing {
    folder: Folder,
    /// Steps that are left.
    left: Cell<usize>,
    /// Whether the step that fails has happened all the same.
    after: bool,
}

impl Failing {
    fn step<T>(&self, what: impl FnOnce() -> Result<T, LakeError>) -> Result<T, LakeError> {
        let killed = || LakeError::Store {
            file: String::new(),
            action: "go on",
            reason: "killed".to_owned(),
        };
        match self.left.get() {
            0 => Err(killed()),
            1 => {
                self.left.set(0);
                if self.after {
                    what()?;
                }
                Err(killed())
            }
            left => {
                self.left.set(left - 1);
                what()
            }
        }
    }
}

impl Store for Failing {
    fn shown(&self, key: &str) -> String {
        self.folder.shown(key)
    }

    fn is_locked(&self) -> bool {
        self.folder.is_locked()
    }

    fn get(&self, key: &str) -> Result<Option<(Vec<u8>, Stamp)>, LakeError> {
        self.folder.get(key)
    }

    fn list(&self, folder: &str) -> Result<Vec<Object>, LakeError> {
        self.folder.list(folder)
    }

    fn put(&self, key: &str, bytes: Vec<u8>, when: When<'_>) -> Result<Option<Stamp>, LakeError> {
        self.step(|| self.folder.put(key, bytes, when))
    }

    fn temporary(&self) -> io::Result<NamedTempFile> {
        self.folder.temporary()
    }

    fn publish(&self, file: TempPath, key: &str) -> Result<Stamp, LakeError> {
        self.step(|| self.folder.publish(file, key))
    }

    fn read(&self, key: &str, take: &mut dyn FnMut(&[u8])) -> Result<(), LakeError> {
        self.folder.read(key, take)
    }

    fn delete(&self, key: &str) -> Result<(), LakeError> {
        self.step(|| self.folder.delete(key))
    }
}

static GO_ON: AtomicBool = AtomicBool::new(false);

fn archive() -> (TempDir, Archive) {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::create(folder.path()).unwrap();
    for month in 1..=3 {
        save(&archive, month, 1);
        save(&archive, month, 2);
    }
    (folder, archive)
}

/// An event of a day of a month; its name states its start.
fn save(archive: &Archive, month: u32, day: u32) {
    let name = "UM11719_20260714153012.IDFW";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(name);
    let mut bytes = fs::read(path).unwrap();
    bytes.extend([month as u8, day as u8]);
    let name = format!("UM11719_2026{month:02}{day:02}153012.IDFW");
    archive.save(&Submission::new(name, bytes)).unwrap();
}

/// A month is reviewed, one loses all of its events, one comes.
fn change(archive: &Archive) {
    let patch = json!({ "review": { "false_trigger": true } });
    archive.patch_sidecar(1, &patch, "kim", PatchOptions::default()).unwrap();
    archive.remove_event(3, "asked for", "kim").unwrap();
    archive.remove_event(4, "asked for", "kim").unwrap();
    save(archive, 4, 1);
}

/// The files of months that readers find, with their bytes: all of a plain lake, those of the last
/// version of the log otherwise.
fn found(place: &Path, layout: Layout) -> BTreeMap<String, Vec<u8>> {
    let folder = Folder::open(place).unwrap();
    let mut files = BTreeMap::new();
    let objects = folder.list(TABLE).unwrap();
    match layout {
        Layout::Parquet => {
            for object in objects {
                let month = object.key.split('/').nth(1).unwrap().to_owned();
                assert!(files.insert(month, object.key).is_none());
            }
        }
        Layout::Delta => {
            for log in objects.iter().filter(|object| object.key.ends_with(".json")) {
                let content = folder.get(&log.key).unwrap().unwrap().0;
                for line in String::from_utf8(content).unwrap().lines() {
                    let action: serde_json::Value = serde_json::from_str(line).unwrap();
                    let path = |name: &str| {
                        let path = action[name]["path"].as_str()?;
                        Some((
                            path.split('/').next().unwrap().to_owned(),
                            format!("{TABLE}/{path}"),
                        ))
                    };
                    if let Some((month, file)) = path("remove") {
                        assert_eq!(files.remove(&month), Some(file));
                    }
                    if let Some((month, file)) = path("add") {
                        assert!(files.insert(month, file).is_none());
                    }
                }
            }
        }
    }
    let read = |key: &String| folder.get(key).unwrap().expect("a file that readers look for").0;
    files.into_iter().map(|(month, key)| (month, read(&key))).collect()
}

/// What a lake of the archive that is written at once has.
fn right(archive: &Archive, layout: Layout) -> BTreeMap<String, Vec<u8>> {
    let place = tempfile::tempdir().unwrap();
    let lake = Lake { place: Place::Folder(place.path().join("lake")), layout };
    lake.update(archive, &GO_ON).unwrap();
    found(&place.path().join("lake"), layout)
}

/// Lets an update fail at each of its steps; how many there were.
fn fail_at_each_step(layout: Layout, after: bool, is_first: bool) -> usize {
    let (_folder, archive) = archive();
    let before = if is_first { BTreeMap::new() } else { right(&archive, layout) };
    let place = tempfile::tempdir().unwrap();
    let begun = place.path().join("begun");
    let at = |path: &Path| Lake { place: Place::Folder(path.to_owned()), layout };
    if !is_first {
        at(&begun).update(&archive, &GO_ON).unwrap();
        change(&archive);
    }
    let now = right(&archive, layout);
    for step in 1.. {
        let path = place.path().join(step.to_string());
        copy(&begun, &path);
        let failing =
            Failing { folder: Folder::open(&path).unwrap(), left: Cell::new(step), after };
        let update = at(&path).update_in(&failing, &archive, &GO_ON);
        let is_over = failing.left.get() > 0;
        drop(failing);
        assert_eq!(update.is_ok(), is_over, "step {step}: {update:?}");
        let between = found(&path, layout);
        match layout {
            Layout::Parquet => {
                for (month, bytes) in &between {
                    let is_one = before.get(month) == Some(bytes) || now.get(month) == Some(bytes);
                    assert!(is_one, "step {step}: {month} is neither old nor new");
                }
            }
            Layout::Delta => assert!(between == before || between == now, "step {step}"),
        }
        at(&path).update(&archive, &GO_ON).unwrap_or_else(|error| panic!("step {step}: {error}"));
        assert!(found(&path, layout) == now, "step {step}");
        let again = at(&path).update(&archive, &GO_ON).unwrap();
        assert!(again.is_nothing(), "step {step}: {again:?}");
        if is_over {
            return step - 1;
        }
    }
    unreachable!("an update ends")
}

/// Copies a folder with the times of its files, where there is one.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).into_iter().flatten() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), &to).unwrap();
            let times =
                fs::FileTimes::new().set_modified(entry.metadata().unwrap().modified().unwrap());
            fs::File::options().append(true).open(&to).unwrap().set_times(times).unwrap();
        }
    }
}

#[test]
fn a_plain_lake_that_was_cut_short_at_any_step_is_made_right_by_the_next_update() {
    for after in [false, true] {
        // The first state, the one before writing, three months and the last state.
        assert_eq!(fail_at_each_step(Layout::Parquet, after, true), 6);
        // A month is written, one is written anew, and one is deleted.
        assert_eq!(fail_at_each_step(Layout::Parquet, after, false), 5);
    }
}

#[test]
fn a_lake_of_delta_that_was_cut_short_at_any_step_has_one_version_whole() {
    for after in [false, true] {
        // The first state, three months, the commit and the last state.
        assert_eq!(fail_at_each_step(Layout::Delta, after, true), 6);
        // Two months, the commit and the state.
        assert_eq!(fail_at_each_step(Layout::Delta, after, false), 4);
    }
}
