//! Recording, following and drawing streams with the program.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use assert_cmd::cargo::CommandCargoExt;
use serde_json::Value;
use tempfile::TempDir;

fn vector(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../smurf/tests/data");
    folder.canonicalize().unwrap().join(name)
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("wavekeep").unwrap();
    command.current_dir(folder).args(args);
    command
}

fn run_in(folder: &Path, args: &[&str]) -> Output {
    command(folder, args).output().unwrap()
}

fn done(folder: &Path, args: &[&str]) -> Output {
    let output = run_in(folder, args);
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    output
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

mod record {
    use super::*;

    fn recorded(source: &str, variables: &[&str]) -> Vec<u8> {
        let folder = TempDir::new().unwrap();
        let source = vector(source).display().to_string();
        let mut args = vec!["record", "-o", "out.dat", "--from", &source];
        args.extend(variables.iter().flat_map(|variable| ["--set", variable]));
        done(folder.path(), &args);
        fs::read(folder.path().join("out.dat")).unwrap()
    }

    #[test]
    fn a_run_is_recorded_byte_for_byte_as_rogue_wrote_it() {
        for name in ["basic.dat", "errors.dat", "padded.dat", "tree.dat"] {
            assert_eq!(recorded(name, &[]), fs::read(vector(name)).unwrap(), "{name}");
            assert_eq!(
                recorded(name, &["BufferSize=0"]),
                fs::read(vector(name)).unwrap(),
                "{name}"
            );
        }
        let dropped = recorded("errors.dat", &["DropErrors=true"]);
        assert_eq!(dropped, fs::read(vector("errors_dropped.dat")).unwrap());
    }

    #[test]
    fn a_run_is_split_where_rogue_splits_it() {
        let folder = TempDir::new().unwrap();
        let source = vector("split.dat.1").display().to_string();
        let args =
            ["record", "-o", "s.dat", "--from", &source, "--set", "MaxFileSize=5000", "--json"];
        let told = document(&done(folder.path(), &args));
        assert_eq!(told["variables"]["FrameCount"], 44);
        for number in 1..=4 {
            let piece = fs::read(folder.path().join(format!("s.dat.{number}"))).unwrap();
            assert_eq!(piece, fs::read(vector(&format!("split.dat.{number}"))).unwrap());
        }
    }

    #[test]
    fn records_come_from_a_pipe() {
        let folder = TempDir::new().unwrap();
        let mut child =
            command(folder.path(), &["record", "-o", ".", "--auto-name", "--from", "-"])
                .stdin(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
        let bytes = fs::read(vector("basic.dat")).unwrap();
        let mut pipe = child.stdin.take().unwrap();
        // In bits and pieces, as a network gives them.
        bytes.chunks(1000).for_each(|part| pipe.write_all(part).unwrap());
        drop(pipe);
        assert!(child.wait().unwrap().success());
        let made = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        let name = made.file_name().unwrap().to_string_lossy().into_owned();
        assert!(name.starts_with("data_2") && name.ends_with(".dat") && name.len() == 24, "{name}");
        assert_eq!(fs::read(made).unwrap(), bytes);
    }

    #[test]
    fn what_comes_before_damage_is_recorded_and_the_damage_is_said() {
        let folder = TempDir::new().unwrap();
        let source = vector("trunc_payload.dat").display().to_string();
        let output = run_in(folder.path(), &["record", "-o", "t.dat", "--from", &source]);
        assert_eq!(output.status.code(), Some(3));
        assert!(stderr(&output).contains("at byte 7617: the last record is not whole"));
        let whole = fs::read(vector("trunc_payload.dat")).unwrap()[..7617].to_vec();
        assert_eq!(fs::read(folder.path().join("t.dat")).unwrap(), whole);
    }

    #[test]
    fn a_file_that_exists_is_left_alone() {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("old.dat"), b"precious").unwrap();
        let output = run_in(folder.path(), &["record", "-o", "old.dat", "--frames", "1"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains("old.dat exists"), "{}", stderr(&output));
        assert_eq!(fs::read(folder.path().join("old.dat")).unwrap(), b"precious");
        done(
            folder.path(),
            &["record", "-o", "old.dat", "--frames", "1", "--set", "Overwrite=true"],
        );
    }

    #[test]
    fn the_emulators_frames_are_those_of_its_formula() {
        let folder = TempDir::new().unwrap();
        let args = "record -o e.dat --channels 3 --shape square --amplitude 100 --offset 7 \
                    --period 4 --frames 8 --rate 0";
        done(folder.path(), &args.split_whitespace().collect::<Vec<_>>());
        let run = wavekeep_smurf::Run::open(folder.path().join("e.dat")).unwrap();
        let reading = run.read::<i32>(&wavekeep_smurf::Selection::all()).unwrap();
        assert_eq!(reading.channel(2), [-93, -93, 107, 107, -93, -93, 107, 107]);
    }

    #[test]
    fn the_chain_runs_offline_over_a_file() {
        let folder = TempDir::new().unwrap();
        let emulated = "record -o raw.dat --channels 4 --shape sine --amplitude 3000 --frames 400 \
                        --rate 0";
        done(folder.path(), &emulated.split_whitespace().collect::<Vec<_>>());
        let settings = done(folder.path(), &["record", "--print-chain"]).stdout;
        let settings = String::from_utf8(settings).unwrap();
        fs::write(folder.path().join("narrow.json"), &settings).unwrap();
        fs::write(folder.path().join("wide.json"), settings.replace("i16", "i32")).unwrap();
        let chained = |config: &str, output: &str| {
            let args = ["record", "--from", "raw.dat", "--chain", config, "-o", output];
            run_in(folder.path(), &args)
        };
        let refused = chained("narrow.json", "narrow.dat");
        assert_eq!(refused.status.code(), Some(2));
        assert!(stderr(&refused).contains("set \"input\" to \"i32\""));
        assert!(chained("wide.json", "wide.dat").status.success());
        // By default one frame in twenty passes.
        let run = wavekeep_smurf::Run::open(folder.path().join("wide.dat")).unwrap();
        assert_eq!((run.index().frames(), run.counting().step()), (20, Some(20)));
    }

    /// On Windows a console interrupts programs: `windows.rs`.
    #[test]
    #[cfg(unix)]
    fn a_recording_that_is_stopped_ends_with_a_whole_record() {
        let folder = TempDir::new().unwrap();
        let args = ["record", "-o", "live.dat", "--channels", "64", "--json"];
        let child = command(folder.path(), &args).stdout(Stdio::piped()).spawn().unwrap();
        wait_for(&folder.path().join("live.dat"));
        let stopped = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(stopped.unwrap().success());
        let told = document(&child.wait_with_output().unwrap());
        assert_eq!(told["variables"]["IsOpen"], false);
        let run = wavekeep_smurf::Run::open(folder.path().join("live.dat")).unwrap();
        assert!(run.index().damage().is_empty());
        assert_eq!(told["variables"]["FrameCount"], run.index().frames());
    }

    #[cfg(unix)]
    fn wait_for(path: &Path) {
        while !path.exists() {
            std::thread::yield_now();
        }
    }
}

mod follow {
    use super::*;

    fn follow(folder: &Path, args: &[&str]) -> Child {
        let mut all = vec!["convert", "live.dat", "--to", "csv", "--follow", "--idle", "2"];
        all.extend(args);
        command(folder, &all).stdout(Stdio::piped()).spawn().unwrap()
    }

    #[test]
    fn rows_are_printed_as_frames_become_whole_and_a_part_never_is() {
        let folder = TempDir::new().unwrap();
        let bytes = fs::read(vector("basic.dat")).unwrap();
        let path = folder.path().join("live.dat");
        fs::write(&path, &bytes[..3000]).unwrap();
        let child = follow(folder.path(), &["--channels", "1,0"]);
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(&bytes[3000..7700]).unwrap();
        let output = child.wait_with_output().unwrap();
        // The last frame is cut.
        assert_eq!(output.status.code(), Some(3));
        let text = String::from_utf8(output.stdout).unwrap();
        let mut lines = text.lines();
        assert!(lines.next().unwrap().starts_with("data_0 (count),data_1 (count),flags,error,"));
        let first: Vec<_> = lines.next().unwrap().split(',').take(2).collect();
        assert_eq!(first, ["-2147418111", "-2147483648"]);
        assert_eq!(lines.count(), 18);
    }

    #[test]
    fn a_whole_run_is_followed_to_its_end() {
        let folder = TempDir::new().unwrap();
        fs::copy(vector("basic.dat"), folder.path().join("live.dat")).unwrap();
        let output = follow(folder.path(), &["-o", "rows.csv"]).wait_with_output().unwrap();
        assert!(output.status.success());
        let mut text = String::new();
        fs::File::open(folder.path().join("rows.csv")).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text.lines().count(), 21);
    }
}

mod plot {
    use super::*;

    fn drawn(source: &str, args: &[&str]) -> (String, String) {
        let folder = TempDir::new().unwrap();
        let source = vector(source).display().to_string();
        let mut all = vec!["plot", &source, "--format", "svg", "-o", "p/"];
        all.extend(args);
        let output = run_in(folder.path(), &all);
        assert_ne!(output.status.code(), Some(1), "{}", stderr(&output));
        let made = fs::read_dir(folder.path().join("p")).unwrap().next().unwrap().unwrap();
        let name = made.file_name().to_string_lossy().into_owned();
        (name, fs::read_to_string(made.path()).unwrap())
    }

    #[test]
    fn many_channels_are_an_overview_and_few_are_traces() {
        let (name, svg) = drawn("basic.dat", &[]);
        assert_eq!(name, "basic.dat.overview.svg");
        assert!(svg.contains("20 frames of 64 channels at 200.0 Hz"));
        let (name, svg) = drawn("basic.dat", &["--channels", "5,2"]);
        assert_eq!(name, "basic.dat.traces.svg");
        assert!(svg.contains("channel 5") && svg.contains("channel 2"));
    }

    #[test]
    fn a_section_is_drawn_by_its_number() {
        let (_, svg) = drawn("nchan_change.dat", &["--section", "1", "--kind", "overview"]);
        assert!(svg.contains("6 frames of "), "{svg}");
    }

    #[test]
    fn a_part_of_an_event_is_not_drawn() {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
        let output = run_in(&samples, &["plot", "M529LKIQ.7M0W", "--start", "0", "-o", "-"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains("an event is drawn whole"));
    }
}

#[test]
fn a_kept_index_lies_beside_the_run() {
    let folder = TempDir::new().unwrap();
    fs::copy(vector("basic.dat"), folder.path().join("run.dat")).unwrap();
    let first = done(folder.path(), &["info", "--keep-index", "--json", "run.dat"]).stdout;
    assert!(folder.path().join("run.dat.index").is_file());
    assert_eq!(done(folder.path(), &["info", "--keep-index", "--json", "run.dat"]).stdout, first);
}
