//! Cells as text: the shortest decimals that read back as the same number of their width.

use gnz::{Dtype, Kind};
use jiff::civil;

use super::text::{trimmed, utf8};
use super::{Column, decode};
use crate::{ExportError, Target};

/// numpy's "not a time".
pub(crate) const NOT_A_TIME: i64 = i64::MIN;

/// Appends an element as text; an error when it is none.
pub(crate) type Print = fn(&mut Vec<u8>, &[u8], &Dtype) -> Result<(), NotText>;

/// An element that holds bytes which are no text, or a date out of range.
pub(crate) struct NotText;

const NOT_TEXT: &str = "it holds bytes that are not text: write npz, hdf5 or gnz";

impl NotText {
    pub(crate) fn of(self, column: &Column<'_, '_>, target: Target) -> ExportError {
        match column.dtype.kind() {
            Kind::Datetime => {
                column.refused(target, "it holds a date out of range: write npz or gnz")
            }
            _ => column.refused(target, NOT_TEXT),
        }
    }
}

/// How the elements of a column are printed.
///
/// Truth values are `true` and `false`, and what is not finite is `NaN`, `inf` and `-inf`: pandas,
/// Polars, DuckDB and numpy read all of these as what they are. A date is ISO 8601 without a zone, and
/// an empty field when it is none.
///
/// # Errors
/// When a type has no text.
pub(crate) fn print_of(column: &Column<'_, '_>, target: Target) -> Result<Print, ExportError> {
    let dtype = &column.dtype;
    Ok(match (dtype.kind(), dtype.item_size()) {
        (Kind::Bool, _) => |text, element, _| {
            text.extend_from_slice(if element == [0] { b"false" } else { b"true" });
            Ok(())
        },
        (Kind::Int, _) => |text, element, dtype| {
            let number = decode::integer(element, dtype);
            text.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
            Ok(())
        },
        (Kind::Uint, _) => |text, element, dtype| {
            let number = decode::unsigned(element, dtype);
            text.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
            Ok(())
        },
        (Kind::Float, 2 | 4) => |text, element, dtype| {
            let number = decode::single(element, dtype);
            text.extend_from_slice(zmij::Buffer::new().format(number).as_bytes());
            Ok(())
        },
        (Kind::Float, 8) => |text, element, dtype| {
            let number = decode::double(element, dtype);
            text.extend_from_slice(zmij::Buffer::new().format(number).as_bytes());
            Ok(())
        },
        (Kind::Bytes, _) => |text, element, _| {
            push_quoted(text, str::from_utf8(trimmed(element)).map_err(|_| NotText)?);
            Ok(())
        },
        (Kind::Unicode, _) => |text, element, dtype| {
            push_quoted(text, &utf8(element, dtype.byte_order()).ok_or(NotText)?);
            Ok(())
        },
        (Kind::Datetime, _) if scale_of(dtype).is_some() => |text, element, dtype| {
            let count = decode::integer(element, dtype);
            if count != NOT_A_TIME {
                text.extend_from_slice(moment(count, dtype).ok_or(NotText)?.as_bytes());
            }
            Ok(())
        },
        (Kind::Complex, _) => {
            return Err(column.refused(target, "split it into its real and imaginary parts"));
        }
        _ => return Err(column.refused(target, "write npz, hdf5 or gnz")),
    })
}

/// Nanoseconds of the unit of a date, and whether it counts days; `None` for units that calendars
/// have no fixed length for, and for multiples.
fn scale_of(dtype: &Dtype) -> Option<(i128, bool)> {
    let text = dtype.to_string();
    let (_, unit) = text.split_once('[')?;
    Some(match unit {
        "D]" => (86_400_000_000_000, true),
        "h]" => (3_600_000_000_000, false),
        "m]" => (60_000_000_000, false),
        "s]" => (1_000_000_000, false),
        "ms]" => (1_000_000, false),
        "us]" => (1_000, false),
        "ns]" => (1, false),
        _ => return None,
    })
}

/// ISO 8601 of a count since 1970.
fn moment(count: i64, dtype: &Dtype) -> Option<String> {
    let (nanos, is_day) = scale_of(dtype)?;
    let since = jiff::SignedDuration::try_from_nanos_i128(i128::from(count).checked_mul(nanos)?)?;
    let moment = civil::date(1970, 1, 1).at(0, 0, 0, 0).checked_add(since).ok()?;
    Some(if is_day { moment.date().to_string() } else { moment.to_string() })
}

/// Quotes a text that would otherwise end its field, or be read as something else than text.
pub(crate) fn push_quoted(text: &mut Vec<u8>, name: &str) {
    if !name.contains([',', '"', '\n', '\r']) {
        text.extend_from_slice(name.as_bytes());
        return;
    }
    text.push(b'"');
    text.extend_from_slice(name.replace('"', "\"\"").as_bytes());
    text.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(count: i64, dtype: &str) -> Option<String> {
        moment(count, &dtype.parse().unwrap())
    }

    #[test]
    fn dates_are_as_exact_as_their_unit() {
        assert_eq!(printed(0, "<M8[D]").as_deref(), Some("1970-01-01"));
        assert_eq!(printed(-1, "<M8[s]").as_deref(), Some("1969-12-31T23:59:59"));
        assert_eq!(printed(1, "<M8[ns]").as_deref(), Some("1970-01-01T00:00:00.000000001"));
        assert_eq!(printed(1500, "<M8[ms]").as_deref(), Some("1970-01-01T00:00:01.5"));
        assert_eq!(printed(i64::MAX, "<M8[D]"), None);
    }
}
