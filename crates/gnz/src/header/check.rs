//! Whether the arrays can lie in the file as the header says.

use super::{ALIGNMENT, ArrayInfo, Note};
use crate::error::{Error, Result};
use crate::layout::round_up;

/// Checks all arrays; answers where the file ends, padding included.
///
/// `text_end` is the first byte after the header's text.
pub(crate) fn check(
    arrays: &[ArrayInfo],
    text_end: u64,
    file_length: u64,
    notes: &mut Vec<Note>,
) -> Result<u64> {
    for info in arrays {
        fits(info, text_end, file_length)?;
        note_misaligned(info, notes);
    }
    if let Some(overlap) = overlaps(arrays).next() {
        return Err(overlap.into());
    }
    let file_end = arrays.iter().map(|info| info.end()).fold(text_end, u64::max);
    let file_end = round_up(file_end).unwrap_or(u64::MAX);
    if file_length > file_end {
        return Err(Error::TrailingBytes { expected: file_end, found: file_length });
    }
    if file_length < file_end {
        notes.push(Note::PaddingCut { expected: file_end, found: file_length });
    }
    Ok(file_end)
}

/// Notes an array that a view may be impossible of.
pub(crate) fn note_misaligned(info: &ArrayInfo, notes: &mut Vec<Note>) {
    if !info.offset.is_multiple_of(ALIGNMENT) {
        notes.push(Note::Misaligned { array: info.name.clone(), offset: info.offset });
    }
}

/// Checks one array against the header before it and the end after it.
pub(crate) fn fits(info: &ArrayInfo, text_end: u64, file_length: u64) -> Result<()> {
    if info.offset < text_end {
        return Err(Error::OverlapsHeader {
            array: info.name.clone(),
            offset: info.offset,
            header_end: text_end,
        });
    }
    if info.end() > file_length {
        return Err(Error::ArrayPastEnd {
            array: info.name.clone(),
            offset: info.offset,
            length: info.byte_length as u64,
            file_length,
        });
    }
    Ok(())
}

/// Two arrays that claim the same bytes.
pub(crate) struct Overlap<'a> {
    pub(crate) earlier: &'a ArrayInfo,
    pub(crate) later: &'a ArrayInfo,
}

impl From<Overlap<'_>> for Error {
    fn from(overlap: Overlap<'_>) -> Error {
        Error::ArraysOverlap {
            array: overlap.later.name.clone(),
            offset: overlap.later.offset,
            earlier: overlap.earlier.name.clone(),
            earlier_end: overlap.earlier.end(),
        }
    }
}

/// Every array that begins before the furthest end of those before it.
///
/// Arrays without bytes overlap nothing: they share their offset with the next.
pub(crate) fn overlaps(arrays: &[ArrayInfo]) -> impl Iterator<Item = Overlap<'_>> {
    let mut occupied: Vec<&ArrayInfo> = arrays.iter().filter(|i| i.byte_length > 0).collect();
    occupied.sort_by_key(|info| info.offset);
    let mut furthest: Option<&ArrayInfo> = None;
    occupied.into_iter().filter_map(move |later| {
        let earlier = furthest.filter(|earlier| earlier.end() > later.offset);
        if furthest.is_none_or(|earlier| later.end() > earlier.end()) {
            furthest = Some(later);
        }
        earlier.map(|earlier| Overlap { earlier, later })
    })
}

/// Puts arrays into the order of the file, which is that of their addition.
///
/// An array without bytes comes before the one that it shares its offset with.
pub(crate) fn sort(arrays: &mut [ArrayInfo]) {
    arrays.sort_by_key(|info| (info.offset, info.byte_length > 0));
}
