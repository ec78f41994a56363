//! A section that is read in the background, until its tiles are kept.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use serde_json::json;
use wavekeep_archive::TEMPORARY_PREFIX;

use super::tiles::{TileError, Tiles};
use super::{OpenRun, State};
use crate::problem::Problem;

/// How often listeners are notified of the progress.
const NOTIFY_EVERY: Duration = Duration::from_millis(400);

/// A file that nobody has written to for so long belongs to nobody.
const ABANDONED: Duration = Duration::from_secs(600);

/// The tiles of a section, and how far they are.
#[derive(Debug)]
pub struct Reading {
    tiles: Tiles,
    done: AtomicU64,
    failure: OnceLock<String>,
}

impl Reading {
    /// The tiles, as far as they are there.
    pub fn tiles(&self) -> &Tiles {
        &self.tiles
    }

    /// Whether every frame is read.
    pub fn is_complete(&self) -> bool {
        self.tiles.done(0) == self.tiles.len()
    }

    /// How far it is, as those who ask are told.
    pub fn progress(&self) -> serde_json::Value {
        json!({
            "done": self.done.load(Ordering::Relaxed),
            "total": self.tiles.len(),
            "failure": self.failure.get(),
        })
    }
}

impl State {
    /// The tiles of a section: those that are kept, or such as are being made from now on.
    ///
    /// # Errors
    /// When no file can be made for them.
    pub fn reading(&self, open: &Arc<OpenRun>, section: usize) -> Result<Arc<Reading>, Problem> {
        let mut readings = open.readings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reading) = readings.get(&section) {
            return Ok(Arc::clone(reading));
        }
        let path = self.archive.layout().streams().join(format!("{}-{section}.tiles", open.id));
        let kept = Tiles::kept(&path, &open.run, section);
        let (tiles, file) = match kept {
            Some(tiles) => (tiles, None),
            None => {
                let file = temporary(&self.archive.layout().streams(), open.id, section);
                let file = file.map_err(|error| Problem::internal(&error))?;
                let handle = file.reopen().map_err(|error| Problem::internal(&error))?;
                let tiles = Tiles::begin(handle, &open.run, section);
                (tiles.map_err(|error| Problem::internal(&error))?, Some(file))
            }
        };
        let reading = Arc::new(Reading {
            done: AtomicU64::new(tiles.done(0)),
            tiles,
            failure: OnceLock::new(),
        });
        readings.insert(section, Arc::clone(&reading));
        drop(readings);
        if let Some(file) = file {
            self.read_behind(Arc::clone(open), section, Arc::clone(&reading), file, path);
        }
        Ok(reading)
    }

    /// Reads a section while others are answered.
    fn read_behind(
        &self,
        open: Arc<OpenRun>,
        section: usize,
        reading: Arc<Reading>,
        file: tempfile::NamedTempFile,
        path: PathBuf,
    ) {
        let state = self.clone();
        tokio::runtime::Handle::current().spawn(async move {
            let readers = Arc::clone(&state.streams.readers);
            let Ok(permit) = readers.acquire_owned().await else { return };
            let read = tokio::task::spawn_blocking(move || {
                let notify = |reading: &Reading| {
                    let mut message = reading.progress();
                    message["stream"] = json!(open.id);
                    message["section"] = json!(section);
                    message["complete"] = json!(reading.is_complete());
                    state.live.notify("overview", message);
                };
                let stopping = state.live.stopping();
                let mut notified = Instant::now();
                let read = reading.tiles.read(&open.run, section, |done| {
                    reading.done.store(done, Ordering::Relaxed);
                    if notified.elapsed() >= NOTIFY_EVERY {
                        notified = Instant::now();
                        notify(&reading);
                    }
                    !*stopping.borrow()
                });
                match read {
                    // The picture is there all the same; the next server reads the run again.
                    Ok(()) => drop(keep(file, &path).inspect_err(|error| {
                        tracing::warn!("stream {}: tiles are not kept: {error}", open.id);
                    })),
                    Err(TileError::Stopped) => return,
                    Err(error) => {
                        tracing::error!("stream {}: no picture of all frames: {error}", open.id);
                        let words = "the run cannot be read to its end, or there is no room for \
                            what is derived of it; the server's log says why";
                        let _ = reading.failure.set(words.to_owned());
                    }
                }
                notify(&reading);
                drop(permit);
            });
            if let Err(error) = read.await {
                tracing::error!("a run could not be read in the background: {error}");
            }
        });
    }
}

/// A file to fill. What a server that was killed left of this section is removed first.
fn temporary(folder: &Path, id: i64, section: usize) -> std::io::Result<tempfile::NamedTempFile> {
    fs::create_dir_all(folder)?;
    let prefix = format!("{TEMPORARY_PREFIX}{id}-{section}-");
    for entry in fs::read_dir(folder)?.flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(&prefix);
        // One that another server fills right now is younger.
        let age = entry.metadata().and_then(|facts| facts.modified()).ok();
        let age = age.and_then(|changed| changed.elapsed().ok()).unwrap_or_default();
        if is_ours && age > ABANDONED {
            let _ = fs::remove_file(entry.path());
        }
    }
    tempfile::Builder::new().prefix(&prefix).suffix(".tiles").tempfile_in(folder)
}

/// Gives the finished file its name.
fn keep(file: tempfile::NamedTempFile, path: &Path) -> std::io::Result<()> {
    file.as_file().sync_all()?;
    wavekeep_export::persist(file.into_temp_path(), path, true)
}
