//! HDF5: one dataset an array, with dimensions as netCDF has them; of events the layout of the
//! archive's `.h5` files.
//!
//! | object | what it is |
//! |---|---|
//! | `/<Ch>` of a waveform | float32 `[time]`, NaN where missing; attributes `units`, `long_name`, `standard_name` where CF has one, `scale` (what one count is worth), `scale_units`, `limit_count` (counts from which on the sensor is at its limit, where known) |
//! | `/time` of a waveform | float64 `[time]` in s from the trigger; a dimension; attributes `start`, `step`, `count` |
//! | `/<Ch>/peak` of a histogram | float32 `[interval_start]`, as above; pressures are pressures, not levels |
//! | `/<Ch>/frequency` | float32 in Hz, NaN where there is none |
//! | `/<Ch>/frequency_flag`, `/<Ch>/peak_flag` | uint8: which of `flag_meanings` holds, by `flag_values` |
//! | `/<Ch>/halfperiod`, `/<Ch>/annotation` | as the format has them: samples at 1024 samples/s, and a byte of unknown meaning |
//! | `/interval_start` of a histogram | float64 in s from the start of the first one, when their length is known; a dimension; attribute `start` |
//! | `/gaps` of an event | one row (`channel`, `first`, `count`) a gap, none when nothing is missing |
//! | `/data` of a stream | `[row, frame]`; beside it `channel_index`, `band`, `channel`, `frequency_mhz` by row, and the fields by frame |
//! | attributes of `/` | of an event the facts by their own types, what nothing stated named in `assumed`, and `facts` with all of them as JSON; of all else the metadata, with `metadata` as JSON |
//!
//! Raw units give counts in their own type with the same attributes. Names with `/` are groups.
//! Arrays are chunked and deflated, when that is not turned off; shuffled too, but for those of an event that are
//! smaller without.
//!
//! The root of a waveform is an NXdata group: `signal` is the first channel, `auxiliary_signals` are
//! the others, `axes` is `time`. A histogram's channels are NXdata groups with `interval_start` linked
//! into each, because h5web takes signals and axes from the children of one group only. `default`
//! leads to the first channel.
//!
//! Types: [`datatype`]. Sources: NeXus NXdata, h5web's reading of it (`vis-packs/nexus/utils.ts`), the
//! CF conventions 1.11, the NetCDF-4 format specification (dimension scales).

mod attributes;
mod datatype;
mod memory;
mod objects;
mod squeeze;
mod store;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use serde_json::Value;
use wavekeep_core::{Kind, Recording};

use crate::dataset::paths::paths;
use crate::dataset::stream::TIME;
use crate::dataset::{Dataset, Origin, Role, Variable};
use crate::stream::DATA;
use crate::stream::windows::{Feed, Window};
use crate::{ExportError, ExportOptions, Target};
use memory::Memory;
use objects::{Attribute, Objects, groups};
use store::{Scratch, Store};

const TARGET: Target = Target::Hdf5;
/// Longest name of an object in bytes: a link's message has 64 KiB for the name and all else.
const NAME_BYTES: usize = 1024;
/// Axes that a dataset can have.
const MOST_AXES: usize = 32;
const GAPS: &str = "gaps";

/// Writes to a stream: what is small is put together in memory, for all else the library needs a file, which
/// is a temporary one.
pub(crate) fn write(
    dataset: &Dataset<'_>,
    options: &ExportOptions,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    if let Some(bytes) = in_memory(dataset, options) {
        return Ok(out.write_all(&bytes)?);
    }
    let mut scratch = Scratch::new()?;
    let store = Store::in_scratch(&mut scratch, options.compress)?;
    fill(store, dataset, None)?;
    scratch.copy_to(out)?;
    Ok(())
}

/// Writes the file `path`, which is there and empty.
pub(crate) fn write_at(
    dataset: &Dataset<'_>,
    options: &ExportOptions,
    path: &Path,
) -> Result<(), ExportError> {
    match in_memory(dataset, options) {
        Some(bytes) => Ok(std::fs::write(path, bytes)?),
        None => fill(Store::create(path, options.compress)?, dataset, None),
    }
}

/// The bytes of an event's file, where each of its arrays fits into a chunk. `None` of all else, and where it
/// fails: the library then writes it, or says why nobody can.
fn in_memory(dataset: &Dataset<'_>, options: &ExportOptions) -> Option<Vec<u8>> {
    let is_small = |it: &Variable<'_>| {
        it.len() * it.elements.item_size().unwrap_or(1) <= memory::CHUNK_BYTES && it.is_row_major()
    };
    let is_event = matches!(dataset.origin, Origin::Event(_));
    if !is_event || !dataset.variables.iter().all(is_small) {
        return None;
    }
    let mut memory = Memory::new(options.compress);
    let paths = lay_out(&mut memory, dataset, None).ok()?;
    finish(&mut memory, dataset, &paths).ok()?;
    memory.bytes().ok()
}

/// Writes the file `path`, which is there and empty, of a stream that `feed` gives.
pub(crate) fn write_windows(
    layout: &Dataset<'_>,
    options: &ExportOptions,
    path: &Path,
    frames: usize,
    feed: &mut Feed<'_>,
) -> Result<(), ExportError> {
    fill(Store::create(path, options.compress)?, layout, Some((frames, feed)))
}

fn fill(
    mut store: Store,
    dataset: &Dataset<'_>,
    windows: Option<(usize, &mut Feed<'_>)>,
) -> Result<(), ExportError> {
    let paths = lay_out(&mut store, dataset, windows.as_ref().map(|(frames, _)| *frames))?;
    if let Some((frames, feed)) = windows {
        let later: Vec<_> =
            dataset.variables.iter().zip(&paths).filter(|(it, _)| it.comes_later()).collect();
        feed(&mut |window: &Window<'_>| {
            for ((whole, path), part) in later.iter().zip(&window.variables) {
                store.window(path, &whole.shape, part, window.first, frames)?;
            }
            Ok(())
        })?;
    }
    finish(&mut store, dataset, &paths)?;
    store.finish()
}

/// Creates the datasets and gives their paths.
fn lay_out(
    objects: &mut dyn Objects,
    dataset: &Dataset<'_>,
    frames: Option<usize>,
) -> Result<Vec<String>, ExportError> {
    let reserved = matches!(dataset.origin, Origin::Event(_)).then_some(GAPS);
    let paths = paths(dataset.variables.iter(), reserved, TARGET, name_fault)?;
    let paths: Vec<String> = paths.into_iter().map(|path| format!("/{path}")).collect();
    for (variable, path) in dataset.variables.iter().zip(&paths) {
        variable.check_axes(TARGET, MOST_AXES)?;
        groups(objects, path)?;
        objects.dataset(path, variable, frames.filter(|_| variable.comes_later()))?;
    }
    Ok(paths)
}

/// Says what the datasets are.
fn finish(
    objects: &mut dyn Objects,
    dataset: &Dataset<'_>,
    paths: &[String],
) -> Result<(), ExportError> {
    dimensions(objects, dataset, paths)?;
    for (variable, path) in dataset.variables.iter().zip(paths) {
        describe(objects, variable, path)?;
    }
    match dataset.origin {
        Origin::Event(recording) => {
            let path = format!("/{GAPS}");
            objects::gaps(objects, &path, &dataset.gaps)?;
            let long_name = "missing samples or intervals: NaN in the data";
            objects.attribute(&path, "long_name", &Attribute::Text(long_name))?;
            attributes::of_recording(objects, recording)?;
            plots(objects, recording, dataset, paths)
        }
        Origin::Stream => {
            attributes::of_metadata(objects, &dataset.attributes)?;
            conventions(objects)?;
            let of_frames = |it: &&Variable<'_>| {
                it.role == Role::Coordinate && matches!(it.dims.as_slice(), [dim] if dim == TIME)
            };
            let times = dataset.variables.iter().find(of_frames).map_or(".", |it| &*it.name);
            nx_data(objects, "/", &[DATA], &[".", times])
        }
        Origin::Arrays => attributes::of_metadata(objects, &dataset.attributes),
    }
}

/// Why an object of the format cannot be called `name`.
fn name_fault(name: &str) -> Option<&'static str> {
    if name == "." || name == ".." {
        Some("which names no object")
    } else if name.contains('\0') {
        Some("which contains a zero byte")
    } else if name.len() > NAME_BYTES {
        Some("which is longer than 1024 bytes")
    } else {
        None
    }
}

/// Makes the axes that have names dimensions: with values where a coordinate has their name.
fn dimensions(
    objects: &mut dyn Objects,
    dataset: &Dataset<'_>,
    paths: &[String],
) -> Result<(), ExportError> {
    let mut lengths: BTreeMap<String, usize> = BTreeMap::new();
    for variable in &dataset.variables {
        for (dim, length) in variable.dims.iter().zip(&*variable.shape) {
            lengths.entry(format!("/{dim}")).or_insert(*length);
        }
    }
    let of_itself = |variable: &Variable<'_>, path: &str| match variable.dims.as_slice() {
        [dim] => path.strip_prefix('/') == Some(&**dim),
        _ => false,
    };
    for (path, length) in &lengths {
        let place = paths.iter().position(|it| it == path);
        match place.filter(|place| of_itself(&dataset.variables[*place], path)) {
            Some(_) => objects.dimension(path)?,
            None => objects.hollow_dimension(path, *length)?,
        }
    }
    for (variable, path) in dataset.variables.iter().zip(paths) {
        if of_itself(variable, path) {
            continue;
        }
        for (axis, dim) in variable.dims.iter().enumerate() {
            objects.attach(path, axis, &format!("/{dim}"))?;
        }
    }
    Ok(())
}

/// What every array says of itself.
fn describe(
    objects: &mut dyn Objects,
    variable: &Variable<'_>,
    path: &str,
) -> Result<(), ExportError> {
    if let Some(unit) = &variable.unit {
        objects.attribute(path, "units", &Attribute::Text(unit))?;
    }
    if let Some((dtype, units)) = variable.dates() {
        objects.attribute(path, "dtype", &Attribute::Text(&dtype))?;
        if let Some(units) = units.filter(|_| variable.unit.is_none()) {
            objects.attribute(path, "units", &Attribute::Text(&units))?;
        }
    }
    for (name, value) in &variable.attributes {
        attributes::set(objects, path, name, value)?;
    }
    if !variable.meanings.is_empty() {
        let values: Vec<u8> = (0..).take(variable.meanings.len()).collect();
        objects.attribute(path, "flag_values", &Attribute::Bytes(&values))?;
        let meanings = variable.meanings.join(" ");
        objects.attribute(path, "flag_meanings", &Attribute::Text(&meanings))?;
    }
    Ok(())
}

fn conventions(objects: &mut dyn Objects) -> Result<(), ExportError> {
    objects.attribute("/", "Conventions", &Attribute::Text("CF-1.11"))
}

/// What h5web shows first.
fn plots(
    objects: &mut dyn Objects,
    recording: &Recording,
    dataset: &Dataset<'_>,
    paths: &[String],
) -> Result<(), ExportError> {
    conventions(objects)?;
    let signals: Vec<&str> = dataset
        .variables
        .iter()
        .zip(paths)
        .filter(|(variable, _)| variable.role == Role::Signal)
        .map(|(_, path)| path.trim_start_matches('/'))
        .collect();
    if recording.kind == Kind::Waveform {
        // Children of the root alone can be plotted there.
        let signals: Vec<&str> = signals.into_iter().filter(|name| !name.contains('/')).collect();
        let Some(first) = signals.first() else { return Ok(()) };
        nx_data(objects, "/", &signals, &["time"])?;
        return objects.attribute("/", "default", &Attribute::Text(first));
    }
    let start = dataset.variables.iter().find(|it| it.role == Role::Coordinate);
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for path in signals {
        let Some((group, name)) = path.rsplit_once('/') else { continue };
        match groups.last_mut().filter(|(last, _)| *last == group) {
            Some((_, names)) => names.push(name),
            None => groups.push((group, vec![name])),
        }
    }
    for (group, names) in &groups {
        let group = format!("/{group}");
        let axes = match start {
            Some(start) => {
                objects.link(&group, &start.name, &format!("/{}", start.name))?;
                &*start.name
            }
            None => ".",
        };
        nx_data(objects, &group, names, &[axes])?;
    }
    objects.attribute("/", "NX_class", &Attribute::Text("NXroot"))?;
    match groups.first() {
        Some((group, _)) => objects.attribute("/", "default", &Attribute::Text(group)),
        None => Ok(()),
    }
}

/// Makes a group one that h5web plots: `signals[0]`, with the others beside it.
fn nx_data(
    objects: &mut dyn Objects,
    group: &str,
    signals: &[&str],
    axes: &[&str],
) -> Result<(), ExportError> {
    objects.attribute(group, "NX_class", &Attribute::Text("NXdata"))?;
    objects.attribute(group, "signal", &Attribute::Text(signals[0]))?;
    if signals.len() > 1 {
        objects.attribute(group, "auxiliary_signals", &Attribute::Texts(&signals[1..]))?;
    }
    objects.attribute(group, "axes", &Attribute::Texts(axes))
}

/// A value of JSON as an attribute, where it is text, a number or a truth value.
fn plain(value: &Value) -> Option<Attribute<'_>> {
    match value {
        Value::String(text) if !text.contains('\0') => Some(Attribute::Text(text)),
        Value::Bool(flag) => Some(Attribute::Flag(*flag)),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Some(Attribute::Integer(integer)),
            (None, real) => real.map(Attribute::Real),
        },
        _ => None,
    }
}
