//! Printed dates and times.
//!
//! A date in digits alone that could be day-month or month-day is not guessed: the other dates of
//! the text decide, or the file's own time.

use jiff::civil::{Date, Time};
use wavekeep_core::UnitLocal;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// In which order a date in digits alone is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOrder {
    /// `12/06/2026` is June 12.
    DayMonthYear,
    /// `06/12/2026` is June 12.
    MonthDayYear,
    /// `26/06/12` is June 12.
    YearMonthDay,
}

impl DateOrder {
    const ALL: [Self; 3] = [Self::DayMonthYear, Self::MonthDayYear, Self::YearMonthDay];
}

/// A printed date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrintedDate {
    /// One that its form decides.
    Certain(Date),
    /// Digits alone: the dates that it can be, with the order of each.
    InDigits(Vec<(DateOrder, Date)>),
}

impl PrintedDate {
    /// The date, where its form or `order` decides.
    pub fn decided(&self, order: Option<DateOrder>) -> Option<Date> {
        match self {
            Self::Certain(date) => Some(*date),
            Self::InDigits(candidates) => {
                let by_order = candidates.iter().find(|(of, _)| Some(*of) == order);
                let (_, first) = *candidates.first()?;
                let is_same = candidates.iter().all(|(_, date)| *date == first);
                by_order.map(|(_, date)| *date).or(is_same.then_some(first))
            }
        }
    }
}

/// Reads a date and hands back what stands behind it.
pub fn leading_date(text: &str) -> Option<(PrintedDate, &str)> {
    let text = text.trim();
    let mut words = Words { text, at: 0 };
    let mut first = words.next()?;
    if is_weekday(first) {
        first = words.next()?;
    }
    if let Some(month) = month(first) {
        let day = ordinal(words.next()?)?;
        let date = date(year(words.next()?)?, month, day)?;
        return Some((PrintedDate::Certain(date), words.rest()));
    }
    if first.len() == 8 && first.bytes().all(|byte| byte.is_ascii_digit()) {
        let part = |range: std::ops::Range<usize>| first[range].parse().ok();
        let date = date(part(0..4)?, part(4..6)? as i8, part(6..8)? as i8)?;
        return Some((PrintedDate::Certain(date), words.rest()));
    }
    let second = words.next()?;
    let third = words.next()?;
    if let Some(month) = month(second) {
        let date = date(year(third)?, month, ordinal(first)?)?;
        return Some((PrintedDate::Certain(date), words.rest()));
    }
    let numbers = [number(first)?, number(second)?, number(third)?];
    let [a, b, c] = numbers;
    if first.len() == 4 {
        let date = date(a, i8::try_from(b).ok()?, i8::try_from(c).ok()?)?;
        return Some((PrintedDate::Certain(date), words.rest()));
    }
    let in_order = |order: DateOrder| {
        let (year_word, month, day) = match order {
            DateOrder::DayMonthYear => (third, b, a),
            DateOrder::MonthDayYear => (third, a, b),
            DateOrder::YearMonthDay => (first, b, c),
        };
        let is_year_first = order == DateOrder::YearMonthDay;
        if first.len() > 2 || second.len() > 2 || is_year_first && third.len() > 2 {
            return None;
        }
        let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
        Some((order, date(year(year_word)?, month, day)?))
    };
    let candidates: Vec<(DateOrder, Date)> =
        DateOrder::ALL.into_iter().filter_map(in_order).collect();
    (!candidates.is_empty()).then(|| (PrintedDate::InDigits(candidates), words.rest()))
}

/// A date and nothing behind it but, perhaps, a time.
pub fn printed_date(text: &str) -> Option<PrintedDate> {
    let (date, rest) = leading_date(text)?;
    (rest.is_empty() || printed_time(rest).is_some()).then_some(date)
}

/// `14:03:20`, `14:03`, `14:03:20.5`, `2:03:20 PM`; also behind a date.
pub fn printed_time(text: &str) -> Option<Time> {
    let text = text.trim().trim_start_matches(['T', 't', ',']).trim_start();
    let (digits, half) = match text.find(|c: char| c.is_ascii_alphabetic()) {
        Some(at) => (text[..at].trim_end(), text[at..].to_ascii_lowercase().replace('.', "")),
        None => (text, String::new()),
    };
    let mut parts = digits.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next().unwrap_or("0"));
    if parts.next().is_some() {
        return None;
    }
    let whole = second.split(['.', ',']).next()?;
    let two = |text: &str| -> Option<i8> {
        let is_short = matches!(text.len(), 1..=2) && text.bytes().all(|b| b.is_ascii_digit());
        is_short.then(|| text.parse().ok()).flatten()
    };
    let hour = two(hour)?;
    let hour = match half.as_str() {
        "" => hour,
        "am" if (1..=12).contains(&hour) => hour % 12,
        "pm" if (1..=12).contains(&hour) => hour % 12 + 12,
        _ => return None,
    };
    Time::new(hour, two(minute)?, two(whole)?, 0).ok()
}

/// The order of a text's dates in digits alone: the one that all of them can have, or the one that
/// makes `start` of one of them the day that the file itself states.
pub fn order_of(
    dates: &[PrintedDate],
    start: Option<&PrintedDate>,
    file_start: Option<UnitLocal>,
) -> Option<DateOrder> {
    let in_digits: Vec<&Vec<(DateOrder, Date)>> = dates
        .iter()
        .filter_map(|date| match date {
            PrintedDate::InDigits(candidates) => Some(candidates),
            PrintedDate::Certain(_) => None,
        })
        .collect();
    let can_have = |order: &DateOrder| {
        !in_digits.is_empty() && in_digits.iter().all(|date| date.iter().any(|(of, _)| of == order))
    };
    let orders: Vec<DateOrder> = DateOrder::ALL.into_iter().filter(can_have).collect();
    if let [only] = orders.as_slice() {
        return Some(*only);
    }
    let (Some(PrintedDate::InDigits(start)), Some(file_start)) = (start, file_start) else {
        return None;
    };
    let on_that_day =
        |(order, date): &&(DateOrder, Date)| *date == file_start.0.date() && orders.contains(order);
    let mut fitting = start.iter().filter(on_that_day);
    let (order, _) = fitting.next()?;
    fitting.next().is_none().then_some(*order)
}

/// Runs of letters or digits; everything between them separates.
struct Words<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Words<'t> {
    fn next(&mut self) -> Option<&'t str> {
        let rest = &self.text[self.at..];
        let start = self.at + rest.find(|c: char| c.is_ascii_alphanumeric())?;
        let word = &self.text[start..];
        let is_end = |c: char| !c.is_ascii_alphanumeric();
        let mut end = start + word.find(is_end).unwrap_or(word.len());
        // The `T` of ISO 8601 separates date and time.
        let digits = word.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && word.as_bytes().get(digits) == Some(&b'T') {
            end = start + digits;
        }
        // A colon is a sign of times: what it belongs to is no part of a date.
        self.at = end;
        (!self.text[end..].starts_with(':')).then_some(&self.text[start..end])
    }

    fn rest(&self) -> &'t str {
        self.text[self.at..].trim_start_matches([',', ' '])
    }
}

fn month(word: &str) -> Option<i8> {
    let word = word.to_ascii_lowercase();
    let is_short = word.len() >= 3 || word == "may";
    let at = MONTHS.iter().position(|month| is_short && month.starts_with(&word))?;
    i8::try_from(at + 1).ok()
}

fn is_weekday(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    word.len() >= 3 && days.iter().any(|day| day.starts_with(&word))
}

/// `12`, `12th`
fn ordinal(word: &str) -> Option<i8> {
    let word = word.to_ascii_lowercase();
    let digits = ["st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end));
    digits.unwrap_or(&word).parse().ok()
}

fn number(word: &str) -> Option<i16> {
    (word.len() <= 4 && word.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| word.parse().ok())
        .flatten()
}

/// Four digits, or two: the units date from after 1980.
fn year(word: &str) -> Option<i16> {
    let number = number(word)?;
    match word.len() {
        4 => Some(number),
        2 if number >= 80 => Some(1900 + number),
        2 => Some(2000 + number),
        _ => None,
    }
}

fn date(year: i16, month: i8, day: i8) -> Option<Date> {
    Date::new(year, month, day).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const JUNE_12: Date = jiff::civil::date(2026, 6, 12);

    #[test]
    fn a_month_in_letters_or_the_year_first_decides_a_date() {
        for text in [
            "June 12, 2026",
            "June 12 2026",
            "Jun 12 /26",
            "Jun 12/26",
            "Jun 12, 2026",
            "12-Jun-2026",
            "12-JUN-26",
            "12 June 2026",
            "12/Jun/2026",
            "Friday, June 12th, 2026",
            "Fri 12 Jun 2026",
            "2026-06-12",
            "2026/06/12",
            "2026.6.12",
            "20260612",
            "2026-06-12T14:03:20",
            "Jun 12 /26 14:03:20",
        ] {
            assert_eq!(printed_date(text), Some(PrintedDate::Certain(JUNE_12)), "{text}");
        }
    }

    #[test]
    fn digits_alone_are_not_guessed() {
        for text in ["12/06/2026", "06/12/2026", "12.06.2026", "12-06-26"] {
            assert_eq!(printed_date(text).unwrap().decided(None), None, "{text}");
        }
        let by = |text: &str, order| printed_date(text).unwrap().decided(Some(order));
        assert_eq!(by("12/06/2026", DateOrder::DayMonthYear), Some(JUNE_12));
        assert_eq!(by("06/12/2026", DateOrder::MonthDayYear), Some(JUNE_12));
        assert_eq!(by("26/06/12", DateOrder::YearMonthDay), Some(JUNE_12));
    }

    #[test]
    fn digits_that_only_one_order_explains_are_a_date() {
        let thirteenth = Some(jiff::civil::date(2026, 6, 13));
        assert_eq!(printed_date("13/06/2026").unwrap().decided(None), thirteenth);
        assert_eq!(printed_date("06/13/2026").unwrap().decided(None), thirteenth);
        let same = Some(jiff::civil::date(2026, 6, 6));
        assert_eq!(printed_date("06/06/2026").unwrap().decided(None), same);
    }

    #[test]
    fn another_date_of_the_text_or_the_files_own_decides_the_order() {
        let dates = ["12/06/2026", "13/06/2026"].map(|text| printed_date(text).unwrap());
        assert_eq!(order_of(&dates, Some(&dates[0]), None), Some(DateOrder::DayMonthYear));
        let one = &dates[..1];
        assert_eq!(order_of(one, Some(&one[0]), None), None);
        let on = |date: Date| Some(UnitLocal(date.at(14, 3, 20, 0)));
        let order = |date| order_of(one, Some(&one[0]), on(date));
        assert_eq!(order(JUNE_12), Some(DateOrder::DayMonthYear));
        assert_eq!(order(jiff::civil::date(2026, 12, 6)), Some(DateOrder::MonthDayYear));
        assert_eq!(order(jiff::civil::date(2026, 7, 1)), None);
    }

    #[test]
    fn times_are_of_24_or_12_hours() {
        let at = |text: &str| printed_time(text).map(|time| time.to_string());
        for text in ["14:03:20", "2:03:20 PM", "02:03:20 p.m.", "14:03:20.25", "T14:03:20"] {
            assert_eq!(at(text).as_deref(), Some("14:03:20"), "{text}");
        }
        assert_eq!(at("12:00:01 AM").as_deref(), Some("00:00:01"));
        for text in ["", "14", "25:00:00", "14:03:20:01", "13:00 PM", "1:2:3 UTC", "a:b:c"] {
            assert_eq!(at(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_date_gives_none() {
        for text in
            ["", "June", "June 31, 2026", "12/13/14/15x", "0/0/0", "Juni 12, 2026", "12:06:2026"]
        {
            assert_eq!(printed_date(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_date_or_none(text in "\\PC{0,30}") {
            let _ = printed_date(&text);
            let _ = printed_time(&text);
        }
    }
}
