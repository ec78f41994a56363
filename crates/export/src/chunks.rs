//! Arrays in pieces of a fixed shape, as HDF5 and Zarr store them.

use std::ops::Range;

use crate::ExportError;
use crate::dataset::Variable;
use crate::elements::strides;

/// Bytes of a chunk: h5py reads with a cache of this size.
const CHUNK_BYTES: usize = 1 << 20;
/// Elements of a chunk along the last axis, which is that of time.
const CHUNK_LAST: usize = 1 << 14;

/// The shape of the chunks of an array of `shape`, none longer than the array: long along the last
/// axis, and as many of the ones before as fit into a megabyte.
pub(crate) fn chunk_shape(shape: &[usize], item_size: usize) -> Vec<usize> {
    let mut left = (CHUNK_BYTES / item_size.max(1)).max(1);
    let mut most = CHUNK_LAST;
    let mut chunk = vec![1; shape.len()];
    for (length, chunk) in shape.iter().zip(&mut chunk).rev() {
        *chunk = (*length).min(left).min(most).max(1);
        left /= *chunk;
        most = usize::MAX;
    }
    chunk
}

/// Bytes of the samples of a window of a stream.
const WINDOW_BYTES: usize = 32 << 20;

/// Frames of a window of a stream whose frames have `frame_bytes` of samples: a power of two, at least
/// 1024.
pub(crate) fn window_frames(frame_bytes: usize) -> usize {
    let most = (WINDOW_BYTES / frame_bytes.max(1)).clamp(1 << 10, 1 << 20);
    1 << most.ilog2()
}

/// The shape of the chunks of an array of a stream that comes in windows of `frames`: the windows have whole
/// chunks.
pub(crate) fn chunk_of_windows(shape: &[usize], item_size: usize, frames: usize) -> Vec<usize> {
    let mut chunk = chunk_shape(shape, item_size);
    if let Some(last) = chunk.last_mut().filter(|last| **last > frames) {
        *last = frames;
    }
    chunk
}

/// The grid of chunks that covers an array.
#[derive(Debug, Clone)]
pub(crate) struct Grid<'s> {
    shape: &'s [usize],
    chunk: Vec<usize>,
    /// Chunks along each axis.
    counts: Vec<usize>,
}

impl<'s> Grid<'s> {
    /// `chunk` has no zero.
    pub(crate) fn new(shape: &'s [usize], chunk: Vec<usize>) -> Self {
        let counts = shape.iter().zip(&chunk).map(|(len, chunk)| len.div_ceil(*chunk)).collect();
        Self { shape, chunk, counts }
    }

    /// Number of chunks; none of an array without elements.
    pub(crate) fn len(&self) -> usize {
        self.counts.iter().product()
    }

    /// Where chunk `number` stands in the grid, in row-major order.
    pub(crate) fn place(&self, number: usize) -> Vec<usize> {
        let mut rest = number;
        let mut place = vec![0; self.counts.len()];
        for (count, place) in self.counts.iter().zip(&mut place).rev() {
            *place = rest % count;
            rest /= count;
        }
        place
    }

    /// The number of the chunk at a place.
    pub(crate) fn number(&self, place: &[usize]) -> usize {
        self.counts.iter().zip(place).fold(0, |number, (count, place)| number * count + place)
    }

    /// The same grid over another array: over a window of this one.
    pub(crate) fn over<'o>(&self, shape: &'o [usize]) -> Grid<'o> {
        Grid::new(shape, self.chunk.clone())
    }

    /// The number that chunk `number` of the grid over a window has here, when the window begins at frame
    /// `first`: windows have whole chunks.
    pub(crate) fn number_in_window(&self, window: &Grid<'_>, number: usize, first: usize) -> usize {
        let mut place = window.place(number);
        if let (Some(last), Some(chunk)) = (place.last_mut(), self.chunk.last()) {
            *last += first / chunk;
        }
        self.number(&place)
    }

    /// What of the array chunk `number` covers.
    pub(crate) fn covered(&self, number: usize) -> Vec<Range<usize>> {
        let axes = self.place(number).into_iter().zip(&self.chunk).zip(self.shape);
        axes.map(|((place, chunk), len)| place * chunk..((place + 1) * chunk).min(*len)).collect()
    }

    /// The elements of chunk `number` in row-major order, in their own byte order; zeros where the
    /// chunk reaches over the array.
    ///
    /// # Errors
    /// When an element cannot be made.
    pub(crate) fn gather(
        &self,
        variable: &Variable<'_>,
        number: usize,
    ) -> Result<Vec<u8>, ExportError> {
        let size = variable.elements.item_size().unwrap_or(1);
        let covered = self.covered(number);
        let whole = self.chunk.iter().product::<usize>() * size;
        let Some(bytes) = variable.lying_bytes() else {
            // What is made has one axis.
            let range = covered.into_iter().next().unwrap_or(0..1);
            let mut chunk = variable.part(range)?.into_owned();
            chunk.resize(whole, 0);
            return Ok(chunk);
        };
        let mut chunk = vec![0; whole];
        let from = strides(self.shape, variable.is_row_major());
        let to = strides(&self.chunk, true);
        copy(Copying { bytes, size, covered: &covered, from: &from, to: &to }, 0, 0, &mut chunk);
        Ok(chunk)
    }
}

/// The axes of a copy that are left, outermost first; strides are in elements.
#[derive(Clone, Copy)]
struct Copying<'c> {
    bytes: &'c [u8],
    size: usize,
    covered: &'c [Range<usize>],
    from: &'c [usize],
    to: &'c [usize],
}

fn copy(it: Copying<'_>, source: usize, target: usize, chunk: &mut [u8]) {
    let size = it.size;
    match (it.covered, it.from, it.to) {
        ([range], [1], _) => {
            let (first, bytes) = ((source + range.start) * size, range.len() * size);
            chunk[target * size..][..bytes].copy_from_slice(&it.bytes[first..first + bytes]);
        }
        ([range, covered @ ..], [from, froms @ ..], [to, tos @ ..]) => {
            let rest = Copying { covered, from: froms, to: tos, ..it };
            for (place, index) in range.clone().enumerate() {
                copy(rest, source + index * from, target + place * to, chunk);
            }
        }
        _ => {
            let element = &it.bytes[source * size..][..size];
            chunk[target * size..][..size].copy_from_slice(element);
        }
    }
}

#[cfg(test)]
mod tests {
    use wavekeep_core::{ArrayOrder, NamedArray};

    use super::*;
    use crate::Target;

    fn array<'a>(order: ArrayOrder, shape: &'a [usize], bytes: &'a [u8]) -> Variable<'a> {
        let array = NamedArray { name: "a", dtype: "|u1", order, shape, bytes };
        Variable::lying(array, Target::Hdf5).unwrap()
    }

    #[test]
    fn chunks_are_long_in_time_and_a_megabyte_at_most() {
        assert_eq!(chunk_shape(&[4096, 1 << 24], 4), [16, 1 << 14]);
        assert_eq!(chunk_shape(&[3, 100], 4), [3, 100]);
        assert_eq!(chunk_shape(&[1 << 20], 8), [1 << 14]);
        assert_eq!(chunk_shape(&[2, 2, 1 << 20], 1), [2, 2, 1 << 14]);
        assert_eq!(chunk_shape(&[0, 5], 4), [1, 5]);
        assert_eq!(chunk_shape(&[7], 1 << 24), [1]);
        assert!(chunk_shape(&[], 4).is_empty());
    }

    #[test]
    fn either_order_gives_the_same_chunks_with_zeros_past_the_end() {
        let rows: Vec<u8> = (1..=15).collect();
        let columns: Vec<u8> = (0..5).flat_map(|c| (0..3).map(move |r| 5 * r + c + 1)).collect();
        for (order, bytes) in [(ArrayOrder::RowMajor, &rows), (ArrayOrder::ColumnMajor, &columns)] {
            let variable = array(order, &[3, 5], bytes);
            let grid = Grid::new(&variable.shape, vec![2, 2]);
            assert_eq!(grid.len(), 6);
            assert_eq!(grid.gather(&variable, 0).unwrap(), [1, 2, 6, 7]);
            assert_eq!(grid.gather(&variable, 2).unwrap(), [5, 0, 10, 0]);
            assert_eq!(grid.gather(&variable, 5).unwrap(), [15, 0, 0, 0]);
            assert_eq!(grid.place(5), [1, 2]);
        }
    }
}
