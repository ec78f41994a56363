//! Files that are filled while something is being recorded.
//!
//! The file has its final size from the start and lies under a name of its own
//! beside its destination; it gets its name when it is finished. Each declared
//! array is plain memory: `&mut [T]`, which Rust splits between threads.
//!
//! ```
//! use gnz::{Gnz, Writer};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("run.gnz");
//! let mut writer = Writer::new();
//! writer.declare("data", "<i4".parse()?, &[2, 1000])?;
//! let mut run = writer.stream(&path)?;
//!
//! let data: &mut [i32] = run.array_mut("data")?;
//! std::thread::scope(|scope| {
//!     for (channel, row) in data.chunks_mut(1000).enumerate() {
//!         scope.spawn(move || row.fill(channel as i32));
//!     }
//! });
//! run.finish()?;
//!
//! assert_eq!(Gnz::open(&path)?.view::<i32>("data")?[1999], 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;
use std::path::{Path, PathBuf};

use memmap2::MmapMut;

use crate::dtype::Dtype;
use crate::element::Element;
use crate::error::{Error, Result};
use crate::header::{ArrayInfo, print};
use crate::integrity::checksum;
use crate::json::print::text_of;
use crate::map;
use crate::publish::Beside;
use crate::reader::io_error;
use crate::writer::Plan;

/// A file with its final size, open for filling.
///
/// Dropped without [`finish`](Self::finish), it stays under its
/// [`partial_path`](Self::partial_path): half a recording is worth more than a
/// tidy folder. It is then a GNZ file whose unwritten samples are zero, and
/// with checksums it says that it is unfinished.
pub struct Streaming {
    beside: Beside,
    map: MmapMut,
    destination: PathBuf,
    plan: Plan,
    overwrite: bool,
}

impl Streaming {
    /// `beside` has its final length, header and whole arrays.
    pub(crate) fn new(
        mut beside: Beside,
        destination: PathBuf,
        plan: Plan,
        overwrite: bool,
    ) -> Result<Streaming> {
        let map =
            map::write(beside.file()).map_err(|source| io_error("map", beside.path(), source))?;
        beside.keep_on_drop();
        Ok(Streaming { beside, map, destination, plan, overwrite })
    }

    /// Where the file lies until it is finished.
    pub fn partial_path(&self) -> &Path {
        self.beside.path()
    }

    /// The elements of one array, in row-major order.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchArray`], and as [`ArrayMut::into_slice`].
    pub fn array_mut<T: Element>(&mut self, name: &str) -> Result<&mut [T]> {
        self.arrays_mut()
            .into_iter()
            .find(|array| array.name() == name)
            .ok_or_else(|| Error::NoSuchArray { array: name.to_owned() })?
            .into_slice()
    }

    /// All arrays at once, in the order of the file: each can go to a thread of
    /// its own.
    pub fn arrays_mut(&mut self) -> Vec<ArrayMut<'_>> {
        let mut rest: &mut [u8] = &mut self.map;
        let mut at = 0;
        let mut parts = Vec::with_capacity(self.plan.arrays.len());
        for info in &self.plan.arrays {
            // The layout put the arrays one after the other inside the map.
            let (_, from) = rest.split_at_mut((info.offset - at) as usize);
            let (bytes, after) = from.split_at_mut(info.byte_length);
            parts.push(ArrayMut { info, bytes });
            at = info.offset + info.byte_length as u64;
            rest = after;
        }
        parts
    }

    /// Brings what was written so far to the disk, so that it survives a power
    /// cut. Slow: waits for the disk.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn flush(&self) -> Result<()> {
        self.map.flush().map_err(|source| io_error("sync", self.beside.path(), source))
    }

    /// Completes the checksums, brings everything to the disk and gives the
    /// file its name.
    ///
    /// # Errors
    ///
    /// [`Error::NotPublished`]: the recording is whole, and the error says
    /// where it lies. [`Error::Io`] if the disk failed while it was written.
    pub fn finish(mut self) -> Result<()> {
        self.complete_checksums();
        self.flush()?;
        drop(self.map);
        self.beside.publish_or_keep(&self.destination, self.overwrite)
    }

    /// Removes the file.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn abandon(self) -> Result<()> {
        drop(self.map);
        self.beside.discard()
    }

    fn complete_checksums(&mut self) {
        let Some(mut sums) = self.plan.checksums.take() else {
            return;
        };
        for array in self.arrays_mut() {
            sums.set(array.name(), checksum(array.bytes));
        }
        sums.put(&mut self.plan.metadata);
        // A sum is as long as the mark in its place: nothing moves.
        self.plan.layout.text = print::print(&self.plan.arrays, &text_of(&self.plan.metadata));
        let header = self.plan.header();
        self.map[..header.len()].copy_from_slice(&header);
    }
}

impl fmt::Debug for Streaming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streaming")
            .field("destination", &self.destination)
            .field("partial_path", &self.beside.path())
            .field("arrays", &self.plan.arrays)
            .finish_non_exhaustive()
    }
}

/// One array of an open file, to be filled.
#[derive(Debug)]
pub struct ArrayMut<'a> {
    info: &'a ArrayInfo,
    bytes: &'a mut [u8],
}

impl<'a> ArrayMut<'a> {
    /// The array's name.
    pub fn name(&self) -> &'a str {
        &self.info.name
    }

    /// The type of its elements.
    pub fn dtype(&self) -> &'a Dtype {
        &self.info.dtype
    }

    /// Its lengths; empty for a scalar.
    pub fn shape(&self) -> &'a [usize] {
        &self.info.shape
    }

    /// Its bytes as they will be stored. For types without a Rust twin.
    pub fn into_bytes(self) -> &'a mut [u8] {
        self.bytes
    }

    /// Its elements; `chunks_mut` and `split_at_mut` give disjoint parts.
    ///
    /// # Errors
    ///
    /// [`Error::DtypeMismatch`], [`Error::ForeignByteOrder`].
    pub fn into_slice<T: Element>(self) -> Result<&'a mut [T]> {
        let array = || self.info.name.clone();
        if !T::matches(&self.info.dtype) {
            return Err(Error::DtypeMismatch {
                array: array(),
                expected: T::dtype().to_string(),
                found: self.info.dtype.to_string(),
            });
        }
        if !self.info.dtype.is_native() {
            return Err(Error::ForeignByteOrder {
                array: array(),
                dtype: self.info.dtype.to_string(),
            });
        }
        let (array, offset) = (array(), self.info.offset);
        bytemuck::try_cast_slice_mut(self.bytes).map_err(|_| Error::Misaligned {
            array,
            offset,
            alignment: align_of::<T>(),
        })
    }
}
