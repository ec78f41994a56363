//! Frames that did not arrive, by the counter of those that did.

use std::collections::BTreeMap;

/// Different steps that are counted one by one; a stream has a few.
const MOST_STEPS: usize = 256;

/// How far frame_counter went on from frame to frame.
///
/// On the way to the file it goes on by the downsampling factor, or by a trigger's jitter around it;
/// nothing on the wire says which. So the step is the one that most frames have, and frames are
/// missing where the counter went on by the place of two or more.
#[derive(Debug, Clone, Default)]
pub(super) struct Steps {
    previous: Option<u32>,
    counts: BTreeMap<u32, u64>,
    /// Number and sum of the steps that have no count of their own.
    others: (u64, u64),
    out_of_order: u64,
}

impl Steps {
    /// Takes the counter of the next frame.
    pub(super) fn take(&mut self, frame_counter: u32) {
        let Some(previous) = self.previous.replace(frame_counter) else { return };
        let step = frame_counter.wrapping_sub(previous);
        if step == 0 || step > 1 << 31 {
            self.out_of_order += 1;
        } else if self.counts.len() < MOST_STEPS || self.counts.contains_key(&step) {
            *self.counts.entry(step).or_default() += 1;
        } else {
            self.others.0 += 1;
            self.others.1 += u64::from(step);
        }
    }

    /// The step that most frames have, of two that are as frequent the smaller one.
    pub(super) fn usual(&self) -> Option<u32> {
        self.counts.iter().rev().max_by_key(|(_, count)| **count).map(|(step, _)| *step)
    }

    /// Frames that are missing.
    pub(super) fn lost(&self) -> u64 {
        let Some(usual) = self.usual().map(u64::from) else { return 0 };
        let places = |sum: u64| (sum + usual / 2) / usual;
        let counted = self.counts.iter();
        let lost: u64 =
            counted.map(|(step, count)| places(u64::from(*step)).saturating_sub(1) * count).sum();
        lost + places(self.others.1).saturating_sub(self.others.0)
    }

    /// Frames whose counter did not go on.
    pub(super) fn out_of_order(&self) -> u64 {
        self.out_of_order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(counters: impl IntoIterator<Item = u32>) -> (Option<u32>, u64, u64) {
        let mut steps = Steps::default();
        counters.into_iter().for_each(|counter| steps.take(counter));
        (steps.usual(), steps.lost(), steps.out_of_order())
    }

    #[test]
    fn frames_are_missing_where_the_counter_goes_on_by_more_than_its_step() {
        assert_eq!(steps([]), (None, 0, 0));
        assert_eq!(steps([7, 8, 9, 12, 13]), (Some(1), 2, 0));
        assert_eq!(steps((0..100).filter(|counter| counter % 10 != 5)), (Some(1), 10, 0));
    }

    #[test]
    fn a_downsampled_stream_goes_on_by_its_factor() {
        let sent = (0..50u32).map(|frame| frame * 20);
        assert_eq!(steps(sent.clone()), (Some(20), 0, 0));
        assert_eq!(steps(sent.filter(|counter| *counter != 400)), (Some(20), 1, 0));
    }

    #[test]
    fn a_triggers_jitter_is_no_loss() {
        let jitter = [0, 21, 43, 64, 86, 107, 128, 149];
        assert_eq!(steps(jitter), (Some(21), 0, 0));
        let lost = jitter.into_iter().filter(|counter| *counter != 86);
        assert_eq!(steps(lost), (Some(21), 1, 0));
    }

    #[test]
    fn the_counter_wraps_and_begins_anew() {
        assert_eq!(steps([u32::MAX - 1, u32::MAX, 0, 1]), (Some(1), 0, 0));
        assert_eq!(steps([1000, 1001, 1002, 0, 1, 2]), (Some(1), 0, 1));
        assert_eq!(steps([5, 6, 6, 7]), (Some(1), 0, 1));
    }

    #[test]
    fn steps_of_all_sizes_take_no_more_memory_than_few() {
        let mut steps = Steps::default();
        let mut counter = 0u32;
        for step in [1; 10].into_iter().chain(2..2000) {
            counter += step;
            steps.take(counter);
        }
        assert_eq!(steps.counts.len(), MOST_STEPS);
        assert_eq!((steps.usual(), steps.lost()), (Some(1), (2..2000).map(|step| step - 1).sum()));
    }
}
