//! From a path to a recording, to arrays or to a stream.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};
use wavekeep_core::{DecodeOptions, Error, Input, Match, Recording, UnitLocal};
use wavekeep_signal::note_contradictions;
use wavekeep_smurf::{OpenOptions, Run};

use crate::decode::{ReportInput, decode_with_reports};
use crate::siblings::Siblings;
use crate::{
    ARRAY_FORMATS, ArrayFile, ArrayLimits, EVENT_FORMATS, HEAD_LEN, OpenError, detect,
    detect_arrays,
};

/// Bytes of a report that are read at once.
const READ_AT_ONCE: usize = 256 << 10;

/// What a file turned out to be.
#[derive(Debug)]
pub enum Opened {
    /// An event over time.
    Event(Box<Recording>),
    /// Named arrays without a time axis.
    Arrays(ArrayFile),
    /// A stream: indexed, to be read by selections.
    Stream(Box<Run>),
}

/// Opens files as recordings, with the vendor's reports that lie beside them.
///
/// One opener serves any number of files and threads: it remembers the listings of folders, so a
/// report that appears later is not seen by it.
#[derive(Debug, Default)]
pub struct Opener {
    options: DecodeOptions,
    array_limits: ArrayLimits,
    stream_options: OpenOptions,
    without_reports: bool,
    siblings: Siblings,
}

impl Opener {
    /// An opener that states `options` of each recording.
    pub fn new(options: DecodeOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// Leaves the vendor's reports alone: only the file itself is read.
    #[must_use]
    pub fn without_reports(mut self) -> Self {
        self.without_reports = true;
        self
    }

    /// Other limits for files of arrays than the default ones.
    #[must_use]
    pub fn array_limits(mut self, limits: ArrayLimits) -> Self {
        self.array_limits = limits;
        self
    }

    /// How streams are opened.
    #[must_use]
    pub fn stream_options(mut self, options: OpenOptions) -> Self {
        self.stream_options = options;
        self
    }

    /// Opens `path` as what it is: a recording, as [`open`](Self::open) does, named arrays, or a
    /// stream. A stream can also be named by what the names of its pieces have in common.
    ///
    /// # Errors
    /// [`OpenError`], which names the path, what was expected and what was found.
    pub fn open_any(&self, path: &Path) -> Result<Opened, OpenError> {
        if wavekeep_smurf::is_bare_name(path) {
            return self.open_stream(path);
        }
        let head = head(path)?;
        let name = file_name(path);
        let name = name.as_deref();
        // A name alone does not make a recording of what is marked as arrays.
        if let Some(format) = detect_arrays(&head, name) {
            return format.open(path, &self.array_limits).map(Opened::Arrays);
        }
        // A stream has no marker: what carries one goes first.
        if detect(&head, name).is_none() {
            match wavekeep_smurf::detect(&head, name) {
                Match::No => {}
                Match::ByContent => return self.open_stream(path),
                _ => return self.open_by_name(path, &head),
            }
        }
        self.open(path).map(|event| Opened::Event(Box::new(event)))
    }

    /// Opens `path`: decodes it, takes its SHA-256, merges the report beside it if there is one.
    ///
    /// A report that cannot be read is a note in the recording, not an error; so is one that
    /// contradicts the samples.
    ///
    /// # Errors
    /// [`OpenError`], which names the path, what was expected and what was found.
    pub fn open(&self, path: &Path) -> Result<Recording, OpenError> {
        let len = regular(path)?.len();
        let name = file_name(path);
        let mut file = open(path)?;
        let mut bytes = Vec::new();
        let read = |file: &mut File, bytes: &mut Vec<u8>, up_to: u64| {
            let limited = Read::take(file, up_to).read_to_end(bytes);
            limited.map_err(|source| io_error(path, "read the file", source))
        };
        read(&mut file, &mut bytes, HEAD_LEN as u64)?;
        let format = detect(&bytes, name.as_deref())
            .ok_or_else(|| no_recording(path, &bytes, name.as_deref()))?;
        let limit = self.options.limits.event_bytes;
        if len > limit {
            let source = Error::Limit {
                what: "length of the event file in bytes".into(),
                limit,
                found: len,
                raise: "--max-event-bytes",
            };
            return Err(OpenError::Decode { path: path.to_owned(), source });
        }
        // The file may grow while it is read: the limit holds all the same.
        read(&mut file, &mut bytes, limit)?;
        let input = Input { bytes: &bytes, name: name.as_deref() };
        let names = name.as_deref().filter(|_| !self.without_reports);
        let names = names.map_or_else(Vec::new, |name| format.report_names(name));
        let reports = self.siblings.find_all(path, &names);
        let reports = reports.iter().map(|report| report_input(path, report));
        let now = Some(UnitLocal(jiff::Timestamp::now().to_zoned(TimeZone::UTC).datetime()));
        let decoded = decode_with_reports(format, input, &self.options, reports, now)
            .map_err(|source| OpenError::Decode { path: path.to_owned(), source })?;
        let mut recording = decoded.recording;
        recording.source.sha256 = Some(hex(&Sha256::digest(&bytes)));
        if let Some(report) = decoded.report {
            recording.metadata.insert("report_file".to_owned(), report.into());
        }
        note_contradictions(&mut recording);
        Ok(recording)
    }

    /// A file that has the name of a stream, and does not begin like one.
    fn open_by_name(&self, path: &Path, head: &[u8]) -> Result<Opened, OpenError> {
        let failed = |source| OpenError::Stream { path: path.to_owned(), source: Box::new(source) };
        let length = regular(path)?.len();
        if wavekeep_smurf::is_legacy(head, length) {
            return Err(failed(wavekeep_smurf::Error::Legacy { path: path.to_owned() }));
        }
        let opened = self.open_stream(path)?;
        if let Opened::Stream(run) = &opened
            && run.index().records() == 0
            && run.index().bytes() > 0
        {
            let reason = run.index().damage().first().map_or_else(
                || "no record begins at its first byte".to_owned(),
                |damage| format!("at byte {}: {}", damage.place.offset, damage.fault),
            );
            let path = path.to_owned();
            return Err(failed(wavekeep_smurf::Error::NotAStream { path, reason }));
        }
        Ok(opened)
    }

    fn open_stream(&self, path: &Path) -> Result<Opened, OpenError> {
        let run = Run::open_with(path, self.stream_options);
        let failed = |source| OpenError::Stream { path: path.to_owned(), source: Box::new(source) };
        Ok(Opened::Stream(Box::new(run.map_err(failed)?)))
    }
}

/// A report that lies beside an event, opened, under its name as it is seen from the event: with the
/// same separator on every system.
fn report_input(event: &Path, report: &Path) -> Result<ReportInput<'static>, String> {
    let folder = event.parent().unwrap_or(Path::new(""));
    let beside = report.strip_prefix(folder).unwrap_or(report);
    let names = beside.iter().map(|name| name.to_string_lossy());
    let name = names.filter(|name| name != ".").collect::<Vec<_>>().join("/");
    let text = regular(report).and_then(|_| open(report)).map_err(|error| error.to_string())?;
    Ok(ReportInput { name, text: Box::new(io::BufReader::with_capacity(READ_AT_ONCE, text)) })
}

/// The first bytes of a regular file.
fn head(path: &Path) -> Result<Vec<u8>, OpenError> {
    regular(path)?;
    let mut head = Vec::with_capacity(HEAD_LEN);
    open(path)?
        .take(HEAD_LEN as u64)
        .read_to_end(&mut head)
        .map_err(|source| io_error(path, "read the file", source))?;
    Ok(head)
}

fn file_name(path: &Path) -> Option<String> {
    path.file_name().map(|name| name.to_string_lossy().into_owned())
}

/// Refuses what is not a regular file: a pipe would block for ever, a device never ends.
fn regular(path: &Path) -> Result<Metadata, OpenError> {
    let metadata = fs::metadata(path).map_err(|source| io_error(path, "read the file", source))?;
    if metadata.is_file() {
        return Ok(metadata);
    }
    let found = if metadata.is_dir() { "a folder" } else { "a pipe, socket or device" };
    Err(OpenError::NotAFile { path: path.to_owned(), found })
}

fn open(path: &Path) -> Result<File, OpenError> {
    File::open(path).map_err(|source| io_error(path, "open the file", source))
}

pub(crate) fn io_error(path: &Path, action: &'static str, source: io::Error) -> OpenError {
    OpenError::Io { path: path.to_owned(), action, source }
}

/// Why a file that no format of events knows cannot be a recording.
fn no_recording(path: &Path, head: &[u8], name: Option<&str>) -> OpenError {
    if let Some(format) = detect_arrays(head, name) {
        return OpenError::NoRecording { path: path.to_owned(), format: format.info().name };
    }
    let first: Vec<String> = head.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let names = EVENT_FORMATS.iter().map(|format| format.info().name);
    let names = names.chain(ARRAY_FORMATS.iter().map(|format| format.info().name));
    OpenError::UnknownFormat {
        path: path.to_owned(),
        found: if first.is_empty() { "nothing: it is empty".to_owned() } else { first.join(" ") },
        known: names.collect::<Vec<_>>().join(", "),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
