//! What is counted, as Prometheus reads it.

mod archive;
mod exposition;
mod process;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use wavekeep_lake::LakeStatus;

pub use self::exposition::{Exposition, Family, Kind};
pub use self::process::process;
use crate::state::State;

/// Upper ends of the buckets of durations, in seconds.
const BUCKETS: [f64; 10] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 60.0];

/// Methods that are counted by their names.
const KNOWN: [&str; 9] =
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];

/// A request that is being worked on, until this is dropped: when it is answered, and when its client
/// goes away.
#[derive(Debug)]
pub struct InFlight(State);

impl InFlight {
    /// One more.
    pub fn new(state: State) -> Self {
        state.metrics.in_flight.fetch_add(1, Ordering::Relaxed);
        Self(state)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.metrics.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counters of the server.
#[derive(Debug, Default)]
pub struct Metrics {
    requests: Mutex<BTreeMap<(&'static str, String, u16), u64>>,
    durations: Mutex<(Vec<u64>, f64, u64)>,
    /// Requests that are being worked on.
    pub in_flight: AtomicU64,
    imports: [AtomicU64; OUTCOMES.len()],
}

/// What becomes of a file that is imported; the last is one that is refused.
const OUTCOMES: [&str; 9] = [
    "new",
    "same",
    "paired_late",
    "frames_added",
    "moved",
    "superseded",
    "shorter",
    "conflict",
    "refused",
];

impl Metrics {
    /// All at zero.
    pub fn new() -> Self {
        let metrics = Self::default();
        metrics.durations.lock().unwrap_or_else(PoisonError::into_inner).0 = vec![0; BUCKETS.len()];
        metrics
    }

    /// Counts an answer. `route` is the pattern of the path, so that there are few of them.
    pub fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        // A client can make up methods; each would be a series for ever.
        let method = KNOWN.into_iter().find(|known| *known == method).unwrap_or("OTHER");
        let key = (method, route.to_owned(), status);
        *self.requests.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default() += 1;
        let seconds = took.as_secs_f64();
        let mut durations = self.durations.lock().unwrap_or_else(PoisonError::into_inner);
        for (count, end) in durations.0.iter_mut().zip(BUCKETS) {
            *count += u64::from(seconds <= end);
        }
        durations.1 += seconds;
        durations.2 += 1;
    }

    /// Counts what became of a file that was imported, by the word of the answer; nothing for one that was
    /// refused.
    pub fn imported(&self, outcome: Option<&str>) {
        let last = OUTCOMES.len() - 1;
        let place = OUTCOMES.iter().position(|of| Some(*of) == outcome).unwrap_or(last);
        self.imports[place].fetch_add(1, Ordering::Relaxed);
    }

    fn write(&self, out: &mut Exposition) {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let help = "Requests that were answered, by the pattern of their path.";
        let mut family = out.family("wavekeep_requests_total", Kind::Counter, help);
        for ((method, route, status), count) in &*requests {
            let status = status.to_string();
            family.sample(&[("method", method), ("route", route), ("status", &status)], count);
        }
        drop(requests);
        let help = "How long answers took to begin.";
        let mut family = out.family("wavekeep_request_duration_seconds", Kind::Histogram, help);
        let durations = self.durations.lock().unwrap_or_else(PoisonError::into_inner);
        let (counts, sum, count) = &*durations;
        for (count, end) in counts.iter().zip(BUCKETS) {
            family.part("_bucket", &[("le", &end.to_string())], count);
        }
        family.part("_bucket", &[("le", "+Inf")], count);
        family.part("_sum", &[], sum).part("_count", &[], count);
        drop(durations);
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let help = "Requests that are being worked on.";
        out.gauge("wavekeep_requests_in_flight", help, load(&self.in_flight));
        let help = "Files that were sent to this server, by what became of them.";
        let mut family = out.family("wavekeep_imports_total", Kind::Counter, help);
        for (outcome, count) in OUTCOMES.into_iter().zip(&self.imports) {
            family.sample(&[("outcome", outcome)], load(count));
        }
    }
}

/// All that is known of a server at this moment. `recordings` are what they say of themselves.
pub fn text(state: &State, recordings: &[Value]) -> String {
    let mut out = Exposition::default();
    process(&mut out);
    state.metrics.write(&mut out);
    let help = "Clients that follow changes.";
    out.gauge("wavekeep_live_listeners", help, state.live.listeners());
    archive::write(state, &mut out);
    if let Some(audit) = &state.audit {
        audit.write_metrics(&mut out);
    }
    if let Some(sign_in) = state.settings().oidc {
        state.sign_ins.write_metrics(&sign_in, &mut out);
    }
    of_recordings(recordings, &mut out);
    if let Some(alerts) = &state.alerts {
        let counts = &alerts.counts;
        out.counter("wavekeep_alerts_sent_total", "Alerts that were sent.", counts.sent());
        let help = "Attempts to send alerts that failed.";
        out.counter("wavekeep_alerts_failures_total", help, counts.failed());
        let help = "Alerts that wait for their time or for a receiver.";
        out.gauge("wavekeep_alerts_waiting", help, counts.waiting());
    }
    if let Some(lake) = &state.lake {
        of_lake(&lake.status(), &mut out);
    }
    out.into_text()
}

fn of_lake(lake: &LakeStatus, out: &mut Exposition) {
    let updated = lake.updated_at_s.and_then(|second| u64::try_from(second).ok());
    out.counter("wavekeep_lake_updates_total", "Updates of the lake.", lake.updates);
    out.counter("wavekeep_lake_failures_total", "Updates of the lake that failed.", lake.failures);
    out.gauge("wavekeep_lake_events", "Events in the lake.", lake.events);
    let help = "When the lake was last brought up to date; 0 for not yet.";
    out.gauge("wavekeep_lake_updated_timestamp_seconds", help, updated.unwrap_or(0));
}

/// What a family of recordings takes of the status of each.
type OfRecording = (&'static str, Kind, &'static str, fn(&Value) -> Option<f64>);

/// The families of recordings. Names of the DataWriter stand in its variables.
const OF_RECORDINGS: [OfRecording; 8] = [
    ("wavekeep_recording_open", Kind::Gauge, "Whether the recording is open.", |of| {
        Some(f64::from(u8::from(of["is_open"].as_bool()?)))
    }),
    ("wavekeep_recording_failed", Kind::Gauge, "Whether a fault ended the recording.", |of| {
        Some(f64::from(u8::from(!of["fault"].is_null())))
    }),
    ("wavekeep_recording_frames_total", Kind::Counter, "Frames that were written.", |of| {
        of["variables"]["FrameCount"].as_f64()
    }),
    ("wavekeep_recording_bytes_total", Kind::Counter, "Bytes that were written.", |of| {
        of["variables"]["TotalSize"].as_f64()
    }),
    (
        "wavekeep_recording_lost_frames_total",
        Kind::Counter,
        "Frames of data that did not come: gaps of frame_counter.",
        |of| of["bridge"]["lost"].as_f64(),
    ),
    (
        "wavekeep_recording_malformed_messages_total",
        Kind::Counter,
        "Messages that are no frames.",
        |of| Some(of["bridge"]["malformed"].as_object()?.values().filter_map(Value::as_f64).sum()),
    ),
    ("wavekeep_recording_waiting_bytes", Kind::Gauge, "Bytes that wait to be written.", |of| {
        of["bridge"]["waiting_bytes"].as_f64()
    }),
    ("wavekeep_recording_connections", Kind::Gauge, "Connections to the bridge.", |of| {
        of["bridge"]["connected"].as_f64()
    }),
];

fn of_recordings(recordings: &[Value], out: &mut Exposition) {
    for (name, kind, help, value) in OF_RECORDINGS {
        let mut family = out.family(name, kind, help);
        for of in recordings {
            if let Some(value) = value(of) {
                family.sample(&[("id", &of["id"].to_string())], value);
            }
        }
    }
}
