//! Event files made from the format description by an independent model, with the samples that
//! they must give. No recording of a real unit stands behind them.

use std::fs;
use std::path::Path;

use wavekeep_blastware::{Blastware, EventFile, frames, histogram, waveform};
use wavekeep_core::{
    Channel, DecodeOptions, EventFormat, GeophoneRange, Input, Kind, NoteKind, Recording,
};

const WAVEFORMS: [&str; 5] =
    ["M529LKIQ.7M0W", "M529LKVQ.6S0W", "T190LD5Q.LK0W", "T438L713.RY0W", "M529LIY6.N00"];
const HISTOGRAM: &str = "N844L6Z8.ZR0H";

fn sample(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(name)).unwrap()
}

fn expected(name: &str) -> Vec<Vec<i32>> {
    let path = format!("{}/tests/data/{name}.expected.csv", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(path).unwrap();
    let row = |line: &str| line.split(',').map(|field| field.parse().unwrap()).collect();
    text.lines().skip(1).map(row).collect()
}

fn decode(name: &str) -> Recording {
    let bytes = sample(name);
    let input = Input { bytes: &bytes, name: Some(name) };
    Blastware.decode(input, &DecodeOptions::default()).unwrap()
}

fn counts(channel: &Channel) -> Vec<i32> {
    channel.counts().map(|count| count.expect("nothing is missing") as i32).collect()
}

fn column(rows: &[Vec<i32>], index: usize) -> Vec<i32> {
    rows.iter().map(|row| row[index]).collect()
}

#[test]
fn every_waveform_gives_the_expected_samples_without_damage() {
    for name in WAVEFORMS {
        let (recording, rows) = (decode(name), expected(name));
        assert_eq!(recording.kind, Kind::Waveform, "{name}");
        for (turn, channel) in recording.channels.iter().enumerate() {
            assert_eq!(counts(channel), column(&rows, turn), "{name} {}", channel.name);
        }
        let not_assumed =
            recording.report.notes().iter().filter(|note| note.kind != NoteKind::Assumption);
        assert_eq!(not_assumed.collect::<Vec<_>>(), [] as [&_; 0], "{name}");
    }
}

#[test]
fn the_histogram_gives_the_expected_peaks_and_half_periods() {
    let (recording, rows) = (decode(HISTOGRAM), expected(HISTOGRAM));
    assert_eq!(recording.kind, Kind::Histogram);
    assert_eq!(recording.len(), 700);
    for (turn, channel) in recording.channels.iter().enumerate() {
        assert_eq!(counts(channel), column(&rows, 2 * turn), "{}", channel.name);
        let facts = channel.intervals.as_ref().unwrap();
        let half_periods: Vec<i32> = facts.half_periods.iter().map(|half| half.0.into()).collect();
        assert_eq!(half_periods, column(&rows, 2 * turn + 1), "{}", channel.name);
    }
}

#[test]
fn the_worked_block_prints_as_the_vendor_prints_it() {
    let recording = decode(HISTOGRAM);
    let mut printed = Vec::new();
    for channel in &recording.channels {
        let count = channel.count(130).unwrap();
        let peak = channel.scale.level(count).unwrap_or(channel.scale.apply(count));
        let decimals = if channel.name == "MicL" { 2 } else { 3 };
        printed.push(format!("{peak:.decimals$}"));
        printed.push(channel.intervals.as_ref().unwrap().frequency(130).to_string());
    }
    assert_eq!(printed, ["0.030", "21 Hz", "0.020", "28 Hz", "0.025", "24 Hz", "95.92", "57 Hz"]);
}

#[test]
fn a_quiet_three_second_event_has_28_segments() {
    let recording = decode("M529LKIQ.7M0W");
    assert_eq!(recording.len(), 3328);
    assert_eq!(recording.metadata["segments"], 28);
}

#[test]
fn a_false_boundary_in_the_trailers_text_is_not_followed() {
    let recording = decode("M529LIY6.N00");
    assert_eq!(recording.len(), 1280);
    assert_eq!(recording.metadata["segments"], 12);
    assert!(recording.metadata["trailer_bytes"].as_u64().unwrap() > 60);
}

#[test]
fn encoding_the_samples_again_is_no_larger_than_the_original() {
    for name in WAVEFORMS {
        let bytes = sample(name);
        let body = EventFile::parse(&bytes).unwrap().body;
        let decoded = waveform::decode(body);
        let [tran, vert, long, microphone] = &decoded.channels;
        let encoded = waveform::encode([tran, vert, long, microphone]).unwrap();
        assert!(encoded.len() <= decoded.trailer_offset + 2, "{name}");
        assert_eq!(waveform::decode(&encoded).channels, decoded.channels, "{name}");
    }
    let bytes = sample(HISTOGRAM);
    let body = EventFile::parse(&bytes).unwrap().body;
    let decoded = histogram::decode(body);
    assert_eq!(
        histogram::encode(&decoded.intervals).unwrap()[..],
        body[..decoded.remnant_offset + 6]
    );
}

#[test]
fn frames_from_an_event_and_back_are_the_event() {
    for name in WAVEFORMS.into_iter().chain([HISTOGRAM]) {
        let event = sample(name);
        let frames = frames::from_event(&event).unwrap();
        let kept = frames::read_pickle(&frames::write_pickle(&frames)).unwrap();
        assert_eq!(frames::rebuild(&kept).unwrap(), event, "{name}");
    }
}

#[test]
fn what_nothing_states_is_marked_as_assumed_until_it_is_stated() {
    let bytes = sample("M529LKIQ.7M0W");
    let input = Input { bytes: &bytes, name: Some("M529LKIQ.7M0W") };
    let codes = |options: &DecodeOptions| -> Vec<&'static str> {
        let recording = Blastware.decode(input, options).unwrap();
        recording.report.of_kind(NoteKind::Assumption).map(|note| note.code).collect()
    };
    assert_eq!(codes(&DecodeOptions::default()), ["range", "rate", "pretrigger"]);
    let options = DecodeOptions::default()
        .with_rate_hz(Some(2048.0))
        .with_range(Some(wavekeep_core::GeophoneRange::Sensitive))
        .with_pretrigger_s(Some(0.5));
    assert_eq!(codes(&options), [] as [&str; 0]);
}

#[test]
fn samples_above_what_the_instrument_can_give_are_damage() {
    let damage = |name: &str, options: &DecodeOptions| {
        let bytes = sample(name);
        let input = Input { bytes: &bytes, name: Some(name) };
        let recording = Blastware.decode(input, options).unwrap();
        let notes = recording.report.of_kind(NoteKind::Damage);
        notes.map(|note| note.message.clone()).collect::<Vec<_>>()
    };
    // 45 in/s: more than a geophone of 10 in/s gives, when it is stated to be one.
    let stated = DecodeOptions::default().with_range(Some(GeophoneRange::Normal));
    let found = damage("T438L713.RY0W", &stated);
    assert_eq!(found.len(), 3);
    assert_eq!(found[0], "2 samples are more than the instrument can give, up to 45.000 in/s");
    assert_eq!(damage("T438L713.RY0W", &DecodeOptions::default()), Vec::<String>::new());
    assert_eq!(damage("T190LD5Q.LK0W", &stated), Vec::<String>::new());
}
