//! A fresh channel-major matrix, and why it is not a `Vec`.
//!
//! Fresh memory costs more in page faults than in bytes: where pages of 4 KiB are handed out one
//! by one, filling them takes longer than reading the file. Large results are therefore their own
//! anonymous maps, for which the system is asked for huge pages.

use std::fmt;
use std::ops::{Deref, DerefMut};

use bytemuck::Pod;
use memmap2::MmapMut;

use crate::error::{Error, Result};

/// From this many bytes on, huge pages are asked for: twice the size of one.
const LARGE: usize = 4 << 20;

/// Values of type `T`, `rows × columns`, the column index running fastest.
pub struct Matrix<T> {
    held: Held<T>,
    rows: usize,
    columns: usize,
}

enum Held<T> {
    Small(Vec<T>),
    Large { map: MmapMut, len: usize },
}

impl<T: Pod> Matrix<T> {
    /// A matrix of zeros.
    pub(crate) fn zeros(rows: usize, columns: usize) -> Result<Self> {
        let bytes = rows as u128 * columns as u128 * size_of::<T>() as u128;
        let too_large = || Error::OutOfMemory { bytes };
        let wanted = isize::try_from(bytes).map_err(|_| too_large())?.unsigned_abs();
        let len = rows * columns;
        let held = if wanted < LARGE {
            let zeros = bytemuck::allocation::try_zeroed_vec(len).map_err(|()| too_large())?;
            Held::Small(zeros)
        } else {
            let map = MmapMut::map_anon(wanted).map_err(|_| too_large())?;
            #[cfg(target_os = "linux")]
            // Only a wish: a system without huge pages serves small ones.
            let _ = map.advise(memmap2::Advice::HugePage);
            Held::Large { map, len }
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
