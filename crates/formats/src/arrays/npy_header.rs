//! The header of an npy file: magic, version, length, and a Python dictionary.
//!
//! | bytes | content |
//! |---|---|
//! | 0..6 | `\x93NUMPY` |
//! | 6, 7 | version: 1.0, 2.0 or 3.0 |
//! | 8.. | length of the dictionary: u16 in version 1, u32 in the others, little-endian |
//! | … | `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 5), }`, spaces, a newline |
//!
//! The dictionary is Latin-1 in versions 1 and 2 and UTF-8 in version 3. numpy evaluates it as a Python
//! literal; here it is read as one, with the three keys, once each, in any order.
//!
//! `descr` is any spelling of a type that numpy takes, or a list of fields for an array of records.

use std::borrow::Cow;

use gnz::Dtype;
use wavekeep_core::{
    ArrayOrder, Cursor, Error, Literal, LiteralError, LiteralValue, Result, Structured,
    StructuredError,
};

pub(super) const MAGIC: [u8; 6] = *b"\x93NUMPY";

/// As much of a file as its header can take.
pub(super) const HEADER_BYTES: u64 = 12 + DICTIONARY_BYTES;
/// Longest dictionary. numpy reads 10,000 characters unless told otherwise.
const DICTIONARY_BYTES: u64 = 1 << 16;
/// numpy's own bound is 64.
const DIMENSIONS: usize = 64;

/// What stands before the elements.
pub(super) struct NpyHeader {
    /// numpy's type string, or its list of fields.
    pub(super) dtype: String,
    pub(super) item_size: usize,
    pub(super) order: ArrayOrder,
    pub(super) shape: Vec<usize>,
    /// Offset of the first element.
    pub(super) end: usize,
}

impl NpyHeader {
    /// Reads the header of the file `bytes`.
    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        let mut cursor = Cursor::new(bytes);
        cursor.expect(&MAGIC, "magic")?;
        let version = cursor.array::<2>("version")?;
        let len = match version {
            [1, 0] => u64::from(cursor.u16_le("length of the header")?),
            [2 | 3, 0] => u64::from(cursor.u32_le("length of the header")?),
            [major, minor] => {
                return Err(Error::Unsupported {
                    what: format!("version {major}.{minor} of npy"),
                    advice: "versions 1.0, 2.0 and 3.0 are known".to_owned(),
                });
            }
        };
        if len > DICTIONARY_BYTES {
            return Err(Error::Limit {
                what: "length of the npy header in bytes".into(),
                limit: DICTIONARY_BYTES,
                found: len,
                raise: "numpy.save writes a few hundred at most",
            });
        }
        let base = cursor.offset();
        // The limit is below what a `usize` holds.
        let text = cursor.take(len as usize, "header")?;
        let end = bytes.len() - cursor.remaining();
        let text = match version {
            [3, _] => {
                str::from_utf8(text).map(Cow::Borrowed).map_err(|error| Error::Malformed {
                    offset: base + error.valid_up_to() as u64,
                    field: "header".into(),
                    expected: "UTF-8".into(),
                    found: "other bytes".to_owned(),
                })?
            }
            _ => Cow::Owned(text.iter().copied().map(char::from).collect()),
        };
        let Values { dtype, item_size, order, shape } =
            Values::read(&text).map_err(|fault| fault.at(base, &text, version[0] == 3))?;
        Ok(Self { dtype, item_size, order, shape, end })
    }
}

/// What the dictionary says.
struct Values {
    dtype: String,
    item_size: usize,
    order: ArrayOrder,
    shape: Vec<usize>,
}

/// Why a dictionary is refused.
enum Fault {
    Text(LiteralError),
    Other(Error),
}

impl From<LiteralError> for Fault {
    fn from(error: LiteralError) -> Self {
        Self::Text(error)
    }
}

impl Fault {
    /// The error in a file whose dictionary `text` begins at byte `base`.
    fn at(self, base: u64, text: &str, is_utf8: bool) -> Error {
        let error = match self {
            Self::Text(error) => error,
            Self::Other(error) => return error,
        };
        let before = text.chars().take(error.at);
        let bytes = if is_utf8 { before.map(char::len_utf8).sum() } else { before.count() };
        Error::Malformed {
            offset: base + bytes as u64,
            field: "header".into(),
            expected: error.expected.into(),
            found: error.found,
        }
    }
}

impl Values {
    fn read(text: &str) -> Result<Self, Fault> {
        const KEYS: [&str; 3] = ["descr", "fortran_order", "shape"];
        let literal = Literal::parse(text)?;
        let LiteralValue::Dictionary(pairs) = &literal.value else {
            return Err(literal.unexpected("a dictionary").into());
        };
        let mut values: [Option<&Literal>; 3] = [None; 3];
        for (key, value) in pairs {
            let place = KEYS.iter().position(|known| key.as_text() == Some(known));
            let is_first = place.is_some_and(|place| values[place].replace(value).is_none());
            if !is_first {
                return Err(key.unexpected("descr, fortran_order and shape, once each").into());
            }
        }
        let of = |place: usize| {
            values[place].ok_or_else(|| literal.unexpected(format!("a key {:?}", KEYS[place])))
        };
        let (dtype, item_size) = elements(of(0)?)?;
        let order = match of(1)?.value {
            LiteralValue::Bool(true) => ArrayOrder::ColumnMajor,
            LiteralValue::Bool(false) => ArrayOrder::RowMajor,
            _ => return Err(of(1)?.unexpected("True or False").into()),
        };
        Ok(Self { dtype, item_size, order, shape: shape(of(2)?)? })
    }
}

/// The type of the elements as numpy writes it, and the bytes of one.
fn elements(descr: &Literal) -> Result<(String, usize), Fault> {
    let fields = match &descr.value {
        LiteralValue::List(_) => Cow::Borrowed(descr),
        LiteralValue::Text(text) if text.contains(',') => Cow::Owned(in_a_row(text, descr.at)),
        LiteralValue::Text(text) => {
            if wavekeep_core::is_object_dtype(text) {
                return Err(Fault::Other(objects("an array of Python objects")));
            }
            let dtype = Dtype::parse_numpy(text)
                .ok_or_else(|| descr.unexpected("a type such as '<f4' or 'float32'"))?;
            return Ok((dtype.to_string(), dtype.item_size()));
        }
        _ => return Err(descr.unexpected("a type such as '<f4', or a list of fields").into()),
    };
    let type_string = |spelling: &str| Some(Dtype::parse_numpy(spelling)?.to_string());
    match Structured::from_literal(&fields, &type_string) {
        Ok(records) => Ok((records.to_string(), records.item_size)),
        Err(StructuredError::Malformed(error)) => Err(error.into()),
        Err(StructuredError::Objects { name }) => Err(Fault::Other(objects(&format!(
            "records whose field {name:?} holds Python objects"
        )))),
        Err(error) => Err(Fault::Other(Error::Unsupported {
            what: format!("an array of records of {error}"),
            advice: "save its fields as arrays of their own".to_owned(),
        })),
    }
}

/// `i4,f4`: fields that numpy calls `f0`, `f1`, …
fn in_a_row(text: &str, at: usize) -> Literal {
    let literal = |value| Literal { value, at };
    // A comma may end the list.
    let spellings = text.strip_suffix(',').unwrap_or(text).split(',');
    let field = |(place, spelling): (usize, &str)| {
        let name = literal(LiteralValue::Text(format!("f{place}")));
        let dtype = literal(LiteralValue::Text(spelling.trim().to_owned()));
        literal(LiteralValue::Tuple(vec![name, dtype]))
    };
    literal(LiteralValue::List(spellings.enumerate().map(field).collect()))
}

fn objects(what: &str) -> Error {
    Error::Unsupported {
        what: format!("{what} (dtype object)"),
        advice: "its elements are pickled programs: save numbers or text".to_owned(),
    }
}

/// A tuple of lengths: `()`, `(3,)`, `(3, 5)`. `(3)` is a number, and a list is no tuple.
fn shape(literal: &Literal) -> Result<Vec<usize>, LiteralError> {
    let LiteralValue::Tuple(members) = &literal.value else {
        return Err(literal.unexpected("a tuple of lengths such as (3,)"));
    };
    if members.len() > DIMENSIONS {
        return Err(literal.unexpected("at most 64 dimensions"));
    }
    let length = |member: &Literal| match member.value {
        LiteralValue::Number(length) => {
            usize::try_from(length).map_err(|_| member.unexpected("a length"))
        }
        _ => Err(member.unexpected("a length")),
    };
    members.iter().map(length).collect()
}
