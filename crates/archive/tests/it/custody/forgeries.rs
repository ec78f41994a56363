//! What an outsider with write access could try, and what a head that is held elsewhere shows of it.
//!
//! The forger here has this very program and its sources: seals and sums are written again as the
//! program would write them.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::common::*;
use crate::simulated::SimulatedDisk;
use rusqlite::Connection;
use serde_json::{Value, json};
use wavekeep_archive::{
    Archive, FindingKind, Grown, Head, OpenOptions, PatchOptions, RederiveOptions,
};
use wavekeep_custody::Hash;

#[test]
fn the_ledger_costs_no_sync_more_than_a_change_had_without_it() {
    let (folder, disk) = (tempfile::tempdir().unwrap(), SimulatedDisk::default());
    let archive = OpenOptions::default().files(Arc::new(disk.clone())).open(folder.path()).unwrap();
    let mut before = disk.synced();
    let mut cost = || {
        let now = disk.synced();
        std::mem::replace(&mut before, now).abs_diff(now)
    };
    archive.save(&submission(QUIET)).unwrap();
    // Without it: source, arrays, sidecar, journal, three folders for them, and both of the event twice
    // for what is renamed.
    assert!(cost() <= 11);
    let patch = json!({"review": {"notes": "seen"}});
    archive.patch_sidecar(1, &patch, "kim", PatchOptions::default()).unwrap();
    // Without it: sidecar, journal, three folders; the log and its folder; two for what is renamed.
    assert!(cost() <= 9);
    archive.regenerate(1, Default::default()).unwrap();
    assert!(cost() <= 10);
}

#[test]
fn an_archive_that_only_grew_shows_what_came_since() {
    let (fresh, head) = held();
    assert_eq!(since(&fresh.archive, &head), Grown::Yes { added: 0 });
    fresh.save(&submission(OVER_RANGE));
    fresh.archive.revoke_token("gate 4").unwrap();
    assert_eq!(since(&fresh.archive, &head), Grown::Yes { added: 2 });
    assert_eq!(kinds(&fresh.archive, &head), []);
    let printed: Head = format!("{}:{}", head.size, head.root).parse().unwrap();
    assert_eq!(since(&fresh.archive, &printed), Grown::Yes { added: 2 });
}

#[test]
fn every_change_is_an_entry_with_who_from_where_and_the_sums_of_the_files() {
    let (fresh, _) = held();
    let root = fresh.folder.path();
    let all = entries(root);
    let actions: Vec<&str> = all.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["begin", "import", "import", "import", "review", "review", "token"]);
    for entry in &all {
        assert!(!entry["who"].as_str().unwrap().is_empty(), "{entry}");
        assert!(entry["at"].as_str().unwrap().ends_with('Z'), "{entry}");
        let Some(files) = entry["files"].as_object() else { continue };
        let serial = entry["event"]["serial"].as_str().unwrap_or_default();
        for (name, sum) in files {
            let later = all.iter().any(|other| {
                other["event"]["id"] == entry["event"]["id"]
                    && other["entry"].as_u64() > entry["entry"].as_u64()
            });
            let bytes = fs::read(root.join(serial).join(name)).unwrap();
            assert!(hex(&bytes) == *sum || later && name.ends_with(".json"), "{name} of {entry}");
        }
    }
    assert_eq!(all[1]["files"].as_object().unwrap().len(), 4, "source, report, arrays, sidecar");
    assert_eq!(all[4]["review"]["after"]["review"]["notes"], "heard by the neighbour");
    assert_eq!((&all[4]["who"], &all[4]["earlier"]), (&json!("kim"), &json!(2)));
    assert_eq!(
        all[6]["files"].as_object().unwrap().keys().next().unwrap(),
        ".wavekeep/tokens.json"
    );
}

/// An event that is exchanged for another one, with everything made anew as for a new import.
fn replaced(fresh: &Fresh) -> String {
    let root = fresh.folder.path();
    let other = crate::common::fresh();
    let mut bytes = sample(QUIET);
    let last = bytes.len() - 40;
    bytes[last] ^= 1;
    other.save(&wavekeep_archive::Submission::new(QUIET, bytes));
    for suffix in ["", ".h5"] {
        let name = format!("{QUIET}{suffix}");
        fs::copy(other.path("BE11529", &name), fresh.path("BE11529", &name)).unwrap();
    }
    let mut theirs: Value =
        serde_json::from_slice(&fs::read(sidecar(other.folder.path(), QUIET)).unwrap()).unwrap();
    reseal(&sidecar(root, QUIET), |document| {
        theirs["wavekeep"]["id"] = document["wavekeep"]["id"].take();
        theirs["review"] = document["review"].take();
        theirs["source"]["captured_at"] = document["source"]["captured_at"].take();
        *document = theirs;
    })
}

#[test]
fn an_event_that_is_replaced_and_sealed_again_is_found() {
    let (fresh, head) = held();
    let sum = replaced(&fresh);
    fresh.archive.rebuild_index().unwrap();
    let found = kinds(&fresh.archive, &head);
    assert!(found.contains(&FindingKind::SourceDiffers), "{found:?}");
    assert!(found.contains(&FindingKind::SidecarDiffers), "{found:?}");
    // The ledger is written again too: the head shows it.
    let root = fresh.folder.path().to_owned();
    let mut all = entries(&root);
    for entry in all.iter_mut().filter(|entry| entry["event"]["id"] == 2) {
        for (name, now) in entry["files"].as_object_mut().unwrap() {
            *now = json!(hex(&fs::read(root.join("BE11529").join(name)).unwrap()));
        }
        assert_eq!(entry["files"][format!("{QUIET}.sfm.json")], json!(sum));
    }
    // Windows removes no index that is open.
    drop(fresh.archive);
    forge(&root, all);
    let archive = Archive::open(&root).unwrap();
    assert_eq!(archive.verify(hashes(), &|_, _| {}).unwrap().findings, [], "no trace in itself");
    let Grown::No { taken_away: None, rewritten, now } = since(&archive, &head) else { panic!() };
    // All that follow go on from the rewritten one, so they are others too.
    assert_eq!(rewritten, [(3, 7)]);
    assert!(now[0].contains("import of event 2, BE11529/M529LKIQ.7M0W"), "{now:?}");
}

#[test]
fn a_review_that_is_rewritten_is_found() {
    let (fresh, head) = held();
    let root = fresh.folder.path().to_owned();
    let say = |document: &mut Value| document["review"]["notes"] = json!("not heard by anybody");
    let sum = reseal(&sidecar(&root, BLAST), say);
    fresh.archive.rebuild_index().unwrap();
    let said = messages(&fresh.archive, &head);
    assert!(
        said.contains("review.notes is \"not heard by anybody\", the ledger has \"heard"),
        "{said}"
    );
    let mut all = entries(&root);
    all[4]["review"]["after"]["review"]["notes"] = json!("not heard by anybody");
    all[4]["files"][format!("{BLAST}.sfm.json")] = json!(sum);
    // Windows removes no index that is open.
    drop(fresh.archive);
    forge(&root, all);
    let archive = Archive::open(&root).unwrap();
    assert_eq!(archive.verify(hashes(), &|_, _| {}).unwrap().findings, [], "no trace in itself");
    let Grown::No { rewritten, now, .. } = since(&archive, &head) else { panic!() };
    assert_eq!(rewritten, [(5, 7)]);
    assert!(now[0].contains("review of event 1"), "{now:?}");
}

#[test]
fn what_was_slipped_in_does_not_come_into_the_ledger_with_the_next_change() {
    let (fresh, head) = held();
    let root = fresh.folder.path().to_owned();
    let say = |document: &mut Value| document["review"]["notes"] = json!("not heard by anybody");
    reseal(&sidecar(&root, BLAST), say);
    replaced(&fresh);
    fresh.archive.rebuild_index().unwrap();
    let before = lines(&root).len();
    let patch = json!({"review": {"false_trigger": true}});
    for id in [1, 2] {
        let error = fresh.archive.patch_sidecar(id, &patch, "kim", PatchOptions::default());
        assert!(error.unwrap_err().to_string().contains("not as the ledger has it"), "{id}");
        assert!(fresh.archive.undo(id, "kim").is_err());
        assert!(fresh.archive.regenerate(id, Default::default()).is_err());
    }
    let options = RederiveOptions::default().with_all(true);
    let account = fresh.archive.rederive(&options, &mut |_| {}).unwrap();
    assert_eq!((account.events, account.failed), (1, 2));
    let other = "a second report, which differs".as_bytes().to_vec();
    assert!(fresh.archive.save(&submission(BLAST).report("M529LMOK.DK0W.TXT", other)).is_err());
    // The third event alone was derived again.
    assert_eq!(lines(&root).len(), before + 1);
    let found = kinds(&fresh.archive, &head);
    assert!(found.contains(&FindingKind::SourceDiffers), "{found:?}");
    // A source that is exchanged with nothing else is not derived from either.
    let (fresh, _) = held();
    fs::write(fresh.path("BE11529", QUIET), sample(BLAST)).unwrap();
    let error = fresh.archive.regenerate(2, Default::default()).unwrap_err();
    assert!(error.to_string().contains("not as the ledger has it"), "{error}");
}

#[test]
fn what_another_program_changed_is_carried_on_and_named_since_a_head() {
    let (fresh, head) = held();
    let path = sidecar(fresh.folder.path(), BLAST);
    let mut document: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    document["review"]["notes"] = json!("not heard by anybody");
    document["other"] = json!({"kept": true});
    document["blastware"]["sha256"] = json!("0".repeat(64));
    fs::write(&path, document.to_string()).unwrap();
    let patch = json!({"review": {"false_trigger": true}});
    fresh.archive.patch_sidecar(1, &patch, "kim", PatchOptions::default()).unwrap();
    let last = entries(fresh.folder.path()).pop().unwrap();
    let outside = last["outside"].to_string();
    assert!(
        outside.contains("not heard by anybody") && outside.contains("heard by the"),
        "{outside}"
    );
    assert_eq!(last["facts"]["other"], json!({"kept": true}));
    // Sums of other files are not taken from what another program wrote.
    let source = fs::read(fresh.path("BE11529", BLAST)).unwrap();
    assert_eq!(last["files"][BLAST], json!(hex(&source)));
    let said = messages(&fresh.archive, &head);
    assert!(said.contains("changed by another program, or by hand"), "{said}");
    assert!(said.contains("review of event 1"), "{said}");
}

#[test]
fn an_event_that_is_deleted_is_found_and_its_entries_too() {
    let (fresh, head) = held();
    let root = fresh.folder.path().to_owned();
    for suffix in ["", ".h5", ".sfm.json"] {
        fs::remove_file(fresh.path("BE11529", &format!("{QUIET}{suffix}"))).unwrap();
    }
    let rebuilt = fresh.archive.rebuild_index().unwrap();
    assert_eq!(rebuilt.lost, [Path::new("BE11529").join(QUIET)]);
    assert_eq!(kinds(&fresh.archive, &head), [FindingKind::SidecarMissing]);
    let all = entries(&root);
    // Windows removes no index that is open.
    drop(fresh.archive);
    forge(&root, all.into_iter().filter(|entry| entry["event"]["id"] != 2).collect());
    let archive = Archive::open(&root).unwrap();
    assert_eq!(archive.verify(hashes(), &|_, _| {}).unwrap().findings, [], "no trace in itself");
    let Grown::No { taken_away, rewritten, .. } = since(&archive, &head) else { panic!() };
    assert_eq!((taken_away, rewritten.as_slice()), (Some((6, 7)), &[(3, 5)][..]));
}

#[test]
fn a_moment_of_capture_that_is_moved_is_found() {
    let (fresh, head) = held();
    let root = fresh.folder.path().to_owned();
    let path = sidecar(&root, QUIET);
    let back = |document: &mut Value| {
        document["source"]["captured_at"] = json!("2020-01-01T00:00:00Z");
    };
    reseal(&path, back);
    fresh.archive.rebuild_index().unwrap();
    let said = messages(&fresh.archive, &head);
    assert!(
        said.contains("source.captured_at is \"2020-01-01T00:00:00Z\", the ledger has"),
        "{said}"
    );
}

#[test]
fn an_entry_that_is_dated_back_is_found() {
    let (fresh, head) = held();
    let root = fresh.folder.path().to_owned();
    let mut all = entries(&root);
    all[3]["at"] = json!("2020-01-01T00:00:00Z");
    forge(&root, all);
    let archive = Archive::open(&root).unwrap();
    let Grown::No { rewritten, .. } = since(&archive, &head) else { panic!() };
    assert_eq!(rewritten[0].0, 4);
}

#[test]
fn a_ledger_that_is_cut_or_gone_is_found_with_and_without_a_head() {
    for keep in [0, 1, 5, 6] {
        let (fresh, head) = held();
        let root = fresh.folder.path().to_owned();
        let kept: String = lines(&root)[..keep].iter().map(|line| format!("{line}\n")).collect();
        fs::write(fresh.archive.layout().ledger(), kept).unwrap();
        assert!(kinds(&fresh.archive, &head).contains(&FindingKind::Ledger), "{keep}");
        // Nothing is added to it, and nothing else is changed.
        assert!(fresh.archive.save(&submission(OVER_RANGE)).is_err(), "{keep}");
        // An index that is made again knows no more than the ledger.
        drop(fresh.archive);
        for name in ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
            let _ = fs::remove_file(root.join(".wavekeep").join(name));
        }
        if keep == 0 {
            fs::remove_file(root.join(".wavekeep/ledger.jsonl")).unwrap();
        }
        let archive = Archive::open(&root).unwrap();
        match since(&archive, &head) {
            Grown::No { taken_away: Some((first, 7)), .. } => {
                // What was there is noted as found.
                assert!(keep > 0 && first > keep as u64, "{keep}");
            }
            Grown::No { rewritten, .. } if keep > 0 => assert!(rewritten[0].0 > keep as u64),
            Grown::OtherArchive { .. } => assert_eq!(keep, 0),
            other => panic!("{keep}: {other:?}"),
        }
    }
}

#[test]
fn entries_that_change_places_are_found() {
    let (fresh, head) = held();
    let root = fresh.folder.path().to_owned();
    let mut swapped = lines(&root);
    swapped.swap(2, 3);
    let text: String = swapped.iter().map(|line| format!("{line}\n")).collect();
    fs::write(fresh.archive.layout().ledger(), text).unwrap();
    assert!(kinds(&fresh.archive, &head).contains(&FindingKind::Ledger));
    let mut all = entries(&root);
    all.sort_by_key(|entry| entry["entry"].as_u64());
    all.swap(2, 3);
    forge(&root, all);
    let archive = Archive::open(&root).unwrap();
    let Grown::No { rewritten, .. } = since(&archive, &head) else { panic!() };
    assert_eq!(rewritten, [(3, 7)]);
}

#[test]
fn an_archive_that_goes_back_to_a_backup_is_found() {
    let (fresh, _) = held();
    let backup = tempfile::tempdir().unwrap();
    copy(fresh.folder.path(), backup.path());
    fresh.save(&submission(OVER_RANGE));
    let head = fresh.archive.head().unwrap();
    let archive = Archive::open(backup.path()).unwrap();
    let Grown::No { taken_away, rewritten, .. } = since(&archive, &head) else { panic!() };
    assert_eq!((taken_away, rewritten.as_slice()), (Some((8, 8)), &[][..]));
    // It goes on from there: another entry stands in the place of the one that is gone.
    archive.save(&submission(DAMAGED)).unwrap();
    let Grown::No { taken_away: None, rewritten, now } = since(&archive, &head) else { panic!() };
    assert_eq!(rewritten, [(8, 8)]);
    assert!(now[0].contains(DAMAGED), "{now:?}");
}

#[test]
fn an_archive_in_the_place_of_another_is_found() {
    let ((_one, head), (other, _)) = (held(), held());
    assert!(matches!(since(&other.archive, &head), Grown::OtherArchive { .. }));
    assert!(kinds(&other.archive, &head).contains(&FindingKind::NotGrown));
}

#[test]
fn an_event_that_is_slipped_in_is_found_and_noted_from_here_on() {
    let (fresh, head) = held();
    let other = crate::common::fresh();
    other.save(&submission(DAMAGED));
    for suffix in ["", ".h5", ".sfm.json"] {
        let name = format!("{DAMAGED}{suffix}");
        fs::copy(other.path("BE11529", &name), fresh.path("BE11529", &name)).unwrap();
    }
    assert_eq!(kinds(&fresh.archive, &head), [FindingKind::IndexDisagrees]);
    assert_eq!(fresh.archive.rebuild_index().unwrap().found, 1);
    let all = entries(fresh.folder.path());
    assert_eq!(all.last().unwrap()["action"], "found");
    // In the index by other means, and not in the ledger.
    let (fresh, head) = held();
    let index = Connection::open(fresh.archive.layout().index()).unwrap();
    index.execute("DELETE FROM ledger WHERE event_id = 3", []).unwrap();
    assert!(kinds(&fresh.archive, &head).contains(&FindingKind::NotInLedger));
}

#[test]
fn a_ledger_that_leads_elsewhere_or_counts_too_far_harms_nothing() {
    for change in [
        |entry: &mut Value| entry["event"]["serial"] = json!(".."),
        |entry: &mut Value| entry["event"]["filename"] = json!("../../etc/passwd"),
        |entry: &mut Value| entry["event"]["filename"] = json!("/etc/passwd"),
        |entry: &mut Value| entry["event"]["id"] = json!(i64::MAX),
        |entry: &mut Value| entry["event"]["id"] = json!(i64::MIN),
        |entry: &mut Value| entry["files"]["../../etc/passwd"] = json!(Hash::ZERO),
        |entry: &mut Value| entry["review"] = json!({"number": i64::MAX}),
        |entry: &mut Value| entry["facts"] = json!({"wavekeep": {"id": "x"}, "source": []}),
        |entry: &mut Value| *entry = json!({"lost": Hash::ZERO, "entry": 3}),
    ] {
        let (fresh, _) = held();
        let root = fresh.folder.path().to_owned();
        let mut all = entries(&root);
        change(&mut all[2]);
        forge(&root, all);
        let archive = Archive::open(&root).unwrap();
        archive.verify(hashes(), &|_, _| {}).unwrap();
        archive.repair(&|_, _| {}).unwrap();
        // It goes on, or says why not.
        match archive.save(&submission(DAMAGED)) {
            Ok(saved) => assert!(saved.id < 1 << 54),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
        let _ = archive.prove(2, None);
        let patch = json!({"review": {"notes": "seen"}});
        let _ = archive.patch_sidecar(1, &patch, "kim", PatchOptions::default());
        assert!(fs::read(root.join("BE11529").join(BLAST)).is_ok());
    }
}

#[test]
fn every_flipped_bit_of_a_head_is_refused_or_found() {
    let (fresh, head) = held();
    let text = head.to_string();
    let time = text.find("time").unwrap()..text.find("blocks").unwrap();
    for bit in (0..text.len() * 8).step_by(stride(3)) {
        let mut flipped = text.clone().into_bytes();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let Ok(Ok(read)) = String::from_utf8(flipped).map(|text| text.parse::<Head>()) else {
            continue;
        };
        // What is signed is the whole text; the moment and the blocks prove nothing by themselves.
        let proves_nothing = time.contains(&(bit / 8)) || bit / 8 > time.end || read == head;
        let is_fine = matches!(since(&fresh.archive, &read), Grown::Yes { .. });
        assert!(!is_fine || proves_nothing, "bit {bit}: {read}");
    }
}
