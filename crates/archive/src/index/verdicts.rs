//! The verdicts of events, beside their rows: they are derived from files and levels, and none is there
//! until somebody judges.

use rusqlite::{Connection, Transaction, named_params};

use super::{event, next_change, sums};
use crate::EventRow;
use crate::levels::{LevelOutcome, LevelVerdicts};

/// How many events have no verdict.
pub(crate) fn pending_count(connection: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT count(*) FROM events WHERE verdict IS NULL";
    let count: i64 = connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// The next events without a verdict.
pub(crate) fn pending(
    connection: &Connection,
    after: i64,
    limit: usize,
) -> rusqlite::Result<Vec<i64>> {
    let sql = "SELECT id FROM events WHERE verdict IS NULL AND id > ?1 ORDER BY id LIMIT ?2";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    connection.prepare_cached(sql)?.query_map((after, limit), |row| row.get(0))?.collect()
}

/// Puts verdicts into the rows that are as they were when they were judged; gives the outcomes of those.
pub(crate) fn store(
    transaction: &Transaction<'_>,
    judged: &[(EventRow, LevelVerdicts)],
) -> rusqlite::Result<Vec<LevelOutcome>> {
    let mut outcomes = Vec::new();
    let changed = next_change(transaction)?;
    for (changed, (row, verdicts)) in (changed..).zip(judged) {
        // Somebody changed it since: it is judged again.
        let is_now = event(transaction, row.id)?;
        if is_now.is_none_or(|is| is.verdict.is_some() || is.changed != row.changed) {
            continue;
        }
        let (outcome, margin) = (verdicts.outcome(), verdicts.margin_percent());
        let said = serde_json::to_string(verdicts).unwrap_or_default();
        let sum = sums::of_verdict(Some(outcome.word()), margin, &said);
        let sql = "UPDATE events SET verdict = :verdict, margin_percent = :margin, judged = :judged, \
                   verdict_sum = :sum, changed = :changed WHERE id = :id";
        transaction.prepare_cached(sql)?.execute(named_params! {
            ":id": row.id, ":verdict": outcome.word(), ":margin": margin, ":judged": said, ":sum": sum,
            ":changed": changed,
        })?;
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// The last entry of the ledger with a level by which the verdicts were looked through.
pub(crate) fn levels_seen(connection: &Connection) -> rusqlite::Result<i64> {
    let sql = "SELECT coalesce(max(entry), 0) FROM levels_seen";
    connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
}

/// Notes that the verdicts were looked through by the levels up to this entry.
pub(crate) fn note_levels_seen(transaction: &Transaction<'_>, entry: i64) -> rusqlite::Result<()> {
    transaction.prepare_cached("UPDATE levels_seen SET entry = ?1")?.execute([entry]).map(drop)
}

/// What a row without a verdict has.
pub(crate) const NONE: &str =
    "verdict = NULL, margin_percent = NULL, judged = '{}', verdict_sum = NULL";

/// Takes verdicts away.
pub(crate) fn forget(transaction: &Transaction<'_>, ids: &[i64]) -> rusqlite::Result<()> {
    let mut forget = transaction.prepare_cached(&format!(
        "UPDATE events SET {NONE} WHERE id = ?1 AND verdict IS NOT NULL"
    ))?;
    ids.iter().try_for_each(|id| forget.execute([id]).map(drop))
}
