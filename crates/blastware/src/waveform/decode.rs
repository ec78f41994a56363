//! The walk from segment to segment.
//!
//! A segment that cannot be read is left by the length field of its record, which says where the
//! next one begins; where that field leads nowhere, the bytes are searched for the next record,
//! whose counter tells how many segments lie between.

use super::assemble::{Fault, Segment, agreed_length, assemble};
use super::blocks::{self, SegmentBuffer, Stop};
use super::{BODY_MARKER, BOUNDARY_LEN, BOUNDARY_TAG, CHANNELS, FIRST_COUNTER, Waveform};
use wavekeep_core::{Note, NoteKind};

/// Offset of the first block: marker and two samples come before it.
pub(super) const FIRST_BLOCK: usize = BODY_MARKER.len() + 4;
/// MicL takes the last turn of each round.
const LAST_TURN: usize = CHANNELS.len() - 1;

/// Decodes a waveform body, from its `00 02 00` on, whatever its state.
///
/// A body that does not begin with `00 02 00` and two samples gives no samples and a note. Time
/// and memory are proportional to the length of the body: each segment takes at least a record of
/// 20 bytes and holds at most 512 samples.
pub fn decode(body: &[u8]) -> Waveform {
    let mut notes = Vec::new();
    let Some(first) = first_samples(body) else {
        let message = "the body does not begin with 00 02 00 and two samples";
        notes.push(Note::new(NoteKind::Damage, "no_waveform", message).at(0));
        return Waveform { notes, ..Waveform::default() };
    };
    let mut walk = Walk {
        body,
        at: FIRST_BLOCK,
        boundary: None,
        buffer: SegmentBuffer::new(),
        channels: std::array::from_fn(|_| Vec::with_capacity(body.len() / 2)),
        segments: Vec::with_capacity(body.len() / 128 + 1),
        notes,
    };
    walk.buffer.begin(first);
    while walk.segment() {}
    let trailer_offset = walk.at.min(body.len());
    assemble(walk.channels, &walk.segments, trailer_offset, walk.notes)
}

pub(super) fn first_samples(body: &[u8]) -> Option<[i16; 2]> {
    let rest = body.strip_prefix(&BODY_MARKER)?;
    Some(two(rest.first_chunk()?))
}

fn two(bytes: &[u8; 4]) -> [i16; 2] {
    [i16::from_be_bytes([bytes[0], bytes[1]]), i16::from_be_bytes([bytes[2], bytes[3]])]
}

/// The 20 bytes between two segments.
#[derive(Debug, Clone, Copy)]
pub(super) struct Boundary {
    at: usize,
    closing_deltas: [i16; 2],
    /// Where the length field says that the next boundary is.
    next_at: usize,
    counter: u32,
    first_samples: [i16; 2],
}

impl Boundary {
    /// The boundary at `at`; `None` when there is none (`40 02` alone can be a block or text).
    pub(super) fn read(body: &[u8], at: usize) -> Option<Self> {
        let bytes = body.get(at..)?.first_chunk::<BOUNDARY_LEN>()?;
        let (tag, rest) = bytes.split_first_chunk::<2>()?;
        let (deltas, rest) = rest.split_first_chunk::<4>()?;
        let (_check, rest) = rest.split_first_chunk::<2>()?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (counter, rest) = rest.split_first_chunk::<4>()?;
        let (marker, samples) = rest.split_first_chunk::<2>()?;
        (*tag == BOUNDARY_TAG && *marker == [0x02, 0x00]).then_some(Self {
            at,
            closing_deltas: two(deltas),
            next_at: at + usize::from(u16::from_be_bytes(*length)) + 2,
            counter: u32::from_le_bytes(*counter),
            first_samples: two(samples.first_chunk()?),
        })
    }

    /// Whether its length field leads to another `40 02`.
    fn leads_on(&self, body: &[u8]) -> bool {
        body.get(self.next_at..).is_some_and(|rest| rest.starts_with(&BOUNDARY_TAG))
    }
}

struct Walk<'a> {
    body: &'a [u8],
    /// Offset of the next block.
    at: usize,
    /// The boundary that began the present segment; the first segment has none.
    boundary: Option<Boundary>,
    buffer: SegmentBuffer,
    channels: [Vec<i16>; 4],
    segments: Vec<Segment>,
    notes: Vec<Note>,
}

impl Walk<'_> {
    /// Reads the present segment and finds the next one; `false` when it was the last.
    fn segment(&mut self) -> bool {
        loop {
            let stop = blocks::read(self.body, &mut self.at, &mut self.buffer);
            if stop != Stop::BoundaryTag {
                return self.unreadable(stop);
            }
            let deltas = self.body.get(self.at + 2..).and_then(<[u8]>::first_chunk);
            let Some(deltas) = deltas.map(two) else { return self.unreadable(Stop::Cut) };
            if let Some(next) = Boundary::read(self.body, self.at)
                && self.is_credible(&next)
            {
                return self.boundary_reached(next);
            }
            if let Some(applies) = self.closing_tag() {
                if applies {
                    self.buffer.append(deltas.into_iter());
                }
                self.at += if applies { 6 } else { 0 };
                self.keep();
                return false;
            }
            if self.is_cut_boundary() && self.buffer.append(deltas.into_iter()) {
                self.at += 6;
                self.keep();
                return false;
            }
            // Not a boundary and not the end: a kind-4 block of two deltas like any other.
            if !self.buffer.append(deltas.into_iter()) {
                return self.unreadable(Stop::BadCount(2));
            }
            self.at += 6;
        }
    }

    fn turn(&self) -> usize {
        self.segments.len() % CHANNELS.len()
    }

    fn counter(&self) -> Option<u32> {
        self.boundary.map(|boundary| boundary.counter)
    }

    /// Behind the last MicL segment, text can look like a boundary by chance: there, the counter
    /// or the length field has to agree.
    fn is_credible(&self, next: &Boundary) -> bool {
        let at_possible_end = self.turn() == LAST_TURN && self.missing_from_round() == Some(2);
        !at_possible_end
            || self.counter().is_some_and(|counter| next.counter == counter.wrapping_add(1))
            || next.leads_on(self.body)
    }

    /// How many samples the present segment lacks to be as long as the others of its round agree
    /// to be; `None` when no other one of the round is whole, or when it has more.
    fn missing_from_round(&self) -> Option<usize> {
        let round = &self.segments[self.segments.len() - self.turn()..];
        let agreed = agreed_length(round)?;
        agreed.checked_sub(self.buffer.samples().len())
    }

    /// Whether the `40 02` here closes the last segment; if so, whether its deltas belong to it.
    ///
    /// They are applied when, and only when, they bring MicL to the length of the other channels.
    /// A boundary farther on shows that this is not the end but a damaged record.
    fn closing_tag(&self) -> Option<bool> {
        let expected_here = self.boundary.is_some_and(|boundary| boundary.next_at == self.at);
        let missing = self.missing_from_round();
        let may_close = expected_here || matches!(missing, Some(0 | 2));
        if self.turn() != LAST_TURN || !may_close || self.search(self.at).is_some() {
            return None;
        }
        Some(missing.is_none_or(|missing| missing == 2))
    }

    /// Whether the `40 02` here is the boundary to which the length field of the present segment leads,
    /// and the body ends inside of it: what is left of the record is not blocks.
    fn is_cut_boundary(&self) -> bool {
        let expected_here = self.boundary.is_some_and(|boundary| boundary.next_at == self.at);
        expected_here && self.body.len() - self.at < BOUNDARY_LEN
    }

    /// The present segment ends in front of `next`, unless its blocks ran past its true end.
    fn boundary_reached(&mut self, next: Boundary) -> bool {
        let fits = self.buffer.append(next.closing_deltas.into_iter());
        // A first segment behind which whole rounds follow is what it seems to be, however short.
        let sound = self.buffer.samples().len() == super::SEGMENT_SAMPLES
            || (self.boundary.is_none() && self.lost_by_rounds(&next) == Some(0));
        if !sound && let Some(earlier) = self.true_end().filter(|end| end.at < next.at) {
            self.lose(0, self.begins_at(), "its blocks run past its end".to_owned());
            self.begin(earlier);
            return true;
        }
        if let Some(boundary) = self.boundary
            && boundary.next_at != next.at
        {
            // Neither length nor counter expect this boundary: the one before it was run over.
            if let Some(between @ 1..) = self.segments_between(&next) {
                self.lose(0, boundary.at, "its blocks run past its end".to_owned());
                self.lose_records(between, next.at);
                self.begin(next);
                return true;
            }
            let message = format!(
                "the length field says that the next segment begins at byte {} of the body, the blocks that it begins at {}: the blocks were followed",
                boundary.next_at, next.at
            );
            let note = Note::new(NoteKind::Disagreement, "segment_length_field", message);
            self.notes.push(note.at(boundary.at as u64 + 8));
        }
        if fits {
            self.keep();
        } else {
            self.lose(0, next.at, "it holds more than 512 samples".to_owned());
        }
        self.begin(next);
        true
    }

    /// A block cannot be read: what was read of the segment is kept, the rest of it is missing,
    /// and the walk goes on with the next segment that can be found.
    fn unreadable(&mut self, stop: Stop) -> bool {
        let complete = self.buffer.samples().len() == super::SEGMENT_SAMPLES
            || (self.turn() == LAST_TURN && self.missing_from_round() == Some(0));
        let stopped_at = self.at;
        let next = self.true_end().or_else(|| self.search(self.begins_at() + BOUNDARY_LEN));
        let lost_between = next.map_or(0, |next| self.segments_between(&next).unwrap_or(0));
        // Blocks that were read beyond the end are not samples of this segment.
        let overran = next.is_some_and(|next| next.at < stopped_at);
        if complete && !overran {
            self.keep();
        } else {
            let good = if overran { 0 } else { self.buffer.samples().len() };
            self.lose(good, stopped_at, reason(stop));
        }
        let Some(next) = next else {
            self.at = if complete { stopped_at } else { self.closing_by_length_field() };
            return false;
        };
        self.lose_records(lost_between, next.at);
        self.begin(next);
        true
    }

    /// Where the present segment ends by its length field; the first segment has none, so that the
    /// first boundary that leads on to another is taken.
    fn true_end(&self) -> Option<Boundary> {
        match self.boundary {
            Some(present) => Boundary::read(self.body, present.next_at)
                .filter(|next| next.counter == present.counter.wrapping_add(1)),
            None => self.search(FIRST_BLOCK),
        }
    }

    /// Behind the `40 02` to which the length field of the last segment leads, or the end of the
    /// body when it leads to none.
    fn closing_by_length_field(&self) -> usize {
        let named = self.boundary.map(|boundary| boundary.next_at);
        let closing = named
            .filter(|&at| self.body.get(at..).is_some_and(|rest| rest.starts_with(&BOUNDARY_TAG)));
        closing.map_or(self.body.len(), |at| at + BOUNDARY_TAG.len() + 4)
    }

    /// The next boundary from `from` on whose counter or length field makes it credible.
    fn search(&self, from: usize) -> Option<Boundary> {
        let candidates = memchr::memmem::find_iter(self.body.get(from..)?, &BOUNDARY_TAG);
        candidates.filter_map(|found| Boundary::read(self.body, from + found)).find(|candidate| {
            let counted = self.boundary.is_some() && self.segments_between(candidate).is_some();
            counted || candidate.leads_on(self.body)
        })
    }

    /// How many segments lie between the present one and `next`, by the counters; `None` when
    /// their difference is more than the bytes between them could hold.
    fn segments_between(&self, next: &Boundary) -> Option<usize> {
        let Some(present) = self.boundary else { return Some(self.lost_at_the_start(next)) };
        let difference = next.counter.wrapping_sub(present.counter).checked_sub(1)? as usize;
        let possible = (next.at - present.at) / BOUNDARY_LEN;
        (difference < possible).then_some(difference)
    }

    /// How many segments lie between the first one, which has no counter, and `next`.
    ///
    /// The first counter is only known to be near 0x47: it is believed where whole rounds agree
    /// with it, or where they cannot be counted.
    fn lost_at_the_start(&self, next: &Boundary) -> usize {
        let possible = (next.at - FIRST_BLOCK) / BOUNDARY_LEN;
        let by_counter = next.counter.wrapping_sub(FIRST_COUNTER) as usize;
        match self.lost_by_rounds(next) {
            Some(by_rounds) if by_counter % CHANNELS.len() != by_rounds => by_rounds,
            by_rounds if by_counter >= possible => by_rounds.unwrap_or(0),
            _ => by_counter,
        }
    }

    /// How many segments lie between the first one and `next`, up to whole rounds: where the
    /// length fields lead from `next` to the closing tag, all segments are a multiple of four.
    fn lost_by_rounds(&self, next: &Boundary) -> Option<usize> {
        let mut last = *next;
        let mut segments = 2;
        while let Some(following) = Boundary::read(self.body, last.next_at) {
            segments += 1;
            last = following;
        }
        let lost = (CHANNELS.len() - segments % CHANNELS.len()) % CHANNELS.len();
        last.leads_on(self.body).then_some(lost)
    }

    fn begins_at(&self) -> usize {
        self.boundary.map_or(0, |boundary| boundary.at)
    }

    /// `count` segments in front of `at` whose records could not be found.
    fn lose_records(&mut self, count: usize, at: usize) {
        for _ in 0..count {
            let fault = Fault { at, reason: "its record was not found".to_owned() };
            self.segments.push(Segment { len: 0, at, fault: Some(fault) });
        }
    }

    fn begin(&mut self, boundary: Boundary) {
        self.buffer.begin(boundary.first_samples);
        self.at = boundary.at + BOUNDARY_LEN;
        self.boundary = Some(boundary);
    }

    /// The segment is whole.
    fn keep(&mut self) {
        self.close(None, self.buffer.samples().len());
    }

    /// Only the first `good` samples of the segment can be used.
    fn lose(&mut self, good: usize, at: usize, reason: String) {
        self.close(Some(Fault { at, reason }), good);
    }

    fn close(&mut self, fault: Option<Fault>, len: usize) {
        self.channels[self.turn()].extend_from_slice(&self.buffer.samples()[..len]);
        self.segments.push(Segment { len, at: self.begins_at(), fault });
    }
}

fn reason(stop: Stop) -> String {
    match stop {
        Stop::BoundaryTag | Stop::Cut => "the bytes end inside of it".to_owned(),
        Stop::UnknownKind(kind) => format!("it contains a block of unknown kind {kind}"),
        Stop::BadCount(count) => format!("a block in it has an impossible count of {count}"),
    }
}
