//! Alarm levels on the command line.

use crate::archive::{code, documents, fleet, run, samples, stdout};

#[test]
fn a_level_is_set_events_are_judged_and_the_list_shows_the_worst_first() {
    let fleet = fleet();
    let here = fleet.path();
    let set =
        run(here, &["level", "set", "--curve", "din-3", "--air-db", "120", "--reason", "permit 7"]);
    assert_eq!(code(&set), 0);
    let said = stdout(&set);
    assert!(said.contains("the archive; ground: din-3 (") && said.contains("permit 7"), "{said}");
    let worst = documents(&run(
        here,
        &["list", "--where", "verdict=exceeds", "--sort", "margin", "--json"],
    ));
    assert!(!worst.is_empty());
    let margins: Vec<f64> =
        worst.iter().map(|row| row["margin_percent"].as_f64().unwrap()).collect();
    assert!(margins.is_sorted() && margins[0] < 0.0, "{margins:?}");
    let listed = stdout(&run(here, &["list", "--where", "verdict=exceeds"]));
    assert!(listed.contains("EXCEEDS by "), "{listed}");
    let end = run(here, &["level", "end"]);
    assert_eq!(code(&end), 0);
    assert_eq!(code(&run(here, &["list", "--where", "verdict=exceeds"])), 1, "no level any more");
    let all = documents(&run(here, &["level", "list", "--all", "--json"]));
    assert_eq!((all.len(), &all[0]["in_force"]), (2, &false.into()));
    assert_eq!(code(&run(here, &["verify", "--hashes"])), 0);
}

#[test]
fn events_that_come_in_are_judged_by_the_levels_that_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let sample = |name: &str| samples().join(name).to_str().unwrap().to_owned();
    assert_eq!(code(&run(here, &["import", &sample("M529LIY6.N00")])), 0);
    assert_eq!(code(&run(here, &["level", "set", "--curve", "din-3"])), 0);
    let imported = run(here, &["import", &sample("M529LMOK.DK0W")]);
    let said = String::from_utf8(imported.stderr).unwrap();
    assert!(said.contains("1 event judged by the alarm levels: "), "{said}");
    let rows = documents(&run(here, &["list", "--json"]));
    assert!(rows.iter().all(|row| row["verdict"].is_string()), "{rows:?}");
}

#[test]
fn a_level_that_cannot_be_is_refused_and_one_for_no_event_is_named() {
    let fleet = fleet();
    let here = fleet.path();
    assert_eq!(code(&run(here, &["level", "set", "--curve", "din-9"])), 1);
    assert_eq!(code(&run(here, &["level", "set", "--project", "x"])), 2, "no limit");
    assert_eq!(code(&run(here, &["level", "set", "--curve", "din-2", "--hours", "22-6"])), 2);
    assert!(documents(&run(here, &["level", "list", "--all", "--json"])).is_empty());
    let slip = run(here, &["level", "set", "--project", "Quary", "--curve", "din-2"]);
    let said = String::from_utf8(slip.stderr).unwrap();
    assert!(said.contains("no event of the archive is of project \"Quary\""), "{said}");
}
