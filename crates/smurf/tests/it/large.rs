//! Results that are larger than the caches are filled from mapped files, past the caches: they must
//! be what a small result is, sample by sample.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::maker::{frame, samples, text};
use wavekeep_smurf::{Error, OpenOptions, Run, Sample, Selection};

const CHANNELS: usize = 77;
/// The int32 of all channels take 17 MiB.
const FRAMES: usize = 57_901;

/// A run whose rhythm is broken by metadata, in two pieces.
fn run(folder: &Path) -> PathBuf {
    run_of(folder, CHANNELS, FRAMES)
}

fn run_of(folder: &Path, channels: usize, frames: usize) -> PathBuf {
    let piece = |frames: std::ops::Range<usize>| -> Vec<u8> {
        let records = frames.map(|number| {
            let mut record = frame(number as u32 * 20, &samples(channels, number));
            if number % 211 == 5 {
                record.extend(text("AMCc.Dev.A: 1\n"));
            }
            record
        });
        records.flatten().collect()
    };
    fs::write(folder.join("r.dat.1"), piece(0..frames / 2)).unwrap();
    fs::write(folder.join("r.dat.2"), piece(frames / 2..frames)).unwrap();
    folder.join("r.dat")
}

/// What small blocks give, put together.
fn by_blocks<T: Sample>(run: &Run, selection: &Selection, rows: usize, columns: usize) -> Vec<T> {
    let mut blocks = run.blocks::<T>(selection, 4001).unwrap();
    let mut buffer = vec![T::zeroed(); blocks.buffer_len()];
    let (mut whole, mut column) = (vec![T::zeroed(); rows * columns], 0);
    while let Some(block) = blocks.next_into(&mut buffer).unwrap() {
        for row in 0..rows {
            whole[row * columns + column..][..block.frames]
                .copy_from_slice(&buffer[row * block.frames..][..block.frames]);
        }
        column += block.frames;
    }
    assert_eq!(column, columns);
    whole
}

fn agrees<T: Sample + PartialEq>(run: &Run, selection: &Selection) {
    let reading = run.read::<T>(selection).unwrap();
    assert!(size_of_val::<[T]>(&reading.samples) > 16 << 20, "not large");
    let expected: Vec<T> = by_blocks(run, selection, reading.channels(), reading.frames());
    assert!(reading.samples[..] == expected[..]);
    // Memory of the caller begins anywhere in a cache line.
    let mut memory = vec![T::zeroed(); expected.len() + 3];
    run.read_into::<T>(selection, &mut memory[3..]).unwrap();
    assert!(memory[3..] == expected[..]);
}

#[test]
fn a_large_result_is_what_small_blocks_give() {
    let folder = tempfile::tempdir().unwrap();
    let run = Run::open(run(folder.path())).unwrap();
    let all = Selection::all();
    // The maker's samples: a result that is the same by both ways could be wrong by both.
    let reading = run.read::<i32>(&all).unwrap();
    for frame in [0, 1, FRAMES / 2 - 1, FRAMES / 2, FRAMES / 2 + 1, FRAMES - 1] {
        let expected = samples(CHANNELS, frame);
        assert!((0..CHANNELS).all(|channel| reading.channel(channel)[frame] == expected[channel]));
    }
    for threads in [1, 2, 3] {
        agrees::<i32>(&run, &all.clone().threads(threads));
    }
    agrees::<f64>(&run, &all.clone().frames(17..FRAMES as u64 - 9));
    agrees::<f32>(&run, &all);
    agrees::<num_complex::Complex<f64>>(&run, &all);
    // Groups of channels, channels alone, repeats.
    let chosen = (0..40).chain([50, 52, 52, 3]).chain(55..77).chain(0..20);
    agrees::<i32>(&run, &Selection::channels(chosen));
}

/// Tasks are given whole rows where there are many.
#[test]
fn a_large_result_of_many_channels_is_what_small_blocks_give() {
    const MANY: usize = 1131;
    let folder = tempfile::tempdir().unwrap();
    let run = Run::open(run_of(folder.path(), MANY, 4_011)).unwrap();
    let all = Selection::all();
    let reading = run.read::<i32>(&all).unwrap();
    for frame in [0, 2_004, 2_005, 4_010] {
        let expected = samples(MANY, frame);
        assert!((0..MANY).all(|channel| reading.channel(channel)[frame] == expected[channel]));
    }
    for threads in [1, 2, 3, 7] {
        agrees::<i32>(&run, &all.clone().threads(threads));
    }
    agrees::<f64>(&run, &all.clone().frames(17..3_999));
    agrees::<num_complex::Complex<f64>>(&run, &all);
    agrees::<i32>(&run, &Selection::channels((3..1_100).chain(0..700).rev()));
}

fn open_unmapped(path: &Path) -> Run {
    Run::open_with(path, OpenOptions::default().with_unmapped(true)).unwrap()
}

#[test]
fn a_run_that_is_never_mapped_gives_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = run(folder.path());
    // The end of the first piece is damaged.
    let mut piece = File::options().append(true).open(folder.path().join("r.dat.1")).unwrap();
    piece.write_all(&[7; 100]).unwrap();
    let (unmapped, mapped) = (open_unmapped(&path), Run::open(&path).unwrap());
    assert_eq!(unmapped.index(), mapped.index());
    assert_eq!(mapped.index().frames(), FRAMES as u64);
    assert_eq!(mapped.index().damage().len(), 1);
    let read = |run: &Run| run.read::<i32>(&Selection::all()).unwrap().samples;
    assert!(read(&unmapped)[..] == read(&mapped)[..]);
}

#[test]
fn a_file_that_shrinks_between_large_reads_is_an_error_and_not_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    let run = Run::open(run(folder.path())).unwrap();
    run.read::<i32>(&Selection::all()).unwrap();
    let piece = folder.path().join("r.dat.2");
    File::options().write(true).open(piece).unwrap().set_len(1_000_000).unwrap();
    assert!(matches!(run.read::<i32>(&Selection::all()), Err(Error::Shrunk { .. })));
    assert!(matches!(run.headers(&Selection::all()), Err(Error::Shrunk { .. })));
}

#[test]
fn headers_are_the_same_from_mapped_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = run(folder.path());
    let headers = open_unmapped(&path).headers(&Selection::all()).unwrap();
    assert_eq!(headers.frames(), FRAMES);
    let run = Run::open(&path).unwrap();
    assert_eq!(run.headers(&Selection::all()).unwrap(), headers);
    assert_eq!(run.timestamps(&Selection::all()).unwrap(), headers.timestamp);
}
