//! The body of a histogram: segments of intervals, 72 bytes each.
//!
//! ```text
//! segment   u16 length · 0a 00 00 00 · 00 NN · 05 3f · [2 bytes] · N intervals, N = (length - 10) / 72
//! interval  Tran, Vert, Long, MicL: 16 bytes each · 8 open bytes
//! channel   i16 minimum · i16 maximum · i16 open · u16 half-period · 0 · u16 open · 0 · u16 open
//! ```
//!
//! Two things are open and decided on the file at hand: the byte order of the channels' numbers, and
//! whether two bytes stand between `05 3f` and the first interval. The decision is a part of the
//! result.

mod decision;
mod interval;
mod segment;

use wavekeep_core::{Gaps, Note, NoteKind};

pub use decision::Decision;
pub use interval::{ByteOrder, ChannelExtremes, INTERVAL_LEN, Interval};
pub use segment::HeaderLayout;

use decision::decide;
use segment::{COUNTED, Segment, interval_bytes};

/// Share of the channel records that have to be plausible for a decision without a note.
const NEARLY_ALL: f64 = 0.9;

/// A decoded histogram.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Histogram {
    /// The intervals. Those inside of a gap are placeholders.
    pub intervals: Vec<Interval>,
    /// Which intervals are missing.
    pub gaps: Gaps,
    /// What was decided on the file.
    pub decision: Decision,
    /// How many segments there are.
    pub segments: usize,
    /// Where the first segment begins.
    pub offset: usize,
    /// Where the last one ends.
    pub end: usize,
    /// Damage that was survived, and what could not be decided.
    pub notes: Vec<Note>,
}

/// Decodes a histogram, whatever its state; `None` when not one whole interval is found, or when
/// the zeros of most channels are not where they are known to be.
///
/// Segments are recognised by their headers; bytes between them are skipped and noted. The last
/// segment's length says how many intervals a cut file has lost. Time is proportional to the length
/// of the file.
pub fn decode(file: &[u8]) -> Option<Histogram> {
    let (segments, decision) = decide(file)?;
    Some(assemble(file, &segments, decision))
}

fn assemble(file: &[u8], segments: &[Segment], decision: Decision) -> Histogram {
    let header = decision.header;
    let mut histogram = Histogram {
        intervals: Vec::new(),
        gaps: Gaps::default(),
        decision,
        segments: segments.len(),
        offset: segments.first().map_or(0, |segment| segment.at),
        end: segments.last().map_or(0, |segment| segment.end(header)).min(file.len()),
        notes: Vec::new(),
    };
    let mut before: Option<&Segment> = None;
    for segment in segments {
        if let Some(before) = before {
            histogram.between(before, segment);
        }
        before = Some(segment);
        let first = histogram.intervals.len();
        let intervals = interval_bytes(file, segment, header);
        histogram
            .intervals
            .extend(intervals.map(|bytes| Interval::read(bytes, decision.byte_order)));
        let read = histogram.intervals.len();
        let expected = first + segment.intervals;
        if read < expected {
            // At most 910 intervals: the length is a u16.
            histogram.intervals.resize(expected, Interval::default());
            histogram.gaps.insert(read..expected);
            let message = format!(
                "the file ends inside of a segment of {} intervals: {} of them are missing",
                segment.intervals,
                expected - read
            );
            let note = Note::new(NoteKind::Damage, "segment_cut", message);
            histogram.notes.push(note.at(file.len() as u64).over(read..expected));
        }
    }
    histogram.doubts();
    histogram
}

impl Histogram {
    /// What stands between two segments, and whether their running numbers follow each other.
    fn between(&mut self, before: &Segment, next: &Segment) {
        let end = before.end(self.decision.header);
        if next.at > end {
            let message = format!("{} bytes between two segments are no intervals", next.at - end);
            let note = Note::new(NoteKind::Disagreement, "bytes_between_segments", message);
            self.notes.push(note.at(end as u64));
        }
        if next.number != before.number.wrapping_add(1) {
            let message = format!(
                "segment {} follows segment {}: the intervals between them are missing, and nothing tells how many",
                next.number, before.number
            );
            let note = Note::new(NoteKind::Damage, "segment_absent", message);
            self.notes.push(note.at(next.at as u64));
        }
    }

    /// What was decided against part of the evidence, or without any.
    fn doubts(&mut self) {
        let Decision { plausible, channel_records, .. } = self.decision;
        if (plausible as f64) < NEARLY_ALL * channel_records as f64 {
            let message = format!(
                "only {plausible} of {channel_records} channel records are plausible in the byte order that fits best"
            );
            self.notes.push(Note::new(NoteKind::Disagreement, "byte_order_doubtful", message));
        } else if !self.decision.is_decided() {
            let message = "big-endian peaks and half-periods: the file fits both byte orders alike";
            self.notes.push(Note::new(NoteKind::Assumption, "byte_order", message));
        }
    }
}

/// Encodes segments of intervals as a body that [`decode`] gives back: headers of 12 bytes, running
/// numbers from 0 on, numbers in `order`.
///
/// # Errors
/// [`BadSegment`] for a segment without intervals, or with more than its length field can say.
pub fn encode(segments: &[&[Interval]], order: ByteOrder) -> Result<Vec<u8>, BadSegment> {
    let mut body = Vec::new();
    for (number, intervals) in segments.iter().enumerate() {
        let length = u16::try_from(COUNTED + intervals.len() * INTERVAL_LEN)
            .ok()
            .filter(|_| !intervals.is_empty())
            .ok_or(BadSegment(intervals.len()))?;
        body.extend(length.to_be_bytes());
        body.extend(Segment::MARKER);
        body.push(number as u8);
        body.extend([0x05, 0x3f, 0, 0]);
        intervals.iter().for_each(|interval| interval.write(order, &mut body));
    }
    Ok(body)
}

/// A segment that its length field cannot say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a segment of {0} intervals: a segment holds 1 to 910")]
pub struct BadSegment(pub usize);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wavekeep_core::HalfPeriod;

    use super::*;
    use crate::file::assemble;

    fn numbered(count: usize) -> Vec<Interval> {
        let channel = |index: usize, turn: usize| ChannelExtremes {
            minimum: -((index * 7 + turn) as i16 % 900),
            maximum: (index * 5 + turn) as i16 % 800,
            half_period: HalfPeriod((index % 500) as u16),
            open: [1, 2, 3],
        };
        let of = |index| Interval {
            channels: std::array::from_fn(|turn| channel(index, turn)),
            open: [9; 8],
        };
        (0..count).map(of).collect()
    }

    fn file(segments: &[&[Interval]], order: ByteOrder) -> Vec<u8> {
        assemble(0x123, &encode(segments, order).unwrap())
    }

    #[test]
    fn either_byte_order_is_decided_on_the_file() {
        let intervals = numbered(300);
        for order in [ByteOrder::BigEndian, ByteOrder::LittleEndian] {
            let histogram = decode(&file(&[&intervals], order)).unwrap();
            assert_eq!(histogram.decision.byte_order, order);
            assert_eq!(histogram.decision.header, HeaderLayout::Twelve);
            assert!(histogram.decision.is_decided());
            assert_eq!(histogram.intervals, intervals);
            assert_eq!(histogram.notes, []);
        }
    }

    #[test]
    fn a_header_of_ten_bytes_is_decided_on_the_file() {
        let intervals = numbered(40);
        let mut body = encode(&[&intervals], ByteOrder::BigEndian).unwrap();
        body.drain(10..12);
        let second = body.len();
        body.extend(body.clone());
        body[second + 7] = 1;
        let histogram = decode(&assemble(0x80, &body)).unwrap();
        assert_eq!(histogram.decision.header, HeaderLayout::Ten);
        assert_eq!(histogram.intervals, [intervals.clone(), intervals].concat());
        assert_eq!(histogram.notes, []);
    }

    #[test]
    fn a_file_that_fits_both_orders_is_read_as_big_endian_and_says_so() {
        let histogram = decode(&file(&[&[Interval::default(); 5]], ByteOrder::LittleEndian));
        let histogram = histogram.unwrap();
        assert_eq!(histogram.decision.byte_order, ByteOrder::BigEndian);
        assert_eq!(histogram.notes[0].code, "byte_order");
    }

    #[test]
    fn segments_follow_each_other() {
        let intervals = numbered(60);
        let (first, rest) = intervals.split_at(25);
        let histogram = decode(&file(&[first, rest], ByteOrder::BigEndian)).unwrap();
        assert_eq!((histogram.intervals, histogram.segments), (intervals, 2));
    }

    #[test]
    fn a_segment_that_is_not_there_is_damage() {
        let intervals = numbered(90);
        let parts: Vec<&[Interval]> = intervals.chunks(30).collect();
        let mut bytes = file(&parts, ByteOrder::BigEndian);
        let segment = 12 + 30 * INTERVAL_LEN;
        bytes.drain(0x123 + segment..0x123 + 2 * segment);
        let histogram = decode(&bytes).unwrap();
        assert_eq!(histogram.intervals, [parts[0], parts[2]].concat());
        assert_eq!(histogram.notes[0].code, "segment_absent");
    }

    #[test]
    fn a_cut_segment_has_a_gap_for_each_interval_that_its_length_promises() {
        let intervals = numbered(30);
        let bytes = file(&[&intervals], ByteOrder::BigEndian);
        let histogram = decode(&bytes[..bytes.len() - 3 * INTERVAL_LEN - 1]).unwrap();
        assert_eq!(histogram.intervals.len(), 30);
        assert_eq!(histogram.gaps.ranges(), [26..30]);
        assert_eq!(histogram.intervals[..26], intervals[..26]);
        assert_eq!(histogram.notes[0].code, "segment_cut");
    }

    #[test]
    fn the_peak_of_the_smallest_minimum_is_no_overflow() {
        let channel = ChannelExtremes { minimum: i16::MIN, maximum: 3, ..Default::default() };
        assert_eq!(channel.peak(), 32_768);
    }

    #[test]
    fn bytes_behind_a_header_that_are_no_intervals_give_nothing() {
        let intervals = numbered(3);
        let bytes = file(&[&intervals], ByteOrder::BigEndian);
        // Room for an interval behind a header of 10 bytes, not behind one of 12.
        assert_eq!(decode(&bytes[..0x123 + 10 + INTERVAL_LEN]), None);
        assert_eq!(decode(&bytes[..0x123 + 12 + INTERVAL_LEN]).unwrap().intervals[0], intervals[0]);
    }

    #[test]
    fn what_a_length_cannot_say_is_refused() {
        let one = [Interval::default()];
        assert_eq!(encode(&[&one, &[]], ByteOrder::BigEndian), Err(BadSegment(0)));
        let many = vec![Interval::default(); 911];
        assert_eq!(encode(&[&many], ByteOrder::BigEndian), Err(BadSegment(911)));
        assert!(encode(&[&many[1..]], ByteOrder::BigEndian).is_ok());
    }

    #[test]
    fn bytes_without_a_segment_give_nothing() {
        assert_eq!(decode(&[]), None);
        assert_eq!(decode(&[0; 4000]), None);
        assert_eq!(decode(&Segment::MARKER.repeat(1000)), None);
    }

    fn any_channel() -> impl Strategy<Value = ChannelExtremes> {
        (any::<[i16; 2]>(), 0u16..=255, any::<[u16; 3]>()).prop_map(|(ends, half_period, open)| {
            ChannelExtremes {
                minimum: ends[0].min(ends[1]),
                maximum: ends[0].max(ends[1]),
                half_period: HalfPeriod(half_period.max(17)),
                open,
            }
        })
    }

    proptest! {
        #[test]
        fn any_intervals_come_back(
            intervals in proptest::collection::vec(
                (proptest::array::uniform4(any_channel()), any::<[u8; 8]>()), 1..200),
            little in any::<bool>()
        ) {
            let intervals: Vec<Interval> =
                intervals.into_iter().map(|(channels, open)| Interval { channels, open }).collect();
            let order = if little { ByteOrder::LittleEndian } else { ByteOrder::BigEndian };
            let histogram = decode(&file(&[&intervals], order)).unwrap();
            prop_assert_eq!(histogram.decision.byte_order, order);
            prop_assert_eq!(histogram.intervals, intervals);
        }

        #[test]
        fn random_bytes_are_survived(body in proptest::collection::vec(any::<u8>(), 0..600)) {
            decode(&body);
        }
    }
}
