//! Zero-crossing frequencies, with the cases in which there is no number.

use std::fmt;

use serde::Serialize;

/// The frequency of a half-wave between two zero crossings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "flag", content = "hz", rename_all = "snake_case")]
pub enum Frequency {
    /// Measured, in Hz.
    #[serde(rename = "measured")]
    Hertz(f64),
    /// Above what the instrument can tell, in Hz: printed `>100 Hz`.
    AboveRange(f64),
    /// Below what the instrument can tell, in Hz: printed `<1 Hz`.
    BelowRange(f64),
    /// A crossing is missing: printed `N/A`.
    NotAvailable,
}

impl Frequency {
    /// Above this the instruments print `>100 Hz`.
    pub const UPPER_HZ: f64 = 100.0;
    /// Below this the instruments print `<1 Hz`.
    pub const LOWER_HZ: f64 = 1.0;

    /// `hz` with the flags of the instruments' range.
    pub fn in_range(hz: f64) -> Self {
        if hz > Self::UPPER_HZ {
            Self::AboveRange(Self::UPPER_HZ)
        } else if hz < Self::LOWER_HZ {
            Self::BelowRange(Self::LOWER_HZ)
        } else {
            Self::Hertz(hz)
        }
    }

    /// The number, be it measured or the end of the range; `None` when there is none.
    pub fn hz(self) -> Option<f64> {
        match self {
            Self::Hertz(hz) | Self::AboveRange(hz) | Self::BelowRange(hz) => Some(hz),
            Self::NotAvailable => None,
        }
    }
}

/// As the vendor prints it: `21 Hz`, `>100 Hz`, `<1 Hz`, `N/A`. A precision is honoured.
impl fmt::Display for Frequency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let precision = f.precision().unwrap_or(0);
        match self {
            Self::Hertz(hz) => write!(f, "{hz:.precision$} Hz"),
            Self::AboveRange(hz) => write!(f, ">{hz:.0} Hz"),
            Self::BelowRange(hz) => write!(f, "<{hz:.0} Hz"),
            Self::NotAvailable => f.write_str("N/A"),
        }
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
            1..=5 => Frequency::AboveRange(Frequency::UPPER_HZ),
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
        assert_eq!(printed(5), ">100 Hz");
        assert_eq!(printed(513), "<1 Hz");
        assert_eq!(printed(0), "N/A");
    }
}
