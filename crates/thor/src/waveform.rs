//! The body of a waveform, which stands at no fixed place.
//!
//! It is the block stream of a Blastware body ([`wavekeep_blastware::waveform`]) and begins at a
//! `00 02 00`, from byte 0x0e00 on. The same three bytes occur by chance in front of it and inside
//! of it: the body is the one whose decoding gives most samples.

use memchr::memmem;
use wavekeep_blastware::waveform::{self, BODY_MARKER, SEGMENT_SAMPLES, Waveform};

use crate::file::FIRST_BODY_OFFSET;

/// As many `00 02 00` outside of boundaries as are looked at: whole files have far fewer.
const MOST_MARKERS: usize = 1 << 16;
/// As many bytes as are decoded in search of the body, all attempts together; the first attempt is
/// always made, and files of units need few others.
const DECODED_BYTES: usize = 32 << 20;

/// The body of a waveform, found and decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// Where it begins in the file.
    pub offset: usize,
    /// How many places were decoded in search of it.
    pub attempts: usize,
    /// Whether places were left out because the search had reached its bounds.
    pub bounded: bool,
    /// What it holds; geophones and microphone in counts. Its offsets are from
    /// [`offset`](Self::offset).
    pub waveform: Waveform,
}

/// A place where a body may begin.
struct Candidate {
    offset: usize,
    likelihood: Likelihood,
    /// How many boundaries between segments stand behind it.
    boundaries_behind: usize,
}

impl Candidate {
    /// A body has its first segment and one behind each boundary, of at most 512 samples each.
    fn most_samples(&self) -> usize {
        match self.boundaries_behind {
            0 => 0,
            boundaries => (boundaries + 1) * SEGMENT_SAMPLES,
        }
    }
}

/// How likely a place is, likeliest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Likelihood {
    /// Its first segment can be read up to a boundary.
    ReadsAsBody,
    /// Anything else: a damaged body, or chance.
    Possible,
    /// The end of a counter and the marker behind it in a boundary between two segments.
    InsideBoundary,
}

/// Finds the body of a waveform in `file` and decodes it; `None` when there is none.
///
/// Every `00 02 00` from byte 0x0e00 on is a candidate, the one that gives most samples is taken,
/// the likeliest of equals (one that reads as a body up to its first boundary), and of these the
/// earliest. A result has at least one boundary between segments behind it: three
/// bytes alone are chance.
///
/// # Bounds
///
/// A stranger's file can hold a candidate for every two of its bytes, and decoding takes time in
/// proportion to what is behind a candidate. The work stays linear by three means:
///
/// - each candidate is first read up to its first boundary, which looks at 2 KiB at most, and at
///   most 65,536 candidates outside of boundaries are looked at;
/// - a candidate is not decoded when it cannot give more than the best one gave: the boundaries behind
///   it, at 512 samples each, are too few, or they are those of a whole body and it does not read up to
///   the first. That leaves out nearly everything in and in front of a whole body, and never changes
///   the result;
/// - all decoding together stops at 32 MiB (the likeliest candidates come first), and
///   [`Found::bounded`] says so.
pub fn find(file: &[u8]) -> Option<Found> {
    let boundaries: Vec<usize> = waveform::boundaries(file).collect();
    let (candidates, mut bounded) = candidates(file, &boundaries);
    let mut best: Option<Best> = None;
    let (mut decoded_bytes, mut attempts) = (0, 0);
    for candidate in candidates {
        if best.as_ref().is_some_and(|best| !best.may_be_beaten_by(&candidate)) {
            continue;
        }
        let body = &file[candidate.offset..];
        if attempts > 0 && decoded_bytes + body.len() > DECODED_BYTES {
            bounded = true;
            break;
        }
        attempts += 1;
        decoded_bytes += body.len();
        let waveform = waveform::decode(body);
        let samples = present_samples(&waveform);
        if waveform.segments > 1 && samples > best.as_ref().map_or(0, |best| best.samples) {
            best = Some(Best { samples, candidate, waveform });
        }
    }
    best.map(|Best { candidate, waveform, .. }| Found {
        offset: candidate.offset,
        attempts,
        bounded,
        waveform,
    })
}

/// The candidate that gave most samples so far.
struct Best {
    samples: usize,
    candidate: Candidate,
    waveform: Waveform,
}

impl Best {
    fn may_be_beaten_by(&self, other: &Candidate) -> bool {
        // From the first boundary on both are the same, and here nothing is missing in front of it.
        let same_but_for_a_bad_start = other.likelihood == Likelihood::Possible
            && other.boundaries_behind == self.candidate.boundaries_behind
            && self.waveform.gaps.iter().all(|gaps| gaps.is_empty());
        other.most_samples() > self.samples && !same_but_for_a_bad_start
    }
}

/// The candidates, likeliest first, and whether there were more than are looked at.
fn candidates(file: &[u8], boundaries: &[usize]) -> (Vec<Candidate>, bool) {
    let mut candidates = Vec::new();
    let mut outside = 0;
    for offset in (Overlapping { file, at: FIRST_BODY_OFFSET }) {
        let likelihood = likelihood(file, boundaries, offset);
        // A long body has a marker in nearly every boundary.
        if likelihood != Likelihood::InsideBoundary {
            outside += 1;
        }
        if outside > MOST_MARKERS {
            break;
        }
        let boundaries_behind = boundaries.len() - boundaries.partition_point(|&at| at < offset);
        candidates.push(Candidate { offset, likelihood, boundaries_behind });
    }
    candidates.sort_by_key(|candidate| (candidate.likelihood, candidate.offset));
    (candidates, outside > MOST_MARKERS)
}

/// Every `00 02 00`, those that overlap (`00 02 00 02 00`) included.
struct Overlapping<'a> {
    file: &'a [u8],
    at: usize,
}

impl Iterator for Overlapping<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let found = self.at + memmem::find(self.file.get(self.at..)?, &BODY_MARKER)?;
        self.at = found + 1;
        Some(found)
    }
}

fn likelihood(file: &[u8], boundaries: &[usize], offset: usize) -> Likelihood {
    // In a boundary `00 02 00` stands at byte 13: the counter's last byte and `02 00`.
    let in_boundary =
        offset.checked_sub(13).is_some_and(|at| boundaries.binary_search(&at).is_ok());
    if in_boundary {
        Likelihood::InsideBoundary
    } else if waveform::begins_body(&file[offset..]) {
        Likelihood::ReadsAsBody
    } else {
        Likelihood::Possible
    }
}

/// Samples that were read, of all channels together.
fn present_samples(waveform: &Waveform) -> usize {
    let of_channels = waveform.channels.iter().zip(&waveform.gaps);
    of_channels.map(|(samples, gaps)| samples.len() - gaps.samples()).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::file::{USUAL_BODY_OFFSET, assemble};

    fn channels(len: usize, step: i32) -> [Vec<i16>; 4] {
        std::array::from_fn(|turn| {
            let mut state = turn as u32 * 7 + 1;
            let mut value = 0i32;
            (0..len)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    value = (value + (state >> 16) as i32 % (2 * step + 1) - step) % 30_000;
                    value as i16
                })
                .collect()
        })
    }

    fn body(channels: &[Vec<i16>; 4]) -> Vec<u8> {
        let [tran, vert, long, microphone] = channels;
        waveform::encode([tran, vert, long, microphone]).unwrap()
    }

    fn assert_found(file: &[u8], offset: usize, channels: &[Vec<i16>; 4]) {
        let found = find(file).unwrap();
        assert_eq!(found.offset, offset);
        assert_eq!(&found.waveform.channels, channels);
        assert!(found.waveform.notes.is_empty(), "{:?}", found.waveform.notes);
    }

    #[test]
    fn a_body_is_found_wherever_it_begins() {
        let channels = channels(1280, 9);
        for offset in [0x0e00, USUAL_BODY_OFFSET, 0x1033, 0x2222, 0x3082] {
            assert_found(&assemble(offset, &body(&channels)), offset, &channels);
        }
        assert_eq!(find(&assemble(0x0dff, &[0; 64])), None);
    }

    #[test]
    fn a_chance_marker_in_front_of_the_body_is_passed_over() {
        let channels = channels(1280, 9);
        for chance in [USUAL_BODY_OFFSET - 3, 0x0e00, USUAL_BODY_OFFSET - 40] {
            let mut file = assemble(USUAL_BODY_OFFSET, &body(&channels));
            file[chance..chance + 3].copy_from_slice(&BODY_MARKER);
            assert_found(&file, USUAL_BODY_OFFSET, &channels);
        }
    }

    #[test]
    fn the_beginning_of_another_body_in_front_of_the_body_is_passed_over() {
        let (short, long) = (channels(40, 9), channels(1280, 9));
        let mut both = body(&short);
        both.resize(300, 0xee);
        both.extend(body(&long));
        let file = assemble(USUAL_BODY_OFFSET, &both);
        assert_found(&file, USUAL_BODY_OFFSET + 300, &long);
    }

    #[test]
    fn a_marker_in_front_of_a_short_body_does_not_lend_it_samples() {
        let channels = channels(100, 9);
        let mut file = assemble(USUAL_BODY_OFFSET, &body(&channels));
        // Read from the chance marker, many blocks of zeros come before the body.
        file[USUAL_BODY_OFFSET - 300..][..3].copy_from_slice(&BODY_MARKER);
        for tag in file[USUAL_BODY_OFFSET - 293..USUAL_BODY_OFFSET - 93].chunks_exact_mut(2) {
            tag.copy_from_slice(&[0x00, 0x01]);
        }
        assert_found(&file, USUAL_BODY_OFFSET, &channels);
    }

    #[test]
    fn a_damaged_first_segment_costs_itself_and_not_the_place_of_the_body() {
        let channels = channels(2048, 9);
        let mut file = assemble(USUAL_BODY_OFFSET, &body(&channels));
        file[USUAL_BODY_OFFSET + 7] = 0x90;
        let found = find(&file).unwrap();
        assert_eq!(found.offset, USUAL_BODY_OFFSET);
        assert_eq!(found.waveform.gaps[0].ranges(), [2..512]);
        assert_eq!(found.waveform.channels[1..], channels[1..]);
    }

    #[test]
    fn a_whole_body_is_decoded_a_handful_of_times() {
        let file = assemble(USUAL_BODY_OFFSET, &body(&channels(200_000, 9)));
        let found = find(&file).unwrap();
        assert!(found.attempts < 8, "{}", found.attempts);
        assert!(!found.bounded);
    }

    #[test]
    fn markers_without_end_stop_the_search_and_not_the_program() {
        let markers = [0, 2].repeat(4 << 20);
        assert_eq!(find(&markers), None);
        // Boundaries in plenty, and a marker in front of each.
        let mut piece = vec![0x40, 2, 0, 1, 0, 1, 0, 0, 0, 17, 1, 0, 0, 0, 2, 0, 0, 2, 0];
        piece.extend([0, 2]);
        let hostile = assemble(FIRST_BODY_OFFSET, &piece.repeat((8 << 20) / piece.len()));
        if let Some(found) = find(&hostile) {
            assert!(found.bounded);
        }
    }

    proptest! {
        #[test]
        fn any_samples_come_back(
            samples in proptest::collection::vec(any::<[i16; 4]>(), 4..1200), offset in 0x0e00usize..0x3083
        ) {
            let channels = std::array::from_fn(|turn| samples.iter().map(|row| row[turn]).collect());
            let found = find(&assemble(offset, &body(&channels))).unwrap();
            prop_assert_eq!(found.offset, offset);
            prop_assert_eq!(found.waveform.channels, channels);
        }

        #[test]
        fn quiet_and_loud_channels_come_back(len in 4usize..1600, step in 0i32..9000) {
            let channels = channels(len, step);
            let found = find(&assemble(USUAL_BODY_OFFSET, &body(&channels))).unwrap();
            prop_assert_eq!(found.waveform.channels, channels);
        }
    }
}
