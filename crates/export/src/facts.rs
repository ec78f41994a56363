//! Everything about a recording but its samples, as one JSON value.

use serde_json::{Map, Value, json};
use wavekeep_core::{Assumed, Basis, Channel, Recording, TimeAxis};

use crate::values::Values;

/// Everything about `recording` but its samples.
///
/// One object; every key is always there, `null` where nothing is known:
///
/// | key | value |
/// |---|---|
/// | `schema` | `"wavekeep.recording.v1"` |
/// | `format`, `format_name` | short word and name of the source format |
/// | `kind` | `"waveform"` or `"histogram"` |
/// | `source` | `name`, `bytes`, `sha256` of the source file, as far as known |
/// | `serial`, `start`, `stop`, `range` | `{"value", "basis"}`; the range also has `in_per_s` |
/// | `clock` | `"unit-local"`: `start` and `stop` are by the instrument's own clock, no zone is known |
/// | `time` | waveform: `axis` = `"samples"`, `rate_hz`, `pretrigger_s`, `first_s`, `step_s`; histogram: `axis` = `"intervals"`, `start`, `length_s` |
/// | `length` | samples or intervals of each channel |
/// | `channels` | `name`, `sensor`, `unit`, `scale`, `length`, `missing` (how many), `gaps` (`first`, `count`), `limit_count` |
/// | `statement` | what the vendor's report says |
/// | `metadata` | facts in the format's own words |
/// | `report` | `damaged`, `notes`, `not_kept` |
/// | `assumed` | names of the fields that nothing stated |
///
/// A `basis` is one of `file`, `file_name`, `report`, `option`, `assumed`. Numbers that are not
/// finite become `null`.
pub fn facts(recording: &Recording) -> Value {
    json!({
        "schema": "wavekeep.recording.v1",
        "format": recording.format.id,
        "format_name": recording.format.name,
        "kind": recording.kind,
        "source": recording.source,
        "serial": recording.serial,
        "start": recording.start,
        "stop": recording.stop,
        "clock": "unit-local",
        "time": time(recording),
        "length": recording.len(),
        "range": recording.range.map(|range| json!({
            "value": range.value,
            "in_per_s": range.value.in_per_s(),
            "basis": range.basis,
        })),
        "channels": recording
            .channels
            .iter()
            .map(|of| channel(of, recording.len()))
            .collect::<Vec<_>>(),
        "statement": recording.statement,
        "metadata": recording.metadata,
        "report": report(recording),
        "assumed": assumed(recording),
    })
}

/// The axis as it is stored, with what follows from it.
fn time(recording: &Recording) -> Value {
    let mut time = json!(recording.time);
    if let (TimeAxis::Samples { .. }, Value::Object(time)) = (&recording.time, &mut time) {
        time.insert("first_s".to_owned(), json!(recording.time.seconds(0)));
        time.insert("step_s".to_owned(), json!(recording.time.step_s()));
    }
    time
}

fn channel(channel: &Channel, len: usize) -> Value {
    let missing = Values::raw(channel).missing(len);
    json!({
        "name": channel.name,
        "sensor": channel.sensor,
        "unit": channel.unit(),
        "scale": channel.scale,
        "length": channel.len(),
        "missing": missing.samples(),
        "gaps": missing,
        "limit_count": channel.limit_count,
    })
}

fn report(recording: &Recording) -> Value {
    let report = &recording.report;
    let mut object = Map::new();
    object.insert("damaged".to_owned(), json!(report.is_damaged()));
    object.insert("notes".to_owned(), json!(report.notes()));
    object.insert("not_kept".to_owned(), json!(report.not_kept()));
    Value::Object(object)
}

/// The names of the fields that nothing stated, as [`facts`] calls them.
pub fn assumed(recording: &Recording) -> Vec<&'static str> {
    let mut names = Vec::new();
    let mut add = |name, basis| {
        if basis == Some(Basis::Assumed) {
            names.push(name);
        }
    };
    add("serial", basis(recording.serial.as_ref()));
    add("start", basis(recording.start.as_ref()));
    add("stop", basis(recording.stop.as_ref()));
    match &recording.time {
        TimeAxis::Samples { rate_hz, pretrigger_s } => {
            add("rate_hz", Some(rate_hz.basis));
            add("pretrigger_s", Some(pretrigger_s.basis));
        }
        TimeAxis::Intervals { start, length_s } => {
            add("interval_start", basis(start.as_ref()));
            add("interval_length_s", basis(length_s.as_ref()));
        }
    }
    add("range", basis(recording.range.as_ref()));
    names
}

fn basis<T>(value: Option<&Assumed<T>>) -> Option<Basis> {
    value.map(|value| value.basis)
}
