//! `wavekeep report`

use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::json;
use wavekeep_core::Recording;
use wavekeep_report::{Paper, Style, event_report};
use wavekeep_signal::{Curve, Verdict, measure};

use super::pictures;
use crate::args::{Args, PaperArg, PictureFormat, ReportArgs, ThemeArg};
use crate::exit::Account;
use crate::inputs::{self, Failure, Found, Inputs};
use crate::outputs::{Place, write_whole};
use crate::terminal::errln;

/// Where a report went (or its bytes, for standard output), and the verdict that it prints.
struct Reported {
    bytes: Option<Vec<u8>>,
    output: Option<PathBuf>,
    verdict: Verdict,
}

/// Writes the event reports.
pub fn run(args: &Args, command: &ReportArgs) -> anyhow::Result<Account> {
    let curve = pictures::curve(&command.curve)?;
    let style = pictures::style(ThemeArg::Light, command.velocity.velocity);
    let inputs = Inputs::of(&command.input, command.events.sources()?)?;
    let place = Place::choose(&command.output, &inputs.paths, false, &["pdf"])?;
    place.refuse_clashes(&inputs)?;
    inputs::for_each_event(
        args,
        &inputs,
        |file, recording| report(command, &place, &curve, style, file, &recording),
        |out, file, reported| {
            if let Some(bytes) = reported.bytes {
                io::stdout().write_all(&bytes)?;
            } else if args.json {
                let line = json!({ "path": file.shown(), "output": reported.output, "verdict": reported.verdict });
                writeln!(out, "{line}")?;
            } else if let Some(output) = reported.output.filter(|_| !args.quiet) {
                let outcome = reported.verdict.outcome;
                errln!(
                    "{} → {}  ({outcome}: {})",
                    file.shown().display(),
                    output.display(),
                    reported.verdict.curve_name
                );
            }
            Ok(())
        },
    )
}

fn report(
    command: &ReportArgs,
    place: &Place,
    curve: &Curve,
    style: Style,
    file: &Found,
    recording: &Recording,
) -> Result<Reported, Failure> {
    let measured = measure(recording);
    let distance_ft = command.curve.distance_ft;
    let paper = match command.paper {
        PaperArg::A4 => Paper::A4,
        PaperArg::Letter => Paper::Letter,
    };
    let page = event_report(recording, &measured, Some(curve), distance_ft, None, paper, style);
    let bytes = pictures::encode(&file.path, &page, PictureFormat::Pdf, 0)?;
    let verdict = curve.judge(&measured, distance_ft);
    match place.path(file, ".report.pdf")? {
        Some(path) => {
            write_whole(&path, &bytes, command.output.force)?;
            Ok(Reported { bytes: None, output: Some(path), verdict })
        }
        None => Ok(Reported { bytes: Some(bytes), output: None, verdict }),
    }
}
