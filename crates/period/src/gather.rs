//! The events of an archive as a report has them.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;
use wavekeep_archive::{Archive, ArchiveError, EventRow, Peak};
use wavekeep_core::{Frequency, Sensor, UnitLocal};
use wavekeep_report::{
    EventKind, PeakOf, PeriodContent, PeriodEvent, PeriodLedger, PeriodLevels, PeriodPeak,
    PeriodUnit,
};
use wavekeep_signal::{Measurements, measure};

use crate::error::PeriodError;
use crate::request::PeriodRequest;

/// Source files above this length are decoded one at a time: an event of hours takes a gigabyte.
const HEAVY_BYTES: i64 = 4 << 20;
/// Events that are decoded before it is looked whether to stop.
const AT_ONCE: usize = 64;

/// What an archive has of a period, ready to be written.
#[derive(Debug, Clone)]
pub struct PeriodReport {
    content: PeriodContent,
    pub(crate) levels: crate::levels::Levels,
}

/// An event and what only its recording says.
struct Read {
    event: PeriodEvent,
    calibration: Option<String>,
}

impl PeriodReport {
    /// Reads the events of a period and what is known of their units. Runs of streams are left out and
    /// counted; so are events without a time, which stand apart.
    ///
    /// # Errors
    /// [`PeriodError::TooMany`]; [`PeriodError::Stopped`] once `stop` is set; what the archive says.
    pub fn gather(
        archive: &Archive,
        request: &PeriodRequest,
        stop: &AtomicBool,
    ) -> Result<Self, PeriodError> {
        let (rows, streams) = in_period(archive, request)?;
        let untimed =
            without_time(archive, request, request.most_events.saturating_sub(rows.len()))?;
        let timed = read_all(archive, request, &rows, stop)?;
        let without_time = read_all(archive, request, &untimed, stop)?;
        let mut units: Vec<PeriodUnit> = Vec::new();
        for read in &timed {
            count(&mut units, read);
        }
        units.sort_by(|a, b| a.serial.cmp(&b.serial));
        for unit in &mut units {
            if stop.load(Ordering::Relaxed) {
                return Err(PeriodError::Stopped);
            }
            let whole = request.period.stretch();
            let known = archive.monitored(&unit.serial, &request.query, whole)?;
            unit.monitored = known.stretches;
            unit.unread_log_rows = known.unread_log_rows;
        }
        let ledger = match archive.head() {
            Ok(head) => Some(
                PeriodLedger::default()
                    .with_archive(head.archive)
                    .with_size(head.size)
                    .with_root(head.root.to_string()),
            ),
            Err(ArchiveError::NoLedger { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let (levels, of_archive) = request.levels.common(&rows);
        let of_levels = PeriodLevels::default()
            .with_ground(levels.ground().cloned())
            .with_air(levels.air().cloned())
            .with_distance_ft(levels.distance_ft())
            .with_of_archive(of_archive)
            .with_warn_percent(request.warn_percent);
        let content = PeriodContent::default()
            .with_period(request.period)
            .with_projects(names(&rows, |row| &row.project))
            .with_clients(names(&rows, |row| &row.client))
            .with_locations(names(&rows, |row| &row.location))
            .with_conditions(request.conditions())
            .with_units(units)
            .with_events(timed.into_iter().map(|read| read.event).collect::<Vec<_>>())
            .with_without_time(without_time.into_iter().map(|read| read.event).collect::<Vec<_>>())
            .with_streams(streams)
            .with_levels(of_levels)
            .with_ledger(ledger);
        Ok(Self { content, levels: request.levels.clone() })
    }

    /// What it says.
    pub fn content(&self) -> &PeriodContent {
        &self.content
    }
}

/// The events of the period in the order of time, and how many runs of streams there are beside them.
fn in_period(
    archive: &Archive,
    request: &PeriodRequest,
) -> Result<(Vec<EventRow>, u64), PeriodError> {
    let query = request.in_period();
    let streams = match query.kind.as_deref() {
        None | Some("stream") => {
            let streams = query.clone().with_kind(Some("stream".to_owned())).with_limit(Some(0));
            archive.query(&streams)?.total
        }
        Some(_) => 0,
    };
    let most = request.most_events;
    let events = archive.query(&query.clone().with_limit(Some(0)))?.total;
    if events > most as u64 {
        return Err(PeriodError::TooMany { events, most });
    }
    let page = archive.query(&query.with_limit(Some(most)))?;
    let mut rows = page.events;
    rows.retain(|row| row.kind != "stream");
    Ok((rows, streams))
}

/// The events that no clock gave a time.
fn without_time(
    archive: &Archive,
    request: &PeriodRequest,
    most: usize,
) -> Result<Vec<EventRow>, PeriodError> {
    if request.query.from.is_some() || request.query.to.is_some() {
        return Ok(Vec::new());
    }
    // In the order of time they are the last ones.
    let all = request.in_period().with_from(None).with_to(None);
    let total = archive.query(&all.clone().with_limit(Some(0)))?.total;
    let earliest = UnitLocal(jiff::civil::DateTime::MIN);
    let timed = all.clone().with_from(Some(earliest)).with_limit(Some(0));
    let timed = archive.query(&timed)?.total;
    let untimed = total.saturating_sub(timed);
    if untimed > most as u64 {
        return Err(PeriodError::TooMany { events: untimed, most: request.most_events });
    }
    let offset = usize::try_from(timed).unwrap_or(usize::MAX);
    let page = archive.query(&all.with_offset(offset).with_limit(Some(most)))?;
    let mut rows = page.events;
    rows.retain(|row| row.timestamp.is_none() && row.kind != "stream");
    Ok(rows)
}

fn read_all(
    archive: &Archive,
    request: &PeriodRequest,
    rows: &[EventRow],
    stop: &AtomicBool,
) -> Result<Vec<Read>, PeriodError> {
    let heavy = Mutex::new(());
    let mut all = Vec::with_capacity(rows.len());
    for some in rows.chunks(AT_ONCE) {
        if stop.load(Ordering::Relaxed) {
            return Err(PeriodError::Stopped);
        }
        let read = |row| read(archive, request, row, &heavy);
        all.extend(some.par_iter().map(read).collect::<Vec<_>>());
    }
    Ok(all)
}

fn read(archive: &Archive, request: &PeriodRequest, row: &EventRow, heavy: &Mutex<()>) -> Read {
    let is_heavy = row.filesize.is_none_or(|bytes| bytes > HEAVY_BYTES);
    let _alone = is_heavy.then(|| heavy.lock().unwrap_or_else(PoisonError::into_inner));
    let levels = request.levels.for_event(row);
    let mut event = of_row(row).with_has_level(levels.is_any());
    let recording = match archive.recording(row.id) {
        Ok(recording) => recording,
        Err(error) => {
            let event = event.with_not_decoded(Some(error.to_string()));
            return Read { event, calibration: None };
        }
    };
    let measured = measure(&recording);
    set_frequencies(&mut event, &measured);
    (event.ground, event.air) = levels.judge(&measured);
    event.warn_percents =
        [levels.ground, levels.air].map(|level| level.and_then(|level| level.warn_percent));
    let stated = recording.statement.as_ref();
    let calibration = stated.and_then(|stated| stated.calibration.clone());
    Read { event, calibration: calibration.filter(|text| !text.trim().is_empty()) }
}

/// What the index has of an event.
fn of_row(row: &EventRow) -> PeriodEvent {
    let kind = match row.kind.as_str() {
        "waveform" => EventKind::Waveform,
        "histogram" => EventKind::Histogram,
        _ => EventKind::Unknown,
    };
    let peak = |of: PeakOf| {
        let reading = row.peak(match of {
            PeakOf::Tran => Peak::Tran,
            PeakOf::Vert => Peak::Vert,
            PeakOf::Long => Peak::Long,
            PeakOf::VectorSum => Peak::VectorSum,
            PeakOf::Microphone => Peak::Microphone,
        });
        let frequency = Frequency::NotAvailable;
        reading.map(|reading| PeriodPeak { reading, frequency, at: None })
    };
    let start = row.timestamp.as_deref().and_then(|at| at.parse().ok()).map(UnitLocal);
    PeriodEvent::default()
        .with_id(row.id)
        .with_serial(row.serial.clone())
        .with_file_name(row.filename.clone())
        .with_kind(kind)
        .with_start(start)
        .with_location(row.location.clone())
        .with_peaks(PeakOf::ALL.map(peak))
        .with_false_trigger(row.false_trigger)
        .with_missing_samples(u64::try_from(row.missing_samples).unwrap_or(0))
        .with_is_damaged(row.damaged)
        .with_is_contradicted(row.contradicted)
        .with_assumed(serde_json::from_str::<Vec<String>>(&row.assumed).unwrap_or_default())
        .with_sha256(row.sha256.clone())
        .with_bytes(row.filesize.and_then(|bytes| u64::try_from(bytes).ok()))
}

/// Frequencies and, in histograms, the moments of the peaks.
fn set_frequencies(event: &mut PeriodEvent, measured: &Measurements) {
    for of in PeakOf::ALL {
        let Some(peak) = &mut event.peaks[of as usize] else { continue };
        if of == PeakOf::VectorSum {
            peak.at = measured.peak_vector_sum_at;
            continue;
        }
        let is_it = |channel: &&wavekeep_signal::ChannelMeasurements| match of {
            PeakOf::Microphone => channel.sensor == Sensor::Microphone,
            _ => channel.sensor == Sensor::Geophone && channel.name.eq_ignore_ascii_case(of.word()),
        };
        let Some(channel) = measured.channels.iter().find(is_it) else { continue };
        peak.frequency = channel.zc_frequency.value().unwrap_or(Frequency::NotAvailable);
        peak.at = channel.peak_at.value();
    }
}

fn count(units: &mut Vec<PeriodUnit>, read: &Read) {
    let event = &read.event;
    let index = units.iter().position(|unit| unit.serial == event.serial);
    let index = index.unwrap_or_else(|| {
        units.push(PeriodUnit::default().with_serial(event.serial.clone()));
        units.len() - 1
    });
    let unit = &mut units[index];
    unit.events += 1;
    unit.false_triggers += u64::from(event.false_trigger);
    add(&mut unit.locations, event.location.as_ref());
    add(&mut unit.calibrations, read.calibration.as_ref());
}

/// Adds a text that is not there yet.
fn add(texts: &mut Vec<String>, text: Option<&String>) {
    let text = text.map(|text| text.trim()).filter(|text| !text.is_empty());
    if let Some(text) = text.filter(|text| !texts.iter().any(|known| known == text)) {
        texts.push(text.to_owned());
    }
}

/// The texts of all events, each once, in their order.
fn names(rows: &[EventRow], of: impl Fn(&EventRow) -> &Option<String>) -> Vec<String> {
    let mut names = Vec::new();
    for row in rows {
        add(&mut names, of(row).as_ref());
    }
    names
}
