//! The server itself: health, metrics, who asks.

use std::time::Duration;

use axum::Extension;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::json;

use super::{answer, sign_in};
use crate::auth::{Caller, token_of};
use crate::cookie::{self, SameSite};
use crate::guards::Whole;
use crate::metrics;
use crate::oidc;
use crate::problem::Problem;
use crate::proxy::Proxied;
use crate::state::State;
use crate::verification::VerificationStatus;

/// How long a recording may take to say how it is.
const MOST_PATIENCE: Duration = Duration::from_millis(500);

/// Whether the server can do what it is asked for: its archive is there, the index answers, the disk
/// takes what is written, the certificate is valid.
#[utoipa::path(get, path = "/health", tag = "server",
    responses((status = 200, description = "It can", body = Object),
        (status = 503, description = "It runs, but cannot; `checks` says why", body = Object)))]
pub async fn health(Shared(state): Shared<State>) -> Response {
    let checked = state.work(|state| Ok(state.health.of(state))).await;
    let (is_ready, checks) = match checked {
        Ok(checks) => (checks.is_ready(), json!(checks)),
        Err(problem) => (false, json!({ "server": problem.detail })),
    };
    let (code, status) = match is_ready {
        true => (StatusCode::OK, "ok"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not_ready"),
    };
    let version = env!("CARGO_PKG_VERSION");
    let body = json!({ "status": status, "version": version, "checks": checks });
    let mut response = axum::Json(body).into_response();
    *response.status_mut() = code;
    response.extensions_mut().insert(Whole);
    response
}

/// Whether the process runs and answers, whatever else is wrong.
#[utoipa::path(get, path = "/health/live", tag = "server",
    responses((status = 200, description = "It does", body = Object)))]
pub async fn live() -> Response {
    axum::Json(json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") })).into_response()
}

/// Counters as Prometheus reads them.
#[utoipa::path(get, path = "/metrics", tag = "server",
    responses((status = 200, description = "The counters", body = String, content_type = "text/plain"),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn metrics(Shared(state): Shared<State>) -> Response {
    let mut recordings = Vec::new();
    for id in state.recordings.numbers() {
        let Ok(handle) = state.recordings.get(id) else { continue };
        // One that waits for its source or its disk is left out, not waited for.
        let asked = handle.ask(|running| Ok(running.status()));
        if let Ok(Ok(status)) = tokio::time::timeout(MOST_PATIENCE, asked).await {
            recordings.push(status);
        }
    }
    let text = state.work(move |state| Ok(metrics::text(state, &recordings))).await;
    match text {
        Ok(text) => answer("text/plain; version=0.0.4; charset=utf-8", text),
        Err(problem) => problem.into_response(),
    }
}

/// What the nightly verification found, and when it is done again.
#[utoipa::path(get, path = "/api/v1/verification", tag = "server",
    responses((status = 200, description = "The runs", body = VerificationStatus),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn verification(Shared(state): Shared<State>) -> Response {
    axum::Json(state.verification.status()).into_response()
}

/// Who asks, and what they may do.
#[utoipa::path(get, path = "/api/v1/session", tag = "server",
    responses((status = 200, description = "The caller", body = Caller),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn session(Extension(caller): Extension<Caller>) -> Response {
    axum::Json(caller).into_response()
}

/// Puts the token of this request into a cookie that no script can read, for a page's own requests.
#[utoipa::path(put, path = "/api/v1/session", tag = "server",
    responses((status = 200, description = "The caller", body = Caller),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn sign_in(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    proxied: Option<Extension<Proxied>>,
    headers: HeaderMap,
) -> Response {
    let token = token_of(&headers).unwrap_or_default();
    let mut response = axum::Json(caller).into_response();
    let token = (cookie::TOKEN, token);
    cookie::set(&state, proxied.as_deref(), &mut response, token, 30 * 86_400, SameSite::Strict);
    response
}

/// Takes the cookies away. Who was signed in by an identity provider is so no more.
#[utoipa::path(delete, path = "/api/v1/session", tag = "server",
    responses((status = 204, description = "Done"),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn sign_out(
    Shared(state): Shared<State>,
    proxied: Option<Extension<Proxied>>,
    headers: HeaderMap,
) -> Response {
    if let Some(secret) = cookie::value(&headers, cookie::SIGNED_IN) {
        let sha256 = oidc::hash(secret);
        if state.sign_ins.with_hash(&sha256, Timestamp::now()).is_some() {
            state.sign_ins.end(&sha256);
            state.live.look_at_access();
            sign_in::keep(&state, sha256).await;
        }
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    for name in [cookie::TOKEN, cookie::SIGNED_IN] {
        cookie::set(&state, proxied.as_deref(), &mut response, (name, ""), 0, SameSite::Strict);
    }
    response
}
