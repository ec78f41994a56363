//! Cache lines that are written past the caches: one of the places with `unsafe`.
//!
//! A result larger than the caches is not read again before it has left them. An ordinary store
//! fetches each line from memory before it changes it, and throws out lines of the source; a
//! streaming store does neither. Filling a large matrix is 1.5 to 2 times as fast by it.
#![allow(unsafe_code)]

use bytemuck::{Pod, Zeroable};

/// Bytes of a cache line.
pub(crate) const LINE: usize = 64;

/// One cache line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(C, align(64))]
pub(crate) struct Line(pub(crate) [u8; LINE]);

/// Stores lines past the caches, until it is dropped.
pub(crate) struct PastCaches(());

/// Lets `work` store lines. They are to be read when it has returned and not before: then they are
/// in memory for every thread.
pub(crate) fn past_caches<R>(work: impl FnOnce(&PastCaches) -> R) -> R {
    // Dropped also when `work` panics.
    let stores = PastCaches(());
    work(&stores)
}

impl PastCaches {
    /// Writes a whole line.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    pub(crate) fn store(&self, to: &mut Line, line: &Line) {
        use std::arch::x86_64::{__m128i, _mm_load_si128, _mm_stream_si128};

        let (to, line) = (to.0.as_mut_ptr().cast::<__m128i>(), line.0.as_ptr().cast::<__m128i>());
        // The four parts at once: the processor hands a line on when all of it is there.
        for part in 0..LINE / size_of::<__m128i>() {
            // SAFETY: both pointers are those of a `Line`: 64 bytes, aligned to 64. SSE2 is part
            // of every x86-64. The fence that streaming stores need before anybody reads what they
            // wrote is in `drop`, before `past_caches` returns.
            unsafe { _mm_stream_si128(to.add(part), _mm_load_si128(line.add(part))) };
        }
    }

    /// Writes a whole line: this kind of processor decides by itself what it caches.
    #[cfg(not(target_arch = "x86_64"))]
    #[inline(always)]
    pub(crate) fn store(&self, to: &mut Line, line: &Line) {
        *to = *line;
    }
}

impl Drop for PastCaches {
    fn drop(&mut self) {
        // SAFETY: a fence touches no memory. SSE is part of every x86-64.
        #[cfg(target_arch = "x86_64")]
        unsafe {
            std::arch::x86_64::_mm_sfence();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_stored_is_there_for_other_threads() {
        let mut lines = vec![Line([0; LINE]); 1000];
        let value = |number: usize| Line(std::array::from_fn(|byte| (number * 7 + byte) as u8));
        std::thread::scope(|scope| {
            for (part, lines) in lines.chunks_mut(500).enumerate() {
                scope.spawn(move || {
                    past_caches(|stores| {
                        for (number, line) in lines.iter_mut().enumerate() {
                            stores.store(line, &value(part * 500 + number));
                        }
                    });
                });
            }
        });
        for (number, line) in lines.iter().enumerate() {
            assert_eq!(*line, value(number));
        }
    }
}
