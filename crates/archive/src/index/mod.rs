//! The index: SQLite, one row an event, derivable from the files at any time.
//!
//! One connection writes, under the archive's lock; any number read beside it (WAL). Programs that
//! only look open it in a way that needs no write access: see `look`.

mod conditions;
pub(crate) mod grouped;
pub(crate) mod locations;
mod look;
pub(crate) mod migrate;
mod query;
pub(crate) mod row;
pub(crate) mod summary;
pub(crate) mod sums;
pub(crate) mod trend;
pub(crate) mod verdicts;
mod words;

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction};

use crate::ArchiveError;
use crate::place::Identity;
use crate::sidecar::Sidecar;

pub use locations::LocationSummary;
use look::Stamp;
pub use query::{Page, Query, Sort, SortKey, TextField, UnknownOrder};
pub use row::{EventRow, Peak};
pub use summary::{
    Change, ImportSession, MonitorLogQuery, MonitorLogRow, MonthSummary, ProjectSummary,
    SessionCounts, UnitSummary,
};
pub use words::{ImportedSince, Outcomes, TextFields, UnknownWord};

/// Readers that are kept open for the next question.
const READERS: usize = 8;
/// How long one waits for another process's write.
const BUSY: Duration = Duration::from_secs(30);

/// The index of an archive.
#[derive(Debug)]
pub(crate) struct Index {
    path: PathBuf,
    source: Source,
}

/// What is asked.
#[derive(Debug)]
enum Source {
    /// The file, beside a connection that writes.
    Shared(Mutex<Vec<(Identity, Connection)>>),
    /// The file, which is never written to. Each connection is good as long as the file is what it
    /// was.
    Looked(Mutex<Vec<(Stamp, Connection)>>),
    /// A copy that was made from the files, where the file cannot be used.
    Memory(Mutex<Connection>),
}

impl Index {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, source: Source::Shared(Mutex::default()) }
    }

    /// The index for a program that only looks. `None` when there is none that could be asked as it
    /// is: it is made in memory then.
    ///
    /// # Errors
    /// When a newer program made it, or it is damaged.
    pub(crate) fn to_look(path: PathBuf) -> Result<Option<Self>, ArchiveError> {
        let index = Self { path, source: Source::Looked(Mutex::default()) };
        let Some((stamp, connection)) = look::open(&index.path).map_err(|e| index.failed(e))?
        else {
            return Ok(None);
        };
        let version = migrate::version(&connection).map_err(|source| index.failed(source))?;
        index.check_version(version)?;
        if version < migrate::VERSION {
            return Ok(None);
        }
        index.keep(Kept::Looked(stamp, connection));
        Ok(Some(index))
    }

    /// An index in memory, empty.
    pub(crate) fn in_memory(path: PathBuf) -> Result<Self, ArchiveError> {
        let made = || {
            let mut connection = Connection::open_in_memory()?;
            migrate::migrate(&mut connection)?;
            Ok(connection)
        };
        let connection =
            made().map_err(|source| ArchiveError::Index { path: path.clone(), source })?;
        Ok(Self { path, source: Source::Memory(Mutex::new(connection)) })
    }

    /// Fills an index in memory, in one transaction.
    pub(crate) fn fill<T>(
        &self,
        fill: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, ArchiveError> {
        let Source::Memory(connection) = &self.source else {
            return Err(self.failed(rusqlite::Error::InvalidQuery));
        };
        let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        let filled = || {
            let transaction = connection.transaction()?;
            let filled = fill(&transaction)?;
            transaction.commit()?;
            Ok(filled)
        };
        filled().map_err(|source| self.failed(source))
    }

    /// Whether it was made in memory.
    pub(crate) fn is_in_memory(&self) -> bool {
        matches!(self.source, Source::Memory(_))
    }

    /// A connection that writes. The index is made when there is none; the caller holds the lock.
    /// The version is the one that was found, 0 for an index that was made now.
    pub(crate) fn writer(&self) -> Result<(Connection, i64), ArchiveError> {
        let failed = |source| self.failed(source);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let mut connection = Connection::open_with_flags(&self.path, flags).map_err(failed)?;
        connection.busy_timeout(BUSY).map_err(failed)?;
        // Before anything is set: what a newer program made stays as it is.
        let version = migrate::version(&connection).map_err(failed)?;
        self.check_version(version)?;
        settings(&connection).map_err(failed)?;
        if version < migrate::VERSION {
            migrate::migrate(&mut connection).map_err(failed)?;
        }
        Ok((connection, version))
    }

    /// What the file is to the system.
    pub(crate) fn identity(&self) -> Result<Identity, ArchiveError> {
        Identity::at(&self.path).map_err(ArchiveError::io(&self.path, "look at the index"))
    }

    /// A connection to ask, from the pool.
    pub(crate) fn reader(&self) -> Result<Reader<'_>, ArchiveError> {
        let kept = match &self.source {
            Source::Memory(connection) => {
                Kept::Held(connection.lock().unwrap_or_else(PoisonError::into_inner))
            }
            Source::Shared(readers) => {
                let identity = self.identity()?;
                let mut readers = readers.lock().unwrap_or_else(PoisonError::into_inner);
                // Those of an index that was moved aside would answer from what is no more.
                readers.retain(|(of, _)| *of == identity);
                let kept = readers.pop();
                drop(readers);
                let (identity, connection) = match kept {
                    Some(kept) => kept,
                    None => (identity, self.opened()?),
                };
                Kept::Shared(identity, connection)
            }
            Source::Looked(readers) => {
                let stamp = Stamp::of(&self.path)
                    .map_err(ArchiveError::io(&self.path, "look at the index"))?;
                let mut readers = readers.lock().unwrap_or_else(PoisonError::into_inner);
                readers.retain(|(of, _)| *of == stamp);
                let kept = readers.pop();
                drop(readers);
                match kept {
                    Some((stamp, connection)) => Kept::Looked(stamp, connection),
                    None => {
                        let opened =
                            look::open(&self.path).map_err(|source| self.failed(source))?;
                        let (stamp, connection) = opened.ok_or_else(|| {
                            let gone = std::io::ErrorKind::NotFound.into();
                            ArchiveError::io(&self.path, "open the index")(gone)
                        })?;
                        Kept::Looked(stamp, connection)
                    }
                }
            }
        };
        Ok(Reader { index: self, kept: Some(kept) })
    }

    /// A connection that sees the index as it is now, for as long as it is open. `None` where it is in memory.
    pub(crate) fn still(&self) -> Result<Option<Connection>, ArchiveError> {
        let connection = match &self.source {
            Source::Memory(_) => return Ok(None),
            Source::Shared(_) => self.opened()?,
            Source::Looked(_) => {
                match look::open(&self.path).map_err(|source| self.failed(source))? {
                    Some((_, connection)) => connection,
                    None => return Ok(None),
                }
            }
        };
        // A transaction sees nothing before its first question.
        let begun = connection.execute_batch("BEGIN").and_then(|()| {
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
        });
        begun.map_err(|source| self.failed(source))?;
        Ok(Some(connection))
    }

    fn opened(&self) -> Result<Connection, ArchiveError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let open = Connection::open_with_flags(&self.path, flags);
        let connection = open.map_err(|source| self.failed(source))?;
        settings(&connection).map_err(|source| self.failed(source))?;
        Ok(connection)
    }

    fn keep(&self, kept: Kept<'_>) {
        fn put<T>(readers: &Mutex<Vec<T>>, one: T) {
            let mut readers = readers.lock().unwrap_or_else(PoisonError::into_inner);
            if readers.len() < READERS {
                readers.push(one);
            }
        }
        match (&self.source, kept) {
            (Source::Shared(readers), Kept::Shared(identity, connection)) => {
                put(readers, (identity, connection));
            }
            (Source::Looked(readers), Kept::Looked(stamp, connection)) => {
                put(readers, (stamp, connection));
            }
            _ => {}
        }
    }

    pub(crate) fn failed(&self, source: rusqlite::Error) -> ArchiveError {
        ArchiveError::Index { path: self.path.clone(), source }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn check_version(&self, found: i64) -> Result<(), ArchiveError> {
        let known = migrate::VERSION;
        match found > known {
            true => Err(ArchiveError::NewerIndex { path: self.path.clone(), found, known }),
            false => Ok(()),
        }
    }
}

/// What a connection needs that may write.
fn settings(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // What was answered must outlive a power cut: each commit is synced.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    reading(connection)
}

/// What holds for all connections.
fn reading(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // 16 MiB of pages.
    connection.pragma_update(None, "cache_size", -16_384)?;
    // Where an index covers a part of the rows, a statement would be prepared anew for each value.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// A connection that goes back to where it came from.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    index: &'a Index,
    kept: Option<Kept<'a>>,
}

#[derive(Debug)]
enum Kept<'a> {
    Shared(Identity, Connection),
    Looked(Stamp, Connection),
    Held(MutexGuard<'a, Connection>),
}

impl Reader<'_> {
    /// Whether the index is still the one that was asked. Where only looks are taken nobody keeps
    /// others from writing: an answer counts when nothing has changed under it.
    pub(crate) fn is_current(&self) -> bool {
        match &self.kept {
            Some(Kept::Looked(stamp, _)) => {
                Stamp::of(&self.index.path).is_ok_and(|now| now == *stamp)
            }
            _ => true,
        }
    }
}

impl Deref for Reader<'_> {
    type Target = Connection;

    #[expect(clippy::expect_used, reason = "it is there until the reader is dropped")]
    fn deref(&self) -> &Connection {
        match self.kept.as_ref().expect("a connection until the reader is dropped") {
            Kept::Shared(_, connection) | Kept::Looked(_, connection) => connection,
            Kept::Held(connection) => connection,
        }
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        if let Some(kept) = self.kept.take() {
            self.index.keep(kept);
        }
    }
}

/// Whether an error says something of the system at the moment, and nothing of the index.
pub(crate) fn is_of_the_system(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::*;
    let codes = [
        SystemIoFailure,
        DiskFull,
        CannotOpen,
        ReadOnly,
        PermissionDenied,
        DatabaseBusy,
        DatabaseLocked,
        OutOfMemory,
    ];
    error.sqlite_error_code().is_some_and(|code| codes.contains(&code))
}

/// The event with this number.
pub(crate) fn event(connection: &Connection, id: i64) -> rusqlite::Result<Option<EventRow>> {
    let sql = format!(
        "SELECT {} FROM events e JOIN texts t ON t.id = e.text_id WHERE e.id = ?1",
        row::COLUMNS
    );
    connection.prepare_cached(&sql)?.query_row([id], EventRow::read).optional()
}

/// The events whose file names begin with `stem`, without regard to case.
pub(crate) fn with_names_from(
    connection: &Connection,
    stem: &str,
) -> rusqlite::Result<Vec<EventRow>> {
    let sql = format!(
        "SELECT {} FROM events e JOIN texts t ON t.id = e.text_id \
         WHERE e.filename COLLATE NOCASE >= ?1 AND e.filename COLLATE NOCASE < ?2 ORDER BY e.id",
        row::COLUMNS
    );
    let end = format!("{stem}\u{10ffff}");
    connection.prepare_cached(&sql)?.query_map([stem, &end], EventRow::read)?.collect()
}

/// Number and SHA-256 of the event at a place.
pub(crate) fn at_place(
    connection: &Connection,
    serial: &str,
    filename: &str,
) -> rusqlite::Result<Option<(i64, Option<String>)>> {
    connection
        .prepare_cached("SELECT id, sha256 FROM events WHERE serial = ?1 AND filename = ?2")?
        .query_row([serial, filename], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

/// The event of the unit whose file name differs from this one by case alone: its file name and
/// SHA-256.
pub(crate) fn other_case(
    connection: &Connection,
    serial: &str,
    filename: &str,
) -> rusqlite::Result<Option<(String, Option<String>)>> {
    connection
        .prepare_cached(
            "SELECT filename, sha256 FROM events \
             WHERE filename COLLATE NOCASE = ?2 AND filename <> ?2 AND +serial = ?1 ORDER BY id",
        )?
        .query_row([serial, filename], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

/// A unit whose serial number differs from this one in capitals alone; `None` when there are events
/// under this very one.
pub(crate) fn unit_in_other_capitals(
    connection: &Connection,
    serial: &str,
) -> rusqlite::Result<Option<String>> {
    let exact = "SELECT EXISTS (SELECT 1 FROM events WHERE serial = ?1)";
    if connection.prepare_cached(exact)?.query_row([serial], |row| row.get(0))? {
        return Ok(None);
    }
    // From unit to unit, not through all events.
    connection
        .prepare_cached(
            "WITH RECURSIVE units (serial) AS ( \
                SELECT min(serial) FROM events UNION ALL \
                SELECT (SELECT min(e.serial) FROM events e WHERE e.serial > units.serial) \
                FROM units WHERE units.serial IS NOT NULL) \
             SELECT serial FROM units WHERE serial COLLATE NOCASE = ?1",
        )?
        .query_row([serial], |row| row.get(0))
        .optional()
}

/// The events of this file name, case ignored, whose sources have this SHA-256: number, serial
/// and file name.
pub(crate) fn same_bytes(
    connection: &Connection,
    filename: &str,
    sha256: &str,
) -> rusqlite::Result<Vec<(i64, String, String)>> {
    // By the name: thousands of events may have the same bytes, but few the same name.
    connection
        .prepare_cached(
            "SELECT id, serial, filename FROM events \
             WHERE filename COLLATE NOCASE = ?1 AND +sha256 = ?2",
        )?
        .query_map([filename, sha256], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect()
}

/// The events of a unit that began at one of `starts` and whose sources have this SHA-256: file
/// names, the oldest first.
pub(crate) fn same_event(
    connection: &Connection,
    serial: &str,
    starts: &[Option<String>],
    sha256: &str,
) -> rusqlite::Result<Vec<String>> {
    let mut names = Vec::new();
    for start in starts {
        // By the start: thousands of events of a unit may have the same bytes in tests, few the same
        // start.
        let mut found = connection.prepare_cached(
            "SELECT filename FROM events \
             WHERE serial = ?1 AND timestamp IS ?2 AND +sha256 = ?3 ORDER BY id",
        )?;
        let found = found.query_map((serial, start, sha256), |row| row.get(0))?;
        names.extend(found.collect::<rusqlite::Result<Vec<String>>>()?);
    }
    Ok(names)
}

/// The row of an event follows it to another place, with its number and all that the index alone
/// knows. Where it has gone already nothing happens.
pub(crate) fn move_row(
    transaction: &Transaction<'_>,
    from: &(String, String),
    to: &(String, String),
) -> rusqlite::Result<()> {
    let places = (&from.0, &from.1, &to.0, &to.1);
    // A row without files gives way: a change that is in the journal has to come through.
    let stale = "DELETE FROM events WHERE serial = ?3 AND filename = ?4 \
                 AND EXISTS (SELECT 1 FROM events WHERE serial = ?1 AND filename = ?2)";
    transaction.prepare_cached(stale)?.execute(places)?;
    let sql = "UPDATE events SET serial = ?3, filename = ?4 WHERE serial = ?1 AND filename = ?2";
    transaction.prepare_cached(sql)?.execute(places).map(drop)
}

/// The numbers of all events.
pub(crate) fn ids(connection: &Connection) -> rusqlite::Result<Vec<i64>> {
    connection
        .prepare("SELECT id FROM events ORDER BY id")?
        .query_map([], |row| row.get(0))?
        .collect()
}

/// Serial number and file name of the event with a number.
pub(crate) fn place_of(
    connection: &Connection,
    id: i64,
) -> rusqlite::Result<Option<(String, String)>> {
    let sql = "SELECT serial, filename FROM events WHERE id = ?1";
    let place =
        connection.prepare_cached(sql)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?)));
    place.optional()
}

/// Whether no event has a number, or ever had it.
pub(crate) fn is_free(connection: &Connection, id: i64) -> rusqlite::Result<bool> {
    let sql = "SELECT NOT EXISTS (SELECT 1 FROM events WHERE id = ?1) \
               AND NOT EXISTS (SELECT 1 FROM ledger WHERE event_id = ?1) \
               AND NOT EXISTS (SELECT 1 FROM review_log WHERE event_id = ?1)";
    connection.prepare_cached(sql)?.query_row([id], |row| row.get(0))
}

/// Takes the row of an event away.
pub(crate) fn remove(connection: &Connection, id: i64) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM events WHERE id = ?1")?.execute([id]).map(drop)
}

/// The largest number that was ever given to an event.
pub(crate) fn last_id(connection: &Connection) -> rusqlite::Result<i64> {
    let sql = "SELECT seq FROM sqlite_sequence WHERE name = 'events'";
    let seq = connection.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?;
    Ok(seq.unwrap_or(0))
}

/// Numbers up to `id` are given: they are never given again, whatever becomes of their events.
pub(crate) fn reserve(connection: &Connection, id: i64) -> rusqlite::Result<()> {
    let update = "UPDATE sqlite_sequence SET seq = max(seq, ?1) WHERE name = 'events'";
    if connection.execute(update, [id])? == 0 {
        let insert = "INSERT INTO sqlite_sequence (name, seq) VALUES ('events', ?1)";
        connection.execute(insert, [id])?;
    }
    Ok(())
}

/// Numbers that events of the ledger have are given, whatever became of those events.
pub(crate) fn reserve_by_ledger(connection: &Connection) -> rusqlite::Result<()> {
    let sql = "SELECT coalesce(max(event_id), 0) FROM ledger WHERE event_id < ?1";
    let last: i64 = connection
        .prepare_cached(sql)?
        .query_row([crate::ledger::MOST_EVENTS], |row| row.get(0))?;
    if last > 0 { reserve(connection, last) } else { Ok(()) }
}

/// The next place in the order of changes: microseconds, so that the order outlives the index.
pub(crate) fn next_change(connection: &Connection) -> rusqlite::Result<i64> {
    let last: i64 = connection
        .prepare_cached("SELECT coalesce(max(changed), 0) FROM events")?
        .query_row([], |row| row.get(0))?;
    Ok(jiff::Timestamp::now().as_microsecond().max(last + 1))
}

/// Writes the row of an event and what else of its sidecar the index holds. A number that belongs
/// to another event is not taken. Its verdict is to be found anew.
pub(crate) fn store(
    transaction: &Transaction<'_>,
    serial: &str,
    filename: &str,
    sidecar: &Sidecar,
    changed: i64,
) -> rusqlite::Result<i64> {
    let id = store_row(transaction, serial, filename, sidecar, changed)?;
    verdicts::forget(transaction, &[id])?;
    Ok(id)
}

/// Writes the row of an event that was reviewed. Its verdict stays, unless it is of another project or
/// location now.
pub(crate) fn store_review(
    transaction: &Transaction<'_>,
    serial: &str,
    filename: &str,
    sidecar: &Sidecar,
    changed: i64,
) -> rusqlite::Result<()> {
    let texts = |transaction: &Transaction<'_>| -> rusqlite::Result<Option<i64>> {
        let sql = "SELECT text_id FROM events WHERE serial = ?1 AND filename = ?2";
        let mut statement = transaction.prepare_cached(sql)?;
        statement.query_row((serial, filename), |row| row.get(0)).optional()
    };
    let before = texts(transaction)?;
    let id = store_row(transaction, serial, filename, sidecar, changed)?;
    match before == texts(transaction)? {
        true => Ok(()),
        false => verdicts::forget(transaction, &[id]),
    }
}

fn store_row(
    transaction: &Transaction<'_>,
    serial: &str,
    filename: &str,
    sidecar: &Sidecar,
    changed: i64,
) -> rusqlite::Result<i64> {
    let mut row = EventRow::of(serial, filename, sidecar);
    let taken = "SELECT 1 FROM events WHERE id = ?1 AND NOT (serial = ?2 AND filename = ?3)";
    let is_taken = transaction.prepare_cached(taken)?.exists((row.id, serial, filename))?;
    if is_taken {
        row.id = 0;
    }
    let id = row::upsert(transaction, &row, changed)?;
    summary::store_monitor_log(transaction, id, serial, sidecar)?;
    Ok(id)
}
