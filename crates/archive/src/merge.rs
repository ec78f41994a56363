//! The one way from a source file to what is known of it: decode, then the report on top.
//!
//! The row, the sidecar and the arrays are all made from the [`Merged`] that comes from here, so
//! they cannot disagree.

use std::str::FromStr;

use wavekeep_core::{
    Assumed, Basis, ChannelStatement, DecodeOptions, EventFormat, GeophoneRange, Input, Limits,
    Reading, Recording, Statement, TimeAxis, Unit, UnitLocal, UserNote,
};
use wavekeep_formats::{
    Decoded, EVENT_FORMATS, HEAD_LEN, ReportInput, decode_with_reports, detect,
};
use wavekeep_signal::note_contradictions;

use crate::error::DecodeFailure;
use crate::sidecar::{Sidecar, Stated};

/// What an event is made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ingredients<'a> {
    /// The source file.
    pub bytes: &'a [u8],
    /// The name under which it came.
    pub name: &'a str,
    /// SHA-256 of the source file.
    pub sha256: &'a str,
    /// The vendor's report.
    pub report: Option<&'a [u8]>,
    /// What the caller stated.
    pub stated: &'a Stated,
    /// When the file came in, in UTC: a clock that is later was wrong.
    pub captured_at: Option<UnitLocal>,
    /// How large a file may be.
    pub limits: Limits,
    /// The sidecar that is there already. Where no report text is, what it kept of one still wins.
    pub earlier: Option<&'a Sidecar>,
}

/// An event with everything that is known of it.
#[derive(Debug)]
pub(crate) struct Merged {
    /// The recording, with the report on top.
    pub recording: Recording,
    /// The serial number by the file alone: `None` where neither name nor content says one.
    pub serial_of_file: Option<String>,
    /// The start by the file alone.
    pub start_of_file: Option<UnitLocal>,
    /// Why the report was not used, when it was not.
    pub report_refused: Option<String>,
}

/// The format that bytes have.
pub(crate) fn format_of(
    bytes: &[u8],
    name: &str,
) -> Result<&'static dyn EventFormat, DecodeFailure> {
    let head = &bytes[..bytes.len().min(HEAD_LEN)];
    detect(head, Some(name)).ok_or_else(|| {
        let first: Vec<String> = head.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let names: Vec<&str> = EVENT_FORMATS.iter().map(|format| format.info().name).collect();
        DecodeFailure::UnknownFormat {
            found: if first.is_empty() { "nothing: it is empty".into() } else { first.join(" ") },
            known: names.join(", "),
        }
    })
}

/// Decodes an event and puts its report over it.
pub(crate) fn merge(ingredients: Ingredients<'_>) -> Result<Merged, DecodeFailure> {
    let Ingredients { bytes, name, sha256, report, stated, captured_at, limits, earlier } =
        ingredients;
    let mut options = options(stated).with_limits(limits);
    let kept = earlier.filter(|earlier| report.is_none() && earlier.report().is_some());
    let kept_range = kept.and_then(stated_range).filter(|_| options.range.is_none());
    options.range = options.range.or(kept_range);
    let format = format_of(bytes, name)?;
    let input = Input { bytes, name: Some(name) };
    let report = report.map(|text| Ok(ReportInput { name: String::new(), text: Box::new(text) }));
    let decoded = decode_with_reports(format, input, &options, report, captured_at)?;
    let Decoded { mut recording, serial_of_file, start_of_file, report_refused, .. } = decoded;
    recording.source.sha256 = Some(sha256.to_owned());
    if let Some(kept) = kept {
        state_again(&mut recording, kept, &options);
        if let Some(range) = kept_range {
            recording.range = Some(Assumed::stated(range, Basis::Report));
        }
    }
    if let Some(serial) = &stated.serial {
        recording.serial = Some(Assumed::stated(serial.clone(), Basis::Option));
    }
    note_contradictions(&mut recording);
    Ok(Merged { recording, serial_of_file, start_of_file, report_refused })
}

fn options(stated: &Stated) -> DecodeOptions {
    DecodeOptions::default()
        .with_rate_hz(stated.rate_hz)
        .with_range(stated.range.as_deref().and_then(|word| GeophoneRange::from_str(word).ok()))
        .with_pretrigger_s(stated.pretrigger_s)
}

/// What a report stated whose text is not in the archive, from the sidecar that kept it.
fn state_again(recording: &mut Recording, earlier: &Sidecar, options: &DecodeOptions) {
    let (event, peaks, project) = (earlier.event(), earlier.peak_values(), earlier.project_info());
    let flag = |name: &str| peaks.flags.as_ref().and_then(|flags| flags.get(name)?.flag());
    let readings = peaks.readings.clone().unwrap_or_default();
    let reading = |value: Option<f64>, unit: Unit, name: &str| {
        let value = value.map(|value| Reading { flag: flag(name), ..Reading::new(value, unit) });
        // As it was printed, where that was kept and is still the same number.
        let is_same = |shown: &Reading| {
            shown.to(unit).ok().map(|shown| shown.value) == value.map(|value| value.value)
        };
        readings.get(name).copied().filter(is_same).or(value)
    };
    let channel = |name: &str, peak: Option<Reading>| ChannelStatement {
        name: name.to_owned(),
        peak,
        ..ChannelStatement::default()
    };
    let velocity = Unit::InchPerSecond;
    let level = reading(peaks.mic_db_l, Unit::DecibelLinear, "mic_db_l");
    let pressure = reading(peaks.mic_psi, Unit::Psi, "mic_psi");
    let weighted = [
        reading(peaks.mic_db_a, Unit::DecibelA, "mic_db_a"),
        reading(peaks.mic_db_c, Unit::DecibelC, "mic_db_c"),
    ];
    let level = level.or(weighted[0]).or(weighted[1]);
    let level = readings.get("mic").copied().filter(|shown| Some(*shown) == level).or(level);
    let note = |role: &'static str, text: &Option<String>| {
        let label = project.labels.as_ref().and_then(|labels| labels.get(role).cloned());
        let text = text.clone()?;
        Some(UserNote { role, label: label.unwrap_or_default(), text })
    };
    let statement = Statement {
        start: event.timestamp.as_deref().and_then(unit_local),
        rate_hz: event.sample_rate,
        pretrigger_s: event.pretrigger_s,
        notes: [
            note("project", &project.project),
            note("client", &project.client),
            note("operator", &project.operator),
            note("sensor_location", &project.sensor_location),
        ]
        .into_iter()
        .flatten()
        .collect(),
        channels: vec![
            channel("Tran", reading(peaks.tran, velocity, "tran")),
            channel("Vert", reading(peaks.vert, velocity, "vert")),
            channel("Long", reading(peaks.long, velocity, "long")),
            channel("MicL", level.or(pressure)),
        ],
        peak_vector_sum: reading(peaks.peak_vector_sum, velocity, "peak_vector_sum"),
        ..Statement::default()
    };
    let assumed = event.assumed.unwrap_or_default();
    let states = |name: &str| !assumed.iter().any(|assumed| assumed == name);
    if let Some(start) = statement.start.filter(|_| states("start")) {
        recording.start = Some(Assumed::stated(start, Basis::Report));
    }
    match &mut recording.time {
        TimeAxis::Samples { rate_hz, pretrigger_s } => {
            let rate = statement.rate_hz.filter(|rate| options.rate_hz.is_none() && *rate > 0.0);
            if let Some(rate) = rate.filter(|_| states("rate_hz")) {
                *rate_hz = Assumed::stated(rate, Basis::Report);
                recording.report.settle("rate");
            }
            let pretrigger = statement.pretrigger_s.filter(|_| options.pretrigger_s.is_none());
            if let Some(pretrigger) = pretrigger.filter(|_| states("pretrigger_s")) {
                *pretrigger_s = Assumed::stated(pretrigger, Basis::Report);
                recording.report.settle("pretrigger");
            }
        }
        TimeAxis::Intervals { length_s, .. } => {
            if let Some(interval_s) = event.interval_s.filter(|_| states("interval_length_s")) {
                *length_s = Some(Assumed::stated(interval_s, Basis::Report));
            }
        }
    }
    recording.statement = Some(statement);
}

/// When a file came in, as a moment without a zone that the unit's clock can be compared with.
pub(crate) fn moment_of_capture(captured_at: Option<&str>) -> Option<UnitLocal> {
    let at: jiff::Timestamp = captured_at?.parse().ok()?;
    Some(UnitLocal(at.to_zoned(jiff::tz::TimeZone::UTC).datetime()))
}

/// Limits for what is in the archive already: it was taken once.
pub(crate) fn limits_of_archive() -> Limits {
    Limits::default()
        .with_event_bytes(u64::MAX)
        .with_event_samples(u64::MAX)
        .with_report_text_bytes(u64::MAX)
}

/// The range that a sidecar has from a report.
fn stated_range(earlier: &Sidecar) -> Option<GeophoneRange> {
    let event = earlier.event();
    let is_assumed =
        event.assumed.is_some_and(|assumed| assumed.iter().any(|name| name == "range"));
    let in_s = event.geo_range_in_s.filter(|_| !is_assumed)?;
    let ranges = [GeophoneRange::Normal, GeophoneRange::Sensitive];
    ranges.into_iter().find(|range| range.in_per_s() == in_s)
}

/// A time without a zone. One that carries a zone is not by the unit's clock: it is not taken.
pub(crate) fn unit_local(text: &str) -> Option<UnitLocal> {
    let is_zoned = text.parse::<jiff::Timestamp>().is_ok();
    if is_zoned {
        return None;
    }
    text.parse::<jiff::civil::DateTime>().ok().map(UnitLocal)
}
