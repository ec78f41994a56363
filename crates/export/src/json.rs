//! One JSON document: the [`facts`](crate::facts()), then `units` and `columns`.
//!
//! `units` is `raw` or `physical`. `columns` is the table that the CSV is, column by column: a list
//! of `{"name", "unit", "values"}`, where `unit` is `null` for plain numbers and words and a value
//! is `null` where it is missing. A histogram also has the byte whose meaning is not known, as
//! `<Ch>_annotation`.

use std::io::Write;

use serde_json::{Value, json};
use wavekeep_core::Recording;

use crate::dataset::{Form, event};
use crate::table::print::print_of;
use crate::table::{Column, Table};
use crate::{ExportError, ExportOptions, Target, facts};

/// Rows that are printed at a time.
const BATCH_ROWS: usize = 1 << 13;

pub(crate) fn write(
    recording: &Recording,
    options: &ExportOptions,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    let dataset = match recording.channels.as_slice() {
        [] => None,
        _ => Some(event::dataset(recording, options, Target::Json, Form::Table)?),
    };
    let table = dataset.as_ref().map(|dataset| Table::of(dataset, Target::Json)).transpose()?;
    let mut document = facts(recording);
    document["units"] = json!(options.units.word());

    // The document without its closing brace, then the values without an intermediate tree.
    let mut text = document.to_string().into_bytes();
    text.pop();
    text.extend_from_slice(b",\"columns\":[");
    for (place, column) in table.iter().flat_map(|table| &table.columns).enumerate() {
        if place > 0 {
            text.push(b',');
        }
        push_head(&mut text, column);
        push_values(column, recording.len(), &mut text, out)?;
        text.extend_from_slice(b"]}");
    }
    text.extend_from_slice(b"]}\n");
    out.write_all(&text)?;
    Ok(())
}

fn push_head(text: &mut Vec<u8>, column: &Column<'_, '_>) {
    text.extend_from_slice(b"{\"name\":");
    push_text(text, &column.name);
    text.extend_from_slice(b",\"unit\":");
    match column.unit() {
        Some(unit) => push_text(text, unit),
        None => text.extend_from_slice(b"null"),
    }
    text.extend_from_slice(b",\"values\":[");
}

fn push_values(
    column: &Column<'_, '_>,
    rows: usize,
    text: &mut Vec<u8>,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    let print = print_of(column, Target::Json)?;
    let is_text = column.dtype.kind() == gnz::Kind::Datetime;
    for first in (0..rows).step_by(BATCH_ROWS) {
        let batch = first..rows.min(first + BATCH_ROWS);
        let cells = column.cells(batch.clone())?;
        for row in batch {
            if row > 0 {
                text.push(b',');
            }
            let Some(element) = cells.at(row) else {
                text.extend_from_slice(b"null");
                continue;
            };
            if let Some(word) = cells.word(row) {
                push_text(text, word);
                continue;
            }
            // Dates have no character that JSON escapes.
            let quote: &[u8] = if is_text { b"\"" } else { b"" };
            text.extend_from_slice(quote);
            print(text, element, &column.dtype).map_err(|error| error.of(column, Target::Json))?;
            text.extend_from_slice(quote);
        }
        out.write_all(text)?;
        text.clear();
    }
    Ok(())
}

fn push_text(text: &mut Vec<u8>, content: &str) {
    text.extend_from_slice(Value::from(content).to_string().as_bytes());
}
