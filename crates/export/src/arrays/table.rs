//! Arrays as the columns of one table; the rules are those of [`super`].

use gnz::Dtype;

use super::ArrayTarget;
use super::elements::{element, strides};
use super::typed::Typed;
use crate::ExportError;

/// Most columns: an array of no rows can have any number of them.
const MOST_COLUMNS: usize = 1 << 16;

/// The columns, all of `rows` elements.
pub(super) struct Table<'t, 'a> {
    pub(super) columns: Vec<Column<'t, 'a>>,
    pub(super) rows: usize,
}

/// One 1-d array, or one row or column of a 2-d one.
pub(super) struct Column<'t, 'a> {
    pub(super) name: String,
    pub(super) dtype: &'t Dtype,
    typed: &'t Typed<'a>,
    /// The first element and the step to the next one, in elements.
    start: usize,
    step: usize,
}

impl<'a> Column<'_, 'a> {
    /// The bytes of the element of a row of the table.
    pub(super) fn at(&self, row: usize) -> &'a [u8] {
        element(self.typed.array.bytes, self.dtype.item_size(), self.start + row * self.step)
    }

    pub(super) fn refused(&self, target: ArrayTarget, advice: &'static str) -> ExportError {
        self.typed.refused(target, advice)
    }
}

impl<'t, 'a> Table<'t, 'a> {
    pub(super) fn of(arrays: &'t [Typed<'a>], target: ArrayTarget) -> Result<Self, ExportError> {
        let length = length(arrays, target)?;
        let mut columns = Vec::new();
        for typed in arrays {
            let dtype = typed.dtype(target)?;
            if dtype.item_size() == 0 {
                return Err(
                    typed.refused(target, "write npz or gnz, which hold elements of no bytes")
                );
            }
            columns.extend(columns_of(typed, dtype, length, target)?);
            if columns.len() > MOST_COLUMNS {
                return Err(too_wide(typed, target));
            }
        }
        if columns.is_empty() {
            return Err(ExportError::unrepresentable(
                target,
                "a table without columns",
                "write npz, hdf5 or gnz",
            ));
        }
        let mut names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(ExportError::unrepresentable(
                target,
                format!("two columns that are both called {:?}", twice[0]),
                "rename one of the arrays",
            ));
        }
        Ok(Self { columns, rows: length.rows })
    }
}

/// How long the table is, and whether a 1-d array says so.
#[derive(Clone, Copy)]
struct Length {
    rows: usize,
    by_column: bool,
}

/// As the 1-d arrays are, or without them as many rows as the first 2-d array has.
fn length(arrays: &[Typed<'_>], target: ArrayTarget) -> Result<Length, ExportError> {
    let shapes = || arrays.iter().map(|typed| (typed.name(), typed.array.shape));
    if let Some((name, shape)) = shapes().find(|(_, shape)| !matches!(shape.len(), 1 | 2)) {
        return Err(ExportError::unrepresentable(
            target,
            format!("an array of {} axes in a table ({name:?})", shape.len()),
            "leave it out, or write npz, hdf5 or gnz",
        ));
    }
    let column = shapes().find(|(_, shape)| shape.len() == 1);
    let first = column.or_else(|| shapes().next());
    Ok(Length { rows: first.map_or(0, |(_, shape)| shape[0]), by_column: column.is_some() })
}

fn columns_of<'t, 'a>(
    typed: &'t Typed<'a>,
    dtype: &'t Dtype,
    length: Length,
    target: ArrayTarget,
) -> Result<Vec<Column<'t, 'a>>, ExportError> {
    let shape = typed.array.shape;
    // Which axis goes down the table.
    let down = match shape {
        [rows] if *rows == length.rows => 0,
        [_, last] if length.by_column && *last == length.rows => 1,
        [first, _] if *first == length.rows => 0,
        _ => {
            return Err(ExportError::unrepresentable(
                target,
                format!(
                    "arrays of different lengths in one table ({:?} has the shape {shape:?}, others have {} rows)",
                    typed.name(),
                    length.rows
                ),
                "choose arrays of one length, or write npz, hdf5 or gnz",
            ));
        }
    };
    let across = if shape.len() == 2 { shape[1 - down] } else { 1 };
    if across > MOST_COLUMNS {
        return Err(too_wide(typed, target));
    }
    // Of an array without elements nothing is read.
    let strides = match typed.array.bytes.is_empty() {
        true => vec![0; shape.len()],
        false => strides(shape, typed.is_row_major()),
    };
    let columns = (0..across).map(|place| Column {
        name: match shape.len() {
            1 => typed.name().to_owned(),
            _ => format!("{}_{place}", typed.name()),
        },
        dtype,
        typed,
        start: if shape.len() == 2 { place * strides[1 - down] } else { 0 },
        step: strides[down],
    });
    Ok(columns.collect())
}

fn too_wide(typed: &Typed<'_>, target: ArrayTarget) -> ExportError {
    let what = format!("more than {MOST_COLUMNS} columns (array {:?})", typed.name());
    ExportError::unrepresentable(target, what, "write npz, hdf5 or gnz")
}
