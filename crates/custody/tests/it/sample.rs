//! A ledger with two events, a proof of one of them, and the two checkers: this crate, and the script in
//! Python that shares nothing with it.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::{env, fs};

use serde_json::{Map, json};
use tempfile::TempDir;
use wavekeep_custody::merkle::{Tree, inclusion};
use wavekeep_custody::proof::{CheckOptions, Checked, Proof, ProofEntry, ProofError, check};
use wavekeep_custody::signature::{NewKey, SecretKey, comment_of, make_key};
use wavekeep_custody::{Action, Entry, Hash, Head, Subject, hash_of_line};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::authority::{Authority, USUAL};

/// A ledger in memory.
pub struct Ledger {
    pub lines: Vec<String>,
    pub tree: Tree,
}

impl Ledger {
    pub fn head(&self) -> Head {
        let time = "2026-11-28T13:20:00Z".to_owned();
        let Ok(head) = Head::of("0f".repeat(16), &self.tree, self.tree.size(), time);
        head
    }

    pub fn entry(&self, number: u64) -> ProofEntry {
        let text = self.lines[usize::try_from(number).unwrap() - 1].clone();
        let Ok(path) = inclusion(&self.tree, number - 1, self.tree.size());
        ProofEntry { entry: number, text, path }
    }

    pub fn push(
        &mut self,
        action: Action,
        event: Option<(&Subject, Option<u64>)>,
        files: &BTreeMap<String, Vec<u8>>,
    ) {
        let entry = Entry {
            entry: self.tree.size() + 1,
            previous: self.lines.last().map_or(Hash::ZERO, |line| hash_of_line(line.as_bytes())),
            at: format!("2026-11-28T13:{:02}:00Z", self.tree.size()),
            who: "kim".to_owned(),
            from: "::1".to_owned(),
            action,
            event: event.map(|(event, _)| event.clone()),
            earlier: event.and_then(|(_, earlier)| earlier),
            files: files.iter().map(|(name, bytes)| (name.clone(), Hash::of(bytes))).collect(),
            more: Map::from_iter([("facts".to_owned(), json!({"names": ["ü"], "number": 1.5}))]),
        };
        let line = entry.to_line();
        self.tree.push(hash_of_line(line.as_bytes()));
        self.lines.push(line);
    }
}

pub fn event() -> Subject {
    Subject { id: 7, serial: "BE11529".to_owned(), filename: "M529LKIQ.7M0W".to_owned() }
}

pub fn other_event() -> Subject {
    Subject { id: 8, serial: "BE11529".to_owned(), filename: "M529LKVQ.6S0W".to_owned() }
}

/// Entries of the event.
pub const OF_EVENT: [u64; 3] = [2, 4, 6];
pub const OF_OTHER: [u64; 2] = [3, 5];

pub struct Sample {
    pub ledger: Ledger,
    pub key: NewKey,
    pub secret: SecretKey,
    pub authority: Authority,
    pub proof: Proof,
    pub zip: Vec<u8>,
    folder: TempDir,
}

pub static SAMPLE: LazyLock<Sample> = LazyLock::new(|| {
    let mut ledger = Ledger { lines: Vec::new(), tree: Tree::default() };
    let none = BTreeMap::new();
    let mut files = BTreeMap::from([
        ("M529LKIQ.7M0W".to_owned(), b"\x10\x02source".to_vec()),
        ("M529LKIQ.7M0W.TXT".to_owned(), b"PPV 3.1 mm/s\r\n".to_vec()),
        ("M529LKIQ.7M0W.gnz".to_owned(), b"derived".to_vec()),
        ("M529LKIQ.7M0W.sfm.json".to_owned(), b"{}".to_vec()),
    ]);
    let (event, other) = (event(), other_event());
    ledger.push(Action::Begin, None, &none);
    ledger.push(Action::Import, Some((&event, None)), &files);
    ledger.push(Action::Import, Some((&other, None)), &none);
    ledger.push(Action::Update, Some((&event, Some(2))), &files);
    ledger.push(Action::Review, Some((&other, Some(3))), &none);
    files.insert("M529LKIQ.7M0W.sfm.json".to_owned(), b"{\"review\":{}}".to_vec());
    ledger.push(Action::Review, Some((&event, Some(4))), &files);
    ledger.push(Action::Token, None, &none);
    files.remove("M529LKIQ.7M0W.gnz");
    let key = make_key(None).unwrap();
    let secret = SecretKey::parse(&key.secret_text, None).unwrap();
    let authority = Authority::new(USUAL);
    let head = ledger.head();
    let text = head.to_string();
    let proof = Proof {
        event,
        entries: OF_EVENT.map(|number| ledger.entry(number)).to_vec(),
        signature: Some(secret.sign(text.as_bytes(), &comment_of(&head)).unwrap()),
        stamp: Some(authority.stamp(text.as_bytes(), 5)),
        head: text,
        files,
    };
    let folder = TempDir::new().unwrap();
    let zip = written(&proof);
    Sample { ledger, key, secret, authority, proof, zip, folder }
});

pub fn written(proof: &Proof) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    proof.write(&mut out).unwrap();
    out.into_inner()
}

/// With the right key and certificate.
pub fn options() -> CheckOptions {
    CheckOptions::default()
        .with_public_keys(vec![SAMPLE.key.public.clone()])
        .with_trusted(SAMPLE.authority.trusted())
}

pub fn checked(zip: &[u8]) -> Result<Checked, ProofError> {
    check(Cursor::new(zip), &options())
}

/// As the exit code of the script.
pub fn code(result: &Result<Checked, ProofError>) -> i32 {
    match result {
        Ok(checked) if checked.fits() => 0,
        Ok(_) => 3,
        Err(_) => 1,
    }
}

/// A zip file of any members.
pub fn zipped<'a>(members: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in members {
        zip.start_file(name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The members of a zip file, if it can be read.
pub fn content(zip: &[u8]) -> Option<BTreeMap<String, Vec<u8>>> {
    let mut archive = ZipArchive::new(Cursor::new(zip)).ok()?;
    (0..archive.len())
        .map(|index| {
            let mut member = archive.by_index(index).ok()?;
            let mut bytes = Vec::new();
            member.read_to_end(&mut bytes).ok()?;
            Some((member.name().ok()?.into_owned(), bytes))
        })
        .collect()
}

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub fn python() -> Command {
    Command::new(env::var_os("WAVEKEEP_PYTHON").unwrap_or_else(|| {
        panic!("WAVEKEEP_PYTHON names no Python with the judges' libraries: run `make test`")
    }))
}

/// The exit codes of the script for many files, in one process. Where the code is 0, hashes of the names and
/// bytes that Python reads in the file, and of what the script prints.
const MANY: &str = "
import contextlib, hashlib, io, sys, zipfile
sys.path.insert(0, sys.argv[1])
import check_proof
for line in sys.stdin:
    arguments = line.rstrip('\\n').split('\\t')
    with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.redirect_stderr(io.StringIO()):
        code = check_proof.main(arguments)
    read = hashlib.sha256()
    if code == 0:
        with zipfile.ZipFile(arguments[0]) as archive:
            for member in archive.infolist():
                read.update(repr((member.filename, archive.read(member))).encode())
    printed = hashlib.sha256(printed.getvalue().encode())
    print(code, read.hexdigest(), printed.hexdigest())
";

/// What the script found in a file.
#[derive(Debug, PartialEq, Eq)]
pub struct PythonReads {
    pub code: i32,
    /// Hash of names and bytes, where the code is 0.
    pub content: String,
    /// Hash of what was printed.
    pub printed: String,
}

/// What the script says of each file, with the right key and certificate.
pub fn python_codes<'a>(zips: impl IntoIterator<Item = &'a [u8]>) -> Vec<i32> {
    python_reads(zips).into_iter().map(|reads| reads.code).collect()
}

/// What the script finds in each file, with the right key and certificate.
pub fn python_reads<'a>(zips: impl IntoIterator<Item = &'a [u8]>) -> Vec<PythonReads> {
    let ca = SAMPLE.authority.path("ca.pem");
    python_reads_with(zips.into_iter().map(|zip| (zip, ca.as_path())))
}

/// What the script finds in each file, with the certificates of a file.
pub fn python_reads_with<'a>(
    cases: impl IntoIterator<Item = (&'a [u8], &'a Path)>,
) -> Vec<PythonReads> {
    let key = SAMPLE.key.public.to_base64();
    let folder = TempDir::new_in(SAMPLE.folder.path()).unwrap();
    let mut lines = String::new();
    for (number, (zip, ca)) in cases.into_iter().enumerate() {
        let path = folder.path().join(format!("{number}.zip"));
        fs::write(&path, zip).unwrap();
        lines += &format!("{}\t--public-key\t{key}\t--ca\t{}\n", path.display(), ca.display());
    }
    let list = folder.path().join("list");
    fs::write(&list, lines).unwrap();
    let output = python()
        .args(["-c", MANY])
        .arg(repository().join("docs/custody"))
        .stdin(Stdio::from(fs::File::open(list).unwrap()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let reads = |line: &str| {
        let [code, content, printed] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let (content, printed) = (content.to_owned(), printed.to_owned());
        PythonReads { code: code.parse().unwrap(), content, printed }
    };
    text.lines().map(reads).collect()
}

/// Every how many bytes the script judges an alteration; this crate judges all.
pub fn stride() -> usize {
    env::var("WAVEKEEP_TEST_STRIDE").map_or(5, |stride| stride.parse().unwrap())
}
