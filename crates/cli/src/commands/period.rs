//! `wavekeep report --period`

use std::io::{self, Write};
use std::sync::atomic::AtomicBool;

use serde_json::json;
use wavekeep_archive::Archive;
use wavekeep_period::{
    Format, Letterhead, Levels, Paper, Period, PeriodError, PeriodReport, PeriodRequest,
    ReportOptions, read_template,
};
use wavekeep_report::Standing;

use super::archive::{count, look};
use super::pictures;
use crate::args::{Args, PaperArg, ReportArgs, ThemeArg};
use crate::exit::{Account, Usage};
use crate::inputs::Failure;
use crate::outputs::{Place, extension, write_whole};
use crate::terminal::{errln, outln};

/// Writes the report of a period.
pub fn run(args: &Args, command: &ReportArgs, period: Period) -> anyhow::Result<Account> {
    let (format, place) = destination(command)?;
    let failed = |failure: Failure| anyhow::anyhow!(failure.message);
    let name = format!("report-{}.{}", period.short(), format.word());
    let path = place.path_of(name).map_err(failed)?;
    // Before all events are read.
    if let Some(path) = path.as_ref().filter(|path| path.is_file() && !command.output.force) {
        anyhow::bail!("{} exists already: --force replaces it", path.display());
    }
    let letterhead = match &command.period.template {
        Some(path) => read_template(path)?,
        None => Letterhead::default(),
    };
    let archive = look(args, &command.events.path("a report of a period is")?)?;
    let request = PeriodRequest::new(period)
        .with_query(command.events.which.query(&archive)?)
        .with_levels(levels(command, &archive)?)
        .with_warn_percent(Some(command.period.warn_percent));
    let today = || jiff::Zoned::now().date();
    let options = ReportOptions::default()
        .with_language(command.language)
        .with_paper(match command.paper {
            PaperArg::A4 => Paper::A4,
            PaperArg::Letter => Paper::Letter,
        })
        .with_units(pictures::style(ThemeArg::Light, command.velocity.velocity).units)
        .with_print_date(Some(command.period.print_date.unwrap_or_else(today)))
        .with_letterhead(letterhead)
        .with_appendix_pages(command.period.appendix);
    let report = PeriodReport::gather(&archive, &request, &AtomicBool::new(false))?;
    let bytes = bytes(&report, &archive, format, &options)?;
    match &path {
        Some(path) => write_whole(path, &bytes, command.output.force).map_err(failed)?,
        None => io::stdout().write_all(&bytes)?,
    }
    let content = report.content();
    let exceeding = content.of_standing(Standing::Exceeds);
    if let Some(path) = path {
        let counted = content.counted().count() as u64;
        if args.json {
            outln!(
                "{}",
                json!({
                    "output": path,
                    "events": counted,
                    "false_triggers": content.events.len() as u64 - counted,
                    "exceeding": exceeding,
                    "warning": content.of_standing(Standing::Warns),
                    "no_verdict": content.of_standing(Standing::NoVerdict),
                    "without_time": content.without_time.len(),
                    "streams": content.streams,
                })
            );
        } else if !args.quiet {
            let above = match exceeding {
                1 => "1 exceeds a level".to_owned(),
                n => format!("{n} exceed a level"),
            };
            errln!("{}: {}, {above}", path.display(), count(counted, "event"));
        }
    }
    let events = content.events.iter().chain(&content.without_time);
    let damaged = events
        .filter(|event| event.is_damaged || event.is_contradicted || event.not_decoded.is_some())
        .count();
    Ok(Account { damaged, ..Account::default() })
}

/// What is written, and where to.
fn destination(command: &ReportArgs) -> anyhow::Result<(Format, Place)> {
    let place = Place::choose(&command.output, &[], false, &Format::WORDS)?;
    let named = match &place {
        Place::File(path) => extension(path).and_then(|word| word.parse::<Format>().ok()),
        Place::Folder(_) | Place::Stdout => None,
    };
    match (command.period.format, named) {
        (Some(format), Some(named)) if format != named => Err(Usage(format!(
            "-o names a file that ends with .{}, and --format is {}",
            named.word(),
            format.word()
        ))
        .into()),
        (format, named) => Ok((format.or(named).unwrap_or_default(), place)),
    }
}

/// The levels that the events are held against.
fn levels(command: &ReportArgs, archive: &Archive) -> anyhow::Result<Levels> {
    let args = &command.curve;
    let named = |id: &str| pictures::curve_called(args, id);
    let air = command.period.air_curve.as_deref();
    let levels = Levels::asked(archive, args.curve.as_deref(), air, named);
    let levels = levels.map_err(|error: anyhow::Error| match error.downcast::<PeriodError>() {
        Ok(error @ PeriodError::OtherCurve { .. }) => Usage(error.to_string()).into(),
        Ok(error) => error.into(),
        Err(error) => error,
    })?;
    Ok(levels.at_distance_ft(args.distance_ft))
}

fn bytes(
    report: &PeriodReport,
    archive: &Archive,
    format: Format,
    options: &ReportOptions,
) -> anyhow::Result<Vec<u8>> {
    Ok(match format {
        Format::Pdf => report.pdf(archive, options)?,
        Format::Xlsx => report.xlsx(options)?,
        Format::Csv => {
            let mut bytes = Vec::new();
            report.csv(options.units, &mut bytes)?;
            bytes
        }
    })
}
