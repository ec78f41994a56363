//! `wavekeep verify`

use std::io::Write;

use anyhow::Context;
use serde_json::json;
use wavekeep_archive::{Archive, LedgerCheck, Query, Verification};
use wavekeep_core::Status;
use wavekeep_custody::proof::{self, Checked};

use super::trust::{self, Held, signature_sentence, stamp_sentence};
use super::{bar, count, refuse_other_folders};
use crate::args::{Args, VerifyArgs};
use crate::exit::{Account, Usage};
use crate::render;
use crate::terminal;

/// Verifies and prints what was found.
pub fn run(args: &Args, command: &VerifyArgs) -> anyhow::Result<Account> {
    if let Some(path) = &command.proof {
        return check_proof(args, command, path);
    }
    // One of the two is there: the arguments say so.
    let path = command.archive.clone().unwrap_or_default();
    refuse_other_folders(&path)?;
    let archive = Archive::open_to_read(&path)?;
    let held = command.since.as_deref().map(Held::read).transpose()?;
    let head = check_head(args, command, held.as_ref())?;
    if command.ledger {
        let check = archive.check_ledger(held.as_ref().map(|held| &held.head))?;
        return print_ledger(args, &check, head);
    }
    let options = command.depth.options();
    let progress = bar(args, 1, "events");
    let heard = |done, total| {
        progress.set_length(total);
        progress.set_position(done);
    };
    let found = match (command.filter.query(&archive)?, &held) {
        (all, None) if all == Query::default() => archive.verify(options, &heard)?,
        (all, Some(held)) if all == Query::default() => {
            archive.verify_since(&held.head, options, &heard)?
        }
        (query, None) => archive.verify_matching(&query, options, &heard)?,
        (_, Some(_)) => {
            return Err(
                Usage("--since is of the whole archive: choose no events".to_owned()).into()
            );
        }
    };
    progress.finish_and_clear();
    print(args, &found)?;
    Ok(Account { damaged: found.findings.len() + head, ..Account::default() })
}

/// Says what vouches for a head; how much of it does not fit.
fn check_head(args: &Args, command: &VerifyArgs, held: Option<&Held>) -> anyhow::Result<usize> {
    let options = command.trust.options()?;
    let Some(held) = held else {
        if !options.public_keys.is_empty() || !options.trusted.is_empty() {
            return Err(Usage(
                "keys and certificates are for a head (--since) or a proof".to_owned(),
            )
            .into());
        }
        return Ok(0);
    };
    let (signed, stamped, problems) = held.check(&options);
    let mut out = terminal::stdout();
    if args.json {
        let mut line = trust::json_of(&signed, &stamped);
        line["head"] =
            json!({ "size": held.head.size, "root": held.head.root, "time": held.head.time });
        line["problems"] = json!(problems);
        writeln!(out, "{line}")?;
        return Ok(problems.len());
    }
    let shown = held.path.as_ref().map_or("the head".to_owned(), |path| path.display().to_string());
    for problem in &problems {
        writeln!(out, "{} {shown}: {problem}", render::status(Status::Damaged))?;
    }
    if !args.quiet && held.path.is_some() {
        let (signed, stamped) = (signature_sentence(&signed), stamp_sentence(&stamped));
        writeln!(out, "{shown}: {signed}; {stamped}")?;
    }
    Ok(problems.len())
}

/// Prints what was found of the ledger alone.
fn print_ledger(args: &Args, check: &LedgerCheck, head: usize) -> anyhow::Result<Account> {
    let mut out = terminal::stdout();
    let is_grown = check.since.as_ref().is_none_or(|since| since.is_grown());
    let found = check.problems.len() + check.lost.len() + usize::from(!is_grown);
    if args.json {
        writeln!(out, "{}", json!(check))?;
    } else {
        let bad = render::status(Status::Damaged);
        for problem in &check.problems {
            writeln!(out, "{bad} the ledger: {problem}")?;
        }
        for entry in &check.lost {
            writeln!(out, "{bad} the ledger: the text of entry {entry} is lost")?;
        }
        for sentence in check.since.iter().flat_map(|since| since.sentences()) {
            match is_grown {
                true if args.quiet => {}
                true => writeln!(out, "{sentence}")?,
                false => writeln!(out, "{bad} {sentence}")?,
            }
        }
        if !args.quiet {
            let root = check.root.map(|root| format!(", root {root}")).unwrap_or_default();
            writeln!(out, "{}{root}", count(check.entries, "entry"))?;
        }
    }
    Ok(Account { damaged: found + head, ..Account::default() })
}

/// Checks a proof, without an archive.
fn check_proof(
    args: &Args,
    command: &VerifyArgs,
    path: &std::path::Path,
) -> anyhow::Result<Account> {
    let options = command.trust.options()?;
    let of = || path.display().to_string();
    let file = std::fs::File::open(path).with_context(of)?;
    let checked = proof::check(std::io::BufReader::new(file), &options).with_context(of)?;
    let mut out = terminal::stdout();
    if args.json {
        let mut line = trust::json_of(&checked.signature, &checked.stamp);
        line["proof"] = json!(path);
        line["event"] = json!(checked.event);
        line["head"] = json!({
            "archive": checked.head.archive, "size": checked.head.size, "root": checked.head.root,
            "time": checked.head.time,
        });
        line["files"] = json!(checked.files);
        line["not_included"] = json!(checked.not_included);
        line["problems"] = json!(checked.problems);
        line["fits"] = json!(checked.fits());
        line["anchored"] = json!(checked.is_anchored());
        writeln!(out, "{line}")?;
    } else {
        print_proof(args, &checked, &mut out)?;
    }
    Ok(Account { damaged: checked.problems.len(), ..Account::default() })
}

fn print_proof(args: &Args, checked: &Checked, out: &mut impl Write) -> anyhow::Result<()> {
    for problem in &checked.problems {
        writeln!(out, "{} {problem}", render::status(Status::Damaged))?;
    }
    if args.quiet {
        return Ok(());
    }
    let event = &checked.event;
    writeln!(out, "event {}, {}/{}", event.id, event.serial, event.filename)?;
    for entry in &checked.entries {
        writeln!(
            out,
            "  entry {}: {} at {} by {}",
            entry.entry, entry.action, entry.at, entry.who
        )?;
    }
    for name in &checked.files {
        writeln!(out, "  {name}: matches the last entry")?;
    }
    for name in &checked.not_included {
        writeln!(out, "  {name}: not included, and not checked")?;
    }
    let head = &checked.head;
    writeln!(out, "head of {}: {}, root {}", head.time, count(head.size, "entry"), head.root)?;
    writeln!(
        out,
        "  {}; {}",
        signature_sentence(&checked.signature),
        stamp_sentence(&checked.stamp)
    )?;
    let end = match (checked.fits(), checked.is_anchored()) {
        (false, _) => "this proves nothing: see above",
        (true, true) => "all of it fits",
        (true, false) => {
            "the proof is consistent, but its head is not authenticated: compare its root with one that \
             you hold from elsewhere, or pass a key or a certificate"
        }
    };
    writeln!(out, "{end}")?;
    Ok(())
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
            0 => "no problems found".to_owned(),
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
    if let Some(since) = found.since.iter().find(|since| since.is_grown()) {
        for sentence in since.sentences() {
            writeln!(out, "{sentence}")?;
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
