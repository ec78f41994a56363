//! Apache Parquet: the arrays as columns of one table.
//!
//! | elements | column |
//! |---|---|
//! | truth values, integers, floats of 2 to 8 bytes | the same, also unsigned |
//! | `<U` | string |
//! | `\|S` | binary, without the zeros that fill it |
//! | `\|V` | binary of a fixed length |
//! | `<M8[D]` | date |
//! | `<M8[ms]`, `<M8[us]`, `<M8[ns]` | timestamp without a time zone; no date is null |
//!
//! The file's key-value metadata holds `wavekeep.metadata` (JSON) and `PANDAS_ATTRS`, which pandas
//! shows as `df.attrs`.

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use gnz::{Kind, Object, Value};
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as PhysicalType};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::{ByteArray, FixedLenByteArray};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{Type, TypePtr};

use super::table::{Column, Table};
use super::text::{trimmed, utf8};
use super::typed::Typed;
use super::{ArrayTarget, decode};
use crate::ExportError;

const TARGET: ArrayTarget = ArrayTarget::Parquet;
/// Rows of a group: what a reader holds in memory at a time.
const GROUP_ROWS: usize = 1 << 20;
/// numpy's "not a time".
const NOT_A_TIME: i64 = i64::MIN;

pub(super) fn write(
    arrays: &[Typed<'_>],
    metadata: &Object,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    let table = Table::of(arrays, TARGET)?;
    let shapes = table.columns.iter().map(Shape::of).collect::<Result<Vec<_>, _>>()?;
    let sink = Sink::default();
    let failed = |error: ParquetError| ExportError::Library {
        target: TARGET.word(),
        message: error.to_string(),
    };
    let mut writer = create(&table, &shapes, metadata, sink.clone()).map_err(failed)?;
    for first in (0..table.rows).step_by(GROUP_ROWS) {
        let rows = first..table.rows.min(first + GROUP_ROWS);
        let mut group = writer.next_row_group().map_err(failed)?;
        for (column, shape) in table.columns.iter().zip(&shapes) {
            let Some(mut column_writer) = group.next_column().map_err(failed)? else { break };
            let fault = shape.write(column, rows.clone(), column_writer.untyped());
            fault.map_err(|fault| match fault {
                Fault::Value(error) => error,
                Fault::Library(error) => failed(error),
            })?;
            column_writer.close().map_err(failed)?;
            sink.drain(out)?;
        }
        group.close().map_err(failed)?;
    }
    writer.close().map_err(failed)?;
    sink.drain(out)?;
    Ok(())
}

/// What the library writes to, which has to be owned: bytes on their way to the receiver.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn drain(&self, out: &mut dyn Write) -> io::Result<()> {
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

fn create(
    table: &Table<'_, '_>,
    shapes: &[Shape],
    metadata: &Object,
    sink: Sink,
) -> Result<SerializedFileWriter<Sink>, ParquetError> {
    let fields = table.columns.iter().zip(shapes).map(|(column, shape)| shape.field(column));
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    let schema = Type::group_type_builder("schema").with_fields(fields).build()?;
    let json = Value::from(metadata.clone()).to_string();
    let entry = |key: &str| KeyValue { key: key.to_owned(), value: Some(json.clone()) };
    let pairs = [entry("wavekeep.metadata"), entry("PANDAS_ATTRS")];
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by(concat!("wavekeep version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata((!metadata.is_empty()).then(|| pairs.into()))
        .build();
    SerializedFileWriter::new(sink, Arc::new(schema), Arc::new(properties))
}

/// What a column is in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Bool,
    Integer {
        bits: i8,
        is_signed: bool,
    },
    Half,
    Single,
    Double,
    String,
    Binary,
    Fixed {
        bytes: i32,
    },
    Date,
    /// Counts are multiplied to come to the unit.
    Moment {
        unit: TimeUnit,
        factor: i64,
    },
}

enum Fault {
    Value(ExportError),
    Library(ParquetError),
}

impl From<ParquetError> for Fault {
    fn from(error: ParquetError) -> Self {
        Self::Library(error)
    }
}

impl Shape {
    fn of(column: &Column<'_, '_>) -> Result<Self, ExportError> {
        let bytes = column.dtype.item_size();
        Ok(match (column.dtype.kind(), bytes) {
            (Kind::Bool, _) => Self::Bool,
            // Integers have at most 64 bits.
            (Kind::Int, _) => Self::Integer { bits: 8 * bytes as i8, is_signed: true },
            (Kind::Uint, _) => Self::Integer { bits: 8 * bytes as i8, is_signed: false },
            (Kind::Float, 2) => Self::Half,
            (Kind::Float, 4) => Self::Single,
            (Kind::Float, 8) => Self::Double,
            (Kind::Unicode, _) => Self::String,
            (Kind::Bytes, _) => Self::Binary,
            // Sizes of elements are below 2^31.
            (Kind::Void, _) => Self::Fixed { bytes: bytes as i32 },
            (Kind::Datetime, _) => return Self::moment(column),
            (Kind::Complex, _) => {
                return Err(column.refused(TARGET, "split it into its real and imaginary parts"));
            }
            (Kind::Timedelta, _) => {
                return Err(column.refused(TARGET, "convert it to a number of its unit"));
            }
            (Kind::Float, _) => {
                return Err(column.refused(TARGET, "convert it to f8 where it was made"));
            }
        })
    }

    fn moment(column: &Column<'_, '_>) -> Result<Self, ExportError> {
        let text = column.dtype.to_string();
        Ok(match text.split_once('[').map(|(_, unit)| unit) {
            Some("D]") => Self::Date,
            Some("s]") => Self::Moment { unit: TimeUnit::MILLIS, factor: 1000 },
            Some("ms]") => Self::Moment { unit: TimeUnit::MILLIS, factor: 1 },
            Some("us]") => Self::Moment { unit: TimeUnit::MICROS, factor: 1 },
            Some("ns]") => Self::Moment { unit: TimeUnit::NANOS, factor: 1 },
            _ => return Err(column.refused(TARGET, "convert it to [D], [s], [ms], [us] or [ns]")),
        })
    }

    fn field(self, column: &Column<'_, '_>) -> Result<TypePtr, ParquetError> {
        let (physical, logical) = match self {
            Self::Bool => (PhysicalType::BOOLEAN, None),
            Self::Integer { bits: 64, is_signed: true } => (PhysicalType::INT64, None),
            Self::Integer { bits: 32, is_signed: true } => (PhysicalType::INT32, None),
            Self::Integer { bits, is_signed } => (
                if bits == 64 { PhysicalType::INT64 } else { PhysicalType::INT32 },
                Some(LogicalType::integer(bits, is_signed)),
            ),
            Self::Half => (PhysicalType::FIXED_LEN_BYTE_ARRAY, Some(LogicalType::Float16)),
            Self::Single => (PhysicalType::FLOAT, None),
            Self::Double => (PhysicalType::DOUBLE, None),
            Self::String => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
            Self::Binary => (PhysicalType::BYTE_ARRAY, None),
            Self::Fixed { .. } => (PhysicalType::FIXED_LEN_BYTE_ARRAY, None),
            Self::Date => (PhysicalType::INT32, Some(LogicalType::Date)),
            Self::Moment { unit, .. } => {
                (PhysicalType::INT64, Some(LogicalType::timestamp(false, unit)))
            }
        };
        let length = match self {
            Self::Half => 2,
            Self::Fixed { bytes } => bytes,
            _ => -1,
        };
        let repetition =
            if self.may_be_null() { Repetition::OPTIONAL } else { Repetition::REQUIRED };
        let field = Type::primitive_type_builder(&column.name, physical)
            .with_repetition(repetition)
            .with_logical_type(logical)
            .with_length(length)
            .build()?;
        Ok(Arc::new(field))
    }

    fn may_be_null(self) -> bool {
        matches!(self, Self::Date | Self::Moment { .. })
    }

    /// Hands the elements of `rows` to `writer`.
    fn write(
        self,
        column: &Column<'_, '_>,
        rows: std::ops::Range<usize>,
        writer: &mut ColumnWriter<'_>,
    ) -> Result<(), Fault> {
        let dtype = column.dtype;
        let elements = rows.map(|row| column.at(row));
        match writer {
            ColumnWriter::BoolColumnWriter(writer) => {
                let values: Vec<bool> = elements.map(|element| element != [0]).collect();
                writer.write_batch(&values, None, None)?;
            }
            ColumnWriter::Int32ColumnWriter(writer) if self == Self::Date => {
                let counts = elements.map(|element| decode::integer(element, dtype));
                let (values, levels) = counts_of(column, counts, |days| i32::try_from(days).ok())?;
                writer.write_batch(&values, Some(&levels), None)?;
            }
            ColumnWriter::Int32ColumnWriter(writer) => {
                // At most 32 bits; unsigned ones keep their bits.
                let values: Vec<i32> = match self {
                    Self::Integer { is_signed: false, .. } => {
                        elements.map(|element| decode::unsigned(element, dtype) as i32).collect()
                    }
                    _ => elements.map(|element| decode::integer(element, dtype) as i32).collect(),
                };
                writer.write_batch(&values, None, None)?;
            }
            ColumnWriter::Int64ColumnWriter(writer) => match self {
                Self::Moment { factor, .. } => {
                    let counts = elements.map(|element| decode::integer(element, dtype));
                    let (values, levels) =
                        counts_of(column, counts, |count| count.checked_mul(factor))?;
                    writer.write_batch(&values, Some(&levels), None)?;
                }
                _ => {
                    let values: Vec<i64> =
                        elements.map(|element| decode::integer(element, dtype)).collect();
                    writer.write_batch(&values, None, None)?;
                }
            },
            ColumnWriter::FloatColumnWriter(writer) => {
                let values: Vec<f32> =
                    elements.map(|element| decode::single(element, dtype)).collect();
                writer.write_batch(&values, None, None)?;
            }
            ColumnWriter::DoubleColumnWriter(writer) => {
                let values: Vec<f64> =
                    elements.map(|element| decode::double(element, dtype)).collect();
                writer.write_batch(&values, None, None)?;
            }
            ColumnWriter::ByteArrayColumnWriter(writer) => {
                let values = elements.map(|element| match self {
                    Self::String => utf8(element, dtype.byte_order())
                        .map(|text| ByteArray::from(text.into_bytes()))
                        .ok_or_else(|| column.refused(TARGET, "it holds what is not text")),
                    _ => Ok(ByteArray::from(trimmed(element).to_vec())),
                });
                let values = values.collect::<Result<Vec<_>, _>>().map_err(Fault::Value)?;
                writer.write_batch(&values, None, None)?;
            }
            ColumnWriter::FixedLenByteArrayColumnWriter(writer) => {
                let values: Vec<FixedLenByteArray> = elements
                    .map(|element| match self {
                        Self::Half => decode::half(element, dtype).to_le_bytes().to_vec(),
                        _ => element.to_vec(),
                    })
                    .map(FixedLenByteArray::from)
                    .collect();
                writer.write_batch(&values, None, None)?;
            }
            ColumnWriter::Int96ColumnWriter(_) => {
                return Err(ParquetError::General("a type that no field has".into()).into());
            }
        }
        Ok(())
    }
}

/// The dates that there are, and for each row whether it has one.
fn counts_of<T>(
    column: &Column<'_, '_>,
    counts: impl Iterator<Item = i64>,
    convert: impl Fn(i64) -> Option<T>,
) -> Result<(Vec<T>, Vec<i16>), Fault> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    for count in counts {
        levels.push(i16::from(count != NOT_A_TIME));
        if count != NOT_A_TIME {
            let advice = "it holds a date that is out of range there: write npz or gnz";
            values
                .push(convert(count).ok_or_else(|| Fault::Value(column.refused(TARGET, advice)))?);
        }
    }
    Ok((values, levels))
}
