//! What an array's elements are, written as numpy writes it.
//!
//! A type string is a byte order (`<`, `>`, or `|` where it has no meaning), a
//! kind, and a size. Kinds with a Rust twin are read through
//! [`Element`](crate::Element); the others (text, dates, opaque bytes) are
//! handed out as bytes with their string kept.

mod spelling;

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// The order of the bytes of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// Least significant byte first: `<`.
    Little,
    /// Most significant byte first: `>`.
    Big,
    /// Without meaning for this type: `|`.
    Irrelevant,
}

impl ByteOrder {
    /// The order of the machine that the program runs on.
    pub const NATIVE: ByteOrder =
        if cfg!(target_endian = "little") { ByteOrder::Little } else { ByteOrder::Big };

    fn character(self) -> char {
        match self {
            ByteOrder::Little => '<',
            ByteOrder::Big => '>',
            ByteOrder::Irrelevant => '|',
        }
    }
}

/// What kind of thing an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `b`: one byte, zero is false.
    Bool,
    /// `i`: two's complement integer.
    Int,
    /// `u`: unsigned integer.
    Uint,
    /// `f`: IEEE float (2, 4, 8 bytes) or a C `long double` (12, 16; bytes only).
    Float,
    /// `c`: two floats, real part first.
    Complex,
    /// `S`: bytes, zero-padded.
    Bytes,
    /// `U`: UTF-32 text, zero-padded.
    Unicode,
    /// `V`: opaque bytes.
    Void,
    /// `M`: 64-bit count of a unit since 1970.
    Datetime,
    /// `m`: 64-bit count of a unit.
    Timedelta,
}

impl Kind {
    fn letter(self) -> char {
        match self {
            Kind::Bool => 'b',
            Kind::Int => 'i',
            Kind::Uint => 'u',
            Kind::Float => 'f',
            Kind::Complex => 'c',
            Kind::Bytes => 'S',
            Kind::Unicode => 'U',
            Kind::Void => 'V',
            Kind::Datetime => 'M',
            Kind::Timedelta => 'm',
        }
    }
}

/// The type of an array's elements.
///
/// ```
/// use gnz::{ByteOrder, Dtype, Kind};
///
/// let dtype: Dtype = "<M8[ns]".parse()?;
/// assert_eq!(dtype.kind(), Kind::Datetime);
/// assert_eq!(dtype.item_size(), 8);
/// assert_eq!(dtype.byte_order(), ByteOrder::Little);
/// assert_eq!(dtype.to_string(), "<M8[ns]");
/// # Ok::<(), gnz::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Dtype {
    kind: Kind,
    order: ByteOrder,
    item_size: usize,
    /// With brackets, dates only: `[ns]`, `[25s]`. Dates without one are "generic".
    unit: Option<Box<str>>,
}

impl Dtype {
    /// A number in this machine's byte order; the size is trusted.
    pub(crate) fn native(kind: Kind, item_size: usize) -> Dtype {
        Dtype { kind, order: order_of(kind, item_size, ByteOrder::NATIVE), item_size, unit: None }
    }

    /// Reads a type string; `None` if the format has no such type.
    ///
    /// An order is accepted where it has no meaning (`<i1`) and dropped, as
    /// numpy does. Python objects (`|O`) are never accepted: they are pointers.
    pub fn parse(text: &str) -> Option<Dtype> {
        let mut chars = text.chars();
        let order = match chars.next()? {
            '<' => ByteOrder::Little,
            '>' => ByteOrder::Big,
            '|' => ByteOrder::Irrelevant,
            _ => return None,
        };
        let kind = match chars.next()? {
            'b' => Kind::Bool,
            'i' => Kind::Int,
            'u' => Kind::Uint,
            'f' => Kind::Float,
            'c' => Kind::Complex,
            'S' => Kind::Bytes,
            'U' => Kind::Unicode,
            'V' => Kind::Void,
            'M' => Kind::Datetime,
            'm' => Kind::Timedelta,
            _ => return None,
        };
        let rest = chars.as_str();
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (digits, unit) = rest.split_at(digits);
        if digits.len() > 1 && digits.starts_with('0') {
            return None;
        }
        let number: usize = digits.parse().ok()?;

        let item_size = match kind {
            Kind::Unicode => number.checked_mul(4)?,
            _ => number,
        };
        let valid = match kind {
            Kind::Bool => number == 1,
            Kind::Int | Kind::Uint => matches!(number, 1 | 2 | 4 | 8),
            Kind::Float => matches!(number, 2 | 4 | 8 | 12 | 16),
            Kind::Complex => matches!(number, 8 | 16 | 24 | 32),
            Kind::Bytes | Kind::Unicode | Kind::Void => i32::try_from(item_size).is_ok(),
            Kind::Datetime | Kind::Timedelta => number == 8,
        };
        let dated = matches!(kind, Kind::Datetime | Kind::Timedelta);
        if !valid || !(unit.is_empty() || dated && is_unit(unit)) {
            return None;
        }
        let meaning = order_of(kind, item_size, order);
        // `|f4` leaves open which way round the bytes are.
        if order == ByteOrder::Irrelevant && meaning_required(kind, item_size) {
            return None;
        }
        Some(Dtype {
            kind,
            order: meaning,
            item_size,
            unit: (!unit.is_empty()).then(|| unit.into()),
        })
    }

    /// What kind of thing an element is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Bytes of one element.
    pub fn item_size(&self) -> usize {
        self.item_size
    }

    /// The order of the bytes of one number.
    pub fn byte_order(&self) -> ByteOrder {
        self.order
    }

    /// True if the machine can take the bytes as they are.
    pub fn is_native(&self) -> bool {
        self.order == ByteOrder::Irrelevant || self.order == ByteOrder::NATIVE
    }
}

/// True where a byte order must be stated.
fn meaning_required(kind: Kind, item_size: usize) -> bool {
    match kind {
        Kind::Bool | Kind::Bytes | Kind::Void => false,
        Kind::Unicode => true,
        _ => item_size > 1,
    }
}

fn order_of(kind: Kind, item_size: usize, order: ByteOrder) -> ByteOrder {
    if meaning_required(kind, item_size) { order } else { ByteOrder::Irrelevant }
}

/// `[ns]`, `[25s]`: a unit of numpy's with an optional multiple.
fn is_unit(text: &str) -> bool {
    let Some(inner) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) else {
        return false;
    };
    let unit = inner.trim_start_matches(|c: char| c.is_ascii_digit());
    let multiple = &inner[..inner.len() - unit.len()];
    let counted =
        multiple.is_empty() || !multiple.starts_with('0') && multiple.parse::<i32>().is_ok();
    counted
        && matches!(
            unit,
            "Y" | "M" | "W" | "D" | "h" | "m" | "s" | "ms" | "us" | "ns" | "ps" | "fs" | "as"
        )
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = self.order.character();
        let number = match self.kind {
            Kind::Unicode => self.item_size / 4,
            _ => self.item_size,
        };
        write!(f, "{order}{}{number}", self.kind.letter())?;
        f.write_str(self.unit.as_deref().unwrap_or(""))
    }
}

impl FromStr for Dtype {
    type Err = Error;

    fn from_str(text: &str) -> Result<Dtype, Error> {
        Dtype::parse(text).ok_or_else(|| Error::NotADtype { found: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numpy_type_strings_come_back_unchanged() {
        for text in [
            "|b1", "|i1", "|u1", "<i2", ">u2", "<i4", "<u8", "<f2", "<f4", ">f8", "<f16", "<c8",
            ">c16", "|S10", "|S0", "<U5", ">U5", "<U0", "|V12", "<M8[ns]", "<M8[25s]", ">m8[D]",
            "<m8",
        ] {
            assert_eq!(Dtype::parse(text).expect(text).to_string(), text);
        }
    }

    #[test]
    fn an_order_without_meaning_is_dropped() {
        assert_eq!(Dtype::parse("<i1").expect("known").to_string(), "|i1");
        assert_eq!(Dtype::parse(">S3").expect("known").to_string(), "|S3");
    }

    #[test]
    fn strings_that_say_too_little_or_too_much_are_refused() {
        for text in [
            "",
            "<",
            "f4",
            "=f4",
            "<f",
            "<f3",
            "<f04",
            "|f4",
            "|U5",
            "|O",
            "|O8",
            "|T16",
            "<i16",
            "<f4 ",
            "<f4[ns]",
            "<M8[]",
            "<M8[xs]",
            "<M8[0s]",
            "<M4",
            "<c4",
            "|S-1",
            "|b2",
            "|S99999999999999999999",
            "<U4611686018427387905",
            "<ф4",
            "<f٤",
        ] {
            assert_eq!(Dtype::parse(text), None, "{text}");
        }
    }
}
