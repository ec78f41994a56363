//! What Rust does for the Python package `wavekeep`.
//!
//! One file a Python class. Classes are thin and frozen; `python/wavekeep` makes of them what
//! people use. Facts cross as JSON, samples as arrays: numpy's own, filled here, or memory of Rust
//! that numpy looks at ([`view`]). Every call that works runs through [`failure::detached`]: without the
//! interpreter's lock, and with a panic turned into an exception.
#![forbid(unsafe_code)]

mod archive;
mod arrays;
mod attended;
mod bridge;
mod chain;
mod event;
mod failure;
mod follower;
mod gnz_file;
mod gnz_writer;
mod reopened;
mod report;
mod scaled_distance;
mod seed;
mod stream;
mod stream_save;
mod view;
mod writer;

use pyo3::prelude::*;
use serde_json::{Value, json};
use wavekeep_core::Report;

fn report_json(report: &Report) -> Value {
    json!({
        "damaged": report.is_damaged(),
        "contradicted": report.is_contradicted(),
        "notes": report.notes(),
        "not_kept": report.not_kept(),
    })
}

#[pymodule]
mod _wavekeep {
    use std::fs::{self, File};
    use std::io::Read;
    use std::path::PathBuf;

    use numpy::PyArray2;
    use pyo3::prelude::*;
    use wavekeep_core::{DecodeOptions, Match, Unit};
    use wavekeep_export::Target;
    use wavekeep_formats::{HEAD_LEN, Opened, Opener};
    use wavekeep_signal::Curve;
    use wavekeep_smurf::{Mask, OpenOptions};

    use crate::failure::{Failure, detached};

    #[pymodule_export]
    use crate::archive::{Archive, archived_event, head_file, parsed_head};
    #[pymodule_export]
    use crate::arrays::Arrays;
    #[pymodule_export]
    use crate::bridge::Bridge;
    #[pymodule_export]
    use crate::chain::Chain;
    #[pymodule_export]
    use crate::event::Event;
    #[pymodule_export]
    use crate::follower::Follower;
    #[pymodule_export]
    use crate::gnz_file::GnzFile;
    #[pymodule_export]
    use crate::gnz_writer::{GnzStreaming, gnz_write};
    #[pymodule_export]
    use crate::reopened::reopen;
    #[pymodule_export]
    use crate::report::write_whole;
    #[pymodule_export]
    use crate::seed::{seed_serial, seed_station, seed_stream};
    #[pymodule_export]
    use crate::stream::Stream;
    #[pymodule_export]
    use crate::view::View;
    #[pymodule_export]
    use crate::writer::DataWriter;

    /// The version of the package.
    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");

    /// Most threads that a read of a stream may ask for.
    #[pymodule_export]
    const MOST_THREADS: usize = wavekeep_smurf::MOST_THREADS;

    #[derive(IntoPyObject)]
    enum Handle {
        Event(Event),
        Stream(Stream),
        Arrays(Arrays),
    }

    /// Opens a file as what it is.
    #[pyfunction]
    #[pyo3(signature = (path, rate_hz=None, geophone_range=None, pretrigger_s=None, reports=true, one_piece=false, metadata_channel=None, keep_index=false))]
    #[allow(clippy::too_many_arguments, reason = "the keywords of a function of Python")]
    fn open(
        py: Python<'_>,
        path: PathBuf,
        rate_hz: Option<f64>,
        geophone_range: Option<&str>,
        pretrigger_s: Option<f64>,
        reports: bool,
        one_piece: bool,
        metadata_channel: Option<u8>,
        keep_index: bool,
    ) -> PyResult<Handle> {
        let opened = detached(py, || {
            let range = geophone_range.map(|word| {
                word.parse().map_err(|error: String| Failure::new("BadArgumentError", error))
            });
            let range = range.transpose()?;
            let stated = DecodeOptions::default()
                .with_rate_hz(rate_hz)
                .with_range(range)
                .with_pretrigger_s(pretrigger_s);
            let streams = OpenOptions::default()
                .with_one_piece(one_piece)
                .with_use_index(true)
                .with_keep_index(keep_index)
                .with_metadata_channel(metadata_channel);
            let opener = Opener::new(stated).stream_options(streams);
            let opener = if reports { opener } else { opener.without_reports() };
            Ok(opener.open_any(&path)?)
        })?;
        Ok(match opened {
            Opened::Event(recording) => Handle::Event(Event::new(*recording)),
            Opened::Stream(run) => Handle::Stream(Stream::new(*run)),
            Opened::Arrays(file) => Handle::Arrays(Arrays::new(file)),
        })
    }

    /// `table[band][channel]` of a mask file: its lines, -1 where there is none. `None` without the
    /// file.
    #[pyfunction]
    fn mask_table(py: Python<'_>, path: PathBuf) -> PyResult<Option<Bound<'_, PyArray2<i64>>>> {
        match detached(py, || Ok(Mask::read(&path)?))? {
            Some(mask) => crate::stream::table_of(py, &mask).map(Some),
            None => Ok(None),
        }
    }

    /// The first piece of the run that a file belongs to; `None` when that is the file itself.
    #[pyfunction]
    fn first_piece_before(path: PathBuf) -> Option<PathBuf> {
        wavekeep_smurf::first_piece_before(&path)
    }

    /// Whether a path is the name that the pieces of a run have in common, and no file itself.
    #[pyfunction]
    fn is_bare_name(path: PathBuf) -> bool {
        wavekeep_smurf::is_bare_name(&path)
    }

    /// Gives memory that is kept for the next read back to the system; tells how many bytes.
    #[pyfunction]
    fn release_memory(py: Python<'_>) -> usize {
        py.detach(wavekeep_smurf::release_memory)
    }

    /// What a defect of ours looks like from Python; only in builds for tests.
    #[cfg(debug_assertions)]
    #[pyfunction]
    fn _panic(py: Python<'_>) -> PyResult<()> {
        detached(py, || panic!("as asked for"))
    }

    /// A unit by its symbol or another spelling: its symbol, what it measures, and the unit of the
    /// international system for that.
    #[pyfunction]
    fn unit(word: &str) -> PyResult<(&'static str, String, &'static str)> {
        let unit: Unit = word.parse().map_err(|error| Failure::new("BadArgumentError", error))?;
        Ok((unit.symbol(), format!("{:?}", unit.quantity()).to_lowercase(), unit.si().symbol()))
    }

    /// The symbols of all units.
    #[pyfunction]
    fn units() -> Vec<&'static str> {
        Unit::ALL.map(Unit::symbol).to_vec()
    }

    /// The names of all limit curves.
    #[pyfunction]
    fn curves() -> Vec<&'static str> {
        Curve::all_built_in().iter().map(|curve| &*curve.id).collect()
    }

    /// What can be written: word, endings of names, whether events and whether arrays are taken.
    #[pyfunction]
    fn targets() -> Vec<(&'static str, Vec<&'static str>, bool, bool)> {
        let row = |target: Target| {
            let (events, arrays) = (target.takes_events(), target.takes_arrays());
            (target.word(), target.extensions().to_vec(), events, arrays)
        };
        Target::ALL.map(row).to_vec()
    }

    /// The word of the format that the beginning of a file fits; `None` when there is none.
    #[pyfunction]
    fn detect(py: Python<'_>, path: PathBuf) -> PyResult<Option<&'static str>> {
        detached(py, || {
            let mut head = Vec::new();
            // A pipe would block for ever.
            let regular = fs::metadata(&path).is_ok_and(|metadata| metadata.is_file());
            let read = |file: File| file.take(HEAD_LEN as u64).read_to_end(&mut head);
            if !regular || File::open(&path).and_then(read).is_err() {
                return Ok(None);
            }
            let name = path.file_name().map(|name| name.to_string_lossy());
            let name = name.as_deref();
            if let Some(format) = wavekeep_formats::detect_arrays(&head, name) {
                return Ok(Some(format.info().id));
            }
            let event = wavekeep_formats::detect(&head, name)
                .filter(|format| format.detect(&head, name) == Match::ByContent);
            if let Some(format) = event {
                return Ok(Some(format.info().id));
            }
            let stream = wavekeep_smurf::detect(&head, name) == Match::ByContent;
            Ok(stream.then_some(wavekeep_smurf::INFO.id))
        })
    }
}
