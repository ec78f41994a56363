//! GNZ: the arrays with their units and all metadata, to be mapped.
//!
//! Bytes, types and orders of arrays are as they are. What is missing of an event is NaN, and listed in
//! the array `gaps`: `<i8 [gaps, 3]`, the number of the channel, the first missing value, how many; it
//! is not there when nothing is missing. The metadata of an event is its [`facts`](crate::facts()) with
//! `units` (`raw` or `physical`), `array_units` (array to unit) and, for a histogram,
//! `frequency_flags`. The times of a waveform are in `time` of the metadata and no array.
//!
//! Each array gets a CRC-32C, when that is not turned off.
//!
//! Format: docs/formats/gnz.md.

use std::io::Write;

use gnz::{Dtype, Order};
use wavekeep_core::ArrayOrder;

use crate::dataset::Dataset;
use crate::{ExportError, ExportOptions, Target};

const GAPS: &str = "gaps";

pub(crate) fn write(
    dataset: &Dataset<'_>,
    options: &ExportOptions,
    mut out: &mut dyn Write,
) -> Result<(), ExportError> {
    let failed = |error| fault(Target::Gnz, error);
    let mut writer = gnz::Writer::new();
    writer.metadata(dataset.attributes.clone()).checksums(options.checksums);
    for variable in &dataset.variables {
        let order = match variable.order {
            ArrayOrder::RowMajor => Order::C,
            ArrayOrder::ColumnMajor => Order::F,
        };
        let dtype = variable.dtype(Target::Gnz)?.clone();
        writer
            .add_bytes(variable.flat_name(), dtype, order, &variable.shape, variable.whole()?)
            .map_err(failed)?;
    }
    if !dataset.gaps.is_empty() {
        let dtype: Dtype = "<i8".parse().map_err(failed)?;
        let shape = [dataset.gaps.len(), 3];
        writer.add_bytes(GAPS, dtype, Order::C, &shape, dataset.gap_rows()).map_err(failed)?;
    }
    writer.write_to(&mut out, "the file").map_err(failed)
}

/// What the writer of GNZ said, by what the caller can do about it.
pub(crate) fn fault(target: Target, error: gnz::Error) -> ExportError {
    let (what, advice) = match error {
        gnz::Error::Io { source, .. } => return ExportError::Write(source),
        gnz::Error::NameTaken { array } => {
            (format!("two arrays that are both called {array:?}"), "rename one of them")
        }
        gnz::Error::ReservedKey { key } => {
            (format!("a metadata key {key:?}, which is its own"), "rename the key")
        }
        gnz::Error::HeaderTooLong { length, limit } => (
            format!("names and metadata of {length} bytes, its limit is {limit}"),
            "keep them shorter, or write hdf5 or parquet",
        ),
        gnz::Error::TooDeep { limit, .. } => {
            (format!("metadata that is nested deeper than {limit}"), "make it flatter")
        }
        gnz::Error::FileTooLarge { array } => {
            (format!("more than a file can have (array {array:?})"), "write several files")
        }
        other => {
            return ExportError::Library { target: target.word(), message: other.to_string() };
        }
    };
    ExportError::unrepresentable(target, what, advice)
}
