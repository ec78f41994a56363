//! Every way in which a file, a request or a write can be refused.
//!
//! One rule of `docs/formats/gnz.md` is one variant here, one test in
//! `tests/hostile.rs` and one file in `tests/hostile/`. Offsets are bytes from
//! the start of the file, so that a hex dump shows the culprit.

use std::io;
use std::path::PathBuf;

/// What went wrong, where, and what can be done about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was attempted, as a verb: "open", "map", "write".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },

    /// Fewer bytes than magic and header length take.
    #[error(
        "the file has {length} bytes, a GNZ has at least 8 (magic and header length): it is empty or was cut"
    )]
    TooShort {
        /// Bytes in the file.
        length: u64,
    },
    /// The first four bytes are neither `GNZ1` nor `GZCM`.
    #[error(
        "byte 0: expected the magic `GNZ1` (or `GZCM`), found `{}`: this is not a GNZ file",
        found.escape_ascii()
    )]
    BadMagic {
        /// The four bytes found.
        found: [u8; 4],
    },
    /// The header is longer than the limit.
    #[error(
        "byte 4: a header of {length} bytes, the limit is {limit}: raise `Limits::header_bytes` if the file is trusted"
    )]
    HeaderTooLong {
        /// Length that the file states, or that the writer would need.
        length: u64,
        /// The limit in force.
        limit: u64,
    },
    /// The header would end after the file.
    #[error(
        "byte 4: a header of {length} bytes would end at byte {}, the file has {file_length}: it was cut inside the header",
        length + 8
    )]
    HeaderPastEnd {
        /// Length that the file states.
        length: u64,
        /// Bytes in the file.
        file_length: u64,
    },
    /// The header is not UTF-8.
    #[error(
        "byte {offset}: expected UTF-8 text in the header, found byte 0x{found:02x}: the header is damaged"
    )]
    NotUtf8 {
        /// Position of the first wrong byte.
        offset: u64,
        /// That byte.
        found: u8,
    },
    /// The header is not JSON.
    #[error("byte {offset}: not JSON, expected {expected}, found {found}: the header is damaged")]
    NotJson {
        /// Position of the first wrong byte.
        offset: u64,
        /// What the grammar allows there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// Lists and objects lie deeper in each other than the limit.
    #[error(
        "byte {offset}: JSON nested deeper than {limit} levels: raise `Limits::depth` if the file is trusted"
    )]
    TooDeep {
        /// Position of the bracket that goes too deep.
        offset: u64,
        /// The limit in force.
        limit: usize,
    },
    /// A key holds half of a surrogate pair and therefore is not text.
    #[error(
        "byte {offset}: a key with a lone surrogate is not text: write the file with another key"
    )]
    LoneSurrogate {
        /// Position of the key.
        offset: u64,
    },
    /// The header is JSON, but not an object.
    #[error(
        "byte {offset}: expected the header to be a JSON object, found {found}: the header is damaged"
    )]
    NotAnObject {
        /// Position of the value.
        offset: u64,
        /// Its kind.
        found: &'static str,
    },
    /// A key occurs twice in one object.
    #[error(
        "byte {offset}: expected every key once, found `{key}` a second time: readers would disagree about which one counts"
    )]
    DuplicateKey {
        /// Position of the second occurrence.
        offset: u64,
        /// The key.
        key: String,
    },
    /// Two arrays have one name.
    #[error(
        "byte {offset}: expected array names to differ, found `{array}` a second time: readers would disagree about which one counts"
    )]
    DuplicateArray {
        /// Position of the second occurrence.
        offset: u64,
        /// The name.
        array: String,
    },
    /// A field that every header has is not there.
    #[error(
        "{}, byte {offset}: expected a field `{field}`, found none: the header was not written by a GNZ writer",
        place(array)
    )]
    MissingField {
        /// The array, or `None` for the header itself.
        array: Option<String>,
        /// Position of the object that lacks it.
        offset: u64,
        /// The field.
        field: &'static str,
    },
    /// A field has a JSON type that it cannot have.
    #[error(
        "{}, byte {offset}: expected `{field}` to be {expected}, found {found}: the header was not written by a GNZ writer",
        place(array)
    )]
    WrongType {
        /// The array, or `None` for the header itself.
        array: Option<String>,
        /// Position of the value.
        offset: u64,
        /// The field.
        field: &'static str,
        /// What it has to be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// The version is not 1.
    #[error("byte {offset}: expected version 1, found {found}: read it with a newer program")]
    UnsupportedVersion {
        /// Position of the number.
        offset: u64,
        /// What is there.
        found: String,
    },
    /// A version of the successor GZCM that is another format than GNZ.
    #[error(
        "byte {offset}: GZCM version {found}: {content}; of GZCM, the successor of GNZ, version 1 is read: open the file with the program that wrote it and save it as version 1 or GNZ"
    )]
    SuccessorVersion {
        /// Position of the number.
        offset: u64,
        /// What is there.
        found: String,
        /// What is known of that version.
        content: &'static str,
    },
    /// The type string is none that this version knows.
    #[error(
        "array `{array}`, byte {offset}: expected a type that numpy has, such as `<f4`, found `{found}`: store the array as numbers, text, dates or bytes"
    )]
    UnknownDtype {
        /// The array.
        array: String,
        /// Position of the string.
        offset: u64,
        /// The string.
        found: String,
    },
    /// The order is neither `C` nor `F`.
    #[error(
        "array `{array}`, byte {offset}: expected order `C` or `F`, found `{found}`: the header is damaged"
    )]
    UnknownOrder {
        /// The array.
        array: String,
        /// Position of the string.
        offset: u64,
        /// The string.
        found: String,
    },
    /// An offset or a length is below zero.
    #[error(
        "array `{array}`, byte {offset}: expected `{field}` to be 0 or more, found {found}: the header is damaged"
    )]
    NegativeNumber {
        /// The array.
        array: String,
        /// Position of the number.
        offset: u64,
        /// `offset` or `shape`.
        field: &'static str,
        /// The number as written.
        found: String,
    },
    /// An offset or a length has a fraction or an exponent.
    #[error(
        "array `{array}`, byte {offset}: expected `{field}` to be a whole number without exponent, found {found}: the header is damaged"
    )]
    FractionalNumber {
        /// The array.
        array: String,
        /// Position of the number.
        offset: u64,
        /// `offset` or `shape`.
        field: &'static str,
        /// The number as written.
        found: String,
    },
    /// An offset or a length is beyond what a file can have.
    #[error(
        "array `{array}`, byte {offset}: expected `{field}` to be at most {}, found {found}: the header is damaged",
        i64::MAX
    )]
    HugeNumber {
        /// The array.
        array: String,
        /// Position of the number.
        offset: u64,
        /// `offset` or `shape`.
        field: &'static str,
        /// The number as written.
        found: String,
    },
    /// The lengths multiply to more bytes than a machine can address.
    #[error(
        "array `{array}`: expected at most {} bytes, found shape {shape:?} of `{dtype}`: no memory holds that",
        isize::MAX
    )]
    ShapeOverflow {
        /// The array.
        array: String,
        /// Its shape.
        shape: Vec<usize>,
        /// Its type string.
        dtype: String,
    },
    /// An array begins before the header ends.
    #[error(
        "array `{array}`: expected its offset at or after byte {header_end}, where the header ends, found {offset}: one of them was written over the other"
    )]
    OverlapsHeader {
        /// The array.
        array: String,
        /// Where it says that it begins.
        offset: u64,
        /// First byte after the header text.
        header_end: u64,
    },
    /// An array ends after the file.
    #[error(
        "array `{array}`: expected its {length} bytes at byte {offset} inside the file, which ends at byte {file_length}: the file was cut, `recover` saves the arrays that are whole"
    )]
    ArrayPastEnd {
        /// The array.
        array: String,
        /// Where it begins.
        offset: u64,
        /// Its bytes.
        length: u64,
        /// Bytes in the file.
        file_length: u64,
    },
    /// Two arrays claim the same bytes.
    #[error(
        "array `{array}`: expected its offset at or after byte {earlier_end}, where array `{earlier}` ends, found {offset}: the header is damaged"
    )]
    ArraysOverlap {
        /// The array that begins later.
        array: String,
        /// Where it begins.
        offset: u64,
        /// The array that begins before it.
        earlier: String,
        /// First byte after that one.
        earlier_end: u64,
    },
    /// The file goes on after the last array's padding.
    #[error(
        "expected the file to end at byte {expected}, found {found} bytes: something was appended, or the header is not the one that belongs to it; `recover` saves the arrays"
    )]
    TrailingBytes {
        /// Where the last array's padding ends.
        expected: u64,
        /// Bytes in the file.
        found: u64,
    },

    /// No array has that name.
    #[error("the file has no array `{array}`: `keys` lists those that it has")]
    NoSuchArray {
        /// The name asked for.
        array: String,
    },
    /// The array holds another type than was asked for.
    #[error(
        "array `{array}`: expected elements of `{expected}`, found `{found}`: ask for the stored type, or take `bytes`"
    )]
    DtypeMismatch {
        /// The array.
        array: String,
        /// Type string of what was asked for.
        expected: String,
        /// Type string of what is stored.
        found: String,
    },
    /// A view would need its bytes swapped.
    #[error(
        "array `{array}`: expected this machine's byte order, found `{dtype}`: copy it with `to_vec`"
    )]
    ForeignByteOrder {
        /// The array.
        array: String,
        /// Its type string.
        dtype: String,
    },
    /// A view would lie at an address that its type cannot have.
    #[error(
        "array `{array}` at byte {offset}: expected an address that is a multiple of {alignment}: copy it with `to_vec`"
    )]
    Misaligned {
        /// The array.
        array: String,
        /// Where it begins in the file.
        offset: u64,
        /// What the type needs, in bytes.
        alignment: usize,
    },
    /// A row-major answer was asked of a column-major array.
    #[error(
        "array `{array}`: expected order `C`, found `F`: copy it with `to_vec` or `rows_to_vec`"
    )]
    FortranOrder {
        /// The array.
        array: String,
    },
    /// A range along the first axis is not inside it.
    #[error("array `{array}`: expected a range inside 0..{rows}, found {start}..{end}")]
    RowsOutOfRange {
        /// The array.
        array: String,
        /// Length of the first axis; 0 for a scalar, which has none.
        rows: usize,
        /// First row asked for.
        start: usize,
        /// Row after the last asked for.
        end: usize,
    },
    /// There is not enough memory for a copy.
    #[error("array `{array}`: no memory for a copy of {bytes} bytes: read it in parts with `rows`")]
    OutOfMemory {
        /// The array, or the file for a copying open.
        array: String,
        /// What was needed.
        bytes: usize,
    },
    /// The file lost bytes between two looks at it.
    #[error("{}: expected {expected} bytes, found {found}: another program is changing the file", path.display())]
    Shrunk {
        /// The file.
        path: PathBuf,
        /// Its length when it was opened.
        expected: u64,
        /// Bytes that could be read.
        found: u64,
    },

    /// The reserved checksum key does not hold checksums.
    #[error(
        "metadata key `{key}`: {reason}: it is reserved for checksums, move what is there to another key"
    )]
    ChecksumsMalformed {
        /// The reserved key.
        key: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// An array's bytes are not those that were written.
    #[error(
        "array `{array}` at byte {offset}: expected CRC-32C {saved:08x} as saved, calculated {calculated:08x}: the data changed after writing"
    )]
    ChecksumMismatch {
        /// The array.
        array: String,
        /// Where it begins.
        offset: u64,
        /// The sum in the header.
        saved: u32,
        /// The sum of the bytes.
        calculated: u32,
    },
    /// The recording was never finished, so there is no sum to compare with.
    #[error(
        "array `{array}` at byte {offset}: expected a CRC-32C, found the mark of an unfinished recording: its data may be incomplete"
    )]
    ChecksumUnfinished {
        /// The array.
        array: String,
        /// Where it begins.
        offset: u64,
    },

    /// The text is not a numpy type string that the format knows.
    #[error("expected a numpy type string such as `<f4`, found `{found}`")]
    NotADtype {
        /// The text.
        found: String,
    },
    /// The text is not a decimal integer.
    #[error("expected a decimal integer, found `{found}`")]
    NotAnInteger {
        /// The text.
        found: String,
    },
    /// An array of that name was already added.
    #[error("array `{array}` was already added: names must differ")]
    NameTaken {
        /// The name.
        array: String,
    },
    /// The data is not as long as shape and type say.
    #[error("array `{array}`: expected {expected} bytes for its shape and type, found {found}")]
    LengthMismatch {
        /// The array.
        array: String,
        /// Bytes that shape and type need.
        expected: usize,
        /// Bytes given.
        found: usize,
    },
    /// The metadata uses the key that checksums live under.
    #[error(
        "metadata key `{key}` is reserved for checksums: use another one, or switch checksums on"
    )]
    ReservedKey {
        /// The key.
        key: &'static str,
    },
    /// The file would be longer than a file can be.
    #[error("array `{array}` would end after byte {}: no file system holds that", i64::MAX)]
    FileTooLarge {
        /// The first array that does not fit.
        array: String,
    },
    /// Arrays were declared, but the write has nobody to fill them.
    #[error("array `{array}` was declared for streaming: write with `stream`, or add its data")]
    NotFilled {
        /// The first such array.
        array: String,
    },
    /// The destination exists and overwriting was not asked for.
    #[error("{} exists: ask for overwriting, or choose another name", path.display())]
    Exists {
        /// The destination.
        path: PathBuf,
    },
    /// A finished recording could not get its name; nothing of it is lost.
    #[error("cannot name the recording {}: {source}: it is whole and kept as {}", path.display(), kept.display())]
    NotPublished {
        /// The destination.
        path: PathBuf,
        /// Where the recording lies.
        kept: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A file was written and reads back differently.
    #[error("{}: array `{array}` does not read back as written: do not trust this disk, keep the source", path.display())]
    NotReadBack {
        /// The file that was written.
        path: PathBuf,
        /// The array.
        array: String,
    },
}

/// The crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

fn place(array: &Option<String>) -> String {
    match array {
        Some(name) => format!("array `{name}`"),
        None => "header".to_owned(),
    }
}
