//! Questions for events.

use std::str::FromStr;

use derive_setters::Setters;
use jiff::Timestamp;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};
use serde::Serialize;
use wavekeep_core::UnitLocal;

use super::conditions::Conditions;
use super::row::{COLUMNS, EventRow};
use crate::levels::LevelOutcome;
use crate::scope::Scope;

/// Which events, in which order. Everything that is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct Query {
    /// Numbers of events; `None` is all, an empty list none.
    pub ids: Option<Vec<i64>>,
    /// Only events of a part of the archive.
    pub scope: Option<Scope>,
    /// Serial number of the unit.
    pub serial: Option<String>,
    /// Project, as written.
    pub project: Option<String>,
    /// Location of the sensor, as written.
    pub location: Option<String>,
    /// `waveform`, `histogram`, `stream` or `unknown`.
    pub kind: Option<String>,
    /// Not before, by the units' own clocks. Events without a time are left out then.
    pub from: Option<UnitLocal>,
    /// Not after, by the units' own clocks.
    pub to: Option<UnitLocal>,
    /// Only events with a PPV of at least this, in in/s.
    pub min_ppv_in_s: Option<f64>,
    /// Only events with a PPV of at most this, in in/s.
    pub max_ppv_in_s: Option<f64>,
    /// Only false triggers, or none.
    pub false_trigger: Option<bool>,
    /// Only what somebody reviewed, or what nobody did.
    pub reviewed: Option<bool>,
    /// Only events of which the alarm levels say one of these; those that are not judged are left out.
    pub verdicts: Option<Vec<LevelOutcome>>,
    /// As [`verdicts`](Self::verdicts), of the air alone.
    pub air_verdicts: Option<Vec<LevelOutcome>>,
    /// Only events whose data is damaged or missing, or none of them.
    pub damaged: Option<bool>,
    /// Only events with a sensor at its limit, or none of them.
    pub saturated: Option<bool>,
    /// Only events with a report, or those without.
    pub has_report: Option<bool>,
    /// Only events that have none of these texts.
    pub without: Vec<TextField>,
    /// Only events that came into the archive at this time or later.
    pub imported_since: Option<Timestamp>,
    /// Contained in project, client, operator, location, notes or the reviewer's notes, or at the
    /// beginning of file name or serial number; without regard to case (ASCII).
    pub text: Option<String>,
    /// Only events that changed after this place in the order of changes: [`EventRow::changed`] of the last
    /// one that is known, 0 for all. An event that is taken out leaves no row: the ledger says it.
    pub changed_since: Option<i64>,
    /// The order.
    pub sort: Sort,
    /// Only those that follow the event of this number in the order: the next page costs the same
    /// wherever it is. It need not answer the question itself.
    pub after_id: Option<i64>,
    /// At most so many events; `None` is 100.
    pub limit: Option<usize>,
    /// So many of the first ones are left out; of those behind `after_id`, if that is given.
    pub offset: usize,
}

/// A text of an event, which a person typed into the unit or corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextField {
    /// Project.
    Project,
    /// Client.
    Client,
    /// Operator.
    Operator,
    /// Location of the sensor.
    Location,
}

impl TextField {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Project, Self::Client, Self::Operator, Self::Location];

    /// As it is written in queries and in the index.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Client => "client",
            Self::Operator => "operator",
            Self::Location => "location",
        }
    }
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

/// A word that names no order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no order: expected one of {orders}", orders = Sort::WORDS.join(", "))]
pub struct UnknownOrder(String);

impl Sort {
    /// Every order as it is written; `-` in front is the largest first.
    pub const WORDS: [&'static str; 10] = [
        "timestamp",
        "-timestamp",
        "ppv",
        "-ppv",
        "margin",
        "-margin",
        "id",
        "-id",
        "changed",
        "-changed",
    ];
}

impl FromStr for Sort {
    type Err = UnknownOrder;

    fn from_str(word: &str) -> Result<Self, UnknownOrder> {
        let (descending, key) = match word.strip_prefix('-') {
            Some(key) => (true, key),
            None => (false, word),
        };
        let key = match key {
            "timestamp" => SortKey::Timestamp,
            "ppv" => SortKey::Ppv,
            "margin" => SortKey::Margin,
            "id" => SortKey::Id,
            "changed" => SortKey::Changed,
            _ => return Err(UnknownOrder(word.to_owned())),
        };
        Ok(Self { key, descending })
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
    /// What is left below the limit that decides.
    Margin,
    /// The order in which they came in.
    Id,
    /// The order of changes: the event that changed last has the largest number.
    Changed,
}

impl SortKey {
    /// The column, where it is not the number alone.
    fn column(self) -> Option<&'static str> {
        match self {
            Self::Timestamp => Some("e.timestamp"),
            Self::Ppv => Some("e.ppv_in_s"),
            Self::Margin => Some("e.margin_percent"),
            Self::Changed => Some("e.changed"),
            Self::Id => None,
        }
    }
}

impl Sort {
    /// What follows `ORDER BY`.
    fn order(self) -> String {
        let direction = if self.descending { "DESC" } else { "ASC" };
        match self.key.column() {
            Some(column) => format!("{column} {direction} NULLS LAST, e.id {direction}"),
            None => format!("e.id {direction}"),
        }
    }

    /// What holds for the events behind the one with the number `id`, one condition after the other: each
    /// names a stretch of the order that an index has in one piece. `None` when there is no such event.
    fn behind(self, connection: &Connection, id: i64) -> rusqlite::Result<Option<Vec<Behind>>> {
        let sign = if self.descending { '<' } else { '>' };
        let by_number = || (format!("e.id {sign} ?"), vec![Sql::Integer(id)]);
        let Some(column) = self.key.column() else { return Ok(Some(vec![by_number()])) };
        let sql = format!("SELECT {column} FROM events e WHERE e.id = ?1");
        let found: Option<Sql> =
            connection.prepare_cached(&sql)?.query_row([id], |row| row.get(0)).optional()?;
        let without = format!("{column} IS NULL");
        Ok(found.map(|value| match value {
            Sql::Null => vec![(format!("{without} AND {}", by_number().0), by_number().1)],
            value => vec![
                (format!("({column}, e.id) {sign} (?, ?)"), vec![value, Sql::Integer(id)]),
                (without, Vec::new()),
            ],
        }))
    }
}

/// A condition with its values.
type Behind = (String, Vec<Sql>);

/// A part of an answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Page {
    /// How many events there are in all.
    pub total: u64,
    /// Those of this page.
    pub events: Vec<EventRow>,
}

/// Events from which on a page is no page any more.
const MOST_OF_A_PAGE: usize = 20_000;
/// Events of a page when nothing else is asked for.
const DEFAULT_LIMIT: usize = 100;

impl Query {
    /// What [`kind`](Self::kind) may be.
    pub const KINDS: [&'static str; 4] = ["waveform", "histogram", "stream", "unknown"];

    /// Whether every event answers it.
    pub(crate) fn is_of_all(&self) -> bool {
        let page =
            Self { sort: self.sort, after_id: self.after_id, limit: self.limit, ..Self::default() };
        let text = self.text.as_ref().filter(|text| text.is_empty());
        *self == Self { offset: self.offset, text: text.cloned(), ..page }
    }

    /// The page that answers; `None` when there is no event [`after_id`](Self::after_id).
    pub(crate) fn page(&self, connection: &Connection) -> rusqlite::Result<Option<Page>> {
        let mut page = Page::default();
        let found = self.rows(connection, &mut |total, row| {
            page.total = total;
            page.events.extend(row.map(EventRow::read).transpose()?);
            Ok(())
        })?;
        Ok(found.then_some(page))
    }

    /// Hands how many events answer in all to `each`, then that and each row of the page, all of one moment.
    /// False when there is no event [`after_id`](Self::after_id).
    pub(crate) fn rows(
        &self,
        connection: &Connection,
        each: &mut dyn FnMut(u64, Option<&Row<'_>>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<bool> {
        let conditions = self.conditions(connection)?;
        let moment = connection.unchecked_transaction()?;
        let total = conditions.count(connection)?;
        each(total, None)?;
        let found = self.each(connection, &conditions, |row| each(total, Some(row)))?;
        moment.commit()?;
        Ok(found)
    }

    fn each(
        &self,
        connection: &Connection,
        conditions: &Conditions,
        mut each: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<bool> {
        let stretches = match self.after_id {
            Some(id) => match self.sort.behind(connection, id)? {
                Some(stretches) => stretches,
                None => return Ok(false),
            },
            None => vec![Behind::default()],
        };
        let order = self.sort.order();
        let (mut left, mut skip) = (self.limit.unwrap_or(DEFAULT_LIMIT), self.offset);
        for (further, values) in stretches {
            let clause = conditions.and(&further);
            let page = format!(
                "LIMIT {} OFFSET {}",
                left.min(i64::MAX as usize),
                skip.min(i64::MAX as usize),
            );
            // Rows are read for the page only; what is skipped is skipped in an index. Where most are read,
            // none is sorted twice.
            let page = match left > MOST_OF_A_PAGE {
                true => format!(
                    "SELECT {COLUMNS} FROM events e CROSS JOIN texts t ON t.id = e.text_id{clause} \
                     ORDER BY {order} {page}"
                ),
                false => format!(
                    "SELECT {COLUMNS} FROM (SELECT e.id FROM events e{clause} ORDER BY {order} {page}) \
                     page JOIN events e ON e.id = page.id JOIN texts t ON t.id = e.text_id \
                     ORDER BY {order}"
                ),
            };
            let all: Vec<&Sql> = conditions.values.iter().chain(&values).collect();
            let mut statement = connection.prepare_cached(&page)?;
            let mut rows = statement.query(params_from_iter(all.iter()))?;
            let mut given = 0;
            while let Some(row) = rows.next()? {
                each(row)?;
                given += 1;
            }
            left -= given;
            if left == 0 {
                break;
            }
            // The stretch has ended: what was skipped of it is not skipped again.
            if skip > 0 && given == 0 {
                let sql = format!("SELECT count(*) FROM events e{clause}");
                let passed: i64 = connection
                    .prepare_cached(&sql)?
                    .query_row(params_from_iter(all.iter()), |row| row.get(0))?;
                skip = skip.saturating_sub(usize::try_from(passed).unwrap_or(usize::MAX));
            } else {
                skip = 0;
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::migrate::migrate;
    use super::*;

    /// An index of events with these times (in days of May), PPVs (in 0.1 in/s) and changes.
    fn index(events: &[(Option<u8>, Option<u8>, u8)]) -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        connection.execute("INSERT INTO texts (id, key, labels) VALUES (1, '', '{}')", []).unwrap();
        for (n, (day, ppv, changed)) in events.iter().enumerate() {
            let day = day.map(|day| format!("2026-05-{:02}T00:00:00", day + 1));
            let sql = "INSERT INTO events (serial, filename, kind, timestamp, ppv_in_s, flags, text_id, \
                       false_trigger, has_report, assumed, missing_samples, damaged, changed) \
                       VALUES ('BE1', ?1, 'waveform', ?2, ?3, '{}', 1, 0, 0, '[]', 0, 0, ?4)";
            let ppv = ppv.map(|ppv| f64::from(ppv) / 10.0);
            connection.execute(sql, (format!("A{n}"), day, ppv, changed)).unwrap();
        }
        connection
    }

    fn ids(connection: &Connection, query: &Query) -> Vec<i64> {
        let page = query.page(connection).unwrap().unwrap();
        page.events.iter().map(|event| event.id).collect()
    }

    proptest! {
        #[test]
        fn pages_behind_their_last_event_are_the_whole_answer_in_every_order(
            events in vec((prop::option::of(0..4u8), prop::option::of(0..4u8), 0..9u8), 0..24),
            word in prop::sample::select(Sort::WORDS.to_vec()),
            limit in 1..6usize,
            skip in 0..9usize,
        ) {
            let connection = index(&events);
            let all = Query { sort: word.parse().unwrap(), limit: Some(usize::MAX), ..Query::default() };
            let whole = ids(&connection, &all);
            prop_assert_eq!(whole.len(), events.len());
            let (mut paged, mut after_id) = (Vec::new(), None);
            loop {
                let page = ids(&connection, &Query { after_id, limit: Some(limit), ..all.clone() });
                let Some(last) = page.last() else { break };
                after_id = Some(*last);
                paged.extend(page);
            }
            prop_assert_eq!(&paged, &whole);
            for (place, id) in whole.iter().enumerate() {
                let query = Query { after_id: Some(*id), offset: skip, ..all.clone() };
                let rest = whole.get(place + 1 + skip..).unwrap_or_default();
                prop_assert_eq!(ids(&connection, &query), rest);
            }
        }

        #[test]
        fn what_changed_since_is_what_has_a_later_change(
            events in vec((Just(None), Just(None), 0..9u8), 0..24),
            since in -1..10i64,
        ) {
            let connection = index(&events);
            let query = Query {
                changed_since: Some(since),
                sort: Sort { key: SortKey::Changed, descending: false },
                limit: Some(usize::MAX),
                ..Query::default()
            };
            let mut expected: Vec<(u8, i64)> = (1..).zip(&events).map(|(id, event)| (event.2, id)).collect();
            expected.retain(|(changed, _)| i64::from(*changed) > since);
            expected.sort_unstable();
            let expected: Vec<i64> = expected.into_iter().map(|(_, id)| id).collect();
            prop_assert_eq!(ids(&connection, &query), expected);
        }
    }

    #[test]
    fn behind_an_event_that_is_gone_is_known_by_its_number_alone() {
        let connection = index(&[(None, None, 1), (None, None, 2), (None, None, 3)]);
        connection.execute("DELETE FROM events WHERE id = 2", []).unwrap();
        let query = |word: &str| Query {
            sort: word.parse().unwrap(),
            after_id: Some(2),
            ..Query::default()
        };
        assert_eq!(ids(&connection, &query("id")), [3]);
        assert_eq!(ids(&connection, &query("-id")), [1]);
        assert!(query("timestamp").page(&connection).unwrap().is_none());
    }

    #[test]
    fn a_page_behind_an_event_is_found_through_an_index() {
        let connection = index(&[(Some(1), Some(1), 1)]);
        for word in Sort::WORDS {
            let sort: Sort = word.parse().unwrap();
            let (further, values) = sort.behind(&connection, 1).unwrap().unwrap().remove(0);
            let order = sort.order();
            let sql = format!(
                "EXPLAIN QUERY PLAN SELECT e.id FROM events e WHERE {further} ORDER BY {order} LIMIT 9"
            );
            let mut statement = connection.prepare(&sql).unwrap();
            let plan = statement.query_map(params_from_iter(values), |row| row.get::<_, String>(3));
            let plan: Vec<String> = plan.unwrap().map(Result::unwrap).collect();
            assert!(plan.iter().all(|step| step.starts_with("SEARCH")), "{word}: {plan:?}");
        }
    }
}
