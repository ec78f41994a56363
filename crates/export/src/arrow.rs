//! Apache Arrow's file format, also called Feather: the table that Parquet has, to be mapped.
//!
//! The buffers are not compressed, so that pyarrow, Polars and DuckDB take them where they lie.

use std::io::Write;

use arrow_ipc::writer::FileWriter;

use crate::dataset::Dataset;
use crate::table::Table;
use crate::table::record_batch::{batches, library, record_batch, schema};
use crate::{ExportError, Target};

const TARGET: Target = Target::Arrow;

pub(crate) fn write(dataset: &Dataset<'_>, out: &mut dyn Write) -> Result<(), ExportError> {
    let table = Table::of(dataset, TARGET)?;
    let schema = schema(&table, dataset, TARGET)?;
    let failed = |error| library(TARGET, &error);
    let mut writer = FileWriter::try_new(out, &schema).map_err(failed)?;
    for rows in batches(&table) {
        let batch = record_batch(&table, &schema, rows, TARGET)?;
        writer.write(&batch).map_err(failed)?;
    }
    writer.finish().map_err(failed)
}
