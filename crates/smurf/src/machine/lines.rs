//! Cache lines that are written past the caches. One of the places with `unsafe`.
//!
//! A result larger than the caches is not read again before it has left them. An ordinary store
//! fetches each line from memory before it changes it, and throws out lines of the source; a
//! streaming store does neither. Filling a large matrix is 1.5 to 2 times as fast by it.
#![allow(unsafe_code)]

use bytemuck::{Pod, Zeroable};

use crate::machine::processor::Processor;

/// Bytes of a cache line.
pub const LINE: usize = 64;

/// One cache line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(C, align(64))]
pub struct Line(pub(crate) [u8; LINE]);

/// Stores lines past the caches, until it is dropped.
pub struct PastCaches(());

/// Lets `work` store lines. They are to be read when it has returned and not before: then they are
/// in memory for every thread.
pub(crate) fn past_caches<R>(work: impl FnOnce(&PastCaches) -> R) -> R {
    // Dropped also when `work` panics.
    let stores = PastCaches(());
    work(&stores)
}

impl PastCaches {
    /// Writes a whole line.
    #[inline(always)]
    pub(crate) fn store(&self, processor: impl Processor, to: &mut Line, line: &Line) {
        // SAFETY: the fence is in `drop`, before `past_caches` returns, and what works with it hands
        // lines on to nobody before that.
        unsafe { processor.store(to, line) };
    }
}

impl Drop for PastCaches {
    fn drop(&mut self) {
        // SAFETY: a fence touches no memory. SSE is part of every x86-64.
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        unsafe {
            std::arch::x86_64::_mm_sfence();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::processor::{self, Loop};

    struct Fill<'a>(&'a mut [Line], usize);

    fn value(number: usize) -> Line {
        Line(std::array::from_fn(|byte| (number * 7 + byte) as u8))
    }

    impl Loop for Fill<'_> {
        fn run<P: Processor>(self, processor: P) {
            past_caches(|stores| {
                for (number, line) in self.0.iter_mut().enumerate() {
                    stores.store(processor, line, &value(self.1 + number));
                }
            });
        }
    }

    #[test]
    fn a_line_that_was_stored_is_there_for_other_threads() {
        let mut lines = vec![Line([0; LINE]); 1000];
        std::thread::scope(|scope| {
            for (part, lines) in lines.chunks_mut(500).enumerate() {
                scope.spawn(move || processor::run(Fill(lines, part * 500)));
            }
        });
        for (number, line) in lines.iter().enumerate() {
            assert_eq!(*line, value(number));
        }
    }
}
