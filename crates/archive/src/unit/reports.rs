//! What the reports of a unit state of it.

use jiff::civil::Date;
use rayon::prelude::*;
use serde::Serialize;
use serde_json::Value;

use super::{UnitOptions, battery_volts, calibration_due};
use crate::sidecar::Sidecar;
use crate::{Archive, ArchiveError, EventRow, Query};

/// Reports that are read, of the latest events.
const MOST_REPORTS: usize = 1000;

/// A text of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Reported {
    /// As it is printed.
    pub text: String,
    /// The event whose report it is.
    pub event: i64,
    /// When that event began by the unit's clock.
    pub at: Option<String>,
}

/// The battery.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Battery {
    /// As it is printed, and where.
    #[serde(flatten)]
    pub reported: Reported,
    /// The voltage, where it has a number.
    pub volts: Option<f64>,
}

/// The calibration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Calibration {
    /// As it is printed, and where.
    #[serde(flatten)]
    pub reported: Reported,
    /// Its date; `None` where there is none, or its day could be its month.
    #[serde(serialize_with = "crate::trend::as_text_or_null")]
    pub date: Option<Date>,
    /// When the next one is due.
    #[serde(serialize_with = "crate::trend::as_text_or_null")]
    pub due: Option<Date>,
    /// Days until then; negative where it was due.
    pub due_in_days: Option<i32>,
    /// Months after which it is due.
    pub months: u32,
}

/// A version of the firmware, and the events in whose reports it stands, one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FirmwareSeen {
    /// As it is printed.
    pub text: String,
    /// The first event.
    pub first_event: i64,
    /// When that began by the unit's clock.
    pub first: Option<String>,
    /// The last event.
    pub last_event: i64,
    /// When that began by the unit's clock.
    pub last: Option<String>,
    /// Reports with it.
    pub reports: u64,
}

/// What reports state.
#[derive(Debug, Default)]
pub(super) struct Reports {
    pub(super) battery: Option<Battery>,
    pub(super) calibration: Option<Calibration>,
    pub(super) memory: Option<Reported>,
    pub(super) firmware: Vec<FirmwareSeen>,
    pub(super) read: u64,
    pub(super) of: u64,
}

/// A report and the event that it is of.
struct Read {
    event: EventRow,
    sidecar: Sidecar,
}

impl Archive {
    /// Reads the reports of the latest events.
    pub(super) fn reports_of(
        &self,
        of_unit: &Query,
        options: &UnitOptions,
    ) -> Result<Reports, ArchiveError> {
        let with_report =
            of_unit.clone().with_has_report(Some(true)).with_limit(Some(MOST_REPORTS));
        let page = self.query(&with_report)?;
        let read = |event: EventRow| {
            // What cannot be read is left to `verify`.
            let sidecar = self.sidecar(event.id).ok()?;
            Some(Read { event, sidecar })
        };
        let latest_first: Vec<Read> = page.events.into_par_iter().filter_map(read).collect();
        let latest = |of: &dyn Fn(&Sidecar) -> Option<String>| {
            latest_first.iter().find_map(|read| Some(reported(read, of(&read.sidecar)?)))
        };
        let battery = latest(&|sidecar| sidecar.reported("battery"));
        let calibration = latest(&|sidecar| sidecar.reported("calibration"));
        Ok(Reports {
            battery: battery.map(|reported| {
                let volts = battery_volts(&reported.text);
                Battery { reported, volts }
            }),
            calibration: calibration.map(|reported| Calibration::of(reported, options)),
            memory: latest(&memory),
            firmware: firmware(&latest_first),
            read: latest_first.len() as u64,
            of: page.total,
        })
    }
}

fn reported(read: &Read, text: String) -> Reported {
    Reported { text, event: read.event.id, at: read.event.timestamp.clone() }
}

/// A field of the report that names the memory.
fn memory(sidecar: &Sidecar) -> Option<String> {
    let fields = sidecar.report()?.get("fields")?.as_array()?;
    fields.iter().find_map(|field| {
        let [Value::String(name), Value::String(text)] = field.as_array()?.as_slice() else {
            return None;
        };
        let is_it = name.to_lowercase().contains("memory") && !text.trim().is_empty();
        is_it.then(|| format!("{}: {}", name.trim(), text.trim()))
    })
}

fn firmware(latest_first: &[Read]) -> Vec<FirmwareSeen> {
    let mut all: Vec<FirmwareSeen> = Vec::new();
    for read in latest_first.iter().rev() {
        let Some(text) = read.sidecar.reported("firmware") else { continue };
        let (event, at) = (read.event.id, read.event.timestamp.clone());
        match all.last_mut().filter(|seen| seen.text == text) {
            Some(seen) => {
                (seen.last_event, seen.last) = (event, at);
                seen.reports += 1;
            }
            None => all.push(FirmwareSeen {
                text,
                first_event: event,
                first: at.clone(),
                last_event: event,
                last: at,
                reports: 1,
            }),
        }
    }
    all
}

impl Calibration {
    fn of(reported: Reported, options: &UnitOptions) -> Self {
        let months = options.calibration_months;
        let (date, due) = calibration_due(&reported.text, months).unzip();
        let due_in_days = due.and_then(|due| Some(options.to.until(due).ok()?.get_days()));
        Self { reported, date, due, due_in_days, months }
    }
}
