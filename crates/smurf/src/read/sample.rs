//! What a 32-bit count becomes.

use std::f64::consts::PI;

use bytemuck::Pod;
use num_complex::Complex;

/// A type that samples can be read as.
///
/// | type | value |
/// |---|---|
/// | `i32` | the count |
/// | `f64` | phase in rad: `x / 32768 · π`, evaluated in that order |
/// | `f32` | the same, rounded once at the end |
/// | `Complex<f64>`, `Complex<f32>` | IQ: I + jQ in counts, of samples 2k and 2k + 1 |
pub trait Sample: Pod + Send + Sync + sealed::Sealed {
    /// 32-bit words of the frame that make one value: 1 or 2.
    const WORDS: usize;
    /// The value of that many counts; where one count makes a value the second is passed over.
    fn of(first: i32, second: i32) -> Self;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for i32 {}
    impl Sealed for f64 {}
    impl Sealed for f32 {}
    impl Sealed for num_complex::Complex<f64> {}
    impl Sealed for num_complex::Complex<f32> {}
}

/// 2^16 counts are 2π. The order of the operations decides the last bit.
pub fn phase(count: i32) -> f64 {
    f64::from(count) / 32768.0 * PI
}

impl Sample for i32 {
    const WORDS: usize = 1;

    #[inline]
    fn of(count: i32, _: i32) -> Self {
        count
    }
}

impl Sample for f64 {
    const WORDS: usize = 1;

    #[inline]
    fn of(count: i32, _: i32) -> Self {
        phase(count)
    }
}

impl Sample for f32 {
    const WORDS: usize = 1;

    #[inline]
    fn of(count: i32, _: i32) -> Self {
        phase(count) as f32
    }
}

impl Sample for Complex<f64> {
    const WORDS: usize = 2;

    #[inline]
    fn of(i: i32, q: i32) -> Self {
        Self::new(f64::from(i), f64::from(q))
    }
}

impl Sample for Complex<f32> {
    const WORDS: usize = 2;

    #[inline]
    fn of(i: i32, q: i32) -> Self {
        Self::new(i as f32, q as f32)
    }
}

/// The value that begins with these bytes of a frame.
///
/// # Panics
/// When there are fewer bytes than a value has.
#[inline]
pub(crate) fn value<T: Sample>(bytes: &[u8]) -> T {
    let count = |word: usize| {
        let word = &bytes[4 * word..4 * word + 4];
        i32::from_le_bytes([word[0], word[1], word[2], word[3]])
    };
    T::of(count(0), count(T::WORDS - 1))
}
