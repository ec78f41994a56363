//! Printed values: a number with its flag and unit, or a special word.

use wavekeep_core::{Flag, Frequency, Hertz, Quantity, Reading, Unit};

use crate::number::{DecimalMark, NoValue, PrintedNumber, Token, is_not_available};

/// A printed value, before it is known what it measures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Printed<'t> {
    /// `OORANGE`
    OutOfRange,
    /// A number.
    Number {
        /// The number.
        value: f64,
        /// How many decimals are printed.
        decimals: u8,
        /// What `>` or `<` in front of it says.
        flag: Option<Flag>,
        /// What stands behind it.
        unit: UnitText<'t>,
    },
}

/// The unit behind a number, as written: `in/s`, `pa.(L)`, `db(A)`, …; empty where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitText<'t>(pub &'t str);

impl UnitText<'_> {
    /// The unit, where it is one that is known and not a weighted level.
    pub fn unit(self) -> Option<Unit> {
        let text = self.0.trim().to_ascii_lowercase();
        match text.as_str() {
            "sec" | "sec." | "second" | "seconds" => return Some(Unit::Second),
            "db" | "db(l)" | "dbl" | "db l" => return Some(Unit::DecibelLinear),
            "volt" | "volts" => return Some(Unit::Volt),
            "ips" => return Some(Unit::InchPerSecond),
            "feet" | "foot" => return Some(Unit::Foot),
            "lbs" => return Some(Unit::Pound),
            _ => {}
        }
        let unit = text.trim_end_matches("(l)").trim_end().trim_end_matches('.').parse();
        unit.ok().filter(|unit: &Unit| !unit.is_weighted())
    }

    /// The unit of a weighted level: `dB(A)`, `db(A)`, `dBA`, `dB(C)`.
    pub fn weighted(self) -> Option<Unit> {
        let text: String = self.0.chars().filter(|c| c.is_ascii_alphabetic()).collect();
        match text.to_ascii_lowercase().as_str() {
            "dba" => Some(Unit::DecibelA),
            "dbc" => Some(Unit::DecibelC),
            _ => None,
        }
    }

    /// Whether nothing is printed.
    pub fn is_empty(self) -> bool {
        self.0.trim().is_empty()
    }
}
impl<'t> Printed<'t> {
    /// Reads a value. `mark` is what the whole text decided; `None` when nothing in it decides.
    ///
    /// # Errors
    /// [`NoValue`]
    pub fn parse(text: &'t str, mark: Option<DecimalMark>) -> Result<Self, NoValue> {
        if is_not_available(text) {
            return Err(NoValue::NotAvailable);
        }
        let text = text.trim();
        if text.to_ascii_uppercase().starts_with("OORANGE") {
            return Ok(Self::OutOfRange);
        }
        let (flag, text) = match text.as_bytes().first() {
            Some(b'>') => (Some(Flag::AboveRange), text[1..].trim_start()),
            Some(b'<') => (Some(Flag::BelowRange), text[1..].trim_start()),
            _ => (None, text),
        };
        let (token, rest) = Token::take(text).ok_or(NoValue::NotUnderstood)?;
        let PrintedNumber { value, decimals } = token.value(mark)?;
        Ok(Self::Number { value, decimals, flag, unit: UnitText(rest.trim()) })
    }

    /// As a reading of one of the quantity of `default`, which is the unit when none is printed;
    /// `out_of_range` is what `OORANGE` stands for.
    ///
    /// # Errors
    /// [`NoValue`]
    pub fn reading(self, default: Unit, out_of_range: Option<Reading>) -> Result<Reading, NoValue> {
        match self {
            Self::OutOfRange => out_of_range
                .map(|reading| reading.flagged(Flag::Saturated))
                .ok_or(NoValue::NotUnderstood),
            Self::Number { value, decimals, flag, unit } => {
                let unit = if unit.is_empty() { Some(default) } else { unit.unit() };
                let unit = unit.filter(|unit| unit.quantity() == default.quantity());
                let reading =
                    |unit| Reading { flag, ..Reading::new(value, unit).with_decimals(decimals) };
                unit.map(reading).ok_or(NoValue::NotUnderstood)
            }
        }
    }

    /// As a frequency in Hz.
    ///
    /// # Errors
    /// [`NoValue`]
    pub fn frequency(self) -> Result<Frequency, NoValue> {
        let Reading { value, flag, decimals, .. } = self.reading(Unit::Hertz, None)?;
        let hertz = Hertz { value, decimals };
        Ok(match flag {
            Some(Flag::AboveRange) => Frequency::AboveRange(hertz),
            Some(_) => Frequency::BelowRange(hertz),
            None => Frequency::Hertz(hertz),
        })
    }

    /// As seconds: `0.022 sec`, `22 ms`, `31 min`.
    ///
    /// # Errors
    /// [`NoValue`]
    pub fn seconds(self) -> Result<f64, NoValue> {
        let Self::Number { value, unit, .. } = self else { return Err(NoValue::NotUnderstood) };
        // A print says the rate in the same field: `1904.5 sec at 1024 sps`.
        let unit = unit.0.split(" at ").next().unwrap_or_default();
        let word = unit.trim().trim_end_matches('.').to_ascii_lowercase();
        match word.trim_end_matches('s') {
            "" | "sec" | "second" => Ok(value),
            "m" | "msec" | "millisecond" if word.ends_with('s') || word == "msec" => {
                Ok(value / 1000.0)
            }
            "min" | "minute" => Ok(value * 60.0),
            "h" | "hr" | "hour" => Ok(value * 3600.0),
            _ => Err(NoValue::NotUnderstood),
        }
    }

    /// The number alone, whose unit is none or one of `units`.
    ///
    /// # Errors
    /// [`NoValue`]
    pub fn number(self, units: &[&str]) -> Result<f64, NoValue> {
        let Self::Number { value, unit, .. } = self else { return Err(NoValue::NotUnderstood) };
        let is_known = units.iter().any(|known| known.eq_ignore_ascii_case(unit.0.trim()));
        if unit.is_empty() || is_known { Ok(value) } else { Err(NoValue::NotUnderstood) }
    }
}
/// Whether a unit measures velocity or pressure, the quantities of samples.
pub(crate) fn is_of_samples(unit: Unit) -> bool {
    matches!(unit.quantity(), Quantity::Velocity | Quantity::Pressure)
}
#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POINT: Option<DecimalMark> = Some(DecimalMark::Point);
    const COMMA: Option<DecimalMark> = Some(DecimalMark::Comma);

    #[test]
    fn a_value_keeps_its_flag_and_its_unit() {
        let reading = |text: &str, default| Printed::parse(text, POINT)?.reading(default, None);
        let below = Reading::new(0.127, Unit::MillimetrePerSecond).flagged(Flag::BelowRange);
        assert_eq!(reading("<0.127 mm/s", Unit::InchPerSecond), Ok(below));
        assert_eq!(reading("0.071mm/s", Unit::InchPerSecond).map(|r| r.value), Ok(0.071));
        let pascal = Ok(Reading::new(8.503, Unit::Pascal));
        assert_eq!(reading("8.503 pa.(L)", Unit::DecibelLinear), pascal);
        assert_eq!(reading("8.503", Unit::Pascal), pascal);
        for (text, default) in [
            ("5 Hz", Unit::InchPerSecond),
            ("5 furlong", Unit::InchPerSecond),
            ("67.3 dB(A)", Unit::DecibelLinear),
        ] {
            assert_eq!(reading(text, default), Err(NoValue::NotUnderstood), "{text}");
        }
    }

    #[test]
    fn weighted_levels_are_told_from_linear_ones() {
        for text in ["dB(A)", "db(A)", "dBA", "dB (A)", "dB(a)"] {
            assert_eq!(UnitText(text).weighted(), Some(Unit::DecibelA), "{text}");
            assert_eq!(UnitText(text).unit(), None);
        }
        assert_eq!(UnitText("dB(C)").weighted(), Some(Unit::DecibelC));
        assert_eq!(UnitText("dB(L)").unit(), Some(Unit::DecibelLinear));
        assert_eq!(UnitText("dB(L)").weighted(), None);
    }

    #[test]
    fn times_have_any_unit_of_time() {
        let seconds = |text: &str| Printed::parse(text, POINT)?.seconds();
        assert_eq!(seconds("0.022 sec"), Ok(0.022));
        assert_eq!(seconds("22 ms"), Ok(0.022));
        assert_eq!(seconds("1904.5 s"), Ok(1904.5));
        assert_eq!(seconds("2 minutes"), Ok(120.0));
        assert_eq!(seconds("1904.5 sec at 1024 sps"), Ok(1904.5));
        for text in ["2 m", "1 min 30 sec"] {
            assert_eq!(seconds(text), Err(NoValue::NotUnderstood), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_value_or_none(text in "\\PC{0,20}", mark in 0usize..3) {
            let _ = Printed::parse(&text, [POINT, COMMA, None][mark]);
        }
    }
}
