//! A bounds-checked reader of bytes whose every error knows its offset.

use crate::{Error, Result};

/// Reads integers and slices from `&[u8]`, forwards, never past the end.
///
/// Offsets in errors count from the beginning of the *file*: a cursor over a part of a file is
/// told where that part begins.
///
/// ```
/// use wavekeep_core::Cursor;
///
/// let mut at = Cursor::new(&[0x12, 0x34, 0xff]);
/// assert_eq!(at.u16_be("count")?, 0x1234);
/// let error = at.u16_be("length").unwrap_err();
/// assert_eq!(error.to_string(), "length at byte 2: expected 2 bytes, found 1 byte before the end");
/// # Ok::<(), wavekeep_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    position: usize,
    base: u64,
}

impl<'a> Cursor<'a> {
    /// A cursor over a whole file.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self::within(bytes, 0)
    }

    /// A cursor over a part of a file that begins at byte `base` of it.
    pub const fn within(bytes: &'a [u8], base: u64) -> Self {
        Self { bytes, position: 0, base }
    }

    /// Offset of the next byte from the beginning of the file.
    pub fn offset(&self) -> u64 {
        self.base + self.position as u64
    }

    /// Bytes that are left.
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.position
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.remaining() == 0
    }

    /// The next `n` bytes.
    ///
    /// # Errors
    /// [`Error::Malformed`] naming `field` when fewer are left; nothing is consumed then.
    pub fn take(&mut self, n: usize, field: &'static str) -> Result<&'a [u8]> {
        let left = self.remaining();
        if n > left {
            return Err(Error::Malformed {
                offset: self.offset(),
                field: field.into(),
                expected: format!("{n} byte{}", plural(n)).into(),
                found: format!("{left} byte{} before the end", plural(left)),
            });
        }
        let taken = &self.bytes[self.position..self.position + n];
        self.position += n;
        Ok(taken)
    }

    /// The next `N` bytes as an array.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N, field)?);
        Ok(array)
    }

    /// The next bytes, which must be `expected`.
    ///
    /// # Errors
    /// [`Error::Malformed`] with both sides in hexadecimal when they differ.
    pub fn expect(&mut self, expected: &[u8], field: &'static str) -> Result<()> {
        let offset = self.offset();
        let found = self.take(expected.len(), field)?;
        if found == expected {
            return Ok(());
        }
        Err(Error::Malformed {
            offset,
            field: field.into(),
            expected: hex(expected).into(),
            found: hex(found),
        })
    }

    /// One byte.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub fn u8(&mut self, field: &'static str) -> Result<u8> {
        Ok(self.array::<1>(field)?[0])
    }

    /// A big-endian `u16`.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub fn u16_be(&mut self, field: &'static str) -> Result<u16> {
        Ok(u16::from_be_bytes(self.array(field)?))
    }

    /// A big-endian `u32`.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub fn u32_be(&mut self, field: &'static str) -> Result<u32> {
        Ok(u32::from_be_bytes(self.array(field)?))
    }

    /// A little-endian `u16`.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub fn u16_le(&mut self, field: &'static str) -> Result<u16> {
        Ok(u16::from_le_bytes(self.array(field)?))
    }

    /// A little-endian `u32`.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub fn u32_le(&mut self, field: &'static str) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array(field)?))
    }
}

fn plural(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_counts_from_the_beginning_of_the_file() {
        let mut at = Cursor::within(&[1, 2, 3], 100);
        at.u8("first").unwrap();
        let error = at.u32_be("key").unwrap_err();
        assert_eq!(error.offset(), Some(101));
    }

    #[test]
    fn a_failed_read_consumes_nothing() {
        let mut at = Cursor::new(&[7]);
        at.u16_le("count").unwrap_err();
        assert_eq!(at.u8("byte").unwrap(), 7);
        assert!(at.is_empty());
    }

    #[test]
    fn a_wrong_marker_shows_both_sides() {
        let error = Cursor::new(b"STRX").expect(b"STRT", "record").unwrap_err();
        assert_eq!(error.to_string(), "record at byte 0: expected 53 54 52 54, found 53 54 52 58");
    }
}
