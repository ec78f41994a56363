//! `wavekeep record`

mod control;
mod metrics;
mod notices;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};
use wavekeep_link::bridge::{Bridge, BridgeOptions};
use wavekeep_recorder::chain::{Chain, ChainConfig, FrameStatistics, SampleWidth};
use wavekeep_recorder::writer::{DataWriter, Disk, FileLayer, Frame, Value as Variable};
use wavekeep_recorder::{Input, Next, RecordError, Recorder, Source};
use wavekeep_smurf::Run;
use wavekeep_smurf::record::DATA_CHANNEL;

use self::control::Control;
use self::metrics::Metrics;
use self::notices::{Notices, loss_words};
use crate::args::{Args, Origin, RecordArgs};
use crate::exit::{Account, Usage};
use crate::inputs::frames_bar;
use crate::service;
use crate::terminal::{errln, outln};

/// How long a source may be silent before the buffer is handed to the file system.
const SILENCE: Duration = Duration::from_millis(200);
/// The same where somebody may ask meanwhile, who is answered then.
const SILENCE_WITH_CONTROL: Duration = Duration::from_millis(20);

/// Records until the source ends, the asked number is reached, or somebody stops the program.
pub fn run(args: &Args, command: &RecordArgs) -> anyhow::Result<Account> {
    let config = chain_config(command)?;
    if command.print_chain {
        let config = config.unwrap_or_default();
        outln!("{}", serde_json::to_string_pretty(&config)?);
        return Ok(Account::default());
    }
    let control = Control::listen(command, config.as_ref())?;
    match &control {
        None => record_into(Disk, args, command, config, None),
        Some(listening) => {
            record_into(listening.below().clone(), args, command, config, control.as_ref())
        }
    }
}

fn record_into<L: FileLayer>(
    layer: L,
    args: &Args,
    command: &RecordArgs,
    config: Option<ChainConfig>,
    control: Option<&Control>,
) -> anyhow::Result<Account> {
    let (mut source, mut notices) = source(command, config.as_ref())?;
    // Before there is a file: from then on, who stops the program gets one that is closed.
    let stop = stop_signal()?;
    let mut recorder = Recorder::new(writer(layer, command)?, config.map(Chain::new).transpose()?);
    service::working();
    let until = Until {
        stop,
        frames: command.frames.unwrap_or(u64::MAX),
        time: command.seconds.map(|seconds| Instant::now() + Duration::from_secs_f64(seconds)),
    };
    let bar = bar(args, command.frames);
    let mut taken = Taken::default();
    let mut metrics = Metrics::new(command);
    let ended = record(Recording {
        recorder: &mut recorder,
        source: &mut source,
        control,
        notices: notices.as_mut(),
        until: &until,
        taken: &mut taken,
        bar: &bar,
        metrics: &mut metrics,
    });
    bar.finish_and_clear();
    // A bridge takes nothing in any more: what waits there had come before the end.
    drop(source);
    // What was recorded is closed and summed up, whatever happened to the source.
    let closed = recorder.writer_mut().close();
    metrics.write(&recorder, &taken, notices.as_ref());
    let summary = summary(&recorder, command, &taken, notices.as_ref());
    match args.json {
        true => outln!("{summary}"),
        false if !args.quiet => {
            errln!("{}", sentence(&recorder, command, &taken, notices.as_ref()))
        }
        false => {}
    }
    let ended = ended?;
    closed?;
    let mut account = Account::default();
    let incomplete = statistics(&recorder)
        .is_some_and(|found| found.lost + found.out_of_order + found.bad > 0)
        || notices.is_some_and(|notices| notices.counts().is_incomplete());
    if let Some(error) = &ended {
        crate::render::error(format_args!(
            "{}: {error}; what stands before it is recorded",
            command.from
        ));
    }
    account.read(ended.is_some() || incomplete);
    account.failed += usize::from(taken.faults > 0);
    Ok(account)
}

/// Where frames come from, and what watches it.
fn source(
    command: &RecordArgs,
    config: Option<&ChainConfig>,
) -> anyhow::Result<(Source, Option<Notices>)> {
    let instrument = &command.instrument;
    let is_bridge = matches!(command.from, Origin::Bridge(_));
    if !is_bridge && (instrument.metadata.is_some() || instrument.bind) {
        let message = "--metadata and --bind belong to a bridge: --from tcp://host:port";
        return Err(Usage(message.to_owned()).into());
    }
    let source = match &command.from {
        Origin::Run(path) => Source::records(inputs_of(path)?),
        Origin::Stdin => Source::records(vec![Input::new("standard input", io::stdin())]),
        Origin::Emulator => Source::emulator(command.emulator.channels, command.emulator.rate),
        Origin::Bridge(address) => {
            let bridge = Bridge::open(
                &BridgeOptions::new(address.clone())
                    .with_metadata(instrument.metadata.clone())
                    .with_bind(instrument.bind)
                    .with_stamp(config.is_some_and(|config| config.input == SampleWidth::I16)),
            )?;
            for address in bridge.bound() {
                crate::render::care(format_args!("frames are taken in at {address}"));
            }
            let notices = Notices::new(bridge.status(), config.is_some());
            return Ok((Source::of(bridge), Some(notices)));
        }
    };
    Ok((source, None))
}

/// The chain's settings: those of the file; for the emulator alone, only its own samples.
fn chain_config(command: &RecordArgs) -> anyhow::Result<Option<ChainConfig>> {
    let given = command.chain.as_ref().map(|path| read_config(path)).transpose()?;
    if command.from != Origin::Emulator || command.print_chain {
        return Ok(given);
    }
    let emulator = &command.emulator;
    let base = given.unwrap_or_else(ChainConfig::passing);
    let input_emulator = base
        .input_emulator
        .with_enabled(true)
        .with_shape(emulator.shape.into())
        .with_amplitude(emulator.amplitude)
        .with_offset(emulator.offset.into())
        .with_period(emulator.period);
    Ok(Some(base.with_input(SampleWidth::I16).with_input_emulator(input_emulator)))
}

fn read_config(path: &Path) -> anyhow::Result<ChainConfig> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{}: cannot read the chain's settings", path.display()))?;
    serde_json::from_str(&text).with_context(|| {
        format!("{}: no settings of the chain (--print-chain prints an example)", path.display())
    })
}

fn inputs_of(path: &Path) -> anyhow::Result<Vec<Input>> {
    let run = Run::open(path).with_context(|| format!("{}: cannot be opened", path.display()))?;
    let input = |path: &Path| Input::file(path.display().to_string(), path);
    Ok(run.pieces().into_iter().map(input).collect())
}

/// A writer with its variables set and, unless it is to wait, its file open.
fn writer<L: FileLayer>(layer: L, command: &RecordArgs) -> anyhow::Result<DataWriter<L>> {
    let mut writer = DataWriter::with_layer(layer);
    // Calls of the file system cost more than the copy into a buffer.
    writer.set_buffer_size(1 << 20)?;
    for variable in &command.variables {
        writer
            .set(&variable.name, Variable::Text(variable.value.clone()))
            .map_err(|error| Usage(error.to_string()))?;
    }
    let waits = command.instrument.wait_for_open;
    let output = match &command.output {
        Some(output) if command.instrument.control.is_some() => std::path::absolute(output)?,
        Some(output) => output.clone(),
        None if waits => return Ok(writer),
        None => return Err(Usage("-o names the file".to_owned()).into()),
    };
    if waits && output.is_dir() {
        return Ok(writer);
    }
    writer.set_data_file(&output);
    if command.auto_name {
        if !output.is_dir() {
            let message = format!("--auto-name wants a folder, {} is none", output.display());
            return Err(Usage(message).into());
        }
        writer.set_data_file(output.join("data.dat"));
        writer.auto_name();
    }
    if !waits {
        writer.open()?;
    }
    Ok(writer)
}

/// A bar towards the asked number of frames; a count where there is none.
fn bar(args: &Args, frames: Option<u64>) -> ProgressBar {
    let bar = frames_bar(args, frames.unwrap_or(0));
    let counting = ProgressStyle::with_template("{spinner} {human_pos} frames, {per_sec}");
    if let (None, Ok(style)) = (frames, counting) {
        bar.unset_length();
        bar.set_style(style);
    }
    bar
}

/// Becomes true when somebody asks the program to end.
fn stop_signal() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&stop);
    ctrlc::set_handler(move || seen.store(true, Ordering::Relaxed))?;
    Ok(stop)
}

/// When to end.
struct Until {
    stop: Arc<AtomicBool>,
    /// Frames that are taken from the source at most.
    frames: u64,
    time: Option<Instant>,
}

impl Until {
    fn is_over(&self, taken: u64) -> bool {
        taken >= self.frames
            || self.stop.load(Ordering::Relaxed)
            || self.time.is_some_and(|time| Instant::now() >= time)
    }
}

/// Frames of the source, by what was done with them.
#[derive(Debug, Default)]
struct Taken {
    /// Data frames.
    data: u64,
    /// Frames on all channels that came while no file was open.
    not_written: u64,
    /// Frames that could not be written, and why the last of them could not.
    faults: u64,
    last_fault: Option<String>,
}

/// What takes part in a recording.
struct Recording<'a, L: FileLayer> {
    recorder: &'a mut Recorder<L>,
    source: &'a mut Source,
    control: Option<&'a Control>,
    notices: Option<&'a mut Notices>,
    until: &'a Until,
    taken: &'a mut Taken,
    bar: &'a ProgressBar,
    metrics: &'a mut Metrics,
}

/// Why a source gave no more, where that was before its end.
type Ended = Option<String>;

fn record<L: FileLayer>(recording: Recording<'_, L>) -> anyhow::Result<Ended> {
    let silence = if recording.control.is_some() { SILENCE_WITH_CONTROL } else { SILENCE };
    let Recording { recorder, source, control, mut notices, until, taken, bar, metrics } =
        recording;
    while !until.is_over(taken.data) {
        if let Some(control) = control {
            control.answer(recorder);
        }
        match source.next(silence) {
            Next::Frame(frame, stamp) => take(recorder, control, taken, frame, stamp)?,
            Next::Nothing => {
                recorder.writer_mut().flush()?;
                metrics.update(recorder, taken, notices.as_deref());
            }
            Next::End => break,
            Next::Broken(ended) => return Ok(Some(ended)),
        }
        if let Some(notices) = &mut notices {
            notices.look(bar);
        }
        if taken.data.is_multiple_of(1024) {
            bar.set_position(taken.data);
            metrics.update(recorder, taken, notices.as_deref());
        }
    }
    Ok(None)
}

/// Takes one frame. Under control a frame that cannot be written ends nothing: who controls sees
/// `IsOpen` and opens again.
fn take<L: FileLayer>(
    recorder: &mut Recorder<L>,
    control: Option<&Control>,
    taken: &mut Taken,
    frame: Frame<'_>,
    stamp: Option<u64>,
) -> anyhow::Result<()> {
    taken.data += u64::from(frame.channel == DATA_CHANNEL);
    if control.is_some() && !recorder.writer().is_open() {
        taken.not_written += 1;
        return Ok(());
    }
    match recorder.take(frame, stamp) {
        Ok(()) => Ok(()),
        Err(RecordError::WrongWidth) => Err(Usage(RecordError::WrongWidth.to_string()).into()),
        Err(error) if control.is_none() => Err(error.into()),
        Err(error) => {
            taken.faults += 1;
            let fault = Some(error.to_string());
            // Thousands of frames a second can fail for one reason.
            if taken.last_fault != fault {
                crate::render::error(&error);
                taken.last_fault = fault;
            }
            Ok(())
        }
    }
}

fn statistics<L: FileLayer>(recorder: &Recorder<L>) -> Option<&FrameStatistics> {
    recorder.chain().map(Chain::statistics)
}

/// All variables, and what was counted.
fn summary<L: FileLayer>(
    recorder: &Recorder<L>,
    command: &RecordArgs,
    taken: &Taken,
    notices: Option<&Notices>,
) -> Value {
    let variables = recorder.writer().variables();
    let variables = variables.map(|(name, value)| (name.to_owned(), json!(value)));
    let mut summary = json!({
        "source": command.from.to_string(),
        "source_frames": taken.data,
        "variables": variables.collect::<Map<_, _>>(),
        "statistics": statistics(recorder),
    });
    if let Some(notices) = notices {
        summary["bridge"] = json!(notices.counts());
    }
    if command.instrument.control.is_some() {
        summary["not_written"] = taken.not_written.into();
        summary["faults"] = taken.faults.into();
    }
    summary
}

fn sentence<L: FileLayer>(
    recorder: &Recorder<L>,
    command: &RecordArgs,
    taken: &Taken,
    notices: Option<&Notices>,
) -> String {
    let writer = recorder.writer();
    let mut text = format!(
        "{} → {}: {} records, {} bytes",
        command.from,
        writer.data_file().display(),
        writer.frame_count(),
        writer.total_size()
    );
    if let Some(found) = statistics(recorder) {
        text += &format!(
            "; of {} data frames {} missing, {} out of order, {} bad",
            found.frames, found.lost, found.out_of_order, found.bad
        );
    }
    if let Some(counts) = notices.map(Notices::counts) {
        let losses = loss_words(&counts);
        let losses = if losses.is_empty() { "none is missing" } else { &losses };
        text += &format!("; {} frames came, {losses}", counts.frames);
        if counts.waiting_bytes > 0 {
            text += &format!(", {} bytes had come and were not recorded", counts.waiting_bytes);
        }
    }
    if taken.not_written > 0 {
        text += &format!("; {} frames came while no file was open", taken.not_written);
    }
    text
}
