//! From frames, one after the other, to channels, one after the other.
//!
//! Frames come in blocks that stay in the second-level cache. Where channels in a row are asked
//! for, squares of 16 × 16 words are turned over, and their rows grow by a cache line each; other
//! channels are gathered one by one. Rows are far apart: gathering every channel by itself costs a
//! page for a few values.

use crate::machine::processor::{self, EIGHT, Loop, Processor};
use crate::read::sample::{Sample, value};
use crate::read::square::{EDGE, turn};

/// A row of the result, and where in a record its words begin.
pub(crate) struct Row<'m, T> {
    pub(crate) at: usize,
    pub(crate) values: &'m mut [T],
}

/// Fills columns of every row from column `column` on, one a frame. `frames` says where in `bytes`
/// each frame's record begins.
pub(crate) fn fill<T: Sample>(
    bytes: &[u8],
    frames: &[usize],
    rows: &mut [Row<'_, T>],
    column: usize,
) {
    let edge = EDGE / T::WORDS;
    let mut rest = rows;
    while !rest.is_empty() {
        let neighbours = rest.len() >= edge && are_neighbours(&rest[..edge]);
        let (rows, others) = rest.split_at_mut(if neighbours { edge } else { 1 });
        if neighbours {
            processor::run(Group { bytes, frames, rows, column });
        } else {
            for row in rows {
                let to = row.values[column..].iter_mut().zip(frames);
                to.for_each(|(to, frame)| *to = value(&bytes[frame + row.at..]));
            }
        }
        rest = others;
    }
}

/// Neighbouring rows, as many as a square has.
struct Group<'a, 'm, T> {
    bytes: &'a [u8],
    frames: &'a [usize],
    rows: &'a mut [Row<'m, T>],
    column: usize,
}

impl<T: Sample> Loop for Group<'_, '_, T> {
    #[inline(always)]
    fn run<P: Processor>(self, processor: P) {
        let Self { bytes, frames, rows, column } = self;
        let at = rows[0].at;
        let (squares, rest) = frames.as_chunks::<EDGE>();
        for (square, frames) in squares.iter().enumerate() {
            let column = column + square * EDGE;
            turn(processor, bytes, frames, at, |row, of, values: &[T; EIGHT]| {
                rows[row].values[column + of..][..EIGHT].copy_from_slice(values);
            });
        }
        if let Some(last) = rest.last() {
            // The last frame again and again, of which nothing is kept.
            let frames = std::array::from_fn(|frame| *rest.get(frame).unwrap_or(last));
            let column = column + squares.len() * EDGE;
            turn(processor, bytes, &frames, at, |row, of, values: &[T; EIGHT]| {
                let len = rest.len().saturating_sub(of).min(EIGHT);
                let to = column + of.min(rest.len());
                rows[row].values[to..][..len].copy_from_slice(&values[..len]);
            });
        }
    }
}

pub(crate) fn are_neighbours<T: Sample>(rows: &[Row<'_, T>]) -> bool {
    rows.windows(2).all(|pair| pair[1].at == pair[0].at + 4 * T::WORDS)
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any bytes, the same for the same seed.
    pub(crate) fn noise(len: usize, seed: u64) -> Vec<u8> {
        let mut state = seed | 1;
        let byte = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        };
        (0..len).map(byte).collect()
    }

    /// One value at a time, in the obvious order.
    fn naive(bytes: &[u8], stride: usize, frames: usize, at: &[usize]) -> Vec<Vec<i32>> {
        let word = |frame: usize, at: usize| {
            i32::from_le_bytes(bytes[frame * stride + at..][..4].try_into().unwrap())
        };
        at.iter().map(|at| (0..frames).map(|frame| word(frame, *at)).collect()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn squares_and_single_rows_give_what_the_obvious_loop_gives(
            frames in 0usize..100,
            channels in 1usize..70,
            extra in 0usize..9,
            column in 0usize..3,
            left_out in prop::option::of(0usize..70),
            seed: u64,
        ) {
            let stride = channels * 4 + extra;
            let bytes = noise(frames * stride, seed);
            let at: Vec<usize> =
                (0..channels).filter(|it| Some(*it) != left_out).map(|it| it * 4).collect();
            let mut matrix = vec![vec![0; column + frames]; at.len()];
            let mut rows: Vec<Row<'_, i32>> =
                at.iter().zip(&mut matrix).map(|(at, values)| Row { at: *at, values }).collect();
            let starts: Vec<usize> = (0..frames).map(|frame| frame * stride).collect();
            fill(&bytes, &starts, &mut rows, column);
            for (row, expected) in matrix.iter().zip(naive(&bytes, stride, frames, &at)) {
                prop_assert_eq!(&row[column..], &expected[..]);
            }
        }
    }
}
