//! safetensors: little-endian, row-major, one tensor behind the other.
//!
//! Tensors lie in falling order of their elements' sizes, so that each begins at a multiple of its
//! own, then by name: as the format's own writers have it. Metadata there is text by key: text stays
//! as it is, every other value becomes its JSON. What is missing of an event is NaN.
//!
//! Source: the format section of the safetensors README.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::io::Write;

use gnz::{Dtype, Kind, Object, Value};

use crate::dataset::{Dataset, Elements, Variable};
use crate::elements::{WrittenOrder, write_row_major};
use crate::{ExportError, Target};

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
    variable: &'t Variable<'a>,
    name: Cow<'t, str>,
    word: &'static str,
    /// Bytes of an element; 1 for those of less.
    size: usize,
}

pub(crate) fn write(dataset: &Dataset<'_>, out: &mut dyn Write) -> Result<(), ExportError> {
    let mut tensors = dataset.variables.iter().map(tensor).collect::<Result<Vec<_>, _>>()?;
    tensors.sort_by(|one, other| {
        (Reverse(one.size), &one.name).cmp(&(Reverse(other.size), &other.name))
    });
    let header = header(&tensors, &dataset.attributes);
    if header.len() > HEADER_BYTES {
        return Err(ExportError::unrepresentable(
            Target::Safetensors,
            format!("{} bytes of names and metadata", header.len()),
            "write gnz",
        ));
    }
    out.write_all(&(header.len() as u64).to_le_bytes())?;
    out.write_all(header.as_bytes())?;
    for tensor in tensors {
        write_row_major(tensor.variable, WrittenOrder::LittleEndian, out)?;
    }
    Ok(())
}

fn tensor<'t, 'a>(variable: &'t Variable<'a>) -> Result<Tensor<'t, 'a>, ExportError> {
    let name = variable.flat_name();
    if name == METADATA {
        return Err(ExportError::unrepresentable(
            Target::Safetensors,
            format!("an array called {METADATA:?}, which is its word for metadata"),
            "rename the array",
        ));
    }
    let (word, size) = match &variable.elements {
        Elements::Numpy(dtype) => (numpy_word(dtype), dtype.item_size()),
        Elements::Structured(_) => (None, 1),
        Elements::Foreign(dtype) => {
            let word = FOREIGN.into_iter().find(|word| **word == **dtype);
            (word, if word == Some("BF16") { 2 } else { 1 })
        }
    };
    let advice =
        "it has truth values, integers, floats and complex pairs of f4: write npz, hdf5 or gnz";
    let word = word.ok_or_else(|| variable.refused(Target::Safetensors, advice))?;
    Ok(Tensor { variable, name, word, size })
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
    for Tensor { variable, name, word, size } in tensors {
        // Elements that are in memory, mapped, or made of such.
        let bytes = variable.lying_bytes().map_or(variable.len() * size, <[u8]>::len);
        let end = start + bytes;
        let lengths: Vec<String> = variable.shape.iter().map(usize::to_string).collect();
        entries.push(format!(
            r#"{}:{{"dtype":"{word}","shape":[{}],"data_offsets":[{start},{end}]}}"#,
            text(name),
            lengths.join(","),
        ));
        start = end;
    }
    let mut header = format!("{{{}}}", entries.join(","));
    let padded = header.len().next_multiple_of(8);
    header.extend(std::iter::repeat_n(' ', padded - header.len()));
    header
}
