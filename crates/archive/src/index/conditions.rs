//! What a question asks of events, as conditions of SQL.

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, params_from_iter};

use super::query::Query;

/// Conditions with their values.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    sql: Vec<String>,
    pub(super) values: Vec<Sql>,
    /// The opposites of further conditions, which hold for few events: so many are counted and
    /// taken away, instead of counting nearly all.
    rare: Vec<&'static str>,
}

impl Conditions {
    fn add(&mut self, sql: impl Into<String>, values: impl IntoIterator<Item = Sql>) {
        self.sql.push(sql.into());
        self.values.extend(values);
    }

    /// All conditions, where each of `rare` that `with` has a bit for holds, or none of them holds.
    fn clause(&self, with: Option<usize>) -> String {
        let mut all = self.sql.clone();
        for (bit, rare) in self.rare.iter().enumerate() {
            match with {
                Some(with) if with >> bit & 1 == 1 => all.push(format!("{rare} = 1")),
                Some(_) => {}
                None => all.push(format!("{rare} = 0")),
            }
        }
        if all.is_empty() { String::new() } else { format!(" WHERE {}", all.join(" AND ")) }
    }

    /// The whole clause, with ` WHERE ` in front; `further` conditions hold too, and their values
    /// stand behind [`values`](Self::values).
    pub(super) fn and(&self, further: &str) -> String {
        match self.clause(None) {
            own if further.is_empty() => own,
            own if own.is_empty() => format!(" WHERE {further}"),
            own => format!("{own} AND {further}"),
        }
    }

    /// How many events there are, by inclusion and exclusion of what is rare.
    pub(super) fn count(&self, connection: &Connection) -> rusqlite::Result<u64> {
        let mut total = 0;
        for with in 0..1 << self.rare.len() {
            let sql = format!("SELECT COUNT(*) FROM events e{}", self.clause(Some(with)));
            let values = params_from_iter(self.values.iter());
            let count: i64 =
                connection.prepare_cached(&sql)?.query_row(values, |row| row.get(0))?;
            total += if with.count_ones() % 2 == 0 { count } else { -count };
        }
        Ok(u64::try_from(total).unwrap_or(0))
    }
}

impl Query {
    pub(super) fn conditions(&self, connection: &Connection) -> rusqlite::Result<Conditions> {
        let mut all = Conditions::default();
        let text = |text: &String| Sql::Text(text.clone());
        if let Some(ids) = &self.ids {
            let list = serde_json::Value::from(ids.clone()).to_string();
            all.add("e.id IN (SELECT value FROM json_each(?))", [Sql::Text(list)]);
        }
        if let Some(scope) = &self.scope {
            let list = |of: &[String]| Sql::Text(serde_json::Value::from(of).to_string());
            all.add(
                "(e.serial IN (SELECT value FROM json_each(?)) OR e.text_id IN \
                 (SELECT id FROM texts WHERE project IN (SELECT value FROM json_each(?))))",
                [list(&scope.units), list(&scope.projects)],
            );
        }
        if let Some(serial) = &self.serial {
            all.add("e.serial = ?", [text(serial)]);
        }
        if let Some(project) = &self.project {
            all.add("e.text_id IN (SELECT id FROM texts WHERE project = ?)", [text(project)]);
        }
        if let Some(location) = &self.location {
            all.add("e.text_id IN (SELECT id FROM texts WHERE location = ?)", [text(location)]);
        }
        if let Some(kind) = &self.kind {
            all.add("e.kind = ?", [text(kind)]);
        }
        if let Some(verdicts) = &self.verdicts {
            let words: Vec<&str> = verdicts.iter().map(|verdict| verdict.word()).collect();
            let list = Sql::Text(serde_json::Value::from(words).to_string());
            all.add("e.verdict IN (SELECT value FROM json_each(?))", [list]);
        }
        if let Some(verdicts) = &self.air_verdicts {
            let words: Vec<&str> = verdicts.iter().map(|verdict| verdict.word()).collect();
            let list = Sql::Text(serde_json::Value::from(words).to_string());
            let of_air = "e.judged ->> '$.air.outcome' IN (SELECT value FROM json_each(?))";
            all.add(of_air, [list]);
        }
        for field in &self.without {
            let texts = format!("SELECT id FROM texts WHERE ifnull({}, '') = ''", field.word());
            all.add(format!("e.text_id IN ({texts})"), []);
        }
        if let Some(since) = self.imported_since {
            all.add("e.captured_at >= ?", [Sql::Text(since.to_string())]);
        }
        let states = [
            ("e.damaged = 1", self.damaged),
            ("e.flags LIKE '%\"saturated\"%'", self.saturated),
            ("e.has_report = 1", self.has_report),
        ];
        for (state, wanted) in states {
            if let Some(wanted) = wanted {
                all.add(if wanted { state.to_owned() } else { format!("NOT ({state})") }, []);
            }
        }
        if let Some(from) = self.from {
            all.add("e.timestamp >= ?", [Sql::Text(from.0.to_string())]);
        }
        if let Some(to) = self.to {
            all.add("e.timestamp <= ?", [Sql::Text(to.0.to_string())]);
        }
        if let Some(changed) = self.changed_since {
            all.add("e.changed > ?", [Sql::Integer(changed)]);
        }
        if let Some(ppv) = self.min_ppv_in_s {
            all.add("e.ppv_in_s >= ?", [Sql::Real(ppv)]);
        }
        if let Some(ppv) = self.max_ppv_in_s {
            all.add("e.ppv_in_s <= ?", [Sql::Real(ppv)]);
        }
        for (column, wanted) in
            [("e.false_trigger", self.false_trigger), ("e.reviewed", self.reviewed)]
        {
            match wanted {
                // Literal, so that the partial indices fit.
                Some(true) => all.add(format!("{column} = 1"), []),
                Some(false) => all.rare.push(column),
                None => {}
            }
        }
        if let Some(wanted) = self.text.as_deref().filter(|text| !text.is_empty()) {
            containing(&mut all, connection, wanted)?;
        }
        Ok(all)
    }
}

/// The condition that `wanted` is in one of the texts. What is few is searched first (distinct
/// texts, units, reviews), then events are found through an index of each.
fn containing(all: &mut Conditions, connection: &Connection, wanted: &str) -> rusqlite::Result<()> {
    let escaped: String = wanted
        .chars()
        .flat_map(|c| matches!(c, '%' | '_' | '\\').then_some('\\').into_iter().chain([c]))
        .collect();
    let within = format!("%{escaped}%");
    let like = |column: &str| format!("{column} LIKE ?1 ESCAPE '\\'");
    let columns = ["project", "client", "operator", "location", "notes"].map(like).join(" OR ");
    let numbers = |sql: &str, values: &[&str]| -> rusqlite::Result<Vec<Sql>> {
        let mut statement = connection.prepare_cached(sql)?;
        statement
            .query_map(params_from_iter(values), |row| row.get::<_, i64>(0).map(Sql::Integer))?
            .collect()
    };
    let texts = numbers(&format!("SELECT id FROM texts WHERE {columns}"), &[&within])?;
    let end = format!("{wanted}\u{10ffff}");
    let mut ids = numbers(
        "SELECT id FROM events WHERE filename COLLATE NOCASE >= ?1 AND filename COLLATE NOCASE < ?2",
        &[wanted, &end],
    )?;
    ids.extend(numbers(
        "SELECT id FROM events WHERE review_notes IS NOT NULL AND review_notes LIKE ?1 ESCAPE '\\'",
        &[&within],
    )?);
    // Each unit once: SQLite jumps from one to the next.
    let serials = "WITH RECURSIVE units (serial) AS (SELECT min(serial) FROM events UNION ALL \
        SELECT (SELECT min(serial) FROM events WHERE serial > units.serial) FROM units \
        WHERE units.serial IS NOT NULL) SELECT serial FROM units WHERE serial LIKE ?1 ESCAPE '\\'";
    let mut statement = connection.prepare_cached(serials)?;
    let serials = statement.query_map([format!("{escaped}%")], |row| row.get(0).map(Sql::Text))?;
    let serials: Vec<Sql> = serials.collect::<Result<_, _>>()?;
    let mut terms = Vec::new();
    for (column, found) in [("e.text_id", texts), ("e.serial", serials), ("e.id", ids)] {
        if !found.is_empty() {
            terms.push(format!("{column} IN (SELECT value FROM json_each(?))"));
            let list: Vec<serde_json::Value> = found.into_iter().map(json).collect();
            all.values.push(Sql::Text(serde_json::Value::Array(list).to_string()));
        }
    }
    all.sql.push(match terms.is_empty() {
        true => "0".to_owned(),
        false => format!("({})", terms.join(" OR ")),
    });
    Ok(())
}

fn json(value: Sql) -> serde_json::Value {
    match value {
        Sql::Integer(number) => number.into(),
        Sql::Text(text) => text.into(),
        Sql::Null | Sql::Real(_) | Sql::Blob(_) => serde_json::Value::Null,
    }
}
