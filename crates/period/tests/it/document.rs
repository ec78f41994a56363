//! The document against the archive that it is made of.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use wavekeep_archive::{Level, LevelPlace, Limit, Peak, Query, Scope};
use wavekeep_core::Unit;
use wavekeep_period::{Language, Levels, PeriodError, PeriodReport, PeriodRequest, ReportOptions};
use wavekeep_report::{PeakOf, Standing};

use crate::fleet::{Fleet, Made, at, curve, gathered, may};

/// The text of each page.
pub fn pages(fleet: &Fleet, request: &PeriodRequest, options: &ReportOptions) -> Vec<String> {
    let pdf = gathered(fleet, request).pdf(&fleet.archive, options).unwrap();
    let document = lopdf::Document::load_mem(&pdf).unwrap();
    // Every glyph is placed by itself, which reads as a line of its own.
    let text = |page: &u32| document.extract_text(&[*page]).unwrap().replace('\n', "");
    document.get_pages().keys().map(text).collect()
}

fn options() -> ReportOptions {
    let date = "2026-06-01".parse().unwrap();
    ReportOptions::default().with_print_date(Some(date))
}

#[test]
fn every_event_of_the_period_has_its_row_and_its_source_with_the_numbers_of_the_archive() {
    let fleet = Fleet::may(120);
    let text = pages(&fleet, &may(), &options().with_appendix_pages(0)).concat();
    let rows = fleet.archive.query(&Query::default().with_limit(Some(1000))).unwrap().events;
    assert_eq!(rows.len(), 120);
    for row in rows {
        let moment = row.timestamp.as_ref().unwrap().replace('T', " ");
        let digits = |peak| row.peak(peak).unwrap().digits();
        let started = format!("{}{moment}{}", row.id, row.serial);
        assert!(text.contains(&started), "{started}");
        let (_, cells) = text.split_once(&started).unwrap();
        let peaks = [Peak::Tran, Peak::Vert, Peak::Long, Peak::VectorSum, Peak::Microphone];
        let mut rest = &cells[..120];
        for peak in peaks {
            let value = digits(peak);
            let (_, behind) = rest.split_once(&value).unwrap_or_else(|| panic!("{value}: {rest}"));
            rest = behind;
        }
        assert_eq!(text.matches(row.filename.as_str()).count(), 1, "{}", row.filename);
        assert_eq!(text.matches(row.sha256.as_ref().unwrap().as_str()).count(), 1);
    }
}

#[test]
fn events_of_other_days_units_and_projects_are_left_out() {
    let fleet = Fleet::empty();
    let of = |start, serial, project: &str| Made {
        serial,
        project: project.to_owned(),
        ..Made::new(start)
    };
    let first = fleet.save(&of(at((2026, 5, 1), (0, 0, 0)), 11_529, "A"));
    let last = fleet.save(&of(at((2026, 5, 31), (23, 59, 59)), 11_529, "A"));
    fleet.save(&of(at((2026, 4, 30), (23, 59, 59)), 11_529, "A"));
    fleet.save(&of(at((2026, 6, 1), (0, 0, 0)), 11_529, "A"));
    let other = fleet.save(&of(at((2026, 5, 8), (12, 0, 0)), 11_529, "B"));
    let unit = fleet.save(&of(at((2026, 5, 9), (12, 0, 0)), 18_190, "A"));
    let ids = |query: Query| -> Vec<i64> {
        let report = gathered(&fleet, &may().with_query(query));
        report.content().events.iter().map(|event| event.id).collect()
    };
    assert_eq!(ids(Query::default()), [first, other, unit, last]);
    assert_eq!(ids(Query::default().with_project(Some("A".to_owned()))), [first, unit, last]);
    assert_eq!(ids(Query::default().with_serial(Some("BE18190".to_owned()))), [unit]);
    assert_eq!(ids(Query::default().with_location(Some("nowhere".to_owned()))), [0i64; 0]);
    let scope = Scope::new(vec!["BE18190".to_owned()], Vec::new());
    assert_eq!(ids(Query::default().with_scope(scope)), [unit]);
}

#[test]
fn verdicts_are_counted_and_those_without_one_with_their_reasons() {
    let fleet = Fleet::empty();
    let made = |day, peak, hz| Made { peak, hz, ..Made::new(at((2026, 5, day), (12, 0, 0))) };
    // OSMRE allows 0.75 in/s here: 150 counts.
    fleet.save(&made(1, 20.0, 8.0));
    let loud = fleet.save(&made(2, 400.0, 8.0));
    let near = fleet.save(&made(3, 145.0, 8.0));
    let without = fleet.save(&Made { has_report: false, ..made(4, 20.0, 8.0) });
    let report = gathered(&fleet, &may());
    let content = report.content();
    let of = |standing| {
        let all = content.events.iter().filter(move |it| it.standing(Some(80.0)) == standing);
        all.map(|event| event.id).collect::<Vec<_>>()
    };
    assert_eq!(of(Standing::Exceeds), [loud]);
    assert_eq!(of(Standing::Warns), [near]);
    assert_eq!(of(Standing::NoVerdict), [without]);
    let text = pages(&fleet, &may(), &options()).concat();
    assert!(text.contains("1 event exceeds a level."), "{text}");
    assert!(text.contains("the range of the geophones is assumed1"), "{text}");
    // The pages of the two that matter, the larger share first.
    let first = text.find("EXCEEDS THE LIMIT").unwrap();
    assert!(first < text.find("WITHIN THE LIMIT").unwrap());
    assert_eq!(text.matches("Event report").count(), 2);
}

fn of_archive(fleet: &Fleet) -> PeriodRequest {
    may().with_levels(Levels::of_archive(&fleet.archive).unwrap())
}

fn set(fleet: &Fleet, project: Option<&str>, limit: Limit) {
    let place = LevelPlace::default().with_project(project.map(str::to_owned));
    let level = Level::default().with_place(place).with_ground(Some(limit));
    fleet.archive.set_level(level, "kim").unwrap();
}

#[test]
fn by_the_levels_of_the_archive_the_report_says_what_the_list_says() {
    let fleet = Fleet::empty();
    // 0.4 in/s at 8 Hz: within OSMRE, above the third line of DIN 4150-3.
    let made = |project: &str, day| Made {
        peak: 80.0,
        hz: 8.0,
        project: project.to_owned(),
        ..Made::new(at((2026, 5, day), (12, 0, 0)))
    };
    fleet.save(&made("Quarry 4", 1));
    fleet.save(&made("Quarry 5", 2));
    assert!(Levels::of_archive(&fleet.archive).unwrap().is_empty());
    set(&fleet, None, Limit::built_in("osmre").with_warning_percent(99.0));
    set(&fleet, Some("Quarry 4"), Limit::built_in("din-3"));
    fleet.archive.judge(&mut |_, _| {}).unwrap();
    let report = gathered(&fleet, &of_archive(&fleet));
    for event in &report.content().events {
        let listed = fleet.archive.event(event.id).unwrap().verdict.unwrap();
        let wanted = match event.standing(Some(80.0)) {
            Standing::Exceeds => "exceeds",
            Standing::Within => "within",
            other => panic!("{other:?}"),
        };
        assert_eq!(listed, wanted);
    }
    let text = pages(&fleet, &of_archive(&fleet), &options()).concat();
    for wanted in [
        "Quarry 4: DIN 4150-3",
        "—: OSMRE",
        "1 event exceeds a level.",
        "not the same for all events",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    assert!(!text.contains("No curve for ground vibration was given"), "{text}");
}

#[test]
fn one_level_of_the_archive_is_drawn_as_a_curve_and_its_warning_share_counts() {
    let fleet = Fleet::empty();
    fleet.save(&Made { peak: 80.0, hz: 8.0, ..Made::new(at((2026, 5, 1), (12, 0, 0))) });
    set(&fleet, None, Limit::built_in("osmre").with_warning_percent(45.0));
    let report = gathered(&fleet, &of_archive(&fleet));
    let levels = &report.content().levels;
    assert_eq!(levels.ground.as_ref().map(|curve| curve.id.as_str()), Some("osmre"));
    let event = &report.content().events[0];
    assert_eq!(event.standing(Some(80.0)), Standing::Warns, "{:?}", event.ground);
}

#[test]
fn what_an_exceedance_rests_on_has_the_digits_of_its_row() {
    let fleet = Fleet::empty();
    let id = fleet.save(&Made { peak: 400.0, ..Made::new(at((2026, 5, 8), (13, 16, 34))) });
    // Its limits are in mm/s.
    let levels = Levels::new(Some(curve("din-3")), None).unwrap();
    let text = pages(&fleet, &may().with_levels(levels), &options()).concat();
    let vert = fleet.archive.event(id).unwrap().peak(Peak::Vert).unwrap();
    assert!(text.contains(&format!("Vert {} in/s at ", vert.digits())), "{text}");
}

#[test]
fn without_levels_nothing_is_judged() {
    let fleet = Fleet::may(12);
    let request = PeriodRequest::new("2026-05".parse().unwrap());
    let content = gathered(&fleet, &request);
    let mut all = content.content().events.iter();
    assert!(all.all(|event| event.standing(Some(80.0)) == Standing::NotJudged));
    let text = pages(&fleet, &request, &options()).concat();
    assert!(text.contains("The events were not held against a level."), "{text}");
    assert!(!text.contains("no verdict:") && !text.contains("Appendix"), "{text}");
}

#[test]
fn false_triggers_are_counted_apart() {
    let fleet = Fleet::empty();
    let loud = Made { peak: 900.0, ..Made::new(at((2026, 5, 2), (12, 0, 0))) };
    let id = fleet.save(&loud);
    fleet.save(&Made::new(at((2026, 5, 3), (12, 0, 0))));
    fleet.mark_false(id);
    let report = gathered(&fleet, &may());
    let content = report.content();
    assert_eq!((content.events.len(), content.counted().count()), (2, 1));
    assert_eq!(content.of_standing(Standing::Exceeds), 0);
    assert_ne!(content.largest(PeakOf::Vert).unwrap().0.id, id);
    let text = pages(&fleet, &may(), &options()).concat();
    assert!(text.contains("1 (1 above a level)") && text.contains("false trigger"), "{text}");
}

#[test]
fn events_without_a_time_stand_apart_and_in_no_count() {
    let fleet = Fleet::empty();
    fleet.save(&Made::new(at((2026, 5, 3), (12, 0, 0))));
    let id = fleet.save_sample("UM11719_20260714153012.IDFW", "event.bin");
    let report = gathered(&fleet, &may());
    let content = report.content();
    assert_eq!(content.events.len(), 1);
    assert_eq!(content.without_time.iter().map(|event| event.id).collect::<Vec<_>>(), [id]);
    let text = pages(&fleet, &may(), &options()).concat();
    assert!(text.contains("Events without a time") && text.contains("event.bin"), "{text}");
    assert!(text.contains("1 event without a time, listed apart"), "{text}");
    // A question for a time excludes them.
    let from = Query::default().with_from(Some(at((2026, 5, 1), (0, 0, 0))));
    let asked = gathered(&fleet, &may().with_query(from));
    assert!(asked.content().without_time.is_empty());
}

#[test]
fn an_event_whose_source_is_gone_has_its_row_and_no_verdict() {
    let fleet = Fleet::empty();
    let id = fleet.save(&Made { peak: 900.0, ..Made::new(at((2026, 5, 3), (12, 0, 0))) });
    std::fs::remove_file(fleet.archive.source_path(id).unwrap()).unwrap();
    let report = gathered(&fleet, &may());
    let event = &report.content().events[0];
    assert!(event.not_decoded.is_some() && event.peak(PeakOf::Vert).is_some());
    assert_eq!(event.standing(None), Standing::NoVerdict);
    let text = pages(&fleet, &may(), &options()).concat();
    assert!(text.contains("cannot be decoded1"), "{text}");
}

#[test]
fn the_same_archive_and_print_date_give_the_same_bytes() {
    let fleet = Fleet::may(20);
    let levels = Levels::new(Some(curve("din-3")), None).unwrap();
    let request = may().with_levels(levels);
    let written = || {
        let report = gathered(&fleet, &request);
        let mut csv = Vec::new();
        report.csv(wavekeep_report::Units::METRIC, &mut csv).unwrap();
        let pdf = report.pdf(&fleet.archive, &options()).unwrap();
        (pdf, report.xlsx(&options()).unwrap(), csv)
    };
    let first = written();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert!(first == written());
}

#[test]
fn the_appendix_is_bounded_and_says_so() {
    let fleet = Fleet::empty();
    for day in 1..=9 {
        let peak = 300.0 + f64::from(day);
        fleet.save(&Made { peak, hz: 8.0, ..Made::new(at((2026, 5, day), (12, 0, 0))) });
    }
    let text = pages(&fleet, &may(), &options().with_appendix_pages(4)).concat();
    assert_eq!(text.matches("Event report").count(), 4);
    assert!(text.contains("The pages of 4 of the 9 events"), "{text}");
    let none = pages(&fleet, &may(), &options().with_appendix_pages(0)).concat();
    assert!(!none.contains("Event report") && none.contains("the 0 largest of the 9"), "{none}");
}

#[test]
fn the_head_of_the_ledger_and_the_pages_under_it_are_printed() {
    let fleet = Fleet::empty();
    fleet.save(&Made { peak: 900.0, hz: 8.0, ..Made::new(at((2026, 5, 1), (12, 0, 0))) });
    let text = pages(&fleet, &may(), &options()).concat();
    let root = fleet.archive.head().unwrap().root.to_string();
    assert_eq!(text.matches(&root).count(), 2, "{text}");
    assert!(text.contains("head of 2026-06-01: 2 entries"), "{text}");
}

#[test]
fn more_events_than_a_report_holds_are_refused_before_they_are_read() {
    let fleet = Fleet::may(6);
    let request = may().with_most_events(5);
    let refused = PeriodReport::gather(&fleet.archive, &request, &AtomicBool::new(false));
    assert!(matches!(refused, Err(PeriodError::TooMany { events: 6, most: 5 })));
    let stopped = PeriodReport::gather(&fleet.archive, &may(), &AtomicBool::new(true));
    assert!(matches!(stopped, Err(PeriodError::Stopped)));
}

#[test]
fn a_curve_is_the_level_for_what_it_judges_alone() {
    let air = Levels::new(Some(curve("osmre-air-2hz")), None);
    assert!(air.unwrap_err().to_string().contains("ground vibration"));
    let ground = Levels::new(None, Some(curve("osmre")));
    assert!(ground.unwrap_err().to_string().contains("air overpressure"));
}

#[test]
fn every_language_writes_numbers_and_dates_its_way() {
    let fleet = Fleet::empty();
    let id = fleet.save(&Made { peak: 82.0, ..Made::new(at((2026, 5, 8), (13, 16, 34))) });
    let peak = fleet.archive.event(id).unwrap().peak(Peak::Vert).unwrap().digits();
    let with_comma = peak.replace('.', ",");
    let mut texts = BTreeSet::new();
    for language in Language::ALL {
        let text = pages(&fleet, &may(), &options().with_language(language)).concat();
        let (date, value) = match language {
            Language::English => ("2026-05-08 13:16:34", &peak),
            Language::German => ("08.05.2026 13:16:34", &with_comma),
            _ => ("08/05/2026 13:16:34", &with_comma),
        };
        assert!(text.contains(date) && text.contains(value.as_str()), "{language}: {text}");
        texts.insert(text);
    }
    assert_eq!(texts.len(), 5);
}

#[test]
fn velocities_in_other_units_keep_their_significant_digits() {
    let fleet = Fleet::empty();
    let id = fleet.save(&Made { peak: 82.0, ..Made::new(at((2026, 5, 8), (13, 16, 34))) });
    let metric = options().with_units(wavekeep_report::Units::METRIC);
    let text = pages(&fleet, &may(), &metric).concat();
    let row = fleet.archive.event(id).unwrap();
    let vert = row.peak(Peak::Vert).unwrap().to(Unit::MillimetrePerSecond).unwrap();
    assert!(text.contains(&vert.digits()) && text.contains("mm/s"), "{text}");
}
