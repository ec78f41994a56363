//! An archive of events of some months, and a lake of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde_json::json;
use tempfile::TempDir;
use wavekeep_archive::{Archive, PatchOptions, Query, Submission};
use wavekeep_core::UnitLocal;
use wavekeep_lake::{Lake, LakeError, Layout, Place, Update};

pub const LAYOUTS: [Layout; 2] = [Layout::Parquet, Layout::Delta];

pub struct Fleet {
    pub folder: TempDir,
    pub archive: Archive,
    pub layout: Layout,
}

impl Fleet {
    /// Two events in each of the first `months` months of 2026.
    pub fn new(months: u32, layout: Layout) -> Self {
        let folder = memory_folder();
        let archive = Archive::create(folder.path().join("fleet")).unwrap();
        let fleet = Self { folder, archive, layout };
        for month in 1..=months {
            fleet.save(month, 1);
            fleet.save(month, 2);
        }
        fleet
    }

    /// An event of a day; its name states its start.
    pub fn save(&self, month: u32, day: u32) {
        let mut bytes = sample("UM11719_20260714153012.IDFW");
        bytes.extend([month as u8, day as u8]);
        let name = format!("UM11719_2026{month:02}{day:02}153012.IDFW");
        self.archive.save(&Submission::new(name, bytes)).unwrap();
    }

    /// An event whose start nothing states.
    pub fn save_without_start(&self) {
        self.archive
            .save(&Submission::new("event.bin", sample("UM11719_20260714153012.IDFW")))
            .unwrap();
    }

    pub fn review(&self, id: i64, notes: &str) {
        let patch = json!({ "review": { "notes": notes } });
        self.archive.patch_sidecar(id, &patch, "kim", PatchOptions::default()).unwrap();
    }

    pub fn remove(&self, id: i64) {
        self.archive.remove_event(id, "asked for", "kim").unwrap();
    }

    pub fn place(&self) -> PathBuf {
        self.folder.path().join("lake")
    }

    pub fn lake(&self) -> Lake {
        Lake { place: Place::Folder(self.place()), layout: self.layout }
    }

    pub fn try_update(&self) -> Result<Update, LakeError> {
        self.lake().update(&self.archive, &AtomicBool::new(false))
    }

    pub fn update(&self) -> Update {
        self.try_update().unwrap()
    }

    /// The files of a plain lake are the archive's own exports of its months, and there are no others.
    pub fn assert_is_right(&self) {
        let mut files = files(&self.place().join("events"));
        for summary in self.archive.months().unwrap() {
            let query = match &summary.month {
                Some(month) => {
                    let first: jiff::civil::Date = format!("{month}-01").parse().unwrap();
                    let end = first.last_of_month().at(23, 59, 59, 999_999_999);
                    let (from, to) = (UnitLocal(first.into()), UnitLocal(end));
                    Query::default().with_from(Some(from)).with_to(Some(to))
                }
                None => Query::default().with_ids(Some(self.without_start())),
            };
            let mut expected = Vec::new();
            self.archive.export_parquet(&query, &mut expected).unwrap();
            let month = summary.month.as_deref().unwrap_or("unknown");
            let name = PathBuf::from(format!("month={month}/events.parquet"));
            let at = files.iter().position(|(path, _)| *path == name);
            let (_, found) = files.swap_remove(at.unwrap_or_else(|| panic!("{name:?} is missing")));
            assert!(found == expected, "{month} is not as the archive has it");
        }
        assert_eq!(files, []);
    }

    fn without_start(&self) -> Vec<i64> {
        let all = self.archive.query(&Query::default().with_limit(Some(999))).unwrap();
        let without = all.events.into_iter().filter(|event| event.timestamp.is_none());
        without.map(|event| event.id).collect()
    }
}

/// A folder in memory where the system has one: nothing there has to wait for a disk.
fn memory_folder() -> TempDir {
    match Path::new("/dev/shm") {
        memory if memory.is_dir() => tempfile::tempdir_in(memory).unwrap(),
        _ => tempfile::tempdir().unwrap(),
    }
}

fn sample(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(name)).unwrap()
}

/// The files below a folder, by their paths, with their bytes.
pub fn files(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let (mut found, mut folders) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push((path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// Every so many places are tried: all of them by `make test-all`.
pub fn stride(usual: usize) -> usize {
    std::env::var("WAVEKEEP_TEST_STRIDE").map_or(usual, |stride| stride.parse().unwrap())
}
