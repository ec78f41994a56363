//! What scripts go by.

use super::*;

#[test]
fn zero_when_all_is_done_and_whole() {
    assert_eq!(code(&run(&["info", QUIET])), 0);
    assert_eq!(code(&run(&["check", QUIET, BLAST])), 0);
}

#[test]
fn one_when_something_failed() {
    assert_eq!(code(&run(&["info", "absent"])), 1);
    assert_eq!(code(&run(&["info", "README.md"])), 1);
}

#[test]
fn two_for_wrong_usage() {
    for args in [
        &["info"][..],
        &["convert", QUIET],
        &["convert", QUIET, "--to", "xlsx"],
        &["convert", QUIET, BLAST, "--to", "csv", "-o", "-"],
        &["convert", QUIET, "--to", "csv", "--frames", "9..2"],
        &["convert", QUIET, "--to", "csv", "--json"],
        &["plot", QUIET, "--curve", "no-such-curve"],
        &["plot", QUIET, "--kind", "all", "-o", "one.png"],
        &["info", QUIET, "--rate", "0"],
        &["info", QUIET, "--range", "loud"],
    ] {
        assert_eq!(code(&run(args)), 2, "{args:?}");
    }
}

#[test]
fn three_when_it_is_done_but_the_data_is_damaged() {
    assert_eq!(code(&run(&["info", DAMAGED])), 3);
    assert_eq!(code(&run(&["check", QUIET, DAMAGED])), 3);
    assert_eq!(code(&run(&["convert", DAMAGED, "--to", "csv"])), 3);
}

#[test]
fn one_bad_file_never_stops_the_others() {
    let output = run(&["info", "--json", "absent", QUIET, "README.md", BLAST]);
    assert_eq!(code(&output), 1);
    let documents = documents(&output);
    let kinds: Vec<_> = documents.iter().map(|line| line["error"]["kind"].as_str()).collect();
    assert_eq!(kinds, [Some("io"), None, Some("unknown_format"), None]);
    assert_eq!(documents[1]["path"], QUIET);
    assert!(stderr(&output).contains("README.md: not a recording of a known format"));
}

#[test]
fn files_of_a_folder_that_are_no_recordings_are_left_alone() {
    let output = run(&["check", "."]);
    assert_eq!(code(&output), 3);
    assert!(stderr(&output).contains("13 files: 12 whole, 1 damaged; "), "{}", stderr(&output));
}
