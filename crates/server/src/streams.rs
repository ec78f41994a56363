//! Runs that are open, and the envelopes that overviews are cut from.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;
use wavekeep_core::FrameStream;
use wavekeep_signal::Envelope;
use wavekeep_smurf::{OpenOptions, Run, Selection};

use crate::problem::Problem;
use crate::state::State;

/// Runs that are kept open.
const OPEN: NonZeroUsize = NonZeroUsize::new(8).unwrap();
/// Pairs of the envelope of a run: 32 MiB.
const PAIRS: usize = 4 << 20;
/// Most steps of an envelope.
const STEPS: usize = 8192;

/// Runs that are open.
#[derive(Debug)]
pub struct Streams {
    open: Mutex<LruCache<i64, (i64, Arc<OpenRun>)>>,
}

/// A run, and the envelope of its sections as far as they were asked for.
#[derive(Debug)]
pub struct OpenRun {
    /// The run.
    pub run: Run,
    whole: Mutex<Option<(usize, Arc<Envelope>)>>,
}

impl Streams {
    /// None is open yet.
    pub fn new() -> Self {
        Self { open: Mutex::new(LruCache::new(OPEN)) }
    }
}

/// What cannot be read of a run, without the paths of the server.
pub fn failed(error: wavekeep_smurf::Error) -> Problem {
    match error {
        error @ (wavekeep_smurf::Error::Io { .. } | wavekeep_smurf::Error::Shrunk { .. }) => {
            Problem::internal(&error)
        }
        error => Problem::unprocessable("stream", error.to_string()),
    }
}

impl State {
    /// A run by its number, opened or open already.
    ///
    /// # Errors
    /// When there is none, or its files are gone.
    pub fn run(&self, id: i64) -> Result<Arc<OpenRun>, Problem> {
        let row = self.archive.event(id)?;
        if row.kind != "stream" {
            return Err(Problem::not_found(format!(
                "event {id} is no stream: ask /api/v1/events/{id}"
            )));
        }
        let open = || self.streams.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((changed, run)) = open().get(&id)
            && *changed == row.changed
        {
            return Ok(Arc::clone(run));
        }
        let sidecar = self.archive.sidecar(id)?;
        let stream = sidecar.document().get("stream");
        let adopted = stream.and_then(|stream| stream.get("pieces")?.get(0)?.get("path")?.as_str());
        let path: PathBuf = match adopted {
            // Joining leaves an absolute path as it is.
            Some(path) => self.archive.layout().root().join(path),
            None => self.archive.layout().event(&row.serial, &row.filename).source(),
        };
        let run = Run::open_with(&path, OpenOptions { unmapped: true, ..OpenOptions::default() })
            .map_err(|error| {
            tracing::error!("stream {id}: {error}");
            Problem::conflict(
                "stream",
                "the files of this run cannot be opened; the server's log says why",
            )
        })?;
        let run = Arc::new(OpenRun { run, whole: Mutex::default() });
        open().put(id, (row.changed, Arc::clone(&run)));
        Ok(run)
    }
}

impl OpenRun {
    /// The section that is asked for, or the longest one.
    ///
    /// # Errors
    /// When there is no such section, or none at all.
    pub fn section(&self, asked: Option<usize>) -> Result<usize, Problem> {
        let sections = self.run.index().sections();
        let longest = || {
            (0..sections.len()).max_by_key(|n| sections[*n].frames.end - sections[*n].frames.start)
        };
        let found = asked.or_else(longest).filter(|n| *n < sections.len());
        found.ok_or_else(|| {
            Problem::unprocessable("section", format!("the run has {} sections", sections.len()))
        })
    }

    /// The envelope of a section, all channels: the run is read once for it.
    ///
    /// # Errors
    /// When the run cannot be read.
    pub fn whole(&self, section: usize) -> Result<Arc<Envelope>, Problem> {
        // Whoever asks at the same time waits for the one pass instead of making a second one.
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, found)) = &*whole
            && *of == section
        {
            return Ok(Arc::clone(found));
        }
        let mut stream = self.run.stream(&Selection::all().section(section)).map_err(failed)?;
        let steps = (PAIRS / stream.channels().max(1)).clamp(1, STEPS);
        let envelope = Arc::new(Envelope::of(&mut stream, steps, |_| {}).map_err(failed)?);
        *whole = Some((section, Arc::clone(&envelope)));
        Ok(envelope)
    }
}

/// The steps of an envelope that touch some of its frames.
pub fn steps_within(envelope: &Envelope, frames: &Range<u64>) -> Range<usize> {
    let is_within = |step: usize| {
        let of = envelope.frames(step);
        of.start < frames.end && of.end > frames.start
    };
    let first = (0..envelope.steps()).find(|step| is_within(*step));
    let last = (0..envelope.steps()).rev().find(|step| is_within(*step));
    first.zip(last).map_or(0..0, |(first, last)| first..last + 1)
}
