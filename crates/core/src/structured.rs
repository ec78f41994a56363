//! Types of records: what numpy calls a structured dtype.
//!
//! The text of such a type is the list that numpy writes into the header of an npy file:
//!
//! | text | what it is |
//! |---|---|
//! | `('time', '<i8')` | a field of a simple type |
//! | `('xy', '<f4', (2,))` | a field that is an array |
//! | `('fit', [('a', '<f8'), ('b', '<f8')])` | a field that is a record |
//! | `(('a long title', 'name'), '<f4')` | a field with a title |
//! | `('', '\|V4')` | four bytes that belong to no field |
//!
//! Source: `numpy.lib.format.descr_to_dtype`.

use std::collections::HashSet;
use std::fmt::{self, Write};

use crate::array_bytes;
use crate::literal::{Literal, LiteralError, LiteralValue, quoted};

/// Deepest nesting of records in records.
pub(crate) const MOST_NESTING: usize = 32;
/// Most fields, those of nested records and the gaps between fields included. A header that numpy reads
/// without being asked has 10,000 characters.
const MOST_FIELDS: usize = 10_000;
/// numpy's own bound.
const MOST_DIMENSIONS: usize = 64;

/// The type of records: fields at offsets.
///
/// ```
/// use wavekeep_core::Structured;
///
/// let records = Structured::parse("[('time', '<i8'), ('', '|V4'), ('xy', '<f4', (2,))]")?;
/// assert_eq!(records.item_size, 20);
/// assert_eq!((records.fields[1].name.as_str(), records.fields[1].offset), ("xy", 12));
/// assert_eq!(records.to_string(), "[('time', '<i8'), ('', '|V4'), ('xy', '<f4', (2,))]");
/// # Ok::<(), wavekeep_core::StructuredError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Structured {
    /// Bytes of one record.
    pub item_size: usize,
    /// Its fields in the order of their offsets; bytes between and behind them belong to none.
    pub fields: Vec<StructuredField>,
}

/// A field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StructuredField {
    /// A second name, which numpy calls the title.
    pub title: Option<String>,
    /// Its name. No other field of the record has it as name or title.
    pub name: String,
    /// The type of its elements: a simple type string of numpy's, or again a list of fields.
    pub dtype: String,
    /// Bytes of the record before it.
    pub offset: usize,
    /// Bytes of one element: of the whole field where `shape` is empty.
    pub item_size: usize,
    /// Its lengths, row-major; empty for a single value.
    pub shape: Vec<usize>,
}

/// A field of a simple type, perhaps of a record in a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The names that lead to it, outermost first.
    pub path: Vec<String>,
    /// A simple type string of numpy's.
    pub dtype: String,
    /// Bytes of the record before its first element.
    pub offset: usize,
    /// Bytes of one element.
    pub item_size: usize,
    /// Its lengths: those of the records that it lies in, then its own.
    pub shape: Vec<usize>,
    /// Bytes from one element to the next along each of `shape`. They are those of a contiguous array
    /// only where no record around it is an array.
    pub strides: Vec<usize>,
}

/// A text that is no type of records, or one that is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StructuredError {
    /// It is not what numpy writes.
    #[error(transparent)]
    Malformed(#[from] LiteralError),
    /// A field holds Python objects.
    #[error("the field {name:?} holds Python objects (dtype object)")]
    Objects {
        /// Its name.
        name: String,
    },
    /// More than is read of any file.
    #[error("more than {limit} {what}")]
    Limit {
        /// What was counted.
        what: &'static str,
        /// The most that is read.
        limit: usize,
    },
}

impl Structured {
    /// Reads the text of a type, whose simple types are type strings of numpy's (`<f4`, `|S10`).
    ///
    /// # Errors
    /// [`StructuredError`].
    pub fn parse(text: &str) -> Result<Self, StructuredError> {
        Self::from_literal(&Literal::parse(text)?, &|spelling| Some(spelling.to_owned()))
    }

    /// The same of a literal whose simple types may be spelled in other ways (`float32`): `type_string`
    /// gives numpy's type string for a spelling, or nothing.
    ///
    /// # Errors
    /// [`StructuredError`].
    pub fn from_literal(
        descr: &Literal,
        type_string: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, StructuredError> {
        Reader { type_string, fields: 0 }.record(descr, 0)
    }

    /// Its simple fields, those of nested records included, in the order of their offsets.
    pub fn leaves(&self) -> Vec<Leaf> {
        let mut leaves = Vec::new();
        let root = Leaf {
            path: Vec::new(),
            dtype: String::new(),
            offset: 0,
            item_size: self.item_size,
            shape: Vec::new(),
            strides: Vec::new(),
        };
        self.add_leaves(&root, &mut leaves);
        leaves
    }

    /// Adds the leaves of a record at `place`.
    fn add_leaves(&self, place: &Leaf, leaves: &mut Vec<Leaf>) {
        for field in &self.fields {
            let mut leaf = Leaf {
                dtype: field.dtype.clone(),
                offset: place.offset + field.offset,
                item_size: field.item_size,
                ..place.clone()
            };
            leaf.path.push(field.name.clone());
            leaf.shape.extend(&field.shape);
            let stride = |axis: usize| {
                field.shape[axis + 1..]
                    .iter()
                    .fold(field.item_size, |bytes, len| bytes.saturating_mul(*len))
            };
            leaf.strides.extend((0..field.shape.len()).map(stride));
            match field.record() {
                Some(record) => record.add_leaves(&leaf, leaves),
                None => leaves.push(leaf),
            }
        }
    }
}

impl StructuredField {
    /// The type of its elements, if they are records.
    pub fn record(&self) -> Option<Structured> {
        // A type string begins with a byte order.
        self.dtype.starts_with('[').then(|| Structured::parse(&self.dtype).ok())?
    }
}

impl Leaf {
    /// Its path as one name: `fit.a`.
    pub fn name(&self) -> String {
        self.path.join(".")
    }
}

/// The list that numpy writes. Bytes between fields and behind them are fields without a name.
impl fmt::Display for Structured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut members = Vec::new();
        let mut end = 0;
        let gap = |bytes: usize| format!("('', '|V{bytes}')");
        for field in &self.fields {
            if field.offset > end {
                members.push(gap(field.offset - end));
            }
            members.push(field.to_string());
            end = field.offset + array_bytes(&field.shape, field.item_size).unwrap_or(0);
        }
        if self.item_size > end {
            members.push(gap(self.item_size - end));
        }
        write!(f, "[{}]", members.join(", "))
    }
}

impl fmt::Display for StructuredField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = quoted(&self.name);
        match &self.title {
            Some(title) => write!(f, "(({}, {name}), ", quoted(title))?,
            None => write!(f, "({name}, ")?,
        }
        match self.dtype.starts_with('[') {
            true => f.write_str(&self.dtype)?,
            false => f.write_str(&quoted(&self.dtype))?,
        }
        if !self.shape.is_empty() {
            let lengths: Vec<String> = self.shape.iter().map(usize::to_string).collect();
            let comma = if lengths.len() == 1 { "," } else { "" };
            write!(f, ", ({}{comma})", lengths.join(", "))?;
        }
        f.write_char(')')
    }
}

/// A type of elements, and the lengths of the array that each of them is.
struct Elements {
    dtype: String,
    item_size: usize,
    shape: Vec<usize>,
}

struct Reader<'a> {
    type_string: &'a dyn Fn(&str) -> Option<String>,
    /// How many were seen.
    fields: usize,
}

impl Reader<'_> {
    fn record(&mut self, descr: &Literal, depth: usize) -> Result<Structured, StructuredError> {
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
                if is_object(spelling) {
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
fn is_object(spelling: &str) -> bool {
    let bare = spelling.trim_start_matches(['|', '<', '>', '=']);
    bare == "object"
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
    if !unit.is_empty() && !(is_dated && unit.starts_with('[') && unit.ends_with(']')) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> Result<String, String> {
        Structured::parse(text).map(|it| it.to_string()).map_err(|it| it.to_string())
    }

    #[test]
    fn a_type_comes_back_as_numpy_writes_it() {
        for text in [
            "[]",
            "[('time', '<i8'), ('xy', '<f4', (2,))]",
            "[('a', '<f4'), ('', '|V4'), ('b', '<i2'), ('', '|V2')]",
            "[(('a title', 'a'), '<f4'), ('', '<f4')]",
            "[('a', [('x', '<f4'), ('', '|V2')], (2, 3)), ('b', '>U5')]",
            "[('a', []), ('b', '|V0'), ('c', '<M8[25s]'), ('d', '<f4', (0,))]",
            "[('it\\'s \"a\"\\n', '|S3'), ('é🌍', '|b1')]",
        ] {
            assert_eq!(canonical(text).as_deref(), Ok(text));
        }
        for (text, expected) in [
            ("[['a', '<f4', 2]]", "[('a', '<f4', (2,))]"),
            ("[('a', '<f4', ())]", "[('a', '<f4')]"),
            ("[('a', ('<f4', (2,)), (3,))]", "[('a', '<f4', (3, 2))]"),
            ("[('', '<f4', (2,)), ('b', '<i2')]", "[('', '|V8'), ('b', '<i2')]"),
        ] {
            assert_eq!(canonical(text).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn offsets_count_the_bytes_that_belong_to_no_field() {
        let records =
            Structured::parse("[('', '|V2'), ('a', '<f4'), ('', '|V2'), ('b', '<u2', (3,))]");
        let records = records.unwrap();
        assert_eq!(records.item_size, 14);
        let fields: Vec<_> =
            records.fields.iter().map(|it| (it.name.as_str(), it.offset, it.item_size)).collect();
        assert_eq!(fields, [("a", 2, 4), ("b", 8, 2)]);
    }

    #[test]
    fn leaves_of_records_in_records_have_the_strides_of_all_around_them() {
        let text = "[('n', '|u1'), ('p', [('x', '<f4'), ('q', [('y', '<i2', (2,)), ('', '|V1')], (3,))], (5,))]";
        let leaves = Structured::parse(text).unwrap().leaves();
        let found: Vec<_> = leaves
            .iter()
            .map(|leaf| (leaf.name(), &*leaf.dtype, leaf.offset, &*leaf.shape, &*leaf.strides))
            .collect();
        let expected: [(String, &str, usize, &[usize], &[usize]); 3] = [
            ("n".to_owned(), "|u1", 0, &[], &[]),
            ("p.x".to_owned(), "<f4", 1, &[5], &[19]),
            ("p.q.y".to_owned(), "<i2", 5, &[5, 3, 2], &[19, 5, 2]),
        ];
        assert_eq!(found, expected);
        assert_eq!(leaves[2].path, ["p", "q", "y"]);
    }

    #[test]
    fn a_spelling_becomes_the_type_string_that_is_given_for_it() {
        let literal = Literal::parse("[('a', 'float32'), ('b', [('c', 'float32')])]").unwrap();
        let spelled = |spelling: &str| (spelling == "float32").then(|| "<f4".to_owned());
        let records = Structured::from_literal(&literal, &spelled).unwrap();
        assert_eq!(records.to_string(), "[('a', '<f4'), ('b', [('c', '<f4')])]");
        assert!(Structured::from_literal(&literal, &|_| None).is_err());
    }

    #[test]
    fn what_numpy_refuses_is_refused() {
        for text in [
            "'<f4'",
            "('<f4', (2,))",
            "[('a',)]",
            "[('a', '<f4', (2,), 1)]",
            "['a']",
            "[(1, '<f4')]",
            "[(None, '<f4')]",
            "[(('t', 'a', 'b'), '<f4')]",
            "[(('a', 'a'), '<f4')]",
            "[('a', '<f4'), ('a', '<i2')]",
            "[(('t', 'a'), '<f4'), ('t', '<f4')]",
            "[('', '<f4'), ('', '<i4')]",
            "[('a', None)]",
            "[('a', '<f4', (True,))]",
            "[('a', '<f4', ('2',))]",
            "[('a', '<f3')]",
            "[('a', 'f4')]",
            "[('a', '<f4[s]')]",
            "[('a', '<M8x')]",
            "[('a', ('<f4',))]",
            "[('a', '|S2000000000'), ('b', '|S2000000000')]",
            "[('a', '<f4', (2147483648,))]",
            "[('a', '<f4', (18446744073709551615, 18446744073709551615))]",
            "[('a', '<U4611686018427387905')]",
        ] {
            assert!(canonical(text).is_err(), "{text}");
        }
        let axes = format!("[('a', '|u1', ({}))]", "1, ".repeat(65));
        assert!(canonical(&axes).is_err());
    }

    #[test]
    fn objects_are_named() {
        for spelling in ["|O", "O", "|O8", "object"] {
            let text = format!("[('a', [('b', '{spelling}')])]");
            assert_eq!(
                Structured::parse(&text),
                Err(StructuredError::Objects { name: "b".to_owned() })
            );
        }
    }

    #[test]
    fn nesting_and_fields_are_bounded() {
        let nested = |depth| format!("{}'<f4'{}", "[('a', ".repeat(depth), ")]".repeat(depth));
        assert_eq!(Structured::parse(&nested(32)).map(|it| it.leaves().len()), Ok(1));
        for depth in [34, 40, 10_000] {
            Structured::parse(&nested(depth)).unwrap_err();
        }
        let tuples = format!("[('a', {}'<f4'{})]", "(".repeat(40), ", (1,))".repeat(40));
        Structured::parse(&tuples).unwrap_err();
        let fields = |count: usize| {
            let fields: Vec<String> = (0..count).map(|it| format!("('{it}', '|u1')")).collect();
            Structured::parse(&format!("[{}]", fields.join(", "))).map(|it| it.fields.len())
        };
        assert_eq!(fields(10_000), Ok(10_000));
        assert_eq!(fields(10_001), Err(StructuredError::Limit { what: "fields", limit: 10_000 }));
    }
}
