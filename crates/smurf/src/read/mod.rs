//! Samples of a selection, into fresh memory or into the caller's.

pub(crate) mod columns;
pub(crate) mod matrix;
pub(crate) mod sample;
pub(crate) mod select;
mod square;
pub(crate) mod stream;
mod transpose;
mod transpose_large;
mod window;

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::files::store::{Lens, Store};
use crate::read::matrix::{HUGE_PAGE, Matrix};
use crate::read::sample::{Sample, value};
use crate::read::select::{MOST_THREADS, Plan, Selection};
use crate::read::square::EDGE;
use crate::read::transpose::{Row, fill};
use crate::read::transpose_large::fill_large;
use crate::run::Run;
use crate::wire::header::HEADER_LEN;
use crate::wire::record::RECORD_HEADER_LEN;

/// Bytes that are read and turned over at a time, by each thread: what fits into the second-level
/// cache.
const CHUNK: usize = 1 << 20;
/// Most tasks, and most rows of all tasks together: what a read takes beside its result has a
/// bound, however many cores and channels there are.
const MOST_TASKS: usize = 48;
const MOST_ROWS: usize = 1 << 19;
/// Below this many bytes of result a second thread costs more than it gives.
const WORTH_THREADS: usize = 1 << 18;
/// From this many bytes of result on neither source nor result stay in the caches: the source is
/// mapped and the result written past them.
const LARGE: usize = 16 << 20;
/// The same for blocks: more than the second-level caches hold, so that each would throw out the
/// one before it.
const LARGE_BLOCK: usize = 4 << 20;
/// Bytes of a mapped source that are taken at a time.
const PART: usize = 16 << 20;
/// Columns of a task at least, where that leaves one for each thread.
const LEAST_COLUMNS: usize = 256;
/// Rows of a task at least.
const LEAST_ROWS: usize = 512;
/// Tasks for each thread, so that one that is held up does not hold up all.
const TASKS_EACH: usize = 4;

/// Samples that were read: channel-major, one row a channel, one column a frame.
#[derive(Debug)]
pub struct Reading<T> {
    /// The values, `channels × frames`.
    pub samples: Matrix<T>,
    /// The sample index (in IQ mode: the physical channel) of every row.
    pub indices: Vec<usize>,
    /// The frames of the columns, by their numbers in the run: one range, or several when errored
    /// frames were dropped.
    pub frame_ranges: Vec<Range<u64>>,
    /// For every column whether the sender marked the frame as bad.
    pub errored: Vec<bool>,
}

impl<T: Sample> Reading<T> {
    /// Number of channels.
    pub fn channels(&self) -> usize {
        self.samples.rows()
    }

    /// Number of frames.
    pub fn frames(&self) -> usize {
        self.samples.columns()
    }

    /// The samples of the channel in one row.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn channel(&self, row: usize) -> &[T] {
        self.samples.row(row)
    }
}

/// How a read treats memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Block by block through small buffers, the result kept in the caches.
    Small,
    /// From the mapped files past the caches.
    Large,
    /// As large, into memory that perhaps nobody has touched.
    LargeFresh,
}

/// A block that was read into the caller's buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Block {
    /// Number of channels: rows of the block.
    pub channels: usize,
    /// Number of frames: columns of the block. Row `k` is `buffer[k × frames..][..frames]`.
    pub frames: usize,
    /// The frames, by their numbers in the run.
    pub frame_ranges: Vec<Range<u64>>,
    /// For every column whether the sender marked the frame as bad.
    pub errored: Vec<bool>,
}

/// Reads a selection block by block; made by [`Run::blocks`].
#[derive(Debug)]
pub struct Blocks<'r, T> {
    run: &'r Run,
    plan: Plan,
    frames: usize,
    next: u64,
    workers: Workers,
    of: PhantomData<T>,
}

impl Run {
    /// Reads a selection into memory of its own, channel-major.
    ///
    /// Beside the result this takes at most 64 MiB, whatever the size of the run. For a result of
    /// 16 MiB or more the files are mapped, unless it was opened
    /// [`unmapped`](crate::OpenOptions::unmapped); their pages are the system's cache. The memory of
    /// the result that was dropped last serves the next one of about that size. Until then the
    /// system takes it back when it is short of memory, as it does with its cache; where it cannot
    /// be told to, at most 64 MiB are kept.
    ///
    /// A run without frames gives an empty result.
    ///
    /// # Errors
    /// [`Error::SeveralSections`], [`Error::NoSuchSection`], [`Error::NoSuchChannel`],
    /// [`Error::NoMask`] for a selection that the run does not have; [`Error::OutOfMemory`];
    /// [`Error::Io`] and [`Error::Shrunk`].
    pub fn read<T: Sample>(&self, selection: &Selection) -> Result<Reading<T>> {
        let plan = self.plan(selection, T::WORDS)?;
        let columns = plan.columns();
        let frames = usize::try_from(columns).unwrap_or(usize::MAX);
        let mut samples = Matrix::unfilled(plan.channels.len(), frames)?;
        let workers = Workers::new(selection.threads)?;
        let way = way_for::<T>(&samples);
        self.fill_columns::<T>(&plan, 0..columns, &mut samples, &workers, way)?;
        let errored = self.errored_flags(&plan.frames, frames);
        Ok(Reading { samples, indices: plan.channels, frame_ranges: plan.frames, errored })
    }

    /// Reads a selection into the front of the caller's memory, channel-major: as [`read`](Self::read),
    /// but for where the samples are.
    ///
    /// # Errors
    /// As `read`, and [`Error::BufferTooSmall`].
    pub fn read_into<T: Sample>(&self, selection: &Selection, buffer: &mut [T]) -> Result<Block> {
        let plan = self.plan(selection, T::WORDS)?;
        let workers = Workers::new(selection.threads)?;
        self.read_columns(&plan, 0..plan.columns(), buffer, &workers, way_for)
    }

    /// Reads a selection block by block, `frames` frames at a time, into buffers of the caller. For
    /// blocks of 4 MiB or more the files are mapped, as for large results.
    ///
    /// ```
    /// use wavekeep_smurf::{Run, Selection};
    ///
    /// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/basic.dat");
    /// let run = Run::open(path)?;
    /// let mut blocks = run.blocks::<f64>(&Selection::all(), 8)?;
    /// let mut buffer = vec![0.0; blocks.buffer_len()];
    /// let mut frames = 0;
    /// while let Some(block) = blocks.next_into(&mut buffer)? {
    ///     let first_channel = &buffer[..block.frames];
    ///     frames += first_channel.len();
    /// }
    /// assert_eq!(frames, 20);
    /// # Ok::<(), wavekeep_smurf::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn blocks<T: Sample>(&self, selection: &Selection, frames: usize) -> Result<Blocks<'_, T>> {
        let plan = self.plan(selection, T::WORDS)?;
        let workers = Workers::new(selection.threads)?;
        Ok(Blocks { run: self, plan, frames: frames.max(1), next: 0, workers, of: PhantomData })
    }

    pub(crate) fn errored_flags(&self, ranges: &[Range<u64>], frames: usize) -> Vec<bool> {
        let mut flags = vec![false; frames];
        let errored = self.index.errored();
        let mut column = 0;
        for range in ranges {
            let first = errored.partition_point(|bad| bad.end <= range.start);
            for bad in errored[first..].iter().take_while(|bad| bad.start < range.end) {
                let from = bad.start.max(range.start) - range.start;
                let to = bad.end.min(range.end) - range.start;
                flags[column + from as usize..column + to as usize].fill(true);
            }
            column += (range.end - range.start) as usize;
        }
        flags
    }

    /// Reads these columns of the plan into the front of a buffer.
    fn read_columns<T: Sample>(
        &self,
        plan: &Plan,
        columns: Range<u64>,
        buffer: &mut [T],
        workers: &Workers,
        way: impl Fn(&[T]) -> Way,
    ) -> Result<Block> {
        let width = usize::try_from(columns.end - columns.start).unwrap_or(usize::MAX);
        let needed = plan.channels.len().saturating_mul(width);
        let found = buffer.len();
        let part = buffer.get_mut(..needed).ok_or(Error::BufferTooSmall { needed, found })?;
        let way = way(part);
        self.fill_columns(plan, columns.clone(), part, workers, way)?;
        let frame_ranges: Vec<Range<u64>> = plan.frames_in(columns).collect();
        let errored = self.errored_flags(&frame_ranges, width);
        Ok(Block { channels: plan.channels.len(), frames: width, frame_ranges, errored })
    }

    /// Fills a channel-major buffer with these columns of the plan.
    fn fill_columns<T: Sample>(
        &self,
        plan: &Plan,
        columns: Range<u64>,
        buffer: &mut [T],
        workers: &Workers,
        way: Way,
    ) -> Result<()> {
        let width = (columns.end - columns.start) as usize;
        if width == 0 || plan.channels.is_empty() {
            return Ok(());
        }
        let worth = size_of_val(buffer) >= WORTH_THREADS;
        let threads = if worth { workers.threads() } else { 1 };
        let channels = plan.channels.len();
        let most = if threads == 1 { 1 } else { (threads * TASKS_EACH).min(MOST_TASKS) };
        // Where nothing has to be copied first, tasks are given whole rows, if there are enough of
        // them: the ends of each part of a row take longer than the rest, and neighbours in a row
        // share huge pages.
        let mapped = way != Way::Small && self.stores.iter().all(Store::is_in_place);
        let row_tasks = if mapped { (channels / LEAST_ROWS).clamp(1, most) } else { 1 };
        let rows_each = channels.div_ceil(row_tasks).next_multiple_of(EDGE);
        let column_tasks = (most / row_tasks)
            .min(MOST_ROWS / channels)
            .min((width / LEAST_COLUMNS).max(threads / row_tasks))
            .max(1);
        let each = width.div_ceil(column_tasks);
        let column_tasks = width.div_ceil(each);
        if way == Way::LargeFresh && column_tasks > 1 {
            workers.run(|| touch(buffer));
        }

        // Every task has its own part of the result: cut apart here, so that tasks can write at the
        // same time. Rows in the order of their samples share cache lines.
        let mut order: Vec<(usize, &mut [T])> =
            plan.channels.iter().copied().zip(buffer.chunks_exact_mut(width)).collect();
        order.sort_by_key(|(channel, _)| *channel);
        let mut parts: Vec<Vec<Row<'_, T>>> = Vec::new();
        parts.resize_with(channels.div_ceil(rows_each) * column_tasks, Vec::new);
        for (row, (channel, values)) in order.into_iter().enumerate() {
            let at = RECORD_HEADER_LEN + HEADER_LEN + channel * 4 * T::WORDS;
            let of_row = &mut parts[row / rows_each * column_tasks..];
            for (part, values) in of_row.iter_mut().zip(values.chunks_mut(each)) {
                part.push(Row { at, values });
            }
        }
        let work = |(number, rows): (usize, &mut Vec<Row<'_, T>>)| {
            let from = columns.start + (number % column_tasks * each) as u64;
            let to = columns.end.min(from + each as u64);
            workers.with_buffer(|buffer| self.fill_part(plan, from..to, rows, buffer, way))
        };
        if threads == 1 {
            parts.iter_mut().enumerate().try_for_each(work)
        } else {
            workers.run(|| parts.par_iter_mut().enumerate().try_for_each(work))
        }
    }

    /// Fills rows that hold exactly these columns of the plan.
    fn fill_part<T: Sample>(
        &self,
        plan: &Plan,
        columns: Range<u64>,
        rows: &mut [Row<'_, T>],
        buffer: &mut Vec<u8>,
        way: Way,
    ) -> Result<()> {
        // Of a record only what lies between the first and the last channel asked for is read.
        let first = rows.first().map_or(0, |row| row.at);
        let end = rows.last().map_or(0, |row| row.at + 4 * T::WORDS);
        let used = end - first;
        if used > CHUNK {
            return self.fill_from_giants(plan, columns, rows);
        }
        rows.iter_mut().for_each(|row| row.at -= first);
        let reach = if way == Way::Small { CHUNK } else { PART } - used;
        let mut column = 0;
        self.index.each_window(plan.frames_in(columns), reach, |window| {
            let store = &self.stores[window.piece];
            let (offset, len) = (window.start + first as u64, window.span() + used);
            let view = if way == Way::Small { None } else { store.view(offset, len)? };
            match view {
                Some(bytes) => fill_large(bytes, &window.frames, rows, column),
                None => read_window(store, offset, &window.frames, used, rows, column, buffer)?,
            }
            column += window.frames.len();
            Ok(())
        })
    }

    /// As [`fill_part`](Self::fill_part), for records of which not even one fits into the buffer.
    fn fill_from_giants<T: Sample>(
        &self,
        plan: &Plan,
        columns: Range<u64>,
        rows: &mut [Row<'_, T>],
    ) -> Result<()> {
        let mut lens = Lens::new(&self.stores, CHUNK);
        let mut column = 0;
        for frames in plan.frames_in(columns) {
            for stretch in self.index.stretches_of(frames) {
                for frame in 0..stretch.count {
                    let offset = stretch.offset + frame * stretch.stride;
                    for row in rows.iter_mut() {
                        let at = offset + row.at as u64;
                        let words = lens.look(stretch.piece, at, 4 * T::WORDS)?;
                        row.values[column] = value(words);
                    }
                    column += 1;
                }
            }
        }
        Ok(())
    }
}

impl<T: Sample> Blocks<'_, T> {
    /// Values that a buffer must hold: channels × frames of a whole block.
    pub fn buffer_len(&self) -> usize {
        let frames = self.plan.columns().min(self.frames as u64);
        self.plan.channels.len().saturating_mul(frames as usize)
    }

    /// Frames of the whole selection.
    pub fn frames(&self) -> u64 {
        self.plan.columns()
    }

    /// Fills the front of `buffer` with the next block; `None` when there are no more.
    ///
    /// # Errors
    /// [`Error::BufferTooSmall`], [`Error::Io`] and [`Error::Shrunk`].
    pub fn next_into(&mut self, buffer: &mut [T]) -> Result<Option<Block>> {
        let end = self.plan.columns().min(self.next.saturating_add(self.frames as u64));
        let columns = self.next..end;
        if columns.is_empty() {
            return Ok(None);
        }
        let way = |block: &[T]| match size_of_val(block) < LARGE_BLOCK {
            true => Way::Small,
            false => Way::Large,
        };
        let block = self.run.read_columns(&self.plan, columns, buffer, &self.workers, way)?;
        self.next = end;
        Ok(Some(block))
    }
}

/// Fills columns from what is read through a buffer, [`CHUNK`] bytes at a time. The first `used`
/// bytes of each frame are needed; the first frame's are at `offset`.
fn read_window<T: Sample>(
    store: &Store,
    offset: u64,
    frames: &[usize],
    used: usize,
    rows: &mut [Row<'_, T>],
    column: usize,
    buffer: &mut Vec<u8>,
) -> Result<()> {
    let mut done = 0;
    while let Some(&start) = frames.get(done) {
        let count = frames[done..].partition_point(|frame| frame - start <= CHUNK - used);
        let part: Vec<usize> = frames[done..][..count].iter().map(|frame| frame - start).collect();
        let len = part.last().copied().unwrap_or_default() + used;
        buffer.resize(len.max(buffer.len()), 0);
        store.read_at(offset + start as u64, &mut buffer[..len])?;
        fill(&buffer[..len], &part, rows, column + done);
        done += count;
    }
    Ok(())
}

fn way_for<T>(result: &[T]) -> Way {
    if size_of_val(result) < LARGE { Way::Small } else { Way::LargeFresh }
}

/// Has the system hand out and clear fresh memory, a huge page at a time by one thread. Threads that
/// fill neighbouring columns would all clear the same huge pages, and all but one for nothing.
fn touch<T: Sample>(buffer: &mut [T]) {
    const PAGE: usize = 4 << 10;
    buffer.par_chunks_mut(HUGE_PAGE / size_of::<T>()).for_each(|part| {
        for page in part.chunks_mut(PAGE / size_of::<T>()) {
            // Filled with what was read later on.
            page[0] = T::zeroed();
        }
    });
}

/// Who does the work, and what they work in.
#[derive(Debug)]
struct Workers {
    threads: Threads,
    /// Buffers that nobody uses at the moment: fresh ones cost page faults.
    buffers: Mutex<Vec<Vec<u8>>>,
}

#[derive(Debug)]
enum Threads {
    /// The caller alone.
    Caller,
    /// The threads that the whole process shares.
    Shared,
    /// Threads of this read's own.
    Own(rayon::ThreadPool),
}

impl Workers {
    fn new(threads: Option<usize>) -> Result<Self> {
        let threads = match threads {
            None => Threads::Shared,
            Some(0 | 1) => Threads::Caller,
            Some(asked) if asked > MOST_THREADS => return Err(Error::TooManyThreads { asked }),
            Some(threads) => rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .map(Threads::Own)
                .map_err(|error| Error::NoThreads { threads, reason: error.to_string() })?,
        };
        Ok(Self { threads, buffers: Mutex::default() })
    }

    fn threads(&self) -> usize {
        match &self.threads {
            Threads::Caller => 1,
            Threads::Shared => rayon::current_num_threads(),
            Threads::Own(pool) => pool.current_num_threads(),
        }
    }

    /// Does parallel work by its threads.
    fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match &self.threads {
            Threads::Own(pool) => pool.install(work),
            Threads::Caller | Threads::Shared => work(),
        }
    }

    fn with_buffer<R>(&self, work: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        // A thread that panicked left whole buffers behind.
        let free = || self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = free().pop();
        let mut buffer = idle.unwrap_or_default();
        let done = work(&mut buffer);
        free().push(buffer);
        done
    }
}
