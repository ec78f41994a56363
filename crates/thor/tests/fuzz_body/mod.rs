//! What the fuzz targets do with their bytes.
//!
//! Kept here so that `tests/regressions.rs` runs the same over every input that is worth keeping,
//! on any toolchain.

use wavekeep_core::{DecodeOptions, EventFormat, Input};
use wavekeep_report_text::{Context, read};
use wavekeep_thor::report_text::{self, FORM};
use wavekeep_thor::{Thor, histogram};

/// Any bytes as an event file, under either name: an answer or an error, and an answer is
/// consistent.
pub fn file(data: &[u8]) {
    for name in ["UM11719_20260714153012.IDFW", "UM11719_20260714153012.IDFH"] {
        let options = DecodeOptions::default();
        let input = Input { bytes: data, name: Some(name) };
        let Ok(mut recording) = Thor.decode(input, &options) else { continue };
        let len = recording.len();
        for channel in &recording.channels {
            assert_eq!(channel.len(), len);
            assert!(channel.gaps.ranges().last().is_none_or(|gap| gap.end <= len));
            assert_eq!(channel.physical().flatten().count(), len - channel.gaps.samples());
        }
        // Whatever stands behind the first kilobyte is tried as the report of the event.
        let mut report = data.get(1024..).unwrap_or_default();
        let _ = Thor.merge_report(&mut recording, &mut report, &options);
    }
    let Some(decoded) = histogram::decode(data) else { return };
    assert!(decoded.gaps.ranges().last().is_none_or(|gap| gap.end <= decoded.intervals.len()));
    let decision = decoded.decision;
    assert!(decision.plausible >= decision.plausible_in_other_order);
    assert!(decision.plausible <= decision.channel_records);
}

/// Any bytes as the text of a report, over an event with and without samples; what is written again is
/// a report again.
pub fn report_text(data: &[u8]) {
    let options = DecodeOptions::default();
    let input = Input { bytes: &[], name: Some("UM11719_20260714220000.IDFH") };
    let _ = Thor.merge_report(&mut Thor.without_samples(input, &options), &mut &*data, &options);
    let context = |limit_bytes| Context { form: &FORM, file_start: None, limit_bytes };
    let Ok(report) = read(&mut &*data, &context(1 << 20), None) else { return };
    let text = report_text::write(&report.statement, None);
    let _ = read(&mut &*text, &context(1 << 24), None);
}
