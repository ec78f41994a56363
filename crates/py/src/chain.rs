//! The processing chain before the writer.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde_json::json;
use wavekeep_smurf::chain::{self, ChainConfig};
use wavekeep_smurf::writer::Frame;

use crate::failure::{Failure, door};

/// All stages with their state.
#[pyclass(frozen, module = "wavekeep._wavekeep")]
pub struct Chain {
    held: Mutex<Held>,
}

struct Held {
    chain: chain::Chain,
    /// Frames that came out at the end; the downsampler's own count stands still while it is off.
    passed: u64,
}

fn config(json: &str) -> Result<ChainConfig, Failure> {
    serde_json::from_str(json).map_err(|error| Failure::new("BadArgument", error))
}

impl Chain {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Chain {
    /// A chain at rest; settings as JSON.
    #[new]
    fn new(py: Python<'_>, settings: &str) -> PyResult<Self> {
        door(py, || {
            let chain = chain::Chain::new(config(settings)?)?;
            Ok(Self { held: Mutex::new(Held { chain, passed: 0 }) })
        })
    }

    /// The settings, as JSON.
    fn config(&self) -> String {
        json!(self.held().chain.config()).to_string()
    }

    /// Other settings, as JSON; state is kept where they allow it.
    fn configure(&self, py: Python<'_>, settings: &str) -> PyResult<()> {
        door(py, || Ok(self.held().chain.configure(config(settings)?)?))
    }

    /// Counts of frames: came, lost, out of order, bad, passed.
    fn statistics(&self) -> (u64, u64, u64, u64, u64) {
        let held = self.held();
        let counts = held.chain.statistics();
        (counts.frames, counts.lost, counts.out_of_order, counts.bad, held.passed)
    }

    fn clear_statistics(&self) {
        let mut held = self.held();
        held.chain.clear_statistics();
        held.passed = 0;
    }

    fn reset_unwrapper(&self) {
        self.held().chain.reset_unwrapper();
    }

    fn reset_filter(&self) {
        self.held().chain.reset_filter();
    }

    /// Takes a frame and gives the payload to be written, or `None`.
    #[pyo3(signature = (payload, flags=0, error=0, stamp_ns=None))]
    fn process<'py>(
        &self,
        py: Python<'py>,
        payload: &[u8],
        flags: u16,
        error: u8,
        stamp_ns: Option<u64>,
    ) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let frame = Frame { flags, error, ..Frame::data(payload) };
        let passed = door(py, || {
            let mut held = self.held();
            let passed = held.chain.process(frame, stamp_ns)?.map(<[u8]>::to_vec);
            held.passed += u64::from(passed.is_some());
            Ok(passed)
        })?;
        Ok(passed.map(|payload| PyBytes::new(py, &payload)))
    }
}
