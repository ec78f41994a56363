//! The lake of the events, which is kept up to date on a thread of its own: whether it can be reached
//! makes no difference to requests.

use std::time::Duration;

use wavekeep_lake::Followed;

use crate::beside::{Beside, Ended};
use crate::state::State;

/// Begins to keep the lake of the state up to date, where it has one.
pub fn start(state: &State) -> Beside {
    let state = state.clone();
    Beside::start(state.lake.clone().map(|lake| {
        move |stop: &_| {
            lake.run(&state.archive, stop, &mut |followed| match followed {
                Followed::Updated(update) => tracing::info!(
                    events = update.events,
                    months = update.written.len(),
                    "the lake is up to date: {}",
                    lake.lake().place
                ),
                Followed::Failed { error, again_in } => tracing::error!(
                    "the lake is not up to date: {error}; tried again in {} s",
                    again_in.as_secs()
                ),
            });
        }
    }))
}

/// Ends it within a bound: an update that is cut short is done again by the next server.
pub async fn stop(lake: Beside, bound: Duration) {
    match lake.stop(bound).await {
        Ended::Well => {}
        Ended::CutShort => {
            tracing::warn!("an update of the lake was cut short: the next one goes on");
        }
        Ended::Failed => {
            tracing::error!("the lake was not kept up to date any more: its thread had failed");
        }
    }
}
