//! Questions for events.

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, params_from_iter};
use serde::Serialize;
use wavekeep_core::UnitLocal;

use crate::index::row::{COLUMNS, EventRow};

/// Which events, in which order. Everything that is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    /// Serial number of the unit.
    pub serial: Option<String>,
    /// Project, as written.
    pub project: Option<String>,
    /// `waveform`, `histogram`, `stream` or `unknown`.
    pub kind: Option<String>,
    /// Not before, by the units' own clocks. Events without a time are left out then.
    pub from: Option<UnitLocal>,
    /// Not after, by the units' own clocks.
    pub to: Option<UnitLocal>,
    /// Only events with a PPV of at least this, in in/s.
    pub min_ppv_in_s: Option<f64>,
    /// Only false triggers, or none.
    pub false_trigger: Option<bool>,
    /// Only what somebody reviewed, or what nobody did.
    pub reviewed: Option<bool>,
    /// Contained in project, client, operator, location, notes or the reviewer's notes, or at the
    /// beginning of file name or serial number; without regard to case (ASCII).
    pub text: Option<String>,
    /// The order.
    pub sort: Sort,
    /// At most so many events; `None` is 100.
    pub limit: Option<usize>,
    /// So many of the first ones are left out.
    pub offset: usize,
}

/// An order of events. Equals follow by their numbers; what has no value comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// What decides.
    pub key: SortKey,
    /// The largest first.
    pub descending: bool,
}

impl Default for Sort {
    fn default() -> Self {
        Self { key: SortKey::Timestamp, descending: true }
    }
}

/// What events are ordered by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SortKey {
    /// Time by the unit's own clock.
    #[default]
    Timestamp,
    /// PPV.
    Ppv,
    /// The order in which they came in.
    Id,
}

/// A part of an answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Page {
    /// How many events there are in all.
    pub total: u64,
    /// Those of this page.
    pub events: Vec<EventRow>,
}

/// Events of a page when nothing else is asked for.
const DEFAULT_LIMIT: usize = 100;

/// Conditions with their values.
#[derive(Debug, Default)]
struct Conditions {
    sql: Vec<String>,
    values: Vec<Sql>,
}

impl Conditions {
    fn add(&mut self, sql: impl Into<String>, values: impl IntoIterator<Item = Sql>) {
        self.sql.push(sql.into());
        self.values.extend(values);
    }

    fn clause(&self) -> String {
        if self.sql.is_empty() {
            return String::new();
        }
        format!(" WHERE {}", self.sql.join(" AND "))
    }
}

impl Query {
    /// The page that answers.
    pub(crate) fn page(&self, connection: &Connection) -> rusqlite::Result<Page> {
        let conditions = self.conditions(connection)?;
        let clause = conditions.clause();
        let count = format!("SELECT COUNT(*) FROM events e{clause}");
        let values = || params_from_iter(conditions.values.iter().cloned());
        let total: i64 =
            connection.prepare_cached(&count)?.query_row(values(), |row| row.get(0))?;

        let direction = if self.sort.descending { "DESC" } else { "ASC" };
        let order = match self.sort.key {
            SortKey::Timestamp => format!("e.timestamp {direction} NULLS LAST, e.id {direction}"),
            SortKey::Ppv => format!("e.ppv_in_s {direction} NULLS LAST, e.id {direction}"),
            SortKey::Id => format!("e.id {direction}"),
        };
        // Rows are read for the page only; what is skipped is skipped in an index.
        let page = format!(
            "SELECT {COLUMNS} FROM (SELECT e.id FROM events e{clause} ORDER BY {order} \
             LIMIT {} OFFSET {}) page JOIN events e ON e.id = page.id \
             JOIN texts t ON t.id = e.text_id ORDER BY {order}",
            self.limit.unwrap_or(DEFAULT_LIMIT).min(i64::MAX as usize),
            self.offset.min(i64::MAX as usize),
        );
        let mut statement = connection.prepare_cached(&page)?;
        let events = statement.query_map(values(), EventRow::read)?.collect::<Result<_, _>>()?;
        Ok(Page { total: u64::try_from(total).unwrap_or(0), events })
    }

    fn conditions(&self, connection: &Connection) -> rusqlite::Result<Conditions> {
        let mut all = Conditions::default();
        let text = |text: &String| Sql::Text(text.clone());
        if let Some(serial) = &self.serial {
            all.add("e.serial = ?", [text(serial)]);
        }
        if let Some(project) = &self.project {
            all.add("e.text_id IN (SELECT id FROM texts WHERE project = ?)", [text(project)]);
        }
        if let Some(kind) = &self.kind {
            all.add("e.kind = ?", [text(kind)]);
        }
        if let Some(from) = self.from {
            all.add("e.timestamp >= ?", [Sql::Text(from.0.to_string())]);
        }
        if let Some(to) = self.to {
            all.add("e.timestamp <= ?", [Sql::Text(to.0.to_string())]);
        }
        if let Some(ppv) = self.min_ppv_in_s {
            all.add("e.ppv_in_s >= ?", [Sql::Real(ppv)]);
        }
        if let Some(false_trigger) = self.false_trigger {
            all.add("e.false_trigger = ?", [Sql::Integer(false_trigger.into())]);
        }
        match self.reviewed {
            Some(true) => all.add("e.reviewed_at IS NOT NULL", []),
            Some(false) => all.add("e.reviewed_at IS NULL", []),
            None => {}
        }
        if let Some(wanted) = self.text.as_deref().filter(|text| !text.is_empty()) {
            containing(&mut all, connection, wanted)?;
        }
        Ok(all)
    }
}

/// The condition that `wanted` is in one of the texts: the few distinct ones are searched, not
/// those of each event.
fn containing(all: &mut Conditions, connection: &Connection, wanted: &str) -> rusqlite::Result<()> {
    let escaped: String = wanted
        .chars()
        .flat_map(|c| matches!(c, '%' | '_' | '\\').then_some('\\').into_iter().chain([c]))
        .collect();
    let within = Sql::Text(format!("%{escaped}%"));
    let begins = Sql::Text(format!("{}\u{10ffff}", wanted));
    let like = |column: &str| format!("{column} LIKE ?1 ESCAPE '\\'");
    let columns = ["project", "client", "operator", "location", "notes"].map(like).join(" OR ");
    let mut statement =
        connection.prepare_cached(&format!("SELECT id FROM texts WHERE {columns}"))?;
    let texts: Vec<i64> =
        statement.query_map([&within], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let texts: Vec<String> = texts.iter().map(i64::to_string).collect();
    all.add(
        format!(
            "(e.text_id IN ({}) OR (e.filename COLLATE NOCASE >= ? AND \
             e.filename COLLATE NOCASE < ?) OR e.serial LIKE ? ESCAPE '\\' \
             OR e.review_notes LIKE ? ESCAPE '\\')",
            texts.join(",")
        ),
        [Sql::Text(wanted.to_owned()), begins, Sql::Text(format!("{escaped}%")), within],
    );
    Ok(())
}
