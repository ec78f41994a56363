//! `wavekeep record`

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use wavekeep_smurf::chain::{
    Chain, ChainConfig, DownsamplerConfig, EmulatorConfig, FilterConfig, FrameSource,
    FrameStatistics, SampleWidth,
};
use wavekeep_smurf::header::HEADER_LEN;
use wavekeep_smurf::record::DATA_CHANNEL;
use wavekeep_smurf::writer::{Access, Control, DataWriter, Frame, Outcome, Value as Variable};
use wavekeep_smurf::{RecordReadError, RecordReader, Run};

use crate::args::{Args, RecordArgs, Source};
use crate::exit::{Account, Usage};
use crate::inputs::frames_bar;

/// Frames that may wait between the source and the writer.
const WAITING: usize = 256;
/// How long a source may be silent before the buffer is handed to the file system.
const SILENCE: Duration = Duration::from_millis(200);

/// Records until the source ends, the asked number is reached, or somebody stops the program.
pub fn run(args: &Args, command: &RecordArgs) -> anyhow::Result<Account> {
    let config = chain_config(command)?;
    if command.print_chain {
        let config = config.unwrap_or_default();
        println!("{}", serde_json::to_string_pretty(&config)?);
        return Ok(Account::default());
    }
    let pieces = match &command.from {
        Source::Run(path) => pieces_of(path)?,
        _ => Vec::new(),
    };
    let mut recorder = Recorder {
        writer: writer(command)?,
        chain: config.map(Chain::new).transpose()?,
        stop: stop_signal()?,
        left: command.frames.unwrap_or(u64::MAX),
        until: command.seconds.map(|seconds| Instant::now() + Duration::from_secs_f64(seconds)),
        taken: 0,
        bar: bar(args, command.frames),
    };
    let source = match &command.from {
        Source::Emulator => recorder.emulate(command),
        Source::Stdin => recorder.records(vec![Input::stdin()]),
        Source::Run(_) => recorder.records(pieces.iter().map(|path| Input::file(path)).collect()),
    };
    recorder.bar.finish_and_clear();
    // What was recorded is closed and told whatever became of the source.
    let closed = recorder.writer.close();
    let told = told(&recorder, command);
    match args.json {
        true => println!("{told}"),
        false if !args.quiet => anstream::eprintln!("{}", sentence(&recorder, command)),
        false => {}
    }
    let ended = source?;
    closed?;
    let mut account = Account::default();
    let incomplete =
        recorder.statistics().is_some_and(|found| found.lost + found.out_of_order + found.bad > 0);
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
    if command.from != Source::Emulator || command.print_chain {
        return Ok(given);
    }
    let emulator = &command.emulator;
    let base = given.unwrap_or_else(|| ChainConfig {
        unwrap: false,
        filter: FilterConfig { enabled: false, ..FilterConfig::default() },
        downsampler: DownsamplerConfig { enabled: false, ..DownsamplerConfig::default() },
        ..ChainConfig::default()
    });
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

fn pieces_of(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let run = Run::open(path).with_context(|| format!("{}: cannot be opened", path.display()))?;
    Ok(run.pieces().into_iter().map(Path::to_owned).collect())
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

/// A run's source and what its frames become.
struct Recorder {
    writer: DataWriter,
    chain: Option<Chain>,
    stop: Arc<AtomicBool>,
    /// Frames that may still be taken from the source.
    left: u64,
    until: Option<Instant>,
    taken: u64,
    bar: ProgressBar,
}

/// Why a source gave no more, where that was before its end.
type Ended = Option<String>;

impl Recorder {
    fn is_over(&self) -> bool {
        self.left == 0
            || self.stop.load(Ordering::Relaxed)
            || self.until.is_some_and(|until| Instant::now() >= until)
    }

    fn statistics(&self) -> Option<&FrameStatistics> {
        self.chain.as_ref().map(Chain::statistics)
    }

    /// Writes one frame, through the chain if it is one of data.
    fn take(&mut self, frame: Frame<'_>, stamp: Option<u64>) -> anyhow::Result<()> {
        let is_data = frame.channel == DATA_CHANNEL;
        match &mut self.chain {
            Some(chain) if is_data => {
                if self.taken == 0 {
                    refuse_wrong_width(frame, chain.config().input)?;
                }
                if let Some(payload) = chain.process(frame, stamp)? {
                    self.writer.write(Frame::data(payload))?;
                }
            }
            _ => drop::<Outcome>(self.writer.write(frame)?),
        }
        if is_data {
            self.taken += 1;
            self.left -= 1;
            if self.taken.is_multiple_of(1024) {
                self.bar.set_position(self.taken);
            }
        }
        Ok(())
    }

    fn emulate(&mut self, command: &RecordArgs) -> anyhow::Result<Ended> {
        let mut source = FrameSource::new(command.emulator.channels);
        let rate = command.emulator.rate;
        let begun = Instant::now();
        while !self.is_over() {
            if rate > 0.0 {
                let due = begun + Duration::from_secs_f64(self.taken as f64 / rate);
                let early = due.saturating_duration_since(Instant::now());
                // A sleep is longer than it says: frames that are due in between come together.
                if early > Duration::from_millis(1) {
                    thread::sleep(early.min(SILENCE));
                    continue;
                }
            }
            let now = Timestamp::now().as_nanosecond();
            self.take(source.next_frame(), u64::try_from(now).ok())?;
        }
        Ok(None)
    }

    /// Takes the records of some inputs one after the other. They are read by a thread of its own,
    /// so that a silent pipe does not keep the program from ending.
    fn records(&mut self, inputs: Vec<Input>) -> anyhow::Result<Ended> {
        let (sender, receiver) = sync_channel(WAITING);
        thread::spawn(move || send_records(inputs, &sender));
        self.receive(&receiver)
    }

    fn receive(&mut self, receiver: &Receiver<Result<Owned, String>>) -> anyhow::Result<Ended> {
        while !self.is_over() {
            match receiver.recv_timeout(SILENCE) {
                Ok(Ok(owned)) => self.take(owned.frame(), None)?,
                Ok(Err(ended)) => return Ok(Some(ended)),
                Err(RecvTimeoutError::Timeout) => self.writer.flush()?,
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        Ok(None)
    }
}

/// Frames of 32-bit samples taken for such of 16 would give numbers that look like data.
fn refuse_wrong_width(frame: Frame<'_>, width: SampleWidth) -> Result<(), Usage> {
    let Some(count) = frame.payload.get(4..8).and_then(|bytes| bytes.try_into().ok()) else {
        return Ok(());
    };
    let channels = u32::from_le_bytes(count) as usize;
    if width == SampleWidth::I16 && channels > 0 && frame.payload.len() == HEADER_LEN + 4 * channels
    {
        let message =
            "the frames have 32-bit samples, the chain's settings say 16: set \"input\" to \"i32\"";
        return Err(Usage(message.to_owned()));
    }
    Ok(())
}

/// Something to read records from.
struct Input {
    name: String,
    reader: Box<dyn Read + Send>,
}

impl Input {
    fn stdin() -> Self {
        Self { name: "standard input: ".to_owned(), reader: Box::new(io::stdin()) }
    }

    fn file(path: &Path) -> Self {
        let name = format!("{}: ", path.display());
        match File::open(path) {
            Ok(file) => Self { name, reader: Box::new(BufReader::with_capacity(1 << 20, file)) },
            Err(error) => Self { name, reader: Box::new(Unreadable(error)) },
        }
    }
}

/// A file that cannot be opened says so when it is read.
struct Unreadable(io::Error);

impl Read for Unreadable {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::new(self.0.kind(), self.0.to_string()))
    }
}

/// A frame that travels between threads.
struct Owned {
    flags: u16,
    error: u8,
    channel: u8,
    payload: Vec<u8>,
}

impl Owned {
    fn frame(&self) -> Frame<'_> {
        Frame {
            flags: self.flags,
            error: self.error,
            channel: self.channel,
            payload: &self.payload,
        }
    }
}

fn send_records(inputs: Vec<Input>, sender: &SyncSender<Result<Owned, String>>) {
    for input in inputs {
        let mut records = RecordReader::new(input.reader);
        loop {
            let next = records.next_frame().map(|frame| {
                frame.map(|frame| Owned {
                    flags: frame.flags,
                    error: frame.error,
                    channel: frame.channel,
                    payload: frame.payload.to_vec(),
                })
            });
            let sent = match next {
                Ok(Some(owned)) => sender.send(Ok(owned)),
                Ok(None) => break,
                Err(error) => sender.send(Err(explained(&input.name, &error))),
            };
            // Nobody listens any more, or there is nothing more to say.
            if sent.is_err() {
                return;
            }
        }
    }
}

fn explained(name: &str, error: &RecordReadError) -> String {
    format!("{name}{error}")
}

/// All variables, and what the chain counted.
fn told(recorder: &Recorder, command: &RecordArgs) -> Value {
    let variables = Control::ALL.iter().filter(|control| control.access != Access::Command);
    let variables = variables.filter_map(|control| {
        let value = recorder.writer.get(control.name).ok()?;
        Some((control.name.to_owned(), json!(value)))
    });
    json!({
        "source": command.from.to_string(),
        "source_frames": recorder.taken,
        "variables": variables.collect::<Map<_, _>>(),
        "statistics": recorder.statistics(),
    })
}

fn sentence(recorder: &Recorder, command: &RecordArgs) -> String {
    let writer = &recorder.writer;
    let mut text = format!(
        "{} → {}: {} records, {} bytes",
        command.from,
        writer.data_file().display(),
        writer.frame_count(),
        writer.total_size()
    );
    if let Some(found) = recorder.statistics() {
        text += &format!(
            "; of {} data frames {} missing, {} out of order, {} bad",
            found.frames, found.lost, found.out_of_order, found.bad
        );
    }
    text
}
