//! Changes as they happen, for who listens.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{broadcast, watch};
use wavekeep_archive::{Query, Sort, SortKey, TokenEntry};

use crate::state::State;

/// How often the index is asked what changed. Other processes change it too.
const POLL: Duration = Duration::from_millis(300);
/// Changes that are read at a time.
const AT_A_TIME: usize = 1000;
/// Messages that a slow listener may be behind.
const BEHIND: usize = 4096;

/// A message to those who listen.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
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
    /// The tokens, and whether every request needs one; looked at as often as the index.
    access: watch::Sender<Arc<(Vec<TokenEntry>, bool)>>,
    listening: Arc<Mutex<HashMap<String, usize>>>,
    /// When all who listen were last asked to reload, in microseconds as the places of changes are.
    last_reset: AtomicI64,
}

/// A listener, until it is dropped.
#[derive(Debug)]
pub struct Listener {
    caller: String,
    all: Arc<Mutex<HashMap<String, usize>>>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = all.get_mut(&self.caller) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.caller);
            }
        }
    }
}

impl Live {
    /// Nobody listens yet.
    pub fn new() -> Self {
        Self {
            sender: broadcast::channel(BEHIND).0,
            stopping: watch::channel(false).0,
            access: watch::channel(Arc::default()).0,
            listening: Arc::default(),
            last_reset: AtomicI64::new(i64::MIN),
        }
    }

    /// One more listener, unless there are `most` in all, or `of_caller` of this one.
    pub fn enter(&self, caller: String, most: usize, of_caller: usize) -> Option<Listener> {
        let mut all = self.listening.lock().unwrap_or_else(PoisonError::into_inner);
        let there: usize = all.values().sum();
        let of_this = all.get(&caller).copied().unwrap_or_default();
        if there >= most || of_this >= of_caller {
            return None;
        }
        all.insert(caller.clone(), of_this + 1);
        Some(Listener { caller, all: Arc::clone(&self.listening) })
    }

    /// Changes when tokens are added or revoked.
    pub fn access(&self) -> watch::Receiver<Arc<(Vec<TokenEntry>, bool)>> {
        self.access.subscribe()
    }

    /// Somebody signed out: all who listen are looked at again.
    pub fn look_at_access(&self) {
        self.access.send_modify(|_| {});
    }

    fn note_access(&self, found: (Vec<TokenEntry>, bool)) {
        self.access.send_if_modified(|known| {
            let is_other = **known != found;
            if is_other {
                *known = Arc::new(found);
            }
            is_other
        });
    }

    /// Tells everybody.
    pub fn notify(&self, event: &'static str, data: serde_json::Value) {
        // That nobody listens is no error.
        let _ = self.sender.send(Message { event, cursor: None, data });
    }

    /// Something is gone that no change names: everybody has to reload.
    pub fn reset(&self) {
        self.last_reset.fetch_max(jiff::Timestamp::now().as_microsecond(), Ordering::SeqCst);
        self.notify("reset", serde_json::json!({}));
    }

    /// Whether [`reset`](Self::reset) was called after a place in the order of changes.
    pub fn is_reset_since(&self, cursor: i64) -> bool {
        self.last_reset.load(Ordering::SeqCst) > cursor
    }

    /// From now on.
    pub fn listen(&self) -> broadcast::Receiver<Message> {
        self.sender.subscribe()
    }

    /// How many listen.
    pub fn listeners(&self) -> usize {
        let all = self.listening.lock().unwrap_or_else(PoisonError::into_inner);
        all.values().sum()
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
    // An older archive has no ledger, and its first entry is no removal.
    let head = state.work(|state| Ok(state.archive.removals_since(0)?)).await;
    let mut seen = head.map_or(0, |head| head.last_entry);
    loop {
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            _ = stopping.wait_for(|stopping| *stopping) => return,
        }
        state.cache.forget_idle();
        let access = state.work(|state| Ok(state.access.tokens(&state.archive)?)).await;
        // Tokens that cannot be read let nobody in, and keep nobody in.
        state.live.note_access(access.unwrap_or((Vec::new(), true)));
        let found =
            state.work(move |state| Ok(state.archive.changes_since(cursor, AT_A_TIME)?)).await;
        let entry = seen;
        let gone = state.work(move |state| Ok(state.archive.removals_since(entry)?)).await;
        if let Ok(gone) = gone {
            seen = gone.last_entry;
            if gone.any {
                // The order of changes has no place for what is gone.
                state.live.reset();
            }
        }
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
    let query = Query::default().with_sort(sort).with_limit(Some(1));
    let page = state.work(move |state| Ok(state.archive.query(&query)?)).await.ok()?;
    Some(page.events.first().map_or(0, |event| event.id))
}
