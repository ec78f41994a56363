//! Results that are folders.

use std::fs;
use std::path::Path;

/// A folder for one test; in memory where there is such a place, since a result syncs each of its files.
pub fn temporary() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder to write to")
}

/// The names and the bytes of all files, in the order of their names.
pub fn bytes(folder: &Path) -> Vec<u8> {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        all.extend_from_slice(path.file_name().expect("a name").as_encoded_bytes());
        match path.is_dir() {
            true => all.extend(bytes(&path)),
            false => all.extend(fs::read(&path).expect("a file")),
        }
    }
    all
}
