//! The header of an npy file: magic, version, length, and a Python dictionary.
//!
//! | bytes | content |
//! |---|---|
//! | 0..6 | `\x93NUMPY` |
//! | 6, 7 | version: 1.0, 2.0 or 3.0 |
//! | 8.. | length of the dictionary: u16 in version 1, u32 in the others, little-endian |
//! | … | `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 5), }`, spaces, a newline |
//!
//! numpy evaluates the dictionary as Python; here exactly what `numpy.save` writes is understood:
//! the three keys, once each, in any order, with any white space between.

use gnz::Dtype;
use wavekeep_core::{ArrayOrder, Cursor, Error, Result};

pub(super) const MAGIC: [u8; 6] = *b"\x93NUMPY";

/// As much of a file as its header can take.
pub(super) const HEADER_BYTES: u64 = 12 + DICTIONARY_BYTES;
/// Longest dictionary. numpy reads 10,000 characters unless told otherwise.
const DICTIONARY_BYTES: u64 = 1 << 16;
/// numpy's own bound is 64.
const DIMENSIONS: usize = 64;

/// What stands before the elements.
pub(super) struct NpyHeader {
    pub(super) dtype: Dtype,
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
        let dictionary = Dictionary { text, at: 0, base }.read()?;
        let missing = |key: &str| Error::Malformed {
            offset: base,
            field: "header".into(),
            expected: format!("a key {key:?}").into(),
            found: text[..text.len().min(200)].escape_ascii().to_string(),
        };
        Ok(Self {
            dtype: dictionary.dtype.ok_or_else(|| missing("descr"))?,
            order: match dictionary.is_fortran.ok_or_else(|| missing("fortran_order"))? {
                true => ArrayOrder::ColumnMajor,
                false => ArrayOrder::RowMajor,
            },
            shape: dictionary.shape.ok_or_else(|| missing("shape"))?,
            end,
        })
    }
}

#[derive(Default)]
struct Values {
    dtype: Option<Dtype>,
    is_fortran: Option<bool>,
    shape: Option<Vec<usize>>,
}

/// The text of the dictionary, and how far it has been read.
struct Dictionary<'a> {
    text: &'a [u8],
    at: usize,
    /// Offset of the text in the file.
    base: u64,
}

impl<'a> Dictionary<'a> {
    fn read(mut self) -> Result<Values> {
        let mut values = Values::default();
        self.byte(b'{')?;
        while self.peek() != Some(b'}') {
            let offset = self.at;
            let key = self.string()?;
            self.byte(b':')?;
            let is_first = match key {
                "descr" => values.dtype.replace(self.dtype()?).is_none(),
                "fortran_order" => values.is_fortran.replace(self.boolean()?).is_none(),
                "shape" => values.shape.replace(self.shape()?).is_none(),
                _ => false,
            };
            if !is_first {
                self.at = offset;
                return Err(self.unexpected("descr, fortran_order and shape, once each"));
            }
            if self.peek() != Some(b'}') {
                self.byte(b',')?;
            }
        }
        self.byte(b'}')?;
        match self.peek() {
            None => Ok(values),
            Some(_) => Err(self.unexpected("nothing but white space behind the dictionary")),
        }
    }

    /// The next byte that is not white space, without consuming it.
    fn peek(&mut self) -> Option<u8> {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    fn byte(&mut self, expected: u8) -> Result<()> {
        if self.peek() != Some(expected) {
            return Err(self.unexpected(&format!("{:?}", char::from(expected))));
        }
        self.at += 1;
        Ok(())
    }

    /// The longest run of bytes that are `wanted`.
    fn run(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = &self.text[self.at..];
        let run = &rest[..rest.iter().position(|byte| !wanted(*byte)).unwrap_or(rest.len())];
        self.at += run.len();
        run
    }

    /// A quoted word. Escapes do not occur in type strings.
    fn string(&mut self) -> Result<&'a str> {
        let quote = match self.peek() {
            Some(quote @ (b'\'' | b'"')) => quote,
            _ => return Err(self.unexpected("a string")),
        };
        self.at += 1;
        let content = self.run(|byte| byte != quote && byte != b'\\');
        let text = str::from_utf8(content).map_err(|_| self.unexpected("UTF-8"))?;
        match self.text.get(self.at) {
            Some(end) if *end == quote => {
                self.at += 1;
                Ok(text)
            }
            _ => Err(self.unexpected("the end of a string")),
        }
    }

    fn dtype(&mut self) -> Result<Dtype> {
        if let Some(b'[' | b'(') = self.peek() {
            return Err(Error::Unsupported {
                what: "an array of records (a structured dtype)".to_owned(),
                advice: "save each of its fields as an array of its own".to_owned(),
            });
        }
        let offset = self.at;
        let text = self.string()?;
        if text.trim_start_matches(['|', '<', '>', '=']).starts_with('O') {
            return Err(Error::Unsupported {
                what: "an array of Python objects (dtype object)".to_owned(),
                advice: "its elements are pickled programs: save numbers or text".to_owned(),
            });
        }
        Dtype::parse(text).ok_or_else(|| {
            self.at = offset;
            self.unexpected("a type string such as '<f4'")
        })
    }

    fn boolean(&mut self) -> Result<bool> {
        self.peek();
        let offset = self.at;
        match self.run(|byte| byte.is_ascii_alphabetic()) {
            b"True" => Ok(true),
            b"False" => Ok(false),
            _ => {
                self.at = offset;
                Err(self.unexpected("True or False"))
            }
        }
    }

    /// A tuple of lengths: `()`, `(3,)`, `(3, 5)`.
    fn shape(&mut self) -> Result<Vec<usize>> {
        let mut shape = Vec::new();
        self.byte(b'(')?;
        while self.peek() != Some(b')') {
            let offset = self.at;
            let digits = str::from_utf8(self.run(|byte| byte.is_ascii_digit())).unwrap_or("");
            let Ok(length) = digits.parse() else {
                self.at = offset;
                return Err(self.unexpected("a length"));
            };
            // Python 2 marked its long integers.
            if self.text.get(self.at) == Some(&b'L') {
                self.at += 1;
            }
            shape.push(length);
            if shape.len() > DIMENSIONS {
                return Err(self.unexpected("at most 64 dimensions"));
            }
            if self.peek() == Some(b',') {
                self.at += 1;
            } else if shape.len() == 1 {
                // `(3)` is a number and not a tuple.
                return Err(self.unexpected("','"));
            } else if self.peek() != Some(b')') {
                return Err(self.unexpected("',' or ')'"));
            }
        }
        self.byte(b')')?;
        Ok(shape)
    }

    fn unexpected(&self, expected: &str) -> Error {
        let rest = &self.text[self.at.min(self.text.len())..];
        Error::Malformed {
            offset: self.base + self.at as u64,
            field: "header".into(),
            expected: expected.to_owned().into(),
            found: match rest.is_empty() {
                true => "its end".to_owned(),
                false => rest[..rest.len().min(24)].escape_ascii().to_string(),
            },
        }
    }
}
