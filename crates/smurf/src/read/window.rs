//! Frames that lie near each other, gathered so that they can be read and turned over at once.
//!
//! Metadata stands between the frames about once a second: what is read at once would otherwise be
//! as short as a second of recording.

use std::ops::Range;

use crate::error::Result;
use crate::index::Index;
use crate::read::square::EDGE;

/// Some frames of one piece.
#[derive(Debug, Default)]
pub(crate) struct Window {
    pub(crate) piece: usize,
    /// Byte offset of the first frame's record in the piece.
    pub(crate) start: u64,
    /// Where the record of each frame begins, in bytes from `start`.
    pub(crate) frames: Vec<usize>,
}

impl Window {
    /// Bytes from the first to the last frame's record.
    pub(crate) fn span(&self) -> usize {
        self.frames.last().copied().unwrap_or_default()
    }

    /// Keeps the frames from `count` on.
    fn drop_front(&mut self, count: usize) {
        if let Some(shift) = self.frames.get(count).copied() {
            self.start += shift as u64;
            self.frames.drain(..count);
            self.frames.iter_mut().for_each(|frame| *frame -= shift);
        } else {
            self.frames.clear();
        }
    }
}

impl Index {
    /// Hands on the frames of some ranges, all of them and in order, in windows that span at most
    /// `reach` bytes from the first to the last record. Where a window ends because of that, its
    /// frames make whole squares if there are enough of them.
    pub(crate) fn each_window(
        &self,
        ranges: impl Iterator<Item = Range<u64>>,
        reach: usize,
        mut each: impl FnMut(&Window) -> Result<()>,
    ) -> Result<()> {
        let mut window = Window::default();
        for stretch in ranges.flat_map(|range| self.stretches_of(range)) {
            for frame in 0..stretch.count {
                let offset = stretch.offset + frame * stretch.stride;
                if window.piece != stretch.piece && !window.frames.is_empty() {
                    each(&window)?;
                    window.frames.clear();
                }
                while !window.frames.is_empty() && offset - window.start > reach as u64 {
                    let count = window.frames.len();
                    let whole = if count > EDGE { count - count % EDGE } else { count };
                    let rest = window.frames.split_off(whole);
                    each(&window)?;
                    window.frames.extend(rest);
                    window.drop_front(whole);
                }
                if window.frames.is_empty() {
                    window.piece = stretch.piece;
                    window.start = offset;
                }
                // At most `reach`.
                window.frames.push((offset - window.start) as usize);
            }
        }
        if window.frames.is_empty() { Ok(()) } else { each(&window) }
    }
}
