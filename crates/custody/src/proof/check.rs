//! The check of a proof.

use std::io::{Read, Seek};

use derive_setters::Setters;

use super::members::{self, Members};
use super::{
    HEAD, JSON, Json, MOST_FILE_BYTES, ProofEntry, ProofError, SIGNATURE, STAMP, head_of, malformed,
};
use crate::merkle::{is_included, leaf_hash};
use crate::signature::{PublicKey, SignatureError, verify};
use crate::stamp::{self, Certificates, Stamp, Stamped, UnverifiedStamp};
use crate::{Entry, Head, Subject, lost_hash};

/// With what a proof is checked.
#[derive(Debug, Clone, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct CheckOptions {
    /// Public keys, one of which made the signature. With none, the signature is not checked.
    pub public_keys: Vec<PublicKey>,
    /// Certificates of authorities that are trusted. With none, the time stamp is not checked.
    pub trusted: Certificates,
    /// Certificates that are needed on the way from the authority to a trusted one.
    pub beside: Certificates,
    /// Most bytes of all files together.
    pub most_file_bytes: u64,
}

impl Default for CheckOptions {
    fn default() -> Self {
        Self {
            public_keys: Vec::new(),
            trusted: Certificates::default(),
            beside: Certificates::default(),
            most_file_bytes: MOST_FILE_BYTES,
        }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Checked {
    /// The event.
    pub event: Subject,
    /// Its entries.
    pub entries: Vec<CheckedEntry>,
    /// The head.
    pub head: Head,
    /// Files whose hash is the one of the last entry.
    pub files: Vec<String>,
    /// Files that the last entry names and the proof does not include.
    pub not_included: Vec<String>,
    /// Who signed the head.
    pub signature: SignatureFinding,
    /// When the head existed.
    pub stamp: StampFinding,
    /// What does not fit, and where. Empty where all that could be checked fits.
    pub problems: Vec<String>,
}

/// An entry, as it reads.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckedEntry {
    /// Its number.
    pub entry: u64,
    /// When, in UTC, by the clock of the machine that wrote it.
    pub at: String,
    /// Who.
    pub who: String,
    /// What.
    pub action: String,
}

/// What is known of the signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignatureFinding {
    /// It fits.
    By {
        /// Id of the key.
        key: String,
        /// The trusted comment.
        comment: String,
    },
    /// There is none.
    Absent,
    /// It was not checked, since no public key was given.
    KeyNotGiven {
        /// Id of the key that it names.
        key: String,
    },
    /// It does not fit: see the problems.
    Wrong,
}

/// What is known of the time stamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StampFinding {
    /// It fits.
    At(Stamped),
    /// There is none.
    Absent,
    /// It was not checked, since no certificate was given.
    CertificateNotGiven(UnverifiedStamp),
    /// It does not fit: see the problems.
    Wrong,
}

impl Checked {
    /// Whether all that could be checked fits.
    pub fn fits(&self) -> bool {
        self.problems.is_empty()
    }

    /// Whether a signature or a time stamp that was checked stands behind the head. Otherwise anybody can
    /// have made the whole of it, unless its head is one that the reader has from elsewhere.
    pub fn is_anchored(&self) -> bool {
        matches!(self.signature, SignatureFinding::By { .. })
            || matches!(self.stamp, StampFinding::At(_))
    }
}

/// Checks a proof.
///
/// # Errors
/// Why the file is no proof. What does not fit in one is in [`Checked::problems`].
pub fn check(reader: impl Read + Seek, options: &CheckOptions) -> Result<Checked, ProofError> {
    let members = members::read(reader, options.most_file_bytes)?;
    let head = head_of(&members.head)?;
    // The version first: in a newer one the rest may have another form.
    #[derive(serde::Deserialize)]
    struct Version {
        version: u64,
    }
    let version: Version =
        serde_json::from_slice(&members.json).map_err(|error| malformed(JSON, error))?;
    if version.version != 1 {
        return Err(ProofError::Newer { found: version.version });
    }
    let json: Json =
        serde_json::from_slice(&members.json).map_err(|error| malformed(JSON, error))?;
    if json.entries.is_empty() {
        return Err(malformed(JSON, "there are no entries"));
    }
    let mut problems = Vec::new();
    let signature = signature_of(&members, options, &mut problems);
    let stamp = stamp_of(&members, options, &mut problems);
    let entries: Vec<Option<Entry>> =
        (json.entries.iter()).map(|entry| read(entry, &json.event, &head, &mut problems)).collect();
    chain(&json.entries, &entries, &mut problems);
    let last = entries.last().and_then(Option::as_ref);
    if let Some(last) = last
        && let Some(event) = &last.event
        && *event != json.event
    {
        problems.push(format!(
            "{JSON}: the event is {}, but entry {} is of {}",
            words_of(&json.event),
            last.entry,
            words_of(event)
        ));
    }
    let (files, not_included) = files(&members, last, &mut problems);
    let entries = json.entries.iter().zip(&entries).map(checked_entry).collect();
    Ok(Checked {
        event: json.event,
        entries,
        head,
        files,
        not_included,
        signature,
        stamp,
        problems,
    })
}

fn words_of(event: &Subject) -> String {
    format!("number {}, unit {:?}, file {:?}", event.id, event.serial, event.filename)
}

fn signature_of(
    members: &Members,
    options: &CheckOptions,
    problems: &mut Vec<String>,
) -> SignatureFinding {
    let Some(text) = &members.signature else {
        if !options.public_keys.is_empty() {
            problems
                .push(format!("{SIGNATURE}: a public key was given, but there is no signature"));
        }
        return SignatureFinding::Absent;
    };
    let verified = match std::str::from_utf8(text) {
        Ok(text) => verify(text, &members.head, &options.public_keys),
        Err(error) => Err(SignatureError::NotASignature { reason: error.to_string() }),
    };
    match verified {
        Ok(verified) => SignatureFinding::By { key: verified.key, comment: verified.comment },
        Err(SignatureError::NoKey { signed_with }) => {
            SignatureFinding::KeyNotGiven { key: signed_with }
        }
        Err(error) => {
            problems.push(format!("{SIGNATURE}: {error}"));
            SignatureFinding::Wrong
        }
    }
}

fn stamp_of(members: &Members, options: &CheckOptions, problems: &mut Vec<String>) -> StampFinding {
    let Some(bytes) = &members.stamp else {
        if !options.trusted.is_empty() {
            problems.push(format!("{STAMP}: a certificate was given, but there is no time stamp"));
        }
        return StampFinding::Absent;
    };
    let found = Stamp::parse(bytes).and_then(|stamp| {
        let (trusted, beside) = (&options.trusted, &options.beside);
        match stamp::check(&stamp, &members.head, None, trusted, beside) {
            Err(stamp::StampError::NoTrusted) => {
                Ok(StampFinding::CertificateNotGiven(stamp.unverified(&members.head)))
            }
            checked => checked.map(StampFinding::At),
        }
    });
    found.unwrap_or_else(|error| {
        problems.push(format!("{STAMP}: {error}"));
        StampFinding::Wrong
    })
}

/// Reads an entry and follows its path. The leaf is the text itself, never a hash that stands in it for
/// a lost one: such a line says nothing of what happened.
fn read(
    entry: &ProofEntry,
    event: &Subject,
    head: &Head,
    problems: &mut Vec<String>,
) -> Option<Entry> {
    let number = entry.entry;
    let mut problem = |text: String| problems.push(format!("entry {number}: {text}"));
    let text = entry.text.as_bytes();
    if lost_hash(text).is_some() {
        problem(
            "its text is lost, the ledger has its hash alone: what happened is not known"
                .to_owned(),
        );
        return None;
    }
    let index = number.checked_sub(1).filter(|index| *index < head.size);
    match index {
        None => problem(format!("the head has the entries 1 to {}", head.size)),
        Some(index)
            if !is_included(&leaf_hash(text), index, head.size, &entry.path, &head.root) =>
        {
            problem(format!(
                "its path does not lead to the root {} in {HEAD}: the entry, its path or the head was \
                 altered",
                head.root
            ));
        }
        Some(_) => {}
    }
    let read = match Entry::parse(text) {
        Ok(read) => read,
        Err(error) => {
            problem(format!("its text is no entry: {error}"));
            return None;
        }
    };
    if read.entry != number {
        problem(format!("its text is that of entry {}", read.entry));
    }
    match &read.event {
        None => problem("it is of no event".to_owned()),
        Some(found) if found.id != event.id => {
            problem(format!(
                "it is of another event: {} was expected, found {}",
                words_of(event),
                words_of(found)
            ));
        }
        Some(_) => {}
    }
    Some(read)
}

/// Numbers rise, and each entry names the one before it. So none is missing between, and none before the
/// first.
fn chain(numbers: &[ProofEntry], entries: &[Option<Entry>], problems: &mut Vec<String>) {
    let mut before: Option<u64> = None;
    for (number, entry) in numbers.iter().map(|entry| entry.entry).zip(entries) {
        if before.is_some_and(|before| before >= number) {
            problems
                .push(format!("entry {number}: it stands behind entry {}", before.unwrap_or(0)));
        }
        if let Some(entry) = entry
            && entry.earlier != before
        {
            let word = |number: Option<u64>| match number {
                Some(number) => format!("entry {number}"),
                None => "none".to_owned(),
            };
            problems.push(format!(
                "entry {number}: the entry of the event before it is {}, in the proof stands {}: entries \
                 are missing, or are of another event",
                word(entry.earlier),
                word(before)
            ));
        }
        before = Some(number);
    }
}

fn files(
    members: &Members,
    last: Option<&Entry>,
    problems: &mut Vec<String>,
) -> (Vec<String>, Vec<String>) {
    let mut fitting = Vec::new();
    let Some(last) = last else {
        let names = members.files.keys();
        problems.extend(names.map(|name| format!("files/{name}: no entry says what its hash is")));
        return (fitting, Vec::new());
    };
    for (name, found) in &members.files {
        let number = last.entry;
        match (last.files.get(name), found) {
            (_, Err(reason)) => problems.push(format!("files/{name}: it cannot be read: {reason}")),
            (None, Ok(_)) => {
                problems.push(format!("files/{name}: entry {number} has no file of this name"));
            }
            (Some(expected), Ok(found)) if expected == found => fitting.push(name.clone()),
            (Some(expected), Ok(found)) => problems.push(format!(
                "files/{name}: altered: its SHA-256 is {found}, that of entry {number} is {expected}"
            )),
        }
    }
    let missing = last.files.keys().filter(|name| !members.files.contains_key(*name));
    (fitting, missing.cloned().collect())
}

fn checked_entry((entry, read): (&ProofEntry, &Option<Entry>)) -> CheckedEntry {
    // A word of a newer program is shown as it stands.
    let action = || {
        let text: serde_json::Value = serde_json::from_str(&entry.text).ok()?;
        Some(text.get("action")?.as_str()?.to_owned())
    };
    match read {
        Some(read) => CheckedEntry {
            entry: entry.entry,
            at: read.at.clone(),
            who: read.who.clone(),
            action: action().unwrap_or_default(),
        },
        None => CheckedEntry {
            entry: entry.entry,
            at: String::new(),
            who: String::new(),
            action: "unknown".to_owned(),
        },
    }
}
