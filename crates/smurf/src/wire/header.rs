//! The 128 bytes before the samples of a data frame.

use wavekeep_core::{Cursor, Result};

use super::fields::with_header_fields;

/// Bytes of the header.
pub const HEADER_LEN: usize = 128;
/// Number of TES biases in a header.
pub const TES_BIASES: usize = 16;

macro_rules! header {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $offset:literal, $bytes:literal;)*) => {
        /// Every field of the header; `docs/formats/smurf.md` says what they mean.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct FrameHeader {
            /// Signed 20-bit values.
            pub tes_bias: [i32; TES_BIASES],
            $($(#[$doc])* pub $name: $type,)*
        }

        impl HeaderView<'_> {
            $(
                #[inline]
                pub(crate) fn $name(self) -> $type {
                    self.word::<$offset, $bytes>() as $type
                }
            )*

            /// All fields.
            pub(crate) fn parse(self) -> FrameHeader {
                let tes_bias = decode_tes_bias(&std::array::from_fn(|byte| self.0[8 + byte]));
                FrameHeader { tes_bias, $($name: self.$name(),)* }
            }
        }

        impl FrameHeader {
            /// Writes every field to its place; bytes that belong to no field stay as they are, so
            /// that a header that is copied keeps them.
            pub fn write_into(&self, bytes: &mut [u8; HEADER_LEN]) {
                bytes[8..48].copy_from_slice(&encode_tes_bias(&self.tes_bias));
                $(
                    let word = self.$name.to_le_bytes();
                    bytes[$offset..$offset + $bytes].copy_from_slice(&word[..$bytes]);
                )*
            }
        }
    };
}

with_header_fields!(header);

/// A header of which each field is taken when it is asked for: a pass over all headers of a run
/// needs few of them, and taking the others takes longer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeaderView<'a>(pub(crate) &'a [u8; HEADER_LEN]);

impl<'a> HeaderView<'a> {
    /// `None` when there are fewer than [`HEADER_LEN`] bytes.
    #[inline]
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Self> {
        bytes.first_chunk().map(Self)
    }

    /// `BYTES` bytes from `OFFSET` on, little-endian.
    #[inline]
    fn word<const OFFSET: usize, const BYTES: usize>(self) -> u64 {
        let mut word = [0; 8];
        word[..BYTES].copy_from_slice(&self.0[OFFSET..OFFSET + BYTES]);
        u64::from_le_bytes(word)
    }
}

impl FrameHeader {
    /// Takes a header apart.
    ///
    /// # Errors
    /// [`wavekeep_core::Error::Malformed`] when there are fewer than [`HEADER_LEN`] bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let bytes: [u8; HEADER_LEN] = Cursor::new(bytes).array("frame header")?;
        Ok(HeaderView(&bytes).parse())
    }

    /// The header with zeros where no field is.
    pub fn to_bytes(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        self.write_into(&mut bytes);
        bytes
    }
}

/// Sixteen signed 20-bit values, two in five bytes, low bits first.
///
/// ```
/// use wavekeep_smurf::header::{decode_tes_bias, encode_tes_bias};
///
/// let biases = [-524_288, 524_287, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, -12];
/// assert_eq!(decode_tes_bias(&encode_tes_bias(&biases)), biases);
/// ```
#[inline]
pub fn decode_tes_bias(bytes: &[u8; 40]) -> [i32; TES_BIASES] {
    let mut biases = [0; TES_BIASES];
    for (pair, five) in biases.chunks_exact_mut(2).zip(bytes.chunks_exact(5)) {
        let mut word = [0; 8];
        word[..5].copy_from_slice(five);
        let word = u64::from_le_bytes(word);
        // Up to the top of an i32 and down again: bit 19 becomes the sign.
        let signed = |bits: u64| ((bits as u32) << 12) as i32 >> 12;
        pair[0] = signed(word & 0xf_ffff);
        pair[1] = signed(word >> 20);
    }
    biases
}

/// The inverse of [`decode_tes_bias`]; of every value the low 20 bits are kept.
pub fn encode_tes_bias(biases: &[i32; TES_BIASES]) -> [u8; 40] {
    let mut bytes = [0; 40];
    for (pair, five) in biases.chunks_exact(2).zip(bytes.chunks_exact_mut(5)) {
        let bits = |bias: i32| u64::from(bias as u32 & 0xf_ffff);
        five.copy_from_slice(&(bits(pair[0]) | bits(pair[1]) << 20).to_le_bytes()[..5]);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_of_a_field_comes_back_and_the_others_are_left_alone() {
        let bytes: [u8; HEADER_LEN] = std::array::from_fn(|place| place as u8 ^ 0xa5);
        let mut copy = bytes;
        let header = FrameHeader::parse(&bytes).unwrap();
        header.write_into(&mut copy);
        assert_eq!(copy, bytes);
        let clean = header.to_bytes();
        assert_eq!(FrameHeader::parse(&clean).unwrap(), header);
        let unused: Vec<usize> =
            (0..HEADER_LEN).filter(|place| clean[*place] != bytes[*place]).collect();
        let expected: Vec<usize> =
            [92..96, 101..104, 106..112, 116..120, 124..128].into_iter().flatten().collect();
        assert_eq!(unused, expected);
    }

    #[test]
    fn a_header_that_is_cut_is_an_error_at_every_length() {
        for length in 0..HEADER_LEN {
            assert!(FrameHeader::parse(&[0; HEADER_LEN][..length]).is_err());
        }
    }
}
