//! A stream as a picture needs it: for each channel and each step of time the smallest and the
//! largest sample, so that a run of any length is drawn with all of its peaks.

use std::ops::Range;

use wavekeep_core::{FrameBlock, FrameGap, FrameStream};

/// Samples that are read at a time: 16 MiB.
const BLOCK_SAMPLES: usize = 4 << 20;

/// The steps of a stream's frame counter as an axis: frames have a place each, and so have those
/// that are missing.
///
/// ```
/// use wavekeep_core::FrameGap;
/// use wavekeep_signal::FrameAxis;
///
/// // Ten frames, five missing before the fourth.
/// let axis = FrameAxis::new(10, vec![FrameGap { before: 3..4, missing: 5 }]);
/// assert_eq!(axis.len(), 15);
/// assert_eq!((axis.place(2), axis.place(3)), (2, 8));
/// assert_eq!(axis.frames_within(0..9), 0..4);
/// assert_eq!(axis.frames_within(3..8), 3..3);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameAxis {
    frames: u64,
    gaps: Vec<FrameGap>,
    /// Missing frames in front of each gap's first frame, its own left out.
    before: Vec<u64>,
    missing: u64,
    shortened: bool,
}

impl FrameAxis {
    /// The axis of `frames` frames with these gaps, which stand in order.
    ///
    /// When more is missing than is there, all gaps are shortened in one proportion until half of
    /// the axis is theirs: otherwise one jump of the counter would leave no room for the frames.
    pub fn new(frames: u64, mut gaps: Vec<FrameGap>) -> Self {
        let total: u128 = gaps.iter().map(|gap| u128::from(gap.missing)).sum();
        let shortened = total > u128::from(frames);
        if shortened {
            for gap in &mut gaps {
                let share = u128::from(gap.missing) * u128::from(frames) / total;
                gap.missing = (share as u64).max(1);
            }
        }
        let (mut missing, mut before) = (0, Vec::with_capacity(gaps.len()));
        for gap in &gaps {
            before.push(missing);
            missing += gap.missing;
        }
        Self { frames, gaps, before, missing, shortened }
    }

    /// Frames that are there.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Places: frames that are there and such that are missing.
    pub fn len(&self) -> u64 {
        self.frames + self.missing
    }

    /// Whether there is no place.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether gaps are shorter on this axis than they were in time.
    pub fn is_shortened(&self) -> bool {
        self.shortened
    }

    /// The place of a frame.
    pub fn place(&self, frame: u64) -> u64 {
        let next = self.gaps.partition_point(|gap| gap.before.start <= frame);
        let Some(last) = next.checked_sub(1) else { return frame };
        let gap = &self.gaps[last];
        let repeats = gap.before.end.saturating_sub(gap.before.start).max(1);
        let passed = (frame - gap.before.start + 1).min(repeats);
        let own = u128::from(gap.missing) * u128::from(passed) / u128::from(repeats);
        frame + self.before[last] + own as u64
    }

    /// The frames whose places lie in a range.
    pub fn frames_within(&self, places: Range<u64>) -> Range<u64> {
        self.first_from(places.start)..self.first_from(places.end)
    }

    /// The places of what is missing, each gap as one range.
    pub fn missing(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        self.gaps.iter().map(|gap| {
            let first = gap.before.start.checked_sub(1).map_or(0, |last| self.place(last) + 1);
            first..self.place(gap.before.end.saturating_sub(1).max(gap.before.start))
        })
    }

    /// The first frame that does not lie before `place`.
    fn first_from(&self, place: u64) -> u64 {
        let (mut low, mut high) = (0, self.frames);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.place(middle) < place {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

/// The smallest and the largest sample of each channel in each of some equal steps of a
/// [`FrameAxis`], in counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    axis: FrameAxis,
    channels: usize,
    /// The frames of every step; empty where all are missing.
    frames: Vec<Range<u64>>,
    /// `channels × steps`, all steps of the first channel first.
    extremes: Vec<(i32, i32)>,
}

impl Envelope {
    /// Reads all of `stream` once and keeps at most `steps` pairs of each channel. `progress` is
    /// told after each block how many frames are done.
    ///
    /// The memory that this takes does not depend on the length of the stream.
    ///
    /// # Errors
    /// What the stream gives.
    pub fn of<S: FrameStream>(
        stream: &mut S,
        steps: usize,
        mut progress: impl FnMut(u64),
    ) -> Result<Self, S::Error> {
        let axis = FrameAxis::new(stream.frames(), stream.gaps());
        let channels = stream.channels();
        let steps = steps.min(usize::try_from(axis.len()).unwrap_or(usize::MAX));
        let edge =
            |step: usize| (u128::from(axis.len()) * step as u128 / steps.max(1) as u128) as u64;
        let frames: Vec<_> =
            (0..steps).map(|step| axis.frames_within(edge(step)..edge(step + 1))).collect();
        let mut envelope =
            Self { extremes: vec![(i32::MAX, i32::MIN); channels * steps], axis, channels, frames };
        let at_a_time = (BLOCK_SAMPLES / channels.max(1)).max(1);
        let (mut block, mut first) = (FrameBlock::default(), 0);
        while stream.next_samples(at_a_time, &mut block)? {
            envelope.take(first, &block);
            first += block.frames as u64;
            progress(first);
        }
        Ok(envelope)
    }

    /// An envelope that was made elsewhere, for example from tiles: `frames` of each step, and
    /// `channels × frames.len()` extremes, all steps of the first channel first. `None` where the lengths
    /// do not fit.
    pub fn from_steps(
        axis: FrameAxis,
        channels: usize,
        frames: Vec<Range<u64>>,
        extremes: impl IntoIterator<Item = Option<(i32, i32)>>,
    ) -> Option<Self> {
        let extremes = extremes.into_iter().map(|found| found.unwrap_or((i32::MAX, i32::MIN)));
        let extremes: Vec<_> = extremes.collect();
        let fits = channels.checked_mul(frames.len()) == Some(extremes.len());
        fits.then_some(Self { axis, channels, frames, extremes })
    }

    /// Takes up a block whose first frame is `first`.
    fn take(&mut self, first: u64, block: &FrameBlock) {
        let end = first + block.frames as u64;
        let steps = self.frames.len();
        let from = self.frames.partition_point(|frames| frames.end <= first);
        let to = self.frames.partition_point(|frames| frames.start < end);
        if block.frames == 0 || from >= to {
            return;
        }
        let rows = block.samples.chunks_exact(block.frames);
        for (samples, kept) in rows.zip(self.extremes.chunks_exact_mut(steps)) {
            for (frames, kept) in self.frames[from..to].iter().zip(&mut kept[from..to]) {
                let part = frames.start.max(first) - first..frames.end.min(end).max(first) - first;
                let part =
                    &samples[part.start as usize..(part.end as usize).max(part.start as usize)];
                let low = part.iter().copied().fold(kept.0, i32::min);
                let high = part.iter().copied().fold(kept.1, i32::max);
                *kept = (low, high);
            }
        }
    }

    /// Where frames lie, and what is missing between them.
    pub fn axis(&self) -> &FrameAxis {
        &self.axis
    }

    /// Number of channels.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Number of steps.
    pub fn steps(&self) -> usize {
        self.frames.len()
    }

    /// The frames of a step; none where all are missing.
    ///
    /// # Panics
    /// When there is no such step.
    pub fn frames(&self, step: usize) -> Range<u64> {
        self.frames[step].clone()
    }

    /// Smallest and largest count of every step of a channel; `None` where all frames are missing.
    ///
    /// # Panics
    /// When there is no such channel.
    pub fn channel(&self, row: usize) -> impl ExactSizeIterator<Item = Option<(i32, i32)>> + '_ {
        let steps = self.steps();
        self.extremes[row * steps..][..steps]
            .iter()
            .map(|&(low, high)| (low <= high).then_some((low, high)))
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;
    use wavekeep_core::{FrameField, Scale, Unit};

    use super::*;

    /// Frames in memory, channel-major.
    struct Given {
        channels: Vec<Vec<i32>>,
        gaps: Vec<FrameGap>,
        next: usize,
    }

    impl FrameStream for Given {
        type Error = Infallible;

        fn channels(&self) -> usize {
            self.channels.len()
        }

        fn frames(&self) -> u64 {
            self.channels.first().map_or(0, Vec::len) as u64
        }

        fn fields(&self) -> &[FrameField] {
            &[]
        }

        fn scale(&self) -> Scale {
            Scale::identity(Unit::Count)
        }

        fn rate_hz(&self) -> Option<f64> {
            None
        }

        fn gaps(&self) -> Vec<FrameGap> {
            self.gaps.clone()
        }

        fn next_block(
            &mut self,
            frames: usize,
            block: &mut FrameBlock,
        ) -> Result<bool, Infallible> {
            // Blocks of uneven length, as a stream may give them.
            let end = (self.next + frames.min(7)).min(self.frames() as usize);
            block.frames = end - self.next;
            block.samples =
                self.channels.iter().flat_map(|row| row[self.next..end].iter().copied()).collect();
            self.next = end;
            Ok(block.frames > 0)
        }
    }

    fn envelope(channels: Vec<Vec<i32>>, gaps: Vec<FrameGap>, steps: usize) -> Envelope {
        let Ok(envelope) = Envelope::of(&mut Given { channels, gaps, next: 0 }, steps, |_| ());
        envelope
    }

    #[test]
    fn a_step_in_a_gap_has_no_extremes() {
        let gaps = vec![FrameGap { before: 2..3, missing: 4 }];
        let found = envelope(vec![vec![5, -3, 7, 1]], gaps, 4);
        let steps: Vec<_> = found.channel(0).collect();
        assert_eq!(steps, [Some((-3, 5)), None, None, Some((1, 7))]);
        assert_eq!(found.axis().missing().collect::<Vec<_>>(), [2..6]);
    }

    #[test]
    fn steps_from_elsewhere_make_the_same_envelope() {
        let gaps = vec![FrameGap { before: 2..3, missing: 4 }];
        let made = envelope(vec![vec![5, -3, 7, 1], vec![0, 1, 2, 3]], gaps, 4);
        let steps = (0..4).map(|step| made.frames(step)).collect::<Vec<_>>();
        let extremes: Vec<_> = (0..2).flat_map(|row| made.channel(row)).collect();
        let axis = made.axis().clone();
        let again = Envelope::from_steps(axis.clone(), 2, steps.clone(), extremes.clone());
        assert_eq!(again.as_ref(), Some(&made));
        assert_eq!(Envelope::from_steps(axis.clone(), 3, steps.clone(), extremes.clone()), None);
        assert_eq!(Envelope::from_steps(axis, usize::MAX, steps, extremes), None);
    }

    #[test]
    fn a_jump_of_the_counter_leaves_room_for_the_frames() {
        let axis = FrameAxis::new(100, vec![FrameGap { before: 50..51, missing: u64::MAX / 2 }]);
        assert!(axis.is_shortened());
        assert_eq!((axis.len(), axis.place(49), axis.place(50)), (200, 49, 150));
    }

    proptest! {
        #[test]
        fn every_frame_has_a_place_of_its_own_and_is_found_there(
            frames in 1u64..200,
            starts in proptest::collection::btree_map(0u64..200, (1u64..6, 1u64..400), 0..6),
        ) {
            let mut end = 0;
            let mut gaps = Vec::new();
            for (start, (repeats, missing)) in starts {
                let start = start.max(end);
                end = start + repeats;
                if end <= frames {
                    gaps.push(FrameGap { before: start..end, missing });
                }
            }
            let axis = FrameAxis::new(frames, gaps);
            let places: Vec<u64> = (0..frames).map(|frame| axis.place(frame)).collect();
            prop_assert!(places.windows(2).all(|two| two[0] < two[1]));
            prop_assert!(places.iter().all(|place| *place < axis.len()));
            for (frame, &place) in places.iter().enumerate() {
                prop_assert_eq!(axis.frames_within(place..place + 1), frame as u64..frame as u64 + 1);
            }
        }

        #[test]
        fn no_peak_is_lost(
            rows in (1usize..60).prop_flat_map(|frames| proptest::collection::vec(
                proptest::collection::vec(any::<i32>(), frames), 1..4)),
            steps in 1usize..80,
            missing in 0u64..30,
        ) {
            let frames = rows[0].len() as u64;
            let gaps = (missing > 0).then(|| FrameGap { before: frames / 2..frames / 2 + 1, missing });
            let found = envelope(rows.clone(), gaps.into_iter().collect(), steps);
            for (row, samples) in rows.iter().enumerate() {
                for (step, extremes) in found.channel(row).enumerate() {
                    let part = found.frames(step);
                    let part = &samples[part.start as usize..part.end as usize];
                    prop_assert_eq!(extremes.map(|(low, _)| low), part.iter().copied().min());
                    prop_assert_eq!(extremes.map(|(_, high)| high), part.iter().copied().max());
                }
            }
            let covered: u64 = (0..found.steps()).map(|step| found.frames(step)).map(|part| part.end - part.start).sum();
            prop_assert_eq!(covered, frames);
        }
    }
}
