//! How a language writes numbers and dates.

use jiff::civil::Date;
use wavekeep_core::{Frequency, Reading, Unit, UnitLocal};

use super::Words;
use crate::words::NOTHING;

impl Words {
    /// A number that was written with a point, with the decimal mark of the language.
    pub fn marked(&self, digits: &str) -> String {
        digits.replacen('.', self.text("forms.decimal"), 1)
    }

    /// A number with `decimals`.
    pub fn number(&self, value: f64, decimals: usize) -> String {
        self.marked(&crate::axis::printed(value, decimals))
    }

    /// A whole number. From five digits on they are in groups of three.
    pub fn count(&self, n: u64) -> String {
        let digits = n.to_string();
        if digits.len() < 5 {
            return digits;
        }
        let mut grouped = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                grouped.push_str(self.text("forms.thousands"));
            }
            grouped.push(digit);
        }
        grouped
    }

    /// A reading in `unit` (in its own where that is of another quantity) without the unit: the sign of
    /// its flag and the digits.
    pub fn digits(&self, reading: Reading, unit: Unit) -> String {
        let shown = reading.to(unit).unwrap_or(reading);
        format!("{}{}", shown.sign(), self.marked(&shown.digits()))
    }

    /// The same with the unit.
    pub fn reading(&self, reading: Reading, unit: Unit) -> String {
        let shown = reading.to(unit).unwrap_or(reading);
        format!("{} {}", self.digits(reading, unit), shown.unit)
    }

    /// A frequency without the unit: `21`, `>100`, `<1`; a dash where there is none.
    pub fn hertz(&self, frequency: Frequency) -> String {
        match frequency {
            Frequency::NotAvailable => NOTHING.to_owned(),
            known => self.marked(known.to_string().trim_end_matches(" Hz")),
        }
    }

    /// A day in digits.
    pub fn date(&self, date: Date) -> String {
        self.of_date("forms.date", date)
    }

    /// Day and month in digits.
    pub fn day_month(&self, date: Date) -> String {
        self.of_date("forms.day_month", date)
    }

    /// A day with the name of its month.
    pub fn long_date(&self, date: Date) -> String {
        self.of_date("forms.long_date", date)
    }

    /// A month with its name, and the year.
    pub fn month(&self, date: Date) -> String {
        self.of_date("forms.month", date)
    }

    /// A moment by the unit's clock, to the second.
    pub fn moment(&self, at: UnitLocal) -> String {
        let (date, time) = (at.0.date(), at.0.time());
        format!("{} {:02}:{:02}:{:02}", self.date(date), time.hour(), time.minute(), time.second())
    }

    /// A length of time in days, hours and minutes.
    pub fn duration(&self, seconds: f64) -> String {
        let minutes = (seconds / 60.0).round().max(0.0) as u64;
        let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
        let (d, h, min) =
            (self.text("forms.days"), self.text("forms.hours"), self.text("forms.minutes"));
        match (days, hours) {
            (0, 0) => format!("{minutes} {min}"),
            (0, _) => format!("{hours} {h} {minutes} {min}"),
            _ => format!("{} {d} {hours} {h}", self.count(days)),
        }
    }

    fn of_date(&self, form: &str, date: Date) -> String {
        let name = self.text(MONTHS[usize::from(date.month().unsigned_abs()).clamp(1, 12) - 1]);
        self.filled(
            form,
            &[
                ("yyyy", &format_args!("{:04}", date.year())),
                ("mm", &format_args!("{:02}", date.month())),
                ("dd", &format_args!("{:02}", date.day())),
                ("d", &date.day()),
                ("month", &name),
            ],
        )
    }
}

const MONTHS: [&str; 12] = [
    "months.january",
    "months.february",
    "months.march",
    "months.april",
    "months.may",
    "months.june",
    "months.july",
    "months.august",
    "months.september",
    "months.october",
    "months.november",
    "months.december",
];

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use wavekeep_core::Flag;

    use crate::language::Language;

    #[test]
    fn numbers_and_dates_are_in_the_form_of_the_language() {
        let peak = super::Reading::new(0.208, super::Unit::InchPerSecond);
        let peak = peak.with_decimals(4).flagged(Flag::Saturated);
        let all = Language::ALL.map(|language| {
            let words = language.words();
            let day = date(2026, 5, 8);
            let peak = words.digits(peak, super::Unit::InchPerSecond);
            (peak, words.date(day), words.long_date(day), words.count(12_500))
        });
        let all = all.each_ref().map(|(a, b, c, d)| [a.as_str(), b, c, d]);
        assert_eq!(all[0], ["≥0.2080", "2026-05-08", "8 May 2026", "12,500"]);
        assert_eq!(all[1], ["≥0,2080", "08.05.2026", "8. Mai 2026", "12.500"]);
        assert_eq!(all[2], ["≥0,2080", "08/05/2026", "8 mai 2026", "12\u{a0}500"]);
        assert_eq!(all[3], ["≥0,2080", "08/05/2026", "8 de mayo de 2026", "12.500"]);
        assert_eq!(all[4], ["≥0,2080", "08/05/2026", "8 de maio de 2026", "12.500"]);
    }

    #[test]
    fn times_are_in_their_two_largest_units() {
        let words = Language::English.words();
        let shown = [59.0, 3600.0, 90_000.0].map(|seconds| words.duration(seconds));
        assert_eq!(shown, ["1 min", "1 h 0 min", "1 d 1 h"]);
    }
}
