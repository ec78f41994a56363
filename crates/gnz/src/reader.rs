//! Opening files.

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use memmap2::Mmap;

use crate::array::{Array, View};
use crate::element::Element;
use crate::error::{Error, Result};
use crate::header::{ALIGNMENT, ArrayInfo, Container, Header, Note, PREFIX, parse};
use crate::integrity::{ArrayCheck, Checksums, Verification};
use crate::json::Object;
use crate::limits::Limits;
use crate::map;

/// An open file: its header, and access to its arrays.
///
/// `B` is whatever holds the bytes: a map or a copy of a file
/// ([`FileBytes`], the default), or anything that is `AsRef<[u8]>`.
///
/// ```
/// let mut writer = gnz::Writer::new();
/// writer.add("Tran", &[3, 2], &[1i32, 2, 3, 4, 5, 6])?;
/// let file = writer.to_vec()?;
///
/// let gnz = gnz::Gnz::from_bytes(file.as_slice())?;
/// let tran = gnz.array("Tran")?;
/// assert_eq!(tran.shape(), [3, 2]);
/// assert_eq!(tran.rows(1..3)?.to_vec::<i32>()?, [3, 4, 5, 6]);
/// # Ok::<(), gnz::Error>(())
/// ```
pub struct Gnz<B = FileBytes> {
    bytes: B,
    header: Header,
}

/// The bytes of a file that [`Gnz`] opened itself.
pub struct FileBytes(Held);

enum Held {
    Mapped(Mmap),
    Copied { blocks: Vec<Block>, length: usize },
}

/// A unit of memory that arrays of any type may begin in.
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(64))]
struct Block([u8; 64]);

impl FileBytes {
    pub(crate) fn map(path: &Path) -> Result<(File, FileBytes)> {
        let file = File::open(path).map_err(|source| io_error("open", path, source))?;
        let map = map::read(&file).map_err(|source| io_error("map", path, source))?;
        Ok((file, FileBytes(Held::Mapped(map))))
    }
}

impl AsRef<[u8]> for FileBytes {
    fn as_ref(&self) -> &[u8] {
        match &self.0 {
            Held::Mapped(map) => map,
            Held::Copied { blocks, length } => &bytemuck::cast_slice(blocks)[..*length],
        }
    }
}

impl Gnz<FileBytes> {
    /// Maps a file and reads its header.
    ///
    /// This costs the header alone, whatever the file's size. If another
    /// program shortens the file while it is mapped, access beyond its new end
    /// ends the process (SIGBUS); use [`open_copy`](Self::open_copy) for such
    /// files.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], and every refusal rule of the format.
    pub fn open(path: impl AsRef<Path>) -> Result<Gnz> {
        Gnz::open_with(path, &Limits::default())
    }

    /// As [`open`](Self::open), with other limits than the default ones.
    ///
    /// # Errors
    ///
    /// As `open`.
    pub fn open_with(path: impl AsRef<Path>, limits: &Limits) -> Result<Gnz> {
        let path = path.as_ref();
        let (file, bytes) = FileBytes::map(path)?;
        // Read, not mapped: cheaper than a page fault, and the text that is
        // judged cannot change under the parser.
        let start = header_start(&file, bytes.as_ref().len() as u64, limits)
            .map_err(|source| io_error("read", path, source))?;
        let header = Header::read(&start, bytes.as_ref().len() as u64, limits)?;
        Ok(Gnz { bytes, header })
    }

    /// Reads a whole file into memory, for files that others may change or
    /// shorten. Costs the file's size.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], [`Error::OutOfMemory`], [`Error::Shrunk`] if the file is
    /// shortened meanwhile, and every refusal rule of the format.
    pub fn open_copy(path: impl AsRef<Path>) -> Result<Gnz> {
        Gnz::open_copy_with(path, &Limits::default())
    }

    /// As [`open_copy`](Self::open_copy), with other limits than the default ones.
    ///
    /// # Errors
    ///
    /// As `open_copy`.
    pub fn open_copy_with(path: impl AsRef<Path>, limits: &Limits) -> Result<Gnz> {
        Gnz::from_bytes_with(FileBytes(copy(path.as_ref())?), limits)
    }
}

impl<B: AsRef<[u8]>> Gnz<B> {
    /// Opens a file whose bytes are already at hand: a slice, a vector, a
    /// shared buffer. Views need the bytes to begin at an address that suits
    /// their elements; copies work at any.
    ///
    /// # Errors
    ///
    /// Every refusal rule of the format.
    pub fn from_bytes(bytes: B) -> Result<Gnz<B>> {
        Gnz::from_bytes_with(bytes, &Limits::default())
    }

    /// As [`from_bytes`](Self::from_bytes), with other limits than the default ones.
    ///
    /// # Errors
    ///
    /// As `from_bytes`.
    pub fn from_bytes_with(bytes: B, limits: &Limits) -> Result<Gnz<B>> {
        let header = Header::read(bytes.as_ref(), bytes.as_ref().len() as u64, limits)?;
        Ok(Gnz { bytes, header })
    }

    /// Names of the arrays, in the order in which they were added.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &str> {
        self.header.arrays.iter().map(|info| info.name.as_str())
    }

    /// What the header says about each array, in the order of the file.
    pub fn infos(&self) -> &[ArrayInfo] {
        &self.header.arrays
    }

    /// The metadata, without the reserved checksum key.
    pub fn metadata(&self) -> &Object {
        &self.header.metadata
    }

    /// What is not as the format says, but could be read.
    pub fn notes(&self) -> &[Note] {
        &self.header.notes
    }

    /// The checksums that the file carries, if it carries any.
    pub fn checksums(&self) -> Option<&Checksums> {
        self.header.checksums.as_ref()
    }

    /// Bytes of the file as the header describes it, padding included.
    pub fn file_length(&self) -> u64 {
        self.header.file_end
    }

    /// Which of the two containers the file is.
    pub fn container(&self) -> Container {
        self.header.container
    }

    /// The header's JSON text as it stands in the file.
    pub fn header_text(&self) -> Cow<'_, str> {
        // It was UTF-8 when the file was opened; a mapped file may have changed since.
        String::from_utf8_lossy(
            &self.bytes.as_ref()[PREFIX as usize..self.header.text_end as usize],
        )
    }

    /// Bytes of the header's JSON text.
    pub fn header_length(&self) -> u64 {
        self.header.text_end - PREFIX
    }

    /// An array by its name.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchArray`].
    pub fn array(&self, name: &str) -> Result<Array<'_>> {
        Ok(self.borrow(self.header.find(name)?))
    }

    /// All arrays, in the order in which they were added.
    pub fn arrays(&self) -> impl ExactSizeIterator<Item = Array<'_>> {
        self.header.arrays.iter().map(|info| self.borrow(info))
    }

    /// The elements of an array, without a copy.
    ///
    /// # Errors
    ///
    /// As [`array`](Self::array) and [`Array::view`].
    pub fn view<T: Element>(&self, name: &str) -> Result<View<'_, T>> {
        self.array(name)?.view()
    }

    /// Reads every array and compares it with its checksum.
    ///
    /// # Errors
    ///
    /// [`Error::ChecksumsMalformed`] if the reserved key holds something else
    /// or sums of other arrays. A sum that differs is an answer, not an error.
    pub fn verify(&self) -> Result<Verification> {
        crate::integrity::verify(self)
    }

    /// As [`verify`](Self::verify), for one array.
    ///
    /// # Errors
    ///
    /// As `verify` and [`array`](Self::array).
    pub fn verify_array(&self, name: &str) -> Result<ArrayCheck> {
        crate::integrity::verify_array(self, name)
    }

    /// Gives back whatever holds the bytes.
    pub fn into_inner(self) -> B {
        self.bytes
    }

    /// All bytes of the file.
    pub(crate) fn whole(&self) -> &[u8] {
        self.bytes.as_ref()
    }

    pub(crate) fn text_end(&self) -> u64 {
        self.header.text_end
    }

    fn borrow<'a>(&'a self, info: &'a ArrayInfo) -> Array<'a> {
        // The range was checked at opening. A `B` that now gives other bytes
        // than then is answered with a panic, never with foreign memory.
        let start = usize::try_from(info.offset).unwrap_or(usize::MAX);
        Array::new(info, &self.bytes.as_ref()[start..start + info.byte_length])
    }
}

impl<B> fmt::Debug for Gnz<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gnz")
            .field("arrays", &self.header.arrays)
            .field("metadata", &self.header.metadata)
            .finish_non_exhaustive()
    }
}

/// The first bytes of a file, at least up to the end of a header that is not
/// refused anyway.
fn header_start(mut file: &File, file_length: u64, limits: &Limits) -> io::Result<Vec<u8>> {
    let mut start = vec![0; ALIGNMENT as usize];
    let mut filled = 0;
    // One read, for most headers; a second one tells a short file's end.
    while filled < start.len() && (filled as u64) < file_length {
        match file.read(&mut start[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    start.truncate(filled);
    if let Ok((_, length)) = parse::text_length(&start, file_length, limits) {
        // The length was compared with the limit and with the file.
        let missing = (PREFIX as usize + length).saturating_sub(filled);
        file.take(missing as u64).read_to_end(&mut start)?;
    }
    Ok(start)
}

/// Reads a file into memory that suits every element type.
fn copy(path: &Path) -> Result<Held> {
    let failed = |source| io_error("read", path, source);
    let mut file = File::open(path).map_err(|source| io_error("open", path, source))?;
    let expected = file.metadata().map_err(failed)?.len();
    let no_memory = |_| Error::OutOfMemory {
        array: path.display().to_string(),
        bytes: usize::try_from(expected).unwrap_or(usize::MAX),
    };
    let length = usize::try_from(expected).map_err(|_| no_memory(()))?;
    let mut blocks: Vec<Block> =
        bytemuck::allocation::try_zeroed_vec(length.div_ceil(size_of::<Block>()))
            .map_err(no_memory)?;

    let bytes = &mut bytemuck::cast_slice_mut(&mut blocks)[..length];
    let mut filled = 0;
    while filled < length {
        match file.read(&mut bytes[filled..]) {
            Ok(0) => {
                return Err(Error::Shrunk {
                    path: path.to_owned(),
                    expected,
                    found: filled as u64,
                });
            }
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(Held::Copied { blocks, length })
}

pub(crate) fn io_error(action: &'static str, path: &Path, source: io::Error) -> Error {
    Error::Io { action, path: path.to_owned(), source }
}
