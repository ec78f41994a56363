//! Plans: pictures, and where locations are on them.

use std::collections::BTreeSet;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY};
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use wavekeep_archive::{Plan, PlanChange, Plans, Query as ArchiveQuery};

use super::review::who;
use crate::auth::Caller;
use crate::extract::{Json, Path, Query, optional};
use crate::problem::Problem;
use crate::state::State;

/// Changes of plans in an answer, the latest.
const MOST_CHANGES: usize = 200;

/// Bytes of a picture in a request: somewhat more than an archive takes, which says why it refuses.
pub const MOST_BYTES: usize = 17 << 20;
/// Memory for a picture and for an SVG that is drawn.
const WORK_BYTES: u64 = 64 << 20;

/// Of which plan.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PlanOf {
    /// The project; without it, the plan of the whole archive.
    #[serde(deserialize_with = "optional")]
    project: Option<String>,
}

/// A picture that is set.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PlanName {
    /// The name of its file.
    #[serde(deserialize_with = "optional")]
    name: Option<String>,
}

/// The plans that the caller may see, with the locations on them, and the latest changes. The plan of the
/// whole archive is shown to those alone who may see all of it.
#[utoipa::path(get, path = "/api/v1/plans", tag = "plans",
    responses((status = 200, description = "`plans`, `history` (the latest change last), and `not_understood`: entries of the ledger with plans that this version cannot read", body = Object),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Problem> {
    state
        .work(move |state| {
            let all = state.archive.plans()?;
            let mut plans: Vec<Plan> = Vec::new();
            for plan in all.plans.iter().filter(|plan| may_see(&caller, plan.project.as_deref())) {
                plans.push(plan.clone());
            }
            let history: Vec<&PlanChange> = all
                .history
                .iter()
                .filter(|change| may_see(&caller, change.project.as_deref()))
                .collect();
            let history = &history[history.len().saturating_sub(MOST_CHANGES)..];
            let not_understood = &all.not_understood;
            super::json(&json!({
                "plans": plans, "history": history, "not_understood": not_understood,
            }))
        })
        .await
}

/// Whether a plan is of what the caller may see.
fn may_see(caller: &Caller, project: Option<&str>) -> bool {
    caller.scope.as_ref().is_none_or(|scope| {
        project.is_some_and(|project| scope.projects.iter().any(|of| of == project))
    })
}

fn check(caller: &Caller, project: Option<&str>) -> Result<(), Problem> {
    match may_see(caller, project) {
        true => Ok(()),
        false => Err(Problem::forbidden("the token is not for this project's plan")),
    }
}

/// A picture of a plan: PNG or JPEG.
#[utoipa::path(get, path = "/api/v1/plans/pictures/{sha256}", tag = "plans",
    params(("sha256" = String, Path, description = "SHA-256 of the picture, as the list of plans has it")),
    responses((status = 200, description = "The picture", content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"))),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn picture(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Path(sha256): Path<String>,
) -> Result<Response, Problem> {
    let (media_type, bytes) = state
        .work(move |state| {
            let none = || Problem::not_found("there is no picture of a plan with this SHA-256");
            let plans = state.archive.plans()?;
            let projects = projects_with(&plans, &sha256);
            if !projects.iter().any(|project| may_see(&caller, project.as_deref())) {
                return Err(none());
            }
            let (picture, bytes) = state.archive.plan_picture(&sha256)?.ok_or_else(none)?;
            let media_type = match picture.media_type.as_str() {
                "image/jpeg" => "image/jpeg",
                _ => "image/png",
            };
            Ok((media_type, bytes))
        })
        .await?;
    let mut response = super::answer(media_type, bytes);
    let headers = response.headers_mut();
    // The address names the content.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, max-age=86400, immutable"));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("inline; filename=\"plan\""));
    headers
        .insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    Ok(response)
}

/// The projects whose plan has or had a picture.
fn projects_with(plans: &Plans, sha256: &str) -> BTreeSet<Option<String>> {
    let of = plans
        .history
        .iter()
        .filter(|change| change.picture().is_some_and(|picture| picture.sha256 == sha256));
    of.map(|change| change.project.clone()).collect()
}

/// Sets the picture of a plan: the body is a PNG, JPEG or SVG picture. An SVG is drawn and kept as PNG.
/// Locations stay where they were placed, and are marked as placed on another picture.
#[utoipa::path(put, path = "/api/v1/plans", tag = "plans", params(PlanOf, PlanName),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, description = "The change", body = Object),
        (status = "4XX", description = "Refused; nothing was set", body = Problem, content_type = "application/problem+json")))]
pub async fn set(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Query(of): Query<PlanOf>,
    Query(named): Query<PlanName>,
    body: Bytes,
) -> Result<Response, Problem> {
    check(&caller, of.project.as_deref())?;
    let who = who(&state, &caller);
    state
        .write_bytes(WORK_BYTES, move |state| {
            let picture = wavekeep_report::plan_picture(body.to_vec())
                .map_err(|error| Problem::unprocessable("plan", error.to_string()))?;
            let project = of.project.as_deref();
            let archive = &state.archive;
            super::json(&archive.set_plan(project, &picture, named.name.as_deref(), who)?)
        })
        .await
}

/// Takes a plan away. Its picture is kept: undoing this brings it back.
#[utoipa::path(delete, path = "/api/v1/plans", tag = "plans", params(PlanOf),
    responses((status = 200, description = "The change", body = Object),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn remove(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Query(of): Query<PlanOf>,
) -> Result<Response, Problem> {
    check(&caller, of.project.as_deref())?;
    let who = who(&state, &caller);
    state
        .write(move |state| super::json(&state.archive.remove_plan(of.project.as_deref(), who)?))
        .await
}

/// A location on a plan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceBody {
    /// The project of the plan; without it, the plan of the whole archive.
    #[serde(default)]
    project: Option<String>,
    /// The location, as written or corrected.
    location: String,
    /// Shares of the picture's width and height, from its left and upper edge; null takes it off.
    #[schema(value_type = Option<Vec<f64>>, example = json!([0.42, 0.31]))]
    place: Option<[f64; 2]>,
}

/// Places a location on a plan, or takes it off.
#[utoipa::path(post, path = "/api/v1/plans/places", tag = "plans", request_body = PlaceBody,
    responses((status = 200, description = "The change", body = Object),
        (status = "4XX", description = "Refused; nothing was placed", body = Problem, content_type = "application/problem+json")))]
pub async fn place(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Json(body): Json<PlaceBody>,
) -> Result<Response, Problem> {
    check(&caller, body.project.as_deref())?;
    let who = who(&state, &caller);
    state
        .write(move |state| {
            let PlaceBody { project, location, place } = body;
            let archive = &state.archive;
            // A slip of the pen would be a place of nothing.
            let of_location = ArchiveQuery::default()
                .with_scope(caller.scope.clone())
                .with_location(Some(location.clone()))
                .with_limit(Some(0));
            if place.is_some() && archive.query(&of_location)?.total == 0 {
                let detail = format!("no event is of the location {location:?}");
                return Err(Problem::unprocessable("location", detail));
            }
            super::json(&archive.place_location(project.as_deref(), &location, place, who)?)
        })
        .await
}

/// A change that is taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UndoBody {
    /// Its entry in the ledger.
    entry: u64,
}

/// Takes the last change of a plan's picture or of a place back: what was before it is in force again.
#[utoipa::path(post, path = "/api/v1/plans/undo", tag = "plans", request_body = UndoBody,
    responses((status = 200, description = "The change that took it back", body = Object),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn undo(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Json(body): Json<UndoBody>,
) -> Result<Response, Problem> {
    let who = who(&state, &caller);
    state
        .write(move |state| {
            let plans = state.archive.plans()?;
            let change = plans.history.iter().find(|change| change.entry == body.entry);
            let project = change.and_then(|change| change.project.as_deref());
            check(&caller, project)?;
            super::json(&state.archive.undo_plan(body.entry, who)?)
        })
        .await
}
