//! What people say of an event.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

mod common;

use common::*;
use serde_json::json;
use wavekeep_archive::{PatchOptions, Query};

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
    let found = fresh.archive.query(&Query { false_trigger: Some(true), ..Query::default() });
    assert_eq!(found.unwrap().total, 1);
}
