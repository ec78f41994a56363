//! Raw frames of a live unit (`.a5.pkl`), and the event file that they make.
//!
//! A unit sends an event page by page; the store keeps the frames in a pickle
//! `{"version": 1, "frames": [{sub, page_hi, page_lo, data, chk_byte, checksum_valid}, …]}`.

use wavekeep_core::{Error, Result};

use crate::file::{self, EventFile, MAGIC};
use crate::pickle::{Id, Pickle, Value, Writer};

/// `sub` of frames that carry an event.
pub const EVENT_SUB: u8 = 0xa5;
/// What stands in front of the memory bytes in a frame's data.
const PREFIX_LEN: usize = 12;
/// Memory bytes of a full page, today's size first.
const PAGE_LENS: [usize; 2] = [0x200, 0x400];
/// In front of the bytes that have a meaning on the wire.
const ESCAPE: u8 = 0x10;
const ESCAPED: std::ops::RangeInclusive<u8> = 0x02..=0x04;
/// What the type tag and the STRT record need of the first page.
const FIRST_PAGE_MIN: usize = file::BODY_OFFSET - MAGIC.len();

/// One frame as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// What kind of reply it is: `0xA5` for an event.
    pub sub: u8,
    /// High byte of the page.
    pub page_hi: u8,
    /// Low byte of the page.
    pub page_lo: u8,
    /// The payload, still partly as on the wire: 02, 03 and 04 carry a 10 in front.
    pub data: Vec<u8>,
    /// The check byte behind the payload. Unreliable on large frames: kept, not insisted on.
    pub chk_byte: u8,
    /// Whether whoever received the frame found the check byte right.
    pub checksum_valid: bool,
}

/// Reads the pickle of an event's raw frames.
///
/// # Errors
/// [`Error::Malformed`] when it is cut, not of this form, or holds anything but plain data;
/// [`Error::Unsupported`] for another version.
pub fn read_pickle(bytes: &[u8]) -> Result<Vec<Frame>> {
    let pickle = Pickle::read(bytes)?;
    let root = pickle.root();
    match pickle.get(root, "version") {
        Some(Value::Int(1)) => {}
        Some(Value::Int(version)) => {
            return Err(Error::Unsupported {
                what: format!("version {version} of the raw-frame store"),
                advice: "version 1 is known".to_owned(),
            });
        }
        _ => return Err(not_frames("a dictionary with \"version\": 1", "none")),
    }
    let Some(Value::Sequence(frames)) = pickle.get(root, "frames") else {
        return Err(not_frames("a list \"frames\"", "none"));
    };
    frames.iter().enumerate().map(|(index, id)| frame(&pickle, *id, index)).collect()
}

fn frame(pickle: &Pickle<'_>, id: Id, index: usize) -> Result<Frame> {
    let dict = pickle.value(id);
    let byte = |key: &str| match pickle.get(dict, key) {
        Some(Value::Int(value)) => u8::try_from(*value)
            .map_err(|_| not_frames("a byte", &format!("{value} as {key} of frame {index}"))),
        // Older stores have no check byte.
        None if key == "chk_byte" => Ok(0),
        _ => Err(not_frames("a byte", &format!("none as {key} of frame {index}"))),
    };
    let Some(Value::Bytes(data)) = pickle.get(dict, "data") else {
        return Err(not_frames("bytes", &format!("none as data of frame {index}")));
    };
    let checksum_valid = match pickle.get(dict, "checksum_valid") {
        Some(Value::Bool(valid)) => *valid,
        _ => true,
    };
    Ok(Frame {
        sub: byte("sub")?,
        page_hi: byte("page_hi")?,
        page_lo: byte("page_lo")?,
        data: data.to_vec(),
        chk_byte: byte("chk_byte")?,
        checksum_valid,
    })
}

fn not_frames(expected: &'static str, found: &str) -> Error {
    Error::Malformed {
        offset: 0,
        field: "raw frames".into(),
        expected: expected.into(),
        found: found.to_owned(),
    }
}

/// Writes frames as a pickle that [`read_pickle`] and Python's `pickle.load` read.
pub fn write_pickle(frames: &[Frame]) -> Vec<u8> {
    let mut pickle = Writer::new();
    pickle.dict(|pickle| {
        pickle.text("version");
        pickle.small_int(1);
        pickle.text("frames");
        pickle.list(|pickle| {
            for frame in frames {
                pickle.dict(|pickle| {
                    for (key, value) in
                        [("sub", frame.sub), ("page_hi", frame.page_hi), ("page_lo", frame.page_lo)]
                    {
                        pickle.text(key);
                        pickle.small_int(value);
                    }
                    pickle.text("data");
                    pickle.bytes(&frame.data);
                    pickle.text("chk_byte");
                    pickle.small_int(frame.chk_byte);
                    pickle.text("checksum_valid");
                    pickle.bool(frame.checksum_valid);
                });
            }
        });
    });
    pickle.finish()
}

/// Rebuilds the event file from its frames.
///
/// The rule is derived, not known; so the result is given only when it checks out: the STRT record
/// at byte 22, the footer's marker 26 bytes before the end, the length that the keys give.
///
/// # Errors
/// [`Error::Malformed`] naming the frame or the check that failed. No file is ever guessed.
pub fn rebuild(frames: &[Frame]) -> Result<Vec<u8>> {
    let pages: Vec<Vec<u8>> =
        frames.iter().enumerate().map(|(i, frame)| page(frame, i)).collect::<Result<_>>()?;
    let Some((last, full)) = pages.split_last() else {
        return Err(check("at least one frame", "none"));
    };
    let total = total_len(&pages[0])?;
    let page_len = match full.first() {
        Some(first) => {
            *PAGE_LENS.iter().find(|&&len| [len, len + 1].contains(&first.len())).ok_or_else(
                || check("512 or 1024 memory bytes in frame 0", &first.len().to_string()),
            )?
        }
        None => total,
    };
    let last_len = total.checked_sub(page_len * full.len()).filter(|len| *len <= page_len);
    let last_len = last_len.ok_or_else(|| {
        check("as many pages as the keys say", &format!("{} pages for {total} bytes", pages.len()))
    })?;
    let mut rebuilt = MAGIC.to_vec();
    for (index, (page, len)) in
        full.iter().map(|page| (page, page_len)).chain([(last, last_len)]).enumerate()
    {
        // A check byte may have been left on: the length tells.
        if ![len, len + 1].contains(&page.len()) {
            let found = format!("{} in frame {index}", page.len());
            return Err(check(&format!("{len} memory bytes"), &found));
        }
        rebuilt.extend(&page[..len]);
    }
    if !file::has_landmarks(&rebuilt) {
        return Err(check("the STRT record at byte 22 and the footer at the end", "other bytes"));
    }
    Ok(rebuilt)
}

/// The memory bytes of a frame, with a check byte behind them if one was left on.
fn page(frame: &Frame, index: usize) -> Result<Vec<u8>> {
    if frame.sub != EVENT_SUB {
        return Err(check("frames of sub 0xa5", &format!("{:#04x} in frame {index}", frame.sub)));
    }
    let mut data = Vec::with_capacity(frame.data.len());
    let mut bytes = frame.data.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match bytes.peek() {
            Some(next) if byte == ESCAPE && ESCAPED.contains(next) => {
                data.push(*next);
                bytes.next();
            }
            _ => data.push(byte),
        }
    }
    if data.len() <= PREFIX_LEN {
        return Err(check(
            "memory bytes behind byte 12",
            &format!("{} bytes in frame {index}", data.len()),
        ));
    }
    Ok(data.split_off(PREFIX_LEN))
}

/// Memory bytes of the whole event, by the keys in its first page.
fn total_len(first_page: &[u8]) -> Result<usize> {
    if first_page.len() < FIRST_PAGE_MIN {
        return Err(check("the STRT record in frame 0", &format!("{} bytes", first_page.len())));
    }
    let head = [&MAGIC[..], first_page].concat();
    let total = EventFile::parse(&head)?.strt.file_len() - MAGIC.len() as u64;
    Ok(total as usize)
}

fn check(expected: &str, found: &str) -> Error {
    Error::Malformed {
        offset: 0,
        field: "event rebuilt from raw frames".into(),
        expected: expected.to_owned().into(),
        found: found.to_owned(),
    }
}

/// Cuts an event file into frames as a unit would send them, 512 memory bytes a page.
///
/// What stands in the first twelve bytes of a frame is not known: they are zero here.
///
/// # Errors
/// When the file is no event file, or its length is not what its keys say: frames could not be
/// put together again.
pub fn from_event(event: &[u8]) -> Result<Vec<Frame>> {
    let expected = EventFile::parse(event)?.strt.file_len();
    if expected != event.len() as u64 {
        return Err(check(&format!("{expected} bytes, as the keys say"), &event.len().to_string()));
    }
    let pages = event[MAGIC.len()..].chunks(PAGE_LENS[0]);
    Ok(pages.enumerate().map(|(index, memory)| to_frame(index, memory)).collect())
}

fn to_frame(index: usize, memory: &[u8]) -> Frame {
    let mut data = vec![0; PREFIX_LEN];
    for &byte in memory {
        if ESCAPED.contains(&byte) {
            data.push(ESCAPE);
        }
        data.push(byte);
    }
    // An event lies within 64 KiB: its pages are at most 128.
    let [page_hi, page_lo] = (index as u16).to_be_bytes();
    let chk_byte = data.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    Frame { sub: EVENT_SUB, page_hi, page_lo, data, chk_byte, checksum_valid: true }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wavekeep_core::UnitLocal;

    use super::*;
    use crate::file::{FOOTER_LEN, Footer, RecordMode, StartRecord};

    fn event(body: &[u8]) -> Vec<u8> {
        let len = file::BODY_OFFSET + body.len() + FOOTER_LEN - MAGIC.len();
        let strt = StartRecord {
            end_key: 0x0111_0000 + len as u32,
            start_key: 0x0111_0000,
            unknown_14: [0; 4],
            mode: RecordMode::SingleShot,
            unknown_19: [0; 2],
        };
        let start = UnitLocal::from_fields((2026, 2, 3), (4, 2, 3)).unwrap();
        EventFile::assemble(&strt, body, &Footer::new(start, start))
    }

    #[test]
    fn an_event_of_the_known_size_is_seventeen_frames() {
        let file = event(&vec![7; 8708 - file::BODY_OFFSET - FOOTER_LEN]);
        let frames = from_event(&file).unwrap();
        assert_eq!(frames.len(), 17);
        assert_eq!(
            frames[16].data.iter().filter(|&&byte| byte != ESCAPE).count() - PREFIX_LEN,
            0x1f2
        );
        assert_eq!(rebuild(&frames).unwrap(), file);
    }

    #[test]
    fn check_bytes_that_were_left_on_are_taken_off() {
        let file = event(&[5; 1500]);
        let mut frames = from_event(&file).unwrap();
        for frame in &mut frames {
            frame.data.push(0x99);
        }
        assert_eq!(rebuild(&frames).unwrap(), file);
    }

    #[test]
    fn older_downloads_have_pages_of_1024_bytes() {
        let file = event(&[5; 3000]);
        let pages = file[MAGIC.len()..].chunks(0x400).enumerate();
        let frames: Vec<Frame> = pages.map(|(index, memory)| to_frame(index, memory)).collect();
        assert_eq!(rebuild(&frames).unwrap(), file);
    }

    #[test]
    fn what_does_not_check_out_is_no_file() {
        let frames = from_event(&event(&[5; 1500])).unwrap();
        let broken = |change: fn(&mut Vec<Frame>)| {
            let mut frames = frames.clone();
            change(&mut frames);
            rebuild(&frames).unwrap_err().to_string()
        };
        assert!(broken(Vec::clear).contains("at least one frame"));
        assert!(broken(|frames| drop(frames.pop())).contains("as many pages as the keys say"));
        assert!(broken(|frames| frames[1].sub = 0x5a).contains("frames of sub 0xa5"));
        assert!(broken(|frames| frames[1].data.truncate(100)).contains("memory bytes"));
        assert!(
            broken(|frames| frames[0].data.truncate(5)).contains("memory bytes behind byte 12")
        );
        assert!(broken(|frames| frames.swap(0, 1)).contains("type tag"));
    }

    #[test]
    fn a_store_of_an_older_version_lacks_the_check_fields() {
        let mut pickle = Writer::new();
        pickle.dict(|pickle| {
            pickle.text("version");
            pickle.small_int(1);
            pickle.text("frames");
            pickle.list(|pickle| {
                pickle.dict(|pickle| {
                    for (key, value) in [("sub", 0xa5), ("page_hi", 1), ("page_lo", 2)] {
                        pickle.text(key);
                        pickle.small_int(value);
                    }
                    pickle.text("data");
                    pickle.bytes(b"abc");
                });
            });
        });
        let frames = read_pickle(&pickle.finish()).unwrap();
        assert_eq!((frames[0].chk_byte, frames[0].checksum_valid), (0, true));
    }

    proptest! {
        #[test]
        fn frames_of_any_event_make_the_event_again(body in proptest::collection::vec(
            prop_oneof![any::<u8>(), 0x02u8..=0x04, Just(0x10u8)], 0..4000
        )) {
            let file = event(&body);
            let frames = from_event(&file).unwrap();
            prop_assert_eq!(rebuild(&frames).unwrap(), file);
            prop_assert_eq!(read_pickle(&write_pickle(&frames)).unwrap(), frames);
        }
    }
}
