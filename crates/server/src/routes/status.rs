//! The server itself: health, metrics, who asks, the page.

use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State as Shared};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use rust_embed::RustEmbed;
use serde_json::json;

use super::{answer, sign_in};
use crate::auth::{Caller, hex, token_of};
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

/// The files of the page.
#[derive(RustEmbed)]
#[folder = "web/"]
struct Web;

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

/// The page: embedded files, found by their exact names and never on the disk.
pub async fn web(request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    let path = if path.is_empty() { "index.html" } else { path };
    let Some(file) = Web::get(path) else {
        return Problem::not_found("there is nothing at this path").into_response();
    };
    if *request.method() != Method::GET && *request.method() != Method::HEAD {
        return Problem::of_status(StatusCode::METHOD_NOT_ALLOWED).into_response();
    }
    let etag = format!("\"{}\"", hex(&file.metadata.sha256_hash()));
    let is_known =
        request.headers().get(IF_NONE_MATCH).is_some_and(|tag| tag.as_bytes() == etag.as_bytes());
    let mut response = match is_known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false if path.starts_with("js/") => Response::new(Body::from(without_comments(&file.data))),
        false => Response::new(Body::from(file.data)),
    };
    // A browser keeps the page, and asks whether it is still the one that belongs to this server.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        response.headers_mut().insert(ETAG, etag);
    }
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    if let Ok(kind) = HeaderValue::from_str(kind.as_ref()) {
        response.headers_mut().insert(CONTENT_TYPE, kind);
    }
    response
}

/// A script of the page without the comments that stand on lines of their own: a fifth of it, which no
/// browser needs. All lines stay where they are.
fn without_comments(script: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(script.len());
    let mut is_inside = false;
    for line in script.split_inclusive(|byte| *byte == b'\n') {
        let words = line.trim_ascii();
        let ends = words.ends_with(b"*/");
        let begins = words.starts_with(b"/**")
            && (ends || !words.windows(2).any(|pair| pair == b"*/"))
            // A cast of a type, and code behind it.
            && words.windows(2).filter(|pair| pair == b"*/").count() <= 1;
        if is_inside || begins || words.starts_with(b"//") {
            is_inside = (is_inside || begins) && !ends;
            kept.push(b'\n');
        } else {
            kept.extend_from_slice(line);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_on_lines_of_their_own_are_left_out_and_nothing_else() {
        let script = "// a\n/** b */\nlet x = 1; // c\n  /**\n   * d\n   */\n  f(/** @type {X} */ (x));\n\
                      /** @type {X} */ (x).y();\nconst z = `\n  /^a/ * 2`;\n";
        let kept = "\n\nlet x = 1; // c\n\n\n\n  f(/** @type {X} */ (x));\n\
                    /** @type {X} */ (x).y();\nconst z = `\n  /^a/ * 2`;\n";
        assert_eq!(String::from_utf8(without_comments(script.as_bytes())).unwrap(), kept);
        assert!(without_comments(b"").is_empty());
        assert_eq!(without_comments(b"/** it never ends\nlet x;"), b"\n\n");
    }

    #[test]
    fn every_script_of_the_page_keeps_its_lines_and_its_code() {
        let scripts: Vec<_> = Web::iter().filter(|name| name.starts_with("js/")).collect();
        assert!(scripts.len() > 30);
        for name in scripts {
            let script = Web::get(&name).unwrap().data;
            let kept = without_comments(&script);
            let lines = |of: &[u8]| of.iter().filter(|byte| **byte == b'\n').count();
            assert_eq!(lines(&kept), lines(&script), "{name}");
            let code =
                kept.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
            let text = String::from_utf8(script.into_owned()).unwrap();
            for line in code {
                assert!(text.contains(std::str::from_utf8(line).unwrap()), "{name}");
            }
        }
    }
}
