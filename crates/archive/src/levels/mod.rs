//! Alarm levels: which limits are in force for which events, since when, set by whom.
//!
//! The ledger has all of them, as entries `level`; nothing else is kept. The verdicts in the index
//! follow: `docs/levels.md`.

mod judge;
mod level;
mod span;
mod verdict;

use serde::Serialize;
use wavekeep_core::UnitLocal;
use wavekeep_custody::{Action, Entry};

pub use judge::Judging;
pub use level::{
    Hours, Level, LevelError, LevelPlace, LevelQuantity, Limit, USUAL_WARNING_PERCENT,
};
pub use span::LevelSpan;
pub use verdict::{LevelOutcome, LevelVerdict, LevelVerdicts};

use crate::ledger::Draft;
use crate::merge::unit_local;
use crate::{Actor, Archive, ArchiveError, EventRow};

/// A level that was set.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SetLevel {
    /// Its entry in the ledger.
    pub entry: u64,
    /// When it was set, in UTC.
    pub at: String,
    /// By whom.
    pub who: String,
    /// What it says.
    #[serde(flatten)]
    pub level: Level,
}

/// All levels that were ever set, the earliest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Levels {
    all: Vec<SetLevel>,
    /// Entries that say a level which this program cannot read, by their numbers.
    not_understood: Vec<u64>,
}

/// The levels that are in force for an event.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct InForce<'a> {
    /// For the ground.
    pub ground: Option<&'a SetLevel>,
    /// For the air.
    pub air: Option<&'a SetLevel>,
}

impl Levels {
    /// All of them, ended and replaced ones too: the earliest first.
    pub fn all(&self) -> &[SetLevel] {
        &self.all
    }

    /// Entries of the ledger that say a level which this program cannot read, because a newer one set
    /// it or because its text is lost. Verdicts are without them.
    pub fn not_understood(&self) -> &[u64] {
        &self.not_understood
    }

    /// The last entry of the ledger that speaks of a level, understood or not; 0 where none does.
    pub(crate) fn last_entry(&self) -> u64 {
        let understood = self.all.last().map_or(0, |set| set.entry);
        understood.max(self.not_understood.last().copied().unwrap_or(0))
    }

    /// Whether none was ever set.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The levels in force for an event, at its time and place.
    pub fn in_force(&self, event: &EventRow) -> InForce<'_> {
        let at = event.timestamp.as_deref().and_then(unit_local);
        let of = |quantity| {
            let fits = |set: &&SetLevel| set.level.place.has(event);
            decide(self.all.iter().filter(fits), at, quantity)
        };
        InForce { ground: of(LevelQuantity::Ground), air: of(LevelQuantity::Air) }
    }

    /// Those that are in force at a moment, by place: the narrowest first. For the tables that people
    /// look at.
    pub fn now(&self, at: UnitLocal) -> Vec<&SetLevel> {
        let mut current: Vec<&SetLevel> = Vec::new();
        for quantity in [LevelQuantity::Ground, LevelQuantity::Air] {
            for set in &self.all {
                let same = |other: &&SetLevel| is_of_same(set, other);
                let latest = latest(self.all.iter().filter(same), Some(at), quantity);
                if let Some(latest) = latest.filter(|latest| sets(latest, quantity))
                    && !current.iter().any(|other| other.entry == latest.entry)
                {
                    current.push(latest);
                }
            }
        }
        current.sort_by_key(|set| (std::cmp::Reverse(set.level.place.rank()), set.entry));
        current
    }
}

fn is_of_same(one: &SetLevel, other: &SetLevel) -> bool {
    one.level.place == other.level.place && one.level.hours == other.level.hours
}

fn sets(set: &SetLevel, quantity: LevelQuantity) -> bool {
    match quantity {
        LevelQuantity::Ground => set.level.ground.is_some(),
        LevelQuantity::Air => set.level.air.is_some(),
    }
}

/// The one that was in force last at a moment, of levels of one place and the same hours; it may be an end.
fn latest<'a>(
    all: impl Iterator<Item = &'a SetLevel>,
    at: Option<UnitLocal>,
    quantity: LevelQuantity,
) -> Option<&'a SetLevel> {
    let says = |set: &&SetLevel| sets(set, quantity) || set.level.ends.contains(&quantity);
    // Of an event without a time nothing says that a level was in force already.
    let begun = |set: &&SetLevel| set.level.from.is_none_or(|from| at.is_some_and(|at| from <= at));
    all.filter(says).filter(begun).max_by_key(|set| (set.level.from, set.entry))
}

/// The level that decides.
fn decide<'a>(
    fitting: impl Iterator<Item = &'a SetLevel>,
    at: Option<UnitLocal>,
    quantity: LevelQuantity,
) -> Option<&'a SetLevel> {
    decide_at(fitting, at, &|hours| at.is_some_and(|at| hours.has(at)), quantity)
}

/// As [`decide`], at a time of the day that `in_hours` knows.
fn decide_at<'a>(
    fitting: impl Iterator<Item = &'a SetLevel>,
    at: Option<UnitLocal>,
    in_hours: &dyn Fn(Hours) -> bool,
    quantity: LevelQuantity,
) -> Option<&'a SetLevel> {
    // Those of each place and its hours.
    let mut same: Vec<Vec<&SetLevel>> = Vec::new();
    for set in fitting.filter(|set| set.level.hours.is_none_or(in_hours)) {
        match same.iter_mut().find(|same| is_of_same(same[0], set)) {
            Some(same) => same.push(set),
            None => same.push(vec![set]),
        }
    }
    let of_same = same.into_iter().map(|same| latest(same.into_iter(), at, quantity));
    of_same.flatten().filter(|set| sets(set, quantity)).max_by_key(|set| {
        (set.level.place.rank(), set.level.hours.is_some(), set.level.from, set.entry)
    })
}

impl Archive {
    /// All levels that were ever set.
    ///
    /// # Errors
    /// What the index or the system says.
    pub fn levels(&self) -> Result<Levels, ArchiveError> {
        let mut levels = Levels::default();
        for place in self.ask(crate::ledger::levels)? {
            let line = self.ledger_line(&place)?;
            match Entry::parse(&line).ok().and_then(said) {
                Some(set) => levels.all.push(set),
                None => levels.not_understood.push(place.entry),
            }
        }
        Ok(levels)
    }

    /// Sets a level, or ends one. The verdicts of the events that it is about are not there any more:
    /// [`judge`](Self::judge) finds them anew.
    ///
    /// # Errors
    /// [`ArchiveError::Level`]: nothing was set then; otherwise what the system says.
    pub fn set_level(&self, level: Level, who: impl Into<Actor>) -> Result<SetLevel, ArchiveError> {
        level.check()?;
        let draft = Draft::new(Action::Level, who.into());
        // Plain data: it always has a JSON form.
        let said = serde_json::to_value(&level).unwrap_or_default();
        let draft = draft.with("level", said);
        let (at, who) = (draft.at.clone(), draft.by.name.clone());
        let entry = self.with_lock(|writer| {
            self.note(writer, vec![draft])?;
            crate::ledger::size(&writer.connection).map_err(|source| self.index_failed(source))
        })?;
        self.forget_stale_verdicts(&self.levels()?)?;
        Ok(SetLevel { entry, at, who, level })
    }
}

/// The level of an entry.
fn said(entry: Entry) -> Option<SetLevel> {
    let level: Level = serde_json::from_value(entry.more.get("level")?.clone()).ok()?;
    level.check().ok()?;
    Some(SetLevel { entry: entry.entry, at: entry.at, who: entry.who, level })
}

#[cfg(test)]
mod tests;
