//! The fields of a report.

use wavekeep_blastware::report_text::value::{self, Printed};
use wavekeep_blastware::waveform::CHANNELS;
use wavekeep_core::{
    ChannelStatement, HistogramStatement, Reading, Statement, Unit, UnitLocal, UserNote,
    weighting_by_words,
};

/// What `OORANGE` stands for in a PSPL.
const PSPL_LIMIT: Reading = Reading::new(140.0, Unit::DecibelLinear);
/// What a field is of whose name begins so, and the place of its channel.
const CHANNEL_WORDS: [(&str, usize); 5] =
    [("tran", 0), ("vert", 1), ("long", 2), ("micl", 3), ("mic", 3)];
/// Fields of the event as a whole: at least one of them, or one of a channel, makes a text a
/// report.
const KNOWN: [&str; 19] = [
    "eventtype",
    "eventtime",
    "eventdate",
    "samplerate",
    "units",
    "serialnumber",
    "serialno",
    "calibration",
    "calibrationdate",
    "lastcalibration",
    "firmware",
    "firmwareversion",
    "gpsdistance",
    "scaleddistance",
    "peakvectorsum",
    "recordtime",
    "georange",
    "histogramstarttime",
    "intervalsize",
];

/// A field as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field<'a> {
    name: &'a str,
    value: &'a str,
}

impl Field<'_> {
    fn key(&self) -> String {
        key(self.name)
    }
}

/// A name without case, blanks and punctuation.
pub(super) fn key(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Takes a line apart: at the first ` : `, otherwise at the first colon that ends a word. `None`
/// for a line without a name in front of one.
pub(super) fn split(line: &str) -> Option<Field<'_>> {
    let line = line.trim();
    let line = line.strip_prefix('"').unwrap_or(line);
    let line = line.strip_suffix('"').unwrap_or(line);
    let (name, value) = line
        .split_once(" : ")
        .or_else(|| line.split_once(": "))
        .or_else(|| line.split_once(":\t"))
        .or_else(|| line.strip_suffix(':').map(|name| (name, "")))?;
    let field = Field { name: name.trim(), value: value.trim() };
    (!field.key().is_empty()).then_some(field)
}

/// Whether there is a field that only a report has.
pub(super) fn any_is_known(fields: &[Field<'_>]) -> bool {
    fields.iter().map(Field::key).any(|key| {
        KNOWN.contains(&key.as_str())
            || of_channel(&key).is_some_and(|(_, rest)| matches!(rest, "ppv" | "pspl"))
    })
}

/// The place of the channel that a field is of, and the rest of its name.
fn of_channel(key: &str) -> Option<(usize, &str)> {
    CHANNEL_WORDS.iter().find_map(|(word, turn)| Some((*turn, key.strip_prefix(word)?)))
}

/// What the fields state.
pub(super) fn statement(fields: &[Field<'_>]) -> Statement {
    let named: Vec<(String, &str)> =
        fields.iter().map(|field| (field.key(), field.value)).collect();
    let written = |keys: &[&str]| {
        let found =
            named.iter().find(|(key, value)| keys.contains(&key.as_str()) && !value.is_empty());
        found.map(|(_, value)| *value)
    };
    // `N/A` states nothing.
    let stated = |keys: &[&str]| written(keys).filter(|text| !text.eq_ignore_ascii_case("N/A"));
    let text = |keys: &[&str]| stated(keys).map(str::to_owned);
    let number = |keys: &[&str]| Printed::parse(stated(keys)?)?.number();
    let moment = |date: &str, time: &str| {
        value::moment(value::date(stated(&[date])?), value::time(stated(&[time])?))
    };
    let range = stated(&["georange", "geophonerange"])
        .and_then(|text| Printed::parse(text)?.reading(Unit::InchPerSecond, None));
    let velocity = range.map(|range| range.unit).or_else(|| velocity_unit(stated(&["units"])?));
    let limit = range.unwrap_or_else(|| normal_range(velocity.unwrap_or(Unit::InchPerSecond)));
    let histogram = histogram(&stated, &number, &moment);
    let microphone = text(&["microphone"]);
    let level = microphone.as_deref().and_then(weighting_by_words).unwrap_or(Unit::DecibelLinear);
    Statement {
        event_type: text(&["eventtype"]),
        start: moment("eventdate", "eventtime")
            .or_else(|| histogram.as_ref().and_then(|histogram| histogram.start)),
        trigger: text(&["trigger"]),
        geophone_range: range,
        record_time_s: number(&["recordtime"]),
        pretrigger_s: number(&["pretriggerlength", "pretrigger"]).map(f64::abs),
        rate_hz: number(&["samplerate"]).filter(|rate| *rate > 0.0),
        units: text(&["units"]),
        serial: text(&["serialnumber", "serialno"]),
        firmware: text(&["firmware", "firmwareversion"]),
        battery: text(&["batterylevel", "battery"]),
        calibration: text(&["calibration", "calibrationdate", "lastcalibration"]),
        software: text(&["pcswversion", "softwareversion"]),
        notes: fields.iter().filter_map(note).collect(),
        channels: channels(&named, limit, level),
        microphone,
        peak_vector_sum: stated(&["peakvectorsum"]).and_then(|text| {
            let limit = Reading::new(limit.value * 3f64.sqrt(), limit.unit);
            Printed::parse(text)?.reading(limit.unit, Some(limit))
        }),
        peak_vector_sum_time_s: number(&["peakvectorsumtime", "timeofpeakvectorsum"]),
        histogram,
        fields: fields
            .iter()
            .map(|field| (field.name.to_owned(), field.value.to_owned()))
            .collect(),
        ..Statement::default()
    }
}

/// The unit of velocity that a field of units names.
pub(crate) fn velocity_unit(units: &str) -> Option<Unit> {
    let units = units.to_ascii_lowercase();
    [Unit::MillimetrePerSecond, Unit::InchPerSecond]
        .into_iter()
        .find(|unit| units.contains(unit.symbol()))
}

/// The unit of pressure that a field of units names: the samples' one, although a peak may be
/// printed in dB(L).
pub(crate) fn pressure_unit(units: &str) -> Option<Unit> {
    let words = units.split(|letter: char| !(letter.is_alphanumeric() || "()".contains(letter)));
    words
        .filter_map(|word| match word.to_ascii_lowercase().trim_end_matches("(l)") {
            "pa" => Some(Unit::Pascal),
            "psi" => Some(Unit::Psi),
            "db" => Some(Unit::DecibelLinear),
            _ => None,
        })
        .next()
}

fn normal_range(unit: Unit) -> Reading {
    let normal = Reading::new(10.0, Unit::InchPerSecond);
    normal.to(unit).unwrap_or(normal)
}

fn histogram<'a>(
    stated: &impl Fn(&[&str]) -> Option<&'a str>,
    number: &impl Fn(&[&str]) -> Option<f64>,
    moment: &impl Fn(&str, &str) -> Option<UnitLocal>,
) -> Option<HistogramStatement> {
    let histogram = HistogramStatement {
        start: moment("histogramstartdate", "histogramstarttime"),
        stop: moment("histogramstopdate", "histogramstoptime"),
        intervals: number(&["numberofintervals"]),
        interval_s: stated(&["intervalsize"]).and_then(value::duration_s),
    };
    (histogram != HistogramStatement::default()).then_some(histogram)
}

/// `TitleNoteN` and `TitleStringN`: what the places mean is open.
fn note(field: &Field<'_>) -> Option<UserNote> {
    let key = field.key();
    let role = [("titlenote", "title_note"), ("titlestring", "title_string")]
        .into_iter()
        .find(|(word, _)| key.starts_with(word))?
        .1;
    Some(UserNote { role, label: field.name.to_owned(), text: field.value.to_owned() })
}

fn channels(named: &[(String, &str)], limit: Reading, level: Unit) -> Vec<ChannelStatement> {
    let mut channels =
        CHANNELS.map(|name| ChannelStatement { name: name.to_owned(), ..Default::default() });
    for (key, value) in named.iter().filter(|(_, value)| !value.is_empty()) {
        if let Some((turn, field)) = of_channel(key) {
            channel_field(&mut channels[turn], field, value, limit, level);
        }
    }
    let empty = |channel: &ChannelStatement| {
        *channel == ChannelStatement { name: channel.name.clone(), ..Default::default() }
    };
    channels.into_iter().filter(|channel| !empty(channel)).collect()
}

/// `level` is the unit of a level that prints no weighting.
fn channel_field(
    channel: &mut ChannelStatement,
    field: &str,
    text: &str,
    limit: Reading,
    level: Unit,
) {
    let reading = |default, limit| Printed::parse(text)?.reading(default, limit);
    match field {
        "ppv" => channel.peak = reading(limit.unit, Some(limit)),
        // What a weighted level is at most is not known.
        "pspl" => channel.peak = reading(level, Some(PSPL_LIMIT).filter(|it| it.unit == level)),
        "zcfreq" => channel.zc_frequency = value::frequency(text),
        "timeofpeak" => channel.time_of_peak_s = Printed::parse(text).and_then(Printed::number),
        "peakacceleration" => channel.peak_acceleration = reading(Unit::Gravity, None),
        "peakdisplacement" => {
            let inches = limit.unit == Unit::InchPerSecond;
            let unit = if inches { Unit::Inch } else { Unit::Millimetre };
            channel.peak_displacement = reading(unit, None);
        }
        "testfreq" => channel.test_frequency = value::frequency(text),
        "testratio" => channel.test_ratio = Printed::parse(text).and_then(Printed::number),
        "testamplitude" => channel.test_amplitude = reading(Unit::Millivolt, None),
        "testresults" => channel.test_results = Some(text.to_owned()),
        _ => {}
    }
}
