//! The vendor's report over a decoded recording: the report wins, both stay visible.

use std::io::BufRead;

use serde_json::json;
use wavekeep_core::{DecodeOptions, IntervalFacts, Kind, Recording, Result, Samples, Sensor};
use wavekeep_report_text::{
    CHANNELS, Context, Form, Grouping, IntervalRow, NOTES, SampleTable, read, state_intervals,
};

use crate::recording::{geophone_scale, limit_samples};

/// Half a digit of a printed number, and a little for rounding.
const HALF_A_DIGIT: f64 = 0.51;
/// The same for a velocity in a histogram, which is printed with three decimals.
const PRINTED_TOLERANCE: f64 = 0.000_51;

/// Puts the report `text` over `recording`. What `options` state wins over both, and a disagreement
/// is noted. Merging the same report again changes nothing.
///
/// # Errors
/// When the text is no report of this `form`, or a limit is reached.
pub(crate) fn merge(
    recording: &mut Recording,
    text: &mut dyn BufRead,
    form: &'static Form,
    options: &DecodeOptions,
) -> Result<()> {
    let file_start = recording.start.filter(|start| start.basis != wavekeep_core::Basis::Report);
    let context = Context {
        form,
        file_start: file_start.or(recording.start).map(|start| start.value),
        limit_bytes: options.limits.report_text_bytes,
    };
    let is_waveform = recording.kind == Kind::Waveform;
    let report = read(text, &context, is_waveform.then_some(&*recording))?;
    for code in SETTLED.into_iter().chain(NOTES) {
        recording.report.settle(code);
    }
    if let Some(range) = recording.take_statement(&report.statement, options) {
        for channel in &mut recording.channels {
            if channel.sensor == Sensor::Geophone {
                channel.scale = geophone_scale(range);
            }
        }
        if recording.kind == Kind::Waveform {
            limit_samples(recording);
        }
    }
    if let Some(table) = report.samples.filter(|_| is_waveform && !recording.is_empty()) {
        compare_samples(recording, &table);
    }
    if !is_waveform && !report.intervals.is_empty() && !recording.is_empty() {
        let grouping = state_intervals(recording, &report.intervals);
        compare_intervals(recording, &report.intervals, grouping);
    }
    for note in report.notes {
        recording.report.push(note);
    }
    recording.metadata.extend(report.facts);
    recording.statement = Some(report.statement);
    Ok(())
}

/// Notes that a merge makes beside those of [`Recording::take_statement`]: an earlier merge's are
/// taken back first.
const SETTLED: [&str; 3] = ["table_differs", "table_length", "annotated_peaks"];

/// Printed samples against decoded ones: the same numbers by two ways. Columns that the report does
/// not list, or whose unit it does not say, are not compared.
fn compare_samples(recording: &mut Recording, table: &SampleTable) {
    if table.rows != recording.len() {
        let note =
            format!("the report lists {} samples, the file gave {}", table.rows, recording.len());
        recording.report.disagreement("table_length", note);
    }
    let mut different = 0;
    for channel in recording.geophones() {
        let slot = CHANNELS.iter().position(|name| channel.name.eq_ignore_ascii_case(name));
        let column = slot.and_then(|slot| table.columns[slot].as_ref());
        let Some((column, unit)) = column.and_then(|column| Some((column, column.unit?))) else {
            continue;
        };
        let tolerance = HALF_A_DIGIT * 10f64.powi(-i32::from(column.decimals));
        different += column.tally.not_kept();
        for pair in column.tally.pairs() {
            let value = channel.unit().convert(channel.scale.apply(pair.count), unit);
            if value.is_ok_and(|value| (value - pair.printed).abs() > tolerance) {
                different += pair.samples;
            }
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

/// Printed peaks of intervals against decoded ones.
fn compare_intervals(recording: &mut Recording, rows: &[IntervalRow], grouping: Grouping) {
    let (mut different, mut annotated) = (0, Annotated::default());
    for channel in &mut recording.channels {
        let slot = CHANNELS[..3].iter().position(|name| channel.name.eq_ignore_ascii_case(name));
        let (Samples::I16(peaks), Some(facts)) = (&mut channel.samples, &mut channel.intervals)
        else {
            continue;
        };
        let Some(slot) = slot else { continue };
        for (row, group) in rows.iter().zip(grouping.groups()) {
            let is_missing = |index: &usize| channel.gaps.contains(*index);
            if group.clone().any(|index| is_missing(&index)) {
                continue;
            }
            let loudest = group.max_by_key(|&index| (peaks[index], std::cmp::Reverse(index)));
            // Below or above the range a row prints a bound, not the peak.
            let printed = row.peaks[slot].filter(|printed| printed.flag.is_none());
            let (Some(loudest), Some(printed)) = (loudest, printed) else { continue };
            let agrees = |count: i16| {
                let value = channel.scale.apply(count.into());
                let value = channel.scale.unit.convert(value, printed.unit);
                value.is_ok_and(|value| prints_as(value, printed.value))
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
