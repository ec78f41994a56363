//! What every format becomes.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    Assumed, FormatInfo, Frequency, Gaps, GeophoneRange, HalfPeriod, Note, NoteKind, Reading,
    Report, Samples, Scale, Statement, Unit, UnitLocal,
};

/// An event: channels over time, with everything that is known about them.
#[derive(Debug, Clone)]
pub struct Recording {
    /// The format of the source.
    pub format: &'static FormatInfo,
    /// What kind of recording it is.
    pub kind: Kind,
    /// Where it came from.
    pub source: Source,
    /// Serial number of the instrument, as people write it (`BE11529`).
    pub serial: Option<Assumed<String>>,
    /// Start by the instrument's clock. For a waveform: the trigger, to the second.
    pub start: Option<Assumed<UnitLocal>>,
    /// End by the instrument's clock.
    pub stop: Option<Assumed<UnitLocal>>,
    /// What an index means in time.
    pub time: TimeAxis,
    /// Range of the geophones.
    pub range: Option<Assumed<GeophoneRange>>,
    /// The channels, in the order of the file. All have the same length.
    pub channels: Vec<Channel>,
    /// What the vendor's report says, when one was merged.
    pub statement: Option<Statement>,
    /// Facts of the format that have no place above, in the format's own words.
    pub metadata: Map<String, Value>,
    /// Damage, disagreements and assumptions.
    pub report: Report,
}

impl Recording {
    /// A recording of which nothing else is known yet: without channels.
    pub fn new(format: &'static FormatInfo, kind: Kind, time: TimeAxis) -> Self {
        Self {
            format,
            kind,
            source: Source::default(),
            serial: None,
            start: None,
            stop: None,
            time,
            range: None,
            channels: Vec::new(),
            statement: None,
            metadata: Map::new(),
            report: Report::default(),
        }
    }

    /// Samples (or intervals) of each channel.
    pub fn len(&self) -> usize {
        self.channels.iter().map(Channel::len).max().unwrap_or(0)
    }

    /// Whether there is not a single sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The channel called `name`, without regard to case.
    pub fn channel(&self, name: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.name.eq_ignore_ascii_case(name))
    }

    /// The channels of geophones.
    pub fn geophones(&self) -> impl Iterator<Item = &Channel> {
        self.channels.iter().filter(|channel| channel.sensor == Sensor::Geophone)
    }

    /// Notes as damage what no converter gives. The values stay as the file has them.
    pub fn note_impossible_samples(&mut self) {
        self.report.settle("impossible_samples");
        for channel in &self.channels {
            // Nearly all events have none: they are looked for one by one only where there are some.
            if !channel.converter_limit.is_some_and(|limit| channel.samples.any_beyond(limit)) {
                continue;
            }
            let counts = channel.counts().enumerate();
            let found = counts.filter_map(|(index, count)| Some((index, count?)));
            let found = found.filter(|(_, count)| channel.is_impossible(*count));
            let (mut samples, mut over, mut largest) = (0, 0..0, 0.0);
            for (index, count) in found {
                over = if samples == 0 { index..index + 1 } else { over.start..index + 1 };
                samples += 1;
                largest = f64::max(largest, count.abs());
            }
            if samples == 0 {
                continue;
            }
            let largest = Reading::new(channel.scale.apply(largest), channel.unit());
            let (s, are) = if samples == 1 { ("", "is") } else { ("s", "are") };
            let message = format!(
                "{samples} sample{s} {are} more than the instrument can give, up to {largest}"
            );
            let note = Note::new(NoteKind::Damage, "impossible_samples", message);
            self.report.push(note.on(channel.name.clone()).over(over));
        }
    }

    /// Whether any sample of any channel is missing.
    pub fn has_gaps(&self) -> bool {
        self.channels.iter().any(|channel| !channel.gaps.is_empty())
    }
}

/// The kinds of event recordings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Samples around a trigger.
    Waveform,
    /// One peak and its half-period per interval and channel.
    Histogram,
}

/// The file that a recording was decoded from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Name without the folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 in hexadecimal, when whoever opened the file took it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// What an index means in time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "axis", rename_all = "snake_case")]
pub enum TimeAxis {
    /// Evenly spaced samples.
    Samples {
        /// Samples per second and channel.
        rate_hz: Assumed<f64>,
        /// Seconds from the first sample to the trigger.
        pretrigger_s: Assumed<f64>,
    },
    /// Evenly spaced intervals.
    Intervals {
        /// Start of interval 0.
        start: Option<Assumed<UnitLocal>>,
        /// Length of an interval in seconds.
        length_s: Option<Assumed<f64>>,
    },
}

impl TimeAxis {
    /// Seconds from the trigger to sample `index`, negative before it; for intervals, seconds from
    /// the start of the first one when their length is known.
    pub fn seconds(&self, index: usize) -> Option<f64> {
        match self {
            Self::Samples { rate_hz, pretrigger_s } => {
                Some(sample_seconds(index, rate_hz.value, pretrigger_s.value))
            }
            Self::Intervals { length_s, .. } => {
                length_s.map(|length_s| index as f64 * length_s.value)
            }
        }
    }

    /// When interval `index` began by the unit's clock, where that is known; samples have no such
    /// moments.
    pub fn interval_start(&self, index: usize) -> Option<UnitLocal> {
        match self {
            Self::Intervals { start: Some(start), .. } => {
                start.value.checked_add_seconds(self.seconds(index)?)
            }
            _ => None,
        }
    }

    /// Seconds between neighbours, when known.
    pub fn step_s(&self) -> Option<f64> {
        match self {
            Self::Samples { rate_hz, .. } => Some(1.0 / rate_hz.value),
            Self::Intervals { length_s, .. } => length_s.map(|length_s| length_s.value),
        }
    }
}

/// A pre-trigger of whole samples is taken away from the index, not from the quotient: at
/// 1000 samples/s the times are then the doubles nearest to -0.25, -0.249, … and print so.
fn sample_seconds(index: usize, rate_hz: f64, pretrigger_s: f64) -> f64 {
    let pretrigger = pretrigger_s * rate_hz;
    let whole = pretrigger.round();
    if (pretrigger - whole).abs() <= 1e-6 {
        (index as f64 - whole) / rate_hz
    } else {
        index as f64 / rate_hz - pretrigger_s
    }
}

/// What a channel's values come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sensor {
    /// A geophone: particle velocity.
    Geophone,
    /// A microphone: air pressure.
    Microphone,
    /// Anything else.
    Other,
}

/// One channel of a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Channel {
    /// Its name in the format (`Tran`, `Vert`, `Long`, `MicL`).
    pub name: Cow<'static, str>,
    /// What its values come from.
    pub sensor: Sensor,
    /// The values; for a histogram, the peak of each interval.
    pub samples: Samples,
    /// What one count is worth.
    pub scale: Scale,
    /// Which values are missing.
    pub gaps: Gaps,
    /// The absolute count from which on the sensor or its converter is at its limit, where known.
    pub limit_count: Option<f64>,
    /// The largest absolute count that the instrument's converter can give, where known: a larger
    /// one is damage.
    pub converter_limit: Option<f64>,
    /// What a histogram holds beside the peaks.
    pub intervals: Option<IntervalFacts>,
}

/// What a histogram holds per interval beside the peak. A list is as long as the samples, or empty
/// where the format has no such thing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct IntervalFacts {
    /// Half-period of the peak.
    pub half_periods: Vec<HalfPeriod>,
    /// An annotation whose meaning is not known; non-zero where a frequency cannot be measured.
    pub annotations: Vec<u8>,
    /// The frequencies that the vendor's report prints; empty when no report was merged.
    pub stated_frequencies: Vec<Option<Frequency>>,
    /// The sound levels that the vendor's report lists; empty when it lists none.
    pub stated_levels: Vec<Option<SoundLevels>>,
}

/// The sound levels of one interval, as a report lists them: each in the unit that it prints, dB(A)
/// or another one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct SoundLevels {
    /// LMax: the largest level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Reading>,
    /// L10: the level that was exceeded a tenth of the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub l10: Option<Reading>,
    /// L90: the level that was exceeded nine tenths of the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub l90: Option<Reading>,
}

impl IntervalFacts {
    /// The frequency of interval `index`: what the report prints wins.
    pub fn frequency(&self, index: usize) -> Frequency {
        let stated = self.stated_frequencies.get(index).copied().flatten();
        stated.unwrap_or_else(|| self.frequency_of_half_period(index))
    }

    /// What the file itself says of the frequency of interval `index`: it comes from the
    /// half-period, and there is none where an annotation says that it cannot be measured.
    pub fn frequency_of_half_period(&self, index: usize) -> Frequency {
        let measurable = self.annotations.get(index).is_none_or(|&annotation| annotation == 0);
        let half_period = self.half_periods.get(index).filter(|_| measurable);
        half_period.map_or(Frequency::NotAvailable, |half_period| half_period.frequency())
    }
}

impl Channel {
    /// A channel of plain counts without gaps.
    pub fn new(name: impl Into<Cow<'static, str>>, samples: Samples) -> Self {
        Self {
            name: name.into(),
            sensor: Sensor::Other,
            samples,
            scale: Scale::identity(Unit::Count),
            gaps: Gaps::default(),
            limit_count: None,
            converter_limit: None,
            intervals: None,
        }
    }

    /// The same channel with another scale.
    #[must_use]
    pub fn with_scale(mut self, scale: Scale) -> Self {
        self.scale = scale;
        self
    }

    /// Unit of [`physical`](Self::physical).
    pub fn unit(&self) -> Unit {
        self.scale.unit
    }

    /// How many values there are, missing ones included.
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// Value `index` in counts; `None` when it is missing or past the end.
    pub fn count(&self, index: usize) -> Option<f64> {
        (index < self.len() && !self.gaps.contains(index)).then(|| self.samples.value(index))
    }

    /// All values in counts, `None` where one is missing.
    pub fn counts(&self) -> impl ExactSizeIterator<Item = Option<f64>> + '_ {
        let mut gaps = self.gaps.ranges().iter().peekable();
        (0..self.len()).map(move |index| {
            while gaps.next_if(|gap| gap.end <= index).is_some() {}
            let missing = gaps.peek().is_some_and(|gap| gap.start <= index);
            (!missing).then(|| self.samples.value(index))
        })
    }

    /// All values in [`unit`](Self::unit), `None` where one is missing.
    pub fn physical(&self) -> impl ExactSizeIterator<Item = Option<f64>> + '_ {
        self.counts().map(|count| count.map(|count| self.scale.apply(count)))
    }

    /// Whether a count is at the limit of the sensor or its converter, where that is known.
    pub fn is_at_limit(&self, count: f64) -> bool {
        self.limit_count.is_some_and(|limit| count.abs() >= limit)
    }

    /// Whether the instrument cannot have given a count, where that is known.
    pub fn is_impossible(&self, count: f64) -> bool {
        self.converter_limit.is_some_and(|limit| count.abs() > limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_sample_is_never_a_number() {
        let mut channel = Channel::new("Tran", Samples::I16(vec![1, 2, 3, 4, 5]));
        channel.gaps.insert(0..1);
        channel.gaps.insert(3..4);
        let counts: Vec<_> = channel.counts().collect();
        assert_eq!(counts, [None, Some(2.0), Some(3.0), None, Some(5.0)]);
        assert_eq!((channel.count(3), channel.count(4), channel.count(5)), (None, Some(5.0), None));
    }

    #[test]
    fn sample_times_count_from_the_trigger() {
        let time = TimeAxis::Samples {
            rate_hz: Assumed::by_default(1024.0),
            pretrigger_s: Assumed::by_default(0.25),
        };
        assert_eq!(time.seconds(0), Some(-0.25));
        assert_eq!(time.seconds(256), Some(0.0));
        assert_eq!(time.seconds(3327), Some(2.9990234375));
    }

    #[test]
    fn sample_times_are_the_doubles_nearest_to_their_decimals() {
        let times = |pretrigger_s| TimeAxis::Samples {
            rate_hz: Assumed::by_default(1000.0),
            pretrigger_s: Assumed::by_default(pretrigger_s),
        };
        let printed: Vec<_> = [0, 1, 250, 251, 300]
            .into_iter()
            .map(|index| times(0.25).seconds(index).unwrap().to_string())
            .collect();
        assert_eq!(printed, ["-0.25", "-0.249", "0", "0.001", "0.05"]);
        assert_eq!(times(0.2503).seconds(0), Some(-0.2503));
    }
}
