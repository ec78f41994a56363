//! One array as npy: the bytes as they lie, behind a header that states their type and order.

use std::io::Write;

use wavekeep_core::ArrayOrder;

use super::ArrayTarget;
use super::typed::Typed;
use crate::ExportError;
use crate::npy::header;

/// Axes that an array of numpy can have.
const MOST_AXES: usize = 64;

pub(super) fn write(arrays: &[Typed<'_>], out: &mut dyn Write) -> Result<(), ExportError> {
    let [array] = arrays else {
        return Err(ExportError::unrepresentable(
            ArrayTarget::Npy,
            format!("{} arrays: it holds exactly one", arrays.len()),
            "choose one of them, or write npz",
        ));
    };
    out.write_all(&head(array, ArrayTarget::Npy)?)?;
    out.write_all(array.array.bytes)?;
    Ok(())
}

/// What stands before the elements of an array.
pub(super) fn head(typed: &Typed<'_>, target: ArrayTarget) -> Result<Vec<u8>, ExportError> {
    typed.check_axes(target, MOST_AXES)?;
    let is_fortran = typed.array.order == ArrayOrder::ColumnMajor;
    Ok(header(&typed.dtype(target)?.to_string(), is_fortran, typed.array.shape))
}
