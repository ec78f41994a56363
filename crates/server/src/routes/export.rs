//! What a question answers as one file: a table, or the originals.

use std::io::{BufWriter, Read, Seek, Write};
use std::str::FromStr;

use axum::Extension;
use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::try_unfold;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use wavekeep_archive::ExportFailure;

use super::files::attachment;
use crate::auth::Caller;
use crate::extract::{Filters, Query, optional};
use crate::problem::Problem;
use crate::state::State;
use crate::temporary::{self, Temporary};
use crate::units::UnitParams;

/// Bytes that are read of the finished file at a time.
const PART: usize = 256 << 10;

/// What an export is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum ExportWord {
    /// The table of events as CSV.
    Csv,
    /// The table of events as Parquet.
    Parquet,
    /// The originals with reports, raw frames, sidecars and `SHA256SUMS`.
    Zip,
}

impl ExportWord {
    const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Zip => "application/zip",
        }
    }

    const fn file_name(self) -> &'static str {
        match self {
            Self::Csv => "events.csv",
            Self::Parquet => "events.parquet",
            Self::Zip => "events.zip",
        }
    }
}

impl FromStr for ExportWord {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "csv" => Ok(Self::Csv),
            "parquet" => Ok(Self::Parquet),
            "zip" => Ok(Self::Zip),
            _ => Err("csv, parquet or zip was expected"),
        }
    }
}

/// How the events are exported.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ExportParams {
    /// `csv`, `parquet` or `zip`; without it, `csv`.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<ExportWord>)]
    format: Option<ExportWord>,
}

/// All events that the filters let through, in one file: their table, or their originals with a
/// manifest that `sha256sum -c` checks. `X-Wavekeep-Events` says how many there are,
/// `X-Wavekeep-Damaged` how many originals are gone or other than when they came in.
#[utoipa::path(get, path = "/api/v1/export", tag = "files", params(Filters, ExportParams, UnitParams),
    responses(
        (status = 200, description = "The file", content(
            (String = "text/csv"),
            (Vec<u8> = "application/vnd.apache.parquet"),
            (Vec<u8> = "application/zip"))),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn export(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    Query(filters): Query<Filters>,
    Query(params): Query<ExportParams>,
    Query(units): Query<UnitParams>,
) -> Result<Response, Problem> {
    let (query, format) = (filters.query(&caller), params.format.unwrap_or(ExportWord::Csv));
    let (file, len, events, damaged) = state
        .work(move |state| {
            let mut damaged = 0;
            let mut out = BufWriter::new(state.temporaries.export(&state.archive)?);
            let events = match format {
                ExportWord::Csv => state.archive.export_csv_in(units.table(), &query, &mut out),
                ExportWord::Parquet => state.archive.export_parquet(&query, &mut out),
                ExportWord::Zip => {
                    state.archive.export_originals(&query, &mut out).map(|originals| {
                        for original in &originals.damaged {
                            tracing::error!("export: {original}");
                        }
                        damaged = originals.damaged.len();
                        originals.events
                    })
                }
            };
            let events = events.map_err(failed)?;
            let (file, len) = rewound(out).map_err(|error| temporary::failed(&error))?;
            Ok((file, len, events, damaged))
        })
        .await?;
    let mut response = sent(file, len, format.content_type(), format.file_name());
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("x-wavekeep-events"), HeaderValue::from(events));
    headers.insert(HeaderName::from_static("x-wavekeep-damaged"), HeaderValue::from(damaged));
    Ok(response)
}

fn failed(failure: ExportFailure) -> Problem {
    match failure {
        ExportFailure::Archive(error) => error.into(),
        ExportFailure::Write(error) => temporary::failed(&error),
        other => Problem::internal(&other),
    }
}

/// The answer that sends a finished file.
pub fn sent(file: Temporary, len: u64, content_type: &'static str, name: &str) -> Response {
    let mut response = Response::new(Body::from_stream(parts(file)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CONTENT_DISPOSITION, attachment(name));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(len));
    response
}

/// The finished file from its beginning, and its length.
///
/// # Errors
/// What the system says.
pub fn rewound(mut out: BufWriter<Temporary>) -> std::io::Result<(Temporary, u64)> {
    out.flush()?;
    let mut file = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    let len = file.len()?;
    file.rewind()?;
    Ok((file, len))
}

/// The parts of a file, each read when the client has taken the one before.
pub(super) fn parts(file: Temporary) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> {
    try_unfold(file, async |mut file| {
        let read = tokio::task::spawn_blocking(move || {
            let mut part = Vec::new();
            Read::by_ref(&mut file).take(PART as u64).read_to_end(&mut part)?;
            Ok((part, file))
        });
        let (part, file) = read.await.unwrap_or_else(|error| Err(std::io::Error::other(error)))?;
        Ok((!part.is_empty()).then(|| (Bytes::from(part), file)))
    })
}
