//! Changes as they happen: server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::Deserialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use utoipa::IntoParams;
use wavekeep_archive::TokenEntry;

use crate::auth::{By, Caller};
use crate::connections::Peer;
use crate::extract::{Query, optional};
use crate::live::{Listener, Message};
use crate::problem::Problem;
use crate::state::State;

/// What happened before the request was made, for which its way here took time.
const UNDERWAY_MS: i64 = 2000;
/// Changes that are sent again after a break; beyond that the listener has to reload.
const REPLAYED: usize = 1000;

/// Where a client begins that has not listened before.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct LiveParams {
    /// What changed in the last so many milliseconds, and a little before, is sent first. With
    /// `Last-Event-ID`, as a browser sends it after a break, it has no meaning.
    #[serde(deserialize_with = "optional")]
    #[param(value_type = Option<u64>)]
    pub last_ms: Option<u64>,
}

/// `event: change` {id, what}, `event: import` {session, done, total}, `event: overview` {stream,
/// done, total}, `event: reset` when changes were missed.
///
/// A `change` has an id; with `Last-Event-ID` what happened since is sent first. A client that has read
/// the archive before it listens says so with `last_ms`: nothing is lost in between.
#[utoipa::path(get, path = "/api/v1/live", tag = "live", params(LiveParams),
    responses((status = 200, description = "Messages until the client or the server goes", body = String, content_type = "text/event-stream"),
        (status = "4XX", description = "Refused", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Too many listen", body = Problem, content_type = "application/problem+json")))]
pub async fn live(
    Shared(state): Shared<State>,
    Extension(caller): Extension<Caller>,
    peer: Option<Extension<Peer>>,
    Query(params): Query<LiveParams>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let key = match (&caller.secret_hash, peer) {
        (Some(token), _) => token.clone(),
        (None, Some(Extension(Peer(address)))) => address.to_string(),
        (None, None) => String::new(),
    };
    let limits = &state.limits;
    let entered = state.live.enter(key, limits.listeners, limits.listeners_of_caller);
    let Some(entered) = entered else {
        let detail =
            "as many listen as the server allows, in all or of this token; try again later";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "listeners", detail));
    };
    // First listen, then look back: nothing falls in between.
    let receiver = state.live.listen();
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse::<i64>().ok());
    // Places in the order of changes are microseconds.
    let began = params.last_ms.map(|last_ms| {
        let ms = i64::try_from(last_ms).unwrap_or(i64::MAX).saturating_add(UNDERWAY_MS);
        jiff::Timestamp::now().as_microsecond().saturating_sub(ms.saturating_mul(1000))
    });
    let mut missed = Vec::new();
    if let Some(last) = last.or(began) {
        let changes =
            state.work(move |state| Ok(state.archive.changes_since(last, REPLAYED + 1)?)).await?;
        match changes.len() > REPLAYED || state.live.is_reset_since(last) {
            true => missed.push(reset()),
            false => missed.extend(changes.into_iter().map(|change| Message {
                event: "change",
                cursor: Some(change.cursor),
                data: serde_json::json!({ "id": change.id, "what": "changed" }),
            })),
        }
    }
    missed.reverse();
    let mut access = state.live.access();
    // What is known now is what let this request in, or newer.
    access.mark_changed();
    let listening = Listening {
        state: state.clone(),
        missed,
        receiver,
        stopping: state.live.stopping(),
        access,
        caller,
        _entered: entered,
    };
    let messages = unfold(listening, async |mut listening| {
        let message = listening.next().await?;
        Some((Ok(event(&message)), listening))
    });
    Ok(Sse::new(messages).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

/// A client that listens.
struct Listening {
    state: State,
    missed: Vec<Message>,
    receiver: Receiver<Message>,
    stopping: watch::Receiver<bool>,
    access: watch::Receiver<Arc<(Vec<TokenEntry>, bool)>>,
    caller: Caller,
    _entered: Listener,
}

/// How often a token is looked at again.
const LOOK_AT_TOKEN: Duration = Duration::from_secs(30);

impl Listening {
    /// The next message; nothing when the server stops, or the caller's token was revoked.
    async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(message) = self.missed.pop() {
                if self.may_hear(&message).await {
                    return Some(message);
                }
                continue;
            }
            tokio::select! {
                received = self.receiver.recv() => match received {
                    // As one that was missed, it is sent if the caller may hear of it.
                    Ok(message) => self.missed.push(message),
                    Err(RecvError::Lagged(_)) => return Some(reset()),
                    Err(RecvError::Closed) => return None,
                },
                _ = self.stopping.wait_for(|stopping| *stopping) => return None,
                changed = self.access.changed() => changed.ok()?,
                // A token expires without a change of the list.
                () = tokio::time::sleep(LOOK_AT_TOKEN) => {}
            }
            let (tokens, required) = &**self.access.borrow_and_update();
            // Before the first look at them nothing is known.
            let is_known = *required || !tokens.is_empty() || self.caller.by == By::Oidc;
            if is_known && !self.caller.is_valid(&self.state, tokens, *required) {
                return None;
            }
        }
    }
}

impl Listening {
    /// Whether a message is for the caller, whose token may be for a part of the archive.
    async fn may_hear(&self, message: &Message) -> bool {
        let Some(scope) = self.caller.scope.clone() else { return true };
        match (message.event, message.data["id"].as_i64()) {
            ("reset", _) => true,
            ("change", Some(id)) => {
                let asked = self.state.work(move |state| Ok(scope.has(&state.archive.event(id)?)));
                asked.await.unwrap_or(false)
            }
            _ => false,
        }
    }
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
