//! An office at work while everything fails: the judges are in `judges/soak`. `make soak` runs them for
//! longer.
#![cfg(target_os = "linux")]

use crate::mounts::can_mount;

/// What rests on other tests where nothing can be mounted.
const UNTRIED: &str = "that an office at work loses nothing while its disk is full, its server is killed and \
    its watcher too rests on the tests of each of them";

#[test]
fn an_office_at_work_loses_nothing_and_every_fault_is_seen() {
    if can_mount(UNTRIED) {
        crate::judges::run("WAVEKEEP_PYTHON", "soak/test_soak.py");
    }
}
