//! Loops that are compiled twice: for every processor, and for those that have AVX2.
//!
//! Turning words over, and a filter, are bound by the number of instructions as much as by memory;
//! registers of twice the width take half of them. One of the places with `unsafe`.
#![allow(unsafe_code)]

/// A loop that is worth it.
pub(crate) trait Loop {
    /// The loop itself. It and all that it calls must be `#[inline(always)]`: only what ends up in
    /// one function is compiled for the other processor.
    fn run<P: Processor>(self, processor: P);
}

/// What the language has no words for.
pub(crate) trait Processor: Copy {
    /// Toward zero, and -2^31 for what int32 cannot hold. Rust's own conversion gives the nearest
    /// int32 instead, and guarding it takes as long as a tap of a filter.
    fn truncate(self, values: [f64; 4]) -> [i32; 4];
}

/// Any processor.
#[derive(Debug, Clone, Copy)]
struct Any;

impl Processor for Any {
    #[inline(always)]
    fn truncate(self, values: [f64; 4]) -> [i32; 4] {
        values.map(truncate)
    }
}

/// One that has AVX2; nobody has such a value without having asked the processor.
#[cfg(target_arch = "x86_64")]
#[derive(Debug, Clone, Copy)]
struct Avx2(());

#[cfg(target_arch = "x86_64")]
impl Processor for Avx2 {
    #[inline(always)]
    fn truncate(self, values: [f64; 4]) -> [i32; 4] {
        // SAFETY: AVX is a part of AVX2. The instruction gives -2^31 for what does not fit.
        bytemuck::cast(unsafe { std::arch::x86_64::_mm256_cvttpd_epi32(bytemuck::cast(values)) })
    }
}

/// Runs a loop, as it was compiled for this processor.
pub(crate) fn run(it: impl Loop) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor was asked. `it` is safe code.
        unsafe { run_with_avx2(it, Avx2(())) };
        return;
    }
    it.run(Any);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn run_with_avx2(it: impl Loop, processor: Avx2) {
    it.run(processor);
}

/// Toward zero; what int32 cannot hold, and what is no number, becomes -2^31.
#[inline(always)]
pub(crate) fn truncate(value: f64) -> i32 {
    match value > -2_147_483_649.0 && value < 2_147_483_648.0 {
        true => value as i32,
        false => i32::MIN,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn by_the_language(value: f64) -> i32 {
        let whole = value.trunc();
        let fits = whole >= f64::from(i32::MIN) && whole <= f64::from(i32::MAX);
        if fits { whole as i32 } else { i32::MIN }
    }

    /// Truncates four values as the loops do.
    struct Truncate<'a>([f64; 4], &'a mut [i32; 4]);

    impl Loop for Truncate<'_> {
        #[inline(always)]
        fn run<P: Processor>(self, processor: P) {
            *self.1 = processor.truncate(self.0);
        }
    }

    fn both(values: [f64; 4]) -> [[i32; 4]; 2] {
        let mut here = [0; 4];
        run(Truncate(values, &mut here));
        [here, Any.truncate(values)]
    }

    #[test]
    fn both_ways_of_truncating_agree_where_it_is_close() {
        let tops = [0.0, 1.0, 2.0, 2.5, 1e6, 2_147_483_647.0, 2_147_483_648.0, 2_147_483_649.0];
        for top in tops.into_iter().flat_map(|top: f64| [top, -top]) {
            let values = [top.next_down().next_down(), top.next_down(), top, top.next_up()];
            assert_eq!(both(values), [values.map(by_the_language); 2], "{values:?}");
        }
        let none = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX];
        assert_eq!(both(none), [[i32::MIN; 4]; 2]);
    }

    proptest! {
        #[test]
        fn both_ways_of_truncating_agree(
            values in proptest::array::uniform4(prop_oneof![
                9 => -2_147_483_648.0f64..2_147_483_648.0,
                9 => -3.0f64..3.0,
                1 => any::<f64>(),
            ])
        ) {
            prop_assert_eq!(both(values), [values.map(by_the_language); 2]);
        }
    }
}
