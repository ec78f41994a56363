//! Integers of any size, kept exactly.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// An integer as JSON can state it: without bounds.
///
/// ```
/// use gnz::Integer;
///
/// let big: Integer = "-18446744073709551617".parse()?;
/// assert_eq!(big.to_i64(), None);
/// assert_eq!(big.to_string(), "-18446744073709551617");
/// assert_eq!(Integer::from(7u64).to_i64(), Some(7));
/// # Ok::<(), gnz::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Integer(Repr);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Repr {
    Small(i64),
    /// Canonical decimal text of a number outside `i64`.
    Big(Box<str>),
}

impl Integer {
    /// The number, if it is in range.
    pub fn to_i64(&self) -> Option<i64> {
        match &self.0 {
            Repr::Small(number) => Some(*number),
            Repr::Big(_) => None,
        }
    }

    /// The number, if it is in range.
    pub fn to_u64(&self) -> Option<u64> {
        match &self.0 {
            Repr::Small(number) => u64::try_from(*number).ok(),
            Repr::Big(text) => text.parse().ok(),
        }
    }

    /// The nearest float; infinite beyond the range of floats.
    pub fn to_f64(&self) -> f64 {
        match &self.0 {
            Repr::Small(number) => *number as f64,
            // Decimal digits with an optional sign always parse.
            Repr::Big(text) => text.parse().unwrap_or(f64::NAN),
        }
    }

    /// Reads what the JSON grammar calls an integer; `text` is trusted to be one.
    pub(super) fn from_json(text: &str) -> Integer {
        match text.parse() {
            Ok(number) => Integer(Repr::Small(number)),
            Err(_) => Integer(Repr::Big(text.into())),
        }
    }
}

impl fmt::Display for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Small(number) => number.fmt(f),
            Repr::Big(text) => f.write_str(text),
        }
    }
}

impl FromStr for Integer {
    type Err = Error;

    fn from_str(text: &str) -> Result<Integer, Error> {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", text),
        };
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Error::NotAnInteger { found: text.to_owned() });
        }
        let digits = digits.trim_start_matches('0');
        let digits = if digits.is_empty() { "0" } else { digits };
        Ok(Integer::from_json(&format!("{sign}{digits}")))
    }
}

macro_rules! integer_from {
    ($($type:ty)*) => {$(
        impl From<$type> for Integer {
            fn from(number: $type) -> Integer {
                match i64::try_from(number) {
                    Ok(number) => Integer(Repr::Small(number)),
                    Err(_) => Integer(Repr::Big(number.to_string().into())),
                }
            }
        }
    )*};
}

integer_from!(i32 u32 i64 u64 i128 u128);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_one_form() {
        for (text, canonical) in [
            ("-0", "0"),
            ("0007", "7"),
            ("9223372036854775807", "9223372036854775807"),
            ("9223372036854775808", "9223372036854775808"),
            ("-000018446744073709551616", "-18446744073709551616"),
        ] {
            let number: Integer = text.parse().expect(text);
            assert_eq!(number.to_string(), canonical);
            assert_eq!(number, canonical.parse().expect(canonical));
        }
        assert_eq!(Integer::from(u64::MAX), u64::MAX.to_string().parse().expect("digits"));
        assert_eq!(Integer::from(u64::MAX).to_u64(), Some(u64::MAX));
    }

    #[test]
    fn what_is_not_digits_is_refused() {
        for text in ["", "-", "+1", "1.0", "1e3", " 1", "٤"] {
            assert!(text.parse::<Integer>().is_err(), "{text}");
        }
    }
}
