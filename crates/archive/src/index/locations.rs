//! A summary of each location.

use std::collections::HashMap;

use rusqlite::Connection;
use rusqlite::types::Value as Sql;
use serde::Serialize;
use wavekeep_core::Reading;

use super::conditions::Conditions;
use super::query::Query;
use super::summary::{collect, count};

/// What there is of one location.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LocationSummary {
    /// Its name as written or corrected; `None` for events without one.
    pub location: Option<String>,
    /// Events, false triggers among them.
    pub events: u64,
    /// Time of the latest event.
    pub last: Option<String>,
    /// False triggers: they are in none of the following.
    pub false_triggers: u64,
    /// Events above a limit.
    pub exceeds: u64,
    /// Events above the warning share of a limit.
    pub warns: u64,
    /// The latest event that has a time.
    pub last_event: Option<i64>,
    /// What the alarm levels say of it; `None` where it is not judged.
    pub last_verdict: Option<String>,
    /// Its PPV as it is shown.
    pub last_ppv: Option<Reading>,
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
    let mut locations = collect(connection, &sql, &conditions.values, |row| {
        Ok(LocationSummary {
            location: row.get("location")?,
            events: count(row, "events")?,
            last: row.get("last")?,
            false_triggers: 0,
            exceeds: 0,
            warns: 0,
            last_event: None,
            last_verdict: None,
            last_ppv: None,
        })
    })?;
    let names = locations.iter().map(|of| of.location.clone());
    let places: HashMap<Option<String>, usize> = names.zip(0..).collect();
    type Field = fn(&mut LocationSummary) -> &mut u64;
    let fields: [(&str, Field); 3] = [
        ("e.false_trigger = 1", |of| &mut of.false_triggers),
        ("e.false_trigger = 0 AND e.verdict = 'exceeds'", |of| &mut of.exceeds),
        ("e.false_trigger = 0 AND e.verdict = 'warns'", |of| &mut of.warns),
    ];
    for (further, field) in fields {
        for (location, number) in counts(connection, &conditions, further)? {
            if let Some(at) = places.get(&location) {
                *field(&mut locations[*at]) = number;
            }
        }
    }
    // Beside a max() SQLite gives the other columns of the row that has it.
    let sql = format!(
        "SELECT nullif(t.location, ''), g.id, max(g.last) FROM (SELECT e.text_id, e.id, \
         max(e.timestamp) AS last FROM events e{} GROUP BY e.text_id) g \
         JOIN texts t ON t.id = g.text_id GROUP BY 1",
        conditions.and("e.false_trigger = 0 AND e.timestamp IS NOT NULL")
    );
    let latest: Vec<(Option<String>, i64)> =
        collect(connection, &sql, &conditions.values, |row| Ok((row.get(0)?, row.get(1)?)))?;
    for (location, id) in latest {
        let row = super::event(connection, id)?;
        if let (Some(at), Some(row)) = (places.get(&location), row) {
            let of = &mut locations[*at];
            of.last_event = Some(id);
            of.last_ppv = row.ppv();
            of.last_verdict = row.verdict;
        }
    }
    Ok(locations)
}

/// How many events of each location there are for which `further` holds too.
fn counts(
    connection: &Connection,
    conditions: &Conditions,
    further: &str,
) -> rusqlite::Result<Vec<(Option<String>, u64)>> {
    let sql = format!(
        "SELECT nullif(t.location, '') AS location, sum(g.events) AS events \
         FROM (SELECT e.text_id, count(*) AS events FROM events e{} GROUP BY e.text_id) g \
         JOIN texts t ON t.id = g.text_id GROUP BY 1",
        conditions.and(further)
    );
    let values: &[Sql] = &conditions.values;
    collect(connection, &sql, values, |row| Ok((row.get(0)?, count(row, "events")?)))
}
