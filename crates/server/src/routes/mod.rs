//! One file a resource. Old paths stand beside the new ones that do the same.

pub mod curves;
pub mod events;
pub mod export;
pub mod files;
pub mod import;
pub mod ledger;
pub mod legacy;
pub mod levels;
pub mod live;
pub mod many_samples;
pub mod monitor_log_files;
pub mod page;
pub mod plans;
pub mod recordings;
pub mod report;
pub mod review;
pub mod samples;
pub mod scaled_distance;
pub mod sign_in;
pub mod spectrum;
pub mod status;
pub mod stream_export;
pub mod stream_picture;
pub mod stream_samples;
pub mod stream_spectrum;
pub mod streams;
pub mod summaries;
pub mod trend;
pub mod unit;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use serde::Serialize;
use utoipa::ToSchema;

use crate::arrow::ARROW;
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

/// How samples travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Form {
    /// `application/json`.
    Json,
    /// Little-endian numbers, `application/octet-stream`.
    Binary,
    /// `application/vnd.apache.arrow.stream`.
    Arrow,
}

impl std::str::FromStr for Form {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "json" => Ok(Self::Json),
            "binary" => Ok(Self::Binary),
            "arrow" => Ok(Self::Arrow),
            _ => Err("json, binary or arrow was expected"),
        }
    }
}

/// The media type of bytes without further words.
pub const BINARY: &str = "application/octet-stream";

impl Form {
    /// What the query asks for, else what the client takes.
    ///
    /// # Errors
    /// 406 when it takes none of them.
    pub fn of(asked: Option<Self>, headers: &HeaderMap) -> Result<Self, Problem> {
        if let Some(form) = asked {
            return Ok(form);
        }
        Ok(match accepted(headers, &["application/json", BINARY, ARROW])? {
            ARROW => Self::Arrow,
            BINARY => Self::Binary,
            _ => Self::Json,
        })
    }
}

/// Says in headers what the bytes of an answer are; JSON and Arrow say it themselves.
pub fn say(response: &mut Response, facts: impl IntoIterator<Item = (&'static str, String)>) {
    for (name, value) in facts {
        // A name that no header can hold is left out; the other forms have it.
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
}

/// The event's number in a path.
pub type Id = crate::extract::Path<i64>;

/// Whether the client takes one of these; which one it likes best.
///
/// # Errors
/// 406 when it takes none of them.
pub fn accepted<'a>(headers: &HeaderMap, offered: &[&'a str]) -> Result<&'a str, Problem> {
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
