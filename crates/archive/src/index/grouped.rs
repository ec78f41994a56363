//! What there is of each unit, project and month, kept with the rows by triggers.

use rusqlite::{Connection, Transaction};

/// A table of sums; the view `<table>_now` says what it has to be.
const TABLES: [&str; 4] = ["unit_sums", "project_sums", "project_units", "month_sums"];
const TRIGGERS: &str = include_str!("sum_triggers.sql");

/// Fills the table of events while no sums follow, and sums once in the end.
pub(crate) fn while_filled<T>(
    transaction: &Transaction<'_>,
    fill: impl FnOnce() -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    for trigger in ["events_come", "events_go", "events_change"] {
        transaction.execute_batch(&format!("DROP TRIGGER IF EXISTS {trigger}"))?;
    }
    let filled = fill()?;
    for table in TABLES {
        transaction.execute_batch(&format!(
            "DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {table}_now"
        ))?;
    }
    transaction.execute_batch(TRIGGERS)?;
    Ok(filled)
}

/// Sums that are not those of the rows, in sentences.
pub(crate) fn problems(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut found = Vec::new();
    for table in TABLES {
        let sql = format!(
            "SELECT EXISTS (SELECT * FROM {table} EXCEPT SELECT * FROM {table}_now) \
             OR EXISTS (SELECT * FROM {table}_now EXCEPT SELECT * FROM {table})"
        );
        if connection.query_row(&sql, [], |row| row.get(0))? {
            found.push(format!("{table} is not what the events add up to"));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::migrate::migrate;
    use super::super::query::Query;
    use super::super::summary;
    use super::*;

    /// What becomes of an event: its number, and what it is from now on; nothing takes it away.
    type Step = (u8, Option<(u8, u8, Option<u8>, Option<u8>, bool, bool)>);

    fn step() -> impl Strategy<Value = Step> {
        let is = (
            0..3u8,
            0..4u8,
            prop::option::of(0..5u8),
            prop::option::of(0..5u8),
            any::<bool>(),
            any::<bool>(),
        );
        (0..6u8, prop::option::weighted(0.8, is))
    }

    fn index() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        // Two of them are one project, and one is none.
        let texts = "INSERT INTO texts (id, key, project, labels) VALUES (0, 'a', 'Quarry', '{}'), \
                     (1, 'b', 'Quarry', '{}'), (2, 'c', '', '{}'), (3, 'd', NULL, '{}')";
        connection.execute(texts, []).unwrap();
        connection
    }

    fn take(connection: &Connection, (id, is): &Step) {
        let Some((unit, text, month, ppv, is_false, is_reviewed)) = is else {
            connection.execute("DELETE FROM events WHERE id = ?1", [id]).unwrap();
            return;
        };
        let time = month.map(|month| format!("2026-{:02}-0{}T00:00:00", month + 1, id + 1));
        let sql = "INSERT INTO events (id, serial, filename, kind, timestamp, ppv_in_s, flags, text_id, \
                   false_trigger, reviewed_at, has_report, assumed, missing_samples, damaged, captured_at, \
                   changed) VALUES (?1, 'BE' || ?2, 'A' || ?1, 'waveform', ?3, ?4, '{}', ?5, ?6, ?7, 0, \
                   '[]', 0, 0, ?3, 1) ON CONFLICT (id) DO UPDATE SET serial = excluded.serial, \
                   timestamp = excluded.timestamp, ppv_in_s = excluded.ppv_in_s, text_id = excluded.text_id, \
                   false_trigger = excluded.false_trigger, reviewed_at = excluded.reviewed_at, \
                   captured_at = excluded.captured_at";
        let reviewed = is_reviewed.then_some("2026-06-01T00:00:00Z");
        connection
            .execute(sql, (id, unit, time, ppv.map(f64::from), text, is_false, reviewed))
            .unwrap();
    }

    proptest! {
        #[test]
        fn sums_are_those_of_the_rows_whatever_happens_to_them(steps in vec(step(), 0..40)) {
            let mut connection = index();
            for step in &steps {
                take(&connection, step);
                prop_assert_eq!(problems(&connection).unwrap(), Vec::<String>::new());
            }
            // What is asked of all events is what is asked of those that fit a condition that all fit.
            let all = Query { changed_since: Some(0), ..Query::default() };
            let none = Query::default();
            prop_assert!(none.is_of_all() && !all.is_of_all());
            prop_assert_eq!(summary::units(&connection, &none).unwrap(), summary::units(&connection, &all).unwrap());
            prop_assert_eq!(summary::projects(&connection, &none).unwrap(), summary::projects(&connection, &all).unwrap());
            prop_assert_eq!(summary::months(&connection, &none).unwrap(), summary::months(&connection, &all).unwrap());
            let transaction = connection.transaction().unwrap();
            while_filled(&transaction, || transaction.execute_batch("DELETE FROM events")).unwrap();
            prop_assert_eq!(problems(&transaction).unwrap(), Vec::<String>::new());
            prop_assert!(summary::units(&transaction, &none).unwrap().is_empty());
        }
    }

    #[test]
    fn a_sum_that_is_wrong_or_missing_is_found() {
        let connection = index();
        take(&connection, &(1, Some((1, 1, Some(1), Some(1), false, false))));
        for table in TABLES {
            connection
                .execute_batch(&format!("SAVEPOINT s; UPDATE {table} SET events = 9"))
                .unwrap();
            assert_eq!(problems(&connection).unwrap().len(), 1, "{table}");
            connection.execute_batch(&format!("ROLLBACK TO s; DELETE FROM {table}")).unwrap();
            assert_eq!(problems(&connection).unwrap().len(), 1, "{table}");
            connection.execute_batch("ROLLBACK TO s; RELEASE s").unwrap();
        }
    }

    #[test]
    fn what_is_the_largest_now_is_found_through_an_index() {
        let connection = index();
        let of = ["serial = 'BE1'", "text_id = 1", "substr(timestamp, 1, 7) IS '2026-05'"];
        for (of, name) in of.iter().zip(["unit", "text", "month"]) {
            let sql = format!(
                "EXPLAIN QUERY PLAN SELECT max(ppv_in_s) FROM events WHERE {of} AND false_trigger = 0"
            );
            let mut statement = connection.prepare(&sql).unwrap();
            let plan = statement.query_map([], |row| row.get::<_, String>(3)).unwrap();
            let plan: Vec<String> = plan.map(Result::unwrap).collect();
            let index = format!("events_{name}_largest");
            assert!(plan.iter().any(|step| step.contains(&index)), "{plan:?}");
        }
    }
}
