//! What the commands say and make of streams.

use std::path::Path;

use serde_json::{Map, Value};
use wavekeep_core::{ChannelChoice, FrameStream, Report};
use wavekeep_export::{StreamError, Target, Units, write_stream};
use wavekeep_report::{Drawing, StreamCaption, Theme};
use wavekeep_signal::Envelope;
use wavekeep_smurf::{Run, Selection};

use crate::args::{Args, ConvertArgs, PlotKind, SelectionArgs};
use crate::inputs::{Failure, Found, frames_bar};

const NS_PER_S: f64 = 1e9;
/// Steps of time of a trace: one for each point of the paper.
const TRACE_STEPS: usize = 880;
/// Steps of time of an overview.
const OVERVIEW_STEPS: usize = 600;

/// All notes on a run, those on its metadata too.
///
/// # Errors
/// [`Failure`] when the files cannot be read.
pub fn report(file: &Found, run: &Run) -> Result<Report, Failure> {
    run.full_report().map_err(|error| Failure::new("io", &file.path, error))
}

/// Everything about a run but its samples.
///
/// # Errors
/// [`Failure`] when the files cannot be read.
pub fn facts(file: &Found, run: &Run) -> Result<Map<String, Value>, Failure> {
    run.facts().map_err(|error| Failure::new("io", &file.path, error))
}

/// The part of a run that the command line asks for.
///
/// # Errors
/// [`Failure`] when a channel is none of a stream.
pub fn selection(args: &SelectionArgs, file: &Found, run: &Run) -> Result<Selection, Failure> {
    let refused = |error: &dyn std::fmt::Display| Failure::new("selection", &file.path, error);
    let mut selection = Selection { section: args.section, ..Selection::all() };
    let channels = args.channels();
    if !channels.is_empty() {
        let parse =
            |choice: &ChannelChoice| choice.to_string().parse().map_err(|error| refused(&error));
        selection.channels = Some(channels.iter().map(parse).collect::<Result<_, _>>()?);
    }
    if let Some(frames) = &args.frames {
        selection = selection.frames(frames.start as u64..frames.end as u64);
    }
    if args.start.is_some() || args.end.is_some() {
        // Seconds from the first frame of the run.
        let first = run.time_ns(0).map_err(|error| refused(&error))?.unwrap_or(0);
        let at = |seconds: f64| first.saturating_add_signed((seconds * NS_PER_S) as i64);
        selection = selection.time_ns(args.start.map_or(0, at)..args.end.map_or(u64::MAX, at));
    }
    Ok(selection)
}

/// Writes a selection as `target`, with a bar.
///
/// # Errors
/// [`Failure`] naming the input or the output.
pub fn convert(
    args: &Args,
    command: &ConvertArgs,
    file: &Found,
    run: &Run,
    target: Target,
    path: &Path,
    force: bool,
) -> Result<(), Failure> {
    let options = command.export_options().with_units(command.units.unwrap_or(Units::Raw));
    let selection = &selection(&command.selection, file, run)?;
    let refused = |error: &dyn std::fmt::Display| Failure::new("stream", &file.path, error);
    let mut stream = run.stream(selection).map_err(|error| refused(&error))?;
    refuse_nothing(file, run, stream.frames())?;
    let facts = stream.facts().map_err(|error| refused(&error))?;
    let bar = frames_bar(args, stream.frames());
    let progress = |done| bar.set_position(done);
    let written = write_stream(&mut stream, facts, target, path, &options, force, progress);
    bar.finish_and_clear();
    written.map_err(|error| match error {
        StreamError::Export(error) => Failure::export(&file.path, &error),
        error => refused(&error),
    })
}

/// A result without a frame looks like a run without one.
fn refuse_nothing(file: &Found, run: &Run, frames: u64) -> Result<(), Failure> {
    if frames > 0 {
        return Ok(());
    }
    let all = run.index().frames();
    Err(Failure::new("selection", &file.path, format!("no frame is chosen: it has {all} frames")))
}

/// Draws a selection as traces, or as an overview.
///
/// # Errors
/// [`Failure`] naming the input.
pub fn draw(
    args: &Args,
    file: &Found,
    run: &Run,
    selection: &Selection,
    kind: PlotKind,
    theme: Theme,
) -> Result<Drawing, Failure> {
    let refused = |error: &dyn std::fmt::Display| Failure::new("stream", &file.path, error);
    let mut stream = run.stream(selection).map_err(|error| refused(&error))?;
    let frames = stream.frames();
    refuse_nothing(file, run, frames)?;
    let overview = kind == PlotKind::Overview;
    let bar = frames_bar(args, frames);
    let steps = if overview { OVERVIEW_STEPS } else { TRACE_STEPS };
    let envelope = Envelope::of(&mut stream, steps, |done| bar.set_position(done));
    bar.finish_and_clear();
    let envelope = envelope.map_err(|error| refused(&error))?;
    let name = run.name().file_name().unwrap_or_default().to_string_lossy().into_owned();
    let rate = run.rate_hz().map(|rate| format!(" at {rate:.1} Hz")).unwrap_or_default();
    let missing = match envelope.axis().missing().count() {
        0 => String::new(),
        1 => ", with a gap".to_owned(),
        many => format!(", with {many} gaps"),
    };
    let caption = StreamCaption {
        title: name,
        about: format!("{frames} frames of {} channels{rate}{missing}", stream.channels()),
        channels: (0..stream.channels()).map(|row| stream.channel_name(row)).collect(),
        scale: stream.scale(),
        rate_hz: stream.rate_hz(),
    };
    let drawing = match overview {
        true => Drawing::overview(&envelope, &caption, theme),
        false => Drawing::stream_traces(&envelope, &caption, theme),
    };
    drawing.map_err(|error| Failure::new("draw", &file.path, error))
}
