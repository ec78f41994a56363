//! What is known of a unit.

use axum::Extension;
use axum::extract::State as Shared;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;
use wavekeep_archive::UnitOptions;
use wavekeep_core::DayOrMoment;

use crate::auth::Caller;
use crate::extract::{Path, Query, optional};
use crate::problem::Problem;
use crate::state::State;

/// Months between calibrations, at most.
const MOST_MONTHS: u32 = 600;

/// How a unit is looked at.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct UnitParams {
    /// The last of the 90 days; without it, today by the server's clock.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<String>, example = "2026-06-30")]
    to: Option<DayOrMoment>,
    /// Months after which a unit is calibrated again; without it, 12.
    #[serde(deserialize_with = "optional")]
    #[param(minimum = 1, maximum = 600)]
    calibration_months: Option<u32>,
}

/// What is known of a unit, each fact with the event and the time that it is from: battery, calibration,
/// firmware, last contact, when it monitored, its events day by day, faults, events that came from another
/// unit. What no source states is null.
#[utoipa::path(get, path = "/api/v1/units/{serial}", tag = "summaries",
    params(("serial" = String, Path, description = "The unit's serial number"), UnitParams),
    responses((status = 200, description = "The unit", body = Object),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn one(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Path(serial): Path<String>,
    Query(params): Query<UnitParams>,
) -> Result<Response, Problem> {
    let to = params.to.map_or_else(|| jiff::Zoned::now().date(), |to| to.first().0.date());
    let mut options = UnitOptions::to(to).with_scope(caller.scope);
    if let Some(months) = params.calibration_months {
        if !(1..=MOST_MONTHS).contains(&months) {
            let detail = format!("calibration_months is {months}: expected 1 to {MOST_MONTHS}");
            return Err(Problem::unprocessable("calibration_months", detail));
        }
        options = options.with_calibration_months(months);
    }
    state
        .work(move |state| match state.archive.unit(&serial, &options)? {
            Some(unit) => super::json(&unit),
            None => Err(Problem::not_found(format!("there is no event of a unit {serial:?}"))),
        })
        .await
}
