//! Peak-keeping reduction: a long trace as few buckets, each with its smallest and largest value.

use std::ops::Range;

use wavekeep_core::Channel;

/// One bucket of a reduced trace.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Bucket {
    /// The samples that it stands for.
    pub samples: Range<usize>,
    /// Smallest and largest value that is present, in the channel's unit; `None` when none is.
    pub extremes: Option<(f64, f64)>,
    /// How many of its samples are missing.
    pub missing: usize,
}

/// Reduces the samples `range` of a channel to at most `buckets` buckets of nearly equal size.
///
/// The buckets cover the range without overlap, in order, and no bucket is empty, so that the
/// largest peak of a trace is in the drawing however few the buckets are. A drawing that joins
/// neighbouring buckets must stop at those with missing samples. A value that is not finite counts
/// as missing. The part of the range beyond the channel's end is left out.
///
/// ```
/// use wavekeep_core::{Channel, Samples};
///
/// let channel = Channel::new("Vert", Samples::I16(vec![0, 1, -7, 2, 0, 0, 3, 0]));
/// let reduced = wavekeep_signal::reduce(&channel, 0..8, 2);
/// assert_eq!(reduced[0].extremes, Some((-7.0, 2.0)));
/// assert_eq!(reduced[1].extremes, Some((0.0, 3.0)));
/// ```
pub fn reduce(channel: &Channel, range: Range<usize>, buckets: usize) -> Vec<Bucket> {
    let end = range.end.min(channel.len());
    let start = range.start.min(end);
    let len = end - start;
    let buckets = buckets.min(len);
    let mut out = Vec::with_capacity(buckets);
    let mut values = channel.physical().skip(start);
    let mut from = start;
    for bucket in 1..=buckets {
        // Through u128: samples × buckets may exceed 64 bits.
        let to = start + (len as u128 * bucket as u128 / buckets as u128) as usize;
        let mut missing = 0;
        let mut extremes: Option<(f64, f64)> = None;
        for value in values.by_ref().take(to - from) {
            match value.filter(|value| value.is_finite()) {
                None => missing += 1,
                Some(value) => {
                    let (low, high) = extremes.unwrap_or((value, value));
                    extremes = Some((low.min(value), high.max(value)));
                }
            }
        }
        out.push(Bucket { samples: from..to, extremes, missing });
        from = to;
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wavekeep_core::{Samples, Scale, Unit};

    use super::*;

    proptest! {
        #[test]
        fn peaks_and_gaps_are_always_kept(
            counts in proptest::collection::vec(any::<i16>(), 0..300),
            gaps in proptest::collection::vec((0usize..300, 0usize..40), 0..5),
            buckets in 0usize..400,
            (start, length) in (0usize..320, 0usize..320),
        ) {
            let mut channel = Channel::new("Vert", Samples::I16(counts))
                .with_scale(Scale::ratio(1.0, 200.0, Unit::InchPerSecond));
            for (at, length) in gaps {
                channel.gaps.insert(at..(at + length).min(channel.len().max(at)));
            }
            let range = start..start + length;
            let reduced = reduce(&channel, range.clone(), buckets);

            let wanted: Vec<Option<f64>> =
                channel.physical().skip(start).take(length).collect();
            prop_assert!(reduced.len() <= buckets);
            if buckets == 0 {
                return Ok(());
            }
            prop_assert_eq!(reduced.is_empty(), wanted.is_empty());
            prop_assert!(reduced.iter().all(|bucket| !bucket.samples.is_empty()));
            prop_assert!(reduced.windows(2).all(|two| two[0].samples.end == two[1].samples.start));
            prop_assert_eq!(reduced.iter().map(|b| b.samples.len()).sum::<usize>(), wanted.len());

            let high = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::MIN, f64::max);
            let low = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::MAX, f64::min);
            prop_assert_eq!(
                high(&mut reduced.iter().filter_map(|b| Some(b.extremes?.1))),
                high(&mut wanted.iter().copied().flatten())
            );
            prop_assert_eq!(
                low(&mut reduced.iter().filter_map(|b| Some(b.extremes?.0))),
                low(&mut wanted.iter().copied().flatten())
            );
            for bucket in &reduced {
                let missing = bucket.samples.clone().filter(|i| channel.gaps.contains(*i)).count();
                prop_assert_eq!(bucket.missing, missing);
                prop_assert_eq!(bucket.extremes.is_none(), missing == bucket.samples.len());
            }
        }
    }

    #[test]
    fn values_that_are_not_numbers_are_missing() {
        let channel = Channel::new("x", Samples::F64(vec![f64::NAN, 2.0, f64::INFINITY]));
        let reduced = reduce(&channel, 0..3, 1);
        assert_eq!((reduced[0].extremes, reduced[0].missing), (Some((2.0, 2.0)), 2));
    }
}
