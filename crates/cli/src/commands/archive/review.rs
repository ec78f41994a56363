//! `wavekeep review`

use std::io::{BufWriter, Write};

use serde_json::{Map, Value, json};
use wavekeep_archive::{
    Archive, EventRow, Page, PatchOptions, Query, ReviewEntry, Sidecar, machine_user,
};

use super::{count, look, open, print_list};
use crate::args::{Args, ReviewArgs};
use crate::exit::{Account, Usage};
use crate::render;

/// As many entries of the log as are shown when no event is named.
const LOG: usize = 200;

/// Changes reviews, undoes, or shows the log.
pub fn run(args: &Args, command: &ReviewArgs) -> anyhow::Result<Account> {
    if command.log {
        return log(args, &look(args, &command.archive.archive)?, &command.ids);
    }
    let archive = match command.conditions.is_empty() || command.yes {
        true => open(&command.archive.archive)?,
        false => look(args, &command.archive.archive)?,
    };
    let who = reviewer(command);
    if command.undo {
        return change(args, &command.ids, |id| archive.undo(id, &who));
    }
    let patch = patch(command, &who)?;
    if command.conditions.is_empty() {
        let options = PatchOptions::default();
        return change(args, &command.ids, |id| archive.patch_sidecar(id, &patch, &who, options));
    }
    let events = chosen(&archive, command)?;
    if !command.yes {
        let mut out = BufWriter::new(anstream::stdout());
        let total = events.len() as u64;
        print_list(args, &mut out, &Page { total, events })?;
        out.flush()?;
        if !args.json {
            anstream::eprintln!("nothing was changed: --yes changes {}", count(total, "event"));
        }
        return Ok(Account::default());
    }
    let ids: Vec<i64> = events.iter().map(|event| event.id).collect();
    change(args, &ids, |id| archive.patch_sidecar(id, &patch, &who, PatchOptions::default()))
}

fn reviewer(command: &ReviewArgs) -> String {
    command.reviewer.clone().unwrap_or_else(machine_user)
}

fn patch(command: &ReviewArgs, who: &str) -> Result<Value, Usage> {
    let mut review = Map::new();
    if let Some(false_trigger) = command.false_trigger {
        review.insert("false_trigger".into(), false_trigger.into());
    }
    if let Some(notes) = &command.notes {
        review.insert("notes".into(), notes.as_str().into());
    }
    if review.is_empty() && !command.reviewed {
        return Err(Usage(
            "say what they are: --false-trigger, --false-trigger=no, --reviewed, --notes".into(),
        ));
    }
    review.insert("reviewer".into(), who.into());
    Ok(json!({ "review": review }))
}

fn chosen(archive: &Archive, command: &ReviewArgs) -> anyhow::Result<Vec<EventRow>> {
    let mut query = Query { limit: Some(usize::MAX), ..Query::default() };
    let mut max_ppv = None;
    for condition in &command.conditions {
        condition.apply(&mut query, &mut max_ppv).map_err(Usage)?;
    }
    let mut events = archive.query(&query)?.events;
    if let Some(most) = max_ppv {
        events.retain(|event| event.ppv_in_s.is_some_and(|ppv| ppv <= most));
    }
    Ok(events)
}

fn change(
    args: &Args,
    ids: &[i64],
    mut change: impl FnMut(i64) -> Result<Sidecar, wavekeep_archive::ArchiveError>,
) -> anyhow::Result<Account> {
    let mut account = Account::default();
    let progress = super::bar(args, ids.len() as u64, "events");
    for &id in ids {
        match change(id) {
            Ok(sidecar) => {
                account.whole += 1;
                let review = sidecar.into_value()["review"].take();
                progress.suspend(|| match args.json {
                    true => println!("{}", json!({ "id": id, "review": review })),
                    false if ids.len() <= 20 && !args.quiet => {
                        anstream::println!("{id}: {}", told(&review));
                    }
                    false => {}
                });
            }
            Err(error) => {
                account.failed += 1;
                progress.suspend(|| {
                    if args.json {
                        let error = json!({ "kind": error.kind(), "message": error.to_string() });
                        println!("{}", json!({ "id": id, "error": error }));
                    }
                    render::error(format_args!("{id}: {error}"));
                });
            }
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    if !args.quiet && !args.json && ids.len() > 1 {
        anstream::eprintln!("{} changed", count(account.whole as u64, "event"));
    }
    Ok(account)
}

/// A review in a line.
fn told(review: &Value) -> String {
    let mut parts = vec![match review["false_trigger"] {
        Value::Bool(true) => "false trigger".to_owned(),
        _ => "no false trigger".to_owned(),
    }];
    match (review["reviewer"].as_str(), review["reviewed_at"].as_str()) {
        (who, Some(when)) => {
            parts.push(format!("reviewed by {} at {when}", who.unwrap_or("somebody")));
        }
        (_, None) => parts.push("not reviewed".to_owned()),
    }
    if let Some(notes) = review["notes"].as_str() {
        parts.push(format!("{notes:?}"));
    }
    parts.join(", ")
}

fn log(args: &Args, archive: &Archive, ids: &[i64]) -> anyhow::Result<Account> {
    let mut entries: Vec<ReviewEntry> = Vec::new();
    if ids.is_empty() {
        entries = archive.review_log(None, LOG)?;
    }
    for &id in ids {
        archive.event(id)?;
        entries.extend(archive.review_log(Some(id), usize::MAX)?);
    }
    let mut out = BufWriter::new(anstream::stdout());
    for entry in &entries {
        if args.json {
            writeln!(out, "{}", json!(entry))?;
            continue;
        }
        let undone = entry.undoes.map_or(String::new(), |number| format!(" (undoes {number})"));
        writeln!(
            out,
            "{:>4}  {}  {}  event {} {}/{}{undone}",
            entry.number, entry.at, entry.who, entry.event_id, entry.serial, entry.filename
        )?;
        writeln!(out, "      {} → {}", entry.before, entry.after)?;
    }
    out.flush()?;
    Ok(Account::default())
}
