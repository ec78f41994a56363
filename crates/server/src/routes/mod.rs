//! One file a resource. Old paths stand beside the new ones that do the same.

pub mod curves;
pub mod events;
pub mod export;
pub mod files;
pub mod import;
pub mod legacy;
pub mod live;
pub mod review;
pub mod samples;
pub mod status;
pub mod streams;
pub mod summaries;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use serde::Serialize;

use crate::problem::Problem;

/// An answer of finished bytes.
pub fn answer(content_type: &'static str, bytes: impl Into<Bytes>) -> Response {
    let mut response = Response::new(Body::from(bytes.into()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// An answer of JSON. It is written where it was computed, not on the threads that serve.
///
/// # Errors
/// A problem when it has no form as JSON.
pub fn json(value: &impl Serialize) -> Result<Response, Problem> {
    let bytes = serde_json::to_vec(value).map_err(|error| Problem::internal(&error))?;
    Ok(answer("application/json", bytes))
}

/// The event's number in a path.
pub type Id = crate::extract::Path<i64>;

/// Whether the client takes one of these; which one it likes best.
///
/// # Errors
/// 406 when it takes none of them.
pub fn accepted<'a>(
    headers: &axum::http::HeaderMap,
    offered: &[&'a str],
) -> Result<&'a str, Problem> {
    let accept = headers.get(axum::http::header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let Some(accept) = accept.filter(|accept| !accept.trim().is_empty()) else {
        return Ok(offered[0]);
    };
    let mut best: Option<(f64, &str)> = None;
    for part in accept.split(',') {
        let mut words = part.split(';').map(str::trim);
        let range = words.next().unwrap_or_default().to_ascii_lowercase();
        let weight = words.find_map(|word| word.strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
        let fits = |offer: &&&str| {
            range == "*/*"
                || range == **offer
                || range
                    .strip_suffix("/*")
                    .is_some_and(|kind| offer.starts_with(&format!("{kind}/")))
        };
        if let Some(offer) = offered.iter().find(fits)
            && weight > best.map_or(0.0, |(weight, _)| weight)
        {
            best = Some((weight, offer));
        }
    }
    best.map(|(_, offer)| offer).ok_or_else(|| {
        let detail = format!("this path answers with {}, not with {accept}", offered.join(", "));
        Problem::new(StatusCode::NOT_ACCEPTABLE, "not_acceptable", detail)
    })
}
