//! Proofs: the entries of one event with what is needed to check them, in a zip file that stands alone.
//! `docs/ledger.md` has the format.
//!
//! [`Proof::write`] makes one, and [`check`] checks one that may come from anybody.

mod check;
mod members;
mod words;

use std::collections::BTreeMap;
use std::io::{Seek, Write};

use serde::{Deserialize, Serialize};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::{Hash, Head, Subject};
pub use check::{CheckOptions, Checked, CheckedEntry, SignatureFinding, StampFinding, check};

const README: &str = "README.txt";
const JSON: &str = "proof.json";
const HEAD: &str = "head.txt";
const SIGNATURE: &str = "head.txt.minisig";
const STAMP: &str = "head.txt.tsr";
const FILES: &str = "files/";

/// Most files of a proof.
const MOST_FILES: usize = 1000;
/// Most bytes of a file's name.
const MOST_NAME: usize = 1000;
/// Most bytes of `proof.json`.
const MOST_JSON: u64 = 16 << 20;
/// Most bytes of each of the others, without the files.
const MOST_TEXT: u64 = 1 << 20;
/// Most bytes of all files together, unless [`CheckOptions`] say otherwise. Zip files of more have
/// another form.
const MOST_FILE_BYTES: u64 = (1 << 32) - (1 << 26);

/// What a proof has in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    /// The event.
    pub event: Subject,
    /// All its entries up to the head, the oldest first.
    pub entries: Vec<ProofEntry>,
    /// The text of the head's file.
    pub head: String,
    /// The text of the head's signature.
    pub signature: Option<String>,
    /// The answer of a time-stamp authority for the head.
    pub stamp: Option<Vec<u8>>,
    /// Files of the event as the last entry has them, by the names that it has.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// An entry of a proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofEntry {
    /// Its number in the ledger.
    pub entry: u64,
    /// Its line, without the end.
    pub text: String,
    /// The path from its leaf to the root of the head.
    pub path: Vec<Hash>,
}

/// `proof.json`.
#[derive(Serialize, Deserialize)]
struct Json {
    version: u64,
    event: Subject,
    entries: Vec<ProofEntry>,
}

/// Why a file is no proof, or none could be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// Not a zip file of the form that proofs have.
    #[error("not a proof: a zip file was expected, {reason}")]
    NotAZip {
        /// Why.
        reason: String,
    },
    /// A part that each proof has is not there.
    #[error("not a proof: there is no {member} in the zip file")]
    Missing {
        /// Which part.
        member: &'static str,
    },
    /// A part cannot be read.
    #[error("the zip file is damaged: {member} cannot be read: {reason}")]
    Damaged {
        /// Which part.
        member: String,
        /// Why.
        reason: String,
    },
    /// Something that no proof has.
    #[error("not a proof: {name:?} is in the zip file, and no proof has that: {reason}")]
    BadName {
        /// The name, shortened.
        name: String,
        /// Why it is refused.
        reason: &'static str,
    },
    /// Two parts have the same name: which one counts would be open.
    #[error("not a proof: two members of the zip file have the same name, or lie over each other")]
    Twice,
    /// Too many parts.
    #[error("not a proof: {found} members in the zip file, at most {most} were expected")]
    TooMany {
        /// How many there are.
        found: usize,
        /// How many there may be.
        most: usize,
    },
    /// A part is too large.
    #[error("{member} has more than {most} bytes: this is not read")]
    TooLarge {
        /// Which part.
        member: String,
        /// The limit.
        most: u64,
    },
    /// A newer program wrote it.
    #[error("a proof of version {found}: this program knows version 1, use a newer one")]
    Newer {
        /// Its version.
        found: u64,
    },
    /// A part has another form than `docs/ledger.md` says.
    #[error("not a proof: {member}: {reason}")]
    Malformed {
        /// Which part.
        member: &'static str,
        /// Why.
        reason: String,
    },
    /// The proof could not be written.
    #[error("the proof could not be written: {reason}")]
    NotWritten {
        /// Why.
        reason: String,
    },
}

impl Proof {
    /// Writes the zip file. The same proof gives the same bytes.
    ///
    /// # Errors
    /// Why it cannot be written: a part that [`check`] would refuse, or the reason of `out`.
    pub fn write(&self, out: impl Write + Seek) -> Result<(), ProofError> {
        let head = head_of(self.head.as_bytes())?;
        if self.entries.is_empty() {
            return Err(malformed(JSON, "there are no entries"));
        }
        if self.files.len() > MOST_FILES {
            return Err(ProofError::TooMany { found: self.files.len(), most: MOST_FILES });
        }
        let json = Json { version: 1, event: self.event.clone(), entries: self.entries.clone() };
        let json = serde_json::to_string_pretty(&json).map_err(|error| malformed(JSON, error))?;
        let readme = words::readme(self, &head);
        let mut members = vec![
            (README, readme.as_bytes(), MOST_TEXT),
            (JSON, json.as_bytes(), MOST_JSON),
            (HEAD, self.head.as_bytes(), MOST_TEXT),
        ];
        members.extend(self.signature.iter().map(|text| (SIGNATURE, text.as_bytes(), MOST_TEXT)));
        members.extend(self.stamp.iter().map(|bytes| (STAMP, bytes.as_slice(), MOST_TEXT)));
        let mut zip = Zip(ZipWriter::new(out));
        for (name, bytes, most) in members {
            if bytes.len() as u64 > most {
                return Err(ProofError::TooLarge { member: name.to_owned(), most });
            }
            zip.member(name, bytes)?;
        }
        let all: u64 = self.files.values().map(|bytes| bytes.len() as u64).sum();
        if all > MOST_FILE_BYTES {
            let member = "all files together".to_owned();
            return Err(ProofError::TooLarge { member, most: MOST_FILE_BYTES });
        }
        for (name, bytes) in &self.files {
            members::is_file_name(name)?;
            zip.member(&format!("{FILES}{name}"), bytes)?;
        }
        zip.0.finish().map(drop).map_err(not_written)
    }
}

struct Zip<W: Write + Seek>(ZipWriter<W>);

impl<W: Write + Seek> Zip<W> {
    fn member(&mut self, name: &str, bytes: &[u8]) -> Result<(), ProofError> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            // The same proof gives the same bytes.
            .last_modified_time(zip::DateTime::default())
            .unix_permissions(0o644);
        self.0.start_file(name, options).map_err(not_written)?;
        self.0.write_all(bytes).map_err(not_written)
    }
}

fn not_written(error: impl std::fmt::Display) -> ProofError {
    ProofError::NotWritten { reason: error.to_string() }
}

fn malformed(member: &'static str, reason: impl std::fmt::Display) -> ProofError {
    ProofError::Malformed { member, reason: reason.to_string() }
}

/// The head of a proof, which has an archive and a time.
fn head_of(bytes: &[u8]) -> Result<Head, ProofError> {
    let text = std::str::from_utf8(bytes).map_err(|error| malformed(HEAD, error))?;
    let head: Head = text.parse().map_err(|error| malformed(HEAD, error))?;
    match head.archive.is_empty() {
        true => Err(malformed(HEAD, "a whole head was expected, found its size and root alone")),
        false => Ok(head),
    }
}
