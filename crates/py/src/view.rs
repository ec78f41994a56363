//! Memory of Rust as a numpy array, without a copy and without `unsafe`.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

/// Elements that somebody else owns, in the words of numpy's array interface.
///
/// `numpy.asarray(view)` is an array over those very bytes. It keeps the view, and the view keeps
/// the owner, so that the memory lives as long as any array over it; owners are frozen, so that
/// nothing moves or changes it. Arrays are read-only.
#[pyclass(frozen, module = "wavekeep._wavekeep")]
pub struct View {
    _owner: Py<PyAny>,
    interface: Py<PyDict>,
}

/// What numpy has to know of the elements.
pub struct Elements<'a> {
    /// numpy's type string.
    pub dtype: &'a str,
    /// Its lengths.
    pub shape: &'a [usize],
    /// Whether the first index runs fastest.
    pub column_major: bool,
    /// The elements. They belong to the owner.
    pub bytes: &'a [u8],
}

impl View {
    /// A view of `elements`, which `owner` holds for as long as it lives.
    pub fn new(owner: Py<PyAny>, py: Python<'_>, elements: &Elements<'_>) -> PyResult<Self> {
        let interface = PyDict::new(py);
        interface.set_item("version", 3)?;
        interface.set_item("typestr", elements.dtype)?;
        interface.set_item("shape", PyTuple::new(py, elements.shape)?)?;
        interface.set_item("data", (elements.bytes.as_ptr().addr(), true))?;
        if elements.column_major && elements.shape.len() > 1 && !elements.bytes.is_empty() {
            let count: usize = elements.shape.iter().product();
            let item = elements.bytes.len() / count.max(1);
            let strides = elements.shape.iter().scan(item, |next, length| {
                let stride = *next;
                *next *= length;
                Some(stride)
            });
            interface.set_item("strides", PyTuple::new(py, strides.collect::<Vec<_>>())?)?;
        }
        Ok(Self { _owner: owner, interface: interface.unbind() })
    }
}

#[pymethods]
impl View {
    #[getter]
    fn __array_interface__(&self, py: Python<'_>) -> Py<PyDict> {
        self.interface.clone_ref(py)
    }
}
