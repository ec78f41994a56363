//! How an array is stored: the type of its elements, its chunks and shards, and its document.

use gnz::Kind;
use serde_json::{Map, Value, json};

use super::{SHARD_BYTES, SHARDS_AT_ONCE, TARGET, ZSTD_LEVEL};
use crate::dataset::Variable;
use crate::{ExportError, ExportOptions};

/// How the elements of an array are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    /// A type of numbers, and its value where nothing was written.
    Plain(&'static str, Fill),
    Text,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fill {
    False,
    Zero,
    NaN,
    ComplexNaN,
}

impl Type {
    pub(super) fn of(variable: &Variable<'_>) -> Result<Self, ExportError> {
        let dtype = variable.dtype(TARGET)?;
        if dtype.item_size() == 0 {
            let advice = "write npz or gnz, which hold elements of no bytes";
            return Err(variable.refused(TARGET, advice));
        }
        let word = match (dtype.kind(), dtype.item_size()) {
            (Kind::Bool, _) => return Ok(Self::Plain("bool", Fill::False)),
            (Kind::Float, 2) => return Ok(Self::Plain("float16", Fill::NaN)),
            (Kind::Float, 4) => return Ok(Self::Plain("float32", Fill::NaN)),
            (Kind::Float, 8) => return Ok(Self::Plain("float64", Fill::NaN)),
            (Kind::Complex, 8) => return Ok(Self::Plain("complex64", Fill::ComplexNaN)),
            (Kind::Complex, 16) => return Ok(Self::Plain("complex128", Fill::ComplexNaN)),
            (Kind::Unicode | Kind::Bytes, _) => return Ok(Self::Text),
            (Kind::Int, 1) => "int8",
            (Kind::Int, 2) => "int16",
            (Kind::Int, 4) => "int32",
            (Kind::Int | Kind::Datetime | Kind::Timedelta, _) => "int64",
            (Kind::Uint, 1) => "uint8",
            (Kind::Uint, 2) => "uint16",
            (Kind::Uint, 4) => "uint32",
            (Kind::Uint, _) => "uint64",
            (Kind::Float | Kind::Complex | Kind::Void, _) => {
                let advice = "it has numbers, truth values, dates and text: write npz or hdf5";
                return Err(variable.refused(TARGET, advice));
            }
        };
        Ok(Self::Plain(word, Fill::Zero))
    }

    /// The document of an array, in chunks, and in shards where `shard` is one.
    pub(super) fn metadata(
        self,
        variable: &Variable<'_>,
        inner: &[usize],
        shard: Option<&[usize]>,
        options: &ExportOptions,
    ) -> Value {
        let (word, fill, bytes) = match self {
            Self::Text => {
                ("string", json!(""), json!({ "name": "vlen-utf8", "configuration": {} }))
            }
            Self::Plain(word, fill) => {
                let fill = match fill {
                    Fill::False => json!(false),
                    Fill::Zero => json!(0),
                    Fill::NaN => json!("NaN"),
                    Fill::ComplexNaN => json!(["NaN", "NaN"]),
                };
                (word, fill, json!({ "name": "bytes", "configuration": { "endian": "little" } }))
            }
        };
        let mut codecs = vec![bytes];
        if options.compress {
            let configuration = json!({ "level": ZSTD_LEVEL, "checksum": false });
            codecs.push(json!({ "name": "zstd", "configuration": configuration }));
        }
        if shard.is_some() {
            let little = json!({ "name": "bytes", "configuration": { "endian": "little" } });
            let configuration = json!({
                "chunk_shape": inner,
                "codecs": codecs,
                "index_codecs": [little, { "name": "crc32c" }],
                "index_location": "end",
            });
            codecs = vec![json!({ "name": "sharding_indexed", "configuration": configuration })];
        }
        let mut document = json!({
            "zarr_format": 3,
            "node_type": "array",
            "shape": &*variable.shape,
            "data_type": word,
            "chunk_grid": {
                "name": "regular",
                "configuration": { "chunk_shape": shard.unwrap_or(inner) },
            },
            "chunk_key_encoding": { "name": "default", "configuration": { "separator": "/" } },
            "fill_value": fill,
            "codecs": codecs,
            "attributes": attributes(variable),
        });
        if !variable.dims.is_empty() {
            document["dimension_names"] = json!(&variable.dims);
        }
        document
    }
}

/// What an array says of itself.
fn attributes(variable: &Variable<'_>) -> Map<String, Value> {
    let mut attributes: Map<String, Value> = variable
        .attributes
        .iter()
        .map(|(name, value)| (name.clone().into_owned(), value.clone()))
        .collect();
    if let Some(unit) = &variable.unit {
        attributes.insert("units".to_owned(), json!(unit));
    }
    if let Some((dtype, units)) = variable.dates() {
        attributes.insert("dtype".to_owned(), json!(dtype));
        if let Some(units) = units {
            attributes.entry("units").or_insert(json!(units));
        }
    }
    if !variable.meanings.is_empty() {
        let values: Vec<usize> = (0..variable.meanings.len()).collect();
        attributes.insert("flag_values".to_owned(), json!(values));
        attributes.insert("flag_meanings".to_owned(), variable.meanings.join(" ").into());
    }
    attributes
}

/// The shape of the shards of an array in chunks of `inner`: first along the axes before the last, then
/// along it, as many chunks as make 32 MiB.
pub(super) fn shard_shape(
    shape: &[usize],
    inner: &[usize],
    item_size: usize,
    window: Option<usize>,
) -> Vec<usize> {
    if let (Some(frames), [rows @ .., _]) = (window, inner) {
        // A window is one shard in time, and some in rows.
        let mut shard = inner.to_vec();
        let last = shard.len() - 1;
        shard[last] = frames;
        let row: usize = rows.iter().product::<usize>() * frames * item_size.max(1);
        if let [length, _] = shape {
            let most = length.div_ceil(inner[0]);
            shard[0] *= (SHARD_BYTES / SHARDS_AT_ONCE / row.max(1)).clamp(1, most);
        }
        return shard;
    }
    let chunk: usize = inner.iter().product::<usize>() * item_size.max(1);
    let mut left = (SHARD_BYTES / chunk.max(1)).max(1);
    let mut shard = inner.to_vec();
    for axis in 0..shape.len() {
        let chunks = shape[axis].div_ceil(inner[axis]).clamp(1, left);
        shard[axis] *= chunks;
        left /= chunks;
    }
    shard
}
