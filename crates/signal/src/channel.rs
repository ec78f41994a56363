//! What is measured of one channel.

use serde::Serialize;
use wavekeep_core::{
    Channel, ChannelStatement, Flag, Frequency, Kind, Quantity, Reading, Recording, Sensor,
    SoundLevels, TimeAxis, Unit, UnitLocal,
};

use crate::half_wave::HalfWave;
use crate::measured::Measured;
use crate::motion::{peak_acceleration, peak_displacement};
use crate::trace::Trace;

/// What is measured of one channel.
///
/// Computed values are flagged *impossible* when a count is more than the converter can give, else
/// *saturated* when one is at its limit, else *incomplete* when samples are missing: the true value
/// may be larger in the last two cases. The counts of all stand beside them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ChannelMeasurements {
    /// Name of the channel.
    pub name: String,
    /// What its values come from.
    pub sensor: Sensor,
    /// Samples (or intervals), missing ones included.
    pub samples: usize,
    /// How many of them are missing or are not finite numbers.
    pub missing_samples: usize,
    /// How many counts are at the limit of the sensor or its converter.
    pub samples_at_limit: usize,
    /// How many counts are more than the converter can give: they are damage.
    #[serde(skip_serializing_if = "is_zero")]
    pub impossible_samples: usize,
    /// PPV of a geophone: the largest absolute velocity, in the channel's unit. PSPL of a
    /// microphone: the largest absolute pressure, as a level in dB(L), or the weighted level that the
    /// report states; of a weighted microphone the samples give counts alone. For another sensor the
    /// largest absolute value. For a histogram that of the largest interval.
    pub peak: Measured<Reading>,
    /// PSPL of a microphone in psi.
    #[serde(skip_serializing_if = "is_absent")]
    pub peak_psi: Measured<Reading>,
    /// PSPL of a microphone in Pa.
    #[serde(skip_serializing_if = "is_absent")]
    pub peak_pa: Measured<Reading>,
    /// Sample (or interval) of the computed peak, the first one of equals.
    pub peak_index: Option<usize>,
    /// Seconds from the trigger to the peak, negative before it; none for a trace that is zero
    /// throughout, nor for a histogram.
    pub time_of_peak_s: Measured<f64>,
    /// Start of the peak's interval in a histogram, by the instrument's clock.
    #[serde(skip_serializing_if = "is_absent")]
    pub peak_at: Measured<UnitLocal>,
    /// Zero-crossing frequency of the peak.
    pub zc_frequency: Measured<Frequency>,
    /// The half-wave that gave the computed frequency.
    pub half_wave: Option<HalfWave>,
    /// Largest |v(i+1) − v(i)| / dt of a geophone, in g.
    pub peak_acceleration: Measured<Reading>,
    /// Largest integral of v between two zero crossings, halved, of a geophone: in inches for in/s,
    /// else in millimetres.
    pub peak_displacement: Measured<Reading>,
    /// The largest LMax, L10 and L90 that a report lists for the intervals of a histogram.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest_levels: Option<SoundLevels>,
    /// The intervals of a histogram, missing ones left out.
    #[serde(skip)]
    pub intervals: Vec<IntervalPeak>,
}

/// One interval of a histogram's channel.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct IntervalPeak {
    /// Which interval, from 0.
    pub index: usize,
    /// Its peak, in the channel's unit; flagged when it is at the limit.
    pub peak: Reading,
    /// Frequency of the peak: as the report prints it, otherwise from the half-period;
    /// `NotAvailable` where the file says that it cannot be measured.
    pub frequency: Frequency,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

fn is_absent<T: Copy>(quantity: &Measured<T>) -> bool {
    quantity.value().is_none()
}

impl ChannelMeasurements {
    pub(crate) fn of(recording: &Recording, channel: &Channel, trace: &Trace) -> Self {
        let mut out = Self::blank(channel, trace);
        if let Some((index, size)) = trace.largest() {
            out.peak_index = Some(index);
            out.set_peak(channel, trace, index, size);
            match recording.kind {
                Kind::Waveform => out.set_shape(channel, trace, &recording.time, index),
                Kind::Histogram => out.set_interval(channel, &recording.time, index),
            }
        }
        if let Some(stated) = recording.statement.as_ref().and_then(|all| all.channel(&out.name)) {
            out.set_stated(stated);
        }
        if let Some(facts) = &channel.intervals {
            out.set_stated_levels(&facts.stated_levels, &recording.time);
        }
        out
    }

    fn blank(channel: &Channel, trace: &Trace) -> Self {
        Self {
            name: channel.name.clone().into_owned(),
            sensor: channel.sensor,
            samples: trace.values.len(),
            missing_samples: trace.missing,
            samples_at_limit: trace.at_limit,
            impossible_samples: trace.impossible,
            peak: Measured::default(),
            peak_psi: Measured::default(),
            peak_pa: Measured::default(),
            peak_index: None,
            time_of_peak_s: Measured::default(),
            peak_at: Measured::default(),
            zc_frequency: Measured::default(),
            half_wave: None,
            peak_acceleration: Measured::default(),
            peak_displacement: Measured::default(),
            largest_levels: None,
            intervals: Vec::new(),
        }
    }

    fn set_peak(&mut self, channel: &Channel, trace: &Trace, index: usize, size: f64) {
        self.peak.computed = trace.reading(size, trace.unit);
        if channel.sensor == Sensor::Microphone {
            // The level comes from the count and not from the pressure: a vendor may print levels
            // from a rounded constant.
            let level = channel.count(index).and_then(|count| channel.scale.level(count.abs()));
            let pressure = self.peak;
            self.peak_psi = pressure.and_then(|reading| reading.to(Unit::Psi).ok());
            self.peak_pa = pressure.and_then(|reading| reading.to(Unit::Pascal).ok());
            if let Some(level) = level {
                self.peak.computed = trace.reading(level, Unit::DecibelLinear);
            }
        }
    }

    /// Time, half-wave, acceleration and displacement of a waveform.
    fn set_shape(&mut self, channel: &Channel, trace: &Trace, time: &TimeAxis, peak: usize) {
        let moves = trace.values[peak] != 0.0;
        self.time_of_peak_s.computed =
            time.seconds(peak).filter(|seconds| moves && seconds.is_finite());
        let half_wave = HalfWave::around(&trace.values, peak, time);
        let step = time.step_s().filter(|step| step.is_finite() && *step > 0.0);
        self.zc_frequency.computed = Some(match (half_wave, step) {
            (Some(wave), Some(step)) => wave.frequency(1.0 / step),
            _ => Frequency::NotAvailable,
        });
        self.half_wave = half_wave;
        let Some(step) = step else { return };
        if channel.sensor == Sensor::Geophone && trace.unit.quantity() == Quantity::Velocity {
            self.peak_acceleration.computed =
                peak_acceleration(&trace.values, step).and_then(|per_second| {
                    let value = trace.unit.convert(per_second, Unit::MetrePerSecond).ok()?;
                    trace.reading(value, Unit::MetrePerSecondSquared)?.to(Unit::Gravity).ok()
                });
            self.peak_displacement.computed =
                peak_displacement(&trace.values, step).and_then(|distance| match trace.unit {
                    Unit::InchPerSecond => trace.reading(distance, Unit::Inch),
                    other => {
                        let value = other.convert(distance, Unit::MillimetrePerSecond).ok()?;
                        trace.reading(value, Unit::Millimetre)
                    }
                });
        }
    }

    /// Moment and frequency of a histogram's largest interval, and all of its intervals.
    fn set_interval(&mut self, channel: &Channel, time: &TimeAxis, peak: usize) {
        self.peak_at.computed = time.interval_start(peak);
        let facts = channel.intervals.as_ref();
        let frequency =
            |index| facts.map_or(Frequency::NotAvailable, |facts| facts.frequency(index));
        self.zc_frequency = Measured {
            computed: facts.map(|facts| facts.frequency_of_half_period(peak)),
            stated: facts.and_then(|facts| facts.stated_frequencies.get(peak).copied().flatten()),
        };
        let decimals = channel.scale.decimals();
        self.intervals = channel
            .counts()
            .enumerate()
            .filter_map(|(index, count)| {
                let count = count.filter(|count| count.is_finite())?;
                let mut peak = Reading::new(channel.scale.apply(count).abs(), channel.unit());
                peak.decimals = channel.samples.are_counts().then_some(decimals).flatten();
                if channel.is_at_limit(count) {
                    peak = peak.flagged(Flag::Saturated);
                }
                Some(IntervalPeak { index, peak, frequency: frequency(index) })
            })
            .collect();
    }

    fn set_stated(&mut self, stated: &ChannelStatement) {
        self.peak.stated = stated.peak;
        if self.sensor == Sensor::Microphone {
            let to = |unit| stated.peak.and_then(|reading| reading.to(unit).ok());
            self.peak.stated = to(Unit::DecibelLinear).or(stated.peak);
            self.peak_psi.stated = to(Unit::Psi);
            self.peak_pa.stated = to(Unit::Pascal);
        }
        self.time_of_peak_s.stated = stated.time_of_peak_s;
        self.peak_at.stated = stated.peak_at;
        self.zc_frequency.stated = stated.zc_frequency.or(self.zc_frequency.stated);
        // The instrument computes both from samples that are cut off at the limit: the true ones may be larger,
        // however they are printed.
        let is_saturated = self.is_saturated();
        let marked = |reading: Reading| match reading.flag {
            None if is_saturated => reading.flagged(Flag::Saturated),
            _ => reading,
        };
        self.peak_acceleration.stated = stated.peak_acceleration.map(marked);
        self.peak_displacement.stated = stated.peak_displacement.map(marked);
    }

    /// The largest of the levels that a report lists. Where it states no peak, the largest LMax is
    /// the peak.
    fn set_stated_levels(&mut self, levels: &[Option<SoundLevels>], time: &TimeAxis) {
        let largest = |of: fn(&SoundLevels) -> Option<Reading>| {
            let all = levels.iter().enumerate();
            let all = all.filter_map(|(index, levels)| Some((index, of(levels.as_ref()?)?)));
            all.reduce(|best, next| if next.1.value > best.1.value { next } else { best })
        };
        let (max, l10, l90) =
            (largest(|all| all.max), largest(|all| all.l10), largest(|all| all.l90));
        if max.or(l10).or(l90).is_none() {
            return;
        }
        let level = |found: Option<(usize, Reading)>| found.map(|(_, level)| level);
        let levels = SoundLevels { max: level(max), l10: level(l10), l90: level(l90) };
        self.largest_levels = Some(levels);
        if let (None, Some((index, level))) = (self.peak.stated, max) {
            self.peak.stated = Some(level);
            self.peak_at.stated = time.interval_start(index);
        }
    }

    /// Whether the peak is at a limit by either source: the true one is at least as large.
    pub fn is_saturated(&self) -> bool {
        let by = |reading: Option<Reading>| reading.is_some_and(|reading| reading.is_saturated());
        by(self.peak.computed) || by(self.peak.stated)
    }
}
