//! Numbers and facts as people read them.

use wavekeep_core::{
    Channel, Kind, Quantity, Reading, Recording, Sensor, TimeAxis, Unit, UnitLocal,
    seconds_decimals,
};
use wavekeep_signal::ChannelMeasurements;

use crate::axis::{printed, trimmed};
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
pub(crate) fn reading(reading: Reading, unit: Unit) -> String {
    let shown = reading.to(unit).unwrap_or(reading);
    let decimals = shown.decimals.map_or(decimals(shown.unit), usize::from);
    format!("{}{} {}", shown.sign(), printed(shown.value, decimals), shown.unit)
}

/// Seconds with three decimals, and a report's with as many as it prints.
pub(crate) fn seconds(seconds: f64) -> String {
    printed(seconds, seconds_decimals(seconds))
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
pub(crate) fn peak_line(channel: &ChannelMeasurements, units: Units) -> String {
    let Some((peak, _)) = channel.peak.shown() else {
        return "no samples".to_owned();
    };
    let mut words = match channel.sensor {
        Sensor::Geophone => format!("PPV {}", reading(peak, units.velocity())),
        Sensor::Microphone => format!("PSPL {}", pspl(channel, peak, units)),
        Sensor::Other => match peak.unit.quantity() {
            Quantity::Velocity => format!("peak {}", reading(peak, units.velocity())),
            Quantity::Length => format!("peak {}", reading(peak, units.length())),
            _ => format!("peak {}", reading(peak, peak.unit)),
        },
    };
    if let Some(time) = channel.time_of_peak_s.value() {
        words.push_str(&format!(" at {} s", seconds(time)));
    }
    if let Some(at) = channel.peak_at.value() {
        words.push_str(&format!(" at {at}"));
    }
    if let Some(frequency) = channel.zc_frequency.value() {
        words.push_str(&format!(", ZC frequency {frequency}"));
    }
    words
}

/// The peak of a microphone in the unit that was asked for, with the other way of writing it: a
/// level with its pressure, a pressure with its level.
pub(crate) fn pspl(channel: &ChannelMeasurements, peak: Reading, units: Units) -> String {
    let pressure = match units.pressure() {
        Unit::Pascal => channel.peak_pa,
        _ => channel.peak_psi,
    };
    let level = reading(peak, Unit::DecibelLinear);
    let Some(pressure) = pressure.value().map(|value| reading(value, value.unit)) else {
        return level;
    };
    match units.peak_pressure() {
        Unit::DecibelLinear => format!("{level} ({pressure})"),
        _ => format!("{pressure} ({level})"),
    }
}

/// What is wrong with a channel, in words; empty when nothing is.
pub(crate) fn warnings(channel: &ChannelMeasurements, kind: Kind) -> String {
    let found =
        [impossibility(channel, kind), saturation(channel, kind), incompleteness(channel, kind)];
    found.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// That samples of a channel are larger than what the instrument can give.
pub(crate) fn impossibility(channel: &ChannelMeasurements, kind: Kind) -> Option<String> {
    let count = channel.impossible_samples;
    (count > 0)
        .then(|| format!("impossible: {} above what the instrument can give", counted(count, kind)))
}

/// That the sensor of a channel, or its converter, was at its limit.
pub(crate) fn saturation(channel: &ChannelMeasurements, kind: Kind) -> Option<String> {
    if channel.impossible_samples > 0 {
        return None;
    }
    match channel.samples_at_limit {
        0 => channel.is_saturated().then(|| "saturated".to_owned()),
        count => Some(format!("saturated: {} at the limit", counted(count, kind))),
    }
}

/// That samples of a channel are missing.
pub(crate) fn incompleteness(channel: &ChannelMeasurements, kind: Kind) -> Option<String> {
    let count = channel.missing_samples;
    (count > 0).then(|| format!("incomplete: {} missing", counted(count, kind)))
}

fn counted(count: usize, kind: Kind) -> String {
    let plural = if count == 1 { "" } else { "s" };
    match kind {
        Kind::Waveform => format!("{count} sample{plural}"),
        Kind::Histogram => format!("{count} interval{plural}"),
    }
}

/// The first line of a drawing: instrument, file, moment.
pub(crate) fn heading(recording: &Recording) -> String {
    let serial = recording.serial.as_ref().map(|serial| one_line(&serial.value));
    let name = recording.source.name.as_deref().map(one_line);
    let start = recording.start.map(|start| moment(start.value));
    [serial, name, start].into_iter().flatten().collect::<Vec<_>>().join("  ·  ")
}

/// A moment by the instrument's clock, and that it is so.
pub(crate) fn moment(at: UnitLocal) -> String {
    format!("{at} (unit-local time)")
}

/// The second line of a drawing: rate or interval, and what of it is assumed.
pub(crate) fn timing(recording: &Recording) -> String {
    let assumed = |is: bool| if is { " (assumed)" } else { "" };
    match &recording.time {
        TimeAxis::Samples { rate_hz, .. } => {
            format!("{} samples/s{}", trimmed(rate_hz.value, 3), assumed(rate_hz.is_assumed()))
        }
        TimeAxis::Intervals { length_s, .. } => {
            let count = recording.len();
            let plural = if count == 1 { "" } else { "s" };
            match length_s {
                Some(length) => format!(
                    "{count} interval{plural} of {}{}",
                    duration(length.value),
                    assumed(length.is_assumed())
                ),
                None => format!("{count} interval{plural} of unknown length"),
            }
        }
    }
}

/// `1 minute`, `15 seconds`, `2.5 seconds`.
pub(crate) fn duration(seconds: f64) -> String {
    let (count, unit) = match seconds {
        s if s >= 3600.0 && s % 3600.0 == 0.0 => (s / 3600.0, "hour"),
        s if s >= 60.0 && s % 60.0 == 0.0 => (s / 60.0, "minute"),
        s => (s, "second"),
    };
    format!("{} {unit}{}", trimmed(count, 3), if count == 1.0 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_a_sign_before_the_number() {
        let ten = Reading::new(10.0, Unit::InchPerSecond);
        assert_eq!(reading(ten, Unit::InchPerSecond), "10.000 in/s");
        let saturated = ten.flagged(wavekeep_core::Flag::Saturated);
        assert_eq!(reading(saturated, Unit::InchPerSecond), "≥10.000 in/s");
        assert_eq!(reading(ten, Unit::MillimetrePerSecond), "254.00 mm/s");
        assert_eq!(reading(ten, Unit::Pascal), "10.000 in/s");
    }

    #[test]
    fn durations_are_in_the_largest_whole_unit() {
        assert_eq!(duration(60.0), "1 minute");
        assert_eq!(duration(15.0), "15 seconds");
        assert_eq!(duration(7200.0), "2 hours");
    }
}
