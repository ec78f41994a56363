//! Acceleration, displacement and vector sum of whole recordings.

use crate::common::{blast, geophone, histogram, intervals, microphone, waveform};
use proptest::prelude::*;
use wavekeep_core::{Assumed, Channel, Flag, Recording, Samples, Sensor, TimeAxis, Unit};
use wavekeep_signal::{
    Measurements, MotionQuantity, MotionTraces, NoMotion, measure, motion_traces,
};

fn three() -> Recording {
    waveform(vec![
        geophone("Tran", blast(700.0, 32.0, 0.5, 2048)),
        geophone("Vert", blast(1000.0, 20.0, 0.5, 2048)),
        geophone("Long", blast(300.0, 45.0, 0.5, 2048)),
        microphone(vec![0; 2048]),
    ])
}

fn of(recording: &Recording, quantity: MotionQuantity) -> MotionTraces {
    motion_traces(recording, quantity).unwrap()
}

fn close(found: f64, expected: f64, relative: f64) {
    assert!((found - expected).abs() <= expected.abs() * relative, "{found} is not {expected}");
}

#[test]
fn the_largest_value_of_an_acceleration_trace_is_the_peak_acceleration() {
    let recording = three();
    let found = of(&recording, MotionQuantity::Acceleration);
    let measured = measure(&recording);
    assert_eq!(found.recording.channels.len(), 3, "a microphone has no acceleration");
    for (trace, velocity) in found.measured.channels.iter().zip(&measured.channels) {
        let peak = trace.peak.value().unwrap();
        assert_eq!((peak.unit, peak.flag), (Unit::Gravity, None));
        close(peak.value, velocity.peak_acceleration.value().unwrap().value, 1e-12);
        assert_eq!(trace.half_wave, None);
        assert_eq!(trace.zc_frequency.value(), None);
    }
}

#[test]
fn an_acceleration_stands_in_the_middle_between_its_samples() {
    let recording = three();
    let found = of(&recording, MotionQuantity::Acceleration).recording;
    assert_eq!(found.len(), recording.len() - 1);
    let middle = |index| {
        (recording.time.seconds(index).unwrap() + recording.time.seconds(index + 1).unwrap()) / 2.0
    };
    for index in [0, 1, 900] {
        assert!((found.time.seconds(index).unwrap() - middle(index)).abs() < 1e-12);
    }
}

#[test]
fn the_largest_value_of_the_vector_sum_is_the_pvs() {
    let recording = three();
    let found = of(&recording, MotionQuantity::VectorSum);
    let pvs = measure(&recording).peak_vector_sum.value().unwrap();
    let [trace] = found.measured.channels.as_slice() else { panic!("one channel") };
    assert_eq!(trace.name, "Vector sum");
    assert_eq!(trace.peak.value(), Some(pvs));
    let time = measure(&recording).peak_vector_sum_time_s.value();
    assert_eq!(trace.time_of_peak_s.value(), time);
    assert_eq!(found.measured.peak_vector_sum.value(), None);
}

#[test]
fn half_the_way_between_the_extremes_of_a_blast_is_its_peak_displacement() {
    let recording = three();
    let found = of(&recording, MotionQuantity::Displacement).recording;
    for (trace, velocity) in found.channels.iter().zip(&measure(&recording).channels) {
        assert_eq!(trace.unit(), Unit::Inch);
        let high = trace.physical().flatten().fold(f64::NEG_INFINITY, f64::max);
        let low = trace.physical().flatten().fold(f64::INFINITY, f64::min);
        // From rest the ground moves to one side, and swings back past its middle: a blast begins with
        // the whole way, of which the peak displacement is half.
        close((high - low) / 2.0, velocity.peak_displacement.value().unwrap().value, 0.05);
    }
}

#[test]
fn the_displacement_of_a_velocity_in_millimetres_is_in_millimetres() {
    let mut recording = three();
    let found = of(&recording, MotionQuantity::Displacement);
    for channel in &mut recording.channels {
        if channel.sensor == Sensor::Geophone {
            channel.scale.unit = Unit::MillimetrePerSecond;
        }
    }
    let metric = of(&recording, MotionQuantity::Displacement);
    let peak = |of: &MotionTraces| of.measured.channels[0].peak.value().unwrap();
    assert_eq!(peak(&metric).unit, Unit::Millimetre);
    close(peak(&metric).value, peak(&found).value, 1e-12);
}

#[test]
fn what_was_at_its_limit_or_impossible_is_marked_in_every_trace() {
    for (flag, at_limit, possible) in
        [(Flag::Saturated, Some(300.0), None), (Flag::Impossible, Some(300.0), Some(400.0))]
    {
        let mut recording = three();
        recording.channels[0].limit_count = at_limit;
        recording.channels[0].converter_limit = possible;
        for quantity in MotionQuantity::ALL {
            let found = of(&recording, quantity);
            let peak = found.measured.channels[0].peak.value().unwrap();
            assert_eq!(peak.flag, Some(flag), "{quantity}");
            let counts = |of: &Measurements| {
                (of.channels[0].samples_at_limit, of.channels[0].impossible_samples)
            };
            // The others of a vector sum have none.
            assert_eq!(counts(&found.measured), counts(&measure(&recording)));
            // Whoever measures the traces again finds the same.
            assert_eq!(measure(&found.recording).channels[0].peak.value(), Some(peak));
            if let Some(other) = found.measured.channels.get(1) {
                assert_eq!(other.peak.value().unwrap().flag, None);
            }
        }
    }
}

#[test]
fn a_missing_sample_is_missing_in_every_trace_and_marks_its_peak() {
    let mut recording = three();
    recording.channels[1].gaps.insert(700..703);
    let gaps = |quantity, channel: usize| {
        of(&recording, quantity).recording.channels[channel].gaps.ranges().to_vec()
    };
    assert_eq!(gaps(MotionQuantity::Acceleration, 1), [699..703]);
    assert_eq!(gaps(MotionQuantity::Displacement, 1), [700..703]);
    assert_eq!(gaps(MotionQuantity::VectorSum, 0), [700..703]);
    assert_eq!(gaps(MotionQuantity::Acceleration, 0), []);
    for quantity in MotionQuantity::ALL {
        let found = of(&recording, quantity);
        let peak = found.measured.channels.last().unwrap().peak.value().unwrap();
        let expected = (quantity == MotionQuantity::VectorSum).then_some(Flag::Incomplete);
        assert_eq!(peak.flag, expected);
    }
}

#[test]
fn an_assumed_rate_stays_assumed() {
    let mut recording = three();
    recording.time = TimeAxis::Samples {
        rate_hz: Assumed::by_default(1024.0),
        pretrigger_s: Assumed::by_default(0.25),
    };
    for quantity in MotionQuantity::ALL {
        let found = of(&recording, quantity);
        assert!(found.measured.rate_assumed);
        let TimeAxis::Samples { pretrigger_s, .. } = found.recording.time else { panic!() };
        assert!(pretrigger_s.is_assumed());
    }
}

#[test]
fn recordings_without_such_traces_are_refused_with_a_reason() {
    let refused = |recording: &Recording, quantity| {
        motion_traces(recording, quantity).unwrap_err().to_string()
    };
    let bars = histogram(vec![intervals(geophone("Tran", vec![1, 2, 3]), &[], &[])]);
    let air = waveform(vec![microphone(vec![0, 1, 2])]);
    let two = waveform(vec![geophone("Tran", vec![1, 2]), geophone("Vert", vec![3, 4])]);
    for quantity in MotionQuantity::ALL {
        assert!(refused(&bars, quantity).contains("peaks, not samples"));
        assert!(refused(&air, quantity).contains("no geophone"));
    }
    assert_eq!(motion_traces(&two, MotionQuantity::VectorSum).unwrap_err(), NoMotion::NotThree(2));
    let mut still = two;
    still.time = TimeAxis::Samples {
        rate_hz: Assumed::by_default(0.0),
        pretrigger_s: Assumed::by_default(0.0),
    };
    assert!(refused(&still, MotionQuantity::Displacement).contains("positive sample rate"));
}

#[test]
fn two_samples_one_and_none_have_the_traces_that_they_can_have() {
    let lengths = |samples: Vec<i16>| {
        let recording =
            waveform(["Tran", "Vert", "Long"].map(|name| geophone(name, samples.clone())).to_vec());
        MotionQuantity::ALL.map(|quantity| {
            let found = of(&recording, quantity);
            let channel = &found.recording.channels[0];
            channel.len() - channel.gaps.samples()
        })
    };
    assert_eq!(lengths(vec![3, 5]), [1, 2, 2]);
    assert_eq!(lengths(vec![3]), [0, 0, 1]);
    assert_eq!(lengths(Vec::new()), [0, 0, 0]);
}

proptest! {
    #[test]
    fn no_sample_of_any_size_makes_a_trace_that_is_no_number(
        samples in proptest::collection::vec(any::<f64>(), 0..50),
    ) {
        let channel = |name: &'static str| Channel {
            samples: Samples::F64(samples.clone()),
            ..geophone(name, Vec::new())
        };
        let recording = waveform(vec![channel("Tran"), channel("Vert"), channel("Long")]);
        for quantity in MotionQuantity::ALL {
            let found = of(&recording, quantity);
            for channel in &found.recording.channels {
                prop_assert!(channel.physical().flatten().all(f64::is_finite));
            }
        }
    }
}
