//! Numbers and facts as people read them.

use wavekeep_core::{
    Channel, Frequency, Kind, Quantity, Reading, Recording, Sensor, TimeAxis, Unit, UnitLocal,
    seconds_decimals,
};
use wavekeep_signal::ChannelMeasurements;

use crate::axis::trimmed;
use crate::language::Words;
use crate::style::Units;
use crate::text::one_line;

/// What stands where there is no value.
pub(crate) const NOTHING: &str = "—";

/// Decimals of a number of `unit` that is no reading.
pub(crate) fn decimals(unit: Unit) -> usize {
    unit.usual_decimals().into()
}

/// A reading in `unit` (in its own where that is of another quantity), with the sign of its flag:
/// `0.172 in/s`, `≥10.000 in/s`, `<0.005 in/s`.
pub(crate) fn reading(words: &Words, reading: Reading, unit: Unit) -> String {
    let shown = reading.to(unit).unwrap_or(reading);
    let decimals = shown.decimals.map_or(decimals(shown.unit), usize::from);
    format!("{}{} {}", shown.sign(), words.number(shown.value, decimals), shown.unit)
}

/// Seconds with three decimals, and a report's with as many as it prints.
pub(crate) fn seconds(words: &Words, seconds: f64) -> String {
    words.number(seconds, seconds_decimals(seconds))
}

/// A frequency with its unit, as [`Frequency`] writes it.
pub(crate) fn frequency(words: &Words, frequency: Frequency) -> String {
    words.marked(&frequency.to_string())
}

/// A moment with the date in the form of the language.
pub(crate) fn clock(words: &Words, at: UnitLocal) -> String {
    format!("{} {}", words.date(at.0.date()), words.marked(&at.0.time().to_string()))
}

/// The unit in which a channel is drawn.
pub(crate) fn drawn_unit(channel: &Channel, units: Units) -> Unit {
    let wanted = match channel.sensor {
        Sensor::Geophone => units.velocity(),
        Sensor::Microphone => units.pressure(),
        // What is computed from a geophone.
        Sensor::Other => match channel.unit().quantity() {
            Quantity::Velocity => units.velocity(),
            Quantity::Length => units.length(),
            _ => channel.unit(),
        },
    };
    // A level is not a multiple of a pressure: it is drawn as it is.
    let linear = !channel.unit().is_level();
    if linear && channel.unit().quantity() == wanted.quantity() { wanted } else { channel.unit() }
}

/// What is said of a channel above its trace: peak, time and frequency, and what is wrong.
pub(crate) fn peak_line(words: &Words, channel: &ChannelMeasurements, units: Units) -> String {
    let Some((peak, _)) = channel.peak.shown() else {
        return words.text("picture.no_samples").to_owned();
    };
    let other = |unit| format!("{} {}", words.text("picture.peak"), reading(words, peak, unit));
    let mut line = match channel.sensor {
        Sensor::Geophone => format!("PPV {}", reading(words, peak, units.velocity())),
        Sensor::Microphone => format!("PSPL {}", pspl(words, channel, peak, units)),
        Sensor::Other => other(match peak.unit.quantity() {
            Quantity::Velocity => units.velocity(),
            Quantity::Length => units.length(),
            _ => peak.unit,
        }),
    };
    if let Some(time) = channel.time_of_peak_s.value() {
        line = at_second(words, &line, time);
    }
    if let Some(at) = channel.peak_at.value() {
        line = at_moment(words, &line, at);
    }
    if let Some(hz) = channel.zc_frequency.value() {
        let (name, hz) = (words.text("picture.zc_frequency"), frequency(words, hz));
        line.push_str(&format!(", {name} {hz}"));
    }
    line
}

/// `0.172 in/s at 0.021 s`.
pub(crate) fn at_second(words: &Words, value: &str, second: f64) -> String {
    let second = seconds(words, second);
    words.filled("event.at_second", &[("value", &value), ("second", &second)])
}

/// `0.172 in/s at 2026-05-01 13:16:34`.
pub(crate) fn at_moment(words: &Words, value: &str, at: UnitLocal) -> String {
    words.filled("event.at_moment", &[("value", &value), ("moment", &clock(words, at))])
}

/// The peak of a microphone in the unit that was asked for, with the other way of writing it: a
/// level with its pressure, a pressure with its level.
pub(crate) fn pspl(
    words: &Words,
    channel: &ChannelMeasurements,
    peak: Reading,
    units: Units,
) -> String {
    let pressure = match units.pressure() {
        Unit::Pascal => channel.peak_pa,
        _ => channel.peak_psi,
    };
    let level = reading(words, peak, Unit::DecibelLinear);
    let Some(pressure) = pressure.value().map(|value| reading(words, value, value.unit)) else {
        return level;
    };
    match units.peak_pressure() {
        Unit::DecibelLinear => format!("{level} ({pressure})"),
        _ => format!("{pressure} ({level})"),
    }
}

/// What is wrong with a channel, in words; empty when nothing is.
pub(crate) fn warnings(words: &Words, channel: &ChannelMeasurements, kind: Kind) -> String {
    let found = [
        impossibility(words, channel, kind),
        saturation(words, channel, kind),
        incompleteness(words, channel, kind),
    ];
    found.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// That samples of a channel are larger than what the instrument can give.
pub(crate) fn impossibility(
    words: &Words,
    channel: &ChannelMeasurements,
    kind: Kind,
) -> Option<String> {
    let count = channel.impossible_samples;
    (count > 0).then(|| of_samples(words, "fault.impossible", count, kind))
}

/// That the sensor of a channel, or its converter, was at its limit.
pub(crate) fn saturation(
    words: &Words,
    channel: &ChannelMeasurements,
    kind: Kind,
) -> Option<String> {
    if channel.impossible_samples > 0 {
        return None;
    }
    match channel.samples_at_limit {
        0 => channel.is_saturated().then(|| words.text("flag.saturated").to_owned()),
        count => Some(of_samples(words, "fault.saturated", count, kind)),
    }
}

/// That samples of a channel are missing.
pub(crate) fn incompleteness(
    words: &Words,
    channel: &ChannelMeasurements,
    kind: Kind,
) -> Option<String> {
    let count = channel.missing_samples;
    (count > 0).then(|| of_samples(words, "fault.incomplete", count, kind))
}

/// The text of `key` with a number of samples, or of intervals.
fn of_samples(words: &Words, key: &str, count: usize, kind: Kind) -> String {
    let counted = words.counted(
        match kind {
            Kind::Waveform => "count.samples",
            Kind::Histogram => "count.intervals",
        },
        count as u64,
    );
    words.filled(key, &[("samples", &counted)])
}

/// The first line of a drawing: instrument, file, moment.
pub(crate) fn heading(words: &Words, recording: &Recording) -> String {
    let serial = recording.serial.as_ref().map(|serial| one_line(&serial.value));
    let name = recording.source.name.as_deref().map(one_line);
    let start = recording.start.map(|start| moment(words, start.value));
    [serial, name, start].into_iter().flatten().collect::<Vec<_>>().join("  ·  ")
}

/// A moment by the instrument's clock, and that it is so.
pub(crate) fn moment(words: &Words, at: UnitLocal) -> String {
    words.filled("event.unit_local", &[("moment", &clock(words, at))])
}

/// A value with the word that it is assumed.
pub(crate) fn assumed(words: &Words, value: &str) -> String {
    words.filled("event.assumed", &[("value", &value)])
}

/// The second line of a drawing: rate or interval, and what of it is assumed.
pub(crate) fn timing(words: &Words, recording: &Recording) -> String {
    let or_assumed = |is: bool, line: String| if is { assumed(words, &line) } else { line };
    match &recording.time {
        TimeAxis::Samples { rate_hz, .. } => {
            let rate = words.marked(&trimmed(rate_hz.value, 3));
            let line = words.filled("event.samples_per_second", &[("n", &rate)]);
            or_assumed(rate_hz.is_assumed(), line)
        }
        TimeAxis::Intervals { length_s, .. } => {
            let count = words.counted("count.intervals", recording.len() as u64);
            match length_s {
                Some(length) => {
                    let value = duration(words, length.value);
                    let line = words
                        .filled("event.intervals_of", &[("intervals", &count), ("length", &value)]);
                    or_assumed(length.is_assumed(), line)
                }
                None => words.filled("event.intervals_unknown", &[("intervals", &count)]),
            }
        }
    }
}

/// `1 minute`, `15 seconds`, `2.5 seconds`.
pub(crate) fn duration(words: &Words, seconds: f64) -> String {
    let (count, unit) = match seconds {
        s if s >= 3600.0 && s % 3600.0 == 0.0 => (s / 3600.0, "count.hours"),
        s if s >= 60.0 && s % 60.0 == 0.0 => (s / 60.0, "count.minutes"),
        s => (s, "count.seconds"),
    };
    words.measured(unit, count, &trimmed(count, 3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn a_flag_is_a_sign_before_the_number() {
        let ten = Reading::new(10.0, Unit::InchPerSecond);
        let reading = |value, unit| super::reading(Language::English.words(), value, unit);
        assert_eq!(reading(ten, Unit::InchPerSecond), "10.000 in/s");
        let saturated = ten.flagged(wavekeep_core::Flag::Saturated);
        assert_eq!(reading(saturated, Unit::InchPerSecond), "≥10.000 in/s");
        assert_eq!(reading(ten, Unit::MillimetrePerSecond), "254.00 mm/s");
        assert_eq!(reading(ten, Unit::Pascal), "10.000 in/s");
    }

    #[test]
    fn durations_are_in_the_largest_whole_unit() {
        let duration = |seconds| super::duration(Language::English.words(), seconds);
        assert_eq!(duration(60.0), "1 minute");
        assert_eq!(duration(15.0), "15 seconds");
        assert_eq!(duration(7200.0), "2 hours");
    }
}
