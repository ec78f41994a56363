//! Records: 8 bytes of header, then a payload. All little-endian.
//!
//! ```text
//! 0        4       6       7         8
//! ├────────┼───────┼───────┼─────────┼──────────────
//! │ size   │ flags │ error │ channel │ payload …
//! │ u32    │ u16   │ u8    │ u8      │ size - 4 bytes
//! ```

use std::fmt;

use wavekeep_core::Cursor;

use crate::wire::header::{HEADER_LEN, HeaderView};

/// Bytes of a record before its payload.
pub const RECORD_HEADER_LEN: usize = 8;
/// The channel of data frames.
pub const DATA_CHANNEL: u8 = 0;
/// The channel of metadata.
pub const METADATA_CHANNEL: u8 = 1;
/// The only `protocol_version` that is known.
pub const PROTOCOL_VERSION: u8 = 1;

/// The flag by which a sender marks a frame as bad.
const BAD_FLAG: u16 = 1 << 8;

/// What stands before a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordHeader {
    /// Bytes of payload, plus 4.
    pub size: u32,
    /// Frame flags.
    pub flags: u16,
    /// Frame error; zero for none.
    pub error: u8,
    /// 0 for data, 1 for metadata.
    pub channel: u8,
}

impl RecordHeader {
    /// The header of a record with a payload of `payload` bytes; `None` when a record cannot be
    /// that long.
    pub fn new(payload: usize, flags: u16, error: u8, channel: u8) -> Option<Self> {
        let size = u32::try_from(payload).ok()?.checked_add(4)?;
        Some(Self { size, flags, error, channel })
    }

    /// Takes the 8 bytes apart.
    pub fn parse(bytes: [u8; RECORD_HEADER_LEN]) -> Self {
        let [a, b, c, d, e, f, error, channel] = bytes;
        Self {
            size: u32::from_le_bytes([a, b, c, d]),
            flags: u16::from_le_bytes([e, f]),
            error,
            channel,
        }
    }

    /// The inverse of [`parse`](Self::parse).
    pub fn to_bytes(self) -> [u8; RECORD_HEADER_LEN] {
        let [a, b, c, d] = self.size.to_le_bytes();
        let [e, f] = self.flags.to_le_bytes();
        [a, b, c, d, e, f, self.error, self.channel]
    }

    /// Bytes of payload; `None` for a size that does not even count the flags.
    pub fn payload_len(self) -> Option<u32> {
        self.size.checked_sub(4)
    }

    /// Whether the sender marked the frame as bad: an error, or bit 8 of the flags.
    pub fn is_errored(self) -> bool {
        self.error != 0 || self.flags & BAD_FLAG != 0
    }
}

/// What is wrong at a place of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A size below 4: nothing behind it can be found by the sizes.
    SizeTooSmall {
        /// The size.
        size: u32,
    },
    /// A record that ends behind the end of the file: the file was cut, or the size is wrong.
    PastEnd {
        /// Bytes that the record would have.
        needs: u64,
        /// Bytes up to the end of the file.
        left: u64,
    },
    /// Too few bytes at the end for the header of a record.
    StrayBytes {
        /// How many, 1 to 7.
        left: u64,
    },
    /// A data frame without room for its header.
    ShortFrame {
        /// Bytes of payload.
        payload: u32,
    },
    /// A data frame that says it has more channels than it has words.
    TooManyChannels {
        /// What the header says.
        channels: u32,
        /// 32-bit words behind the header.
        words: u32,
    },
    /// A data frame with another protocol version than the frames before.
    OtherVersion {
        /// The version.
        version: u8,
    },
}

impl Fault {
    /// Whether nothing behind the place can be read.
    pub fn ends_piece(&self) -> bool {
        matches!(self, Self::SizeTooSmall { .. } | Self::PastEnd { .. } | Self::StrayBytes { .. })
    }

    /// A short stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::SizeTooSmall { .. } => "record_size",
            Self::PastEnd { .. } => "record_cut",
            Self::StrayBytes { .. } => "stray_bytes",
            Self::ShortFrame { .. } => "frame_short",
            Self::TooManyChannels { .. } => "frame_channels",
            Self::OtherVersion { .. } => "frame_version",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SizeTooSmall { size } => {
                write!(
                    f,
                    "record size: expected 4 or more, found {size}; nothing behind it can be read"
                )
            }
            Self::PastEnd { needs, left } => write!(
                f,
                "the last record is not whole: expected {needs} bytes, found {left} before the end of the file"
            ),
            Self::StrayBytes { left } => write!(
                f,
                "expected the 8 bytes of a record header, found {left} before the end of the file"
            ),
            Self::ShortFrame { payload } => write!(
                f,
                "data frame skipped: expected a header of 128 bytes, found a payload of {payload}"
            ),
            Self::TooManyChannels { channels, words } => write!(
                f,
                "data frame skipped: expected {channels} samples, as its header says, found {words}"
            ),
            Self::OtherVersion { version } => {
                write!(f, "data frame skipped: expected protocol version 1, found {version}")
            }
        }
    }
}

/// A record inside some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record<'a> {
    /// Offset of its header from the beginning of the file.
    pub offset: u64,
    /// Its header.
    pub header: RecordHeader,
    /// Its payload.
    pub payload: &'a [u8],
}

/// The records of some bytes, one after the other. After a fault that ends the piece there are no
/// more.
///
/// ```
/// use wavekeep_smurf::record::{Fault, Records};
///
/// let mut records = Records::new(&[6, 0, 0, 0, 0, 0, 0, 1, b'o', b'k', 9, 9], 0);
/// assert_eq!(records.next().unwrap().unwrap().payload, b"ok");
/// assert_eq!(records.next(), Some(Err((10, Fault::StrayBytes { left: 2 }))));
/// assert_eq!(records.next(), None);
/// ```
#[derive(Debug, Clone)]
pub struct Records<'a> {
    at: Cursor<'a>,
    ended: bool,
}

impl<'a> Records<'a> {
    /// The records of `bytes`, which stand at `base` in their file.
    pub fn new(bytes: &'a [u8], base: u64) -> Self {
        Self { at: Cursor::within(bytes, base), ended: false }
    }

    fn record(&mut self) -> Result<Record<'a>, (u64, Fault)> {
        let (offset, left) = (self.at.offset(), self.at.remaining() as u64);
        let stray = (offset, Fault::StrayBytes { left });
        let header = RecordHeader::parse(self.at.array("record header").map_err(|_| stray)?);
        let length = payload_within(header, left).map_err(|fault| (offset, fault))?;
        let cut = |_| (offset, Fault::PastEnd { needs: u64::from(length) + 8, left });
        let payload = self.at.take(length as usize, "payload").map_err(cut)?;
        Ok(Record { offset, header, payload })
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, (u64, Fault)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended || self.at.is_empty() {
            return None;
        }
        let record = self.record();
        self.ended = record.is_err();
        Some(record)
    }
}

/// Bytes of payload of a record that has `left` bytes from its header to the end of its file.
pub(crate) fn payload_within(header: RecordHeader, left: u64) -> Result<u32, Fault> {
    let payload = header.payload_len().ok_or(Fault::SizeTooSmall { size: header.size })?;
    let needs = u64::from(payload) + RECORD_HEADER_LEN as u64;
    if needs > left { Err(Fault::PastEnd { needs, left }) } else { Ok(payload) }
}

/// Whether a data frame with this payload length and header can be read.
pub(crate) fn judge_frame(payload: u32, header: HeaderView<'_>) -> Result<(), Fault> {
    let words = (payload - HEADER_LEN as u32) / 4;
    let channels = header.number_of_channels();
    if channels > words { Err(Fault::TooManyChannels { channels, words }) } else { Ok(()) }
}
