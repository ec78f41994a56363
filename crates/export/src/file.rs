//! A file that is complete or absent, never half written.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::ExportError;

pub use gnz::replace::{persist, remove_file, rename};

/// Writes the file `path` with the bytes that `fill` gives: complete and synced, or not at all. A pipe
/// or a device, which cannot be replaced, is written to.
///
/// The bytes go to a temporary file in the same folder, which is synced and then renamed, so that
/// a crash leaves the old state or the new one. A symbolic link to a file is followed.
///
/// # Errors
/// [`ExportError::Exists`] when there is a file and `overwrite` is false;
/// [`ExportError::NotAFile`] when something else stands there; [`ExportError::File`] when the
/// file system refuses; and whatever `fill` returns. No file is left or changed then.
pub fn publish(
    path: &Path,
    overwrite: bool,
    fill: impl FnOnce(&mut dyn Write) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    let refused = |source| ExportError::File { path: path.to_owned(), source };
    if is_pipe_or_device(path) {
        let mut out = BufWriter::new(File::options().write(true).open(path).map_err(refused)?);
        fill(&mut out)?;
        return out.flush().map_err(refused);
    }
    publish_at(path, overwrite, |temporary| {
        let mut buffered = BufWriter::with_capacity(1 << 16, temporary.as_file_mut());
        fill(&mut buffered)?;
        Ok(buffered.flush()?)
    })
}

/// The same for who goes back in the file while it is written: of a file alone, not of a pipe.
///
/// # Errors
/// As [`publish`].
pub fn publish_file(
    path: &Path,
    overwrite: bool,
    fill: impl FnOnce(&mut File) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    publish_at(path, overwrite, |temporary| fill(temporary.as_file_mut()))
}

/// The same of a file that is written by its name: that of the temporary file is handed to `fill`.
pub(crate) fn publish_at(
    path: &Path,
    overwrite: bool,
    fill: impl FnOnce(&mut NamedTempFile) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    let refused = |source| ExportError::File { path: path.to_owned(), source };
    let destination = destination(path, overwrite)?;
    let folder = folder_of(&destination);
    let mut builder = tempfile::Builder::new();
    let prefix = temporary_prefix();
    builder.prefix(&prefix);
    shareable(&mut builder);
    let mut temporary = builder.tempfile_in(folder).map_err(refused)?;

    fill(&mut temporary).map_err(|error| match error {
        ExportError::Write(source) => refused(source),
        other => other,
    })?;

    temporary.as_file().sync_all().map_err(refused)?;
    // Refuses a file that appeared while this one was written.
    persist(temporary.into_temp_path(), &destination, overwrite).map_err(|error| {
        match error.kind() {
            io::ErrorKind::AlreadyExists => ExportError::Exists { path: path.to_owned() },
            _ => refused(error),
        }
    })?;
    sync_folder(folder).map_err(refused)
}

/// The folder that a path lies in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

pub(crate) fn is_pipe_or_device(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// How the names of unfinished files and folders begin: with the number of the process that they
/// belong to.
pub(crate) fn temporary_prefix() -> String {
    format!(".wavekeep-{}-", std::process::id())
}

/// Where the file goes when `path` may be a link; an error when something is in the way.
fn destination(path: &Path, overwrite: bool) -> Result<PathBuf, ExportError> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => Err(ExportError::NotAFile { path: path.to_owned() }),
        Ok(_) if !overwrite => Err(ExportError::Exists { path: path.to_owned() }),
        Ok(_) if fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) => {
            fs::canonicalize(path)
                .map_err(|source| ExportError::File { path: path.to_owned(), source })
        }
        Ok(_) => Ok(path.to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(path.to_owned()),
        Err(source) => Err(ExportError::File { path: path.to_owned(), source }),
    }
}

/// Temporary files are private by default; what is written here is an ordinary file, with the
/// permissions that the user's mask allows.
#[cfg(unix)]
fn shareable(builder: &mut tempfile::Builder<'_, '_>) {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(fs::Permissions::from_mode(0o666));
}

#[cfg(not(unix))]
fn shareable(_: &mut tempfile::Builder<'_, '_>) {}

/// A rename is on the disk when its folder is.
#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
pub(crate) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
