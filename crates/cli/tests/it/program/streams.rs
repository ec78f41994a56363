//! SMuRF runs, by every command.

use super::*;

fn vector(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../smurf/tests/data");
    folder.canonicalize().unwrap().join(name).display().to_string()
}

/// What the maker of the files put into channel c of frame i.
fn made(c: i64, i: i64) -> i32 {
    ((c * 65537 + i * 1001).rem_euclid(1 << 32) - (1 << 31)) as i32
}

#[test]
fn info_lists_sections_and_says_what_is_damaged() {
    insta::assert_snapshot!(stdout(&run(&["info", &vector("split.dat")])));
    let damaged = run(&["info", &vector("nchan_change.dat")]);
    assert_eq!(code(&damaged), 3);
    insta::assert_snapshot!(stdout(&damaged));
    let document = &documents(&run(&["info", "--json", &vector("basic.dat")]))[0];
    assert_eq!(
        (&document["frames"], &document["config"]["AMCc"]["Dev"].is_object()),
        (&20.into(), &true)
    );
}

#[test]
fn check_verifies_runs_and_a_folder_opens_each_once() {
    assert_eq!(code(&run(&["check", &vector("basic.dat"), &vector("split.dat.2")])), 0);
    let folder = TempDir::new().unwrap();
    for number in 1..=4 {
        let piece = format!("split.dat.{number}");
        fs::copy(vector(&piece), folder.path().join(&piece)).unwrap();
    }
    let output = run_in(folder.path(), &["check", "--json", "."]);
    let documents = documents(&output);
    assert_eq!((documents.len(), &documents[0]["check"]["frames"]), (1, &40.into()));
}

#[test]
fn a_run_becomes_a_gnz_with_its_fields_and_configuration() {
    let folder = TempDir::new().unwrap();
    let args = [
        "convert",
        &vector("split.dat"),
        "--to",
        "gnz",
        "-o",
        "s.gnz",
        "--channels",
        "3,0-1",
        "--frames",
        "5..30",
    ];
    assert_eq!(code(&run_in(folder.path(), &args)), 0);
    let gnz = gnz::Gnz::open(folder.path().join("s.gnz")).unwrap();
    let data = gnz.view::<i32>("data").unwrap();
    assert_eq!(data.shape(), [3, 25]);
    for (row, channel) in [3, 0, 1].into_iter().enumerate() {
        for column in 0..25 {
            assert_eq!(data[row * 25 + column], made(channel, 5 + column as i64));
        }
    }
    assert_eq!(gnz.view::<u32>("frame_counter").unwrap()[..2], [100, 120]);
    assert_eq!(gnz.array("tes_bias").unwrap().shape(), [16, 25]);
    assert!(gnz.metadata().get("config").is_some());
    assert!(gnz.metadata().get("metadata_updates").is_some());
}

#[test]
fn a_run_becomes_every_kind_of_array_file() {
    let folder = TempDir::new().unwrap();
    for target in ["npy", "npz", "hdf5", "parquet", "safetensors", "csv"] {
        let output = format!("run.{target}");
        let args = ["convert", &vector("basic.dat"), "--to", target, "-o", &output];
        let result = run_in(folder.path(), &args);
        assert_eq!(code(&result), 0, "{target}: {}", stderr(&result));
    }
    // The numbers behind the header of an npy are the samples, row by row.
    let npy = fs::read(folder.path().join("run.npy")).unwrap();
    let samples = &npy[npy.len() - 64 * 20 * 4..];
    assert_eq!(samples[..4], made(0, 0).to_le_bytes());
    assert_eq!(samples[(63 * 20 + 19) * 4..], made(63, 19).to_le_bytes());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 6);
}

#[test]
fn whole_frames_of_a_cut_run_are_recovered() {
    let folder = TempDir::new().unwrap();
    let output = run_in(
        folder.path(),
        &["recover", &vector("trunc_payload.dat"), "-o", "clean.dat", "--json"],
    );
    assert_eq!(code(&output), 3);
    assert_eq!(
        (&documents(&output)[0]["frames"], &documents(&output)[0]["lost_bytes"]),
        (&19.into(), &285.into())
    );
    assert_eq!(code(&run_in(folder.path(), &["check", "clean.dat"])), 0);
}

#[test]
fn what_cannot_be_asked_of_a_stream_is_said() {
    let message = |args: &[&str]| {
        let output = run(args);
        assert_eq!(code(&output), 1, "{args:?}");
        stderr(&output)
    };
    let stream = vector("basic.dat");
    assert!(message(&["plot", &stream, "--kind", "limits"]).contains("no limits"));
    assert!(
        message(&["convert", &stream, "--to", "wav", "-o", "x.wav"])
            .contains("wav cannot hold a stream")
    );
    assert!(
        message(&["convert", &stream, "--to", "gnz", "-o", "x.gnz", "--channels", "99"])
            .contains("99")
    );
    let two = vector("nchan_change.dat");
    assert!(
        message(&["convert", &two, "--to", "gnz", "-o", "x.gnz"])
            .contains("section 1: frames 5..11")
    );
}
