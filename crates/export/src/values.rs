//! The numbers of one channel as they are written, and the times that belong to them.

use std::ops::Range;

use wavekeep_core::{Channel, Conversion, Gaps, Quantity, Recording, Samples, TimeAxis, Unit};

use crate::dataset::Form;
use crate::{ExportError, ExportOptions, Target, Units};

/// The unit in which values of `unit` are written when physical ones are asked for.
pub(crate) fn physical_unit(unit: Unit) -> Unit {
    match unit.quantity() {
        Quantity::Velocity => Unit::InchPerSecond,
        Quantity::Pressure => Unit::Psi,
        _ => unit,
    }
}

/// What one count is worth in the [`physical_unit`]; `None` for levels, which have no such factor.
pub(crate) fn physical_of_one_count(channel: &Channel) -> Option<f64> {
    let own = channel.unit();
    match own {
        level if level.is_level() => None,
        _ => own.convert(channel.scale.of_one(), physical_unit(own)).ok(),
    }
}

/// The values of a channel in the units that were asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Values<'a> {
    channel: &'a Channel,
    units: Units,
    unit: Unit,
    /// From the channel's unit when values are not counts.
    conversion: Option<Conversion>,
}

impl<'a> Values<'a> {
    pub(crate) fn new(channel: &'a Channel, units: Units) -> Self {
        Self::within(channel, &ExportOptions { units, ..ExportOptions::default() })
    }

    /// The values of arrays, audio and traces.
    pub(crate) fn of_samples(channel: &'a Channel, options: &ExportOptions) -> Self {
        match options.in_arrays {
            true => Self::within(channel, options),
            false => Self::new(channel, options.units),
        }
    }

    /// The values in the units of a table.
    pub(crate) fn within(channel: &'a Channel, options: &ExportOptions) -> Self {
        let own = channel.unit();
        let units = options.units;
        let unit = match units {
            Units::Physical => options.physical_unit(own),
            Units::Raw if channel.scale.of_one() == 1.0 => own,
            Units::Raw => Unit::Count,
        };
        // The physical unit measures what the channel's own does.
        let conversion = own.conversion(unit).ok().filter(|_| units == Units::Physical);
        Self { channel, units, unit, conversion }
    }

    pub(crate) fn channel(&self) -> &'a Channel {
        self.channel
    }

    pub(crate) fn name(&self) -> &'a str {
        &self.channel.name
    }

    /// Unit of [`at`](Self::at).
    pub(crate) fn unit(&self) -> Unit {
        self.unit
    }

    /// Whether every value is a whole number.
    pub(crate) fn are_integers(&self) -> bool {
        self.units == Units::Raw && self.channel.samples.are_counts()
    }

    /// Value `index`, `None` where it is missing or not finite.
    pub(crate) fn at(&self, index: usize) -> Option<f64> {
        self.of_count(self.channel.count(index)?)
    }

    fn of_count(&self, count: f64) -> Option<f64> {
        Some(self.value(count)).filter(|value| value.is_finite())
    }

    #[inline]
    fn value(&self, count: f64) -> f64 {
        match &self.conversion {
            // The vendors print levels by a rule of their own.
            Some(_) if self.unit == Unit::DecibelLinear && !self.channel.unit().is_level() => {
                self.channel.scale.level(count).unwrap_or(f64::NAN)
            }
            Some(conversion) => conversion.apply(self.channel.scale.apply(count)),
            None => count,
        }
    }

    /// Which of `0..len` are missing: gaps, what is past the channel's end, what is not finite.
    pub(crate) fn missing(&self, len: usize) -> Gaps {
        let mut missing = Gaps::default();
        for gap in self.channel.gaps.ranges() {
            missing.insert(gap.start.min(len)..gap.end.min(len));
        }
        missing.insert(self.channel.len().min(len)..len);
        // When the largest count has a value, so has every one.
        let is_always_finite =
            self.channel.samples.are_counts() && self.of_count(f64::from(i32::MIN)).is_some();
        if !is_always_finite {
            for index in (0..len).filter(|&index| self.at(index).is_none()) {
                missing.insert(index..index + 1);
            }
        }
        missing
    }

    /// The type of [`push`](Self::push) in a form: `missing` says whether one has no value.
    pub(crate) fn dtype(&self, form: Form, missing: bool) -> &'static str {
        let nan = missing && form != Form::Table;
        match (self.units, &self.channel.samples) {
            (Units::Physical, _) if form == Form::Arrays => "<f4",
            (Units::Raw, Samples::I16(_)) => {
                if nan {
                    "<f4"
                } else {
                    "<i2"
                }
            }
            (Units::Raw, samples) if samples.are_counts() => {
                if nan {
                    "<f8"
                } else {
                    "<i4"
                }
            }
            (Units::Raw, Samples::F32(_)) if form != Form::Table => "<f4",
            _ => "<f8",
        }
    }

    /// Appends the values of `range` as little-endian numbers of the type `dtype`, one that
    /// [`dtype`](Self::dtype) gave: NaN where one is missing, 0 in integers.
    ///
    /// # Errors
    /// When a value is too large for single precision.
    pub(crate) fn push(
        &self,
        range: Range<usize>,
        dtype: &str,
        target: Target,
        out: &mut Vec<u8>,
    ) -> Result<(), ExportError> {
        match (dtype, &self.channel.samples) {
            ("<i2", Samples::I16(counts)) => {
                push_counts(counts, range, out, i16::to_le_bytes);
                return Ok(());
            }
            ("<i4", Samples::I32(counts)) => {
                push_counts(counts, range, out, i32::to_le_bytes);
                return Ok(());
            }
            _ => {}
        }
        let doubles = self.doubles(range.clone());
        if dtype == "<f8" {
            out.extend(doubles.iter().flat_map(|value| value.to_le_bytes()));
            return Ok(());
        }
        out.reserve(doubles.len() * size_of::<f32>());
        for (index, double) in range.zip(&doubles) {
            let single = *double as f32;
            if single.is_infinite() {
                return Err(self.too_large(index, *double, target));
            }
            out.extend_from_slice(&single.to_le_bytes());
        }
        Ok(())
    }

    /// [`at`](Self::at) of a range, NaN where one is missing.
    fn doubles(&self, range: Range<usize>) -> Vec<f64> {
        let there = range.start.min(self.channel.len())..range.end.min(self.channel.len());
        let mut values: Vec<f64> = match &self.channel.samples {
            Samples::I16(counts) => self.values(&counts[there]),
            Samples::I32(counts) => self.values(&counts[there]),
            Samples::F32(counts) => self.values(&counts[there]),
            samples => there.map(|index| self.value(samples.value(index))).collect(),
        };
        values.resize(range.len(), f64::NAN);
        for gap in self.channel.gaps.ranges() {
            let within = |index: usize| index.clamp(range.start, range.end) - range.start;
            values[within(gap.start)..within(gap.end)].fill(f64::NAN);
        }
        for value in values.iter_mut().filter(|value| !value.is_finite()) {
            *value = f64::NAN;
        }
        values
    }

    fn values<T: Copy + Into<f64>>(&self, counts: &[T]) -> Vec<f64> {
        counts.iter().map(|&count| self.value(count.into())).collect()
    }

    /// Value `index` in single precision: NaN where it is missing.
    ///
    /// # Errors
    /// When it is too large for single precision.
    pub(crate) fn f32_at(&self, index: usize, target: Target) -> Result<f32, ExportError> {
        let Some(value) = self.at(index) else { return Ok(f32::NAN) };
        let single = value as f32;
        if single.is_finite() { Ok(single) } else { Err(self.too_large(index, value, target)) }
    }

    fn too_large(&self, index: usize, value: f64, target: Target) -> ExportError {
        ExportError::unrepresentable(
            target,
            format!("{value:e} (sample {index} of {}) in single precision", self.name()),
            "write npy or parquet, which hold double precision",
        )
    }
}

/// Appends the counts of `range`, 0 past the end of the channel.
fn push_counts<T: Copy, const N: usize>(
    counts: &[T],
    range: Range<usize>,
    out: &mut Vec<u8>,
    bytes: fn(T) -> [u8; N],
) {
    let end = out.len() + range.len() * N;
    let there = range.start.min(counts.len())..range.end.min(counts.len());
    out.extend(counts[there].iter().flat_map(|count| bytes(*count)));
    out.resize(end, 0);
}

/// The time of each sample in seconds from the trigger.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SampleTimes {
    pub(crate) rate_hz: f64,
    axis: TimeAxis,
}

impl SampleTimes {
    /// The times of a waveform.
    ///
    /// # Errors
    /// When the recording has intervals, or a rate that gives no times.
    pub(crate) fn of(recording: &Recording, target: Target) -> Result<Self, ExportError> {
        if let TimeAxis::Samples { rate_hz, .. } = &recording.time {
            let times = Self { rate_hz: rate_hz.value, axis: recording.time };
            let step = 1.0 / times.rate_hz;
            let ends = [times.at(0), times.at(recording.len())];
            if step > 0.0 && step.is_finite() && ends.iter().all(|end| end.is_finite()) {
                return Ok(times);
            }
        }
        Err(ExportError::unrepresentable(
            target,
            "samples without a usable rate",
            "state the sample rate of the recording",
        ))
    }

    /// Seconds from the trigger to sample `index`.
    pub(crate) fn at(&self, index: usize) -> f64 {
        // Samples always have times.
        self.axis.seconds(index).unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use wavekeep_core::Scale;

    use super::*;

    #[test]
    fn velocities_become_inches_per_second_and_pressures_psi() {
        let channel = Channel::new("Tran", Samples::I16(vec![254])).with_scale(Scale::ratio(
            1.0,
            10.0,
            Unit::MillimetrePerSecond,
        ));
        let values = Values::new(&channel, Units::Physical);
        assert_eq!((values.at(0), values.unit()), (Some(1.0), Unit::InchPerSecond));
        let raw = Values::new(&channel, Units::Raw);
        assert_eq!((raw.at(0), raw.unit(), raw.are_integers()), (Some(254.0), Unit::Count, true));

        let channel = Channel::new("MicL", Samples::I16(vec![1])).with_scale(Scale::ratio(
            1.0,
            4.0,
            Unit::Pascal,
        ));
        let psi = Values::new(&channel, Units::Physical).at(0).unwrap();
        assert!((psi - 3.626e-5).abs() < 1e-9);
    }

    #[test]
    fn all_ways_of_being_missing_are_one() {
        let mut channel = Channel::new("x", Samples::F32(vec![f32::NAN, 1.0, 2.0, f32::INFINITY]));
        channel.gaps.insert(2..3);
        channel.gaps.insert(900..1000);
        let values = Values::new(&channel, Units::Raw);
        let found: Vec<_> = (0..6).map(|index| values.at(index)).collect();
        assert_eq!(found, [None, Some(1.0), None, None, None, None]);
        assert_eq!(values.missing(6).ranges(), [0..1, 2..6]);
    }
}
