//! Saving an event: what is written, what is answered.

use std::fs;

use crate::common::*;
use serde_json::json;
use wavekeep_archive::{Outcome, Pairing, Query, SaveError, Submission, VerifyOptions};

#[test]
fn an_event_becomes_its_files_its_row_and_its_answer() {
    let fresh = fresh();
    let saved = fresh.save(&with_report(BLAST, BLAST_REPORT));
    assert_eq!((saved.id, saved.outcome), (1, Outcome::New));
    assert_eq!((saved.serial.as_str(), saved.serial_unknown), ("BE11529", false));
    assert_eq!(saved.filename, BLAST);
    assert_eq!(saved.report, Pairing::Paired { txt_filename: BLAST_REPORT.into() });
    assert_eq!(saved.hdf5_filename.as_deref(), Some("M529LMOK.DK0W.h5"));
    assert_eq!(saved.sidecar_filename.as_deref(), Some("M529LMOK.DK0W.sfm.json"));
    assert_eq!(saved.a5_pickle_filename, None);
    assert_eq!(saved.filesize, 6660);
    let names: Vec<String> = files(fresh.folder.path()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "BE11529/M529LMOK.DK0W",
            "BE11529/M529LMOK.DK0W.h5",
            "BE11529/M529LMOK.DK0W.sfm.json",
            "BE11529/M529LMOK_DK0W_ASCII.TXT",
        ]
    );
    assert_eq!(fs::read(fresh.path("BE11529", BLAST)).unwrap(), sample(BLAST));
    assert_eq!(fs::read(fresh.path("BE11529", BLAST_REPORT)).unwrap(), sample(BLAST_REPORT));
    let page = fresh.archive.query(&Query::default()).unwrap();
    assert_eq!((page.total, page.events[0].id), (1, saved.id));
    assert_eq!(page.events[0].sha256.as_deref(), Some(saved.sha256.as_str()));
}

#[test]
fn the_answer_is_json_with_the_names_that_watchers_know() {
    let fresh = fresh();
    let saved = json!(fresh.save(&submission(QUIET)));
    for name in [
        "serial",
        "filename",
        "filesize",
        "sha256",
        "a5_pickle_filename",
        "hdf5_filename",
        "sidecar_filename",
    ] {
        assert!(saved.get(name).is_some(), "{name}");
    }
    assert_eq!(saved["outcome"], "new");
    assert_eq!(saved["report"]["status"], "not_paired");
    assert_eq!(saved["assumed"], json!(["rate_hz", "pretrigger_s", "range"]));
}

#[test]
fn every_sample_is_saved_in_one_batch_in_its_order() {
    let fresh = fresh();
    let batch: Vec<Submission> = EVENTS.iter().map(|name| submission(name)).collect();
    let saved = fresh.archive.save_batch(batch.to_vec());
    for (turn, (saved, name)) in saved.iter().zip(EVENTS).enumerate() {
        let saved = saved.as_ref().unwrap();
        assert_eq!((saved.id, saved.filename.as_str()), (turn as i64 + 1, name));
    }
    assert_eq!(fresh.archive.query(&Query::default()).unwrap().total, 10);
}

#[test]
fn the_same_bytes_again_change_nothing_but_when_they_were_last_seen() {
    let fresh = fresh();
    let first = fresh.save(&with_report(BLAST, BLAST_REPORT));
    let before = files(fresh.folder.path());
    let row = fresh.archive.event(first.id).unwrap();
    for again in [with_report(BLAST, BLAST_REPORT), submission(BLAST)] {
        let saved = fresh.save(&again);
        assert_eq!((saved.outcome, saved.id), (Outcome::Same, first.id));
        assert_eq!(saved.report, first.report);
        assert_eq!(files(fresh.folder.path()), before);
        let mut again = fresh.archive.event(first.id).unwrap();
        assert!(again.last_seen >= row.last_seen);
        again.last_seen = row.last_seen.clone();
        assert_eq!(again, row);
    }
}

#[test]
fn the_same_name_with_other_bytes_is_a_conflict_that_keeps_both() {
    let fresh = fresh();
    let first = fresh.save(&submission(QUIET));
    let other = Submission::new(QUIET, sample("M529LKVQ.6S0W"));
    let saved = fresh.save(&other);
    assert_eq!(saved.outcome, Outcome::Conflict);
    let short = &saved.sha256[..8];
    assert_eq!(saved.filename, format!("M529LKIQ-{short}.7M0W"));
    assert_ne!(saved.id, first.id);
    assert_eq!(fs::read(fresh.path("BE11529", QUIET)).unwrap(), sample(QUIET));
    assert_eq!(fs::read(fresh.path("BE11529", &saved.filename)).unwrap(), other.bytes);
    // It is decoded under the name under which it came, now and later.
    assert_eq!(saved.serial, "BE11529");
    let again = fresh.save(&other);
    assert_eq!((again.outcome, again.id), (Outcome::Same, saved.id));
    let kept = fresh.archive.recording(saved.id).unwrap();
    assert_eq!(kept.source.name.as_deref(), Some(QUIET));
    assert_eq!(kept.serial.unwrap().value, "BE11529");
}

/// A copy of the archive on Windows or macOS would have one file for both.
#[test]
fn names_that_differ_by_case_only_do_not_stand_side_by_side() {
    let lower = QUIET.to_lowercase();
    for in_one_batch in [true, false] {
        let fresh = fresh();
        let batch = [
            submission(QUIET),
            Submission::new(&*lower, sample(QUIET)),
            Submission::new(&*lower, sample("M529LKVQ.6S0W")),
            Submission::new(&*lower, sample("M529LKVQ.6S0W")),
        ];
        let saved: Vec<_> = match in_one_batch {
            true => {
                fresh.archive.save_batch(batch.to_vec()).into_iter().map(Result::unwrap).collect()
            }
            false => batch.iter().map(|one| fresh.save(one)).collect(),
        };
        assert_eq!(saved[1].id, saved[0].id, "the same bytes are one event");
        assert_eq!(saved[2].outcome, Outcome::Conflict);
        assert_eq!((saved[3].outcome, saved[3].id), (Outcome::Same, saved[2].id));
        let mut names: Vec<String> = files(fresh.folder.path())
            .into_iter()
            .map(|file| file.0.to_ascii_lowercase())
            .collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all, "{names:?}");
        let found = fresh.archive.verify(VerifyOptions::default(), &|_, _| {}).unwrap();
        assert!(found.is_whole(), "{found:?}");
    }
}

#[test]
fn serial_numbers_that_differ_by_case_only_are_one_unit() {
    for in_one_batch in [true, false] {
        let fresh = fresh();
        // The file says BE11529 itself.
        let batch = [
            submission(QUIET).serial("be11529"),
            submission(BLAST).serial("Be11529"),
            submission(OVER_RANGE),
        ];
        let saved: Vec<_> = match in_one_batch {
            true => {
                fresh.archive.save_batch(batch.to_vec()).into_iter().map(Result::unwrap).collect()
            }
            false => batch.iter().map(|one| fresh.save(one)).collect(),
        };
        let unit = &saved[0].serial;
        assert!(saved.iter().all(|one| one.serial == *unit), "{saved:?}");
        let again = fresh.save(&submission(BLAST).serial("BE11529"));
        assert_eq!((again.outcome, again.id), (Outcome::Same, saved[1].id));
        let found = fresh.archive.verify(VerifyOptions::default(), &|_, _| {}).unwrap();
        assert!(found.is_whole(), "{found:?}");
    }
}

#[test]
fn two_of_one_name_in_one_batch_meet_each_other() {
    let fresh = fresh();
    let other = Submission::new(QUIET, sample("M529LKVQ.6S0W"));
    let batch = [submission(QUIET), submission(QUIET), other];
    let outcomes: Vec<Outcome> = fresh
        .archive
        .save_batch(batch.to_vec())
        .into_iter()
        .map(|saved| saved.unwrap().outcome)
        .collect();
    assert_eq!(outcomes, [Outcome::New, Outcome::Same, Outcome::Conflict]);
}

#[test]
fn what_cannot_be_decoded_is_refused_and_nothing_is_stored() {
    let fresh = fresh();
    let mut cut = submission(QUIET);
    cut.bytes.truncate(30);
    for (broken, kind) in [
        (Submission::new("notes.txt", *b"hello"), "unknown_format"),
        (Submission::new("M529LKIQ.7M0W", *b""), "not_this_format"),
        (cut, "malformed"),
    ] {
        let error = fresh.archive.save(&broken).unwrap_err();
        assert!(matches!(error, SaveError::Decode { .. }), "{error}");
        assert_eq!(error.kind(), kind, "{error}");
    }
    assert!(files(fresh.folder.path()).is_empty());
}

#[test]
fn one_that_is_refused_does_not_cost_the_others() {
    let fresh = fresh();
    let batch = [submission(QUIET), Submission::new("x", *b"x"), submission(BLAST)];
    let saved = fresh.archive.save_batch(batch.to_vec());
    assert_eq!(saved.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
}
