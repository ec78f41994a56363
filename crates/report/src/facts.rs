//! What the event page says of an event, as rows of words.

use std::fmt::Display;

use wavekeep_core::{
    Assumed, Basis, BlastQuantity, ChannelStatement, Frequency, GeophoneRange, Kind, NoteKind,
    Reading, Recording, TimeAxis, Unit,
};
use wavekeep_signal::{ChannelMeasurements, Measured, Measurements, Origin, velocities_in};

use crate::axis::trimmed;
use crate::language::Words;
use crate::review::Correction;
use crate::style::Units;
use crate::text::one_line;
use crate::words::{
    self, NOTHING, at_moment, at_second, clock, duration, impossibility, incompleteness, moment,
    pspl, reading, saturation, seconds, timing,
};

/// A label and what stands beside it.
pub(crate) type Fact = (String, String);

/// The label of `key` and what stands beside it.
pub(crate) fn fact(words: &Words, key: &str, value: impl Into<String>) -> Fact {
    (words.text(key).to_owned(), value.into())
}

/// A value with the word that it is assumed where it is.
fn or_assumed<T>(words: &Words, of: &Assumed<T>, value: String) -> String {
    let key = match of.basis {
        Basis::Assumed => return words::assumed(words, &value),
        Basis::FileName => "event.from_file_name",
        Basis::Option => "event.given_by_user",
        Basis::File | Basis::Report => return value,
    };
    words.filled(key, &[("value", &value)])
}

fn as_written(text: Option<&String>) -> String {
    text.map(|text| one_line(text))
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| NOTHING.to_owned())
}

/// The instrument and its settings.
pub(crate) fn instrument(words: &Words, recording: &Recording, units: Units) -> Vec<Fact> {
    let stated = recording.statement.as_ref();
    let written = |of: fn(&wavekeep_core::Statement) -> &Option<String>| {
        as_written(stated.and_then(|stated| of(stated).as_ref()))
    };
    let serial = recording.serial.as_ref().map_or_else(
        || NOTHING.to_owned(),
        |serial| or_assumed(words, serial, one_line(&serial.value)),
    );
    let trigger = velocities_in(&written(|stated| &stated.trigger), units.velocity(), &[]);
    let mut facts = vec![
        fact(words, "event.serial", serial),
        fact(words, "event.firmware", written(|stated| &stated.firmware)),
        fact(words, "event.calibration", written(|stated| &stated.calibration)),
        fact(words, "event.battery", written(|stated| &stated.battery)),
        fact(words, "event.trigger", trigger),
    ];
    let range = recording.range.as_ref().map(|range| {
        let unit = units.velocity();
        let in_per_s = range.value.in_per_s();
        let limit = Unit::InchPerSecond.convert(in_per_s, unit).unwrap_or(in_per_s);
        let limit = format!("{} {unit}", short(words, limit));
        let name = words.text(match range.value {
            GeophoneRange::Normal => "event.range_normal",
            GeophoneRange::Sensitive => "event.range_sensitive",
        });
        let value = words.filled("event.range_to", &[("range", &name), ("limit", &limit)]);
        or_assumed(words, range, value)
    });
    facts.push(fact(words, "event.range", range.unwrap_or_else(|| NOTHING.to_owned())));
    if let TimeAxis::Samples { rate_hz, pretrigger_s } = &recording.time {
        let stated_s = stated.and_then(|stated| stated.record_time_s);
        let length_s = recording.len() as f64 / rate_hz.value - pretrigger_s.value;
        let after = short(words, stated_s.unwrap_or(length_s));
        let before = short(words, pretrigger_s.value);
        let value = words.filled("event.around_trigger", &[("after", &after), ("before", &before)]);
        facts.push(fact(words, "event.record_time", or_assumed(words, pretrigger_s, value)));
    }
    let label = match recording.kind {
        Kind::Waveform => "event.sample_rate",
        Kind::Histogram => "event.intervals",
    };
    facts.push(fact(words, label, timing(words, recording)));
    facts
}

/// A number with three decimals at the most.
fn short(words: &Words, value: f64) -> String {
    words.marked(&trimmed(value, 3))
}

/// The user's notes, by their position, with what people corrected, and the moment of the event.
pub(crate) fn notes_and_moment(
    words: &Words,
    recording: &Recording,
    corrections: &[Correction],
) -> Vec<Fact> {
    let stated = recording.statement.as_ref();
    let notes = stated.map_or(&[][..], |stated| stated.notes.as_slice());
    let roles = [
        ("project", "cover.project"),
        ("client", "cover.client"),
        ("operator", "event.operator"),
        ("sensor_location", "cover.location"),
    ];
    let mut facts: Vec<Fact> = roles
        .iter()
        .map(|(role, label)| {
            let note = notes.iter().find(|note| note.role == *role);
            let noted = as_written(note.map(|note| &note.text));
            match corrections.iter().find(|correction| correction.role == *role) {
                // What the unit has is not hidden: what contradicts is shown.
                Some(of) => {
                    let value = as_written(of.text.as_ref());
                    let values: [(&str, &dyn Display); 2] = [("value", &value), ("noted", &noted)];
                    fact(words, label, words.filled("event.corrected", &values))
                }
                None => fact(words, label, noted),
            }
        })
        .collect();
    if let Some(note) = notes.iter().find(|note| note.role == "notes" && !note.text.is_empty()) {
        facts.push(fact(words, "event.notes", as_written(Some(&note.text))));
    }
    facts.extend(blast(words, recording, corrections));
    let label = match recording.kind {
        Kind::Waveform => "table.time",
        Kind::Histogram => "event.start",
    };
    let start = recording.start.as_ref().map_or_else(
        || NOTHING.to_owned(),
        |start| or_assumed(words, start, moment(words, start.value)),
    );
    facts.push(fact(words, label, start));
    facts
}

/// Distance and charge of the blast, with what people set; nothing where neither is known.
fn blast(words: &Words, recording: &Recording, corrections: &[Correction]) -> Option<Fact> {
    let stated = recording.statement.as_ref().and_then(|stated| stated.blast.clone());
    let stated = stated.unwrap_or_default();
    let of = |quantity: BlastQuantity, name: &str, stated: Option<Reading>| {
        let name = words.text(name);
        let stated = stated.filter(|stated| quantity.check(*stated).is_ok());
        let stated = stated.map(|stated| words.marked(&stated.to_string()));
        match corrections.iter().find(|correction| correction.role == quantity.word()) {
            Some(of) => {
                let value = words.marked(&as_written(of.text.as_ref()));
                let stated = as_written(stated.as_ref());
                let values: [(&str, &dyn Display); 3] =
                    [("quantity", &name), ("value", &value), ("stated", &stated)];
                Some(words.filled("event.set", &values))
            }
            None => stated.map(|stated| format!("{name} {stated}")),
        }
    };
    let both = [
        of(BlastQuantity::Distance, "event.distance", stated.distance()),
        of(BlastQuantity::Charge, "event.charge", stated.charge),
    ];
    let both: Vec<String> = both.into_iter().flatten().collect();
    (!both.is_empty()).then(|| fact(words, "event.blast", both.join(", ")))
}

/// Start, finish and intervals of a histogram.
pub(crate) fn histogram_line(words: &Words, recording: &Recording) -> Option<String> {
    let TimeAxis::Intervals { start, length_s } = &recording.time else { return None };
    let stated = recording.statement.as_ref().and_then(|stated| stated.histogram.as_ref());
    let start = stated.and_then(|stated| stated.start).or(start.map(|start| start.value));
    let stop = stated.and_then(|stated| stated.stop).or(recording.stop.map(|stop| stop.value));
    let at = |at: Option<wavekeep_core::UnitLocal>| {
        at.map_or_else(|| words.text("event.not_known").to_owned(), |at| clock(words, at))
    };
    let count = stated.and_then(|stated| stated.intervals).unwrap_or(recording.len() as f64);
    let length =
        stated.and_then(|stated| stated.interval_s).or(length_s.map(|length| length.value));
    let length = length.map_or_else(
        || words.text("event.unknown_length").to_owned(),
        |length| duration(words, length),
    );
    Some(words.filled(
        "event.histogram_line",
        &[
            ("start", &at(start)),
            ("stop", &at(stop)),
            ("n", &short(words, count)),
            ("length", &length),
        ],
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
    words: &Words,
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
    let number = |value, unit| number(words, value, unit);
    let displacement = words.filled("event.peak_displacement", &[("unit", &units.length())]);
    let mut rows = vec![
        row("", &|channel| one_line(&channel.name)),
        row(&format!("PPV ({})", units.velocity()), &|channel| {
            marked(has_report, channel.peak, |peak| number(peak, units.velocity()))
        }),
        row(words.text("event.zc_frequency_hz"), &|channel| {
            marked(has_report, channel.zc_frequency, |frequency| hertz(words, frequency))
        }),
    ];
    match measured.kind {
        Kind::Waveform => {
            rows.push(row(words.text("event.time_from_trigger"), &|channel| {
                marked(has_report, channel.time_of_peak_s, |second| seconds(words, second))
            }));
            rows.push(row(words.text("event.peak_acceleration"), &|channel| {
                marked(has_report, channel.peak_acceleration, |peak| number(peak, Unit::Gravity))
            }));
            rows.push(row(&displacement, &|channel| {
                marked(has_report, channel.peak_displacement, |peak| number(peak, units.length()))
            }));
        }
        Kind::Histogram => {
            rows.push(row(words.text("event.date"), &|channel| {
                marked(has_report, channel.peak_at, |at| words.date(at.0.date()))
            }));
            rows.push(row(words.text("event.time"), &|channel| {
                marked(has_report, channel.peak_at, |at| words.marked(&at.0.time().to_string()))
            }));
        }
    }
    if !sensor_check_in_rows {
        rows.push(row(words.text("event.sensor_check"), &|channel| {
            sensor_check(words, statement(recording, channel))
        }));
        return rows;
    }
    let stated = |channel: &ChannelMeasurements, of: fn(&ChannelStatement) -> Option<String>| {
        statement(recording, channel).and_then(of).unwrap_or_else(|| NOTHING.to_owned())
    };
    rows.push(row(words.text("event.sensor_check"), &|channel| {
        stated(channel, |of| of.test_results.as_deref().map(one_line))
    }));
    rows.push(row(words.text("event.check_frequency"), &|channel| {
        words.marked(&stated(channel, |of| of.test_frequency.map(hertz_of_check)))
    }));
    rows.push(row(words.text("event.check_ratio"), &|channel| {
        words.marked(&stated(channel, |of| of.test_ratio.map(|ratio| format!("{ratio:.1}"))))
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
fn number(words: &Words, value: Reading, unit: Unit) -> String {
    let shown = reading(words, value, unit);
    shown.strip_suffix(unit.symbol()).map_or(shown.clone(), |number| number.trim_end().to_owned())
}

fn hertz(words: &Words, frequency: Frequency) -> String {
    words::frequency(words, frequency).trim_end_matches(" Hz").to_owned()
}

fn sensor_check(words: &Words, stated: Option<&ChannelStatement>) -> String {
    let Some(stated) = stated else { return NOTHING.to_owned() };
    let result = stated.test_results.as_deref().map(one_line);
    let frequency = stated.test_frequency.map(|frequency| words.marked(&format!("{frequency:.1}")));
    let ratio = stated.test_ratio.map(|ratio| words.number(ratio, 1));
    let amplitude =
        stated.test_amplitude.map(|amplitude| reading(words, amplitude, amplitude.unit));
    let parts: Vec<String> = [result, frequency, ratio, amplitude].into_iter().flatten().collect();
    if parts.is_empty() { NOTHING.to_owned() } else { parts.join(", ") }
}

/// The vector sum, and nothing under its name that is not one.
pub(crate) fn vector_sum(
    words: &Words,
    recording: &Recording,
    measured: &Measurements,
    units: Units,
) -> Fact {
    let has_report = recording.statement.is_some();
    if let Some((sum, origin)) = measured.peak_vector_sum.shown() {
        let mut value = reading(words, sum, units.velocity());
        if let Some(time) = measured.peak_vector_sum_time_s.value() {
            value = at_second(words, &value, time);
        }
        if let Some(at) = measured.peak_vector_sum_at {
            value = at_moment(words, &value, at);
        }
        if has_report && origin == Origin::Computed {
            value.push_str(COMPUTED);
        }
        return fact(words, "event.vector_sum", value);
    }
    let value = match measured.vector_sum_upper_bound {
        Some(bound) if bound.upper_bound.flag.is_none() => {
            let bound = reading(words, bound.upper_bound, units.velocity());
            words.filled("event.vector_sum_bound", &[("bound", &bound)])
        }
        Some(_) => words.text("event.vector_sum_no_bound").to_owned(),
        None => NOTHING.to_owned(),
    };
    fact(words, "event.vector_sum", value)
}

/// The microphone.
pub(crate) fn microphone(
    words: &Words,
    recording: &Recording,
    measured: &Measurements,
    units: Units,
) -> Vec<Fact> {
    let has_report = recording.statement.is_some();
    let Some(channel) = measured.microphones().next() else {
        return vec![fact(words, "event.microphone", words.text("event.no_microphone"))];
    };
    let mut level = marked(has_report, channel.peak, |peak| pspl(words, channel, peak, units));
    if let Some(time) = channel.time_of_peak_s.value() {
        level = at_second(words, &level, time);
    }
    if let Some(at) = channel.peak_at.value() {
        level = at_moment(words, &level, at);
    }
    if let Some(levels) = channel.largest_levels {
        let named = [("L10", levels.l10), ("L90", levels.l90)];
        for (name, statistic) in named {
            if let Some(statistic) = statistic {
                let value = words.marked(&statistic.to_string());
                let up_to = words.filled("event.up_to", &[("name", &name), ("value", &value)]);
                level.push_str(&format!(", {up_to}"));
            }
        }
    }
    let frequency =
        marked(has_report, channel.zc_frequency, |frequency| words::frequency(words, frequency));
    vec![
        fact(words, "event.pspl", level),
        fact(words, "event.zc_frequency", frequency),
        fact(words, "event.sensor_check", sensor_check(words, statement(recording, channel))),
    ]
}

/// Where the numbers come from, in words.
pub(crate) fn origin(words: &Words, recording: &Recording) -> String {
    match recording.statement.is_some() {
        true => words.filled("event.values_stated", &[("mark", &COMPUTED.trim_start())]),
        false => words.text("event.values_computed").to_owned(),
    }
}

/// What is to be doubted of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doubt {
    Damage,
    Saturation,
    Contradiction,
    Disagreement,
    Assumed,
}

impl Doubt {
    /// Its word.
    pub(crate) fn word(self, words: &'static Words) -> &'static str {
        words.text(match self {
            Self::Damage => "doubt.damage",
            Self::Saturation => "doubt.saturation",
            Self::Contradiction => "doubt.contradiction",
            Self::Disagreement => "doubt.disagreement",
            Self::Assumed => "doubt.assumed",
        })
    }

    /// Whether something is wrong, and not only unknown.
    pub(crate) fn is_finding(self) -> bool {
        matches!(self, Self::Damage | Self::Contradiction | Self::Saturation)
    }
}

/// What is damaged, disagrees or was assumed: the worst first, a sentence each. What a reader noted is in
/// English.
pub(crate) fn doubts(
    words: &Words,
    recording: &Recording,
    measured: &Measurements,
    units: Units,
) -> Vec<(Doubt, String)> {
    let mut doubts = Vec::new();
    for channel in &measured.channels {
        let found = [
            (Doubt::Damage, incompleteness(words, channel, measured.kind)),
            (Doubt::Damage, impossibility(words, channel, measured.kind)),
            (Doubt::Saturation, saturation(words, channel, measured.kind)),
        ];
        for (doubt, what) in found {
            doubts
                .extend(what.map(|what| (doubt, format!("{}: {what}.", one_line(&channel.name)))));
        }
    }
    let kinds = [
        (NoteKind::Damage, Doubt::Damage),
        (NoteKind::Contradiction, Doubt::Contradiction),
        (NoteKind::Disagreement, Doubt::Disagreement),
        (NoteKind::Assumption, Doubt::Assumed),
    ];
    for (kind, doubt) in kinds {
        doubts.extend(
            recording.report.of_kind(kind).map(|note| {
                (doubt, velocities_in(&one_line(&note.message), units.velocity(), &[]))
            }),
        );
    }
    if recording.report.of_kind(NoteKind::Assumption).next().is_none() {
        doubts.extend(assumed(words, recording).map(|what| (Doubt::Assumed, what)));
    }
    if recording.report.not_kept() > 0 {
        let more = words.counted("doubt.not_kept", recording.report.not_kept() as u64);
        doubts.push((Doubt::Damage, more));
    }
    doubts
}

/// What nothing states, when the decoder left no notes about it.
fn assumed(words: &Words, recording: &Recording) -> Option<String> {
    let mut what = Vec::new();
    match &recording.time {
        TimeAxis::Samples { rate_hz, pretrigger_s } => {
            what.extend(rate_hz.is_assumed().then_some("doubt.the_rate"));
            what.extend(pretrigger_s.is_assumed().then_some("doubt.the_pretrigger"));
        }
        TimeAxis::Intervals { start, length_s } => {
            what.extend(start.filter(Assumed::is_assumed).map(|_| "doubt.the_start"));
            what.extend(length_s.filter(Assumed::is_assumed).map(|_| "doubt.the_length"));
        }
    }
    what.extend(recording.range.filter(Assumed::is_assumed).map(|_| "doubt.the_range"));
    let what: Vec<&str> = what.into_iter().map(|key| words.text(key)).collect();
    (!what.is_empty()).then(|| words.filled("doubt.not_stated", &[("what", &what.join(", "))]))
}
