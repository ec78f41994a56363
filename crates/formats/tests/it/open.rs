//! From paths to recordings, with everything that can lie at the end of a path.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use wavekeep_core::{Basis, DecodeOptions, Limits};
use wavekeep_formats::{OpenError, Opener};

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples")
}

fn event() -> Vec<u8> {
    fs::read(samples().join("M529LKIQ.7M0W")).expect("the sample is in the repository")
}

fn open(path: &Path) -> Result<wavekeep_core::Recording, OpenError> {
    Opener::default().open(path)
}

const REPORT: &[u8] = b"\"Event Type : Full Waveform\"\r\n\"Serial Number : BE11529\"\r\n\"Sample Rate : 1024 sps\"\r\n";

#[test]
fn an_event_is_opened_with_its_hash() {
    let recording = open(&samples().join("M529LKIQ.7M0W")).unwrap();
    let by_coreutils = "sha256sum samples/M529LKIQ.7M0W";
    assert_eq!(
        recording.source.sha256.as_deref(),
        Some("2572e6aed28486e5bacd83abf5612233c114d8c8a290f70f9ff9407c3e16432e"),
        "{by_coreutils}"
    );
}

#[test]
fn a_report_beside_the_event_is_found_without_regard_to_case() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("M529LKIQ.7M0W");
    fs::write(&path, event()).unwrap();
    fs::write(folder.path().join("m529lkiq_7m0w_ascii.txt"), REPORT).unwrap();
    let recording = open(&path).unwrap();
    assert_eq!(recording.serial.unwrap().basis, Basis::Report);
    assert_eq!(recording.metadata["report_file"], "m529lkiq_7m0w_ascii.txt");
}

#[test]
fn the_call_home_report_is_preferred_to_the_one_saved_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("M529LKIQ.7M0W");
    fs::write(&path, event()).unwrap();
    fs::write(folder.path().join("M529LKIQ.7M0W.TXT"), REPORT).unwrap();
    fs::write(folder.path().join("M529LKIQ_7M0W_ASCII.TXT"), REPORT).unwrap();
    assert_eq!(open(&path).unwrap().metadata["report_file"], "M529LKIQ_7M0W_ASCII.TXT");
    let without = Opener::default().without_reports().open(&path).unwrap();
    assert!(without.statement.is_none());
}

#[test]
fn a_thor_report_is_found_in_the_folder_of_texts_before_it_is_looked_for_beside_the_event() {
    const NAME: &str = "UM11719_20260714153012.IDFW";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(NAME);
    fs::copy(samples().join(NAME), &path).unwrap();
    let report = b"EventType : Full Waveform\r\nSerialNumber : UM11719\r\n";
    assert!(open(&path).unwrap().statement.is_none());
    fs::write(folder.path().join("um11719_20260714153012.idfw.TXT"), report).unwrap();
    let beside = open(&path).unwrap();
    assert_eq!(beside.metadata["report_file"], "um11719_20260714153012.idfw.TXT");
    fs::create_dir(folder.path().join("Txt")).unwrap();
    fs::write(folder.path().join("Txt/UM11719_20260714153012.idfw.txt"), report).unwrap();
    let below = open(&path).unwrap();
    assert_eq!(below.metadata["report_file"], "Txt/UM11719_20260714153012.idfw.txt");
    assert_eq!(below.serial.unwrap().basis, Basis::Report);
}

#[test]
fn a_blastware_file_under_a_thor_name_opens_as_a_blastware_event() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("UM11719_20260714153012.IDFW");
    fs::write(&path, event()).unwrap();
    let recording = open(&path).unwrap();
    assert_eq!(recording.format.id, "blastware");
    assert!(recording.report.notes().iter().any(|note| note.code == "blastware_content"));
}

#[test]
fn a_report_that_cannot_be_read_is_a_note_and_not_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("M529LKIQ.7M0W");
    fs::write(&path, event()).unwrap();
    fs::write(folder.path().join("M529LKIQ.7M0W.TXT"), b"nothing of the kind").unwrap();
    let recording = open(&path).unwrap();
    assert!(recording.report.notes().iter().any(|note| note.code == "report_not_used"));
}

#[test]
fn what_is_not_a_recording_says_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let kind = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        let error = open(&path).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
        error.kind()
    };
    assert_eq!(kind("notes.txt", b"hello"), "unknown_format");
    assert_eq!(kind("nothing", b""), "unknown_format");
    assert_eq!(kind("M529LKIQ.7M0W", b""), "not_this_format");
    assert_eq!(kind("M529LKIQ.7M0W", b"PK\x03\x04"), "not_this_format");
    assert_eq!(
        kind("unit.MLG", &[&event()[..18], &[0x22, 0x01, 0x0e, 0xa0]].concat()),
        "unsupported"
    );
    assert_eq!(kind("UM11719_20260714153012.MLG", b"anything"), "unsupported");
    assert_eq!(kind("UM11719_20260714153012.IDFW.CDB", b"anything"), "unsupported");
    assert_eq!(kind("UM11719_20260714153012.IDFW", b"anything"), "not_this_format");
    assert_eq!(kind("cut.bin", &event()[..20]), "malformed");
    assert_eq!(open(folder.path()).unwrap_err().kind(), "not_a_file");
    assert_eq!(open(&folder.path().join("absent")).unwrap_err().kind(), "io");
}

#[test]
fn a_sparse_file_of_ten_gigabytes_is_refused_without_being_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("M529LK44.AB0W");
    File::create(&path).unwrap().set_len(10 << 30).unwrap();
    assert_eq!(open(&path).unwrap_err().kind(), "limit");
    let limits = Limits::default().with_event_bytes(100);
    let small = Opener::new(DecodeOptions::default().with_limits(limits));
    assert_eq!(small.open(&samples().join("M529LKIQ.7M0W")).unwrap_err().kind(), "limit");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_refused_without_waiting_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("M529LKIQ.7M0W");
    let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    let error = open(&path).unwrap_err();
    assert_eq!(error.kind(), "not_a_file");
}

#[test]
fn raw_frames_open_as_their_event() {
    let folder = tempfile::tempdir().unwrap();
    let frames = wavekeep_blastware::frames::from_event(&event()).unwrap();
    let path = folder.path().join("M529LKIQ.7M0W.a5.pkl");
    fs::write(&path, wavekeep_blastware::frames::write_pickle(&frames)).unwrap();
    let recording = open(&path).unwrap();
    assert_eq!(recording.serial.unwrap().value, "BE11529");
    assert_eq!(recording.channels, open(&samples().join("M529LKIQ.7M0W")).unwrap().channels);
}

#[test]
fn a_stream_is_opened_by_any_piece_and_by_the_bare_name() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../smurf/tests/data");
    for name in ["split.dat", "split.dat.1", "split.dat.3", "basic.dat"] {
        let opened = Opener::default().open_any(&data.join(name)).unwrap();
        let wavekeep_formats::Opened::Stream(run) = opened else { panic!("{name}: {opened:?}") };
        assert_eq!(run.index().frames(), if name == "basic.dat" { 20 } else { 40 }, "{name}");
    }
}
