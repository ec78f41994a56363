//! Comma-separated values (RFC 4180, line ends `\n`, UTF-8): a header of names, one row an element.
//!
//! Integers are whole, floats the shortest decimals that read back as the same number of their
//! width, `nan`, `inf` and `-inf` where they are not finite; truth values are `True` and `False`.
//! pandas, numpy.genfromtxt and Python's `float` read all of these.

use std::io::Write;

use gnz::Kind;

use super::table::{Column, Table};
use super::text::{trimmed, utf8};
use super::typed::Typed;
use super::{ArrayTarget, decode};
use crate::ExportError;
use crate::csv::push_quoted;

const TARGET: ArrayTarget = ArrayTarget::Csv;
/// Rows are handed on when they have grown to this many bytes.
const BUFFER_BYTES: usize = 1 << 16;

pub(super) fn write(arrays: &[Typed<'_>], out: &mut dyn Write) -> Result<(), ExportError> {
    let table = Table::of(arrays, TARGET)?;
    let pushes = table.columns.iter().map(push_of).collect::<Result<Vec<_>, _>>()?;
    let mut text = Vec::new();
    for (place, column) in table.columns.iter().enumerate() {
        if place > 0 {
            text.push(b',');
        }
        push_quoted(&mut text, &column.name);
    }
    text.push(b'\n');
    for row in 0..table.rows {
        for (place, (column, push)) in table.columns.iter().zip(&pushes).enumerate() {
            if place > 0 {
                text.push(b',');
            }
            push(&mut text, column, row)?;
        }
        text.push(b'\n');
        if text.len() >= BUFFER_BYTES {
            out.write_all(&text)?;
            text.clear();
        }
    }
    out.write_all(&text)?;
    Ok(())
}

type Push = fn(&mut Vec<u8>, &Column<'_, '_>, usize) -> Result<(), ExportError>;

/// How the elements of a column are printed.
fn push_of(column: &Column<'_, '_>) -> Result<Push, ExportError> {
    Ok(match (column.dtype.kind(), column.dtype.item_size()) {
        (Kind::Bool, _) => |text, column, row| {
            text.extend_from_slice(if column.at(row) == [0] { b"False" } else { b"True" });
            Ok(())
        },
        (Kind::Int, _) => |text, column, row| {
            let number = decode::integer(column.at(row), column.dtype);
            text.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
            Ok(())
        },
        (Kind::Uint, _) => |text, column, row| {
            let number = decode::unsigned(column.at(row), column.dtype);
            text.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
            Ok(())
        },
        (Kind::Float, 2 | 4) => |text, column, row| {
            let number = decode::single(column.at(row), column.dtype);
            text.extend_from_slice(zmij::Buffer::new().format(number).to_lowercase().as_bytes());
            Ok(())
        },
        (Kind::Float, 8) => |text, column, row| {
            let number = decode::double(column.at(row), column.dtype);
            text.extend_from_slice(zmij::Buffer::new().format(number).to_lowercase().as_bytes());
            Ok(())
        },
        (Kind::Bytes, _) => |text, column, row| {
            let content = str::from_utf8(trimmed(column.at(row)));
            push_quoted(text, content.map_err(|_| column.refused(TARGET, NOT_TEXT))?);
            Ok(())
        },
        (Kind::Unicode, _) => |text, column, row| {
            let content = utf8(column.at(row), column.dtype.byte_order());
            push_quoted(text, &content.ok_or_else(|| column.refused(TARGET, NOT_TEXT))?);
            Ok(())
        },
        (Kind::Complex, _) => {
            return Err(column.refused(TARGET, "split it into its real and imaginary parts"));
        }
        (Kind::Datetime, _) => return Err(column.refused(TARGET, "write parquet")),
        _ => return Err(column.refused(TARGET, "write npz, hdf5 or gnz")),
    })
}

const NOT_TEXT: &str = "it holds bytes that are not text: write npz, hdf5 or gnz";
