//! What applies to every request: limits, counters, headers, problems.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State as Shared};
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    REFERRER_POLICY, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use crate::connections::Peer;
use crate::idle::IdleTimeoutBody;
use crate::metrics::InFlight;
use crate::problem::Problem;
use crate::state::State;

/// The page loads nothing from elsewhere and runs no script that is not a file of its own.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; \
    object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// The documentation page of the API sets styles from its script.
const DOCS_POLICY: &str = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; \
    script-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/// The target of the log's line for each request, at the level `debug`.
pub const REQUESTS: &str = "wavekeep_server::requests";

/// Counts a request, gives it its time, and makes a problem of whatever refused it.
pub async fn request_limits(
    Shared((state, at_once)): Shared<(State, Arc<Semaphore>)>,
    request: Request,
    next: Next,
) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
    let is_long = path.contains("/import")
        || path.ends_with("/adopt")
        || path.ends_with("/export")
        || path == "/api/v1/report";
    let time = if is_long { state.limits.upload_time } else { state.limits.request_time };
    let in_flight = InFlight::new(state.clone());
    let was_idle = Arc::new(AtomicBool::new(false));
    let refused = too_many(&state, &request, begun).or_else(|| too_long(&state, &request));
    let timeout = state.limits.idle_timeout;
    let request =
        request.map(|body| Body::new(IdleTimeoutBody::new(body, timeout, Arc::clone(&was_idle))));
    let response = match at_once.try_acquire() {
        _ if refused.is_some() => refused.unwrap_or_default(),
        Err(_) => {
            let detail = "the server works on as many requests as it may; try again in a moment";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).into_response()
        }
        Ok(_permit) => match tokio::time::timeout(time, next.run(request)).await {
            Ok(_) if was_idle.load(Ordering::Relaxed) => {
                let detail = format!("nothing of the body came for {} s", timeout.as_secs_f64());
                Problem::new(StatusCode::REQUEST_TIMEOUT, "silence", detail).into_response()
            }
            Ok(response) => response,
            Err(_) => {
                let detail = format!("the request was not done within {} s", time.as_secs());
                Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", detail).into_response()
            }
        },
    };
    drop(in_flight);
    let route =
        response.extensions().get::<Route>().map_or("", |route| route.0.as_str()).to_owned();
    let mut response = problem_of(response, &path);
    secure(&mut response, &path);
    let status = response.status().as_u16();
    state.metrics.answered(method.as_str(), &route, status, begun.elapsed());
    // Without the query: it may hold a token.
    tracing::debug!(
        target: REQUESTS,
        method = method.as_str(),
        path,
        status,
        milliseconds = begun.elapsed().as_secs_f64() * 1e3,
        peer = peer.map(tracing::field::display),
    );
    response
}

/// The refusal of an address that asks more often than it may.
fn too_many(state: &State, request: &Request, now: Instant) -> Option<Response> {
    let peer = request.extensions().get::<Peer>()?;
    let seconds = state.settings().rate.as_ref()?.admit(peer.0, now).err()?;
    let detail = format!("more requests than this address may send; ask again in {seconds} s");
    let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate", detail);
    let mut response = problem.into_response();
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    Some(response)
}

/// The refusal of a body that says beforehand that it is too long: nothing of it is read.
fn too_long(state: &State, request: &Request) -> Option<Response> {
    let said = request.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse::<u64>().ok()?;
    let most = state.limits.request_bytes;
    if said <= most {
        return None;
    }
    let detail = format!(
        "the body has {said} bytes, a request has at most {most} (--max-file-bytes of the server)"
    );
    Some(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail).into_response())
}

/// Marks an answer that says all there is to say, though its status is that of an error.
#[derive(Debug, Clone)]
pub struct Whole;

/// The pattern of the path that matched.
#[derive(Debug, Clone)]
struct Route(String);

/// Notes the pattern of the path, for the counters.
pub async fn route(matched: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(matched) = matched {
        response.extensions_mut().insert(Route(matched.as_str().to_owned()));
    }
    response
}

/// The same answer, as a problem that names the path when it is an error.
fn problem_of(mut response: Response, path: &str) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    if !is_error || response.extensions().get::<Whole>().is_some() {
        return response;
    }
    let known = response.extensions_mut().remove::<Problem>();
    let mut problem = known.unwrap_or_else(|| Problem::of_status(status));
    problem.instance = path.to_owned();
    let mut rewritten = problem.into_response();
    for (name, value) in response.headers() {
        if [ALLOW, RETRY_AFTER, WWW_AUTHENTICATE, CONTENT_RANGE].contains(name) {
            rewritten.headers_mut().insert(name.clone(), value.clone());
        }
    }
    rewritten
}

fn secure(response: &mut Response, path: &str) {
    let is_docs = path.starts_with("/docs");
    let is_data =
        path.starts_with("/api/") || path.starts_with("/db") || path.starts_with("/device");
    let headers = response.headers_mut();
    let policy = if is_docs { DOCS_POLICY } else { POLICY };
    // What came from outside may have a stricter one.
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(policy));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    );
    if headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream") {
        // nginx would keep changes until they fill a buffer.
        headers
            .insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    } else if is_data && headers.contains_key(CONTENT_TYPE) {
        // What people review changes; a browser may keep it, and asks before it shows it again.
        headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    }
}
