//! The steps of frame_counter, as the pass over a run keeps them.

/// Most runs of steps that are kept. A file can change the step at every frame.
const MOST_RUNS: usize = 1 << 20;
/// Frames from which on a run of equal steps ends with the first other one. Before that, steps that
/// differ by a trigger's jitter (21, 22, 22, 21, …) are one run.
const SETTLED: u64 = 64;
/// Bits of external_time.
const SYNC_BITS: u32 = 40;

/// Consecutive frames whose frame_counter went on by the same number, modulo 2^32, or by numbers
/// that differ by the jitter of a trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StepRun {
    /// The first frame that is one step behind its predecessor.
    pub(crate) first: u64,
    /// Number of frames.
    pub(crate) count: u64,
    /// The smallest step.
    pub(crate) least: u32,
    /// The largest one.
    pub(crate) most: u32,
    /// All steps together.
    pub(crate) total: u64,
    /// Frames at which the sync word in external_time went on by 1.
    pub(crate) synced: u64,
    /// What the sync word went on by, all frames together; steps back count as nothing.
    pub(crate) sync_total: u64,
    /// Frames whose timestamp is earlier than that of their predecessor.
    pub(crate) earlier: u64,
}

/// What a frame's header says of its place in the stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    pub(crate) counter: u32,
    pub(crate) sync: u64,
    pub(crate) timestamp: u64,
}

/// The steps of frame_counter over a run, frame by frame.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Steps {
    pub(crate) runs: Vec<StepRun>,
    pub(crate) not_kept: u64,
}

impl Steps {
    /// Takes a frame that comes behind another one.
    #[inline]
    pub(crate) fn push(&mut self, frame: u64, before: Marks, now: Marks) {
        let step = now.counter.wrapping_sub(before.counter);
        let sync = now.sync.wrapping_sub(before.sync) & ((1 << SYNC_BITS) - 1);
        let sync = if sync >> (SYNC_BITS - 1) == 0 { sync } else { 0 };
        let next = StepRun {
            first: frame,
            count: 1,
            least: step,
            most: step,
            total: step.into(),
            synced: u64::from(sync == 1),
            sync_total: sync,
            earlier: u64::from(now.timestamp < before.timestamp),
        };
        let free = self.runs.len() < MOST_RUNS;
        match self.runs.last_mut() {
            Some(run) if run.first + run.count == frame && run.takes(step) => run.extend(next),
            _ if free => self.runs.push(next),
            _ => self.not_kept += 1,
        }
    }
}

impl StepRun {
    /// Whether a step belongs to this run.
    #[inline]
    fn takes(&self, step: u32) -> bool {
        if self.least == self.most {
            return step == self.least || self.count < SETTLED && self.is_near(step);
        }
        self.is_near(step)
    }

    fn is_near(&self, step: u32) -> bool {
        forward(step) && forward(self.least) && near(step, self.least) && near(step, self.most)
    }

    #[inline]
    fn extend(&mut self, next: Self) {
        self.count += next.count;
        self.least = self.least.min(next.least);
        self.most = self.most.max(next.most);
        self.total = self.total.saturating_add(next.total);
        self.synced += next.synced;
        self.sync_total = self.sync_total.saturating_add(next.sync_total);
        self.earlier += next.earlier;
    }

    /// What frame_counter goes on by on average.
    pub(crate) fn mean(&self) -> f64 {
        self.total as f64 / self.count.max(1) as f64
    }

    /// Whether every frame is the next one by its sync word.
    pub(crate) fn is_synced(&self) -> bool {
        self.count > 0 && self.synced == self.count
    }

    /// Whether all steps are the same.
    pub(crate) fn is_even(&self) -> bool {
        self.least == self.most
    }

    /// Whether frame_counter goes on in every frame.
    pub(crate) fn goes_on(&self) -> bool {
        forward(self.least) && forward(self.most)
    }
}

/// Whether two steps differ by no more than the jitter of a trigger: an eighth, and by less than a
/// frame.
fn near(a: u32, b: u32) -> bool {
    let (low, high) = (u64::from(a.min(b)), u64::from(a.max(b)));
    high - low <= (high / 8).max(1) && 2 * high < 3 * low
}

/// Of the 2^32 steps that a wrapping counter can make, half are steps back.
#[inline]
pub(crate) fn forward(step: u32) -> bool {
    (1..1 << 31).contains(&step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(counters: &[u32]) -> Vec<(u64, u64, u32, u32)> {
        let mut steps = Steps::default();
        let marks = |counter: u32| Marks { counter, ..Marks::default() };
        for (frame, pair) in counters.windows(2).enumerate() {
            steps.push(frame as u64 + 1, marks(pair[0]), marks(pair[1]));
        }
        steps.runs.iter().map(|run| (run.first, run.count, run.least, run.most)).collect()
    }

    #[test]
    fn a_wrap_at_two_to_the_32_is_a_step() {
        assert_eq!(runs(&[u32::MAX - 29, u32::MAX - 9, 10, 30]), [(1, 3, 20, 20)]);
    }

    #[test]
    fn steps_of_a_jittering_trigger_are_one_run_and_a_lost_frame_is_another() {
        assert_eq!(runs(&[0, 21, 43, 64, 86]), [(1, 4, 21, 22)]);
        assert_eq!(runs(&[0, 1, 2, 4, 5]), [(1, 2, 1, 1), (3, 1, 2, 2), (4, 1, 1, 1)]);
        assert_eq!(runs(&[0, 20, 60, 80]), [(1, 1, 20, 20), (2, 1, 40, 40), (3, 1, 20, 20)]);
    }

    #[test]
    fn a_long_run_of_equal_steps_ends_with_the_first_other_one() {
        let mut counters: Vec<u32> = (0..100).map(|frame| frame * 20).collect();
        counters.extend((1..100).map(|frame| 99 * 20 + frame * 21));
        assert_eq!(runs(&counters), [(1, 99, 20, 20), (100, 99, 21, 21)]);
    }
}
