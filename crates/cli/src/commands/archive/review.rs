//! `wavekeep review`

use std::io::{BufWriter, Write};

use indicatif::ProgressBar;
use serde_json::{Map, Value, json};
use wavekeep_archive::{
    Archive, ArchiveError, EventRow, Page, PatchOptions, ReviewEntry, Sidecar, machine_user,
};

use super::{count, look, open, print_list};
use crate::args::{Args, ReviewArgs};
use crate::exit::{Account, Usage};
use crate::render;
use crate::terminal::{self, errln};

/// As many entries of the log as are shown when no event is named.
const LOG: usize = 200;

/// Changes reviews, undoes, or shows the log.
pub fn run(args: &Args, command: &ReviewArgs) -> anyhow::Result<Account> {
    let is_chosen = !command.which.is_all();
    let changes = !command.log && (!is_chosen || command.yes);
    let archive = match changes {
        true => open(&command.archive.archive)?,
        false => look(args, &command.archive.archive)?,
    };
    let events = match is_chosen {
        true => chosen(&archive, command)?,
        false => Vec::new(),
    };
    let mut ids = command.events.clone();
    ids.extend(events.iter().map(|event| event.id));
    if command.log {
        return log(args, &archive, &ids);
    }
    let who = reviewer(command);
    let patch = if command.undo { None } else { Some(patch(command, &who)?) };
    // Numbers that were typed are meant; what a question finds is shown first.
    if is_chosen && !command.yes {
        let mut out = BufWriter::new(terminal::stdout());
        let total = events.len() as u64;
        print_list(args, &mut out, &Page { total, events })?;
        out.flush()?;
        if !args.json {
            errln!("nothing was changed; use --yes to change {}", count(total, "event"));
        }
        return Ok(Account::default());
    }
    let mut changes = Changes::new(args, ids.len());
    match patch {
        Some(patch) => {
            let options = PatchOptions::default();
            archive
                .patch_together(&ids, &patch, &who, options, &mut |id, made| changes.add(id, made));
        }
        None if ids.len() == 1 => changes.add(ids[0], archive.undo(ids[0], &who)),
        None => archive.undo_together(&ids, &who, &mut |id, made| changes.add(id, made))?,
    }
    let account = changes.end()?;
    // An undone correction may be of another level.
    super::level::judge(args, &archive)?;
    Ok(account)
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
    let query = command.which.query(archive)?.with_limit(Some(usize::MAX));
    let events = archive.query(&query)?.events;
    if events.is_empty() {
        anyhow::bail!("no event matches");
    }
    Ok(events)
}

/// What has become of the events so far, printed as it happens.
struct Changes<'a> {
    args: &'a Args,
    events: usize,
    account: Account,
    progress: ProgressBar,
    /// Why printing failed.
    printing: std::io::Result<()>,
}

impl<'a> Changes<'a> {
    fn new(args: &'a Args, events: usize) -> Self {
        let progress = super::bar(args, events as u64, "events");
        Self { args, events, account: Account::default(), progress, printing: Ok(()) }
    }

    fn add(&mut self, id: i64, made: Result<Sidecar, ArchiveError>) {
        let (json, short) = (self.args.json, self.events <= 20 && !self.args.quiet);
        let mut line = None;
        match made {
            Ok(sidecar) => {
                self.account.whole += 1;
                let review = sidecar.into_value()["review"].take();
                line = match json {
                    true => Some(json!({ "id": id, "review": review }).to_string()),
                    false => short.then(|| format!("{id}: {}", in_words(&review))),
                };
            }
            Err(error) => {
                self.account.failed += 1;
                if json {
                    let why = json!({ "kind": error.kind(), "message": error.to_string() });
                    line = Some(json!({ "id": id, "error": why }).to_string());
                }
                self.progress.suspend(|| render::error(format_args!("{id}: {error}")));
            }
        }
        if let Some(line) = line {
            let printed = self.progress.suspend(|| writeln!(terminal::stdout(), "{line}"));
            self.printing = std::mem::replace(&mut self.printing, Ok(())).and(printed);
        }
        self.progress.inc(1);
    }

    fn end(self) -> anyhow::Result<Account> {
        self.progress.finish_and_clear();
        self.printing?;
        if !self.args.quiet && !self.args.json && self.events > 1 {
            errln!("{} changed", count(self.account.whole as u64, "event"));
        }
        Ok(self.account)
    }
}

/// A review in a line.
fn in_words(review: &Value) -> String {
    let mut parts = vec![match review["false_trigger"] {
        Value::Bool(true) => "false trigger".to_owned(),
        _ => "no false trigger".to_owned(),
    }];
    match (review["reviewer"].as_str(), review["reviewed_at"].as_str()) {
        (who, Some(when)) => {
            parts.push(format!("reviewed by {} at {when}", who.unwrap_or("an unknown user")));
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
    let mut out = BufWriter::new(terminal::stdout());
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
