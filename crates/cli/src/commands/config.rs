//! `wavekeep config`

use clap::{Command, CommandFactory};
use serde_json::json;

use crate::args::{Args, ConfigArgs, ConfigCommand};
use crate::config::{self, COMMANDS, Document};
use crate::exit::{Account, Usage};
use crate::terminal::outln;

pub fn run(args: &Args, command: &ConfigArgs) -> anyhow::Result<Account> {
    let described = Args::command();
    match &command.command {
        ConfigCommand::Check { path } => {
            let named = path.as_deref().or(args.config.as_deref());
            let document = config::used(named, &described)?;
            if let Some(document) = &document {
                together(document)?;
            }
            check(args, document.as_ref());
        }
        ConfigCommand::Show { of } => {
            let document = config::used(args.config.as_deref(), &described)?;
            show(args, &described, document.as_ref(), of.as_deref());
        }
    }
    Ok(Account::default())
}

/// Whether the options of `serve` fit together, and the files are there that they name.
fn together(document: &Document) -> Result<(), Usage> {
    let place = document.path.display();
    let Some(serve) = config::serve_as_configured(document) else { return Ok(()) };
    let serve = serve.map_err(|error| {
        let text = error.render().to_string();
        let lines = text.lines().take_while(|line| !line.is_empty()).map(str::trim);
        let what = lines.collect::<Vec<_>>().join(" ");
        Usage(format!("{place}: [serve]: {}", what.trim_start_matches("error: ")))
    })?;
    serve.oidc.options().map(drop).map_err(|wrong| {
        let setting = document.of("serve").find(|setting| setting.key == wrong.option);
        let line = setting.map(|setting| format!(":{}", setting.line)).unwrap_or_default();
        Usage(format!("{place}{line}: {wrong}"))
    })
}

fn check(args: &Args, document: Option<&Document>) {
    let count = document.map_or(0, |document| document.settings.len());
    match document {
        _ if args.json => {
            let path = document.map(|document| &document.path);
            outln!("{}", json!({ "path": path, "settings": count }));
        }
        Some(document) => {
            let plural = if count == 1 { "" } else { "s" };
            outln!("{}: {count} setting{plural}, no faults", document.path.display());
        }
        None => outln!("there is no configuration file: all settings are defaults"),
    }
}

/// An option with its value, and where that comes from.
struct Effective {
    option: String,
    values: Vec<String>,
    is_flag: bool,
    is_list: bool,
    from: Source,
}

enum Source {
    File(usize),
    Variable(String),
    Default,
}

fn effective(command: &Command, document: Option<&Document>) -> Vec<Effective> {
    let name = command.get_name();
    let of_file: Vec<_> = document.into_iter().flat_map(|document| document.of(name)).collect();
    let options = command.get_arguments().filter(|arg| !config::is_of_all(arg));
    options
        .filter_map(|arg| {
            let option = config::key_of(arg)?;
            let variable = match arg.get_env() {
                Some(variable) => variable.to_string_lossy().into_owned(),
                None => config::variable(name, &option),
            };
            let of_variable = std::env::var(&variable).ok();
            let setting = of_file.iter().find(|setting| setting.key == option);
            let (values, from) = match (of_variable, setting) {
                (Some(value), _) => (vec![value], Source::Variable(variable)),
                (None, Some(setting)) => (setting.values.clone(), Source::File(setting.line)),
                (None, None) => {
                    let defaults = arg.get_default_values().iter();
                    let values = defaults.map(|value| value.to_string_lossy().into_owned());
                    (values.collect(), Source::Default)
                }
            };
            Some(Effective {
                option,
                is_flag: config::is_flag(arg),
                is_list: config::is_list(arg),
                values,
                from,
            })
        })
        .collect()
}

impl Effective {
    fn value(&self) -> serde_json::Value {
        let one = |value: &String| match (value.parse::<i64>(), value.parse::<f64>()) {
            _ if self.is_flag => json!(value == "true"),
            (Ok(number), _) => json!(number),
            (_, Ok(number)) if number.to_string() == *value => json!(number),
            _ => json!(value),
        };
        match self.is_list {
            true => self.values.iter().map(one).collect(),
            false => self.values.first().map_or(json!(null), one),
        }
    }

    /// As it would stand in the file.
    fn line(&self) -> String {
        let text = |value: &String| match value.parse::<f64>() {
            Ok(_) => value.clone(),
            Err(_) if self.is_flag => value.clone(),
            // A string of JSON is one of TOML too.
            Err(_) => json!(value).to_string(),
        };
        let values: Vec<_> = self.values.iter().map(text).collect();
        match (self.is_list, values.as_slice()) {
            (true, values) => format!("{} = [{}]", self.option, values.join(", ")),
            (false, [value, ..]) => format!("{} = {value}", self.option),
            (false, []) => format!("# {} is not set", self.option),
        }
    }
}

fn show(args: &Args, described: &Command, document: Option<&Document>, of: Option<&str>) {
    if !args.json {
        match document {
            Some(document) => outln!("# {}", document.path.display()),
            None => outln!("# no configuration file"),
        }
    }
    for name in COMMANDS.into_iter().filter(|name| of.is_none_or(|of| of == *name)) {
        let Some(command) = described.find_subcommand(name) else { continue };
        if !args.json {
            outln!("\n[{name}]");
        }
        for option in effective(command, document) {
            if args.json {
                let mut from = json!({ "source": option.from.word() });
                match &option.from {
                    Source::File(line) => {
                        from["path"] = json!(document.map(|document| &document.path));
                        from["line"] = json!(line);
                    }
                    Source::Variable(variable) => from["variable"] = json!(variable),
                    Source::Default => {}
                }
                let value = option.value();
                outln!(
                    "{}",
                    json!({ "command": name, "option": option.option, "value": value, "from": from })
                );
            } else {
                let from = match &option.from {
                    Source::File(line) => format!("line {line}"),
                    Source::Variable(variable) => variable.clone(),
                    Source::Default => "default".to_owned(),
                };
                outln!("{:<40} # {from}", option.line());
            }
        }
    }
}

impl Source {
    fn word(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Variable(_) => "environment",
            Self::Default => "default",
        }
    }
}
