//! When units are known to have monitored: by the monitor logs in reports, and by histograms.

use std::collections::HashSet;

use jiff::ToSpan;
use wavekeep_archive::{Archive, ArchiveError, EventRow, MonitorLogQuery, Query};
use wavekeep_core::UnitLocal;
use wavekeep_report::Stretch;
use wavekeep_report_text::{leading_date, printed_time};

use crate::request::PeriodRequest;

/// Rows of monitor logs that are looked at for one unit.
const MOST_ROWS: usize = 200_000;
/// Days before the period in which a histogram that reaches into it may have begun.
const DAYS_BEFORE: i64 = 93;

/// What is known of a unit.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// In order, apart from each other, within the period.
    pub(crate) stretches: Vec<Stretch>,
    /// Rows of logs whose times were not understood.
    pub(crate) unread: u64,
}

/// When a unit is known to have monitored in the period, by events that may be seen.
pub(crate) fn known(
    archive: &Archive,
    request: &PeriodRequest,
    serial: &str,
) -> Result<Known, ArchiveError> {
    let whole = request.period.stretch();
    let mut known = Known::default();
    let mut all = Vec::new();
    let of_unit = request.at_any_time().with_serial(Some(serial.to_owned()));
    // A log also stands in reports of events after the period.
    let seen = of_unit.clone().with_from(Some(whole.from)).with_limit(Some(usize::MAX));
    let seen: HashSet<i64> = archive.ids(&seen)?.into_iter().collect();
    let log = MonitorLogQuery::default()
        .with_serial(Some(serial.to_owned()))
        .with_from(Some(whole.from))
        .with_limit(Some(MOST_ROWS));
    for row in archive.monitor_log(&log)? {
        if !seen.contains(&row.event_id) {
            continue;
        }
        match (moment(&row.start), moment(&row.stop)) {
            (Some(from), Some(to)) if from <= to => all.push(Stretch { from, to }),
            _ => known.unread += 1,
        }
    }
    all.extend(histograms(archive, of_unit, whole)?);
    known.stretches = union(all, whole);
    Ok(known)
}

/// From the start to the end of each histogram.
fn histograms(
    archive: &Archive,
    of_unit: Query,
    whole: Stretch,
) -> Result<Vec<Stretch>, ArchiveError> {
    let before = whole.from.0.checked_sub(DAYS_BEFORE.days()).unwrap_or(whole.from.0);
    let query = of_unit
        .with_kind(Some("histogram".to_owned()))
        .with_from(Some(UnitLocal(before)))
        .with_to(Some(whole.to));
    let mut found = Vec::new();
    archive.each_event(&query, &mut |row| {
        found.extend(lasted(&row));
        Ok::<(), ArchiveError>(())
    })?;
    Ok(found)
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
fn union(mut all: Vec<Stretch>, whole: Stretch) -> Vec<Stretch> {
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
        "2026-05-08".parse::<wavekeep_report::Period>().unwrap().stretch()
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
