//! What a histogram becomes.
//!
//! | array | what it is |
//! |---|---|
//! | `interval` | int64: the number of the interval; in tables |
//! | `start_unit_local` | datetime64[us]: when the interval began by the unit's clock, where that is known; in physical tables |
//! | `<Ch>_peak` | pressures are pressures in arrays, and levels in dB(L) in tables that did not ask for another unit |
//! | `<Ch>_frequency` | in Hz, missing where there is none |
//! | `<Ch>_frequency_flag` | uint8: which of `frequency_flags` holds; the words in tables |
//! | `<Ch>_peak_flag` | uint8: whether the sensor or its converter was at its limit; the words in tables; not of raw values |
//! | `<Ch>_lmax`, `<Ch>_l10`, `<Ch>_l90` | the sound levels that a report lists; not of raw values |
//! | `<Ch>_halfperiod`, `<Ch>_annotation` | as the format has them: samples at 1024 samples/s, and a byte of unknown meaning |
//!
//! Tables have the frequencies of physical values and the half-periods of raw ones, and the CSV has no
//! annotations: its columns are fixed.

use wavekeep_core::{
    Channel, Frequency, Gaps, IntervalFacts, Quantity, Reading, SoundLevels, TimeAxis, Unit,
    UnitLocal,
};

use super::event::{Wanted, made};
use super::{Form, Role, Variable};
use crate::table::flags::{self, frequency_flag};
use crate::{Target, Units};

/// A statistic of the sound levels that a report lists for an interval.
type Statistic = (&'static str, fn(&SoundLevels) -> Option<Reading>);

const STATISTICS: [Statistic; 3] =
    [("lmax", |levels| levels.max), ("l10", |levels| levels.l10), ("l90", |levels| levels.l90)];

/// What a histogram's channel holds beside the peaks.
#[derive(Clone, Copy)]
struct Intervals<'a> {
    channel: &'a Channel,
    facts: &'a IntervalFacts,
    len: usize,
    form: Form,
}

pub(super) fn variables<'a>(wanted: &Wanted<'a>) -> Vec<Variable<'a>> {
    let Wanted { recording, options, target, form } = *wanted;
    let is_table = form == Form::Table;
    let is_physical = options.units == Units::Physical;
    let len = recording.len();
    let mut variables = Vec::new();
    variables.extend(coordinates(wanted));
    let intervals = |channel: &'a Channel| {
        channel.intervals.as_ref().map(|facts| Intervals { channel, facts, len, form })
    };
    let grouped = |channel: &'a Channel, mut variable: Variable<'a>| {
        variable.group = Some(std::borrow::Cow::Borrowed(&*channel.name));
        variable.dims = vec![axis(wanted).into()];
        variable
    };
    for channel in &recording.channels {
        variables.push(grouped(channel, peak(wanted, channel)));
        let Some(facts) = intervals(channel) else { continue };
        if form == Form::Matrix {
            continue;
        }
        if is_physical || !is_table {
            variables.push(grouped(channel, facts.frequency()));
        }
        if !is_physical || !is_table {
            variables.push(grouped(channel, facts.half_period()));
        }
        if !is_table {
            variables.push(grouped(channel, facts.frequency_flag()));
            variables.push(grouped(channel, facts.annotation()));
        }
    }
    if form == Form::Matrix {
        return variables;
    }
    // Behind the numbers, so that the numbers stand where they stand without flags.
    if is_physical {
        for channel in &recording.channels {
            variables.push(grouped(channel, peak_flag(channel, len)));
            if let Some(facts) = intervals(channel).filter(|_| is_table) {
                variables.push(grouped(channel, facts.frequency_flag()));
            }
        }
        for channel in &recording.channels {
            let Some(facts) = intervals(channel) else { continue };
            let stated = STATISTICS.iter().filter_map(|statistic| facts.stated(*statistic));
            variables.extend(stated.map(|variable| grouped(channel, variable)));
        }
    }
    if is_table && target != Target::Csv {
        for channel in &recording.channels {
            if let Some(facts) = intervals(channel) {
                variables.push(grouped(channel, facts.annotation()));
            }
        }
    }
    variables
}

/// The name of the axis.
fn axis(wanted: &Wanted<'_>) -> &'static str {
    match length_s(&wanted.recording.time) {
        Some(_) if wanted.form == Form::Arrays => "interval_start",
        _ => "interval",
    }
}

fn length_s(time: &TimeAxis) -> Option<f64> {
    match time {
        TimeAxis::Intervals { length_s: Some(length_s), .. } => {
            Some(length_s.value).filter(|length| length.is_finite() && *length > 0.0)
        }
        _ => None,
    }
}

fn coordinates<'a>(wanted: &Wanted<'a>) -> Vec<Variable<'a>> {
    let Wanted { recording, options, form, target } = *wanted;
    let (len, time) = (recording.len(), recording.time);
    let mut found = Vec::new();
    match form {
        Form::Table => {
            let mut interval = made("interval", "<i8", len, |range, out| {
                out.extend(range.flat_map(|index| (index as i64).to_le_bytes()));
                Ok(())
            });
            interval.attributes = vec![("long_name".into(), "number of the interval".into())];
            found.push(interval);
            if options.units == Units::Physical && time.interval_start(0).is_some() {
                let mut start = made("start_unit_local", "<M8[us]", len, move |range, out| {
                    out.extend(range.flat_map(|index| micros(&time, index).to_le_bytes()));
                    Ok(())
                });
                start.nullable = true;
                start.attributes = vec![(
                    "long_name".into(),
                    "start of the interval by the unit's own clock, no time zone is known".into(),
                )];
                found.push(start);
            }
        }
        // A GNZ has the length of an interval in the metadata.
        Form::Arrays if !target.has_times() => {}
        Form::Arrays => {
            let Some(length_s) = length_s(&time) else { return found };
            let mut start = made("interval_start", "<f8", len, move |range, out| {
                out.extend(range.flat_map(|index| (index as f64 * length_s).to_le_bytes()));
                Ok(())
            });
            start.unit = Some(Unit::Second.symbol().into());
            start.attributes = vec![
                ("long_name".into(), "start of the interval".into()),
                ("axis".into(), "T".into()),
                ("step".into(), length_s.into()),
            ];
            if let TimeAxis::Intervals { start: Some(first), .. } = &time {
                start.attributes.push(("start".into(), first.value.0.to_string().into()));
            }
            found.push(start);
        }
        Form::Matrix => {}
    }
    for coordinate in &mut found {
        coordinate.role = Role::Coordinate;
        coordinate.dims = vec![axis(wanted).into()];
    }
    found
}

/// When an interval began by the unit's clock; numpy's "not a time" when that is out of range.
fn micros(time: &TimeAxis, index: usize) -> i64 {
    time.interval_start(index).map_or(i64::MIN, UnitLocal::micros)
}

/// The peak of each interval; a pressure's as a level in tables, as the profession reads histograms.
fn peak<'a>(wanted: &Wanted<'a>, channel: &'a Channel) -> Variable<'a> {
    let is_level = wanted.form == Form::Table
        && wanted.options.has_levels()
        && channel.unit().quantity() == Quantity::Pressure;
    if !is_level {
        return wanted.signal("peak", channel, " peak");
    }
    let len = wanted.recording.len();
    let level = |index: usize| {
        let level = channel.scale.level(channel.count(index)?)?;
        Some(level).filter(|level| level.is_finite())
    };
    let mut variable = made("peak", "<f8", len, move |range, out| {
        out.extend(range.flat_map(|index| level(index).unwrap_or(f64::NAN).to_le_bytes()));
        Ok(())
    });
    variable.missing = missing(len, |index| level(index).is_some());
    variable.nullable = true;
    variable.unit = Some(Unit::DecibelLinear.symbol().into());
    variable.attributes = vec![
        ("long_name".into(), format!("{} air pressure peak, as a level", channel.name).into()),
        ("standard_name".into(), "sound_pressure_level_in_air".into()),
    ];
    variable
}

/// Which of `0..len` are not there.
fn missing(len: usize, is_there: impl Fn(usize) -> bool) -> Gaps {
    let mut gaps = Gaps::default();
    for index in (0..len).filter(|index| !is_there(*index)) {
        gaps.insert(index..index + 1);
    }
    gaps
}

fn peak_flag(channel: &Channel, len: usize) -> Variable<'_> {
    let mut flag = made("peak_flag", "|u1", len, move |range, out| {
        out.extend(range.map(|index| match channel.count(index) {
            Some(count) => u8::from(channel.is_at_limit(count)),
            None => flags::PEAK.len() as u8 - 1,
        }));
        Ok(())
    });
    flag.role = Role::Companion;
    flag.meanings = &flags::PEAK;
    flag.attributes =
        vec![("long_name".into(), "whether the sensor or its converter was at its limit".into())];
    flag
}

impl<'a> Intervals<'a> {
    fn frequency_at(&self, index: usize) -> Option<Frequency> {
        // What is known of an interval whose peak is missing is missing too.
        self.channel.count(index)?;
        Some(self.facts.frequency(index))
    }

    /// Numbers with NaN where there is none: doubles in tables, singles in arrays.
    fn reals(
        self,
        name: &'static str,
        value: impl Fn(usize) -> Option<f64> + Send + Sync + Clone + 'a,
    ) -> Variable<'a> {
        let is_double = self.form == Form::Table;
        let dtype = if is_double { "<f8" } else { "<f4" };
        let there = missing(self.len, |index| value(index).is_some());
        let mut variable = made(name, dtype, self.len, move |range, out| {
            let values = range.map(|index| value(index).unwrap_or(f64::NAN));
            match is_double {
                true => out.extend(values.flat_map(f64::to_le_bytes)),
                false => out.extend(values.flat_map(|value| (value as f32).to_le_bytes())),
            }
            Ok(())
        });
        variable.missing = there;
        variable.nullable = true;
        variable
    }

    /// Whole numbers of `N` bytes; floats in arrays when some are missing.
    fn whole<const N: usize>(
        self,
        name: &'static str,
        number: impl Fn(usize) -> Option<u16> + Send + Sync + Clone + 'a,
    ) -> Variable<'a> {
        let gaps = missing(self.len, |index| number(index).is_some());
        let mut variable = if self.form == Form::Table || gaps.is_empty() {
            let dtype = if N == 1 { "|u1" } else { "<u2" };
            made(name, dtype, self.len, move |range, out| {
                for index in range {
                    // Numbers of one byte are below 256.
                    out.extend_from_slice(&number(index).unwrap_or(0).to_le_bytes()[..N]);
                }
                Ok(())
            })
        } else {
            self.reals(name, move |index| number(index).map(f64::from))
        };
        variable.missing = gaps;
        variable.nullable = true;
        variable
    }

    fn frequency(self) -> Variable<'a> {
        let mut variable = self.reals("frequency", move |index| self.frequency_at(index)?.hz());
        variable.unit = Some(Unit::Hertz.symbol().into());
        let long_name = format!("{} zero-crossing frequency of the peak", self.channel.name);
        variable.attributes = vec![("long_name".into(), long_name.into())];
        variable
    }

    fn frequency_flag(self) -> Variable<'a> {
        let mut flag = made("frequency_flag", "|u1", self.len, move |range, out| {
            out.extend(range.map(|index| frequency_flag(self.frequency_at(index))));
            Ok(())
        });
        flag.role = Role::Companion;
        flag.meanings = &flags::FREQUENCY;
        flag
    }

    fn half_period(self) -> Variable<'a> {
        let mut variable = self.whole::<2>("halfperiod", move |index| {
            self.channel.count(index)?;
            Some(self.facts.half_periods.get(index)?.0)
        });
        variable.role = Role::Companion;
        variable.attributes = vec![(
            "long_name".into(),
            "half-period of the peak in samples at 1024 samples/s".into(),
        )];
        variable
    }

    fn annotation(self) -> Variable<'a> {
        let mut variable = self.whole::<1>("annotation", move |index| {
            self.channel.count(index)?;
            Some(u16::from(*self.facts.annotations.get(index)?))
        });
        variable.role = Role::Companion;
        variable.attributes =
            vec![("long_name".into(), "a byte of the format, of unknown meaning".into())];
        variable
    }

    /// What a report lists of each interval, when every one that has it has it in one unit: dB(A) is
    /// never made dB(L).
    fn stated(self, (name, of): Statistic) -> Option<Variable<'a>> {
        let reading = move |index: usize| of(self.facts.stated_levels.get(index)?.as_ref()?);
        let mut units =
            (0..self.facts.stated_levels.len()).filter_map(|at| Some(reading(at)?.unit));
        let unit = units.next()?;
        if !units.all(|other| other == unit) {
            return None;
        }
        let mut variable = self.reals(name, move |index| {
            reading(index).map(|level| level.value).filter(|level| level.is_finite())
        });
        variable.unit = Some(unit.symbol().into());
        Some(variable)
    }
}
