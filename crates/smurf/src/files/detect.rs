//! Whether some bytes begin like a run. There is no magic: the first record has to make sense.

use std::path::{Path, PathBuf};

use wavekeep_core::{FormatInfo, Match};

use crate::files::pieces::{Pieces, split};
use crate::wire::header::{HEADER_LEN, HeaderView};
use crate::wire::record::{RECORD_HEADER_LEN, RecordHeader};

/// What the format is called.
pub const INFO: FormatInfo =
    FormatInfo { id: "smurf", name: "SMuRF stream", file_names: &["run.dat", "run.dat.1"] };

/// Data frames are on channel 0, metadata on channel 1.
const DATA: u8 = 0;
const METADATA: u8 = 1;

/// How well the first bytes of a file and its name fit.
///
/// By content: a first record that is a data frame of protocol version 1 with room for the samples
/// that it says it has, or metadata that begins with printable text. By name: `….dat`, `….dat.1`,
/// for files that are empty or damaged from their beginning.
pub fn detect(head: &[u8], name: Option<&str>) -> Match {
    if begins_with_a_record(head) {
        return Match::ByContent;
    }
    let bare = |name: &str| match split(Path::new(name)) {
        Some((bare, _)) => bare.to_string_lossy().into_owned(),
        None => name.to_owned(),
    };
    let named = name.is_some_and(|name| ends_like_a_run(&bare(name)));
    if named { Match::ByName } else { Match::No }
}

fn begins_with_a_record(head: &[u8]) -> bool {
    let Some((record, payload)) = head.split_first_chunk::<RECORD_HEADER_LEN>() else {
        return false;
    };
    let record = RecordHeader::parse(*record);
    let Some(len) = record.payload_len() else { return false };
    match record.channel {
        DATA => HeaderView::new(payload).is_some_and(|header| {
            let needed = HEADER_LEN as u64 + 4 * u64::from(header.number_of_channels());
            header.protocol_version() == 1 && u64::from(len) >= needed
        }),
        METADATA => {
            let text = &payload[..payload.len().min(len as usize).min(16)];
            text.len() > 3
                && text.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t' | b'\r'))
        }
        _ => false,
    }
}

/// The first piece of the run that `path` belongs to, when `path` is a later piece of it.
///
/// A search through folders opens a run once, by its first piece.
pub fn first_piece_before(path: &Path) -> Option<PathBuf> {
    let (bare, _) = split(path)?;
    if !ends_like_a_run(&bare.file_name()?.to_string_lossy()) {
        return None;
    }
    let first = Pieces::of(path).ok()?.paths.into_iter().next()?;
    (first != path).then_some(first)
}

/// Whether `path` is the name that the pieces of a run have in common: not a file itself.
pub fn is_bare_name(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    !path.exists()
        && ends_like_a_run(name)
        && Pieces::of(path).is_ok_and(|pieces| !pieces.paths.is_empty())
}

fn ends_like_a_run(bare: &str) -> bool {
    bare.to_ascii_lowercase().ends_with(".dat")
}

/// Frames of files from before Rogue 4: 128 bytes of header and 528 samples, without records.
const LEGACY_FRAME: usize = 2240;

/// Whether a file of `length` bytes begins like those from before Rogue 4: whole frames of 2240
/// bytes, each with the same first words.
pub fn is_legacy(head: &[u8], length: u64) -> bool {
    let Some(first) = head.first_chunk::<8>() else { return false };
    let [version, _, _, _, channels @ ..] = *first;
    let channels = u32::from_le_bytes(channels);
    let frames = head.chunks(LEGACY_FRAME).filter(|frame| frame.len() >= 8);
    length > 0
        && length.is_multiple_of(LEGACY_FRAME as u64)
        && version <= 1
        && (1..=528).contains(&channels)
        && !begins_with_a_record(head)
        && frames.clone().all(|frame| frame[..8] == *first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
    }

    #[test]
    fn real_runs_are_told_by_their_first_record() {
        for name in
            ["basic.dat", "split.dat.3", "padded.dat", "tree.dat", "meta_only.dat", "errors.dat"]
        {
            let bytes = std::fs::read(data(name)).unwrap();
            assert_eq!(
                detect(&bytes[..bytes.len().min(512)], Some("any name")),
                Match::ByContent,
                "{name}"
            );
        }
        assert_eq!(detect(b"", Some("empty.dat")), Match::ByName);
        assert_eq!(detect(b"", Some("run.dat.7")), Match::ByName);
        assert_eq!(detect(b"hello, this is text", Some("notes.txt")), Match::No);
        assert_eq!(detect(&[0; 512], Some("zeros.bin")), Match::No);
    }

    #[test]
    fn later_pieces_lead_to_the_first_and_the_bare_name_to_all() {
        assert_eq!(first_piece_before(&data("split.dat.3")), Some(data("split.dat.1")));
        assert_eq!(first_piece_before(&data("split.dat.1")), None);
        assert_eq!(first_piece_before(&data("basic.dat")), None);
        assert!(is_bare_name(&data("split.dat")) && !is_bare_name(&data("basic.dat")));
    }
}
