//! The verification of a part of the archive every night: everything within so many days.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::civil::Time;
use jiff::{Timestamp, ToSpan, Zoned};
use serde::Serialize;
use tokio::task::JoinHandle;
use utoipa::ToSchema;
use wavekeep_archive::{Archive, ArchiveError, VerifiedPart};

use crate::state::State;

/// How often the clock is looked at: a machine may sleep, and a clock may be set.
const LOOK_AGAIN: Duration = Duration::from_secs(20);

/// When the archive is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifyPlan {
    /// The time of day, by the clock of the machine in its own time zone.
    pub at: Time,
    /// Nights within which everything is verified once.
    pub days: u32,
}

/// What was verified, and when it is again.
#[derive(Debug)]
pub struct Verifications {
    plan: Option<VerifyPlan>,
    found: Mutex<Found>,
    stop: Arc<AtomicBool>,
}

#[derive(Debug, Default)]
struct Found {
    runs: Vec<VerifiedPart>,
    failed: bool,
    is_running: bool,
}

/// What was verified, and when it is again.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerificationStatus {
    /// The time of day at which a part is verified, in the time zone of the server; `null` for never.
    #[schema(example = "02:30")]
    at: Option<String>,
    /// Nights within which everything is verified once.
    days: Option<u32>,
    /// Whether it is being done now.
    is_running: bool,
    /// Whether the last attempt did not come to an end: the server's log says why.
    has_failed: bool,
    /// The parts that were verified, the latest at the end.
    #[schema(value_type = Vec<Object>)]
    runs: Vec<VerifiedPart>,
}

impl Verifications {
    /// Those that an archive has kept, and the plan.
    pub fn new(archive: &Archive, plan: Option<VerifyPlan>) -> Self {
        let runs = archive.verified_parts().unwrap_or_else(|error| {
            tracing::error!("{error}");
            Vec::new()
        });
        let found = Mutex::new(Found { runs, ..Found::default() });
        Self { plan, found, stop: Arc::default() }
    }

    fn found(&self) -> std::sync::MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The parts that were verified, the latest at the end.
    pub fn runs(&self) -> Vec<VerifiedPart> {
        self.found().runs.clone()
    }

    /// What was verified, and when it is again.
    pub fn status(&self) -> VerificationStatus {
        let found = self.found();
        VerificationStatus {
            at: self.plan.map(|plan| plan.at.strftime("%H:%M").to_string()),
            days: self.plan.map(|plan| plan.days),
            is_running: found.is_running,
            has_failed: found.failed,
            runs: found.runs.clone(),
        }
    }

    /// Ends a verification that runs: its part is verified the next time.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// The last verification of each part in a few words.
    pub fn word(&self) -> String {
        let found = self.found();
        let round = last_round(&found.runs);
        let findings: u64 = round.iter().map(|run| run.findings).sum();
        match (self.plan, round.last()) {
            (None, None) => "none".to_owned(),
            _ if found.failed => "not done: the server's log says why".to_owned(),
            (Some(_), None) => "not done yet".to_owned(),
            _ if findings > 0 => format!("{findings} findings: see /api/v1/verification"),
            _ => "ok".to_owned(),
        }
    }
}

/// The last run of each part.
pub fn last_round(runs: &[VerifiedPart]) -> &[VerifiedPart] {
    let of = runs.last().map_or(0, |run| run.of);
    let most = usize::try_from(of).unwrap_or(usize::MAX);
    let fitting = runs.iter().rev().take(most).take_while(|run| run.of == of).count();
    &runs[runs.len() - fitting..]
}

/// The first moment with this time of day after another one, in its time zone. A time that a change of
/// clocks leaves out is taken as it would be without.
fn next(at: Time, after: &Zoned) -> Option<Zoned> {
    let today = after.date().to_datetime(at).to_zoned(after.time_zone().clone()).ok()?;
    match today > *after {
        true => Some(today),
        false => {
            let tomorrow = after.date().checked_add(1.day()).ok()?;
            tomorrow.to_datetime(at).to_zoned(after.time_zone().clone()).ok()
        }
    }
}

/// Verifies at the planned times until the task is ended; what was missed while no server ran is done soon.
pub fn start(state: &State) -> JoinHandle<()> {
    let state = state.clone();
    tokio::spawn(async move {
        let Some(plan) = state.verification.plan else { return };
        let zone = Zoned::now().time_zone().clone();
        let last = state.verification.runs().last().and_then(|run| run.begun.parse().ok());
        let mut after = last.unwrap_or_else(Timestamp::now).to_zoned(zone);
        while let Some(due) = next(plan.at, &after) {
            while Zoned::now() < due {
                tokio::time::sleep(LOOK_AGAIN.min(Duration::from_secs(1).max(until(&due)))).await;
            }
            after = Zoned::now();
            let working = state.clone();
            if tokio::task::spawn_blocking(move || run(&working, plan.days)).await.is_err() {
                tracing::error!("the verification panicked");
            }
        }
    })
}

fn until(due: &Zoned) -> Duration {
    due.timestamp().duration_since(Timestamp::now()).try_into().unwrap_or_default()
}

/// Verifies the next part.
fn run(state: &State, days: u32) {
    let verification = &state.verification;
    let runs = {
        let mut found = verification.found();
        found.is_running = true;
        found.runs.clone()
    };
    // One thread: requests come first.
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let verify = || state.archive.verify_next_part(days, &runs, &verification.stop);
    let done = alone.map_or_else(|_| verify(), |alone| alone.install(verify));
    let mut found = verification.found();
    found.is_running = false;
    match done {
        Ok(run) => {
            found.failed = false;
            let (part, of, events) = (run.part, run.of, run.events);
            match run.findings {
                0 => tracing::info!("part {part} of {of} verified: {events} events, no findings"),
                findings => {
                    tracing::error!(
                        "part {part} of {of} verified: {events} events, {findings} findings"
                    );
                    for finding in &run.first_findings {
                        tracing::error!("verification: {finding}");
                    }
                }
            }
            found.runs.push(run);
        }
        // The next server goes on with this part.
        Err(ArchiveError::Stopped) => {}
        Err(error) => {
            found.failed = true;
            tracing::error!("the verification came to no end: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next_of(after: &str, at: &str) -> String {
        let after: Zoned = after.parse().unwrap();
        next(at.parse().unwrap(), &after).unwrap().to_string()
    }

    #[test]
    fn the_next_time_is_today_or_tomorrow_also_where_clocks_change() {
        let zone = "[Europe/Berlin]";
        let of = |after: &str, at| next_of(&format!("{after}{zone}"), at);
        assert_eq!(of("2026-05-01T01:00:00", "02:30"), "2026-05-01T02:30:00+02:00[Europe/Berlin]");
        assert_eq!(of("2026-05-01T02:30:00", "02:30"), "2026-05-02T02:30:00+02:00[Europe/Berlin]");
        // 02:30 is left out in the night to the 29th of March, and comes twice on the 25th of October.
        assert_eq!(of("2026-03-28T12:00:00", "02:30"), "2026-03-29T03:30:00+02:00[Europe/Berlin]");
        assert_eq!(of("2026-10-24T12:00:00", "02:30"), "2026-10-25T02:30:00+02:00[Europe/Berlin]");
        assert_eq!(of("2026-10-25T03:00:00", "02:30"), "2026-10-26T02:30:00+01:00[Europe/Berlin]");
    }
}
