//! Apache Parquet: the table of the recording, one column a channel.
//!
//! A waveform has `time_s` and one nullable column a channel, named like it; a histogram has the
//! columns of the CSV and each `<Ch>_annotation`. Raw counts are integers of their own width, other
//! numbers doubles, flags strings; missing is null. A physical histogram gives pressures in dB(L),
//! as the CSV does.
//!
//! The file's key-value metadata holds `wavekeep.facts` (JSON, see [`facts`](crate::facts())),
//! `wavekeep.units` (JSON, column → unit) and `PANDAS_ATTRS`, which pandas shows as `df.attrs`:
//! `units` and `assumed`.

use std::collections::HashSet;
use std::io::Write;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as PhysicalType};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{Type, TypePtr};
use serde_json::{Map, Value, json};
use wavekeep_core::Recording;

use crate::facts::{assumed, facts};
use crate::table::{Cell, CellKind, Column, columns};
use crate::{ExportError, ExportOptions, Target};

/// Rows of a group: what a reader holds in memory at a time.
const GROUP_ROWS: usize = 1 << 20;

pub(crate) fn write(
    recording: &Recording,
    options: &ExportOptions,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    let columns = columns(recording, options, Target::Parquet)?;
    let mut names = HashSet::new();
    if let Some(twice) = columns.iter().find(|column| !names.insert(column.name.as_str())) {
        return Err(ExportError::unrepresentable(
            Target::Parquet,
            format!("two columns that are both called {:?}", twice.name),
            "write csv, json or npy, or one of the two channels",
        ));
    }
    // The writer asks for an owned sink.
    let bytes = file(recording, &columns).map_err(|error| ExportError::Library {
        target: Target::Parquet.word(),
        message: error.to_string(),
    })?;
    out.write_all(&bytes)?;
    Ok(())
}

fn file(recording: &Recording, columns: &[Column<'_>]) -> Result<Vec<u8>, ParquetError> {
    let fields = columns.iter().map(field).collect::<Result<Vec<_>, _>>()?;
    let schema = Type::group_type_builder("schema").with_fields(fields).build()?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by(concat!("wavekeep version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(metadata(recording, columns)))
        .build();
    let mut writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))?;
    let rows = recording.len();
    for first in (0..rows).step_by(GROUP_ROWS) {
        let group = first..rows.min(first + GROUP_ROWS);
        let mut group_writer = writer.next_row_group()?;
        for column in columns {
            let Some(mut column_writer) = group_writer.next_column()? else { break };
            let cells = group.clone().map(|row| column.at(row));
            write_column(column_writer.untyped(), cells)?;
            column_writer.close()?;
        }
        group_writer.close()?;
    }
    writer.into_inner()
}

fn field(column: &Column<'_>) -> Result<TypePtr, ParquetError> {
    let (physical, logical) = match column.kind() {
        CellKind::Integer { bits: 64 } => (PhysicalType::INT64, None),
        CellKind::Integer { bits } => {
            let logical = LogicalType::integer(bits as i8, true);
            (PhysicalType::INT32, Some(logical))
        }
        CellKind::Real => (PhysicalType::DOUBLE, None),
        CellKind::Word => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
    };
    let repetition = if column.is_complete() { Repetition::REQUIRED } else { Repetition::OPTIONAL };
    let field = Type::primitive_type_builder(&column.name, physical)
        .with_repetition(repetition)
        .with_logical_type(logical)
        .build()?;
    Ok(Arc::new(field))
}

/// Hands the values that are there to `writer`, and for each row whether it has one.
fn write_column(
    writer: &mut ColumnWriter<'_>,
    cells: impl Iterator<Item = Cell> + Clone,
) -> Result<(), ParquetError> {
    let levels: Vec<i16> = cells.clone().map(|cell| i16::from(cell != Cell::Missing)).collect();
    let integers = || cells.clone().filter_map(Cell::integer);
    match writer {
        ColumnWriter::Int32ColumnWriter(writer) => {
            // Columns of 32 bits hold counts of at most 32 bits.
            let values: Vec<i32> = integers().map(|value| value as i32).collect();
            writer.write_batch(&values, Some(&levels), None)?;
        }
        ColumnWriter::Int64ColumnWriter(writer) => {
            let values: Vec<i64> = integers().collect();
            writer.write_batch(&values, Some(&levels), None)?;
        }
        ColumnWriter::DoubleColumnWriter(writer) => {
            let values: Vec<f64> = cells.filter_map(Cell::real).collect();
            writer.write_batch(&values, Some(&levels), None)?;
        }
        ColumnWriter::ByteArrayColumnWriter(writer) => {
            let values: Vec<ByteArray> =
                cells.filter_map(Cell::word).map(ByteArray::from).collect();
            writer.write_batch(&values, Some(&levels), None)?;
        }
        _ => return Err(ParquetError::General("a column of a type that no field has".into())),
    }
    Ok(())
}

fn metadata(recording: &Recording, columns: &[Column<'_>]) -> Vec<KeyValue> {
    let units: Map<String, Value> = columns
        .iter()
        .filter_map(|column| Some((column.name.clone(), json!(column.unit()?))))
        .collect();
    let attributes = json!({ "units": units, "assumed": assumed(recording) });
    let entry = |key: &str, value: String| KeyValue { key: key.to_owned(), value: Some(value) };
    vec![
        entry("wavekeep.facts", facts(recording).to_string()),
        entry("wavekeep.units", Value::Object(units).to_string()),
        entry("PANDAS_ATTRS", attributes.to_string()),
    ]
}
