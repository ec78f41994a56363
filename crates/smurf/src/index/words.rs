//! An index as 64-bit words, and back.

use crate::index::clock::{
    Clock, ClockStep, Epoch, Line, Places, ServerClock, TimingClock, TimingFault, TimingTrouble,
};
use crate::index::counter::{StepRun, Steps};
use crate::index::{Damage, Index, OtherChannel, PieceFacts, Place, Section, Stretch, TextRecord};
use crate::wire::record::Fault;

/// Words that are read one by one.
pub(crate) struct Words<'a>(&'a [u64]);

impl<'a> Words<'a> {
    pub(crate) fn new(words: &'a [u64]) -> Self {
        Self(words)
    }

    fn next(&mut self) -> Option<u64> {
        let (word, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*word)
    }

    fn small<T: TryFrom<u64>>(&mut self) -> Option<T> {
        self.next()?.try_into().ok()
    }

    /// A list of things that take one word or more each.
    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.small::<usize>().filter(|count| *count <= self.0.len())?;
        (0..count).map(|_| item(self)).collect()
    }

    fn optional<T: TryFrom<u64>>(&mut self) -> Option<Option<T>> {
        match self.next()? {
            0 => Some(None),
            more => Some(Some(T::try_from(more - 1).ok()?)),
        }
    }

    fn float(&mut self) -> Option<f64> {
        self.next().map(f64::from_bits)
    }

    fn place(&mut self) -> Option<Place> {
        Some(Place { piece: self.small()?, offset: self.next()?, frame: self.next()? })
    }
}

pub(crate) fn encode(index: &Index) -> Vec<u64> {
    let mut to = vec![index.frames, index.records, index.bad_frames, index.damage_not_kept];
    to.push(index.raw_records);
    to.push(index.version.map_or(0, |version| u64::from(version) + 1));
    list(&mut to, &index.pieces, |to, piece| to.extend([piece.length, piece.modified_ns]));
    list(&mut to, &index.stretches, |to, it| {
        to.extend([it.piece as u64, it.offset, it.stride, it.first, it.count]);
    });
    list(&mut to, &index.sections, |to, it| {
        to.extend([it.frames.start, it.frames.end, it.channels.into(), it.payload_bytes.into()]);
    });
    list(&mut to, &index.texts, |to, it| {
        place(to, it.place);
        to.push(it.len.into());
    });
    list(&mut to, &index.errored, |to, range| to.extend([range.start, range.end]));
    list(&mut to, &index.steps.runs, |to, it| {
        to.extend([it.first, it.count, it.least.into(), it.most.into()]);
        to.extend([it.total, it.synced, it.sync_total, it.earlier]);
    });
    to.push(index.steps.not_kept);
    list(&mut to, &index.damage, |to, it| {
        place(to, it.place);
        to.extend(fault_words(it.fault));
    });
    let others: Vec<_> = index.others.iter().collect();
    list(&mut to, &others, |to, (channel, other)| {
        to.extend([u64::from(**channel), other.records]);
        place(to, other.first);
    });
    clock(&mut to, &index.clock);
    to
}

pub(crate) fn decode(from: &mut Words<'_>) -> Option<Index> {
    let (frames, records) = (from.next()?, from.next()?);
    let (bad_frames, damage_not_kept) = (from.next()?, from.next()?);
    let raw_records = from.next()?;
    let index = Index {
        frames,
        records,
        bad_frames,
        damage_not_kept,
        raw_records,
        version: from.optional()?,
        pieces: from
            .list(|from| Some(PieceFacts { length: from.next()?, modified_ns: from.next()? }))?,
        stretches: from.list(|from| {
            Some(Stretch {
                piece: from.small()?,
                offset: from.next()?,
                stride: from.next()?,
                first: from.next()?,
                count: from.next()?,
            })
        })?,
        sections: from.list(|from| {
            Some(Section {
                frames: from.next()?..from.next()?,
                channels: from.small()?,
                payload_bytes: from.small()?,
            })
        })?,
        texts: from.list(|from| Some(TextRecord { place: from.place()?, len: from.small()? }))?,
        errored: from.list(|from| Some(from.next()?..from.next()?))?,
        steps: Steps {
            runs: from.list(|from| {
                Some(StepRun {
                    first: from.next()?,
                    count: from.next()?,
                    least: from.small()?,
                    most: from.small()?,
                    total: from.next()?,
                    synced: from.next()?,
                    sync_total: from.next()?,
                    earlier: from.next()?,
                })
            })?,
            not_kept: from.next()?,
        },
        damage: from.list(|from| Some(Damage { place: from.place()?, fault: fault(from)? }))?,
        others: from
            .list(|from| {
                let (channel, records) = (from.small::<u8>()?, from.next()?);
                Some((channel, OtherChannel { records, first: from.place()? }))
            })?
            .into_iter()
            .collect(),
        clock: decode_clock(from)?,
    };
    from.0.is_empty().then_some(index)
}

fn list<T>(to: &mut Vec<u64>, items: &[T], mut item: impl FnMut(&mut Vec<u64>, &T)) {
    to.push(items.len() as u64);
    items.iter().for_each(|it| item(to, it));
}

fn place(to: &mut Vec<u64>, place: Place) {
    to.extend([place.piece as u64, place.offset, place.frame]);
}

fn fault_words(fault: Fault) -> [u64; 3] {
    match fault {
        Fault::SizeTooSmall { size } => [0, size.into(), 0],
        Fault::PastEnd { needs, left } => [1, needs, left],
        Fault::StrayBytes { left } => [2, left, 0],
        Fault::ShortFrame { payload } => [3, payload.into(), 0],
        Fault::TooManyChannels { channels, words } => [4, channels.into(), words.into()],
        Fault::OtherVersion { version } => [5, version.into(), 0],
    }
}

fn fault(from: &mut Words<'_>) -> Option<Fault> {
    let (kind, a, b) = (from.next()?, from.next()?, from.next()?);
    let small = |word: u64| u32::try_from(word).ok();
    Some(match kind {
        0 => Fault::SizeTooSmall { size: small(a)? },
        1 => Fault::PastEnd { needs: a, left: b },
        2 => Fault::StrayBytes { left: a },
        3 => Fault::ShortFrame { payload: small(a)? },
        4 => Fault::TooManyChannels { channels: small(a)?, words: small(b)? },
        5 => Fault::OtherVersion { version: u8::try_from(a).ok()? },
        _ => return None,
    })
}

fn places(to: &mut Vec<u64>, places: &Places) {
    to.extend([places.count, places.last]);
    list(to, &places.frames, |to, frame| to.push(*frame));
}

fn decode_places(from: &mut Words<'_>) -> Option<Places> {
    Some(Places { count: from.next()?, last: from.next()?, frames: from.list(Words::next)? })
}

fn clock(to: &mut Vec<u64>, clock: &Clock) {
    let Clock { timing, server } = clock;
    list(to, &timing.trusted, |to, range| to.extend([range.start, range.end]));
    list(to, &timing.troubles, |to, it| {
        to.extend([it.frames.start, it.frames.end, it.fault as u64]);
    });
    list(to, &timing.jumps, |to, (frame, by)| to.extend([*frame, by.cast_unsigned()]));
    places(to, &timing.overdue);
    list(to, &server.epochs, |to, epoch| {
        to.extend([epoch.first, epoch.counter.into(), epoch.timestamp]);
        list(to, &epoch.turns, |to, (frame, turns)| to.extend([*frame, turns.cast_unsigned()]));
        let Line { points, mean_x, mean_y, sum_xx, sum_xy } = epoch.line;
        to.extend([points, mean_x, mean_y, sum_xx, sum_xy].map(f64::to_bits));
        to.extend([u64::from(epoch.slope.is_some()), epoch.slope.unwrap_or_default().to_bits()]);
    });
    to.push(server.too_many.into());
    list(to, &server.steps, |to, it| to.extend([it.frame, it.by_ns.cast_unsigned()]));
    places(to, &server.wrong);
    places(to, &server.zero);
}

fn decode_clock(from: &mut Words<'_>) -> Option<Clock> {
    let timing = TimingClock {
        trusted: from.list(|from| Some(from.next()?..from.next()?))?,
        troubles: from.list(|from| {
            let frames = from.next()?..from.next()?;
            let fault = *TimingFault::ALL.get(from.small::<usize>()?)?;
            Some(TimingTrouble { frames, fault })
        })?,
        jumps: from.list(|from| Some((from.next()?, from.next()?.cast_signed())))?,
        overdue: decode_places(from)?,
    };
    let server = ServerClock {
        epochs: from.list(epoch)?,
        too_many: from.next()? == 1,
        steps: from.list(|from| {
            Some(ClockStep { frame: from.next()?, by_ns: from.next()?.cast_signed() })
        })?,
        wrong: decode_places(from)?,
        zero: decode_places(from)?,
    };
    Some(Clock { timing, server })
}

fn epoch(from: &mut Words<'_>) -> Option<Epoch> {
    Some(Epoch {
        first: from.next()?,
        counter: from.small()?,
        timestamp: from.next()?,
        turns: from.list(|from| Some((from.next()?, from.next()?.cast_signed())))?,
        line: Line {
            points: from.float()?,
            mean_x: from.float()?,
            mean_y: from.float()?,
            sum_xx: from.float()?,
            sum_xy: from.float()?,
        },
        slope: match (from.next()?, from.float()?) {
            (0, _) => None,
            (_, slope) => Some(slope),
        },
    })
}
