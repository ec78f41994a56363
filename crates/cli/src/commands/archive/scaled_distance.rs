//! `wavekeep scaled-distance`

use std::io::{self, Write};

use wavekeep_archive::BlastMedium;
use wavekeep_core::{Reading, Unit};
use wavekeep_period::{BlastQuestion, ScaledDistanceReport};
use wavekeep_report::Drawing;
use wavekeep_signal::{Attenuation, BlastLine, Root};

use super::{count, look};
use crate::args::{Args, PictureFormat, ScaledDistanceArgs};
use crate::commands::pictures;
use crate::exit::{Account, Usage};
use crate::inputs::Failure;
use crate::outputs::{Place, extension, write_whole};
use crate::render;
use crate::terminal::{errln, outln};

/// The table of events.
const CSV: &str = "csv";

/// Finds the law of the chosen events, and says what it gives.
pub fn run(args: &Args, command: &ScaledDistanceArgs) -> anyhow::Result<Account> {
    let place = place(command)?;
    let question = question(command)?;
    let archive = look(args, &command.archive.archive)?;
    let query = command.which.query(&archive)?;
    let title = query.project.clone().or(query.location.clone()).or(query.serial.clone());
    let found = archive.scaled_distances(&query, command.medium)?;
    if found.events.is_empty() {
        anyhow::bail!("no event matches");
    }
    let report = ScaledDistanceReport::new(found, command.velocity.velocity);
    let failed = |failure: Failure| anyhow::anyhow!(failure.message);
    match &place {
        None => {}
        Some(Place::File(path)) => {
            let bytes = bytes(command, &report, question, title.as_deref(), path)?;
            write_whole(path, &bytes, command.output.force).map_err(failed)?;
            if !args.quiet && !args.json {
                errln!("{}: {}", path.display(), events(&report));
            }
        }
        Some(Place::Stdout | Place::Folder(_)) => {
            let mut table = Vec::new();
            report.found().write_csv(report.units(), &mut table)?;
            io::stdout().write_all(&table)?;
            return Ok(Account::default());
        }
    }
    if args.json {
        outln!("{}", report.document(question, 0, usize::MAX));
    } else if !args.quiet {
        print(&report, question);
    }
    let has_law = report.found().law.is_ok();
    Ok(Account { failed: usize::from(!has_law), ..Account::default() })
}

/// Where the chart or the table goes; `-` is the table on standard output.
fn place(command: &ScaledDistanceArgs) -> Result<Option<Place>, Usage> {
    if command.output.output.is_none() {
        return Ok(None);
    }
    let extensions = [&PictureFormat::EXTENSIONS[..], &[CSV]].concat();
    match Place::choose(&command.output, &[], false, &extensions)? {
        Place::Folder(_) => Err(Usage(format!("-o names a file: .{}", extensions.join(", .")))),
        place => Ok(Some(place)),
    }
}

fn question(command: &ScaledDistanceArgs) -> Result<BlastQuestion, Usage> {
    let unit = match command.medium {
        BlastMedium::Ground => command.velocity.velocity,
        BlastMedium::Air => Unit::DecibelLinear,
    };
    let limit = command.limit.map(|limit| Reading::new(limit, unit));
    let (distance, charge) = (command.distance, command.charge);
    let given = usize::from(distance.is_some()) + usize::from(charge.is_some());
    if given == 1 && limit.is_none() {
        let message = "--distance and --charge give a peak; one of them needs --limit";
        return Err(Usage(message.to_owned()));
    }
    Ok(BlastQuestion { distance, charge, limit })
}

fn bytes(
    command: &ScaledDistanceArgs,
    report: &ScaledDistanceReport,
    question: BlastQuestion,
    title: Option<&str>,
    path: &std::path::Path,
) -> anyhow::Result<Vec<u8>> {
    let ending = extension(path).unwrap_or_default();
    let Some(format) = PictureFormat::of_extension(&ending) else {
        let mut table = Vec::new();
        report.found().write_csv(report.units(), &mut table)?;
        return Ok(table);
    };
    let theme = pictures::style(command.theme, command.velocity.velocity).theme;
    let chart = report.chart(title.unwrap_or("All events"), question.limit);
    let drawing = Drawing::attenuation(&chart, theme);
    let encoded = pictures::encode(path, &drawing, format, command.width);
    encoded.map_err(|failure| anyhow::anyhow!(failure.message))
}

/// `50 events count, 2 left out: 2 no charge`
fn events(report: &ScaledDistanceReport) -> String {
    let found = report.found();
    let counted = found.counted().count() as u64;
    let verb = if counted == 1 { "counts" } else { "count" };
    let left_out = found.left_out_words().map(|words| format!(", {words}")).unwrap_or_default();
    format!("{} {verb}{left_out}", count(counted, "event"))
}

fn print(report: &ScaledDistanceReport, question: BlastQuestion) {
    outln!("{}", events(report));
    let law = match report.law() {
        Some(law) => law,
        None => {
            let why = report.found().law.as_ref().err().map(ToString::to_string);
            return outln!("no law: {}", why.unwrap_or_default());
        }
    };
    law_lines(report, &law);
    let forecasts = report.forecasts(question);
    if forecasts.is_empty() {
        if question != BlastQuestion::default() {
            outln!("\nno charge is permitted: the line does not come down to the limit");
        }
        return;
    }
    let units = report.units();
    let root = report.found().medium.root();
    let heads = [
        "LINE".to_owned(),
        format!(">DISTANCE {}", units.distance),
        format!(">CHARGE {}", units.charge),
        format!(">SCALED DISTANCE {}", units.scaled_distance_symbol(root)),
        format!(">PEAK {}", units.peak),
        String::new(),
    ];
    let heads = heads.each_ref().map(String::as_str);
    let rows = forecasts.iter().map(|of| {
        let beyond = if of.extrapolated { "beyond the events" } else { "" };
        [
            words(of.line).to_owned(),
            digits(of.distance),
            digits(of.charge),
            digits(of.scaled_distance),
            digits(of.peak),
            beyond.to_owned(),
        ]
    });
    outln!("\n{}", render::plain_table(&heads, rows));
}

fn law_lines(report: &ScaledDistanceReport, law: &Attenuation) {
    let root = report.found().medium.root();
    let (units, quantity) = (report.units(), if root == Root::Square { "PPV" } else { "PSPL" });
    let scaled = units.scaled_distance_symbol(root);
    outln!(
        "{quantity} = {} · SD^−β in {}, SD in {scaled}, β = {:.3} ± {:.3}",
        digits(law.k),
        units.peak,
        law.beta,
        law.beta_standard_error
    );
    outln!(
        "K95 = {}, R² = {:.3}, standard error {:.3} of log10, t = {:.3}, SD from {} to {}",
        digits(law.k95),
        law.r_squared,
        law.standard_error,
        law.t95,
        digits(law.least_scaled_distance),
        digits(law.most_scaled_distance)
    );
    if !law.is_falling() {
        outln!("peaks do not fall with the distance: the law permits no charge");
    }
}

fn words(line: BlastLine) -> &'static str {
    match line {
        BlastLine::Mean => "mean",
        BlastLine::K95 => "K95",
        BlastLine::Prediction95 => "95 % prediction",
    }
}

/// Three significant digits.
fn digits(value: f64) -> String {
    let magnitude = value.abs().log10().floor();
    let decimals = if magnitude.is_finite() { (2.0 - magnitude).clamp(0.0, 9.0) } else { 0.0 };
    format!("{value:.*}", decimals as usize)
}
