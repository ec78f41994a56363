//! Decoded events and finished answers, kept while there is room.
//!
//! Keys carry the event's place in the order of changes: what changed is never found under its old
//! key, and falls out in time.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use lru::LruCache;
use wavekeep_archive::EventRow;
use wavekeep_core::Recording;
use wavekeep_signal::{Measurements, measure};

use crate::problem::Problem;
use crate::state::State;

/// An event, decoded and measured.
#[derive(Debug)]
pub struct Decoded {
    /// Its row.
    pub row: EventRow,
    /// The recording with its report on top.
    pub recording: Recording,
    /// What is measured of it.
    pub measured: Measurements,
}

/// What an answer was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PlotKey {
    /// The event.
    pub id: i64,
    /// Its place in the order of changes.
    pub changed: i64,
    /// The points that were asked for.
    pub points: Option<usize>,
}

/// What is kept.
#[derive(Debug)]
pub struct Cache {
    events: Mutex<Weighed<(i64, i64), Arc<Decoded>>>,
    plots: Mutex<Weighed<PlotKey, Bytes>>,
}

#[derive(Debug)]
struct Weighed<K: std::hash::Hash + Eq, V> {
    entries: LruCache<K, (usize, V)>,
    weight: usize,
    most: usize,
}

/// Entries at most, whatever they weigh.
const ENTRIES: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

impl<K: std::hash::Hash + Eq, V: Clone> Weighed<K, V> {
    fn new(most: usize) -> Self {
        Self { entries: LruCache::new(ENTRIES), weight: 0, most }
    }

    fn get(&mut self, key: &K) -> Option<V> {
        self.entries.get(key).map(|(_, value)| value.clone())
    }

    fn put(&mut self, key: K, weight: usize, value: V) {
        if weight > self.most {
            return;
        }
        if let Some((_, (old, _))) = self.entries.push(key, (weight, value)) {
            self.weight -= old;
        }
        self.weight += weight;
        while self.weight > self.most {
            let Some((_, (old, _))) = self.entries.pop_lru() else { break };
            self.weight -= old;
        }
    }
}

impl Cache {
    /// A cache of so many bytes.
    pub fn new(bytes: usize) -> Self {
        let half = bytes / 2;
        Self { events: Mutex::new(Weighed::new(half)), plots: Mutex::new(Weighed::new(half)) }
    }

    /// A finished plot.
    pub fn plot(&self, key: &PlotKey) -> Option<Bytes> {
        self.plots.lock().unwrap_or_else(PoisonError::into_inner).get(key)
    }

    /// Keeps a finished plot.
    pub fn keep_plot(&self, key: PlotKey, plot: Bytes) {
        let mut plots = self.plots.lock().unwrap_or_else(PoisonError::into_inner);
        plots.put(key, plot.len() + 64, plot);
    }
}

impl State {
    /// An event, decoded and measured, from the cache where it is there.
    ///
    /// # Errors
    /// When there is no such event, or it is none that can be decoded.
    pub fn decoded(&self, id: i64) -> Result<Arc<Decoded>, Problem> {
        let row = self.archive.event(id)?;
        let key = (id, row.changed);
        let events = || self.cache.events.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = events().get(&key) {
            return Ok(found);
        }
        if row.kind == "stream" {
            let detail = format!("event {id} is a stream: ask /api/v1/streams/{id}");
            return Err(Problem::conflict("stream", detail));
        }
        let recording = self.archive.recording(id)?;
        let measured = measure(&recording);
        let weight =
            4096 + recording.channels.iter().map(|channel| channel.len() * 16).sum::<usize>();
        let decoded = Arc::new(Decoded { row, recording, measured });
        events().put(key, weight, Arc::clone(&decoded));
        Ok(decoded)
    }
}
