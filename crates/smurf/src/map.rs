//! Memory maps of the files of a run: one of the places with `unsafe`.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;

use memmap2::Mmap;

/// Maps a whole file for reading.
pub(crate) fn read(file: &File) -> io::Result<Mmap> {
    // SAFETY: `Mmap::map` asks that nobody changes the file while it is mapped, which no program
    // can promise for a file system. What a change does here is bounded:
    // - Other bytes: the map is only ever read as integers, which have no wrong patterns. Headers,
    //   from which lengths are taken, are copied out before anything is made of them.
    // - Fewer bytes: the length is asked for before each part that is read, and less is an error.
    //   Who cuts the file within the microseconds of one part ends the process with SIGBUS.
    //   docs/formats/smurf.md states this, and `OpenOptions::unmapped` is the way around it.
    unsafe { Mmap::map(file) }
}
