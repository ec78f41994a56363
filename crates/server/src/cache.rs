//! Decoded events and finished answers, kept while they fit.
//!
//! Keys carry the event's place in the order of changes: what changed is never found under its old
//! key, and falls out in time.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use lru::LruCache;
use wavekeep_archive::EventRow;
use wavekeep_core::Recording;
use wavekeep_signal::{Measurements, MotionQuantity, measure};

use crate::problem::Problem;
use crate::state::State;

/// An event, decoded and measured.
#[derive(Debug)]
#[non_exhaustive]
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
#[non_exhaustive]
pub struct PlotKey {
    /// The event.
    pub id: i64,
    /// Its place in the order of changes.
    pub changed: i64,
    /// The points that were asked for.
    pub points: Option<usize>,
    /// The quantity that was asked for; `None` for the channels as they were recorded.
    pub quantity: Option<MotionQuantity>,
}

/// An event and its place in the order of changes.
type EventKey = (i64, i64);

/// What is kept.
#[derive(Debug)]
pub struct Cache {
    events: Mutex<Weighed<EventKey, Arc<Decoded>>>,
    plots: Mutex<Weighed<PlotKey, Bytes>>,
    /// The last event that was too heavy for the others' place. The lock is
    /// held while such a one is decoded: one of hours takes a gigabyte, and a page asks for it five
    /// times at once.
    heavy: Mutex<Option<Heavy>>,
}

#[derive(Debug)]
struct Heavy {
    key: EventKey,
    decoded: Arc<Decoded>,
    asked: Instant,
}

/// What an event takes in memory, at most, for each byte of its file.
const DECODED_PER_BYTE: usize = 16;
/// How long a heavy event is kept after it was asked for.
const HEAVY_FOR: Duration = Duration::from_secs(60);

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
        Self {
            events: Mutex::new(Weighed::new(half)),
            plots: Mutex::new(Weighed::new(half)),
            heavy: Mutex::new(None),
        }
    }

    /// Whether an event is too heavy for the place of all the others, by its file.
    fn is_heavy(&self, row: &EventRow) -> bool {
        let bytes = row.filesize.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or_default();
        let most = self.events.lock().unwrap_or_else(PoisonError::into_inner).most;
        bytes.saturating_mul(DECODED_PER_BYTE) > most
    }

    /// Forgets a heavy event that nobody has asked for lately.
    pub fn forget_idle(&self) {
        // While the lock is held, somebody asks.
        if let Ok(mut heavy) = self.heavy.try_lock()
            && heavy.as_ref().is_some_and(|heavy| heavy.asked.elapsed() >= HEAVY_FOR)
        {
            *heavy = None;
        }
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
    /// An event, decoded and measured, from the cache where it is there. Heavy ones are decoded one at
    /// a time, and the last of them is kept for a while.
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
        if self.cache.is_heavy(&row) {
            let mut heavy = self.cache.heavy.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(heavy) = heavy.as_mut().filter(|heavy| heavy.key == key) {
                heavy.asked = Instant::now();
                return Ok(Arc::clone(&heavy.decoded));
            }
            // Before the next one, not after it.
            *heavy = None;
            let decoded = self.decode(row)?;
            let (asked, kept) = (Instant::now(), Arc::clone(&decoded));
            *heavy = Some(Heavy { key, decoded: kept, asked });
            return Ok(decoded);
        }
        let decoded = self.decode(row)?;
        let samples = decoded.recording.channels.iter().map(|channel| channel.len());
        let weight = 4096 + 16 * samples.sum::<usize>();
        events().put(key, weight, Arc::clone(&decoded));
        Ok(decoded)
    }

    fn decode(&self, row: EventRow) -> Result<Arc<Decoded>, Problem> {
        let recording = self.archive.recording(row.id)?;
        let measured = measure(&recording);
        Ok(Arc::new(Decoded { row, recording, measured }))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use wavekeep_archive::{Archive, Submission};

    use super::*;
    use crate::auth::Access;
    use crate::options::Limits;
    use crate::state::Setup;

    #[test]
    fn heavy_events_are_decoded_once_for_all_that_ask_and_one_of_them_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::create(folder.path()).unwrap();
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
        for name in ["M529LKIQ.7M0W", "M529LMOK.DK0W"] {
            let bytes = fs::read(samples.join(name)).unwrap();
            archive.save(&Submission::new(name, bytes)).unwrap();
        }
        let limits = Limits { cache_bytes: 1 << 10, ..Limits::default() };
        let access = Access::new(false, false, "kim".into());
        let state = State::new(archive, access, None, Setup { limits, ..Setup::default() });
        let first = std::thread::scope(|scope| {
            let asked: Vec<_> = (0..8).map(|_| scope.spawn(|| state.decoded(1).unwrap())).collect();
            let mut all = asked.into_iter().map(|asked| asked.join().unwrap());
            let first = all.next().unwrap();
            assert!(all.all(|other| Arc::ptr_eq(&first, &other)));
            Arc::downgrade(&first)
        });
        state.cache.forget_idle();
        assert!(first.upgrade().is_some(), "it was asked for a moment ago");
        state.decoded(2).unwrap();
        assert!(first.upgrade().is_none(), "one at a time");
    }
}
