//! A stream of any length as any array target, in bounded memory.

use std::fmt::Write as _;
use std::path::Path;

use gnz::{Array, Gnz, Object, Order, Value};
use serde_json::Map;
use wavekeep_core::{ArrayOrder, FrameStream, NamedArray, StreamChannel};

use crate::arrays::{ArrayOptions, ArrayTarget, write_arrays_file};
use crate::file::temporary_prefix;
use crate::stream::{DATA, ROW_ARRAYS, StreamError, write_stream};
use crate::{ExportError, Units};

/// Writes all of `stream` to the file `path` as `target`, with `facts` as metadata where the target
/// has room for them: complete, or not at all.
///
/// GNZ is written block by block, anything else from such a GNZ, which lies beside `path` meanwhile
/// and is mapped: memory does not grow with the length of the stream. npy has room for one array:
/// the samples. `progress` is told after each block how many frames are done.
///
/// # Errors
/// [`StreamError`]; no file of that name is left or changed then.
pub fn write_stream_as<S: FrameStream>(
    stream: &mut S,
    mut facts: Map<String, serde_json::Value>,
    units: Units,
    target: ArrayTarget,
    path: &Path,
    overwrite: bool,
    progress: impl FnMut(u64),
) -> Result<(), StreamError<S::Error>>
where
    S::Error: std::error::Error + 'static,
{
    let unit = match units {
        Units::Raw => "count",
        Units::Physical => stream.scale().unit.symbol(),
    };
    facts.insert("data_unit".to_owned(), unit.into());
    facts.insert("physical_unit".to_owned(), stream.scale().unit.symbol().into());
    facts.insert("physical_per_count".to_owned(), stream.scale().of_one().into());
    // Both print the shortest digits that read back as the same double.
    let metadata = match serde_json::Value::Object(facts).to_string().parse::<Value>()? {
        Value::Object(metadata) => metadata,
        _ => Object::new(),
    };
    if target == ArrayTarget::Gnz {
        return write_stream(stream, metadata, units, path, overwrite, progress);
    }
    if !overwrite && path.exists() {
        return Err(ExportError::Exists { path: path.to_owned() }.into());
    }
    // Beside the result: a folder for temporary files may be too small for it.
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    let folder = tempfile::Builder::new()
        .prefix(&temporary_prefix())
        .tempdir_in(parent)
        .map_err(|source| ExportError::File { path: path.to_owned(), source })?;
    let between = folder.path().join("stream.gnz");
    write_stream(stream, metadata, units, &between, false, progress)?;
    let held = Gnz::open(&between)?;
    let rows = stream.stream_channels();
    match target {
        ArrayTarget::Csv | ArrayTarget::Parquet => {
            write_table(&held, &channel_headings(&rows, unit), target, path, overwrite)?;
        }
        _ => write_from(&held, unit, target, path, overwrite)?,
    }
    Ok(())
}

/// The heading of every channel's column in a table: `data_0 2:107 5123.5 MHz (rad)`.
pub fn channel_headings(rows: &[StreamChannel], unit: &str) -> Vec<String> {
    let heading = |(row, it): (usize, &StreamChannel)| {
        let mut heading = format!("{DATA}_{row}");
        if let Some((band, channel)) = it.detector {
            let _ = write!(heading, " {band}:{channel}");
        }
        if let Some(frequency) = it.frequency_mhz {
            let _ = write!(heading, " {frequency} MHz");
        }
        let _ = write!(heading, " ({unit})");
        heading
    };
    rows.iter().enumerate().map(heading).collect()
}

fn named<'a>(array: &'a Array<'_>, dtype: &'a str) -> NamedArray<'a> {
    NamedArray {
        name: array.name(),
        dtype,
        order: match array.order() {
            Order::C => ArrayOrder::RowMajor,
            Order::F => ArrayOrder::ColumnMajor,
        },
        shape: array.shape(),
        bytes: array.bytes(),
    }
}

/// Writes what the stream became as GNZ as a table: a column a channel, then the fields.
fn write_table(
    held: &Gnz,
    headings: &[String],
    target: ArrayTarget,
    path: &Path,
    overwrite: bool,
) -> Result<(), ExportError> {
    let all: Vec<_> = held.arrays().filter(|array| !ROW_ARRAYS.contains(&array.name())).collect();
    let dtypes: Vec<String> = all.iter().map(|array| array.dtype().to_string()).collect();
    let mut columns: Vec<NamedArray<'_>> = Vec::new();
    for (array, dtype) in all.iter().zip(&dtypes) {
        if array.name() != DATA {
            columns.push(named(array, dtype));
            continue;
        }
        let shape = &array.shape()[1..];
        let row = array.bytes().len() / headings.len().max(1);
        columns.extend(headings.iter().enumerate().map(|(number, heading)| NamedArray {
            name: heading,
            dtype,
            order: ArrayOrder::RowMajor,
            shape,
            bytes: &array.bytes()[number * row..][..row],
        }));
    }
    let options = ArrayOptions::default();
    write_arrays_file(&columns, held.metadata(), target, path, &options, overwrite)
}

/// Writes what the stream became as GNZ.
fn write_from(
    held: &Gnz,
    unit: &str,
    target: ArrayTarget,
    path: &Path,
    overwrite: bool,
) -> Result<(), ExportError> {
    let fits = |name: &str| target != ArrayTarget::Npy || name == DATA;
    let all: Vec<_> = held.arrays().filter(|array| fits(array.name())).collect();
    let dtypes: Vec<String> = all.iter().map(|array| array.dtype().to_string()).collect();
    let mut arrays: Vec<NamedArray<'_>> =
        all.iter().zip(&dtypes).map(|(array, dtype)| named(array, dtype)).collect();
    // npz has no metadata: the unit is an array.
    let text: Vec<u8> = unit.chars().flat_map(|letter| u32::from(letter).to_le_bytes()).collect();
    let dtype = format!("<U{}", unit.chars().count());
    if target == ArrayTarget::Npz {
        let order = ArrayOrder::RowMajor;
        arrays.push(NamedArray {
            name: "data_unit",
            dtype: &dtype,
            order,
            shape: &[],
            bytes: &text,
        });
    }
    write_arrays_file(&arrays, held.metadata(), target, path, &ArrayOptions::default(), overwrite)
}
