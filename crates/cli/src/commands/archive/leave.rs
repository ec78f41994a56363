//! `wavekeep forget`, `wavekeep remove`

use serde_json::json;
use wavekeep_archive::{Actor, Archive, ArchiveError, EventRow};

use super::{count, open};
use crate::args::{Args, LeaveArgs, RemoveArgs};
use crate::exit::Account;
use crate::render;
use crate::terminal::outln;

/// Stops looking for events that are lost.
pub fn forget(args: &Args, command: &LeaveArgs) -> anyhow::Result<Account> {
    let archive = open(&command.archive.archive)?;
    leave(args, command, "forgotten", &|id| archive.forget(id, &command.reason, Actor::local()))
}

/// Takes events out.
pub fn remove(args: &Args, command: &RemoveArgs) -> anyhow::Result<Account> {
    let archive = open(&command.leave.archive.archive)?;
    let leaves = &command.leave;
    if !command.yes {
        return list(args, &archive, leaves);
    }
    leave(args, leaves, "removed", &|id| archive.remove_event(id, &leaves.reason, Actor::local()))
}

fn leave(
    args: &Args,
    command: &LeaveArgs,
    done: &str,
    each: &dyn Fn(i64) -> Result<EventRow, ArchiveError>,
) -> anyhow::Result<Account> {
    let mut account = Account::default();
    for id in &command.events {
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
    Ok(account)
}

fn list(args: &Args, archive: &Archive, command: &LeaveArgs) -> anyhow::Result<Account> {
    for id in &command.events {
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
        outln!(
            "{} would be deleted with all files: --yes does it",
            count(command.events.len() as u64, "event")
        );
    }
    Ok(Account::default())
}
