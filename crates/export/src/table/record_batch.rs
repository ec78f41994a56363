//! Columns as Arrow has them: what Parquet and Arrow files are written from.
//!
//! | elements | column |
//! |---|---|
//! | truth values, integers, floats of 2 to 8 bytes | the same, also unsigned |
//! | `<U`, words of flags | string |
//! | `\|S` | binary, without the zeros that fill it |
//! | `\|V` | binary of a fixed length |
//! | `<M8[D]` | date |
//! | `<M8[s]`, `<M8[ms]`, `<M8[us]`, `<M8[ns]` | timestamp without a time zone, in Parquet at least of milliseconds; no date is null |
//! | `<m8[s]` to `<m8[ns]` | duration; none is null |
//!
//! The metadata of a field says its unit and what is known of the column: of a stream's channel its
//! band, channel and frequency. The metadata of the schema has `wavekeep.facts` (of events) or
//! `wavekeep.metadata` (JSON), `wavekeep.units` (JSON, column to unit) and `PANDAS_ATTRS`, which pandas
//! shows as `df.attrs`.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, DurationMicrosecondType, DurationMillisecondType,
    DurationNanosecondType, DurationSecondType, Float16Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, FixedSizeBinaryArray, PrimitiveArray, RecordBatch,
    RecordBatchOptions, StringArray,
};
use arrow_schema::{ArrowError, DataType, Field, Schema, TimeUnit};
use gnz::{Dtype, Kind};
use serde_json::{Map, Value, json};

use super::print::NOT_A_TIME;
use super::text::{trimmed, utf8};
use super::{Cells, Column, Table, decode};
use crate::dataset::{Dataset, Origin};
use crate::metadata::json_object;
use crate::{ExportError, Target, assumed};

/// Bytes of a batch of rows: what the writer holds in memory at a time.
const BATCH_BYTES: usize = 8 << 20;
/// Rows of a batch of a narrow table.
const BATCH_ROWS: usize = 1 << 20;
const OUT_OF_RANGE: &str = "it holds a date that is out of range there: write npz or gnz";

/// The schema of a table with all that is known of its columns.
///
/// # Errors
/// When a column is of a type that Arrow does not have.
pub(crate) fn schema(
    table: &Table<'_, '_>,
    dataset: &Dataset<'_>,
    target: Target,
) -> Result<Arc<Schema>, ExportError> {
    let fields = table.columns.iter().map(|column| {
        let (data_type, has_none) = data_type(column, target)?;
        let field = Field::new(&column.name, data_type, column.is_nullable() || has_none);
        let text = |value: Value| match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        let facts = column.facts().into_iter().map(|(name, value)| (name, text(value)));
        Ok(field.with_metadata(facts.collect()))
    });
    let fields = fields.collect::<Result<Vec<_>, ExportError>>()?;
    Ok(Arc::new(Schema::new_with_metadata(fields, metadata(table, dataset))))
}

/// What is known of all columns together.
fn metadata(table: &Table<'_, '_>, dataset: &Dataset<'_>) -> HashMap<String, String> {
    let units: Map<String, Value> = table
        .columns
        .iter()
        .filter_map(|column| Some((column.name.clone(), json!(column.unit()?))))
        .collect();
    let mut pairs = HashMap::new();
    let mut set = |key: &str, value: String| pairs.insert(key.to_owned(), value);
    match dataset.origin {
        Origin::Event(recording) => {
            set("wavekeep.facts", json_object(&dataset.attributes).to_string());
            set(
                "PANDAS_ATTRS",
                json!({ "units": units, "assumed": assumed(recording) }).to_string(),
            );
        }
        Origin::Stream | Origin::Arrays if !dataset.attributes.is_empty() => {
            // As GNZ prints it: with numbers that are not finite, which Python reads.
            let document = gnz::Value::from(dataset.attributes.clone()).to_string();
            set("PANDAS_ATTRS", document.clone());
            set("wavekeep.metadata", document);
        }
        Origin::Stream | Origin::Arrays => {}
    }
    if !units.is_empty() {
        set("wavekeep.units", Value::Object(units).to_string());
    }
    pairs
}

/// Bytes of a row, at least one.
pub(crate) fn row_bytes(table: &Table<'_, '_>) -> usize {
    table.columns.iter().map(|column| column.dtype.item_size()).sum::<usize>().max(1)
}

/// The rows of each batch, in order.
pub(crate) fn batches(table: &Table<'_, '_>) -> impl Iterator<Item = Range<usize>> + use<> {
    let step = (BATCH_BYTES / row_bytes(table)).clamp(1, BATCH_ROWS);
    let rows = table.rows;
    (0..rows).step_by(step).map(move |first| first..rows.min(first + step))
}

/// Some rows of a table.
///
/// # Errors
/// When an element is not what its type says.
pub(crate) fn record_batch(
    table: &Table<'_, '_>,
    schema: &Arc<Schema>,
    rows: Range<usize>,
    target: Target,
) -> Result<RecordBatch, ExportError> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    let arrays = table.columns.iter().map(|column| array(column, rows.clone(), target));
    let arrays = arrays.collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options)
        .map_err(|error| library(target, &error))
}

/// What the library said.
pub(crate) fn library(target: Target, error: &ArrowError) -> ExportError {
    ExportError::Library { target: target.word(), message: error.to_string() }
}

/// The type of a column, and whether one of its values means that there is none.
fn data_type(column: &Column<'_, '_>, target: Target) -> Result<(DataType, bool), ExportError> {
    let dtype = &column.dtype;
    if !column.meanings().is_empty() {
        return Ok((DataType::Utf8, true));
    }
    let plain = |data_type| Ok((data_type, false));
    match (dtype.kind(), dtype.item_size()) {
        (Kind::Bool, _) => plain(DataType::Boolean),
        (Kind::Int, 1) => plain(DataType::Int8),
        (Kind::Int, 2) => plain(DataType::Int16),
        (Kind::Int, 4) => plain(DataType::Int32),
        (Kind::Int, _) => plain(DataType::Int64),
        (Kind::Uint, 1) => plain(DataType::UInt8),
        (Kind::Uint, 2) => plain(DataType::UInt16),
        (Kind::Uint, 4) => plain(DataType::UInt32),
        (Kind::Uint, _) => plain(DataType::UInt64),
        (Kind::Float, 2) => plain(DataType::Float16),
        (Kind::Float, 4) => plain(DataType::Float32),
        (Kind::Float, 8) => plain(DataType::Float64),
        (Kind::Unicode, _) => plain(DataType::Utf8),
        (Kind::Bytes, _) => plain(DataType::Binary),
        // Sizes of elements are below 2^31.
        (Kind::Void, size) => plain(DataType::FixedSizeBinary(size as i32)),
        (Kind::Datetime, _) if unit(dtype) == Some("D") => Ok((DataType::Date32, true)),
        (Kind::Datetime, _) => match time_unit(dtype) {
            Some(TimeUnit::Second) if target == Target::Parquet => {
                Ok((DataType::Timestamp(TimeUnit::Millisecond, None), true))
            }
            Some(unit) => Ok((DataType::Timestamp(unit, None), true)),
            None => Err(column.refused(target, "convert it to [D], [s], [ms], [us] or [ns]")),
        },
        (Kind::Timedelta, _) => match time_unit(dtype) {
            Some(unit) => Ok((DataType::Duration(unit), true)),
            None => Err(column.refused(target, "convert it to [s], [ms], [us] or [ns]")),
        },
        (Kind::Complex, _) => {
            Err(column.refused(target, "split it into its real and imaginary parts"))
        }
        (Kind::Float, _) => Err(column.refused(target, "convert it to f8 where it was made")),
    }
}

/// `ns` of `<M8[ns]`.
fn unit(dtype: &Dtype) -> Option<&'static str> {
    let text = dtype.to_string();
    let (_, unit) = text.split_once('[')?;
    ["D]", "s]", "ms]", "us]", "ns]"]
        .into_iter()
        .find(|known| *known == unit)
        .map(|known| known.trim_end_matches(']'))
}

fn time_unit(dtype: &Dtype) -> Option<TimeUnit> {
    Some(match unit(dtype)? {
        "s" => TimeUnit::Second,
        "ms" => TimeUnit::Millisecond,
        "us" => TimeUnit::Microsecond,
        "ns" => TimeUnit::Nanosecond,
        _ => return None,
    })
}

/// Some rows of a column.
///
/// # Errors
/// As [`record_batch`].
pub(crate) fn array(
    column: &Column<'_, '_>,
    rows: Range<usize>,
    target: Target,
) -> Result<ArrayRef, ExportError> {
    let cells = column.cells(rows.clone())?;
    let (data_type, _) = data_type(column, target)?;
    if !column.meanings().is_empty() {
        return Ok(Arc::new(StringArray::from_iter(rows.map(|row| cells.word(row)))));
    }
    let dtype = &column.dtype;
    let integer = |element: &[u8]| decode::integer(element, dtype);
    let unsigned = |element: &[u8]| decode::unsigned(element, dtype);
    // Numbers of a type are as wide as it says.
    Ok(match data_type {
        DataType::Int8 => numbers::<Int8Type>(&cells, rows, |it| integer(it) as i8),
        DataType::Int16 => numbers::<Int16Type>(&cells, rows, |it| integer(it) as i16),
        DataType::Int32 => numbers::<Int32Type>(&cells, rows, |it| integer(it) as i32),
        DataType::Int64 => numbers::<Int64Type>(&cells, rows, integer),
        DataType::UInt8 => numbers::<UInt8Type>(&cells, rows, |it| unsigned(it) as u8),
        DataType::UInt16 => numbers::<UInt16Type>(&cells, rows, |it| unsigned(it) as u16),
        DataType::UInt32 => numbers::<UInt32Type>(&cells, rows, |it| unsigned(it) as u32),
        DataType::UInt64 => numbers::<UInt64Type>(&cells, rows, unsigned),
        DataType::Float16 => numbers::<Float16Type>(&cells, rows, |it| decode::half(it, dtype)),
        DataType::Float32 => numbers::<Float32Type>(&cells, rows, |it| decode::single(it, dtype)),
        DataType::Float64 => numbers::<Float64Type>(&cells, rows, |it| decode::double(it, dtype)),
        DataType::Timestamp(TimeUnit::Second, _) => {
            counts::<TimestampSecondType>(&cells, rows, integer)
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) if unit(dtype) == Some("s") => {
            let millis = rows.map(|row| {
                let seconds = cells.at(row).map(integer).filter(|count| *count != NOT_A_TIME);
                seconds.map(|count| count.checked_mul(1000).ok_or(())).transpose()
            });
            let millis = millis.collect::<Result<PrimitiveArray<TimestampMillisecondType>, _>>();
            Arc::new(millis.map_err(|()| column.refused(target, OUT_OF_RANGE))?)
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            counts::<TimestampMillisecondType>(&cells, rows, integer)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            counts::<TimestampMicrosecondType>(&cells, rows, integer)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            counts::<TimestampNanosecondType>(&cells, rows, integer)
        }
        DataType::Duration(TimeUnit::Second) => counts::<DurationSecondType>(&cells, rows, integer),
        DataType::Duration(TimeUnit::Millisecond) => {
            counts::<DurationMillisecondType>(&cells, rows, integer)
        }
        DataType::Duration(TimeUnit::Microsecond) => {
            counts::<DurationMicrosecondType>(&cells, rows, integer)
        }
        DataType::Duration(TimeUnit::Nanosecond) => {
            counts::<DurationNanosecondType>(&cells, rows, integer)
        }
        DataType::Date32 => {
            let days = rows.map(|row| {
                let days = cells.at(row).map(integer).filter(|days| *days != NOT_A_TIME);
                days.map(i32::try_from).transpose()
            });
            let days = days.collect::<Result<PrimitiveArray<Date32Type>, _>>();
            Arc::new(days.map_err(|_| column.refused(target, OUT_OF_RANGE))?)
        }
        DataType::Boolean => {
            let truth = rows.map(|row| cells.at(row).map(|element| element != [0]));
            Arc::new(truth.collect::<BooleanArray>())
        }
        DataType::Utf8 => {
            let texts = rows.map(|row| {
                let text = |element| {
                    let text = utf8(element, dtype.byte_order());
                    text.ok_or_else(|| column.refused(target, "it holds what is not text"))
                };
                cells.at(row).map(text).transpose()
            });
            Arc::new(StringArray::from_iter(texts.collect::<Result<Vec<_>, _>>()?))
        }
        DataType::FixedSizeBinary(size) => {
            let elements = rows.map(|row| cells.at(row));
            let array = FixedSizeBinaryArray::try_from_sparse_iter_with_size(elements, size);
            Arc::new(array.map_err(|error| library(target, &error))?)
        }
        _ => Arc::new(BinaryArray::from_iter(rows.map(|row| cells.at(row).map(trimmed)))),
    })
}

/// Numbers, null where there is no value.
fn numbers<T: ArrowPrimitiveType>(
    cells: &Cells<'_, '_>,
    rows: Range<usize>,
    number: impl Fn(&[u8]) -> T::Native,
) -> ArrayRef {
    if cells.column().is_nullable() {
        let values = rows.map(|row| cells.at(row).map(&number));
        return Arc::new(values.collect::<PrimitiveArray<T>>());
    }
    let size = cells.column().dtype.item_size();
    let values = cells.bytes().chunks_exact(size).map(number);
    Arc::new(PrimitiveArray::<T>::from_iter_values(values))
}

/// Counts of a unit of time, null where there is no value or numpy's "not a time".
fn counts<T: ArrowPrimitiveType<Native = i64>>(
    cells: &Cells<'_, '_>,
    rows: Range<usize>,
    count: impl Fn(&[u8]) -> i64,
) -> ArrayRef {
    let values = rows.map(|row| cells.at(row).map(&count).filter(|count| *count != NOT_A_TIME));
    Arc::new(values.collect::<PrimitiveArray<T>>())
}
