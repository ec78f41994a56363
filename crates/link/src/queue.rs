//! Frames between the connections and the recorder: bounded in bytes.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A queue whose senders wait while it is full.
pub(crate) struct Queue<T> {
    inner: Mutex<Inner<T>>,
    filled: Condvar,
    emptied: Condvar,
    most_bytes: usize,
}

struct Inner<T> {
    items: VecDeque<(T, usize)>,
    bytes: usize,
    is_closed: bool,
}

impl<T> Queue<T> {
    /// A queue of items that have `most_bytes` together; one that has more waits alone.
    pub(crate) fn new(most_bytes: usize) -> Self {
        let inner = Inner { items: VecDeque::new(), bytes: 0, is_closed: false };
        Self {
            inner: Mutex::new(inner),
            filled: Condvar::new(),
            emptied: Condvar::new(),
            most_bytes,
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is room. `false` when nobody takes anything any more.
    pub(crate) fn push(&self, item: T, bytes: usize) -> bool {
        let is_full = |inner: &mut Inner<T>| {
            !inner.is_closed && inner.bytes > 0 && inner.bytes + bytes > self.most_bytes
        };
        let waited = self.emptied.wait_while(self.inner(), is_full);
        let mut inner = waited.unwrap_or_else(PoisonError::into_inner);
        if inner.is_closed {
            return false;
        }
        inner.bytes += bytes;
        inner.items.push_back((item, bytes));
        drop(inner);
        self.filled.notify_one();
        true
    }

    /// The oldest item, if there is one within `patience`.
    pub(crate) fn pop(&self, patience: Duration) -> Option<T> {
        let until = Instant::now() + patience;
        let mut inner = self.inner();
        loop {
            if let Some((item, bytes)) = inner.items.pop_front() {
                inner.bytes -= bytes;
                drop(inner);
                self.emptied.notify_all();
                return Some(item);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || inner.is_closed {
                return None;
            }
            let waited = self.filled.wait_timeout(inner, left);
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Bytes that wait.
    pub(crate) fn bytes(&self) -> usize {
        self.inner().bytes
    }

    /// Wakes all who wait; nothing is taken in any more.
    pub(crate) fn close(&self) {
        self.inner().is_closed = true;
        self.filled.notify_all();
        self.emptied.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;

    #[test]
    fn who_fills_it_waits_until_there_is_room() {
        let queue = Arc::new(Queue::new(100));
        let filler = Arc::clone(&queue);
        let thread = thread::spawn(move || (0..1000).all(|number| filler.push(number, 40)));
        for number in 0..1000 {
            assert!(queue.bytes() <= 80);
            assert_eq!(queue.pop(Duration::from_secs(60)), Some(number));
        }
        assert!(thread.join().unwrap());
    }

    #[test]
    fn what_is_larger_than_the_queue_waits_alone() {
        let queue = Queue::new(10);
        assert!(queue.push("large", 1000));
        assert_eq!(queue.pop(Duration::ZERO), Some("large"));
        assert_eq!(queue.pop(Duration::ZERO), None);
    }

    #[test]
    fn closing_wakes_who_waits() {
        let queue = Arc::new(Queue::new(1));
        assert!(queue.push(1, 1));
        let filler = Arc::clone(&queue);
        let thread = thread::spawn(move || filler.push(2, 1));
        queue.close();
        assert!(!thread.join().unwrap());
    }
}
