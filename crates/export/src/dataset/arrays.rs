//! Named arrays of a file as what is written: their names, types and orders as they are.
//!
//! A file that wavekeep wrote says the unit of each array in its metadata, under `array_units`.

use gnz::{Object, Value};
use wavekeep_core::NamedArray;

use super::{ARRAY_UNITS, Dataset, Origin, Variable, refuse_twice};
use crate::{ExportError, Target};

/// The arrays and the metadata of a file.
///
/// # Errors
/// When two arrays are of one name, or one has not as many bytes as its type and shape say.
pub(crate) fn dataset<'a>(
    arrays: &[NamedArray<'a>],
    metadata: &'a Object,
    target: Target,
) -> Result<Dataset<'a>, ExportError> {
    refuse_twice(arrays.iter().map(|array| array.name.into()), target)?;
    let units = match metadata.get(ARRAY_UNITS) {
        Some(Value::Object(units)) => Some(units),
        _ => None,
    };
    let mut variables: Vec<Variable<'a>> = Vec::with_capacity(arrays.len());
    for array in arrays {
        let mut variable = Variable::lying(*array, target)?;
        let unit = units.and_then(|units| units.get(array.name)?.as_str());
        variable.unit = unit.map(Into::into);
        variables.push(variable);
    }
    Ok(Dataset {
        variables,
        attributes: metadata.clone(),
        origin: Origin::Arrays,
        gaps: Vec::new(),
    })
}
