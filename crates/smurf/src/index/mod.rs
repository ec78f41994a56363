//! What one pass over the record headers of a run finds.

pub(crate) mod clock;
pub(crate) mod counter;
pub(crate) mod counting;
pub(crate) mod findings;
pub(crate) mod saved;
pub(crate) mod scan;
mod words;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use wavekeep_core::{Note, NoteKind, Report};

use crate::error::Result;
use crate::files::store::Store;
use crate::index::clock::Clock;
use crate::index::counter::Steps;
use crate::wire::record::{DATA_CHANNEL, Fault};

/// Notes on damage of one kind.
const MOST_OF_A_KIND: usize = 16;

/// A place in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// Which piece, from 0 in the order of [`Run::pieces`](crate::Run::pieces).
    pub piece: usize,
    /// Byte offset in that piece.
    pub offset: u64,
    /// Data frames of the run before this place.
    pub frame: u64,
}

/// Damage, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Damage {
    /// Where.
    pub place: Place,
    /// What.
    pub fault: Fault,
}

/// Frames, one after the other, with the same number of channels and the same payload size.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Section {
    /// The frames, by their numbers in the run.
    pub frames: Range<u64>,
    /// Valid samples in each frame.
    pub channels: u32,
    /// Bytes of payload of each frame: header, samples and padding.
    pub payload_bytes: u32,
}

/// `frames 0..5 (8 channels)`
impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { frames, channels, payload_bytes } = self;
        write!(f, "frames {}..{} ({channels} channels", frames.start, frames.end)?;
        match u64::from(*payload_bytes) - 128 - u64::from(*channels) * 4 {
            0 => write!(f, ")"),
            padding => write!(f, ", {padding} bytes of padding)"),
        }
    }
}

/// Records on a channel that is neither data nor metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct OtherChannel {
    /// How many.
    pub records: u64,
    /// The first one.
    pub first: Place,
}

/// A metadata record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TextRecord {
    /// Of its payload.
    pub(crate) place: Place,
    pub(crate) len: u32,
}

/// Data frames at equal distances in one piece and one section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) piece: usize,
    /// Of the first record's header.
    pub(crate) offset: u64,
    /// Bytes from one record to the next of the stretch.
    pub(crate) stride: u64,
    /// Number of the first frame in the run.
    pub(crate) first: u64,
    pub(crate) count: u64,
}

/// What was known of a piece when it was indexed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PieceFacts {
    pub(crate) length: u64,
    pub(crate) modified_ns: u64,
}

impl PieceFacts {
    /// What is known of the files now.
    pub(crate) fn of_all(stores: &[Store]) -> Result<Vec<Self>> {
        let of =
            |store: &Store| Ok(Self { modified_ns: store.modified_ns()?, length: store.len()? });
        stores.iter().map(of).collect()
    }
}

/// Where everything is in a run.
///
/// Frames are numbered over the whole run from 0, in the order of the pieces; frames that cannot
/// be read have no number. An index takes some bytes for every change in a file's rhythm, not for
/// every frame: metadata once a second makes about 50 bytes a second of recording.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Index {
    pub(crate) pieces: Vec<PieceFacts>,
    pub(crate) stretches: Vec<Stretch>,
    pub(crate) sections: Vec<Section>,
    pub(crate) texts: Vec<TextRecord>,
    pub(crate) others: BTreeMap<u8, OtherChannel>,
    pub(crate) errored: Vec<Range<u64>>,
    pub(crate) steps: Steps,
    pub(crate) damage: Vec<Damage>,
    pub(crate) damage_not_kept: u64,
    pub(crate) bad_frames: u64,
    pub(crate) frames: u64,
    pub(crate) records: u64,
    pub(crate) version: Option<u8>,
    pub(crate) clock: Clock,
    /// Records of raw words, when the data channel holds nothing else.
    pub(crate) raw_records: u64,
}

impl Index {
    /// Records of raw words without the header of a frame: such a debug stream has no frames.
    pub fn raw_records(&self) -> u64 {
        self.raw_records
    }

    /// Makes this the index of a debug stream.
    pub(crate) fn drop_frames(&mut self, raw_records: u64) {
        let kept = std::mem::take(self);
        let ends_piece = |damage: &Damage| damage.fault.ends_piece();
        *self = Self {
            pieces: kept.pieces,
            others: kept.others,
            records: kept.records,
            texts: kept.texts,
            damage: kept.damage.into_iter().filter(ends_piece).collect(),
            raw_records,
            ..Self::default()
        };
        self.texts.iter_mut().for_each(|text| text.place.frame = 0);
    }

    /// Data frames that can be read.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Whole records on all channels, bad frames included.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Metadata records.
    pub fn metadata_records(&self) -> usize {
        self.texts.len()
    }

    /// Data frames that were skipped because they contradict themselves; each is in
    /// [`damage`](Self::damage).
    pub fn bad_frames(&self) -> u64 {
        self.bad_frames
    }

    /// Bytes of all pieces.
    pub fn bytes(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.length).sum()
    }

    /// The sections, in order.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// The frames that their sender marked as bad, as ranges in ascending order.
    pub fn errored(&self) -> &[Range<u64>] {
        &self.errored
    }

    /// How many frames their sender marked as bad.
    pub fn errored_frames(&self) -> u64 {
        self.errored.iter().map(|range| range.end - range.start).sum()
    }

    /// Whether a frame was marked as bad.
    pub fn is_errored(&self, frame: u64) -> bool {
        let next = self.errored.partition_point(|range| range.end <= frame);
        self.errored.get(next).is_some_and(|range| range.start <= frame)
    }

    /// Records on channels that are neither data nor metadata, by channel.
    pub fn other_channels(&self) -> &BTreeMap<u8, OtherChannel> {
        &self.others
    }

    /// Damage, in the order of the run. At most 100,000 places are kept; see
    /// [`damage_not_kept`](Self::damage_not_kept).
    pub fn damage(&self) -> &[Damage] {
        &self.damage
    }

    /// Places of damage that were only counted.
    pub fn damage_not_kept(&self) -> u64 {
        self.damage_not_kept
    }

    /// Damage to records, and records that were passed over, as notes; of one kind at most
    /// [`MOST_OF_A_KIND`], and how many more there are. Offsets count in the piece that the note
    /// names; `pieces` are the names of the pieces.
    pub fn report(&self, pieces: &[String]) -> Report {
        let mut report = Report::default();
        let name = |place: Place| match pieces {
            [] | [_] => String::new(),
            many => format!("{}: ", many.get(place.piece).map_or("?", String::as_str)),
        };
        let mut counts: BTreeMap<&str, (usize, Damage)> = BTreeMap::new();
        for damage in &self.damage {
            let code = damage.fault.code();
            let (count, last) = counts.entry(code).or_insert((0, *damage));
            *count += 1;
            *last = *damage;
            if *count <= MOST_OF_A_KIND {
                let message = format!("{}{}", name(damage.place), damage.fault);
                let note = Note::new(NoteKind::Damage, code, message);
                report.push(note.at(damage.place.offset));
            }
        }
        for (code, (count, last)) in counts {
            if let Some(more) = count.checked_sub(MOST_OF_A_KIND).filter(|more| *more > 0) {
                let message = format!(
                    "{}{} more such places; this is the last: {}",
                    name(last.place),
                    more,
                    last.fault
                );
                report.push(Note::new(NoteKind::Damage, code, message).at(last.place.offset));
            }
        }
        if self.damage_not_kept > 0 {
            report.damage("more_damage", format!("{} more places of damage", self.damage_not_kept));
        }
        if self.bytes() == 0 {
            let message = "the file is empty: nothing was written to it";
            report.push(Note::new(NoteKind::Disagreement, "empty", message));
        }
        if self.raw_records > 0 {
            let message = format!(
                "{} records on channel {DATA_CHANNEL} hold raw words without the header of a frame, as a \
                 debug stream of ADC samples does: there are no frames",
                self.raw_records
            );
            report.push(Note::new(NoteKind::Disagreement, "debug_stream", message));
        }
        if let Some(first) = self.errored.first() {
            let message = format!(
                "{} of {} frames were marked as errored when they were recorded, the first is frame {}",
                self.errored_frames(),
                self.frames,
                first.start
            );
            report.damage("errored_frames", message);
        }
        for (channel, other) in &self.others {
            let message = format!(
                "{}{} records on channel {channel} are neither data nor metadata and were skipped; this is the first",
                name(other.first),
                other.records
            );
            let note = Note::new(NoteKind::Assumption, "other_channel", message);
            report.push(note.at(other.first.offset));
        }
        if let Some(version) = self.version.filter(|version| *version != 1) {
            let message = format!("protocol version {version} was read as version 1");
            report.assumption("protocol_version", message);
        }
        report
    }

    /// The section that a frame belongs to.
    pub fn section_of(&self, frame: u64) -> usize {
        self.section_at(frame).min(self.sections.len().saturating_sub(1))
    }

    /// The section that a frame belongs to.
    pub(crate) fn section_at(&self, frame: u64) -> usize {
        self.sections.partition_point(|section| section.frames.end <= frame)
    }

    /// Where a frame's record begins: piece and offset.
    pub(crate) fn record_at(&self, frame: u64) -> Option<(usize, u64)> {
        let next = self.stretches.partition_point(|stretch| stretch.first + stretch.count <= frame);
        let stretch = self.stretches.get(next).filter(|stretch| stretch.first <= frame)?;
        Some((stretch.piece, stretch.offset + (frame - stretch.first) * stretch.stride))
    }

    /// The parts of stretches that hold these frames.
    pub(crate) fn stretches_of(&self, frames: Range<u64>) -> impl Iterator<Item = Stretch> + '_ {
        let next =
            self.stretches.partition_point(|stretch| stretch.first + stretch.count <= frames.start);
        let end = frames.end;
        self.stretches[next..].iter().take_while(move |stretch| stretch.first < end).filter_map(
            move |stretch| {
                let from = frames.start.max(stretch.first);
                let to = end.min(stretch.first + stretch.count);
                let offset = stretch.offset + (from - stretch.first) * stretch.stride;
                (from < to).then_some(Stretch { offset, first: from, count: to - from, ..*stretch })
            },
        )
    }
}
