//! Verifying, repairing, deriving again, exporting.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{fs, thread};

use crate::common::*;
use serde_json::json;
use wavekeep_archive::{
    Archive, ArchiveError, FindingKind, PatchOptions, Query, RederiveOptions, RemakeOptions,
    Submission, TableUnits, Verification, VerifyOptions,
};
use wavekeep_blastware::frames;
use wavekeep_core::Unit;

fn verify(archive: &Archive) -> Verification {
    archive.verify(VerifyOptions::default(), &|_, _| {}).unwrap()
}

fn kinds(archive: &Archive) -> Vec<FindingKind> {
    verify(archive).findings.into_iter().map(|finding| finding.kind).collect()
}

/// An archive of one short event with raw frames, a report, all arrays and two reviews.
fn small() -> Fresh {
    let fresh = fresh();
    let bytes = sample("M529LIY6.N00");
    let mut submission = submission("M529LIY6.N00")
        .report(OVER_RANGE_REPORT.replace(OVER_RANGE, "M529LIY6.N00"), sample(OVER_RANGE_REPORT));
    submission.frames = Some(frames::write_pickle(&frames::from_event(&bytes).unwrap()));
    submission.gnz = true;
    let saved = fresh.save(&submission);
    for notes in ["a lorry", "no, a blast"] {
        let patch = json!({"review": {"notes": notes}, "extensions": {"x": {"y": 1}}});
        fresh.archive.patch_sidecar(saved.id, &patch, "kim", PatchOptions::default()).unwrap();
    }
    fresh
}

#[test]
fn a_verification_ends_when_it_is_stopped_also_within_a_piece_of_a_stream() {
    let fresh = fresh();
    let run = fresh.folder.path().join("long.dat");
    fs::write(&run, [&[8, 0, 0, 0, 0, 0, 0, 1][..], b"A: 1"].concat()).unwrap();
    fresh.archive.adopt("lab", &run).unwrap();
    // Hashing it to its end would take hours.
    fs::File::options().write(true).open(&run).unwrap().set_len(1 << 40).unwrap();
    let stop = AtomicBool::new(false);
    let stopped = thread::scope(|scope| {
        scope.spawn(|| stop.store(true, Ordering::Relaxed));
        fresh.archive.verify_until(None, VerifyOptions::default(), &|_, _| {}, &stop)
    });
    assert!(matches!(stopped, Err(ArchiveError::Stopped)), "{stopped:?}");
}

/// Flips one bit of each byte that is looked at: bit 0 of byte 0, bit 1 of byte 1, …
fn flips(archive: &Archive, path: &Path, step: usize) {
    let whole = fs::read(path).unwrap();
    for (offset, byte) in whole.iter().enumerate().step_by(step) {
        let mut flipped = whole.clone();
        flipped[offset] = byte ^ 1 << (offset % 8);
        fs::write(path, &flipped).unwrap();
        let found = archive.verify(hashes(), &|_, _| {}).unwrap();
        assert!(!found.is_whole(), "{} byte {offset}", path.display());
    }
    fs::write(path, &whole).unwrap();
}

/// Flips through the files of the archive that `chosen` takes; `of` is how many these have to be.
fn flips_of(of: usize, step: usize, chosen: fn(&str) -> bool) {
    let fresh = small();
    assert!(verify(&fresh.archive).is_whole(), "{:?}", verify(&fresh.archive));
    let stored: Vec<String> = files(fresh.folder.path()).into_iter().map(|file| file.0).collect();
    assert_eq!(stored.len(), 6, "{stored:?}");
    let chosen: Vec<&String> = stored.iter().filter(|name| chosen(name)).collect();
    assert_eq!(chosen.len(), of);
    for name in chosen {
        flips(&fresh.archive, &fresh.folder.path().join(name), step);
    }
    assert!(verify(&fresh.archive).is_whole());
}

#[test]
fn a_flipped_bit_in_any_byte_of_source_report_and_sidecar_is_found() {
    flips_of(3, stride(7), |name| {
        ![".h5", ".gnz", ".a5.pkl"].iter().any(|end| name.ends_with(end))
    });
}

/// Arrays and raw frames are long and stand under a checksum as a whole: bytes all over them are
/// looked at.
#[test]
fn a_flipped_bit_in_arrays_and_raw_frames_is_found() {
    flips_of(3, stride(29), |name| {
        [".h5", ".gnz", ".a5.pkl"].iter().any(|end| name.ends_with(end))
    });
}

#[test]
fn every_flipped_bit_of_the_ledger_is_found() {
    let fresh = small();
    let path = fresh.archive.layout().ledger();
    let whole = fs::read(&path).unwrap();
    for bit in (0..whole.len() * 8).step_by(stride(23)) {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, &flipped).unwrap();
        let found = fresh.archive.verify(hashes(), &|_, _| {}).unwrap();
        assert!(!found.is_whole(), "bit {bit}");
    }
}

#[test]
fn a_file_that_is_gone_or_cut_is_found() {
    for suffix in ["", ".h5", ".gnz", ".sfm.json", ".a5.pkl", ".TXT"] {
        let fresh = small();
        let path = fresh.path("BE11529", &format!("M529LIY6.N00{suffix}"));
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        assert!(!verify(&fresh.archive).is_whole(), "{suffix} cut");
        fs::remove_file(&path).unwrap();
        assert!(!verify(&fresh.archive).is_whole(), "{suffix} gone");
    }
}

#[test]
fn a_row_that_says_something_else_is_found_in_every_column() {
    let fresh = small();
    let index = rusqlite::Connection::open(fresh.archive.layout().index()).unwrap();
    let mut columns = index.prepare("SELECT name FROM pragma_table_info('events')").unwrap();
    let columns: Vec<String> =
        columns.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert!(columns.len() > 30);
    // `text_id` leads to texts; the others the index alone knows.
    for column in columns
        .iter()
        .filter(|name| !["id", "text_id", "last_seen", "changed"].contains(&name.as_str()))
    {
        index.execute_batch("BEGIN").unwrap();
        let set = match column.as_str() {
            "false_trigger" | "has_report" | "damaged" | "contradicted" => {
                format!("{column} = 1 - {column}")
            }
            "missing_samples" | "filesize" | "last_seen_sum" | "verdict_sum" => {
                format!("{column} = coalesce({column}, 0) + 1")
            }
            name if name.ends_with("_in_s")
                || name.ends_with("_hz")
                || name.ends_with("_s")
                || name.ends_with("_percent")
                || name.ends_with("_kg")
                || name.ends_with("_m")
                || name.ends_with("_m_kg05")
                || name.starts_with("mic_") =>
            {
                format!("{column} = coalesce({column}, 0) + 0.5")
            }
            _ => format!("{column} = coalesce({column}, '') || 'x'"),
        };
        index.execute_batch(&format!("UPDATE events SET {set}; COMMIT")).unwrap();
        assert!(!verify(&fresh.archive).is_whole(), "{column}");
        fresh.archive.rebuild_index().unwrap();
        assert!(verify(&fresh.archive).is_whole(), "{column}: {:?}", verify(&fresh.archive));
    }
}

#[test]
fn a_leftover_of_an_interrupted_write_is_named_and_strangers_are_left_alone() {
    let fresh = small();
    fs::write(fresh.path("BE11529", ".wavekeep-17-3"), b"half").unwrap();
    fs::write(fresh.path("BE11529", "notes of somebody.doc"), b"x").unwrap();
    let found = verify(&fresh.archive);
    assert_eq!(found.findings.len(), 1);
    assert_eq!(found.findings[0].kind, FindingKind::Leftover);
    assert_eq!(found.others, [Path::new("BE11529/notes of somebody.doc")]);
    let repaired = fresh.archive.repair(&|_, _| {}).unwrap();
    assert_eq!(repaired.left, []);
    let aside = fresh.folder.path().join(repaired.aside.unwrap());
    assert_eq!(fs::read(aside.join("BE11529/.wavekeep-17-3")).unwrap(), b"half");
}

#[test]
fn a_share_is_the_same_events_each_time_and_others_with_another_seed() {
    let fresh = fresh();
    for name in EVENTS {
        fresh.save(&submission(name));
    }
    let events = |share, seed| {
        let options = VerifyOptions::default()
            .with_share(Some(share))
            .with_seed(seed)
            .with_without_decoding(false);
        fresh.archive.verify(options, &|_, _| {}).unwrap()
    };
    assert_eq!(events(1.0, 0).events, 10);
    assert_eq!(events(0.5, 1), events(0.5, 1));
    let counts: Vec<u64> = (0..20).map(|seed| events(0.5, seed).events).collect();
    assert!(counts.iter().any(|n| *n != counts[0]) && counts.iter().all(|n| *n < 10), "{counts:?}");
    assert_eq!(events(0.5, 0).of, 10);
}

#[test]
fn damage_of_what_is_derived_is_repaired_and_people_keep_what_they_wrote() {
    for (suffix, damage) in [
        (".h5", &b"x"[..]),
        (".gnz", b"x"),
        (".sfm.json", b"{]"),
        (".sfm.json", b""),
        (".h5", b""),
        (".gnz", b""),
    ] {
        let fresh = small();
        let arrays = |end: &str| fs::read(fresh.path("BE11529", &format!("M529LIY6.N00{end}")));
        let (hdf5, gnz) = (arrays(".h5").unwrap(), arrays(".gnz").unwrap());
        let before = fresh.archive.sidecar(1).unwrap();
        let path = fresh.path("BE11529", &format!("M529LIY6.N00{suffix}"));
        if damage.is_empty() {
            fs::remove_file(&path).unwrap();
        } else {
            fs::write(&path, damage).unwrap();
        }
        let source = fs::read(fresh.path("BE11529", "M529LIY6.N00")).unwrap();
        let repaired = fresh.archive.repair(&|_, _| {}).unwrap();
        assert_eq!((repaired.left, repaired.failed), (vec![], vec![]), "{suffix}");
        let after = fresh.archive.sidecar(1).unwrap();
        assert_eq!(after.review(), before.review());
        assert_eq!(after.document()["extensions"]["x"], json!({"y": 1}));
        assert_eq!(after.document()["peak_values"], before.document()["peak_values"]);
        assert_eq!(after.own().id, Some(1));
        assert_eq!((arrays(".h5").unwrap(), arrays(".gnz").unwrap()), (hdf5, gnz), "{suffix}");
        assert_eq!(fs::read(fresh.path("BE11529", "M529LIY6.N00")).unwrap(), source);
    }
}

#[test]
fn a_damaged_source_comes_back_from_its_raw_frames_and_only_as_the_same_bytes() {
    let fresh = fresh();
    // Frames of a unit give back exactly the event that was made from them.
    let bytes = sample(QUIET);
    let pickle = frames::write_pickle(&frames::from_event(&bytes).unwrap());
    let rebuilt = frames::rebuild(&frames::read_pickle(&pickle).unwrap()).unwrap();
    let mut submission = wavekeep_archive::Submission::new(QUIET, rebuilt.clone());
    submission.frames = Some(pickle);
    fresh.save(&submission);
    let path = fresh.path("BE11529", QUIET);
    fs::write(&path, &rebuilt[..100]).unwrap();
    let repaired = fresh.archive.repair(&|_, _| {}).unwrap();
    assert_eq!(repaired.left, []);
    assert_eq!(fs::read(&path).unwrap(), rebuilt);
    let aside = fresh.folder.path().join(repaired.aside.unwrap()).join("BE11529").join(QUIET);
    assert_eq!(fs::read(aside).unwrap(), rebuilt[..100]);
}

#[test]
fn a_damaged_source_without_frames_is_left_where_it_is_and_named() {
    let fresh = fresh();
    fresh.save(&submission(QUIET));
    let path = fresh.path("BE11529", QUIET);
    fs::write(&path, b"damaged").unwrap();
    assert_eq!(kinds(&fresh.archive), [FindingKind::SourceDiffers]);
    let repaired = fresh.archive.repair(&|_, _| {}).unwrap();
    assert_eq!(repaired.left.len(), 1);
    assert_eq!(fs::read(&path).unwrap(), b"damaged");
}

#[test]
fn a_flipped_bit_of_the_ledger_is_found_by_its_hash_and_flipped_back() {
    let fresh = small();
    let path = fresh.archive.layout().ledger();
    let mut whole = fs::read(&path).unwrap();
    for bit in (0..whole.len() * 8).step_by(stride(251)) {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, damaged).unwrap();
        assert_eq!(fresh.archive.repair(&|_, _| {}).unwrap().left, [], "bit {bit}");
        let now = fs::read(&path).unwrap();
        assert!(now.starts_with(&whole), "bit {bit}");
        // The repair is an entry itself.
        assert_eq!(now[whole.len()..].iter().filter(|byte| **byte == b'\n').count(), 1, "{bit}");
        whole = now;
    }
}

#[test]
fn an_index_that_cannot_be_opened_is_moved_aside_and_made_again() {
    let fresh = small();
    let (root, index) = (fresh.folder.path(), fresh.archive.layout().index());
    let before = fresh.archive.event(1).unwrap();
    drop(fresh.archive);
    fs::write(&index, b"this is no index at all, but long enough to be looked at").unwrap();
    for suffix in ["-wal", "-shm"] {
        let mut name = index.clone().into_os_string();
        name.push(suffix);
        let _ = fs::remove_file(name);
    }
    let (archive, made_again) = Archive::open_for_repair(root).unwrap();
    assert!(made_again.index_made_again);
    let mut after = archive.event(1).unwrap();
    // Known to the index alone.
    (after.changed, after.last_seen) = (before.changed, before.last_seen.clone());
    assert_eq!(after, before);
    assert!(verify(&archive).is_whole());
}

#[test]
fn deriving_again_changes_nothing_where_nothing_changed_and_a_dry_run_nothing_at_all() {
    let fresh = small();
    let before = files(fresh.folder.path());
    let mut options = RederiveOptions::default().with_all(true);
    options.remake = RemakeOptions::default().with_dry_run(true);
    let mut heard = Vec::new();
    let account = fresh.archive.rederive(&options, &mut |one| heard.push(one.clone())).unwrap();
    assert_eq!((account.events, account.failed), (1, 0));
    assert_eq!(heard[0].differences, []);
    assert_eq!(files(fresh.folder.path()), before);
    options.remake.dry_run = false;
    fresh.archive.rederive(&options, &mut |_| {}).unwrap();
    assert_eq!(files(fresh.folder.path()), before);
    options.all = false;
    assert_eq!(fresh.archive.rederive(&options, &mut |_| {}).unwrap().up_to_date, 1);
}

#[test]
fn arrays_for_memory_mapping_are_made_on_request_and_stay_with_the_other_derived_files() {
    let fresh = fresh();
    fresh.save(&submission(BLAST));
    let path = fresh.path("BE11529", &format!("{BLAST}.gnz"));
    assert!(!path.exists());
    // Asked for in a rebuild, of an event that is up to date.
    let remake = RemakeOptions::default().with_gnz(true);
    let options = RederiveOptions::default().with_remake(remake);
    assert_eq!(fresh.archive.rederive(&options, &mut |_| {}).unwrap().events, 1);
    let first = fs::read(&path).unwrap();
    assert!(verify(&fresh.archive).is_whole());
    assert_eq!(fresh.archive.rederive(&options, &mut |_| {}).unwrap().up_to_date, 1);
    // A late report changes them as it changes the others, and nobody has to ask again.
    fresh.save(&with_report(BLAST, BLAST_REPORT));
    assert_ne!(fs::read(&path).unwrap(), first);
    assert!(verify(&fresh.archive).is_whole());
    // Asked for in a save, of an event that is there already.
    fresh.save(&submission(QUIET));
    let saved = fresh.save(&Submission { gnz: true, ..submission(QUIET) });
    assert_eq!(saved.gnz_filename.as_deref(), Some("M529LKIQ.7M0W.gnz"));
    assert!(verify(&fresh.archive).is_whole());
}

#[test]
fn arrays_for_memory_mapping_of_another_program_are_left_alone_until_somebody_says_otherwise() {
    let fresh = fresh();
    let path = fresh.path("BE11529", &format!("{QUIET}.gnz"));
    fs::create_dir(path.parent().unwrap()).unwrap();
    fs::write(&path, b"of another program").unwrap();
    let saved = fresh.save(&Submission { gnz: true, ..submission(QUIET) });
    assert!(
        saved.gnz_filename.is_none() && saved.gnz_error.is_some() && saved.hdf5_error.is_none()
    );
    assert_eq!(fs::read(&path).unwrap(), b"of another program");
    let options = RemakeOptions::default().with_gnz(true).with_replace_unknown_hdf5(true);
    fresh.archive.regenerate(saved.id, options).unwrap();
    assert_ne!(fs::read(&path).unwrap(), b"of another program");
    assert!(verify(&fresh.archive).is_whole());
}

#[test]
fn a_query_is_written_as_csv_and_its_originals_with_their_checksums() {
    let fresh = small();
    fresh.save(&with_report(BLAST, BLAST_REPORT));
    let mut csv = Vec::new();
    assert_eq!(fresh.archive.export_csv(&Query::default(), &mut csv).unwrap(), 2);
    let csv = String::from_utf8(csv).unwrap();
    assert_eq!(csv.lines().count(), 3);
    assert!(csv.lines().nth(1).unwrap().starts_with("1,BE11529,M529LIY6.N00,waveform,"), "{csv}");
    let mut metric = Vec::new();
    let units = TableUnits { velocity: Unit::MillimetrePerSecond, pressure: Unit::Pascal };
    fresh.archive.export_csv_in(units, &Query::default(), &mut metric).unwrap();
    let metric = String::from_utf8(metric).unwrap();
    let column = |csv: &str, name: &str| -> Vec<f64> {
        let place = csv.lines().next().unwrap().split(',').position(|other| other == name);
        let place = place.unwrap_or_else(|| panic!("no column {name}: {csv}"));
        csv.lines()
            .skip(1)
            .map(|line| line.split(',').nth(place).unwrap().parse().unwrap())
            .collect()
    };
    for (name, metric_name, factor) in
        [("ppv_in_s", "ppv_mm_s", 25.4), ("mic_psi", "mic_pa", 6_894.757_293_168)]
    {
        for (value, converted) in column(&csv, name).into_iter().zip(column(&metric, metric_name)) {
            assert!((value * factor - converted).abs() < 1e-6, "{value} and {converted}");
        }
    }
    assert!(!metric.lines().next().unwrap().contains("_in_s"), "{metric}");
    let mut zip = std::io::Cursor::new(Vec::new());
    let originals = fresh.archive.export_originals(&Query::default(), &mut zip).unwrap();
    assert_eq!((originals.events, originals.files, originals.damaged.len()), (2, 7, 0));
    let mut zip = zip::ZipArchive::new(zip).unwrap();
    let mut manifest = String::new();
    std::io::Read::read_to_string(&mut zip.by_name("SHA256SUMS").unwrap(), &mut manifest).unwrap();
    assert_eq!(manifest.lines().count(), 7);
    let mut event = Vec::new();
    let name = format!("BE11529/{BLAST}");
    std::io::Read::read_to_end(&mut zip.by_name(&name).unwrap(), &mut event).unwrap();
    assert_eq!(event, sample(BLAST));
}
