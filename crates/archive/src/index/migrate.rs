//! The versions of the index, by `PRAGMA user_version`.

use rusqlite::Connection;

use super::sums;

/// The statements that lead from each version to the next one.
const STEPS: [&str; 8] = [
    include_str!("schema_1.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    concat!(include_str!("schema_5.sql"), include_str!("sum_triggers.sql")),
    include_str!("schema_6.sql"),
    include_str!("schema_7.sql"),
    include_str!("schema_8.sql"),
];

/// Rows of an earlier version lack columns that their sidecars have: they are completed.
pub(crate) const DERIVED_ROWS: i64 = 3;

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
    if from < 2 {
        sums::seal_all(&transaction)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}
