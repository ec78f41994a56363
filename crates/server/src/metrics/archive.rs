//! What is known of the archive: how much there is, what is wrong, the free bytes of its disk, who waits.

use jiff::Timestamp;

use super::{Exposition, Kind};
use crate::state::State;
use crate::verification::last_round;

/// Units that have samples of their own; of more, those of which something came last.
const MOST_UNITS: usize = 5_000;

/// A moment as seconds since 1970.
fn seconds(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

/// Adds what is known. What cannot be had is left out, and the log says why.
pub fn write(state: &State, out: &mut Exposition) {
    match state.archive.counts() {
        Ok(counts) => {
            for (name, help, value) in [
                ("wavekeep_events", "Events in the archive.", counts.events),
                (
                    "wavekeep_events_damaged",
                    "Events with data that is missing or cannot be read.",
                    counts.damaged,
                ),
                (
                    "wavekeep_events_contradicted",
                    "Events whose report and samples cannot both be right.",
                    counts.contradicted,
                ),
                (
                    "wavekeep_events_of_unknown_unit",
                    "Events of a unit that nothing states.",
                    counts.unknown_unit,
                ),
                ("wavekeep_source_bytes", "Bytes of all source files.", counts.source_bytes),
                ("wavekeep_ledger_entries", "Entries of the ledger.", counts.ledger_entries),
                ("wavekeep_index_bytes", "Bytes of the index and its log.", counts.index_bytes),
            ] {
                out.gauge(name, help, value);
            }
            let mut units = counts.units;
            if units.len() > MOST_UNITS {
                units.sort_by(|a, b| b.last_captured_at.cmp(&a.last_captured_at));
                units.truncate(MOST_UNITS);
            }
            let mut family =
                out.family("wavekeep_unit_events", Kind::Gauge, "Events of each unit.");
            for unit in &units {
                family.sample(&[("serial", &unit.serial)], unit.events);
            }
            let help = "Events of each unit that nobody has reviewed.";
            let mut family = out.family("wavekeep_unit_events_not_reviewed", Kind::Gauge, help);
            for unit in &units {
                family.sample(&[("serial", &unit.serial)], unit.unreviewed);
            }
            let name = "wavekeep_unit_last_capture_timestamp_seconds";
            let mut family =
                out.family(name, Kind::Gauge, "When the last event of each unit came.");
            // A run that has ended is not a unit that is silent.
            for unit in units.iter().filter(|unit| !unit.is_stream) {
                if let Some(at) = unit.last_captured_at.as_deref().and_then(seconds) {
                    family.sample(&[("serial", &unit.serial)], at);
                }
            }
        }
        Err(error) => tracing::error!("metrics: {error}"),
    }
    let root = state.archive.layout().root();
    if let Ok(disk) = fs4::statvfs(root) {
        let help = "Free bytes on the disk of the archive.";
        out.gauge("wavekeep_disk_free_bytes", help, disk.available_space());
        out.gauge("wavekeep_disk_bytes", "Bytes of the disk of the archive.", disk.total_space());
    }
    let waits = state.archive.lock_waits();
    let help = "Changes of this process that wait for the write lock.";
    out.gauge("wavekeep_write_lock_waiting", help, waits.waiting);
    let help = "How long changes of this process waited for the write lock.";
    let mut family = out.family("wavekeep_write_lock_wait_seconds", Kind::Histogram, help);
    family.part("_bucket", &[("le", "+Inf")], waits.count);
    family.part("_sum", &[], waits.waited.as_secs_f64()).part("_count", &[], waits.count);
    if let Some(ends) = state.health.certificate_end() {
        let help = "When the certificate of the server expires.";
        out.gauge("wavekeep_certificate_expiry_timestamp_seconds", help, ends.as_second());
    }
    let ready = state.health.of(state);
    let help = "Whether archive, index, disk and certificate are in order, as /health says.";
    out.gauge("wavekeep_ready", help, u8::from(ready.is_ready()));
    of_verification(state, out);
    of_tokens(state, out);
}

fn of_tokens(state: &State, out: &mut Exposition) {
    let Ok(tokens) = state.archive.tokens() else { return };
    let help = "When a token expires, of those that do.";
    let mut family = out.family("wavekeep_token_expiry_timestamp_seconds", Kind::Gauge, help);
    for entry in tokens {
        if let Some(at) = entry.expires_at.as_deref().and_then(seconds) {
            family.sample(&[("name", &entry.name)], at);
        }
    }
}

fn of_verification(state: &State, out: &mut Exposition) {
    let runs = state.verification.runs();
    let round = last_round(&runs);
    let Some(last) = round.last() else { return };
    if let Some(at) = seconds(&last.ended) {
        let help = "When a part of the archive was last verified.";
        out.gauge("wavekeep_verification_timestamp_seconds", help, at);
    }
    for (name, help, value) in [
        (
            "wavekeep_verification_findings",
            "Findings of the last verification of each part.",
            round.iter().map(|run| run.findings).sum::<u64>(),
        ),
        (
            "wavekeep_verification_events",
            "Events that were verified, of the last verification of each part.",
            round.iter().map(|run| run.events).sum(),
        ),
    ] {
        out.gauge(name, help, value);
    }
}
