//! An archive in a folder of its own, and the samples that go into it.
#![allow(dead_code, reason = "each test file uses a part")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use wavekeep_archive::{Archive, Saved, Submission, VerifyOptions};

pub const BLAST: &str = "M529LMOK.DK0W";
pub const BLAST_REPORT: &str = "M529LMOK_DK0W_ASCII.TXT";
pub const OVER_RANGE: &str = "M529LN1C.QE0W";
pub const OVER_RANGE_REPORT: &str = "M529LN1C.QE0W.TXT";
pub const NIGHT: &str = "M529LMP3.O00H";
pub const NIGHT_REPORT: &str = "M529LMP3_O00H_ASCII.TXT";
pub const DAMAGED: &str = "M529LNE5.390";
pub const QUIET: &str = "M529LKIQ.7M0W";

/// Every event among the samples.
pub const EVENTS: [&str; 10] = [
    BLAST,
    OVER_RANGE,
    NIGHT,
    DAMAGED,
    QUIET,
    "M529LKVQ.6S0W",
    "T190LD5Q.LK0W",
    "T438L713.RY0W",
    "M529LIY6.N00",
    "N844L6Z8.ZR0H",
];

/// Compares hashes, and decodes nothing.
pub fn hashes() -> VerifyOptions {
    VerifyOptions::default().with_without_decoding(true)
}

pub fn sample_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(name)
}

pub fn sample(name: &str) -> Vec<u8> {
    fs::read(sample_path(name)).unwrap()
}

pub fn submission(name: &str) -> Submission {
    Submission::new(name, sample(name))
}

pub fn with_report(name: &str, report: &str) -> Submission {
    submission(name).report(report, sample(report))
}

/// A picture of so many pixels a side, in no colours: its parts are all there.
pub fn picture(side: u32) -> Vec<u8> {
    let part = |name: &[u8; 4], data: &[u8]| {
        let mut sum = flate2::Crc::new();
        sum.update(name);
        sum.update(data);
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        [&length, &name[..], data, &sum.sum().to_be_bytes()].concat()
    };
    let header = [&side.to_be_bytes()[..], &side.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
    let parts = [part(b"IHDR", &header), part(b"IDAT", &[1]), part(b"IEND", &[])].concat();
    [b"\x89PNG\r\n\x1a\n", &parts[..]].concat()
}

/// A folder in memory where the system has one: nothing there has to wait for a disk.
pub fn memory_folder() -> TempDir {
    match Path::new("/dev/shm") {
        memory if memory.is_dir() => tempfile::tempdir_in(memory).unwrap(),
        _ => tempfile::tempdir().unwrap(),
    }
}

/// An archive that goes when this goes.
pub struct Fresh {
    pub folder: TempDir,
    pub archive: Archive,
}

pub fn fresh() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::create(folder.path()).unwrap();
    Fresh { folder, archive }
}

impl Fresh {
    pub fn save(&self, submission: &Submission) -> Saved {
        self.archive.save(submission).unwrap()
    }

    /// Nothing is found that is not as it has to be.
    pub fn verify_clean(&self) {
        let verified = self.archive.verify(VerifyOptions::default(), &|_, _| {}).unwrap();
        assert_eq!(verified.findings, []);
    }

    pub fn path(&self, serial: &str, name: &str) -> PathBuf {
        self.folder.path().join(serial).join(name)
    }
}

/// Takes what version 5 of the index added out of it.
pub const BEFORE_VERSION_5: &str = "DROP INDEX events_state; DROP TRIGGER events_come; DROP TRIGGER events_go; \
    DROP TRIGGER events_change; DROP VIEW unit_sums_now; DROP VIEW project_sums_now; \
    DROP VIEW project_units_now; DROP VIEW month_sums_now; DROP TABLE unit_sums; DROP TABLE project_sums; \
    DROP TABLE project_units; DROP TABLE month_sums; DROP INDEX events_unit_largest; \
    DROP INDEX events_text_largest; DROP INDEX events_month_largest; \
    DROP TABLE levels_seen; DROP INDEX events_not_judged; DROP INDEX events_verdict; DROP INDEX events_margin; DROP INDEX ledger_level; \
    ALTER TABLE events DROP COLUMN corrected; ALTER TABLE events DROP COLUMN verdict; \
    ALTER TABLE events DROP COLUMN margin_percent; ALTER TABLE events DROP COLUMN judged; \
    ALTER TABLE events DROP COLUMN verdict_sum; \
    ALTER TABLE events DROP COLUMN charge_kg; ALTER TABLE events DROP COLUMN distance_m; \
    ALTER TABLE events DROP COLUMN scaled_distance_m_kg05; ALTER TABLE events DROP COLUMN blast;";

/// The files below a folder with their bytes, what the archive keeps for itself left out.
pub fn files(root: &Path) -> Vec<(String, Vec<u8>)> {
    let mut out = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path.file_name().unwrap() != ".wavekeep" {
                    folders.push(path);
                }
            } else {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
                out.push((name, fs::read(&path).unwrap()));
            }
        }
    }
    out.sort();
    out
}

/// Every so many places are tried: all of them by `make test-all`.
pub fn stride(usual: usize) -> usize {
    std::env::var("WAVEKEEP_TEST_STRIDE").map_or(usual, |stride| stride.parse().unwrap())
}

/// Every file below a folder with its bytes, what the archive keeps for itself among them.
pub fn everything(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut out, mut folders) = (BTreeMap::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let below = path.strip_prefix(root).unwrap().to_owned();
                    out.insert(below, fs::read(&path).unwrap());
                }
            }
        }
    }
    out
}
