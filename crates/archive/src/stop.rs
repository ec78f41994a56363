//! Work that is stopped before its end.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::ArchiveError;

/// An error as soon as `stop` is set.
pub(crate) fn go_on(stop: &AtomicBool) -> io::Result<()> {
    match stop.load(Ordering::Relaxed) {
        true => Err(io::Error::other("stopped before its end")),
        false => Ok(()),
    }
}

/// Makes [`ArchiveError::Stopped`] of an error if `stop` is set, and else one of `action` on `path`.
pub(crate) fn stopped_or<'a>(
    stop: &'a AtomicBool,
    path: &'a Path,
    action: &'static str,
) -> impl FnOnce(io::Error) -> ArchiveError + 'a {
    move |source| match go_on(stop) {
        Err(_) => ArchiveError::Stopped,
        Ok(()) => ArchiveError::io(path, action)(source),
    }
}
