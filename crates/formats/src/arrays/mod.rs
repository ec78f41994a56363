//! Files that are named arrays without a time axis.
//!
//! | format | arrays | metadata | how it is opened |
//! |---|---|---|---|
//! | GNZ | any number | a JSON object | mapped: only the header is read |
//! | npy | one, called like the file | none | mapped |
//! | npz | any number | none | each member is read once to check it; stored ones are mapped, deflated ones unpacked again when their elements are asked for |
//! | safetensors | any number | text by key | mapped |
//!
//! What is unpacked is bounded by [`ArrayLimits`], whatever the file says of itself. Headers are never read
//! through a map: what a file that changes meanwhile can change are elements. See the section on memory
//! maps in `docs/formats/gnz.md`.

mod gnz_file;
mod npy;
mod npy_header;
mod npz;
mod safetensors;
mod widen;

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use derive_setters::Setters;
use gnz::{FileMap, Gnz, Object};
use wavekeep_core::{ArrayOrder, Error, FormatInfo, Match, NamedArray, Report, Source};

use crate::OpenError;
use crate::open::io_error;

pub(crate) use gnz_file::GnzFile;
pub(crate) use npy::Npy;
pub(crate) use npz::Npz;
use npz::Packed;
pub(crate) use safetensors::Safetensors;
pub use widen::{Widened, is_narrow_float};

/// How much a file of arrays may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct ArrayLimits {
    /// Most bytes that are unpacked of one file. Files that are mapped do not count.
    pub bytes: u64,
}

impl Default for ArrayLimits {
    /// 4 GiB.
    fn default() -> Self {
        Self { bytes: 4 << 30 }
    }
}

/// A format of files that are named arrays.
pub trait ArrayFormat: Sync {
    /// What it is called.
    fn info(&self) -> &'static FormatInfo;

    /// How well `head` (the first [`HEAD_LEN`](crate::HEAD_LEN) bytes of a file) and the name fit.
    fn detect(&self, head: &[u8], name: Option<&str>) -> Match;

    /// Opens a regular file.
    ///
    /// # Errors
    /// [`OpenError`] when any of its arrays cannot be had.
    fn open(&self, path: &Path, limits: &ArrayLimits) -> Result<ArrayFile, OpenError>;
}

/// An open file of named arrays.
///
/// ```no_run
/// use wavekeep_formats::{Opened, Opener};
///
/// if let Opened::Arrays(file) = Opener::default().open_any("night.npz".as_ref())? {
///     for array in file.arrays() {
///         println!("{} {} {:?}", array.name, array.dtype, array.shape);
///     }
/// }
/// # Ok::<(), wavekeep_formats::OpenError>(())
/// ```
#[derive(Debug)]
pub struct ArrayFile {
    format: &'static FormatInfo,
    source: Source,
    entries: Vec<Entry>,
    held: Held,
    metadata: Object,
    report: Report,
}

/// What is known of one array.
#[derive(Debug)]
struct Entry {
    name: String,
    dtype: String,
    order: ArrayOrder,
    shape: Vec<usize>,
    /// Which of [`Held::Packed`] it is.
    member: usize,
    range: Range<usize>,
}

/// What holds the bytes.
#[derive(Debug)]
enum Held {
    Gnz(Box<Gnz>),
    Mapped(FileMap),
    Packed(Box<Packed>),
}

/// An array without its elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArrayInfo<'a> {
    /// Its name.
    pub name: &'a str,
    /// numpy's type string, its list of fields for records, or the format's own word: as in
    /// [`NamedArray`].
    pub dtype: &'a str,
    /// Which index runs fastest.
    pub order: ArrayOrder,
    /// Lengths of the dimensions.
    pub shape: &'a [usize],
    /// Bytes of its elements.
    pub bytes: u64,
}

impl ArrayFile {
    /// The format of the file.
    pub fn format(&self) -> &'static FormatInfo {
        self.format
    }

    /// Name and length of the file. There is no checksum: it would cost reading what is only mapped.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The arrays in the order of the file, without their elements: nothing is unpacked for it.
    pub fn infos(&self) -> impl Iterator<Item = ArrayInfo<'_>> {
        self.entries.iter().map(|entry| ArrayInfo {
            name: &entry.name,
            dtype: &entry.dtype,
            order: entry.order,
            shape: &entry.shape,
            bytes: match &self.held {
                Held::Gnz(gnz) => {
                    gnz.array(&entry.name).map_or(0, |array| array.bytes().len() as u64)
                }
                Held::Mapped(_) | Held::Packed(_) => entry.range.len() as u64,
            },
        })
    }

    /// The arrays in the order of the file. The elements of those that are packed are unpacked when
    /// their turn comes, and stay in memory as long as the file is open; one whose file has changed
    /// since it was opened is left out.
    pub fn arrays(&self) -> impl Iterator<Item = NamedArray<'_>> {
        (0..self.entries.len()).filter_map(|place| self.at(place))
    }

    /// The array called `name`.
    pub fn array(&self, name: &str) -> Option<NamedArray<'_>> {
        self.at(self.entries.iter().position(|entry| entry.name == name)?)
    }

    /// How many arrays there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What the file says beside its arrays; empty for formats that have no room for it. The
    /// values of a safetensors file are text.
    pub fn metadata(&self) -> &Object {
        &self.metadata
    }

    /// What is not as its format says but could be read.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The file as GNZ, when it is one: for its checksums.
    pub fn gnz(&self) -> Option<&Gnz> {
        match &self.held {
            Held::Gnz(gnz) => Some(gnz),
            Held::Mapped(_) | Held::Packed(_) => None,
        }
    }

    /// The array at a place in the order of the file.
    pub fn at(&self, place: usize) -> Option<NamedArray<'_>> {
        let entry = self.entries.get(place)?;
        let bytes = match &self.held {
            Held::Gnz(gnz) => gnz.array(&entry.name).ok()?.bytes(),
            Held::Mapped(map) => map.get(entry.range.clone())?,
            Held::Packed(packed) => packed.member(entry.member)?.get(entry.range.clone())?,
        };
        Some(NamedArray {
            name: &entry.name,
            dtype: &entry.dtype,
            order: entry.order,
            shape: &entry.shape,
            bytes,
        })
    }
}

fn source_of(path: &Path, bytes: u64) -> Source {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    Source { name, bytes, sha256: None }
}

fn decode_error(path: &Path, source: Error) -> OpenError {
    OpenError::Decode { path: path.to_owned(), source }
}

fn over_limit(limits: &ArrayLimits, found: u64) -> Error {
    Error::Limit {
        what: "memory for the arrays in bytes".into(),
        limit: limits.bytes,
        found,
        raise: "convert the file to GNZ where it was made: GNZ is not read into memory",
    }
}

/// A file on the way to being mapped.
struct Unmapped<'a> {
    path: &'a Path,
    file: File,
}

impl<'a> Unmapped<'a> {
    fn open(path: &'a Path) -> Result<Self, OpenError> {
        let file = File::open(path).map_err(|source| io_error(path, "open the file", source))?;
        Ok(Self { path, file })
    }

    /// The next bytes, up to `len` of them, in memory of their own.
    fn read(&mut self, len: u64) -> Result<Vec<u8>, OpenError> {
        let mut bytes = Vec::new();
        let read = (&mut self.file).take(len).read_to_end(&mut bytes);
        read.map_err(|source| io_error(self.path, "read the file", source))?;
        Ok(bytes)
    }

    /// The whole file, mapped.
    fn map(&self) -> Result<FileMap, OpenError> {
        FileMap::of(&self.file).map_err(|source| io_error(self.path, "map the file", source))
    }
}
