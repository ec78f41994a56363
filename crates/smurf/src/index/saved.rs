//! An index kept beside its run, so that a large run opens at once.
//!
//! It is a cache and nothing else: it is used only if lengths and times of all pieces are those of
//! the files, everything in it fits into these files, and headers that are sampled all over the
//! run stand where it says. If anything differs the run is gone through again.
//!
//! The file is `<run>.index`: 64-bit little-endian words, in the order of `encode`, after eight
//! bytes of magic and before a checksum.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::words::{Words, decode, encode};
use crate::error::Result;
use crate::files::store::Store;
use crate::files::temporary::{give_name, new_beside};
use crate::index::scan::Scan;
use crate::index::{Index, PieceFacts};
use crate::wire::header::{HEADER_LEN, HeaderView};
use crate::wire::record::{DATA_CHANNEL, METADATA_CHANNEL, RECORD_HEADER_LEN, RecordHeader};

const MAGIC: [u8; 8] = *b"WKSMIDX2";
/// Bytes of an index for each byte of its run at most: a record of 8 bytes that is damaged takes 48.
const MOST_A_BYTE: u64 = 6;
/// Bytes of an index beside them: clocks, of which some places are kept.
const MOST_BESIDE: u64 = 1 << 20;
/// Places at which headers are compared.
const SAMPLES: usize = 64;

/// The index at `path` if it belongs to these files, otherwise a new one.
pub(crate) fn load_or_scan(path: &Path, stores: &[Store]) -> Result<Index> {
    load(path, stores)?.map_or_else(|| Scan::whole(stores, None), Ok)
}

/// As [`load_or_scan`]; a new one is put there.
pub(crate) fn load_or_make(path: &Path, stores: &[Store]) -> Result<Index> {
    if let Some(index) = load(path, stores)? {
        return Ok(index);
    }
    let index = Scan::whole(stores, None)?;
    // A folder that cannot be written to is no reason not to read a run.
    let _ = save(path, &index);
    Ok(index)
}

/// Where the index of a run lies if it lies beside it.
pub(crate) fn path_beside(run: &Path) -> PathBuf {
    let mut name = run.file_name().unwrap_or_default().to_owned();
    name.push(".index");
    run.with_file_name(name)
}

/// Writes an index, whole or not at all.
pub(crate) fn save(path: &Path, index: &Index) -> std::io::Result<()> {
    let mut file = new_beside(path)?;
    file.write_all(&to_bytes(index))?;
    give_name(file, path, true)
}

/// An index as its file has it.
pub(crate) fn to_bytes(index: &Index) -> Vec<u8> {
    let words = encode(index);
    let mut bytes = MAGIC.to_vec();
    bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    bytes.extend(checksum(&words).to_le_bytes());
    bytes
}

/// The index at `path`, if it belongs to these files.
fn load(path: &Path, stores: &[Store]) -> Result<Option<Index>> {
    let facts = PieceFacts::of_all(stores)?;
    match read(path, &facts) {
        Some(bytes) => of_bytes(&bytes, &facts, stores, METADATA_CHANNEL),
        None => Ok(None),
    }
}

/// The bytes of a file that may be the index of these pieces: a regular one, for a pipe would block,
/// and no larger than an index of them can be.
fn read(path: &Path, facts: &[PieceFacts]) -> Option<Vec<u8>> {
    let run: u64 = facts.iter().map(|piece| piece.length).fold(0, u64::saturating_add);
    let most = run.saturating_mul(MOST_A_BYTE).saturating_add(MOST_BESIDE);
    fs::metadata(path).ok().filter(|it| it.is_file() && it.len() <= most)?;
    let mut bytes = Vec::new();
    fs::File::open(path).ok()?.take(most).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// An index from what its file holds, if it was made of pieces with these facts and stands up to the
/// comparison with `stores`, whose metadata is on `metadata_channel`.
pub(crate) fn of_bytes(
    bytes: &[u8],
    facts: &[PieceFacts],
    stores: &[Store],
    metadata_channel: u8,
) -> Result<Option<Index>> {
    let index = parse(bytes).filter(|index| index.pieces == facts && fits(index));
    match index {
        Some(index) if samples_agree(&index, stores, metadata_channel)? => Ok(Some(index)),
        _ => Ok(None),
    }
}

fn parse(bytes: &[u8]) -> Option<Index> {
    let body = bytes.strip_prefix(&MAGIC)?;
    let (words, []) = body.as_chunks::<8>() else { return None };
    let words: Vec<u64> = words.iter().map(|word| u64::from_le_bytes(*word)).collect();
    let (sum, words) = words.split_last()?;
    (*sum == checksum(words)).then(|| decode(&mut Words::new(words)))?
}

/// FNV-1a over words. It tells a cut or stale file from a whole one; it is no protection against
/// somebody who writes an index on purpose, which is what [`fits`] is for.
pub(crate) fn checksum(words: &[u64]) -> u64 {
    words.iter().fold(0xcbf2_9ce4_8422_2325, |sum: u64, word| {
        (sum ^ word).wrapping_mul(0x0100_0000_01b3).rotate_left(23)
    })
}

/// Whether everything lies inside the pieces, so that nothing is read or allocated by numbers that
/// only the index holds.
fn fits(index: &Index) -> bool {
    let in_piece = |piece: usize, end: Option<u64>| {
        index.pieces.get(piece).is_some_and(|facts| end.is_some_and(|end| end <= facts.length))
    };
    let mut frames = 0;
    let sections = index.sections.iter().all(|section| {
        let begins = section.frames.start == frames && section.frames.end > frames;
        frames = section.frames.end;
        begins && 128 + 4 * u64::from(section.channels) <= u64::from(section.payload_bytes)
    });
    if !sections || frames != index.frames {
        return false;
    }
    let mut first = 0;
    let stretches = index.stretches.iter().all(|stretch| {
        let begins = stretch.first == first && stretch.count > 0;
        let Some(end) = first.checked_add(stretch.count) else { return false };
        first = end;
        let Some(section) = index.sections.get(index.section_at(stretch.first)) else {
            return false;
        };
        let record = RECORD_HEADER_LEN as u64 + u64::from(section.payload_bytes);
        let last = stretch.stride.checked_mul(stretch.count - 1);
        let bytes_end = last
            .and_then(|last| last.checked_add(stretch.offset))
            .and_then(|last| last.checked_add(record));
        begins
            && end <= section.frames.end
            && (stretch.count == 1 || stretch.stride >= record)
            && in_piece(stretch.piece, bytes_end)
    });
    let mut errored_end = 0;
    stretches
        && first == frames
        && index.texts.iter().all(|text| {
            text.place.offset >= RECORD_HEADER_LEN as u64
                && text.place.frame <= frames
                && in_piece(text.place.piece, text.place.offset.checked_add(u64::from(text.len)))
        })
        && index.errored.iter().all(|range| {
            let ordered = range.start >= errored_end && range.start < range.end;
            errored_end = range.end;
            ordered && range.end <= frames
        })
        && index.steps.runs.iter().all(|run| {
            run.count > 0 && run.first.checked_add(run.count).is_some_and(|end| end <= frames)
        })
        && index.damage.iter().all(|damage| damage.place.piece < index.pieces.len())
        && index.others.values().all(|other| other.first.piece < index.pieces.len())
}

fn samples_agree(index: &Index, stores: &[Store], metadata_channel: u8) -> Result<bool> {
    for stretch in every(&index.stretches, SAMPLES) {
        let section = &index.sections[index.section_at(stretch.first)];
        for frame in [0, stretch.count - 1] {
            let offset = stretch.offset + frame * stretch.stride;
            let mut bytes = [0; RECORD_HEADER_LEN + HEADER_LEN];
            stores[stretch.piece].read_at(offset, &mut bytes)?;
            let Some((record, header)) = bytes.split_first_chunk() else { return Ok(false) };
            let record = RecordHeader::parse(*record);
            let same = record.channel == DATA_CHANNEL
                && record.payload_len() == Some(section.payload_bytes)
                && record.is_errored() == index.is_errored(stretch.first + frame)
                && HeaderView::new(header)
                    .is_some_and(|header| header.number_of_channels() == section.channels);
            if !same {
                return Ok(false);
            }
        }
    }
    for text in every(&index.texts, SAMPLES) {
        let mut bytes = [0; RECORD_HEADER_LEN];
        let offset = text.place.offset - RECORD_HEADER_LEN as u64;
        stores[text.place.piece].read_at(offset, &mut bytes)?;
        let record = RecordHeader::parse(bytes);
        if record.channel != metadata_channel || record.payload_len() != Some(text.len) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// At most `count` of the items, from the first to the last at equal distances.
fn every<T>(items: &[T], count: usize) -> impl Iterator<Item = &T> {
    let last = items.len().saturating_sub(1);
    items.iter().step_by((last / count).max(1)).chain(items.last())
}
