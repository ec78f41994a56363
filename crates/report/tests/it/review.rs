//! What the event page prints of the review, and that it is in the units that were asked for.

use crate::events;
use resvg::usvg::roxmltree::Document;
use wavekeep_core::{Recording, Unit};
use wavekeep_report::{Correction, Drawing, PageOptions, Review, Style, Units, event_report};
use wavekeep_signal::{Curve, measure};

fn texts(drawing: &Drawing) -> Vec<String> {
    let document = Document::parse(drawing.svg()).expect("well-formed XML");
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    texts.filter_map(|node| node.text().map(str::to_owned)).collect()
}

fn page(
    recording: &Recording,
    review: Option<&Review>,
    curve: &Curve,
    units: Units,
) -> Vec<String> {
    let style = Style::default().with_units(units);
    let measured = measure(recording);
    let options =
        PageOptions::default().with_curve(Some(curve)).with_review(review).with_style(style);
    texts(&event_report(recording, &measured, options))
}

fn reviewed(review: Option<&Review>) -> Vec<String> {
    let curve = Curve::built_in("usbm-drywall").unwrap();
    page(&events::blast(), review, curve, Units::IMPERIAL)
}

fn has(texts: &[String], wanted: &str) -> bool {
    texts.iter().any(|text| text == wanted)
}

#[test]
fn a_false_trigger_is_called_one_with_its_reviewer_and_note() {
    let review = Review {
        false_trigger: true,
        reviewer: Some("J. Müller".to_owned()),
        reviewed_at: Some("2026-06-30T06:00:00Z".to_owned()),
        notes: Some("a lorry\npassed".to_owned()),
        ..Review::default()
    };
    let texts = reviewed(Some(&review));
    assert!(has(&texts, "FALSE TRIGGER"), "{texts:?}");
    assert!(has(&texts, "false trigger, by J. Müller, 2026-06-30 06:00:00 UTC"), "{texts:?}");
    assert!(has(&texts, "Note") && texts.iter().any(|text| text.starts_with("a lorry")));
}

#[test]
fn a_real_event_and_one_that_nobody_reviewed_are_told_apart() {
    let review =
        Review { reviewed_at: Some("2026-06-30T06:00:00Z".to_owned()), ..Review::default() };
    let real = reviewed(Some(&review));
    assert!(has(&real, "real event, 2026-06-30 06:00:00 UTC"), "{real:?}");
    let open = reviewed(Some(&Review::default()));
    assert!(has(&open, "not reviewed"), "{open:?}");
    let unreviewed = Review { false_trigger: true, ..Review::default() };
    assert!(has(&reviewed(Some(&unreviewed)), "FALSE TRIGGER"));
    for texts in [real, open] {
        assert!(!has(&texts, "FALSE TRIGGER"));
    }
    // What comes from no archive has no review.
    assert!(!has(&reviewed(None), "Review"));
}

#[test]
fn a_correction_is_marked_and_does_not_hide_what_the_unit_has() {
    let correction = |role, text: Option<&str>| Correction { role, text: text.map(str::to_owned) };
    let review = Review {
        corrections: vec![
            correction("project", Some("Quarry 4")),
            correction("sensor_location", None),
        ],
        ..Review::default()
    };
    let texts = reviewed(Some(&review));
    let corrected = |of: &str| texts.iter().any(|text| text.starts_with(of));
    assert!(corrected("Quarry 4 (corrected; unit: "), "{texts:?}");
    assert!(corrected("— (corrected; unit: "), "{texts:?}");
}

#[test]
fn hostile_reviews_stay_within_the_page() {
    let long = "\u{202e}<b>&amp;\0\n".repeat(4000);
    let review = Review {
        false_trigger: true,
        reviewer: Some(long.clone()),
        reviewed_at: Some(long.clone()),
        notes: Some(long.clone()),
        corrections: vec![Correction { role: "project", text: Some(long) }],
    };
    let texts = reviewed(Some(&review));
    assert!(texts.iter().all(|text| text.chars().count() < 400));
}

#[test]
fn every_curve_is_printed_in_the_units_that_were_asked_for() {
    let events = [
        events::blast(),
        events::gapped(),
        events::saturated(),
        events::night(),
        events::reported(),
    ];
    for curve in Curve::all_built_in() {
        for recording in &events {
            let metric = Units::new(Unit::MillimetrePerSecond, Unit::Pascal).unwrap();
            for text in page(recording, None, curve, metric) {
                let words: Vec<&str> = text.split([' ', ')', ';', '.']).collect();
                let is_inch = words.windows(2).any(|pair| {
                    pair[1] == "in" && pair[0].starts_with(|c: char| c.is_ascii_digit())
                });
                let is_foreign = is_inch || text.contains("in/s") || text.contains("psi");
                assert!(!is_foreign, "{}: {text}", curve.id);
            }
            let imperial = Units::new(Unit::InchPerSecond, Unit::Psi).unwrap();
            for text in page(recording, None, curve, imperial) {
                let is_pascal = text.split([' ', ')']).any(|word| word == "Pa");
                assert!(!text.contains("mm/s") && !is_pascal, "{}: {text}", curve.id);
            }
        }
    }
}

#[test]
fn the_outcome_does_not_depend_on_the_units() {
    let outcome = |texts: &[String]| {
        let all = ["WITHIN THE LIMIT", "EXCEEDS THE LIMIT", "NO VERDICT"];
        all.map(|outcome| has(texts, outcome))
    };
    for curve in Curve::all_built_in() {
        let [imperial, metric] = [Units::IMPERIAL, Units::METRIC]
            .map(|units| outcome(&page(&events::blast(), None, curve, units)));
        assert_eq!(imperial, metric, "{}", curve.id);
        assert_eq!(imperial.iter().filter(|is_there| **is_there).count(), 1);
    }
}

#[test]
fn saturation_is_called_saturation() {
    let curve = Curve::built_in("usbm-drywall").unwrap();
    let texts = page(&events::saturated(), None, curve, Units::IMPERIAL);
    assert!(has(&texts, "Saturation") && !has(&texts, "Damage"), "{texts:?}");
    let texts = page(&events::gapped(), None, curve, Units::IMPERIAL);
    assert!(has(&texts, "Damage") && !has(&texts, "Saturation"), "{texts:?}");
}
