//! Bytes per second, over the last second.

use std::time::{Duration, Instant};

/// Parts that a second is counted in.
const PARTS: usize = 10;
const PART: Duration = Duration::from_millis(1000 / PARTS as u64);

/// Counts bytes by the tenth of a second in which they came.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bandwidth {
    begun: Option<Instant>,
    /// Bytes of the parts up to `last`, each at its number modulo their count. The part that is
    /// still being filled has a place of its own.
    bytes: [u64; PARTS + 1],
    last: u64,
}

impl Bandwidth {
    /// Counts what came at `now`.
    pub(super) fn add(&mut self, now: Instant, bytes: u64) {
        let begun = *self.begun.get_or_insert(now);
        let part = part_of(begun, now).max(self.last);
        for between in (self.last..part).take(PARTS + 1) {
            self.bytes[place(between + 1)] = 0;
        }
        if part - self.last > PARTS as u64 {
            self.bytes = [0; PARTS + 1];
        }
        self.last = part;
        self.bytes[place(part)] += bytes;
    }

    /// Bytes of the last ten whole parts before `now`.
    pub(super) fn bytes_per_s(&self, now: Instant) -> f64 {
        let Some(begun) = self.begun else { return 0.0 };
        let present = part_of(begun, now).max(self.last);
        let first = present.saturating_sub(PARTS as u64);
        let kept = self.last.saturating_sub(PARTS as u64)..=self.last;
        let whole = (first..present).filter(|part| kept.contains(part));
        whole.map(|part| self.bytes[place(part)]).sum::<u64>() as f64
    }
}

fn part_of(begun: Instant, now: Instant) -> u64 {
    let parts = now.saturating_duration_since(begun).as_millis() / PART.as_millis();
    u64::try_from(parts).unwrap_or(u64::MAX)
}

fn place(part: u64) -> usize {
    (part % (PARTS as u64 + 1)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(begun: Instant, milliseconds: u64) -> Instant {
        begun + Duration::from_millis(milliseconds)
    }

    #[test]
    fn an_even_stream_has_its_own_rate_from_the_first_second_on() {
        let (mut bandwidth, begun) = (Bandwidth::default(), Instant::now());
        for millisecond in 0..5000 {
            bandwidth.add(after(begun, millisecond), 7);
            if millisecond >= 1000 {
                assert_eq!(bandwidth.bytes_per_s(after(begun, millisecond)), 7000.0);
            }
        }
    }

    #[test]
    fn what_is_older_than_a_second_does_not_count() {
        let (mut bandwidth, begun) = (Bandwidth::default(), Instant::now());
        assert_eq!(bandwidth.bytes_per_s(begun), 0.0);
        bandwidth.add(begun, 500);
        assert_eq!(bandwidth.bytes_per_s(after(begun, 300)), 500.0);
        assert_eq!(bandwidth.bytes_per_s(after(begun, 1000)), 500.0);
        assert_eq!(bandwidth.bytes_per_s(after(begun, 1100)), 0.0);
        bandwidth.add(after(begun, 60_000), 3);
        assert_eq!(bandwidth.bytes_per_s(after(begun, 60_100)), 3.0);
    }

    #[test]
    fn what_came_just_before_a_pause_of_half_a_second_is_counted_once() {
        let (mut bandwidth, begun) = (Bandwidth::default(), Instant::now());
        bandwidth.add(begun, 1);
        bandwidth.add(after(begun, 550), 2);
        bandwidth.add(after(begun, 1050), 4);
        assert_eq!(bandwidth.bytes_per_s(after(begun, 1060)), 3.0);
        assert_eq!(bandwidth.bytes_per_s(after(begun, 1150)), 6.0);
    }
}
