//! What the commands say and make of streams.

use std::path::Path;

use serde_json::{Map, Value, json};
use wavekeep_core::{ChannelChoice, FrameStream, Report};
use wavekeep_export::arrays::{ArrayOptions, ArrayTarget, write_arrays_file};
use wavekeep_export::write_stream;
use wavekeep_report::{Drawing, StreamCaption, Theme};
use wavekeep_signal::Envelope;
use wavekeep_smurf::{Run, Selection};

use crate::args::{Args, PlotKind, SelectionArgs};
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
    let metadata = run.metadata().map_err(|error| Failure::new("io", &file.path, error))?;
    let mut report = run.report();
    metadata.report().notes().iter().cloned().for_each(|note| report.push(note));
    Ok(report)
}

/// Everything about a run but its samples.
///
/// # Errors
/// [`Failure`] when the files cannot be read.
pub fn facts(file: &Found, run: &Run) -> Result<Map<String, Value>, Failure> {
    let failed = |error| Failure::new("io", &file.path, error);
    let index = run.index();
    let metadata = run.metadata().map_err(failed)?;
    let last = index.frames().checked_sub(1);
    let time = |frame: Option<u64>| frame.map_or(Ok(None), |frame| run.time_ns(frame));
    let sections = index.sections().iter().map(|section| {
        json!({
            "first_frame": section.frames.start,
            "frames": section.frames.end - section.frames.start,
            "channels": section.channels,
            "payload_bytes": section.payload_bytes,
        })
    });
    let gaps = index
        .gaps(None)
        .into_iter()
        .map(|gap| json!({ "frames": gap.frames, "step": gap.step, "missing": gap.missing }));
    let report = report(file, run)?;
    let facts = json!({
        "format": wavekeep_smurf::INFO.id,
        "format_name": wavekeep_smurf::INFO.name,
        "kind": "stream",
        "pieces": run.pieces(),
        "bytes": index.bytes(),
        "frames": index.frames(),
        "sections": sections.collect::<Vec<_>>(),
        "frame_counter_step": index.step(),
        "gaps": gaps.collect::<Vec<_>>(),
        "missing_frames": index.missing_frames(),
        "errored_frames": index.errored_frames(),
        "bad_frames": index.bad_frames(),
        "other_records": index.other_channels().iter().map(|(channel, other)| (channel.to_string(), json!(other.records))).collect::<Map<_, _>>(),
        "rate_hz": run.rate_hz(),
        "time_basis": run.time_basis().to_string(),
        "first_time_ns": time(last.map(|_| 0)).map_err(failed)?,
        "last_time_ns": time(last).map_err(failed)?,
        "masked_channels": run.mask().map(|mask| mask.channels().len()),
        "metadata_records": index.metadata_records(),
        "config": metadata.config().tree(),
        "report": { "damaged": report.is_damaged(), "notes": report.notes(), "not_kept": report.not_kept() },
    });
    match facts {
        Value::Object(facts) => Ok(facts),
        _ => Ok(Map::new()),
    }
}

/// The part of a run that the command line asks for.
///
/// # Errors
/// [`Failure`] when a channel is none of a stream.
pub fn selection(args: &SelectionArgs, file: &Found, run: &Run) -> Result<Selection, Failure> {
    let refused = |error: &dyn std::fmt::Display| Failure::new("selection", &file.path, error);
    let mut selection = Selection { section: args.section, ..Selection::all() };
    if !args.channels.is_empty() {
        let parse =
            |choice: &ChannelChoice| choice.to_string().parse().map_err(|error| refused(&error));
        selection.channels = Some(args.channels.iter().map(parse).collect::<Result<_, _>>()?);
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

/// Writes a selection as `target`: as GNZ block by block, as anything else from such a GNZ, which
/// is mapped. Memory does not grow with the length of the run.
///
/// # Errors
/// [`Failure`] naming the input or the output.
pub fn convert(
    args: &Args,
    file: &Found,
    run: &Run,
    selection: &Selection,
    target: ArrayTarget,
    path: &Path,
    force: bool,
) -> Result<(), Failure> {
    let refused = |error: &dyn std::fmt::Display| Failure::new("stream", &file.path, error);
    let mut stream = run.stream(selection).map_err(|error| refused(&error))?;
    let mut facts = facts(file, run)?;
    facts.insert("channel_indices".to_owned(), json!(stream.indices()));
    let updates = run.metadata().map_err(|error| refused(&error))?;
    let updates = updates
        .updates()
        .iter()
        .map(|update| json!({ "frames_before": update.place.frame, "values": update.values }));
    facts.insert("metadata_updates".to_owned(), updates.collect());
    let text = Value::Object(facts).to_string();
    let metadata = match text.parse::<gnz::Value>() {
        Ok(gnz::Value::Object(metadata)) => metadata,
        _ => gnz::Object::new(),
    };
    let bar = frames_bar(args, stream.frames());
    let told = |done| bar.set_position(done);
    if target == ArrayTarget::Gnz {
        let written = write_stream(&mut stream, metadata, path, force, told);
        bar.finish_and_clear();
        return written.map_err(|error| refused(&error));
    }
    if !force && path.exists() {
        let exists = wavekeep_export::ExportError::Exists { path: path.to_owned() };
        return Err(Failure::export(&file.path, &exists));
    }
    // Beside the result: a folder for temporary files may be too small for it.
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder =
        tempfile::tempdir_in(parent.unwrap_or(Path::new("."))).map_err(|error| refused(&error))?;
    let between = folder.path().join("stream.gnz");
    let written = write_stream(&mut stream, metadata, &between, false, told);
    bar.finish_and_clear();
    written.map_err(|error| refused(&error))?;
    let opened = wavekeep_formats::Opener::default().open_any(&between)?;
    let wavekeep_formats::Opened::Arrays(held) = opened else { return Ok(()) };
    let arrays: Vec<_> = held.arrays().filter(|array| fits(target, array.name)).collect();
    write_arrays_file(&arrays, held.metadata(), target, path, &ArrayOptions::default(), force)
        .map_err(|error| Failure::export(&file.path, &error))
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

/// npy has room for one array: the samples.
fn fits(target: ArrayTarget, array: &str) -> bool {
    target != ArrayTarget::Npy || array == "data"
}
