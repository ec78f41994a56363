//! The program as people and scripts use it.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

use std::fs;
use std::io::{BufRead, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").canonicalize().unwrap()
}

fn sample(name: &str) -> String {
    samples().join(name).display().to_string()
}

/// Runs the program in `folder`.
fn run_in(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::cargo_bin("wavekeep").unwrap();
    command.current_dir(folder).env_remove("NO_COLOR").args(args).output().unwrap()
}

fn run(args: &[&str]) -> Output {
    run_in(&samples(), args)
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn documents(output: &Output) -> Vec<Value> {
    stdout(output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const QUIET: &str = "M529LKIQ.7M0W";
const BLAST: &str = "M529LMOK.DK0W";
const NIGHT: &str = "M529LMP3.O00H";
const DAMAGED: &str = "M529LNE5.390";
const THOR: &str = "UM11719_20260714153012.IDFW";
const WAVEFORMS: [&str; 5] =
    [QUIET, "M529LKVQ.6S0W", "T190LD5Q.LK0W", "T438L713.RY0W", "M529LIY6.N00"];

mod looks {
    use super::*;

    #[test]
    fn info_shows_what_was_assumed() {
        insta::assert_snapshot!(stdout(&run(&["info", QUIET])));
    }

    #[test]
    fn info_shows_what_the_report_states() {
        insta::assert_snapshot!(stdout(&run(&["info", BLAST])));
    }

    #[test]
    fn info_shows_a_histogram() {
        insta::assert_snapshot!(stdout(&run(&["info", NIGHT, "--velocity", "mm/s"])));
    }

    #[test]
    fn info_shows_a_thor_event_with_its_report() {
        insta::assert_snapshot!(stdout(&run(&["info", THOR])));
    }

    #[test]
    fn info_shows_what_is_assumed_of_a_thor_event() {
        insta::assert_snapshot!(stdout(&run(&["info", "UM11719_20260716084530.IDFW"])));
    }

    #[test]
    fn info_shows_damage() {
        insta::assert_snapshot!(stdout(&run(&["info", DAMAGED])));
    }

    #[test]
    fn a_folder_is_a_table() {
        insta::assert_snapshot!(stdout(&run(&["info", "."])));
    }

    #[test]
    fn check_says_whole_or_damaged() {
        insta::assert_snapshot!(stdout(&run(&["check", "."])));
    }

    #[test]
    fn help_says_what_there_is() {
        insta::assert_snapshot!(stdout(&run(&["--help"])));
    }
}

mod exit_codes {
    use super::*;

    #[test]
    fn zero_when_all_is_done_and_whole() {
        assert_eq!(code(&run(&["info", QUIET])), 0);
        assert_eq!(code(&run(&["check", QUIET, BLAST])), 0);
    }

    #[test]
    fn one_when_something_failed() {
        assert_eq!(code(&run(&["info", "absent"])), 1);
        assert_eq!(code(&run(&["info", "README.md"])), 1);
    }

    #[test]
    fn two_for_wrong_usage() {
        for args in [
            &["info"][..],
            &["convert", QUIET],
            &["convert", QUIET, "--to", "xlsx"],
            &["convert", QUIET, BLAST, "--to", "csv", "-o", "-"],
            &["convert", QUIET, "--to", "csv", "--frames", "9..2"],
            &["convert", QUIET, "--to", "csv", "--json"],
            &["plot", QUIET, "--curve", "no-such-curve"],
            &["plot", QUIET, "--kind", "all", "-o", "one.png"],
            &["info", QUIET, "--rate", "0"],
            &["info", QUIET, "--range", "loud"],
        ] {
            assert_eq!(code(&run(args)), 2, "{args:?}");
        }
    }

    #[test]
    fn three_when_it_is_done_but_the_data_is_damaged() {
        assert_eq!(code(&run(&["info", DAMAGED])), 3);
        assert_eq!(code(&run(&["check", QUIET, DAMAGED])), 3);
        assert_eq!(code(&run(&["convert", DAMAGED, "--to", "csv"])), 3);
    }

    #[test]
    fn one_bad_file_never_stops_the_others() {
        let output = run(&["info", "--json", "absent", QUIET, "README.md", BLAST]);
        assert_eq!(code(&output), 1);
        let documents = documents(&output);
        let kinds: Vec<_> = documents.iter().map(|line| line["error"]["kind"].as_str()).collect();
        assert_eq!(kinds, [Some("io"), None, Some("unknown_format"), None]);
        assert_eq!(documents[1]["path"], QUIET);
        assert!(stderr(&output).contains("README.md: not a recording of a known format"));
    }

    #[test]
    fn files_of_a_folder_that_are_no_recordings_are_left_alone() {
        let output = run(&["check", "."]);
        assert_eq!(code(&output), 3);
        assert!(stderr(&output).contains("13 files: 12 whole, 1 damaged; "), "{}", stderr(&output));
    }
}

mod info {
    use super::*;

    #[test]
    fn json_is_one_document_per_input_and_line_with_what_was_measured() {
        let documents = documents(&run(&["info", "--json", BLAST, NIGHT]));
        assert_eq!(documents.len(), 2);
        assert_eq!(documents[0]["format"], "blastware");
        assert_eq!(documents[0]["assumed"], serde_json::json!([]));
        assert_eq!(documents[0]["measurements"]["peak_vector_sum"]["origin"], "stated");
        assert_eq!(documents[1]["kind"], "histogram");
    }

    #[test]
    fn what_the_caller_states_is_no_longer_assumed() {
        let args = [
            "info",
            "--json",
            QUIET,
            "--rate",
            "2048",
            "--range",
            "sensitive",
            "--pretrigger",
            "0.5",
        ];
        let document = &documents(&run(&args))[0];
        assert_eq!(document["assumed"], serde_json::json!([]));
        assert_eq!(document["time"]["rate_hz"]["basis"], "option");
        assert_eq!(document["measurements"]["channels"][0]["peak"]["value"]["value"], 0.00375);
    }

    #[test]
    fn a_report_can_be_left_alone() {
        let document = &documents(&run(&["info", "--json", "--no-report", BLAST]))[0];
        assert_eq!(document["statement"], Value::Null);
    }

    #[test]
    fn colour_is_for_terminals_and_can_be_forced() {
        assert!(!stdout(&run(&["info", DAMAGED])).contains('\u{1b}'));
        assert!(stdout(&run(&["info", DAMAGED, "--color", "always"])).contains("\u{1b}["));
    }
}

mod convert {
    use super::*;

    /// The samples that an independent model says that the vectors hold.
    fn expected(name: &str) -> String {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../blastware/tests/data");
        let text = fs::read_to_string(folder.join(format!("{name}.expected.csv"))).unwrap();
        text.replace("\r\n", "\n")
    }

    /// A table without its first column.
    fn without_first_column(csv: &str) -> String {
        csv.lines().map(|line| format!("{}\n", line.split_once(',').unwrap().1)).collect()
    }

    #[test]
    fn raw_csv_has_the_expected_values_for_every_vector() {
        for name in WAVEFORMS.into_iter().chain(["N844L6Z8.ZR0H"]) {
            let output = run(&["convert", name, "--to", "csv", "--units", "raw"]);
            assert_eq!(code(&output), 0);
            assert_eq!(without_first_column(&stdout(&output)), expected(name), "{name}");
        }
    }

    #[test]
    fn a_missing_sample_is_an_empty_field() {
        let output = run(&["convert", DAMAGED, "--to", "csv", "--units", "raw"]);
        let row = stdout(&output).lines().nth(1 + 3 * 512 + 2).unwrap().to_owned();
        let fields: Vec<&str> = row.split(',').collect();
        assert_eq!((fields.len(), fields[2]), (5, ""));
    }

    #[test]
    fn a_part_of_a_recording_keeps_its_times() {
        let args = [
            "convert",
            QUIET,
            "--to",
            "csv",
            "--channels",
            "MicL,0",
            "--start",
            "0",
            "--end",
            "0.002",
        ];
        let text = stdout(&run(&args));
        let times: Vec<&str> = text.lines().map(|line| line.split(',').next().unwrap()).collect();
        assert_eq!(text.lines().next(), Some("time_s,MicL,Tran"));
        assert_eq!(times[1..], ["0.0", "0.0009765625", "0.001953125"]);
        let by_index =
            ["convert", QUIET, "--to", "csv", "--channels", "MicL,0", "--frames", "256..259"];
        assert_eq!(stdout(&run(&by_index)), text);
    }

    #[test]
    fn a_channel_that_is_not_there_fails_with_those_that_are() {
        let output = run(&["convert", QUIET, "--to", "csv", "--channels", "Nord"]);
        assert_eq!(code(&output), 1);
        assert!(stderr(&output).contains("the channels are Tran, Vert, Long, MicL"));
    }

    #[test]
    fn every_target_is_written_and_an_existing_file_is_kept() {
        let folder = TempDir::new().unwrap();
        for (target, extension) in [
            ("csv", "csv"),
            ("json", "json"),
            ("gnz", "gnz"),
            ("hdf5", "h5"),
            ("parquet", "parquet"),
            ("miniseed", "mseed"),
            ("npy", "npy"),
            ("wav", "wav"),
        ] {
            let args = ["convert", &sample(BLAST), "--to", target, "-o", "./"];
            assert_eq!(code(&run_in(folder.path(), &args)), 0, "{target}");
            let path = folder.path().join(format!("{BLAST}.{extension}"));
            assert!(fs::metadata(&path).unwrap().len() > 1000, "{target}");
            fs::write(&path, b"mine").unwrap();
            let again = run_in(folder.path(), &args);
            assert_eq!((code(&again), fs::read(&path).unwrap()), (1, b"mine".to_vec()));
            assert!(stderr(&again).contains("--force"), "{}", stderr(&again));
            let forced = [&args[..], &["--force"]].concat();
            assert_eq!(code(&run_in(folder.path(), &forced)), 0);
            assert!(fs::metadata(&path).unwrap().len() > 1000);
        }
    }

    #[test]
    fn a_folder_becomes_a_folder_and_says_what_went_where() {
        let folder = TempDir::new().unwrap();
        let input = samples().display().to_string();
        let output =
            run_in(folder.path(), &["convert", &input, "--to", "npy", "-o", "out", "--json"]);
        assert_eq!(code(&output), 3);
        let documents = documents(&output);
        assert_eq!(documents.len(), 13);
        for document in documents {
            assert!(folder.path().join(document["output"].as_str().unwrap()).is_file());
        }
    }

    #[test]
    fn what_a_target_cannot_hold_is_said_with_what_to_do() {
        let folder = TempDir::new().unwrap();
        let args = ["convert", &sample(DAMAGED), "--to", "wav"];
        let output = run_in(folder.path(), &args);
        assert_eq!(code(&output), 1);
        assert!(stderr(&output).contains("wav cannot hold"), "{}", stderr(&output));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

mod arrays {
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
}

mod streams {
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
            message(&["convert", &stream, "--to", "wav", "-o", "x"])
                .contains("wav cannot hold a stream")
        );
        assert!(message(&["convert", &stream, "--to", "csv"]).contains("name a file with -o"));
        assert!(
            message(&["convert", &stream, "--to", "gnz", "-o", "x", "--channels", "99"])
                .contains("99")
        );
        let two = vector("nchan_change.dat");
        assert!(
            message(&["convert", &two, "--to", "gnz", "-o", "x"])
                .contains("section 1: frames 5..11")
        );
    }
}

mod pictures {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

    #[test]
    fn every_kind_is_drawn_in_every_format() {
        let folder = TempDir::new().unwrap();
        for (format, magic) in [("svg", &b"<svg"[..]), ("png", PNG), ("pdf", b"%PDF-")] {
            let inputs = [sample(BLAST), sample(NIGHT), sample(DAMAGED)];
            let mut args =
                vec!["plot", "--kind", "all", "--format", format, "-o", "plots", "--width", "400"];
            args.extend(inputs.iter().map(String::as_str));
            assert_eq!(code(&run_in(folder.path(), &args)), 3);
            for name in ["traces", "spectrum", "limits"] {
                let path = folder.path().join(format!("plots/{BLAST}.{name}.{format}"));
                let bytes = fs::read(&path).unwrap();
                assert!(
                    bytes.starts_with(magic)
                        || bytes.windows(4).take(400).any(|part| part == b"<svg"),
                    "{path:?}"
                );
            }
            assert!(folder.path().join(format!("plots/{NIGHT}.histogram.{format}")).is_file());
        }
    }

    #[test]
    fn a_picture_on_standard_output_is_the_picture_in_the_file() {
        let folder = TempDir::new().unwrap();
        let streamed = run_in(folder.path(), &["plot", &sample(BLAST), "-o", "-"]);
        assert_eq!(code(&run_in(folder.path(), &["plot", &sample(BLAST), "-o", "p.png"])), 0);
        assert!(streamed.stdout == fs::read(folder.path().join("p.png")).unwrap());
    }

    #[test]
    fn a_kind_that_a_recording_has_not_is_an_error_that_says_so() {
        let output = run(&["plot", NIGHT, "--kind", "traces", "-o", "-"]);
        assert_eq!(code(&output), 1);
        assert!(stderr(&output).contains("a histogram has no traces"));
    }

    #[test]
    fn a_report_is_a_pdf_with_a_verdict() {
        let folder = TempDir::new().unwrap();
        let args = ["report", &sample(BLAST), "--json", "-o", "report.pdf"];
        let output = run_in(folder.path(), &args);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        assert!(fs::read(folder.path().join("report.pdf")).unwrap().starts_with(b"%PDF-"));
        let verdict = &documents(&output)[0]["verdict"];
        assert_eq!(
            (&verdict["outcome"], &verdict["curve"]),
            (&"within".into(), &"usbm-drywall".into())
        );
    }

    #[test]
    fn a_damaged_event_gets_no_pass() {
        let folder = TempDir::new().unwrap();
        let args = ["report", &sample(DAMAGED), "--json"];
        let verdict = documents(&run_in(folder.path(), &args))[0]["verdict"]["outcome"].clone();
        assert_eq!(verdict, "no_verdict");
    }

    #[test]
    fn a_curve_of_ones_own_is_read_from_a_file() {
        let folder = TempDir::new().unwrap();
        let curve = "[[curve]]\nid = \"permit-7\"\nname = \"Permit 7\"\nunit = \"in/s\"\njudges = \"each component\"\nsource = \"the permit\"\nfrom_hz = 1\npieces = [{ constant = 0.2 }]\n";
        fs::write(folder.path().join("permits.toml"), curve).unwrap();
        let args =
            ["report", &sample(BLAST), "--json", "--curves", "permits.toml", "--curve", "permit-7"];
        let document = &documents(&run_in(folder.path(), &args))[0];
        assert_eq!(document["verdict"]["outcome"], "exceeds");
        fs::write(folder.path().join("permits.toml"), "[[curve]]\nid = 7").unwrap();
        let broken = run_in(folder.path(), &args);
        assert_eq!(code(&broken), 1);
        assert!(stderr(&broken).contains("permits.toml"), "{}", stderr(&broken));
    }

    #[test]
    fn an_unknown_curve_lists_those_that_there_are() {
        let text = stderr(&run(&["plot", QUIET, "--curve", "x"]));
        assert!(text.contains("usbm-drywall") && text.contains("osmre"), "{text}");
    }
}

#[test]
fn the_demo_writes_its_samples_pictures_and_report() {
    let folder = TempDir::new().unwrap();
    let output = run_in(folder.path(), &["demo", "--no-serve"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(folder.path().join("demo/M529LMOK.DK0W.report.pdf").is_file());
    assert!(folder.path().join("demo/samples/M529LMOK.DK0W").is_file());
    assert!(folder.path().join("demo/samples/TXT/UM11719_20260714153012.IDFW.txt").is_file());
    assert!(stdout(&output).contains("M529LMOK.DK0W.traces.png"));
}

#[test]
fn the_demo_serves_its_archive_beside_another_server() {
    let folder = TempDir::new().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let mut demo = std::process::Command::new(assert_cmd::cargo::cargo_bin("wavekeep"))
        .current_dir(folder.path())
        .args(["demo", "--listen", &listen])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let lines = std::io::BufReader::new(demo.stdout.take().unwrap()).lines();
    let address = lines
        .map(Result::unwrap)
        .find_map(|line| Some(line.split_once("http://")?.1.split('/').next()?.to_owned()));
    let mut text = String::new();
    if let Some(address) = &address {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let request =
            b"GET /db/events?limit=0 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request).unwrap();
        stream.read_to_string(&mut text).unwrap();
    }
    demo.kill().unwrap();
    demo.wait().unwrap();
    assert_ne!(address, Some(listen));
    assert!(text.starts_with("HTTP/1.1 200") && !text.contains("\"total\":0"), "{text}");
}

#[test]
fn completions_exist_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = run(&["completions", shell]);
        assert_eq!(code(&output), 0);
        assert!(stdout(&output).contains("convert"), "{shell}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let program = assert_cmd::cargo::cargo_bin("wavekeep");
    let script =
        format!("{} info --json . 2>&1 | head -c 10; exit ${{PIPESTATUS[0]}}", program.display());
    let output = std::process::Command::new("bash")
        .current_dir(samples())
        .args(["-c", &script])
        .output()
        .unwrap();
    // 3: the samples hold a damaged one, and a short output may fit the pipe.
    assert!(matches!(output.status.code(), Some(0 | 3)), "{output:?}");
}
