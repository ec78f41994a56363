//! Files of an event: the source, its report, pages and tables made from it.

use std::io::Read;
use std::ops::Range;

use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE,
    RANGE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};
use wavekeep_archive::SafeName;
use wavekeep_export::{Target, write_event};
use wavekeep_period::review_of;
use wavekeep_report::{Language, LedgerState, PageOptions, Paper, Style, event_report};

use super::curves::curve_of;
use super::report::LanguageWord;
use super::{Id, answer};
use crate::auth::hex;
use crate::extract::{Path, Query, finite, optional};
use crate::problem::Problem;
use crate::state::State;
use crate::units::UnitParams;

/// Longest file that is handed out whole: no unit writes a longer one.
const MOST_BYTES: u64 = 1 << 30;

/// A name in a header: plain where it is plain, percent-encoded where it is not.
pub fn attachment(name: &str) -> HeaderValue {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_graphic() && !matches!(c, '"' | '\\') { c } else { '_' })
        .collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => {
                encoded.push(byte.into())
            }
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    let value = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}");
    HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static("attachment"))
}

/// What of `len` bytes a range asks for: `None` for all of them, an error where it lies outside.
/// Several ranges at once are answered with all, as the standard allows.
fn range_of(headers: &HeaderMap, len: u64, etag: &str) -> Result<Option<Range<u64>>, ()> {
    if headers.get(IF_RANGE).is_some_and(|wanted| wanted.as_bytes() != etag.as_bytes()) {
        return Ok(None);
    }
    let range = headers.get(RANGE).and_then(|range| range.to_str().ok());
    let Some((first, last)) = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-'))
    else {
        return Ok(None);
    };
    let range = match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(len),
        (Ok(first), Err(_)) if last.trim().is_empty() => first..len,
        (Err(_), Ok(count)) if first.trim().is_empty() => len.saturating_sub(count)..len,
        _ => return Ok(None),
    };
    if range.start < range.end { Ok(Some(range)) } else { Err(()) }
}

/// A file as its bytes, a part of them, or the word that nothing changed.
pub fn file_answer(headers: &HeaderMap, name: &str, bytes: Vec<u8>) -> Response {
    let etag = format!("\"{}\"", hex(&Sha256::digest(&bytes)));
    let bytes = Bytes::from(bytes);
    let len = bytes.len() as u64;
    let known =
        headers.get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).is_some_and(|tags| {
            tags.split(',')
                .any(|tag| matches!(tag.trim(), "*") || tag.trim().trim_start_matches("W/") == etag)
        });
    let mut content_range = None;
    let (status, body) = if known {
        (StatusCode::NOT_MODIFIED, Bytes::new())
    } else {
        match range_of(headers, len, &etag) {
            Ok(None) => (StatusCode::OK, bytes),
            Ok(Some(range)) => {
                content_range = Some(format!("bytes {}-{}/{len}", range.start, range.end - 1));
                (StatusCode::PARTIAL_CONTENT, bytes.slice(range.start as usize..range.end as usize))
            }
            Err(()) => {
                let detail = format!("the file has {len} bytes: the range lies outside");
                let problem = Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, "range", detail);
                let mut response = axum::response::IntoResponse::into_response(problem);
                if let Ok(value) = HeaderValue::from_str(&format!("bytes */{len}")) {
                    response.headers_mut().insert(CONTENT_RANGE, value);
                }
                return response;
            }
        }
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let all = response.headers_mut();
    if status != StatusCode::NOT_MODIFIED {
        all.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        all.insert(CONTENT_DISPOSITION, attachment(name));
    }
    all.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    for (header, value) in [(ETAG, Some(etag)), (CONTENT_RANGE, content_range)] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            all.insert(header, value);
        }
    }
    response
}

/// The bytes of a file of the archive; `None` where there is none. A link is refused: it could lead
/// anywhere.
pub fn read(state: &State, path: &std::path::Path) -> Result<Option<Vec<u8>>, Problem> {
    state.archive.refuse_links(path)?;
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Problem::internal(&error)),
    };
    let mut bytes = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(|error| Problem::internal(&error))?;
    Ok(Some(bytes))
}

/// The source file, byte for byte; its ETag is its SHA-256.
#[utoipa::path(get, path = "/api/v1/events/{id}/file", tag = "files", params(("id" = i64, Path, description = "The event's number")),
    responses((status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, description = "A part of it", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 304, description = "The client has it"),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn source(
    Shared(state): Shared<State>,
    Path(id): Id,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    state
        .work(move |state| {
            let found = state.archive.read_at_place(id, |row, files| {
                if row.kind == "stream" {
                    let detail = format!("event {id} is a stream: ask /api/v1/streams/{id}");
                    return Err(Problem::conflict("stream", detail));
                }
                Ok((row.filename.clone(), read(state, &files.source())?))
            });
            let (name, bytes) = found?;
            let bytes =
                bytes.ok_or_else(|| Problem::not_found("the source file is not in the archive"))?;
            Ok(file_answer(&headers, &name, bytes))
        })
        .await
}

/// The vendor's report as it came.
#[utoipa::path(get, path = "/api/v1/events/{id}/report.txt", tag = "files", params(("id" = i64, Path, description = "The event's number")),
    responses((status = 200, description = "The report", body = String, content_type = "text/plain"),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn report_text(Shared(state): Shared<State>, Path(id): Id) -> Result<Response, Problem> {
    state
        .work(move |state| {
            let text = state.archive.read_at_place(id, |row, files| {
                // The name stands in a sidecar, which another program may have written.
                let name = row.txt_filename.as_deref().and_then(|name| SafeName::folder(name).ok());
                name.map(|name| read(state, &files.named(name.as_str()))).transpose()
            });
            let text = text?
                .flatten()
                .ok_or_else(|| Problem::not_found("no report is paired with this event"))?;
            // Byte for byte: older programs of the vendor write Windows-1252.
            let content_type = match std::str::from_utf8(&text) {
                Ok(_) => "text/plain; charset=utf-8",
                Err(_) => "text/plain; charset=windows-1252",
            };
            Ok(answer(content_type, text))
        })
        .await
}

/// Sizes of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum PaperWord {
    /// 210 × 297 mm.
    A4,
    /// 8.5 × 11 in.
    Letter,
}

impl std::str::FromStr for PaperWord {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "a4" => Ok(Self::A4),
            "letter" => Ok(Self::Letter),
            _ => Err("a4 or letter was expected"),
        }
    }
}

/// How the page is made.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// Id of the limit curve; without it, `usbm-drywall`.
    #[serde(deserialize_with = "optional")]
    pub curve: Option<String>,
    /// Distance to the blast in feet, for curves that go by it.
    #[serde(deserialize_with = "finite")]
    pub distance_ft: Option<f64>,
    /// `a4` or `letter`.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<PaperWord>)]
    pub paper: Option<PaperWord>,
    /// `en`, `de`, `fr`, `es` or `pt`; without it, `en`.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<LanguageWord>)]
    pub language: Option<Language>,
}

/// The one-page event report.
#[utoipa::path(get, path = "/api/v1/events/{id}/report.pdf", tag = "files", params(("id" = i64, Path, description = "The event's number"), PageParams, UnitParams),
    responses((status = 200, description = "The page", body = Vec<u8>, content_type = "application/pdf"),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn report_pdf(
    Shared(state): Shared<State>,
    Path(id): Id,
    Query(params): Query<PageParams>,
    Query(units): Query<UnitParams>,
) -> Result<Response, Problem> {
    let curve = curve_of(params.curve.as_deref())?;
    let paper = if params.paper == Some(PaperWord::Letter) { Paper::Letter } else { Paper::A4 };
    state
        .work(move |state| {
            let decoded = state.decoded(id)?;
            let (recording, measured) = (&decoded.recording, &decoded.measured);
            // What is decoded is kept; the review may have changed since.
            let review = review_of(&state.archive.event(id)?);
            let ledger = ledger_of(state, id);
            let options = PageOptions::default()
                .with_curve(Some(curve))
                .with_distance_ft(params.distance_ft)
                .with_review(Some(&review))
                .with_ledger(ledger.as_ref())
                .with_paper(paper)
                .with_language(params.language.unwrap_or_default())
                .with_style(Style::default().with_units(units.drawn()));
            let page = event_report(recording, measured, options);
            Ok(answer("application/pdf", page.pdf().map_err(|error| Problem::internal(&error))?))
        })
        .await
}

/// What the ledger has of an event; `None` where there is no ledger yet. One that cannot be read stops no
/// page.
fn ledger_of(state: &State, id: i64) -> Option<LedgerState> {
    let found = state.archive.ledger_state(id).unwrap_or_else(|error| {
        tracing::error!("event {id}: the page is without the ledger: {error}");
        None
    });
    found.map(|(entry, head)| LedgerState {
        archive: head.archive,
        entry: entry.entry.entry,
        leaf: entry.leaf.to_string(),
        time: head.time,
        size: head.size,
        root: head.root.to_string(),
    })
}

/// All samples or intervals as CSV, in in/s and psi where no unit is asked for. Where one is, the
/// headings carry the units.
#[utoipa::path(get, path = "/api/v1/events/{id}/csv", tag = "files", params(("id" = i64, Path, description = "The event's number"), UnitParams),
    responses((status = 200, description = "The table", body = String, content_type = "text/csv"),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn csv(
    Shared(state): Shared<State>,
    Path(id): Id,
    Query(units): Query<UnitParams>,
) -> Result<Response, Problem> {
    state
        .work(move |state| {
            let decoded = state.decoded(id)?;
            let mut bytes = Vec::new();
            write_event(&decoded.recording, Target::Csv, &units.exported(), &mut bytes)
                .map_err(|error| Problem::conflict("export", error.to_string()))?;
            let mut response = answer("text/csv; charset=utf-8", bytes);
            let name = format!("{}.csv", decoded.row.filename);
            response.headers_mut().insert(CONTENT_DISPOSITION, attachment(&name));
            Ok(response)
        })
        .await
}
