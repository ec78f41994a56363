//! `wavekeep rebuild`

use serde_json::json;
use wavekeep_archive::{Archive, Becomes, RederiveOptions, Rederived, RemakeOptions};

use super::{bar, count, open, refuse_other_folders};
use crate::args::{Args, RebuildArgs};
use crate::exit::Account;
use crate::render;
use crate::terminal::outln;

/// Derives again, or makes the index again.
pub fn run(args: &Args, command: &RebuildArgs) -> anyhow::Result<Account> {
    if command.index {
        return index(args, command);
    }
    let archive = open(&command.archive.archive)?;
    let options = RederiveOptions::default()
        .with_query(command.filter.query(&archive)?)
        .with_all(command.all)
        .with_remake(
            RemakeOptions::default()
                .with_replace_unknown_hdf5(command.replace_arrays)
                .with_gnz(command.gnz)
                .with_dry_run(command.dry_run),
        );
    let progress = bar(args, 0, "events");
    let account = archive.rederive(&options, &mut |one| {
        progress.inc(1);
        progress.suspend(|| print_summary(args, one));
    })?;
    progress.finish_and_clear();
    if !command.dry_run {
        super::level::judge(args, &archive)?;
    }
    if args.json {
        outln!("{}", json!({ "dry_run": command.dry_run, "account": account }));
    } else if !args.quiet {
        let would = if command.dry_run { "would be regenerated" } else { "regenerated" };
        outln!(
            "{} {would}, {} up to date; values: {} new, {} changed, {} worse, {} removed",
            count(account.events, "event"),
            account.up_to_date,
            account.new,
            account.other,
            account.worse,
            account.vanished
        );
        if account.newer > 0 {
            anstream::println!(
                "{} derived by a newer version of this program: unchanged",
                count(account.newer, "event")
            );
        }
        if account.without_hdf5 > 0 {
            outln!("{} of arrays left as they are", count(account.without_hdf5, "file"));
        }
    }
    Ok(Account {
        whole: usize::try_from(account.events).unwrap_or(usize::MAX),
        failed: usize::try_from(account.failed).unwrap_or(usize::MAX),
        ..Account::default()
    })
}

fn print_summary(args: &Args, one: &Rederived) {
    if args.json {
        outln!("{}", json!(one));
        return;
    }
    let path = one.path.display();
    if let Some(error) = &one.error {
        render::error(format_args!("{path}: {error}"));
    }
    if one.differences.is_empty() || args.quiet {
        return;
    }
    outln!("{path}");
    for difference in &one.differences {
        let word = match difference.becomes {
            Becomes::Other => "",
            Becomes::New => "  new",
            Becomes::Vanished => "  vanishes",
            Becomes::Worse => "  worse",
        };
        outln!("  {}: {} → {}{word}", difference.field, difference.before, difference.after);
    }
}

fn index(args: &Args, command: &RebuildArgs) -> anyhow::Result<Account> {
    refuse_other_folders(&command.archive.archive)?;
    // One that cannot be opened is moved aside.
    let (archive, _) = Archive::open_for_repair(&command.archive.archive)?;
    let archive = super::opened(archive);
    let rebuilt = archive.rebuild_index()?;
    super::level::judge(args, &archive)?;
    if args.json {
        let not_read: Vec<_> = rebuilt
            .not_read
            .iter()
            .map(|(path, why)| json!({ "path": path, "message": why }))
            .collect();
        outln!(
            "{}",
            json!({ "events": rebuilt.events, "not_read": not_read, "lost": rebuilt.lost, "found": rebuilt.found })
        );
    } else {
        outln!("{} in the index", count(rebuilt.events, "event"));
        if rebuilt.found > 0 {
            outln!(
                "{} that the ledger did not have: noted as found",
                count(rebuilt.found, "event")
            );
        }
        for path in &rebuilt.lost {
            render::error(format_args!(
                "{}: the ledger has this event, and its files are gone: its row stays; `wavekeep verify` \
                 says more",
                path.display()
            ));
        }
        for (path, why) in &rebuilt.not_read {
            render::error(format_args!("{}: {why}", path.display()));
        }
    }
    Ok(Account {
        damaged: rebuilt.lost.len(),
        failed: rebuilt.not_read.len(),
        ..Account::default()
    })
}
