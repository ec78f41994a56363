//! The versions of the index, by `PRAGMA user_version`.

use rusqlite::Connection;

/// The statements that lead from each version to the next one.
const STEPS: [&str; 1] = [include_str!("schema_1.sql")];

/// The version that this program writes.
pub(crate) const VERSION: i64 = STEPS.len() as i64;

/// Version of the index; 0 for a new one.
pub(crate) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Brings an index to [`VERSION`], in one transaction. The caller holds the archive's lock.
pub(crate) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let from = version(connection)?;
    let transaction = connection.transaction()?;
    for step in &STEPS[usize::try_from(from).unwrap_or(0).min(STEPS.len())..] {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}
