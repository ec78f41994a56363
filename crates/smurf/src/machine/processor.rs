//! Loops that are compiled twice: for every processor, and for those that have AVX2.
//!
//! Turning words over, and a filter, are bound by the number of instructions as much as by memory;
//! registers of twice the width take half of them. One of the places with `unsafe`.
#![allow(unsafe_code)]

use crate::machine::lines::Line;

/// Words that are turned over at once, in both directions.
pub const EIGHT: usize = 8;

/// A loop that is worth it.
pub trait Loop {
    /// The loop itself. It and all that it calls must be `#[inline(always)]`: only what ends up in
    /// one function is compiled for the other processor.
    fn run<P: Processor>(self, processor: P);
}

/// What the language has no words for.
pub trait Processor: Copy {
    /// Toward zero, and -2^31 for what int32 cannot hold. Rust's own conversion gives the nearest
    /// int32 instead, and guarding it takes as long as a tap of a filter.
    fn truncate(self, values: [f64; 4]) -> [i32; 4];

    /// Makes rows of columns of little-endian words.
    fn turn(self, columns: [&[u8; 4 * EIGHT]; EIGHT]) -> [[i32; EIGHT]; EIGHT];

    /// Writes a line past the caches, where the processor can be told to.
    ///
    /// # Safety
    /// No other thread may be handed the line before a fence, which locks and the like are not for
    /// such stores: [`PastCaches`](crate::machine::lines::PastCaches) sees to that.
    unsafe fn store(self, to: &mut Line, line: &Line);
}

/// Any processor.
#[derive(Debug, Clone, Copy)]
struct Any;

impl Processor for Any {
    #[inline(always)]
    fn truncate(self, values: [f64; 4]) -> [i32; 4] {
        values.map(truncate)
    }

    #[inline(always)]
    fn turn(self, columns: [&[u8; 4 * EIGHT]; EIGHT]) -> [[i32; EIGHT]; EIGHT] {
        let word = |row: usize, column: usize| columns[column].as_chunks().0[row];
        std::array::from_fn(|row| {
            std::array::from_fn(|column| i32::from_le_bytes(word(row, column)))
        })
    }

    #[inline(always)]
    unsafe fn store(self, to: &mut Line, line: &Line) {
        // Miri has no stores past caches.
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        {
            use std::arch::x86_64::{__m128i, _mm_load_si128, _mm_stream_si128};

            let to = to.0.as_mut_ptr().cast::<__m128i>();
            let line = line.0.as_ptr().cast::<__m128i>();
            for part in 0..size_of::<Line>() / size_of::<__m128i>() {
                // SAFETY: both pointers are those of a `Line`: 64 bytes, aligned to 64. SSE2 is
                // part of every x86-64.
                unsafe { _mm_stream_si128(to.add(part), _mm_load_si128(line.add(part))) };
            }
        }
        #[cfg(not(all(target_arch = "x86_64", not(miri))))]
        {
            *to = *line;
        }
    }
}

/// One that has AVX2; nobody has such a value without having asked the processor.
#[cfg(target_arch = "x86_64")]
#[derive(Debug, Clone, Copy)]
struct Avx2(());

#[cfg(target_arch = "x86_64")]
impl Processor for Avx2 {
    #[inline(always)]
    fn truncate(self, values: [f64; 4]) -> [i32; 4] {
        use std::arch::x86_64::_mm256_cvttpd_epi32;

        // SAFETY: AVX is a part of AVX2. The instruction gives -2^31 for what does not fit.
        bytemuck::cast(unsafe { _mm256_cvttpd_epi32(bytemuck::cast(values)) })
    }

    #[inline(always)]
    fn turn(self, columns: [&[u8; 4 * EIGHT]; EIGHT]) -> [[i32; EIGHT]; EIGHT] {
        // SAFETY: the processor has AVX2.
        unsafe { turn_with_avx2(columns) }
    }

    #[inline(always)]
    unsafe fn store(self, to: &mut Line, line: &Line) {
        #[cfg(not(miri))]
        {
            use std::arch::x86_64::{__m256i, _mm256_load_si256, _mm256_stream_si256};

            let to = to.0.as_mut_ptr().cast::<__m256i>();
            let line = line.0.as_ptr().cast::<__m256i>();
            for part in 0..size_of::<Line>() / size_of::<__m256i>() {
                // SAFETY: both pointers are those of a `Line`: 64 bytes, aligned to 64. AVX is a
                // part of AVX2.
                unsafe { _mm256_stream_si256(to.add(part), _mm256_load_si256(line.add(part))) };
            }
        }
        #[cfg(miri)]
        {
            *to = *line;
        }
    }
}

/// Three rounds of interleaving: words, pairs of words, halves of a register.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline]
fn turn_with_avx2(columns: [&[u8; 4 * EIGHT]; EIGHT]) -> [[i32; EIGHT]; EIGHT] {
    use std::arch::x86_64::{
        _mm256_permute2x128_si256, _mm256_unpackhi_epi32, _mm256_unpackhi_epi64,
        _mm256_unpacklo_epi32, _mm256_unpacklo_epi64,
    };

    let words = |a, b| (_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
    let pairs = |a, b| (_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b));
    let four = |of: usize| {
        let column = |of: usize| bytemuck::pod_read_unaligned(columns[of]);
        let (low_ab, high_ab) = words(column(of), column(of + 1));
        let (low_cd, high_cd) = words(column(of + 2), column(of + 3));
        let ((a, b), (c, d)) = (pairs(low_ab, low_cd), pairs(high_ab, high_cd));
        [a, b, c, d]
    };
    let (front, back) = (four(0), four(4));
    let low = |row: usize| _mm256_permute2x128_si256::<0x20>(front[row], back[row]);
    let high = |row: usize| _mm256_permute2x128_si256::<0x31>(front[row], back[row]);
    bytemuck::cast([low(0), low(1), low(2), low(3), high(0), high(1), high(2), high(3)])
}

/// Runs a loop, as it was compiled for this processor.
pub fn run(it: impl Loop) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor was asked. `it` is safe code.
        unsafe { run_with_avx2(it, Avx2(())) };
        return;
    }
    it.run(Any);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn run_with_avx2(it: impl Loop, processor: Avx2) {
    it.run(processor);
}

/// Asks for the line of memory that byte `at` is in, which is needed soon: a processor does not
/// guess what lies far apart.
#[inline(always)]
pub fn fetch(bytes: &[u8], at: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

        let line = bytes.as_ptr().wrapping_add(at);
        // SAFETY: a hint. It reads nothing that a program could see, and any address will do. SSE
        // is part of every x86-64.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (bytes, at);
}

/// Toward zero; what int32 cannot hold, and what is no number, becomes -2^31.
#[inline(always)]
pub fn truncate(value: f64) -> i32 {
    match value > -2_147_483_649.0 && value < 2_147_483_648.0 {
        true => value as i32,
        false => i32::MIN,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn by_the_language(value: f64) -> i32 {
        let whole = value.trunc();
        let fits = whole >= f64::from(i32::MIN) && whole <= f64::from(i32::MAX);
        if fits { whole as i32 } else { i32::MIN }
    }

    /// Truncates four values as the loops do.
    struct Truncate<'a>([f64; 4], &'a mut [i32; 4]);

    impl Loop for Truncate<'_> {
        #[inline(always)]
        fn run<P: Processor>(self, processor: P) {
            *self.1 = processor.truncate(self.0);
        }
    }

    fn both(values: [f64; 4]) -> [[i32; 4]; 2] {
        let mut here = [0; 4];
        run(Truncate(values, &mut here));
        [here, Any.truncate(values)]
    }

    type Square = [[i32; EIGHT]; EIGHT];

    /// Turns columns over as the loops do.
    struct Turn<'a>([&'a [u8; 4 * EIGHT]; EIGHT], &'a mut Square);

    impl Loop for Turn<'_> {
        #[inline(always)]
        fn run<P: Processor>(self, processor: P) {
            *self.1 = processor.turn(self.0);
        }
    }

    #[test]
    fn rows_and_columns_change_places_in_both_ways() {
        let bytes: Vec<u8> = (0..300).map(|byte| ((byte * 151) >> 3) as u8).collect();
        // Columns begin at any byte.
        let columns = std::array::from_fn(|column| bytes[column * 33..].first_chunk().unwrap());
        let mut here = [[0; EIGHT]; EIGHT];
        run(Turn(columns, &mut here));
        for rows in [here, Any.turn(columns)] {
            for (row, values) in rows.iter().enumerate() {
                for (column, value) in values.iter().enumerate() {
                    assert_eq!(value.to_le_bytes(), bytes[column * 33 + row * 4..][..4]);
                }
            }
        }
    }

    #[test]
    fn both_ways_of_storing_agree() {
        let line = Line(std::array::from_fn(|byte| byte as u8));
        let mut lines = [Line([0; 64]); 2];
        // SAFETY: the lines stay with this thread, which sees its own stores in their order.
        unsafe { Any.store(&mut lines[0], &line) };
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: as before.
            unsafe { Avx2(()).store(&mut lines[1], &line) };
            assert_eq!(lines[1], line);
        }
        assert_eq!(lines[0], line);
    }

    #[test]
    fn both_ways_of_truncating_agree_where_it_is_close() {
        let tops = [0.0, 1.0, 2.0, 2.5, 1e6, 2_147_483_647.0, 2_147_483_648.0, 2_147_483_649.0];
        for top in tops.into_iter().flat_map(|top: f64| [top, -top]) {
            let values = [top.next_down().next_down(), top.next_down(), top, top.next_up()];
            assert_eq!(both(values), [values.map(by_the_language); 2], "{values:?}");
        }
        let none = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX];
        assert_eq!(both(none), [[i32::MIN; 4]; 2]);
    }

    proptest! {
        #[test]
        fn both_ways_of_truncating_agree(
            values in proptest::array::uniform4(prop_oneof![
                9 => -2_147_483_648.0f64..2_147_483_648.0,
                9 => -3.0f64..3.0,
                1 => any::<f64>(),
            ])
        ) {
            prop_assert_eq!(both(values), [values.map(by_the_language); 2]);
        }
    }
}
