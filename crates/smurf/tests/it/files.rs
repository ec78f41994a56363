//! Recovering, following, and indexes that belong to other files.

use std::fs::{self, File};
use std::io::Write;

use crate::maker;
use crate::maker::{frame, frames, samples, text};
use wavekeep_smurf::{
    Error, Follower, LostBecause, OpenOptions, RecoverOptions, Run, Selection, recover,
};

#[test]
fn recover_finds_the_next_record_behind_damage_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from.dat"), folder.path().join("to.dat"));
    let parts: Vec<Vec<u8>> = (0..10)
        .map(|number| match number {
            4 => text("AMCc.Dev.A: 1\n"),
            _ => frame(number as u32 * 20, &samples(16, number)),
        })
        .collect();
    for size in [0u32, 3, 4, 100, 201, 300, 100_000, u32::MAX] {
        let mut broken = parts.clone();
        broken[6][..4].copy_from_slice(&size.to_le_bytes());
        fs::write(&from, broken.concat()).unwrap();
        let options = RecoverOptions::default().with_overwrite(true);
        let recovery = recover(&from, &to, options).unwrap();
        let expected: Vec<u8> = parts
            .iter()
            .enumerate()
            .filter(|(number, _)| *number != 6)
            .flat_map(|it| it.1.clone())
            .collect();
        assert_eq!(fs::read(&to).unwrap(), expected, "size {size}");
        assert_eq!(recovery.lost_bytes(), 200, "size {size}");
        assert!(recovery.lost.iter().all(|lost| (1022..1222).contains(&lost.bytes.start)));
    }
}

#[test]
fn recover_leaves_out_what_an_older_run_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from.dat"), folder.path().join("to.dat"));
    let new = frames(7, 1000..1010);
    let mut bytes = frames(30, 0..50);
    bytes[..new.len()].copy_from_slice(&new);
    fs::write(&from, &bytes).unwrap();
    let recovery = recover(&from, &to, RecoverOptions::default()).unwrap();
    assert_eq!(fs::read(&to).unwrap(), new);
    assert!(recovery.lost.iter().any(|lost| lost.reason == LostBecause::Stale));
    let keep = RecoverOptions::default().with_overwrite(true).with_keep_stale(true);
    assert!(recover(&from, &to, keep).unwrap().index.frames() > 50);
}

#[test]
fn recover_joins_pieces_and_never_overwrites_unasked() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("r.dat.1"), &frames(3, 0..4)[..500]).unwrap();
    fs::write(folder.path().join("r.dat.2"), frames(3, 4..6)).unwrap();
    let to = folder.path().join("to.dat");
    let recovery = recover(folder.path().join("r.dat"), &to, RecoverOptions::default()).unwrap();
    assert_eq!((recovery.index.frames(), recovery.lost_bytes()), (5, 500 - 3 * 148));
    assert_eq!(recovery.source_bytes, 500 + 2 * 148);
    let again = recover(folder.path().join("r.dat"), &to, RecoverOptions::default());
    assert!(matches!(again, Err(Error::Exists { .. })));
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 3);
}

#[test]
fn a_whole_file_recovers_to_itself() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["basic.dat", "padded.dat", "errors.dat", "tree.dat", "split.dat.1", "empty.dat"] {
        let from = format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"));
        let to = folder.path().join(name);
        let options = RecoverOptions::default().with_one_piece(true);
        let recovery = recover(&from, &to, options).unwrap();
        assert!(recovery.lost.is_empty());
        assert_eq!(fs::read(from).unwrap(), fs::read(to).unwrap());
    }
}

#[test]
fn following_gives_whole_frames_only_and_goes_on_in_the_next_piece() {
    let folder = tempfile::tempdir().unwrap();
    let piece = |number: u32| folder.path().join(format!("r.dat.{number}"));
    let bytes = frames(3, 0..6);
    let mut file = File::create(piece(1)).unwrap();
    let mut follower = Follower::open(folder.path().join("r.dat")).unwrap();
    let mut seen = 0;
    for part in bytes[..3 * 148].chunks(50) {
        file.write_all(part).unwrap();
        let new = follower.poll().unwrap();
        assert_eq!(new.start, seen);
        seen = new.end;
        assert_eq!(seen, file.metadata().unwrap().len() / 148);
        let reading = follower.run().read::<i32>(&Selection::all().frames(new.clone())).unwrap();
        for (column, frame) in new.enumerate() {
            assert_eq!(reading.channel(2)[column], maker::sample(2, frame as usize));
        }
        let cut = !file.metadata().unwrap().len().is_multiple_of(148);
        assert_eq!(follower.pending().is_some(), cut);
    }
    fs::write(piece(2), &bytes[3 * 148..]).unwrap();
    fs::write(piece(3), frames(3, 6..7)).unwrap();
    assert_eq!(follower.poll().unwrap(), 3..7);
    assert_eq!(follower.poll().unwrap(), 7..7);
    assert!(follower.run().index().damage().is_empty());
    File::create(piece(3)).unwrap();
    assert!(matches!(follower.poll(), Err(Error::Shrunk { .. })));
}

#[test]
fn a_snapshot_of_a_followed_run_stays_as_it_is_while_the_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let piece = |number: u32| folder.path().join(format!("r.dat.{number}"));
    let bytes = frames(3, 0..6);
    fs::write(piece(1), &bytes[..4 * 148 + 50]).unwrap();
    let mut follower = Follower::open(piece(1)).unwrap();
    assert_eq!(follower.poll().unwrap(), 0..4);
    let snapshot = follower.snapshot().unwrap();
    fs::write(piece(1), &bytes).unwrap();
    fs::write(piece(2), frames(3, 6..9)).unwrap();
    assert_eq!(follower.poll().unwrap(), 4..9);

    let whole = Run::open(piece(1)).unwrap();
    for (run, frames) in [(snapshot, 4), (follower.snapshot().unwrap(), 9)] {
        assert_eq!(run.index().frames(), frames);
        let selection = Selection::all().frames(0..frames);
        let (found, expected) = (run.read::<i32>(&selection), whole.read::<i32>(&selection));
        assert_eq!(found.unwrap().samples.into_vec(), expected.unwrap().samples.into_vec());
    }
}

#[test]
fn an_index_of_another_file_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.dat");
    let keep = OpenOptions::default().with_keep_index(true);
    fs::write(&path, [frames(4, 0..8), text("A.B: 12345678\n")].concat()).unwrap();
    assert_eq!(Run::open_with(&path, keep).unwrap().index().frames(), 8);
    let times = fs::FileTimes::new().set_modified(fs::metadata(&path).unwrap().modified().unwrap());

    // Longer, and of the same length and time.
    fs::write(&path, frames(4, 0..9)).unwrap();
    assert_eq!(Run::open_with(&path, keep).unwrap().index().frames(), 9);
    fs::write(&path, frames(4, 0..8)).unwrap();
    Run::open_with(&path, keep).unwrap();
    let other = frames(40, 0..5);
    let length = frames(4, 0..8).len();
    fs::write(&path, &other[..length]).unwrap();
    File::options().write(true).open(&path).unwrap().set_times(times).unwrap();
    let run = Run::open_with(&path, keep).unwrap();
    assert_eq!(run.index().sections()[0].channels, 40);
}

#[test]
fn a_file_that_shrinks_is_an_error_and_not_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.dat");
    fs::write(&path, frames(400, 0..100)).unwrap();
    let run = Run::open(&path).unwrap();
    File::options().write(true).open(&path).unwrap().set_len(1000).unwrap();
    assert!(matches!(run.read::<i32>(&Selection::all()), Err(Error::Shrunk { .. })));
    assert!(matches!(run.headers(&Selection::all()), Err(Error::Shrunk { .. })));
}

#[test]
fn a_mask_that_cannot_be_read_is_a_note() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("r.dat"), frames(2, 0..2)).unwrap();
    fs::write(folder.path().join("r_mask.txt"), "1\nx\n").unwrap();
    fs::write(folder.path().join("r_freq.txt"), "5123.5\n5124\n").unwrap();
    let run = Run::open(folder.path().join("r.dat")).unwrap();
    assert!(run.mask().is_none());
    assert_eq!(run.frequencies_mhz(), Some(&[5123.5, 5124.0][..]));
    assert!(run.report().notes()[0].message.contains("line 2"));
    fs::write(folder.path().join("r_mask.txt"), "513\n1\n0\n").unwrap();
    let check = Run::open(folder.path().join("r.dat")).unwrap().check().unwrap();
    assert!(check.report.notes().iter().any(|note| note.code == "mask_length"));
}
