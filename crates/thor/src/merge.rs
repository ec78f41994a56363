//! The report over a decoded recording: the report wins, both stay visible, and its table tells what
//! a count is worth.

use serde_json::json;
use wavekeep_core::{
    Assumed, Basis, Channel, DecodeOptions, GeophoneRange, Kind, Quantity, Reading, Recording,
    Scale, Sensor, TimeAxis, Unit,
};

use crate::recording::scale_fact;
use crate::report_text::{ReportText, SampleTable, velocity_unit};
use crate::scale::{self, Fit, Pair};

/// How far a printed range may be from 10 or 1.25 in/s and still mean it (mm/s are rounded).
const RANGE_TOLERANCE: f64 = 0.01;

/// Notes that a merge makes: an earlier merge's are taken back first.
const SETTLED: [&str; 10] = [
    "rate_stated",
    "pretrigger_stated",
    "range_stated",
    "report_range",
    "report_serial",
    "report_start",
    "table_length",
    "table_unit",
    "table_differs",
    "table_coarse",
];

/// Puts `report` over `recording`. What `options` state wins over both, and a disagreement is
/// noted. Merging the same report again changes nothing.
pub(crate) fn merge(recording: &mut Recording, report: ReportText, options: &DecodeOptions) {
    let ReportText { statement, table, not_understood, text } = report;
    for code in SETTLED {
        recording.report.settle(code);
    }
    match &mut recording.time {
        TimeAxis::Samples { rate_hz, pretrigger_s } => {
            let fields = [
                ("rate", "rate_stated", rate_hz, statement.rate_hz, options.rate_hz),
                (
                    "pretrigger",
                    "pretrigger_stated",
                    pretrigger_s,
                    statement.pretrigger_s,
                    options.pretrigger_s,
                ),
            ];
            for (code, differs, field, by_report, by_option) in fields {
                match (by_report, by_option) {
                    (Some(report), Some(option)) if report != option => recording.report.disagreement(
                        differs,
                        format!("the report states a {code} of {report}, the caller {option}: the caller's was taken"),
                    ),
                    (Some(report), None) => {
                        *field = Assumed::stated(report, Basis::Report);
                        recording.report.settle(code);
                    }
                    _ => {}
                }
            }
        }
        TimeAxis::Intervals { start, length_s } => {
            let histogram = statement.histogram.clone().unwrap_or_default();
            let by_report = |value| Assumed::stated(value, Basis::Report);
            *start = histogram.start.or(statement.start).map(by_report).or(*start);
            if let Some(interval_s) = histogram.interval_s {
                *length_s = Some(Assumed::stated(interval_s, Basis::Report));
            }
            if let Some(stop) = histogram.stop {
                recording.stop = Some(by_report(stop));
            }
        }
    }
    identity(recording, statement.serial.as_deref(), statement.start);
    range(recording, statement.geophone_range, options);
    if let Some(table) = &table {
        let units = TableUnits {
            velocity: statement.units.as_deref().and_then(velocity_unit).or_else(|| {
                let peaks = statement.channels.iter().filter_map(|channel| channel.peak);
                peaks.map(|peak| peak.unit).find(|unit| unit.quantity() == Quantity::Velocity)
            }),
            pressure: statement
                .channel("MicL")
                .and_then(|channel| channel.peak)
                .map_or(Unit::DecibelLinear, |peak| peak.unit),
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

/// Serial number and start: the report's win, and a difference is noted.
fn identity(
    recording: &mut Recording,
    serial: Option<&str>,
    start: Option<wavekeep_core::UnitLocal>,
) {
    if let Some(serial) = serial {
        if let Some(known) = recording.serial.as_ref().filter(|known| known.value != serial) {
            let note = format!(
                "the report is of unit {serial}, the file of {}: is it the report of this event?",
                known.value
            );
            recording.report.disagreement("report_serial", note);
        }
        recording.serial = Some(Assumed::stated(serial.to_owned(), Basis::Report));
    }
    if let Some(start) = start {
        if let Some(known) = recording.start.filter(|known| known.value != start) {
            let note = format!(
                "the report says that the event began at {start}, the file that it began at {}: the report's was taken",
                known.value
            );
            recording.report.disagreement("report_start", note);
        }
        recording.start = Some(Assumed::stated(start, Basis::Report));
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
        }
        _ => {}
    }
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
    sensor(recording, table, &MICROPHONE, units.pressure);
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
