//! The same turning over, into results that are larger than the caches.
//!
//! Sixteen frames at a time are turned over for a strip of channels, so that the source is read in
//! order, while the next sixteen are fetched. What is made of them waits in the second-level cache
//! until there are several whole cache lines of each row, which go past the caches one after the
//! other. A row begins anywhere in a line: what does not fill one waits for the next squares.

use crate::machine::lines::{LINE, Line, PastCaches, past_caches};
use crate::machine::processor::{self, EIGHT, Loop, Processor, fetch};
use crate::read::sample::Sample;
use crate::read::square::{EDGE, turn};
use crate::read::transpose::{Row, are_neighbours, fill};

/// Rows of a strip: as many as leave room in the second-level cache, with what waits of each, for
/// the frames that they come from.
const STRIP: usize = 256;
/// Squares that are turned over before anything is stored: memory takes lines that follow each
/// other in less time.
const DEPTH: usize = 4;

/// A row of the result, cut at the borders of cache lines.
struct LinedRow<'m, T> {
    /// Values before the first whole line.
    head: &'m mut [T],
    lines: &'m mut [Line],
    /// Values behind the last whole line. As many of each stage wait for the next one.
    tail: &'m mut [T],
}

/// As [`fill`], for a result of which nothing is read before this returns.
pub(crate) fn fill_large<T: Sample>(
    bytes: &[u8],
    frames: &[usize],
    rows: &mut [Row<'_, T>],
    column: usize,
) {
    let (squares, rest) = frames.as_chunks::<EDGE>();
    let turned = squares.len() * EDGE;
    let edge = EDGE / T::WORDS;
    let mut ats = Vec::new();
    let mut lined = Vec::with_capacity(rows.len());
    for rows in rows.chunks_mut(edge) {
        if rows.len() < edge || !are_neighbours(rows) {
            fill(bytes, frames, rows, column);
            continue;
        }
        fill(bytes, rest, rows, column + turned);
        ats.push(rows[0].at);
        for row in rows {
            let values = &mut row.values[column..][..turned];
            let (head, lines, tail) = bytemuck::pod_align_to_mut::<T, Line>(values);
            lined.push(LinedRow { head, lines, tail });
        }
    }
    let strips = ats.chunks(STRIP / edge).zip(lined.chunks_mut(STRIP));
    past_caches(|stores| {
        strips.for_each(|(ats, rows)| processor::run(Strip { bytes, squares, ats, rows, stores }));
    });
}

/// Rows that are turned over together, in squares.
struct Strip<'a, 'm, T> {
    bytes: &'a [u8],
    /// Where the records of each square begin.
    squares: &'a [[usize; EDGE]],
    /// Where in a record the words of each group of rows begin.
    ats: &'a [usize],
    rows: &'a mut [LinedRow<'m, T>],
    stores: &'a PastCaches,
}

impl<T: Sample> Loop for Strip<'_, '_, T> {
    #[inline(always)]
    fn run<P: Processor>(self, processor: P) {
        let Self { bytes, squares, ats, rows, stores } = self;
        // Lines of one square of a row; of all that wait, behind those of the squares before.
        let whole = EDGE * size_of::<T>() / LINE;
        let each = DEPTH * whole + 1;
        let edge = EDGE / T::WORDS;
        let mut stages = vec![Line([0; LINE]); rows.len() * each];
        // Where in the stages the values of each row of a group go on.
        let end = |row: usize| {
            row * each * LINE / size_of::<T>() + rows.get(row).map_or(0, |row| row.tail.len())
        };
        let ends: Vec<[usize; EDGE]> = (0..ats.len())
            .map(|group| std::array::from_fn(|row| end(group * edge + row)))
            .collect();
        for (number, deep) in squares.chunks(DEPTH).enumerate() {
            let values: &mut [T] = bytemuck::cast_slice_mut(&mut stages);
            for (place, frames) in deep.iter().enumerate() {
                let next = squares.get(number * DEPTH + place + 1);
                for (at, ends) in ats.iter().zip(&ends) {
                    for frame in next.into_iter().flatten() {
                        fetch(bytes, frame + at);
                    }
                    turn(processor, bytes, frames, *at, |row, of, eight: &[T; EIGHT]| {
                        values[ends[row] + place * EDGE + of..][..EIGHT].copy_from_slice(eight);
                    });
                }
            }
            let lines = deep.len() * whole + 1;
            for (row, stage) in rows.iter_mut().zip(stages.chunks_exact_mut(each)) {
                row.store(processor, &mut stage[..lines], stores);
            }
        }
        for (row, stage) in rows.iter_mut().zip(stages.chunks_exact(each)) {
            let stage: &[T] = bytemuck::cast_slice(stage);
            row.tail.copy_from_slice(&stage[..row.tail.len()]);
        }
    }
}

impl<T: Sample> LinedRow<'_, T> {
    /// Stores all but the last line of a stage, which becomes the first of the next.
    #[inline(always)]
    fn store(&mut self, processor: impl Processor, stage: &mut [Line], stores: &PastCaches) {
        let Some((rest, whole)) = stage.split_last() else { return };
        let head = std::mem::take(&mut self.head);
        // Only the first time: the row begins within a line.
        let begun = usize::from(!head.is_empty());
        for line in &whole[..begun] {
            let values: &[T] = bytemuck::cast_slice(std::slice::from_ref(line));
            head.copy_from_slice(&values[values.len() - head.len()..]);
        }
        let (to, left) = std::mem::take(&mut self.lines).split_at_mut(whole.len() - begun);
        self.lines = left;
        for (to, line) in to.iter_mut().zip(&whole[begun..]) {
            stores.store(processor, to, line);
        }
        stage[0] = *rest;
    }
}

#[cfg(test)]
mod tests {
    use num_complex::Complex;
    use proptest::prelude::*;

    use super::*;
    use crate::read::transpose::tests::noise;

    /// Rows of both ways, from the same bytes, beginning anywhere in a cache line.
    fn both<T: Sample>(
        bytes: &[u8],
        stride: usize,
        frames: usize,
        at: &[usize],
        shift: usize,
    ) -> [Vec<T>; 2] {
        [fill::<T>, fill_large::<T>].map(|fill| {
            let width = frames + shift;
            let mut matrix = vec![T::zeroed(); at.len() * width + shift];
            let mut rows: Vec<Row<'_, T>> = at
                .iter()
                .zip(matrix[shift..].chunks_exact_mut(width.max(1)))
                .map(|(at, values)| Row { at: *at, values })
                .collect();
            let starts: Vec<usize> = (0..frames).map(|frame| frame * stride).collect();
            fill(bytes, &starts, &mut rows, shift);
            drop(rows);
            matrix
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn large_results_are_filled_as_small_ones(
            frames in 0usize..100,
            channels in 2usize..70,
            extra in 0usize..9,
            shift in 0usize..17,
            left_out in prop::option::of(0usize..70),
            seed: u64,
        ) {
            let stride = channels * 4 + extra;
            let bytes = noise(frames * stride, seed);
            let at = |words: usize| -> Vec<usize> {
                (0..channels / words).filter(|it| Some(*it) != left_out).map(|it| it * 4 * words).collect()
            };
            let [small, large] = both::<i32>(&bytes, stride, frames, &at(1), shift);
            prop_assert_eq!(small, large);
            let [small, large] = both::<f64>(&bytes, stride, frames, &at(1), shift);
            prop_assert_eq!(small, large);
            let [small, large] = both::<Complex<f64>>(&bytes, stride, frames, &at(2), shift);
            prop_assert_eq!(small, large);
        }
    }
}
