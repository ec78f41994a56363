//! Which events of an archive are meant, and in what order.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::Context;
use clap::builder::PossibleValuesParser;
use clap::{Args as ClapArgs, ValueEnum};
use wavekeep_archive::{Archive, ImportedSince, Outcomes, Query, Sort, TextFields};
use wavekeep_core::DayOrMoment;

use super::archive::ArchiveArg;
use super::values::{near, not_negative, yes_or_no};
use crate::exit::Usage;

/// The heading in the help of a command. A heading of the whole group would go on behind it.
const EVENTS: &str = "Event selection";

/// The selection of events, for every command that works on events of an archive. Conditions are
/// combined.
#[derive(Debug, Default, Clone, ClapArgs)]
pub struct WhichArgs {
    /// Only the events with these numbers, as `list` shows them: 17,20-25.
    #[arg(long = "id", value_name = "LIST", value_delimiter = ',', help_heading = EVENTS)]
    pub ids: Vec<Ids>,
    /// Only events that match: serial, project, location, kind, from, to, min-ppv, max-ppv (in/s),
    /// false-trigger, reviewed, verdict, air-verdict, damaged, saturated, has-report, without (project,
    /// client, operator, location), imported-since (2026-05-01, today, yesterday; UTC), text. Repeat it to
    /// combine conditions.
    #[arg(long = "where", value_name = "NAME=VALUE", help_heading = EVENTS)]
    pub conditions: Vec<Condition>,
}

impl WhichArgs {
    /// Whether all events are selected.
    pub fn is_all(&self) -> bool {
        self.ids.is_empty() && self.conditions.is_empty()
    }

    /// The query, without order and page.
    ///
    /// # Errors
    /// [`Usage`] when no unit of the archive has the serial number that was asked for.
    pub fn query(&self, archive: &Archive) -> anyhow::Result<Query> {
        let mut query = Query::default();
        for condition in &self.conditions {
            condition.apply(&mut query).map_err(Usage)?;
        }
        if !self.ids.is_empty() {
            query.ids = Some(self.ids.iter().flat_map(|ids| ids.0.clone()).collect());
        }
        known_unit(&query, archive)?;
        Ok(query)
    }
}

/// An unknown serial number is an error, not an empty result.
fn known_unit(query: &Query, archive: &Archive) -> anyhow::Result<()> {
    let Some(serial) = &query.serial else { return Ok(()) };
    let units = archive.units()?;
    let serials: Vec<&str> = units.iter().map(|unit| unit.serial.as_str()).collect();
    if serials.contains(&serial.as_str()) {
        return Ok(());
    }
    let hint = match near(serial, &serials) {
        Some(near) => format!("; did you mean {near}?"),
        None => ": `wavekeep list --by unit` lists the units".to_owned(),
    };
    Err(Usage(format!("no unit {serial} has events in this archive{hint}")).into())
}

/// Short forms of the most frequent conditions, where no other option has their names.
#[derive(Debug, Default, Clone, ClapArgs)]
pub struct FilterArgs {
    #[command(flatten)]
    pub which: WhichArgs,
    /// Serial number of the unit.
    #[arg(long, value_name = "SERIAL", help_heading = EVENTS)]
    pub serial: Option<String>,
    /// Project, as written.
    #[arg(long, value_name = "PROJECT", help_heading = EVENTS)]
    pub project: Option<String>,
    /// Location of the sensor, as written.
    #[arg(long, value_name = "LOCATION", help_heading = EVENTS)]
    pub location: Option<String>,
    /// Kind of the events.
    #[arg(long, value_name = "KIND", value_parser = PossibleValuesParser::new(Query::KINDS), help_heading = EVENTS)]
    pub kind: Option<String>,
    /// Not before this unit-local time: 2026-05-01, or 2026-05-01T13:16:34.
    #[arg(long, value_name = "TIME", help_heading = EVENTS)]
    pub from: Option<DayOrMoment>,
    /// Not after this unit-local time; a date includes the whole day.
    #[arg(long, value_name = "TIME", help_heading = EVENTS)]
    pub to: Option<DayOrMoment>,
    /// Minimum PPV, in in/s.
    #[arg(long, value_name = "IN/S", value_parser = not_negative, help_heading = EVENTS)]
    pub min_ppv: Option<f64>,
    /// Maximum PPV, in in/s.
    #[arg(long, value_name = "IN/S", value_parser = not_negative, help_heading = EVENTS)]
    pub max_ppv: Option<f64>,
    /// Only false triggers, or no false triggers.
    #[arg(long, value_name = "YES|NO", value_parser = yes_or_no, help_heading = EVENTS)]
    pub false_trigger: Option<bool>,
    /// Only reviewed events, or only events without a review.
    #[arg(long, value_name = "YES|NO", value_parser = yes_or_no, help_heading = EVENTS)]
    pub reviewed: Option<bool>,
    /// Text in notes, project, client, operator or location, or at the beginning of a file name.
    #[arg(long, value_name = "TEXT", help_heading = EVENTS)]
    pub text: Option<String>,
    /// Only events that changed after this: the `changed` of the last known event, as --json prints it.
    #[arg(long, value_name = "CHANGED", help_heading = EVENTS)]
    pub changed_since: Option<i64>,
}

impl FilterArgs {
    /// The query, without order and page.
    ///
    /// # Errors
    /// As [`WhichArgs::query`].
    pub fn query(&self, archive: &Archive) -> anyhow::Result<Query> {
        let mut query = self.which.query(archive)?;
        query.serial = self.serial.clone().or(query.serial);
        query.project = self.project.clone().or(query.project);
        query.location = self.location.clone().or(query.location);
        query.kind = self.kind.clone().or(query.kind);
        query.from = self.from.map(DayOrMoment::first).or(query.from);
        query.to = self.to.map(DayOrMoment::last).or(query.to);
        query.min_ppv_in_s = self.min_ppv.or(query.min_ppv_in_s);
        query.max_ppv_in_s = self.max_ppv.or(query.max_ppv_in_s);
        query.false_trigger = self.false_trigger.or(query.false_trigger);
        query.reviewed = self.reviewed.or(query.reviewed);
        query.text = self.text.clone().or(query.text);
        query.changed_since = self.changed_since.or(query.changed_since);
        known_unit(&query, archive)?;
        Ok(query)
    }
}

/// Events of an archive as the inputs of a command that otherwise takes files.
#[derive(Debug, Default, Clone, ClapArgs)]
pub struct FromArchiveArgs {
    /// Use events of this archive instead of files: all of them, or those selected by --id and --where.
    #[arg(long, value_name = "DIR", conflicts_with = "paths")]
    pub archive: Option<PathBuf>,
    #[command(flatten)]
    pub which: WhichArgs,
}

/// The chosen events of an archive.
pub struct Chosen {
    /// The archive.
    pub archive: Archive,
    /// Their numbers and source files.
    pub events: Vec<(i64, PathBuf)>,
}

impl Chosen {
    /// The source files.
    pub fn sources(&self) -> Vec<PathBuf> {
        self.events.iter().map(|(_, source)| source.clone()).collect()
    }
}

impl FromArchiveArgs {
    /// The folder of the archive.
    ///
    /// # Errors
    /// [`Usage`] when nothing names one; `what` says what needs it.
    pub fn path(&self, what: &str) -> Result<PathBuf, Usage> {
        let named = self.archive.clone();
        let named = named.or_else(|| std::env::var_os("WAVEKEEP_ARCHIVE").map(PathBuf::from));
        named.ok_or_else(|| {
            Usage(format!("{what} of an archive: name it with --archive or WAVEKEEP_ARCHIVE"))
        })
    }

    /// The chosen events; `None` when no archive is named.
    ///
    /// # Errors
    /// [`Usage`] when events are chosen of no archive; what the archive says.
    pub fn chosen(&self) -> anyhow::Result<Option<Chosen>> {
        if self.archive.is_none() && self.which.is_all() {
            return Ok(None);
        }
        let path = self.path("--id and --where select events")?;
        let archive = crate::commands::open_archive(&path)?;
        let query = self.which.query(&archive)?;
        let mut events = Vec::new();
        archive.each_event(&query, &mut |row| {
            if row.kind != "stream" {
                events.push((row.id, archive.source_path(row.id)?));
            }
            Ok::<(), wavekeep_archive::ArchiveError>(())
        })?;
        if events.is_empty() {
            anyhow::bail!("{}: no event matches", path.display());
        }
        Ok(Some(Chosen { archive, events }))
    }
}

#[derive(Debug, ClapArgs)]
pub struct ListArgs {
    #[command(flatten)]
    pub archive: ArchiveArg,
    #[command(flatten)]
    pub filter: FilterArgs,
    /// Summarise by unit, project, location or month instead of listing events.
    #[arg(long, value_name = "WHAT")]
    pub by: Option<By>,
    /// List the monitor log files (.MLG) that were kept as they came, instead of events.
    #[arg(long, conflicts_with_all = ["by", "after_id", "conditions", "ids"])]
    pub monitor_logs: bool,
    /// Sort order; with a leading -, the largest or latest first.
    #[arg(long, value_name = "ORDER", default_value = "-timestamp", allow_hyphen_values = true, value_parser = sort)]
    pub sort: Sort,
    /// Maximum number of events.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: usize,
    /// Only events after the one with this number in the sort order, for the next page.
    #[arg(long, value_name = "NUMBER", conflicts_with = "by")]
    pub after_id: Option<i64>,
    /// Skip this many events.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub offset: usize,
}

impl ListArgs {
    /// The query.
    ///
    /// # Errors
    /// As [`FilterArgs::query`].
    pub fn query(&self, archive: &Archive) -> anyhow::Result<Query> {
        let chosen = self.filter.query(archive).context("list")?;
        let (after_id, limit) = (self.after_id, Some(self.limit));
        Ok(chosen
            .with_sort(self.sort)
            .with_after_id(after_id)
            .with_limit(limit)
            .with_offset(self.offset))
    }
}

fn sort(word: &str) -> Result<Sort, String> {
    word.parse().map_err(|error: wavekeep_archive::UnknownOrder| error.to_string())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum By {
    Unit,
    Project,
    Location,
    Month,
}

/// Numbers of events: `17`, or `20-25`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ids(std::ops::RangeInclusive<i64>);

/// As many events as one range may name.
const MOST_IDS: i64 = 1_000_000;

impl FromStr for Ids {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| {
            let number = text.trim().parse::<i64>().ok().filter(|number| *number >= 0);
            number.ok_or_else(|| format!("{text:?} is not an event number"))
        };
        let (first, last) = match text.split_once('-') {
            Some((first, last)) => (number(first)?, number(last)?),
            None => (number(text)?, number(text)?),
        };
        if last < first || last - first >= MOST_IDS {
            return Err(format!("{text:?} is empty or has more than {MOST_IDS} events"));
        }
        Ok(Self(first..=last))
    }
}

/// `NAME=VALUE`
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    name: String,
    value: String,
}

/// What a condition may be about.
const CONDITIONS: [&str; 18] = [
    "serial",
    "project",
    "location",
    "kind",
    "from",
    "to",
    "min-ppv",
    "max-ppv",
    "false-trigger",
    "reviewed",
    "verdict",
    "air-verdict",
    "damaged",
    "saturated",
    "has-report",
    "without",
    "imported-since",
    "text",
];

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| format!("{text:?} is not of the form NAME=VALUE"))?;
        let condition = Self { name: name.to_owned(), value: value.to_owned() };
        condition.apply(&mut Query::default())?;
        Ok(condition)
    }
}

impl Condition {
    /// The value, or which condition has one that cannot be read.
    fn parsed<T: FromStr<Err: fmt::Display>>(&self) -> Result<T, String> {
        self.value.parse().map_err(|error| format!("{}: {error}", self.name))
    }

    /// Adds the condition to a query.
    ///
    /// # Errors
    /// Which name or value was not understood, and what may stand there.
    pub fn apply(&self, query: &mut Query) -> Result<(), String> {
        let text = || Some(self.value.clone());
        let time = || self.parsed::<DayOrMoment>();
        let number = || not_negative(&self.value).map_err(|why| format!("{}: {why}", self.name));
        let yes = || yes_or_no(&self.value).map_err(|why| format!("{}: {why}", self.name));
        match self.name.as_str() {
            "serial" => query.serial = text(),
            "project" => query.project = text(),
            "location" => query.location = text(),
            "kind" if !Query::KINDS.contains(&self.value.as_str()) => {
                return Err(format!(
                    "kind: {:?} is none of {}",
                    self.value,
                    Query::KINDS.join(", ")
                ));
            }
            "kind" => query.kind = text(),
            "text" => query.text = text(),
            "from" => query.from = Some(time()?.first()),
            "to" => query.to = Some(time()?.last()),
            "min-ppv" => query.min_ppv_in_s = Some(number()?),
            "max-ppv" => query.max_ppv_in_s = Some(number()?),
            "false-trigger" => query.false_trigger = Some(yes()?),
            "reviewed" => query.reviewed = Some(yes()?),
            "verdict" => query.verdicts = Some(self.parsed::<Outcomes>()?.0),
            "air-verdict" => query.air_verdicts = Some(self.parsed::<Outcomes>()?.0),
            "damaged" => query.damaged = Some(yes()?),
            "saturated" => query.saturated = Some(yes()?),
            "has-report" => query.has_report = Some(yes()?),
            "without" => query.without = self.parsed::<TextFields>()?.0,
            "imported-since" => query.imported_since = Some(self.parsed::<ImportedSince>()?.0),
            other => {
                let hint = near(other, &CONDITIONS)
                    .map_or(String::new(), |near| format!("; did you mean {near}?"));
                return Err(format!("{other:?} is none of {}{hint}", CONDITIONS.join(", ")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_with_a_wrong_name_or_value_is_refused_and_a_near_name_is_suggested() {
        for wrong in [
            "ppv=1",
            "min-ppv=loud",
            "kind=wave",
            "from=2026-05-01T13:16:34-05:00",
            "air-verdict=loud",
            "damaged=perhaps",
            "without=notes",
            "imported-since=monday",
        ] {
            assert!(wrong.parse::<Condition>().is_err(), "{wrong}");
        }
        assert!("seriall=BE1".parse::<Condition>().unwrap_err().contains("did you mean serial?"));
        assert!("serial=BE11529".parse::<Condition>().is_ok());
    }

    #[test]
    fn numbers_of_events_are_single_or_ranges() {
        assert_eq!("17".parse(), Ok(Ids(17..=17)));
        assert_eq!("20-25".parse(), Ok(Ids(20..=25)));
        for wrong in ["", "x", "5-2", "-1", "0-99999999999"] {
            assert!(wrong.parse::<Ids>().is_err(), "{wrong}");
        }
    }
}
