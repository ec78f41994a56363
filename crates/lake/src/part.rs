//! The Parquet file of a month.

use std::fs::File;
use std::io::{BufWriter, Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tempfile::TempPath;
use wavekeep_archive::{Archive, ExportFailure, Query, Sort, SortKey};

use crate::LakeError;
use crate::month::Month;
use crate::store::{Stamp, Store, read_pieces};

/// The folder of the table.
pub(crate) const TABLE: &str = "events";
/// How a file of a month is called where its name stays.
const FILE: &str = "events.parquet";
/// Events without a month whose numbers are asked for at a time.
const AT_A_TIME: usize = 10_000;

/// A file of the lake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    /// Its key.
    pub(crate) file: String,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
    pub(crate) stamp: Stamp,
    /// When it was written, in milliseconds since 1970.
    pub(crate) written_ms: i64,
    /// What the log of Delta Lake says of its values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stats: Option<String>,
}

/// The key of the file of a month, where its name stays.
pub(crate) fn key_of(month: Month) -> String {
    format!("{TABLE}/month={month}/{FILE}")
}

/// A file that is written, but not yet in the lake. It is not open: there may be many.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) path: TempPath,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}

impl Written {
    /// The events of a month as they are now.
    pub(crate) fn of_month(
        archive: &Archive,
        store: &dyn Store,
        month: Month,
    ) -> Result<Self, LakeError> {
        let query = match month.bounds() {
            Some((from, to)) => Query::default().with_from(Some(from)).with_to(Some(to)),
            None => Query::default().with_ids(Some(without_month(archive)?)),
        };
        Self::of(archive, store, &query)
    }

    /// The table without a row.
    pub(crate) fn empty(archive: &Archive, store: &dyn Store) -> Result<Self, LakeError> {
        Self::of(archive, store, &Query::default().with_ids(Some(Vec::new())))
    }

    fn of(archive: &Archive, store: &dyn Store, query: &Query) -> Result<Self, LakeError> {
        let mut file = store.temporary().map_err(ExportFailure::Write)?;
        let mut out = BufWriter::new(file.as_file_mut());
        let rows = archive.export_parquet(query, &mut out)?;
        out.flush().map_err(ExportFailure::Write)?;
        drop(out);
        let (mut bytes, mut hash) = (0, Sha256::new());
        let mut take = |piece: &[u8]| {
            bytes += piece.len() as u64;
            hash.update(piece);
        };
        let path = file.into_temp_path();
        let read = File::open(&path).and_then(|file| read_pieces(&file, &mut take));
        read.map_err(ExportFailure::Write)?;
        Ok(Self { path, rows, bytes, sha256: hex(hash) })
    }
}

/// The SHA-256 of a file of the lake.
pub(crate) fn sha256_of(store: &dyn Store, key: &str) -> Result<String, LakeError> {
    let mut hash = Sha256::new();
    store.read(key, &mut |piece| hash.update(piece))?;
    Ok(hex(hash))
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The numbers of the events without a month. In the order of starts those of odd years come before
/// all others, and those without a start behind them.
fn without_month(archive: &Archive) -> Result<Vec<i64>, LakeError> {
    let (mut before, mut with_month) = (0, 0);
    for summary in archive.months()? {
        let events = usize::try_from(summary.events).unwrap_or(usize::MAX);
        match (Month::of(summary.month.as_deref()), summary.month) {
            (Month::Of(_), _) => with_month += events,
            (Month::Unknown, Some(_)) => before += events,
            (Month::Unknown, None) => {}
        }
    }
    let mut ids = Vec::new();
    for (first, end) in [(0, before), (before.saturating_add(with_month), usize::MAX)] {
        let mut offset = first;
        while offset < end {
            let limit = AT_A_TIME.min(end - offset);
            let sort = Sort { key: SortKey::Timestamp, descending: false };
            let query =
                Query::default().with_sort(sort).with_limit(Some(limit)).with_offset(offset);
            let events = archive.query(&query)?.events;
            let is_last = events.len() < limit;
            // Others may have come in meanwhile.
            let without = |start: &Option<String>| Month::of(start.as_deref()) == Month::Unknown;
            ids.extend(events.iter().filter(|it| without(&it.timestamp)).map(|event| event.id));
            if is_last {
                break;
            }
            offset += limit;
        }
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}
