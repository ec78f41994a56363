//! Verdicts in the index: found anew for the events that have none.
//!
//! A verdict is derived: from a source, its report and the levels in force. Whatever changes one of
//! them takes the verdict away, and the next program that can write finds it anew.

use rayon::prelude::*;
use serde::Serialize;
use wavekeep_signal::measure;

use super::{InForce, LevelOutcome, LevelQuantity, LevelVerdicts, Levels, SetLevel};
use crate::index::{self, verdicts};
use crate::{Archive, ArchiveError, EventRow, Query};

/// Events that are judged between two changes of the index.
const ROUND: usize = 256;

/// What was judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Judging {
    /// Events that have a verdict now and had none.
    pub events: u64,
    /// Those of them that exceed a limit.
    pub exceeds: u64,
    /// Those of them that warn.
    pub warns: u64,
}

impl Archive {
    /// Finds the verdicts of the events that have none, by the levels in force. `progress` hears how many
    /// are done, of how many.
    ///
    /// Nothing is done where no level was ever set. An event whose source cannot be read is `no_verdict`.
    ///
    /// # Errors
    /// What the index or the system says.
    pub fn judge(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Judging, ArchiveError> {
        let mut judging = Judging::default();
        while !self.judge_by(&self.levels()?, &mut judging, progress)? {}
        Ok(judging)
    }

    /// Finds the verdicts that are not there by these levels; false where another level was set meanwhile.
    fn judge_by(
        &self,
        levels: &Levels,
        judging: &mut Judging,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<bool, ArchiveError> {
        if levels.is_empty() {
            return Ok(true);
        }
        self.forget_stale_verdicts(levels)?;
        let total = judging.events + self.ask(verdicts::pending_count)?;
        let mut after = 0;
        loop {
            let ids = self.ask(|connection| verdicts::pending(connection, after, ROUND))?;
            let Some(last) = ids.last() else { return Ok(true) };
            after = *last;
            let judged: Vec<(EventRow, LevelVerdicts)> = ids
                .into_par_iter()
                .filter_map(|id| self.judged(id, levels).transpose())
                .collect::<Result<_, _>>()?;
            let stored = self.with_lock(|writer| {
                // A level that was set since these were read found no verdict of these events to take away.
                let known = crate::ledger::levels(&writer.connection)
                    .map_err(|source| self.index_failed(source))?;
                if known.last().map_or(0, |place| place.entry) != levels.last_entry() {
                    return Ok(None);
                }
                let mut stored = Vec::new();
                self.commit(writer, |transaction| {
                    stored = verdicts::store(transaction, &judged)?;
                    Ok(())
                })?;
                Ok(Some(stored))
            })?;
            let Some(stored) = stored else { return Ok(false) };
            for outcome in stored {
                judging.events += 1;
                judging.exceeds += u64::from(outcome == LevelOutcome::Exceeds);
                judging.warns += u64::from(outcome == LevelOutcome::Warns);
            }
            progress(judging.events, total.max(judging.events));
        }
    }

    /// What the levels say of an event now, whatever the index has.
    ///
    /// # Errors
    /// [`ArchiveError::NoEvent`]; what the index or the system says.
    pub fn verdicts(&self, id: i64) -> Result<LevelVerdicts, ArchiveError> {
        let levels = self.levels()?;
        let judged = self.judged(id, &levels)?;
        judged.map(|(_, verdicts)| verdicts).ok_or(ArchiveError::NoEvent { id })
    }

    /// An event with its verdicts; `None` where it is gone.
    fn judged(
        &self,
        id: i64,
        levels: &Levels,
    ) -> Result<Option<(EventRow, LevelVerdicts)>, ArchiveError> {
        let Some(row) = self.ask(|connection| index::event(connection, id))? else {
            return Ok(None);
        };
        let in_force = levels.in_force(&row);
        if row.kind == "stream" || in_force == InForce::default() {
            return Ok(Some((row, LevelVerdicts::default())));
        }
        let verdicts = match self.recording(id) {
            Ok(recording) => LevelVerdicts::of(in_force, &measure(&recording)),
            Err(ArchiveError::NoEvent { .. }) => return Ok(None),
            Err(error) => LevelVerdicts::not_readable(in_force, &error.to_string()),
        };
        Ok(Some((row, verdicts)))
    }

    /// Takes the verdicts away that are of other levels than those in force, where a level was set since they
    /// were looked through: here, by a program that was killed then, or in an index that is older than the
    /// ledger.
    pub(super) fn forget_stale_verdicts(&self, levels: &Levels) -> Result<(), ArchiveError> {
        let last = i64::try_from(levels.last_entry()).unwrap_or(i64::MAX);
        if self.ask(verdicts::levels_seen)? == last {
            return Ok(());
        }
        let mut stale = Vec::new();
        let all = Query::default().with_limit(Some(usize::MAX));
        self.each_event::<ArchiveError>(&all, &mut |row| {
            if row.verdict.is_some() && judged_by(&row) != numbers(levels.in_force(&row)) {
                stale.push(row.id);
            }
            Ok(())
        })?;
        for stale in stale.chunks(ROUND * 16) {
            self.with_lock(|writer| {
                self.commit(writer, |transaction| verdicts::forget(transaction, stale))
            })?;
        }
        self.with_lock(|writer| {
            self.commit(writer, |transaction| verdicts::note_levels_seen(transaction, last))
        })
    }
}

/// The levels by which an event was judged, by their entries.
fn judged_by(row: &EventRow) -> [Option<u64>; 2] {
    let verdicts = row.verdicts();
    [verdicts.ground, verdicts.air].map(|verdict| verdict.map(|verdict| verdict.level))
}

fn numbers(in_force: InForce<'_>) -> [Option<u64>; 2] {
    [in_force.ground, in_force.air].map(|set: Option<&SetLevel>| set.map(|set| set.entry))
}

impl LevelVerdicts {
    /// No verdict, because the source cannot be read.
    fn not_readable(in_force: InForce<'_>, why: &str) -> Self {
        let of = |set: Option<&SetLevel>, quantity| {
            let set = set?;
            let limit = match quantity {
                LevelQuantity::Ground => set.level.ground.as_ref()?,
                LevelQuantity::Air => set.level.air.as_ref()?,
            };
            Some(super::LevelVerdict {
                level: set.entry,
                curve: limit.curve.clone(),
                outcome: LevelOutcome::NoVerdict,
                subject: String::new(),
                value: None,
                frequency: None,
                frequency_hz: None,
                limit: None,
                margin_percent: None,
                reason: why.to_owned(),
            })
        };
        Self {
            ground: of(in_force.ground, LevelQuantity::Ground),
            air: of(in_force.air, LevelQuantity::Air),
        }
    }
}
