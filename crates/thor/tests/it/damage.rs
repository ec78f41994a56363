//! What damage may cost. Nothing is invented and nothing panics.

use std::fs;
use std::path::Path;

use wavekeep_blastware::waveform::SEGMENT_SAMPLES;
use wavekeep_core::{DecodeOptions, EventFormat, Input, Kind, Recording, Result};
use wavekeep_thor::Thor;

const SAMPLES: [&str; 3] =
    ["UM11719_20260714153012.IDFW", "UM11719_20260716084530.IDFW", "UM11719_20260714220000.IDFH"];

fn sample(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(name)).unwrap()
}

fn decode(name: &str, bytes: &[u8]) -> Result<Recording> {
    Thor.decode(Input { bytes, name: Some(name) }, &DecodeOptions::default())
}

/// How many samples of `cut` are there; each is what the whole recording has in its place.
fn true_samples(cut: &Recording, whole: &Recording) -> usize {
    let len = cut.source.bytes;
    let mut present = 0;
    assert!(cut.len() <= whole.len());
    for (cut, whole) in cut.channels.iter().zip(&whole.channels) {
        for (index, count) in cut.counts().enumerate().filter(|(_, count)| count.is_some()) {
            assert_eq!(count, whole.count(index), "{len} bytes: {} {index}", cut.name);
            present += 1;
        }
    }
    present
}

/// Every so many lengths are tried: all of them by `make test-all`.
fn stride() -> usize {
    std::env::var("WAVEKEEP_TEST_STRIDE").map_or(7, |stride| stride.parse().unwrap())
}

#[test]
fn every_truncation_is_an_error_or_less_of_the_same_recording() {
    for name in SAMPLES {
        let bytes = sample(name);
        let whole = decode(name, &bytes).unwrap();
        let all = true_samples(&whole, &whole);
        let mut most = 0;
        for len in (0..bytes.len()).step_by(stride()) {
            let Ok(cut) = decode(name, &bytes[..len]) else {
                assert_eq!(most, 0, "{name} {len}");
                continue;
            };
            let present = true_samples(&cut, &whole);
            assert!(present >= most, "{name} {len}: {present} after {most}");
            most = present;
            // A cut between two rounds of full segments, or between the two segments of the
            // histogram, leaves a body that ends as any other: nothing says how long it was.
            let round = if cut.kind == Kind::Waveform { SEGMENT_SAMPLES } else { 200 };
            let between_rounds = cut.len() < whole.len() && cut.len() % round == 0;
            let marked = cut.report.is_damaged() && cut.has_gaps();
            assert!(present == all || between_rounds || marked, "{name} {len}");
        }
    }
}

#[test]
fn a_flipped_bit_never_ends_the_program() {
    for name in SAMPLES {
        let mut bytes = sample(name);
        for at in (0..bytes.len()).step_by(5) {
            let bit = 1 << (at / 5 % 8);
            bytes[at] ^= bit;
            if let Ok(recording) = decode(name, &bytes) {
                let len = recording.len();
                assert!(recording.channels.iter().all(|channel| channel.len() == len));
            }
            bytes[at] ^= bit;
        }
    }
}
