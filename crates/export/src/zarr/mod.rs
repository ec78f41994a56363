//! Zarr, version 3: a folder with an array for each array, in chunks that are compressed with zstd.
//!
//! | object | what it is |
//! |---|---|
//! | arrays | as HDF5 has them (see [`hdf5`](crate::hdf5)): the same names, units and dimensions, the last as `dimension_names`; names with `/` are groups |
//! | `gaps` of an event | int64 `[gap, 3]`: number of the channel, first missing value, how many; not there when nothing is missing |
//! | attributes of the root | the facts of an event, the metadata of all else |
//!
//! A large array lies in shards of up to 32 MiB, all rows of some time; each has inner chunks of a
//! megabyte that are read alone. Dates are int64 with CF's `units`, which xarray reads as dates; text is
//! `string`. A type that the format does not have is refused.
//!
//! The folder has its name when it is complete. What an interrupted run left of it
//! (`.NAME.wavekeep-part`) is gone on with by the next run: shards of the same values are kept.
//!
//! Sources: the Zarr specification, version 3; xarray's encoding of Zarr.

mod folder;

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use gnz::{ByteOrder, Dtype, Kind};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use serde_json::{Map, Value, json};
use zarrs::array::{Array, ArrayBytes, ArrayMetadata, CodecOptions};
use zarrs::filesystem::FilesystemStore;
use zarrs::group::GroupBuilder;

use crate::chunks::{Grid, chunk_of_windows, chunk_shape};
use crate::dataset::{Dataset, Origin, Variable};
use crate::gnz::rows;
use crate::hdf5::dates;
use crate::metadata::json_object;
use crate::stream::windows::{Feed, Window};
use crate::table::text::{trimmed, utf8};
use crate::{ExportError, ExportOptions, Target};
use folder::Unfinished;

const TARGET: Target = Target::Zarr;
/// Bytes of a shard before it is compressed.
const SHARD_BYTES: usize = 32 << 20;
/// Shards that are compressed at the same time: memory for them is bounded.
const SHARDS_AT_ONCE: usize = 4;
/// Strength of zstd: 1 to 22.
const ZSTD_LEVEL: i32 = 1;
/// Longest name of a folder, in bytes.
const NAME_BYTES: usize = 255;
/// What the format's own files are called.
const RESERVED: &str = "zarr.json";

/// Writes the folder `path`.
pub(crate) fn write_at(
    dataset: &Dataset<'_>,
    options: &ExportOptions,
    path: &Path,
    overwrite: bool,
) -> Result<(), ExportError> {
    write(dataset, options, path, overwrite, None)
}

/// Writes the folder `path` of a stream that `feed` gives in windows of `frames`.
pub(crate) fn write_windows(
    layout: &Dataset<'_>,
    options: &ExportOptions,
    path: &Path,
    overwrite: bool,
    frames: usize,
    feed: &mut Feed<'_>,
) -> Result<(), ExportError> {
    write(layout, options, path, overwrite, Some((frames, feed)))
}

fn write(
    dataset: &Dataset<'_>,
    options: &ExportOptions,
    path: &Path,
    overwrite: bool,
    windows: Option<(usize, &mut Feed<'_>)>,
) -> Result<(), ExportError> {
    let gaps = gaps(dataset);
    let variables: Vec<&Variable<'_>> = dataset.variables.iter().chain(gaps.as_ref()).collect();
    let names: Vec<String> = variables.iter().map(|it| name(it)).collect::<Result<_, _>>()?;
    let types: Vec<Type> = variables.iter().map(|it| Type::of(it)).collect::<Result<_, _>>()?;
    refuse_clashes(&names)?;

    let mut folder = Unfinished::begin(path, overwrite)?;
    folder.keep_only(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
    let store = Arc::new(FilesystemStore::new(folder.path()).map_err(failed)?);
    groups(&store, dataset, &names)?;
    // Each shard is synced by the thread that stores it: others compress meanwhile, also on one processor.
    let threads = ThreadPoolBuilder::new().num_threads(SHARDS_AT_ONCE).build().map_err(failed)?;
    let frames = windows.as_ref().map(|(frames, _)| *frames);
    let mut later = Vec::new();
    for ((variable, name), element) in variables.into_iter().zip(&names).zip(&types) {
        let frames = frames.filter(|_| variable.comes_later());
        let stored =
            StoredArray::create(&store, &mut folder, variable, name, *element, options, frames)?;
        if variable.comes_later() {
            later.push(stored);
        } else {
            let shards = (0..stored.grid.len())
                .map(|number| stored.shard(variable, &stored.grid, number, number));
            store_all(&threads, &mut folder, &shards.collect::<Vec<_>>())?;
        }
    }
    if let Some((_, feed)) = windows {
        feed(&mut |window: &Window<'_>| {
            let grids =
                later.iter().zip(&window.variables).map(|(it, part)| it.grid.over(&part.shape));
            let grids: Vec<Grid<'_>> = grids.collect();
            let mut shards = Vec::new();
            for ((stored, part), grid) in later.iter().zip(&window.variables).zip(&grids) {
                let number = |number| stored.grid.number_in_window(grid, number, window.first);
                shards.extend(
                    (0..grid.len()).map(|local| stored.shard(part, grid, local, number(local))),
                );
            }
            store_all(&threads, &mut folder, &shards)
        })?;
    }
    folder.finish()
}

/// Removes what a run left of `path` that nothing is of use of: its stream changed meanwhile.
pub(crate) fn abandon(path: &Path) -> Result<(), ExportError> {
    folder::abandon(path)
}

fn failed(error: impl std::fmt::Display) -> ExportError {
    ExportError::Library { target: TARGET.word(), message: error.to_string() }
}

/// The gaps of an event as an array.
fn gaps<'a>(dataset: &Dataset<'_>) -> Option<Variable<'a>> {
    if dataset.gaps.is_empty() {
        return None;
    }
    let bytes = rows(&dataset.gaps);
    let mut gaps = Variable::made("gaps", Dtype::parse("<i8")?, bytes.len() / 8, move |_, out| {
        out.extend_from_slice(&bytes);
        Ok(())
    });
    gaps.shape = Cow::Owned(vec![dataset.gaps.len(), 3]);
    gaps.dims = vec!["gap".into(), "gap_column".into()];
    let long_name = "missing samples or intervals: number of the channel, first, count";
    gaps.attributes = vec![("long_name".into(), long_name.into())];
    Some(gaps)
}

/// Where an array stands below the root.
fn name(variable: &Variable<'_>) -> Result<String, ExportError> {
    let name = match &variable.group {
        None => variable.name.to_string(),
        Some(group) => format!("{group}/{}", variable.name),
    };
    let parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty()).collect();
    let is_bad = |part: &&str| {
        matches!(*part, "." | ".." | RESERVED)
            || part.starts_with("__")
            || part.contains(['\0', '\\', ':'])
            || part.len() > NAME_BYTES
    };
    if parts.is_empty() || parts.iter().any(is_bad) {
        let shown: String = name.chars().take(40).collect();
        return Err(ExportError::unrepresentable(
            TARGET,
            format!("an array called {shown:?}, which is no name of a folder"),
            "rename the array or the channel, or write npz or gnz",
        ));
    }
    Ok(parts.join("/"))
}

fn refuse_clashes(names: &[String]) -> Result<(), ExportError> {
    for (place, name) in names.iter().enumerate() {
        let within = format!("{name}/");
        let same = |(at, other): (usize, &String)| {
            at != place && (other == name || other.starts_with(&within))
        };
        if names.iter().enumerate().any(same) {
            return Err(ExportError::unrepresentable(
                TARGET,
                format!("an array called {name:?}, where another array has its place"),
                "rename one of them, or write npz or gnz",
            ));
        }
    }
    Ok(())
}

/// Writes the root with the metadata, and the groups that names lead through.
fn groups(
    store: &Arc<FilesystemStore>,
    dataset: &Dataset<'_>,
    names: &[String],
) -> Result<(), ExportError> {
    let mut attributes = match json_object(&dataset.attributes) {
        Value::Object(attributes) => attributes,
        _ => Map::new(),
    };
    if !matches!(dataset.origin, Origin::Arrays) {
        attributes.insert("Conventions".to_owned(), "CF-1.11".into());
    }
    let group = |path: &str, attributes: Map<String, Value>| {
        let mut builder = GroupBuilder::new();
        builder.attributes(attributes);
        let group = builder.build(Arc::clone(store), path).map_err(failed)?;
        group.store_metadata().map_err(failed)
    };
    group("/", attributes)?;
    for name in names {
        for (end, _) in name.match_indices('/') {
            group(&format!("/{}", &name[..end]), Map::new())?;
        }
    }
    Ok(())
}

/// How the elements of an array are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    /// A type of numbers, and its value where nothing was written.
    Plain(&'static str, Fill),
    Text,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fill {
    False,
    Zero,
    NaN,
    ComplexNaN,
}

impl Type {
    fn of(variable: &Variable<'_>) -> Result<Self, ExportError> {
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
    fn metadata(
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
    if let Some((dtype, units)) = dates(variable) {
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
fn shard_shape(
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

/// An array whose metadata is written.
struct StoredArray<'v> {
    array: Array<FilesystemStore>,
    grid: Grid<'v>,
    name: &'v str,
    element: Type,
}

/// A shard, or a chunk, that is to be stored.
struct Shard<'s> {
    stored: &'s StoredArray<'s>,
    variable: &'s Variable<'s>,
    /// Where it lies in `variable`.
    grid: &'s Grid<'s>,
    local: usize,
    /// Its number in the array.
    number: usize,
}

impl<'v> StoredArray<'v> {
    fn create(
        store: &Arc<FilesystemStore>,
        folder: &mut Unfinished,
        variable: &'v Variable<'_>,
        name: &'v str,
        element: Type,
        options: &ExportOptions,
        window: Option<usize>,
    ) -> Result<Self, ExportError> {
        let shape = &*variable.shape;
        let size = variable.elements.item_size().unwrap_or(1);
        let inner = match window {
            Some(frames) => chunk_of_windows(shape, size, frames),
            None => chunk_shape(shape, size),
        };
        let is_one = shape.iter().zip(&inner).all(|(length, chunk)| length <= chunk);
        let shard =
            (!is_one && element != Type::Text).then(|| shard_shape(shape, &inner, size, window));
        let document = element.metadata(variable, &inner, shard.as_deref(), options).to_string();

        folder.begin_array(name, gnz::checksum(document.as_bytes()))?;
        let metadata: ArrayMetadata = serde_json::from_str(&document).map_err(failed)?;
        let array = Array::new_with_metadata(Arc::clone(store), &format!("/{name}"), metadata);
        let array = array.map_err(failed)?;
        array.store_metadata().map_err(failed)?;
        Ok(Self { array, grid: Grid::new(shape, shard.unwrap_or(inner)), name, element })
    }

    fn shard<'s>(
        &'s self,
        variable: &'s Variable<'_>,
        grid: &'s Grid<'s>,
        local: usize,
        number: usize,
    ) -> Shard<'s> {
        Shard { stored: self, variable, grid, local, number }
    }
}

impl Shard<'_> {
    /// Stores it, and gives its checksum; `None` when an interrupted run did that.
    fn store(&self, folder: &Unfinished) -> Result<Option<u32>, ExportError> {
        let mut chunk = self.grid.gather(self.variable, self.local)?;
        let checksum = gnz::checksum(&chunk);
        if folder.is_done(self.stored.name, self.number, checksum) {
            return Ok(None);
        }
        let bytes = match self.stored.element {
            Type::Text => texts(self.variable, &chunk)?,
            Type::Plain(..) => {
                to_native(self.variable, &mut chunk);
                ArrayBytes::new_flen(chunk)
            }
        };
        let place = self.stored.grid.place(self.number);
        let place: Vec<u64> = place.into_iter().map(|at| at as u64).collect();
        // A shard that several threads put together has its chunks in the order in which they end: the
        // same values would make different files. Shards are put together by a thread each.
        let options = CodecOptions::default().with_concurrent_target(1);
        self.stored.array.store_chunk_opt(&place, bytes, &options).map_err(failed)?;
        Ok(Some(checksum))
    }
}

/// Stores shards, some at the same time.
fn store_all(
    threads: &ThreadPool,
    folder: &mut Unfinished,
    shards: &[Shard<'_>],
) -> Result<(), ExportError> {
    for some in shards.chunks(SHARDS_AT_ONCE) {
        let store = || some.par_iter().map(|shard| shard.store(folder)).collect();
        let stored: Vec<_> = threads.install(store);
        for (shard, checksum) in some.iter().zip(stored) {
            if let Some(checksum) = checksum? {
                folder.note(shard.stored.name, shard.number, checksum)?;
            }
        }
    }
    Ok(())
}

/// Puts numbers into the byte order of this machine, and truth values to 0 or 1.
fn to_native(variable: &Variable<'_>, chunk: &mut [u8]) {
    let Ok(dtype) = variable.dtype(TARGET) else { return };
    let is_complex = dtype.kind() == Kind::Complex;
    let width = if is_complex { dtype.item_size() / 2 } else { dtype.item_size() };
    if dtype.kind() == Kind::Bool {
        chunk.iter_mut().for_each(|byte| *byte = u8::from(*byte != 0));
    } else if dtype.byte_order() != ByteOrder::Irrelevant && !dtype.is_native() {
        chunk.chunks_exact_mut(width).for_each(<[u8]>::reverse);
    }
}

/// The texts of a chunk.
fn texts(variable: &Variable<'_>, chunk: &[u8]) -> Result<ArrayBytes<'static>, ExportError> {
    let dtype = variable.dtype(TARGET)?;
    let (mut bytes, mut offsets) = (Vec::new(), vec![0]);
    for element in chunk.chunks_exact(dtype.item_size().max(1)) {
        let text = match dtype.kind() {
            Kind::Unicode => utf8(element, dtype.byte_order()),
            _ => str::from_utf8(trimmed(element)).ok().map(str::to_owned),
        };
        let advice = "it holds what is not text: write npz or hdf5";
        let text = text.ok_or_else(|| variable.refused(TARGET, advice))?;
        bytes.extend_from_slice(text.as_bytes());
        offsets.push(bytes.len());
    }
    let offsets = zarrs::array::ArrayBytesOffsets::new(offsets).map_err(failed)?;
    ArrayBytes::new_vlen(bytes, offsets).map_err(failed)
}
