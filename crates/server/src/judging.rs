//! Verdicts of events that came in or changed, by the alarm levels of the archive: found beside the
//! requests, so that no import waits for them.

use std::time::Duration;

use tokio::task::JoinHandle;

use crate::state::State;

/// How often it is asked whether events have no verdict. Other processes change them too.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// How long after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(30);

/// Judges until the task is aborted; nothing where the archive is only read.
pub fn start(state: &State) -> Option<JoinHandle<()>> {
    if state.archive.is_read_only() {
        return None;
    }
    let state = state.clone();
    Some(tokio::spawn(async move {
        let mut failed = false;
        loop {
            tokio::time::sleep(if failed { AFTER_FAILURE } else { LOOK_AGAIN }).await;
            let judging = state.clone();
            let judged =
                tokio::task::spawn_blocking(move || judging.archive.judge(&mut |_, _| {})).await;
            failed = match judged {
                Ok(Ok(judged)) => {
                    if judged.exceeds > 0 {
                        let (exceeds, events) = (judged.exceeds, judged.events);
                        tracing::info!("{exceeds} of {events} events exceed an alarm level");
                    }
                    false
                }
                Ok(Err(error)) => {
                    tracing::error!("events are not judged: {error}");
                    true
                }
                Err(_) => true,
            };
        }
    }))
}
