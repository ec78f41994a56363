//! Monitor log files of units, kept as they came.

use axum::Extension;
use axum::extract::State as Shared;
use axum::http::HeaderMap;
use axum::response::Response;
use wavekeep_archive::MonitorLogFile;

use super::files::{file_answer, read};
use super::summaries::OfUnit;
use crate::auth::Caller;
use crate::extract::{Path, Query};
use crate::problem::Problem;
use crate::state::State;

/// Whether one may see a file: no project is known of it.
fn may_see(caller: &Caller, file: &MonitorLogFile) -> bool {
    caller.scope.as_ref().is_none_or(|scope| scope.units.contains(&file.serial))
}

/// The monitor log files (`.MLG`) that were kept as they came, the earliest first. What is in them is not
/// known.
#[utoipa::path(get, path = "/api/v1/monitor_log_files", tag = "summaries", params(OfUnit),
    responses((status = 200, description = "The list", body = Vec<Object>),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Query(of): Query<OfUnit>,
) -> Result<Response, Problem> {
    state
        .work(move |state| {
            let mut files = state.archive.monitor_log_files()?;
            files.retain(|file| {
                may_see(&caller, file) && of.serial.as_ref().is_none_or(|of| *of == file.serial)
            });
            super::json(&files)
        })
        .await
}

/// A monitor log file, byte for byte; its ETag is its SHA-256.
#[utoipa::path(get, path = "/api/v1/monitor_log_files/{entry}/file", tag = "files", params(("entry" = u64, Path, description = "The number of its entry in the ledger")),
    responses((status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, description = "A part of it", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 304, description = "The client has it"),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn file(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Path(entry): Path<u64>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    state
        .work(move |state| {
            let found = state.archive.monitor_log_file(entry)?;
            let (file, path) =
                found.filter(|(file, _)| may_see(&caller, file)).ok_or_else(|| {
                    Problem::not_found(format!("there is no monitor log file {entry}"))
                })?;
            let bytes = read(state, &path)?
                .ok_or_else(|| Problem::not_found("the file is not in the archive"))?;
            Ok(file_answer(&headers, &file.filename, bytes))
        })
        .await
}
