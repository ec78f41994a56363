//! What a file does not say of itself: its byte order, and the layout of its headers.

use serde::Serialize;

use super::interval::{ByteOrder, ChannelExtremes, split};
use super::segment::{HeaderLayout, Segment, interval_bytes, segments};

/// What was decided on the file, and on what grounds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
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

/// The segments by the layout and the byte order that fit best; `None` when the zeros of most
/// channels are not where they are known to be.
pub(super) fn decide(file: &[u8]) -> Option<(Vec<Segment>, Decision)> {
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
    best.map(|(_, segments, decision)| (segments, decision))
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
