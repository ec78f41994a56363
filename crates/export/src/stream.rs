//! A stream of any length as GNZ, in bounded memory.
//!
//! | array | what it is |
//! |---|---|
//! | `data` | `[channels, frames]`: `<i4` counts, or `<f8` in the unit of the stream |
//! | `channel_index` | `<i8 [channels]`: number of the channel in the frames of the stream |
//! | `band`, `channel` | `<i4 [channels]`: the detector; -1 where it is not known |
//! | `frequency_mhz` | `<f8 [channels]`: of its resonator; NaN where it is not known |
//! | one array a field, named as in the format | `[frames]`, or `[rows, frames]` |
//!
//! The file has its final size from the start and is filled through a map, block by block; it gets
//! its name when it is complete. Other targets are made of it: [`write_stream_as`](crate::write_stream_as).

use std::path::Path;

use gnz::{Dtype, Object, Streaming, Writer};
use wavekeep_core::{FrameBlock, FrameStream, StreamChannel};

use crate::{ExportError, Units};

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
        "the stream gave {found} frames where it said that it has {expected}: it changed meanwhile; convert it again"
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

/// Writes all of `stream` to the GNZ file `path`; `progress` is told after each block how many
/// frames are done.
///
/// # Errors
/// [`StreamError`]; no file of that name is left or changed then.
pub fn write_stream<S: FrameStream>(
    stream: &mut S,
    metadata: Object,
    units: Units,
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
    let fields = stream.fields().to_vec();
    let mut writer = Writer::new();
    writer.metadata(metadata).checksums(true).overwrite(overwrite);
    let sample = if units == Units::Raw { "<i4" } else { "<f8" };
    writer.declare(DATA, sample.parse::<Dtype>()?, &[channels, frames])?;
    let rows = RowArrays::of(&stream.stream_channels());
    for (name, dtype, _) in rows.0.iter() {
        writer.declare(*name, dtype.parse::<Dtype>()?, &[channels])?;
    }
    for field in &fields {
        let dtype: Dtype = field.dtype.parse()?;
        match field.rows {
            1 => writer.declare(field.name, dtype, &[frames])?,
            rows => writer.declare(field.name, dtype, &[rows, frames])?,
        };
    }
    let mut file = writer.stream(path)?;
    rows.fill(&mut file);
    match fill(stream, &mut file, frames, units, &mut progress) {
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
    frames: usize,
    units: Units,
    progress: &mut impl FnMut(u64),
) -> Result<usize, StreamError<S::Error>>
where
    S::Error: std::error::Error + 'static,
{
    let at_a_time = (BLOCK_SAMPLES / stream.channels().max(1)).max(1);
    let item_sizes: Vec<usize> = stream.fields().iter().map(|field| field.item_size).collect();
    let mut block = FrameBlock::default();
    let scale = stream.scale();
    let mut physical: Vec<f64> = Vec::new();
    let mut done = 0;
    while done < frames && stream.next_block(at_a_time, &mut block).map_err(StreamError::Source)? {
        // A stream that grew gives more frames than there is room for.
        let count = block.frames.min(frames - done);
        let mut arrays = file.arrays_mut().into_iter();
        if let Some(data) = arrays.next() {
            let (samples, item): (&[u8], usize) = match units {
                Units::Raw => (bytemuck::cast_slice(&block.samples), size_of::<i32>()),
                Units::Physical => {
                    physical.clear();
                    physical
                        .extend(block.samples.iter().map(|count| scale.apply(f64::from(*count))));
                    (bytemuck::cast_slice(&physical), size_of::<f64>())
                }
            };
            place(samples, data.into_bytes(), item, block.frames, frames, done, count);
        }
        let arrays = arrays.skip(RowArrays::COUNT);
        for ((array, bytes), item) in arrays.zip(&block.fields).zip(&item_sizes) {
            place(bytes, array.into_bytes(), *item, block.frames, frames, done, count);
        }
        done += count;
        progress(done as u64);
    }
    Ok(done)
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

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::path::PathBuf;

    use gnz::Gnz;
    use wavekeep_core::FrameField;

    use super::*;
    use crate::arrays::ArrayTarget;

    const FIELDS: [FrameField; 2] = [
        FrameField { name: "counter", dtype: "<u2", item_size: 2, rows: 1 },
        FrameField { name: "bias", dtype: "|u1", item_size: 1, rows: 2 },
    ];

    /// Sample c of frame i is 100 c + i; blocks are of at most three frames.
    struct Counted {
        said: u64,
        given: u64,
        next: u64,
    }

    impl FrameStream for Counted {
        type Error = Infallible;

        fn channels(&self) -> usize {
            4
        }

        fn frames(&self) -> u64 {
            self.said
        }

        fn fields(&self) -> &[FrameField] {
            &FIELDS
        }

        fn scale(&self) -> wavekeep_core::Scale {
            wavekeep_core::Scale::identity(wavekeep_core::Unit::Count)
        }

        fn rate_hz(&self) -> Option<f64> {
            None
        }

        fn gaps(&self) -> Vec<wavekeep_core::FrameGap> {
            Vec::new()
        }

        fn next_block(
            &mut self,
            frames: usize,
            block: &mut FrameBlock,
        ) -> Result<bool, Infallible> {
            let range = self.next..(self.next + frames.min(3) as u64).min(self.given);
            self.next = range.end;
            block.frames = range.clone().count();
            block.samples =
                (0..4).flat_map(|c| range.clone().map(move |i| 100 * c + i as i32)).collect();
            block.fields = vec![
                range.clone().flat_map(|i| (i as u16).to_le_bytes()).collect(),
                (0..2).flat_map(|row| range.clone().map(move |i| row * 50 + i as u8)).collect(),
            ];
            Ok(block.frames > 0)
        }
    }

    fn write(
        stream: &mut Counted,
    ) -> Result<(tempfile::TempDir, Vec<u64>), StreamError<Infallible>> {
        let folder = tempfile::tempdir().unwrap();
        let mut told = Vec::new();
        let path = folder.path().join("s.gnz");
        write_stream(stream, Object::new(), Units::Raw, &path, false, |done| told.push(done))?;
        Ok((folder, told))
    }

    #[test]
    fn every_block_comes_to_its_place() {
        let (folder, told) = write(&mut Counted { said: 8, given: 8, next: 0 }).unwrap();
        assert_eq!(told, [3, 6, 8]);
        let gnz = Gnz::open(folder.path().join("s.gnz")).unwrap();
        let data = gnz.view::<i32>("data").unwrap();
        assert_eq!(data.shape(), [4, 8]);
        let expected: Vec<i32> = (0..4).flat_map(|c| (0..8).map(move |i| 100 * c + i)).collect();
        assert_eq!(data[..], expected);
        assert_eq!(gnz.view::<u16>("counter").unwrap()[..], [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(gnz.view::<u8>("bias").unwrap()[8..11], [50, 51, 52]);
        assert!(gnz.verify().unwrap().ok().is_ok());
    }

    #[test]
    fn a_stream_that_changed_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.gnz");
        let mut short = Counted { said: 9, given: 4, next: 0 };
        let error =
            write_stream(&mut short, Object::new(), Units::Raw, &path, false, |_| {}).unwrap_err();
        assert!(matches!(error, StreamError::Frames { expected: 9, found: 4 }), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_stream_without_frames_is_arrays_without_elements() {
        let (folder, _) = write(&mut Counted { said: 0, given: 0, next: 0 }).unwrap();
        let gnz = Gnz::open(folder.path().join("s.gnz")).unwrap();
        assert_eq!(gnz.view::<i32>("data").unwrap().shape(), [4, 0]);
    }

    fn write_as(target: ArrayTarget, name: &str, overwrite: bool) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        if overwrite {
            std::fs::write(&path, b"before").unwrap();
        }
        let facts = serde_json::json!({ "rate": 4000.25 }).as_object().cloned().unwrap();
        let mut stream = Counted { said: 8, given: 8, next: 0 };
        crate::write_stream_as(&mut stream, facts, Units::Raw, target, &path, overwrite, |_| {})
            .unwrap();
        (folder, path)
    }

    #[test]
    fn other_targets_hold_what_the_gnz_holds_and_nothing_else_is_left() {
        let data: Vec<i32> = (0..4).flat_map(|c| (0..8).map(move |i| 100 * c + i)).collect();
        let data: &[u8] = bytemuck::cast_slice(&data);
        let gnz = write_as(ArrayTarget::Gnz, "s.gnz", false);
        let read = Gnz::open(&gnz.1).unwrap();
        assert_eq!(read.metadata().get("rate"), Some(&gnz::Value::from(4000.25)));
        assert_eq!(read.array("data").unwrap().bytes(), data);
        for (target, name, overwrite, arrays) in [
            (ArrayTarget::Npy, "s.npy", true, 1),
            (ArrayTarget::Npz, "s.npz", false, 8),
            (ArrayTarget::Safetensors, "s.safetensors", false, 7),
        ] {
            let (folder, path) = write_as(target, name, overwrite);
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
            let opened = wavekeep_formats::Opener::default().open_any(&path).unwrap();
            let wavekeep_formats::Opened::Arrays(held) = opened else { panic!("{name}") };
            assert_eq!(held.len(), arrays, "{name}");
            let first = held.arrays().find(|array| array.shape == [4, 8]).unwrap();
            assert_eq!(first.bytes, data, "{name}");
        }
    }

    #[test]
    fn a_file_that_is_there_is_not_replaced_unasked_and_the_stream_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.npy");
        std::fs::write(&path, b"before").unwrap();
        let mut stream = Counted { said: 8, given: 8, next: 0 };
        let (facts, target) = (Default::default(), ArrayTarget::Npy);
        let error =
            crate::write_stream_as(&mut stream, facts, Units::Raw, target, &path, false, |_| {})
                .unwrap_err();
        assert!(matches!(error, StreamError::Export(ExportError::Exists { .. })), "{error}");
        assert_eq!((std::fs::read(&path).unwrap(), stream.next), (b"before".to_vec(), 0));
    }
}
