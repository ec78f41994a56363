//! Events that went from one unit to another one, by the ledger.

use std::collections::HashSet;

use serde::Serialize;
use wavekeep_custody::Entry;

use crate::scope::Scope;
use crate::{Archive, ArchiveError, Query};

/// Moves of an archive among which those of a unit are looked for, the latest.
const MOST_MOVES: usize = 10_000;

/// An event that went to another unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UnitMove {
    /// The entry in the ledger.
    pub entry: u64,
    /// When, in UTC.
    pub at: String,
    /// Who moved it.
    pub who: String,
    /// The event.
    pub event: i64,
    /// The unit that it left.
    pub from: String,
    /// The unit that it came to.
    pub to: String,
    /// Why.
    pub reason: Option<String>,
}

impl Archive {
    /// The moves of events from a unit or to it, the latest first.
    pub(super) fn unit_moves(
        &self,
        serial: &str,
        scope: Option<&Scope>,
    ) -> Result<Vec<UnitMove>, ArchiveError> {
        let mut moves = Vec::new();
        for place in self.ask(|connection| crate::ledger::moves(connection, MOST_MOVES))? {
            let Ok(entry) = Entry::parse(&self.ledger_line(&place)?) else { continue };
            moves.extend(moved(&entry).filter(|of| of.from == serial || of.to == serial));
        }
        if let Some(scope) = scope {
            let ids: Vec<i64> = moves.iter().map(|of| of.event).collect();
            let seen = Query::default()
                .with_scope(Some(scope.clone()))
                .with_ids(Some(ids))
                .with_limit(Some(usize::MAX));
            let seen: HashSet<i64> = self.ids(&seen)?.into_iter().collect();
            moves.retain(|of| seen.contains(&of.event));
        }
        Ok(moves)
    }
}

fn moved(entry: &Entry) -> Option<UnitMove> {
    let event = entry.event.as_ref()?;
    let from = entry.text("from_place")?.split('/').next()?.to_owned();
    Some(UnitMove {
        entry: entry.entry,
        at: entry.at.clone(),
        who: entry.who.clone(),
        event: event.id,
        from,
        to: event.serial.clone(),
        reason: entry.text("reason").map(str::to_owned),
    })
}
