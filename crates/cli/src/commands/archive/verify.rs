//! `wavekeep verify`

use std::io::Write;

use serde_json::json;
use wavekeep_archive::{Archive, Query, Verification, VerifyOptions};
use wavekeep_core::Status;

use super::{bar, count, refuse_other_folders};
use crate::args::{Args, VerifyArgs};
use crate::exit::Account;
use crate::render;
use crate::terminal;

/// Verifies and prints what was found.
pub fn run(args: &Args, command: &VerifyArgs) -> anyhow::Result<Account> {
    refuse_other_folders(&command.archive.archive)?;
    let archive = Archive::open_to_read(&command.archive.archive)?;
    let options = VerifyOptions {
        share: command.share,
        seed: command.seed,
        without_decoding: command.hashes,
    };
    let progress = bar(args, 1, "events");
    let heard = |done, total| {
        progress.set_length(total);
        progress.set_position(done);
    };
    let found = match command.filter.query(&archive)? {
        all if all == Query::default() => archive.verify(options, &heard)?,
        query => archive.verify_matching(&query, options, &heard)?,
    };
    progress.finish_and_clear();
    print(args, &found)?;
    Ok(Account { damaged: found.findings.len(), ..Account::default() })
}

/// Prints what was found: findings, then how much was looked at.
///
/// # Errors
/// When there is nowhere to print to.
pub fn print(args: &Args, found: &Verification) -> anyhow::Result<()> {
    let mut out = terminal::stdout();
    if args.json {
        writeln!(out, "{}", json!(found))?;
        return Ok(());
    }
    for finding in &found.findings {
        let path = finding.path.display();
        writeln!(out, "{} {path}: {}", render::status(Status::Damaged), finding.message)?;
    }
    if args.quiet {
        return Ok(());
    }
    let of = match found.events < found.of {
        true => format!(" of {}", found.of),
        false => String::new(),
    };
    let megabytes = found.bytes as f64 / 1e6;
    writeln!(
        out,
        "{}{of}, {}, {megabytes:.1} MB: {}",
        count(found.events, "event"),
        count(found.files, "file"),
        match found.findings.len() as u64 {
            0 => "nothing is wrong".to_owned(),
            n => count(n, "finding"),
        }
    )?;
    for (n, text) in [
        (found.without_checksum, "without a checksum: `wavekeep rebuild --all` notes them"),
        (found.older_decoder, "derived by an older decoder: `wavekeep rebuild` makes them again"),
        (
            found.newer_decoder,
            "derived by a newer version of this program: left alone, and not decoded again",
        ),
        (found.others.len() as u64, "that the archive does not know: left alone"),
    ] {
        if n > 0 {
            writeln!(out, "{} {text}", count(n, "file"))?;
        }
    }
    if found.index_in_memory {
        writeln!(
            out,
            "the index could not be used as it is: one was made in memory, and it was not checked"
        )?;
    }
    for other in found.others.iter().take(20) {
        writeln!(out, "  {}", other.display())?;
    }
    Ok(())
}
