use proptest::prelude::*;
use wavekeep_core::DayOrMoment;

use super::*;

fn moment(text: &str) -> UnitLocal {
    text.parse::<DayOrMoment>().unwrap().first()
}

fn event(project: &str, location: &str, serial: &str, at: Option<&str>) -> EventRow {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    EventRow {
        serial: serial.to_owned(),
        project: text(project),
        location: text(location),
        timestamp: at.map(str::to_owned),
        ..EventRow::default()
    }
}

fn levels(all: Vec<Level>) -> Levels {
    let all = (1..).zip(all).map(|(entry, level)| SetLevel {
        entry,
        at: String::new(),
        who: String::new(),
        level,
    });
    Levels { all: all.collect(), not_understood: Vec::new() }
}

fn of(place: LevelPlace, curve: &str) -> Level {
    Level::default().with_place(place).with_ground(Some(Limit::built_in(curve)))
}

fn project(name: &str) -> LevelPlace {
    LevelPlace::default().with_project(Some(name.to_owned()))
}

/// The level for the ground that decides, by its number from 1.
fn ground(levels: &Levels, event: &EventRow) -> Option<u64> {
    levels.in_force(event).ground.map(|set| set.entry)
}

#[test]
fn the_narrowest_place_decides_and_the_rest_is_inherited() {
    let everywhere = LevelPlace::default();
    let all = levels(vec![
        of(everywhere.clone(), "osmre").with_air(Some(Limit::air_db_l(134.0))),
        of(project("Q"), "din-2"),
        of(everywhere.clone().with_serial(Some("BE1".into())), "din-1"),
        of(everywhere.with_location(Some("School".into())), "din-3"),
        of(project("Q").with_location(Some("School".into())), "bs-1"),
    ]);
    let at = Some("2026-05-01T12:00:00");
    for (project, location, serial, wanted) in [
        ("", "", "BE2", 1),
        ("Q", "", "BE2", 2),
        ("Q", "", "BE1", 3),
        ("R", "School", "BE1", 4),
        ("Q", "School", "BE1", 5),
    ] {
        let event = event(project, location, serial, at);
        assert_eq!(ground(&all, &event), Some(wanted), "{project} {location} {serial}");
        assert_eq!(all.in_force(&event).air.map(|set| set.entry), Some(1), "the air is inherited");
    }
}

#[test]
fn the_level_in_force_at_the_time_of_the_event_decides() {
    let from = |curve, at| of(project("Q"), curve).with_from(Some(moment(at)));
    let all = levels(vec![
        of(project("Q"), "osmre"),
        from("din-2", "2026-05-01"),
        // Set later, in force earlier.
        from("din-3", "2026-03-01"),
    ]);
    for (at, wanted) in [
        ("2026-02-28T23:59:59", 1),
        ("2026-03-01T00:00:00", 3),
        ("2026-04-30T23:59:59", 3),
        ("2026-05-01T00:00:00", 2),
    ] {
        assert_eq!(ground(&all, &event("Q", "", "BE1", Some(at))), Some(wanted), "{at}");
    }
    assert_eq!(ground(&all, &event("Q", "", "BE1", None)), Some(1), "of no time nothing began");
}

#[test]
fn a_level_that_ends_leaves_that_of_the_wider_place() {
    let end = Level::default()
        .with_place(project("Q"))
        .with_from(Some(moment("2026-05-01")))
        .with_ends(vec![LevelQuantity::Ground]);
    let all = levels(vec![of(LevelPlace::default(), "osmre"), of(project("Q"), "din-2"), end]);
    assert_eq!(ground(&all, &event("Q", "", "BE1", Some("2026-04-01T00:00:00"))), Some(2));
    assert_eq!(ground(&all, &event("Q", "", "BE1", Some("2026-05-02T00:00:00"))), Some(1));
    let now = |at| all.now(moment(at)).iter().map(|set| set.entry).collect::<Vec<_>>();
    assert_eq!(now("2026-04-01"), [2, 1]);
    assert_eq!(now("2026-05-01"), [1]);
}

#[test]
fn hours_of_the_day_come_before_the_whole_day_and_may_go_over_midnight() {
    let night = of(project("Q"), "din-3").with_hours(Some("22:00-06:00".parse().unwrap()));
    let all = levels(vec![night, of(project("Q"), "din-2")]);
    for (at, wanted) in
        [("21:59:59", 2), ("22:00:00", 1), ("00:00:00", 1), ("05:59:59", 1), ("06:00:00", 2)]
    {
        let at = format!("2026-05-01T{at}");
        assert_eq!(ground(&all, &event("Q", "", "BE1", Some(&at))), Some(wanted), "{at}");
    }
    assert_eq!(ground(&all, &event("Q", "", "BE1", None)), Some(2));
}

#[test]
fn hours_are_read_as_they_are_printed_and_others_are_refused() {
    for (text, shown) in [
        ("22:00-06:00", "22:00-06:00"),
        ("6:30-7:05", "06:30-07:05"),
        ("18:00-24:00", "18:00-00:00"),
    ] {
        assert_eq!(text.parse::<Hours>().unwrap().to_string(), shown);
    }
    for wrong in [
        "",
        "22-6",
        "22:00",
        "25:00-06:00",
        "22:60-06:00",
        "24:00-06:00",
        "06:00-06:00",
        "+1:00-02:00",
    ] {
        assert!(wrong.parse::<Hours>().is_err(), "{wrong}");
    }
}

#[test]
fn what_cannot_be_a_level_is_refused_with_the_reason() {
    let ground = |limit| Level::default().with_ground(Some(limit));
    let warn = |percent| ground(Limit::built_in("din-2").with_warning_percent(percent));
    let both = of(project("Q"), "din-2").with_ends(vec![LevelQuantity::Ground]);
    for (level, why) in [
        (Level::default(), "needs a limit"),
        (both, "both set and end"),
        (of(project(" "), "din-2"), "is empty"),
        (ground(Limit::built_in("din-9")), "no limit curve \"din-9\""),
        (ground(Limit::built_in("nbr-9653-air")), "does not judge the ground"),
        (ground(Limit::own("x", "[[curve]]\nid = 4")), "line 2"),
        (ground(Limit::own("x", " ".repeat(1 << 17))), "more than 65536 bytes"),
        (warn(0.0), "warning at 0 %"),
        (warn(f64::NAN), "warning at NaN %"),
        (warn(101.0), "warning at 101 %"),
        (ground(Limit::built_in("osmre-distance").with_distance_ft(Some(-1.0))), "-1 ft"),
    ] {
        let said = level.check().unwrap_err().to_string();
        assert!(said.contains(why), "{said}");
    }
    Level::default().with_air(Some(Limit::air_db_l(120.0))).check().unwrap();
}

#[test]
fn a_level_is_read_back_as_it_was_written() {
    let level = of(project("Q").with_location(Some("School".into())), "din-2")
        .with_from(Some(moment("2026-05-01")))
        .with_hours(Some("22:00-06:00".parse().unwrap()))
        .with_air(Some(Limit::air_db_l(120.5)))
        .with_reason(Some("permit 7".to_owned()));
    let text = serde_json::to_string(&level).unwrap();
    assert_eq!(serde_json::from_str::<Level>(&text).unwrap(), level, "{text}");
    assert!(serde_json::from_str::<Level>("{\"grond\": {}}").is_err(), "no word is passed over");
}

/// Which level decides, said plainly: the definition of the format page, event by event.
fn model(all: &[SetLevel], event: &EventRow) -> Option<u64> {
    let at = event.timestamp.as_deref().and_then(unit_local);
    let mut best: Option<(u8, bool, Option<UnitLocal>, u64)> = None;
    for set in all {
        let level = &set.level;
        let in_hours = level.hours.is_none_or(|hours| at.is_some_and(|at| hours.has(at)));
        let begun = |of: &Level| of.from.is_none_or(|from| at.is_some_and(|at| from <= at));
        if level.ground.is_none() || !level.place.has(event) || !in_hours || !begun(level) {
            continue;
        }
        // One of the same place and hours that says something of the ground came after it.
        let is_replaced = all.iter().any(|other| {
            let of = &other.level;
            let says = of.ground.is_some() || of.ends.contains(&LevelQuantity::Ground);
            of.place == level.place
                && of.hours == level.hours
                && says
                && begun(of)
                && (of.from, other.entry) > (level.from, set.entry)
        });
        if !is_replaced {
            let this = (level.place.rank(), level.hours.is_some(), level.from, set.entry);
            best = best.max(Some(this));
        }
    }
    best.map(|best| best.3)
}

proptest! {
    #[test]
    fn any_history_of_levels_decides_as_its_definition_says(
        history in prop::collection::vec(
            (0..3u8, 0..3u8, 0..2u8, prop::option::of(1..6u8), prop::option::of(0..2u8), any::<bool>()),
            0..12,
        ),
        (project, location, serial) in (0..3u8, 0..3u8, 0..2u8),
        day in prop::option::of((0..7u8, 0..24u8)),
    ) {
        let name = |of: u8| (of > 0).then(|| of.to_string());
        let all = history.into_iter().map(|(project, location, serial, from, hours, ends)| {
            let place = LevelPlace::default()
                .with_project(name(project))
                .with_location(name(location))
                .with_serial(name(serial));
            let level = match ends {
                true => Level::default().with_place(place).with_ends(vec![LevelQuantity::Ground]),
                false => of(place, "din-2"),
            };
            let hours = hours.map(|of| ["22:00-06:00", "06:00-12:00"][usize::from(of)].parse().unwrap());
            level.with_from(from.map(|day| moment(&format!("2026-05-0{day}")))).with_hours(hours)
        });
        let all = levels(all.collect());
        let at = day.map(|(day, hour)| format!("2026-05-0{}T{hour:02}:00:00", day + 1));
        let event = event(
            &name(project).unwrap_or_default(),
            &name(location).unwrap_or_default(),
            &serial.to_string(),
            at.as_deref(),
        );
        prop_assert_eq!(ground(&all, &event), model(&all.all, &event));
    }
}
