//! `wavekeep reference`: the help of all commands as manual pages and as one page of Markdown.

use std::path::Path;
use std::{fs, io};

use anyhow::Context;
use clap::{Arg, Command, CommandFactory};

use crate::args::{Args, GLOBAL};
use crate::exit::Account;

/// Writes `man1/wavekeep*.1` and `commands.md` into `folder`.
pub fn run(folder: &Path) -> anyhow::Result<Account> {
    let pages = folder.join("man1");
    fs::create_dir_all(&pages).with_context(|| format!("cannot make {}", pages.display()))?;
    clap_mangen::generate_to(Args::command(), &pages)
        .with_context(|| format!("cannot write to {}", pages.display()))?;
    break_alternatives(&pages).with_context(|| format!("cannot write to {}", pages.display()))?;
    let page = folder.join("commands.md");
    fs::write(&page, markdown()).with_context(|| format!("cannot write {}", page.display()))?;
    Ok(Account::default())
}

/// Puts blanks between alternatives, as manual pages have them: without, `<--project|--client|…>` is one word to a
/// formatter, which warns of lines that it cannot fill.
fn break_alternatives(pages: &Path) -> io::Result<()> {
    for entry in fs::read_dir(pages)? {
        let path = entry?.path();
        let page = fs::read_to_string(&path)?;
        fs::write(&path, page.replace(r"\fR|\fB", r"\fR | \fB"))?;
    }
    Ok(())
}

fn markdown() -> String {
    let mut program = Args::command();
    program.build();
    let mut page = String::from("# Command reference\n");
    describe(&program, "wavekeep", 2, &mut page);
    page
}

/// Appends a section for `command`, called as `name`, and for each of its subcommands.
fn describe(command: &Command, name: &str, level: usize, page: &mut String) {
    let heading = "#".repeat(level);
    page.push_str(&format!("\n{heading} {name}\n\n"));
    if let Some(about) = command.get_long_about().or(command.get_about()) {
        let about = prose(&about.to_string());
        page.push_str(&format!("{}.\n\n", about.trim_end_matches('.')));
    }
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim();
    page.push_str(&format!("```text\n{usage}\n```\n"));
    arguments(command, level == 2 && name == "wavekeep", page);
    if let Some(after) = command.get_after_long_help().or(command.get_after_help()) {
        notes(&after.to_string(), page);
    }
    for subcommand in command.get_subcommands() {
        if !subcommand.is_hide_set() && subcommand.get_name() != "help" {
            let level = if name == "wavekeep" { level } else { level + 1 };
            describe(subcommand, &format!("{name} {}", subcommand.get_name()), level, page);
        }
    }
}

/// Lists arguments below their headings. Those of every command are listed once, with the program.
fn arguments(command: &Command, with_global: bool, page: &mut String) {
    let mut groups: Vec<(&str, Vec<&Arg>)> = Vec::new();
    for argument in command.get_arguments() {
        let heading = match argument.get_help_heading() {
            Some(heading) => heading,
            None if argument.is_positional() => "Arguments",
            None => "Options",
        };
        let standard = matches!(argument.get_id().as_str(), "help" | "version");
        if argument.is_hide_set() || standard || heading == GLOBAL && !with_global {
            continue;
        }
        match groups.iter_mut().find(|(known, _)| *known == heading) {
            Some((_, group)) => group.push(argument),
            None => groups.push((heading, vec![argument])),
        }
    }
    groups.sort_by_key(|(heading, _)| match *heading {
        "Arguments" => 0,
        "Options" => 1,
        _ => 2,
    });
    for (heading, group) in groups {
        page.push_str(&format!("\n**{heading}**\n\n"));
        for argument in group {
            page.push_str(&item(argument));
        }
    }
}

/// A list item: how the argument is written, its help, its values, its default.
fn item(argument: &Arg) -> String {
    let short = argument.get_short().filter(|_| argument.get_long().is_some());
    let short = short.map(|letter| format!("-{letter}, ")).unwrap_or_default();
    let help = argument.get_long_help().or(argument.get_help());
    let mut help = help.map(|help| prose(&help.to_string())).unwrap_or_default();
    if !help.ends_with('.') {
        help.push('.');
    }
    let mut text = format!("- `{short}{argument}`: {help}");
    if argument.get_action().takes_values() {
        let defaults = argument.get_default_values();
        if !defaults.is_empty() && !argument.is_hide_default_value_set() {
            let values: Vec<_> = defaults.iter().map(|value| value.to_string_lossy()).collect();
            text.push_str(&format!(" Default: `{}`.", values.join(" ")));
        }
        if let Some(variable) = argument.get_env() {
            text.push_str(&format!(" Environment: `{}`.", variable.to_string_lossy()));
        }
        let values = argument.get_possible_values();
        for value in values.iter().filter(|value| !value.is_hide_set()) {
            text.push_str(&format!("\n  - `{}`", value.get_name()));
            if let Some(help) = value.get_help() {
                text.push_str(&format!(": {}", prose(&help.to_string())));
            }
        }
    }
    text + "\n"
}

/// Paragraphs as they are; examples as a block of commands.
fn notes(text: &str, page: &mut String) {
    for paragraph in text.split("\n\n") {
        match paragraph.strip_prefix("Examples:\n") {
            Some(examples) => {
                page.push_str("\n```console\n");
                for line in examples.lines() {
                    page.push_str(&format!("$ {}\n", line.trim_start()));
                }
                page.push_str("```\n");
            }
            None => page.push_str(&format!("\n{}\n", prose(paragraph))),
        }
    }
}

/// Help text as Markdown: outside of code, angle brackets are no HTML and asterisks no emphasis.
fn prose(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(number, part)| match number % 2 {
        0 => part.replace('<', "\\<").replace('*', "\\*"),
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("`")
}
