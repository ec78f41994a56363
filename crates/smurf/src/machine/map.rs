//! Memory maps, of the files of a run and of results: one of the places with `unsafe`.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;

use memmap2::{Mmap, MmapMut};
#[cfg(target_os = "linux")]
use rustix::mm::Advice;

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

/// Lets the system take the memory of a map back, page by page, when it is short of memory; until
/// then whoever writes to the map again finds it there. A fork of the process does not have it: it
/// would share the pages, and whoever writes to one first would have to copy it. The values are
/// lost: each is what it was, or zero.
///
/// Tells whether the system understood.
pub(crate) fn give_back_when_needed(map: &mut MmapMut) -> bool {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: until a page is written again its values can become zero at any time. The map is
        // borrowed for change, so nobody looks at it now; whoever gets it next writes all that is
        // read of it (`Matrix::unfilled`), and numbers have no wrong patterns.
        unsafe { advise(map, Advice::LinuxWipeOnFork) && advise(map, Advice::LinuxFree) }
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = map;
        false
    }
}

/// Takes a map into use again: a fork of the process has its values.
///
/// Tells whether that is so.
pub(crate) fn use_again(map: &mut MmapMut) -> bool {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: no value changes.
        unsafe { advise(map, Advice::LinuxKeepOnFork) }
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = map;
        true
    }
}

/// # Safety
/// As of the advice that is given.
#[cfg(target_os = "linux")]
unsafe fn advise(map: &mut MmapMut, advice: Advice) -> bool {
    // SAFETY: the map is all of these bytes; for the rest the caller stands.
    unsafe { rustix::mm::madvise(map.as_mut_ptr().cast(), map.len(), advice) }.is_ok()
}
