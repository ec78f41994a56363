//! Runs that are open, and the pictures that are made of them.
//!
//! What is short is read when it is asked for. A long run is drawn from tiles (`tiles`), which are
//! made by reading it once in the background; until then its picture is a sample, and says so.

mod picture;
mod reading;
mod tiles;
pub mod time;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;
use tokio::sync::Semaphore;
use wavekeep_smurf::Run;

pub use picture::{Column, FRAME_HEAD, Picture, View};

use crate::problem::Problem;
use crate::state::State;
use reading::Reading;

/// Runs that are kept open.
const OPEN: NonZeroUsize = NonZeroUsize::new(8).unwrap();

/// Runs that are open.
#[derive(Debug)]
pub struct Streams {
    open: Mutex<LruCache<i64, (i64, Arc<OpenRun>)>>,
    /// One run is read in the background at a time: two would only be in each other's way.
    readers: Arc<Semaphore>,
}

/// A run, and its tiles as far as they were asked for.
#[derive(Debug)]
pub struct OpenRun {
    id: i64,
    /// The run.
    pub run: Run,
    readings: Mutex<BTreeMap<usize, Arc<Reading>>>,
}

impl Streams {
    /// None is open yet.
    pub fn new() -> Self {
        Self { open: Mutex::new(LruCache::new(OPEN)), readers: Arc::new(Semaphore::new(1)) }
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
        // An index that cannot be kept is no reason not to read a run.
        let _ = std::fs::create_dir_all(self.archive.layout().streams());
        let opened = Run::open_with_index(&path, &self.archive.layout().stream_index(id));
        let run = opened.map_err(|error| {
            tracing::error!("stream {id}: {error}");
            Problem::conflict(
                "stream",
                "the files of this run cannot be opened; the server's log says why",
            )
        })?;
        let run = Arc::new(OpenRun { id, run, readings: Mutex::default() });
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
}
