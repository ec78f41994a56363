//! What the index knows of the ledger: where its lines stand, and the hashes of its tree.

use rusqlite::{Connection, OptionalExtension};
use wavekeep_custody::merkle::{Nodes, completed};
use wavekeep_custody::{Action, Entry, Hash, hash_of_line};

use super::End;

/// The hashes of the tree, out of the index.
pub(crate) struct Stored<'a>(pub &'a Connection);

impl Nodes for Stored<'_> {
    type Error = rusqlite::Error;

    fn node(&self, level: u32, place: u64) -> rusqlite::Result<Hash> {
        let sql = "SELECT hash FROM ledger_nodes WHERE level = ?1 AND place = ?2";
        let place = i64::try_from(place).unwrap_or(i64::MAX);
        self.0
            .prepare_cached(sql)?
            .query_row((level, place), |row| Ok(Hash(row.get::<_, [u8; 32]>(0)?)))
    }
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub entry: u64,
    pub offset: u64,
    pub bytes: u64,
}

fn place(row: &rusqlite::Row<'_>) -> rusqlite::Result<Place> {
    Ok(Place {
        entry: number(row.get(0)?),
        offset: number(row.get(1)?),
        bytes: number(row.get(2)?),
    })
}

/// The index holds no negative ones, unless it is damaged: they are then found where they lead.
fn number(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn stored(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Where the ledger ends.
pub(crate) fn end(connection: &Connection) -> rusqlite::Result<End> {
    let sql = "SELECT entry, offset, bytes FROM ledger ORDER BY entry DESC LIMIT 1";
    let Some(last) = connection.prepare_cached(sql)?.query_row([], place).optional()? else {
        return Ok(End::EMPTY);
    };
    let hash = Stored(connection).node(0, last.entry.saturating_sub(1))?;
    Ok(End { entries: last.entry, offset: last.offset + last.bytes + 1, last: hash })
}

/// Puts a line that stands at `end` into the tables; `entry` is what it says, where it says anything.
pub(crate) fn store(
    connection: &Connection,
    end: &End,
    line: &[u8],
    entry: Option<&Entry>,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO ledger (entry, offset, bytes, action, event_id) \
               VALUES (?1, ?2, ?3, ?4, ?5)";
    connection.prepare_cached(sql)?.execute((
        stored(end.entries + 1),
        stored(end.offset),
        stored(line.len() as u64),
        entry.map_or("lost", |entry| entry.action.word()),
        entry.and_then(|entry| entry.event.as_ref()).map(|event| event.id),
    ))?;
    let sql = "INSERT INTO ledger_nodes (level, place, hash) VALUES (?1, ?2, ?3)";
    let mut insert = connection.prepare_cached(sql)?;
    for (level, place, hash) in completed(&Stored(connection), end.entries, hash_of_line(line))? {
        insert.execute((level, stored(place), hash.0))?;
    }
    Ok(())
}

/// Forgets all of it.
pub(crate) fn clear(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("DELETE FROM ledger; DELETE FROM ledger_nodes;")
}

/// The last entry of an event.
pub(crate) fn last_of_event(connection: &Connection, id: i64) -> rusqlite::Result<Option<u64>> {
    let sql = "SELECT max(entry) FROM ledger WHERE event_id = ?1";
    let last: Option<i64> = connection.prepare_cached(sql)?.query_row([id], |row| row.get(0))?;
    Ok(last.map(number))
}

/// What the last entry of an event is of.
pub(crate) fn last_action(connection: &Connection, id: i64) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT action FROM ledger WHERE event_id = ?1 ORDER BY entry DESC LIMIT 1";
    connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()
}

/// Where the entries of an event stand, the oldest first.
pub(crate) fn of_event(connection: &Connection, id: i64) -> rusqlite::Result<Vec<Place>> {
    let sql = "SELECT entry, offset, bytes FROM ledger WHERE event_id = ?1 ORDER BY entry";
    connection.prepare_cached(sql)?.query_map([id], place)?.collect()
}

/// The last entry behind `entry`, and whether events were taken out by those up to it; `None` where there is
/// none.
pub(crate) fn removals(
    connection: &Connection,
    entry: u64,
) -> rusqlite::Result<Option<(u64, bool)>> {
    let sql = "SELECT max(entry), max(action IN ('remove', 'forget')) FROM ledger WHERE entry > ?1";
    connection.prepare_cached(sql)?.query_row([stored(entry)], |row| {
        let (last, any): (Option<i64>, Option<bool>) = (row.get(0)?, row.get(1)?);
        Ok(last.map(|last| (number(last), any.unwrap_or_default())))
    })
}

/// Where entries from `first` to `last` stand.
pub(crate) fn between(
    connection: &Connection,
    first: u64,
    last: u64,
) -> rusqlite::Result<Vec<Place>> {
    let sql =
        "SELECT entry, offset, bytes FROM ledger WHERE entry BETWEEN ?1 AND ?2 ORDER BY entry";
    connection.prepare_cached(sql)?.query_map((stored(first), stored(last)), place)?.collect()
}

/// Where the entries of reviews stand.
pub(crate) fn reviews(connection: &Connection) -> rusqlite::Result<Vec<Place>> {
    of_action(connection, Action::Review)
}

/// The entries that set or end alarm levels.
pub(crate) fn levels(connection: &Connection) -> rusqlite::Result<Vec<Place>> {
    of_action(connection, Action::Level)
}

/// The entries of files that are no events and are kept as they came.
pub(crate) fn kept(connection: &Connection) -> rusqlite::Result<Vec<Place>> {
    of_newer_action(connection, Action::Keep)
}

fn of_action(connection: &Connection, action: Action) -> rusqlite::Result<Vec<Place>> {
    let sql = "SELECT entry, offset, bytes FROM ledger WHERE action = ?1 ORDER BY entry";
    connection.prepare_cached(sql)?.query_map([action.word()], place)?.collect()
}

/// The entries of plans.
pub(crate) fn plans(connection: &Connection) -> rusqlite::Result<Vec<Place>> {
    of_newer_action(connection, Action::Plan)
}

/// The entries of an action that earlier programs do not know: an index that one of them brought up to date has
/// them under the word for what it did not know.
fn of_newer_action(connection: &Connection, action: Action) -> rusqlite::Result<Vec<Place>> {
    let sql = "SELECT entry, offset, bytes FROM ledger WHERE action IN (?1, ?2) ORDER BY entry";
    let words = [action.word(), Action::Other.word()];
    connection.prepare_cached(sql)?.query_map(words, place)?.collect()
}

/// The entries of events that went to another unit, the latest first.
pub(crate) fn moves(connection: &Connection, limit: usize) -> rusqlite::Result<Vec<Place>> {
    let sql = "SELECT entry, offset, bytes FROM ledger WHERE action = 'move' \
               ORDER BY entry DESC LIMIT ?1";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    connection.prepare_cached(sql)?.query_map([limit], place)?.collect()
}

/// Numbers of entries whose text is lost.
pub(crate) fn lost(connection: &Connection) -> rusqlite::Result<Vec<u64>> {
    let sql = "SELECT entry FROM ledger WHERE action = 'lost' ORDER BY entry";
    connection.prepare_cached(sql)?.query_map([], |row| Ok(number(row.get(0)?)))?.collect()
}

/// The last entry whose text is lost.
pub(crate) fn last_lost(connection: &Connection) -> rusqlite::Result<Option<u64>> {
    let sql = "SELECT max(entry) FROM ledger WHERE action = 'lost'";
    let last: Option<i64> = connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    Ok(last.map(number))
}

/// The events that the ledger has, that nobody let go of, and that have no row.
pub(crate) fn without_row(connection: &Connection) -> rusqlite::Result<Vec<i64>> {
    let sql = "WITH last AS (SELECT event_id AS id, max(entry) AS entry FROM ledger \
               WHERE event_id IS NOT NULL GROUP BY event_id) \
               SELECT last.id FROM last JOIN ledger l ON l.entry = last.entry \
               WHERE l.action NOT IN ('forget', 'remove') \
               AND NOT EXISTS (SELECT 1 FROM events e WHERE e.id = last.id) ORDER BY last.id";
    connection.prepare_cached(sql)?.query_map([], |row| row.get(0))?.collect()
}

/// The events that have a row and that the ledger does not have, or has let go of.
pub(crate) fn not_in_ledger(connection: &Connection) -> rusqlite::Result<Vec<i64>> {
    let sql = "SELECT e.id FROM events e WHERE coalesce((SELECT l.action FROM ledger l \
               WHERE l.event_id = e.id ORDER BY l.entry DESC LIMIT 1), 'forget') \
               IN ('forget', 'remove') ORDER BY e.id";
    connection.prepare_cached(sql)?.query_map([], |row| row.get(0))?.collect()
}
