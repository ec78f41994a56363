//! A stream as named arrays: what [`stream`](crate::stream) wrote, with units and the names of the axes.

use gnz::{Array, Gnz, Order};
use serde_json::{Value, json};
use wavekeep_core::{ArrayOrder, NamedArray, StreamChannel};

use super::{Dataset, Role, RowLabel, Variable};
use crate::stream::{DATA, ROW_ARRAYS};
use crate::{ExportError, Target};

/// Names of the axes.
const ROW: &str = "row";
pub(crate) const TIME: &str = "time";
/// The field of a stream that counts nanoseconds of UTC.
const TIME_NS: &str = "time_ns";

/// The arrays of a file, and their types as text: a dataset borrows them.
pub(crate) fn arrays(held: &Gnz) -> Vec<(Array<'_>, String)> {
    held.arrays().map(|array| (array.clone(), array.dtype().to_string())).collect()
}

/// What stands in a file; a table has no place for those that say what the rows of the samples are:
/// the headings of its columns say it.
///
/// # Errors
/// When the file is not what was written.
pub(crate) fn dataset<'a>(
    held: &'a Gnz,
    arrays: &'a [(Array<'a>, String)],
    rows: &[StreamChannel],
    unit: &'static str,
    target: Target,
) -> Result<Dataset<'a>, ExportError> {
    let mut variables = Vec::new();
    for (array, dtype) in arrays {
        let name = array.name();
        if ROW_ARRAYS.contains(&name) && target.is_table() {
            continue;
        }
        let named = NamedArray {
            name,
            dtype,
            order: match array.order() {
                Order::C => ArrayOrder::RowMajor,
                Order::F => ArrayOrder::ColumnMajor,
            },
            shape: array.shape(),
            bytes: array.bytes(),
        };
        variables.push(with_facts(Variable::lying(named, target)?, rows, unit));
    }
    Ok(Dataset::of_stream(variables, held.metadata().clone()))
}

/// An array of a stream with what is known of it by its name.
pub(crate) fn with_facts<'a>(
    mut variable: Variable<'a>,
    rows: &[StreamChannel],
    unit: &'static str,
) -> Variable<'a> {
    let name = variable.name.clone();
    let of_rows = ROW_ARRAYS.contains(&&*name);
    variable.role = match &*name {
        DATA => Role::Signal,
        TIME_NS => Role::Coordinate,
        _ if of_rows => Role::Coordinate,
        _ => Role::Companion,
    };
    variable.dims = match (&*name, variable.shape.len()) {
        (DATA, _) => vec![ROW.into(), TIME.into()],
        (_, 1) if of_rows => vec![ROW.into()],
        (_, 1) => vec![TIME.into()],
        (name, _) => vec![format!("{name}_row").into(), TIME.into()],
    };
    variable.attributes = describe(&name);
    match &*name {
        DATA => {
            variable.unit = Some(unit.into());
            variable.rows = labels(rows, unit);
            let around = "channel_index band channel frequency_mhz time_ns";
            variable.attributes.push(("coordinates".into(), around.into()));
        }
        "frequency_mhz" => variable.unit = Some("MHz".into()),
        _ => {}
    }
    variable
}

fn describe(name: &str) -> Vec<(std::borrow::Cow<'static, str>, Value)> {
    let long_name = match name {
        DATA => "samples",
        "channel_index" => "number of the channel in the frames of the stream",
        "band" => "band of the detector, -1 where it is not known",
        "channel" => "channel of the detector in its band, -1 where it is not known",
        "frequency_mhz" => "frequency of the resonator",
        TIME_NS => "time of the frame, UTC",
        _ => return Vec::new(),
    };
    let mut attributes = vec![("long_name".into(), long_name.into())];
    if name == TIME_NS {
        // The unit of the CF conventions, by which xarray reads it as times; no heading of a table.
        attributes.push(("units".into(), "nanoseconds since 1970-01-01 00:00:00".into()));
    }
    attributes
}

/// What every row is called as a column of a table, and what is known of it.
fn labels(rows: &[StreamChannel], unit: &str) -> Vec<RowLabel> {
    let headings = crate::channel_headings(rows, unit);
    let facts = rows.iter().map(|row| {
        let mut facts = vec![("channel_index", json!(row.index))];
        if let Some((band, channel)) = row.detector {
            facts.extend([("band", json!(band)), ("channel", json!(channel))]);
        }
        facts.extend(row.frequency_mhz.map(|mhz| ("frequency_mhz", json!(mhz))));
        facts
    });
    headings.into_iter().zip(facts).map(|(heading, facts)| RowLabel { heading, facts }).collect()
}
