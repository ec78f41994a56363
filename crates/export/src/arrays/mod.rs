//! Named arrays into one file of another program.
//!
//! | target | arrays | types | metadata |
//! |---|---|---|---|
//! | [`Npy`](ArrayTarget::Npy) | one | all of numpy | left out |
//! | [`Npz`](ArrayTarget::Npz) | any number, stored | all of numpy | left out |
//! | [`Hdf5`](ArrayTarget::Hdf5) | any number, contiguous | numbers, truth values, text, dates as counts, opaque bytes | attributes of the root |
//! | [`Parquet`](ArrayTarget::Parquet) | the columns of one table | real numbers, truth values, text, dates | key-value pairs |
//! | [`Safetensors`](ArrayTarget::Safetensors) | any number | numbers, truth values | text by key |
//! | [`Csv`](ArrayTarget::Csv) | the columns of one table | real numbers, truth values, text | left out |
//! | [`Gnz`](ArrayTarget::Gnz) | any number | all of numpy | kept |
//!
//! - **No value changes.** A type that a target does not have is an error that says what to do
//!   instead, never a near miss. Byte order and memory order are kept where the target has both
//!   (npy, npz, GNZ), and turned into the target's own otherwise.
//! - **No array is copied whole**: its bytes go from where they lie to the target, so that a
//!   mapped file may be larger than memory. Parquet holds a group of rows at a time; column-major
//!   arrays for HDF5 are the exception.
//!
//! # Tables
//!
//! In Parquet and CSV the 1-d arrays are columns, which have to be of one length. A 2-d array of
//! the name `data` becomes columns `data_0`, `data_1`, … and lies so that it is as long as the 1-d
//! arrays: `[channels, frames]` beside a `[frames]` gives a column a channel, `[frames, channels]`
//! the same columns; when both fit, it is the first. Without 1-d arrays rows stay rows, as
//! `numpy.savetxt` and `pandas.DataFrame` have it. Arrays that do not fit into one table are
//! refused by name.
//!
//! ```
//! use gnz::Object;
//! use wavekeep_core::{ArrayOrder, NamedArray};
//! use wavekeep_export::arrays::{ArrayOptions, ArrayTarget, write_arrays};
//!
//! let counts = NamedArray {
//!     name: "counts",
//!     dtype: ">i2",
//!     order: ArrayOrder::RowMajor,
//!     shape: &[3],
//!     bytes: &[0, 1, 0, 2, 0xff, 0xff],
//! };
//! let mut csv = Vec::new();
//! write_arrays(&[counts], &Object::new(), ArrayTarget::Csv, &ArrayOptions::default(), &mut csv)?;
//! assert_eq!(csv, b"counts\n1\n2\n-1\n");
//! # Ok::<(), wavekeep_export::ExportError>(())
//! ```

mod csv;
mod decode;
mod elements;
mod gnz;
mod hdf5;
mod npy;
mod npz;
mod parquet;
mod safetensors;
mod table;
mod target;
mod text;
mod typed;

use std::collections::HashSet;
use std::io::Write;
use std::path::Path;

use ::gnz::Object;
use wavekeep_core::NamedArray;

use crate::arrays::typed::Typed;
use crate::{ExportError, publish};

pub use target::ArrayTarget;

/// How arrays are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArrayOptions {
    /// Whether a GNZ file gets a CRC-32C of each array, which costs one more pass over them.
    pub checksums: bool,
}

impl Default for ArrayOptions {
    /// With checksums.
    fn default() -> Self {
        Self { checksums: true }
    }
}

/// Writes `arrays` and `metadata` to `out` as a whole file of `target`.
///
/// `out` may have received a part of the file when an error is returned: [`write_arrays_file`] is
/// the way to a file that is complete or absent.
///
/// # Errors
/// [`ExportError::Unrepresentable`] when `target` cannot hold the arrays, when two of them have
/// the same name, or one has not as many bytes as its type and shape say;
/// [`ExportError::Write`] when `out` fails; [`ExportError::Library`] when the library of the
/// target does.
pub fn write_arrays(
    arrays: &[NamedArray<'_>],
    metadata: &Object,
    target: ArrayTarget,
    options: &ArrayOptions,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    let mut names = HashSet::new();
    let mut typed = Vec::new();
    for array in arrays {
        if !names.insert(array.name) {
            return Err(ExportError::unrepresentable(
                target,
                format!("two arrays that are both called {:?}", array.name),
                "rename one of them",
            ));
        }
        typed.push(Typed::new(*array, target)?);
    }
    match target {
        ArrayTarget::Npy => npy::write(&typed, out),
        ArrayTarget::Npz => npz::write(&typed, out),
        ArrayTarget::Hdf5 => hdf5::write(&typed, metadata, out),
        ArrayTarget::Parquet => parquet::write(&typed, metadata, out),
        ArrayTarget::Safetensors => safetensors::write(&typed, metadata, out),
        ArrayTarget::Csv => csv::write(&typed, out),
        ArrayTarget::Gnz => gnz::write(&typed, metadata, options, out),
    }
}

/// Writes `arrays` and `metadata` to the file `path` as `target`: complete and synced, or not at
/// all.
///
/// # Errors
/// As [`write_arrays`] and [`write_file`](crate::write_file). No file is left or changed then.
pub fn write_arrays_file(
    arrays: &[NamedArray<'_>],
    metadata: &Object,
    target: ArrayTarget,
    path: &Path,
    options: &ArrayOptions,
    overwrite: bool,
) -> Result<(), ExportError> {
    publish(path, overwrite, |out| write_arrays(arrays, metadata, target, options, out))
}
