//! The fields in front of the table.

use wavekeep_core::{
    ChannelStatement, HistogramStatement, MonitorLogEntry, Reading, Statement, Unit, UserNote,
};

use super::value::{self, Printed};
use crate::waveform::CHANNELS;

/// The four notes behind `Units`, by position.
pub(super) const NOTE_ROLES: [&str; 4] = ["project", "client", "operator", "sensor_location"];
/// What `OORANGE` stands for in a PSPL.
const PSPL_LIMIT: Reading = Reading::new(140.0, Unit::DecibelLinear);
/// What the fields of a channel begin with, its place, and the unit of a level that prints none.
const CHANNEL_WORDS: [(&str, usize, Unit); 6] = [
    ("tran", 0, Unit::DecibelLinear),
    ("vert", 1, Unit::DecibelLinear),
    ("long", 2, Unit::DecibelLinear),
    ("micl", 3, Unit::DecibelLinear),
    ("mica", 3, Unit::DecibelA),
    ("micc", 3, Unit::DecibelC),
];
const MONITOR_LOG: &str = "monitor log(s)";

/// A field as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field<'a> {
    label: &'a str,
    value: &'a str,
    /// Its role, for the four notes.
    note: Option<&'static str>,
}

impl Field<'_> {
    /// The label in lower case, runs of blanks as one.
    fn key(&self) -> String {
        self.label.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase()
    }
}

fn unquoted(line: &str) -> &str {
    let line = line.trim();
    let line = line.strip_prefix('"').unwrap_or(line);
    line.strip_suffix('"').unwrap_or(line)
}

/// Splits the lines into fields and what is none.
pub(super) fn read<'a>(lines: &[&'a str]) -> (Vec<Field<'a>>, Vec<String>) {
    let (mut fields, mut not_understood) = (Vec::new(), Vec::new());
    let mut notes_left: &[&'static str] = &[];
    for line in lines.iter().map(|line| unquoted(line)) {
        let note = notes_left.split_first().map(|(role, rest)| {
            notes_left = rest;
            *role
        });
        match line.split_once(" : ").or_else(|| line.strip_suffix(" :").map(|label| (label, ""))) {
            Some((label, value)) => {
                let field = Field { label: label.trim(), value: value.trim(), note };
                if note.is_none() && field.key() == "units" {
                    notes_left = &NOTE_ROLES;
                }
                fields.push(field);
            }
            None if note.is_some() => fields.push(Field { label: line.trim(), value: "", note }),
            None if line.contains('\t') || line.to_ascii_lowercase().starts_with(MONITOR_LOG) => {}
            None => not_understood.push(line.to_owned()),
        }
    }
    (fields, not_understood)
}

/// What the fields state.
pub(super) fn statement(fields: Vec<Field<'_>>, lines: &[&str]) -> Statement {
    let mut statement = Statement { monitor_log: monitor_log(lines), ..Statement::default() };
    statement.fields =
        fields.iter().map(|field| (field.label.to_owned(), field.value.to_owned())).collect();
    statement.notes = notes(&fields);
    let named: Vec<(String, &str)> = fields
        .iter()
        .filter(|field| field.note.is_none())
        .map(|field| (field.key(), field.value))
        .collect();
    let text = |keys: &[&str]| {
        let found = named.iter().find(|(key, _)| keys.contains(&key.as_str()));
        found.map(|(_, value)| (*value).to_owned()).filter(|value| !value.is_empty())
    };
    let number = |key: &str| Printed::parse(&text(&[key])?)?.number();
    let moment = |date: &str, time: &str| {
        let date = text(&[date]).and_then(|text| value::date(&text));
        value::moment(date, text(&[time]).and_then(|text| value::time(&text)))
    };

    statement.event_type = text(&["event type"]);
    statement.trigger = text(&["trigger"]);
    statement.units = text(&["units"]);
    statement.geophone_range = text(&["geo range"])
        .and_then(|text| Printed::parse(&text)?.reading(Unit::InchPerSecond, None));
    statement.record_time_s = number("record time");
    statement.pretrigger_s = number("pre-trigger length").map(f64::abs);
    statement.rate_hz = number("sample rate").filter(|rate| *rate > 0.0);
    // A serial number may be followed by the firmware and the model.
    if let Some(serial) = text(&["serial number", "serial no", "serial no."]) {
        let (number, firmware) = serial.split_once(char::is_whitespace).unwrap_or((&serial, ""));
        statement.serial = Some(number.to_owned());
        statement.firmware = Some(firmware.trim().to_owned()).filter(|text| !text.is_empty());
    }
    statement.firmware = text(&["firmware", "firmware version"]).or(statement.firmware);
    statement.battery = text(&["battery level", "battery", "battery voltage"]);
    statement.calibration = text(&["calibration", "calibration date", "last calibration"]);
    statement.software = text(&["pc sw version"]);
    statement.histogram = histogram(&text, &number, &moment);
    statement.start = moment("event date", "event time")
        .or_else(|| statement.histogram.as_ref().and_then(|histogram| histogram.start));

    let range = statement.geophone_range.unwrap_or(Reading::new(10.0, Unit::InchPerSecond));
    statement.channels = channels(&named, range);
    statement.peak_vector_sum = text(&["peak vector sum"]).and_then(|text| {
        let limit = Reading::new(range.value * 3f64.sqrt(), range.unit);
        Printed::parse(&text)?.reading(range.unit, Some(limit))
    });
    let sum_time = text(&["peak vector sum time", "peak vector sum timesum"]);
    statement.peak_vector_sum_at = value::moment(
        text(&["peak vector sum date"]).and_then(|text| value::date(&text)),
        sum_time.as_deref().and_then(value::time),
    );
    statement.peak_vector_sum_time_s = sum_time.and_then(|text| Printed::parse(&text)?.number());
    statement
}

fn histogram(
    text: &impl Fn(&[&str]) -> Option<String>,
    number: &impl Fn(&str) -> Option<f64>,
    moment: &impl Fn(&str, &str) -> Option<wavekeep_core::UnitLocal>,
) -> Option<HistogramStatement> {
    let histogram = HistogramStatement {
        start: moment("histogram start date", "histogram start time"),
        stop: moment("histogram stop date", "histogram stop time"),
        intervals: number("number of intervals"),
        interval_s: text(&["interval size"]).and_then(|text| value::duration_s(&text)),
    };
    (histogram != HistogramStatement::default()).then_some(histogram)
}

fn notes(fields: &[Field<'_>]) -> Vec<UserNote> {
    let note = |field: &Field<'_>| {
        let role = field.note?;
        Some(UserNote { role, label: field.label.to_owned(), text: field.value.to_owned() })
    };
    fields.iter().filter_map(note).collect()
}

/// The fields of the channels: `<Ch> PPV`, `<Ch> ZC Freq`, …; a field without a channel's name
/// belongs to the channel that was named last.
fn channels(named: &[(String, &str)], range: Reading) -> Vec<ChannelStatement> {
    let mut channels =
        CHANNELS.map(|name| ChannelStatement { name: name.to_owned(), ..Default::default() });
    let mut present: Option<(usize, Unit)> = None;
    for (key, value) in named {
        let prefixed = CHANNEL_WORDS.iter().find_map(|(word, index, level)| {
            Some(((*index, *level), key.strip_prefix(word)?.strip_prefix(' ')?))
        });
        let field = match prefixed {
            Some((channel, field)) => {
                present = Some(channel);
                field
            }
            None => key,
        };
        if let Some((index, level)) = present {
            channel_field(&mut channels[index], field, value, range, level);
        }
    }
    let empty = |channel: &ChannelStatement| {
        *channel == ChannelStatement { name: channel.name.clone(), ..Default::default() }
    };
    channels.into_iter().filter(|channel| !empty(channel)).collect()
}

fn channel_field(
    channel: &mut ChannelStatement,
    field: &str,
    text: &str,
    range: Reading,
    level: Unit,
) {
    let reading = |default, limit| Printed::parse(text)?.reading(default, limit);
    match field {
        "ppv" => channel.peak = reading(range.unit, Some(range)),
        // What a weighted level is at most is not known.
        "pspl" => channel.peak = reading(level, Some(PSPL_LIMIT).filter(|it| it.unit == level)),
        "zc freq" => channel.zc_frequency = value::frequency(text),
        "time of peak" => {
            channel.time_of_peak_s = Printed::parse(text).and_then(Printed::number);
        }
        "peak time" => {
            let date = channel.peak_at.map(|moment| moment.0.date());
            channel.peak_at = value::time(text)
                .map(|time| wavekeep_core::UnitLocal(date.unwrap_or_default().to_datetime(time)));
        }
        "peak date" => {
            let time = channel.peak_at.map(|moment| moment.0.time());
            channel.peak_at = value::date(text)
                .map(|date| wavekeep_core::UnitLocal(date.to_datetime(time.unwrap_or_default())));
        }
        "peak acceleration" => channel.peak_acceleration = reading(Unit::Gravity, None),
        "peak displacement" => {
            let unit =
                if range.unit == Unit::InchPerSecond { Unit::Inch } else { Unit::Millimetre };
            channel.peak_displacement = reading(unit, None);
        }
        "test freq" => channel.test_frequency = value::frequency(text),
        "test ratio" => channel.test_ratio = Printed::parse(text).and_then(Printed::number),
        "test amplitude" => channel.test_amplitude = reading(Unit::Millivolt, None),
        "test results" => {
            channel.test_results = Some(text.to_owned()).filter(|text| !text.is_empty())
        }
        _ => {}
    }
}

/// The tab-separated rows behind `"Monitor Log(s)"`: start, stop, text.
fn monitor_log(lines: &[&str]) -> Vec<MonitorLogEntry> {
    let mut rows = lines.iter().map(|line| unquoted(line));
    if !rows.by_ref().any(|line| line.to_ascii_lowercase().starts_with(MONITOR_LOG)) {
        return Vec::new();
    }
    rows.take_while(|row| row.contains('\t'))
        .map(|row| {
            let mut columns = row.split('\t').map(|column| unquoted(column).trim().to_owned());
            let mut next = || columns.next().unwrap_or_default();
            let (start, stop) = (next(), next());
            MonitorLogEntry { start, stop, text: columns.collect::<Vec<_>>().join("\t") }
        })
        .collect()
}
