//! Segments → channels of equal length, with gaps where segments were lost.
//!
//! Equal lengths are the format's own check: the four segments of a round hold equally many
//! samples, 512 in every round but the last.

use wavekeep_core::{Gaps, Note, NoteKind};

use super::{CHANNELS, SEGMENT_SAMPLES, Waveform};

/// One segment as the walk left it. Its channel is its index modulo 4, its round index / 4.
#[derive(Debug)]
pub(super) struct Segment {
    /// Samples that were read.
    pub len: usize,
    /// Where it begins in the body.
    pub at: usize,
    /// Why the rest of it is missing; `None` when nothing is.
    pub fault: Option<Fault>,
}

/// Where and why a segment could not be read.
#[derive(Debug)]
pub(super) struct Fault {
    pub at: usize,
    pub reason: String,
}

/// `channels` hold the samples of the segments end to end.
pub(super) fn assemble(
    channels: [Vec<i16>; 4],
    segments: &[Segment],
    trailer_offset: usize,
    notes: Vec<Note>,
) -> Waveform {
    let mut waveform = Waveform {
        segments: segments.len(),
        trailer_offset,
        notes,
        channels,
        gaps: Default::default(),
    };
    let sound = |round: &[Segment]| {
        round.len() == CHANNELS.len()
            && round.iter().all(|segment| segment.fault.is_none() && segment.len == round[0].len)
    };
    if !segments.chunks(CHANNELS.len()).all(sound) {
        repair(&mut waveform, segments);
    }
    waveform
}

/// Gives each segment its place and marks what is missing.
fn repair(waveform: &mut Waveform, segments: &[Segment]) {
    let rounds = segments.chunks(CHANNELS.len());
    let last_round = rounds.len() - 1;
    let lengths: Vec<usize> = rounds
        .enumerate()
        .map(|(number, round)| round_length(round, number == last_round))
        .collect();
    for (turn, name) in CHANNELS.into_iter().enumerate() {
        let read = std::mem::take(&mut waveform.channels[turn]);
        let (mut read_at, mut samples) = (0, Vec::with_capacity(lengths.iter().sum()));
        let mut gaps = Gaps::default();
        for (round, &length) in lengths.iter().enumerate() {
            let segment = segments.get(round * CHANNELS.len() + turn);
            let first = samples.len();
            let usable = segment.map_or(0, |segment| usable_samples(segment, length));
            samples.extend_from_slice(&read[read_at..read_at + usable]);
            samples.resize(first + length, 0);
            read_at += segment.map_or(0, |segment| segment.len);
            if usable < length {
                gaps.insert(first + usable..first + length);
                let note = loss(segment, length).on(name).over(first + usable..first + length);
                waveform.notes.push(note);
            }
        }
        waveform.channels[turn] = samples;
        waveform.gaps[turn] = gaps;
    }
}

/// How many samples the segments of a round hold.
fn round_length(round: &[Segment], is_last: bool) -> usize {
    let mut whole =
        round.iter().filter(|segment| segment.fault.is_none()).map(|segment| segment.len);
    let unanimous = whole.next().filter(|first| whole.all(|len| len == *first));
    match (is_last, unanimous) {
        (_, Some(len)) => len,
        (false, None) => SEGMENT_SAMPLES,
        // Nothing is whole: what was read of the longest.
        (true, None) => agreed_length(round)
            .or_else(|| round.iter().map(|segment| segment.len).max())
            .unwrap_or(0),
    }
}

/// The length that most whole segments of a round have, the longer one when two are as frequent;
/// `None` when none is whole.
pub(super) fn agreed_length(round: &[Segment]) -> Option<usize> {
    let whole =
        || round.iter().filter(|segment| segment.fault.is_none()).map(|segment| segment.len);
    whole().max_by_key(|&len| (whole().filter(|&other| other == len).count(), len))
}

/// A segment that was read to its end but has not the length of its round went wrong somewhere:
/// nobody knows where, so none of it is used.
fn usable_samples(segment: &Segment, length: usize) -> usize {
    match segment.fault {
        None if segment.len != length => 0,
        _ => segment.len.min(length),
    }
}

fn loss(segment: Option<&Segment>, length: usize) -> Note {
    match segment {
        None => Note::new(
            NoteKind::Damage,
            "segment_absent",
            "the body ends before this segment".to_owned(),
        ),
        Some(Segment { fault: Some(fault), .. }) => Note::new(
            NoteKind::Damage,
            "segment_lost",
            format!("a segment could not be read to its end: {}", fault.reason),
        )
        .at(fault.at as u64),
        Some(segment) => Note::new(
            NoteKind::Damage,
            "segment_lost",
            format!(
                "a segment gave {} samples where the others of its round have {length}: none of it was used",
                segment.len
            ),
        )
        .at(segment.at as u64),
    }
}
