//! Samples as an Arrow stream, which pandas, polars and DuckDB read without a parser of ours.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, Field, Schema};

use crate::problem::Problem;

/// The media type of a stream of record batches.
pub const ARROW: &str = "application/vnd.apache.arrow.stream";

/// What is said of a table or of a column, in words.
pub type Facts = HashMap<String, String>;

/// Facts of which those without a value are left out.
pub fn facts<'a>(all: impl IntoIterator<Item = (&'a str, Option<String>)>) -> Facts {
    all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// A table that travels in one batch.
pub struct Table {
    facts: Facts,
    fields: Vec<Field>,
    columns: Vec<ArrayRef>,
}

impl Table {
    /// A table without columns.
    pub fn new(facts: Facts) -> Self {
        Self { facts, fields: Vec::new(), columns: Vec::new() }
    }

    /// Adds a column; all have the same length.
    pub fn push(&mut self, name: String, facts: Facts, column: ArrayRef) {
        let field = Field::new(name, column.data_type().clone(), true).with_metadata(facts);
        self.fields.push(field);
        self.columns.push(column);
    }

    /// The bytes of the stream.
    ///
    /// # Errors
    /// When the columns are of different length.
    pub fn bytes(self) -> Result<Vec<u8>, Problem> {
        self.written().map_err(|error| Problem::internal(&error))
    }

    fn written(self) -> Result<Vec<u8>, ArrowError> {
        let rows = self.columns.first().map_or(0, |column| column.len());
        let schema = Arc::new(Schema::new_with_metadata(self.fields, self.facts));
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), self.columns, &options)?;
        let mut writer = StreamWriter::try_new(Vec::new(), &schema)?;
        writer.write(&batch)?;
        writer.finish()?;
        writer.into_inner()
    }
}
