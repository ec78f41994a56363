//! Alarm levels.

use axum::Extension;
use axum::extract::State as Shared;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use wavekeep_archive::{Level, LevelPlace, SetLevel};
use wavekeep_core::UnitLocal;

use super::review::who;
use crate::auth::Caller;
use crate::extract::{Json, Query};
use crate::problem::Problem;
use crate::state::State;

/// Which levels.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct LevelParams {
    /// Those too that were replaced or have ended.
    all: bool,
}

/// The alarm levels that are in force now; of the whole archive and of what the caller may see.
#[utoipa::path(get, path = "/api/v1/levels", tag = "levels", params(LevelParams),
    responses((status = 200, description = "`levels`, and `not_understood`: entries of the ledger with levels that this version cannot read", body = Object),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Query(params): Query<LevelParams>,
) -> Result<Response, Problem> {
    state
        .work(move |state| {
            let levels = state.archive.levels()?;
            let now = levels.now(UnitLocal(jiff::Zoned::now().datetime()));
            let shown = match params.all {
                true => levels.all().iter().collect(),
                false => now.clone(),
            };
            let shown: Vec<Value> = shown
                .into_iter()
                .filter(|set| may_see(&caller, &set.level.place))
                .map(|set| {
                    let mut document = json!(set);
                    document["in_force"] = now.iter().any(|of| of.entry == set.entry).into();
                    document
                })
                .collect();
            super::json(&json!({ "levels": shown, "not_understood": levels.not_understood() }))
        })
        .await
}

/// Whether a level is of events that the caller may see, or of all.
fn may_see(caller: &Caller, place: &LevelPlace) -> bool {
    let Some(scope) = &caller.scope else { return true };
    let names_none = *place == LevelPlace::default();
    let has =
        |all: &[String], name: &Option<String>| name.as_ref().is_some_and(|of| all.contains(of));
    names_none || has(&scope.projects, &place.project) || has(&scope.units, &place.serial)
}

/// A level as it is set: see docs/levels.md.
#[derive(Debug, Deserialize, ToSchema)]
#[allow(dead_code, reason = "the archive reads the document itself; this says what it may hold")]
pub struct LevelBody {
    /// `project`, `location` and `serial`: the events that have all that are given; none is the whole archive.
    #[serde(rename = "for")]
    #[schema(value_type = Object)]
    place: Value,
    /// From this unit-local time on; without it, always.
    from: Option<String>,
    /// Only at these hours of the day, unit-local: `22:00-06:00`.
    hours: Option<String>,
    /// The limit for the ground: `curve` (its id), `own` (the text of a file of curves that has it),
    /// `distance_ft`, `warning_percent` (80).
    #[schema(value_type = Option<Object>)]
    ground: Option<Value>,
    /// The limit for the air, likewise.
    #[schema(value_type = Option<Object>)]
    air: Option<Value>,
    /// `ground`, `air`: the limits of this place and these hours that end.
    ends: Option<Vec<String>>,
    /// Why: a permit, a letter.
    reason: Option<String>,
}

/// Sets or ends an alarm level. The events that it is about are judged again.
#[utoipa::path(post, path = "/api/v1/levels", tag = "levels", request_body = LevelBody,
    responses((status = 200, description = "The level as it was set", body = Object),
        (status = "4XX", description = "Refused; nothing was set", body = Problem, content_type = "application/problem+json")))]
pub async fn set(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Json(body): Json<Value>,
) -> Result<Response, Problem> {
    let level: Level = serde_json::from_value(body)
        .map_err(|error| Problem::unprocessable("level", error.to_string()))?;
    if caller.scope.is_some() {
        let detail = "a token for a part of the archive cannot set levels";
        return Err(Problem::forbidden(detail));
    }
    let who = who(&state, &caller);
    state
        .write(move |state| {
            let set: SetLevel = state.archive.set_level(level, who)?;
            super::json(&set)
        })
        .await
}
