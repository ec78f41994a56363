//! GNZ files, for writing.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use gnz::{Dtype, Order, Streaming, Writer};
use numpy::PyReadonlyArray1;
use pyo3::prelude::*;

use crate::failure::{Failure, detached};

/// A whole array: name, type string, order, shape, bytes in that order.
type Whole<'py> = (String, String, String, Vec<usize>, PyReadonlyArray1<'py, u8>);
/// A declared array: name, type string, shape.
type Declared = (String, String, Vec<usize>);

/// Writes a file; with declared arrays, one that is filled until it is finished.
#[pyfunction]
pub fn gnz_write(
    py: Python<'_>,
    path: PathBuf,
    metadata: &str,
    whole: Vec<Whole<'_>>,
    declared: Vec<Declared>,
    checksums: bool,
    overwrite: bool,
) -> PyResult<Option<GnzStreaming>> {
    let whole: Vec<_> = whole
        .iter()
        .map(|(name, dtype, order, shape, bytes)| {
            let bytes =
                bytes.as_slice().map_err(|error| Failure::new("BadArgumentError", error))?;
            Ok((name, dtype, order.as_str(), shape, bytes))
        })
        .collect::<Result<_, Failure>>()?;
    detached(py, || {
        let mut writer = Writer::new();
        writer.metadata_text(metadata)?.checksums(checksums).overwrite(overwrite);
        for (name, dtype, order, shape, bytes) in whole {
            let order = if order == "F" { Order::F } else { Order::C };
            writer.add_bytes(name, dtype.parse::<Dtype>()?, order, shape, bytes)?;
        }
        if declared.is_empty() {
            writer.write(&path)?;
            return Ok(None);
        }
        for (name, dtype, shape) in declared {
            writer.declare(name, dtype.parse::<Dtype>()?, &shape)?;
        }
        let file = Mutex::new(Some(writer.stream(&path)?));
        Ok(Some(GnzStreaming { file }))
    })
}

/// A file that is being filled, through maps of its partial path.
#[pyclass(frozen, module = "wavekeep._wavekeep")]
pub struct GnzStreaming {
    file: Mutex<Option<Streaming>>,
}

impl GnzStreaming {
    fn held(&self) -> MutexGuard<'_, Option<Streaming>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl GnzStreaming {
    /// Where the file lies until it is finished; `None` afterwards.
    #[getter]
    fn partial_path(&self) -> Option<PathBuf> {
        self.held().as_ref().map(|file| file.partial_path().to_owned())
    }

    /// Brings what was written so far to the disk.
    fn flush(&self, py: Python<'_>) -> PyResult<()> {
        detached(py, || Ok(self.held().as_ref().map_or(Ok(()), Streaming::flush)?))
    }

    /// Completes the file and gives it its name.
    fn finish(&self, py: Python<'_>) -> PyResult<()> {
        detached(py, || {
            let file = self.held().take();
            Ok(file.map_or(Ok(()), Streaming::finish)?)
        })
    }

    /// Removes the file.
    fn abandon(&self, py: Python<'_>) -> PyResult<()> {
        detached(py, || {
            let file = self.held().take();
            Ok(file.map_or(Ok(()), Streaming::abandon)?)
        })
    }
}
