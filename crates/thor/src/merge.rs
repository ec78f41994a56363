//! The report over a decoded recording: the report wins, both stay visible, and its table tells what
//! a count is worth.

use std::io::BufRead;

use serde_json::json;
use wavekeep_core::{Basis, DecodeOptions, Kind, Recording, Result, Scale, Sensor, Unit};
use wavekeep_report_text::{
    CHANNELS, Context, Grouping, IntervalRow, NOTES, Pair, SampleTable, read, state_intervals,
};

use crate::recording::scale_fact;
use crate::report_text::FORM;
use crate::scale::{self, Fit};

/// Notes that a merge makes beside those of [`Recording::take_statement`] and of reading: an
/// earlier merge's are taken back first.
const SETTLED: [&str; 3] = ["table_length", "table_differs", "table_coarse"];

/// Puts the report `text` over `recording`. What `options` state wins over both, and a disagreement
/// is noted. Merging the same report again changes nothing.
///
/// # Errors
/// When the text is no report, or a limit is reached.
pub(crate) fn merge(
    recording: &mut Recording,
    text: &mut dyn BufRead,
    options: &DecodeOptions,
) -> Result<()> {
    let context = Context {
        form: &FORM,
        file_start: recording.start.map(|start| start.value),
        limit_bytes: options.limits.report_text_bytes,
    };
    let is_waveform = recording.kind == Kind::Waveform;
    let report = read(text, &context, is_waveform.then_some(&*recording))?;
    for code in SETTLED.into_iter().chain(NOTES) {
        recording.report.settle(code);
    }
    // What a count is worth does not follow from the range here.
    recording.take_statement(&report.statement, options);
    let is_weighted = report.statement.weighting().is_some();
    if is_weighted {
        forget_microphone_scale(recording);
    }
    if let Some(table) = report.samples.filter(|_| is_waveform && !recording.is_empty()) {
        samples(recording, &table, is_weighted);
    }
    if !is_waveform && !report.intervals.is_empty() && !recording.is_empty() {
        let grouping = state_intervals(recording, &report.intervals);
        intervals(recording, &report.intervals, grouping);
    }
    for note in report.notes {
        recording.report.push(note);
    }
    recording.metadata.extend(report.facts);
    recording.statement = Some(report.statement);
    Ok(())
}

/// Printed samples against counts: the same numbers by two ways, and what one count is worth.
fn samples(recording: &mut Recording, table: &SampleTable, is_weighted: bool) {
    recording.metadata.insert("report_rows".to_owned(), json!(table.rows));
    if table.rows != recording.len() {
        let note =
            format!("the report lists {} samples, the file gave {}", table.rows, recording.len());
        recording.report.disagreement("table_length", note);
    }
    // What a weighted microphone prints says nothing of its samples.
    for kind in [&GEOPHONES, &MICROPHONE] {
        if is_weighted && kind.sensor == Sensor::Microphone {
            continue;
        }
        let slots = recording.channels.iter().filter(|channel| channel.sensor == kind.sensor);
        let slots = slots.filter_map(|channel| {
            let slot = CHANNELS.iter().position(|name| channel.name.eq_ignore_ascii_case(name))?;
            table.columns[slot].as_ref()
        });
        // Columns in one unit are fitted together.
        let columns: Vec<_> = slots.filter(|column| column.unit.is_some()).collect();
        let Some(unit) = columns.first().and_then(|column| column.unit) else { continue };
        let columns = columns.into_iter().filter(|column| column.unit == Some(unit));
        let (mut pairs, mut decimals, mut not_kept) = (Vec::new(), u8::MAX, 0);
        for column in columns {
            pairs.extend(column.tally.pairs());
            decimals = decimals.min(column.decimals);
            not_kept += column.tally.not_kept();
        }
        sensor(recording, kind, &pairs, unit, usize::from(decimals), not_kept);
    }
}

/// Printed peaks of intervals against counts, where each row is one interval.
fn intervals(recording: &mut Recording, rows: &[IntervalRow], grouping: Grouping) {
    if !grouping.is_one_to_one() || rows.len() != recording.len() {
        return;
    }
    let mut pairs = Vec::new();
    let mut unit = None;
    for (slot, name) in CHANNELS[..3].iter().enumerate() {
        let Some(channel) = recording.channel(name) else { continue };
        for (count, row) in channel.counts().zip(rows) {
            // Below or above the range a row prints a bound, not the peak.
            let printed = row.peaks[slot].filter(|printed| printed.flag.is_none());
            let (Some(count), Some(printed)) = (count, printed) else { continue };
            if *unit.get_or_insert(printed.unit) == printed.unit {
                pairs.push(Pair { count, printed: printed.value, samples: 1 });
            }
        }
    }
    let decimals = pairs.iter().map(|pair| decimals_of(pair.printed)).max().unwrap_or(0);
    if let Some(unit) = unit {
        sensor(recording, &GEOPHONES, &pairs, unit, decimals, 0);
    }
}

/// Decimals of a number that was printed: the shortest text that reads as it.
fn decimals_of(value: f64) -> usize {
    let text = value.to_string();
    text.split_once('.').map_or(0, |(_, decimals)| decimals.len())
}

/// What a count of a weighted microphone is worth is not known: it has no scale, assumed or not.
fn forget_microphone_scale(recording: &mut Recording) {
    recording.report.settle(MICROPHONE.code);
    recording.metadata.remove(MICROPHONE.code);
}

/// Channels that share a factor.
struct SensorKind {
    sensor: Sensor,
    code: &'static str,
    name: &'static str,
    default: Scale,
}

const GEOPHONES: SensorKind = SensorKind {
    sensor: Sensor::Geophone,
    code: "geophone_scale",
    name: "geophone",
    default: scale::GEOPHONE,
};
const MICROPHONE: SensorKind = SensorKind {
    sensor: Sensor::Microphone,
    code: "microphone_scale",
    name: "microphone",
    default: scale::MICROPHONE,
};

fn sensor(
    recording: &mut Recording,
    kind: &SensorKind,
    pairs: &[Pair],
    unit: Unit,
    decimals: usize,
    not_kept: u64,
) {
    let fit = match scale::fit(pairs, unit, decimals, kind.default) {
        // Too many different numbers for the same counts: no factor explains them.
        Fit::Contradicts { differ, values } if not_kept > 0 => {
            Fit::Contradicts { differ: differ + not_kept, values: values + not_kept }
        }
        fit => fit,
    };
    match fit {
        Fit::Fits(fitted) => {
            for channel in &mut recording.channels {
                if channel.sensor == kind.sensor {
                    channel.scale = fitted.scale;
                }
            }
            recording.report.settle(kind.code);
            if kind.sensor == Sensor::Geophone {
                known_by_table(recording);
            }
            let channel = recording.channels.iter().find(|channel| channel.sensor == kind.sensor);
            let mut fact = channel.map(|channel| scale_fact(channel, Basis::Report));
            if let Some(fact) = &mut fact {
                fact["fit"] = json!(fitted);
            }
            recording.metadata.insert(kind.code.to_owned(), json!(fact));
        }
        Fit::TooCoarse => recording.report.assumption(
            "table_coarse",
            format!(
                "the report's table agrees with the assumed {} scale, and is too coarse to confirm it",
                kind.name
            ),
        ),
        Fit::Contradicts { differ, values } => recording.report.disagreement(
            "table_differs",
            format!(
                "{differ} of {values} {} samples are not what the report prints, whatever a count is worth: the assumed scale was kept",
                kind.name
            ),
        ),
        Fit::Silent => {}
    }
}

/// A factor that the report's own samples confirm does not hang on an assumed range.
fn known_by_table(recording: &mut Recording) {
    recording.report.settle("range");
    recording.report.settle("sensitive_scale");
    recording.range = recording.range.filter(|range| !range.is_assumed());
}
