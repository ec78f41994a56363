//! What is known of a unit, each fact with the event and the time that it is from.

mod moves;
mod printed;
mod reports;

use derive_setters::Setters;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;

pub use moves::UnitMove;
pub use printed::{battery_volts, calibration_due};
pub use reports::{Battery, Calibration, FirmwareSeen, Reported};

use crate::scope::Scope;
use crate::{
    Archive, ArchiveError, LocationSummary, MonitorLogQuery, MonitorLogRow, Query, TrendDay,
    UnitSummary,
};

/// Days of the strip.
const STRIP_DAYS: u32 = 90;
/// Lengths for which it is added up how long a unit is known to have monitored, in days.
const UPTIMES: [u32; 2] = [30, STRIP_DAYS];
/// Rows of monitor logs among which the last one is looked for that may be seen.
const LAST_ROWS: usize = 1000;

/// How a unit is looked at.
#[derive(Debug, Clone, PartialEq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct UnitOptions {
    /// Only by events of a part of the archive.
    pub scope: Option<Scope>,
    /// The last day of the 90 days that are looked at, and the one from which it is counted when a
    /// calibration is due.
    pub to: Date,
    /// Months after which a unit is calibrated again.
    pub calibration_months: u32,
}

impl UnitOptions {
    /// Up to this day; calibrated every 12 months.
    pub fn to(to: Date) -> Self {
        Self { scope: None, to, calibration_months: 12 }
    }
}

/// What is known of a unit. Nothing is assumed: what no source states is `None`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct UnitFacts {
    /// Serial number, and what there is of the unit.
    #[serde(flatten)]
    pub summary: UnitSummary,
    /// The latest event by the unit's clock.
    pub last_event: Option<i64>,
    /// The latest row of a monitor log, as its report prints it.
    pub last_log: Option<MonitorLogRow>,
    /// The battery in the latest report that states it.
    pub battery: Option<Battery>,
    /// The calibration in the latest report that states it.
    pub calibration: Option<Calibration>,
    /// The memory in the latest report that states it, as it is printed.
    pub memory: Option<Reported>,
    /// Versions of the firmware in the order of time.
    pub firmware: Vec<FirmwareSeen>,
    /// Reports that were read for these: those of the latest events.
    pub reports_read: u64,
    /// Events with a report.
    pub reports: u64,
    /// Where it stood, by its events.
    pub locations: Vec<LocationSummary>,
    /// What went wrong.
    pub faults: UnitFaults,
    /// Events that came to this unit from another one, or went to another one: the latest first.
    pub moves: Vec<UnitMove>,
    /// The first day of `days`.
    #[serde(serialize_with = "crate::trend::as_text")]
    pub from: Date,
    /// The last day of `days`.
    #[serde(serialize_with = "crate::trend::as_text")]
    pub to: Date,
    /// The days of the last 90 that have events, or in which it is known that the unit monitored.
    pub days: Vec<TrendDay>,
    /// For how long it is known to have monitored.
    pub uptime: Vec<Uptime>,
    /// Rows of monitor logs whose times were not understood.
    pub unread_log_rows: u64,
}

/// How many events are doubtful.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UnitFaults {
    /// Events, runs of streams among them.
    pub events: u64,
    /// False triggers.
    pub false_triggers: u64,
    /// With a sensor at its limit.
    pub saturated: u64,
    /// Whose data is damaged or missing.
    pub damaged: u64,
}

/// For how long a unit is known to have monitored. It may have monitored for longer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Uptime {
    /// Of so many last days.
    pub days: u32,
    /// Seconds in which it is known to have monitored.
    pub monitored_s: f64,
    /// The same as a share of all these seconds, from 0 to 1.
    pub share: f64,
}

impl Archive {
    /// What is known of a unit; `None` where it has no event that may be seen.
    ///
    /// # Errors
    /// What the index or the system says.
    pub fn unit(
        &self,
        serial: &str,
        options: &UnitOptions,
    ) -> Result<Option<UnitFacts>, ArchiveError> {
        let of_unit =
            Query::default().with_scope(options.scope.clone()).with_serial(Some(serial.to_owned()));
        let Some(summary) = self.units_matching(&of_unit)?.into_iter().next() else {
            return Ok(None);
        };
        let back = i64::from(STRIP_DAYS) - 1;
        let from = options.to.checked_sub(back.days()).unwrap_or(options.to);
        let whole = crate::trend::days_from(from, options.to);
        let in_strip = of_unit.clone().with_from(Some(whole.from)).with_to(Some(whole.to));
        let trend = self.trend(&in_strip)?;
        // Days without events are known by reports of later ones.
        let monitored = self.monitored(serial, &of_unit, whole)?;
        let mut days = trend.days;
        crate::trend::put_monitored(&mut days, monitored.stretches, whole);
        let latest = self.query(&of_unit.clone().with_limit(Some(1)))?.events;
        let reports = self.reports_of(&of_unit, options)?;
        Ok(Some(UnitFacts {
            last_event: latest.first().map(|event| event.id),
            last_log: self.last_log(serial, &of_unit)?,
            battery: reports.battery,
            calibration: reports.calibration,
            memory: reports.memory,
            firmware: reports.firmware,
            reports_read: reports.read,
            reports: reports.of,
            locations: self.locations_matching(&of_unit)?,
            faults: self.faults(&of_unit)?,
            moves: self.unit_moves(serial, options.scope.as_ref())?,
            from,
            to: options.to,
            uptime: UPTIMES.map(|of| Uptime::of(&days, options.to, of)).to_vec(),
            days,
            unread_log_rows: monitored.unread_log_rows,
            summary,
        }))
    }

    fn last_log(
        &self,
        serial: &str,
        of_unit: &Query,
    ) -> Result<Option<MonitorLogRow>, ArchiveError> {
        let log = MonitorLogQuery::default()
            .with_serial(Some(serial.to_owned()))
            .with_limit(Some(LAST_ROWS));
        for row in self.monitor_log(&log)? {
            if self.is_among(row.event_id, of_unit)? {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// Whether an event answers a question.
    fn is_among(&self, id: i64, query: &Query) -> Result<bool, ArchiveError> {
        let of = query.clone().with_ids(Some(vec![id])).with_limit(Some(0));
        Ok(self.query(&of)?.total > 0)
    }

    fn faults(&self, of_unit: &Query) -> Result<UnitFaults, ArchiveError> {
        let count = |query: Query| -> Result<u64, ArchiveError> {
            Ok(self.query(&query.with_limit(Some(0)))?.total)
        };
        Ok(UnitFaults {
            events: count(of_unit.clone())?,
            false_triggers: count(of_unit.clone().with_false_trigger(Some(true)))?,
            saturated: count(of_unit.clone().with_saturated(Some(true)))?,
            damaged: count(of_unit.clone().with_damaged(Some(true)))?,
        })
    }
}

impl Uptime {
    fn of(days: &[TrendDay], to: Date, last: u32) -> Self {
        let first = to.checked_sub((i64::from(last) - 1).days()).unwrap_or(to);
        let within = days.iter().filter(|of| (first..=to).contains(&of.day));
        let monitored_s: f64 = within.map(|of| of.monitored_s).sum();
        Self { days: last, monitored_s, share: monitored_s / (f64::from(last) * 86_400.0) }
    }
}
