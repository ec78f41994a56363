//! Checksums of what the index alone knows: when events were last seen, sessions, the numbers that
//! were given. Everything else in it is held against the files.

use rusqlite::{Connection, OptionalExtension};
use sha2::{Digest, Sha256};

use super::migrate;

/// What is between the parts of a sum: it is in none of them.
const BETWEEN: &str = "\u{1f}";

/// The first 8 bytes of the SHA-256 of a text.
fn sum(text: &str) -> i64 {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().take(8).fold(0, |sum, byte| sum << 8 | i64::from(*byte))
}

/// The sum of when an event was last seen.
pub(crate) fn of_last_seen(last_seen: Option<&str>) -> i64 {
    sum(last_seen.unwrap_or_default())
}

/// The sum of what the levels say of an event; `None` where it is not judged.
pub(crate) fn of_verdict(verdict: Option<&str>, margin: Option<f64>, judged: &str) -> Option<i64> {
    let verdict = verdict?;
    let margin = margin.map_or(0, f64::to_bits);
    Some(sum(&format!("{verdict}{BETWEEN}{margin:x}{BETWEEN}{judged}")))
}

fn of_number(name: &str, last: i64) -> i64 {
    sum(&format!("{name}{BETWEEN}{last}"))
}

/// All columns of a session as one text; SQLite gives each value its own form, so that a number and
/// a text, or nothing and an empty text, are not the same.
const SESSION: &str = "SELECT id, sum, id || char(31) || quote(started_at) || char(31) || \
    quote(ended_at) || char(31) || quote(source) || char(31) || quote(received) || char(31) || \
    quote(new) || char(31) || quote(same) || char(31) || quote(paired_late) || char(31) || \
    quote(conflicts) || char(31) || quote(refused) || \
    coalesce(char(31) || quote(sent_by), '') FROM sessions";

fn sessions(
    connection: &Connection,
    of: Option<i64>,
) -> rusqlite::Result<Vec<(i64, Option<i64>, i64)>> {
    let sql = match of {
        Some(_) => format!("{SESSION} WHERE id = ?1"),
        None => format!("{SESSION} WHERE ?1 IS NULL"),
    };
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement
        .query_map([of], |row| Ok((row.get(0)?, row.get(1)?, sum(&row.get::<_, String>(2)?))))?;
    rows.collect()
}

/// Puts the sum into a session that was changed; into all of them without a number.
pub(crate) fn seal_sessions(connection: &Connection, of: Option<i64>) -> rusqlite::Result<()> {
    for (id, was, is) in sessions(connection, of)? {
        if was != Some(is) {
            let sql = "UPDATE sessions SET sum = ?2 WHERE id = ?1";
            connection.prepare_cached(sql)?.execute((id, is))?;
        }
    }
    Ok(())
}

/// Notes the largest numbers that were given: at the end of each change.
pub(crate) fn note_numbers(connection: &Connection) -> rusqlite::Result<()> {
    let sql = "SELECT s.name, s.seq FROM sqlite_sequence s LEFT JOIN numbers n USING (name) \
               WHERE n.last IS NOT s.seq";
    let changed: Vec<(String, i64)> = connection
        .prepare_cached(sql)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let sql = "INSERT INTO numbers (name, last, sum) VALUES (?1, ?2, ?3) \
               ON CONFLICT (name) DO UPDATE SET last = excluded.last, sum = excluded.sum";
    for (name, last) in changed {
        let sum = of_number(&name, last);
        connection.prepare_cached(sql)?.execute((name, last, sum))?;
    }
    Ok(())
}

/// Gives sums to everything as it stands: of an index that had none, and of one that is repaired.
pub(crate) fn seal_all(connection: &Connection) -> rusqlite::Result<()> {
    let sql = "SELECT id, last_seen FROM events WHERE last_seen_sum IS NULL";
    let without: Vec<(i64, Option<String>)> = connection
        .prepare(sql)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut update = connection.prepare("UPDATE events SET last_seen_sum = ?2 WHERE id = ?1")?;
    for (id, last_seen) in without {
        update.execute((id, of_last_seen(last_seen.as_deref())))?;
    }
    seal_sessions(connection, None)?;
    connection.execute("DELETE FROM numbers", [])?;
    note_numbers(connection)
}

/// What is not as it was written, in sentences.
pub(crate) fn problems(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut statement = connection.prepare(
        "SELECT serial, filename, last_seen, last_seen_sum FROM events ORDER BY serial, filename",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (serial, filename): (String, String) = (row.get(0)?, row.get(1)?);
        let last_seen: Option<String> = row.get(2)?;
        if row.get::<_, Option<i64>>(3)? != Some(of_last_seen(last_seen.as_deref())) {
            found.push(format!("when {serial}/{filename} was last seen is not as it was written"));
        }
    }
    let mut statement = connection.prepare(
        "SELECT serial, filename, verdict, margin_percent, judged, verdict_sum FROM events \
         WHERE verdict IS NOT NULL OR margin_percent IS NOT NULL OR judged <> '{}' \
         OR verdict_sum IS NOT NULL ORDER BY serial, filename",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (serial, filename): (String, String) = (row.get(0)?, row.get(1)?);
        let (verdict, judged): (Option<String>, String) = (row.get(2)?, row.get(4)?);
        let is = of_verdict(verdict.as_deref(), row.get(3)?, &judged);
        if is.is_none() || is != row.get(5)? {
            found.push(format!("the verdict of {serial}/{filename} is not as it was written"));
        }
    }
    for (id, was, is) in sessions(connection, None)? {
        if was != Some(is) {
            found.push(format!("import session {id} is not as it was written"));
        }
    }
    let sql = "SELECT name, last, sum, (SELECT seq FROM sqlite_sequence s WHERE s.name = n.name) \
               FROM numbers n \
               UNION ALL SELECT name, NULL, NULL, seq FROM sqlite_sequence \
               WHERE name NOT IN (SELECT name FROM numbers)";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        let (last, sum, seq): (Option<i64>, Option<i64>, Option<i64>) =
            (row.get(1)?, row.get(2)?, row.get(3)?);
        if last.is_none() || last != seq || sum != last.map(|last| of_number(&name, last)) {
            found.push(format!("the last number of {name} is not as it was written"));
        }
    }
    let orphans = connection
        .prepare("SELECT DISTINCT \"table\" FROM pragma_foreign_key_check")?
        .query_map([], |row| row.get::<_, String>(0))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    found.extend(orphans.into_iter().map(|table| format!("rows of {table} belong to nothing")));
    found.extend(super::grouped::problems(connection)?);
    Ok(found)
}

/// Tables and indexes against those of a new index.
pub(crate) fn wrong_schema(connection: &Connection) -> rusqlite::Result<Option<String>> {
    fn schema(connection: &Connection) -> rusqlite::Result<Vec<[Option<String>; 4]>> {
        // What ANALYZE adds is of the reader's making, and so is what it says.
        let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema \
                   WHERE name NOT LIKE 'sqlite_stat%' ORDER BY name";
        let mut statement = connection.prepare(sql)?;
        let rows = statement
            .query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))?;
        rows.collect()
    }
    let mut fresh = Connection::open_in_memory()?;
    migrate::migrate(&mut fresh)?;
    let is_same = schema(&fresh)? == schema(connection)?;
    Ok((!is_same).then(|| "its tables are not those that this program makes".to_owned()))
}

/// When an event was last seen, if that is as it was written.
pub(crate) fn is_intact(last_seen: Option<&str>, sum: Option<i64>) -> bool {
    sum == Some(of_last_seen(last_seen))
}

/// Puts the last numbers back to what was noted of them, where that is intact.
pub(crate) fn restore_numbers(connection: &Connection) -> rusqlite::Result<()> {
    let strangers = "DELETE FROM sqlite_sequence WHERE name NOT IN ('events', 'sessions')";
    connection.execute(strangers, [])?;
    for name in ["events", "sessions"] {
        let sql = "SELECT last, sum FROM numbers WHERE name = ?1";
        let noted = connection.query_row(sql, [name], |row| Ok((row.get(0)?, row.get(1)?)));
        let noted: Option<(i64, i64)> = noted.optional()?;
        if let Some((last, _)) = noted.filter(|(last, sum)| *sum == of_number(name, *last)) {
            let sql = format!(
                "UPDATE sqlite_sequence SET seq = max(?2, (SELECT coalesce(max(id), 0) FROM {name})) \
                 WHERE name = ?1"
            );
            connection.execute(&sql, (name, last))?;
        }
    }
    Ok(())
}
