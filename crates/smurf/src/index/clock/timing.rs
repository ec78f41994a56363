//! The timing system: counter_0 counts 480 kHz ticks since the last 1 Hz marker, counter_2 seconds
//! and nanoseconds since 1990.
//!
//! It is used where both go on and agree about the fraction of a second: their difference stays
//! within 2.5 ms and spreads over less than 1 ms. Other software refuses what does not.

use std::fmt;
use std::ops::Range;

use super::Places;
use crate::index::counter::forward;

/// Seconds from 1970-01-01 to 1990-01-01, from where the timing system counts.
const TIMING_EPOCH_NS: u64 = 631_152_000 * SECOND_NS;
const SECOND_NS: u64 = 1_000_000_000;
/// Ticks of counter_0 from one marker to the next.
const TICKS_HZ: u32 = 480_000;
/// Ticks by which a marker may be late: a millisecond.
const LATE_TICKS: u32 = 480;
/// How far apart the counters may be, and by how much that may vary.
const APART_NS: i64 = 2_500_000;
const SPREAD_NS: i64 = 1_000_000;
/// Frames in a row that must agree before the timing system is used again.
const AGREEING: u64 = 32;
/// A difference from the frame counter that is no jitter of anything.
const JUMP_NS: f64 = 5e8;
/// Most stretches and jumps that are kept.
const MOST: usize = 1000;

/// Why the timing system is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum TimingFault {
    /// Both counters are 0.
    Absent,
    /// counter_0 is what it was in the frame before.
    Counter0Stands,
    /// counter_2 is what it was in the frame before, or 0.
    Counter2Stands,
    /// The counters are too far apart.
    Apart,
    /// How far they are apart varies too much.
    Spread,
    /// The time that they give goes back.
    Back,
}

impl TimingFault {
    /// All of them, in their order.
    pub(crate) const ALL: [Self; 6] = [
        Self::Absent,
        Self::Counter0Stands,
        Self::Counter2Stands,
        Self::Apart,
        Self::Spread,
        Self::Back,
    ];
}

impl fmt::Display for TimingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "counter_0 and counter_2 are 0",
            Self::Counter0Stands => "counter_0 does not go on",
            Self::Counter2Stands => "counter_2 does not go on",
            Self::Apart => "counter_0 and counter_2 are more than 2.5 ms apart",
            Self::Spread => "the difference of counter_0 and counter_2 varies by 1 ms or more",
            Self::Back => "the time by counter_0 and counter_2 goes back",
        })
    }
}

/// Frames at which the timing system is not used, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TimingTrouble {
    pub(crate) frames: Range<u64>,
    pub(crate) fault: TimingFault,
}

/// The timing system over a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TimingClock {
    /// The frames at which it is used, ascending.
    pub(crate) trusted: Vec<Range<u64>>,
    /// Frames at which it is not, though it is there somewhere in the run.
    pub(crate) troubles: Vec<TimingTrouble>,
    /// Frames before which its time goes on otherwise than frame_counter, and by how much more, ns.
    pub(crate) jumps: Vec<(u64, i64)>,
    /// Frames at which the 1 Hz marker is overdue.
    pub(crate) overdue: Places,
}

impl TimingClock {
    #[inline]
    pub(super) fn is_trusted(&self, frame: u64) -> bool {
        let next = self.trusted.partition_point(|range| range.end <= frame);
        self.trusted.get(next).is_some_and(|range| range.start <= frame)
    }
}

/// What a frame says.
#[derive(Debug, Clone, Copy)]
struct Reading {
    counter_0: u32,
    counter_2: u64,
    time_ns: u64,
}

/// Frames in a row that agree.
#[derive(Debug, Clone, Copy)]
struct Agreement {
    first: u64,
    count: u64,
    /// The difference of the counters, ns.
    least: i64,
    most: i64,
    trusted: bool,
}

/// Frames that do not agree: the first, and how many there are for each reason.
#[derive(Debug, Clone, Copy)]
struct Doubt {
    first: u64,
    counts: [u64; TimingFault::ALL.len()],
}

impl Doubt {
    fn new(first: u64) -> Self {
        Self { first, counts: [0; TimingFault::ALL.len()] }
    }

    fn count(&mut self, fault: TimingFault) {
        self.counts[fault as usize] += 1;
    }

    /// The reason of most frames.
    fn fault(&self) -> TimingFault {
        let most = (0..self.counts.len()).rev().max_by_key(|fault| self.counts[*fault]);
        TimingFault::ALL[most.unwrap_or_default()]
    }
}

/// The pass over a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct TimingScan {
    found: TimingClock,
    before: Option<Reading>,
    agreement: Option<Agreement>,
    trouble: Option<Doubt>,
    /// ns for a count of frame_counter, from the last two frames.
    pace: Option<f64>,
    present: bool,
    gave_up: bool,
}

impl TimingScan {
    /// Takes a frame; `went_on` is what frame_counter and the server's timestamp went on by.
    #[inline]
    pub(super) fn push(
        &mut self,
        frame: u64,
        counter_0: u32,
        counter_2: u64,
        went_on: Option<(u32, i64)>,
    ) {
        if counter_0 == 0 && counter_2 == 0 {
            // The usual case: a run without a timing system.
            if !self.present {
                return;
            }
            self.before = None;
            return self.disagree(frame, TimingFault::Absent);
        }
        self.take(frame, counter_0, counter_2, went_on);
    }

    fn take(&mut self, frame: u64, counter_0: u32, counter_2: u64, went_on: Option<(u32, i64)>) {
        if !self.present {
            self.present = true;
            if frame > 0 {
                self.found
                    .troubles
                    .push(TimingTrouble { frames: 0..frame, fault: TimingFault::Absent });
            }
        }
        if counter_0 > TICKS_HZ + LATE_TICKS {
            self.found.overdue.push(frame);
        }
        let apart = apart_ns(counter_0, counter_2);
        let now = Reading { counter_0, counter_2, time_ns: time_ns(counter_0, counter_2) };
        let before = self.before.replace(now);
        let fault = match before {
            _ if counter_2 == 0 => Some(TimingFault::Counter2Stands),
            Some(before) if before.counter_2 == counter_2 => Some(TimingFault::Counter2Stands),
            Some(before) if before.counter_0 == counter_0 => Some(TimingFault::Counter0Stands),
            _ if apart.abs() > APART_NS || counter_2 & 0xffff_ffff >= SECOND_NS => {
                Some(TimingFault::Apart)
            }
            Some(before) if now.time_ns <= before.time_ns => Some(TimingFault::Back),
            _ => None,
        };
        match fault {
            Some(fault) => self.disagree(frame, fault),
            None => self.agree(frame, apart),
        }
        if let (None, Some(before), Some(went_on)) = (fault, before, went_on) {
            self.compare(frame, now.time_ns - before.time_ns, went_on);
        }
    }

    fn agree(&mut self, frame: u64, apart: i64) {
        let Some(now) = &mut self.agreement else {
            return self.begin(frame, apart);
        };
        let (least, most) = (now.least.min(apart), now.most.max(apart));
        if most - least >= SPREAD_NS {
            if now.trusted {
                self.disagree(frame, TimingFault::Spread);
            } else {
                let first = now.first;
                self.trouble.get_or_insert(Doubt::new(first)).count(TimingFault::Spread);
                self.begin(frame, apart);
            }
            return;
        }
        (now.least, now.most) = (least, most);
        now.count += 1;
        if !now.trusted && now.count >= AGREEING && !self.gave_up {
            now.trusted = true;
            let first = now.first;
            self.end_trouble(first);
        }
    }

    fn begin(&mut self, first: u64, apart: i64) {
        let trusted = false;
        self.agreement = Some(Agreement { first, count: 1, least: apart, most: apart, trusted });
    }

    fn disagree(&mut self, frame: u64, fault: TimingFault) {
        let ended = self.agreement.take();
        if let Some(ended) = ended.filter(|ended| ended.trusted) {
            self.found.trusted.push(ended.first..frame);
            self.gave_up |= self.found.trusted.len() >= MOST;
        }
        // Frames that agreed, but too few of them, belong to the trouble.
        let first = ended.filter(|ended| !ended.trusted).map_or(frame, |ended| ended.first);
        self.trouble.get_or_insert(Doubt::new(first)).count(fault);
    }

    fn end_trouble(&mut self, end: u64) {
        if let Some(doubt) = self.trouble.take().filter(|doubt| doubt.first < end) {
            self.found
                .troubles
                .push(TimingTrouble { frames: doubt.first..end, fault: doubt.fault() });
        }
    }

    /// Whether the time goes on as frame_counter does.
    fn compare(&mut self, frame: u64, passed_ns: u64, (step, by_server): (u32, i64)) {
        let passed = passed_ns as f64;
        let expected = match self.pace {
            Some(pace) if forward(step) => pace * f64::from(step),
            _ => by_server as f64,
        };
        let off = passed - expected;
        if off.abs() > JUMP_NS && (passed - by_server as f64).abs() > JUMP_NS {
            if self.found.jumps.len() < MOST {
                self.found.jumps.push((frame, off as i64));
            }
        } else if forward(step) {
            self.pace = Some(passed / f64::from(step));
        }
    }

    /// What is known after `frames` frames.
    pub(super) fn clock(&self, frames: u64) -> TimingClock {
        let mut end = self.clone();
        match end.agreement.take() {
            Some(now) if now.trusted || end.trouble.is_none() && now.count > 1 => {
                end.found.trusted.push(now.first..frames);
            }
            Some(now) => {
                // One frame does not show that anything goes on.
                let one = || {
                    let mut doubt = Doubt::new(now.first);
                    doubt.count(TimingFault::Counter2Stands);
                    doubt
                };
                end.trouble.get_or_insert_with(one);
            }
            None => {}
        }
        end.end_trouble(frames);
        end.found
    }
}

fn counter_2_ns(counter_2: u64) -> u64 {
    (counter_2 >> 32) * SECOND_NS + (counter_2 & 0xffff_ffff)
}

/// counter_0 in ns: 12500 / 6 for a tick, rounded.
fn counter_0_ns(counter_0: u32) -> u64 {
    (u64::from(counter_0) * 12_500 + 3) / 6
}

/// How much later counter_2 is in its second than counter_0, ns, between half a second early and
/// late.
fn apart_ns(counter_0: u32, counter_2: u64) -> i64 {
    let (two, zero) =
        (counter_2_ns(counter_2).cast_signed(), counter_0_ns(counter_0).cast_signed());
    let second = SECOND_NS.cast_signed();
    (two - zero + second / 2).rem_euclid(second) - second / 2
}

/// `round(sec + ns·1e-9 + 631152000 - c0/480000) + c0/480000`, in ns: the second whose 1 Hz marker
/// counter_0 counts from, and the ticks since.
#[inline]
pub(super) fn time_ns(counter_0: u32, counter_2: u64) -> u64 {
    (TIMING_EPOCH_NS + counter_2_ns(counter_2))
        .saturating_add_signed(-apart_ns(counter_0, counter_2))
}
