//! Arrays as GNZ: bytes, types and orders as they are.

use std::io::Write;

use gnz::{Object, Order};
use wavekeep_core::ArrayOrder;

use super::typed::Typed;
use super::{ArrayOptions, ArrayTarget};
use crate::ExportError;
use crate::gnz::fault;

pub(super) fn write(
    arrays: &[Typed<'_>],
    metadata: &Object,
    options: &ArrayOptions,
    mut out: &mut dyn Write,
) -> Result<(), ExportError> {
    let mut writer = gnz::Writer::new();
    writer.metadata(metadata.clone()).checksums(options.checksums);
    for typed in arrays {
        let order = match typed.array.order {
            ArrayOrder::RowMajor => Order::C,
            ArrayOrder::ColumnMajor => Order::F,
        };
        let dtype = typed.dtype(ArrayTarget::Gnz)?.clone();
        writer
            .add_bytes(typed.name(), dtype, order, typed.array.shape, typed.array.bytes)
            .map_err(|error| fault(ArrayTarget::Gnz, error))?;
    }
    writer.write_to(&mut out, "the file").map_err(|error| fault(ArrayTarget::Gnz, error))
}
