//! Saving what is whole from a file that is not.
//!
//! The header must be readable: without it nothing says what the bytes are.
//! Beyond that every array is judged on its own, where opening refuses the file
//! as a whole.

use std::collections::BTreeMap;
use std::path::Path;

use crate::array::Array;
use crate::error::{Error, Result};
use crate::header::check::{fits, note_misaligned, overlaps, sort};
use crate::header::parse::{Faults, parse, text};
use crate::header::{ArrayInfo, Note, PREFIX};
use crate::integrity::{ArrayCheck, Checksums};
use crate::json::Object;
use crate::limits::Limits;
use crate::reader::{FileBytes, Gnz};
use crate::writer::Writer;

/// What can be saved from a damaged file, and what cannot.
#[derive(Debug)]
pub struct Salvage<'a> {
    bytes: &'a [u8],
    saved: Vec<ArrayInfo>,
    lost: Vec<Lost>,
    metadata: Object,
    checksums: Option<Checksums>,
    notes: Vec<Note>,
}

/// An array that cannot be saved.
#[derive(Debug)]
#[non_exhaustive]
pub struct Lost {
    /// Its name.
    pub array: String,
    /// Which rule it breaks.
    pub reason: Error,
}

/// What a recovery did.
#[derive(Debug)]
#[non_exhaustive]
pub struct Recovery {
    /// Names of the arrays in the new file.
    pub saved: Vec<String>,
    /// Those that are not in it.
    pub lost: Vec<Lost>,
    /// What was not as the format says but could be read.
    pub notes: Vec<Note>,
}

impl<'a> Salvage<'a> {
    /// Judges every array of a file on its own.
    ///
    /// An array is whole if its bytes are all there, no other array claims
    /// them, and its checksum agrees, if there is one. What a never-finished
    /// recording left is saved as it is.
    ///
    /// # Errors
    ///
    /// The rules that leave no header to go by: everything up to and including
    /// the version.
    pub fn of(bytes: &'a [u8], limits: &Limits) -> Result<Salvage<'a>> {
        let (container, text) = text(bytes, bytes.len() as u64, limits)?;
        let parsed = parse(text, container, limits, Faults::Collect)?;
        let text_end = PREFIX + text.len() as u64;
        let mut metadata = parsed.metadata;
        let mut notes = parsed.notes;
        let checksums = Checksums::take(&mut metadata).unwrap_or_else(|reason| {
            notes.push(Note::ForeignChecksums { reason });
            None
        });
        let mut salvage =
            Salvage { bytes, saved: Vec::new(), lost: Vec::new(), metadata, checksums, notes };
        for (array, reason) in parsed.faults {
            salvage.lost.push(Lost { array, reason });
        }
        salvage.judge(parsed.arrays, text_end);
        Ok(salvage)
    }

    fn judge(&mut self, mut arrays: Vec<ArrayInfo>, text_end: u64) {
        sort(&mut arrays);
        // Of two arrays in one place at most one is what it was: none is trusted.
        let mut contested: BTreeMap<String, Error> = BTreeMap::new();
        for overlap in overlaps(&arrays) {
            let earlier = overlap.earlier.name.clone();
            let later = overlap.later.name.clone();
            let (offset, earlier_end) = (overlap.later.offset, overlap.earlier.end());
            let reason = || Error::ArraysOverlap {
                array: later.clone(),
                offset,
                earlier: earlier.clone(),
                earlier_end,
            };
            contested.insert(earlier.clone(), reason());
            contested.insert(later.clone(), reason());
        }

        for info in arrays {
            let fault = fits(&info, text_end, self.bytes.len() as u64)
                .err()
                .or_else(|| contested.remove(&info.name))
                .or_else(|| {
                    let bytes = self.bytes_of(&info);
                    match ArrayCheck::of(self.checksums.as_ref(), &info.name, bytes) {
                        ArrayCheck::Unfinished => None,
                        check => check.ok(&info.name, info.offset).err(),
                    }
                });
            match fault {
                None => {
                    note_misaligned(&info, &mut self.notes);
                    self.saved.push(info);
                }
                Some(reason) => self.lost.push(Lost { array: info.name, reason }),
            }
        }
    }

    /// The arrays that are whole.
    pub fn saved(&self) -> impl ExactSizeIterator<Item = Array<'_>> {
        self.saved.iter().map(|info| Array::new(info, self.bytes_of(info)))
    }

    /// The arrays that are not.
    pub fn lost(&self) -> &[Lost] {
        &self.lost
    }

    /// The metadata, which is whole if the header is.
    pub fn metadata(&self) -> &Object {
        &self.metadata
    }

    /// A writer with everything that is whole, set to write checksums if the
    /// source had some.
    ///
    /// # Errors
    ///
    /// Those of [`Writer::add_bytes`]; none for a salvage that was made here.
    pub fn writer(&self) -> Result<Writer<'_>> {
        let mut writer = Writer::new();
        writer.metadata(self.metadata.clone());
        writer.checksums(self.checksums.is_some());
        for info in &self.saved {
            writer.add_bytes(
                info.name.clone(),
                info.dtype.clone(),
                info.order,
                &info.shape,
                self.bytes_of(info),
            )?;
        }
        Ok(writer)
    }

    /// Only for arrays that fit.
    fn bytes_of(&self, info: &ArrayInfo) -> &'a [u8] {
        &self.bytes[info.offset as usize..][..info.byte_length]
    }
}

/// Saves what is whole from `source` into the new file `destination`, then
/// reads that file again and compares every array.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let (cut, saved) = (folder.path().join("cut.gnz"), folder.path().join("saved.gnz"));
/// let mut writer = gnz::Writer::new();
/// writer.add("a", &[2], &[1u8, 2])?.add("b", &[3], &[3u8, 4, 5])?;
/// let file = writer.to_vec()?;
/// std::fs::write(&cut, &file[..8192])?;
///
/// let recovery = gnz::recover(&cut, &saved, false, &gnz::Limits::default())?;
/// assert_eq!(recovery.saved, ["a"]);
/// assert_eq!(recovery.lost[0].array, "b");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Those of [`Salvage::of`] and [`Writer::write`], and [`Error::NotReadBack`].
pub fn recover(
    source: impl AsRef<Path>,
    destination: impl AsRef<Path>,
    overwrite: bool,
    limits: &Limits,
) -> Result<Recovery> {
    let destination = destination.as_ref();
    let (_, bytes) = FileBytes::map(source.as_ref())?;
    let salvage = Salvage::of(bytes.as_ref(), limits)?;
    salvage.writer()?.limits(*limits).overwrite(overwrite).write(destination)?;

    let written = Gnz::open_with(destination, limits)?;
    for array in salvage.saved() {
        let same = written.array(array.name()).is_ok_and(|back| {
            back.bytes() == array.bytes()
                && back.shape() == array.shape()
                && back.dtype() == array.dtype()
                && back.order() == array.order()
        });
        if !same {
            return Err(Error::NotReadBack {
                path: destination.to_owned(),
                array: array.name().to_owned(),
            });
        }
    }
    Ok(Recovery {
        saved: salvage.saved.iter().map(|i| i.name.clone()).collect(),
        lost: salvage.lost,
        notes: salvage.notes,
    })
}
