//! Archives and sidecars of other programs.

use std::fs;

use crate::common;
use crate::common::*;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use wavekeep_archive::{Archive, PatchOptions, Query, RemakeOptions, Sidecar, Submission};

/// A folder as another program left it: a source, an `.h5` of unknown layout, a sidecar.
fn foreign() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("BE11529");
    fs::create_dir(&unit).unwrap();
    fs::write(unit.join(QUIET), sample(QUIET)).unwrap();
    fs::write(unit.join("M529LKIQ.7M0W.h5"), b"unknown").unwrap();
    let sidecar = json!({
        "schema_version": 1,
        "kind": "sfm.event",
        "event": {"serial": "BE11529", "timestamp": "2026-05-01T13:16:34", "waveform_key": "x",
                  "record_type": "Waveform", "sample_rate": 1024},
        "peak_values": {"tran": 0.25, "vert": "none", "long": 0.1, "other": [1]},
        "review": {"false_trigger": true, "reviewer": "lee", "stars": 5},
        "extensions": {"theirs": {"deep": [1, {"x": null}]}},
        "unknown_block": {"a": 1},
    });
    fs::write(unit.join("M529LKIQ.7M0W.sfm.json"), sidecar.to_string()).unwrap();
    folder
}

#[test]
fn a_folder_of_another_program_is_opened_and_left_as_it_is() {
    let folder = foreign();
    let before = files(folder.path());
    let archive = Archive::open(folder.path()).unwrap();
    let page = archive.query(&Query::default()).unwrap();
    assert_eq!(page.total, 1);
    let row = &page.events[0];
    assert_eq!((row.tran_in_s, row.vert_in_s, row.ppv_in_s), (Some(0.25), None, Some(0.25)));
    assert!(row.false_trigger);
    assert_eq!(row.kind, "waveform");
    assert_eq!(archive.rebuild_index().unwrap().unknown_hdf5, 1);
    assert_eq!(files(folder.path()), before);
}

#[test]
fn what_is_not_known_survives_patch_and_regeneration() {
    let folder = foreign();
    let archive = Archive::open(folder.path()).unwrap();
    let patch = json!({"review": {"notes": "seen"}});
    archive.patch_sidecar(1, &patch, "kim", PatchOptions::default()).unwrap();
    let remade = archive.regenerate(1, RemakeOptions::default()).unwrap();
    assert!(remade.without_hdf5.unwrap().contains("another program"));
    assert_eq!(fs::read(folder.path().join("BE11529/M529LKIQ.7M0W.h5")).unwrap(), b"unknown");
    let after = archive.sidecar(1).unwrap().into_value();
    assert_eq!(after["event"]["waveform_key"], "x");
    assert_eq!(after["peak_values"]["other"], json!([1]));
    assert_eq!(after["review"]["stars"], 5);
    assert_eq!(after["review"]["false_trigger"], true);
    assert_eq!(after["extensions"]["theirs"], json!({"deep": [1, {"x": null}]}));
    assert_eq!(after["unknown_block"], json!({"a": 1}));
    let options = RemakeOptions::default().with_replace_unknown_hdf5(true);
    assert_eq!(archive.regenerate(1, options).unwrap().without_hdf5, None);
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let fresh = fresh();
    let id = fresh.save(&submission(QUIET)).id;
    let path = fresh.path("BE11529", "M529LKIQ.7M0W.sfm.json");
    let newer = r#"{"schema_version": 2, "kind": "sfm.event", "event": {}}"#;
    fs::write(&path, newer).unwrap();
    let patch = json!({"review": {"notes": "x"}});
    let error = fresh.archive.patch_sidecar(id, &patch, "kim", PatchOptions::default());
    assert!(error.unwrap_err().to_string().contains("schema_version 2"));
    fresh.archive.regenerate(id, RemakeOptions::default()).unwrap_err();
    fresh.archive.save(&submission(QUIET)).unwrap_err();
    assert_eq!(fresh.archive.rebuild_index().unwrap().not_read.len(), 1);
    assert_eq!(fs::read_to_string(&path).unwrap(), newer);
}

#[test]
fn a_rebuilt_index_says_the_same_and_numbers_are_never_given_again() {
    let fresh = fresh();
    for event in EVENTS {
        fresh.save(&submission(event));
    }
    let rows = || {
        let mut events = fresh.archive.query(&Query::default()).unwrap().events;
        events.iter_mut().for_each(|event| event.changed = 0);
        events
    };
    let before = rows();
    assert_eq!(fresh.archive.rebuild_index().unwrap().events, 10);
    assert_eq!(rows(), before);
    // The last event goes; its number is not given again, by a rebuilt index either.
    for suffix in ["", ".h5", ".sfm.json"] {
        fs::remove_file(fresh.path("BE12844", &format!("N844L6Z8.ZR0H{suffix}"))).unwrap();
    }
    fresh.archive.rebuild_index().unwrap();
    assert_eq!(fresh.save(&submission("N844L6Z8.ZR0H")).id, 11);
}

#[test]
fn a_lost_index_is_made_again_when_the_archive_is_opened() {
    let fresh = fresh();
    fresh.save(&submission(BLAST));
    fresh.save(&submission(QUIET));
    let patch = json!({"review": {"notes": "x"}});
    fresh.archive.patch_sidecar(2, &patch, "kim", PatchOptions::default()).unwrap();
    let common::Fresh { folder, archive } = fresh;
    drop(archive);
    for name in ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
        let _ = fs::remove_file(folder.path().join(".wavekeep").join(name));
    }
    let archive = Archive::open(folder.path()).unwrap();
    assert_eq!(archive.event(2).unwrap().filename, QUIET);
    assert_eq!(archive.review_log(Some(2), 10).unwrap().len(), 1);
}

#[test]
fn names_from_outside_never_leave_the_root() {
    let outer = tempfile::tempdir().unwrap();
    let root = outer.path().join("archive");
    let archive = Archive::create(&root).unwrap();
    let long = "x".repeat(300);
    for name in ["../x.7M0W", "..", "a/b", "C:\\x", "x\0y", "nul", "\u{202e}x", "", long.as_str()] {
        archive.save(&Submission::new(name, sample(QUIET))).unwrap_err();
        archive.save(&submission(QUIET).serial(name)).unwrap_err();
        // A report may be called anything: it gets the name of its event.
        let saved = archive.save(&submission(BLAST).report(name, sample(BLAST_REPORT))).unwrap();
        assert_eq!(saved.filename, BLAST);
    }
    let names: Vec<String> = files(outer.path()).into_iter().map(|(name, _)| name).collect();
    assert!(
        names.iter().all(|name| name.starts_with("archive/BE11529/M529LMOK.DK0W")),
        "{names:?}"
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("a number", |n| n.is_finite()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec(("[a-z]{1,6}", inner), 0..4)
                .prop_map(|all| Value::Object(all.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_unknown_fields_survive_a_patch_in_their_order(
        unknown in proptest::collection::vec(("[a-z]{1,6}", any_json()), 0..5)
    ) {
        let fresh = fresh();
        let id = fresh.save(&submission(QUIET)).id;
        let path = fresh.path("BE11529", "M529LKIQ.7M0W.sfm.json");
        let mut document = Sidecar::parse(&fs::read(&path).unwrap()).unwrap().into_value();
        for block in ["event", "source", "review", "extensions"] {
            for (name, value) in &unknown {
                document[block][format!("x_{name}")] = value.clone();
            }
        }
        for (name, value) in &unknown {
            document[format!("x_{name}")] = value.clone();
        }
        fs::write(&path, document.to_string()).unwrap();
        let options = PatchOptions::default()
.with_keep_reviewed_at(true);
        let patch = json!({"review": {"notes": "seen"}});
        fresh.archive.patch_sidecar(id, &patch, "kim", options).unwrap();
        document["review"]["notes"] = json!("seen");
        let after = Sidecar::parse(&fs::read(&path).unwrap()).unwrap().into_value();
        prop_assert_eq!(after.to_string(), document.to_string());
    }
}
