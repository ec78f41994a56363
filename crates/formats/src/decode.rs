//! The one way from bytes to a recording with its report on top.

use std::io::BufRead;

use wavekeep_core::{
    DecodeOptions, Error, EventFormat, Input, Note, NoteKind, Recording, UnitLocal,
};

/// A report beside an event: what it is called, and its text.
pub struct ReportInput<'r> {
    /// Its name as people see it: `TXT/a.IDFW.txt`; empty where there is only one.
    pub name: String,
    /// Its text.
    pub text: Box<dyn BufRead + 'r>,
}

/// A decoded event.
#[derive(Debug)]
#[non_exhaustive]
pub struct Decoded {
    /// The recording, with the report on top.
    pub recording: Recording,
    /// The serial number by the file alone, where its name or content states one.
    pub serial_of_file: Option<String>,
    /// The start by the file alone.
    pub start_of_file: Option<UnitLocal>,
    /// The name of the report that was used.
    pub report: Option<String>,
    /// Why the first report that was not used was not.
    pub report_refused: Option<String>,
}

/// Decodes an event and puts over it the first of `reports` that can be read. Reports that cannot be
/// read before that are notes.
///
/// An event whose body cannot be decoded is kept without samples when a report of it can be read:
/// what the report states is not lost with the body. `now` is when the file came in, by a clock that
/// can be trusted.
///
/// # Errors
/// What the decoder says, when nothing of the event can be read and no report either; limits always.
pub fn decode_with_reports<'r>(
    format: &dyn EventFormat,
    input: Input<'_>,
    options: &DecodeOptions,
    reports: impl IntoIterator<Item = Result<ReportInput<'r>, String>>,
    now: Option<UnitLocal>,
) -> Result<Decoded, Error> {
    let (mut recording, failed) = match format.decode(input, options) {
        Ok(recording) => (recording, None),
        Err(error @ (Error::Limit { .. } | Error::Unsupported { .. })) => return Err(error),
        Err(error) => (format.without_samples(input, options), Some(error)),
    };
    let serial_of_file = recording.serial.as_ref().map(|serial| serial.value.clone());
    let start_of_file = recording.start.map(|start| start.value);
    let (mut report, mut report_refused) = (None, None);
    for candidate in reports {
        let merged = candidate.and_then(|ReportInput { name, mut text }| {
            let merged = format.merge_report(&mut recording, &mut *text, options);
            merged.map(|()| name.clone()).map_err(|error| match name.as_str() {
                "" => error.to_string(),
                name => format!("{name}: {error}"),
            })
        });
        match merged {
            Ok(name) => {
                report = Some(name);
                break;
            }
            Err(error) => {
                let message = format!("the report beside the file was not used: {error}");
                recording.report.push(Note::new(
                    NoteKind::Disagreement,
                    "report_not_used",
                    message,
                ));
                report_refused.get_or_insert(error);
            }
        }
    }
    if let Some(error) = failed {
        if report.is_none() {
            return Err(error);
        }
        let message = format!(
            "the event has no samples that can be read ({error}): its values are those of the report"
        );
        recording.report.damage("no_samples", message);
    }
    if let Some(now) = now {
        recording.note_clock(format.first_year(), now);
    }
    Ok(Decoded { recording, serial_of_file, start_of_file, report, report_refused })
}
