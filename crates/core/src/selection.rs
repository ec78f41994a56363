//! A part of a recording: some channels, some samples.

use std::fmt;
use std::ops::{Range, RangeInclusive};
use std::str::FromStr;

use crate::{Channel, Gaps, IntervalFacts, Recording, Samples, TimeAxis};

/// Channels, by name or by place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelChoice {
    /// The channel of this name, without regard to case.
    Name(String),
    /// The channels at these places, from 0.
    Places(RangeInclusive<usize>),
}

/// `3` and `0-15` are places, anything else is a name.
impl FromStr for ChannelChoice {
    type Err = SelectionError;

    fn from_str(text: &str) -> Result<Self, SelectionError> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        match (first.parse::<usize>(), last.parse::<usize>()) {
            (Ok(first), Ok(last)) if first <= last => Ok(Self::Places(first..=last)),
            (Ok(_), Ok(_)) => Err(SelectionError::Backwards(text.to_owned())),
            _ => Ok(Self::Name(text.to_owned())),
        }
    }
}

/// As it is parsed: `Vert`, `0-15`.
impl fmt::Display for ChannelChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Places(places) if places.start() == places.end() => {
                write!(f, "{}", places.start())
            }
            Self::Places(places) => write!(f, "{}-{}", places.start(), places.end()),
        }
    }
}

/// What of a recording is asked for. The default is all of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selection {
    /// The channels, in this order; none means all.
    pub channels: Vec<ChannelChoice>,
    /// Samples or intervals by index; the end may lie past the last one.
    pub indices: Option<Range<usize>>,
    /// From this time on, in seconds from the trigger (of a histogram: from its start).
    pub start_s: Option<f64>,
    /// Up to this time, exclusive, in the same seconds.
    pub end_s: Option<f64>,
}

/// A part that a recording does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// No such channel.
    #[error("there is no channel {asked:?}; the channels are {present}")]
    NoChannel {
        /// What was asked for.
        asked: String,
        /// The names of the channels.
        present: String,
    },
    /// A range of places whose end is before its beginning.
    #[error("{0:?} runs backwards")]
    Backwards(String),
    /// A time was given, but nothing states how long an interval is.
    #[error(
        "the times of the intervals are not known; select by index instead, or give the report that states them"
    )]
    NoTimes,
}

impl Selection {
    /// Whether it is all of a recording.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }
}

impl Recording {
    /// The part of the recording that `selection` asks for. Facts, statement and report are those
    /// of the whole.
    ///
    /// # Errors
    /// [`SelectionError`] when there is no such channel, or a time is asked for and none is known.
    pub fn select(&self, selection: &Selection) -> Result<Self, SelectionError> {
        let range = self.selected_range(selection)?;
        let mut part = self.clone();
        part.channels = self
            .selected_channels(selection)?
            .into_iter()
            .map(|channel| cut(channel, &range))
            .collect();
        match &mut part.time {
            TimeAxis::Samples { rate_hz, pretrigger_s } => {
                pretrigger_s.value -= range.start as f64 / rate_hz.value;
            }
            TimeAxis::Intervals { start, length_s } => {
                if let (Some(start), Some(length_s)) = (start, length_s) {
                    let elapsed = range.start as f64 * length_s.value;
                    start.value = start.value.checked_add_seconds(elapsed).unwrap_or(start.value);
                }
            }
        }
        Ok(part)
    }

    fn selected_channels(&self, selection: &Selection) -> Result<Vec<&Channel>, SelectionError> {
        if selection.channels.is_empty() {
            return Ok(self.channels.iter().collect());
        }
        let missing = |asked: String| SelectionError::NoChannel {
            asked,
            present: self
                .channels
                .iter()
                .map(|channel| &*channel.name)
                .collect::<Vec<_>>()
                .join(", "),
        };
        let mut channels = Vec::new();
        for choice in &selection.channels {
            let missing = || missing(choice.to_string());
            match choice {
                ChannelChoice::Name(name) => {
                    channels.push(self.channel(name).ok_or_else(missing)?);
                }
                ChannelChoice::Places(places) => {
                    channels.extend(self.channels.get(places.clone()).ok_or_else(missing)?);
                }
            }
        }
        Ok(channels)
    }

    fn selected_range(&self, selection: &Selection) -> Result<Range<usize>, SelectionError> {
        let len = self.len();
        let asked = selection.indices.clone().unwrap_or(0..len);
        let mut range = asked.start.min(len)..asked.end.min(len);
        // The first index whose time is not before `at`.
        let index = |at: Option<f64>, default: usize| match at {
            None => Ok(default),
            Some(_) if self.time.seconds(0).is_none() => Err(SelectionError::NoTimes),
            Some(at) => {
                let before = |index: usize| self.time.seconds(index).is_some_and(|time| time < at);
                let (mut low, mut high) = (0, len);
                while low < high {
                    let middle = low + (high - low) / 2;
                    if before(middle) { low = middle + 1 } else { high = middle }
                }
                Ok(low)
            }
        };
        range.start = range.start.max(index(selection.start_s, 0)?);
        range.end = range.end.min(index(selection.end_s, len)?);
        Ok(range.start..range.end.max(range.start))
    }
}

fn cut(channel: &Channel, range: &Range<usize>) -> Channel {
    let range = range.start.min(channel.len())..range.end.min(channel.len());
    let mut part = Channel {
        samples: match &channel.samples {
            Samples::I16(values) => Samples::I16(values[range.clone()].to_vec()),
            Samples::I32(values) => Samples::I32(values[range.clone()].to_vec()),
            Samples::F32(values) => Samples::F32(values[range.clone()].to_vec()),
            Samples::F64(values) => Samples::F64(values[range.clone()].to_vec()),
        },
        gaps: Gaps::default(),
        intervals: channel.intervals.as_ref().map(|facts| IntervalFacts {
            half_periods: part_of(&facts.half_periods, &range),
            annotations: part_of(&facts.annotations, &range),
            stated_frequencies: part_of(&facts.stated_frequencies, &range),
            stated_levels: part_of(&facts.stated_levels, &range),
        }),
        ..channel.clone()
    };
    for gap in channel.gaps.ranges() {
        let (start, end) = (gap.start.max(range.start), gap.end.min(range.end));
        if start < end {
            part.gaps.insert(start - range.start..end - range.start);
        }
    }
    part
}

/// `list[range]` of a list that may be shorter than the channel.
fn part_of<T: Clone>(list: &[T], range: &Range<usize>) -> Vec<T> {
    list[range.start.min(list.len())..range.end.min(list.len())].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Assumed, FormatInfo, Kind};

    fn recording() -> Recording {
        let channel = |name: &'static str, first: i16| {
            let mut channel = Channel::new(name, Samples::I16((first..first + 8).collect()));
            channel.gaps.insert(2..4);
            channel
        };
        const FORMAT: FormatInfo = FormatInfo { id: "test", name: "test", file_names: &[] };
        let time = TimeAxis::Samples {
            rate_hz: Assumed::by_default(4.0),
            pretrigger_s: Assumed::by_default(0.5),
        };
        Recording {
            channels: vec![channel("Tran", 0), channel("Vert", 10)],
            ..Recording::new(&FORMAT, Kind::Waveform, time)
        }
    }

    fn counts(recording: &Recording, index: usize) -> Vec<Option<f64>> {
        recording.channels[index].counts().collect()
    }

    #[test]
    fn times_and_gaps_move_with_the_cut() {
        let selection = Selection { start_s: Some(0.0), end_s: Some(1.0), ..Default::default() };
        let part = recording().select(&selection).unwrap();
        assert_eq!(counts(&part, 0), [None, None, Some(4.0), Some(5.0)]);
        assert_eq!(part.time.seconds(0), Some(0.0));
    }

    #[test]
    fn channels_come_in_the_order_asked_for() {
        let choices = ["vert", "0-1"].map(|text| text.parse().unwrap()).to_vec();
        let selection = Selection { channels: choices, ..Default::default() };
        let part = recording().select(&selection).unwrap();
        let names: Vec<&str> = part.channels.iter().map(|channel| &*channel.name).collect();
        assert_eq!(names, ["Vert", "Tran", "Vert"]);
    }

    #[test]
    fn an_index_past_the_end_is_the_end() {
        let selection = Selection { indices: Some(6..100), ..Default::default() };
        assert_eq!(counts(&recording().select(&selection).unwrap(), 1), [Some(16.0), Some(17.0)]);
        let selection = Selection { indices: Some(90..100), ..Default::default() };
        assert!(recording().select(&selection).unwrap().is_empty());
    }

    #[test]
    fn a_channel_that_is_not_there_is_named_with_those_that_are() {
        let selection = Selection { channels: vec!["MicL".parse().unwrap()], ..Default::default() };
        let error = recording().select(&selection).unwrap_err();
        assert_eq!(error.to_string(), "there is no channel \"MicL\"; the channels are Tran, Vert");
        assert_eq!(
            "5-2".parse::<ChannelChoice>(),
            Err(SelectionError::Backwards("5-2".to_owned()))
        );
    }

    #[test]
    fn times_that_are_not_known_cannot_be_asked_for() {
        let mut recording = recording();
        recording.time = TimeAxis::Intervals { start: None, length_s: None };
        let selection = Selection { start_s: Some(0.0), ..Default::default() };
        assert_eq!(recording.select(&selection).unwrap_err(), SelectionError::NoTimes);
    }
}
