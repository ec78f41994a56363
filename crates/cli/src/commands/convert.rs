//! `wavekeep convert`

use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::json;
use wavekeep_core::Recording;
use wavekeep_export::{ExportOptions, write, write_file};

use crate::args::{Args, ConvertArgs};
use crate::exit::{Account, Usage};
use crate::inputs::{self, Failure, Found};
use crate::outputs::Place;

/// Where the result of one input went, or its bytes when they go to standard output.
enum Converted {
    Bytes(Vec<u8>),
    File(PathBuf),
}

/// Writes the recordings as another kind of file.
pub fn run(args: &Args, command: &ConvertArgs) -> anyhow::Result<Account> {
    let place = Place::choose(&command.output, &command.input.paths, command.to.is_text())?;
    if place == Place::Stdout && args.json {
        let message =
            "--json tells about files, and the result goes to standard output: name a file with -o";
        return Err(Usage(message.to_owned()).into());
    }
    inputs::for_each(
        args,
        &command.input,
        |file, recording| convert(command, &place, file, &recording),
        |out, file, converted| {
            match converted {
                Converted::Bytes(bytes) => io::stdout().write_all(&bytes)?,
                Converted::File(output) if args.json => {
                    let line =
                        json!({ "path": file.path, "output": output, "target": command.to.word() });
                    writeln!(out, "{line}")?;
                }
                Converted::File(output) => {
                    if !args.quiet {
                        anstream::eprintln!("{} → {}", file.path.display(), output.display());
                    }
                }
            }
            Ok(())
        },
    )
}

fn convert(
    command: &ConvertArgs,
    place: &Place,
    file: &Found,
    recording: &Recording,
) -> Result<Converted, Failure> {
    let selection = command.selection.selection();
    let part;
    let recording = if selection.is_everything() {
        recording
    } else {
        part = recording
            .select(&selection)
            .map_err(|error| Failure::new("selection", &file.path, error))?;
        &part
    };
    let options = ExportOptions { units: command.units };
    match place.path(file, &format!(".{}", command.to.extension()))? {
        Some(path) => {
            write_file(recording, command.to, &path, &options, command.output.force)
                .map_err(|error| Failure::export(&file.path, &error))?;
            Ok(Converted::File(path))
        }
        None => {
            let mut bytes = Vec::new();
            write(recording, command.to, &options, &mut bytes)
                .map_err(|error| Failure::export(&file.path, &error))?;
            Ok(Converted::Bytes(bytes))
        }
    }
}
