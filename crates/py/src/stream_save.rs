//! A selection of a stream into a file.

use std::fmt;
use std::path::Path;

use pyo3::prelude::*;
use wavekeep_core::{FrameBlock, FrameField, FrameGap, FrameStream, Scale, StreamChannel};
use wavekeep_export::{ExportOptions, Target, Units, write_stream};
use wavekeep_smurf::{Run, Selection};

use crate::failure::Failure;

/// Writes a selection; `progress` is called with frames.
pub fn save(
    run: &Run,
    selection: &Selection,
    target: &str,
    units: Units,
    path: &Path,
    overwrite: bool,
    progress: Option<Py<PyAny>>,
) -> Result<(), Failure> {
    let target: Target = target.parse().map_err(|error| Failure::new("BadArgumentError", error))?;
    let stream = run.stream(selection)?;
    let (facts, total) = (stream.facts()?, stream.frames());
    let mut stream = Watched { stream, done: 0, total, progress };
    let options = ExportOptions::of(units);
    Ok(write_stream(&mut stream, facts, target, path, &options, overwrite, |_| {})?)
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

    fn channel_name(&self, row: usize) -> String {
        self.stream.channel_name(row)
    }

    fn stream_channels(&self) -> Vec<StreamChannel> {
        self.stream.stream_channels()
    }

    fn scale(&self) -> Scale {
        self.stream.scale()
    }

    fn rate_hz(&self) -> Option<f64> {
        self.stream.rate_hz()
    }

    fn gaps(&self) -> Vec<FrameGap> {
        self.stream.gaps()
    }

    fn next_block(&mut self, frames: usize, block: &mut FrameBlock) -> Result<bool, Ended> {
        let more = self.stream.next_block(frames, block).map_err(|error| Ended(error.into()))?;
        if more {
            self.done += block.frames as u64;
            let called = Python::attach(|py| {
                py.check_signals()?;
                let Some(progress) = &self.progress else { return Ok(()) };
                progress.call1(py, (self.done, self.total)).map(drop)
            });
            called.map_err(|raised| Ended(raised.into()))?;
        }
        Ok(more)
    }
}
