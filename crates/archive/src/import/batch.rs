//! Batches: read, told apart by content, saved.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::PoisonError;

use rayon::prelude::*;
use wavekeep_core::{Limits, Match};
use wavekeep_formats::{HEAD_LEN, detect, detect_arrays};
use wavekeep_smurf::first_piece_before;

use super::pairing::{is_text, skipped_by_name};
use super::spool::Spooled;
use super::{BATCH_BYTES, Fate, Shared};
use crate::monitor_log_files::is_monitor_log;
use crate::save::{ReportFile, SourceKind, Submission};
use crate::{ArchiveError, SaveError};

/// A file that waits for its turn, with what belongs to it.
#[derive(Debug)]
pub(super) struct Pending {
    /// How it is called towards people.
    pub shown: String,
    /// Its name without a folder.
    pub name: String,
    pub content: Content,
    /// The vendor's report: its name and itself.
    pub report: Option<(String, Content)>,
    /// Raw frames.
    pub frames: Option<Content>,
}

/// Bytes, or where they are.
#[derive(Debug, Clone)]
pub(super) enum Content {
    /// A file, with its length.
    Disk(PathBuf, u64),
    /// Out of a zip or tar archive.
    Held(Vec<u8>),
    /// The same, on the disk.
    Spooled(Spooled),
}

impl Content {
    /// Its length in bytes, as far as it can be told without reading.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::Disk(_, bytes) => *bytes,
            Self::Held(bytes) => bytes.len() as u64,
            Self::Spooled(spooled) => spooled.len,
        }
    }

    /// How a report called `name` is called towards people, that goes with the event `shown`.
    fn shown_beside(&self, shown: &str, name: &str) -> String {
        match (self, shown.rfind(['/', '\\'])) {
            (Self::Disk(path, _), _) => path.display().to_string(),
            (_, Some(at)) => format!("{}{name}", &shown[..=at]),
            (_, None) => name.to_owned(),
        }
    }

    /// The bytes, at most `limit` of them.
    fn read(&self, limit: u64, option: &str) -> io::Result<Vec<u8>> {
        let mut opened = self.open()?;
        opened.rest(limit, option)?;
        Ok(opened.bytes)
    }

    /// Opens it and reads its beginning.
    fn open(&self) -> io::Result<Opened> {
        let mut opened = match self {
            Self::Held(bytes) => Opened { bytes: bytes.clone(), file: None },
            Self::Spooled(spooled) => Opened { bytes: spooled.read()?, file: None },
            Self::Disk(path, len) => {
                let len = usize::try_from(*len).unwrap_or(usize::MAX).min(READ_AT_ONCE);
                Opened { bytes: Vec::with_capacity(len + 1), file: Some(File::open(path)?) }
            }
        };
        if let Some(file) = &mut opened.file {
            file.take(HEAD_LEN as u64).read_to_end(&mut opened.bytes)?;
        }
        Ok(opened)
    }
}

/// The option that raises the limit of a file of this name.
pub(super) fn option_of(name: &str) -> &'static str {
    if is_text(name) { REPORT_OPTION } else { EVENT_OPTION }
}

const EVENT_OPTION: &str = "--max-event-bytes";
const REPORT_OPTION: &str = "--max-report-bytes";

/// As much memory as is set aside for a file before it is read.
const READ_AT_ONCE: usize = 1 << 20;

/// A file of which as much has been read as was asked for.
struct Opened {
    bytes: Vec<u8>,
    file: Option<File>,
}

impl Opened {
    fn head(&self) -> &[u8] {
        &self.bytes[..self.bytes.len().min(HEAD_LEN)]
    }

    /// Reads on to the end, at most `limit` bytes in all.
    fn rest(&mut self, limit: u64, option: &str) -> io::Result<()> {
        if let Some(file) = self.file.take() {
            // The file may grow while it is read: the limit holds all the same.
            let left = (limit + 1).saturating_sub(self.bytes.len() as u64);
            file.take(left).read_to_end(&mut self.bytes)?;
            if self.bytes.len() as u64 > limit {
                return Err(io::Error::new(
                    io::ErrorKind::FileTooLarge,
                    format!("it has more than {limit} bytes ({option})"),
                ));
            }
        }
        Ok(())
    }
}

impl Pending {
    /// What it takes in memory before it is decoded.
    pub(super) fn bytes(&self) -> u64 {
        let report = self.report.as_ref().map_or(0, |(_, content)| content.bytes());
        let frames = self.frames.as_ref().map_or(0, Content::bytes);
        self.content.bytes().min(Limits::default().event_bytes) + report + frames
    }
}

/// A file of which is known what it is.
enum Identified {
    Event(Box<Submission>),
    /// A report without an event beside it.
    Report,
    /// A run, by its first piece.
    Stream(PathBuf),
    /// A monitor log file: its bytes.
    MonitorLog(Vec<u8>),
    Fate(Box<Fate>),
}

impl From<Fate> for Identified {
    fn from(fate: Fate) -> Self {
        Self::Fate(Box::new(fate))
    }
}

impl Shared<'_> {
    /// Saves a batch and answers for each file of it.
    pub(super) fn save(&self, batch: Vec<Pending>) {
        let identified: Vec<Identified> =
            batch.par_iter().map(|pending| self.identify(pending)).collect();
        let mut events = Vec::new();
        let mut names = Vec::new();
        for (pending, identified) in batch.into_iter().zip(identified) {
            match identified {
                Identified::Event(submission) => {
                    events.push(*submission);
                    names.push(pending.shown);
                }
                Identified::Report => self.hold_late(pending),
                Identified::Stream(path) => self.notify(pending.shown, self.stream(&path)),
                Identified::MonitorLog(bytes) => {
                    let fate = self.monitor_log(&pending.name, &bytes);
                    self.answer(pending.shown, fate);
                }
                Identified::Fate(fate) => self.notify(pending.shown, *fate),
            }
        }
        let saved = self.archive.save_batch(events);
        for (shown, saved) in names.into_iter().zip(saved) {
            self.answer(shown, saved.map(Fate::Event));
        }
    }

    fn answer(&self, shown: String, saved: Result<Fate, SaveError>) {
        match saved {
            Ok(fate) => self.notify(shown, fate),
            Err(error) => {
                // A full disk fails for all that follow.
                if let SaveError::Archive(cause) = &error
                    && matches!(**cause, ArchiveError::Io { .. } | ArchiveError::Index { .. })
                {
                    self.fail(cause);
                }
                self.notify(shown, Fate::from(&error));
            }
        }
    }

    /// What a file is, by its content.
    fn identify(&self, pending: &Pending) -> Identified {
        let failed = |error: io::Error| Identified::from(Fate::failed("io", error));
        let name = pending.name.as_str();
        if let Some(reason) = skipped_by_name(name) {
            return Identified::from(Fate::Skipped { reason });
        }
        let mut opened = match pending.content.open() {
            Ok(opened) => opened,
            Err(error) => return failed(error),
        };
        let head = opened.head();
        let limits = self.options.decode_limits;
        if is_monitor_log(head, name) {
            return match opened.rest(limits.event_bytes, EVENT_OPTION) {
                Ok(()) if opened.bytes.is_empty() => {
                    Identified::from(Fate::Skipped { reason: "empty monitor log" })
                }
                Ok(()) => Identified::MonitorLog(opened.bytes),
                Err(error) => failed(error),
            };
        }
        // A name alone does not make a recording of what is marked as arrays.
        if detect_arrays(head, Some(name)).is_some() {
            return Identified::from(Fate::Skipped { reason: "named arrays without a time axis" });
        }
        let Some(format) = detect(head, Some(name)) else {
            let is_stream = wavekeep_smurf::detect(head, Some(name)) != Match::No;
            return match (&pending.content, is_stream) {
                (Content::Disk(path, _), true) => match first_piece_before(path) {
                    Some(_) => Identified::from(Fate::Skipped { reason: "comes with its stream" }),
                    None => Identified::Stream(path.clone()),
                },
                _ if is_text(name) && self.options.without_reports => {
                    Identified::from(Fate::Skipped { reason: "report, which was not wanted" })
                }
                _ if is_text(name) => Identified::Report,
                _ => Identified::from(Fate::Skipped { reason: "no known format" }),
            };
        };
        if let Err(error) = opened.rest(limits.event_bytes, EVENT_OPTION) {
            return failed(error);
        }
        let mut submission = Submission::new(name, opened.bytes);
        submission.stated = self.options.stated.clone();
        submission.gnz = self.options.gnz;
        submission.limits = limits;
        submission.sent_by.clone_from(&self.options.sent_by);
        submission.sent_from.clone_from(&self.options.sent_from);
        if !format.info().id.starts_with("blastware") {
            submission.source_kind = SourceKind::IdfImport;
        }
        if let Some((report, content)) = &pending.report {
            match content.read(limits.report_text_bytes, REPORT_OPTION) {
                Ok(bytes) => submission = submission.report(report, bytes),
                // The event is worth more than its report, and another text may lie beside it.
                Err(error) => {
                    let shown = content.shown_beside(&pending.shown, report);
                    let why = format_args!("a report that is left out: {error}");
                    self.notify(shown, Fate::failed("io", why));
                }
            }
        }
        if let Some(content) = &pending.frames {
            match content.read(limits.event_bytes, EVENT_OPTION) {
                Ok(bytes) => submission.frames = Some(bytes),
                Err(error) => {
                    return Identified::from(Fate::failed(
                        "io",
                        format_args!("its raw frames: {error}"),
                    ));
                }
            }
        }
        Identified::Event(Box::new(submission))
    }

    fn monitor_log(&self, name: &str, bytes: &[u8]) -> Result<Fate, SaveError> {
        let by = self.options.sender(self.archive.actor());
        let serial = self.options.stated.serial.as_deref();
        self.archive.keep_monitor_log(name, bytes, serial, by).map(Fate::MonitorLog)
    }

    /// A report waits until all events are in.
    fn hold_late(&self, mut pending: Pending) {
        if let Content::Held(bytes) = &pending.content {
            let folder = self.archive.layout().own_folder();
            let mut spool = self.spool.lock().unwrap_or_else(PoisonError::into_inner);
            match spool.put(&folder, bytes) {
                Ok(spooled) => pending.content = Content::Spooled(spooled),
                Err(error) => {
                    drop(spool);
                    let kind = match error.kind() {
                        io::ErrorKind::QuotaExceeded => "limit",
                        _ => "io",
                    };
                    return self.notify(pending.shown, Fate::failed(kind, error));
                }
            }
        }
        self.late.lock().unwrap_or_else(PoisonError::into_inner).push(pending);
    }

    /// Pairs the reports that were met without their events.
    pub(super) fn pair_late(&self) {
        let late = std::mem::take(&mut *self.late.lock().unwrap_or_else(PoisonError::into_inner));
        let mut left = late.as_slice();
        while !left.is_empty() {
            // One at least, then as many as memory is meant for.
            let mut bytes = 0;
            let fits = left.iter().take(self.options.batch.max(1)).take_while(|pending| {
                bytes += pending.content.bytes();
                bytes <= BATCH_BYTES
            });
            let (batch, rest) = left.split_at(fits.count().max(1));
            left = rest;
            if self.is_stopped() {
                return;
            }
            let (mut names, mut events) = (Vec::new(), Vec::new());
            for pending in batch {
                match self.late_event(pending) {
                    Ok(Some(submission)) => {
                        names.push(pending.shown.clone());
                        events.push(submission);
                    }
                    Ok(None) => {
                        let reason = "text that is no report of an event here";
                        self.notify(pending.shown.clone(), Fate::Skipped { reason });
                    }
                    Err(error) => self.notify(pending.shown.clone(), Fate::from(&error)),
                }
            }
            for (shown, saved) in names.into_iter().zip(self.archive.save_batch(events)) {
                self.answer(shown, saved.map(Fate::Report));
            }
        }
    }

    fn late_event(&self, pending: &Pending) -> Result<Option<Submission>, SaveError> {
        let serial = self.options.stated.serial.as_deref();
        // Before it is read: most texts are no reports of events here.
        if self.archive.events_of_report(serial, &pending.name)?.is_empty() {
            return Ok(None);
        }
        let limit = self.options.decode_limits.report_text_bytes;
        let bytes = pending.content.read(limit, REPORT_OPTION).map_err(|source| {
            let path = PathBuf::from(&pending.shown);
            ArchiveError::Io { path, action: "read the report", source }
        })?;
        let report = ReportFile { name: Some(pending.name.clone()), bytes };
        let found = self.archive.with_report(serial, report)?;
        let sent_by = self.options.sent_by.clone();
        let sent_from = self.options.sent_from.clone();
        Ok(found.map(|submission| Submission { sent_by, sent_from, ..submission }))
    }
}
