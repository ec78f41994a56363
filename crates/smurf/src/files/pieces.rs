//! Which files a run consists of.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The files of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pieces {
    /// The name without the number of a piece.
    pub(crate) bare: PathBuf,
    /// The pieces in the order in which they were written.
    pub(crate) paths: Vec<PathBuf>,
    /// Numbers of pieces that others before and behind show to be missing.
    pub(crate) missing: Vec<u64>,
}

impl Pieces {
    /// All pieces of the run that `path` belongs to: a piece, or the bare name.
    pub(crate) fn of(path: &Path) -> Result<Self> {
        if let Some((bare, _)) = split(path) {
            return Self::numbered(&bare, path);
        }
        if path.is_file() {
            return Ok(Self::one(path));
        }
        Self::numbered(path, path)
    }

    /// This file alone.
    pub(crate) fn one(path: &Path) -> Self {
        let bare = split(path).map_or_else(|| path.to_owned(), |(bare, _)| bare);
        Self { bare, paths: vec![path.to_owned()], missing: Vec::new() }
    }

    fn numbered(bare: &Path, asked: &Path) -> Result<Self> {
        let folder = folder_of(bare);
        let entries = fs::read_dir(folder).map_err(|source| Error::io("list", folder, source))?;
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|source| Error::io("list", folder, source))?;
            if let Some((name, number)) = split(Path::new(&entry.file_name()))
                && Some(name.as_os_str()) == bare.file_name()
            {
                found.push((number, bare.with_file_name(entry.file_name())));
            }
        }
        if found.is_empty() {
            return Err(Error::NoSuchRun { path: asked.to_owned() });
        }
        found.sort();
        let missing = gaps_in(found.iter().map(|(number, _)| *number));
        let paths = found.into_iter().map(|(_, path)| path).collect();
        Ok(Self { bare: bare.to_owned(), paths, missing })
    }
}

/// The piece that is written after `path`, if `path` has a number.
pub(crate) fn following(path: &Path) -> Option<PathBuf> {
    let (bare, number) = split(path)?;
    let mut name = bare.file_name()?.to_owned();
    name.push(format!(".{}", number.checked_add(1)?));
    Some(bare.with_file_name(name))
}

/// `run.dat.12` is piece 12 of `run.dat`. `run.dat.012` is a name that no writer gives.
fn split(path: &Path) -> Option<(PathBuf, u64)> {
    let digits = path.extension()?.to_str()?;
    let number = digits.parse().ok().filter(|number: &u64| *number > 0)?;
    (number.to_string() == digits).then(|| (path.with_extension(""), number))
}

/// Numbers from 1 to the last that do not occur; at most a thousand, for somebody may call a file
/// `run.dat.999999999`.
fn gaps_in(numbers: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut expected = 1;
    let mut missing = Vec::new();
    for number in numbers {
        missing.extend((expected..number).take(1000 - missing.len()));
        expected = number.saturating_add(1);
    }
    missing
}

/// `<stem>_mask.txt` for `<stem>.dat`, whatever the number of the piece.
pub(crate) fn beside(bare: &Path, suffix: &str) -> PathBuf {
    let name = bare.file_name().unwrap_or_default();
    let stem = match name.to_str().and_then(|name| name.strip_suffix(".dat")) {
        Some(stem) => OsString::from(stem),
        None => name.to_owned(),
    };
    let mut beside = stem;
    beside.push(suffix);
    bare.with_file_name(beside)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_numbers_and_not_text() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["r.dat.10", "r.dat.2", "r.dat.1", "r.dat.03", "r.dat.old", "rr.dat.3"] {
            fs::write(folder.path().join(name), b"").unwrap();
        }
        for asked in ["r.dat", "r.dat.1", "r.dat.10"] {
            let pieces = Pieces::of(&folder.path().join(asked)).unwrap();
            let names: Vec<_> =
                pieces.paths.iter().map(|path| path.file_name().unwrap().to_owned()).collect();
            assert_eq!(names, ["r.dat.1", "r.dat.2", "r.dat.10"]);
            assert_eq!(pieces.missing, [3, 4, 5, 6, 7, 8, 9]);
        }
        let error = Pieces::of(&folder.path().join("no.dat")).unwrap_err();
        assert!(error.to_string().contains("no.dat.1"), "{error}");
    }

    #[test]
    fn the_mask_lies_beside_the_run_and_not_beside_the_piece() {
        let mask = |name: &str| beside(&Pieces::one(Path::new(name)).bare, "_mask.txt");
        assert_eq!(mask("/data/1.5.dat.3"), Path::new("/data/1.5_mask.txt"));
        assert_eq!(mask("run.dat"), Path::new("run_mask.txt"));
    }
}
