//! How things look on a terminal: colours, tables, numbers.

use std::fmt::Write as _;
use std::ops::Range;

use crate::terminal::{self, BAD, CARE, DIM, GOOD, STRONG, errln, painted};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use wavekeep_core::{
    ArrayOrder, Assumed, Basis, Flag, Frequency, Kind, Note, NoteKind, Quantity, Reading,
    Recording, Report, Status, Structured, TimeAxis, Unit, seconds_decimals,
};
use wavekeep_formats::ArrayFile;
use wavekeep_signal::{ChannelMeasurements, Measured, Measurements, Origin};
use wavekeep_smurf::{MaskSource, Run, TimeStretch};

/// Prints an error to standard error.
pub fn error(message: impl std::fmt::Display) {
    errln!("{} {message}", painted(BAD, "error:"));
}

/// Prints what deserves a look to standard error.
pub fn care(message: impl std::fmt::Display) {
    errln!("{} {message}", painted(CARE, "note:"));
}

/// A table of texts. A head that begins with `>` is of a column of numbers.
pub fn plain_table<const N: usize>(
    heads: &[&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> String {
    let heads = heads.map(|head| match head.strip_prefix('>') {
        Some(head) => (head, CellAlignment::Right),
        None => (head, CellAlignment::Left),
    });
    let mut table = bare(&heads);
    for row in rows {
        table.add_row(row);
    }
    table.trim_fmt()
}

/// `whole`, `contradicted` or `damaged`. The word says it, the colour only repeats it.
pub fn status(status: Status) -> String {
    let style = if status.is_finding() { BAD } else { GOOD };
    painted(style, format_args!("{:<7}", status.word()))
}

/// `3328 samples × 4 channels, 512 missing`
pub fn size(recording: &Recording) -> String {
    let word = if recording.kind == Kind::Waveform { "samples" } else { "intervals" };
    let mut text = format!("{} {word} × {} channels", recording.len(), recording.channels.len());
    let missing: usize = recording.channels.iter().map(|channel| channel.gaps.samples()).sum();
    if missing > 0 {
        let _ = write!(text, ", {missing} missing");
    }
    text
}

/// One line for a note.
pub fn note(note: &Note) -> String {
    let (style, word) = match note.kind {
        NoteKind::Assumption => (DIM, "assumed"),
        NoteKind::Disagreement => (CARE, "disagreement"),
        NoteKind::Contradiction => (BAD, "contradiction"),
        NoteKind::Damage => (BAD, "damage"),
    };
    let mut line = format!("{} ", painted(style, format_args!("{word}:")));
    if let Some(channel) = &note.channel {
        let _ = write!(line, "{channel}: ");
    }
    line.push_str(&note.message);
    if let Some(samples) = &note.samples {
        let _ = write!(line, " (indices {}..{})", samples.start, samples.end);
    }
    if let Some(offset) = note.offset {
        let _ = write!(line, " (byte {offset})");
    }
    line
}

fn basis(basis: Basis) -> String {
    match basis {
        Basis::File => painted(DIM, "(file)"),
        Basis::FileName => painted(DIM, "(file name)"),
        Basis::Report => painted(DIM, "(report)"),
        Basis::Option => painted(DIM, "(stated by you)"),
        Basis::Assumed => painted(CARE, "(assumed)"),
    }
}

fn with_basis<T>(value: &Assumed<T>, shown: impl std::fmt::Display) -> String {
    format!("{shown} {}", basis(value.basis))
}

/// The unit in which a value of `unit` is shown where velocities are shown in `velocity`.
pub fn unit_for(unit: Unit, velocity: Unit) -> Unit {
    match (unit.quantity(), velocity) {
        (Quantity::Velocity, _) => velocity,
        (Quantity::Length, Unit::InchPerSecond) => Unit::Inch,
        (Quantity::Length, _) => Unit::Millimetre,
        _ => unit,
    }
}

/// A number with its sign, its digits, its unit and the word of its flag.
pub fn reading(reading: Reading, unit: Unit) -> String {
    let reading = reading.to(unit).unwrap_or(reading);
    let mut text = reading.to_string();
    if let Some(flag @ (Flag::Saturated | Flag::Incomplete | Flag::Impossible)) = reading.flag {
        let _ = write!(text, " ({})", flag.word());
    }
    text
}

/// Seconds with three decimals, and a report's with as many as it prints.
fn seconds(seconds: f64) -> String {
    let decimals = seconds_decimals(seconds);
    format!("{seconds:.decimals$} s")
}

/// The value that wins, with an `r` where the vendor's report states it.
fn measured<T: Copy>(quantity: &Measured<T>, show: impl Fn(T) -> String) -> String {
    match quantity.shown() {
        Some((value, Origin::Stated)) => format!("{} r", show(value)),
        Some((value, Origin::Computed)) => show(value),
        None => "–".to_owned(),
    }
}

fn bare(columns: &[(&str, CellAlignment)]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if let Some(width) = terminal::width() {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    table.set_header(columns.iter().map(|(name, _)| *name));
    for (index, (_, alignment)) in columns.iter().enumerate() {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(*alignment);
        }
    }
    table
}

/// One page about one recording.
pub fn card(recording: &Recording, measurements: &Measurements, velocity: Unit) -> String {
    let mut page = String::new();
    let name = recording.source.name.as_deref().unwrap_or("recording");
    let kind = match recording.kind {
        Kind::Waveform => "waveform",
        Kind::Histogram => "histogram",
    };
    let _ = writeln!(page, "{}  {}", painted(STRONG, name), status(recording.report.status()));
    let _ = writeln!(page, "{} · {kind} · {}", recording.format.name, size(recording));
    page.push('\n');
    for (label, value) in facts(recording) {
        let _ = writeln!(page, "  {label:<13}{value}");
    }
    page.push('\n');
    let _ = writeln!(page, "{}", peaks(measurements, recording.kind, velocity));
    if let Some(bound) = &measurements.vector_sum_upper_bound {
        let _ = writeln!(
            page,
            "  Vector sum of the peaks: at most {} (interval {})",
            reading(bound.upper_bound, velocity),
            bound.interval
        );
    }
    if measurements.peak_vector_sum.value().is_some() {
        let at =
            measured(&measurements.peak_vector_sum_time_s, |time| format!(" at {}", seconds(time)));
        let sum = measured(&measurements.peak_vector_sum, |sum| reading(sum, velocity));
        let _ = writeln!(page, "  PVS {sum}{}", at.trim_start_matches('–'));
    }
    for microphone in measurements.microphones() {
        let Some(levels) = microphone.largest_levels else { continue };
        let named = [("LMax", levels.max), ("L10", levels.l10), ("L90", levels.l90)];
        let words: Vec<String> = named
            .into_iter()
            .filter_map(|(name, level)| Some(format!("{name} up to {} r", level?)))
            .collect();
        let _ = writeln!(page, "  {} levels: {}", microphone.name, words.join(", "));
    }
    if recording.statement.is_some() {
        let _ = writeln!(page, "  {}", painted(DIM, "r: from the vendor's report"));
    }
    if !recording.report.notes().is_empty() {
        page.push('\n');
        for each in recording.report.notes() {
            let _ = writeln!(page, "  {}", note(each));
        }
    }
    page
}

fn facts(recording: &Recording) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if let Some(serial) = &recording.serial {
        facts.push(("Unit", with_basis(serial, &serial.value)));
    }
    if let Some(start) = &recording.start {
        facts.push(("Start", format!("{}, unit-local time", with_basis(start, start.value))));
    }
    if let Some(stop) = &recording.stop {
        facts.push(("Stop", format!("{}, unit-local time", with_basis(stop, stop.value))));
    }
    match &recording.time {
        TimeAxis::Samples { rate_hz, pretrigger_s } => {
            facts.push(("Rate", with_basis(rate_hz, format_args!("{} samples/s", rate_hz.value))));
            let shown = format!("{} s", pretrigger_s.value);
            facts.push(("Pre-trigger", with_basis(pretrigger_s, shown)));
        }
        TimeAxis::Intervals { length_s, .. } => facts.push(match length_s {
            Some(length_s) => {
                ("Interval", with_basis(length_s, format_args!("{} s", length_s.value)))
            }
            None => ("Interval", "length not known: the report states it".to_owned()),
        }),
    }
    if let Some(range) = &recording.range {
        let shown = format!("{}, up to {} in/s", range.value, range.value.in_per_s());
        facts.push(("Geophones", with_basis(range, shown)));
    }
    if let Some(statement) = &recording.statement {
        for user_note in &statement.notes {
            let label = user_note.label.trim_end_matches([':', ' ']);
            facts.push(("Note", format!("{label}: {}", user_note.text)));
        }
    }
    let blast = recording.statement.as_ref().and_then(|statement| statement.blast.as_ref());
    if let Some(blast) = blast {
        let distance = blast.distance().map(|distance| ("Distance", distance));
        let charge = blast.charge.map(|charge| ("Charge", charge));
        let stated = distance.into_iter().chain(charge);
        facts.extend(stated.map(|(name, reading)| (name, format!("{reading} (report)"))));
    }
    if let Some(sha256) = &recording.source.sha256 {
        facts.push(("SHA-256", painted(DIM, sha256)));
    }
    facts
}

fn peaks(measurements: &Measurements, kind: Kind, velocity: Unit) -> Table {
    use CellAlignment::{Left, Right};
    let when = if kind == Kind::Waveform { "TIME" } else { "WHEN" };
    let mut table = bare(&[
        ("  CHANNEL", Left),
        ("PEAK", Right),
        ("ZC FREQUENCY", Right),
        (when, Right),
        ("ACCELERATION", Right),
        ("DISPLACEMENT", Right),
    ]);
    let length = if velocity == Unit::InchPerSecond { Unit::Inch } else { Unit::Millimetre };
    for channel in &measurements.channels {
        table.add_row([
            format!("  {}", channel.name),
            measured(&channel.peak, |peak| reading(peak, velocity)),
            measured(&channel.zc_frequency, frequency),
            match kind {
                Kind::Waveform => measured(&channel.time_of_peak_s, seconds),
                Kind::Histogram => when_of(channel),
            },
            measured(&channel.peak_acceleration, |peak| reading(peak, Unit::Gravity)),
            measured(&channel.peak_displacement, |peak| reading(peak, length)),
        ]);
    }
    table
}

fn frequency(frequency: Frequency) -> String {
    format!("{frequency:.1}")
}

fn when_of(channel: &ChannelMeasurements) -> String {
    match (channel.peak_at.value(), channel.peak_index) {
        (Some(moment), _) => moment.to_string(),
        (None, Some(interval)) => format!("interval {interval}"),
        (None, None) => "–".to_owned(),
    }
}

/// One page about a file of named arrays.
pub fn arrays(file: &ArrayFile) -> String {
    use CellAlignment::{Left, Right};
    let mut page = String::new();
    let name = file.source().name.as_deref().unwrap_or("arrays");
    let _ = writeln!(page, "{}  {}", painted(STRONG, name), status(file.report().status()));
    let bytes = file.source().bytes;
    let count = format!("{} array{}", file.len(), if file.len() == 1 { "" } else { "s" });
    let _ = writeln!(page, "{} · {count} · {bytes} bytes\n", file.format().name);
    let mut table = bare(&[("  ARRAY", Left), ("DTYPE", Left), ("SHAPE", Right), ("BYTES", Right)]);
    for array in file.infos() {
        let order = if array.order == ArrayOrder::ColumnMajor { " F" } else { "" };
        let records = Structured::parse(array.dtype).ok();
        let dtype = match &records {
            Some(records) => format!("records of {} bytes", records.item_size),
            None => array.dtype.to_owned(),
        };
        table.add_row([
            format!("  {}", array.name),
            format!("{dtype}{order}"),
            format!("{:?}", array.shape),
            array.bytes.to_string(),
        ]);
        for field in records.iter().flat_map(Structured::leaves) {
            let shape =
                if field.shape.is_empty() { String::new() } else { format!("{:?}", field.shape) };
            table.add_row([format!("    .{}", field.name()), field.dtype, shape, String::new()]);
        }
    }
    let _ = writeln!(page, "{}", table.trim_fmt());
    if !file.metadata().is_empty() {
        page.push('\n');
        for (key, value) in file.metadata().iter() {
            let text = value.to_string();
            let shown: String = text.chars().take(SHOWN_METADATA).collect();
            let more = if shown.len() < text.len() { "…" } else { "" };
            let _ = writeln!(page, "  {key}: {shown}{more}");
        }
    }
    for each in file.report().notes() {
        let _ = writeln!(page, "  {}", note(each));
    }
    page
}

/// Most stretches of a run that a page lists, of each kind.
const MOST_STRETCHES: usize = 8;

fn more(page: &mut String, stretches: usize) {
    if stretches > MOST_STRETCHES {
        let _ = writeln!(page, "               … {stretches} stretches in all");
    }
}

/// One page about a stream.
pub fn stream(run: &Run, report: &Report) -> String {
    let mut page = String::new();
    let index = run.index();
    let name = run.name().file_name().unwrap_or_default().display();
    let pieces = run.pieces().len();
    let _ = writeln!(page, "{}  {}", painted(STRONG, name), status(report.status()));
    let _ = writeln!(
        page,
        "{} · {} frames · {pieces} file{} · {} bytes\n",
        wavekeep_smurf::INFO.name,
        index.frames(),
        if pieces == 1 { "" } else { "s" },
        index.bytes()
    );
    for (number, section) in index.sections().iter().enumerate() {
        let _ = writeln!(page, "  Section {number:<5}{section}");
    }
    let rates = run.rates();
    match run.rate_hz() {
        Some(rate) => {
            let _ = writeln!(page, "  Rate         {rate:.3} frames/s");
        }
        None => {
            for rate in rates.iter().take(MOST_STRETCHES) {
                let Range { start, end } = rate.frames;
                let _ =
                    writeln!(page, "  Rate         {:.3} frames/s, frames {start}..{end}", rate.hz);
            }
            more(&mut page, rates.len());
        }
    }
    let times = run.time_stretches();
    match times.as_slice() {
        [only] => {
            let _ = writeln!(page, "  Time         {}", only.basis);
        }
        stretches => {
            for TimeStretch { frames, basis } in stretches.iter().take(MOST_STRETCHES) {
                let Range { start, end } = frames;
                let _ = writeln!(page, "  Time         {basis}, frames {start}..{end}");
            }
            more(&mut page, stretches.len());
        }
    }
    if let Ok(Ok(map)) = run.channel_map(0) {
        let source = match map.source {
            MaskSource::File => "",
            MaskSource::Metadata => " (by the metadata)",
        };
        let what = if map.words == 2 { "channels of I and Q" } else { "channels" };
        let count = map.mask.channels().len();
        let frequencies = if map.frequencies_mhz.is_some() { ", with frequencies" } else { "" };
        let _ = writeln!(page, "  Mask         {count} {what}{frequencies}{source}");
    }
    let _ = writeln!(page, "  Metadata     {} records", index.metadata_records());
    for (count, what) in [
        (run.missing_frames(), "frames missing by frame_counter"),
        (index.errored_frames(), "frames marked as bad by their sender"),
        (index.bad_frames(), "frames that contradict themselves: left out"),
    ] {
        if count > 0 {
            let _ = writeln!(page, "  {}", painted(CARE, format_args!("{count} {what}")));
        }
    }
    if !report.notes().is_empty() {
        page.push('\n');
        for each in report.notes() {
            let _ = writeln!(page, "  {}", note(each));
        }
    }
    page
}

/// As many characters of a metadata value as are shown; `--json` has all of them.
const SHOWN_METADATA: usize = 100;

/// A line of the table of several recordings.
pub struct Row {
    name: String,
    status: Status,
    columns: [String; 8],
}

impl Row {
    /// The line for one recording.
    pub fn new(
        name: String,
        recording: &Recording,
        measurements: &Measurements,
        velocity: Unit,
    ) -> Self {
        let peak = |name: &str| {
            let channel = measurements.channel(name);
            channel.map_or("–".to_owned(), |channel| {
                measured(&channel.peak, |peak| number(peak, velocity))
            })
        };
        let sum = match &measurements.vector_sum_upper_bound {
            Some(bound) if measurements.peak_vector_sum.value().is_none() => {
                format!("≤{}", number(bound.upper_bound, velocity))
            }
            _ => measured(&measurements.peak_vector_sum, |sum| number(sum, velocity)),
        };
        let kind = if recording.kind == Kind::Waveform { "waveform" } else { "histogram" };
        Self {
            name,
            status: recording.report.status(),
            columns: [
                kind.to_owned(),
                recording
                    .serial
                    .as_ref()
                    .map_or("UNKNOWN".to_owned(), |serial| serial.value.clone()),
                recording.start.map_or("–".to_owned(), |start| start.value.to_string()),
                peak("Tran"),
                peak("Vert"),
                peak("Long"),
                sum,
                peak("MicL"),
            ],
        }
    }
}

/// The number with its sign; the unit where it is not that of the column.
fn number(reading: Reading, velocity: Unit) -> String {
    let reading = reading.to(velocity).unwrap_or(reading);
    if reading.unit == velocity || reading.unit == Unit::DecibelLinear {
        return format!("{}{}", reading.sign(), reading.digits());
    }
    reading.to_string()
}

/// What the signs in front of numbers mean.
const SIGNS: [(&str, &str); 4] = [
    ("≥", "sensor at its limit, or samples are missing: the true value may be larger"),
    (">", "above the range"),
    ("<", "below the range"),
    ("?", "more than the instrument can give"),
];

/// The table of several recordings, with what its marks mean.
pub fn table(rows: &[Row], velocity: Unit) -> String {
    use CellAlignment::{Left, Right};
    let ppv = |channel: &str| format!("{channel} {velocity}");
    let heads = [ppv("TRAN"), ppv("VERT"), ppv("LONG"), format!("PVS {velocity}")];
    let mut table = bare(&[
        ("FILE", Left),
        ("KIND", Left),
        ("UNIT", Left),
        ("START (UNIT-LOCAL)", Left),
        (&heads[0], Right),
        (&heads[1], Right),
        (&heads[2], Right),
        (&heads[3], Right),
        ("MIC dB(L)", Right),
        ("", Left),
    ]);
    for row in rows {
        let mut cells = vec![row.name.clone()];
        cells.extend(row.columns.iter().cloned());
        cells.push(if row.status.is_finding() { row.status.word() } else { "" }.to_owned());
        table.add_row(cells);
    }
    let marks =
        [(" r", "from the vendor's report"), ("≤", "upper bound from the peaks of an interval")];
    let marks = SIGNS.into_iter().chain(marks);
    let used =
        |mark: &str| rows.iter().flat_map(|row| &row.columns).any(|cell| cell.contains(mark));
    let legend: Vec<String> = marks
        .filter(|(mark, _)| used(mark))
        .map(|(mark, meaning)| format!("{} {meaning}", mark.trim()))
        .collect();
    let mut text = table.trim_fmt();
    if !legend.is_empty() {
        let _ = write!(text, "\n{}", painted(DIM, legend.join(" · ")));
    }
    text
}
