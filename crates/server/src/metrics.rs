//! What is counted, as Prometheus reads it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use wavekeep_lake::LakeStatus;

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
    /// Files that were taken in by imports.
    pub files_imported: AtomicU64,
    /// Files that imports refused.
    pub files_refused: AtomicU64,
}

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

    /// The text that Prometheus reads.
    pub fn text(&self, listeners: usize, lake: Option<&LakeStatus>) -> String {
        let mut out = String::new();
        // Writing to a string does not fail.
        let mut line = |args: std::fmt::Arguments<'_>| {
            let _ = writeln!(out, "{args}");
        };
        line(format_args!("# TYPE wavekeep_requests_total counter"));
        for ((method, route, status), count) in
            &*self.requests.lock().unwrap_or_else(PoisonError::into_inner)
        {
            line(format_args!(
                "wavekeep_requests_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}} {count}"
            ));
        }
        line(format_args!("# TYPE wavekeep_request_duration_seconds histogram"));
        let durations = self.durations.lock().unwrap_or_else(PoisonError::into_inner);
        for (count, end) in durations.0.iter().zip(BUCKETS) {
            line(format_args!("wavekeep_request_duration_seconds_bucket{{le=\"{end}\"}} {count}"));
        }
        let (_, sum, count) = &*durations;
        line(format_args!("wavekeep_request_duration_seconds_bucket{{le=\"+Inf\"}} {count}"));
        line(format_args!("wavekeep_request_duration_seconds_sum {sum}"));
        line(format_args!("wavekeep_request_duration_seconds_count {count}"));
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut all = vec![
            ("wavekeep_requests_in_flight", "gauge", load(&self.in_flight)),
            ("wavekeep_files_imported_total", "counter", load(&self.files_imported)),
            ("wavekeep_files_refused_total", "counter", load(&self.files_refused)),
            ("wavekeep_live_listeners", "gauge", listeners as u64),
        ];
        if let Some(lake) = lake {
            let updated = lake.updated_at_s.and_then(|second| u64::try_from(second).ok());
            all.extend([
                ("wavekeep_lake_updates_total", "counter", lake.updates),
                ("wavekeep_lake_failures_total", "counter", lake.failures),
                ("wavekeep_lake_events", "gauge", lake.events),
                ("wavekeep_lake_updated_timestamp_seconds", "gauge", updated.unwrap_or(0)),
            ]);
        }
        for (name, kind, value) in all {
            line(format_args!("# TYPE {name} {kind}"));
            line(format_args!("{name} {value}"));
        }
        out
    }
}
