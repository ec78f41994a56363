//! Heads, signatures, stamps and proofs, as people use them.

use std::fs;
#[cfg(unix)]
use std::io::{BufRead, BufReader, Read, Write};
#[cfg(unix)]
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
#[cfg(unix)]
use std::thread;

use serde_json::Value;
use tempfile::TempDir;

#[cfg(unix)]
use crate::authority::{Authority, USUAL};

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(name).canonicalize().unwrap()
}

fn run(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wavekeep"));
    command.current_dir(folder).env("WAVEKEEP_ARCHIVE", "fleet").args(args).output().unwrap()
}

fn text(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    String::from_utf8([out.as_slice(), err.as_slice()].concat()).unwrap()
}

/// Runs the program and expects that it ends with `code`.
fn ends(code: i32, folder: &Path, args: &[&str]) -> String {
    let output = run(folder, args);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {}", text(&output));
    text(&output)
}

/// An archive with two events, a report and a review, and a key.
fn fleet() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["M529LMOK.DK0W", "M529LMOK_DK0W_ASCII.TXT", "M529LKIQ.7M0W"] {
        fs::copy(sample(name), folder.path().join(name)).unwrap();
    }
    let at = folder.path();
    ends(0, at, &["import", "M529LMOK.DK0W", "M529LMOK_DK0W_ASCII.TXT"]);
    ends(0, at, &["import", "M529LKIQ.7M0W"]);
    ends(0, at, &["review", "1", "--notes", "heard by the neighbour"]);
    ends(0, at, &["key", "new", "-o", "office.key"]);
    folder
}

#[test]
fn a_signed_head_shows_later_that_the_archive_only_grew() {
    let folder = fleet();
    let at = folder.path();
    ends(0, at, &["head", "-o", "head.txt", "--key", "office.key"]);
    ends(0, at, &["review", "2", "--false-trigger"]);
    let args = ["verify", "--since", "head.txt", "--public-key", "office.key.pub"];
    let said = ends(0, at, &args);
    assert!(said.contains("signed by the key"), "{said}");
    assert!(said.contains("all 4 entries of the head"), "{said}");
    assert!(said.contains("1 added since"), "{said}");
    let quick = ends(0, at, &["verify", "--since", "head.txt", "--ledger", "--json"]);
    let check: Value = serde_json::from_str(quick.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&check["entries"], &check["since"]["grown"]["yes"]["added"]),
        (&5.into(), &1.into())
    );
    // On paper there are two numbers.
    let head = fs::read_to_string(at.join("head.txt")).unwrap();
    let root = head.lines().find_map(|line| line.strip_prefix("root ")).unwrap();
    ends(0, at, &["verify", "--since", &format!("4:{root}")]);
}

#[test]
fn what_was_rewritten_is_named_and_ends_with_3() {
    let folder = fleet();
    let at = folder.path();
    ends(0, at, &["head", "-o", "head.txt"]);
    let ledger = at.join("fleet/.wavekeep/ledger.jsonl");
    let whole = fs::read_to_string(&ledger).unwrap();
    fs::write(&ledger, whole.replace("heard by", "not heard by")).unwrap();
    for args in
        [vec!["verify", "--since", "head.txt"], vec!["verify", "--since", "head.txt", "--ledger"]]
    {
        let said = ends(3, at, &args);
        assert!(said.contains("entry 4 of the head: not as it was"), "{said}");
        assert!(said.contains("review of event 1, BE11529/M529LMOK.DK0W"), "{said}");
    }
    let cut: String = whole.lines().take(2).map(|line| format!("{line}\n")).collect();
    fs::write(&ledger, cut).unwrap();
    let said = ends(3, at, &["verify", "--since", "head.txt"]);
    assert!(said.contains("entries 3 to 4 of the head: taken away"), "{said}");
    // Nothing is added to a ledger that was cut.
    let said = ends(1, at, &["review", "2", "--false-trigger"]);
    assert!(said.contains("entries were taken away"), "{said}");
}

#[test]
fn a_rewritten_ledger_that_is_signed_with_the_true_key_is_found_by_the_head_that_was_held() {
    let folder = fleet();
    let at = folder.path();
    ends(0, at, &["head", "-o", "held.txt", "--key", "office.key"]);
    let own = at.join("fleet/.wavekeep");
    let whole = fs::read_to_string(own.join("ledger.jsonl")).unwrap();
    // The last entry: nothing goes on from it, and the index is made again.
    fs::write(own.join("ledger.jsonl"), whole.replace("heard by", "not heard by")).unwrap();
    for name in ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
        let _ = fs::remove_file(own.join(name));
    }
    ends(0, at, &["rebuild", "--index"]);
    ends(0, at, &["head", "-o", "forged.txt", "--key", "office.key"]);
    let key = ["--public-key", "office.key.pub"];
    ends(0, at, &[["verify", "--ledger", "--since", "forged.txt"].as_slice(), &key].concat());
    let said =
        ends(3, at, &[["verify", "--ledger", "--since", "held.txt"].as_slice(), &key].concat());
    assert!(said.contains("entry 4 of the head: not as it was"), "{said}");
}

#[test]
fn a_head_with_another_key_or_a_changed_text_is_found() {
    let folder = fleet();
    let at = folder.path();
    ends(0, at, &["head", "-o", "head.txt", "--key", "office.key"]);
    ends(0, at, &["key", "new", "-o", "other.key"]);
    let said = ends(3, at, &["verify", "--since", "head.txt", "--public-key", "other.key.pub"]);
    assert!(said.contains("the signature of the head"), "{said}");
    let text = fs::read_to_string(at.join("head.txt")).unwrap();
    fs::write(at.join("head.txt"), text.replace("time 2", "time 1")).unwrap();
    ends(3, at, &["verify", "--since", "head.txt", "--public-key", "office.key.pub"]);
    fs::remove_file(at.join("head.txt.minisig")).unwrap();
    let said = ends(3, at, &["verify", "--since", "head.txt", "--public-key", "office.key.pub"]);
    assert!(said.contains("no signature beside it"), "{said}");
}

/// The other program is one of Python, which wine has not.
#[cfg(unix)]
#[test]
fn a_proof_is_checked_on_another_machine_and_by_another_program() {
    let folder = fleet();
    let at = folder.path();
    ends(0, at, &["prove", "1", "-o", "proof.zip", "--key", "office.key"]);
    let elsewhere = tempfile::tempdir().unwrap();
    for name in ["proof.zip", "office.key.pub"] {
        fs::copy(at.join(name), elsewhere.path().join(name)).unwrap();
    }
    let args = ["verify", "proof.zip", "--public-key", "office.key.pub"];
    let said = ends(0, elsewhere.path(), &args);
    assert!(said.contains("all of it fits\n"), "{said}");
    assert!(said.contains("M529LMOK_DK0W_ASCII.TXT: matches the last entry"), "{said}");
    let said = ends(0, elsewhere.path(), &["verify", "proof.zip"]);
    assert!(said.contains("its head is not authenticated"), "{said}");
    let key = ends(0, at, &["key", "show", "office.key"]);
    let python = std::env::var_os("WAVEKEEP_PYTHON")
        .expect("WAVEKEEP_PYTHON names no Python with the judges' libraries: run `make test`");
    let script = sample("../docs/custody/check_proof.py");
    let judge = |proof: &Path| {
        let mut judge = Command::new(&python);
        judge.arg(&script).arg(proof).args(["--public-key", key.trim()]).output().unwrap()
    };
    let judged = judge(&at.join("proof.zip"));
    assert_eq!(judged.status.code(), Some(0), "{}", text(&judged));
    // One of another event under this head is none of this one.
    let bytes = fs::read(at.join("proof.zip")).unwrap();
    let place = bytes.windows(9).position(|some| some == b"neighbour");
    assert!(place.is_none(), "members are deflated");
    fs::write(elsewhere.path().join("cut.zip"), &bytes[..bytes.len() / 2]).unwrap();
    ends(1, elsewhere.path(), &["verify", "cut.zip"]);
    assert_eq!(judge(&elsewhere.path().join("cut.zip")).status.code(), Some(1));
}

#[test]
fn a_proof_has_at_most_10_kb_beside_its_files() {
    let folder = fleet();
    let at = folder.path();
    ends(0, at, &["prove", "1", "-o", "proof.zip", "--key", "office.key"]);
    let mut zip = zip::ZipArchive::new(fs::File::open(at.join("proof.zip")).unwrap()).unwrap();
    let beside: u64 = (0..zip.len())
        .map(|place| {
            let member = zip.by_index(place).unwrap();
            if member.name().unwrap().starts_with("files/") { 0 } else { member.compressed_size() }
        })
        .sum();
    assert!(beside < 10_000, "{beside}");
}

/// An authority over HTTP on loopback, for one question.
#[cfg(unix)]
fn serve(authority: Authority) -> (String, thread::JoinHandle<Authority>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/tsa", listener.local_addr().unwrap());
    let served = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream);
        let (mut length, mut line) = (0, String::new());
        loop {
            line.clear();
            reader.read_line(&mut line).unwrap();
            if line.trim().is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').unwrap_or_default();
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut question = vec![0; length];
        reader.read_exact(&mut question).unwrap();
        let answer = authority.answer(&question);
        let mut stream = reader.into_inner();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n",
            answer.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&answer).unwrap();
        authority
    });
    (url, served)
}

/// The authority is openssl, which wine has not.
#[cfg(unix)]
#[test]
fn a_head_is_stamped_over_http_and_the_stamp_goes_into_the_proof() {
    let folder = fleet();
    let at = folder.path();
    ends(0, at, &["head", "-o", "head.txt", "--key", "office.key"]);
    let (url, served) = serve(Authority::new(USUAL));
    // The certificate is known before the answer is.
    let said = ends(0, at, &["stamp", "head.txt", "--url", &url]);
    assert!(said.contains("not checked"), "{said}");
    let authority = served.join().unwrap();
    fs::copy(authority.path("ca.pem"), at.join("ca.pem")).unwrap();
    let said = ends(0, at, &["stamp", "head.txt", "--ca", "ca.pem"]);
    assert!(said.starts_with("stamped at "), "{said}");
    let said = ends(0, at, &["verify", "--since", "head.txt", "--ca", "ca.pem"]);
    assert!(said.contains("stamped at "), "{said}");
    ends(0, at, &["prove", "1", "-o", "proof.zip", "--head", "head.txt"]);
    let args =
        ["verify", "proof.zip", "--ca", "ca.pem", "--public-key", "office.key.pub", "--json"];
    let said: Value = serde_json::from_str(&ends(0, at, &args)).unwrap();
    assert_eq!((&said["fits"], &said["anchored"]), (&true.into(), &true.into()));
    assert_eq!(said["stamp"]["fits"], true);
    // The stamp of another file is refused.
    fs::write(at.join("other.txt"), "something else").unwrap();
    let said = ends(1, at, &["stamp", "other.txt", "--answer", "head.txt.tsr", "--ca", "ca.pem"]);
    assert!(said.contains("of another file"), "{said}");
    assert!(!at.join("other.txt.tsr").exists());
}

/// The authority is openssl, which wine has not.
#[cfg(unix)]
#[test]
fn a_head_is_stamped_by_files_where_there_is_no_network() {
    let folder = fleet();
    let at = folder.path();
    let authority = Authority::new(USUAL);
    fs::copy(authority.path("ca.pem"), at.join("ca.pem")).unwrap();
    ends(0, at, &["head", "-o", "head.txt"]);
    ends(0, at, &["stamp", "head.txt", "--request"]);
    let answer = authority.answer(&fs::read(at.join("head.txt.tsq")).unwrap());
    fs::write(at.join("answer.tsr"), &answer).unwrap();
    ends(0, at, &["stamp", "head.txt", "--answer", "answer.tsr", "--ca", "ca.pem"]);
    assert_eq!(fs::read(at.join("head.txt.tsr")).unwrap(), answer);
    // An answer to another question is refused, though it is of the same file.
    ends(0, at, &["stamp", "head.txt", "--request", "--force"]);
    let args = ["stamp", "head.txt", "--answer", "answer.tsr", "--ca", "ca.pem", "--force"];
    let said = ends(1, at, &args);
    assert!(said.contains("nonce") || said.contains("question"), "{said}");
    // An authority that cannot be reached is an error that says so, and leaves nothing.
    fs::remove_file(at.join("head.txt.tsr")).unwrap();
    ends(1, at, &["stamp", "head.txt", "--url", "http://127.0.0.1:9/"]);
    ends(1, at, &["stamp", "head.txt", "--url", "https://127.0.0.1:9/"]);
    assert!(!at.join("head.txt.tsr").exists());
}

#[test]
fn a_key_is_for_its_owner_alone_and_is_never_replaced() {
    let folder = fleet();
    let at = folder.path();
    let secret = fs::read(at.join("office.key")).unwrap();
    ends(1, at, &["key", "new", "-o", "office.key"]);
    assert_eq!(fs::read(at.join("office.key")).unwrap(), secret);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(at.join("office.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    fs::write(at.join("password.txt"), "correct horse\n").unwrap();
    ends(0, at, &["key", "new", "-o", "locked.key", "--password-file", "password.txt"]);
    let args = ["head", "-o", "head.txt", "--key", "locked.key"];
    let said = ends(1, at, &args);
    assert!(said.contains("password"), "{said}");
    let with_password: Vec<&str> =
        args.iter().copied().chain(["--password-file", "password.txt"]).collect();
    ends(0, at, &[with_password.as_slice(), &["--force"]].concat());
    ends(0, at, &["verify", "--since", "head.txt", "--public-key", "locked.key.pub"]);
}

#[test]
fn a_lost_event_is_named_until_it_is_forgotten_and_no_rebuild_hides_it() {
    let folder = fleet();
    let at = folder.path();
    fs::rename(at.join("fleet/BE11529"), at.join("unmounted")).unwrap();
    let said = ends(3, at, &["rebuild", "--index"]);
    assert!(said.contains("its files are gone"), "{said}");
    let listed = ends(0, at, &["list", "--json"]);
    assert_eq!(listed.lines().count(), 2, "{listed}");
    ends(3, at, &["verify"]);
    // A link in its place is not followed.
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(at.join("unmounted"), at.join("fleet/BE11529")).unwrap();
        ends(3, at, &["rebuild", "--index"]);
        assert_eq!(ends(0, at, &["list", "--json"]).lines().count(), 2);
        fs::remove_file(at.join("fleet/BE11529")).unwrap();
    }
    // Mounted again, all is as it was.
    fs::rename(at.join("unmounted"), at.join("fleet/BE11529")).unwrap();
    ends(0, at, &["rebuild", "--index"]);
    ends(0, at, &["verify"]);
    ends(1, at, &["forget", "2", "--reason", "a test"]);
    fs::remove_dir_all(at.join("fleet/BE11529")).unwrap();
    ends(0, at, &["forget", "1", "2", "--reason", "the disk of the site office burnt"]);
    ends(0, at, &["verify"]);
    let said = ends(0, at, &["ledger", "1"]);
    assert!(said.lines().next().unwrap().contains("forget"), "{said}");
    assert!(said.contains("the disk of the site office burnt"), "{said}");
}

#[test]
fn an_event_is_removed_with_its_files_after_yes_alone() {
    let folder = fleet();
    let at = folder.path();
    let said = ends(0, at, &["remove", "1", "--reason", "asked for by the owner"]);
    assert!(said.contains("--yes does it"), "{said}");
    assert!(at.join("fleet/BE11529/M529LMOK.DK0W").exists());
    ends(0, at, &["remove", "1", "--reason", "asked for by the owner", "--yes"]);
    assert!(!at.join("fleet/BE11529/M529LMOK.DK0W").exists());
    assert!(!at.join("fleet/BE11529/M529LMOK_DK0W_ASCII.TXT").exists());
    ends(0, at, &["verify"]);
    // That it was there, and what it was, can still be proved.
    ends(0, at, &["prove", "1", "-o", "proof.zip"]);
    let said = ends(0, at, &["verify", "proof.zip"]);
    assert!(said.contains("remove at"), "{said}");
}

#[test]
fn another_archive_is_taken_in_once() {
    let folder = fleet();
    let at = folder.path();
    let args = ["import", "--archive", "all", "--from-archive", "fleet"];
    let said = ends(0, at, &args);
    assert!(said.contains("2 events: 2 new"), "{said}");
    assert!(said.contains("2 events kept the number that they had"), "{said}");
    let said = ends(0, at, &["review", "--archive", "all", "1", "--log"]);
    assert!(said.contains("heard by the neighbour"), "{said}");
    let said = ends(0, at, &args);
    assert!(said.contains("2 already imported"), "{said}");
    ends(0, at, &["verify", "--archive", "all"]);
    let said = ends(0, at, &["ledger", "--archive", "all", "--limit", "1", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&said).unwrap()["action"], "merge");
}
