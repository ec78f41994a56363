//! A flipped bit anywhere in the index is found, or changes nothing that the index answers.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::common::*;
use rusqlite::Connection;
use serde_json::{Value, json};
use wavekeep_archive::{
    Archive, ArchiveError, FindingKind, ImportOptions, MonitorLogQuery, PatchOptions, Query, Sort,
    SortKey,
};

/// An archive with something in every table.
fn fill(archive: &Archive) {
    let never = AtomicBool::new(false);
    let options = ImportOptions::default();
    let path = sample_path("M529LIY6.N00");
    archive.import(&[path], &options, &never, &mut |_| {}).unwrap();
    let report = sample(OVER_RANGE_REPORT);
    archive.add_report(None, "M529LIY6.N00.TXT", &report, None).unwrap().unwrap();
    let patch = json!({"review": {"notes": "a lorry"}, "extensions": {"x": 1}});
    archive.patch_sidecar(1, &patch, "kim", PatchOptions::default()).unwrap();
    assert!(!archive.monitor_log(&MonitorLogQuery::default()).unwrap().is_empty());
    assert!(!archive.sessions().unwrap().is_empty());
}

/// Small pages, so that few bytes are unused; the program makes larger ones.
fn with_small_pages(index: &Path) {
    let connection = Connection::open(index).unwrap();
    connection
        .execute_batch("PRAGMA journal_mode = DELETE; PRAGMA page_size = 512; VACUUM")
        .unwrap();
    connection.execute_batch("PRAGMA journal_mode = WAL").unwrap();
}

/// Everything that the index answers.
fn answers(archive: &Archive) -> Result<Value, ArchiveError> {
    let page = |query: Query| Ok::<_, ArchiveError>(json!(archive.query(&query)?.events));
    let all = Query::default;
    Ok(json!([
        page(all())?,
        page(all().with_sort(Sort { key: SortKey::Ppv, descending: true }))?,
        page(all().with_sort(Sort { key: SortKey::Id, descending: false }))?,
        page(all().with_serial(Some("BE11529".into())))?,
        page(all().with_kind(Some("waveform".into())))?,
        page(all().with_false_trigger(Some(false)))?,
        page(all().with_reviewed(Some(true)))?,
        page(all().with_text(Some("m529".into())))?,
        page(all().with_min_ppv_in_s(Some(0.001)))?,
        archive.units()?,
        archive.projects()?,
        archive.months()?,
        archive.monitor_log(&MonitorLogQuery::default())?,
        archive.sessions()?,
        archive.review_log(None, 99)?,
        archive
            .changes_since(0, 99)?
            .iter()
            .map(|change| format!("{change:?}"))
            .collect::<Vec<_>>(),
    ]))
}

/// Whether the flip is found: the index cannot be opened, `verify` names it, or a question fails.
/// One that is not found has to leave all answers as they are.
fn is_found(root: &Path, before: &Value, context: &str) -> bool {
    let archive = match Archive::open(root) {
        Ok(archive) => archive,
        Err(ArchiveError::Index { .. } | ArchiveError::NewerIndex { .. }) => return true,
        Err(error) => panic!("{context}: {error}"),
    };
    match archive.verify(hashes(), &|_, _| {}) {
        Ok(found) if found.is_whole() => {}
        Ok(_) | Err(ArchiveError::Index { .. }) => return true,
        Err(error) => panic!("{context}: {error}"),
    }
    assert_eq!(answers(&archive).unwrap(), *before, "{context}: not found");
    false
}

#[test]
fn a_flipped_bit_in_any_byte_of_the_index_is_found_or_changes_no_answer() {
    let fresh = fresh();
    fill(&fresh.archive);
    let index = fresh.archive.layout().index();
    let root = fresh.folder.path().to_owned();
    drop(fresh.archive);
    with_small_pages(&index);
    let archive = Archive::open(&root).unwrap();
    assert!(archive.verify(hashes(), &|_, _| {}).unwrap().is_whole());
    let before = answers(&archive).unwrap();
    drop(archive);
    let whole = fs::read(&index).unwrap();
    // Every bit of the header, and one of each byte behind it: bit 0, bit 1, …
    let header = (0..100).flat_map(|byte| (0..8).map(move |bit| (byte, bit)));
    let flips: Vec<(usize, usize)> =
        header.chain((100..whole.len()).map(|byte| (byte, byte % 8))).step_by(stride(11)).collect();
    let (next, found) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let lanes = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for _ in 0..lanes {
            scope.spawn(|| {
                let place = memory_folder();
                copy(&root, place.path());
                let index = place.path().join(".wavekeep/index.sqlite");
                while let Some((byte, bit)) = flips.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut flipped = whole.clone();
                    flipped[*byte] ^= 1 << bit;
                    for suffix in ["-wal", "-shm"] {
                        let _ =
                            fs::remove_file(index.with_file_name(format!("index.sqlite{suffix}")));
                    }
                    fs::write(&index, flipped).unwrap();
                    let context = format!("byte {byte} of {}, bit {bit}", whole.len());
                    let is_found = is_found(place.path(), &before, &context);
                    found.fetch_add(usize::from(is_found), Ordering::Relaxed);
                }
            });
        }
    });
    // What is not found are bytes without information: unused ones and counters of SQLite's.
    let found = found.into_inner();
    assert!(found * 3 > flips.len(), "only {found} of {} were found", flips.len());
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn what_the_index_alone_knows_is_found_when_it_changes_and_repaired() {
    for (change, says) in [
        ("UPDATE events SET last_seen = '2001-01-01T00:00:00Z'", "last seen"),
        ("UPDATE events SET last_seen_sum = last_seen_sum + 1", "last seen"),
        ("UPDATE sessions SET new = new + 1", "session 1"),
        ("UPDATE sessions SET ended_at = NULL", "session 1"),
        ("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'events'", "number of events"),
        ("UPDATE numbers SET last = 0 WHERE name = 'sessions'", "number of sessions"),
        ("UPDATE monitor_log SET text = text || 'x'", "monitor log"),
        ("UPDATE texts SET client = coalesce(client, '') || 'x'", "client"),
        ("CREATE TABLE more (x)", "tables"),
        ("DROP INDEX events_kind", "tables"),
    ] {
        let Fresh { folder, archive } = fresh();
        fill(&archive);
        let index = Connection::open(archive.layout().index()).unwrap();
        index.execute_batch(change).unwrap();
        let found = archive.verify(hashes(), &|_, _| {}).unwrap().findings;
        let kind = match says {
            "tables" => FindingKind::IndexDamaged,
            _ => FindingKind::IndexDisagrees,
        };
        let mut named = found.iter().filter(|finding| finding.kind == kind);
        let named = named.any(|finding| finding.message.contains(says));
        assert!(named, "{change}: {found:?}");
        // Windows moves no index aside that is open.
        drop((index, archive));
        let (archive, made_again) = Archive::open_for_repair(folder.path()).unwrap();
        assert_eq!(made_again.index_made_again, says == "tables", "{change}");
        assert_eq!(archive.repair(&|_, _| {}).unwrap().left, [], "{change}");
        // Numbers that were given are not given again.
        let next = archive.save(&submission(QUIET)).unwrap();
        assert_eq!(next.id, 2, "{change}");
    }
}

#[test]
fn an_index_of_the_first_version_is_brought_to_the_present_one() {
    let fresh = fresh();
    fill(&fresh.archive);
    let before = answers(&fresh.archive).unwrap();
    let index = fresh.archive.layout().index();
    drop(fresh.archive);
    let old = Connection::open(&index).unwrap();
    old.execute_batch(BEFORE_VERSION_5).unwrap();
    old.execute_batch(
        "ALTER TABLE events DROP COLUMN last_seen_sum; ALTER TABLE sessions DROP COLUMN sum; \
         ALTER TABLE sessions DROP COLUMN sent_by; \
         ALTER TABLE events DROP COLUMN mic_db_a; ALTER TABLE events DROP COLUMN mic_db_c; \
         ALTER TABLE events DROP COLUMN readings; ALTER TABLE events DROP COLUMN contradicted; \
         DROP TABLE numbers; DROP TABLE ledger; DROP TABLE ledger_nodes; PRAGMA user_version = 1",
    )
    .unwrap();
    drop(old);
    fs::remove_file(fresh.folder.path().join(".wavekeep/ledger.jsonl")).unwrap();
    let archive = Archive::open(fresh.folder.path()).unwrap();
    assert_eq!(answers(&archive).unwrap(), before);
    let found = archive.verify(hashes(), &|_, _| {}).unwrap();
    assert!(found.is_whole(), "{found:?}");
}
