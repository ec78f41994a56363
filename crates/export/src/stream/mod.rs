//! A stream of any length as any target of arrays, in bounded memory.
//!
//! | array | what it is |
//! |---|---|
//! | `data` | `[channels, frames]`: `<i4` counts, or `<f8` in the unit of the stream |
//! | `channel_index` | `<i8 [channels]`: number of the channel in the frames of the stream |
//! | `band`, `channel` | `<i4 [channels]`: the detector; -1 where it is not known |
//! | `frequency_mhz` | `<f8 [channels]`: of its resonator; NaN where it is not known |
//! | one array a field, named as in the format | `[frames]`, or `[rows, frames]` |
//!
//! A GNZ has its final size from the start and is filled through a map, block by block; it gets its
//! name when it is complete. HDF5 and Zarr are written in [`windows`] of the stream. Any other target is
//! made of a GNZ, which lies beside it meanwhile and is mapped. npy holds one array: the samples.

pub(crate) mod windows;

use std::fmt::Write as _;
use std::path::Path;

use gnz::{Gnz, Object, Streaming, Writer};
use serde_json::{Map, Value};
use wavekeep_core::{FrameBlock, FrameStream, Scale, StreamChannel};

use crate::dataset::{ARRAY_UNITS, stream as dataset};
use crate::file::{folder_of, temporary_prefix};
use crate::metadata::object;
use crate::write::write_file;
use crate::{ExportError, ExportOptions, Target, Units};

/// The array of samples.
pub(crate) const DATA: &str = "data";
/// The arrays that say what its rows are.
pub(crate) const ROW_ARRAYS: [&str; 4] = ["channel_index", "band", "channel", "frequency_mhz"];
/// Samples of a block: 16 MiB.
const BLOCK_SAMPLES: usize = 4 << 20;

/// Why a stream could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError<E: std::error::Error + 'static> {
    /// The stream could not be read.
    #[error(transparent)]
    Source(E),
    /// The file could not be written.
    #[error(transparent)]
    File(#[from] gnz::Error),
    /// The target could not be made of what the stream gave.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The stream gave another number of frames than it said.
    #[error(
        "the stream gave {found} frames instead of {expected}: it changed during the conversion; convert it again"
    )]
    Frames {
        /// What it said.
        expected: u64,
        /// What it gave.
        found: u64,
    },
    /// More frames than an array of this machine can have.
    #[error("{0} frames are more than this machine can address: choose a range of them")]
    TooLong(u64),
}

/// Writes all of `stream` to the file `path` as `target`, with `facts` as metadata where the target
/// holds metadata: complete, or not at all. Memory does not grow with the length of the stream.
/// `progress` is called after each block with the number of frames that are done.
///
/// # Errors
/// [`StreamError`]; no file of that name is left or changed then.
pub fn write_stream<S: FrameStream>(
    stream: &mut S,
    mut facts: Map<String, Value>,
    target: Target,
    path: &Path,
    options: &ExportOptions,
    overwrite: bool,
    progress: impl FnMut(u64),
) -> Result<(), StreamError<S::Error>>
where
    S::Error: std::error::Error + 'static,
{
    let unit = match options.units {
        Units::Raw => "count",
        Units::Physical => stream.scale().unit.symbol(),
    };
    facts.insert("data_unit".to_owned(), unit.into());
    facts.insert("physical_unit".to_owned(), stream.scale().unit.symbol().into());
    facts.insert("physical_per_count".to_owned(), stream.scale().of_one().into());
    let units = serde_json::json!({ DATA: unit, "frequency_mhz": "MHz" });
    facts.insert(ARRAY_UNITS.to_owned(), units);
    let metadata = object(&facts);
    if target == Target::Gnz {
        return write_gnz(stream, metadata, options, path, overwrite, progress);
    }
    if !target.takes_arrays() {
        let advice = "it holds events alone: write gnz, hdf5 or npz";
        return Err(ExportError::unrepresentable(target, "a stream", advice).into());
    }
    if !overwrite && path.exists() {
        return Err(ExportError::Exists { path: path.to_owned() }.into());
    }
    if windows::takes(target, options) && stream.frames() > 0 {
        let place = windows::Place { path, overwrite, target, options };
        return windows::write(stream, metadata, unit, place, progress);
    }
    // Beside the result: a folder for temporary files may be too small for it.
    let folder = tempfile::Builder::new()
        .prefix(&temporary_prefix())
        .tempdir_in(folder_of(path))
        .map_err(|source| ExportError::File { path: path.to_owned(), source })?;
    let between = folder.path().join("stream.gnz");
    let of_between = ExportOptions { checksums: false, ..*options };
    write_gnz(stream, metadata, &of_between, &between, false, progress)?;
    let held = Gnz::open(&between)?;
    let arrays = dataset::arrays(&held);
    let rows = stream.stream_channels();
    let dataset = dataset::dataset(&held, &arrays, &rows, unit, target)?;
    write_file(&dataset, target, path, options, overwrite)?;
    Ok(())
}

/// The heading of every channel's column in a table: `data_0 2:107 5123.5 MHz (rad)`.
pub fn channel_headings(rows: &[StreamChannel], unit: &str) -> Vec<String> {
    let heading = |(row, it): (usize, &StreamChannel)| {
        let mut heading = format!("{DATA}_{row}");
        if let Some((band, channel)) = it.detector {
            let _ = write!(heading, " {band}:{channel}");
        }
        if let Some(frequency) = it.frequency_mhz {
            let _ = write!(heading, " {frequency} MHz");
        }
        let _ = write!(heading, " ({unit})");
        heading
    };
    rows.iter().enumerate().map(heading).collect()
}

/// Writes a stream as GNZ, block by block.
fn write_gnz<S: FrameStream>(
    stream: &mut S,
    metadata: Object,
    options: &ExportOptions,
    path: &Path,
    overwrite: bool,
    mut progress: impl FnMut(u64),
) -> Result<(), StreamError<S::Error>>
where
    S::Error: std::error::Error + 'static,
{
    let expected = stream.frames();
    let frames = usize::try_from(expected).map_err(|_| StreamError::TooLong(expected))?;
    let channels = stream.channels();
    let mut writer = Writer::new();
    writer.metadata(metadata).checksums(options.checksums).overwrite(overwrite);
    let arrays = FrameArray::all(stream, options.units);
    let rows = RowArrays::of(&stream.stream_channels());
    for (place, array) in arrays.iter().enumerate() {
        writer.declare(array.name, array.dtype.parse()?, &array.shape(frames))?;
        // Behind the samples.
        for (name, dtype, _) in rows.0.iter().filter(|_| place == 0) {
            writer.declare(*name, dtype.parse()?, &[channels])?;
        }
    }
    let mut file = writer.stream(path)?;
    rows.fill(&mut file);
    match fill(stream, &mut file, &arrays, frames, options.units, &mut progress) {
        Ok(found) if found == frames => Ok(file.finish()?),
        Ok(found) => {
            file.abandon()?;
            Err(StreamError::Frames { expected, found: found as u64 })
        }
        Err(error) => {
            file.abandon()?;
            Err(error)
        }
    }
}

/// An array that has frames: the samples, or a field.
struct FrameArray {
    name: &'static str,
    dtype: &'static str,
    /// Bytes of an element.
    item_size: usize,
    rows: usize,
    /// Whether its rows are an axis.
    has_rows: bool,
}

impl FrameArray {
    /// The samples, then the fields.
    fn all<S: FrameStream>(stream: &S, units: Units) -> Vec<Self> {
        let (dtype, item_size) = match units {
            Units::Raw => ("<i4", size_of::<i32>()),
            Units::Physical => ("<f8", size_of::<f64>()),
        };
        let samples =
            Self { name: DATA, dtype, item_size, rows: stream.channels(), has_rows: true };
        let fields = stream.fields().iter().map(|field| Self {
            name: field.name,
            dtype: field.dtype,
            item_size: field.item_size,
            rows: field.rows,
            has_rows: field.rows != 1,
        });
        std::iter::once(samples).chain(fields).collect()
    }

    fn shape(&self, frames: usize) -> Vec<usize> {
        if self.has_rows { vec![self.rows, frames] } else { vec![frames] }
    }
}

/// What every row is, as arrays: name, type, little-endian bytes.
struct RowArrays([(&'static str, &'static str, Vec<u8>); RowArrays::COUNT]);

impl RowArrays {
    const COUNT: usize = ROW_ARRAYS.len();

    fn of(channels: &[StreamChannel]) -> Self {
        let bytes = |of: &dyn Fn(&StreamChannel) -> Vec<u8>| -> Vec<u8> {
            channels.iter().flat_map(of).collect()
        };
        let number = |number: Option<u32>| -> Vec<u8> {
            number.and_then(|it| i32::try_from(it).ok()).unwrap_or(-1).to_le_bytes().to_vec()
        };
        let [index, band, channel, frequency] = ROW_ARRAYS;
        Self([
            (index, "<i8", bytes(&|it| (it.index as i64).to_le_bytes().to_vec())),
            (band, "<i4", bytes(&|it| number(it.detector.map(|it| it.0)))),
            (channel, "<i4", bytes(&|it| number(it.detector.map(|it| it.1)))),
            (
                frequency,
                "<f8",
                bytes(&|it| it.frequency_mhz.unwrap_or(f64::NAN).to_le_bytes().to_vec()),
            ),
        ])
    }

    fn fill(&self, file: &mut Streaming) {
        for (array, (_, _, bytes)) in file.arrays_mut().into_iter().skip(1).zip(&self.0) {
            let array = array.into_bytes();
            let length = array.len().min(bytes.len());
            array[..length].copy_from_slice(&bytes[..length]);
        }
    }
}

/// Copies block after block to its place; gives the number of frames that came.
fn fill<S: FrameStream>(
    stream: &mut S,
    file: &mut Streaming,
    arrays: &[FrameArray],
    frames: usize,
    units: Units,
    progress: &mut impl FnMut(u64),
) -> Result<usize, StreamError<S::Error>>
where
    S::Error: std::error::Error + 'static,
{
    let at_a_time = (BLOCK_SAMPLES / stream.channels().max(1)).max(1);
    let mut block = FrameBlock::default();
    let mut copy = BlockCopy::new(units, stream.scale());
    let mut done = 0;
    while done < frames && stream.next_block(at_a_time, &mut block).map_err(StreamError::Source)? {
        // A stream that grew gives more frames than the arrays have.
        let count = block.frames.min(frames - done);
        let rows = 1..=RowArrays::COUNT;
        let held = file.arrays_mut().into_iter().enumerate();
        let held = held.filter(|(place, _)| !rows.contains(place));
        let sizes = arrays.iter().map(|array| array.item_size);
        let held = held.map(|(_, array)| array.into_bytes()).zip(sizes);
        copy.place(&block, held, frames, done, count);
        done += count;
        progress(done as u64);
    }
    Ok(done)
}

/// Puts the samples and the fields of blocks into arrays over frames.
struct BlockCopy {
    units: Units,
    scale: Scale,
    physical: Vec<f64>,
}

impl BlockCopy {
    fn new(units: Units, scale: Scale) -> Self {
        Self { units, scale, physical: Vec::new() }
    }

    /// Copies the first `count` frames of `block` to the frames `at..` of `arrays`, each with the bytes of
    /// its elements: that of the samples, `width` frames long, and those of the fields.
    fn place<'a>(
        &mut self,
        block: &FrameBlock,
        arrays: impl Iterator<Item = (&'a mut [u8], usize)>,
        width: usize,
        at: usize,
        count: usize,
    ) {
        let samples: &[u8] = match self.units {
            Units::Raw => bytemuck::cast_slice(&block.samples),
            Units::Physical => {
                let apply = |count: &i32| self.scale.apply(f64::from(*count));
                self.physical.clear();
                self.physical.extend(block.samples.iter().map(apply));
                bytemuck::cast_slice(&self.physical)
            }
        };
        let parts = std::iter::once(samples).chain(block.fields.iter().map(Vec::as_slice));
        for (bytes, (array, item)) in parts.zip(arrays) {
            place(bytes, array, item, block.frames, width, at, count);
        }
    }
}

/// Copies the first `count` columns of a `rows × columns` block into a `rows × frames` array, from
/// column `at` on.
fn place(
    block: &[u8],
    array: &mut [u8],
    item: usize,
    columns: usize,
    frames: usize,
    at: usize,
    count: usize,
) {
    let rows = block.chunks_exact((columns * item).max(1));
    for (row, target) in rows.zip(array.chunks_exact_mut((frames * item).max(1))) {
        target[at * item..(at + count) * item].copy_from_slice(&row[..count * item]);
    }
}
