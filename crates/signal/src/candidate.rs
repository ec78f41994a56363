//! What of an event a curve judges.

use wavekeep_core::{Flag, Frequency, Kind, Reading};

use crate::channel::{ChannelMeasurements, IntervalPeak};
use crate::curve::Judged;
use crate::measured::Origin;
use crate::measurements::Measurements;

/// One value that a curve judges.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) subject: String,
    pub(crate) value: Option<Reading>,
    pub(crate) origin: Option<Origin>,
    pub(crate) frequency: Frequency,
    pub(crate) frequency_is_computed: bool,
    pub(crate) saturated: bool,
    pub(crate) missing_samples: usize,
    /// Whether it is the upper bound of a histogram's vector sum.
    pub(crate) bounds_vector_sum: bool,
}

impl Candidate {
    /// Whether the true value is at most this: it can then be within a limit, but never exceed one.
    pub(crate) fn is_upper_bound(&self) -> bool {
        self.bounds_vector_sum
            || self.value.is_some_and(|value| value.flag == Some(Flag::BelowRange))
    }

    /// Stands for what an event does not hold.
    pub(crate) fn absent(judged: Judged) -> Self {
        Self {
            subject: match judged {
                Judged::AirOverpressure => "air overpressure",
                Judged::VectorSum => "vector sum",
                _ => "ground vibration",
            }
            .to_owned(),
            value: None,
            origin: None,
            frequency: Frequency::NotAvailable,
            frequency_is_computed: true,
            saturated: false,
            missing_samples: 0,
            bounds_vector_sum: false,
        }
    }

    fn peak_of(channel: &ChannelMeasurements) -> Self {
        let peak = channel.peak.shown();
        Self {
            subject: channel.name.clone(),
            value: peak.map(|(peak, _)| peak),
            origin: peak.map(|(_, origin)| origin),
            frequency: channel.zc_frequency.value().unwrap_or(Frequency::NotAvailable),
            frequency_is_computed: channel.zc_frequency.stated.is_none(),
            saturated: channel.is_saturated(),
            missing_samples: channel.missing_samples,
            bounds_vector_sum: false,
        }
    }

    fn interval_of(channel: &ChannelMeasurements, interval: &IntervalPeak) -> Self {
        Self {
            subject: format!("{}, interval {}", channel.name, interval.index),
            value: Some(interval.peak),
            origin: Some(Origin::Computed),
            frequency: interval.frequency,
            frequency_is_computed: true,
            saturated: interval.peak.is_saturated(),
            missing_samples: channel.missing_samples,
            bounds_vector_sum: false,
        }
    }
}

/// Everything of an event that is judged.
pub(crate) fn candidates(judged: Judged, event: &Measurements) -> Vec<Candidate> {
    let geophones: Vec<&ChannelMeasurements> = event.geophones().collect();
    match judged {
        Judged::AirOverpressure => event.microphones().map(Candidate::peak_of).collect(),
        Judged::VectorSum => vector_sum(event, &geophones).into_iter().collect(),
        Judged::EachComponent => each(&geophones),
        Judged::HorizontalComponents => {
            let horizontal = |name: &str| !name.to_ascii_lowercase().starts_with('v');
            let channels: Vec<_> =
                geophones.into_iter().filter(|channel| horizontal(&channel.name)).collect();
            each(&channels)
        }
        Judged::LargestComponent => largest(&geophones),
    }
}

fn each(channels: &[&ChannelMeasurements]) -> Vec<Candidate> {
    channels
        .iter()
        .flat_map(|channel| {
            let intervals =
                channel.intervals.iter().map(|interval| Candidate::interval_of(channel, interval));
            std::iter::once(Candidate::peak_of(channel)).chain(other_intervals(channel, intervals))
        })
        .collect()
}

/// The intervals without the largest one, which the channel's own peak stands for: a report may
/// state it better than the file does.
fn other_intervals<'a>(
    channel: &'a ChannelMeasurements,
    intervals: impl Iterator<Item = Candidate> + 'a,
) -> impl Iterator<Item = Candidate> + 'a {
    let largest = channel.peak_index;
    channel
        .intervals
        .iter()
        .zip(intervals)
        .filter(move |(interval, _)| Some(interval.index) != largest)
        .map(|(_, candidate)| candidate)
}

/// The largest component with its own frequency; in a histogram, that of every interval.
fn largest(channels: &[&ChannelMeasurements]) -> Vec<Candidate> {
    let size = |candidate: &Candidate| {
        // Geophones may differ in unit: they are compared in one.
        let in_one_unit = |reading: Reading| {
            reading.to(wavekeep_core::Unit::MillimetrePerSecond).map_or(f64::NAN, |r| r.value)
        };
        candidate.value.map_or(f64::MIN, in_one_unit)
    };
    let larger = |a: Candidate, b: Candidate| if size(&b) > size(&a) { b } else { a };
    // What is wrong with one component may hide that it is the largest.
    let saturated = channels.iter().any(|channel| channel.is_saturated());
    let missing_samples = channels.iter().map(|channel| channel.missing_samples).max().unwrap_or(0);
    let mut out: Vec<Candidate> = channels
        .iter()
        .map(|channel| Candidate::peak_of(channel))
        .reduce(larger)
        .into_iter()
        .collect();
    let intervals = channels.iter().map(|channel| channel.samples).max().unwrap_or(0);
    let is_histogram = channels.iter().any(|channel| !channel.intervals.is_empty());
    for index in 0..if is_histogram { intervals } else { 0 } {
        out.extend(
            channels
                .iter()
                .filter(|channel| channel.peak_index != Some(index))
                .filter_map(|channel| {
                    let found = channel.intervals.binary_search_by_key(&index, |one| one.index);
                    Some(Candidate::interval_of(channel, &channel.intervals[found.ok()?]))
                })
                .reduce(larger),
        );
    }
    for candidate in &mut out {
        candidate.saturated |= saturated;
        candidate.missing_samples = missing_samples;
    }
    out
}

fn vector_sum(event: &Measurements, geophones: &[&ChannelMeasurements]) -> Option<Candidate> {
    let component = largest(geophones).into_iter().next()?;
    if let Some((value, origin)) = event.peak_vector_sum.shown() {
        let histogram = event.kind == Kind::Histogram;
        return Some(Candidate {
            subject: "vector sum".to_owned(),
            value: Some(value),
            origin: Some(origin),
            // A histogram does not tell what moved at the moment of the vector sum.
            frequency: if histogram { Frequency::NotAvailable } else { component.frequency },
            saturated: component.saturated || value.is_saturated(),
            ..component
        });
    }
    let bound = event.vector_sum_upper_bound?;
    Some(Candidate {
        subject: "upper bound of the vector sum".to_owned(),
        value: Some(bound.upper_bound),
        origin: Some(Origin::Computed),
        frequency: Frequency::NotAvailable,
        bounds_vector_sum: true,
        ..component
    })
}
