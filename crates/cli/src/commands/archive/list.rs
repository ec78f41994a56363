//! `wavekeep list`

use std::io::{BufWriter, Write};

use serde_json::json;
use wavekeep_archive::{EventRow, Page};

use super::{count, document, open};
use crate::args::{Args, By, ListArgs};
use crate::exit::Account;
use crate::render;
use crate::terminal;

/// Prints events, or what there is of each unit, project or month.
pub fn run(args: &Args, command: &ListArgs) -> anyhow::Result<Account> {
    let archive = open(&command.archive.archive)?;
    let mut out = BufWriter::new(terminal::stdout());
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
                        ppv(unit.largest_ppv_in_s),
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
                        ppv(project.largest_ppv_in_s),
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
                        ppv(month.largest_ppv_in_s),
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
            writeln!(out, "{}", document(event))?;
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
    for (is, word) in [
        (row.false_trigger, "false trigger"),
        (row.reviewed_at.is_some() && !row.false_trigger, "reviewed"),
        (row.damaged, "damaged"),
        (row.is_serial_unknown(), "unknown unit"),
    ] {
        if is {
            marks.push(word);
        }
    }
    let flags: serde_json::Value = serde_json::from_str(&row.flags).unwrap_or_default();
    let mark = |names: &[&str]| {
        let has = |word: &str| names.iter().any(|name| flags[*name] == *word);
        if has("saturated") || has("above_range") {
            "!"
        } else if has("incomplete") {
            "?"
        } else {
            ""
        }
    };
    let level = row.mic_db_l.map_or("–".to_owned(), |level| format!("{level:.1}"));
    [
        row.id.to_string(),
        row.serial.clone(),
        row.filename.clone(),
        row.kind.clone(),
        time(row.timestamp.as_deref()),
        format!("{}{}", ppv(row.ppv_in_s), mark(&["tran", "vert", "long"])),
        format!("{}{}", ppv(row.pvs_in_s), mark(&["peak_vector_sum"])),
        format!("{level}{}", mark(&["mic_db_l"])),
        row.project.clone().unwrap_or_else(|| "–".to_owned()),
        marks.join(", "),
    ]
}

fn ppv(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), |value| format!("{value:.3}"))
}

fn time(text: Option<&str>) -> String {
    text.map_or("–".to_owned(), |text| text.replace('T', " "))
}
