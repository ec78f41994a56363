//! One recording, on its thread.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, error::TryRecvError};
use wavekeep_archive::SafeName;
use wavekeep_link::bridge::BridgeStatus;
use wavekeep_recorder::chain::{Chain, ChainConfig, SampleWidth};
use wavekeep_recorder::writer::{Access, Control, DataWriter, Value as Variable, WriterError};
use wavekeep_recorder::{Input, Next, RecordError, Recorder, Source};

use super::bridges::UsedBridge;
use super::folder::{Folder, RecordingName};
use super::form::{RecordingForm, SourceForm};
use crate::problem::Problem;
use crate::state::State;

/// How long a source may be silent before the buffer is handed to the file system, and before
/// somebody who asks is answered.
const SILENCE: Duration = Duration::from_millis(50);
/// How often listeners are notified of the progress.
const NOTIFY_EVERY: Duration = Duration::from_millis(500);
/// Bytes that are held back without a word about it.
const BUFFER: usize = 1 << 20;
/// Bytes that may be held back.
const MOST_BUFFER: u64 = 64 << 20;
/// The DataWriter's variable that is not to be had over HTTP: what was recorded once is never
/// replaced.
const OVERWRITE: &str = "Overwrite";

/// Work that falls between two frames.
pub type Order = Box<dyn FnOnce(&mut Running) + Send>;

/// A recording, on its thread.
pub struct Running {
    id: u64,
    state: State,
    source: SourceForm,
    /// The pieces of the run that is the source.
    pieces: Vec<PathBuf>,
    config: Option<ChainConfig>,
    frames: u64,
    time: Option<Duration>,
    folder: Folder,
    recorder: Recorder<Folder>,
    feed: Option<Feed>,
    /// The bridge of the last `Open`.
    bridge: Option<BridgeStatus>,
    /// The file of the last `Open`, and whether it has payloads alone.
    recorded: Option<(PathBuf, bool)>,
    opened_at: Option<String>,
    closed_at: Option<String>,
    ended: Option<String>,
    fault: Option<Problem>,
    event: Option<i64>,
    /// The archive's note of what is being recorded: `DataFile` may be another one by now.
    noted: Option<SafeName>,
    /// An earlier server ended while it recorded this.
    was_interrupted: bool,
    notified: Instant,
    is_over: bool,
}

/// What belongs to an open file.
struct Feed {
    source: Source,
    /// Is free for others when the file is closed.
    _bridge: Option<UsedBridge>,
    until: Option<Instant>,
}

impl Running {
    /// A recording that does nothing yet; `pieces` are those of the run that it is made from.
    pub fn new(
        id: u64,
        state: State,
        form: &RecordingForm,
        config: Option<ChainConfig>,
        pieces: Vec<PathBuf>,
    ) -> Self {
        let folder = Folder::new(state.archive.layout().root().join(super::FOLDER));
        let mut writer = DataWriter::with_layer(folder.clone());
        // Nothing is open: there is nothing that could fail.
        let _ = writer.set_buffer_size(BUFFER);
        Self {
            id,
            state,
            source: form.source.clone(),
            pieces,
            config,
            frames: form.frames.unwrap_or(u64::MAX),
            time: form.end_s().map(Duration::from_secs_f64),
            folder,
            recorder: Recorder::new(writer, None),
            feed: None,
            bridge: None,
            recorded: None,
            opened_at: None,
            closed_at: None,
            ended: None,
            fault: None,
            event: None,
            noted: None,
            was_interrupted: false,
            notified: Instant::now(),
            is_over: false,
        }
    }

    /// What an earlier server was recording when it ended: closed, and to be adopted or deleted.
    pub fn interrupted(id: u64, state: State, file: &RecordingName, note: &Value) -> Self {
        let source = serde_json::from_value(note["source"].clone());
        let form = RecordingForm::of(source.unwrap_or_default());
        let mut running = Self::new(id, state, &form, None, Vec::new());
        running.recorder.writer_mut().set_data_file(file.as_str());
        let is_raw = note["raw_mode"].as_bool().unwrap_or_default();
        running.recorded = Some((PathBuf::from(file.as_str()), is_raw));
        running.noted = file.of_note().ok();
        running.opened_at = note["opened_at"].as_str().map(str::to_owned);
        running.ended = Some("the server ended while it was recording".to_owned());
        running.was_interrupted = true;
        running
    }

    /// Notes in the archive that the file is being recorded, for the next server.
    fn note(&mut self) -> Result<(), Problem> {
        let Some(file) = self.file_name() else { return Ok(()) };
        let raw_mode = self.recorder.writer().raw_mode();
        let note = json!({
            "data_file": file.as_str(), "source": self.source, "opened_at": now(), "raw_mode": raw_mode,
        });
        let name =
            file.of_note().map_err(|error| Problem::unprocessable("name", error.to_string()))?;
        self.state.archive.note_recording(&name, &note)?;
        self.noted = Some(name);
        Ok(())
    }

    /// Takes the note away.
    pub fn forget_note(&mut self) {
        if let Some(name) = self.noted.take()
            && let Err(error) = self.state.archive.forget_recording(&name)
        {
            tracing::error!("recording {}: {error}", self.id);
        }
    }

    fn file_name(&self) -> Option<RecordingName> {
        RecordingName::new(self.recorder.writer().data_file().to_str()?).ok()
    }

    /// Records, and does what is asked for, until it is told to end.
    pub fn work(mut self, mut orders: UnboundedReceiver<Order>) {
        while !self.is_over {
            let order = match self.feed {
                // With nothing to record it sleeps.
                None => orders.blocking_recv().ok_or(TryRecvError::Disconnected),
                Some(_) => orders.try_recv(),
            };
            match order {
                Ok(order) => order(&mut self),
                Err(TryRecvError::Empty) => self.step(),
                Err(TryRecvError::Disconnected) => self.is_over = true,
            }
        }
        self.finish("the server closed it");
    }

    /// Makes it end; its file is closed first.
    pub fn end(&mut self) {
        self.is_over = true;
    }

    /// Takes the next frame.
    fn step(&mut self) {
        let Some(feed) = &mut self.feed else { return };
        if self.recorder.taken() >= self.frames {
            return self.finish("all frames that were asked for are recorded");
        }
        if feed.until.is_some_and(|until| Instant::now() >= until) {
            return self.finish("the time that was asked for is over");
        }
        let done = match feed.source.next(SILENCE) {
            Next::Frame(frame, stamp) => self.recorder.take(frame, stamp),
            Next::Nothing => self.recorder.writer_mut().flush().map_err(RecordError::from),
            Next::End => return self.finish("the source has ended"),
            Next::Broken(what) => {
                let detail = format!("{what}; what stands before it is recorded");
                return self.fail(Problem::unprocessable("source", detail));
            }
        };
        if let Err(error) = done {
            return self.fail(problem_of_record(&error));
        }
        let (total, most) =
            (self.recorder.writer().total_size(), self.state.limits.recording_bytes);
        if total >= most {
            let detail = format!("the recording has {total} bytes, {most} are allowed");
            return self.fail(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail));
        }
        if self.notified.elapsed() >= NOTIFY_EVERY {
            self.notify();
        }
    }

    /// Closes the file after a fault, which answers of this recording name from now on.
    fn fail(&mut self, fault: Problem) {
        tracing::error!("recording {}: {}", self.id, fault.detail);
        self.fault = Some(fault);
        self.finish("a fault ended it");
    }

    /// Closes what is open. A fault of closing is kept beside an earlier one only if there is none.
    fn finish(&mut self, why: &str) {
        let was_open = self.feed.take().is_some();
        if let Err(error) = self.recorder.writer_mut().close() {
            tracing::error!("recording {}: {error}", self.id);
            self.fault.get_or_insert(problem_of(&error));
        }
        if was_open {
            self.forget_note();
            self.ended = Some(why.to_owned());
            self.closed_at = Some(now());
            self.notify();
        }
    }

    /// Tells those who listen.
    fn notify(&mut self) {
        self.notified = Instant::now();
        self.state.live.notify("recording", self.status());
    }

    /// All that there is to say of it.
    pub fn status(&self) -> Value {
        let variables: Map<String, Value> = self.variables().collect();
        json!({
            "id": self.id,
            "source": self.source,
            "frames": (self.frames < u64::MAX).then_some(self.frames),
            "seconds": self.time.map(|time| time.as_secs_f64()),
            "is_open": self.feed.is_some(),
            "variables": variables,
            "source_frames": self.recorder.taken(),
            "statistics": self.recorder.chain().map(Chain::statistics),
            "bridge": self.bridge.as_ref().map(BridgeStatus::counts),
            "opened_at": self.opened_at,
            "closed_at": self.closed_at,
            "ended": self.ended,
            "fault": self.fault,
            "event": self.event,
        })
    }

    fn variables(&self) -> impl Iterator<Item = (String, Value)> + '_ {
        let offered = self.recorder.writer().variables().filter(|(name, _)| *name != OVERWRITE);
        offered.map(|(name, value)| (name.to_owned(), json!(value)))
    }

    /// A variable with what can be done with it.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn variable(&self, name: &str) -> Result<Value, Problem> {
        let control = variable_called(name)?;
        let value = self.recorder.writer().get(name).map_err(|error| problem_of(&error))?;
        Ok(json!({
            "name": control.name, "access": control.access, "meaning": control.meaning, "value": value,
        }))
    }

    /// Sets a variable.
    ///
    /// # Errors
    /// When there is none of this name, it can only be read, or cannot have this value.
    pub fn set(&mut self, name: &str, value: &Value) -> Result<(), Problem> {
        let control = variable_called(name)?;
        let value: Variable = serde_json::from_value(value.clone()).map_err(|_| {
            let detail = format!("{name} cannot be {value}: a string, a number of 0 or more, true or false was expected");
            Problem::unprocessable("value", detail)
        })?;
        match (name, &value) {
            ("DataFile", Variable::Text(text)) => {
                RecordingName::new(text).map_err(|error| {
                    let detail = format!(
                        "{error}; DataFile is a name below the folder {:?} of the archive",
                        super::FOLDER
                    );
                    Problem::unprocessable("name", detail)
                })?;
            }
            ("BufferSize", Variable::Number(bytes)) if *bytes > MOST_BUFFER => {
                let detail =
                    format!("BufferSize is {bytes}: at most {MOST_BUFFER} bytes are held back");
                return Err(Problem::unprocessable("value", detail));
            }
            // What stands for a number in a text would pass the bound.
            ("BufferSize", Variable::Text(_)) => {
                return Err(Problem::unprocessable("value", "BufferSize is a number of bytes"));
            }
            _ => {}
        }
        if control.access == Access::ReadOnly {
            return Err(problem_of(&WriterError::ReadOnly { name: control.name }));
        }
        let set = self.recorder.writer_mut().set(name, value);
        set.map_err(|error| self.failed(&error))?;
        self.notify();
        Ok(())
    }

    /// Runs a command. `Close` of a recording that a fault has ended answers with that fault.
    ///
    /// # Errors
    /// When there is none of this name, and what it gives.
    pub fn command(&mut self, name: &str) -> Result<(), Problem> {
        match name {
            "Open" => self.open(),
            "Close" => {
                self.finish("it was closed");
                self.fault.clone().map_or(Ok(()), Err)
            }
            _ => {
                let done = self.recorder.writer_mut().command(name);
                done.map_err(|error| self.failed(&error))?;
                self.notify();
                Ok(())
            }
        }
    }

    fn open(&mut self) -> Result<(), Problem> {
        let writer = self.recorder.writer();
        // What is being recorded does not end for a file that there cannot be.
        if let Some((file, _)) = self.recorded.as_ref().filter(|_| writer.is_open())
            && writer.data_file() == file
        {
            let path = writer.data_file().to_owned();
            return Err(problem_of(&WriterError::Exists { path }));
        }
        self.finish("it was opened anew");
        let chain = self.config.clone().map(Chain::new).transpose();
        let chain = chain.map_err(|error| Problem::unprocessable("chain", error.to_string()))?;
        let feed = self.feed()?;
        self.note()?;
        if let Err(error) = self.recorder.writer_mut().open() {
            self.forget_note();
            return Err(problem_of(&error));
        }
        self.was_interrupted = false;
        self.recorder.restart(chain);
        self.feed = Some(feed);
        (self.opened_at, self.closed_at) = (Some(now()), None);
        (self.ended, self.fault, self.event) = (None, None, None);
        let writer = self.recorder.writer();
        self.recorded = Some((writer.data_file().to_owned(), writer.raw_mode()));
        self.notify();
        Ok(())
    }

    /// The source, from its beginning.
    fn feed(&mut self) -> Result<Feed, Problem> {
        self.bridge = None;
        let (source, used) = match &self.source {
            SourceForm::Emulator(emulator) => {
                (Source::emulator(emulator.channels, emulator.rate_hz), None)
            }
            SourceForm::Run { .. } => {
                let name = |path: &Path| path.file_name().unwrap_or_default().display().to_string();
                let inputs = self.pieces.iter().map(|path| Input::file(name(path), path));
                (Source::records(inputs.collect()), None)
            }
            SourceForm::Bridge(form) => {
                let mut options = self.state.bridges.options(form)?;
                let width = self.config.as_ref().map(|config| config.input);
                options.stamp = width == Some(SampleWidth::I16);
                let (bridge, used) = UsedBridge::open(&self.state, &options)?;
                self.bridge = Some(bridge.status());
                (Source::of(bridge), Some(used))
            }
        };
        let until = self.time.and_then(|time| Instant::now().checked_add(time));
        Ok(Feed { source, _bridge: used, until })
    }

    /// The writer's error as a problem. Where it ended the recording, that is noted.
    fn failed(&mut self, error: &WriterError) -> Problem {
        let problem = problem_of(error);
        if self.feed.is_some() && !self.recorder.writer().is_open() {
            self.fail(problem.clone());
        }
        problem
    }

    /// Where the run is that was recorded, for the archive to take it in.
    ///
    /// # Errors
    /// When it is open, empty, or no run.
    pub fn recorded(&self) -> Result<PathBuf, Problem> {
        let writer = self.recorder.writer();
        if writer.is_open() {
            return Err(Problem::conflict("open", "the recording is open: close it first"));
        }
        match &self.recorded {
            Some((_, true)) => {
                let detail =
                    "payloads without record headers are no run: record with RawMode false";
                Err(Problem::conflict("raw", detail))
            }
            Some((file, false)) if writer.frame_count() > 0 || self.was_interrupted => {
                Ok(self.folder.path(file))
            }
            _ => Err(Problem::conflict("empty", "nothing was recorded")),
        }
    }

    /// Notes the number under which the archive has it.
    pub fn adopted(&mut self, event: i64) {
        self.event = Some(event);
        self.forget_note();
        self.notify();
    }
}

/// A variable that is to be had here.
fn variable_called(name: &str) -> Result<&'static Control, Problem> {
    let offered = || {
        let all = Control::ALL.iter();
        all.filter(|control| control.access != Access::Command && control.name != OVERWRITE)
    };
    offered().find(|control| control.name == name).ok_or_else(|| {
        let known = offered().map(|control| control.name).collect();
        problem_of(&WriterError::UnknownName { kind: "variable", name: name.to_owned(), known })
    })
}

fn problem_of_record(error: &RecordError) -> Problem {
    match error {
        RecordError::Writer(error) => problem_of(error),
        other => Problem::unprocessable("chain", other.to_string()),
    }
}

/// The writer's error as a problem: its files are names in the folder, no paths of the server.
fn problem_of(error: &WriterError) -> Problem {
    let (status, kind) = match error {
        WriterError::UnknownName { .. } => (StatusCode::NOT_FOUND, "unknown_name"),
        WriterError::Exists { .. } => (StatusCode::CONFLICT, "exists"),
        WriterError::NoDataFile => (StatusCode::CONFLICT, "no_data_file"),
        WriterError::NotOpen => (StatusCode::CONFLICT, "not_open"),
        WriterError::WhileOpen { .. } => (StatusCode::CONFLICT, "while_open"),
        WriterError::ReadOnly { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "read_only"),
        WriterError::WrongValue { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "value"),
        WriterError::LargerThanPiece { .. } | WriterError::PayloadTooLarge { .. } => {
            (StatusCode::UNPROCESSABLE_ENTITY, "record_too_large")
        }
        _ => (StatusCode::INSUFFICIENT_STORAGE, "storage"),
    };
    let mut detail = error.to_string();
    if matches!(error, WriterError::Exists { .. }) {
        // The writer would also offer to replace it.
        detail = detail.replace(", or set Overwrite", "; nothing that was recorded is replaced");
    }
    Problem::new(status, kind, detail)
}

fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
