//! What people say of an event.

use crate::common::*;
use serde_json::json;
use wavekeep_archive::{Archive, PatchOptions, Query, RemakeOptions, Sidecar};

#[test]
fn a_patch_changes_the_sidecar_the_row_and_the_log_in_one_call() {
    let fresh = fresh();
    let saved = fresh.save(&submission(QUIET));
    let patch = json!({"review": {"false_trigger": true, "reviewer": "kim", "notes": "a lorry"}});
    let sidecar =
        fresh.archive.patch_sidecar(saved.id, &patch, "kim", PatchOptions::default()).unwrap();
    assert_eq!(sidecar.review().false_trigger, Some(true));
    assert_eq!(sidecar, fresh.archive.sidecar(saved.id).unwrap());
    let row = fresh.archive.event(saved.id).unwrap();
    assert!(row.false_trigger && row.reviewed_at.is_some());
    assert_eq!(row.reviewer.as_deref(), Some("kim"));
    let log = fresh.archive.review_log(Some(saved.id), 10).unwrap();
    assert_eq!(log.len(), 1);
    assert_eq!(log[0].who, "kim");
    assert_eq!(log[0].before["review"]["false_trigger"], false);
    assert_eq!(log[0].after["review"]["false_trigger"], true);
    let found = fresh.archive.query(&Query::default().with_false_trigger(Some(true)));
    assert_eq!(found.unwrap().total, 1);
}

#[test]
fn a_re_save_and_a_regeneration_keep_what_people_wrote() {
    let fresh = fresh();
    let id = fresh.save(&submission(BLAST)).id;
    let patch = json!({"review": {"notes": "blast 4"}, "extensions": {"mine": [1]}});
    fresh.archive.patch_sidecar(id, &patch, "kim", PatchOptions::default()).unwrap();
    let before = fresh.archive.sidecar(id).unwrap();
    fresh.save(&with_report(BLAST, BLAST_REPORT));
    fresh.archive.regenerate(id, RemakeOptions::default()).unwrap();
    let after = fresh.archive.sidecar(id).unwrap();
    assert_eq!(after.review(), before.review());
    assert_eq!(after.source().captured_at, before.source().captured_at);
    assert_eq!(after.into_value()["extensions"]["mine"], json!([1]));
}

#[test]
fn only_what_belongs_to_people_can_be_patched() {
    let fresh = fresh();
    let id = fresh.save(&submission(QUIET)).id;
    let before = files(fresh.folder.path());
    for (patch, why) in [
        (json!({"peak_values": {"tran": 0}}), "\"peak_values\" cannot be patched"),
        (json!({"review": {}, "event": null}), "\"event\" cannot be patched"),
        (json!([1]), "the patch is a list"),
        (json!({"review": {"false_trigger": "yes"}}), "review.false_trigger would become a text"),
        (json!({"review": null}), "review would become null"),
    ] {
        let error = fresh.archive.patch_sidecar(id, &patch, "kim", PatchOptions::default());
        let said = error.unwrap_err().to_string();
        assert!(said.contains(why), "{said}");
    }
    let nobody = fresh.archive.patch_sidecar(99, &json!({}), "kim", PatchOptions::default());
    assert_eq!(nobody.unwrap_err().kind(), "no_event");
    assert_eq!(files(fresh.folder.path()), before);
    assert!(fresh.archive.review_log(None, 9).unwrap().is_empty());
}

#[test]
fn undoing_puts_back_what_was_and_undoing_that_is_redoing() {
    let fresh = fresh();
    let id = fresh.save(&submission(QUIET)).id;
    let fresh_review = fresh.archive.sidecar(id).unwrap().review();
    let patch = json!({"review": {"false_trigger": true, "notes": "x"}, "extensions": {"y": 1}});
    fresh.archive.patch_sidecar(id, &patch, "kim", PatchOptions::default()).unwrap();
    let patched = fresh.archive.sidecar(id).unwrap();
    let undone = fresh.archive.undo(id, "lee").unwrap();
    assert_eq!(undone.review(), fresh_review);
    assert_eq!(undone.document()["extensions"].get("y"), None);
    assert!(!fresh.archive.event(id).unwrap().false_trigger);
    assert_eq!(fresh.archive.undo(id, "lee").unwrap().review(), patched.review());
    let log = fresh.archive.review_log(Some(id), 9).unwrap();
    let undoes: Vec<_> = log.iter().map(|entry| (entry.number, entry.undoes)).collect();
    assert_eq!(undoes, [(3, Some(2)), (2, Some(1)), (1, None)]);
    let untouched = fresh.save(&submission(BLAST)).id;
    assert_eq!(fresh.archive.undo(untouched, "lee").unwrap_err().kind(), "nothing_to_undo");
}

#[test]
fn reviewed_at_is_the_moment_of_the_patch_unless_told_otherwise() {
    let fresh = fresh();
    let id = fresh.save(&submission(QUIET)).id;
    let patch = |patch: serde_json::Value, keep_reviewed_at| {
        let options = PatchOptions::default().with_keep_reviewed_at(keep_reviewed_at);
        fresh.archive.patch_sidecar(id, &patch, "kim", options).unwrap().review().reviewed_at
    };
    assert_eq!(patch(json!({"extensions": {"x": 1}}), false), None);
    assert_eq!(patch(json!({"review": {"notes": "x"}}), true), None);
    let said = "2026-01-02T03:04:05Z";
    assert_eq!(patch(json!({"review": {"reviewed_at": said}}), false).as_deref(), Some(said));
    assert!(patch(json!({"review": {"notes": "y"}}), false).unwrap().ends_with('Z'));
}

#[test]
fn no_patch_is_lost_among_threads_and_archives() {
    let fresh = fresh();
    let id = fresh.save(&submission(QUIET)).id;
    // Two doors of one archive, as two processes have them.
    let other = Archive::open(fresh.folder.path()).unwrap();
    std::thread::scope(|scope| {
        for worker in 0..8 {
            let archive = if worker % 2 == 0 { &fresh.archive } else { &other };
            scope.spawn(move || {
                for turn in 0..5 {
                    let patch = json!({"extensions": {format!("w{worker}_{turn}"): true}});
                    archive.patch_sidecar(id, &patch, "w", PatchOptions::default()).unwrap();
                }
            });
        }
    });
    let sidecar = fresh.archive.sidecar(id).unwrap();
    let written = sidecar.document()["extensions"].as_object().unwrap();
    assert_eq!(written.keys().filter(|key| key.starts_with('w')).count(), 40);
    assert_eq!(other.review_log(Some(id), 100).unwrap().len(), 40);
}

#[test]
fn the_largest_leaves_false_triggers_out_and_says_how_many() {
    let fresh = fresh();
    let loud = fresh.save(&with_report(OVER_RANGE, OVER_RANGE_REPORT)).id;
    let blast = fresh.save(&with_report(BLAST, BLAST_REPORT)).id;
    let units = fresh.archive.units().unwrap();
    assert_eq!((units[0].largest_event, units[0].false_triggers), (Some(loud), 0));
    let patch = json!({"review": {"false_trigger": true}});
    fresh.archive.patch_sidecar(loud, &patch, "kim", PatchOptions::default()).unwrap();
    let unit = &fresh.archive.units().unwrap()[0];
    assert_eq!((unit.events, unit.false_triggers, unit.largest_event), (2, 1, Some(blast)));
    assert_eq!(unit.largest_ppv_in_s, fresh.archive.event(blast).unwrap().ppv_in_s);
    let month = &fresh.archive.months().unwrap()[0];
    assert_eq!((month.events, month.false_triggers, month.largest_event), (2, 1, Some(blast)));
    let projects = fresh.archive.projects().unwrap();
    assert_eq!(projects.iter().map(|project| project.false_triggers).sum::<u64>(), 1);
    let cursor = fresh.archive.changes_since(0, 10).unwrap();
    assert_eq!(cursor.iter().map(|change| change.id).collect::<Vec<_>>(), [blast, loud]);
}

/// A value with so many levels of lists.
fn nested(levels: usize) -> serde_json::Value {
    // `json!` would copy the value level by level, on a stack that debug builds fill soon.
    (1..levels).fold(json!([]), |inner, _| serde_json::Value::Array(vec![inner]))
}

#[test]
fn no_patch_makes_a_sidecar_that_cannot_be_read_again() {
    let fresh = fresh();
    let id = fresh.save(&submission(QUIET)).id;
    let patch = |value: serde_json::Value| {
        let of = |key: &str, value| {
            serde_json::Value::Object([(key.to_owned(), value)].into_iter().collect())
        };
        let patch = of("extensions", of("x", value));
        fresh.archive.patch_sidecar(id, &patch, "kim", PatchOptions::default())
    };
    for levels in [1, 10, 60, 61, 62, 63, 64, 100, 120, 124, 125, 126, 127, 128, 200, 2000] {
        let before = fresh.archive.sidecar(id).unwrap();
        match patch(nested(levels)) {
            Ok(sidecar) => assert_eq!(fresh.archive.sidecar(id).unwrap(), sidecar, "{levels}"),
            Err(error) => {
                assert!(levels > 60, "{levels}: {error}");
                assert!(error.to_string().contains("levels"), "{error}");
                assert_eq!(fresh.archive.sidecar(id).unwrap(), before, "{levels}");
            }
        }
    }
    // Each by itself is short enough, all of them together are not.
    let part = "x".repeat(3 << 20);
    let kept = (0..8).take_while(|n| {
        let patch = json!({"extensions": {format!("part {n}"): part}});
        fresh.archive.patch_sidecar(id, &patch, "kim", PatchOptions::default()).is_ok()
    });
    assert_eq!(kept.count(), 5);
    // Small ones go on all the same, and undoing does.
    patch(json!(1)).unwrap();
    fresh.archive.undo(id, "kim").unwrap();
    let found =
        fresh.archive.verify(wavekeep_archive::VerifyOptions::default(), &|_, _| {}).unwrap();
    assert!(found.is_whole(), "{:?}", found.findings);
}

#[test]
fn a_sidecar_that_another_program_made_deep_can_be_reviewed() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("BE11529")).unwrap();
    let sidecar =
        json!({"schema_version": 1, "kind": "sfm.event", "extensions": {"x": nested(100)}});
    let path = root.path().join("BE11529").join(format!("{QUIET}.sfm.json"));
    std::fs::write(&path, sidecar.to_string()).unwrap();
    let archive = Archive::open(root.path()).unwrap();
    let patch = json!({"review": {"notes": "seen"}});
    archive.patch_sidecar(1, &patch, "kim", PatchOptions::default()).unwrap();
    assert_eq!(archive.sidecar(1).unwrap().review().notes.as_deref(), Some("seen"));
}

fn correct(fresh: &Fresh, id: i64, corrections: serde_json::Value) -> Sidecar {
    let patch = json!({"review": {"corrections": corrections}});
    fresh.archive.patch_sidecar(id, &patch, "kim", PatchOptions::default()).unwrap()
}

#[test]
fn a_correction_takes_the_place_of_a_note_and_leaves_source_report_and_review_as_they_are() {
    let fresh = fresh();
    let id = fresh.save(&with_report(BLAST, BLAST_REPORT)).id;
    let before = fresh.archive.event(id).unwrap();
    let recorded = fresh.archive.sidecar(id).unwrap().project_info();
    assert!(before.project.is_some() && before.corrected == "[]");
    let sidecar =
        correct(&fresh, id, json!({"project": "Quarry 4", "client": "", "location": null}));
    let row = fresh.archive.event(id).unwrap();
    assert_eq!((row.project.as_deref(), row.client.as_deref()), (Some("Quarry 4"), None));
    assert_eq!((row.location, row.operator), (before.location, before.operator));
    assert_eq!(row.corrected, r#"["project","client"]"#);
    assert_eq!(
        (row.reviewed_at, row.reviewer),
        (None, None),
        "who corrects a note reviews nothing"
    );
    assert_eq!(sidecar.project_info(), recorded);
    let of = |project: &str| Query::default().with_project(Some(project.to_owned()));
    assert_eq!(fresh.archive.query(&of("Quarry 4")).unwrap().total, 1);
    assert_eq!(fresh.archive.query(&of(before.project.as_deref().unwrap())).unwrap().total, 0);
    assert_eq!(fresh.archive.projects().unwrap()[0].project.as_deref(), Some("Quarry 4"));
    fresh.verify_clean();
    fresh.archive.undo(id, "kim").unwrap();
    assert_eq!(fresh.archive.event(id).unwrap().project, before.project);
}

#[test]
fn a_correction_survives_a_report_that_comes_later_a_new_decoder_and_a_lost_index() {
    let fresh = fresh();
    let id = fresh.save(&submission(BLAST)).id;
    correct(&fresh, id, json!({"location": "School"}));
    let location = || fresh.archive.event(id).unwrap().location;
    assert_eq!(location().as_deref(), Some("School"));
    fresh.save(&with_report(BLAST, BLAST_REPORT));
    assert_eq!(location().as_deref(), Some("School"));
    assert!(fresh.archive.event(id).unwrap().project.is_some(), "the report's stays");
    fresh.archive.regenerate(id, RemakeOptions::default()).unwrap();
    assert_eq!(location().as_deref(), Some("School"));
    fresh.archive.rebuild_index().unwrap();
    assert_eq!(location().as_deref(), Some("School"));
    correct(&fresh, id, json!({"location": null}));
    assert_eq!(location(), fresh.archive.sidecar(id).unwrap().project_info().sensor_location);
    fresh.verify_clean();
}

#[test]
fn what_is_no_correction_is_refused() {
    let fresh = fresh();
    let id = fresh.save(&submission(QUIET)).id;
    for (corrections, why) in [
        (
            json!({"projct": "x"}),
            "review.corrections.projct cannot be set: expected project, client",
        ),
        (json!({"project": 4}), "a member of review.corrections would become a number"),
        (json!("x"), "review.corrections would become a text"),
    ] {
        let patch = json!({"review": {"corrections": corrections}});
        let error = fresh.archive.patch_sidecar(id, &patch, "kim", PatchOptions::default());
        let said = error.unwrap_err().to_string();
        assert!(said.contains(why), "{said}");
    }
    assert!(fresh.archive.review_log(None, 9).unwrap().is_empty());
}
