//! One row an event, derived from its sidecar and from nothing else.

use std::collections::BTreeMap;

use rusqlite::{Row, named_params};
use serde::{Serialize, Serializer};
use wavekeep_core::{Flag, Reading, Unit};
use wavekeep_signal::Root;

use super::sums;
use crate::blast::BlastFacts;
use crate::facts::UNKNOWN_SERIAL;
use crate::levels::LevelVerdicts;
use crate::sidecar::{FlagWord, STREAM_KIND, Sidecar};

/// An event as the index knows it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct EventRow {
    /// Its number: stable, and never given to another event.
    pub id: i64,
    /// Serial number of the unit.
    pub serial: String,
    /// Name of the source file.
    pub filename: String,
    /// `waveform`, `histogram`, `stream` or `unknown`.
    pub kind: String,
    /// Start by the unit's own clock, ISO 8601 without a zone.
    pub timestamp: Option<String>,
    /// Samples per second and channel.
    pub sample_rate_hz: Option<f64>,
    /// Seconds recorded.
    pub record_time_s: Option<f64>,
    /// PPV of the transverse channel in in/s.
    pub tran_in_s: Option<f64>,
    /// PPV of the vertical channel in in/s.
    pub vert_in_s: Option<f64>,
    /// PPV of the longitudinal channel in in/s.
    pub long_in_s: Option<f64>,
    /// The largest of the three in in/s.
    pub ppv_in_s: Option<f64>,
    /// Peak vector sum in in/s.
    pub pvs_in_s: Option<f64>,
    /// PSPL in psi.
    pub mic_psi: Option<f64>,
    /// PSPL in dB(L).
    pub mic_db_l: Option<f64>,
    /// What is special about the peaks: a JSON object, flag by field of the sidecar.
    #[serde(serialize_with = "as_json")]
    pub flags: String,
    /// Project.
    pub project: Option<String>,
    /// Client.
    pub client: Option<String>,
    /// Operator.
    pub operator: Option<String>,
    /// Location of the sensor.
    pub location: Option<String>,
    /// The user's notes.
    pub notes: Option<String>,
    /// The labels of the notes as written: a JSON object.
    #[serde(serialize_with = "as_json")]
    pub labels: String,
    /// Whether people say that it is no event.
    pub false_trigger: bool,
    /// Who reviewed it.
    pub reviewer: Option<String>,
    /// When it was reviewed, in UTC.
    pub reviewed_at: Option<String>,
    /// What the reviewer wrote.
    pub review_notes: Option<String>,
    /// Whether a vendor's report was read.
    pub has_report: bool,
    /// Names of the fields that nothing stated: a JSON list.
    #[serde(serialize_with = "as_json")]
    pub assumed: String,
    /// Missing samples over all channels.
    pub missing_samples: i64,
    /// Whether data is damaged or missing.
    pub damaged: bool,
    /// SHA-256 of the source file.
    pub sha256: Option<String>,
    /// Length of the source file in bytes.
    pub filesize: Option<i64>,
    /// The program that derived the files.
    pub tool_version: Option<String>,
    /// When it came in, in UTC.
    pub captured_at: Option<String>,
    /// When the same bytes last came in, in UTC.
    pub last_seen: Option<String>,
    /// Where it came from: `bw-import`, …
    pub source_kind: Option<String>,
    /// The file of raw frames.
    pub a5_pickle_filename: Option<String>,
    /// The file of the vendor's report.
    pub txt_filename: Option<String>,
    /// The file of arrays, when this program wrote it.
    pub hdf5_filename: Option<String>,
    /// Place in the order of changes.
    pub changed: i64,
    /// A-weighted level of the microphone in dB(A).
    pub mic_db_a: Option<f64>,
    /// C-weighted level of the microphone in dB(C).
    pub mic_db_c: Option<f64>,
    /// The peaks as they are shown, with unit and decimals: a JSON object, reading by field of the
    /// sidecar.
    #[serde(serialize_with = "as_json")]
    pub readings: String,
    /// Whether report and samples contradict each other.
    pub contradicted: bool,
    /// Which of project, client, operator, location, charge and distance people set or corrected: a JSON list.
    #[serde(serialize_with = "as_json")]
    pub corrected: String,
    /// What the alarm levels say, by the word of [`LevelOutcome`](crate::LevelOutcome): the worse of ground
    /// and air. `None` where it is not judged yet, or no level was ever set.
    pub verdict: Option<String>,
    /// What is left below the limit that decides, in per cent of it; negative above it.
    pub margin_percent: Option<f64>,
    /// The verdicts for ground and air: a JSON object, [`LevelVerdicts`].
    #[serde(serialize_with = "as_json")]
    pub judged: String,
    /// Maximum charge per delay in kg.
    pub charge_kg: Option<f64>,
    /// Distance from blast to sensor in m.
    pub distance_m: Option<f64>,
    /// Scaled distance R / √W in m/√kg.
    pub scaled_distance_m_kg05: Option<f64>,
    /// Charge and distance as they were given, who states them, and what is not used: a JSON object,
    /// [`BlastFacts`].
    #[serde(serialize_with = "as_json")]
    pub blast: String,
}

/// A peak of an [`EventRow`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peak {
    /// PPV of the transverse channel.
    Tran,
    /// PPV of the vertical channel.
    Vert,
    /// PPV of the longitudinal channel.
    Long,
    /// Peak vector sum.
    VectorSum,
    /// Level of the microphone, in dB(L) or weighted.
    Microphone,
}

/// What a column holds as JSON text is JSON in an answer.
fn as_json<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(value) => value.serialize(serializer),
        Err(_) => serializer.serialize_str(text),
    }
}

impl EventRow {
    /// The row of the event at `serial`/`filename`, whose sidecar this is. Its place in the
    /// archive is where its files are, whatever the sidecar says.
    pub(crate) fn of(serial: &str, filename: &str, sidecar: &Sidecar) -> Self {
        let (event, peaks) = (sidecar.event(), sidecar.peak_values());
        let (project, mut corrected) = sidecar.corrected_info();
        let blast = BlastFacts::of(sidecar);
        corrected.extend(blast.corrected());
        let (source, review, own) = (sidecar.source(), sidecar.review(), sidecar.own());
        let (file, decode) = (sidecar.source_file(), sidecar.decode());
        let json = |value: serde_json::Result<String>, empty: &str| {
            value.unwrap_or_else(|_| empty.to_owned())
        };
        let kind = match event.record_type.as_deref().map(str::to_lowercase) {
            _ if sidecar.kind() == STREAM_KIND => "stream",
            Some(word) if word.contains("histogram") => "histogram",
            Some(word) if word.contains("waveform") => "waveform",
            _ => "unknown",
        };
        let ppv = [peaks.tran, peaks.vert, peaks.long].into_iter().flatten();
        Self {
            id: own.id.unwrap_or(0),
            serial: serial.to_owned(),
            filename: filename.to_owned(),
            kind: kind.to_owned(),
            timestamp: event.timestamp.as_deref().and_then(in_order),
            sample_rate_hz: event.sample_rate,
            record_time_s: event.record_time_s,
            tran_in_s: peaks.tran,
            vert_in_s: peaks.vert,
            long_in_s: peaks.long,
            ppv_in_s: ppv.reduce(f64::max),
            pvs_in_s: peaks.peak_vector_sum,
            mic_psi: peaks.mic_psi,
            mic_db_l: peaks.mic_db_l,
            flags: json(serde_json::to_string(&peaks.flags.unwrap_or_default()), "{}"),
            project: project.project,
            client: project.client,
            operator: project.operator,
            location: project.sensor_location,
            notes: project.notes,
            labels: json(serde_json::to_string(&project.labels.unwrap_or_default()), "{}"),
            false_trigger: review.false_trigger.unwrap_or(false),
            reviewer: review.reviewer,
            reviewed_at: review.reviewed_at,
            review_notes: review.notes,
            has_report: sidecar.report().is_some(),
            assumed: json(serde_json::to_string(&event.assumed.unwrap_or_default()), "[]"),
            missing_samples: decode.missing_samples.and_then(|n| n.try_into().ok()).unwrap_or(0),
            damaged: decode.damaged.unwrap_or(false)
                || sidecar.stream().is_some_and(|stream| stream.damaged),
            sha256: file.sha256.map(|sha256| sha256.to_lowercase()),
            filesize: file.filesize.and_then(|bytes| bytes.try_into().ok()),
            tool_version: source.tool_version,
            last_seen: source.captured_at.clone(),
            captured_at: source.captured_at,
            source_kind: source.kind,
            a5_pickle_filename: source.a5_pickle_filename,
            txt_filename: source.txt_filename,
            hdf5_filename: own.hdf5_sha256.map(|_| format!("{filename}.h5")),
            changed: 0,
            mic_db_a: peaks.mic_db_a,
            mic_db_c: peaks.mic_db_c,
            readings: json(serde_json::to_string(&peaks.readings.unwrap_or_default()), "{}"),
            contradicted: decode.contradicted.unwrap_or(false),
            corrected: json(serde_json::to_string(&corrected), "[]"),
            verdict: None,
            margin_percent: None,
            judged: "{}".to_owned(),
            charge_kg: blast.charge_kg(),
            distance_m: blast.distance_m(),
            scaled_distance_m_kg05: blast.scaled_distance(Root::Square),
            blast: json(serde_json::to_string(&blast), "{}"),
        }
    }

    /// A peak as it is shown: with the digits of its source and what is special about it, velocities
    /// in in/s.
    pub fn peak(&self, peak: Peak) -> Option<Reading> {
        let (name, columns): (_, &[_]) = match peak {
            Peak::Tran => ("tran", &[("tran", self.tran_in_s, Unit::InchPerSecond)]),
            Peak::Vert => ("vert", &[("vert", self.vert_in_s, Unit::InchPerSecond)]),
            Peak::Long => ("long", &[("long", self.long_in_s, Unit::InchPerSecond)]),
            Peak::VectorSum => {
                ("peak_vector_sum", &[("peak_vector_sum", self.pvs_in_s, Unit::InchPerSecond)])
            }
            Peak::Microphone => (
                "mic",
                &[
                    ("mic_db_l", self.mic_db_l, Unit::DecibelLinear),
                    ("mic_db_a", self.mic_db_a, Unit::DecibelA),
                    ("mic_db_c", self.mic_db_c, Unit::DecibelC),
                ],
            ),
        };
        let (flag_name, value, unit) = columns.iter().find(|(_, value, _)| value.is_some())?;
        let value = Reading::new((*value)?, *unit);
        Some(as_shown(value, (flag_name, &self.flags), (name, &self.readings)))
    }

    /// The largest of the three PPVs. It is a bound when any of them may be larger than it is shown.
    pub fn ppv(&self) -> Option<Reading> {
        let peaks = [Peak::Tran, Peak::Vert, Peak::Long].map(|peak| self.peak(peak));
        let all = || peaks.into_iter().flatten();
        let largest = all().reduce(|a, b| if b.value > a.value { b } else { a })?;
        let doubtful = all().filter_map(|peak| peak.flag).find(|flag| *flag != Flag::BelowRange);
        Some(Reading { flag: largest.flag.filter(|_| doubtful.is_none()).or(doubtful), ..largest })
    }

    /// What the alarm levels say of ground and air; nothing where the event is not judged.
    pub fn verdicts(&self) -> LevelVerdicts {
        serde_json::from_str(&self.judged).unwrap_or_default()
    }

    /// Charge and distance as they were given, and who states them.
    pub fn blast(&self) -> BlastFacts {
        serde_json::from_str(&self.blast).unwrap_or_default()
    }

    /// Whether the unit is not known.
    pub fn is_serial_unknown(&self) -> bool {
        self.serial == UNKNOWN_SERIAL
    }

    /// Reads what [`COLUMNS`] selects.
    pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            serial: row.get(1)?,
            filename: row.get(2)?,
            kind: row.get(3)?,
            timestamp: row.get(4)?,
            sample_rate_hz: row.get(5)?,
            record_time_s: row.get(6)?,
            tran_in_s: row.get(7)?,
            vert_in_s: row.get(8)?,
            long_in_s: row.get(9)?,
            ppv_in_s: row.get(10)?,
            pvs_in_s: row.get(11)?,
            mic_psi: row.get(12)?,
            mic_db_l: row.get(13)?,
            flags: row.get(14)?,
            project: row.get(15)?,
            client: row.get(16)?,
            operator: row.get(17)?,
            location: row.get(18)?,
            notes: row.get(19)?,
            labels: row.get(20)?,
            false_trigger: row.get(21)?,
            reviewer: row.get(22)?,
            reviewed_at: row.get(23)?,
            review_notes: row.get(24)?,
            has_report: row.get(25)?,
            assumed: row.get(26)?,
            missing_samples: row.get(27)?,
            damaged: row.get(28)?,
            sha256: row.get(29)?,
            filesize: row.get(30)?,
            tool_version: row.get(31)?,
            captured_at: row.get(32)?,
            last_seen: row.get(33)?,
            source_kind: row.get(34)?,
            a5_pickle_filename: row.get(35)?,
            txt_filename: row.get(36)?,
            hdf5_filename: row.get(37)?,
            changed: row.get(38)?,
            mic_db_a: row.get(39)?,
            mic_db_c: row.get(40)?,
            readings: row.get(41)?,
            contradicted: row.get(42)?,
            corrected: row.get(43)?,
            verdict: row.get(44)?,
            margin_percent: row.get(45)?,
            judged: row.get(46)?,
            charge_kg: row.get(47)?,
            distance_m: row.get(48)?,
            scaled_distance_m_kg05: row.get(49)?,
            blast: row.get(50)?,
        })
    }
}

/// A value of a row as it is shown: `flags` and `readings` are those of the row, each with the name that the
/// value has there.
pub(super) fn as_shown(
    value: Reading,
    (flag_name, flags): (&str, &str),
    (name, readings): (&str, &str),
) -> Reading {
    // What another program wrote has flags alone.
    let flags: BTreeMap<String, FlagWord> = serde_json::from_str(flags).unwrap_or_default();
    let flag = flags.get(flag_name).and_then(FlagWord::flag);
    let readings: BTreeMap<String, Reading> = serde_json::from_str(readings).unwrap_or_default();
    // Another program may have changed the number alone.
    let shown = readings.get(name).and_then(|reading| reading.to(value.unit).ok());
    let shown = shown.filter(|shown| shown.value == value.value);
    shown.unwrap_or(Reading { flag, ..value })
}

/// A time as the index sorts it: `2026-05-01T13:16:34`. What is no time without a zone is none.
fn in_order(text: &str) -> Option<String> {
    crate::merge::unit_local(text).map(|at| at.0.to_string())
}

/// The columns of [`EventRow::read`], in its order; `e` is the event, `t` its texts.
pub(crate) const COLUMNS: &str = "e.id, e.serial, e.filename, e.kind, e.timestamp, \
    e.sample_rate_hz, e.record_time_s, e.tran_in_s, e.vert_in_s, e.long_in_s, e.ppv_in_s, \
    e.pvs_in_s, e.mic_psi, e.mic_db_l, e.flags, t.project, t.client, t.operator, t.location, \
    t.notes, t.labels, e.false_trigger, e.reviewer, e.reviewed_at, e.review_notes, e.has_report, \
    e.assumed, e.missing_samples, e.damaged, e.sha256, e.filesize, e.tool_version, e.captured_at, \
    e.last_seen, e.source_kind, e.a5_pickle_filename, e.txt_filename, e.hdf5_filename, e.changed, \
    e.mic_db_a, e.mic_db_c, e.readings, e.contradicted, e.corrected, \
    e.verdict, e.margin_percent, e.judged, e.charge_kg, e.distance_m, e.scaled_distance_m_kg05, \
    e.blast";

/// Writes a row: a new one, or over the one of the same event, every column but
/// `last_seen` and its sum.
pub(crate) fn upsert(
    connection: &rusqlite::Connection,
    row: &EventRow,
    changed: i64,
) -> rusqlite::Result<i64> {
    let text_id = text_id(connection, row)?;
    let id = (row.id > 0).then_some(row.id);
    connection.prepare_cached(UPSERT)?.query_row(
        named_params! {
            ":id": id, ":serial": row.serial, ":filename": row.filename, ":kind": row.kind,
            ":timestamp": row.timestamp, ":sample_rate_hz": row.sample_rate_hz,
            ":record_time_s": row.record_time_s, ":tran_in_s": row.tran_in_s,
            ":vert_in_s": row.vert_in_s, ":long_in_s": row.long_in_s, ":ppv_in_s": row.ppv_in_s,
            ":pvs_in_s": row.pvs_in_s, ":mic_psi": row.mic_psi, ":mic_db_l": row.mic_db_l,
            ":flags": row.flags, ":text_id": text_id, ":false_trigger": row.false_trigger,
            ":reviewer": row.reviewer, ":reviewed_at": row.reviewed_at,
            ":review_notes": row.review_notes, ":has_report": row.has_report,
            ":assumed": row.assumed, ":missing_samples": row.missing_samples,
            ":damaged": row.damaged, ":sha256": row.sha256, ":filesize": row.filesize,
            ":tool_version": row.tool_version, ":captured_at": row.captured_at,
            ":last_seen": row.last_seen,
            ":last_seen_sum": sums::of_last_seen(row.last_seen.as_deref()), ":source_kind": row.source_kind,
            ":a5_pickle_filename": row.a5_pickle_filename, ":txt_filename": row.txt_filename,
            ":hdf5_filename": row.hdf5_filename, ":changed": changed,
            ":mic_db_a": row.mic_db_a, ":mic_db_c": row.mic_db_c, ":readings": row.readings,
            ":contradicted": row.contradicted, ":corrected": row.corrected,
            ":charge_kg": row.charge_kg, ":distance_m": row.distance_m,
            ":scaled_distance_m_kg05": row.scaled_distance_m_kg05, ":blast": row.blast,
        },
        |row| row.get(0),
    )
}

/// Serial number and file name of every event.
pub(crate) fn places(connection: &rusqlite::Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement = connection.prepare_cached("SELECT serial, filename FROM events")?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Fills the columns of version 3 of one row.
pub(crate) fn complete(
    connection: &rusqlite::Connection,
    serial: &str,
    filename: &str,
    sidecar: &Sidecar,
) -> rusqlite::Result<()> {
    let row = EventRow::of(serial, filename, sidecar);
    let sql = "UPDATE events SET mic_db_a = ?3, mic_db_c = ?4, readings = ?5, contradicted = ?6 \
               WHERE serial = ?1 AND filename = ?2";
    let values = (serial, filename, row.mic_db_a, row.mic_db_c, row.readings, row.contradicted);
    connection.prepare_cached(sql)?.execute(values).map(drop)
}

/// Texts are the same for thousands of events: each combination is kept once.
fn text_id(connection: &rusqlite::Connection, row: &EventRow) -> rusqlite::Result<i64> {
    let texts = [&row.project, &row.client, &row.operator, &row.location, &row.notes];
    let mut key = row.labels.clone();
    for text in texts {
        key.push('\u{1f}');
        key.push_str(text.as_deref().unwrap_or("\u{1e}"));
    }
    let params = named_params! {
        ":key": key, ":project": row.project, ":client": row.client, ":operator": row.operator,
        ":location": row.location, ":notes": row.notes, ":labels": row.labels,
    };
    let found = connection
        .prepare_cached("SELECT id FROM texts WHERE key = ?1")?
        .query_row([&key], |row| row.get(0));
    match found {
        Err(rusqlite::Error::QueryReturnedNoRows) => connection
            .prepare_cached(
                "INSERT INTO texts (key, project, client, operator, location, notes, labels) \
                 VALUES (:key, :project, :client, :operator, :location, :notes, :labels) \
                 RETURNING id",
            )?
            .query_row(params, |row| row.get(0)),
        found => found,
    }
}

const UPSERT: &str = "INSERT INTO events (id, serial, filename, kind, timestamp, sample_rate_hz, \
    record_time_s, tran_in_s, vert_in_s, long_in_s, ppv_in_s, pvs_in_s, mic_psi, mic_db_l, flags, \
    text_id, false_trigger, reviewer, reviewed_at, review_notes, has_report, assumed, \
    missing_samples, damaged, sha256, filesize, tool_version, captured_at, last_seen, \
    last_seen_sum, source_kind, a5_pickle_filename, txt_filename, hdf5_filename, changed, \
    mic_db_a, mic_db_c, readings, contradicted, corrected, charge_kg, distance_m, \
    scaled_distance_m_kg05, blast) \
    VALUES (:id, :serial, :filename, :kind, :timestamp, :sample_rate_hz, :record_time_s, \
    :tran_in_s, :vert_in_s, :long_in_s, :ppv_in_s, :pvs_in_s, :mic_psi, :mic_db_l, :flags, \
    :text_id, :false_trigger, :reviewer, :reviewed_at, :review_notes, :has_report, :assumed, \
    :missing_samples, :damaged, :sha256, :filesize, :tool_version, :captured_at, :last_seen, \
    :last_seen_sum, :source_kind, :a5_pickle_filename, :txt_filename, :hdf5_filename, :changed, \
    :mic_db_a, :mic_db_c, :readings, :contradicted, :corrected, :charge_kg, :distance_m, \
    :scaled_distance_m_kg05, :blast) \
    ON CONFLICT (serial, filename) DO UPDATE SET kind = excluded.kind, \
    timestamp = excluded.timestamp, sample_rate_hz = excluded.sample_rate_hz, \
    record_time_s = excluded.record_time_s, tran_in_s = excluded.tran_in_s, \
    vert_in_s = excluded.vert_in_s, long_in_s = excluded.long_in_s, \
    ppv_in_s = excluded.ppv_in_s, pvs_in_s = excluded.pvs_in_s, mic_psi = excluded.mic_psi, \
    mic_db_l = excluded.mic_db_l, flags = excluded.flags, text_id = excluded.text_id, \
    false_trigger = excluded.false_trigger, reviewer = excluded.reviewer, \
    reviewed_at = excluded.reviewed_at, review_notes = excluded.review_notes, \
    has_report = excluded.has_report, assumed = excluded.assumed, \
    missing_samples = excluded.missing_samples, damaged = excluded.damaged, \
    sha256 = excluded.sha256, filesize = excluded.filesize, \
    tool_version = excluded.tool_version, captured_at = excluded.captured_at, \
    source_kind = excluded.source_kind, a5_pickle_filename = excluded.a5_pickle_filename, \
    txt_filename = excluded.txt_filename, hdf5_filename = excluded.hdf5_filename, \
    changed = excluded.changed, mic_db_a = excluded.mic_db_a, mic_db_c = excluded.mic_db_c, \
    readings = excluded.readings, contradicted = excluded.contradicted, \
    corrected = excluded.corrected, charge_kg = excluded.charge_kg, \
    distance_m = excluded.distance_m, \
    scaled_distance_m_kg05 = excluded.scaled_distance_m_kg05, blast = excluded.blast RETURNING id";
