//! The pages of the report of a period, from facts alone.

use wavekeep_core::{Flag, Frequency, Reading, Unit, UnitLocal};
use wavekeep_report::{
    Appendix, EventKind, Language, Letterhead, Logo, Paper, PeakOf, Period, PeriodContent,
    PeriodEvent, PeriodOptions, PeriodPages, PeriodPeak, PeriodUnit, Signatory,
};

/// The document, and what reads the text of a page from 1.
fn read(content: &PeriodContent, options: &PeriodOptions) -> lopdf::Document {
    let pdf = PeriodPages::new(content, options, Appendix::default()).pdf().unwrap();
    lopdf::Document::load_mem(&pdf).unwrap()
}

/// The text of a page, from 1.
fn page(document: &lopdf::Document, number: u32) -> String {
    // Every glyph is placed by itself, which reads as a line of its own.
    document.extract_text(&[number]).unwrap().replace('\n', "")
}

/// The text of each page.
fn pages(content: &PeriodContent, options: &PeriodOptions) -> Vec<String> {
    let document = read(content, options);
    document.get_pages().keys().map(|number| page(&document, *number)).collect()
}

fn may() -> Period {
    "2026-05".parse().unwrap()
}

fn event(id: i64) -> PeriodEvent {
    let start = may().first().checked_add_seconds(500.0 * id as f64).unwrap();
    let peak = |value: f64| {
        Some(PeriodPeak {
            reading: Reading::new(value, Unit::InchPerSecond).with_decimals(3),
            frequency: Frequency::measured(21.0),
            at: None,
        })
    };
    let value = 0.05 + (id % 97) as f64 / 100.0;
    let level = PeriodPeak {
        reading: Reading::new(120.0, Unit::DecibelLinear).with_decimals(1),
        frequency: Frequency::above(100.0),
        at: None,
    };
    PeriodEvent::default()
        .with_id(id)
        .with_serial("BE11529".to_owned())
        .with_file_name(format!("E{id:05}.W0W"))
        .with_kind(EventKind::Waveform)
        .with_start(Some(start))
        .with_peaks([peak(value), peak(value * 1.5), peak(value * 1.2), None, Some(level)])
        .with_sha256(Some("ab".repeat(32)))
        .with_bytes(Some(8192))
}

fn content(events: i64) -> PeriodContent {
    let unit = PeriodUnit::default().with_serial("BE11529".to_owned()).with_events(events as u64);
    PeriodContent::default()
        .with_period(may())
        .with_units(vec![unit])
        .with_events((1..=events).map(event).collect::<Vec<_>>())
}

#[test]
fn every_event_stands_once_under_heads_that_are_repeated() {
    let pages = pages(&content(250), &PeriodOptions::default());
    let all = pages.concat();
    for id in 1..=250 {
        assert_eq!(all.matches(&format!("E{id:05}.W0W")).count(), 1, "{id}");
        let moment = event(id).start.unwrap();
        let row = format!("{id}{moment}BE11529");
        assert_eq!(all.matches(&row).count(), 1, "{row}");
    }
    let of_events = pages.iter().filter(|page| page.contains("Date and timeunit-local")).count();
    let continued = pages.iter().filter(|page| page.contains("Events, continued")).count();
    assert!(of_events > 3 && continued == of_events - 1, "{of_events} {continued}");
    let of_files = pages.iter().filter(|page| page.contains("BytesSHA-256")).count();
    assert!(of_files > 2, "{of_files}");
}

#[test]
fn five_thousand_events_are_a_document_with_heads_on_its_last_pages() {
    let document = read(&content(5000), &PeriodOptions::default());
    let pages = document.get_pages().len() as u32;
    assert!(pages > 120, "{pages}");
    let last: Vec<String> = (pages - 3..=pages).map(|number| page(&document, number)).collect();
    let of_last = last.iter().find(|text| text.contains("E05000.W0W")).unwrap();
    assert!(of_last.contains("Source files, continued") && of_last.contains("SHA-256"));
    assert!(page(&document, 60).contains("Events, continuedNo.Date and time"));
}

#[test]
fn pages_are_numbered_and_say_when_they_were_printed() {
    let date = "2026-06-01".parse().unwrap();
    let options = PeriodOptions::default()
        .with_language(Language::German)
        .with_print_date(Some(date))
        .with_paper(Paper::Letter);
    let pages = pages(&content(200), &options);
    for (number, page) in (1..).zip(&pages) {
        assert!(page.contains(&format!("{number} von {}", pages.len())), "{page}");
        assert!(page.contains("Gedruckt am 01.06.2026"), "{page}");
    }
}

#[test]
fn an_empty_period_is_a_report_that_says_so_in_every_language() {
    for language in Language::ALL {
        let options = PeriodOptions::default().with_language(language);
        let empty = PeriodContent::default().with_period(may());
        let pages = pages(&empty, &options);
        let words = language.words();
        assert!(pages[0].contains(words.text("result.no_events")), "{}", pages[0]);
        assert!(pages.concat().contains(words.text("monitoring.no_units")));
    }
}

#[test]
fn no_key_stands_where_a_text_should_be() {
    for language in Language::ALL {
        let options = PeriodOptions::default().with_language(language);
        let text = pages(&content(40), &options).concat();
        for (key, _) in language.words().all() {
            assert!(!text.contains(key), "{language}: {key}");
        }
        assert!(!text.contains(['{', '}']), "{language}");
    }
}

#[test]
fn the_same_facts_give_the_same_bytes() {
    let (content, options) = (content(30), PeriodOptions::default());
    let pdf = || PeriodPages::new(&content, &options, Appendix::default()).pdf().unwrap();
    assert!(pdf() == pdf());
}

#[test]
fn bounds_keep_their_signs_and_missing_values_are_no_zeros() {
    let mut content = content(1);
    let event = &mut content.events[0];
    let bound = Reading::new(10.0, Unit::InchPerSecond).with_decimals(3).flagged(Flag::Saturated);
    let peak = PeriodPeak { reading: bound, frequency: Frequency::NotAvailable, at: None };
    event.peaks = [Some(peak), None, None, None, None];
    let text = pages(&content, &PeriodOptions::default()).concat();
    assert!(text.contains("≥10.000") && text.contains("saturated"), "{text}");
    assert!(!text.contains("0.000 ") && !text.contains("—0"), "{text}");
}

#[test]
fn the_largest_values_leave_false_triggers_out() {
    let mut content = content(3);
    let loud = Reading::new(9.875, Unit::InchPerSecond).with_decimals(3);
    content.events[1].peaks[0] =
        Some(PeriodPeak { reading: loud, frequency: Frequency::measured(4.0), at: None });
    assert_eq!(content.largest(PeakOf::Tran).unwrap().0.id, 2);
    content.events[1].false_trigger = true;
    assert_eq!(content.largest(PeakOf::Tran).unwrap().0.id, 3);
    let text = pages(&content, &PeriodOptions::default()).concat();
    // It stands in the table of events alone.
    assert_eq!(text.matches("9.875").count(), 1, "{text}");
    assert!(text.contains("1 false trigger, counted apart."), "{text}");
}

#[test]
fn levels_of_other_weightings_are_not_compared() {
    let mut content = content(2);
    let weighted = Reading::new(150.0, Unit::DecibelA).with_decimals(1);
    content.events[0].peaks[4] =
        Some(PeriodPeak { reading: weighted, frequency: Frequency::NotAvailable, at: None });
    assert_eq!(content.largest(PeakOf::Microphone).unwrap().0.id, 2);
    content.events[1].peaks[4] = None;
    assert_eq!(content.largest(PeakOf::Microphone).unwrap().0.id, 1);
}

#[test]
fn whatever_is_typed_into_a_letterhead_stays_on_its_pages() {
    let long = "many words ".repeat(400);
    let drawn = r#"<svg xmlns="http://www.w3.org/2000/svg" width="9000" height="90"/>"#;
    let letterhead = Letterhead::default()
        .with_company(Some(format!("</svg>&<script>{long}")))
        .with_lines(vec![long.clone(); 100])
        .with_logo(Some(Logo::new(drawn.as_bytes()).unwrap()))
        .with_logo_height_mm(Some(f64::MAX))
        .with_title(Some("採石場 карьер \u{202e}\u{0} Λατομείο محجر".to_owned()))
        .with_prepared_for(vec![String::new(), "\u{1b}[31m".to_owned()])
        .with_introduction(vec![long.clone(); 100])
        .with_closing(vec!["x".repeat(10_000)])
        .with_footer(Some(long))
        .with_signatures(vec![Signatory::default(); 100]);
    let options = PeriodOptions::default().with_letterhead(letterhead);
    let pages = pages(&content(2), &options);
    assert!(pages.len() < 20 && pages[0].contains("карьер"), "{}", pages[0]);
    assert_eq!(pages.concat().matches("Place and date").count(), 8);
}

#[test]
fn texts_of_events_that_are_hostile_stay_texts() {
    let mut content = content(1);
    content.projects = vec!["<b>&\u{0}\u{202e}採".to_owned(); 500];
    content.locations = vec!["a".repeat(5000), "b".to_owned()];
    content.units[0].locations = content.locations.clone();
    content.units[0].serial = "]]>".repeat(300);
    content.events[0].location = Some("]]><text>".repeat(500));
    content.events[0].file_name = "&lt;".repeat(300);
    content.events[0].start = Some(UnitLocal::from_fields((1999, 1, 1), (0, 0, 0)).unwrap());
    content.events[0].peaks[1] = Some(PeriodPeak {
        reading: Reading::new(f64::INFINITY, Unit::InchPerSecond),
        frequency: Frequency::measured(f64::NAN),
        at: None,
    });
    let pages = pages(&content, &PeriodOptions::default());
    assert!(pages[0].contains("and 488 more"), "{}", pages[0]);
}
