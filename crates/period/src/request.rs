//! Which events a report is about, and what they are held against.

use derive_setters::Setters;
use wavekeep_archive::{Query, Sort, SortKey};
use wavekeep_report::Period;

use crate::levels::Levels;

/// What a report is asked for.
#[derive(Debug, Clone, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct PeriodRequest {
    /// The days, unit-local.
    pub period: Period,
    /// The events; its order and page do not matter.
    pub query: Query,
    /// What they are held against.
    pub levels: Levels,
    /// Events of a report, at most.
    pub most_events: usize,
    /// From this share of a level on, in per cent, an event within it warns.
    pub warn_percent: Option<f64>,
}

impl PeriodRequest {
    /// All events of a period, held against nothing.
    pub fn new(period: Period) -> Self {
        Self {
            period,
            query: Query::default(),
            levels: Levels::default(),
            most_events: 20_000,
            warn_percent: Some(80.0),
        }
    }

    /// The question for the events of the period in the order of time.
    pub(crate) fn in_period(&self) -> Query {
        let (first, last) = (self.period.first(), self.period.last());
        let from = self.query.from.map_or(first, |from| from.max(first));
        let to = self.query.to.map_or(last, |to| to.min(last));
        let sort = Sort { key: SortKey::Timestamp, descending: false };
        self.query
            .clone()
            .with_from(Some(from))
            .with_to(Some(to))
            .with_sort(sort)
            .with_after_id(None)
            .with_offset(0)
    }

    /// What else chose the events, as people write it.
    pub(crate) fn conditions(&self) -> Vec<String> {
        let query = &self.query;
        let mut conditions = Vec::new();
        let mut add = |name: &str, value: Option<String>| {
            conditions.extend(value.map(|value| format!("{name}={value}")));
        };
        let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
        add("serial", query.serial.clone());
        add("kind", query.kind.clone());
        add("from", query.from.map(|from| from.to_string()));
        add("to", query.to.map(|to| to.to_string()));
        add("min-ppv", query.min_ppv_in_s.map(|ppv| format!("{ppv} in/s")));
        add("max-ppv", query.max_ppv_in_s.map(|ppv| format!("{ppv} in/s")));
        add("false-trigger", query.false_trigger.map(yes));
        add("reviewed", query.reviewed.map(yes));
        add("text", query.text.clone());
        add("id", query.ids.as_ref().map(|ids| format!("{} events", ids.len())));
        conditions
    }
}
