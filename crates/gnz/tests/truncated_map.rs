//! What `docs/formats/gnz.md` says about files that are shortened while open.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use gnz::{Gnz, Writer};

const SIGBUS: i32 = 7;

fn make(folder: &Path) -> PathBuf {
    let path = folder.join("a.gnz");
    let data = vec![1u8; 100_000];
    Writer::new().add("a", &[data.len()], &data).expect("a").write(&path).expect("new");
    path
}

fn shorten(path: &Path) {
    File::options().write(true).open(path).expect("a file").set_len(4096).expect("shorter");
}

fn sum(gnz: &Gnz) -> u64 {
    gnz.view::<u8>("a").expect("u1").iter().map(|v| u64::from(*v)).sum()
}

#[test]
fn a_copy_does_not_care_that_its_file_is_shortened() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = make(folder.path());
    let gnz = Gnz::open_copy(&path).expect("a GNZ");
    shorten(&path);
    assert_eq!(sum(&gnz), 100_000);
}

#[test]
fn access_beyond_the_new_end_of_a_mapped_file_ends_the_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let status = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "child_that_reads_a_shortened_map", "--ignored"])
        .env("GNZ_TEST_FILE", make(folder.path()))
        .output()
        .expect("a child")
        .status;
    assert_eq!(status.signal(), Some(SIGBUS), "{status}");
}

#[test]
#[ignore = "dies on purpose; run by the test above"]
fn child_that_reads_a_shortened_map() {
    let path = PathBuf::from(std::env::var_os("GNZ_TEST_FILE").expect("a path"));
    let gnz = Gnz::open(&path).expect("a GNZ");
    assert_eq!(sum(&gnz), 100_000);
    shorten(&path);
    // The header is still there.
    assert_eq!(gnz.keys().collect::<Vec<_>>(), ["a"]);
    sum(&gnz);
}
