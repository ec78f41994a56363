//! One JSON document: the [`facts`](crate::facts()), then `units` and `columns`.
//!
//! `units` is `raw` or `physical`. `columns` is the table that the CSV is, column by column: a list
//! of `{"name", "unit", "values"}`, where `unit` is `null` for plain numbers and words and a value
//! is `null` where it is missing. A histogram also has the byte whose meaning is not known, as
//! `<Ch>_annotation`.

use std::io::Write;

use serde_json::{Value, json};
use wavekeep_core::Recording;

use crate::number::{push_integer, push_real};
use crate::table::{Cell, Column, columns};
use crate::{ExportError, ExportOptions, Target, facts};

/// Text is handed on when it has grown to this many bytes.
const BUFFER_BYTES: usize = 1 << 16;

pub(crate) fn write(
    recording: &Recording,
    options: &ExportOptions,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    let columns = match recording.channels.as_slice() {
        [] => Vec::new(),
        _ => columns(recording, options, Target::Json)?,
    };
    let mut document = facts(recording);
    document["units"] = json!(options.units.word());

    // The document without its closing brace, then the values without an intermediate tree.
    let mut text = document.to_string().into_bytes();
    text.pop();
    text.extend_from_slice(b",\"columns\":[");
    for (place, column) in columns.iter().enumerate() {
        if place > 0 {
            text.push(b',');
        }
        push_head(&mut text, column);
        for row in 0..recording.len() {
            if row > 0 {
                text.push(b',');
            }
            match column.at(row) {
                Cell::Missing => text.extend_from_slice(b"null"),
                Cell::Integer(value) => push_integer(&mut text, value),
                Cell::Real(value) => push_real(&mut text, value),
                Cell::Word(word) => push_text(&mut text, word),
                Cell::Moment(moment) => push_text(&mut text, &moment.0.to_string()),
            }
            if text.len() >= BUFFER_BYTES {
                out.write_all(&text)?;
                text.clear();
            }
        }
        text.extend_from_slice(b"]}");
    }
    text.extend_from_slice(b"]}\n");
    out.write_all(&text)?;
    Ok(())
}

fn push_head(text: &mut Vec<u8>, column: &Column<'_>) {
    text.extend_from_slice(b"{\"name\":");
    push_text(text, &column.name);
    text.extend_from_slice(b",\"unit\":");
    match column.unit() {
        Some(unit) => push_text(text, unit.symbol()),
        None => text.extend_from_slice(b"null"),
    }
    text.extend_from_slice(b",\"values\":[");
}

fn push_text(text: &mut Vec<u8>, content: &str) {
    text.extend_from_slice(Value::from(content).to_string().as_bytes());
}
