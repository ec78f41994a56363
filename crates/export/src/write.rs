//! From what is given to the writer of a target.

use std::io::Write;
use std::path::Path;

use ::gnz::Object;
use wavekeep_core::{NamedArray, Recording};

use crate::dataset::{self, Dataset, Form};
use crate::file::{is_pipe_or_device, publish, publish_at};
use crate::miniseed::Version;
use crate::{
    ExportError, ExportOptions, Target, arrow, csv, gnz, hdf5, json, miniseed, npy, npz, parquet,
    safetensors, wav, zarr,
};

/// Writes `recording` to `out` as a whole file of `target`.
///
/// `out` may have received a part of the file when an error is returned: [`write_event_file`] is the way
/// to a file that is complete or absent.
///
/// # Errors
/// [`ExportError::Unrepresentable`] when `target` cannot hold the recording, with what to do instead;
/// [`ExportError::Write`] when `out` fails; [`ExportError::Library`] when the library of the target
/// does.
pub fn write_event(
    recording: &Recording,
    target: Target,
    options: &ExportOptions,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    match target {
        Target::Json => json::write(recording, options, out),
        Target::MiniSeed => miniseed::write(recording, Version::Two, options, out),
        Target::MiniSeed3 => miniseed::write(recording, Version::Three, options, out),
        Target::Wav => wav::write(recording, options, out),
        _ => write(&event(recording, options, target)?, target, options, out),
    }
}

/// Writes `recording` to the file `path` as `target`: complete and synced, or not at all.
///
/// # Errors
/// As [`publish`] and [`write_event`]. No file is left or changed then.
pub fn write_event_file(
    recording: &Recording,
    target: Target,
    path: &Path,
    options: &ExportOptions,
    overwrite: bool,
) -> Result<(), ExportError> {
    match target {
        _ if !target.takes_arrays() => {
            publish(path, overwrite, |out| write_event(recording, target, options, out))
        }
        _ => {
            let dataset = event(recording, options, target)?;
            write_file(&dataset, target, path, options, overwrite)
        }
    }
}

fn event<'a>(
    recording: &'a Recording,
    options: &'a ExportOptions,
    target: Target,
) -> Result<Dataset<'a>, ExportError> {
    let form = match target {
        Target::Npy => Form::Matrix,
        _ if target.is_table() => Form::Table,
        _ => Form::Arrays,
    };
    dataset::event::dataset(recording, options, target, form)
}

/// Writes `arrays` and `metadata` to `out` as a whole file of `target`.
///
/// `out` may have received a part of the file when an error is returned: [`write_arrays_file`] is
/// the way to a file that is complete or absent.
///
/// ```
/// use gnz::Object;
/// use wavekeep_core::{ArrayOrder, NamedArray};
/// use wavekeep_export::{ExportOptions, Target, write_arrays};
///
/// let counts = NamedArray {
///     name: "counts",
///     dtype: ">i2",
///     order: ArrayOrder::RowMajor,
///     shape: &[3],
///     bytes: &[0, 1, 0, 2, 0xff, 0xff],
/// };
/// let mut csv = Vec::new();
/// write_arrays(&[counts], &Object::new(), Target::Csv, &ExportOptions::default(), &mut csv)?;
/// assert_eq!(csv, b"counts\n1\n2\n-1\n");
/// # Ok::<(), wavekeep_export::ExportError>(())
/// ```
///
/// # Errors
/// [`ExportError::Unrepresentable`] when `target` cannot hold the arrays, when two of them have
/// the same name, or one has not as many bytes as its type and shape say;
/// [`ExportError::Write`] when `out` fails; [`ExportError::Library`] when the library of the
/// target does.
pub fn write_arrays(
    arrays: &[NamedArray<'_>],
    metadata: &Object,
    target: Target,
    options: &ExportOptions,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    write(&dataset::arrays::dataset(arrays, metadata, target)?, target, options, out)
}

/// Writes `arrays` and `metadata` to the file `path` as `target`: complete and synced, or not at
/// all.
///
/// # Errors
/// As [`publish`] and [`write_arrays`]. No file is left or changed then.
pub fn write_arrays_file(
    arrays: &[NamedArray<'_>],
    metadata: &Object,
    target: Target,
    path: &Path,
    options: &ExportOptions,
    overwrite: bool,
) -> Result<(), ExportError> {
    let dataset = dataset::arrays::dataset(arrays, metadata, target)?;
    write_file(&dataset, target, path, options, overwrite)
}

/// Writes a dataset to `out`.
fn write(
    dataset: &Dataset<'_>,
    target: Target,
    options: &ExportOptions,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    match target {
        Target::Csv => csv::write(dataset, options, out),
        Target::Gnz => gnz::write(dataset, options, out),
        Target::Hdf5 => hdf5::write(dataset, options, out),
        Target::Parquet => parquet::write(dataset, out),
        Target::Arrow => arrow::write(dataset, out),
        Target::Npy => npy::write(dataset, out),
        Target::Npz => npz::write(dataset, out),
        Target::Safetensors => safetensors::write(dataset, out),
        Target::Zarr => Err(ExportError::unrepresentable(
            target,
            "what goes to a pipe or to standard output: it is a folder",
            "name the folder, as in -o run.zarr",
        )),
        Target::Json | Target::MiniSeed | Target::MiniSeed3 | Target::Wav => {
            Err(ExportError::unrepresentable(
                target,
                "named arrays or streams",
                "it holds events alone: write gnz, hdf5 or npz",
            ))
        }
    }
}

/// Writes a dataset to the file `path`: complete and synced, or not at all.
pub(crate) fn write_file(
    dataset: &Dataset<'_>,
    target: Target,
    path: &Path,
    options: &ExportOptions,
    overwrite: bool,
) -> Result<(), ExportError> {
    match target {
        Target::Zarr => zarr::write_at(dataset, options, path, overwrite),
        // Its library writes to a path: nothing is copied then.
        Target::Hdf5 if !is_pipe_or_device(path) => publish_at(path, overwrite, |temporary| {
            hdf5::write_at(dataset, options, temporary.path())
        }),
        _ => publish(path, overwrite, |out| write(dataset, target, options, out)),
    }
}
