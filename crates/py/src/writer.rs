//! The DataWriter, by the names of its control surface.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use wavekeep_recorder::writer::{self, Control, Frame, Outcome, Value};

use crate::failure::detached;

/// Records frames into a file or a run of files.
#[pyclass(frozen, module = "wavekeep._wavekeep")]
pub struct DataWriter {
    writer: Mutex<writer::DataWriter>,
}

#[derive(FromPyObject, IntoPyObject)]
enum PyValue {
    Flag(bool),
    Number(u64),
    Text(String),
    Real(f64),
}

impl DataWriter {
    fn held(&self) -> MutexGuard<'_, writer::DataWriter> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl DataWriter {
    #[new]
    fn new() -> Self {
        Self { writer: Mutex::new(writer::DataWriter::new()) }
    }

    /// Name, access (`rw`, `ro`, `command`) and meaning of all that there is.
    #[staticmethod]
    fn controls() -> Vec<(&'static str, &'static str, &'static str)> {
        let access = |control: &Control| match control.access {
            writer::Access::ReadWrite => "rw",
            writer::Access::ReadOnly => "ro",
            writer::Access::Command => "command",
        };
        Control::ALL.iter().map(|one| (one.name, access(one), one.meaning)).collect()
    }

    /// A variable by its name.
    fn get(&self, py: Python<'_>, name: &str) -> PyResult<PyValue> {
        Ok(match detached(py, || Ok(self.held().get(name)?))? {
            Value::Flag(flag) => PyValue::Flag(flag),
            Value::Number(number) => PyValue::Number(number),
            Value::Real(real) => PyValue::Real(real),
            Value::Text(text) => PyValue::Text(text),
        })
    }

    /// Sets a variable by its name.
    fn set(&self, py: Python<'_>, name: &str, value: PyValue) -> PyResult<()> {
        let value = match value {
            PyValue::Flag(flag) => Value::Flag(flag),
            PyValue::Number(number) => Value::Number(number),
            PyValue::Real(real) => Value::Real(real),
            PyValue::Text(text) => Value::Text(text),
        };
        detached(py, || Ok(self.held().set(name, value)?))
    }

    /// Runs a command by its name.
    fn command(&self, py: Python<'_>, name: &str) -> PyResult<()> {
        detached(py, || Ok(self.held().command(name)?))
    }

    /// Writes a frame; `written`, `buffered` or `skipped`.
    #[pyo3(signature = (payload, channel=0, flags=0, error=0))]
    fn write(
        &self,
        py: Python<'_>,
        payload: &[u8],
        channel: u8,
        flags: u16,
        error: u8,
    ) -> PyResult<&'static str> {
        let frame = Frame { flags, error, channel, payload };
        let outcome = detached(py, || Ok(self.held().write(frame)?))?;
        Ok(match outcome {
            Outcome::Written => "written",
            Outcome::Buffered => "buffered",
            _ => "skipped",
        })
    }

    /// Hands the buffer to the file system.
    fn flush(&self, py: Python<'_>) -> PyResult<()> {
        detached(py, || Ok(self.held().flush()?))
    }
}
