//! An array whose type was understood and whose bytes are as many as it says.

use gnz::{Dtype, Kind};
use wavekeep_core::{ArrayOrder, NamedArray, array_bytes};

use super::ArrayTarget;
use crate::ExportError;

/// An array that was checked.
#[derive(Debug, Clone)]
pub(super) struct Typed<'a> {
    pub(super) array: NamedArray<'a>,
    /// `None` for a type that numpy does not have.
    dtype: Option<Dtype>,
}

impl<'a> Typed<'a> {
    pub(super) fn new(array: NamedArray<'a>, target: ArrayTarget) -> Result<Self, ExportError> {
        let dtype = Dtype::parse(array.dtype);
        // Types that numpy does not have can be of less than a byte: they are carried as they are.
        if let Some(dtype) = &dtype
            && array_bytes(array.shape, dtype.item_size()) != Some(array.bytes.len())
        {
            return Err(ExportError::unrepresentable(
                target,
                format!(
                    "{} bytes as an array {:?} of {dtype} and the shape {:?}",
                    array.bytes.len(),
                    array.name,
                    array.shape
                ),
                "read the array again",
            ));
        }
        Ok(Self { array, dtype })
    }

    pub(super) fn name(&self) -> &'a str {
        self.array.name
    }

    /// The type that numpy has for the elements.
    pub(super) fn dtype(&self, target: ArrayTarget) -> Result<&Dtype, ExportError> {
        self.dtype.as_ref().ok_or_else(|| {
            self.refused(
                target,
                "write safetensors, which has this type, or convert it to F32 where it was made",
            )
        })
    }

    /// An error about the type of this array.
    pub(super) fn refused(&self, target: ArrayTarget, advice: &'static str) -> ExportError {
        let what = format!("elements of the type {} (array {:?})", self.array.dtype, self.name());
        ExportError::unrepresentable(target, what, advice)
    }

    /// Whether the stored order is also row-major order.
    pub(super) fn is_row_major(&self) -> bool {
        self.array.order == ArrayOrder::RowMajor
            || self.array.shape.iter().filter(|length| **length != 1).count() < 2
    }

    /// Refuses more axes than the readers of a target have.
    pub(super) fn check_axes(&self, target: ArrayTarget, most: usize) -> Result<(), ExportError> {
        let axes = self.array.shape.len();
        if axes <= most {
            return Ok(());
        }
        Err(ExportError::unrepresentable(
            target,
            format!("{axes} axes (array {:?})", self.name()),
            "write gnz, which holds any number of them",
        ))
    }
}

/// How many bytes change places when a number changes its byte order; 1 where there is no order.
pub(super) fn swapped_width(dtype: &Dtype) -> usize {
    match dtype.kind() {
        Kind::Bool | Kind::Bytes | Kind::Void => 1,
        Kind::Unicode => 4,
        Kind::Complex => dtype.item_size() / 2,
        Kind::Int | Kind::Uint | Kind::Float | Kind::Datetime | Kind::Timedelta => {
            dtype.item_size()
        }
    }
}
