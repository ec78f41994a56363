//! `wavekeep plot`

use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::json;
use wavekeep_core::{FrameStream, Kind, Recording};
use wavekeep_formats::Opened;
use wavekeep_report::{Drawing, Style, Theme};
use wavekeep_signal::{Curve, measure};
use wavekeep_smurf::Run;

use super::pictures;
use crate::args::{Args, PlotArgs, PlotKind, SelectionArgs};
use crate::exit::{Account, Usage};
use crate::inputs::{self, Done, Failure, Found};
use crate::outputs::{Place, write_whole};

/// As many channels of a stream have room for a trace of their own.
const TRACES: usize = 16;

/// Draws the recordings.
pub fn run(args: &Args, command: &PlotArgs) -> anyhow::Result<Account> {
    let curve = pictures::curve(&command.curve)?;
    let style = pictures::style(command.theme, command.velocity.velocity);
    let place = Place::choose(&command.output, &command.input.paths, false)?;
    if command.kind == Some(PlotKind::All) && !matches!(place, Place::Folder(_)) {
        let message = "--kind all makes several pictures: -o has to name a folder";
        return Err(Usage(message.to_owned()).into());
    }
    inputs::for_each(
        args,
        &command.input,
        |file, opened| match opened {
            Opened::Event(recording) => Ok(Done {
                result: event(command, &place, &curve, style, file, &recording)?,
                damaged: recording.report.status().is_finding(),
            }),
            Opened::Stream(run) => Ok(Done {
                result: stream(args, command, &place, style.theme, file, &run)?,
                damaged: run.report().is_damaged(),
            }),
            Opened::Arrays(_) => Err(Failure::new(
                "unsupported",
                &file.path,
                "it holds arrays without a time axis: convert them, or give an event or a stream",
            )),
        },
        |out, file, written| {
            for (kind, picture) in written {
                match picture {
                    Picture::Bytes(bytes) => io::stdout().write_all(&bytes)?,
                    Picture::File(output) if args.json => {
                        let line =
                            json!({ "path": file.path, "output": output, "kind": kind.word() });
                        writeln!(out, "{line}")?;
                    }
                    Picture::File(output) if !args.quiet => {
                        anstream::eprintln!("{} → {}", file.path.display(), output.display());
                    }
                    Picture::File(_) => {}
                }
            }
            Ok(())
        },
    )
}

/// Where a picture went, or its bytes when they go to standard output.
enum Picture {
    Bytes(Vec<u8>),
    File(PathBuf),
}

fn event(
    command: &PlotArgs,
    place: &Place,
    curve: &Curve,
    style: Style,
    file: &Found,
    recording: &Recording,
) -> Result<Vec<(PlotKind, Picture)>, Failure> {
    let SelectionArgs { channels, start, end, frames, section } = &command.selection;
    if !channels.is_empty()
        || start.is_some()
        || end.is_some()
        || frames.is_some()
        || section.is_some()
    {
        let message = "an event is drawn whole: peaks of a part would pass for the event's";
        return Err(Failure::new("selection", &file.path, message));
    }
    let measured = measure(recording);
    let by_kind = [match recording.kind {
        Kind::Waveform => PlotKind::Traces,
        Kind::Histogram => PlotKind::Histogram,
    }];
    let asked;
    let kinds: &[PlotKind] = match command.kind {
        None => &by_kind,
        Some(PlotKind::All) => pictures::all_kinds(recording.kind),
        Some(kind) => {
            asked = [kind];
            &asked
        }
    };
    let distance_ft = command.curve.distance_ft;
    let mut pictures = Vec::new();
    for &kind in kinds {
        let drawing =
            pictures::draw(&file.path, kind, recording, &measured, curve, distance_ft, style)?;
        pictures.push((kind, put(command, place, kind, file, &drawing)?));
    }
    Ok(pictures)
}

/// Traces of few channels, an overview of many; the run is read once for each picture.
fn stream(
    args: &Args,
    command: &PlotArgs,
    place: &Place,
    theme: Theme,
    file: &Found,
    run: &Run,
) -> Result<Vec<(PlotKind, Picture)>, Failure> {
    let selection = super::stream::selection(&command.selection, file, run)?;
    let refused = |error: &dyn std::fmt::Display| Failure::new("stream", &file.path, error);
    let both = [PlotKind::Overview, PlotKind::Traces];
    let channels = run.stream(&selection).map_err(|error| refused(&error))?.channels();
    let kinds: &[PlotKind] = match command.kind {
        Some(PlotKind::All) => &both,
        Some(PlotKind::Overview) => &both[..1],
        Some(PlotKind::Traces) => &both[1..],
        None if channels > TRACES => &both[..1],
        None => &both[1..],
        Some(kind) => {
            let message = format!("a stream has traces and an overview, no {}", kind.word());
            return Err(Failure::new("draw", &file.path, message));
        }
    };
    let mut pictures = Vec::new();
    for &kind in kinds {
        let drawing = super::stream::draw(args, file, run, &selection, kind, theme)?;
        pictures.push((kind, put(command, place, kind, file, &drawing)?));
    }
    Ok(pictures)
}

/// Puts a picture where it belongs.
fn put(
    command: &PlotArgs,
    place: &Place,
    kind: PlotKind,
    file: &Found,
    drawing: &Drawing,
) -> Result<Picture, Failure> {
    let bytes = pictures::encode(&file.path, drawing, command.format, command.width)?;
    let suffix = format!(".{}.{}", kind.word(), command.format.extension());
    Ok(match place.path(file, &suffix)? {
        Some(path) => {
            write_whole(&path, &bytes, command.output.force)?;
            Picture::File(path)
        }
        None => Picture::Bytes(bytes),
    })
}
