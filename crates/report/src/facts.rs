//! What the event page says of an event, as rows of words.

use wavekeep_core::{
    Assumed, Basis, BlastQuantity, ChannelStatement, Frequency, Kind, NoteKind, Reading, Recording,
    TimeAxis, Unit,
};
use wavekeep_signal::{ChannelMeasurements, Measured, Measurements, Origin, velocities_in};

use crate::axis::trimmed;
use crate::review::Correction;
use crate::style::Units;
use crate::text::one_line;
use crate::words::{
    NOTHING, duration, impossibility, incompleteness, moment, pspl, reading, saturation, seconds,
    timing,
};

/// A label and what stands beside it.
pub(crate) type Fact = (String, String);

pub(crate) fn fact(label: &str, words: impl Into<String>) -> Fact {
    (label.to_owned(), words.into())
}

/// A value with the word that it is assumed where it is.
fn or_assumed<T>(value: &Assumed<T>, words: String) -> String {
    match value.basis {
        Basis::Assumed => format!("{words} (assumed)"),
        Basis::FileName => format!("{words} (from the file name)"),
        Basis::Option => format!("{words} (as given by the user)"),
        Basis::File | Basis::Report => words,
    }
}

fn as_written(text: Option<&String>) -> String {
    text.map(|text| one_line(text))
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| NOTHING.to_owned())
}

/// The instrument and its settings.
pub(crate) fn instrument(recording: &Recording, units: Units) -> Vec<Fact> {
    let stated = recording.statement.as_ref();
    let written = |of: fn(&wavekeep_core::Statement) -> &Option<String>| {
        as_written(stated.and_then(|stated| of(stated).as_ref()))
    };
    let serial = recording.serial.as_ref();
    let mut facts = vec![
        fact(
            "Serial number",
            serial.map_or_else(
                || NOTHING.to_owned(),
                |serial| or_assumed(serial, one_line(&serial.value)),
            ),
        ),
        fact("Firmware", written(|stated| &stated.firmware)),
        fact("Calibration", written(|stated| &stated.calibration)),
        fact("Battery", written(|stated| &stated.battery)),
        fact("Trigger", velocities_in(&written(|stated| &stated.trigger), units.velocity(), &[])),
    ];
    let range = recording.range.as_ref().map(|range| {
        let unit = units.velocity();
        let in_per_s = range.value.in_per_s();
        let limit = Unit::InchPerSecond.convert(in_per_s, unit).unwrap_or(in_per_s);
        or_assumed(range, format!("{}, to {} {unit}", range.value, short(limit)))
    });
    facts.push(fact("Geophone range", range.unwrap_or_else(|| NOTHING.to_owned())));
    if let TimeAxis::Samples { rate_hz, pretrigger_s } = &recording.time {
        let stated_s = stated.and_then(|stated| stated.record_time_s);
        let length_s = recording.len() as f64 / rate_hz.value - pretrigger_s.value;
        let record_time_s = stated_s.unwrap_or(length_s);
        let words = format!(
            "{} s after, {} s before the trigger",
            short(record_time_s),
            short(pretrigger_s.value)
        );
        facts.push(fact("Record time", or_assumed(pretrigger_s, words)));
    }
    facts.push(fact(
        if recording.kind == Kind::Waveform { "Sample rate" } else { "Intervals" },
        timing(recording),
    ));
    facts
}

/// A number with three decimals at the most.
fn short(value: f64) -> String {
    trimmed(value, 3)
}

/// The user's notes, by their position, with what people corrected, and the moment of the event.
pub(crate) fn notes_and_moment(recording: &Recording, corrections: &[Correction]) -> Vec<Fact> {
    let stated = recording.statement.as_ref();
    let notes = stated.map_or(&[][..], |stated| stated.notes.as_slice());
    let roles = [
        ("project", "Project"),
        ("client", "Client"),
        ("operator", "Operator"),
        ("sensor_location", "Location"),
    ];
    let mut facts: Vec<Fact> = roles
        .iter()
        .map(|(role, label)| {
            let note = notes.iter().find(|note| note.role == *role);
            let words = as_written(note.map(|note| &note.text));
            match corrections.iter().find(|correction| correction.role == *role) {
                // What the unit has is not hidden: what contradicts is shown.
                Some(of) => fact(
                    label,
                    format!("{} (corrected; unit: {words})", as_written(of.text.as_ref())),
                ),
                None => fact(label, words),
            }
        })
        .collect();
    if let Some(note) = notes.iter().find(|note| note.role == "notes" && !note.text.is_empty()) {
        facts.push(fact("Notes", as_written(Some(&note.text))));
    }
    facts.extend(blast(recording, corrections));
    let start = recording.start.as_ref();
    let label = if recording.kind == Kind::Waveform { "Date and time" } else { "Start" };
    let words =
        start.map_or_else(|| NOTHING.to_owned(), |start| or_assumed(start, moment(start.value)));
    facts.push(fact(label, words));
    facts
}

/// Distance and charge of the blast, with what people set; nothing where neither is known.
fn blast(recording: &Recording, corrections: &[Correction]) -> Option<Fact> {
    let stated = recording.statement.as_ref().and_then(|stated| stated.blast.clone());
    let stated = stated.unwrap_or_default();
    let of = |quantity: BlastQuantity, stated: Option<Reading>| {
        let stated = stated.filter(|stated| quantity.check(*stated).is_ok());
        let stated = stated.map(|stated| stated.to_string());
        match corrections.iter().find(|correction| correction.role == quantity.word()) {
            Some(of) => Some(format!(
                "{quantity} {} (set; report: {})",
                as_written(of.text.as_ref()),
                as_written(stated.as_ref())
            )),
            None => stated.map(|stated| format!("{quantity} {stated}")),
        }
    };
    let words =
        [of(BlastQuantity::Distance, stated.distance()), of(BlastQuantity::Charge, stated.charge)];
    let words: Vec<String> = words.into_iter().flatten().collect();
    (!words.is_empty()).then(|| fact("Blast", words.join(", ")))
}

/// Start, finish and intervals of a histogram.
pub(crate) fn histogram_line(recording: &Recording) -> Option<String> {
    let TimeAxis::Intervals { start, length_s } = &recording.time else { return None };
    let stated = recording.statement.as_ref().and_then(|stated| stated.histogram.as_ref());
    let start = stated.and_then(|stated| stated.start).or(start.map(|start| start.value));
    let stop = stated.and_then(|stated| stated.stop).or(recording.stop.map(|stop| stop.value));
    let at = |at: Option<wavekeep_core::UnitLocal>| {
        at.map_or_else(|| "not known".to_owned(), |at| at.to_string())
    };
    let count = stated.and_then(|stated| stated.intervals).unwrap_or(recording.len() as f64);
    let length =
        stated.and_then(|stated| stated.interval_s).or(length_s.map(|length| length.value));
    let length = length.map_or_else(|| "unknown length".to_owned(), duration);
    Some(format!(
        "Start {}   ·   Finish {}   ·   {} intervals of {length}   ·   unit-local time",
        at(start),
        at(stop),
        short(count)
    ))
}

/// A value that was computed, beside others that the report states, carries this mark.
pub(crate) const COMPUTED: &str = " *";

/// The words of a quantity, marked when it was computed although there is a report.
fn marked<T: Copy>(has_report: bool, quantity: Measured<T>, words: impl Fn(T) -> String) -> String {
    match quantity.shown() {
        Some((value, Origin::Computed)) if has_report => words(value) + COMPUTED,
        Some((value, _)) => words(value),
        None => NOTHING.to_owned(),
    }
}

/// The table of the geophones: a row of names, then the rows of the page.
pub(crate) fn table(
    recording: &Recording,
    measured: &Measurements,
    units: Units,
    sensor_check_in_rows: bool,
) -> Vec<Vec<String>> {
    let has_report = recording.statement.is_some();
    let geophones: Vec<&ChannelMeasurements> = measured.geophones().take(3).collect();
    let row = |label: &str, cell: &dyn Fn(&ChannelMeasurements) -> String| {
        let cells = geophones.iter().map(|channel| cell(channel));
        std::iter::once(label.to_owned()).chain(cells).collect::<Vec<_>>()
    };
    let mut rows = vec![
        row("", &|channel| one_line(&channel.name)),
        row(&format!("PPV ({})", units.velocity()), &|channel| {
            marked(has_report, channel.peak, |peak| number(peak, units.velocity()))
        }),
        row("ZC frequency (Hz)", &|channel| marked(has_report, channel.zc_frequency, hertz)),
    ];
    match measured.kind {
        Kind::Waveform => {
            rows.push(row("Time from trigger (s)", &|channel| {
                marked(has_report, channel.time_of_peak_s, seconds)
            }));
            rows.push(row("Peak acceleration (g)", &|channel| {
                marked(has_report, channel.peak_acceleration, |peak| number(peak, Unit::Gravity))
            }));
            rows.push(row(&format!("Peak displacement ({})", units.length()), &|channel| {
                marked(has_report, channel.peak_displacement, |peak| number(peak, units.length()))
            }));
        }
        Kind::Histogram => {
            rows.push(row("Date", &|channel| {
                marked(has_report, channel.peak_at, |at| at.0.date().to_string())
            }));
            rows.push(row("Time (unit-local)", &|channel| {
                marked(has_report, channel.peak_at, |at| at.0.time().to_string())
            }));
        }
    }
    if !sensor_check_in_rows {
        rows.push(row("Sensor check", &|channel| sensor_check(statement(recording, channel))));
        return rows;
    }
    let stated = |channel: &ChannelMeasurements, of: fn(&ChannelStatement) -> Option<String>| {
        statement(recording, channel).and_then(of).unwrap_or_else(|| NOTHING.to_owned())
    };
    rows.push(row("Sensor check", &|channel| {
        stated(channel, |of| of.test_results.as_deref().map(one_line))
    }));
    rows.push(row("Check frequency (Hz)", &|channel| {
        stated(channel, |of| of.test_frequency.map(hertz_of_check))
    }));
    rows.push(row("Check overswing ratio", &|channel| {
        stated(channel, |of| of.test_ratio.map(|ratio| format!("{ratio:.1}")))
    }));
    rows
}

fn hertz_of_check(frequency: Frequency) -> String {
    format!("{frequency:.1}").trim_end_matches(" Hz").to_owned()
}

fn statement<'a>(
    recording: &'a Recording,
    channel: &ChannelMeasurements,
) -> Option<&'a ChannelStatement> {
    recording.statement.as_ref()?.channel(&channel.name)
}

/// A reading without its unit, which stands in the row's label.
fn number(value: Reading, unit: Unit) -> String {
    let words = reading(value, unit);
    words.strip_suffix(unit.symbol()).map_or(words.clone(), |number| number.trim_end().to_owned())
}

fn hertz(frequency: Frequency) -> String {
    frequency.to_string().trim_end_matches(" Hz").to_owned()
}

fn sensor_check(stated: Option<&ChannelStatement>) -> String {
    let Some(stated) = stated else { return NOTHING.to_owned() };
    let result = stated.test_results.as_deref().map(one_line);
    let frequency = stated.test_frequency.map(|frequency| format!("{frequency:.1}"));
    let ratio = stated.test_ratio.map(|ratio| format!("{ratio:.1}"));
    let amplitude = stated.test_amplitude.map(|amplitude| reading(amplitude, amplitude.unit));
    let words: Vec<String> = [result, frequency, ratio, amplitude].into_iter().flatten().collect();
    if words.is_empty() { NOTHING.to_owned() } else { words.join(", ") }
}

/// The vector sum, and nothing under its name that is not one.
pub(crate) fn vector_sum(recording: &Recording, measured: &Measurements, units: Units) -> Fact {
    let has_report = recording.statement.is_some();
    if let Some((sum, origin)) = measured.peak_vector_sum.shown() {
        let mut words = reading(sum, units.velocity());
        if let Some(time) = measured.peak_vector_sum_time_s.value() {
            words.push_str(&format!(" at {} s", seconds(time)));
        }
        if let Some(at) = measured.peak_vector_sum_at {
            words.push_str(&format!(" at {at}"));
        }
        if has_report && origin == Origin::Computed {
            words.push_str(COMPUTED);
        }
        return fact("Peak vector sum", words);
    }
    let words = match measured.vector_sum_upper_bound {
        Some(bound) if bound.upper_bound.flag.is_none() => {
            format!("not recorded; it is at most {}", reading(bound.upper_bound, units.velocity()))
        }
        Some(_) => "not recorded; peaks in doubt give no bound".to_owned(),
        None => NOTHING.to_owned(),
    };
    fact("Peak vector sum", words)
}

/// The microphone.
pub(crate) fn microphone(
    recording: &Recording,
    measured: &Measurements,
    units: Units,
) -> Vec<Fact> {
    let has_report = recording.statement.is_some();
    let Some(channel) = measured.microphones().next() else {
        return vec![fact("Microphone", "none")];
    };
    let mut level = marked(has_report, channel.peak, |peak| pspl(channel, peak, units));
    if let Some(time) = channel.time_of_peak_s.value() {
        level.push_str(&format!(" at {} s", seconds(time)));
    }
    if let Some(at) = channel.peak_at.value() {
        level.push_str(&format!(" at {at}"));
    }
    if let Some(levels) = channel.largest_levels {
        let named = [("L10", levels.l10), ("L90", levels.l90)];
        for (name, statistic) in named {
            if let Some(statistic) = statistic {
                level.push_str(&format!(", {name} up to {statistic}"));
            }
        }
    }
    vec![
        fact("Microphone PSPL", level),
        fact(
            "ZC frequency",
            marked(has_report, channel.zc_frequency, |frequency| frequency.to_string()),
        ),
        fact("Sensor check", sensor_check(statement(recording, channel))),
    ]
}

/// Where the numbers come from, in words.
pub(crate) fn origin(recording: &Recording) -> String {
    if recording.statement.is_some() {
        format!(
            "Values are as the instrument's report states them;{COMPUTED} computed from the samples."
        )
    } else {
        "All values are computed from the samples; no report of the instrument was found."
            .to_owned()
    }
}

/// What is damaged, disagrees or was assumed: the worst first, a sentence each.
pub(crate) fn doubts(
    recording: &Recording,
    measured: &Measurements,
    units: Units,
) -> Vec<(&'static str, String)> {
    let mut doubts = Vec::new();
    for channel in &measured.channels {
        let found = [
            ("Damage", incompleteness(channel, measured.kind)),
            ("Damage", impossibility(channel, measured.kind)),
            ("Saturation", saturation(channel, measured.kind)),
        ];
        for (word, words) in found {
            doubts.extend(
                words.map(|words| (word, format!("{}: {words}.", one_line(&channel.name)))),
            );
        }
    }
    let kinds = [
        (NoteKind::Damage, "Damage"),
        (NoteKind::Contradiction, "Contradiction"),
        (NoteKind::Disagreement, "Disagreement"),
        (NoteKind::Assumption, "Assumed"),
    ];
    for (kind, word) in kinds {
        doubts.extend(
            recording
                .report
                .of_kind(kind)
                .map(|note| (word, velocities_in(&one_line(&note.message), units.velocity(), &[]))),
        );
    }
    if recording.report.of_kind(NoteKind::Assumption).next().is_none() {
        doubts.extend(assumed(recording).map(|words| ("Assumed", words)));
    }
    if recording.report.not_kept() > 0 {
        doubts.push((
            "Damage",
            format!("{} further notes were not kept.", recording.report.not_kept()),
        ));
    }
    doubts
}

/// What nothing states, when the decoder left no notes about it.
fn assumed(recording: &Recording) -> Option<String> {
    let mut what = Vec::new();
    match &recording.time {
        TimeAxis::Samples { rate_hz, pretrigger_s } => {
            what.extend(rate_hz.is_assumed().then_some("the sample rate"));
            what.extend(pretrigger_s.is_assumed().then_some("the pre-trigger length"));
        }
        TimeAxis::Intervals { start, length_s } => {
            what.extend(start.filter(Assumed::is_assumed).map(|_| "the start"));
            what.extend(length_s.filter(Assumed::is_assumed).map(|_| "the length of an interval"));
        }
    }
    what.extend(recording.range.filter(Assumed::is_assumed).map(|_| "the range of the geophones"));
    (!what.is_empty()).then(|| format!("Nothing states {}.", what.join(", ")))
}
