//! Verdicts of limit curves on whole events.

use crate::common::{blast, geophone, histogram, intervals, microphone, waveform};
use proptest::prelude::*;
use wavekeep_core::{
    Assumed, ChannelStatement, DecodeOptions, Flag, Frequency, GeophoneRange, Reading, Statement,
    TimeAxis, Unit,
};
use wavekeep_signal::{Curve, Measurements, Origin, Outcome, Standing, Verdict, measure};

/// An event whose report states the PPV (in/s) and the frequency of Vert.
fn stated(ppv: f64, frequency: Frequency) -> Measurements {
    let mut recording = waveform(vec![
        geophone("Tran", vec![0; 9]),
        geophone("Vert", vec![0, (ppv * 200.0).round() as i16, 0, 0, 0, 0, 0, 0, 0]),
        geophone("Long", vec![0; 9]),
    ]);
    recording.statement = Some(Statement {
        channels: vec![ChannelStatement {
            name: "Vert".to_owned(),
            peak: Some(Reading::new(ppv, Unit::InchPerSecond)),
            zc_frequency: Some(frequency),
            ..ChannelStatement::default()
        }],
        ..Statement::default()
    });
    measure(&recording)
}

fn judge(id: &str, event: &Measurements) -> Verdict {
    Curve::built_in(id).expect("a built-in curve").judge(event, None)
}

#[test]
fn the_same_event_fails_ri_8507_and_passes_osmre() {
    let event = stated(1.8, Frequency::measured(32.0));
    let usbm = judge("usbm-drywall", &event);
    assert_eq!(usbm.outcome, Outcome::Exceeds);
    assert_eq!(usbm.reason, "Vert: 1.800 in/s at 32 Hz exceeds the limit of 1.608 in/s by 11.9 %.");
    assert_eq!((usbm.subject.as_str(), usbm.origin), ("Vert", Some(Origin::Stated)));
    let osmre = judge("osmre", &event);
    assert_eq!(osmre.outcome, Outcome::Within);
    assert_eq!(osmre.reason, "Vert: 1.800 in/s at 32 Hz is 10.0 % below the limit of 2.000 in/s.");
    assert!((osmre.margin_percent.unwrap() - 10.0).abs() < 1e-9);
    assert_ne!(usbm.curve_name, osmre.curve_name);
}

#[test]
fn a_provisional_curve_says_so_in_every_verdict() {
    let verdict = judge("din-2", &stated(0.1, Frequency::measured(25.0)));
    assert_eq!((verdict.outcome, verdict.standing), (Outcome::Within, Standing::Provisional));
    assert_eq!(verdict.value.map(|value| value.unit), Some(Unit::MillimetrePerSecond));
    assert!(verdict.reason.ends_with("The limits of this curve are provisional."));
}

#[test]
fn a_saturated_event_is_never_within() {
    let mut recording = waveform(vec![geophone("Vert", vec![0, -9, 200, 0, -5])]);
    recording.channels[0].limit_count = Some(200.0);
    let verdict = judge("din-2", &measure(&recording));
    assert_eq!(verdict.outcome, Outcome::Exceeds);
    let limits = "[[curve]]\nid = \"high\"\nname = \"High\"\nunit = \"in/s\"\n\
                  judges = \"each component\"\nsource = \"-\"\npieces = [{ constant = 50 }]";
    let high = &Curve::parse_file(limits).unwrap()[0];
    let verdict = high.judge(&measure(&recording), None);
    assert_eq!(verdict.outcome, Outcome::NoVerdict);
    assert_eq!(verdict.value.unwrap().flag, Some(Flag::Saturated));
    assert!(verdict.reason.contains("saturated"), "{}", verdict.reason);
}

/// An event whose report prints `peak` for Vert, over samples that reach `counts`.
fn printed(counts: i16, peak: Reading) -> Measurements {
    let mut recording = waveform(vec![
        geophone("Tran", vec![0; 9]),
        geophone("Vert", vec![0, counts, 0, 0, 0, 0, 0, 0, 0]),
        geophone("Long", vec![0; 9]),
    ]);
    let vert = ChannelStatement {
        name: "Vert".to_owned(),
        peak: Some(peak),
        zc_frequency: Some(Frequency::measured(20.0)),
        ..ChannelStatement::default()
    };
    recording.statement = Some(Statement { channels: vec![vert], ..Statement::default() });
    measure(&recording)
}

fn inches(value: f64) -> Reading {
    Reading::new(value, Unit::InchPerSecond).with_decimals(3)
}

#[test]
fn a_report_that_contradicts_the_samples_gives_no_verdict_and_both_numbers() {
    for (counts, stated) in [(407, 0.010), (407, 1.0), (2, 2.035), (254, 10.16)] {
        let verdict = judge("usbm-drywall", &printed(counts, inches(stated)));
        assert_eq!(verdict.outcome, Outcome::NoVerdict, "{stated} over {counts} counts");
        assert!(verdict.reason.contains("report and samples disagree"), "{}", verdict.reason);
        for number in [inches(stated), inches(f64::from(counts) / 200.0)] {
            assert!(verdict.reason.contains(&number.to_string()), "{}", verdict.reason);
        }
    }
    let verdict = judge("usbm-drywall", &printed(407, inches(0.010)));
    assert_eq!(
        verdict.reason,
        "Vert: 0.010 in/s at 20 Hz, no verdict: report and samples disagree: Vert: the report \
         states 0.010 in/s, the samples give 2.035 in/s."
    );
}

#[test]
fn rounding_and_steps_of_the_converter_are_no_contradiction() {
    for (counts, stated) in [(407, 2.035), (407, 2.033), (407, 2.040), (2, 0.012), (1, 0.010)] {
        let event = printed(counts, inches(stated));
        assert_eq!(event.contradictions, [], "{stated} over {counts} counts");
    }
}

#[test]
fn a_bound_is_judged_as_one() {
    // 0.127 mm/s and less is within 5 mm/s, and says nothing about a limit below it.
    let below = Reading::new(0.127, Unit::MillimetrePerSecond).flagged(Flag::BelowRange);
    let event = printed(0, below.with_decimals(3));
    let within = judge("din-2", &event);
    assert_eq!(within.outcome, Outcome::Within);
    assert!(
        within.reason.starts_with("Vert: <0.127 mm/s at 20 Hz is at least "),
        "{}",
        within.reason
    );
    let low = &Curve::parse_file(
        "[[curve]]\nid = \"low\"\nname = \"Low\"\nunit = \"mm/s\"\njudges = \"each component\"\n\
         source = \"-\"\npieces = [{ constant = 0.1 }]",
    )
    .unwrap()[0];
    assert_eq!(low.judge(&event, None).outcome, Outcome::NoVerdict);

    let above = inches(0.5).flagged(Flag::AboveRange);
    let verdict = judge("usbm-drywall", &printed(100, above));
    assert_eq!(verdict.outcome, Outcome::NoVerdict);
    assert!(verdict.reason.starts_with("Vert: >0.500 in/s"), "{}", verdict.reason);
    let exceeds = judge("usbm-drywall", &printed(500, inches(2.5).flagged(Flag::AboveRange)));
    assert_eq!(exceeds.outcome, Outcome::Exceeds);
}

#[test]
fn a_value_above_the_limit_on_an_assumed_range_is_no_verdict() {
    let mut recording = waveform(vec![geophone("Vert", blast(1900.0, 32.0, 0.5, 1024))]);
    assert_eq!(judge("usbm-drywall", &measure(&recording)).outcome, Outcome::Exceeds);
    recording.range = Some(Assumed::by_default(GeophoneRange::Normal));
    let verdict = judge("usbm-drywall", &measure(&recording));
    assert_eq!(verdict.outcome, Outcome::NoVerdict);
    assert!(verdict.reason.contains("the range of the geophones is assumed"), "{}", verdict.reason);
    assert!(verdict.causes.contains(&wavekeep_signal::Cause::RangeAssumed));
}

#[test]
fn samples_that_no_instrument_gives_are_no_verdict() {
    let mut recording = waveform(vec![geophone("Vert", vec![0, 5, 32_600, 5, 0])]);
    recording.channels[0].converter_limit = Some(2048.0);
    let verdict = judge("usbm-drywall", &measure(&recording));
    assert_eq!(verdict.outcome, Outcome::NoVerdict);
    assert!(verdict.reason.starts_with("Vert: ?163.000 in/s"), "{}", verdict.reason);
}

#[test]
fn a_weighted_level_gets_no_verdict_of_an_unweighted_curve() {
    for unit in [Unit::DecibelA, Unit::DecibelC] {
        let mut recording = waveform(vec![microphone(vec![0, 5, 900, 5, 0])]);
        let microphone = ChannelStatement {
            name: "MicL".to_owned(),
            peak: Some(Reading::new(140.2, unit).with_decimals(1)),
            ..ChannelStatement::default()
        };
        let statement = Statement { channels: vec![microphone], ..Statement::default() };
        recording.take_statement(&statement, &DecodeOptions::default());
        recording.statement = Some(statement);
        let event = measure(&recording);
        let json = serde_json::to_string(&event).unwrap();
        for linear in ["dB(L)", "psi", "Pa"] {
            assert!(!json.contains(&format!("\"{linear}\"")), "{linear} in {json}");
        }
        for curve in Curve::all_built_in().iter().filter(|curve| curve.unit.is_level()) {
            let verdict = curve.judge(&event, None);
            assert_eq!(verdict.outcome, Outcome::NoVerdict, "{}", curve.id);
            assert_eq!(verdict.value, None);
            assert!(
                verdict.reason.contains(&format!("weighted, 140.2 {unit}")),
                "{}",
                verdict.reason
            );
        }
        let own = format!(
            "[[curve]]\nid = \"own\"\nname = \"Own\"\nunit = \"{unit}\"\njudges = \"air overpressure\"\n\
             source = \"-\"\npieces = [{{ constant = 100 }}]"
        );
        let verdict = Curve::parse_file(&own).unwrap()[0].judge(&event, None);
        assert_eq!(verdict.outcome, Outcome::Exceeds);
    }
}

#[test]
fn a_gapped_event_is_never_within() {
    let mut vert = geophone("Vert", blast(20.0, 32.0, 0.5, 1024));
    vert.gaps.insert(900..901);
    let verdict = judge("usbm-drywall", &measure(&waveform(vec![vert])));
    assert_eq!(verdict.outcome, Outcome::NoVerdict);
    assert!(verdict.reason.contains("1 sample is missing"), "{}", verdict.reason);
}

#[test]
fn an_event_of_assumed_range_or_rate_is_never_within() {
    let mut recording = waveform(vec![geophone("Vert", blast(20.0, 32.0, 0.5, 1024))]);
    assert_eq!(judge("usbm-drywall", &measure(&recording)).outcome, Outcome::Within);
    recording.range = Some(Assumed::by_default(GeophoneRange::Normal));
    let verdict = judge("usbm-drywall", &measure(&recording));
    assert_eq!(verdict.outcome, Outcome::NoVerdict);
    assert_eq!(
        verdict.reason,
        "Vert: 0.100 in/s at 32 Hz, no verdict: the range of the geophones is assumed."
    );
    recording.range = None;
    recording.time = TimeAxis::Samples {
        rate_hz: Assumed::by_default(1024.0),
        pretrigger_s: Assumed::by_default(0.25),
    };
    let verdict = judge("usbm-drywall", &measure(&recording));
    assert!(verdict.reason.contains("sample rate"), "{}", verdict.reason);
    // A limit that holds at every frequency does not need the rate.
    assert_eq!(judge("din-1-long", &measure(&recording)).outcome, Outcome::NoVerdict);
    recording.channels[0].name = "Tran".into();
    assert_eq!(judge("din-1-long", &measure(&recording)).outcome, Outcome::Within);
}

#[test]
fn without_a_frequency_only_values_beyond_all_limits_are_judged() {
    let outcome = |ppv| judge("usbm-drywall", &stated(ppv, Frequency::NotAvailable)).outcome;
    assert_eq!(outcome(0.1), Outcome::Within);
    assert_eq!(outcome(0.5), Outcome::NoVerdict);
    assert_eq!(outcome(2.1), Outcome::Exceeds);
    let above = judge("din-1", &stated(1.9, Frequency::above(100.0)));
    assert_eq!((above.outcome, above.limit.unwrap().value), (Outcome::Within, 50.0));
    let below = judge("usbm-drywall", &stated(0.1, Frequency::below(1.0)));
    assert_eq!(below.outcome, Outcome::NoVerdict);
    assert_eq!(judge("bs-1", &stated(0.1, Frequency::measured(3.0))).outcome, Outcome::NoVerdict);
}

#[test]
fn osmre_by_distance_needs_a_distance() {
    let event = stated(1.1, Frequency::measured(10.0));
    let curve = Curve::built_in("osmre-distance").unwrap();
    assert_eq!(curve.judge(&event, None).outcome, Outcome::NoVerdict);
    assert_eq!(curve.judge(&event, Some(300.0)).outcome, Outcome::Within);
    assert_eq!(curve.judge(&event, Some(1000.0)).outcome, Outcome::Exceeds);
}

#[test]
fn a_share_over_events_is_no_test_of_one_event() {
    let curve = Curve::built_in("as-2187.2-air").unwrap();
    // 95.92 dB(L), 127.96 dB(L)
    let quiet = measure(&waveform(vec![microphone(vec![0, 5, 0])]));
    let loud = measure(&waveform(vec![microphone(vec![0, 200, 0])]));
    let verdict = curve.judge(&quiet, None);
    assert_eq!(verdict.outcome, Outcome::NoVerdict);
    assert!(verdict.reason.contains("95 % of all events"), "{}", verdict.reason);
    assert_eq!(curve.judge(&loud, None).outcome, Outcome::Exceeds);

    // 115.2 dB(L): above the limit of the share, below the one for all.
    let middle = measure(&waveform(vec![microphone(vec![0, 46, 0])]));
    let events = |middles: usize, quiets: usize| {
        let all = std::iter::repeat_n(&middle, middles).chain(std::iter::repeat_n(&quiet, quiets));
        curve.judge_events(all).unwrap()
    };
    assert_eq!(events(1, 19).outcome, Outcome::Within);
    assert_eq!(events(2, 19).outcome, Outcome::Exceeds);
    assert_eq!(curve.judge_events([&loud, &quiet]).unwrap().above_always, 1);
    assert_eq!(curve.judge_events([]).unwrap().outcome, Outcome::NoVerdict);
    assert!(Curve::built_in("osmre").unwrap().judge_events([&quiet]).is_none());
}

#[test]
fn air_is_judged_by_the_level() {
    let event = measure(&waveform(vec![microphone(vec![0, 400, 0])]));
    let verdict = judge("osmre-air-2hz", &event);
    assert_eq!(verdict.outcome, Outcome::Exceeds);
    assert_eq!(verdict.reason, "MicL: 133.98 dB(L) exceeds the limit of 133.0 dB(L) by 1.0 dB.");
    assert_eq!(judge("osmre-air-0.1hz", &event).outcome, Outcome::Within);
    assert_eq!(judge("osmre", &event).outcome, Outcome::NoVerdict);
}

#[test]
fn swiss_classes_judge_the_vector_sum() {
    let recording = waveform(vec![
        geophone("Tran", blast(60.0, 20.0, 0.5, 1024)),
        geophone("Vert", blast(60.0, 20.0, 0.5, 1024)),
        geophone("Long", blast(60.0, 20.0, 0.5, 1024)),
    ]);
    let verdict = judge("sn-frequent", &measure(&recording));
    assert_eq!((verdict.subject.as_str(), verdict.outcome), ("vector sum", Outcome::Exceeds));
    assert_eq!(verdict.limit.unwrap().value, 6.0);
}

#[test]
fn every_interval_of_a_histogram_is_judged() {
    // The largest interval is within its limit at 85 Hz, a smaller one at 2.6 Hz is not.
    let recording =
        histogram(vec![intervals(geophone("Vert", vec![120, 110]), &[6, 200], &[0, 0])]);
    let verdict = judge("usbm-drywall", &measure(&recording));
    assert_eq!((verdict.subject.as_str(), verdict.outcome), ("Vert, interval 1", Outcome::Exceeds));
}

#[test]
fn an_upper_bound_can_be_within_but_never_exceeds() {
    let three = |counts: Vec<i16>| {
        ["Tran", "Vert", "Long"].map(|name| intervals(geophone(name, counts.clone()), &[20], &[0]))
    };
    let quiet = measure(&histogram(three(vec![2]).to_vec()));
    assert_eq!(judge("sn-frequent", &quiet).outcome, Outcome::Within);
    let loud = measure(&histogram(three(vec![200]).to_vec()));
    let verdict = judge("sn-frequent", &loud);
    assert_eq!(verdict.outcome, Outcome::NoVerdict);
    assert_eq!(verdict.subject, "upper bound of the vector sum");
}

proptest! {
    #[test]
    fn damaged_or_assumed_events_are_never_within(
        amplitude in 0i16..2000, saturated: bool, gapped: bool, assumed: bool
    ) {
        prop_assume!(saturated || gapped || assumed);
        let mut recording = waveform(
            ["Tran", "Vert", "Long"]
                .map(|name| geophone(name, blast(f64::from(amplitude), 20.0, 0.4, 600)))
                .to_vec(),
        );
        if saturated {
            recording.channels.iter_mut().for_each(|channel| channel.limit_count = Some(0.0));
        }
        if gapped {
            recording.channels.iter_mut().for_each(|channel| channel.gaps.insert(599..600));
        }
        if assumed {
            recording.range = Some(Assumed::by_default(GeophoneRange::Normal));
        }
        let measured = measure(&recording);
        for curve in Curve::all_built_in() {
            let verdict = curve.judge(&measured, Some(100.0));
            prop_assert_ne!(verdict.outcome, Outcome::Within, "{}", verdict.reason);
            prop_assert!(serde_json::to_string(&verdict).is_ok());
        }
    }
}
