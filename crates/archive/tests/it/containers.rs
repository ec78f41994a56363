//! Zip and tar archives of others: one bad member costs itself, and memory stays bounded.

use crate::common;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use common::*;
use wavekeep_archive::{Account, Archive, Fate, ImportOptions, Imported};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const GOOD: [&str; 3] = [QUIET, BLAST, "M529LKVQ.6S0W"];

/// A zip archive of three events with the report of one, each member with the flags and method that
/// its directory entry states.
fn zipped(method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for name in [QUIET, BLAST, BLAST_REPORT, "M529LKVQ.6S0W"] {
        zip.start_file(name, options).unwrap();
        zip.write_all(&sample(name)).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Offsets of the local and the central header of a member.
fn headers(zip: &[u8], name: &str) -> (usize, usize) {
    let find = |magic: &[u8], name_at: usize| {
        (0..zip.len() - name_at - name.len())
            .find(|at| {
                zip[*at..].starts_with(magic) && zip[at + name_at..].starts_with(name.as_bytes())
            })
            .unwrap()
    };
    (find(b"PK\x03\x04", 30), find(b"PK\x01\x02", 46))
}

/// What makes one member bad, and how.
fn spoilt(what: &str, name: &str) -> Vec<u8> {
    let mut zip = zipped(CompressionMethod::Deflated);
    let (local, central) = headers(&zip, name);
    let data = local + 30 + name.len();
    match what {
        "encrypted" => {
            zip[local + 6] |= 1;
            zip[central + 8] |= 1;
        }
        "unknown method" => {
            zip[local + 8..local + 10].copy_from_slice(&77u16.to_le_bytes());
            zip[central + 10..central + 12].copy_from_slice(&77u16.to_le_bytes());
        }
        "wrong sum" => {
            zip[local + 14] ^= 1;
            zip[central + 16] ^= 1;
        }
        "bad deflate" => zip[data..data + 8].fill(0xff),
        "no such place" => zip[central + 42..central + 46].copy_from_slice(&u32::MAX.to_le_bytes()),
        other => panic!("{other}"),
    }
    zip
}

fn import(archive: &Archive, path: &Path) -> (Account, Vec<Imported>) {
    let mut heard = Vec::new();
    let options = ImportOptions::default();
    let account =
        archive.import(&[path.to_owned()], &options, &AtomicBool::new(false), &mut |imported| {
            heard.push(imported.clone())
        });
    (account.unwrap(), heard)
}

#[test]
fn one_bad_member_costs_itself_and_is_named() {
    for what in ["encrypted", "unknown method", "wrong sum", "bad deflate", "no such place"] {
        for name in GOOD {
            let fresh = fresh();
            let path = fresh.folder.path().join("of-others.zip");
            fs::write(&path, spoilt(what, name)).unwrap();
            let (account, heard) = import(&fresh.archive, &path);
            assert_eq!((account.new, account.failed), (2, 1), "{what}, {name}: {heard:?}");
            let failed = heard.iter().find(|one| matches!(one.fate, Fate::Failed { .. })).unwrap();
            assert!(failed.path.ends_with(name), "{what}: {}", failed.path);
        }
    }
}

#[test]
fn a_bad_report_costs_its_pairing_alone() {
    for what in ["encrypted", "unknown method", "wrong sum", "bad deflate", "no such place"] {
        let fresh = fresh();
        let path = fresh.folder.path().join("of-others.zip");
        fs::write(&path, spoilt(what, BLAST_REPORT)).unwrap();
        let (account, heard) = import(&fresh.archive, &path);
        assert_eq!((account.new, account.without_report), (3, 3), "{what}: {heard:?}");
        assert_eq!(account.failed, 1, "{what}: {heard:?}");
    }
}

#[test]
fn a_compressed_tar_that_was_cut_gives_what_stands_before_the_cut() {
    let mut tar = tar::Builder::new(Vec::new());
    for name in GOOD {
        let bytes = sample(name);
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        tar.append_data(&mut header, name, bytes.as_slice()).unwrap();
    }
    let plain = tar.into_inner().unwrap();
    // Stored, so that the place of the cut says how many events stand before it.
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    packed.write_all(&plain).unwrap();
    let packed = packed.finish().unwrap();
    let fresh = fresh();
    let path = fresh.folder.path().join("cut.tar.gz");
    fs::write(&path, &packed[..packed.len() - sample("M529LKVQ.6S0W").len()]).unwrap();
    let (account, heard) = import(&fresh.archive, &path);
    assert_eq!(account.new, 2, "{heard:?}");
    assert!(account.failed > 0);
}

/// Bytes of memory that this process had at most.
#[cfg(target_os = "linux")]
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

#[cfg(target_os = "linux")]
#[test]
fn texts_that_wait_for_their_events_are_not_held_in_memory() {
    if !crate::alone::is_alone(
        "containers::texts_that_wait_for_their_events_are_not_held_in_memory",
    ) {
        return;
    }
    let fresh = fresh();
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let text = vec![b' '; 16 << 20];
    for n in 0..24 {
        zip.start_file(format!("M{n:03}LKIQ.7M0W.TXT"), SimpleFileOptions::default()).unwrap();
        zip.write_all(&text).unwrap();
    }
    let bytes = zip.finish().unwrap().into_inner();
    assert!(bytes.len() < 1 << 20, "{}", bytes.len());
    let path = fresh.folder.path().join("texts.zip");
    fs::write(&path, bytes).unwrap();
    let before = peak();
    let (account, _) = import(&fresh.archive, &path);
    let grown = peak() - before;
    assert_eq!((account.events(), account.failed), (0, 0));
    assert!(grown < 200 << 20, "{grown} bytes for texts of {} bytes", 24 * text.len());
}

#[cfg(unix)]
#[test]
fn links_pipes_and_unfinished_uploads_in_a_folder_are_named() {
    use std::os::unix::fs::symlink;
    let fresh = fresh();
    let source = tempfile::tempdir().unwrap();
    let place = |name: &str| source.path().join(name);
    fs::write(place(QUIET), sample(QUIET)).unwrap();
    fs::create_dir(place("TXT")).unwrap();
    symlink(sample_path(BLAST), place(BLAST)).unwrap();
    symlink(source.path(), place("circle")).unwrap();
    symlink("nowhere", place("dangling")).unwrap();
    symlink(sample_path(BLAST_REPORT), place("TXT").join(BLAST_REPORT)).unwrap();
    let socket = std::os::unix::net::UnixListener::bind(place("socket")).unwrap();
    for unfinished in [".part", ".filepart", ".tmp", ".crdownload", ".PARTIAL", "~"] {
        fs::write(place(&format!("{BLAST}{unfinished}")), sample(BLAST)).unwrap();
    }
    let (account, heard) = import(&fresh.archive, source.path());
    drop(socket);
    assert_eq!((account.new, account.unknown_serials, account.failed), (1, 0, 5), "{heard:?}");
    for name in [BLAST, "circle", "dangling", BLAST_REPORT, "socket"] {
        let is_named = |one: &&Imported| {
            one.path.ends_with(name)
                && matches!(one.fate, Fate::Failed { kind: "link" | "not_a_file", .. })
        };
        assert!(heard.iter().any(|one| is_named(&one)), "{name}: {heard:?}");
    }
    assert_eq!(account.skipped["unfinished upload, by its name"], 6);
}
