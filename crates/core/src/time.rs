//! Wall-clock time as an instrument knows it.

use std::fmt;

use jiff::civil;
use serde::{Serialize, Serializer};

/// Date and time by an instrument's own clock: no time zone is known and none may be added.
///
/// Moments in UTC are another type (`jiff::Timestamp`), so that the two can never be mixed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitLocal(pub civil::DateTime);

impl UnitLocal {
    /// A moment from its fields; `None` when a field is out of range (February 30, hour 24, …).
    pub fn from_fields(
        (year, month, day): (u16, u8, u8),
        (hour, minute, second): (u8, u8, u8),
    ) -> Option<Self> {
        let small = |field: u8| i8::try_from(field).ok();
        let date = civil::Date::new(i16::try_from(year).ok()?, small(month)?, small(day)?).ok()?;
        let time = civil::Time::new(small(hour)?, small(minute)?, small(second)?, 0).ok()?;
        Some(Self(date.to_datetime(time)))
    }

    /// The moment `seconds` later by the same clock; `None` past the end of the calendar.
    pub fn checked_add_seconds(self, seconds: f64) -> Option<Self> {
        let span = jiff::SignedDuration::try_from_secs_f64(seconds).ok()?;
        self.0.checked_add(span).ok().map(Self)
    }

    /// Seconds from `earlier` to this moment by the same clock.
    pub fn seconds_since(self, earlier: Self) -> f64 {
        self.0.duration_since(earlier.0).as_secs_f64()
    }
}

/// `2026-05-01 13:16:34`
impl fmt::Display for UnitLocal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.date(), self.0.time())
    }
}

/// ISO 8601 without a zone: `2026-05-01T13:16:34`.
impl Serialize for UnitLocal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_out_of_range_give_no_moment() {
        assert!(UnitLocal::from_fields((2026, 2, 29), (0, 0, 0)).is_none());
        assert!(UnitLocal::from_fields((2024, 2, 29), (23, 59, 59)).is_some());
        assert!(UnitLocal::from_fields((2024, 1, 1), (24, 0, 0)).is_none());
        assert!(UnitLocal::from_fields((0xffff, 200, 200), (0, 0, 0)).is_none());
    }

    #[test]
    fn a_moment_is_written_without_a_zone() {
        let moment = UnitLocal::from_fields((2026, 5, 1), (13, 16, 34)).unwrap();
        assert_eq!(moment.to_string(), "2026-05-01 13:16:34");
        assert_eq!(serde_json::to_string(&moment).unwrap(), "\"2026-05-01T13:16:34\"");
        assert_eq!(moment.checked_add_seconds(86.0).unwrap().seconds_since(moment), 86.0);
    }
}
