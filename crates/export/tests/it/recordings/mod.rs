//! Recordings that the tests write: made from arithmetic, so that they are the same everywhere.

// Each test file is a program of its own and uses its own part of this one.
#![allow(dead_code)]

use wavekeep_core::{
    Assumed, Basis, Channel, FormatInfo, Frequency, GeophoneRange, HalfPeriod, IntervalFacts, Kind,
    Note, NoteKind, Recording, Report, Samples, Scale, Sensor, Source, TimeAxis, Unit, UnitLocal,
};

static FORMAT: FormatInfo =
    FormatInfo { id: "example", name: "Example event file", file_names: &["*.EX0W"] };

pub fn moment() -> UnitLocal {
    UnitLocal::from_fields((2026, 5, 1), (13, 16, 34)).expect("a date of the calendar")
}

/// One of the four channels of a unit, by its name.
pub fn channel(name: &'static str, samples: Samples) -> Channel {
    let mut channel = Channel::new(name, samples);
    if name == "MicL" {
        channel.sensor = Sensor::Microphone;
        channel.scale = Scale::ratio(1.0, 4.0, Unit::Pascal).with_level_of_one_count(81.94);
    } else {
        channel.sensor = Sensor::Geophone;
        channel.scale = Scale::ratio(1.0, 200.0, Unit::InchPerSecond);
        channel.limit_count = Some(2047.0);
    }
    channel
}

pub fn waveform(channels: Vec<Channel>) -> Recording {
    let mut report = Report::default();
    report.assumption("rate", "the sample rate is not in the file: 1024 samples/s");
    Recording {
        format: &FORMAT,
        kind: Kind::Waveform,
        source: Source {
            name: Some("M529LKIQ.7M0W".to_owned()),
            bytes: 8708,
            sha256: Some("00ff".repeat(16)),
        },
        serial: Some(Assumed::stated("BE11529".to_owned(), Basis::FileName)),
        start: Some(Assumed::stated(moment(), Basis::File)),
        stop: moment().checked_add_seconds(3.0).map(|stop| Assumed::stated(stop, Basis::File)),
        time: TimeAxis::Samples {
            rate_hz: Assumed::by_default(1024.0),
            pretrigger_s: Assumed::by_default(0.25),
        },
        range: Some(Assumed::by_default(GeophoneRange::Normal)),
        channels,
        statement: None,
        metadata: serde_json::from_str(
            r#"{"end_key": 8690, "continuous": true, "ratio": 0.5, "mode": "é", "keys": [1, 2]}"#,
        )
        .expect("an object"),
        report,
    }
}

/// A decaying oscillation of `len` counts, as a blast looks from afar.
pub fn counts(len: usize, peak: f64, period: f64) -> Vec<i16> {
    (0..len)
        .map(|index| {
            let since = index as f64 - 256.0;
            if since < 0.0 {
                return (index % 3) as i16 - 1;
            }
            (peak * (-since / 400.0).exp() * (since / period).sin()).round() as i16
        })
        .collect()
}

/// 3.25 s of four channels at 1024 samples/s.
pub fn blast() -> Recording {
    waveform(vec![
        channel("Tran", Samples::I16(counts(3328, 38.0, 8.0))),
        channel("Vert", Samples::I16(counts(3328, 2047.0, 5.0))),
        channel("Long", Samples::I16(counts(3328, -24.0, 11.0))),
        channel("MicL", Samples::I16(counts(3328, 813.0, 20.0))),
    ])
}

/// A blast of which segments were lost, at both ends and in the middle.
pub fn gapped() -> Recording {
    let mut recording = blast();
    recording.channels[0].gaps.insert(0..512);
    recording.channels[0].gaps.insert(2560..3328);
    recording.channels[1].gaps.insert(512..1024);
    recording.channels[1].gaps.insert(1536..1537);
    recording.report.push(
        Note::new(NoteKind::Damage, "segment_lost", "a segment is gone").on("Vert").over(512..1024),
    );
    recording
}

/// Counts whose neighbours are too far apart for Steim2, and floats beside them.
pub fn wide() -> Recording {
    let mut recording = waveform(vec![
        Channel::new("Jump", Samples::I32(vec![i32::MIN, i32::MAX, 0, -1, 1 << 29, 0])),
        Channel::new("Step", Samples::I32(vec![0, (1 << 29) - 1, -1, 5, 6, 7])),
        Channel::new("Single", Samples::F32(vec![0.1, -2.5, f32::NAN, 4.0, 5.0, f32::INFINITY])),
        Channel::new("Double", Samples::F64(vec![0.1, -2.5, 1e-300, 4.0, 5.0, 6.0]))
            .with_scale(Scale::identity(Unit::Volt)),
    ]);
    recording.time = TimeAxis::Samples {
        rate_hz: Assumed::stated(12.5, Basis::Report),
        pretrigger_s: Assumed::stated(0.1, Basis::Report),
    };
    recording.serial = None;
    recording
}

/// A night of `len` intervals of a minute, with every special value.
pub fn night(len: usize) -> Recording {
    let values = |offset: usize, modulus: usize| -> Vec<i16> {
        (0..len).map(|index| ((index * 7 + offset) % modulus) as i16).collect()
    };
    let half_periods = [24, 18, 0, 5, 513, 9, 200];
    let mut channels = vec![
        channel("Tran", Samples::I16(values(10, 256))),
        channel("Vert", Samples::I16(values(4, 40))),
        channel("Long", Samples::I16(values(5, 30))),
        channel("MicL", Samples::I16(values(0, 90))),
    ];
    for (place, channel) in channels.iter_mut().enumerate() {
        channel.limit_count = Some(255.0);
        channel.intervals = Some(IntervalFacts {
            half_periods: (0..len)
                .map(|index| HalfPeriod(half_periods[(index + place) % half_periods.len()]))
                .collect(),
            annotations: (0..len).map(|index| u8::from(index % 5 == 2)).collect(),
            ..IntervalFacts::default()
        });
    }
    if let Some(facts) = &mut channels[1].intervals {
        facts.stated_frequencies = vec![None, Some(Frequency::measured(33.5)), None];
    }
    let mut recording = waveform(channels);
    recording.kind = Kind::Histogram;
    recording.time = TimeAxis::Intervals {
        start: Some(Assumed::stated(moment(), Basis::Report)),
        length_s: Some(Assumed::stated(60.0, Basis::Report)),
    };
    recording.channels[2].gaps.insert(3..5);
    recording
}
