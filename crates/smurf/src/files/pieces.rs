//! Which files a run consists of.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::files::temporary::folder_of;

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
        let bare = split(path).map_or_else(|| path.to_owned(), |(bare, _)| bare);
        let found = numbered(&bare)?;
        let first = found.first().map(|(number, _)| *number);
        let asked = split(path).map(|(_, number)| number);
        let has_first = bare.is_file();
        // A writer that got its MaxFileSize while the file was open goes on with number 2. A file
        // of the bare name beside a number 1 is a run of its own.
        let with_bare = has_first && first == Some(Number::Piece(2));
        match (asked, first) {
            (None, None) if has_first => return Ok(Self::one(path)),
            (None, _) if has_first && !with_bare => return Ok(Self::one(path)),
            (_, None) => return Err(Error::NoSuchRun { path: path.to_owned() }),
            (_, Some(_)) => {}
        }
        let kind = asked.or(first).is_some_and(Number::is_part);
        let mut found: Vec<(Number, PathBuf)> =
            found.into_iter().filter(|(number, _)| number.is_part() == kind).collect();
        if with_bare && !kind {
            found.insert(0, (Number::Piece(1), bare.clone()));
        }
        let numbers = || found.iter().map(|(number, _)| number.value());
        // Parts may count from 0 or 1; pieces count from 1.
        let from = if kind { numbers().next().unwrap_or_default() } else { 1 };
        let missing = gaps_in(from, numbers());
        let paths = found.into_iter().map(|(_, path)| path).collect();
        Ok(Self { bare, paths, missing })
    }

    /// This file alone.
    pub(crate) fn one(path: &Path) -> Self {
        let bare = split(path).map_or_else(|| path.to_owned(), |(bare, _)| bare);
        Self { bare, paths: vec![path.to_owned()], missing: Vec::new() }
    }
}

/// The numbered files of a run, in order.
fn numbered(bare: &Path) -> Result<Vec<(Number, PathBuf)>> {
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
    found.sort();
    Ok(found)
}

/// The piece that is written after `path`.
pub(crate) fn following(path: &Path) -> Option<PathBuf> {
    let (bare, end) = match split(path) {
        // Behind a file without a number comes number 2.
        None => (path.to_owned(), ".2".to_owned()),
        Some((bare, Number::Piece(number))) => (bare, format!(".{}", number.checked_add(1)?)),
        Some((bare, Number::Part(number))) => {
            let digits = path.extension()?.len() - PART.len();
            (bare, format!(".{PART}{:0digits$}", number.checked_add(1)?))
        }
    };
    let mut name = bare.file_name()?.to_owned();
    name.push(end);
    Some(bare.with_file_name(name))
}

/// What stands before the number of a part.
const PART: &str = "part_";

/// The number in a file's name; those of pieces come before those of parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Number {
    /// `run.dat.12`.
    Piece(u64),
    /// `run.dat.part_00012`.
    Part(u64),
}

impl Number {
    fn is_part(self) -> bool {
        matches!(self, Self::Part(_))
    }

    fn value(self) -> u64 {
        match self {
            Self::Piece(number) | Self::Part(number) => number,
        }
    }
}

/// `run.dat.12` is piece 12 of `run.dat`, and `run.dat.part_00012` its part 12. `run.dat.012` is a
/// name that no writer gives.
pub(crate) fn split(path: &Path) -> Option<(PathBuf, Number)> {
    let end = path.extension()?.to_str()?;
    let number = match end.strip_prefix(PART) {
        Some(digits) => {
            let plain = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
            Number::Part(digits.parse().ok().filter(|_| plain)?)
        }
        None => {
            let number = end.parse().ok().filter(|number: &u64| *number > 0)?;
            (number.to_string() == end).then_some(Number::Piece(number))?
        }
    };
    Some((path.with_extension(""), number))
}

/// Numbers from the first to the last that do not occur; at most a thousand, for somebody may call a
/// file `run.dat.999999999`.
fn gaps_in(first: u64, numbers: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut expected = first;
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

    fn names(asked: &Path) -> Vec<String> {
        let pieces = Pieces::of(asked).unwrap();
        let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        pieces.paths.iter().map(name).collect()
    }

    #[test]
    fn a_run_whose_size_was_limited_while_it_was_open_goes_on_with_number_2() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["r.dat", "r.dat.2", "r.dat.3"] {
            fs::write(path(name), b"").unwrap();
        }
        for asked in ["r.dat", "r.dat.2", "r.dat.3"] {
            assert_eq!(names(&path(asked)), ["r.dat", "r.dat.2", "r.dat.3"], "{asked}");
        }
        assert_eq!(following(&path("r.dat")), Some(path("r.dat.2")));
        // With a number 1 there are two runs.
        fs::write(path("r.dat.1"), b"").unwrap();
        assert_eq!(names(&path("r.dat")), ["r.dat"]);
        assert_eq!(names(&path("r.dat.3")), ["r.dat.1", "r.dat.2", "r.dat.3"]);
    }

    #[test]
    fn parts_are_one_run_in_the_order_of_their_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let parts = ["r.dat.part_00000", "r.dat.part_00001", "r.dat.part_00003"];
        parts.iter().for_each(|name| fs::write(path(name), b"").unwrap());
        for asked in ["r.dat", "r.dat.part_00001"] {
            assert_eq!(names(&path(asked)), parts);
            assert_eq!(Pieces::of(&path(asked)).unwrap().missing, [2]);
        }
        let mask = beside(&Pieces::of(&path("r.dat.part_00001")).unwrap().bare, "_mask.txt");
        assert_eq!(mask, path("r_mask.txt"));
        assert_eq!(following(&path("r.dat.part_00009")), Some(path("r.dat.part_00010")));
    }

    #[test]
    fn the_mask_lies_beside_the_run_and_not_beside_the_piece() {
        let mask = |name: &str| beside(&Pieces::one(Path::new(name)).bare, "_mask.txt");
        assert_eq!(mask("/data/1.5.dat.3"), Path::new("/data/1.5_mask.txt"));
        assert_eq!(mask("run.dat"), Path::new("run_mask.txt"));
    }
}
