//! Zero-crossing frequencies, with the cases in which there is no number.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::digits::with_decimals;

/// A number of Hz, and the decimals that a report prints it with.
#[derive(Debug, Clone, Copy)]
pub struct Hertz {
    /// The number.
    pub value: f64,
    /// Decimals that a report prints; `None` for a number that was computed.
    pub decimals: Option<u8>,
}

impl Hertz {
    /// A number as a report prints it.
    pub const fn printed(value: f64, decimals: u8) -> Self {
        Self { value, decimals: Some(decimals) }
    }
}

impl From<f64> for Hertz {
    fn from(value: f64) -> Self {
        Self { value, decimals: None }
    }
}

/// Numbers that differ in their decimals alone are equal, as 0.30 is 0.3.
impl PartialEq for Hertz {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

/// The frequency of a half-wave between two zero crossings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Frequency {
    /// Measured.
    Hertz(Hertz),
    /// Above what the instrument can tell: printed `>100 Hz`.
    AboveRange(Hertz),
    /// Below what the instrument can tell: printed `<1 Hz`.
    BelowRange(Hertz),
    /// A crossing is missing: printed `N/A`.
    NotAvailable,
}

impl Frequency {
    /// Above this the instruments print `>100 Hz`.
    pub const UPPER_HZ: f64 = 100.0;
    /// Below this the instruments print `<1 Hz`.
    pub const LOWER_HZ: f64 = 1.0;

    /// A measured frequency.
    pub fn measured(hz: f64) -> Self {
        Self::Hertz(hz.into())
    }

    /// Above `hz`.
    pub fn above(hz: f64) -> Self {
        Self::AboveRange(hz.into())
    }

    /// Below `hz`.
    pub fn below(hz: f64) -> Self {
        Self::BelowRange(hz.into())
    }

    /// `hz` with the flags of the instruments' range.
    pub fn in_range(hz: f64) -> Self {
        if hz > Self::UPPER_HZ {
            Self::above(Self::UPPER_HZ)
        } else if hz < Self::LOWER_HZ {
            Self::below(Self::LOWER_HZ)
        } else {
            Self::measured(hz)
        }
    }

    /// The number with its decimals, be it measured or the end of the range.
    fn number(self) -> Option<Hertz> {
        match self {
            Self::Hertz(hz) | Self::AboveRange(hz) | Self::BelowRange(hz) => Some(hz),
            Self::NotAvailable => None,
        }
    }

    /// The number, be it measured or the end of the range; `None` when there is none.
    pub fn hz(self) -> Option<f64> {
        self.number().map(|hz| hz.value)
    }

    /// The word of its case: `measured`, `above_range`, `below_range`, `not_available`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Hertz(_) => "measured",
            Self::AboveRange(_) => "above_range",
            Self::BelowRange(_) => "below_range",
            Self::NotAvailable => "not_available",
        }
    }
}

/// As the vendor prints it: `21 Hz`, `>100 Hz`, `<1 Hz`, `N/A`. The digits are those of the report.
/// A number that was computed has the decimals that are asked for, otherwise one below 10 Hz and
/// none above.
impl fmt::Display for Frequency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(hz) = self.number() else { return f.write_str("N/A") };
        let (sign, computed) = match self {
            Self::AboveRange(_) => (">", 0),
            Self::BelowRange(_) => ("<", 0),
            _ => ("", f.precision().unwrap_or(usize::from(hz.value < 9.95))),
        };
        let decimals = hz.decimals.map_or(computed, usize::from);
        write!(f, "{sign}{} Hz", with_decimals(hz.value, decimals))
    }
}

/// `{"flag": "measured", "hz": 20.5, "decimals": 1}`; without a number the flag alone.
impl Serialize for Frequency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Document {
            flag: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            hz: Option<f64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            decimals: Option<u8>,
        }
        let decimals = self.number().and_then(|hz| hz.decimals);
        Document { flag: self.word(), hz: self.hz(), decimals }.serialize(serializer)
    }
}

/// A half-period as the instruments store it: in samples at 1024 samples/s.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct HalfPeriod(pub u16);

impl HalfPeriod {
    /// 512 / half-period Hz; five samples or fewer mean "above 100 Hz", 0 means none.
    pub fn frequency(self) -> Frequency {
        match self.0 {
            0 => Frequency::NotAvailable,
            1..=5 => Frequency::above(Frequency::UPPER_HZ),
            samples => Frequency::in_range(512.0 / f64::from(samples)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_periods_become_frequencies_as_the_vendor_prints_them() {
        let printed = |samples| HalfPeriod(samples).frequency().to_string();
        assert_eq!(printed(24), "21 Hz");
        assert_eq!(printed(18), "28 Hz");
        assert_eq!(printed(21), "24 Hz");
        assert_eq!(printed(9), "57 Hz");
        assert_eq!(printed(6), "85 Hz");
        assert_eq!(printed(88), "5.8 Hz");
        assert_eq!(printed(5), ">100 Hz");
        assert_eq!(printed(513), "<1 Hz");
        assert_eq!(printed(0), "N/A");
    }

    #[test]
    fn a_printed_frequency_keeps_its_digits_whatever_precision_is_asked_for() {
        let printed = |value, decimals| Frequency::Hertz(Hertz::printed(value, decimals));
        assert_eq!(format!("{:.0}", printed(20.5, 1)), "20.5 Hz");
        assert_eq!(format!("{:.1}", printed(20.0, 0)), "20 Hz");
        assert_eq!(printed(20.0, 1).to_string(), "20.0 Hz");
        assert_eq!(Frequency::BelowRange(Hertz::printed(0.5, 1)).to_string(), "<0.5 Hz");
        assert_eq!(format!("{:.1}", Frequency::measured(21.33)), "21.3 Hz");
    }

    #[test]
    fn as_json_it_says_what_kind_of_number_it_is() {
        let json = |frequency: Frequency| serde_json::to_string(&frequency).unwrap();
        assert_eq!(json(Frequency::measured(20.5)), r#"{"flag":"measured","hz":20.5}"#);
        assert_eq!(
            json(Frequency::AboveRange(Hertz::printed(100.0, 0))),
            r#"{"flag":"above_range","hz":100.0,"decimals":0}"#
        );
        assert_eq!(json(Frequency::NotAvailable), r#"{"flag":"not_available"}"#);
    }
}
