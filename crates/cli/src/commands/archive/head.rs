//! `wavekeep head`, `wavekeep ledger`, `wavekeep prove`

use std::io::Cursor;

use serde_json::json;
use wavekeep_archive::LedgerEntry;

use super::trust::{self, Held};
use super::{count, look};
use crate::args::{Args, HeadArgs, LedgerArgs, ProveArgs};
use crate::exit::Account;
use crate::terminal::{errln, outln};

/// Prints or writes the head of the ledger.
pub fn run(args: &Args, command: &HeadArgs) -> anyhow::Result<Account> {
    let head = look(args, &command.archive.archive)?.head()?;
    let signature = command.signing.sign(&head)?;
    let Some(path) = &command.output else {
        if signature.is_some() {
            anyhow::bail!("a signature lies beside the file of its head: say which with -o FILE");
        }
        match args.json {
            true => outln!(
                "{}",
                json!({ "archive": head.archive, "size": head.size, "root": head.root, "time": head.time })
            ),
            false => outln!("{}", head.to_string().trim_end()),
        }
        return Ok(Account::default());
    };
    trust::write(path, head.to_string().as_bytes(), command.force)?;
    if let Some(signature) = &signature {
        trust::write(&trust::beside(path, ".minisig"), signature.as_bytes(), command.force)?;
    }
    if args.json {
        outln!(
            "{}",
            json!({ "output": path, "size": head.size, "root": head.root, "signed": signature.is_some() })
        );
    } else if !args.quiet {
        let signed = if signature.is_some() { ", signed" } else { "" };
        errln!("{}: {}, root {}{signed}", path.display(), count(head.size, "entry"), head.root);
    }
    Ok(Account::default())
}

/// Shows what happened.
pub fn ledger(args: &Args, command: &LedgerArgs) -> anyhow::Result<Account> {
    let archive = look(args, &command.archive.archive)?;
    let mut entries: Vec<LedgerEntry> = Vec::new();
    if command.events.is_empty() {
        entries = archive.ledger_entries(None, command.limit)?;
    }
    for id in &command.events {
        let of_event = archive.ledger_entries(Some(*id), command.limit)?;
        if of_event.is_empty() {
            anyhow::bail!("the ledger has no event {id}");
        }
        entries.extend(of_event);
    }
    for LedgerEntry { entry, leaf } in &entries {
        if args.json {
            outln!("{}", json!(LedgerEntry { entry: entry.clone(), leaf: *leaf }));
            continue;
        }
        let event = entry.event.as_ref();
        let event = event.map(|event| format!(" {} {}/{}", event.id, event.serial, event.filename));
        let why = entry.text("reason").map(|why| format!(": {why}")).unwrap_or_default();
        let from =
            if entry.from.is_empty() { String::new() } else { format!(" from {}", entry.from) };
        outln!(
            "{:>7} {} {:<9}{} by {}{from}{why}",
            entry.entry,
            entry.at,
            entry.action.word(),
            event.unwrap_or_default(),
            entry.who
        );
    }
    Ok(Account::default())
}

/// Writes a proof of an event.
pub fn prove(args: &Args, command: &ProveArgs) -> anyhow::Result<Account> {
    let archive = look(args, &command.archive.archive)?;
    let held = match &command.head {
        Some(path) => Some(Held::read(&path.to_string_lossy())?),
        None => None,
    };
    let head = match &held {
        Some(held) => held.head.clone(),
        None => archive.head()?,
    };
    let mut proof = archive.prove(command.event, Some(&head))?;
    proof.signature = command.signing.sign(&head)?;
    if let Some(held) = held {
        // The very bytes that were signed and stamped.
        proof.head = String::from_utf8(held.bytes)?;
        (proof.signature, proof.stamp) = (held.signature, held.stamp);
    }
    let mut bytes = Cursor::new(Vec::new());
    proof.write(&mut bytes)?;
    trust::write(&command.output, bytes.get_ref(), command.force)?;
    if args.json {
        outln!(
            "{}",
            json!({
                "output": command.output, "event": proof.event, "entries": proof.entries.len(),
                "files": proof.files.keys().collect::<Vec<_>>(), "signed": proof.signature.is_some(),
                "stamped": proof.stamp.is_some(),
            })
        );
    } else if !args.quiet {
        errln!(
            "{}: {} of event {}, {}",
            command.output.display(),
            count(proof.entries.len() as u64, "entry"),
            command.event,
            count(proof.files.len() as u64, "file")
        );
        if proof.signature.is_none() && proof.stamp.is_none() {
            errln!(
                "its head is neither signed nor stamped: sign it (--key), or pass one that is (--head); otherwise \
                 a verifier must already hold the head"
            );
        }
    }
    Ok(Account::default())
}
