//! The ledger: its head, its entries, and letting go of events.

use std::io::Cursor;

use axum::Extension;
use axum::extract::State as Shared;
use axum::http::header::{CONTENT_DISPOSITION, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use wavekeep_archive::{Actor, ArchiveError, EventRow, LedgerEntry};
use wavekeep_custody::{Action, Entry};

use super::files::attachment;
use super::review::{file_name, shown_stream, who};
use super::{Id, accepted, answer};
use crate::auth::Caller;
use crate::extract::{Json, Path, Query, optional};
use crate::problem::Problem;
use crate::state::{Shared as Inside, State};

/// Entries that one answer has at most.
const MOST_ENTRIES: usize = 10_000;

/// The head of a ledger.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes the answer")]
pub struct HeadForm {
    /// Which archive's ledger it is of: 32 hexadecimal digits.
    archive: String,
    /// Number of entries.
    size: u64,
    /// The root of their tree: 64 hexadecimal digits.
    root: String,
    /// When it was taken, in UTC.
    time: String,
}

/// The head of the ledger as it is now: as a text to keep, which `wavekeep verify --since` takes, or as
/// JSON where `Accept` asks for it. The ETag changes with the ledger, not with the time.
#[utoipa::path(get, path = "/api/v1/ledger/head", tag = "ledger",
    responses((status = 200, description = "The head", content((String = "text/plain"), (HeadForm = "application/json"))),
        (status = 304, description = "The ledger is as the client has it"),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn head(Shared(state): Shared<State>, headers: HeaderMap) -> Result<Response, Problem> {
    let form = accepted(&headers, &["text/plain", "application/json"])?;
    state
        .work(move |state| {
            let head = state.archive.head()?;
            let is_json = form == "application/json";
            // The time in it is of this moment: two heads with one ETag say the same of the ledger.
            let etag =
                format!("W/\"{}-{}{}\"", head.size, head.root, if is_json { "-json" } else { "" });
            let response = match is_json {
                true => super::json(&json!({
                    "archive": head.archive,
                    "size": head.size,
                    "root": head.root.to_string(),
                    "time": head.time,
                }))?,
                false => answer("text/plain; charset=utf-8", head.to_string()),
            };
            Ok(tagged(&headers, response, &etag))
        })
        .await
}

/// An answer with its ETag, or the word that the client has it.
fn tagged(headers: &HeaderMap, mut response: Response, etag: &str) -> Response {
    let known = headers.get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let is_known = known.is_some_and(|tags| {
        tags.split(',').any(|tag| matches!(tag.trim(), "*") || tag.trim() == etag)
    });
    if is_known {
        response = StatusCode::NOT_MODIFIED.into_response();
    }
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept"));
    if let Ok(etag) = HeaderValue::from_str(etag) {
        response.headers_mut().insert(ETAG, etag);
    }
    response
}

/// Which entries.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct EntriesParams {
    /// At most so many entries; without it, 1000.
    #[serde(deserialize_with = "optional")]
    #[param(minimum = 0, maximum = 10000)]
    limit: Option<usize>,
    /// Only those of this event.
    #[serde(deserialize_with = "optional")]
    event: Option<i64>,
}

/// How many entries.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct LimitParams {
    /// At most so many entries; without it, 1000.
    #[serde(deserialize_with = "optional")]
    #[param(minimum = 0, maximum = 10000)]
    limit: Option<usize>,
}

/// Entries of the ledger with the hashes of their leaves, the latest first.
#[utoipa::path(get, path = "/api/v1/ledger", tag = "ledger", params(EntriesParams),
    responses((status = 200, description = "The entries", body = Vec<Object>),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    Shared(state): Shared<State>,
    Query(params): Query<EntriesParams>,
) -> Result<Response, Problem> {
    entries(state, params.event, params.limit).await
}

/// The entries of an event, the latest first; also of one that the archive let go of.
#[utoipa::path(get, path = "/api/v1/events/{id}/ledger", tag = "ledger", params(("id" = i64, Path, description = "The event's number"), LimitParams),
    responses((status = 200, description = "The entries", body = Vec<Object>),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn of_event(
    Shared(state): Shared<State>,
    Path(id): Id,
    Query(params): Query<LimitParams>,
) -> Result<Response, Problem> {
    entries(state, Some(id), params.limit).await
}

async fn entries(
    state: State,
    event: Option<i64>,
    limit: Option<usize>,
) -> Result<Response, Problem> {
    let limit = limit.unwrap_or(1000).min(MOST_ENTRIES);
    state
        .work(move |state| {
            let found = state.archive.ledger_entries(event, limit)?;
            if let (Some(id), true) = (event, found.is_empty()) {
                // An event that never was is an error; one without entries has none.
                state.archive.event(id)?;
            }
            super::json(&found.iter().map(shown).collect::<Vec<_>>())
        })
        .await
}

/// An entry as it is handed out: as [`super::review::shown`], without the paths that the files of an
/// adopted run have on the machine that serves. Its leaf is that of the line in the ledger, which has
/// them.
fn shown(entry: &LedgerEntry) -> Value {
    let mut document = json!(entry);
    if let Some(files) = document.get_mut("files").and_then(Value::as_object_mut) {
        let of = std::mem::take(files);
        files.extend(of.into_iter().map(|(path, hash)| (file_name(&path).to_owned(), hash)));
    }
    if let Some(facts) = document.get_mut("facts") {
        shown_stream(facts);
    }
    document
}

/// A proof of what the ledger has of an event, which is checked without the archive: a zip archive, by
/// the head of this moment, which nobody signed.
#[utoipa::path(get, path = "/api/v1/events/{id}/proof.zip", tag = "ledger", params(("id" = i64, Path, description = "The event's number")),
    responses((status = 200, description = "The proof", body = Vec<u8>, content_type = "application/zip"),
        (status = 409, description = "It is an adopted run", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn proof(Shared(state): Shared<State>, Path(id): Id) -> Result<Response, Problem> {
    state
        .work(move |state| {
            let proof = state.archive.prove(id, None)?;
            let is_run = proof.entries.iter().any(|entry| {
                Entry::parse(entry.text.as_bytes()).is_ok_and(|entry| entry.action == Action::Adopt)
            });
            if is_run {
                let detail = "the entries of a run say where its files are on this machine: \
                    `wavekeep prove` makes its proof there";
                return Err(Problem::new(StatusCode::CONFLICT, "adopted", detail));
            }
            let mut bytes = Cursor::new(Vec::new());
            proof.write(&mut bytes).map_err(|error| Problem::internal(&error))?;
            let mut response = answer("application/zip", bytes.into_inner());
            let name = format!("{}-proof.zip", proof.event.filename);
            response.headers_mut().insert(CONTENT_DISPOSITION, attachment(&name));
            Ok(response)
        })
        .await
}

/// Why an event is let go of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// It stands in the ledger.
    reason: String,
}

/// Lets go of an event that is lost: it is looked for no longer, and its number is never given to
/// another one. 409 when its files are there.
#[utoipa::path(post, path = "/api/v1/events/{id}/forget", tag = "ledger", params(("id" = i64, Path, description = "The event's number")),
    request_body = Reason,
    responses((status = 200, description = "The entry of the ledger", body = Object),
        (status = 409, description = "Its files are there", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused; nothing was changed", body = Problem, content_type = "application/problem+json")))]
pub async fn forget(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Path(id): Id,
    Json(body): Json<Reason>,
) -> Result<Response, Problem> {
    let who = who(&state, &caller);
    let_go(state, id, body, who, |state, id, reason, who| state.archive.forget(id, reason, who))
        .await
}

/// Takes an event out of the archive: its files are kept until they are purged, its entries in the ledger
/// stay.
#[utoipa::path(post, path = "/api/v1/events/{id}/remove", tag = "ledger", params(("id" = i64, Path, description = "The event's number")),
    request_body = Reason,
    responses((status = 200, description = "The entry of the ledger", body = Object),
        (status = "4XX", description = "Refused; nothing was changed", body = Problem, content_type = "application/problem+json")))]
pub async fn remove(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Path(id): Id,
    Json(body): Json<Reason>,
) -> Result<Response, Problem> {
    let who = who(&state, &caller);
    let_go(state, id, body, who, |state, id, reason, who| {
        state.archive.remove_event_to(&state.archive.aside_for_removal(), id, reason, who)
    })
    .await
}

async fn let_go(
    state: State,
    id: i64,
    body: Reason,
    who: Actor,
    how: fn(&Inside, i64, &str, Actor) -> Result<EventRow, ArchiveError>,
) -> Result<Response, Problem> {
    state
        .write(move |state| {
            how(state, id, &body.reason, who)?;
            let entry = state.archive.ledger_entries(Some(id), 1)?;
            super::json(&entry.first().map(shown))
        })
        .await
}
