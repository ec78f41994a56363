//! What the fuzz target does with its bytes.
//!
//! Kept here so that the regressions run the same over every input that is worth keeping, on any
//! toolchain.

use wavekeep_core::{
    Assumed, Basis, Channel, FormatInfo, Kind, Recording, Samples, TimeAxis, UnitLocal,
};
use wavekeep_report_text::{CHANNELS, Context, Form, read};

const FORM: Form = Form { name: "report text", expected: "an event's fields", microphone: None };
const INFO: FormatInfo = FormatInfo { id: "event", name: "event", file_names: &[] };

/// Any bytes as the text of a report: an answer or an error; what is kept is bounded, and the same
/// bytes give the same answer.
pub fn report_text(data: &[u8]) {
    let time = TimeAxis::Samples {
        rate_hz: Assumed::stated(1024.0, Basis::File),
        pretrigger_s: Assumed::stated(0.0, Basis::File),
    };
    let channels = CHANNELS.map(|name| Channel::new(name, Samples::I16((-8..8).collect())));
    let recording =
        Recording { channels: channels.to_vec(), ..Recording::new(&INFO, Kind::Waveform, time) };
    let context = Context {
        form: &FORM,
        file_start: UnitLocal::from_fields((2026, 6, 12), (14, 3, 20)),
        limit_bytes: 1 << 20,
    };
    let Ok(report) = read(&mut &*data, &context, Some(&recording)) else { return };
    let lost = &report.not_understood;
    assert!(
        lost.kept.len() <= 100 && lost.kept.len() as u64 <= lost.lines + lost.fields + lost.rows
    );
    assert!(lost.kept.iter().all(|(line, text)| *line > 0 && text.chars().count() <= 81));
    let kept = report.statement.fields.iter().map(|(name, value)| name.len() + value.len());
    assert!(kept.sum::<usize>() <= 16 << 10);
    assert!(report.statement.monitor_log.len() <= 200 && report.notes.len() <= 20);
    let readings = report.statement.channels.iter().filter_map(|channel| channel.peak);
    assert!(readings.into_iter().all(|reading| reading.value.is_finite()));
    assert_eq!(read(&mut &*data, &context, Some(&recording)).as_ref(), Ok(&report));
}
