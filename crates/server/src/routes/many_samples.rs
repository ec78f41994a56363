//! The samples of many events in one answer.

use std::io::{self, Write};
use std::str::FromStr;

use axum::Extension;
use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::unfold;
use serde::Deserialize;
use tokio::sync::mpsc::{Sender, channel};
use utoipa::IntoParams;
use wavekeep_archive::{Query as ArchiveQuery, Scope};

use super::samples::UnitsWord;
use crate::arrow::ARROW;
use crate::auth::Caller;
use crate::extract::{Filters, Paging, Query, optional};
use crate::problem::Problem;
use crate::state::State;

/// Events of a batch: they are decoded side by side.
const AT_ONCE: usize = 64;
/// Parts of an answer that wait for the client.
const WAITING: usize = 4;

/// Most events that are named by their numbers: an address has to hold them.
const MOST_NAMED: usize = 1_000;

/// Which events, and in what their samples are.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ManyParams {
    /// Numbers of events with commas, at most 1000: the answer has their order. Without it, the events that
    /// the filters let through.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<String>, example = "1,2,3")]
    pub ids: Option<Ids>,
    /// `physical` (in/s and psi; the default) or `raw` (the integers of the format).
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<UnitsWord>)]
    pub units: Option<UnitsWord>,
}

/// Numbers of events.
#[derive(Debug)]
pub struct Ids(Vec<i64>);

impl FromStr for Ids {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split(',').map(|number| number.trim().parse());
        let ids: Vec<i64> =
            numbers.collect::<Result<_, _>>().map_err(|_| "numbers with commas were expected")?;
        match ids.len() {
            0..=MOST_NAMED => Ok(Self(ids)),
            many => Err(format!("{many} numbers: at most {MOST_NAMED} are taken; ask by filters")),
        }
    }
}

/// The samples of many events as an Arrow stream: a row a channel, in the order of the numbers, or of `sort`.
/// What cannot be decoded, or is not there, is a row that says why.
#[utoipa::path(get, path = "/api/v1/samples", tag = "events", params(ManyParams, Filters, Paging),
    responses((status = 200, description = "The samples", content((Vec<u8> = "application/vnd.apache.arrow.stream"))),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub async fn many(
    Shared(state): Shared<State>,
    Query(params): Query<ManyParams>,
    Extension(caller): Extension<Caller>,
    Query(filters): Query<Filters>,
    Query(paging): Query<Paging>,
) -> Result<Response, Problem> {
    let query = paging.of(filters.query(&caller))?;
    let ids = match params.ids {
        Some(Ids(ids)) => {
            let may_see = caller.scope.clone();
            state.work(move |state| within(state, may_see, ids)).await?
        }
        None => state.work(move |state| Ok(state.archive.ids(&query)?)).await?,
    };
    let raw = params.units == Some(UnitsWord::Raw);
    let (sender, receiver) = channel::<io::Result<Bytes>>(WAITING);
    let body = unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
    // It is dropped, and the work ends, when the client goes away.
    tokio::spawn(async move {
        let failed = sender.clone();
        let work = state.work(move |state| {
            let mut out = Parts { sender, bytes: Vec::new() };
            state.archive.samples_arrow(ids.chunks(AT_ONCE), raw, &mut out)?;
            // Where the client is gone there is nobody to send the end to.
            let _ = out.flush();
            Ok(())
        });
        if let Err(problem) = work.await {
            // Headers are sent already: an answer that ends early is no whole stream of Arrow.
            let _ = failed.send(Err(io::Error::other(problem.detail))).await;
        }
    });
    let mut response = Response::new(Body::from_stream(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(ARROW));
    Ok(response)
}

/// The events of these numbers, if the caller may see all of them.
fn within(state: &State, scope: Option<Scope>, ids: Vec<i64>) -> Result<Vec<i64>, Problem> {
    if scope.is_some() {
        let query = ArchiveQuery::default().with_scope(scope).with_limit(Some(ids.len()));
        let seen = state.archive.ids(&query.with_ids(Some(ids.clone())))?;
        if let Some(id) = ids.iter().find(|id| !seen.contains(id)) {
            let detail = format!("there is no event {id} in the archive");
            return Err(Problem::not_found(detail));
        }
    }
    Ok(ids)
}

/// What is written, on its way to the client, a batch at a time.
struct Parts {
    sender: Sender<io::Result<Bytes>>,
    bytes: Vec<u8>,
}

impl Write for Parts {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let part = Bytes::from(std::mem::take(&mut self.bytes));
        match part.is_empty() {
            true => Ok(()),
            false => {
                self.sender.blocking_send(Ok(part)).map_err(|_| io::ErrorKind::BrokenPipe.into())
            }
        }
    }
}
