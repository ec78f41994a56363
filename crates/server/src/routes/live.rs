//! Changes as they happen: server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::sync::broadcast::error::RecvError;

use crate::live::Message;
use crate::problem::Problem;
use crate::state::State;

/// Changes that are sent again after a break; beyond that the listener is told to start afresh.
const REPLAYED: usize = 1000;

/// `event: change` {id, what}, `event: import` {session, done, total}, `event: overview` {stream,
/// done, total}, `event: reset` when changes were missed.
///
/// A `change` has an id; with `Last-Event-ID` what happened since is sent first.
#[utoipa::path(get, path = "/api/v1/live", tag = "live",
    responses((status = 200, description = "Messages until the client or the server goes", body = String, content_type = "text/event-stream"),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Too many listen", body = Problem, content_type = "application/problem+json")))]
pub async fn live(
    Shared(state): Shared<State>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    if state.live.listeners() >= state.limits.listeners {
        let detail = "as many listen as the server allows; try again later";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "listeners", detail));
    }
    // First listen, then look back: nothing falls in between.
    let receiver = state.live.listen();
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse::<i64>().ok());
    let mut missed = Vec::new();
    if let Some(last) = last {
        let changes =
            state.work(move |state| Ok(state.archive.changes_since(last, REPLAYED + 1)?)).await?;
        match changes.len() > REPLAYED {
            true => missed.push(reset()),
            false => missed.extend(changes.into_iter().map(|change| Message {
                event: "change",
                cursor: Some(change.cursor),
                data: serde_json::json!({ "id": change.id, "what": "changed" }),
            })),
        }
    }
    missed.reverse();
    let stopping = state.live.stopping();
    let messages =
        unfold((missed, receiver, stopping), async |(mut missed, mut receiver, mut stopping)| {
            if let Some(message) = missed.pop() {
                return Some((Ok(event(&message)), (missed, receiver, stopping)));
            }
            let message = tokio::select! {
                received = receiver.recv() => match received {
                    Ok(message) => message,
                    Err(RecvError::Lagged(_)) => reset(),
                    Err(RecvError::Closed) => return None,
                },
                _ = stopping.wait_for(|stopping| *stopping) => return None,
            };
            Some((Ok(event(&message)), (missed, receiver, stopping)))
        });
    Ok(Sse::new(messages).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

fn reset() -> Message {
    Message { event: "reset", cursor: None, data: serde_json::json!({}) }
}

fn event(message: &Message) -> Event {
    let event = Event::default().event(message.event).data(message.data.to_string());
    match message.cursor {
        Some(cursor) => event.id(cursor.to_string()),
        None => event,
    }
}
