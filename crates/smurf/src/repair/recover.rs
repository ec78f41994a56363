//! Saving the whole frames of a damaged run into a clean file.

use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;

use derive_setters::Setters;
use tempfile::NamedTempFile;

use crate::error::{Error, Result};
use crate::files::pieces::Pieces;
use crate::files::store::{Lens, Store};
use crate::files::temporary::{folder_of, give_name, new_beside};
use crate::index::Index;
use crate::index::scan::Scan;
use crate::repair::salvage::{Lost, Saved, salvage};

/// Bytes that are copied at a time.
const CHUNK: u64 = 4 << 20;

/// How a run is recovered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct RecoverOptions {
    /// Replace a file that has the name of the destination.
    pub overwrite: bool,
    /// Take the named file alone, even if it is one piece of many.
    pub one_piece: bool,
    /// Also take whole frames behind damage that are older than the first frame of the run.
    pub keep_stale: bool,
}

/// What a recovery did.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Recovery {
    /// What the new file holds.
    pub index: Index,
    /// Bytes of the source.
    pub source_bytes: u64,
    /// What could not be saved, in order.
    pub lost: Vec<Lost>,
}

impl Recovery {
    /// Bytes that could not be saved.
    pub fn lost_bytes(&self) -> u64 {
        self.lost.iter().map(|lost| lost.bytes.end - lost.bytes.start).sum()
    }
}

/// Saves every whole record of a run, all pieces together, into the new file `destination`.
///
/// Records are copied as they are, whatever their channel. Behind damage the next place is
/// searched where records begin again. Frames that contradict themselves are left out. The result
/// is synced and read again, compared with the source, before it gets its name.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let (cut, clean) = (folder.path().join("cut.dat"), folder.path().join("clean.dat"));
/// # let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/basic.dat");
/// let mut bytes = std::fs::read(data)?;
/// bytes[1220] ^= 0x40; // the size of the fourth frame
/// std::fs::write(&cut, bytes)?;
///
/// let recovery = wavekeep_smurf::recover(&cut, &clean, Default::default())?;
/// assert_eq!((recovery.index.frames(), recovery.lost_bytes()), (19, 392));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::NoSuchRun`], [`Error::Exists`], [`Error::Io`], [`Error::NotReadBack`]. A run in which
/// nothing is whole gives an empty file.
pub fn recover(
    source: impl AsRef<Path>,
    destination: impl AsRef<Path>,
    options: RecoverOptions,
) -> Result<Recovery> {
    let (source, destination) = (source.as_ref(), destination.as_ref());
    // A link that leads nowhere is also a name that is taken.
    if !options.overwrite && destination.symlink_metadata().is_ok() {
        return Err(Error::Exists { path: destination.to_owned() });
    }
    let pieces = if options.one_piece { Pieces::one(source) } else { Pieces::of(source)? };
    let stores = Store::open_all(&pieces.paths)?;
    let mut first_timestamp = None;
    let mut saved = Vec::new();
    for piece in 0..stores.len() {
        // Zero: no frame is older than that.
        let mut all = Some(0);
        let from = if options.keep_stale { &mut all } else { &mut first_timestamp };
        saved.push(salvage(&stores, piece, from)?);
    }

    let folder = folder_of(destination);
    let mut file =
        new_beside(destination).map_err(|source| Error::io("create a file in", folder, source))?;
    copy(&stores, &saved, file.as_file_mut()).map_err(|failed| match failed {
        Failed::Source(error) => error,
        Failed::Destination(source) => Error::io("write", destination, source),
    })?;
    file.as_file().sync_all().map_err(|source| Error::io("sync", destination, source))?;
    let index = read_back(&stores, &saved, file.path(), destination)?;
    publish(file, destination, options.overwrite)?;
    // Windows does not open folders, and has no sync of one.
    if cfg!(unix) {
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|source| Error::io("sync", folder, source))?;
    }

    let mut source_bytes = 0;
    for store in &stores {
        source_bytes += store.len()?;
    }
    Ok(Recovery {
        index,
        source_bytes,
        lost: saved.into_iter().flat_map(|piece| piece.lost).collect(),
    })
}

enum Failed {
    Source(Error),
    Destination(io::Error),
}

/// The saved bytes of all pieces, a chunk at a time: piece and range.
fn chunks(saved: &[Saved]) -> impl Iterator<Item = (usize, Range<u64>)> + '_ {
    saved.iter().enumerate().flat_map(|(piece, saved)| {
        saved.ranges.iter().flat_map(move |range| {
            let starts = (range.start..range.end).step_by(CHUNK as usize);
            starts.map(move |start| (piece, start..range.end.min(start + CHUNK)))
        })
    })
}

fn copy(stores: &[Store], saved: &[Saved], file: &mut File) -> Result<(), Failed> {
    let mut lens = Lens::new(stores, CHUNK as usize);
    let mut out = io::BufWriter::with_capacity(1 << 16, file);
    for (piece, range) in chunks(saved) {
        let length = (range.end - range.start) as usize;
        let bytes = lens.look(piece, range.start, length).map_err(Failed::Source)?;
        out.write_all(&bytes[..length]).map_err(Failed::Destination)?;
    }
    out.flush().map_err(Failed::Destination)
}

/// Reads what was written: the same bytes, and no damage among them.
fn read_back(stores: &[Store], saved: &[Saved], written: &Path, name: &Path) -> Result<Index> {
    let differs = |what: String| Error::NotReadBack { path: name.to_owned(), what };
    let written = [Store::open(written)?];
    let mut here = Lens::new(&written, CHUNK as usize);
    let mut there = Lens::new(stores, CHUNK as usize);
    let mut at = 0;
    for (piece, range) in chunks(saved) {
        let length = (range.end - range.start) as usize;
        let same = here.look(0, at, length)?[..length]
            == there.look(piece, range.start, length)?[..length];
        if !same {
            return Err(differs(format!("expected the bytes of the source from byte {at} on")));
        }
        at += length as u64;
    }
    let index = Scan::whole(&written, None)?;
    match index.damage().first() {
        None => Ok(index),
        Some(damage) => Err(differs(format!("{} at byte {}", damage.fault, damage.place.offset))),
    }
}

fn publish(file: NamedTempFile, destination: &Path, overwrite: bool) -> Result<()> {
    give_name(file, destination, overwrite).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Error::Exists { path: destination.to_owned() },
        _ => Error::io("rename to", destination, error),
    })
}
