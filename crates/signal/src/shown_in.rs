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

/// `sentence` with every velocity in `unit`; one that is in `unit` already keeps its digits.
/// `known` are values that stand in the sentence rounded: they are converted with all digits.
pub fn velocities_in(sentence: &str, unit: Unit, known: &[Reading]) -> String {
    let other = match unit {
        Unit::InchPerSecond => Unit::MillimetrePerSecond,
        Unit::MillimetrePerSecond => Unit::InchPerSecond,
        _ => return sentence.to_owned(),
    };
    let symbol = format!(" {other}");
    let mut text = String::with_capacity(sentence.len());
    let mut rest = sentence;
    while let Some(at) = rest.find(&symbol) {
        let (before, after) = (&rest[..at], &rest[at + symbol.len()..]);
        let is_digit = |c: char| c.is_ascii_digit() || c == '.';
        let digits = &before[before.trim_end_matches(is_digit).len()..];
        let is_whole_word = !after.starts_with(|c: char| c.is_alphanumeric() || c == '/');
        let converted = digits
            .parse()
            .ok()
            .filter(|_| is_whole_word)
            .and_then(|number| other.convert(exactly(number, digits, other, known), unit).ok());
        match converted {
            Some(value) => {
                text.push_str(&before[..before.len() - digits.len()]);
                text.push_str(&shown(value, unit));
            }
            None => text.push_str(&rest[..at + symbol.len()]),
        }
        rest = after;
    }
    text + rest
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
    fn what_is_no_velocity_is_left_alone() {
        for sentence in ["the in/s of 0.75 in/s/s", "30 CFR 816.67, 2 mm/s2", " in/s", "1.2.3 in/s"]
        {
            assert_eq!(velocities_in(sentence, Unit::MillimetrePerSecond, &[]), sentence);
        }
    }
}
