//! A run that is opened again by its identity, and the index that is kept beside one.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::maker::{frames, text};
use proptest::prelude::*;
use wavekeep_smurf::{Error, Identity, OpenOptions, Run};

/// A run of three pieces with ten frames each, and metadata in the second.
fn pieces(folder: &Path) -> [PathBuf; 3] {
    [1, 2, 3].map(|number: usize| {
        let path = folder.join(format!("r.dat.{number}"));
        let meta = if number == 2 { text("A.B: 12345678\n") } else { Vec::new() };
        fs::write(&path, [frames(4, (number - 1) * 10..number * 10), meta].concat()).unwrap();
        path
    })
}

fn opened(folder: &Path) -> (Run, Identity, Vec<u8>) {
    let run = Run::open(folder.join("r.dat")).unwrap();
    let (identity, index) = (run.identity().unwrap(), run.index_bytes());
    (run, identity, index)
}

fn append(path: &Path, bytes: &[u8]) {
    let there = fs::read(path).unwrap();
    fs::write(path, [there.as_slice(), bytes].concat()).unwrap();
}

fn time_of(path: &Path) -> SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

fn set_time(path: &Path, time: SystemTime) {
    File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

fn is_change(error: &Error) -> bool {
    matches!(error, Error::Changed { .. })
}

fn changed(found: Result<Run, Error>) -> (PathBuf, String) {
    match found {
        Err(Error::Changed { path, what }) => (path, what),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_run_is_opened_again_as_it_was_with_its_index_and_without() {
    let folder = tempfile::tempdir().unwrap();
    pieces(folder.path());
    let (run, identity, index) = opened(folder.path());
    for bytes in [Some(index.as_slice()), None] {
        let again = Run::open_again(folder.path(), &identity, bytes).unwrap();
        assert_eq!(again.index(), run.index());
        assert_eq!(again.identity().unwrap(), identity);
        assert_eq!(again.metadata().unwrap().updates().len(), 1);
        again.compare_with(&identity).unwrap();
    }
}

#[test]
fn the_channel_of_metadata_travels() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = [frames(2, 0..3), text("A: 5\n")].concat();
    let at = bytes.len() - "A: 5\n".len() - 1;
    bytes[at] = 7;
    fs::write(folder.path().join("r.dat"), bytes).unwrap();
    let options = OpenOptions::default().with_metadata_channel(Some(7));
    let run = Run::open_with(folder.path().join("r.dat"), options).unwrap();
    let (identity, index) = (run.identity().unwrap(), run.index_bytes());
    for bytes in [Some(index.as_slice()), None] {
        let again = Run::open_again(folder.path(), &identity, bytes).unwrap();
        assert_eq!(again.index().metadata_records(), 1);
    }
}

#[test]
fn a_run_that_grew_is_opened_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let [.., last] = pieces(folder.path());
    let (run, identity, index) = opened(folder.path());
    append(&last, &frames(4, 30..33));
    fs::write(folder.path().join("r.dat.4"), frames(4, 33..40)).unwrap();
    let again = Run::open_again(folder.path(), &identity, Some(&index)).unwrap();
    assert_eq!(again.index(), run.index());
    assert_eq!(again.identity().unwrap(), identity);
    run.compare_with(&identity).unwrap();
    // Without the index a pass would find more frames.
    let (_, what) = changed(Run::open_again(folder.path(), &identity, None));
    assert!(what.contains("grown"), "{what}");
}

#[test]
fn what_differs_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second, last] = pieces(folder.path());
    let (_, identity, index) = opened(folder.path());
    let again = || Run::open_again(folder.path(), &identity, Some(&index));
    let (bytes, time) = (fs::read(&second).unwrap(), time_of(&second));

    // A piece that is not the last one never grows.
    append(&second, &frames(4, 20..21));
    let (path, what) = changed(again());
    assert_eq!(path, second);
    assert!(what.contains(&format!("and had {}", bytes.len())), "{what}");

    // Written again, with the same bytes.
    fs::write(&second, &bytes).unwrap();
    set_time(&second, time + Duration::from_secs(1));
    let (path, what) = changed(again());
    assert!(path == second && what.contains("was written at"), "{what}");
    set_time(&second, time);
    again().unwrap();

    // Another run of the same lengths and times.
    fs::write(&first, frames(4, 50..60)).unwrap();
    set_time(&first, SystemTime::UNIX_EPOCH + Duration::from_nanos(identity.pieces[0].modified_ns));
    let (path, what) = changed(again());
    assert!(path == first && what.contains("frame is another one"), "{what}");

    // A longer one in the place of the last piece is no run that grew.
    pieces(folder.path());
    let (_, identity, index) = opened(folder.path());
    let again = || Run::open_again(folder.path(), &identity, Some(&index));
    fs::write(&last, frames(4, 50..70)).unwrap();
    assert_eq!(changed(again()).0, last);

    // Cut, and gone.
    fs::write(&last, frames(4, 20..25)).unwrap();
    assert_eq!(changed(again()).0, last);
    fs::remove_file(&last).unwrap();
    assert!(matches!(again(), Err(Error::Io { path, .. }) if path == last));
}

#[test]
fn an_open_run_is_compared_with_an_identity_without_opening_it() {
    let folder = tempfile::tempdir().unwrap();
    let [_, second, _] = pieces(folder.path());
    let (run, identity, _) = opened(folder.path());
    set_time(&second, time_of(&second) + Duration::from_secs(1));
    assert!(
        matches!(run.compare_with(&identity), Err(Error::Changed { path, .. }) if path == second)
    );
}

#[test]
fn an_index_beside_a_run_is_used_without_one_being_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.dat");
    fs::write(&path, frames(4, 0..8)).unwrap();
    let using = OpenOptions::default().with_use_index(true);
    Run::open_with(&path, using).unwrap();
    let index = folder.path().join("r.dat.index");
    assert!(!index.exists());
    let keep = OpenOptions::default().with_keep_index(true);
    Run::open_with(&path, keep).unwrap();
    // A frame that says that it has other samples, in a file of the same length and time: the pass
    // that is not made would find it.
    let (mut bytes, time) = (fs::read(&path).unwrap(), time_of(&path));
    bytes[3 * 152 + 12] ^= 1;
    fs::write(&path, bytes).unwrap();
    set_time(&path, time);
    assert_eq!(Run::open_with(&path, using).unwrap().index().sections().len(), 1);
    assert_eq!(Run::open(&path).unwrap().index().bad_frames(), 1);
    // One that belongs to other files is not used.
    set_time(&path, time + Duration::from_secs(1));
    assert_eq!(Run::open_with(&path, using).unwrap().index().bad_frames(), 1);
}

#[cfg(unix)]
#[test]
fn a_kept_index_may_be_read_by_those_who_may_read_other_new_files() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.dat");
    fs::write(&path, frames(4, 0..8)).unwrap();
    let keep = OpenOptions::default().with_keep_index(true);
    Run::open_with(&path, keep).unwrap();
    let mode =
        |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("r.dat.index"), mode("r.dat"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

proptest! {
    #[test]
    fn bytes_that_are_no_index_of_the_run_are_an_error(
        at in any::<prop::sample::Index>(), value: u8,
    ) {
        let folder = tempfile::tempdir().unwrap();
        pieces(folder.path());
        let (run, identity, mut index) = opened(folder.path());
        let at = at.index(index.len());
        let is_same = index[at] == value;
        index[at] = value;
        match Run::open_again(folder.path(), &identity, Some(&index)) {
            Ok(again) => prop_assert!(is_same && again.index() == run.index()),
            Err(error) => prop_assert!(!is_same && is_change(&error)),
        }
        let cut = Run::open_again(folder.path(), &identity, Some(&index[..at]));
        prop_assert!(cut.is_err_and(|error| is_change(&error)));
    }
}
