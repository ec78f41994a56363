//! The program as people and scripts use it.

mod arrays;
mod convert;
mod exit_codes;
mod info;
mod looks;
mod outputs;
mod pictures;
mod quantities;
mod recover;
mod streams;
mod targets;

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
fn the_reference_describes_every_command_and_option() {
    let folder = TempDir::new().unwrap();
    let output = run_in(folder.path(), &["reference", "."]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let page = fs::read_to_string(folder.path().join("commands.md")).unwrap();
    let help = stdout(&run(&["help"]));
    let (_, listed) = help.split_once("Commands:\n").unwrap();
    // A name is indented by two spaces, the lines that continue its description by more.
    let names = listed.lines().take_while(|line| !line.is_empty());
    let names = names.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names: Vec<&str> = names.filter(|name| !matches!(*name, "" | "help")).collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        assert!(page.contains(&format!("\n## wavekeep {name}\n")), "{name}");
        assert!(folder.path().join(format!("man1/wavekeep-{name}.1")).is_file(), "{name}");
    }
    let section = page.split("\n## ").find(|section| section.starts_with("wavekeep convert\n"));
    for option in
        ["--to <TARGET>", "-o, --output <FILE|DIR>", "--keep-index", "--max-event-bytes <BYTES>"]
    {
        assert!(section.unwrap().contains(&format!("\n- `{option}`: ")), "{option}");
    }
}

/// It needs a shell.
#[cfg(unix)]
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
