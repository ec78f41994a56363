//! Made-up events for the tests and the gallery.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::f64::consts::TAU;

use wavekeep_core::{
    Assumed, Basis, Channel, ChannelStatement, FormatInfo, Frequency, GeophoneRange, HalfPeriod,
    IntervalFacts, Kind, Note, NoteKind, Reading, Recording, Report, Samples, Scale, Sensor,
    Source, Statement, TimeAxis, Unit, UnitLocal, UserNote,
};

static FORMAT: FormatInfo =
    FormatInfo { id: "blastware", name: "Blastware event file", file_names: &[] };

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

/// One part of a made-up ground motion: amplitude in counts, frequency, decay and arrival in s.
pub struct Burst(pub f64, pub f64, pub f64, pub f64);

/// Decaying sines over a little noise, clipped at `limit` counts.
pub fn motion(samples: usize, bursts: &[Burst], noise: f64, limit: f64) -> Vec<i16> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    (0..samples)
        .map(|i| {
            let t = i as f64 / RATE_HZ - 0.25;
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let random = (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5;
            let swing: f64 = bursts
                .iter()
                .filter(|burst| t >= burst.3)
                .map(|Burst(amplitude, hz, decay, arrival)| {
                    let since = t - arrival;
                    let rise = 1.0 - (-since / 0.02).exp();
                    amplitude * rise * (-since / decay).exp() * (TAU * hz * since).sin()
                })
                .sum();
            (swing + noise * random).clamp(-limit, limit).round() as i16
        })
        .collect()
}

fn at(day: u8, time: (u8, u8, u8)) -> UnitLocal {
    UnitLocal::from_fields((2026, 5, day), time).expect("a moment")
}

pub fn waveform(channels: Vec<Channel>) -> Recording {
    Recording {
        format: &FORMAT,
        kind: Kind::Waveform,
        source: Source {
            name: Some("M529LKVQ.6S0W".to_owned()),
            bytes: 8708,
            sha256: Some(
                "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
            ),
        },
        serial: Some(Assumed::stated("BE11529".to_owned(), Basis::FileName)),
        start: Some(Assumed::stated(at(8, (13, 16, 34)), Basis::File)),
        stop: None,
        time: TimeAxis::Samples {
            rate_hz: Assumed::stated(RATE_HZ, Basis::Report),
            pretrigger_s: Assumed::stated(0.25, Basis::Report),
        },
        range: Some(Assumed::stated(GeophoneRange::Normal, Basis::Report)),
        channels,
        statement: None,
        metadata: serde_json::Map::new(),
        report: Report::default(),
    }
}

/// A blast of about 1 in/s.
pub fn blast() -> Recording {
    let n = 3328;
    waveform(vec![
        geophone(
            "Tran",
            motion(n, &[Burst(160.0, 21.0, 0.35, 0.0), Burst(90.0, 9.0, 0.6, 0.4)], 1.5, 2000.0),
        ),
        geophone(
            "Vert",
            motion(n, &[Burst(260.0, 32.0, 0.25, 0.0), Burst(60.0, 14.0, 0.5, 0.3)], 1.5, 2000.0),
        ),
        geophone(
            "Long",
            motion(n, &[Burst(190.0, 26.0, 0.3, 0.01), Burst(110.0, 11.0, 0.5, 0.5)], 1.5, 2000.0),
        ),
        microphone(motion(
            n,
            &[Burst(46.0, 14.0, 0.25, 0.9), Burst(12.0, 6.0, 0.5, 1.2)],
            1.2,
            2000.0,
        )),
    ])
}

/// The blast with the vendor's report.
pub fn reported() -> Recording {
    let mut recording = blast();
    let measured = wavekeep_signal::measure(&recording);
    let channel = |name: &str, test: f64| ChannelStatement {
        name: name.to_owned(),
        peak: measured.channel(name).and_then(|found| found.peak.value()),
        zc_frequency: measured.channel(name).and_then(|found| found.zc_frequency.value()),
        time_of_peak_s: measured.channel(name).and_then(|found| found.time_of_peak_s.value()),
        peak_acceleration: measured.channel(name).and_then(|found| found.peak_acceleration.value()),
        peak_displacement: measured.channel(name).and_then(|found| found.peak_displacement.value()),
        test_frequency: Some(Frequency::measured(test)),
        test_ratio: Some(3.8),
        test_results: Some("Passed".to_owned()),
        ..ChannelStatement::default()
    };
    let note = |role, label: &str, text: &str| UserNote {
        role,
        label: label.to_owned(),
        text: text.to_owned(),
    };
    recording.statement = Some(Statement {
        event_type: Some("Full Waveform".to_owned()),
        start: Some(at(8, (13, 16, 34))),
        trigger: Some("Geo: 0.050 in/s".to_owned()),
        geophone_range: Some(Reading::new(10.0, Unit::InchPerSecond)),
        record_time_s: Some(3.0),
        pretrigger_s: Some(0.25),
        rate_hz: Some(1024.0),
        serial: Some("BE11529".to_owned()),
        firmware: Some("V 10.72-8.17 MiniMate Plus".to_owned()),
        battery: Some("6.7 Volts".to_owned()),
        calibration: Some("January 22, 2026 by Instantel".to_owned()),
        software: Some("V 10.74".to_owned()),
        notes: vec![
            note("project", "Project:", "North quarry, bench 4, shot 2026-117"),
            note("client", "Client:", "Hartmann & Söhne <Stone> Ltd."),
            note("operator", "User Name:", "J. Okafor"),
            note("sensor_location", "Seis Loc:", "12 Mill Lane, cellar wall, north side"),
        ],
        channels: vec![
            channel("Tran", 7.4),
            channel("Vert", 7.6),
            channel("Long", 7.3),
            ChannelStatement {
                test_ratio: None,
                test_amplitude: Some(Reading::new(533.0, Unit::Millivolt)),
                ..channel("MicL", 20.1)
            },
        ],
        peak_vector_sum: measured.peak_vector_sum.value(),
        peak_vector_sum_time_s: measured.peak_vector_sum_time_s.value(),
        ..Statement::default()
    });
    recording
}

/// Nothing but noise of a count or two.
pub fn quiet() -> Recording {
    let n = 2304;
    let mut recording = waveform(vec![
        geophone("Tran", motion(n, &[Burst(3.0, 12.0, 0.3, 0.0)], 1.6, 2000.0)),
        geophone("Vert", motion(n, &[Burst(5.0, 24.0, 0.2, 0.0)], 1.6, 2000.0)),
        geophone("Long", motion(n, &[], 1.0, 2000.0)),
        microphone(motion(n, &[], 2.0, 2000.0)),
    ]);
    recording.time = TimeAxis::Samples {
        rate_hz: Assumed::by_default(RATE_HZ),
        pretrigger_s: Assumed::by_default(0.25),
    };
    recording.range = Some(Assumed::by_default(GeophoneRange::Normal));
    recording
        .report
        .assumption("rate_assumed", "Nothing states the sample rate: 1024 samples/s is assumed.");
    recording.report.assumption(
        "pretrigger_assumed",
        "Nothing states the pre-trigger length: 0.25 s is assumed.",
    );
    recording.report.assumption(
        "range_assumed",
        "Nothing states the range of the geophones: Normal (10 in/s) is assumed.",
    );
    recording
}

/// Louder than the geophones can tell.
pub fn saturated() -> Recording {
    let n = 3328;
    waveform(vec![
        geophone("Tran", motion(n, &[Burst(3800.0, 18.0, 0.3, 0.0)], 2.0, 2000.0)),
        geophone("Vert", motion(n, &[Burst(2900.0, 30.0, 0.2, 0.0)], 2.0, 2000.0)),
        geophone("Long", motion(n, &[Burst(1400.0, 24.0, 0.3, 0.02)], 2.0, 2000.0)),
        microphone(motion(n, &[Burst(900.0, 12.0, 0.3, 0.8)], 2.0, 2000.0)),
    ])
}

/// A damaged blast: a segment of Vert and some single samples of Long are missing.
pub fn gapped() -> Recording {
    let mut recording = blast();
    recording.channels[1].gaps.insert(512..1024);
    recording.channels[2].gaps.insert(300..301);
    recording.channels[2].gaps.insert(2000..2040);
    recording.channels[3].gaps.insert(3000..3328);
    recording.report.push(
        Note::new(
            NoteKind::Damage,
            "segment_lost",
            "Segment 5 of Vert cannot be decoded: samples 512 to 1023 are missing.",
        )
        .at(2310)
        .on("Vert")
        .over(512..1024),
    );
    recording.report.push(Note::new(
        NoteKind::Disagreement,
        "length",
        "The file is 2 bytes longer than its keys say.",
    ));
    recording
}

/// A night of 700 intervals.
pub fn night() -> Recording {
    let n = 700;
    let channel = |mut channel: Channel, seed: usize, gain: f64| {
        // The size of noise of a night, of the work in it, and one blast.
        let noise = motion(n, &[], 2.0, 255.0);
        let counts: Vec<i16> = (0..n)
            .map(|i| {
                let random = f64::from(noise[(i * 37 + seed * 211) % n].abs());
                let swell = (i as f64 / 41.0 + seed as f64).sin().abs();
                let work = if (180..420).contains(&i) { 4.0 + 9.0 * swell * random } else { 0.0 };
                let blast = if i == 233 { 51.0 + 17.0 * seed as f64 } else { 0.0 };
                ((random + work + blast) * gain).min(255.0) as i16
            })
            .collect();
        let half_periods = counts.iter().enumerate().map(|(i, count)| {
            HalfPeriod(if *count == 0 { 0 } else { [24, 12, 40, 9, 5, 18][(i + seed) % 6] })
        });
        channel.intervals = Some(IntervalFacts {
            half_periods: half_periods.collect(),
            annotations: (0..n).map(|i| u8::from(i % 50 == 7)).collect(),
            ..IntervalFacts::default()
        });
        channel.limit_count = Some(255.0);
        channel.samples = Samples::I16(counts);
        channel
    };
    let mut recording = waveform(vec![
        channel(geophone("Tran", Vec::new()), 0, 1.0),
        channel(geophone("Vert", Vec::new()), 1, 1.0),
        channel(geophone("Long", Vec::new()), 2, 1.0),
        channel(microphone(Vec::new()), 3, 2.0),
    ]);
    recording.kind = Kind::Histogram;
    recording.source.name = Some("N844L6Z8.ZR0H".to_owned());
    recording.start = Some(Assumed::stated(at(10, (19, 14, 2)), Basis::File));
    recording.stop = Some(Assumed::stated(at(11, (6, 54, 2)), Basis::File));
    recording.time = TimeAxis::Intervals {
        start: recording.start,
        length_s: Some(Assumed::stated(60.0, Basis::Report)),
    };
    recording
}

/// The night without a report, with lost intervals and one at the limit of a byte.
pub fn damaged_night() -> Recording {
    let mut recording = night();
    if let Samples::I16(counts) = &mut recording.channels[0].samples {
        counts[300] = 255;
    }
    for channel in &mut recording.channels {
        channel.gaps.insert(500..560);
    }
    recording.time = TimeAxis::Intervals { start: None, length_s: None };
    recording
}

/// The reported blast with everything that a stranger can type.
pub fn hostile() -> Recording {
    let mut recording = reported();
    recording.source.name =
        Some(format!("</svg>&\"'<script>alert(1)</script>{}", "n".repeat(5000)));
    recording.serial =
        Some(Assumed::stated("BE\u{0}11\u{202e}529\u{ffff}".to_owned(), Basis::File));
    recording.channels[0].name = "Tr<an>&amp;".into();
    recording.channels[1].name = "V".repeat(300).into();
    if let Some(statement) = &mut recording.statement {
        statement.trigger = Some("\t\r\n ]]> <!-- ".to_owned());
        statement.firmware = Some("\u{1b}[31mred\u{7}".to_owned());
        let texts = [
            "x".repeat(10_000),
            "many words ".repeat(1000),
            "採石場 第七発破 карьер Λατομείο".to_owned(),
            "محجر الشمال \u{1f4a5} Šiaurinis karjeras".to_owned(),
        ];
        for (note, text) in statement.notes.iter_mut().zip(texts) {
            note.text = text;
        }
    }
    for number in 0..40 {
        recording
            .report
            .damage("made_up", format!("Damage {number} <&> {}", "long ".repeat(number * 20)));
    }
    recording
}
