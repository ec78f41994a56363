//! What people say of events.

use axum::Extension;
use axum::extract::State as Shared;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use wavekeep_archive::{Actor, PatchOptions, Query as ArchiveQuery, Sidecar, Sort, SortKey};

use super::Id;
use crate::auth::Caller;
use crate::extract::{Filters, Json, Path, Query, object, optional};
use crate::problem::Problem;
use crate::state::State;

/// Events that one request may review.
const MOST_REVIEWED: u64 = 10_000;

/// Who changes something: the token's name, or the user of the machine that serves, and the address of
/// the connection. What a request says of it is not used.
pub fn who(state: &State, caller: &Caller) -> Actor {
    let name = caller.name.clone().unwrap_or_else(|| state.access.machine_user.clone());
    Actor::at(name, caller.address.as_str())
}

/// The sidecar of an event.
#[utoipa::path(get, path = "/api/v1/events/{id}/sidecar", tag = "review", params(("id" = i64, Path, description = "The event's number")),
    responses((status = 200, description = "The sidecar", body = Object),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn sidecar(Shared(state): Shared<State>, Path(id): Id) -> Result<Response, Problem> {
    state.work(move |state| super::json(&shown(state.archive.sidecar(id)?))).await
}

/// A sidecar as it is handed out: without the paths that the files of an adopted run have on the
/// machine that serves.
pub fn shown(sidecar: Sidecar) -> Value {
    let mut document = sidecar.into_value();
    shown_stream(&mut document);
    document
}

/// Takes the folders out of the paths in the block `stream` of a document.
pub fn shown_stream(document: &mut Value) {
    for list in ["pieces", "beside"] {
        let files = document.pointer_mut(&format!("/stream/{list}")).and_then(Value::as_array_mut);
        for file in files.into_iter().flatten() {
            if let Some(path) = file.get("path").and_then(Value::as_str) {
                file["path"] = file_name(path).into();
            }
        }
    }
}

/// The last part of a path, of whatever system; all of one that leads nowhere outside.
pub fn file_name(path: &str) -> &str {
    let is_outside = path.starts_with(['/', '\\']) || path.contains(':');
    match is_outside {
        true => path.rsplit(['/', '\\']).next().unwrap_or_default(),
        false => path,
    }
}

/// Patches a sidecar and answers with it.
///
/// # Errors
/// When the patch may not.
pub async fn patched(
    state: State,
    id: i64,
    patch: Value,
    caller: &Caller,
) -> Result<Response, Problem> {
    let who = who(&state, caller);
    stays_in_scope(caller, &patch)?;
    state
        .write(move |state| {
            let patch = signed(patch, &who.name);
            let sidecar = state.archive.patch_sidecar(id, &patch, who, PatchOptions::default())?;
            super::json(&shown(sidecar))
        })
        .await
}

/// What a review may say; further members are kept.
#[derive(Debug, Deserialize, ToSchema)]
#[allow(dead_code, reason = "the archive checks the document itself; this says what it may hold")]
pub struct ReviewPatch {
    /// Whether the event is no event; null takes it away.
    pub false_trigger: Option<bool>,
    /// Null takes the reviewer away. Any other value is replaced by the token's name, or by that of
    /// the user of the machine.
    pub reviewer: Option<String>,
    /// Free text; null takes it away.
    pub notes: Option<String>,
    /// Texts that replace those of the unit, by the names `project`, `client`, `operator` and `location`:
    /// an empty text says that there is none, null takes the correction away. Alone they are no review:
    /// `reviewer` and `reviewed_at` stay.
    #[schema(value_type = Option<Object>)]
    pub corrections: Option<Value>,
}

/// A patch whose review carries the name of the one who gives it. Who reviewed and when is not a
/// matter of what a request says; null takes either away.
fn signed(mut patch: Value, who: &str) -> Value {
    let review = patch.get_mut("review").and_then(Value::as_object_mut);
    // Who corrects a note has not looked at the event.
    if let Some(review) = review.filter(|review| !review.keys().eq(["corrections"])) {
        review.retain(|name, value| name != "reviewed_at" || value.is_null());
        if review.get("reviewer").is_none_or(|reviewer| !reviewer.is_null()) {
            review.insert("reviewer".to_owned(), who.into());
        }
    }
    patch
}

/// Who may see a part of the archive alone does not say what is of which part.
fn stays_in_scope(caller: &Caller, patch: &Value) -> Result<(), Problem> {
    match caller.scope.is_some() && patch.pointer("/review/corrections/project").is_some() {
        true => Err(Problem::forbidden(
            "a token for a part of the archive cannot change the project of an event",
        )),
        false => Ok(()),
    }
}

/// As [`stays_in_scope`], of the last changes of events, which are about to be undone.
fn undo_stays_in_scope(state: &State, caller: &Caller, ids: &[i64]) -> Result<(), Problem> {
    if caller.scope.is_none() {
        return Ok(());
    }
    for &id in ids {
        for entry in state.archive.review_log(Some(id), 1)? {
            let project = "/review/corrections/project";
            if entry.before.pointer(project) != entry.after.pointer(project) {
                return Err(Problem::forbidden(
                    "a token for a part of the archive cannot undo a correction of the project",
                ));
            }
        }
    }
    Ok(())
}

/// The unit that an event is of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitOfEvent {
    /// Serial number of the unit.
    serial: String,
    /// Why, recorded in the ledger.
    reason: String,
}

/// Moves an event to another unit, with all of its files. Its number and its reviews stay.
#[utoipa::path(post, path = "/api/v1/events/{id}/unit", tag = "review", params(("id" = i64, Path, description = "The event's number")),
    request_body = UnitOfEvent,
    responses((status = 200, description = "The event as it is now", body = Object),
        (status = "4XX", description = "Refused; nothing was changed", body = Problem, content_type = "application/problem+json")))]
pub async fn unit(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Path(id): Id,
    Json(body): Json<UnitOfEvent>,
) -> Result<Response, Problem> {
    if caller.scope.is_some() {
        return Err(Problem::forbidden(
            "a token for a part of the archive cannot move an event to another unit",
        ));
    }
    let who = who(&state, &caller);
    state
        .write(move |state| {
            state.archive.move_to_unit(id, &body.serial, &body.reason, who)?;
            super::json(&state.archive.event(id)?)
        })
        .await
}

/// Reviews an event: a JSON merge patch (RFC 7396) of the sidecar's `review`.
#[utoipa::path(patch, path = "/api/v1/events/{id}/review", tag = "review", params(("id" = i64, Path, description = "The event's number")),
    request_body(content((ReviewPatch = "application/merge-patch+json"), (ReviewPatch = "application/json"))),
    responses((status = 200, description = "The sidecar as it is now", body = Object),
        (status = "4XX", description = "Refused; nothing was changed", body = Problem, content_type = "application/problem+json")))]
pub async fn review(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Path(id): Id,
    Json(patch): Json<Value>,
) -> Result<Response, Problem> {
    patched(state, id, json!({ "review": patch }), &caller).await
}

/// Takes the last change of an event's review back.
#[utoipa::path(post, path = "/api/v1/events/{id}/undo", tag = "review", params(("id" = i64, Path, description = "The event's number")),
    responses((status = 200, description = "The sidecar as it is now", body = Object),
        (status = "4XX", description = "Refused; nothing was changed", body = Problem, content_type = "application/problem+json")))]
pub async fn undo(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Path(id): Id,
) -> Result<Response, Problem> {
    let who = who(&state, &caller);
    state
        .write(move |state| {
            undo_stays_in_scope(state, &caller, &[id])?;
            super::json(&shown(state.archive.undo(id, who)?))
        })
        .await
}

/// How much of a log.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct LogParams {
    /// At most so many entries; without it, 1000.
    #[serde(deserialize_with = "optional")]
    #[param(minimum = 0, maximum = 10000)]
    limit: Option<usize>,
}

/// Who changed what of an event, the latest first.
#[utoipa::path(get, path = "/api/v1/events/{id}/log", tag = "review", params(("id" = i64, Path, description = "The event's number"), LogParams),
    responses((status = 200, description = "The changes", body = Vec<Object>),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn log(
    Shared(state): Shared<State>,
    Path(id): Id,
    Query(params): Query<LogParams>,
) -> Result<Response, Problem> {
    let limit = params.limit.unwrap_or(1000).min(10_000);
    state
        .work(move |state| {
            state.archive.event(id)?;
            super::json(&state.archive.review_log(Some(id), limit)?)
        })
        .await
}

/// Which events are reviewed together, and how.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkReview {
    /// Filters as in `GET /events`, as an object; an empty one is all events.
    #[serde(rename = "where")]
    #[schema(value_type = Option<Object>)]
    filter: Option<serde_json::Map<String, Value>>,
    /// Numbers of events. With `where`, those of them that match; one of the two has to be there.
    ids: Option<Vec<i64>>,
    /// What is said of all of them.
    #[schema(value_type = ReviewPatch)]
    patch: Value,
    /// Changes nothing, and names the events.
    #[serde(default)]
    dry_run: bool,
}

/// The filters of a body. A name that is not one must not be taken for "all".
fn filters_of(filter: serde_json::Map<String, Value>) -> Result<Filters, Problem> {
    const NAMES: [&str; 18] = [
        "serial",
        "project",
        "location",
        "kind",
        "from",
        "to",
        "min_ppv_in_s",
        "max_ppv_in_s",
        "false_trigger",
        "reviewed",
        "verdict",
        "air_verdict",
        "damaged",
        "saturated",
        "has_report",
        "without",
        "imported_since",
        "text",
    ];
    let mut texts = serde_json::Map::new();
    for (name, value) in filter {
        if !NAMES.contains(&name.as_str()) {
            let detail = format!("{name:?} is no filter; known are {}", NAMES.join(", "));
            return Err(Problem::unprocessable("filter", detail));
        }
        match value {
            Value::Null => {}
            Value::String(text) => drop(texts.insert(name, text.into())),
            Value::Bool(_) | Value::Number(_) => drop(texts.insert(name, value.to_string().into())),
            Value::Array(_) | Value::Object(_) => {
                let detail = format!("the filter {name:?} is a text, a number, true or false");
                return Err(Problem::unprocessable("filter", detail));
            }
        }
    }
    object(Value::Object(texts))
}

/// Which events a request for several is about, at most [`MOST_REVIEWED`]: those that the caller may see.
fn events_of(state: &State, query: ArchiveQuery) -> Result<Vec<i64>, Problem> {
    let sort = Sort { key: SortKey::Id, descending: false };
    let query = query.with_sort(sort).with_limit(Some(MOST_REVIEWED as usize));
    let page = state.archive.query(&query)?;
    if page.total > MOST_REVIEWED {
        let detail = format!(
            "{} events match: at most {MOST_REVIEWED} are reviewed at a time, narrow the filters",
            page.total
        );
        return Err(Problem::unprocessable("too_many", detail));
    }
    Ok(page.events.iter().map(|event| event.id).collect())
}

/// Reviews all events that the filters let through, or those that are named, each with an entry of its own in
/// the log.
#[utoipa::path(post, path = "/api/v1/review", tag = "review", request_body = BulkReview,
    responses((status = 200, description = "How many there were, and how many were changed; of a dry run also `ids`", body = Object),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn bulk(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Json(body): Json<BulkReview>,
) -> Result<Response, Problem> {
    if body.filter.is_none() && body.ids.is_none() {
        let detail = "`where` or `ids` has to state which events; `\"where\": {}` is all of them";
        return Err(Problem::unprocessable("filter", detail));
    }
    let who = who(&state, &caller);
    let query = filters_of(body.filter.unwrap_or_default())?.query(&caller).with_ids(body.ids);
    let patch = json!({ "review": body.patch });
    stays_in_scope(&caller, &patch)?;
    let patch = signed(patch, &who.name);
    let dry_run = body.dry_run;
    state
        .write(move |state| {
            let ids = events_of(state, query)?;
            let matched = ids.len();
            if dry_run {
                let dry = json!({ "matched": matched, "changed": 0, "dry_run": true, "ids": ids });
                return super::json(&dry);
            }
            let (mut changed, mut failed) = (0, None);
            let options = PatchOptions::default();
            state.archive.patch_together(&ids, &patch, who, options, &mut |_, made| match made {
                Ok(_) => changed += 1,
                Err(error) => failed = failed.take().or(Some(error)),
            });
            if let Some(error) = failed {
                return Err(error.into());
            }
            super::json(&json!({ "matched": matched, "changed": changed, "dry_run": false }))
        })
        .await
}

/// Of which events the last review together is undone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkUndo {
    /// Numbers of events.
    ids: Vec<i64>,
}

/// Undoes the latest review of several events together: of those among `ids` that were part of it. An event
/// that was changed again since stays as it is.
#[utoipa::path(post, path = "/api/v1/review/undo", tag = "review", request_body = BulkUndo,
    responses((status = 200, description = "`undone`, and `not_undone` with the `id` and the `detail` of each", body = Object),
        (status = "4XX", description = "Refused; nothing was changed", body = Problem, content_type = "application/problem+json")))]
pub async fn undo_bulk(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Json(body): Json<BulkUndo>,
) -> Result<Response, Problem> {
    let who = who(&state, &caller);
    let query = Filters::default().query(&caller).with_ids(Some(body.ids));
    state
        .write(move |state| {
            let ids = events_of(state, query)?;
            undo_stays_in_scope(state, &caller, &ids)?;
            let (mut undone, mut not_undone) = (0, Vec::new());
            state.archive.undo_together(&ids, who, &mut |id, made| match made {
                Ok(_) => undone += 1,
                Err(error) => not_undone.push(json!({ "id": id, "detail": error.to_string() })),
            })?;
            super::json(&json!({ "undone": undone, "not_undone": not_undone }))
        })
        .await
}
