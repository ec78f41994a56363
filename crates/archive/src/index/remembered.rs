//! Summaries of a million rows take a second: they are made again only when rows have changed.

use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

/// What the rows were when a summary was made: the last change, and how many there were.
type State = (i64, i64);

/// A summary, and for which rows it holds.
#[derive(Debug)]
pub(crate) struct Remembered<T>(Mutex<Option<(State, T)>>);

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Remembered<T> {
    /// The summary of the rows as they are now.
    pub(crate) fn get(
        &self,
        connection: &Connection,
        make: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        // Rows and state are of one moment.
        let moment = connection.unchecked_transaction()?;
        let state = state(connection)?;
        // Held while a summary is made: whoever asks meanwhile gets it then, and no second one is
        // made. A thread that panicked left the one before or none.
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let summary = match &*held {
            Some((of, summary)) if *of == state => summary.clone(),
            _ => {
                let made = make(connection)?;
                *held = Some((state, made.clone()));
                made
            }
        };
        moment.commit()?;
        Ok(summary)
    }
}

fn state(connection: &Connection) -> rusqlite::Result<State> {
    let sql =
        "SELECT (SELECT coalesce(max(changed), 0) FROM events), (SELECT count(*) FROM events)";
    connection.prepare_cached(sql)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_made_again_when_rows_change_or_go() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE events (changed INTEGER)").unwrap();
        let (summary, mut made) = (Remembered::default(), 0);
        let mut ask = |sql: &str| {
            connection.execute_batch(sql).unwrap();
            let made = summary.get(&connection, |_| {
                made += 1;
                Ok(made)
            });
            made.unwrap()
        };
        assert_eq!(ask(""), 1);
        assert_eq!(ask(""), 1);
        assert_eq!(ask("INSERT INTO events VALUES (1), (2)"), 2);
        assert_eq!(ask("UPDATE events SET changed = 3 WHERE changed = 1"), 3);
        assert_eq!(ask("DELETE FROM events WHERE changed = 2"), 4);
        assert_eq!(ask(""), 4);
    }
}
