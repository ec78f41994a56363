//! npy: one array behind a header that is a Python dictionary.
//!
//! Source: `numpy.lib.format`, NEP 1. The array has no name in the file: it is called like the file,
//! without its extension.

use std::ops::Range;
use std::path::Path;

use gnz::Object;
use wavekeep_core::{Error, FormatInfo, Match, Report, array_bytes};

use super::npy_header::{MAGIC, NpyHeader};
use super::{ArrayFile, ArrayFormat, ArrayLimits, Entry, Held, decode_error, mapped, source_of};
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
        let bytes = mapped(path)?;
        let name = path.file_stem().map_or_else(|| "array".into(), |stem| stem.to_string_lossy());
        let entry =
            entry(&name, 0, &bytes, bytes.len()).map_err(|source| decode_error(path, source))?;
        Ok(ArrayFile {
            format: &INFO,
            source: source_of(path, bytes.len() as u64),
            entries: vec![entry],
            held: Held::Mapped(bytes),
            metadata: Object::new(),
            report: Report::default(),
        })
    }
}

/// The array `name` that an npy file of `len` bytes consists of, which begins with `head`; it is member
/// number `member` of what is held.
pub(super) fn entry(name: &str, member: usize, head: &[u8], len: usize) -> Result<Entry, Error> {
    let header = NpyHeader::read(head)?;
    let range = data(&header, len)?;
    let NpyHeader { dtype, order, shape, .. } = header;
    Ok(Entry { name: name.to_owned(), dtype: dtype.to_string(), order, shape, member, range })
}

/// Where the elements lie, which has to be all the rest of the file.
fn data(header: &NpyHeader, len: usize) -> Result<Range<usize>, Error> {
    let needed = array_bytes(&header.shape, header.dtype.item_size());
    let there = len - header.end;
    match needed {
        Some(needed) if needed == there => Ok(header.end..len),
        _ => Err(Error::Malformed {
            offset: header.end as u64,
            field: "elements".into(),
            expected: match needed {
                Some(needed) => format!("{needed} bytes"),
                None => "a shape that memory can hold".to_owned(),
            }
            .into(),
            found: format!("{there} bytes for {} of shape {:?}", header.dtype, header.shape),
        }),
    }
}
