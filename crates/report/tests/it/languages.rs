//! The texts that translators edit.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use wavekeep_report::{Language, Words};

/// The names in braces of a text.
fn placeholders(text: &str) -> BTreeSet<&str> {
    let parts = text.split('{').skip(1);
    parts.map(|part| part.split_once('}').expect("a closing brace").0).collect()
}

fn keys(words: &Words) -> BTreeSet<&str> {
    words.all().map(|(key, _)| key).collect()
}

#[test]
fn every_language_has_the_same_keys() {
    let english = keys(Language::English.words());
    assert!(english.len() > 200);
    for language in Language::ALL {
        let own = keys(language.words());
        let other: Vec<_> = own.symmetric_difference(&english).collect();
        assert!(other.is_empty(), "{language}: {other:?}");
    }
}

#[test]
fn every_text_has_the_placeholders_of_the_english_one() {
    // Each language writes dates in its own order, and not every one needs every part.
    let of_forms = |key: &str| key.starts_with("forms.") && key != "forms.from_to";
    for language in Language::ALL {
        for (key, text) in language.words().all().filter(|(key, _)| !of_forms(key)) {
            let english = Language::English.words().text(key);
            assert_eq!(placeholders(text), placeholders(english), "{language}, {key}: {text}");
            assert!(!text.trim().is_empty() && text.trim() == text, "{language}, {key}: {text:?}");
        }
    }
}

#[test]
fn every_date_has_only_parts_that_dates_have() {
    let known = BTreeSet::from(["yyyy", "mm", "dd", "d", "month"]);
    for language in Language::ALL {
        for key in ["forms.date", "forms.day_month", "forms.long_date", "forms.month"] {
            let text = language.words().text(key);
            let parts = placeholders(text);
            assert!(!parts.is_empty() && parts.is_subset(&known), "{language}, {key}: {text}");
        }
    }
}

#[test]
fn no_text_is_left_in_english() {
    let english = Language::English.words();
    for language in Language::ALL.into_iter().filter(|language| *language != Language::English) {
        let same =
            |(key, text): &(&str, &str)| !key.starts_with("forms.") && english.text(key) == *text;
        let all = language.words().all();
        // Sentences are never the same; single words of the field may be.
        let words = |text: &str| {
            let behind = text.split('{').map(|part| part.split_once('}').map_or(part, |it| it.1));
            let text: String = behind.collect();
            text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).count()
        };
        let left: Vec<_> = all.filter(same).filter(|(_, text)| words(text) > 1).collect();
        assert!(left.is_empty(), "{language}: {left:?}");
    }
}

/// The Rust files of a folder and of those in it.
fn sources(folder: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            texts.push(fs::read_to_string(path).unwrap());
        }
    }
    texts
}

#[test]
fn every_key_is_used_and_every_key_that_is_used_is_there() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut code = sources(&own).concat();
    code.push_str(&sources(&own.join("../../period/src")).concat());
    let all = keys(Language::English.words());
    let sections: BTreeSet<&str> = all.iter().map(|key| key.split('.').next().unwrap()).collect();
    let quoted: BTreeSet<&str> = code.split('"').collect();
    let is_plain = |part: &str| part.chars().all(|it| it.is_ascii_lowercase() || it == '_');
    for word in &quoted {
        let Some((section, name)) = word.split_once('.') else { continue };
        if !sections.contains(section) || name.is_empty() || !is_plain(name) {
            continue;
        }
        let there = all.contains(word) || all.contains(format!("{word}_one").as_str());
        assert!(there, "{word} is in no language");
    }
    for key in all {
        let stem = key.strip_suffix("_one").or(key.strip_suffix("_other")).unwrap_or(key);
        assert!(quoted.contains(key) || quoted.contains(stem), "{key} is not used");
    }
}

#[test]
fn the_files_say_whom_they_are_for() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("languages");
    for language in Language::ALL {
        let text = fs::read_to_string(folder.join(format!("{language}.toml"))).unwrap();
        assert!(text.starts_with("# Words of reports: "), "{language}");
    }
}
