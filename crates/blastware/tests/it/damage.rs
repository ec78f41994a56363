//! What damage may cost: a bad block its segment, a bad record the segments on both sides of it,
//! a cut what comes after it. Nothing is invented and nothing panics.

use std::fs;
use std::path::Path;

use wavekeep_blastware::waveform::{self, SEGMENT_SAMPLES, Waveform};
use wavekeep_blastware::{Blastware, EventFile};
use wavekeep_core::{DecodeOptions, EventFormat, Input};

fn samples() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.is_file());
    files.sort();
    let named = files.into_iter().map(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, fs::read(path).unwrap())
    });
    named.filter(|(_, bytes)| EventFile::parse(bytes).is_ok()).collect()
}

/// Every so many bits and lengths are tried: all of them by `make test-all`. A prime, so that all bits of
/// bytes and all places in blocks have their turn.
fn stride() -> usize {
    std::env::var("WAVEKEEP_TEST_STRIDE").map_or(29, |stride| stride.parse().unwrap())
}

fn sample(name: &str) -> Vec<u8> {
    samples().into_iter().find(|(other, _)| other == name).unwrap().1
}

/// The segments of `damaged` that are neither as in `whole` nor marked as missing.
fn segments_that_differ(whole: &Waveform, damaged: &Waveform) -> Vec<(usize, usize)> {
    let mut different = Vec::new();
    for turn in 0..4 {
        for (index, original) in whole.channels[turn].iter().enumerate() {
            let missing = damaged.gaps[turn].contains(index);
            if !missing && damaged.channels[turn].get(index) != Some(original) {
                different.push((turn, index / SEGMENT_SAMPLES));
            }
        }
    }
    different.dedup();
    different
}

/// The segments of which at least one sample is missing.
fn segments_with_gaps(whole: &Waveform, damaged: &Waveform) -> Vec<(usize, usize)> {
    let mut missing = Vec::new();
    for turn in 0..4 {
        for index in 0..whole.channels[turn].len() {
            if damaged.gaps[turn].contains(index) {
                missing.push((turn, index / SEGMENT_SAMPLES));
            }
        }
    }
    missing.dedup();
    missing
}

fn boundaries(body: &[u8]) -> Vec<usize> {
    let is_boundary =
        |at: &usize| body[*at..*at + 2] == [0x40, 2] && body[*at + 14..*at + 16] == [2, 0];
    (7..body.len() - 20).filter(is_boundary).collect()
}

#[test]
fn a_block_of_unknown_kind_costs_the_rest_of_its_segment_and_nothing_else() {
    let file = sample("M529LKVQ.6S0W");
    let body = EventFile::parse(&file).unwrap().body.to_vec();
    let whole = waveform::decode(&body);
    for (number, &at) in boundaries(&body).iter().enumerate() {
        let mut damaged_body = body.clone();
        damaged_body[at + 20] = 0x70;
        let damaged = waveform::decode(&damaged_body);
        let segment = (number + 1) % 4;
        let first = (number + 1) / 4 * SEGMENT_SAMPLES;
        let end = (first + SEGMENT_SAMPLES).min(whole.channels[0].len());
        for turn in 0..4 {
            let expected = if turn == segment { vec![first + 2..end] } else { vec![] };
            assert_eq!(damaged.gaps[turn].ranges(), expected, "segment {}", number + 1);
        }
        assert_eq!(segments_that_differ(&whole, &damaged), []);
        assert_eq!(damaged.notes.len(), 1);
    }
}

#[test]
fn a_bad_block_in_the_first_segment_is_left_by_searching() {
    let file = sample("M529LKIQ.7M0W");
    let mut body = EventFile::parse(&file).unwrap().body.to_vec();
    let whole = waveform::decode(&body);
    body[7] = 0x90;
    let damaged = waveform::decode(&body);
    assert_eq!(damaged.gaps[0].ranges(), [2..512]);
    assert_eq!(segments_that_differ(&whole, &damaged), []);
}

#[test]
fn a_destroyed_record_is_bridged_by_the_counter() {
    let file = sample("M529LKVQ.6S0W");
    let mut body = EventFile::parse(&file).unwrap().body.to_vec();
    let whole = waveform::decode(&body);
    let at = boundaries(&body)[8];
    body[at..at + 20].fill(0xaa);
    let damaged = waveform::decode(&body);
    assert_eq!(segments_that_differ(&whole, &damaged), []);
    // Segment 8 (Tran) loses its end, segment 9 (Vert) all of it.
    assert_eq!(segments_with_gaps(&whole, &damaged), [(0, 2), (1, 2)]);
    assert_eq!(damaged.channels[0].len(), whole.channels[0].len());
}

#[test]
fn any_flipped_bit_in_a_block_costs_at_most_its_segment() {
    let file = sample("T438L713.RY0W");
    let body = EventFile::parse(&file).unwrap().body.to_vec();
    let whole = waveform::decode(&body);
    let mut starts = vec![0];
    starts.extend(boundaries(&body));
    for (number, &start) in starts.iter().enumerate() {
        let first = if number == 0 { 3 } else { start + 16 };
        let end = starts.get(number + 1).copied().unwrap_or(whole.trailer_offset - 6);
        let own = (number % 4, number / 4);
        for at in (8 * first..8 * end).step_by(stride()) {
            let mut flipped = body.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            let damaged = waveform::decode(&flipped);
            let harmed =
                [segments_that_differ(&whole, &damaged), segments_with_gaps(&whole, &damaged)]
                    .concat();
            assert!(
                harmed.iter().all(|segment| *segment == own),
                "bit {at}: {harmed:?}, not {own:?}"
            );
            assert_eq!(damaged.channels[0].len(), whole.channels[0].len(), "bit {at}");
        }
    }
}

#[test]
fn any_flipped_bit_in_a_record_costs_at_most_the_two_segments_beside_it() {
    let file = sample("T438L713.RY0W");
    let body = EventFile::parse(&file).unwrap().body.to_vec();
    let whole = waveform::decode(&body);
    for (number, at) in boundaries(&body).into_iter().enumerate() {
        for offset in 0..16 {
            for bit in 0..8 {
                let mut flipped = body.clone();
                flipped[at + offset] ^= 1 << bit;
                let damaged = waveform::decode(&flipped);
                let beside = [(number % 4, number / 4), ((number + 1) % 4, (number + 1) / 4)];
                let harmed =
                    [segments_that_differ(&whole, &damaged), segments_with_gaps(&whole, &damaged)]
                        .concat();
                assert!(
                    harmed.iter().all(|segment| beside.contains(segment)),
                    "record {number}, byte {offset}, bit {bit}: {harmed:?}"
                );
            }
        }
    }
}

#[test]
fn every_cut_keeps_what_came_before_it_and_says_so() {
    let name = "T190LD5Q.LK0W";
    let file = sample(name);
    let whole = waveform::decode(EventFile::parse(&file).unwrap().body);
    for len in 0..file.len() {
        let input = Input { bytes: &file[..len], name: Some(name) };
        let Ok(recording) = Blastware.decode(input, &DecodeOptions::default()) else {
            assert!(len < 60, "{len} bytes hold samples");
            continue;
        };
        assert!(recording.report.is_damaged(), "cut to {len}");
        for (channel, original) in recording.channels.iter().zip(&whole.channels) {
            for (index, count) in channel.counts().enumerate().filter(|(i, _)| *i < original.len())
            {
                // The footer's bytes may be taken for blocks when the cut lies within it.
                if len <= file.len() - 26 {
                    assert!(
                        count.is_none_or(|count| count == f64::from(original[index])),
                        "cut to {len}"
                    );
                }
            }
        }
    }
}

#[test]
fn every_truncation_and_every_flipped_bit_of_every_sample_is_an_answer_or_an_error() {
    for (name, file) in samples() {
        let decode = |bytes: &[u8]| {
            let input = Input { bytes, name: Some(&name) };
            if let Ok(recording) = Blastware.decode(input, &DecodeOptions::default()) {
                let len = recording.len();
                assert!(recording.channels.iter().all(|channel| channel.len() == len));
                assert!(len <= bytes.len() / 20 * SEGMENT_SAMPLES + SEGMENT_SAMPLES);
            }
        };
        for len in (0..file.len()).step_by(stride()) {
            decode(&file[..len]);
        }
        let mut flipped = file.clone();
        for at in (0..8 * file.len()).step_by(stride()) {
            flipped[at / 8] ^= 1 << (at % 8);
            decode(&flipped);
            flipped[at / 8] ^= 1 << (at % 8);
        }
    }
}

#[test]
fn a_cut_inside_of_a_boundary_invents_no_samples() {
    let channel: Vec<i16> = (0..600).map(|i| (i * i % 71) as i16).collect();
    let body = waveform::encode([&channel; 4]).unwrap();
    for at in boundaries(&body) {
        for len in at..at + 20 {
            let cut = waveform::decode(&body[..len]);
            for turn in 0..4 {
                assert!(cut.channels[turn].len() <= channel.len(), "{len}");
                for (index, value) in cut.channels[turn].iter().enumerate() {
                    assert!(cut.gaps[turn].contains(index) || *value == channel[index], "{len}");
                }
            }
        }
    }
}
