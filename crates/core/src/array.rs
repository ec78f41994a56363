//! Named arrays: what a file holds that knows nothing of time.

/// How the elements of an array follow each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ArrayOrder {
    /// Row-major (`C`): the last index runs fastest.
    #[default]
    RowMajor,
    /// Column-major (`F`): the first index runs fastest.
    ColumnMajor,
}

impl ArrayOrder {
    /// numpy's letter: `C` or `F`.
    pub const fn letter(self) -> &'static str {
        match self {
            Self::RowMajor => "C",
            Self::ColumnMajor => "F",
        }
    }
}

/// An array as it lies in its file, borrowed.
///
/// Whoever makes one has checked that `bytes` are as long as `dtype` and `shape` say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedArray<'a> {
    /// Its name.
    pub name: &'a str,
    /// The type of its elements: numpy's type string (`<f4`, `|S10`, `<M8[ns]`), numpy's list of fields
    /// for records (`[('time', '<i8'), ('xy', '<f4', (2,))]`, see [`Structured`](crate::Structured)), or
    /// the word of the source format for a type that numpy does not have (`BF16`).
    pub dtype: &'a str,
    /// How its elements follow each other.
    pub order: ArrayOrder,
    /// Its lengths; empty for a scalar.
    pub shape: &'a [usize],
    /// Its elements, in the byte order of `dtype`.
    pub bytes: &'a [u8],
}

impl NamedArray<'_> {
    /// Number of its elements: the product of its lengths, 1 for a scalar. Lengths that no memory
    /// could hold give the largest number.
    pub fn len(&self) -> usize {
        match self.shape.contains(&0) {
            true => 0,
            false => self.shape.iter().fold(1, |product, len| product.saturating_mul(*len)),
        }
    }

    /// Whether it has no elements.
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }
}

/// Bytes of an array of that shape; `None` where its lengths, zeros aside, multiply to more than a
/// machine can address, which is what array libraries refuse too.
///
/// ```
/// use wavekeep_core::array_bytes;
///
/// assert_eq!(array_bytes(&[2, 3], 4), Some(24));
/// assert_eq!(array_bytes(&[], 4), Some(4));
/// assert_eq!(array_bytes(&[0, usize::MAX, 2], 1), None);
/// ```
pub fn array_bytes(shape: &[usize], item_size: usize) -> Option<usize> {
    let full = shape
        .iter()
        .filter(|length| **length > 0)
        .try_fold(item_size.max(1), |bytes, length| bytes.checked_mul(*length))
        .filter(|bytes| isize::try_from(*bytes).is_ok())?;
    Some(if shape.contains(&0) || item_size == 0 { 0 } else { full })
}

#[cfg(test)]
mod tests {
    use super::array_bytes;

    #[test]
    fn lengths_that_no_memory_holds_are_found_beside_a_zero_too() {
        assert_eq!(array_bytes(&[0, 3], 4), Some(0));
        assert_eq!(array_bytes(&[3], 0), Some(0));
        assert_eq!(array_bytes(&[usize::MAX, 2], 1), None);
        assert_eq!(array_bytes(&[0, usize::MAX, 2], 1), None);
        assert_eq!(array_bytes(&[usize::MAX / 2 + 1], 1), None);
        assert_eq!(array_bytes(&[usize::MAX], 0), None);
    }
}
