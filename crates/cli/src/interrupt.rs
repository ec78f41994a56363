//! Ctrl-C and SIGTERM while files are written: what is unfinished is removed.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::{Mutex, Once, PoisonError};

/// The exit code of a program that Ctrl-C ended.
pub const INTERRUPTED: i32 = 130;

/// Folders in which files may be unfinished.
static FOLDERS: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// How the names of this program's own temporary files and folders begin.
pub fn temporary_prefix() -> String {
    format!(".wavekeep-{}-", process::id())
}

/// Has what this process leaves unfinished in `folder` removed when a signal ends it. A file gets its
/// name when it is whole; until then its name begins with a dot and holds the number of the process.
pub fn cleans_up(folder: &Path) {
    static HANDLER: Once = Once::new();
    // A command that ends by itself on signals has a handler of its own.
    HANDLER.call_once(|| drop(ctrlc::set_handler(end)));
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    FOLDERS.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned());
}

fn end() {
    for folder in FOLDERS.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if is_unfinished(&entry.file_name()) {
                let path = entry.path();
                // What cannot be removed stays: there is nobody left to hear of it.
                let _ =
                    if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
            }
        }
    }
    process::exit(INTERRUPTED);
}

fn is_unfinished(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with(&temporary_prefix())
        || (name.ends_with(".part") && name.contains(&format!(".{}-", process::id())))
}
