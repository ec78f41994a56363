//! Archives on this machine.

use std::fmt::Display;
use std::io::{ErrorKind, Read};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde::Deserialize;
use serde_json::{Value, json};
use wavekeep_archive::{
    self as archive, ArchiveError, Head, ImportOptions, ImportedSince, Level, Outcomes,
    PatchOptions, Query, Sidecar, Stated, TextFields, UnitOptions, VerifyOptions, recording_from,
};
use wavekeep_core::{DayOrMoment, UnitLocal};

use crate::attended::attended;
use crate::event::Event;
use crate::failure::{Failure, detached};
use crate::{report, scaled_distance};

/// Events of a batch of samples.
const SAMPLES_AT_ONCE: usize = 256;
/// The longest text of a head.
const HEAD_BYTES: u64 = 64 << 10;

/// An open archive.
#[pyclass(frozen, module = "wavekeep._wavekeep")]
pub struct Archive {
    archive: Arc<archive::Archive>,
}

/// A question for events, with the names of the HTTP interface.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    serial: Option<String>,
    project: Option<String>,
    location: Option<String>,
    kind: Option<String>,
    from: Option<String>,
    to: Option<String>,
    min_ppv_in_s: Option<f64>,
    max_ppv_in_s: Option<f64>,
    false_trigger: Option<bool>,
    reviewed: Option<bool>,
    verdict: Option<String>,
    air_verdict: Option<String>,
    damaged: Option<bool>,
    saturated: Option<bool>,
    has_report: Option<bool>,
    without: Option<String>,
    imported_since: Option<String>,
    text: Option<String>,
    changed_since: Option<i64>,
    sort: String,
    after_id: Option<i64>,
    limit: Option<usize>,
    offset: usize,
}

impl Question {
    fn query(self) -> Result<Query, Failure> {
        let time = |argument: &str, text| parsed::<DayOrMoment>(argument, text);
        if let Some(kind) = self.kind.as_deref().filter(|kind| !Query::KINDS.contains(kind)) {
            let known = Query::KINDS.join(", ");
            return Err(bad(format!("kind is {kind:?}: expected one of {known}")));
        }
        Ok(Query::default()
            .with_serial(self.serial)
            .with_project(self.project)
            .with_location(self.location)
            .with_kind(self.kind)
            .with_from(time("from_", self.from)?.map(DayOrMoment::first))
            .with_to(time("to", self.to)?.map(DayOrMoment::last))
            .with_min_ppv_in_s(self.min_ppv_in_s)
            .with_max_ppv_in_s(self.max_ppv_in_s)
            .with_false_trigger(self.false_trigger)
            .with_reviewed(self.reviewed)
            .with_verdicts(parsed("verdict", self.verdict)?.map(|Outcomes(of)| of))
            .with_air_verdicts(parsed("air_verdict", self.air_verdict)?.map(|Outcomes(of)| of))
            .with_damaged(self.damaged)
            .with_saturated(self.saturated)
            .with_has_report(self.has_report)
            .with_without(parsed("without", self.without)?.map_or(Vec::new(), |TextFields(of)| of))
            .with_imported_since(
                parsed("imported_since", self.imported_since)?.map(|ImportedSince(at)| at),
            )
            .with_text(self.text)
            .with_changed_since(self.changed_since)
            .with_sort(self.sort.parse().map_err(bad)?)
            .with_after_id(self.after_id)
            .with_limit(Some(self.limit.unwrap_or(usize::MAX)))
            .with_offset(self.offset))
    }
}

/// An argument as it is read from its words.
fn parsed<T: FromStr<Err: Display>>(
    argument: &str,
    words: Option<String>,
) -> Result<Option<T>, Failure> {
    let words =
        words.map(|words| words.parse().map_err(|error| bad(format!("{argument}: {error}"))));
    words.transpose()
}

fn bad(error: impl ToString) -> Failure {
    Failure::new("BadArgumentError", error)
}

/// An argument of a wrong type: where in our own JSON it stands concerns nobody.
fn misread(error: serde_json::Error) -> Failure {
    let message = error.to_string();
    bad(message.split(" at line ").next().unwrap_or_default())
}

fn document(sidecar: Sidecar) -> String {
    sidecar.into_value().to_string()
}

#[pymethods]
impl Archive {
    /// Opens the archive in a folder; with `create` a folder that is not there is made.
    #[new]
    fn new(py: Python<'_>, path: PathBuf, create: bool) -> PyResult<Self> {
        detached(py, || {
            if create {
                return Ok(Self { archive: Arc::new(archive::Archive::create(path)?) });
            }
            if path.is_dir() && !archive::Archive::is_at(&path) {
                let message = format!(
                    "{} holds no archive: create=True makes one there, of the events that lie in it too",
                    path.display()
                );
                return Err(Failure::new("FileMissingError", message).about(&path));
            }
            // Without write access it is read alone: what changes something is refused then.
            let needs_write_access = |error: &ArchiveError| match error {
                ArchiveError::Io { source, .. } => {
                    let kinds = [ErrorKind::PermissionDenied, ErrorKind::ReadOnlyFilesystem];
                    kinds.contains(&source.kind())
                }
                _ => false,
            };
            let opened = match archive::Archive::open(&path) {
                Err(error) if needs_write_access(&error) => archive::Archive::open_to_read(&path),
                opened => opened,
            };
            Ok(Self { archive: Arc::new(opened?) })
        })
    }

    /// Total and rows, as JSON; the question is JSON too.
    fn query(&self, py: Python<'_>, question: &str) -> PyResult<String> {
        detached(py, || {
            let question: Question = serde_json::from_str(question).map_err(misread)?;
            Ok(json!(self.archive.query(&question.query()?)?).to_string())
        })
    }

    /// The rows as an Arrow stream; the question is JSON.
    fn query_arrow<'py>(&self, py: Python<'py>, question: &str) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = detached(py, || {
            let question: Question = serde_json::from_str(question).map_err(misread)?;
            let mut bytes = Vec::new();
            self.archive.query_arrow(&question.query()?, &mut bytes)?;
            Ok(bytes)
        })?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// The samples of events as an Arrow stream.
    fn samples_arrow<'py>(
        &self,
        py: Python<'py>,
        ids: Vec<i64>,
        raw: bool,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = detached(py, || {
            let mut bytes = Vec::new();
            self.archive.samples_arrow(ids.chunks(SAMPLES_AT_ONCE), raw, &mut bytes)?;
            Ok(bytes)
        })?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// The row of an event, as JSON.
    fn event(&self, py: Python<'_>, id: i64) -> PyResult<String> {
        detached(py, || Ok(json!(self.archive.event(id)?).to_string()))
    }

    /// The recording of an event.
    fn recording(&self, py: Python<'_>, id: i64) -> PyResult<Event> {
        detached(py, || Ok(Event::new(self.archive.recording(id)?)))
    }

    /// The source file of an event.
    fn source_path(&self, py: Python<'_>, id: i64) -> PyResult<PathBuf> {
        detached(py, || Ok(self.archive.source_path(id)?))
    }

    /// The pieces of a run.
    fn stream_pieces(&self, py: Python<'_>, id: i64) -> PyResult<Vec<PathBuf>> {
        detached(py, || Ok(self.archive.stream_pieces(id)?))
    }

    /// The sidecar of an event, as JSON.
    fn sidecar(&self, py: Python<'_>, id: i64) -> PyResult<String> {
        detached(py, || Ok(document(self.archive.sidecar(id)?)))
    }

    /// Patches what people say of an event; gives the sidecar, as JSON.
    fn patch(&self, py: Python<'_>, id: i64, patch: &str, who: &str) -> PyResult<String> {
        detached(py, || {
            let patch: Value = serde_json::from_str(patch).map_err(misread)?;
            let options = PatchOptions::default();
            Ok(document(self.archive.patch_sidecar(id, &patch, who, options)?))
        })
    }

    /// Takes the last change back; gives the sidecar, as JSON.
    fn undo(&self, py: Python<'_>, id: i64, who: &str) -> PyResult<String> {
        detached(py, || Ok(document(self.archive.undo(id, who)?)))
    }

    /// Moves an event to another unit; gives its row, as JSON.
    fn move_to_unit(
        &self,
        py: Python<'_>,
        id: i64,
        serial: &str,
        reason: &str,
        who: &str,
    ) -> PyResult<String> {
        detached(py, || {
            self.archive.move_to_unit(id, serial, reason, who)?;
            Ok(json!(self.archive.event(id)?).to_string())
        })
    }

    /// What was measured day by day, as JSON; the question is JSON.
    fn trend(&self, py: Python<'_>, question: &str) -> PyResult<String> {
        detached(py, || {
            let question: Question = serde_json::from_str(question).map_err(misread)?;
            Ok(json!(self.archive.trend(&question.query()?)?).to_string())
        })
    }

    /// What is known of a unit, as JSON.
    #[pyo3(signature = (serial, to, calibration_months))]
    fn unit(
        &self,
        py: Python<'_>,
        serial: &str,
        to: Option<String>,
        calibration_months: u32,
    ) -> PyResult<String> {
        detached(py, || {
            let to = parsed::<DayOrMoment>("to", to)?;
            let to = to.map_or_else(|| jiff::Zoned::now().date(), |to| to.first().0.date());
            let options = UnitOptions::to(to).with_calibration_months(calibration_months);
            let unit = self.archive.unit(serial, &options)?.ok_or_else(|| {
                Failure::new("NoSuchEventError", format!("there is no event of a unit {serial:?}"))
            })?;
            Ok(json!(unit).to_string())
        })
    }

    /// The alarm levels in force, or all that were ever set, as JSON.
    fn levels(&self, py: Python<'_>, all: bool) -> PyResult<String> {
        detached(py, || {
            let levels = self.archive.levels()?;
            let now = levels.now(UnitLocal(jiff::Zoned::now().datetime()));
            let shown = match all {
                true => levels.all().iter().collect(),
                false => now.clone(),
            };
            let rows = shown.into_iter().map(|set| {
                let mut row = json!(set);
                row["in_force"] = now.iter().any(|of| of.entry == set.entry).into();
                row
            });
            Ok(Value::from_iter(rows).to_string())
        })
    }

    /// Sets a level and judges the events that it is of; gives it as JSON.
    fn set_level(&self, py: Python<'_>, level: &str, who: &str) -> PyResult<String> {
        detached(py, || {
            let level: Level = serde_json::from_str(level).map_err(misread)?;
            let set = self.archive.set_level(level, who)?;
            self.archive.judge(&mut |_, _| {})?;
            Ok(json!(set).to_string())
        })
    }

    /// The changes of an event, the latest first, as JSON.
    fn review_log(&self, py: Python<'_>, id: i64, limit: usize) -> PyResult<String> {
        detached(py, || {
            self.archive.event(id)?;
            Ok(json!(self.archive.review_log(Some(id), limit)?).to_string())
        })
    }

    /// The head of the ledger, as a text.
    fn head(&self, py: Python<'_>) -> PyResult<String> {
        detached(py, || Ok(self.archive.head()?.to_string()))
    }

    /// Entries of the ledger, of one event or of all, the latest first, as JSON.
    fn ledger(&self, py: Python<'_>, id: Option<i64>, limit: usize) -> PyResult<String> {
        detached(py, || {
            let entries = self.archive.ledger_entries(id, limit)?;
            if let (Some(id), true) = (id, entries.is_empty()) {
                // An event that never was is an error.
                self.archive.event(id)?;
            }
            Ok(json!(entries).to_string())
        })
    }

    /// Lets go of an event that is lost; gives the entry of the ledger, as JSON.
    fn forget(&self, py: Python<'_>, id: i64, reason: &str, who: &str) -> PyResult<String> {
        detached(py, || {
            self.archive.forget(id, reason, who)?;
            Ok(json!(self.archive.ledger_entries(Some(id), 1)?.first()).to_string())
        })
    }

    /// Takes an event out with its files; gives the entry of the ledger, as JSON.
    fn remove(&self, py: Python<'_>, id: i64, reason: &str, who: &str) -> PyResult<String> {
        detached(py, || {
            let aside = self.archive.aside_for_removal();
            self.archive.remove_event_to(&aside, id, reason, who)?;
            Ok(json!(self.archive.ledger_entries(Some(id), 1)?.first()).to_string())
        })
    }

    /// The report of a period; the question and what is asked of the report are JSON.
    fn report<'py>(
        &self,
        py: Python<'py>,
        question: &str,
        asked: &str,
        template: Option<PathBuf>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let question: Question = serde_json::from_str(question).map_err(misread)?;
        let asked: report::Asked = serde_json::from_str(asked).map_err(misread)?;
        let query = question.query()?;
        let archive = Arc::clone(&self.archive);
        let write = move |stop: &AtomicBool, _: &(dyn Fn(()) + Sync)| {
            asked.write(&archive, query, template.as_deref(), stop)
        };
        let bytes = attended(py, write, |_, ()| Ok(()))?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// The law of the site of the events of a question; what is asked of it is JSON, and so is the answer.
    fn scaled_distance(&self, py: Python<'_>, question: &str, asked: &str) -> PyResult<String> {
        let question: Question = serde_json::from_str(question).map_err(misread)?;
        let asked: scaled_distance::Asked = serde_json::from_str(asked).map_err(misread)?;
        let query = question.query()?;
        detached(py, || asked.answer(&self.archive, &query))
    }

    /// What there is of each unit, as JSON.
    fn units(&self, py: Python<'_>) -> PyResult<String> {
        detached(py, || Ok(json!(self.archive.units()?).to_string()))
    }

    /// What there is of each project, as JSON.
    fn projects(&self, py: Python<'_>) -> PyResult<String> {
        detached(py, || Ok(json!(self.archive.projects()?).to_string()))
    }

    /// The monitor log files, as JSON.
    fn monitor_log_files(&self, py: Python<'_>) -> PyResult<String> {
        detached(py, || Ok(json!(self.archive.monitor_log_files()?).to_string()))
    }

    /// What there is of each month, as JSON.
    fn months(&self, py: Python<'_>) -> PyResult<String> {
        detached(py, || Ok(json!(self.archive.months()?).to_string()))
    }

    /// Imports files and folders; gives the account, as JSON. `each` is called with what became of
    /// each file, as JSON. Ctrl-C and an exception of `each` end the import: nothing more is begun,
    /// and what is being saved is finished.
    #[pyo3(signature = (paths, serial=None, adopt=false, each=None))]
    fn import_files(
        &self,
        py: Python<'_>,
        paths: Vec<PathBuf>,
        serial: Option<String>,
        adopt: bool,
        each: Option<Py<PyAny>>,
    ) -> PyResult<String> {
        let archive = Arc::clone(&self.archive);
        let import = move |stop: &AtomicBool, tell: &(dyn Fn(String) + Sync)| {
            let stated = Stated { serial, ..Stated::default() };
            let options = ImportOptions::default().with_stated(stated).with_adopt(adopt);
            let account = archive.import(&paths, &options, stop, &mut |imported| {
                tell(json!(imported).to_string());
            })?;
            match &account.stopped_by {
                Some(why) => Err(Failure::new("ArchiveError", why)),
                None => Ok(json!(account).to_string()),
            }
        };
        attended(py, import, |py, file| match &each {
            Some(each) => each.call1(py, (file,)).map(drop),
            None => Ok(()),
        })
    }

    /// Verifies the archive without changing it; gives what was found, as JSON. `since` is the text of
    /// a head that was held elsewhere. `progress` is called with the events that are done, and how many
    /// there are. Ctrl-C and an exception of `progress` end it.
    #[pyo3(signature = (since=None, progress=None))]
    fn verify(
        &self,
        py: Python<'_>,
        since: Option<&str>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<String> {
        let since = since.map(head_of).transpose()?;
        let archive = Arc::clone(&self.archive);
        let verify = move |stop: &AtomicBool, tell: &(dyn Fn((u64, u64)) + Sync)| {
            let options = VerifyOptions::default();
            let found = archive.verify_until(
                since.as_ref(),
                options,
                &|done, of| tell((done, of)),
                stop,
            )?;
            Ok(json!(found).to_string())
        };
        attended(py, verify, |py, done_of| match &progress {
            Some(progress) => progress.call1(py, done_of).map(drop),
            None => Ok(()),
        })
    }
}

fn head_of(text: &str) -> Result<Head, Failure> {
    text.parse().map_err(|error| Failure::new("MalformedError", error))
}

/// The text of a file that holds a head: no more of it than a head can have, and a byte.
#[pyfunction]
pub fn head_file(py: Python<'_>, path: PathBuf) -> PyResult<String> {
    detached(py, || {
        let failed = |error: std::io::Error| {
            let message = format!("{}: cannot be read: {error}", path.display());
            Failure::of_io(&path, &error, message)
        };
        let mut text = Vec::new();
        let file = std::fs::File::open(&path).map_err(failed)?;
        file.take(HEAD_BYTES + 1).read_to_end(&mut text).map_err(failed)?;
        String::from_utf8(text).map_err(|_| {
            let message = format!("{}: it is no head: a text was expected", path.display());
            Failure::new("MalformedError", message).about(&path)
        })
    })
}

/// What a text says that is a head: archive, size, root and time.
#[pyfunction]
pub fn parsed_head(text: &str) -> PyResult<(String, u64, String, String)> {
    let Head { archive, size, root, time, .. } = head_of(text)?;
    Ok((archive, size, root.to_string(), time))
}

/// The recording of an event of an archive elsewhere, by its files.
#[pyfunction]
pub fn archived_event(
    py: Python<'_>,
    filename: &str,
    bytes: &[u8],
    report: Option<&[u8]>,
    sidecar: &str,
) -> PyResult<Event> {
    detached(py, || {
        let sidecar = Sidecar::parse(sidecar.as_bytes())
            .map_err(|error| Failure::new("MalformedError", error))?;
        Ok(Event::new(recording_from(filename, bytes, report, &sidecar)?))
    })
}
