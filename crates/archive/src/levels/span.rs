//! From when to when a level decides for some of the events of a place.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use wavekeep_core::{Reading, Unit, UnitLocal};

use super::{LevelQuantity, Levels, Limit, SetLevel, decide_at};
use crate::EventRow;

/// A level, and from when to when it decides.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LevelSpan {
    /// What its limit is about.
    pub quantity: LevelQuantity,
    /// The level, with its entry in the ledger.
    #[serde(flatten)]
    pub set: SetLevel,
    /// From when on; `None` is always.
    pub starts: Option<UnitLocal>,
    /// Until when; `None` where none is in force after it yet.
    pub stops: Option<UnitLocal>,
    /// The name of its curve; its id where this program cannot read it.
    pub name: String,
    /// The lowest limit from 1 to 100 Hz, in in/s or dB. `None` where the curve has none in these units.
    pub lowest: Option<Reading>,
    /// The highest one: the same where the limit does not go by frequency.
    pub highest: Option<Reading>,
}

/// Beginnings of stretches in which no level begins or ends; `None` is the beginning of all time.
type Begins = Vec<Option<UnitLocal>>;

impl Levels {
    /// The levels that decide for some of the events at some hour of the day, with the time in which they do:
    /// by place, unit and project of the events, not by their times. In the order of time, for the ground
    /// and then for the air.
    pub fn spans(&self, events: &[EventRow]) -> Vec<LevelSpan> {
        let fitting = |event| {
            let all = self.all.iter().enumerate();
            all.filter(|(_, set)| set.level.place.has(event)).map(|(at, _)| at).collect::<Vec<_>>()
        };
        // Events of many places have few combinations of levels.
        let combinations: BTreeSet<Vec<usize>> = events.iter().map(fitting).collect();
        let begins: BTreeSet<Option<UnitLocal>> =
            self.all.iter().map(|set| set.level.from).chain([None]).collect();
        let begins: Begins = begins.into_iter().collect();
        let mut spans = Vec::new();
        for quantity in [LevelQuantity::Ground, LevelQuantity::Air] {
            let mut deciding: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
            for combination in &combinations {
                self.decided(combination, &begins, quantity, &mut deciding);
            }
            let mut of_quantity: Vec<LevelSpan> = Vec::new();
            for (level, stretches) in deciding {
                let set = &self.all[level];
                for (starts, stops) in joined(&stretches, &begins) {
                    of_quantity.extend(LevelSpan::of(set, quantity, starts, stops));
                }
            }
            of_quantity.sort_by_key(|span| (span.starts, span.set.entry));
            spans.extend(of_quantity);
        }
        spans
    }

    /// Adds the stretches, by their numbers, in which each level decides.
    fn decided(
        &self,
        combination: &[usize],
        begins: &Begins,
        quantity: LevelQuantity,
        deciding: &mut BTreeMap<usize, BTreeSet<usize>>,
    ) {
        let fitting = || combination.iter().map(|at| &self.all[*at]);
        let hours = fitting().filter_map(|set| set.level.hours);
        let minutes: BTreeSet<u16> = hours.flat_map(|hours| hours.minutes()).chain([0]).collect();
        for (stretch, begin) in begins.iter().enumerate() {
            // Before the first level that begins at a time.
            let at = begin.unwrap_or(UnitLocal(jiff::civil::DateTime::MIN));
            for minute in &minutes {
                let in_hours = |hours: super::Hours| hours.has_minute(*minute);
                let decides = decide_at(fitting(), Some(at), &in_hours, quantity);
                let level = decides.and_then(|set| {
                    combination.iter().find(|at| self.all[**at].entry == set.entry)
                });
                if let Some(level) = level {
                    deciding.entry(*level).or_default().insert(stretch);
                }
            }
        }
    }
}

/// Stretches that follow each other, as one.
fn joined(
    stretches: &BTreeSet<usize>,
    begins: &Begins,
) -> Vec<(Option<UnitLocal>, Option<UnitLocal>)> {
    let mut joined: Vec<(usize, usize)> = Vec::new();
    for stretch in stretches {
        match joined.last_mut() {
            Some((_, last)) if *last + 1 == *stretch => *last = *stretch,
            _ => joined.push((*stretch, *stretch)),
        }
    }
    let begin = |at: usize| begins.get(at).copied().flatten();
    joined.into_iter().map(|(first, last)| (begin(first), begin(last + 1))).collect()
}

impl LevelSpan {
    fn of(
        set: &SetLevel,
        quantity: LevelQuantity,
        starts: Option<UnitLocal>,
        stops: Option<UnitLocal>,
    ) -> Option<Self> {
        let limit: &Limit = match quantity {
            LevelQuantity::Ground => set.level.ground.as_ref()?,
            LevelQuantity::Air => set.level.air.as_ref()?,
        };
        let curve = limit.to_curve().ok();
        let unit = match (quantity, &curve) {
            (LevelQuantity::Ground, _) => Unit::InchPerSecond,
            (LevelQuantity::Air, Some(curve)) if curve.unit.is_level() => curve.unit,
            (LevelQuantity::Air, _) => Unit::DecibelLinear,
        };
        let range = curve.as_ref().and_then(|curve| curve.range_of_limits(limit.distance_ft, unit));
        Some(Self {
            quantity,
            set: set.clone(),
            starts,
            stops,
            name: curve.map_or_else(|| limit.curve.clone(), |curve| curve.name),
            lowest: range.map(|(low, _)| Reading::new(low, unit)),
            highest: range.map(|(_, high)| Reading::new(high, unit)),
        })
    }
}
