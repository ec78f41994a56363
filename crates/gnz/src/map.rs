//! Memory maps: the only place in the crate with `unsafe`.
//!
//! Everything else works on `&[u8]` and is arranged to run under Miri (`make miri`) through
//! [`Gnz::from_bytes`](crate::Gnz::from_bytes) and
//! [`Writer::to_vec`](crate::Writer::to_vec); only this module and the parts of
//! `reader` and `streaming` that call it need a real file.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::ops::Deref;

use memmap2::{Mmap, MmapMut};

/// A file of any format, mapped for reading: only the pages that are touched take memory. What a
/// change of the file does meanwhile is as for a GNZ file: see the section on memory maps in
/// `docs/formats/gnz.md`.
#[derive(Debug)]
pub struct FileMap(Mmap);

impl FileMap {
    /// Maps a whole file.
    ///
    /// # Errors
    /// What the system says.
    pub fn of(file: &File) -> io::Result<Self> {
        read(file).map(Self)
    }
}

impl Deref for FileMap {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// Maps a whole file for reading.
pub(crate) fn read(file: &File) -> io::Result<Mmap> {
    // SAFETY: `Mmap::map` asks that the file is not changed by others while it
    // is mapped, which no program can promise for a file system. What a change
    // does here is bounded:
    // - Other bytes: views are only handed out as types that every bit pattern
    //   is valid for (`Element: Pod`), and the header is not read through the
    //   map. Values may differ between two reads, nothing more.
    // - Fewer bytes: access beyond the new end ends the process with SIGBUS. It
    //   cannot read foreign memory. docs/formats/gnz.md states this, and
    //   `open_copy` is the way around it.
    unsafe { Mmap::map(file) }
}

/// Maps a whole file for reading and writing.
pub(crate) fn write(file: &File) -> io::Result<MmapMut> {
    // SAFETY: as for `read`; and the file is one that this process made a
    // moment ago under a random name, has open alone and has given its final
    // length with its blocks reserved. The map is owned by one `Streaming` and
    // borrowed through it, so that Rust's rules keep its parts apart.
    unsafe { MmapMut::map_mut(file) }
}
