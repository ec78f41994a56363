//! `wavekeep report`

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::json;
use wavekeep_archive::Archive;
use wavekeep_core::Recording;
use wavekeep_report::{LedgerState, PageOptions, Paper, Style, event_report};
use wavekeep_signal::{Curve, Verdict, measure};

use super::{period, pictures};
use crate::args::{Args, Chosen, PaperArg, PictureFormat, ReportArgs, ThemeArg};
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

/// Writes the event reports, or the report of a period.
pub fn run(args: &Args, command: &ReportArgs) -> anyhow::Result<Account> {
    if let Some(period) = command.period.period {
        return period::run(args, command, period);
    }
    let curve = pictures::curve(&command.curve)?;
    let style = pictures::style(ThemeArg::Light, command.velocity.velocity);
    let chosen = command.events.chosen()?;
    let inputs = Inputs::of(&command.input, chosen.as_ref().map(Chosen::sources))?;
    let archived = chosen.map(Archived::of);
    let place = Place::choose(&command.output, &inputs.paths, false, &["pdf"])?;
    place.refuse_clashes(&inputs)?;
    inputs::for_each_event(
        args,
        &inputs,
        |file, recording| {
            let ledger = archived.as_ref().and_then(|archived| archived.ledger(&file.path));
            report(command, &place, &curve, style, file, &recording, ledger.as_ref())
        },
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

/// The events of an archive that reports are made of.
struct Archived {
    archive: Archive,
    by_source: HashMap<PathBuf, i64>,
}

impl Archived {
    fn of(chosen: Chosen) -> Self {
        let by_source = chosen.events.into_iter().map(|(id, source)| (source, id)).collect();
        Self { archive: chosen.archive, by_source }
    }

    /// What the ledger has of the event; `None` where there is no ledger yet. One that cannot be read
    /// stops no report.
    fn ledger(&self, source: &Path) -> Option<LedgerState> {
        let id = *self.by_source.get(source)?;
        match self.archive.ledger_state(id) {
            Ok(found) => found.map(|(entry, head)| LedgerState {
                archive: head.archive,
                entry: entry.entry.entry,
                leaf: entry.leaf.to_string(),
                time: head.time,
                size: head.size,
                root: head.root.to_string(),
            }),
            Err(error) => {
                errln!("warning: event {id}: the page is without the ledger: {error}");
                None
            }
        }
    }
}

fn report(
    command: &ReportArgs,
    place: &Place,
    curve: &Curve,
    style: Style,
    file: &Found,
    recording: &Recording,
    ledger: Option<&LedgerState>,
) -> Result<Reported, Failure> {
    let measured = measure(recording);
    let distance_ft = command.curve.distance_ft;
    let paper = match command.paper {
        PaperArg::A4 => Paper::A4,
        PaperArg::Letter => Paper::Letter,
    };
    let options = PageOptions::default()
        .with_curve(Some(curve))
        .with_distance_ft(distance_ft)
        .with_ledger(ledger)
        .with_paper(paper)
        .with_language(command.language)
        .with_style(style);
    let page = event_report(recording, &measured, options);
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
