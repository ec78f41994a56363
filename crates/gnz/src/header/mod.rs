//! The header: what it says, and whether the file can be as it says.
//!
//! Reading goes in two steps that do not know each other: [`parse`] turns text
//! into entries and judges every entry alone; [`check`] compares the entries
//! with the file and with each other.

pub(crate) mod check;
mod entry;
pub(crate) mod parse;
pub(crate) mod print;

use std::fmt;

use crate::dtype::Dtype;
use crate::error::{Error, Result};
use crate::integrity::Checksums;
use crate::json::Object;
use crate::limits::Limits;

/// The first four bytes of every file.
pub const MAGIC: [u8; 4] = *b"GNZ1";
/// The first four bytes of files of the successor, whose version 1 has the same layout.
pub const SUCCESSOR_MAGIC: [u8; 4] = *b"GZCM";
/// Arrays begin at multiples of this many bytes.
pub const ALIGNMENT: u64 = 4096;
/// Bytes before the header's text: magic and length.
pub(crate) const PREFIX: u64 = 8;

/// Which program a file was made for: the layout is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Container {
    /// [`MAGIC`].
    Gnz,
    /// [`SUCCESSOR_MAGIC`]; only version 1 is read, and none is written.
    Gzcm,
}

impl Container {
    /// What the first bytes of a file say; `None` for any other file.
    pub fn of(start: &[u8]) -> Option<Container> {
        match *start.first_chunk::<4>()? {
            MAGIC => Some(Container::Gnz),
            SUCCESSOR_MAGIC => Some(Container::Gzcm),
            _ => None,
        }
    }
}

/// How the elements of an array follow each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// Row-major: the last index runs fastest.
    #[default]
    C,
    /// Column-major: the first index runs fastest.
    F,
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Order::C => "C",
            Order::F => "F",
        })
    }
}

/// What the header says about one array.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ArrayInfo {
    /// Its name.
    pub name: String,
    /// The type of its elements.
    pub dtype: Dtype,
    /// How its elements follow each other.
    pub order: Order,
    /// Its lengths; empty for a scalar.
    pub shape: Vec<usize>,
    /// Its first byte in the file.
    pub offset: u64,
    /// Its bytes in the file, without padding: the product of its lengths and
    /// the size of an element.
    pub byte_length: usize,
}

impl ArrayInfo {
    /// First byte after the array.
    pub(crate) fn end(&self) -> u64 {
        self.offset.saturating_add(self.byte_length as u64)
    }
}

/// Something about a file that is not as the format says but can be read.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Note {
    /// An array does not begin at a multiple of 4096; views of it may be
    /// impossible, copies always work.
    Misaligned {
        /// The array.
        array: String,
        /// Where it begins.
        offset: u64,
    },
    /// The zero bytes after the last array are not all there; the arrays are.
    PaddingCut {
        /// Where the file should end.
        expected: u64,
        /// Where it ends.
        found: u64,
    },
    /// A key that version 1 does not define was passed over.
    UnknownKey {
        /// The array whose entry has it, or `None` for the header itself.
        array: Option<String>,
        /// The key.
        key: String,
    },
    /// Types are spelled as numpy reads them, not as it writes them.
    Spelling {
        /// The first array with this spelling.
        array: String,
        /// How many arrays have it.
        arrays: usize,
        /// The spelling.
        found: String,
        /// What it was read as.
        dtype: Dtype,
    },
    /// The header states no version: it was read as version 1.
    NoVersion,
    /// The metadata is `null`: it was read as empty.
    NullMetadata,
    /// The reserved checksum key holds something else; it stays in the metadata.
    ForeignChecksums {
        /// What is wrong with it.
        reason: String,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::Misaligned { array, offset } => write!(
                f,
                "array `{array}` begins at byte {offset}, not at a multiple of {ALIGNMENT}: copies work, views may not"
            ),
            Note::PaddingCut { expected, found } => write!(
                f,
                "the file ends at byte {found} instead of {expected}: only padding is missing"
            ),
            Note::UnknownKey { array: None, key } => {
                write!(f, "the header has a key `{key}` that version 1 does not define")
            }
            Note::UnknownKey { array: Some(array), key } => {
                write!(f, "array `{array}` has a key `{key}` that version 1 does not define")
            }
            Note::Spelling { array, arrays, found, dtype } => {
                write!(f, "array `{array}` ")?;
                if *arrays > 1 {
                    write!(f, "and {} more have", arrays - 1)?;
                } else {
                    f.write_str("has")?;
                }
                write!(f, " the type `{found}`, which was read as `{dtype}`, as numpy does")
            }
            Note::NoVersion => f.write_str("the header states no version: it was read as 1"),
            Note::NullMetadata => f.write_str("the metadata is null: it was read as empty"),
            Note::ForeignChecksums { reason } => {
                write!(f, "the reserved checksum key holds no checksums: {reason}")
            }
        }
    }
}

/// A header that agrees with its file.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) container: Container,
    /// In the order of the file.
    pub(crate) arrays: Vec<ArrayInfo>,
    /// Indices into `arrays`, in order of the names.
    by_name: Vec<usize>,
    /// Without the reserved key.
    pub(crate) metadata: Object,
    pub(crate) checksums: Option<Checksums>,
    pub(crate) notes: Vec<Note>,
    /// Where the file ends, padding included.
    pub(crate) file_end: u64,
    /// First byte after the header's text.
    pub(crate) text_end: u64,
}

impl Header {
    /// Reads and checks a header. `start` is the first bytes of the file, at
    /// least up to the header's end.
    pub(crate) fn read(start: &[u8], file_length: u64, limits: &Limits) -> Result<Header> {
        let (container, text) = parse::text(start, file_length, limits)?;
        let parsed = parse::parse(text, container, limits, parse::Faults::Refuse)?;
        let text_end = PREFIX + text.len() as u64;
        let mut notes = parsed.notes;
        let file_end = check::check(&parsed.arrays, text_end, file_length, &mut notes)?;
        let (arrays, metadata) = (parsed.arrays, parsed.metadata);
        Ok(Header::assemble(container, arrays, metadata, notes, file_end, text_end))
    }

    fn assemble(
        container: Container,
        mut arrays: Vec<ArrayInfo>,
        mut metadata: Object,
        mut notes: Vec<Note>,
        file_end: u64,
        text_end: u64,
    ) -> Header {
        check::sort(&mut arrays);
        let mut by_name: Vec<usize> = (0..arrays.len()).collect();
        by_name.sort_by(|a, b| arrays[*a].name.cmp(&arrays[*b].name));
        let checksums = Checksums::take(&mut metadata).unwrap_or_else(|reason| {
            notes.push(Note::ForeignChecksums { reason });
            None
        });
        Header { container, arrays, by_name, metadata, checksums, notes, file_end, text_end }
    }

    pub(crate) fn find(&self, name: &str) -> Result<&ArrayInfo> {
        self.by_name
            .binary_search_by(|index| self.arrays[*index].name.as_str().cmp(name))
            .map(|at| &self.arrays[self.by_name[at]])
            .map_err(|_| Error::NoSuchArray { array: name.to_owned() })
    }
}

/// Bytes of an array; `None` if its lengths, zeros aside, multiply to more
/// than a machine can address (which is what array libraries require too).
pub(crate) fn byte_length(shape: &[usize], dtype: &Dtype) -> Option<usize> {
    let full = shape
        .iter()
        .filter(|length| **length > 0)
        .try_fold(dtype.item_size().max(1), |bytes, length| bytes.checked_mul(*length))
        .filter(|bytes| isize::try_from(*bytes).is_ok())?;
    let empty = shape.contains(&0) || dtype.item_size() == 0;
    Some(if empty { 0 } else { full })
}
