//! Copies that convert: byte order, alignment, column-major to row-major.

use std::ops::Range;

use crate::element::Element;

/// Appends elements that lie one after the other at any address.
pub(crate) fn extend<T: Element>(out: &mut Vec<T>, bytes: &[u8], swap: bool) {
    let stored = bytes.chunks_exact(size_of::<T>()).map(bytemuck::pod_read_unaligned::<T>);
    // Two loops, so that the common one is a plain copy.
    match swap {
        false => out.extend(stored),
        true => out.extend(stored.map(T::swapped)),
    }
}

/// The element number `index` in the stored order.
pub(crate) fn element<T: Element>(bytes: &[u8], index: usize, swap: bool) -> T {
    let stored: T =
        bytemuck::pod_read_unaligned(&bytes[index * size_of::<T>()..][..size_of::<T>()]);
    if swap { stored.swapped() } else { stored }
}

/// Visits the elements of a column-major array in row-major order, by their
/// number in the stored order, with the first index inside `rows`.
///
/// No length may be zero, and there is at least one axis.
pub(crate) fn row_major(shape: &[usize], rows: Range<usize>, mut visit: impl FnMut(usize)) {
    let strides: Vec<usize> = shape
        .iter()
        .scan(1, |next, length| {
            let stride = *next;
            *next *= length;
            Some(stride)
        })
        .collect();
    let last = shape.len() - 1;
    let bounds = |axis: usize| if axis == 0 { rows.clone() } else { 0..shape[axis] };
    if rows.is_empty() {
        return;
    }

    let mut index: Vec<usize> = (0..shape.len()).map(|axis| bounds(axis).start).collect();
    loop {
        let row: usize = (0..last).map(|axis| index[axis] * strides[axis]).sum();
        for at in bounds(last) {
            visit(row + at * strides[last]);
        }
        // The last axis is done: step the ones before it like an odometer.
        let mut axis = last;
        loop {
            if axis == 0 {
                return;
            }
            axis -= 1;
            index[axis] += 1;
            if index[axis] < bounds(axis).end {
                break;
            }
            index[axis] = bounds(axis).start;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visited(shape: &[usize], rows: Range<usize>) -> Vec<usize> {
        let mut order = Vec::new();
        row_major(shape, rows, |index| order.push(index));
        order
    }

    #[test]
    fn a_column_major_array_is_visited_by_rows() {
        assert_eq!(visited(&[2, 3], 0..2), [0, 2, 4, 1, 3, 5]);
        assert_eq!(visited(&[2, 3], 1..2), [1, 3, 5]);
        assert_eq!(visited(&[2, 3], 1..1), []);
        assert_eq!(visited(&[3], 1..3), [1, 2]);
        assert_eq!(visited(&[2, 2, 2], 0..2), [0, 4, 2, 6, 1, 5, 3, 7]);
    }

    #[test]
    fn bytes_at_odd_addresses_are_read() {
        let bytes = [9, 1, 0, 2, 0];
        let mut out: Vec<u16> = Vec::new();
        extend(&mut out, &bytes[1..], false);
        extend(&mut out, &bytes[1..], true);
        let expected = if cfg!(target_endian = "little") {
            [1, 2, 0x100, 0x200]
        } else {
            [0x100, 0x200, 1, 2]
        };
        assert_eq!(out, expected);
    }
}
