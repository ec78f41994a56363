//! npy: one array behind a header that is a Python dictionary.
//!
//! Source: `numpy.lib.format`, NEP 1. The array has no name in the file: it is called like the file,
//! without its extension. `numpy.save` into an open file puts one array behind the other; the first is
//! read, as `numpy.load` does, and what lies behind it is noted.

use std::path::Path;

use gnz::Object;
use wavekeep_core::{Error, FormatInfo, Match, Note, NoteKind, Report, array_bytes};

use super::npy_header::{HEADER_BYTES, MAGIC, NpyHeader};
use super::{ArrayFile, ArrayFormat, ArrayLimits, Entry, Held, Unmapped, decode_error, source_of};
use crate::OpenError;

/// The plug.
pub(crate) struct Npy;

static INFO: FormatInfo = FormatInfo { id: "npy", name: "NumPy array", file_names: &["*.npy"] };

impl ArrayFormat for Npy {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn detect(&self, head: &[u8], _: Option<&str>) -> Match {
        if head.starts_with(&MAGIC) { Match::ByContent } else { Match::No }
    }

    fn open(&self, path: &Path, _: &ArrayLimits) -> Result<ArrayFile, OpenError> {
        let mut file = Unmapped::open(path)?;
        let head = file.read(HEADER_BYTES)?;
        let map = file.map()?;
        let name = path.file_stem().map_or_else(|| "array".into(), |stem| stem.to_string_lossy());
        let entry =
            entry(&name, 0, &head, map.len()).map_err(|source| decode_error(path, source))?;
        let mut report = Report::default();
        let end = entry.range.end;
        if end < map.len() {
            report.push(behind(&map[end..], map.len() - end).at(end as u64));
        }
        Ok(ArrayFile {
            format: &INFO,
            source: source_of(path, map.len() as u64),
            entries: vec![entry],
            held: Held::Mapped(map),
            metadata: Object::new(),
            report,
        })
    }
}

/// The array `name` that begins an npy file of `len` bytes, which begins with `head`; it is member
/// number `member` of what is held. Bytes behind it are the caller's to note.
pub(super) fn entry(name: &str, member: usize, head: &[u8], len: usize) -> Result<Entry, Error> {
    let NpyHeader { dtype, item_size, order, shape, end } = NpyHeader::read(head)?;
    let there = len.saturating_sub(end);
    let needed = array_bytes(&shape, item_size);
    let Some(needed) = needed.filter(|needed| *needed <= there) else {
        return Err(Error::Malformed {
            offset: end as u64,
            field: "elements".into(),
            expected: match needed {
                Some(needed) => format!("{needed} bytes"),
                None => "a shape that memory can hold".to_owned(),
            }
            .into(),
            found: format!("{there} bytes for {dtype} of shape {shape:?}"),
        });
    };
    Ok(Entry { name: name.to_owned(), dtype, order, shape, member, range: end..end + needed })
}

/// A note on as many `bytes` that follow an array and belong to nothing; they begin with `head`.
pub(super) fn behind(head: &[u8], bytes: usize) -> Note {
    let (code, what) = match head.starts_with(&MAGIC) {
        true => (
            "npy_second_array",
            "a second array behind the first was left out, with all that follows",
        ),
        false => ("npy_bytes_behind", "what follows the array was left out"),
    };
    Note::new(NoteKind::Damage, code, format!("{what}: {bytes} bytes"))
}
