//! A part of a run as columns of time, each with the smallest and the largest sample of every
//! channel.

use std::ops::Range;
use std::sync::Arc;

use serde_json::{Value, json};
use wavekeep_core::FrameStream;
use wavekeep_signal::{Envelope, FrameAxis};
use wavekeep_smurf::Selection;

use super::tiles::{FINEST, Pair, Tiles};
use super::{OpenRun, failed};
use crate::problem::Problem;
use crate::state::State;

/// Columns of a picture of which not every frame is read yet.
const SAMPLED_COLUMNS: usize = 256;
/// Bytes that are read for such a picture.
const SAMPLED_BYTES: u64 = 8 << 20;
/// Bytes of a frame beside its samples.
pub const FRAME_HEAD: u64 = 136;

/// Which part of a run, in how many columns.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct View {
    /// The section.
    pub section: usize,
    /// Frames by their numbers in the run.
    pub frames: Range<u64>,
    /// The channels.
    pub channels: Selection,
    /// At most so many columns.
    pub columns: usize,
}

/// A column of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Column {
    /// Its frames by their numbers in the run; none where all are missing.
    pub frames: Range<u64>,
    /// How many of them were read.
    pub read: u64,
}

impl Column {
    /// First frame and end; `None` where all are missing.
    pub fn ends(&self) -> Option<[u64; 2]> {
        (!self.frames.is_empty()).then_some([self.frames.start, self.frames.end])
    }

    fn is_whole(&self) -> bool {
        self.read == self.frames.end - self.frames.start
    }
}

/// A part of a run in columns.
#[derive(Debug)]
pub struct Picture {
    /// The columns.
    pub columns: Vec<Column>,
    /// Whether gaps are shorter in it than they were in time.
    pub is_shortened: bool,
    /// `channels × columns`, all columns of the first channel first.
    extremes: Vec<Option<[i32; 2]>>,
    progress: Value,
}

impl Picture {
    /// Smallest and largest count of every column of a channel; `None` where all are missing.
    pub fn channel(&self, row: usize) -> &[Option<[i32; 2]>] {
        &self.extremes[row * self.columns.len()..][..self.columns.len()]
    }

    /// The picture as an envelope over `axis`, whose first frame is `first` of the run.
    pub fn envelope(&self, axis: FrameAxis, first: u64) -> Option<Envelope> {
        let of_view = |column: &Column| {
            let from = column.frames.start.saturating_sub(first);
            from..column.frames.end.saturating_sub(first).max(from)
        };
        let frames: Vec<_> = self.columns.iter().map(of_view).collect();
        let rows = self.extremes.len().checked_div(self.columns.len()).unwrap_or(0);
        let extremes = self.extremes.iter().map(|pair| pair.map(|[low, high]| (low, high)));
        Envelope::from_steps(axis, rows, frames, extremes)
    }

    /// Whether every frame was read for it.
    pub fn is_complete(&self) -> bool {
        self.columns.iter().all(Column::is_whole)
    }

    /// What a reader must know before believing it: whether every frame was read. Where not, peaks
    /// may be missing.
    pub fn standing(&self) -> Value {
        let frames: u64 = self.columns.iter().map(|one| one.frames.end - one.frames.start).sum();
        let read: u64 = self.columns.iter().map(|column| column.read).sum();
        let whole = self.columns.iter().take_while(|column| column.is_whole()).last();
        json!({
            "complete": self.is_complete(),
            "frames": frames,
            "frames_read": read,
            "complete_until": whole.map(|column| column.frames.end),
            "reading": self.progress,
        })
    }

    fn from_envelope(envelope: &Envelope, first: u64) -> Self {
        let columns = (0..envelope.steps()).map(|step| {
            let of = envelope.frames(step);
            let frames = first + of.start..first + of.end;
            Column { read: frames.end - frames.start, frames }
        });
        let rows = 0..envelope.channels();
        let extremes = rows.flat_map(|row| envelope.channel(row).map(pair));
        Self {
            columns: columns.collect(),
            is_shortened: envelope.axis().is_shortened(),
            extremes: extremes.collect(),
            progress: Value::Null,
        }
    }
}

fn pair(found: Option<Pair>) -> Option<[i32; 2]> {
    found.map(|(low, high)| [low, high])
}

impl State {
    /// The picture of a part of a run. What is short is read for it. What is long is drawn from
    /// tiles; where those are not there yet, some frames of each column are read.
    ///
    /// # Errors
    /// When the run cannot be read.
    pub fn picture(&self, open: &Arc<OpenRun>, view: &View) -> Result<Picture, Problem> {
        let selection = view.channels.clone().section(view.section).frames(view.frames.clone());
        let mut stream = open.run.stream(&selection).map_err(failed)?;
        let section = &open.run.index().sections()[view.section];
        let frames = view.frames.end - view.frames.start;
        let samples = frames.saturating_mul(u64::from(section.channels.max(1)));
        if samples <= self.limits.samples_at_once {
            let envelope = Envelope::of(&mut stream, view.columns, |_| {}).map_err(failed)?;
            return Ok(Picture::from_envelope(&envelope, view.frames.start));
        }
        let reading = self.reading(open, view.section)?;
        let tiles = reading.tiles();
        let axis = FrameAxis::new(stream.frames(), stream.gaps());
        let channels = stream.indices().to_vec();
        let of_section =
            view.frames.start - section.frames.start..view.frames.end - section.frames.start;
        let widest = usize::try_from(frames / FINEST).unwrap_or(usize::MAX).max(1);
        let mut columns = view.columns.min(widest);
        let mut level = tiles.level(frames, 2 * columns as u64);
        if tiles.done(level) < of_section.end {
            columns = columns.min(SAMPLED_COLUMNS);
            level = tiles.level(frames, 2 * columns as u64);
        }
        let made = Making { open, view, tiles, level, axis, channels, first: section.frames.start };
        let mut picture = made.picture(columns, of_section)?;
        if !reading.is_complete() {
            picture.progress = reading.progress();
        }
        Ok(picture)
    }
}

/// What a picture is made of tiles with.
struct Making<'a> {
    open: &'a OpenRun,
    view: &'a View,
    tiles: &'a Tiles,
    level: usize,
    axis: FrameAxis,
    channels: Vec<usize>,
    /// The first frame of the section.
    first: u64,
}

impl Making<'_> {
    /// `part` are the frames of the view, counted from the beginning of the section.
    fn picture(&self, columns: usize, part: Range<u64>) -> Result<Picture, Problem> {
        let size = self.tiles.size(self.level);
        let all = part.start / size..part.end.div_ceil(size);
        // First how far the tiles are, then the tiles: they only become more.
        let there = self.tiles.done(self.level);
        let whole = all.start..(there.div_ceil(size)).clamp(all.start, all.end);
        let pairs = self.tiles.pairs(self.level, whole.clone(), Some(&self.channels));
        let pairs = pairs.map_err(|error| Problem::internal(&error))?;
        let rows = self.channels.len();
        let mut extremes = vec![None; rows * columns];
        let edge = |n: usize| (u128::from(self.axis.len()) * n as u128 / columns as u128) as u64;
        let mut made = Vec::with_capacity(columns);
        for n in 0..columns {
            let within = self.axis.frames_within(edge(n)..edge(n + 1));
            let frames = part.start + within.start..part.start + within.end;
            let of = self.tiles_of(&frames, &part);
            let mut put =
                |row: usize, low: i32, high: i32| extremes[row * columns + n] = Some([low, high]);
            let (frames, read) = if frames.is_empty() {
                (frames, 0)
            } else if of.end <= whole.end {
                for row in 0..rows {
                    let of =
                        of.clone().map(|tile| pairs[(tile - whole.start) as usize * rows + row]);
                    if let Some((low, high)) = of.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))) {
                        put(row, low, high);
                    }
                }
                let read = frames.end - frames.start;
                (frames, read)
            } else {
                let (found, read) = self.sample(&frames, columns)?;
                for (row, (low, high)) in found.into_iter().enumerate() {
                    put(row, low, high);
                }
                (frames, read)
            };
            made.push(Column { frames: self.first + frames.start..self.first + frames.end, read });
        }
        Ok(Picture {
            columns: made,
            is_shortened: self.axis.is_shortened(),
            extremes,
            progress: Value::Null,
        })
    }

    /// The tiles that belong to a column: those that begin in it, so that a peak stands in one
    /// column; at least the one that its first frame lies in.
    fn tiles_of(&self, frames: &Range<u64>, part: &Range<u64>) -> Range<u64> {
        let size = self.tiles.size(self.level);
        let begin = |frame: u64| match frame == part.start {
            // A tile that the view cuts belongs to the first column.
            true => frame / size,
            false => frame.div_ceil(size),
        };
        let of = begin(frames.start)..begin(frames.end);
        if of.is_empty() { frames.start / size..frames.start / size + 1 } else { of }
    }

    /// The extremes of some frames from the beginning of a column, and how many these are.
    fn sample(&self, frames: &Range<u64>, columns: usize) -> Result<(Vec<Pair>, u64), Problem> {
        let channels = u64::from(self.open.run.index().sections()[self.view.section].channels);
        let each = SAMPLED_BYTES / (FRAME_HEAD + 4 * channels) / columns as u64;
        let read = each.max(1).min(frames.end - frames.start);
        let first = self.first + frames.start;
        let selection = self.view.channels.clone().section(self.view.section);
        let selection = selection.frames(first..first + read).threads(1);
        let found = self.open.run.read::<i32>(&selection).map_err(failed)?;
        let of = |row: usize| {
            let samples = found.channel(row).iter().copied();
            samples.fold((i32::MAX, i32::MIN), |pair, value| (pair.0.min(value), pair.1.max(value)))
        };
        Ok(((0..self.channels.len()).map(of).collect(), read))
    }
}
