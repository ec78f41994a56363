//! Charge and distance of a blast: what a report states of them, how people write them, and which values
//! can be true.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Reading, Unit};

/// What a report states of the blast behind an event; `None` where it says nothing or `N/A`. The numbers
/// are as printed: zero is what the vendors print where nothing was entered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct BlastStatement {
    /// Scaled distance as printed. Its unit is the one of `distance` over the root of the one of `charge`.
    pub scaled_distance: Option<f64>,
    /// Distance from blast to sensor by which the scaled distance was found, in m or ft.
    pub distance: Option<Reading>,
    /// Maximum charge per delay by which the scaled distance was found, in kg or lb.
    pub charge: Option<Reading>,
    /// Distance from blast to sensor by satellite, in m or ft.
    pub gps_distance: Option<Reading>,
}

impl BlastStatement {
    /// The distance that counts: the one of the scaled distance, otherwise the one by satellite.
    pub fn distance(&self) -> Option<Reading> {
        let is_entered = |reading: &Reading| reading.value != 0.0;
        self.distance.filter(is_entered).or(self.gps_distance).or(self.distance)
    }
}

/// A quantity of a blast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlastQuantity {
    /// Maximum charge per delay.
    Charge,
    /// Distance from blast to sensor.
    Distance,
}

/// Why a value of a blast is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BlastValueError {
    /// It is no number with a unit.
    #[error("expected a number with a unit: {}", quantity.example())]
    NotAValue {
        /// What was expected.
        quantity: BlastQuantity,
    },
    /// It is none that a blast can have.
    #[error("a {quantity} is above zero: between {} and {}", quantity.least(), quantity.most())]
    Impossible {
        /// What it is a value of.
        quantity: BlastQuantity,
    },
}

impl BlastQuantity {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Charge, Self::Distance];

    /// As it is named in rows and patches: `charge`, `distance`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Charge => "charge",
            Self::Distance => "distance",
        }
    }

    /// The quantity of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quantity| quantity.word() == name)
    }

    /// The unit in which it is compared: kg, m.
    pub const fn si(self) -> Unit {
        match self {
            Self::Charge => Unit::Kilogram,
            Self::Distance => Unit::Metre,
        }
    }

    /// The units in which it may be given.
    pub const fn units(self) -> [Unit; 2] {
        match self {
            Self::Charge => [Unit::Kilogram, Unit::Pound],
            Self::Distance => [Unit::Metre, Unit::Foot],
        }
    }

    /// The least value that can be true. Less is a slip of the pen or of the unit.
    pub const fn least(self) -> Reading {
        match self {
            Self::Charge => Reading::new(0.001, Unit::Kilogram).with_decimals(3),
            Self::Distance => Reading::new(0.1, Unit::Metre).with_decimals(1),
        }
    }

    /// The largest value that can be true: no quarry fires a thousand tonnes in a delay, nor does an
    /// instrument trigger a hundred kilometres away.
    pub const fn most(self) -> Reading {
        match self {
            Self::Charge => Reading::new(1_000_000.0, Unit::Kilogram).with_decimals(0),
            Self::Distance => Reading::new(100_000.0, Unit::Metre).with_decimals(0),
        }
    }

    const fn example(self) -> &'static str {
        match self {
            Self::Charge => "45 kg or 99.2 lb",
            Self::Distance => "320 m or 1050 ft",
        }
    }

    /// The value in kg or m.
    ///
    /// # Errors
    /// When no blast can have it.
    pub fn check(self, reading: Reading) -> Result<f64, BlastValueError> {
        let impossible = BlastValueError::Impossible { quantity: self };
        let si =
            reading.to(self.si()).map_err(|_| BlastValueError::NotAValue { quantity: self })?;
        let (least, most) = (self.least().value, self.most().value);
        let is_possible = (least..=most).contains(&si.value) && si.flag.is_none();
        if is_possible { Ok(si.value) } else { Err(impossible) }
    }

    /// A value as people write it: `45 kg`, `99.2 lb`, `320m`, `1050 ft`. The decimal mark is a point. It
    /// keeps its unit and its decimals.
    ///
    /// # Errors
    /// When it is no number with a unit, or none that a blast can have.
    pub fn parse(self, text: &str) -> Result<Reading, BlastValueError> {
        let not_a_value = BlastValueError::NotAValue { quantity: self };
        let text = text.trim();
        let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'));
        let (digits, unit) = text.split_at(end.ok_or(not_a_value)?);
        let value: f64 = digits.parse().map_err(|_| not_a_value)?;
        let unit = unit.trim().to_ascii_lowercase();
        let is_unit = |of: &Unit| of.symbol() == unit;
        let unit = self.units().into_iter().find(is_unit).ok_or(not_a_value)?;
        let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let decimals = u8::try_from(decimals).map_err(|_| not_a_value)?;
        let reading = Reading::new(value, unit).with_decimals(decimals);
        self.check(reading)?;
        Ok(reading)
    }
}

/// `charge`, `distance`
impl fmt::Display for BlastQuantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_value_keeps_its_unit_and_its_decimals() {
        for (quantity, text, shown, si) in [
            (BlastQuantity::Charge, "45 kg", "45 kg", 45.0),
            (BlastQuantity::Charge, " 99.20lb ", "99.20 lb", 99.2 * 0.453_592_37),
            (BlastQuantity::Distance, "320 M", "320 m", 320.0),
            (BlastQuantity::Distance, "1050 ft", "1050 ft", 320.04),
        ] {
            let value = quantity.parse(text).unwrap();
            assert_eq!(value.to_string(), shown);
            assert!((quantity.check(value).unwrap() / si - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn what_no_blast_has_is_refused_in_words() {
        let not_a_value = BlastValueError::NotAValue { quantity: BlastQuantity::Charge };
        for text in
            ["", "45", "kg", "45 m", "45 t", "1,5 kg", "1e3 kg", "nan kg", "inf kg", "4.5.1 kg"]
        {
            let refused = BlastQuantity::Charge.parse(text);
            assert_eq!(refused, Err(not_a_value), "{text}");
        }
        for text in ["0 m", "-3 m", "0.05 m", "100001 m", &format!("{} m", "9".repeat(200))] {
            let refused = BlastQuantity::Distance.parse(text).unwrap_err();
            let words = "a distance is above zero: between 0.1 m and 100000 m";
            assert_eq!(refused.to_string(), words, "{text}");
        }
        let words = BlastQuantity::Charge.parse("45").unwrap_err().to_string();
        assert_eq!(words, "expected a number with a unit: 45 kg or 99.2 lb");
    }

    #[test]
    fn a_distance_that_was_not_entered_gives_way_to_the_one_by_satellite() {
        let (none, gps) = (Reading::new(0.0, Unit::Metre), Reading::new(310.0, Unit::Metre));
        let mut said = BlastStatement { distance: Some(none), ..BlastStatement::default() };
        assert_eq!(said.distance(), Some(none));
        said.gps_distance = Some(gps);
        assert_eq!(said.distance(), Some(gps));
    }

    proptest! {
        #[test]
        fn any_text_is_a_value_or_refused(text in "\\PC{0,30}") {
            for quantity in BlastQuantity::ALL {
                if let Ok(value) = quantity.parse(&text) {
                    prop_assert!(quantity.check(value).is_ok());
                    prop_assert_eq!(quantity.parse(&value.to_string()), Ok(value));
                }
            }
        }
    }
}
