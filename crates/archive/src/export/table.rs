//! The table of events: CSV and Parquet.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as PhysicalType};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use wavekeep_core::{Reading, Unit};

use super::{ExportFailure, PAGE, micros};
use crate::index::{EventRow, Peak};
use crate::{Archive, Query};

/// The columns, in their order. Times named `timestamp` are by the unit's clock, without a zone: in
/// Parquet TIMESTAMP without zone. Those that end with `_at` are UTC, as they are written in sidecars.
pub const EXPORT_COLUMNS: [&str; 46] = [
    "id",
    "serial",
    "filename",
    "kind",
    "timestamp",
    "sample_rate_hz",
    "record_time_s",
    "tran_in_s",
    "vert_in_s",
    "long_in_s",
    "ppv_in_s",
    "pvs_in_s",
    "mic_psi",
    "mic_db_l",
    "flags",
    "project",
    "client",
    "operator",
    "location",
    "notes",
    "false_trigger",
    "reviewer",
    "reviewed_at",
    "review_notes",
    "has_report",
    "assumed",
    "missing_samples",
    "damaged",
    "sha256",
    "filesize",
    "tool_version",
    "captured_at",
    "source_kind",
    "txt_filename",
    "mic_db_a",
    "mic_db_c",
    "readings",
    "contradicted",
    "corrected",
    "verdict",
    "margin_percent",
    "judged",
    "charge_kg",
    "distance_m",
    "scaled_distance_m_kg05",
    "blast",
];

/// The units of velocities and pressures in a table of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableUnits {
    /// in/s or mm/s.
    pub velocity: Unit,
    /// psi or Pa. The level in dB(L) has a column of its own.
    pub pressure: Unit,
}

impl Default for TableUnits {
    fn default() -> Self {
        Self { velocity: Unit::InchPerSecond, pressure: Unit::Psi }
    }
}

impl TableUnits {
    /// The name of a column with the unit of its values.
    fn name(self, column: &str) -> String {
        if let Some(channel) = column.strip_suffix("_in_s")
            && self.velocity == Unit::MillimetrePerSecond
        {
            return format!("{channel}_mm_s");
        }
        match self.pressure {
            Unit::Pascal if column == "mic_psi" => "mic_pa".to_owned(),
            _ => column.to_owned(),
        }
    }

    fn convert(self, mut row: EventRow) -> EventRow {
        let convert = |value: &mut Option<f64>, from: Unit, to: Unit| {
            if from != to {
                // What a conversion adds behind the ninth decimal says nothing.
                let converted = value.and_then(|value| from.convert(value, to).ok());
                *value = converted.map(|value| (value * 1e9).round() / 1e9);
            }
        };
        for value in [
            &mut row.tran_in_s,
            &mut row.vert_in_s,
            &mut row.long_in_s,
            &mut row.ppv_in_s,
            &mut row.pvs_in_s,
        ] {
            convert(value, Unit::InchPerSecond, self.velocity);
        }
        convert(&mut row.mic_psi, Unit::Psi, self.pressure);
        row
    }
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Integer(Option<i64>),
    Real(Option<f64>),
    /// A number with the digits of its source.
    Shown(Option<Reading>),
    Text(Option<String>),
    /// A time by the unit's own clock.
    UnitLocal(Option<String>),
    Flag(bool),
}

fn cells(row: EventRow) -> [Cell; EXPORT_COLUMNS.len()] {
    use Cell::{Flag, Integer, Real, Shown};
    let text = |text: String| Cell::Text(Some(text));
    let level = row.peak(Peak::Microphone);
    let of_level = |unit: Unit| Shown(level.filter(|level| level.unit == unit));
    let levels = [Unit::DecibelLinear, Unit::DecibelA, Unit::DecibelC].map(of_level);
    let [linear, weighted_a, weighted_c] = levels;
    let [tran, vert, long, sum] =
        [Peak::Tran, Peak::Vert, Peak::Long, Peak::VectorSum].map(|peak| Shown(row.peak(peak)));
    let ppv = Shown(row.ppv());
    [
        Integer(Some(row.id)),
        text(row.serial),
        text(row.filename),
        text(row.kind),
        Cell::UnitLocal(row.timestamp),
        Real(row.sample_rate_hz),
        Real(row.record_time_s),
        tran,
        vert,
        long,
        ppv,
        sum,
        Real(row.mic_psi),
        linear,
        text(row.flags),
        Cell::Text(row.project),
        Cell::Text(row.client),
        Cell::Text(row.operator),
        Cell::Text(row.location),
        Cell::Text(row.notes),
        Flag(row.false_trigger),
        Cell::Text(row.reviewer),
        Cell::Text(row.reviewed_at),
        Cell::Text(row.review_notes),
        Flag(row.has_report),
        text(row.assumed),
        Integer(Some(row.missing_samples)),
        Flag(row.damaged),
        Cell::Text(row.sha256),
        Integer(row.filesize),
        Cell::Text(row.tool_version),
        Cell::Text(row.captured_at),
        Cell::Text(row.source_kind),
        Cell::Text(row.txt_filename),
        weighted_a,
        weighted_c,
        text(row.readings),
        Flag(row.contradicted),
        text(row.corrected),
        Cell::Text(row.verdict),
        Real(row.margin_percent),
        text(row.judged),
        Real(row.charge_kg),
        Real(row.distance_m),
        Real(row.scaled_distance_m_kg05),
        text(row.blast),
    ]
}

impl Archive {
    /// Writes the events that answer as CSV (RFC 4180, UTF-8) and gives their number. What is not
    /// known is an empty field.
    ///
    /// # Errors
    /// [`ExportFailure`].
    pub fn export_csv(&self, query: &Query, out: &mut dyn Write) -> Result<u64, ExportFailure> {
        self.export_csv_in(TableUnits::default(), query, out)
    }

    /// As [`export_csv`](Self::export_csv), with values in `units`, which the names of the columns
    /// carry: `ppv_mm_s`, `mic_pa`.
    ///
    /// # Errors
    /// [`ExportFailure`].
    pub fn export_csv_in(
        &self,
        units: TableUnits,
        query: &Query,
        out: &mut dyn Write,
    ) -> Result<u64, ExportFailure> {
        let mut rows = 0;
        let names = EXPORT_COLUMNS.map(|column| units.name(column));
        write!(out, "{}\r\n", names.join(","))?;
        self.each_event(query, &mut |row| {
            rows += 1;
            for (turn, cell) in cells(units.convert(row)).into_iter().enumerate() {
                if turn > 0 {
                    out.write_all(b",")?;
                }
                match cell {
                    Cell::Integer(Some(value)) => write!(out, "{value}")?,
                    Cell::Real(Some(value)) => write!(out, "{value}")?,
                    Cell::Shown(Some(reading)) => out.write_all(digits(reading).as_bytes())?,
                    Cell::Flag(value) => write!(out, "{value}")?,
                    Cell::Text(Some(text)) | Cell::UnitLocal(Some(text)) => field(out, &text)?,
                    Cell::Integer(None)
                    | Cell::Real(None)
                    | Cell::Shown(None)
                    | Cell::Text(None)
                    | Cell::UnitLocal(None) => {}
                }
            }
            Ok::<(), ExportFailure>(out.write_all(b"\r\n")?)
        })?;
        Ok(rows)
    }

    /// Writes the events that answer as Parquet, one row group for each ten thousand, and gives
    /// their number. What is not known is null.
    ///
    /// # Errors
    /// [`ExportFailure`].
    pub fn export_parquet(
        &self,
        query: &Query,
        out: &mut (dyn Write + Send),
    ) -> Result<u64, ExportFailure> {
        let failed = |error: ParquetError| ExportFailure::Library {
            what: "Parquet file",
            message: error.to_string(),
        };
        let schema = schema().map_err(failed)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(concat!("wavekeep version ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let mut writer = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties))
            .map_err(failed)?;
        let mut rows = 0;
        let mut group = Vec::with_capacity(PAGE);
        self.each_event(query, &mut |row| {
            rows += 1;
            group.push(cells(row));
            if group.len() == PAGE {
                write_group(&mut writer, &group).map_err(failed)?;
                group.clear();
            }
            Ok::<(), ExportFailure>(())
        })?;
        if !group.is_empty() {
            write_group(&mut writer, &group).map_err(failed)?;
        }
        writer.close().map_err(failed)?;
        Ok(rows)
    }
}

/// The digits of the source where it has any, otherwise the whole number.
fn digits(reading: Reading) -> String {
    match reading.decimals {
        Some(_) => reading.digits(),
        None => reading.value.to_string(),
    }
}

/// A text of a field. What people and reports wrote is no formula: a spreadsheet would run a text that
/// begins like one, so an apostrophe stands before it, as people write it there.
pub(crate) fn field(out: &mut dyn Write, text: &str) -> io::Result<()> {
    let guarded;
    let text = match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => {
            guarded = format!("'{text}");
            &guarded
        }
        false => text,
    };
    if text.contains(['"', ',', '\r', '\n']) || text.starts_with(' ') || text.ends_with(' ') {
        write!(out, "\"{}\"", text.replace('"', "\"\""))?;
    } else {
        out.write_all(text.as_bytes())?;
    }
    Ok(())
}

fn schema() -> Result<Type, ParquetError> {
    let kinds = cells(EventRow::default());
    let fields = EXPORT_COLUMNS.iter().zip(kinds).map(|(name, kind)| {
        let (physical, logical) = match kind {
            Cell::Integer(_) => (PhysicalType::INT64, None),
            Cell::Real(_) | Cell::Shown(_) => (PhysicalType::DOUBLE, None),
            Cell::UnitLocal(_) => {
                let clock = LogicalType::timestamp(false, TimeUnit::MICROS);
                (PhysicalType::INT64, Some(clock))
            }
            Cell::Flag(_) => (PhysicalType::BOOLEAN, None),
            Cell::Text(_) => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
        };
        Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical)
            .build()
            .map(Arc::new)
    });
    Type::group_type_builder("schema").with_fields(fields.collect::<Result<_, _>>()?).build()
}

fn write_group<W: Write + Send>(
    writer: &mut SerializedFileWriter<W>,
    rows: &[[Cell; EXPORT_COLUMNS.len()]],
) -> Result<(), ParquetError> {
    let mut group = writer.next_row_group()?;
    for column in 0..EXPORT_COLUMNS.len() {
        let Some(mut column_writer) = group.next_column()? else { break };
        let cells = || rows.iter().map(|row| &row[column]);
        let is_there = |cell: &Cell| match cell {
            Cell::Integer(None) | Cell::Real(None) | Cell::Shown(None) | Cell::Text(None) => false,
            Cell::UnitLocal(at) => at.as_deref().and_then(micros).is_some(),
            _ => true,
        };
        let levels: Vec<i16> = cells().map(|cell| i16::from(is_there(cell))).collect();
        match column_writer.untyped() {
            ColumnWriter::Int64ColumnWriter(writer) => {
                let values: Vec<i64> = cells()
                    .filter_map(|cell| match cell {
                        Cell::Integer(value) => *value,
                        Cell::UnitLocal(at) => at.as_deref().and_then(micros),
                        _ => None,
                    })
                    .collect();
                writer.write_batch(&values, Some(&levels), None)?;
            }
            ColumnWriter::DoubleColumnWriter(writer) => {
                let values: Vec<f64> = cells()
                    .filter_map(|cell| match cell {
                        Cell::Real(value) => *value,
                        Cell::Shown(reading) => reading.map(|reading| reading.value),
                        _ => None,
                    })
                    .collect();
                writer.write_batch(&values, Some(&levels), None)?;
            }
            ColumnWriter::BoolColumnWriter(writer) => {
                let values: Vec<bool> =
                    cells().map(|cell| matches!(cell, Cell::Flag(true))).collect();
                writer.write_batch(&values, Some(&levels), None)?;
            }
            ColumnWriter::ByteArrayColumnWriter(writer) => {
                let values: Vec<ByteArray> = cells()
                    .filter_map(|cell| match cell {
                        Cell::Text(Some(text)) => Some(ByteArray::from(text.as_str())),
                        _ => None,
                    })
                    .collect();
                writer.write_batch(&values, Some(&levels), None)?;
            }
            _ => return Err(ParquetError::General("a column of a type that no field has".into())),
        }
        column_writer.close()?;
    }
    group.close()?;
    Ok(())
}
