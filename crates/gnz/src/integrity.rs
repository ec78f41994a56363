//! Checksums inside version 1: one CRC-32C an array, in the metadata.
//!
//! A version-1 reader that knows nothing of them sees one more metadata key.
//! Each sum is eight hexadecimal digits over the array's bytes without padding.
//! The width is fixed, so that sums can be filled in after the data without
//! moving anything; until a recording is finished, eight hyphens stand there.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::header::ArrayInfo;
use crate::json::{Object, Value};
use crate::reader::Gnz;

/// The metadata key that holds the sums.
pub const CHECKSUM_KEY: &str = "gnz.crc32c";

/// What stands in place of a sum while a recording is not finished.
const UNFINISHED: &str = "--------";

/// The checksums of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checksums {
    /// `None` while the recording is not finished.
    sums: BTreeMap<String, Option<u32>>,
}

impl Checksums {
    /// The saved sum of an array; `None` without one.
    pub fn get(&self, array: &str) -> Option<u32> {
        self.sums.get(array).copied().flatten()
    }

    /// Takes the sums out of the metadata, or says why what is there are none.
    pub(crate) fn take(metadata: &mut Object) -> Result<Option<Checksums>, String> {
        let Some(value) = metadata.get(CHECKSUM_KEY) else {
            return Ok(None);
        };
        let members = value.as_object().ok_or("expected an object")?;
        let mut sums = BTreeMap::new();
        for (name, sum) in members.iter() {
            let sum = sum.as_str().and_then(parse_sum).ok_or_else(|| {
                format!("expected eight hexadecimal digits for `{name}`, found {sum}")
            })?;
            sums.insert(name.to_owned(), sum);
        }
        metadata.remove(CHECKSUM_KEY);
        Ok(Some(Checksums { sums }))
    }

    /// Marks of sums to come.
    pub(crate) fn unfinished<'a>(names: impl Iterator<Item = &'a str>) -> Checksums {
        Checksums { sums: names.map(|name| (name.to_owned(), None)).collect() }
    }

    pub(crate) fn set(&mut self, array: &str, sum: u32) {
        self.sums.insert(array.to_owned(), Some(sum));
    }

    /// Puts the sums into the metadata.
    pub(crate) fn put(&self, metadata: &mut Object) {
        let sums: Object = self
            .sums
            .iter()
            .map(|(name, sum)| {
                let text = sum.map_or(UNFINISHED.to_owned(), |sum| format!("{sum:08x}"));
                (name.clone(), Value::String(text))
            })
            .collect();
        metadata.insert(CHECKSUM_KEY, sums);
    }
}

/// Eight hexadecimal digits, or the mark; `None` for anything else.
fn parse_sum(text: &str) -> Option<Option<u32>> {
    if text == UNFINISHED {
        return Some(None);
    }
    let plain = text.len() == 8 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    plain.then(|| u32::from_str_radix(text, 16).ok())?.map(Some)
}

/// The CRC-32C (Castagnoli) of an array's bytes.
pub fn checksum(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes)
}

/// What comparing an array with its checksum gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ArrayCheck {
    /// The file carries no sum for it.
    NoChecksum,
    /// The bytes are those that were written.
    Intact {
        /// The sum.
        sum: u32,
    },
    /// The bytes are not those that were written.
    Differs {
        /// The sum in the header.
        saved: u32,
        /// The sum of the bytes.
        calculated: u32,
    },
    /// The recording was never finished: there is no sum to compare with.
    Unfinished,
}

/// One array and what comparing it gave.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckedArray {
    /// Its name.
    pub array: String,
    /// Its first byte in the file.
    pub offset: u64,
    /// The answer.
    pub check: ArrayCheck,
}

/// What verifying a file gave.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verification {
    /// Every array, in the order of the file.
    pub arrays: Vec<CheckedArray>,
    /// The first byte between or after the arrays that is not zero as the
    /// format wants it. It belongs to no array.
    pub stray_byte: Option<u64>,
}

impl Verification {
    /// The first array that is not what was written, as an error.
    ///
    /// # Errors
    ///
    /// [`Error::ChecksumMismatch`], [`Error::ChecksumUnfinished`].
    pub fn ok(&self) -> Result<()> {
        self.arrays.iter().try_for_each(|checked| checked.check.ok(&checked.array, checked.offset))
    }
}

impl ArrayCheck {
    /// An error unless the array is intact or has no sum.
    pub(crate) fn ok(self, array: &str, offset: u64) -> Result<()> {
        let array = array.to_owned();
        match self {
            ArrayCheck::NoChecksum | ArrayCheck::Intact { .. } => Ok(()),
            ArrayCheck::Differs { saved, calculated } => {
                Err(Error::ChecksumMismatch { array, offset, saved, calculated })
            }
            ArrayCheck::Unfinished => Err(Error::ChecksumUnfinished { array, offset }),
        }
    }

    /// Compares bytes with the sum of the array that they are said to be.
    pub(crate) fn of(checksums: Option<&Checksums>, array: &str, bytes: &[u8]) -> ArrayCheck {
        match checksums.and_then(|checksums| checksums.sums.get(array)) {
            None => ArrayCheck::NoChecksum,
            Some(None) => ArrayCheck::Unfinished,
            Some(Some(saved)) => match checksum(bytes) {
                sum if sum == *saved => ArrayCheck::Intact { sum },
                calculated => ArrayCheck::Differs { saved: *saved, calculated },
            },
        }
    }
}

pub(crate) fn verify<B: AsRef<[u8]>>(gnz: &Gnz<B>) -> Result<Verification> {
    well_formed(gnz)?;
    let arrays = gnz
        .arrays()
        .zip(gnz.infos())
        .map(|(array, info)| CheckedArray {
            array: info.name.clone(),
            offset: info.offset,
            check: ArrayCheck::of(gnz.checksums(), &info.name, array.bytes()),
        })
        .collect();
    Ok(Verification { arrays, stray_byte: stray_byte(gnz.whole(), gnz.text_end(), gnz.infos()) })
}

pub(crate) fn verify_array<B: AsRef<[u8]>>(gnz: &Gnz<B>, name: &str) -> Result<ArrayCheck> {
    well_formed(gnz)?;
    let array = gnz.array(name)?;
    Ok(ArrayCheck::of(gnz.checksums(), name, array.bytes()))
}

/// Fails if the reserved key is taken by something else, or by sums of arrays
/// that the file does not have.
fn well_formed<B: AsRef<[u8]>>(gnz: &Gnz<B>) -> Result<()> {
    let reason = match gnz.checksums() {
        None => gnz.metadata().get(CHECKSUM_KEY).map(|_| "it holds no checksums".to_owned()),
        Some(checksums) => checksums
            .sums
            .keys()
            .find(|name| gnz.array(name).is_err())
            .map(|name| format!("it has a sum of `{name}`, which is no array of the file")),
    };
    match reason {
        None => Ok(()),
        Some(reason) => Err(Error::ChecksumsMalformed { key: CHECKSUM_KEY, reason }),
    }
}

/// The first non-zero byte that belongs neither to the header nor to an array.
fn stray_byte(file: &[u8], text_end: u64, in_file_order: &[ArrayInfo]) -> Option<u64> {
    let file_end = file.len() as u64;
    let arrays = in_file_order.iter().map(|info| (info.offset, info.end()));
    let mut from = text_end;
    for (start, end) in arrays.chain([(file_end, file_end)]) {
        // Both lie inside the file, whose length is a `usize`.
        let gap = from as usize..start.max(from) as usize;
        if let Some(at) = file[gap].iter().position(|byte| *byte != 0) {
            return Some(from + at as u64);
        }
        from = from.max(end);
    }
    None
}
