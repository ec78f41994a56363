//! The report over a decoded recording: the report wins, both stay visible, and its table tells what
//! a count is worth.

use serde_json::json;
use wavekeep_core::{
    Basis, Channel, DecodeOptions, Kind, Quantity, Recording, Scale, Sensor, Unit,
};

use crate::recording::scale_fact;
use crate::report_text::{ReportText, SampleTable, pressure_unit, velocity_unit};
use crate::scale::{self, Fit, Pair};

/// Notes that a merge makes beside those of [`Recording::take_statement`]: an earlier merge's are
/// taken back first.
const SETTLED: [&str; 4] = ["table_length", "table_unit", "table_differs", "table_coarse"];

/// Puts `report` over `recording`. What `options` state wins over both, and a disagreement is
/// noted. Merging the same report again changes nothing.
pub(crate) fn merge(recording: &mut Recording, report: ReportText, options: &DecodeOptions) {
    let ReportText { statement, table, not_understood, text } = report;
    for code in SETTLED {
        recording.report.settle(code);
    }
    // What a count is worth does not follow from the range here.
    recording.take_statement(&statement, options);
    if statement.weighting().is_some() {
        forget_microphone_scale(recording);
    }
    if let Some(table) = &table {
        let units = TableUnits {
            velocity: statement.units.as_deref().and_then(velocity_unit).or_else(|| {
                let peaks = statement.channels.iter().filter_map(|channel| channel.peak);
                peaks.map(|peak| peak.unit).find(|unit| unit.quantity() == Quantity::Velocity)
            }),
            pressure: statement.weighting().unwrap_or_else(|| {
                let units = statement.units.as_deref().and_then(pressure_unit);
                let peak = statement.channel("MicL").and_then(|channel| channel.peak);
                units.or(peak.map(|peak| peak.unit)).unwrap_or(Unit::DecibelLinear)
            }),
        };
        samples(recording, table, units);
    }
    let mut keep = |key: &str, value: serde_json::Value| {
        recording.metadata.insert(key.to_owned(), value);
    };
    keep("report_text", json!(text));
    if !not_understood.is_empty() {
        keep("report_lines_not_understood", json!(not_understood));
    }
    recording.statement = Some(statement);
}

/// What the columns of a report's table are printed in.
#[derive(Debug, Clone, Copy)]
struct TableUnits {
    /// `None` when nothing in the report says it.
    velocity: Option<Unit>,
    pressure: Unit,
}

/// Printed samples against counts: the same numbers by two ways, and what one count is worth.
fn samples(recording: &mut Recording, table: &SampleTable, units: TableUnits) {
    recording.metadata.insert("report_rows".to_owned(), json!(table.rows.len()));
    if recording.kind == Kind::Histogram {
        return;
    }
    if table.rows.len() != recording.len() {
        let note = format!(
            "the report lists {} samples, the file gave {}",
            table.rows.len(),
            recording.len()
        );
        recording.report.disagreement("table_length", note);
    }
    match units.velocity {
        Some(unit) => sensor(recording, table, &GEOPHONES, unit),
        None => recording.report.disagreement(
            "table_unit",
            "the report does not say in which unit it lists the samples: they were not compared",
        ),
    }
    if units.pressure.quantity() == Quantity::Pressure {
        sensor(recording, table, &MICROPHONE, units.pressure);
    }
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

fn sensor(recording: &mut Recording, table: &SampleTable, kind: &SensorKind, unit: Unit) {
    let channels = || {
        recording.channels.iter().enumerate().filter(|(_, channel)| channel.sensor == kind.sensor)
    };
    let pairs: Vec<Pair> =
        channels().flat_map(|(turn, channel)| pairs(channel, table, turn)).collect();
    let decimals = channels().map(|(turn, _)| table.decimals[turn]).min().unwrap_or(0);
    match scale::fit(&pairs, unit, decimals, kind.default) {
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

/// The samples of a channel that are neither missing in the file nor in the table.
fn pairs(channel: &Channel, table: &SampleTable, turn: usize) -> Vec<Pair> {
    let printed = table.rows.iter().map(|row| row[turn]);
    let both = channel.counts().zip(printed);
    both.filter_map(|(count, printed)| Some(Pair { count: count?, printed: printed? })).collect()
}
