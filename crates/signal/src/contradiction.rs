//! Where the vendor's report and the samples cannot both be right.
//!
//! A report is a statement. It may belong to another event, be typed by somebody, or print numbers
//! that were misread. Its numbers and those of the samples never agree to the last digit: the
//! instrument measures in finer steps than it stores, prints rounded numbers and chooses among equal
//! peaks in its own way. What is above all of that is a contradiction.
//!
//! | quantity | agrees within |
//! |---|---|
//! | peak of a geophone, PSPL of a microphone (in Pa) | 10 %, 2 counts, half of the last printed digit |
//! | PVS | 50 %, 4 counts, half of the last printed digit: between the largest peak and the root of the sum of squares of all three lie 73 % |
//! | ZC frequency | a factor of 2, and only of one and the same peak: its times agree within 3 samples |
//! | length: (record time + pre-trigger) × rate | 10 % and 0.1 s |

use std::fmt;

use serde::Serialize;
use wavekeep_core::{
    Channel, Flag, Frequency, Kind, Note, NoteKind, Reading, Recording, Sensor, TimeAxis,
};

use crate::channel::ChannelMeasurements;
use crate::measurements::{Measurements, measure};

/// How far two numbers may be apart, as a share of the larger one.
const SHARE: f64 = 0.1;
const PEAK_COUNTS: f64 = 2.0;
const VECTOR_SUM_COUNTS: f64 = 4.0;
const VECTOR_SUM_SHARE: f64 = 0.5;
const FREQUENCY_FACTOR: f64 = 2.0;
/// Half-waves of equal size may stand anywhere: frequencies are compared where the peak is the same.
const SAME_PEAK_SAMPLES: f64 = 3.0;
/// What printing two times with one decimal may cost.
const PRINTED_TIMES_S: f64 = 0.1;

/// What two statements are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ContradictedQuantity {
    /// The PPV of a geophone.
    Peak,
    /// The PVS.
    VectorSum,
    /// The PSPL of a microphone.
    Level,
    /// A ZC frequency.
    Frequency,
    /// How many samples there are.
    Length,
}

impl ContradictedQuantity {
    const fn code(self) -> &'static str {
        match self {
            Self::Peak => "peak_contradicted",
            Self::VectorSum => "vector_sum_contradicted",
            Self::Level => "level_contradicted",
            Self::Frequency => "frequency_contradicted",
            Self::Length => "length_contradicted",
        }
    }
}

/// A quantity of which report and samples say two things. Its text names both numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Contradiction {
    /// What it is about.
    pub quantity: ContradictedQuantity,
    /// The channel, or `vector sum`, or `recording`.
    pub subject: String,
    /// What the report states, with unit.
    pub stated: String,
    /// What the samples give, with unit.
    pub computed: String,
}

/// `Vert: the report states 0.010 in/s, the samples give 2.035 in/s`
impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, stated, computed, .. } = self;
        write!(f, "{subject}: the report states {stated}, the samples give {computed}")
    }
}

/// Compares the report of a recording with its samples and notes where they contradict each other.
/// Notes of an earlier comparison are taken back first.
pub fn note_contradictions(recording: &mut Recording) {
    recording.report.settle_contradictions();
    if recording.statement.is_none() {
        return;
    }
    for found in measure(recording).contradictions {
        let code = found.quantity.code();
        recording.report.push(Note::new(NoteKind::Contradiction, code, found.to_string()));
    }
}

pub(crate) fn contradictions(recording: &Recording, measured: &Measurements) -> Vec<Contradiction> {
    if recording.statement.is_none() {
        return Vec::new();
    }
    let length = length(recording);
    // Of a recording that was cut short the true peaks may be in what is missing.
    let is_short = length.as_ref().is_some_and(|(_, is_short)| *is_short);
    let mut found: Vec<Contradiction> = length.into_iter().map(|(found, _)| found).collect();
    for (channel, measures) in recording.channels.iter().zip(&measured.channels) {
        found.extend(peak(channel, measures, is_short));
        found.extend(frequency(recording, measures));
    }
    found.extend(vector_sum(recording, measured, is_short));
    found
}

/// The step of a channel: what one count is worth, in its unit.
fn step(channel: &Channel) -> f64 {
    if channel.samples.are_counts() { channel.scale.of_one().abs() } else { 0.0 }
}

fn peak(
    channel: &Channel,
    measures: &ChannelMeasurements,
    is_short: bool,
) -> Option<Contradiction> {
    let is_microphone = channel.sensor == Sensor::Microphone;
    // Levels are compared as pressures, in which counts are steps of one size.
    let (stated, computed) = match is_microphone {
        true => (measures.peak_pa.stated?, measures.peak_pa.computed?),
        false => (measures.peak.stated?, measures.peak.computed?),
    };
    let facts = channel.intervals.as_ref();
    let has_annotations =
        facts.is_some_and(|facts| facts.annotations.iter().any(|annotation| *annotation != 0));
    let step = channel.unit().convert(step(channel), computed.unit).ok()?;
    // An annotated peak of a histogram may have a second byte.
    let at_least = is_short || has_annotations;
    if agree(stated, computed, SHARE, PEAK_COUNTS * step, at_least) {
        return None;
    }
    Some(Contradiction {
        quantity: match is_microphone {
            true => ContradictedQuantity::Level,
            false => ContradictedQuantity::Peak,
        },
        subject: measures.name.clone(),
        stated: measures.peak.stated?.to_string(),
        computed: in_unit_of(measures.peak.computed?, measures.peak.stated?),
    })
}

fn vector_sum(
    recording: &Recording,
    measured: &Measurements,
    is_short: bool,
) -> Option<Contradiction> {
    let (stated, computed) = (measured.peak_vector_sum.stated?, measured.peak_vector_sum.computed?);
    let channel = recording.geophones().next()?;
    let step = channel.unit().convert(step(channel), computed.unit).ok()?;
    if agree(stated, computed, VECTOR_SUM_SHARE, VECTOR_SUM_COUNTS * step, is_short) {
        return None;
    }
    Some(Contradiction {
        quantity: ContradictedQuantity::VectorSum,
        subject: "vector sum".to_owned(),
        stated: stated.to_string(),
        computed: in_unit_of(computed, stated),
    })
}

fn in_unit_of(computed: Reading, stated: Reading) -> String {
    computed.to(stated.unit).unwrap_or(computed).to_string()
}

/// Whether both numbers can be right. A bound is compared as one; `at_least` says that the computed
/// number is a lower bound whatever its flag.
fn agree(stated: Reading, computed: Reading, share: f64, steps: f64, at_least: bool) -> bool {
    let Ok(stated_here) = stated.to(computed.unit) else { return true };
    let (says, gives) = (stated_here.value, computed.value);
    let printed = 0.5 * 10f64.powi(-i32::from(stated_here.decimals.unwrap_or(u8::MAX)));
    let tolerance = share * says.abs().max(gives.abs()) + steps + printed;
    let is_lower_bound = |flag: Option<Flag>| flag.is_some_and(Flag::is_lower_bound);
    // What an instrument cannot give is damage already.
    if computed.flag == Some(Flag::Impossible) {
        return true;
    }
    if gives - says > tolerance {
        return is_lower_bound(stated.flag);
    }
    if says - gives > tolerance {
        return at_least || is_lower_bound(computed.flag) || stated.flag == Some(Flag::BelowRange);
    }
    true
}

/// The frequencies that a printed one can stand for.
fn range(frequency: Frequency) -> Option<(f64, f64)> {
    match frequency {
        Frequency::Hertz(hz) => Some((hz.value, hz.value)),
        Frequency::AboveRange(hz) => Some((hz.value, f64::INFINITY)),
        Frequency::BelowRange(hz) => Some((0.0, hz.value)),
        Frequency::NotAvailable => None,
    }
}

fn frequency(recording: &Recording, measures: &ChannelMeasurements) -> Option<Contradiction> {
    let (TimeAxis::Samples { .. }, Kind::Waveform) = (&recording.time, recording.kind) else {
        return None;
    };
    let times = measures.time_of_peak_s;
    let off = (times.stated? - times.computed?).abs();
    if off > SAME_PEAK_SAMPLES * recording.time.step_s()? {
        return None;
    }
    let (stated, computed) = (measures.zc_frequency.stated?, measures.zc_frequency.computed?);
    let (says, gives) = (range(stated)?, range(computed)?);
    let is_apart = |low: f64, high: f64| low > FREQUENCY_FACTOR * high;
    if !is_apart(says.0, gives.1) && !is_apart(gives.0, says.1) {
        return None;
    }
    Some(Contradiction {
        quantity: ContradictedQuantity::Frequency,
        subject: measures.name.clone(),
        stated: stated.to_string(),
        computed: computed.to_string(),
    })
}

/// How many samples the report states, where that is not what there is; and whether there are fewer.
fn length(recording: &Recording) -> Option<(Contradiction, bool)> {
    let statement = recording.statement.as_ref()?;
    let TimeAxis::Samples { rate_hz, pretrigger_s } = &recording.time else { return None };
    let rate_hz = statement.rate_hz.unwrap_or(rate_hz.value);
    let pretrigger_s = statement.pretrigger_s.unwrap_or(pretrigger_s.value);
    let says = (statement.record_time_s? + pretrigger_s) * rate_hz;
    let gives = recording.len() as f64;
    let tolerance = SHARE * says.max(gives) + PRINTED_TIMES_S * rate_hz;
    if !says.is_finite() || (says - gives).abs() <= tolerance {
        return None;
    }
    let found = Contradiction {
        quantity: ContradictedQuantity::Length,
        subject: "recording".to_owned(),
        stated: format!(
            "{} s and {pretrigger_s} s before the trigger at {rate_hz} samples/s, {says:.0} samples",
            statement.record_time_s?
        ),
        computed: format!("{gives} samples"),
    };
    Some((found, gives < says))
}
