//! Files of named arrays.

use std::path::PathBuf;

use pyo3::prelude::*;
use wavekeep_core::{ArrayOrder, NamedArray, Structured};
use wavekeep_export::{ExportOptions, Target, write_arrays_file};
use wavekeep_formats::{ArrayFile, Widened, is_narrow_float};

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
            Failure::new("NoSuchArrayError", message)
        })
    }
}

/// The elements of an array as float32, where a view keeps them.
#[pyclass(frozen, module = "wavekeep._wavekeep")]
struct Float32 {
    widened: Widened,
}

fn widened(array: &NamedArray<'_>) -> Result<Option<Widened>, Failure> {
    Widened::of(array).map_err(|error| {
        let name = array.name;
        let message = format!("float32 of {name:?} in the folder for temporary files: {error}");
        Failure::new("FileError", message)
    })
}

fn elements<'a>(array: &NamedArray<'a>, dtype: &'a str) -> Elements<'a> {
    let column_major = array.order == ArrayOrder::ColumnMajor;
    Elements { dtype, shape: array.shape, column_major, bytes: array.bytes }
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
            return Err(Failure::new("NoSuchArrayError", name).into());
        };
        Ok((array.dtype.to_owned(), array.order.letter(), array.shape.to_vec()))
    }

    /// The elements of an array where they lie.
    fn view(slf: &Bound<'_, Self>, name: &str) -> PyResult<View> {
        let array = slf.get().array(name)?;
        // Records go as bytes of their length; the caller knows their fields.
        let records = Structured::parse(array.dtype).ok().map(|it| format!("|V{}", it.item_size));
        let dtype = records.as_deref().unwrap_or(array.dtype);
        if !dtype.starts_with(['<', '>', '|']) {
            let advice = match is_narrow_float(dtype) {
                true => ": as_f32(name) gives it as float32, which changes no value",
                false => "",
            };
            let message = format!("the type {dtype} of {name:?} is not one of numpy's{advice}");
            return Err(Failure::new("UnsupportedError", message).into());
        }
        let owner = slf.clone().into_any().unbind();
        View::new(owner, slf.py(), &elements(&array, dtype))
    }

    /// The elements as float32, if numpy does not have their type and each of them is one.
    fn view_f32(slf: &Bound<'_, Self>, name: &str) -> PyResult<Option<View>> {
        let array = slf.get().array(name)?;
        let Some(widened) = detached(slf.py(), || widened(&array))? else { return Ok(None) };
        let held = Bound::new(slf.py(), Float32 { widened })?;
        let array = held.get().widened.array(array);
        View::new(held.clone().into_any().unbind(), slf.py(), &elements(&array, "<f4")).map(Some)
    }

    /// Writes some of the arrays as another kind of file.
    #[allow(clippy::too_many_arguments, reason = "the keywords of a function of Python")]
    fn save(
        &self,
        py: Python<'_>,
        path: PathBuf,
        target: &str,
        names: Vec<String>,
        overwrite: bool,
        as_f32: bool,
        compress: bool,
        checksums: bool,
    ) -> PyResult<()> {
        detached(py, || {
            let target: Target =
                target.parse().map_err(|error| Failure::new("BadArgumentError", error))?;
            let arrays: Vec<_> =
                names.iter().map(|name| self.array(name)).collect::<Result<_, _>>()?;
            let wide = arrays.iter().map(|array| if as_f32 { widened(array) } else { Ok(None) });
            let wide = wide.collect::<Result<Vec<_>, _>>()?;
            let arrays: Vec<_> = arrays
                .into_iter()
                .zip(&wide)
                .map(|(array, wide)| wide.as_ref().map_or(array, |wide| wide.array(array)))
                .collect();
            let options =
                ExportOptions::default().with_compress(compress).with_checksums(checksums);
            let metadata = self.file.metadata();
            Ok(write_arrays_file(&arrays, metadata, target, &path, &options, overwrite)?)
        })
    }
}
