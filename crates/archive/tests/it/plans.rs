//! Plans: pictures and places in the ledger, verified, backed up, restored, taken in, undone.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use crate::common::*;
use wavekeep_archive::{
    Archive, ArchiveError, BackupOptions, FindingKind, PlanDone, PlanError, Query, VerifyOptions,
};

fn with_plan() -> Fresh {
    let fresh = fresh();
    fresh.save(&with_report(BLAST, BLAST_REPORT));
    fresh.archive.set_plan(None, &picture(40), Some("site.png"), "kim").unwrap();
    fresh.archive.place_location(None, "School", Some([0.25, 0.75]), "kim").unwrap();
    fresh
}

fn file(fresh: &Fresh) -> PathBuf {
    let plans = fresh.archive.plans().unwrap();
    fresh
        .folder
        .path()
        .join(".wavekeep/plans")
        .join(format!("{}.png", plans.plans[0].picture.sha256))
}

#[test]
fn a_location_is_on_the_plan_where_it_was_placed() {
    let fresh = with_plan();
    let plans = fresh.archive.plans().unwrap();
    let plan = plans.of(None).unwrap();
    assert_eq!((plan.picture.width, plan.picture.name.as_deref()), (40, Some("site.png")));
    let place = &plan.places[0];
    assert_eq!((place.location.as_str(), place.x, place.y), ("School", 0.25, 0.75));
    assert_eq!((place.who.as_str(), place.on_this_picture), ("kim", true));
    let (_, bytes) = fresh.archive.plan_picture(&plan.picture.sha256).unwrap().unwrap();
    assert_eq!(bytes, picture(40));
    assert_eq!(fresh.archive.plan_picture(&"0".repeat(64)).unwrap(), None);
    fresh.verify_clean();
}

#[test]
fn another_picture_keeps_the_places_and_marks_them() {
    let fresh = with_plan();
    fresh.archive.set_plan(None, &picture(50), None, "lee").unwrap();
    let place = |archive: &Archive| archive.plans().unwrap().plans[0].places[0].clone();
    assert!(!place(&fresh.archive).on_this_picture);
    fresh.archive.place_location(None, "School", Some([0.5, 0.5]), "lee").unwrap();
    assert!(place(&fresh.archive).on_this_picture);
}

#[test]
fn a_change_is_undone_once_nothing_came_after_it() {
    let fresh = with_plan();
    let archive = &fresh.archive;
    let first = archive.plans().unwrap().plans[0].places[0].entry;
    let moved = archive.place_location(None, "School", Some([0.9, 0.9]), "lee").unwrap();
    let refused = archive.undo_plan(first, "lee").unwrap_err();
    assert!(
        matches!(refused, ArchiveError::Plan(PlanError::NotTheLast { entry }) if entry == first)
    );
    let undone = archive.undo_plan(moved.entry, "lee").unwrap();
    assert_eq!(undone.undoes, Some(moved.entry));
    let place = archive.plans().unwrap().plans[0].places[0].clone();
    assert_eq!(([place.x, place.y], place.who.as_str()), ([0.25, 0.75], "lee"));
    let off = archive.place_location(None, "School", None, "lee").unwrap();
    assert_eq!(archive.plans().unwrap().plans[0].places, []);
    archive.undo_plan(off.entry, "lee").unwrap();
    assert_eq!(archive.plans().unwrap().plans[0].places.len(), 1);
    let gone = archive.remove_plan(None, "lee").unwrap();
    assert_eq!(archive.plans().unwrap().plans, []);
    archive.undo_plan(gone.entry, "lee").unwrap();
    assert_eq!(archive.plans().unwrap().plans[0].places.len(), 1);
    fresh.verify_clean();
}

#[test]
fn what_is_no_place_and_no_picture_is_refused_and_nothing_is_written() {
    let fresh = with_plan();
    let before = fresh.archive.plans().unwrap();
    let place = |project, location: &str, at| {
        fresh.archive.place_location(project, location, Some(at), "kim").unwrap_err().to_string()
    };
    for (refused, words) in [
        (place(None, "School", [1.1, 0.0]), "from 0 to 1"),
        (place(None, "School", [f64::NAN, 0.0]), "from 0 to 1"),
        (place(None, " ", [0.5, 0.5]), "empty"),
        (place(Some("Quarry 9"), "School", [0.5, 0.5]), "no plan"),
        (place(None, &"x".repeat(2000), [0.5, 0.5]), "more than"),
    ] {
        assert!(refused.contains(words), "{refused}");
    }
    for bytes in [&b""[..], b"<svg/>", &picture(40)[..30], &picture(20_000)] {
        assert!(fresh.archive.set_plan(None, bytes, None, "kim").is_err());
    }
    assert_eq!(fresh.archive.plans().unwrap(), before);
    fresh.verify_clean();
}

#[test]
fn the_index_is_not_needed_for_a_plan() {
    let fresh = with_plan();
    let plans = fresh.archive.plans().unwrap();
    fresh.archive.rebuild_index().unwrap();
    assert_eq!(fresh.archive.plans().unwrap(), plans);
    let folder = fresh.folder;
    drop(fresh.archive);
    for name in ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
        let _ = fs::remove_file(folder.path().join(".wavekeep").join(name));
    }
    assert_eq!(Archive::open_to_read(folder.path()).unwrap().plans().unwrap(), plans);
    assert_eq!(Archive::open(folder.path()).unwrap().plans().unwrap(), plans);
}

#[test]
fn verify_finds_a_picture_that_is_gone_or_has_other_bytes() {
    let fresh = with_plan();
    let path = file(&fresh);
    let kinds = || {
        let found = fresh.archive.verify(VerifyOptions::default(), &|_, _| {}).unwrap();
        found.findings.into_iter().map(|finding| finding.kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds(), []);
    fs::write(&path, b"other").unwrap();
    assert_eq!(kinds(), [FindingKind::FileDiffers]);
    let sum = path.file_stem().unwrap().to_string_lossy().into_owned();
    assert!(matches!(fresh.archive.plan_picture(&sum), Err(ArchiveError::Damaged { .. })));
    fs::remove_file(&path).unwrap();
    assert_eq!(kinds(), [FindingKind::FileMissing]);
    // It cannot be made again; a repair leaves everything else as it is.
    let left = fresh.archive.repair(&|_, _| {}).unwrap().left;
    assert_eq!(left.len(), 1);
    fresh.archive.set_plan(None, &picture(40), None, "kim").unwrap();
    assert_eq!(kinds(), [], "the same bytes are there again");
}

#[test]
fn a_picture_that_was_being_written_is_a_leftover_and_one_of_nobody_is_named() {
    let fresh = with_plan();
    let folder = fresh.folder.path().join(".wavekeep/plans");
    fs::write(folder.join(".wavekeep-abc.png"), b"half").unwrap();
    fs::write(folder.join("mine.png"), b"mine").unwrap();
    let found = fresh.archive.verify(VerifyOptions::default(), &|_, _| {}).unwrap();
    assert_eq!(found.findings.len(), 1);
    assert_eq!(found.findings[0].kind, FindingKind::Leftover);
    assert_eq!(found.others, [PathBuf::from(".wavekeep/plans/mine.png")]);
    assert_eq!(fresh.archive.repair(&|_, _| {}).unwrap().left, []);
    assert!(!folder.join(".wavekeep-abc.png").exists() && folder.join("mine.png").exists());
}

#[test]
fn a_backup_has_the_plan_and_what_is_restored_from_it_too() {
    let fresh = with_plan();
    let plans = fresh.archive.plans().unwrap();
    let (to, back) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fresh.archive.backup(to.path(), BackupOptions::default(), &|_, _| {}).unwrap();
    Archive::restore(to.path(), &back.path().join("fleet"), &|_, _| {}).unwrap();
    let restored = Archive::open(back.path().join("fleet")).unwrap();
    assert_eq!(restored.plans().unwrap(), plans);
    let sum = &plans.plans[0].picture.sha256;
    assert_eq!(restored.plan_picture(sum).unwrap().unwrap().1, picture(40));
    let found = restored.verify(VerifyOptions::default(), &|_, _| {}).unwrap();
    assert_eq!(found.findings, []);
}

#[test]
fn an_archive_that_is_taken_in_brings_the_plans_that_are_not_there() {
    let (other, into) = (with_plan(), fresh());
    let project = other.archive.event(1).unwrap().project.unwrap();
    other.archive.set_plan(Some(&project), &picture(60), None, "kim").unwrap();
    let take = |query: &Query| {
        let stop = AtomicBool::new(false);
        into.archive.take_in_matching(&other.archive, query, &stop, &mut |_| {}).unwrap().plans
    };
    assert_eq!(take(&Query::default().with_project(Some(project.clone()))), 1);
    assert!(into.archive.plans().unwrap().of(Some(&project)).is_some());
    assert_eq!(take(&Query::default()), 1, "that of the archive");
    assert_eq!(into.archive.plans().unwrap().of(None).unwrap().places.len(), 1);
    assert_eq!(take(&Query::default()), 0, "what is there stays");
    into.verify_clean();
}

#[test]
fn an_entry_that_a_newer_program_wrote_is_named_and_the_rest_is_there() {
    let fresh = with_plan();
    let history = fresh.archive.plans().unwrap().history;
    assert!(matches!(history[1].done, PlanDone::Place { .. }));
    let entries = fresh.archive.ledger_entries(None, 10).unwrap();
    let entry = &entries.iter().find(|of| of.entry.entry == history[0].entry).unwrap().entry;
    assert_eq!(entry.action.word(), "plan");
    assert_eq!(entry.files.len(), 1, "the picture, with its sum");
    assert_eq!(fresh.archive.plans().unwrap().not_understood, Vec::<u64>::new());
}
