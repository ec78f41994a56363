//! Four channels → a waveform body, in as few bytes as the blocks allow.

use super::{BODY_MARKER, BOUNDARY_TAG, FIRST_COUNTER, SEGMENT_SAMPLES};

/// Every segment begins with two samples and ends with two deltas.
const SMALLEST_SEGMENT: usize = 4;

/// A body cannot say fewer than four samples per channel: each segment begins with two samples and
/// is closed by two deltas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TooShort {
    /// The channels differ in length.
    #[error("the channels have {0:?} samples: a body holds channels of equal length")]
    Unequal([usize; 4]),
    /// Fewer than four samples.
    #[error("the channels have {0} samples: a body holds at least 4")]
    Short(usize),
}

/// Encodes four channels of equal length (Tran, Vert, Long in units of 16 ADC counts, MicL in
/// counts) as a body that [`decode`](super::decode) gives back exactly.
///
/// Blocks are chosen so that each segment is as small as the format allows. The check values,
/// whose rule is not known, are 0.
///
/// # Errors
/// When the channels differ in length or have fewer than four samples.
///
/// ```
/// use wavekeep_blastware::waveform;
///
/// let channels = [vec![0, 1, 2, 1, 0], vec![0; 5], vec![-3; 5], vec![0, 5, -5, 5, 0]];
/// let body = waveform::encode([&channels[0], &channels[1], &channels[2], &channels[3]])?;
/// assert_eq!(waveform::decode(&body).channels, channels);
/// # Ok::<(), waveform::TooShort>(())
/// ```
pub fn encode(channels: [&[i16]; 4]) -> Result<Vec<u8>, TooShort> {
    let lengths = channels.map(<[i16]>::len);
    let len = lengths[0];
    if lengths.iter().any(|&other| other != len) {
        return Err(TooShort::Unequal(lengths));
    }
    if len < SMALLEST_SEGMENT {
        return Err(TooShort::Short(len));
    }
    let mut body = BODY_MARKER.to_vec();
    let mut counter = FIRST_COUNTER;
    // Offset of the length field that waits for the place of the next one.
    let mut open_length: Option<usize> = None;
    let mut start = 0;
    for round in rounds(len) {
        for (turn, channel) in channels.iter().enumerate() {
            let samples = &channel[start..start + round];
            if start + turn > 0 {
                body.extend([0, 0]);
                let length_at = body.len();
                body.extend([0, 0]);
                body.extend(counter.to_le_bytes());
                body.extend([0x02, 0x00]);
                close_length(&mut body, open_length.replace(length_at), length_at);
                counter = counter.wrapping_add(1);
            }
            body.extend(samples[0].to_be_bytes());
            body.extend(samples[1].to_be_bytes());
            blocks(&samples[1..round - 2], &mut body);
            body.extend(BOUNDARY_TAG);
            for pair in samples[round - 3..].windows(2) {
                body.extend(pair[1].wrapping_sub(pair[0]).to_be_bytes());
            }
        }
        start += round;
    }
    body.extend([0, 0]);
    let closing_length_at = body.len();
    close_length(&mut body, open_length, closing_length_at);
    Ok(body)
}

/// The length field counts the bytes from itself to its successor, minus 2.
fn close_length(body: &mut [u8], field: Option<usize>, next_field: usize) {
    if let Some(field) = field {
        // At most 512 samples of two bytes and their tags: far below 65536.
        let length = (next_field - field - 2) as u16;
        body[field..field + 2].copy_from_slice(&length.to_be_bytes());
    }
}

/// Samples of a channel in each round: 512, and what is left in the last one. A rest of fewer than
/// four samples borrows four from the round before it.
fn rounds(len: usize) -> impl Iterator<Item = usize> {
    let (full, rest) = (len / SEGMENT_SAMPLES, len % SEGMENT_SAMPLES);
    let borrowed = if (1..SMALLEST_SEGMENT).contains(&rest) { SMALLEST_SEGMENT } else { 0 };
    (0..full)
        .map(move |round| SEGMENT_SAMPLES - if round + 1 == full { borrowed } else { 0 })
        .chain((rest > 0).then_some(rest + borrowed))
}

/// A block that is being extended, in the search for the smallest encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    kind: u8,
    /// Samples by which a block of this shape grows.
    step: usize,
    /// The shape that it grows into, if it can.
    next: Option<usize>,
    /// Whether a block may end in this shape.
    may_end: bool,
}

/// Kinds 0 to 2 grow without end. Kind 3 is known for counts up to 16 only, and a kind-4 block of
/// two deltas would be taken for the end of the segment: these two count.
const SHAPES: [Shape; 10] = [
    Shape { kind: 0, step: 1, next: Some(0), may_end: true },
    Shape { kind: 1, step: 4, next: Some(1), may_end: true },
    Shape { kind: 2, step: 4, next: Some(2), may_end: true },
    Shape { kind: 3, step: 4, next: Some(4), may_end: true },
    Shape { kind: 3, step: 4, next: Some(5), may_end: true },
    Shape { kind: 3, step: 4, next: Some(6), may_end: true },
    Shape { kind: 3, step: 4, next: None, may_end: true },
    Shape { kind: 4, step: 1, next: Some(8), may_end: true },
    Shape { kind: 4, step: 1, next: Some(9), may_end: false },
    Shape { kind: 4, step: 1, next: Some(9), may_end: true },
];
/// The shapes in which a block can begin.
const FIRST_SHAPES: [usize; 5] = [0, 1, 2, 3, 7];

impl Shape {
    /// Bytes that `deltas` (one step) add to a block of this kind; `None` when they do not fit it.
    fn cost(self, deltas: &[i16]) -> Option<u32> {
        let all = |range: std::ops::RangeInclusive<i16>| deltas.iter().all(|d| range.contains(d));
        match self.kind {
            0 => all(0..=0).then_some(0),
            1 => all(-8..=7).then_some(2),
            2 => all(-128..=127).then_some(4),
            3 => all(-2048..=2047).then_some(6),
            _ => Some(2),
        }
    }
}

/// Where the cheapest way to a state comes from.
#[derive(Debug, Clone, Copy)]
struct Way {
    bytes: u32,
    /// The shape before this step; `None` when a block begins with it.
    from: Option<usize>,
}

/// Appends the smallest blocks for the deltas between `samples` (the first one is known already).
///
/// Dynamic programming over (samples written, shape of the open block): each state keeps the
/// fewest bytes with which it can be reached.
fn blocks(samples: &[i16], body: &mut Vec<u8>) {
    let deltas: Vec<i16> = samples.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
    let mut ways = vec![[None::<Way>; SHAPES.len()]; deltas.len() + 1];
    for end in 1..=deltas.len() {
        for (index, shape) in SHAPES.iter().enumerate() {
            let Some(before) = end.checked_sub(shape.step) else { continue };
            let Some(cost) = shape.cost(&deltas[before..end]) else { continue };
            let begun = FIRST_SHAPES.contains(&index).then(|| {
                let so_far = if before == 0 {
                    Some(0)
                } else {
                    cheapest_end(&ways[before]).map(|(_, bytes)| bytes)
                };
                so_far.map(|bytes| Way { bytes: bytes + 2, from: None })
            });
            let grown = SHAPES
                .iter()
                .enumerate()
                .filter(|(_, other)| other.next == Some(index))
                .filter_map(|(from, _)| {
                    ways[before][from].map(|way| Way { bytes: way.bytes, from: Some(from) })
                });
            let best = grown.chain(begun.flatten()).min_by_key(|way| way.bytes);
            ways[end][index] = best.map(|way| Way { bytes: way.bytes + cost, ..way });
        }
    }
    for (kind, range) in trace(&ways) {
        write_block(kind, &deltas[range], body);
    }
}

fn cheapest_end(states: &[Option<Way>; SHAPES.len()]) -> Option<(usize, u32)> {
    let ended = states.iter().enumerate().filter(|(index, _)| SHAPES[*index].may_end);
    ended
        .filter_map(|(index, way)| way.map(|way| (index, way.bytes)))
        .min_by_key(|&(_, bytes)| bytes)
}

/// The blocks of the cheapest way, first to last, as kinds and ranges of deltas.
fn trace(ways: &[[Option<Way>; SHAPES.len()]]) -> Vec<(u8, std::ops::Range<usize>)> {
    let mut blocks = Vec::new();
    let mut end = ways.len() - 1;
    let mut block_end = end;
    let mut state = cheapest_end(&ways[end]).map(|(index, _)| index);
    while let Some(way) = state.and_then(|index| ways[end][index]) {
        let shape = SHAPES[state.unwrap_or_default()];
        end -= shape.step;
        state = way.from;
        if state.is_none() {
            blocks.push((shape.kind, end..block_end));
            block_end = end;
            state = cheapest_end(&ways[end]).map(|(index, _)| index);
        }
    }
    blocks.reverse();
    blocks
}

fn write_block(kind: u8, deltas: &[i16], body: &mut Vec<u8>) {
    // A block lies within a segment of 512 samples: the count fits its twelve bits.
    let tag = u16::from(kind) << 12 | deltas.len() as u16;
    body.extend(tag.to_be_bytes());
    match kind {
        0 => {}
        1 => {
            body.extend(deltas.chunks(2).map(|pair| (pair[0] as u8) << 4 | (pair[1] as u8 & 0x0f)))
        }
        2 => body.extend(deltas.iter().map(|&delta| delta as u8)),
        3 => {
            for four in deltas.chunks(4) {
                let high =
                    four.iter().fold(0u16, |high, &delta| high << 4 | (delta as u16 >> 8 & 0x0f));
                body.extend(high.to_be_bytes());
                body.extend(four.iter().map(|&delta| delta as u8));
            }
        }
        _ => body.extend(deltas.iter().flat_map(|delta| delta.to_be_bytes())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::waveform::decode;

    fn encode_all(channels: &[Vec<i16>; 4]) -> Vec<u8> {
        encode([&channels[0], &channels[1], &channels[2], &channels[3]]).unwrap()
    }

    fn assert_identity(channels: &[Vec<i16>; 4]) {
        let decoded = decode(&encode_all(channels));
        assert_eq!(&decoded.channels, channels);
        assert!(decoded.notes.is_empty(), "{:?}", decoded.notes);
    }

    #[test]
    fn every_length_from_four_on_comes_back() {
        for len in (4..40).chain(500..540).chain([1023, 1024, 1025, 1026, 1027, 1028, 3328]) {
            let channel =
                |seed: usize| (0..len).map(|i| ((i * i + seed) % 37) as i16 - 18).collect();
            assert_identity(&[channel(0), channel(5), channel(9), channel(14)]);
        }
    }

    #[test]
    fn what_a_body_cannot_say_is_refused() {
        assert_eq!(encode([&[0; 3]; 4]), Err(TooShort::Short(3)));
        assert_eq!(
            encode([&[0; 8], &[0; 8], &[0; 9], &[0; 8]]),
            Err(TooShort::Unequal([8, 8, 9, 8]))
        );
    }

    #[test]
    fn a_quiet_segment_is_one_block() {
        // Marker, two samples, one kind-0 block, closing piece: the first segment.
        let body = encode_all(&[vec![3; 512], vec![3; 512], vec![3; 512], vec![3; 512]]);
        assert_eq!(body[..3 + 4 + 2], [0, 2, 0, 0, 3, 0, 3, 0x01, 0xfc]);
        assert_eq!(body.len(), 3 + 4 * (4 + 2 + 6) + 3 * 10 + 2);
    }

    /// All ways to cut up to eight deltas into blocks, cheapest first: the judge of the search.
    fn exhaustive(deltas: &[i16]) -> usize {
        if deltas.is_empty() {
            return 0;
        }
        let mut best = usize::MAX;
        for len in 1..=deltas.len() {
            let (block, rest) = deltas.split_at(len);
            let fits = |low: i16, high: i16| block.iter().all(|d| (low..=high).contains(d));
            let quads = len % 4 == 0;
            let sizes = [
                fits(0, 0).then_some(0),
                (quads && fits(-8, 7)).then_some(len / 2),
                (quads && fits(-128, 127)).then_some(len),
                (quads && len <= 16 && fits(-2048, 2047)).then_some(len * 3 / 2),
                (len != 2).then_some(len * 2),
            ];
            if let Some(size) = sizes.into_iter().flatten().min() {
                best = best.min((2 + size).saturating_add(exhaustive(rest)));
            }
        }
        best
    }

    proptest! {
        #[test]
        fn no_smaller_choice_of_blocks_exists(
            deltas in proptest::collection::vec(
                prop_oneof![Just(0i16), -8i16..8, -128i16..128, -2048i16..2048, any::<i16>()], 0..13
            )
        ) {
            let mut samples = vec![0i16];
            for delta in &deltas {
                samples.push(samples[samples.len() - 1].wrapping_add(*delta));
            }
            let mut body = Vec::new();
            blocks(&samples, &mut body);
            prop_assert_eq!(body.len(), exhaustive(&deltas));
        }

        #[test]
        fn any_four_channels_come_back(
            len in 4usize..1600, seed in any::<u64>(), step in prop_oneof![
                Just(0i32), Just(1), Just(8), Just(128), Just(2048), Just(40_000)
            ]
        ) {
            let mut state = seed | 1;
            let mut channel = || -> Vec<i16> {
                let mut value = 0i32;
                (0..len).map(|_| {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    if state % 3 > 0 {
                        value += (state >> 32) as i32 % (step + 1);
                    }
                    value as i16
                }).collect()
            };
            assert_identity(&[channel(), channel(), channel(), channel()]);
        }

        #[test]
        fn any_samples_come_back(samples in proptest::collection::vec(any::<[i16; 4]>(), 4..700)) {
            let channel = |turn: usize| samples.iter().map(|row| row[turn]).collect::<Vec<_>>();
            assert_identity(&[channel(0), channel(1), channel(2), channel(3)]);
        }
    }
}
