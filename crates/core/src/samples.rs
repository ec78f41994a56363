//! Sample values and what one count is worth.

use serde::Serialize;

use crate::Unit;
use crate::digits::decimals_of_step;

/// The values of one channel, in the type that the format has.
///
/// Where a channel has [`Gaps`](crate::Gaps) the values there are placeholders that mean nothing:
/// read through [`Channel`](crate::Channel), which leaves them out.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Samples {
    /// Integer counts of 16 bits.
    I16(Vec<i16>),
    /// Integer counts of 32 bits.
    I32(Vec<i32>),
    /// Single-precision values.
    F32(Vec<f32>),
    /// Double-precision values.
    F64(Vec<f64>),
}

impl Samples {
    /// How many values there are, placeholders included.
    pub fn len(&self) -> usize {
        match self {
            Self::I16(values) => values.len(),
            Self::I32(values) => values.len(),
            Self::F32(values) => values.len(),
            Self::F64(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Value `index` as a double, which holds each of these types exactly.
    ///
    /// # Panics
    /// When `index` is not below [`len`](Self::len).
    pub fn value(&self, index: usize) -> f64 {
        match self {
            Self::I16(values) => f64::from(values[index]),
            Self::I32(values) => f64::from(values[index]),
            Self::F32(values) => f64::from(values[index]),
            Self::F64(values) => values[index],
        }
    }

    /// Every value as [`value`](Self::value) has it.
    pub fn to_f64(&self) -> Vec<f64> {
        match self {
            Self::I16(values) => values.iter().map(|value| f64::from(*value)).collect(),
            Self::I32(values) => values.iter().map(|value| f64::from(*value)).collect(),
            Self::F32(values) => values.iter().map(|value| f64::from(*value)).collect(),
            Self::F64(values) => values.clone(),
        }
    }

    /// Whether any value, placeholders included, is further from zero than `limit`.
    pub fn any_beyond(&self, limit: f64) -> bool {
        match self {
            Self::I16(values) => values.iter().any(|value| f64::from(*value).abs() > limit),
            Self::I32(values) => values.iter().any(|value| f64::from(*value).abs() > limit),
            Self::F32(values) => values.iter().any(|value| f64::from(*value).abs() > limit),
            Self::F64(values) => values.iter().any(|value| value.abs() > limit),
        }
    }

    /// Whether the values are integer counts.
    pub fn are_counts(&self) -> bool {
        matches!(self, Self::I16(_) | Self::I32(_))
    }
}

/// What one count is worth: `value × numerator / denominator` of a unit.
///
/// The factor is a ratio because the vendors' factors are decimal: 6 counts of 0.005 in/s are
/// `6 / 200`, the double nearest to 0.03, while `6 × 0.005` can miss it in the last bit. Printed
/// numbers then agree with the vendor's to the last digit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Scale {
    /// Numerator of the factor.
    pub numerator: f64,
    /// Denominator of the factor.
    pub denominator: f64,
    /// Unit of the product.
    pub unit: Unit,
    /// Sound pressure level of one count in dB(L), where a vendor prints levels from a rounded
    /// constant instead of from the pressure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level_of_one_count: Option<f64>,
}

impl Scale {
    /// Counts that are worth `numerator / denominator` of `unit`.
    pub const fn ratio(numerator: f64, denominator: f64, unit: Unit) -> Self {
        Self { numerator, denominator, unit, level_of_one_count: None }
    }

    /// Values that are in `unit` already.
    pub const fn identity(unit: Unit) -> Self {
        Self::ratio(1.0, 1.0, unit)
    }

    /// The same scale whose levels are computed from a vendor's rounded constant, in dB(L).
    #[must_use]
    pub const fn with_level_of_one_count(mut self, db: f64) -> Self {
        self.level_of_one_count = Some(db);
        self
    }

    /// `count` in [`unit`](Self::unit).
    pub fn apply(&self, count: f64) -> f64 {
        count * self.numerator / self.denominator
    }

    /// What one count is worth in [`unit`](Self::unit).
    pub fn of_one(&self) -> f64 {
        self.apply(1.0)
    }

    /// Decimals of [`unit`](Self::unit) that say something of a value that is a whole count.
    pub fn decimals(&self) -> Option<u8> {
        match self.unit {
            Unit::Count => Some(0),
            _ => decimals_of_step(self.of_one()),
        }
    }

    /// `count` as a sound pressure level in dB(L), signed like the count; 0 for 0.
    ///
    /// `None` for a channel that is not a pressure. Source: the vendor's
    /// `sign(c) × (level of one count + 20 log10 |c|)`; without such a constant, 20 log10(p / 20 µPa).
    pub fn level(&self, count: f64) -> Option<f64> {
        match self.level_of_one_count {
            Some(_) if count == 0.0 => Some(0.0),
            Some(of_one) => Some(count.signum() * (of_one + 20.0 * count.abs().log10())),
            None => self.unit.convert(self.apply(count), Unit::DecibelLinear).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scaled_count_prints_as_the_vendor_prints_it() {
        let scale = Scale::ratio(1.0, 200.0, Unit::InchPerSecond);
        for (count, printed) in
            [(6, "0.03"), (4, "0.02"), (5, "0.025"), (-2000, "-10"), (1019, "5.095")]
        {
            assert_eq!(scale.apply(f64::from(count)).to_string(), printed);
        }
    }

    #[test]
    fn a_level_uses_the_vendors_rounded_constant() {
        let scale = Scale::ratio(1.0, 4.0, Unit::Pascal).with_level_of_one_count(81.94);
        let printed = |count: f64| format!("{:.2}", scale.level(count).unwrap());
        assert_eq!(printed(1.0), "81.94");
        assert_eq!(printed(5.0), "95.92");
        assert_eq!(printed(813.0), "140.14");
        assert_eq!(printed(-5.0), "-95.92");
        assert_eq!(printed(0.0), "0.00");
    }

    #[test]
    fn a_velocity_has_no_level() {
        assert_eq!(Scale::identity(Unit::InchPerSecond).level(1.0), None);
    }
}
