//! From a Python literal to the type of records.

use std::collections::HashSet;

use super::{MOST_NESTING, Structured, StructuredError, StructuredField};
use crate::array_bytes;
use crate::literal::{Literal, LiteralValue};

/// Most fields, those of nested records and the gaps between fields included. A header that numpy reads
/// without being asked has 10,000 characters.
const MOST_FIELDS: usize = 10_000;
/// numpy's own bound.
const MOST_DIMENSIONS: usize = 64;

/// A type of elements, and the lengths of the array that each of them is.
struct Elements {
    dtype: String,
    item_size: usize,
    shape: Vec<usize>,
}

/// Reads a type, and counts its fields on the way.
pub(super) struct Reader<'a> {
    type_string: &'a dyn Fn(&str) -> Option<String>,
    fields: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(type_string: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { type_string, fields: 0 }
    }

    pub(super) fn record(
        &mut self,
        descr: &Literal,
        depth: usize,
    ) -> Result<Structured, StructuredError> {
        if depth > MOST_NESTING {
            return Err(StructuredError::Limit { what: "records in records", limit: MOST_NESTING });
        }
        let LiteralValue::List(members) = &descr.value else {
            return Err(descr.unexpected("a list of fields").into());
        };
        let mut record = Structured { item_size: 0, fields: Vec::new() };
        let mut names = HashSet::new();
        for member in members {
            self.fields += 1;
            if self.fields > MOST_FIELDS {
                return Err(StructuredError::Limit { what: "fields", limit: MOST_FIELDS });
            }
            let (name, elements) = self.field(member, depth)?;
            let bytes = array_bytes(&elements.shape, elements.item_size);
            let end = bytes.and_then(|bytes| record.item_size.checked_add(bytes));
            // numpy keeps the length of an element in 32 bits.
            let end = end
                .filter(|end| i32::try_from(*end).is_ok())
                .ok_or_else(|| member.unexpected("records of less than 2^31 bytes"))?;
            let is_void = elements.dtype.starts_with("|V") || !elements.shape.is_empty();
            if !(name.title.is_none() && name.name.is_empty() && is_void) {
                let is_new = names.insert(name.name.clone())
                    && name.title.as_ref().is_none_or(|title| names.insert(title.clone()));
                if !is_new {
                    return Err(member.unexpected("names and titles that occur once").into());
                }
                record.fields.push(StructuredField {
                    title: name.title,
                    name: name.name,
                    dtype: elements.dtype,
                    offset: record.item_size,
                    item_size: elements.item_size,
                    shape: elements.shape,
                });
            }
            record.item_size = end;
        }
        Ok(record)
    }

    /// `(name, type)` or `(name, type, lengths)`.
    fn field(
        &mut self,
        member: &Literal,
        depth: usize,
    ) -> Result<(Name, Elements), StructuredError> {
        let parts = member.as_sequence().filter(|parts| matches!(parts.len(), 2 | 3));
        let parts = parts.ok_or_else(|| member.unexpected("a field: (name, type)"))?;
        let name = Name::read(&parts[0])?;
        let mut elements = self.elements(&parts[1], &name.name, depth)?;
        if let Some(lengths) = parts.get(2) {
            elements.within(lengths)?;
        }
        Ok((name, elements))
    }

    /// A type string, a list of fields, or `(type, lengths)`.
    fn elements(
        &mut self,
        descr: &Literal,
        name: &str,
        depth: usize,
    ) -> Result<Elements, StructuredError> {
        match &descr.value {
            LiteralValue::Text(spelling) => {
                if is_object_dtype(spelling) {
                    return Err(StructuredError::Objects { name: name.to_owned() });
                }
                let dtype = (self.type_string)(spelling);
                let known = dtype.and_then(|dtype| Some((simple_size(&dtype)?, dtype)));
                let (item_size, dtype) =
                    known.ok_or_else(|| descr.unexpected("a type such as '<f4'"))?;
                Ok(Elements { dtype, item_size, shape: Vec::new() })
            }
            LiteralValue::List(_) => {
                let record = self.record(descr, depth + 1)?;
                let dtype = record.to_string();
                Ok(Elements { dtype, item_size: record.item_size, shape: Vec::new() })
            }
            LiteralValue::Tuple(parts) if parts.len() == 2 && depth <= MOST_NESTING => {
                let mut elements = self.elements(&parts[0], name, depth + 1)?;
                elements.within(&parts[1])?;
                Ok(elements)
            }
            _ => Err(descr.unexpected("a type such as '<f4'").into()),
        }
    }
}

impl Elements {
    /// Makes them an array of these lengths: a tuple, or one number.
    fn within(&mut self, lengths: &Literal) -> Result<(), StructuredError> {
        let length = |literal: &Literal| match literal.value {
            LiteralValue::Number(length) => usize::try_from(length).ok(),
            _ => None,
        };
        let outer = match lengths.as_sequence() {
            Some(members) => members.iter().map(length).collect(),
            None => length(lengths).map(|length| vec![length]),
        };
        let outer: Vec<usize> = outer
            .filter(|outer| outer.len() + self.shape.len() <= MOST_DIMENSIONS)
            .ok_or_else(|| lengths.unexpected("at most 64 lengths such as (2, 3)"))?;
        self.shape.splice(..0, outer);
        Ok(())
    }
}

struct Name {
    title: Option<String>,
    name: String,
}

impl Name {
    /// `'name'` or `('title', 'name')`.
    fn read(literal: &Literal) -> Result<Self, StructuredError> {
        let text = |literal: &Literal| literal.as_text().map(str::to_owned);
        let name = match literal.as_sequence() {
            None => text(literal).map(|name| Self { title: None, name }),
            Some([title, name]) => {
                text(name).and_then(|name| Some(Self { title: Some(text(title)?), name }))
            }
            Some(_) => None,
        };
        name.ok_or_else(|| literal.unexpected("a name").into())
    }
}

/// Whether a spelling is one of Python objects, which npy files hold as pickles.
pub fn is_object_dtype(spelling: &str) -> bool {
    let bare = spelling.trim_start_matches(['|', '<', '>', '=']);
    matches!(bare, "object" | "object_")
        || bare.strip_prefix('O').is_some_and(|rest| rest.bytes().all(|it| it.is_ascii_digit()))
}

/// Bytes of an element of a simple type string; `None` if it is none.
fn simple_size(dtype: &str) -> Option<usize> {
    let rest = dtype.strip_prefix(['<', '>', '|'])?;
    let mut characters = rest.chars();
    let kind = characters.next()?;
    let rest = characters.as_str();
    let digits = rest.find(|it: char| !it.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, unit) = rest.split_at(digits);
    let is_dated = matches!(kind, 'M' | 'm');
    if !(unit.is_empty() || is_dated && unit.starts_with('[') && unit.ends_with(']')) {
        return None;
    }
    let number: usize = digits.parse().ok()?;
    let is_known = match kind {
        'b' => number == 1,
        'i' | 'u' => matches!(number, 1 | 2 | 4 | 8),
        'f' => matches!(number, 2 | 4 | 8 | 12 | 16),
        'c' => matches!(number, 8 | 16 | 24 | 32),
        'M' | 'm' => number == 8,
        'S' | 'U' | 'V' => true,
        _ => false,
    };
    let bytes = if kind == 'U' { number.checked_mul(4)? } else { number };
    (is_known && i32::try_from(bytes).is_ok()).then_some(bytes)
}
