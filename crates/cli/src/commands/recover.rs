//! `wavekeep recover`

use std::fs::File;
use std::io::Read;

use anyhow::Context;
use serde_json::{Value, json};
use wavekeep_formats::{Opened, Opener};
use wavekeep_smurf::RecoverOptions;

use crate::args::{Args, RecoverArgs};
use crate::exit::{Account, Usage};
use crate::terminal::outln;

/// What was saved, in words and as a document.
struct Recovered {
    saved: String,
    lost: Vec<String>,
    document: Value,
}

/// Saves what is whole of a damaged file and says what was lost. What is whole, or neither a stream
/// nor a GNZ file, is refused: nothing is written then.
pub fn run(args: &Args, command: &RecoverArgs) -> anyhow::Result<Account> {
    let path = command.path.display();
    let recovered = match kind(command)? {
        Kind::Gnz => arrays(command),
        Kind::Stream => stream(command),
    };
    let recovered = recovered.with_context(|| format!("{path}: nothing was saved"))?;
    if args.json {
        let mut document = json!({ "path": command.path, "output": command.output });
        if let (Value::Object(document), Value::Object(facts)) = (&mut document, recovered.document)
        {
            document.extend(facts);
        }
        outln!("{document}");
    } else {
        let (from, to) = (command.path.display(), command.output.display());
        outln!("{from} → {to}: {}", recovered.saved);
        for lost in &recovered.lost {
            outln!("  lost: {lost}");
        }
    }
    let mut account = Account::default();
    account.read(!recovered.lost.is_empty());
    Ok(account)
}

/// What can be recovered.
enum Kind {
    Gnz,
    Stream,
}

/// What the file is, if it is known to be damaged.
fn kind(command: &RecoverArgs) -> anyhow::Result<Kind> {
    let path = &command.path;
    let shown = path.display();
    let whole = |what: &str| {
        Usage(format!(
            "{shown} is a whole {what}: there is nothing to recover, and nothing was written"
        ))
    };
    let mut head = [0; gnz::MAGIC.len()];
    let mut file = File::open(path).with_context(|| format!("{shown}: cannot be read"))?;
    if file.read_exact(&mut head).is_ok() && gnz::Container::of(&head).is_some() {
        let intact = gnz::Gnz::open(path).ok().and_then(|gnz| gnz.verify().ok());
        let is_intact = |array: &gnz::CheckedArray| {
            matches!(array.check, gnz::ArrayCheck::Intact { .. } | gnz::ArrayCheck::NoChecksum)
        };
        return match intact.is_some_and(|found| found.arrays.iter().all(is_intact)) {
            true => Err(whole("GNZ file").into()),
            false => Ok(Kind::Gnz),
        };
    }
    let other = |what: &str| {
        Usage(format!(
            "{shown} is {what}: only damaged streams and GNZ files are recovered, and nothing was written"
        ))
    };
    match Opener::default().open_any(path) {
        Ok(Opened::Event(event)) => Err(other(&format!("an event ({})", event.format.name)).into()),
        Ok(Opened::Arrays(held)) => {
            Err(other(&format!("a file of arrays ({})", held.format().name)).into())
        }
        Ok(Opened::Stream(run)) => match run.check()?.report.is_damaged() {
            true => Ok(Kind::Stream),
            false => Err(whole("stream").into()),
        },
        // A stream whose beginning is damaged is not detected as one: whole frames are looked for.
        Err(error) => match wavekeep_smurf::Run::open(path) {
            Ok(run) if run.index().frames() > 0 => Ok(Kind::Stream),
            _ => Err(anyhow::Error::new(error).context("nothing was written")),
        },
    }
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
