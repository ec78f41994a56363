//! A dataset as a table: columns of one length, one type a column.
//!
//! Arrays of one axis are columns, which have to be of one length. An array of two axes with the name
//! `data` becomes columns `data_0`, `data_1`, … and lies so that it is as long as the others:
//! `[channels, frames]` beside a `[frames]` gives a column a channel, `[frames, channels]` the same
//! columns; when both fit, it is the first. Without arrays of one axis rows stay rows, as
//! `numpy.savetxt` and `pandas.DataFrame` have it. An array of records becomes a column a field:
//! `fit.a`, and `fit.xy_0` where a field is an array. What does not fit into one table is refused by
//! name.

mod column;
pub(crate) mod decode;
pub(crate) mod flags;
pub(crate) mod print;
pub(crate) mod record_batch;
pub(crate) mod text;

use std::collections::HashSet;

use gnz::Dtype;
use wavekeep_core::Leaf;

use crate::dataset::{Dataset, Elements, Origin, Variable};
use crate::elements::strides;
use crate::{ExportError, Target};

pub(crate) use column::{Cells, Column};

/// Most columns: an array of no rows can have any number of them.
const MOST_COLUMNS: usize = 1 << 16;

/// The columns, all of `rows` elements.
pub(crate) struct Table<'t, 'a> {
    pub(crate) columns: Vec<Column<'t, 'a>>,
    pub(crate) rows: usize,
}

impl<'t, 'a> Table<'t, 'a> {
    /// # Errors
    /// When the arrays do not make one table.
    pub(crate) fn of(dataset: &'t Dataset<'a>, target: Target) -> Result<Self, ExportError> {
        let length = length(&dataset.variables, target)?;
        let mut columns = Vec::new();
        for variable in &dataset.variables {
            columns.extend(columns_of(variable, length, target)?);
            if columns.len() > MOST_COLUMNS {
                return Err(too_wide(variable, target));
            }
        }
        if columns.is_empty() {
            return Err(ExportError::unrepresentable(
                target,
                "a table without columns",
                "write npz, hdf5 or gnz",
            ));
        }
        // The text of an event may name a column twice: a unit may have two channels of one name.
        let is_text = target.is_text() && matches!(dataset.origin, Origin::Event(_));
        let mut names = HashSet::new();
        let name = |column: &Column<'_, '_>| column.name.clone();
        let twice = columns.iter().map(name).find(|name| !names.insert(name.clone()));
        if let Some(twice) = twice.filter(|_| !is_text) {
            return Err(ExportError::unrepresentable(
                target,
                format!("two columns that are both called {twice:?}"),
                "rename one of the arrays or channels, or choose one of them",
            ));
        }
        Ok(Self { columns, rows: length.rows })
    }
}

/// How long the table is, and whether an array of one axis says so.
#[derive(Clone, Copy)]
struct Length {
    rows: usize,
    by_column: bool,
}

/// As the arrays of one axis are, or without them as many rows as the first of two axes has.
fn length(variables: &[Variable<'_>], target: Target) -> Result<Length, ExportError> {
    if let Some(other) = variables.iter().find(|it| !matches!(it.shape.len(), 1 | 2)) {
        return Err(ExportError::unrepresentable(
            target,
            format!("an array of {} axes in a table ({:?})", other.shape.len(), other.flat_name()),
            "leave it out, or write npz, hdf5 or gnz",
        ));
    }
    let column = variables.iter().find(|it| it.shape.len() == 1);
    let first = column.or_else(|| variables.first());
    Ok(Length { rows: first.map_or(0, |it| it.shape[0]), by_column: column.is_some() })
}

/// The simple elements of a variable: itself, or the fields of its records.
fn leaves(variable: &Variable<'_>, target: Target) -> Result<Vec<(Dtype, Leaf)>, ExportError> {
    let simple = |dtype: &Dtype| Leaf {
        path: Vec::new(),
        dtype: String::new(),
        offset: 0,
        item_size: dtype.item_size(),
        shape: Vec::new(),
        strides: Vec::new(),
    };
    let Elements::Structured(records) = &variable.elements else {
        let dtype = variable.dtype(target)?;
        return Ok(vec![(dtype.clone(), simple(dtype))]);
    };
    let typed = records.leaves().into_iter().map(|leaf| match Dtype::parse(&leaf.dtype) {
        Some(dtype) => Ok((dtype, leaf)),
        None => Err(variable.refused(target, "write npz, which holds records as they are")),
    });
    typed.collect()
}

fn columns_of<'t, 'a>(
    variable: &'t Variable<'a>,
    length: Length,
    target: Target,
) -> Result<Vec<Column<'t, 'a>>, ExportError> {
    let shape = &*variable.shape;
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
                    variable.flat_name(),
                    length.rows
                ),
                "choose arrays of one length, or write npz, hdf5 or gnz",
            ));
        }
    };
    let leaves = leaves(variable, target)?;
    if leaves.iter().any(|(dtype, _)| dtype.item_size() == 0) {
        return Err(variable.refused(target, "write npz or gnz, which hold elements of no bytes"));
    }
    let across = if shape.len() == 2 { shape[1 - down] } else { 1 };
    let inner = |leaf: &Leaf| leaf.shape.iter().fold(1usize, |all, len| all.saturating_mul(*len));
    let wide = leaves.iter().fold(0usize, |all, (_, leaf)| all.saturating_add(inner(leaf)));
    if across.saturating_mul(wide) > MOST_COLUMNS {
        return Err(too_wide(variable, target));
    }
    // Of an array without elements nothing is read.
    let strides = match variable.len() {
        0 => vec![0; shape.len()],
        _ => strides(shape, variable.is_row_major()),
    };
    let size = variable.elements.item_size().unwrap_or(1);
    let mut columns = Vec::new();
    for place in 0..across {
        let label = variable.rows.get(place).filter(|_| shape.len() == 2);
        let outer = match (label, shape.len()) {
            (Some(label), _) => label.heading.clone(),
            (None, 1) => variable.flat_name().into_owned(),
            (None, _) => format!("{}_{place}", variable.flat_name()),
        };
        let start = if shape.len() == 2 { place * strides[1 - down] * size } else { 0 };
        for (dtype, leaf) in &leaves {
            for inner in 0..inner(leaf) {
                let (suffix, offset) = place_in(leaf, inner);
                let name = match leaf.path.is_empty() {
                    true => outer.clone(),
                    false => format!("{outer}.{}{suffix}", leaf.name()),
                };
                columns.push(Column {
                    name,
                    dtype: dtype.clone(),
                    variable,
                    label,
                    start: start + leaf.offset + offset,
                    step: strides[down] * size,
                });
            }
        }
    }
    Ok(columns)
}

/// The element number `index` of a field that is an array: what its column is called, and where it
/// lies.
fn place_in(leaf: &Leaf, index: usize) -> (String, usize) {
    let (mut rest, mut offset, mut places) = (index, 0, Vec::new());
    for (length, stride) in leaf.shape.iter().zip(&leaf.strides).rev() {
        places.push(rest % length);
        offset += (rest % length) * stride;
        rest /= length;
    }
    (places.iter().rev().map(|place| format!("_{place}")).collect(), offset)
}

fn too_wide(variable: &Variable<'_>, target: Target) -> ExportError {
    let what = format!("more than {MOST_COLUMNS} columns (array {:?})", variable.flat_name());
    ExportError::unrepresentable(target, what, "write npz, hdf5 or gnz")
}
