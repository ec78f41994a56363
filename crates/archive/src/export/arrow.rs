//! Events and their samples as Arrow streams (IPC), straight from the index and the files.

use std::collections::HashMap;
use std::io::Write;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;

use arrow_array::builder::{
    BooleanBuilder, Float64Builder, Int32Builder, Int64Builder, ListBuilder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use rayon::prelude::*;
use rusqlite::Row;
use rusqlite::types::ValueRef;
use wavekeep_core::{Channel, TimeAxis};

use super::travel::{travel_unit, travel_values, whole_travel_values};
use super::{ExportFailure, micros};
use crate::{Archive, ArchiveError, Query};

/// What a column of events holds.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    /// JSON in a text.
    Document,
    Number,
    Count,
    Truth,
    /// A time by the unit's own clock: no zone is known.
    UnitLocal,
    Utc,
}

/// The columns of an event, in the order of [`crate::index::row::COLUMNS`].
const COLUMNS: [(&str, Kind); 51] = [
    ("id", Kind::Count),
    ("serial", Kind::Text),
    ("filename", Kind::Text),
    ("kind", Kind::Text),
    ("timestamp", Kind::UnitLocal),
    ("sample_rate_hz", Kind::Number),
    ("record_time_s", Kind::Number),
    ("tran_in_s", Kind::Number),
    ("vert_in_s", Kind::Number),
    ("long_in_s", Kind::Number),
    ("ppv_in_s", Kind::Number),
    ("pvs_in_s", Kind::Number),
    ("mic_psi", Kind::Number),
    ("mic_db_l", Kind::Number),
    ("flags", Kind::Document),
    ("project", Kind::Text),
    ("client", Kind::Text),
    ("operator", Kind::Text),
    ("location", Kind::Text),
    ("notes", Kind::Text),
    ("labels", Kind::Document),
    ("false_trigger", Kind::Truth),
    ("reviewer", Kind::Text),
    ("reviewed_at", Kind::Utc),
    ("review_notes", Kind::Text),
    ("has_report", Kind::Truth),
    ("assumed", Kind::Document),
    ("missing_samples", Kind::Count),
    ("damaged", Kind::Truth),
    ("sha256", Kind::Text),
    ("filesize", Kind::Count),
    ("tool_version", Kind::Text),
    ("captured_at", Kind::Utc),
    ("last_seen", Kind::Utc),
    ("source_kind", Kind::Text),
    ("a5_pickle_filename", Kind::Text),
    ("txt_filename", Kind::Text),
    ("hdf5_filename", Kind::Text),
    ("changed", Kind::Count),
    ("mic_db_a", Kind::Number),
    ("mic_db_c", Kind::Number),
    ("readings", Kind::Document),
    ("contradicted", Kind::Truth),
    ("corrected", Kind::Document),
    ("verdict", Kind::Text),
    ("margin_percent", Kind::Number),
    ("judged", Kind::Document),
    ("charge_kg", Kind::Number),
    ("distance_m", Kind::Number),
    ("scaled_distance_m_kg05", Kind::Number),
    ("blast", Kind::Document),
];

/// Units by the ends of names, the longer ones first.
const UNITS: [(&str, &str); 10] = [
    ("_in_s", "in/s"),
    ("_db_l", "dB(L)"),
    ("_db_a", "dB(A)"),
    ("_db_c", "dB(C)"),
    ("_m_kg05", "m/kg^0.5"),
    ("_psi", "psi"),
    ("_kg", "kg"),
    ("_hz", "Hz"),
    ("_s", "s"),
    ("_m", "m"),
];

/// Rows of a batch.
const BATCH_ROWS: usize = 1 << 16;

impl Kind {
    fn data_type(self) -> DataType {
        match self {
            Self::Text | Self::Document => DataType::Utf8,
            Self::Number => DataType::Float64,
            Self::Count => DataType::Int64,
            Self::Truth => DataType::Boolean,
            Self::UnitLocal => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Utc => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        }
    }
}

/// A column that is being filled.
enum Filled {
    Text(StringBuilder),
    Number(Float64Builder),
    Count(Int64Builder),
    Truth(BooleanBuilder),
    Time(TimestampMicrosecondBuilder, fn(&str) -> Option<i64>),
}

impl Filled {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Text | Kind::Document => Self::Text(StringBuilder::new()),
            Kind::Number => Self::Number(Float64Builder::new()),
            Kind::Count => Self::Count(Int64Builder::new()),
            Kind::Truth => Self::Truth(BooleanBuilder::new()),
            Kind::UnitLocal => Self::Time(TimestampMicrosecondBuilder::new(), micros),
            Kind::Utc => {
                let builder = TimestampMicrosecondBuilder::new().with_data_type(kind.data_type());
                Self::Time(builder, utc_micros)
            }
        }
    }

    /// Adds a value; what is not of the column's type is null, as is a time that cannot be read.
    fn push(&mut self, value: ValueRef<'_>) {
        let text = |value: ValueRef<'_>| match value {
            ValueRef::Text(text) => std::str::from_utf8(text).ok().map(str::to_owned),
            _ => None,
        };
        match self {
            Self::Text(column) => match value {
                ValueRef::Text(text) => column.append_option(std::str::from_utf8(text).ok()),
                _ => column.append_null(),
            },
            Self::Number(column) => match value {
                ValueRef::Real(real) => column.append_value(real),
                ValueRef::Integer(integer) => column.append_value(integer as f64),
                _ => column.append_null(),
            },
            Self::Count(column) => match value {
                ValueRef::Integer(integer) => column.append_value(integer),
                _ => column.append_null(),
            },
            Self::Truth(column) => match value {
                ValueRef::Integer(integer) => column.append_value(integer != 0),
                _ => column.append_null(),
            },
            Self::Time(column, micros) => {
                column.append_option(text(value).and_then(|text| micros(&text)));
            }
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(column) => Arc::new(column.finish()),
            Self::Number(column) => Arc::new(column.finish()),
            Self::Count(column) => Arc::new(column.finish()),
            Self::Truth(column) => Arc::new(column.finish()),
            Self::Time(column, _) => Arc::new(column.finish()),
        }
    }
}

fn utc_micros(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_microsecond)
}

/// Rows of events on their way to batches.
struct Events {
    schema: SchemaRef,
    columns: Vec<Filled>,
    rows: usize,
    batches: Vec<Result<RecordBatch, ArrowError>>,
}

impl Events {
    fn new(total: u64) -> Self {
        let fields = COLUMNS.iter().map(|(name, kind)| {
            let field = Field::new(*name, kind.data_type(), true);
            let unit = UNITS.iter().find(|(end, _)| name.ends_with(end)).map(|(_, unit)| *unit);
            match unit.filter(|_| matches!(kind, Kind::Number)) {
                Some(unit) => field.with_metadata(HashMap::from([("unit".into(), unit.into())])),
                None => field,
            }
        });
        let facts = HashMap::from([("total".to_owned(), total.to_string())]);
        let schema = Arc::new(Schema::new_with_metadata(fields.collect::<Vec<_>>(), facts));
        let columns = COLUMNS.iter().map(|(_, kind)| Filled::new(*kind)).collect();
        Self { schema, columns, rows: 0, batches: Vec::new() }
    }

    fn push(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        for (place, column) in self.columns.iter_mut().enumerate() {
            column.push(row.get_ref(place)?);
        }
        self.rows += 1;
        if self.rows == BATCH_ROWS {
            self.end_batch();
        }
        Ok(())
    }

    fn end_batch(&mut self) {
        let columns = self.columns.iter_mut().map(Filled::finish).collect();
        self.batches.push(RecordBatch::try_new(Arc::clone(&self.schema), columns));
        self.rows = 0;
    }
}

/// Where batches go.
fn stream(schema: &Schema, batches: &[RecordBatch], out: &mut dyn Write) -> Result<(), ArrowError> {
    let mut writer = StreamWriter::try_new(out, schema)?;
    batches.iter().try_for_each(|batch| writer.write(batch))?;
    writer.finish()
}

fn failed(error: ArrowError) -> ExportFailure {
    match error {
        ArrowError::IoError(_, source) => ExportFailure::Write(source),
        error => ExportFailure::Library { what: "Arrow stream", message: error.to_string() },
    }
}

impl Archive {
    /// As [`query`](Self::query), as an Arrow stream of the same columns: times by the units' own clocks
    /// have no zone, documents are JSON in texts, units are in the metadata of the fields. `total` is in
    /// the metadata of the schema: how many events answer in all. Gives how many are in the stream.
    ///
    /// # Errors
    /// As [`query`](Self::query); what cannot be written.
    pub fn query_arrow(&self, query: &Query, out: &mut dyn Write) -> Result<u64, ExportFailure> {
        let id = query.after_id.unwrap_or_default();
        let found = self.ask(|connection| {
            let mut events = None;
            let is_there = query.rows(connection, &mut |total, row| {
                let events = events.get_or_insert_with(|| Events::new(total));
                row.map_or(Ok(()), |row| events.push(row))
            })?;
            Ok(events.filter(|_| is_there))
        })?;
        let mut events = found.ok_or(ArchiveError::NoEvent { id })?;
        events.end_batch();
        let batches: Vec<RecordBatch> =
            events.batches.into_iter().collect::<Result<_, _>>().map_err(failed)?;
        stream(&events.schema, &batches, out).map_err(failed)?;
        Ok(batches.iter().map(|batch| batch.num_rows() as u64).sum())
    }

    /// The samples of events as an Arrow stream, in their order, a batch for each of `parts`: a row a channel
    /// with `event_id`, `channel`, `unit`, `rate_hz`, `first_s` and `step_s` (seconds from the trigger),
    /// and `samples`, a list with nulls where some are missing: float64 in in/s and psi, with `raw` the
    /// counts (int32). An event that cannot be decoded is a row with `error` and without samples.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn samples_arrow<'i>(
        &self,
        parts: impl IntoIterator<Item = &'i [i64]>,
        raw: bool,
        out: &mut dyn Write,
    ) -> Result<(), ExportFailure> {
        let schema = sample_schema(raw);
        let mut writer = StreamWriter::try_new(out, &schema).map_err(failed)?;
        let decode = |ids: &'i [i64]| -> Decoded<'i> {
            (ids, ids.par_iter().map(|id| self.samples_of(*id, raw)).collect())
        };
        let mut parts = parts.into_iter();
        // While one batch is written, the next one is decoded. Only this thread waits for a slow reader.
        thread::scope(|scope| {
            let mut next = parts.next().map(|ids| scope.spawn(move || decode(ids)));
            while let Some(decoding) = next {
                let (ids, events) = decoding.join().unwrap_or_else(|panic| resume_unwind(panic));
                next = parts.next().map(|ids| scope.spawn(move || decode(ids)));
                let batch = sample_batch(&schema, ids, events, raw).map_err(failed)?;
                writer.write(&batch).map_err(failed)?;
                writer.flush().map_err(failed)?;
            }
            writer.finish().map_err(failed)
        })
    }

    fn samples_of(&self, id: i64, raw: bool) -> Result<Vec<Samples>, String> {
        let recording = self.recording(id).map_err(|error| error.to_string())?;
        let rate_hz = match recording.time {
            TimeAxis::Samples { rate_hz, .. } => Some(rate_hz.value),
            TimeAxis::Intervals { .. } => None,
        };
        let of_channel = |channel: &Channel| Samples {
            channel: channel.name.to_string(),
            unit: if raw { "count".to_owned() } else { travel_unit(channel).symbol().to_owned() },
            rate_hz,
            first_s: recording.time.seconds(0),
            step_s: recording.time.step_s(),
            values: Values::of(channel, raw),
        };
        Ok(recording.channels.iter().map(of_channel).collect())
    }
}

/// The samples of a channel.
struct Samples {
    channel: String,
    unit: String,
    rate_hz: Option<f64>,
    first_s: Option<f64>,
    step_s: Option<f64>,
    values: Values,
}

/// Events, and the channels of each or why it has none.
type Decoded<'i> = (&'i [i64], Vec<Result<Vec<Samples>, String>>);

/// The values of a channel.
struct Values {
    /// Zero where one is missing.
    numbers: Vec<f64>,
    /// Which are there; `None` where all are.
    is_there: Option<Vec<bool>>,
}

impl Values {
    fn of(channel: &Channel, raw: bool) -> Self {
        match whole_travel_values(channel, raw) {
            Some(numbers) => Self { numbers, is_there: None },
            None => Self::with_gaps(travel_values(channel, raw)),
        }
    }

    fn with_gaps(values: impl Iterator<Item = Option<f64>>) -> Self {
        let mut numbers = Vec::with_capacity(values.size_hint().0);
        let mut is_there: Option<Vec<bool>> = None;
        for value in values {
            if value.is_none() && is_there.is_none() {
                is_there = Some(vec![true; numbers.len()]);
            }
            if let Some(is_there) = &mut is_there {
                is_there.push(value.is_some());
            }
            numbers.push(value.unwrap_or_default());
        }
        Self { numbers, is_there }
    }
}

fn sample_schema(raw: bool) -> SchemaRef {
    let number = if raw { DataType::Int32 } else { DataType::Float64 };
    let list = DataType::List(Arc::new(Field::new_list_field(number, true)));
    let fields = [
        ("event_id", DataType::Int64),
        ("channel", DataType::Utf8),
        ("unit", DataType::Utf8),
        ("rate_hz", DataType::Float64),
        ("first_s", DataType::Float64),
        ("step_s", DataType::Float64),
        ("samples", list),
        ("error", DataType::Utf8),
    ];
    Arc::new(Schema::new(fields.map(|(name, kind)| Field::new(name, kind, true)).to_vec()))
}

fn sample_batch(
    schema: &SchemaRef,
    ids: &[i64],
    events: Vec<Result<Vec<Samples>, String>>,
    raw: bool,
) -> Result<RecordBatch, ArrowError> {
    let mut id_column = Int64Builder::new();
    let [mut channels, mut units, mut errors] = std::array::from_fn(|_| StringBuilder::new());
    let mut axes: [Float64Builder; 3] = std::array::from_fn(|_| Float64Builder::new());
    let mut counts = ListBuilder::new(Int32Builder::new());
    let mut values = ListBuilder::new(Float64Builder::new());
    for (id, event) in ids.iter().zip(events) {
        let (of_channels, error) = match event {
            Ok(samples) => (samples.into_iter().map(Some).collect(), None),
            Err(error) => (vec![None], Some(error)),
        };
        for samples in of_channels {
            id_column.append_value(*id);
            errors.append_option(error.as_deref());
            let Some(samples) = samples else {
                channels.append_null();
                units.append_null();
                axes.iter_mut().for_each(Float64Builder::append_null);
                match raw {
                    true => counts.append_null(),
                    false => values.append_null(),
                }
                continue;
            };
            channels.append_value(&samples.channel);
            units.append_value(&samples.unit);
            let axis = [samples.rate_hz, samples.first_s, samples.step_s];
            axes.iter_mut().zip(axis).for_each(|(column, number)| column.append_option(number));
            let Values { numbers, is_there } = &samples.values;
            if raw {
                // Counts have 32 bits at most.
                let numbers: Vec<i32> = numbers.iter().map(|number| *number as i32).collect();
                match is_there {
                    Some(is_there) => counts.values().append_values(&numbers, is_there),
                    None => counts.values().append_slice(&numbers),
                }
                counts.append(true);
            } else {
                match is_there {
                    Some(is_there) => values.values().append_values(numbers, is_there),
                    None => values.values().append_slice(numbers),
                }
                values.append(true);
            }
        }
    }
    let [mut rate, mut first, mut step] = axes;
    let samples: ArrayRef = match raw {
        true => Arc::new(counts.finish()),
        false => Arc::new(values.finish()),
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(id_column.finish()),
        Arc::new(channels.finish()),
        Arc::new(units.finish()),
        Arc::new(rate.finish()),
        Arc::new(first.finish()),
        Arc::new(step.finish()),
        samples,
        Arc::new(errors.finish()),
    ];
    RecordBatch::try_new(Arc::clone(schema), columns)
}
