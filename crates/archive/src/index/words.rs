//! Conditions as they are written: the same words on the command line, over HTTP and in Python.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::query::TextField;
use crate::levels::LevelOutcome;

/// A word that a condition does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is none of {expected}")]
pub struct UnknownWord {
    found: String,
    expected: String,
}

impl UnknownWord {
    /// A word that is none of `expected`.
    pub(crate) fn new(found: &str, expected: &[&str]) -> Self {
        Self { found: found.to_owned(), expected: expected.join(", ") }
    }
}

/// What the alarm levels say, separated by commas: `exceeds,warns`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcomes(pub Vec<LevelOutcome>);

impl FromStr for Outcomes {
    type Err = UnknownWord;

    fn from_str(words: &str) -> Result<Self, UnknownWord> {
        all_of(words, &LevelOutcome::ALL, LevelOutcome::word).map(Self)
    }
}

/// Texts of an event, separated by commas: `project,client`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFields(pub Vec<TextField>);

impl FromStr for TextFields {
    type Err = UnknownWord;

    fn from_str(words: &str) -> Result<Self, UnknownWord> {
        all_of(words, &TextField::ALL, TextField::word).map(Self)
    }
}

fn all_of<T: Copy>(
    words: &str,
    all: &[T],
    word_of: impl Fn(T) -> &'static str,
) -> Result<Vec<T>, UnknownWord> {
    let one = |word: &str| {
        let word = word.trim();
        let found = all.iter().copied().find(|one| word_of(*one) == word);
        found.ok_or_else(|| {
            let expected: Vec<&str> = all.iter().map(|one| word_of(*one)).collect();
            UnknownWord::new(word, &expected)
        })
    };
    words.split(',').map(one).collect()
}

/// The moment in UTC from which on imports count: `2026-05-01`, `2026-05-01T06:00:00Z`, `today` or `yesterday`,
/// which are days in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportedSince(pub Timestamp);

impl FromStr for ImportedSince {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
        let day = match text {
            "today" => Some(today),
            "yesterday" => today.yesterday().ok(),
            _ if text.len() == 10 => text.parse::<Date>().ok(),
            _ => None,
        };
        let moment = match day {
            Some(day) => day.to_zoned(TimeZone::UTC).map(|day| day.timestamp()).ok(),
            None => text.parse().ok(),
        };
        moment.map(Self).ok_or_else(|| UnknownWord {
            found: text.to_owned(),
            expected: "a day (2026-05-01), a time in UTC (2026-05-01T06:00:00Z), today, yesterday"
                .to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_separated_by_commas_and_an_unknown_one_is_refused_with_those_that_are_known() {
        let parsed = "exceeds, warns".parse();
        assert_eq!(parsed, Ok(Outcomes(vec![LevelOutcome::Exceeds, LevelOutcome::Warns])));
        let parsed = "project,location".parse();
        assert_eq!(parsed, Ok(TextFields(vec![TextField::Project, TextField::Location])));
        for wrong in ["", "loud", "exceeds,", "Exceeds"] {
            let error = wrong.parse::<Outcomes>().unwrap_err().to_string();
            assert!(
                error.ends_with("is none of exceeds, warns, no_verdict, within, no_level"),
                "{error}"
            );
        }
        assert!("notes".parse::<TextFields>().is_err());
    }

    #[test]
    fn a_day_begins_at_midnight_in_utc() {
        let day: ImportedSince = "2026-05-01".parse().unwrap();
        assert_eq!(Ok(day), "2026-05-01T00:00:00Z".parse());
        let [today, yesterday] = ["today", "yesterday"].map(|word| word.parse::<ImportedSince>());
        let hours = (today.unwrap().0 - yesterday.unwrap().0).get_seconds() / 3600;
        // The day may change between the two.
        assert!((0..=24).contains(&hours), "{hours}");
        for wrong in ["", "monday", "2026-05-41", "2026-05-01T06:00:00", "2026-5-1"] {
            assert!(wrong.parse::<ImportedSince>().is_err(), "{wrong}");
        }
    }
}
