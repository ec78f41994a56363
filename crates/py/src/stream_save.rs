//! A selection of a stream into a file.

use std::fmt;
use std::path::Path;

use pyo3::prelude::*;
use serde_json::{Value, json};
use wavekeep_core::{FrameBlock, FrameField, FrameStream};
use wavekeep_export::arrays::{ArrayOptions, ArrayTarget, write_arrays_file};
use wavekeep_export::write_stream;
use wavekeep_formats::{Opened, Opener};
use wavekeep_smurf::{Run, Selection};

use crate::failure::Failure;
use crate::stream::facts;

/// Writes a selection as GNZ block by block, as anything else from such a GNZ, which is mapped:
/// memory does not grow with the length of the run.
pub fn save(
    run: &Run,
    selection: &Selection,
    target: &str,
    path: &Path,
    overwrite: bool,
    progress: Option<Py<PyAny>>,
) -> Result<(), Failure> {
    let target: ArrayTarget = target.parse().map_err(|error| Failure::new("BadArgument", error))?;
    let stream = run.stream(selection)?;
    let mut facts = facts(run)?;
    facts.insert("channel_indices".to_owned(), json!(stream.indices()));
    let updates = run.metadata()?;
    let updates = updates
        .updates()
        .iter()
        .map(|update| json!({ "frames_before": update.place.frame, "values": update.values }));
    facts.insert("metadata_updates".to_owned(), updates.collect());
    let metadata = match Value::Object(facts).to_string().parse::<gnz::Value>()? {
        gnz::Value::Object(metadata) => metadata,
        _ => gnz::Object::new(),
    };
    let total = stream.frames();
    let mut stream = Watched { stream, done: 0, total, progress };
    if target == ArrayTarget::Gnz {
        return Ok(write_stream(&mut stream, metadata, path, overwrite, |_| {})?);
    }
    if !overwrite && path.exists() {
        return Err(wavekeep_export::ExportError::Exists { path: path.to_owned() }.into());
    }
    // Beside the result: a folder for temporary files may be too small for it.
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    let folder = tempfile::tempdir_in(parent).map_err(wavekeep_export::ExportError::Write)?;
    let between = folder.path().join("stream.gnz");
    write_stream(&mut stream, metadata, &between, false, |_| {})?;
    let Opened::Arrays(held) = Opener::default().open_any(&between)? else { return Ok(()) };
    // npy has room for one array: the samples.
    let fits = |name: &str| target != ArrayTarget::Npy || name == "data";
    let arrays: Vec<_> = held.arrays().filter(|array| fits(array.name)).collect();
    let options = ArrayOptions::default();
    Ok(write_arrays_file(&arrays, held.metadata(), target, path, &options, overwrite)?)
}

/// A stream that tells how far it is, and that Ctrl-C and an exception of the callback end.
struct Watched<'r> {
    stream: wavekeep_smurf::Stream<'r>,
    done: u64,
    total: u64,
    progress: Option<Py<PyAny>>,
}

/// Why a watched stream ended.
#[derive(Debug)]
struct Ended(Failure);

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl std::error::Error for Ended {}

impl From<Ended> for Failure {
    fn from(ended: Ended) -> Self {
        ended.0
    }
}

impl FrameStream for Watched<'_> {
    type Error = Ended;

    fn channels(&self) -> usize {
        self.stream.channels()
    }

    fn frames(&self) -> u64 {
        self.stream.frames()
    }

    fn fields(&self) -> &[FrameField] {
        self.stream.fields()
    }

    fn next_block(&mut self, frames: usize, block: &mut FrameBlock) -> Result<bool, Ended> {
        let more = self.stream.next_block(frames, block).map_err(|error| Ended(error.into()))?;
        if more {
            self.done += block.frames as u64;
            let told = Python::attach(|py| {
                py.check_signals()?;
                let Some(progress) = &self.progress else { return Ok(()) };
                progress.call1(py, (self.done, self.total)).map(drop)
            });
            told.map_err(|raised| Ended(raised.into()))?;
        }
        Ok(more)
    }
}
