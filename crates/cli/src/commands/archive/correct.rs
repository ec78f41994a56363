//! `wavekeep correct`

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use wavekeep_archive::{Actor, Archive, BlastValue, EventRow, PatchOptions, Query};

use super::{bar, count, look, open};
use crate::args::{Args, CorrectArgs};
use crate::exit::{Account, Usage};
use crate::render;
use crate::terminal::{errln, outln};

/// Corrects events; without `--yes`, lists what would change.
pub fn run(args: &Args, command: &CorrectArgs) -> anyhow::Result<Account> {
    let corrections = corrections(command)?;
    let archive = match command.yes {
        true => open(&command.archive.archive)?,
        false => look(args, &command.archive.archive)?,
    };
    let mut ids = command.events.clone();
    if !command.which.is_all() {
        ids.extend(archive.ids(&command.which.query(&archive)?.with_limit(Some(usize::MAX)))?);
    }
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        anyhow::bail!("no event matches");
    }
    let rows = ids.iter().map(|id| archive.event(*id)).collect::<Result<Vec<_>, _>>()?;
    match command.yes {
        false => preview(args, &archive, command, &corrections, &rows)?,
        true => {
            let account = correct(args, &archive, command, &corrections, &ids);
            super::level::judge(args, &archive)?;
            return Ok(account);
        }
    }
    Ok(Account::default())
}

/// What is patched: texts, and nulls where a correction is taken away.
fn corrections(command: &CorrectArgs) -> Result<Map<String, Value>, Usage> {
    let mut corrections = Map::new();
    for (name, text) in [
        ("project", &command.project),
        ("client", &command.client),
        ("operator", &command.operator),
        ("location", &command.location),
    ] {
        if let Some(text) = text {
            corrections.insert(name.to_owned(), text.trim().into());
        }
    }
    for (quantity, text) in command.blast() {
        if let Some(text) = text {
            corrections.insert(quantity.word().to_owned(), text.into());
        }
    }
    for name in &command.as_recorded {
        if corrections.insert(name.clone(), Value::Null).is_some() {
            return Err(Usage(format!("--as-recorded {name} contradicts --{name}")));
        }
    }
    Ok(corrections)
}

fn correct(
    args: &Args,
    archive: &Archive,
    command: &CorrectArgs,
    corrections: &Map<String, Value>,
    ids: &[i64],
) -> Account {
    let (mut account, who) = (Account::default(), Actor::local());
    let progress = bar(args, ids.len() as u64, "events");
    let mut failed = Vec::new();
    let mut fail = |id: i64, error: &dyn std::fmt::Display, kind: &str| {
        failed.push(id);
        if args.json {
            let why = json!({ "kind": kind, "message": error.to_string() });
            progress.suspend(|| outln!("{}", json!({ "id": id, "error": why })));
        }
        progress.suspend(|| render::error(format_args!("{id}: {error}")));
    };
    if !corrections.is_empty() {
        let patch = json!({ "review": { "corrections": corrections } });
        let options = PatchOptions::default();
        archive.patch_together(ids, &patch, who.clone(), options, &mut |id, made| {
            if let Err(error) = made {
                fail(id, &error, error.kind());
            }
        });
    }
    if let (Some(unit), Some(reason)) = (&command.unit, &command.reason) {
        for id in ids {
            if let Err(error) = archive.move_to_unit(*id, unit, reason, who.clone()) {
                fail(*id, &error, error.kind());
            }
            progress.inc(1);
        }
    }
    progress.finish_and_clear();
    failed.sort_unstable();
    failed.dedup();
    account.failed = failed.len();
    account.whole = ids.len() - failed.len();
    for id in ids.iter().filter(|id| failed.binary_search(id).is_err()) {
        if let (true, Ok(row)) = (args.json, archive.event(*id)) {
            outln!("{}", json!(row));
        }
    }
    if !args.quiet && !args.json {
        errln!("{} changed", count(account.whole as u64, "event"));
    }
    account
}

/// How many events have which text now, and get which.
fn preview(
    args: &Args,
    archive: &Archive,
    command: &CorrectArgs,
    corrections: &Map<String, Value>,
    rows: &[EventRow],
) -> anyhow::Result<()> {
    let mut changes: BTreeMap<(&str, String, Option<String>), u64> = BTreeMap::new();
    for row in rows {
        for (name, text) in corrections {
            let was = text_of(row, name).unwrap_or_default();
            let becomes = text.as_str().map(str::to_owned);
            *changes.entry((name, was, becomes)).or_default() += 1;
        }
        if let Some(unit) = &command.unit {
            *changes.entry(("unit", row.serial.clone(), Some(unit.clone()))).or_default() += 1;
        }
    }
    for ((name, was, becomes), events) in &changes {
        let there = match becomes.as_deref() {
            Some(text) if !text.is_empty() => already(archive, name, text)?,
            _ => None,
        };
        if args.json {
            let change = json!({ "field": name, "from": was, "to": becomes, "events": events,
                "events_there": there, "changed": false });
            outln!("{change}");
            continue;
        }
        let there = match there {
            Some(there) if there > 0 && *was != becomes.clone().unwrap_or_default() => {
                format!(" ({} there already)", count(there, "event"))
            }
            _ => String::new(),
        };
        let becomes = becomes.as_deref().map_or_else(|| "as recorded".to_owned(), shown);
        outln!("{name}: {} → {becomes}{there}: {}", shown(was), count(*events, "event"));
    }
    if !args.quiet && !args.json {
        let events = count(rows.len() as u64, "event");
        errln!("nothing was changed; use --yes to change {events}");
    }
    Ok(())
}

fn shown(text: &str) -> String {
    if text.is_empty() { "none".to_owned() } else { format!("{text:?}") }
}

fn text_of(row: &EventRow, name: &str) -> Option<String> {
    let of_blast = |value: Option<BlastValue>| value.map(|value| value.reading.to_string());
    match name {
        "project" => row.project.clone(),
        "client" => row.client.clone(),
        "operator" => row.operator.clone(),
        "charge" => of_blast(row.blast().charge),
        "distance" => of_blast(row.blast().distance),
        _ => row.location.clone(),
    }
}

/// How many events have a project, location or unit already: what is renamed to it is merged with them.
fn already(archive: &Archive, name: &str, text: &str) -> anyhow::Result<Option<u64>> {
    let text = Some(text.to_owned());
    let query = match name {
        "project" => Query::default().with_project(text),
        "location" => Query::default().with_location(text),
        "unit" => Query::default().with_serial(text),
        _ => return Ok(None),
    };
    Ok(Some(archive.query(&query.with_limit(Some(0)))?.total))
}
