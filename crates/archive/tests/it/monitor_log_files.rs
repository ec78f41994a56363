//! Monitor log files: kept as they came, listed, verified, and never taken for events.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use crate::common::*;
use tempfile::TempDir;
use wavekeep_archive::{
    Account, Actor, Archive, BackupOptions, FindingKind, ImportOptions, MonitorLogFile, Query,
    Stated, UnitFrom, VerifyOptions,
};

/// A file with the tag of monitor logs; what stands behind it is not known.
fn monitor_log(behind: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x10\x00\x01\x80\x00\x00Instantel\x00\x07\x2c\x22\x01\x0e\xa0".to_vec();
    bytes.extend(behind);
    bytes
}

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = memory_folder();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn import(archive: &Archive, path: &Path, options: &ImportOptions) -> Account {
    archive.import(&[path.to_owned()], options, &AtomicBool::new(false), &mut |_| {}).unwrap()
}

fn places(archive: &Archive) -> Vec<(String, String)> {
    let files = archive.monitor_log_files().unwrap().into_iter();
    files.map(|file| (file.serial, file.filename)).collect()
}

#[test]
fn monitor_logs_are_kept_byte_for_byte_beside_the_events_of_their_unit_and_are_no_events() {
    let fresh = fresh();
    let files = [
        ("M529LKIQ.MLG", monitor_log(b"one")),
        ("UM11719_20260714153012.MLG", b"of another format".to_vec()),
        ("renamed.bin", monitor_log(b"known by its tag")),
        ("M529LMOK.DK0W", sample(BLAST)),
    ];
    let given: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (*name, &**bytes)).collect();
    let account = import(&fresh.archive, folder(&given).path(), &ImportOptions::default());
    assert_eq!((account.monitor_logs, account.new, account.failed), (3, 1, 0));
    assert!(account.skipped.is_empty());

    let kept = fresh.archive.monitor_log_files().unwrap();
    let of = |name: &str| kept.iter().find(|file| file.filename == name).unwrap();
    let unit = |file: &MonitorLogFile| (file.serial.clone(), file.unit_from);
    assert_eq!(unit(of("M529LKIQ.MLG")), ("BE11529".to_owned(), UnitFrom::Name));
    assert_eq!(unit(of("UM11719_20260714153012.MLG")), ("UM11719".to_owned(), UnitFrom::Name));
    assert_eq!(unit(of("renamed.bin")), ("UNKNOWN".to_owned(), UnitFrom::Nothing));
    for (name, bytes) in files.iter().take(3) {
        let (file, path) = fresh.archive.monitor_log_file(of(name).entry).unwrap().unwrap();
        assert_eq!(&fs::read(&path).unwrap(), bytes);
        assert_eq!((&*file.filename, file.bytes), (*name, bytes.len() as u64));
    }
    assert_eq!(fresh.archive.query(&Query::default()).unwrap().total, 1);
    fresh.verify_clean();
}

#[test]
fn what_the_caller_states_is_the_unit_also_in_other_capitals_than_the_archive_has() {
    let fresh = fresh();
    let stated = |serial: &str| {
        let stated = Stated { serial: Some(serial.to_owned()), ..Stated::default() };
        ImportOptions::default().with_stated(stated)
    };
    let first = folder(&[("a.MLG", b"1")]);
    import(&fresh.archive, first.path(), &stated("Box7"));
    import(&fresh.archive, folder(&[("b.MLG", b"2")]).path(), &stated("BOX7"));
    let kept = fresh.archive.monitor_log_files().unwrap();
    assert!(kept.iter().all(|file| file.serial == "Box7" && file.unit_from == UnitFrom::Caller));
    assert_eq!(kept.len(), 2);
}

#[test]
fn the_same_file_is_kept_once_and_another_one_of_its_name_under_a_name_with_its_checksum() {
    let fresh = fresh();
    let options = ImportOptions::default();
    let short = folder(&[("M529LKIQ.MLG", &monitor_log(b"short"))]);
    let longer = folder(&[("M529LKIQ.MLG", &monitor_log(b"short and longer"))]);
    for (path, new, same) in [(&short, 1, 0), (&short, 0, 1), (&longer, 1, 0), (&longer, 0, 1)] {
        let account = import(&fresh.archive, path.path(), &options);
        assert_eq!((account.monitor_logs, account.same_monitor_logs), (new, same));
    }
    let names: BTreeSet<String> =
        places(&fresh.archive).into_iter().map(|(_, name)| name).collect();
    assert_eq!(names.len(), 2);
    assert!(names.iter().all(|name| name.starts_with("M529LKIQ") && name.ends_with(".MLG")));
    fresh.verify_clean();
}

#[test]
fn an_empty_one_and_one_over_the_limit_are_named_and_not_kept() {
    let fresh = fresh();
    let limits = wavekeep_core::Limits::default().with_event_bytes(30);
    let options = ImportOptions::default().with_decode_limits(limits);
    let files = folder(&[("a.MLG", b""), ("b.MLG", &[7; 31]), ("c.MLG", &[7; 30])]);
    let account = import(&fresh.archive, files.path(), &options);
    assert_eq!((account.monitor_logs, account.failed), (1, 1));
    assert!(account.failures[0].path.ends_with("b.MLG"), "{:?}", account.failures);
    assert_eq!(account.skipped["empty monitor log"], 1);
}

#[test]
fn they_come_out_of_zip_archives_as_events_do() {
    let fresh = fresh();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let bytes = monitor_log(b"zipped");
    zip.start_file("site/M529LKIQ.MLG", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(&bytes).unwrap();
    let zipped = zip.finish().unwrap().into_inner();
    let account = import(
        &fresh.archive,
        folder(&[("call-home.zip", &zipped)]).path(),
        &ImportOptions::default(),
    );
    assert_eq!(account.monitor_logs, 1);
    assert_eq!(fs::read(fresh.path("BE11529", "M529LKIQ.MLG")).unwrap(), bytes);
}

#[test]
fn a_lost_or_changed_one_is_found_and_comes_back_by_importing_it_again() {
    let fresh = fresh();
    let source =
        folder(&[("M529LKIQ.MLG", &monitor_log(b"x")), ("M529LKIR.MLG", &monitor_log(b"y"))]);
    import(&fresh.archive, source.path(), &ImportOptions::default());
    fs::remove_file(fresh.path("BE11529", "M529LKIQ.MLG")).unwrap();
    fs::write(fresh.path("BE11529", "M529LKIR.MLG"), b"changed").unwrap();
    let found = fresh.archive.verify(VerifyOptions::default(), &|_, _| {}).unwrap();
    let kinds: Vec<FindingKind> = found.findings.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [FindingKind::FileMissing, FindingKind::FileDiffers]);
    import(&fresh.archive, source.path(), &ImportOptions::default());
    fresh.verify_clean();
}

#[test]
fn they_are_still_listed_when_the_index_is_made_again_in_backups_and_where_an_archive_is_taken_in()
{
    let fresh = fresh();
    let source = folder(&[("M529LKIQ.MLG", &monitor_log(b"x")), ("box.MLG", b"y")]);
    import(&fresh.archive, source.path(), &ImportOptions::default());
    let expected = places(&fresh.archive);
    assert_eq!(expected.len(), 2);
    fresh.archive.rebuild_index().unwrap();
    assert_eq!(places(&fresh.archive), expected);

    let to = memory_folder();
    let backup = fresh.archive.backup(to.path(), BackupOptions::default(), &|_, _| {}).unwrap();
    let copy = Archive::open_to_read(&backup.path).unwrap();
    assert_eq!(places(&copy), expected);
    assert!(copy.verify(VerifyOptions::default(), &|_, _| {}).unwrap().is_whole());

    let other = crate::common::fresh();
    let taken =
        other.archive.take_in(&fresh.archive, &AtomicBool::new(false), &mut |_| {}).unwrap();
    assert_eq!((taken.account.monitor_logs, places(&other.archive)), (2, expected));
    let again =
        other.archive.take_in(&fresh.archive, &AtomicBool::new(false), &mut |_| {}).unwrap();
    assert_eq!((again.account.monitor_logs, again.account.same_monitor_logs), (0, 2));
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let fresh = fresh();
    let keep = |name: &str, serial: Option<&str>| {
        fresh.archive.keep_monitor_log(name, b"x", serial, Actor::local())
    };
    for name in ["../x.MLG", "a/b.MLG", "nul.MLG", "x.MLG.sfm.json", ""] {
        assert_eq!(keep(name, None).unwrap_err().kind(), "name", "{name}");
    }
    for serial in ["..", ".wavekeep", "a/b"] {
        assert_eq!(keep("x.MLG", Some(serial)).unwrap_err().kind(), "name", "{serial}");
    }
    assert!(places(&fresh.archive).is_empty());
}
