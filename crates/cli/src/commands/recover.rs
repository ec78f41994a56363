//! `wavekeep recover`

use std::fs::File;
use std::io::Read;

use anyhow::Context;
use serde_json::{Value, json};
use wavekeep_smurf::RecoverOptions;

use crate::args::{Args, RecoverArgs};
use crate::exit::Account;

/// What was saved, in words and as a document.
struct Recovered {
    saved: String,
    lost: Vec<String>,
    document: Value,
}

/// Saves what is whole of a damaged file and says what was lost.
pub fn run(args: &Args, command: &RecoverArgs) -> anyhow::Result<Account> {
    let mut head = [0; gnz::MAGIC.len()];
    let is_gnz = File::open(&command.path)
        .and_then(|mut file| file.read_exact(&mut head))
        .is_ok_and(|()| head == gnz::MAGIC);
    let recovered = if is_gnz { arrays(command) } else { stream(command) }
        .with_context(|| format!("{}: nothing was saved", command.path.display()))?;
    if args.json {
        let mut document = json!({ "path": command.path, "output": command.output });
        if let (Value::Object(document), Value::Object(facts)) = (&mut document, recovered.document)
        {
            document.extend(facts);
        }
        println!("{document}");
    } else {
        let (from, to) = (command.path.display(), command.output.display());
        anstream::println!("{from} → {to}: {}", recovered.saved);
        for lost in &recovered.lost {
            anstream::println!("  lost: {lost}");
        }
    }
    let mut account = Account::default();
    account.read(!recovered.lost.is_empty());
    Ok(account)
}

/// The arrays of a cut GNZ file that are whole.
fn arrays(command: &RecoverArgs) -> anyhow::Result<Recovered> {
    let limits = gnz::Limits::default();
    let recovery = gnz::recover(&command.path, &command.output, command.force, &limits)?;
    let lost = recovery.lost.iter();
    let listed =
        lost.clone().map(|lost| json!({ "array": lost.array, "reason": lost.reason.to_string() }));
    Ok(Recovered {
        saved: format!("{} arrays saved, {} lost", recovery.saved.len(), recovery.lost.len()),
        lost: lost.map(|lost| format!("{:?}: {}", lost.array, lost.reason)).collect(),
        document: json!({ "saved": recovery.saved, "lost": listed.collect::<Vec<_>>() }),
    })
}

/// The whole records of a damaged stream, all pieces together.
fn stream(command: &RecoverArgs) -> anyhow::Result<Recovered> {
    let options = RecoverOptions { overwrite: command.force, ..RecoverOptions::default() };
    let recovery = wavekeep_smurf::recover(&command.path, &command.output, options)?;
    let place = |lost: &wavekeep_smurf::Lost| json!({ "piece": lost.piece, "first_byte": lost.bytes.start, "bytes": lost.bytes.end - lost.bytes.start });
    let sentence = |lost: &wavekeep_smurf::Lost| {
        format!("bytes {}..{} of piece {}", lost.bytes.start, lost.bytes.end, lost.piece + 1)
    };
    Ok(Recovered {
        saved: format!(
            "{} frames and {} metadata records saved, {} of {} bytes lost",
            recovery.index.frames(),
            recovery.index.metadata_records(),
            recovery.lost_bytes(),
            recovery.source_bytes
        ),
        lost: recovery.lost.iter().map(sentence).collect(),
        document: json!({
            "frames": recovery.index.frames(),
            "metadata_records": recovery.index.metadata_records(),
            "lost_bytes": recovery.lost_bytes(),
            "lost": recovery.lost.iter().map(place).collect::<Vec<_>>(),
        }),
    })
}
