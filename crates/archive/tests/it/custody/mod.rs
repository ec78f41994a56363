//! The ledger: what an outsider with write access could try, and what is remembered, put back and taken in.

mod forgeries;
mod losses;

use std::fs;
use std::path::Path;

use crate::common::*;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wavekeep_archive::{Archive, FindingKind, Grown, Head, PatchOptions, Role};
use wavekeep_custody::{Hash, hash_of_line};

/// Three events, two reviews, a token; and the head that somebody holds.
pub fn held() -> (Fresh, Head) {
    let fresh = fresh();
    fresh.save(&with_report(BLAST, BLAST_REPORT));
    fresh.save(&submission(QUIET));
    fresh.save(&submission("M529LIY6.N00"));
    for (id, text) in [(1, "heard by the neighbour"), (2, "quiet")] {
        let patch = json!({"review": {"notes": text}});
        fresh.archive.patch_sidecar(id, &patch, "kim", PatchOptions::default()).unwrap();
    }
    fresh.archive.add_token("gate 4", Role::Import).unwrap();
    let head = fresh.archive.head().unwrap();
    (fresh, head)
}

pub fn since(archive: &Archive, head: &Head) -> Grown {
    archive.check_ledger(Some(head)).unwrap().since.unwrap().grown
}

pub fn kinds(archive: &Archive, head: &Head) -> Vec<FindingKind> {
    let found = archive.verify_since(head, hashes(), &|_, _| {}).unwrap();
    found.findings.iter().map(|finding| finding.kind).collect()
}

pub fn messages(archive: &Archive, head: &Head) -> String {
    let found = archive.verify_since(head, hashes(), &|_, _| {}).unwrap();
    found.findings.iter().map(|finding| format!("{}\n", finding.message)).collect()
}

pub fn lines(root: &Path) -> Vec<String> {
    let text = fs::read_to_string(root.join(".wavekeep/ledger.jsonl")).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// Writes a ledger whose lines go on from each other again, as the program would have written it, and
/// lets the index be made again: what a forger does who has all the time in the world.
pub fn forge(root: &Path, mut entries: Vec<Value>) {
    let mut previous = Hash::ZERO;
    let mut text = String::new();
    for (number, entry) in (1..).zip(&mut entries) {
        entry["entry"] = json!(number);
        entry["previous"] = json!(previous);
        let line = entry.to_string();
        previous = hash_of_line(line.as_bytes());
        text.push_str(&line);
        text.push('\n');
    }
    let own = root.join(".wavekeep");
    fs::write(own.join("ledger.jsonl"), text).unwrap();
    for name in ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
        let _ = fs::remove_file(own.join(name));
    }
}

pub fn entries(root: &Path) -> Vec<Value> {
    lines(root).iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Changes a sidecar and writes its seal again.
pub fn reseal(path: &Path, change: impl FnOnce(&mut Value)) -> String {
    let mut document: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    change(&mut document);
    let zeros = "0".repeat(64);
    document["wavekeep"]["sidecar_sha256"] = json!(zeros);
    let text = format!("{document:#}\n");
    let sum = hex(text.as_bytes());
    let text = text.replace(&zeros, &sum);
    fs::write(path, &text).unwrap();
    hex(text.as_bytes())
}

pub fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn sidecar(root: &Path, name: &str) -> std::path::PathBuf {
    root.join("BE11529").join(format!("{name}.sfm.json"))
}

/// Copies a folder with all that is in it.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &target),
            false => drop(fs::copy(&path, &target).unwrap()),
        }
    }
}
