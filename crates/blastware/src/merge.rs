//! The vendor's report over a decoded recording: the report wins, both stay visible.

use serde_json::json;
use wavekeep_core::{
    Assumed, Basis, DecodeOptions, Frequency, GeophoneRange, IntervalFacts, Reading, Recording,
    Samples, Sensor, TimeAxis, Unit,
};

use crate::recording::geophone_scale;
use crate::report_text::{HistogramRow, ReportText, Table};

/// How far a printed range may be from 10 or 1.25 in/s and still mean it (mm/s are rounded).
const RANGE_TOLERANCE: f64 = 0.01;
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

    range(recording, statement.geophone_range, options);
    match &mut recording.time {
        TimeAxis::Samples { rate_hz, pretrigger_s } => {
            let mut notes = Vec::new();
            state(rate_hz, statement.rate_hz, options.rate_hz, "rate", &mut notes);
            state(
                pretrigger_s,
                statement.pretrigger_s,
                options.pretrigger_s,
                "pretrigger",
                &mut notes,
            );
            for (code, field) in [("rate", &*rate_hz), ("pretrigger", &*pretrigger_s)] {
                if !field.is_assumed() {
                    recording.report.settle(code);
                }
            }
            for (code, note) in notes {
                recording.report.disagreement(code, note);
            }
        }
        TimeAxis::Intervals { start, length_s } => {
            let histogram = statement.histogram.clone().unwrap_or_default();
            *start = histogram.start.map(|at| Assumed::stated(at, Basis::Report)).or(*start);
            *length_s =
                histogram.interval_s.map(|s| Assumed::stated(s, Basis::Report)).or(*length_s);
            if let Some(stop) = histogram.stop {
                recording.stop = Some(Assumed::stated(stop, Basis::Report));
            }
        }
    }
    if let Some(serial) = &statement.serial {
        if let Some(known) = recording.serial.as_ref().filter(|known| known.value != *serial) {
            let note = format!(
                "the report is of unit {serial}, the file of {}: is it the report of this event?",
                known.value
            );
            recording.report.disagreement("report_serial", note);
        }
        recording.serial = Some(Assumed::stated(serial.clone(), Basis::Report));
    }
    if let Some(start) = statement.start {
        if let Some(known) = recording.start.filter(|known| known.value != start) {
            let note = format!(
                "the report says that the event began at {start}, the file that it began at {}: is it the report of this event?",
                known.value
            );
            recording.report.disagreement("report_start", note);
        }
        recording.start = Some(Assumed::stated(start, Basis::Report));
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

/// Notes that a merge makes: an earlier merge's are taken back first.
const SETTLED: [&str; 9] = [
    "rate_stated",
    "pretrigger_stated",
    "range_stated",
    "report_range",
    "report_serial",
    "report_start",
    "table_differs",
    "table_length",
    "annotated_peaks",
];

/// Option over report over what stood there.
fn state(
    field: &mut Assumed<f64>,
    by_report: Option<f64>,
    by_option: Option<f64>,
    code: &'static str,
    notes: &mut Vec<(&'static str, String)>,
) {
    let stated = match code {
        "rate" => "rate_stated",
        _ => "pretrigger_stated",
    };
    match (by_option, by_report) {
        (Some(option), Some(report)) if option != report => {
            notes.push((stated, format!("the report states a {code} of {report}, the caller {option}: the caller's was taken")));
        }
        (None, Some(report)) => *field = Assumed::stated(report, Basis::Report),
        _ => {}
    }
}

fn range(recording: &mut Recording, printed: Option<Reading>, options: &DecodeOptions) {
    let Some(printed) = printed else { return };
    let Ok(in_per_s) = printed.to(Unit::InchPerSecond) else { return };
    let named = [GeophoneRange::Normal, GeophoneRange::Sensitive]
        .into_iter()
        .find(|range| (in_per_s.value / range.in_per_s() - 1.0).abs() < RANGE_TOLERANCE);
    match (named, options.range) {
        (None, _) => {
            let note = format!(
                "the report states a geophone range of {} {}: neither 10 nor 1.25 in/s",
                printed.value, printed.unit
            );
            recording.report.disagreement("report_range", note);
        }
        (Some(report), Some(option)) if report != option => {
            let note = format!(
                "the report states the {report} geophone range, the caller the {option} one: the caller's was taken"
            );
            recording.report.disagreement("range_stated", note);
        }
        (Some(report), None) => {
            recording.range = Some(Assumed::stated(report, Basis::Report));
            recording.report.settle("range");
            for channel in &mut recording.channels {
                if channel.sensor == Sensor::Geophone {
                    channel.scale = geophone_scale(report);
                }
            }
        }
        _ => {}
    }
}

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
