//! Copies of one event of which one was cut short, and files of newer programs: nothing half stays in
//! the place of the whole, and nothing old is written over what is new.

use crate::common;

use std::fs;
use std::path::Path;

use common::*;
use serde_json::{Value, json};
use wavekeep_archive::{
    Archive, FindingKind, Outcome, PatchOptions, Query, RederiveOptions, RemakeOptions, Submission,
    VerifyOptions,
};

fn whole(archive: &Archive) {
    let found = archive.verify(VerifyOptions::default(), &|_, _| {}).unwrap();
    assert!(found.is_whole(), "{:?}", found.findings);
    assert_eq!(found.others, Vec::<std::path::PathBuf>::new());
}

/// A copy of the blast that an upload left, cut after this share of it.
fn cut(share: f64) -> Submission {
    let bytes = sample(BLAST);
    let len = (bytes.len() as f64 * share) as usize;
    Submission::new(BLAST, &bytes[..len])
}

#[test]
fn a_whole_event_takes_the_place_of_its_cut_copy_and_keeps_number_and_review() {
    for share in [0.2, 0.5, 0.8, 0.999] {
        let fresh = fresh();
        let first = fresh.save(&cut(share));
        let patch = json!({"review": {"notes": "a blast"}});
        fresh.archive.patch_sidecar(first.id, &patch, "kim", PatchOptions::default()).unwrap();
        let again = fresh.save(&submission(BLAST));
        assert_eq!((again.id, again.outcome), (first.id, Outcome::Superseded), "{share}");
        let kept = fs::read(fresh.archive.source_path(first.id).unwrap()).unwrap();
        assert_eq!(kept, sample(BLAST), "{share}");
        let row = fresh.archive.event(first.id).unwrap();
        assert_eq!((row.damaged, row.review_notes.as_deref()), (false, Some("a blast")));
        // The bytes that were there are not lost.
        let aside = fresh.folder.path().join(".wavekeep/aside/superseded/BE11529");
        let aside = fs::read_dir(aside).unwrap().next().unwrap().unwrap().path();
        assert_eq!(fs::read(aside).unwrap(), cut(share).bytes);
        assert_eq!(fresh.archive.query(&Query::default()).unwrap().total, 1);
        whole(&fresh.archive);
        assert_eq!(fresh.save(&submission(BLAST)).outcome, Outcome::Same);
    }
}

#[test]
fn a_cut_copy_of_a_whole_event_is_not_kept_beside_it() {
    let fresh = fresh();
    fresh.save(&with_report(BLAST, BLAST_REPORT));
    let shorter = fresh.save(&cut(0.5));
    assert_eq!((shorter.id, shorter.outcome), (1, Outcome::Shorter));
    assert_eq!(shorter.filesize, sample(BLAST).len() as u64);
    assert_eq!(fresh.archive.query(&Query::default()).unwrap().total, 1);
    whole(&fresh.archive);
}

#[test]
fn other_bytes_of_a_name_are_a_conflict_as_before() {
    let fresh = fresh();
    fresh.save(&submission(QUIET));
    assert_eq!(fresh.save(&Submission::new(QUIET, sample(BLAST))).outcome, Outcome::Conflict);
    // Bytes behind a whole event do not make a better one of it.
    let longer = [sample(QUIET), vec![0; 9]].concat();
    assert_eq!(fresh.save(&Submission::new(QUIET, longer)).outcome, Outcome::Conflict);
    assert_eq!(fs::read(fresh.archive.source_path(1).unwrap()).unwrap(), sample(QUIET));
}

#[test]
fn a_report_that_was_taken_before_its_end_gives_way_to_the_whole_of_it() {
    let fresh = fresh();
    let text = sample(BLAST_REPORT);
    fresh.save(&submission(BLAST).report(BLAST_REPORT, &text[..text.len() / 2]));
    let again = fresh.save(&with_report(BLAST, BLAST_REPORT));
    assert_eq!(again.outcome, Outcome::PairedLate);
    let expected = {
        let fresh = common::fresh();
        fresh.save(&with_report(BLAST, BLAST_REPORT));
        fresh.archive.sidecar(1).unwrap().peak_values()
    };
    assert_eq!(fresh.archive.sidecar(1).unwrap().peak_values(), expected);
    whole(&fresh.archive);
}

fn edit(path: &Path, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut document: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    change(&mut document);
    let bytes = serde_json::to_vec_pretty(&document).unwrap();
    fs::write(path, &bytes).unwrap();
    bytes
}

/// What every command that writes makes of an archive.
fn everything_that_writes(root: &Path) {
    let (archive, _) = Archive::open_for_repair(root).unwrap();
    let _ = archive.repair(&|_, _| {}).unwrap();
    let all = RederiveOptions::default().with_all(true).with_remake(
        RemakeOptions::default().with_replace_unknown_hdf5(true).with_gnz(true).with_dry_run(false),
    );
    let _ = archive.rederive(&all, &mut |_| {}).unwrap();
    let _ = archive.regenerate(1, RemakeOptions::default());
    let _ = archive.rebuild_index().unwrap();
    let _ = archive.save(&submission(QUIET));
    let _ = archive.save(&submission(QUIET).report("M529LKIQ.7M0W.TXT", sample(OVER_RANGE_REPORT)));
    let _ = archive.repair(&|_, _| {}).unwrap();
}

#[test]
fn a_sidecar_of_a_newer_schema_is_never_written_over() {
    let Fresh { folder, archive } = fresh();
    archive.save(&submission(QUIET)).unwrap();
    drop(archive);
    let path = folder.path().join("BE11529").join(format!("{QUIET}.sfm.json"));
    let bytes = edit(&path, |document| {
        document["schema_version"] = json!(2);
        document["future"] = json!({"x": 1});
    });
    // With its arrays damaged, so that there is something to repair.
    let arrays = folder.path().join("BE11529").join(format!("{QUIET}.h5"));
    fs::write(&arrays, "newer arrays").unwrap();
    everything_that_writes(folder.path());
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert_eq!(fs::read_to_string(&arrays).unwrap(), "newer arrays");
    let archive = Archive::open(folder.path()).unwrap();
    let found = archive.verify(VerifyOptions::default(), &|_, _| {}).unwrap();
    assert!(found.findings.iter().any(|found| found.kind == FindingKind::Newer), "{found:?}");
}

#[test]
fn what_a_newer_decoder_derived_is_not_derived_again() {
    for tool in ["wavekeep 0.1.1", "wavekeep 0.2.0-rc1", "wavekeep 1.0.0", "wavekeep 0.10.0"] {
        let Fresh { folder, archive } = fresh();
        archive.save(&submission(QUIET)).unwrap();
        drop(archive);
        let path = folder.path().join("BE11529").join(format!("{QUIET}.sfm.json"));
        let bytes = edit(&path, |document| document["source"]["tool_version"] = json!(tool));
        let arrays = folder.path().join("BE11529").join(format!("{QUIET}.h5"));
        fs::write(&arrays, "newer arrays").unwrap();
        everything_that_writes(folder.path());
        assert_eq!(fs::read(&path).unwrap(), bytes, "{tool}");
        assert_eq!(fs::read_to_string(&arrays).unwrap(), "newer arrays", "{tool}");
    }
}

#[test]
fn an_index_of_a_newer_program_is_not_even_looked_into() {
    let Fresh { folder, archive } = fresh();
    archive.save(&submission(QUIET)).unwrap();
    let index = archive.layout().index();
    drop(archive);
    let newer = rusqlite::Connection::open(&index).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    drop(newer);
    let before = fs::read(&index).unwrap();
    assert!(Archive::open(folder.path()).is_err());
    assert!(Archive::open_to_read(folder.path()).is_err());
    assert!(Archive::open_for_repair(folder.path()).is_err());
    assert_eq!(fs::read(&index).unwrap(), before);
}
