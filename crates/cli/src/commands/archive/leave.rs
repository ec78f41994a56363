//! `wavekeep forget`, `wavekeep remove`, `wavekeep purge`

use std::time::Duration;

use serde_json::json;
use wavekeep_archive::{Actor, Archive, ArchiveError, EventRow};

use super::{count, open};
use crate::args::{Args, LeaveArgs, PurgeArgs, RemoveArgs};
use crate::exit::{Account, Usage};
use crate::render;
use crate::terminal::outln;

/// Stops looking for events that are lost.
pub fn forget(args: &Args, command: &LeaveArgs) -> anyhow::Result<Account> {
    let archive = open(&command.archive.archive)?;
    let forget = |id| archive.forget(id, &command.reason, Actor::local());
    Ok(leave(args, &command.events, "forgotten", &forget))
}

/// Takes events out; without `--yes`, says which they are.
pub fn remove(args: &Args, command: &RemoveArgs) -> anyhow::Result<Account> {
    let archive = open(&command.archive.archive)?;
    let mut events = command.events.clone();
    if !command.which.is_all() {
        events.extend(archive.ids(&command.which.query(&archive)?.with_limit(Some(usize::MAX)))?);
    }
    events.sort_unstable();
    events.dedup();
    if events.is_empty() {
        return Err(
            Usage("no events are selected: give numbers, --id or --where".to_owned()).into()
        );
    }
    if !command.yes {
        return list(args, &archive, &events);
    }
    remove_all(args, &archive, &events, &command.reason, command.now)
}

/// Takes events out; their files are kept for a while, unless they are deleted now.
pub fn remove_all(
    args: &Args,
    archive: &Archive,
    events: &[i64],
    reason: &str,
    now: bool,
) -> anyhow::Result<Account> {
    let aside = archive.aside_for_removal();
    let account = leave(args, events, "removed", &|id| match now {
        true => archive.remove_event(id, reason, Actor::local()),
        false => archive.remove_event_to(&aside, id, reason, Actor::local()),
    });
    if !now && account.whole > 0 && !args.json && !args.quiet {
        outln!("their files are in {} until they are purged", aside.folder().display());
    }
    Ok(account)
}

/// Deletes the files of events that were removed; without `--yes`, says which.
pub fn purge(args: &Args, command: &PurgeArgs) -> anyhow::Result<Account> {
    let archive = open(&command.archive.archive)?;
    let grace = Duration::from_secs(u64::from(command.grace) * 86_400);
    let purged = archive.purge(grace, command.yes)?;
    for of in &purged {
        let (path, megabytes) = (of.path.display(), of.bytes as f64 / 1e6);
        match args.json {
            true => outln!("{}", json!({ "purged": command.yes, "of": of })),
            false => outln!(
                "{path}: removed at {}, {}, {megabytes:.1} MB",
                of.removed_at,
                count(of.files, "file")
            ),
        }
    }
    if !args.json && !args.quiet {
        outln!(
            "{}",
            match (purged.len(), command.yes) {
                (0, _) => format!("nothing was removed more than {} days ago", command.grace),
                (_, true) => "deleted".to_owned(),
                (_, false) => "nothing was deleted: --yes does it".to_owned(),
            }
        );
    }
    Ok(Account::default())
}

fn leave(
    args: &Args,
    events: &[i64],
    done: &str,
    each: &dyn Fn(i64) -> Result<EventRow, ArchiveError>,
) -> Account {
    let mut account = Account::default();
    for id in events {
        match each(*id) {
            Ok(row) => {
                account.whole += 1;
                let path = format!("{}/{}", row.serial, row.filename);
                match args.json {
                    true => outln!("{}", json!({ "id": id, "path": path, done: true })),
                    false if !args.quiet => outln!("event {id}, {path}: {done}"),
                    false => {}
                }
            }
            Err(error) => {
                account.failed += 1;
                render::error(error);
            }
        }
    }
    account
}

/// Says which events would be removed.
pub fn list(args: &Args, archive: &Archive, events: &[i64]) -> anyhow::Result<Account> {
    for id in events {
        let row = archive.event(*id)?;
        match args.json {
            true => outln!(
                "{}",
                json!({ "id": id, "path": format!("{}/{}", row.serial, row.filename), "removed": false })
            ),
            false => outln!("event {id}, {}/{}", row.serial, row.filename),
        }
    }
    if !args.quiet && !args.json {
        outln!("{} would be removed: --yes does it", count(events.len() as u64, "event"));
    }
    Ok(Account::default())
}
