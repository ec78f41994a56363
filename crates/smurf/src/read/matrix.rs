//! A fresh channel-major matrix, and why it is not a `Vec`.
//!
//! Fresh memory costs more in page faults than in bytes: where pages of 4 KiB are handed out one
//! by one, filling them takes longer than reading the file. Large results are therefore their own
//! anonymous maps, for which the system is asked for huge pages. Even those have to be cleared by
//! the system, which takes a third of a read: the memory of a matrix that is dropped is kept for
//! the next one. What is large is kept only where the system can take it back when it is short of
//! memory, as it can pages of files that it has cached; and nothing is kept for long.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};
use std::{process, thread};

use bytemuck::Pod;
use memmap2::MmapMut;

use crate::error::{Error, Result};
use crate::machine::map;

/// Bytes of a huge page, where there are such.
pub(crate) const HUGE_PAGE: usize = 2 << 20;
/// From this many bytes on, huge pages are asked for.
const LARGE: usize = 2 * HUGE_PAGE;

/// Values of type `T`, `rows × columns`, the column index running fastest.
pub struct Matrix<T> {
    held: Held<T>,
    rows: usize,
    columns: usize,
}

enum Held<T> {
    Small(Vec<T>),
    Large { map: Mapped, len: usize },
}

/// Memory of one large matrix at most, until the next one needs it.
static KEPT: Mutex<Kept> = Mutex::new(Kept { map: None, watched_by: None });
/// How long it is kept. Who reads again reads sooner.
const KEPT_FOR: Duration = Duration::from_secs(3);

struct Kept {
    /// The memory, and since when nobody uses it.
    map: Option<(MmapMut, Instant)>,
    /// The process whose thread gives it back in time: a fork has no such thread.
    watched_by: Option<u32>,
}

impl Kept {
    /// Sees to it that what is kept goes back to the system in time.
    fn watch(&mut self) {
        if self.watched_by == Some(process::id()) {
            return;
        }
        let watch = thread::Builder::new().name("wavekeep-memory".to_owned());
        // Where there can be no such thread, nothing is kept.
        match watch.spawn(give_back_in_time) {
            Ok(_) => self.watched_by = Some(process::id()),
            Err(_) => self.map = None,
        }
    }
}

/// Waits until nothing is kept any more, and sees to that.
fn give_back_in_time() {
    let mut wait = KEPT_FOR;
    loop {
        thread::sleep(wait);
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        let age = kept.map.as_ref().map(|(_, since)| since.elapsed());
        match age {
            Some(age) if age < KEPT_FOR => wait = KEPT_FOR - age,
            _ => {
                kept.watched_by = None;
                let given_back = kept.map.take();
                drop(kept);
                drop(given_back);
                return;
            }
        }
    }
}

/// Gives memory that is kept for the next read back to the system at once; tells how many bytes.
/// Without that it goes back by itself some seconds after the last read.
pub fn release_memory() -> usize {
    let released = kept().and_then(|mut kept| kept.map.take());
    released.map_or(0, |(map, _)| map.len())
}
/// Bytes of it at most that the system cannot take back.
const MOST_KEPT: usize = 64 << 20;

/// A map that is kept when it is dropped: `None` only while that happens.
struct Mapped(Option<MmapMut>);

impl Mapped {
    /// At least `bytes` bytes, of any values.
    fn new(bytes: usize) -> std::io::Result<Self> {
        // The end too is a huge page: as hundreds of small ones it would take as long as ten.
        let bytes = bytes.next_multiple_of(HUGE_PAGE);
        let kept = kept().and_then(|mut kept| kept.map.take()).map(|(map, _)| map);
        // What does not fit goes back to the system before more is asked for. What is larger by
        // more would count to the memory that a read takes beside its result.
        if let Some(mut map) = kept
            && (bytes..=bytes + bytes / 4).contains(&map.len())
            && map::use_again(&mut map)
        {
            return Ok(Self(Some(map)));
        }
        let map = MmapMut::map_anon(bytes)?;
        #[cfg(target_os = "linux")]
        // Only a wish: a system without huge pages serves small ones.
        let _ = map.advise(memmap2::Advice::HugePage);
        Ok(Self(Some(map)))
    }
}

/// Nobody waits for it: in a process that was forked while another thread had it, it is never free.
fn kept() -> Option<MutexGuard<'static, Kept>> {
    match KEPT.try_lock() {
        Ok(kept) => Some(kept),
        Err(TryLockError::Poisoned(kept)) => Some(kept.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

impl Deref for Mapped {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }
}

impl DerefMut for Mapped {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.0.as_deref_mut().unwrap_or_default()
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        let Some(mut map) = self.0.take() else { return };
        if map::give_back_when_needed(&mut map) || map.len() <= MOST_KEPT {
            // What was kept before is dropped when somebody else can have this one.
            let before = kept().map(|mut kept| {
                let before = kept.map.replace((map, Instant::now()));
                kept.watch();
                before
            });
            drop(before);
        }
    }
}

impl<T: Pod> Matrix<T> {
    /// A matrix of any values, which may even change until they are written: whoever makes one fills
    /// all of it.
    pub(crate) fn unfilled(rows: usize, columns: usize) -> Result<Self> {
        let bytes = rows as u128 * columns as u128 * size_of::<T>() as u128;
        let too_large = || Error::OutOfMemory { bytes };
        let wanted = isize::try_from(bytes).map_err(|_| too_large())?.unsigned_abs();
        let len = rows * columns;
        let held = if wanted < LARGE {
            let zeros = bytemuck::allocation::try_zeroed_vec(len).map_err(|()| too_large())?;
            Held::Small(zeros)
        } else {
            Held::Large { map: Mapped::new(wanted).map_err(|_| too_large())?, len }
        };
        Ok(Self { held, rows, columns })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// One row.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn row(&self, row: usize) -> &[T] {
        assert!(row < self.rows, "row {row} of {}", self.rows);
        &self[row * self.columns..][..self.columns]
    }

    /// The rows, in order; also those of a matrix without columns.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[T]> {
        (0..self.rows).map(|row| self.row(row))
    }

    /// The values as a vector. Copies a large matrix.
    pub fn into_vec(self) -> Vec<T> {
        match self.held {
            Held::Small(values) => values,
            Held::Large { .. } => self.to_vec(),
        }
    }
}

impl<T: Pod> Deref for Matrix<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.held {
            Held::Small(values) => values,
            // A map begins at a page, which suits every type.
            Held::Large { map, len } => {
                &bytemuck::cast_slice(&map[..*len * size_of::<T>()])[..*len]
            }
        }
    }
}

impl<T: Pod> DerefMut for Matrix<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match &mut self.held {
            Held::Small(values) => values,
            Held::Large { map, len } => {
                &mut bytemuck::cast_slice_mut(&mut map[..*len * size_of::<T>()])[..*len]
            }
        }
    }
}

impl<T> fmt::Debug for Matrix<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Matrix({} × {})", self.rows, self.columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_a_large_matrix_serves_the_next_one_and_no_other_meanwhile() {
        let columns = LARGE;
        let mut first = Matrix::<i32>::unfilled(1, columns).unwrap();
        first.fill(7);
        let second = Matrix::<i32>::unfilled(1, columns).unwrap();
        assert_ne!(first.as_ptr(), second.as_ptr());
        drop(first);
        // Another size is fresh, and what was kept for it is gone.
        let larger = Matrix::<i32>::unfilled(3, columns).unwrap();
        assert!(larger.iter().all(|row| row.iter().all(|value| *value == 0)));
        assert!(kept().unwrap().map.is_none());
        drop((second, larger));
        assert!(kept().unwrap().map.as_ref().is_some_and(|(map, _)| map.len() <= MOST_KEPT));
        assert!(release_memory() > 0);
        assert!(kept().unwrap().map.is_none());
    }
}
