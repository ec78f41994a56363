//! The event page in every language: the same numbers, other words.

use std::collections::BTreeSet;

use crate::events;
use resvg::usvg::roxmltree::Document;
use wavekeep_core::Recording;
use wavekeep_report::{
    Correction, Drawing, Language, PageOptions, Review, Style, Units, event_report,
};
use wavekeep_signal::{Curve, measure};

fn texts(drawing: &Drawing) -> Vec<String> {
    let document = Document::parse(drawing.svg()).expect("well-formed XML");
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    texts.filter_map(|node| node.text().map(str::to_owned)).collect()
}

fn all() -> [(&'static str, Recording); 8] {
    [
        ("blast", events::blast()),
        ("reported", events::reported()),
        ("quiet", events::quiet()),
        ("saturated", events::saturated()),
        ("gapped", events::gapped()),
        ("night", events::night()),
        ("damaged night", events::damaged_night()),
        ("hostile", events::hostile()),
    ]
}

fn review() -> Review {
    Review {
        reviewer: Some("J. Müller".to_owned()),
        reviewed_at: Some("2026-06-30T06:00:00Z".to_owned()),
        corrections: vec![
            Correction { role: "project", text: Some("K2".to_owned()) },
            Correction { role: "distance", text: Some("120.5 m".to_owned()) },
        ],
        ..Review::default()
    }
}

fn page(
    recording: &Recording,
    language: Language,
    units: Units,
    curve: Option<&Curve>,
) -> Vec<String> {
    let review = review();
    let options = PageOptions::default()
        .with_style(Style::default().with_units(units))
        .with_review(Some(&review))
        .with_curve(curve)
        .with_language(language);
    texts(&event_report(recording, &measure(recording), options))
}

fn others() -> impl Iterator<Item = Language> {
    Language::ALL.into_iter().filter(|language| *language != Language::English)
}

/// The runs of digits of a page: dates are written in other orders, and what stands in the table stands
/// below the plot again where it fits.
fn digits(texts: &[String]) -> BTreeSet<&str> {
    let runs = texts.iter().flat_map(|text| text.split(|c: char| !c.is_ascii_digit()));
    runs.filter(|run| !run.is_empty()).collect()
}

#[test]
fn the_page_has_the_same_digits_in_every_language() {
    for (name, recording) in all() {
        for units in [Units::IMPERIAL, Units::METRIC] {
            let english = page(&recording, Language::English, units, None);
            for language in others() {
                let other = page(&recording, language, units, None);
                assert_eq!(digits(&other), digits(&english), "{name}, {language}");
            }
        }
    }
}

#[test]
fn what_fits_in_english_fits_in_every_language() {
    let curve = Curve::built_in("din-2");
    // What is hostile is cut in every language.
    for (name, recording) in all().into_iter().filter(|(name, _)| *name != "hostile") {
        let clipped = |language| -> Vec<String> {
            let texts = page(&recording, language, Units::METRIC, curve);
            texts.into_iter().filter(|text| text.ends_with('…')).collect()
        };
        let english = clipped(Language::English);
        for language in others() {
            let other = clipped(language);
            assert!(other.len() <= english.len(), "{name}, {language}: {other:?} {english:?}");
        }
    }
}

#[test]
fn no_word_of_the_page_is_left_in_english() {
    let curve = Curve::built_in("din-2").unwrap();
    for (name, recording) in all() {
        let english = page(&recording, Language::English, Units::METRIC, Some(curve));
        // What the instrument wrote, and what a reader noted, stays as it is.
        let written = format!("{recording:?} wavekeep {} K2 {}", curve.name, recording.format.name);
        for language in others() {
            let own: Vec<&str> = language.words().all().map(|(_, text)| text).collect();
            for text in page(&recording, language, Units::METRIC, Some(curve)) {
                if !english.contains(&text) || own.contains(&text.as_str()) {
                    continue;
                }
                let left: Vec<&str> = text
                    .split(|c: char| !c.is_alphabetic())
                    .filter(|word| word.len() > 3 && !written.contains(word))
                    // Some words are the same in both.
                    .filter(|word| !own.iter().any(|text| text.contains(word)))
                    .collect();
                assert!(left.is_empty(), "{name}, {language}: {left:?} in {text:?}");
            }
        }
    }
}

#[test]
fn numbers_have_the_decimal_mark_of_the_language() {
    for recording in [events::blast(), events::night()] {
        let written = format!("{recording:?}");
        for language in others() {
            for text in page(&recording, language, Units::METRIC, None) {
                let point = text.match_indices('.').find(|(at, _)| {
                    let digit = |at: Option<usize>| {
                        at.and_then(|at| text.as_bytes().get(at)).is_some_and(u8::is_ascii_digit)
                    };
                    digit(at.checked_sub(1)) && digit(Some(at + 1))
                });
                let is_other = text.starts_with("wavekeep ")
                    || written.contains(&text)
                    || text.contains("2026")
                    || text.contains("120.5 m");
                assert!(point.is_none() || is_other, "{language}: {text}");
            }
        }
    }
}

#[test]
fn a_verdict_is_given_in_the_language_with_its_numbers() {
    let curve = Curve::built_in("din-2").unwrap();
    let texts = page(&events::blast(), Language::German, Units::METRIC, Some(curve));
    let has = |wanted: &str| texts.iter().any(|text| text.contains(wanted));
    assert!(has("ANHALTSWERT ÜBERSCHRITTEN") || has("KEINE BEWERTUNG"), "{texts:?}");
    assert!(has("Anhaltswert ") && has("Quelle: "), "{texts:?}");
    assert!(has("Die Werte sind vorläufig") == (curve.standing.to_string() == "provisional"));
}
