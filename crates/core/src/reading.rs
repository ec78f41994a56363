//! One number with its unit and what is special about it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::digits::{converted_decimals, with_decimals};
use crate::{Unit, UnitMismatch};

/// What is special about a [`Reading`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// The sensor or its converter was at its limit: the true value is at least this.
    Saturated,
    /// Above what the instrument can tell: the true value is more than this.
    AboveRange,
    /// Below what the instrument can tell: the true value is less than this.
    BelowRange,
    /// Samples are missing: the true value may be larger.
    Incomplete,
    /// More than the instrument can give: the data is damaged.
    Impossible,
}

impl Flag {
    /// The word that goes beside a number: `saturated`, `above range`, `below range`, `incomplete`,
    /// `impossible`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Saturated => "saturated",
            Self::AboveRange => "above range",
            Self::BelowRange => "below range",
            Self::Incomplete => "incomplete",
            Self::Impossible => "impossible",
        }
    }

    /// The sign that goes in front of a number: `≥`, `>` or `<` of a bound of the true one, `?` of one
    /// that cannot be true.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Saturated | Self::Incomplete => "≥",
            Self::AboveRange => ">",
            Self::BelowRange => "<",
            Self::Impossible => "?",
        }
    }

    /// Whether the true value can be larger than the number.
    pub const fn is_lower_bound(self) -> bool {
        matches!(self, Self::Saturated | Self::AboveRange | Self::Incomplete)
    }
}

/// A number that never travels without its unit, nor without what is special about it.
///
/// Its text is what people see everywhere: the sign of its flag, the digits, the unit.
///
/// ```
/// use wavekeep_core::{Flag, Reading, Unit};
///
/// let ppv = Reading::new(0.2080, Unit::InchPerSecond).with_decimals(4);
/// assert_eq!(ppv.to_string(), "0.2080 in/s");
/// assert_eq!(ppv.to(Unit::MillimetrePerSecond)?.to_string(), "5.283 mm/s");
/// assert_eq!(ppv.flagged(Flag::BelowRange).to_string(), "<0.2080 in/s");
/// # Ok::<(), wavekeep_core::UnitMismatch>(())
/// ```
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Reading {
    /// The number.
    pub value: f64,
    /// Its unit.
    pub unit: Unit,
    /// What is special about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flag: Option<Flag>,
    /// Decimals that say something: as many as a report prints, or as the step of the converter
    /// has. `None` for the usual ones of the unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimals: Option<u8>,
}

/// Readings that differ in their decimals alone are equal, as 0.30 is 0.3.
impl PartialEq for Reading {
    fn eq(&self, other: &Self) -> bool {
        (self.value, self.unit, self.flag) == (other.value, other.unit, other.flag)
    }
}

impl Reading {
    /// A plain number of `unit`.
    pub const fn new(value: f64, unit: Unit) -> Self {
        Self { value, unit, flag: None, decimals: None }
    }

    /// The same number with a flag.
    #[must_use]
    pub const fn flagged(mut self, flag: Flag) -> Self {
        self.flag = Some(flag);
        self
    }

    /// The same number, of which so many decimals say something.
    #[must_use]
    pub const fn with_decimals(mut self, decimals: u8) -> Self {
        self.decimals = Some(decimals);
        self
    }

    /// The same reading in another unit of the same quantity. It keeps its significant digits.
    ///
    /// # Errors
    /// [`UnitMismatch`] when the units measure different things.
    pub fn to(self, unit: Unit) -> Result<Self, UnitMismatch> {
        if unit == self.unit {
            return Ok(self);
        }
        let value = self.unit.convert(self.value, unit)?;
        let decimals = self
            .decimals
            .map(|decimals| converted_decimals((self.value, self.unit), decimals, (value, unit)));
        Ok(Self { value, unit, flag: self.flag, decimals })
    }

    /// The number alone, with its decimals: `0.2080`.
    pub fn digits(&self) -> String {
        let decimals = self.decimals.unwrap_or(self.unit.usual_decimals());
        with_decimals(self.value, decimals.into())
    }

    /// The sign of its flag; empty when there is none.
    pub fn sign(&self) -> &'static str {
        self.flag.map_or("", Flag::sign)
    }

    /// Whether the sensor or its converter was at its limit.
    pub fn is_saturated(&self) -> bool {
        self.flag == Some(Flag::Saturated)
    }
}

/// `0.2080 in/s`, `<0.127 mm/s`, `≥10.000 in/s`.
impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}{} {}", self.sign(), self.digits(), self.unit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_never_shown_as_a_plain_number() {
        let ten = Reading::new(10.0, Unit::InchPerSecond).with_decimals(2);
        let shown = |flag| ten.flagged(flag).to_string();
        assert_eq!(shown(Flag::Saturated), "≥10.00 in/s");
        assert_eq!(shown(Flag::Incomplete), "≥10.00 in/s");
        assert_eq!(shown(Flag::AboveRange), ">10.00 in/s");
        assert_eq!(shown(Flag::BelowRange), "<10.00 in/s");
        let metric = ten.flagged(Flag::BelowRange).to(Unit::MillimetrePerSecond).unwrap();
        assert_eq!(metric.to_string(), "<254.0 mm/s");
    }

    #[test]
    fn as_json_it_keeps_all_that_it_is() {
        let reading = Reading::new(0.127, Unit::MillimetrePerSecond)
            .flagged(Flag::BelowRange)
            .with_decimals(3);
        let text = serde_json::to_string(&reading).unwrap();
        assert_eq!(text, r#"{"value":0.127,"unit":"mm/s","flag":"below_range","decimals":3}"#);
        let read: Reading = serde_json::from_str(&text).unwrap();
        assert_eq!((read, read.decimals), (reading, Some(3)));
        let plain: Reading = serde_json::from_str(r#"{"value":1.5,"unit":"Pa"}"#).unwrap();
        assert_eq!(plain, Reading::new(1.5, Unit::Pascal));
    }
}
