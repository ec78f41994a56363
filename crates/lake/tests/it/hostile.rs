//! What an update refuses: lakes of others, files that others changed, and states that are damaged.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use wavekeep_lake::{Lake, LakeError, Layout, Place};

use crate::common::{Fleet, LAYOUTS, files, stride};

/// Tries an update that is to be refused: it changes nothing.
fn refused(fleet: &Fleet) -> LakeError {
    let before = files(&fleet.place());
    let error = fleet.try_update().expect_err("it is refused");
    assert!(before == files(&fleet.place()), "{error}");
    error
}

/// The file of the first month.
fn first(fleet: &Fleet) -> PathBuf {
    let folder = fleet.place().join("events/month=2026-01");
    fs::read_dir(folder).unwrap().next().unwrap().unwrap().path()
}

#[test]
fn the_lake_of_another_archive_is_refused() {
    for layout in LAYOUTS {
        let (fleet, other) = (Fleet::new(1, layout), Fleet::new(1, layout));
        fleet.update();
        let before = files(&fleet.place());
        let refused = fleet.lake().update(&other.archive, &Default::default());
        assert!(matches!(refused, Err(LakeError::OtherArchive { .. })), "{refused:?}");
        assert!(before == files(&fleet.place()));
    }
}

#[test]
fn the_other_layout_is_refused_with_what_to_do() {
    for (layout, other, says) in [
        (Layout::Parquet, Layout::Delta, "update it without --delta"),
        (Layout::Delta, Layout::Parquet, "update it with --delta"),
    ] {
        let fleet = Fleet::new(1, layout);
        fleet.update();
        let lake = Lake { layout: other, ..fleet.lake() };
        let error = lake.update(&fleet.archive, &Default::default()).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn a_table_of_another_program_is_refused() {
    for layout in LAYOUTS {
        let fleet = Fleet::new(1, layout);
        let folder = fleet.place().join("events");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("part-0.parquet"), b"PAR1").unwrap();
        let error = fleet.try_update().unwrap_err();
        assert!(
            matches!(&error, LakeError::Foreign { file } if file.contains("part-0")),
            "{error}"
        );
        assert!(fs::read_dir(folder).unwrap().count() == 1);
    }
}

#[test]
fn a_file_that_another_program_put_beside_the_lakes_is_refused() {
    for layout in LAYOUTS {
        let fleet = Fleet::new(1, layout);
        fleet.update();
        for name in
            ["part-0.parquet", "month=2026-01/x.parquet", "month=2026-09/events.parquet", "x/y"]
        {
            let path = fleet.place().join("events").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, b"PAR1").unwrap();
            let error = refused(&fleet);
            assert!(matches!(error, LakeError::Foreign { .. }), "{name}: {error}");
            fs::remove_file(&path).unwrap();
        }
        // Readers pass over these.
        for name in [".DS_Store", "_SUCCESS", "month=2026-01/.x.parquet.crc"] {
            fs::write(fleet.place().join("events").join(name), b"").unwrap();
        }
        assert!(fleet.update().is_nothing());
    }
}

#[test]
fn a_file_that_another_program_changed_or_deleted_is_named() {
    for layout in LAYOUTS {
        let fleet = Fleet::new(1, layout);
        fleet.update();
        let path = first(&fleet);
        let whole = fs::read(&path).unwrap();
        let mut other = whole.clone();
        other[whole.len() / 2] ^= 1;
        for content in [Some(&whole[1..]), Some(&*other), None] {
            match content {
                Some(content) => fs::write(&path, content).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            fleet.review(1, "not written");
            let error = refused(&fleet);
            let LakeError::Altered { file, .. } = &error else { panic!("{error}") };
            assert_eq!(*file, path.display().to_string());
        }
        fs::write(&path, whole).unwrap();
        fleet.update();
    }
}

#[test]
fn a_commit_that_another_program_made_is_refused() {
    let fleet = Fleet::new(1, Layout::Delta);
    fleet.update();
    let log = fleet.place().join("events/_delta_log");
    let own = fs::read_to_string(log.join(format!("{:020}.json", 0))).unwrap();
    let next = log.join(format!("{:020}.json", 1));
    for commit in ["", "{\"commitInfo\":{\"operation\":\"OPTIMIZE\"}}\n", "no JSON", "{}\n[]\n"] {
        fs::write(&next, commit).unwrap();
        let error = refused(&fleet);
        assert!(matches!(error, LakeError::Foreign { .. }), "{commit}: {error}");
    }
    // It goes on behind a commit that is not there.
    fs::remove_file(&next).unwrap();
    fs::write(log.join(format!("{:020}.json", 7)), &own).unwrap();
    let error = refused(&fleet);
    assert!(error.to_string().contains("commit 1 is missing"), "{error}");
    // The last commit is another one.
    fs::remove_file(log.join(format!("{:020}.json", 7))).unwrap();
    fs::write(log.join(format!("{:020}.json", 0)), own.replace("\"run\":\"", "\"run\":\"0"))
        .unwrap();
    let error = refused(&fleet);
    assert!(matches!(error, LakeError::Damaged { .. }), "{error}");
}

#[test]
fn a_lake_of_a_newer_program_is_left_alone() {
    let fleet = Fleet::new(1, Layout::Parquet);
    fleet.update();
    let path = fleet.place().join("_wavekeep/lake.json");
    let state = fs::read_to_string(&path).unwrap();
    fs::write(&path, state.replace("\"version\":1", "\"version\":2")).unwrap();
    assert!(matches!(refused(&fleet), LakeError::Newer { found: 2, known: 1, .. }));
}

#[test]
fn a_lake_is_not_put_into_its_archive() {
    let fleet = Fleet::new(1, Layout::Parquet);
    for below in ["", "lake", "a/b"] {
        let place = Place::Folder(fleet.archive.layout().root().join(below));
        let lake = Lake { place, layout: Layout::Parquet };
        let error = lake.update(&fleet.archive, &Default::default()).unwrap_err();
        assert!(matches!(error, LakeError::InsideArchive { .. }), "{error}");
    }
}

#[test]
fn a_lake_that_another_process_updates_is_busy() {
    let fleet = Fleet::new(1, Layout::Parquet);
    fleet.update();
    let lock = fs::File::open(fleet.place().join("_wavekeep/lock")).unwrap();
    lock.lock().unwrap();
    assert!(matches!(fleet.try_update(), Err(LakeError::Busy { .. })));
    lock.unlock().unwrap();
    fleet.update();
}

#[test]
fn a_state_that_is_damaged_is_refused_or_the_lake_is_right_all_the_same() {
    let fleet = Fleet::new(2, Layout::Parquet);
    fleet.update();
    let path = fleet.place().join("_wavekeep/lake.json");
    let whole = fs::read(&path).unwrap();
    let table = files(&fleet.place().join("events"));
    let restore = |state: &[u8]| {
        fs::remove_dir_all(fleet.place().join("events")).unwrap();
        for (name, bytes) in &table {
            let path = fleet.place().join("events").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        fs::write(&path, state).unwrap();
    };
    let cut = (0..whole.len()).step_by(stride(97)).map(|len| whole[..len].to_vec());
    let flipped = (0..whole.len() * 8).step_by(stride(61)).map(|bit| {
        let mut state = whole.clone();
        state[bit / 8] ^= 1 << (bit % 8);
        state
    });
    let (mut refused, mut right) = (0, 0);
    for state in cut.chain(flipped) {
        restore(&state);
        match fleet.try_update() {
            Ok(_) => {
                fleet.assert_is_right();
                right += 1;
            }
            Err(error) => {
                assert!(!error.to_string().is_empty());
                refused += 1;
            }
        }
    }
    assert!(refused > 10 && right > 10, "{refused} were refused, {right} were right");
}

#[test]
fn a_state_that_names_files_of_others_deletes_none_of_them() {
    let fleet = Fleet::new(1, Layout::Delta);
    fleet.update();
    fleet.review(1, "a");
    fleet.update();
    let path = fleet.place().join("_wavekeep/lake.json");
    let other = fleet.folder.path().join("other.parquet");
    fs::write(&other, b"PAR1").unwrap();
    let live = first_of_log(&fleet, 1);
    let names = ["../other.parquet", "events/../../other.parquet", "_wavekeep/lake.json", &live];
    for (month, name) in (2..).zip(names) {
        let mut state: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        for removed in state["delta"]["removed"].as_array_mut().unwrap() {
            removed["file"] = name.into();
            removed["at_ms"] = 0.into();
        }
        fs::write(&path, state.to_string()).unwrap();
        fleet.save(month, 1);
        fleet.update();
        assert!(other.exists() && path.exists(), "{name}");
        assert!(fleet.place().join(&live).exists(), "{name}");
    }
}

/// The file that a commit adds.
fn first_of_log(fleet: &Fleet, version: u64) -> String {
    let commit = fleet.place().join(format!("events/_delta_log/{version:020}.json"));
    let content = fs::read_to_string(commit).unwrap();
    let added = content.lines().find_map(|line| {
        let action: Value = serde_json::from_str(line).unwrap();
        action["add"]["path"].as_str().map(str::to_owned)
    });
    format!("events/{}", added.unwrap())
}
