//! Loops that are compiled twice: for every processor, and for those that have AVX2.
//!
//! Turning words over is bound by the number of instructions as much as by memory; registers of
//! twice the width take half of them. One of the places with `unsafe`.
#![allow(unsafe_code)]

/// A loop that is worth it.
pub(crate) trait Loop {
    /// The loop itself. It and all that it calls must be `#[inline(always)]`: only what ends up in
    /// one function is compiled for the other processor.
    fn run(self);
}

/// Runs a loop, as it was compiled for this processor.
pub(crate) fn run(it: impl Loop) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor was asked. `it` is safe code.
        unsafe { run_with_avx2(it) };
        return;
    }
    it.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn run_with_avx2(it: impl Loop) {
    it.run();
}
