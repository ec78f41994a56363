//! The vendor's report over a decoded recording: the report wins, both stay visible.

use serde_json::json;
use wavekeep_core::{
    DecodeOptions, Frequency, IntervalFacts, Kind, Recording, Samples, Sensor, Unit,
};

use crate::recording::{geophone_scale, limit_samples};
use crate::report_text::{HistogramRow, ReportText, Table};

/// Half a digit of a velocity that is printed with three decimals, and a little for rounding.
const PRINTED_TOLERANCE: f64 = 0.000_51;

/// Puts `report` over `recording`. What `options` state wins over both, and a disagreement is
/// noted. Merging the same report again changes nothing.
pub(crate) fn merge(recording: &mut Recording, report: ReportText, options: &DecodeOptions) {
    let ReportText { statement, table, not_understood } = report;
    for code in SETTLED {
        recording.report.settle(code);
    }
    let velocity_unit = statement.geophone_range.map_or(Unit::InchPerSecond, |range| range.unit);

    if let Some(range) = recording.take_statement(&statement, options) {
        for channel in &mut recording.channels {
            if channel.sensor == Sensor::Geophone {
                channel.scale = geophone_scale(range);
            }
        }
        if recording.kind == Kind::Waveform {
            limit_samples(recording);
        }
    }
    match &table {
        Table::None => {}
        Table::Samples(rows) => compare_samples(recording, rows, velocity_unit),
        Table::Intervals(rows) => compare_intervals(recording, rows, velocity_unit),
    }
    if !not_understood.is_empty() {
        recording.metadata.insert("report_lines_not_understood".to_owned(), json!(not_understood));
    }
    recording.statement = Some(statement);
}

/// Notes that a merge makes beside those of [`Recording::take_statement`]: an earlier merge's are
/// taken back first.
const SETTLED: [&str; 3] = ["table_differs", "table_length", "annotated_peaks"];

/// Printed samples against decoded ones: the same numbers by two ways.
fn compare_samples(recording: &mut Recording, rows: &[[f64; 4]], unit: Unit) {
    if rows.len() != recording.len() {
        let note =
            format!("the report lists {} samples, the file gave {}", rows.len(), recording.len());
        recording.report.disagreement("table_length", note);
    }
    let mut different = 0;
    for (turn, channel) in recording.geophones().enumerate() {
        for (row, value) in rows.iter().zip(channel.physical()) {
            let value = value.and_then(|value| channel.unit().convert(value, unit).ok());
            different += usize::from(value.is_some_and(|value| !prints_as(value, row[turn])));
        }
    }
    if different > 0 {
        let note = format!("{different} geophone samples are not what the report prints");
        recording.report.disagreement("table_differs", note);
    }
}

fn prints_as(value: f64, printed: f64) -> bool {
    (value - printed).abs() <= PRINTED_TOLERANCE
}

/// How the peaks of annotated intervals agree with the report.
#[derive(Debug, Default)]
struct Annotated {
    byte: usize,
    two_bytes: usize,
    neither: usize,
}

/// Printed intervals against decoded ones. Several blocks may belong to one row, and one block
/// more or less than rows is usual.
fn compare_intervals(recording: &mut Recording, rows: &[HistogramRow], unit: Unit) {
    let intervals = recording.len();
    recording.metadata.insert("report_rows".to_owned(), json!(rows.len()));
    let per_row = ((intervals as f64 / rows.len().max(1) as f64).round() as usize).max(1);
    if (per_row * rows.len()).abs_diff(intervals) > per_row {
        let note = format!("the report lists {} intervals, the file has {intervals}", rows.len());
        recording.report.disagreement("table_length", note);
    }
    let (mut different, mut annotated) = (0, Annotated::default());
    let mut turn = 0;
    for channel in &mut recording.channels {
        let (Samples::I16(peaks), Some(facts)) = (&mut channel.samples, &mut channel.intervals)
        else {
            continue;
        };
        facts.stated_frequencies = vec![None; peaks.len()];
        for (row, group) in rows.iter().zip(groups(intervals, per_row)) {
            if group.clone().any(|index| channel.gaps.contains(index)) {
                continue;
            }
            let Some(loudest) = group.max_by_key(|&index| (peaks[index], std::cmp::Reverse(index)))
            else {
                continue;
            };
            facts.stated_frequencies[loudest] = Some(stated_frequency(row, turn));
            if channel.sensor != Sensor::Geophone {
                continue;
            }
            let printed = row.peaks[turn];
            let agrees = |count: i16| {
                let value = channel.scale.unit.convert(channel.scale.apply(count.into()), unit);
                value.is_ok_and(|value| prints_as(value, printed))
            };
            match choose(peaks[loudest], loudest, facts, agrees) {
                Choice::Plain(true) => {}
                Choice::Plain(false) => different += 1,
                Choice::Byte => annotated.byte += 1,
                Choice::TwoBytes(count) => {
                    peaks[loudest] = count;
                    annotated.two_bytes += 1;
                }
                Choice::Neither => annotated.neither += 1,
            }
        }
        turn += 1;
    }
    if different + annotated.neither > 0 {
        let note = format!(
            "{} peaks of intervals are not what the report prints",
            different + annotated.neither
        );
        recording.report.disagreement("table_differs", note);
    }
    let Annotated { byte, two_bytes, neither } = annotated;
    let counts = json!({ "byte": byte, "two_bytes": two_bytes, "neither": neither });
    recording.metadata.insert("annotated_peaks_by_report".to_owned(), counts);
    if two_bytes > 0 {
        let note = format!(
            "in {two_bytes} annotated intervals the report prints a peak of two bytes: it was taken"
        );
        recording.report.disagreement("annotated_peaks", note);
    }
}

/// Blocks of each row: groups of `per_row`, the last one takes what is left.
fn groups(intervals: usize, per_row: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    (0..intervals).step_by(per_row).map(move |first| first..(first + per_row).min(intervals))
}

fn stated_frequency(row: &HistogramRow, turn: usize) -> Frequency {
    row.frequencies.get(turn).copied().unwrap_or(row.microphone_frequency)
}

/// Which reading of a peak the report agrees with.
enum Choice {
    /// Not annotated: the byte, which agrees or not.
    Plain(bool),
    /// Annotated, and the byte agrees.
    Byte,
    /// Annotated, and the number agrees that the annotation makes as the high byte.
    TwoBytes(i16),
    /// Annotated, and neither agrees: the byte is kept.
    Neither,
}

fn choose(peak: i16, index: usize, facts: &IntervalFacts, agrees: impl Fn(i16) -> bool) -> Choice {
    let annotation = facts.annotations.get(index).copied().unwrap_or(0);
    // Merged before: the high byte is in the peak already.
    let byte = peak & 0xff;
    let two_bytes = i16::from_le_bytes([byte as u8, annotation]);
    match annotation {
        0 => Choice::Plain(agrees(peak)),
        _ if agrees(byte) => Choice::Byte,
        _ if agrees(two_bytes) => Choice::TwoBytes(two_bytes),
        _ => Choice::Neither,
    }
}
