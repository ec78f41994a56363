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

use serde::Serialize;
use wavekeep_core::{Gaps, HalfPeriod, Note, NoteKind};

/// Length of an interval.
pub const INTERVAL_LEN: usize = 72;
/// Length of a channel in an interval.
const CHANNEL_LEN: usize = 16;
/// Bytes of the header that `length` counts, whichever layout it has.
const COUNTED: usize = 10;
/// The longest half-period, in samples, that speaks for a byte order.
const LONGEST_HALF_PERIOD: u16 = 2048;
/// Share of the channel records that have to be plausible for a decision without a note.
const NEARLY_ALL: f64 = 0.9;

/// Byte order of the numbers of the channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ByteOrder {
    /// Most significant byte first, as everywhere else in the format.
    BigEndian,
    /// Least significant byte first.
    LittleEndian,
}

/// How long the header of a segment is, and with that what its length field counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HeaderLayout {
    /// 12 bytes: two more stand behind `05 3f`, and `length` counts what is behind itself.
    Twelve,
    /// 10 bytes, which `length` counts with itself.
    Ten,
}

impl HeaderLayout {
    fn len(self) -> usize {
        match self {
            Self::Twelve => 12,
            Self::Ten => 10,
        }
    }
}

/// One channel in one interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChannelExtremes {
    /// Smallest count.
    pub minimum: i16,
    /// Largest count.
    pub maximum: i16,
    /// Half-period of the peak.
    pub half_period: HalfPeriod,
    /// The numbers at bytes 4, 10 and 14, whose meaning is not known.
    pub open: [u16; 3],
}

impl ChannelExtremes {
    /// The peak: the larger one of |minimum| and |maximum|.
    pub fn peak(&self) -> i32 {
        i32::from(self.minimum).abs().max(i32::from(self.maximum).abs())
    }

    fn read(bytes: &[u8; CHANNEL_LEN], order: ByteOrder) -> Self {
        let at = |at: usize| match order {
            ByteOrder::BigEndian => u16::from_be_bytes([bytes[at], bytes[at + 1]]),
            ByteOrder::LittleEndian => u16::from_le_bytes([bytes[at], bytes[at + 1]]),
        };
        Self {
            minimum: at(0) as i16,
            maximum: at(2) as i16,
            half_period: HalfPeriod(at(6)),
            open: [at(4), at(10), at(14)],
        }
    }

    fn write(&self, order: ByteOrder, out: &mut Vec<u8>) {
        let [open_4, open_10, open_14] = self.open;
        let numbers = [
            self.minimum as u16,
            self.maximum as u16,
            open_4,
            self.half_period.0,
            0,
            open_10,
            0,
            open_14,
        ];
        out.extend(numbers.into_iter().flat_map(|number| match order {
            ByteOrder::BigEndian => number.to_be_bytes(),
            ByteOrder::LittleEndian => number.to_le_bytes(),
        }));
    }

    fn is_plausible(&self) -> bool {
        self.minimum <= self.maximum && self.half_period.0 <= LONGEST_HALF_PERIOD
    }
}

/// One interval: Tran, Vert, Long, MicL.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Interval {
    /// The channels, in the order of the file.
    pub channels: [ChannelExtremes; 4],
    /// Eight bytes whose meaning is not known.
    pub open: [u8; 8],
}

/// What was decided on the file, and on what grounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// The byte order that was taken.
    pub byte_order: ByteOrder,
    /// The layout of headers that was taken.
    pub header: HeaderLayout,
    /// Channel records that are plausible this way: half-period up to 2048, minimum up to maximum.
    pub plausible: usize,
    /// The same the other way round: as many or nearly as many decide nothing.
    pub plausible_in_other_order: usize,
    /// Channel records in the file.
    pub channel_records: usize,
}

impl Decision {
    /// Whether the file speaks for one byte order; otherwise big-endian was taken.
    pub fn is_decided(&self) -> bool {
        self.plausible > self.plausible_in_other_order
    }
}

/// A decoded histogram.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// The header of a segment.
#[derive(Debug, Clone, Copy)]
struct Segment {
    at: usize,
    number: u8,
    intervals: usize,
}

impl Segment {
    const MARKER: [u8; 5] = [0x0a, 0, 0, 0, 0];

    /// The segment whose length field stands at `at`.
    fn read(file: &[u8], at: usize) -> Option<Self> {
        let bytes = file.get(at..)?.first_chunk::<10>()?;
        let length = usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
        let counted = length.checked_sub(COUNTED)?;
        let fits = bytes[2..7] == Self::MARKER
            && bytes[8..] == [0x05, 0x3f]
            && counted > 0
            && counted % INTERVAL_LEN == 0;
        fits.then_some(Self { at, number: bytes[7], intervals: counted / INTERVAL_LEN })
    }

    fn end(&self, header: HeaderLayout) -> usize {
        self.at + header.len() + self.intervals * INTERVAL_LEN
    }
}

/// Decodes a histogram, whatever its state; `None` when not one whole interval is found, or when
/// the zeros of most channels are not where they are known to be.
///
/// Segments are recognised by their headers; bytes between them are skipped and noted. The last
/// segment's length says how many intervals a cut file has lost. Time is proportional to the length
/// of the file.
pub fn decode(file: &[u8]) -> Option<Histogram> {
    let layouts = [HeaderLayout::Twelve, HeaderLayout::Ten];
    let orders = [ByteOrder::BigEndian, ByteOrder::LittleEndian];
    let mut best: Option<(usize, Vec<Segment>, Decision)> = None;
    for header in layouts {
        let segments = segments(file, header);
        let [big, little] = orders.map(|order| Tally::of(file, &segments, header, order));
        let little_is_better = little.plausible > big.plausible;
        let (byte_order, taken, other) = match little_is_better {
            true => (ByteOrder::LittleEndian, little, big),
            false => (ByteOrder::BigEndian, big, little),
        };
        let decision = Decision {
            byte_order,
            header,
            plausible: taken.plausible,
            plausible_in_other_order: other.plausible,
            channel_records: taken.records,
        };
        // Zeros stand at the same places in either byte order: they speak for the layout.
        let fitness = taken.with_zeros * 4 + taken.plausible;
        let better = best.as_ref().is_none_or(|(other, ..)| fitness > *other);
        let zeros_are_there = taken.with_zeros > 0 && taken.with_zeros * 2 >= taken.records;
        if zeros_are_there && better {
            best = Some((fitness, segments, decision));
        }
    }
    let (_, segments, decision) = best?;
    Some(assemble(file, &segments, decision))
}

/// The segments of a file whose headers are `header` long.
fn segments(file: &[u8], header: HeaderLayout) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut at = 0;
    while let Some(segment) = next_segment(file, at) {
        at = segment.end(header);
        segments.push(segment);
    }
    segments
}

/// The next header that begins at `from` or behind it.
fn next_segment(file: &[u8], from: usize) -> Option<Segment> {
    let rest = file.get(from + 2..)?;
    memchr::memmem::find_iter(rest, &Segment::MARKER)
        .find_map(|found| Segment::read(file, from + found))
}

/// The bytes of the whole intervals of a segment.
fn interval_bytes<'a>(
    file: &'a [u8],
    segment: &Segment,
    header: HeaderLayout,
) -> impl Iterator<Item = &'a [u8; INTERVAL_LEN]> + use<'a> {
    let end = segment.end(header).min(file.len());
    let bytes = file.get(segment.at + header.len()..end).unwrap_or_default();
    bytes.as_chunks::<INTERVAL_LEN>().0.iter()
}

/// The four channel records of an interval, and the open bytes behind them.
fn split(bytes: &[u8; INTERVAL_LEN]) -> (&[[u8; CHANNEL_LEN]], &[u8]) {
    bytes.as_chunks::<CHANNEL_LEN>()
}

/// How well the channel records of a file fit a byte order.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    records: usize,
    plausible: usize,
    with_zeros: usize,
}

impl Tally {
    fn of(file: &[u8], segments: &[Segment], header: HeaderLayout, order: ByteOrder) -> Self {
        let mut tally = Self::default();
        for segment in segments {
            for interval in interval_bytes(file, segment, header) {
                for record in split(interval).0 {
                    tally.records += 1;
                    tally.plausible +=
                        usize::from(ChannelExtremes::read(record, order).is_plausible());
                    tally.with_zeros +=
                        usize::from(record[8..10] == [0, 0] && record[12..14] == [0, 0]);
                }
            }
        }
        tally
    }
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
        histogram.intervals.extend(interval_bytes(file, segment, header).map(|bytes| {
            let (records, open) = split(bytes);
            Interval {
                channels: std::array::from_fn(|turn| {
                    ChannelExtremes::read(&records[turn], decision.byte_order)
                }),
                open: open.try_into().unwrap_or_default(),
            }
        }));
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
        for interval in *intervals {
            for channel in &interval.channels {
                channel.write(order, &mut body);
            }
            body.extend(interval.open);
        }
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
