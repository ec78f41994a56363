//! The smallest and the largest sample of every channel in tiles of time, kept in a file, so that
//! a run of any length is drawn with all of its peaks and is read once for that.
//!
//! The file is derived: it is used only if it belongs to these very files of the run and tiles that
//! are sampled all over it hold what the run holds. It can be deleted at any time.
//!
//! | bytes | content |
//! |---|---|
//! | 8 | `WKTILES1` |
//! | 8 each, little-endian | section, channels, frames, number of pieces; of each piece length and time of change in ns |
//! | 32 | SHA-256 of what stands before |
//! | rest | levels, the finest first: of each tile a pair of int32 (smallest, largest) for every channel |
//!
//! A tile of the finest level has [`FINEST`] frames, one of each further level [`FACTOR`] tiles of
//! the level before it.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};
use wavekeep_core::{FrameBlock, FrameStream};
use wavekeep_smurf::{Run, Selection};

const MAGIC: [u8; 8] = *b"WKTILES1";
/// Frames of a tile of the finest level.
pub const FINEST: u64 = 128;
/// Tiles that one of the next level holds.
const FACTOR: u64 = 4;
/// With so few tiles there is no further level.
const FEWEST: u64 = 1024;
/// Samples that are read at a time: 16 MiB.
const BLOCK_SAMPLES: u64 = 4 << 20;
/// Bytes of a level that are held back before they are written.
const HELD: usize = 1 << 20;
/// Tiles that are compared with the run before a file is used.
const COMPARED: u64 = 8;
/// Pieces that a run of ours can have.
const MOST_PIECES: usize = 1 << 20;

/// The smallest and the largest count of a channel.
pub type Pair = (i32, i32);
/// Of no sample at all.
const NONE: Pair = (i32::MAX, i32::MIN);

/// Where tiles are in their file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shape {
    head: Vec<u8>,
    channels: usize,
    frames: u64,
    /// Of each level its tiles and the byte where they begin.
    levels: Vec<(u64, u64)>,
}

impl Shape {
    /// The shape of the tiles of a section, made of the files as they are now.
    fn of(run: &Run, section: usize) -> io::Result<Self> {
        let facts = &run.index().sections()[section];
        let (frames, channels) = (facts.frames.end - facts.frames.start, facts.channels as usize);
        let pieces = run.pieces();
        if pieces.len() > MOST_PIECES {
            return Err(io::Error::other("the run has too many pieces"));
        }
        let mut words = vec![section as u64, channels as u64, frames, pieces.len() as u64];
        for piece in pieces {
            let facts = fs::metadata(piece)?;
            let changed = facts.modified()?.duration_since(std::time::UNIX_EPOCH);
            let changed = changed.unwrap_or_default().as_nanos();
            words.extend([facts.len(), u64::try_from(changed).unwrap_or(u64::MAX)]);
        }
        let mut head = MAGIC.to_vec();
        head.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        let hash = Sha256::digest(&head);
        head.extend(&hash[..]);
        let mut levels = Vec::new();
        let (mut tiles, mut place) = (frames.div_ceil(FINEST), head.len() as u64);
        loop {
            levels.push((tiles, place));
            place += tiles * channels as u64 * 8;
            if tiles <= FEWEST {
                break;
            }
            tiles = tiles.div_ceil(FACTOR);
        }
        Ok(Self { head, channels, frames, levels })
    }

    fn row(&self) -> usize {
        self.channels * 8
    }

    fn len(&self) -> u64 {
        self.levels.last().map_or(0, |(tiles, place)| place + tiles * self.row() as u64)
    }
}

/// The tiles of one section, as far as they are there.
#[derive(Debug)]
pub struct Tiles {
    shape: Shape,
    file: Mutex<File>,
    /// Of each level the tiles that are in the file.
    there: Vec<AtomicU64>,
}

/// Why tiles were not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TileError {
    /// The run cannot be read.
    #[error(transparent)]
    Run(#[from] wavekeep_smurf::Error),
    /// The file cannot be read or written.
    #[error("the file of tiles: {0}")]
    Io(#[from] io::Error),
    /// Somebody asked to stop.
    #[error("the server is stopping")]
    Stopped,
}

impl Tiles {
    /// Those that are kept at `path`, if they belong to the run as it is now.
    pub fn kept(path: &Path, run: &Run, section: usize) -> Option<Self> {
        let shape = Shape::of(run, section).ok()?;
        let mut file = File::open(path).ok()?;
        if file.metadata().ok()?.len() != shape.len() {
            return None;
        }
        let mut head = vec![0; shape.head.len()];
        file.read_exact(&mut head).ok()?;
        if head != shape.head {
            return None;
        }
        let there = shape.levels.iter().map(|(tiles, _)| AtomicU64::new(*tiles)).collect();
        let tiles = Self { shape, file: Mutex::new(file), there };
        tiles.agree(run, section).then_some(tiles)
    }

    /// Whether tiles from the first to the last hold what the run holds.
    fn agree(&self, run: &Run, section: usize) -> bool {
        let all = self.shape.levels[0].0;
        let first = run.index().sections()[section].frames.start;
        (0..COMPARED.min(all)).all(|turn| {
            let tile = if all <= COMPARED { turn } else { (all - 1) * turn / (COMPARED - 1) };
            let frames = self.frames(0, &(tile..tile + 1));
            let selection = Selection::all()
                .section(section)
                .frames(first + frames.start..first + frames.end)
                .threads(1);
            let Ok(read) = run.read::<i32>(&selection) else { return false };
            let found = self.pairs(0, tile..tile + 1, None);
            found.is_ok_and(|found| {
                (0..self.shape.channels).all(|row| {
                    let samples = read.channel(row).iter().copied();
                    let of =
                        samples.fold(NONE, |pair, value| (pair.0.min(value), pair.1.max(value)));
                    found[row] == of
                })
            })
        })
    }

    /// None yet, in a file without a name that [`read`](Self::read) fills.
    ///
    /// # Errors
    /// When the file cannot be made, or those of the run are gone.
    pub fn begin(file: File, run: &Run, section: usize) -> io::Result<Self> {
        let shape = Shape::of(run, section)?;
        let there = shape.levels.iter().map(|_| AtomicU64::new(0)).collect();
        let tiles = Self { shape, file: Mutex::new(file), there };
        tiles.write(0, &tiles.shape.head)?;
        Ok(tiles)
    }

    /// Reads the section once from its beginning to its end. `goes_on` is told after each block how
    /// many frames are done; by `false` it stops.
    ///
    /// # Errors
    /// [`TileError`].
    pub fn read(
        &self,
        run: &Run,
        section: usize,
        mut goes_on: impl FnMut(u64) -> bool,
    ) -> Result<(), TileError> {
        let mut stream = run.stream(&Selection::all().section(section))?;
        let channels = self.shape.channels.max(1) as u64;
        // Whole tiles, so that one is in one block where the stream allows it.
        let at_a_time = (BLOCK_SAMPLES / channels).max(1).next_multiple_of(FINEST);
        let at_a_time = usize::try_from(at_a_time).unwrap_or(usize::MAX);
        let mut filling = Filling::new(self);
        let (mut block, mut done) = (FrameBlock::default(), 0);
        while stream.next_samples(at_a_time, &mut block)? {
            filling.take(&block)?;
            done += block.frames as u64;
            if !goes_on(done) {
                return Err(TileError::Stopped);
            }
        }
        filling.finish()?;
        Ok(())
    }

    /// Frames of the section.
    pub fn len(&self) -> u64 {
        self.shape.frames
    }

    /// The coarsest level that has `tiles` tiles within so many frames; otherwise the finest.
    pub fn level(&self, frames: u64, tiles: u64) -> usize {
        let fits = |level: &usize| frames / self.size(*level) >= tiles;
        (0..self.shape.levels.len()).rev().find(fits).unwrap_or(0)
    }

    /// Frames of a tile.
    pub fn size(&self, level: usize) -> u64 {
        FINEST * FACTOR.pow(u32::try_from(level).unwrap_or(u32::MAX))
    }

    /// The frames of some tiles, counted from the beginning of the section.
    pub fn frames(&self, level: usize, tiles: &Range<u64>) -> Range<u64> {
        let size = self.size(level);
        (tiles.start * size).min(self.len())..(tiles.end * size).min(self.len())
    }

    /// Frames from the beginning of the section whose tiles are there.
    pub fn done(&self, level: usize) -> u64 {
        self.frames(level, &(0..self.there[level].load(Ordering::Acquire))).end
    }

    /// The pairs of some tiles, one tile after the other, of all channels or of some.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn pairs(
        &self,
        level: usize,
        tiles: Range<u64>,
        channels: Option<&[usize]>,
    ) -> io::Result<Vec<Pair>> {
        let row = self.shape.row();
        let count = usize::try_from(tiles.end.saturating_sub(tiles.start)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; count.saturating_mul(row)];
        {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(self.shape.levels[level].1 + tiles.start * row as u64))?;
            file.read_exact(&mut bytes)?;
        }
        let pair = |bytes: &[u8; 8]| {
            let number = |at: usize| {
                i32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
            };
            (number(0), number(4))
        };
        let all = bytes.as_chunks::<8>().0;
        Ok(match channels {
            None => all.iter().map(pair).collect(),
            Some(channels) => {
                let rows = all.chunks_exact(self.shape.channels.max(1));
                rows.flat_map(|row| channels.iter().map(|channel| pair(&row[*channel]))).collect()
            }
        })
    }

    fn write(&self, place: u64, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(place))?;
        file.write_all(bytes)
    }
}

/// Tiles that are being made.
struct Filling<'t> {
    tiles: &'t Tiles,
    levels: Vec<FillingLevel>,
    done: u64,
}

struct FillingLevel {
    /// The tile that is not full yet.
    row: Vec<Pair>,
    /// Tiles of the level before, or frames, that are in it.
    filled: u64,
    /// Tiles that are full.
    full: u64,
    held: Vec<u8>,
}

impl<'t> Filling<'t> {
    fn new(tiles: &'t Tiles) -> Self {
        let row = vec![NONE; tiles.shape.channels];
        let level = |_| FillingLevel { row: row.clone(), filled: 0, full: 0, held: Vec::new() };
        let levels = tiles.shape.levels.iter().map(level).collect();
        Self { tiles, levels, done: 0 }
    }

    fn take(&mut self, block: &FrameBlock) -> io::Result<()> {
        let mut first = 0;
        while first < block.frames {
            let room = FINEST - self.levels[0].filled;
            let end = first + usize::try_from(room).unwrap_or(usize::MAX).min(block.frames - first);
            let rows = block.samples.chunks_exact(block.frames);
            for (samples, pair) in rows.zip(&mut self.levels[0].row) {
                let part = &samples[first..end];
                let low = part.iter().copied().fold(pair.0, i32::min);
                *pair = (low, part.iter().copied().fold(pair.1, i32::max));
            }
            self.levels[0].filled += (end - first) as u64;
            self.done += (end - first) as u64;
            if self.levels[0].filled == FINEST || self.done == self.tiles.len() {
                self.close(0)?;
            }
            first = end;
        }
        Ok(())
    }

    /// Closes a tile, and with it those of further levels that it fills.
    fn close(&mut self, level: usize) -> io::Result<()> {
        let is_last = self.done == self.tiles.len();
        let row =
            std::mem::replace(&mut self.levels[level].row, vec![NONE; self.tiles.shape.channels]);
        let this = &mut self.levels[level];
        this.filled = 0;
        this.full += 1;
        for (low, high) in &row {
            this.held.extend(low.to_le_bytes());
            this.held.extend(high.to_le_bytes());
        }
        if this.held.len() >= HELD || is_last {
            self.flush(level)?;
        }
        let Some(next) = self.levels.get_mut(level + 1) else { return Ok(()) };
        for (pair, (low, high)) in next.row.iter_mut().zip(&row) {
            *pair = (pair.0.min(*low), pair.1.max(*high));
        }
        next.filled += 1;
        if next.filled == FACTOR || is_last { self.close(level + 1) } else { Ok(()) }
    }

    fn flush(&mut self, level: usize) -> io::Result<()> {
        let this = &mut self.levels[level];
        let row = self.tiles.shape.row() as u64;
        let held = this.held.len() as u64 / row.max(1);
        self.tiles
            .write(self.tiles.shape.levels[level].1 + (this.full - held) * row, &this.held)?;
        this.held.clear();
        self.tiles.there[level].store(this.full, Ordering::Release);
        Ok(())
    }

    /// A stream that gave fewer frames than its index promised has no tiles.
    fn finish(self) -> io::Result<()> {
        match self.done == self.tiles.len() {
            true => Ok(()),
            false => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("{} frames were expected, {} came", self.tiles.len(), self.done),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use wavekeep_recorder::chain::{Chain, ChainConfig, EmulatorConfig, Shape as Wave};
    use wavekeep_recorder::writer::DataWriter;
    use wavekeep_recorder::{Next, Recorder, Source};

    /// Noise of three channels.
    fn run_of(folder: &Path, frames: u64) -> Run {
        let path = folder.join("run.dat");
        let mut writer = DataWriter::new();
        writer.set_data_file(&path);
        writer.set_overwrite(true);
        writer.open().unwrap();
        let input_emulator = EmulatorConfig::for_input()
            .with_enabled(true)
            .with_shape(Wave::Random)
            .with_amplitude(30_000);
        let config = ChainConfig::passing().with_input_emulator(input_emulator);
        let mut recorder = Recorder::new(writer, Some(Chain::new(config).unwrap()));
        let mut source = Source::emulator(3, 0.0);
        while recorder.taken() < frames {
            let Next::Frame(frame, stamp) = source.next(Duration::ZERO) else { panic!() };
            recorder.take(frame, stamp).unwrap();
        }
        recorder.writer_mut().close().unwrap();
        Run::open(path).unwrap()
    }

    fn tiles_of(folder: &Path, run: &Run) -> Tiles {
        let file = File::options();
        let file = file
            .clone()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(folder.join("t"))
            .unwrap();
        let tiles = Tiles::begin(file, run, 0).unwrap();
        tiles.read(run, 0, |_| true).unwrap();
        tiles
    }

    #[test]
    fn every_tile_of_every_level_has_the_extremes_of_its_frames() {
        let folder = tempfile::tempdir().unwrap();
        // Not a multiple of anything.
        let run = run_of(folder.path(), 4 * 1024 * FINEST + 77);
        let tiles = tiles_of(folder.path(), &run);
        let truth = run.read::<i32>(&Selection::all()).unwrap();
        assert_eq!(tiles.shape.levels.len(), 3);
        for level in 0..tiles.shape.levels.len() {
            let all = tiles.shape.levels[level].0;
            let found = tiles.pairs(level, 0..all, None).unwrap();
            for tile in 0..all {
                let frames = tiles.frames(level, &(tile..tile + 1));
                for channel in 0..3 {
                    let part = &truth.channel(channel)[frames.start as usize..frames.end as usize];
                    let pair = (*part.iter().min().unwrap(), *part.iter().max().unwrap());
                    assert_eq!(found[tile as usize * 3 + channel], pair, "{level} {tile}");
                }
            }
        }
        assert_eq!(tiles.pairs(0, 5..7, Some(&[2])).unwrap().len(), 2);
    }

    #[test]
    fn kept_tiles_are_used_for_the_very_files_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let run = run_of(folder.path(), 3000);
        let path = folder.path().join("t");
        drop(tiles_of(folder.path(), &run));
        assert!(Tiles::kept(&path, &run, 0).is_some());
        let bytes = fs::read(&path).unwrap();
        for (what, at) in [("the head", 10), ("a tile", bytes.len() - 3)] {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x40;
            fs::write(&path, damaged).unwrap();
            assert!(Tiles::kept(&path, &run, 0).is_none(), "{what}");
        }
        fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        assert!(Tiles::kept(&path, &run, 0).is_none(), "a shorter file");
        fs::write(&path, &bytes).unwrap();
        let run = run_of(folder.path(), 3000);
        assert!(Tiles::kept(&path, &run, 0).is_none(), "the run was written again");
    }
}
