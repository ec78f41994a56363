//! What an update writes.

use std::fs;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use serde_json::Value;
use wavekeep_archive::Archive;
use wavekeep_lake::{LakeError, Layout};

use crate::common::{Fleet, LAYOUTS, files};

#[test]
fn a_lake_has_a_file_for_each_month_of_the_archive() {
    let fleet = Fleet::new(3, Layout::Parquet);
    fleet.save_without_start();
    let update = fleet.update();
    assert_eq!(update.written, ["2026-01", "2026-02", "2026-03", "unknown"]);
    assert_eq!((update.events, update.version), (7, None));
    fleet.assert_is_right();
}

#[test]
fn a_lake_that_is_up_to_date_is_not_written_to() {
    for layout in LAYOUTS {
        let fleet = Fleet::new(2, layout);
        fleet.update();
        let written = || -> Vec<SystemTime> {
            let files = files(&fleet.place()).into_iter();
            files
                .map(|(path, _)| {
                    fs::metadata(fleet.place().join(path)).unwrap().modified().unwrap()
                })
                .collect()
        };
        let (before, times) = (files(&fleet.place()), written());
        let update = fleet.update();
        assert!(update.is_nothing() && update.events == 4, "{update:?}");
        assert_eq!((files(&fleet.place()), written()), (before, times));
    }
}

#[test]
fn a_review_writes_its_month_alone() {
    let fleet = Fleet::new(3, Layout::Parquet);
    fleet.update();
    fleet.review(3, "a lorry");
    assert_eq!(fleet.update().written, ["2026-02"]);
    fleet.assert_is_right();
}

#[test]
fn a_month_whose_last_event_is_removed_goes_with_its_folder() {
    let fleet = Fleet::new(2, Layout::Parquet);
    fleet.update();
    fleet.remove(3);
    assert_eq!(fleet.update().written, ["2026-02"]);
    fleet.remove(4);
    assert_eq!(fleet.update().removed, ["2026-02"]);
    assert!(!fleet.place().join("events/month=2026-02").exists());
    fleet.assert_is_right();
}

#[test]
fn an_archive_without_events_has_a_lake_without_events() {
    let fleet = Fleet::new(0, Layout::Parquet);
    assert_eq!(fleet.update().events, 0);
    fleet.save(5, 1);
    assert_eq!(fleet.update().written, ["2026-05"]);
    fleet.remove(1);
    fleet.update();
    fleet.assert_is_right();
    let fleet = Fleet::new(0, Layout::Delta);
    assert_eq!(fleet.update().version, Some(0));
    assert_eq!(fleet.update().version, Some(0));
}

#[test]
fn each_update_of_delta_that_changes_something_is_a_version() {
    let fleet = Fleet::new(2, Layout::Delta);
    assert_eq!(fleet.update().version, Some(0));
    fleet.review(1, "a");
    assert_eq!(fleet.update().version, Some(1));
    assert_eq!(fleet.update().version, Some(1));
}

#[test]
fn an_archive_that_was_put_back_from_a_backup_is_written_as_it_is_now() {
    let fleet = Fleet::new(2, Layout::Parquet);
    fleet.review(1, "before the backup");
    let root = fleet.archive.layout().root().to_owned();
    let backup = files(&root);
    fleet.review(1, "after the backup");
    fleet.review(3, "after the backup");
    fleet.update();
    fs::remove_dir_all(&root).unwrap();
    for (path, bytes) in backup {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let back = Fleet { archive: Archive::open(&root).unwrap(), ..fleet };
    back.update();
    back.assert_is_right();
}

#[test]
fn a_lake_that_was_copied_goes_on_where_it_is() {
    for layout in LAYOUTS {
        let fleet = Fleet::new(2, layout);
        fleet.update();
        let copy = files(&fleet.place());
        fs::remove_dir_all(fleet.place()).unwrap();
        for (path, bytes) in copy {
            let path = fleet.place().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        assert!(fleet.update().is_nothing());
        fleet.review(1, "a");
        assert_eq!(fleet.update().written, ["2026-01"]);
    }
}

#[test]
fn an_update_that_is_stopped_changes_nothing_and_the_next_one_goes_on() {
    let fleet = Fleet::new(2, Layout::Parquet);
    let stopped = fleet.lake().update(&fleet.archive, &AtomicBool::new(true));
    assert!(matches!(stopped, Err(LakeError::Stopped)), "{stopped:?}");
    fleet.update();
    fleet.assert_is_right();
}

#[test]
fn a_lake_is_updated_from_an_archive_that_is_only_read() {
    let fleet = Fleet::new(2, Layout::Parquet);
    let root = fleet.archive.layout().root().to_owned();
    let read = Fleet { archive: Archive::open_to_read(root).unwrap(), ..fleet };
    read.update();
    read.assert_is_right();
}

#[cfg(unix)]
#[test]
fn files_of_a_lake_may_be_read_by_whom_the_umask_lets() {
    use std::os::unix::fs::PermissionsExt;
    let fleet = Fleet::new(1, Layout::Parquet);
    fleet.update();
    let file = fleet.place().join("plain");
    fs::write(&file, "").unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode();
    for path in ["events/month=2026-01/events.parquet", "_wavekeep/lake.json"] {
        assert_eq!(mode(fleet.place().join(path)), mode(file.clone()), "{path}");
    }
}

/// Makes all of a lake older by two days: the times of its files, and what its state says of them.
fn make_older(fleet: &Fleet) {
    let age = Duration::from_secs(2 * 86_400);
    let path = fleet.place().join("_wavekeep/lake.json");
    let mut state: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for removed in state["delta"]["removed"].as_array_mut().unwrap() {
        let at = removed["at_ms"].as_i64().unwrap();
        removed["at_ms"] = (at - i64::try_from(age.as_millis()).unwrap()).into();
    }
    fs::write(&path, state.to_string()).unwrap();
    for (path, _) in files(&fleet.place()) {
        let file = fs::File::options().append(true).open(fleet.place().join(path)).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    }
}

#[test]
fn a_lake_of_delta_keeps_a_day_of_versions_and_does_not_grow_without_end() {
    let fleet = Fleet::new(2, Layout::Delta);
    let mut sizes = Vec::new();
    for day in 0..3 {
        for change in 0..21 {
            fleet.review(1, &format!("{day} {change}"));
            fleet.update();
        }
        let data = |name: &str| name.ends_with(".parquet") && !name.contains("checkpoint");
        let kept = files(&fleet.place().join("events"));
        let names: Vec<_> = kept.iter().map(|(path, _)| path.to_str().unwrap()).collect();
        let count = |is: &dyn Fn(&str) -> bool| names.iter().filter(|name| is(name)).count();
        sizes.push((count(&data), count(&|name| name.ends_with(".json"))));
        // What an update that was cut short left.
        let orphan = format!("month=2026-01/{}.parquet", "0".repeat(32));
        fs::write(fleet.place().join("events").join(orphan), b"PAR1").unwrap();
        make_older(&fleet);
    }
    // Two months and each replaced file of the day; commits since the checkpoint before the day.
    assert_eq!(sizes[0], (22, 21));
    assert!(sizes[2].0 <= 23 && sizes[2].1 <= 43, "{sizes:?}");
    assert_eq!(fleet.update().version, Some(62));
}

/// What happens to an archive between two updates.
#[derive(Debug, Clone, Copy)]
enum Happens {
    Comes(u32, u32),
    IsReviewed(usize),
    IsRemoved(usize),
    IsUpdated,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        3 => (1u32..=4, 1u32..=28).prop_map(|(month, day)| Happens::Comes(month, day)),
        3 => any::<usize>().prop_map(Happens::IsReviewed),
        2 => any::<usize>().prop_map(Happens::IsRemoved),
        2 => Just(Happens::IsUpdated),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases.min(16),
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_happens_to_an_archive_its_lake_is_the_export_of_its_months(
        all in prop::collection::vec(happens(), 1..24)
    ) {
        let fleet = Fleet::new(1, Layout::Parquet);
        let mut ids = vec![1, 2];
        for (number, one) in all.into_iter().enumerate() {
            match one {
                Happens::Comes(month, day) => {
                    fleet.save(month, day);
                    let all = wavekeep_archive::Query::default()
.with_limit(Some(999));
                    ids = fleet.archive.query(&all).unwrap().events.iter().map(|it| it.id).collect();
                }
                Happens::IsReviewed(_) | Happens::IsRemoved(_) if ids.is_empty() => {}
                Happens::IsReviewed(at) => fleet.review(ids[at % ids.len()], &number.to_string()),
                Happens::IsRemoved(at) => fleet.remove(ids.swap_remove(at % ids.len())),
                Happens::IsUpdated => {
                    fleet.update();
                    fleet.assert_is_right();
                }
            }
        }
        fleet.update();
        fleet.assert_is_right();
        prop_assert!(fleet.update().is_nothing());
    }
}
