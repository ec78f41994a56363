//! One interval, both ways.

use serde::Serialize;
use wavekeep_core::HalfPeriod;

/// Length of an interval.
pub const INTERVAL_LEN: usize = 72;
/// Length of a channel in an interval.
pub(super) const CHANNEL_LEN: usize = 16;
/// The longest half-period, in samples, that speaks for a byte order.
const LONGEST_HALF_PERIOD: u16 = 2048;

/// Byte order of the numbers of the channels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ByteOrder {
    /// Most significant byte first, as everywhere else in the format.
    #[default]
    BigEndian,
    /// Least significant byte first.
    LittleEndian,
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

    pub(super) fn read(bytes: &[u8; CHANNEL_LEN], order: ByteOrder) -> Self {
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
        let [unknown_4, unknown_10, unknown_14] = self.open;
        let numbers = [
            self.minimum as u16,
            self.maximum as u16,
            unknown_4,
            self.half_period.0,
            0,
            unknown_10,
            0,
            unknown_14,
        ];
        out.extend(numbers.into_iter().flat_map(|number| match order {
            ByteOrder::BigEndian => number.to_be_bytes(),
            ByteOrder::LittleEndian => number.to_le_bytes(),
        }));
    }

    pub(super) fn is_plausible(&self) -> bool {
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

impl Interval {
    pub(super) fn read(bytes: &[u8; INTERVAL_LEN], order: ByteOrder) -> Self {
        let (records, open) = split(bytes);
        Self {
            channels: std::array::from_fn(|turn| ChannelExtremes::read(&records[turn], order)),
            open: open.try_into().unwrap_or_default(),
        }
    }

    pub(super) fn write(&self, order: ByteOrder, out: &mut Vec<u8>) {
        for channel in &self.channels {
            channel.write(order, out);
        }
        out.extend(self.open);
    }
}

/// The four channel records of an interval, and the open bytes behind them.
pub(super) fn split(bytes: &[u8; INTERVAL_LEN]) -> (&[[u8; CHANNEL_LEN]], &[u8]) {
    bytes.as_chunks::<CHANNEL_LEN>()
}
