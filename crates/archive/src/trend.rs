//! Trends: what was measured day by day, what was monitored, and the levels in force.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::{Date, Time};
use serde::{Serialize, Serializer};
use wavekeep_core::{Reading, Stretch, UnitLocal};

use crate::levels::{LevelOutcome, LevelSpan, LevelVerdict};
use crate::monitored::LONGEST_DAYS;
use crate::{Archive, ArchiveError, Query};

/// Days of a trend for which it is looked when units monitored: a clock that was never set does not make a
/// list of two thousand years.
const MOST_MONITORED_DAYS: i64 = 36_525;

/// The largest value of a day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DayPeak {
    /// It. Where a value of the day may be larger than it is shown, this is a bound too.
    pub reading: Reading,
    /// The event that has it.
    pub event: i64,
}

/// How many events of a day exceed, warn or have no verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DayOutcomes {
    /// Above a limit.
    pub exceeds: u64,
    /// Above the warning share of a limit.
    pub warns: u64,
    /// A level is in force, and nothing can be said.
    pub no_verdict: u64,
}

impl DayOutcomes {
    pub(crate) fn add(&mut self, verdict: Option<&LevelVerdict>) {
        match verdict.map(|verdict| verdict.outcome) {
            Some(LevelOutcome::Exceeds) => self.exceeds += 1,
            Some(LevelOutcome::Warns) => self.warns += 1,
            Some(LevelOutcome::NoVerdict) => self.no_verdict += 1,
            Some(LevelOutcome::Within | LevelOutcome::NoLevel) | None => {}
        }
    }
}

/// A day by the units' own clocks. An event counts on the day of its start; false triggers are in
/// `false_triggers` and in nothing else.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TrendDay {
    /// The day.
    #[serde(serialize_with = "as_text")]
    pub day: Date,
    /// Events, false triggers left out.
    pub events: u64,
    /// False triggers.
    pub false_triggers: u64,
    /// What the levels say of the ground.
    pub ground: DayOutcomes,
    /// What the levels say of the air.
    pub air: DayOutcomes,
    /// The largest PPV of the three geophone channels, in in/s.
    pub ppv: Option<DayPeak>,
    /// The largest PPV of the transverse channel, in in/s.
    pub tran: Option<DayPeak>,
    /// The largest PPV of the vertical channel, in in/s.
    pub vert: Option<DayPeak>,
    /// The largest PPV of the longitudinal channel, in in/s.
    pub long: Option<DayPeak>,
    /// The largest peak vector sum, in in/s.
    pub pvs: Option<DayPeak>,
    /// The largest PSPL, in dB(L).
    pub pspl: Option<DayPeak>,
    /// Events whose microphone was weighted: their levels are not in `pspl`.
    pub weighted_levels: u64,
    /// Seconds of the day in which one of the units is known to have monitored.
    pub monitored_s: f64,
}

pub(crate) fn as_text<S: Serializer>(day: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(day)
}

#[expect(clippy::ref_option, reason = "serde asks for it")]
pub(crate) fn as_text_or_null<S: Serializer>(
    day: &Option<Date>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match day {
        Some(day) => serializer.collect_str(day),
        None => serializer.serialize_none(),
    }
}

/// What was measured day by day.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Trend {
    /// The first day: that of the question, otherwise of the earliest event.
    #[serde(serialize_with = "as_text_or_null")]
    pub from: Option<Date>,
    /// The last day.
    #[serde(serialize_with = "as_text_or_null")]
    pub to: Option<Date>,
    /// The days with events, and those of which it is known that a unit monitored, in their order. What is
    /// not among them is a gap: whether anything happened is not known.
    pub days: Vec<TrendDay>,
    /// Events, false triggers left out.
    pub events: u64,
    /// False triggers.
    pub false_triggers: u64,
    /// Events without a time, which are on no day.
    pub without_time: u64,
    /// The units of the events.
    pub units: Vec<String>,
    /// The levels that decide for such events, and from when to when.
    pub levels: Vec<LevelSpan>,
    /// Rows of monitor logs whose times were not understood.
    pub unread_log_rows: u64,
    /// The first day for which it was looked when units monitored.
    #[serde(serialize_with = "as_text_or_null")]
    pub monitored_from: Option<Date>,
}

impl Archive {
    /// What the events that answer `query` come to day by day; its order and page do not matter. Runs of
    /// streams are left out.
    ///
    /// # Errors
    /// What the index or the system says.
    pub fn trend(&self, query: &Query) -> Result<Trend, ArchiveError> {
        let found = self.ask(|connection| crate::index::trend::days(connection, query))?;
        let mut days: BTreeMap<Date, TrendDay> = BTreeMap::new();
        for (text, of_day) in found.days {
            let Ok(day) = text.parse() else { continue };
            days.insert(day, TrendDay { day, ..of_day });
        }
        let date = |at: UnitLocal| at.0.date();
        let from = query.from.map(date).or(days.keys().next().copied());
        let to = query.to.map(date).or(days.keys().next_back().copied());
        let units: BTreeSet<&String> = found.places.iter().map(|place| &place.serial).collect();
        let units: Vec<String> = units.into_iter().cloned().collect();
        let mut trend = Trend {
            from,
            to,
            events: found.events,
            false_triggers: found.false_triggers,
            without_time: found.without_time,
            levels: self.levels()?.spans(&found.places),
            units,
            days: days.into_values().collect(),
            ..Trend::default()
        };
        if let (Some(from), Some(to)) = (from, to)
            && from <= to
        {
            // A histogram that began on the last day may go on for weeks.
            let to = match query.to {
                Some(_) => to,
                None => to.checked_add(LONGEST_DAYS.days()).unwrap_or(to),
            };
            let earliest = to.checked_sub((MOST_MONITORED_DAYS - 1).days()).unwrap_or(from);
            let from = from.max(earliest);
            trend.monitored_from = Some(from);
            let whole = days_from(from, to);
            let mut all = Vec::new();
            for serial in &trend.units {
                let known = self.monitored(serial, query, whole)?;
                trend.unread_log_rows += known.unread_log_rows;
                all.extend(known.stretches);
            }
            put_monitored(&mut trend.days, all, whole);
            trend.to = trend.to.max(trend.days.last().map(|of| of.day));
        }
        Ok(trend)
    }
}

/// Puts into days in which seconds of them a unit is known to have monitored, and adds those without events.
pub(crate) fn put_monitored(days: &mut Vec<TrendDay>, all: Vec<Stretch>, whole: Stretch) {
    for (day, monitored_s) in monitored_days(all, whole) {
        match days.binary_search_by_key(&day, |of| of.day) {
            Ok(at) => days[at].monitored_s = monitored_s,
            Err(at) => days.insert(at, TrendDay { day, monitored_s, ..TrendDay::default() }),
        }
    }
}

/// From the beginning of the first day to the end of the last one.
pub(crate) fn days_from(first: Date, last: Date) -> Stretch {
    let begin = |day: Date| UnitLocal(day.to_datetime(Time::midnight()));
    let end = last.tomorrow().map_or(UnitLocal(last.to_datetime(Time::MAX)), begin);
    Stretch { from: begin(first), to: end }
}

/// The seconds of each day that are in one of the stretches; days without any are left out.
pub(crate) fn monitored_days(all: Vec<Stretch>, whole: Stretch) -> BTreeMap<Date, f64> {
    let mut days = BTreeMap::new();
    for stretch in crate::monitored::union(all, whole) {
        let mut day = stretch.from.0.date();
        loop {
            let of_day = days_from(day, day);
            let (from, to) = (stretch.from.max(of_day.from), stretch.to.min(of_day.to));
            if from < to {
                *days.entry(day).or_insert(0.0) += to.seconds_since(from);
            }
            match day.tomorrow() {
                Ok(next) if of_day.to < stretch.to => day = next,
                _ => break,
            }
        }
    }
    days
}
