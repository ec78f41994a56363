//! The samples of the Thor format.

use std::f64::consts::TAU;
use std::fs;
use std::path::Path;

use serde_json::json;
use wavekeep_blastware::waveform::CHANNELS;
use wavekeep_core::{
    ChannelStatement, DecodeOptions, EventFormat, HalfPeriod, HistogramStatement, Input, Reading,
    Recording, Scale, Sensor, Statement, Unit, UnitLocal, UserNote,
};
use wavekeep_signal::measure;
use wavekeep_thor::histogram::{self, ByteOrder, ChannelExtremes, Interval};
use wavekeep_thor::report_text::{self, SampleTable};
use wavekeep_thor::{Ending, Thor, ThorName, USUAL_BODY_OFFSET, assemble};

use crate::{
    Noise, Outcome, PRETRIGGER_S, RATE_HZ, encode, moment, twin_of, waveform_facts, waves, write,
};

const SERIAL: &str = "UM11719";
/// What the report of the blast prints a count as, in in/s.
const COUNT_IN_PER_S: (f64, f64) = (31.0, 100_000.0);

pub fn all(folder: &Path) -> Outcome {
    blast(folder)?;
    loud(folder)?;
    night(folder)
}

fn name(start: UnitLocal, ending: Ending) -> String {
    ThorName { serial: SERIAL.to_owned(), start, ending }.to_string()
}

fn decode(name: &str, file: &[u8]) -> Outcome<Recording> {
    let input = Input { bytes: file, name: Some(name) };
    let mut recording = Thor.decode(input, &DecodeOptions::default())?;
    for channel in &mut recording.channels {
        if channel.sensor == Sensor::Geophone {
            let (numerator, denominator) = COUNT_IN_PER_S;
            channel.scale = Scale::ratio(numerator, denominator, Unit::InchPerSecond);
        }
    }
    Ok(recording)
}

fn common(start: UnitLocal) -> Statement {
    let note = |role, label: &str, text: &str| UserNote {
        role,
        label: label.to_owned(),
        text: text.to_owned(),
    };
    Statement {
        start: Some(start),
        rate_hz: Some(RATE_HZ),
        units: Some("in/s and dB(L)".to_owned()),
        serial: Some(SERIAL.to_owned()),
        firmware: Some("Micromate ISEE 11.0".to_owned()),
        calibration: Some("March 3, 2026 by Instantel".to_owned()),
        notes: vec![
            note("sensor_location", "Location", "Garden wall, 12 Mill Lane"),
            note("notes", "General", "Quarry extension, phase 2"),
        ],
        ..Statement::default()
    }
}

fn plain(reading: Reading) -> Reading {
    Reading { flag: None, ..reading }
}

fn blast(folder: &Path) -> Outcome {
    let start = moment((2026, 7, 14), (15, 30, 12))?;
    let name = name(start, Ending::Waveform);
    let channels = waves(
        1.0,
        [
            (640.0, 22.0, 0.010, 0.24),
            (910.0, 31.0, 0.006, 0.20),
            (520.0, 27.0, 0.008, 0.22),
            (900.0, 15.0, 0.22, 0.12),
        ],
    );
    let file = assemble(USUAL_BODY_OFFSET, &encode(&channels)?);
    let recording = decode(&name, &file)?;
    let measured = measure(&recording);
    let of_channels = measured.channels.iter().map(|channel| ChannelStatement {
        name: channel.name.clone(),
        peak: channel.peak.computed.map(plain),
        zc_frequency: channel.zc_frequency.computed,
        time_of_peak_s: channel.time_of_peak_s.computed,
        peak_acceleration: channel.peak_acceleration.computed.map(plain),
        peak_displacement: channel.peak_displacement.computed.map(plain),
        test_results: Some("Passed".to_owned()),
        ..Default::default()
    });
    let statement = Statement {
        event_type: Some("Full Waveform".to_owned()),
        trigger: Some("Vert".to_owned()),
        record_time_s: Some(1.0),
        pretrigger_s: Some(PRETRIGGER_S),
        channels: of_channels.collect(),
        peak_vector_sum: measured.peak_vector_sum.computed.map(plain),
        peak_vector_sum_time_s: measured.peak_vector_sum_time_s.computed,
        ..common(start)
    };
    let columns: Vec<Vec<Option<f64>>> = recording
        .channels
        .iter()
        .map(|channel| {
            let shown = |count| channel.scale.level(count).unwrap_or(channel.scale.apply(count));
            channel.counts().map(|count| count.map(shown)).collect()
        })
        .collect();
    let rows = 0..recording.len();
    let table = SampleTable {
        rows: rows.map(|row| std::array::from_fn(|turn| columns[turn][row])).collect(),
        decimals: [4, 4, 4, 2],
    };
    let report = format!("TXT/{name}.txt");
    fs::create_dir_all(folder.join("TXT"))?;
    write(&folder.join(&name), &file)?;
    write(&folder.join(&report), &report_text::write(&statement, Some(&table)))?;
    let description =
        "a blast of 1 s, its report with the samples in the folder TXT: 0.00031 in/s for a count";
    twin_of("thor", folder, &name, description, waveform_facts(&channels, Some(&report)))
}

fn loud(folder: &Path) -> Outcome {
    let start = moment((2026, 7, 16), (8, 45, 30))?;
    let name = name(start, Ending::Waveform);
    let channels = waves(
        1.0,
        [
            (21_000.0, 84.0, 0.004, 0.12),
            (26_000.0, 97.0, 0.003, 0.10),
            (17_000.0, 76.0, 0.004, 0.12),
            (9_000.0, 41.0, 0.10, 0.10),
        ],
    );
    let mut file = assemble(0x1033, &encode(&channels)?);
    // What a body begins with, by chance in the header.
    file[0x0f80..0x0f83].copy_from_slice(&[0x00, 0x02, 0x00]);
    write(&folder.join(&name), &file)?;
    let description = "a loud blast of 16-bit deltas without a report; 00 02 00 stands in front of its body, which begins at 0x1033";
    twin_of("thor", folder, &name, description, waveform_facts(&channels, None))
}

fn night(folder: &Path) -> Outcome {
    const INTERVALS: usize = 240;
    let start = moment((2026, 7, 14), (22, 0, 0))?;
    let stop = moment((2026, 7, 15), (2, 0, 0))?;
    let name = name(start, Ending::Histogram);
    let mut noise = Noise(11);
    // Traffic dies down, a train passes every 41 minutes.
    let mut intervals = Vec::with_capacity(INTERVALS);
    for index in 0..INTERVALS {
        let traffic = 0.5 + 0.5 * (TAU * index as f64 / 480.0).cos();
        let train = if index % 41 == 13 { 120.0 + (index % 5) as f64 } else { 0.0 };
        let mut channel = |size: f64, hz: f64| {
            let peak = (4.0 + traffic * size * 8.0 + train * size / 3.0 + noise.next()) as i16;
            let half_period = HalfPeriod((512.0 / (hz + noise.next())) as u16);
            ChannelExtremes { minimum: 1 - peak, maximum: peak, half_period, open: [0; 3] }
        };
        let channels =
            [channel(2.0, 21.0), channel(3.0, 28.0), channel(1.6, 24.0), channel(2.0, 57.0)];
        intervals.push(Interval { channels, open: [0; 8] });
    }
    let (first, second) = intervals.split_at(200);
    let body = histogram::encode(&[first, second], ByteOrder::BigEndian)?;
    let file = assemble(USUAL_BODY_OFFSET, &body);
    let measured = measure(&decode(&name, &file)?);
    let of_channels = measured.channels.iter().map(|channel| ChannelStatement {
        name: channel.name.clone(),
        peak: channel.peak.computed.map(plain),
        zc_frequency: channel.zc_frequency.computed,
        test_results: Some("Passed".to_owned()),
        ..Default::default()
    });
    let statement = Statement {
        event_type: Some("Histogram".to_owned()),
        channels: of_channels.collect(),
        histogram: Some(HistogramStatement {
            start: Some(start),
            stop: Some(stop),
            intervals: Some(INTERVALS as f64),
            interval_s: Some(60.0),
        }),
        ..common(start)
    };
    let report = format!("{name}.txt");
    write(&folder.join(&name), &file)?;
    write(&folder.join(&report), &report_text::write(&statement, None))?;
    let column = |turn: usize| intervals.iter().map(move |interval| interval.channels[turn].peak());
    let peaks: Vec<_> = (0..CHANNELS.len()).map(|turn| column(turn).max()).collect();
    let facts = json!({
        "kind": "histogram",
        "length": INTERVALS,
        "peak_counts": peaks,
        "damaged": false,
        "report": report,
    });
    let description = "four hours of one-minute intervals in two segments, the report beside it";
    twin_of("thor", folder, &name, description, facts)
}
