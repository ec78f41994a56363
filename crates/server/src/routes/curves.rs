//! Limit curves, and what they say of an event.

use axum::extract::State as Shared;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;
use wavekeep_core::{Quantity, Unit};
use wavekeep_signal::{Curve, DEFAULT_CURVE, Outcome};

use super::Id;
use crate::extract::{Path, Query, finite, optional};
use crate::problem::Problem;
use crate::state::State;

/// The range of the instruments, in which curves are drawn.
const DRAWN_HZ: (f64, f64) = (1.0, 100.0);

/// The limit curves that the program knows, with points for drawing.
#[utoipa::path(get, path = "/api/v1/curves", tag = "curves",
    responses((status = 200, description = "The curves", body = Vec<Object>)))]
pub async fn list() -> Result<Response, Problem> {
    let curves: Vec<Value> = Curve::all_built_in().iter().map(drawn).collect();
    super::json(&curves)
}

/// A curve and its line: (Hz, in/s) pairs of a curve over frequency, nothing for another rule.
fn drawn(curve: &Curve) -> Value {
    let mut value = json!(curve);
    let is_velocity = curve.unit.quantity() == Quantity::Velocity;
    let outline = curve.outline(DRAWN_HZ.0, DRAWN_HZ.1).into_iter();
    let points: Vec<[f64; 2]> = outline
        .filter_map(|(hz, limit)| Some([hz, curve.unit.convert(limit, Unit::InchPerSecond).ok()?]))
        .collect();
    value["points"] = json!(if is_velocity { points } else { Vec::new() });
    value["points_unit"] = json!(Unit::InchPerSecond);
    value
}

/// Which curve judges.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct VerdictParams {
    /// Id of the curve; without it, `usbm-drywall`.
    #[serde(deserialize_with = "optional")]
    pub curve: Option<String>,
    /// Distance to the blast in feet, for curves that go by it.
    #[serde(deserialize_with = "finite")]
    #[param(minimum = 0)]
    pub distance_ft: Option<f64>,
}

/// The curve that a request names.
///
/// # Errors
/// When there is none; the problem lists those that there are.
pub fn curve_of(id: Option<&str>) -> Result<&'static Curve, Problem> {
    let id = id.unwrap_or(DEFAULT_CURVE);
    Curve::built_in(id).ok_or_else(|| {
        let known: Vec<&str> =
            Curve::all_built_in().iter().map(|curve| curve.id.as_str()).collect();
        let detail = format!("there is no curve {id:?}; known are {}", known.join(", "));
        Problem::unprocessable("curve", detail)
    })
}

impl VerdictParams {
    /// Curve and distance.
    ///
    /// # Errors
    /// When either cannot be.
    pub fn checked(&self) -> Result<(&'static Curve, Option<f64>), Problem> {
        if self.distance_ft.is_some_and(|distance| distance < 0.0) {
            return Err(Problem::unprocessable("distance", "distance_ft must not be negative"));
        }
        Ok((curve_of(self.curve.as_deref())?, self.distance_ft))
    }
}

/// What a curve says of an event, in words, and what that rests on.
#[utoipa::path(get, path = "/api/v1/events/{id}/verdict", tag = "curves", params(("id" = i64, Path, description = "The event's number"), VerdictParams),
    responses((status = 200, description = "The verdict", body = Object),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn verdict(
    Shared(state): Shared<State>,
    Path(id): Id,
    Query(params): Query<VerdictParams>,
) -> Result<Response, Problem> {
    let (curve, distance_ft) = params.checked()?;
    state
        .work(move |state| {
            let decoded = state.decoded(id)?;
            let verdict = curve.judge(&decoded.measured, distance_ft);
            let mut value = json!(verdict);
            value["id"] = json!(id);
            value["outcome_words"] = json!(verdict.outcome.to_string());
            value["exceeds"] = json!(verdict.outcome == Outcome::Exceeds);
            value["words"] = json!(verdict.reason);
            value["judges"] = json!(curve.judges);
            value["remarks"] = json!(curve.remarks);
            super::json(&value)
        })
        .await
}
