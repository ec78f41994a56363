//! The configuration: options of the commands that run for long, in one TOML file.
//!
//! A table of the file has the name of a command, its keys have those of the command's options, without the
//! dashes in front. Flags take precedence over environment variables (`WAVEKEEP_SERVE_LISTEN` is
//! `--listen` of `serve`), and these over the file. The arguments of the command line are the only
//! description of the options: the file becomes arguments, so that both are checked alike.

mod document;
mod merge;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory, FromArgMatches};

use crate::args::{Args, ServeArgs};
use crate::exit::Usage;

pub use document::{Document, is_flag, is_list, is_of_all, key_of};
use merge::{asks_for, with_settings};

/// The commands whose options a file can hold.
pub const COMMANDS: [&str; 3] = ["serve", "watch", "record"];

/// The variable that names another file.
const VARIABLE: &str = "WAVEKEEP_CONFIG";

/// What is wrong before a command runs.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The file.
    #[error(transparent)]
    File(#[from] Usage),
    /// The command line, or a request for help.
    #[error(transparent)]
    Line(#[from] clap::Error),
}

/// The arguments of a command line, of the environment and of the file.
///
/// # Errors
/// [`Refused`].
pub fn command_line(mut given: Vec<OsString>) -> Result<Args, Refused> {
    let command = with_variables(Args::command());
    if let Some(named) = asks_for(&given, &command)
        && let Some(document) = used(named.as_deref(), &command)?
    {
        given = with_settings(given, &command, &document);
    }
    let matches = command.try_get_matches_from(given)?;
    Ok(Args::from_arg_matches(&matches)?)
}

/// The options of `serve` as a file has them, by themselves; `None` where it has none.
pub fn serve_as_configured(document: &Document) -> Option<Result<ServeArgs, clap::Error>> {
    document.settings.iter().find(|setting| setting.command == Some("serve"))?;
    let command = Args::command();
    let mut given =
        with_settings(["wavekeep", "serve"].map(OsString::from).into(), &command, document);
    if !document.of("serve").any(|setting| setting.key == "archive") {
        // The command line may name it.
        given.push("--archive=.".into());
    }
    let args = command.try_get_matches_from(given).and_then(|found| Args::from_arg_matches(&found));
    args.map(|args| match args.command {
        crate::args::Command::Serve(serve) => Some(serve),
        _ => None,
    })
    .transpose()
}

/// Where the file is when nothing names one.
fn usual_place() -> Option<PathBuf> {
    match cfg!(windows) {
        true => std::env::var_os("PROGRAMDATA")
            .map(|data| Path::new(&data).join("wavekeep/config.toml")),
        false => Some("/etc/wavekeep/config.toml".into()),
    }
}

/// The file that is used: the named one, that of `WAVEKEEP_CONFIG`, or the usual one if it exists.
///
/// # Errors
/// [`Usage`], which lists all that is wrong in the file.
pub fn used(named: Option<&Path>, command: &Command) -> Result<Option<Document>, Usage> {
    let named = named.map(Path::to_owned).or_else(|| match std::env::var_os(VARIABLE) {
        Some(path) if !path.is_empty() => Some(path.into()),
        _ => None,
    });
    let (path, must) = match named {
        Some(path) => (path, true),
        None => match usual_place() {
            Some(path) => (path, false),
            None => return Ok(None),
        },
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => Document::parse(&path, &text, command).map(Some).map_err(Usage),
        Err(error) if !must && error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Usage(format!("{}: cannot be read: {error}", path.display()))),
    }
}

/// The environment variable of an option: `WAVEKEEP_SERVE_LISTEN`.
pub fn variable(command: &str, option: &str) -> String {
    let name = format!("WAVEKEEP_{command}_{option}").to_uppercase();
    name.replace('-', "_")
}

/// The command line, in which every option of [`COMMANDS`] can come from its environment variable.
fn with_variables(mut command: Command) -> Command {
    for name in COMMANDS {
        command = command.mut_subcommand(name, |command| {
            command.mut_args(|arg| {
                if arg.get_env().is_some() || document::is_of_all(&arg) {
                    return arg;
                }
                match document::key_of(&arg) {
                    Some(key) => arg.env(variable(name, &key)).hide_env(true),
                    None => arg,
                }
            })
        });
    }
    command
}
