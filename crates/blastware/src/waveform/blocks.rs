//! The blocks inside of one segment.
//!
//! A tag is two bytes: the high nibble is the kind, the low twelve bits are the count.
//!
//! # Speed
//!
//! Nearly all blocks of a real recording are short ones of kinds 0 and 1, in no predictable order,
//! so that a branch on the kind costs more than the work. [`read`] therefore treats the two alike:
//! it always expands the sixteen nibbles behind the tag, masked to nothing for kind 0 and cut to
//! the count, writes sixteen values and advances by the count. What was written beyond it is
//! overwritten by the next block. Running sums are made eight (or four) at a time by one
//! multiplication: see [`sums_of_nibbles`]. A naive twin in the tests defines what is right.

use super::{BOUNDARY_TAG, SEGMENT_SAMPLES};

/// Values that one step of the fast path writes, whatever the count.
const STRIDE: usize = 16;

/// The samples of one segment while it is read.
#[derive(Debug)]
pub(super) struct SegmentBuffer {
    values: [i16; SEGMENT_SAMPLES + STRIDE],
    len: usize,
}

impl SegmentBuffer {
    pub(super) const fn new() -> Self {
        Self { values: [0; SEGMENT_SAMPLES + STRIDE], len: 0 }
    }

    /// Begins a segment with its first two samples.
    pub(super) fn begin(&mut self, first: [i16; 2]) {
        self.values[..2].copy_from_slice(&first);
        self.len = 2;
    }

    pub(super) fn samples(&self) -> &[i16] {
        &self.values[..self.len]
    }

    /// How many samples still fit.
    fn room(&self) -> usize {
        SEGMENT_SAMPLES - self.len
    }

    fn last(&self) -> i16 {
        self.values[self.len - 1]
    }

    /// Appends one delta per item, or nothing when they do not all fit.
    pub(super) fn append(&mut self, deltas: impl ExactSizeIterator<Item = i16>) -> bool {
        if deltas.len() > self.room() {
            return false;
        }
        let mut value = self.last();
        for delta in deltas {
            value = value.wrapping_add(delta);
            self.values[self.len] = value;
            self.len += 1;
        }
        true
    }
}

/// Why reading stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// A tag `40 02` stands here: the end of the segment, or a block of two deltas.
    BoundaryTag,
    /// The bytes end before the block does.
    Cut,
    /// A tag of a kind that is not known.
    UnknownKind(u8),
    /// More samples than a segment holds, or a count that is not a multiple of four.
    BadCount(u16),
}

/// Reads blocks from `body[*at..]` into `segment` until something stops it; `*at` is then the
/// offset of the tag that did.
pub(super) fn read(body: &[u8], at: &mut usize, segment: &mut SegmentBuffer) -> Stop {
    let mut value = segment.last();
    let mut len = segment.len;
    let mut pos = *at;
    let stop = loop {
        // Tag and sixteen nibbles; near the end of the body the general path below takes over.
        if let Some(block) = body.get(pos..).and_then(<[u8]>::first_chunk::<10>) {
            let tag = u16::from_be_bytes([block[0], block[1]]);
            let (kind, count) = (usize::from(tag >> 12), usize::from(tag & 0x0fff));
            let payload_len = count * kind / 2;
            let end = pos + 2 + payload_len;
            // A count of kinds 1 to 3 is a multiple of four; one of kind 0 may be anything.
            if kind <= 2 && (kind == 0 || count % 4 == 0) && end <= body.len() {
                if len + count > SEGMENT_SAMPLES {
                    break Stop::BadCount(count as u16);
                }
                if kind <= 1 {
                    let (first, _) = block[2..].split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
                    let keep = u64::from(kind as u8).wrapping_neg();
                    let nibbles = u64::from_be_bytes(*first) & keep;
                    value = expand_nibbles(nibbles, count, value, &mut segment.values[len..]);
                    let mut done = STRIDE;
                    while done < count {
                        let nibbles = eight_at(body, pos + 2 + done / 2) & keep;
                        let out = &mut segment.values[len + done..];
                        value = expand_nibbles(nibbles, count - done, value, out);
                        done += STRIDE;
                    }
                } else {
                    let out = &mut segment.values[len..len + count];
                    for (bytes, out) in
                        body[pos + 2..end].chunks_exact(4).zip(out.chunks_exact_mut(4))
                    {
                        value = add_four(bytes_to_lanes(bytes), 0x80, value, out);
                    }
                }
                len += count;
                pos = end;
                continue;
            }
        }
        segment.len = len;
        match read_any(body, &mut pos, segment) {
            Ok(()) => {
                len = segment.len;
                value = segment.last();
            }
            Err(stop) => break stop,
        }
    };
    segment.len = len;
    *at = pos;
    stop
}

/// The eight bytes at `at`, big-endian; zeros where the body ends before them.
fn eight_at(body: &[u8], at: usize) -> u64 {
    let rest = body.get(at..).unwrap_or_default();
    let mut eight = [0; 8];
    let present = rest.len().min(eight.len());
    eight[..present].copy_from_slice(&rest[..present]);
    u64::from_be_bytes(eight)
}

/// Adds up to sixteen signed nibbles, highest first, onto `value`; those from `count` on are taken
/// for zero, but sixteen sums are written all the same. Returns the last sum.
#[inline(always)]
fn expand_nibbles(nibbles: u64, count: usize, value: i16, out: &mut [i16]) -> i16 {
    let kept = if count == 0 { 0 } else { u64::MAX << (64 - 4 * count.min(STRIDE)) };
    let nibbles = nibbles & kept;
    let Some(out) = out.first_chunk_mut::<STRIDE>() else { return value };
    let (low, high) = out.split_at_mut(STRIDE / 2);
    let value = add_eight(sums_of_nibbles((nibbles >> 32) as u32), value, low);
    add_eight(sums_of_nibbles(nibbles as u32), value, high)
}

/// The running sums of eight signed nibbles, highest first: sum k is in byte k, the lowest first,
/// and is 8 × (k + 1) too large.
#[inline(always)]
fn sums_of_nibbles(nibbles: u32) -> u64 {
    // One nibble to each byte, the first one lowest.
    let mut lanes = u64::from(nibbles.swap_bytes());
    lanes = (lanes | lanes << 16) & 0x0000_ffff_0000_ffff;
    lanes = (lanes | lanes << 8) & 0x00ff_00ff_00ff_00ff;
    lanes = (lanes >> 4 | lanes << 8) & 0x0f0f_0f0f_0f0f_0f0f;
    // Flipping the sign bit adds 8 to each: all are 0..=15, and no sum of eight leaves its byte.
    (lanes ^ 0x0808_0808_0808_0808).wrapping_mul(0x0101_0101_0101_0101)
}

/// Writes `value` plus each of eight biased sums; returns the last.
#[inline(always)]
fn add_eight(sums: u64, value: i16, out: &mut [i16]) -> i16 {
    for (place, (out, sum)) in out.iter_mut().zip(sums.to_le_bytes()).enumerate() {
        *out = value.wrapping_add(i16::from(sum) - 8 * (place as i16 + 1));
    }
    value.wrapping_add((sums >> 56) as i16 - 64)
}

/// Four bytes as 16-bit lanes, the first one lowest.
#[inline(always)]
fn bytes_to_lanes(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |lanes, &byte| lanes << 16 | u64::from(byte))
}

/// Adds up four signed deltas in 16-bit lanes onto `value`. `sign` is the sign bit of a delta.
///
/// Flipping it adds `sign` to each; for deltas of up to twelve bits no sum of four leaves its lane.
#[inline(always)]
fn add_four(deltas: u64, sign: u16, value: i16, out: &mut [i16]) -> i16 {
    const ONES: u64 = 0x0001_0001_0001_0001;
    let sums = (deltas ^ (ONES * u64::from(sign))).wrapping_mul(ONES);
    for (place, out) in out.iter_mut().enumerate() {
        let sum = (sums >> (16 * place)) as u16;
        *out = value.wrapping_add(sum.wrapping_sub(sign * (place as u16 + 1)) as i16);
    }
    value.wrapping_add(((sums >> 48) as u16).wrapping_sub(4 * sign) as i16)
}

/// Reads one block of any kind at `body[*at..]`; on `Err` nothing was consumed.
fn read_any(body: &[u8], at: &mut usize, segment: &mut SegmentBuffer) -> Result<(), Stop> {
    let block = &body[(*at).min(body.len())..];
    let Some((tag, rest)) = block.split_first_chunk::<2>() else { return Err(Stop::Cut) };
    if *tag == BOUNDARY_TAG {
        return Err(Stop::BoundaryTag);
    }
    let tag = u16::from_be_bytes(*tag);
    let (kind, count) = ((tag >> 12) as u8, tag & 0x0fff);
    let samples = usize::from(count);
    let payload_len = match kind {
        0 => 0,
        1 => samples / 2,
        2 => samples,
        3 => samples * 3 / 2,
        4 => samples * 2,
        other => return Err(Stop::UnknownKind(other)),
    };
    if matches!(kind, 1..=3) && samples % 4 != 0 {
        return Err(Stop::BadCount(count));
    }
    let payload = rest.get(..payload_len).ok_or(Stop::Cut)?;
    let fits = match kind {
        0 => segment.append(std::iter::repeat_n(0, samples)),
        1 => segment.append(Exact::new(
            samples,
            payload
                .iter()
                .flat_map(|&byte| [(byte as i8 >> 4).into(), ((byte << 4) as i8 >> 4).into()]),
        )),
        2 => segment.append(payload.iter().map(|&byte| i16::from(byte as i8))),
        3 => segment.append(Exact::new(samples, payload.chunks_exact(6).flat_map(twelve_bit))),
        _ => segment
            .append(payload.chunks_exact(2).map(|pair| i16::from_be_bytes([pair[0], pair[1]]))),
    };
    if !fits {
        return Err(Stop::BadCount(count));
    }
    *at += 2 + payload_len;
    Ok(())
}

/// Four signed 12-bit deltas: a u16 with their high nibbles, most significant first, then their
/// low bytes.
fn twelve_bit(six: &[u8]) -> [i16; 4] {
    let high = u16::from_be_bytes([six[0], six[1]]);
    std::array::from_fn(|lane| {
        let nibble = (high << (4 * lane)) & 0xf000;
        (nibble as i16 >> 4) | i16::from(six[2 + lane])
    })
}

/// An iterator whose length is known to us but not to the type system.
struct Exact<I> {
    left: usize,
    inner: I,
}

impl<I> Exact<I> {
    fn new(len: usize, inner: I) -> Self {
        Self { left: len, inner }
    }
}

impl<I: Iterator<Item = i16>> Iterator for Exact<I> {
    type Item = i16;

    fn next(&mut self) -> Option<i16> {
        self.left = self.left.saturating_sub(1);
        self.inner.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<I: Iterator<Item = i16>> ExactSizeIterator for Exact<I> {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What [`read`] must do, one sample at a time.
    fn naive(body: &[u8], at: &mut usize, segment: &mut SegmentBuffer) -> Stop {
        loop {
            if let Err(stop) = read_any(body, at, segment) {
                return stop;
            }
        }
    }

    fn read_all(blocks: &[u8], first: [i16; 2]) -> (Vec<i16>, usize, Stop) {
        let (mut at, mut segment) = (0, SegmentBuffer::new());
        segment.begin(first);
        let stop = read(blocks, &mut at, &mut segment);
        (segment.samples().to_vec(), at, stop)
    }

    #[test]
    fn kind_0_repeats_the_value() {
        assert_eq!(read_all(&[0x00, 0x03], [4, 7]), (vec![4, 7, 7, 7, 7], 2, Stop::Cut));
    }

    #[test]
    fn kind_1_adds_signed_nibbles_high_first() {
        assert_eq!(read_all(&[0x10, 0x04, 0x1f, 0x78], [0, 0]).0, [0, 0, 1, 0, 7, -1]);
    }

    #[test]
    fn kind_2_adds_signed_bytes() {
        assert_eq!(read_all(&[0x20, 0x04, 127, 0x80, 1, 0xff], [0, 0]).0, [0, 0, 127, -1, 0, -1]);
    }

    #[test]
    fn kind_3_adds_signed_twelve_bit_deltas() {
        let blocks = [0x30, 0x04, 0x78, 0x0f, 0xff, 0x00, 0x01, 0xff];
        assert_eq!(read_all(&blocks, [0, 0]).0, [0, 0, 2047, -1, 0, -1]);
    }

    #[test]
    fn kind_4_adds_sixteen_bit_deltas_that_wrap() {
        let blocks = [0x40, 0x03, 0x7f, 0xff, 0x00, 0x02, 0x80, 0x00];
        assert_eq!(read_all(&blocks, [0, 0]).0, [0, 0, 32767, -32767, 1]);
    }

    #[test]
    fn twelve_bit_counts_are_honoured() {
        let mut blocks = vec![0x11, 0x90];
        blocks.extend([0x11; 200]);
        let (samples, at, _) = read_all(&blocks, [0, 0]);
        assert_eq!((samples.len(), samples[401], at), (402, 400, 202));
    }

    #[test]
    fn a_long_block_of_kind_0_at_the_very_end_of_the_body_is_read() {
        let body = [[0x10, 0x04, 0, 0].as_slice(), &[0x00, 0x40, 0, 0, 0, 0, 0, 0, 0, 0]].concat();
        assert_eq!(read_all(&body, [5, 5]), (vec![5; 2 + 4 + 64], body.len(), Stop::Cut));
        assert_eq!(eight_at(&[1, 2], 2), 0);
        assert_eq!(eight_at(&[1, 2], 1), 0x0200_0000_0000_0000);
    }

    #[test]
    fn reading_stops_where_it_must() {
        assert_eq!(read_all(&[0x40, 0x02, 0, 0, 0, 0], [0, 0]).2, Stop::BoundaryTag);
        assert_eq!(read_all(&[0x50, 0x04], [0, 0]).2, Stop::UnknownKind(5));
        assert_eq!(read_all(&[0x10, 0x06, 0, 0, 0], [0, 0]).2, Stop::BadCount(6));
        assert_eq!(read_all(&[0x01, 0xff], [0, 0]).2, Stop::BadCount(0x1ff));
        assert_eq!(read_all(&[0x20, 0x04, 1, 2], [0, 0]).2, Stop::Cut);
        assert_eq!(read_all(&[0x20], [0, 0]).2, Stop::Cut);
    }

    fn any_block() -> impl Strategy<Value = Vec<u8>> {
        (0u8..6, 0u16..40, proptest::collection::vec(any::<u8>(), 80), any::<bool>()).prop_map(
            |(kind, count, payload, exact)| {
                let count = if exact { count & !3 } else { count };
                let len = [0, count / 2, count, count * 3 / 2, count * 2, 0][usize::from(kind)];
                let tag = u16::from(kind) << 12 | count;
                [&tag.to_be_bytes()[..], &payload[..usize::from(len)]].concat()
            },
        )
    }

    proptest! {
        #[test]
        fn the_fast_path_agrees_with_the_naive_one(
            blocks in proptest::collection::vec(any_block(), 0..60), first in any::<[i16; 2]>()
        ) {
            let body = blocks.concat();
            let (mut at, mut segment) = (0, SegmentBuffer::new());
            segment.begin(first);
            let stop = naive(&body, &mut at, &mut segment);
            prop_assert_eq!(read_all(&body, first), (segment.samples().to_vec(), at, stop));
        }

        #[test]
        fn random_bytes_are_read_alike(body in proptest::collection::vec(any::<u8>(), 0..400)) {
            let (mut at, mut segment) = (0, SegmentBuffer::new());
            segment.begin([0, 0]);
            let stop = naive(&body, &mut at, &mut segment);
            prop_assert_eq!(read_all(&body, [0, 0]), (segment.samples().to_vec(), at, stop));
        }
    }
}
