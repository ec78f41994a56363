//! Summaries, and what the index holds beside events.

use derive_setters::Setters;
use rusqlite::types::{FromSql, Value as Sql};
use rusqlite::{CachedStatement, Connection, Row, Transaction, named_params, params_from_iter};
use serde::Serialize;
use serde_json::Value;
use wavekeep_core::{Reading, UnitLocal};

use super::conditions::Conditions;
use super::query::Query;
use super::sums;
use crate::sidecar::Sidecar;

/// What there is of one unit. "Largest" leaves false triggers out.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct UnitSummary {
    /// Serial number.
    pub serial: String,
    /// Events, false triggers among them.
    pub events: u64,
    /// Runs of streams, which are among the events.
    pub streams: u64,
    /// False triggers: they are not in `largest_ppv_in_s`.
    pub false_triggers: u64,
    /// Events that nobody has reviewed.
    pub unreviewed: u64,
    /// The largest PPV in in/s.
    pub largest_ppv_in_s: Option<f64>,
    /// The same as it is shown: with its digits and what is special about it.
    pub largest_ppv: Option<Reading>,
    /// The event that has it.
    pub largest_event: Option<i64>,
    /// Time of the earliest event by the unit's own clock.
    pub first: Option<String>,
    /// Time of the latest event by the unit's own clock.
    pub last: Option<String>,
    /// When the latest event came in, in UTC.
    pub last_captured_at: Option<String>,
}

/// What there is of one project.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ProjectSummary {
    /// Its name as written; `None` for events without one.
    pub project: Option<String>,
    /// Events, false triggers among them.
    pub events: u64,
    /// False triggers: they are not in `largest_ppv_in_s`.
    pub false_triggers: u64,
    /// Units that measured for it.
    pub units: u64,
    /// The largest PPV in in/s.
    pub largest_ppv_in_s: Option<f64>,
    /// The same as it is shown: with its digits and what is special about it.
    pub largest_ppv: Option<Reading>,
    /// The event that has it.
    pub largest_event: Option<i64>,
    /// Time of the earliest event.
    pub first: Option<String>,
    /// Time of the latest event.
    pub last: Option<String>,
}

/// What there is of one month by the units' own clocks.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MonthSummary {
    /// `2026-05`; `None` for events without a time.
    pub month: Option<String>,
    /// Events, false triggers among them.
    pub events: u64,
    /// False triggers: they are not in `largest_ppv_in_s`.
    pub false_triggers: u64,
    /// The largest PPV in in/s.
    pub largest_ppv_in_s: Option<f64>,
    /// The same as it is shown: with its digits and what is special about it.
    pub largest_ppv: Option<Reading>,
    /// The event that has it.
    pub largest_event: Option<i64>,
}

/// A row of a unit's monitor log, as its report prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MonitorLogRow {
    /// The event whose report has it.
    pub event_id: i64,
    /// Serial number of the unit.
    pub serial: String,
    /// Start, as written.
    pub start: String,
    /// Stop, as written.
    pub stop: String,
    /// What happened.
    pub text: String,
}

/// How the events of one import fared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SessionCounts {
    /// Events that were handed in.
    pub received: u64,
    /// Saved for the first time.
    pub new: u64,
    /// There already.
    pub same: u64,
    /// There already, and completed by a report or frames now.
    pub paired_late: u64,
    /// Kept under another name.
    pub conflicts: u64,
    /// Not saved.
    pub refused: u64,
}

/// One import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ImportSession {
    /// Its number.
    pub id: i64,
    /// When it began, in UTC.
    pub started_at: String,
    /// When it ended, in UTC; `None` when it was cut short or still runs.
    pub ended_at: Option<String>,
    /// What was imported, as whoever imported says.
    pub source: String,
    /// Who sent it: the name of a token, or the user of the machine; `None` when nobody says.
    pub sent_by: Option<String>,
    /// How its events fared.
    pub counts: SessionCounts,
}

/// An event that changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Change {
    /// Where to ask from next.
    pub cursor: i64,
    /// The event.
    pub id: i64,
}

pub(super) fn count(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    row.get::<_, Option<i64>>(column).map(|n| n.and_then(|n| n.try_into().ok()).unwrap_or(0))
}

/// The largest PPV, false triggers left out.
const LARGEST: &str = "max(CASE WHEN e.false_trigger = 0 THEN e.ppv_in_s END)";

pub(super) fn collect<T>(
    connection: &Connection,
    sql: &str,
    values: &[Sql],
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    connection.prepare_cached(sql)?.query_map(params_from_iter(values), read)?.collect()
}

/// The PPV of an event as it is shown.
fn ppv_of(connection: &Connection, event: Option<i64>) -> rusqlite::Result<Option<Reading>> {
    let row = event.map(|id| super::event(connection, id)).transpose()?.flatten();
    Ok(row.and_then(|row| row.ppv()))
}

/// What the events of one group are asked for: those of a question for which `further` holds too.
struct OfGroup<'a> {
    statement: CachedStatement<'a>,
    conditions: &'a Conditions,
}

impl<'a> OfGroup<'a> {
    fn prepare(
        connection: &'a Connection,
        conditions: &'a Conditions,
        what: &str,
        further: &str,
    ) -> rusqlite::Result<Self> {
        let sql = format!("SELECT {what} FROM events e{}", conditions.and(further));
        Ok(Self { statement: connection.prepare_cached(&sql)?, conditions })
    }

    fn ask<T: FromSql>(&mut self, group: impl IntoIterator<Item = Sql>) -> rusqlite::Result<T> {
        let values = self.conditions.values.iter().cloned().chain(group);
        self.statement.query_row(params_from_iter(values), |row| row.get(0))
    }
}

fn nullable<T: Into<Sql>>(value: Option<T>) -> Sql {
    value.map_or(Sql::Null, Into::into)
}

/// A summary of each unit that has events which answer `query`; its order and page do not matter.
pub(crate) fn units(connection: &Connection, query: &Query) -> rusqlite::Result<Vec<UnitSummary>> {
    let conditions = query.conditions(connection)?;
    let sql = match query.is_of_all() {
        true => "SELECT * FROM unit_sums ORDER BY serial".to_owned(),
        false => format!(
            "SELECT e.serial, count(*) AS events, sum(e.false_trigger) AS false_triggers, \
             sum(e.reviewed = 0) AS unreviewed, {LARGEST} AS largest, min(e.timestamp) AS first, \
             max(e.timestamp) AS last, max(e.captured_at) AS captured \
             FROM events e{} GROUP BY e.serial ORDER BY e.serial",
            conditions.and("")
        ),
    };
    let mut units = collect(connection, &sql, &conditions.values, |row| {
        Ok(UnitSummary {
            serial: row.get("serial")?,
            events: count(row, "events")?,
            streams: 0,
            false_triggers: count(row, "false_triggers")?,
            unreviewed: count(row, "unreviewed")?,
            largest_ppv_in_s: row.get("largest")?,
            largest_ppv: None,
            largest_event: None,
            first: row.get("first")?,
            last: row.get("last")?,
            last_captured_at: row.get("captured")?,
        })
    })?;
    let streams = format!(
        "SELECT e.serial, count(*) FROM events e{} GROUP BY e.serial",
        conditions.and("e.kind = 'stream'")
    );
    let streams: Vec<(String, i64)> =
        collect(connection, &streams, &conditions.values, |row| Ok((row.get(0)?, row.get(1)?)))?;
    for (serial, runs) in streams {
        let unit = units.iter_mut().find(|unit| unit.serial == serial);
        if let Some(unit) = unit {
            unit.streams = runs.try_into().unwrap_or(0);
        }
    }
    // By the PPV, of which there are few the same.
    let further = "+e.serial = ? AND e.ppv_in_s = ? AND e.false_trigger = 0";
    let mut largest = OfGroup::prepare(connection, &conditions, "min(e.id)", further)?;
    for unit in &mut units {
        let group = [unit.serial.clone().into(), nullable(unit.largest_ppv_in_s)];
        unit.largest_event = largest.ask(group)?;
        unit.largest_ppv = ppv_of(connection, unit.largest_event)?;
    }
    Ok(units)
}

/// As [`units`], of each project.
pub(crate) fn projects(
    connection: &Connection,
    query: &Query,
) -> rusqlite::Result<Vec<ProjectSummary>> {
    let conditions = query.conditions(connection)?;
    let sql = match query.is_of_all() {
        true => {
            "SELECT CASE WHEN p.project <> '' THEN substr(p.project, 2) END AS project, events, \
                 false_triggers, largest, first, last FROM project_sums p \
                 ORDER BY p.project = '', p.project"
                .to_owned()
        }
        // The texts are joined to groups, not to events.
        false => format!(
            "SELECT t.project, sum(g.events) AS events, \
         sum(g.false_triggers) AS false_triggers, max(g.largest) AS largest, \
         min(g.first) AS first, max(g.last) AS last FROM (SELECT e.text_id, count(*) AS events, \
         sum(e.false_trigger) AS false_triggers, {LARGEST} AS largest, \
         min(e.timestamp) AS first, max(e.timestamp) AS last FROM events e{} \
         GROUP BY e.text_id) g \
         JOIN texts t ON t.id = g.text_id GROUP BY t.project ORDER BY t.project NULLS LAST",
            conditions.and("")
        ),
    };
    let mut projects = collect(connection, &sql, &conditions.values, |row| {
        Ok(ProjectSummary {
            project: row.get("project")?,
            events: count(row, "events")?,
            false_triggers: count(row, "false_triggers")?,
            units: 0,
            largest_ppv_in_s: row.get("largest")?,
            largest_ppv: None,
            largest_event: None,
            first: row.get("first")?,
            last: row.get("last")?,
        })
    })?;
    const OF_PROJECT: &str = "e.text_id IN (SELECT id FROM texts WHERE project IS ?)";
    let further = format!("+{OF_PROJECT} AND e.ppv_in_s = ? AND e.false_trigger = 0");
    let mut largest = OfGroup::prepare(connection, &conditions, "min(e.id)", &further)?;
    let what = "count(DISTINCT e.serial)";
    let mut units = OfGroup::prepare(connection, &conditions, what, OF_PROJECT)?;
    let all = "SELECT count(*) FROM project_units WHERE project = ifnull('p' || ?1, '')";
    let mut units_of_all = connection.prepare_cached(all)?;
    for project in &mut projects {
        let name = nullable(project.project.clone());
        project.largest_event = largest.ask([name.clone(), nullable(project.largest_ppv_in_s)])?;
        project.largest_ppv = ppv_of(connection, project.largest_event)?;
        let units: i64 = match query.is_of_all() {
            true => units_of_all.query_row([name], |row| row.get(0))?,
            false => units.ask([name])?,
        };
        project.units = units.try_into().unwrap_or(0);
    }
    Ok(projects)
}

/// As [`units`], of each month.
pub(crate) fn months(
    connection: &Connection,
    query: &Query,
) -> rusqlite::Result<Vec<MonthSummary>> {
    let conditions = query.conditions(connection)?;
    let sql = match query.is_of_all() {
        true => {
            "SELECT nullif(month, '') AS month, events, false_triggers, largest FROM month_sums m \
                 ORDER BY m.month DESC"
                .to_owned()
        }
        false => format!(
            "SELECT substr(e.timestamp, 1, 7) AS month, count(*) AS events, \
             sum(e.false_trigger) AS false_triggers, {LARGEST} AS largest FROM events e{} \
             GROUP BY month ORDER BY month DESC NULLS LAST",
            conditions.and("")
        ),
    };
    let mut months = collect(connection, &sql, &conditions.values, |row| {
        Ok(MonthSummary {
            month: row.get("month")?,
            events: count(row, "events")?,
            false_triggers: count(row, "false_triggers")?,
            largest_ppv_in_s: row.get("largest")?,
            largest_ppv: None,
            largest_event: None,
        })
    })?;
    let further = "e.ppv_in_s = ? AND e.false_trigger = 0 AND substr(e.timestamp, 1, 7) IS ?";
    let mut largest = OfGroup::prepare(connection, &conditions, "min(e.id)", further)?;
    for month in &mut months {
        let group = [nullable(month.largest_ppv_in_s), nullable(month.month.clone())];
        month.largest_event = largest.ask(group)?;
        month.largest_ppv = ppv_of(connection, month.largest_event)?;
    }
    Ok(months)
}

/// Which entries of monitor logs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct MonitorLogQuery {
    /// Of this unit.
    pub serial: Option<String>,
    /// In reports of events that began at this time or later.
    pub from: Option<UnitLocal>,
    /// In reports of events that began at this time or earlier.
    pub to: Option<UnitLocal>,
    /// At most so many.
    pub limit: Option<usize>,
    /// So many of the latest ones are left out.
    pub offset: usize,
}

/// The monitor log, the latest entries first. Its own times are text as the vendor wrote it: what is
/// asked for is the time of the event in whose report an entry stands.
pub(crate) fn monitor_log(
    connection: &Connection,
    query: &MonitorLogQuery,
) -> rusqlite::Result<Vec<MonitorLogRow>> {
    let sql = "SELECT m.event_id, m.serial, m.start, m.stop, m.text \
        FROM monitor_log m JOIN events e ON e.id = m.event_id \
        WHERE (?1 IS NULL OR m.serial = ?1) AND (?2 IS NULL OR e.timestamp >= ?2) \
        AND (?3 IS NULL OR e.timestamp <= ?3) ORDER BY m.id DESC LIMIT ?4 OFFSET ?5";
    let page = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let time = |at: Option<UnitLocal>| at.map(|at| at.0.to_string());
    let (from, to) = (time(query.from), time(query.to));
    let (limit, offset) = (page(query.limit.unwrap_or(usize::MAX)), page(query.offset));
    connection
        .prepare_cached(sql)?
        .query_map((&query.serial, from, to, limit, offset), read_monitor_log)?
        .collect()
}

/// Puts the monitor log of an event's report into the index, in place of what was there.
pub(crate) fn store_monitor_log(
    transaction: &Transaction<'_>,
    id: i64,
    serial: &str,
    sidecar: &Sidecar,
) -> rusqlite::Result<()> {
    transaction.prepare_cached("DELETE FROM monitor_log WHERE event_id = ?1")?.execute([id])?;
    let mut insert = transaction.prepare_cached(
        "INSERT INTO monitor_log (event_id, serial, start, stop, text) \
         VALUES (:id, :serial, :start, :stop, :text)",
    )?;
    for row in monitor_log_in(id, serial, sidecar) {
        insert.execute(named_params! {
            ":id": row.event_id, ":serial": row.serial, ":start": row.start, ":stop": row.stop,
            ":text": row.text,
        })?;
    }
    Ok(())
}

/// The monitor log of an event's report, from its sidecar.
fn monitor_log_in(id: i64, serial: &str, sidecar: &Sidecar) -> Vec<MonitorLogRow> {
    let report = sidecar.report();
    let rows = report.and_then(|report| report.get("monitor_log")?.as_array());
    let rows = rows.into_iter().flatten().map(|row| {
        let text =
            |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        MonitorLogRow {
            event_id: id,
            serial: serial.to_owned(),
            start: text("start"),
            stop: text("stop"),
            text: text("text"),
        }
    });
    rows.collect()
}

/// Whether the index has the monitor log that a sidecar gives.
pub(crate) fn has_monitor_log(
    connection: &Connection,
    id: i64,
    serial: &str,
    sidecar: &Sidecar,
) -> rusqlite::Result<bool> {
    let sql = "SELECT event_id, serial, start, stop, text FROM monitor_log \
               WHERE event_id = ?1 ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    let there: Vec<MonitorLogRow> =
        statement.query_map([id], read_monitor_log)?.collect::<rusqlite::Result<_>>()?;
    Ok(there == monitor_log_in(id, serial, sidecar))
}

fn read_monitor_log(row: &Row<'_>) -> rusqlite::Result<MonitorLogRow> {
    Ok(MonitorLogRow {
        event_id: row.get(0)?,
        serial: row.get(1)?,
        start: row.get(2)?,
        stop: row.get(3)?,
        text: row.get(4)?,
    })
}

/// The events that changed after `cursor`, in the order of their changes.
pub(crate) fn changes(
    connection: &Connection,
    cursor: i64,
    limit: usize,
) -> rusqlite::Result<Vec<Change>> {
    let sql = "SELECT changed, id FROM events WHERE changed > ?1 ORDER BY changed LIMIT ?2";
    connection
        .prepare_cached(sql)?
        .query_map((cursor, i64::try_from(limit).unwrap_or(i64::MAX)), |row| {
            Ok(Change { cursor: row.get(0)?, id: row.get(1)? })
        })?
        .collect()
}

/// The imports, the latest first.
pub(crate) fn sessions(connection: &Connection) -> rusqlite::Result<Vec<ImportSession>> {
    collect(connection, "SELECT * FROM sessions ORDER BY id DESC", &[], |row| {
        Ok(ImportSession {
            id: row.get("id")?,
            started_at: row.get("started_at")?,
            ended_at: row.get("ended_at")?,
            source: row.get("source")?,
            sent_by: row.get("sent_by")?,
            counts: SessionCounts {
                received: count(row, "received")?,
                new: count(row, "new")?,
                same: count(row, "same")?,
                paired_late: count(row, "paired_late")?,
                conflicts: count(row, "conflicts")?,
                refused: count(row, "refused")?,
            },
        })
    })
}

pub(crate) fn begin_session(
    connection: &Connection,
    source: &str,
    sent_by: Option<&str>,
    started_at: &str,
) -> rusqlite::Result<i64> {
    let id = connection.query_row(
        "INSERT INTO sessions (started_at, source, sent_by, received, new, same, paired_late, \
         conflicts, refused) VALUES (?1, ?2, ?3, 0, 0, 0, 0, 0, 0) RETURNING id",
        (started_at, source, sent_by),
        |row| row.get(0),
    )?;
    sums::seal_sessions(connection, Some(id))?;
    Ok(id)
}

pub(crate) fn end_session(
    connection: &Connection,
    id: i64,
    counts: SessionCounts,
) -> rusqlite::Result<()> {
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    connection.execute(
        "UPDATE sessions SET ended_at = :at, received = :received, new = :new, same = :same, \
         paired_late = :paired_late, conflicts = :conflicts, refused = :refused WHERE id = :id",
        named_params! {
            ":at": crate::now(), ":received": number(counts.received), ":new": number(counts.new),
            ":same": number(counts.same), ":paired_late": number(counts.paired_late),
            ":conflicts": number(counts.conflicts), ":refused": number(counts.refused), ":id": id,
        },
    )?;
    sums::seal_sessions(connection, Some(id))
}
