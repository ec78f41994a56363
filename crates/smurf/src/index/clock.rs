//! When a frame was taken, by the best clock that the run has.

use std::fmt;

use crate::index::counter::forward;
use crate::wire::header::HeaderView;

/// Seconds from 1970-01-01 to 1990-01-01, from where the timing system counts.
const TIMING_EPOCH_S: u64 = 631_152_000;
/// Ticks of counter_0 in a second.
const TICKS_HZ: u64 = 480_000;
/// Most times that counting can begin anew before nothing is linearised.
const MOST_EPOCHS: usize = 10_000;

/// How the times of a run were got, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeBasis {
    /// From the timing system, by counter_0 and counter_2.
    TimingSystem,
    /// From the server's timestamps, as a straight line over frame_counter: they jitter, the
    /// counter does not.
    Linearised,
    /// From the server's timestamps as they are: the counter does not count, or begins anew again
    /// and again.
    Server,
}

impl fmt::Display for TimeBasis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TimingSystem => "timing system: counter_0 and counter_2",
            Self::Linearised => {
                "server: timestamp against frame_counter, as a straight line (the server stamps frames when they pass, with jitter)"
            }
            Self::Server => {
                "server: timestamp as it is, with jitter (frame_counter gives no straight line)"
            }
        })
    }
}

/// What the pass over a run finds out about its clocks.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Clock {
    pub(crate) counter_0: Option<u32>,
    pub(crate) counter_0_varies: bool,
    pub(crate) timing_system_runs: bool,
    pub(crate) epochs: Vec<Epoch>,
    pub(crate) too_many_epochs: bool,
}

/// Frames over which frame_counter only goes on, and the straight line through their timestamps.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Epoch {
    pub(crate) first: u64,
    pub(crate) counter: u32,
    pub(crate) timestamp: u64,
    /// Frames at which the counter wrapped.
    pub(crate) wraps: Vec<u64>,
    pub(crate) line: Line,
}

/// A straight line by least squares, from running means and sums (Welford), which stay exact
/// where sums of squares of nanoseconds do not.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Line {
    pub(crate) points: f64,
    pub(crate) mean_x: f64,
    pub(crate) mean_y: f64,
    pub(crate) sum_xx: f64,
    pub(crate) sum_xy: f64,
}

impl Line {
    fn push(&mut self, x: f64, y: f64) {
        self.points += 1.0;
        let off_x = x - self.mean_x;
        self.mean_x += off_x / self.points;
        self.mean_y += (y - self.mean_y) / self.points;
        self.sum_xx += off_x * (x - self.mean_x);
        self.sum_xy += off_x * (y - self.mean_y);
    }

    fn slope(&self) -> Option<f64> {
        (self.sum_xx > 0.0).then(|| self.sum_xy / self.sum_xx).filter(|slope| *slope > 0.0)
    }

    fn at(&self, x: f64) -> Option<f64> {
        Some(self.mean_y + self.slope()? * (x - self.mean_x))
    }
}

impl Epoch {
    /// Counts from the epoch's first frame, wraps undone.
    fn elapsed(&self, frame: u64, counter: u32) -> f64 {
        let wraps = self.wraps.partition_point(|wrap| *wrap <= frame) as f64;
        wraps * 2f64.powi(32) + f64::from(counter) - f64::from(self.counter)
    }
}

impl Clock {
    pub(crate) fn push(
        &mut self,
        frame: u64,
        header: HeaderView<'_>,
        step: Option<u32>,
        errored: bool,
    ) {
        let first = *self.counter_0.get_or_insert(header.counter_0());
        self.counter_0_varies |= first != header.counter_0();
        self.timing_system_runs |= header.counter_2() != 0;
        if self.too_many_epochs {
            return;
        }
        let counter = header.frame_counter();
        let goes_on = step.is_some_and(|step| step == 0 || forward(step));
        if !goes_on {
            if self.epochs.len() == MOST_EPOCHS {
                self.too_many_epochs = true;
                self.epochs = Vec::new();
                return;
            }
            let timestamp = header.timestamp();
            self.epochs.push(Epoch { first: frame, counter, timestamp, ..Epoch::default() });
        }
        if let Some(epoch) = self.epochs.last_mut() {
            if goes_on && step.is_some_and(|step| counter < step) {
                epoch.wraps.push(frame);
            }
            if !errored {
                let elapsed = epoch.elapsed(frame, counter);
                epoch.line.push(elapsed, difference(header.timestamp(), epoch.timestamp));
            }
        }
    }

    pub(crate) fn basis(&self) -> TimeBasis {
        if self.counter_0_varies && self.timing_system_runs {
            TimeBasis::TimingSystem
        } else if self.epochs.iter().any(|epoch| epoch.line.slope().is_some()) {
            TimeBasis::Linearised
        } else {
            TimeBasis::Server
        }
    }

    /// UNIX time in ns of a frame.
    pub(crate) fn time_ns(&self, basis: TimeBasis, frame: u64, header: HeaderView<'_>) -> u64 {
        match basis {
            TimeBasis::TimingSystem => timing_system_ns(header.counter_0(), header.counter_2()),
            TimeBasis::Linearised => self.on_line(frame, header).unwrap_or(header.timestamp()),
            TimeBasis::Server => header.timestamp(),
        }
    }

    /// Frames in a second by the slope of the longest epoch, when frame_counter steps by `step`.
    pub(crate) fn rate_hz(&self, step: u32) -> Option<f64> {
        let longest = self.epochs.iter().max_by(|a, b| a.line.points.total_cmp(&b.line.points))?;
        Some(1e9 / (longest.line.slope()? * f64::from(step)))
    }

    fn on_line(&self, frame: u64, header: HeaderView<'_>) -> Option<u64> {
        let next = self.epochs.partition_point(|epoch| epoch.first <= frame);
        let epoch = &self.epochs[next.checked_sub(1)?];
        let ns = epoch.line.at(epoch.elapsed(frame, header.frame_counter()))?.round();
        // Saturates for lines that leave the range of time, which no good file has.
        Some(if ns < 0.0 {
            epoch.timestamp.saturating_sub(-ns as u64)
        } else {
            epoch.timestamp.saturating_add(ns as u64)
        })
    }
}

fn difference(later: u64, earlier: u64) -> f64 {
    later.wrapping_sub(earlier).cast_signed() as f64
}

/// `round(sec + ns·1e-9 + 631152000 - c0/480000) + c0/480000`: the second whose 1 Hz marker
/// counter_0 counts from, and the ticks since, in ns.
fn timing_system_ns(counter_0: u32, counter_2: u64) -> u64 {
    let (seconds, ns) = (counter_2 >> 32, counter_2 & 0xffff_ffff);
    // In 1/480000 s times 1e9, so that nothing is rounded before the end.
    let ticks = u128::from(counter_0) * 1_000_000_000;
    let exact = u128::from((seconds + TIMING_EPOCH_S) * TICKS_HZ) * 1_000_000_000
        + u128::from(ns) * u128::from(TICKS_HZ);
    let second = u128::from(TICKS_HZ) * 1_000_000_000;
    let marker = (exact.saturating_sub(ticks) + second / 2) / second;
    let total = marker * second + ticks;
    let whole = (total + u128::from(TICKS_HZ) / 2) / u128::from(TICKS_HZ);
    u64::try_from(whole).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::header::{FrameHeader, HEADER_LEN};

    #[test]
    fn the_timing_system_gives_the_time_of_the_marker_plus_the_ticks() {
        for (seconds, ns, ticks) in
            [(0u64, 0u64, 0u32), (1_000_000_000, 250_000_123, 120_000), (5, 999_999_999, 0)]
        {
            let found = timing_system_ns(ticks, seconds << 32 | ns) as f64 * 1e-9;
            let since = f64::from(ticks) / 480_000.0;
            let expected =
                (seconds as f64 + ns as f64 * 1e-9 + 631_152_000.0 - since).round() + since;
            assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
        }
    }

    #[test]
    fn jitter_of_the_server_is_taken_out_and_a_wrap_changes_nothing() {
        let mut clock = Clock::default();
        let header = |frame: u64| {
            let header = FrameHeader {
                frame_counter: (u32::MAX - 999).wrapping_add(frame as u32 * 20),
                timestamp: 1_700_000_000_000_000_000 + frame * 5_000_000 + frame * 7919 % 1000,
                ..FrameHeader::default()
            };
            header.to_bytes()
        };
        let headers: Vec<[u8; HEADER_LEN]> = (0..200).map(header).collect();
        let views = || (0u64..).zip(headers.iter().map(|bytes| HeaderView::new(bytes).unwrap()));
        for (frame, header) in views() {
            clock.push(frame, header, (frame > 0).then_some(20), false);
        }
        assert_eq!(clock.basis(), TimeBasis::Linearised);
        assert_eq!(clock.epochs[0].wraps, [50]);
        for (frame, header) in views() {
            let time = clock.time_ns(TimeBasis::Linearised, frame, header);
            let straight = 1_700_000_000_000_000_500 + frame * 5_000_000;
            assert!(time.abs_diff(straight) < 120, "{time} is not near {straight}");
        }
        assert!((clock.rate_hz(20).unwrap() - 200.0).abs() < 1e-3);
    }
}
