//! The paths that existing watchers and dashboards speak.

use axum::Extension;
use axum::extract::State as Shared;
use axum::extract::multipart::{Multipart, MultipartRejection};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use wavekeep_archive::SourceKind;

use super::events::{ListForm, PlotParams, checked_points, plot_of};
use super::import::{ImportForm, ImportParams, import_of};
use super::review::{patched, who};
use super::{Id, events, files, review, summaries};
use crate::auth::Caller;
use crate::extract::{Filters, Json, Paging, Path, Query, optional};
use crate::problem::Problem;
use crate::quantity::QuantityParams;
use crate::state::State;
use crate::units::UnitParams;

macro_rules! same {
    ($($(#[$doc:meta])* $name:ident $path:literal, [$($params:tt)*], $body:ty, $media:literal =>
        |$($argument:ident: $type:ty),*| $call:expr;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(get, path = $path, tag = "existing clients", params($($params)*),
            responses((status = 200, description = "As the newer path", body = $body, content_type = $media),
                (status = "2XX", description = "A part of a file", body = $body, content_type = $media),
                (status = 304, description = "The client has it"),
                (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
        pub async fn $name($($argument: $type),*) -> Result<Response, Problem> {
            $call.await
        }
    )*};
}

type S = Shared<State>;
type C = Extension<Caller>;

same! {
    /// As `/api/v1/events`.
    list "/db/events", [Filters, Paging], Object, "application/json" =>
        |state: S, caller: C, filters: Query<Filters>, paging: Query<Paging>|
            events::list(state, caller, filters, paging, Query(ListForm::default()), HeaderMap::new());
    /// As `/api/v1/units`.
    units "/db/units", [summaries::OfUnit, summaries::Part], Vec<Object>, "application/json" =>
        |state: S, caller: C, unit: Query<summaries::OfUnit>, part: Query<summaries::Part>| summaries::units(state, caller, unit, part);
    /// As `/api/v1/sessions`.
    sessions "/db/sessions", [summaries::Period, summaries::Part], Vec<Object>, "application/json" =>
        |state: S, period: Query<summaries::Period>, part: Query<summaries::Part>| summaries::sessions(state, period, part);
    /// As `/api/v1/monitor_log`.
    monitor_log "/db/monitor_log", [summaries::OfUnit, summaries::Period, Paging], Object, "application/json" =>
        |state: S, unit: Query<summaries::OfUnit>, period: Query<summaries::Period>, paging: Query<Paging>|
            summaries::monitor_log(state, unit, period, paging);
    /// As `/api/v1/events/{id}/sidecar`.
    sidecar "/db/events/{id}/sidecar", [("id" = i64, Path, description = "The event's number")], Object, "application/json" =>
        |state: S, id: Id| review::sidecar(state, id);
    /// As `/api/v1/events/{id}/plot`.
    waveform "/db/events/{id}/waveform.json", [("id" = i64, Path, description = "The event's number"), PlotParams], Object, "application/json" =>
        |state: S, id: Id, params: Query<PlotParams>| events::plot(state, id, params, Query(QuantityParams::default()));
    /// As `/api/v1/events/{id}/report.pdf`.
    report_pdf "/db/events/{id}/report.pdf", [("id" = i64, Path, description = "The event's number"), files::PageParams, UnitParams], Vec<u8>, "application/pdf" =>
        |state: S, id: Id, params: Query<files::PageParams>, units: Query<UnitParams>| files::report_pdf(state, id, params, units);
    /// As `/api/v1/events/{id}/report.txt`.
    report_text "/db/events/{id}/ascii_report.txt", [("id" = i64, Path, description = "The event's number")], String, "text/plain" =>
        |state: S, id: Id| files::report_text(state, id);
    /// As `/api/v1/events/{id}/file`.
    file "/db/events/{id}/file", [("id" = i64, Path, description = "The event's number")], Vec<u8>, "application/octet-stream" =>
        |state: S, id: Id, headers: HeaderMap| files::source(state, id, headers);
}

/// Brings Blastware files in; as `/api/v1/import`.
#[utoipa::path(post, path = "/db/import/blastware_file", tag = "existing clients", params(ImportParams),
    request_body(content = ImportForm, content_type = "multipart/form-data"),
    responses((status = 200, description = "An answer per file", body = Object),
        (status = "4XX", description = "Refused; nothing was saved", body = Problem, content_type = "application/problem+json")))]
pub async fn import_blastware(
    Shared(state): S,
    Extension(caller): Extension<Caller>,
    Query(params): Query<ImportParams>,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Response, Problem> {
    let who = who(&state, &caller);
    import_of(state, params, form, SourceKind::BwImport, who).await
}

/// Brings Thor files in; as `/api/v1/import`.
#[utoipa::path(post, path = "/db/import/idf_file", tag = "existing clients", params(ImportParams),
    request_body(content = ImportForm, content_type = "multipart/form-data"),
    responses((status = 200, description = "An answer per file", body = Object),
        (status = "4XX", description = "Refused; nothing was saved", body = Problem, content_type = "application/problem+json")))]
pub async fn import_idf(
    Shared(state): S,
    Extension(caller): Extension<Caller>,
    Query(params): Query<ImportParams>,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Response, Problem> {
    let who = who(&state, &caller);
    import_of(state, params, form, SourceKind::IdfImport, who).await
}

/// Patches a sidecar: a JSON merge patch (RFC 7396) of `review` and `extensions`.
#[utoipa::path(patch, path = "/db/events/{id}/sidecar", tag = "existing clients", params(("id" = i64, Path, description = "The event's number")),
    request_body(content((Object = "application/merge-patch+json"), (Object = "application/json"))),
    responses((status = 200, description = "The sidecar as it is now", body = Object),
        (status = "4XX", description = "Refused; nothing was changed", body = Problem, content_type = "application/problem+json")))]
pub async fn patch_sidecar(
    Shared(state): S,
    Extension(caller): Extension<Caller>,
    Path(id): Id,
    Json(patch): Json<Value>,
) -> Result<Response, Problem> {
    patched(state, id, patch, &caller).await
}

/// Whether an event is a false trigger.
#[derive(Debug, Deserialize, ToSchema)]
pub struct FalseTrigger {
    /// Whether it is.
    #[serde(alias = "value")]
    false_trigger: bool,
}

/// Says whether an event is a false trigger.
#[utoipa::path(patch, path = "/db/events/{id}/false_trigger", tag = "existing clients", params(("id" = i64, Path, description = "The event's number")),
    request_body = FalseTrigger,
    responses((status = 200, description = "The sidecar as it is now", body = Object),
        (status = "4XX", description = "Refused; nothing was changed", body = Problem, content_type = "application/problem+json")))]
pub async fn false_trigger(
    Shared(state): S,
    Extension(caller): Extension<Caller>,
    Path(id): Id,
    Json(said): Json<FalseTrigger>,
) -> Result<Response, Problem> {
    let patch = json!({ "review": { "false_trigger": said.false_trigger } });
    patched(state, id, patch, &caller).await
}

/// Of which unit.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct NewestParams {
    /// Serial number.
    #[serde(deserialize_with = "optional")]
    #[param(required = true)]
    serial: Option<String>,
}

/// The plot of the idx-th newest event of a unit, 0 the newest by the unit's own clock.
#[utoipa::path(get, path = "/device/event/{idx}/waveform", tag = "existing clients",
    params(("idx" = usize, Path, description = "0 for the newest"), NewestParams, PlotParams),
    responses((status = 200, description = "The plot", body = Object),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn nth_newest(
    Shared(state): S,
    Path(idx): Path<usize>,
    Query(unit): Query<NewestParams>,
    Query(params): Query<PlotParams>,
) -> Result<Response, Problem> {
    let points = checked_points(params.points)?;
    let serial =
        unit.serial.ok_or_else(|| Problem::unprocessable("serial", "say which unit: ?serial="))?;
    let found =
        state.work(move |state| Ok((state.archive.nth_newest(&serial, idx)?, serial))).await?;
    let (row, serial) = found;
    let row =
        row.ok_or_else(|| Problem::not_found(format!("unit {serial:?} has no event {idx}")))?;
    plot_of(state, row.id, points, None).await
}
