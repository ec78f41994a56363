//! Wall-clock time as an instrument knows it.

use std::fmt;
use std::str::FromStr;

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

    /// Microseconds from the beginning of 1970 to this moment by the same clock: what numpy and Arrow
    /// have for a moment without a zone.
    pub fn micros(self) -> i64 {
        let since = self.0.duration_since(civil::date(1970, 1, 1).at(0, 0, 0, 0));
        // Years have four digits: that is far from the ends of 64 bits.
        since.as_micros() as i64
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

/// A day, or a moment, by an instrument's own clock, as people write the ends of a period:
/// `2026-05-01`, `2026-05-01T13:16`, `2026-05-01 13:16:34.5`. No zone may follow: units know none.
///
/// ```
/// use wavekeep_core::DayOrMoment;
///
/// let day: DayOrMoment = "2026-05-01".parse()?;
/// assert_eq!(day.first().to_string(), "2026-05-01 00:00:00");
/// assert_eq!(day.last().to_string(), "2026-05-01 23:59:59.999999999");
/// assert!("2026-05-01T13:16:34-05:00".parse::<DayOrMoment>().is_err());
/// # Ok::<(), wavekeep_core::NotADayOrMoment>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayOrMoment {
    /// A whole day.
    Day(civil::Date),
    /// A moment.
    Moment(civil::DateTime),
}

/// A text that is neither a day nor a moment without a zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no unit-local time: expected 2026-05-01 or 2026-05-01T13:16:34, without a zone, since units know none"
)]
pub struct NotADayOrMoment(String);

impl DayOrMoment {
    /// The first moment of it.
    pub fn first(self) -> UnitLocal {
        UnitLocal(match self {
            Self::Day(date) => date.to_datetime(civil::Time::midnight()),
            Self::Moment(moment) => moment,
        })
    }

    /// The last moment of it.
    pub fn last(self) -> UnitLocal {
        UnitLocal(match self {
            Self::Day(date) => date.to_datetime(civil::Time::MAX),
            Self::Moment(moment) => moment,
        })
    }
}

impl FromStr for DayOrMoment {
    type Err = NotADayOrMoment;

    fn from_str(text: &str) -> Result<Self, NotADayOrMoment> {
        let refused = || NotADayOrMoment(text.to_owned());
        // The calendar library ignores a zone behind a civil time: the form is checked here.
        const FORM: &[u8] = b"0000-00-00T00:00:00.";
        let bytes = text.as_bytes();
        let fits = bytes.iter().enumerate().all(|(at, &byte)| match FORM.get(at) {
            Some(b'0') | None => byte.is_ascii_digit(),
            Some(b'T') => matches!(byte, b'T' | b't' | b' '),
            Some(&sign) => byte == sign,
        });
        if !fits {
            return Err(refused());
        }
        match bytes.len() {
            10 => text.parse().map(Self::Day).map_err(|_| refused()),
            16 | 19 | 21.. => text.parse().map(Self::Moment).map_err(|_| refused()),
            _ => Err(refused()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_ends_with_a_day_or_a_moment_and_knows_no_zone() {
        for (text, first) in [
            ("2026-05-01", "2026-05-01 00:00:00"),
            ("2026-05-01T13:16", "2026-05-01 13:16:00"),
            ("2026-05-01 13:16:34", "2026-05-01 13:16:34"),
            ("2026-05-01t13:16:34.25", "2026-05-01 13:16:34.25"),
        ] {
            assert_eq!(text.parse::<DayOrMoment>().unwrap().first().to_string(), first);
        }
        for text in [
            "",
            "May",
            "2026",
            "2026-05",
            "20260501",
            "2026-5-1",
            "2026-02-30",
            "2026-05-01T",
            "2026-05-01T13",
            "2026-05-01T24:16:34",
            "2026-05-01T13:16:34.",
            "2026-05-01T13:16:34Z",
            "2026-05-01T13:16:34z",
            "2026-05-01T13:16:34-05:00",
            "2026-05-01T13:16-05:00",
            "2026-05-01T13:16:34+02",
            "2026-05-01T13:16:34[Europe/Berlin]",
            "2026-05-01-05:00",
            "2026-05-01Z",
            "+002026-05-01",
            " 2026-05-01",
            "2026-05-01 ",
            "２026-05-01",
        ] {
            assert!(text.parse::<DayOrMoment>().is_err(), "{text:?}");
        }
    }

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
