//! Files that get their names when they are whole.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

/// A file beside `destination`, hidden until it is given that name: `.run.dat.4711-x7Qa2L.part` for
/// `run.dat` in process 4711.
pub(crate) fn new_beside(destination: &Path) -> io::Result<NamedTempFile> {
    let mut prefix = OsString::from(".");
    prefix.push(destination.file_name().unwrap_or_default());
    prefix.push(format!(".{}-", std::process::id()));
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any new file: for everybody, less what the umask takes away.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder_of(destination))
}

/// Gives a file from [`new_beside`] its name.
///
/// Looks and renames in one step where nothing may be replaced, so that no race overwrites anything.
pub(crate) fn give_name(
    file: NamedTempFile,
    destination: &Path,
    overwrite: bool,
) -> io::Result<()> {
    // It goes to Windows as it is: where it can, in the form that may have more than 260 characters.
    let destination = match cfg!(windows) {
        true => std::fs::canonicalize(folder_of(destination))
            .map(|folder| folder.join(destination.file_name().unwrap_or_default())),
        false => Ok(destination.to_owned()),
    }
    .unwrap_or_else(|_| destination.to_owned());
    let named = match overwrite {
        true => file.persist(destination),
        false => file.persist_noclobber(destination),
    };
    named.map(drop).map_err(|error| error.error)
}

/// The folder that a path lies in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}
