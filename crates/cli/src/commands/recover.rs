//! `wavekeep recover`

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::Context;
use serde_json::{Value, json};
use wavekeep_core::FormatInfo;
use wavekeep_formats::{HEAD_LEN, Opened, Opener, detect_arrays};
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
            "{shown} is an undamaged {what}: there is nothing to recover, and nothing was written"
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
    let other = |what: &str, is_damaged: bool| {
        Usage(match is_damaged {
            false => format!(
                "{shown} is {what}, and it is whole: there is nothing to recover, and nothing was written"
            ),
            true => format!(
                "{shown} is {what}, and it is damaged: convert it for what can be read of it; only streams and GNZ files are recovered, and nothing was written"
            ),
        })
    };
    match Opener::default().open_any(path) {
        Ok(Opened::Event(event)) => {
            let what = format!("an event ({})", event.format.name);
            Err(other(&what, event.report.is_damaged()).into())
        }
        Ok(Opened::Arrays(held)) => {
            Err(other(&named(held.format()), held.report().is_damaged()).into())
        }
        Ok(Opened::Stream(run)) => match run.check()?.report.is_damaged() {
            true => Ok(Kind::Stream),
            false => Err(whole("stream").into()),
        },
        Err(_) if is_gnz_behind_its_magic(path) => Err(Usage(format!(
            "{shown} looks like a GNZ file whose first {} bytes are damaged: write \"GNZ1\" there in a copy, and check that; nothing was written",
            gnz::MAGIC.len()
        ))
        .into()),
        Err(error) => {
            let name = path.file_name().map(|name| name.to_string_lossy());
            if let Some(format) = detect_arrays(&first_bytes(path, HEAD_LEN as u64), name.as_deref()) {
                anyhow::bail!(
                    "{error}; it is {} that cannot be opened: only streams and GNZ files are recovered, and nothing was written",
                    named(format.info())
                );
            }
            // A stream whose beginning is damaged is not detected as one: whole frames are looked for.
            match wavekeep_smurf::Run::open(path) {
                Ok(run) if run.index().frames() > 0 => Ok(Kind::Stream),
                _ => anyhow::bail!("{error}; nothing was written"),
            }
        }
    }
}

/// `an npz (NumPy archive of arrays)`
fn named(format: &FormatInfo) -> String {
    let article = if format.id.starts_with('n') { "an" } else { "a" };
    format!("{article} {} ({})", format.id, format.name)
}

/// As many bytes from the beginning of a file as can be read of it.
fn first_bytes(path: &Path, len: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Ok(file) = File::open(path) {
        // What cannot be opened was said already; what cannot be read is not there.
        let _ = file.take(len).read_to_end(&mut bytes);
    }
    bytes
}

/// Whether a file is a GNZ but for the bytes that mark it as one.
fn is_gnz_behind_its_magic(path: &Path) -> bool {
    let limits = gnz::Limits::default();
    let mut bytes = first_bytes(path, 4096 + u64::from(limits.header_bytes));
    let Some(magic) = bytes.get_mut(..gnz::MAGIC.len()) else { return false };
    magic.copy_from_slice(&gnz::MAGIC);
    // The arrays may lie behind what was read: that there is a header is enough.
    gnz::Salvage::of(&bytes, &limits).is_ok()
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
    let options = RecoverOptions::default().with_overwrite(command.force);
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
