//! Which part of a run is asked for.

use std::ops::Range;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::index::Section;
use crate::read::sample::Sample;
use crate::run::Run;
use crate::run::channel_map::Detectors;

/// Channels, by sample index or by their place in the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelChoice {
    /// One sample index, from 0. In IQ mode: one physical channel.
    Index(usize),
    /// Sample indices from the first up to the last, exclusive.
    Range(Range<usize>),
    /// A channel of a band, through the mask.
    Band {
        /// The band.
        band: u32,
        /// The channel in the band, 0 to 511.
        channel: u32,
    },
}

/// Words that are no choice of channels.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no channel: write a sample index (3, #3), a range of them (0-15, #0-15), or band:channel (2:107)"
)]
pub struct NotAChannel(String);

/// `3`, `0-15` (the last one included), both also behind `#`, and `2:107` (band and channel).
impl FromStr for ChannelChoice {
    type Err = NotAChannel;

    fn from_str(text: &str) -> Result<Self, NotAChannel> {
        let place = text.strip_prefix('#').unwrap_or(text);
        let choice = if let Some((band, channel)) = text.split_once(':') {
            band.parse()
                .ok()
                .zip(channel.parse().ok())
                .map(|(band, channel)| Self::Band { band, channel })
        } else if let Some((first, last)) = place.split_once('-') {
            let ends: Option<(usize, usize)> = first.parse().ok().zip(last.parse().ok());
            ends.filter(|(first, last)| first <= last)
                .and_then(|(first, last)| Some(Self::Range(first..last.checked_add(1)?)))
        } else {
            place.parse().ok().map(Self::Index)
        };
        choice.ok_or_else(|| NotAChannel(text.to_owned()))
    }
}

/// Most threads that a read may ask for: far more than help, far fewer than a system can start.
pub const MOST_THREADS: usize = 1024;

/// What of a run is asked for, and how. The default is all of it.
///
/// ```
/// use wavekeep_smurf::Selection;
///
/// let selection = Selection::channels([7, 7, 0]).frames(1000..2000).drop_errored().threads(1);
/// # let _ = selection;
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// The channels in this order, repeats kept; `None` means all.
    pub channels: Option<Vec<ChannelChoice>>,
    /// One section of the run; needed when the frames asked for lie in several.
    pub section: Option<usize>,
    /// Frames by their number in the run; the end may lie past the last one.
    pub frames: Option<Range<u64>>,
    /// Frames by their time, UNIX ns, as [`Run::time_ns`] gives it. Times that go back within the
    /// run are found at one of the places where they occur.
    pub time_ns: Option<Range<u64>>,
    /// Leave out the frames that their sender marked as bad.
    pub drop_errored: bool,
    /// Threads to read with, at most [`MOST_THREADS`]; `None` means as many as there are cores.
    pub threads: Option<usize>,
}

impl Selection {
    /// All of a run.
    pub fn all() -> Self {
        Self::default()
    }

    /// These sample indices, in this order.
    pub fn channels(indices: impl IntoIterator<Item = usize>) -> Self {
        let choices = indices.into_iter().map(ChannelChoice::Index).collect();
        Self { channels: Some(choices), ..Self::default() }
    }

    /// With these frames only.
    #[must_use]
    pub fn frames(self, frames: Range<u64>) -> Self {
        Self { frames: Some(frames), ..self }
    }

    /// With this section only.
    #[must_use]
    pub fn section(self, section: usize) -> Self {
        Self { section: Some(section), ..self }
    }

    /// With the frames of this time only, UNIX ns.
    #[must_use]
    pub fn time_ns(self, time: Range<u64>) -> Self {
        Self { time_ns: Some(time), ..self }
    }

    /// Without the frames that were marked as bad.
    #[must_use]
    pub fn drop_errored(self) -> Self {
        Self { drop_errored: true, ..self }
    }

    /// Read with this many threads, at most [`MOST_THREADS`].
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        Self { threads: Some(threads), ..self }
    }
}

/// A selection that was compared with a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Sample indices (of pairs of them in IQ mode), one a row.
    pub(crate) channels: Vec<usize>,
    /// The frames to deliver, ascending.
    pub(crate) frames: Vec<Range<u64>>,
}

impl Plan {
    pub(crate) fn columns(&self) -> u64 {
        self.frames.iter().map(|range| range.end - range.start).sum()
    }

    /// The column of the first delivered frame that is not before `frame`.
    pub(crate) fn column_from(&self, frame: u64) -> u64 {
        let before = |range: &Range<u64>| frame.clamp(range.start, range.end) - range.start;
        self.frames.iter().map(before).sum()
    }

    /// The frames that stand in these columns.
    pub(crate) fn frames_in(&self, columns: Range<u64>) -> impl Iterator<Item = Range<u64>> + '_ {
        let mut before = 0;
        self.frames.iter().filter_map(move |range| {
            let first = before;
            before += range.end - range.start;
            let from = range.start + columns.start.saturating_sub(first);
            let to = range.start + columns.end.saturating_sub(first);
            let part = from.min(range.end)..to.min(range.end);
            (part.start < part.end).then_some(part)
        })
    }
}

impl Run {
    /// The frames of a selection, in whatever sections they lie.
    pub(crate) fn frames_delivered(&self, selection: &Selection) -> Result<Vec<Range<u64>>> {
        let mut frames = self.frames_asked(selection)?;
        if let Some(asked) = selection.section {
            let sections = self.index.sections();
            let section =
                sections.get(asked).ok_or(Error::NoSuchSection { asked, count: sections.len() })?;
            frames = within(&frames, section);
        }
        Ok(if selection.drop_errored { self.without_errored(frames) } else { vec![frames] })
    }

    /// The sample index (in IQ mode: the channel) of every row that a reading of `T` has.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn rows<T: Sample>(&self, selection: &Selection) -> Result<Vec<usize>> {
        Ok(self.plan(selection, T::WORDS)?.channels)
    }

    /// The frames of a selection, errored ones included.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn frames_of(&self, selection: &Selection) -> Result<Range<u64>> {
        let ranges =
            self.frames_delivered(&Selection { drop_errored: false, ..selection.clone() })?;
        Ok(ranges.first().map_or(0..0, Clone::clone))
    }

    /// Compares a selection with the run. `words` is the number of samples that make one value.
    pub(crate) fn plan(&self, selection: &Selection, words: usize) -> Result<Plan> {
        let sections = self.index.sections();
        let frames = self.frames_asked(selection)?;
        let number = match selection.section {
            Some(asked) if asked >= sections.len() => {
                return Err(Error::NoSuchSection { asked, count: sections.len() });
            }
            Some(asked) => asked,
            None if sections.is_empty() => {
                return Ok(Plan { channels: Vec::new(), frames: Vec::new() });
            }
            None => self.only_section(&frames)?,
        };
        let section = &sections[number];
        let frames = within(&frames, section);
        let delivered =
            if selection.drop_errored { self.without_errored(frames) } else { vec![frames] };
        Ok(Plan { channels: self.channels_asked(selection, number, words)?, frames: delivered })
    }

    /// The frames asked for, within the run.
    fn frames_asked(&self, selection: &Selection) -> Result<Range<u64>> {
        let count = self.index.frames();
        let asked = selection.frames.clone().unwrap_or(0..count);
        let mut frames = asked.start.min(count)..asked.end.min(count);
        if let Some(time) = &selection.time_ns {
            frames.start = frames.start.max(self.first_frame_from(time.start)?);
            frames.end = frames.end.min(self.first_frame_from(time.end)?);
        }
        Ok(frames.start..frames.end.max(frames.start))
    }

    /// The first frame that is not before `time`.
    fn first_frame_from(&self, time: u64) -> Result<u64> {
        let (mut low, mut high) = (0, self.index.frames());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.time_ns(middle)?.is_some_and(|found| found < time) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    fn only_section(&self, frames: &Range<u64>) -> Result<usize> {
        let last = self.index.sections().len() - 1;
        let first = self.index.section_at(frames.start).min(last);
        let end = self.index.section_at(frames.end.saturating_sub(1)).min(last).max(first);
        if first == end {
            return Ok(first);
        }
        let shown = (first..=end).take(20);
        Err(Error::SeveralSections {
            sections: shown
                .map(|number| format!("section {number}: {}", self.index.sections()[number]))
                .chain((end - first >= 20).then(|| format!("… {} in all", end - first + 1)))
                .collect(),
        })
    }

    fn without_errored(&self, frames: Range<u64>) -> Vec<Range<u64>> {
        let errored = self.index.errored();
        let first = errored.partition_point(|range| range.end <= frames.start);
        let mut from = frames.start;
        let mut good = Vec::new();
        for range in errored[first..].iter().take_while(|range| range.start < frames.end) {
            good.push(from..range.start.max(from));
            from = range.end.min(frames.end);
        }
        good.push(from..frames.end);
        good.retain(|range| range.start < range.end);
        good
    }

    fn channels_asked(
        &self,
        selection: &Selection,
        number: usize,
        words: usize,
    ) -> Result<Vec<usize>> {
        let count = self.index.sections()[number].channels as usize / words;
        let Some(choices) = &selection.channels else { return Ok((0..count).collect()) };
        let missing = |asked: String| Error::NoSuchChannel {
            asked,
            present: match count {
                0 => "it has none".to_owned(),
                _ => format!("they are 0 to {}", count - 1),
            },
        };
        let mut channels = Vec::new();
        let by_band = choices.iter().any(|choice| matches!(choice, ChannelChoice::Band { .. }));
        let map = if by_band { Some(self.channel_map(number)?) } else { None };
        for choice in choices {
            let range = match choice {
                ChannelChoice::Index(index) => *index..index.saturating_add(1),
                ChannelChoice::Range(range) => range.clone(),
                ChannelChoice::Band { band, channel } => {
                    let index = index_of(map.as_ref(), *band, *channel, words)?;
                    index..index + 1
                }
            };
            if range.end > count {
                return Err(missing(match range.len() {
                    1 => range.start.to_string(),
                    _ => format!("{}-{}", range.start, range.end.saturating_sub(1)),
                }));
            }
            channels.extend(range);
        }
        Ok(channels)
    }
}

/// The sample index, or of pairs the channel, of a detector.
fn index_of(map: Option<&Detectors>, band: u32, channel: u32, words: usize) -> Result<usize> {
    let unknown = |reason: String| Error::NoMask { band, channel, reason };
    let map = match map {
        Some(Ok(map)) => map,
        Some(Err(reason)) => return Err(unknown(reason.clone())),
        None => return Err(unknown("there is no mask".to_owned())),
    };
    let line = map.mask.index_of(band, channel).ok_or_else(|| Error::NoSuchChannel {
        asked: format!("{channel} of band {band}"),
        present: format!("the mask lists {} others", map.mask.channels().len()),
    })?;
    match (map.words, words) {
        (a, b) if a == b => Ok(line),
        (2, _) => Err(unknown(format!(
            "the mask has a line for each pair of samples: it has I and Q, samples {} and {}; read \
             it as I and Q, or name these samples",
            2 * line,
            2 * line + 1
        ))),
        _ => Err(unknown(
            "the mask has a line for each sample: this run has phases, no I and Q".to_owned(),
        )),
    }
}

/// The part of some frames that lies in a section.
fn within(frames: &Range<u64>, section: &Section) -> Range<u64> {
    let start = frames.start.clamp(section.frames.start, section.frames.end);
    start..frames.end.clamp(start, section.frames.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_read_from_words() {
        assert_eq!("3".parse(), Ok(ChannelChoice::Index(3)));
        assert_eq!("0-15".parse(), Ok(ChannelChoice::Range(0..16)));
        assert_eq!("#3".parse(), Ok(ChannelChoice::Index(3)));
        assert_eq!("#0-15".parse(), Ok(ChannelChoice::Range(0..16)));
        assert_eq!("2:107".parse(), Ok(ChannelChoice::Band { band: 2, channel: 107 }));
        for wrong in ["", "5-2", "-1", "2:", "a", "0-18446744073709551615"] {
            assert!(wrong.parse::<ChannelChoice>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn columns_find_their_frames_across_what_was_left_out() {
        let plan = Plan { channels: vec![], frames: vec![2..5, 7..8, 10..14] };
        assert_eq!(plan.columns(), 8);
        let found: Vec<_> = plan.frames_in(1..6).collect();
        assert_eq!(found, [3..5, 7..8, 10..12]);
        assert_eq!(plan.frames_in(0..8).collect::<Vec<_>>(), plan.frames);
        assert_eq!(plan.frames_in(3..3).count(), 0);
        assert_eq!(
            [0, 2, 4, 6, 7, 9, 12, 20].map(|frame| plan.column_from(frame)),
            [0, 0, 2, 3, 3, 4, 6, 8]
        );
    }
}
