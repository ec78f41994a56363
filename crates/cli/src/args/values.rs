//! Values that several commands take.

use std::path::{Component, PathBuf};
use std::str::FromStr;

use clap::builder::{PathBufValueParser, TypedValueParser};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use wavekeep_archive::fault_on_windows;

/// The path of something that is to be written.
pub fn new_path() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| match cfg!(windows) {
        true => refuse_names_of_windows(path),
        false => Ok(path),
    })
}

/// Refuses a path under which Windows would write something else than a file of this name.
fn refuse_names_of_windows(path: PathBuf) -> Result<PathBuf, String> {
    for component in path.components() {
        let Component::Normal(name) = component else { continue };
        let name = name.to_string_lossy();
        if let Some(why) = fault_on_windows(&name) {
            return Err(format!("no file can be called {name:?}: {why}"));
        }
    }
    Ok(path)
}

pub fn finite(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| format!("{text:?} is not a number"))?;
    if value.is_finite() { Ok(value) } else { Err("must be finite".to_owned()) }
}

pub fn positive(text: &str) -> Result<f64, String> {
    finite(text)
        .and_then(|value| if value > 0.0 { Ok(value) } else { Err("must be above 0".to_owned()) })
}

pub fn not_negative(text: &str) -> Result<f64, String> {
    finite(text).and_then(|value| {
        if value >= 0.0 { Ok(value) } else { Err("must not be negative".to_owned()) }
    })
}

pub fn share(text: &str) -> Result<f64, String> {
    positive(text).and_then(|share| match share <= 1.0 {
        true => Ok(share),
        false => Err("must be above 0 and at most 1".to_owned()),
    })
}

pub fn yes_or_no(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" => Ok(true),
        "no" | "false" => Ok(false),
        _ => Err(format!("{text:?} is neither yes nor no")),
    }
}

/// The known word that is so near to `word` that it was meant.
pub fn near<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = word.to_ascii_lowercase();
    let distance = |other: &str| strsim::damerau_levenshtein(&word, &other.to_ascii_lowercase());
    let nearest = known.iter().copied().min_by_key(|other| distance(other))?;
    // One slip in three letters, two in six.
    (distance(nearest) * 3 <= nearest.len().max(word.len())).then_some(nearest)
}

/// A time of day, `02:30`.
pub fn time_of_day(text: &str) -> Result<Time, String> {
    Time::strptime("%H:%M", text)
        .map_err(|_| format!("{text:?} is no time of day: HH:MM was expected, such as 02:30"))
}

/// A moment at which something expires: `90d` from now, or the end of a day in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry(pub Timestamp);

impl FromStr for Expiry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{text:?} was not understood: 90d for days, or a day such as 2027-01-31, was expected"
            )
        };
        let day = |date: Date| {
            let end = date.checked_add(1.day()).ok()?.to_zoned(TimeZone::UTC).ok()?;
            Some(end.timestamp())
        };
        let ends = match text.strip_suffix('d') {
            Some(days) => {
                let hours = days.parse::<u16>().ok().filter(|days| *days > 0);
                hours.and_then(|days| {
                    Timestamp::now().checked_add((i64::from(days) * 24).hours()).ok()
                })
            }
            None => text.parse::<Date>().ok().and_then(day),
        };
        let ends = ends.ok_or_else(wrong)?;
        // To the second, as all times of an archive.
        let ends = Timestamp::from_second(ends.as_second()).map_err(|_| wrong())?;
        match ends > Timestamp::now() {
            true => Ok(Self(ends)),
            false => Err(format!("{text} is over")),
        }
    }
}

/// An address of the web.
pub fn web_address(text: &str) -> Result<String, String> {
    let is_one = ["http://", "https://"].iter().any(|scheme| {
        text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
    });
    match is_one && !text.contains(char::is_whitespace) {
        true => Ok(text.to_owned()),
        false => Err(format!("{text:?} is no address: http://… or https://… was expected")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_windows_takes_for_something_else_are_refused() {
        for name in ["nul.csv", "out/AUX", "com1.h5", "a.csv.", "a.csv ", "a.csv:b", "out/a?.csv"] {
            assert!(refuse_names_of_windows(name.into()).is_err(), "{name}");
        }
        for name in ["a.csv", "../out/", "./a b.csv", ".hidden.csv", "-"] {
            assert!(refuse_names_of_windows(name.into()).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_slip_of_the_pen_has_a_near_word_and_another_word_has_none() {
        assert_eq!(near("cvs", &["csv", "json", "gnz"]), Some("csv"));
        assert_eq!(near("xlsx", &["csv", "json", "gnz"]), None);
    }
}
