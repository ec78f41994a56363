//! Apache Arrow's file format, also called Feather: the table that Parquet has, to be mapped.
//!
//! The buffers are not compressed, so that pyarrow, Polars and DuckDB take them where they lie.

use std::io::Write;
use std::sync::Arc;

use arrow_ipc::writer::FileWriter;
use arrow_schema::Schema;

use crate::dataset::Dataset;
use crate::table::Table;
use crate::table::record_batch::{batches, library, metadata, record_batch, schema};
use crate::{ExportError, Target};

const TARGET: Target = Target::Arrow;

pub(crate) fn write(dataset: &Dataset<'_>, out: &mut dyn Write) -> Result<(), ExportError> {
    let table = Table::of(dataset, TARGET)?;
    let schema = schema(&table, TARGET)?;
    let schema = Arc::new(Schema::clone(&schema).with_metadata(metadata(&table, dataset)));
    let failed = |error| library(TARGET, &error);
    let mut writer = FileWriter::try_new(out, &schema).map_err(failed)?;
    for rows in batches(&table) {
        let batch = record_batch(&table, &schema, rows, TARGET)?;
        writer.write(&batch).map_err(failed)?;
    }
    writer.finish().map_err(failed)
}
