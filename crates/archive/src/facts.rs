//! What the sidecar says of an event, from the merged recording.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wavekeep_core::{Kind, Reading, Recording, Statement, TimeAxis, Unit};
use wavekeep_export::assumed;
use wavekeep_signal::{Measurements, measure};

use crate::merge::Merged;
use crate::sidecar::{
    DecodeBlock, EventBlock, FlagWord, OwnBlock, PeakValues, ProjectInfo, Review, Sidecar,
    SourceBlock, SourceFile,
};

/// The program that derives files, as the sidecars name it. The number of the decoder goes up when
/// the same files give other values: `docs/correctness.md` says which, and `rebuild` derives the
/// files of older ones again.
pub(crate) const TOOL_VERSION: &str = concat!("wavekeep ", env!("CARGO_PKG_VERSION"), " decoder 3");
/// Whether a newer version of this program derived what carries this word. What it derived is not
/// derived again by an older one: it may hold what the older one does not know.
pub(crate) fn is_newer(tool_version: Option<&str>) -> bool {
    let numbers = |tool: &str| -> Option<Vec<u64>> {
        let version = tool.strip_prefix("wavekeep ")?;
        // The first decoder had no number.
        let (version, decoder) = version.split_once(" decoder ").unwrap_or((version, "1"));
        let release = version.split(['-', '+']).next()?;
        release.split('.').chain([decoder]).map(|part| part.parse().ok()).collect()
    };
    let newer = tool_version.and_then(numbers).zip(numbers(TOOL_VERSION));
    newer.is_some_and(|(theirs, ours)| theirs > ours)
}

/// The folder of events whose unit nothing names.
pub const UNKNOWN_SERIAL: &str = "UNKNOWN";

/// What the sidecar needs beside the recording.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub serial: String,
    pub filename: String,
    pub filesize: u64,
    pub sha256: String,
    pub source: SourceBlock,
    pub own: OwnBlock,
}

/// The sidecar of an event: derived blocks over what is there already. `review` and what people
/// put into `extensions` are not touched.
pub(crate) fn sidecar(merged: &Merged, place: Place, earlier: Option<&Sidecar>) -> Sidecar {
    let recording = &merged.recording;
    let mut out = earlier.cloned().unwrap_or_else(|| Sidecar::new(crate::sidecar::EVENT_KIND));
    out.set("event", &event_block(recording, &place));
    let source_file = SourceFile {
        filename: Some(place.filename),
        filesize: Some(place.filesize),
        sha256: Some(place.sha256),
        available: Some(true),
    };
    out.set("blastware", &source_file);
    out.set("peak_values", &peaks(&measure(recording)));
    // Notes that only an earlier program knew are not taken away by a file that has none.
    if recording.statement.is_some() || earlier.is_none() {
        out.set("project_info", &project_info(recording));
    }
    out.set("source", &place.source);
    let is_thor = !recording.format.id.starts_with("blastware");
    match (&recording.statement, out.report().is_some()) {
        // A statement without fields was made from the sidecar itself.
        (Some(statement), has_report) if !statement.fields.is_empty() || !has_report => {
            if is_thor {
                out.set_extension("idf_report", statement);
            } else {
                out.set("bw_report", statement);
            }
        }
        (None, false) if !out.document().contains_key("bw_report") => {
            out.set("bw_report", &Value::Null);
        }
        _ => {}
    }
    if !out.document().contains_key("review") {
        out.set("review", &Review { false_trigger: Some(false), ..Review::default() });
    }
    out.set_extension("decode", &decode_block(recording));
    out.set("wavekeep", &place.own);
    out
}

fn event_block(recording: &Recording, place: &Place) -> EventBlock {
    let mut names: Vec<String> = assumed(recording).into_iter().map(str::to_owned).collect();
    if recording.serial.is_none() {
        names.insert(0, "serial".to_owned());
    }
    let counts = recording.channels.iter().map(|of| (of.name.to_string(), of.len() as u64));
    let (sample_rate, pretrigger_s, interval_s, record_time_s) = match &recording.time {
        TimeAxis::Samples { rate_hz, pretrigger_s } => {
            let record_time = recording.len() as f64 / rate_hz.value - pretrigger_s.value;
            let stated = recording.statement.as_ref().and_then(|said| said.record_time_s);
            (Some(rate_hz.value), Some(pretrigger_s.value), None, stated.or(Some(record_time)))
        }
        TimeAxis::Intervals { start, length_s } => {
            let stop = recording.stop.map(|stop| stop.value);
            let start = start.or(recording.start).map(|start| start.value);
            let lasted = stop.zip(start).map(|(stop, start)| stop.seconds_since(start));
            (None, None, length_s.map(|length_s| length_s.value), lasted)
        }
    };
    EventBlock {
        serial: Some(place.serial.clone()),
        filename: Some(place.filename.clone()),
        timestamp: recording.start.map(|start| start.value.0.to_string()),
        record_type: Some(kind_word(recording.kind).to_owned()),
        sample_rate,
        record_time_s: record_time_s.filter(|seconds| seconds.is_finite()),
        sample_counts: Some(counts.collect()),
        pretrigger_s,
        interval_s,
        geo_range_in_s: recording.range.map(|range| range.value.in_per_s()),
        assumed: Some(names),
    }
}

/// The word of a kind in sidecar and index.
pub(crate) fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Waveform => "waveform",
        Kind::Histogram => "histogram",
    }
}

fn peaks(measured: &Measurements) -> PeakValues {
    let (mut flags, mut readings) = (BTreeMap::new(), BTreeMap::new());
    let mut shown = |name: &str, reading: Option<Reading>, unit: Unit| {
        // An assumed unit would be worse than no number.
        let reading = reading?.to(unit).ok().filter(|reading| reading.value.is_finite())?;
        if let Some(flag) = reading.flag {
            flags.insert(name.to_owned(), FlagWord::from(flag));
        }
        Some(reading.value)
    };
    let of = |name: &str| measured.channel(name);
    let peak = |name: &str| of(name).and_then(|channel| channel.peak.value());
    let velocity = Unit::InchPerSecond;
    let microphone = measured.microphones().next();
    let level = microphone.and_then(|mic| mic.peak.value());
    let all = [
        ("tran", peak("Tran")),
        ("vert", peak("Vert")),
        ("long", peak("Long")),
        ("peak_vector_sum", measured.peak_vector_sum.value()),
        ("mic", level.filter(|level| level.unit != Unit::Count)),
    ];
    for (name, reading) in all {
        if let Some(reading) = reading.filter(|reading| reading.value.is_finite()) {
            readings.insert(name.to_owned(), reading);
        }
    }
    let mut peaks = PeakValues {
        tran: shown("tran", peak("Tran"), velocity),
        vert: shown("vert", peak("Vert"), velocity),
        long: shown("long", peak("Long"), velocity),
        peak_vector_sum: shown("peak_vector_sum", measured.peak_vector_sum.value(), velocity),
        mic_psi: shown("mic_psi", microphone.and_then(|mic| mic.peak_psi.value()), Unit::Psi),
        mic_db_l: shown("mic_db_l", level, Unit::DecibelLinear),
        mic_db_a: shown("mic_db_a", level, Unit::DecibelA),
        mic_db_c: shown("mic_db_c", level, Unit::DecibelC),
        readings: Some(readings),
        flags: None,
        units: None,
    };
    peaks.flags = Some(flags);
    let units = [
        ("tran", velocity),
        ("vert", velocity),
        ("long", velocity),
        ("peak_vector_sum", velocity),
        ("mic_psi", Unit::Psi),
        ("mic_db_l", Unit::DecibelLinear),
    ];
    let units = units.map(|(name, unit)| (name.to_owned(), unit.symbol().to_owned()));
    peaks.units = Some(BTreeMap::from(units));
    peaks
}

fn project_info(recording: &Recording) -> ProjectInfo {
    let Some(statement) = &recording.statement else { return ProjectInfo::default() };
    let text = |role: &str| {
        let note = statement.notes.iter().find(|note| note.role == role);
        note.map(|note| note.text.clone()).filter(|text| !text.is_empty())
    };
    let labels = statement.notes.iter().filter(|note| !note.label.is_empty());
    let labels = labels.map(|note| (note.role.to_owned(), note.label.clone())).collect();
    ProjectInfo {
        project: text("project"),
        client: text("client"),
        operator: text("operator"),
        sensor_location: text("sensor_location"),
        notes: further_notes(statement),
        labels: Some(labels),
    }
}

/// Notes of no role of their own, in their order; those with a label of the user's say it.
fn further_notes(statement: &Statement) -> Option<String> {
    let notes = statement.notes.iter().filter(|note| note.role == "notes");
    let notes = notes.filter(|note| !note.text.is_empty()).map(|note| {
        match note.label.to_lowercase().as_str() {
            "" | "general" | "notes" | "general notes" => note.text.clone(),
            _ => format!("{}: {}", note.label, note.text),
        }
    });
    let notes: Vec<String> = notes.collect();
    (!notes.is_empty()).then(|| notes.join("; "))
}

fn decode_block(recording: &Recording) -> DecodeBlock {
    let gaps = recording.channels.iter().filter(|channel| !channel.gaps.is_empty());
    let missing = recording.channels.iter().map(|channel| channel.gaps.samples() as u64).sum();
    DecodeBlock {
        format: Some(recording.format.id.to_owned()),
        damaged: Some(recording.report.is_damaged()),
        contradicted: Some(recording.report.is_contradicted()),
        gaps: Some(gaps.map(|channel| (channel.name.to_string(), json!(channel.gaps))).collect()),
        missing_samples: Some(missing),
        warnings: Some(recording.report.notes().iter().map(|note| json!(note)).collect()),
    }
}
