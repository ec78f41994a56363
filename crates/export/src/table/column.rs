//! One column of a table.

use std::borrow::Cow;
use std::ops::Range;

use gnz::Dtype;
use serde_json::{Map, Value};

use super::flags;
use crate::dataset::{RowLabel, Variable};
use crate::{ExportError, Target};

/// An array of one axis, one row or column of an array of two, or a field of one of records.
pub(crate) struct Column<'t, 'a> {
    pub(crate) name: String,
    pub(crate) dtype: Dtype,
    pub(super) variable: &'t Variable<'a>,
    pub(super) label: Option<&'t RowLabel>,
    /// The first element and the step to the next one, in bytes.
    pub(super) start: usize,
    pub(super) step: usize,
}

/// The cells of some rows.
pub(crate) struct Cells<'t, 'a> {
    column: &'t Column<'t, 'a>,
    bytes: Cow<'a, [u8]>,
    first: usize,
}

impl<'t, 'a> Column<'t, 'a> {
    /// The elements of `rows`, one behind the other.
    ///
    /// # Errors
    /// When one of them cannot be made.
    pub(crate) fn part(&self, rows: Range<usize>) -> Result<Cow<'a, [u8]>, ExportError> {
        let Some(bytes) = self.variable.lying_bytes() else { return self.variable.part(rows) };
        let size = self.dtype.item_size();
        if rows.is_empty() {
            return Ok(Cow::Borrowed(&[]));
        }
        if self.step == size {
            let first = self.start + rows.start * size;
            return Ok(Cow::Borrowed(&bytes[first..first + rows.len() * size]));
        }
        let mut gathered = Vec::with_capacity(rows.len() * size);
        for row in rows {
            gathered.extend_from_slice(&bytes[self.start + row * self.step..][..size]);
        }
        Ok(Cow::Owned(gathered))
    }

    /// The cells of `rows`.
    ///
    /// # Errors
    /// As [`part`](Self::part).
    pub(crate) fn cells(&'t self, rows: Range<usize>) -> Result<Cells<'t, 'a>, ExportError> {
        Ok(Cells { column: self, first: rows.start, bytes: self.part(rows)? })
    }

    /// What the numbers of a flag mean; empty for all else.
    pub(crate) fn meanings(&self) -> &'static [&'static str] {
        self.variable.meanings
    }

    /// Whether cells may be missing.
    pub(crate) fn is_nullable(&self) -> bool {
        self.variable.nullable || !self.meanings().is_empty()
    }

    /// Unit of the numbers; `None` for plain ones and for words.
    pub(crate) fn unit(&self) -> Option<&str> {
        self.variable.unit.as_deref()
    }

    /// The name with the unit, where neither it nor the name says it already.
    pub(crate) fn heading(&self) -> Cow<'_, str> {
        match self.unit() {
            Some(unit) if self.label.is_none() && self.name != "time_s" => {
                Cow::Owned(format!("{} ({unit})", self.name))
            }
            _ => Cow::Borrowed(&self.name),
        }
    }

    /// What is known of it: its unit, what it is, and of a row which detector.
    pub(crate) fn facts(&self) -> Map<String, Value> {
        let mut facts = Map::new();
        if let Some(unit) = self.unit() {
            facts.insert("unit".to_owned(), unit.into());
        }
        for (name, value) in &self.variable.attributes {
            if matches!(&**name, "long_name" | "standard_name" | "scale" | "scale_units") {
                facts.insert(name.to_string(), value.clone());
            }
        }
        for (name, value) in self.label.iter().flat_map(|label| &label.facts) {
            facts.insert((*name).to_owned(), value.clone());
        }
        facts
    }

    pub(crate) fn refused(&self, target: Target, advice: &'static str) -> ExportError {
        self.variable.refused(target, advice)
    }
}

impl<'t> Cells<'t, '_> {
    /// The bytes of the cell of a row of the table; `None` where there is no value.
    pub(crate) fn at(&self, row: usize) -> Option<&[u8]> {
        let size = self.column.dtype.item_size();
        let element = &self.bytes[(row - self.first) * size..][..size];
        match self.column.meanings() {
            [] => (!self.column.variable.missing.contains(row)).then_some(element),
            meanings => flags::word(meanings, element[0]).map(|_| element),
        }
    }

    /// The word of a flag.
    pub(crate) fn word(&self, row: usize) -> Option<&'static str> {
        flags::word(self.column.meanings(), *self.at(row)?.first()?)
    }

    pub(crate) fn column(&self) -> &'t Column<'t, '_> {
        self.column
    }

    /// The elements of all rows, those without a value too.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}
