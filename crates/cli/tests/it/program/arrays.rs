//! GNZ files, by every command.

use super::*;

fn vector(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gnz/tests/data");
    folder.join(name).canonicalize().unwrap().display().to_string()
}

#[test]
fn info_lists_arrays_and_metadata() {
    insta::assert_snapshot!(stdout(&run(&["info", &vector("typical.gnz")])));
    let document = &documents(&run(&["info", "--json", &vector("unicode.gnz")]))[0];
    assert_eq!(document["metadata"]["emoji"], "🌍");
    assert_eq!(document["arrays"][0]["dtype"], "<u8");
}

#[test]
fn arrays_go_through_every_target_that_can_hold_them_and_come_back() {
    let folder = TempDir::new().unwrap();
    let original = fs::read(vector("typical.gnz")).unwrap();
    for target in ["npz", "hdf5", "parquet", "safetensors", "csv", "gnz"] {
        let output = format!("arrays.{target}");
        let args = ["convert", &vector("typical.gnz"), "--to", target, "-o", &output];
        assert_eq!(code(&run_in(folder.path(), &args)), 0, "{target}");
    }
    let one =
        ["convert", &vector("typical.gnz"), "--to", "npy", "--channels", "Vert", "-o", "v.npy"];
    assert_eq!(code(&run_in(folder.path(), &one)), 0);
    for (source, arrays) in [("arrays.npz", 2), ("arrays.safetensors", 2), ("v.npy", 1)] {
        let args = ["convert", source, "--to", "gnz", "-o", "back.gnz", "--force"];
        assert_eq!(code(&run_in(folder.path(), &args)), 0, "{source}");
        let back = gnz::Gnz::open(folder.path().join("back.gnz")).unwrap();
        assert_eq!(back.keys().len(), arrays);
        let first = back.arrays().next().unwrap();
        assert!(original.windows(first.bytes().len()).any(|part| part == first.bytes()));
    }
}

#[test]
fn an_event_becomes_a_gnz_whose_checksums_hold_and_find_a_changed_byte() {
    let folder = TempDir::new().unwrap();
    let args = ["convert", &sample(BLAST), "--to", "gnz", "-o", "e.gnz"];
    assert_eq!(code(&run_in(folder.path(), &args)), 0);
    let check = run_in(folder.path(), &["check", "e.gnz"]);
    assert_eq!((code(&check), stdout(&check).contains("4 checksums intact")), (0, true));
    let path = folder.path().join("e.gnz");
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 4096;
    bytes[last] ^= 1;
    fs::write(&path, bytes).unwrap();
    let check = run_in(folder.path(), &["check", "--json", "e.gnz"]);
    assert_eq!(code(&check), 3);
    assert_eq!(documents(&check)[0]["notes"][0]["code"], "checksum_differs");
}

#[test]
fn what_is_whole_of_a_cut_file_is_recovered() {
    let folder = TempDir::new().unwrap();
    let whole = fs::read(vector("typical.gnz")).unwrap();
    fs::write(folder.path().join("cut.gnz"), &whole[..whole.len() - 10_000]).unwrap();
    assert_eq!(code(&run_in(folder.path(), &["check", "cut.gnz"])), 1);
    let output = run_in(folder.path(), &["recover", "cut.gnz", "-o", "saved.gnz", "--json"]);
    assert_eq!(code(&output), 3);
    let document = &documents(&output)[0];
    assert_eq!(document["saved"], serde_json::json!(["Tran"]));
    assert_eq!(document["lost"][0]["array"], "Vert");
    assert_eq!(code(&run_in(folder.path(), &["check", "saved.gnz"])), 0);
    assert_eq!(code(&run_in(folder.path(), &["recover", "absent", "-o", "x"])), 1);
}

#[test]
fn what_needs_a_time_axis_refuses_arrays_and_leaves_them_alone_in_folders() {
    let folder = TempDir::new().unwrap();
    fs::copy(vector("typical.gnz"), folder.path().join("a.gnz")).unwrap();
    fs::copy(sample(BLAST), folder.path().join(BLAST)).unwrap();
    let given = run_in(folder.path(), &["plot", "a.gnz"]);
    assert_eq!(code(&given), 1);
    assert!(stderr(&given).contains("without a time axis"));
    assert_eq!(code(&run_in(folder.path(), &["plot", ".", "-o", "plots"])), 0);
    let wav = run_in(folder.path(), &["convert", "a.gnz", "--to", "wav"]);
    assert!(stderr(&wav).contains("wav cannot hold named arrays"), "{}", stderr(&wav));
}
