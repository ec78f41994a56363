//! `wavekeep info`.

use super::*;

#[test]
fn json_is_one_document_per_input_and_line_with_what_was_measured() {
    let documents = documents(&run(&["info", "--json", BLAST, NIGHT]));
    assert_eq!(documents.len(), 2);
    assert_eq!(documents[0]["format"], "blastware");
    assert_eq!(documents[0]["assumed"], serde_json::json!([]));
    assert_eq!(documents[0]["measurements"]["peak_vector_sum"]["origin"], "stated");
    assert_eq!(documents[1]["kind"], "histogram");
}

#[test]
fn what_the_caller_states_is_no_longer_assumed() {
    let args =
        ["info", "--json", QUIET, "--rate", "2048", "--range", "sensitive", "--pretrigger", "0.5"];
    let document = &documents(&run(&args))[0];
    assert_eq!(document["assumed"], serde_json::json!([]));
    assert_eq!(document["time"]["rate_hz"]["basis"], "option");
    assert_eq!(document["measurements"]["channels"][0]["peak"]["value"]["value"], 0.00375);
}

#[test]
fn a_report_can_be_left_alone() {
    let document = &documents(&run(&["info", "--json", "--no-report", BLAST]))[0];
    assert_eq!(document["statement"], Value::Null);
}

#[test]
fn colour_is_for_terminals_and_can_be_forced() {
    assert!(!stdout(&run(&["info", DAMAGED])).contains('\u{1b}'));
    assert!(stdout(&run(&["info", DAMAGED, "--color", "always"])).contains("\u{1b}["));
}
