//! Event file → recording: the body is found, what the name says is taken, and what nothing states
//! is assumed and said so.

use serde_json::{Value, json};
use wavekeep_blastware::Blastware;
use wavekeep_blastware::waveform::CHANNELS;
use wavekeep_core::{
    Assumed, Basis, Channel, DecodeOptions, Error, EventFormat, GeophoneRange, Input,
    IntervalFacts, Kind, Note, NoteKind, Recording, Report, Result, Samples, Sensor, Source,
    TimeAxis,
};

use crate::file::{FIRST_BODY_OFFSET, SIGNATURE, check_signature};
use crate::histogram::{self, Histogram};
use crate::name::{Ending, ThorName};
use crate::waveform::{self, Found};
use crate::{INFO, scale};

/// What a unit records at unless it is set otherwise.
const DEFAULT_RATE_HZ: f64 = 1024.0;
const DEFAULT_PRETRIGGER_S: f64 = 0.25;
/// A count cannot say more than this.
const LIMIT_COUNT: f64 = 32_767.0;
/// The first count of a geophone that is above the instrument's range: 254 mm/s, 0.00788 mm/s a count.
const LIMIT_COUNT_GEOPHONE: f64 = 32_233.0;
/// As many bytes of an open part as are shown; the source file keeps all.
const SHOWN_BYTES: usize = 64;

pub(crate) fn decode(input: Input<'_>, options: &DecodeOptions) -> Result<Recording> {
    let found = input.bytes.len() as u64;
    if found > options.limits.event_bytes {
        return Err(Error::Limit {
            what: "length of the event file in bytes".into(),
            limit: options.limits.event_bytes,
            found,
            raise: "--max-event-bytes",
        });
    }
    check_signature(input.bytes)?;
    let ending = input.name.and_then(Ending::within);
    let mut recording = body(input.bytes, ending, options)?;
    recording.source = Source { name: input.name.map(str::to_owned), bytes: found, sha256: None };
    stated_by_name(&mut recording, input.name);
    note_other_kind(&mut recording, ending);
    Ok(recording)
}

/// A Blastware file whose name is a Thor event's.
pub(crate) fn decode_misnamed(input: Input<'_>, options: &DecodeOptions) -> Result<Recording> {
    let ending = input.name.and_then(Ending::within);
    // Its name follows the other code: what it says is taken below.
    let mut recording = Blastware.decode(Input { name: None, ..input }, options)?;
    recording.source.name = input.name.map(str::to_owned);
    stated_by_name(&mut recording, input.name);
    recording.report.disagreement(
        "blastware_content",
        "the name is that of a Thor event, the content is a Blastware event file: it was read as one",
    );
    note_other_kind(&mut recording, ending);
    Ok(recording)
}

/// An event whose body cannot be decoded: what its name says.
pub(crate) fn without_samples(input: Input<'_>, options: &DecodeOptions) -> Recording {
    let name = input.name.unwrap_or_default();
    let is_histogram = Ending::within(name) == Some(Ending::Histogram);
    let mut recording = match is_histogram {
        true => from_histogram(Histogram::default(), options),
        false => from_waveform(Found::default(), &[], options),
    };
    for key in ["body_offset", "body_end", "body_attempts", "layout", "layout_decided"] {
        recording.metadata.remove(key);
    }
    let bytes = input.bytes.len() as u64;
    recording.source = Source { name: input.name.map(str::to_owned), bytes, sha256: None };
    stated_by_name(&mut recording, input.name);
    recording
}

/// What the name says first, the other kind where there is none of it.
fn body(file: &[u8], ending: Option<Ending>, options: &DecodeOptions) -> Result<Recording> {
    wavekeep_blastware::waveform::check_size(file, &options.limits)?;
    let as_waveform = || waveform::find(file).map(|found| from_waveform(found, file, options));
    let as_histogram = || histogram::decode(file).map(|found| from_histogram(found, options));
    let recording = match ending {
        Some(Ending::Histogram) => as_histogram().or_else(as_waveform),
        _ => as_waveform().or_else(as_histogram),
    };
    recording.ok_or_else(|| Error::Malformed {
        offset: SIGNATURE.len() as u64,
        field: "body".into(),
        expected: format!(
            "a waveform (00 02 00 from byte {FIRST_BODY_OFFSET:#06x} on, with at least one whole segment) or a histogram (a segment header .. .. 0a 00 00 00 00 .. 05 3f and an interval of 72 bytes)"
        )
        .into(),
        found: format!("{} bytes with neither", file.len()),
    })
}

fn recording(kind: Kind, time: TimeAxis, options: &DecodeOptions) -> Recording {
    let mut report = Report::with_capacity(options.limits.notes);
    let range = Assumed::by_default(GeophoneRange::Normal).or_stated(options.range, Basis::Option);
    if range.is_assumed() {
        report.assumption("range", "geophone range normal (10 in/s): the file does not state it");
    }
    report.assumption(
        "geophone_scale",
        format!(
            "{} {} for a count of a geophone: the file does not state it",
            scale::GEOPHONE.of_one(),
            scale::GEOPHONE.unit
        ),
    );
    report.assumption(
        "microphone_scale",
        format!(
            "{} {} for a count of the microphone: the file does not state it",
            scale::MICROPHONE.of_one(),
            scale::MICROPHONE.unit
        ),
    );
    if range.value == GeophoneRange::Sensitive {
        report.assumption(
            "sensitive_scale",
            "what a count is worth on the sensitive range is not known: that of the normal range was taken",
        );
    }
    Recording { range: Some(range), report, ..Recording::new(&INFO, kind, time) }
}

fn channel(turn: usize, samples: Samples) -> Channel {
    let mut channel = Channel::new(CHANNELS[turn], samples);
    let limit;
    (channel.sensor, channel.scale, limit) = match turn {
        0..=2 => (Sensor::Geophone, scale::GEOPHONE, LIMIT_COUNT_GEOPHONE),
        _ => (Sensor::Microphone, scale::MICROPHONE, LIMIT_COUNT),
    };
    channel.limit_count = Some(limit);
    channel
}

/// Which scales are used, and why: a report may change them.
pub(crate) fn scale_fact(channel: &Channel, basis: Basis) -> Value {
    json!({ "factor": channel.scale.of_one(), "unit": channel.unit(), "basis": basis })
}

fn assumed_scales(recording: &mut Recording) {
    for (sensor, key) in
        [(Sensor::Geophone, "geophone_scale"), (Sensor::Microphone, "microphone_scale")]
    {
        if let Some(channel) = recording.channels.iter().find(|channel| channel.sensor == sensor) {
            recording.metadata.insert(key.to_owned(), scale_fact(channel, Basis::Assumed));
        }
    }
}

fn from_waveform(found: Found, file: &[u8], options: &DecodeOptions) -> Recording {
    let rate_hz = Assumed::by_default(DEFAULT_RATE_HZ).or_stated(options.rate_hz, Basis::Option);
    let pretrigger_s =
        Assumed::by_default(DEFAULT_PRETRIGGER_S).or_stated(options.pretrigger_s, Basis::Option);
    let time = TimeAxis::Samples { rate_hz, pretrigger_s };
    let mut recording = recording(Kind::Waveform, time, options);
    if rate_hz.is_assumed() {
        let message = format!("{DEFAULT_RATE_HZ} samples/s: where the file states it is not known");
        recording.report.assumption("rate", message);
    }
    if pretrigger_s.is_assumed() {
        let message =
            format!("{DEFAULT_PRETRIGGER_S} s before the trigger: the file does not state it");
        recording.report.assumption("pretrigger", message);
    }
    let Found { offset, attempts, bounded, waveform } = found;
    for note in waveform.notes {
        // The decoder counts from the body, people from the file.
        let offset = note.offset.map(|at| at + offset as u64);
        recording.report.push(Note { offset, ..note });
    }
    if bounded {
        recording.report.disagreement(
            "body_search",
            "the search for the body reached its bounds: another place may hold more samples",
        );
    }
    for (turn, (samples, gaps)) in waveform.channels.into_iter().zip(waveform.gaps).enumerate() {
        recording.channels.push(Channel { gaps, ..channel(turn, Samples::I16(samples)) });
    }
    assumed_scales(&mut recording);
    let trailer = file.get(offset + waveform.trailer_offset..).unwrap_or_default();
    let header = file.get(SIGNATURE.len()..offset).unwrap_or_default();
    for (key, value) in [
        ("body_offset", json!(offset)),
        ("body_attempts", json!(attempts)),
        ("segments", json!(waveform.segments)),
        ("header", hex(header)),
        ("trailer_bytes", json!(trailer.len())),
        ("trailer", hex(trailer)),
    ] {
        recording.metadata.insert(key.to_owned(), value);
    }
    recording
}

fn from_histogram(histogram: Histogram, options: &DecodeOptions) -> Recording {
    let time = TimeAxis::Intervals { start: None, length_s: None };
    let mut recording = recording(Kind::Histogram, time, options);
    let Histogram { intervals, gaps, decision, segments, offset, end, notes } = histogram;
    for note in notes {
        recording.report.push(note);
    }
    for turn in 0..CHANNELS.len() {
        let column = || intervals.iter().map(|interval| interval.channels[turn]);
        let peaks = column().map(|channel| channel.peak()).collect();
        recording.channels.push(Channel {
            gaps: gaps.clone(),
            intervals: Some(IntervalFacts {
                half_periods: column().map(|channel| channel.half_period).collect(),
                ..IntervalFacts::default()
            }),
            ..channel(turn, Samples::I32(peaks))
        });
    }
    assumed_scales(&mut recording);
    let open: Vec<u8> = intervals.iter().flat_map(|interval| interval.open).collect();
    for (key, value) in [
        ("body_offset", json!(offset)),
        ("body_end", json!(end)),
        ("segments", json!(segments)),
        ("layout", json!(decision)),
        ("layout_decided", json!(decision.is_decided())),
        ("interval_open_bytes", hex(&open)),
    ] {
        recording.metadata.insert(key.to_owned(), value);
    }
    recording
}

/// Serial number and start, where the content did not state them.
fn stated_by_name(recording: &mut Recording, name: Option<&str>) {
    let Some(name) = name.and_then(ThorName::within) else { return };
    recording.serial.get_or_insert(Assumed::stated(name.serial, Basis::FileName));
    let start = *recording.start.get_or_insert(Assumed::stated(name.start, Basis::FileName));
    if let TimeAxis::Intervals { start: first, .. } = &mut recording.time {
        first.get_or_insert(start);
    }
}

fn note_other_kind(recording: &mut Recording, ending: Option<Ending>) {
    let stated = match ending {
        Some(Ending::Waveform) => Kind::Waveform,
        Some(Ending::Histogram) => Kind::Histogram,
        _ => return,
    };
    if stated != recording.kind {
        let message = format!(
            "the ending of the name stands for {stated:?}, the content is a {:?}",
            recording.kind
        );
        recording.report.push(Note::new(NoteKind::Disagreement, "ending", message));
    }
}

fn hex(bytes: &[u8]) -> Value {
    let shown = &bytes[..bytes.len().min(SHOWN_BYTES)];
    let mut text: String = shown.iter().map(|byte| format!("{byte:02x}")).collect();
    if shown.len() < bytes.len() {
        text.push('…');
    }
    Value::String(text)
}
