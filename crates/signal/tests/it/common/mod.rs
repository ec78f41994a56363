//! Recordings that are made up for the tests.

use wavekeep_core::{
    Assumed, Basis, Channel, FormatInfo, GeophoneRange, HalfPeriod, IntervalFacts, Kind, Recording,
    Samples, Scale, Sensor, TimeAxis, Unit, UnitLocal,
};

static FORMAT: FormatInfo = FormatInfo { id: "made_up", name: "made-up event", file_names: &[] };

pub const RATE_HZ: f64 = 1024.0;

pub fn geophone(name: &'static str, counts: Vec<i16>) -> Channel {
    Channel {
        sensor: Sensor::Geophone,
        limit_count: Some(2000.0),
        ..Channel::new(name, Samples::I16(counts)).with_scale(Scale::ratio(
            1.0,
            200.0,
            Unit::InchPerSecond,
        ))
    }
}

pub fn microphone(counts: Vec<i16>) -> Channel {
    let scale = Scale::ratio(1.0, 4.0, Unit::Pascal).with_level_of_one_count(81.94);
    Channel {
        sensor: Sensor::Microphone,
        ..Channel::new("MicL", Samples::I16(counts)).with_scale(scale)
    }
}

/// A decaying sine that begins at the trigger, 0.25 s into `samples` samples.
pub fn blast(amplitude: f64, hz: f64, decay_s: f64, samples: usize) -> Vec<i16> {
    (0..samples)
        .map(|i| {
            let t = i as f64 / RATE_HZ - 0.25;
            let swing = amplitude * (-t / decay_s).exp() * (std::f64::consts::TAU * hz * t).sin();
            if t < 0.0 { 0 } else { swing.round() as i16 }
        })
        .collect()
}

pub fn waveform(channels: Vec<Channel>) -> Recording {
    let time = TimeAxis::Samples {
        rate_hz: Assumed::stated(RATE_HZ, Basis::Report),
        pretrigger_s: Assumed::stated(0.25, Basis::Report),
    };
    Recording {
        range: Some(Assumed::stated(GeophoneRange::Normal, Basis::Report)),
        channels,
        ..Recording::new(&FORMAT, Kind::Waveform, time)
    }
}

pub fn intervals(mut channel: Channel, half_periods: &[u16], annotations: &[u8]) -> Channel {
    channel.limit_count = Some(255.0);
    channel.intervals = Some(IntervalFacts {
        half_periods: half_periods.iter().copied().map(HalfPeriod).collect(),
        annotations: annotations.to_vec(),
        ..IntervalFacts::default()
    });
    channel
}

pub fn histogram(channels: Vec<Channel>) -> Recording {
    let start = UnitLocal::from_fields((2025, 8, 11), (7, 33, 27)).expect("a moment");
    Recording {
        kind: Kind::Histogram,
        time: TimeAxis::Intervals {
            start: Some(Assumed::stated(start, Basis::Report)),
            length_s: Some(Assumed::stated(60.0, Basis::Report)),
        },
        ..waveform(channels)
    }
}
