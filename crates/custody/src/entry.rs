//! An entry of the ledger: what happened, when, by whom, and what the files were after it.
//!
//! An entry is one line of JSON, and the bytes of that line without its end are the leaf of the tree.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Hash;
use crate::merkle::leaf_hash;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// The ledger begins.
    Begin,
    /// What was there when the ledger began, or what was found without an entry: from here on it is
    /// watched over.
    Found,
    /// An event came in.
    Import,
    /// A report, raw frames, or another name of an event came in later.
    Update,
    /// The whole of an event came in, of which a damaged beginning was there.
    Supersede,
    /// People said something of an event.
    Review,
    /// Derived files were made again.
    Derive,
    /// Files were put back as the ledger has them.
    Repair,
    /// An event went to another unit.
    Move,
    /// A run was adopted, or adopted again after it had grown.
    Adopt,
    /// Somebody said that an event that is lost is to be looked for no longer.
    Forget,
    /// An event was taken out, with its files.
    Remove,
    /// A token was added or revoked.
    Token,
    /// An alarm level was set, or ended.
    Level,
    /// A file that is no event was kept as it came.
    Keep,
    /// A plan picture was set or taken away, or a location placed on one.
    Plan,
    /// An archive was taken in: its head.
    Merge,
    /// Stands for an entry whose text is lost, by its hash.
    Lost,
    /// A word of a newer program.
    #[serde(other)]
    Other,
}

impl Action {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Begin => "begin",
            Self::Found => "found",
            Self::Import => "import",
            Self::Update => "update",
            Self::Supersede => "supersede",
            Self::Review => "review",
            Self::Derive => "derive",
            Self::Repair => "repair",
            Self::Move => "move",
            Self::Adopt => "adopt",
            Self::Forget => "forget",
            Self::Remove => "remove",
            Self::Token => "token",
            Self::Level => "level",
            Self::Keep => "keep",
            Self::Plan => "plan",
            Self::Merge => "merge",
            Self::Lost => "lost",
            Self::Other => "other",
        }
    }
}

/// The event that an entry is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Its number in the archive.
    pub id: i64,
    /// Serial number of the unit, or the stream's name: its folder.
    pub serial: String,
    /// Name of its file.
    pub filename: String,
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place, from 1.
    pub entry: u64,
    /// The leaf hash of the entry before; zeros for the first.
    pub previous: Hash,
    /// When, in UTC, by the clock of the machine that wrote it.
    pub at: String,
    /// Who: the name of a token, or the user of the machine.
    pub who: String,
    /// From where: an address, or the machine.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub from: String,
    /// What.
    pub action: Action,
    /// The event that it is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Subject>,
    /// The entry before this one that is of the same event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<u64>,
    /// SHA-256 of the files after it, by name: of an event all of them, beside its source; of a run
    /// by their paths; otherwise those that were written, below the root.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, Hash>,
    /// What else belongs to the action.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl Entry {
    /// The line, without its end.
    pub fn to_line(&self) -> String {
        // Plain data: it always has a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a line, without its end.
    ///
    /// # Errors
    /// Why it is no entry.
    pub fn parse(line: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(line)
    }

    /// A member of [`more`](Self::more).
    pub fn text(&self, name: &str) -> Option<&str> {
        self.more.get(name).and_then(Value::as_str)
    }
}

/// The leaf hash of a line. A line that stands for a lost one has the hash of that one: the tree stays
/// what it was.
pub fn hash_of_line(line: &[u8]) -> Hash {
    lost_hash(line).unwrap_or_else(|| leaf_hash(line))
}

/// The line that stands for entry `number`, whose text is lost and whose leaf hash was `hash`.
pub fn lost_line(number: u64, hash: &Hash) -> String {
    format!("{LOST}{hash}\",\"entry\":{number}}}")
}

const LOST: &str = "{\"lost\":\"";

/// The hash in a line that stands for a lost one. Such a line has that form and no other: one that says
/// more would pass off what it says for what was lost.
pub fn lost_hash(line: &[u8]) -> Option<Hash> {
    let rest = std::str::from_utf8(line).ok()?.strip_prefix(LOST)?;
    let hash = rest.get(..64)?.parse().ok()?;
    let number = rest.get(64..)?.strip_prefix("\",\"entry\":")?.strip_suffix('}')?.parse().ok()?;
    (lost_line(number, &hash).as_bytes() == line).then_some(hash)
}
