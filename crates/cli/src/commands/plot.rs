//! `wavekeep plot`

use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::json;
use wavekeep_core::{FrameStream, Kind, Recording};
use wavekeep_formats::Opened;
use wavekeep_report::{Drawing, Style, Theme};
use wavekeep_signal::{Curve, measure};
use wavekeep_smurf::Run;

use super::pictures::{self, Shown};
use crate::args::{Args, PictureFormat, PlotArgs, PlotKind, QuantityArg, SelectionArgs, WindowArg};
use crate::exit::{Account, Usage};
use crate::inputs::{self, Done, Failure, Found, Inputs};
use crate::outputs::{Place, extension, write_whole};
use crate::terminal::errln;

/// As many channels of a stream have room for a trace of their own.
const TRACES: usize = 16;

/// Draws the recordings.
pub fn run(args: &Args, command: &PlotArgs) -> anyhow::Result<Account> {
    let curve = pictures::curve(&command.curve)?;
    let style = pictures::style(command.theme, command.velocity.velocity);
    let chosen = command.events.chosen()?;
    let inputs = Inputs::of(&command.input, chosen.map(|chosen| chosen.sources()))?;
    let place = Place::choose(&command.output, &inputs.paths, false, &PictureFormat::EXTENSIONS)?;
    let format = picture_format(command, &place)?;
    if command.kind == Some(PlotKind::All) && !matches!(place, Place::Folder(_)) {
        let message = "--kind all makes several pictures: -o has to name a folder";
        return Err(Usage(message.to_owned()).into());
    }
    refuse_without_effect(command)?;
    place.refuse_clashes(&inputs)?;
    let plotting = Plotting { args, command, place, format };
    inputs::for_each(
        args,
        &inputs,
        |file, opened| match opened {
            Opened::Event(recording) => Ok(Done {
                result: plotting.event(&curve, style, file, &recording)?,
                damaged: recording.report.status().is_finding(),
            }),
            Opened::Stream(run) => Ok(Done {
                result: plotting.stream(style.theme, file, &run)?,
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
                            json!({ "path": file.shown(), "output": output, "kind": kind.word() });
                        writeln!(out, "{line}")?;
                    }
                    Picture::File(output) if !args.quiet => {
                        errln!("{} → {}", file.shown().display(), output.display());
                    }
                    Picture::File(_) => {}
                }
            }
            Ok(())
        },
    )
}

/// An option that would change nothing is a mistake.
fn refuse_without_effect(command: &PlotArgs) -> Result<(), Usage> {
    let shows = |kind: PlotKind| command.kind.is_none_or(|it| it == kind || it == PlotKind::All);
    if command.quantity != QuantityArg::Velocity && !shows(PlotKind::Traces) {
        return Err(Usage("--quantity is of traces: it goes with --kind traces".to_owned()));
    }
    let draws_spectra = command.kind.is_some() && shows(PlotKind::Spectrum);
    if command.window != WindowArg::None && !draws_spectra {
        return Err(Usage("--window is of spectra: it goes with --kind spectrum".to_owned()));
    }
    Ok(())
}

/// Where a picture went, or its bytes when they go to standard output.
enum Picture {
    Bytes(Vec<u8>),
    File(PathBuf),
}

/// What is drawn, and where it goes.
struct Plotting<'a> {
    args: &'a Args,
    command: &'a PlotArgs,
    place: Place,
    format: PictureFormat,
}

/// The kind of picture: what --format or the extension of -o says; both have to agree.
fn picture_format(command: &PlotArgs, place: &Place) -> Result<PictureFormat, Usage> {
    let by_name = match place {
        Place::File(path) => extension(path).and_then(|it| PictureFormat::of_extension(&it)),
        Place::Stdout | Place::Folder(_) => None,
    };
    match (command.format, by_name) {
        (Some(format), Some(other)) if format != other => Err(Usage(format!(
            "--format {} and a name that ends with .{} contradict each other",
            format.extension(),
            other.extension()
        ))),
        (format, by_name) => Ok(format.or(by_name).unwrap_or(PictureFormat::Png)),
    }
}

impl Plotting<'_> {
    fn event(
        &self,
        curve: &Curve,
        style: Style,
        file: &Found,
        recording: &Recording,
    ) -> Result<Vec<(PlotKind, Picture)>, Failure> {
        let SelectionArgs { channels, start, end, frames, section } = &self.command.selection;
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
        let by_kind = [match (recording.kind, self.command.quantity) {
            (Kind::Histogram, QuantityArg::Velocity) => PlotKind::Histogram,
            // Of a histogram it is refused, in words.
            _ => PlotKind::Traces,
        }];
        let asked;
        let kinds: &[PlotKind] = match self.command.kind {
            None => &by_kind,
            Some(PlotKind::All) => pictures::all_kinds(recording.kind),
            Some(kind) => {
                asked = [kind];
                &asked
            }
        };
        let shown = Shown {
            distance_ft: self.command.curve.distance_ft,
            quantity: self.command.quantity.computed(),
            window: self.command.window.window(),
            ..Shown::of(curve, style)
        };
        let mut pictures = Vec::new();
        for &kind in kinds {
            let drawing = pictures::draw(&file.path, kind, recording, &measured, shown)?;
            pictures.push((kind, self.put(kind, file, &drawing)?));
        }
        Ok(pictures)
    }

    /// Traces of few channels, an overview of many; the run is read once for each picture.
    fn stream(
        &self,
        theme: Theme,
        file: &Found,
        run: &Run,
    ) -> Result<Vec<(PlotKind, Picture)>, Failure> {
        if self.command.quantity.computed().is_some() {
            let message = "quantities are computed from the geophones of an event, not of a stream";
            return Err(Failure::new("draw", &file.path, message));
        }
        let selection = super::stream::selection(&self.command.selection, file, run)?;
        let refused = |error: &dyn std::fmt::Display| Failure::new("stream", &file.path, error);
        let both = [PlotKind::Overview, PlotKind::Traces];
        let channels = run.stream(&selection).map_err(|error| refused(&error))?.channels();
        let kinds: &[PlotKind] = match self.command.kind {
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
            let drawing = super::stream::draw(self.args, file, run, &selection, kind, theme)?;
            pictures.push((kind, self.put(kind, file, &drawing)?));
        }
        Ok(pictures)
    }

    /// Puts a picture where it belongs.
    fn put(&self, kind: PlotKind, file: &Found, drawing: &Drawing) -> Result<Picture, Failure> {
        let bytes = pictures::encode(&file.path, drawing, self.format, self.command.width)?;
        let suffix = format!(".{}.{}", kind.word(), self.format.extension());
        Ok(match self.place.path(file, &suffix)? {
            Some(path) => {
                write_whole(&path, &bytes, self.command.output.force)?;
                Picture::File(path)
            }
            None => Picture::Bytes(bytes),
        })
    }
}
