//! Events whose unit is known only later, or is known better by the archive than by who sends them.

use std::fs;

use crate::common::*;
use serde_json::json;
use wavekeep_archive::{
    Outcome, Pairing, PatchOptions, Query, Submission, UNKNOWN_SERIAL, VerifyOptions,
};
use wavekeep_blastware::frames;

/// A name that says no unit.
const NAMELESS: &str = "event.bin";
const ITS_REPORT: &str = "event.bin.TXT";

fn nameless() -> Submission {
    Submission::new(NAMELESS, sample(BLAST))
}

fn nameless_with_report() -> Submission {
    nameless().report(ITS_REPORT, sample(BLAST_REPORT))
}

/// The files that are there, without what the archive keeps for itself.
fn names(fresh: &Fresh) -> Vec<String> {
    files(fresh.folder.path()).into_iter().map(|(name, _)| name).collect()
}

/// One event, whole, at its unit; nothing is left in `UNKNOWN`.
fn assert_moved(fresh: &Fresh, serial: &str) {
    let page = fresh.archive.query(&Query::default()).unwrap();
    assert_eq!(page.total, 1);
    assert_eq!((page.events[0].id, page.events[0].serial.as_str()), (1, serial));
    assert!(names(fresh).iter().all(|name| name.starts_with(serial)), "{:?}", names(fresh));
    let found = fresh.archive.verify(VerifyOptions::default(), &|_, _| {}).unwrap();
    assert!(found.is_whole() && found.others.is_empty(), "{found:?}");
    // The files say the same.
    let row = fresh.archive.event(1).unwrap();
    fresh.archive.rebuild_index().unwrap();
    let mut again = fresh.archive.event(1).unwrap();
    again.changed = row.changed;
    assert_eq!(again, row);
}

#[test]
fn an_event_of_an_unknown_unit_goes_to_the_unit_that_its_late_report_names() {
    let fresh = fresh();
    let first = fresh.save(&nameless());
    assert_eq!((first.serial.as_str(), first.id), (UNKNOWN_SERIAL, 1));
    let late =
        fresh.archive.add_report(None, ITS_REPORT, &sample(BLAST_REPORT), None).unwrap().unwrap();
    assert_eq!((late.outcome, late.id, late.serial_unknown), (Outcome::PairedLate, 1, false));
    assert_eq!((late.serial.as_str(), late.filename.as_str()), ("BE11529", NAMELESS));
    assert_eq!(late.moved_from.as_deref(), Some("UNKNOWN/event.bin"));
    assert_eq!(late.report, Pairing::Paired { txt_filename: ITS_REPORT.into() });
    assert_moved(&fresh, "BE11529");
    let sidecar = fresh.archive.sidecar(1).unwrap();
    assert_eq!(sidecar.event().serial.as_deref(), Some("BE11529"));
    assert!(!late.assumed.contains(&"serial".to_owned()));
}

#[test]
fn the_same_bytes_with_their_report_or_a_stated_unit_are_one_event() {
    for (again, serial, outcome) in [
        (nameless_with_report(), "BE11529", Outcome::PairedLate),
        (nameless().serial("BE7"), "BE7", Outcome::Moved),
    ] {
        let fresh = fresh();
        fresh.save(&nameless());
        let saved = fresh.save(&again);
        assert_eq!((saved.outcome, saved.id, saved.serial.as_str()), (outcome, 1, serial));
        assert_eq!(saved.moved_from.as_deref(), Some("UNKNOWN/event.bin"));
        assert_moved(&fresh, serial);
        // And again, in whatever way: it stays there.
        for again in [again, nameless()] {
            let same = fresh.save(&again);
            assert_eq!((same.outcome, same.id, same.moved_from), (Outcome::Same, 1, None));
            assert_eq!(same.serial, serial);
        }
        assert_moved(&fresh, serial);
    }
}

#[test]
fn who_names_no_unit_meets_the_event_at_the_unit_where_it_is() {
    let fresh = fresh();
    fresh.save(&nameless().serial("BE7"));
    let same = fresh.save(&nameless());
    assert_eq!((same.outcome, same.id, same.serial.as_str()), (Outcome::Same, 1, "BE7"));
    assert_moved(&fresh, "BE7");
}

#[test]
fn in_one_batch_too_the_same_bytes_are_one_event() {
    for batch in [[nameless(), nameless_with_report()], [nameless_with_report(), nameless()]] {
        let fresh = fresh();
        let saved = fresh.archive.save_batch(batch.to_vec());
        assert!(saved.iter().all(|saved| saved.as_ref().unwrap().id == 1));
        assert_eq!(saved[1].as_ref().unwrap().serial, "BE11529");
        assert_moved(&fresh, "BE11529");
    }
}

#[test]
fn everything_that_belongs_to_the_event_goes_with_it() {
    let fresh = fresh();
    let bytes = sample(QUIET);
    let rebuilt = frames::rebuild(&frames::from_event(&bytes).unwrap()).unwrap();
    let mut submission =
        Submission::new(NAMELESS, rebuilt.clone()).report(ITS_REPORT, *b"this is no report at all");
    submission.frames = Some(frames::write_pickle(&frames::from_event(&bytes).unwrap()));
    submission.gnz = true;
    let first = fresh.save(&submission);
    assert_eq!(first.serial, UNKNOWN_SERIAL);
    let other = fresh.save(&submission.clone().report(ITS_REPORT, *b"a second one"));
    assert!(matches!(other.report, Pairing::NotUnderstood { .. }), "{other:?}");
    let patch = json!({
        "review": {"false_trigger": true, "notes": "a lorry"}, "extensions": {"mine": [1, 2]},
    });
    fresh.archive.patch_sidecar(1, &patch, "kim", PatchOptions::default()).unwrap();
    let before: Vec<_> = files(fresh.folder.path());
    assert_eq!(before.len(), 7, "{:?}", names(&fresh));
    let was = fresh.archive.sidecar(1).unwrap();
    let (captured, seen) = {
        let row = fresh.archive.event(1).unwrap();
        (row.captured_at, row.last_seen)
    };

    let moved = fresh.save(&Submission::new(NAMELESS, rebuilt).serial("BE11529"));
    assert_eq!((moved.outcome, moved.id), (Outcome::Moved, 1));
    assert_moved(&fresh, "BE11529");
    let is = fresh.archive.sidecar(1).unwrap();
    assert_eq!(is.review(), was.review());
    assert_eq!(is.document()["extensions"]["mine"], json!([1, 2]));
    let row = fresh.archive.event(1).unwrap();
    assert_eq!(row.captured_at, captured);
    assert!(row.last_seen >= seen && row.false_trigger);
    assert_eq!(fresh.archive.review_log(Some(1), 9).unwrap().len(), 1);
    assert_eq!(fresh.archive.undo(1, "kim").unwrap().review().notes, None);
    // What came in is the same, byte for byte.
    let after = files(fresh.folder.path());
    for (name, bytes) in before {
        let name = name.strip_prefix("UNKNOWN/").unwrap();
        let is_derived = [".h5", ".gnz", ".sfm.json"].iter().any(|end| name.ends_with(end));
        let there = after.iter().find(|(there, _)| *there == format!("BE11529/{name}"));
        assert!(is_derived || there.unwrap().1 == bytes, "{name}");
    }
}

#[test]
fn what_stands_in_the_place_of_an_event_that_moves_is_not_touched() {
    let fresh = fresh();
    fresh.save(&nameless());
    fs::create_dir(fresh.folder.path().join("BE11529")).unwrap();
    fs::write(fresh.path("BE11529", "event.bin.h5"), b"of another program").unwrap();
    fs::write(fresh.path("BE11529", ITS_REPORT), b"another report").unwrap();
    let saved = fresh.save(&nameless_with_report());
    assert_eq!((saved.id, saved.serial.as_str()), (1, "BE11529"));
    assert_eq!(saved.filename, format!("event-{}.bin", &saved.sha256[..8]));
    let left = fs::read(fresh.path("BE11529", "event.bin.h5")).unwrap();
    assert_eq!(left, b"of another program");
    assert_eq!(fs::read(fresh.path("BE11529", ITS_REPORT)).unwrap(), b"another report");
    assert!(!fresh.path("UNKNOWN", NAMELESS).exists());
    let again = fresh.save(&nameless_with_report());
    assert_eq!((again.outcome, again.id), (Outcome::Same, 1));
}

#[test]
fn other_bytes_of_its_name_at_the_unit_are_a_conflict_for_an_event_that_moves() {
    let fresh = fresh();
    let other = Submission::new(NAMELESS, sample(QUIET)).serial("BE11529");
    assert_eq!(fresh.save(&other).id, 1);
    assert_eq!(fresh.save(&nameless()).id, 2);
    let moved = fresh.save(&nameless_with_report());
    assert_eq!((moved.id, moved.serial.as_str()), (2, "BE11529"));
    assert_ne!(moved.filename, NAMELESS);
    assert_eq!(fs::read(fresh.path("BE11529", NAMELESS)).unwrap(), other.bytes);
    assert_eq!(fs::read(fresh.path("BE11529", &moved.filename)).unwrap(), sample(BLAST));
    let found = fresh.archive.verify(VerifyOptions::default(), &|_, _| {}).unwrap();
    assert!(found.is_whole() && found.of == 2, "{found:?}");
}

#[test]
fn a_report_that_is_not_used_does_not_name_the_unit_either() {
    let fresh = fresh();
    // The first one is of a unit whose name is taken out of it.
    let first = String::from_utf8_lossy(&sample(BLAST_REPORT)).replace("Serial Number", "Colour");
    fresh.save(&nameless().report(ITS_REPORT, first));
    for _ in 0..2 {
        let saved = fresh.save(&nameless_with_report());
        assert!(matches!(saved.report, Pairing::Differs { .. }), "{saved:?}");
        assert_eq!((saved.serial.as_str(), saved.moved_from), (UNKNOWN_SERIAL, None));
    }
}

#[test]
fn a_report_that_says_nothing_gives_way_to_one_that_does() {
    let fresh = fresh();
    fresh.save(&nameless().report(ITS_REPORT, *b"the first one, which says nothing"));
    let saved = fresh.save(&nameless_with_report());
    assert_eq!((saved.outcome, saved.id), (Outcome::PairedLate, 1));
    assert!(matches!(saved.report, Pairing::Paired { .. }), "{saved:?}");
    assert_moved(&fresh, "BE11529");
    assert_eq!(names(&fresh).len(), 5, "{:?}", names(&fresh));
    // The first one again changes nothing.
    let before = files(fresh.folder.path());
    let again = nameless().report(ITS_REPORT, *b"the first one, which says nothing");
    let again = fresh.save(&again);
    assert!(matches!(again.report, Pairing::Differs { .. }), "{again:?}");
    assert_eq!((again.outcome, files(fresh.folder.path())), (Outcome::Same, before));
}
