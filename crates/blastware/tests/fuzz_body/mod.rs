//! What the fuzz targets do with their bytes.
//!
//! Kept here so that `tests/regressions.rs` runs the same over every input that is worth keeping,
//! on any toolchain.

use wavekeep_blastware::report_text::{FORM, Table};
use wavekeep_blastware::{Blastware, frames, histogram, waveform};
use wavekeep_core::{DecodeOptions, EventFormat, Gaps, Input};
use wavekeep_report_text::{Context, read};

/// Any bytes as an event file: an answer or an error, and an answer is consistent.
pub fn file(data: &[u8]) {
    let input = Input { bytes: data, name: Some("M529LKIQ.7M0W") };
    let options = DecodeOptions::default();
    let Ok(mut recording) = Blastware.decode(input, &options) else { return };
    let len = recording.len();
    for channel in &recording.channels {
        assert_eq!(channel.len(), len);
        assert_within(&channel.gaps, len);
        assert_eq!(channel.physical().flatten().count(), len - channel.gaps.samples());
    }
    // Whatever stands behind the first kilobyte is tried as the report of the event.
    let mut report = data.get(1024..).unwrap_or_default();
    let _ = Blastware.merge_report(&mut recording, &mut report, &options);
    let mut outline = Blastware.without_samples(input, &options);
    let _ = Blastware.merge_report(&mut outline, &mut &*data, &options);
}

/// Any bytes as a waveform body: channels of equal length, and what was decoded without damage
/// comes back when it is encoded again.
pub fn waveform_body(data: &[u8]) {
    let decoded = waveform::decode(data);
    let len = decoded.channels[0].len();
    assert!(decoded.channels.iter().all(|channel| channel.len() == len));
    assert!(decoded.trailer_offset <= data.len());
    for gaps in &decoded.gaps {
        assert_within(gaps, len);
    }
    let [tran, vert, long, microphone] = &decoded.channels;
    if let Ok(body) = waveform::encode([tran, vert, long, microphone]) {
        let again = waveform::decode(&body);
        assert_eq!(again.channels, decoded.channels);
        assert!(again.notes.is_empty(), "{:?}", again.notes);
    }
}

/// Any bytes as a histogram body: the same.
pub fn histogram_body(data: &[u8]) {
    let decoded = histogram::decode(data);
    assert_within(&decoded.gaps, decoded.intervals.len());
    assert!(decoded.remnant_offset <= data.len());
    if let Ok(body) = histogram::encode(&decoded.intervals) {
        assert_eq!(histogram::decode(&body).intervals, decoded.intervals);
    }
}

/// Any bytes as the text of a report.
pub fn report_text(data: &[u8]) {
    let context = |limit_bytes| Context { form: &FORM, file_start: None, limit_bytes };
    let Ok(report) = read(&mut &*data, &context(1 << 20), None) else { return };
    // What is written again is a report again.
    let text = wavekeep_blastware::report_text::write(&report.statement, &Table::None);
    let _ = read(&mut &*text, &context(1 << 24), None);
}

/// Any bytes as a pickle of raw frames: what is read is written and read the same.
pub fn pickle(data: &[u8]) {
    let Ok(read) = frames::read_pickle(data) else { return };
    let _ = frames::rebuild(&read);
    assert_eq!(frames::read_pickle(&frames::write_pickle(&read)).expect("our own pickle"), read);
}

fn assert_within(gaps: &Gaps, len: usize) {
    assert!(gaps.ranges().last().is_none_or(|gap| gap.end <= len));
}
