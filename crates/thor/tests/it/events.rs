//! Files as recordings: what a name, a file and a report state, and who is believed.

use wavekeep_blastware::waveform;
use wavekeep_core::{
    Basis, DecodeOptions, EventFormat, GeophoneRange, Input, Kind, NoteKind, Recording, Scale,
    TimeAxis, Unit,
};
use wavekeep_thor::histogram::{self, ByteOrder, ChannelExtremes, Interval};
use wavekeep_thor::{Thor, USUAL_BODY_OFFSET, assemble};

const NAME: &str = "UM11719_20260714153012.IDFW";
const HISTOGRAM: &str = "UM11719_20260714220000.IDFH";

fn wave(len: usize, peak: i32) -> [Vec<i16>; 4] {
    let sample = |index: usize, turn: usize| {
        let angle = index as f64 / (7.0 + turn as f64);
        (f64::from(peak) * angle.sin() / (1.0 + index as f64 / 300.0)).round() as i16
    };
    std::array::from_fn(|turn| (0..len).map(|index| sample(index, turn)).collect())
}

fn file(channels: &[Vec<i16>; 4]) -> Vec<u8> {
    let [tran, vert, long, microphone] = channels;
    assemble(USUAL_BODY_OFFSET, &waveform::encode([tran, vert, long, microphone]).unwrap())
}

fn decode_as(name: &str, bytes: &[u8], options: &DecodeOptions) -> Recording {
    Thor.decode(Input { bytes, name: Some(name) }, options).unwrap()
}

fn decode(bytes: &[u8]) -> Recording {
    decode_as(NAME, bytes, &DecodeOptions::default())
}

fn error(name: &str, bytes: &[u8]) -> wavekeep_core::Error {
    Thor.decode(Input { bytes, name: Some(name) }, &DecodeOptions::default()).unwrap_err()
}

fn merge(recording: &mut Recording, report: &str) {
    Thor.merge_report(recording, &mut report.as_bytes(), &DecodeOptions::default()).unwrap();
}

fn codes(recording: &Recording, kind: NoteKind) -> Vec<&'static str> {
    recording.report.of_kind(kind).map(|note| note.code).collect()
}

/// A report whose table prints the counts of `channels` by these factors.
fn report(channels: &[Vec<i16>; 4], units: &str, geophone: f64, pascal: f64) -> String {
    let mut text =
        format!("EventType : Full Waveform\nUnits : {units}\n\nTran\tVert\tLong\tMicL\n");
    for row in 0..channels[0].len() {
        for channel in &channels[..3] {
            text.push_str(&format!("{:.4}\t", f64::from(channel[row]) * geophone));
        }
        let count = f64::from(channels[3][row]);
        let level = 20.0 * (count.abs() * pascal / 20e-6).log10();
        let level = if count == 0.0 { 0.0 } else { level.copysign(count) };
        text.push_str(&format!("{level:.2}\n"));
    }
    text
}

#[test]
fn the_name_gives_serial_and_start_and_what_nothing_states_is_assumed() {
    let recording = decode(&file(&wave(1280, 900)));
    assert_eq!(recording.serial.as_ref().unwrap().value, "UM11719");
    let start = recording.start.unwrap();
    assert_eq!(
        (start.value.to_string().as_str(), start.basis),
        ("2026-07-14 15:30:12", Basis::FileName)
    );
    assert_eq!(
        codes(&recording, NoteKind::Assumption),
        ["range", "geophone_scale", "microphone_scale", "rate", "pretrigger"]
    );
    assert_eq!(recording.metadata["geophone_scale"]["basis"], "assumed");
    assert_eq!(recording.metadata["geophone_scale"]["factor"], 0.00788);
    assert!(!recording.report.is_damaged());
}

#[test]
fn loud_events_need_and_have_16_bit_deltas() {
    let channels: [Vec<i16>; 4] = std::array::from_fn(|turn| {
        (0..1500).map(|i| if (i + turn) % 2 == 0 { i16::MAX } else { i16::MIN }).collect()
    });
    let recording = decode(&file(&channels));
    for (channel, expected) in recording.channels.iter().zip(&channels) {
        let counts: Vec<i16> = channel.counts().map(|count| count.unwrap() as i16).collect();
        assert_eq!(&counts, expected);
        assert!(channel.is_at_limit(32_767.0));
    }
}

#[test]
fn a_table_tells_what_a_count_is_worth_and_the_recording_says_so() {
    let channels = wave(1280, 900);
    let mut recording = decode(&file(&channels));
    merge(&mut recording, &report(&channels, "in/s and dB(L)", 0.00031, 0.015516));
    assert_eq!(recording.channels[1].scale, Scale::ratio(31.0, 100_000.0, Unit::InchPerSecond));
    assert_eq!(recording.channels[3].scale, Scale::ratio(15_516.0, 1_000_000.0, Unit::Pascal));
    let fact = &recording.metadata["geophone_scale"];
    assert_eq!((&fact["basis"], &fact["factor"]), (&"report".into(), &0.00031.into()));
    let least_squares = fact["fit"]["least_squares"].as_f64().unwrap();
    assert!((least_squares / 0.00031 - 1.0).abs() < 1e-3);
    assert_eq!(recording.metadata["microphone_scale"]["basis"], "report");
    assert_eq!(codes(&recording, NoteKind::Assumption), ["rate", "pretrigger"]);
    assert_eq!(codes(&recording, NoteKind::Disagreement), Vec::<&str>::new());
    assert_eq!(recording.range, None);
}

#[test]
fn a_table_that_no_factor_explains_is_a_disagreement_and_changes_nothing() {
    let channels = wave(1280, 900);
    let mut recording = decode(&file(&channels));
    let mut others = channels.clone();
    for value in &mut others[0] {
        *value = value.wrapping_mul(2);
    }
    merge(&mut recording, &report(&others, "in/s and dB(L)", 0.00031, 0.015516));
    assert_eq!(codes(&recording, NoteKind::Disagreement), ["table_differs"]);
    assert_eq!(recording.channels[0].scale.of_one(), 0.00788);
    assert_eq!(recording.metadata["geophone_scale"]["basis"], "assumed");
    assert_eq!(recording.metadata["microphone_scale"]["basis"], "report");
}

#[test]
fn a_table_without_a_unit_is_not_compared() {
    let channels = wave(600, 900);
    let mut recording = decode(&file(&channels));
    merge(&mut recording, &report(&channels, "as usual", 0.00788, 0.015516));
    assert_eq!(codes(&recording, NoteKind::Disagreement), ["table_unit"]);
    assert_eq!(recording.metadata["geophone_scale"]["basis"], "assumed");
}

#[test]
fn a_shorter_table_is_noted_and_still_tells_the_factor() {
    let channels = wave(1280, 900);
    let mut recording = decode(&file(&channels));
    let whole = report(&channels, "mm/s and dB(L)", 0.00788, 0.015516);
    let lines: Vec<&str> = whole.lines().take(1000).collect();
    merge(&mut recording, &lines.join("\n"));
    assert_eq!(codes(&recording, NoteKind::Disagreement), ["table_length"]);
    assert_eq!(recording.metadata["geophone_scale"]["basis"], "report");
}

#[test]
fn the_reports_time_and_serial_win_over_the_names_and_a_difference_is_noted() {
    let mut recording = decode(&file(&wave(64, 900)));
    merge(
        &mut recording,
        "EventTime : 15:30:13\nEventDate : July 14, 2026\nSerialNumber : UM11720\nSampleRate : 2048 sps\n",
    );
    let start = recording.start.unwrap();
    assert_eq!(
        (start.value.to_string().as_str(), start.basis),
        ("2026-07-14 15:30:13", Basis::Report)
    );
    assert_eq!(recording.serial.as_ref().unwrap().value, "UM11720");
    assert_eq!(codes(&recording, NoteKind::Disagreement), ["report_serial", "report_start"]);
    assert!(matches!(recording.time, TimeAxis::Samples { rate_hz, .. } if rate_hz.value == 2048.0));
}

#[test]
fn what_the_caller_states_wins_over_the_report() {
    let options = DecodeOptions::default()
        .with_rate_hz(Some(4096.0))
        .with_range(Some(GeophoneRange::Sensitive));
    let mut recording = decode_as(NAME, &file(&wave(64, 900)), &options);
    assert!(codes(&recording, NoteKind::Assumption).contains(&"sensitive_scale"));
    let report = "SampleRate : 1024\nGeoRange : 10 in/s\n";
    Thor.merge_report(&mut recording, &mut report.as_bytes(), &options).unwrap();
    assert!(
        matches!(recording.time, TimeAxis::Samples { rate_hz, .. } if rate_hz.basis == Basis::Option)
    );
    assert_eq!(recording.range.unwrap().value, GeophoneRange::Sensitive);
    assert_eq!(codes(&recording, NoteKind::Disagreement), ["rate_stated", "range_stated"]);
}

#[test]
fn merging_the_same_report_again_changes_nothing() {
    let channels = wave(1280, 900);
    let mut once = decode(&file(&channels));
    let text = report(&channels, "in/s and dB(L)", 0.00031, 0.02)
        + "Weather : rain\nan odd line\nSerialNumber : UM1\n";
    merge(&mut once, &text);
    let mut twice = once.clone();
    merge(&mut twice, &text);
    assert_eq!(once.metadata, twice.metadata);
    assert_eq!(once.channels, twice.channels);
    assert_eq!(once.statement, twice.statement);
    let lost = &once.metadata["report_not_understood"];
    assert_eq!((&lost["lines"], &lost["fields"]), (&1.into(), &1.into()));
    assert_eq!(lost["first"][1]["text"], "an odd line");
    assert!(codes(&once, NoteKind::Disagreement).contains(&"report_not_understood"));
}

#[test]
fn a_report_that_is_none_leaves_the_recording_as_it_was() {
    let mut recording = decode(&file(&wave(64, 900)));
    let before = recording.metadata.clone();
    let mut text = &b"dear all: hello"[..];
    let refused = Thor.merge_report(&mut recording, &mut text, &DecodeOptions::default());
    assert_eq!(refused.unwrap_err().kind(), "not_this_format");
    assert_eq!((recording.metadata, recording.statement), (before, None));
}

fn intervals(count: usize) -> Vec<Interval> {
    let channel = |index: usize, turn: usize| ChannelExtremes {
        minimum: -(index as i16) - 3,
        maximum: (turn as i16 + 1) * 10,
        half_period: wavekeep_core::HalfPeriod([0, 5, 24, 513][index % 4]),
        open: [7; 3],
    };
    let of = |index| Interval {
        channels: std::array::from_fn(|turn| channel(index, turn)),
        open: [0; 8],
    };
    (0..count).map(of).collect()
}

#[test]
fn a_histogram_has_peaks_and_half_periods_and_says_how_it_was_read() {
    let intervals = intervals(100);
    for (order, word) in
        [(ByteOrder::BigEndian, "big-endian"), (ByteOrder::LittleEndian, "little-endian")]
    {
        let body = histogram::encode(&[&intervals], order).unwrap();
        let recording = decode_as(HISTOGRAM, &assemble(0x200, &body), &DecodeOptions::default());
        assert_eq!(recording.kind, Kind::Histogram);
        assert_eq!(recording.metadata["layout"]["byte_order"], word);
        assert_eq!(recording.metadata["layout_decided"], true);
        let tran = &recording.channels[0];
        assert_eq!((tran.count(0), tran.count(99)), (Some(10.0), Some(102.0)));
        let frequencies: Vec<String> = (0..4)
            .map(|index| tran.intervals.as_ref().unwrap().frequency(index).to_string())
            .collect();
        assert_eq!(frequencies, ["N/A", ">100 Hz", "21 Hz", "<1 Hz"]);
    }
}

#[test]
fn a_histograms_report_gives_the_length_of_its_intervals() {
    let body = histogram::encode(&[&intervals(10)], ByteOrder::BigEndian).unwrap();
    let mut recording = decode_as(HISTOGRAM, &assemble(0x200, &body), &DecodeOptions::default());
    merge(&mut recording, "EventType : Histogram\nIntervalSize : 15 seconds\n");
    let TimeAxis::Intervals { start, length_s } = recording.time else { panic!() };
    assert_eq!(start.unwrap().basis, Basis::FileName);
    assert_eq!(length_s.unwrap().value, 15.0);
}

#[test]
fn the_content_decides_where_the_ending_says_something_else() {
    let recording = decode_as(HISTOGRAM, &file(&wave(64, 900)), &DecodeOptions::default());
    assert_eq!(recording.kind, Kind::Waveform);
    assert_eq!(codes(&recording, NoteKind::Disagreement), ["ending"]);
}

#[test]
fn a_blastware_file_under_a_thor_name_is_read_as_what_it_is_and_said_so() {
    let bytes = include_bytes!("../../../../samples/M529LKIQ.7M0W");
    assert_eq!(Thor.detect(&bytes[..64], Some(NAME)), wavekeep_core::Match::ByContent);
    let mut recording = decode_as(NAME, bytes, &DecodeOptions::default());
    assert_eq!((recording.format.id, recording.len()), ("blastware", 3328));
    assert_eq!(recording.source.name.as_deref(), Some(NAME));
    assert!(codes(&recording, NoteKind::Disagreement).contains(&"blastware_content"));
    let report = b"\"Event Type : Full Waveform\"\r\n\"Serial Number : BE11529\"\r\n";
    Thor.merge_report(&mut recording, &mut &report[..], &DecodeOptions::default()).unwrap();
    assert_eq!(recording.serial.unwrap().value, "BE11529");
}

#[test]
fn what_is_no_event_is_refused_with_what_to_do() {
    for name in ["UM11719_20260714153012.MLG", "UM11719_20260714153012.IDFW.CDB"] {
        let error = error(name, &file(&wave(64, 900)));
        assert_eq!(error.kind(), "unsupported");
        assert!(error.to_string().contains("instead"), "{error}");
    }
    assert_eq!(error(NAME, b"").kind(), "not_this_format");
    assert_eq!(error(NAME, b"PK\x03\x04").kind(), "not_this_format");
    assert_eq!(error(NAME, &assemble(0x4000, b"")).kind(), "malformed");
    let limits = wavekeep_core::Limits::default().with_event_bytes(100);
    let options = DecodeOptions::default().with_limits(limits);
    let bytes = file(&wave(64, 900));
    let refused = Thor.decode(Input { bytes: &bytes, name: Some(NAME) }, &options);
    assert_eq!(refused.unwrap_err().kind(), "limit");
}
