//! Where frames come from.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::chain::FrameSource;
use crate::record_reader::RecordReader;
use crate::writer::Frame;

/// Frames that may wait between the source and the writer.
const WAITING: usize = 256;

/// Something to read records from.
pub struct Input {
    name: String,
    reader: Box<dyn Read + Send>,
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Input").field(&self.name).finish()
    }
}

impl Input {
    /// Records of anything that can be read; `name` is what people call it.
    pub fn new(name: impl Into<String>, reader: impl Read + Send + 'static) -> Self {
        Self { name: name.into(), reader: Box::new(reader) }
    }

    /// Records of a file. That it cannot be opened is said when it is read.
    pub fn file(name: impl Into<String>, path: &Path) -> Self {
        match File::open(path) {
            Ok(file) => Self::new(name, BufReader::with_capacity(1 << 20, file)),
            Err(error) => Self::new(name, Unreadable(error)),
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

/// What a source gives.
#[derive(Debug)]
pub enum Next<'s> {
    /// A frame; for one that is made now, the UNIX time in ns for its header.
    Frame(Frame<'s>, Option<u64>),
    /// Nothing came in the time that was given.
    Nothing,
    /// There is no more.
    End,
    /// There is no more, because what comes next is no record: where and why.
    Broken(String),
}

/// Where frames come from that this crate does not know: a socket, an instrument.
pub trait Frames: Send {
    /// The next frame, if one comes within `patience`.
    fn next(&mut self, patience: Duration) -> Next<'_>;
}

/// Frames, one after the other.
#[derive(Debug)]
pub struct Source(Kind);

enum Kind {
    Emulator { frames: FrameSource, rate_hz: f64, begun: Option<Instant>, made: u64 },
    Records { receiver: Receiver<Result<Owned, String>>, present: Owned },
    Other(Box<dyn Frames>),
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Emulator { .. } => "Emulator",
            Self::Records { .. } => "Records",
            Self::Other(_) => "Other",
        })
    }
}

impl Source {
    /// Frames of 16-bit zeros for the chain's emulator to fill, `rate_hz` a second; 0 for as fast
    /// as they are asked for.
    pub fn emulator(channels: u32, rate_hz: f64) -> Self {
        let frames = FrameSource::new(channels);
        Self(Kind::Emulator { frames, rate_hz, begun: None, made: 0 })
    }

    /// The records of some inputs one after the other. They are read by a thread of its own, so
    /// that a silent pipe does not keep anybody from ending.
    pub fn records(inputs: Vec<Input>) -> Self {
        let (sender, receiver) = sync_channel(WAITING);
        thread::spawn(move || send_records(inputs, &sender));
        Self(Kind::Records { receiver, present: Owned::default() })
    }

    /// Frames of another kind.
    pub fn of(frames: impl Frames + 'static) -> Self {
        Self(Kind::Other(Box::new(frames)))
    }

    /// The next frame, if one comes within `patience`.
    pub fn next(&mut self, patience: Duration) -> Next<'_> {
        match &mut self.0 {
            Kind::Emulator { frames, rate_hz, begun, made } => {
                let begun = *begun.get_or_insert_with(Instant::now);
                if *rate_hz > 0.0 && !waited(begun, *made as f64 / *rate_hz, patience) {
                    return Next::Nothing;
                }
                *made += 1;
                let now = Timestamp::now().as_nanosecond();
                Next::Frame(frames.next_frame(), u64::try_from(now).ok())
            }
            Kind::Records { receiver, present } => match receiver.recv_timeout(patience) {
                Ok(Ok(owned)) => {
                    *present = owned;
                    Next::Frame(present.frame(), None)
                }
                Ok(Err(broken)) => Next::Broken(broken),
                Err(RecvTimeoutError::Timeout) => Next::Nothing,
                Err(RecvTimeoutError::Disconnected) => Next::End,
            },
            Kind::Other(frames) => frames.next(patience),
        }
    }
}

/// Waits until `seconds` after `begun`; `false` when that is later than `patience` from now.
fn waited(begun: Instant, seconds: f64, patience: Duration) -> bool {
    // A rate so low that no clock reaches the next frame.
    let Ok(after) = Duration::try_from_secs_f64(seconds) else {
        thread::sleep(patience);
        return false;
    };
    let early = after.saturating_sub(begun.elapsed());
    // A sleep is longer than it says: frames that are due in between come together.
    if early > Duration::from_millis(1) {
        thread::sleep(early.min(patience));
    }
    early <= patience
}

/// A frame that travels between threads.
#[derive(Debug, Default)]
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
                Err(error) => {
                    // There is nothing more to say, whether anybody listens or not.
                    let _ = sender.send(Err(format!("{}: {error}", input.name)));
                    return;
                }
            };
            if sent.is_err() {
                return;
            }
        }
    }
}
