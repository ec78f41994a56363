//! A selection of a run as the common stream: block after block, samples and header fields.

use std::f64::consts::PI;
use std::sync::Arc;

use wavekeep_core::{FrameBlock, FrameField, FrameGap, FrameStream, Scale, StreamChannel, Unit};

use crate::error::{Error, Result};
use crate::index::findings::GapKind;
use crate::read::columns::Headers;
use crate::read::select::{Plan, Selection};
use crate::read::{Block, Blocks};
use crate::run::Run;
use crate::run::channel_map::ChannelMap;

/// What each frame has beside its samples, named as in `docs/formats/smurf.md`; `time_ns` is the
/// best time, UNIX ns.
const FIELDS: &[FrameField] = {
    const COUNT: usize = Headers::FIELDS.len() + 1;
    const ALL: [FrameField; COUNT] = {
        let mut all = [FrameField { name: "time_ns", dtype: "<u8", item_size: 8, rows: 1 }; COUNT];
        let mut next = 1;
        while next < COUNT {
            let (name, (dtype, item_size), rows) = Headers::FIELDS[next - 1];
            all[next] = FrameField { name, dtype, item_size, rows };
            next += 1;
        }
        all
    };
    &ALL
};

/// A selection that is read once from its beginning to its end; made by [`Run::stream`].
#[derive(Debug)]
pub struct Stream<'r> {
    run: &'r Run,
    selection: Selection,
    plan: Plan,
    map: Option<Arc<ChannelMap>>,
    blocks: Option<Blocks<'r, i32>>,
}

impl Run {
    /// A selection with its header fields, for whoever writes streams.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn stream(&self, selection: &Selection) -> Result<Stream<'_>> {
        let plan = self.plan(selection, 1)?;
        let first = plan.frames.first().map_or(0, |frames| frames.start);
        let map = self.channel_map(self.index().section_at(first))?.ok();
        Ok(Stream { run: self, selection: selection.clone(), plan, map, blocks: None })
    }
}

impl Stream<'_> {
    pub(crate) fn run(&self) -> &Run {
        self.run
    }

    /// The sample index of every row.
    pub fn indices(&self) -> &[usize] {
        &self.plan.channels
    }

    /// Reads the samples of the next frames.
    fn read_samples(&mut self, frames: usize, block: &mut FrameBlock) -> Result<Option<Block>> {
        if self.blocks.is_none() {
            self.blocks = Some(self.run.blocks(&self.selection, frames)?);
        }
        let Some(blocks) = &mut self.blocks else { return Ok(None) };
        block.samples.resize(blocks.buffer_len(), 0);
        let Some(read) = blocks.next_into(&mut block.samples)? else { return Ok(None) };
        block.frames = read.frames;
        block.samples.truncate(read.channels * read.frames);
        Ok(Some(read))
    }
}

impl FrameStream for Stream<'_> {
    type Error = Error;

    fn channels(&self) -> usize {
        self.plan.channels.len()
    }

    fn frames(&self) -> u64 {
        self.plan.columns()
    }

    fn channel_name(&self, row: usize) -> String {
        let Some(&index) = self.plan.channels.get(row) else { return row.to_string() };
        match self.map.as_ref().and_then(|map| map.name(index, 1)) {
            Some(name) => format!("{index} ({name})"),
            None => index.to_string(),
        }
    }

    fn stream_channels(&self) -> Vec<StreamChannel> {
        let of = |index: &usize| {
            let detector = self.map.as_ref().and_then(|map| map.detector(*index, 1));
            StreamChannel {
                index: *index,
                detector: detector.map(|it| (it.band, it.channel)),
                frequency_mhz: detector.and_then(|it| it.frequency_mhz),
            }
        };
        self.plan.channels.iter().map(of).collect()
    }

    /// docs/formats/smurf.md: 2^16 counts are a turn.
    fn scale(&self) -> Scale {
        Scale::ratio(PI, 32768.0, Unit::Radian)
    }

    fn rate_hz(&self) -> Option<f64> {
        let (first, last) = (self.plan.frames.first()?, self.plan.frames.last()?);
        self.run.rate_hz_of(&(first.start..last.end))
    }

    fn gaps(&self) -> Vec<FrameGap> {
        let gaps = self.run.gaps().iter().filter(|gap| gap.kind == GapKind::Missing);
        gaps.filter_map(|gap| {
            let (first, end) =
                (self.plan.column_from(gap.frames.start), self.plan.column_from(gap.frames.end));
            // A part of a gap that repeats has the same part of its missing frames. What is missing
            // before the first frame of a selection is not in it.
            let within = first.max(1)..end;
            let each = gap.missing / (gap.frames.end - gap.frames.start).max(1);
            let missing = each * within.end.saturating_sub(within.start);
            (missing > 0).then_some(FrameGap { before: within, missing })
        })
        .collect()
    }

    fn fields(&self) -> &[FrameField] {
        FIELDS
    }

    fn next_block(&mut self, frames: usize, block: &mut FrameBlock) -> Result<bool> {
        let Some(read) = self.read_samples(frames, block)? else { return Ok(false) };
        let mut rows: Vec<Vec<Vec<u8>>> =
            FIELDS.iter().map(|field| vec![Vec::new(); field.rows]).collect();
        for range in read.frame_ranges {
            let part = Selection::all().frames(range);
            if let Some((times, fields)) = rows.split_first_mut() {
                let ns = self.run.times(&part)?.ns;
                times[0].extend(ns.iter().flat_map(|ns| ns.to_le_bytes()));
                let columns = self.run.headers(&part)?.into_columns();
                for (rows, (_, column)) in fields.iter_mut().zip(columns) {
                    column.extend(rows);
                }
            }
        }
        block.fields = rows.into_iter().map(|rows| rows.concat()).collect();
        Ok(true)
    }

    fn next_samples(&mut self, frames: usize, block: &mut FrameBlock) -> Result<bool> {
        block.fields.clear();
        Ok(self.read_samples(frames, block)?.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_hold_the_samples_and_fields_of_their_frames() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/basic.dat");
        let run = Run::open(path).unwrap();
        let mut stream = run.stream(&Selection::channels([5, 2])).unwrap();
        assert_eq!((stream.channels(), stream.frames(), stream.indices()), (2, 20, &[5, 2][..]));
        let (mut block, mut frame) = (FrameBlock::default(), 0);
        while stream.next_block(7, &mut block).unwrap() {
            for (row, channel) in [5, 2].into_iter().enumerate() {
                for column in 0..block.frames {
                    // The formula of the file's maker: (c × 65537 + i × 1001) mod 2^32 − 2^31.
                    let i = (frame + column) as i64;
                    let expected = (channel * 65537 + i * 1001 - (1 << 31)) as i32;
                    assert_eq!(block.samples[row * block.frames + column], expected);
                }
            }
            let field = |name: &str| {
                let place = FIELDS.iter().position(|field| field.name == name).unwrap();
                (&block.fields[place], FIELDS[place].item_size, FIELDS[place].rows)
            };
            for field in FIELDS {
                let (bytes, size, rows) = (
                    &block.fields[FIELDS.iter().position(|f| f == field).unwrap()],
                    field.item_size,
                    field.rows,
                );
                assert_eq!(bytes.len(), size * rows * block.frames, "{}", field.name);
            }
            let (counters, ..) = field("frame_counter");
            assert_eq!(counters[..4], (20 * frame as u32).to_le_bytes());
            // Bias k of frame i is (-1)^k (30000 k + i).
            let (biases, size, _) = field("tes_bias");
            let of_bias_3 = 3 * block.frames * size;
            assert_eq!(biases[of_bias_3..of_bias_3 + 4], (-(90_000 + frame as i32)).to_le_bytes());
            frame += block.frames;
        }
        assert_eq!(frame, 20);
    }
}
