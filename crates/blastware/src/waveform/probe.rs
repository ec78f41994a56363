//! Where in a file a body could begin, for formats that hold the same body at no fixed place.

use wavekeep_core::{Error, Limits, Result};

use super::blocks::{self, SegmentBuffer, Stop};
use super::decode::{Boundary, FIRST_BLOCK, first_samples};
use super::{BOUNDARY_LEN, BOUNDARY_TAG, SEGMENT_SAMPLES};

/// As many bytes as the first segment of a body takes with the boundary behind it: a delta of two
/// bytes with a tag of its own for each sample is the worst that blocks can do.
const LONGEST_FIRST_SEGMENT: usize = FIRST_BLOCK + 4 * SEGMENT_SAMPLES + BOUNDARY_LEN;

/// Offsets of everything in `bytes` that has the form of a boundary between two segments,
/// ascending. A body holds at most 512 samples in front of the first and behind each of them.
pub fn boundaries(bytes: &[u8]) -> impl Iterator<Item = usize> + '_ {
    memchr::memmem::find_iter(bytes, &BOUNDARY_TAG)
        .filter(move |&at| Boundary::read(bytes, at).is_some())
}

/// Refuses a body that would give more samples than the limit: a quiet segment takes a few bytes.
///
/// # Errors
/// [`Error::Limit`]
pub fn check_size(bytes: &[u8], limits: &Limits) -> Result<()> {
    let found = (boundaries(bytes).count() as u64 + 1) * SEGMENT_SAMPLES as u64;
    if found <= limits.event_samples {
        return Ok(());
    }
    Err(Error::Limit {
        what: "number of samples of the event, all channels together,".into(),
        limit: limits.event_samples,
        found,
        raise: "--max-event-samples",
    })
}

/// Whether `bytes` read like the beginning of a body: `00 02 00`, two samples and blocks that end
/// at a boundary.
///
/// It looks at about 2 KiB, however long `bytes` are. A damaged body, or one of which less than a
/// segment is left, can be decoded all the same.
pub fn begins_body(bytes: &[u8]) -> bool {
    let bytes = &bytes[..bytes.len().min(LONGEST_FIRST_SEGMENT)];
    let Some(first) = first_samples(bytes) else { return false };
    let (mut buffer, mut at) = (SegmentBuffer::new(), FIRST_BLOCK);
    buffer.begin(first);
    while blocks::read(bytes, &mut at, &mut buffer) == Stop::BoundaryTag {
        if Boundary::read(bytes, at).is_some() {
            return true;
        }
        let deltas = bytes.get(at + 2..).and_then(<[u8]>::first_chunk::<4>);
        let Some([a, b, c, d]) = deltas.copied() else { return false };
        let deltas = [i16::from_be_bytes([a, b]), i16::from_be_bytes([c, d])];
        if !buffer.append(deltas.into_iter()) {
            return false;
        }
        at += 6;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::waveform::encode;

    fn body(len: usize) -> Vec<u8> {
        let channel: Vec<i16> = (0..len).map(|i| ((i * i) % 613) as i16 - 300).collect();
        encode([&channel; 4]).unwrap()
    }

    #[test]
    fn the_beginning_of_a_body_is_told_from_other_bytes() {
        for len in [4, 40, 512, 513, 2000] {
            assert!(begins_body(&body(len)), "{len}");
        }
        assert!(!begins_body(b""));
        assert!(!begins_body(&[0, 2, 0]));
        assert!(!begins_body(&[0; 4000]));
        assert!(!begins_body(&[0, 2].repeat(4000)));
        let mut damaged = body(600);
        damaged[7] = 0x90;
        assert!(!begins_body(&damaged));
    }

    #[test]
    fn a_body_has_a_boundary_for_every_segment_but_the_first() {
        assert_eq!(boundaries(&body(4)).count(), 3);
        assert_eq!(boundaries(&body(1024)).count(), 7);
        assert_eq!(boundaries(&[0x40, 0x02]).count(), 0);
    }
}
