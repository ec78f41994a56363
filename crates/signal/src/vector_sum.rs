//! The vector sum of three traces: its peak, and sample by sample.

use wavekeep_core::{Flag, Reading};

use crate::trace::Trace;

/// The largest sqrt(a² + b² + c²) over the indices where all three are present, with its index (the
/// first one of equals).
///
/// It is flagged when a component is at its limit, or missing, anywhere: the true one may be larger.
pub(crate) fn largest_vector(three: [&Trace; 3]) -> Option<(usize, Reading)> {
    let mut largest = None;
    let mut square = -1.0;
    for (index, sum) in vector_sums(three).enumerate() {
        if sum > square {
            square = sum;
            largest = Some(index);
        }
    }
    let flag = vector_flag(three);
    let Trace { unit, decimals, .. } = *three[0];
    largest.map(|index| (index, Reading { value: square.sqrt(), unit, flag, decimals }))
}

/// a² + b² + c² of each index, NaN where one is missing.
pub(crate) fn vector_sums(three: [&Trace; 3]) -> impl Iterator<Item = f64> + '_ {
    let [a, b, c] = three.map(|trace| trace.values.iter());
    a.zip(b).zip(c).map(|((a, b), c)| a * a + b * b + c * c)
}

/// What must be said beside a vector sum.
pub(crate) fn vector_flag(three: [&Trace; 3]) -> Option<Flag> {
    let flags = three.map(Trace::flag);
    let [a, b, c] = three.map(|trace| trace.values.len());
    let lengths_differ = a != b || b != c;
    if flags.contains(&Some(Flag::Impossible)) {
        Some(Flag::Impossible)
    } else if flags.contains(&Some(Flag::Saturated)) {
        Some(Flag::Saturated)
    } else if flags.contains(&Some(Flag::Incomplete)) || lengths_differ {
        Some(Flag::Incomplete)
    } else {
        None
    }
}
