//! Event file → recording: the codec is chosen, the file's statements are checked against each
//! other, and what nothing states is assumed and said so.

use serde_json::{Map, Value, json};
use wavekeep_core::{
    Assumed, Basis, Channel, DecodeOptions, Error, GeophoneRange, Input, IntervalFacts, Kind, Note,
    Recording, Report, Result, Samples, Scale, Sensor, Source, TimeAxis, Unit,
};

use crate::file::{self, BODY_OFFSET, EventFile, RecordMode};
use crate::name::{EventName, TypeLetter};
use crate::waveform::{self, BODY_MARKER, CHANNELS, Waveform};
use crate::{INFO, histogram};

/// What a unit records at unless it is set otherwise.
const DEFAULT_RATE_HZ: f64 = 1024.0;
const DEFAULT_PRETRIGGER_S: f64 = 0.25;
const DEFAULT_RANGE: GeophoneRange = GeophoneRange::Normal;
/// Sound pressure level that the vendor prints for one count.
const LEVEL_OF_ONE_COUNT: f64 = 81.94;
/// The largest count of a geophone that a converter of 16 bits gives, at 16 steps a count: 2.4 % above
/// the range.
const CONVERTER_LIMIT: f64 = 2048.0;
/// The same where nothing states the range, and so which geophone it is: 100 in/s, ten times the
/// usual range.
const LIMIT_OF_UNSTATED_RANGE: f64 = 20_000.0;
/// The largest peak that a histogram's byte can say.
const HISTOGRAM_LIMIT: f64 = 255.0;
/// As many bytes of an open part as are shown; the source file keeps all.
const SHOWN_BYTES: usize = 64;

/// Scale of the geophones: 16 ADC counts are 0.005 in/s at Normal range, 0.000625 at Sensitive.
pub(crate) fn geophone_scale(range: GeophoneRange) -> Scale {
    let denominator = match range {
        GeophoneRange::Normal => 200.0,
        GeophoneRange::Sensitive => 1600.0,
    };
    Scale::ratio(1.0, denominator, Unit::InchPerSecond)
}

/// Scale of the microphone: one count is 0.25 Pa.
fn microphone_scale() -> Scale {
    Scale::ratio(1.0, 4.0, Unit::Pascal).with_level_of_one_count(LEVEL_OF_ONE_COUNT)
}

pub(crate) fn decode(input: Input<'_>, options: &DecodeOptions) -> Result<Recording> {
    if input.name.is_some_and(|name| name.to_ascii_lowercase().ends_with(".mlg")) {
        return Err(file::monitor_log());
    }
    let found = input.bytes.len() as u64;
    if found > options.limits.event_bytes {
        return Err(Error::Limit {
            what: "length of the event file in bytes".into(),
            limit: options.limits.event_bytes,
            found,
            raise: "--max-event-bytes",
        });
    }
    let file = EventFile::parse(input.bytes)?;
    let mut recording = body(&file, options)?;
    recording.source = Source { name: input.name.map(str::to_owned), bytes: found, sha256: None };
    stated_by_file(&mut recording, &file, input.name.and_then(EventName::within), found);
    Ok(recording)
}

/// What a file says of an event beside its samples.
fn stated_by_file(
    recording: &mut Recording,
    file: &EventFile<'_>,
    name: Option<EventName>,
    len: u64,
) {
    recording.serial = name
        .map(|name| Assumed::stated(name.serial(), Basis::FileName))
        .or_else(|| Some(Assumed::stated(serial_in_trailer(file)?, Basis::File)));
    times(recording, file, name);
    landmarks(&mut recording.report, file, len);
    type_letter(recording, name);
    facts(&mut recording.metadata, file);
}

/// An event whose body cannot be decoded: what its name says, and its header and footer where they
/// can be read.
pub(crate) fn without_samples(input: Input<'_>, options: &DecodeOptions) -> Recording {
    let name = input.name.and_then(EventName::within);
    let is_histogram = name.is_some_and(|name| name.type_letter == TypeLetter::Histogram);
    let mut recording = match is_histogram {
        true => from_histogram(histogram::Histogram::default(), options),
        false => from_waveform(Waveform::default(), &[], options),
    };
    let len = input.bytes.len() as u64;
    recording.source = Source { name: input.name.map(str::to_owned), bytes: len, sha256: None };
    match EventFile::parse(input.bytes) {
        Ok(file) => stated_by_file(&mut recording, &file, name, len),
        Err(_) => {
            recording.serial = name.map(|name| Assumed::stated(name.serial(), Basis::FileName));
            recording.start = name.map(|name| Assumed::stated(name.start(), Basis::FileName));
            if let TimeAxis::Intervals { start, .. } = &mut recording.time {
                *start = recording.start;
            }
        }
    }
    recording
}

/// Waveform if the body begins as one and yields at least one block; otherwise histogram if at
/// least one block is recognised.
fn body(file: &EventFile<'_>, options: &DecodeOptions) -> Result<Recording> {
    if file.body.starts_with(&BODY_MARKER) {
        waveform::check_size(file.body, &options.limits)?;
        let waveform = waveform::decode(file.body);
        // The first two samples stand in front of the first block.
        if waveform.channels[0].len() > 2 {
            return Ok(from_waveform(waveform, file.body, options));
        }
    }
    let histogram = histogram::decode(file.body);
    if !histogram.intervals.is_empty() {
        return Ok(from_histogram(histogram, options));
    }
    Err(Error::Malformed {
        offset: BODY_OFFSET as u64,
        field: "body".into(),
        expected: "a waveform (00 02 00, two samples and a block) or a histogram (a 32-byte block with 00 00 at 22 and 1e 0a 00 00 at 28)".into(),
        found: format!("{} bytes with neither", file.body.len()),
    })
}

fn recording(kind: Kind, time: TimeAxis, options: &DecodeOptions, notes: Vec<Note>) -> Recording {
    let mut report = Report::with_capacity(options.limits.notes);
    for note in notes {
        // Decoders of bodies count from the body, people from the file.
        let offset = note.offset.map(|offset| offset + BODY_OFFSET as u64);
        report.push(Note { offset, ..note });
    }
    let range = Assumed::by_default(DEFAULT_RANGE).or_stated(options.range, Basis::Option);
    if range.is_assumed() {
        report.assumption(
            "range",
            format!("geophone range {} (10 in/s): the file does not state it", range.value),
        );
    }
    Recording { range: Some(range), report, ..Recording::new(&INFO, kind, time) }
}

fn channel(turn: usize, samples: Vec<i16>, range: GeophoneRange) -> Channel {
    let mut channel = Channel::new(CHANNELS[turn], Samples::I16(samples));
    if turn < 3 {
        channel.sensor = Sensor::Geophone;
        channel.scale = geophone_scale(range);
        channel.limit_count = Some(range.in_per_s() / channel.scale.of_one());
    } else {
        channel.sensor = Sensor::Microphone;
        channel.scale = microphone_scale();
    }
    channel
}

fn from_waveform(waveform: Waveform, body: &[u8], options: &DecodeOptions) -> Recording {
    let rate_hz = Assumed::by_default(DEFAULT_RATE_HZ).or_stated(options.rate_hz, Basis::Option);
    let pretrigger_s =
        Assumed::by_default(DEFAULT_PRETRIGGER_S).or_stated(options.pretrigger_s, Basis::Option);
    let time = TimeAxis::Samples { rate_hz, pretrigger_s };
    let mut recording = recording(Kind::Waveform, time, options, waveform.notes);
    if rate_hz.is_assumed() {
        recording
            .report
            .assumption("rate", format!("{DEFAULT_RATE_HZ} samples/s: the file does not state it"));
    }
    if pretrigger_s.is_assumed() {
        recording.report.assumption(
            "pretrigger",
            format!("{DEFAULT_PRETRIGGER_S} s before the trigger: the file does not state it"),
        );
    }
    let range = recording.range.map_or(DEFAULT_RANGE, |range| range.value);
    for (turn, (samples, gaps)) in waveform.channels.into_iter().zip(waveform.gaps).enumerate() {
        let mut channel = channel(turn, samples, range);
        channel.gaps = gaps;
        recording.channels.push(channel);
    }
    limit_samples(&mut recording);
    let trailer = body.get(waveform.trailer_offset..).unwrap_or_default();
    recording.metadata.insert("segments".to_owned(), json!(waveform.segments));
    recording.metadata.insert("trailer_bytes".to_owned(), json!(trailer.len()));
    recording.metadata.insert("trailer".to_owned(), hex(trailer));
    recording
}

/// Marks what the geophones of a waveform cannot have given.
pub(crate) fn limit_samples(recording: &mut Recording) {
    let is_stated = recording.range.is_some_and(|range| !range.is_assumed());
    let limit = if is_stated { CONVERTER_LIMIT } else { LIMIT_OF_UNSTATED_RANGE };
    for channel in &mut recording.channels {
        channel.converter_limit = (channel.sensor == Sensor::Geophone).then_some(limit);
    }
    recording.note_impossible_samples();
}

fn from_histogram(histogram: histogram::Histogram, options: &DecodeOptions) -> Recording {
    let time = TimeAxis::Intervals { start: None, length_s: None };
    let mut recording = recording(Kind::Histogram, time, options, histogram.notes);
    let range = recording.range.map_or(DEFAULT_RANGE, |range| range.value);
    for (turn, name) in CHANNELS.into_iter().enumerate() {
        let column = || histogram.intervals.iter().map(|interval| interval.channels[turn]);
        let mut channel = channel(turn, column().map(|peak| peak.peak.into()).collect(), range);
        channel.gaps = histogram.gaps.clone();
        channel.limit_count = Some(HISTOGRAM_LIMIT);
        channel.intervals = Some(IntervalFacts {
            half_periods: column().map(|peak| peak.half_period).collect(),
            annotations: column().map(|peak| peak.annotation).collect(),
            ..IntervalFacts::default()
        });
        let at_limit = channel.counts().flatten().filter(|&count| count >= HISTOGRAM_LIMIT).count();
        if at_limit > 0 {
            let message = format!(
                "{at_limit} intervals are at the limit of what a peak's byte can say: they may have been louder"
            );
            let note = Note::new(wavekeep_core::NoteKind::Disagreement, "peak_at_limit", message);
            recording.report.push(note.on(name));
        }
        recording.channels.push(channel);
    }
    let open: Vec<_> = histogram.intervals.iter().flat_map(|interval| interval.open).collect();
    recording.metadata.insert("interval_open_bytes".to_owned(), hex(&open));
    recording
}

/// Start and stop: the footer's where its fields are in range, otherwise the name's.
fn times(recording: &mut Recording, file: &EventFile<'_>, name: Option<EventName>) {
    let by_footer = file.footer.and_then(|footer| footer.start);
    let by_name = name.map(|name| name.start());
    recording.start = by_footer
        .map(|start| Assumed::stated(start, Basis::File))
        .or_else(|| by_name.map(|start| Assumed::stated(start, Basis::FileName)));
    let stop = file.footer.and_then(|footer| footer.stop);
    recording.stop = stop.map(|stop| Assumed::stated(stop, Basis::File));
    if let TimeAxis::Intervals { start, .. } = &mut recording.time {
        *start = recording.start;
    }
    if let (Some(footer), Some(name)) = (by_footer, by_name)
        && footer != name
    {
        let message = format!(
            "the footer says that the event began at {footer}, the file's name that it began at {name}: the footer was taken"
        );
        recording.report.disagreement("start_time", message);
    }
    if file.footer.is_some() && by_footer.is_none() {
        let message =
            "the start time in the footer has fields that are out of range: it was not used";
        recording.report.disagreement("footer_time", message);
    }
}

/// The places and lengths that an undamaged file has right.
fn landmarks(report: &mut Report, file: &EventFile<'_>, len: u64) {
    if file.footer.is_none() {
        report.push(
            Note::new(
                wavekeep_core::NoteKind::Damage,
                "footer_missing",
                "no footer stands at the end: the file is cut, or its end is damaged",
            )
            .at(len),
        );
    }
    let by_keys = file.strt.file_len();
    if by_keys != len {
        let message =
            format!("the keys of the STRT record make the file {by_keys} bytes long, it has {len}");
        report.disagreement("length_by_keys", message);
    }
}

fn type_letter(recording: &mut Recording, name: Option<EventName>) {
    let Some(name) = name else { return };
    let stated = match name.type_letter {
        TypeLetter::Waveform => Kind::Waveform,
        TypeLetter::Histogram => Kind::Histogram,
        TypeLetter::Other(letter) => {
            recording.metadata.insert("type_letter".to_owned(), json!(letter.to_string()));
            return;
        }
        TypeLetter::Absent => return,
    };
    if stated != recording.kind {
        let message = format!(
            "the name's last letter stands for {stated:?}, the content is a {:?}",
            recording.kind
        );
        recording.report.disagreement("type_letter", message);
    }
}

/// What the file says beside its samples, open bytes included.
fn facts(metadata: &mut Map<String, Value>, file: &EventFile<'_>) {
    let mode = match file.strt.mode {
        RecordMode::SingleShot => json!("single shot"),
        RecordMode::Continuous => json!("continuous"),
        RecordMode::Unknown(byte) => json!(format!("unknown ({byte:#04x})")),
    };
    metadata.insert("record_mode".to_owned(), mode);
    for (key, value) in [("start_key", file.strt.start_key), ("end_key", file.strt.end_key)] {
        metadata.insert(key.to_owned(), json!(format!("{value:08x}")));
    }
    metadata.insert("strt_open_14".to_owned(), hex(&file.strt.unknown_14));
    metadata.insert("strt_open_19".to_owned(), hex(&file.strt.unknown_19));
    if let Some(footer) = file.footer {
        metadata.insert("footer".to_owned(), hex(&footer.bytes));
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

/// `BE` and four or five digits, in the text behind the last segment.
fn serial_in_trailer(file: &EventFile<'_>) -> Option<String> {
    let tail = &file.body[file.body.len().saturating_sub(4096)..];
    memchr::memmem::find_iter(tail, b"BE").find_map(|at| {
        let digits: Vec<u8> =
            tail[at + 2..].iter().copied().take_while(u8::is_ascii_digit).take(6).collect();
        let serial = || digits.iter().map(|&digit| char::from(digit)).collect::<String>();
        matches!(digits.len(), 4..=5).then(|| format!("BE{}", serial()))
    })
}
