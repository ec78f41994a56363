//! A stream window by window, for targets that store chunks: nothing lies beside the result meanwhile.

use std::path::Path;

use gnz::Object;
use wavekeep_core::{FrameBlock, FrameStream, Scale};

use super::{BLOCK_SAMPLES, BlockCopy, FrameArray, RowArrays, StreamError};
use crate::chunks::window_frames;
use crate::dataset::{Dataset, Variable, stream as dataset};
use crate::file::publish_at;
use crate::gnz::fault;
use crate::{ExportError, ExportOptions, Target, Units, hdf5, zarr};

/// The frames `first..first + frames` of all arrays that have them.
pub(crate) struct Window<'w> {
    pub first: usize,
    /// In the order of the variables of the dataset that are filled later.
    pub variables: Vec<Variable<'w>>,
}

/// What takes windows, and what gives them to it one after the other.
pub(crate) type Sink<'k> = dyn FnMut(&Window<'_>) -> Result<(), ExportError> + 'k;
pub(crate) type Feed<'f> = dyn FnMut(&mut Sink<'_>) -> Result<(), ExportError> + 'f;

/// Whether a target takes windows.
pub(super) fn takes(target: Target, options: &ExportOptions) -> bool {
    // Without compression HDF5 is one piece that is written at once.
    target == Target::Zarr || target == Target::Hdf5 && options.compress
}

/// Where a stream goes, and how.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    pub path: &'p Path,
    pub overwrite: bool,
    pub target: Target,
    pub options: &'p ExportOptions,
}

/// An array of a window, with its elements.
struct Part {
    array: FrameArray,
    bytes: Vec<u8>,
}

/// Writes all of `stream`, which has frames. `unit` is that of the samples.
pub(super) fn write<S: FrameStream>(
    stream: &mut S,
    metadata: Object,
    unit: &'static str,
    place: Place<'_>,
    mut progress: impl FnMut(u64),
) -> Result<(), StreamError<S::Error>>
where
    S::Error: std::error::Error + 'static,
{
    let Place { path, overwrite, target, options } = place;
    let expected = stream.frames();
    let frames = usize::try_from(expected).map_err(|_| StreamError::TooLong(expected))?;
    let channels = stream.stream_channels();
    let rows = RowArrays::of(&channels);
    let arrays = FrameArray::all(stream, options.units).into_iter();
    let mut parts: Vec<Part> = arrays.map(|array| Part { array, bytes: Vec::new() }).collect();
    let mut variables = Vec::new();
    for (place, Part { array, .. }) in parts.iter().enumerate() {
        variables.push(Variable::later(array.name, array.dtype.parse()?, array.shape(frames)));
        // Behind the samples.
        for (name, dtype, bytes) in rows.0.iter().filter(|_| place == 0) {
            variables.push(Variable::over(name, dtype.parse()?, vec![channels.len()], bytes));
        }
    }
    let variables =
        variables.into_iter().map(|it| dataset::with_facts(it, &channels, unit)).collect();
    let layout = Dataset::of_stream(variables, metadata);

    let at_once = window_frames(channels.len() * parts[0].array.item_size);
    let mut windows = Windows {
        scale: stream.scale(),
        stream,
        units: options.units,
        frames,
        at_once,
        done: 0,
        block: FrameBlock::default(),
    };
    // What the stream says is kept: a writer knows its own errors alone.
    let mut failure = None;
    let mut feed = |sink: &mut Sink<'_>| loop {
        let first = windows.done;
        match windows.next(&mut parts) {
            Ok(0) => return Ok(()),
            Ok(found) => {
                let window = window(first, found, &parts);
                sink(&window.map_err(|error| fault(target, error))?)?;
                progress(windows.done as u64);
            }
            Err(error) => {
                failure = Some(error);
                return Err(ExportError::unrepresentable(target, "the stream", "read it again"));
            }
        }
    };
    let written = match target {
        Target::Hdf5 => publish_at(path, overwrite, |temporary| {
            hdf5::write_windows(&layout, options, temporary.path(), at_once, &mut feed)
        }),
        _ => zarr::write_windows(&layout, options, path, overwrite, at_once, &mut feed),
    };
    match failure {
        Some(failure) => {
            if matches!(failure, StreamError::Frames { .. }) && target == Target::Zarr {
                zarr::abandon(path)?;
            }
            Err(failure)
        }
        None => Ok(written?),
    }
}

fn window(first: usize, frames: usize, parts: &[Part]) -> Result<Window<'_>, gnz::Error> {
    let variables = parts.iter().map(|Part { array, bytes }| {
        Ok(Variable::over(array.name, array.dtype.parse()?, array.shape(frames), bytes))
    });
    Ok(Window { first, variables: variables.collect::<Result<_, gnz::Error>>()? })
}

struct Windows<'s, S> {
    stream: &'s mut S,
    scale: Scale,
    units: Units,
    frames: usize,
    at_once: usize,
    done: usize,
    block: FrameBlock,
}

impl<S: FrameStream> Windows<'_, S>
where
    S::Error: std::error::Error + 'static,
{
    /// Fills `parts` with the next frames; gives their number, 0 at the end.
    fn next(&mut self, parts: &mut [Part]) -> Result<usize, StreamError<S::Error>> {
        let width = self.at_once.min(self.frames - self.done);
        for part in &mut *parts {
            part.bytes.resize(part.array.rows * width * part.array.item_size, 0);
        }
        let mut copy = BlockCopy::new(self.units, self.scale);
        let most = (BLOCK_SAMPLES / self.stream.channels().max(1)).max(1);
        let mut filled = 0;
        while filled < width {
            let more = self.stream.next_block(most.min(width - filled), &mut self.block);
            if !more.map_err(StreamError::Source)? {
                let (expected, found) = (self.frames as u64, (self.done + filled) as u64);
                return Err(StreamError::Frames { expected, found });
            }
            let count = self.block.frames.min(width - filled);
            let arrays = parts.iter_mut();
            let arrays = arrays.map(|part| (part.bytes.as_mut_slice(), part.array.item_size));
            copy.place(&self.block, arrays, width, filled, count);
            filled += count;
        }
        self.done += width;
        Ok(width)
    }
}
