//! Decimals of printed numbers: how many a text has, and how many say something in another unit.

use crate::Unit;

/// A double holds this many significant digits of any decimal number.
const MOST_SIGNIFICANT: i32 = 15;

/// Decimals of a number as it is printed: 4 for `0.2080`, 0 for `12`, 4 for `1.2e-3`.
///
/// Digits that a double cannot hold are not counted, so that the number printed with these
/// decimals is the text again.
///
/// ```
/// assert_eq!(wavekeep_core::printed_decimals("0.2080"), 4);
/// assert_eq!(format!("{:.4}", 0.2080), "0.2080");
/// ```
pub fn printed_decimals(number: &str) -> u8 {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let written = mantissa.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let decimals = i32::try_from(written).unwrap_or(i32::MAX).saturating_sub(exponent);
    let value = number.parse().unwrap_or(0.0);
    limited(decimals, value)
}

/// Decimals that a time in seconds is shown with: three, or the four or five that a report prints. A
/// time that was computed from a rate has more, which say nothing.
pub fn seconds_decimals(seconds: f64) -> usize {
    let text = seconds.to_string();
    let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    if decimals <= 5 { decimals.max(3) } else { 3 }
}

/// Decimals of a value that is a whole number of steps: the last one is at most a third of the step,
/// 3 for 0.005.
pub(crate) fn decimals_of_step(step: f64) -> Option<u8> {
    let step = step.abs();
    if !(step.is_finite() && step > 0.0) {
        return None;
    }
    let first = -magnitude(step);
    let is_fine = 3.0 * 10f64.powi(-first) <= step;
    Some(limited(if is_fine { first } else { first + 1 }, 0.0))
}

/// Decimals that `converted`, the same as `value` in another unit, is shown with when `value` has
/// `decimals`.
///
/// At least as many significant digits as before, and steps that are about as fine: a factor of 25.4
/// takes one decimal away and its inverse adds one. A level of d decimals is a pressure of d + 2
/// significant digits, and the other way round: 0.1 dB are 1.2 %.
pub(crate) fn converted_decimals(
    (value, from): (f64, Unit),
    decimals: u8,
    (converted, to): (f64, Unit),
) -> u8 {
    let decimals = i32::from(decimals);
    let significant = decimals + 1 + if value == 0.0 { 0 } else { magnitude(value) };
    let wanted = match (from.is_level(), to.is_level()) {
        (true, false) => decimals + 1 - magnitude(converted),
        (false, true) => significant - 2,
        (true, true) => decimals,
        (false, false) => {
            let factor = from.convert(1.0, to).map_or(1.0, f64::abs);
            let as_fine = decimals - factor.log10().round() as i32;
            match value == 0.0 {
                true => as_fine,
                false => as_fine.max(significant - 1 - magnitude(converted)),
            }
        }
    };
    limited(wanted, converted)
}

/// `value` with `decimals`; zero has no sign.
pub(crate) fn with_decimals(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let is_zero = text.chars().all(|character| matches!(character, '-' | '0' | '.'));
    if is_zero { text.replace('-', "") } else { text }
}

/// Decimals between none and those that a double can hold of `value`.
fn limited(decimals: i32, value: f64) -> u8 {
    let most = MOST_SIGNIFICANT - 1 - if value == 0.0 { 0 } else { magnitude(value) };
    decimals.clamp(0, most.clamp(0, 255)).try_into().unwrap_or(0)
}

/// The power of ten of a number's first digit: 1 for 25.4, -3 for 0.005; 0 for zero and for what is
/// not finite.
fn magnitude(value: f64) -> i32 {
    let power = value.abs().log10();
    if !power.is_finite() {
        return 0;
    }
    // The logarithm of 0.001 is not exactly -3: the digits decide.
    let digits = format!("{:e}", value.abs());
    digits.split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Reading;

    #[test]
    fn decimals_are_those_of_the_text() {
        for (text, decimals) in [
            ("0.2080", 4),
            ("20.0", 1),
            ("12", 0),
            ("12.", 0),
            (".5", 1),
            ("-1.50", 2),
            ("1.2e-3", 4),
            ("1.2e3", 0),
            ("0", 0),
            ("0.000", 3),
        ] {
            assert_eq!(printed_decimals(text), decimals, "{text}");
        }
    }

    #[test]
    fn the_last_decimal_of_a_step_is_at_most_a_third_of_it() {
        let of = |step| decimals_of_step(step);
        assert_eq!([of(0.005), of(0.000_625), of(0.00788), of(0.00031)], [3, 4, 3, 4].map(Some));
        assert_eq!([of(0.25), of(0.015_516), of(4.0), of(250.0)], [2, 3, 0, 0].map(Some));
        assert_eq!([of(0.0), of(f64::NAN), of(f64::INFINITY)], [None; 3]);
    }

    fn in_unit(text: &str, from: Unit, to: Unit) -> String {
        let reading =
            Reading::new(text.parse().unwrap(), from).with_decimals(printed_decimals(text));
        reading.to(to).unwrap().digits()
    }

    #[test]
    fn another_unit_keeps_the_significant_digits() {
        let (inch, mm) = (Unit::InchPerSecond, Unit::MillimetrePerSecond);
        for (text, from, to, shown) in [
            ("0.071", mm, inch, "0.0028"),
            ("0.2973", inch, mm, "7.551"),
            ("0.2080", inch, mm, "5.283"),
            ("10.000", inch, mm, "254.00"),
            ("0.005", inch, mm, "0.13"),
            ("0.012", mm, inch, "0.00047"),
            ("0.000", inch, mm, "0.00"),
            ("93.4", Unit::DecibelLinear, Unit::Pascal, "0.935"),
            ("0.915", Unit::Pascal, Unit::DecibelLinear, "93.2"),
            ("127.14", Unit::DecibelLinear, Unit::Psi, "0.006599"),
        ] {
            assert_eq!(in_unit(text, from, to), shown, "{text} {from} in {to}");
        }
    }

    fn significant(text: &str) -> usize {
        text.trim_start_matches(['0', '.', '-']).chars().filter(char::is_ascii_digit).count()
    }

    fn printed_number() -> impl Strategy<Value = String> {
        (0u64..1_000_000_000, 0usize..9).prop_map(|(digits, decimals)| {
            let value = digits as f64 / 10f64.powi(decimals as i32);
            format!("{value:.decimals$}")
        })
    }

    proptest! {
        #[test]
        fn what_is_printed_is_shown_again_digit_for_digit(text in printed_number()) {
            let reading = Reading::new(text.parse().unwrap(), Unit::MillimetrePerSecond)
                .with_decimals(printed_decimals(&text));
            prop_assert_eq!(reading.digits(), text);
        }

        #[test]
        fn no_linear_conversion_loses_a_significant_digit(
            text in printed_number(), from in 0..Unit::ALL.len(), to in 0..Unit::ALL.len()
        ) {
            let (from, to) = (Unit::ALL[from], Unit::ALL[to]);
            let value: f64 = text.parse().unwrap();
            prop_assume!(value > 0.0 && !from.is_level() && !to.is_level());
            let reading = Reading::new(value, from).with_decimals(printed_decimals(&text));
            if let Ok(there) = reading.to(to) {
                let shown = there.digits();
                prop_assert!(significant(&shown) >= significant(&text), "{text} {from} is {shown} {to}");
                // The number that is shown is the converted one, within half of its last digit.
                let half = 0.5 * 10f64.powi(-i32::from(there.decimals.unwrap()));
                let off = (shown.parse::<f64>().unwrap() - there.value).abs();
                prop_assert!(off <= half * 1.000_001 + there.value * 1e-14);
            }
        }

        #[test]
        fn no_number_makes_it_panic(text in "[-+0-9.eE]{0,40}", value in any::<f64>(), decimals in any::<u8>()) {
            printed_decimals(&text);
            decimals_of_step(value);
            for to in Unit::ALL {
                for from in Unit::ALL {
                    if let Ok(there) = Reading::new(value, from).with_decimals(decimals).to(to) {
                        there.to_string();
                    }
                }
            }
        }
    }
}
