//! A histogram's table over its intervals.

use std::ops::Range;

use serde_json::{Value, json};
use wavekeep_core::{Note, NoteKind, Reading, Recording, SoundLevels};

use crate::label::{CHANNELS, MICROPHONE};
use crate::rows::IntervalRow;

/// Which intervals belong to which row: several may belong to one, and one interval more or less
/// than rows is usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grouping {
    /// Intervals of the recording.
    intervals: usize,
    /// Intervals of a row.
    per_row: usize,
}

impl Grouping {
    /// Groups the intervals of a recording evenly.
    pub fn new(intervals: usize, rows: usize) -> Self {
        let per_row = ((intervals as f64 / rows.max(1) as f64).round() as usize).max(1);
        Self { intervals, per_row }
    }

    /// Whether each row is one interval.
    pub fn is_one_to_one(&self) -> bool {
        self.per_row == 1
    }

    /// The intervals of each row, in order; the last group takes what is left.
    pub fn groups(self) -> impl Iterator<Item = Range<usize>> {
        let Self { intervals, per_row } = self;
        (0..intervals).step_by(per_row).map(move |first| first..(first + per_row).min(intervals))
    }

    fn fits(&self, rows: usize) -> bool {
        (self.per_row * rows).abs_diff(self.intervals) <= self.per_row
    }
}

/// Takes from the rows what they alone state (frequencies, vector sums, levels of the microphone),
/// and notes a table of another length. The loudest interval of a group is the one that a row
/// prints.
pub fn state_intervals(recording: &mut Recording, rows: &[IntervalRow]) -> Grouping {
    let intervals = recording.len();
    recording.metadata.insert("report_rows".to_owned(), json!(rows.len()));
    let grouping = Grouping::new(intervals, rows.len());
    if !grouping.fits(rows.len()) {
        let message =
            format!("the report lists {} intervals, the file has {intervals}", rows.len());
        recording.report.push(Note::new(NoteKind::Disagreement, "table_length", message));
    }
    for channel in &mut recording.channels {
        let slot = CHANNELS.iter().position(|name| channel.name.eq_ignore_ascii_case(name));
        let (Some(slot), Some(facts)) = (slot, &mut channel.intervals) else { continue };
        let mut stated = vec![None; channel.samples.len()];
        for (row, group) in rows.iter().zip(grouping.groups()) {
            let present = group.filter(|index| !channel.gaps.contains(*index));
            let loudest = present.max_by(|a, b| {
                let peaks = [*a, *b].map(|index| channel.samples.value(index));
                peaks[0].total_cmp(&peaks[1]).then(b.cmp(a))
            });
            if let Some(loudest) = loudest {
                stated[loudest] = row.frequencies[slot];
            }
        }
        facts.stated_frequencies = stated;
        facts.stated_levels = match slot {
            MICROPHONE
                if grouping.is_one_to_one() && rows.iter().any(|row| row.levels.is_some()) =>
            {
                let mut levels: Vec<_> = rows.iter().map(|row| row.levels).collect();
                levels.resize(intervals, None);
                levels
            }
            _ => Vec::new(),
        };
    }
    for (key, value) in [("report_vector_sums", vector_sums(rows)), ("report_levels", levels(rows))]
    {
        match value {
            Some(value) => drop(recording.metadata.insert(key.to_owned(), value)),
            None => drop(recording.metadata.remove(key)),
        }
    }
    grouping
}

/// Vector sums of the rows, `null` where none is printed.
fn vector_sums(rows: &[IntervalRow]) -> Option<Value> {
    let unit = rows.iter().find_map(|row| row.vector_sum)?.unit;
    let values: Vec<_> = rows.iter().map(|row| row.vector_sum.map(|sum| sum.value)).collect();
    Some(json!({ "unit": unit, "values": values }))
}

/// Levels of the rows by their names, with the unit that says how they are weighted.
fn levels(rows: &[IntervalRow]) -> Option<Value> {
    let all = || rows.iter().map(|row| row.levels.unwrap_or_default());
    let unit = all().find_map(|levels| levels.max.or(levels.l10).or(levels.l90))?.unit;
    let of = |kind: fn(&SoundLevels) -> Option<Reading>| -> Vec<Option<f64>> {
        all().map(|levels| kind(&levels).map(|level| level.value)).collect()
    };
    let times: Vec<String> = rows.iter().map(|row| row.label.join(" ")).collect();
    Some(json!({
        "unit": unit,
        "intervals": times,
        "LMax": of(|levels| levels.max),
        "L10": of(|levels| levels.l10),
        "L90": of(|levels| levels.l90),
    }))
}
