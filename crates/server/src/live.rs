//! Changes as they happen, for who listens.

use std::time::Duration;

use tokio::sync::{broadcast, watch};
use wavekeep_archive::{Query, Sort, SortKey};

use crate::state::State;

/// How often the index is asked what changed. Other processes change it too.
const POLL: Duration = Duration::from_millis(300);
/// Changes that are read at a time.
const AT_A_TIME: usize = 1000;
/// Messages that a slow listener may be behind.
const BEHIND: usize = 4096;

/// A message to those who listen.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// `change`, `import`, `overview` or `recording`.
    pub event: &'static str,
    /// Where to go on from after a break; only changes have one.
    pub cursor: Option<i64>,
    /// What happened, as JSON.
    pub data: serde_json::Value,
}

/// Those who listen.
#[derive(Debug)]
pub struct Live {
    sender: broadcast::Sender<Message>,
    stopping: watch::Sender<bool>,
}

impl Live {
    /// Nobody listens yet.
    pub fn new() -> Self {
        Self { sender: broadcast::channel(BEHIND).0, stopping: watch::channel(false).0 }
    }

    /// Tells everybody.
    pub fn tell(&self, event: &'static str, data: serde_json::Value) {
        // That nobody listens is no error.
        let _ = self.sender.send(Message { event, cursor: None, data });
    }

    /// From now on.
    pub fn listen(&self) -> broadcast::Receiver<Message> {
        self.sender.subscribe()
    }

    /// How many listen.
    pub fn listeners(&self) -> usize {
        self.sender.receiver_count()
    }

    /// Becomes true when the server stops.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// Ends all that listens.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }
}

/// Follows the index until the server stops.
pub async fn follow(state: State) {
    let mut stopping = state.live.stopping();
    // Places in the order of changes are microseconds: what happens from now on comes after now.
    let mut cursor = jiff::Timestamp::now().as_microsecond();
    let mut newest = newest(&state).await.unwrap_or(i64::MAX);
    loop {
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            _ = stopping.wait_for(|stopping| *stopping) => return,
        }
        let found =
            state.work(move |state| Ok(state.archive.changes_since(cursor, AT_A_TIME)?)).await;
        // The next question may be answered again.
        let Ok(changes) = found else { continue };
        for change in changes {
            cursor = cursor.max(change.cursor);
            let what = if change.id > newest { "new" } else { "changed" };
            newest = newest.max(change.id);
            let data = serde_json::json!({ "id": change.id, "what": what });
            let _ = state.live.sender.send(Message {
                event: "change",
                cursor: Some(change.cursor),
                data,
            });
        }
    }
}

/// The last number that was given to an event.
async fn newest(state: &State) -> Option<i64> {
    let sort = Sort { key: SortKey::Id, descending: true };
    let query = Query { sort, limit: Some(1), ..Query::default() };
    let page = state.work(move |state| Ok(state.archive.query(&query)?)).await.ok()?;
    Some(page.events.first().map_or(0, |event| event.id))
}
