//! Whether some bytes begin like a run. There is no magic: the first record has to make sense.

use std::path::{Path, PathBuf};

use wavekeep_core::{FormatInfo, Match};

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
    let named =
        name.is_some_and(|name| split_number(name).0.to_ascii_lowercase().ends_with(".dat"));
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

/// `run.dat.12` as `run.dat` and 12.
fn split_number(name: &str) -> (&str, Option<u64>) {
    let numbered =
        name.rsplit_once('.').and_then(|(bare, number)| Some((bare, number.parse().ok()?)));
    numbered.map_or((name, None), |(bare, number)| (bare, Some(number)))
}

/// The first piece of the run that `path` belongs to, when `path` is a later piece of it.
///
/// Whoever searches folders opens a run once, by its first piece.
pub fn first_piece_before(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let (bare, number) = split_number(name);
    let first = path.with_file_name(format!("{bare}.1"));
    (number? > 1 && bare.to_ascii_lowercase().ends_with(".dat") && first.is_file()).then_some(first)
}

/// Whether `path` is the name that the pieces of a run have in common: not a file itself.
pub fn is_bare_name(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    !path.exists() && path.with_file_name(format!("{name}.1")).is_file()
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
