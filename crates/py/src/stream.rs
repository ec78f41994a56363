//! Streams.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use num_complex::Complex;
use numpy::ndarray::Array2;
use numpy::{
    IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadwriteArray2, PyUntypedArrayMethods,
};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use serde_json::{Value, json};
use wavekeep_export::Units;
use wavekeep_smurf::header::TES_BIASES;
use wavekeep_smurf::{Column, Gap, Mask, Run, Sample, Selection};

use crate::failure::{Failure, detached};
use crate::reopened::{IdentityFacts, facts_of};
use crate::view::View;

/// Band, channel, and frequency in MHz where that is known.
type Detector = Option<(u32, u32, Option<f64>)>;
/// First frame, end, step, missing frames, kind.
type GapFacts = (u64, u64, u32, u64, &'static str);
/// Ranges of frames, and for each frame whether its sender marked it bad.
type Frames<'py> = (Vec<(u64, u64)>, Bound<'py, PyArray1<bool>>);

/// An indexed run, until it is closed. It never changes.
#[pyclass(frozen, module = "wavekeep._wavekeep")]
pub struct Stream {
    run: RwLock<Option<Arc<Run>>>,
}

/// What of a run is asked for: a dictionary with these keys.
#[derive(Clone, FromPyObject)]
#[pyo3(from_item_all)]
pub struct Ask {
    channels: Option<Vec<String>>,
    frames: Option<(u64, u64)>,
    time_ns: Option<(u64, u64)>,
    section: Option<usize>,
    drop_errored: bool,
    threads: Option<usize>,
}

impl Ask {
    pub fn selection(&self) -> Result<Selection, Failure> {
        let parse = |choice: &String| {
            choice.parse().map_err(|error| Failure::new("NoSuchChannelError", error))
        };
        let channels = self.channels.as_ref().map(|all| all.iter().map(parse).collect());
        Ok(Selection {
            channels: channels.transpose()?,
            section: self.section,
            frames: self.frames.map(|(start, end)| start..end.max(start)),
            time_ns: self.time_ns.map(|(start, end)| start..end.max(start)),
            drop_errored: self.drop_errored,
            threads: self.threads,
        })
    }
}

impl Stream {
    pub fn new(run: Run) -> Self {
        Self::of_shared(Arc::new(run))
    }

    /// A run that others read too: closing it leaves theirs open.
    pub fn of_shared(run: Arc<Run>) -> Self {
        Self { run: RwLock::new(Some(run)) }
    }

    /// The run, for as long as it is looked at: closing it does not disturb who reads.
    fn run(&self) -> Result<Arc<Run>, Failure> {
        let run = self.run.read().unwrap_or_else(PoisonError::into_inner).clone();
        run.ok_or_else(|| Failure::new("ClosedError", "the run was closed: open it again"))
    }

    fn read_as<T: Sample>(&self, py: Python<'_>, ask: &Ask, dtype: &str) -> PyResult<View> {
        let samples = detached(py, || Ok(self.run()?.read::<T>(&ask.selection()?)?.samples))?;
        View::of_matrix(py, dtype, samples)
    }

    fn fill_as<'py, T: Sample + numpy::Element>(
        &self,
        ask: &Ask,
        out: &Bound<'py, PyAny>,
    ) -> Option<PyResult<usize>> {
        let mut out = out.extract::<PyReadwriteArray2<'py, T>>().ok()?;
        let py = out.py();
        // A slice is what numpy calls contiguous in either order, and need not be aligned.
        let in_order = out.is_c_contiguous() && out.data().is_aligned();
        let buffer = if in_order { out.as_slice_mut().ok() } else { None };
        let Some(buffer) = buffer else {
            let message = "out is not contiguous in memory, rows after each other";
            return Some(Err(Failure::new("BadArgumentError", message).into()));
        };
        Some(detached(py, || Ok(self.run()?.read_into::<T>(&ask.selection()?, buffer)?.frames)))
    }
}

/// The lookup table of a mask, for numpy.
pub fn table_of<'py>(py: Python<'py>, mask: &Mask) -> PyResult<Bound<'py, PyArray2<i64>>> {
    let row = |row: &[i32; 512]| row.iter().map(|at| i64::from(*at)).collect();
    let table: Vec<Vec<i64>> = mask.table().iter().map(row).collect();
    Ok(PyArray2::from_vec2(py, &table).map_err(|error| Failure::new("InternalError", error))?)
}

/// One field of headers as an array; of several rows, `rows × frames`.
fn field_array<'py, T: numpy::Element>(
    py: Python<'py>,
    values: Vec<T>,
    rows: usize,
) -> PyResult<Bound<'py, PyAny>> {
    if rows == 1 {
        return Ok(values.into_pyarray(py).into_any());
    }
    let shape = (rows, values.len() / rows);
    let array = Array2::from_shape_vec(shape, values);
    Ok(array.map_err(|error| Failure::new("InternalError", error))?.into_pyarray(py).into_any())
}

#[pymethods]
impl Stream {
    /// Closes the files. What has begun is finished.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        detached(py, || {
            let taken = self.run.write().unwrap_or_else(PoisonError::into_inner).take();
            drop(taken);
            Ok(())
        })
    }

    /// Whether it was closed.
    fn is_closed(&self) -> bool {
        self.run.read().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// The files, in the order in which they were written.
    fn pieces(&self) -> PyResult<Vec<PathBuf>> {
        Ok(self.run()?.pieces().into_iter().map(PathBuf::from).collect())
    }

    /// What tells the run from another one; see [`facts_of`].
    fn identity(&self, py: Python<'_>) -> PyResult<IdentityFacts> {
        detached(py, || Ok(facts_of(self.run()?.identity()?)))
    }

    /// The index, in the bytes of the file that is kept beside a run.
    fn index_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = detached(py, || Ok(self.run()?.index_bytes()))?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Everything but the samples, as JSON.
    fn facts(&self, py: Python<'_>) -> PyResult<String> {
        detached(py, || Ok(Value::Object(self.run()?.facts()?).to_string()))
    }

    /// The report as JSON, without what reading the metadata would add.
    fn report(&self, py: Python<'_>) -> PyResult<String> {
        detached(py, || Ok(super::report_json(&self.run()?.report()).to_string()))
    }

    /// Sections as (first frame, end frame, channels).
    fn sections(&self) -> PyResult<Vec<(u64, u64, u32)>> {
        let run = self.run()?;
        let sections = run.index().sections().iter();
        Ok(sections.map(|one| (one.frames.start, one.frames.end, one.channels)).collect())
    }

    fn __len__(&self) -> PyResult<usize> {
        Ok(usize::try_from(self.run()?.index().frames()).unwrap_or(usize::MAX))
    }

    #[getter]
    fn rate_hz(&self) -> PyResult<Option<f64>> {
        Ok(self.run()?.rate_hz())
    }

    /// How the times of frames are got, in words.
    #[getter]
    fn time_basis(&self) -> PyResult<String> {
        Ok(self.run()?.time_basis().to_string())
    }

    /// The configuration before a frame (of the whole run without one), as JSON.
    #[pyo3(signature = (frame=None))]
    fn config(&self, py: Python<'_>, frame: Option<u64>) -> PyResult<String> {
        detached(py, || {
            let run = self.run()?;
            let metadata = run.metadata()?;
            let config = frame.map_or_else(|| metadata.config(), |at| metadata.config_at(at));
            Ok(Value::Object(config.tree().clone()).to_string())
        })
    }

    /// Every metadata record, as JSON.
    fn updates(&self, py: Python<'_>) -> PyResult<String> {
        detached(py, || {
            let run = self.run()?;
            let metadata = run.metadata()?;
            let updates = metadata.updates().iter().map(
                |update| json!({ "frames_before": update.place.frame, "values": update.values }),
            );
            Ok(Value::Array(updates.collect()).to_string())
        })
    }

    /// The rows that a selection has, by sample index; with `iq` by pairs of samples.
    #[pyo3(signature = (ask, iq=false))]
    fn indices(&self, py: Python<'_>, ask: Ask, iq: bool) -> PyResult<Vec<usize>> {
        detached(py, || {
            Ok(match iq {
                true => self.run()?.rows::<Complex<f64>>(&ask.selection()?)?,
                false => self.run()?.rows::<i32>(&ask.selection()?)?,
            })
        })
    }

    /// Band, channel and frequency in MHz of every row of a selection, where they are known.
    #[pyo3(signature = (ask, iq=false))]
    fn detectors(&self, py: Python<'_>, ask: Ask, iq: bool) -> PyResult<Vec<Detector>> {
        let indices = self.indices(py, ask.clone(), iq)?;
        let map = detached(py, || {
            let run = self.run()?;
            let frames = run.frames_of(&ask.selection()?)?;
            Ok(run.channel_map(run.index().section_of(frames.start))?.ok())
        })?;
        let words = if iq { 2 } else { 1 };
        let of = |index: usize| map.as_ref().and_then(|map| map.detector(index, words));
        let known = indices.into_iter().map(of);
        Ok(known.map(|it| it.map(|it| (it.band, it.channel, it.frequency_mhz))).collect())
    }

    /// The frames that a selection has, as ranges, and for each whether its sender marked it bad.
    fn frames<'py>(&self, py: Python<'py>, ask: Ask) -> PyResult<Frames<'py>> {
        let (ranges, errored) = detached(py, || {
            // Without channels nothing is read.
            let selection = Selection { channels: Some(Vec::new()), ..ask.selection()? };
            let run = self.run()?;
            let mut blocks = run.blocks::<i32>(&selection, usize::MAX)?;
            let block = blocks.next_into(&mut [])?;
            Ok(block.map_or_else(Default::default, |block| (block.frame_ranges, block.errored)))
        })?;
        let ranges = ranges.into_iter().map(|range| (range.start, range.end)).collect();
        Ok((ranges, errored.into_pyarray(py)))
    }

    /// Reads a selection, channels × frames, as numbers of `dtype`, numpy's type string. Memory of an
    /// earlier result is used again where it is large: having the system clear fresh memory takes
    /// about as long as reading.
    fn read(&self, py: Python<'_>, ask: Ask, dtype: &str) -> PyResult<View> {
        match dtype.get(1..) {
            Some("i4") => self.read_as::<i32>(py, &ask, dtype),
            Some("f4") => self.read_as::<f32>(py, &ask, dtype),
            Some("f8") => self.read_as::<f64>(py, &ask, dtype),
            Some("c8") => self.read_as::<Complex<f32>>(py, &ask, dtype),
            Some("c16") => self.read_as::<Complex<f64>>(py, &ask, dtype),
            _ => Err(Failure::new("BadArgumentError", format!("no samples are {dtype}")).into()),
        }
    }

    /// Reads a selection into `out`, channels × frames, of int32, float32, float64 or complex;
    /// gives the number of frames.
    fn fill(&self, ask: Ask, out: &Bound<'_, PyAny>) -> PyResult<usize> {
        self.fill_as::<f64>(&ask, out)
            .or_else(|| self.fill_as::<i32>(&ask, out))
            .or_else(|| self.fill_as::<f32>(&ask, out))
            .or_else(|| self.fill_as::<Complex<f64>>(&ask, out))
            .or_else(|| self.fill_as::<Complex<f32>>(&ask, out))
            .unwrap_or_else(|| {
                let message = "out has to be a writable 2-d array of int32, float32, float64, \
                               complex64 or complex128 that nobody else is using";
                Err(PyTypeError::new_err(message))
            })
    }

    /// Where frame_counter does not go on as usual: the frames, the step, what is missing, the kind.
    fn gaps(&self) -> PyResult<Vec<GapFacts>> {
        let run = self.run()?;
        let facts =
            |gap: &Gap| (gap.frames.start, gap.frames.end, gap.step, gap.missing, gap.kind.code());
        Ok(run.gaps().iter().map(facts).collect())
    }

    /// The best times of a selection's frames, UNIX ns.
    fn times<'py>(&self, py: Python<'py>, ask: Ask) -> PyResult<Bound<'py, PyArray1<u64>>> {
        let times = detached(py, || Ok(self.run()?.times(&ask.selection()?)?.ns))?;
        Ok(times.into_pyarray(py))
    }

    /// The server's timestamps of a selection's frames, UNIX ns.
    fn timestamps<'py>(&self, py: Python<'py>, ask: Ask) -> PyResult<Bound<'py, PyArray1<u64>>> {
        let times = detached(py, || Ok(self.run()?.timestamps(&ask.selection()?)?))?;
        Ok(times.into_pyarray(py))
    }

    /// Header fields of a selection's frames, one array a field.
    fn headers<'py>(&self, py: Python<'py>, ask: Ask) -> PyResult<Bound<'py, PyDict>> {
        let headers = detached(py, || Ok(self.run()?.headers(&ask.selection()?)?))?;
        let fields = PyDict::new(py);
        for (name, column) in headers.into_columns() {
            let rows = if name == "tes_bias" { TES_BIASES } else { 1 };
            let array = match column {
                Column::U8(values) => field_array(py, values, rows)?,
                Column::U16(values) => field_array(py, values, rows)?,
                Column::U32(values) => field_array(py, values, rows)?,
                Column::U64(values) => field_array(py, values, rows)?,
                Column::I32(values) => field_array(py, values, rows)?,
            };
            fields.set_item(name, array)?;
        }
        Ok(fields)
    }

    /// `table[band][channel]`: the sample index, -1 where nothing was recorded. `None` without a
    /// mask file.
    fn mask_table<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyArray2<i64>>>> {
        let mask = detached(py, || Ok(self.run()?.table_mask()?))?;
        mask.map(|mask| table_of(py, &mask)).transpose()
    }

    /// Frequencies in MHz by line of the mask, from the file beside the run or the metadata.
    fn frequencies_mhz<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyArray1<f64>>>> {
        let run = self.run()?;
        if let Some(all) = run.frequencies_mhz() {
            return Ok(Some(PyArray1::from_slice(py, all)));
        }
        let map = detached(py, || Ok(run.channel_map(0)?.ok()))?;
        let all = map.and_then(|map| map.frequencies_mhz.clone());
        Ok(all.map(|all| PyArray1::from_vec(py, all)))
    }

    /// Writes a selection as a file of arrays; `progress(done, total)` is called with frames.
    #[pyo3(signature = (path, target, ask, overwrite, physical, progress=None))]
    #[allow(clippy::too_many_arguments, reason = "each is a keyword of the Python call")]
    fn save(
        &self,
        py: Python<'_>,
        path: PathBuf,
        target: &str,
        ask: Ask,
        overwrite: bool,
        physical: bool,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<()> {
        let units = if physical { Units::Physical } else { Units::Raw };
        let run = self.run()?;
        detached(py, || {
            crate::stream_save::save(
                &run,
                &ask.selection()?,
                target,
                units,
                &path,
                overwrite,
                progress,
            )
        })
    }
}
