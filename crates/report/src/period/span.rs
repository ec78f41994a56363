//! The days that a report is about.

use std::str::FromStr;

use jiff::ToSpan;
use jiff::civil::{Date, Time, date};
use wavekeep_core::{Stretch, UnitLocal};

use crate::language::Words;

/// Days by the units' own clocks, the first and the last of them included.
///
/// ```
/// use wavekeep_report::Period;
///
/// let may: Period = "2026-05".parse()?;
/// assert_eq!(may.first().to_string(), "2026-05-01 00:00:00");
/// assert_eq!(may.days(), 31);
/// assert_eq!("2026-05-01..2026-05-31".parse::<Period>()?, may);
/// # Ok::<(), wavekeep_report::NotAPeriod>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    from: Date,
    to: Date,
}

/// A text that names no period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no period: {reason}; expected a month such as 2026-05, a day, a year, or the first and the last day, 2026-05-04..2026-05-17"
)]
pub struct NotAPeriod {
    text: String,
    reason: &'static str,
}

/// Days of a period, at most.
const MOST_DAYS: i32 = 366;

impl Default for Period {
    fn default() -> Self {
        Self { from: date(1970, 1, 1), to: date(1970, 1, 1) }
    }
}

impl Period {
    /// The first day.
    pub fn first_day(&self) -> Date {
        self.from
    }

    /// The last day.
    pub fn last_day(&self) -> Date {
        self.to
    }

    /// The first moment.
    pub fn first(&self) -> UnitLocal {
        UnitLocal(self.from.to_datetime(Time::midnight()))
    }

    /// The last moment.
    pub fn last(&self) -> UnitLocal {
        UnitLocal(self.to.to_datetime(Time::MAX))
    }

    /// All of it, up to the first moment of the day that follows.
    pub fn stretch(&self) -> Stretch {
        let to = self
            .to
            .tomorrow()
            .map_or(self.last(), |day| UnitLocal(day.to_datetime(Time::midnight())));
        Stretch { from: self.first(), to }
    }

    /// How many days.
    pub fn days(&self) -> u32 {
        let days = self.from.until(self.to).map_or(0, |span| span.get_days());
        days.unsigned_abs() + 1
    }

    /// The day with this number, from 0.
    pub fn day(&self, number: u32) -> Option<Date> {
        self.from.checked_add(i64::from(number).days()).ok().filter(|day| *day <= self.to)
    }

    /// As it is written in names of files: `2026-05` for a month, `2026-05-08` for a day,
    /// `2026-05-04_2026-05-17` for others.
    pub fn short(&self) -> String {
        let (from, to) = (self.from.to_string(), self.to.to_string());
        match self.is_month() {
            true => from.get(..7).unwrap_or(&from).to_owned(),
            false if self.from == self.to => from,
            false => format!("{from}_{to}"),
        }
    }

    fn is_month(&self) -> bool {
        self.from == self.from.first_of_month() && self.to == self.from.last_of_month()
    }

    /// In words: the month with its name where it is one.
    pub fn in_words(&self, words: &Words) -> String {
        match self.from == self.to {
            _ if self.is_month() => words.month(self.from),
            true => words.long_date(self.from),
            false => words.filled(
                "forms.from_to",
                &[("from", &words.long_date(self.from)), ("to", &words.long_date(self.to))],
            ),
        }
    }

    fn of_part(text: &str) -> Option<(Date, Date)> {
        let is_written = |form: &str| {
            let fits = |(letter, of): (char, char)| match of {
                '0' => letter.is_ascii_digit(),
                of => letter == of,
            };
            text.len() == form.len() && text.chars().zip(form.chars()).all(fits)
        };
        let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i16>().ok();
        if is_written("0000") {
            let year = number(0..4)?;
            Some((Date::new(year, 1, 1).ok()?, Date::new(year, 12, 31).ok()?))
        } else if is_written("0000-00") {
            let first = Date::new(number(0..4)?, i8::try_from(number(5..7)?).ok()?, 1).ok()?;
            Some((first, first.last_of_month()))
        } else if is_written("0000-00-00") {
            let day = text.parse().ok()?;
            Some((day, day))
        } else {
            None
        }
    }
}

impl FromStr for Period {
    type Err = NotAPeriod;

    fn from_str(text: &str) -> Result<Self, NotAPeriod> {
        let refused = |reason| NotAPeriod { text: text.to_owned(), reason };
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let part = |text| Self::of_part(text).ok_or_else(|| refused("no such days"));
        let ((from, _), (_, to)) = (part(first)?, part(last)?);
        if to < from {
            return Err(refused("it ends before it begins"));
        }
        match from.until(to).map(|span| span.get_days()) {
            Ok(days) if days < MOST_DAYS => Ok(Self { from, to }),
            _ => Err(refused("it has more than 366 days")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn a_period_is_a_year_a_month_a_day_or_two_ends() {
        for (text, from, to) in [
            ("2024", "2024-01-01", "2024-12-31"),
            ("2024-02", "2024-02-01", "2024-02-29"),
            ("2026-05-08", "2026-05-08", "2026-05-08"),
            ("2026-05-28..2026-06-03", "2026-05-28", "2026-06-03"),
            ("2026-04..2026-06", "2026-04-01", "2026-06-30"),
        ] {
            let period: Period = text.parse().unwrap();
            assert_eq!((period.from.to_string(), period.to.to_string()), (from.into(), to.into()));
        }
    }

    #[test]
    fn what_is_no_period_is_refused_with_what_is_expected() {
        for text in [
            "",
            "May",
            "2026-5",
            "2026-13",
            "2026-02-30",
            "2026-05-01Z",
            "2026-06..2026-05",
            "2024..2025",
            "..",
            "2026-05..",
            "+2026",
            "２０２６",
            "0000-00-00",
        ] {
            let refused = text.parse::<Period>().unwrap_err().to_string();
            assert!(refused.contains("such as 2026-05"), "{refused}");
        }
    }

    #[test]
    fn a_file_is_called_by_its_month_or_by_its_days() {
        let named = |text: &str| text.parse::<Period>().unwrap().short();
        assert_eq!(named("2026-05"), "2026-05");
        assert_eq!(named("2026-05-08"), "2026-05-08");
        assert_eq!(named("2026-05..2026-06"), "2026-05-01_2026-06-30");
    }

    #[test]
    fn a_whole_month_is_called_by_its_name() {
        let words = Language::German.words();
        let of = |text: &str| text.parse::<Period>().unwrap().in_words(words);
        assert_eq!(of("2026-05"), "Mai 2026");
        assert_eq!(of("2026-05-08"), "8. Mai 2026");
        assert_eq!(of("2026-05-04..2026-05-17"), "4. Mai 2026 bis 17. Mai 2026");
    }
}
