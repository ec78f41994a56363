//! Where results go: each to a place of its own, of the kind that its name says.

#[cfg(unix)]
use std::process::Stdio;

use super::*;

/// A folder with two folders that hold an event of one name each.
fn two_of_one_name() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (below, event) in [("a", QUIET), ("b", BLAST)] {
        fs::create_dir(folder.path().join(below)).unwrap();
        fs::copy(sample(event), folder.path().join(below).join("event.7M0W")).unwrap();
    }
    folder
}

fn files(folder: &Path) -> Vec<String> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter();
    let files = entries.map(Result::unwrap).filter(|entry| entry.file_type().is_file());
    files.map(|file| file.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn two_results_never_have_one_place() {
    for command in [&["convert", "--to", "csv"][..], &["plot"], &["report"]] {
        let folder = two_of_one_name();
        for inputs in
            [&["a/event.7M0W", "b/event.7M0W"][..], &["a", "b"], &["a/event.7M0W", "a/event.7M0W"]]
        {
            let args = [command, inputs, &["-o", "out/"]].concat();
            let output = run_in(folder.path(), &args);
            assert_eq!(code(&output), 2, "{args:?}: {}", stderr(&output));
            assert_eq!(files(folder.path()).len(), 2, "nothing was written");
        }
        let apart = run_in(folder.path(), &[command, &[".", "-o", "out/"]].concat());
        assert_eq!(code(&apart), 0, "{}", stderr(&apart));
    }
}

/// Elsewhere the two events cannot be in one folder.
#[cfg(target_os = "linux")]
#[test]
fn names_that_differ_by_case_alone_do_not_stand_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(sample(QUIET), folder.path().join("event.7M0W")).unwrap();
    fs::copy(sample(BLAST), folder.path().join("EVENT.7m0w")).unwrap();
    let output = run_in(folder.path(), &["convert", ".", "--to", "csv", "-o", "out/"]);
    assert_eq!(code(&output), 2, "{}", stderr(&output));
    assert_eq!(files(folder.path()).len(), 2);
}

#[test]
fn other_files_of_one_name_do_not_stand_in_the_way() {
    let folder = two_of_one_name();
    fs::rename(folder.path().join("b/event.7M0W"), folder.path().join("b/other.7M0W")).unwrap();
    for below in ["a", "b"] {
        fs::write(folder.path().join(below).join("notes.txt"), below).unwrap();
    }
    let output = run_in(folder.path(), &["convert", "a", "b", "--to", "csv", "-o", "out/"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
}

#[test]
fn the_extension_decides_what_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let event = sample(BLAST);
    for (name, begins) in [
        ("a.csv", &b"time_s,"[..]),
        ("a.h5", b"\x89HDF"),
        ("a.parquet", b"PAR1"),
        ("a.mseed", b"000001D "),
        ("a.mseed3", b"MS"),
        ("a.npy", b"\x93NUMPY"),
        ("a.wav", b"RIFF"),
        ("a.json", b"{"),
        ("a.gnz", b"GNZ"),
    ] {
        let output = run_in(folder.path(), &["convert", &event, "-o", name]);
        assert_eq!(code(&output), 0, "{name}: {}", stderr(&output));
        let bytes = fs::read(folder.path().join(name)).unwrap();
        assert!(bytes.starts_with(begins), "{name} begins with {:?}", &bytes[..8]);
    }
    for (name, begins) in [("p.svg", &b"<svg"[..]), ("p.pdf", b"%PDF"), ("p.png", b"\x89PNG")] {
        let output = run_in(folder.path(), &["plot", &event, "-o", name]);
        assert_eq!(code(&output), 0, "{name}: {}", stderr(&output));
        assert!(fs::read(folder.path().join(name)).unwrap().starts_with(begins), "{name}");
    }
}

#[test]
fn a_name_that_says_something_else_is_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let (quiet, blast) = (sample(QUIET), sample(BLAST));
    for args in [
        &["convert", &quiet, "--to", "csv", "-o", "a.h5"][..],
        &["convert", &quiet, "-o", "a.xlsx"],
        &["convert", &quiet, "--to", "csv", "-o", "a"],
        &["convert", &quiet, &blast, "--to", "csv", "-o", "a.csv"],
        &["plot", &quiet, "-o", "a.jpg"],
        &["plot", &quiet, "--format", "svg", "-o", "a.png"],
        &["plot", &quiet, &blast, "-o", "a.png"],
        &["report", &quiet, "-o", "a.png"],
        &["report", &quiet, &blast, "-o", "a.pdf"],
    ] {
        let output = run_in(folder.path(), args);
        assert_eq!(code(&output), 2, "{args:?}: {}", stderr(&output));
    }
    assert!(files(folder.path()).is_empty());
}

#[test]
fn an_input_is_never_its_own_result() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(gnz_vector(), folder.path().join("a.gnz")).unwrap();
    let before = fs::read(folder.path().join("a.gnz")).unwrap();
    let output = run_in(folder.path(), &["convert", "a.gnz", "-o", "./a.gnz", "--force"]);
    assert_eq!(code(&output), 2, "{}", stderr(&output));
    assert_eq!(fs::read(folder.path().join("a.gnz")).unwrap(), before);
}

fn gnz_vector() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../gnz/tests/data/typical.gnz")
}

fn run_dat() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../smurf/tests/data/basic.dat")
}

#[test]
fn a_stream_goes_to_standard_output_as_to_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_dat();
    let run = run.to_str().unwrap();
    for to in ["csv", "gnz", "parquet", "npz"] {
        let named = folder.path().join(format!("a.{to}"));
        let to_file = run_in(folder.path(), &["convert", run, "-o", named.to_str().unwrap()]);
        assert_eq!(code(&to_file), 0, "{}", stderr(&to_file));
        let piped = run_in(folder.path(), &["convert", run, "--to", to, "-o", "-"]);
        assert_eq!(code(&piped), 0, "{}", stderr(&piped));
        assert!(piped.stdout == fs::read(named).unwrap(), "{to}");
    }
}

#[test]
fn standard_input_is_an_input() {
    let event = fs::read(sample(BLAST)).unwrap();
    let mut command = Command::cargo_bin("wavekeep").unwrap();
    let output = command.args(["info", "--json", "-"]).write_stdin(event.clone()).output().unwrap();
    let document = &documents(&output)[0];
    assert_eq!((code(&output), document["path"].as_str()), (0, Some("-")), "{}", stderr(&output));
    let mut command = Command::cargo_bin("wavekeep").unwrap();
    let by_pipe =
        command.args(["convert", "-", "--to", "csv"]).write_stdin(event).output().unwrap();
    let by_name = run(&["convert", BLAST, "--no-report", "--to", "csv"]);
    assert_eq!(stdout(&by_pipe), stdout(&by_name));
    let mut command = Command::cargo_bin("wavekeep").unwrap();
    let nothing = command.args(["info", "-"]).write_stdin("no recording").output().unwrap();
    assert_eq!(code(&nothing), 1);
    assert!(stderr(&nothing).contains("-: not a recording"), "{}", stderr(&nothing));
}

#[test]
fn nothing_found_and_nothing_chosen_are_no_success() {
    let empty = tempfile::tempdir().unwrap();
    let run_dat = run_dat();
    let stream = run_dat.to_str().unwrap();
    for args in [
        &["info", "."][..],
        &["check", "."],
        &["convert", ".", "--to", "csv", "-o", "out/"],
        &["plot", "."],
        &["report", "."],
        &["convert", &sample(BLAST), "--to", "csv", "--start", "99"],
        &["convert", &sample(BLAST), "--to", "csv", "--frames", "99999.."],
        &["convert", stream, "-o", "a.csv", "--frames", "99999.."],
        &["plot", stream, "--start", "1e9"],
    ] {
        let output = run_in(empty.path(), args);
        assert_eq!(code(&output), 1, "{args:?}: {}", stderr(&output));
        assert!(!stderr(&output).is_empty() && output.stdout.is_empty(), "{args:?}");
    }
    assert!(files(empty.path()).is_empty());
}

/// No other system has a file that is always full.
#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_output_is_an_error() {
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    for args in [&["info", BLAST][..], &["info", "."], &["check", BLAST], &["--help"]] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_wavekeep"));
        let command = command.current_dir(samples()).args(args);
        let output = command.stdout(full.try_clone().unwrap()).stderr(Stdio::piped()).output();
        let output = output.unwrap();
        assert!(!stderr(&output).contains("panicked"), "{args:?}: {}", stderr(&output));
        assert_eq!(code(&output), 1, "{args:?}: {}", stderr(&output));
    }
}

/// On Windows a console interrupts programs: `windows.rs`.
#[cfg(unix)]
#[test]
fn what_is_unfinished_goes_when_a_signal_ends_the_program() {
    let folder = tempfile::tempdir().unwrap();
    // A run that takes long enough to be interrupted, to a target that is written in two steps.
    let piece = fs::read(run_dat()).unwrap();
    fs::write(folder.path().join("run.dat"), piece.repeat(4000)).unwrap();
    for (signal, to) in [("INT", "csv"), ("TERM", "csv"), ("TERM", "gnz")] {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_wavekeep"))
            .current_dir(folder.path())
            .args(["convert", "run.dat", "--quiet", "-o", &format!("out.{to}")])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        while files(folder.path()).len() < 2 && program.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        let id = program.id().to_string();
        let sent = std::process::Command::new("kill").args(["-s", signal, &id]).status();
        assert!(sent.unwrap().success());
        let ended = program.wait().unwrap();
        match ended.code() {
            Some(130) => assert_eq!(files(folder.path()), ["run.dat"], "{signal} {to}"),
            // It was faster than the signal.
            Some(0 | 3) => fs::remove_file(folder.path().join(format!("out.{to}"))).unwrap(),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn near_misses_are_suggested() {
    for (args, meant) in [
        (&["convert", QUIET, "--to", "cvs"][..], "'csv'"),
        (&["plot", QUIET, "--format", "pgn"], "'png'"),
        (&["convrt", QUIET], "'convert'"),
        (&["plot", QUIET, "--curve", "usbm-drywal"], "usbm-drywall"),
    ] {
        let output = run(args);
        assert_eq!(code(&output), 2, "{args:?}");
        assert!(stderr(&output).contains(meant), "{args:?}: {}", stderr(&output));
    }
}
