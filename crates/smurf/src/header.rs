//! The 128 bytes before the samples of a data frame.

use wavekeep_core::{Cursor, Result};

/// Bytes of the header.
pub const HEADER_LEN: usize = 128;
/// Number of TES biases in a header.
pub const TES_BIASES: usize = 16;

/// Every field of the header; `docs/formats/smurf.md` says what they mean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FrameHeader {
    /// 1 in every known file.
    pub protocol_version: u8,
    /// Crate, from 1; 0 for a test.
    pub crate_id: u8,
    /// Slot, from 1; 0 for a test.
    pub slot_number: u8,
    /// Condition of the timing system.
    pub timing_cond: u8,
    /// Valid samples that follow.
    pub number_of_channels: u32,
    /// Signed 20-bit values.
    pub tes_bias: [i32; TES_BIASES],
    /// UNIX time in ns when the frame passed the server.
    pub timestamp: u64,
    /// Flux ramp step.
    pub flux_ramp_increment: i32,
    /// Flux ramp offset.
    pub flux_ramp_offset: i32,
    /// 480 kHz ticks since the last 1 Hz marker.
    pub counter_0: u32,
    /// Ticks since the last external input.
    pub counter_1: u32,
    /// Timing system: high 32 bits seconds since 1990-01-01, low 32 bits ns.
    pub counter_2: u64,
    /// Bits 9:0 fixed-rate markers, 27:10 sequence markers.
    pub reset_bits: u32,
    /// Flux-ramp frames: steps by the downsample factor, wraps at 2^32.
    pub frame_counter: u32,
    /// State of the TES relays.
    pub tes_relays_config: u32,
    /// 40-bit sync word.
    pub external_time: u64,
    /// Bit 0 clear average, 1 stream off, 2 file write off, 3 read config each cycle, 7:4 test mode.
    pub control_field: u8,
    /// Parameters of the test mode.
    pub test_params: u8,
    /// 0 means 33.
    pub num_rows: u16,
    /// 0 means `num_rows`.
    pub num_rows_reported: u16,
    /// Row length.
    pub row_length: u16,
    /// Data rate.
    pub data_rate: u16,
}

/// A header of which each field is taken when it is asked for: whoever looks at all headers of a run
/// needs few of them, and taking the others takes longer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeaderView<'a>(pub(crate) &'a [u8; HEADER_LEN]);

impl<'a> HeaderView<'a> {
    /// `None` when there are fewer than [`HEADER_LEN`] bytes.
    #[inline]
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Self> {
        bytes.first_chunk().map(Self)
    }

    #[inline]
    pub(crate) fn protocol_version(self) -> u8 {
        self.0[0]
    }

    #[inline]
    pub(crate) fn number_of_channels(self) -> u32 {
        u32::from_le_bytes(self.at(4))
    }

    #[inline]
    pub(crate) fn timestamp(self) -> u64 {
        u64::from_le_bytes(self.at(48))
    }

    #[inline]
    pub(crate) fn counter_0(self) -> u32 {
        u32::from_le_bytes(self.at(64))
    }

    #[inline]
    pub(crate) fn counter_2(self) -> u64 {
        u64::from_le_bytes(self.at(72))
    }

    #[inline]
    pub(crate) fn frame_counter(self) -> u32 {
        u32::from_le_bytes(self.at(84))
    }

    /// All fields.
    pub(crate) fn parse(self) -> FrameHeader {
        let word = |offset| u32::from_le_bytes(self.at(offset));
        let half = |offset| u16::from_le_bytes(self.at(offset));
        let [a, b, c, d, e] = self.at(96);
        FrameHeader {
            protocol_version: self.protocol_version(),
            crate_id: self.0[1],
            slot_number: self.0[2],
            timing_cond: self.0[3],
            number_of_channels: self.number_of_channels(),
            tes_bias: decode_tes_bias(&self.at(8)),
            timestamp: self.timestamp(),
            flux_ramp_increment: i32::from_le_bytes(self.at(56)),
            flux_ramp_offset: i32::from_le_bytes(self.at(60)),
            counter_0: self.counter_0(),
            counter_1: word(68),
            counter_2: self.counter_2(),
            reset_bits: word(80),
            frame_counter: self.frame_counter(),
            tes_relays_config: word(88),
            // Five bytes of the sync word; the next three belong to nobody.
            external_time: u64::from_le_bytes([a, b, c, d, e, 0, 0, 0]),
            control_field: self.0[104],
            test_params: self.0[105],
            num_rows: half(112),
            num_rows_reported: half(114),
            row_length: half(120),
            data_rate: half(122),
        }
    }

    #[inline]
    fn at<const N: usize>(self, offset: usize) -> [u8; N] {
        std::array::from_fn(|byte| self.0[offset + byte])
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

    /// Writes every field to its place; bytes that belong to no field stay as they are, so that a
    /// header that is copied keeps them.
    pub fn write_into(&self, bytes: &mut [u8; HEADER_LEN]) {
        bytes[0] = self.protocol_version;
        bytes[1] = self.crate_id;
        bytes[2] = self.slot_number;
        bytes[3] = self.timing_cond;
        bytes[4..8].copy_from_slice(&self.number_of_channels.to_le_bytes());
        bytes[8..48].copy_from_slice(&encode_tes_bias(&self.tes_bias));
        bytes[48..56].copy_from_slice(&self.timestamp.to_le_bytes());
        bytes[56..60].copy_from_slice(&self.flux_ramp_increment.to_le_bytes());
        bytes[60..64].copy_from_slice(&self.flux_ramp_offset.to_le_bytes());
        bytes[64..68].copy_from_slice(&self.counter_0.to_le_bytes());
        bytes[68..72].copy_from_slice(&self.counter_1.to_le_bytes());
        bytes[72..80].copy_from_slice(&self.counter_2.to_le_bytes());
        bytes[80..84].copy_from_slice(&self.reset_bits.to_le_bytes());
        bytes[84..88].copy_from_slice(&self.frame_counter.to_le_bytes());
        bytes[88..92].copy_from_slice(&self.tes_relays_config.to_le_bytes());
        bytes[96..101].copy_from_slice(&self.external_time.to_le_bytes()[..5]);
        bytes[104] = self.control_field;
        bytes[105] = self.test_params;
        bytes[112..114].copy_from_slice(&self.num_rows.to_le_bytes());
        bytes[114..116].copy_from_slice(&self.num_rows_reported.to_le_bytes());
        bytes[120..122].copy_from_slice(&self.row_length.to_le_bytes());
        bytes[122..124].copy_from_slice(&self.data_rate.to_le_bytes());
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
