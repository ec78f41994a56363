//! Makes the recordings of `samples/` that no unit recorded: `cargo run --example make_samples`.
//!
//! Each gets a JSON twin that says what is in it and where it came from; the numbers in the twin
//! come from what was encoded, not from decoding it.

mod thor;

use std::error::Error;
use std::f64::consts::TAU;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use wavekeep_blastware::histogram::{self, ChannelPeak, Interval};
use wavekeep_blastware::report_text::{self, HistogramRow, Table};
use wavekeep_blastware::waveform::{self, CHANNELS};
use wavekeep_blastware::{
    BODY_OFFSET, Blastware, EventFile, EventName, FOOTER_LEN, Footer, MAGIC, RecordMode,
    StartRecord, TypeLetter,
};
use wavekeep_core::{
    ChannelStatement, DecodeOptions, EventFormat, Flag, Frequency, HalfPeriod, HistogramStatement,
    Input, MonitorLogEntry, Reading, Recording, Statement, Unit, UnitLocal, UserNote,
};
use wavekeep_signal::measure;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const RATE_HZ: f64 = 1024.0;
const PRETRIGGER_S: f64 = 0.25;
/// 10 in/s in units of 0.005 in/s: where a geophone on Normal range is at its limit.
const LIMIT: f64 = 2000.0;

fn main() -> Outcome {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    blast(&folder)?;
    loud(&folder)?;
    night(&folder)?;
    damaged(&folder)?;
    thor::all(&folder)
}

fn moment(date: (u16, u8, u8), time: (u8, u8, u8)) -> Outcome<UnitLocal> {
    Ok(UnitLocal::from_fields(date, time).ok_or("no such moment")?)
}

/// Noise of at most one count, the same on every machine.
struct Noise(u32);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        match self.0 >> 24 {
            0..=15 => -1.0,
            240..=255 => 1.0,
            _ => 0.0,
        }
    }
}

/// A blast as each channel sees it: peak in counts, frequency in Hz, delay and decay in seconds.
fn waves(seconds: f64, channels: [(f64, f64, f64, f64); 4]) -> [Vec<i16>; 4] {
    let len = ((PRETRIGGER_S + seconds) * RATE_HZ) as usize;
    let mut noise = Noise(20_260_612);
    channels.map(|(peak, hz, delay_s, decay_s)| {
        let sample = |index: usize, noise: &mut Noise| {
            let since = index as f64 / RATE_HZ - PRETRIGGER_S - delay_s;
            // Rises over a quarter of a period, then decays; a second, lower mode follows.
            let rise = (since * hz * 4.0).clamp(0.0, 1.0);
            let ring = rise * (-since / decay_s).exp() * (TAU * hz * since).sin();
            let tail =
                0.2 * rise * (-since / (3.0 * decay_s)).exp() * (TAU * hz / 3.1 * since).sin();
            let wave = if since > 0.0 { peak * (ring + tail) } else { 0.0 };
            (wave + noise.next()).round().clamp(-32768.0, 32767.0) as i16
        };
        (0..len).map(|index| sample(index, &mut noise)).collect()
    })
}

/// An event file around a body, its keys as long as they must be.
fn event_file(body: &[u8], start: UnitLocal, stop: UnitLocal) -> Vec<u8> {
    let len = BODY_OFFSET + body.len() + FOOTER_LEN - MAGIC.len();
    let start_key = 0x0111_2000;
    let strt = StartRecord {
        end_key: start_key + len as u32,
        start_key,
        unknown_14: [0; 4],
        mode: RecordMode::Continuous,
        unknown_19: [0; 2],
    };
    EventFile::assemble(&strt, body, &Footer::new(start, stop))
}

fn encode(channels: &[Vec<i16>; 4]) -> Outcome<Vec<u8>> {
    let [tran, vert, long, microphone] = channels;
    Ok(waveform::encode([tran, vert, long, microphone])?)
}

fn decode(name: &str, file: &[u8]) -> Outcome<Recording> {
    Ok(Blastware.decode(Input { bytes: file, name: Some(name) }, &DecodeOptions::default())?)
}

fn twin(folder: &Path, name: &str, description: &str, facts: Value) -> Outcome {
    twin_of("blastware", folder, name, description, facts)
}

/// The twin of a sample in `format`, which is also the name of the crate that encoded it.
fn twin_of(format: &str, folder: &Path, name: &str, description: &str, facts: Value) -> Outcome {
    let mut twin = json!({
        "description": description,
        "origin": format!("made with the encoder of crates/{format} (crates/cli/examples/make_samples); no unit recorded it"),
        "format": format,
    });
    if let (Value::Object(twin), Value::Object(facts)) = (&mut twin, facts) {
        twin.extend(facts);
    }
    write(&folder.join(format!("{name}.json")), format!("{twin:#}\n").as_bytes())
}

fn write(path: &PathBuf, bytes: &[u8]) -> Outcome {
    fs::write(path, bytes)?;
    println!("{} ({} bytes)", path.display(), bytes.len());
    Ok(())
}

/// Largest absolute count of each channel.
fn peaks(channels: &[Vec<i16>; 4]) -> Value {
    let peak = |channel: &[i16]| channel.iter().map(|count| count.unsigned_abs()).max();
    json!(channels.iter().map(|channel| peak(channel)).collect::<Vec<_>>())
}

fn waveform_facts(channels: &[Vec<i16>; 4], report: Option<&str>) -> Value {
    json!({
        "kind": "waveform",
        "length": channels[0].len(),
        "peak_counts": peaks(channels),
        "damaged": false,
        "report": report,
    })
}

fn notes(location: &str) -> Vec<UserNote> {
    [
        ("project", "Project:", "Quarry extension, phase 2"),
        ("client", "Client:", "Northfield Aggregates"),
        ("operator", "User Name:", "M. Okafor"),
        ("sensor_location", "Seis Loc:", location),
    ]
    .map(|(role, label, text)| UserNote { role, label: label.to_owned(), text: text.to_owned() })
    .to_vec()
}

/// What the vendor's software would state of a waveform: peaks as measured, rounded as printed,
/// `OORANGE` where a geophone was at its limit.
fn waveform_statement(
    recording: &Recording,
    start: UnitLocal,
    seconds: f64,
    location: &str,
) -> Statement {
    let measured = measure(recording);
    let at_limit = |reading: Reading| {
        if reading.unit == Unit::InchPerSecond && reading.value >= 10.0 {
            Reading::new(10.0, Unit::InchPerSecond).flagged(Flag::Saturated)
        } else {
            Reading { flag: None, ..reading }
        }
    };
    let channels = measured.channels.iter().map(|channel| {
        let microphone = channel.name == "MicL";
        ChannelStatement {
            name: channel.name.clone(),
            peak: channel.peak.computed.map(at_limit),
            zc_frequency: channel.zc_frequency.computed,
            time_of_peak_s: channel.time_of_peak_s.computed,
            peak_acceleration: channel
                .peak_acceleration
                .computed
                .map(|peak| Reading { flag: None, ..peak }),
            peak_displacement: channel
                .peak_displacement
                .computed
                .map(|peak| Reading { flag: None, ..peak }),
            test_frequency: Some(Frequency::measured(if microphone { 20.1 } else { 7.4 })),
            test_ratio: (!microphone).then_some(3.7),
            test_amplitude: microphone.then_some(Reading::new(533.0, Unit::Millivolt)),
            test_results: Some("Passed".to_owned()),
            ..Default::default()
        }
    });
    Statement {
        event_type: Some("Full Waveform".to_owned()),
        start: Some(start),
        trigger: Some("Vert".to_owned()),
        geophone_range: Some(Reading::new(10.0, Unit::InchPerSecond)),
        record_time_s: Some(seconds),
        pretrigger_s: Some(PRETRIGGER_S),
        rate_hz: Some(RATE_HZ),
        units: Some("in/s and dB(L)".to_owned()),
        serial: Some("BE11529".to_owned()),
        firmware: Some("V 10.72-8.17 MiniMate Plus".to_owned()),
        battery: Some("6.3 Volts".to_owned()),
        calibration: Some("March 3, 2026 by Instantel".to_owned()),
        software: Some("V 10.74".to_owned()),
        notes: notes(location),
        channels: channels.collect(),
        peak_vector_sum: measured.peak_vector_sum.computed.map(|sum| match sum.value {
            value if value >= 10.0 => {
                Reading::new(10.0 * 3f64.sqrt(), Unit::InchPerSecond).flagged(Flag::Saturated)
            }
            _ => Reading { flag: None, ..sum },
        }),
        peak_vector_sum_time_s: measured.peak_vector_sum_time_s.computed,
        monitor_log: vec![MonitorLogEntry {
            start: "Jun 12 /26 08:00:00".to_owned(),
            stop: "Jun 12 /26 14:03:20".to_owned(),
            text: "Event recorded.".to_owned(),
        }],
        ..Default::default()
    }
}

/// The samples as the vendor prints them: in/s, and dB(L) that is 0.00 for no pressure.
fn sample_table(recording: &Recording) -> Table {
    let columns: Vec<Vec<f64>> = recording
        .channels
        .iter()
        .map(|channel| {
            let level =
                |count: f64| channel.scale.level(count).unwrap_or(channel.scale.apply(count));
            channel.counts().map(|count| count.map_or(0.0, level)).collect()
        })
        .collect();
    Table::Samples(
        (0..recording.len()).map(|row| std::array::from_fn(|turn| columns[turn][row])).collect(),
    )
}

fn blast(folder: &Path) -> Outcome {
    let start = moment((2026, 6, 12), (14, 3, 20))?;
    let name = EventName::new(11_529, start, TypeLetter::Waveform)?.to_string();
    let channels = waves(
        3.0,
        [
            (62.0, 21.0, 0.010, 0.30),
            (78.0, 32.0, 0.006, 0.22),
            (55.0, 26.0, 0.008, 0.26),
            (190.0, 14.0, 0.35, 0.12),
        ],
    );
    let file = event_file(&encode(&channels)?, start, moment((2026, 6, 12), (14, 3, 23))?);
    let recording = decode(&name, &file)?;
    let statement = waveform_statement(&recording, start, 3.0, "Garden wall, 12 Mill Lane");
    let report = format!("{}_ASCII.TXT", name.replace('.', "_"));
    write(&folder.join(&name), &file)?;
    write(&folder.join(&report), &report_text::write(&statement, &sample_table(&recording)))?;
    twin(
        folder,
        &name,
        "a blast of 3 s with its call-home report",
        waveform_facts(&channels, Some(&report)),
    )
}

fn loud(folder: &Path) -> Outcome {
    let start = moment((2026, 6, 19), (11, 47, 2))?;
    let name = EventName::new(11_529, start, TypeLetter::Waveform)?.to_string();
    let mut channels = waves(
        2.0,
        [
            (2900.0, 17.0, 0.004, 0.22),
            (2400.0, 24.0, 0.003, 0.18),
            (1700.0, 19.0, 0.004, 0.2),
            (700.0, 11.0, 0.12, 0.1),
        ],
    );
    for channel in &mut channels[..3] {
        for count in channel.iter_mut() {
            *count = f64::from(*count).clamp(-LIMIT, LIMIT) as i16;
        }
    }
    let file = event_file(&encode(&channels)?, start, moment((2026, 6, 19), (11, 47, 4))?);
    let recording = decode(&name, &file)?;
    let statement = waveform_statement(&recording, start, 2.0, "Crusher foundation");
    let report = format!("{name}.TXT");
    write(&folder.join(&name), &file)?;
    write(&folder.join(&report), &report_text::write(&statement, &Table::None))?;
    let description = "a blast over the geophones' range: two channels saturated, OORANGE in its report, which was saved by hand";
    twin(folder, &name, description, waveform_facts(&channels, Some(&report)))
}

fn night(folder: &Path) -> Outcome {
    const INTERVALS: usize = 600;
    let start = moment((2026, 6, 12), (21, 0, 0))?;
    let stop = moment((2026, 6, 13), (7, 0, 0))?;
    let name = EventName::new(11_529, start, TypeLetter::Histogram)?.to_string();
    let mut noise = Noise(7);
    // Traffic dies down towards two o'clock, a train passes every 47 minutes.
    let interval = |index: usize, noise: &mut Noise| {
        let quiet = 0.5 - 0.5 * (TAU * (index as f64 - 300.0) / 600.0).cos();
        let train = if index % 47 == 13 { 9.0 + (index % 5) as f64 } else { 0.0 };
        let peak = |size: f64, hz: f64, noise: &mut Noise| {
            let counts =
                (1.0 + quiet * size * 0.5 + train * size / 3.0 + noise.next()).max(0.0) as u8;
            let annotation = u8::from(counts == 0) * 0x0a;
            let half_period = if counts == 0 { 0 } else { (512.0 / hz) as u16 };
            ChannelPeak { peak: counts, annotation, half_period: HalfPeriod(half_period) }
        };
        Interval {
            channels: [
                peak(2.0, 21.0, noise),
                peak(3.0, 28.0, noise),
                peak(1.6, 24.0, noise),
                peak(2.0, 57.0, noise),
            ],
            open: [0; 4],
        }
    };
    let intervals: Vec<Interval> =
        (0..INTERVALS).map(|index| interval(index, &mut noise)).collect();
    let file = event_file(&histogram::encode(&intervals)?, start, stop);
    let recording = decode(&name, &file)?;
    let in_per_s = |peak: u8| f64::from(peak) / 200.0;
    let rows = intervals.iter().map(|interval| {
        let [tran, vert, long, microphone] = interval.channels;
        let peaks = [tran, vert, long].map(|channel| in_per_s(channel.peak));
        let level = recording.channels[3].scale.level(microphone.peak.into()).unwrap_or(0.0);
        HistogramRow {
            label: Vec::new(),
            peaks,
            frequencies: [tran, vert, long].map(|channel| channel.half_period.frequency()),
            vector_sum: peaks.iter().map(|peak| peak * peak).sum::<f64>().sqrt(),
            microphone_psi: f64::from(microphone.peak) * 3.626e-5,
            microphone_level_db: level,
            microphone_frequency: microphone.half_period.frequency(),
        }
    });
    let rows: Vec<HistogramRow> = rows.collect();
    let measured = measure(&recording);
    let channels = measured.channels.iter().map(|channel| ChannelStatement {
        name: channel.name.clone(),
        peak: channel.peak.computed.map(|peak| Reading { flag: None, ..peak }),
        zc_frequency: channel.zc_frequency.computed,
        peak_at: channel
            .peak_index
            .and_then(|index| start.checked_add_seconds(60.0 * index as f64)),
        test_results: Some("Passed".to_owned()),
        ..Default::default()
    });
    let statement = Statement {
        event_type: Some("Histogram".to_owned()),
        trigger: None,
        geophone_range: Some(Reading::new(10.0, Unit::InchPerSecond)),
        rate_hz: Some(RATE_HZ),
        units: Some("in/s and dB(L)".to_owned()),
        serial: Some("BE11529".to_owned()),
        firmware: Some("V 10.72-8.17 MiniMate Plus".to_owned()),
        battery: Some("6.2 Volts".to_owned()),
        calibration: Some("March 3, 2026 by Instantel".to_owned()),
        software: Some("V 10.74".to_owned()),
        notes: notes("Cellar, 12 Mill Lane"),
        channels: channels.collect(),
        peak_vector_sum: measured
            .vector_sum_upper_bound
            .map(|bound| Reading { flag: None, ..bound.upper_bound }),
        peak_vector_sum_at: measured
            .vector_sum_upper_bound
            .and_then(|bound| start.checked_add_seconds(60.0 * bound.interval as f64)),
        histogram: Some(HistogramStatement {
            start: Some(start),
            stop: Some(stop),
            intervals: Some(INTERVALS as f64),
            interval_s: Some(60.0),
        }),
        ..Default::default()
    };
    let report = format!("{}_ASCII.TXT", name.replace('.', "_"));
    write(&folder.join(&name), &file)?;
    write(&folder.join(&report), &report_text::write(&statement, &Table::Intervals(rows)))?;
    let peaks: Vec<_> = (0..CHANNELS.len())
        .map(|turn| intervals.iter().map(|interval| interval.channels[turn].peak).max())
        .collect();
    let facts = json!({
        "kind": "histogram",
        "length": INTERVALS,
        "peak_counts": peaks,
        "damaged": false,
        "report": report,
    });
    twin(folder, &name, "a night of 600 one-minute intervals with its call-home report", facts)
}

fn damaged(folder: &Path) -> Outcome {
    let start = moment((2026, 6, 26), (9, 30, 45))?;
    let name = EventName::new(11_529, start, TypeLetter::Absent)?.to_string();
    let channels = waves(
        3.0,
        [
            (40.0, 19.0, 0.010, 0.30),
            (66.0, 29.0, 0.006, 0.22),
            (48.0, 23.0, 0.008, 0.26),
            (120.0, 12.0, 0.35, 0.12),
        ],
    );
    let mut body = encode(&channels)?;
    // The first block of the fourth segment of Vert becomes one of a kind that does not exist.
    let boundary = |body: &[u8], at: usize| {
        body[at..at + 2] == [0x40, 0x02] && body[at + 14..at + 16] == [0x02, 0x00]
    };
    let thirteenth =
        (7..body.len() - 20).filter(|&at| boundary(&body, at)).nth(12).ok_or("a boundary")?;
    body[thirteenth + 20] = 0xf3;
    let file = event_file(&body, start, moment((2026, 6, 26), (9, 30, 48))?);
    write(&folder.join(&name), &file)?;
    let missing = json!({ "Vert": [{ "first": 3 * 512 + 2, "count": 510 }] });
    let mut facts = waveform_facts(&channels, None);
    facts["damaged"] = true.into();
    facts["missing"] = missing;
    twin(
        folder,
        &name,
        "a blast whose fourth segment of Vert cannot be read; saved by hand, without a report",
        facts,
    )
}
