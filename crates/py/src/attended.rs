//! Long work that a caller waits for: Ctrl-C and an exception of a callback end the waiting.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use crate::failure::{Failure, detached};

/// How often the thread that asked looks for Ctrl-C while another one works.
const LOOK: Duration = Duration::from_millis(50);
/// How long it waits for the work to end, once it is to be stopped. What takes longer ends by
/// itself later.
const PATIENCE: Duration = Duration::from_millis(500);

/// Does `work` in a thread of its own, without the interpreter's lock. `hear` gets its
/// messages, with the lock, in the thread of the caller. When `hear` raises or somebody presses
/// Ctrl-C, `work` is asked to stop, and the exception comes soon, whatever `work` is at.
///
/// # Errors
/// What `work` fails with, or what was raised.
pub fn attended<T, M>(
    py: Python<'_>,
    work: impl FnOnce(&AtomicBool, &(dyn Fn(M) + Sync)) -> Result<T, Failure> + Send + 'static,
    hear: impl Fn(Python<'_>, M) -> PyResult<()> + Send,
) -> PyResult<T>
where
    T: Send + 'static,
    M: Send + 'static,
{
    detached(py, || {
        let stop = Arc::new(AtomicBool::new(false));
        let (sender, messages) = channel();
        let worker = thread::Builder::new().name("wavekeep-work".to_owned());
        let stopping = Arc::clone(&stop);
        let worker = worker.spawn(move || {
            let sender = Mutex::new(sender);
            work(&stopping, &|message| {
                // The caller may have raised, and gone.
                let _ = sender.lock().unwrap_or_else(PoisonError::into_inner).send(message);
            })
        });
        let worker = worker.map_err(|error| Failure::new("Error", error))?;
        match listen(&messages, hear) {
            Ok(()) => worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(raised) => {
                stop.store(true, Ordering::Relaxed);
                let until = Instant::now() + PATIENCE;
                while !worker.is_finished() && Instant::now() < until {
                    thread::sleep(LOOK / 10);
                }
                Err(raised.into())
            }
        }
    })
}

/// Hands every message on, until the other side has gone.
fn listen<M: Send>(
    messages: &Receiver<M>,
    hear: impl Fn(Python<'_>, M) -> PyResult<()>,
) -> PyResult<()> {
    loop {
        let message = match messages.recv_timeout(LOOK) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        Python::attach(|py| {
            py.check_signals()?;
            message.map_or(Ok(()), |message| hear(py, message))
        })?;
    }
}
