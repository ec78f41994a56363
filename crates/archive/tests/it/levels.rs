//! Alarm levels, and the verdicts of events by them.

use crate::common::*;
use serde_json::json;
use wavekeep_archive::{
    Archive, Level, LevelOutcome, LevelPlace, LevelQuantity, Limit, PatchOptions, Query, Sort,
    Submission,
};

fn everywhere(ground: &str) -> Level {
    Level::default().with_ground(Some(Limit::built_in(ground)))
}

/// BLAST and QUIET with their reports, number 1 and 2.
fn two() -> Fresh {
    let fresh = fresh();
    fresh.save(&with_report(BLAST, BLAST_REPORT));
    fresh.save(&submission(QUIET));
    fresh
}

fn judge(archive: &Archive) -> u64 {
    archive.judge(&mut |_, _| {}).unwrap().events
}

fn verdict(archive: &Archive, id: i64) -> Option<String> {
    archive.event(id).unwrap().verdict
}

#[test]
fn nothing_is_judged_before_a_level_is_set_and_everything_after() {
    let fresh = two();
    assert_eq!((judge(&fresh.archive), verdict(&fresh.archive, 1)), (0, None));
    let set = fresh.archive.set_level(everywhere("din-3"), "kim").unwrap();
    assert_eq!(verdict(&fresh.archive, 1), None, "it is not judged yet");
    assert_eq!(judge(&fresh.archive), 2);
    assert_eq!(judge(&fresh.archive), 0, "all are judged");
    let row = fresh.archive.event(1).unwrap();
    let ground = row.verdicts().ground.unwrap();
    assert_eq!((row.verdict.as_deref(), ground.outcome), (Some("exceeds"), LevelOutcome::Exceeds));
    assert_eq!((ground.level, ground.curve.as_str()), (set.entry, "din-3"));
    assert!(ground.margin_percent.unwrap() < 0.0 && row.margin_percent == ground.margin_percent);
    fresh.verify_clean();
}

#[test]
fn a_verdict_is_the_one_of_the_report_of_the_event() {
    let fresh = two();
    for curve in ["din-1", "din-3", "osmre", "usbm-drywall", "sn-frequent", "as-2187.2"] {
        fresh.archive.set_level(everywhere(curve), "kim").unwrap();
        judge(&fresh.archive);
        for id in [1, 2] {
            let measured = wavekeep_signal::measure(&fresh.archive.recording(id).unwrap());
            let printed = wavekeep_signal::Curve::built_in(curve).unwrap().judge(&measured, None);
            let ground = fresh.archive.event(id).unwrap().verdicts().ground.unwrap();
            assert_eq!(ground.reason, printed.reason, "{curve}");
            assert_eq!(ground.margin_percent, printed.margin_percent);
        }
    }
}

#[test]
fn an_event_within_the_limit_warns_from_its_share_on() {
    let fresh = two();
    let level = |percent| {
        Level::default().with_ground(Some(Limit::built_in("din-1").with_warning_percent(percent)))
    };
    fresh.archive.set_level(level(100.0), "kim").unwrap();
    judge(&fresh.archive);
    let row = fresh.archive.event(1).unwrap();
    assert_eq!(row.verdict.as_deref(), Some("within"));
    let share = 100.0 - row.margin_percent.unwrap();
    for (percent, wanted) in [(share + 0.1, "within"), (share - 0.1, "warns")] {
        fresh.archive.set_level(level(percent), "kim").unwrap();
        judge(&fresh.archive);
        assert_eq!(verdict(&fresh.archive, 1).as_deref(), Some(wanted), "{percent}");
    }
}

#[test]
fn the_worse_of_ground_and_air_is_the_verdict() {
    let fresh = two();
    let air = Level::default().with_air(Some(Limit::air_db_l(80.0)));
    fresh.archive.set_level(everywhere("din-1").with_reason(None), "kim").unwrap();
    fresh.archive.set_level(air, "kim").unwrap();
    judge(&fresh.archive);
    let row = fresh.archive.event(1).unwrap();
    let both = row.verdicts();
    assert_eq!(both.air.unwrap().outcome, LevelOutcome::Exceeds);
    assert_eq!(both.ground.unwrap().outcome, LevelOutcome::Within);
    assert_eq!(row.verdict.as_deref(), Some("exceeds"));
}

#[test]
fn a_level_of_a_project_is_of_its_events_and_follows_a_correction() {
    let fresh = two();
    let project = fresh.archive.event(1).unwrap().project;
    let place = LevelPlace::default().with_project(project);
    fresh.archive.set_level(everywhere("din-3").with_place(place), "kim").unwrap();
    judge(&fresh.archive);
    assert_eq!(verdict(&fresh.archive, 1).as_deref(), Some("exceeds"));
    assert_eq!(verdict(&fresh.archive, 2).as_deref(), Some("no_level"));
    let other = json!({"review": {"corrections": {"project": "Quarry 9"}}});
    fresh.archive.patch_sidecar(1, &other, "kim", PatchOptions::default()).unwrap();
    assert_eq!(verdict(&fresh.archive, 1), None);
    judge(&fresh.archive);
    assert_eq!(verdict(&fresh.archive, 1).as_deref(), Some("no_level"));
    fresh.archive.undo(1, "kim").unwrap();
    judge(&fresh.archive);
    assert_eq!(verdict(&fresh.archive, 1).as_deref(), Some("exceeds"));
}

#[test]
fn a_review_leaves_the_verdict_and_a_report_that_comes_later_does_not() {
    let fresh = fresh();
    fresh.save(&submission(BLAST));
    fresh.archive.set_level(everywhere("din-3"), "kim").unwrap();
    judge(&fresh.archive);
    let before = fresh.archive.event(1).unwrap();
    let patch = json!({"review": {"notes": "x"}});
    fresh.archive.patch_sidecar(1, &patch, "kim", PatchOptions::default()).unwrap();
    assert_eq!(fresh.archive.event(1).unwrap().judged, before.judged);
    fresh.save(&with_report(BLAST, BLAST_REPORT));
    assert_eq!(verdict(&fresh.archive, 1), None);
    judge(&fresh.archive);
    assert_eq!(verdict(&fresh.archive, 1).as_deref(), Some("exceeds"));
}

#[test]
fn a_new_level_judges_again_what_it_is_of_and_nothing_else() {
    let fresh = two();
    fresh.archive.set_level(everywhere("din-1"), "kim").unwrap();
    judge(&fresh.archive);
    let untouched = fresh.archive.event(2).unwrap();
    let project = fresh.archive.event(1).unwrap().project;
    let place = LevelPlace::default().with_project(project);
    fresh.archive.set_level(everywhere("din-3").with_place(place.clone()), "kim").unwrap();
    assert_eq!(judge(&fresh.archive), 1);
    assert_eq!(fresh.archive.event(2).unwrap(), untouched);
    let end = Level::default().with_place(place).with_ends(vec![LevelQuantity::Ground]);
    fresh.archive.set_level(end, "kim").unwrap();
    assert_eq!(judge(&fresh.archive), 1);
    assert_eq!(fresh.archive.event(1).unwrap().verdicts().ground.unwrap().curve, "din-1");
}

#[test]
fn events_are_found_and_ordered_by_their_verdicts() {
    let fresh = two();
    fresh.archive.set_level(everywhere("din-3"), "kim").unwrap();
    let of = |verdicts: &[LevelOutcome]| {
        let query = Query::default().with_verdicts(Some(verdicts.to_vec()));
        fresh.archive.query(&query).unwrap().total
    };
    assert_eq!(of(&LevelOutcome::ALL), 0, "none is judged");
    judge(&fresh.archive);
    assert_eq!((of(&[LevelOutcome::Exceeds]), of(&LevelOutcome::ALL)), (1, 2));
    let query = Query::default().with_sort("margin".parse::<Sort>().unwrap());
    let ids: Vec<i64> =
        fresh.archive.query(&query).unwrap().events.iter().map(|row| row.id).collect();
    assert_eq!(ids, [1, 2], "the worst first");
}

#[test]
fn levels_are_in_the_ledger_with_who_set_them_and_outlive_the_index() {
    let fresh = two();
    let level = everywhere("din-3").with_reason(Some("permit 7".to_owned()));
    fresh.archive.set_level(level.clone(), "kim").unwrap();
    judge(&fresh.archive);
    let entry = fresh.archive.ledger_entries(None, 1).unwrap().remove(0).entry;
    assert_eq!((entry.action.word(), entry.who.as_str()), ("level", "kim"));
    assert_eq!(entry.more["level"]["reason"], "permit 7");
    fresh.archive.rebuild_index().unwrap();
    let levels = fresh.archive.levels().unwrap();
    assert_eq!((levels.all().len(), &levels.all()[0].level), (1, &level));
    assert_eq!(judge(&fresh.archive), 2);
    fresh.verify_clean();
}

#[test]
fn a_level_that_is_refused_leaves_no_trace() {
    let fresh = two();
    let entries = fresh.archive.ledger_entries(None, 99).unwrap().len();
    let error = fresh.archive.set_level(everywhere("din-9"), "kim").unwrap_err();
    assert_eq!(error.kind(), "level");
    assert_eq!(fresh.archive.ledger_entries(None, 99).unwrap().len(), entries);
    assert!(fresh.archive.levels().unwrap().is_empty());
}

#[test]
fn an_event_whose_source_cannot_be_read_gets_no_verdict_with_the_reason() {
    let fresh = two();
    let row = fresh.archive.event(1).unwrap();
    std::fs::write(fresh.path(&row.serial, &row.filename), b"nothing").unwrap();
    fresh.archive.set_level(everywhere("din-3"), "kim").unwrap();
    judge(&fresh.archive);
    let row = fresh.archive.event(1).unwrap();
    assert_eq!(row.verdict.as_deref(), Some("no_verdict"));
    assert!(!row.verdicts().ground.unwrap().reason.is_empty());
}

#[test]
fn two_who_judge_while_others_import_judge_every_event_once() {
    let fresh = fresh();
    fresh.archive.set_level(everywhere("din-3"), "kim").unwrap();
    let judged: u64 = std::thread::scope(|scope| {
        for unit in 0..12 {
            let archive = &fresh.archive;
            scope.spawn(move || {
                archive.save(&submission(BLAST).serial(format!("BE{unit}"))).unwrap();
            });
        }
        let judges: Vec<_> = (0..2)
            .map(|_| {
                let archive = Archive::open(fresh.folder.path()).unwrap();
                scope.spawn(move || (0..6).map(|_| judge(&archive)).sum::<u64>())
            })
            .collect();
        judges.into_iter().map(|judge| judge.join().unwrap()).sum()
    });
    assert_eq!(judged + judge(&fresh.archive), 12);
    fresh.verify_clean();
}

#[test]
fn a_level_that_is_set_while_events_are_judged_judges_all_of_them() {
    let fresh = fresh();
    // More than are judged at a time.
    for n in 0..300 {
        fresh.save(&Submission::new(format!("M529L{n:03}.7M0W"), sample(QUIET)));
    }
    let first = fresh.archive.set_level(everywhere("din-1"), "kim").unwrap();
    let mut second = None;
    let judging = fresh.archive.judge(&mut |_, _| {
        second.get_or_insert_with(|| {
            fresh.archive.set_level(everywhere("din-3"), "kim").unwrap().entry
        });
    });
    let by: Vec<u64> = (1..=300)
        .map(|id| fresh.archive.event(id).unwrap().verdicts().ground.unwrap().level)
        .collect();
    assert_eq!(by, vec![second.unwrap(); 300]);
    assert!(first.entry < by[0]);
    // Those of the first round were judged twice.
    assert!(judging.unwrap().events >= 300);
    assert_eq!(judge(&fresh.archive), 0);
    fresh.verify_clean();
}

#[test]
fn an_index_that_is_older_than_a_level_judges_by_it_all_the_same() {
    let Fresh { folder, archive } = two();
    archive.set_level(everywhere("din-1"), "kim").unwrap();
    judge(&archive);
    let index = archive.layout().index();
    drop(archive);
    let older = std::fs::read(&index).unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    archive.set_level(everywhere("din-3"), "kim").unwrap();
    drop(archive);
    for name in ["index.sqlite-wal", "index.sqlite-shm"] {
        let _ = std::fs::remove_file(index.with_file_name(name));
    }
    std::fs::write(&index, older).unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    assert_eq!(judge(&archive), 2);
    assert_eq!(archive.event(1).unwrap().verdicts().ground.unwrap().curve, "din-3");
}
