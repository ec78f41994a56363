//! The Python libraries of the people who will open an archive judge what is written.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::*;
use serde_json::json;
use wavekeep_archive::{PatchOptions, Submission};
use wavekeep_blastware::frames;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// How many sidecars Python found right.
fn judge(root: &Path) -> usize {
    let python = env::var_os("WAVEKEEP_PYTHON").unwrap_or_else(|| {
        panic!("WAVEKEEP_PYTHON names no Python with the judges' libraries: run `make test`")
    });
    let verdict = Command::new(python)
        .arg(repository().join("judges/archive.py"))
        .arg(root)
        .arg(repository().join("docs/sfm.schema.json"))
        .output()
        .unwrap();
    let (said, complained) =
        (String::from_utf8_lossy(&verdict.stdout), String::from_utf8_lossy(&verdict.stderr));
    assert!(verdict.status.success(), "{said}{complained}");
    said.trim().parse().unwrap()
}

#[test]
fn json_h5py_pickle_and_sqlite_read_what_was_saved() {
    let fresh = fresh();
    for (n, event) in EVENTS.into_iter().enumerate() {
        fresh.save(&Submission { gnz: n.is_multiple_of(2), ..submission(event) });
    }
    fresh.save(&with_report(BLAST, BLAST_REPORT));
    fresh.save(&with_report(NIGHT, NIGHT_REPORT));
    fresh.save(&with_report(OVER_RANGE, OVER_RANGE_REPORT));
    let mut with_frames = submission(QUIET);
    with_frames.frames = Some(frames::write_pickle(&frames::from_event(&sample(QUIET)).unwrap()));
    fresh.save(&with_frames);
    fresh.save(&Submission::new(QUIET, sample("M529LKVQ.6S0W")));
    fresh.save(&Submission::new("strange.bin", sample(QUIET)).serial("BE7"));
    let patch = json!({"review": {"false_trigger": true, "notes": "x"}, "extensions": {"y": 1}});
    fresh.archive.patch_sidecar(2, &patch, "kim", PatchOptions::default()).unwrap();
    let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("../smurf/tests/data/split.dat.1");
    fresh.archive.adopt("crate1slot2", &run).unwrap();
    assert_eq!(judge(fresh.folder.path()), 13);
}
