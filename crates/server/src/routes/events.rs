//! Events: lists, one of them, its plot.

use std::str::FromStr;

use axum::Extension;
use axum::extract::State as Shared;
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use wavekeep_archive::Query as ArchiveQuery;
use wavekeep_signal::{DEFAULT_CURVE, MotionQuantity};

use super::review::shown;
use super::{Id, accepted, answer};
use crate::arrow::ARROW;
use crate::auth::Caller;
use crate::cache::PlotKey;
use crate::extract::{Filters, Paging, Path, Query, optional};
use crate::plot;
use crate::problem::Problem;
use crate::quantity::QuantityParams;
use crate::state::State;

/// Events that the filters let through.
#[utoipa::path(get, path = "/api/v1/events", tag = "events", params(Filters, Paging, ListForm),
    responses((status = 200, description = "A page of events", content((Object = "application/json"), (Vec<u8> = "application/vnd.apache.arrow.stream"))),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Query(filters): Query<Filters>,
    Query(paging): Query<Paging>,
    Query(form): Query<ListForm>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if form.is_arrow(&headers)? {
        let query = paging.of_arrow(filters.query(&caller))?;
        return state.work(move |state| arrow(state, &query)).await;
    }
    let query = paging.of(filters.query(&caller))?;
    state
        .work(move |state| {
            let page = state.archive.query(&query)?;
            super::json(&json!({
                "total": page.total,
                "limit": query.limit,
                "offset": query.offset,
                "count": page.events.len(),
                "events": page.events,
            }))
        })
        .await
}

/// In what form a list is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ListForm {
    /// `json` or `arrow`; without it, what `Accept` says.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<ListWord>)]
    pub format: Option<ListWord>,
}

/// The forms of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum ListWord {
    /// `application/json`.
    Json,
    /// `application/vnd.apache.arrow.stream`.
    Arrow,
}

impl FromStr for ListWord {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "json" => Ok(Self::Json),
            "arrow" => Ok(Self::Arrow),
            _ => Err("json or arrow was expected"),
        }
    }
}

impl ListForm {
    fn is_arrow(&self, headers: &HeaderMap) -> Result<bool, Problem> {
        Ok(match self.format {
            Some(word) => word == ListWord::Arrow,
            None => accepted(headers, &["application/json", ARROW])? == ARROW,
        })
    }
}

fn arrow(state: &State, query: &ArchiveQuery) -> Result<Response, Problem> {
    let mut bytes = Vec::new();
    state.archive.query_arrow(query, &mut bytes)?;
    Ok(answer(ARROW, bytes))
}

/// One event: its row, its sidecar, what is measured of it and what was survived in reading it.
#[utoipa::path(get, path = "/api/v1/events/{id}", tag = "events", params(("id" = i64, Path, description = "The event's number")),
    responses((status = 200, description = "The event", body = Object),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn one(Shared(state): Shared<State>, Path(id): Id) -> Result<Response, Problem> {
    state
        .work(move |state| {
            let event = state.archive.event(id)?;
            let sidecar = shown(state.archive.sidecar(id)?);
            // What cannot be decoded any more is shown all the same, with the reason.
            let (measurements, notes, undecoded) = match state.decoded(id) {
                Ok(decoded) => {
                    (json!(decoded.measured), json!(decoded.recording.report.notes()), Value::Null)
                }
                Err(problem) => (Value::Null, json!([]), json!(problem.detail)),
            };
            super::json(&json!({
                "event": event,
                "sidecar": sidecar,
                "measurements": measurements,
                "notes": notes,
                "not_decoded": undecoded,
                "curves_hint": [DEFAULT_CURVE],
            }))
        })
        .await
}

/// How a plot is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PlotParams {
    /// At most so many numbers a channel: pairs of the smallest and the largest value where there
    /// are more samples. Without it, every sample.
    #[serde(deserialize_with = "optional")]
    #[param(minimum = 2, maximum = 1_000_000)]
    pub points: Option<usize>,
}

/// Checks a number of points.
///
/// # Errors
/// When no drawing could be made of it.
pub fn checked_points(points: Option<usize>) -> Result<Option<usize>, Problem> {
    match points {
        Some(points) if !(2..=1_000_000).contains(&points) => {
            let detail = format!("points is {points}: 2 to 1000000 were expected");
            Err(Problem::unprocessable("points", detail))
        }
        points => Ok(points),
    }
}

/// The plot document `sfm.plot.v1`: samples in in/s and psi, missing ones null, peaks with flags; of
/// another quantity than the velocity those of the geophones, with the word of the `quantity`.
#[utoipa::path(get, path = "/api/v1/events/{id}/plot", tag = "events", params(("id" = i64, Path, description = "The event's number"), PlotParams, QuantityParams),
    responses((status = 200, description = "The plot", body = Object),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn plot(
    Shared(state): Shared<State>,
    Path(id): Id,
    Query(params): Query<PlotParams>,
    Query(quantity): Query<QuantityParams>,
) -> Result<Response, Problem> {
    plot_of(state, id, checked_points(params.points)?, quantity.computed()).await
}

/// The plot document of an event.
///
/// # Errors
/// When there is no such event, it cannot be decoded, or it has no traces of the quantity.
pub async fn plot_of(
    state: State,
    id: i64,
    points: Option<usize>,
    quantity: Option<MotionQuantity>,
) -> Result<Response, Problem> {
    state
        .work(move |state| {
            let changed = state.archive.event(id)?.changed;
            let key = PlotKey { id, changed, points, quantity };
            if let Some(plot) = state.cache.plot(&key) {
                return Ok(answer("application/json", plot));
            }
            let decoded = state.decoded_as(id, quantity)?;
            let plot = plot::document(&decoded.recording, &decoded.measured, points, quantity);
            let plot = Bytes::from(plot.map_err(|error| Problem::internal(&error))?);
            state.cache.keep_plot(key, plot.clone());
            Ok(answer("application/json", plot))
        })
        .await
}
