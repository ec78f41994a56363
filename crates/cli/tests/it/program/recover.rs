//! `recover` works on what it knows to be damaged, and on nothing else.

use super::*;

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// A field case.
fn field(path: &str) -> PathBuf {
    data("formats/tests/data/field").join(path)
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
    let files = field("19-recover-not-a-stream");
    let whole = fs::read(files.join("whole.npz")).unwrap();
    let cut = folder.path().join("cut.npz");
    fs::write(&cut, &whole[..whole.len() - 40]).unwrap();
    let mut members = fs::read(field("01-npz-one-object-array/mixed.npz")).unwrap();
    let partly = folder.path().join("partly.npz");
    fs::write(&partly, &members).unwrap();
    members.truncate(20);
    let short = folder.path().join("short.npz");
    fs::write(&short, &members).unwrap();
    let npy = field("04-npy-descr-spellings/descr_f4.npy");
    let tensors = folder.path().join("x.safetensors");
    fs::write(&tensors, b"\x02\0\0\0\0\0\0\0{}").unwrap();
    let out = folder.path().join("out");
    fs::write(&out, "what was there").unwrap();
    for (path, names) in [
        (PathBuf::from(sample(BLAST)), "is an event (Blastware event file), and it is whole"),
        (data("gnz/tests/data/typical.gnz"), "an undamaged GNZ file"),
        (data("smurf/tests/data/basic.dat"), "an undamaged stream"),
        (files.join("whole.npz"), "is an npz (NumPy archive of arrays), and it is whole"),
        (partly, "is an npz (NumPy archive of arrays), and it is damaged: convert it"),
        (cut, "it is an npz (NumPy archive of arrays) that cannot be opened"),
        (short, "it is an npz (NumPy archive of arrays) that cannot be opened"),
        (npy, "is an npy (NumPy array), and it is whole"),
        (tensors, "is a safetensors (safetensors file), and it is whole"),
        (first_byte, "looks like a GNZ file whose first 4 bytes are damaged"),
        (files.join("magic_flipped.gnz"), "looks like a GNZ file whose first 4 bytes are damaged"),
        (text, "nothing was written"),
        (folder.path().join("absent.dat"), "absent.dat"),
    ] {
        let args = ["recover", path.to_str().unwrap(), "--force", "-o", out.to_str().unwrap()];
        let output = run(&args);
        assert!(code(&output) == 1 || code(&output) == 2, "{path:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(names), "{path:?}: {}", stderr(&output));
        assert_eq!(fs::read(&out).unwrap(), b"what was there", "{path:?}");
        let absent = folder.path().join("absent");
        let args = ["recover", path.to_str().unwrap(), "-o", absent.to_str().unwrap()];
        assert_eq!(code(&run(&args)), code(&output), "{path:?}");
        assert!(!absent.exists(), "{path:?}");
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

#[test]
fn a_gnz_whose_first_bytes_are_written_again_is_whole_as_the_refusal_says() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = fs::read(field("19-recover-not-a-stream/magic_flipped.gnz")).unwrap();
    bytes[..4].copy_from_slice(b"GNZ1");
    let copy = folder.path().join("copy.gnz");
    fs::write(&copy, bytes).unwrap();
    assert_eq!(code(&run(&["check", copy.to_str().unwrap()])), 0);
}
