//! The rules: who is notified of what, where and when, from a TOML file.

use std::path::{Path, PathBuf};

use lettre::message::Mailbox;
use serde::Deserialize;
use toml::Spanned;
use wavekeep_archive::{EventRow, Hours, LevelPlace};
use wavekeep_core::Unit;

/// What is wrong with a file of rules, and where.
#[derive(Debug, thiserror::Error)]
#[error("{}: line {line}: {reason}", path.display())]
#[non_exhaustive]
pub struct RulesError {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1; 0 where the file cannot be read.
    pub line: usize,
    /// What was expected, and what was found.
    pub reason: String,
}

/// What a rule notifies of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// An event exceeds an alarm level.
    Exceeds,
    /// An event reaches the warning share of an alarm level.
    Warns,
    /// Nothing came from a unit for some days.
    Silent,
    /// The battery of a unit is low.
    Battery,
    /// The calibration of a unit is old.
    Calibration,
}

impl Occasion {
    /// The word in rules, keys and webhooks.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Exceeds => "exceeds",
            Self::Warns => "warns",
            Self::Silent => "silent",
            Self::Battery => "battery",
            Self::Calibration => "calibration",
        }
    }
}

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// TLS after a greeting in plain text: usually port 587.
    #[default]
    Starttls,
    /// TLS from the beginning: usually port 465.
    Tls,
    /// None: for a mail server on this machine.
    None,
}

/// The mail server.
#[derive(Debug, Clone)]
pub struct Smtp {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) protection: Protection,
    pub(crate) user: Option<String>,
    pub(crate) password_file: Option<PathBuf>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) from: Mailbox,
}

/// Where an alert goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// These people, in one mail.
    Mail(Vec<Mailbox>),
    /// A program at this address.
    Webhook(String),
}

impl Target {
    /// Its name in the log of alerts.
    pub fn name(&self) -> String {
        match self {
            Self::Mail(to) => {
                let to: Vec<String> = to.iter().map(|one| one.email.to_string()).collect();
                format!("mail {}", to.join(","))
            }
            Self::Webhook(url) => format!("webhook {url}"),
        }
    }
}

/// One rule.
#[derive(Debug, Clone)]
pub struct Rule {
    pub(crate) place: LevelPlace,
    pub(crate) on: Vec<Occasion>,
    pub(crate) targets: Vec<Target>,
    pub(crate) quiet: Option<Hours>,
    pub(crate) digest: Option<jiff::civil::Time>,
    pub(crate) silent_days: u32,
    pub(crate) battery_below_v: f64,
    pub(crate) calibration_months: u32,
    pub(crate) unit: Unit,
}

impl Rule {
    /// Whether an event is one that the rule is about.
    pub fn has(&self, event: &EventRow) -> bool {
        self.place.has(event)
    }
}

/// All rules of a file.
#[derive(Debug, Clone)]
pub struct Rules {
    pub(crate) smtp: Option<Smtp>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) url: Option<String>,
    pub(crate) newer_than_days: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    public_url: Option<Spanned<String>>,
    newer_than_days: Option<u32>,
    smtp: Option<Spanned<RawSmtp>>,
    #[serde(default)]
    rule: Vec<Spanned<RawRule>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSmtp {
    host: String,
    port: Option<u16>,
    #[serde(default)]
    tls: Protection,
    user: Option<String>,
    password_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
    from: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    project: Option<String>,
    location: Option<String>,
    serial: Option<String>,
    on: Spanned<Vec<Occasion>>,
    #[serde(default)]
    mail: Vec<Spanned<String>>,
    webhook: Option<Spanned<String>>,
    quiet: Option<Spanned<Hours>>,
    digest: Option<Spanned<String>>,
    silent_days: Option<Spanned<u32>>,
    battery_below_v: Option<f64>,
    calibration_months: Option<Spanned<u32>>,
    unit: Option<Spanned<Unit>>,
}

impl Rules {
    /// Reads a file of rules. Files that it names are beside it, unless their paths are absolute.
    ///
    /// # Errors
    /// [`RulesError`], with the line.
    pub fn read(path: &Path) -> Result<Self, RulesError> {
        let text = std::fs::read_to_string(path).map_err(|error| RulesError {
            path: path.to_owned(),
            line: 0,
            reason: format!("cannot be read: {error}"),
        })?;
        Self::parse(&text, path.parent().unwrap_or(Path::new(""))).map_err(|(offset, reason)| {
            let before = text.get(..offset).unwrap_or(&text);
            let line = before.matches('\n').count() + 1;
            RulesError { path: path.to_owned(), line, reason }
        })
    }

    /// Where alerts go, by name, each once.
    pub fn targets(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for target in self.rules.iter().flat_map(|rule| &rule.targets) {
            let name = target.name();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    fn parse(text: &str, folder: &Path) -> Result<Self, (usize, String)> {
        let file: File = toml::from_str(text).map_err(|error| {
            (error.span().map_or(0, |span| span.start), error.message().to_owned())
        })?;
        let url = file.public_url.map(|url| web_address(&url)).transpose()?;
        let smtp = file.smtp.map(|smtp| smtp_of(smtp.into_inner(), folder)).transpose()?;
        let rules: Vec<Rule> = file
            .rule
            .into_iter()
            .map(|rule| rule_of(rule, smtp.is_some()))
            .collect::<Result<_, _>>()?;
        if rules.is_empty() {
            return Err((0, "there is no [[rule]]".to_owned()));
        }
        Ok(Self { smtp, rules, url, newer_than_days: file.newer_than_days.unwrap_or(7).max(1) })
    }
}

fn smtp_of(raw: RawSmtp, folder: &Path) -> Result<Smtp, (usize, String)> {
    let usual = match raw.tls {
        Protection::Starttls => 587,
        Protection::Tls => 465,
        Protection::None => 25,
    };
    Ok(Smtp {
        host: raw.host,
        port: raw.port.unwrap_or(usual),
        protection: raw.tls,
        user: raw.user,
        password_file: raw.password_file.map(|path| folder.join(path)),
        ca_file: raw.ca_file.map(|path| folder.join(path)),
        from: mailbox(&raw.from)?,
    })
}

fn rule_of(raw: Spanned<RawRule>, has_smtp: bool) -> Result<Rule, (usize, String)> {
    let start = raw.span().start;
    let raw = raw.into_inner();
    let at_least_one = |value: Option<Spanned<u32>>, usual, name: &str| match value {
        Some(value) if *value.get_ref() == 0 => {
            Err((value.span().start, format!("{name} = 0: expected 1 or more")))
        }
        Some(value) => Ok(*value.get_ref()),
        None => Ok(usual),
    };
    let mut targets = Vec::new();
    if !raw.mail.is_empty() {
        if !has_smtp {
            return Err((raw.mail[0].span().start, "mail needs an [smtp] table".to_owned()));
        }
        targets.push(Target::Mail(raw.mail.iter().map(mailbox).collect::<Result<_, _>>()?));
    }
    if let Some(url) = &raw.webhook {
        targets.push(Target::Webhook(web_address(url)?));
    }
    if targets.is_empty() {
        return Err((start, "the rule needs mail = [...] or webhook = \"...\"".to_owned()));
    }
    if raw.on.get_ref().is_empty() {
        return Err((raw.on.span().start, "on = []: the rule is about nothing".to_owned()));
    }
    let digest = raw.digest.map(|text| {
        let time = format!("{}:00", text.get_ref()).parse::<jiff::civil::Time>();
        time.map_err(|_| {
            (text.span().start, format!("{:?} is not of the form 07:00", text.get_ref()))
        })
    });
    let unit = match raw.unit {
        Some(unit)
            if ![Unit::InchPerSecond, Unit::MillimetrePerSecond].contains(unit.get_ref()) =>
        {
            return Err((
                unit.span().start,
                format!("unit = {}: expected in/s or mm/s", unit.get_ref()),
            ));
        }
        Some(unit) => unit.into_inner(),
        None => Unit::MillimetrePerSecond,
    };
    Ok(Rule {
        place: LevelPlace::default()
            .with_project(raw.project)
            .with_location(raw.location)
            .with_serial(raw.serial),
        on: raw.on.into_inner(),
        targets,
        quiet: raw.quiet.map(Spanned::into_inner),
        digest: digest.transpose()?,
        silent_days: at_least_one(raw.silent_days, 7, "silent_days")?,
        battery_below_v: raw.battery_below_v.unwrap_or(6.0),
        calibration_months: at_least_one(raw.calibration_months, 12, "calibration_months")?,
        unit,
    })
}

fn mailbox(text: &Spanned<String>) -> Result<Mailbox, (usize, String)> {
    text.get_ref()
        .parse()
        .map_err(|_| (text.span().start, format!("{:?} is not a mail address", text.get_ref())))
}

fn web_address(text: &Spanned<String>) -> Result<String, (usize, String)> {
    let is_one = reqwest::Url::parse(text.get_ref())
        .is_ok_and(|url| ["http", "https"].contains(&url.scheme()) && url.has_host());
    match is_one {
        true => Ok(text.get_ref().clone()),
        false => Err((
            text.span().start,
            format!("{:?} is not an http or https address", text.get_ref()),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMTP: &str = "[smtp]\nhost = \"localhost\"\nfrom = \"alerts@office.example\"\n";

    fn wrong(text: &str) -> (usize, String) {
        let (offset, reason) = Rules::parse(text, Path::new("")).unwrap_err();
        (text[..offset].matches('\n').count() + 1, reason)
    }

    #[test]
    fn a_rule_has_its_usual_values_where_it_says_nothing() {
        let text = format!("{SMTP}[[rule]]\non = [\"exceeds\"]\nmail = [\"kim@office.example\"]\n");
        let rules = Rules::parse(&text, Path::new("/etc/wavekeep")).unwrap();
        let [rule] = rules.rules.as_slice() else { panic!("{rules:?}") };
        assert_eq!((rule.silent_days, rule.calibration_months), (7, 12));
        assert_eq!(rule.targets[0].name(), "mail kim@office.example");
        assert_eq!((rules.smtp.unwrap().port, rules.newer_than_days), (587, 7));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let rule = |body: &str| format!("{SMTP}[[rule]]\non = [\"exceeds\"]\n{body}\n");
        for (text, line, why) in [
            (String::new(), 1, "no [[rule]]"),
            (rule(""), 4, "needs mail"),
            (rule("mail = [\"kim\"]"), 6, "is not a mail address"),
            (rule("webhook = \"ftp://x\""), 6, "is not an http or https address"),
            (rule("webhook = \"http://x/\"\nquiet = \"22-6\""), 7, "22:00-06:00"),
            (rule("webhook = \"http://x/\"\ndigest = \"7\""), 7, "07:00"),
            (rule("webhook = \"http://x/\"\nsilent_days = 0"), 7, "expected 1 or more"),
            (rule("webhook = \"http://x/\"\nunit = \"dB(L)\""), 7, "expected in/s or mm/s"),
            (rule("webhok = \"http://x/\""), 6, "unknown field `webhok`"),
            (
                "[[rule]]\non = [\"loud\"]\nwebhook = \"http://x/\"".into(),
                2,
                "unknown variant `loud`",
            ),
            (
                "[[rule]]\non = [\"exceeds\"]\nmail = [\"kim@x.example\"]".into(),
                3,
                "needs an [smtp]",
            ),
            ("[[rule]]\non = []\nwebhook = \"http://x/\"".into(), 2, "about nothing"),
        ] {
            let (found, reason) = wrong(&text);
            assert!(found == line && reason.contains(why), "{found}: {reason}\n{text}");
        }
    }
}
