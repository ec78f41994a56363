//! A report over an event: it wins, both stay visible, and what does not fit is said.

use std::fs;
use std::path::Path;

use wavekeep_blastware::Blastware;
use wavekeep_blastware::histogram::{self, ChannelPeak, Interval};
use wavekeep_blastware::report_text::{self, HistogramRow, Table};
use wavekeep_blastware::{EventFile, Footer, RecordMode, StartRecord};
use wavekeep_core::{
    Basis, DecodeOptions, EventFormat, Frequency, GeophoneRange, HalfPeriod, Input, Reading,
    Recording, Statement, TimeAxis, Unit, UnitLocal,
};

fn sample(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(name)).unwrap()
}

fn decode(name: &str, options: &DecodeOptions) -> Recording {
    Blastware.decode(Input { bytes: &sample(name), name: Some(name) }, options).unwrap()
}

fn merged(name: &str, text: &[u8], options: &DecodeOptions) -> Recording {
    let mut recording = decode(name, options);
    Blastware.merge_report(&mut recording, &mut &*text, options).unwrap();
    recording
}

fn codes(recording: &Recording) -> Vec<&'static str> {
    recording.report.notes().iter().map(|note| note.code).collect()
}

const BLAST: &str = "M529LMOK.DK0W";
const BLAST_REPORT: &str = "M529LMOK_DK0W_ASCII.TXT";

#[test]
fn a_report_settles_every_assumption() {
    let recording = merged(BLAST, &sample(BLAST_REPORT), &DecodeOptions::default());
    assert_eq!(codes(&recording), [] as [&str; 0]);
    assert_eq!(recording.range.unwrap().basis, Basis::Report);
    assert_eq!(recording.serial.unwrap().basis, Basis::Report);
    let TimeAxis::Samples { rate_hz, pretrigger_s } = recording.time else { panic!("samples") };
    assert_eq!((rate_hz.basis, pretrigger_s.basis), (Basis::Report, Basis::Report));
    let statement = recording.statement.unwrap();
    assert_eq!(statement.channel("Vert").unwrap().peak.unwrap().value, 0.41);
}

#[test]
fn merging_again_changes_nothing() {
    let options = DecodeOptions::default();
    let text = sample(BLAST_REPORT);
    let once = merged(BLAST, &text, &options);
    let mut twice = once.clone();
    Blastware.merge_report(&mut twice, &mut &*text, &options).unwrap();
    assert_eq!(format!("{once:?}"), format!("{twice:?}"));
}

#[test]
fn what_the_caller_states_wins_over_the_report_and_the_difference_is_noted() {
    let options = DecodeOptions::default()
        .with_rate_hz(Some(2048.0))
        .with_range(Some(GeophoneRange::Sensitive));
    let recording = merged(BLAST, &sample(BLAST_REPORT), &options);
    let TimeAxis::Samples { rate_hz, .. } = recording.time else { panic!("samples") };
    assert_eq!((rate_hz.value, rate_hz.basis), (2048.0, Basis::Option));
    assert_eq!(recording.range.unwrap().value, GeophoneRange::Sensitive);
    assert!(codes(&recording).contains(&"rate_stated"));
    assert!(codes(&recording).contains(&"range_stated"));
}

#[test]
fn a_sensitive_range_rescales_the_geophones() {
    let text = b"\"Geo Range : 1.250 in/s\"\r\n";
    let recording = merged("M529LKIQ.7M0W", text, &DecodeOptions::default());
    let vert = recording.channel("Vert").unwrap();
    assert_eq!(vert.physical().nth(13), Some(Some(-0.000625)));
    let metric = b"\"Geo Range : 31.75 mm/s\"\r\n";
    let recording = merged("M529LKIQ.7M0W", metric, &DecodeOptions::default());
    assert_eq!(recording.range.unwrap().value, GeophoneRange::Sensitive);
}

#[test]
fn the_report_of_another_event_is_noticed() {
    let recording = merged("M529LKIQ.7M0W", &sample(BLAST_REPORT), &DecodeOptions::default());
    assert_eq!(codes(&recording), ["report_start", "table_differs"]);
    let other_unit = b"\"Serial Number : BE12345\"\r\n";
    let recording = merged("M529LKIQ.7M0W", other_unit, &DecodeOptions::default());
    assert!(codes(&recording).contains(&"report_serial"));
}

#[test]
fn a_table_of_another_length_is_noticed() {
    let text = [&sample(BLAST_REPORT)[..], b"0.000\t0.000\t0.000\t0.00\r\n"].concat();
    assert_eq!(codes(&merged(BLAST, &text, &DecodeOptions::default())), ["table_length"]);
}

/// A histogram of one interval per given (peak, annotation) of Vert, and a report whose rows print
/// the given velocities.
fn histogram(blocks: &[(u8, u8)], printed: &[f64]) -> Recording {
    let moment = UnitLocal::from_fields((2026, 6, 12), (21, 0, 0)).unwrap();
    let quiet = ChannelPeak { peak: 0, annotation: 0, half_period: HalfPeriod(20) };
    let intervals: Vec<Interval> = blocks
        .iter()
        .map(|&(peak, annotation)| {
            let vert = ChannelPeak { peak, annotation, half_period: HalfPeriod(20) };
            Interval { channels: [quiet, vert, quiet, quiet], open: [0; 4] }
        })
        .collect();
    let strt = StartRecord {
        end_key: 0,
        start_key: 0,
        unknown_14: [0; 4],
        mode: RecordMode::Continuous,
        unknown_19: [0; 2],
    };
    let body = histogram::encode(&intervals).unwrap();
    let file = EventFile::assemble(&strt, &body, &Footer::new(moment, moment));
    let rows = printed.iter().map(|&vert| HistogramRow {
        label: Vec::new(),
        peaks: [0.0, vert, 0.0],
        frequencies: [Frequency::NotAvailable, Frequency::measured(12.0), Frequency::NotAvailable],
        vector_sum: vert,
        microphone_psi: 0.0,
        microphone_level_db: 0.0,
        microphone_frequency: Frequency::NotAvailable,
    });
    let statement = Statement {
        geophone_range: Some(Reading::new(10.0, Unit::InchPerSecond)),
        ..Statement::default()
    };
    let text = report_text::write(&statement, &Table::Intervals(rows.collect()));
    let options = DecodeOptions::default();
    let mut recording = Blastware.decode(Input { bytes: &file, name: None }, &options).unwrap();
    Blastware.merge_report(&mut recording, &mut &*text, &options).unwrap();
    recording
}

fn vert_counts(recording: &Recording) -> Vec<Option<f64>> {
    recording.channel("Vert").unwrap().counts().collect()
}

#[test]
fn where_a_peak_is_annotated_the_report_decides_between_one_byte_and_two() {
    // 0x010c = 268 counts = 1.34 in/s, or 12 counts = 0.06 in/s.
    let recording = histogram(&[(12, 1), (12, 1), (12, 1)], &[0.06, 1.34, 0.5]);
    assert_eq!(vert_counts(&recording), [Some(12.0), Some(268.0), Some(12.0)]);
    let counts = &recording.metadata["annotated_peaks_by_report"];
    assert_eq!(
        (&counts["byte"], &counts["two_bytes"], &counts["neither"]),
        (&1.into(), &1.into(), &1.into())
    );
    assert!(codes(&recording).contains(&"annotated_peaks"));
    assert!(codes(&recording).contains(&"table_differs"));
}

#[test]
fn the_frequency_that_the_report_prints_wins_over_the_half_period() {
    let recording = histogram(&[(12, 0)], &[0.06]);
    let facts = recording.channel("Vert").unwrap().intervals.as_ref().unwrap();
    assert_eq!(facts.frequency(0), Frequency::measured(12.0));
    assert_eq!(facts.half_periods[0].frequency(), Frequency::measured(25.6));
}

#[test]
fn one_block_more_or_fewer_than_rows_is_usual_and_more_is_noted() {
    let lengths_differ = |blocks: usize, rows: usize| {
        let recording = histogram(&vec![(4, 0); blocks], &vec![0.02; rows]);
        codes(&recording).contains(&"table_length")
    };
    assert!(!lengths_differ(10, 10) && !lengths_differ(11, 10) && !lengths_differ(9, 10));
    assert!(lengths_differ(14, 10));
}

#[test]
fn several_blocks_of_one_row_are_held_against_it_by_their_maximum() {
    let recording = histogram(&[(4, 0), (9, 0), (2, 0), (6, 0)], &[0.045, 0.03]);
    assert_eq!(codes(&recording).iter().filter(|code| code.starts_with("table")).count(), 0);
}

#[test]
fn a_text_that_is_no_report_leaves_the_recording_as_it_was() {
    let options = DecodeOptions::default();
    let mut recording = decode(BLAST, &options);
    let before = format!("{recording:?}");
    Blastware.merge_report(&mut recording, &mut &b"not a report"[..], &options).unwrap_err();
    assert_eq!(format!("{recording:?}"), before);
}

#[test]
fn columns_that_the_report_does_not_list_are_not_compared() {
    let text = String::from_utf8(sample(BLAST_REPORT)).unwrap();
    let (head, table) = text.split_once("\r\n\r\n").unwrap();
    let column = |range: std::ops::Range<usize>| -> String {
        let cells = |line: &str| {
            let cells: Vec<&str> = line.split('\t').collect();
            cells[range.clone()].join("\t") + "\r\n"
        };
        head.to_owned() + "\r\n\r\n" + &table.lines().map(cells).collect::<String>()
    };
    for range in [0..3, 1..2, 3..4, 0..4] {
        let recording = merged(BLAST, column(range.clone()).as_bytes(), &DecodeOptions::default());
        assert_eq!(codes(&recording), [] as [&str; 0], "{range:?}");
    }
    let other = column(0..3).replacen("\r\n0.0", "\r\n9.0", 3);
    let other = other.replacen("-0.005", "-0.035", 4);
    assert_eq!(
        codes(&merged(BLAST, other.as_bytes(), &DecodeOptions::default())),
        ["table_differs"]
    );
}

#[test]
fn fewer_samples_than_the_report_states_are_damage() {
    let text = b"\"Record Time : 4.0 sec\"\r\n\"Pre-trigger Length : -0.250 sec\"\r\n\"Sample Rate : 1024 sps\"\r\n";
    let recording = merged(BLAST, text, &DecodeOptions::default());
    assert!(recording.report.is_damaged());
    assert!(codes(&recording).contains(&"shorter_than_stated"));
    let whole = b"\"Record Time : 3.0 sec\"\r\n\"Pre-trigger Length : -0.250 sec\"\r\n\"Sample Rate : 1024 sps\"\r\n";
    let mut again = recording;
    Blastware.merge_report(&mut again, &mut &whole[..], &DecodeOptions::default()).unwrap();
    assert!(!again.report.is_damaged());
}

#[test]
fn an_event_whose_body_cannot_be_read_has_a_name_and_the_reports_values() {
    let options = DecodeOptions::default();
    for bytes in [&b""[..], &sample(BLAST)[..60], b"something else"] {
        let mut recording = Blastware.without_samples(Input { bytes, name: Some(BLAST) }, &options);
        assert!(recording.is_empty());
        assert_eq!(recording.serial.as_ref().unwrap().value, "BE11529");
        Blastware.merge_report(&mut recording, &mut &*sample(BLAST_REPORT), &options).unwrap();
        let statement = recording.statement.as_ref().unwrap();
        assert_eq!(statement.channel("Vert").unwrap().peak.unwrap().value, 0.41);
        assert!(!codes(&recording).contains(&"table_length"));
    }
}
