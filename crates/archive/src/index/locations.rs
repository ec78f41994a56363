//! A summary of each location.

use rusqlite::Connection;
use serde::Serialize;

use super::query::Query;
use super::summary::{collect, count};

/// What there is of one location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LocationSummary {
    /// Its name as written or corrected; `None` for events without one.
    pub location: Option<String>,
    /// Events, false triggers among them.
    pub events: u64,
    /// Time of the latest event.
    pub last: Option<String>,
}

/// A summary of each location that has events which answer `query`; its order and page do not matter.
pub(crate) fn locations(
    connection: &Connection,
    query: &Query,
) -> rusqlite::Result<Vec<LocationSummary>> {
    let conditions = query.conditions(connection)?;
    // The texts are joined to groups, not to events; an index has all that is asked of events.
    let sql = format!(
        "SELECT nullif(t.location, '') AS location, sum(g.events) AS events, max(g.last) AS last \
         FROM (SELECT e.text_id, count(*) AS events, max(e.timestamp) AS last FROM events e{} \
         GROUP BY e.text_id) g JOIN texts t ON t.id = g.text_id \
         GROUP BY nullif(t.location, '') ORDER BY nullif(t.location, '') NULLS LAST",
        conditions.and("")
    );
    collect(connection, &sql, &conditions.values, |row| {
        let (location, last) = (row.get("location")?, row.get("last")?);
        Ok(LocationSummary { location, events: count(row, "events")?, last })
    })
}
