//! safetensors: little-endian, row-major, one tensor behind the other.
//!
//! Tensors lie in falling order of their elements' sizes, so that each begins at a multiple of its
//! own, then by name: as the format's own writers have it. Metadata there is text by key: text stays
//! as it is, every other value becomes its JSON.
//!
//! Source: the format section of the safetensors README.

use std::cmp::Reverse;
use std::io::Write;

use gnz::{Dtype, Kind, Object, Value};

use super::ArrayTarget;
use super::elements::{WrittenOrder, write_row_major};
use super::typed::Typed;
use crate::ExportError;

const METADATA: &str = "__metadata__";
/// Readers refuse a longer header.
const HEADER_BYTES: usize = 100_000_000;
/// Tensors of a type that numpy does not have are carried from safetensors to safetensors.
const FOREIGN: [&str; 9] = [
    "BF16",
    "F8_E5M2",
    "F8_E4M3",
    "F8_E8M0",
    "F8_E4M3FNUZ",
    "F8_E5M2FNUZ",
    "F6_E2M3",
    "F6_E3M2",
    "F4",
];

struct Tensor<'t, 'a> {
    typed: &'t Typed<'a>,
    word: &'static str,
    /// Bytes of an element; 1 for those of less.
    size: usize,
}

pub(super) fn write(
    arrays: &[Typed<'_>],
    metadata: &Object,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    let mut tensors = arrays.iter().map(tensor).collect::<Result<Vec<_>, _>>()?;
    tensors.sort_by_key(|tensor| (Reverse(tensor.size), tensor.typed.name()));
    let header = header(&tensors, metadata);
    if header.len() > HEADER_BYTES {
        return Err(ExportError::unrepresentable(
            ArrayTarget::Safetensors,
            format!("{} bytes of names and metadata", header.len()),
            "write gnz",
        ));
    }
    out.write_all(&(header.len() as u64).to_le_bytes())?;
    out.write_all(header.as_bytes())?;
    for tensor in tensors {
        match tensor.typed.dtype(ArrayTarget::Safetensors) {
            Ok(dtype) => write_row_major(tensor.typed, dtype, WrittenOrder::LittleEndian, out)?,
            Err(_) => out.write_all(tensor.typed.array.bytes)?,
        }
    }
    Ok(())
}

fn tensor<'t, 'a>(typed: &'t Typed<'a>) -> Result<Tensor<'t, 'a>, ExportError> {
    let target = ArrayTarget::Safetensors;
    if typed.name() == METADATA {
        return Err(ExportError::unrepresentable(
            target,
            format!("an array called {METADATA:?}, which is its word for metadata"),
            "rename the array",
        ));
    }
    let (word, size) = match typed.dtype(target) {
        Ok(dtype) => (numpy_word(dtype), dtype.item_size()),
        Err(_) => {
            let word = FOREIGN.into_iter().find(|word| *word == typed.array.dtype);
            (word, if word == Some("BF16") { 2 } else { 1 })
        }
    };
    let advice =
        "it has truth values, integers, floats and complex pairs of f4: write npz, hdf5 or gnz";
    let word = word.ok_or_else(|| typed.refused(target, advice))?;
    Ok(Tensor { typed, word, size })
}

fn numpy_word(dtype: &Dtype) -> Option<&'static str> {
    Some(match (dtype.kind(), dtype.item_size()) {
        (Kind::Bool, _) => "BOOL",
        (Kind::Uint, 1) => "U8",
        (Kind::Int, 1) => "I8",
        (Kind::Uint, 2) => "U16",
        (Kind::Int, 2) => "I16",
        (Kind::Float, 2) => "F16",
        (Kind::Uint, 4) => "U32",
        (Kind::Int, 4) => "I32",
        (Kind::Float, 4) => "F32",
        (Kind::Uint, 8) => "U64",
        (Kind::Int, 8) => "I64",
        (Kind::Float, 8) => "F64",
        (Kind::Complex, 8) => "C64",
        _ => return None,
    })
}

/// The JSON text, filled with spaces to a multiple of 8, so that the tensors begin at one.
fn header(tensors: &[Tensor<'_, '_>], metadata: &Object) -> String {
    let text = |text: &str| Value::from(text).to_string();
    let mut entries = Vec::new();
    if !metadata.is_empty() {
        let pairs: Vec<String> = metadata
            .iter()
            .map(|(key, value)| match value.as_str() {
                Some(content) => format!("{}:{}", text(key), text(content)),
                None => format!("{}:{}", text(key), text(&value.to_string())),
            })
            .collect();
        entries.push(format!("{}:{{{}}}", text(METADATA), pairs.join(",")));
    }
    let mut start = 0;
    for Tensor { typed, word, .. } in tensors {
        // The sum of lengths of slices that are in memory, mapped or not.
        let end = start + typed.array.bytes.len();
        let lengths: Vec<String> = typed.array.shape.iter().map(usize::to_string).collect();
        entries.push(format!(
            r#"{}:{{"dtype":"{word}","shape":[{}],"data_offsets":[{start},{end}]}}"#,
            text(typed.name()),
            lengths.join(","),
        ));
        start = end;
    }
    let mut header = format!("{{{}}}", entries.join(","));
    let padded = header.len().next_multiple_of(8);
    header.extend(std::iter::repeat_n(' ', padded - header.len()));
    header
}
