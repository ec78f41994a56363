//! The numbers of one channel as they are written, and the times that belong to them.

use wavekeep_core::{Channel, Conversion, Gaps, Recording, Samples, TimeAxis, Unit};

use crate::{ExportError, ExportOptions, Target, Units};

/// The physical unit of a channel whose values are written as counts.
pub(crate) fn physical_unit(unit: Unit) -> Unit {
    ExportOptions::default().physical(unit)
}

/// What one count is worth in the [`physical_unit`]; `None` for levels, which have no such factor.
pub(crate) fn physical_of_one_count(channel: &Channel) -> Option<f64> {
    let own = channel.unit();
    match own {
        Unit::DecibelLinear => None,
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
    /// The numbers of the format.
    pub(crate) fn raw(channel: &'a Channel) -> Self {
        Self::new(channel, &ExportOptions::of(Units::Raw))
    }

    pub(crate) fn new(channel: &'a Channel, options: &ExportOptions) -> Self {
        let (own, units) = (channel.unit(), options.units);
        let unit = match units {
            Units::Physical => options.physical(own),
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

    /// All values, NaN where one is missing: in single precision when they are physical or it holds
    /// every number of the format, otherwise in double.
    pub(crate) fn numbers(&self, len: usize, target: Target) -> Result<Numbers, ExportError> {
        let fits_single = matches!(self.channel.samples, Samples::I16(_) | Samples::F32(_));
        if self.units == Units::Physical || fits_single {
            let doubles = self.doubles(len);
            let singles: Vec<f32> = doubles.iter().map(|&value| value as f32).collect();
            let too_large =
                |(single, double): (&f32, &f64)| single.is_infinite() && double.is_finite();
            return match singles.iter().zip(&doubles).position(too_large) {
                Some(index) => Err(self.too_large(index, doubles[index], target)),
                None => Ok(Numbers::Single(singles)),
            };
        }
        Ok(Numbers::Double(self.doubles(len)))
    }

    /// [`at`](Self::at) of `0..len`, NaN where one is missing.
    fn doubles(&self, len: usize) -> Vec<f64> {
        let mut values = match &self.channel.samples {
            Samples::I16(counts) => self.values(counts),
            Samples::I32(counts) => self.values(counts),
            Samples::F32(counts) => self.values(counts),
            samples => (0..samples.len()).map(|index| self.value(samples.value(index))).collect(),
        };
        values.resize(len, f64::NAN);
        for gap in self.channel.gaps.ranges() {
            values[gap.start.min(len)..gap.end.min(len)].fill(f64::NAN);
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
    pub(crate) fn f32_at(&self, index: usize, target: Target) -> Result<f32, ExportError> {
        let Some(value) = self.at(index) else { return Ok(f32::NAN) };
        let single = value as f32;
        if single.is_finite() {
            return Ok(single);
        }
        Err(self.too_large(index, value, target))
    }

    fn too_large(&self, index: usize, value: f64, target: Target) -> ExportError {
        ExportError::unrepresentable(
            target,
            format!("{value:e} (sample {index} of {}) in single precision", self.name()),
            "write npy or parquet, which hold double precision",
        )
    }
}

/// Numbers of one channel.
pub(crate) enum Numbers {
    Single(Vec<f32>),
    Double(Vec<f64>),
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
        let values = Values::new(&channel, &ExportOptions::default());
        assert_eq!((values.at(0), values.unit()), (Some(1.0), Unit::InchPerSecond));
        let raw = Values::raw(&channel);
        assert_eq!((raw.at(0), raw.unit(), raw.are_integers()), (Some(254.0), Unit::Count, true));

        let channel = Channel::new("MicL", Samples::I16(vec![1])).with_scale(Scale::ratio(
            1.0,
            4.0,
            Unit::Pascal,
        ));
        let psi = Values::new(&channel, &ExportOptions::default()).at(0).unwrap();
        assert!((psi - 3.626e-5).abs() < 1e-9);
    }

    #[test]
    fn all_ways_of_being_missing_are_one() {
        let mut channel = Channel::new("x", Samples::F32(vec![f32::NAN, 1.0, 2.0, f32::INFINITY]));
        channel.gaps.insert(2..3);
        channel.gaps.insert(900..1000);
        let values = Values::raw(&channel);
        let found: Vec<_> = (0..6).map(|index| values.at(index)).collect();
        assert_eq!(found, [None, Some(1.0), None, None, None, None]);
        assert_eq!(values.missing(6).ranges(), [0..1, 2..6]);
    }
}
