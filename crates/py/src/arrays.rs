//! Files of named arrays.

use std::path::PathBuf;

use pyo3::prelude::*;
use wavekeep_core::{ArrayOrder, NamedArray};
use wavekeep_export::{ExportOptions, Target, write_arrays_file};
use wavekeep_formats::ArrayFile;

use crate::failure::{Failure, detached};
use crate::view::{Elements, View};

/// An open file of named arrays. It never changes.
#[pyclass(frozen, module = "wavekeep._wavekeep")]
pub struct Arrays {
    file: ArrayFile,
}

impl Arrays {
    pub fn new(file: ArrayFile) -> Self {
        Self { file }
    }

    fn array(&self, name: &str) -> Result<NamedArray<'_>, Failure> {
        self.file.array(name).ok_or_else(|| {
            let names: Vec<&str> = self.file.infos().map(|array| array.name).collect();
            let message =
                format!("there is no array {name:?}; the arrays are {}", names.join(", "));
            Failure::new("NoSuchArray", message)
        })
    }
}

#[pymethods]
impl Arrays {
    #[getter]
    fn format(&self) -> &'static str {
        self.file.format().id
    }

    /// Names, in the order of the file.
    fn keys(&self) -> Vec<&str> {
        self.file.infos().map(|array| array.name).collect()
    }

    /// Metadata, as JSON.
    fn metadata(&self) -> String {
        gnz::Value::Object(self.file.metadata().clone()).to_string()
    }

    /// The report, as JSON.
    fn report(&self) -> String {
        super::report_json(self.file.report()).to_string()
    }

    /// Type string, order and shape of an array.
    fn describe(&self, name: &str) -> PyResult<(String, &'static str, Vec<usize>)> {
        // Without unpacking anything.
        let Some(array) = self.file.infos().find(|array| array.name == name) else {
            self.array(name)?;
            return Err(Failure::new("NoSuchArray", name).into());
        };
        Ok((array.dtype.to_owned(), array.order.letter(), array.shape.to_vec()))
    }

    /// The elements of an array where they lie.
    fn view(slf: &Bound<'_, Self>, name: &str) -> PyResult<View> {
        let array = slf.get().array(name)?;
        if !array.dtype.starts_with(['<', '>', '|']) {
            let message = format!("the type {} of {name:?} is not one of numpy's", array.dtype);
            return Err(Failure::new("Unsupported", message).into());
        }
        let column_major = array.order == ArrayOrder::ColumnMajor;
        let NamedArray { dtype, shape, bytes, .. } = array;
        let elements = Elements { dtype, shape, column_major, bytes };
        View::new(slf.clone().into_any().unbind(), slf.py(), &elements)
    }

    /// Writes some of the arrays as another kind of file.
    fn save(
        &self,
        py: Python<'_>,
        path: PathBuf,
        target: &str,
        names: Vec<String>,
        overwrite: bool,
    ) -> PyResult<()> {
        detached(py, || {
            let target: Target =
                target.parse().map_err(|error| Failure::new("BadArgument", error))?;
            let arrays: Vec<_> =
                names.iter().map(|name| self.array(name)).collect::<Result<_, _>>()?;
            let options = ExportOptions::default();
            let metadata = self.file.metadata();
            Ok(write_arrays_file(&arrays, metadata, target, &path, &options, overwrite)?)
        })
    }
}
