//! The changes that are put to the test.

use std::fs;
use std::sync::atomic::AtomicBool;
use std::sync::{LazyLock, Mutex};

use crate::common::*;
use serde_json::json;
use tempfile::TempDir;
use wavekeep_archive::{
    Archive, ArchiveError, Fate, ImportOptions, Level, Limit, PatchOptions, Query, RederiveOptions,
    RemakeOptions, Role, Saved, Submission, TokenError,
};

/// A change that is put to the test.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) before: fn(&Archive),
    /// Notes the numbers of events that were answered as saved, and says whether all succeeded.
    pub(super) change: fn(&Archive, &mut Vec<i64>) -> Result<(), String>,
    /// Whether the change shows.
    pub(super) happened: fn(&Archive) -> bool,
    /// Whether it has one commit of the index, so that a stop there lets it happen.
    pub(super) is_one: bool,
}

fn save(archive: &Archive, batch: &[Submission], answered: &mut Vec<i64>) -> Result<(), String> {
    let answers: Vec<Result<Saved, _>> = archive.save_batch(batch.to_vec());
    let failed = answers.iter().find_map(|answer| answer.as_ref().err().map(ToString::to_string));
    answered.extend(answers.iter().flatten().map(|saved| saved.id));
    failed.map_or(Ok(()), Err)
}

fn total(archive: &Archive) -> u64 {
    archive.query(&Query::default()).unwrap().total
}

/// An event with arrays for memory mapping, under a name that says no unit.
fn nameless() -> Submission {
    Submission { gnz: true, ..Submission::new("event.bin", sample(BLAST)) }
}

/// A folder with four events and the report of a fifth, which is in the archive before.
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    for name in
        [QUIET, "M529LIY6.N00", "N844L6Z8.ZR0H", OVER_RANGE, OVER_RANGE_REPORT, BLAST_REPORT]
    {
        fs::write(folder.path().join(name), sample(name)).unwrap();
    }
    folder
});

fn import(archive: &Archive, answered: &mut Vec<i64>) -> Result<(), String> {
    let options = ImportOptions::default().with_batch(2).with_gnz(true);
    let answers = Mutex::new(Vec::new());
    let account = archive.import(
        &[FOLDER.path().to_owned()],
        &options,
        &AtomicBool::new(false),
        &mut |imported| {
            if let Fate::Event(saved) | Fate::Report(saved) = &imported.fate {
                answers.lock().unwrap().push(saved.id);
            }
        },
    );
    answered.extend(answers.into_inner().unwrap());
    let account = account.map_err(|error| error.to_string())?;
    match (account.failures.first(), account.stopped_by) {
        (Some(failure), _) => Err(failure.message.clone()),
        (None, Some(why)) => Err(why),
        (None, None) => Ok(()),
    }
}

/// Another archive, with two events and what somebody said of one of them.
static OTHER: LazyLock<Fresh> = LazyLock::new(|| {
    let other = fresh();
    other.save(&with_report(BLAST, BLAST_REPORT));
    other.save(&submission(QUIET));
    let patch = json!({"review": {"notes": "seen"}});
    other.archive.patch_sidecar(1, &patch, "kim", PatchOptions::default()).unwrap();
    other
});

pub(super) const CASES: [Case; 17] = [
    Case {
        name: "save a batch",
        before: |_| {},
        change: |archive, answered| {
            let batch = [with_report(BLAST, BLAST_REPORT), submission(QUIET), submission(DAMAGED)];
            save(archive, &batch, answered)
        },
        happened: |archive| total(archive) == 3,
        is_one: true,
    },
    Case {
        name: "a conflict",
        before: |archive| drop(archive.save(&submission(QUIET)).unwrap()),
        change: |archive, answered| {
            save(archive, &[Submission::new(QUIET, sample("M529LKVQ.6S0W"))], answered)
        },
        happened: |archive| total(archive) == 2,
        is_one: true,
    },
    Case {
        name: "a late report",
        before: |archive| drop(archive.save(&submission(BLAST)).unwrap()),
        change: |archive, answered| save(archive, &[with_report(BLAST, BLAST_REPORT)], answered),
        happened: |archive| archive.event(1).unwrap().has_report,
        is_one: true,
    },
    Case {
        name: "an event that goes to its unit",
        before: |archive| {
            archive.save(&nameless()).unwrap();
            let patch = json!({"review": {"notes": "seen"}});
            archive.patch_sidecar(1, &patch, "kim", PatchOptions::default()).unwrap();
        },
        change: |archive, answered| {
            let with_report = nameless().report("event.bin.TXT", sample(BLAST_REPORT));
            save(archive, &[with_report], answered)
        },
        happened: |archive| {
            let event = archive.event(1).unwrap();
            assert_eq!(event.review_notes.as_deref(), Some("seen"));
            assert_eq!(total(archive), 1);
            event.serial == "BE11529"
        },
        is_one: true,
    },
    Case {
        name: "a patch",
        before: |archive| drop(archive.save(&submission(QUIET)).unwrap()),
        change: |archive, answered| {
            let patch = json!({"review": {"notes": "seen"}, "extensions": {"x": 1}});
            let patched = archive.patch_sidecar(1, &patch, "kim", PatchOptions::default());
            patched.map(|_| answered.push(1)).map_err(|error| error.to_string())
        },
        happened: |archive| !archive.review_log(Some(1), 9).unwrap().is_empty(),
        is_one: true,
    },
    Case {
        name: "undoing",
        before: |archive| {
            archive.save(&submission(QUIET)).unwrap();
            let patch = json!({"review": {"notes": "seen"}});
            archive.patch_sidecar(1, &patch, "kim", PatchOptions::default()).unwrap();
        },
        change: |archive, answered| {
            let undone = archive.undo(1, "kim");
            undone.map(|_| answered.push(1)).map_err(|error| error.to_string())
        },
        happened: |archive| archive.review_log(Some(1), 9).unwrap().len() >= 2,
        is_one: true,
    },
    Case {
        name: "regeneration",
        before: |archive| drop(archive.save(&with_report(NIGHT, NIGHT_REPORT)).unwrap()),
        change: |archive, answered| {
            let remade = archive.regenerate(1, RemakeOptions::default().with_gnz(true));
            remade.map(|_| answered.push(1)).map_err(|error| error.to_string())
        },
        happened: |archive| archive.sidecar(1).unwrap().own().gnz_sha256.is_some(),
        is_one: true,
    },
    Case {
        name: "an import",
        before: |archive| drop(archive.save(&submission(BLAST)).unwrap()),
        change: import,
        happened: |archive| total(archive) == 5 && archive.event(1).unwrap().has_report,
        is_one: false,
    },
    Case {
        name: "a rebuild of what is derived",
        before: |archive| {
            let batch = [with_report(BLAST, BLAST_REPORT), submission(QUIET)];
            archive.save_batch(batch.to_vec()).into_iter().for_each(|saved| drop(saved.unwrap()));
        },
        change: |archive, answered| {
            let remake = RemakeOptions::default().with_gnz(true);
            let options = RederiveOptions::default().with_all(true).with_remake(remake);
            let mut failed = None;
            let account = archive.rederive(&options, &mut |one| match &one.error {
                None => answered.push(one.id),
                Some(why) => failed = Some(why.clone()),
            });
            account.map_err(|error| error.to_string())?;
            failed.map_or(Ok(()), Err)
        },
        happened: |archive| {
            [1, 2].iter().all(|id| archive.sidecar(*id).unwrap().own().gnz_sha256.is_some())
        },
        is_one: false,
    },
    Case {
        name: "a removal",
        before: |archive| {
            archive.save(&with_report(BLAST, BLAST_REPORT)).unwrap();
            archive.save(&submission(QUIET)).unwrap();
        },
        change: |archive, answered| {
            match archive.remove_event(1, "asked for", "kim") {
                // It happened after all, before this time.
                Ok(_) | Err(ArchiveError::NoEvent { .. }) => answered.push(2),
                Err(error) => return Err(error.to_string()),
            }
            Ok(())
        },
        happened: |archive| archive.event(1).is_err(),
        is_one: true,
    },
    Case {
        name: "a token",
        before: |archive| drop(archive.save(&submission(QUIET)).unwrap()),
        change: |archive, answered| {
            match archive.add_token("gate 4", Role::Import) {
                Ok(_) | Err(TokenError::Exists { .. }) => answered.push(1),
                Err(error) => return Err(error.to_string()),
            }
            Ok(())
        },
        happened: |archive| archive.tokens().unwrap().len() == 1,
        is_one: true,
    },
    Case {
        name: "an event that is moved to another unit",
        before: |archive| {
            archive.save(&with_report(BLAST, BLAST_REPORT)).unwrap();
            let patch = json!({"review": {"notes": "seen"}});
            archive.patch_sidecar(1, &patch, "kim", PatchOptions::default()).unwrap();
        },
        change: |archive, answered| {
            let moved = archive.move_to_unit(1, "BE99", "the label on the box", "kim");
            moved.map(|_| answered.push(1)).map_err(|error| error.to_string())
        },
        happened: |archive| {
            let reviews = archive.review_log(Some(1), 9).unwrap().len();
            archive.event(1).unwrap().serial == "BE99" && reviews == 1
        },
        is_one: true,
    },
    Case {
        name: "a plan",
        before: |archive| drop(archive.save(&submission(QUIET)).unwrap()),
        change: |archive, answered| {
            let set = archive.set_plan(None, &picture(40), Some("site.png"), "kim");
            set.map(|_| answered.push(1)).map_err(|error| error.to_string())
        },
        happened: |archive| {
            let plans = archive.plans().unwrap();
            let bytes = plans.of(None).map(|plan| archive.plan_picture(&plan.picture.sha256));
            bytes.is_some_and(|bytes| bytes.unwrap().unwrap().1 == picture(40))
        },
        is_one: true,
    },
    Case {
        name: "a location on a plan",
        before: |archive| {
            archive.save(&submission(QUIET)).unwrap();
            archive.set_plan(None, &picture(40), None, "kim").unwrap();
        },
        change: |archive, answered| {
            let placed = archive.place_location(None, "School", Some([0.25, 0.75]), "kim");
            placed.map(|_| answered.push(1)).map_err(|error| error.to_string())
        },
        happened: |archive| !archive.plans().unwrap().plans[0].places.is_empty(),
        is_one: true,
    },
    Case {
        name: "an alarm level",
        before: |archive| drop(archive.save(&submission(QUIET)).unwrap()),
        change: |archive, answered| {
            let level = Level::default().with_ground(Some(Limit::built_in("din-3")));
            let set = archive.set_level(level, "kim");
            set.map(|_| answered.push(1)).map_err(|error| error.to_string())
        },
        happened: |archive| !archive.levels().unwrap().is_empty(),
        is_one: true,
    },
    Case {
        name: "an archive that is taken in",
        before: |archive| drop(archive.save(&submission("M529LIY6.N00")).unwrap()),
        change: |archive, _| {
            let taken = archive.take_in(&OTHER.archive, &AtomicBool::new(false), &mut |_| {});
            let taken = taken.map_err(|error| error.to_string())?;
            taken.account.failures.first().map_or(Ok(()), |one| Err(one.message.clone()))
        },
        happened: |archive| total(archive) == 3 && archive.review_log(None, 9).unwrap().len() == 1,
        is_one: false,
    },
    Case {
        name: "a rebuild of the index",
        before: |archive| {
            archive.save(&with_report(BLAST, BLAST_REPORT)).unwrap();
            let patch = json!({"review": {"notes": "seen"}});
            archive.patch_sidecar(1, &patch, "kim", PatchOptions::default()).unwrap();
        },
        change: |archive, answered| {
            let rebuilt = archive.rebuild_index();
            rebuilt.map(|_| answered.push(1)).map_err(|error| error.to_string())
        },
        happened: |archive| archive.review_log(Some(1), 9).unwrap().len() == 1,
        is_one: true,
    },
];
