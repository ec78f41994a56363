//! `wavekeep record`

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};
use wavekeep_recorder::chain::{Chain, ChainConfig, EmulatorConfig, FrameStatistics, SampleWidth};
use wavekeep_recorder::writer::{DataWriter, Value as Variable};
use wavekeep_recorder::{Input, Next, RecordError, Recorder, Source};
use wavekeep_smurf::Run;

use crate::args::{Args, Origin, RecordArgs};
use crate::exit::{Account, Usage};
use crate::inputs::frames_bar;
use crate::terminal::{errln, outln};

/// How long a source may be silent before the buffer is handed to the file system.
const SILENCE: Duration = Duration::from_millis(200);

/// Records until the source ends, the asked number is reached, or somebody stops the program.
pub fn run(args: &Args, command: &RecordArgs) -> anyhow::Result<Account> {
    let config = chain_config(command)?;
    if command.print_chain {
        let config = config.unwrap_or_default();
        outln!("{}", serde_json::to_string_pretty(&config)?);
        return Ok(Account::default());
    }
    let inputs = match &command.from {
        Origin::Run(path) => inputs_of(path)?,
        Origin::Stdin => vec![Input::new("standard input", io::stdin())],
        Origin::Emulator => Vec::new(),
    };
    // Before there is a file: from then on, who stops the program gets one that is closed.
    let stop = stop_signal()?;
    let mut recorder = Recorder::new(writer(command)?, config.map(Chain::new).transpose()?);
    let until = Until {
        stop,
        frames: command.frames.unwrap_or(u64::MAX),
        time: command.seconds.map(|seconds| Instant::now() + Duration::from_secs_f64(seconds)),
    };
    let mut source = match &command.from {
        Origin::Emulator => Source::emulator(command.emulator.channels, command.emulator.rate),
        _ => Source::records(inputs),
    };
    let bar = bar(args, command.frames);
    let ended = record(&mut recorder, &mut source, &until, &bar);
    bar.finish_and_clear();
    // What was recorded is closed and told whatever became of the source.
    let closed = recorder.writer_mut().close();
    let told = told(&recorder, command);
    match args.json {
        true => outln!("{told}"),
        false if !args.quiet => errln!("{}", sentence(&recorder, command)),
        false => {}
    }
    let ended = ended?;
    closed?;
    let mut account = Account::default();
    let incomplete =
        statistics(&recorder).is_some_and(|found| found.lost + found.out_of_order + found.bad > 0);
    if let Some(error) = &ended {
        crate::render::error(format_args!(
            "{}: {error}; what stands before it is recorded",
            command.from
        ));
    }
    account.read(ended.is_some() || incomplete);
    Ok(account)
}

/// The chain's settings: those of the file; for the emulator alone, only its own samples.
fn chain_config(command: &RecordArgs) -> anyhow::Result<Option<ChainConfig>> {
    let given = command.chain.as_ref().map(|path| read_config(path)).transpose()?;
    if command.from != Origin::Emulator || command.print_chain {
        return Ok(given);
    }
    let emulator = &command.emulator;
    let base = given.unwrap_or_else(ChainConfig::passing);
    let input_emulator = EmulatorConfig {
        enabled: true,
        shape: emulator.shape.into(),
        amplitude: emulator.amplitude,
        offset: emulator.offset.into(),
        period: emulator.period,
        ..base.input_emulator
    };
    Ok(Some(ChainConfig { input: SampleWidth::I16, input_emulator, ..base }))
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

/// A writer with its variables set and its file open.
fn writer(command: &RecordArgs) -> anyhow::Result<DataWriter> {
    let Some(output) = &command.output else {
        return Err(Usage("-o names the file".to_owned()).into());
    };
    let mut writer = DataWriter::new();
    // Calls of the file system cost more than the copy into a buffer.
    writer.set_buffer_size(1 << 20)?;
    for variable in &command.variables {
        writer
            .set(&variable.name, Variable::Text(variable.value.clone()))
            .map_err(|error| Usage(error.to_string()))?;
    }
    writer.set_data_file(output);
    if command.auto_name {
        if !output.is_dir() {
            let message = format!("--auto-name wants a folder, {} is none", output.display());
            return Err(Usage(message).into());
        }
        writer.set_data_file(output.join("data.dat"));
        writer.auto_name();
    }
    writer.open()?;
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

/// Why a source gave no more, where that was before its end.
type Ended = Option<String>;

fn record(
    recorder: &mut Recorder,
    source: &mut Source,
    until: &Until,
    bar: &ProgressBar,
) -> anyhow::Result<Ended> {
    while !until.is_over(recorder.taken()) {
        match source.next(SILENCE) {
            Next::Frame(frame, stamp) => {
                recorder.take(frame, stamp).map_err(|error| match error {
                    RecordError::WrongWidth => Usage(error.to_string()).into(),
                    error => anyhow::Error::from(error),
                })?
            }
            Next::Nothing => recorder.writer_mut().flush()?,
            Next::End => break,
            Next::Broken(ended) => return Ok(Some(ended)),
        }
        if recorder.taken().is_multiple_of(1024) {
            bar.set_position(recorder.taken());
        }
    }
    Ok(None)
}

fn statistics(recorder: &Recorder) -> Option<&FrameStatistics> {
    recorder.chain().map(Chain::statistics)
}

/// All variables, and what the chain counted.
fn told(recorder: &Recorder, command: &RecordArgs) -> Value {
    let variables = recorder.writer().variables();
    let variables = variables.map(|(name, value)| (name.to_owned(), json!(value)));
    json!({
        "source": command.from.to_string(),
        "source_frames": recorder.taken(),
        "variables": variables.collect::<Map<_, _>>(),
        "statistics": statistics(recorder),
    })
}

fn sentence(recorder: &Recorder, command: &RecordArgs) -> String {
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
    text
}
