//! npz: a zip archive with a stored npy file for each array, as `numpy.savez` writes.
//!
//! The format holds no metadata: the unit of the samples of a stream is the array `data_unit`. What
//! is missing of an event is NaN.

use std::borrow::Cow;
use std::io::{self, Write};

use gnz::Dtype;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::dataset::{Dataset, Origin, Variable};
use crate::elements::write_stored;
use crate::{ExportError, Target, npy};

/// Longest name of a member in bytes: its length is a u16.
const NAME_BYTES: usize = 65_535;

pub(crate) fn write(dataset: &Dataset<'_>, out: &mut dyn Write) -> Result<(), ExportError> {
    let mut archive = ZipWriter::new_stream(out);
    let unit = match dataset.origin {
        Origin::Stream => dataset.variables.iter().find_map(|it| it.unit.as_deref()),
        _ => None,
    };
    let unit = unit.map(text).transpose()?;
    for variable in dataset.variables.iter().chain(unit.as_ref()) {
        let name = format!("{}.npy", variable.flat_name());
        if name.len() > NAME_BYTES {
            return Err(ExportError::unrepresentable(
                Target::Npz,
                format!("a name of {} bytes", name.len()),
                "rename the array",
            ));
        }
        let head = npy::head(variable, Target::Npz)?;
        // Sizes of 64 bits for every member, as numpy does: a stream cannot go back.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .large_file(true);
        archive.start_file(name, options).map_err(fault)?;
        archive.write_all(&head)?;
        write_stored(variable, &mut archive)?;
    }
    archive.finish().map_err(fault)?;
    Ok(())
}

/// The unit of the samples of a stream, as an array without axes.
fn text(unit: &str) -> Result<Variable<'static>, ExportError> {
    let bytes: Vec<u8> = unit.chars().flat_map(|letter| u32::from(letter).to_le_bytes()).collect();
    let dtype: Dtype = format!("<U{}", unit.chars().count())
        .parse()
        .map_err(|error| crate::gnz::fault(Target::Npz, error))?;
    let mut variable = Variable::made("data_unit", dtype, 1, move |_, out| {
        out.extend_from_slice(&bytes);
        Ok(())
    });
    variable.shape = Cow::Borrowed(&[]);
    Ok(variable)
}

fn fault(error: ZipError) -> ExportError {
    match error {
        ZipError::Io(source) => ExportError::Write(source),
        other => ExportError::Library {
            target: Target::Npz.word(),
            message: io::Error::from(other).to_string(),
        },
    }
}
