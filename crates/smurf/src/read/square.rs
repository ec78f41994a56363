//! A square of 16 × 16 words, turned over in the processor's registers.

use crate::machine::processor::{EIGHT, Processor};
use crate::read::sample::Sample;

/// Edge of a square: the words of one cache line.
pub(crate) const EDGE: usize = 16;

/// Sixteen words of each of sixteen records.
type Columns<'a> = [&'a [u8; 4 * EDGE]; EDGE];

/// Turns 16 words of 16 records over: from byte `starts[k] + at` on, where `k` is the column of
/// their values. `store` gets eight values of a row, and in which column they begin.
///
/// # Panics
/// When there are fewer bytes.
#[inline(always)]
pub(crate) fn turn<T: Sample, P: Processor>(
    processor: P,
    bytes: &[u8],
    starts: &[usize; EDGE],
    at: usize,
    mut store: impl FnMut(usize, usize, &[T; EIGHT]),
) {
    let mut columns: Columns<'_> = [&[0; 4 * EDGE]; EDGE];
    for (column, start) in columns.iter_mut().zip(starts) {
        // As many bytes as the array has.
        *column =
            bytes[start + at..].first_chunk().unwrap_or_else(|| panic!("no 64 bytes are left"));
    }
    // Written out: as a loop it asks for each value whether there is such a row.
    block::<T, P, 0, 0>(processor, &columns, &mut store);
    block::<T, P, 0, EIGHT>(processor, &columns, &mut store);
    block::<T, P, EIGHT, 0>(processor, &columns, &mut store);
    block::<T, P, EIGHT, EIGHT>(processor, &columns, &mut store);
}

/// A quarter of a square, from this row and column on.
#[inline(always)]
fn block<T: Sample, P: Processor, const ROW: usize, const COLUMN: usize>(
    processor: P,
    columns: &Columns<'_>,
    store: &mut impl FnMut(usize, usize, &[T; EIGHT]),
) {
    // Two halves of as many bytes.
    let half = |of: usize| &columns[COLUMN + of].as_chunks::<{ 4 * EIGHT }>().0[ROW / EIGHT];
    let words = processor.turn(std::array::from_fn(half));
    for (number, words) in words.chunks_exact(T::WORDS).enumerate() {
        let (first, second) = (&words[0], &words[T::WORDS - 1]);
        let values = std::array::from_fn(|of| T::of(first[of], second[of]));
        store(ROW / T::WORDS + number, COLUMN, &values);
    }
}
