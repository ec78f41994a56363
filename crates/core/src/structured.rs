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

mod read;

use std::fmt::{self, Write};

use crate::array_bytes;
use crate::literal::{Literal, LiteralError, quoted};

use read::Reader;
pub use read::is_object_dtype;

/// Deepest nesting of records in records.
pub(crate) const MOST_NESTING: usize = 32;
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
#[non_exhaustive]
pub struct Structured {
    /// Bytes of one record.
    pub item_size: usize,
    /// Its fields in the order of their offsets; bytes between and behind them belong to none.
    pub fields: Vec<StructuredField>,
}

/// A field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
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
        Reader::new(type_string).record(descr, 0)
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
        let found: Vec<String> = leaves
            .iter()
            .map(|leaf| {
                let Leaf { dtype, offset, shape, strides, .. } = leaf;
                format!("{} {dtype} {offset} {shape:?} {strides:?}", leaf.name())
            })
            .collect();
        let expected = ["n |u1 0 [] []", "p.x <f4 1 [5] [19]", "p.q.y <i2 5 [5, 3, 2] [19, 5, 2]"];
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
