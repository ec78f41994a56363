//! Events that are brought in: multipart, many files at once, reports paired by name.

use std::ops::Range;

use axum::Extension;
use axum::extract::State as Shared;
use axum::extract::multipart::{Multipart, MultipartRejection};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use wavekeep_archive::{
    Actor, KeptMonitorLog, NewSession, Outcome, ReportFile, SafeName, SaveError, Saved,
    SessionCounts, SourceKind, Stated, Submission,
};

use super::review::who;
use crate::auth::Caller;
use crate::extract::{Query, optional};
use crate::problem::Problem;
use crate::state::State;
use crate::upload::{BYTES_AT_A_TIME, Group, Upload, pair, portions, receive};

/// Longest name that a client gives to its upload.
const TAG_CHARS: usize = 64;

/// What is said of all files.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ImportParams {
    /// Serial number of the unit; it wins over name and content.
    #[serde(deserialize_with = "optional")]
    pub serial: Option<String>,
    /// What the client calls this upload; messages of its progress carry it.
    #[serde(deserialize_with = "optional")]
    #[param(max_length = 64)]
    pub tag: Option<String>,
}

/// The form.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes the body")]
pub struct ImportForm {
    /// Event files, raw frames and reports, in any order.
    #[schema(value_type = Vec<String>, format = Binary, content_media_type = "application/octet-stream")]
    files: Vec<Vec<u8>>,
}

/// Brings events in. A report is paired by its name with its event, be it in this request or in the
/// archive already. Each file has its own answer; one that is refused stops no other.
#[utoipa::path(post, path = "/api/v1/import", tag = "import", params(ImportParams),
    request_body(content = ImportForm, content_type = "multipart/form-data"),
    responses((status = 200, description = "An answer per file", body = Object),
        (status = "4XX", description = "Refused; nothing was saved", body = Problem, content_type = "application/problem+json")))]
pub async fn import(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Query(params): Query<ImportParams>,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Response, Problem> {
    let who = who(&state, &caller);
    import_of(state, params, form, SourceKind::BwImport, who).await
}

/// Takes a request in and saves what is in it; `who` sent it.
///
/// # Errors
/// When the request cannot be read to its end: nothing of it is saved then.
pub async fn import_of(
    state: State,
    params: ImportParams,
    form: Result<Multipart, MultipartRejection>,
    kind: SourceKind,
    who: Actor,
) -> Result<Response, Problem> {
    if let Some(serial) = &params.serial {
        SafeName::folder(serial)
            .map_err(|error| Problem::unprocessable("name", error.to_string()))?;
    }
    if params.tag.as_ref().is_some_and(|tag| tag.chars().count() > TAG_CHARS) {
        let detail = format!("tag is longer than {TAG_CHARS} characters");
        return Err(Problem::unprocessable("tag", detail));
    }
    let form = form.map_err(|rejection| {
        let status = match rejection.status() {
            StatusCode::BAD_REQUEST => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            status => status,
        };
        Problem::new(status, "multipart", rejection.body_text())
    })?;
    let upload = receive(&state, form).await?;
    if upload.files.is_empty() {
        let detail = "the form has no file: each file is a part with a file name";
        return Err(Problem::unprocessable("no_files", detail));
    }
    let bytes = upload.files.iter().map(|file| file.len).sum::<u64>().min(BYTES_AT_A_TIME);
    let (groups, alone) = pair(&upload.files);
    let answers = Answers {
        names: upload.files.iter().map(|file| file.name.clone()).collect(),
        tag: params.tag.clone(),
        sent_by: who.name.clone(),
        total: groups.len() + alone.len(),
        session: None,
        counts: SessionCounts::default(),
        results: Vec::new(),
    };
    let incoming = Incoming { upload, groups, alone, params, kind, who };
    if !incoming.is_one_portion() {
        return state.write_bytes(bytes, move |state| incoming.save(state, answers)).await;
    }
    // On a task of its own: what has begun is finished even when the client goes away.
    let saved = tokio::spawn(async move { incoming.save_together(&state, bytes, answers).await });
    saved.await.unwrap_or_else(|error| Err(Problem::internal(&error)))
}

/// A request, received.
struct Incoming {
    upload: Upload,
    groups: Vec<Group>,
    /// Files that go with no event of the request: their indices.
    alone: Vec<usize>,
    params: ImportParams,
    kind: SourceKind,
    who: Actor,
}

impl Incoming {
    /// The ranges of events that are in memory together.
    fn portions(&self) -> Vec<Range<usize>> {
        let bytes = |index: usize| self.upload.files[index].len;
        let weight = |group: &Group| group.files().map(bytes).sum::<u64>();
        let weights: Vec<u64> = self.groups.iter().map(weight).collect();
        portions(&weights).collect()
    }

    /// Most requests are one portion of events.
    fn is_one_portion(&self) -> bool {
        self.alone.is_empty() && self.portions().len() == 1
    }

    /// Events as they are handed in.
    fn submissions(&mut self, portion: Range<usize>) -> Result<Vec<Submission>, Problem> {
        let groups = self.groups[portion].to_vec();
        groups.iter().map(|group| self.submission(group)).collect()
    }

    fn submission(&mut self, group: &Group) -> Result<Submission, Problem> {
        let upload = &mut self.upload;
        let report = group.report.map(|index| -> Result<_, Problem> {
            let name = Some(upload.files[index].name.clone());
            Ok(ReportFile { name, bytes: upload.bytes(index)? })
        });
        Ok(Submission {
            report: report.transpose()?,
            name: upload.files[group.event].name.clone(),
            bytes: upload.bytes(group.event)?,
            frames: group.frames.map(|index| upload.bytes(index)).transpose()?,
            stated: Stated { serial: self.params.serial.clone(), ..Stated::default() },
            source_kind: self.kind,
            sent_by: Some(self.who.name.clone()),
            sent_from: Some(self.who.from.clone()),
            ..Submission::default()
        })
    }

    /// Saves a request that is one portion together with others that wait.
    async fn save_together(
        mut self,
        state: &State,
        bytes: u64,
        mut answers: Answers,
    ) -> Result<Response, Problem> {
        answers.notify(state);
        let groups = self.groups.clone();
        let read = move || {
            let submissions = self.submissions(0..self.groups.len())?;
            let (source, sent_by) = ("http".to_owned(), Some(self.who.name));
            Ok(NewSession { source, sent_by, submissions })
        };
        let (noted, saved) = state.save_session(bytes, read).await?;
        answers.session = Some(noted.id);
        for (group, saved) in groups.iter().zip(saved) {
            answers.event(group, saved);
        }
        answers.notify(state);
        answers.response(state)
    }

    /// Saves one portion after the other, then reports whose events came earlier.
    fn save(mut self, state: &State, mut answers: Answers) -> Result<Response, Problem> {
        answers.session = Some(state.archive.begin_session("http", Some(&self.who.name))?);
        answers.notify(state);
        for portion in self.portions() {
            let groups = self.groups[portion.clone()].to_vec();
            let saved = state.archive.save_batch(self.submissions(portion)?);
            for (group, saved) in groups.iter().zip(saved) {
                answers.event(group, saved);
            }
            answers.notify(state);
        }
        for index in std::mem::take(&mut self.alone) {
            let bytes = self.upload.bytes(index)?;
            let (serial, name) = (self.params.serial.as_deref(), &answers.names[index]);
            if self.upload.files[index].is_monitor_log() {
                let kept = state.archive.keep_monitor_log(name, &bytes, serial, self.who.clone());
                answers.monitor_log(index, kept);
                continue;
            }
            let paired = state.archive.add_report(serial, name, &bytes, Some(self.who.clone()));
            answers.report(index, paired.transpose());
        }
        answers.notify(state);
        if let Some(session) = answers.session {
            state.archive.end_session(session, answers.counts)?;
        }
        answers.response(state)
    }
}

/// What a request is answered.
struct Answers {
    /// Of all files of the request.
    names: Vec<String>,
    tag: Option<String>,
    sent_by: String,
    /// Events, and reports without one.
    total: usize,
    session: Option<i64>,
    counts: SessionCounts,
    results: Vec<Value>,
}

impl Answers {
    /// Adds the answer for an event.
    fn event(&mut self, group: &Group, saved: Result<Saved, SaveError>) {
        self.counts.add(&saved);
        let mut result = result_of(&self.names[group.event], saved, &self.sent_by);
        result["report_name"] = json!(group.report.map(|index| &self.names[index]));
        self.results.push(result);
    }

    /// Adds the answer for a monitor log file.
    fn monitor_log(&mut self, index: usize, kept: Result<KeptMonitorLog, SaveError>) {
        let name = &self.names[index];
        self.counts.received += 1;
        self.results.push(match kept {
            Ok(kept) => {
                *(if kept.same { &mut self.counts.same } else { &mut self.counts.new }) += 1;
                let mut value = json!(kept.file);
                value["name"] = json!(name);
                value["outcome"] = json!(if kept.same { "same" } else { "new" });
                value["monitor_log"] = json!(true);
                value
            }
            Err(error) => {
                self.counts.refused += 1;
                refused(name, &error)
            }
        });
    }

    /// Adds the answer for a report that came without its event; `None` where there is none for it.
    fn report(&mut self, index: usize, paired: Option<Result<Saved, SaveError>>) {
        let name = &self.names[index];
        self.results.push(match paired {
            Some(saved) => {
                self.counts.add(&saved);
                let mut result = result_of(name, saved, &self.sent_by);
                result["report_name"] = json!(name);
                result
            }
            None => {
                self.counts.received += 1;
                self.counts.refused += 1;
                let detail = "neither an event of a known format nor the report of an event that is here; \
                    send a report together with its event, or after it";
                json!({ "name": name, "error": { "kind": "not_paired", "detail": detail } })
            }
        });
    }

    /// Sends the progress to those who watch.
    fn notify(&self, state: &State) {
        let done = self.results.len();
        let message =
            json!({ "session": self.session, "tag": self.tag, "done": done, "total": self.total });
        state.live.notify("import", message);
    }

    fn response(self, state: &State) -> Result<Response, Problem> {
        let Self { session, counts, results, .. } = self;
        results.iter().for_each(|result| state.metrics.imported(result["outcome"].as_str()));
        let is_unknown = |result: &&Value| result["serial_unknown"] == json!(true);
        let unknown = results.iter().filter(is_unknown).count();
        let mut warnings = Vec::new();
        if unknown > 0 {
            warnings.push(format!(
                "{unknown} events are stored as UNKNOWN: neither name nor content says which unit they are of; \
                 send them again with ?serial="
            ));
        }
        super::json(
            &json!({ "session": session, "received": self.total, "counts": counts, "warnings": warnings, "results": results }),
        )
    }
}

/// The answer for one file.
fn result_of(name: &str, saved: Result<Saved, SaveError>, who: &str) -> Value {
    match saved {
        Ok(saved) => {
            if saved.outcome == Outcome::PairedLate {
                // From now on the event shows what this report states.
                let Saved { serial, filename, .. } = &saved;
                tracing::info!(
                    "{name:?}: the report of {serial}/{filename}, which was there before, sent by {who:?}"
                );
            }
            let mut value = json!(saved);
            value["name"] = json!(name);
            value
        }
        Err(error) => refused(name, &error),
    }
}

/// The answer for a file that was not saved.
fn refused(name: &str, error: &SaveError) -> Value {
    let detail = match error {
        SaveError::Archive(error) => {
            tracing::error!("{name:?}: {error}");
            "the archive failed: whether the file is there is not known, send it again".to_owned()
        }
        error => error.to_string(),
    };
    json!({ "name": name, "error": { "kind": error.kind(), "detail": detail } })
}
