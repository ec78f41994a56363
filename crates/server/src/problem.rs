//! Errors as RFC 9457 problems.

use std::sync::Arc;

use axum::Json;
use axum::extract::path::ErrorKind;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use wavekeep_archive::{ArchiveError, ExportFailure, SaveError};
use wavekeep_core::SelectionError;

/// The media type of all errors.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request was not done, and what to do about it: RFC 9457.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[non_exhaustive]
pub struct Problem {
    /// `urn:wavekeep:` and a short stable word for programs.
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The status of the answer.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What was expected, what was found, what to do.
    pub detail: String,
    /// The path that was asked for.
    pub instance: String,
}

impl Problem {
    /// A problem; `kind` is a short stable word.
    pub fn new(status: StatusCode, kind: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:wavekeep:{kind}"),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            instance: String::new(),
        }
    }

    /// What was asked for is not there.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// The request is well formed, but a value in it cannot be.
    pub fn unprocessable(kind: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, kind, detail)
    }

    /// Who asks may not.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// The request does not fit the state of things.
    pub fn conflict(kind: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, kind, detail)
    }

    /// The server failed. What happened goes to its log: paths of the server are nobody's business.
    pub fn internal(what: &dyn std::fmt::Display) -> Self {
        tracing::error!("{what}");
        let detail = "the server failed; its log says why";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", detail)
    }

    /// What stands for a bare status that some layer answered.
    pub fn of_status(status: StatusCode) -> Self {
        let (kind, detail) = match status {
            StatusCode::NOT_FOUND => ("not_found", "there is nothing at this path"),
            StatusCode::METHOD_NOT_ALLOWED => (
                "method",
                "this path does not know this method; the header Allow lists those that it knows",
            ),
            StatusCode::PAYLOAD_TOO_LARGE => {
                ("too_large", "the body is larger than this path takes")
            }
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                ("media_type", "the body has a media type that this path does not take")
            }
            _ => ("refused", "the request was refused"),
        };
        Self::new(status, kind, detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        // Whoever knows the path writes it in.
        response.extensions_mut().insert(self);
        response
    }
}

impl Problem {
    /// What an error means that several requests share.
    pub fn of_shared(error: Arc<ArchiveError>) -> Self {
        ArchiveError::Together(error).into()
    }
}

impl From<ArchiveError> for Problem {
    fn from(error: ArchiveError) -> Self {
        match error.cause() {
            ArchiveError::NoEvent { .. } => Self::not_found(error.to_string()),
            ArchiveError::Patch(_)
            | ArchiveError::Name(_)
            | ArchiveError::Level(_)
            | ArchiveError::Plan(_) => Self::unprocessable(error.kind(), error.to_string()),
            ArchiveError::NothingToUndo { .. }
            | ArchiveError::ReviewedSince { .. }
            | ArchiveError::OfNoUnit { .. }
            | ArchiveError::NotLost { .. } => Self::conflict(error.kind(), error.to_string()),
            ArchiveError::NoReason => Self::unprocessable(error.kind(), error.to_string()),
            // Without the path.
            ArchiveError::NoLedger { .. } => {
                let detail = "the archive has no ledger yet: it begins when the archive is opened for writing";
                Self::new(StatusCode::NOT_FOUND, error.kind(), detail)
            }
            ArchiveError::ReadOnly { .. } => {
                let detail = "the server was started with --read-only: nothing can be changed";
                Self::new(StatusCode::FORBIDDEN, error.kind(), detail)
            }
            ArchiveError::Exchanged { .. } => {
                tracing::error!("{error}");
                let detail = "the folder of the archive was replaced or moved away: the server has to be started again";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, error.kind(), detail)
            }
            ArchiveError::NewerDecoder { found, .. } => Self::conflict(
                error.kind(),
                format!("{found} derived this event: this older program leaves it alone"),
            ),
            ArchiveError::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                tracing::error!("{error}");
                let detail = "the disk of the server is full: nothing was changed";
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "disk_full", detail)
            }
            // Without the path.
            ArchiveError::Link { .. } => {
                tracing::error!("{error}");
                let detail = "the file is a link, and links inside an archive are not followed";
                Self::conflict(error.kind(), detail)
            }
            ArchiveError::Decode { source, .. } => Self::conflict(
                error.kind(),
                format!("the source file of this event cannot be decoded: {source}"),
            ),
            ArchiveError::Sidecar { source, .. } => {
                Self::conflict(error.kind(), format!("the sidecar of this event: {source}"))
            }
            other => Self::internal(other),
        }
    }
}

impl From<SaveError> for Problem {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::Archive(error) => Self::of_shared(error),
            SaveError::Name(_) => Self::unprocessable(error.kind(), error.to_string()),
            error => Self::conflict(error.kind(), error.to_string()),
        }
    }
}

impl From<ExportFailure> for Problem {
    fn from(error: ExportFailure) -> Self {
        match error {
            ExportFailure::Archive(error) => error.into(),
            error => Self::internal(&error),
        }
    }
}

impl From<SelectionError> for Problem {
    fn from(error: SelectionError) -> Self {
        Self::unprocessable("selection", error.to_string())
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        // What the library puts before it says nothing to the one who asked.
        let text = rejection.body_text();
        let said = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
        Self::unprocessable("query", format!("cannot read the parameter {said}"))
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        let detail = match &rejection {
            PathRejection::FailedToDeserializePathParams(failed) => match failed.kind() {
                ErrorKind::ParseErrorAtKey { key, value, .. } => {
                    format!("{key} in the path is {value:?}: a whole number was expected")
                }
                ErrorKind::ParseError { value, .. } => {
                    format!("the number in the path is {value:?}: a whole number was expected")
                }
                _ => rejection.body_text(),
            },
            _ => rejection.body_text(),
        };
        Self::unprocessable("path", detail)
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        let status = match rejection.status() {
            StatusCode::BAD_REQUEST => StatusCode::UNPROCESSABLE_ENTITY,
            status => status,
        };
        let kind = match status {
            StatusCode::PAYLOAD_TOO_LARGE => "too_large",
            StatusCode::UNSUPPORTED_MEDIA_TYPE => "media_type",
            _ => "body",
        };
        Self::new(status, kind, rejection.body_text())
    }
}
