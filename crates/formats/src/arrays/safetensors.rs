//! safetensors: a JSON header, then the tensors without a gap between them.
//!
//! | bytes | content |
//! |---|---|
//! | 0..8 | u64 little-endian: length of the header |
//! | 8.. | JSON: name → `{"dtype", "shape", "data_offsets": [begin, end]}`; `__metadata__`: text → text; spaces |
//! | … | the tensors, little-endian, row-major; offsets count from here |
//!
//! Every byte belongs to exactly one tensor. Types that numpy has get its type string; the others
//! (`BF16`, `F8_E4M3`, …) keep the format's word.
//!
//! Source: the format section of the safetensors README. The header goes through the JSON reader of
//! GNZ, which bounds nesting and refuses a key that occurs twice, as the format asks for.

use std::ops::Range;
use std::path::Path;

use gnz::{Object, Value};
use wavekeep_core::{ArrayOrder, Cursor, Error, FormatInfo, Match, Report, Result, array_bytes};

use super::{ArrayFile, ArrayFormat, ArrayLimits, Entry, Held, Unmapped, decode_error, source_of};
use crate::OpenError;

/// The plug.
pub(crate) struct Safetensors;

static INFO: FormatInfo =
    FormatInfo { id: "safetensors", name: "safetensors file", file_names: &["*.safetensors"] };

/// Longest header. The format allows 100 MB; this is room for 100,000 tensors.
const HEADER_BYTES: u64 = 16 << 20;
const PREFIX: usize = 8;
const METADATA: &str = "__metadata__";

/// The format's words, numpy's type strings (or the same word), and bits of an element.
const DTYPES: [(&str, &str, usize); 22] = [
    ("BOOL", "|b1", 8),
    ("U8", "|u1", 8),
    ("I8", "|i1", 8),
    ("U16", "<u2", 16),
    ("I16", "<i2", 16),
    ("F16", "<f2", 16),
    ("U32", "<u4", 32),
    ("I32", "<i4", 32),
    ("F32", "<f4", 32),
    ("U64", "<u8", 64),
    ("I64", "<i8", 64),
    ("F64", "<f8", 64),
    ("C64", "<c8", 64),
    ("BF16", "BF16", 16),
    ("F8_E5M2", "F8_E5M2", 8),
    ("F8_E4M3", "F8_E4M3", 8),
    ("F8_E8M0", "F8_E8M0", 8),
    ("F8_E4M3FNUZ", "F8_E4M3FNUZ", 8),
    ("F8_E5M2FNUZ", "F8_E5M2FNUZ", 8),
    ("F6_E2M3", "F6_E2M3", 6),
    ("F6_E3M2", "F6_E3M2", 6),
    ("F4", "F4", 4),
];

impl ArrayFormat for Safetensors {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn detect(&self, head: &[u8], _: Option<&str>) -> Match {
        let mut cursor = Cursor::new(head);
        let len = cursor.array("length").map(u64::from_le_bytes);
        let fits = len.is_ok_and(|len| (2..=100_000_000).contains(&len));
        if fits && cursor.u8("header") == Ok(b'{') { Match::ByContent } else { Match::No }
    }

    fn open(&self, path: &Path, _: &ArrayLimits) -> std::result::Result<ArrayFile, OpenError> {
        let failed = |source| decode_error(path, source);
        let mut file = Unmapped::open(path)?;
        let prefix = file.read(PREFIX as u64)?;
        let text = file.read(text_length(&prefix).map_err(failed)?)?;
        let map = file.map()?;
        let header = Header::read(&[prefix, text].concat(), map.len()).map_err(failed)?;
        Ok(ArrayFile {
            format: &INFO,
            source: source_of(path, map.len() as u64),
            entries: header.entries,
            held: Held::Mapped(map),
            metadata: header.metadata,
            report: Report::default(),
        })
    }
}

/// Bytes of the JSON text of a file that begins with `head`.
fn text_length(head: &[u8]) -> Result<u64> {
    let len = u64::from_le_bytes(Cursor::new(head).array("length of the header")?);
    if len > HEADER_BYTES {
        return Err(Error::Limit {
            what: "length of the safetensors header in bytes".into(),
            limit: HEADER_BYTES,
            found: len,
            raise: "split the file",
        });
    }
    Ok(len)
}

struct Header {
    entries: Vec<Entry>,
    metadata: Object,
}

impl Header {
    /// Reads the header that `head` is, of a file of `len` bytes.
    fn read(head: &[u8], len: usize) -> Result<Self> {
        let text_length = text_length(head)?;
        let mut cursor = Cursor::within(head.get(PREFIX..).unwrap_or_default(), PREFIX as u64);
        // The limit is below what a `usize` holds.
        let text = cursor.take(text_length as usize, "header")?;
        let data = PREFIX + text.len();
        let value: Value = str::from_utf8(text)
            .map_err(|error| malformed("header", "UTF-8", error.to_string()))?
            .parse()
            .map_err(|error: gnz::Error| malformed("header", "JSON", error.to_string()))?;
        let object = value
            .as_object()
            .ok_or_else(|| malformed("header", "an object", "another value".to_owned()))?;

        let mut header = Self { entries: Vec::new(), metadata: Object::new() };
        for (name, value) in object.iter() {
            if name == METADATA {
                header.metadata = metadata(value)?;
            } else {
                header.entries.push(entry(name, value, data)?);
            }
        }
        header.entries.sort_by_key(|entry| (entry.range.start, entry.range.end));
        header.check(data, len)?;
        Ok(header)
    }

    /// Every byte behind the header belongs to exactly one tensor.
    fn check(&self, data: usize, len: usize) -> Result<()> {
        let mut end = data;
        for Entry { name, range, .. } in &self.entries {
            if range.start != end {
                let expected = format!("a beginning at byte {end}, where the one before it ends");
                let found = format!("{} of the file", range.start);
                return Err(malformed(&format!("tensor {name:?}"), &expected, found));
            }
            end = range.end;
        }
        if end == len {
            return Ok(());
        }
        let expected = format!("an end at byte {end}, where the last tensor ends");
        Err(malformed("file", &expected, format!("{len} bytes")))
    }
}

fn metadata(value: &Value) -> Result<Object> {
    let object = value
        .as_object()
        .filter(|object| object.iter().all(|(_, value)| value.as_str().is_some()))
        .ok_or_else(|| malformed(METADATA, "an object of text", value.to_string()))?;
    Ok(object.clone())
}

fn entry(name: &str, value: &Value, data: usize) -> Result<Entry> {
    let field = |what: &str| format!("tensor {name:?}, {what}");
    let shown = |key: &str| value.get(key).map_or("nothing".to_owned(), Value::to_string);
    let word = value.get("dtype").and_then(Value::as_str).unwrap_or_default();
    let (_, dtype, bits) = DTYPES
        .iter()
        .find(|(known, ..)| *known == word)
        .ok_or_else(|| malformed(&field("dtype"), "a type of the format", shown("dtype")))?;
    let shape = lengths(value.get("shape"))
        .ok_or_else(|| malformed(&field("shape"), "a list of lengths", shown("shape")))?;
    let range = match lengths(value.get("data_offsets")).as_deref() {
        // `data` is inside the file; what is past its end is found when all are compared.
        Some([start, end]) if start <= end => offset(data, *start, *end),
        _ => None,
    };
    let range = range.ok_or_else(|| {
        malformed(&field("data_offsets"), "[begin, end] in the file", shown("data_offsets"))
    })?;
    let bytes = tensor_length(&shape, *bits);
    if bytes != Some(range.len()) {
        let expected = match bytes {
            Some(bytes) => format!("{bytes} bytes for {word} of shape {shape:?}"),
            None => format!("a shape of whole bytes that memory can hold, unlike {shape:?}"),
        };
        let found = format!("{} bytes", range.len());
        return Err(malformed(&field("data_offsets"), &expected, found));
    }
    Ok(Entry {
        name: name.to_owned(),
        dtype: (*dtype).to_owned(),
        order: ArrayOrder::RowMajor,
        shape,
        member: 0,
        range,
    })
}

fn offset(data: usize, start: usize, end: usize) -> Option<Range<usize>> {
    Some(data.checked_add(start)?..data.checked_add(end)?)
}

fn lengths(value: Option<&Value>) -> Option<Vec<usize>> {
    let lengths = value?.as_list()?.iter();
    lengths.map(|value| usize::try_from(value.as_i64()?).ok()).collect()
}

/// Bytes of a tensor; `None` if it does not fill its last byte, or memory could not hold it.
fn tensor_length(shape: &[usize], bits: usize) -> Option<usize> {
    // Of elements of four bits, the half of those of a byte; so no product is larger than needed.
    let as_bytes = array_bytes(shape, bits.div_ceil(8))?;
    if bits >= 8 {
        return Some(as_bytes);
    }
    let bits = as_bytes.checked_mul(bits)?;
    bits.is_multiple_of(8).then_some(bits / 8)
}

fn malformed(field: &str, expected: &str, found: String) -> Error {
    Error::Malformed {
        offset: PREFIX as u64,
        field: field.to_owned().into(),
        expected: expected.to_owned().into(),
        found,
    }
}
