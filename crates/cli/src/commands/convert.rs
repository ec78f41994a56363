//! `wavekeep convert`

use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::json;
use wavekeep_core::{ChannelChoice, NamedArray, Recording, Selection};
use wavekeep_export::arrays::{ArrayOptions, write_arrays, write_arrays_file};
use wavekeep_export::{ExportOptions, write, write_file};
use wavekeep_formats::{ArrayFile, Opened};
use wavekeep_smurf::Run;

use crate::args::{Args, ConvertArgs};
use crate::exit::{Account, Usage};
use crate::inputs::{self, Done, Failure, Found};
use crate::outputs::Place;

/// Where the result of one input went, or its bytes when they go to standard output.
enum Converted {
    Bytes(Vec<u8>),
    File(PathBuf),
}

/// Writes the recordings as another kind of file.
pub fn run(args: &Args, command: &ConvertArgs) -> anyhow::Result<Account> {
    if command.follow {
        return super::follow::run(args, command);
    }
    let place = Place::choose(&command.output, &command.input.paths, command.to.is_text())?;
    if place == Place::Stdout && args.json {
        let message =
            "--json tells about files, and the result goes to standard output: name a file with -o";
        return Err(Usage(message.to_owned()).into());
    }
    inputs::for_each(
        args,
        &command.input,
        |file, opened| match opened {
            Opened::Event(recording) => Ok(Done {
                result: event(command, &place, file, &recording)?,
                damaged: recording.report.is_damaged(),
            }),
            Opened::Arrays(held) => Ok(Done {
                result: arrays(command, &place, file, &held)?,
                damaged: held.report().is_damaged(),
            }),
            Opened::Stream(run) => Ok(Done {
                result: stream(args, command, &place, file, &run)?,
                damaged: run.report().is_damaged(),
            }),
        },
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

fn event(
    command: &ConvertArgs,
    place: &Place,
    file: &Found,
    recording: &Recording,
) -> Result<Converted, Failure> {
    let target = command.to.event.ok_or_else(|| wrong_kind(command, file, "an event"))?;
    refuse_section(command, file)?;
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
    let failed = |error| Failure::export(&file.path, &error);
    match place.path(file, &format!(".{}", target.extension()))? {
        Some(path) => {
            write_file(recording, target, &path, &options, command.output.force).map_err(failed)?;
            Ok(Converted::File(path))
        }
        None => {
            let mut bytes = Vec::new();
            write(recording, target, &options, &mut bytes).map_err(failed)?;
            Ok(Converted::Bytes(bytes))
        }
    }
}

fn arrays(
    command: &ConvertArgs,
    place: &Place,
    file: &Found,
    held: &ArrayFile,
) -> Result<Converted, Failure> {
    let target = command.to.arrays.ok_or_else(|| wrong_kind(command, file, "named arrays"))?;
    refuse_section(command, file)?;
    let list = chosen(command, file, held)?;
    let options = ArrayOptions::default();
    let failed = |error| Failure::export(&file.path, &error);
    match place.path(file, &format!(".{}", target.extension()))? {
        Some(path) => {
            let force = command.output.force;
            write_arrays_file(&list, held.metadata(), target, &path, &options, force)
                .map_err(failed)?;
            Ok(Converted::File(path))
        }
        None => {
            let mut bytes = Vec::new();
            write_arrays(&list, held.metadata(), target, &options, &mut bytes).map_err(failed)?;
            Ok(Converted::Bytes(bytes))
        }
    }
}

fn stream(
    args: &Args,
    command: &ConvertArgs,
    place: &Place,
    file: &Found,
    run: &Run,
) -> Result<Converted, Failure> {
    let target = command.to.arrays.ok_or_else(|| wrong_kind(command, file, "a stream"))?;
    let selection = super::stream::selection(&command.selection, file, run)?;
    let path = place.path(file, &format!(".{}", target.extension()))?.ok_or_else(|| {
        let message = "a stream is too long for standard output: name a file with -o";
        Failure::new("selection", &file.path, message)
    })?;
    super::stream::convert(args, file, run, &selection, target, &path, command.output.force)?;
    Ok(Converted::File(path))
}

/// The arrays that `--channels` names, in its order; all of them without it.
fn chosen<'a>(
    command: &ConvertArgs,
    file: &Found,
    held: &'a ArrayFile,
) -> Result<Vec<NamedArray<'a>>, Failure> {
    let names: Vec<&str> = held.infos().map(|array| array.name).collect();
    let Selection { channels, indices, start_s, end_s } = command.selection.selection();
    if indices.is_some() || start_s.is_some() || end_s.is_some() {
        let message =
            "times and frames are parts of an event: of arrays, choose some by --channels";
        return Err(Failure::new("selection", &file.path, message));
    }
    // Only what is chosen is unpacked.
    let array = |place: usize| {
        held.at(place).ok_or_else(|| {
            let message = format!("the array {} cannot be read any more", names[place]);
            Failure::new("io", &file.path, message)
        })
    };
    if channels.is_empty() {
        return (0..names.len()).map(array).collect();
    }
    let mut chosen = Vec::new();
    for choice in channels {
        let found = match &choice {
            ChannelChoice::Name(name) => {
                names.iter().position(|array| array == name).map(|at| at..=at)
            }
            ChannelChoice::Places(places) => Some(places.clone())
                .filter(|places| places.start() <= places.end() && *places.end() < names.len()),
        };
        let missing = || {
            let message =
                format!("there is no array {choice}; the arrays are {}", names.join(", "));
            Failure::new("selection", &file.path, message)
        };
        for place in found.ok_or_else(missing)? {
            chosen.push(array(place)?);
        }
    }
    Ok(chosen)
}

fn refuse_section(command: &ConvertArgs, file: &Found) -> Result<(), Failure> {
    match command.selection.section {
        None => Ok(()),
        Some(_) => Err(Failure::new("selection", &file.path, "only streams have sections")),
    }
}

fn wrong_kind(command: &ConvertArgs, file: &Found, what: &str) -> Failure {
    let word = command.to.word();
    Failure::new("unrepresentable", &file.path, format_args!("{word} cannot hold {what}"))
}
