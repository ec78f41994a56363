//! The server's clock: the timestamps of frames, as straight lines over frame_counter.
//!
//! Timestamps jitter, and some are wrong. A frame that is far from the line is set aside until the
//! frames behind it show which: when they are back on the line, it was wrong and is left out; when
//! they go on beside the line, the clock was set, and another line begins.

use std::ops::Range;

use super::line::{Line, median};
use super::{Places, TimeBasis};
use crate::index::counter::forward;

/// Most lines before nothing is linearised: counting can begin anew at every frame.
const MOST_EPOCHS: usize = 10_000;
/// Frames from which a first line is made.
const FIRST: usize = 16;
/// Frames beside the line that make another one, and those that do at the end of a run.
const BESIDE: usize = 32;
const BESIDE_AT_END: usize = 4;
/// A distance from the line below which a timestamp is never set aside, and one below which it is
/// not worth a word, ns.
const NEAR_NS: f64 = 2e6;
const WORTH_NS: f64 = 1e7;
/// How many times the mean jitter a timestamp may be off.
const JITTERS: f64 = 16.0;
/// The share of a frame in what is known of jitter.
const SHARE: f64 = 1.0 / 64.0;
/// Points from which a line's own slope is better than that of the line before it.
const OWN_SLOPE: f64 = 64.0;
/// UNIX times from 2000-01-01 on and before 2100-01-01, ns.
const UNIX_NS: Range<u64> = 946_684_800_000_000_000..4_102_444_800_000_000_000;
/// Jumps of the counter that are remembered for frames that come later.
const JUMPS: usize = 8;

/// Frames over which one straight line holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Epoch {
    /// The first frame.
    pub(crate) first: u64,
    /// frame_counter where x is 0.
    pub(crate) counter: u32,
    /// The timestamp where y is 0.
    pub(crate) timestamp: u64,
    /// Frames from which on frame_counter has wrapped so many times.
    pub(crate) turns: Vec<(u64, i64)>,
    /// Timestamps, ns from `timestamp`, over counts from `counter`.
    pub(crate) line: Line,
    /// ns for a count, when the line has one.
    pub(crate) slope: Option<f64>,
}

impl Epoch {
    /// Counts from the epoch's beginning, wraps undone.
    #[inline]
    fn x(&self, frame: u64, counter: u32) -> f64 {
        let next = self.turns.partition_point(|(first, _)| *first <= frame);
        let turns = next.checked_sub(1).map_or(0, |last| self.turns[last].1);
        turns as f64 * 2f64.powi(32) + f64::from(counter) - f64::from(self.counter)
    }

    fn basis(&self) -> TimeBasis {
        let stamp = self.timestamp.saturating_add_signed(self.line.mean_y as i64);
        match self.slope {
            _ if !UNIX_NS.contains(&stamp) => TimeBasis::NotUnix,
            Some(_) => TimeBasis::Linearised,
            None => TimeBasis::Server,
        }
    }
}

/// The server's clock was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClockStep {
    /// The first frame behind that.
    pub(crate) frame: u64,
    /// By how much it went forward, ns.
    pub(crate) by_ns: i64,
}

/// The server's clock over a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ServerClock {
    pub(crate) epochs: Vec<Epoch>,
    pub(crate) too_many: bool,
    pub(crate) steps: Vec<ClockStep>,
    /// Frames whose timestamp is far from the line.
    pub(crate) wrong: Places,
    /// Frames whose timestamp is 0.
    pub(crate) zero: Places,
}

impl ServerClock {
    /// The time of a frame on its line, UNIX ns.
    #[inline]
    pub(super) fn on_line(&self, frame: u64, counter: u32) -> Option<u64> {
        let epoch = self.epoch_at(frame)?;
        let slope = epoch.slope?;
        let y = epoch.line.mean_y + slope * (epoch.x(frame, counter) - epoch.line.mean_x);
        // Saturates for lines that leave the range of time, which no good file has.
        Some(epoch.timestamp.saturating_add_signed(y.round() as i64))
    }

    fn epoch_at(&self, frame: u64) -> Option<&Epoch> {
        let next = self.epochs.partition_point(|epoch| epoch.first <= frame);
        self.epochs.get(next.checked_sub(1)?)
    }

    pub(super) fn slope_at(&self, frame: u64) -> Option<f64> {
        let own = self.epoch_at(frame).and_then(|epoch| epoch.slope);
        own.or_else(|| self.epochs.iter().find_map(|epoch| epoch.slope))
    }

    /// How times are got, over some frames.
    pub(super) fn stretches(
        &self,
        frames: Range<u64>,
        add: &mut impl FnMut(Range<u64>, TimeBasis),
    ) {
        let mut at = frames.start;
        let next = self.epochs.partition_point(|epoch| epoch.first <= frames.start);
        for (number, epoch) in self.epochs.iter().enumerate().skip(next.saturating_sub(1)) {
            if at >= frames.end {
                return;
            }
            let end = self.epochs.get(number + 1).map_or(frames.end, |next| next.first);
            let end = end.clamp(at, frames.end);
            add(at..end, epoch.basis());
            at = end;
        }
        add(at..frames.end, TimeBasis::Server);
    }
}

#[derive(Debug, Clone, Copy)]
struct Point {
    frame: u64,
    counter: u32,
    timestamp: u64,
}

/// What is known of the present line.
#[derive(Debug, Clone, Default)]
enum Fit {
    /// Frames from which the first line is to be made.
    #[default]
    None,
    Gathering(Vec<Point>),
    /// A line that frames are compared with.
    Line {
        slope: f64,
        jitter: f64,
        bias: f64,
        beside: Vec<(Point, f64)>,
    },
    /// Timestamps that make no line.
    Shapeless,
}

/// The pass over a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct ServerScan {
    found: ServerClock,
    fit: Fit,
    /// frame_counter of the last frame and of the highest, wraps undone, and what was jumped over.
    at: i64,
    highest: i64,
    last_step: u32,
    jumps: Vec<Range<i64>>,
    /// Wraps in the present epoch.
    turns: i64,
}

impl ServerScan {
    /// Takes a frame; `step` is what frame_counter went on by.
    #[inline]
    pub(super) fn push(
        &mut self,
        frame: u64,
        counter: u32,
        timestamp: u64,
        step: Option<u32>,
        errored: bool,
    ) {
        if timestamp == 0 {
            self.found.zero.push(frame);
        }
        if self.found.too_many {
            return;
        }
        if !step.is_some_and(|step| self.counts_on(frame, counter, step)) {
            self.finish_fit();
            (self.at, self.highest, self.turns) = (counter.into(), counter.into(), 0);
            self.jumps.clear();
            self.begin(frame, counter, timestamp);
            if !self.found.too_many {
                self.fit = Fit::Gathering(Vec::new());
            }
        }
        if !errored {
            self.point(Point { frame, counter, timestamp });
        }
    }

    /// Whether the counter goes on from where it was, a frame that comes later than its place
    /// included.
    #[inline]
    fn counts_on(&mut self, frame: u64, counter: u32, step: u32) -> bool {
        if step == 0 {
            return true;
        }
        if forward(step) {
            let from = self.at;
            self.at += i64::from(step);
            if self.last_step > 0 && u64::from(step) * 2 > u64::from(self.last_step) * 3 {
                if self.jumps.len() == JUMPS {
                    self.jumps.remove(0);
                }
                self.jumps.push(from + 1..self.at);
            }
            self.last_step = step;
            self.highest = self.highest.max(self.at);
            if counter < step {
                self.turn(frame, 1);
            }
            return true;
        }
        let back = step.wrapping_neg();
        let target = self.at - i64::from(back);
        let late = self.jumps.iter().any(|jump| jump.contains(&target));
        if late {
            self.at = target;
            if counter.checked_add(back).is_none() {
                self.turn(frame, -1);
            }
        }
        late
    }

    fn turn(&mut self, frame: u64, by: i64) {
        self.turns += by;
        let turns = self.turns;
        if let Some(epoch) = self.found.epochs.last_mut() {
            epoch.turns.push((frame, turns));
            if epoch.turns.len() > MOST_EPOCHS {
                self.give_up();
            }
        }
    }

    fn give_up(&mut self) {
        self.found.too_many = true;
        self.found.epochs = Vec::new();
        self.fit = Fit::None;
    }

    fn begin(&mut self, first: u64, counter: u32, timestamp: u64) {
        if self.found.epochs.len() == MOST_EPOCHS {
            return self.give_up();
        }
        self.found.epochs.push(Epoch { first, counter, timestamp, ..Epoch::default() });
    }

    #[inline]
    fn point(&mut self, point: Point) {
        match &mut self.fit {
            Fit::None => {}
            Fit::Gathering(points) => {
                points.push(point);
                if points.len() == FIRST {
                    self.make_line();
                }
            }
            Fit::Line { .. } => self.compare(point),
            Fit::Shapeless => self.accept(point),
        }
    }

    fn accept(&mut self, point: Point) {
        if let Some(epoch) = self.found.epochs.last_mut() {
            let x = epoch.x(point.frame, point.counter);
            epoch.line.push(x, difference(point.timestamp, epoch.timestamp));
        }
    }

    /// Makes the first line of an epoch from what was gathered.
    fn make_line(&mut self) {
        let Fit::Gathering(points) = std::mem::take(&mut self.fit) else { return };
        let Some(epoch) = self.found.epochs.last_mut() else { return };
        let x = |point: &Point| epoch.x(point.frame, point.counter);
        let slopes = |lag: usize| {
            let pairs = points.iter().zip(points.iter().skip(lag));
            pairs
                .filter(|(a, b)| x(a) != x(b))
                .map(|(a, b)| difference(b.timestamp, a.timestamp) / (x(b) - x(a)))
        };
        // Neighbours first: a clock that is set spoils one pair of them. Then pairs that lie
        // farther apart, which jitter moves less, without those that were spoilt.
        let rough = median(&mut slopes(1).collect::<Vec<_>>()).filter(|slope| *slope > 0.0);
        let slope = rough.map(|rough| {
            let alike = |slope: &f64| (slope / rough - 1.0).abs() < 0.5;
            let mut far: Vec<f64> = (4..FIRST).flat_map(&slopes).filter(alike).collect();
            median(&mut far).unwrap_or(rough)
        });
        let Some(slope) = slope else {
            self.fit = Fit::Shapeless;
            points.into_iter().for_each(|point| self.accept(point));
            return;
        };
        // The timestamp in the middle of those that the slope leads to: one that is wrong is not it.
        let mut order: Vec<(i64, usize)> = points
            .iter()
            .enumerate()
            .map(|(at, point)| (start_of(point.timestamp, slope * x(point)), at))
            .collect();
        order.sort_unstable();
        let Some((start, _)) = order.get(order.len() / 2).copied() else { return };
        let mut off: Vec<f64> =
            order.iter().map(|(it, _)| it.wrapping_sub(start) as f64).map(f64::abs).collect();
        let jitter = median(&mut off).unwrap_or_default();
        epoch.timestamp = start.cast_unsigned();
        self.fit = Fit::Line { slope, jitter, bias: 0.0, beside: Vec::new() };
        points.into_iter().for_each(|point| self.point(point));
    }

    /// Compares a frame with the line.
    #[inline]
    fn compare(&mut self, point: Point) {
        let Fit::Line { slope, jitter, bias, beside } = &mut self.fit else { return };
        let Some(epoch) = self.found.epochs.last_mut() else { return };
        let x = epoch.x(point.frame, point.counter);
        let y = difference(point.timestamp, epoch.timestamp);
        let line = &mut epoch.line;
        let on_line = line.mean_y + *slope * (x - line.mean_x);
        let off = y - on_line - *bias;
        if off.abs() <= (JITTERS * *jitter).max(NEAR_NS) {
            line.push(x, y);
            *bias += off * SHARE;
            *jitter += (off.abs() - *jitter) * SHARE;
            if line.points >= FIRST as f64 {
                *slope = line.slope().unwrap_or(*slope);
            }
            if !beside.is_empty() {
                let beside = std::mem::take(beside);
                self.leave_out(&beside);
            }
            return;
        }
        beside.push((point, off));
        if beside.len() >= BESIDE {
            self.beside(BESIDE);
        }
    }

    /// Decides about frames that are all beside the line: the clock was set, or they are wrong.
    fn beside(&mut self, least: usize) {
        let Fit::Line { slope, jitter, beside, .. } = &mut self.fit else { return };
        let (slope, jitter) = (*slope, *jitter);
        let points = std::mem::take(beside);
        let mut off: Vec<f64> = points.iter().map(|(_, off)| *off).collect();
        let by = median(&mut off).unwrap_or_default();
        let tolerance = (JITTERS * jitter).max(NEAR_NS);
        let first = points.iter().position(|(_, off)| (off - by).abs() <= tolerance);
        let first = first.unwrap_or(points.len());
        let (wrong, steady) = points.split_at(first);
        // A server that was held up stamps many frames at once: they come nearer to the line.
        let (front, back) = steady.split_at(steady.len() / 2);
        let trend = mean(back) - mean(front);
        if steady.len() < least.div_ceil(2) || trend.abs() > (4.0 * jitter).max(NEAR_NS / 2.0) {
            let half = points.len() / 2;
            self.leave_out(&points[..half]);
            if let Fit::Line { beside, .. } = &mut self.fit {
                *beside = points[half..].to_vec();
            }
            return;
        }
        self.leave_out(wrong);
        let start = steady[0].0;
        self.found.steps.push(ClockStep { frame: start.frame, by_ns: by as i64 });
        let Some(old) = self.found.epochs.last_mut() else { return };
        let old_slope = old.slope.or(Some(slope));
        old.slope = old.line.slope().filter(|_| old.line.points >= OWN_SLOPE).or(old_slope);
        let at = old.x(start.frame, start.counter);
        let expected = old.line.mean_y + slope * (at - old.line.mean_x) + by;
        let timestamp = old.timestamp.wrapping_add_signed(expected as i64);
        // Wraps that came meanwhile belong to the new epoch.
        let split = old.turns.partition_point(|(frame, _)| *frame <= start.frame);
        let before = split.checked_sub(1).map_or(0, |last| old.turns[last].1);
        let later = old.turns.split_off(split);
        self.turns -= before;
        self.begin(start.frame, start.counter, timestamp);
        if self.found.too_many {
            return;
        }
        if let Some(epoch) = self.found.epochs.last_mut() {
            epoch.turns = later.into_iter().map(|(frame, turns)| (frame, turns - before)).collect();
        }
        self.fit = Fit::Line { slope, jitter, bias: 0.0, beside: Vec::new() };
        let steady = steady.to_vec();
        steady.into_iter().for_each(|(point, _)| self.point(point));
    }

    fn leave_out(&mut self, points: &[(Point, f64)]) {
        for (point, off) in points {
            // Frames without any timestamp are said by themselves.
            if off.abs() >= WORTH_NS && point.timestamp != 0 {
                self.found.wrong.push(point.frame);
            }
        }
    }

    /// Closes the present line.
    fn finish_fit(&mut self) {
        if matches!(self.fit, Fit::Gathering(_)) {
            self.make_line();
        }
        if let Fit::Line { beside, .. } = &mut self.fit {
            match beside.len() {
                0 => {}
                few if few < BESIDE_AT_END => {
                    let points = std::mem::take(beside);
                    self.leave_out(&points);
                }
                _ => {
                    self.beside(BESIDE_AT_END);
                    if let Fit::Line { beside, .. } = &mut self.fit {
                        let points = std::mem::take(beside);
                        self.leave_out(&points);
                    }
                }
            }
        }
        let slope = match &self.fit {
            Fit::Line { slope, .. } => Some(*slope),
            _ => None,
        };
        if let Some(epoch) = self.found.epochs.last_mut() {
            let own = epoch.line.slope();
            epoch.slope = match &self.fit {
                Fit::Line { .. } if epoch.line.points >= 2.0 => own.or(slope),
                Fit::Line { .. } => slope,
                _ => own,
            };
        }
        self.fit = Fit::None;
    }

    /// What is known so far.
    pub(super) fn clock(&self) -> ServerClock {
        let mut end = self.clone();
        end.finish_fit();
        let mut before = None;
        for epoch in &mut end.found.epochs {
            // Few frames give no good slope; the frame counter's own clock does not change.
            if epoch.line.points <= 1.0 || epoch.slope.is_some() && epoch.line.points < OWN_SLOPE {
                epoch.slope = before.or(epoch.slope);
            }
            before = epoch.slope.or(before);
        }
        end.found
    }
}

fn difference(later: u64, earlier: u64) -> f64 {
    later.wrapping_sub(earlier).cast_signed() as f64
}

/// Where the line through a timestamp begins.
fn start_of(timestamp: u64, y: f64) -> i64 {
    timestamp.cast_signed().wrapping_sub(y as i64)
}

fn mean(points: &[(Point, f64)]) -> f64 {
    points.iter().map(|(_, off)| off).sum::<f64>() / points.len().max(1) as f64
}
