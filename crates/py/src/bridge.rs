//! The stream bridge of Rogue, as a source of frames.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde_json::json;
use wavekeep_link::bridge::{self, BridgeOptions, BridgeStatus, Received};
use wavekeep_link::{Address, AddressError};

use crate::failure::{Failure, detached};

/// How long the interpreter does not learn that somebody pressed Ctrl-C.
const SLICE: Duration = Duration::from_millis(100);

/// Receives frames until it is closed.
#[pyclass(frozen, module = "wavekeep._wavekeep")]
pub struct Bridge {
    bridge: Mutex<Option<bridge::Bridge>>,
    status: BridgeStatus,
    bound: Vec<String>,
}

/// Payload, channel, flags, error.
type Frame<'py> = (Bound<'py, PyBytes>, u8, u16, u8);

#[pymethods]
impl Bridge {
    /// Connects, or binds; that nobody is there yet is no error.
    #[new]
    fn new(py: Python<'_>, data: &str, metadata: Option<&str>, bind: bool) -> PyResult<Self> {
        let address = |text: &str| {
            text.parse::<Address>()
                .map_err(|error: AddressError| Failure::new("BadArgumentError", error))
        };
        detached(py, || {
            let mut options = BridgeOptions::new(address(data)?);
            options.metadata = metadata.map(address).transpose()?;
            options.bind = bind;
            let bridge =
                bridge::Bridge::open(&options).map_err(|error| Failure::new("FileError", error))?;
            let bound = bridge.bound().iter().map(Address::to_string).collect();
            let status = bridge.status();
            Ok(Self { bridge: Mutex::new(Some(bridge)), status, bound })
        })
    }

    /// The next frame; `None` when none comes in time, or it is closed.
    fn receive<'py>(
        &self,
        py: Python<'py>,
        timeout_s: Option<f64>,
    ) -> PyResult<Option<Frame<'py>>> {
        let timeout = timeout_s.map(|timeout_s| Duration::try_from_secs_f64(timeout_s.max(0.0)));
        let timeout = timeout.transpose().unwrap_or_default();
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            let left = until.map_or(SLICE, |until| until.saturating_duration_since(Instant::now()));
            let next = detached(py, || {
                let mut bridge = self.bridge.lock().unwrap_or_else(PoisonError::into_inner);
                Ok(bridge.as_mut().map(|bridge| bridge.receive(left.min(SLICE))))
            })?;
            match next {
                None => return Ok(None),
                Some(Some(Received { flags, channel, error, payload })) => {
                    return Ok(Some((PyBytes::new(py, &payload), channel, flags, error)));
                }
                Some(None) => py.check_signals()?,
            }
            if until.is_some_and(|until| Instant::now() >= until) {
                return Ok(None);
            }
        }
    }

    /// What came so far, as JSON.
    fn counts(&self) -> String {
        json!(self.status.counts()).to_string()
    }

    /// Seconds since the last frame.
    fn silent_s(&self) -> f64 {
        self.status.silent_for().as_secs_f64()
    }

    /// The addresses that are bound, with their ports.
    fn bound(&self) -> Vec<String> {
        self.bound.clone()
    }

    /// Whether it was closed.
    fn is_closed(&self, py: Python<'_>) -> PyResult<bool> {
        detached(py, || Ok(self.bridge.lock().unwrap_or_else(PoisonError::into_inner).is_none()))
    }

    /// Ends all connections.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        detached(py, || {
            let taken = self.bridge.lock().unwrap_or_else(PoisonError::into_inner).take();
            drop(taken);
            Ok(())
        })
    }
}
