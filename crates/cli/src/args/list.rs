//! Which events of an archive are meant, and in what order.

use std::str::FromStr;

use clap::{Args as ClapArgs, ValueEnum};
use wavekeep_archive::{Query, Sort, SortKey};
use wavekeep_core::UnitLocal;

use super::archive::ArchiveArg;
use super::values::{not_negative, yes_or_no};

/// What decides which events are meant.
#[derive(Debug, Default, ClapArgs)]
#[command(next_help_heading = "Which events")]
pub struct FilterArgs {
    /// Serial number of the unit.
    #[arg(long, value_name = "SERIAL")]
    pub serial: Option<String>,
    /// Project, as written.
    #[arg(long, value_name = "PROJECT")]
    pub project: Option<String>,
    /// waveform, histogram, stream or unknown.
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,
    /// Not before this time by the units' clocks: 2026-05-01, or 2026-05-01T13:16:34.
    #[arg(long, value_name = "TIME", value_parser = begin_of)]
    pub from: Option<UnitLocal>,
    /// Not after this time; a day counts to its end.
    #[arg(long, value_name = "TIME", value_parser = end_of)]
    pub to: Option<UnitLocal>,
    /// With a PPV of at least this, in in/s.
    #[arg(long, value_name = "IN/S", value_parser = not_negative)]
    pub min_ppv: Option<f64>,
    /// Only false triggers, or none.
    #[arg(long, value_name = "YES|NO", value_parser = yes_or_no)]
    pub false_trigger: Option<bool>,
    /// Only what somebody reviewed, or what nobody did.
    #[arg(long, value_name = "YES|NO", value_parser = yes_or_no)]
    pub reviewed: Option<bool>,
    /// Contained in notes, project, client, operator or location; or the beginning of a name.
    #[arg(long, value_name = "TEXT")]
    pub text: Option<String>,
}

impl FilterArgs {
    /// The question, without order and page.
    pub fn query(&self) -> Query {
        Query {
            serial: self.serial.clone(),
            project: self.project.clone(),
            kind: self.kind.clone(),
            from: self.from,
            to: self.to,
            min_ppv_in_s: self.min_ppv,
            false_trigger: self.false_trigger,
            reviewed: self.reviewed,
            text: self.text.clone(),
            ..Query::default()
        }
    }
}

#[derive(Debug, ClapArgs)]
pub struct ListArgs {
    #[command(flatten)]
    pub archive: ArchiveArg,
    #[command(flatten)]
    pub filter: FilterArgs,
    /// What there is of each unit, project or month, instead of events.
    #[arg(long, value_name = "WHAT")]
    pub by: Option<By>,
    /// What events are ordered by.
    #[arg(long, value_name = "KEY", default_value = "time")]
    pub sort: SortArg,
    /// The smallest first.
    #[arg(long)]
    pub ascending: bool,
    /// At most so many events.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: usize,
    /// Leave out so many of the first ones.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub offset: usize,
}

impl ListArgs {
    /// The question.
    pub fn query(&self) -> Query {
        Query {
            sort: Sort { key: self.sort.into(), descending: !self.ascending },
            limit: Some(self.limit),
            offset: self.offset,
            ..self.filter.query()
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum By {
    Unit,
    Project,
    Month,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SortArg {
    /// Time by the unit's own clock.
    Time,
    /// PPV.
    Ppv,
    /// The order in which they came in.
    Id,
}

impl From<SortArg> for SortKey {
    fn from(sort: SortArg) -> Self {
        match sort {
            SortArg::Time => Self::Timestamp,
            SortArg::Ppv => Self::Ppv,
            SortArg::Id => Self::Id,
        }
    }
}

/// `NAME=VALUE`
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    name: String,
    value: String,
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| format!("{text:?} is not of the form NAME=VALUE"))?;
        let condition = Self { name: name.to_owned(), value: value.to_owned() };
        condition.apply(&mut Query::default(), &mut None)?;
        Ok(condition)
    }
}

impl Condition {
    /// Puts the condition into a question; the largest PPV is none that the index knows.
    pub fn apply(&self, query: &mut Query, max_ppv: &mut Option<f64>) -> Result<(), String> {
        let text = || Some(self.value.clone());
        match self.name.as_str() {
            "serial" => query.serial = text(),
            "project" => query.project = text(),
            "kind" => query.kind = text(),
            "text" => query.text = text(),
            "from" => query.from = Some(begin_of(&self.value)?),
            "to" => query.to = Some(end_of(&self.value)?),
            "min-ppv" => query.min_ppv_in_s = Some(not_negative(&self.value)?),
            "max-ppv" => *max_ppv = Some(not_negative(&self.value)?),
            "false-trigger" => query.false_trigger = Some(yes_or_no(&self.value)?),
            "reviewed" => query.reviewed = Some(yes_or_no(&self.value)?),
            other => {
                return Err(format!(
                    "{other:?} is none of serial, project, kind, from, to, min-ppv, max-ppv, false-trigger, reviewed, text"
                ));
            }
        }
        Ok(())
    }
}

fn time(text: &str, of_day: jiff::civil::Time) -> Result<UnitLocal, String> {
    if let Ok(date) = text.parse::<jiff::civil::Date>()
        && text.len() == 10
    {
        return Ok(UnitLocal(date.to_datetime(of_day)));
    }
    let is_zoned = text.parse::<jiff::Timestamp>().is_ok();
    match text.replace(' ', "T").parse::<jiff::civil::DateTime>() {
        Ok(time) if !is_zoned => Ok(UnitLocal(time)),
        _ => Err(format!(
            "{text:?} is no time without a zone like 2026-05-01 or 2026-05-01T13:16:34"
        )),
    }
}

fn begin_of(text: &str) -> Result<UnitLocal, String> {
    time(text, jiff::civil::Time::midnight())
}

fn end_of(text: &str) -> Result<UnitLocal, String> {
    time(text, jiff::civil::Time::constant(23, 59, 59, 999_999_999))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_goes_from_its_begin_to_its_end_and_a_zone_is_refused() {
        assert_eq!(begin_of("2026-05-01").unwrap().0.to_string(), "2026-05-01T00:00:00");
        assert_eq!(end_of("2026-05-01").unwrap().0.hour(), 23);
        assert_eq!(end_of("2026-05-01 13:00:01").unwrap().0.to_string(), "2026-05-01T13:00:01");
        assert!(begin_of("2026-05-01T13:16:34Z").is_err() && begin_of("May").is_err());
    }

    #[test]
    fn a_condition_with_a_wrong_name_or_value_is_refused() {
        assert!("ppv=1".parse::<Condition>().is_err());
        assert!("min-ppv=loud".parse::<Condition>().is_err());
        assert!("serial=BE11529".parse::<Condition>().is_ok());
    }
}
