//! Memory of Rust as a numpy array, without a copy and without `unsafe`.

use std::any::Any;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use wavekeep_smurf::{Matrix, Sample};

/// Elements that somebody else owns, in the words of numpy's array interface.
///
/// `numpy.asarray(view)` is an array over those very bytes. It keeps the view, and the view keeps
/// the owner, so that the memory lives as long as any array over it; owners are frozen, so that
/// nothing moves or changes it. Arrays are read-only, but for those over memory of their own.
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

/// Memory that belongs to an array and to nobody else.
#[pyclass(frozen, module = "wavekeep._wavekeep")]
struct Memory {
    _held: Box<dyn Any + Send + Sync>,
}

impl View {
    /// A view of `elements`, which `owner` holds for as long as it lives.
    pub fn new(owner: Py<PyAny>, py: Python<'_>, elements: &Elements<'_>) -> PyResult<Self> {
        let Elements { dtype, shape, column_major, bytes } = elements;
        let data = (bytes.as_ptr().expose_provenance(), true);
        let interface = interface(py, dtype, shape, data)?;
        if *column_major && shape.len() > 1 && !bytes.is_empty() {
            let count: usize = shape.iter().product();
            let item = bytes.len() / count.max(1);
            let strides = shape.iter().scan(item, |next, length| {
                let stride = *next;
                *next *= length;
                Some(stride)
            });
            interface.set_item("strides", PyTuple::new(py, strides.collect::<Vec<_>>())?)?;
        }
        Ok(Self { _owner: owner, interface: interface.unbind() })
    }

    /// A view of a matrix that only arrays over it look at from now on: they may change it.
    pub fn of_matrix<T: Sample>(
        py: Python<'_>,
        dtype: &str,
        mut matrix: Matrix<T>,
    ) -> PyResult<Self> {
        let data = (matrix.as_mut_ptr().expose_provenance(), false);
        let shape = [matrix.rows(), matrix.columns()];
        let owner = Py::new(py, Memory { _held: Box::new(matrix) })?.into_any();
        let interface = interface(py, dtype, &shape, data)?;
        Ok(Self { _owner: owner, interface: interface.unbind() })
    }
}

/// The array interface of elements in row-major order; `data` is where they are, and whether they
/// must not be changed.
fn interface<'py>(
    py: Python<'py>,
    dtype: &str,
    shape: &[usize],
    data: (usize, bool),
) -> PyResult<Bound<'py, PyDict>> {
    let interface = PyDict::new(py);
    interface.set_item("version", 3)?;
    interface.set_item("typestr", dtype)?;
    interface.set_item("shape", PyTuple::new(py, shape)?)?;
    interface.set_item("data", data)?;
    Ok(interface)
}

#[pymethods]
impl View {
    #[getter]
    fn __array_interface__(&self, py: Python<'_>) -> Py<PyDict> {
        self.interface.clone_ref(py)
    }
}
