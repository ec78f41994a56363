//! Named arrays with units and facts: what each target of arrays is given, whether it was made of an
//! event, of a stream or of a file of arrays.
//!
//! Two rules hold for what has no value:
//!
//! - A target that has a word for it (a table: the empty field, null) gets [`Variable::missing`].
//! - All others get numbers that are NaN there, in a type that holds every other number exactly, and
//!   the list [`Dataset::gaps`]. [`Form`] says which of both a target takes.

pub(crate) mod arrays;
pub(crate) mod event;
mod histogram;
pub(crate) mod paths;
pub(crate) mod stream;

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use gnz::{Dtype, Kind, Object};
use serde_json::Value;
use wavekeep_core::{ArrayOrder, Gaps, NamedArray, Structured, array_bytes};

use crate::{ExportError, Target};

/// The metadata key under which files that wavekeep wrote state the unit of each array.
pub(crate) const ARRAY_UNITS: &str = "array_units";

/// How a target takes an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Rows and columns: double precision, what is missing is null.
    Table,
    /// Arrays: single precision, what is missing is NaN.
    Arrays,
    /// Arrays that become one: double precision, what is missing is NaN.
    Matrix,
}

/// What is written.
pub(crate) struct Dataset<'a> {
    pub variables: Vec<Variable<'a>>,
    /// Metadata: of an event its [`facts`](crate::facts()).
    pub attributes: Object,
    pub origin: Origin<'a>,
    /// What has no value, in targets that have no word for it.
    pub gaps: Vec<Gap>,
}

/// What the arrays were made of.
#[derive(Clone, Copy)]
pub(crate) enum Origin<'a> {
    Event(&'a wavekeep_core::Recording),
    Stream,
    Arrays,
}

/// Values of an event that are missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gap {
    /// Number and name of the channel.
    pub channel: usize,
    pub name: String,
    pub range: Range<usize>,
}

/// What a variable is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// What was measured.
    Signal,
    /// Where in time, or which channel: it names the values of an axis.
    Coordinate,
    /// What is said of the values of a signal.
    Companion,
}

/// One array.
pub(crate) struct Variable<'a> {
    /// Its name, in its group when it has one.
    pub name: Cow<'a, str>,
    /// The channel that it belongs to where a channel has several arrays.
    pub group: Option<Cow<'a, str>>,
    pub elements: Elements,
    pub order: ArrayOrder,
    pub shape: Cow<'a, [usize]>,
    content: Content<'a>,
    /// What its axes are called; empty when nobody said it.
    pub dims: Vec<Cow<'static, str>>,
    pub unit: Option<Cow<'a, str>>,
    pub role: Role,
    /// Whether some of it may be missing: its column in a table is nullable then.
    pub nullable: bool,
    /// Places along the last axis that have no value.
    pub missing: Gaps,
    /// What the numbers of a flag mean, by place; empty for all else.
    pub meanings: &'static [&'static str],
    /// What its rows are called as columns of a table, and what is known of each; none for most.
    pub rows: Vec<RowLabel>,
    /// What else is known of it.
    pub attributes: Vec<(Cow<'static, str>, Value)>,
}

/// What a row of a matrix is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RowLabel {
    pub heading: String,
    pub facts: Vec<(&'static str, Value)>,
}

/// What the elements are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Elements {
    /// A type of numpy's.
    Numpy(Dtype),
    /// Records: named fields at offsets.
    Structured(Structured),
    /// A type that numpy does not have, by the word of its format.
    Foreign(Box<str>),
}

/// Hands the elements of a range to a buffer.
type Make<'a> =
    Box<dyn Fn(Range<usize>, &mut Vec<u8>) -> Result<(), ExportError> + Send + Sync + 'a>;

enum Content<'a> {
    /// All elements where they lie.
    Lying(&'a [u8]),
    /// The elements of one axis, made when they are wanted: an event may be long.
    Made(Make<'a>),
    /// Elements that come window by window.
    Later,
}

impl<'a> Variable<'a> {
    /// An array that lies in memory, or in a map.
    ///
    /// # Errors
    /// When its bytes are not as many as its type and shape say.
    pub(crate) fn lying(array: NamedArray<'a>, target: Target) -> Result<Self, ExportError> {
        let elements = Elements::of(array.dtype);
        // Types that numpy does not have can be of less than a byte: they are carried as they are.
        if let Some(size) = elements.item_size()
            && array_bytes(array.shape, size) != Some(array.bytes.len())
        {
            return Err(ExportError::unrepresentable(
                target,
                format!(
                    "{} bytes as an array {:?} of {} and the shape {:?}",
                    array.bytes.len(),
                    array.name,
                    array.dtype,
                    array.shape
                ),
                "read the array again",
            ));
        }
        let content = Content::Lying(array.bytes);
        let mut variable = Self::new(array.name, elements, array.shape, content);
        variable.order = array.order;
        Ok(variable)
    }

    /// One axis of `len` elements of a type of numpy's, made piece by piece.
    pub(crate) fn made(
        name: impl Into<Cow<'a, str>>,
        dtype: Dtype,
        len: usize,
        make: impl Fn(Range<usize>, &mut Vec<u8>) -> Result<(), ExportError> + Send + Sync + 'a,
    ) -> Self {
        Self::new(name, Elements::Numpy(dtype), vec![len], Content::Made(Box::new(make)))
    }

    /// An array whose elements come window by window, for targets that take them so.
    pub(crate) fn later(name: &'a str, dtype: Dtype, shape: Vec<usize>) -> Self {
        Self::new(name, Elements::Numpy(dtype), shape, Content::Later)
    }

    /// Whether its elements come window by window.
    pub(crate) fn comes_later(&self) -> bool {
        matches!(self.content, Content::Later)
    }

    /// A part of such an array: as many bytes as type and lengths say.
    pub(crate) fn over(name: &'a str, dtype: Dtype, shape: Vec<usize>, bytes: &'a [u8]) -> Self {
        debug_assert_eq!(array_bytes(&shape, dtype.item_size()), Some(bytes.len()));
        Self::new(name, Elements::Numpy(dtype), shape, Content::Lying(bytes))
    }

    fn new(
        name: impl Into<Cow<'a, str>>,
        elements: Elements,
        shape: impl Into<Cow<'a, [usize]>>,
        content: Content<'a>,
    ) -> Self {
        Self {
            name: name.into(),
            group: None,
            elements,
            order: ArrayOrder::RowMajor,
            shape: shape.into(),
            content,
            dims: Vec::new(),
            unit: None,
            role: Role::Signal,
            nullable: false,
            missing: Gaps::default(),
            meanings: &[],
            rows: Vec::new(),
            attributes: Vec::new(),
        }
    }

    /// Its name where there are no groups: `Tran_peak`.
    pub(crate) fn flat_name(&self) -> Cow<'_, str> {
        match &self.group {
            None => Cow::Borrowed(&self.name),
            Some(group) => Cow::Owned(format!("{group}_{}", self.name)),
        }
    }

    /// Number of elements.
    pub(crate) fn len(&self) -> usize {
        match self.shape.contains(&0) {
            true => 0,
            // The bytes were compared with the shape.
            false => self.shape.iter().product(),
        }
    }

    /// The type that numpy has for the elements.
    pub(crate) fn dtype(&self, target: Target) -> Result<&Dtype, ExportError> {
        match &self.elements {
            Elements::Numpy(dtype) => Ok(dtype),
            Elements::Structured(_) => Err(self.refused(
                target,
                "write npz, npy or hdf5, which hold records, or csv, parquet or arrow, where each field is a column",
            )),
            Elements::Foreign(_) => Err(self.refused(
                target,
                "write safetensors, which has this type, or ask for f32",
            )),
        }
    }

    /// An error about the type of this array.
    pub(crate) fn refused(&self, target: Target, advice: &'static str) -> ExportError {
        let what = format!("elements of the type {} (array {:?})", self.elements, self.flat_name());
        ExportError::unrepresentable(target, what, advice)
    }

    /// Whether the stored order is also row-major order.
    pub(crate) fn is_row_major(&self) -> bool {
        self.order == ArrayOrder::RowMajor
            || self.shape.iter().filter(|length| **length != 1).count() < 2
    }

    /// The type string of dates and spans, and the unit that the CF conventions have for it.
    pub(crate) fn dates(&self) -> Option<(String, Option<String>)> {
        let Elements::Numpy(dtype) = &self.elements else { return None };
        let is_date = dtype.kind() == Kind::Datetime;
        if !is_date && dtype.kind() != Kind::Timedelta {
            return None;
        }
        let text = dtype.to_string();
        let unit = match text.split_once('[').map(|(_, unit)| unit) {
            Some("D]") => Some("days"),
            Some("h]") => Some("hours"),
            Some("m]") => Some("minutes"),
            Some("s]") => Some("seconds"),
            Some("ms]") => Some("milliseconds"),
            Some("us]") => Some("microseconds"),
            Some("ns]") => Some("nanoseconds"),
            _ => None,
        };
        let units = unit.map(|unit| match is_date {
            true => format!("{unit} since 1970-01-01 00:00:00"),
            false => unit.to_owned(),
        });
        Some((text, units))
    }

    /// Refuses more axes than the readers of a target have.
    pub(crate) fn check_axes(&self, target: Target, most: usize) -> Result<(), ExportError> {
        let axes = self.shape.len();
        if axes <= most {
            return Ok(());
        }
        Err(ExportError::unrepresentable(
            target,
            format!("{axes} axes (array {:?})", self.flat_name()),
            "write gnz, which holds any number of them",
        ))
    }

    /// All elements where they lie; `None` when they are made piece by piece.
    pub(crate) fn lying_bytes(&self) -> Option<&'a [u8]> {
        match self.content {
            Content::Lying(bytes) => Some(bytes),
            Content::Made(_) | Content::Later => None,
        }
    }

    /// The elements of a range in the stored order, at once.
    ///
    /// # Errors
    /// When one of them has no place in the type.
    pub(crate) fn part(&self, range: Range<usize>) -> Result<Cow<'a, [u8]>, ExportError> {
        match &self.content {
            Content::Lying(bytes) => {
                let size = self.elements.item_size().unwrap_or(1);
                // The bytes were compared with the shape.
                Ok(Cow::Borrowed(&bytes[range.start * size..range.end * size]))
            }
            Content::Made(make) => {
                let mut bytes = Vec::new();
                make(range, &mut bytes)?;
                Ok(Cow::Owned(bytes))
            }
            // The writers of windows take them from the windows and never ask here.
            Content::Later => Ok(Cow::Borrowed(&[])),
        }
    }

    /// All elements in the stored order.
    ///
    /// # Errors
    /// As [`part`](Self::part).
    pub(crate) fn whole(&self) -> Result<Cow<'a, [u8]>, ExportError> {
        match &self.content {
            Content::Lying(bytes) => Ok(Cow::Borrowed(bytes)),
            Content::Made(_) | Content::Later => self.part(0..self.len()),
        }
    }
}

impl Elements {
    fn of(dtype: &str) -> Self {
        match (Dtype::parse(dtype), Structured::parse(dtype)) {
            (Some(dtype), _) => Self::Numpy(dtype),
            (None, Ok(records)) => Self::Structured(records),
            (None, Err(_)) => Self::Foreign(dtype.into()),
        }
    }

    /// Bytes of an element, where it is known.
    pub(crate) fn item_size(&self) -> Option<usize> {
        match self {
            Self::Numpy(dtype) => Some(dtype.item_size()),
            Self::Structured(records) => Some(records.item_size),
            Self::Foreign(_) => None,
        }
    }
}

impl std::fmt::Display for Elements {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Numpy(dtype) => dtype.fmt(f),
            Self::Structured(records) => records.fmt(f),
            Self::Foreign(word) => f.write_str(word),
        }
    }
}

/// Refuses two arrays of one name.
pub(crate) fn refuse_twice<'n>(
    names: impl Iterator<Item = Cow<'n, str>>,
    target: Target,
) -> Result<(), ExportError> {
    let mut seen = HashSet::new();
    for name in names {
        if seen.contains(&name) {
            return Err(ExportError::unrepresentable(
                target,
                format!("two arrays that are both called {name:?}"),
                "rename one of them",
            ));
        }
        seen.insert(name);
    }
    Ok(())
}

impl<'a> Dataset<'a> {
    /// The arrays of a stream.
    pub(crate) fn of_stream(variables: Vec<Variable<'a>>, attributes: Object) -> Self {
        Self { variables, attributes, origin: Origin::Stream, gaps: Vec::new() }
    }

    /// The gaps as rows of three int64: number of the channel, first missing value, how many.
    pub(crate) fn gap_rows(&self) -> Vec<u8> {
        self.gaps
            .iter()
            .flat_map(|gap| [gap.channel, gap.range.start, gap.range.len()])
            // Indices of values that are in memory.
            .flat_map(|number| (number as i64).to_le_bytes())
            .collect()
    }

    /// The unit of each array by its name, for metadata: `array_units`.
    pub(crate) fn units(&self) -> serde_json::Map<String, Value> {
        self.variables
            .iter()
            .filter_map(|it| Some((it.flat_name().into_owned(), it.unit.as_deref()?.into())))
            .collect()
    }
}
