//! `wavekeep repair`

use serde_json::json;
use wavekeep_archive::Archive;

use super::{bar, count};
use crate::args::{Args, RepairArgs};
use crate::exit::Account;
use crate::render;
use crate::terminal::outln;

/// Repairs, and prints what was done and what is left.
pub fn run(args: &Args, command: &RepairArgs) -> anyhow::Result<Account> {
    let (archive, has_new_index) = Archive::open_for_repair(&command.archive.archive)?;
    let progress = bar(args, 1, "events");
    let repaired = archive.repair(&|done, total| {
        progress.set_length(total);
        progress.set_position(done);
    })?;
    progress.finish_and_clear();
    if args.json {
        outln!("{}", json!({ "index_made_again": has_new_index, "repaired": repaired }));
    } else {
        if has_new_index {
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
            outln!("{} {path}: {}", render::status(true), finding.message);
        }
        if let Some(aside) = &repaired.aside {
            outln!("what was in the way is in {}", aside.display());
        }
        if !args.quiet {
            let left = repaired.left.len() as u64;
            let end = if left == 0 {
                "nothing is wrong any more".to_owned()
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
