//! The elements of an array in row-major order, whatever order they lie in.

use std::io::Write;

use gnz::{ByteOrder, Dtype, Kind};

use crate::ExportError;
use crate::dataset::{Elements, Variable};

/// Bytes are handed on when they have grown to this many.
const BUFFER_BYTES: usize = 1 << 16;
/// Elements of one axis that are made at a time.
const PIECE: usize = 1 << 14;

/// Writes the elements in the order in which they are stored.
///
/// # Errors
/// When an element cannot be made, or `out` fails.
pub(crate) fn write_stored(
    variable: &Variable<'_>,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    if let Some(bytes) = variable.lying_bytes() {
        out.write_all(bytes)?;
        return Ok(());
    }
    for first in (0..variable.len()).step_by(PIECE) {
        out.write_all(&variable.part(first..variable.len().min(first + PIECE))?)?;
    }
    Ok(())
}

/// Writes the elements in row-major order, in their own byte order or in little-endian.
///
/// # Errors
/// As [`write_stored`].
pub(crate) fn write_row_major(
    variable: &Variable<'_>,
    order: WrittenOrder,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    let width = match &variable.elements {
        Elements::Numpy(dtype)
            if order == WrittenOrder::LittleEndian && dtype.byte_order() == ByteOrder::Big =>
        {
            swapped_width(dtype)
        }
        _ => 1,
    };
    let Some(bytes) = variable.lying_bytes().filter(|_| !variable.is_row_major() || width > 1)
    else {
        return write_stored(variable, out);
    };
    let size = variable.elements.item_size().unwrap_or(1);
    let mut buffer = Vec::with_capacity(BUFFER_BYTES + size);
    for place in Places::of(variable) {
        let start = buffer.len();
        buffer.extend_from_slice(element(bytes, size, place));
        if width > 1 {
            buffer[start..].chunks_exact_mut(width).for_each(<[u8]>::reverse);
        }
        if buffer.len() >= BUFFER_BYTES {
            out.write_all(&buffer)?;
            buffer.clear();
        }
    }
    out.write_all(&buffer)?;
    Ok(())
}

/// How many bytes change places when a number changes its byte order; 1 where there is no order.
fn swapped_width(dtype: &Dtype) -> usize {
    match dtype.kind() {
        Kind::Bool | Kind::Bytes | Kind::Void => 1,
        Kind::Unicode => 4,
        Kind::Complex => dtype.item_size() / 2,
        Kind::Int | Kind::Uint | Kind::Float | Kind::Datetime | Kind::Timedelta => {
            dtype.item_size()
        }
    }
}

/// The byte order that [`write_row_major`] gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WrittenOrder {
    Stored,
    LittleEndian,
}

/// Element number `place` in the stored order.
pub(crate) fn element(bytes: &[u8], size: usize, place: usize) -> &[u8] {
    // Both come from an array whose bytes were compared with its shape.
    &bytes[place * size..][..size]
}

/// The numbers of the elements in the stored order, in row-major order.
pub(crate) struct Places<'a> {
    shape: &'a [usize],
    /// How far a step along each axis goes in the stored order.
    strides: Vec<usize>,
    index: Vec<usize>,
    next: Option<usize>,
}

impl<'a> Places<'a> {
    pub(crate) fn of(variable: &'a Variable<'_>) -> Self {
        let shape = &*variable.shape;
        // Without bytes there is nothing to visit, and lengths beside a zero mean nothing.
        let has_bytes = variable.lying_bytes().is_some_and(|bytes| !bytes.is_empty());
        let next = has_bytes.then_some(0);
        let strides = match next {
            Some(_) => strides(shape, variable.is_row_major()),
            None => Vec::new(),
        };
        Self { shape, strides, index: vec![0; shape.len()], next }
    }
}

impl Iterator for Places<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let current = self.next?;
        // The last axis steps; the ones before it follow like an odometer.
        let mut next = current;
        self.next = None;
        for axis in (0..self.shape.len()).rev() {
            self.index[axis] += 1;
            next += self.strides[axis];
            if self.index[axis] < self.shape[axis] {
                self.next = Some(next);
                break;
            }
            next -= self.strides[axis] * self.shape[axis];
            self.index[axis] = 0;
        }
        Some(current)
    }
}

/// Strides in elements of an array that has some: no length is zero, and their product is the
/// number of elements.
pub(crate) fn strides(shape: &[usize], is_row_major: bool) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    let mut product = 1;
    let mut set = |axis: usize| {
        strides[axis] = product;
        product *= shape[axis];
    };
    match is_row_major {
        true => (0..shape.len()).rev().for_each(&mut set),
        false => (0..shape.len()).for_each(&mut set),
    }
    strides
}

#[cfg(test)]
mod tests {
    use wavekeep_core::{ArrayOrder, NamedArray};

    use super::*;
    use crate::Target;

    fn written(dtype: &str, order: ArrayOrder, shape: &[usize], bytes: &[u8]) -> Vec<u8> {
        let array = NamedArray { name: "a", dtype, order, shape, bytes };
        let variable = Variable::lying(array, Target::Npy).unwrap();
        let mut out = Vec::new();
        write_row_major(&variable, WrittenOrder::LittleEndian, &mut out).unwrap();
        out
    }

    #[test]
    fn columns_become_rows_and_numbers_little_endian() {
        let f = ArrayOrder::ColumnMajor;
        assert_eq!(written("|u1", f, &[2, 3], &[0, 3, 1, 4, 2, 5]), [0, 1, 2, 3, 4, 5]);
        assert_eq!(
            written("|u1", f, &[2, 2, 2], &[0, 4, 2, 6, 1, 5, 3, 7]),
            [0, 1, 2, 3, 4, 5, 6, 7]
        );
        assert_eq!(written(">u2", f, &[2, 1], &[0, 1, 2, 3]), [1, 0, 3, 2]);
        assert_eq!(written(">c8", f, &[], &[1, 2, 3, 4, 5, 6, 7, 8]), [4, 3, 2, 1, 8, 7, 6, 5]);
        assert_eq!(written(">u8", f, &[0, usize::MAX >> 4], &[]), b"");
        assert_eq!(written("|S0", f, &[7, 9], &[]), b"");
    }
}
