//! The histogram body: one 32-byte block per interval, little-endian.

use std::ops::Range;

use wavekeep_core::{Gaps, HalfPeriod, Note, NoteKind};

/// Length of a block.
pub const BLOCK_LEN: usize = 32;
/// Blocks of one segment.
const SEGMENT_BLOCKS: usize = 256;
/// Bytes 22..24 of every block.
const MARKER_22: [u8; 2] = [0, 0];
/// Bytes 28..32 of every block.
const MARKER_28: [u8; 4] = [0x1e, 0x0a, 0, 0];
/// Bytes behind the last block that are not a cut block.
const REMNANT: Range<usize> = 1..10;

/// One channel in one interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChannelPeak {
    /// Largest value of the interval: geophones in units of 16 ADC counts, MicL in counts.
    pub peak: u8,
    /// A byte whose meaning is not known; non-zero where the frequency cannot be measured.
    pub annotation: u8,
    /// Half-period of the peak.
    pub half_period: HalfPeriod,
}

/// One interval: Tran, Vert, Long, MicL.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Interval {
    /// The channels, in the order of the file.
    pub channels: [ChannelPeak; 4],
    /// Four bytes whose meaning is not known.
    pub open: [u8; 4],
}

/// A decoded histogram body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Histogram {
    /// The intervals. Those inside of a gap are placeholders.
    pub intervals: Vec<Interval>,
    /// Which intervals are missing.
    pub gaps: Gaps,
    /// Where the remnant behind the last block begins, from the beginning of the body.
    pub remnant_offset: usize,
    /// Damage that was survived; offsets are from the beginning of the body.
    pub notes: Vec<Note>,
}

/// A block as it stands in the file.
#[derive(Debug, Clone, Copy)]
struct Block {
    /// Its place by its own numbering: segment × 256 + low byte of the counter.
    number: usize,
    interval: Interval,
}

impl Block {
    fn read(body: &[u8], at: usize) -> Option<Self> {
        let bytes = body.get(at..)?.first_chunk::<BLOCK_LEN>()?;
        if bytes[22..24] != MARKER_22 || bytes[28..] != MARKER_28 {
            return None;
        }
        let channel = |at: usize| ChannelPeak {
            peak: bytes[at],
            annotation: bytes[at + 1],
            half_period: HalfPeriod(u16::from_le_bytes([bytes[at + 2], bytes[at + 3]])),
        };
        Some(Self {
            number: usize::from(bytes[1]) * SEGMENT_BLOCKS + usize::from(bytes[2]),
            interval: Interval {
                channels: [channel(6), channel(10), channel(14), channel(18)],
                open: [bytes[24], bytes[25], bytes[26], bytes[27]],
            },
        })
    }
}

/// Decodes a histogram body, whatever its state. No block at all gives no interval.
///
/// Blocks are recognised by their two markers. What is not recognised is skipped up to the next
/// block; the blocks' own numbering says how many intervals were lost there.
pub fn decode(body: &[u8]) -> Histogram {
    let mut histogram = Histogram::default();
    let mut at = 0;
    while let Some(start) = next_block(body, at) {
        let Some(block) = Block::read(body, start) else { break };
        let skipped = start - at;
        let lost = lost_before(body, start, block.number, histogram.intervals.len(), skipped);
        if skipped > 0 || lost > 0 {
            histogram.lose(lost, at, skipped);
        }
        histogram.intervals.push(block.interval);
        at = start + BLOCK_LEN;
    }
    histogram.remnant_offset = at;
    let rest = body.len() - at;
    if !histogram.intervals.is_empty() && rest >= REMNANT.end {
        // The last block may be cut: it counts as an interval that is missing.
        histogram.lose(rest.div_ceil(BLOCK_LEN), at, rest);
    }
    histogram
}

impl Histogram {
    fn lose(&mut self, intervals: usize, at: usize, bytes: usize) {
        let first = self.intervals.len();
        let lost = first..first + intervals;
        self.intervals.resize(lost.end, Interval::default());
        self.gaps.insert(lost.clone());
        let message = format!(
            "{intervals} intervals are missing: {bytes} bytes here are not blocks of a histogram"
        );
        let note = Note::new(NoteKind::Damage, "intervals_lost", message).at(at as u64);
        self.notes.push(if lost.is_empty() { note } else { note.over(lost) });
    }
}

/// The first offset at or behind `from` at which a block can be recognised.
fn next_block(body: &[u8], from: usize) -> Option<usize> {
    if Block::read(body, from).is_some() {
        return Some(from);
    }
    let marker_at = from + BLOCK_LEN - MARKER_28.len();
    let found = memchr::memmem::find_iter(body.get(marker_at..)?, &MARKER_28);
    found.map(|offset| from + offset).find(|&start| Block::read(body, start).is_some())
}

/// How many intervals are missing in front of the block at `start`.
///
/// A number that is ahead is believed when the following block agrees with it; one number alone
/// that is off is taken for a damaged number.
fn lost_before(body: &[u8], start: usize, number: usize, expected: usize, skipped: usize) -> usize {
    let by_bytes = skipped / BLOCK_LEN;
    let Some(ahead) = number.checked_sub(expected) else { return by_bytes };
    let follows = Block::read(body, start + BLOCK_LEN);
    let confirmed = follows.is_some_and(|next| next.number == number + 1) || ahead == by_bytes;
    // A first block with another number than 0 would be a numbering that nobody has seen.
    if confirmed && (expected > 0 || skipped > 0) { ahead } else { by_bytes }
}

/// Encodes intervals as a body that [`decode`] gives back exactly: blocks in segments of 256, then
/// a remnant of six zero bytes.
///
/// # Errors
/// The number of intervals, when it is over the 65,536 that the numbering can carry.
pub fn encode(intervals: &[Interval]) -> Result<Vec<u8>, TooManyIntervals> {
    if intervals.len() > SEGMENT_BLOCKS * SEGMENT_BLOCKS {
        return Err(TooManyIntervals(intervals.len()));
    }
    let mut body = Vec::with_capacity(intervals.len() * BLOCK_LEN + 6);
    for (index, interval) in intervals.iter().enumerate() {
        let (segment, place) = (index / SEGMENT_BLOCKS, index % SEGMENT_BLOCKS);
        body.extend([0, segment as u8, place as u8, 0x01, 0x0a, 0x00]);
        for channel in interval.channels {
            body.extend([channel.peak, channel.annotation]);
            body.extend(channel.half_period.0.to_le_bytes());
        }
        body.extend(MARKER_22);
        body.extend(interval.open);
        body.extend(MARKER_28);
    }
    body.extend([0; 6]);
    Ok(body)
}

/// More intervals than the numbering of blocks can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} intervals are more than the 65536 that a histogram can hold")]
pub struct TooManyIntervals(pub usize);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn numbered(count: usize) -> Vec<Interval> {
        let peak = |index: usize, turn: usize| ChannelPeak {
            peak: (index * 7 + turn) as u8,
            annotation: 0,
            half_period: HalfPeriod((index % 500) as u16),
        };
        (0..count)
            .map(|i| Interval { channels: std::array::from_fn(|turn| peak(i, turn)), open: [0; 4] })
            .collect()
    }

    #[test]
    fn a_damaged_block_costs_its_interval_and_nothing_else() {
        let intervals = numbered(600);
        let mut body = encode(&intervals).unwrap();
        body[300 * BLOCK_LEN + 29] ^= 0x80;
        let histogram = decode(&body);
        assert_eq!(histogram.gaps.ranges(), [300..301]);
        assert_eq!(histogram.intervals[..300], intervals[..300]);
        assert_eq!(histogram.intervals[301..], intervals[301..]);
        assert_eq!(histogram.notes.len(), 1);
    }

    #[test]
    fn a_missing_page_is_a_gap_of_its_intervals() {
        let intervals = numbered(600);
        let mut body = encode(&intervals).unwrap();
        body.drain(100 * BLOCK_LEN..116 * BLOCK_LEN);
        let histogram = decode(&body);
        assert_eq!(histogram.gaps.ranges(), [100..116]);
        assert_eq!(histogram.intervals.len(), 600);
        assert_eq!(histogram.intervals[116..], intervals[116..]);
    }

    #[test]
    fn stray_bytes_between_blocks_cost_nothing() {
        let intervals = numbered(20);
        let mut body = encode(&intervals).unwrap();
        body.splice(10 * BLOCK_LEN..10 * BLOCK_LEN, [9; 5]);
        let histogram = decode(&body);
        assert_eq!((histogram.intervals, histogram.gaps.is_empty()), (intervals, true));
        assert_eq!(histogram.notes.len(), 1);
    }

    #[test]
    fn one_wrong_number_moves_nothing() {
        let intervals = numbered(300);
        let mut body = encode(&intervals).unwrap();
        body[50 * BLOCK_LEN + 2] ^= 0x40;
        let histogram = decode(&body);
        assert_eq!((histogram.intervals, histogram.gaps.is_empty()), (intervals, true));
    }

    #[test]
    fn a_cut_last_block_is_a_missing_interval() {
        let intervals = numbered(10);
        let body = encode(&intervals).unwrap();
        let histogram = decode(&body[..9 * BLOCK_LEN + 20]);
        assert_eq!(histogram.gaps.ranges(), [9..10]);
        assert_eq!(histogram.intervals[..9], intervals[..9]);
    }

    #[test]
    fn bytes_without_a_block_give_nothing() {
        assert_eq!(decode(&[0; 4000]).intervals.len(), 0);
        assert_eq!(decode(&[]), Histogram::default());
    }

    fn any_interval() -> impl Strategy<Value = Interval> {
        (any::<[(u8, u8, u16); 4]>(), any::<[u8; 4]>()).prop_map(|(channels, open)| Interval {
            channels: channels.map(|(peak, annotation, half_period)| ChannelPeak {
                peak,
                annotation,
                half_period: HalfPeriod(half_period),
            }),
            open,
        })
    }

    proptest! {
        #[test]
        fn any_intervals_come_back(intervals in proptest::collection::vec(any_interval(), 1..800)) {
            let histogram = decode(&encode(&intervals).unwrap());
            prop_assert!(histogram.notes.is_empty(), "{:?}", histogram.notes);
            prop_assert_eq!(histogram.intervals, intervals);
        }

        #[test]
        fn random_bytes_are_survived(body in proptest::collection::vec(any::<u8>(), 0..600)) {
            decode(&body);
        }
    }
}
