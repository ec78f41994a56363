//! Which bytes of a damaged piece are whole records.
//!
//! The sizes of records lead from one to the next; after damage they lead nowhere. A record is
//! believed when the bytes behind it look like a record too, or end. Where they do not, the next
//! place is searched, byte by byte, from which two records in a row look right.

use std::ops::Range;

use crate::error::Result;
use crate::files::store::{Lens, Store};
use crate::wire::header::{HEADER_LEN, HeaderView};
use crate::wire::record::{
    DATA_CHANNEL, Fault, METADATA_CHANNEL, PROTOCOL_VERSION, RECORD_HEADER_LEN, RecordHeader,
    judge_frame, payload_within,
};

const HEAD: usize = RECORD_HEADER_LEN + HEADER_LEN;
/// Bytes of a text that are looked at; a whole one would make a search take the square of a file.
const TEXT_LOOK: usize = 64;
/// Records on unknown channels that may follow each other before a known one confirms them.
const UNKNOWN_IN_A_ROW: usize = 4;
/// Bytes that are searched at a time.
const SEARCH: usize = 1 << 20;

/// Bytes that could not be saved.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lost {
    /// Which piece, from 0.
    pub piece: usize,
    /// The bytes.
    pub bytes: Range<u64>,
    /// Why.
    pub reason: LostBecause,
}

/// Why bytes could not be saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LostBecause {
    /// They are no whole record.
    NotWhole,
    /// They are a data frame that contradicts itself.
    BadFrame(Fault),
    /// They are a whole frame behind damage, older than the recording's first one: what a longer
    /// file of the same name left behind.
    Stale,
}

/// What is whole in a piece, in order: ranges of whole records, as long as they can be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Saved {
    pub(crate) ranges: Vec<Range<u64>>,
    pub(crate) lost: Vec<Lost>,
}

/// A record by its looks.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Looks {
    Data { end: u64, timestamp: u64 },
    Text { end: u64 },
    Unknown { end: u64 },
    Contradicts { end: u64, fault: Fault },
    Nothing,
}

struct Piece<'a> {
    lens: Lens<'a>,
    /// For looks far ahead, which would make the other one lose its place.
    ahead: Lens<'a>,
    piece: usize,
    length: u64,
    version: Option<u8>,
}

/// Finds what is whole in a piece. Behind damage, frames that are older than `first_timestamp`, the
/// time of the recording's first frame, are left out; the first frame that is found sets it.
pub(crate) fn salvage(
    stores: &[Store],
    piece: usize,
    first_timestamp: &mut Option<u64>,
) -> Result<Saved> {
    let length = stores[piece].len()?;
    let mut at = Piece {
        lens: Lens::new(stores, SEARCH + HEAD),
        ahead: Lens::new(stores, 4096),
        piece,
        length,
        version: None,
    };
    let mut saved = Saved::default();
    let (mut position, mut behind_damage, mut last_data_len) = (0, false, 0);
    while position < length {
        let looks = at.looks(position)?;
        let end = match looks {
            Looks::Data { end, .. }
            | Looks::Text { end }
            | Looks::Unknown { end }
            | Looks::Contradicts { end, .. } => end,
            Looks::Nothing => {
                let next = at.search(position + 1..length)?.unwrap_or(length);
                saved.lose(piece, position..next, LostBecause::NotWhole);
                (position, behind_damage) = (next, true);
                continue;
            }
        };
        // Of a record with the size of the data frame before it, it is what follows that is broken.
        let usual = matches!(looks, Looks::Data { .. }) && end - position == last_data_len;
        if !usual
            && !at.confirmed(end, UNKNOWN_IN_A_ROW)?
            && let Some(next) = at.search(position + 1..end)?
        {
            saved.lose(piece, position..next, LostBecause::NotWhole);
            (position, behind_damage) = (next, true);
            continue;
        }
        match looks {
            Looks::Contradicts { fault, .. } => {
                saved.lose(piece, position..end, LostBecause::BadFrame(fault));
            }
            Looks::Data { timestamp, .. }
                if behind_damage && first_timestamp.is_some_and(|first| timestamp < first) =>
            {
                saved.lose(piece, position..end, LostBecause::Stale);
            }
            Looks::Data { timestamp, .. } => {
                first_timestamp.get_or_insert(timestamp);
                last_data_len = end - position;
                saved.keep(position..end);
            }
            _ => saved.keep(position..end),
        }
        position = end;
    }
    Ok(saved)
}

impl Saved {
    fn keep(&mut self, bytes: Range<u64>) {
        match self.ranges.last_mut() {
            Some(last) if last.end == bytes.start => last.end = bytes.end,
            _ => self.ranges.push(bytes),
        }
    }

    fn lose(&mut self, piece: usize, bytes: Range<u64>, reason: LostBecause) {
        match self.lost.last_mut() {
            Some(last) if last.bytes.end == bytes.start && last.reason == reason => {
                last.bytes.end = bytes.end;
            }
            _ => self.lost.push(Lost { piece, bytes, reason }),
        }
    }
}

impl Piece<'_> {
    fn looks(&mut self, position: u64) -> Result<Looks> {
        let left = self.length - position;
        let look = left.min(HEAD as u64) as usize;
        let bytes = &self.ahead.look(self.piece, position, look)?[..look];
        let looks = looks_like(bytes, position, left, self.version);
        if self.version.is_none() && matches!(looks, Looks::Data { .. }) {
            self.version = bytes.get(RECORD_HEADER_LEN).copied();
        }
        Ok(looks)
    }

    /// Whether the piece ends at `position`, or a record that can be told from noise begins there.
    fn confirmed(&mut self, mut position: u64, unknown: usize) -> Result<bool> {
        for _ in 0..=unknown {
            if position == self.length {
                return Ok(true);
            }
            match self.looks(position)? {
                Looks::Data { .. } | Looks::Text { .. } => return Ok(true),
                Looks::Unknown { end } => position = end,
                Looks::Contradicts { .. } | Looks::Nothing => return Ok(false),
            }
        }
        Ok(false)
    }

    /// The first of these places where a record begins that another one confirms.
    fn search(&mut self, places: Range<u64>) -> Result<Option<u64>> {
        let Range { start: mut from, end: until } = places;
        let until = until.min(self.length.saturating_sub(RECORD_HEADER_LEN as u64 - 1));
        while from < until {
            let left = self.length - from;
            let version = self.version.unwrap_or(PROTOCOL_VERSION);
            // Whatever is in the buffer: asking for more would read it again at every candidate.
            let bytes = self.lens.look(self.piece, from, left.min(HEAD as u64) as usize)?;
            // Only places whose whole head is in sight, except at the end of the file.
            let in_sight =
                if bytes.len() as u64 >= left { bytes.len() } else { bytes.len() - HEAD + 1 };
            let places = (until - from).min(in_sight as u64) as usize;
            let candidate = (0..places).find(|place| {
                let head = &bytes[*place..];
                let looks = match head {
                    // The cheap look first: most bytes are samples.
                    [_, _, _, _, _, _, _, DATA_CHANNEL, found, ..] if *found != version => {
                        Looks::Nothing
                    }
                    [_, _, _, _, _, _, _, DATA_CHANNEL | METADATA_CHANNEL, ..] => {
                        let left = left - *place as u64;
                        looks_like(
                            &head[..head.len().min(HEAD)],
                            from + *place as u64,
                            left,
                            Some(version),
                        )
                    }
                    _ => Looks::Nothing,
                };
                matches!(looks, Looks::Data { .. } | Looks::Text { .. })
            });
            let Some(place) = candidate else {
                from += places as u64;
                continue;
            };
            let position = from + place as u64;
            if let Looks::Data { end, .. } | Looks::Text { end } = self.looks(position)?
                && self.confirmed(end, UNKNOWN_IN_A_ROW)?
            {
                return Ok(Some(position));
            }
            from = position + 1;
        }
        Ok(None)
    }
}

/// What `bytes`, the first ones of a record that would begin at `position`, look like.
fn looks_like(bytes: &[u8], position: u64, left: u64, version: Option<u8>) -> Looks {
    let Some((head, body)) = bytes.split_first_chunk::<RECORD_HEADER_LEN>() else {
        return Looks::Nothing;
    };
    let record = RecordHeader::parse(*head);
    let Ok(payload) = payload_within(record, left) else { return Looks::Nothing };
    let end = position + RECORD_HEADER_LEN as u64 + u64::from(payload);
    match record.channel {
        DATA_CHANNEL => {
            let short = Looks::Contradicts { end, fault: Fault::ShortFrame { payload } };
            if (payload as usize) < HEADER_LEN {
                return short;
            }
            let Some(header) = HeaderView::new(body) else { return short };
            let found = header.protocol_version();
            if version.is_some_and(|version| found != version) && found != PROTOCOL_VERSION {
                return Looks::Contradicts { end, fault: Fault::OtherVersion { version: found } };
            }
            match judge_frame(payload, header) {
                Ok(()) => Looks::Data { end, timestamp: header.timestamp() },
                Err(fault) => Looks::Contradicts { end, fault },
            }
        }
        METADATA_CHANNEL => {
            let text = &body[..body.len().min(payload as usize).min(TEXT_LOOK)];
            let printable = |byte: &u8| *byte >= b' ' && *byte != 0x7f || b"\t\r\n".contains(byte);
            if text.is_empty() || !text.iter().all(printable) {
                return Looks::Nothing;
            }
            Looks::Text { end }
        }
        _ => Looks::Unknown { end },
    }
}
