//! The parts of an event file: header, STRT record, body, footer.
//!
//! | bytes | part |
//! |---|---|
//! | 0..22 | header |
//! | 22..43 | STRT record |
//! | 43..len-26 | body |
//! | len-26..len | footer |

use wavekeep_core::{Cursor, Error, Result, UnitLocal};

/// What every file of the vendor's Series III software begins with.
pub const MAGIC: [u8; 18] = *b"\x10\x00\x01\x80\x00\x00Instantel\x00\x07\x2c";
/// Type tag of event files, behind [`MAGIC`].
pub const EVENT_TAG: [u8; 4] = [0x00, 0x12, 0x03, 0x00];
/// Type tag of monitor logs (`.MLG`), behind [`MAGIC`].
pub const MONITOR_LOG_TAG: [u8; 4] = [0x22, 0x01, 0x0e, 0xa0];
/// Where the body begins.
pub const BODY_OFFSET: usize = 43;
/// Length of the footer.
pub const FOOTER_LEN: usize = 26;

const STRT_OFFSET: usize = 22;
const STRT_MARKER: [u8; 6] = *b"STRT\xff\xfe";
const FOOTER_MARKER: [u8; 2] = [0x0e, 0x08];

/// How the unit was set to record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordMode {
    /// `0x46`
    SingleShot,
    /// `0x0e`
    Continuous,
    /// Any other byte: not known.
    Unknown(u8),
}

impl RecordMode {
    fn from_byte(byte: u8) -> Self {
        match byte {
            0x46 => Self::SingleShot,
            0x0e => Self::Continuous,
            other => Self::Unknown(other),
        }
    }

    fn byte(self) -> u8 {
        match self {
            Self::SingleShot => 0x46,
            Self::Continuous => 0x0e,
            Self::Unknown(byte) => byte,
        }
    }
}

/// The STRT record: where the event lay in the unit's ring memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartRecord {
    /// Key of the event's end; its low 16 bits are the end offset in ring memory.
    pub end_key: u32,
    /// Key of the event's start: the end of the event before it.
    pub start_key: u32,
    /// Four bytes whose meaning is not known.
    pub unknown_14: [u8; 4],
    /// How the unit was set to record.
    pub mode: RecordMode,
    /// Two bytes whose meaning is not known.
    pub unknown_19: [u8; 2],
}

impl StartRecord {
    /// Length that the keys give the file: `18 + (end offset - start offset) mod 65536` bytes.
    ///
    /// Derived, not known: a file that differs is not thereby wrong.
    pub fn file_len(&self) -> u64 {
        MAGIC.len() as u64 + u64::from(self.end_key.wrapping_sub(self.start_key) & 0xffff)
    }

    fn read(at: &mut Cursor<'_>) -> Result<Self> {
        at.expect(&STRT_MARKER, "STRT marker")?;
        Ok(Self {
            end_key: at.u32_be("STRT end key")?,
            start_key: at.u32_be("STRT start key")?,
            unknown_14: at.array("STRT bytes 14..18")?,
            mode: RecordMode::from_byte(at.u8("STRT record mode")?),
            unknown_19: at.array("STRT bytes 19..21")?,
        })
    }
}

/// The footer: start and stop by the unit's clock, and eight bytes whose meaning is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Footer {
    /// Start; `None` when a field is out of range.
    pub start: Option<UnitLocal>,
    /// Stop; `None` when a field is out of range.
    pub stop: Option<UnitLocal>,
    /// The bytes behind the marker, as they are.
    pub bytes: [u8; 24],
}

impl Footer {
    /// A footer with these two moments and eight zero bytes.
    pub fn new(start: UnitLocal, stop: UnitLocal) -> Self {
        let mut bytes = [0; 24];
        bytes[..8].copy_from_slice(&time_bytes(start));
        bytes[8..16].copy_from_slice(&time_bytes(stop));
        Self { start: Some(start), stop: Some(stop), bytes }
    }

    /// The footer at the end of `file`; `None` when its marker does not stand where it must.
    fn find(file: &[u8]) -> Option<Self> {
        let body_and_footer = file.get(BODY_OFFSET..)?;
        let (_, footer) = body_and_footer.split_last_chunk::<FOOTER_LEN>()?;
        let bytes: [u8; 24] = footer.strip_prefix(&FOOTER_MARKER)?.try_into().ok()?;
        let (first, rest) = bytes.split_first_chunk::<8>()?;
        let second = rest.first_chunk::<8>()?;
        Some(Self { start: moment(first), stop: moment(second), bytes })
    }
}

/// `day, month, year (u16), unused, hour, minute, second`
fn moment(bytes: &[u8; 8]) -> Option<UnitLocal> {
    let [day, month, year_high, year_low, _, hour, minute, second] = *bytes;
    let year = u16::from_be_bytes([year_high, year_low]);
    UnitLocal::from_fields((year, month, day), (hour, minute, second))
}

fn time_bytes(moment: UnitLocal) -> [u8; 8] {
    let (date, time) = (moment.0.date(), moment.0.time());
    let [year_high, year_low] = date.year().to_be_bytes();
    let small = |field: i8| field.unsigned_abs();
    [
        small(date.day()),
        small(date.month()),
        year_high,
        year_low,
        0,
        small(time.hour()),
        small(time.minute()),
        small(time.second()),
    ]
}

/// An event file taken apart; the body is not decoded yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventFile<'a> {
    /// The STRT record.
    pub strt: StartRecord,
    /// From byte 43 to the footer, or to the end of a file that has none.
    pub body: &'a [u8],
    /// The footer; `None` when the file ends without one, as a cut file does.
    pub footer: Option<Footer>,
}

impl<'a> EventFile<'a> {
    /// Takes a file apart.
    ///
    /// # Errors
    /// [`Error::NotThisFormat`] when the first 18 bytes are other ones, [`Error::Unsupported`] for
    /// a monitor log, [`Error::Malformed`] for another type tag or a broken or cut STRT record.
    pub fn parse(file: &'a [u8]) -> Result<Self> {
        if !file.starts_with(&MAGIC) {
            return Err(not_this_format(file));
        }
        let mut at = Cursor::within(&file[MAGIC.len()..], MAGIC.len() as u64);
        if file[MAGIC.len()..].starts_with(&MONITOR_LOG_TAG) {
            return Err(monitor_log());
        }
        at.expect(&EVENT_TAG, "type tag")?;
        let strt = StartRecord::read(&mut at)?;
        let footer = Footer::find(file);
        let body_end = file.len() - if footer.is_some() { FOOTER_LEN } else { 0 };
        Ok(Self { strt, body: &file[BODY_OFFSET..body_end], footer })
    }

    /// Puts a file together: the inverse of [`parse`](Self::parse) for a whole file.
    pub fn assemble(strt: &StartRecord, body: &[u8], footer: &Footer) -> Vec<u8> {
        let mut file = Vec::with_capacity(BODY_OFFSET + body.len() + FOOTER_LEN);
        file.extend(MAGIC);
        file.extend(EVENT_TAG);
        file.extend(STRT_MARKER);
        file.extend(strt.end_key.to_be_bytes());
        file.extend(strt.start_key.to_be_bytes());
        file.extend(strt.unknown_14);
        file.push(strt.mode.byte());
        file.extend(strt.unknown_19);
        file.extend(body);
        file.extend(FOOTER_MARKER);
        file.extend(footer.bytes);
        file
    }
}

/// What stands at the places that a rebuilt file must have right: the STRT record at byte 22 and
/// the footer's marker 26 bytes before the end.
pub(crate) fn has_landmarks(file: &[u8]) -> bool {
    file.get(STRT_OFFSET..).is_some_and(|rest| rest.starts_with(&STRT_MARKER))
        && Footer::find(file).is_some()
}

fn not_this_format(file: &[u8]) -> Error {
    let head = &file[..file.len().min(MAGIC.len())];
    Error::NotThisFormat {
        format: crate::INFO.name,
        expected: "10 00 01 80 00 00 \"Instantel\" 00 07 2c at byte 0".into(),
        found: if head.is_empty() {
            "an empty file".to_owned()
        } else {
            head.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
        },
    }
}

pub(crate) fn monitor_log() -> Error {
    Error::Unsupported {
        what: "a monitor log (.MLG)".to_owned(),
        advice:
            "it lists when the unit was monitoring and holds no event; give the event files instead"
                .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start_record(end_key: u32) -> StartRecord {
        StartRecord {
            end_key,
            start_key: 0x0111_0000,
            unknown_14: [1, 2, 3, 4],
            mode: RecordMode::Continuous,
            unknown_19: [5, 6],
        }
    }

    fn moments() -> (UnitLocal, UnitLocal) {
        let start = UnitLocal::from_fields((2026, 5, 1), (13, 16, 34)).unwrap();
        (start, start.checked_add_seconds(3.0).unwrap())
    }

    #[test]
    fn the_parts_of_a_file_come_back() {
        let (start, stop) = moments();
        let footer = Footer::new(start, stop);
        let file = EventFile::assemble(&start_record(0x0111_21f2), b"body", &footer);
        let parsed = EventFile::parse(&file).unwrap();
        assert_eq!(parsed.strt, start_record(0x0111_21f2));
        assert_eq!(parsed.body, b"body");
        assert_eq!(parsed.footer, Some(footer));
        assert!(has_landmarks(&file));
    }

    #[test]
    fn keys_give_the_length_of_the_file() {
        assert_eq!(start_record(0x0111_21f2).file_len(), 8708);
        let wrapped =
            StartRecord { end_key: 0x0112_0010, start_key: 0x0111_fff0, ..start_record(0) };
        assert_eq!(wrapped.file_len(), 18 + 0x20);
    }

    #[test]
    fn a_footer_with_an_impossible_date_gives_no_time_and_keeps_its_bytes() {
        let (start, stop) = moments();
        let mut footer = Footer::new(start, stop);
        footer.bytes[1] = 13;
        let file = EventFile::assemble(&start_record(0), b"", &footer);
        let found = EventFile::parse(&file).unwrap().footer.unwrap();
        assert_eq!((found.start, found.stop), (None, Some(stop)));
        assert_eq!(found.bytes, footer.bytes);
    }

    #[test]
    fn a_cut_file_has_no_footer_and_its_body_runs_to_the_end() {
        let (start, stop) = moments();
        let file = EventFile::assemble(&start_record(0), b"body of it", &Footer::new(start, stop));
        let parsed = EventFile::parse(&file[..BODY_OFFSET + 6]).unwrap();
        assert_eq!((parsed.body, parsed.footer), (&b"body o"[..], None));
    }

    #[test]
    fn a_monitor_log_is_refused_by_name() {
        let mut file = MAGIC.to_vec();
        file.extend(MONITOR_LOG_TAG);
        let error = EventFile::parse(&file).unwrap_err();
        assert!(error.to_string().contains("monitor log (.MLG)"), "{error}");
    }

    #[test]
    fn another_file_is_told_apart_from_a_broken_one() {
        assert_eq!(EventFile::parse(b"PK\x03\x04").unwrap_err().kind(), "not_this_format");
        assert_eq!(EventFile::parse(b"").unwrap_err().kind(), "not_this_format");
        let cut = EventFile::parse(&MAGIC).unwrap_err();
        assert_eq!((cut.kind(), cut.offset()), ("malformed", Some(18)));
    }
}
