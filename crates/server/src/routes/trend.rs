//! What was measured day by day.

use axum::Extension;
use axum::extract::State as Shared;
use axum::response::Response;

use crate::auth::Caller;
use crate::extract::{Filters, Query};
use crate::problem::Problem;
use crate::state::State;

/// The largest values, the number of events and the verdicts of each day by the units' clocks, when units are
/// known to have monitored, and the levels in force. Days without events are not in the list, unless it is
/// known that a unit monitored.
#[utoipa::path(get, path = "/api/v1/trend", tag = "summaries", params(Filters),
    responses((status = 200, description = "The days", body = Object),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn trend(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Query(filters): Query<Filters>,
) -> Result<Response, Problem> {
    let query = filters.query(&caller);
    state.work(move |state| super::json(&state.archive.trend(&query)?)).await
}
