//! Battery and calibration as reports print them.

use jiff::ToSpan;
use jiff::civil::Date;

/// The date of a calibration as a report prints it, and the day on which the next one is due. `None` where
/// it has no date, or one whose day could be its month.
pub fn calibration_due(text: &str, months: u32) -> Option<(Date, Date)> {
    let date = date_in(text)?;
    Some((date, date.checked_add(i64::from(months).months()).ok()?))
}

/// The voltage of a battery as a report prints it: the first number, with a point or a comma.
pub fn battery_volts(text: &str) -> Option<f64> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let number: String = text[start..]
        .chars()
        .map(|c| if c == ',' { '.' } else { c })
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    number.trim_end_matches('.').parse().ok()
}

/// The date of a calibration: `March 11, 2026 by Instantel`, `2026-03-11`. One of numbers alone, whose
/// day could be its month, is not taken for a date.
fn date_in(text: &str) -> Option<Date> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|word| !word.is_empty())
        .collect();
    if let Some(date) = words.iter().find_map(|word| word.parse::<Date>().ok()) {
        return Some(date);
    }
    words.windows(3).find_map(|three| {
        let month = |word: &str| {
            let start = word.get(..3)?.to_lowercase();
            MONTHS.iter().position(|month| *month == start).and_then(|at| i8::try_from(at + 1).ok())
        };
        let (month, day) = match (month(three[0]), month(three[1])) {
            (Some(month), _) => (month, three[1].parse().ok()?),
            (None, Some(month)) => (month, three[0].parse().ok()?),
            (None, None) => return None,
        };
        Date::new(three[2].parse().ok().filter(|year| *year > 1900)?, month, day).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_of_calibration_is_read_unless_day_and_month_could_be_exchanged() {
        let date = |text: &str| date_in(text).map(|date| date.to_string());
        for text in [
            "March 11, 2026 by Instantel Inc.",
            "11 March 2026",
            "2026-03-11",
            "Mar 11 2026",
            "by X, March 11, 2026",
        ] {
            assert_eq!(date(text).as_deref(), Some("2026-03-11"), "{text}");
        }
        for text in ["", "11/03/2026", "03-11-2026", "March 2026", "March 41, 2026", "N/A"] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn the_voltage_is_the_first_number() {
        for (text, volts) in [
            ("6.3 Volts", Some(6.3)),
            ("6,1 V", Some(6.1)),
            ("Battery 3.85V", Some(3.85)),
            ("low", None),
            ("", None),
        ] {
            assert_eq!(battery_volts(text), volts, "{text}");
        }
    }
}
