//! What the ledger knows of an event: its files, and what its sidecar says that cannot be derived.

use std::collections::BTreeMap;

use rusqlite::Connection;
use serde_json::{Map, Value, json};
use wavekeep_custody::merkle::{Nodes, leaf_hash};
use wavekeep_custody::{Action, Entry, Hash, Subject};

use super::Draft;
use super::tables::{self, Place, Stored};
use crate::layout::{EventFiles, GNZ_SUFFIX, HDF5_SUFFIX, SIDECAR_SUFFIX};
use crate::sidecar::{
    EVENT_KIND, OwnBlock, ProjectInfo, Review, STREAM_KIND, Seal, Sidecar, SourceFile, check_seal,
};
use crate::{Archive, ArchiveError};

/// Blocks of an event's sidecar that source and report give.
const DERIVED: [&str; 7] =
    ["schema_version", "kind", "event", "blastware", "peak_values", "project_info", "bw_report"];
/// The same of `extensions`.
const DERIVED_EXTENSIONS: [&str; 3] = ["decode", "idf_report", "idf_intervals"];
/// Members of `wavekeep` that an entry has among its files.
const SUMS: [&str; 3] = ["hdf5_sha256", "gnz_sha256", "files"];

/// An event whose sidecar something is built on.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    /// What the ledger knows of it.
    pub known: Option<Known>,
    /// What of its sidecar was changed by another program.
    pub outside: Vec<String>,
}

impl Standing {
    /// Notes in an entry what was changed by another program.
    pub(crate) fn noted(&self, draft: Draft) -> Draft {
        match self.outside.is_empty() {
            true => draft,
            false => draft.with("outside", json!(self.outside)),
        }
    }
}

/// An event as its entries have it.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    /// Its number and its place now.
    pub event: Subject,
    /// The files, by name, as the last entry has them.
    pub files: BTreeMap<String, Hash>,
    /// What its sidecar says that cannot be derived.
    pub facts: Map<String, Value>,
    /// Its first entry and its last one that could be read.
    pub first: Entry,
    pub last: Entry,
    /// Whether all its entries could be read.
    pub is_complete: bool,
    /// Whether no entry behind its last one is lost, which could be of it.
    pub is_last: bool,
}

impl Known {
    /// Folds the entries of an event, the oldest first.
    fn of(entries: Vec<Entry>) -> Option<Self> {
        let mut known: Option<Self> = None;
        for entry in entries {
            let Some(event) = entry.event.clone() else { continue };
            let facts = entry.more.get("facts").and_then(Value::as_object).cloned();
            match &mut known {
                None => {
                    let facts = facts.unwrap_or_default();
                    let files = entry.files.clone();
                    let is_complete = entry.earlier.is_none();
                    let first = entry.clone();
                    let last = entry;
                    known =
                        Some(Self { event, files, facts, first, last, is_complete, is_last: true });
                }
                Some(known) => {
                    known.is_complete &= entry.earlier == Some(known.last.entry);
                    known.event = event;
                    if let Some(facts) = facts {
                        known.facts = facts;
                    }
                    if let Some(review) = entry.more.get("review") {
                        fold(&mut known.facts, review);
                    }
                    if !entry.files.is_empty() {
                        known.files = entry.files.clone();
                    }
                    known.last = entry;
                }
            }
        }
        known
    }

    /// Whether somebody let go of it.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.last.action, Action::Forget | Action::Remove)
    }

    /// Whether its sidecar can be made again by it.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_complete && self.is_last
    }

    /// The sum of its sidecar, where no later entry could have another one.
    pub(crate) fn sidecar_sum(&self) -> Option<Hash> {
        if !self.is_last {
            return None;
        }
        self.file(&format!("{}{SIDECAR_SUFFIX}", self.event.filename))
    }

    /// Whether its sidecar was something else than these bytes when it was last written.
    pub(crate) fn contradicts(&self, sidecar: &[u8]) -> bool {
        self.sidecar_sum().is_some_and(|sum| sum != Hash::of(sidecar))
    }

    /// Whether its sidecar names a newer version only because a bit of that is another one than it was.
    pub(crate) fn is_newer_by_damage(&self, sidecar: &[u8]) -> bool {
        let Some(sum) = self.sidecar_sum() else { return false };
        let mut tried = sidecar.to_vec();
        let mut begin = 0;
        for line in sidecar.split_inclusive(|byte| *byte == b'\n') {
            if memchr::memmem::find(line, b"_version\": ").is_some() {
                for at in begin..begin + line.len() {
                    for bit in 0..8 {
                        tried[at] ^= 1 << bit;
                        if Hash::of(&tried) == sum {
                            return true;
                        }
                        tried[at] ^= 1 << bit;
                    }
                }
            }
            begin += line.len();
        }
        false
    }

    /// The sum of a file of it.
    pub(crate) fn file(&self, name: &str) -> Option<Hash> {
        self.files.get(name).copied()
    }

    /// The files beside its source that came with it: reports and raw frames.
    pub(crate) fn beside(&self) -> impl Iterator<Item = (String, String)> {
        let filename = &self.event.filename;
        let others =
            self.files.iter().filter(move |(name, _)| !is_derived_or_source(name, filename));
        others.map(|(name, sum)| (name.clone(), sum.to_string()))
    }

    /// Whether it is a run.
    pub(crate) fn is_stream(&self) -> bool {
        self.facts.contains_key("stream")
    }

    /// A sidecar with all that cannot be derived, in the order in which this program writes it; what is
    /// derived is put into it after that.
    pub(crate) fn sidecar(&self) -> Sidecar {
        if self.is_stream() {
            let mut out = Sidecar::new(STREAM_KIND);
            for (name, value) in &self.facts {
                out.set_part(name, value.clone());
            }
            self.put_sums(&mut out);
            return out;
        }
        let mut out = Sidecar::new(EVENT_KIND);
        let fact = |name: &str| self.facts.get(name).cloned();
        let source = fact("source").unwrap_or_else(|| json!({}));
        let is_thor = source.get("kind").is_some_and(|kind| kind == "idf-import");
        let has_report = source.get("txt_filename").is_some_and(Value::is_string);
        out.set_part("event", Value::Null);
        out.set(
            "blastware",
            &SourceFile {
                filename: Some(self.event.filename.clone()),
                sha256: self.file(&self.event.filename).map(|sum| sum.to_string()),
                available: Some(true),
                ..SourceFile::default()
            },
        );
        out.set_part("peak_values", Value::Null);
        out.set("project_info", &ProjectInfo::default());
        if let Some(info) = fact("project_info") {
            out.set_part("project_info", info);
        }
        out.set_part("source", source);
        let mut extensions = Map::new();
        if is_thor && has_report {
            extensions.insert("idf_report".to_owned(), Value::Null);
        }
        extensions.insert("decode".to_owned(), Value::Null);
        if let Some(Value::Object(of_people)) = fact("extensions") {
            extensions.extend(of_people);
        }
        let review = fact("review").unwrap_or_else(default_review);
        let report = fact("bw_report").unwrap_or(Value::Null);
        let (first, second) = (("review", review), ("extensions", Value::Object(extensions)));
        let in_order = match is_thor && has_report {
            true => [second, first],
            false => {
                out.set_part("bw_report", report);
                [first, second]
            }
        };
        for (name, value) in in_order {
            out.set_part(name, value);
        }
        for (name, value) in &self.facts {
            if !out.document().contains_key(name) && name != "wavekeep" {
                out.set_part(name, value.clone());
            }
        }
        self.put_sums(&mut out);
        out
    }

    /// The block that this program keeps for itself, with the sums of the files.
    fn put_sums(&self, out: &mut Sidecar) {
        let own = self.facts.get("wavekeep").cloned().unwrap_or_else(|| json!({}));
        let Value::Object(own) = own else { return };
        let mut block: OwnBlock =
            serde_json::from_value(Value::Object(own.clone())).unwrap_or_default();
        let text = |name: String| self.file(&name).map(|sum| sum.to_string());
        let filename = &self.event.filename;
        block.hdf5_sha256 = text(format!("{filename}{HDF5_SUFFIX}"));
        block.gnz_sha256 = text(format!("{filename}{GNZ_SUFFIX}"));
        if !self.is_stream() {
            let others: BTreeMap<String, String> = self.beside().collect();
            block.files = (!others.is_empty()).then_some(others);
        }
        out.set_part("wavekeep", json!({}));
        out.set("wavekeep", &block);
        let mut all = out.part("wavekeep");
        if let Some(all) = all.as_object_mut() {
            for (name, value) in own {
                all.entry(name).or_insert(value);
            }
        }
        out.set_part("wavekeep", all);
    }

    /// What of a sidecar is not as the ledger has it, in words: the names of its members.
    pub(crate) fn differing(&self, sidecar: &Sidecar) -> Vec<String> {
        let is = facts_of(sidecar);
        let mut names = Vec::new();
        let all: std::collections::BTreeSet<&String> = self.facts.keys().chain(is.keys()).collect();
        for name in all {
            let (was, is) = (self.facts.get(name), is.get(name));
            if was == is {
                continue;
            }
            let members = |value: Option<&Value>| value.and_then(Value::as_object).cloned();
            let (was, is) = (members(was).unwrap_or_default(), members(is).unwrap_or_default());
            let before = names.len();
            let both: std::collections::BTreeSet<&String> = was.keys().chain(is.keys()).collect();
            for member in both.into_iter().filter(|member| was.get(*member) != is.get(*member)) {
                let shown = |of: &Map<String, Value>| {
                    of.get(member).map_or_else(|| "nothing".to_owned(), shortened)
                };
                names.push(format!(
                    "{name}.{member} is {}, the ledger has {}",
                    shown(&is),
                    shown(&was)
                ));
            }
            if names.len() == before {
                names.push(name.clone());
            }
        }
        names
    }
}

fn shortened(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

fn is_derived_or_source(name: &str, filename: &str) -> bool {
    let suffixes = ["", SIDECAR_SUFFIX, HDF5_SUFFIX, GNZ_SUFFIX];
    suffixes.iter().any(|suffix| name.strip_suffix(suffix) == Some(filename))
}

fn default_review() -> Value {
    let review = Review { false_trigger: Some(false), ..Review::default() };
    serde_json::to_value(review).unwrap_or_default()
}

/// Applies what a review changed.
fn fold(facts: &mut Map<String, Value>, review: &Value) {
    for part in ["review", "extensions"] {
        let members = |when: &str| {
            let of = review.get(when).and_then(|when| when.get(part));
            of.and_then(Value::as_object).cloned().unwrap_or_default()
        };
        let (before, after) = (members("before"), members("after"));
        if before.is_empty() && after.is_empty() {
            continue;
        }
        let empty = match part {
            "review" => default_review(),
            _ => Value::Object(Map::new()),
        };
        let value = facts.entry(part).or_insert(empty);
        let Some(value) = value.as_object_mut() else { continue };
        for name in before.keys().filter(|name| !after.contains_key(*name)) {
            value.shift_remove(name);
        }
        value.extend(after);
    }
}

/// What a sidecar says that cannot be derived from source and report.
pub(crate) fn facts_of(sidecar: &Sidecar) -> Map<String, Value> {
    let is_stream = sidecar.kind() == STREAM_KIND;
    // Without a report beside it, what it says of one is all that there is.
    let keeps_report = sidecar.source().txt_filename.is_none() && sidecar.report().is_some();
    let mut facts = Map::new();
    for (name, value) in sidecar.document() {
        let is_kept = match name.as_str() {
            "schema_version" | "kind" => false,
            "bw_report" | "project_info" if keeps_report => true,
            name => is_stream || !DERIVED.contains(&name),
        };
        if !is_kept {
            continue;
        }
        let mut value = value.clone();
        if name == "review" && value == default_review() && !is_stream {
            continue;
        }
        match (name.as_str(), value.as_object_mut()) {
            ("wavekeep", Some(own)) => SUMS.iter().for_each(|sum| drop(own.shift_remove(*sum))),
            ("extensions", Some(extensions)) if !is_stream => {
                for derived in DERIVED_EXTENSIONS {
                    if !(keeps_report && derived == "idf_report") {
                        extensions.shift_remove(derived);
                    }
                }
                if extensions.is_empty() {
                    continue;
                }
            }
            _ => {}
        }
        facts.insert(name.clone(), value);
    }
    facts
}

/// The files of an event by its sidecar, whose own sum is given: those of which a sum is noted.
pub(crate) fn files_of(
    filename: &str,
    sidecar: &Sidecar,
    sidecar_sum: Hash,
) -> BTreeMap<String, Hash> {
    let own = sidecar.own();
    let mut files = BTreeMap::from([(format!("{filename}{SIDECAR_SUFFIX}"), sidecar_sum)]);
    if let Some(stream) = sidecar.stream().filter(|_| sidecar.kind() == STREAM_KIND) {
        for file in stream.pieces.iter().chain(&stream.beside) {
            if let Ok(sum) = file.sha256.parse() {
                files.insert(file.path.to_string_lossy().into_owned(), sum);
            }
        }
        return files;
    }
    let source = sidecar.source_file().sha256.map(|sum| sum.to_lowercase());
    let named = [
        (filename.to_owned(), source),
        (format!("{filename}{HDF5_SUFFIX}"), own.hdf5_sha256),
        (format!("{filename}{GNZ_SUFFIX}"), own.gnz_sha256),
    ];
    let named = named.into_iter().filter_map(|(name, sum)| Some((name, sum?)));
    for (name, sum) in named.chain(own.files.unwrap_or_default()) {
        if let Ok(sum) = sum.parse() {
            files.insert(name, sum);
        }
    }
    files
}

impl Archive {
    /// What the ledger knows of an event; nothing where it does not have it. Entries whose lines are not
    /// as the index has their hashes are passed over: they accuse nobody, and `verify` names them.
    pub(crate) fn known(&self, id: i64) -> Result<Option<Known>, ArchiveError> {
        let (lines, lost) =
            self.ask(|connection| Ok((lines_of(connection, id)?, tables::last_lost(connection)?)))?;
        self.known_at(&lines, lost)
    }

    /// The same, for those who hold the lock and ask the connection that writes.
    pub(crate) fn known_by(
        &self,
        connection: &Connection,
        id: i64,
    ) -> Result<Option<Known>, ArchiveError> {
        let failed = |source| self.index_failed(source);
        let lines = lines_of(connection, id).map_err(failed)?;
        let lost = tables::last_lost(connection).map_err(failed)?;
        self.known_at(&lines, lost)
    }

    /// What the ledger knows of an event, before something is built on its sidecar. One that is not as the
    /// ledger has it and carries this program's seal all the same is refused: what somebody slipped in
    /// would come into the ledger with the next change otherwise. What another program wrote stays, and
    /// the next entry says so.
    pub(crate) fn standing_sidecar(
        &self,
        connection: &Connection,
        id: i64,
        event: &EventFiles,
    ) -> Result<Standing, ArchiveError> {
        let Some(known) = self.known_by(connection, id)? else { return Ok(Standing::default()) };
        let path = event.sidecar();
        let place = self.layout().event(&known.event.serial, &known.event.filename);
        if known.is_over() || place.sidecar() != path {
            return Ok(Standing::default());
        }
        let bytes = self.files().read(&path);
        let bytes = bytes.map_err(ArchiveError::io(&path, "read the sidecar"))?;
        let mut outside = Vec::new();
        if known.contradicts(&bytes) {
            let sidecar = Sidecar::parse(&bytes);
            let sidecar =
                sidecar.map_err(|source| ArchiveError::Sidecar { path: path.clone(), source })?;
            if check_seal(&bytes) == Seal::Intact {
                return Err(ArchiveError::NotAsLedger { path, entry: known.last.entry });
            }
            outside = known.differing(&sidecar);
            if outside.is_empty() {
                outside.push("the sidecar".to_owned());
            }
        }
        Ok(Standing { known: Some(known), outside })
    }

    fn known_at(
        &self,
        lines: &[(Place, Hash)],
        lost: Option<u64>,
    ) -> Result<Option<Known>, ArchiveError> {
        let mut entries = Vec::new();
        for (place, hash) in lines {
            let line = self.ledger_line(place)?;
            if let (true, Ok(entry)) = (leaf_hash(&line) == *hash, Entry::parse(&line)) {
                entries.push(entry);
            }
        }
        let all = lines.last().map(|(place, _)| place.entry);
        Ok(Known::of(entries).map(|known| {
            let is_last =
                Some(known.last.entry) == all && lost.is_none_or(|lost| lost < known.last.entry);
            Known { is_last, ..known }
        }))
    }
}

/// Where the entries of an event stand, and the hashes of their lines.
fn lines_of(connection: &Connection, id: i64) -> rusqlite::Result<Vec<(Place, Hash)>> {
    let nodes = Stored(connection);
    let places = tables::of_event(connection, id)?.into_iter();
    places.map(|place| Ok((place, nodes.node(0, place.entry.saturating_sub(1))?))).collect()
}
