//! A run that is still being written.

use std::mem;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::files::pieces::{Pieces, following};
use crate::files::store::Store;
use crate::index::Index;
use crate::index::scan::Scan;
use crate::run::Run;
use crate::wire::record::Fault;

/// Reads a run while it grows, whole records only, from piece to piece.
///
/// ```
/// use wavekeep_smurf::{Follower, Selection};
///
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/trunc_payload.dat");
/// let mut follower = Follower::open(path)?;
/// let new = follower.poll()?; // 0..19: the twentieth is not whole yet
/// assert_eq!(new, 0..19);
/// let reading = follower.run().read::<i32>(&Selection::all().frames(new))?;
/// assert_eq!(reading.frames(), 19);
/// assert_eq!(follower.poll()?, 19..19);
/// # Ok::<(), wavekeep_smurf::Error>(())
/// ```
#[derive(Debug)]
pub struct Follower {
    run: Run,
    scan: Scan,
    last_piece: PathBuf,
    pending: Option<Fault>,
    /// Frames that were given out.
    seen: u64,
}

impl Follower {
    /// Begins to follow a run, by the name of any of its pieces or the one that they have in
    /// common. Nothing is read before the first [`poll`](Self::poll).
    ///
    /// # Errors
    /// [`Error::NoSuchRun`](crate::Error::NoSuchRun), [`Error::Io`](crate::Error::Io).
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let pieces = Pieces::of(path.as_ref())?;
        let waiting = pieces.paths.clone();
        let run = Run::assemble(pieces, Vec::new(), Index::default());
        let mut follower =
            Self { run, scan: Scan::default(), last_piece: PathBuf::new(), pending: None, seen: 0 };
        let last = waiting.len().saturating_sub(1);
        for (number, path) in waiting.into_iter().enumerate() {
            follower.begin(path)?;
            if number < last {
                follower.catch_up(true)?;
            }
        }
        Ok(follower)
    }

    /// Takes up what was written since the last time and gives the numbers of the new frames; none
    /// is an empty range. To be called again and again, as often as one likes to look.
    ///
    /// # Errors
    /// [`Error::Shrunk`](crate::Error::Shrunk) when the file was begun anew,
    /// [`Error::Io`](crate::Error::Io).
    pub fn poll(&mut self) -> Result<Range<u64>> {
        let before = self.seen;
        loop {
            // Looked for first: a piece is complete before the next one is made, so that what was
            // made by now says that nothing more comes to this one.
            let next = following(&self.last_piece).filter(|path| path.is_file());
            self.catch_up(next.is_some())?;
            match next {
                Some(path) => self.begin(path)?,
                None => break,
            }
        }
        self.seen = self.run.index.frames();
        Ok(before..self.seen)
    }

    /// The run as far as it was taken up.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// The run as far as it was taken up, to be kept while this goes on: its files are opened again,
    /// and nothing of them is read for it.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io).
    pub fn snapshot(&self) -> Result<Run> {
        let paths = self.run.stores.iter().map(|store| store.path().to_owned()).collect();
        let pieces =
            Pieces { bare: self.run.bare.clone(), paths, missing: self.run.missing.clone() };
        let stores = Store::open_all(&pieces.paths)?;
        Ok(Run::assemble(pieces, stores, self.run.index.clone()))
    }

    /// What stands behind the last whole record: a record that is not whole yet, or damage that
    /// nothing will be read behind.
    pub fn pending(&self) -> Option<Fault> {
        self.pending
    }

    fn begin(&mut self, path: PathBuf) -> Result<()> {
        Store::open_another(&path, &mut self.run.stores)?;
        self.last_piece = path;
        self.with_index(|scan, _| {
            scan.begin_piece();
            Ok(())
        })
    }

    fn catch_up(&mut self, complete: bool) -> Result<()> {
        self.pending = None;
        let pending = self.with_index(|scan, stores| {
            let pending = scan.advance(stores)?;
            match pending {
                Some(fault) if complete => {
                    scan.damage(fault);
                    Ok(None)
                }
                pending => Ok(pending),
            }
        })?;
        self.pending = pending;
        Ok(())
    }

    /// Lends the run's index to the scan.
    fn with_index<R>(&mut self, work: impl FnOnce(&mut Scan, &[Store]) -> Result<R>) -> Result<R> {
        self.run.counting.take();
        mem::swap(&mut self.scan.index, &mut self.run.index);
        let done = work(&mut self.scan, &self.run.stores);
        mem::swap(&mut self.scan.index, &mut self.run.index);
        done
    }
}
