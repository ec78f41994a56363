//! The actions of a commit, as they stand in its lines.

use serde::{Deserialize, Serialize};

use super::Removed;
use crate::LakeError;
use crate::month::Month;
use crate::part::{Part, TABLE};
use crate::store::Store;

/// A line of a commit: one of these is there.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Action {
    pub(super) commit_info: Option<CommitInfo>,
    pub(super) meta_data: Option<MetaData>,
    pub(super) add: Option<Add>,
    pub(super) remove: Option<Remove>,
}

/// Who made a commit.
#[derive(Debug, Deserialize)]
pub(super) struct CommitInfo {
    pub(super) wavekeep: Option<Own>,
}

/// What this program says of its own commits.
#[derive(Debug, Deserialize)]
pub(super) struct Own {
    pub(super) archive: String,
    pub(super) run: String,
}

/// The table.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MetaData {
    pub(super) id: String,
    pub(super) schema_string: String,
    pub(super) created_time: Option<i64>,
}

/// The columns by which the table is partitioned.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PartitionValues {
    month: String,
}

impl PartitionValues {
    fn of(month: Month) -> Self {
        Self { month: month.to_string() }
    }

    pub(super) fn month(&self) -> Result<Month, String> {
        self.month.parse()
    }
}

/// What this program keeps with a file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Tags {
    pub(super) sha256: String,
}

/// A file that is part of the table from here on.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Add {
    pub(super) path: String,
    pub(super) partition_values: PartitionValues,
    pub(super) size: u64,
    pub(super) modification_time: i64,
    data_change: bool,
    pub(super) stats: Option<String>,
    pub(super) tags: Tags,
}

impl Add {
    pub(super) fn of(month: Month, part: &Part) -> Self {
        Self {
            path: path_of(&part.file),
            partition_values: PartitionValues::of(month),
            size: part.bytes,
            modification_time: part.written_ms,
            data_change: true,
            stats: part.stats.clone(),
            tags: Tags { sha256: part.sha256.clone() },
        }
    }
}

/// A file that is no longer part of the table from here on.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Remove {
    pub(super) path: String,
    pub(super) deletion_timestamp: i64,
    data_change: bool,
    extended_file_metadata: bool,
    pub(super) partition_values: PartitionValues,
    pub(super) size: u64,
}

impl Remove {
    pub(super) fn of(removed: &Removed) -> Self {
        Self {
            path: path_of(&removed.file),
            deletion_timestamp: removed.at_ms,
            data_change: true,
            extended_file_metadata: true,
            partition_values: PartitionValues::of(removed.month),
            size: removed.bytes,
        }
    }
}

/// Paths of the log are relative to the table.
pub(super) fn path_of(key: &str) -> String {
    key.strip_prefix(TABLE).unwrap_or(key).trim_start_matches('/').to_owned()
}

/// The actions of a commit; `None` where there is none.
pub(super) fn read(store: &dyn Store, key: &str) -> Result<Option<Vec<Action>>, LakeError> {
    let Some((content, _)) = store.get(key)? else { return Ok(None) };
    let lines = content.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let actions = lines.map(serde_json::from_slice).collect::<Result<_, _>>();
    let damaged = |error: serde_json::Error| LakeError::Foreign {
        file: format!("{} ({error})", store.shown(key)),
    };
    actions.map(Some).map_err(damaged)
}
