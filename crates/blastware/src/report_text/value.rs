//! Printed values: numbers with units, special words, dates. Reports of other units of the vendor
//! print them alike.

use jiff::civil::{Date, Time};
use wavekeep_core::{Flag, Frequency, Hertz, Reading, Unit, UnitLocal, printed_decimals};

/// A printed value, before it is known what it measures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Printed {
    /// `OORANGE`
    OutOfRange,
    /// A number, `>` or `<` in front of it as a flag, and what stands behind it.
    Number {
        /// The number.
        value: f64,
        /// Its decimals.
        decimals: u8,
        /// What stood in front of it.
        flag: Option<Flag>,
        /// Its unit.
        unit: PrintedUnit,
    },
}

/// The unit behind a printed number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrintedUnit {
    /// None, or `dB` without a weighting: the field says which one is meant.
    Absent,
    /// One that is known.
    Known(Unit),
    /// Words that name no unit that is known: the number must not pass for one of another unit.
    Unknown,
}

impl Printed {
    /// `None` for `N/A` and for what is not a number.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.to_ascii_uppercase().starts_with("OORANGE") {
            return Some(Self::OutOfRange);
        }
        let (flag, text) = match text.as_bytes().first()? {
            b'>' => (Some(Flag::AboveRange), text[1..].trim_start()),
            b'<' => (Some(Flag::BelowRange), text[1..].trim_start()),
            _ => (None, text),
        };
        let (number, unit) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let value: f64 = number.parse().ok().filter(|value: &f64| value.is_finite())?;
        let decimals = printed_decimals(number);
        Some(Self::Number { value, decimals, flag, unit: parse_unit(unit) })
    }

    /// As a reading: `default` is the unit when none is printed, `out_of_range` what `OORANGE`
    /// stands for. `None` for a number of a unit that is not known.
    pub fn reading(self, default: Unit, out_of_range: Option<Reading>) -> Option<Reading> {
        match self {
            Self::OutOfRange => out_of_range.map(|reading| reading.flagged(Flag::Saturated)),
            Self::Number { value, decimals, flag, unit } => {
                let unit = match unit {
                    PrintedUnit::Absent => default,
                    PrintedUnit::Known(unit) => unit,
                    PrintedUnit::Unknown => return None,
                };
                Some(Reading { value, unit, flag, decimals: Some(decimals) })
            }
        }
    }

    /// As a frequency in Hz.
    pub fn frequency(self) -> Option<Frequency> {
        let Self::Number { value, decimals, flag, .. } = self else { return None };
        let hz = Hertz::printed(value, decimals);
        Some(match flag {
            Some(Flag::AboveRange) => Frequency::AboveRange(hz),
            Some(_) => Frequency::BelowRange(hz),
            None => Frequency::Hertz(hz),
        })
    }

    /// The number alone.
    pub fn number(self) -> Option<f64> {
        match self {
            Self::OutOfRange => None,
            Self::Number { value, .. } => Some(value),
        }
    }
}

/// A frequency field: `N/A` is a statement too.
pub fn frequency(text: &str) -> Option<Frequency> {
    if text.trim().eq_ignore_ascii_case("N/A") {
        return Some(Frequency::NotAvailable);
    }
    Printed::parse(text)?.frequency()
}

/// The vendor's spellings: `in/s`, `sec`, `psi(L)`, `pa.(L)`, `mv`, `Volts`, `dB(L)`, `db(A)` …
fn parse_unit(text: &str) -> PrintedUnit {
    let text: String = text.split_whitespace().collect::<String>().to_ascii_lowercase();
    PrintedUnit::Known(match text.as_str() {
        "" | "db" => return PrintedUnit::Absent,
        "sec" | "sec." | "seconds" => Unit::Second,
        "dbl" | "db(lin)" => Unit::DecibelLinear,
        "dba" => Unit::DecibelA,
        "dbc" => Unit::DecibelC,
        "volts" => Unit::Volt,
        _ => {
            let linear = text.strip_suffix("(l)").filter(|unit| *unit != "db").unwrap_or(&text);
            match linear.trim_end_matches('.').parse() {
                Ok(unit) => unit,
                Err(_) => return PrintedUnit::Unknown,
            }
        }
    })
}

/// `May 8, 2026`, ISO `2026-05-08`, or with slashes.
pub fn date(text: &str) -> Option<Date> {
    let text = text.trim();
    ["%B %d, %Y", "%b %d, %Y", "%Y-%m-%d", "%Y/%m/%d"]
        .into_iter()
        .find_map(|form| Date::strptime(form, text).ok())
}

/// `HH:MM:SS`
pub fn time(text: &str) -> Option<Time> {
    Time::strptime("%H:%M:%S", text.trim()).ok()
}

/// A moment from its two fields.
pub fn moment(date: Option<Date>, time: Option<Time>) -> Option<UnitLocal> {
    Some(UnitLocal(date?.to_datetime(time?)))
}

/// `1 minute`, `15 seconds`, `2 hours` in seconds.
pub fn duration_s(text: &str) -> Option<f64> {
    let (number, unit) = text.trim().split_once(char::is_whitespace)?;
    let number: f64 =
        number.parse().ok().filter(|value: &f64| value.is_finite() && *value > 0.0)?;
    let unit = unit.trim().to_ascii_lowercase();
    let seconds = match unit.trim_end_matches('.').trim_end_matches('s') {
        "second" | "sec" => 1.0,
        "minute" | "min" => 60.0,
        "hour" | "hr" => 3600.0,
        _ => return None,
    };
    Some(number * seconds)
}
