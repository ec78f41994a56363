//! One array of a file: bytes with a type and a shape.

use std::ops::{Deref, Range};

use crate::convert;
use crate::dtype::Dtype;
use crate::element::Element;
use crate::error::{Error, Result};
use crate::header::{ArrayInfo, Order};

/// An array, borrowed from its file; or some of its rows.
///
/// Nothing is read or converted until it is asked for.
#[derive(Clone, Debug)]
pub struct Array<'a> {
    info: &'a ArrayInfo,
    /// As [`ArrayInfo::shape`], with the first length that of the rows taken.
    shape: Vec<usize>,
    bytes: &'a [u8],
}

impl<'a> Array<'a> {
    /// `bytes` are those that `info` speaks of.
    pub(crate) fn new(info: &'a ArrayInfo, bytes: &'a [u8]) -> Array<'a> {
        Array { info, shape: info.shape.clone(), bytes }
    }

    /// The array's name.
    pub fn name(&self) -> &'a str {
        &self.info.name
    }

    /// The type of its elements.
    pub fn dtype(&self) -> &'a Dtype {
        &self.info.dtype
    }

    /// How its elements follow each other in [`bytes`](Self::bytes).
    pub fn order(&self) -> Order {
        self.info.order
    }

    /// Its lengths; empty for a scalar.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Number of its elements: the product of its lengths, 1 for a scalar.
    pub fn len(&self) -> usize {
        // Cannot overflow: an array's lengths, zeros aside, were multiplied
        // when the header was checked.
        match self.shape.contains(&0) {
            true => 0,
            false => self.shape.iter().product(),
        }
    }

    /// True if it has no elements.
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// Its bytes as they are stored: in the file's byte order and in
    /// [`order`](Self::order). For types without a Rust twin this is the way
    /// to the data.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// True if the stored order is also row-major order.
    pub fn is_row_major(&self) -> bool {
        self.info.order == Order::C || self.shape.iter().filter(|length| **length != 1).count() < 2
    }

    /// The rows `range` along the first axis, without a copy.
    ///
    /// # Errors
    ///
    /// [`Error::RowsOutOfRange`] if the range is not inside the first axis (a
    /// scalar has none), [`Error::FortranOrder`] if rows do not lie together;
    /// [`rows_to_vec`](Self::rows_to_vec) then serves.
    pub fn rows(&self, range: Range<usize>) -> Result<Array<'a>> {
        let row_bytes = self.check_rows(&range)?;
        if !self.is_row_major() {
            return Err(self.fortran_order());
        }
        let mut shape = self.shape.clone();
        shape[0] = range.len();
        Ok(Array {
            info: self.info,
            shape,
            bytes: &self.bytes[range.start * row_bytes..range.end * row_bytes],
        })
    }

    /// The elements in the stored order, without a copy.
    ///
    /// # Errors
    ///
    /// [`Error::DtypeMismatch`] if they are not `T`, [`Error::ForeignByteOrder`]
    /// and [`Error::Misaligned`] if only a copy can give them.
    pub fn view<T: Element>(&self) -> Result<View<'a, T>> {
        self.expect_type::<T>()?;
        if !self.info.dtype.is_native() {
            return Err(Error::ForeignByteOrder {
                array: self.info.name.clone(),
                dtype: self.info.dtype.to_string(),
            });
        }
        // An empty array may begin at any byte: there is nothing to align.
        let elements = match self.bytes.is_empty() {
            true => &[],
            false => bytemuck::try_cast_slice(self.bytes).map_err(|_| Error::Misaligned {
                array: self.info.name.clone(),
                offset: self.info.offset,
                alignment: align_of::<T>(),
            })?,
        };
        Ok(View { elements, shape: self.shape.clone(), order: self.info.order })
    }

    /// The elements in row-major order, without a copy.
    ///
    /// # Errors
    ///
    /// As [`view`](Self::view), and [`Error::FortranOrder`] if they are stored
    /// in another order.
    pub fn slice<T: Element>(&self) -> Result<&'a [T]> {
        let view = self.view()?;
        match self.is_row_major() {
            true => Ok(view.elements),
            false => Err(self.fortran_order()),
        }
    }

    /// A copy of the elements in row-major order and this machine's byte
    /// order, whatever is stored.
    ///
    /// # Errors
    ///
    /// [`Error::DtypeMismatch`] if they are not `T`, [`Error::OutOfMemory`].
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>> {
        self.expect_type::<T>()?;
        let all = 0..self.shape.first().copied().unwrap_or(1);
        self.gather(all)
    }

    /// As [`to_vec`](Self::to_vec), of the rows `range` along the first axis.
    ///
    /// # Errors
    ///
    /// As `to_vec`, and [`Error::RowsOutOfRange`].
    pub fn rows_to_vec<T: Element>(&self, range: Range<usize>) -> Result<Vec<T>> {
        self.expect_type::<T>()?;
        self.check_rows(&range)?;
        self.gather(range)
    }

    /// A copy of the bytes in row-major order, each element as it is stored.
    /// For types without a Rust twin.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn to_row_major_bytes(&self) -> Result<Vec<u8>> {
        let mut copy = Vec::new();
        copy.try_reserve_exact(self.bytes.len())
            .map_err(|_| self.out_of_memory(self.bytes.len()))?;
        let item_size = self.info.dtype.item_size();
        if self.is_row_major() || self.bytes.is_empty() {
            copy.extend_from_slice(self.bytes);
        } else {
            convert::row_major(&self.shape, 0..self.shape[0], |index| {
                copy.extend_from_slice(&self.bytes[index * item_size..][..item_size]);
            });
        }
        Ok(copy)
    }

    fn gather<T: Element>(&self, rows: Range<usize>) -> Result<Vec<T>> {
        let per_row = self.len() / self.shape.first().copied().unwrap_or(1).max(1);
        let count = rows.len() * per_row;
        let mut copy = Vec::new();
        copy.try_reserve_exact(count).map_err(|_| self.out_of_memory(count * size_of::<T>()))?;
        let swap = !self.info.dtype.is_native();
        if self.is_row_major() {
            let start = rows.start * per_row * size_of::<T>();
            let bytes = &self.bytes[start..start + count * size_of::<T>()];
            convert::extend(&mut copy, bytes, swap);
        } else if count > 0 {
            convert::row_major(&self.shape, rows, |index| {
                copy.push(convert::element(self.bytes, index, swap));
            });
        }
        Ok(copy)
    }

    /// Bytes of one row, after the range was found inside the first axis.
    fn check_rows(&self, range: &Range<usize>) -> Result<usize> {
        let rows = self.shape.first().copied();
        match rows {
            Some(rows) if range.start <= range.end && range.end <= rows => {
                Ok(self.bytes.len() / rows.max(1))
            }
            _ => Err(Error::RowsOutOfRange {
                array: self.info.name.clone(),
                rows: rows.unwrap_or(0),
                start: range.start,
                end: range.end,
            }),
        }
    }

    fn expect_type<T: Element>(&self) -> Result<()> {
        if T::matches(&self.info.dtype) {
            return Ok(());
        }
        Err(Error::DtypeMismatch {
            array: self.info.name.clone(),
            expected: T::dtype().to_string(),
            found: self.info.dtype.to_string(),
        })
    }

    fn fortran_order(&self) -> Error {
        Error::FortranOrder { array: self.info.name.clone() }
    }

    fn out_of_memory(&self, bytes: usize) -> Error {
        Error::OutOfMemory { array: self.info.name.clone(), bytes }
    }
}

/// Elements that lie in the file, with their shape. Dereferences to `[T]`.
#[derive(Clone, Debug)]
pub struct View<'a, T> {
    elements: &'a [T],
    shape: Vec<usize>,
    order: Order,
}

impl<'a, T> View<'a, T> {
    /// The elements in the stored order; lives as long as the file.
    pub fn elements(&self) -> &'a [T] {
        self.elements
    }

    /// The lengths; empty for a scalar.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// How the elements follow each other.
    pub fn order(&self) -> Order {
        self.order
    }
}

impl<T> Deref for View<'_, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.elements
    }
}

#[cfg(feature = "ndarray")]
impl<'a> Array<'a> {
    /// The elements as an `ndarray` view with the stored order as strides,
    /// without a copy.
    ///
    /// # Errors
    ///
    /// As [`view`](Self::view).
    pub fn ndarray<T: Element>(&self) -> Result<ndarray::ArrayViewD<'a, T>> {
        use ndarray::ShapeBuilder;

        let view = self.view::<T>()?;
        let shape = ndarray::IxDyn(&self.shape).set_f(view.order == Order::F);
        // The shape's product was compared with the bytes when the file was opened.
        ndarray::ArrayViewD::from_shape(shape, view.elements).map_err(|_| Error::ShapeOverflow {
            array: self.info.name.clone(),
            shape: self.shape.clone(),
            dtype: self.info.dtype.to_string(),
        })
    }
}
