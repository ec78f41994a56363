//! What is measured of a recording as a whole.

use serde::Serialize;
use wavekeep_core::{Kind, Quantity, Reading, Recording, Sensor, TimeAxis, UnitLocal};

use crate::channel::ChannelMeasurements;
use crate::contradiction::{Contradiction, contradictions};
use crate::measured::Measured;
use crate::trace::Trace;
use crate::vector_sum::largest_vector;

/// What is measured of a recording: every quantity as computed and as stated.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Measurements {
    /// What kind of recording it is.
    pub kind: Kind,
    /// The channels, in the order of the recording.
    pub channels: Vec<ChannelMeasurements>,
    /// PVS: the largest over time of sqrt(T² + V² + L²), over the samples where all three are
    /// present, in the unit of the geophones. It is not made from the three PPVs, which need not
    /// coincide. A histogram does not hold it: there only a report states one.
    pub peak_vector_sum: Measured<Reading>,
    /// Seconds from the trigger to the PVS.
    pub peak_vector_sum_time_s: Measured<f64>,
    /// Moment of the PVS in a histogram, by the instrument's clock.
    pub peak_vector_sum_at: Option<UnitLocal>,
    /// What the vector sum of a histogram cannot exceed. It is not the PVS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vector_sum_upper_bound: Option<VectorSumUpperBound>,
    /// Whether nothing states the range of the geophones: the peaks hang on a default.
    pub range_assumed: bool,
    /// Whether nothing states the sample rate: times and frequencies hang on a default.
    pub rate_assumed: bool,
    /// Where the report and the samples cannot both be right.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contradictions: Vec<Contradiction>,
}

/// What the vector sum of a histogram cannot exceed: the largest over its intervals of
/// sqrt(T² + V² + L²) of the interval's three peaks, which need not coincide within it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct VectorSumUpperBound {
    /// The bound, in the unit of the geophones. With a flag it bounds nothing: a peak that is
    /// saturated or missing may be larger.
    pub upper_bound: Reading,
    /// The interval that gives it, from 0.
    pub interval: usize,
    /// Start of that interval, by the instrument's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<UnitLocal>,
}

impl Measurements {
    /// The measurements of the channel `name`, without regard to case.
    pub fn channel(&self, name: &str) -> Option<&ChannelMeasurements> {
        self.channels.iter().find(|channel| channel.name.eq_ignore_ascii_case(name))
    }

    /// The measurements of the geophones.
    pub fn geophones(&self) -> impl Iterator<Item = &ChannelMeasurements> {
        self.of_sensor(Sensor::Geophone)
    }

    /// The measurements of the microphones.
    pub fn microphones(&self) -> impl Iterator<Item = &ChannelMeasurements> {
        self.of_sensor(Sensor::Microphone)
    }

    fn of_sensor(&self, sensor: Sensor) -> impl Iterator<Item = &ChannelMeasurements> {
        self.channels.iter().filter(move |channel| channel.sensor == sensor)
    }
}

/// Measures a recording.
///
/// Nothing fails: what cannot be measured is `None` or [`NotAvailable`], and what is damaged is
/// flagged.
///
/// [`NotAvailable`]: wavekeep_core::Frequency::NotAvailable
///
/// ```
/// use wavekeep_core::*;
///
/// static FORMAT: FormatInfo = FormatInfo { id: "demo", name: "demonstration", file_names: &[] };
/// let vert = Channel {
///     sensor: Sensor::Geophone,
///     ..Channel::new("Vert", Samples::I16(vec![0, 4, 12, 4, 0, -4, -8, -4, 0]))
///         .with_scale(Scale::ratio(1.0, 200.0, Unit::InchPerSecond))
/// };
/// let time = TimeAxis::Samples {
///     rate_hz: Assumed::stated(1024.0, Basis::File),
///     pretrigger_s: Assumed::stated(0.0, Basis::File),
/// };
/// let recording =
///     Recording { channels: vec![vert], ..Recording::new(&FORMAT, Kind::Waveform, time) };
///
/// let measured = wavekeep_signal::measure(&recording);
/// let vert = &measured.channels[0];
/// assert_eq!(vert.peak.value(), Some(Reading::new(0.06, Unit::InchPerSecond)));
/// assert_eq!(vert.time_of_peak_s.value(), Some(2.0 / 1024.0));
/// // Four samples from zero to zero are more than 100 Hz.
/// assert_eq!(vert.zc_frequency.value(), Some(Frequency::above(100.0)));
/// ```
pub fn measure(recording: &Recording) -> Measurements {
    let traces: Vec<Trace> = recording.channels.iter().map(Trace::of).collect();
    let channels = recording
        .channels
        .iter()
        .zip(&traces)
        .map(|(channel, trace)| ChannelMeasurements::of(recording, channel, trace))
        .collect();
    let mut out = Measurements {
        kind: recording.kind,
        channels,
        peak_vector_sum: Measured::default(),
        peak_vector_sum_time_s: Measured::default(),
        peak_vector_sum_at: None,
        vector_sum_upper_bound: None,
        range_assumed: recording.range.is_some_and(|range| range.is_assumed()),
        rate_assumed: match recording.time {
            TimeAxis::Samples { rate_hz, .. } => rate_hz.is_assumed(),
            // The half-periods of a histogram are in samples of a rate that the format fixes.
            TimeAxis::Intervals { .. } => false,
        },
        contradictions: Vec::new(),
    };
    if let Some([tran, vert, long]) = three_geophones(recording, &traces) {
        out.set_vector_sum(recording, [tran, vert, long]);
    }
    if let Some(statement) = &recording.statement {
        out.peak_vector_sum.stated = statement.peak_vector_sum;
        out.peak_vector_sum_time_s.stated = statement.peak_vector_sum_time_s;
        out.peak_vector_sum_at = statement.peak_vector_sum_at;
    }
    out.contradictions = contradictions(recording, &out);
    out
}

/// The traces of a recording's geophones, when there are exactly three with one velocity unit.
pub(crate) fn three_geophones<'a>(
    recording: &Recording,
    traces: &'a [Trace],
) -> Option<[&'a Trace; 3]> {
    let geophones: Vec<&Trace> = recording
        .channels
        .iter()
        .zip(traces)
        .filter(|(channel, _)| channel.sensor == Sensor::Geophone)
        .map(|(_, trace)| trace)
        .collect();
    let three: [&Trace; 3] = geophones.try_into().ok()?;
    let unit = three[0].unit;
    let summable = unit.quantity() == Quantity::Velocity && three.iter().all(|t| t.unit == unit);
    summable.then_some(three)
}

impl Measurements {
    fn set_vector_sum(&mut self, recording: &Recording, three: [&Trace; 3]) {
        let Some((index, reading)) = largest_vector(three) else { return };
        match recording.kind {
            Kind::Waveform => {
                self.peak_vector_sum.computed = Some(reading);
                let moves = reading.value > 0.0;
                self.peak_vector_sum_time_s.computed =
                    recording.time.seconds(index).filter(|seconds| moves && seconds.is_finite());
            }
            Kind::Histogram => {
                self.vector_sum_upper_bound = Some(VectorSumUpperBound {
                    upper_bound: reading,
                    interval: index,
                    at: recording.time.interval_start(index),
                });
            }
        }
    }
}
