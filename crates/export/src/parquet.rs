//! Apache Parquet: the table of a recording or of arrays, as
//! [`record_batch`](crate::table::record_batch) has it.
//!
//! A waveform has `time_s` and one nullable column a channel, named like it; a histogram has the
//! columns of the CSV and each `<Ch>_annotation`. Raw counts are integers of their own width, other
//! numbers doubles, flags strings; missing is null. A physical histogram gives pressures in dB(L),
//! as the CSV does.
//!
//! A column with a float that is not a number has no smallest and no largest value in the file: DuckDB
//! takes NaN for larger than all else, and would leave out the rows that hold it.

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use gnz::Kind;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::compute_leaves;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::dataset::{Dataset, Origin};
use crate::table::record_batch::{array, row_bytes, schema};
use crate::table::{Column, Table, decode};
use crate::{ExportError, Target};

const TARGET: Target = Target::Parquet;
/// Bytes of a group of rows before they are encoded: readers hold a group in memory.
const GROUP_BYTES: usize = 128 << 20;
/// Rows of a column that are handed on at a time.
const PIECE_ROWS: usize = 1 << 16;
/// Rows of a group of a narrow table.
const GROUP_ROWS: usize = 1 << 20;

pub(crate) fn write(dataset: &Dataset<'_>, out: &mut dyn Write) -> Result<(), ExportError> {
    let table = Table::of(dataset, TARGET)?;
    let schema = schema(&table, dataset, TARGET)?;
    // Readers of Arrow take them from the schema, which is stored too, and all others from here.
    let pairs = schema.metadata().iter();
    let pairs = pairs.map(|(key, value)| KeyValue { key: key.clone(), value: Some(value.clone()) });
    let mut pairs: Vec<KeyValue> = pairs.collect();
    // The same table makes the same file.
    pairs.sort_by(|one, other| one.key.cmp(&other.key));
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by(concat!("wavekeep version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata((!pairs.is_empty()).then_some(pairs));
    for column in &table.columns {
        let path = ColumnPath::new(vec![column.name.clone()]);
        // The samples of an event are few different ones; those of a stream are not.
        let are_many = !matches!(dataset.origin, Origin::Event(_)) && column.dtype.item_size() > 2;
        if are_many && !matches!(column.dtype.kind(), Kind::Bytes | Kind::Unicode) {
            properties = properties.set_column_dictionary_enabled(path.clone(), false);
        }
        if holds_nan(column, table.rows)? {
            properties = properties.set_column_statistics_enabled(path, EnabledStatistics::None);
        }
    }
    let sink = Sink::default();
    let writer = ArrowWriter::try_new(sink.clone(), Arc::clone(&schema), Some(properties.build()));
    let (mut file, columns) =
        writer.and_then(ArrowWriter::into_serialized_writer).map_err(failed)?;
    let group_rows = (GROUP_BYTES / row_bytes(&table)).clamp(1, GROUP_ROWS);
    for (number, first) in (0..table.rows).step_by(group_rows).enumerate() {
        let rows = first..table.rows.min(first + group_rows);
        let writers = columns.create_column_writers(number).map_err(failed)?;
        let mut group = file.next_row_group().map_err(failed)?;
        // One column after the other: of a group no more than one is in memory.
        for ((column, field), mut writer) in table.columns.iter().zip(schema.fields()).zip(writers)
        {
            for first in rows.clone().step_by(PIECE_ROWS) {
                let piece = first..rows.end.min(first + PIECE_ROWS);
                let array = array(column, piece, TARGET)?;
                for leaf in compute_leaves(field, &array).map_err(failed)? {
                    writer.write(&leaf).map_err(failed)?;
                }
            }
            let chunk = writer.close().map_err(failed)?;
            chunk.append_to_row_group(&mut group).map_err(failed)?;
            sink.drain(out)?;
        }
        group.close().map_err(failed)?;
        sink.drain(out)?;
    }
    file.close().map_err(failed)?;
    sink.drain(out)?;
    Ok(())
}

fn failed(error: ParquetError) -> ExportError {
    ExportError::Library { target: TARGET.word(), message: error.to_string() }
}

/// Whether a value that is there is not a number.
fn holds_nan(column: &Column<'_, '_>, rows: usize) -> Result<bool, ExportError> {
    /// Rows that are looked at together.
    const BATCH_ROWS: usize = 1 << 16;
    let size = column.dtype.item_size();
    // Missing values are null, and no other number of an event is NaN.
    if column.dtype.kind() != Kind::Float || column.is_nullable() {
        return Ok(false);
    }
    for first in (0..rows).step_by(BATCH_ROWS) {
        let part = column.part(first..rows.min(first + BATCH_ROWS))?;
        let mut elements = part.chunks_exact(size);
        let found = match size {
            8 => elements.any(|it| decode::double(it, &column.dtype).is_nan()),
            _ => elements.any(|it| decode::single(it, &column.dtype).is_nan()),
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What the library writes to, which has to be owned: bytes on their way to the receiver.
#[derive(Clone, Default)]
pub(crate) struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    pub(crate) fn drain(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(&mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
