//! `wavekeep repair`

use serde_json::json;
use wavekeep_archive::Archive;
use wavekeep_core::Status;

use super::{bar, count, refuse_other_folders};
use crate::args::{Args, RepairArgs};
use crate::exit::Account;
use crate::render;
use crate::terminal::outln;

/// Repairs, and prints what was done and what is left.
pub fn run(args: &Args, command: &RepairArgs) -> anyhow::Result<Account> {
    refuse_other_folders(&command.archive.archive)?;
    let (archive, opened) = Archive::open_for_repair(&command.archive.archive)?;
    let archive = super::opened(archive);
    let progress = bar(args, 1, "events");
    let repaired = archive.repair(&|done, total| {
        progress.set_length(total);
        progress.set_position(done);
    })?;
    progress.finish_and_clear();
    if args.json {
        outln!(
            "{}",
            json!({ "index_made_again": opened.index_made_again, "journal_aside": opened.journal_aside, "repaired": repaired })
        );
    } else {
        if let Some(journal) = &opened.journal_aside {
            outln!(
                "the journal could not be followed: it was moved aside, to {}",
                journal.display()
            );
        }
        if opened.index_made_again {
            outln!("the index was damaged: it was moved aside and made again");
        }
        for repair in &repaired.repairs {
            outln!("{}: {}", repair.path.display(), repair.done);
        }
        for repair in &repaired.failed {
            render::error(format_args!("{}: {}", repair.path.display(), repair.done));
        }
        for finding in &repaired.left {
            let path = finding.path.display();
            outln!("{} {path}: {}", render::status(Status::Damaged), finding.message);
        }
        if let Some(aside) = &repaired.aside {
            outln!("replaced files were moved to {}", aside.display());
        }
        if !args.quiet {
            let left = repaired.left.len() as u64;
            let end = if left == 0 {
                "no problems left".to_owned()
            } else {
                format!("{} left", count(left, "finding"))
            };
            outln!("{}; {end}", count(repaired.repairs.len() as u64, "repair"));
        }
    }
    Ok(Account {
        damaged: repaired.left.len(),
        failed: repaired.failed.len(),
        ..Account::default()
    })
}
