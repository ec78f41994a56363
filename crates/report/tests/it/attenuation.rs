//! The chart of peaks against scaled distance.

use proptest::prelude::*;
use resvg::usvg::roxmltree::Document;
use wavekeep_core::{Reading, Unit};
use wavekeep_report::{AttenuationChart, AttenuationPoint, Drawing, Theme};
use wavekeep_signal::{Attenuation, BlastUnits, Root};

fn chart(points: &[(f64, f64)], locations: usize) -> AttenuationChart {
    let points: Vec<AttenuationPoint> = points
        .iter()
        .enumerate()
        .map(|(at, (scaled_distance, peak))| AttenuationPoint {
            scaled_distance: *scaled_distance,
            peak: *peak,
            location: at % locations,
        })
        .collect();
    let pairs: Vec<(f64, f64)> =
        points.iter().map(|point| (point.scaled_distance, point.peak)).collect();
    AttenuationChart {
        title: "Quarry 4".to_owned(),
        root: Root::Square,
        units: BlastUnits::with(Unit::MillimetrePerSecond, Root::Square),
        locations: (0..locations).map(|at| format!("Location {at}")).collect(),
        points,
        law: Attenuation::fit(&pairs),
        limit: Some(Reading::new(5.0, Unit::MillimetrePerSecond)),
        left_out: Some("2 left out: 2 no charge".to_owned()),
    }
}

fn texts(drawing: &Drawing) -> String {
    let document = Document::parse(drawing.svg()).unwrap();
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    texts.filter_map(|node| node.text().map(str::to_owned)).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_law_the_limit_and_what_was_left_out_stand_in_words() {
    let points = [(10.0, 28.6), (20.0, 9.4), (40.0, 3.1), (80.0, 1.03)];
    let drawing = Drawing::attenuation(&chart(&points, 2), Theme::Light);
    let words = texts(&drawing);
    for wanted in [
        "Quarry 4",
        "scaled distance (m/√kg)",
        "PPV (mm/s)",
        "Regression (solid): PPV = ",
        "4 events, R² 1.000",
        "K95 = ",
        "limit 5.00 mm/s",
        "kept in 95 % of blasts (K95) from a scaled distance of ",
        "2 left out: 2 no charge",
        "Location 0 (2)",
    ] {
        assert!(words.contains(wanted), "{wanted}: {words}");
    }
    assert_eq!(drawing, Drawing::attenuation(&chart(&points, 2), Theme::Light));
    assert!(drawing.pdf().unwrap().starts_with(b"%PDF"));
}

#[test]
fn without_a_law_the_reason_stands_in_its_place() {
    let words = texts(&Drawing::attenuation(&chart(&[(10.0, 2.0)], 1), Theme::Dark));
    assert!(words.contains("No law: a law needs 3 events that count: found 1"), "{words}");
    let rising = texts(&Drawing::attenuation(
        &chart(&[(10.0, 1.0), (20.0, 2.0), (40.0, 4.0)], 1),
        Theme::Dark,
    ));
    assert!(rising.contains("SD^1.000") && rising.contains("permits no charge"), "{rising}");
}

#[test]
fn many_locations_share_the_last_sign_and_many_events_make_a_bounded_picture() {
    let points: Vec<(f64, f64)> = (0..100_000)
        .map(|n| {
            let sd = 5.0 + f64::from(n % 1000);
            (sd, 1000.0 * sd.powf(-1.5) * (1.0 + f64::from(n % 37) / 20.0))
        })
        .collect();
    let drawing = Drawing::attenuation(&chart(&points, 40), Theme::Light);
    assert!(texts(&drawing).contains("29 further locations"), "{}", texts(&drawing));
    assert!(drawing.svg().len() < 2_000_000, "{}", drawing.svg().len());
}

proptest! {
    #[test]
    fn any_events_are_drawn(
        points in prop::collection::vec((1e-6f64..1e9, 1e-9f64..1e9), 0..30),
        locations in 1usize..20,
    ) {
        let mut chart = chart(&points, locations);
        chart.title = "</text>\u{1}".to_owned();
        let drawing = Drawing::attenuation(&chart, Theme::Light);
        prop_assert!(Document::parse(drawing.svg()).is_ok());
        prop_assert!(!drawing.svg().contains("NaN") && !drawing.svg().contains("inf"));
    }
}
