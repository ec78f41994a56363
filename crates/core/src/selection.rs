//! A part of a recording: some channels, some samples.

use std::fmt;
use std::ops::{Range, RangeInclusive};
use std::str::FromStr;

use crate::{Channel, Gaps, IntervalFacts, Recording, Samples, Statement, TimeAxis};

/// Channels or arrays, by name or by place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelChoice {
    /// The one of this name; that of a channel without regard to case.
    Name(String),
    /// Those at these places, from 0.
    Places(RangeInclusive<usize>),
    /// The one of this name, and where there is none, those at these places: `0` or `0-15`.
    NameOrPlaces(String, RangeInclusive<usize>),
}

/// `#3` and `#0-15` are places; `3` and `0-15` are names or else places; anything else is a name.
impl FromStr for ChannelChoice {
    type Err = SelectionError;

    fn from_str(text: &str) -> Result<Self, SelectionError> {
        let places = |text: &str| {
            let (first, last) = text.split_once('-').unwrap_or((text, text));
            Some(first.parse::<usize>().ok()?..=last.parse::<usize>().ok()?)
        };
        if let Some(places) = text.strip_prefix('#').and_then(places) {
            return match places.start() <= places.end() {
                true => Ok(Self::Places(places)),
                false => Err(SelectionError::Backwards(text.to_owned())),
            };
        }
        Ok(match places(text) {
            Some(places) => Self::NameOrPlaces(text.to_owned(), places),
            None => Self::Name(text.to_owned()),
        })
    }
}

/// As it is parsed: `Vert`, `#0-15`.
impl fmt::Display for ChannelChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) | Self::NameOrPlaces(name, _) => f.write_str(name),
            Self::Places(places) if places.start() == places.end() => {
                write!(f, "#{}", places.start())
            }
            Self::Places(places) => write!(f, "#{}-{}", places.start(), places.end()),
        }
    }
}

impl ChannelChoice {
    /// Reads a list of choices, separated by commas. What stands between double quotes is a name, whatever
    /// it contains; a quote in it is doubled, as in CSV.
    ///
    /// ```
    /// use wavekeep_core::ChannelChoice;
    ///
    /// let list = ChannelChoice::parse_list(r##"Vert,#0-1,"a,b""##)?;
    /// assert_eq!(list[0], ChannelChoice::Name("Vert".to_owned()));
    /// assert_eq!(list[1], ChannelChoice::Places(0..=1));
    /// assert_eq!(list[2], ChannelChoice::Name("a,b".to_owned()));
    /// # Ok::<(), wavekeep_core::SelectionError>(())
    /// ```
    ///
    /// # Errors
    /// [`SelectionError`] when places run backwards, or a quote is not closed.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, SelectionError> {
        let mut choices = Vec::new();
        let mut rest = text;
        loop {
            let end;
            if let Some(quoted) = rest.strip_prefix('"') {
                let not_closed = || SelectionError::Quotes(rest.to_owned());
                let close = closing_quote(quoted).ok_or_else(not_closed)?;
                choices.push(Self::Name(quoted[..close].replace("\"\"", "\"")));
                end = &quoted[close + 1..];
                if !(end.is_empty() || end.starts_with(',')) {
                    return Err(not_closed());
                }
            } else {
                let len = rest.find(',').unwrap_or(rest.len());
                choices.push(rest[..len].parse()?);
                end = &rest[len..];
            }
            match end.strip_prefix(',') {
                Some(next) => rest = next,
                None => return Ok(choices),
            }
        }
    }

    /// The places that are meant among these names, which are compared as they are.
    ///
    /// # Errors
    /// [`SelectionError`] when there are none.
    pub fn among(&self, names: &[&str]) -> Result<RangeInclusive<usize>, SelectionError> {
        self.find(|name| names.iter().position(|known| *known == name), names)
    }

    fn find(
        &self,
        position: impl Fn(&str) -> Option<usize>,
        names: &[&str],
    ) -> Result<RangeInclusive<usize>, SelectionError> {
        let inside =
            |places: &RangeInclusive<usize>| (*places.end() < names.len()).then(|| places.clone());
        let found = match self {
            Self::Name(name) => position(name).map(|at| at..=at),
            Self::Places(places) => inside(places),
            Self::NameOrPlaces(name, places) => match position(name) {
                Some(at) => Some(at..=at),
                None if places.is_empty() => return Err(SelectionError::Backwards(name.clone())),
                None => inside(places),
            },
        };
        found.ok_or_else(|| SelectionError::NoChannel {
            asked: self.to_string(),
            present: names.join(", "),
        })
    }
}

/// Where a quoted text ends: at the first quote that is not doubled.
fn closing_quote(text: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + text[from..].find('"')?;
        match text[at + 1..].starts_with('"') {
            true => from = at + 2,
            false => return Some(at),
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
#[non_exhaustive]
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
    #[error("{0:?} ends before it begins")]
    Backwards(String),
    /// Quotes around a name that do not end, or end before the next comma.
    #[error("the quotes of {0:?} do not end before a comma: a quote in a name is doubled")]
    Quotes(String),
    /// A bound in time that is not a number: every comparison with it would be false.
    #[error("a time is a number of seconds, found NaN")]
    NotATime,
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
    /// The part of the recording that `selection` asks for. Facts and report are those of the whole.
    /// So is the statement, but that a part of the time has no [peaks](Statement::of_a_part): those that
    /// the report states are the whole recording's.
    ///
    /// # Errors
    /// [`SelectionError`] when there is no such channel, or a time is asked for that is no number or
    /// where none is known.
    pub fn select(&self, selection: &Selection) -> Result<Self, SelectionError> {
        let range = self.selected_range(selection)?;
        let mut part = self.clone();
        part.channels = self
            .selected_channels(selection)?
            .into_iter()
            .map(|channel| cut(channel, &range))
            .collect();
        if range != (0..self.len()) {
            part.statement = part.statement.map(Statement::of_a_part);
        }
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
        let names: Vec<&str> = self.channels.iter().map(|channel| &*channel.name).collect();
        let position = |name: &str| {
            self.channels.iter().position(|channel| channel.name.eq_ignore_ascii_case(name))
        };
        let mut channels = Vec::new();
        for choice in &selection.channels {
            channels.extend(&self.channels[choice.find(position, &names)?]);
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
            Some(at) if at.is_nan() => Err(SelectionError::NotATime),
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
    use crate::{Assumed, ChannelStatement, FormatInfo, Kind, Reading, Unit};

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
    }

    #[test]
    fn names_go_before_places_and_what_has_a_hash_is_a_place() {
        let among = |text: &str, names: &[&str]| {
            let list = ChannelChoice::parse_list(text).unwrap();
            list.iter().map(|choice| choice.among(names)).collect::<Result<Vec<_>, _>>()
        };
        let names = ["a,b", "0", "1", "0-1", "\"", "#0", "", "é"];
        for (text, expected) in [
            ("0", vec![1..=1]),
            ("#0", vec![0..=0]),
            ("2", vec![2..=2]),
            ("0-1,2-3", vec![3..=3, 2..=3]),
            ("#0-1,#0-1", vec![0..=1, 0..=1]),
            ("\"a,b\",\"#0\",\"\"", vec![0..=0, 5..=5, 6..=6]),
            ("\"\"\"\",é", vec![4..=4, 7..=7]),
            (",1", vec![6..=6, 2..=2]),
        ] {
            assert_eq!(among(text, &names), Ok(expected), "{text}");
        }
        for text in ["\"2\"", "8", "#8", "#0-8", "A,B", "2-1", "#", "#x"] {
            among(text, &names).unwrap_err();
        }
        assert_eq!(among("2-1", &names), Err(SelectionError::Backwards("2-1".to_owned())));
        assert_eq!(among("2-1", &["2-1"]), Ok(vec![0..=0]));
    }

    #[test]
    fn a_list_that_is_none_is_refused() {
        for text in ["\"a", "\"", "\"a\"b", "\"a\"\"", "a,\"b\" "] {
            let error = ChannelChoice::parse_list(text).unwrap_err();
            assert!(matches!(error, SelectionError::Quotes(_)), "{text}");
        }
        let backwards = Err(SelectionError::Backwards("#5-2".to_owned()));
        assert_eq!(ChannelChoice::parse_list("#5-2"), backwards);
    }

    #[test]
    fn a_part_of_the_time_has_no_peaks_of_the_whole() {
        let stated = ChannelStatement {
            name: "Tran".to_owned(),
            peak: Some(Reading::new(3.0, Unit::InchPerSecond)),
            test_results: Some("Passed".to_owned()),
            ..Default::default()
        };
        let statement = Statement {
            channels: vec![stated],
            serial: Some("BE1".to_owned()),
            ..Default::default()
        };
        let whole = Recording { statement: Some(statement.clone()), ..recording() };
        let stated = |selection: Selection| whole.select(&selection).unwrap().statement.unwrap();
        assert_eq!(stated(Selection { indices: Some(0..100), ..Default::default() }), statement);
        let part = stated(Selection { indices: Some(0..7), ..Default::default() });
        assert_eq!((part.channels[0].peak, part.serial.as_deref()), (None, Some("BE1")));
        assert_eq!(part.channels[0].test_results.as_deref(), Some("Passed"));
    }

    #[test]
    fn a_time_that_is_not_a_number_is_refused() {
        for (start_s, end_s) in [(Some(f64::NAN), None), (None, Some(f64::NAN))] {
            let selection = Selection { start_s, end_s, ..Default::default() };
            assert_eq!(recording().select(&selection).unwrap_err(), SelectionError::NotATime);
        }
    }

    #[test]
    fn times_that_are_not_known_cannot_be_asked_for() {
        let mut recording = recording();
        recording.time = TimeAxis::Intervals { start: None, length_s: None };
        let selection = Selection { start_s: Some(0.0), ..Default::default() };
        assert_eq!(recording.select(&selection).unwrap_err(), SelectionError::NoTimes);
    }
}
