//! The words of reports in several languages. Translators edit the files in `languages/`.

mod forms;

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::str::FromStr;
use std::sync::LazyLock;

/// A language of reports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
    /// French.
    French,
    /// Spanish.
    Spanish,
    /// Portuguese.
    Portuguese,
}

/// A word that is no language of reports.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no language of reports: expected one of {known}", known = Language::CODES.join(", "))]
pub struct UnknownLanguage(String);

impl Language {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::English, Self::German, Self::French, Self::Spanish, Self::Portuguese];
    /// Their codes (ISO 639-1), in the same order.
    pub const CODES: [&'static str; 5] = ["en", "de", "fr", "es", "pt"];

    /// Its code (ISO 639-1).
    pub const fn code(self) -> &'static str {
        Self::CODES[self as usize]
    }

    /// Its words.
    pub fn words(self) -> &'static Words {
        &WORDS[self as usize]
    }

    const fn file(self) -> &'static str {
        match self {
            Self::English => include_str!("../../languages/en.toml"),
            Self::German => include_str!("../../languages/de.toml"),
            Self::French => include_str!("../../languages/fr.toml"),
            Self::Spanish => include_str!("../../languages/es.toml"),
            Self::Portuguese => include_str!("../../languages/pt.toml"),
        }
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(code: &str) -> Result<Self, UnknownLanguage> {
        let found = Self::ALL.into_iter().find(|language| language.code() == code);
        found.ok_or_else(|| UnknownLanguage(code.to_owned()))
    }
}

impl Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

static WORDS: LazyLock<[Words; 5]> = LazyLock::new(|| Language::ALL.map(Words::of));

/// The words of a language, and how it writes numbers and dates.
#[derive(Debug)]
pub struct Words {
    language: Language,
    texts: BTreeMap<String, String>,
}

impl Words {
    fn of(language: Language) -> Self {
        let file: toml::Table = language.file().parse().expect("the tests read every language");
        let mut texts = BTreeMap::new();
        for (section, entries) in file {
            let toml::Value::Table(entries) = entries else { continue };
            for (name, text) in entries {
                if let toml::Value::String(text) = text {
                    texts.insert(format!("{section}.{name}"), text);
                }
            }
        }
        Self { language, texts }
    }

    /// The language.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The text with this key. A test finds every key in every language.
    pub fn text<'a>(&'a self, key: &'a str) -> &'a str {
        self.texts.get(key).map_or(key, String::as_str)
    }

    /// The text with this key, each `{name}` in it replaced by its value.
    pub fn filled(&self, key: &str, values: &[(&str, &dyn Display)]) -> String {
        let mut text = String::new();
        let mut rest = self.text(key);
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let (name, behind) = after.split_once('}').unwrap_or((after, ""));
            if let Some((_, value)) = values.iter().find(|(of, _)| *of == name) {
                text.push_str(&value.to_string());
            }
            rest = behind;
        }
        text + rest
    }

    /// The text of `key.one` or `key.other`, whichever goes with `n`, with `{n}` in it.
    pub fn counted(&self, key: &str, n: u64) -> String {
        // French and Portuguese write no thing in the singular.
        let is_one = match self.language {
            Language::French | Language::Portuguese => n <= 1,
            _ => n == 1,
        };
        let key = format!("{key}_{}", if is_one { "one" } else { "other" });
        self.filled(&key, &[("n", &self.count(n))])
    }

    /// As [`counted`](Self::counted), for a number that may have decimals and is written as `digits`.
    pub(crate) fn measured(&self, key: &str, n: f64, digits: &str) -> String {
        let is_one = match self.language {
            // Up to two it is one of them: 1,5 heure.
            Language::French | Language::Portuguese => n < 2.0,
            _ => n == 1.0,
        };
        let key = format!("{key}_{}", if is_one { "one" } else { "other" });
        self.filled(&key, &[("n", &self.marked(digits))])
    }

    /// Keys and texts.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(key, text)| (key.as_str(), text.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_with_braces_is_not_filled_again() {
        let words = Language::English.words();
        let text = words.filled("page.number", &[("page", &"{pages}"), ("pages", &17)]);
        assert_eq!(text, "{pages} of 17");
    }

    #[test]
    fn a_language_is_named_by_its_code() {
        assert_eq!("de".parse(), Ok(Language::German));
        let refused = "xx".parse::<Language>().unwrap_err().to_string();
        assert!(refused.contains("en, de, fr, es, pt"), "{refused}");
    }
}
