//! Where the bytes of one piece come from: a file, or memory.

use std::fs::{self, File, Metadata};
use std::io;
#[cfg(not(unix))]
use std::io::{Read, Seek, SeekFrom};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use memmap2::Mmap;

use crate::error::{Error, Result};
use crate::machine::map;

/// Shorter files are read.
const WORTH_MAPPING: u64 = 4 << 20;
/// Bytes of a map that the system finds together, when one of them is touched.
const NEIGHBOURHOOD: usize = 64 << 10;

/// Pieces of a run that stay open. Those of a longer run are opened when they are read, so that no
/// run takes all descriptors that a process may have.
const MOST_OPEN: usize = 64;

/// One piece of a run.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    held: Held,
    /// The whole file as it was when it was first asked for; `None` where it cannot be mapped.
    mapped: OnceLock<Option<Mmap>>,
}

#[derive(Debug)]
enum Held {
    File(File),
    /// A file that is opened whenever it is read, by its absolute path.
    Named(PathBuf, Identity),
    Bytes(Arc<[u8]>),
}

/// What tells a file from another one that has got its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    #[cfg(unix)]
    device: u64,
    #[cfg(unix)]
    inode: u64,
}

impl Identity {
    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self { device: metadata.dev(), inode: metadata.ino() }
    }

    #[cfg(not(unix))]
    fn of(_metadata: &Metadata) -> Self {
        Self {}
    }

    fn check(self, metadata: Metadata) -> io::Result<Metadata> {
        if Self::of(&metadata) == self {
            return Ok(metadata);
        }
        let message = "another file has its name now: open the run again";
        Err(io::Error::new(io::ErrorKind::NotFound, message))
    }
}

/// A file for as long as it is looked at.
enum Lent<'a> {
    Kept(&'a File),
    Opened(File),
}

impl Deref for Lent<'_> {
    type Target = File;

    fn deref(&self) -> &File {
        match self {
            Self::Kept(file) => file,
            Self::Opened(file) => file,
        }
    }
}

impl Store {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|source| Error::io("open", path, source))?;
        Ok(Self { path: path.to_owned(), held: Held::File(file), mapped: OnceLock::new() })
    }

    /// Opens the files of a run. Of a run of many pieces none stays open.
    pub(crate) fn open_all(paths: &[PathBuf]) -> Result<Vec<Self>> {
        let mut stores = Vec::with_capacity(paths.len());
        for path in paths {
            let mut store = Self::open(path)?;
            if paths.len() > MOST_OPEN {
                store.let_go()?;
            }
            stores.push(store);
        }
        Ok(stores)
    }

    /// Adds a piece to those of a run that grows. Of many none stays open.
    pub(crate) fn open_another(path: &Path, stores: &mut Vec<Self>) -> Result<()> {
        stores.push(Self::open(path)?);
        if stores.len() > MOST_OPEN {
            stores.iter_mut().try_for_each(Self::let_go)?;
        }
        Ok(())
    }

    /// Closes the file until it is read.
    fn let_go(&mut self) -> Result<()> {
        let Held::File(file) = &self.held else { return Ok(()) };
        let metadata = file.metadata().map_err(|source| self.no_length(source))?;
        let path = std::path::absolute(&self.path)
            .map_err(|source| Error::io("find", &self.path, source))?;
        self.held = Held::Named(path, Identity::of(&metadata));
        Ok(())
    }

    /// The file; `None` of what is in memory.
    fn file(&self) -> io::Result<Option<Lent<'_>>> {
        Ok(match &self.held {
            Held::File(file) => Some(Lent::Kept(file)),
            Held::Named(path, identity) => {
                let file = File::open(path)?;
                identity.check(file.metadata()?)?;
                Some(Lent::Opened(file))
            }
            Held::Bytes(_) => None,
        })
    }

    fn no_length(&self, source: io::Error) -> Error {
        Error::io("ask for the length of", &self.path, source)
    }

    pub(crate) fn from_bytes(name: PathBuf, bytes: Arc<[u8]>) -> Self {
        Self { path: name, held: Held::Bytes(bytes), mapped: OnceLock::new() }
    }

    /// From here on no part of the file is mapped.
    pub(crate) fn never_map(&mut self) {
        self.mapped = OnceLock::from(None);
    }

    /// Maps the file for somebody who looks at all of it, if the system has it in its cache. What is
    /// not there is read in less time than through a map, and a disk that fails then is an error
    /// and not a signal.
    /// Tells whether it is mapped now.
    pub(crate) fn map_if_cached(&self) -> Result<bool> {
        let length = self.len()?;
        if length >= WORTH_MAPPING && self.is_cached(length) {
            self.map();
        }
        Ok(matches!(self.mapped.get(), Some(Some(_))))
    }

    /// Whether the system has bytes from all over the file without reading them.
    #[cfg(target_os = "linux")]
    fn is_cached(&self, length: u64) -> bool {
        use std::io::IoSliceMut;

        use rustix::io::{ReadWriteFlags, preadv2};

        const PLACES: u64 = 64;
        let Ok(Some(file)) = self.file() else { return false };
        (0..PLACES).map(|place| (length - 1) / PLACES * place).all(|at| {
            let mut byte = [0];
            let read =
                preadv2(&*file, &mut [IoSliceMut::new(&mut byte)], at, ReadWriteFlags::NOWAIT);
            read == Ok(1)
        })
    }

    #[cfg(not(target_os = "linux"))]
    fn is_cached(&self, _length: u64) -> bool {
        false
    }

    /// Has the system find the pages of most of a map, while somebody else goes through it from the
    /// beginning: finding them takes longer than looking at the headers that are in them.
    pub(crate) fn touch_ahead(&self) {
        let Some(Some(map)) = self.mapped.get() else { return };
        // Both are done at about the same time.
        let ahead = map.len() / 8 * 3;
        for start in (ahead..map.len()).step_by(IN_PLACE) {
            // Asks for the length.
            let len = IN_PLACE.min(map.len() - start);
            let Ok(Some(part)) = self.view_of_mapped(start as u64, len) else { return };
            for byte in part.iter().step_by(NEIGHBOURHOOD) {
                std::hint::black_box(*byte);
            }
        }
    }

    fn map(&self) {
        self.mapped.get_or_init(|| {
            let file = self.file().ok()??;
            map::read(&file).ok()
        });
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Its length now.
    pub(crate) fn len(&self) -> Result<u64> {
        let metadata = match &self.held {
            Held::Bytes(bytes) => return Ok(bytes.len() as u64),
            Held::File(file) => file.metadata(),
            Held::Named(path, identity) => fs::metadata(path).and_then(|it| identity.check(it)),
        };
        metadata.map(|metadata| metadata.len()).map_err(|source| self.no_length(source))
    }

    /// When the file was changed last, in nanoseconds since 1970; 0 for memory.
    pub(crate) fn modified_ns(&self) -> Result<u64> {
        let file = self.file().map_err(|source| Error::io("open", &self.path, source))?;
        let Some(file) = file else { return Ok(0) };
        let time = file
            .metadata()
            .and_then(|metadata| metadata.modified())
            .map_err(|source| Error::io("ask for the time of", &self.path, source))?;
        let since = time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Ok(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    }

    /// Bytes where they are, without a copy; `None` where they have to be read. For large parts: the
    /// first touch of each page of a map costs about as much as a copy of it.
    pub(crate) fn view(&self, offset: u64, len: usize) -> Result<Option<&[u8]>> {
        self.map();
        self.view_of_mapped(offset, len)
    }

    /// Whether [`view`](Self::view) has the bytes, but for those that were appended since.
    pub(crate) fn is_in_place(&self) -> bool {
        self.map();
        matches!(self.held, Held::Bytes(_)) || matches!(self.mapped.get(), Some(Some(_)))
    }

    /// As [`view`](Self::view), of what is in memory or mapped already.
    fn view_of_mapped(&self, offset: u64, len: usize) -> Result<Option<&[u8]>> {
        let bytes: &[u8] = match (&self.held, self.mapped.get()) {
            (Held::Bytes(bytes), _) => bytes,
            (_, Some(Some(map))) => map,
            (_, _) => return Ok(None),
        };
        // A page of a map that lies behind the end of its file is a signal, not an error.
        let (end, length) = (offset.saturating_add(len as u64), self.len()?);
        if end > length {
            return Err(self.shrunk(end, length));
        }
        // What was appended since is not in the map.
        Ok(usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)?.get(..len)))
    }

    fn shrunk(&self, expected: u64, found: u64) -> Error {
        Error::Shrunk { path: self.path.clone(), expected, found }
    }

    /// Copies bytes out. Reading in blocks is as fast as mapping where bytes are needed once, does
    /// not count as memory of this process, and a file that somebody shortens is an error and not a
    /// signal.
    pub(crate) fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<()> {
        let read = match &self.held {
            Held::Bytes(bytes) => copy_at(bytes, offset, into),
            Held::File(file) => read_exact_at(file, offset, into),
            Held::Named(..) => match self.file() {
                Ok(Some(file)) => read_exact_at(&file, offset, into),
                Ok(None) => Ok(()),
                Err(error) => Err(error),
            },
        };
        read.map_err(|source| match (source.kind(), self.len()) {
            (io::ErrorKind::UnexpectedEof, Ok(found)) => {
                self.shrunk(offset.saturating_add(into.len() as u64), found)
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

/// A window that moves along the pieces of a run, so that many small looks cost few reads.
pub(crate) struct Lens<'a> {
    stores: &'a [Store],
    reach: usize,
    at: Option<(usize, u64)>,
    seen: Seen<'a>,
    /// The piece that was looked at last, and its length then.
    length: Option<(usize, u64)>,
}

enum Seen<'a> {
    Read(Vec<u8>),
    InPlace(&'a [u8]),
}

/// Bytes of a map that are looked at before the length of the file is asked for again.
const IN_PLACE: usize = 16 << 20;

impl<'a> Lens<'a> {
    /// A lens that reads `reach` bytes at a time, which is also the most that one look can ask for.
    pub(crate) fn new(stores: &'a [Store], reach: usize) -> Self {
        Self { stores, reach, at: None, seen: Seen::Read(Vec::new()), length: None }
    }

    /// Reads `reach` bytes at a time from now on.
    pub(crate) fn set_reach(&mut self, reach: usize) {
        self.reach = reach;
    }

    /// At least `len` bytes of a piece from `offset` on.
    pub(crate) fn look(&mut self, piece: usize, offset: u64, len: usize) -> Result<&[u8]> {
        let ahead = self
            .at
            .filter(|(held, from)| *held == piece && offset >= *from)
            .and_then(|(_, from)| usize::try_from(offset - from).ok());
        match ahead {
            Some(ahead) if self.seen().len().saturating_sub(ahead) >= len => {
                Ok(&self.seen()[ahead..])
            }
            _ => self.move_to(piece, offset, len),
        }
    }

    fn seen(&self) -> &[u8] {
        match &self.seen {
            Seen::Read(bytes) => bytes,
            Seen::InPlace(bytes) => bytes,
        }
    }

    fn move_to(&mut self, piece: usize, offset: u64, len: usize) -> Result<&[u8]> {
        let store = &self.stores[piece];
        let length = match self.length {
            Some((of, length)) if of == piece => length,
            _ => store.len()?,
        };
        self.length = Some((piece, length));
        let left = usize::try_from(length.saturating_sub(offset)).unwrap_or(usize::MAX);
        self.at = None;
        if let Some(bytes) = store.view_of_mapped(offset, left.min(IN_PLACE).max(len))? {
            self.seen = Seen::InPlace(bytes);
        } else {
            let mut bytes = match std::mem::replace(&mut self.seen, Seen::InPlace(&[])) {
                Seen::Read(bytes) => bytes,
                Seen::InPlace(_) => Vec::new(),
            };
            bytes.resize(left.min(self.reach).max(len), 0);
            store.read_at(offset, &mut bytes)?;
            self.seen = Seen::Read(bytes);
        }
        self.at = Some((piece, offset));
        Ok(self.seen())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(folder: &Path, count: usize) -> Vec<PathBuf> {
        let name = |number: usize| folder.join(format!("run.dat.{number}"));
        let write = |number| std::fs::write(name(number), [number as u8; 10]).unwrap();
        (1..=count).for_each(write);
        (1..=count).map(name).collect()
    }

    fn open(stores: &[Store]) -> usize {
        stores.iter().filter(|store| matches!(store.held, Held::File(_))).count()
    }

    #[test]
    fn of_many_pieces_none_stays_open_and_each_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let paths = files(folder.path(), MOST_OPEN + 1);
        assert_eq!(open(&Store::open_all(&paths[1..]).unwrap()), MOST_OPEN);
        let mut grown = Vec::new();
        for path in &paths {
            Store::open_another(path, &mut grown).unwrap();
        }
        for stores in [Store::open_all(&paths).unwrap(), grown] {
            assert_eq!(open(&stores), 0);
            for (number, store) in (1..).zip(&stores) {
                let mut bytes = [0; 4];
                store.read_at(6, &mut bytes).unwrap();
                assert_eq!((bytes, store.len().unwrap()), ([number; 4], 10));
                let behind = store.read_at(8, &mut bytes);
                assert!(matches!(behind, Err(Error::Shrunk { expected: 12, found: 10, .. })));
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn another_file_of_the_name_is_not_taken_for_the_piece() {
        let folder = tempfile::tempdir().unwrap();
        let stores = Store::open_all(&files(folder.path(), MOST_OPEN + 1)).unwrap();
        let (new, old) = (folder.path().join("new"), stores[3].path());
        std::fs::write(&new, [0; 10]).unwrap();
        std::fs::rename(new, old).unwrap();
        assert!(stores[3].read_at(0, &mut [0]).is_err() && stores[3].len().is_err());
        assert_eq!(stores[4].len().unwrap(), 10);
    }
}
