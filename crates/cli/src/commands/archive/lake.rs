//! The lake of an archive: `wavekeep export --to lake`, and `--lake` of `wavekeep watch`.

use std::sync::atomic::AtomicBool;

use serde_json::json;
use wavekeep_archive::Archive;
use wavekeep_lake::{Followed, Follower, Lake, LakeError, Place, Update};

use super::{count, look, stop_signal};
use crate::args::{Args, ExportArgs};
use crate::exit::Account;
use crate::interrupt::INTERRUPTED;
use crate::render;
use crate::terminal::outln;

/// Brings a lake up to date, once.
pub fn export(args: &Args, command: &ExportArgs, place: &Place) -> anyhow::Result<Account> {
    let archive = look(args, &command.archive.archive)?;
    let stop = stop_signal()?;
    let updated = update(args, &crate::args::lake(place, command.delta), &archive, &stop);
    if let Err(error) = &updated
        && matches!(error.downcast_ref(), Some(LakeError::Stopped))
    {
        std::process::exit(INTERRUPTED);
    }
    updated
}

/// Brings a lake up to date, and prints what was done.
///
/// # Errors
/// Why it could not be done.
pub fn update(
    args: &Args,
    lake: &Lake,
    archive: &Archive,
    stop: &AtomicBool,
) -> anyhow::Result<Account> {
    let update = lake.update(archive, stop)?;
    print(args, lake, &update);
    Ok(Account::default())
}

/// Keeps a lake up to date until `stop`, and prints what is done.
pub fn follow(args: &Args, follower: &Follower, archive: &Archive, stop: &AtomicBool) {
    follower.run(archive, stop, &mut |followed| match followed {
        Followed::Updated(update) => print(args, follower.lake(), update),
        Followed::Failed { error, again_in } => {
            let lake = follower.lake().place.to_string();
            if args.json {
                outln!("{}", json!({ "lake": lake, "trouble": error.to_string() }));
            }
            render::error(format_args!("{error}; tried again in {} s", again_in.as_secs()));
        }
    });
}

fn print(args: &Args, lake: &Lake, update: &Update) {
    let place = lake.place.to_string();
    if args.json {
        outln!("{}", json!({ "lake": place, "layout": lake.layout, "update": update }));
        return;
    }
    if args.quiet {
        return;
    }
    let events = count(update.events, "event");
    if update.is_nothing() {
        outln!("{place}: {events}, up to date");
        return;
    }
    let months = |months: &[String]| count(months.len() as u64, "month");
    let mut done = vec![format!("{} written", months(&update.written))];
    if !update.removed.is_empty() {
        done.push(format!("{} removed", months(&update.removed)));
    }
    outln!("{place}: {events}, {}", done.join(", "));
}
