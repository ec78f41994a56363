//! Floats of one byte or two that numpy does not have, as floats of 32 bits.
//!
//! | type | sign, exponent, fraction | bias | without a value |
//! |---|---|---|---|
//! | `BF16` | 1, 8, 7 | 127 | as in IEEE 754: the upper half of an F32 |
//! | `F8_E5M2` | 1, 5, 2 | 15 | as in IEEE 754 |
//! | `F8_E4M3` | 1, 4, 3 | 7 | NaN where all but the sign is ones; no infinities |
//! | `F8_E5M2FNUZ` | 1, 5, 2 | 16 | NaN is `80`; no infinities, no negative zero |
//! | `F8_E4M3FNUZ` | 1, 4, 3 | 8 | the same |
//! | `F8_E8M0` | 0, 8, 0 | 127 | NaN is `ff`; no zero |
//!
//! Every value of each of them is one of F32. `F6` and `F4` are not among them: how they are packed into
//! bytes is not stated by the format.
//!
//! Source: OCP 8-bit Floating Point Specification 1.0, OCP Microscaling Formats 1.0, and for FNUZ
//! arXiv:2206.02915.

use std::io::{self, BufWriter, Write};

use gnz::FileMap;
use wavekeep_core::NamedArray;

/// Most elements that are turned before they are written.
const AT_ONCE: usize = 64 << 10;

/// How a type is turned.
#[derive(Debug, Clone, Copy)]
enum Narrow {
    Bf16,
    /// An F8 by its layout.
    F8(Layout),
    E8m0,
}

#[derive(Debug, Clone, Copy)]
struct Layout {
    fraction_bits: u32,
    bias: i32,
    without: Without,
}

/// Which patterns are no numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Without {
    /// The largest exponent.
    Ieee,
    /// All ones.
    Ones,
    /// The sign alone.
    NegativeZero,
}

impl Narrow {
    fn of(dtype: &str) -> Option<Self> {
        let f8 = |fraction_bits, bias, without| Self::F8(Layout { fraction_bits, bias, without });
        Some(match dtype {
            "BF16" => Self::Bf16,
            "F8_E5M2" => f8(2, 15, Without::Ieee),
            "F8_E4M3" => f8(3, 7, Without::Ones),
            "F8_E5M2FNUZ" => f8(2, 16, Without::NegativeZero),
            "F8_E4M3FNUZ" => f8(3, 8, Without::NegativeZero),
            "F8_E8M0" => Self::E8m0,
            _ => return None,
        })
    }

    const fn item_size(self) -> usize {
        match self {
            Self::Bf16 => 2,
            Self::F8(_) | Self::E8m0 => 1,
        }
    }

    fn value(self, element: &[u8]) -> f32 {
        match (self, element) {
            (Self::Bf16, [low, high]) => f32::from_le_bytes([0, 0, *low, *high]),
            (Self::F8(layout), [byte]) => layout.value(*byte),
            (Self::E8m0, [0xff]) => f32::NAN,
            (Self::E8m0, [exponent]) => power_of_two(i32::from(*exponent) - 127),
            _ => f32::NAN,
        }
    }
}

impl Layout {
    fn value(self, byte: u8) -> f32 {
        let Self { fraction_bits, bias, without } = self;
        let sign = if byte & 0x80 == 0 { 1.0 } else { -1.0 };
        let fraction = byte & ((1 << fraction_bits) - 1);
        let exponent = (byte & 0x7f) >> fraction_bits;
        match without {
            Without::Ieee if exponent == 0x7f >> fraction_bits => {
                return sign * if fraction == 0 { f32::INFINITY } else { f32::NAN };
            }
            Without::Ones if byte & 0x7f == 0x7f => return sign * f32::NAN,
            Without::NegativeZero if byte == 0x80 => return f32::NAN,
            _ => {}
        }
        // Below the smallest exponent the leading one is left out.
        let (leading, exponent) = match exponent {
            0 => (0, 1),
            _ => (1 << fraction_bits, i32::from(exponent)),
        };
        let digits = f32::from(leading + fraction);
        sign * digits * power_of_two(exponent - bias - fraction_bits as i32)
    }
}

/// 2 to a power from -127 on that an F32 holds.
fn power_of_two(power: i32) -> f32 {
    match u32::try_from(power + 127) {
        // Half the smallest normal number.
        Ok(0) | Err(_) => f32::from_bits(1 << 22),
        Ok(exponent) => f32::from_bits(exponent << 23),
    }
}

/// Whether a type is a float that numpy does not have and that [`Widened`] turns into F32.
pub fn is_narrow_float(dtype: &str) -> bool {
    Narrow::of(dtype).is_some()
}

/// The elements of an array as F32, in a temporary file without a name, mapped: an array may be larger
/// than memory.
///
/// ```
/// use wavekeep_core::{ArrayOrder, NamedArray};
/// use wavekeep_formats::Widened;
///
/// let bytes = [0x80, 0x3f, 0x00, 0xc0];
/// let array =
///     NamedArray { name: "w", dtype: "BF16", order: ArrayOrder::RowMajor, shape: &[2], bytes: &bytes };
/// let widened = Widened::of(&array)?.expect("a type that numpy does not have");
/// let array = widened.array(array);
/// assert_eq!((array.dtype, array.bytes), ("<f4", &[0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0][..]));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Widened(FileMap);

impl Widened {
    /// Turns the elements of an array; `None` if numpy has their type, or no F32 is what they are.
    ///
    /// # Errors
    /// What the system says of the temporary file.
    pub fn of(array: &NamedArray<'_>) -> io::Result<Option<Self>> {
        let Some(narrow) = Narrow::of(array.dtype) else { return Ok(None) };
        let mut file = BufWriter::with_capacity(4 * AT_ONCE, tempfile::tempfile()?);
        for element in array.bytes.chunks_exact(narrow.item_size()) {
            file.write_all(&narrow.value(element).to_le_bytes())?;
        }
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        FileMap::of(&file).map(|map| Some(Self(map)))
    }

    /// The array that was given, with these elements.
    pub fn array<'a>(&'a self, of: NamedArray<'a>) -> NamedArray<'a> {
        NamedArray { dtype: "<f4", bytes: &self.0, ..of }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every value of the five, as ml_dtypes 0.6 turns it into a float32: little-endian, 256 a type.
    const F8: &[u8] = include_bytes!("f8_as_f32.bin");

    #[test]
    fn every_f8_is_the_f32_that_ml_dtypes_makes_of_it() {
        let types = ["F8_E4M3", "F8_E5M2", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "F8_E8M0"];
        let (values, rest) = F8.as_chunks::<4>();
        assert_eq!((values.len(), rest.len()), (256 * types.len(), 0));
        for (dtype, values) in types.into_iter().zip(values.chunks(256)) {
            let narrow = Narrow::of(dtype).unwrap();
            for (byte, expected) in (0..=255).zip(values) {
                let (found, expected) = (narrow.value(&[byte]), f32::from_le_bytes(*expected));
                let is_same = found.to_bits() == expected.to_bits();
                assert!(
                    is_same || found.is_nan() && expected.is_nan(),
                    "{dtype} {byte:#04x}: {found}"
                );
            }
        }
    }

    #[test]
    fn every_bf16_is_the_f32_of_its_sign_exponent_and_fraction() {
        for bits in 0..=u16::MAX {
            let found = Narrow::Bf16.value(&bits.to_le_bytes());
            let sign = if bits >> 15 == 0 { 1.0 } else { -1.0 };
            let (exponent, fraction) = (i32::from(bits >> 7 & 0xff), f64::from(bits & 0x7f));
            let expected = sign
                * match exponent {
                    0xff if fraction == 0.0 => f64::INFINITY,
                    0xff => f64::NAN,
                    0 => fraction / 128.0 * 2f64.powi(-126),
                    _ => (1.0 + fraction / 128.0) * 2f64.powi(exponent - 127),
                };
            let is_same =
                f64::from(found) == expected && found.is_sign_negative() == (bits >> 15 == 1);
            assert!(is_same || found.is_nan() && expected.is_nan(), "{bits:#06x}: {found}");
        }
    }
}
