//! The report of a period.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use jiff::civil::Date;
use wavekeep_core::DayOrMoment;
use wavekeep_period::{Format, Language, Period};

use super::values::positive;

/// The heading in the help.
const PERIOD: &str = "Report of a period";

/// What a report of a period takes beside what an event report does.
#[derive(Debug, ClapArgs)]
pub struct PeriodArgs {
    /// Write one report of this period: a month (2026-05), a year, a day, or the first and the last day
    /// (2026-05-04..2026-05-17); unit-local, 366 days at most.
    #[arg(long, value_name = "PERIOD", conflicts_with_all = ["paths", "rate", "range", "pretrigger", "no_report"], help_heading = PERIOD)]
    pub period: Option<Period>,
    /// Limit curve for air overpressure; by default none.
    #[arg(long, value_name = "ID", requires = "period", help_heading = PERIOD)]
    pub air_curve: Option<String>,
    /// An event within a level whose value is at least this share of it is near the level.
    #[arg(long, value_name = "PERCENT", default_value_t = 80.0, value_parser = positive, requires = "period", help_heading = PERIOD)]
    pub warn_percent: f64,
    /// Event pages in the appendix, at most: of events above or near a level.
    #[arg(long, value_name = "N", default_value_t = 50, requires = "period", help_heading = PERIOD)]
    pub appendix: usize,
    /// TOML file with letterhead, logo, texts and signatures.
    #[arg(long, value_name = "FILE", requires = "period", help_heading = PERIOD)]
    pub template: Option<PathBuf>,
    /// The day that is printed as that of printing; by default today.
    #[arg(long, value_name = "DATE", value_parser = day, requires = "period", help_heading = PERIOD)]
    pub print_date: Option<Date>,
    /// Format of the report; by default the extension of -o, or pdf.
    #[arg(long, value_name = "FORMAT", value_parser = format(), requires = "period", help_heading = PERIOD)]
    pub format: Option<Format>,
}

/// Reads the code of a language of reports.
pub fn language() -> impl TypedValueParser<Value = Language> {
    PossibleValuesParser::new(Language::CODES).try_map(|code| code.parse::<Language>())
}

fn format() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::WORDS).try_map(|word| word.parse::<Format>())
}

fn day(text: &str) -> Result<Date, String> {
    match text.parse::<DayOrMoment>() {
        Ok(DayOrMoment::Day(day)) => Ok(day),
        _ => Err(format!("{text:?} is no day: 2026-06-01 was expected")),
    }
}
