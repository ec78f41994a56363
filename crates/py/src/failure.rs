//! Why something failed, on the way to an exception of `wavekeep._errors`.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};
use wavekeep_archive::{ArchiveError, DecodeFailure, ExportFailure, SaveError};
use wavekeep_core::{Error, SelectionError};
use wavekeep_export::{ExportError, StreamError};
use wavekeep_formats::OpenError;
use wavekeep_recorder::chain::ChainError;
use wavekeep_recorder::writer::WriterError;
use wavekeep_report::DrawError;

/// An exception before there is a Python to raise it in.
#[derive(Debug)]
pub struct Failure(Box<Facts>);

#[derive(Debug, Default)]
struct Facts {
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
pub fn detached<T: Send>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T, Failure> + Send,
) -> PyResult<T> {
    let done = py.detach(|| catch_unwind(AssertUnwindSafe(work)));
    done.unwrap_or_else(|panic| Err(Failure::of_panic(panic.as_ref()))).map_err(PyErr::from)
}

impl Failure {
    /// A failure of the exception class `class`.
    pub fn new(class: &'static str, message: impl ToString) -> Self {
        let message = message.to_string();
        Self(Box::new(Facts { class, message, ..Facts::default() }))
    }

    /// The same failure, about `path`.
    pub fn about(mut self, path: &Path) -> Self {
        self.0.path.get_or_insert_with(|| path.to_owned());
        self
    }

    fn offset(mut self, offset: u64) -> Self {
        self.0.offset = Some(offset);
        self
    }

    fn expected(mut self, expected: impl ToString) -> Self {
        self.0.expected = Some(expected.to_string());
        self
    }

    fn found(mut self, found: impl ToString) -> Self {
        self.0.found = Some(found.to_string());
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

    /// What the system says of a file.
    pub fn of_io(path: &Path, error: &io::Error, message: impl ToString) -> Self {
        let class = match error.kind() {
            io::ErrorKind::NotFound => "FileMissingError",
            io::ErrorKind::AlreadyExists => "FileTakenError",
            io::ErrorKind::PermissionDenied => "FileRefusedError",
            _ => "FileError",
        };
        let mut failure = Self::new(class, message).about(path);
        failure.0.errno = error.raw_os_error();
        failure
    }

    fn exception(self, py: Python<'_>) -> PyResult<PyErr> {
        let Facts { class, message, path, offset, expected, found, errno, raised } = *self.0;
        if let Some(raised) = raised {
            return Ok(raised);
        }
        let class = py.import("wavekeep._errors")?.getattr(class)?.cast_into::<PyType>()?;
        let facts = PyDict::new(py);
        facts.set_item("path", path.map(|path| path.to_string_lossy().into_owned()))?;
        facts.set_item("offset", offset)?;
        facts.set_item("expected", expected)?;
        facts.set_item("found", found)?;
        let error = class.call((message,), Some(&facts))?;
        if let Some(errno) = errno {
            error.setattr("errno", errno)?;
        }
        Ok(PyErr::from_value(error))
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        Python::attach(|py| {
            let message = failure.0.message.clone();
            failure.exception(py).unwrap_or_else(|_| PyRuntimeError::new_err(message))
        })
    }
}

impl From<PyErr> for Failure {
    fn from(raised: PyErr) -> Self {
        let mut failure = Self::new("Error", "raised by Python");
        failure.0.raised = Some(raised);
        failure
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::NotThisFormat { expected, found, .. } => {
                Self::new("NotThisFormatError", message).expected(expected).found(found)
            }
            Error::Malformed { offset, expected, found, .. } => {
                Self::new("MalformedError", message).offset(offset).expected(expected).found(found)
            }
            Error::Limit { limit, found, .. } => {
                Self::new("LimitError", message).expected(format!("at most {limit}")).found(found)
            }
            Error::Unsupported { .. } => Self::new("UnsupportedError", message),
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
                (path, Self::new("NotAFileError", "").found(found))
            }
            OpenError::UnknownFormat { path, found, known } => {
                (path, Self::new("NotThisFormatError", "").found(found).expected(known))
            }
            OpenError::NoRecording { path, .. } => (path, Self::new("UnsupportedError", "")),
            OpenError::Gnz { path, source } => (path, Self::from(*source)),
            OpenError::Stream { path, source } => (path, Self::from(*source)),
            OpenError::Decode { path, source } => (path, Self::from(source)),
            _ => return Self::new("Error", message),
        };
        let mut failure = inner.about(&path);
        failure.0.message = message;
        failure
    }
}

impl From<ArchiveError> for Failure {
    fn from(error: ArchiveError) -> Self {
        use ArchiveError as E;
        let message = error.to_string();
        let mut failure = match error {
            E::Io { path, source, .. } => return Self::of_io(&path, &source, message),
            E::NotAnArchive { path } => Self::new("FileMissingError", "").about(&path),
            E::NoEvent { .. } => Self::new("NoSuchEventError", ""),
            E::Sidecar { path, .. } | E::Damaged { path, .. } => {
                Self::new("MalformedError", "").about(&path)
            }
            E::Index { path, .. } | E::NewerIndex { path, .. } => {
                Self::new("ArchiveError", "").about(&path)
            }
            E::Patch(_) | E::Level(_) | E::Name(_) | E::NoReason => {
                Self::new("BadArgumentError", "")
            }
            E::NotLost { .. } => Self::new("NotLostError", ""),
            E::Decode { path, source } => Self::from(source).about(&path),
            E::NothingToUndo { .. } => Self::new("NothingToUndoError", ""),
            E::Stream { path, source } => Self::from(*source).about(&path),
            _ => Self::new("ArchiveError", ""),
        };
        failure.0.message = message;
        failure
    }
}

impl From<SaveError> for Failure {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::Archive(error) => match Arc::try_unwrap(error) {
                Ok(error) => error.into(),
                Err(shared) => Self::new("ArchiveError", shared),
            },
            SaveError::Name(_) => Self::new("BadArgumentError", error),
            SaveError::Decode { source, .. } => Self::from(source),
            error => Self::new("ArchiveError", error),
        }
    }
}

impl From<ExportFailure> for Failure {
    fn from(error: ExportFailure) -> Self {
        match error {
            ExportFailure::Archive(error) => error.into(),
            error => Self::new("ArchiveError", error),
        }
    }
}

impl From<DecodeFailure> for Failure {
    fn from(error: DecodeFailure) -> Self {
        let message = error.to_string();
        match error {
            DecodeFailure::UnknownFormat { found, known } => {
                Self::new("NotThisFormatError", message).expected(known).found(found)
            }
            DecodeFailure::Malformed(error) => error.into(),
            _ => Self::new("MalformedError", message),
        }
    }
}

impl From<wavekeep_smurf::Error> for Failure {
    fn from(error: wavekeep_smurf::Error) -> Self {
        use wavekeep_smurf::Error as E;
        let message = error.to_string();
        match error {
            E::Io { path, source, .. } => Self::of_io(&path, &source, message),
            E::NotAStream { path, .. } => Self::new("NotThisFormatError", message).about(&path),
            E::Legacy { path } => Self::new("UnsupportedError", message).about(&path),
            E::NoSuchRun { path } => Self::new("FileMissingError", message).about(&path),
            E::Changed { path, .. } => Self::new("ChangedError", message).about(&path),
            E::Shrunk { path, expected, found } => Self::new("MalformedError", message)
                .expected(format!("{expected} bytes"))
                .found(format!("{found} bytes"))
                .about(&path),
            E::BadLine { path, expected, found, .. } => {
                Self::new("MalformedError", message).expected(expected).found(found).about(&path)
            }
            E::NoSuchChannel { asked, present } => {
                Self::new("NoSuchChannelError", message).expected(present).found(asked)
            }
            E::SeveralSections { .. } | E::NoSuchSection { .. } | E::NoMask { .. } => {
                Self::new("SelectionError", message)
            }
            E::TooManyThreads { .. } => Self::new("BadArgumentError", message),
            E::BufferTooSmall { .. } => Self::new("SelectionError", message),
            E::OutOfMemory { .. } => Self::new("TooLargeError", message),
            E::Exists { path } => Self::new("FileTakenError", message).about(&path),
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
            E::Exists { path } => return Self::new("FileTakenError", message).about(path),
            E::BadMagic { .. } => "NotThisFormatError",
            E::HeaderTooLong { .. } | E::TooDeep { .. } => "LimitError",
            E::UnsupportedVersion { .. } | E::SuccessorVersion { .. } => "UnsupportedError",
            E::NoSuchArray { .. } => "NoSuchArrayError",
            E::OutOfMemory { .. } => "TooLargeError",
            E::NameTaken { .. }
            | E::LengthMismatch { .. }
            | E::ReservedKey { .. }
            | E::NotADtype { .. }
            | E::DtypeMismatch { .. }
            | E::NotFilled { .. } => "BadArgumentError",
            _ => "MalformedError",
        };
        let failure = Self::new(class, message);
        match error {
            E::BadMagic { .. } => failure.offset(0),
            E::HeaderTooLong { .. } | E::HeaderPastEnd { .. } => failure.offset(4),
            E::NotUtf8 { offset, .. }
            | E::NotJson { offset, .. }
            | E::TooDeep { offset, .. }
            | E::LoneSurrogate { offset }
            | E::NotAnObject { offset, .. }
            | E::DuplicateKey { offset, .. }
            | E::DuplicateArray { offset, .. }
            | E::MissingField { offset, .. }
            | E::WrongType { offset, .. }
            | E::UnknownDtype { offset, .. }
            | E::UnknownOrder { offset, .. }
            | E::NegativeNumber { offset, .. }
            | E::FractionalNumber { offset, .. }
            | E::HugeNumber { offset, .. }
            | E::ChecksumMismatch { offset, .. } => failure.offset(offset),
            _ => failure,
        }
    }
}

impl From<SelectionError> for Failure {
    fn from(error: SelectionError) -> Self {
        let message = error.to_string();
        match error {
            SelectionError::NoChannel { asked, present } => {
                Self::new("NoSuchChannelError", message).expected(present).found(asked)
            }
            _ => Self::new("SelectionError", message),
        }
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        let message = error.to_string();
        match error {
            ExportError::Unrepresentable { .. } => Self::new("UnsupportedError", message),
            ExportError::Exists { path } => Self::new("FileTakenError", message).about(&path),
            ExportError::NotAFile { path } => Self::new("NotAFileError", message).about(&path),
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
            StreamError::Export(source) => source.into(),
            other => Self::new("Error", other),
        }
    }
}

impl From<DrawError> for Failure {
    fn from(error: DrawError) -> Self {
        Self::new("UnsupportedError", error)
    }
}

impl From<WriterError> for Failure {
    fn from(error: WriterError) -> Self {
        use WriterError as E;
        let message = error.to_string();
        match &error {
            E::Exists { path } => Self::new("FileTakenError", message).about(path),
            E::Create { path, source, .. }
            | E::Write { path, source, .. }
            | E::WriteAndCut { path, source, .. }
            | E::Sync { path, source } => Self::of_io(path, source, message),
            E::UnknownName { .. } => Self::new("NoSuchNameError", message),
            E::NoDataFile | E::NotOpen | E::WhileOpen { .. } => {
                Self::new("WriterStateError", message)
            }
            _ => Self::new("BadArgumentError", message),
        }
    }
}

impl From<ChainError> for Failure {
    fn from(error: ChainError) -> Self {
        Self::new("BadArgumentError", error)
    }
}
