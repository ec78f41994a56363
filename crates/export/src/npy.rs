//! A NumPy array (format version 1.0) of the shape `[channels, samples]`, in C order.
//!
//! | units | samples | array |
//! |---|---|---|
//! | raw | integers, none missing | `int16`, or `int32` when a channel needs it |
//! | raw | integers, some missing | `float64`, which holds every count exactly, NaN where missing |
//! | raw | floats | `float32` when all channels are, otherwise `float64` |
//! | physical | any | `float64`, NaN where missing |
//!
//! Rows follow the order of the channels; a histogram gives its peaks (pressures in psi). The format
//! has no room for names, units, times or assumptions.
//!
//! Source: `numpy.lib.format`, NEP 1.

use std::io::Write;

use wavekeep_core::{Recording, Samples};

use crate::values::Values;
use crate::{ExportError, ExportOptions, Target, Units};

/// Values are handed on when they have grown to this many bytes.
const BUFFER_BYTES: usize = 1 << 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dtype {
    I16,
    I32,
    F32,
    F64,
}

impl Dtype {
    /// The narrowest type that holds every value and, where some are missing, NaN.
    fn of(recording: &Recording, units: Units) -> Self {
        if units == Units::Physical {
            return Self::F64;
        }
        let len = recording.len();
        let all = |is: fn(&Samples) -> bool| recording.channels.iter().all(|c| is(&c.samples));
        let whole = || recording.channels.iter().all(|c| Values::raw(c).missing(len).is_empty());
        if all(|samples| matches!(samples, Samples::F32(_))) {
            Self::F32
        } else if all(|samples| matches!(samples, Samples::I16(_))) && whole() {
            Self::I16
        } else if all(Samples::are_counts) && whole() {
            Self::I32
        } else {
            Self::F64
        }
    }

    fn descr(self) -> &'static str {
        match self {
            Self::I16 => "<i2",
            Self::I32 => "<i4",
            Self::F32 => "<f4",
            Self::F64 => "<f8",
        }
    }

    fn push(self, bytes: &mut Vec<u8>, value: f64) {
        match self {
            // The casts to integers and to single precision are exact: `of` saw the samples.
            Self::I16 => bytes.extend_from_slice(&(value as i16).to_le_bytes()),
            Self::I32 => bytes.extend_from_slice(&(value as i32).to_le_bytes()),
            Self::F32 => bytes.extend_from_slice(&(value as f32).to_le_bytes()),
            Self::F64 => bytes.extend_from_slice(&value.to_le_bytes()),
        }
    }
}

pub(crate) fn write(
    recording: &Recording,
    options: &ExportOptions,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    if recording.channels.is_empty() {
        return Err(ExportError::no_channels(Target::Npy));
    }
    let dtype = Dtype::of(recording, options.units);
    let mut bytes = header(dtype.descr(), false, &[recording.channels.len(), recording.len()]);
    for channel in &recording.channels {
        let values = Values::new(channel, options);
        for index in 0..recording.len() {
            dtype.push(&mut bytes, values.at(index).unwrap_or(f64::NAN));
            if bytes.len() >= BUFFER_BYTES {
                out.write_all(&bytes)?;
                bytes.clear();
            }
        }
    }
    out.write_all(&bytes)?;
    Ok(())
}

/// Magic, version, length and the dictionary, padded so that the data begins at a multiple of 64.
pub(crate) fn header(descr: &str, is_fortran: bool, shape: &[usize]) -> Vec<u8> {
    const BEFORE_DICTIONARY: usize = 10;
    let lengths = match shape {
        [one] => format!("({one},)"),
        _ => format!("({})", shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    };
    let fortran = if is_fortran { "True" } else { "False" };
    let mut dictionary =
        format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {lengths}, }}");
    let unpadded = BEFORE_DICTIONARY + dictionary.len() + 1;
    let padded = unpadded.next_multiple_of(64);
    dictionary.extend(std::iter::repeat_n(' ', padded - unpadded));
    dictionary.push('\n');

    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    // At most 64 numbers of at most 20 digits: the dictionary is shorter than 2 KiB.
    bytes.extend_from_slice(&(dictionary.len() as u16).to_le_bytes());
    bytes.extend_from_slice(dictionary.as_bytes());
    bytes
}
