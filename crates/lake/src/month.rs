//! The partitions: events by the month of their start by the unit's own clock.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time, date};
use serde::{Deserialize, Serialize};
use wavekeep_core::UnitLocal;

/// A month, or that of the events whose start is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum Month {
    /// A month of a year of four digits: its first day.
    Of(Date),
    /// No start is known, or it has no month of this form.
    Unknown,
}

/// How the partition of events without a month is called.
const UNKNOWN: &str = "unknown";

impl Month {
    /// The month of the start of an event, as the archive writes it.
    pub(crate) fn of(timestamp: Option<&str>) -> Self {
        let month = timestamp.and_then(|timestamp| timestamp.get(..7));
        month.and_then(|month| month.parse().ok()).unwrap_or(Self::Unknown)
    }

    /// The first and the last moment; `None` of the unknown one.
    pub(crate) fn bounds(self) -> Option<(UnitLocal, UnitLocal)> {
        let Self::Of(first) = self else { return None };
        let at = |day, time| UnitLocal(DateTime::from_parts(day, time));
        Some((at(first, Time::MIN), at(first.last_of_month(), Time::MAX)))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Of(first) => write!(f, "{:04}-{:02}", first.year(), first.month()),
            Self::Unknown => f.write_str(UNKNOWN),
        }
    }
}

impl FromStr for Month {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no month");
        if text == UNKNOWN {
            return Ok(Self::Unknown);
        }
        let (year, month) = text.split_once('-').ok_or_else(wrong)?;
        let is_number = |digits: &str, len| {
            digits.len() == len && digits.bytes().all(|digit| digit.is_ascii_digit())
        };
        if !is_number(year, 4) || !is_number(month, 2) {
            return Err(wrong());
        }
        let (year, month) =
            (year.parse().map_err(|_| wrong())?, month.parse().map_err(|_| wrong())?);
        let is_month = (1..=12).contains(&month);
        if is_month { Ok(Self::Of(date(year, month, 1))) } else { Err(wrong()) }
    }
}

impl TryFrom<String> for Month {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Month> for String {
    fn from(month: Month) -> Self {
        month.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_month_of_a_start_is_that_of_its_text() {
        assert_eq!(Month::of(Some("2026-05-31T23:59:59.5")).to_string(), "2026-05");
        assert_eq!(Month::of(None), Month::Unknown);
        for odd in ["-000044-03-15T12:00:00", "2026-13-01", "2026", "", "20265-0", "2026-0é"] {
            assert_eq!(Month::of(Some(odd)), Month::Unknown, "{odd}");
        }
    }

    #[test]
    fn the_bounds_of_a_month_are_its_first_and_its_last_moment() {
        let (first, last) = "2024-02".parse::<Month>().unwrap().bounds().unwrap();
        assert_eq!(first.0.to_string(), "2024-02-01T00:00:00");
        assert_eq!(last.0.to_string(), "2024-02-29T23:59:59.999999999");
        assert!(Month::Unknown.bounds().is_none());
    }
}
