//! Every target that `convert` writes, by its name, its options and what it cannot do.

use super::*;

fn run_dat() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../smurf/tests/data/basic.dat");
    path.canonicalize().unwrap().display().to_string()
}

fn vector() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gnz/tests/data");
    folder.join("typical.gnz").canonicalize().unwrap().display().to_string()
}

#[test]
fn a_folder_is_written_replaced_when_asked_and_never_sent_through_a_pipe() {
    for input in [sample(BLAST), vector(), run_dat()] {
        let folder = TempDir::new().unwrap();
        let args = ["convert", &input, "-o", "out.zarr"];
        let output = run_in(folder.path(), &args);
        assert_eq!(code(&output), 0, "{input}: {}", stderr(&output));
        assert!(folder.path().join("out.zarr/zarr.json").is_file());
        let again = run_in(folder.path(), &args);
        assert_eq!(code(&again), 1, "{input}");
        assert!(
            stderr(&again).contains("exists already: --force replaces it"),
            "{}",
            stderr(&again)
        );
        let forced = run_in(folder.path(), &[&args[..], &["--force"]].concat());
        assert_eq!(code(&forced), 0, "{input}: {}", stderr(&forced));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
        let piped = run_in(folder.path(), &["convert", &input, "--to", "zarr", "-o", "-"]);
        assert_eq!(code(&piped), 1);
        assert!(stderr(&piped).contains("it is a folder"), "{}", stderr(&piped));
    }
}

#[test]
fn an_event_goes_to_every_target_of_events() {
    let folder = TempDir::new().unwrap();
    for target in ["npz", "safetensors", "arrow", "zarr", "miniseed", "miniseed3"] {
        let args = ["convert", &sample(BLAST), "--to", target, "-o", "out/"];
        let output = run_in(folder.path(), &args);
        assert_eq!(code(&output), 0, "{target}: {}", stderr(&output));
    }
    for name in ["out.feather", "out.ms3", "out.he5"] {
        let output = run_in(folder.path(), &["convert", &sample(BLAST), "-o", name]);
        assert_eq!(code(&output), 0, "{name}: {}", stderr(&output));
    }
}

#[test]
fn a_gnz_without_checksums_is_the_one_of_the_first_writer() {
    let folder = TempDir::new().unwrap();
    let original = fs::read(vector()).unwrap();
    for (option, is_same) in [(&["--no-checksums"][..], true), (&[], false)] {
        let input = vector();
        let args = [&["convert", &input, "-o", "out.gnz", "--force"][..], option].concat();
        assert_eq!(code(&run_in(folder.path(), &args)), 0);
        assert_eq!(fs::read(folder.path().join("out.gnz")).unwrap() == original, is_same);
    }
    for input in [sample(BLAST), run_dat()] {
        let args = ["convert", &input, "-o", "out.gnz", "--force", "--no-checksums"];
        assert_eq!(code(&run_in(folder.path(), &args)), 0);
        let bytes = fs::read(folder.path().join("out.gnz")).unwrap();
        assert!(!String::from_utf8_lossy(&bytes[..8192]).contains(gnz::CHECKSUM_KEY), "{input}");
    }
}

#[test]
fn compression_can_be_turned_off() {
    let folder = TempDir::new().unwrap();
    let length = |more: &[&str]| {
        let input = sample(BLAST);
        let args = [&["convert", &input, "-o", "out.h5", "--force"][..], more].concat();
        assert_eq!(code(&run_in(folder.path(), &args)), 0);
        fs::metadata(folder.path().join("out.h5")).unwrap().len()
    };
    assert!(length(&["--no-compress"]) > length(&[]));
}

#[test]
fn units_are_for_tables_and_the_error_names_them() {
    let folder = TempDir::new().unwrap();
    let input = sample(BLAST);
    let args = ["convert", &input, "--velocity", "mm/s"];
    for name in ["out.csv", "out.arrow", "out.parquet"] {
        assert_eq!(code(&run_in(folder.path(), &[&args[..], &["-o", name]].concat())), 0, "{name}");
    }
    let refused = run_in(folder.path(), &[&args[..], &["-o", "out.zarr"]].concat());
    assert!(stderr(&refused).contains("csv, json, parquet and arrow"), "{}", stderr(&refused));
}
