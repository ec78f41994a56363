//! One array as npy (format version 1.0): the bytes as they lie, behind a header that states their type
//! and order.
//!
//! Of a stream it is the samples. The channels of an event are the rows of one array
//! `[channels, samples]`, of a histogram the peaks (pressures in psi), in the narrowest type that holds
//! the numbers of all of them:
//!
//! | units | samples | array |
//! |---|---|---|
//! | raw | integers, none missing | `int16`, or `int32` when a channel needs it |
//! | raw | integers, some missing | `float32` for 16 bits, `float64` for 32, NaN where missing |
//! | raw | floats | `float32` when it holds all channels, otherwise `float64` |
//! | physical | any | `float64`, NaN where missing |
//!
//! The format holds no names, units, times or assumptions.
//!
//! Source: `numpy.lib.format`, NEP 1.

use std::io::Write;

use gnz::{Dtype, Kind};
use wavekeep_core::ArrayOrder;

use crate::dataset::{Dataset, Elements, Origin, Role, Variable};
use crate::elements::write_stored;
use crate::table::decode;
use crate::{ExportError, Target};

const TARGET: Target = Target::Npy;
/// Axes that an array of numpy can have.
const MOST_AXES: usize = 64;
/// Values that are converted at a time.
const PIECE: usize = 1 << 14;

pub(crate) fn write(dataset: &Dataset<'_>, out: &mut dyn Write) -> Result<(), ExportError> {
    let signals: Vec<&Variable<'_>> =
        dataset.variables.iter().filter(|it| it.role == Role::Signal).collect();
    if let (Origin::Event(_), [_, ..]) = (dataset.origin, signals.as_slice()) {
        return matrix(&signals, out);
    }
    let [variable] = signals.as_slice() else {
        return Err(ExportError::unrepresentable(
            TARGET,
            format!("{} arrays: it holds exactly one", signals.len()),
            "choose one of them, or write npz",
        ));
    };
    out.write_all(&head(variable, TARGET)?)?;
    write_stored(variable, out)
}

/// What stands before the elements of an array.
///
/// # Errors
/// When numpy has no such array.
pub(crate) fn head(variable: &Variable<'_>, target: Target) -> Result<Vec<u8>, ExportError> {
    variable.check_axes(target, MOST_AXES)?;
    let is_fortran = variable.order == ArrayOrder::ColumnMajor;
    let descr = match &variable.elements {
        Elements::Structured(records) => records.to_string(),
        _ => format!("'{}'", variable.dtype(target)?),
    };
    Ok(header(&descr, is_fortran, &variable.shape))
}

/// The signals of an event as the rows of one array.
fn matrix(signals: &[&Variable<'_>], out: &mut dyn Write) -> Result<(), ExportError> {
    let types = signals.iter().map(|it| it.dtype(TARGET)).collect::<Result<Vec<_>, _>>()?;
    let common = common(&types);
    let len = signals[0].len();
    out.write_all(&header(&format!("'{common}'"), false, &[signals.len(), len]))?;
    for (signal, dtype) in signals.iter().zip(types) {
        if dtype.to_string() == common {
            write_stored(signal, out)?;
            continue;
        }
        let size = dtype.item_size();
        for first in (0..len).step_by(PIECE) {
            let part = signal.part(first..len.min(first + PIECE))?;
            // The common type holds each of them exactly.
            let values = part.chunks_exact(size).map(|element| match (dtype.kind(), size) {
                (Kind::Int, _) => decode::integer(element, dtype) as f64,
                (_, 4) => f64::from(decode::single(element, dtype)),
                _ => decode::double(element, dtype),
            });
            let bytes: Vec<u8> = match common {
                "<i4" => values.flat_map(|value| (value as i32).to_le_bytes()).collect(),
                "<f4" => values.flat_map(|value| (value as f32).to_le_bytes()).collect(),
                _ => values.flat_map(f64::to_le_bytes).collect(),
            };
            out.write_all(&bytes)?;
        }
    }
    Ok(())
}

/// The narrowest type that holds the numbers of all `types`, which are those of an event's signals.
fn common(types: &[&Dtype]) -> &'static str {
    let has = |kind: Kind, size: usize| {
        types.iter().any(|it| it.kind() == kind && it.item_size() == size)
    };
    match (has(Kind::Int, 4), has(Kind::Float, 4), has(Kind::Float, 8)) {
        (_, _, true) | (true, true, _) => "<f8",
        (_, true, _) => "<f4",
        (true, ..) => "<i4",
        _ => "<i2",
    }
}

/// Magic, version, length and the dictionary, padded so that the data begins at a multiple of 64. The
/// version is the first that holds the dictionary: 2.0 is longer, 3.0 has names beyond ASCII.
fn header(descr: &str, is_fortran: bool, shape: &[usize]) -> Vec<u8> {
    let lengths = match shape {
        [one] => format!("({one},)"),
        _ => format!("({})", shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    };
    let fortran = if is_fortran { "True" } else { "False" };
    let mut dictionary =
        format!("{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {lengths}, }}");
    let is_long = dictionary.len() + 64 > usize::from(u16::MAX);
    let version = match (descr.is_ascii(), is_long) {
        (true, false) => 1,
        (true, true) => 2,
        (false, _) => 3,
    };
    let before_dictionary = if version == 1 { 10 } else { 12 };
    let unpadded = before_dictionary + dictionary.len() + 1;
    let padded = unpadded.next_multiple_of(64);
    dictionary.extend(std::iter::repeat_n(' ', padded - unpadded));
    dictionary.push('\n');

    let mut bytes = b"\x93NUMPY".to_vec();
    bytes.extend_from_slice(&[version, 0]);
    // Records have a bounded number of fields: their list is far below 4 GiB.
    let length = (dictionary.len() as u32).to_le_bytes();
    bytes.extend_from_slice(if version == 1 { &length[..2] } else { &length });
    bytes.extend_from_slice(dictionary.as_bytes());
    bytes
}
