//! Verdicts of limit curves on whole events.

use crate::common::{blast, geophone, histogram, intervals, microphone, waveform};
use proptest::prelude::*;
use wavekeep_core::{
    Assumed, ChannelStatement, Flag, Frequency, GeophoneRange, Reading, Statement, TimeAxis, Unit,
};
use wavekeep_signal::{Curve, Measurements, Origin, Outcome, Standing, Verdict, measure};

/// An event whose report states the PPV (in/s) and the frequency of Vert.
fn stated(ppv: f64, frequency: Frequency) -> Measurements {
    let mut recording = waveform(vec![
        geophone("Tran", vec![0; 9]),
        geophone("Vert", vec![0, 1, 0, 0, 0, 0, 0, 0, 0]),
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
    let event = stated(1.8, Frequency::Hertz(32.0));
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
    let verdict = judge("din-2", &stated(0.1, Frequency::Hertz(25.0)));
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
    let above = judge("din-1", &stated(1.9, Frequency::AboveRange(100.0)));
    assert_eq!((above.outcome, above.limit.unwrap().value), (Outcome::Within, 50.0));
    let below = judge("usbm-drywall", &stated(0.1, Frequency::BelowRange(1.0)));
    assert_eq!(below.outcome, Outcome::NoVerdict);
    assert_eq!(judge("bs-1", &stated(0.1, Frequency::Hertz(3.0))).outcome, Outcome::NoVerdict);
}

#[test]
fn osmre_by_distance_needs_a_distance() {
    let event = stated(1.1, Frequency::Hertz(10.0));
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
    assert_eq!(verdict.reason, "MicL: 134.0 dB(L) exceeds the limit of 133.0 dB(L) by 1.0 dB.");
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
