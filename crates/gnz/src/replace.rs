//! How files are replaced and removed, for this crate and those of the same workspace.
//!
//! On Windows other programs get in the way: a file that one has open and does not share can be neither
//! replaced nor removed. And a path of more than 260 characters has a form of its own there, into which
//! the standard library brings the paths it is given; other libraries hand them to the system as they are.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf, Prefix};

use tempfile::TempPath;

/// Renames a file over whatever stands at `to`, as [`std::fs::rename`] does.
///
/// Virus scanners and indexers keep a file open for a moment after it was written. On Windows it is
/// tried for two seconds; then the error says what to do, and neither file has changed.
///
/// # Errors
/// What the system says.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    while_shared(|| fs::rename(from, to))
}

/// Removes a file, as [`std::fs::remove_file`] does, and as patiently as [`rename`].
///
/// # Errors
/// What the system says.
pub fn remove_file(path: &Path) -> io::Result<()> {
    while_shared(|| fs::remove_file(path))
}

/// Gives a temporary file its name, or removes it.
///
/// # Errors
/// What the system says; [`io::ErrorKind::AlreadyExists`] when there is a file and `overwrite` is false.
pub fn persist(file: TempPath, destination: &Path, overwrite: bool) -> io::Result<()> {
    let named = match overwrite {
        // The standard library also replaces a file that others read.
        true if cfg!(windows) => {
            // The mark of temporary files goes with it: the system may keep those in memory alone.
            let part = file.keep()?;
            return rename(&part, destination).inspect_err(|_| drop(fs::remove_file(&part)));
        }
        true => file.persist(destination),
        // Looks and renames in one step, so that no race overwrites anything.
        false => file.persist_noclobber(extended_path(destination)),
    };
    named.map_err(|error| error.error)
}

/// On Windows, a path in the form that may have more than 260 characters: `\\?\C:\…`. Elsewhere the path
/// itself.
fn extended_path(path: &Path) -> PathBuf {
    let is_on_drive = |path: &PathBuf| {
        let mut components = path.components();
        let prefix = components.next();
        matches!(prefix, Some(Component::Prefix(it)) if matches!(it.kind(), Prefix::Disk(_)))
    };
    match std::path::absolute(path) {
        Ok(path) if is_on_drive(&path) => {
            let mut extended = OsString::from(r"\\?\");
            extended.push(path);
            extended.into()
        }
        _ => path.to_owned(),
    }
}

#[cfg(not(windows))]
fn while_shared(change: impl Fn() -> io::Result<()>) -> io::Result<()> {
    change()
}

#[cfg(windows)]
fn while_shared(change: impl Fn() -> io::Result<()>) -> io::Result<()> {
    use std::thread::sleep;
    use std::time::{Duration, Instant};

    /// Longer than a scanner looks at a file, shorter than a person waits.
    const PATIENCE: Duration = Duration::from_secs(2);
    const TRY_AGAIN: Duration = Duration::from_millis(20);

    let begun = Instant::now();
    loop {
        match change() {
            Err(error) if !is_held(&error) => return Err(error),
            Err(error) if begun.elapsed() >= PATIENCE => {
                return Err(io::Error::new(error.kind(), Held(error)));
            }
            Err(_) => sleep(TRY_AGAIN),
            Ok(()) => return Ok(()),
        }
    }
}

/// Whether a file cannot be changed for now: ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION,
/// ERROR_LOCK_VIOLATION, ERROR_USER_MAPPED_FILE.
#[cfg(windows)]
fn is_held(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(5 | 32 | 33 | 1224))
}

/// A file that another program kept open.
#[cfg(windows)]
#[derive(Debug, thiserror::Error)]
#[error("{0}; where another program has the file open, close it there and try again")]
struct Held(#[source] io::Error);
