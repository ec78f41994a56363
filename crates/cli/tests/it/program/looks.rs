//! What people see.

use super::*;

#[test]
fn info_shows_what_was_assumed() {
    insta::assert_snapshot!(stdout(&run(&["info", QUIET])));
}

#[test]
fn info_shows_what_the_report_states() {
    insta::assert_snapshot!(stdout(&run(&["info", BLAST])));
}

#[test]
fn info_shows_a_histogram() {
    insta::assert_snapshot!(stdout(&run(&["info", NIGHT, "--velocity", "mm/s"])));
}

#[test]
fn info_shows_a_thor_event_with_its_report() {
    insta::assert_snapshot!(stdout(&run(&["info", THOR])));
}

#[test]
fn info_shows_what_is_assumed_of_a_thor_event() {
    insta::assert_snapshot!(stdout(&run(&["info", "UM11719_20260716084530.IDFW"])));
}

#[test]
fn info_shows_damage() {
    insta::assert_snapshot!(stdout(&run(&["info", DAMAGED])));
}

#[test]
fn a_folder_is_a_table() {
    insta::assert_snapshot!(stdout(&run(&["info", "."])));
}

#[test]
fn check_says_whole_or_damaged() {
    // Paths are shown as the system writes them.
    insta::assert_snapshot!(stdout(&run(&["check", "."])).replace(".\\", "./"));
}

#[test]
fn help_says_what_there_is() {
    insta::assert_snapshot!(stdout(&run(&["--help"])).replace("wavekeep.exe", "wavekeep"));
}
