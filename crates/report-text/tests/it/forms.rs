//! What tests of all forms share.

use wavekeep_core::{
    Assumed, Basis, Channel, Error, FormatInfo, Kind, Recording, Samples, TimeAxis, UnitLocal,
};
use wavekeep_report_text::{CHANNELS, Context, Form, ReportText, read};

pub const LIMIT: u64 = 1 << 20;
pub const FORM: Form =
    Form { name: "report text", expected: "an event's fields", microphone: None };

pub fn try_parse(text: &[u8]) -> Result<ReportText, Error> {
    let context = Context { form: &FORM, file_start: None, limit_bytes: LIMIT };
    read(&mut &*text, &context, None)
}

pub fn parse(text: &str) -> ReportText {
    try_parse(text.as_bytes()).unwrap()
}

/// The report of an event that began at `start` by its own file.
pub fn parse_of(text: &[u8], start: UnitLocal) -> ReportText {
    let context = Context { form: &FORM, file_start: Some(start), limit_bytes: LIMIT };
    read(&mut &*text, &context, None).unwrap()
}

/// The rows of a table: each count of the recording is the number of its row.
pub fn rows(text: &[u8]) -> Vec<[Option<f64>; 4]> {
    const INFO: FormatInfo = FormatInfo { id: "rows", name: "rows", file_names: &[] };
    let time = TimeAxis::Samples {
        rate_hz: Assumed::stated(1024.0, Basis::File),
        pretrigger_s: Assumed::stated(0.0, Basis::File),
    };
    let numbers: Vec<i16> = (0..32_767).collect();
    let channels = CHANNELS.map(|name| Channel::new(name, Samples::I16(numbers.clone())));
    let recording =
        Recording { channels: channels.to_vec(), ..Recording::new(&INFO, Kind::Waveform, time) };
    let context = Context { form: &FORM, file_start: None, limit_bytes: LIMIT };
    let report = read(&mut &*text, &context, Some(&recording)).unwrap();
    let Some(table) = report.samples else { return Vec::new() };
    let mut rows = vec![[None; 4]; table.rows];
    for (slot, column) in table.columns.iter().enumerate() {
        for pair in column.iter().flat_map(|column| column.tally.pairs()) {
            rows[pair.count as usize][slot] = Some(pair.printed);
        }
    }
    rows
}
