//! Events that are brought in: multipart, many files at once, reports paired by name.

use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::atomic::Ordering;

use axum::Extension;
use axum::extract::State as Shared;
use axum::extract::multipart::{Multipart, MultipartError, MultipartRejection};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use wavekeep_archive::Outcome;
use wavekeep_archive::{
    Actor, FRAMES_SUFFIX, ReportFile, SafeName, SaveError, Saved, SessionCounts, SourceKind,
    Stated, Submission,
};
use wavekeep_formats::EVENT_FORMATS;

use super::review::who;
use crate::auth::Caller;
use crate::extract::{Query, optional};
use crate::problem::Problem;
use crate::state::State;
use crate::temporary::{self, Temporary};

/// Events whose bytes are in memory at a time.
const AT_A_TIME: usize = 64;
/// Bytes of events that are in memory at a time; one event may have more.
const BYTES_AT_A_TIME: u64 = 32 << 20;
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

/// A file that came in.
struct Received {
    name: String,
    /// Where it begins in the file that holds all of the request.
    offset: u64,
    head: Vec<u8>,
    len: u64,
}

/// The files of a request, one behind the other in one file on the disk: however many they are, they
/// take one descriptor.
struct Upload {
    file: Temporary,
    files: Vec<Received>,
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
    let received = receive(&state, form).await?;
    if received.files.is_empty() {
        let detail = "the form has no file: each file is a part with a file name";
        return Err(Problem::unprocessable("no_files", detail));
    }
    let bytes = received.files.iter().map(|file| file.len).sum::<u64>().min(BYTES_AT_A_TIME);
    state.write_bytes(bytes, move |state| save(state, received, &params, kind, &who)).await
}

/// The files of a request, on disk.
async fn receive(state: &State, mut form: Multipart) -> Result<Upload, Problem> {
    let mut file = state.temporaries.upload(&state.archive);
    let (mut all, mut offset) = (Vec::new(), 0);
    let too_large =
        |detail: String| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail);
    while let Some(mut part) = form.next_field().await.map_err(|error| cut(&error))? {
        let Some(name) = part.file_name().map(str::to_owned) else { continue };
        if all.len() == state.limits.files {
            return Err(too_large(format!("a request holds at most {} files", state.limits.files)));
        }
        let (mut head, mut len) = (Vec::new(), 0);
        while let Some(chunk) = part.chunk().await.map_err(|error| cut(&error))? {
            len += chunk.len() as u64;
            if len > state.limits.file_bytes {
                let most = state.limits.file_bytes;
                return Err(too_large(format!(
                    "{name:?} is longer than {most} bytes, the most that is taken of a file \
                     (--max-file-bytes of the server)"
                )));
            }
            let wanted = wavekeep_formats::HEAD_LEN.saturating_sub(head.len()).min(chunk.len());
            head.extend_from_slice(&chunk[..wanted]);
            // Into the system's memory at first: short enough for this thread.
            file.write_all(&chunk).map_err(|error| temporary::failed(&error))?;
        }
        all.push(Received { name, offset, head, len });
        offset += len;
    }
    Ok(Upload { file, files: all })
}

fn cut(error: &MultipartError) -> Problem {
    let status = match error.status() {
        status if status.is_client_error() => status,
        _ => StatusCode::BAD_REQUEST,
    };
    let kind = if status == StatusCode::PAYLOAD_TOO_LARGE { "too_large" } else { "multipart" };
    Problem::new(status, kind, error.body_text())
}

impl Upload {
    /// The bytes of one of the files.
    fn bytes(&mut self, place: usize) -> Result<Vec<u8>, Problem> {
        let Received { offset, len, .. } = self.files[place];
        let mut bytes = Vec::new();
        let found = self.file.seek(SeekFrom::Start(offset));
        let read = found.and_then(|_| (&mut self.file).take(len).read_to_end(&mut bytes));
        read.map_err(|error| Problem::internal(&error))?;
        Ok(bytes)
    }
}

impl Received {
    fn is_event(&self) -> bool {
        self.len > 0 && wavekeep_formats::detect(&self.head, Some(&self.name)).is_some()
    }
}

/// What belongs together: places in the list of files.
struct Group {
    event: usize,
    report: Option<usize>,
    frames: Option<usize>,
}

/// Pairs by name, by the one rule that formats have for it.
fn pair(files: &[Received]) -> (Vec<Group>, Vec<usize>) {
    let find = |wanted: &str| files.iter().position(|file| file.name.eq_ignore_ascii_case(wanted));
    let (mut groups, mut taken) = (Vec::new(), vec![false; files.len()]);
    for (event, file) in files.iter().enumerate().filter(|(_, file)| file.is_event()) {
        let frames = find(&format!("{}{FRAMES_SUFFIX}", file.name));
        let names = EVENT_FORMATS.iter().flat_map(|format| format.report_names(&file.name));
        let report = names.into_iter().find_map(|name| find(&name)).filter(|found| *found != event);
        for place in [Some(event), report, frames].into_iter().flatten() {
            taken[place] = true;
        }
        groups.push(Group { event, report, frames });
    }
    // Frames that belong to an event file come with it and not for themselves.
    let with_event: Vec<usize> = groups.iter().filter_map(|group| group.frames).collect();
    groups.retain(|group| !with_event.contains(&group.event));
    let alone = (0..files.len()).filter(|place| !taken[*place]).collect();
    (groups, alone)
}

fn save(
    state: &State,
    mut upload: Upload,
    params: &ImportParams,
    kind: SourceKind,
    who: &Actor,
) -> Result<Response, Problem> {
    let (groups, alone) = pair(&upload.files);
    let places =
        |group: &Group| [Some(group.event), group.report, group.frames].into_iter().flatten();
    let bytes = |group: &Group| places(group).map(|place| upload.files[place].len).sum::<u64>();
    let weights: Vec<u64> = groups.iter().map(bytes).collect();
    let total = groups.len() + alone.len();
    let mut counts = SessionCounts::default();
    let mut results = Vec::new();
    let tell = |session: Option<i64>, done: usize| {
        state.live.tell(
            "import",
            json!({ "session": session, "tag": params.tag, "done": done, "total": total }),
        );
    };
    // Most requests are one portion: it is noted as an import together with its events.
    let is_whole = alone.is_empty() && portions(&weights).count() == 1;
    let mut session = match is_whole {
        true => None,
        false => Some(state.archive.begin_session("http", Some(&who.name))?),
    };
    tell(session, 0);
    for some in portions(&weights).map(|portion| &groups[portion]) {
        let mut submissions = Vec::new();
        for group in some {
            submissions.push(submission(&mut upload, group, params, kind, who)?);
        }
        let saved = if is_whole {
            let saved = state.archive.save_session("http", Some(&who.name), submissions);
            let (noted, saved) = saved.map_err(Problem::of_shared)?;
            session = Some(noted.id);
            saved
        } else {
            state.archive.save_batch(submissions)
        };
        for (group, saved) in some.iter().zip(saved) {
            let name = &upload.files[group.event].name;
            counts.add(&saved);
            let mut result = result_of(name, saved, &who.name);
            result["report_name"] = json!(group.report.map(|place| &upload.files[place].name));
            results.push(result);
        }
        tell(session, results.len());
    }
    for place in alone {
        let bytes = upload.bytes(place)?;
        let name = upload.files[place].name.clone();
        let paired =
            state.archive.add_report(params.serial.as_deref(), &name, &bytes, Some(who.clone()));
        results.push(match paired.transpose() {
            Some(saved) => {
                counts.add(&saved);
                let mut result = result_of(&name, saved, &who.name);
                result["report_name"] = json!(name);
                result
            }
            None => {
                counts.received += 1;
                counts.refused += 1;
                let detail = "neither an event of a known format nor the report of an event that is here; \
                    send a report together with its event, or after it";
                json!({ "name": name, "error": { "kind": "not_paired", "detail": detail } })
            }
        });
    }
    tell(session, total);
    if let Some(session) = session.filter(|_| !is_whole) {
        state.archive.end_session(session, counts)?;
    }
    state.metrics.files_refused.fetch_add(counts.refused, Ordering::Relaxed);
    state.metrics.files_imported.fetch_add(counts.received - counts.refused, Ordering::Relaxed);
    let unknown = results.iter().filter(|result| result["serial_unknown"] == json!(true)).count();
    let mut warnings = Vec::new();
    if unknown > 0 {
        warnings.push(format!(
            "{unknown} events are stored as UNKNOWN: neither name nor content says which unit they are of; \
             send them again with ?serial="
        ));
    }
    super::json(
        &json!({ "session": session, "received": total, "counts": counts, "warnings": warnings, "results": results }),
    )
}

/// An event as it is handed in.
fn submission(
    upload: &mut Upload,
    group: &Group,
    params: &ImportParams,
    kind: SourceKind,
    who: &Actor,
) -> Result<Submission, Problem> {
    let report = group.report.map(|place| -> Result<_, Problem> {
        let name = Some(upload.files[place].name.clone());
        Ok(ReportFile { name, bytes: upload.bytes(place)? })
    });
    Ok(Submission {
        report: report.transpose()?,
        name: upload.files[group.event].name.clone(),
        bytes: upload.bytes(group.event)?,
        frames: group.frames.map(|place| upload.bytes(place)).transpose()?,
        stated: Stated { serial: params.serial.clone(), ..Stated::default() },
        source_kind: kind,
        sent_by: Some(who.name.clone()),
        sent_from: Some(who.from.clone()),
        ..Submission::default()
    })
}

/// Ranges of events that are in memory together, by their bytes.
fn portions(weights: &[u64]) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
    let mut first = 0;
    std::iter::from_fn(move || {
        let mut room = BYTES_AT_A_TIME;
        let fits = weights[first..].iter().take(AT_A_TIME).take_while(|weight| {
            let fits = **weight <= room;
            room = room.saturating_sub(**weight);
            fits
        });
        let count = fits.count().max(1);
        let portion = first..(first + count).min(weights.len());
        first = portion.end;
        (!portion.is_empty()).then_some(portion)
    })
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
        Err(error) => {
            let detail = match &error {
                SaveError::Archive(error) => {
                    tracing::error!("{name:?}: {error}");
                    "the archive failed: whether the event is there is not known, send it again"
                        .to_owned()
                }
                error => error.to_string(),
            };
            json!({ "name": name, "error": { "kind": error.kind(), "detail": detail } })
        }
    }
}
