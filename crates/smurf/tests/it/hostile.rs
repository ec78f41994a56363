//! Nothing that a file says makes the reader panic, loop, or return what no frame holds.

use std::fs::File;

use crate::maker::{frames, text};
use proptest::prelude::*;
use wavekeep_smurf::{OpenOptions, Run, Selection, recover};

/// Asks for everything that can be asked of a file.
fn use_all(bytes: Vec<u8>) {
    let length = bytes.len();
    let run = Run::from_bytes([bytes]).unwrap();
    let all = Selection::all().threads(1);
    for section in 0..run.index().sections().len() {
        let reading = run.read::<i32>(&all.clone().section(section)).unwrap();
        assert!(reading.samples.len() * 4 <= length);
        assert_eq!(reading.errored.len(), reading.frames());
    }
    let _ = run.read::<f64>(&all);
    let headers = run.headers(&all).unwrap();
    assert_eq!(headers.frames() as u64, run.index().frames());
    assert_eq!(run.times(&all).unwrap().ns.len(), headers.frames());
    run.metadata().unwrap().config_at(1);
    run.check().unwrap();
}

fn small() -> Vec<u8> {
    [text("A:\n  B: [1, 2]\n"), frames(3, 0..2), text("A.B: 3\n"), frames(2, 2..4)].concat()
}

#[test]
fn every_truncation_is_read() {
    let bytes = small();
    for end in 0..=bytes.len() {
        use_all(bytes[..end].to_vec());
    }
}

#[test]
fn every_flipped_bit_is_survived_and_recover_loses_little() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from.dat"), folder.path().join("to.dat"));
    let bytes = small();
    let record = 8 + 128 + 12;
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        use_all(flipped.clone());
        // Only bits of what says where records are and what they are.
        if bit % 8 == 3 {
            std::fs::write(&from, flipped).unwrap();
            let options = wavekeep_smurf::RecoverOptions::default().with_overwrite(true);
            let recovery = recover(&from, &to, options).unwrap();
            assert!(recovery.lost_bytes() <= record, "bit {bit}: {:?}", recovery.lost);
            assert!(recovery.index.frames() >= 3, "bit {bit}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn random_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        use_all(bytes);
    }

    #[test]
    fn runs_with_random_bytes_in_them_are_survived_and_recovered(
        noise in prop::collection::vec(any::<u8>(), 1..300),
        at in any::<prop::sample::Index>(),
    ) {
        let good = small();
        let at = at.index(good.len());
        let mut bytes = good[..at].to_vec();
        bytes.extend(noise);
        bytes.extend(&good[at..]);
        use_all(bytes.clone());
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from.dat"), folder.path().join("to.dat"));
        std::fs::write(&from, bytes).unwrap();
        recover(&from, &to, Default::default()).unwrap();
        prop_assert!(Run::open(&to).unwrap().index().damage().is_empty());
    }

    #[test]
    fn an_index_with_random_bytes_in_it_is_not_believed(
        at in any::<prop::sample::Index>(), value: u8,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.dat");
        std::fs::write(&path, small()).unwrap();
        let keep = OpenOptions::default()
.with_keep_index(true);
        let made = Run::open_with(&path, keep).unwrap();
        let index = folder.path().join("r.dat.index");
        let mut bytes = std::fs::read(&index).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = value;
        std::fs::write(&index, &bytes).unwrap();
        let again = Run::open_with(&path, keep).unwrap();
        prop_assert_eq!(made.index(), again.index());
        std::fs::write(&index, &bytes[..at]).unwrap();
        let again = Run::open_with(&path, keep).unwrap();
        prop_assert_eq!(made.index(), again.index());
    }
}

#[test]
fn a_sparse_file_of_10_gb_costs_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sparse.dat");
    std::fs::write(&path, frames(4, 0..3)).unwrap();
    File::options().write(true).open(&path).unwrap().set_len(10 << 30).unwrap();
    let run = Run::open(&path).unwrap();
    assert_eq!(run.index().frames(), 3);
    assert_eq!(run.index().damage().len(), 1);

    // One frame that says it is 4 GB long, and has a billion channels.
    let mut giant = frames(0, 0..1);
    giant[..4].copy_from_slice(&0xffff_ff00u32.to_le_bytes());
    giant[12..16].copy_from_slice(&0x3fff_ff00u32.to_le_bytes());
    std::fs::write(&path, giant).unwrap();
    File::options().write(true).open(&path).unwrap().set_len(10 << 30).unwrap();
    let run = Run::open(&path).unwrap();
    assert_eq!(run.index().sections()[0].channels, 0x3fff_ff00);
    let reading = run.read::<i32>(&Selection::channels([0, 0x3fff_feff])).unwrap();
    assert_eq!((reading.channel(0), reading.channel(1)), (&[0][..], &[0][..]));
}

#[test]
fn a_search_among_false_beginnings_ends_and_saves_the_one_that_ends_with_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from.dat"), folder.path().join("to.dat"));
    // Every 16 bytes begin what looks like a frame that nothing confirms.
    let false_beginning = [200, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0];
    let bytes = false_beginning.repeat(1 << 17);
    std::fs::write(&from, &bytes).unwrap();
    let recovery = recover(&from, &to, Default::default()).unwrap();
    // 460 bytes: a size of 456 and the word that it does not count.
    assert_eq!((recovery.index.frames(), recovery.lost_bytes()), (1, bytes.len() as u64 - 460));
}
