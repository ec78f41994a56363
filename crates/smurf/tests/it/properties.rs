//! Any run is read back exactly, by any selection, with any number of threads.

use crate::maker;
use crate::maker::{payload, record, samples, text};
use num_complex::Complex;
use proptest::prelude::*;
use wavekeep_smurf::{FrameHeader, OpenOptions, Run, Selection};

/// A record of a random run.
#[derive(Debug, Clone)]
enum Part {
    Frame { error: bool },
    Text(usize),
    Other(u8, usize),
    NewPiece,
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        20 => prop::bool::weighted(0.1).prop_map(|error| Part::Frame { error }),
        2 => (0usize..30).prop_map(Part::Text),
        1 => (2u8..=255, 0usize..200).prop_map(|(channel, length)| Part::Other(channel, length)),
        1 => Just(Part::NewPiece),
    ]
}

fn make(channels: usize, padding: usize, parts: &[Part]) -> (Vec<Vec<u8>>, Vec<bool>) {
    let mut pieces = vec![Vec::new()];
    let mut errored = Vec::new();
    for part in parts {
        let bytes = match part {
            Part::Frame { error } => {
                let number = errored.len();
                errored.push(*error);
                let samples = samples(channels, number);
                record(0, 0, u8::from(*error), &payload(number as u32 * 20, &samples, padding))
            }
            Part::Text(length) => text(&format!("A.B: {}\n", "x".repeat(*length))),
            Part::Other(channel, length) => record(*channel, 0, 0, &vec![0x11; *length]),
            Part::NewPiece => {
                pieces.push(Vec::new());
                continue;
            }
        };
        pieces.last_mut().unwrap().extend(bytes);
    }
    (pieces, errored)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_selection_is_read_back(
        channels in 1usize..40,
        padding in 0usize..10,
        parts in prop::collection::vec(part(), 1..120),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        from in 0u64..130,
        length in 0u64..130,
        drop_errored: bool,
        threads in 1usize..5,
        block in 1usize..50,
    ) {
        let (pieces, errored) = make(channels, padding, &parts);
        let run = Run::from_bytes(pieces).unwrap();
        prop_assert_eq!(run.index().frames(), errored.len() as u64);
        prop_assert!(run.index().damage().is_empty());
        let picks: Vec<usize> = picks.iter().map(|pick| pick.index(channels)).collect();
        let mut selection = Selection::channels(picks.clone()).frames(from..from + length);
        selection.drop_errored = drop_errored;
        selection.threads = Some(threads);
        if errored.is_empty() {
            prop_assert_eq!(run.read::<i32>(&selection).unwrap().frames(), 0);
            return Ok(());
        }

        let expected: Vec<usize> = (from as usize..(from + length) as usize)
            .filter(|frame| *frame < errored.len() && !(drop_errored && errored[*frame]))
            .collect();
        let reading = run.read::<i32>(&selection).unwrap();
        prop_assert_eq!(reading.channels(), picks.len());
        prop_assert_eq!(reading.frames(), expected.len());
        for (row, channel) in picks.iter().enumerate() {
            let row: Vec<i32> = reading.channel(row).to_vec();
            let naive: Vec<i32> =
                expected.iter().map(|frame| maker::sample(*channel, *frame)).collect();
            prop_assert_eq!(row, naive);
        }
        let flags: Vec<bool> = expected.iter().map(|frame| errored[*frame]).collect();
        prop_assert_eq!(&reading.errored, &flags);

        let mut blocks = run.blocks::<f64>(&selection, block).unwrap();
        let mut buffer = vec![f64::NAN; blocks.buffer_len()];
        let mut column = 0;
        while let Some(found) = blocks.next_into(&mut buffer).unwrap() {
            for row in 0..found.channels {
                for (at, value) in buffer[row * found.frames..][..found.frames].iter().enumerate() {
                    let count = reading.channel(row)[column + at];
                    prop_assert_eq!(value.to_bits(), wavekeep_smurf::phase(count).to_bits());
                }
            }
            column += found.frames;
        }
        prop_assert_eq!(column, expected.len());

        let headers = run.headers(&selection).unwrap();
        let counters: Vec<u32> = expected.iter().map(|frame| *frame as u32 * 20).collect();
        prop_assert_eq!(headers.frame_counter, counters);
    }

    #[test]
    fn threads_that_share_a_large_read_give_what_one_gives(
        channels in 30usize..300, frames in 700usize..1500, threads in 2usize..9,
    ) {
        let run = Run::from_bytes([maker::frames(channels, 0..frames)]).unwrap();
        let one = run.read::<i32>(&Selection::all().threads(1)).unwrap();
        let many = run.read::<i32>(&Selection::all().threads(threads)).unwrap();
        let shared = run.read::<i32>(&Selection::all()).unwrap();
        prop_assert!(one.samples[..] == many.samples[..] && one.samples[..] == shared.samples[..]);
        let last = maker::sample(channels - 1, frames - 1);
        prop_assert_eq!(one.channel(channels - 1)[frames - 1], last);
        let iq = run.read::<Complex<f32>>(&Selection::all()).unwrap();
        let phases = run.read::<f32>(&Selection::all()).unwrap();
        for channel in 0..channels / 2 {
            let (i, q) = (one.channel(2 * channel), one.channel(2 * channel + 1));
            let pairs = i.iter().zip(q).map(|(i, q)| Complex::new(*i as f32, *q as f32));
            prop_assert!(iq.channel(channel).iter().copied().eq(pairs));
            let expected = i.iter().map(|count| wavekeep_smurf::phase(*count) as f32);
            prop_assert!(phases.channel(2 * channel).iter().copied().eq(expected));
        }
    }

    #[test]
    fn a_saved_index_is_the_index(parts in prop::collection::vec(part(), 1..120)) {
        let folder = tempfile::tempdir().unwrap();
        let (pieces, _) = make(5, 3, &parts);
        for (number, bytes) in pieces.iter().enumerate() {
            std::fs::write(folder.path().join(format!("r.dat.{}", number + 1)), bytes).unwrap();
        }
        let keep = OpenOptions::default()
.with_keep_index(true);
        let made = Run::open_with(folder.path().join("r.dat"), keep).unwrap();
        prop_assert!(folder.path().join("r.dat.index").is_file());
        let loaded = Run::open_with(folder.path().join("r.dat.1"), keep).unwrap();
        prop_assert_eq!(made.index(), loaded.index());
        let scanned = Run::open(folder.path().join("r.dat")).unwrap();
        prop_assert_eq!(scanned.index(), made.index());
    }

    #[test]
    fn every_header_comes_back(bytes in prop::collection::vec(any::<u8>(), 128)) {
        let mut copy: [u8; 128] = bytes.clone().try_into().unwrap();
        FrameHeader::parse(&bytes).unwrap().write_into(&mut copy);
        prop_assert_eq!(&copy[..], &bytes[..]);
    }
}
