//! Drawings of whole events: what they show, that they are deterministic, that nothing breaks them.

use crate::events;
use proptest::prelude::*;
use resvg::usvg::roxmltree::Document;
use wavekeep_core::{Assumed, Channel, Kind, Recording, Samples, Sensor, TimeAxis};
use wavekeep_report::{DrawError, Drawing, PageOptions, Paper, Style, Theme, Units, event_report};
use wavekeep_signal::{Curve, MotionQuantity, Window, measure};

fn dark() -> Style {
    Style::default().with_theme(Theme::Dark).with_units(Units::METRIC)
}

/// Every text of a drawing, in order.
fn texts(drawing: &Drawing) -> Vec<String> {
    let document = Document::parse(drawing.svg()).expect("well-formed XML");
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    texts.filter_map(|node| node.text().map(str::to_owned)).collect()
}

fn has(drawing: &Drawing, wanted: &str) -> bool {
    texts(drawing).iter().any(|text| text.contains(wanted))
}

fn traces(recording: &Recording, style: Style) -> Drawing {
    Drawing::traces(recording, &measure(recording), style).expect("a waveform")
}

fn page(recording: &Recording, style: Style) -> Drawing {
    let curve = Curve::built_in("usbm-drywall");
    let options = PageOptions::default().with_curve(curve).with_style(style);
    event_report(recording, &measure(recording), options)
}

#[test]
fn traces_say_what_was_measured_and_where_the_trigger_is() {
    let drawing = traces(&events::blast(), Style::default());
    for wanted in [
        "Tran",
        "Vert",
        "Long",
        "MicL",
        "PPV 0.",
        "PSPL",
        "ZC frequency 32 Hz",
        "trigger",
        "(unit-local time)",
    ] {
        assert!(has(&drawing, wanted), "{wanted}: {:?}", texts(&drawing));
    }
    let metric = traces(&events::blast(), dark());
    assert!(has(&metric, "mm/s") && !has(&metric, "in/s"));
}

#[test]
fn gaps_are_hatched_and_said_in_words() {
    let drawing = traces(&events::gapped(), Style::default());
    assert!(drawing.svg().contains("url(#missing)"));
    assert!(has(&drawing, "! incomplete: 512 samples missing"));
    assert!(has(&drawing, "PPV ≥"));
    assert!(!traces(&events::blast(), Style::default()).svg().contains("fill=\"url(#missing)\""));
}

#[test]
fn saturation_is_marked_and_said_in_words() {
    let drawing = traces(&events::saturated(), Style::default());
    assert!(has(&drawing, "! saturated: "));
    assert!(has(&drawing, "PPV ≥10.000 in/s"));
    assert!(has(&drawing, "at the limit of the sensor: true peak is larger"));
}

#[test]
fn a_quiet_event_is_drawn_on_the_floor_scale() {
    let drawing = traces(&events::quiet(), Style::default());
    assert!(has(&drawing, "geophones ±0.05 in/s, microphone ±0.001 psi"));
    assert!(has(&drawing, "1024 samples/s (assumed)"));
}

#[test]
fn histograms_show_moments_when_they_are_known_and_numbers_when_not() {
    let night = events::night();
    let drawing = Drawing::histogram(&night, &measure(&night), Style::default()).unwrap();
    assert!(has(&drawing, "22:00") && has(&drawing, "2026-05-11"));
    assert!(has(&drawing, "700 intervals of 1 minute"));
    let night = events::damaged_night();
    let drawing = Drawing::histogram(&night, &measure(&night), Style::default()).unwrap();
    assert!(has(&drawing, "interval (its time is not known)"));
    assert!(has(&drawing, "incomplete: 60 intervals missing"));
}

#[test]
fn a_spectrum_shows_its_dominant_frequency_and_what_was_left_out() {
    let drawing = Drawing::spectrum(&events::gapped(), Style::default()).unwrap();
    assert!(has(&drawing, "dominant 20.9 Hz"), "{:?}", texts(&drawing));
    assert!(has(&drawing, "longest run of 2304 used"));
}

#[test]
fn a_spectrum_under_a_window_names_it_and_its_gain() {
    let draw =
        |window| Drawing::windowed_spectrum(&events::blast(), window, Style::default()).unwrap();
    assert!(has(&draw(Window::Hann), "Hann window, divided by its coherent gain 0.5"));
    assert!(has(&draw(Window::FlatTop), "flat top window, divided by its coherent gain 0.2156"));
    let plain = Drawing::spectrum(&events::blast(), Style::default()).unwrap();
    assert_eq!(draw(Window::None), plain);
}

#[test]
fn bands_name_the_largest_one_and_what_was_left_out() {
    let drawing = Drawing::third_octaves(&events::gapped(), Style::default()).unwrap();
    assert!(has(&drawing, "largest in the band of 20 Hz"), "{:?}", texts(&drawing));
    assert!(has(&drawing, "in/s RMS") && has(&drawing, "dB re 20 µPa"));
    assert!(has(&drawing, "longest run of 2304 used"));
    let metric = Style::default().with_units(Units::METRIC);
    let drawing = Drawing::third_octaves(&events::gapped(), metric).unwrap();
    assert!(has(&drawing, "mm/s RMS"));
}

#[test]
fn traces_of_another_quantity_name_it_and_are_in_its_unit() {
    let metric = Style::default().with_units(Units::METRIC);
    let draw = |quantity, style| Drawing::motion_traces(&events::blast(), quantity, style).unwrap();
    let acceleration = draw(MotionQuantity::Acceleration, metric);
    assert!(has(&acceleration, "acceleration, 1024 samples/s"), "{:?}", texts(&acceleration));
    assert!(has(&acceleration, "peak ") && !has(&acceleration, "PPV"));
    let displacement = draw(MotionQuantity::Displacement, metric);
    assert!(has(&displacement, " mm at "), "{:?}", texts(&displacement));
    assert!(has(&draw(MotionQuantity::Displacement, Style::default()), " in at "));
    let sum = draw(MotionQuantity::VectorSum, metric);
    assert!(has(&sum, "Vector sum ±") && has(&sum, " mm/s at "), "{:?}", texts(&sum));
    let refused = Drawing::motion_traces(&events::night(), MotionQuantity::Displacement, metric);
    assert!(refused.unwrap_err().to_string().contains("peaks, not samples"));
}

#[test]
fn the_plot_names_its_curve_and_gives_the_verdict_in_words() {
    let recording = events::reported();
    let measured = measure(&recording);
    let plot = |id| {
        let curve = Curve::built_in(id).unwrap();
        Drawing::ppv_frequency(&recording, &measured, curve, None, Style::default())
    };
    let usbm = plot("usbm-drywall");
    assert!(has(&usbm, "USBM RI 8507, drywall") && has(&usbm, "WITHIN THE LIMIT"));
    assert!(!has(&usbm, "OSMRE 30 CFR"));
    let din = plot("din-3");
    assert!(has(&din, "(provisional)") && has(&din, "EXCEEDS THE LIMIT"));
    assert!(has(&plot("osmre-air-2hz"), "not on this plot"));
}

#[test]
fn a_drawing_of_the_other_kind_is_refused() {
    let (night, blast) = (events::night(), events::blast());
    let refused = Drawing::traces(&night, &measure(&night), Style::default());
    assert_eq!(refused, Err(DrawError::NotAWaveform));
    assert_eq!(Drawing::spectrum(&night, Style::default()), Err(DrawError::NotAWaveform));
    let refused = Drawing::histogram(&blast, &measure(&blast), Style::default());
    assert_eq!(refused, Err(DrawError::NotAHistogram));
}

#[test]
fn the_page_has_everything_in_its_order() {
    let words = texts(&page(&events::reported(), Style::default()));
    let order = [
        "Serial number",
        "Firmware",
        "Calibration",
        "Battery",
        "Trigger",
        "Geophone range",
        "Record time",
        "Sample rate",
        "Project",
        "Client",
        "Operator",
        "Location",
        "Date and time",
        "PPV (in/s)",
        "ZC frequency (Hz)",
        "Time from trigger (s)",
        "Peak acceleration (g)",
        "Peak displacement (in)",
        "Sensor check",
        "Peak vector sum",
        "Microphone PSPL",
        "ZC frequency",
        "USBM RI 8507, drywall",
        "WITHIN THE LIMIT",
        "Tran",
        "Scale: geophones ±1.2 in/s, microphone ±0.0016 psi",
        "SHA-256",
        "Integrity",
    ];
    let mut rest = words.iter();
    for wanted in order {
        assert!(rest.any(|text| text == wanted), "{wanted} is missing or out of order: {words:?}");
    }
    assert!(words.iter().any(|text| text.contains("unit-local")));
}

#[test]
fn the_page_says_what_is_damaged_and_what_was_assumed() {
    let gapped = page(&events::gapped(), Style::default());
    assert!(has(&gapped, "Segment 5 of Vert cannot be decoded"));
    assert!(has(&gapped, "Vert: incomplete: 512 samples missing."));
    let quiet = page(&events::quiet(), Style::default());
    assert!(has(&quiet, "NO VERDICT") && has(&quiet, "Nothing states the sample rate"));
    let mut silent = events::quiet();
    silent.report = wavekeep_core::Report::default();
    let silent = page(&silent, Style::default());
    assert!(has(&silent, "Nothing states the sample rate, the pre-trigger length, the range"));
}

#[test]
fn a_histogram_has_no_vector_sum_under_that_name() {
    let drawing = page(&events::night(), Style::default());
    assert!(has(&drawing, "not recorded; it is at most 0."));
    let damaged = page(&events::damaged_night(), Style::default());
    assert!(has(&damaged, "not recorded; peaks in doubt give no bound"));
    assert!(has(&drawing, "700 intervals of 1 minute"));
    assert!(has(&drawing, "Finish 2026-05-11 06:54:02"));
}

#[test]
fn a_pdf_is_one_page_with_its_text() {
    for (paper, size) in [(Paper::A4, [595.0, 842.0]), (Paper::Letter, [612.0, 792.0])] {
        let recording = events::reported();
        let options = PageOptions::default().with_paper(paper);
        let report = event_report(&recording, &measure(&recording), options);
        let document = lopdf::Document::load_mem(&report.pdf().unwrap()).unwrap();
        let pages = document.get_pages();
        assert_eq!(pages.len(), 1);
        let page = document.get_dictionary(pages[&1]).unwrap();
        let media: Vec<f32> = page
            .get(b"MediaBox")
            .and_then(lopdf::Object::as_array)
            .unwrap()
            .iter()
            .map(|number| number.as_float().unwrap().round())
            .collect();
        assert_eq!(media[2..], size);
        // Every glyph is placed by itself, which reads as a line of its own.
        let text = document.extract_text(&[1]).unwrap().replace('\n', "");
        assert!(text.contains("Event report") && text.contains("Peak vector sum"), "{text}");
    }
}

#[test]
fn the_same_event_gives_the_same_bytes() {
    for style in [Style::default(), dark()] {
        let (one, other) = (page(&events::gapped(), style), page(&events::gapped(), style));
        assert_eq!(one.svg(), other.svg());
        assert_eq!(one.pdf().unwrap(), other.pdf().unwrap());
        assert_eq!(one.png(300).unwrap(), other.png(300).unwrap());
    }
}

#[test]
fn what_strangers_type_stays_text_on_one_page() {
    let drawing = page(&events::hostile(), Style::default());
    assert!(!drawing.svg().contains("<script"));
    assert!(texts(&drawing).iter().all(|text| text.chars().count() < 400));
    assert!(has(&drawing, "xxx…") && has(&drawing, "карьер Λατομείο"));
    assert!(has(&drawing, "33 further notes do not fit here."));
    let document = lopdf::Document::load_mem(&drawing.pdf().unwrap()).unwrap();
    assert_eq!(document.get_pages().len(), 1);
}

#[test]
fn a_picture_has_the_width_that_was_asked_for_or_is_refused() {
    let drawing = traces(&events::quiet(), Style::default());
    let png = drawing.png(480).unwrap();
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    assert_eq!(u32::from_be_bytes([png[16], png[17], png[18], png[19]]), 480);
    for width in [0, 16_385, u32::MAX] {
        assert!(matches!(drawing.png(width), Err(DrawError::Size { .. })));
    }
}

#[test]
fn ten_million_samples_become_a_small_drawing() {
    let mut recording = events::waveform(vec![events::geophone(
        "Vert",
        (0..10_000_000u32)
            .map(|i| if i == 7_654_321 { 1500 } else { (i % 9) as i16 - 4 })
            .collect(),
    )]);
    recording.channels[0].gaps.insert(100..200);
    let drawing = traces(&recording, Style::default());
    assert!(drawing.svg().len() < 200_000);
    assert!(has(&drawing, "7.500 in/s"));
}

#[test]
fn a_gap_at_every_other_sample_stays_small() {
    let mut recording = events::waveform(vec![events::geophone("Vert", vec![3; 100_000])]);
    for sample in (0..100_000).step_by(2) {
        recording.channels[0].gaps.insert(sample..sample + 1);
    }
    assert!(traces(&recording, Style::default()).svg().len() < 200_000);
}

#[test]
fn a_small_event_is_drawn_as_it_always_was() {
    let counts = vec![0, 1, -2, 8, 19, 7, -9, -4, 0, 1, 0, 0];
    let mut recording = events::waveform(vec![events::geophone("Vert", counts)]);
    recording.channels[0].gaps.insert(9..11);
    recording.time = TimeAxis::Samples {
        rate_hz: Assumed::by_default(64.0),
        pretrigger_s: Assumed::by_default(1.0 / 32.0),
    };
    insta::assert_snapshot!(traces(&recording, Style::default()).svg());
}

/// Every drawing that a recording can have.
fn draw_everything(recording: &Recording, style: Style) -> Vec<Drawing> {
    let measured = measure(recording);
    let mut all = vec![page(recording, style)];
    all.extend(Drawing::traces(recording, &measured, style));
    all.extend(Drawing::histogram(recording, &measured, style));
    all.extend(Drawing::spectrum(recording, style));
    all.extend(Drawing::third_octaves(recording, style));
    for quantity in MotionQuantity::ALL {
        all.extend(Drawing::motion_traces(recording, quantity, style));
    }
    for curve in Curve::all_built_in() {
        all.push(Drawing::ppv_frequency(recording, &measured, curve, Some(500.0), style));
    }
    all
}

#[test]
fn recordings_of_nothing_can_be_drawn() {
    let empty = events::waveform(Vec::new());
    let no_samples = events::waveform(vec![events::geophone("Vert", Vec::new())]);
    let one_sample = events::waveform(vec![events::geophone("Vert", vec![9])]);
    let many = (0..40).map(|_| events::geophone("Vert", vec![1, 2])).collect();
    let no_intervals = Recording { kind: Kind::Histogram, ..events::waveform(Vec::new()) };
    for recording in [empty, no_samples, one_sample, events::waveform(many), no_intervals] {
        for drawing in draw_everything(&recording, dark()) {
            assert!(Document::parse(drawing.svg()).is_ok());
            drawing.png(200).unwrap();
            drawing.pdf().unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn no_values_rates_or_gaps_break_a_drawing(
        values in proptest::collection::vec(any::<f64>(), 0..60),
        gaps in proptest::collection::vec((0usize..80, 0usize..20), 0..4),
        rate_hz in any::<f64>(),
        pretrigger_s in any::<f64>(),
        length_s in any::<f64>(),
        histogram: bool,
        limit in proptest::option::of(any::<f64>()),
    ) {
        let mut channels: Vec<Channel> = ["Tran", "Vert", "Long"]
            .map(|name| Channel { samples: Samples::F64(values.clone()), ..events::geophone(name, Vec::new()) })
            .to_vec();
        let microphone = events::microphone(Vec::new());
        channels.push(Channel { samples: Samples::F64(values.clone()), ..microphone.clone() });
        channels.push(Channel { sensor: Sensor::Other, ..Channel::new("x", Samples::F64(values)) });
        for (start, length) in gaps {
            channels[1].gaps.insert(start..start + length);
        }
        channels[0].limit_count = limit;
        let mut recording = events::waveform(channels);
        recording.time = TimeAxis::Samples {
            rate_hz: Assumed::by_default(rate_hz),
            pretrigger_s: Assumed::by_default(pretrigger_s),
        };
        if histogram {
            recording.kind = Kind::Histogram;
            recording.time = TimeAxis::Intervals {
                start: recording.start,
                length_s: Some(Assumed::by_default(length_s)),
            };
        }
        for drawing in draw_everything(&recording, Style::default()) {
            prop_assert!(Document::parse(drawing.svg()).is_ok());
            prop_assert!(drawing.svg().len() < 1_000_000);
        }
    }
}
