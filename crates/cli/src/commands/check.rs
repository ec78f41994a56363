//! `wavekeep check`

use gnz::ArrayCheck;
use serde_json::{Value, json};
use wavekeep_core::{Note, NoteKind, Recording, Report, Status};
use wavekeep_formats::{ArrayFile, Opened};
use wavekeep_smurf::Run;

use crate::args::{Args, CheckArgs};
use crate::exit::Account;
use crate::inputs::{self, Done, Failure, Found, Inputs};
use crate::render;

/// Verifies what can be verified and prints one line an input, notes below it.
pub fn run(args: &Args, command: &CheckArgs) -> anyhow::Result<Account> {
    inputs::for_each(
        args,
        &Inputs::of(&command.input, None)?,
        |file, opened| match opened {
            Opened::Event(recording) => {
                let json = args.json.then(|| document(file, &recording).to_string());
                let result = json.unwrap_or_else(|| lines(file, &recording));
                Ok(Done { result, damaged: recording.report.status().is_finding() })
            }
            Opened::Arrays(held) => {
                let checked = CheckedArrays::of(file, &held)?;
                let result = if args.json { checked.json(file) } else { checked.lines(file) };
                Ok(Done { result, damaged: checked.damaged })
            }
            Opened::Stream(run) => {
                let check = run.check().map_err(|error| Failure::new("io", &file.path, error))?;
                let damaged = check.report.is_damaged();
                let result = if args.json {
                    json!({ "path": file.shown(), "status": status(damaged).word(), "kind": "stream", "check": check }).to_string()
                } else {
                    stream_lines(file, &run, &check.report)
                };
                Ok(Done { result, damaged })
            }
        },
        |out, _, printed| Ok(writeln!(out, "{printed}")?),
    )
}

fn status(damaged: bool) -> Status {
    if damaged { Status::Damaged } else { Status::Whole }
}

fn document(file: &Found, recording: &Recording) -> Value {
    let missing: usize = recording.channels.iter().map(|channel| channel.gaps.samples()).sum();
    json!({
        "path": file.shown(),
        "status": recording.report.status().word(),
        "format": recording.format.id,
        "kind": recording.kind,
        "length": recording.len(),
        "missing": missing,
        "sha256": recording.source.sha256,
        "notes": recording.report.notes(),
        "not_kept": recording.report.not_kept(),
    })
}

fn lines(file: &Found, recording: &Recording) -> String {
    let what = render::size(recording);
    let mut lines = vec![format!(
        "{} {}  {what}",
        render::status(recording.report.status()),
        file.shown().display()
    )];
    // Assumptions are not findings: `info` shows them.
    let findings = recording.report.notes().iter().filter(|note| note.kind != NoteKind::Assumption);
    lines.extend(findings.map(|note| format!("         {}", render::note(note))));
    lines.join("\n")
}

fn stream_lines(file: &Found, run: &Run, report: &Report) -> String {
    let status = render::status(report.status());
    let index = run.index();
    let mut lines = vec![format!(
        "{status} {}  {} frames in {} sections, {} metadata records",
        file.shown().display(),
        index.frames(),
        index.sections().len(),
        index.metadata_records()
    )];
    let findings = report.notes().iter().filter(|note| note.kind != NoteKind::Assumption);
    lines.extend(findings.map(|note| format!("         {}", render::note(note))));
    lines.join("\n")
}

/// What can be verified of a file of arrays: its structure, and the checksums that a GNZ carries.
struct CheckedArrays {
    arrays: usize,
    notes: Vec<Note>,
    /// What each array's checksum says, for a file that can carry them.
    checksums: Vec<(String, &'static str)>,
    damaged: bool,
}

impl CheckedArrays {
    fn of(file: &Found, held: &ArrayFile) -> Result<Self, Failure> {
        let mut notes = held.report().notes().to_vec();
        let mut checksums = Vec::new();
        if let Some(gnz) = held.gnz() {
            let verification =
                gnz.verify().map_err(|error| Failure::new("malformed", &file.path, error))?;
            for checked in &verification.arrays {
                let word = match checked.check {
                    ArrayCheck::NoChecksum => "no checksum",
                    ArrayCheck::Intact { .. } => "intact",
                    ArrayCheck::Unfinished => {
                        let message = format!("{:?} was never finished", checked.array);
                        let note = Note::new(NoteKind::Damage, "unfinished", message);
                        notes.push(note.at(checked.offset));
                        "unfinished"
                    }
                    ArrayCheck::Differs { saved, calculated } => {
                        let message = format!(
                            "the checksum of {:?} is {calculated:08x}, the file says {saved:08x}",
                            checked.array
                        );
                        let note = Note::new(NoteKind::Damage, "checksum_differs", message);
                        notes.push(note.at(checked.offset));
                        "differs"
                    }
                    // A later version of the container may know more ways.
                    _ => "not checked",
                };
                checksums.push((checked.array.clone(), word));
            }
            if let Some(offset) = verification.stray_byte {
                let message = "the padding between the arrays is not zero";
                notes.push(Note::new(NoteKind::Damage, "stray_byte", message).at(offset));
            }
        }
        let damaged = notes.iter().any(|note| note.kind == NoteKind::Damage);
        Ok(Self { arrays: held.len(), notes, checksums, damaged })
    }

    fn json(&self, file: &Found) -> String {
        let checksums = self.checksums.iter().map(|(array, word)| (array.clone(), json!(word)));
        json!({
            "path": file.shown(),
            "status": status(self.damaged).word(),
            "kind": "arrays",
            "arrays": self.arrays,
            "checksums": Value::Object(checksums.collect()),
            "notes": self.notes,
        })
        .to_string()
    }

    fn lines(&self, file: &Found) -> String {
        let intact = self.checksums.iter().filter(|(_, word)| *word == "intact").count();
        let status = render::status(status(self.damaged));
        let mut lines = vec![format!(
            "{status} {}  {} arrays, {intact} checksums intact",
            file.shown().display(),
            self.arrays
        )];
        lines.extend(self.notes.iter().map(|note| format!("         {}", render::note(note))));
        lines.join("\n")
    }
}
