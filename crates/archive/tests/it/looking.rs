//! What only looks changes nothing, needs no write access and waits for nobody.

use crate::common;

use std::fs;
use std::path::Path;

use common::*;
use serde_json::json;
use wavekeep_archive::{
    Archive, ArchiveError, FindingKind, PatchOptions, Query, Role, VerifyOptions,
};

/// All that can be asked of an archive, as text.
fn answers(archive: &Archive) -> String {
    let mut csv = Vec::new();
    archive.export_csv(&Query::default(), &mut csv).unwrap();
    let mut zip = std::io::Cursor::new(Vec::new());
    archive.export_originals(&Query::default(), &mut zip).unwrap();
    format!(
        "{:?} {:?} {:?} {:?} {:?} {}",
        String::from_utf8(csv).unwrap(),
        archive.units().unwrap(),
        archive.sidecar(1).unwrap(),
        archive.review_log(None, 10).unwrap(),
        archive.sessions().unwrap().len(),
        zip.into_inner().len()
    )
}

fn small() -> Fresh {
    let fresh = fresh();
    fresh.save(&with_report(BLAST, BLAST_REPORT));
    fresh.save(&submission(QUIET));
    let patch = json!({"review": {"notes": "a lorry"}});
    fresh.archive.patch_sidecar(1, &patch, "kim", PatchOptions::default()).unwrap();
    fresh
}

#[test]
fn looking_leaves_every_file_as_it_is_and_none_behind() {
    let Fresh { folder, archive } = small();
    let expected = answers(&archive);
    drop(archive);
    let before = everything(folder.path());
    let looked = Archive::open_to_read(folder.path()).unwrap();
    assert!(looked.is_read_only() && looked.waiting().is_none());
    assert_eq!(answers(&looked), expected);
    let found = looked.verify(VerifyOptions::default(), &|_, _| {}).unwrap();
    assert!(found.is_whole(), "{:?}", found.findings);
    drop(looked);
    assert_eq!(everything(folder.path()), before);
}

#[test]
fn looking_beside_a_writer_sees_what_it_has_answered() {
    let fresh = small();
    let looked = Archive::open_to_read(fresh.folder.path()).unwrap();
    for name in ["M529LKVQ.6S0W", DAMAGED] {
        fresh.save(&submission(name));
        assert_eq!(answers(&looked), answers(&fresh.archive));
        let found = looked.verify(VerifyOptions::default(), &|_, _| {}).unwrap();
        assert!(found.is_whole(), "{:?}", found.findings);
    }
    // And after the writer has gone, and its log with it.
    let Fresh { folder, archive } = fresh;
    drop(archive);
    assert_eq!(looked.query(&Query::default()).unwrap().total, 4);
    assert_eq!(Archive::open_to_read(folder.path()).unwrap().units().unwrap()[0].events, 4);
}

#[test]
fn an_index_that_is_missing_or_older_is_made_in_memory() {
    let Fresh { folder, archive } = small();
    let index = archive.layout().index();
    drop(archive);
    let old = rusqlite::Connection::open(&index).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    drop(old);
    let look = || {
        let before = everything(folder.path());
        let looked = Archive::open_to_read(folder.path()).unwrap();
        assert_eq!(looked.query(&Query::default()).unwrap().total, 2);
        assert_eq!(looked.event(1).unwrap().review_notes.as_deref(), Some("a lorry"));
        let found = looked.verify(VerifyOptions::default(), &|_, _| {}).unwrap();
        assert!(found.is_whole() && found.index_in_memory, "{:?}", found.findings);
        assert_eq!(everything(folder.path()), before);
    };
    look();
    fs::remove_file(&index).unwrap();
    look();
}

#[test]
fn nothing_can_be_changed_through_an_archive_that_is_open_to_be_read() {
    let Fresh { folder, archive } = small();
    drop(archive);
    let before = everything(folder.path());
    let looked = Archive::open_to_read(folder.path()).unwrap();
    let is_refused = |error: &ArchiveError| matches!(error, ArchiveError::ReadOnly { .. });
    let patch = json!({"review": {"notes": "x"}});
    let patched = looked.patch_sidecar(1, &patch, "kim", PatchOptions::default());
    assert!(is_refused(&patched.unwrap_err()));
    assert!(is_refused(&looked.undo(1, "kim").unwrap_err()));
    assert!(is_refused(&looked.rebuild_index().unwrap_err()));
    assert!(is_refused(&looked.begin_session("x", None).unwrap_err()));
    assert!(looked.save(&submission("M529LKVQ.6S0W")).is_err());
    assert!(looked.add_token("kim", Role::Admin).is_err());
    assert_eq!(everything(folder.path()), before);
}

/// Journals that name what is not the archive's, in all ways that a path has.
fn hostile_journals(outside: &Path) -> Vec<String> {
    let absolute = outside.display().to_string();
    let rename = |from: &str, to: &str| json!({"version": 1, "renames": [{"from": from, "to": to}], "review": [], "events": []});
    let removes = |path: &str| {
        json!({"version": 1, "renames": [], "review": [], "events": [], "moves": [
            {"from": ["UNKNOWN", "x"], "to": ["BE1", "x"], "removes": [path]}]})
    };
    let mut all = Vec::new();
    for to in [
        "../outside/.bashrc",
        absolute.as_str(),
        "BE11529/../../outside/.bashrc",
        "./BE11529/x",
        "BE11529/deeper/x",
        ".wavekeep/index.sqlite",
        ".wavekeep/tokens.json",
        "x",
        "",
        ".",
        "..",
        "BE11529/..",
        "BE11529/.hidden",
        "BE11529/con",
        "BE11529\\x",
        "BE11529/deeper\\x",
        "BE11529//x",
        "BE11529/./x",
        "BE11529/x:y",
        "C:BE11529/x",
        "\\\\?\\C:\\x/x",
        "linked/x",
    ] {
        all.push(rename("BE11529/.wavekeep-1-1", to).to_string());
        all.push(rename(to, "BE11529/x").to_string());
        all.push(removes(to).to_string());
    }
    for (serial, filename) in [("..", "x"), ("BE1", "../x"), ("/etc", "passwd"), ("", "x")] {
        let events = json!([[serial, filename]]);
        let journal = json!({"version": 1, "renames": [], "review": [], "events": events});
        all.push(journal.to_string());
    }
    // And those that are none at all.
    all.extend(
        ["", "{", "null", "[]", "{}", "{\"version\": 1}", "\u{0}", "{\"version\": -1}"]
            .map(str::to_owned),
    );
    all
}

#[test]
fn a_journal_of_somebody_else_touches_nothing_outside_and_repair_sets_it_aside() {
    let place = tempfile::tempdir().unwrap();
    let outside = place.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join(".bashrc"), "mine").unwrap();
    let root = place.path().join("archive");
    let archive = Archive::create(&root).unwrap();
    archive.save(&submission(QUIET)).unwrap();
    let journal = archive.layout().journal();
    drop(archive);
    fs::write(root.join("BE11529/.wavekeep-1-1"), "theirs").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(&outside, root.join("linked")).unwrap();
    let before = (everything(&outside), fs::read(root.join("BE11529").join(QUIET)).unwrap());
    let unchanged = |context: &str| {
        let now = (everything(&outside), fs::read(root.join("BE11529").join(QUIET)).unwrap());
        assert_eq!(now, before, "{context}");
    };
    for text in hostile_journals(&outside.join(".bashrc")) {
        fs::write(&journal, &text).unwrap();
        let looked = Archive::open_to_read(&root).unwrap();
        assert_eq!(looked.query(&Query::default()).unwrap().total, 1, "{text}");
        assert!(looked.waiting().is_some(), "{text}");
        let found = looked.verify(VerifyOptions::default(), &|_, _| {}).unwrap();
        let is_named = found.findings.iter().any(|found| found.kind == FindingKind::Waiting);
        assert!(is_named, "{text}: {:?}", found.findings);
        assert_eq!(fs::read_to_string(&journal).unwrap(), text, "it is not followed by looking");
        unchanged(&text);

        let refused = Archive::open(&root).unwrap_err().to_string();
        assert!(refused.contains("repair"), "{text}: {refused}");
        unchanged(&text);

        let (archive, opened) = Archive::open_for_repair(&root).unwrap();
        let aside = root.join(opened.journal_aside.unwrap());
        assert_eq!(fs::read_to_string(&aside).unwrap(), text);
        assert!(!journal.exists());
        assert_eq!(archive.query(&Query::default()).unwrap().total, 1);
        unchanged(&text);
    }
}

#[test]
fn a_change_that_was_cut_short_waits_for_one_who_writes() {
    let Fresh { folder, archive } = small();
    let (layout, number) = (archive.layout().clone(), 9);
    drop(archive);
    let sidecar = format!("BE11529/{QUIET}.sfm.json");
    let staged = folder.path().join("BE11529/.wavekeep-7-7");
    let text = fs::read_to_string(folder.path().join(&sidecar)).unwrap();
    fs::write(&staged, &text).unwrap();
    let journal = json!({
        "version": 1, "events": [["BE11529", QUIET]],
        "renames": [{"from": "BE11529/.wavekeep-7-7", "to": sidecar}],
        "review": [{"number": number, "line": "{\"number\":9}"}],
    });
    fs::write(layout.journal(), journal.to_string()).unwrap();
    let before = everything(folder.path());
    let looked = Archive::open_to_read(folder.path()).unwrap();
    assert!(looked.waiting().unwrap().contains("a change of 1 event"));
    let found = looked.verify(VerifyOptions::default(), &|_, _| {}).unwrap();
    let kinds: Vec<_> = found.findings.iter().map(|found| found.kind).collect();
    assert_eq!(kinds, [FindingKind::Waiting], "{:?}", found.findings);
    assert_eq!(everything(folder.path()), before);
    drop(Archive::open(folder.path()).unwrap());
    assert!(!layout.journal().exists() && !staged.exists(), "the writer finishes it");
}

#[test]
fn a_journal_of_a_newer_program_is_left_alone_by_every_command() {
    let Fresh { folder, archive } = small();
    let journal = archive.layout().journal();
    drop(archive);
    let text = "{\"version\": 3, \"changes\": []}";
    fs::write(&journal, text).unwrap();
    let newer = |error: &ArchiveError| matches!(error, ArchiveError::Newer { .. });
    assert!(newer(&Archive::open(folder.path()).unwrap_err()));
    assert!(newer(&Archive::open_for_repair(folder.path()).unwrap_err()));
    let looked = Archive::open_to_read(folder.path()).unwrap();
    assert!(looked.waiting().unwrap().contains("version 3"));
    assert_eq!(fs::read_to_string(&journal).unwrap(), text);
}

/// Every place of an archive where a link can lie, each leading to a file or folder outside.
#[cfg(unix)]
#[test]
fn links_inside_an_archive_are_neither_read_nor_written_through_and_are_named() {
    use std::os::unix::fs::symlink;
    let places = [
        "BE11529",
        "BE11529/M529LKIQ.7M0W",
        "BE11529/M529LKIQ.7M0W.sfm.json",
        "BE11529/M529LKIQ.7M0W.h5",
        ".wavekeep",
        ".wavekeep/index.sqlite",
        ".wavekeep/review.jsonl",
        ".wavekeep/lock",
        ".wavekeep/lock.next",
        ".wavekeep/journal.json",
        ".wavekeep/tokens.json",
    ];
    for place in places {
        let Fresh { folder, archive } = small();
        let token = archive.add_token("kim", Role::Read);
        token.unwrap();
        drop(archive);
        let root = folder.path().to_owned();
        let outside = tempfile::tempdir().unwrap();
        let target = outside.path().join("theirs");
        // What was there lies outside now, so that following the link would work.
        let link = root.join(place);
        match link.symlink_metadata() {
            Ok(_) => fs::rename(&link, &target).unwrap(),
            Err(_) => fs::write(&target, "{}").unwrap(),
        }
        symlink(&target, &link).unwrap();
        let before = everything(outside.path());
        if let Ok(archive) = Archive::open(&root) {
            let _ = archive.save(&with_report(QUIET, OVER_RANGE_REPORT));
            let _ = archive.save(&submission("M529LKVQ.6S0W"));
            let patch = json!({"review": {"notes": "x"}});
            let _ = archive.patch_sidecar(2, &patch, "kim", PatchOptions::default());
            let _ = archive.add_token("sam", Role::Read);
            let _ = archive.rebuild_index();
            let _ = archive.repair(&|_, _| {});
        }
        let looked = Archive::open_to_read(&root);
        let said = match &looked {
            Ok(looked) => {
                let found = looked.verify(VerifyOptions::default(), &|_, _| {}).unwrap();
                format!("{:?} {:?}", found.findings, looked.waiting())
            }
            Err(error) => error.to_string(),
        };
        assert!(said.contains("is a link"), "{place}: {said}");
        assert_eq!(everything(outside.path()), before, "{place}");
    }
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_exchanged_under_an_open_archive_is_noticed() {
    let place = tempfile::tempdir().unwrap();
    let (root, other) = (place.path().join("archive"), place.path().join("other"));
    let archive = Archive::create(&root).unwrap();
    archive.save(&submission(QUIET)).unwrap();
    drop(Archive::create(&other).unwrap());
    fs::rename(&root, place.path().join("away")).unwrap();
    let gone = |archive: &Archive| {
        let asked = archive.query(&Query::default());
        let patch = json!({"review": {"notes": "x"}});
        let patched = archive.patch_sidecar(1, &patch, "kim", PatchOptions::default());
        for error in [asked.unwrap_err(), patched.unwrap_err()] {
            assert!(matches!(error, ArchiveError::Exchanged { .. }), "{error}");
        }
    };
    gone(&archive);
    fs::rename(&other, &root).unwrap();
    let before = everything(&root);
    gone(&archive);
    assert!(archive.save(&submission("M529LKVQ.6S0W")).is_err());
    assert_eq!(everything(&root), before, "nothing was written into the other one");
}

#[cfg(unix)]
#[test]
fn a_lock_and_an_index_that_are_replaced_are_noticed_and_used() {
    let fresh = small();
    let layout = fresh.archive.layout();
    fs::remove_file(layout.lock()).unwrap();
    let second = Archive::open(fresh.folder.path()).unwrap();
    fresh.save(&submission(DAMAGED));
    second.save(&submission("M529LKVQ.6S0W")).unwrap();
    // What a repair does with a damaged index.
    let aside = fresh.folder.path().join("index.aside");
    fs::rename(layout.index(), &aside).unwrap();
    for suffix in ["-wal", "-shm"] {
        let mut path = layout.index().into_os_string();
        path.push(suffix);
        let _ = fs::remove_file(path);
    }
    drop(second);
    // Whoever writes next makes it again from the files.
    fresh.archive.begin_session("a folder", None).unwrap();
    fresh.save(&submission("M529LIY6.N00"));
    assert_eq!(fresh.archive.query(&Query::default()).unwrap().total, 5);
    let again = Archive::open(fresh.folder.path()).unwrap();
    assert_eq!(again.query(&Query::default()).unwrap().total, 5);
}
