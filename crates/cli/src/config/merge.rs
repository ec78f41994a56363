//! The file's settings among the arguments of a command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

use super::COMMANDS;
use super::document::{Document, Setting, arguments, option};

/// Whether a command line asks for a command that reads the file, and the file that it names.
pub fn asks_for(given: &[OsString], command: &Command) -> Option<Option<PathBuf>> {
    let mut lenient = command.clone().ignore_errors(true);
    let matches = lenient.try_get_matches_from_mut(given).ok()?;
    let (name, matches) = matches.subcommand()?;
    let named = matches.try_get_one::<PathBuf>("config").ok().flatten().cloned();
    let has_archive =
        || lenient.find_subcommand(name).is_some_and(|it| option(it, "archive").is_some());
    let is_given = |id| matches.try_contains_id(id).unwrap_or(false);
    (COMMANDS.contains(&name) || has_archive() && !is_given("archive")).then_some(named)
}

/// The arguments of a command line, with those that a file adds: none that the line or an environment
/// variable gives, and none that contradicts the line.
pub fn with_settings(
    given: Vec<OsString>,
    command: &Command,
    document: &Document,
) -> Vec<OsString> {
    let mut lenient = command.clone().ignore_errors(true);
    let Ok(matches) = lenient.try_get_matches_from_mut(&given) else { return given };
    let Some((name, matches)) = matches.subcommand() else { return given };
    let Some(subcommand) = lenient.find_subcommand(name) else { return given };
    let settings = document.of(name).filter(|setting| applies(setting, subcommand, matches));
    let mut added = Vec::new();
    for setting in settings {
        if let Some(arg) = option(subcommand, &setting.key) {
            added.extend(arguments(arg, &setting.values).into_iter().map(OsString::from));
        }
    }
    // Behind the name of the command: what follows `--` is not an option.
    let Some(at) = place_of(&given, name) else { return given };
    let mut all = given;
    all.splice(at..at, added);
    all
}

/// Whether nothing of higher precedence says otherwise.
fn applies(setting: &Setting, command: &Command, matches: &ArgMatches) -> bool {
    let Some(arg) = option(command, &setting.key) else { return false };
    let is_given = |id: &str| {
        matches!(
            matches.value_source(id),
            Some(ValueSource::CommandLine | ValueSource::EnvVariable)
        )
    };
    let excluded = command.get_arg_conflicts_with(arg);
    let excluded: Vec<&str> = excluded.iter().map(|other| other.get_id().as_str()).collect();
    // A command of files takes events of an archive only if some are selected.
    let selects = !excluded.contains(&"paths") || is_given("ids") || is_given("conditions");
    selects && !is_given(arg.get_id().as_str()) && !excluded.iter().any(|other| is_given(other))
}

/// The place behind the name of the command. Global options may stand before it.
fn place_of(given: &[OsString], name: &str) -> Option<usize> {
    let with_value = |arg: &OsString| arg == "--color" || arg == "--config";
    (1..given.len()).find(|&at| given[at] == name && !with_value(&given[at - 1])).map(|at| at + 1)
}
