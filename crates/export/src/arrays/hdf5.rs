//! HDF5: one contiguous dataset an array, metadata as attributes of the root.
//!
//! | elements | dataset | as h5py shows it |
//! |---|---|---|
//! | integers, floats | the same, in either byte order | the same |
//! | truth values | enumeration of FALSE and TRUE | bool |
//! | complex | compound of `r` and `i` | complex |
//! | `\|S` | text of a fixed length | bytes |
//! | `<U` | the same text in UTF-8, of a fixed length | bytes; `.asstr()` gives text |
//! | dates and spans | int64, with numpy's type string as attribute `dtype` | `.view(dataset.attrs["dtype"])` gives dates |
//! | `\|V` | opaque | void |
//!
//! Attributes of the root are the keys of the metadata whose values are text, truth values or
//! numbers; `metadata` has all of it as JSON.

use std::borrow::Cow;
use std::io::Write;

use gnz::{ByteOrder, Dtype, Kind, Object, Value};

use super::ArrayTarget;
use super::elements::{WrittenOrder, write_row_major};
use super::text::utf8;
use super::typed::Typed;
use crate::ExportError;
use crate::hdf5::datatype::ElementKind;
use crate::hdf5::name_fault;
use crate::hdf5::store::{Attribute, Finished, RustHdf5, Store, Stored};

const TARGET: ArrayTarget = ArrayTarget::Hdf5;
/// Axes that a dataset can have.
const MOST_AXES: usize = 32;
/// Longest name of an attribute in bytes: its message has 64 KiB for the name and all else.
const NAME_BYTES: usize = 1024;
/// The attribute with all metadata.
const METADATA: &str = "metadata";

pub(super) fn write(
    arrays: &[Typed<'_>],
    metadata: &Object,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    let kinds = arrays.iter().map(kind).collect::<Result<Vec<_>, _>>()?;
    let json = Value::from(metadata.clone()).to_string();
    let failed = |message| ExportError::Library { target: TARGET.word(), message };
    let mut store = RustHdf5::create().map_err(failed)?;
    for (typed, kind) in arrays.iter().zip(kinds) {
        let bytes = elements(typed, kind)?;
        dataset(&mut store, typed, kind, &bytes).map_err(failed)?;
    }
    let file = attributes(store, metadata, &json).map_err(failed)?;
    file.copy_to(out)?;
    Ok(())
}

/// What the elements are in the file; an error when it has no such type or no such name.
fn kind(typed: &Typed<'_>) -> Result<ElementKind, ExportError> {
    if let Some(why) = name_fault(typed.name()) {
        let shown: String = typed.name().chars().take(40).collect();
        return Err(ExportError::unrepresentable(
            TARGET,
            format!("an array called {shown:?}, {why}"),
            "rename the array, or write npz or gnz",
        ));
    }
    typed.check_axes(TARGET, MOST_AXES)?;
    let dtype = typed.dtype(TARGET)?;
    let is_big_endian = dtype.byte_order() == ByteOrder::Big;
    // Sizes of elements are below 2^31.
    let bytes = dtype.item_size() as u32;
    if bytes == 0 {
        return Err(typed.refused(TARGET, "write npz or gnz, which hold elements of no bytes"));
    }
    Ok(match dtype.kind() {
        Kind::Bool => ElementKind::Bool,
        Kind::Int | Kind::Datetime | Kind::Timedelta => {
            ElementKind::Integer { bytes, is_signed: true, is_big_endian }
        }
        Kind::Uint => ElementKind::Integer { bytes, is_signed: false, is_big_endian },
        Kind::Float if bytes <= 8 => ElementKind::Float { bytes, is_big_endian },
        Kind::Complex if bytes <= 16 => {
            ElementKind::Complex { float_bytes: bytes / 2, is_big_endian }
        }
        Kind::Bytes => ElementKind::Text { bytes, is_utf8: false },
        // A code point takes four bytes in either encoding at most.
        Kind::Unicode => ElementKind::Text { bytes, is_utf8: true },
        Kind::Void => ElementKind::Opaque { bytes },
        Kind::Float | Kind::Complex => {
            let advice = "long double differs between machines: convert it to f8 where it was made, or write npz or gnz";
            return Err(typed.refused(TARGET, advice));
        }
    })
}

/// The elements in row-major order as the file has them.
fn elements<'a>(typed: &Typed<'a>, kind: ElementKind) -> Result<Cow<'a, [u8]>, ExportError> {
    let dtype = typed.dtype(TARGET)?;
    let mut bytes = if typed.is_row_major() {
        Cow::Borrowed(typed.array.bytes)
    } else {
        let mut rows = Vec::new();
        write_row_major(typed, dtype, WrittenOrder::Stored, &mut rows)?;
        Cow::Owned(rows)
    };
    match kind {
        ElementKind::Bool if bytes.iter().any(|byte| *byte > 1) => {
            bytes.to_mut().iter_mut().for_each(|byte| *byte = u8::from(*byte != 0));
        }
        ElementKind::Text { is_utf8: true, .. } => bytes = Cow::Owned(texts(typed, dtype, &bytes)?),
        _ => {}
    }
    Ok(bytes)
}

/// UTF-32 as UTF-8, each filled with zeros to the length that it had.
fn texts(typed: &Typed<'_>, dtype: &Dtype, bytes: &[u8]) -> Result<Vec<u8>, ExportError> {
    let mut all = Vec::with_capacity(bytes.len());
    for element in bytes.chunks_exact(dtype.item_size()) {
        let end = all.len() + element.len();
        let text = utf8(element, dtype.byte_order());
        let text = text
            .ok_or_else(|| typed.refused(TARGET, "it holds what is not text: write npz or gnz"))?;
        all.extend_from_slice(text.as_bytes());
        all.resize(end, 0);
    }
    Ok(all)
}

fn dataset(store: &mut impl Store, typed: &Typed<'_>, kind: ElementKind, bytes: &[u8]) -> Stored {
    let path = format!("/{}", typed.name());
    store.elements(&path, kind, typed.array.shape, bytes)?;
    if typed.array.dtype.contains(['M', 'm']) {
        store.attribute(&path, "dtype", Attribute::Text(typed.array.dtype))?;
    }
    Ok(())
}

fn attributes(mut store: impl Store, metadata: &Object, json: &str) -> Stored<Finished> {
    if metadata.is_empty() {
        return store.finish();
    }
    for (key, value) in metadata.iter() {
        // What has no place as an attribute of its own stands in the JSON.
        if key.is_empty() || key.len() > NAME_BYTES || key.contains('\0') || key == METADATA {
            continue;
        }
        let attribute = match value {
            Value::String(text) if !text.contains('\0') => Attribute::Text(text),
            Value::Bool(flag) => Attribute::Flag(*flag),
            Value::Float(number) => Attribute::Real(*number),
            Value::Integer(number) => match number.to_i64() {
                Some(number) => Attribute::Integer(number),
                None => continue,
            },
            _ => continue,
        };
        store.attribute("/", key, attribute)?;
    }
    store.attribute("/", METADATA, Attribute::Text(json))?;
    store.finish()
}
