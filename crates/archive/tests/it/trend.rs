//! Trends and units: days, what was monitored, levels with their times, facts with their sources.

use crate::common::*;
use jiff::civil::date;
use serde_json::json;
use wavekeep_archive::{
    Archive, Level, LevelPlace, LevelQuantity, Limit, PatchOptions, Query, Scope, UnitOptions,
};
use wavekeep_core::{Stretch, UnitLocal};

fn at(day: i8, hour: i8) -> UnitLocal {
    UnitLocal(date(2026, 6, day).at(hour, 0, 0, 0))
}

fn with_night() -> Fresh {
    let fresh = fresh();
    fresh.save(&with_report(BLAST, BLAST_REPORT));
    fresh.save(&with_report(NIGHT, NIGHT_REPORT));
    fresh.save(&submission(DAMAGED));
    fresh
}

fn school() -> LevelPlace {
    LevelPlace::default().with_location(Some("School".to_owned()))
}

fn set_location(archive: &Archive, id: i64, location: &str) {
    let patch = json!({"review": {"corrections": {"location": location}}});
    archive.patch_sidecar(id, &patch, "kim", PatchOptions::default()).unwrap();
}

#[test]
fn a_day_has_the_largest_values_with_the_digits_of_the_report() {
    let fresh = with_night();
    let blast = Query::default().with_ids(Some(vec![1]));
    let trend = fresh.archive.trend(&blast).unwrap();
    let day = &trend.days[0];
    let with_events = trend.days.iter().filter(|day| day.events > 0).count();
    assert_eq!((day.day, day.events, with_events), (date(2026, 6, 12), 1, 1));
    assert_eq!(day.ppv.unwrap().reading.to_string(), "0.410 in/s");
    assert_eq!(day.tran.unwrap().reading.to_string(), "0.330 in/s");
    assert_eq!(day.pspl.unwrap().reading.to_string(), "127.14 dB(L)");
    assert_eq!(day.ppv.unwrap().event, 1);
}

#[test]
fn false_triggers_are_counted_and_left_out() {
    let fresh = with_night();
    let patch = json!({"review": {"false_trigger": true}});
    fresh.archive.patch_sidecar(1, &patch, "kim", PatchOptions::default()).unwrap();
    let trend = fresh.archive.trend(&Query::default().with_ids(Some(vec![1]))).unwrap();
    let day = &trend.days[0];
    assert_eq!((trend.events, trend.false_triggers), (0, 1));
    assert_eq!((day.events, day.false_triggers, day.ppv, day.pspl), (0, 1, None, None));
}

#[test]
fn a_histogram_says_when_its_unit_monitored() {
    let fresh = with_night();
    let of_night = Query::default().with_kind(Some("histogram".to_owned()));
    let trend = fresh.archive.trend(&of_night).unwrap();
    let monitored: f64 = trend.days.iter().map(|day| day.monitored_s).sum();
    let whole = Stretch { from: at(1, 0), to: at(30, 0) };
    let known = fresh.archive.monitored("BE11529", &of_night, whole).unwrap();
    assert!(monitored > 0.0);
    assert_eq!(known.stretches.iter().map(Stretch::seconds).sum::<f64>(), monitored);
}

#[test]
fn an_archive_without_events_has_an_empty_trend() {
    let fresh = fresh();
    let trend = fresh.archive.trend(&Query::default()).unwrap();
    assert_eq!((trend.days.len(), trend.events, trend.from, trend.levels.len()), (0, 0, None, 0));
    assert_eq!(fresh.archive.unit("BE1", &UnitOptions::to(date(2026, 6, 30))).unwrap(), None);
}

#[test]
fn exceedances_are_counted_on_their_days_for_ground_and_air_apart() {
    let fresh = with_night();
    let limit = Level::default()
        .with_ground(Some(Limit::built_in("din-3")))
        .with_air(Some(Limit::air_db_l(150.0)));
    fresh.archive.set_level(limit, "kim").unwrap();
    fresh.archive.judge(&mut |_, _| {}).unwrap();
    let trend = fresh.archive.trend(&Query::default().with_ids(Some(vec![1]))).unwrap();
    assert_eq!((trend.days[0].ground.exceeds, trend.days[0].air.exceeds), (1, 0));
    let found = fresh.archive.locations_matching(&Query::default()).unwrap();
    assert_eq!(found.iter().map(|of| of.exceeds).sum::<u64>(), 1);
}

#[test]
fn a_level_is_shown_from_when_it_decides_until_another_one_does() {
    let fresh = with_night();
    set_location(&fresh.archive, 1, "School");
    let set = |level: Level| fresh.archive.set_level(level, "kim").unwrap();
    let ground = |curve: &str| Level::default().with_ground(Some(Limit::built_in(curve)));
    set(ground("osmre"));
    set(ground("din-2").with_place(school()).with_from(Some(at(10, 0))));
    set(ground("din-3").with_place(school()).with_from(Some(at(20, 0))));
    let end = Level::default().with_ends(vec![LevelQuantity::Ground]);
    set(end.with_place(school()).with_from(Some(at(25, 0))));
    let of_school = Query::default().with_location(Some("School".to_owned()));
    let trend = fresh.archive.trend(&of_school).unwrap();
    let spans: Vec<_> = trend
        .levels
        .iter()
        .map(|span| {
            let curve = span.set.level.ground.as_ref().unwrap().curve.as_str();
            (curve, span.starts, span.stops)
        })
        .collect();
    let expected = [
        ("osmre", None, Some(at(10, 0))),
        ("din-2", Some(at(10, 0)), Some(at(20, 0))),
        ("din-3", Some(at(20, 0)), Some(at(25, 0))),
        ("osmre", Some(at(25, 0)), None),
    ];
    assert_eq!(spans, expected);
    // DIN 4150-3, line 2: 5 to 20 mm/s.
    let din = &trend.levels[1];
    let shown = [din.lowest, din.highest].map(|limit| (limit.unwrap().value * 25.4).round());
    assert_eq!(shown, [5.0, 20.0]);
}

#[test]
fn a_level_for_the_night_is_shown_beside_that_of_the_day() {
    let fresh = with_night();
    let ground = |curve: &str| Level::default().with_ground(Some(Limit::built_in(curve)));
    fresh.archive.set_level(ground("din-2"), "kim").unwrap();
    let night = ground("din-3").with_hours(Some("22:00-06:00".parse().unwrap()));
    fresh.archive.set_level(night, "kim").unwrap();
    let trend = fresh.archive.trend(&Query::default()).unwrap();
    let curves: Vec<&str> = trend.levels.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(curves.len(), 2, "{curves:?}");
}

#[test]
fn the_spans_of_levels_agree_with_the_levels_in_force_at_every_hour() {
    let fresh = with_night();
    set_location(&fresh.archive, 1, "School");
    let ground = |curve: &str| Level::default().with_ground(Some(Limit::built_in(curve)));
    for level in [
        ground("osmre"),
        ground("din-2").with_from(Some(at(5, 7))),
        ground("din-3").with_place(school()).with_from(Some(at(8, 0))),
        ground("din-1").with_hours(Some("20:00-04:00".parse().unwrap())).with_from(Some(at(3, 0))),
        Level::default().with_ends(vec![LevelQuantity::Ground]).with_from(Some(at(12, 0))),
    ] {
        fresh.archive.set_level(level, "kim").unwrap();
    }
    let levels = fresh.archive.levels().unwrap();
    let mut event = fresh.archive.event(1).unwrap();
    let spans = levels.spans(&[event.clone()]);
    for day in 1..20 {
        for hour in 0..24 {
            event.timestamp = Some(at(day, hour).0.to_string());
            let decides = levels.in_force(&event).ground;
            let is_shown = decides.is_none_or(|set| {
                spans.iter().any(|span| {
                    span.set.entry == set.entry
                        && span.starts.is_none_or(|from| from <= at(day, hour))
                        && span.stops.is_none_or(|to| at(day, hour) < to)
                })
            });
            assert!(is_shown, "June {day}, {hour} h: {decides:?}");
        }
    }
}

#[test]
fn each_fact_of_a_unit_names_the_event_whose_report_states_it() {
    let fresh = with_night();
    let unit = fresh.archive.unit("BE11529", &UnitOptions::to(date(2026, 6, 30))).unwrap().unwrap();
    let stated = fresh.archive.sidecar(2).unwrap();
    let battery = unit.battery.unwrap();
    assert_eq!(Some(&battery.reported.text), stated.reported("battery").as_ref());
    assert!(battery.volts.is_some());
    assert_eq!(battery.reported.event, 2, "the latest report");
    let calibration = unit.calibration.unwrap();
    let date = calibration.date.unwrap();
    assert_eq!(calibration.due, date.checked_add(jiff::Span::new().months(12)).ok());
    assert_eq!(unit.memory, None, "nothing states it");
    assert_eq!((unit.reports, unit.firmware.len()), (2, 1));
    assert_eq!(unit.firmware[0].reports, 2);
    assert_eq!((unit.faults.events, unit.faults.damaged), (3, 1));
    let known: f64 = unit.days.iter().map(|day| day.monitored_s).sum();
    assert_eq!(unit.uptime[1].monitored_s, known);
    assert!(unit.uptime[1].share <= 1.0);
}

#[test]
fn a_calibration_is_due_after_the_months_that_are_asked_for() {
    let fresh = with_night();
    let due = |months: u32, day| {
        let options = UnitOptions::to(day).with_calibration_months(months);
        let unit = fresh.archive.unit("BE11529", &options).unwrap().unwrap();
        unit.calibration.unwrap()
    };
    let today = date(2026, 6, 30);
    let (one, two) = (due(12, today), due(24, today));
    assert!(one.due < two.due);
    let on_the_day = due(12, one.due.unwrap());
    assert_eq!(on_the_day.due_in_days, Some(0));
    assert!(due(12, one.due.unwrap().tomorrow().unwrap()).due_in_days < Some(0));
}

#[test]
fn a_unit_is_seen_by_the_events_of_the_scope_alone() {
    let fresh = with_night();
    let project = fresh.archive.event(1).unwrap().project.unwrap();
    let options = UnitOptions::to(date(2026, 6, 30));
    let other = Scope::new(Vec::new(), vec!["another".to_owned()]);
    assert_eq!(fresh.archive.unit("BE11529", &options.clone().with_scope(other)).unwrap(), None);
    let of_project = options.clone().with_scope(Scope::new(Vec::new(), vec![project]));
    let unit = fresh.archive.unit("BE11529", &of_project).unwrap().unwrap();
    assert!(unit.faults.events < 3, "{:?}", unit.faults);
}

#[test]
fn an_event_of_another_unit_is_a_move_of_both() {
    let fresh = with_night();
    fresh.archive.move_to_unit(3, "BE777", "the sticker says so", "kim").unwrap();
    for serial in ["BE777", "BE11529"] {
        let unit =
            fresh.archive.unit(serial, &UnitOptions::to(date(2026, 6, 30))).unwrap().unwrap();
        let moved = &unit.moves[0];
        assert_eq!((moved.event, moved.to.as_str(), moved.who.as_str()), (3, "BE777", "kim"));
        assert_eq!(
            (moved.from.as_str(), moved.reason.as_deref()),
            ("BE11529", Some("the sticker says so"))
        );
    }
}
