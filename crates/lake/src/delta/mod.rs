//! The log of Delta Lake, as its protocol describes it: numbered commits, each of which adds and
//! removes files, and now and then a checkpoint that stands for all before it.
//!
//! A commit is made only where there is none of its number. So of two updates at once one is first,
//! and readers of the log see the table of one version, whole.

mod action;
mod checkpoint;
mod schema;
mod stats;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::month::Month;
use crate::part::{Part, TABLE};
use crate::store::{Object, Store, When};
use crate::{LakeError, now_ms};

use action::{Action, Add, Remove};
pub(crate) use schema::schema_of;
pub(crate) use stats::stats_of;

/// The folder of the log.
const LOG: &str = "events/_delta_log";
/// Commits between two checkpoints.
const CHECKPOINT_EVERY: u64 = 20;
/// Files that are no longer part of the table, and commits that a checkpoint stands for, are kept for
/// so long: readers may be at work with an older version.
pub(crate) const KEPT_MS: i64 = 24 * 60 * 60 * 1000;

/// The log as it stood after the last update.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Log {
    /// The last commit. `None` before the first.
    pub(crate) version: Option<u64>,
    /// What its update drew to tell itself from others.
    run: String,
    /// The identifier of the table, a UUID.
    table: String,
    created_ms: i64,
    schema: String,
    /// The last checkpoint.
    checkpoint: Option<u64>,
    /// Files that are no longer part of the table.
    removed: Vec<Removed>,
}

/// A file that is no longer part of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Removed {
    pub(crate) file: String,
    month: Month,
    bytes: u64,
    at_ms: i64,
}

/// What a commit changes.
#[derive(Debug, Default)]
pub(crate) struct Commit {
    pub(crate) adds: Vec<(Month, Part)>,
    pub(crate) removes: Vec<(Month, Part)>,
}

fn commit_key(version: u64) -> String {
    format!("{LOG}/{version:020}.json")
}

fn checkpoint_key(version: u64) -> String {
    format!("{LOG}/{version:020}.checkpoint.parquet")
}

/// The number of a commit by its key.
fn version_of(key: &str) -> Option<u64> {
    let name = key.strip_prefix(LOG)?.strip_prefix('/')?.strip_suffix(".json")?;
    let is_version = name.len() == 20 && name.bytes().all(|digit| digit.is_ascii_digit());
    is_version.then(|| name.parse().ok()).flatten()
}

/// Whether a key is one of the log.
pub(crate) fn is_of_log(key: &str) -> bool {
    key.strip_prefix(LOG).is_some_and(|rest| rest.starts_with('/'))
}

/// The key of a new file of a month, under a name that no other file has.
pub(crate) fn new_key(month: Month) -> String {
    format!("{TABLE}/month={month}/{}.parquet", random())
}

/// Whether a key is one of those that [`new_key`] makes.
pub(crate) fn is_new_key(key: &str) -> bool {
    let parts: Vec<&str> = key.split('/').collect();
    let [TABLE, month, file] = parts[..] else { return false };
    let is_month = month.strip_prefix("month=").is_some_and(|it| it.parse::<Month>().is_ok());
    let name = file.strip_suffix(".parquet").unwrap_or_default();
    is_month && name.len() == 32 && name.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// Sixteen bytes by chance, in hexadecimal digits.
fn random() -> String {
    let mut bytes = [0; 16];
    // Where the system has no random numbers, the clock tells names apart.
    if getrandom::fill(&mut bytes).is_err() {
        bytes = jiff::Timestamp::now().as_nanosecond().to_le_bytes();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A UUID of version 4.
fn uuid() -> String {
    let digits = random();
    format!(
        "{}-{}-4{}-a{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[13..16],
        &digits[17..20],
        &digits[20..]
    )
}

impl Log {
    /// Takes up the commits that another update of the same archive made since, or this program before
    /// it was cut short. Whether there were any.
    pub(crate) fn follow(
        &mut self,
        store: &dyn Store,
        archive: &str,
        listing: &[Object],
        parts: &mut BTreeMap<Month, Part>,
    ) -> Result<bool, LakeError> {
        let there: Vec<u64> = listing.iter().filter_map(|it| version_of(&it.key)).collect();
        let mut next = self.version.map_or(0, |version| version.saturating_add(1));
        if let Some(version) = self.version {
            let commit = action::read(store, &commit_key(version))?;
            let run = commit.as_ref().and_then(|actions| run_of(actions, archive));
            if run.as_deref() != Some(&*self.run) {
                let file = store.shown(&commit_key(version));
                let what = "it is not the commit that this program made".to_owned();
                return Err(LakeError::Damaged { file, what });
            }
        }
        let begins = next;
        for version in there.into_iter().filter(|version| *version >= begins) {
            let file = store.shown(&commit_key(version));
            if version != next {
                let what = format!("commit {next} is missing before it");
                return Err(LakeError::Damaged { file, what });
            }
            let actions = action::read(store, &commit_key(version))?.unwrap_or_default();
            let run = run_of(&actions, archive);
            self.run = run.ok_or(LakeError::Foreign { file: file.clone() })?;
            for action in actions {
                self.apply(action, listing, parts).map_err(|what| {
                    let file = file.clone();
                    LakeError::Damaged { file, what }
                })?;
            }
            self.version = Some(version);
            next = version.saturating_add(1);
        }
        Ok(next > begins)
    }

    fn apply(
        &mut self,
        action: Action,
        listing: &[Object],
        parts: &mut BTreeMap<Month, Part>,
    ) -> Result<(), String> {
        if let Some(meta) = action.meta_data {
            (self.table, self.schema) = (meta.id, meta.schema_string);
            self.created_ms = meta.created_time.unwrap_or_default();
        }
        if let Some(remove) = action.remove {
            let file = format!("{TABLE}/{}", remove.path);
            let month = remove.partition_values.month()?;
            let (bytes, at_ms) = (remove.size, remove.deletion_timestamp);
            parts.retain(|_, part| part.file != file);
            self.removed.push(Removed { file, month, bytes, at_ms });
        }
        if let Some(add) = action.add {
            let file = format!("{TABLE}/{}", add.path);
            let month = add.partition_values.month()?;
            let found = listing.iter().find(|object| object.key == file);
            let found = found.ok_or_else(|| format!("its file {file} is missing"))?;
            let rows = add.stats.as_deref().and_then(stats::rows_in);
            let part = Part {
                rows: rows.ok_or("it does not state the rows of a file")?,
                bytes: add.size,
                sha256: add.tags.sha256,
                stamp: found.stamp.clone(),
                written_ms: add.modification_time,
                stats: add.stats,
                file,
            };
            if let Some(other) = parts.insert(month, part) {
                return Err(format!("it leaves {} beside another file of its month", other.file));
            }
        }
        Ok(())
    }

    /// Whether the next commit has to state the table anew.
    pub(crate) fn is_of_schema(&self, schema: &str) -> bool {
        self.version.is_some() && self.schema == schema
    }

    /// Makes the next commit.
    pub(crate) fn commit(
        &mut self,
        store: &dyn Store,
        place: &str,
        archive: &str,
        schema: &str,
        commit: Commit,
    ) -> Result<(), LakeError> {
        let (run, now) = (random(), now_ms());
        let version = self.version.map_or(0, |version| version.saturating_add(1));
        let mut actions = vec![json!({ "commitInfo": {
            "timestamp": now, "operation": "WRITE", "operationParameters": { "mode": "Overwrite" },
            "isBlindAppend": false,
            "engineInfo": concat!("wavekeep/", env!("CARGO_PKG_VERSION")),
            "wavekeep": { "archive": archive, "run": run },
        } })];
        let mut next = Self { version: Some(version), run, ..self.clone() };
        if !self.is_of_schema(schema) {
            if self.version.is_none() {
                (next.table, next.created_ms) = (uuid(), now);
            }
            next.schema = schema.to_owned();
            actions.push(json!({ "protocol": next.protocol() }));
            actions.push(json!({ "metaData": next.meta_data() }));
        }
        for (month, part) in commit.removes {
            let removed = Removed { file: part.file, month, bytes: part.bytes, at_ms: now };
            actions.push(json!({ "remove": Remove::of(&removed) }));
            next.removed.push(removed);
        }
        actions.extend(
            commit.adds.iter().map(|(month, part)| json!({ "add": Add::of(*month, part) })),
        );
        let lines: String = actions.iter().map(|action| format!("{action}\n")).collect();
        let put = store.put(&commit_key(version), lines.into_bytes(), When::Absent)?;
        if put.is_none() {
            return Err(LakeError::Overtaken { place: place.to_owned() });
        }
        *self = next;
        Ok(())
    }

    /// What readers and writers have to know.
    fn protocol(&self) -> Value {
        match schema::needs_features(&self.schema) {
            true => json!({ "minReaderVersion": 3, "minWriterVersion": 7,
                "readerFeatures": ["timestampNtz"], "writerFeatures": ["timestampNtz"] }),
            false => json!({ "minReaderVersion": 1, "minWriterVersion": 2 }),
        }
    }

    fn meta_data(&self) -> Value {
        json!({
            "id": self.table, "name": TABLE, "format": { "provider": "parquet", "options": {} },
            "schemaString": self.schema, "partitionColumns": ["month"],
            "configuration": configuration(), "createdTime": self.created_ms,
        })
    }

    /// Deletes files that are no longer part of the table, those that an update which was cut short
    /// left, and commits that a checkpoint stands for, when they have been so for long enough.
    pub(crate) fn clear(
        &mut self,
        store: &dyn Store,
        listing: &[Object],
        parts: &BTreeMap<Month, Part>,
    ) -> Result<(), LakeError> {
        let until = now_ms() - KEPT_MS;
        let is_live = |key: &str| parts.values().any(|part| part.file == key);
        for removed in self.removed.iter().filter(|removed| removed.at_ms < until) {
            // Whatever the state or the log may say: nothing else is deleted.
            if is_new_key(&removed.file) && !is_live(&removed.file) {
                store.delete(&removed.file)?;
            }
        }
        self.removed.retain(|removed| removed.at_ms >= until);
        let is_known =
            |key: &str| is_live(key) || self.removed.iter().any(|removed| removed.file == key);
        let checkpoint = self.checkpoint.unwrap_or(0);
        for object in listing.iter().filter(|object| object.modified_ms < until) {
            let is_stale = match version_of(&object.key) {
                Some(version) => version < checkpoint,
                None => is_new_key(&object.key) && !is_known(&object.key),
            };
            let is_old_checkpoint =
                checkpoint::version_of(&object.key).is_some_and(|it| it < checkpoint);
            if is_stale || is_old_checkpoint {
                store.delete(&object.key)?;
            }
        }
        Ok(())
    }

    /// Writes a checkpoint when there are many commits since the last one.
    pub(crate) fn check_point(
        &mut self,
        store: &dyn Store,
        parts: &BTreeMap<Month, Part>,
    ) -> Result<(), LakeError> {
        let Some(version) = self.version else { return Ok(()) };
        if version.saturating_sub(self.checkpoint.unwrap_or(0)) < CHECKPOINT_EVERY {
            return Ok(());
        }
        checkpoint::write(store, self, version, parts)?;
        self.checkpoint = Some(version);
        Ok(())
    }
}

/// Settings of the table, which other programs keep to when they clean it up.
fn configuration() -> BTreeMap<&'static str, &'static str> {
    [
        ("delta.deletedFileRetentionDuration", "interval 1 days"),
        ("delta.logRetentionDuration", "interval 1 days"),
    ]
    .into()
}

/// What the update that made a commit drew; `None` when it was not one of this archive.
fn run_of(actions: &[Action], archive: &str) -> Option<String> {
    let info = actions.iter().find_map(|action| action.commit_info.as_ref())?;
    let own = info.wavekeep.as_ref().filter(|own| own.archive == archive)?;
    Some(own.run.clone())
}
