//! What is to be said of a run's counters and clocks: one note for each kind of finding, with how
//! many there are, the first, the last, and some between.

use std::fmt::Write as _;
use std::ops::Range;

use wavekeep_core::{Note, NoteKind, Report};

use crate::index::Index;
use crate::index::clock::{Clock, Places, TimeBasis, TimingFault};
use crate::index::findings::{Counting, Gap, GapKind, StepReason};

/// Places that a note lists.
const LISTED: usize = 8;

/// Notes on frame_counter.
pub(super) fn of_counter(counting: &Counting, report: &mut Report) {
    steps(counting, report);
    for (kind, note, code, what) in [
        (GapKind::Missing, NoteKind::Damage, "frame_gap", "missing by frame_counter"),
        (
            GapKind::Back,
            NoteKind::Damage,
            "counter_back",
            "frame_counter and timestamp go back: what follows is older (a longer file of the same \
             name may have stood here before)",
        ),
        (
            GapKind::Anew,
            NoteKind::Disagreement,
            "counter_anew",
            "frame_counter begins anew (the firmware was loaded, or counting was reset); whether \
             frames are missing there is not known",
        ),
        (
            GapKind::OutOfOrder,
            NoteKind::Disagreement,
            "frame_order",
            "frames stand behind later ones; they are returned in the order of the file",
        ),
        (
            GapKind::Short,
            NoteKind::Disagreement,
            "counter_short",
            "frame_counter goes on by less than a step, or stands still",
        ),
        (
            GapKind::Irregular,
            NoteKind::Disagreement,
            "counter_irregular",
            "frame_counter goes on by more than a step, and nothing shows that a frame is missing",
        ),
    ] {
        let gaps: Vec<&Gap> = counting.of_kind(kind).collect();
        if gaps.is_empty() {
            continue;
        }
        let places = plural(gaps.len() as u64, "place");
        let list = listed(&gaps);
        let message = match kind {
            GapKind::Missing => {
                format!("{} {what}, in {places} {list}", plural(counting.missing, "frame"))
            }
            _ => format!("{what}: {places} {list}"),
        };
        report.push(Note::new(note, code, message));
    }
    if counting.not_kept > 0 {
        let message = format!(
            "{} more irregular steps of frame_counter were counted and not examined: how many \
             frames are missing is not known",
            counting.not_kept
        );
        report.damage("more_gaps", message);
    }
}

fn steps(counting: &Counting, report: &mut Report) {
    let jitters = counting.stretches.iter().find(|stretch| stretch.least != stretch.most);
    if let Some(stretch) = jitters {
        let why = match stretch.reason {
            StepReason::SyncWord => {
                "an outside trigger: external_time goes on by 1 a frame, so none is missing by that"
            }
            _ => "as with an outside trigger; external_time does not count the frames",
        };
        let message = format!(
            "frame_counter goes on by {} to {} a frame, {:.2} in the mean ({why})",
            stretch.least, stretch.most, stretch.mean
        );
        report.assumption("counter_steps", message);
    }
    let changes: Vec<_> = counting.stretches.windows(2).collect();
    for (reason, kind, why) in [
        (StepReason::Metadata, NoteKind::Assumption, "as the downsampling factor in the metadata"),
        (StepReason::SyncWord, NoteKind::Assumption, "and external_time by 1 a frame"),
        (
            StepReason::Unstated,
            NoteKind::Disagreement,
            "and nothing says why: the downsampling factor was changed, or frames are missing \
             regularly; none is counted as missing",
        ),
    ] {
        let of_reason: Vec<_> = changes.iter().filter(|pair| pair[1].reason == reason).collect();
        let Some(first) = of_reason.first() else { continue };
        let mut message = format!(
            "from frame {} on frame_counter goes on by {} instead of {}, {why}",
            first[1].frames.start,
            step(first[1].least, first[1].most),
            step(first[0].least, first[0].most)
        );
        if of_reason.len() > 1 {
            let last = of_reason[of_reason.len() - 1][1].frames.start;
            let _ = write!(
                message,
                "; the step changes so in {} places, the last at frame {last}",
                of_reason.len()
            );
        }
        report.push(Note::new(kind, "counter_steps", message));
    }
}

fn step(least: u32, most: u32) -> String {
    if least == most { least.to_string() } else { format!("{least} to {most}") }
}

/// Notes on the clocks.
pub(super) fn of_clocks(index: &Index, report: &mut Report) {
    let Clock { timing, server } = &index.clock;
    for fault in TimingFault::ALL {
        let troubles: Vec<Range<u64>> = timing
            .troubles
            .iter()
            .filter(|it| it.fault == fault)
            .map(|it| it.frames.clone())
            .collect();
        if let Some(list) = ranges(&troubles) {
            let message = format!(
                "the timing system is not used, because {fault}: {list}; times there are the server's"
            );
            report.disagreement("timing_system", message);
        }
    }
    if let (Some((frame, by)), Some((last, _))) = (timing.jumps.first(), timing.jumps.last()) {
        let mut message = format!(
            "the timing system's time goes {} by {} s before frame {frame}, frame_counter and \
             timestamp do not",
            if *by > 0 { "forward" } else { "back" },
            seconds(by.unsigned_abs())
        );
        if timing.jumps.len() > 1 {
            let _ =
                write!(message, "; {} such places, the last at frame {last}", timing.jumps.len());
        }
        report.disagreement("timing_jump", message);
    }
    if let Some(frames) = frames_of(&timing.overdue) {
        let message = format!(
            "the 1 Hz marker of the timing system is overdue (counter_0 passes 480000): {frames}"
        );
        report.disagreement("timing_marker", message);
    }
    if !server.steps.is_empty() {
        let by = |step: i64| {
            let sign = if step < 0 { "-" } else { "+" };
            format!("{sign}{} s", seconds(step.unsigned_abs()))
        };
        let list = server.steps.iter().take(LISTED);
        let list: Vec<String> =
            list.map(|step| format!("{} at frame {}", by(step.by_ns), step.frame)).collect();
        let mut message =
            format!("the server's clock was set while frames were written: {}", list.join(", "));
        if let Some(last) = server.steps.get(LISTED..).and_then(<[_]>::last) {
            let more = server.steps.len() - LISTED;
            let _ = write!(
                message,
                " … {more} more, the last {} at frame {}",
                by(last.by_ns),
                last.frame
            );
        }
        let _ =
            write!(message, "; times before it follow the old setting, times after it the new one");
        report.disagreement("clock_step", message);
    }
    if let Some(frames) = frames_of(&server.wrong) {
        let message = format!(
            "timestamps that are far from those of the frames around them were not used: {frames}"
        );
        report.disagreement("wrong_timestamp", message);
    }
    if let Some(frames) = frames_of(&server.zero) {
        report.disagreement("no_timestamp", format!("the timestamp is 0: {frames}"));
    }
    if server.too_many {
        let message = "frame_counter begins anew too often to draw lines: times are the timestamps \
                       as they are";
        report.disagreement("clock_lines", message);
    }
    let stretches = index.clock.stretches(index.frames);
    let of_basis = |basis| -> Vec<Range<u64>> {
        stretches.iter().filter(|it| it.basis == basis).map(|it| it.frames.clone()).collect()
    };
    if let Some(list) = ranges(&of_basis(TimeBasis::NotUnix)) {
        let message = format!(
            "timestamps are no UNIX times (older servers wrote the time since they started): {list}; \
             differences of times hold, dates do not"
        );
        report.disagreement("not_unix_time", message);
    }
    let as_they_are = of_basis(TimeBasis::Server);
    let within = |frame: u64| as_they_are.iter().any(|range| range.contains(&frame));
    let back = index.steps.runs.iter().filter(|run| run.earlier > 0 && within(run.first));
    let (count, first) = back
        .fold((0, None), |(count, first), run| (count + run.earlier, first.or(Some(run.first))));
    if let Some(first) = first {
        let message = format!(
            "timestamps go back {}, for the first time about frame {first}",
            plural(count, "time")
        );
        report.disagreement("time_back", message);
    }
}

/// `1 place`, `3 places`.
fn plural(count: u64, what: &str) -> String {
    if count == 1 { format!("{count} {what}") } else { format!("{count} {what}s") }
}

fn seconds(ns: u64) -> f64 {
    (ns / 1000) as f64 / 1e6
}

/// `: before frame 4 (by 80, 3 missing), …`
fn listed(gaps: &[&Gap]) -> String {
    let one = |gap: &Gap| {
        let Range { start, end } = gap.frames;
        let place = match end - start {
            1 => format!("before frame {start}"),
            _ => format!("before each of frames {start}..{end}"),
        };
        match gap.kind {
            GapKind::Missing => {
                format!("{place} (goes on by {}, {} missing)", gap.step, gap.missing)
            }
            GapKind::Back | GapKind::Anew => {
                format!("{place} (goes back by {})", gap.step.wrapping_neg())
            }
            GapKind::OutOfOrder => place.replacen("before ", "", 1),
            _ => format!("{place} (by {})", gap.step),
        }
    };
    let mut list: Vec<String> = gaps.iter().take(LISTED).map(|gap| one(gap)).collect();
    if gaps.len() > LISTED
        && let Some(last) = gaps.last()
    {
        list.push(format!("…, the last {}", one(last)));
    }
    format!("({})", list.join(", "))
}

/// `frames 0..5, 7..9`; `None` when there are none.
fn ranges(ranges: &[Range<u64>]) -> Option<String> {
    let last = ranges.last()?;
    let one = |range: &Range<u64>| format!("{}..{}", range.start, range.end);
    let mut list: Vec<String> = ranges.iter().take(LISTED).map(one).collect();
    if ranges.len() > LISTED {
        list.push(format!("… {} stretches in all, the last {}", ranges.len(), one(last)));
    }
    Some(format!("frames {}", list.join(", ")))
}

/// `frame 7`, `3 frames: 7, 8, 9`; `None` when there are none.
fn frames_of(places: &Places) -> Option<String> {
    let first = places.frames.first()?;
    if places.count == 1 {
        return Some(format!("frame {first}"));
    }
    let mut list: Vec<String> = places.frames.iter().take(LISTED).map(u64::to_string).collect();
    if places.count > LISTED as u64 {
        list.push(format!("…, {}", places.last));
    }
    Some(format!("{} frames: {}", places.count, list.join(", ")))
}
