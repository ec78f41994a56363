//! `wavekeep check`

use serde_json::{Value, json};
use wavekeep_core::{NoteKind, Recording};

use crate::args::{Args, CheckArgs};
use crate::exit::Account;
use crate::inputs::{self, Found};
use crate::render;

/// Verifies what can be verified and prints one line an input, notes below it.
pub fn run(args: &Args, command: &CheckArgs) -> anyhow::Result<Account> {
    inputs::for_each(
        args,
        &command.input,
        |file, recording| {
            let json = args.json.then(|| document(file, &recording).to_string());
            Ok(json.unwrap_or_else(|| lines(file, &recording)))
        },
        |out, _, printed| Ok(writeln!(out, "{printed}")?),
    )
}

fn status(recording: &Recording) -> &'static str {
    if recording.report.is_damaged() { "damaged" } else { "whole" }
}

fn document(file: &Found, recording: &Recording) -> Value {
    let missing: usize = recording.channels.iter().map(|channel| channel.gaps.samples()).sum();
    json!({
        "path": file.path,
        "status": status(recording),
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
        render::status(recording.report.is_damaged()),
        file.path.display()
    )];
    // Assumptions are not findings: `info` shows them.
    let findings = recording.report.notes().iter().filter(|note| note.kind != NoteKind::Assumption);
    lines.extend(findings.map(|note| format!("         {}", render::note(note))));
    lines.join("\n")
}
