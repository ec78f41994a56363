//! What frame_counter says: its step, and where it does something else.

use std::ops::Range;

/// Most runs of equal steps that are kept. A file can change the step at every frame.
const MOST_RUNS: usize = 1 << 20;

/// Consecutive frames whose frame_counter went on by the same number, modulo 2^32.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StepRun {
    /// The first frame that is one step behind its predecessor.
    pub(crate) first: u64,
    /// Number of frames.
    pub(crate) count: u64,
    /// The step.
    pub(crate) step: u32,
}

/// The steps of frame_counter over a run, frame by frame.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Steps {
    pub(crate) runs: Vec<StepRun>,
    pub(crate) not_kept: u64,
}

/// What frame_counter did at a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GapKind {
    /// It went on by more than a step: frames are missing.
    Missing,
    /// It went on by less than a step, or stood still.
    Short,
    /// It went back: counting began anew, or what follows is older.
    Back,
}

/// A place where frame_counter does not go on by the run's step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The frames (numbers in the run) before each of which this happens. More than one when it
    /// happens again and again, as with every second frame dropped.
    pub frames: Range<u64>,
    /// What frame_counter went on by, modulo 2^32.
    pub step: u32,
    /// What it did.
    pub kind: GapKind,
    /// Frames that are missing, all of [`frames`](Self::frames) together.
    pub missing: u64,
}

impl Steps {
    pub(crate) fn push(&mut self, frame: u64, step: u32) {
        let room = self.runs.len() < MOST_RUNS;
        match self.runs.last_mut() {
            Some(run) if run.step == step && run.first + run.count == frame => run.count += 1,
            _ if room => self.runs.push(StepRun { first: frame, count: 1, step }),
            _ => self.not_kept += 1,
        }
    }

    /// The step that most frames have; of equally frequent ones the smallest. `None` when the
    /// counter never goes on.
    pub(crate) fn usual(&self) -> Option<u32> {
        let mut steps: Vec<(u32, u64)> = self
            .runs
            .iter()
            .filter(|run| forward(run.step))
            .map(|run| (run.step, run.count))
            .collect();
        steps.sort_unstable();
        steps
            .chunk_by(|a, b| a.0 == b.0)
            .map(|same| (same.iter().map(|(_, count)| count).sum::<u64>(), same[0].0))
            .max_by_key(|(count, step)| (*count, std::cmp::Reverse(*step)))
            .map(|(_, step)| step)
    }

    pub(crate) fn gaps(&self, usual: u32) -> impl Iterator<Item = Gap> + '_ {
        self.runs.iter().filter(move |run| run.step != usual).map(move |run| {
            let each = (run.step / usual.max(1)).saturating_sub(1);
            let kind = match run.step {
                step if !forward(step) && step != 0 => GapKind::Back,
                step if step < usual => GapKind::Short,
                _ => GapKind::Missing,
            };
            let missing = if kind == GapKind::Missing { u64::from(each) * run.count } else { 0 };
            Gap { frames: run.first..run.first + run.count, step: run.step, kind, missing }
        })
    }
}

/// Of the 2^32 steps that a wrapping counter can make, half are steps back.
pub(crate) fn forward(step: u32) -> bool {
    (1..1 << 31).contains(&step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(counters: &[u32]) -> Steps {
        let mut steps = Steps::default();
        for (frame, pair) in counters.windows(2).enumerate() {
            steps.push(frame as u64 + 1, pair[1].wrapping_sub(pair[0]));
        }
        steps
    }

    #[test]
    fn a_wrap_at_two_to_the_32_is_no_gap() {
        let steps = steps(&[u32::MAX - 29, u32::MAX - 9, 10, 30]);
        assert_eq!(steps.usual(), Some(20));
        assert_eq!(steps.gaps(20).count(), 0);
    }

    #[test]
    fn missing_frames_are_counted_in_frames() {
        let steps = steps(&[0, 20, 40, 100, 120, 140, 141, 161]);
        let gaps: Vec<_> = steps.gaps(20).map(|gap| (gap.frames, gap.kind, gap.missing)).collect();
        assert_eq!(gaps, [(3..4, GapKind::Missing, 2), (6..7, GapKind::Short, 0)]);
    }

    #[test]
    fn a_counter_that_goes_back_misses_nothing() {
        let steps = steps(&[0, 20, 40, 0, 20]);
        let gaps: Vec<_> = steps.gaps(20).collect();
        assert_eq!((gaps.len(), gaps[0].kind, gaps[0].missing), (1, GapKind::Back, 0));
    }
}
