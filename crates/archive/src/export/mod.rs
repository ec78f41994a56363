//! Answers of a question as files: tables, and the originals with a manifest.

mod arrow;
mod originals;
mod table;
mod travel;

use std::io;

use crate::index::EventRow;
use crate::{Archive, ArchiveError, Query, Sort, SortKey};

pub use originals::{MANIFEST, Originals};
pub(crate) use table::field;
pub use table::{EXPORT_COLUMNS, TableUnits};
pub use travel::{travel_unit, travel_values};

/// Events that are asked for at a time.
const PAGE: usize = 10_000;

/// Why an export failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportFailure {
    /// The archive failed.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The result could not be written.
    #[error("cannot write the result: {0}")]
    Write(#[from] io::Error),
    /// The library that writes the format refused.
    #[error("cannot write the {what}: {message}")]
    Library {
        /// `Parquet file` or `zip archive`.
        what: &'static str,
        /// What it said.
        message: String,
    },
}

/// Microseconds of a unit's own clock from 1970 on, as it counts them.
fn micros(text: &str) -> Option<i64> {
    let at = text.parse::<jiff::civil::DateTime>().ok()?;
    let at = at.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(at.timestamp().as_microsecond())
}

impl Archive {
    /// Hands each event that answers to `visit`, by its number, a part at a time: `sort`, `limit`, `after_id`
    /// and `offset` of the question do not matter. An event that is taken out meanwhile may be among them.
    ///
    /// # Errors
    /// What the index says, or what `visit` gives.
    pub fn each_event<E: From<ArchiveError>>(
        &self,
        query: &Query,
        visit: &mut dyn FnMut(EventRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut part = Query {
            sort: Sort { key: SortKey::Id, descending: false },
            limit: Some(PAGE),
            after_id: None,
            offset: 0,
            ..query.clone()
        };
        loop {
            let events = self.query(&part)?.events;
            let is_last = events.len() < PAGE;
            part.after_id = events.last().map(|event| event.id);
            for event in events {
                visit(event)?;
            }
            if is_last {
                return Ok(());
            }
        }
    }
}
