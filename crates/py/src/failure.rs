//! Why something failed, on the way to an exception of `wavekeep._errors`.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};
use wavekeep_core::{Error, SelectionError};
use wavekeep_export::{ExportError, StreamError};
use wavekeep_formats::OpenError;
use wavekeep_report::DrawError;
use wavekeep_smurf::chain::ChainError;
use wavekeep_smurf::writer::WriterError;

/// An exception before there is a Python to raise it in.
#[derive(Debug, Default)]
pub struct Failure {
    class: &'static str,
    message: String,
    path: Option<PathBuf>,
    offset: Option<u64>,
    expected: Option<String>,
    found: Option<String>,
    errno: Option<i32>,
    /// An exception of Python's own goes on as it is.
    raised: Option<PyErr>,
}

/// Runs `work` without the interpreter's lock. A panic becomes an exception that asks for a report.
///
/// # Errors
/// The failure as an exception.
pub fn door<T: Send>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T, Failure> + Send,
) -> PyResult<T> {
    let done = py.detach(|| catch_unwind(AssertUnwindSafe(work)));
    done.unwrap_or_else(|panic| Err(Failure::of_panic(panic.as_ref()))).map_err(PyErr::from)
}

impl Failure {
    /// A failure of the exception class `class`.
    pub fn new(class: &'static str, message: impl ToString) -> Self {
        Self { class, message: message.to_string(), ..Self::default() }
    }

    /// The same failure, about `path`.
    pub fn about(mut self, path: &Path) -> Self {
        self.path.get_or_insert_with(|| path.to_owned());
        self
    }

    fn of_panic(panic: &(dyn Any + Send)) -> Self {
        let said = panic.downcast_ref::<&str>().copied();
        let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let message = format!(
            "a defect of wavekeep, not of your program: {}; please report it, with the file if you may",
            said.unwrap_or("without a message")
        );
        Self::new("InternalError", message)
    }

    fn of_io(path: &Path, error: &io::Error, message: impl ToString) -> Self {
        let class = match error.kind() {
            io::ErrorKind::NotFound => "FileMissing",
            io::ErrorKind::AlreadyExists => "FileExists",
            io::ErrorKind::PermissionDenied => "FileRefused",
            _ => "FileError",
        };
        Self { errno: error.raw_os_error(), ..Self::new(class, message) }.about(path)
    }

    fn exception(self, py: Python<'_>) -> PyResult<PyErr> {
        if let Some(raised) = self.raised {
            return Ok(raised);
        }
        let class = py.import("wavekeep._errors")?.getattr(self.class)?.cast_into::<PyType>()?;
        let facts = PyDict::new(py);
        facts.set_item("path", self.path.map(|path| path.to_string_lossy().into_owned()))?;
        facts.set_item("offset", self.offset)?;
        facts.set_item("expected", self.expected)?;
        facts.set_item("found", self.found)?;
        let error = class.call((self.message,), Some(&facts))?;
        if let Some(errno) = self.errno {
            error.setattr("errno", errno)?;
        }
        Ok(PyErr::from_value(error))
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        Python::attach(|py| {
            let message = failure.message.clone();
            failure.exception(py).unwrap_or_else(|_| PyRuntimeError::new_err(message))
        })
    }
}

impl From<PyErr> for Failure {
    fn from(raised: PyErr) -> Self {
        Self { raised: Some(raised), ..Self::new("Error", "raised by Python") }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::NotThisFormat { expected, found, .. } => Self {
                expected: Some(expected.into_owned()),
                found: Some(found),
                ..Self::new("NotThisFormat", message)
            },
            Error::Malformed { offset, expected, found, .. } => Self {
                offset: Some(offset),
                expected: Some(expected.into_owned()),
                found: Some(found),
                ..Self::new("Malformed", message)
            },
            Error::Limit { limit, found, .. } => Self {
                expected: Some(format!("at most {limit}")),
                found: Some(found.to_string()),
                ..Self::new("Limit", message)
            },
            Error::Unsupported { .. } => Self::new("Unsupported", message),
            _ => Self::new("Error", message),
        }
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let message = error.to_string();
        let (path, inner) = match error {
            OpenError::Io { path, source, .. } => {
                let failure = Self::of_io(&path, &source, "");
                (path, failure)
            }
            OpenError::NotAFile { path, found } => {
                let failure = Self::new("NotAFile", "");
                (path, Self { found: Some(found.to_owned()), ..failure })
            }
            OpenError::UnknownFormat { path, found, known } => {
                let failure = Self::new("NotThisFormat", "");
                (path, Self { found: Some(found), expected: Some(known), ..failure })
            }
            OpenError::NoRecording { path, .. } => (path, Self::new("Unsupported", "")),
            OpenError::Gnz { path, source } => (path, Self::from(*source)),
            OpenError::Stream { path, source } => (path, Self::from(*source)),
            OpenError::Decode { path, source } => (path, Self::from(source)),
            _ => return Self::new("Error", message),
        };
        Self { message, ..inner }.about(&path)
    }
}

impl From<wavekeep_smurf::Error> for Failure {
    fn from(error: wavekeep_smurf::Error) -> Self {
        use wavekeep_smurf::Error as E;
        let message = error.to_string();
        match error {
            E::Io { path, source, .. } => Self::of_io(&path, &source, message),
            E::NoSuchRun { path } => Self::new("FileMissing", message).about(&path),
            E::Shrunk { path, expected, found } => Self {
                expected: Some(format!("{expected} bytes")),
                found: Some(format!("{found} bytes")),
                ..Self::new("Malformed", message)
            }
            .about(&path),
            E::BadLine { path, expected, found, .. } => Self {
                expected: Some(expected.to_owned()),
                found: Some(found),
                ..Self::new("Malformed", message)
            }
            .about(&path),
            E::NoSuchChannel { asked, present } => Self {
                expected: Some(present),
                found: Some(asked),
                ..Self::new("NoSuchChannel", message)
            },
            E::SeveralSections { .. } | E::NoSuchSection { .. } | E::NoMask { .. } => {
                Self::new("SelectionError", message)
            }
            E::BufferTooSmall { .. } => Self::new("SelectionError", message),
            E::OutOfMemory { .. } => Self::new("TooLarge", message),
            E::Exists { path } => Self::new("FileExists", message).about(&path),
            _ => Self::new("Error", message),
        }
    }
}

impl From<gnz::Error> for Failure {
    fn from(error: gnz::Error) -> Self {
        use gnz::Error as E;
        let message = error.to_string();
        let class = match &error {
            E::Io { path, source, .. } => return Self::of_io(path, source, message),
            E::Exists { path } => return Self::new("FileExists", message).about(path),
            E::BadMagic { .. } => "NotThisFormat",
            E::HeaderTooLong { .. } | E::TooDeep { .. } => "Limit",
            E::UnsupportedVersion { .. } => "Unsupported",
            E::NoSuchArray { .. } => "NoSuchArray",
            E::OutOfMemory { .. } => "TooLarge",
            E::NameTaken { .. }
            | E::LengthMismatch { .. }
            | E::ReservedKey { .. }
            | E::NotADtype { .. }
            | E::DtypeMismatch { .. }
            | E::NotFilled { .. } => "BadArgument",
            _ => "Malformed",
        };
        // The messages of a damaged header begin with its place.
        let place = message.split_once("byte ").map(|(_, rest)| rest);
        let digits = place.map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next());
        let offset = digits.flatten().and_then(|digits| digits.parse().ok());
        Self { offset, ..Self::new(class, message) }
    }
}

impl From<SelectionError> for Failure {
    fn from(error: SelectionError) -> Self {
        let message = error.to_string();
        match error {
            SelectionError::NoChannel { asked, present } => Self {
                expected: Some(present),
                found: Some(asked),
                ..Self::new("NoSuchChannel", message)
            },
            _ => Self::new("SelectionError", message),
        }
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        let message = error.to_string();
        match error {
            ExportError::Unrepresentable { .. } => Self::new("Unsupported", message),
            ExportError::Exists { path } => Self::new("FileExists", message).about(&path),
            ExportError::NotAFile { path } => Self::new("NotAFile", message).about(&path),
            ExportError::File { path, source } => Self::of_io(&path, &source, message),
            _ => Self::new("FileError", message),
        }
    }
}

impl<E: std::error::Error + Into<Failure> + 'static> From<StreamError<E>> for Failure {
    fn from(error: StreamError<E>) -> Self {
        match error {
            StreamError::Source(source) => source.into(),
            StreamError::File(source) => source.into(),
            other => Self::new("Error", other),
        }
    }
}

impl From<DrawError> for Failure {
    fn from(error: DrawError) -> Self {
        Self::new("Unsupported", error)
    }
}

impl From<WriterError> for Failure {
    fn from(error: WriterError) -> Self {
        use WriterError as E;
        let message = error.to_string();
        match &error {
            E::Exists { path } => Self::new("FileExists", message).about(path),
            E::Create { path, source, .. }
            | E::Write { path, source, .. }
            | E::WriteAndCut { path, source, .. }
            | E::Sync { path, source } => Self::of_io(path, source, message),
            E::UnknownName { .. } => Self::new("NoSuchName", message),
            E::NoDataFile | E::NotOpen | E::WhileOpen { .. } => Self::new("WriterState", message),
            _ => Self::new("BadArgument", message),
        }
    }
}

impl From<ChainError> for Failure {
    fn from(error: ChainError) -> Self {
        Self::new("BadArgument", error)
    }
}
