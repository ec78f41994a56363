//! The file: which settings it holds, and what is wrong with it.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, Command};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::COMMANDS;
use crate::args::near;

/// The key above all tables: the folder of the archive.
const ARCHIVE: &str = "archive";

/// A setting of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The command; `None` applies to every command that has the option.
    pub command: Option<&'static str>,
    /// The option, without dashes.
    pub key: String,
    /// Its values; a flag has `true` or `false`.
    pub values: Vec<String>,
    /// The line, from 1.
    pub line: usize,
}

/// A file whose settings are all understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The file.
    pub path: PathBuf,
    /// What it sets, in its order.
    pub settings: Vec<Setting>,
}

/// The name of an option in files and variables: its long form, or what a positional argument is called.
pub fn key_of(arg: &Arg) -> Option<String> {
    match arg.get_long() {
        Some("help" | "version") => None,
        Some(long) => Some(long.to_owned()),
        None => arg.is_positional().then(|| arg.get_id().as_str().replace('_', "-")),
    }
}

/// Whether every command has this option, and no file sets it.
pub fn is_of_all(arg: &Arg) -> bool {
    ["json", "color", "config", "quiet"].contains(&arg.get_id().as_str())
}

/// The option of a command that a key names.
pub fn option<'a>(command: &'a Command, key: &str) -> Option<&'a Arg> {
    command
        .get_arguments()
        .filter(|arg| !is_of_all(arg))
        .find(|arg| key_of(arg).as_deref() == Some(key))
}

/// Whether an option is on or off, without a value.
pub fn is_flag(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::SetTrue)
}

/// Whether an option takes several values.
pub fn is_list(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Append)
        || arg.get_num_args().is_some_and(|range| range.max_values() > 1)
}

/// The arguments that say the same on the command line.
pub fn arguments(arg: &Arg, values: &[String]) -> Vec<String> {
    match arg.get_long() {
        Some(long) if is_flag(arg) => match values.first().map(String::as_str) {
            Some("true") => vec![format!("--{long}")],
            _ => Vec::new(),
        },
        Some(long) => values.iter().map(|value| format!("--{long}={value}")).collect(),
        None => values.to_vec(),
    }
}

impl Document {
    /// Understands a file.
    ///
    /// # Errors
    /// All that is wrong, a line each: where it is, what was found, what was expected.
    pub fn parse(path: &Path, text: &str, command: &Command) -> Result<Self, String> {
        let mut reader = Reader { path, text, command, settings: Vec::new(), wrong: Vec::new() };
        let (document, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let at = error.span().map_or(0, |span| span.start);
            reader.wrong(at, error.message());
        }
        reader.document(document.get_ref());
        match reader.wrong.is_empty() {
            true => {
                reader.settings.sort_by_key(|setting| setting.line);
                Ok(Self { path: path.to_owned(), settings: reader.settings })
            }
            false => {
                reader.wrong.sort();
                Err(reader.wrong.into_iter().map(|(_, what)| what).collect::<Vec<_>>().join("\n"))
            }
        }
    }

    /// The settings of a command: its own, and those of all commands that it has not itself.
    pub fn of<'a>(&'a self, command: &'a str) -> impl Iterator<Item = &'a Setting> {
        let is_own = move |setting: &Setting| setting.command == Some(command);
        let has_own = move |key: &str| self.settings.iter().any(|it| is_own(it) && it.key == key);
        self.settings.iter().filter(move |setting| {
            is_own(setting) || setting.command.is_none() && !has_own(&setting.key)
        })
    }
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    command: &'a Command,
    settings: Vec<Setting>,
    /// Where, and what.
    wrong: Vec<(usize, String)>,
}

impl Reader<'_> {
    fn line(&self, at: usize) -> usize {
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }

    fn wrong(&mut self, at: usize, what: impl std::fmt::Display) {
        let line = self.line(at);
        self.wrong.push((line, format!("{}:{line}: {what}", self.path.display())));
    }

    fn document(&mut self, document: &DeTable<'_>) {
        for (key, value) in document {
            let (at, name) = (key.span().start, key.get_ref().as_ref());
            let known = COMMANDS.into_iter().find(|command| *command == name);
            match (known, value.get_ref()) {
                (Some(command), DeValue::Table(table)) => self.table(command, table),
                (Some(command), other) => self.wrong(
                    at,
                    format_args!(
                        "`{command}` is a table, [{command}]; found {}",
                        with_article(other)
                    ),
                ),
                (None, _) if name == ARCHIVE => self.setting(None, key, value),
                (None, _) => {
                    let names = [&[ARCHIVE][..], &COMMANDS].concat();
                    self.wrong(at, unknown(name, &names, "a table or key"));
                }
            }
        }
    }

    fn table(&mut self, command: &'static str, table: &DeTable<'_>) {
        for (key, value) in table {
            self.setting(Some(command), key, value);
        }
    }

    fn setting(
        &mut self,
        command: Option<&'static str>,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
    ) {
        let (at, name) = (key.span().start, key.get_ref().as_ref());
        let owner = self.command.find_subcommand(command.unwrap_or("serve"));
        let Some(owner) = owner.cloned() else { return };
        let Some(arg) = option(&owner, name) else {
            let names: Vec<String> =
                owner.get_arguments().filter(|arg| !is_of_all(arg)).filter_map(key_of).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            return self
                .wrong(at, unknown(name, &names, &format!("an option of {}", owner.get_name())));
        };
        let values = match values(value.get_ref(), arg) {
            Ok(values) => values,
            Err(what) => return self.wrong(value.span().start, format_args!("{name}: {what}")),
        };
        match accepted(&owner, arg, &values) {
            Ok(()) => {
                let line = self.line(at);
                self.settings.push(Setting { command, key: name.to_owned(), values, line });
            }
            Err(what) => self.wrong(value.span().start, format_args!("{name}: {what}")),
        }
    }
}

fn unknown(name: &str, names: &[&str], what: &str) -> String {
    match near(name, names) {
        Some(meant) => format!("{name:?} is not {what}; did you mean {meant:?}?"),
        None => format!("{name:?} is not {what}; there are {}", names.join(", ")),
    }
}

fn with_article(value: &DeValue<'_>) -> String {
    let kind = value.type_str();
    let article = if kind.starts_with(['a', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {kind}")
}

/// The values as they would stand on the command line.
fn values(value: &DeValue<'_>, arg: &Arg) -> Result<Vec<String>, String> {
    let one = |value: &DeValue<'_>| match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) => match number.radix() {
            10 => Ok(number.as_str().to_owned()),
            _ => Err("a decimal number was expected".to_owned()),
        },
        DeValue::Float(number) => Ok(number.as_str().to_owned()),
        other => Err(format!("a text or a number was expected; found {}", with_article(other))),
    };
    match value {
        DeValue::Boolean(on) if is_flag(arg) => Ok(vec![on.to_string()]),
        other if is_flag(arg) => {
            Err(format!("true or false was expected; found {}", with_article(other)))
        }
        DeValue::Array(values) if is_list(arg) => {
            values.iter().map(|value| one(value.get_ref())).collect()
        }
        DeValue::Array(_) => Err("one value was expected; found an array".to_owned()),
        value => one(value).map(|value| vec![value]),
    }
}

/// Whether the option takes these values, by themselves.
fn accepted(command: &Command, arg: &Arg, values: &[String]) -> Result<(), String> {
    let id = arg.get_id().clone();
    let alone = Command::new("wavekeep")
        .no_binary_name(true)
        .disable_help_flag(true)
        .arg(arg.clone().required(false));
    // Other options that it needs or excludes are looked at when the command runs.
    let alone = command
        .get_arguments()
        .filter(|other| *other.get_id() != id && !is_of_all(other))
        .fold(alone, |alone, other| {
            alone.arg(Arg::new(other.get_id().clone()).long(format!("other-{}", other.get_id())))
        });
    match alone.try_get_matches_from(arguments(arg, values)) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == clap::error::ErrorKind::MissingRequiredArgument => Ok(()),
        Err(error) => {
            let text = error.render().to_string();
            let first = text.lines().next().unwrap_or_default();
            Err(first.trim_start_matches("error: ").to_owned())
        }
    }
}
