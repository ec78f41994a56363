//! How much there is of an archive, and how long writers wait: for those who watch over one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::facts::UNKNOWN_SERIAL;
use crate::{Archive, ArchiveError};

/// How much there is of an archive.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Counts {
    /// Events.
    pub events: u64,
    /// Events with data that is missing or cannot be read.
    pub damaged: u64,
    /// Events whose report and samples cannot both be right.
    pub contradicted: u64,
    /// Events of an unknown unit.
    pub unknown_unit: u64,
    /// Bytes of all source files.
    pub source_bytes: u64,
    /// Entries of the ledger.
    pub ledger_entries: u64,
    /// Bytes of the index and its log.
    pub index_bytes: u64,
    /// Each unit, by its serial number.
    pub units: Vec<UnitCounts>,
}

/// How much there is of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UnitCounts {
    /// Serial number.
    pub serial: String,
    /// Events.
    pub events: u64,
    /// Events that nobody has reviewed.
    pub unreviewed: u64,
    /// When the latest event came in, in UTC.
    pub last_captured_at: Option<String>,
    /// Whether it is the name under which runs of a stream are kept, not the number of a unit.
    pub is_stream: bool,
}

/// How long those who write wait for each other, since the archive was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LockWaits {
    /// Those who wait now.
    pub waiting: u64,
    /// Those who had the lock.
    pub count: u64,
    /// How long all of them waited.
    pub waited: Duration,
}

impl Archive {
    /// How much there is. Events are counted in an index of SQLite, without their rows.
    ///
    /// # Errors
    /// What the index says.
    pub fn counts(&self) -> Result<Counts, ArchiveError> {
        let mut counts = self.ask(|connection| {
            let mut counts = Counts::default();
            let unsigned = |n: i64| u64::try_from(n).unwrap_or(0);
            let sql = "SELECT damaged, contradicted, count(*), ifnull(sum(filesize), 0) FROM events \
                       GROUP BY damaged, contradicted";
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let n = unsigned(row.get(2)?);
                counts.events += n;
                counts.damaged += if row.get(0)? { n } else { 0 };
                counts.contradicted += if row.get(1)? { n } else { 0 };
                counts.source_bytes += unsigned(row.get(3)?);
            }
            let sql = "SELECT serial, events, unreviewed, captured, serial IN \
                       (SELECT DISTINCT serial FROM events WHERE kind = 'stream') \
                       FROM unit_sums ORDER BY serial";
            let mut statement = connection.prepare_cached(sql)?;
            let units = statement.query_map([], |row| {
                Ok(UnitCounts {
                    serial: row.get(0)?,
                    events: unsigned(row.get(1)?),
                    unreviewed: unsigned(row.get(2)?),
                    last_captured_at: row.get(3)?,
                    is_stream: row.get(4)?,
                })
            })?;
            counts.units = units.collect::<rusqlite::Result<_>>()?;
            counts.ledger_entries = crate::ledger::size(connection)?;
            Ok(counts)
        })?;
        let unknown = counts.units.iter().find(|unit| unit.serial == UNKNOWN_SERIAL);
        counts.unknown_unit = unknown.map_or(0, |unit| unit.events);
        let index = self.layout().index();
        let mut log = index.clone().into_os_string();
        log.push("-wal");
        let len = |path: &std::path::Path| std::fs::metadata(path).map_or(0, |found| found.len());
        counts.index_bytes = len(&index) + len(log.as_ref());
        Ok(counts)
    }

    /// How long those who write wait for each other, in this process.
    pub fn lock_waits(&self) -> LockWaits {
        self.waiting.now()
    }
}

/// Counts who waits.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    waiting: AtomicU64,
    count: AtomicU64,
    nanoseconds: AtomicU64,
}

/// One who waits, until this is dropped.
#[derive(Debug)]
pub(crate) struct Wait<'a> {
    of: &'a Waiting,
    begun: Instant,
}

impl Waiting {
    pub(crate) fn begin(&self) -> Wait<'_> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Wait { of: self, begun: Instant::now() }
    }

    fn now(&self) -> LockWaits {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        LockWaits {
            waiting: load(&self.waiting),
            count: load(&self.count),
            waited: Duration::from_nanos(load(&self.nanoseconds)),
        }
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let took = u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.of.waiting.fetch_sub(1, Ordering::Relaxed);
        self.of.count.fetch_add(1, Ordering::Relaxed);
        self.of.nanoseconds.fetch_add(took, Ordering::Relaxed);
    }
}
