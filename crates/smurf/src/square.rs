//! A square of 16 × 16 words, turned over in the processor's registers.
//!
//! The portable way turns four by four words over; where there is AVX2, eight by eight, which is
//! twice as fast. One of the places with `unsafe`.
#![allow(unsafe_code)]

/// Edge of a square: the words of one cache line.
pub(crate) const EDGE: usize = 16;

/// Rows of 16 words.
pub(crate) type Square = [[i32; EDGE]; EDGE];

/// The square whose column `k` is the 16 words from byte `starts[k]` on.
///
/// # Panics
/// When there are fewer bytes.
#[inline(always)]
pub(crate) fn turn(bytes: &[u8], starts: [usize; EDGE], square: &mut Square) {
    let columns: [&[u8; 4 * EDGE]; EDGE] = std::array::from_fn(|column| {
        // As many bytes as the array has.
        bytes[starts[column]..].first_chunk().unwrap_or_else(|| panic!("no 64 bytes are left"))
    });
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor was asked.
        unsafe { avx2::turn(&columns, square) };
        return;
    }
    turn_portably(&columns, square);
}

fn turn_portably(columns: &[&[u8; 4 * EDGE]; EDGE], square: &mut Square) {
    for row in (0..EDGE).step_by(4) {
        for column in (0..EDGE).step_by(4) {
            let words: [[i32; 4]; 4] = std::array::from_fn(|of| {
                let words = columns[column + of].as_chunks::<4>().0;
                std::array::from_fn(|word| i32::from_le_bytes(words[row + word]))
            });
            for word in 0..4 {
                for of in 0..4 {
                    square[row + word][column + of] = words[of][word];
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        __m256i, _mm256_permute2x128_si256, _mm256_unpackhi_epi32, _mm256_unpackhi_epi64,
        _mm256_unpacklo_epi32, _mm256_unpacklo_epi64,
    };

    use super::{EDGE, Square};

    /// Words of a register.
    const WORDS: usize = 8;

    #[target_feature(enable = "avx2")]
    pub(super) fn turn(columns: &[&[u8; 4 * EDGE]; EDGE], square: &mut Square) {
        for row in [0, WORDS] {
            for column in [0, WORDS] {
                let read = |of: usize| -> __m256i {
                    bytemuck::pod_read_unaligned(&columns[column + of][4 * row..][..4 * WORDS])
                };
                let turned = turn_eight([
                    read(0),
                    read(1),
                    read(2),
                    read(3),
                    read(4),
                    read(5),
                    read(6),
                    read(7),
                ]);
                for (word, values) in turned.into_iter().enumerate() {
                    let values: [i32; WORDS] = bytemuck::cast(values);
                    square[row + word][column..column + WORDS].copy_from_slice(&values);
                }
            }
        }
    }

    /// Three rounds of interleaving: words, pairs of words, halves of a register.
    #[target_feature(enable = "avx2")]
    #[inline]
    fn turn_eight(r: [__m256i; WORDS]) -> [__m256i; WORDS] {
        let words = |a, b| (_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
        let pairs = |a, b| (_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b));
        let four = |a, b, c, d| {
            let ((low, high), (low_cd, high_cd)) = (words(a, b), words(c, d));
            let ((first, second), (third, fourth)) = (pairs(low, low_cd), pairs(high, high_cd));
            [first, second, third, fourth]
        };
        let (low, high) = (four(r[0], r[1], r[2], r[3]), four(r[4], r[5], r[6], r[7]));
        let front = |row: usize| _mm256_permute2x128_si256::<0x20>(low[row], high[row]);
        let back = |row: usize| _mm256_permute2x128_si256::<0x31>(low[row], high[row]);
        [front(0), front(1), front(2), front(3), back(0), back(1), back(2), back(3)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_columns_change_places_in_both_ways() {
        let stride = 4 * EDGE + 3;
        let bytes: Vec<u8> = (0..stride * EDGE).map(|byte| ((byte * 151) >> 3) as u8).collect();
        let columns = std::array::from_fn(|column| bytes[column * stride..].first_chunk().unwrap());
        let mut squares = [[[0; EDGE]; EDGE]; 2];
        turn(&bytes, std::array::from_fn(|column| column * stride), &mut squares[0]);
        turn_portably(&columns, &mut squares[1]);
        for square in squares {
            for row in 0..EDGE {
                for column in 0..EDGE {
                    let word = &bytes[column * stride + 4 * row..][..4];
                    assert_eq!(square[row][column].to_le_bytes(), word, "{row}, {column}");
                }
            }
        }
    }
}
