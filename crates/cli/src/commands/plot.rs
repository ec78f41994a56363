//! `wavekeep plot`

use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::json;
use wavekeep_core::{Kind, Recording};
use wavekeep_report::Style;
use wavekeep_signal::{Curve, measure};

use super::pictures;
use crate::args::{Args, PlotArgs, PlotKind};
use crate::exit::{Account, Usage};
use crate::inputs::{self, Failure, Found};
use crate::outputs::{Place, write_whole};

/// Draws the recordings.
pub fn run(args: &Args, command: &PlotArgs) -> anyhow::Result<Account> {
    let curve = pictures::curve(&command.curve)?;
    let style = pictures::style(command.theme, command.velocity.velocity);
    let place = Place::choose(&command.output, &command.input.paths, false)?;
    if command.kind == Some(PlotKind::All) && !matches!(place, Place::Folder(_)) {
        let message = "--kind all makes several pictures: -o has to name a folder";
        return Err(Usage(message.to_owned()).into());
    }
    inputs::for_each_event(
        args,
        &command.input,
        |file, recording| plot(command, &place, &curve, style, file, &recording),
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

fn plot(
    command: &PlotArgs,
    place: &Place,
    curve: &Curve,
    style: Style,
    file: &Found,
    recording: &Recording,
) -> Result<Vec<(PlotKind, Picture)>, Failure> {
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
        let bytes = pictures::encode(&file.path, &drawing, command.format, command.width)?;
        let suffix = format!(".{}.{}", kind.word(), command.format.extension());
        let picture = match place.path(file, &suffix)? {
            Some(path) => {
                write_whole(&path, &bytes, command.output.force)?;
                Picture::File(path)
            }
            None => Picture::Bytes(bytes),
        };
        pictures.push((kind, picture));
    }
    Ok(pictures)
}
