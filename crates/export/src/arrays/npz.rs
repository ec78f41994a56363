//! npz: a zip archive with a stored npy file for each array, as `numpy.savez` writes.

use std::io::{self, Write};

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::typed::Typed;
use super::{ArrayTarget, npy};
use crate::ExportError;

/// Longest name of a member in bytes: its length is a u16.
const NAME_BYTES: usize = 65_535;

pub(super) fn write(arrays: &[Typed<'_>], out: &mut dyn Write) -> Result<(), ExportError> {
    let mut archive = ZipWriter::new_stream(out);
    for typed in arrays {
        let name = format!("{}.npy", typed.name());
        if name.len() > NAME_BYTES {
            return Err(ExportError::unrepresentable(
                ArrayTarget::Npz,
                format!("a name of {} bytes", name.len()),
                "rename the array",
            ));
        }
        let head = npy::head(typed, ArrayTarget::Npz)?;
        // Sizes of 64 bits for every member, as numpy does: a stream cannot go back.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .large_file(true);
        archive.start_file(name, options).map_err(fault)?;
        archive.write_all(&head)?;
        archive.write_all(typed.array.bytes)?;
    }
    archive.finish().map_err(fault)?;
    Ok(())
}

fn fault(error: ZipError) -> ExportError {
    match error {
        ZipError::Io(source) => ExportError::Write(source),
        other => ExportError::Library {
            target: ArrayTarget::Npz.word(),
            message: io::Error::from(other).to_string(),
        },
    }
}
