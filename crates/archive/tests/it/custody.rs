//! What an outsider with write access could try, and what a head that is held elsewhere shows of it.
//!
//! The forger here has this very program and its sources: seals and sums are written again as the
//! program would write them.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::common::*;
use crate::simulated::SimulatedDisk;
use rusqlite::Connection;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wavekeep_archive::{
    Archive, FindingKind, Grown, Head, OpenOptions, PatchOptions, RederiveOptions, Role,
    VerifyOptions,
};
use wavekeep_custody::{Action, Hash, hash_of_line};

const HASHES: VerifyOptions = VerifyOptions { share: None, seed: 0, without_decoding: true };

/// Three events, two reviews, a token; and the head that somebody holds.
fn held() -> (Fresh, Head) {
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

fn since(archive: &Archive, head: &Head) -> Grown {
    archive.check_ledger(Some(head)).unwrap().since.unwrap().grown
}

fn kinds(archive: &Archive, head: &Head) -> Vec<FindingKind> {
    let found = archive.verify_since(head, HASHES, &|_, _| {}).unwrap();
    found.findings.iter().map(|finding| finding.kind).collect()
}

fn messages(archive: &Archive, head: &Head) -> String {
    let found = archive.verify_since(head, HASHES, &|_, _| {}).unwrap();
    found.findings.iter().map(|finding| format!("{}\n", finding.message)).collect()
}

fn lines(root: &Path) -> Vec<String> {
    let text = fs::read_to_string(root.join(".wavekeep/ledger.jsonl")).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// Writes a ledger whose lines go on from each other again, as the program would have written it, and
/// lets the index be made again: what a forger does who has all the time in the world.
fn forge(root: &Path, mut entries: Vec<Value>) {
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

fn entries(root: &Path) -> Vec<Value> {
    lines(root).iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Changes a sidecar and writes its seal again.
fn reseal(path: &Path, change: impl FnOnce(&mut Value)) -> String {
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

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sidecar(root: &Path, name: &str) -> std::path::PathBuf {
    root.join("BE11529").join(format!("{name}.sfm.json"))
}

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
    forge(&root, all);
    let archive = Archive::open(&root).unwrap();
    assert_eq!(archive.verify(HASHES, &|_, _| {}).unwrap().findings, [], "no trace in itself");
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
    forge(&root, all);
    let archive = Archive::open(&root).unwrap();
    assert_eq!(archive.verify(HASHES, &|_, _| {}).unwrap().findings, [], "no trace in itself");
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
    let options = RederiveOptions { all: true, ..RederiveOptions::default() };
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
    forge(&root, all.into_iter().filter(|entry| entry["event"]["id"] != 2).collect());
    let archive = Archive::open(&root).unwrap();
    assert_eq!(archive.verify(HASHES, &|_, _| {}).unwrap().findings, [], "no trace in itself");
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
        archive.verify(HASHES, &|_, _| {}).unwrap();
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
        let found = fresh.archive.verify(HASHES, &|_, _| {}).unwrap().findings;
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
    let options = RederiveOptions { all: true, ..RederiveOptions::default() };
    archive.rederive(&options, &mut |_| {}).unwrap().events
}

fn copy(from: &Path, to: &Path) {
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
