//! Backups: complete by themselves, whatever is written while they are made.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::common::*;
use serde_json::json;
use wavekeep_archive::{
    Actor, Archive, ArchiveError, Backup, BackupOptions, Manifest, PatchOptions, Query, SignedIn,
    Submission, VerifyOptions,
};

fn mirror() -> BackupOptions {
    BackupOptions::default().with_mirror(true)
}

fn back_up(archive: &Archive, to: &Path) -> Backup {
    archive.backup(to, BackupOptions::default(), &|_, _| {}).unwrap()
}

fn with_events() -> Fresh {
    let fresh = fresh();
    fresh.save(&with_report(BLAST, BLAST_REPORT));
    fresh.save(&submission(QUIET));
    fresh.save(&submission(DAMAGED));
    review(&fresh.archive, 1, "a lorry");
    fresh.archive.add_token("kim", wavekeep_archive::Role::Read).unwrap();
    fresh
}

fn review(archive: &Archive, id: i64, notes: &str) {
    let patch = json!({"review": {"notes": notes}});
    archive.patch_sidecar(id, &patch, "kim", PatchOptions::default()).unwrap();
}

/// Sees that a backup verifies as it is, and gives its number of events.
fn whole(backup: &Path) -> usize {
    let (path, manifest) = Manifest::find(backup).unwrap();
    let found = manifest.verify(&path, VerifyOptions::default(), &|_, _| {}).unwrap();
    assert_eq!(found.findings, [], "{}", backup.display());
    assert!(!found.index_in_memory, "the index is in it");
    let looked = Archive::open_to_read(backup).unwrap();
    assert_eq!(looked.waiting(), None);
    looked.ids(&Query::default()).unwrap().len()
}

/// Files below a folder with their contents, but for what is of a moment or of the backup itself.
fn contents(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let is_kept = |path: &Path| {
        let name = path.file_name().unwrap().to_string_lossy();
        !name.starts_with("index.sqlite") && !name.starts_with("lock") && name != "backup.json"
    };
    everything(root).into_iter().filter(|(path, _)| is_kept(path)).collect()
}

/// An event of its own for each number.
fn numbered(n: usize) -> Submission {
    let digits = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let (a, b) = (char::from(digits[n / 36 % 36]), char::from(digits[n % 36]));
    Submission::new(format!("M529L{a}{b}0.7M0W"), sample(QUIET))
}

#[test]
fn twenty_backups_under_imports_and_reviews_verify_at_once_and_have_all_that_was_answered() {
    let folder = memory_folder();
    let backups = memory_folder();
    let archive = Archive::create(folder.path()).unwrap();
    archive.save(&submission(BLAST)).unwrap();
    let (is_over, answered) = (AtomicBool::new(false), AtomicUsize::new(1));
    thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0.. {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                // Few enough that the last backup is verified in a moment, changed all the time.
                if n < 60 {
                    archive.save(&numbered(n)).unwrap();
                    answered.fetch_add(1, Ordering::Relaxed);
                }
                let id = i64::try_from(n % 60.min(n + 1)).unwrap() + 1;
                review(&archive, id, &format!("note {n}"));
            }
        });
        for n in 0..20 {
            // Another process: it has a lock of its own.
            let other = Archive::open(folder.path()).unwrap();
            let options = if n % 2 == 0 { BackupOptions::default() } else { mirror() };
            let to = backups.path().join(if n % 2 == 0 { "dated" } else { "mirror" });
            let before = answered.load(Ordering::Relaxed);
            let backup = other.backup(&to, options, &|_, _| {}).unwrap();
            assert_eq!(backup.left_out, []);
            assert!(whole(&backup.path) >= before, "backup {n}");
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_backup_has_the_same_bytes_and_says_of_what_it_is() {
    let (fresh, backups) = (with_events(), tempfile::tempdir().unwrap());
    let backup = back_up(&fresh.archive, backups.path());
    assert_eq!(contents(&backup.path), contents(fresh.folder.path()));
    assert_eq!(backup.manifest.files, backup.copied_files);
    assert!(backup.manifest.head.as_ref().unwrap().starts_with("wavekeep head 1\n"));
    let (found, manifest) = Manifest::find(backups.path()).unwrap();
    assert_eq!((found, manifest), (backup.path, backup.manifest));
}

#[test]
fn who_is_signed_in_to_a_server_is_not_in_a_backup() {
    let fresh = with_events();
    let entry = SignedIn {
        sha256: "00".repeat(32),
        user: "kim".to_owned(),
        groups: Vec::new(),
        provider: "https://id.example wavekeep".to_owned(),
        ends_at_s: 4_000_000_000,
    };
    fresh.archive.change_signed_in(|all| all.push(entry.clone())).unwrap();
    assert_eq!(fresh.archive.signed_in().unwrap(), [entry]);
    let place = tempfile::tempdir().unwrap();
    let backup = back_up(&fresh.archive, place.path());
    assert_eq!(whole(&backup.path), 3);
    assert_eq!(Archive::open_to_read(&backup.path).unwrap().signed_in().unwrap(), []);
}

#[cfg(unix)]
#[test]
fn what_has_not_changed_is_a_link_to_the_backup_before_and_changes_leave_that_alone() {
    use std::os::unix::fs::MetadataExt;
    let (fresh, backups) = (with_events(), tempfile::tempdir().unwrap());
    // Files that have just been written may be written again in the same moment of a coarse clock.
    age(fresh.folder.path());
    let first = back_up(&fresh.archive, backups.path());
    let before = everything(&first.path);
    review(&fresh.archive, 2, "changed");
    let second = back_up(&fresh.archive, backups.path());
    let number = |backup: &Backup, path: &str| backup.path.join(path).metadata().unwrap().ino();
    let source = "BE11529/M529LKIQ.7M0W";
    let sidecar = "BE11529/M529LKIQ.7M0W.sfm.json";
    assert_eq!(number(&first, source), number(&second, source));
    assert_ne!(number(&first, sidecar), number(&second, sidecar));
    assert!(second.copied_files < first.copied_files);
    assert_eq!(everything(&first.path), before);
    // One that is opened as an archive and changed changes no other.
    review(&Archive::open(&second.path).unwrap(), 1, "in the backup");
    assert_eq!(everything(&first.path), before);
    whole(&first.path);
}

/// Lets all files be an hour old.
fn age(root: &Path) {
    let then = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    for path in everything(root).into_keys() {
        let file = fs::OpenOptions::new().append(true).open(root.join(path)).unwrap();
        file.set_modified(then).unwrap();
    }
}

#[test]
fn a_mirror_follows_changes_moves_and_removals_in_place() {
    let (fresh, backups) = (with_events(), tempfile::tempdir().unwrap());
    age(fresh.folder.path());
    let to = backups.path().join("mirror");
    let make = || fresh.archive.backup(&to, mirror(), &|_, _| {}).unwrap();
    let source = to.join("BE11529").join(QUIET);
    assert_eq!(make().path, fs::canonicalize(&to).unwrap());
    let written = source.metadata().unwrap().modified().unwrap();
    fresh.archive.remove_event(3, "not ours", Actor::local()).unwrap();
    fs::create_dir(fresh.folder.path().join("BE11529/extra")).unwrap();
    fs::write(fresh.folder.path().join("BE11529/extra/plan.png"), "x").unwrap();
    let second = make();
    assert!(second.copied_files < second.manifest.files);
    assert_eq!(contents(&to), contents(fresh.folder.path()));
    assert_eq!(source.metadata().unwrap().modified().unwrap(), written);
    assert_eq!(whole(&to), 2);
    fs::remove_dir_all(fresh.folder.path().join("BE11529/extra")).unwrap();
    make();
    assert!(!to.join("BE11529/extra").exists(), "an empty folder goes too");
}

#[test]
fn a_backup_that_was_cut_short_has_no_name_of_one_and_is_made_again() {
    let (fresh, backups) = (with_events(), tempfile::tempdir().unwrap());
    let refused = |path: &Path| Manifest::find(path).unwrap_err().to_string();
    let stopped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        fresh.archive.backup(backups.path(), BackupOptions::default(), &|done, _| {
            assert!(done < 4, "the program is killed here");
        })
    }));
    assert!(stopped.is_err());
    assert!(refused(backups.path()).contains("no finished backup"), "{}", refused(backups.path()));
    let first = back_up(&fresh.archive, backups.path());
    assert_eq!(whole(&first.path), 3);
    assert_eq!(fs::read_dir(backups.path()).unwrap().count(), 2, "it, and the lock");
    // A mirror says that it is unfinished, and all of it is copied again.
    let to = backups.path().join("mirror");
    fresh.archive.backup(&to, mirror(), &|_, _| {}).unwrap();
    let stopped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        fresh.archive.backup(&to, mirror(), &|done, _| assert!(done < 4, "killed"))
    }));
    assert!(stopped.is_err());
    assert!(refused(&to).contains("was not finished"), "{}", refused(&to));
    let again = fresh.archive.backup(&to, mirror(), &|_, _| {}).unwrap();
    assert_eq!(again.copied_files, again.manifest.files);
    whole(&to);
}

#[test]
fn places_that_are_none_for_a_backup_are_refused_and_left_alone() {
    let (fresh, other) = (with_events(), tempfile::tempdir().unwrap());
    let before = everything(fresh.folder.path());
    let refused = |to: &Path, options| match fresh.archive.backup(to, options, &|_, _| {}) {
        Err(ArchiveError::Backup { what, .. }) => what,
        other => panic!("{other:?}"),
    };
    let root = fresh.folder.path();
    assert!(refused(root, BackupOptions::default()).contains("archive itself"));
    assert!(refused(&root.join("new/backups"), mirror()).contains("archive itself"));
    assert!(refused(root.parent().unwrap(), mirror()).contains("the archive is in it"));
    fs::write(other.path().join("thesis.txt"), "x").unwrap();
    assert!(refused(other.path(), mirror()).contains("no mirror"));
    let second = other.path().join("archive");
    drop(Archive::create(&second).unwrap());
    assert!(refused(&second, BackupOptions::default()).contains("it is an archive"));
    assert!(refused(&second, mirror()).contains("no mirror"));
    assert_eq!(everything(root), before);
    assert_eq!(fs::read_to_string(other.path().join("thesis.txt")).unwrap(), "x");
}

#[test]
fn two_at_once_in_one_place_are_refused() {
    let (fresh, backups) = (with_events(), tempfile::tempdir().unwrap());
    let second = Archive::open(fresh.folder.path()).unwrap();
    let is_first = AtomicBool::new(true);
    let backup = fresh.archive.backup(backups.path(), BackupOptions::default(), &|_, _| {
        if is_first.swap(false, Ordering::Relaxed) {
            let error = second.backup(backups.path(), BackupOptions::default(), &|_, _| {});
            assert!(error.unwrap_err().to_string().contains("another program has it"));
        }
    });
    whole(&backup.unwrap().path);
}

#[test]
fn older_backups_are_removed_where_so_many_are_kept() {
    let (fresh, backups) = (with_events(), tempfile::tempdir().unwrap());
    let keep = |n| BackupOptions::default().with_keep(Some(n));
    fs::create_dir(backups.path().join("2001-01-01T000000Z")).unwrap();
    let made: Vec<_> = (0..4)
        .map(|_| fresh.archive.backup(backups.path(), keep(2), &|_, _| {}).unwrap())
        .collect();
    assert_eq!(made[3].removed, [made[1].path.clone()]);
    assert!(made[2].path.is_dir() && made[3].path.is_dir());
    assert_eq!(fs::read_dir(backups.path()).unwrap().count(), 4, "two, the lock, and no backup");
    assert!(backups.path().join("2001-01-01T000000Z").is_dir(), "it is no backup");
    assert_eq!(fresh.archive.backup(backups.path(), keep(0), &|_, _| {}).unwrap().removed.len(), 2);
}

#[test]
fn a_restored_archive_is_the_archive_and_a_place_in_use_is_refused() {
    let (fresh, other) = (with_events(), tempfile::tempdir().unwrap());
    let backups = other.path().join("backups");
    let backup = back_up(&fresh.archive, &backups);
    let to = other.path().join("new/fleet");
    let restored = Archive::restore(&backups, &to, &|_, _| {}).unwrap();
    assert_eq!(restored.backup, backup.path);
    assert_eq!(restored.files, backup.manifest.files);
    assert_eq!(contents(&to), contents(fresh.folder.path()));
    let archive = Archive::open(&to).unwrap();
    assert_eq!(archive.verify(VerifyOptions::default(), &|_, _| {}).unwrap().findings, []);
    let head = fresh.archive.head().unwrap();
    assert_eq!(archive.head().unwrap().root, head.root);
    assert!(archive.save(&submission("M529LKVQ.6S0W")).unwrap().id > 0);
    let error = Archive::restore(&backups, &to, &|_, _| {}).unwrap_err();
    assert!(error.to_string().contains("not empty"), "{error}");
    let inside = Archive::restore(&backup.path, &backup.path.join("x"), &|_, _| {}).unwrap_err();
    assert!(inside.to_string().contains("the backup itself"), "{inside}");
    // Into an empty folder, which may be the root of a disk; what was cut short before is no obstacle.
    let empty = other.path().join("empty");
    fs::create_dir_all(empty.join(".wavekeep-restoring/BE11529")).unwrap();
    Archive::restore(&backup.path, &empty, &|_, _| {}).unwrap();
    assert_eq!(contents(&empty), contents(&backup.path));
}

#[test]
fn what_happened_to_a_backup_since_is_found() {
    let (fresh, backups) = (with_events(), tempfile::tempdir().unwrap());
    let backup = back_up(&fresh.archive, backups.path());
    let check = || {
        let (path, manifest) = Manifest::find(&backup.path)?;
        let found = manifest.verify(&path, VerifyOptions::default(), &|_, _| {})?;
        let mut paths: Vec<_> = found.findings.into_iter().map(|of| of.path).collect();
        paths.dedup();
        Ok::<_, ArchiveError>(paths)
    };
    assert_eq!(check().unwrap(), Vec::<PathBuf>::new());
    let source = backup.path.join("BE11529").join(QUIET);
    let whole = fs::read(&source).unwrap();
    let mut flipped = whole.clone();
    flipped[100] ^= 1;
    fs::write(&source, &flipped).unwrap();
    assert_eq!(check().unwrap(), [Path::new("BE11529").join(QUIET)]);
    fs::write(&source, &whole).unwrap();
    // A ledger that was cut, with an index that does not know better, is not what the backup was made of.
    let ledger = backup.path.join(".wavekeep/ledger.jsonl");
    let text = fs::read_to_string(&ledger).unwrap();
    let shorter: String = text.split_inclusive('\n').take(2).collect();
    fs::write(&ledger, shorter).unwrap();
    fs::remove_file(backup.path.join(".wavekeep/index.sqlite")).unwrap();
    assert!(check().unwrap().contains(&PathBuf::from(".wavekeep/ledger.jsonl")));
    let manifest = backup.path.join(".wavekeep/backup.json");
    for (text, what) in
        [("{", "EOF"), ("{\"wavekeep_backup\": 9}", "version 9"), ("{}", "missing field")]
    {
        fs::write(&manifest, text).unwrap();
        let error = check().unwrap_err().to_string();
        assert!(error.contains("backup.json") && error.contains(what), "{text}: {error}");
    }
}

#[cfg(unix)]
#[test]
fn links_are_named_and_left_out_and_secrets_stay_secret() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let (fresh, backups) = (with_events(), tempfile::tempdir().unwrap());
    symlink("/etc/passwd", fresh.folder.path().join("BE11529/link")).unwrap();
    let backup = back_up(&fresh.archive, backups.path());
    let [left_out] = &backup.left_out[..] else { panic!("{:?}", backup.left_out) };
    assert_eq!(left_out.path, Path::new("BE11529/link"));
    assert!(fs::symlink_metadata(backup.path.join("BE11529/link")).is_err());
    let tokens = backup.path.join(".wavekeep/tokens.json").metadata().unwrap();
    assert_eq!(tokens.permissions().mode() & 0o777, 0o600);
}

#[cfg(unix)]
#[test]
fn what_can_no_longer_be_read_stays_in_a_mirror_as_it_was() {
    let (fresh, backups) = (with_events(), tempfile::tempdir().unwrap());
    let to = backups.path().join("mirror");
    fresh.archive.backup(&to, mirror(), &|_, _| {}).unwrap();
    let source = fresh.path("BE11529", QUIET);
    fs::remove_file(&source).unwrap();
    std::os::unix::fs::symlink("/nowhere", &source).unwrap();
    let backup = fresh.archive.backup(&to, mirror(), &|_, _| {}).unwrap();
    assert_eq!(backup.left_out.len(), 1);
    assert_eq!(fs::read(to.join("BE11529").join(QUIET)).unwrap(), sample(QUIET));
}

#[test]
fn an_archive_that_is_open_to_be_read_alone_can_be_backed_up_unless_a_change_was_cut_short() {
    let (fresh, backups) = (with_events(), tempfile::tempdir().unwrap());
    let looked = Archive::open_to_read(fresh.folder.path()).unwrap();
    assert_eq!(whole(&back_up(&looked, backups.path()).path), 3);
    drop(fresh.archive);
    let looked = Archive::open_to_read(fresh.folder.path()).unwrap();
    assert_eq!(whole(&back_up(&looked, backups.path()).path), 3);
    let journal = json!({"version": 2, "renames": [], "events": []}).to_string();
    fs::write(looked.layout().journal(), journal).unwrap();
    let error = looked.backup(backups.path(), BackupOptions::default(), &|_, _| {}).unwrap_err();
    assert_eq!(error.kind(), "unfinished", "{error}");
}
