//! Where the bytes of one piece come from: a file, or memory.

use std::fs::File;
use std::io;
#[cfg(not(unix))]
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, Result};

/// One piece of a run.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    held: Held,
}

#[derive(Debug)]
enum Held {
    File(File),
    Bytes(Arc<[u8]>),
}

impl Store {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|source| Error::io("open", path, source))?;
        Ok(Self { path: path.to_owned(), held: Held::File(file) })
    }

    pub(crate) fn from_bytes(name: PathBuf, bytes: Arc<[u8]>) -> Self {
        Self { path: name, held: Held::Bytes(bytes) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Its length now.
    pub(crate) fn len(&self) -> Result<u64> {
        match &self.held {
            Held::File(file) => file
                .metadata()
                .map(|metadata| metadata.len())
                .map_err(|source| Error::io("ask for the length of", &self.path, source)),
            Held::Bytes(bytes) => Ok(bytes.len() as u64),
        }
    }

    /// When the file was changed last, in nanoseconds since 1970; 0 for memory.
    pub(crate) fn modified_ns(&self) -> Result<u64> {
        let Held::File(file) = &self.held else { return Ok(0) };
        let time = file
            .metadata()
            .and_then(|metadata| metadata.modified())
            .map_err(|source| Error::io("ask for the time of", &self.path, source))?;
        let since = time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Ok(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    }

    /// Copies bytes out. Files are read and not mapped: a cached file is copied in blocks faster
    /// than its pages can be mapped, what is read does not count as memory of this process, and a
    /// file that somebody shortens is an error and not a signal.
    pub(crate) fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<()> {
        let read = match &self.held {
            Held::File(file) => read_exact_at(file, offset, into),
            Held::Bytes(bytes) => copy_at(bytes, offset, into),
        };
        read.map_err(|source| match (source.kind(), self.len()) {
            (io::ErrorKind::UnexpectedEof, Ok(found)) => {
                let expected = offset.saturating_add(into.len() as u64);
                Error::Shrunk { path: self.path.clone(), expected, found }
            }
            _ => Error::io("read", &self.path, source),
        })
    }
}

fn copy_at(bytes: &[u8], offset: u64, into: &mut [u8]) -> io::Result<()> {
    let part = usize::try_from(offset)
        .ok()
        .and_then(|offset| bytes.get(offset..)?.get(..into.len()))
        .ok_or(io::ErrorKind::UnexpectedEof)?;
    into.copy_from_slice(part);
    Ok(())
}

#[cfg(unix)]
fn read_exact_at(file: &File, offset: u64, into: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, offset)
}

#[cfg(not(unix))]
fn read_exact_at(file: &File, offset: u64, into: &mut [u8]) -> io::Result<()> {
    let mut file = file.try_clone()?;
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(into)
}

/// A buffer that moves along the pieces of a run, so that many small looks cost few reads.
pub(crate) struct Lens<'a> {
    stores: &'a [Store],
    reach: usize,
    at: Option<(usize, u64)>,
    bytes: Vec<u8>,
    /// The piece that was looked at last, and its length then.
    length: Option<(usize, u64)>,
}

impl<'a> Lens<'a> {
    /// A lens that reads `reach` bytes at a time, which is also the most that one look can ask for.
    pub(crate) fn new(stores: &'a [Store], reach: usize) -> Self {
        Self { stores, reach, at: None, bytes: Vec::new(), length: None }
    }

    /// Reads `reach` bytes at a time from now on.
    pub(crate) fn set_reach(&mut self, reach: usize) {
        self.reach = reach;
    }

    /// At least `len` bytes of a piece from `offset` on.
    pub(crate) fn look(&mut self, piece: usize, offset: u64, len: usize) -> Result<&[u8]> {
        if let Some((held, from)) = self.at
            && held == piece
            && offset >= from
            && offset - from <= self.bytes.len() as u64
            && self.bytes.len() - (offset - from) as usize >= len
        {
            return Ok(&self.bytes[(offset - from) as usize..]);
        }
        let store = &self.stores[piece];
        let length = match self.length {
            Some((of, length)) if of == piece => length,
            _ => store.len()?,
        };
        self.length = Some((piece, length));
        let left = usize::try_from(length.saturating_sub(offset)).unwrap_or(usize::MAX);
        self.at = None;
        self.bytes.resize(left.min(self.reach).max(len), 0);
        store.read_at(offset, &mut self.bytes)?;
        self.at = Some((piece, offset));
        Ok(&self.bytes)
    }
}
