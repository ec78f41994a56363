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
mod layout;

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use gnz::{ByteOrder, Dtype, Kind};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use serde_json::{Map, Value};
use zarrs::array::{Array, ArrayBytes, ArrayMetadata, CodecOptions};
use zarrs::filesystem::FilesystemStore;
use zarrs::group::GroupBuilder;

use crate::chunks::{Grid, chunk_of_windows, chunk_shape};
use crate::dataset::paths::paths;
use crate::dataset::{Dataset, Origin, Variable};
use crate::metadata::json_object;
use crate::stream::windows::{Feed, Window};
use crate::table::text::{trimmed, utf8};
use crate::{ExportError, ExportOptions, Target};
use folder::Unfinished;
use layout::{Type, shard_shape};

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
    let names = paths(variables.iter().copied(), None, TARGET, name_fault)?;
    let types: Vec<Type> = variables.iter().map(|it| Type::of(it)).collect::<Result<_, _>>()?;

    let mut folder = Unfinished::begin(path, overwrite)?;
    folder.keep_only(&names)?;
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

/// Removes what a run left of `path` whose stream changed meanwhile: none of it can be used.
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
    let bytes = dataset.gap_rows();
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

/// Why no folder can be called `name`.
fn name_fault(name: &str) -> Option<&'static str> {
    let is_none = matches!(name, "." | ".." | RESERVED)
        || name.starts_with("__")
        || name.contains(['\0', '\\', ':'])
        || name.len() > NAME_BYTES;
    is_none.then_some("which is no name of a folder")
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
        let place = self.stored.grid.place(self.number);
        let place: Vec<u64> = place.into_iter().map(|at| at as u64).collect();
        // A file whose name was not on the disk yet when the system ended is gone.
        let file = folder.path().join(self.stored.array.chunk_key(&place).as_str());
        if folder.is_done(self.stored.name, self.number, checksum) && file.is_file() {
            return Ok(None);
        }
        let bytes = match self.stored.element {
            Type::Text => texts(self.variable, &chunk)?,
            Type::Plain(..) => {
                to_native(self.variable, &mut chunk);
                ArrayBytes::new_flen(chunk)
            }
        };
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
