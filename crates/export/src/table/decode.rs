//! Elements as the numbers of this machine.
//!
//! Each function takes an element whose type it is for: the lengths were compared when the array
//! was checked.

use gnz::{ByteOrder, Dtype};
use half::f16;

/// The bytes of one number, least significant first, filled with zeros.
fn little_endian<const N: usize>(element: &[u8], dtype: &Dtype) -> [u8; N] {
    let mut bytes = [0; N];
    let there = element.len().min(N);
    bytes[..there].copy_from_slice(&element[..there]);
    if dtype.byte_order() == ByteOrder::Big {
        bytes[..there].reverse();
    }
    bytes
}

/// A two's complement integer of up to 8 bytes; counts of dates and spans too.
pub(crate) fn integer(element: &[u8], dtype: &Dtype) -> i64 {
    let bits = 8 * element.len().clamp(1, 8) as u32;
    let number = i64::from_le_bytes(little_endian(element, dtype));
    // The sign goes up to the top and comes back.
    number << (64 - bits) >> (64 - bits)
}

/// An unsigned integer of up to 8 bytes.
pub(crate) fn unsigned(element: &[u8], dtype: &Dtype) -> u64 {
    u64::from_le_bytes(little_endian(element, dtype))
}

/// A float of 2 or 4 bytes.
pub(crate) fn single(element: &[u8], dtype: &Dtype) -> f32 {
    match element.len() {
        2 => half(element, dtype).to_f32(),
        _ => f32::from_le_bytes(little_endian(element, dtype)),
    }
}

/// A float of 2 bytes.
pub(crate) fn half(element: &[u8], dtype: &Dtype) -> f16 {
    f16::from_le_bytes(little_endian(element, dtype))
}

/// A float of 8 bytes.
pub(crate) fn double(element: &[u8], dtype: &Dtype) -> f64 {
    f64::from_le_bytes(little_endian(element, dtype))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dtype(text: &str) -> Dtype {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_of_every_width_and_order_are_themselves() {
        assert_eq!(integer(&[0x80], &dtype("|i1")), -128);
        assert_eq!(integer(&[0xff, 0xfe], &dtype(">i2")), -2);
        assert_eq!(integer(&[0xfe, 0xff, 0xff, 0x7f], &dtype("<i4")), 0x7fff_fffe);
        assert_eq!(integer(&i64::MIN.to_be_bytes(), &dtype(">i8")), i64::MIN);
        assert_eq!(unsigned(&[0xff, 0xfe], &dtype(">u2")), 0xfffe);
        assert_eq!(unsigned(&u64::MAX.to_le_bytes(), &dtype("<u8")), u64::MAX);
        assert_eq!(single(&[0x3c, 0], &dtype(">f2")), 1.0);
        assert_eq!(single(&1.5f32.to_be_bytes(), &dtype(">f4")), 1.5);
        assert_eq!(double(&1.5f64.to_le_bytes(), &dtype("<f8")), 1.5);
    }
}
