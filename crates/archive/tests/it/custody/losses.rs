//! What is lost is remembered, what is damaged comes back from the ledger, and archives of earlier versions
//! and other archives keep what they have.

use std::fs;

use super::*;
use crate::common::*;
use rusqlite::Connection;
use serde_json::json;
use wavekeep_archive::{
    Archive, ArchiveError, FindingKind, Grown, PatchOptions, RederiveOptions, VerifyOptions,
};
use wavekeep_custody::Action;

#[test]
fn a_lost_event_stays_a_finding_until_somebody_lets_go_of_it() {
    let (fresh, head) = held();
    fs::remove_dir_all(fresh.folder.path().join("BE11529")).unwrap();
    let missing = [FindingKind::SidecarMissing; 3];
    assert_eq!(kinds(&fresh.archive, &head), missing);
    // Neither a repair nor an index that is made again takes it away.
    let repaired = fresh.archive.repair(&|_, _| {}).unwrap();
    assert_eq!(repaired.left.len(), 3);
    fresh.archive.rebuild_index().unwrap();
    assert_eq!(kinds(&fresh.archive, &head), missing);
    // What was known of it is there.
    let row = fresh.archive.event(1).unwrap();
    assert_eq!(row.review_notes.as_deref(), Some("heard by the neighbour"));
    assert!(row.ppv_in_s.is_some());
    assert!(fresh.archive.forget(1, "  ", "kim").is_err(), "a reason is needed");
    for id in 1..=3 {
        fresh.archive.forget(id, "the disk of the site office burnt", "kim").unwrap();
    }
    assert_eq!(kinds(&fresh.archive, &head), []);
    assert!(fresh.archive.event(1).is_err());
    let last = entries(fresh.folder.path()).pop().unwrap();
    assert_eq!(
        (&last["action"], &last["reason"]),
        (&json!("forget"), &json!("the disk of the site office burnt"))
    );
    // Its number is not given again.
    assert_eq!(fresh.save(&submission(BLAST)).id, 4);
}

#[test]
fn an_index_that_is_lost_with_a_folder_still_knows_of_its_events() {
    let (fresh, head) = held();
    let root = fresh.folder.path().to_owned();
    drop(fresh.archive);
    fs::remove_dir_all(root.join("BE11529")).unwrap();
    for name in ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
        let _ = fs::remove_file(root.join(".wavekeep").join(name));
    }
    let archive = Archive::open(&root).unwrap();
    assert_eq!(archive.event(1).unwrap().review_notes.as_deref(), Some("heard by the neighbour"));
    assert_eq!(kinds(&archive, &head), [FindingKind::SidecarMissing; 3]);
}

#[test]
fn an_event_that_is_there_is_not_forgotten_but_removed_with_its_files_and_leaves_its_entry() {
    let (fresh, head) = held();
    assert!(fresh.archive.forget(1, "why not", "kim").is_err());
    fresh.archive.remove_event(1, "asked for by the owner of the house", "kim").unwrap();
    let left: Vec<String> = files(fresh.folder.path()).into_iter().map(|(name, _)| name).collect();
    assert!(left.iter().all(|name| !name.contains("M529LMOK")), "{left:?}");
    assert_eq!(kinds(&fresh.archive, &head), []);
    assert_eq!(since(&fresh.archive, &head), Grown::Yes { added: 1 });
    let last = entries(fresh.folder.path()).pop().unwrap();
    assert_eq!(last["files"].as_object().unwrap().len(), 4, "what it was can be proved");
    fresh.archive.rebuild_index().unwrap();
    assert!(fresh.archive.event(1).is_err());
}

#[test]
fn a_sidecar_that_is_lost_or_damaged_is_made_again_byte_for_byte() {
    for name in [BLAST, QUIET] {
        let (fresh, head) = held();
        let patch = json!({"extensions": {"site": {"distance_m": 120}}});
        fresh.archive.patch_sidecar(1, &patch, "ann", PatchOptions::default()).unwrap();
        let path = sidecar(fresh.folder.path(), name);
        let whole = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        // With its row.
        let index = fresh.archive.layout().index();
        drop(fresh.archive);
        fs::remove_file(index).unwrap();
        let archive = Archive::open(fresh.folder.path()).unwrap();
        assert_eq!(archive.repair(&|_, _| {}).unwrap().left, [], "{name}");
        assert_eq!(
            String::from_utf8(fs::read(&path).unwrap()).unwrap(),
            String::from_utf8(whole).unwrap(),
            "{name}"
        );
        assert_eq!(kinds(&archive, &head), []);
    }
}

#[test]
fn a_flipped_bit_of_a_sidecar_comes_back_from_the_ledger_and_accuses_no_other_file() {
    let (fresh, _) = held();
    let path = sidecar(fresh.folder.path(), BLAST);
    let whole = fs::read(&path).unwrap();
    for bit in (0..whole.len() * 8).step_by(stride(1501)) {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, flipped).unwrap();
        let found = fresh.archive.verify(hashes(), &|_, _| {}).unwrap().findings;
        for finding in &found {
            let is_of_it = matches!(
                finding.kind,
                FindingKind::SidecarDiffers
                    | FindingKind::SidecarUnreadable
                    | FindingKind::IndexDisagrees
                    | FindingKind::Newer
            );
            assert!(is_of_it, "bit {bit}: {finding:?}");
        }
        assert_eq!(fresh.archive.repair(&|_, _| {}).unwrap().left, [], "bit {bit}");
        assert_eq!(fs::read(&path).unwrap(), whole, "bit {bit}");
    }
}

#[test]
fn a_flipped_bit_in_a_version_is_damage_and_no_newer_program() {
    let (fresh, _) = held();
    let path = sidecar(fresh.folder.path(), QUIET);
    let whole = fs::read(&path).unwrap();
    let text = String::from_utf8(whole.clone()).unwrap();
    for name in ["\"schema_version\": ", "\"tool_version\": \"wavekeep "] {
        let begin = text.find(name).unwrap() + name.len();
        for bit in (0..6 * 8).step_by(stride(3)) {
            let mut flipped = whole.clone();
            flipped[begin + bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, flipped).unwrap();
            assert_eq!(fresh.archive.repair(&|_, _| {}).unwrap().left, [], "{name} {bit}");
            assert_eq!(fs::read(&path).unwrap(), whole, "{name} {bit}");
        }
    }
}

#[test]
fn an_index_that_is_older_than_the_ledger_loses_no_review_and_gives_no_number_twice() {
    let (fresh, head) = held();
    let root = fresh.folder.path().to_owned();
    let index = fresh.archive.layout().index();
    let old = tempfile::NamedTempFile::new().unwrap();
    let copy = Connection::open(&index).unwrap();
    let target = old.path().to_string_lossy().into_owned();
    fs::remove_file(old.path()).unwrap();
    copy.execute("VACUUM INTO ?1", [&target]).unwrap();
    drop(copy);
    fresh.save(&submission(OVER_RANGE));
    let patch = json!({"review": {"false_trigger": true}});
    fresh.archive.patch_sidecar(2, &patch, "ann", PatchOptions::default()).unwrap();
    fresh.archive.remove_event(4, "a test", "ann").unwrap();
    drop(fresh.archive);
    for name in ["index.sqlite-wal", "index.sqlite-shm"] {
        let _ = fs::remove_file(root.join(".wavekeep").join(name));
    }
    fs::copy(old.path(), &index).unwrap();
    let archive = Archive::open(&root).unwrap();
    assert!(archive.event(2).unwrap().false_trigger);
    assert_eq!(archive.review_log(None, 99).unwrap().len(), 3);
    assert!(archive.event(4).is_err());
    assert_eq!(archive.save(&submission(DAMAGED)).unwrap().id, 5);
    let patch = json!({"review": {"notes": "again"}});
    archive.patch_sidecar(2, &patch, "ann", PatchOptions::default()).unwrap();
    assert_eq!(archive.review_log(Some(2), 1).unwrap()[0].number, 4);
    assert_eq!(kinds(&archive, &head), []);
}

#[test]
fn a_copied_folder_is_told_apart_from_its_original_and_repaired() {
    for copy_as in ["AA00001", "ZZ99999"] {
        let (fresh, head) = held();
        let root = fresh.folder.path();
        copy(&root.join("BE11529"), &root.join(copy_as));
        fresh.archive.rebuild_index().unwrap();
        let original = fresh.archive.event(1).unwrap();
        assert_eq!((original.serial.as_str(), original.filename.as_str()), ("BE11529", BLAST));
        assert_eq!(fresh.archive.repair(&|_, _| {}).unwrap().left, [], "{copy_as}");
        assert_eq!(kinds(&fresh.archive, &head), []);
        let copied = fresh.archive.find(copy_as, BLAST).unwrap().unwrap();
        assert!(copied.id > 3, "{copied:?}");
        assert_eq!(fresh.archive.sidecar(copied.id).unwrap().own().id, Some(copied.id));
    }
}

#[test]
fn an_archive_of_an_earlier_version_gets_a_ledger_from_what_it_has() {
    let (fresh, _) = held();
    let root = fresh.folder.path().to_owned();
    let log: String = fresh
        .archive
        .review_log(None, 99)
        .unwrap()
        .iter()
        .rev()
        .map(|entry| {
            let json = serde_json::to_string(entry).unwrap();
            let sum = hex(json.as_bytes());
            format!("{},\"sha256\":\"{sum}\"}}\n", json.strip_suffix('}').unwrap())
        })
        .collect();
    let reviews = fresh.archive.review_log(None, 99).unwrap();
    let before = files(&root);
    drop(fresh.archive);
    let own = root.join(".wavekeep");
    fs::write(own.join("review.jsonl"), &log).unwrap();
    fs::remove_file(own.join("ledger.jsonl")).unwrap();
    let old = Connection::open(own.join("index.sqlite")).unwrap();
    old.execute_batch(BEFORE_VERSION_5).unwrap();
    old.execute_batch("DROP TABLE ledger; DROP TABLE ledger_nodes; PRAGMA user_version = 3")
        .unwrap();
    drop(old);
    let archive = Archive::open(&root).unwrap();
    let head = archive.head().unwrap();
    let actions: Vec<String> =
        entries(&root).iter().map(|entry| entry["action"].as_str().unwrap().to_owned()).collect();
    assert_eq!(actions, ["begin", "review", "review", "found", "found", "found"]);
    assert_eq!(
        archive.review_log(None, 99).unwrap(),
        reviews,
        "with their numbers, moments and names"
    );
    assert_eq!(files(&root), before, "nothing in the files changed");
    assert_eq!(kinds(&archive, &head), []);
    assert_eq!(fs::read_to_string(own.join("review.jsonl")).unwrap(), log);
    let patch = json!({"review": {"notes": "again"}});
    archive.patch_sidecar(2, &patch, "ann", PatchOptions::default()).unwrap();
    assert_eq!(archive.review_log(Some(2), 1).unwrap()[0].number, 3);
}

#[test]
fn an_archive_that_is_taken_in_keeps_numbers_reviews_and_moments_and_leaves_its_head() {
    let (other, _) = held();
    let head = other.archive.head().unwrap();
    let target = fresh();
    let taken = target.archive.take_in(&other.archive, &Default::default(), &mut |_| {}).unwrap();
    assert_eq!((taken.account.new, taken.same_number, taken.reviews), (3, 3, 2));
    for id in 1..=3 {
        let (mut was, mut is) =
            (other.archive.event(id).unwrap(), target.archive.event(id).unwrap());
        for row in [&mut was, &mut is] {
            (row.changed, row.last_seen) = (0, None);
        }
        assert_eq!(is, was);
    }
    let reviews = |archive: &Archive| archive.review_log(None, 99).unwrap();
    assert_eq!(reviews(&target.archive), reviews(&other.archive));
    let merge = target.archive.ledger_entries(None, 1).unwrap().pop().unwrap().entry;
    assert_eq!((merge.action, merge.text("root")), (Action::Merge, Some(&*head.root.to_string())));
    assert_eq!(kinds(&target.archive, &target.archive.head().unwrap()), []);
    // Again: nothing new, and nothing changes.
    let before = files(target.folder.path());
    let again = target.archive.take_in(&other.archive, &Default::default(), &mut |_| {}).unwrap();
    assert_eq!((again.account.new, again.account.same, again.reviews), (0, 3, 0));
    assert_eq!(files(target.folder.path()), before);
    // Where numbers are taken, others are given.
    let busy = fresh();
    busy.save(&submission(OVER_RANGE));
    let taken = busy.archive.take_in(&other.archive, &Default::default(), &mut |_| {}).unwrap();
    assert_eq!((taken.account.new, taken.same_number), (3, 2), "1 was taken");
    let ids: Vec<i64> =
        busy.archive.query(&Default::default()).unwrap().events.iter().map(|row| row.id).collect();
    assert_eq!(ids.len(), 4);
    assert!(busy.archive.take_in(&busy.archive, &Default::default(), &mut |_| {}).is_err());
}

#[test]
fn a_ledger_with_a_line_that_cannot_be_put_back_keeps_its_tree_and_says_what_is_lost() {
    let (fresh, head) = held();
    let path = fresh.archive.layout().ledger();
    let mut all = lines(fresh.folder.path());
    all[4] = "nothing of it is left".to_owned();
    fs::write(&path, all.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    let repaired = fresh.archive.repair(&|_, _| {}).unwrap();
    let left: Vec<FindingKind> = repaired.left.iter().map(|finding| finding.kind).collect();
    assert_eq!(left, [FindingKind::LedgerLost]);
    assert_eq!(since(&fresh.archive, &head), Grown::Yes { added: 1 }, "the head holds");
    assert_eq!(fresh.archive.review_log(None, 99).unwrap().len(), 2, "the index has the review");
    let aside = repaired.aside.unwrap();
    let kept = fs::read_to_string(fresh.folder.path().join(aside).join(".wavekeep/ledger.jsonl"));
    assert!(kept.unwrap().contains("nothing of it is left"));
    let rebuilt = rederived(&fresh.archive);
    assert_eq!(rebuilt, 3);
}

fn rederived(archive: &Archive) -> u64 {
    let options = RederiveOptions::default().with_all(true);
    archive.rederive(&options, &mut |_| {}).unwrap().events
}

#[test]
fn files_of_removed_events_are_kept_until_they_are_purged_and_bring_the_event_back() {
    let fresh = fresh();
    fresh.save(&with_report(BLAST, BLAST_REPORT));
    fresh.save(&submission(QUIET));
    let patch = json!({"review": {"notes": "a lorry"}});
    fresh.archive.patch_sidecar(1, &patch, "kim", PatchOptions::default()).unwrap();
    let aside = fresh.archive.aside_for_removal();
    let refused = fresh.archive.remove_event_to(&aside, 1, " ", "kim");
    assert!(matches!(refused, Err(ArchiveError::NoReason)));
    fresh.archive.remove_event_to(&aside, 1, "the contract ended", "kim").unwrap();
    assert!(!fresh.path("BE11529", BLAST).exists());
    assert_eq!(fs::read(aside.folder().join("BE11529").join(BLAST)).unwrap(), sample(BLAST));
    assert!(aside.folder().join("BE11529").join(BLAST_REPORT).is_file());
    let is_whole = |archive: &Archive| {
        let found = archive.verify(VerifyOptions::default(), &|_, _| {}).unwrap();
        assert!(found.is_whole(), "{:?}", found.findings);
    };
    is_whole(&fresh.archive);
    // Nothing is old enough; without a grace period it is only named, then gone.
    let grace = std::time::Duration::from_secs(3600);
    assert_eq!(fresh.archive.purge(grace, true).unwrap(), []);
    let none = std::time::Duration::ZERO;
    let named = fresh.archive.purge(none, false).unwrap();
    assert_eq!((named.len(), aside.folder().is_dir()), (1, true));
    // It comes back with its review. Numbers of events that are gone are never given again.
    let removed = Archive::open_to_read(aside.folder()).unwrap();
    let never = std::sync::atomic::AtomicBool::new(false);
    fresh.archive.take_in(&removed, &never, &mut |_| {}).unwrap();
    drop(removed);
    let event = fresh.archive.find("BE11529", BLAST).unwrap().unwrap();
    assert_eq!((event.id, event.review_notes.as_deref()), (3, Some("a lorry")));
    is_whole(&fresh.archive);
    assert_eq!(fresh.archive.purge(none, true).unwrap(), named);
    assert!(!aside.folder().exists());
    is_whole(&fresh.archive);
}
