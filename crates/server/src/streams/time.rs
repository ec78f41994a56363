//! When the frames of a picture were taken, and which of them follow each other without a gap.

use std::ops::Range;

use jiff::Timestamp;
use serde_json::{Value, json};
use wavekeep_core::{FrameGap, FrameStream};
use wavekeep_signal::FrameAxis;
use wavekeep_smurf::{Run, Selection, TimeBasis};

use super::failed;
use crate::problem::Problem;

/// The axis of some frames of a section.
///
/// # Errors
/// When the run cannot be read.
pub fn axis(run: &Run, section: usize, frames: &Range<u64>) -> Result<FrameAxis, Problem> {
    let selection = Selection::all().section(section).frames(frames.clone());
    let stream = run.stream(&selection).map_err(failed)?;
    Ok(FrameAxis::new(stream.frames(), stream.gaps()))
}

/// The times of some frames of a section: seconds from its first frame to theirs, the moment of the first
/// one where the run has such moments, and how long they took where equal distances on the axis are equal
/// times.
///
/// # Errors
/// When the run cannot be read.
pub fn time(
    run: &Run,
    section: usize,
    frames: &Range<u64>,
    axis: &FrameAxis,
) -> Result<Value, Problem> {
    let all = run.index().sections()[section].frames.start;
    let begin = run.time_ns(all).map_err(failed)?;
    let start = run.time_ns(frames.start).map_err(failed)?;
    let after =
        begin.zip(start).map(|(begin, start)| (i128::from(start) - i128::from(begin)) as f64 / 1e9);
    let rate_hz = run.rate_hz_of(frames).filter(|rate| rate.is_finite() && *rate > 0.0);
    let stretches = run.time_stretches();
    let basis = stretches.iter().find(|it| it.frames.contains(&frames.start)).map(|it| it.basis);
    let moment = start
        .filter(|_| basis.is_some_and(|basis| basis != TimeBasis::NotUnix))
        .and_then(|ns| Timestamp::from_nanosecond(ns.into()).ok());
    let seconds = rate_hz.filter(|_| !axis.is_shortened()).map(|rate| axis.len() as f64 / rate);
    Ok(json!({
        "start_s": after,
        "start_utc": moment.map(|moment| moment.to_string()),
        "seconds": seconds,
        "rate_hz": rate_hz,
        "basis": basis.map(TimeBasis::code),
    }))
}

/// The longest range of frames between which none is missing, of `frames` frames with these gaps.
pub fn longest_whole(frames: u64, gaps: &[FrameGap]) -> Range<u64> {
    let mut longest = 0..0;
    let mut begin = 0;
    let mut take = |part: Range<u64>| {
        if part.end.saturating_sub(part.start) > longest.end - longest.start {
            longest = part;
        }
    };
    for gap in gaps {
        take(begin..gap.before.start.min(frames));
        // Where frames are missing before each one, no two follow each other.
        if gap.before.end > gap.before.start + 1 {
            take(gap.before.start..gap.before.start + 1);
        }
        begin = gap.before.end.saturating_sub(1).max(gap.before.start);
    }
    take(begin..frames);
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(before: Range<u64>) -> FrameGap {
        FrameGap { missing: 5 * (before.end - before.start), before }
    }

    #[test]
    fn the_longest_whole_range_lies_between_two_gaps() {
        assert_eq!(longest_whole(100, &[]), 0..100);
        assert_eq!(longest_whole(100, &[gap(10..11), gap(80..81)]), 10..80);
        assert_eq!(longest_whole(100, &[gap(10..11)]), 10..100);
        assert_eq!(longest_whole(100, &[gap(90..91)]), 0..90);
        assert_eq!(longest_whole(0, &[]), 0..0);
    }

    #[test]
    fn frames_that_are_each_behind_a_gap_are_no_range() {
        assert_eq!(longest_whole(100, &[gap(1..100)]), 0..1);
        assert_eq!(longest_whole(100, &[gap(1..90)]), 89..100);
        assert_eq!(longest_whole(100, &[gap(40..90)]), 0..40);
    }
}
