//! The processing chain before the writer.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde_json::json;
use wavekeep_recorder::chain::{self, ChainConfig};
use wavekeep_recorder::writer::Frame;

use crate::failure::{Failure, detached};

/// All stages with their state.
#[pyclass(frozen, module = "wavekeep._wavekeep")]
pub struct Chain {
    chain: Mutex<chain::Chain>,
}

fn config(json: &str) -> Result<ChainConfig, Failure> {
    serde_json::from_str(json).map_err(|error| Failure::new("BadArgumentError", error))
}

impl Chain {
    fn chain(&self) -> MutexGuard<'_, chain::Chain> {
        self.chain.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Chain {
    /// A chain at rest; settings as JSON.
    #[new]
    fn new(py: Python<'_>, settings: &str) -> PyResult<Self> {
        detached(py, || {
            let chain = chain::Chain::new(config(settings)?)?;
            Ok(Self { chain: Mutex::new(chain) })
        })
    }

    /// The settings, as JSON.
    fn config(&self) -> String {
        json!(self.chain().config()).to_string()
    }

    /// Other settings, as JSON; state is kept where they allow it.
    fn configure(&self, py: Python<'_>, settings: &str) -> PyResult<()> {
        detached(py, || Ok(self.chain().configure(config(settings)?)?))
    }

    /// Counts of frames: came, lost, out of order, bad, passed.
    fn statistics(&self) -> (u64, u64, u64, u64, u64) {
        let chain = self.chain();
        let counts = chain.statistics();
        (counts.frames, counts.lost, counts.out_of_order, counts.bad, chain.passed())
    }

    fn clear_statistics(&self) {
        self.chain().clear_statistics();
    }

    fn reset_unwrapper(&self) {
        self.chain().reset_unwrapper();
    }

    fn reset_filter(&self) {
        self.chain().reset_filter();
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
        let passed =
            detached(py, || Ok(self.chain().process(frame, stamp_ns)?.map(<[u8]>::to_vec)))?;
        Ok(passed.map(|payload| PyBytes::new(py, &payload)))
    }
}
