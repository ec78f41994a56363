//! The configuration of a run: every update with its place, and all of them merged.

pub mod yaml;

use std::ops::Range;

use serde_json::{Map, Value};
use wavekeep_core::{Note, NoteKind, Report};

use self::yaml::MOST_DEPTH;
use crate::error::Result;
use crate::index::Place;
use crate::index::findings::FactorChange;
use crate::run::Run;

/// Longest text that is read; whole trees of real systems have some MB.
const MOST_TEXT: u32 = 64 << 20;

/// One metadata record.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Update {
    /// Where its text begins, and how many data frames stand before it.
    pub place: Place,
    /// Bytes of its text.
    pub len: u32,
    /// What it sets: keys as they are written, dotted paths or nested.
    pub values: Map<String, Value>,
}

/// All metadata of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Metadata {
    updates: Vec<Update>,
    report: Report,
}

/// A tree of plain values.
///
/// ```
/// use wavekeep_smurf::metadata::Config;
///
/// let mut config = Config::default();
/// config.merge(&serde_json::from_str(r#"{"AMCc.Dev.A": 1, "AMCc.Dev.Mask": "[0, 2]"}"#)?);
/// assert_eq!(config.get("AMCc.Dev.A"), Some(&1.into()));
/// assert_eq!(config.numbers("AMCc.Dev.Mask"), Some(vec![0.0, 2.0]));
/// assert_eq!(config.get("AMCc.Nobody"), None);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    tree: Map<String, Value>,
}

impl Run {
    /// Reads all metadata. What is no YAML, or no map, is skipped and stands in the report of what
    /// is returned.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io), [`Error::Shrunk`](crate::Error::Shrunk).
    pub fn metadata(&self) -> Result<Metadata> {
        self.metadata_of(0..self.index.texts.len())
    }

    /// Reads some metadata records, by their number in the run; numbers past the last one are
    /// passed over.
    ///
    /// # Errors
    /// As [`metadata`](Self::metadata).
    pub fn metadata_of(&self, records: Range<usize>) -> Result<Metadata> {
        let mut metadata = Metadata { updates: Vec::new(), report: Report::default() };
        let texts = &self.index.texts;
        for record in &texts[records.start.min(texts.len())..records.end.min(texts.len())] {
            let values = match record.len {
                len if len > MOST_TEXT => Err(format!("its {len} bytes are more than {MOST_TEXT}")),
                len => {
                    let mut text = vec![0; len as usize];
                    self.stores[record.place.piece].read_at(record.place.offset, &mut text)?;
                    update(&text)
                }
            };
            match values {
                Ok(values) => {
                    metadata.updates.push(Update { place: record.place, len: record.len, values });
                }
                Err(reason) => {
                    let message = format!("metadata record skipped: {reason}");
                    let note = Note::new(NoteKind::Damage, "metadata", message);
                    metadata.report.push(note.at(record.place.offset));
                }
            }
        }
        Ok(metadata)
    }
}

impl Run {
    /// The downsampling factor that the metadata states, wherever it changes.
    pub(crate) fn downsampling_factors(&self) -> Result<Vec<FactorChange>> {
        let mut config = Config::default();
        let mut changes: Vec<FactorChange> = Vec::new();
        for record in self.index.texts.iter().filter(|record| record.len <= MOST_TEXT) {
            let mut text = vec![0; record.len as usize];
            self.stores[record.place.piece].read_at(record.place.offset, &mut text)?;
            if !std::str::from_utf8(&text).is_ok_and(|text| text.contains(DOWNSAMPLER)) {
                continue;
            }
            let Ok(values) = update(&text) else { continue };
            config.merge(&values);
            let factor = config.find(DOWNSAMPLER).and_then(factor_of);
            if changes.last().is_none_or(|last| last.factor != factor) {
                changes.push(FactorChange { frame: record.place.frame, factor });
            }
        }
        Ok(changes)
    }
}

/// The device of the server that decides which frames are written.
const DOWNSAMPLER: &str = "Downsampler";

/// The factor by the downsampler's variables; `None` when an outside trigger decides, or nothing
/// is stated.
fn factor_of(downsampler: &Value) -> Option<u32> {
    let variable = |name: &str| downsampler.get(name);
    if variable("Disable").and_then(Value::as_bool) == Some(true) {
        return Some(1);
    }
    let mode = ["DownsamplerMode", "TriggerMode", "Mode"].into_iter().find_map(variable);
    if mode.is_some_and(|mode| mode.as_u64() == Some(1) || mode.as_str() == Some("External")) {
        return None;
    }
    let factor = ["InternalFactor", "Factor"].into_iter().find_map(variable)?;
    factor.as_f64().filter(|factor| *factor >= 1.0).map(|factor| factor as u32)
}

fn update(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        format!("expected UTF-8, found another byte at {}", error.valid_up_to())
    })?;
    match yaml::parse(text).map_err(|error| error.to_string())? {
        Value::Object(values) => match values.keys().find(|key| path_depth(key) > MOST_DEPTH) {
            None => Ok(values),
            Some(key) => Err(format!("a path of {} levels", path_depth(key))),
        },
        Value::Null => Ok(Map::new()),
        _ => Err("expected keys with values, found something else".to_owned()),
    }
}

fn path_depth(key: &str) -> usize {
    key.split('.').count()
}

impl Metadata {
    /// Every update, in the order of the run.
    pub fn updates(&self) -> &[Update] {
        &self.updates
    }

    /// What was skipped, with offsets in the piece.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The merge of everything.
    pub fn config(&self) -> Config {
        self.merged(&self.updates)
    }

    /// The merge of everything that stands before a frame.
    pub fn config_at(&self, frame: u64) -> Config {
        let end = self.updates.partition_point(|update| update.place.frame <= frame);
        self.merged(&self.updates[..end])
    }

    fn merged(&self, updates: &[Update]) -> Config {
        let mut config = Config::default();
        updates.iter().for_each(|update| config.merge(&update.values));
        config
    }
}

impl Config {
    /// Merges an update: a dotted key sets its leaf and creates the levels above it; a plain key
    /// that holds a map already is updated one level deep; any other is assigned.
    pub fn merge(&mut self, values: &Map<String, Value>) {
        for (key, value) in values {
            match (self.tree.get_mut(key), value) {
                _ if key.contains('.') => set(&mut self.tree, key, value),
                (Some(Value::Object(present)), Value::Object(new)) => {
                    present.extend(new.iter().map(|(key, value)| (key.clone(), value.clone())));
                }
                _ => drop(self.tree.insert(key.clone(), value.clone())),
            }
        }
    }

    /// The value at a dotted path.
    pub fn get(&self, path: &str) -> Option<&Value> {
        let mut keys = path.split('.');
        let first = self.tree.get(keys.next()?)?;
        keys.try_fold(first, |value, key| value.as_object()?.get(key))
    }

    /// The map of a device, wherever in the tree it is.
    pub(crate) fn find(&self, device: &str) -> Option<&Value> {
        let mut level: Vec<&Map<String, Value>> = vec![&self.tree];
        while !level.is_empty() {
            let found = level.iter().find_map(|map| map.get(device)).filter(|it| it.is_object());
            if found.is_some() {
                return found;
            }
            level =
                level.iter().flat_map(|map| map.values().filter_map(Value::as_object)).collect();
        }
        None
    }

    /// The value of a variable, wherever in the tree it is.
    pub(crate) fn value_of(&self, name: &str) -> Option<&Value> {
        self.tree.get(name).or_else(|| self.tree.values().find_map(|it| Self::value_in(it, name)))
    }

    /// The value of a variable below a device.
    pub(crate) fn value_in<'a>(device: &'a Value, name: &str) -> Option<&'a Value> {
        // Trees have at most MOST_DEPTH levels.
        let map = device.as_object()?;
        map.get(name).or_else(|| map.values().find_map(|below| Self::value_in(below, name)))
    }

    /// The numbers at a dotted path: a number, a list of them, or the quoted list
    /// (`'[0, 2, 4]'`) that arrays arrive as.
    pub fn numbers(&self, path: &str) -> Option<Vec<f64>> {
        Self::numbers_in(self.get(path)?)
    }

    /// The numbers of a value, as in [`numbers`](Self::numbers).
    pub(crate) fn numbers_in(value: &Value) -> Option<Vec<f64>> {
        match value {
            Value::Number(number) => Some(vec![number.as_f64()?]),
            Value::Array(values) => values.iter().map(Value::as_f64).collect(),
            Value::String(text) => {
                let inner = text.trim().strip_prefix('[')?.strip_suffix(']')?;
                // numpy prints arrays without commas.
                let words = inner.split([',', ' ', '\n']).filter(|word| !word.is_empty());
                words.map(|word| yaml::plain(word).as_f64()).collect()
            }
            _ => None,
        }
    }

    /// The whole tree.
    pub fn tree(&self) -> &Map<String, Value> {
        &self.tree
    }
}

/// Sets a leaf. What stands in the way and is no map gives way to one.
fn set(tree: &mut Map<String, Value>, path: &str, value: &Value) {
    let (levels, leaf) = path.rsplit_once('.').unwrap_or(("", path));
    let mut level = tree;
    for key in levels.split('.') {
        let below = level.entry(key).or_insert_with(|| Value::Object(Map::new()));
        if !below.is_object() {
            *below = Value::Object(Map::new());
        }
        match below {
            Value::Object(below) => level = below,
            _ => return,
        }
    }
    level.insert(leaf.to_owned(), value.clone());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn config(updates: &[&str]) -> Value {
        let mut config = Config::default();
        for text in updates {
            config.merge(&update(text.as_bytes()).unwrap());
        }
        Value::Object(config.tree)
    }

    #[test]
    fn a_dotted_key_sets_its_leaf_and_leaves_its_neighbours() {
        let found =
            config(&["AMCc:\n  Dev:\n    A: 1\n    B: 2\n", "AMCc.Dev.A: 3\nAMCc.X.Y: z\n"]);
        assert_eq!(found, json!({"AMCc": {"Dev": {"A": 3, "B": 2}, "X": {"Y": "z"}}}));
    }

    #[test]
    fn a_plain_key_is_updated_one_level_deep() {
        let found = config(&["AMCc:\n  Dev: {A: 1, B: 2}\n  X: 1\n", "AMCc:\n  Dev: {A: 3}\n"]);
        assert_eq!(found, json!({"AMCc": {"Dev": {"A": 3}, "X": 1}}));
        assert_eq!(config(&["A: 1\n", "A: {B: 2}\n"]), json!({"A": {"B": 2}}));
    }

    #[test]
    fn a_leaf_that_becomes_a_level_gives_way() {
        assert_eq!(config(&["A.B: 1\n", "A.B.C: 2\n"]), json!({"A": {"B": {"C": 2}}}));
        let deep = format!("{}: 1\n", vec!["a"; 10_000].join("."));
        assert!(update(deep.as_bytes()).is_err());
    }
}
