//! Runs that are still being written.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;

use crate::failure::detached;
use crate::stream::Stream;

/// Goes on where it stopped: what was gone through is not read again.
#[pyclass(frozen, module = "wavekeep._wavekeep")]
pub struct Follower {
    follower: Mutex<wavekeep_smurf::Follower>,
}

#[pymethods]
impl Follower {
    /// Begins to follow a run; nothing of its last piece is read yet.
    #[new]
    fn new(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let follower = detached(py, || Ok(wavekeep_smurf::Follower::open(&path)?))?;
        Ok(Self { follower: Mutex::new(follower) })
    }

    /// Takes up what was written since; the new frames, from the first to one behind the last.
    fn poll(&self, py: Python<'_>) -> PyResult<(u64, u64)> {
        detached(py, || {
            let mut follower = self.follower.lock().unwrap_or_else(PoisonError::into_inner);
            let new = follower.poll()?;
            Ok((new.start, new.end))
        })
    }

    /// The run as far as it was taken up.
    fn snapshot(&self, py: Python<'_>) -> PyResult<Stream> {
        detached(py, || {
            let follower = self.follower.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(Stream::new(follower.snapshot()?))
        })
    }
}
