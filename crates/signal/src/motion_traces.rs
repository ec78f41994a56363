//! Acceleration, displacement and vector sum of a recording, sample by sample.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use wavekeep_core::{
    Assumed, Channel, Flag, Kind, Quantity, Recording, Samples, Scale, Sensor, TimeAxis, Unit,
};

use crate::measurements::{Measurements, measure, three_geophones};
use crate::motion::{acceleration, displacement};
use crate::trace::Trace;
use crate::vector_sum::{vector_flag, vector_sums};

/// Name of the channel with the vector sum.
const VECTOR_SUM: &str = "Vector sum";

/// What is computed from the velocities of the geophones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MotionQuantity {
    /// (v(i+1) − v(i)) / dt, in g.
    Acceleration,
    /// The integral of the velocity, in inches for in/s, else in millimetres.
    Displacement,
    /// sqrt(T² + V² + L²), in the unit of the geophones.
    VectorSum,
}

impl MotionQuantity {
    /// Every quantity.
    pub const ALL: [Self; 3] = [Self::Acceleration, Self::Displacement, Self::VectorSum];

    /// The word that selects it: `acceleration`, `displacement`, `vector_sum`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Acceleration => "acceleration",
            Self::Displacement => "displacement",
            Self::VectorSum => "vector_sum",
        }
    }
}

impl fmt::Display for MotionQuantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A word that names no quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("acceleration, displacement or vector_sum was expected")]
pub struct UnknownQuantity;

impl FromStr for MotionQuantity {
    type Err = UnknownQuantity;

    fn from_str(word: &str) -> Result<Self, UnknownQuantity> {
        Self::ALL.into_iter().find(|quantity| quantity.word() == word).ok_or(UnknownQuantity)
    }
}

/// Why a recording has no traces of a quantity.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NoMotion {
    /// It holds peaks and not samples.
    #[error("a histogram has no trace of the {0}: it holds peaks, not samples")]
    Histogram(MotionQuantity),
    /// No geophone records a velocity.
    #[error("there is no geophone to compute the {0} from")]
    NoGeophone(MotionQuantity),
    /// There are not exactly three geophones with one unit.
    #[error("a vector sum needs three geophones with the same unit, found {0}")]
    NotThree(usize),
    /// The sample rate is not a positive number.
    #[error("the {0} needs a positive sample rate, found {1}")]
    Rate(MotionQuantity, f64),
}

/// The traces of a quantity.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MotionTraces {
    /// The recording with the traces as its channels: values of 64 bits in their unit. It has no
    /// microphone and no statement of a report, which is about the recorded velocities.
    pub recording: Recording,
    /// What is measured of these traces: their largest absolute values. ZC frequencies belong to
    /// velocities and are left out.
    pub measured: Measurements,
}

/// Computes the traces of `quantity` from the geophones of a waveform.
///
/// A value is missing where a sample that it needs is missing.
///
/// - *Acceleration* is the difference quotient of neighbouring samples and stands in the middle
///   between them: the traces have one value less than the velocities, and begin half a sample later.
///   Its largest absolute value is the peak acceleration.
/// - *Displacement* is the trapezium rule over each run of present samples by itself. An instrument
///   measures neither a steady velocity nor a position: the mean velocity of the run is taken off
///   before, so that the ground ends where it began, and the mean of the result after it. No filter
///   is applied; drift that is slower than the run remains. A run of one sample has no
///   displacement. Half the distance of two neighbouring extremes is the peak displacement of their
///   half-wave, as far as the mean velocity is zero and the extremes are at samples.
/// - *Vector sum* is taken over the three geophones sample by sample. Its largest value is the PVS.
///
/// Where a sample of the geophone is at its limit, or more than the instrument can give, the largest
/// value of its trace is flagged as that of its velocity is.
///
/// # Errors
/// [`NoMotion`] when the recording has no such traces.
pub fn motion_traces(
    recording: &Recording,
    quantity: MotionQuantity,
) -> Result<MotionTraces, NoMotion> {
    let (Kind::Waveform, TimeAxis::Samples { rate_hz, pretrigger_s }) =
        (recording.kind, recording.time)
    else {
        return Err(NoMotion::Histogram(quantity));
    };
    let step_s = 1.0 / rate_hz.value;
    if !(step_s.is_finite() && step_s > 0.0) {
        return Err(NoMotion::Rate(quantity, rate_hz.value));
    }
    let traces: Vec<Trace> = recording.channels.iter().map(Trace::of).collect();
    let geophones: Vec<(&Channel, &Trace)> = recording
        .channels
        .iter()
        .zip(&traces)
        .filter(|(channel, _)| channel.sensor == Sensor::Geophone)
        .filter(|(channel, _)| channel.unit().quantity() == Quantity::Velocity)
        .collect();
    if geophones.is_empty() {
        return Err(NoMotion::NoGeophone(quantity));
    }
    let mut time = recording.time;
    let channels = match quantity {
        MotionQuantity::Acceleration => {
            let middle = pretrigger_s.value - step_s / 2.0;
            time = TimeAxis::Samples {
                rate_hz,
                pretrigger_s: Assumed::stated(middle, pretrigger_s.basis),
            };
            each(&geophones, |trace| {
                let factor = trace.unit.convert(1.0, Unit::MetrePerSecond).unwrap_or(f64::NAN)
                    / Unit::Gravity.convert(1.0, Unit::MetrePerSecondSquared).unwrap_or(f64::NAN);
                let per_second = acceleration(&trace.values, step_s);
                (per_second.into_iter().map(|value| value * factor).collect(), Unit::Gravity)
            })
        }
        MotionQuantity::Displacement => each(&geophones, |trace| {
            let (unit, factor) = match trace.unit {
                Unit::InchPerSecond => (Unit::Inch, 1.0),
                other => {
                    let factor = other.convert(1.0, Unit::MillimetrePerSecond);
                    (Unit::Millimetre, factor.unwrap_or(f64::NAN))
                }
            };
            let moved = displacement(&trace.values, step_s);
            (moved.into_iter().map(|value| value * factor).collect(), unit)
        }),
        MotionQuantity::VectorSum => {
            let three = three_geophones(recording, &traces)
                .ok_or(NoMotion::NotThree(recording.geophones().count()))?;
            let sums = vector_sums(three).map(f64::sqrt).collect();
            vec![channel(VECTOR_SUM.into(), sums, three[0].unit, vector_flag(three))]
        }
    };
    // Everything but the samples, which may be many, and the statement.
    let recording = Recording {
        source: recording.source.clone(),
        serial: recording.serial.clone(),
        start: recording.start,
        stop: recording.stop,
        range: recording.range,
        channels,
        metadata: recording.metadata.clone(),
        report: recording.report.clone(),
        ..Recording::new(recording.format, recording.kind, time)
    };
    let mut measured = measure(&recording);
    let of_all = quantity == MotionQuantity::VectorSum;
    for (index, channel) in measured.channels.iter_mut().enumerate() {
        channel.zc_frequency = Default::default();
        channel.half_wave = None;
        // The samples of the geophones that are wrong, not the one value that is marked for them.
        let wrong = geophones.iter().enumerate().filter(|(of, _)| of_all || *of == index);
        let wrong = wrong.map(|(_, (_, trace))| (trace.at_limit, trace.impossible));
        (channel.samples_at_limit, channel.impossible_samples) =
            wrong.fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
    }
    Ok(MotionTraces { recording, measured })
}

/// The traces that `of` makes of each geophone.
fn each(geophones: &[(&Channel, &Trace)], of: impl Fn(&Trace) -> (Vec<f64>, Unit)) -> Vec<Channel> {
    let one = |(geophone, trace): &(&Channel, &Trace)| {
        let (values, unit) = of(trace);
        channel(geophone.name.clone(), values, unit, trace.flag())
    };
    geophones.iter().map(one).collect()
}

/// A channel of computed values; one that is no finite number is missing.
fn channel(
    name: Cow<'static, str>,
    mut values: Vec<f64>,
    unit: Unit,
    flag: Option<Flag>,
) -> Channel {
    let mut gaps = wavekeep_core::Gaps::default();
    let mut missing = None;
    for index in 0..=values.len() {
        let is_missing = values.get(index).is_some_and(|value| !value.is_finite());
        match (is_missing, missing) {
            (true, None) => missing = Some(index),
            (false, Some(first)) => {
                gaps.insert(first..index);
                // What stands in a gap means nothing; a number keeps it out of every sum.
                values[first..index].fill(0.0);
                missing = None;
            }
            _ => {}
        }
    }
    let largest = values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
    let mut channel = Channel::new(name, Samples::F64(values)).with_scale(Scale::identity(unit));
    channel.gaps = gaps;
    // It is no reading of a sensor; measured as one, its peak would be a PPV.
    channel.sensor = Sensor::Other;
    // The limit of the geophone is one of its velocity. What follows from it for the trace is that its
    // largest value is not to be trusted: that value is the limit.
    match flag {
        Some(Flag::Impossible) => channel.converter_limit = Some(largest.next_down()),
        Some(Flag::Saturated) => channel.limit_count = Some(largest),
        _ => {}
    }
    channel
}
