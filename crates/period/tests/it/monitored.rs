//! When units are known to have monitored.

use wavekeep_archive::{Query, Scope};
use wavekeep_core::UnitLocal;
use wavekeep_report::Stretch;

use crate::fleet::{Fleet, Made, at, gathered, may};

fn day(day: u8, hour: u8) -> UnitLocal {
    at((2026, 5, day), (hour, 0, 0))
}

fn logged(day_of_event: u8, log: (UnitLocal, UnitLocal)) -> Made {
    Made { log: Some(log), ..Made::new(day(day_of_event, 12)) }
}

fn stretches(fleet: &Fleet, query: Query) -> Vec<(String, String)> {
    let report = gathered(fleet, &may().with_query(query));
    let of = |stretch: &Stretch| (stretch.from.to_string(), stretch.to.to_string());
    report.content().units.iter().flat_map(|unit| unit.monitored.iter().map(of)).collect()
}

fn pair(from: &str, to: &str) -> (String, String) {
    (from.to_owned(), to.to_owned())
}

#[test]
fn monitor_logs_are_joined_and_cut_to_the_period() {
    let fleet = Fleet::empty();
    fleet.save(&logged(2, (at((2026, 4, 28), (8, 0, 0)), day(2, 12))));
    fleet.save(&logged(4, (day(2, 11), day(4, 12))));
    fleet.save(&logged(9, (day(8, 0), day(9, 12))));
    let found = stretches(&fleet, Query::default());
    let expected = [
        pair("2026-05-01 00:00:00", "2026-05-04 12:00:00"),
        pair("2026-05-08 00:00:00", "2026-05-09 12:00:00"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_log_in_the_report_of_a_later_event_counts() {
    let fleet = Fleet::empty();
    fleet.save(&Made::new(day(20, 12)));
    let later = Made::new(at((2026, 6, 3), (12, 0, 0)));
    fleet.save(&Made { log: Some((day(30, 0), at((2026, 6, 3), (12, 0, 0)))), ..later });
    let found = stretches(&fleet, Query::default());
    assert_eq!(found, [pair("2026-05-30 00:00:00", "2026-06-01 00:00:00")]);
}

#[test]
fn logs_of_other_projects_and_outside_of_a_scope_say_nothing() {
    let fleet = Fleet::empty();
    let of = |project: &str, made: Made| Made { project: project.to_owned(), ..made };
    fleet.save(&of("A", Made::new(day(2, 12))));
    fleet.save(&of("B", logged(5, (day(3, 0), day(5, 12)))));
    assert_eq!(stretches(&fleet, Query::default()).len(), 1);
    assert_eq!(stretches(&fleet, Query::default().with_project(Some("A".to_owned()))), []);
    let scope = Scope::new(Vec::new(), vec!["A".to_owned()]);
    assert_eq!(stretches(&fleet, Query::default().with_scope(scope)), []);
}

#[test]
fn without_logs_and_histograms_nothing_is_claimed() {
    let fleet = Fleet::empty();
    fleet.save(&Made::new(day(2, 12)));
    assert_eq!(stretches(&fleet, Query::default()), []);
    let pages = crate::document::pages(&fleet, &may(), &Default::default()).concat();
    assert!(pages.contains("not known—"), "{pages}");
    // The whole period is one time of which nothing is known.
    assert!(pages.contains("2026-05-01 00:00:002026-06-01 00:00:0031 d 0 h"), "{pages}");
}

#[test]
fn a_histogram_shows_monitoring_from_its_start_to_its_end() {
    let fleet = Fleet::empty();
    fleet.save_reported("UM11719_20260714220000.IDFH", "UM11719_20260714220000.IDFH.txt");
    let request = may().with_period("2026-07".parse().unwrap());
    let report = gathered(&fleet, &request);
    let unit = &report.content().units[0];
    assert_eq!(unit.monitored.len(), 1);
    assert_eq!(unit.monitored[0].from.to_string(), "2026-07-14 22:00:00");
    assert_eq!(unit.monitored[0].to.to_string(), "2026-07-15 02:00:00");
}

#[test]
fn a_histogram_that_began_before_the_period_reaches_into_it() {
    let fleet = Fleet::empty();
    fleet.save_reported("UM11719_20260714220000.IDFH", "UM11719_20260714220000.IDFH.txt");
    fleet.save_sample("UM11719_20260716084530.IDFW", "UM11719_20260715084530.IDFW");
    let request = may().with_period("2026-07-15".parse().unwrap());
    let report = gathered(&fleet, &request);
    let unit = &report.content().units[0];
    assert_eq!((unit.serial.as_str(), unit.monitored.len()), ("UM11719", 1));
    assert_eq!(unit.monitored[0].from.to_string(), "2026-07-15 00:00:00");
    assert_eq!(unit.monitored[0].to.to_string(), "2026-07-15 02:00:00");
}

#[test]
fn a_histogram_whose_end_nothing_states_shows_nothing() {
    let fleet = Fleet::empty();
    fleet.save_sample("UM11719_20260714220000.IDFH", "UM11719_20260714220000.IDFH");
    let request = may().with_period("2026-07".parse().unwrap());
    assert!(gathered(&fleet, &request).content().units[0].monitored.is_empty());
}

#[test]
fn calibrations_and_locations_are_those_of_the_units_events() {
    let fleet = Fleet::may(9);
    let report = gathered(&fleet, &may());
    for unit in &report.content().units {
        assert_eq!((unit.events, unit.locations.len()), (3, 1));
        assert_eq!(unit.calibrations, ["January 22, 2026 by Instantel"]);
    }
}
