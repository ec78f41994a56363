//! When a frame was taken, by the best clock that the run has there.
//!
//! A run has up to two clocks: the counters of the timing system, and the server's timestamps,
//! which a straight line over frame_counter frees from jitter. Each is used only in the stretches
//! where it holds together; where it does not is kept, and said.

mod line;
mod server;
mod timing;

use std::fmt;
use std::ops::Range;

pub(crate) use line::Line;
pub(crate) use server::{ClockStep, Epoch, ServerClock, ServerScan};
pub(crate) use timing::{TimingClock, TimingFault, TimingScan, TimingTrouble};

use crate::index::counter::Marks;
use crate::wire::header::HeaderView;

/// Places that are kept of findings of one kind.
const MOST_PLACES: usize = 64;

/// How the times of some frames were got, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeBasis {
    /// From the timing system, by counter_0 and counter_2.
    TimingSystem,
    /// From the server's timestamps, as a straight line over frame_counter: they jitter, the
    /// counter does not.
    Linearised,
    /// From the server's timestamps as they are: the counter does not count, or begins anew again
    /// and again.
    Server,
    /// From timestamps that are no UNIX times: what the times say is how far frames are apart, and
    /// not when they were taken.
    NotUnix,
    /// Not all frames have their times in the same way: see
    /// [`time_stretches`](crate::Run::time_stretches).
    Mixed,
}

impl TimeBasis {
    /// A short stable word for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::TimingSystem => "timing_system",
            Self::Linearised => "server_line",
            Self::Server => "server",
            Self::NotUnix => "not_unix",
            Self::Mixed => "mixed",
        }
    }
}

impl fmt::Display for TimeBasis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TimingSystem => "timing system: counter_0 and counter_2",
            Self::Linearised => {
                "server: timestamp against frame_counter, by a linear fit (the server stamps frames when they pass, with jitter)"
            }
            Self::Server => {
                "server: timestamp as it is, with jitter (frame_counter does not grow linearly)"
            }
            Self::NotUnix => {
                "not known: timestamp is no UNIX time (older servers wrote the time since they started); differences of times hold"
            }
            Self::Mixed => "several clocks, one after the other",
        })
    }
}

/// Frames whose times were got in the same way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeStretch {
    /// The frames, by their numbers in the run.
    pub frames: Range<u64>,
    /// How their times were got.
    pub basis: TimeBasis,
}

/// Frames of which the same is to be said: how many, the first, the last, and some of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) count: u64,
    pub(crate) last: u64,
    /// The first ones, at most [`MOST_PLACES`].
    pub(crate) frames: Vec<u64>,
}

impl Places {
    fn push(&mut self, frame: u64) {
        self.count += 1;
        self.last = frame;
        if self.frames.len() < MOST_PLACES {
            self.frames.push(frame);
        }
    }
}

/// Both clocks of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Clock {
    pub(crate) timing: TimingClock,
    pub(crate) server: ServerClock,
}

/// What the pass over a run finds out about its clocks.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClockScan {
    timing: TimingScan,
    server: ServerScan,
}

impl ClockScan {
    #[inline]
    pub(crate) fn push(
        &mut self,
        frame: u64,
        header: HeaderView<'_>,
        before: Option<Marks>,
        errored: bool,
    ) {
        let (counter, timestamp) = (header.frame_counter(), header.timestamp());
        let step = before.map(|before| counter.wrapping_sub(before.counter));
        let passed = before.map(|before| timestamp.wrapping_sub(before.timestamp).cast_signed());
        self.timing.push(frame, header.counter_0(), header.counter_2(), step.zip(passed));
        self.server.push(frame, counter, timestamp, step, errored);
    }

    /// What is known after `frames` frames.
    pub(crate) fn clock(&self, frames: u64) -> Clock {
        Clock { timing: self.timing.clock(frames), server: self.server.clock() }
    }
}

impl Clock {
    /// How the times of all frames are got.
    pub(crate) fn basis(&self, frames: u64) -> TimeBasis {
        let stretches = self.stretches(frames);
        let first = stretches.first().map_or(TimeBasis::Server, |stretch| stretch.basis);
        match stretches.iter().all(|stretch| stretch.basis == first) {
            true => first,
            false => TimeBasis::Mixed,
        }
    }

    /// How times are got, stretch by stretch.
    pub(crate) fn stretches(&self, frames: u64) -> Vec<TimeStretch> {
        let mut stretches: Vec<TimeStretch> = Vec::new();
        let mut add = |frames: Range<u64>, basis| match stretches.last_mut() {
            _ if frames.is_empty() => {}
            Some(last) if last.basis == basis && last.frames.end == frames.start => {
                last.frames.end = frames.end;
            }
            _ => stretches.push(TimeStretch { frames, basis }),
        };
        let mut at = 0;
        for trusted in &self.timing.trusted {
            self.server.stretches(at..trusted.start, &mut add);
            add(trusted.clone(), TimeBasis::TimingSystem);
            at = trusted.end;
        }
        self.server.stretches(at..frames, &mut add);
        stretches
    }

    /// UNIX time in ns of a frame.
    #[inline]
    pub(crate) fn time_ns(&self, frame: u64, header: HeaderView<'_>) -> u64 {
        if self.timing.is_trusted(frame) {
            return timing::time_ns(header.counter_0(), header.counter_2());
        }
        let timestamp = header.timestamp();
        self.server.on_line(frame, header.frame_counter()).unwrap_or(timestamp)
    }

    /// Nanoseconds for each count of frame_counter around a frame.
    pub(crate) fn ns_per_count(&self, frame: u64) -> Option<f64> {
        self.server.slope_at(frame)
    }
}

#[cfg(test)]
mod tests;
