//! When units are known to have monitored: by the monitor logs in reports, and by histograms.

use std::collections::HashSet;

use jiff::ToSpan;
use serde::Serialize;
use wavekeep_core::{Stretch, UnitLocal};
use wavekeep_report_text::{leading_date, printed_time};

use crate::index::EventRow;
use crate::{Archive, ArchiveError, MonitorLogQuery, Query};

/// Rows of monitor logs that are looked at for one unit.
const MOST_ROWS: usize = 200_000;
/// Days for which a histogram may go on: one that reaches into a period may have begun so long before it.
pub(crate) const LONGEST_DAYS: i64 = 93;

/// When a unit is known to have monitored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Monitored {
    /// In order, apart from each other, within what was asked for.
    pub stretches: Vec<Stretch>,
    /// Rows of logs whose times were not understood.
    pub unread_log_rows: u64,
}

impl Archive {
    /// When a unit is known to have monitored within `whole`, by the monitor logs in the reports of the
    /// events that answer `query`, and by histograms among these. Of `query` only scope, project and location
    /// matter. What is not within a stretch is not known.
    ///
    /// # Errors
    /// What the index says.
    pub fn monitored(
        &self,
        serial: &str,
        query: &Query,
        whole: Stretch,
    ) -> Result<Monitored, ArchiveError> {
        let mut known = Monitored::default();
        let mut all = Vec::new();
        let of_unit = Query::default()
            .with_scope(query.scope.clone())
            .with_project(query.project.clone())
            .with_location(query.location.clone())
            .with_serial(Some(serial.to_owned()));
        // A log also stands in reports of events after it.
        let seen = of_unit.clone().with_from(Some(whole.from)).with_limit(Some(usize::MAX));
        let seen: HashSet<i64> = self.ids(&seen)?.into_iter().collect();
        let log = MonitorLogQuery::default()
            .with_serial(Some(serial.to_owned()))
            .with_from(Some(whole.from))
            .with_limit(Some(MOST_ROWS));
        for row in self.monitor_log(&log)? {
            if !seen.contains(&row.event_id) {
                continue;
            }
            match (moment(&row.start), moment(&row.stop)) {
                (Some(from), Some(to)) if from <= to => all.push(Stretch { from, to }),
                _ => known.unread_log_rows += 1,
            }
        }
        all.extend(self.histograms(of_unit, whole)?);
        known.stretches = union(all, whole);
        Ok(known)
    }

    /// From the start to the end of each histogram.
    fn histograms(&self, of_unit: Query, whole: Stretch) -> Result<Vec<Stretch>, ArchiveError> {
        let before = whole.from.0.checked_sub(LONGEST_DAYS.days()).unwrap_or(whole.from.0);
        let query = of_unit
            .with_kind(Some("histogram".to_owned()))
            .with_from(Some(UnitLocal(before)))
            .with_to(Some(whole.to));
        let mut found = Vec::new();
        self.each_event(&query, &mut |row| {
            found.extend(lasted(&row));
            Ok::<(), ArchiveError>(())
        })?;
        Ok(found)
    }
}

/// From start to end of a histogram, where neither is assumed.
fn lasted(row: &EventRow) -> Option<Stretch> {
    const ENDS: [&str; 4] = ["start", "stop", "interval_start", "interval_length_s"];
    let assumed: Vec<String> = serde_json::from_str(&row.assumed).unwrap_or_default();
    if assumed.iter().any(|name| ENDS.contains(&name.as_str())) {
        return None;
    }
    let from = UnitLocal(row.timestamp.as_deref()?.parse().ok()?);
    let seconds = row.record_time_s.filter(|seconds| *seconds > 0.0)?;
    Some(Stretch { from, to: from.checked_add_seconds(seconds)? })
}

/// A moment as a monitor log prints it. A date whose day could be its month is none.
fn moment(text: &str) -> Option<UnitLocal> {
    let (date, rest) = leading_date(text)?;
    Some(UnitLocal(date.decided(None)?.to_datetime(printed_time(rest)?)))
}

/// The same times without overlaps, in order and within `whole`.
pub(crate) fn union(mut all: Vec<Stretch>, whole: Stretch) -> Vec<Stretch> {
    all.sort_unstable();
    let mut apart: Vec<Stretch> = Vec::new();
    for Stretch { from, to } in all {
        let (from, to) = (from.max(whole.from), to.min(whole.to));
        if from >= to {
            continue;
        }
        match apart.last_mut() {
            Some(last) if from <= last.to => last.to = last.to.max(to),
            _ => apart.push(Stretch { from, to }),
        }
    }
    apart
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn day() -> Stretch {
        let at = |day| UnitLocal(jiff::civil::date(2026, 5, day).at(0, 0, 0, 0));
        Stretch { from: at(8), to: at(9) }
    }

    #[test]
    fn moments_are_read_as_monitor_logs_print_them() {
        let at = |text| moment(text).map(|at| at.to_string());
        assert_eq!(at("May 8 /26 10:00:00").as_deref(), Some("2026-05-08 10:00:00"));
        assert_eq!(at("2026-05-08 10:00:00").as_deref(), Some("2026-05-08 10:00:00"));
        for text in ["", "05/06/26 10:00:00", "May 8 /26", "10:00:00", "May 32 /26 10:00:00"] {
            assert_eq!(at(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_union_holds_every_second_that_one_of_its_parts_holds(
            parts in vec((-20..100i32, 0..60i32), 0..12)
        ) {
            let whole = day();
            let at = |seconds: i32| whole.from.checked_add_seconds(f64::from(seconds)).unwrap();
            let all: Vec<Stretch> =
                parts.iter().map(|(from, length)| Stretch { from: at(*from), to: at(from + length) }).collect();
            let apart = union(all.clone(), whole);
            for pair in apart.windows(2) {
                prop_assert!(pair[0].to < pair[1].from);
            }
            for second in -30..200 {
                let middle = whole.from.checked_add_seconds(f64::from(second) + 0.5).unwrap();
                let holds = |of: &[Stretch]| of.iter().any(|it| it.from <= middle && middle < it.to);
                prop_assert_eq!(holds(&apart), second >= 0 && holds(&all));
            }
        }
    }
}
