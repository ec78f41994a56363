//! A stream of any length as any array target, in bounded memory.

use std::path::Path;

use gnz::{Gnz, Object, Order, Value};
use serde_json::Map;
use wavekeep_core::{ArrayOrder, FrameStream, NamedArray};

use crate::ExportError;
use crate::arrays::{ArrayOptions, ArrayTarget, write_arrays_file};
use crate::file::temporary_prefix;
use crate::stream::{DATA, StreamError, write_stream};

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
    facts: Map<String, serde_json::Value>,
    target: ArrayTarget,
    path: &Path,
    overwrite: bool,
    progress: impl FnMut(u64),
) -> Result<(), StreamError<S::Error>>
where
    S::Error: std::error::Error + 'static,
{
    // Both print the shortest digits that read back as the same double.
    let metadata = match serde_json::Value::Object(facts).to_string().parse::<Value>()? {
        Value::Object(metadata) => metadata,
        _ => Object::new(),
    };
    if target == ArrayTarget::Gnz {
        return write_stream(stream, metadata, path, overwrite, progress);
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
    write_stream(stream, metadata, &between, false, progress)?;
    Ok(write_from(&Gnz::open(&between)?, target, path, overwrite)?)
}

/// Writes what the stream became as GNZ.
fn write_from(
    held: &Gnz,
    target: ArrayTarget,
    path: &Path,
    overwrite: bool,
) -> Result<(), ExportError> {
    let fits = |name: &str| target != ArrayTarget::Npy || name == DATA;
    let all: Vec<_> = held.arrays().filter(|array| fits(array.name())).collect();
    let dtypes: Vec<String> = all.iter().map(|array| array.dtype().to_string()).collect();
    let named = all.iter().zip(&dtypes).map(|(array, dtype)| NamedArray {
        name: array.name(),
        dtype,
        order: match array.order() {
            Order::C => ArrayOrder::RowMajor,
            Order::F => ArrayOrder::ColumnMajor,
        },
        shape: array.shape(),
        bytes: array.bytes(),
    });
    let (named, options) = (named.collect::<Vec<_>>(), ArrayOptions::default());
    write_arrays_file(&named, held.metadata(), target, path, &options, overwrite)
}
