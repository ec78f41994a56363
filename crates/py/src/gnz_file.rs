//! GNZ files, for reading.

use std::path::PathBuf;

use gnz::{Gnz, Order};
use pyo3::prelude::*;

use crate::failure::{Failure, detached};
use crate::view::{Elements, View};

/// An open GNZ file. It never changes.
#[pyclass(frozen, module = "wavekeep._wavekeep")]
pub struct GnzFile {
    gnz: Gnz,
}

#[pymethods]
impl GnzFile {
    /// Maps a file; with `copy`, reads it whole.
    #[new]
    #[pyo3(signature = (path, copy=false))]
    fn new(py: Python<'_>, path: PathBuf, copy: bool) -> PyResult<Self> {
        detached(py, || {
            let opened = if copy { Gnz::open_copy(&path) } else { Gnz::open(&path) };
            let gnz = opened.map_err(|error| Failure::from(error).about(&path))?;
            Ok(Self { gnz })
        })
    }

    /// The text of the header.
    fn header(&self) -> String {
        self.gnz.header_text().into_owned()
    }

    /// Whether the metadata holds checksums under the key that is reserved for them.
    fn has_checksums(&self) -> bool {
        self.gnz.checksums().is_some()
    }

    /// Name, type string, order, shape and offset of every array.
    fn infos(&self) -> Vec<(&str, String, &'static str, Vec<usize>, u64)> {
        let letter = |order| if order == Order::F { "F" } else { "C" };
        let infos = self.gnz.infos().iter();
        let all = infos.map(|info| {
            let dtype = info.dtype.to_string();
            (info.name.as_str(), dtype, letter(info.order), info.shape.clone(), info.offset)
        });
        all.collect()
    }

    /// The elements of an array where they lie.
    fn view(slf: &Bound<'_, Self>, name: &str) -> PyResult<View> {
        let array = slf.get().gnz.array(name).map_err(Failure::from)?;
        let dtype = array.dtype().to_string();
        let (shape, bytes) = (array.shape(), array.bytes());
        let column_major = array.order() == Order::F;
        let elements = Elements { dtype: &dtype, shape, column_major, bytes };
        View::new(slf.clone().into_any().unbind(), slf.py(), &elements)
    }

    /// Compares every array with its checksum: name, and `None` without one or whether it agrees.
    fn verify(&self, py: Python<'_>) -> PyResult<bool> {
        detached(py, || {
            let verification = self.gnz.verify()?;
            verification.ok()?;
            Ok(self.gnz.checksums().is_some())
        })
    }
}
