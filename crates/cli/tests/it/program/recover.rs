//! `recover` works on what it knows to be damaged, and on nothing else.

use super::*;

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

#[test]
fn what_is_whole_or_another_thing_is_refused_and_nothing_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    fs::write(&text, "a note").unwrap();
    let mut flipped = fs::read(data("gnz/tests/data/typical.gnz")).unwrap();
    flipped[0] ^= 1;
    let first_byte = folder.path().join("flipped.gnz");
    fs::write(&first_byte, flipped).unwrap();
    let npz = folder.path().join("whole.npz");
    let made = run(&[
        "convert",
        data("gnz/tests/data/typical.gnz").to_str().unwrap(),
        "-o",
        npz.to_str().unwrap(),
    ]);
    assert_eq!(code(&made), 0, "{}", stderr(&made));
    let out = folder.path().join("out");
    fs::write(&out, "what was there").unwrap();
    for (path, names) in [
        (PathBuf::from(sample(BLAST)), "an event"),
        (data("gnz/tests/data/typical.gnz"), "a whole GNZ file"),
        (data("smurf/tests/data/basic.dat"), "a whole stream"),
        (npz, "a file of arrays"),
        (first_byte, "nothing was written"),
        (text, "nothing was written"),
        (folder.path().join("absent.dat"), "absent.dat"),
    ] {
        let args = ["recover", path.to_str().unwrap(), "--force", "-o", out.to_str().unwrap()];
        let output = run(&args);
        assert!(code(&output) == 1 || code(&output) == 2, "{path:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(names), "{path:?}: {}", stderr(&output));
        assert_eq!(fs::read(&out).unwrap(), b"what was there", "{path:?}");
    }
}

#[test]
fn a_damaged_stream_and_a_cut_gnz_are_recovered() {
    let folder = tempfile::tempdir().unwrap();
    let cut = fs::read(data("gnz/tests/data/typical.gnz")).unwrap();
    let gnz = folder.path().join("cut.gnz");
    fs::write(&gnz, &cut[..cut.len() / 2]).unwrap();
    for path in [data("smurf/tests/data/trunc_payload.dat"), gnz] {
        let out = folder.path().join(path.file_name().unwrap()).with_extension("saved");
        let output = run(&["recover", path.to_str().unwrap(), "-o", out.to_str().unwrap()]);
        assert_eq!(code(&output), 3, "{path:?}: {}", stderr(&output));
        assert!(out.exists());
    }
}
