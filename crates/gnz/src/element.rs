//! The element types that have a Rust twin.

use bytemuck::Pod;
use half::f16;
use num_complex::Complex;

use crate::dtype::{Dtype, Kind};

/// A type that arrays can be read and written as.
///
/// Implemented for the integers from `i8` to `u64`, [`half::f16`], `f32`,
/// `f64`, [`num_complex::Complex`] of `f32` and `f64`, and [`Bool`]. It cannot
/// be implemented elsewhere: a view is only sound for types that every bit
/// pattern is valid for.
pub trait Element: Pod + sealed::Sealed {
    /// What numpy calls this type.
    const KIND: Kind;

    /// The same value with the bytes of each number reversed.
    #[must_use]
    fn swapped(self) -> Self;

    /// The type string's value for this type in this machine's byte order.
    fn dtype() -> Dtype {
        Dtype::native(Self::KIND, size_of::<Self>())
    }

    /// True if an array of that type holds such elements, in either byte order.
    fn matches(dtype: &Dtype) -> bool {
        dtype.kind() == Self::KIND && dtype.item_size() == size_of::<Self>()
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A stored truth value: zero is false, every other byte true, as numpy reads it.
///
/// Rust's `bool` must be 0 or 1, which a file cannot promise, least of all one
/// that another program may change while it is mapped.
#[derive(Clone, Copy, Debug, Default, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(transparent)]
pub struct Bool(u8);

impl Bool {
    /// The truth value.
    pub fn get(self) -> bool {
        self.0 != 0
    }
}

impl PartialEq for Bool {
    fn eq(&self, other: &Bool) -> bool {
        self.get() == other.get()
    }
}

impl Eq for Bool {}

impl From<bool> for Bool {
    fn from(value: bool) -> Bool {
        Bool(u8::from(value))
    }
}

impl From<Bool> for bool {
    fn from(value: Bool) -> bool {
        value.get()
    }
}

macro_rules! element {
    ($($type:ty, $kind:ident, $swap:expr;)*) => {$(
        impl sealed::Sealed for $type {}
        impl Element for $type {
            const KIND: Kind = Kind::$kind;
            fn swapped(self) -> Self {
                let swap: fn($type) -> $type = $swap;
                swap(self)
            }
        }
    )*};
}

element! {
    Bool, Bool, |v| v;
    i8, Int, |v| v;
    i16, Int, i16::swap_bytes;
    i32, Int, i32::swap_bytes;
    i64, Int, i64::swap_bytes;
    u8, Uint, |v| v;
    u16, Uint, u16::swap_bytes;
    u32, Uint, u32::swap_bytes;
    u64, Uint, u64::swap_bytes;
    f16, Float, |v| f16::from_bits(v.to_bits().swap_bytes());
    f32, Float, |v| f32::from_bits(v.to_bits().swap_bytes());
    f64, Float, |v| f64::from_bits(v.to_bits().swap_bytes());
    Complex<f32>, Complex, |v| Complex::new(v.re.swapped(), v.im.swapped());
    Complex<f64>, Complex, |v| Complex::new(v.re.swapped(), v.im.swapped());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_but_zero_is_true() {
        assert!(!bytemuck::cast::<u8, Bool>(0).get());
        assert!(bytemuck::cast::<u8, Bool>(2).get());
        assert_eq!(bytemuck::cast::<u8, Bool>(2), Bool::from(true));
    }

    #[test]
    fn a_complex_number_is_swapped_part_by_part() {
        let swapped = Complex::new(1.0f32, 2.0).swapped();
        assert_eq!(bytemuck::bytes_of(&swapped), [0x3f, 0x80, 0, 0, 0x40, 0, 0, 0]);
    }
}
