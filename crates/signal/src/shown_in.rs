//! Sentences with their velocities in the unit that a reader chose.
//!
//! A verdict is decided in the unit of its curve, so that it is the same whatever unit is shown:
//! only its words are converted.

use wavekeep_core::{Quantity, Reading, Unit};

use crate::verdict::shown;
use crate::{Curve, Verdict};

impl Verdict {
    /// The reason with its velocities in `unit`.
    pub fn reason_in(&self, unit: Unit) -> String {
        let known: Vec<Reading> = [self.value, self.limit].into_iter().flatten().collect();
        velocities_in(&self.reason, unit, &known)
    }
}

impl Curve {
    /// The document that the curve comes from and the remarks on it, with velocities in `unit`.
    pub fn source_in(&self, unit: Unit) -> String {
        let remarks: String = self.remarks.iter().map(|remark| format!(" {remark}")).collect();
        velocities_in(&format!("Source: {}.{remarks}", self.source), unit, &[])
    }
}

/// `sentence` with every velocity in `unit`, and every length in the unit that goes with it; one
/// that is in its unit already keeps its digits. `known` are velocities that stand in the sentence
/// rounded: they are converted with all digits.
pub fn velocities_in(sentence: &str, unit: Unit, known: &[Reading]) -> String {
    let (other, length, other_length) = match unit {
        Unit::InchPerSecond => (Unit::MillimetrePerSecond, Unit::Inch, Unit::Millimetre),
        Unit::MillimetrePerSecond => (Unit::InchPerSecond, Unit::Millimetre, Unit::Inch),
        _ => return sentence.to_owned(),
    };
    let text = replaced(sentence, other, |digits| {
        let value = exactly(digits.parse().ok()?, digits, other, known);
        Some(shown(other.convert(value, unit).ok()?, unit))
    });
    replaced(&text, other_length, |digits| {
        // "3 in" may be a number before a word.
        let is_length = other_length != Unit::Inch || digits.contains('.');
        let value =
            other_length.convert(digits.parse().ok().filter(|_| is_length)?, length).ok()?;
        Some(format!("{} {length}", significant(value)))
    })
}

/// `sentence` with what `converted` makes of every number before `unit`.
fn replaced(sentence: &str, unit: Unit, converted: impl Fn(&str) -> Option<String>) -> String {
    let symbol = format!(" {unit}");
    let mut text = String::with_capacity(sentence.len());
    let mut rest = sentence;
    while let Some(at) = rest.find(&symbol) {
        let (before, after) = (&rest[..at], &rest[at + symbol.len()..]);
        let is_digit = |c: char| c.is_ascii_digit() || c == '.';
        let digits = &before[before.trim_end_matches(is_digit).len()..];
        let is_whole_word = !after.starts_with(|c: char| c.is_alphanumeric() || c == '/');
        match converted(digits).filter(|_| is_whole_word) {
            Some(words) => {
                text.push_str(&before[..before.len() - digits.len()]);
                text.push_str(&words);
            }
            None => text.push_str(&rest[..at + symbol.len()]),
        }
        rest = after;
    }
    text + rest
}

/// Three significant digits.
fn significant(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}

/// The known value that is printed as `digits`, or the number itself.
fn exactly(number: f64, digits: &str, unit: Unit, known: &[Reading]) -> f64 {
    let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let velocities = known.iter().filter(|reading| reading.unit.quantity() == Quantity::Velocity);
    velocities
        .filter_map(|reading| reading.to(unit).ok())
        .map(|reading| reading.value)
        .find(|value| format!("{value:.decimals$}") == digits)
        .unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_velocity_is_converted_with_all_its_digits() {
        let limit = Reading::new(0.123_456, Unit::InchPerSecond);
        let sentence = "Vert: 1.800 in/s at 32 Hz exceeds the limit of 0.123 in/s.";
        assert_eq!(
            velocities_in(sentence, Unit::MillimetrePerSecond, &[limit]),
            "Vert: 45.72 mm/s at 32 Hz exceeds the limit of 3.14 mm/s."
        );
        assert_eq!(velocities_in(sentence, Unit::InchPerSecond, &[limit]), sentence);
    }

    #[test]
    fn lengths_go_with_the_velocities() {
        let sentence = "The rise along 0.01061 in follows from 0.75 in/s; 1.0 inches.";
        assert_eq!(
            velocities_in(sentence, Unit::MillimetrePerSecond, &[]),
            "The rise along 0.269 mm follows from 19.05 mm/s; 1.0 inches."
        );
        let sentence = "Below 4 Hz the limit is a displacement of 0.6 mm.";
        let imperial = "Below 4 Hz the limit is a displacement of 0.0236 in.";
        assert_eq!(velocities_in(sentence, Unit::InchPerSecond, &[]), imperial);
    }

    #[test]
    fn what_is_no_velocity_is_left_alone() {
        for sentence in
            ["the in/s of 0.75 in/s/s", "30 CFR 816.67, 2 mm/s2", " in/s", "1.2.3 in/s", "3 in 10"]
        {
            assert_eq!(velocities_in(sentence, Unit::MillimetrePerSecond, &[]), sentence);
        }
    }
}
