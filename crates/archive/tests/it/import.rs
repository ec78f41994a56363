//! Importing: what is found, what is paired, what is left alone, and why.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::common::*;
use tempfile::TempDir;
use wavekeep_archive::{
    Account, Archive, ContainerLimits, Fate, ImportOptions, Imported, Query, VerifyOptions,
    WatchOptions, Watched, WatchedFolder,
};
use wavekeep_core::Limits;

fn import_with(
    archive: &Archive,
    path: &Path,
    options: &ImportOptions,
) -> (Account, Vec<Imported>) {
    let mut all = Vec::new();
    let never = AtomicBool::new(false);
    let mut hear = |imported: &Imported| all.push(imported.clone());
    let account = archive.import(&[path.to_owned()], options, &never, &mut hear).unwrap();
    (account, all)
}

fn import(archive: &Archive, path: &Path) -> Account {
    import_with(archive, path, &ImportOptions::default()).0
}

/// Places of a folder with events, one report beside its event and two in the `TXT` folder.
fn places() -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> =
        EVENTS.iter().map(|name| (format!("quarry/{name}"), sample(name))).collect();
    files.push((format!("quarry/{BLAST_REPORT}"), sample(BLAST_REPORT)));
    files.push((format!("quarry/TXT/{OVER_RANGE_REPORT}"), sample(OVER_RANGE_REPORT)));
    files.push((format!("quarry/TXT/{NIGHT_REPORT}"), sample(NIGHT_REPORT)));
    files
}

fn folder(files: &[(String, Vec<u8>)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

fn zip(path: &Path, files: &[(String, Vec<u8>)]) {
    let mut zip = zip::ZipWriter::new(File::create(path).unwrap());
    for (name, bytes) in files {
        zip.start_file(name.as_str(), zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
}

fn tar(out: impl Write, files: &[(String, Vec<u8>)]) {
    let mut tar = tar::Builder::new(out);
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, bytes.as_slice()).unwrap();
    }
    tar.finish().unwrap();
}

fn tar_gz(path: &Path, files: &[(String, Vec<u8>)]) {
    let out = File::create(path).unwrap();
    let mut out = flate2::write::GzEncoder::new(out, flate2::Compression::default());
    tar(&mut out, files);
    out.finish().unwrap();
}

fn reports(archive: &Archive) -> usize {
    let events = archive.query(&Query::default()).unwrap().events;
    events.iter().filter(|event| event.has_report).count()
}

#[test]
fn a_folder_is_imported_with_its_reports_beside_and_in_the_txt_folder() {
    let fresh = fresh();
    let source = folder(&places());
    let account = import(&fresh.archive, source.path());
    assert_eq!((account.new, account.events(), account.failed), (10, 10, 0));
    assert_eq!((account.without_report, account.damaged, account.unknown_serials), (7, 1, 0));
    assert!(account.skipped.is_empty(), "{:?}", account.skipped);
    assert_eq!(reports(&fresh.archive), 3);
    assert!(fresh.archive.verify(VerifyOptions::default(), &|_, _| {}).unwrap().is_whole());
}

#[test]
fn zip_and_tar_archives_give_what_their_folder_gives() {
    let files = places();
    let out = tempfile::tempdir().unwrap();
    // Late on purpose: in a tar, a report that comes before its event and one that comes behind.
    let mut turned = files.clone();
    turned.reverse();
    zip(&out.path().join("a.zip"), &files);
    tar(File::create(out.path().join("a.tar")).unwrap(), &turned);
    tar_gz(&out.path().join("a.tar.gz"), &files);
    tar_gz(&out.path().join("a.tgz"), &turned);
    for name in ["a.zip", "a.tar", "a.tar.gz", "a.tgz"] {
        let fresh = fresh();
        let account = import(&fresh.archive, &out.path().join(name));
        assert_eq!((account.new, account.events(), account.failed), (10, 10, 0), "{name}");
        assert_eq!(reports(&fresh.archive), 3, "{name}");
        assert_eq!(fs::read(fresh.path("BE11529", QUIET)).unwrap(), sample(QUIET));
    }
}

#[test]
fn reports_that_do_not_fit_into_memory_are_paired_behind_their_events() {
    let out = tempfile::tempdir().unwrap();
    let path = out.path().join("a.zip");
    zip(&path, &places());
    let limits = ContainerLimits::default().with_held_bytes(1000);
    let fresh = fresh();
    let (account, _) =
        import_with(&fresh.archive, &path, &ImportOptions::default().with_limits(limits));
    assert_eq!((account.new, account.paired_late), (10, 3));
    assert_eq!(reports(&fresh.archive), 3);
}

#[test]
fn importing_again_changes_nothing() {
    let fresh = fresh();
    let source = folder(&places());
    import(&fresh.archive, source.path());
    let before = files(fresh.folder.path());
    let account = import(&fresh.archive, source.path());
    assert_eq!((account.new, account.same, account.events()), (0, 10, 10));
    assert_eq!(files(fresh.folder.path()), before);
}

#[test]
fn a_report_that_comes_later_is_paired() {
    let fresh = fresh();
    import(&fresh.archive, &sample_path(NIGHT));
    let night = folder(&[(QUIET.to_owned(), sample(QUIET))]);
    import(&fresh.archive, night.path());
    let alone = folder(&[(BLAST_REPORT.to_owned(), sample(BLAST_REPORT))]);
    let early = import(&fresh.archive, alone.path());
    assert_eq!(early.skipped["text that is no report of an event here"], 1);
    let event = folder(&[(BLAST.to_owned(), sample(BLAST))]);
    import(&fresh.archive, event.path());
    let late = import(&fresh.archive, alone.path());
    assert_eq!((late.paired_late, late.new), (1, 0));
    let again = import(&fresh.archive, alone.path());
    assert_eq!((again.paired_late, again.skipped["report already in the archive"]), (0, 1));
}

#[test]
fn a_file_that_is_given_by_name_brings_its_report_from_beside_it() {
    let source = folder(&places());
    let fresh = fresh();
    let account = import(&fresh.archive, &source.path().join("quarry").join(OVER_RANGE));
    assert_eq!((account.new, account.events()), (1, 1));
    assert_eq!(reports(&fresh.archive), 1);
}

#[test]
fn what_is_nothing_for_an_archive_is_left_alone_with_the_reason() {
    let fresh = fresh();
    let files: Vec<(String, Vec<u8>)> = [
        ("x.IDFW.CDB", &b"cache"[..]),
        ("M529LKIQ.7M0W.sfm.json", b"{}"),
        ("M529LKIQ.7M0W.h5", b"\x89HDF\r\n\x1a\n"),
        ("photo.jpg", b"\xff\xd8\xff"),
        ("readme.txt", b"hello"),
    ]
    .into_iter()
    .map(|(name, bytes)| (name.to_owned(), bytes.to_vec()))
    .collect();
    let account = import(&fresh.archive, folder(&files).path());
    let reasons: Vec<&str> = account.skipped.keys().copied().collect();
    assert_eq!(
        reasons,
        [
            "cache of the vendor's software",
            "derived file: it is made again from its source",
            "no known format",
            "sidecar: an archive is taken as it is by opening it (--adopt-archive)",
            "text that is no report of an event here",
        ]
    );
    assert_eq!((account.events(), account.failed), (0, 0));
}

#[test]
fn one_that_cannot_be_read_is_named_and_does_not_cost_the_others() {
    let fresh = fresh();
    let mut cut = sample(QUIET);
    cut.truncate(30);
    let source = folder(&[("cut.7M0W".to_owned(), cut), (BLAST.to_owned(), sample(BLAST))]);
    let account = import(&fresh.archive, source.path());
    assert_eq!((account.new, account.failed), (1, 1));
    assert!(account.failures[0].path.ends_with("cut.7M0W"));
    assert_eq!(account.failures[0].kind, "malformed");
    assert_eq!(import(&fresh.archive, Path::new("/nowhere/x")).failures[0].kind, "io");
}

#[test]
fn a_report_that_cannot_be_read_costs_itself_and_the_next_one_takes_its_place() {
    let report = sample(BLAST_REPORT);
    let report_text_bytes = report.len() as u64;
    let decode_limits = Limits::default().with_report_text_bytes(report_text_bytes);
    let options = ImportOptions::default().with_decode_limits(decode_limits);
    let files = [
        (format!("quarry/{BLAST}"), sample(BLAST)),
        (format!("quarry/{BLAST_REPORT}"), vec![b' '; report.len() + 1]),
        (format!("quarry/{BLAST}.TXT"), report),
    ];
    let (fresh, source) = (fresh(), folder(&files));
    let (account, _) = import_with(&fresh.archive, source.path(), &options);
    assert_eq!((account.new, account.paired_late, account.failed), (1, 1, 1), "{account:?}");
    let failure = &account.failures[0];
    assert!(failure.path.ends_with(BLAST_REPORT), "{failure:?}");
    assert!(failure.message.contains("--max-report-bytes"), "{failure:?}");
    let event = fresh.archive.event(1).unwrap();
    assert!(event.has_report && event.filename == BLAST);
}

#[test]
fn an_event_whose_unit_nothing_names_is_reported_and_never_silent() {
    let fresh = fresh();
    let source = folder(&[("nameless".to_owned(), sample(QUIET))]);
    let account = import(&fresh.archive, source.path());
    assert_eq!((account.new, account.unknown_serials), (1, 1));
    assert!(account.unknown[0].ends_with("nameless"));
}

#[test]
fn a_zip_that_unpacks_without_end_is_left_at_the_limit() {
    let out = tempfile::tempdir().unwrap();
    let limits = ContainerLimits::default().with_unpacked_bytes(1 << 20).with_ratio(1);
    let zeros = vec![0; 16 << 20];
    let files = vec![(QUIET.to_owned(), sample(QUIET)), ("huge.txt".to_owned(), zeros)];
    zip(&out.path().join("bomb.zip"), &files);
    tar_gz(&out.path().join("bomb.tar.gz"), &files);
    for name in ["bomb.zip", "bomb.tar.gz"] {
        let fresh = fresh();
        let options = ImportOptions::default().with_limits(limits);
        let (account, _) = import_with(&fresh.archive, &out.path().join(name), &options);
        assert_eq!(account.failures.len(), 1, "{name}: {account:?}");
        assert_eq!(account.failures[0].kind, "limit", "{name}");
    }
}

#[test]
fn an_archive_with_too_many_files_is_refused() {
    let out = tempfile::tempdir().unwrap();
    let path = out.path().join("many.zip");
    zip(&path, &places());
    let limits = ContainerLimits::default().with_entries(5);
    let fresh = fresh();
    let options = ImportOptions::default().with_limits(limits);
    let (account, _) = import_with(&fresh.archive, &path, &options);
    assert_eq!((account.new, account.failures[0].kind), (0, "limit"));
}

#[test]
fn names_in_an_archive_lead_nowhere() {
    let out = tempfile::tempdir().unwrap();
    let path = out.path().join("in/evil.zip");
    fs::create_dir(path.parent().unwrap()).unwrap();
    zip(
        &path,
        &[
            (format!("../../{QUIET}"), sample(QUIET)),
            ("/etc/M529LKVQ.6S0W".to_owned(), sample("M529LKVQ.6S0W")),
            ("a\\..\\T190LD5Q.LK0W".to_owned(), sample("T190LD5Q.LK0W")),
            ("x/con".to_owned(), sample(BLAST)),
        ],
    );
    let archive = Archive::create(out.path().join("archive")).unwrap();
    let account = import(&archive, &path);
    assert_eq!((account.new, account.failed), (3, 1), "{account:?}");
    assert_eq!(account.failures[0].kind, "name");
    let mut top: Vec<_> =
        fs::read_dir(out.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    top.sort();
    assert_eq!(top, ["archive", "in"]);
}

#[test]
fn an_archive_that_is_cut_or_damaged_is_named_and_ends() {
    let out = tempfile::tempdir().unwrap();
    let (whole, path) = (out.path().join("a.zip"), out.path().join("cut.zip"));
    zip(&whole, &places());
    let zip = fs::read(&whole).unwrap();
    let gz = out.path().join("a.tar.gz");
    tar_gz(&gz, &places());
    let gz = fs::read(gz).unwrap();
    for (bytes, path) in [(zip, path), (gz, out.path().join("cut.tar.gz"))] {
        for len in [5, 600, bytes.len() / 2, bytes.len() - 20] {
            fs::write(&path, &bytes[..len]).unwrap();
            let fresh = fresh();
            let account = import(&fresh.archive, &path);
            assert!(account.failed > 0, "{} of {path:?}", len);
        }
    }
}

fn stream(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../smurf/tests/data").join(name)
}

#[test]
fn a_stream_is_copied_with_all_pieces_or_adopted_where_it_is() {
    let source = tempfile::tempdir().unwrap();
    let crate_folder = source.path().join("crate-7");
    fs::create_dir(&crate_folder).unwrap();
    for piece in ["split.dat.1", "split.dat.2", "split.dat.3", "split.dat.4"] {
        fs::copy(stream(piece), crate_folder.join(piece)).unwrap();
    }
    for adopt in [false, true] {
        let fresh = fresh();
        let options = ImportOptions::default().with_adopt(adopt);
        let (account, heard) = import_with(&fresh.archive, &crate_folder, &options);
        assert_eq!((account.streams, account.failed), (1, 0), "{account:?}");
        assert_eq!(account.skipped["comes with its stream"], 3);
        let Some(Fate::Stream(adopted)) =
            heard.iter().map(|one| &one.fate).find(|fate| matches!(fate, Fate::Stream(_)))
        else {
            panic!("{heard:?}");
        };
        assert_eq!((adopted.stream_id.as_str(), adopted.stream.pieces.len()), ("crate-7", 4));
        assert_eq!(fresh.path("crate-7", "split.dat.3").exists(), !adopt);
        let found = fresh.archive.verify(VerifyOptions::default(), &|_, _| {}).unwrap();
        assert!(found.is_whole() && found.others.is_empty(), "{found:?}");
        let (again, _) = import_with(&fresh.archive, &crate_folder, &options);
        assert_eq!((again.streams, again.same), (0, 1));
    }
}

#[test]
fn an_import_leaves_a_session_and_one_that_was_stopped_has_no_end() {
    let fresh = fresh();
    let source = folder(&places());
    let stop = AtomicBool::new(false);
    let options = ImportOptions::default().with_batch(1);
    let paths = [source.path().to_owned()];
    let mut heard = 0;
    let account = fresh
        .archive
        .import(&paths, &options, &stop, &mut |_| {
            heard += 1;
            stop.store(true, Ordering::Relaxed);
        })
        .unwrap();
    assert!(account.stopped && heard < 10, "{heard}");
    assert_eq!(fresh.archive.sessions().unwrap()[0].ended_at, None);
    let rest = import(&fresh.archive, source.path());
    assert_eq!(rest.new + rest.same, 10);
    let session = &fresh.archive.sessions().unwrap()[0];
    assert_eq!((session.id, session.counts.received, session.counts.new), (2, 10, rest.new));
    assert!(session.ended_at.is_some());
}

#[test]
fn a_watched_folder_is_imported_when_it_has_settled_and_survives_a_restart() {
    let fresh = fresh();
    let source = folder(&places());
    let options = WatchOptions::default()
        .with_settle(Duration::from_millis(50))
        .with_incomplete(Duration::ZERO)
        .with_once(true);
    let watch = || {
        let (mut new, mut same) = (0, 0);
        let never = AtomicBool::new(false);
        let mut count = |watched: Watched<'_>| {
            if let Watched::Imported(account) = watched {
                new += account.new;
                same += account.same;
            }
        };
        let folders = [WatchedFolder::new(source.path(), ImportOptions::default())];
        fresh.archive.watch(&folders, &options, &never, &mut |_| {}, &mut count).unwrap();
        (new, same)
    };
    assert_eq!(watch(), (10, 0));
    assert_eq!(reports(&fresh.archive), 3);
    fs::write(source.path().join("M529LKIQ.7M0X"), sample(QUIET)).unwrap();
    assert_eq!(watch(), (1, 0), "what has not changed is not read again");
}

#[test]
fn an_archive_of_another_program_is_taken_as_it_is() {
    let sidecar = br#"{"schema_version": 1, "kind": "sfm.event", "future": {"x": 1.50},
        "event": {"serial": "BE11529", "filename": "M529LMOK.DK0W", "record_type": "Waveform"},
        "review": {"false_trigger": true, "reviewer": "kim", "mood": "sure"}}"#;
    let files = vec![
        (format!("BE11529/{BLAST}"), sample(BLAST)),
        (format!("BE11529/{BLAST}.sfm.json"), sidecar.to_vec()),
        (format!("BE11529/{BLAST}.h5"), b"an unknown layout".to_vec()),
        (format!("BE11529/{QUIET}"), sample(QUIET)),
    ];
    let root = folder(&files);
    let archive = Archive::open(root.path()).unwrap();
    let answers = archive.adopt_sources(&ImportOptions::default()).unwrap();
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].1.as_ref().unwrap().filename, QUIET);
    for (name, bytes) in &files {
        assert_eq!(&fs::read(root.path().join(name)).unwrap(), bytes, "{name}");
    }
    let row = archive.find("BE11529", BLAST).unwrap().unwrap();
    assert!(row.false_trigger);
    let found = archive.verify(VerifyOptions::default(), &|_, _| {}).unwrap();
    assert!(found.is_whole(), "{:?}", found.findings);
    // The ledger has one of each file from here on.
    assert_eq!(found.without_checksum, 0);
    // A patch keeps what nobody here understands, and leaves a checksum.
    let patch = serde_json::json!({"review": {"notes": "seen"}});
    archive
        .patch_sidecar(row.id, &patch, "ann", wavekeep_archive::PatchOptions::default())
        .unwrap();
    let text = fs::read_to_string(root.path().join(format!("BE11529/{BLAST}.sfm.json"))).unwrap();
    assert!(text.contains("\"mood\": \"sure\"") && text.contains("\"future\""), "{text}");
    let found = archive.verify(VerifyOptions::default(), &|_, _| {}).unwrap();
    assert!(found.is_whole(), "{:?}", found.findings);
    assert_eq!(
        fs::read(root.path().join(format!("BE11529/{BLAST}.h5"))).unwrap(),
        b"an unknown layout"
    );
}

/// Cases after exports of real units.
fn field(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../formats/tests/data/field").join(path)
}

#[test]
fn a_micromates_csv_comes_with_its_event_from_its_folder_and_from_a_zip_archive() {
    const NAME: &str = "UM11719_20260610115639.IDFW";
    let from = field("02-thor-csv-only");
    let files: Vec<(String, Vec<u8>)> = [NAME.to_owned(), format!("CSV/{NAME}.csv")]
        .map(|name| (format!("UM11719/{name}"), fs::read(from.join(name)).unwrap()))
        .to_vec();
    let packed = tempfile::tempdir().unwrap();
    let path = packed.path().join("thordata.zip");
    zip(&path, &files);
    for path in [&from, &path] {
        let fresh = fresh();
        let account = import(&fresh.archive, path);
        assert_eq!((account.new, account.failed), (1, 0), "{}", path.display());
        let row = fresh.archive.query(&Query::default()).unwrap().events.remove(0);
        assert_eq!(row.txt_filename, Some(format!("{NAME}.csv")));
        assert_eq!(row.mic_db_l, Some(93.4));
        assert_eq!(row.location.as_deref(), Some("EXAMPLE VILLAGE"));
        assert_eq!(row.client.as_deref(), Some("EXAMPLE MINE"));
        assert_eq!(row.operator.as_deref(), Some("EXAMPLE BLASTING"));
    }
    // The event first, its CSV later.
    let fresh = fresh();
    import(&fresh.archive, &folder(&files[..1]).path().join("UM11719"));
    let late = folder(&[(format!("{NAME}.csv"), files[1].1.clone())]);
    import(&fresh.archive, late.path());
    assert!(fresh.archive.query(&Query::default()).unwrap().events[0].has_report);
}

#[test]
fn the_same_bytes_under_a_call_home_and_a_hand_saved_name_are_one_event() {
    let fresh = fresh();
    let account = import(&fresh.archive, &field("16-same-event-twice"));
    assert_eq!((account.new, account.same), (1, 1));
    let rows = fresh.archive.query(&Query::default()).unwrap().events;
    assert_eq!(rows.len(), 1);
    let sidecar = fresh.archive.sidecar(rows[0].id).unwrap();
    let names = sidecar.own().other_names.unwrap();
    assert_eq!([&rows[0].filename[..], &names[0]], ["M529LMOK.DK0W", "M529LMOK.DK0"]);
    // A third time it is known under both names, and nothing changes.
    let before = files(fresh.folder.path());
    import(&fresh.archive, &field("16-same-event-twice"));
    assert_eq!(files(fresh.folder.path()), before);
}

#[test]
fn an_event_without_readable_samples_is_kept_with_the_values_of_its_report() {
    let summary = folder(&[
        (BLAST.to_owned(), sample(BLAST)[..43].to_vec()),
        (BLAST_REPORT.to_owned(), sample(BLAST_REPORT)),
    ]);
    let fresh = fresh();
    let account = import(&fresh.archive, summary.path());
    assert_eq!((account.new, account.failed), (1, 0));
    let row = fresh.archive.query(&Query::default()).unwrap().events.remove(0);
    assert_eq!((row.vert_in_s, row.damaged), (Some(0.41), true));
    assert!(fresh.archive.verify(VerifyOptions::default(), &|_, _| {}).unwrap().is_whole());
}
