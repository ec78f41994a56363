//! Judging frame_counter: how it goes on, where frames are missing, and where it does something
//! else.
//!
//! A step other than the usual one is not yet a loss. Frames are missing where the counter goes on
//! by the place of two or more, and nothing that the run says of itself explains it: the sync word
//! in external_time, a downsampling factor in the metadata, frames that come later. The rest is
//! distinguished by [`GapKind`].

use std::collections::VecDeque;

use crate::index::counter::{StepRun, Steps, forward};
use crate::index::findings::{Counting, FactorChange, Gap, GapKind, StepReason, StepStretch};

/// Frames from which on a step is one that the run goes on by, and not an exception.
const ESTABLISHED: u64 = 8;
/// Frames up to which another step, after which the usual one comes again, is a series of losses.
const PASSING: u64 = 32;
/// Frames that metadata may be away from the change that it states: it is a record of its own, and
/// passes other queues.
const METADATA_REACH: u64 = 64;
/// Jumps that are remembered for frames that come later.
const HOLES: usize = 64;

/// Whether frame_counter goes on by one step all over the run, so that nothing has to be explained.
pub(crate) fn is_plain(steps: &Steps) -> bool {
    steps.not_kept == 0 && steps.runs.len() < 2 && steps.runs.iter().all(StepRun::goes_on)
}

/// Judges the steps of a run of `frames` frames, by what its metadata states of the downsampler.
pub(crate) fn judge(steps: &Steps, frames: u64, factors: &[FactorChange]) -> Counting {
    let runs = &steps.runs;
    let lasting = lasting(runs);
    let Some(first) = lasting.iter().position(|lasts| *lasts) else {
        let mut judge = Judge::new(runs, factors, StepRun { least: 1, most: 1, ..NOTHING });
        runs.iter().enumerate().for_each(|(number, run)| judge.run(number, *run, false));
        return judge.done(steps.not_kept, frames);
    };
    let mut judge = Judge::new(runs, factors, runs[first]);
    judge.begin_stretch(0, runs[first], reason_of(&runs[first]));
    for (number, run) in runs.iter().enumerate() {
        judge.run(number, *run, lasting[number]);
    }
    judge.done(steps.not_kept, frames)
}

const NOTHING: StepRun = StepRun {
    first: 0,
    count: 0,
    least: 0,
    most: 0,
    total: 0,
    synced: 0,
    sync_total: 0,
    earlier: 0,
};

fn reason_of(run: &StepRun) -> StepReason {
    if run.is_synced() && !run.is_even() { StepReason::SyncWord } else { StepReason::Initial }
}

/// Which runs of steps are ways in which the counter goes on: those of some length, and when there
/// is none, those with the step that most frames have.
fn lasting(runs: &[StepRun]) -> Vec<bool> {
    let long: Vec<bool> =
        runs.iter().map(|run| run.goes_on() && run.count >= ESTABLISHED).collect();
    if long.contains(&true) {
        return long;
    }
    let mut steps: Vec<(u32, u32, u64)> = runs
        .iter()
        .filter(|run| run.goes_on())
        .map(|run| (run.least, run.most, run.count))
        .collect();
    steps.sort_unstable();
    // Of equally frequent steps the smallest.
    let usual = steps
        .chunk_by(|a, b| (a.0, a.1) == (b.0, b.1))
        .map(|same| (same.iter().map(|it| it.2).sum::<u64>(), (same[0].0, same[0].1)))
        .max_by_key(|(count, step)| (*count, std::cmp::Reverse(*step)))
        .map(|(_, step)| step);
    runs.iter().map(|run| Some((run.least, run.most)) == usual).collect()
}

/// Places of frame_counter that a jump left out, and the gap that stands for them.
struct Hole {
    from: i64,
    to: i64,
    gap: usize,
}

struct Judge<'a> {
    runs: &'a [StepRun],
    factors: &'a [FactorChange],
    usual: StepRun,
    /// frame_counter with its wraps undone, of the last frame and the highest so far.
    at: i64,
    highest: i64,
    holes: VecDeque<Hole>,
    found: Counting,
}

impl<'a> Judge<'a> {
    fn new(runs: &'a [StepRun], factors: &'a [FactorChange], usual: StepRun) -> Self {
        let found = Counting::default();
        Self { runs, factors, usual, at: 0, highest: 0, holes: VecDeque::new(), found }
    }

    fn run(&mut self, number: usize, mut run: StepRun, lasts: bool) {
        if !run.goes_on() {
            return match run.least {
                0 => self.gap(run, GapKind::Short, 0),
                _ => self.back(number, run),
            };
        }
        self.catch_up(&mut run);
        if run.count == 0 {
            return;
        }
        if !(lasts && self.lasting(&run)) {
            self.exception(run);
        }
        self.at += i64::try_from(run.total).unwrap_or(i64::MAX >> 1);
        self.highest = self.at;
    }

    /// Frames that come later than their place, up to the first that is beyond all others.
    fn catch_up(&mut self, run: &mut StepRun) {
        while self.at < self.highest && run.count > 0 {
            let step = if run.is_even() { run.least } else { run.mean() as u32 };
            let next = self.at + i64::from(step);
            let one = StepRun { count: 1, total: step.into(), ..*run };
            run.first += 1;
            run.count -= 1;
            run.total = run.total.saturating_sub(step.into());
            run.synced = run.synced.min(run.count);
            if next > self.highest {
                let over = u32::try_from(next - self.highest).unwrap_or(u32::MAX);
                let beyond = StepRun { least: over, most: over, total: over.into(), ..one };
                self.at = self.highest;
                if !same(&self.usual, &beyond) {
                    self.exception(StepRun { synced: 0, sync_total: 0, ..beyond });
                }
                (self.at, self.highest) = (next, next);
                return;
            }
            self.at = next;
            self.late(one);
        }
    }

    /// A frame at a place before the highest one.
    fn late(&mut self, frame: StepRun) {
        let at = self.at;
        if let Some(hole) = self.holes.iter().rev().find(|hole| hole.from < at && at < hole.to) {
            let gap = &mut self.found.gaps[hole.gap];
            gap.missing = gap.missing.saturating_sub(1);
        }
        self.gap(frame, GapKind::OutOfOrder, 0);
    }

    fn back(&mut self, number: usize, run: StepRun) {
        let target = self.at - i64::from(run.least.wrapping_neg());
        let in_a_hole = self.holes.iter().any(|hole| hole.from < target && target < hole.to);
        // A frame too late by itself, after which the next one is where it would be without it.
        let after = self.runs.get(number + 1).filter(|next| forward(next.least));
        let goes_on_after = after.is_some_and(|next| {
            i64::from(next.least) == self.highest - target + i64::from(self.usual.least)
        });
        if run.count == 1 && (in_a_hole || goes_on_after) {
            self.at = target;
            self.late(run);
            return;
        }
        let kind = if run.earlier > 0 { GapKind::Back } else { GapKind::Anew };
        self.gap(run, kind, 0);
        (self.at, self.highest) = (target, target);
        self.holes.clear();
    }

    /// A run of some length: whether it is the way in which the counter goes on from here.
    fn lasting(&mut self, run: &StepRun) -> bool {
        if same(&self.usual, run) {
            return true;
        }
        let end = run.first + (run.count - 1).min(METADATA_REACH);
        let stated = self.factor_at(end);
        let reason = if run.is_synced() {
            StepReason::SyncWord
        } else if run.is_even() && stated == Some(run.least) {
            StepReason::Metadata
        } else if self.is_a_loss(run, stated) {
            return false;
        } else {
            self.gap(*run, GapKind::Changed, 0);
            StepReason::Unstated
        };
        self.begin_stretch(run.first, *run, reason);
        self.usual = *run;
        true
    }

    /// Whether a run that goes on by a multiple of the usual step is the same run with frames lost.
    fn is_a_loss(&self, run: &StepRun, stated: Option<u32>) -> bool {
        let usual = self.usual;
        let multiple = run.is_even()
            && usual.is_even()
            && run.least > usual.least
            && run.least.is_multiple_of(usual.least);
        let by_sync = usual.is_synced() && run.sync_total > run.count;
        let returns = self.runs.iter().skip_while(|it| it.first <= run.first);
        let returns = returns.take(4).any(|next| same(&usual, next));
        let by_metadata = stated == Some(usual.least)
            && self.factor_at(run.first + run.count) == Some(usual.least);
        by_sync || multiple && (by_metadata || run.count < PASSING && returns)
    }

    /// Steps that are not the usual one.
    fn exception(&mut self, run: StepRun) {
        let usual = self.usual;
        if same(&usual, &run) {
            return;
        }
        let step = run.mean();
        let by_sync = usual.is_synced() && run.sync_total >= run.count;
        let mut missing = match by_sync {
            true => run.sync_total - run.count,
            false => (places(&usual, step) - 1) * run.count,
        };
        if !by_sync && self.begins_at_a_change(&run) {
            missing = 0;
        }
        let near = usual.least <= run.least && run.most <= usual.most;
        let kind = match missing {
            0 if near => return,
            0 if step < usual.mean() => GapKind::Short,
            0 => GapKind::Irregular,
            _ => GapKind::Missing,
        };
        if kind == GapKind::Missing {
            if self.holes.len() == HOLES {
                self.holes.pop_front();
            }
            let to = self.at + i64::try_from(run.total).unwrap_or(i64::MAX >> 1);
            self.holes.push_back(Hole { from: self.at, to, gap: self.found.gaps.len() });
        }
        self.gap(run, kind, missing);
    }

    /// The first step after a change of the factor counts from within a frame of the old one.
    fn begins_at_a_change(&self, run: &StepRun) -> bool {
        let near = |change: &&FactorChange| change.frame.abs_diff(run.first) <= METADATA_REACH;
        let next = self.factors.partition_point(|it| it.frame + METADATA_REACH < run.first);
        self.factors[next..].iter().take_while(near).any(|change| {
            let old = change.frame.checked_sub(1).and_then(|frame| self.factor_at(frame));
            let (Some(old), Some(new)) = (old, change.factor) else { return false };
            run.count == 1 && old != new && u64::from(run.least) < u64::from(old) + u64::from(new)
        })
    }

    /// The factor that metadata stated last before a frame.
    fn factor_at(&self, frame: u64) -> Option<u32> {
        let next = self.factors.partition_point(|change| change.frame <= frame);
        self.factors[..next].last()?.factor
    }

    fn gap(&mut self, run: StepRun, kind: GapKind, missing: u64) {
        let frames = run.first..run.first + run.count;
        let gap = Gap { frames, step: run.least, kind, missing };
        match self.found.gaps.last_mut() {
            // A change is one place, however long it lasts.
            _ if kind == GapKind::Changed => {
                self.found.gaps.push(Gap { frames: run.first..run.first + 1, ..gap });
            }
            Some(last)
                if last.kind == kind
                    && last.step == gap.step
                    && last.frames.end == gap.frames.start
                    && kind == GapKind::OutOfOrder =>
            {
                last.frames.end = gap.frames.end;
            }
            _ => self.found.gaps.push(gap),
        }
    }

    fn begin_stretch(&mut self, first: u64, run: StepRun, reason: StepReason) {
        if let Some(last) = self.found.stretches.last_mut() {
            last.frames.end = first;
        }
        let StepRun { least, most, .. } = run;
        let frames = first..first;
        self.found.stretches.push(StepStretch { frames, least, most, mean: run.mean(), reason });
    }

    fn done(mut self, not_kept: u64, frames: u64) -> Counting {
        if let Some(last) = self.found.stretches.last_mut() {
            last.frames.end = frames;
        }
        self.found.gaps.retain(|gap| gap.kind != GapKind::Missing || gap.missing > 0);
        self.found.missing =
            self.found.gaps.iter().fold(0, |sum, gap| sum.saturating_add(gap.missing));
        self.found.not_kept = not_kept;
        self.found
    }
}

/// Whether a run of steps goes on as the usual one does.
fn same(usual: &StepRun, run: &StepRun) -> bool {
    if usual.is_even() && run.is_even() {
        return usual.least == run.least;
    }
    // An outside trigger: a part of its steps may all be the same.
    usual.goes_on() && run.goes_on() && (run.mean() - usual.mean()).abs() < usual.mean() / 8.0
}

/// How many frames have their places in a step.
fn places(usual: &StepRun, step: f64) -> u64 {
    let mean = usual.mean();
    let jitter = f64::from(usual.most - usual.least);
    let nearest = (step / mean).round();
    if !usual.is_even() && (step - nearest * mean).abs() <= nearest * jitter {
        return (nearest as u64).max(1);
    }
    ((step / f64::from(usual.most.max(1))) as u64).max(1)
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;
    use crate::index::counter::Marks;

    /// Counter and sync word of each frame; timestamps go on.
    fn judged(frames: &[(u32, u64)], factors: &[(u64, u32)]) -> Counting {
        let mut steps = Steps::default();
        let marks = |frame: usize| Marks {
            counter: frames[frame].0,
            sync: frames[frame].1,
            timestamp: frame as u64,
        };
        (1..frames.len()).for_each(|it| steps.push(it as u64, marks(it - 1), marks(it)));
        let change =
            |(frame, factor): &(u64, u32)| FactorChange { frame: *frame, factor: Some(*factor) };
        let factors: Vec<_> = factors.iter().map(change).collect();
        judge(&steps, frames.len() as u64, &factors)
    }

    fn counted(counters: &[u32]) -> Counting {
        judged(&counters.iter().map(|it| (*it, 0)).collect::<Vec<_>>(), &[])
    }

    fn found(counting: &Counting) -> Vec<(Range<u64>, GapKind, u64)> {
        counting.gaps.iter().map(|it| (it.frames.clone(), it.kind, it.missing)).collect()
    }

    /// Counters from steps.
    fn along(steps: impl IntoIterator<Item = u32>) -> Vec<u32> {
        let mut counters = vec![0];
        counters.extend(steps.into_iter().scan(0u32, |at, step| {
            *at = at.wrapping_add(step);
            Some(*at)
        }));
        counters
    }

    #[test]
    fn a_wrap_at_two_to_the_32_is_no_gap() {
        let counting = counted(&[u32::MAX - 29, u32::MAX - 9, 10, 30]);
        assert_eq!((counting.step(), counting.gaps.len()), (Some(20), 0));
    }

    #[test]
    fn missing_frames_are_counted_in_frames() {
        let counting = counted(&[0, 20, 40, 100, 120, 140, 141, 161]);
        assert_eq!(found(&counting), [(3..4, GapKind::Missing, 2), (6..7, GapKind::Short, 0)]);
        assert_eq!(counting.missing, 2);
    }

    #[test]
    fn a_counter_that_begins_anew_misses_nothing() {
        let counting = counted(&[0, 20, 40, 60, 80, 0, 20, 40]);
        assert_eq!(found(&counting), [(5..6, GapKind::Anew, 0)]);
    }

    #[test]
    fn exchanged_frames_are_out_of_order_and_none_is_missing() {
        for order in [
            [0, 2, 1, 3, 4, 5, 6, 7],
            [1, 0, 2, 3, 4, 5, 6, 7],
            [0, 1, 2, 3, 4, 5, 7, 6],
            [0, 4, 1, 2, 3, 5, 6, 7],
            [0, 1, 3, 4, 5, 2, 6, 7],
        ] {
            let mut counters: Vec<u32> = order.iter().map(|it| it * 20).collect();
            counters.extend((8..30).map(|it| it * 20));
            let counting = counted(&counters);
            assert_eq!(counting.missing, 0, "{order:?}: {counting:?}");
            let kinds: Vec<_> = counting.gaps.iter().map(|it| it.kind).collect();
            assert!(kinds.iter().all(|kind| *kind == GapKind::OutOfOrder), "{order:?}: {kinds:?}");
            assert!(!kinds.is_empty());
        }
    }

    #[test]
    fn a_loss_beside_an_exchange_is_still_a_loss() {
        let counting = counted(&along(
            [20; 10].into_iter().chain([40, 20u32.wrapping_neg(), 60]).chain([20; 10]),
        ));
        assert_eq!(counting.missing, 1, "{counting:?}");
    }

    #[test]
    fn an_outside_trigger_loses_nothing_and_its_losses_are_counted_by_the_sync_word() {
        let triggered = |lost: &[u64]| -> Vec<(u32, u64)> {
            (0..600u64)
                .filter(|frame| !lost.contains(frame))
                .map(|frame| ((frame * 2194 / 100) as u32, 7 + frame))
                .collect()
        };
        let whole = judged(&triggered(&[]), &[]);
        assert_eq!((whole.missing, whole.gaps.len(), whole.stretches.len()), (0, 0, 1));
        assert!((whole.stretches[0].mean - 21.94).abs() < 0.01);
        assert_eq!((whole.stretches[0].reason, whole.step()), (StepReason::SyncWord, None));
        for lost in [&[5][..], &[300], &[300, 301, 302], &[100, 102, 500, 598]] {
            assert_eq!(judged(&triggered(lost), &[]).missing, lost.len() as u64, "{lost:?}");
        }
        // The same without a sync word: by the mean step.
        for lost in [&[300][..], &[100, 101, 102], &(200..290).collect::<Vec<_>>()] {
            let frames: Vec<_> = triggered(lost).iter().map(|(counter, _)| (*counter, 0)).collect();
            assert_eq!(judged(&frames, &[]).missing, lost.len() as u64, "{lost:?}");
        }
    }

    #[test]
    fn a_factor_that_the_metadata_states_is_no_loss() {
        for (old, new) in [(20u32, 10u32), (10, 20), (20, 40), (20, 21), (7, 100)] {
            let counters = along((1..300).map(|frame| if frame < 150 { old } else { new }));
            let frames: Vec<_> = counters.iter().map(|it| (*it, 0)).collect();
            for placed in [120, 150, 170] {
                let counting = judged(&frames, &[(0, old), (placed, new)]);
                assert_eq!(found(&counting), [], "{old} {new} {placed}");
                let stretches: Vec<_> =
                    counting.stretches.iter().map(|it| (it.frames.clone(), it.most)).collect();
                assert_eq!(stretches, [(0..150, old), (150..300, new)]);
                assert_eq!(counting.stretches[1].reason, StepReason::Metadata);
            }
            // A change that nobody states is said, and is no loss either.
            let counting = judged(&frames, &[]);
            assert_eq!(found(&counting), [(150..151, GapKind::Changed, 0)]);
        }
    }

    #[test]
    fn every_second_frame_lost_is_a_loss_where_the_factor_is_stated_or_the_old_step_comes_again() {
        let step = |frame: usize| if (100..110).contains(&frame) { 40 } else { 20 };
        assert_eq!(counted(&along((1..200).map(step))).missing, 10);
        let frames: Vec<_> = along((1..200).map(|frame| if frame < 100 { 20 } else { 40 }))
            .iter()
            .map(|it| (*it, 0))
            .collect();
        assert_eq!(judged(&frames, &[(0, 20)]).missing, 100);
    }

    #[test]
    fn the_odd_step_at_a_change_of_the_factor_is_no_loss() {
        let counters = along([20; 50].into_iter().chain([27]).chain([10; 50]));
        let frames: Vec<_> = counters.iter().map(|it| (*it, 0)).collect();
        let counting = judged(&frames, &[(0, 20), (50, 10)]);
        assert_eq!(counting.missing, 0, "{counting:?}");
        // A loss later on is.
        let counters = along([20; 50].into_iter().chain([10; 90]).chain([30]).chain([10; 5]));
        let frames: Vec<_> = counters.iter().map(|it| (*it, 0)).collect();
        assert_eq!(judged(&frames, &[(0, 20), (50, 10)]).missing, 2);
    }

    #[test]
    fn steps_that_fit_nothing_are_irregular() {
        let counting = counted(&along([20; 20].into_iter().chain([33]).chain([20; 20])));
        assert_eq!(found(&counting), [(21..22, GapKind::Irregular, 0)]);
        assert_eq!(counted(&[5, 5, 5]).gaps.len(), 1);
        assert_eq!(counted(&[5]), Counting::default());
    }
}
