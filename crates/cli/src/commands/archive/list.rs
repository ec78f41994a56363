//! `wavekeep list`

use std::io::{BufWriter, Write};

use serde_json::json;
use wavekeep_archive::{Archive, EventRow, LevelOutcome, Page, Peak, UnitFrom};
use wavekeep_core::{Reading, Unit};

use super::{count, look};
use crate::args::{Args, By, ListArgs};
use crate::exit::Account;
use crate::render;
use crate::terminal;

/// Prints events, what there is of each unit, project, location or month, or monitor log files.
pub fn run(args: &Args, command: &ListArgs) -> anyhow::Result<Account> {
    let archive = look(args, &command.archive.archive)?;
    let mut out = BufWriter::new(terminal::stdout());
    if command.monitor_logs {
        return monitor_logs(args, command, &archive, &mut out);
    }
    let query = command.query(&archive)?;
    let rows = match command.by {
        None => {
            let page = archive.query(&query)?;
            print_list(args, &mut out, &page)?;
            page.events.len()
        }
        Some(By::Unit) => {
            let units = archive.units_matching(&query)?;
            if args.json {
                lines(&mut out, &units)?;
            } else {
                let rows = units.iter().map(|unit| {
                    [
                        unit.serial.clone(),
                        unit.events.to_string(),
                        unit.false_triggers.to_string(),
                        unit.unreviewed.to_string(),
                        shown(unit.largest_ppv),
                        time(unit.first.as_deref()),
                        time(unit.last.as_deref()),
                    ]
                });
                let heads = [
                    "UNIT",
                    ">EVENTS",
                    ">FALSE",
                    ">NOT REVIEWED",
                    ">LARGEST PPV in/s",
                    "FIRST (UNIT-LOCAL)",
                    "LAST (UNIT-LOCAL)",
                ];
                writeln!(out, "{}", render::plain_table(&heads, rows))?;
            }
            units.len()
        }
        Some(By::Project) => {
            let projects = archive.projects_matching(&query)?;
            if args.json {
                lines(&mut out, &projects)?;
            } else {
                let rows = projects.iter().map(|project| {
                    [
                        project.project.clone().unwrap_or_else(|| "–".to_owned()),
                        project.events.to_string(),
                        project.false_triggers.to_string(),
                        project.units.to_string(),
                        shown(project.largest_ppv),
                        time(project.first.as_deref()),
                        time(project.last.as_deref()),
                    ]
                });
                let heads = [
                    "PROJECT",
                    ">EVENTS",
                    ">FALSE",
                    ">UNITS",
                    ">LARGEST PPV in/s",
                    "FIRST (UNIT-LOCAL)",
                    "LAST (UNIT-LOCAL)",
                ];
                writeln!(out, "{}", render::plain_table(&heads, rows))?;
            }
            projects.len()
        }
        Some(By::Location) => {
            let locations = archive.locations_matching(&query)?;
            if args.json {
                lines(&mut out, &locations)?;
            } else {
                let rows = locations.iter().map(|of| {
                    let verdict = of.last_verdict.as_deref().map(|word| word.replace('_', " "));
                    [
                        of.location.clone().unwrap_or_else(|| "–".to_owned()),
                        of.events.to_string(),
                        of.false_triggers.to_string(),
                        of.exceeds.to_string(),
                        of.warns.to_string(),
                        time(of.last.as_deref()),
                        shown(of.last_ppv),
                        verdict.unwrap_or_else(|| "–".to_owned()),
                    ]
                });
                let heads = [
                    "LOCATION",
                    ">EVENTS",
                    ">FALSE",
                    ">EXCEED",
                    ">WARN",
                    "LAST (UNIT-LOCAL)",
                    ">LAST PPV in/s",
                    "LAST VERDICT",
                ];
                writeln!(out, "{}", render::plain_table(&heads, rows))?;
            }
            locations.len()
        }
        Some(By::Month) => {
            let months = archive.months_matching(&query)?;
            if args.json {
                lines(&mut out, &months)?;
            } else {
                let rows = months.iter().map(|month| {
                    [
                        month.month.clone().unwrap_or_else(|| "–".to_owned()),
                        month.events.to_string(),
                        month.false_triggers.to_string(),
                        shown(month.largest_ppv),
                    ]
                });
                let heads = ["MONTH (UNIT-LOCAL)", ">EVENTS", ">FALSE", ">LARGEST PPV in/s"];
                writeln!(out, "{}", render::plain_table(&heads, rows))?;
            }
            months.len()
        }
    };
    out.flush()?;
    if rows == 0 {
        anyhow::bail!("no event matches");
    }
    Ok(Account::default())
}

fn monitor_logs(
    args: &Args,
    command: &ListArgs,
    archive: &Archive,
    out: &mut dyn Write,
) -> anyhow::Result<Account> {
    let mut files = archive.monitor_log_files()?;
    if let Some(serial) = &command.filter.serial {
        files.retain(|file| file.serial == *serial);
    }
    if args.json {
        lines(out, &files)?;
    } else if !files.is_empty() {
        let rows = files.iter().map(|file| {
            let unit = match file.unit_from {
                UnitFrom::Name => format!("{} (by the file name)", file.serial),
                _ => file.serial.clone(),
            };
            [
                file.entry.to_string(),
                unit,
                file.filename.clone(),
                file.bytes.to_string(),
                file.at.clone(),
                file.sha256.clone(),
            ]
        });
        let heads = [">ENTRY", "UNIT", "FILE", ">BYTES", "IMPORTED (UTC)", "SHA-256"];
        writeln!(out, "{}", render::plain_table(&heads, rows))?;
    }
    out.flush()?;
    if files.is_empty() {
        anyhow::bail!("the archive has no monitor log files that match");
    }
    Ok(Account::default())
}

fn lines<T: serde::Serialize>(out: &mut dyn Write, rows: &[T]) -> anyhow::Result<()> {
    for row in rows {
        writeln!(out, "{}", json!(row))?;
    }
    Ok(())
}

/// Prints events: a table, or one document a line.
///
/// # Errors
/// When there is nowhere to print to.
pub fn print_list(args: &Args, out: &mut dyn Write, page: &Page) -> anyhow::Result<()> {
    if args.json {
        for event in &page.events {
            writeln!(out, "{}", json!(event))?;
        }
        return Ok(());
    }
    if !page.events.is_empty() {
        let heads = [
            ">ID",
            "UNIT",
            "FILE",
            "KIND",
            "START (UNIT-LOCAL)",
            ">PPV in/s",
            ">PVS in/s",
            ">MIC dB(L)",
            "PROJECT",
            "",
        ];
        writeln!(out, "{}", render::plain_table(&heads, page.events.iter().map(cells)))?;
    }
    if !args.quiet {
        let shown = page.events.len() as u64;
        let of = if shown < page.total { format!(" of {}", page.total) } else { String::new() };
        writeln!(out, "{}{of}", count(shown, "event"))?;
    }
    Ok(())
}

fn cells(row: &EventRow) -> [String; 10] {
    let mut marks = Vec::new();
    let margin =
        row.margin_percent.map_or_else(String::new, |margin| format!(" by {:.0} %", margin.abs()));
    let verdict = match row.verdict.as_deref().and_then(LevelOutcome::of_word) {
        Some(LevelOutcome::Exceeds) => format!("EXCEEDS{margin}"),
        Some(LevelOutcome::Warns) => "warns".to_owned(),
        Some(LevelOutcome::NoVerdict) => "no verdict".to_owned(),
        Some(LevelOutcome::Within | LevelOutcome::NoLevel) | None => String::new(),
    };
    if !verdict.is_empty() {
        marks.push(verdict.as_str());
    }
    for (is, word) in [
        (row.false_trigger, "false trigger"),
        (row.reviewed_at.is_some() && !row.false_trigger, "reviewed"),
        (row.damaged, "damaged"),
        (row.contradicted, "report disagrees"),
        (row.corrected != "[]", "corrected"),
        (row.is_serial_unknown(), "unknown unit"),
    ] {
        if is {
            marks.push(word);
        }
    }
    [
        row.id.to_string(),
        row.serial.clone(),
        row.filename.clone(),
        row.kind.clone(),
        time(row.timestamp.as_deref()),
        shown(row.ppv()),
        shown(row.peak(Peak::VectorSum)),
        shown(row.peak(Peak::Microphone)),
        row.project.clone().unwrap_or_else(|| "–".to_owned()),
        marks.join(", "),
    ]
}

/// The number with its sign; the unit where it is not that of the column.
pub(super) fn shown(reading: Option<Reading>) -> String {
    reading.map_or("–".to_owned(), |reading| match reading.unit {
        Unit::InchPerSecond | Unit::DecibelLinear => {
            format!("{}{}", reading.sign(), reading.digits())
        }
        _ => reading.to_string(),
    })
}

pub(super) fn time(text: Option<&str>) -> String {
    text.map_or("–".to_owned(), |text| text.replace('T', " "))
}
