//! Units of measurement that convert within their quantity.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a unit measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quantity {
    /// Particle velocity.
    Velocity,
    /// Particle acceleration.
    Acceleration,
    /// Particle displacement, or any other length.
    Length,
    /// Mass, as of a charge.
    Mass,
    /// Air pressure, unweighted.
    Pressure,
    /// A-weighted sound level. It is not a pressure: how much was filtered out is not known.
    LevelA,
    /// C-weighted sound level.
    LevelC,
    /// Frequency.
    Frequency,
    /// Time.
    Time,
    /// Electric tension.
    Voltage,
    /// Phase, or any other angle.
    Angle,
    /// A plain number.
    Count,
}

/// A unit of measurement. It is written and parsed by its [`symbol`](Self::symbol).
///
/// ```
/// use wavekeep_core::Unit;
///
/// assert_eq!(Unit::InchPerSecond.convert(2.0, Unit::MillimetrePerSecond), Ok(50.8));
/// assert!(Unit::InchPerSecond.convert(2.0, Unit::Pascal).is_err());
/// assert_eq!("dB(L)".parse(), Ok(Unit::DecibelLinear));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unit {
    /// in/s
    InchPerSecond,
    /// mm/s
    MillimetrePerSecond,
    /// m/s
    MetrePerSecond,
    /// cm/s
    CentimetrePerSecond,
    /// µm/s
    MicrometrePerSecond,
    /// g, standard gravity: 9.80665 m/s²
    Gravity,
    /// m/s²
    MetrePerSecondSquared,
    /// in
    Inch,
    /// mm
    Millimetre,
    /// m
    Metre,
    /// ft, the international foot: 0.3048 m
    Foot,
    /// kg
    Kilogram,
    /// lb, the international pound: 0.45359237 kg
    Pound,
    /// Pa
    Pascal,
    /// kPa
    Kilopascal,
    /// psi
    Psi,
    /// dB(L): unweighted sound pressure level, 20 log10(p / 20 µPa), signed like the pressure
    DecibelLinear,
    /// dB(A): A-weighted sound level, which converts to nothing else
    DecibelA,
    /// dB(C): C-weighted sound level, which converts to nothing else
    DecibelC,
    /// Hz
    Hertz,
    /// s
    Second,
    /// mV
    Millivolt,
    /// V
    Volt,
    /// rad
    Radian,
    /// a plain number
    Count,
}

/// Two units that measure different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{from} cannot be converted to {to}: they measure different things")]
#[non_exhaustive]
pub struct UnitMismatch {
    /// The unit that was given.
    pub from: Unit,
    /// The unit that was asked for.
    pub to: Unit,
}

/// The reference pressure of sound levels in Pa: 20 µPa.
const REFERENCE_PA: f64 = 20e-6;

impl Unit {
    /// Every unit.
    pub const ALL: [Self; 25] = [
        Self::InchPerSecond,
        Self::MillimetrePerSecond,
        Self::MetrePerSecond,
        Self::CentimetrePerSecond,
        Self::MicrometrePerSecond,
        Self::Gravity,
        Self::MetrePerSecondSquared,
        Self::Inch,
        Self::Millimetre,
        Self::Metre,
        Self::Foot,
        Self::Kilogram,
        Self::Pound,
        Self::Pascal,
        Self::Kilopascal,
        Self::Psi,
        Self::DecibelLinear,
        Self::DecibelA,
        Self::DecibelC,
        Self::Hertz,
        Self::Second,
        Self::Millivolt,
        Self::Volt,
        Self::Radian,
        Self::Count,
    ];

    /// The symbol that people and programs write.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::InchPerSecond => "in/s",
            Self::MillimetrePerSecond => "mm/s",
            Self::MetrePerSecond => "m/s",
            Self::CentimetrePerSecond => "cm/s",
            Self::MicrometrePerSecond => "µm/s",
            Self::Gravity => "g",
            Self::MetrePerSecondSquared => "m/s²",
            Self::Inch => "in",
            Self::Millimetre => "mm",
            Self::Metre => "m",
            Self::Foot => "ft",
            Self::Kilogram => "kg",
            Self::Pound => "lb",
            Self::Pascal => "Pa",
            Self::Kilopascal => "kPa",
            Self::Psi => "psi",
            Self::DecibelLinear => "dB(L)",
            Self::DecibelA => "dB(A)",
            Self::DecibelC => "dB(C)",
            Self::Hertz => "Hz",
            Self::Second => "s",
            Self::Millivolt => "mV",
            Self::Volt => "V",
            Self::Radian => "rad",
            Self::Count => "count",
        }
    }

    /// What it measures.
    pub const fn quantity(self) -> Quantity {
        match self {
            Self::InchPerSecond
            | Self::MillimetrePerSecond
            | Self::MetrePerSecond
            | Self::CentimetrePerSecond
            | Self::MicrometrePerSecond => Quantity::Velocity,
            Self::Gravity | Self::MetrePerSecondSquared => Quantity::Acceleration,
            Self::Inch | Self::Millimetre | Self::Metre | Self::Foot => Quantity::Length,
            Self::Kilogram | Self::Pound => Quantity::Mass,
            Self::Pascal | Self::Kilopascal | Self::Psi | Self::DecibelLinear => Quantity::Pressure,
            Self::DecibelA => Quantity::LevelA,
            Self::DecibelC => Quantity::LevelC,
            Self::Hertz => Quantity::Frequency,
            Self::Second => Quantity::Time,
            Self::Millivolt | Self::Volt => Quantity::Voltage,
            Self::Radian => Quantity::Angle,
            Self::Count => Quantity::Count,
        }
    }

    /// Whether it is a level in decibels.
    pub const fn is_level(self) -> bool {
        matches!(self, Self::DecibelLinear | Self::DecibelA | Self::DecibelC)
    }

    /// Whether it is a level that was filtered by how people hear.
    pub const fn is_weighted(self) -> bool {
        matches!(self, Self::DecibelA | Self::DecibelC)
    }

    /// Decimals that the instruments print values of it with, where nothing else says how many.
    pub const fn usual_decimals(self) -> u8 {
        match self {
            Self::InchPerSecond | Self::CentimetrePerSecond | Self::Gravity | Self::Second => 3,
            Self::MillimetrePerSecond | Self::Pascal => 2,
            Self::DecibelLinear | Self::DecibelA | Self::DecibelC => 2,
            Self::Inch | Self::MetrePerSecond | Self::Metre | Self::Kilopascal => 5,
            Self::Psi => 6,
            Self::Foot | Self::Kilogram | Self::Pound => 1,
            Self::Millimetre | Self::MetrePerSecondSquared | Self::Volt | Self::Radian => 4,
            Self::Count | Self::Millivolt | Self::Hertz | Self::MicrometrePerSecond => 0,
        }
    }

    /// The unit of the international system that measures the same; itself where there is none, as of
    /// levels and counts.
    pub const fn si(self) -> Self {
        match self.quantity() {
            Quantity::Velocity => Self::MetrePerSecond,
            Quantity::Acceleration => Self::MetrePerSecondSquared,
            Quantity::Length => Self::Metre,
            Quantity::Mass => Self::Kilogram,
            Quantity::Pressure => Self::Pascal,
            Quantity::Frequency => Self::Hertz,
            Quantity::Time => Self::Second,
            Quantity::Voltage => Self::Volt,
            Quantity::Angle => Self::Radian,
            Quantity::LevelA | Quantity::LevelC | Quantity::Count => self,
        }
    }

    /// How many of the quantity's base unit one of this is, as an exact ratio where there is one.
    ///
    /// Bases: mm/s, m/s², mm, kg, Pa, Hz, s, mV, rad, count.
    const fn ratio_to_base(self) -> (f64, f64) {
        match self {
            Self::InchPerSecond | Self::Inch => (254.0, 10.0),
            Self::MetrePerSecond | Self::Metre | Self::Kilopascal | Self::Volt => (1000.0, 1.0),
            Self::CentimetrePerSecond => (10.0, 1.0),
            Self::Foot => (3048.0, 10.0),
            Self::Pound => (45_359_237.0, 100_000_000.0),
            Self::MicrometrePerSecond => (1.0, 1000.0),
            Self::Gravity => (980_665.0, 100_000.0),
            // 1 psi = 4.4482216152605 N / (0.0254 m)²
            Self::Psi => (6_894.757_293_168_361, 1.0),
            Self::MillimetrePerSecond
            | Self::MetrePerSecondSquared
            | Self::Millimetre
            | Self::Kilogram
            | Self::Pascal
            | Self::DecibelLinear
            | Self::DecibelA
            | Self::DecibelC
            | Self::Hertz
            | Self::Second
            | Self::Millivolt
            | Self::Radian
            | Self::Count => (1.0, 1.0),
        }
    }

    /// `value` of this unit in `to`.
    ///
    /// A level of 0 dB(L) stands for "no pressure", as the vendors print it, and negative levels
    /// for negative pressures.
    ///
    /// # Errors
    /// [`UnitMismatch`] when the two measure different things.
    pub fn convert(self, value: f64, to: Self) -> Result<f64, UnitMismatch> {
        self.conversion(to).map(|conversion| conversion.apply(value))
    }

    /// How values of this unit become values of `to`, by the rules of [`convert`](Self::convert).
    ///
    /// # Errors
    /// [`UnitMismatch`] when the two measure different things.
    pub fn conversion(self, to: Self) -> Result<Conversion, UnitMismatch> {
        if self.quantity() != to.quantity() {
            return Err(UnitMismatch { from: self, to });
        }
        if self == to {
            return Ok(Conversion::SAME);
        }
        let (from_numerator, from_denominator) = self.ratio_to_base();
        let (to_numerator, to_denominator) = to.ratio_to_base();
        Ok(Conversion {
            numerator: from_numerator * to_denominator,
            denominator: from_denominator * to_numerator,
            is_from_level: self == Self::DecibelLinear,
            is_to_level: to == Self::DecibelLinear,
        })
    }
}

/// What makes values of one unit values of another one: chosen once for many values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conversion {
    numerator: f64,
    denominator: f64,
    is_from_level: bool,
    is_to_level: bool,
}

impl Conversion {
    const SAME: Self =
        Self { numerator: 1.0, denominator: 1.0, is_from_level: false, is_to_level: false };

    /// The value in the other unit.
    #[inline]
    pub fn apply(&self, value: f64) -> f64 {
        let linear = if self.is_from_level { pressure_of_level(value) } else { value };
        let converted = linear * self.numerator / self.denominator;
        if self.is_to_level { level_of_pressure(converted) } else { converted }
    }
}

/// Pa of a level in dB(L).
fn pressure_of_level(level: f64) -> f64 {
    if level == 0.0 {
        return 0.0;
    }
    level.signum() * REFERENCE_PA * 10f64.powf(level.abs() / 20.0)
}

/// Level in dB(L) of a pressure in Pa.
fn level_of_pressure(pressure: f64) -> f64 {
    if pressure == 0.0 {
        return 0.0;
    }
    pressure.signum() * 20.0 * (pressure.abs() / REFERENCE_PA).log10()
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.symbol())
    }
}

/// A symbol that names no unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown unit {asked:?}: one of {known}", asked = .0, known = Unit::ALL.map(Unit::symbol).join(", "))]
pub struct UnknownUnit(String);

/// Other spellings, as people, reports and netCDF files write them, without spaces and in small letters.
const OTHER_SPELLINGS: [(&str, Unit); 42] = [
    ("ips", Unit::InchPerSecond),
    ("in/sec", Unit::InchPerSecond),
    ("inch/s", Unit::InchPerSecond),
    ("ins-1", Unit::InchPerSecond),
    ("mm/sec", Unit::MillimetrePerSecond),
    ("mms-1", Unit::MillimetrePerSecond),
    ("m/sec", Unit::MetrePerSecond),
    ("ms-1", Unit::MetrePerSecond),
    ("cm/sec", Unit::CentimetrePerSecond),
    ("cms-1", Unit::CentimetrePerSecond),
    ("um/s", Unit::MicrometrePerSecond),
    ("um/sec", Unit::MicrometrePerSecond),
    ("ums-1", Unit::MicrometrePerSecond),
    ("µms-1", Unit::MicrometrePerSecond),
    ("m/s2", Unit::MetrePerSecondSquared),
    ("m/s^2", Unit::MetrePerSecondSquared),
    ("m/s**2", Unit::MetrePerSecondSquared),
    ("ms-2", Unit::MetrePerSecondSquared),
    ("inch", Unit::Inch),
    ("inches", Unit::Inch),
    ("millimeter", Unit::Millimetre),
    ("millimetre", Unit::Millimetre),
    ("meter", Unit::Metre),
    ("metre", Unit::Metre),
    ("pascal", Unit::Pascal),
    ("kilopascal", Unit::Kilopascal),
    ("psi(l)", Unit::Psi),
    ("pa(l)", Unit::Pascal),
    ("db", Unit::DecibelLinear),
    ("dbl", Unit::DecibelLinear),
    ("db(lin)", Unit::DecibelLinear),
    ("db(z)", Unit::DecibelLinear),
    ("dba", Unit::DecibelA),
    ("dbc", Unit::DecibelC),
    ("hertz", Unit::Hertz),
    ("sec", Unit::Second),
    ("second", Unit::Second),
    ("seconds", Unit::Second),
    ("radian", Unit::Radian),
    ("radians", Unit::Radian),
    ("counts", Unit::Count),
    ("1", Unit::Count),
];

/// By its symbol, without regard to case, or by another spelling of it: `mm s-1`, `um/s`, `dB`.
impl FromStr for Unit {
    type Err = UnknownUnit;

    fn from_str(symbol: &str) -> Result<Self, UnknownUnit> {
        let unknown = || UnknownUnit(symbol.chars().take(40).collect());
        if let Some(unit) =
            Self::ALL.into_iter().find(|unit| unit.symbol().eq_ignore_ascii_case(symbol))
        {
            return Ok(unit);
        }
        // No spelling is longer; the micro sign has a twin among the Greek letters.
        if symbol.len() > 40 {
            return Err(unknown());
        }
        let plain: String = symbol
            .chars()
            .filter(|letter| !letter.is_whitespace() && !matches!(letter, '·' | '.'))
            .map(|letter| match letter {
                'μ' => 'µ',
                '⁻' | '−' => '-',
                '¹' => '1',
                other => other.to_ascii_lowercase(),
            })
            .collect();
        let by_symbol = Self::ALL.into_iter().find(|unit| unit.symbol().to_lowercase() == plain);
        let spelled = || OTHER_SPELLINGS.iter().find(|(word, _)| *word == plain);
        by_symbol.or_else(|| spelled().map(|(_, unit)| *unit)).ok_or_else(unknown)
    }
}

impl Serialize for Unit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.symbol())
    }
}

impl<'de> Deserialize<'de> for Unit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64, relative: f64) {
        assert!((found - expected).abs() <= expected.abs() * relative, "{found} is not {expected}");
    }

    #[test]
    fn pressures_agree_with_the_professions_table() {
        let of = |value: f64, from: Unit, to: Unit| from.convert(value, to).unwrap();
        close(of(20e-6, Unit::Pascal, Unit::Psi), 2.9008e-9, 1e-4);
        close(of(133.0, Unit::DecibelLinear, Unit::Psi), 0.01296, 1e-3);
        close(of(133.0, Unit::DecibelLinear, Unit::Pascal), 89.3, 1e-3);
        close(of(0.25, Unit::Pascal, Unit::Psi), 3.626e-5, 1e-4);
        close(of(0.25, Unit::Pascal, Unit::DecibelLinear), 81.94, 1e-4);
    }

    #[test]
    fn a_level_keeps_the_sign_of_its_pressure() {
        let level = Unit::Pascal.convert(-1.25, Unit::DecibelLinear).unwrap();
        close(level, -95.918, 1e-4);
        close(Unit::DecibelLinear.convert(level, Unit::Pascal).unwrap(), -1.25, 1e-12);
        assert_eq!(Unit::Pascal.convert(0.0, Unit::DecibelLinear), Ok(0.0));
    }

    #[test]
    fn weighted_levels_convert_to_nothing_else() {
        for weighted in [Unit::DecibelA, Unit::DecibelC] {
            for other in Unit::ALL.into_iter().filter(|other| *other != weighted) {
                assert!(weighted.convert(67.3, other).is_err(), "{weighted} became {other}");
                assert!(other.convert(67.3, weighted).is_err(), "{other} became {weighted}");
            }
            assert_eq!(weighted.convert(67.3, weighted), Ok(67.3));
        }
    }

    #[test]
    fn every_symbol_parses_back_to_its_unit() {
        for unit in Unit::ALL {
            assert_eq!(unit.symbol().parse(), Ok(unit));
        }
    }

    #[test]
    fn other_spellings_of_a_unit_are_that_unit() {
        for (spelling, unit) in [
            ("mm s-1", Unit::MillimetrePerSecond),
            ("mm s⁻¹", Unit::MillimetrePerSecond),
            ("μm/s", Unit::MicrometrePerSecond),
            ("um/s", Unit::MicrometrePerSecond),
            ("CM/S", Unit::CentimetrePerSecond),
            ("kpa", Unit::Kilopascal),
            ("dB", Unit::DecibelLinear),
            ("dB (L)", Unit::DecibelLinear),
            ("m s-2", Unit::MetrePerSecondSquared),
        ] {
            assert_eq!(spelling.parse(), Ok(unit), "{spelling}");
        }
        for unknown in ["", " ", "parsec", "mm/", "dB(X)", &"m".repeat(1 << 20)] {
            assert!(unknown.len() > 40 || unknown.parse::<Unit>().is_err(), "{unknown}");
        }
        let error = "m".repeat(1 << 20).parse::<Unit>().unwrap_err().to_string();
        assert!(error.len() < 400 && error.contains("µm/s"), "{error}");
    }

    #[test]
    fn every_unit_has_a_unit_of_the_international_system_of_its_quantity() {
        for unit in Unit::ALL {
            assert_eq!(unit.si().quantity(), unit.quantity());
            assert_eq!(unit.si().si(), unit.si());
        }
        assert_eq!(Unit::InchPerSecond.si(), Unit::MetrePerSecond);
        close(
            Unit::MicrometrePerSecond.convert(1000.0, Unit::MillimetrePerSecond).unwrap(),
            1.0,
            0.0,
        );
        close(Unit::Kilopascal.convert(1.0, Unit::Pascal).unwrap(), 1000.0, 0.0);
        assert_eq!(Unit::Kilopascal.convert(0.02, Unit::DecibelLinear), Ok(120.0));
    }

    #[test]
    fn there_and_back_is_where_it_began_within_a_quantity_and_refused_across() {
        for from in Unit::ALL {
            for to in Unit::ALL {
                match from.convert(90.0, to) {
                    Ok(there) => close(to.convert(there, from).unwrap(), 90.0, 1e-12),
                    Err(mismatch) => {
                        assert_ne!(from.quantity(), to.quantity());
                        assert_eq!(mismatch, UnitMismatch { from, to });
                    }
                }
            }
        }
    }
}
