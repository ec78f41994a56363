//! Recordings that the server runs: a source, a chain and a DataWriter each, on a thread of its
//! own.
//!
//! Whoever asks sends a piece of work to that thread and waits for its answer, so that a command
//! falls between two frames and sees exactly what is recorded so far.

mod bridges;
mod folder;
mod form;
mod running;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use axum::http::StatusCode;
use tokio::sync::{mpsc, oneshot};

pub use bridges::Bridges;
pub use form::{RecordingForm, SourceForm};
pub use running::{Order, Running};

use wavekeep_archive::ArchiveError;

use self::folder::RecordingName;

use crate::problem::Problem;
use crate::state::State;

/// What is recorded in: a folder below the archive's root, beside those of units.
pub const FOLDER: &str = "recordings";

/// The recordings that there are.
#[derive(Debug, Default)]
pub struct Recordings {
    all: Mutex<Numbered>,
}

#[derive(Debug, Default)]
struct Numbered {
    last: u64,
    handles: BTreeMap<u64, Arc<Handle>>,
    /// Files that an earlier server was recording when it ended.
    interrupted: Vec<String>,
    is_stopping: bool,
}

/// A recording, from the outside.
#[derive(Debug)]
pub struct Handle {
    orders: mpsc::UnboundedSender<Order>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Recordings {
    fn all(&self) -> std::sync::MutexGuard<'_, Numbered> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The numbers of all, the oldest first.
    pub fn numbers(&self) -> Vec<u64> {
        self.all().handles.keys().copied().collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// When there is none of this number.
    pub fn get(&self, id: u64) -> Result<Arc<Handle>, Problem> {
        let found = self.all().handles.get(&id).map(Arc::clone);
        found.ok_or_else(|| Problem::not_found(format!("there is no recording {id}")))
    }

    /// Begins one, which does nothing until it is told to open.
    ///
    /// # Errors
    /// When there are as many as the server allows, or it is stopping.
    pub fn begin(
        &self,
        most: usize,
        make: impl FnOnce(u64) -> Running,
    ) -> Result<(u64, Arc<Handle>), Problem> {
        let mut all = self.all();
        if all.is_stopping {
            let detail = "the server is stopping";
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", detail));
        }
        if all.handles.len() >= most {
            let detail = format!(
                "there are {most} recordings, as many as the server holds: \
                 close and delete one that is done"
            );
            return Err(Problem::conflict("recordings", detail));
        }
        all.last += 1;
        let id = all.last;
        let (orders, received) = mpsc::unbounded_channel();
        let running = make(id);
        let thread = std::thread::Builder::new()
            .name(format!("recording {id}"))
            .spawn(move || running.work(received))
            .map_err(|error| Problem::internal(&error))?;
        let handle = Arc::new(Handle { orders, thread: Mutex::new(Some(thread)) });
        all.handles.insert(id, Arc::clone(&handle));
        Ok((id, handle))
    }

    /// The files that an earlier server was recording when it ended.
    pub fn interrupted(&self) -> Vec<String> {
        self.all().interrupted.clone()
    }

    /// Takes one off the list; its file stays.
    pub fn forget(&self, id: u64) -> Option<Arc<Handle>> {
        self.all().handles.remove(&id)
    }

    /// Closes and syncs all that is open; none is begun any more. Waits until that is done.
    pub fn stop(&self) {
        let handles: Vec<_> = {
            let mut all = self.all();
            all.is_stopping = true;
            std::mem::take(&mut all.handles).into_values().collect()
        };
        // All are told before the first is waited for.
        handles.iter().for_each(|handle| handle.end());
        for handle in handles {
            handle.joined();
        }
    }
}

impl Handle {
    /// Has `work` done between two frames.
    ///
    /// # Errors
    /// What `work` gives; a problem when the recording is gone.
    pub async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Running) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (answer, answered) = oneshot::channel();
        let order: Order = Box::new(move |running| {
            // Whoever asked may have gone away; what was asked is done all the same.
            let _ = answer.send(work(running));
        });
        let gone = || Problem::not_found("the recording is gone");
        self.orders.send(order).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }

    /// Tells the thread to close its file and end.
    fn end(&self) {
        // A thread that is gone has closed its file.
        let _ = self.orders.send(Box::new(Running::end));
    }

    /// Waits until the thread has ended.
    fn joined(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("a recording panicked; its file may not be synced");
        }
    }
}

impl State {
    /// Lists what an earlier server was recording when it ended.
    ///
    /// # Errors
    /// What the archive says.
    pub fn list_interrupted_recordings(&self) -> Result<(), ArchiveError> {
        for (file, note) in self.archive.noted_recordings()? {
            // The note of a file in a folder has a name of its own.
            let name = note["data_file"].as_str().unwrap_or(file.as_str());
            let Ok(file) = RecordingName::new(name) else {
                tracing::error!("the note {file} names no recording: {name:?}");
                continue;
            };
            let (state, name) = (self.clone(), name.to_owned());
            let begun = self
                .recordings
                .begin(usize::MAX, move |id| Running::interrupted(id, state, &file, &note));
            match begun {
                Ok(_) => self.recordings.all().interrupted.push(name),
                Err(problem) => tracing::error!("recording {name}: {}", problem.detail),
            }
        }
        Ok(())
    }

    /// Takes a recording off the list after its file is closed.
    ///
    /// # Errors
    /// When there is none of this number.
    pub async fn end_recording(&self, id: u64) -> Result<(), Problem> {
        let handle = self.recordings.get(id)?;
        // Whoever takes it off the list has seen it.
        let _ = handle
            .ask(|running| {
                running.forget_note();
                Ok(())
            })
            .await;
        handle.end();
        let ended = tokio::task::spawn_blocking(move || handle.joined()).await;
        ended.map_err(|error| Problem::internal(&error))?;
        self.recordings.forget(id);
        Ok(())
    }
}
