//! Measurements of whole recordings.

use crate::common::{blast, geophone, histogram, intervals, microphone, waveform};
use proptest::prelude::*;
use wavekeep_core::{
    Assumed, Channel, ChannelStatement, Flag, Frequency, Reading, Samples, SoundLevels, Statement,
    TimeAxis, Unit, UnitLocal,
};
use wavekeep_signal::{Origin, measure};

fn close(found: f64, expected: f64, relative: f64) {
    assert!((found - expected).abs() <= expected.abs() * relative, "{found} is not {expected}");
}

#[test]
fn a_blast_has_the_peak_frequency_acceleration_and_displacement_that_it_was_made_with() {
    // 32 Hz is a half-period of 16 samples.
    let recording = waveform(vec![geophone("Vert", blast(1000.0, 32.0, 0.5, 2048))]);
    let measured = measure(&recording);
    let vert = &measured.channels[0];
    let (ppv, origin) = vert.peak.shown().unwrap();
    assert_eq!((ppv.unit, ppv.flag, origin), (Unit::InchPerSecond, None, Origin::Computed));
    close(ppv.value, 5.0, 0.03);
    close(vert.time_of_peak_s.value().unwrap(), 0.25 / 32.0, 0.05);
    assert_eq!(vert.zc_frequency.value(), Some(Frequency::measured(32.0)));
    let wave = vert.half_wave.unwrap();
    assert_eq!(wave.half_period_samples, 16);
    assert!(wave.from_s < vert.time_of_peak_s.value().unwrap());
    assert!(wave.to_s > vert.time_of_peak_s.value().unwrap());
    let acceleration = vert.peak_acceleration.value().unwrap();
    assert_eq!(acceleration.unit, Unit::Gravity);
    close(acceleration.value, 5.0 * std::f64::consts::TAU * 32.0 / 386.1, 0.03);
    let displacement = vert.peak_displacement.value().unwrap();
    assert_eq!(displacement.unit, Unit::Inch);
    close(displacement.value, 5.0 / (std::f64::consts::TAU * 32.0), 0.04);
}

#[test]
fn the_vector_sum_is_taken_over_time_and_not_from_the_three_peaks() {
    let recording = waveform(vec![
        geophone("Tran", vec![0, 40, 0, 0, 6, 0]),
        geophone("Vert", vec![0, 0, 40, 0, 8, 0]),
        geophone("Long", vec![0, 0, 0, 40, 0, 0]),
    ]);
    let measured = measure(&recording);
    assert_eq!(measured.peak_vector_sum.value(), Some(Reading::new(0.2, Unit::InchPerSecond)));
    assert_eq!(measured.peak_vector_sum_time_s.value(), Some(1.0 / 1024.0 - 0.25));
    assert_eq!(measured.vector_sum_upper_bound, None);
}

#[test]
fn the_vector_sum_leaves_out_moments_that_a_gap_touches_and_says_so() {
    let mut vert = geophone("Vert", vec![0, 400, 4, 0]);
    vert.gaps.insert(1..2);
    let recording =
        waveform(vec![geophone("Tran", vec![0, 300, 3, 0]), vert, geophone("Long", vec![0; 4])]);
    let sum = measure(&recording).peak_vector_sum.value().unwrap();
    assert_eq!(sum, Reading::new(0.025, Unit::InchPerSecond).flagged(Flag::Incomplete));
}

#[test]
fn a_microphone_has_level_psi_and_pascal() {
    let recording = waveform(vec![microphone(vec![0, 3, -5, 0])]);
    let measured = measure(&recording);
    let mic = &measured.channels[0];
    let level = mic.peak.value().unwrap();
    assert_eq!(level.unit, Unit::DecibelLinear);
    assert_eq!(format!("{:.2}", level.value), "95.92");
    assert_eq!(mic.peak_pa.value(), Some(Reading::new(1.25, Unit::Pascal)));
    close(mic.peak_psi.value().unwrap().value, 5.0 * 3.626e-5, 1e-4);
    assert_eq!(mic.peak_acceleration.value(), None);
}

#[test]
fn a_gap_makes_the_peak_incomplete_and_the_half_wave_unavailable() {
    let mut vert = geophone("Vert", vec![0, 0, -3, 20, 60, 20, -5, 0]);
    vert.gaps.insert(5..6);
    let measured = measure(&waveform(vec![vert]));
    let vert = &measured.channels[0];
    assert_eq!(vert.peak.value().unwrap().flag, Some(Flag::Incomplete));
    assert_eq!(vert.zc_frequency.value(), Some(Frequency::NotAvailable));
    assert_eq!((vert.half_wave, vert.missing_samples), (None, 1));
    assert_eq!(vert.peak_displacement.value().unwrap().flag, Some(Flag::Incomplete));
}

#[test]
fn a_count_at_the_limit_makes_every_number_of_the_channel_a_lower_bound() {
    let measured = measure(&waveform(vec![geophone("Vert", vec![0, -9, 2000, 2000, -5, 9, 0])]));
    let vert = &measured.channels[0];
    assert_eq!(
        vert.peak.value(),
        Some(Reading::new(10.0, Unit::InchPerSecond).flagged(Flag::Saturated))
    );
    assert_eq!(vert.samples_at_limit, 2);
    assert!(vert.peak_acceleration.value().unwrap().is_saturated());
    assert!(vert.peak_displacement.value().unwrap().is_saturated());
    assert!(vert.is_saturated());
}

/// The record that the profession's page prints (Micromate, 1024 samples/s, 3 s).
fn printed_record() -> Statement {
    let channel = |name: &str, ppv, hz, time, g, inch| ChannelStatement {
        name: name.to_owned(),
        peak: Some(Reading::new(ppv, Unit::InchPerSecond)),
        zc_frequency: Some(Frequency::measured(hz)),
        time_of_peak_s: Some(time),
        peak_acceleration: Some(Reading::new(g, Unit::Gravity)),
        peak_displacement: Some(Reading::new(inch, Unit::Inch)),
        ..ChannelStatement::default()
    };
    Statement {
        channels: vec![
            channel("Tran", 0.169, 21.0, 0.212, 0.209, 0.00102),
            channel("Vert", 0.172, 32.0, 0.103, 0.184, 0.00080),
            channel("Long", 0.125, 26.0, 0.056, 0.145, 0.00063),
            ChannelStatement {
                name: "MicL".to_owned(),
                peak: Some(Reading::new(90.66, Unit::DecibelLinear)),
                zc_frequency: Some(Frequency::measured(23.0)),
                time_of_peak_s: Some(0.136),
                ..ChannelStatement::default()
            },
        ],
        peak_vector_sum: Some(Reading::new(0.190, Unit::InchPerSecond)),
        peak_vector_sum_time_s: Some(0.103),
        ..Statement::default()
    }
}

#[test]
fn acceleration_and_displacement_that_are_stated_of_a_saturated_channel_are_lower_bounds_too() {
    let mut recording = waveform(vec![
        geophone("Tran", vec![0, 33, 0, -33, 0]),
        geophone("Vert", vec![0, -9, 2000, 2000, -5, 9, 0]),
    ]);
    recording.statement = Some(printed_record());
    let measured = measure(&recording);
    for (name, is_bound) in [("Tran", false), ("Vert", true)] {
        let channel = measured.channel(name).unwrap();
        for stated in [channel.peak_acceleration.stated, channel.peak_displacement.stated] {
            assert_eq!(stated.unwrap().is_saturated(), is_bound, "{name}");
        }
    }
    // The digits stay those of the report.
    let stated = measured.channel("Vert").unwrap().peak_acceleration.stated.unwrap();
    assert_eq!((stated.value, stated.unit), (0.184, Unit::Gravity));
}

#[test]
fn what_the_report_states_wins_and_both_stay_visible() {
    let mut recording = waveform(vec![
        geophone("Tran", vec![0, 33, 0]),
        geophone("Vert", vec![0, 34, 0]),
        geophone("Long", vec![0, 25, 0]),
        microphone(vec![0, 3, 0]),
    ]);
    recording.statement = Some(printed_record());
    let measured = measure(&recording);
    let tran = measured.channel("tran").unwrap();
    assert_eq!(tran.peak.shown().map(|(r, o)| (r.value, o)), Some((0.169, Origin::Stated)));
    assert_eq!(tran.peak.computed.unwrap().value, 0.165);
    assert_eq!(tran.zc_frequency.value(), Some(Frequency::measured(21.0)));
    assert_eq!(tran.zc_frequency.computed, Some(Frequency::above(100.0)));
    assert_eq!(measured.peak_vector_sum.value().unwrap().value, 0.190);
    let mic = measured.channel("MicL").unwrap();
    assert_eq!(mic.peak.value().unwrap().value, 90.66);
    close(mic.peak_pa.value().unwrap().value, 20e-6 * 10f64.powf(90.66 / 20.0), 1e-12);
    let json = serde_json::to_value(&measured).unwrap();
    assert_eq!(json["channels"][0]["peak"]["origin"], "stated");
    assert_eq!(json["channels"][0]["peak"]["computed"]["value"], 0.165);
    assert_eq!(json["channels"][0]["peak"]["stated"]["unit"], "in/s");
}

#[test]
fn the_printed_record_fits_the_definitions() {
    let record = printed_record();
    let [tran, vert, long] = [0, 1, 2].map(|i| record.channels[i].peak.unwrap().value);
    // The three peaks do not coincide: their root of squares is far above the printed PVS.
    close((tran * tran + vert * vert + long * long).sqrt(), 0.272, 2e-3);
    // Every printed frequency is 512 over a whole half-period, rounded.
    for channel in &record.channels {
        let hz = channel.zc_frequency.and_then(Frequency::hz).unwrap();
        let half = (512.0 / hz).round();
        assert_eq!((512.0 / half).round(), hz);
    }
}

#[test]
fn a_histogram_has_its_largest_interval_and_an_upper_bound_of_the_vector_sum() {
    let recording = histogram(vec![
        intervals(geophone("Tran", vec![6, 1, 255]), &[24, 4, 0], &[0, 0, 0]),
        intervals(geophone("Vert", vec![4, 2, 1]), &[18, 5, 9], &[0, 0, 0]),
        intervals(geophone("Long", vec![5, 40, 2]), &[21, 9, 0], &[0, 3, 0]),
    ]);
    let measured = measure(&recording);
    let [tran, vert, long] = [0, 1, 2].map(|i| &measured.channels[i]);
    assert!(tran.peak.value().unwrap().is_saturated());
    assert_eq!(vert.peak.value().unwrap(), Reading::new(0.02, Unit::InchPerSecond));
    assert_eq!(vert.zc_frequency.value().unwrap().to_string(), "28 Hz");
    assert_eq!(vert.peak_at.value(), UnitLocal::from_fields((2025, 8, 11), (7, 33, 27)));
    // The annotation says that the frequency cannot be measured.
    assert_eq!(long.zc_frequency.value(), Some(Frequency::NotAvailable));
    assert_eq!(long.peak_at.value(), UnitLocal::from_fields((2025, 8, 11), (7, 34, 27)));
    assert_eq!(long.time_of_peak_s.value(), None);
    assert_eq!(measured.peak_vector_sum.value(), None);
    let bound = measured.vector_sum_upper_bound.unwrap();
    assert_eq!(bound.interval, 2);
    assert!(bound.upper_bound.value > 1.275 && bound.upper_bound.is_saturated());
    let json = serde_json::to_value(&measured).unwrap();
    assert!(json["vector_sum_upper_bound"]["upper_bound"]["value"].is_number());
}

#[test]
fn a_silent_or_empty_recording_has_no_invented_numbers() {
    let silent = measure(&waveform(vec![geophone("Vert", vec![0; 50])]));
    assert_eq!(silent.channels[0].peak.value().unwrap().value, 0.0);
    assert_eq!(silent.channels[0].time_of_peak_s.value(), None);
    assert_eq!(silent.channels[0].zc_frequency.value(), Some(Frequency::NotAvailable));
    let empty = measure(&waveform(vec![geophone("Vert", Vec::new())]));
    assert_eq!((empty.channels[0].peak.value(), empty.channels[0].peak_index), (None, None));
    assert!(measure(&waveform(Vec::new())).channels.is_empty());
}

#[test]
fn ten_million_samples_are_measured() {
    let long: Vec<i16> = (0..10_000_000u32).map(|i| (i % 1999) as i16 - 999).collect();
    let measured = measure(&waveform(vec![geophone("Vert", long)]));
    assert_eq!(measured.channels[0].peak.value().unwrap().value, 4.995);
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(
        values in proptest::collection::vec(any::<f64>(), 0..30),
        gaps in proptest::collection::vec((0usize..40, 0usize..9), 0..4),
        rate_hz in any::<f64>(),
        pretrigger_s in any::<f64>(),
    ) {
        let mut channels = ["Tran", "Vert", "Long"].map(|name| Channel {
            samples: Samples::F64(values.clone()),
            ..geophone(name, Vec::new())
        });
        for (start, length) in gaps {
            channels[1].gaps.insert(start..start + length);
        }
        let mut recording = waveform(channels.to_vec());
        recording.time = TimeAxis::Samples {
            rate_hz: Assumed::by_default(rate_hz),
            pretrigger_s: Assumed::by_default(pretrigger_s),
        };
        let measured = measure(&recording);
        for channel in &measured.channels {
            prop_assert!(channel.peak.value().is_none_or(|peak| peak.value.is_finite()));
            prop_assert!(serde_json::to_string(channel).is_ok());
        }
    }

    #[test]
    fn ppv_is_the_largest_present_value_and_gaps_only_ever_lower_it(
        counts in proptest::collection::vec(-1999i16..=1999, 1..80),
        gap in (0usize..80, 1usize..30),
    ) {
        let whole = measure(&waveform(vec![geophone("Vert", counts.clone())]));
        let largest = counts.iter().map(|count| count.unsigned_abs()).max().unwrap_or(0);
        let found = whole.channels[0].peak.value().unwrap();
        prop_assert_eq!(found.value, f64::from(largest) / 200.0);
        let mut gapped = geophone("Vert", counts);
        let end = (gap.0 + gap.1).min(gapped.len());
        gapped.gaps.insert(gap.0..end.max(gap.0));
        let missing = gapped.gaps.samples();
        let part = measure(&waveform(vec![gapped]));
        if let Some(peak) = part.channels[0].peak.value() {
            prop_assert!(peak.value <= found.value);
            prop_assert_eq!(peak.flag == Some(Flag::Incomplete), missing > 0);
        }
    }
}

#[test]
fn a_frequency_printed_for_the_largest_interval_wins_over_the_half_period() {
    let mut tran = intervals(geophone("Tran", vec![1, 9]), &[24, 18], &[0, 1]);
    if let Some(facts) = &mut tran.intervals {
        facts.stated_frequencies = vec![None, Some(Frequency::measured(30.0))];
    }
    let measured = measure(&histogram(vec![tran]));
    let frequency = measured.channels[0].zc_frequency;
    assert_eq!(frequency.shown(), Some((Frequency::measured(30.0), Origin::Stated)));
    assert_eq!(frequency.computed, Some(Frequency::NotAvailable));
    assert_eq!(measured.channels[0].intervals[1].frequency, Frequency::measured(30.0));
}

#[test]
fn the_largest_level_of_the_intervals_is_the_peak_where_a_report_lists_them() {
    let level = |value: f64| Some(Reading::new(value, Unit::DecibelA).with_decimals(1));
    let mut channel = intervals(microphone(vec![1, 2, 3]), &[9, 9, 9], &[0, 0, 0]);
    if let Some(facts) = &mut channel.intervals {
        facts.stated_levels = [(61.2, 55.0), (67.3, 54.1), (59.9, 53.0)]
            .map(|(max, l10)| Some(SoundLevels { max: level(max), l10: level(l10), l90: None }))
            .to_vec();
    }
    let measured = measure(&histogram(vec![channel]));
    let microphone = &measured.channels[0];
    assert_eq!(microphone.peak.value(), level(67.3));
    assert_eq!(microphone.peak_at.value().unwrap().to_string(), "2025-08-11 07:34:27");
    let levels = microphone.largest_levels.unwrap();
    assert_eq!((levels.max, levels.l10, levels.l90), (level(67.3), level(55.0), None));
}
