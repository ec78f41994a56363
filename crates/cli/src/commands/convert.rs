//! `wavekeep convert`

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::json;
use wavekeep_core::{NamedArray, Recording, Selection, SelectionError, Unit};
use wavekeep_export::{
    ExportOptions, Target, write_arrays, write_arrays_file, write_event, write_event_file,
};
use wavekeep_formats::{ArrayFile, Opened, Widened, is_narrow_float};
use wavekeep_smurf::Run;

use crate::args::{Args, ConvertArgs};
use crate::exit::{Account, Usage};
use crate::inputs::{self, Done, Failure, Found, Inputs};
use crate::interrupt;
use crate::outputs::{Place, extension};
use crate::render;
use crate::terminal::errln;

/// Where the result of one input went, or its bytes when they go to standard output.
enum Converted {
    Bytes(Vec<u8>),
    File(PathBuf),
}

/// What is written, from where to where.
struct Conversion<'a> {
    args: &'a Args,
    command: &'a ConvertArgs,
    to: Target,
    place: Place,
}

/// Writes the recordings as another kind of file.
pub fn run(args: &Args, command: &ConvertArgs) -> anyhow::Result<Account> {
    let to = target(command)?;
    if command.follow {
        return super::follow::run(command, to);
    }
    let inputs = Inputs::of(&command.input, None)?;
    let place = Place::choose(&command.output, &inputs.paths, to.is_text(), to.extensions())?;
    if place == Place::Stdout && args.json {
        let message =
            "--json describes files, and the result goes to standard output: name a file with -o";
        return Err(Usage(message.to_owned()).into());
    }
    place.refuse_clashes(&inputs)?;
    let conversion = Conversion { args, command, to, place };
    inputs::for_each(
        args,
        &inputs,
        |file, opened| match opened {
            Opened::Event(recording) => Ok(Done {
                result: conversion.event(file, &recording)?,
                damaged: recording.report.status().is_finding(),
            }),
            Opened::Arrays(held) => Ok(Done {
                result: conversion.arrays(file, &held)?,
                damaged: held.report().is_damaged(),
            }),
            Opened::Stream(run) => Ok(Done {
                result: conversion.stream(file, &run)?,
                damaged: run.report().is_damaged(),
            }),
        },
        |out, file, converted| {
            match converted {
                Converted::Bytes(bytes) => io::stdout().write_all(&bytes)?,
                Converted::File(output) if args.json => {
                    let line =
                        json!({ "path": file.shown(), "output": output, "target": to.word() });
                    writeln!(out, "{line}")?;
                }
                Converted::File(output) => {
                    if !args.quiet {
                        errln!("{} → {}", file.shown().display(), output.display());
                    }
                }
            }
            Ok(())
        },
    )
}

/// What is written: what --to or the extension of -o says; both have to agree.
fn target(command: &ConvertArgs) -> Result<Target, Usage> {
    let named = command.output.output.as_deref().and_then(extension);
    let by_name = named
        .and_then(|it| Target::ALL.into_iter().find(|to| to.extensions().contains(&it.as_str())));
    match (command.to, by_name) {
        (Some(to), _) => Ok(to),
        (None, Some(to)) => Ok(to),
        (None, None) => {
            Err(Usage("say what to write: --to csv, or -o with a file name like event.csv".into()))
        }
    }
}

impl ConvertArgs {
    /// How results are written.
    pub fn export_options(&self) -> ExportOptions {
        ExportOptions::default()
            .with_units(self.units.unwrap_or_default())
            .with_velocity(Some(self.velocity.velocity))
            .with_pressure(self.pressure)
            .with_in_arrays(false)
            .with_header(self.header)
            .with_checksums(!self.no_checksums)
            .with_compress(!self.no_compress)
    }
}

impl Conversion<'_> {
    fn event(&self, file: &Found, recording: &Recording) -> Result<Converted, Failure> {
        let target = self.to;
        if !target.takes_events() {
            return Err(self.wrong_kind(file, "an event"));
        }
        self.refuse_section(file)?;
        let selection = self.command.selection.selection();
        let part;
        let recording = if selection.is_everything() {
            recording
        } else {
            part = recording
                .select(&selection)
                .map_err(|error| Failure::new("selection", &file.path, error))?;
            if part.is_empty() {
                let message = format!("nothing of it is chosen: it has {}", span(recording));
                return Err(Failure::new("selection", &file.path, message));
            }
            &part
        };
        let options = self.command.export_options();
        let asks_units = self.command.pressure.is_some()
            || self.command.velocity.velocity != Unit::InchPerSecond;
        if asks_units && !target.is_table() {
            let message = "--velocity and --pressure are for csv, json, parquet and arrow";
            return Err(Failure::new("unrepresentable", &file.path, message));
        }
        if target == Target::Csv && !self.args.quiet {
            note_assumed(file, recording);
        }
        let failed = |error| Failure::export(&file.path, &error);
        match self.place.path(file, &format!(".{}", target.extension()))? {
            Some(path) => {
                write_event_file(recording, target, &path, &options, self.command.output.force)
                    .map_err(failed)?;
                Ok(Converted::File(path))
            }
            None => {
                let mut bytes = Vec::new();
                write_event(recording, target, &options, &mut bytes).map_err(failed)?;
                Ok(Converted::Bytes(bytes))
            }
        }
    }

    fn arrays(&self, file: &Found, held: &ArrayFile) -> Result<Converted, Failure> {
        let target = self.to;
        if !target.takes_arrays() {
            return Err(self.wrong_kind(file, "named arrays"));
        }
        self.refuse_section(file)?;
        // Whatever is written does not show what was left out.
        for note in held.report().notes() {
            errln!("{}: {}", file.shown().display(), render::note(note));
        }
        let list = chosen(self.command, file, held)?;
        let widened = self.widened(file, &list, target)?;
        let list: Vec<_> = list
            .into_iter()
            .zip(&widened)
            .map(|(array, wide)| wide.as_ref().map_or(array, |wide| wide.array(array)))
            .collect();
        let options = self.command.export_options();
        let failed = |error| Failure::export(&file.path, &error);
        match self.place.path(file, &format!(".{}", target.extension()))? {
            Some(path) => {
                let force = self.command.output.force;
                write_arrays_file(&list, held.metadata(), target, &path, &options, force)
                    .map_err(failed)?;
                Ok(Converted::File(path))
            }
            None => {
                let mut bytes = Vec::new();
                write_arrays(&list, held.metadata(), target, &options, &mut bytes)
                    .map_err(failed)?;
                Ok(Converted::Bytes(bytes))
            }
        }
    }

    /// What stands for each array that is asked for as F32. Without being asked, no type changes.
    fn widened(
        &self,
        file: &Found,
        list: &[NamedArray<'_>],
        target: Target,
    ) -> Result<Vec<Option<Widened>>, Failure> {
        if self.command.as_f32 {
            let failed = |error: io::Error| {
                Failure::new(
                    "io",
                    &file.path,
                    format_args!("in the folder for temporary files: {error}"),
                )
            };
            return list.iter().map(|array| Widened::of(array).map_err(failed)).collect();
        }
        let narrow = list.iter().find(|array| is_narrow_float(array.dtype));
        match narrow.filter(|_| target != Target::Safetensors) {
            None => Ok(list.iter().map(|_| None).collect()),
            Some(array) => {
                let message = format!(
                    "{target} cannot hold elements of the type {} (array {:?}): --as-f32 writes them as F32, which changes no value, and safetensors has the type",
                    array.dtype, array.name
                );
                Err(Failure::new("unrepresentable", &file.path, message))
            }
        }
    }

    /// A stream is made beside its final name, in bounded memory; for standard output and pipes it is
    /// copied from a temporary file that is whole.
    fn stream(&self, file: &Found, run: &Run) -> Result<Converted, Failure> {
        let target = self.to;
        if !target.takes_arrays() {
            return Err(self.wrong_kind(file, "a stream"));
        }
        let write = |path: &Path, force| {
            super::stream::convert(self.args, self.command, file, run, target, path, force)
        };
        match self.place.path(file, &format!(".{}", target.extension()))? {
            Some(path) if !path.exists() || path.is_file() || target.is_folder() => {
                write(&path, self.command.output.force)?;
                Ok(Converted::File(path))
            }
            None if target.is_folder() => {
                let message = "it is a folder, which cannot go to standard output: name it with -o";
                Err(Failure::new("unrepresentable", &file.path, message))
            }
            other => {
                let failed = |error: io::Error| Failure::new("io", &file.path, error);
                let prefix = interrupt::temporary_prefix();
                let folder = tempfile::Builder::new().prefix(&prefix).tempdir().map_err(failed)?;
                interrupt::cleans_up(&std::env::temp_dir());
                let whole = folder.path().join("stream");
                write(&whole, false)?;
                let mut whole = File::open(&whole).map_err(failed)?;
                match other {
                    Some(path) => {
                        let mut out = File::options().write(true).open(&path).map_err(failed)?;
                        io::copy(&mut whole, &mut out).map_err(failed)?;
                        Ok(Converted::File(path))
                    }
                    None => {
                        let copied = io::copy(&mut whole, &mut io::stdout().lock());
                        // Who reads no more has seen enough.
                        match copied {
                            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                                Err(failed(error))
                            }
                            _ => Ok(Converted::Bytes(Vec::new())),
                        }
                    }
                }
            }
        }
    }

    fn refuse_section(&self, file: &Found) -> Result<(), Failure> {
        match self.command.selection.section {
            None => Ok(()),
            Some(_) => Err(Failure::new("selection", &file.path, "only streams have sections")),
        }
    }

    fn wrong_kind(&self, file: &Found, what: &str) -> Failure {
        let word = self.to.word();
        Failure::new("unrepresentable", &file.path, format_args!("{word} cannot hold {what}"))
    }
}

/// `3328 samples from -0.25 s to 3 s`
fn span(recording: &Recording) -> String {
    let len = recording.len();
    match (recording.time.seconds(0), recording.time.seconds(len)) {
        (Some(first), Some(end)) => format!("{len} samples from {first} s to {end} s"),
        _ => format!("{len} intervals"),
    }
}

/// A table of numbers has no place for what they rest on: it is said beside it.
fn note_assumed(file: &Found, recording: &Recording) {
    let assumed = wavekeep_export::assumed(recording);
    if !assumed.is_empty() {
        render::care(format_args!("{}: assumed: {}", file.shown().display(), assumed.join(", ")));
    }
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
        let missing = |error| match error {
            SelectionError::NoChannel { asked, present } => {
                let message = format!("there is no array {asked}; the arrays are {present}");
                Failure::new("selection", &file.path, message)
            }
            error => Failure::new("selection", &file.path, error),
        };
        for place in choice.among(&names).map_err(missing)? {
            chosen.push(array(place)?);
        }
    }
    Ok(chosen)
}
