//! Events that go to another unit.

use crate::common::*;
use serde_json::json;
use wavekeep_archive::{Outcome, PatchOptions};

const WHY: &str = "the label on the box";

fn last_entry(fresh: &Fresh, id: i64) -> wavekeep_custody::Entry {
    fresh.archive.ledger_state(id).unwrap().unwrap().0.entry
}

#[test]
fn an_event_goes_to_another_unit_with_all_of_its_files_its_number_and_its_reviews() {
    let fresh = fresh();
    let id = fresh.save(&with_report(BLAST, BLAST_REPORT)).id;
    let patch = json!({"review": {"notes": "blast 4"}});
    fresh.archive.patch_sidecar(id, &patch, "kim", PatchOptions::default()).unwrap();
    let before = fresh.archive.event(id).unwrap();
    let saved = fresh.archive.move_to_unit(id, "BE99", WHY, "kim").unwrap();
    assert_eq!((saved.id, saved.outcome), (id, Outcome::Moved));
    let row = fresh.archive.event(id).unwrap();
    assert_eq!((row.serial.as_str(), &row.filename), ("BE99", &before.filename));
    assert_eq!((row.sha256, row.review_notes), (before.sha256, before.review_notes));
    assert_eq!((row.ppv_in_s, row.txt_filename), (before.ppv_in_s, before.txt_filename));
    assert_eq!(row.captured_at, before.captured_at);
    let left: Vec<_> = files(fresh.folder.path()).into_iter().map(|(path, _)| path).collect();
    let of = |unit: &str| left.iter().filter(|path| path.starts_with(unit)).count();
    assert_eq!((of(&before.serial), of("BE99")), (0, 4), "{left:?}");
    let entry = last_entry(&fresh, id);
    assert_eq!((entry.action.word(), entry.who.as_str()), ("move", "kim"));
    assert_eq!(entry.text("reason"), Some(WHY));
    assert_eq!(entry.text("from_place"), Some(&*format!("{}/{BLAST}", before.serial)));
    assert_eq!(fresh.archive.review_log(Some(id), 9).unwrap().len(), 1);
    fresh.verify_clean();
}

#[test]
fn the_same_file_does_not_come_in_again_under_the_unit_that_it_was_in() {
    let fresh = fresh();
    let id = fresh.save(&submission(BLAST)).id;
    fresh.archive.move_to_unit(id, "BE99", WHY, "kim").unwrap();
    let again = fresh.save(&submission(BLAST));
    assert_eq!((again.id, again.outcome, again.serial.as_str()), (id, Outcome::Same, "BE99"));
    let late = fresh.save(&with_report(BLAST, BLAST_REPORT));
    assert_eq!((late.id, late.outcome, late.serial.as_str()), (id, Outcome::PairedLate, "BE99"));
    fresh.verify_clean();
}

#[test]
fn an_event_that_goes_back_is_as_it_was() {
    let fresh = fresh();
    let id = fresh.save(&submission(BLAST)).id;
    let before = fresh.archive.event(id).unwrap();
    fresh.archive.move_to_unit(id, "BE99", WHY, "kim").unwrap();
    fresh.archive.move_to_unit(id, &before.serial, "it was right", "kim").unwrap();
    let row = fresh.archive.event(id).unwrap();
    assert_eq!((row.serial, row.filename), (before.serial, before.filename));
    assert_eq!(fresh.save(&submission(BLAST)).outcome, Outcome::Same);
    let twice = fresh.archive.move_to_unit(id, &row_serial(&fresh, id), WHY, "kim").unwrap();
    assert_eq!(twice.outcome, Outcome::Same, "it is there already");
    fresh.verify_clean();
}

fn row_serial(fresh: &Fresh, id: i64) -> String {
    fresh.archive.event(id).unwrap().serial
}

#[test]
fn a_unit_that_has_the_event_already_does_not_get_it_twice() {
    let fresh = fresh();
    let id = fresh.save(&submission(BLAST)).id;
    let copy = fresh.save(&submission(BLAST).serial("BE99")).id;
    assert_ne!(id, copy);
    let before = files(fresh.folder.path());
    let error = fresh.archive.move_to_unit(id, "BE99", WHY, "kim").unwrap_err();
    assert_eq!(error.kind(), "place_taken");
    assert_eq!(files(fresh.folder.path()), before);
}

#[test]
fn another_event_of_its_name_is_not_replaced() {
    let fresh = fresh();
    let id = fresh.save(&submission(BLAST)).id;
    let mut other = submission(QUIET).serial("BE99");
    other.name = BLAST.to_owned();
    fresh.save(&other);
    let saved = fresh.archive.move_to_unit(id, "BE99", WHY, "kim").unwrap();
    assert_ne!(saved.filename, BLAST);
    assert!(saved.filename.starts_with("M529LMOK-"), "{}", saved.filename);
    fresh.verify_clean();
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let fresh = fresh();
    let id = fresh.save(&submission(BLAST)).id;
    let before = files(fresh.folder.path());
    for (id, serial, reason, kind) in [
        (id, "BE99", " ", "no_reason"),
        (id, "UNKNOWN", WHY, "name"),
        (id, "../BE99", WHY, "name"),
        (id, "", WHY, "name"),
        (99, "BE99", WHY, "no_event"),
    ] {
        let error = fresh.archive.move_to_unit(id, serial, reason, "kim").unwrap_err();
        assert_eq!(error.kind(), kind, "{serial:?}");
    }
    assert_eq!(files(fresh.folder.path()), before);
}

#[test]
fn two_who_move_one_event_at_once_move_it_one_after_the_other() {
    let fresh = fresh();
    let id = fresh.save(&submission(BLAST)).id;
    std::thread::scope(|scope| {
        for unit in ["BE1", "BE2", "BE3", "BE4"] {
            let archive = &fresh.archive;
            scope.spawn(move || archive.move_to_unit(id, unit, WHY, "kim").unwrap());
        }
    });
    let events = fresh.archive.query(&wavekeep_archive::Query::default()).unwrap();
    assert_eq!((events.total, events.events[0].id), (1, id));
    fresh.verify_clean();
}
